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

from collections.abc import Iterator

from stalecheck.rules.module_state import kept_names, singletons
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
        for made in singletons(tree):
            lost = reloads if made.name not in kept else tuple(r for r in reloads if r.mode is ReloadMode.REIMPORT)
            if lost:
                yield Flaw(
                    file,
                    span_of(made.target, reloading.sources[file]),
                    Severity.WARNING,
                    f"`{made.name}` is {made.at_first} again, and `{made.maker}` makes a second one",
                    "keep it in a module that is not reloaded, or make it there",
                    lost,
                )
