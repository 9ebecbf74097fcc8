"""STL207 cached-result: A cache that keeps an object of a module that is reloaded.

## What it does

Flags functions under `functools.cache`, `lru_cache` or `cached_property` that visibly return an
object of `m`.

## Why is this bad

The cache answers with the object of the first call; `isinstance` against the new class is False
until the cache is cleared.

## Example

```python
# file: core.py
class Engine:
    pass

# file: car.py
import functools

import core


@functools.cache
def engine():
    return core.Engine()

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

When the function that reloads calls `cache_clear()`, before the reload or after it, in the same file
or in another one: the linter then says nothing. Where a function that it calls does, or one deletes the
attribute that a `cached_property` keeps, ignore the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity
from stalecheck.rules.words import held
from stalecheck.vocabulary import HolderKind


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge caches."""
    for reference in references:
        if reference.holder.kind is HolderKind.CACHED_RESULT:
            yield Judgement(
                reference,
                severity(reference),
                f"the cache of `{reference.holder.name}` keeps {held(reference)}",
                _remedy(reference),
            )


def _remedy(reference: StaleReference) -> str:
    if reference.is_property:
        name = reference.holder.name.rpartition(".")[2]
        return f"delete `{name}` of each instance after the reload, or make it a plain property"
    return "call its `cache_clear()` after the reload, or do not cache"
