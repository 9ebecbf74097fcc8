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

from stalecheck.nodes import descendants
from stalecheck.rules.module_state import assignments, kept_names, local_names
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import Function, span_of
from stalecheck.vocabulary import ReloadMode, Severity


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag defaults that are no longer the sentinel that the body asks for."""
    alive = {(reference.origin.path, reference.origin.name.partition(".")[0]) for reference in reloading.references}
    for file, reloads in reloading.reloads().items():
        in_place = tuple(reload for reload in reloads if reload.mode is ReloadMode.RELOAD)
        tree = reloading.parse(file) if in_place else None
        if tree is None:
            continue
        sentinels = _sentinels(tree) - kept_names(file, reloading.program)
        for owner, function in _functions(tree) if sentinels else ():
            for default, parameter in _defaults(function.args):
                sentinel = ast.unparse(default) if isinstance(default, (ast.Name, ast.Attribute)) else ""
                if (
                    sentinel in sentinels
                    and sentinel.partition(".")[0] not in local_names(function)
                    and _is_asked(function, parameter, sentinel, _operators(sentinel, tree))
                ):
                    called = "lambda" if isinstance(function, ast.Lambda) else function.name
                    yield Flaw(
                        file,
                        span_of(default, reloading.sources[file]),
                        Severity.ERROR if (file.path, owner) in alive else Severity.NOTE,
                        f"the old `{called}` has the old `{sentinel}` as its default, and asks for the new",
                        _remedy(sentinel, tree),
                        in_place,
                    )


def _sentinels(tree: ast.Module) -> set[str]:
    """Return what each run of a module makes anew and what may stand for nothing: objects, classes, members."""
    made = {item.name for item in assignments(tree) if isinstance(item.value, ast.Call)}
    for definition in tree.body:
        if isinstance(definition, ast.ClassDef):
            made.add(definition.name)
            if _enum_bases(definition):
                made |= {
                    f"{definition.name}.{target.id}"
                    for statement in definition.body
                    if isinstance(statement, ast.Assign)
                    for target in statement.targets
                    if isinstance(target, ast.Name)
                }
    return made


def _enum_bases(definition: ast.ClassDef) -> list[str]:
    names = [ast.unparse(base).rpartition(".")[2] for base in definition.bases]
    return names if names and names[-1].endswith(("Enum", "Flag")) else []


def _operators(sentinel: str, tree: ast.Module) -> tuple[type[ast.cmpop], ...]:
    """Return what compares by identity: for members of an Enum whose values do not matter ``==`` does."""
    owner = sentinel.rpartition(".")[0]
    for definition in tree.body:
        if isinstance(definition, ast.ClassDef) and definition.name == owner and len(definition.bases) == 1:
            own = {method.name for method in definition.body if isinstance(method, ast.FunctionDef)}
            if _enum_bases(definition)[-1:] in (["Enum"], ["Flag"]) and "__eq__" not in own:
                return (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)
    return (ast.Is, ast.IsNot)


def _remedy(sentinel: str, tree: ast.Module) -> str:
    owner = sentinel.partition(".")[0]
    if any(isinstance(definition, ast.ClassDef) and definition.name == owner for definition in tree.body):
        return f"define `{owner}` in a module that is not reloaded"
    return f"keep it over the reload: `{sentinel} = object()` below `except NameError:`"


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
    positional = [*arguments.posonlyargs, *arguments.args]
    for argument, default in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        yield default, argument.arg
    for argument, given in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if given is not None:
            yield given, argument.arg


def _is_asked(
    function: Function | ast.Lambda, parameter: str, sentinel: str, operators: tuple[type[ast.cmpop], ...]
) -> bool:
    """Whether the body compares the parameter with the sentinel by identity."""
    for node in descendants(function):
        match node:
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if isinstance(operator, operators):
                if {ast.unparse(left), ast.unparse(right)} == {parameter, sentinel}:
                    return True
    return False
