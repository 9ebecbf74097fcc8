"""STL407 removed-api: A reload through a function that Python no longer has

## What it does

Flags `imp.reload`, which is gone from Python 3.12, and a bare `reload` that nothing binds, which was a
builtin of Python 2.

## Why is this bad

The import raises ModuleNotFoundError on Python 3.12; the bare name raises NameError on every Python 3.

## Example

```python
# file: settings.py
DEBUG = False

# file: refresh.py
import imp

import settings


def refresh():
    imp.reload(settings)
```

## Use instead

```python
# file: settings.py
DEBUG = False

# file: refresh.py
import importlib

import settings


def refresh():
    importlib.reload(settings)
```

## When it is fine

Where only older Pythons run the line: with `requires-python = "<3.12"`, below `if sys.version_info < (3, 12)`, or
as the alternative of a `try`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stalecheck.nodes import descendants
from stalecheck.reloads import ReloadPlace
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import is_expected
from stalecheck.vocabulary import Severity

_SINCE = {
    "imp.reload": "the module `imp` is gone from Python 3.12",
    "reload": "`reload` is no builtin of Python 3",
}

_WITHOUT_IMP = (3, 12)


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag reloads through functions that supported Pythons do not have."""
    for place in reloading.places:
        since = _SINCE.get(place.site.spelling)
        if since is not None and _is_needed(place, reloading):
            yield Flaw(place.file, place.site.span, Severity.ERROR, since, "use `importlib.reload`")


def _is_needed(place: ReloadPlace, reloading: Reloading) -> bool:
    """Whether nothing but the function that is gone can be meant."""
    tree = reloading.parse(place.file)
    spelling = place.site.spelling
    if tree is None or is_expected(tree, place.site.span.start.row):
        return False
    if spelling == "imp.reload":
        if reloading.below_version is not None and reloading.below_version <= _WITHOUT_IMP:
            return False
        # Below a `try` or an `if` it is an alternative.
        return any(_imports_imp(statement) for statement in tree.body)
    return not any(
        isinstance(node, ast.ImportFrom) and any(alias.name in {"*", "reload"} for alias in node.names)
        for node in descendants(tree)
    )


def _imports_imp(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import):
        return any(alias.name == "imp" for alias in statement.names)
    return isinstance(statement, ast.ImportFrom) and statement.module == "imp"
