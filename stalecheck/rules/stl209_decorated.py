"""STL209 decorated: A function or class decorated by an object of a module that is reloaded.

## What it does

Flags `@m.deco` and `@m.app.route(...)` outside of `m`, and decorators that are given an object of
`m`.

## Why is this bad

The function keeps the wrapper that the old decorator made; what it was registered with is the old
registry.

## Example

```python
# file: core.py
def logged(function):
    def wrapper(*args):
        return function(*args)

    return wrapper

# file: car.py
import core


@core.logged
def start():
    pass

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## Use instead

```python
# file: core.py
def logged(function):
    def wrapper(*args):
        return function(*args)

    return wrapper

# file: car.py
import core


def start():
    core.logged(_start)()


def _start():
    pass

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## When it is fine

A decorator that hands its argument back unchanged is reported as a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity
from stalecheck.rules.words import held, reload_after
from stalecheck.vocabulary import HolderKind, Severity


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge decorated functions and classes."""
    for reference in references:
        if reference.holder.kind is HolderKind.DECORATED:
            yield Judgement(
                reference,
                Severity.NOTE if reference.passes_through else severity(reference),
                _message(reference),
                _remedy(reference),
            )


def _message(reference: StaleReference) -> str:
    if reference.is_argument:
        return f"a decorator of `{reference.holder.name}` was given {held(reference)}"
    return f"`{reference.holder.name}` is decorated by {held(reference)}"


def _remedy(reference: StaleReference) -> str:
    again = reload_after(reference)
    return f"look it up in the body instead, or {again}" if reference.is_argument else again
