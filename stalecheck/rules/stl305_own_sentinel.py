"""STL305 own-sentinel: A default that is compared by identity with a sentinel of the reloaded module

## What it does

Flags `def get(default=_MISSING)` whose body asks `default is _MISSING`, in a module that `importlib.reload` runs
again: the sentinel is an object, a class or a member of an Enum (which `==` compares by identity, too). It is an
error where the linter sees who keeps the old function or class, else a note.

## Why is this bad

The old function has the old sentinel as its default, and its body finds the new one under the name: the
sentinel leaks out as if it were a value.

## Example

```python
# file: options.py
_MISSING = object()


def get(options, name, default=_MISSING):
    if name not in options and default is _MISSING:
        raise KeyError(name)
    return options.get(name, default)

# file: app.py
from options import get


def port(options):
    return get(options, "port")

# file: refresh.py
import importlib

import options


def refresh():
    importlib.reload(options)
```

## Use instead

```python
# file: options.py
try:
    _MISSING
except NameError:
    _MISSING = object()


def get(options, name, default=_MISSING):
    if name not in options and default is _MISSING:
        raise KeyError(name)
    return options.get(name, default)

# file: app.py
import options


def port(values):
    return options.get(values, "port")

# file: refresh.py
import importlib

import options


def refresh():
    importlib.reload(options)
```

## When it is fine

Where nobody keeps the function: `options.get` is looked up at each call.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from stalecheck.nodes import Function, descendants, positional_parameters
from stalecheck.rules.alive import alive
from stalecheck.rules.module_state import assignments, kept_names, local_names
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import span_of
from stalecheck.vocabulary import ReloadMode, Severity

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag defaults that are no longer the sentinel that the body asks for."""
    held = alive(reloading)
    for file, reloads in reloading.reloads().items():
        in_place = tuple(reload for reload in reloads if reload.mode is ReloadMode.RELOAD)
        tree = reloading.parse(file) if in_place else None
        if tree is None:
            continue
        kept = kept_names(file, reloading.program)
        sentinels = {s.name: s for s in _sentinels(tree) if s.name not in kept and s.made.partition(".")[0] not in kept}
        for owner, function in _functions(tree) if sentinels else ():
            for default, parameter in _defaults(function.args):
                written = ast.unparse(default) if isinstance(default, (ast.Name, ast.Attribute)) else ""
                if written not in sentinels or written.partition(".")[0] in local_names(function):
                    continue
                sentinel = sentinels[written]
                same = {s.name for s in sentinels.values() if s.made == sentinel.made}
                if _is_asked(function, parameter, sentinel, same):
                    is_alive = (file.path, owner) in held.kept or (
                        (file.path, owner) in held.called
                        and any(_is_asked(inner, parameter, sentinel, same) for inner in _innermost(function))
                    )
                    called = "lambda" if isinstance(function, ast.Lambda) else function.name
                    yield Flaw(
                        file,
                        span_of(default, reloading.sources[file]),
                        Severity.ERROR if is_alive else Severity.NOTE,
                        f"the old `{called}` has the old `{written}` as its default, and asks for the new",
                        _remedy(sentinel),
                        in_place,
                    )


@dataclass(frozen=True, slots=True)
class _Sentinel:
    """What each run of a module makes anew, and what may stand for nothing."""

    name: str
    made: str
    """The name under which it is made: that of the object, the class, or the member of the Enum."""

    value: str
    """How it is made, as written; empty for classes and members."""

    is_only_itself: bool
    """It is equal to nothing else."""


def _sentinels(tree: ast.Module) -> Iterator[_Sentinel]:
    """Yield objects, classes and members, and the names that are bound to them after that."""
    found: dict[str, _Sentinel] = {}
    classes = {definition.name: definition for definition in tree.body if isinstance(definition, ast.ClassDef)}
    for definition in classes.values():
        is_plain = not definition.keywords
        found[definition.name] = _Sentinel(definition.name, definition.name, "", is_plain)
        for name in _members(definition):
            found[name] = _Sentinel(name, name, "", _is_identity_compared(definition))
    for item in assignments(tree):
        if isinstance(item.value, ast.Call):
            maker = ast.unparse(item.value.func)
            own = classes.get(maker)
            is_plain = maker == "object" or (own is not None and not own.bases and _is_identity_compared(own))
            found[item.name] = _Sentinel(item.name, item.name, ast.unparse(item.value), is_plain)
        elif isinstance(item.value, (ast.Name, ast.Attribute)) and (other := found.get(ast.unparse(item.value))):
            found[item.name] = replace(other, name=item.name)
    yield from found.values()


def _members(definition: ast.ClassDef) -> Iterator[str]:
    for statement in definition.body if _enum_bases(definition) else ():
        for target in statement.targets if isinstance(statement, ast.Assign) else ():
            if isinstance(target, ast.Name):
                yield f"{definition.name}.{target.id}"


def _enum_bases(definition: ast.ClassDef) -> list[str]:
    names = [ast.unparse(base).rpartition(".")[2] for base in definition.bases]
    return names if names and names[-1].endswith(("Enum", "Flag")) else []


def _is_identity_compared(definition: ast.ClassDef) -> bool:
    """Whether ``==`` compares what a class makes by identity: members of an Enum whose values do not matter, too."""
    own = {method.name for method in definition.body if isinstance(method, ast.FunctionDef)}
    is_plain = not definition.bases or (
        len(definition.bases) == 1 and _enum_bases(definition)[-1:] in (["Enum"], ["Flag"])
    )
    return is_plain and not definition.decorator_list and "__eq__" not in own


def _remedy(sentinel: _Sentinel) -> str:
    if not sentinel.value:
        return f"define `{sentinel.made.partition('.')[0]}` in a module that is not reloaded"
    value = sentinel.value if len(sentinel.value) <= 40 else "…"
    return f"keep it over the reload: `{sentinel.made} = {value}` below `except NameError:`"


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function | ast.Lambda]]:
    """Yield the functions and methods of a module, each with the name at module level that leads to it."""
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield statement.name, statement
        elif isinstance(statement, ast.ClassDef):
            for member in statement.body:
                if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    yield statement.name, member
        else:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value):
                    yield name, value


def _defaults(arguments: ast.arguments) -> Iterator[tuple[ast.expr, str]]:
    positional = positional_parameters(arguments)
    for argument, default in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        yield default, argument.arg
    for argument, given in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if given is not None:
            yield given, argument.arg


def _is_asked(function: Function | ast.Lambda, parameter: str, sentinel: _Sentinel, same: set[str]) -> bool:
    """Whether the body compares the parameter with the sentinel, whatever it is called, by identity."""
    names = {parameter, *_handed_on(function, parameter)}
    operators: tuple[type[ast.cmpop], ...] = (ast.Is, ast.IsNot)
    if sentinel.is_only_itself:
        operators += (ast.Eq, ast.NotEq)
    for node in descendants(function):
        match node:
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if isinstance(operator, operators):
                written = {ast.unparse(left), ast.unparse(right)}
                if not names.isdisjoint(written) and not same.isdisjoint(written):
                    return True
            case ast.Compare(
                left=ast.Name(id=name),
                ops=[ast.In() | ast.NotIn()],
                comparators=[ast.Tuple(elts=among) | ast.List(elts=among) | ast.Set(elts=among)],
            ) if name in names and sentinel.is_only_itself:
                if not same.isdisjoint(map(ast.unparse, among)):
                    return True
    return False


def _handed_on(function: Function | ast.Lambda, parameter: str) -> Iterator[str]:
    """Yield the local names that may be the parameter: ``found = table.get(key, parameter)``."""
    for node in descendants(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=given)) if given == parameter:
                yield name
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Attribute(attr="get" | "pop"), args=[_, ast.Name(id=given)]),
            ) if given == parameter:
                yield name
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id="getattr" | "next"), args=[_, *_, ast.Name(id=given)]),
            ) if given == parameter:
                yield name


def _innermost(function: Function | ast.Lambda) -> Iterator[Function | ast.Lambda]:
    """Yield the functions within a function that have none within them: what a decorator returns in the end."""
    for node in descendants(function):
        if node is function or not isinstance(node, _FUNCTIONS):
            continue
        if not any(inner is not node and isinstance(inner, _FUNCTIONS) for inner in descendants(node)):
            yield node
