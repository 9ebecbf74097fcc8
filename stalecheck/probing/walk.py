"""Walks from a root to an old object and says where that is."""

from __future__ import annotations

import contextvars
import enum
import functools
import threading
import types
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from stalecheck.probing import attributes, callables, containers, raw, running
from stalecheck.probing.landmarks import type_name
from stalecheck.probing.place import Place, Step, Steps, Way, after, attribute, indexes_of, names_of
from stalecheck.vocabulary import HolderKind

_SHOWN = 50
"""So many places at each end of a long way are shown: the others are nodes of a list."""


def walk(place: Place, way: Way, is_name: Callable[[str], bool] | None = None) -> Iterator[Place]:
    """Yield where the last object of a way is, given where the first one is; its holder may have it several times.

    Args:
        place: Where the first object is.
        way: The objects.
        is_name: Whether a place, as it is written, is a name: what lies beyond it is the name's.
    """
    at = 0
    trail = [place.text]
    while at < len(way) - 1:
        steps = [(_ruled(place, found, way[at], is_name), walked) for found, walked in _steps(place, way[at:])]
        last = [found for found, walked in steps if at + walked == len(way) - 1]
        if len(last) > 1 and len(last) == len(steps):
            yield from (replace(found, trail=tuple(dict.fromkeys((*trail, found.text)))) for found in last)
            return
        place, walked = steps[0]
        at += walked
        if at <= _SHOWN or len(way) - at <= _SHOWN:
            trail.append(place.text)
    yield replace(place, trail=tuple(dict.fromkeys(trail)))


def _ruled(before: Place, found: Place, holder: object, is_name: Callable[[str], bool] | None) -> Place:
    """Return a place in a holder with the kind that the holder gives it, the first one beyond a name."""
    if found.kind is None:
        return found
    if is_name is not None and not found.what and found.subject != before.subject and is_name(found.subject):
        return replace(found, kind=None)
    if before.kind is None and found.kind in (HolderKind.ATTRIBUTE, HolderKind.SLOT):
        if raw.inherits(type(type(holder)), enum.EnumMeta):
            return replace(found, kind=None)  # A member stands for its value.
        if containers.is_container(type(holder)):
            return replace(found, kind=HolderKind.CONTAINER)
    return found


def _steps(place: Place, way: Way) -> Steps:
    """Yield the steps that may be next: all where the way ends with them, else the best one."""
    found: Step | None = None
    for namer in _namers(way[0]):
        for step in namer(place, way[0], way):
            yield step
            if step[1] < len(way) - 1:
                return
            found = step
        if found is not None:
            return
    yield _unknown(place, way)


_Namer = Callable[[Place, Any, Way], Iterable[Step]]


def _one(name: Callable[[Place, Any, Way], Step | None]) -> _Namer:
    return lambda place, holder, way: filter(None, (name(place, holder, way),))


def _namers(holder: object) -> list[_Namer]:
    if raw.is_class(holder):
        return [attributes.of_class]
    if raw.is_module(holder):
        return [_of_module]
    kind = type(holder)
    found = [_BY_ID[id(base)] for base in raw.mro(kind) if id(base) in _BY_ID]
    for base in raw.mro(kind):
        name = ".".join(type_name(base))
        if name in _NAMERS_BY_NAME:
            found.append(_NAMERS_BY_NAME[name])
    return [*found, attributes.of_instance] if id(kind) not in _BY_ID or raw.is_any(kind, _WITH_ATTRIBUTES) else found


def _of_module(place: Place, module: Any, way: Way) -> Steps:
    inner = after(way, 2)
    if way[1] is raw.module_dict(module) and inner is not None:
        names = names_of(raw.module_dict(module), inner)
        yield from ((place.part(attribute(name), HolderKind.ATTRIBUTE), 2) for name in names)
    elif type(way[1]) is dict:
        yield place, 1


_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))


def _unknown(place: Place, way: Way) -> Step:
    """Say what holds where nothing is known about how; an iterator or a view stands for what it shows."""
    kind = type(way[0])
    module, name = type_name(kind)
    is_view = raw.is_any(kind, _VIEWS) or "__next__" in raw.class_dict(kind)
    if module == "itertools" and name == "_tee_dataobject":
        return place.part("", HolderKind.WRAPPED_CALLABLE), 1
    if is_view and module in ("builtins", "itertools", "_collections") and len(way) > 2:
        return place.part("", HolderKind.CONTAINER if containers.is_container(kind) else HolderKind.WRAPPED_CALLABLE), 1
    return place.aspect(f"something in the {name}", place.kind or HolderKind.ATTRIBUTE), 1


def _of_alias(place: Place, holder: Any, way: Way) -> Steps:
    base = types.GenericAlias if raw.inherits(type(holder), types.GenericAlias) else types.UnionType
    arguments: Any = base.__dict__["__args__"].__get__(holder)
    inner = after(way, 2)
    if arguments is way[1] and inner is not None:
        for index in indexes_of(arguments, inner):
            yield place.part(f".__args__[{index}]", HolderKind.ANNOTATION), 2
    else:
        yield place.part(".__origin__", HolderKind.ANNOTATION), 1


def _of_typing_alias(place: Place, holder: Any, way: Way) -> Steps:
    for found, walked in attributes.of_instance(place, holder, way):
        yield replace(found, kind=place.kind or HolderKind.ANNOTATION), walked


def _of_weak_reference(place: Place, holder: Any, way: Way) -> Step:
    return place.aspect("callback", place.kind or HolderKind.FINALIZER), 1


def _of_finalizer(place: Place, holder: Any, way: Way) -> Step | None:
    step = next(attributes.of_instance(Place("", "", None), holder, way), None)
    if step is None:
        return None
    what = {".func": "function", ".args": "arguments", ".kwargs": "keyword arguments"}.get(
        step[0].text, "weak reference"
    )
    return Place("weakref.finalize", what, HolderKind.FINALIZER), step[1]


def _of_handle(place: Place, holder: Any, way: Way) -> Step | None:
    step = next(attributes.of_instance(Place("", "", None), holder, way), None)
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
    step = next(attributes.of_instance(Place("", "", None), holder, way), None)
    if step is not None and step[0].text == "._exception_handler":
        return place.aspect("exception handler", HolderKind.CALLBACK), step[1]
    return None


def _pass(place: Place, holder: Any, way: Way) -> Step:
    return place, 1


_NAMERS: dict[type, _Namer] = {
    dict: containers.of_dict,
    **dict.fromkeys(containers.SEQUENCES, containers.of_sequence),
    set: _one(containers.of_set),
    frozenset: _one(containers.of_set),
    types.MappingProxyType: _one(_pass),
    types.FunctionType: callables.of_function,
    types.MethodType: _one(callables.of_method),
    types.BuiltinMethodType: _one(callables.of_built_in),
    types.MethodWrapperType: _one(callables.of_built_in),
    types.CellType: _one(callables.of_cell),
    functools.partial: callables.of_partial,
    property: callables.of_property,
    staticmethod: _one(callables.of_wrapped_method),
    classmethod: _one(callables.of_wrapped_method),
    raw.CACHED: _one(callables.of_cached),
    **dict.fromkeys(running.SUSPENDED, _one(running.of_suspended)),
    types.FrameType: _one(running.of_frame),
    types.TracebackType: _one(running.of_traceback),
    BaseException: _one(running.of_exception),
    types.GenericAlias: _of_alias,
    types.UnionType: _of_alias,
    weakref.ref: _one(_of_weak_reference),
    contextvars.Context: _one(running.of_context),
    contextvars.ContextVar: _one(running.of_variable),
    threading.local: _one(running.of_thread_local),
    threading.Thread: _one(running.of_thread),
    weakref.finalize._Info: _one(_of_finalizer),  # type: ignore[attr-defined]
}
_BY_ID = {id(kind): name for kind, name in _NAMERS.items()}
_NAMERS_BY_NAME: dict[str, _Namer] = {
    "_asyncio.Future": _one(_of_future),
    "asyncio.events.Handle": _one(_of_handle),
    "asyncio.events.AbstractEventLoop": _one(_of_event_loop),
    "typing._BaseGenericAlias": _of_typing_alias,
}
_WITH_ATTRIBUTES = (threading.local, functools.partial, property, staticmethod, classmethod, BaseException)
