"""Compiled extension modules that stand among the project's files: what Python beside them falls back on never runs."""

from __future__ import annotations

from pathlib import Path

from stalecheck.link.values import ExternalThing, Value
from stalecheck.model import SourceFile
from stalecheck.modules import ModuleTable


class Compiled:
    """Knows the extension modules of the project's packages; remembers those that were asked for."""

    def __init__(self, table: ModuleTable) -> None:
        self._table = table
        self._found: set[str] = set()
        self._listed: dict[Path, frozenset[str]] = {}

    def has(self, module: str, importer: SourceFile) -> bool:
        """Whether a dotted name is that of a compiled module: it comes before a source file of the same name."""
        package, _, name = module.rpartition(".")
        parent = self._table.find(package, importer) if package else None
        if parent is None or not parent.is_package or name not in self._in(parent.path.parent):
            return False
        self._found.add(module)
        return True

    def _in(self, directory: Path) -> frozenset[str]:
        names = self._listed.get(directory)
        if names is None:
            paths = [path for suffix in ("so", "pyd") for path in directory.glob(f"*.{suffix}")]
            names = self._listed[directory] = frozenset(path.name.partition(".")[0] for path in paths)
        return names

    def holds(self, value: Value) -> bool:
        """Whether a value is, or comes out of, one of the modules that were asked for."""
        return bool(self._found) and any(
            isinstance(thing, ExternalThing) and any(_within(thing.name, module) for module in self._found)
            for thing in value.things
        )

    def preferred(self, values: list[Value]) -> list[Value]:
        """Return the alternatives that come out of compiled modules; all where none does."""
        return [value for value in values if self.holds(value)] or values


def _within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")
