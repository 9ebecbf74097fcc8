"""The local variables of running functions, which the garbage collector never shows."""

from __future__ import annotations

import os
import sys
import threading
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stalecheck.probing import raw
from stalecheck.probing.landmarks import Landmark, is_debugger, thread_name
from stalecheck.probing.roots import is_standard
from stalecheck.vocabulary import HolderKind

_HERE = str(Path(__file__).parent)
_OPTIMIZED = 1
_SNAPSHOTS = sys.version_info < (3, 13)
"""Whether reading ``f_locals`` makes a dict that the frame keeps; later versions hand out a view."""


@dataclass(frozen=True, slots=True)
class Local:
    """A local variable of a running function, without its value."""

    name: str
    function: str
    filename: str
    line: int
    thread: str | None
    """The thread's name; None for the main thread."""

    is_reported: bool
    """Whether it is the user's and not the debugger's."""

    is_standard: bool
    """Whether the function is of the standard library, or of the prompt: it works with what others hold as well."""

    @property
    def where(self) -> str:
        """``in serve() at main.py:41 (thread 'worker')``."""
        where = f"in {self.function}() at {shown(self.filename)}:{self.line}"
        return where if self.thread is None else f"{where} (thread {self.thread!r})"


def shown(filename: str) -> str:
    """Return a file's name relative to the working directory, where it lies below it."""
    try:
        here = f"{Path.cwd()}{os.sep}"
    except OSError:
        return filename
    return filename.removeprefix(here)


def running_locals() -> Iterator[tuple[object, Local]]:
    """Yield the value of each local variable of each running function, and what it is.

    Reading leaves no trace: a snapshot that only the frame holds is emptied, unless a debugger is at work there.
    """
    main = threading.main_thread().ident
    for ident, top in list(sys._current_frames().items()):
        thread = None if ident == main else thread_name(ident)
        frame: types.FrameType | None = top
        while frame is not None:
            if frame.f_code.co_flags & _OPTIMIZED and not _is_own(frame):
                yield from _locals_of(frame, thread)
            frame = frame.f_back
        del frame, top


def running_codes() -> dict[int, Landmark]:
    """Return the calls that are running, by the id of their code."""
    main = threading.main_thread().ident
    found: dict[int, Landmark] = {}
    for ident, top in list(sys._current_frames().items()):
        frame: types.FrameType | None = top
        while frame is not None:
            code = frame.f_code
            name = getattr(code, "co_qualname", code.co_name)
            text = f"running call of {name}() at {shown(code.co_filename)}:{frame.f_lineno}"
            if ident != main:
                text += f" (thread {thread_name(ident)!r})"
            found.setdefault(id(code), Landmark(text, HolderKind.LOCAL))
            frame = frame.f_back
        del frame, top
    return found


def _locals_of(frame: types.FrameType, thread: str | None) -> list[tuple[object, Local]]:
    code = frame.f_code
    module = raw.module_name(frame.f_globals) or ""
    is_reported = not is_debugger(module)
    is_library = is_standard(module) or module.startswith("IPython.")
    name = getattr(code, "co_qualname", code.co_name)
    return [
        (value, Local(variable, name, code.co_filename, frame.f_lineno, thread, is_reported, is_library))
        for variable, value in values_of(frame)
        if not variable.startswith(".")
    ]


def own_references() -> Counter[int]:
    """Count what the local variables of the probe's functions refer to, from the caller's caller on."""
    found: Counter[int] = Counter()
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None:
        if _is_own(frame):
            found.update(id(value) for _, value in values_of(frame))
        frame = frame.f_back
    return found


def _is_own(frame: types.FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_HERE)


def values_of(frame: types.FrameType) -> list[tuple[str, Any]]:
    """Return a function frame's local variables, and take back what reading them leaves behind."""
    pending = _debugged(frame)
    if pending is not None:
        return list(pending.items())
    found = frame.f_locals
    pairs = [(name, value) for name, value in list(found.items()) if type(name) is str]
    # Two references: the frame's and the one here, plus the argument of getrefcount itself.
    if _SNAPSHOTS and frame.f_trace is None and type(found) is dict and sys.getrefcount(found) <= 3:
        found.clear()
    return pairs


def _debugged(frame: types.FrameType) -> dict[str, Any] | None:
    """Return the snapshot that a debugger of the standard library's kind works on in a frame.

    Reading ``f_locals`` again would undo what has been assigned at its prompt (up to 3.12).
    """
    if not _SNAPSHOTS or frame.f_trace is None:
        return None
    if type(frame.f_trace) is not types.MethodType:
        return None
    namespace = raw.instance_dict(frame.f_trace.__self__)
    if namespace is not None and namespace.get("curframe") is frame:
        snapshot = namespace.get("curframe_locals")
        return snapshot if type(snapshot) is dict else None
    return None
