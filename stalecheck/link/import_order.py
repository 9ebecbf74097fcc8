"""What a file has certainly imported above a place: the top levels that are over by then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stalecheck.index import FileIndex, Import
from stalecheck.model import Location, SourceFile
from stalecheck.modules import ModuleTable, absolute
from stalecheck.summarize.summary import Binding, ModuleImport, NameImport, StarImport, Summary


class ImportOrder:
    """Answers whether a module's top level has run when a file goes on below a place."""

    def __init__(
        self, table: ModuleTable, summaries: Mapping[SourceFile, Summary], indexes: Mapping[SourceFile, FileIndex]
    ) -> None:
        self._table = table
        self._summaries = summaries
        self._indexes = indexes
        self._reached: dict[SourceFile, frozenset[SourceFile]] = {}
        self._places: dict[SourceFile, dict[SourceFile, Location]] = {}
        self._firsts: dict[SourceFile, dict[SourceFile, Location]] = {}
        self._kept: dict[SourceFile, frozenset[Location]] = {}

    def has_run(self, module: SourceFile, file: SourceFile, at: Location) -> bool:
        """Whether `file` imports `module` above a place, and `module` does not import `file` in turn."""
        place = self._imports(file).get(module)
        return place is not None and place < at and file not in self._reachable(module)

    def first_import(self, file: SourceFile, package: SourceFile) -> Location | None:
        """Return the place of the import in its package's top level that runs a submodule first.

        None if no import there does: it runs when the package's top level is over.
        """
        if package not in self._summaries:
            return Location(1, 1)
        firsts = self._firsts.get(package)
        if firsts is None:
            firsts = self._firsts[package] = {}
            # The package and those around it have begun, and do not run again.
            parts = package.module.split(".")
            begun = {self._table.find(".".join(parts[:end]), package) for end in range(1, len(parts) + 1)}
            for binding in sorted(self._summaries[package].bindings, key=lambda binding: binding.at):
                pending = [] if binding.block else list(self._bound_targets(package, binding))
                while pending:
                    target = pending.pop()
                    if target not in begun and target not in firsts:
                        firsts[target] = binding.at
                        index = self._indexes.get(target)
                        imports = index.imports if index is not None else ()
                        pending += [other for item in imports for other in self._targets(target, item)]
        return firsts.get(file)

    def is_of_first_run(self, file: SourceFile, at: Location) -> bool:
        """Whether only the first run of a file's body gets to a place, and later ones do not bind the names again."""
        places = self._kept.get(file)
        if places is None:
            summary = self._summaries.get(file, Summary())
            others = {binding.name for binding in summary.bindings if not (binding.is_kept or binding.block)}
            kept = (binding for binding in summary.bindings if binding.is_kept and binding.name not in others)
            places = self._kept[file] = frozenset(binding.at for binding in kept)
        return at in places

    def _imports(self, file: SourceFile) -> Mapping[SourceFile, Location]:
        """Return where a file first imports each module, whatever its conditions say."""
        places = self._places.get(file)
        if places is None:
            places = self._places[file] = {}
            summary = self._summaries.get(file)
            for binding in summary.bindings if summary is not None else ():
                if not (binding.is_conditional or binding.block):
                    for target in self._bound_targets(file, binding):
                        places.setdefault(target, binding.at)
        return places

    def _bound_targets(self, file: SourceFile, binding: Binding) -> Iterator[SourceFile]:
        """Yield the files whose top levels a binding runs, if it is an import."""
        match binding.value:
            case ModuleImport(module=module):
                yield from self._targets(file, Import(module, 0, "", ""))
            case NameImport(module=module, level=level, name=name):
                yield from self._targets(file, Import(module, level, name, ""))
            case StarImport(module=module, level=level):
                yield from self._targets(file, Import(module, level, "*", ""))

    def _reachable(self, module: SourceFile) -> frozenset[SourceFile]:
        """Return every file that is imported, maybe, while a module's top level runs."""
        found = self._reached.get(module)
        if found is None:
            seen: set[SourceFile] = set()
            pending = [module]
            while pending:
                file = pending.pop()
                index = self._indexes.get(file)
                if index is None:
                    continue
                items = [*index.imports, *(item for body in index.bodies for item in body.imports)]
                new = {target for item in items for target in self._targets(file, item)} - seen
                seen |= new
                pending += new
            found = self._reached[module] = frozenset(seen)
        return found

    def _targets(self, file: SourceFile, item: Import) -> Iterator[SourceFile]:
        """Yield the files whose top levels an import runs."""
        name = absolute(file, item.level, item.module or None)
        if name is None:
            return
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            target = self._table.find(".".join(parts[:end]), file)
            if target is not None:
                yield target
        package = self._table.find(name, file)
        if item.name and (package is None or item.name not in self._indexes[package].made):
            submodule = self._table.find(f"{name}.{item.name}", file)
            if submodule is not None:
                yield submodule
