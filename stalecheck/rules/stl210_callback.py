"""STL210 callback: A callable of a module that is reloaded, given to a function that keeps it.

## What it does

Flags `atexit.register(m.f)`, `signal.signal(..., m.f)`, `sys.excepthook = m.f` and the other
registrars of the standard library, at module or class scope; and calls of the project's own
functions that put what they are given into a table: `HOOKS[name] = function`.

## Why is this bad

The registry keeps the old function: the handler that runs is the old code, and registering again
adds a second one.

## Example

```python
# file: core.py
def close():
    pass

# file: main.py
import atexit

import core

atexit.register(core.close)

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## Use instead

```python
# file: core.py
def close():
    pass

# file: main.py
import atexit

import core

atexit.register(lambda: core.close())

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## When it is fine

When the callback is unregistered and registered again after the reload: ignore the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity
from stalecheck.rules.words import held, looked_up
from stalecheck.vocabulary import HolderKind, OriginKind


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge registered callbacks."""
    for reference in references:
        if reference.holder.kind is HolderKind.CALLBACK:
            yield Judgement(
                reference,
                severity(reference),
                f"`{reference.holder.name}` keeps {held(reference)}",
                _remedy(reference),
            )


def _remedy(reference: StaleReference) -> str:
    if reference.origin.kind is OriginKind.FUNCTION:
        return f"register a function that {looked_up(reference)}"
    return "register the new one after the reload, and take the old one out where that is possible"
