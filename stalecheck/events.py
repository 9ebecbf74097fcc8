"""Places that reload → which files of the project run again, in which order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache, partial

from stalecheck.index import FileIndex
from stalecheck.link import Event, Sequence
from stalecheck.model import Location, Reload, ReloadRecord, SourceFile
from stalecheck.modules import ModuleTable, absolute
from stalecheck.reloads import EVICTIONS, ReloadPlace, ReloadSite, passes, unclear_ones
from stalecheck.submodules import hidden
from stalecheck.vocabulary import ReloadMode

_NOWHERE = Location(0, 0)
_SHOWN = 3
"""How many modules a sentence names."""

_Needs = Callable[[SourceFile], frozenset[SourceFile]]
_LOADERS = frozenset({"load_module", "imp.load_module", "imp.load_source"})
"""Spellings that import a module for the first time where nothing else has imported it."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """All reloads of a run."""

    sequences: tuple[Sequence, ...]
    records: tuple[ReloadRecord, ...]
    reloaded: frozenset[SourceFile]
    evicted: frozenset[SourceFile]
    left: frozenset[SourceFile]
    """Those of them of which the old module may stay what its package calls so."""

    reloading: frozenset[SourceFile]
    """The files whose source reloads something of the project."""

    together: tuple[frozenset[SourceFile], ...]
    """Groups of which each member is only ever evicted with the rest of its group."""

    unmatched: tuple[str, ...]
    """Patterns of the options that match no module."""

    places: tuple[ReloadPlace, ...]
    """Where the sources reload something, resolved or not."""

    run_once: frozenset[SourceFile]
    """Files that reload only when they run again, which they never do."""


def schedule(
    sites: Mapping[SourceFile, tuple[ReloadSite, ...]],
    reloaded: Iterable[str],
    reimported: Iterable[str],
    indexes: Mapping[SourceFile, FileIndex],
    table: ModuleTable,
) -> Schedule:
    """Put the reloads in order: those in the source by block, those that patterns name each on its own."""
    places: list[ReloadPlace] = []
    blocks: dict[tuple[SourceFile, str], list[Event]] = {}
    unguarded: set[SourceFile] = set()
    reloading: set[SourceFile] = set()
    imported = cache(partial(_imported, indexes, table))
    needs = cache(partial(_needed, indexes, table))
    for file, found in sites.items():
        last: ReloadSite | None = None
        for site in found:
            targets = _targets(site, file, indexes, table)
            possible = _possible(site, targets)
            loaded = {target for _, files in targets for target in files}
            if site.spelling in _LOADERS and targets and imported().isdisjoint(loaded):
                continue
            if not site.is_load:
                places.append(_place(site, file, targets, possible, indexes, table))
            if not (site.is_restored or site.is_void):
                events = blocks.setdefault((file, site.block), [])
                lasting = [target for target in targets if target[0] not in site.kept]
                for event in _events(site, file, lasting, needs):
                    event = (
                        replace(event, possible=event.possible | (event.files & possible.keys())) if possible else event
                    )
                    if events and _follows(site, last):
                        events[-1] = _joined(events[-1], event)
                    else:
                        events.append(event)
                last = site
                if not site.is_guarded:
                    unguarded.add(file)
                if not (site.block or site.is_again):
                    reloading.add(file)
    named = {file for pattern in (*reloaded, *reimported) for file in table.match(pattern)}
    outside = {name for place in places for name in place.outside}
    reloading.update(file for file, _ in blocks if any(f".{file.module}".endswith(f".{name}") for name in outside))
    run_once = _run_once(blocks, reloading | named, imported, table)
    sequences = list(_nested({key: blocks[key] for key in blocks if key[1] or key[0] not in run_once}, unguarded))
    unmatched: list[str] = []
    for mode, patterns in ((ReloadMode.RELOAD, reloaded), (ReloadMode.REIMPORT, reimported)):
        matched: dict[tuple[SourceFile, str], None] = {}
        for pattern in patterns:
            files = table.match(pattern)
            if not files:
                unmatched.append(pattern)
            matched.update(dict.fromkeys((file, _meant(file, pattern, indexes)) for file in files))
        sequences += [_named(file, mode, name) for file, name in matched if not _is_shadowed(file)]
    events = [event for sequence in sequences for event in sequence.events]
    return Schedule(
        tuple(sequences),
        tuple(_record(place) for place in places if not place.site.is_void),
        frozenset(file for event in events for file in event.certain),
        frozenset(file for event in events if event.mode is ReloadMode.REIMPORT for file in event.certain),
        frozenset(file for event in events if event.leaves_attribute for file in event.certain),
        frozenset(sequence.file for sequence in sequences if sequence.file is not None),
        _always_together(sequences),
        tuple(unmatched),
        tuple(places),
        run_once,
    )


def _imported(indexes: Mapping[SourceFile, FileIndex], table: ModuleTable) -> frozenset[SourceFile]:
    """Return the files that an import statement of another file of the project imports."""
    names: set[tuple[SourceFile, str]] = set()
    for file, index in indexes.items():
        for item in (*index.imports, *(item for body in index.bodies for item in body.imports)):
            base = absolute(file, item.level, item.module or None)
            names.update((file, name) for name in (base, f"{base}.{item.name}") if name)
    targets = ((file, table.find(name, file)) for file, name in names)
    return frozenset(target for file, target in targets if target is not None and target != file)


def _always_together(sequences: Iterable[Sequence]) -> tuple[frozenset[SourceFile], ...]:
    """Return the groups of modules that are reloaded together and in no other way.

    The code that evicts its own module goes on running with what it holds, so it does not belong to the group.
    """
    groups: dict[SourceFile, frozenset[SourceFile]] = {}
    alone: set[SourceFile] = set()
    for sequence in sequences:
        for event in sequence.events:
            for file in event.files:
                if len(event.files) == 1 or groups.setdefault(file, event.files) != event.files:
                    alone.add(file)
        if sequence.file is not None:
            alone.add(sequence.file)
    kept: dict[frozenset[SourceFile], None] = {}
    for file, group in groups.items():
        if file not in alone:
            kept[group] = None
    return tuple(frozenset(group - alone) for group in kept)


def _run_once(
    blocks: Mapping[tuple[SourceFile, str], list[Event]],
    reloading: Collection[SourceFile],
    imported: Callable[[], frozenset[SourceFile]],
    table: ModuleTable,
) -> frozenset[SourceFile]:
    """Return the files, but for those that are `reloading`, whose top level reloads in later runs that never come.

    Nothing reloads them, and they are no entry point that a host would run again, as it does a package or a script:
    they stand in a package, or somebody imports them.
    """
    found = {file for file, block in blocks if not block and file not in reloading and not file.is_package}
    found.difference_update(
        target for key, events in blocks.items() for event in events for target in event.files - {key[0]}
    )
    within = {file for file in found if table.find(file.module.rpartition(".")[0], file) is not None}
    return frozenset(within | (found & imported() if found > within else set()))


def _nested(blocks: Mapping[tuple[SourceFile, str], list[Event]], unguarded: set[SourceFile]) -> Iterator[Sequence]:
    """Yield the sequences; what a module's top level reloads happens whenever that module runs again."""
    top_levels = {
        file: [event for event in events if not event.is_main] for (file, block), events in blocks.items() if not block
    }
    rerun = {
        target for (file, _), events in blocks.items() for event in events for target in event.files if target != file
    }
    once = [
        (file, event.files) for file, events in top_levels.items() for event in events if event.is_once and event.files
    ]
    for (file, block), events in blocks.items():
        is_guarded = not block and file not in unguarded
        # What others note too, they have noted when this file is first imported.
        is_noted = not block and all(
            event.is_once and any(other != file and event.files <= noted for other, noted in once) for event in events
        )
        is_own_only = (is_guarded or is_noted) and file in rerun
        for path in _paths(events):
            noted: set[SourceFile] = set()
            expanded = [inner for event in path for inner in _expand(event, event, top_levels, {file}, noted)]
            yield Sequence(file, block, tuple(expanded), is_own_only, is_guarded)


def _paths(events: list[Event]) -> Iterator[list[Event]]:
    """Yield the ways through a block: for each event those that can run in the same call, and those that have to."""
    seen: set[frozenset[Event]] = set()
    for event in events:
        most = [other for other in events if not _exclude(event, other)]
        least = [other for other in most if other.optional.issubset(event.branch)]
        for path in (most, least):
            if frozenset(path) not in seen:
                seen.add(frozenset(path))
                yield path


def _exclude(one: Event, other: Event) -> bool:
    taken = dict(one.branch)
    return any(taken.get(statement, block) != block for statement, block in other.branch)


def _follows(site: ReloadSite, last: ReloadSite | None) -> bool:
    """Whether an eviction stands right below another one: nothing is imported in between."""
    return (
        last is not None
        and {site.spelling, last.spelling} <= EVICTIONS
        and site.block == last.block
        and site.span.start.row == last.span.end.row + 1
    )


def _joined(one: Event, other: Event) -> Event:
    possible = (one.possible | other.possible) - one.certain - other.certain
    files = one.files | other.files
    return replace(one, files=files, possible=possible, reloads={**other.reloads, **one.reloads}, end=other.end)


def _expand(
    event: Event,
    outer: Event,
    top_levels: Mapping[SourceFile, list[Event]],
    seen: set[SourceFile],
    noted: set[SourceFile],
    within: tuple[tuple[SourceFile, Location], ...] = (),
) -> Iterator[Event]:
    """Yield what the modules of an event reload when they run again, and the event, all at the place of the outer one.

    Each top level once; `noted` are the modules that need not be reloaded any more by who has noted that they were.
    """
    if event.is_once:
        if event.files <= noted:
            return
        noted |= event.files
    for file in sorted(event.files & top_levels.keys(), key=lambda file: str(file.path)):
        if file not in seen:
            seen.add(file)
            for inner in top_levels[file]:
                yield from _expand(inner, outer, top_levels, seen, noted, (*within, (file, inner.at)))
    yield replace(event, at=outer.at, end=outer.end, within=within)


def _named(file: SourceFile, mode: ReloadMode, name: str) -> Sequence:
    reload = Reload(name or file.module, mode)
    names = {file: name} if name else {}
    return Sequence(None, "", (Event(frozenset({file}), mode, _NOWHERE, {file: reload}, names=names),))


def _meant(file: SourceFile, pattern: str, indexes: Mapping[SourceFile, FileIndex]) -> str:
    """Return which of its several names a file is reloaded by; empty where it has one, or the pattern leaves it open.

    A name that no import of the project spells is not one that the program has.
    """
    names = [name for name in (file.module, *file.aliases) if fnmatchcase(name, pattern)] if file.aliases else []
    if len(names) != 1:
        return ""
    items = (
        item
        for index in indexes.values()
        for item in (*index.imports, *(inner for body in index.bodies for inner in body.imports))
    )
    is_spelled = any(not item.level and names[0] in {item.module, f"{item.module}.{item.name}"} for item in items)
    return names[0] if is_spelled else ""


def _events(
    site: ReloadSite, file: SourceFile, targets: list[tuple[str, tuple[SourceFile, ...]]], needs: _Needs
) -> Iterator[Event]:
    at = site.span.start
    targets = [(name, tuple(target for target in found if not _is_shadowed(target))) for name, found in targets]
    if site.is_together:
        together = {target: None for _, found in targets for target in found}
        if together and site.mode is ReloadMode.RELOAD and site.order != "import":
            yield from _in_turn(site, file, together, at, needs)
        elif together:
            yield _event(site, file, tuple(together), at)
        return
    for name, found in targets:
        if "*" in name and site.order != "import":
            yield from _in_turn(site, file, found, at, needs)
        elif found:
            names = {target: name for target in found if _is_certain(name, target, file)}
            event = _event(site, file, found, at)
            reloads = {t: replace(reload, module=names.get(t, reload.module)) for t, reload in event.reloads.items()}
            yield replace(event, reloads=reloads, names=names)


def _in_turn(
    site: ReloadSite, file: SourceFile, targets: Iterable[SourceFile], at: Location, needs: _Needs
) -> Iterator[Event]:
    """Yield the events of a loop that runs through modules by name, or in no particular order.

    Modules that follow each other are one event as long as none of them needs one that comes after it.
    """
    ordered = sorted(targets, key=lambda target: (target.module, str(target.path)), reverse=site.order == "reversed")
    listed = frozenset(ordered)
    site = replace(site, is_unordered=site.order == "any")
    batch: list[SourceFile] = []
    needed: set[SourceFile] = set()
    for target in ordered:
        own = needs(target) & listed
        if target in needed or (site.is_unordered and not own.isdisjoint(batch)):
            yield _event(site, file, tuple(batch), at)
            batch, needed = [], set()
        batch.append(target)
        needed |= own - {target}
    if batch:
        yield _event(site, file, tuple(batch), at)


def _needed(indexes: Mapping[SourceFile, FileIndex], table: ModuleTable, file: SourceFile) -> frozenset[SourceFile]:
    """Return what a file imports at module level, and what the packages import that it takes something from."""
    direct = _imported_by(file, indexes, table)
    packages = [other for other in direct if other.is_package]
    return direct.union(*(_imported_by(package, indexes, table) for package in packages))


def _imported_by(
    file: SourceFile, indexes: Mapping[SourceFile, FileIndex], table: ModuleTable
) -> frozenset[SourceFile]:
    found: set[SourceFile] = set()
    for item in indexes[file].imports if file in indexes else ():
        base = absolute(file, item.level, item.module or None)
        for name in (base, f"{base}.{item.name}" if item.name else None):
            target = table.find(name, file) if name else None
            if target is not None:
                found.add(target)
    return frozenset(found)


def _is_certain(name: str, target: SourceFile, reloading: SourceFile) -> bool:
    """Whether a reload's own spelling says by which of its several names a file is reloaded."""
    if name in target.aliases:
        return True
    # What a file with several names imports relative to itself has as many.
    is_beside = name.partition(".")[0] == reloading.module.partition(".")[0]
    return bool(target.aliases) and name == target.module and not (reloading.aliases and is_beside)


def _is_shadowed(file: SourceFile) -> bool:
    """Whether a compiled extension stands beside the file: that one is imported, and it is not initialised again."""
    stem = file.path.stem
    return any(
        other.suffix in {".so", ".pyd"} and other.name.partition(".")[0] == stem
        for other in file.path.parent.glob(f"{stem}.*")
    )


def _event(site: ReloadSite, file: SourceFile, targets: tuple[SourceFile, ...], at: Location) -> Event:
    reloads = {target: Reload(target.module, site.mode, file.path, at) for target in targets}
    group = hash((at.row, at.column)) or 1
    return Event(
        frozenset(targets),
        site.mode,
        at,
        reloads,
        site.branch,
        site.optional,
        group if site.is_unordered else 0,
        site.is_once,
        # What is loaded may not have been imported before.
        possible=frozenset(targets) if site.is_load else frozenset(),
        leaves_attribute=site.leaves_attribute,
        end=site.span.end,
        is_main=site.is_main,
    )


def _place(
    site: ReloadSite,
    file: SourceFile,
    targets: list[tuple[str, tuple[SourceFile, ...]]],
    possible: Mapping[SourceFile, tuple[str, ...]],
    indexes: Mapping[SourceFile, FileIndex],
    table: ModuleTable,
) -> ReloadPlace:
    files: dict[SourceFile, None] = {}
    outside: list[str] = []
    wrong = list(site.wrong)
    names: list[str] = []
    for name, found in targets:
        if found:
            files.update(dict.fromkeys(target for target in found if target not in possible))
        elif "*" in name or name in outside:
            continue
        elif name in site.attributes and (over := hidden(name, file, indexes, table)) is not None:
            package = over.name.rpartition(".")[0]
            wrong.append(f"`{over.name}` is no module: `{package}` binds the name over its submodule")
        elif _is_attribute(name, file, table):
            wrong.append(f"`{name}` is no module of what was read")
            names.append(name)
        else:
            outside.append(name)
    return ReloadPlace(
        file,
        site,
        tuple(files),
        tuple(dict.fromkeys(outside)),
        tuple(wrong),
        tuple(possible),
        _unclear(possible),
        tuple(names),
        _halves(site, table),
    )


def _halves(site: ReloadSite, table: ModuleTable) -> tuple[SourceFile, ...]:
    """Return what a sweep certainly evicts and nothing imports anew."""
    found: dict[SourceFile, None] = {}
    for pattern in site.targets if site.halves and not site.is_restored else ():
        for file in table.match(pattern) if "*" in pattern else ():
            is_meant = file.module in site.halves and (_is_level(file, pattern) or not site.is_flat)
            if is_meant and _passes(file, pattern, site):
                found[file] = None
    return tuple(found)


def _record(place: ReloadPlace) -> ReloadRecord:
    site = place.site
    inside = dict.fromkeys(file.module for file in place.files)
    whys = [why for why in (site.why, place.unclear, *(why for why in place.wrong if why not in site.wrong)) if why]
    return ReloadRecord(
        place.file.path,
        site.span.start,
        site.mode,
        site.spelling,
        (*inside, *place.outside),
        bool(site.targets) and not whys,
        "; ".join(dict.fromkeys(whys)),
        site.is_restored,
        place.outside,
    )


def _is_attribute(name: str, importer: SourceFile, table: ModuleTable) -> bool:
    """Whether a dotted name that is no file of the project can be no other module either."""
    parent = name.rpartition(".")[0]
    if parent.partition(".")[0] == "builtins":
        return True
    is_direct = True
    while parent:
        above = table.find(parent, importer)
        if above is not None:
            return is_direct or not above.is_package
        parent, is_direct = parent.rpartition(".")[0], False
    return False


def _targets(
    site: ReloadSite, file: SourceFile, indexes: Mapping[SourceFile, FileIndex], table: ModuleTable
) -> list[tuple[str, tuple[SourceFile, ...]]]:
    found: list[tuple[str, tuple[SourceFile, ...]]] = []
    for name in site.targets:
        if "*" in name:
            matched = tuple(t for t in table.match(name) if t.module not in site.halves)
            matched = tuple(t for t in matched if _passes(t, name, site) is not False)
            found.append((name, tuple(t for t in matched if _is_level(t, name)) if site.is_flat else matched))
        else:
            over = hidden(name, file, indexes, table) if name in site.attributes else None
            if over is None:
                target = _find(name, file, indexes, table)
            else:
                behind = ".".join(filter(None, (over.behind, over.rest)))
                target = _find(behind, over.package, indexes, table) if over.behind else None
            if target is None or _passes(target, name, site) is not False:
                found.append((name, () if target is None else (target,)))
    return found


def _passes(file: SourceFile, pattern: str, site: ReloadSite) -> bool | None:
    """Whether a file passes the conditions for what a pattern stands for; None where nobody knows."""
    alternatives = [filters for target, filters in site.filters if target == pattern]
    if not alternatives or () in alternatives:
        return True
    names = [name for name in (file.module, *file.aliases) if fnmatchcase(name, pattern)] or [file.module]
    verdicts = {passes(filters, name, is_package=file.is_package) for filters in alternatives for name in names}
    return True if True in verdicts else None if None in verdicts else False


def _possible(site: ReloadSite, targets: list[tuple[str, tuple[SourceFile, ...]]]) -> dict[SourceFile, tuple[str, ...]]:
    """Return the modules of which nobody knows whether they are reloaded, with the conditions that decide it."""
    found: dict[SourceFile, tuple[str, ...]] = {}
    named = [(pattern, frozenset(files)) for pattern, files in targets] if site.filters else []
    for pattern, files in targets if site.filters else ():
        alternatives = [filters for target, filters in site.filters if target == pattern]
        for file in files:
            if _passes(file, pattern, site) is None and not any(
                file in others and _passes(file, other, site) for other, others in named
            ):
                asked = (unclear_ones(filters, file.module, is_package=file.is_package) for filters in alternatives)
                found[file] = tuple(dict.fromkeys(written for ones in asked for written in ones))
    return found


def _unclear(possible: Mapping[SourceFile, tuple[str, ...]]) -> str:
    """Why it is not known which modules a loop picks."""
    if not possible:
        return ""
    asked = dict.fromkeys(written for ones in possible.values() for written in ones)
    conditions = ", ".join(f"`{written}`" for written in asked)
    modules = [f"`{file.module}`" for file in possible]
    shown = ", ".join([*modules[:_SHOWN], *(["…"] if len(modules) > _SHOWN else [])])
    return f"whether {conditions} lets {shown} pass is not known"


def _is_level(file: SourceFile, pattern: str) -> bool:
    """Whether a name of a file matches a pattern without a dot where the ``*`` is."""
    names = (name for name in (file.module, *file.aliases) if fnmatchcase(name, pattern))
    return any(name.count(".") == pattern.count(".") for name in names)


def _find(
    name: str, importer: SourceFile, indexes: Mapping[SourceFile, FileIndex], table: ModuleTable
) -> SourceFile | None:
    """Find a module by the dotted name of a reload's argument, through packages that import it by another name."""
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
