"""STL404 package-only: A reload of a package whose submodules hold what is meant

## What it does

Flags `importlib.reload(p)` where `p/__init__.py` is empty, or only takes names from its submodules, and none of
these is reloaded in the same block.

## Why is this bad

Only `p/__init__.py` runs again. It imports from submodules that stand in `sys.modules` as they were, so
`p.C` is the same class as before.

## Example

```python
# file: shapes/__init__.py
from shapes.circle import Circle

# file: shapes/circle.py
class Circle:
    pass

# file: refresh.py
import importlib

import shapes


def refresh():
    importlib.reload(shapes)
```

## Use instead

```python
# file: shapes/__init__.py
from shapes.circle import Circle

# file: shapes/circle.py
class Circle:
    pass

# file: refresh.py
import importlib

import shapes
import shapes.circle


def refresh():
    importlib.reload(shapes.circle)
    importlib.reload(shapes)
```

## When it is fine

Where only the choice of names is to be made again, from an environment variable for instance.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stalecheck.model import SourceFile
from stalecheck.modules import absolute
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.vocabulary import ReloadMode, Severity

_SHOWN = 3


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag reloads of packages that make nothing themselves."""
    for place in reloading.places:
        if place.site.mode is not ReloadMode.RELOAD or len(place.files) != 1 or not place.files[0].is_package:
            continue
        package = place.files[0]
        again = {
            file
            for sequence in reloading.sequences
            if any(
                event.reloads[package].location == place.site.span.start
                for event in sequence.events
                if package in event.files
            )
            for event in sequence.events
            for file in event.files
        }
        sources = _sources(package, reloading) if _imports(package, reloading) else _in_use(package, reloading)
        if sources and again.isdisjoint(sources):
            names = ", ".join([f"`{file.module}`" for file in sources[:_SHOWN]] + ["…"] * (len(sources) > _SHOWN))
            has = (
                f"takes all it has from {names} as it was"
                if _imports(package, reloading)
                else f"is empty: {names} stays"
            )
            yield Flaw(
                place.file,
                place.site.span,
                Severity.WARNING,
                f"the reload of `{package.module}` runs its `__init__.py` only, which {has}",
                f"reload `{sources[0].module}` first, then `{package.module}`",
            )


def _imports(package: SourceFile, reloading: Reloading) -> bool:
    index = reloading.program.indexes.get(package)
    return index is not None and bool(index.imports)


def _in_use(package: SourceFile, reloading: Reloading) -> list[SourceFile]:
    """Return the submodules of a package with an empty ``__init__.py`` that the project imports."""
    tree = reloading.parse(package)
    if tree is None or not all(map(_is_nothing, tree.body)):
        return []
    last = package.module.rpartition(".")[2].encode()
    found: dict[SourceFile, None] = {}
    for file, index in reloading.program.indexes.items():
        for item in index.imports if last in reloading.sources.get(file, b"") else ():
            base = absolute(file, item.level, item.module) or ""
            for name in (f"{base}.{item.name}", base):
                submodule = reloading.program.table.find(name, file) if name.startswith(f"{package.module}.") else None
                if submodule is not None and submodule != file:
                    found[submodule] = None
    return sorted(found, key=lambda file: file.module)


def _is_nothing(statement: ast.stmt) -> bool:
    """Whether it makes nothing: a docstring, ``__version__ = …``, ``pass``."""
    match statement:
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            return True
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant()):
            return name.startswith("__")
    return False


def _sources(package: SourceFile, reloading: Reloading) -> list[SourceFile]:
    """Return the submodules that a package takes names from, if it makes none of its own."""
    index = reloading.program.indexes.get(package)
    if index is None or any(not name.startswith("__") for name in index.made):
        return []
    found: dict[SourceFile, None] = {}
    for item in index.imports:
        base = absolute(package, item.level, item.module)
        if base and item.name:
            submodule = reloading.program.table.find(f"{base}.{item.name}", package)
            source = submodule or reloading.program.table.find(base, package)
            if source is None or not source.module.startswith(f"{package.module}."):
                return []
            if submodule is None:
                found[source] = None
    return list(found)
