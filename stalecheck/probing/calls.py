"""Tells which suspended calls run old code: up to Python 3.10 they do not lead to their functions."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import Any

from stalecheck.probing import heap, raw
from stalecheck.probing.judge import Judge, Verdict, unwrapped
from stalecheck.probing.running import suspended_by
from stalecheck.probing.variables import values_of


def old_calls(
    frames: Sequence[types.FrameType], namespace: dict[str, Any], judge: Judge
) -> Iterator[tuple[types.FrameType, str, Verdict]]:
    """Yield the frames of generators and coroutines whose function is old, with its name and verdict.

    Args:
        frames: The suspended frames of a module's code.
        namespace: The namespace of its present version.
        judge: Holds functions against that.
    """
    known = set(map(id, frames))
    own = {id(frames)}
    for holder in heap.referrers(frames, is_own=own.__contains__) if frames else ():
        frame = suspended_by(holder)
        if frame is not None and id(frame) in known:
            function = _function(frame, holder, namespace)
            verdict = judge.of_called(function)
            if verdict is not None:
                yield frame, raw.code_name(function), verdict


def _function(frame: types.FrameType, holder: Any, namespace: dict[str, Any]) -> types.FunctionType:
    """Return what can have been called: with what the present function is given by default, the call no longer asks."""
    code = frame.f_code
    today = unwrapped(raw.resolve(namespace, holder.__qualname__))
    values = dict(values_of(frame))
    closure = tuple(types.CellType(*([values[name]] if name in values else [])) for name in code.co_freevars)
    function = types.FunctionType(code, frame.f_globals, closure=closure)
    function.__qualname__ = holder.__qualname__
    if type(today) is types.FunctionType:
        function.__defaults__, function.__kwdefaults__ = today.__defaults__, today.__kwdefaults__
    return function
