"""STL102 star-import: A star import that brings names of a module that is reloaded.

## What it does

Flags `from m import *` when `m`, or a module whose names it re-exports, is reloaded. One diagnostic
for the statement.

## Why is this bad

Every name that the star brought stays the old object, and names that are new in the new version are
missing.

## Example

```python
# file: core.py
class Engine:
    pass

# file: car.py
from core import *


def build():
    return Engine()

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


def build():
    return core.Engine()

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## When it is fine

When nothing that the star brings is made anew by the reload: the linter then says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity_by_use
from stalecheck.rules.words import import_of, imported_late
from stalecheck.vocabulary import HolderKind

_SHOWN = 3


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge star imports."""
    for reference in references:
        if reference.holder.kind is HolderKind.STAR_IMPORT:
            names = ", ".join(f"`{part.holder.name}`" for part in reference.brings[:_SHOWN])
            more = len(reference.brings) - _SHOWN
            listed = f"{names} and {more} more" if more > 0 else names
            module = reference.origin.module
            yield Judgement(
                reference,
                max(map(severity_by_use, reference.brings)),
                f"`*` keeps what it brought of the old `{module}`: {listed}",
                _remedy(reference),
            )


def _remedy(reference: StaleReference) -> str:
    if imported_late(reference):
        return "import the names in the functions that use them"
    return f"`{import_of(reference)}` and use its attributes where they are needed"
