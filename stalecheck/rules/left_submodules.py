"""Submodules that stay when their package is evicted without them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from stalecheck.index import Import
from stalecheck.model import SourceFile
from stalecheck.modules import absolute
from stalecheck.nodes import Function, descendants
from stalecheck.reloads import ReloadPlace
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.statements import imports


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What stays in ``sys.modules`` when its package goes."""

    submodules: list[SourceFile]
    is_reached: bool
    """They are asked for as attributes of the package, which does not import them itself: the new one has none."""


def left_behind(place: ReloadPlace, reloading: Reloading) -> LeftBehind | None:
    """Return the submodules that the eviction of a package leaves in use; None if there are none."""
    package = place.files[0]
    if not package.is_package:
        return None
    together = {
        file
        for other in reloading.places
        if other.file == place.file and other.site.block == place.site.block
        for file in other.files
    }
    if any(file.module.startswith(f"{package.module}.") for file in together):
        return None
    if loaded := [file for file in _submodules(package, reloading) if file not in together]:
        return LeftBehind(loaded, is_reached=False)
    reached = _reached_through(package, reloading)
    return LeftBehind(reached, is_reached=True) if reached else None


def means(item: Import, file: SourceFile, module: str) -> bool:
    """Whether an import may import a module, or one below it."""
    base = absolute(file, item.level, item.module) or ""
    return f"{base}.{item.name}.".startswith(f"{module}.") or f"{base}.".startswith(f"{module}.")


def _submodules(package: SourceFile, reloading: Reloading) -> list[SourceFile]:
    """Return the submodules of a package that the package itself imports, in order."""
    index = reloading.program.indexes.get(package)
    found: dict[SourceFile, None] = {}
    for item in index.imports if index is not None else ():
        base = absolute(package, item.level, item.module)
        for name in (f"{base}.{item.name}", base or ""):
            file = reloading.program.table.find(name, package)
            if file is not None and file != package and file.module.startswith(f"{package.module}."):
                found[file] = None
    return list(found)


def _reached_through(package: SourceFile, reloading: Reloading) -> list[SourceFile]:
    """Return the submodules that functions, which import the package anew, take from it as attributes."""
    own = reloading.program.indexes.get(package)
    last = package.module.rpartition(".")[2].encode()
    made = {*own.made, *(item.local for item in own.imports)} if own is not None else set()
    if own is None or "__getattr__" in own.made:
        return []
    found: dict[SourceFile, None] = {}
    for file, source in reloading.sources.items():
        tree = reloading.parse(file) if last in source and b"import" in source else None
        for function in descendants(tree) if tree is not None else ():
            if not isinstance(function, Function):
                continue
            for name in _attributes_of(package.module, function, file):
                submodule = reloading.program.table.find(f"{package.module}.{name}", file)
                if submodule is not None and submodule != package and name not in made:
                    found[submodule] = None
    return [file for file in found if _is_loaded(file, package, reloading)]


def _attributes_of(module: str, function: Function, file: SourceFile) -> Iterator[str]:
    """Yield which attributes of a module a function asks for that imports it itself."""
    bound: dict[str, int] = {}
    for row, name, given in imports(function, file):
        is_whole = given == name.partition(".")[0] and f"{name}.".startswith(f"{module}.")
        if is_whole or name == module:
            bound.setdefault(module if is_whole else given, row)
    for node in descendants(function) if bound else ():
        match node:
            case ast.Attribute(value=(ast.Name() | ast.Attribute()) as owner, attr=name, ctx=ast.Load()):
                if bound.get(ast.unparse(owner), node.lineno + 1) <= node.lineno:
                    yield name


def _is_loaded(file: SourceFile, package: SourceFile, reloading: Reloading) -> bool:
    """Whether another module imports a submodule when it is imported itself."""
    return any(
        other != package and any(means(item, other, file.module) for item in index.imports)
        for other, index in reloading.program.indexes.items()
    )
