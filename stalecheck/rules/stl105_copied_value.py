"""STL105 copied-value: A constant or computed value taken from a module that is reloaded.

## What it does

Flags `from m import LIMIT`, `LIMIT = m.LIMIT`, values computed from them (`m.LIMIT + 1`,
`m.ENV == "prod"`, `m.settings.DEBUG`) and results of `m`'s functions.

## Why is this bad

The copy keeps the value of the first run. When the source, the environment or a configuration file
has changed, the reloaded module has the new value and the copy has not: the usual way in which a
settings reload in a test does nothing.

## Example

```python
# file: settings.py
TIMEOUT = 30

# file: client.py
from settings import TIMEOUT


def fetch(get):
    return get(timeout=TIMEOUT)

# file: test_client.py
import importlib

import settings


def test_fetch(monkeypatch):
    monkeypatch.setenv("TIMEOUT", "1")
    importlib.reload(settings)
```

## Use instead

```python
# file: settings.py
TIMEOUT = 30

# file: client.py
import settings


def fetch(get):
    return get(timeout=settings.TIMEOUT)

# file: test_client.py
import importlib

import settings


def test_fetch(monkeypatch):
    with monkeypatch.context() as patched:
        patched.setenv("TIMEOUT", "1")
        importlib.reload(settings)
    importlib.reload(settings)
```

## When it is fine

When the value can never differ between two runs of the module: ignore the line, or the code for
that file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import Relation, StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.severity import severity_by_use
from stalecheck.rules.words import used_where_needed
from stalecheck.vocabulary import HolderKind, OriginKind


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge copied and computed values."""
    for reference in references:
        if reference.holder.kind not in {HolderKind.FROM_IMPORT, HolderKind.ALIAS}:
            continue
        is_copied = reference.relation is Relation.IS and reference.origin.kind is OriginKind.VALUE
        if not (is_copied or reference.relation is Relation.DERIVED):
            continue
        origin = f"`{reference.origin.module}.{reference.origin.name}`"
        instance = "an instance of " if reference.of_instance else ""
        kept = "the old value of" if is_copied else f"what was computed from {instance}the old"
        yield Judgement(
            reference,
            severity_by_use(reference),
            f"`{reference.holder.name}` keeps {kept} {origin}",
            used_where_needed(reference) if is_copied else "compute it where it is needed, from the module's own value",
        )
