"""STL208 enum-member: A member of an Enum of a module that is reloaded.

## What it does

Flags `DEFAULT = m.Color.RED` and `DEFAULT = m.Color(1)` at module or class scope outside of `m`.

## Why is this bad

The member of the old Enum is not equal to the same member of the new one: `DEFAULT == m.Color.RED`
is False, and it is not found in dicts and sets.

## Example

```python
# file: core.py
import enum


class Color(enum.Enum):
    RED = 1

# file: paint.py
import core

DEFAULT = core.Color.RED

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## Use instead

```python
# file: core.py
import enum


class Color(enum.Enum):
    RED = 1

# file: paint.py
import core


def default():
    return core.Color.RED

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## When it is fine

Members of an IntEnum or of an Enum mixed with str still compare equal: they are reported as
warnings, not as errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity
from stalecheck.rules.words import used_where_needed
from stalecheck.vocabulary import HolderKind, OriginKind


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge Enum members."""
    for reference in references:
        if reference.holder.kind is HolderKind.ENUM_MEMBER:
            yield Judgement(
                reference,
                severity(reference),
                _message(reference),
                used_where_needed(reference),
            )


def _message(reference: StaleReference) -> str:
    origin = f"`{reference.origin.module}.{reference.origin.name}`"
    what = "a member of the old Enum" if reference.origin.kind is OriginKind.CLASS else "the old Enum member"
    return f"`{reference.holder.name}` stays {what} {origin}"
