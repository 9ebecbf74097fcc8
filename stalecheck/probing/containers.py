"""Names what containers hold: ``app.TABLE['save']``, ``app.LIST[1]``."""

from __future__ import annotations

import re
from collections import deque
from typing import Any

from stalecheck.probing import raw
from stalecheck.probing.landmarks import type_name
from stalecheck.probing.place import Place, Step, Steps, Way, keys_of, written
from stalecheck.vocabulary import CONTAINERS, HolderKind

SEQUENCES = (list, tuple, deque)

_BUILT_IN = re.compile(r"\w+iterator|dict_\w+|mappingproxy")
"""Types that are called by another name, or by a method: ``iter([])``, ``{}.keys()``."""


def is_container(kind: type) -> bool:
    """Whether objects of a type are containers to the linter's rules, or show what is in one."""
    names = [type_name(base) for base in raw.mro(kind)]
    if any(f"{module}.{name}" in CONTAINERS for module, name in names):
        return True
    return names[0][0] in ("builtins", "_collections") and _BUILT_IN.fullmatch(names[0][1]) is not None


def of_dict(place: Place, holder: Any, way: Way) -> Steps:
    """Name a value by its keys, or a key."""
    yield from ((place.part(f"[{key}]", HolderKind.CONTAINER), 1) for key in keys_of(holder, way[1]))
    if all(found is not way[1] for found in list(dict.keys(holder))):
        return  # what a subclass holds besides
    at = 1
    while at < len(way) - 1 and type(way[at]) is tuple:
        at += 1
    yield place.aspect(f"key {written(way[1])}", place.kind or HolderKind.CONTAINER), at


def of_sequence(place: Place, holder: Any, way: Way) -> Steps:
    """Name an item by its index, that of a named tuple by its field."""
    base: Any = next(base for base in raw.mro(type(holder)) if raw.is_any(base, SEQUENCES))
    for index, item in enumerate(list(base.__iter__(holder))):
        if item is way[1]:
            yield place.part(field_of(type(holder), index) or f"[{index}]", HolderKind.CONTAINER), 1


def field_of(kind: type, index: int) -> str | None:
    """Return how the field of a named tuple is written that stands at an index; None where there is none."""
    for base in raw.mro(kind):
        fields = raw.lookup(raw.class_dict(base), "_fields")
        if type(fields) is tuple and raw.inherits(kind, tuple):
            return f".{fields[index]}" if index < len(fields) and type(fields[index]) is str else None
    return None


def of_set(place: Place, holder: Any, way: Way) -> Step:
    """Name an element."""
    return place.aspect("an element", HolderKind.CONTAINER), 1
