"""STL104 alias: A second name for a function, class or module of a module that is reloaded.

## What it does

Flags `K = m.C` at module or class scope, also unpacked, chained, annotated or by a walrus, and
`other.attribute = m.C`.

## Why is this bad

The assignment runs once. After the reload the second name still means the old object, although
`m.C` is a new one.

## Example

```python
# file: core.py
class Engine:
    pass

# file: car.py
import core


class Car:
    engine_class = core.Engine

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


class Car:
    @property
    def engine_class(self):
        return core.Engine

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## When it is fine

When the module with the second name is reloaded afterwards: the linter then says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import Relation, StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity_by_use
from stalecheck.rules.words import old, used_where_needed
from stalecheck.vocabulary import HolderKind, OriginKind

_KINDS = frozenset({OriginKind.FUNCTION, OriginKind.CLASS, OriginKind.MODULE})


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge second names."""
    for reference in references:
        if (
            reference.holder.kind is HolderKind.ALIAS
            and reference.relation is Relation.IS
            and reference.origin.kind in _KINDS
        ):
            yield Judgement(
                reference,
                severity_by_use(reference),
                f"`{reference.holder.name}` stays {old(reference)}",
                used_where_needed(reference),
            )
