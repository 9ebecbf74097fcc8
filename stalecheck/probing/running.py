"""Names what suspended functions, tracebacks and exceptions hold."""

from __future__ import annotations

import types
from typing import Any

from stalecheck.probing.frames import values_of
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
    return f"{getattr(code, 'co_qualname', code.co_name)}() at {code.co_filename}:{frame.f_lineno}"


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
