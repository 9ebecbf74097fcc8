"""STL201 instance: An instance of a class of a module that is reloaded, made elsewhere.

## What it does

Flags `client = m.C()` at module or class scope outside of `m`, and `global client; client = m.C()`
in a function.

## Why is this bad

The instance keeps the old class: `isinstance(client, m.C)` is False, its methods are the old code,
pickling it fails.

## Example

```python
# file: core.py
class Engine:
    pass

# file: car.py
import core

ENGINE = core.Engine()

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## Use instead

```python
# file: core.py
class Engine:
    pass

# file: car.py
import core


def engine():
    return core.Engine()

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## When it is fine

When the holder is made anew after the reload, in the function that reloads: the linter then says
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity_by_use
from stalecheck.rules.words import old
from stalecheck.vocabulary import HolderKind


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge instances made outside of their class's module."""
    for reference in references:
        if reference.holder.kind is HolderKind.INSTANCE:
            yield Judgement(
                reference,
                severity_by_use(reference),
                f"`{reference.holder.name}` stays an instance of {old(reference)}",
                "make the instance where it is needed, or make it again after the reload",
            )
