"""What the rest of the program does to names of the reloaded modules: it fills them, or binds them again."""

from __future__ import annotations

import ast
import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from stalecheck.index import imported_names as names_imported
from stalecheck.model import Reload, SourceFile
from stalecheck.modules import absolute
from stalecheck.nodes import Function, descendants
from stalecheck.rules.module_state import local_names, run_at_top_level
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.statements import dotted, imported_names
from stalecheck.rules.surroundings import is_test

_INDENTED = re.compile(rb"\n[ \t]+(?:import|from)[ \t]")
_FILLS = frozenset({"append", "appendleft", "add", "insert", "extend", "update", "setdefault", "put"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_RESTORES = frozenset({"update", "extend", "append", "add", "__setattr__"})


@dataclass(frozen=True, slots=True)
class OutsideChange:
    """A statement of another module that changes a name."""

    module: str
    """The module that it stands in."""

    rebinds: bool
    is_later: bool
    """It stands in a function: importing its module again does not repeat it."""

    value: str = ""
    """What it is bound to, as written, the last time in one function; `is_again` if that is not the only time there."""

    is_again: bool = False
    is_old: bool = False
    """It is put back to what the function found."""

    def is_passing(self, first: ast.expr) -> bool:
        """Whether it is what it was at first again when the function is over."""
        return self.is_old or (self.is_again and self.value == ast.unparse(first))


@dataclass(frozen=True, slots=True)
class Outside:
    """What the other modules do with a reloaded one: not tests, and not what is reloaded together with it."""

    changes: dict[str, list[OutsideChange]] = field(default_factory=dict)
    """Its names that they change, or of which they set an attribute, with the changes."""

    called: set[str] = field(default_factory=set)
    """What they call, decorate with or inherit from, qualified in the module: ``register``, ``registry.add``."""

    called_again: set[str] = field(default_factory=set)
    """What the top levels of modules call that are reloaded together with it: they call it again."""


class _When(enum.Enum):
    """When a module calls something."""

    AT_ONCE = enum.auto()
    """Its top level does."""

    MAYBE_AT_ONCE = enum.auto()
    """A function does at which its top level looks."""

    LATER = enum.auto()


def outside_uses(reloading: Reloading) -> dict[SourceFile, Outside]:
    """Return what others do with each of the reloaded modules."""
    reloaded = frozenset(reloading.reloads())
    together: dict[SourceFile, frozenset[SourceFile]] = {}
    found: dict[SourceFile, Outside] = {}
    taken: dict[SourceFile, Mapping[str, str]] = {}
    others = [file for file in reloading.program.indexes if not is_test(file)]
    files = dict.fromkeys(importers(reloaded, reloading, others))
    packages = frozenset(file for file in files if file.is_package) - reloaded
    files.update(dict.fromkeys(importers(packages, reloading, others)) if packages else {})
    for file in files:
        tree = reloading.parse(file)
        for module, name, change in _uses(tree, file, reloaded, reloading, taken) if tree is not None else ():
            if module not in together:
                together[module] = reloading.together(module)
            if isinstance(change, OutsideChange):
                if change.is_later or file not in together[module]:
                    found.setdefault(module, Outside()).changes.setdefault(name, []).append(change)
            elif change is _When.LATER or file not in together[module]:
                found.setdefault(module, Outside()).called.add(name)
            elif change is _When.AT_ONCE:
                found.setdefault(module, Outside()).called_again.add(name)
    return found


def importers(
    modules: frozenset[SourceFile], reloading: Reloading, files: Iterable[SourceFile]
) -> Iterator[SourceFile]:
    """Yield those of some files that import any of the modules, or something from them.

    At module level or in a function.
    """
    table = reloading.program.table
    ends = {name.rpartition(".")[2] for module in modules for name in (module.module, *module.aliases)}
    for file in files:
        index = reloading.program.indexes[file]
        bases = {(absolute(file, item.level, item.module) or "", item.name) for item in index.imports}
        names = {base for base, _ in bases} | {f"{base}.{name}" for base, name in bases if name}
        source = reloading.sources.get(file, b"")
        if _INDENTED.search(source):
            names.update(names_imported(source))
        # To look each of them up takes long.
        if any(table.find(name, file) in modules for name in names if name.rpartition(".")[2] in ends):
            yield file


def puts_back(name: str, reload: Reload, reloading: Reloading) -> bool:
    """Whether the function, or module, that reloads sets a name of the reloaded module below the reload."""
    if reload.path is None or reload.location is None:
        return False
    file = next((place.file for place in reloading.places if place.file.path == reload.path), None)
    tree = reloading.parse(file) if file is not None else None
    row = reload.location.row
    for node in descendants(innermost(tree, row)) if tree is not None else ():
        if not isinstance(node, (ast.Assign, ast.AugAssign, ast.Call)) or node.lineno <= row:
            continue
        match node:
            case ast.Assign(targets=targets) if any(_sets(target, name) for target in targets):
                return True
            case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=text), _]) if text == name:
                return True
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _RESTORES:
                written = ast.unparse(owner)
                if _sets(owner, name) or written.endswith(".__dict__") or written.startswith("vars("):
                    return True
    return False


def innermost(tree: ast.Module, row: int) -> ast.AST:
    """Return the innermost function around a row; the module where there is none."""
    scope: ast.AST = tree
    for node in descendants(tree):
        if isinstance(node, Function) and node.lineno <= row <= (node.end_lineno or row):
            scope = node
    return scope


def _sets(node: ast.expr, name: str) -> bool:
    while isinstance(node, ast.Subscript):
        node = node.value
    return isinstance(node, ast.Attribute) and node.attr == name


def _uses(
    tree: ast.Module,
    file: SourceFile,
    modules: frozenset[SourceFile],
    reloading: Reloading,
    taken: dict[SourceFile, Mapping[str, str]],
) -> Iterator[tuple[SourceFile, str, OutsideChange | _When]]:
    """Yield what a file does with others: the module, the name, and how it changes it.

    For what it calls or inherits from, when it does.
    """
    nodes = list(descendants(tree))
    bound = imported_anywhere(nodes, file)
    functions = [node for node in nodes if isinstance(node, Function)]
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    meant: dict[str, tuple[SourceFile, str] | None] = {}
    at_once = run_at_top_level(tree)
    later = [f for f in functions if f.name not in at_once]
    for node in nodes:
        for target, rebinds in _targets(node):
            name = dotted(target, bound)
            if name not in meant:
                meant[name] = _resolve(name, file, modules, reloading, taken)
            found = meant[name]
            if found is None or found[0] == file or _is_shadowed(target, functions):
                continue
            other, rest = found
            is_direct = reloading.program.table.find(name.rpartition(".")[0], file) == other
            is_own = isinstance(target, ast.Name) and target.id in stored
            if not is_own and (is_direct or not rebinds):
                yield other, rest, _change(target, file, functions, rebinds=rebinds)
            elif "." in rest and rebinds:
                yield other, rest.partition(".")[0], _change(target, file, functions, rebinds=False)
                yield other, rest, _change(target, file, functions, rebinds=True)
        for called in _called(node):
            name = dotted(called, bound)
            if name not in meant:
                meant[name] = _resolve(name, file, modules, reloading, taken)
            found = meant[name]
            if found is not None and found[0] != file and not _is_shadowed(called, functions):
                around = [f for f in functions if f.lineno <= called.lineno <= (f.end_lineno or 0)]
                is_later = any(f in later for f in around)
                yield *found, _When.LATER if is_later else _When.MAYBE_AT_ONCE if around else _When.AT_ONCE


def _called(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what is called: by a call, as a decorator, as a base's metaclass."""
    if isinstance(node, ast.Call):
        yield node.func
    elif isinstance(node, _DEFINITIONS):
        yield from (decorator for decorator in node.decorator_list if not isinstance(decorator, ast.Call))
        if isinstance(node, ast.ClassDef):
            yield from node.bases


def _resolve(
    name: str,
    file: SourceFile,
    modules: frozenset[SourceFile],
    reloading: Reloading,
    taken: dict[SourceFile, Mapping[str, str]],
    depth: int = 3,
) -> tuple[SourceFile, str] | None:
    """Return which of some modules an absolute name leads to, and the name there; through packages that import it."""
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        other = reloading.program.table.find(".".join(parts[:end]), file)
        if other is None:
            continue
        rest = ".".join(parts[end:])
        if reloading.program.table.find(".".join(parts[: end + 1]), file) is not None:
            return None
        if other in modules:
            return other, rest
        first, dot, behind = rest.partition(".")
        if not other.is_package or not depth:
            return None
        if all(item.local != first for item in reloading.program.indexes[other].imports):
            return None
        if other not in taken:
            tree = reloading.parse(other)
            taken[other] = imported_names(tree, other) if tree is not None else {}
        meant = taken[other].get(first)
        return _resolve(f"{meant}{dot}{behind}", other, modules, reloading, taken, depth - 1) if meant else None
    return None


def _change(target: ast.expr, file: SourceFile, functions: list[Function], *, rebinds: bool) -> OutsideChange:
    """Return a change, with what the function around it makes of the name in the end."""
    written = ast.unparse(target)
    around = [f for f in functions if f.lineno <= target.lineno <= (f.end_lineno or 0)]
    change = OutsideChange(file.module, rebinds, bool(around))
    if not around or not rebinds:
        return change
    assigned = [n for n in descendants(around[-1]) if isinstance(n, ast.Assign)]
    values = sorted(
        ((n.lineno, n.value) for n in assigned if any(ast.unparse(t) == written for t in n.targets)), key=lambda v: v[0]
    )
    if not values:
        return change
    last = values[-1][1]
    is_old = isinstance(last, ast.Name) and any(
        isinstance(n.value, ast.Attribute)
        and ast.unparse(n.value) == written
        and any(isinstance(t, ast.Name) and t.id == last.id for t in n.targets)
        for n in assigned
    )
    return replace(change, value=ast.unparse(last), is_again=len(values) > 1, is_old=is_old)


def _targets(node: ast.AST) -> Iterator[tuple[ast.expr, bool]]:
    """Yield what a statement or call changes, and whether it binds it again."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Attribute) and not _is_itself(target, value):
                    yield target, True
                elif isinstance(target, ast.Subscript):
                    yield owner_of(target), False
        case ast.AugAssign(target=ast.Attribute() as target):
            yield target, True
        case ast.Call(func=ast.Name(id="setattr"), args=[owner, ast.Constant(value=str() as name), _]):
            yield ast.copy_location(ast.Attribute(owner, name, ast.Store()), node), True
        case ast.AugAssign(target=ast.Subscript() as target):
            yield owner_of(target), False
        case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _FILLS:
            yield owner_of(owner), False


def _is_itself(target: ast.Attribute, value: ast.expr) -> bool:
    return isinstance(value, ast.Attribute) and value.attr == target.attr


def owner_of(node: ast.expr) -> ast.expr:
    """Return what is subscripted: ``TABLE`` of ``TABLE[a][b]``."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def imported_anywhere(nodes: Iterable[ast.AST], file: SourceFile) -> Mapping[str, str]:
    """Return what the names stand for that any import of a file binds."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                found[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and (base := absolute(file, node.level, node.module)):
            found.update((alias.asname or alias.name, f"{base}.{alias.name}") for alias in node.names)
    return found


def _is_shadowed(target: ast.expr, functions: list[Function]) -> bool:
    """Whether the first name is a local one of a function around it, and not imported there."""
    root = target
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return True
    for function in functions:
        if function.lineno <= target.lineno <= (function.end_lineno or 0) and root.id in local_names(function):
            imported = (n for n in descendants(function) if isinstance(n, (ast.Import, ast.ImportFrom)))
            given = {a.asname or a.name.partition(".")[0] for n in imported for a in n.names}
            if root.id not in given:
                return True
    return False
