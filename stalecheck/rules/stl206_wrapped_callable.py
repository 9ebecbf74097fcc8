"""STL206 wrapped-callable: A partial, a bound method or a wrapper around an object of a reloaded module.

## What it does

Flags `functools.partial(m.f)`, `m.C().method`, `decorate(m.f)` and other calls that keep a
function, class or instance of `m`.

## Why is this bad

The wrapper calls the old function with the old code; after an eviction also with the old module's
globals.

## Example

```python
# file: core.py
def send(host, text):
    pass

# file: client.py
import functools

import core

send_home = functools.partial(core.send, "localhost")

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## Use instead

```python
# file: core.py
def send(host, text):
    pass

# file: client.py
import core


def send_home(text):
    core.send("localhost", text)

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## When it is fine

When the call keeps nothing of its argument, which cannot be seen in the source: ignore the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity
from stalecheck.rules.words import held, looked_up
from stalecheck.vocabulary import HolderKind, OriginKind


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge wrappers."""
    for reference in references:
        if reference.holder.kind is HolderKind.WRAPPED_CALLABLE:
            is_function = reference.origin.kind is OriginKind.FUNCTION
            verb = "wraps" if is_function else "keeps"
            again = "make it where it is needed, or again after the reload"
            yield Judgement(
                reference,
                severity(reference),
                f"`{reference.holder.name}` {verb} {held(reference)}",
                f"write a function that {looked_up(reference)}" if is_function else again,
            )
