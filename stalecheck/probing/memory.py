"""Reads a frame's variables where they stand in memory: in Python 3.11 and 3.12 nothing else leaves them alone.

There ``frame.f_locals`` writes all variables into a dict that the frame keeps, if there is one already: that of a
debugger, or what ``locals()`` has given. What somebody has put into it is overwritten, and no referrer shows it before.

Words are read by attributes and subscripts only, one expression each: between those the interpreter does not switch
to another thread, so that a frame cannot end between the word that leads to its variables and the variables.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import Any

_WORDS = 16
"""So many words of a frame are looked through for what is known to stand there."""


class Memory:
    """Where frames have their variables, as an example has shown."""

    def __init__(self, view: Any, first: int, snapshot: int) -> None:
        """Take how a frame is viewed, and which of its words has the first variable, and which the dict."""
        self._view = view
        self._first = first
        self._snapshot = snapshot

    def variables(self, frame: types.FrameType) -> list[tuple[str, Any]]:
        """Return the variables of a function's frame that are bound, those in cells by what the cells hold."""
        code = frame.f_code
        view = self._view.from_address(id(frame))
        first = self._first
        found = []
        for at, name in enumerate(_names(code)):
            try:
                value = view.objects[first + at]
            except ValueError:
                continue  # It is not bound.
            if type(value) is types.CellType and (name in code.co_cellvars or name in code.co_freevars):
                try:
                    value = value.cell_contents
                except ValueError:
                    continue
            found.append((name, value))
        return found

    def snapshot(self, frame: types.FrameType) -> dict[str, Any] | None:
        """Return the dict that reading ``f_locals`` has made for a frame; None if nobody has read it."""
        view = self._view.from_address(id(frame))
        try:
            found = view.objects[self._snapshot]
        except ValueError:
            return None
        return found if type(found) is dict else None


@cache
def memory() -> Memory | None:
    """Return how frames are read in memory; None in another version, or where there is no `ctypes`."""
    if sys.version_info[:2] not in ((3, 11), (3, 12)):
        return None
    try:
        return _calibrated()
    except Exception:  # Systems may forbid `ctypes` in many ways.
        return None


def _calibrated() -> Memory | None:
    import ctypes

    class View(ctypes.Structure):
        _fields_ = (
            ("head", ctypes.c_byte * object.__basicsize__),
            ("back", ctypes.c_void_p),
            ("objects", ctypes.POINTER(ctypes.py_object)),
        )

    class Words(ctypes.Structure):
        _fields_ = (*View._fields_[:2], ("words", ctypes.POINTER(ctypes.c_size_t)))

    return _found(View, Words, object(), object())


def _found(view: Any, words_of: Any, first: object, second: object) -> Memory | None:
    """Find in the frame of this very call where the arguments stand, and the dict; None where that is not as known."""
    frame = sys._getframe()
    try:
        snapshot = frame.f_locals
        words = words_of.from_address(id(frame)).words[:_WORDS]
        at = words.index(id(view))
        found = Memory(view, at, words.index(id(snapshot)))
        is_right = words[at : at + 4] == [id(view), id(words_of), id(first), id(second)]
        is_right = is_right and dict(found.variables(frame))["first"] is first and found.snapshot(frame) is snapshot
        snapshot.clear()
        return found if is_right else None
    finally:
        del frame  # It would lead to itself.


def _names(code: Any) -> Iterator[str]:
    """Yield the names of a frame's variables in the order in which they stand there.

    Asking for ``co_varnames`` would make a tuple that stays with the code (Python 3.12).
    """
    for at in count():
        try:
            yield code._varname_from_oparg(at)
        except IndexError:  # noqa: PERF203 - only now is it known how many there are.
            return
