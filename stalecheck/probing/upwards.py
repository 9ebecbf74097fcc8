"""Tells without going through what a namespace has that it leads to none of some objects."""

from __future__ import annotations

import types
from collections.abc import Callable, Collection
from gc import get_referents
from typing import Any, cast

from stalecheck.probing import heap, raw
from stalecheck.probing.data import is_data, leads

_FEW = 160
_LEVELS = 12
"""Up to so many objects a level, and so many levels, asking who leads to something is cheaper than going there."""


def may_lead_to(targets: list[object], known: Collection[int], step: Callable[[], None] = lambda: None) -> bool:
    """Whether some objects may be reached from others: False only where nobody of those can lead to them.

    Args:
        targets: Functions and classes.
        known: The others, by id.
        step: Called now and then, so that it can raise.
    """
    if heap.is_frozen() or not all(raw.shows_its_instances(cast(type, one)) for one in targets if raw.is_class(one)):
        return True
    seen = set(map(id, targets))
    level = targets
    for _ in range(_LEVELS):
        if not level:
            return False
        if len(level) > _FEW:
            return True
        step()
        own, below = {id(level), id(targets)}, level
        level = []
        own.add(id(level))
        for one in heap.referrers(below, is_own=own.__contains__):
            if id(one) in seen or not _may_lead(one, below):
                continue
            if id(one) in known:
                return True
            seen.add(id(one))
            level.append(one)
    return True


def _may_lead(holder: Any, targets: list[object]) -> bool:
    """Whether an object that refers to some of others leads to one: an instance does to its class only."""
    kind = type(holder)
    if kind is types.FunctionType:
        others = {id(holder.__globals__), id(holder.__builtins__)}
        parts = set(map(id, get_referents(holder))) - others
        return not parts.isdisjoint(map(id, targets))
    return is_data(kind) or kind is types.CellType or leads(kind) or any(kind is one for one in targets)
