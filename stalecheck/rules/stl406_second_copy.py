"""STL406 second-copy: An eviction that makes a second module object where a reload would keep the one there is

## What it does

Flags `del sys.modules["m"]` and `sys.modules.pop("m")`, followed by an import, where other modules have
imported `m` as a module. In tests it is a note.

## Why is this bad

The import makes a second module object. Whoever has bound the first one by `import m` goes on with it:
two copies of all classes and of all state. After `importlib.reload(m)` they would see the new version.

## Example

```python
# file: settings.py
DEBUG = False

# file: app.py
import settings


def is_debug():
    return settings.DEBUG

# file: refresh.py
import sys


def refresh():
    del sys.modules["settings"]
    import settings

    return settings
```

## Use instead

```python
# file: settings.py
DEBUG = False

# file: app.py
import settings


def is_debug():
    return settings.DEBUG

# file: refresh.py
import importlib

import settings


def refresh():
    return importlib.reload(settings)
```

## When it is fine

In a test that needs a module that has never run before, and that puts the old one back
(`monkeypatch.delitem(sys.modules, "m")`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stalecheck.link import StaleReference
from stalecheck.model import Location, SourceFile
from stalecheck.nodes import descendants
from stalecheck.reloads import EVICTIONS, ReloadPlace
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import scope_of
from stalecheck.rules.surroundings import is_test
from stalecheck.vocabulary import HolderKind, Severity


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag evictions that split a module in two."""
    holders: dict[tuple[object, Location | None], list[StaleReference]] = {}
    for reference in reloading.references:
        if reference.holder.kind is HolderKind.MODULE_IMPORT:
            for reload in reference.reloads:
                holders.setdefault((reload.path, reload.location), []).append(reference)
    for place in reloading.places:
        if place.site.spelling not in EVICTIONS or len(place.files) != 1:
            continue
        if not _is_imported_below(place, reloading):
            continue
        kept = [r for r in holders.get((place.file.path, place.site.span.start), ()) if _is_of(r, place.files[0])]
        if kept:
            module = place.files[0].module
            yield Flaw(
                place.file,
                place.site.span,
                Severity.NOTE if is_test(place.file) else Severity.WARNING,
                f"the next import makes a second `{module}`, while {_listed(kept)} on with the first",
                "`importlib.reload` keeps the module object; a test that needs a fresh one puts the old one back",
            )


def _is_imported_below(place: ReloadPlace, reloading: Reloading) -> bool:
    """Whether the same function, or top level, goes on to import something."""
    tree = reloading.parse(place.file)
    scope = scope_of(tree, place.site.block) if tree is not None else None
    row = place.site.span.end.row
    return scope is None or any(
        isinstance(node, (ast.Import, ast.ImportFrom, ast.Call)) and node.lineno > row and "import" in ast.unparse(node)
        for node in descendants(scope)
    )


def _is_of(reference: StaleReference, file: SourceFile) -> bool:
    return reference.origin.path == file.path


def _listed(references: list[StaleReference]) -> str:
    modules = list(dict.fromkeys(reference.holder.module for reference in references))
    others = len(modules) - 1
    more = f" and {others} more go" if others else " goes"
    return f"`{modules[0]}`{more}"
