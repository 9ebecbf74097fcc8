"""STL406 second-copy: An eviction that makes a second module object where a reload would keep the one there is

## What it does

Flags `del sys.modules["m"]` and `sys.modules.pop("m")`, followed by an import, and calls of a function that does
so for the name it is given, where other modules have imported `m` as a module. In tests it is a note.

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
from stalecheck.nodes import descendants, scope_of
from stalecheck.reloads import EVICTIONS, ReloadPlace
from stalecheck.rules.left_submodules import left_behind
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.surroundings import is_test
from stalecheck.vocabulary import HolderKind, ReloadMode, Severity


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag evictions that split a module in two."""
    holders: dict[tuple[object, Location | None], list[StaleReference]] = {}
    for reference in reloading.references:
        if reference.holder.kind is HolderKind.MODULE_IMPORT:
            for reload in reference.reloads:
                holders.setdefault((reload.path, reload.location), []).append(reference)
    for place in reloading.places:
        if place.site.mode is not ReloadMode.REIMPORT or len(place.files) != 1:
            continue
        kept = [r for r in holders.get((place.file.path, place.site.span.start), ()) if _is_of(r, place.files[0])]
        if not kept:
            continue
        wrapper = None if place.site.spelling in EVICTIONS else _function(place.site.spelling, place, reloading)
        if wrapper is None and place.site.spelling not in EVICTIONS:
            continue
        # Where nobody else has imported the package, STL410 says what is wrong with such an eviction.
        is_alone = wrapper is None and all(reference.file == place.file for reference in kept)
        if is_alone and left_behind(place, reloading) is not None:
            continue
        if _is_imported_below(place, reloading) or (wrapper is not None and any(map(_imports, descendants(wrapper)))):
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
    return scope is None or any(_imports(node) and getattr(node, "lineno", 0) > row for node in descendants(scope))


def _imports(node: ast.AST) -> bool:
    """Whether a node may import a module; what only reloads one does not."""
    if isinstance(node, ast.Call):
        return "import" in ast.unparse(node).replace("importlib.reload", "")
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _function(spelling: str, place: ReloadPlace, reloading: Reloading) -> ast.AST | None:
    """Return the function of the project that evicts what it is given, by the dotted name of its call."""
    parts = spelling.split(".")
    for end in range(len(parts) - 1, 0, -1):
        file = reloading.program.table.find(".".join(parts[:end]), place.file)
        if file is not None:
            tree = reloading.parse(file)
            return scope_of(tree, ".".join(parts[end:])) if tree is not None else None
    return None


def _is_of(reference: StaleReference, file: SourceFile) -> bool:
    return reference.origin.path == file.path


def _listed(references: list[StaleReference]) -> str:
    modules = list(dict.fromkeys(reference.holder.module for reference in references))
    others = len(modules) - 1
    more = f" and {others} more go" if others else " goes"
    return f"`{modules[0]}`{more}"
