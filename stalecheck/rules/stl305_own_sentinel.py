"""STL305 own-sentinel: A default that is compared by identity with a sentinel of the reloaded module

## What it does

Flags `def get(default=_MISSING)` whose body asks `default is _MISSING`, in a module that `importlib.reload` runs
again. It is an error where the linter sees who keeps the old function or class, else a note.

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
        made = {item.name for item in assignments(tree) if isinstance(item.value, ast.Call)}
        sentinels = made - kept_names(file, reloading.program)
        for owner, function in _functions(tree) if sentinels else ():
            for default, parameter in _defaults(function):
                if (
                    isinstance(default, ast.Name)
                    and default.id in sentinels - local_names(function)
                    and _is_asked(function, parameter, default.id)
                ):
                    yield Flaw(
                        file,
                        span_of(default, reloading.sources[file]),
                        Severity.ERROR if (file.path, owner) in alive else Severity.NOTE,
                        f"the old `{function.name}` has the old `{default.id}` as its default, and asks for the new",
                        f"keep it over the reload: `{default.id} = object()` below `except NameError:`",
                        in_place,
                    )


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """Yield the functions and methods of a module, each with the name at module level that leads to it."""
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield statement.name, statement
        elif isinstance(statement, ast.ClassDef):
            for member in statement.body:
                if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    yield statement.name, member


def _defaults(function: Function) -> Iterator[tuple[ast.expr, str]]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    for argument, default in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        yield default, argument.arg
    for argument, given in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if given is not None:
            yield given, argument.arg


def _is_asked(function: Function, parameter: str, sentinel: str) -> bool:
    """Whether the body compares the parameter with the sentinel by identity."""
    for node in ast.walk(function):
        match node:
            case ast.Compare(left=ast.Name(id=left), ops=[ast.Is() | ast.IsNot()], comparators=[ast.Name(id=right)]):
                if {left, right} == {parameter, sentinel}:
                    return True
    return False
