"""Reads the variables of a function's frame, and leaves it as it was."""

from __future__ import annotations

import sys
import types
from gc import get_referents
from typing import Any

from stalecheck.probing.memory import memory

OPTIMIZED = 0x1
"""The flag of code whose variables stand in the frame itself: that of functions."""

SNAPSHOTS = sys.version_info < (3, 13)
"""Whether reading ``f_locals`` makes a dict that the frame keeps; later versions hand out a view."""

_VISITED = sys.version_info < (3, 11)
"""Whether a running frame leads to that dict, so that it can be looked at before it is overwritten."""

_BY_FRAME_ALONE = 3
"""What is counted for a dict that only a frame refers to, and a variable here, and the argument of the call."""


def values_of(frame: types.FrameType, *, is_traced: bool = False) -> list[tuple[str, Any]]:
    """Return a function frame's local variables, and take back what reading them leaves behind.

    Up to 3.12, what somebody has put into the dict that reading has made is a variable of its own, as long as no
    variable of the program has it: it has been assigned at a prompt.

    Args:
        frame: The frame.
        is_traced: Whether a trace function may be running for this very frame. What it leaves in that dict is
            written back to the variables, so that emptying would unbind them.
    """
    if not SNAPSHOTS:
        return [(name, value) for name, value in list(frame.f_locals.items()) if type(name) is str]
    if not frame.f_code.co_flags & OPTIMIZED:
        return []  # A module's or class's own namespace.
    in_memory = memory()
    if in_memory is None:
        return _read(frame, is_traced=is_traced)
    values = in_memory.variables(frame)
    snapshot = in_memory.snapshot(frame)
    if snapshot and (is_traced or sys.getrefcount(snapshot) <= _BY_FRAME_ALONE):
        known = dict(values)
        values += [
            (name, value)
            for name, value in list(snapshot.items())
            if type(name) is str and known.get(name) is not value
        ]
    return values


def _read(frame: types.FrameType, *, is_traced: bool) -> list[tuple[str, Any]]:
    """Return the variables as ``f_locals`` has them, and put back what that dict had, or empty a new one.

    Where the frame does not lead to it and memory cannot be read, it stays as reading has made it.
    """
    before = [(one, dict(one)) for one in get_referents(frame) if type(one) is dict]
    address = id({})  # The next dict that is made stands where this one has stood.
    found: dict[str, Any] = frame.f_locals
    values = [(name, value) for name, value in list(found.items()) if type(name) is str]
    content = next((content for one, content in before if one is found), None)
    if content is not None:
        _restore(found, content)
    elif (_VISITED or id(found) == address) and not is_traced and sys.getrefcount(found) <= _BY_FRAME_ALONE:
        found.clear()
    return values


def _restore(snapshot: dict[str, Any], content: dict[str, Any]) -> None:
    """Undo what reading the frame has changed, as far as it has."""
    for name in [name for name in snapshot if name not in content]:
        del snapshot[name]
    for name, value in content.items():
        if name not in snapshot or snapshot[name] is not value:
            snapshot[name] = value
