"""Passes over the objects that the garbage collector tracks."""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Callable, Collection
from gc import get_freeze_count, get_objects, get_referents, get_referrers, is_tracked
from typing import Any
from weakref import ref

from stalecheck.probing import raw

_FEW = 160
"""Up to here `gc.get_referrers`, which compares each edge with each target, is the faster of the two."""

_CHUNK = 24
_STEP = _CHUNK * 4096

_TASKS_HIDE = sys.version_info < (3, 12)
"""Whether `gc.get_referrers` passes over tasks of asyncio that have an object as futures do: result, callbacks."""

_NAMESPACE_LOADER: Any = getattr(
    sys.modules["_frozen_importlib_external"], "NamespaceLoader" if sys.version_info >= (3, 11) else "_NamespaceLoader"
)

_FROZEN_AT_START = 1_000
"""More objects than an interpreter freezes by itself when it starts (3.12: 375), fewer than there are afterwards."""


def is_frozen() -> bool:
    """Whether `gc.freeze` hides objects."""
    return get_freeze_count() > _FROZEN_AT_START


def functions_and_namespaces() -> list[object]:
    """Return all Python functions and all namespaces of Python modules: both refer to the built-in names."""
    return get_referrers(builtins.__dict__)


def namespaces_without_code() -> list[dict[str, Any]]:
    """Return the namespaces of packages that are folders without an ``__init__.py``: nothing has run in those."""
    loaders = [found for found in get_referrers(_NAMESPACE_LOADER) if type(found) is _NAMESPACE_LOADER]
    found = get_referrers(*loaders) if loaders else []
    return [one for one in found if type(one) is dict and type(raw.lookup(one, "__loader__")) is _NAMESPACE_LOADER]


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
        near = [found for found in get_referrers(*arguments) if found is not arguments and not is_own(id(found))]
        return [*near, *_tasks_beside(near, targets)] if _TASKS_HIDE else near
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


def _tasks_beside(known: list[object], targets: Collection[object]) -> list[object]:
    """Return the tasks of asyncio that refer to any of the targets and have not been found yet."""
    asyncio = raw.imported("asyncio.tasks")
    tasks = raw.lookup(raw.module_dict(asyncio), "_all_tasks") if asyncio is not None else None
    references: Any = raw.stored(tasks, "data") if tasks is not None else None
    if type(references) is not set:
        return []
    ids, seen = {id(target) for target in targets}, {id(one) for one in known}
    found = [reference() for reference in list(references) if type(reference) is ref]
    return [one for one in found if id(one) not in seen and not ids.isdisjoint(map(id, get_referents(one)))]


def untracked_holders(targets: Collection[object]) -> list[tuple[object, list[object]]]:
    """Return the tuples and dicts that the collector does not track and that refer to targets that it does not either.

    Those of atoms and of such targets alone are not tracked. They are looked for in what the namespaces of modules and
    of classes have, in functions, and in what those refer to.

    Returns:
        Each one with what it refers to.
    """
    left = {id(one) for one in targets if not is_tracked(one)}
    if not left:
        return []
    holders = {id(one): one for one in (*functions_and_namespaces(), *raw.all_classes())}
    second = {id(one): one for holder in holders.values() for one in referents(holder) if is_tracked(one)}
    deep = [holder for holder in second.values() if not raw.is_any(type(holder), _LOOKED_INTO)]
    holders |= second
    holders |= {id(one): one for holder in deep for one in referents(holder) if is_tracked(one)}
    seen: set[int] = set()
    found: list[tuple[object, list[object]]] = []
    pending: list[object] = []
    for holder in holders.values():
        pending += [one for one in referents(holder) if _is_untracked(one)]
    within: dict[int, tuple[object, list[object]]] = {}
    while pending:
        one = pending.pop()
        if id(one) not in seen:
            seen.add(id(one))
            parts = get_referents(one)
            within[id(one)] = one, parts
            pending += [part for part in parts if _is_untracked(part)]
    is_growing = True
    while is_growing:
        is_growing = False
        for which, (one, parts) in list(within.items()):
            if not left.isdisjoint(map(id, parts)):
                left.add(which)
                found.append((one, parts))
                del within[which]
                is_growing = True
    return found


_LOOKED_INTO = (types.FunctionType, types.ModuleType, type)


def _is_untracked(obj: object) -> bool:
    return (type(obj) is tuple or type(obj) is dict) and not is_tracked(obj)


def referents(obj: object) -> list[object]:
    """Return what a tracked object refers to."""
    return [] if type(obj) is types.ModuleType and obj is _unsafe() else get_referents(obj)


def _unsafe() -> object:
    """Return the object that must not be asked for what it refers to; None if there is none.

    In Python 3.12, `_asyncio` shows those that it has freed and keeps for use again. Whoever refers to one of them
    frees it once more, and then the interpreter goes round in circles.
    """
    return raw.imported("_asyncio") if sys.version_info[:2] == (3, 12) else None
