"""What a package calls by the name of one of its submodules: that module, or something bound over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from stalecheck.index import FileIndex, Import
from stalecheck.model import SourceFile
from stalecheck.modules import ModuleTable, absolute


@dataclass(frozen=True, slots=True)
class Hidden:
    """A submodule that its package has bound something else over."""

    name: str
    """The submodule's dotted name, as it is written."""

    package: SourceFile
    behind: str
    """The absolute dotted name that the package imports instead; empty for what it makes itself."""

    rest: str
    """What is read from it further on, dotted."""


def hidden(
    name: str, importer: SourceFile, indexes: Mapping[SourceFile, FileIndex], table: ModuleTable
) -> Hidden | None:
    """Find the first submodule in a dotted name that is not what `importer` gets when it reads the name.

    ``p.m``, ``from p import m`` and ``import p.m as x`` take the package's attribute. None where the name leads
    through the modules of that name, and where it may be read before the package binds it.
    """
    parts = name.split(".")
    for end in range(2, len(parts) + 1):
        written = ".".join(parts[:end])
        package, module = table.find(".".join(parts[: end - 1]), importer), table.find(written, importer)
        if package is None or module is None or package == importer or package not in indexes:
            continue
        bound = _bound_over(module, parts[end - 1], package, indexes, table)
        if bound is not None and not _is_early(importer, package, bound):
            return Hidden(written, package, bound.name, ".".join(parts[end:]))
    return None


def is_read_before_bound(
    module: SourceFile,
    package: SourceFile,
    importer: SourceFile,
    indexes: Mapping[SourceFile, FileIndex],
    table: ModuleTable,
) -> bool:
    """Whether a file is imported by its package, maybe, before that binds something else over its submodule."""
    if not importer.module.startswith(f"{package.module}."):
        return False
    bound = _bound_over(module, module.module.rpartition(".")[2], package, indexes, table)
    return bound is not None and _is_early(importer, package, bound)


def _is_early(importer: SourceFile, package: SourceFile, bound: _Bound) -> bool:
    """Whether a file of the package runs before the name is bound: one from outside mostly waits for the package."""
    return importer.module.startswith(f"{package.module}.") and importer in bound.above


@dataclass(frozen=True, slots=True)
class _Bound:
    """What a package binds over its submodule."""

    name: str
    """The absolute dotted name that it imports; empty for what it makes itself."""

    above: frozenset[SourceFile]
    """What runs, maybe, before it is bound."""


def _bound_over(
    module: SourceFile,
    name: str,
    package: SourceFile,
    indexes: Mapping[SourceFile, FileIndex],
    table: ModuleTable,
) -> _Bound | None:
    """Return what a package binds over its submodule after that is imported: the first import of it binds it, too."""
    index = indexes[package]
    imported, above = "", 0
    for number, item in enumerate(index.imports, start=1):
        base = absolute(package, item.level, item.module or None)
        if base is None:
            continue
        if item.local == name:
            imported, above = _meant(item, base), number
            if table.find(imported, package) == module:
                return None  # What else binds the name is an alternative to the submodule.
        elif item.name == "*" and _brings(table.find(base, package), name, indexes):
            imported, above = f"{base}.{name}", number
    made = index.made.get(name)
    if made is not None and made >= above:
        imported, above = "", made
    elif not above:
        return None
    run = _imported(package, index.imports[:above], indexes, table)
    return _Bound(imported, run) if module in run else None


def _meant(item: Import, base: str) -> str:
    """Return the dotted name of what an import binds."""
    if item.name:
        return f"{base}.{item.name}"
    return base if item.local != base.partition(".")[0] else item.local


def _brings(source: SourceFile | None, name: str, indexes: Mapping[SourceFile, FileIndex]) -> bool:
    """Whether a star import of a module brings a name that the module makes."""
    index = None if source is None else indexes.get(source)
    if index is None or name not in index.made:
        return False
    return not name.startswith("_") if index.public is None else name in index.public


def _imported(
    file: SourceFile, imports: Iterable[Import], indexes: Mapping[SourceFile, FileIndex], table: ModuleTable
) -> frozenset[SourceFile]:
    """Return every module that runs, maybe, while a file's first imports do; those around it run already."""
    found: set[SourceFile] = set()
    pending = [(file, tuple(imports))]
    around = f"{file.module}."
    while pending:
        importer, items = pending.pop()
        for target in {target for item in items for target in _run_by(item, importer, table)} - found:
            found.add(target)
            if target in indexes and not around.startswith(f"{target.module}."):
                pending.append((target, indexes[target].imports))
    return frozenset(found)


def _run_by(item: Import, importer: SourceFile, table: ModuleTable) -> Iterator[SourceFile]:
    base = absolute(importer, item.level, item.module or None)
    if base is None:
        return
    parts = [*base.split("."), *([item.name] if item.name else [])]
    for end in range(1, len(parts) + 1):
        target = table.find(".".join(parts[:end]), importer)
        if target is not None:
            yield target
