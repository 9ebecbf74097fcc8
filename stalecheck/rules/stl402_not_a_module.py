"""STL402 not-a-module: A reload of something that is no module.

## What it does

Flags `importlib.reload("m")`, the reload of a function or class that was imported from a module, and of
a name that nothing binds.

## Why is this bad

It raises: TypeError for a string, ImportError for a function or class, NameError for a name that is not
there.

## Example

```python
# file: settings.py
DEBUG = False

# file: refresh.py
import importlib


def refresh():
    importlib.reload("settings")
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

Where a test asserts that it raises.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stalecheck.reloads import ReloadPlace
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import is_expected
from stalecheck.vocabulary import ReloadMode, Severity


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag reloads whose argument is certainly no module."""
    for place in reloading.places:
        wrong = [*place.site.wrong, *_definitions(place, reloading)]
        if not wrong or place.site.mode is not ReloadMode.RELOAD or place.site.is_guarded:
            continue
        if not is_expected(reloading.parse(place.file), place.site.span.start.row):
            yield Flaw(
                place.file,
                place.site.span,
                Severity.ERROR,
                f"`{place.site.spelling}` is given no module: {'; '.join(wrong)}",
                "import the module and hand it over",
            )


def _definitions(place: ReloadPlace, reloading: Reloading) -> Iterator[str]:
    """Yield what the argument is where it is a function or a class; other attributes may hold a module."""
    for name in place.names:
        module, _, attribute = name.rpartition(".")
        file = reloading.program.table.find(module, place.file)
        tree = reloading.parse(file) if file is not None else None
        for statement in tree.body if tree is not None else ():
            match statement:
                case ast.FunctionDef(name=bound) | ast.AsyncFunctionDef(name=bound) if bound == attribute:
                    yield f"`{name}` is a function"
                case ast.ClassDef(name=bound) if bound == attribute:
                    yield f"`{name}` is a class"
