"""Goes through the containers that a namespace leads to, a level at a time: there may be millions of them."""

from __future__ import annotations

import functools
import types
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from gc import get_referents
from itertools import chain, compress
from typing import Any, cast

from stalecheck.probing import raw

DESCRIPTORS = (functools.cached_property, functools.partialmethod, functools.singledispatchmethod)

_LEADING = (types.FunctionType, types.MethodType, staticmethod, classmethod, property, functools.partial, raw.CACHED)
_WITHOUT_KEYS = (list, tuple, set, frozenset, deque)
_CHUNK = 4096
"""Of so many containers the contents are taken at once."""

_SLICE = 1 << 16
"""So much of the contents is looked at without a step."""


def is_data(kind: type) -> bool:
    """Whether objects of a class are containers that are gone through."""
    return kind is dict or raw.is_any(kind, _WITHOUT_KEYS)


def leads(kind: type) -> bool:
    """Whether objects of a class lead to more than their class, and so are looked at one by one."""
    return raw.is_any(kind, (*_LEADING, *DESCRIPTORS)) or raw.inherits(kind, type)


class Data:
    """What the containers of a namespace have. Each one is gone through once, each class of objects named once."""

    def __init__(self, step: Callable[[], None]) -> None:
        """Take what is called now and then, so that it can raise."""
        self._step = step
        self.seen: set[int] = set()
        """What has been gone through, by id."""

        self._kinds: dict[int, type] = {}
        self._inner: set[int] = set()
        self._leading: set[int] = set()

    def of(self, containers: Iterable[object]) -> tuple[list[object], list[Collection[object]]]:
        """Return what leads on of that which containers have: objects, and the classes of others; and the containers.

        Those that have been gone through are not among them.
        """
        level = {id(one): one for one in containers}
        self.seen.update(level)
        holders = list(level.values())
        found: list[object] = []
        level = {}
        for start in range(0, len(holders), _CHUNK):
            parts = _parts(holders[start : start + _CHUNK])
            for first in range(0, len(parts), _SLICE):
                self._step()
                self._sort(parts[first : first + _SLICE], found, level)
        for one in level.keys() & self.seen:
            del level[one]
        return found, cast(list[Collection[object]], list(level.values()))

    def _sort(self, parts: list[object], found: list[object], level: dict[int, object]) -> None:
        """Add what leads on to what has been found, and containers to the next level."""
        kinds = set(map(id, map(type, parts)))
        for one in kinds.difference(self._kinds):
            self._learn(type(next(_of_kinds(parts, {one}))), found)
        if not self._leading.isdisjoint(kinds):
            found += _of_kinds(parts, self._leading)
        if not self._inner.isdisjoint(kinds):
            inner = list(_of_kinds(parts, self._inner))
            level.update(zip(map(id, inner), inner, strict=True))

    def _learn(self, kind: type, found: list[object]) -> None:
        self._kinds[id(kind)] = kind
        if is_data(kind):
            self._inner.add(id(kind))
        elif leads(kind):
            self._leading.add(id(kind))
        else:
            found.append(kind)


def _of_kinds(parts: list[object], kinds: set[int]) -> Iterator[object]:
    return compress(parts, map(kinds.__contains__, map(id, map(type, parts))))


def _parts(holders: list[object]) -> list[object]:
    """Return the contents of containers, of dicts the values."""
    dicts: Any = [one for one in holders if type(one) is dict]
    others = [one for one in holders if type(one) is not dict] if dicts else holders
    # Another thread may change a dict: a copy of its values is made in one go.
    values = chain.from_iterable(map(list, map(dict.values, dicts)))
    return [*cast("Iterable[object]", values), *get_referents(*others)]
