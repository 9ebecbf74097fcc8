"""The local variables of running functions, which the garbage collector never shows."""

from __future__ import annotations

import sys
import threading
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from opcode import opname
from os import sep
from pathlib import Path
from sys import getprofile, gettrace
from threading import get_ident, main_thread
from typing import Any

from stalecheck.probing import raw
from stalecheck.probing.landmarks import Landmark, is_debugger, thread_name
from stalecheck.probing.roots import is_standard
from stalecheck.probing.source import working_directory
from stalecheck.probing.variables import OPTIMIZED, SNAPSHOTS, values_of
from stalecheck.probing.versions import present_namespaces
from stalecheck.vocabulary import HolderKind

_HERE = str(Path(__file__).parents[1]) + sep
"""Where the whole package is: what tests and notebooks are watched with works with old objects, too."""
_VARIABLE, _KEYWORDS = 0x4, 0x8


@dataclass(frozen=True, slots=True)
class Local:
    """A local variable of a running function, without its value."""

    name: str
    """Empty for the whole namespace of a class statement, or of code that is executed in one of its own."""

    function: str
    filename: str
    line: int
    thread: str | None
    """The thread's name; None for the main thread."""

    is_reported: bool
    """Whether it is the user's and not the debugger's."""

    is_standard: bool
    """Whether the function is of the standard library, or of the prompt: it works with what others hold as well."""

    frame: int
    """The id of its frame."""

    kind = HolderKind.LOCAL

    is_cell: bool = False
    """Whether a cell has the value for it, because nested functions use it."""

    is_given: bool = False
    """Whether the caller has given it, and may keep it as well as long as the call runs."""

    @property
    def where(self) -> str:
        """``in serve() at main.py:41 (thread 'worker')``."""
        where = f"in {self.function}() at {shown(self.filename)}:{self.line}"
        return where if self.thread is None else f"{where} (thread {self.thread!r})"


def shown(filename: str) -> str:
    """Return a file's name relative to the working directory, where it lies below it."""
    here = working_directory()
    return filename if here is None else filename.removeprefix(f"{here}{sep}")


def running_locals() -> Iterator[tuple[object, Local]]:
    """Yield the value of each local variable of each running function, and what it is.

    Reading leaves no trace: `values_of` says how.
    """
    main = main_thread().ident
    modules = present_namespaces()
    for ident, top in list(sys._current_frames().items()):
        thread = None if ident == main else thread_name(ident)
        frame: types.FrameType | None = top
        at = top.f_lasti
        callee: list[tuple[str, Any]] = []
        called: types.CodeType | None = None
        while frame is not None:
            # A trace function is given the frame that it is called for; a prompt fetches it (``sys._getframe``).
            is_traced = any(value is frame and name in _parameters(called) for name, value in callee)
            may_be = is_traced or (ident != get_ident() and _may_be_traced(frame, ident, top, at))
            is_read = frame.f_code.co_flags & OPTIMIZED and not _is_own(frame)
            callee = values_of(frame, is_traced=may_be) if is_read else []
            called = frame.f_code
            yield from _as_locals(callee, frame, thread)
            namespace = _own_namespace(frame)
            if namespace is not None and id(namespace) not in modules:
                yield from _as_locals([("", namespace)], frame, thread)
            namespace = None
            frame = frame.f_back
        del frame, top, callee, called


def _own_namespace(frame: types.FrameType) -> object:
    """Return what a class statement, or code that is executed, has its variables in; None for all else.

    What a debugger executes is in the namespace of the program that it debugs.
    """
    code, caller = frame.f_code, frame.f_back
    # Up to 3.12 reading it writes the cells of a class statement into it.
    if code.co_flags & OPTIMIZED or (code.co_cellvars and SNAPSHOTS):
        return None
    if caller is not None and is_debugger(raw.module_name(caller.f_globals) or ""):
        return None
    namespace = frame.f_locals
    return namespace if raw.inherits(type(namespace), dict) else None


def _may_be_traced(frame: types.FrameType, ident: int, top: types.FrameType, at: int) -> bool:
    """Whether a trace or profile function may run meanwhile for a frame of another thread."""
    hooks = ("_trace_hook", "_profile_hook")
    if frame.f_trace is not None or any(getattr(threading, hook, None) is not None for hook in hooks):
        return True
    return sys._current_frames().get(ident) is not top or top.f_lasti != at  # The thread has gone on.


def running_codes() -> dict[int, Landmark]:
    """Return the calls that are running, by the id of their code."""
    main = main_thread().ident
    found: dict[int, Landmark] = {}
    for ident, top in list(sys._current_frames().items()):
        frame: types.FrameType | None = top
        while frame is not None:
            code = frame.f_code
            text = f"running call of {name_of_code(code)}() at {shown(code.co_filename)}:{frame.f_lineno}"
            if ident != main:
                text += f" (thread {thread_name(ident)!r})"
            line = code.co_filename, frame.f_lineno
            found.setdefault(id(code), Landmark(text, HolderKind.LOCAL, line=line))
            frame = frame.f_back
        del frame, top
    return found


def _as_locals(found: list[tuple[str, Any]], frame: types.FrameType, thread: str | None) -> list[tuple[object, Local]]:
    code = frame.f_code
    module = raw.module_name(frame.f_globals) or ""
    is_reported = not is_debugger(module)
    is_library = is_standard(module) or module.startswith("IPython.")
    name = name_of_code(code)
    cells = {*code.co_cellvars, *code.co_freevars}
    given = () if _hands_over(frame.f_back) else _parameters(code)
    return [
        (
            value,
            Local(
                variable,
                name,
                code.co_filename,
                frame.f_lineno,
                thread,
                is_reported,
                is_library,
                id(frame),
                variable in cells,
                variable in given,
            ),
        )
        for variable, value in found
        if not variable.startswith(".")
    ]


def _parameters(code: types.CodeType | None) -> tuple[str, ...]:
    if code is None:
        return ()
    number = code.co_argcount + code.co_kwonlyargcount
    number += (code.co_flags & _VARIABLE != 0) + (code.co_flags & _KEYWORDS != 0)
    return code.co_varnames[:number]


_CAN_HAND_OVER: bool = sys.version_info >= (3, 11)


def _hands_over(caller: types.FrameType | None) -> bool:
    """Whether a caller gives its arguments away: those of an ordinary call, if no trace function makes it another one.

    A call that goes through C (``f(*arguments)``) keeps them.
    """
    if caller is None or not _CAN_HAND_OVER or gettrace() is not None or getprofile() is not None:
        return False
    instructions, at = caller.f_code.co_code, caller.f_lasti
    while at > 0 and opname[instructions[at]] == "CACHE":  # Up to 3.12 the call is before where it will go on.
        at -= 2
    return opname[instructions[at]] in ("CALL", "CALL_KW")


def name_of_code(code: types.CodeType) -> str:
    """Return what a function is called, by its code: the qualified name from 3.11 on."""
    return getattr(code, "co_qualname", code.co_name)


def running_frames() -> set[int]:
    """Return the frames that are running in any thread, by id."""
    found: set[int] = set()
    for top in list(sys._current_frames().values()):
        frame: types.FrameType | None = top
        while frame is not None:
            found.add(id(frame))
            frame = frame.f_back
        del frame, top
    return found


def frames_of_this_thread() -> set[int]:
    """Return the running frames of the thread that asks, by id: they stay where they are."""
    found: set[int] = set()
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        found.add(id(frame))
        frame = frame.f_back
    return found


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
