"""STL410 half-eviction: An eviction that takes away one half of a module only

## What it does

Flags `del sys.modules["p.m"]`, or of every name that begins with `p.`, followed by `from p import m`; the
eviction of a package whose submodules stay; the reload of a module that has just been evicted; and a restored
`sys.modules` below a package whose attribute is not restored.

## Why is this bad

`from p import m` takes the old module, which still is an attribute of `p`: nothing is imported. A new `p`
takes the old submodules from `sys.modules`, and they are no attributes of it. `importlib.reload` of an
evicted module raises ImportError. `monkeypatch.delitem(sys.modules, "p.m")` puts the old module back into
the table; `p.m` is still the new one, and `mock.patch("p.m.f")` patches what nobody uses.

## Example

```python
# file: shapes/__init__.py

# file: shapes/circle.py
class Circle:
    pass

# file: refresh.py
import sys


def refresh():
    del sys.modules["shapes.circle"]
    from shapes import circle

    return circle
```

## Use instead

```python
# file: shapes/__init__.py

# file: shapes/circle.py
class Circle:
    pass

# file: refresh.py
import importlib

from shapes import circle


def refresh():
    return importlib.reload(circle)
```

## When it is fine

Where a package is to be imported anew and its submodules are to stay, and nobody reaches them through the
package.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice

from stalecheck.model import SourceFile
from stalecheck.nodes import descendants, scope_of
from stalecheck.reloads import EVICTIONS, RESTORABLE, ReloadPlace, is_set
from stalecheck.rules.left_submodules import left_behind
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import imports
from stalecheck.vocabulary import ReloadMode, Severity

_TAKES_OLD = "what is imported anew takes the old submodules"


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag evictions after which the old module, or its submodules, are still in use."""
    for place in reloading.places:
        site = place.site
        if site.mode is ReloadMode.RELOAD and site.span.start.row:
            yield from _of_what_is_gone(place, reloading)
        elif site.spelling in RESTORABLE and (site.is_void or site.is_taken):
            yield _of_what_is_taken(place, site.targets[0])
        elif place.halves:
            yield from (_of_what_is_taken(place, file.module) for file in place.halves)
        elif site.spelling in EVICTIONS and not site.is_restored and len(place.files) == 1:
            yield from _without_submodules(place, reloading)
        elif site.spelling in RESTORABLE and site.is_restored:
            yield from islice(_without_the_attribute(place, reloading), 1)


def _of_what_is_taken(place: ReloadPlace, module: str) -> Flaw:
    """Return the flaw that an import statement takes an evicted module from its package."""
    package, _, name = module.rpartition(".")
    return Flaw(
        place.file,
        place.site.span,
        Severity.ERROR,
        f"`from {package} import {name}` takes the old `{module}` from its package: nothing is imported anew",
        f'reload it in place, or import it with `importlib.import_module("{module}")`',
    )


def _of_what_is_gone(place: ReloadPlace, reloading: Reloading) -> Iterator[Flaw]:
    """Flag the reload of a module that the same block evicts further up."""
    for other in reloading.places:
        if (
            other.file == place.file
            and other.site.block == place.site.block
            and other.site.spelling in EVICTIONS
            and other.site.span.start < place.site.span.start
            and len(place.files) == 1
            and place.files[0] in other.files
            and not _is_imported_between(other, place, reloading)
        ):
            module = place.files[0].module
            yield Flaw(
                place.file,
                place.site.span,
                Severity.ERROR,
                f"`{module}` is gone from `sys.modules` (line {other.site.span.start.row}): importlib.reload raises "
                "ImportError",
                "do one of the two: reload the module, or evict and import it",
            )
            return


def _is_imported_between(eviction: ReloadPlace, reload: ReloadPlace, reloading: Reloading) -> bool:
    """Whether anything between the two may import the module; calls of other functions may."""
    tree = reloading.parse(eviction.file)
    scope = scope_of(tree, eviction.site.block) if tree is not None else None
    if scope is None or eviction.site.branch != reload.site.branch:
        return True
    first, last = eviction.site.span.end.row, reload.site.span.start.row
    if any(first < row < last for row, _, _ in imports(scope, eviction.file)):
        return True
    return any(isinstance(node, ast.Call) and first < node.lineno < last for node in descendants(scope))


def _without_submodules(place: ReloadPlace, reloading: Reloading) -> Iterator[Flaw]:
    """Flag the eviction of a package of which submodules are imported and stay."""
    left = left_behind(place, reloading)
    if left is None:
        return
    package = place.files[0].module
    first = left.submodules[0].module.removeprefix(f"{package}.")
    happens = f"the new `{package}` has no attribute `{first}`" if left.is_reached else _TAKES_OLD
    names = ", ".join(f"`{file.module}`" for file in left.submodules[:2]) + (", …" if len(left.submodules) > 2 else "")
    yield Flaw(
        place.file,
        place.site.span,
        Severity.WARNING,
        f"`{package}` is evicted without {names}: {happens}",
        f"evict every name in `sys.modules` that begins with `{package}.` as well",
    )


def _without_the_attribute(place: ReloadPlace, reloading: Reloading) -> Iterator[Flaw]:
    """Flag what puts a submodule back into ``sys.modules`` while its package keeps the new one."""
    tree = reloading.parse(place.file)
    scope = scope_of(tree, place.site.block) if tree is not None else None
    if tree is None or scope is None:
        return
    source = reloading.sources[place.file]
    for module in (file.module for file in place.files):
        package, _, name = module.rpartition(".")
        if not package or name.encode() not in source:
            continue
        around = reloading.program.table.find(package, place.file)
        if around is None or _is_evicted_with(place, around, reloading):
            continue
        if not _is_imported_below(scope, place, module) or is_set(tree, scope, module):
            continue
        how = f"keep `{package}.{name}` before, and assign it again after"
        if place.site.spelling.startswith("monkeypatch"):
            how = f'`monkeypatch.delattr({package}, "{name}")` before it is imported'
        yield Flaw(
            place.file,
            place.site.span,
            Severity.WARNING,
            f"`sys.modules` gets the old `{module}` back, `{package}` keeps the new one as its attribute `{name}`",
            f"put the attribute back as well: {how}",
        )


def _is_evicted_with(place: ReloadPlace, package: SourceFile, reloading: Reloading) -> bool:
    """Whether the same block evicts the package too: the new module is an attribute of the new package then."""
    return any(
        other.file == place.file and other.site.block == place.site.block and package in other.files
        for other in reloading.places
    )


def _is_imported_below(scope: ast.AST, place: ReloadPlace, module: str) -> bool:
    """Whether the block imports the module by its own name after it is evicted."""
    row = place.site.span.start.row
    if any(line > row and name.startswith(f"{module}.") for line, name, _ in imports(scope, place.file)):
        return True
    if any(
        isinstance(node, ast.Import) and node.lineno > row and any(alias.name == module for alias in node.names)
        for node in descendants(scope)
    ):
        return True
    return any(
        isinstance(node, ast.Call)
        and node.lineno > row
        and ast.unparse(node.func).endswith(("import_module", "__import__"))
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value == module
        for node in descendants(scope)
    )
