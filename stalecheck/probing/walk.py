"""Walks from a root to an old object and says where that is."""

from __future__ import annotations

import functools
import types
import weakref
from collections.abc import Callable
from typing import Any, cast

from stalecheck.probing import attributes, callables, containers, raw, running
from stalecheck.probing.place import Place, Step, Way, after, index_of
from stalecheck.vocabulary import HolderKind


def walk(place: Place, way: Way) -> Place:
    """Return where the last object of a way is, given where the first one is."""
    at = 0
    while at < len(way) - 1:
        place, walked = _step(place, way[at : at + 6])
        at += walked
    return place


def _step(place: Place, way: Way) -> Step:
    holder = way[0]
    if raw.is_class(holder):
        found = attributes.of_class(place, cast(type, holder), way)
    elif raw.is_module(holder):
        found = (place, 1) if type(way[1]) is dict else None
    else:
        found = next(filter(None, (name(place, holder, way) for name in _namers(type(holder)))), None)
    return found or _unknown(place, holder)


def _namers(kind: type) -> list[Callable[[Place, Any, Way], Step | None]]:
    found = [_BY_ID[id(base)] for base in raw.mro(kind) if id(base) in _BY_ID]
    return [*found, attributes.of_instance] if id(kind) not in _BY_ID or raw.is_any(kind, _WITH_ATTRIBUTES) else found


def _unknown(place: Place, holder: object) -> Step:
    """Say what holds where nothing is known about how."""
    return place.aspect(f"something in the {raw.class_name(type(holder))}", HolderKind.ATTRIBUTE), 1


def _of_alias(place: Place, holder: Any, way: Way) -> Step | None:
    base = types.GenericAlias if raw.inherits(type(holder), types.GenericAlias) else types.UnionType
    arguments: Any = base.__dict__["__args__"].__get__(holder)
    inner = after(way, 2)
    if arguments is way[1] and inner is not None:
        index = index_of(arguments, inner)
        return place.part(f".__args__[{index}]", HolderKind.ANNOTATION), 2
    return place.part(".__origin__", HolderKind.ANNOTATION), 1


def _of_weak_reference(place: Place, holder: Any, way: Way) -> Step:
    return place.aspect("callback", HolderKind.FINALIZER), 1


def _pass(place: Place, holder: Any, way: Way) -> Step:
    return place, 1


_NAMERS: dict[type, Callable[[Place, Any, Way], Step | None]] = {
    dict: containers.of_dict,
    **dict.fromkeys(containers.SEQUENCES, containers.of_sequence),
    set: containers.of_set,
    frozenset: containers.of_set,
    types.MappingProxyType: _pass,
    types.FunctionType: callables.of_function,
    types.MethodType: callables.of_method,
    types.BuiltinMethodType: callables.of_built_in,
    types.MethodWrapperType: callables.of_built_in,
    types.CellType: callables.of_cell,
    functools.partial: callables.of_partial,
    property: callables.of_property,
    staticmethod: callables.of_wrapped_method,
    classmethod: callables.of_wrapped_method,
    callables.CACHED: callables.of_cached,
    **dict.fromkeys(running.SUSPENDED, running.of_suspended),
    types.FrameType: running.of_frame,
    types.TracebackType: running.of_traceback,
    BaseException: running.of_exception,
    types.GenericAlias: _of_alias,
    types.UnionType: _of_alias,
    weakref.ref: _of_weak_reference,
}
_BY_ID = {id(kind): name for kind, name in _NAMERS.items()}
_WITH_ATTRIBUTES = (functools.partial, property, staticmethod, classmethod, BaseException)
