"""STL101 from-import: A function or class imported by name from a module that is reloaded.

## What it does

Flags `from m import C` outside of `m` when `m` is reloaded somewhere, through any chain of
re-exports. Silent where the import runs again after the reload: in a function body, in a module
that is reloaded afterwards.

## Why is this bad

`importlib.reload(m)` runs the body of `m` again and makes a new `C`. The name that was imported
still means the old one: `isinstance` is False, `except` does not catch, fixes in the new code are
not seen.

## Example

```python
# file: core.py
class Engine:
    pass

# file: car.py
from core import Engine


def is_engine(thing):
    return isinstance(thing, Engine)

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


def is_engine(thing):
    return isinstance(thing, core.Engine)

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## When it is fine

When the module that imports the name is reloaded as well, after the one it imports from: the linter
then says nothing. A name that is used in annotations only is reported as a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import Relation, StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity_by_use
from stalecheck.rules.words import old, used_where_needed
from stalecheck.vocabulary import HolderKind, OriginKind

_KINDS = frozenset({OriginKind.FUNCTION, OriginKind.CLASS})


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge imported functions and classes."""
    for reference in references:
        if (
            reference.holder.kind is HolderKind.FROM_IMPORT
            and reference.relation is Relation.IS
            and reference.origin.kind in _KINDS
        ):
            yield Judgement(
                reference,
                severity_by_use(reference),
                f"`{reference.holder.name}` stays {old(reference)}",
                used_where_needed(reference),
            )
