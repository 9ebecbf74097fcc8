"""Names what suspended functions, tracebacks and exceptions hold."""

from __future__ import annotations

import contextvars
import types
from typing import Any

from stalecheck.probing.attributes import of_instance
from stalecheck.probing.frames import shown, values_of
from stalecheck.probing.place import Place, Step, Way, after, index_of
from stalecheck.vocabulary import HolderKind

_SUSPENDED = {
    types.GeneratorType: ("generator", "gi_frame"),
    types.CoroutineType: ("coroutine", "cr_frame"),
    types.AsyncGeneratorType: ("async generator", "ag_frame"),
}
SUSPENDED = tuple(_SUSPENDED)


def of_suspended(place: Place, holder: Any, way: Way) -> Step:
    """Name a local variable of a generator or coroutine that waits to go on."""
    noun, attribute = _SUSPENDED[type(holder)]
    frame = getattr(holder, attribute)
    # Up to 3.12 that makes a frame, which stays until the generator has ended.
    at = 1
    if way[1] is frame and len(way) > 2:
        at = 2
    if frame is None:
        return place.aspect(f"something in a {noun}", HolderKind.GENERATOR), 1
    return place.aspect(f"{_variable(frame, way[at], holder)} in {noun} {_where(frame)}", HolderKind.GENERATOR), at


def of_frame(place: Place, frame: types.FrameType, way: Way) -> Step:
    """Name a local variable of a function that has ended and is kept by a traceback."""
    return place.aspect(f"{_variable(frame, way[1])} in {_where(frame)}", HolderKind.LOCAL), 1


def _variable(frame: types.FrameType, value: object, owner: object = None) -> str:
    name = next((name for name, found in values_of(frame, owner=owner) if found is value), None)
    return f"local {name!r}" if name else "a value in use"


def _where(frame: types.FrameType) -> str:
    code = frame.f_code
    return f"{getattr(code, 'co_qualname', code.co_name)}() at {shown(code.co_filename)}:{frame.f_lineno}"


def of_traceback(place: Place, holder: Any, way: Way) -> Step:
    """Pass over a traceback: what counts is the frame behind it."""
    return place, 1


def of_exception(place: Place, holder: Any, way: Way) -> Step | None:
    """Name the traceback, the arguments or the other exceptions of an exception."""
    child = way[1]
    for name in ("__traceback__", "__context__", "__cause__"):
        if BaseException.__dict__[name].__get__(holder) is child:
            return place.part(f".{name}", HolderKind.ATTRIBUTE), 1
    arguments: Any = BaseException.__dict__["args"].__get__(holder)
    inner = after(way, 2)
    if arguments is child and inner is not None:
        index = index_of(arguments, inner)
        return place.part(f".args[{index}]", HolderKind.ATTRIBUTE), 2
    return None


def of_context(place: Place, context: Any, way: Way) -> Step | None:
    """Name the context variable: the nodes of the tree that a context keeps its values in say nothing."""
    for variable, value in contextvars.Context.items(context):
        for at, one in enumerate(way[1:], 1):
            if one is value:
                return place.aspect(f"context variable {variable.name!r}", HolderKind.CONTEXT_VARIABLE), at
    return None


def of_variable(place: Place, variable: Any, way: Way) -> Step:
    """Name the default of a context variable."""
    return place.aspect("default", HolderKind.CONTEXT_VARIABLE), 1


def of_thread_local(place: Place, holder: object, way: Way) -> Step | None:
    """Name an attribute of a thread's own: there is a dict of them for each thread."""
    for at, one in enumerate(way[1:4], 1):
        if type(one) is dict and len(way) > at + 1:
            name = next((key for key, value in list(one.items()) if value is way[at + 1] and type(key) is str), None)
            if name is not None:
                return place.part(f".{name}", HolderKind.ATTRIBUTE), at + 1
    return None


def of_thread(place: Place, thread: Any, way: Way) -> Step | None:
    """Name the target of a thread and its arguments."""
    found = of_instance(Place("", "", None), thread, way)
    if found is None:
        return None
    name = found[0].text
    if name == "._target":
        return place.aspect("target", HolderKind.CALLBACK), found[1]
    noun = {"._args": "arguments", "._kwargs": "keyword arguments"}.get(name)
    if noun is not None:
        return place.aspect(noun, HolderKind.CALLBACK), found[1]
    return place.part(name, HolderKind.ATTRIBUTE), found[1]
