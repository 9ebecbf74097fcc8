"""Which reloads make a capture stale: what ran when, within each sequence of reloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from stalecheck.link.import_order import ImportOrder
from stalecheck.link.values import ASKED, Capture
from stalecheck.model import Location, Reload, SourceFile
from stalecheck.vocabulary import OriginKind, ReloadMode


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One reload of one or more modules; several are evicted together and import each other afresh."""

    files: frozenset[SourceFile]
    mode: ReloadMode
    at: Location
    reloads: Mapping[SourceFile, Reload]
    branch: tuple[tuple[int, int], ...] = ()
    """The branches that it stands in: of two blocks of one statement only one runs."""

    optional: frozenset[tuple[int, int]] = frozenset()
    """Those of them that a call leaves out when its arguments say so."""

    group: int = 0
    """Events of the same non-zero group happen in no particular order (a loop over a set)."""

    is_once: bool = False
    """Made by a function that notes what it has reloaded: within one sequence only the first counts."""

    names: Mapping[SourceFile, str] = field(default_factory=dict)
    """By which name a file is reloaded, where it has several and one is meant for certain."""

    possible: frozenset[SourceFile] = frozenset()
    """Those of the files of which nobody knows whether they run, or run again: they may be fresh then, and nothing
    counts as gone stale."""

    leaves_attribute: bool = False
    """The old module stays what its package calls so."""

    end: Location | None = None
    """Where the statement or call ends: what stands within it is read before."""

    is_main: bool = False
    """Below ``if __name__ == "__main__":``, where no import gets to."""

    within: tuple[tuple[SourceFile, Location], ...] = ()
    """The modules during whose run it happens, each with where that run has got to."""

    @property
    def certain(self) -> frozenset[SourceFile]:
        """What certainly counts as reloaded."""
        return self.files - self.possible


@dataclass(frozen=True, slots=True)
class Sequence:
    """The reloads of one block, in order: one function, or the top level of one module.

    `file` is None for a module that only the options name.
    """

    file: SourceFile | None
    block: str
    events: tuple[Event, ...]
    is_own_only: bool = False
    """A top level that runs only as a part of other sequences, which contain its events: what is left to judge
    here is what its own file holds."""

    is_guarded: bool = False
    """A top level that reloads below conditions only (``if "ops" in locals()``): not when it is first imported."""

    @property
    def imported(self) -> SourceFile | None:
        """The module that reloads whenever it is imported, the first time included; None for all other blocks."""
        return None if self.block or self.is_guarded else self.file


def stale_since(
    file: SourceFile,
    capture: Capture,
    sequence: Sequence,
    import_order: ImportOrder,
    *,
    block: str = "",
    is_renewed: Callable[[Location], bool],
) -> Iterator[Reload]:
    """Yield the reloads of a sequence after which a holder keeps an old origin.

    Args:
        file: The holder's file.
        capture: What the holder keeps, and through which files.
        sequence: The reloads, in order.
        import_order: What files import above a place.
        block: The function that binds the holder, empty at module level.
        is_renewed: Whether something else is in the holder's place in the end if a reload at a place is the last one.
    """
    if sequence.is_own_only and sequence.file != file:
        return
    origin = capture.made.file
    when = _bound_at(file, capture, sequence, block, import_order)
    if _is_over(file, capture.taken, sequence, import_order):
        when = len(sequence.events)
    when = max(when, _begun(file, sequence, import_order))
    if _runs_before(file, origin, sequence):
        return
    for link, taken in zip(reversed(capture.via[1:]), reversed(capture.steps), strict=False):
        if taken == ASKED:
            continue
        if link == sequence.file and not sequence.block and not sequence.is_own_only:
            when = _done_by(link, taken, sequence, import_order)
        elif _is_over(link, taken, sequence, import_order):
            when = len(sequence.events)
        elif link not in {origin, file}:
            when = max(_last_run(link, when, sequence, origin), min(when, _begun(link, sequence, import_order)))
    when = _run_around(origin, when, sequence, capture.made.origin.location) or _last_run(
        origin, when, sequence, origin
    )
    for position, event in enumerate(sequence.events, start=1):
        if position <= when or origin not in event.certain or not _counts(capture, event):
            continue
        if is_renewed(event.at):
            continue
        yield event.reloads[origin]


def _begun(file: SourceFile, sequence: Sequence, import_order: ImportOrder) -> int:
    """Return how many events have happened when a submodule first runs whose own package reloads when imported."""
    package = sequence.imported
    if package is None or not package.is_package:
        return 0
    if not file.module.startswith(f"{package.module}."):
        return 0
    place = import_order.first_import(file, package)
    return len(sequence.events) if place is None else sum(event.at < place for event in sequence.events)


def _runs_before(file: SourceFile, origin: SourceFile, sequence: Sequence) -> bool:
    """Whether the reload is over before anyone can take from the module: its own package reloads it when imported."""
    package = sequence.imported
    if package is None or not package.is_package:
        return False
    prefix = f"{package.module}."
    return origin.module.startswith(prefix) and not f"{file.module}.".startswith(prefix)


def _is_over(file: SourceFile, at: Location, sequence: Sequence, import_order: ImportOrder) -> bool:
    """Whether a file imports the module whose top level reloads above the place where it takes something."""
    reloads = sequence.imported
    if reloads is None or reloads == file:
        return False
    return import_order.has_run(reloads, file, at)


def _counts(capture: Capture, event: Event) -> bool:
    name = event.names.get(capture.made.file)
    if name and capture.name and name != capture.name:
        return False
    if capture.mode is not None and capture.mode is not event.mode:
        return False
    if capture.back_from is not None and (event.mode is ReloadMode.RELOAD or capture.back_from not in event.files):
        return False
    if capture.is_of_package and not event.leaves_attribute:
        return False
    if event.mode is ReloadMode.REIMPORT:
        return True
    return capture.made.origin.kind is not OriginKind.MODULE and not capture.made.is_kept


def _bound_at(file: SourceFile, capture: Capture, sequence: Sequence, block: str, import_order: ImportOrder) -> int:
    """Return how many events of the sequence have happened when the holder is bound."""
    if sequence.file == file:
        if sequence.block == block:
            return _done_by(file, capture.taken, sequence, import_order)
        # The code that evicts its own module goes on running with what it holds.
        events = [event for event in sequence.events if event.mode is ReloadMode.RELOAD]
        if not any(file in event.files for event in events):
            return 0
    return _last_run(file, len(sequence.events), sequence, capture.made.file)


def _done_by(file: SourceFile, at: Location, sequence: Sequence, import_order: ImportOrder) -> int:
    """Return how many events of a sequence have happened when its own file takes something at a place.

    What a guard lets only the first run take, it has taken before all that a guard lets only later runs reload.
    """
    if sequence.is_guarded and import_order.is_of_first_run(file, at):
        return 0
    return sum(event.at < at for event in sequence.events)


def _last_run(file: SourceFile, until: int, sequence: Sequence, origin: SourceFile) -> int:
    """Return the number of the last event up to `until` that ran a module's body; 0 for its first import."""
    for position in range(until, 0, -1):
        event = sequence.events[position - 1]
        if file in event.files:
            if event.group and file != origin:
                return _before_group(position, sequence, event.group)
            return position
    return 0


def _run_around(origin: SourceFile, when: int, sequence: Sequence, defined: Location) -> int:
    """Return the number of the event during which another one happens, below what that has defined by then; or 0."""
    within = sequence.events[when - 1].within if 0 < when <= len(sequence.events) else ()
    if not any(file == origin and defined < at for file, at in within):
        return 0
    later = enumerate(sequence.events[when:], start=when + 1)
    return next((position for position, event in later if origin in event.files), 0)


def _before_group(position: int, sequence: Sequence, group: int) -> int:
    """Return the number of the last event before an unordered group: the worst case for what it captures."""
    while position > 0 and sequence.events[position - 1].group == group:
        position -= 1
    return position
