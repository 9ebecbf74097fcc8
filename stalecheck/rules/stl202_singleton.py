"""STL202 singleton: An object that the reloaded module's own body made, held elsewhere.

## What it does

Flags `from m import settings` and `S = m.settings` where the body of `m` makes an instance, and
imported instances of `m`'s classes.

## Why is this bad

The reload makes a second object. Whoever holds the first one sets and reads state that nobody else
sees; a sentinel is no longer `is` itself.

## Example

```python
# file: state.py
class State:
    def __init__(self):
        self.jobs = []


state = State()

# file: worker.py
from state import state


def add(job):
    state.jobs.append(job)

# file: refresh.py
import importlib

import state


def refresh():
    importlib.reload(state)
```

## Use instead

```python
# file: state.py
class State:
    def __init__(self):
        self.jobs = []


state = State()

# file: worker.py
import state


def add(job):
    state.state.jobs.append(job)

# file: refresh.py
import importlib

import state


def refresh():
    importlib.reload(state)
```

## When it is fine

When the module keeps the object across reloads (`try: state` / `except NameError: state =
State()`): the linter then says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import Relation, StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity_by_use
from stalecheck.rules.words import old, used_where_needed
from stalecheck.vocabulary import HolderKind, OriginKind


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge objects that the reloaded module's body made."""
    for reference in references:
        if _is_singleton(reference):
            yield Judgement(
                reference,
                severity_by_use(reference),
                _message(reference),
                _remedy(reference),
            )


def _is_singleton(reference: StaleReference) -> bool:
    kind = reference.holder.kind
    if kind is HolderKind.FROM_IMPORT and reference.relation in {Relation.INSTANCE, Relation.MEMBER}:
        return True
    return (
        kind in {HolderKind.FROM_IMPORT, HolderKind.ALIAS}
        and reference.relation is Relation.IS
        and reference.origin.kind is OriginKind.INSTANCE
    )


def _message(reference: StaleReference) -> str:
    if reference.relation is Relation.INSTANCE:
        return f"`{reference.holder.name}` stays an instance of {old(reference)}"
    return f"`{reference.holder.name}` stays {old(reference)}"


def _remedy(reference: StaleReference) -> str:
    if reference.relation is Relation.INSTANCE:
        maker = reference.via[-1]
        return f"make it again in `{maker}` after the reload, and reach it as an attribute of that module"
    return used_where_needed(reference)
