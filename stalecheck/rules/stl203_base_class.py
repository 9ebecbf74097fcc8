"""STL203 base-class: A class that inherits from a class of a module that is reloaded.

## What it does

Flags `class D(m.Base)` outside of `m`, metaclasses and the arguments of generic bases.

## Why is this bad

`D` inherits from the old `Base` for good: `issubclass(D, m.Base)` is False, fixes to `Base` are not
inherited, and code that checks for `m.Base` refuses `D`.

## Example

```python
# file: core.py
class Engine:
    pass

# file: car.py
import core


class Diesel(core.Engine):
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
class Engine:
    pass

# file: car.py
import core


def make_diesel():
    class Diesel(core.Engine):
        pass

    return Diesel

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## When it is fine

When the module of the subclass is reloaded after that of the base (`reload(core); reload(car)`):
the linter then says nothing. A Protocol, a TypeVar and what a generic base is parametrized with
are reported as notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity
from stalecheck.rules.words import old, reload_after
from stalecheck.vocabulary import HolderKind, OriginKind, Severity


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge base classes and metaclasses."""
    for reference in references:
        if reference.holder.kind is HolderKind.BASE_CLASS:
            is_argument = reference.is_type_argument
            is_made = reference.origin.kind is OriginKind.FUNCTION
            verb = "is parametrized with" if is_argument else "inherits from a class of" if is_made else "inherits from"
            yield Judgement(
                reference,
                Severity.NOTE if is_argument else severity(reference, Severity.ERROR),
                f"`{reference.holder.name}` {verb} {old(reference)}",
                reload_after(reference),
            )
