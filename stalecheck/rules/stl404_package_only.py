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
from stalecheck.nodes import descendants
from stalecheck.reloads import ReloadPlace
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import top_level
from stalecheck.rules.surroundings import is_test
from stalecheck.vocabulary import ReloadMode, Severity

_SHOWN = 3


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag reloads of packages that make nothing themselves."""
    for place in reloading.places:
        if place.site.mode is not ReloadMode.RELOAD:
            continue
        for package in place.files:
            if package.is_package and not _chooses(package, place.file, reloading):
                yield from _of_package(package, place, reloading)


def _of_package(package: SourceFile, place: ReloadPlace, reloading: Reloading) -> Iterator[Flaw]:
    takes = _imports(package, reloading)
    sources = _sources(package, reloading) if takes else _in_use(package, place.file, reloading)
    if not sources or not _again(package, place, reloading).isdisjoint(sources):
        return
    names = ", ".join([f"`{file.module}`" for file in sources[:_SHOWN]] + ["…"] * (len(sources) > _SHOWN))
    has = f"takes all it has from {names} as it was" if takes else f"is empty: {names} stays"
    yield Flaw(
        place.file,
        place.site.span,
        Severity.WARNING,
        f"the reload of `{package.module}` runs its `__init__.py` only, which {has}",
        f"reload `{sources[0].module}` first, then `{package.module}`",
    )


def _again(package: SourceFile, place: ReloadPlace, reloading: Reloading) -> frozenset[SourceFile]:
    """Return what runs again along with a package: in the same block, be it put back later, or by its own body."""
    start = place.site.span.start
    along = (
        sequence
        for sequence in reloading.sequences
        if any(package in event.files and event.reloads[package].location == start for event in sequence.events)
    )
    others = [
        other
        for other in reloading.places
        if (other.file == package and not other.site.block)
        or (other.file == place.file and other.site.block == place.site.block and other.site.is_restored)
    ]
    return frozenset(
        [file for sequence in along for event in sequence.events for file in event.files]
        + [file for other in others for file in other.files]
    )


def _chooses(package: SourceFile, file: SourceFile, reloading: Reloading) -> bool:
    """Whether a reload may be there to make a package choose anew which submodules it takes names from.

    A condition may come out otherwise whoever reloads; an import that fails, only where a test sees to it.
    """
    tree = reloading.parse(package)
    for statement in top_level(tree) if tree is not None else ():
        match statement:
            case ast.If(test=test) if "TYPE_CHECKING" not in ast.unparse(test):
                chosen: list[ast.stmt] = [*statement.body, *statement.orelse]
            case ast.Try(handlers=handlers) if is_test(file):
                chosen = [*statement.body, *(inner for handler in handlers for inner in handler.body)]
            case _:
                continue
        if any(isinstance(node, (ast.Import, ast.ImportFrom)) for each in chosen for node in descendants(each)):
            return True
    return False


def _imports(package: SourceFile, reloading: Reloading) -> bool:
    index = reloading.program.indexes.get(package)
    return index is not None and bool(index.imports)


def _in_use(package: SourceFile, reloader: SourceFile, reloading: Reloading) -> list[SourceFile]:
    """Return the submodules of a package with an empty ``__init__.py`` that files outside it import, or the reloader.

    Within it everything may go by other names: its folder may be on the path itself.
    """
    own, program = reloading.parse(package), reloading.program
    if own is None or not all(map(_is_nothing, own.body)):
        return []
    found: set[SourceFile | None] = set()
    for file, index in program.indexes.items():
        is_asked = file == reloader or not f"{file.module}.".startswith(f"{package.module}.")
        for item in index.imports if is_asked else ():
            base = absolute(file, item.level, item.module)
            for name in (f"{base}.{item.name}", base) if base else ():
                if name.startswith(f"{package.module}."):
                    found.add(program.table.find(name, file))
    return sorted((module for module in found - {None, package} if module is not None), key=lambda file: file.module)


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
    whole: dict[SourceFile, None] = {}
    for item in index.imports:
        base = absolute(package, item.level, item.module)
        if base and item.name:
            submodule = reloading.program.table.find(f"{base}.{item.name}", package)
            source = submodule or reloading.program.table.find(base, package)
            if source is None or not source.module.startswith(f"{package.module}."):
                return []
            (found if submodule is None else whole)[source] = None
    return list(found or whole)
