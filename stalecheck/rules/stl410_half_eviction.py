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

from stalecheck.index import may_take
from stalecheck.model import SourceFile
from stalecheck.modules import absolute
from stalecheck.nodes import Function, all_blocks, descendants, scope_of
from stalecheck.reloads import EVICTIONS, ReloadPlace
from stalecheck.rules.left_submodules import left_behind, means
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import imports
from stalecheck.vocabulary import ReloadMode, Severity

_SETUPS = frozenset({"setUp", "asyncSetUp", "setup_method"})
_TEARDOWNS = frozenset({"tearDown", "asyncTearDown", "teardown_method"})
_TAKES_OLD = "what is imported anew takes the old submodules"
_RESTORABLE = EVICTIONS | {"monkeypatch.delitem"}


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag evictions after which the old module, or its submodules, are still in use."""
    for place in reloading.places:
        site = place.site
        if site.mode is ReloadMode.RELOAD and site.span.start.row:
            yield from _of_what_is_gone(place, reloading)
        elif site.spelling in _RESTORABLE and (site.is_void or _is_taken_next(place, reloading)):
            yield _of_what_is_taken(place, site.targets[0])
        elif place.halves:
            yield from (_of_what_is_taken(place, file.module) for file in place.halves)
        elif site.spelling in EVICTIONS and not site.is_restored and len(place.files) == 1:
            yield from _without_submodules(place, reloading)
        elif site.spelling in _RESTORABLE and site.is_restored:
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


def _is_taken_next(place: ReloadPlace, reloading: Reloading) -> bool:
    """Whether what the package still has is taken before anything else can import the evicted module."""
    module = place.site.targets[0] if len(place.site.targets) == 1 else ""
    package, _, name = module.rpartition(".")
    tree = reloading.parse(place.file) if package and may_take(reloading.sources[place.file], name) else None
    scope = scope_of(tree, place.site.block) if tree is not None else None
    if tree is None or scope is None:
        return False
    tests = list(_tests_after(scope, tree, place, module))
    if not tests and not _is_taken_below(scope, place, module):
        return False
    owner = reloading.program.table.find(package, place.file)
    if owner is not None and _is_evicted_with(place, owner, reloading):
        return False
    if any(_is_set(around, around, module) for around in (scope, *tests)):
        return False
    return len(tests) > 1 or _is_imported_elsewhere(place, reloading)


def _tests_after(scope: ast.AST, tree: ast.Module, place: ReloadPlace, module: str) -> Iterator[Function]:
    """Yield the tests of a class whose ``setUp`` ends with the eviction if they take the module before all else."""
    owners = [node for node in tree.body if isinstance(node, ast.ClassDef) and scope in node.body]
    if not owners or not isinstance(scope, Function) or scope.name not in _SETUPS:
        return
    if any(place.site.span.end.row < row for row, _ in _loads(scope)):
        return
    methods = [node for node in owners[-1].body if isinstance(node, Function)]
    if any(method.name in _TEARDOWNS and _is_set(method, method, module) for method in methods):
        return
    for test in (method for method in methods if method.name.startswith("test")):
        taken = [node for row, node in sorted(_loads(test), key=lambda each: each[0])][:1]
        if any(isinstance(node, ast.ImportFrom) and _takes(node, place.file, module) for node in taken):
            yield test


def _loads(scope: ast.AST) -> Iterator[tuple[int, ast.AST]]:
    """Yield what may import a module, with its row: imports, and calls."""
    for node in descendants(scope):
        if isinstance(node, (ast.Call, ast.Import, ast.ImportFrom)):
            yield node.lineno, node


def _is_taken_below(scope: ast.AST, place: ReloadPlace, module: str) -> bool:
    """Whether the block takes the module from its package below the eviction, and imports or calls nothing between."""
    row = place.site.span.end.row
    for block in all_blocks(scope):
        for position, statement in enumerate(block):
            if not statement.lineno <= row <= (statement.end_lineno or row):
                continue
            below = [node for after in block[position + 1 :] for node in descendants(after)]
            rows = [n.lineno for n in below if isinstance(n, ast.ImportFrom) and _takes(n, place.file, module)]
            if rows:
                return not any(row < line < min(rows) for line, _ in _loads(scope))
    return False


def _takes(node: ast.ImportFrom, file: SourceFile, module: str) -> bool:
    base = absolute(file, node.level, node.module)
    return any(f"{base}.{alias.name}" == module for alias in node.names)


def _is_imported_elsewhere(place: ReloadPlace, reloading: Reloading) -> bool:
    """Whether anything but the function that evicts a module imports it, so that its package has it."""
    module = place.site.targets[0]
    for file, index in reloading.program.indexes.items():
        tree = reloading.parse(file) if any(means(item, file, module) for item in index.imports) else None
        if tree is None:
            continue
        scope = scope_of(tree, place.site.block) if file == place.file else None
        inside = (
            range(0)
            if scope is None or isinstance(scope, ast.Module)
            else range(scope.lineno, (scope.end_lineno or 0) + 1)
        )
        if any(row not in inside and f"{name}.".startswith(f"{module}.") for row, name, _ in imports(tree, file)):
            return True
    return False


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
        if not _is_imported_below(scope, place, module) or _is_set(tree, scope, module):
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


def _is_set(tree: ast.AST, scope: ast.AST, module: str) -> bool:
    """Whether the block, or a helper, binds or deletes the attribute of the package, itself or through a call."""
    name = module.rpartition(".")[2]
    others = [node for node in descendants(tree) if isinstance(node, Function) and node.name.startswith("test")]
    apart = {id(inner) for node in others if node is not scope for inner in descendants(node)}
    for node in descendants(tree):
        if id(node) in apart:
            continue
        if isinstance(node, ast.Attribute) and node.attr == name and not isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("setattr", "delattr")):
            texts = [given.value for given in node.args if isinstance(given, ast.Constant)]
            if name in texts or module in texts or not texts:
                return True
    return False
