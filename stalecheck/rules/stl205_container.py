"""STL205 container: A container that holds an object of a module that is reloaded.

## What it does

Flags lists, dicts, sets, tuples and comprehensions at module or class scope, and what `.append`, `+=`
or `[k] =` put into a container there.

## Why is this bad

A dispatch table, a registry or a list of classes keeps the old functions and classes: the new ones
are never called.

## Example

```python
# file: core.py
def save():
    pass

# file: menu.py
import core

ACTIONS = {"save": core.save}

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## Use instead

```python
# file: core.py
def save():
    pass

# file: menu.py
import core

ACTIONS = {"save": lambda: core.save()}

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## When it is fine

When the container is filled again after the reload: ignore the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity_of_parts
from stalecheck.rules.words import held, looked_up
from stalecheck.vocabulary import HolderKind


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge containers."""
    for reference in references:
        if reference.holder.kind is HolderKind.CONTAINER:
            remedy = f"fill it in the function that uses it, or hold a function that {looked_up(reference)}"
            if reference.is_filled_elsewhere:
                remedy = f"keep it under its name, so that the new one takes its place, or {_emptied(reference)}"
            yield Judgement(
                reference, severity_of_parts(reference), f"`{reference.holder.name}` holds {held(reference)}", remedy
            )


def _emptied(reference: StaleReference) -> str:
    return f"reload `{reference.holder.module}` before `{reference.origin.module}`"
