"""What rules about reload statements and reloaded modules look at."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stalecheck.link import Program, Sequence, StaleReference
from stalecheck.model import Reload, SourceFile
from stalecheck.reloads import ReloadPlace


@dataclass(frozen=True, slots=True)
class Reloading:
    """The reloads of a run, what they leave stale, and the sources around them."""

    program: Program
    places: tuple[ReloadPlace, ...]
    """Where the sources reload something, in order."""

    sequences: tuple[Sequence, ...]
    references: tuple[StaleReference, ...]
    sources: Mapping[SourceFile, bytes]
    """All that was read."""

    parse: Callable[[SourceFile], ast.Module | None]
    """The syntax tree of a file without the branches that no supported Python runs; None where it cannot be parsed."""

    gone: Mapping[SourceFile, frozenset[str]] = field(default_factory=dict)
    """Names that reloaded modules have defined at the revision of ``--since``, and do not any more."""

    missing: frozenset[str] = frozenset()
    """Modules that had a source at that revision, and have none any more."""

    below_version: tuple[int, int] | None = None
    """The first Python that the project no longer runs on."""

    def reloads(self) -> dict[SourceFile, tuple[Reload, ...]]:
        """Return the reloads of each module that is reloaded, where they stand; those that import nothing left out."""
        places = (place for place in self.places if place.site.is_taken)
        taken: set[object] = {(place.file.path, place.site.span.start) for place in places}
        found: dict[SourceFile, dict[Reload, None]] = {}
        for sequence in self.sequences:
            for event in sequence.events:
                for file in event.certain:
                    reload = event.reloads[file]
                    if (reload.path, reload.location) not in taken:
                        found.setdefault(file, {})[reload] = None
        return {file: tuple(reloads) for file, reloads in found.items()}

    def together(self, file: SourceFile) -> frozenset[SourceFile]:
        """Return the modules that run again whenever a module is reloaded, itself included."""
        around = [one for one in self.sequences if any(file in event.files for event in one.events)]
        groups: list[frozenset[SourceFile]] = []
        for sequence in [one for one in around if not one.is_own_only] or around:
            group = {other for event in sequence.events for other in event.files}
            if sequence.is_guarded and sequence.file is not None:
                group.add(sequence.file)  # What only its later runs reload, its body has begun anew.
            groups.append(frozenset(group))
        return frozenset.intersection(*groups) | {file} if groups else frozenset({file})
