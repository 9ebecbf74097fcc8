"""Passes over the objects that the garbage collector tracks."""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Callable, Collection
from gc import get_freeze_count, get_objects, get_referents, get_referrers

from stalecheck.probing import raw

_FEW = 160
"""Up to here `gc.get_referrers`, which compares each edge with each target, is the faster of the two."""

_CHUNK = 24
_STEP = _CHUNK * 4096

_FROZEN_AT_START = 1_000
"""More objects than an interpreter freezes by itself when it starts (3.12: 375), fewer than there are afterwards."""


def is_frozen() -> bool:
    """Whether `gc.freeze` hides objects."""
    return get_freeze_count() > _FROZEN_AT_START


def functions_and_namespaces() -> list[object]:
    """Return all Python functions and all namespaces of Python modules: both refer to the built-in names."""
    return get_referrers(builtins.__dict__)


def referrers(
    targets: Collection[object], *, is_own: Callable[[int], bool], step: Callable[[], None] = lambda: None
) -> list[object]:
    """Return the tracked objects that refer to any of the targets.

    Args:
        targets: The objects.
        is_own: Tells by its id what the caller itself holds the targets with.
        step: Called now and then, so that it can raise.
    """
    if len(targets) <= _FEW:
        arguments = tuple(targets)  # 3.13 counts the arguments as a referrer.
        return [found for found in get_referrers(*arguments) if found is not arguments and not is_own(id(found))]
    ids = {id(target) for target in targets}
    tracked = get_objects()
    unsafe = _unsafe()
    if unsafe is not None:
        tracked = [found for found in tracked if found is not unsafe]
    apart = ids.isdisjoint
    found = []
    for start in range(0, len(tracked), _CHUNK):
        if start % _STEP == 0:
            step()
        chunk = tracked[start : start + _CHUNK]
        if not apart(map(id, get_referents(*chunk))):
            found += [one for one in chunk if not apart(map(id, get_referents(one))) and not is_own(id(one))]
    return found


def referents(obj: object) -> list[object]:
    """Return what a tracked object refers to."""
    return [] if type(obj) is types.ModuleType and obj is _unsafe() else get_referents(obj)


def _unsafe() -> object:
    """Return the object that must not be asked for what it refers to; None if there is none.

    In Python 3.12, `_asyncio` shows those that it has freed and keeps for use again. Whoever refers to one of them
    frees it once more, and then the interpreter goes round in circles.
    """
    return raw.imported("_asyncio") if sys.version_info[:2] == (3, 12) else None
