"""Walks from a root to an old object and says where that is."""

from __future__ import annotations

import contextvars
import functools
import threading
import types
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from stalecheck.probing import attributes, callables, containers, raw, running
from stalecheck.probing.landmarks import type_name
from stalecheck.probing.place import Place, Step, Way, after, index_of
from stalecheck.vocabulary import HolderKind

_SHOWN = 50
"""So many places at each end of a long way are shown: the others are nodes of a list."""


def walk(place: Place, way: Way) -> Place:
    """Return where the last object of a way is, given where the first one is."""
    at = 0
    trail = [place.text]
    while at < len(way) - 1:
        place, walked = _step(place, way[at:])
        at += walked
        if at <= _SHOWN or len(way) - at <= _SHOWN:
            trail.append(place.text)
    return replace(place, trail=tuple(dict.fromkeys(trail)))


def _step(place: Place, way: Way) -> Step:
    holder = way[0]
    if raw.is_class(holder):
        found = attributes.of_class(place, cast(type, holder), way)
    elif raw.is_module(holder):
        found = (place, 1) if type(way[1]) is dict else None
    else:
        found = next(filter(None, (name(place, holder, way) for name in _namers(type(holder)))), None)
    return found or _unknown(place, way)


def _namers(kind: type) -> list[Callable[[Place, Any, Way], Step | None]]:
    found = [_BY_ID[id(base)] for base in raw.mro(kind) if id(base) in _BY_ID]
    for base in raw.mro(kind):
        name = ".".join(type_name(base))
        if name in _NAMERS_BY_NAME:
            found.append(_NAMERS_BY_NAME[name])
    return [*found, attributes.of_instance] if id(kind) not in _BY_ID or raw.is_any(kind, _WITH_ATTRIBUTES) else found


_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))


def _unknown(place: Place, way: Way) -> Step:
    """Say what holds where nothing is known about how; an iterator or a view stands for what it shows."""
    kind = type(way[0])
    module, name = type_name(kind)
    is_view = raw.is_any(kind, _VIEWS) or "__next__" in raw.class_dict(kind)
    if is_view and module in ("builtins", "itertools", "_collections") and len(way) > 2:
        return place, 1
    return place.aspect(f"something in the {name}", HolderKind.ATTRIBUTE), 1


def _of_alias(place: Place, holder: Any, way: Way) -> Step | None:
    base = types.GenericAlias if raw.inherits(type(holder), types.GenericAlias) else types.UnionType
    arguments: Any = base.__dict__["__args__"].__get__(holder)
    inner = after(way, 2)
    if arguments is way[1] and inner is not None:
        index = index_of(arguments, inner)
        return place.part(f".__args__[{index}]", HolderKind.ANNOTATION), 2
    return place.part(".__origin__", HolderKind.ANNOTATION), 1


def _of_typing_alias(place: Place, holder: Any, way: Way) -> Step | None:
    step = attributes.of_instance(place, holder, way)
    return (replace(step[0], kind=place.kind or HolderKind.ANNOTATION), step[1]) if step else None


def _of_weak_reference(place: Place, holder: Any, way: Way) -> Step:
    return place.aspect("callback", HolderKind.FINALIZER), 1


def _of_finalizer(place: Place, holder: Any, way: Way) -> Step | None:
    step = attributes.of_instance(Place("", "", None), holder, way)
    if step is None:
        return None
    what = {".func": "function", ".args": "arguments", ".kwargs": "keyword arguments"}.get(
        step[0].text, "weak reference"
    )
    return Place("weakref.finalize", what, HolderKind.FINALIZER), step[1]


def _of_handle(place: Place, holder: Any, way: Way) -> Step | None:
    step = attributes.of_instance(Place("", "", None), holder, way)
    if step is None:
        return None
    what = {"._callback": "callback", "._args": "arguments", "._context": "context"}.get(step[0].text)
    return (place.aspect(what, HolderKind.CALLBACK), step[1]) if what else None


def _of_future(place: Place, holder: Any, way: Way) -> Step | None:
    child, inner = way[1], after(way, 2)
    if type(child) is types.CoroutineType:
        return place, 1
    of = [raw.class_dict(base) for base in raw.mro(type(holder)) if type_name(base)[0] == "_asyncio"]
    for name, text in (("_result", ".result()"), ("_exception", ".exception()"), ("_loop", "._loop")):
        if any(name in members and members[name].__get__(holder) is child for members in of):
            return place.part(text, HolderKind.ATTRIBUTE), 1
    if any("_fut_waiter" in members and members["_fut_waiter"].__get__(holder) is child for members in of):
        return place.aspect("the awaited future", HolderKind.TASK), 1
    if type(child) is dict and inner is not None:
        key = next((one for one, value in list(child.items()) if value is inner and type(one) is str), None)
        return (place.part(f".{key}", HolderKind.ATTRIBUTE), 2) if key is not None else None
    at = 1
    while at < len(way) - 1 and raw.is_any(type(way[at]), (list, tuple)):
        at += 1
    if type(way[at]) is contextvars.Context and at < len(way) - 1:
        return place, at
    return place.aspect("a done callback", HolderKind.CALLBACK), at


def _of_event_loop(place: Place, holder: Any, way: Way) -> Step | None:
    step = attributes.of_instance(Place("", "", None), holder, way)
    if step is not None and step[0].text == "._exception_handler":
        return place.aspect("exception handler", HolderKind.CALLBACK), step[1]
    return None


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
    raw.CACHED: callables.of_cached,
    **dict.fromkeys(running.SUSPENDED, running.of_suspended),
    types.FrameType: running.of_frame,
    types.TracebackType: running.of_traceback,
    BaseException: running.of_exception,
    types.GenericAlias: _of_alias,
    types.UnionType: _of_alias,
    weakref.ref: _of_weak_reference,
    contextvars.Context: running.of_context,
    contextvars.ContextVar: running.of_variable,
    threading.local: running.of_thread_local,
    threading.Thread: running.of_thread,
    weakref.finalize._Info: _of_finalizer,  # type: ignore[attr-defined]
}
_BY_ID = {id(kind): name for kind, name in _NAMERS.items()}
_NAMERS_BY_NAME: dict[str, Callable[[Place, Any, Way], Step | None]] = {
    "_asyncio.Future": _of_future,
    "asyncio.events.Handle": _of_handle,
    "asyncio.events.AbstractEventLoop": _of_event_loop,
    "typing._BaseGenericAlias": _of_typing_alias,
}
_WITH_ATTRIBUTES = (threading.local, functools.partial, property, staticmethod, classmethod, BaseException)
