"""Places that reload → which files of the project run again, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from stalecheck.index import FileIndex
from stalecheck.link import Event, Sequence
from stalecheck.model import Location, Reload, ReloadRecord, SourceFile
from stalecheck.modules import ModuleTable, absolute
from stalecheck.reloads import ReloadSite
from stalecheck.vocabulary import ReloadMode

_NOWHERE = Location(0, 0)


@dataclass(frozen=True, slots=True)
class Schedule:
    """All reloads of a run."""

    sequences: tuple[Sequence, ...]
    records: tuple[ReloadRecord, ...]
    reloaded: frozenset[SourceFile]
    evicted: frozenset[SourceFile]
    reloading: frozenset[SourceFile]
    """The files whose source reloads something of the project."""

    unmatched: tuple[str, ...]
    """Patterns of the options that match no module."""


def schedule(
    sites: Mapping[SourceFile, tuple[ReloadSite, ...]],
    reloaded: Iterable[str],
    reimported: Iterable[str],
    indexes: Mapping[SourceFile, FileIndex],
    table: ModuleTable,
) -> Schedule:
    """Put the reloads in order: those in the source by block, those that patterns name each on its own."""
    sequences: list[Sequence] = []
    records: list[ReloadRecord] = []
    for file, found in sites.items():
        blocks: dict[str, list[Event]] = {}
        for site in found:
            targets = _targets(site, file, indexes, table)
            records.append(_record(site, file, targets))
            if not site.is_restored:
                blocks.setdefault(site.block, []).extend(_events(site, file, targets))
        sequences += [Sequence(file, block, tuple(events)) for block, events in blocks.items() if events]
    unmatched: list[str] = []
    for mode, patterns in ((ReloadMode.RELOAD, reloaded), (ReloadMode.REIMPORT, reimported)):
        matched: dict[SourceFile, None] = {}
        for pattern in patterns:
            files = table.match(pattern)
            if not files:
                unmatched.append(pattern)
            matched.update(dict.fromkeys(files))
        sequences += [_named(file, mode) for file in matched]
    events = [event for sequence in sequences for event in sequence.events]
    return Schedule(
        tuple(sequences),
        tuple(records),
        frozenset(file for event in events for file in event.files),
        frozenset(file for event in events if event.mode is ReloadMode.REIMPORT for file in event.files),
        frozenset(sequence.file for sequence in sequences if sequence.file is not None),
        tuple(unmatched),
    )


def _named(file: SourceFile, mode: ReloadMode) -> Sequence:
    reload = Reload(file.module, mode)
    return Sequence(None, "", (Event(frozenset({file}), mode, _NOWHERE, {file: reload}),))


def _events(site: ReloadSite, file: SourceFile, targets: list[tuple[str, tuple[SourceFile, ...]]]) -> Iterator[Event]:
    at = site.span.start
    if site.is_together:
        together = {target: None for _, found in targets for target in found}
        if together:
            yield _event(site, file, tuple(together), at)
        return
    for _, found in targets:
        if found:
            yield _event(site, file, found, at)


def _event(site: ReloadSite, file: SourceFile, targets: tuple[SourceFile, ...], at: Location) -> Event:
    reloads = {target: Reload(target.module, site.mode, file.path, at) for target in targets}
    group = hash((at.row, at.column)) or 1
    return Event(frozenset(targets), site.mode, at, reloads, group if site.is_unordered else 0)


def _record(
    site: ReloadSite, file: SourceFile, targets: list[tuple[str, tuple[SourceFile, ...]]]
) -> ReloadRecord:
    modules: dict[str, None] = {}
    for name, found in targets:
        modules.update(dict.fromkeys([target.module for target in found] or ([name] if "*" not in name else [])))
    return ReloadRecord(
        file.path,
        site.span.start,
        site.mode,
        site.spelling,
        tuple(modules),
        bool(site.targets) and not site.why,
        site.why,
        site.is_restored,
    )


def _targets(
    site: ReloadSite, file: SourceFile, indexes: Mapping[SourceFile, FileIndex], table: ModuleTable
) -> list[tuple[str, tuple[SourceFile, ...]]]:
    found: list[tuple[str, tuple[SourceFile, ...]]] = []
    for name in site.targets:
        if "*" in name:
            found.append((name, table.match(name)))
        else:
            target = _find(name, file, indexes, table)
            found.append((name, () if target is None else (target,)))
    return found


def _find(
    name: str, importer: SourceFile, indexes: Mapping[SourceFile, FileIndex], table: ModuleTable
) -> SourceFile | None:
    """Find a module by the dotted name that a reload's argument has, through packages that import it under another name."""
    seen: set[str] = set()
    while name and name not in seen:
        seen.add(name)
        found = table.find(name, importer)
        if found is not None:
            return found
        parent, _, attribute = name.rpartition(".")
        package = table.find(parent, importer) if parent else None
        if package is None or package not in indexes:
            return None
        name = _imported_as(package, attribute, indexes[package])
        importer = package
    return None


def _imported_as(package: SourceFile, attribute: str, index: FileIndex) -> str:
    for item in reversed(index.imports):
        if item.local == attribute:
            base = absolute(package, item.level, item.module or None)
            if base is None:
                return ""
            return f"{base}.{item.name}" if item.name else base
    return ""
