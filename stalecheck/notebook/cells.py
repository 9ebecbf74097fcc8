"""Tells which cell of a session has made a variable, by what its source binds and by what was seen to change."""

from __future__ import annotations

import ast
import dis
import re
import types
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from stalecheck.probing import raw
from stalecheck.probing.current import nested_codes

_FILLING = frozenset({"add", "append", "appendleft", "extend", "insert", "put", "register", "setdefault", "update"})
"""Methods that put something into an object."""

_RUNNING = frozenset({"capture", "lprun", "memit", "mprun", "prun", "time"})
"""Magics that run the code behind them, so that it binds names."""


_HISTORY = re.compile(r"_{1,3}|_\d+|(Out|_oh)\[-?\d+\]")
"""The results of earlier cells."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a cell takes the value of a variable from."""

    module: str
    """A module's name; of an assignment the expression before the last dot, empty if there is none."""

    name: str
    is_import: bool


@dataclass(frozen=True, slots=True)
class Made:
    """The cells that have made a variable what it is."""

    cell: int
    """The last one that binds it."""

    source: Source | None = None
    filled: tuple[int, ...] = ()
    """Later ones that put something into it."""

    is_of_history: bool = False
    """Whether it is the result of an earlier cell, which the cell makes no other one of: ``x = _3``."""


@dataclass(slots=True)
class Seen:
    """What was seen while cells ran, by the number of the cell."""

    failed: set[int] = field(default_factory=set)
    rebound: dict[int, set[str]] = field(default_factory=dict)
    reloaded: dict[int, frozenset[str]] = field(default_factory=dict)

    def note(
        self,
        cell: int,
        *,
        before: Mapping[str, int],
        after: Mapping[str, int],
        has_failed: bool,
        reloaded: Collection[str] = (),
    ) -> None:
        """Note which variables a cell has bound.

        Args:
            cell: Its number.
            before: The ids of the variables' values before it ran.
            after: The same afterwards.
            has_failed: Whether it has ended with an exception.
            reloaded: The modules that it has reloaded.
        """
        self.reloaded[cell] = frozenset(reloaded)
        self.rebound[cell] = {name for name, value in after.items() if before.get(name) != value}
        self.failed.discard(cell)  # After `%reset` the numbers begin again.
        if has_failed:
            self.failed.add(cell)


def made(name: str, inputs: Sequence[str], seen: Seen) -> Made | None:
    """Return which cells have made a variable; None if none is known.

    Args:
        name: The variable.
        inputs: The sources of the cells, each at its number.
        seen: What was seen while they ran. Of others it is taken for granted that they ran to their end.
    """
    filled: list[int] = []
    for cell in range(len(inputs) - 1, 0, -1):
        names = _names_of(inputs[cell])
        is_rebound = name in seen.rebound.get(cell, ())
        star = _star_of(name, names)
        is_bound = name in names.bound or star is not None
        if name in names.filled and not is_bound:
            filled.append(cell)
        elif is_rebound or (is_bound and cell not in seen.failed):
            return Made(cell, names.bound.get(name, star), tuple(sorted(filled)), name in names.of_history)
    return None


def reloads(cell: int, inputs: Sequence[str], seen: Seen, modules: Collection[str]) -> set[str]:
    """Return which of some modules a cell reloads; all of them if it was not seen, and calls ``reload``."""
    if cell in seen.reloaded:
        return set(modules).intersection(seen.reloaded[cell])
    return set(modules) if _names_of(inputs[cell]).calls_reload else set()


def used(source: str) -> list[Source]:
    """Return what a cell uses: what it imports from modules, and by their names what else it reads."""
    return list(dict.fromkeys(_names_of(source).used))


def in_order(cells: Collection[int], makers: Mapping[str, Made | None], inputs: Sequence[str]) -> list[int]:
    """Return cells in the order in which to run them again: those first that bind what others read, else by number.

    Args:
        cells: Their numbers.
        makers: The cells that have made each variable.
        inputs: The sources of the cells, each at its number.
    """
    reads = {cell: _read(cell, makers, inputs).intersection(cells) for cell in sorted(cells)}
    ordered: dict[int, None] = {}

    def add(cell: int) -> None:
        for before in sorted(reads[cell]):
            # Where cells read each other's names, the numbers decide.
            if before not in ordered and (before < cell or cell not in _reached(before, reads)):
                add(before)
        ordered[cell] = None

    for cell in reads:
        if cell not in ordered:
            add(cell)
    return list(ordered)


def _reached(cell: int, reads: Mapping[int, set[int]]) -> set[int]:
    found: set[int] = set()
    pending = {cell}
    while pending:
        found |= pending
        pending = {other for one in pending for other in reads[one]} - found
    return found


def _read(cell: int, makers: Mapping[str, Made | None], inputs: Sequence[str]) -> set[int]:
    """Return which cells have made what a cell reads, and what the functions read that it can call."""
    names = _names_of(inputs[cell])
    found: set[int] = set()
    pending = names.read | (names.read_inside - names.bound.keys())
    while pending:
        by = {maker.cell for maker in map(makers.get, pending) if maker is not None} - found - {cell}
        found |= by
        pending = {name for one in by for name in _names_of(inputs[one]).read_inside}
    return found


@dataclass(slots=True)
class _Names:
    """What one cell does to names."""

    bound: dict[str, Source | None] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    filled: set[str] = field(default_factory=set)
    used: list[Source] = field(default_factory=list)
    of_history: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    """What the cell itself reads before it binds that."""

    read_inside: set[str] = field(default_factory=set)
    """What its functions and classes read."""

    calls_reload: bool = False


def _star_of(name: str, names: _Names) -> Source | None:
    """Return which star import of a cell brings a name."""
    for module in reversed(names.stars):
        found = raw.imported(module)
        namespace = raw.module_dict(found) if found is not None else {}
        listed = raw.lookup(namespace, "__all__")
        is_public = name in listed if type(listed) is list or type(listed) is tuple else not name.startswith("_")
        if is_public and name in namespace:
            return Source(module, name, is_import=True)
    return None


@lru_cache(maxsize=2_000)
def _names_of(source: str) -> _Names:
    names = _Names()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            code = compile(tree, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return names
    for statement in _of_scope(tree):
        _note(statement, names)
        _note_use(statement, names)
    _note_reads(code, names)
    return names


def _of_scope(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that are run in the cell's own scope, and the functions and classes that it defines."""
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.AugAssign) and child is node.target and isinstance(child, ast.Name):
            continue  # What it adds to was made elsewhere.
        yield child
        if isinstance(child, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            yield from (part.target for part in ast.walk(child) if isinstance(part, ast.NamedExpr))
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _of_scope(child)


def _note(node: ast.AST, names: _Names) -> None:
    match node:
        case ast.FunctionDef(name=str(name)) | ast.AsyncFunctionDef(name=str(name)) | ast.ClassDef(name=str(name)):
            names.bound[name] = None
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            names.bound[name] = None
        case ast.Import(names=aliases):
            names.bound.update((alias.asname or alias.name.partition(".")[0], None) for alias in aliases)
        case ast.ImportFrom(module=str(module), names=aliases):
            for alias in aliases:
                if alias.name == "*":
                    names.stars.append(module)
                else:
                    names.bound[alias.asname or alias.name] = Source(module, alias.name, is_import=True)
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name):
                    names.bound[target.id] = _taken(value)
                    if _HISTORY.fullmatch(ast.unparse(value)):
                        names.of_history.add(target.id)
        case ast.AugAssign(target=target):
            names.filled.add(_root(target))
        case ast.Name(id=name, ctx=ast.Store()):
            names.bound.setdefault(name, None)
        case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
            names.filled.add(_root(node))
        case ast.Call(func=ast.Attribute(value=holder, attr=method)) if method in _FILLING:
            names.filled.add(_root(holder))
        case ast.Call(func=ast.Attribute(attr="run_line_magic" | "run_cell_magic"), args=arguments):
            _note_magic(arguments, names)
        case _:
            pass


def _note_use(node: ast.AST, names: _Names) -> None:
    match node:
        case ast.ImportFrom(module=str(module), names=aliases):
            names.used.extend(Source(module, alias.name, is_import=True) for alias in aliases)
        case ast.Attribute(ctx=ast.Load()):
            taken = _taken(node)
            names.used.extend([taken] if taken is not None else [])
        case ast.Name(id=name, ctx=ast.Load()):
            names.used.append(Source("", name, is_import=False))
        case ast.Call(func=ast.Name(id="reload") | ast.Attribute(attr="reload")):
            names.calls_reload = True
        case _:
            pass


def _note_reads(code: types.CodeType, names: _Names) -> None:
    bound: set[str] = set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("STORE_NAME", "STORE_GLOBAL"):
            bound.add(instruction.argval)
        elif instruction.opname in ("LOAD_NAME", "LOAD_GLOBAL") and instruction.argval not in bound:
            names.read.add(instruction.argval)
    inside = (one for one in nested_codes(code) if one is not code)
    for instruction in (instruction for one in inside for instruction in dis.get_instructions(one)):
        if instruction.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            names.read_inside.add(instruction.argval)


def _note_magic(arguments: list[ast.expr], names: _Names) -> None:
    texts = [found.value for found in arguments if isinstance(found, ast.Constant) and isinstance(found.value, str)]
    if len(texts) > 1 and texts[0] in _RUNNING:
        inner = _names_of(texts[-1])
        names.bound.update(inner.bound)
        names.stars.extend(inner.stars)
        names.filled.update(inner.filled)
        names.used.extend(inner.used)
        names.calls_reload |= inner.calls_reload
        names.of_history.update(inner.of_history)
        names.read.update(inner.read)
        names.read_inside.update(inner.read_inside)


def _taken(value: ast.expr) -> Source | None:
    """Return what an assignment takes from where, if it does nothing else."""
    if isinstance(value, ast.Attribute):
        before = ast.unparse(value.value)
        if all(part.isidentifier() for part in before.split(".")):
            return Source(before, value.attr, is_import=False)
    return None


def _root(node: ast.AST) -> str:
    """Return the name that an attribute, an item or a call of such begins with; empty if there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
