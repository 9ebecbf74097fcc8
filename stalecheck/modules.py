"""Dotted names → the project's files."""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path

from stalecheck.model import SourceFile


class ModuleTable:
    """The project's files by dotted name. Several files may have the same one."""

    __slots__ = ("_bases", "_by_name", "_files", "_near")

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self._files = tuple(sorted(files, key=lambda file: (file.module, str(file.path))))
        self._by_name: dict[str, list[_Named]] = defaultdict(list)
        self._bases: dict[SourceFile, frozenset[Path]] = {}
        self._near: dict[SourceFile, frozenset[Path]] = {}
        for file in self._files:
            for name in (file.module, *file.aliases):
                self._by_name[name].append(_Named(name, file, _base(name, file)))

    def find(self, name: str, importer: SourceFile | None = None) -> SourceFile | None:
        """The file that ``import name`` in `importer` means; None if the project has none.

        The importer's own root comes first, then a file beside it, then the nearest; modules before aliases. An alias
        that the importer's own directories do not explain counts only where nothing else has the name, and only for
        a package: no loose file is meant, nor what lies inside a package.
        """
        every = named = self._by_name.get(name, [])
        if not every:
            return None
        bases = self._bases_of(importer) if importer is not None else frozenset()
        if importer is not None:
            is_standard = name.partition(".")[0] in sys.stdlib_module_names
            near = self._near.get(importer)
            if near is None:
                near = self._near[importer] = bases | {importer.path.parent}
            named = [each for each in named if each.base in near or not (each.is_alias or is_standard)]
            if not named and not is_standard:
                named = [each for each in every if each.is_of_package and self._is_top(each)]
        if len(named) > 1:
            return min(named, key=lambda each: _distance(each, importer, bases)).file
        return named[0].file if named else None

    def _bases_of(self, importer: SourceFile) -> frozenset[Path]:
        """The directories that the names of a file are imported from."""
        bases = self._bases.get(importer)
        if bases is None:
            names = (importer.module, *importer.aliases)
            bases = self._bases[importer] = frozenset(_base(name, importer) for name in names)
        return bases

    def _is_top(self, named: _Named) -> bool:
        """Whether no package lies around the directory that the shorter name is imported from."""
        outer = named.file.module.removesuffix(f".{named.name}").split(".")
        return not any(".".join(outer[:end]) in self._by_name for end in range(1, len(outer) + 1))

    def match(self, pattern: str) -> tuple[SourceFile, ...]:
        """The files whose module the glob means (``app.*``, ``*``, ``app.core``), sorted by module and path.

        A ``*`` goes across dots. Where the pattern means no module, it is tried on the aliases.
        """
        matches = re.compile(translate(pattern)).match
        files = tuple(file for file in self._files if matches(file.module))
        return files or tuple(file for file in self._files if any(map(matches, file.aliases)))


def absolute(file: SourceFile, level: int, module: str | None) -> str | None:
    """The absolute dotted name of ``from <level dots><module> import …`` in `file`; level 0 is absolute.

    None for what lies beyond the top-level package. Only a part of a package imports relatively, so where the
    file's module does not reach as far, a longer one of its names does.
    """
    if level == 0:
        return module or None
    for name in (file.module, *file.aliases):
        package = name.split(".") if file.is_package else name.split(".")[:-1]
        if len(package) >= level:
            start = package[: len(package) - level + 1]
            return ".".join([*start, module] if module else start)
    return None


@dataclass(frozen=True, slots=True)
class _Named:
    """A file under one of its names."""

    name: str
    file: SourceFile
    base: Path
    """The directory that the name is imported from."""

    @property
    def is_alias(self) -> bool:
        """Whether the name is not the file's own: one from a directory that may not be on the path."""
        return self.name != self.file.module

    @property
    def is_of_package(self) -> bool:
        """Whether the name is a shorter one, and that of a package or of what is in one."""
        is_shorter = self.name.count(".") < self.file.module.count(".")
        return is_shorter and (self.file.is_package or "." in self.name)


def _base(name: str, file: SourceFile) -> Path:
    """Return the directory that a name of a file is imported from."""
    return file.path.parents[name.count(".") + file.is_package]


_Distance = tuple[int, bool, int, bool, str]


def _distance(named: _Named, importer: SourceFile | None, bases: frozenset[Path]) -> _Distance:
    """Smaller is likelier what an import in `importer` means."""
    file = named.file
    is_module = named.name == file.module
    # Packages come before modules of the same directory.
    last = (not file.is_package, str(file.path))
    if importer is None:
        return (2 if is_module else 3, True, 0, *last)
    shared = len(os.path.commonpath([file.path.parent, importer.path.parent]))
    if is_module and named.base == importer.root:
        return (0, False, -shared, *last)
    # A shorter name: the script's directory stands first on the path when the script is run.
    is_beside = (is_module or len(named.name) < len(file.module)) and named.base in bases
    return (1 if is_beside else 2 if is_module else 3, named.base not in bases, -shared, *last)
