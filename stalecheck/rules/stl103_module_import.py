"""STL103 module-import: A module that is evicted and imported again as a second module object.

## What it does

Flags `import m`, `from p import m` and `import p.m as x` when `m` is evicted from `sys.modules`
(`del`, `pop`, a bot's `reload_extension`). Under `importlib.reload` the module object stays, and
nothing is said.

## Why is this bad

The next import makes a second module object. The name still means the first: what is called,
patched or configured through it is not what the rest of the program sees. `importlib.reload` of it
raises ImportError.

## Example

```python
# file: core.py
LIMIT = 1


def limit():
    return LIMIT

# file: car.py
import core


def speed():
    return core.limit()

# file: refresh.py
import sys


def refresh():
    del sys.modules["core"]
```

## Use instead

```python
# file: core.py
LIMIT = 1


def limit():
    return LIMIT

# file: car.py
def speed():
    import core

    return core.limit()

# file: refresh.py
import sys


def refresh():
    del sys.modules["core"]
```

## When it is fine

When the old module is put back afterwards (`patch.dict(sys.modules)`, `monkeypatch.delitem`): the
linter then says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.link import StaleReference
from stalecheck.rules.rule import Judgement
from stalecheck.rules.words import old
from stalecheck.vocabulary import HolderKind, Severity


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge imported modules."""
    for reference in references:
        if reference.holder.kind is HolderKind.MODULE_IMPORT:
            is_used = bool(reference.usages) or "<locals>" in reference.holder.name
            worst = Severity.ERROR if is_used else Severity.WARNING
            if reference.is_of_package:
                message = f"`{reference.holder.name}` leads to {old(reference)}"
                remedy = (
                    f"reload in place with `importlib.reload`, or set `{reference.origin.module}` to the new module"
                )
            else:
                message = f"`{reference.holder.name}` stays {old(reference)}"
                remedy = "reload in place with `importlib.reload`, or import the module where it is used"
            yield Judgement(reference, worst, message, remedy)
