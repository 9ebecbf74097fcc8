"""Tells which of several changes has made an object old: the last one that found it in use."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from stalecheck.testing.moments import Moment
from stalecheck.testing.noticing import Change


def owned_by_others(mine: Collection[Change], others: Collection[Change]) -> set[int]:
    """Return the ids of what others than some changes have made old, where those are not judged yet."""
    owners: dict[int, Change] = {}
    for moment, change in _in_order((*mine, *others)):
        for one, is_present in moment.ids():
            if is_present:
                owners[one] = change
            elif any(moment is each for each in change.moments):  # It was old already, or nothing shows whether it was.
                owners.setdefault(one, change)
    return {one for one, change in owners.items() if all(change is not each for each in mine)}


def in_use_before(changes: Iterable[Change]) -> dict[int, int]:
    """Return when what was replaced was last in use, whatever it had been before: the moments' numbers, by id."""
    return {one: moment.number for moment, _ in _in_order(changes) for one, is_present in moment.ids() if is_present}


def _in_order(changes: Iterable[Change]) -> list[tuple[Moment, Change]]:
    found = [(moment, change) for change in changes for moment in (*change.moments, *change.ended)]
    return sorted(found, key=lambda each: each[0].number)
