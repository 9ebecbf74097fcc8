"""Which reloads leave a holder stale for good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from stalecheck.link.holding import Holding
from stalecheck.link.import_order import ImportOrder
from stalecheck.link.order import Sequence, stale_since
from stalecheck.link.renewals import Renewals, renewing
from stalecheck.model import Location, Reload, SourceFile
from stalecheck.vocabulary import ReloadMode


def find_lasting(
    holding: Holding,
    by_origin: Mapping[SourceFile, Iterable[Sequence]],
    import_order: ImportOrder,
    renewals: Renewals,
) -> tuple[Reload, ...]:
    """Return the reloads that leave a holder stale for good.

    What top levels reload is over when functions are called: one that runs the holder's body again makes it fresh.
    """
    sequences = tuple(by_origin.get(holding.capture.made.file, ()))
    found = _reloads(holding, sequences, import_order, renewals)
    repairs = [sequence for sequence in by_origin.get(holding.file, ()) if _is_repair(sequence)]
    if not found or not repairs or holding.block:
        return found
    for_good: set[Reload] = set()
    for sequence in sequences:
        is_over = sequence.file is not None and not sequence.block
        later = [repair for repair in repairs if is_over and not _runs_again(sequence, repair, holding.file)]
        followed = [Sequence(None, "", (*sequence.events, *repair.events)) for repair in later]
        stale = [set(_reloads(holding, [other], import_order, renewals)) for other in (sequence, *followed)]
        for_good |= set.intersection(*stale)
    return tuple(reload for reload in found if reload in for_good)


def _reloads(
    holding: Holding,
    sequences: Iterable[Sequence],
    import_order: ImportOrder,
    renewals: Renewals,
) -> tuple[Reload, ...]:
    found: dict[Reload, None] = {}
    # The import of an evicted submodule binds its name in the package again.
    is_own_submodule = holding.capture.made.file.module == f"{holding.file.module}.{holding.holder.name}"
    for sequence in sequences:
        is_same_block = sequence.file == holding.file and sequence.block == holding.block
        called = () if is_same_block else _called_at(holding, sequence)
        is_helper = holding.done is not None and renewals.is_called(holding, sequence)
        if (holding.until or holding.done is not None) and not (is_same_block or is_helper or called):
            continue
        if holding.is_filled_elsewhere and (
            any(holding.file in event.files for event in sequence.events)
            or _is_bound_anew(holding, sequence, import_order)
        ):
            continue
        if holding.emptied_by and not _is_filled_again(holding, sequence):
            continue
        if holding.is_reset and (
            (sequence.is_guarded and sequence.file == holding.file)
            or any(
                holding.file in event.files and not (is_same_block and event.at < holding.capture.taken)
                for event in sequence.events
            )
        ):
            continue
        capture = holding.capture
        if is_same_block and sequence.block and capture.taken.row > max(holding.span.end, holding.made_at).row:
            # What stands below a function has run when that is called.
            capture = replace(capture, taken=Location(0, 0))
        is_renewed = renewing(holding, sequence, renewals)
        since = stale_since(holding.file, capture, sequence, import_order, block=holding.block, is_renewed=is_renewed)
        for reload in since:
            if reload.mode is ReloadMode.REIMPORT and is_own_submodule:
                continue
            happens = called or tuple(
                event.end or event.at for event in sequence.events if reload in event.reloads.values()
            )
            if holding.until and happens and not any(_is_read_after(holding, at) for at in happens):
                continue
            found[reload] = None
    return tuple(sorted(found, key=reload_order))


def _is_bound_anew(holding: Holding, sequence: Sequence, import_order: ImportOrder) -> bool:
    """Whether a sequence is the later runs of the holder's own body, which bind it above all that they reload."""
    if not sequence.is_guarded or sequence.file != holding.file:
        return False
    is_above = all(holding.span.end < event.at for event in sequence.events)
    return is_above and not import_order.is_of_first_run(holding.file, holding.span.start)


def _runs_again(sequence: Sequence, repair: Sequence, holder: SourceFile) -> bool:
    """Whether a repair runs the top level that reloads once more, with the holder's body or after it."""
    first = next(index for index, event in enumerate(repair.events) if holder in event.files)
    return any(sequence.file in event.files for event in repair.events[first:])


def _is_repair(sequence: Sequence) -> bool:
    """Whether a sequence stands in a function that is no test: tests run in any order, or alone."""
    return bool(sequence.block) and not sequence.block.rpartition(".")[2].startswith("test")


def _is_read_after(holding: Holding, at: Location) -> bool:
    """Whether a call of the function reads a local import after what happens at a place."""
    return max(holding.until) > max([at, *(last for start, end, last in holding.unreached if start <= at <= end)])


def _is_filled_again(holding: Holding, sequence: Sequence) -> bool:
    """Whether a container is made and filled once more after the last time that another module has emptied it."""
    for event in reversed(sequence.events):
        if not holding.emptied_by.isdisjoint(event.files):
            return False
        if holding.file in event.files:
            return True
    return False


def _called_at(holding: Holding, sequence: Sequence) -> tuple[Location, ...]:
    """Return where the calls end by which the function of a local import calls the one that reloads."""
    file = sequence.file
    if file is None or not sequence.block:
        return ()
    fixture = sequence.block.partition(".<locals>.")[0] if ".<locals>." in sequence.block else ""
    is_near = file == holding.file or (
        file.path.name == "conftest.py" and holding.file.path.is_relative_to(file.path.parent)
    )
    return tuple(
        at
        for owner, name, at in holding.called
        if (owner == file and name == sequence.block) or (owner is None and is_near and name == fixture)
    )


def reload_order(reload: Reload) -> tuple[bool, str, Location, str]:
    """Return what reloads are sorted by: what the options name comes last."""
    path = "" if reload.path is None else reload.path.as_posix()
    return (reload.path is None, path, reload.location or Location(0, 0), reload.module)
