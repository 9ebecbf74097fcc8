"""STL303 second-singleton: A singleton that a reloaded module makes when it is first asked for

## What it does

Flags `_instance = None` with a function that makes the instance on demand, and classes whose `__new__` or
class method keeps `_instance`, in a module that is reloaded.

## Why is this bad

After the reload the module has none, and makes a second one. Who has the first goes on with it: two
connections, two configurations, two schedulers.

## Example

```python
# file: database.py
class Connection:
    pass


_connection = None


def connect():
    global _connection
    if _connection is None:
        _connection = Connection()
    return _connection

# file: refresh.py
import importlib

import database


def refresh():
    importlib.reload(database)
```

## Use instead

```python
# file: database.py
class Connection:
    pass


if "_connection" not in globals():
    _connection = None


def connect():
    global _connection
    if _connection is None:
        _connection = Connection()
    return _connection

# file: refresh.py
import importlib

import database


def refresh():
    importlib.reload(database)
```

## When it is fine

Where nobody keeps the first one, and it holds nothing open.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stalecheck.rules.module_state import assignments, changes, kept_names
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import span_of
from stalecheck.vocabulary import ReloadMode, Severity


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag singletons that are made on demand."""
    for file, reloads in reloading.reloads().items():
        tree = reloading.parse(file)
        if tree is None:
            continue
        kept = kept_names(file, reloading.program)
        for name, target, function in _singletons(tree):
            lost = reloads if name not in kept else tuple(r for r in reloads if r.mode is ReloadMode.REIMPORT)
            if lost:
                yield Flaw(
                    file,
                    span_of(target, reloading.sources[file]),
                    Severity.WARNING,
                    f"`{name}` is None again, and `{function}` makes a second one",
                    "keep it in a module that is not reloaded, or make it there",
                    lost,
                )


def _singletons(tree: ast.Module) -> Iterator[tuple[str, ast.expr, str]]:
    """Yield name, place and maker of what is None until somebody asks for it."""
    lazy = {
        change.name: change.function
        for change in changes(tree)
        if change.rebinds and isinstance(change.value, ast.Call) and _is_class(change.value, tree)
    }
    for made in assignments(tree):
        if made.name in lazy and isinstance(made.value, ast.Constant) and made.value.value is None:
            yield made.name, made.target, lazy[made.name]
    for definition in tree.body:
        if isinstance(definition, ast.ClassDef):
            yield from _of_class(definition)


def _is_class(call: ast.Call, tree: ast.Module) -> bool:
    """Whether a call makes an instance: a class of the module is called, or something written like one."""
    function = call.func
    name = (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
    return name.lstrip("_")[:1].isupper() and not name.isupper()


def _of_class(definition: ast.ClassDef) -> Iterator[tuple[str, ast.expr, str]]:
    for statement in definition.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=ast.Constant(value=None)):
                pass
            case ast.AnnAssign(target=ast.Name(id=name) as target, value=ast.Constant(value=None)):
                pass
            case _:
                continue
        for function in definition.body:
            if isinstance(function, ast.FunctionDef) and _makes_own(function, name, definition.name):
                yield f"{definition.name}.{name}", target, f"{definition.name}.{function.name}"
                break


def _makes_own(function: ast.FunctionDef, name: str, owner: str) -> bool:
    """Whether a function binds ``cls._instance`` to a new instance of the class."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id=bound), attr=attribute)], value=ast.Call(func=maker)
            ) if attribute == name and bound in {"cls", owner}:
                written = ast.unparse(maker)
                if written in {"cls", owner} or written.endswith("__new__"):
                    return True
    return False
