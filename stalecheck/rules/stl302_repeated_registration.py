"""STL302 repeated-registration: Something that a reloaded module registers elsewhere each time it runs

## What it does

Flags what the body of a reloaded module puts into a list, or hands to something that keeps all it is given, outside
of the module: lists of handlers, `atexit`, log handlers, import hooks, `sys.path`, threads that are started, routes and
commands of another module's application, metrics, classes that their base class notes. What refuses a second entry
of a name is an error. A dict that is keyed by name is replaced, and silent, unless the first entry stays there:
`TABLE.setdefault(name, run)`, `if name not in TABLE`.

## Why is this bad

The old entry stays and the new one joins it: handlers run twice, after the third reload three times. Some
registries raise.

## Example

```python
# file: hooks.py
HOOKS = []

# file: plugin.py
import hooks


def run():
    print("run")


hooks.HOOKS.append(run)

# file: refresh.py
import importlib

import plugin


def refresh():
    importlib.reload(plugin)
```

## Use instead

```python
# file: hooks.py
HOOKS = {}

# file: plugin.py
import hooks


def run():
    print("run")


hooks.HOOKS["plugin"] = run

# file: refresh.py
import importlib

import plugin


def refresh():
    importlib.reload(plugin)
```

## When it is fine

Where the registry is emptied before the reload, or is reloaded first.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from stalecheck.model import Reload, SourceFile
from stalecheck.nodes import Function, descendants
from stalecheck.rules.brought import names_bound
from stalecheck.rules.chains import chains
from stalecheck.rules.keeping import BY_ARGUMENT, Keeping, short_name
from stalecheck.rules.module_state import kept_names
from stalecheck.rules.registries import Given, keeping_of, keeping_of_subclasses
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import dotted, imported_names, span_of, top_level
from stalecheck.rules.taking_back import takes_back
from stalecheck.vocabulary import ReloadMode, Severity

_Found: TypeAlias = tuple[ast.expr, "_Matter"]


@dataclass(frozen=True, slots=True)
class _Matter:
    """Why it matters that something is registered again."""

    why: str
    severity: Severity = Severity.WARNING
    registry: str = ""
    """The absolute name of what keeps it, where it has one."""


_KEEPERS = {
    "atexit.register": "`atexit` calls every function that it was given",
    "codecs.register": "`codecs` asks every function that it was given",
    "gc.callbacks.append": "the collector calls all of its callbacks",
    "os.register_at_fork": "every function is called when the process forks",
    "sys.addaudithook": "an audit hook cannot be removed",
    "sys.meta_path.append": "the finder of the last run is asked as well",
    "sys.meta_path.insert": "the finder of the last run is asked as well",
    "sys.path_hooks.append": "the hook of the last run is asked as well",
    "sys.path_hooks.insert": "the hook of the last run is asked as well",
    "logging.root.addHandler": "each message is written once more",
}
_PATHS = frozenset({"sys.path.append", "sys.path.insert"})
_LOGGERS = frozenset({"logging.getLogger", "logging.Logger"})
_THREADS = frozenset({"threading.Thread", "threading.Timer", "multiprocessing.Process"})


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag what each run of a reloaded module's body adds to something else."""
    known: dict[SourceFile, dict[str, str]] = {}
    for file, reloads in reloading.reloads().items():
        tree = reloading.parse(file)
        if tree is None:
            continue
        together = reloading.together(file)
        found = (
            *_registrations(tree, file, together, known, reloading),
            *_repeated_chains(tree, file, reloads, together, reloading),
        )
        for node, matter in found:
            left = tuple(
                reload
                for reload in reloads
                if not matter.registry or not takes_back(matter.registry, reload, reloading)
            )
            if left:
                yield Flaw(
                    file,
                    span_of(node, reloading.sources[file]),
                    matter.severity,
                    f"`{_shorten(node)}` happens again: {matter.why}",
                    "remove the old entry first, or register under a name that is replaced",
                    left,
                )


def _repeated_chains(
    tree: ast.Module,
    file: SourceFile,
    reloads: tuple[Reload, ...],
    together: frozenset[SourceFile],
    reloading: Reloading,
) -> Iterator[_Found]:
    """Yield what is put in the place of something that it calls: in place, the old function then calls itself."""
    is_in_place = any(reload.mode is ReloadMode.RELOAD for reload in reloads)
    kept = kept_names(file, reloading.program) if is_in_place else ()
    names = names_bound(tree, file, reloading)
    for node, own, before in chains(tree, names, kept, is_in_place=is_in_place):
        place = dotted(node, names) if isinstance(node, ast.Attribute) else ""
        owner = reloading.program.table.find(place.rpartition(".")[0], file) if place else None
        if owner is None or owner not in together:
            happens = "then calls itself, for ever" if is_in_place else "is called as well"
            severity = Severity.ERROR if is_in_place else Severity.WARNING
            yield node, _Matter(f"`{before}` is the old `{own}`, which {happens}", severity)


def _registrations(
    tree: ast.Module,
    file: SourceFile,
    together: frozenset[SourceFile],
    known: dict[SourceFile, dict[str, str]],
    reloading: Reloading,
) -> Iterator[_Found]:
    """Yield what registers something, why it matters that it happens again, and how much."""
    names = names_bound(tree, file, reloading)
    made = {s.name: s for s in tree.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    guarded = _guarded(tree, made)
    for statement in top_level(tree):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _by_decorators(statement, names, frozenset(made), together, reloading)
            if isinstance(statement, ast.ClassDef):
                yield from _by_bases(statement, file, together, known, reloading)
            continue
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Name(id=called)) as call) if statement not in guarded:
                own = made.get(called)
                inside = _inside(own, names, made, file, together, reloading) if own is not None else None
                if inside is not None:
                    yield call, inside
    yield from _by_statements(tree, names, made, file, together, reloading)


def _guarded(tree: ast.Module, made: Mapping[str, ast.stmt]) -> set[ast.AST]:
    """Return what stands below a condition or a ``try``: it may run only once.

    `made` is what the body defines: whether that is registered is no condition, for it is new.
    """
    return {
        child
        for s in tree.body
        if isinstance(s, ast.Try) or (isinstance(s, ast.If) and not _asks_for_new(s, made))
        for child in descendants(s)
    }


def _asks_for_new(statement: ast.If, made: Mapping[str, ast.stmt]) -> bool:
    """Whether a condition is that a function or class of this run is not in something: ``if f not in HOOKS``."""
    match statement.test:
        case (
            ast.Compare(left=ast.Name(id=name), ops=[ast.NotIn()])
            | ast.UnaryOp(op=ast.Not(), operand=ast.Compare(left=ast.Name(id=name), ops=[ast.In()]))
        ):
            return not statement.orelse and name in made and made[name].lineno < statement.lineno
    return False


def _removes_new(tree: ast.Module, made: Mapping[str, ast.stmt]) -> frozenset[int]:
    """Return the rows of the body at which a function or class of this run is taken out: it cannot be there yet."""
    rows: set[int] = set()
    for statement in top_level(tree):
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(), args=[ast.Name(id=name)])):
                if name in made and made[name].lineno < statement.lineno:
                    rows.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return frozenset(rows)


def _by_decorators(
    definition: Function | ast.ClassDef,
    names: Mapping[str, str],
    made: frozenset[str],
    together: frozenset[SourceFile],
    reloading: Reloading,
) -> Iterator[_Found]:
    for decorator in definition.decorator_list:
        called, arguments = (decorator.func, decorator.args) if isinstance(decorator, ast.Call) else (decorator, [])
        keywords = tuple(decorator.keywords) if isinstance(decorator, ast.Call) else ()
        given = Given(tuple(arguments), made, decorates=True, keywords=keywords)
        if found := _standard(called, names) or _of_project(called, given, names, together, reloading):
            yield decorator, found


def _by_bases(
    definition: ast.ClassDef,
    file: SourceFile,
    together: frozenset[SourceFile],
    known: dict[SourceFile, dict[str, str]],
    reloading: Reloading,
) -> Iterator[_Found]:
    keeping, who = keeping_of_subclasses(definition, file, together, known, reloading)
    if keeping is not Keeping.REPLACED:
        for base in (*definition.bases, *(keyword.value for keyword in definition.keywords)):
            yield base, _said(keeping, who)
            return


def _inside(
    function: ast.AST,
    names: Mapping[str, str],
    made: Mapping[str, ast.stmt],
    file: SourceFile,
    together: frozenset[SourceFile],
    reloading: Reloading,
) -> _Matter | None:
    """Return what the module's own function registers that its body calls."""
    if not isinstance(function, ast.FunctionDef) or any(isinstance(node, ast.Return) for node in function.body[:-1]):
        return None
    if any(isinstance(node, ast.If) and isinstance(node.body[-1], ast.Return) for node in function.body):
        return None
    body = ast.Module(function.body, [])
    known = {**names, **imported_names(body, file)}
    found = next(_by_statements(body, known, made, file, together, reloading), None)
    return found[1] if found is not None else None


def _by_statements(
    tree: ast.Module,
    names: Mapping[str, str],
    made: Mapping[str, ast.stmt],
    file: SourceFile,
    together: frozenset[SourceFile],
    reloading: Reloading,
) -> Iterator[_Found]:
    """Yield the calls among some statements that register something."""
    objects = _objects(tree, names)
    guarded = _guarded(tree, made)
    useless = _removes_new(tree, made)
    own = frozenset(made)
    for statement in top_level(tree):
        if isinstance(statement, ast.AugAssign) and statement not in guarded:
            replaces = isinstance(statement.op, ast.BitOr) and _is_told_by_value(statement.value)
            extending = ast.Attribute(statement.target, "update" if replaces else "extend")
            if found := _of_project(extending, Given((statement.value,), own), names, together, reloading):
                yield statement.target, found
        call = statement.value if isinstance(statement, (ast.Expr, ast.Assign)) else None
        if not isinstance(call, ast.Call) or statement in guarded:
            continue
        name = dotted(call.func, names)
        if name in _PATHS:
            yield call, _Matter("the list of paths grows", Severity.NOTE, "sys.path")
        elif refusing := _by_argument(name, call, names, together, reloading):
            yield call, refusing
        elif not _is_undone(call.func, reloading.sources[file], useless):
            is_silent = any("NullHandler" in ast.unparse(argument) for argument in call.args)
            found = _standard(call.func, names) or (None if is_silent else _by_object(call.func, objects, file))
            if found is None and isinstance(statement, ast.Expr):
                given = (*call.args, *(keyword.value for keyword in call.keywords))
                found = _of_project(
                    call.func, Given(given, own, keywords=tuple(call.keywords)), names, together, reloading
                )
            if found is not None:
                yield call, found


def _is_told_by_value(added: ast.expr) -> bool:
    """Whether what is added takes the place of what is there: the values of a dict, constants of a set."""
    match added:
        case ast.Set(elts=elements):
            return all(isinstance(element, ast.Constant) for element in elements)
    return isinstance(added, ast.Dict)


def _by_argument(
    name: str, call: ast.Call, names: Mapping[str, str], together: frozenset[SourceFile], reloading: Reloading
) -> _Matter | None:
    """Return why it matters that something makes itself known to a registry that it is given."""
    position, keyword = BY_ARGUMENT.get(short_name(name), (0, ""))
    if not keyword or any(k.arg in {"extend_existing", "keep_existing"} for k in call.keywords):
        return None
    by_name = [k.value for k in call.keywords if k.arg == keyword]
    given = by_name[0] if by_name else call.args[position] if 0 <= position < len(call.args) else None
    if given is None:
        return _Matter("the registry refuses a second one of that name", Severity.ERROR) if position < 0 else None
    registry = dotted(given, names)
    parts = registry.split(".")
    for end in range(len(parts) - 1, 0, -1):
        file = reloading.program.table.find(".".join(parts[:end]))
        if file is not None:
            refused = f"`{registry}` refuses a second one of that name"
            return _Matter(refused, Severity.ERROR, registry) if file not in together else None
    return None


def _is_undone(function: ast.expr, source: bytes, useless: Collection[int]) -> bool:
    """Whether the module takes something out of what it registers with: that may be the entry of the last run.

    `useless` are the rows at which it cannot be.
    """
    if not isinstance(function, ast.Attribute):
        return False
    owner = re.escape(ast.unparse(function.value)).encode()
    undone = (
        rb"\bdel %b\[|\b%b(?:\.handlers)?\.(?:remove|removeHandler|clear|pop|unregister)\("
        rb"|\b%b(?:\.handlers)?(?:\[:\])? = \["
    )
    found = re.finditer(undone % (owner, owner, owner), source)
    return any(source.count(b"\n", 0, match.start()) + 1 not in useless for match in found)


def _standard(function: ast.expr, names: Mapping[str, str]) -> _Matter | None:
    name = dotted(function, names)
    return _Matter(_KEEPERS[name], registry=name.rpartition(".")[0]) if name in _KEEPERS else None


def _objects(tree: ast.Module, names: Mapping[str, str]) -> dict[str, str]:
    """Return what made the objects of the standard library that the module binds to names."""
    found = {}
    for statement in top_level(tree):
        match statement:
            case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Call(func=maker)):
                found[bound] = dotted(maker, names)
    for call in (node for node in descendants(tree) if isinstance(node, ast.Call)):
        found[ast.unparse(call)] = dotted(call.func, names)
    return found


def _by_object(function: ast.expr, objects: Mapping[str, str], file: SourceFile) -> _Matter | None:
    """Return why a method of a logger or a thread matters."""
    if not isinstance(function, ast.Attribute):
        return None
    written = ast.unparse(function.value)
    maker = objects.get(written, "")
    if function.attr in {"addHandler", "addFilter"} and maker in _LOGGERS:
        why = "each message is written once more" if function.attr == "addHandler" else "the old filter stays"
        return _Matter(why, registry=f"{file.module}.{written}")
    if function.attr == "start" and maker in _THREADS:
        return _Matter("the thread of the last run goes on", registry=f"{file.module}.{written}")
    return None


def _of_project(
    function: ast.expr, given: Given, names: Mapping[str, str], together: frozenset[SourceFile], reloading: Reloading
) -> _Matter | None:
    """Return why a function, or a method of an object, of another module of the project matters."""
    path, through = _path(function, names)
    for end in range(len(path) - 1, 0, -1):
        file = reloading.program.table.find(".".join(path[:end]))
        if file is None:
            continue
        tree = reloading.parse(file) if file not in together else None
        keeping = keeping_of(path[end:], tree, file, given, through) if tree is not None else Keeping.REPLACED
        return _said(keeping, ".".join((file.module, *path[end:-1]))) if keeping is not Keeping.REPLACED else None
    return None


def _path(function: ast.expr, names: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the absolute name of what is called, and what is done in between: ``D.setdefault(k, []).append``."""
    through: list[str] = []
    owner, last = function, ""
    if isinstance(function, ast.Attribute) and isinstance(function.value, (ast.Subscript, ast.Call)):
        last = function.attr
        match function.value:
            case ast.Call(func=ast.Attribute(value=owner, attr="setdefault")):
                through.append("setdefault")
            case ast.Subscript(value=owner):
                through.append("[]")
            case _:
                return [], []
    name = dotted(owner, names)
    return [*name.split("."), *([last] if last else [])] if name else [], through


def _said(keeping: Keeping, who: str) -> _Matter:
    if keeping is Keeping.REFUSED:
        return _Matter(f"`{who}` refuses what it has already, and the reload ends there", Severity.ERROR, who)
    if keeping is Keeping.IGNORED:
        return _Matter(f"`{who}` keeps the old one, and does not take the new", registry=who)
    return _Matter(f"`{who}` keeps the old one as well", registry=who)


def _shorten(node: ast.expr) -> str:
    text = " ".join(ast.unparse(node.func if isinstance(node, ast.Call) else node).split())
    return text if len(text) <= 50 else f"{text[:47]}…"
