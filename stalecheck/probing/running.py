"""Names what suspended functions, tracebacks and exceptions hold."""

from __future__ import annotations

import contextvars
import threading
import types
from typing import Any

from stalecheck.probing import raw
from stalecheck.probing.attributes import of_instance
from stalecheck.probing.frames import name_of_code, shown
from stalecheck.probing.place import Place, Step, Way, after, indexes_of
from stalecheck.probing.variables import values_of
from stalecheck.vocabulary import HolderKind

_SUSPENDED = {
    types.GeneratorType: ("generator", "gi"),
    types.CoroutineType: ("coroutine", "cr"),
    types.AsyncGeneratorType: ("async generator", "ag"),
}
SUSPENDED = tuple(_SUSPENDED)


def running_frame(obj: Any) -> int | None:
    """Return the id of a frame, or of that of a generator or coroutine that may be running; None for all else."""
    if type(obj) is types.FrameType:
        return id(obj)
    _, prefix = _SUSPENDED[type(obj)] if raw.is_any(type(obj), SUSPENDED) else ("", "")
    return id(getattr(obj, f"{prefix}_frame")) if prefix and getattr(obj, f"{prefix}_running") else None


def suspended_by(obj: Any) -> types.FrameType | None:
    """Return the frame of a generator or coroutine; None for all else, and if it has ended."""
    _, prefix = _SUSPENDED[type(obj)] if raw.is_any(type(obj), SUSPENDED) else ("", "")
    frame: types.FrameType | None = getattr(obj, f"{prefix}_frame") if prefix else None
    return frame


def of_suspended(place: Place, holder: Any, way: Way) -> Step:
    """Name a local variable of a generator or coroutine that waits to go on."""
    noun, prefix = _SUSPENDED[type(holder)]
    frame = getattr(holder, f"{prefix}_frame")
    # Up to 3.12 that makes a frame, which stays until the generator has ended.
    at = 1
    if way[1] is frame and len(way) > 2:
        at = 2
    if frame is None:
        return place.aspect(f"something in a {noun}", HolderKind.GENERATOR), 1
    value = way[at]
    if value is frame or (type(value) is types.FunctionType and value.__code__ is frame.f_code):
        text = f"{noun} {_where(frame)}"
        return place.aspect(text, HolderKind.GENERATOR, line=_line(frame)), at  # What it runs itself.
    is_expression = frame.f_code.co_name == "<genexpr>"
    kind = HolderKind.CONTAINER if is_expression else HolderKind.GENERATOR
    return _variable(place, frame, way, at, kind, noun=f"{noun} ")


def of_frame(place: Place, frame: types.FrameType, way: Way) -> Step:
    """Name a local variable of a function that has ended and is kept by a traceback, or the function itself."""
    value = way[1]
    is_called = type(value) is types.FunctionType and value.__code__ is frame.f_code
    if is_called and len(way) == 2 and all(found is not value for _, found in values_of(frame)):
        return place.aspect(f"ended call of {_where(frame)}", HolderKind.LOCAL, line=_line(frame)), 1
    if value is frame.f_back and len(way) > 2:
        return place, 1
    return _variable(place, frame, way, 1, HolderKind.LOCAL)


def _variable(place: Place, frame: types.FrameType, way: Way, at: int, kind: HolderKind, *, noun: str = "") -> Step:
    variables = values_of(frame)
    names = [name for name, found in variables if found is way[at]]
    inner = after(way, at + 1)
    # A cell, or what reading the variables has made, up to 3.12.
    if not names and raw.is_any(type(way[at]), (dict, types.CellType)) and inner is not None:
        names = [name for name, found in variables if found is inner]
        at += bool(names)
    text = f"local {names[0]!r}" if names else "a value in use"
    return place.aspect(text, kind, where=f" in {noun}{_where(frame)}", line=_line(frame)), at


def _where(frame: types.FrameType) -> str:
    code = frame.f_code
    return f"{name_of_code(code)}() at {shown(code.co_filename)}:{frame.f_lineno}"


def _line(frame: types.FrameType) -> tuple[str, int]:
    return frame.f_code.co_filename, frame.f_lineno


def of_traceback(place: Place, holder: Any, way: Way) -> Step:
    """Pass over a traceback: what counts is the frame behind it."""
    return place, 1


def of_exception(place: Place, holder: Any, way: Way) -> Step | None:
    """Name the traceback, the arguments or the other exceptions of an exception."""
    child = way[1]
    for name in ("__traceback__", "__cause__", "__context__"):
        if BaseException.__dict__[name].__get__(holder) is child:
            return place.part(f".{name}", HolderKind.ATTRIBUTE), 1
    arguments: Any = BaseException.__dict__["args"].__get__(holder)
    inner = after(way, 2)
    if arguments is child and inner is not None:
        index = indexes_of(arguments, inner)[0]
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
    return place.aspect("default", place.kind or HolderKind.CONTEXT_VARIABLE), 1


def of_thread_local(place: Place, holder: object, way: Way) -> Step | None:
    """Name an attribute of a thread's own: there is a dict of them for each thread."""
    for at, one in enumerate(way[1:4], 1):
        if type(one) is dict and len(way) > at + 1:
            name = next((key for key, value in list(one.items()) if value is way[at + 1] and type(key) is str), None)
            if name is not None:
                return place.part(f".{name}", HolderKind.ATTRIBUTE), at + 1
    return None


_OF_THREAD = {"._target": "target", "._args": "arguments", "._kwargs": "keyword arguments"}
_OF_TIMER = {".function": "function", ".args": "arguments", ".kwargs": "keyword arguments"}


def of_thread(place: Place, thread: Any, way: Way) -> Step | None:
    """Name the target of a thread and its arguments."""
    found = next(of_instance(Place("", "", None), thread, way), None)
    if found is None:
        return None
    name = found[0].text
    is_timer = raw.inherits(type(thread), threading.Timer)
    noun = (_OF_TIMER if is_timer else _OF_THREAD).get(name)
    if noun is not None:
        return place.aspect(noun, place.kind or HolderKind.CALLBACK), found[1]
    return place.part(name, HolderKind.ATTRIBUTE), found[1]
