"""Which names star imports bring."""

from __future__ import annotations

from collections.abc import Iterator

from stalecheck.link.program import Evaluates, resolve
from stalecheck.link.values import ModuleThing
from stalecheck.model import Location, SourceFile
from stalecheck.modules import absolute
from stalecheck.summarize.summary import Binding, NameImport, PublicNames, StarImport, Summary


class Stars:
    """Answers what star imports bring; remembers what each module makes public."""

    def __init__(self, evaluator: Evaluates) -> None:
        self._evaluator = evaluator
        self._program = evaluator.program
        self._public: dict[SourceFile, frozenset[str] | None] = {}

    def provides(self, file: SourceFile, binding: Binding, name: str) -> bool:
        """Whether a star import brings a name."""
        return self.target_of(file, binding, name) is not None

    def brought(self, file: SourceFile, binding: Binding) -> tuple[SourceFile, tuple[str, ...]] | None:
        """Return the module that a star import takes from and the names that it brings; None outside the project."""
        assert isinstance(binding.value, StarImport)
        target = resolve(self._program, file, binding.value.module, binding.value.level)
        if target is None:
            return None
        return target, tuple(sorted(self.public_names(target)))

    def target_of(self, file: SourceFile, binding: Binding, name: str) -> SourceFile | None:
        """Return the module of which a star import brings a name; None if it brings no such name."""
        assert isinstance(binding.value, StarImport)
        target = resolve(self._program, file, binding.value.module, binding.value.level)
        return target if target is not None and name in self.public_names(target) else None

    def public_names(self, file: SourceFile) -> frozenset[str]:
        """Return the names that a star import takes from a file."""
        known_names = self._public.get(file)
        if known_names is None:
            known_names = self._public[file] = frozenset(self._list_public(file, {file}))
        return known_names

    def _list_public(self, file: SourceFile, seen: set[SourceFile]) -> Iterator[str]:
        """Yield the names that a star import takes from a file; `seen` breaks cycles of star imports."""
        summary = self._program.summaries.get(file)
        if summary is None:
            index = self._program.indexes.get(file)
            if index is not None and index.public is not None:
                yield from index.public
            elif index is not None:
                yield from (name for name in index.made if not name.startswith("_"))
                yield from (item.local for item in index.imports if not item.local.startswith(("_", "*")))
            return
        if summary.public is not None:
            for part in summary.public:
                yield from part.names
                for listed in self._listed_by(file, part):
                    if listed not in seen:
                        seen.add(listed)
                        yield from self._list_public(listed, seen)
            return
        deleted = {name for name, reaching in summary.exports if not reaching}
        yield from (name for name, reaching in summary.exports if reaching and not name.startswith("_"))
        yield from self._own_submodules(file, summary)
        for star in summary.stars:
            binding = summary.bindings[star]
            assert isinstance(binding.value, StarImport)
            target = resolve(self._program, file, binding.value.module, binding.value.level)
            if target is not None and target not in seen:
                seen.add(target)
                brought = self._list_public(target, seen)
                yield from (name for name in brought if not name.startswith("_") and name not in deleted)

    def _listed_by(self, file: SourceFile, part: PublicNames) -> Iterator[SourceFile]:
        """Yield the modules whose ``__all__`` is a part of that of `file`."""
        if part.module is not None:
            things = self._evaluator.expression(file, part.module, Location(1, 1)).things
            yield from (thing.file for thing in things if isinstance(thing, ModuleThing))
        if part.imported is not None:
            found = resolve(self._program, file, part.imported.module, part.imported.level)
            if found is not None:
                yield found

    def _own_submodules(self, file: SourceFile, summary: Summary) -> Iterator[str]:
        """Yield the submodules that a package's own body imports: importing one binds it in its package."""
        if not file.is_package:
            return
        for binding in summary.bindings:
            if isinstance(binding.value, (NameImport, StarImport)):
                name = absolute(file, binding.value.level, binding.value.module or None) or ""
                if name.startswith(f"{file.module}."):
                    first = name.removeprefix(f"{file.module}.").partition(".")[0]
                    if not first.startswith("_"):
                        yield first
