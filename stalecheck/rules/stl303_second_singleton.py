"""STL303 second-singleton: A singleton that a reloaded module makes when it is first asked for

## What it does

Flags `_instance = None` with a function that makes the instance on demand, classes whose `__new__` or
class method keeps `_instance`, functions under `@cache` or `@lru_cache` that take nothing and return a new object, and
classes of which a decorator, a metaclass or a base in the project keeps the one instance, in a module that is reloaded.

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
from functools import partial

from stalecheck.model import Reload, SourceFile
from stalecheck.nodes import descendants
from stalecheck.rules.made_once import Definitions, cached_makers, decorated_classes, made_by_others
from stalecheck.rules.module_state import Singleton, kept_names, singletons
from stalecheck.rules.outside_changes import innermost
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import imported_names, span_of
from stalecheck.vocabulary import ReloadMode, Severity


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag singletons that are made on demand."""
    for file, reloads in reloading.reloads().items():
        tree = reloading.parse(file)
        if tree is None:
            continue
        kept = kept_names(file, reloading.program)
        for made in singletons(tree):
            lost = reloads if made.name not in kept else tuple(r for r in reloads if r.mode is ReloadMode.REIMPORT)
            if lost:
                yield _flaw(file, made, lost, reloading)
        definitions = Definitions(file, tree, imported_names(tree, file), partial(_find, reloading))
        for made in cached_makers(definitions):
            lost = tuple(reload for reload in reloads if not _clears(reload, made.name, reloading))
            if lost:
                yield _flaw(file, made, lost, reloading)
        for made in (*decorated_classes(definitions, kept), *made_by_others(definitions)):
            yield _flaw(file, made, reloads, reloading)


def _flaw(file: SourceFile, made: Singleton, reloads: tuple[Reload, ...], reloading: Reloading) -> Flaw:
    return Flaw(
        file,
        span_of(made.target, reloading.sources[file]),
        Severity.WARNING,
        made.says or f"`{made.name}` is {made.at_first} again, and `{made.maker}` makes a second one",
        "keep it in a module that is not reloaded, or make it there",
        reloads,
    )


def _find(reloading: Reloading, name: str, file: SourceFile) -> tuple[SourceFile, ast.Module] | None:
    found = reloading.program.table.find(name, file)
    tree = reloading.parse(found) if found is not None else None
    return (found, tree) if found is not None and tree is not None else None


def _clears(reload: Reload, name: str, reloading: Reloading) -> bool:
    """Whether the function that reloads clears the cache of a function too: it is to make another one."""
    file = next((place.file for place in reloading.places if place.file.path == reload.path), None)
    tree = reloading.parse(file) if file is not None else None
    if tree is None or reload.location is None:
        return False
    nodes = descendants(innermost(tree, reload.location.row))
    cleared = [node.value for node in nodes if isinstance(node, ast.Attribute) and node.attr == "cache_clear"]
    return any(ast.unparse(owner).rpartition(".")[2] == name for owner in cleared)
