"""STL204 default-argument: A default value taken from a module that is reloaded.

## What it does

Flags `def f(kind=m.C)`, keyword defaults, defaults of lambdas and `field(default=m.C)` outside of
`m`.

## Why is this bad

Defaults are evaluated once, when the function is defined: calls without the argument get the old
object for ever.

## Example

```python
# file: core.py
class Engine:
    pass

# file: car.py
import core


def build(kind=core.Engine):
    return kind()

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


def build(kind=None):
    return (kind or core.Engine)()

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## When it is fine

When the function is defined anew after the reload: the linter then says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity_by_use
from stalecheck.rules.words import held
from stalecheck.vocabulary import HolderKind


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge default arguments."""
    for reference in references:
        if reference.holder.kind is HolderKind.DEFAULT_ARGUMENT:
            yield Judgement(
                reference,
                severity_by_use(reference),
                f"a default of `{reference.holder.name}` stays {held(reference)}",
                "default to None and look the current one up when it is needed",
            )
