"""Which files have to be read closely: walk backwards from the reloaded modules along imports.

Names are followed, not files: a file that only calls functions of a reloaded module when it runs holds nothing of
it. The answer over-approximates; the linker decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stalecheck.index import Body, FileIndex, Import
from stalecheck.model import SourceFile
from stalecheck.modules import ModuleTable, absolute


@dataclass(slots=True)
class _Taint:
    """What of one file may be an old object (`names`), and which functions may give one (`carriers`)."""

    names: set[str] = field(default_factory=set)
    carriers: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.names) + len(self.carriers)


@dataclass(frozen=True, slots=True)
class _Local:
    """What a file's imports mean: local names → modules, and (module, name) pairs taken from modules."""

    modules: Mapping[str, tuple[SourceFile, bool]]
    """The flag says that the import statement itself names the module, not only a package above it."""

    names: Mapping[str, tuple[tuple[SourceFile, str], ...]]
    stars: tuple[SourceFile, ...]


def nominate(
    indexes: Mapping[SourceFile, FileIndex],
    table: ModuleTable,
    reloaded: frozenset[SourceFile],
    evicted: frozenset[SourceFile],
    reloading: frozenset[SourceFile],
) -> frozenset[SourceFile]:
    """Return the files that may hold something of a reloaded module, those modules, and what explains them.

    Args:
        indexes: Every file that was read.
        table: The dotted names.
        reloaded: The modules that are reloaded, in whatever mode.
        evicted: Those of them that become second module objects.
        reloading: The files that reload: what their functions import matters too.
    """
    if not reloaded:
        return frozenset(file for file, index in indexes.items() if index.needs_libcst is not None)
    nomination = _Nomination(indexes, table, evicted, reloading)
    for file in reloaded:
        nomination.taint[file] = _Taint(set(indexes[file].made))
        nomination.nominated.add(file)
    nomination.spread()
    return frozenset(nomination.nominated | nomination.explaining())


class _Nomination:
    def __init__(
        self,
        indexes: Mapping[SourceFile, FileIndex],
        table: ModuleTable,
        evicted: frozenset[SourceFile],
        reloading: frozenset[SourceFile],
    ) -> None:
        self._indexes = indexes
        self._table = table
        self._evicted = evicted
        self._reloading = reloading
        self._locals = {file: self._resolve(file, index.imports) for file, index in indexes.items()}
        self._bodies = {
            id(body): self._resolve(file, body.imports)
            for file, index in indexes.items()
            for body in index.bodies
            if body.imports
        }
        self.taint: dict[SourceFile, _Taint] = {}
        self.nominated: set[SourceFile] = set()

    def spread(self) -> None:
        """Follow tainted names until nothing new turns up."""
        grown = True
        while grown:
            grown = False
            for file, index in self._indexes.items():
                before = len(self.taint.get(file, ())), file in self.nominated
                self._visit(file, index)
                grown = grown or before != (len(self.taint.get(file, ())), file in self.nominated)

    def explaining(self) -> set[SourceFile]:
        """Return the modules whose functions and classes stand in the statements of nominated files."""
        found: set[SourceFile] = set()
        for file in self.nominated:
            local = self._locals[file]
            for module, _ in local.modules.values():
                found.add(module)
            for origins in local.names.values():
                found.update(module for module, _ in origins)
        return {file for file in found if self._indexes[file].error is None}

    def _visit(self, file: SourceFile, index: FileIndex) -> None:
        if index.needs_libcst is not None:
            self.nominated.add(file)
            return
        local = self._locals[file]
        taint = self.taint.get(file) or _Taint()
        is_hit = False
        for module in local.stars:
            brought = self.taint.get(module)
            if brought is not None and len(brought):
                taint.names |= brought.names
                taint.carriers |= brought.carriers
                is_hit = is_hit or bool(brought.names)
        for name, origins in local.names.items():
            for module, taken in origins:
                other = self.taint.get(module)
                if other is not None and taken in other.names:
                    taint.names.add(name)
                    is_hit = True
                elif other is not None and taken in other.carriers:
                    taint.carriers.add(name)
        for name, (module, names_it) in local.modules.items():
            if module in self._evicted and names_it:
                taint.names.add(name)
                is_hit = True
        is_hit = self._visit_statements(file, index, local, taint) or is_hit
        if is_hit:
            self.nominated.add(file)
        if len(taint):
            self.taint[file] = taint

    def _visit_statements(self, file: SourceFile, index: FileIndex, local: _Local, taint: _Taint) -> bool:
        is_hit = False
        size = -1
        while size != len(taint):
            size = len(taint)
            for statement in index.statements:
                if any(self._is_tainted(mention, local, taint) for mention in statement.mentions):
                    taint.names.update(statement.binds)
                    is_hit = True
            for body in index.bodies:
                if self._is_body_tainted(body, local, taint):
                    taint.carriers.add(body.name)
                    is_reloading = file in self._reloading and bool(body.imports)
                    if body.binds_globally or body.is_decorated or body.name == "__init__" or is_reloading:
                        is_hit = True
        return is_hit

    def _is_body_tainted(self, body: Body, local: _Local, taint: _Taint) -> bool:
        if any(self._is_tainted(mention, local, taint) for mention in body.mentions):
            return True
        return bool(body.imports) and self._takes_tainted(body)

    def _takes_tainted(self, body: Body) -> bool:
        """Whether a function imports something tainted itself."""
        local = self._bodies[id(body)]
        return (
            any(len(self.taint.get(module, ())) for module in local.stars)
            or any(
                taken in self.taint[module].names or taken in self.taint[module].carriers
                for origins in local.names.values()
                for module, taken in origins
                if module in self.taint
            )
            or any(module in self._evicted or module in self.taint for module, _ in local.modules.values())
        )

    def _is_tainted(self, mention: str, local: _Local, taint: _Taint) -> bool:
        first, *rest = mention.split(".")
        if first in taint.names or first in taint.carriers:
            return True
        if rest and rest[-1] in taint.carriers:
            return True
        found = local.modules.get(first)
        if found is None:
            return False
        module = found[0]
        for part in rest:
            other = self.taint.get(module)
            if other is not None and (part in other.names or part in other.carriers):
                return True
            inner = self._module_attribute(module, part)
            if inner is None:
                return other is not None and self._indexes[module].has_getattr
            if inner in self._evicted:
                return True
            module = inner
        return module in self.taint and bool(self.taint[module].names)

    def _module_attribute(self, module: SourceFile, name: str) -> SourceFile | None:
        if module.is_package:
            found = self._table.find(f"{module.module}.{name}", module)
            if found is not None:
                return found
        local = self._locals[module].modules.get(name)
        return None if local is None else local[0]

    def _resolve(self, file: SourceFile, imports: Iterable[Import]) -> _Local:
        modules: dict[str, tuple[SourceFile, bool]] = {}
        names: dict[str, list[tuple[SourceFile, str]]] = {}
        stars: list[SourceFile] = []
        for item in imports:
            name = absolute(file, item.level, item.module or None)
            if name is None:
                continue
            if not item.name:
                is_whole = item.local != item.module.partition(".")[0] or "." not in item.module
                target = self._table.find(name if is_whole else item.local, file)
                if target is not None:
                    modules[item.local] = (target, True)
                continue
            module = self._table.find(name, file)
            if item.name == "*":
                if module is not None:
                    stars.append(module)
                continue
            submodule = self._table.find(f"{name}.{item.name}", file)
            if submodule is not None:
                modules[item.local] = (submodule, True)
            if module is not None:
                names.setdefault(item.local, []).append((module, item.name))
        return _Local(modules, {name: tuple(origins) for name, origins in names.items()}, tuple(stars))
