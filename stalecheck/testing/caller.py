"""Finds the line of the user's that has made an import or a reload happen."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Collection
from dataclasses import dataclass

from stalecheck.probing import raw
from stalecheck.probing.roots import is_standard
from stalecheck.probing.variables import values_of

_RUNNERS = ("_pytest", "pluggy", "pytest", "xdist", "execnet", "pytest_asyncio")
_EXAMPLE = re.compile(r"<doctest (.+)\[(\d+)\]>")
_WRAPPED = ("_xunit_setup_", "_unittest_set")
"""How the fixtures are called that pytest makes of ``setup_module``, ``setUpClass`` and the like."""

_REWRITER = "_pytest.assertion.rewrite"
"""It imports test modules, so it stands between an import statement and what that runs."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the user's, and the fixture that it belongs to."""

    filename: str
    line: int
    fixture: str | None = None
    """``module fixture 'name'``, ``setUpModule()``."""


def calling_line(again: Collection[str] = ()) -> Line | None:
    """Return the line that reloads or imports a module; None where no code of the user's is running.

    Args:
        again: Modules that are imported again themselves: what their bodies import is the doing of who imports those.
    """
    found: types.FrameType | None = None
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        module = raw.module_name(frame.f_globals) or ""
        if is_runner(module) and module != _REWRITER:
            # What has called the runner's hooks has not done it: a clean-up may be `importlib.reload` itself.
            if found is not None or module.partition(".")[0] == "pluggy":
                break
        elif _is_of_user(frame, module):
            if found is None or not _is_nowhere(frame):
                found = frame
            if not _is_nowhere(frame) and (not _is_body(frame) or module not in again):
                break
        frame = frame.f_back
    if found is None:
        return None
    filename, line = _in_file(found)
    return Line(filename, line, _fixture_of(found))


def is_runner(module: str) -> bool:
    """Whether a module belongs to what runs the tests."""
    return module.partition(".")[0] in _RUNNERS


def _is_of_user(frame: types.FrameType, module: str) -> bool:
    if frame.f_code.co_filename.startswith("<frozen ") or is_runner(module):
        return False
    return not is_standard(module) and module.partition(".")[0] != "stalecheck"


def _is_nowhere(frame: types.FrameType) -> bool:
    """Whether no file has the code, as that of `exec`: then who runs it is to be named."""
    filename = frame.f_code.co_filename
    return filename.startswith("<") and _EXAMPLE.fullmatch(filename) is None


def _is_body(frame: types.FrameType) -> bool:
    return frame.f_code.co_name == "<module>"


def _in_file(frame: types.FrameType) -> tuple[str, int]:
    """Return where a frame is; that of a doctest's example stands in the file that has the example."""
    name = _EXAMPLE.fullmatch(frame.f_code.co_filename)
    outer = frame.f_back if name is not None else None
    while outer is not None and name is not None:
        if raw.module_name(outer.f_globals) == "doctest":
            test = dict(values_of(outer)).get("test")
            examples = raw.stored(test, "examples")
            if raw.stored(test, "name") == name[1] and type(examples) is list and int(name[2]) < len(examples):
                found = place_of_example(test, examples[int(name[2])])
                if found is not None:
                    return found[0], found[1] + frame.f_lineno - 1
        outer = outer.f_back
    return frame.f_code.co_filename, frame.f_lineno


def place_of_example(test: object, example: object) -> tuple[str, int] | None:
    """Return the file and the line of an example of a doctest; None if that is not known."""
    filename, first, line = (raw.stored(test, "filename"), raw.stored(test, "lineno"), raw.stored(example, "lineno"))
    if type(filename) is str and type(first) is int and type(line) is int:
        return filename, first + line + 1
    return None


def _fixture_of(frame: types.FrameType) -> str | None:
    """Return the name and scope of the fixture that a frame sets up or tears down; of ``setUpModule`` its name."""
    outer: types.FrameType | None = frame
    function = frame.f_code.co_name
    while outer is not None:
        if _is_of_user(outer, raw.module_name(outer.f_globals) or ""):
            function = outer.f_code.co_name
        name = outer.f_code.co_name
        if raw.module_name(outer.f_globals) == "_pytest.fixtures" and name in ("pytest_fixture_setup", "finish"):
            values = dict(values_of(outer))
            definition = values.get("fixturedef" if name == "pytest_fixture_setup" else "self")
            argname, scope = (getattr(definition, each, None) for each in ("argname", "scope"))
            if str(argname).startswith(_WRAPPED):
                return f"{function}()"
            return f"{scope} fixture {argname!r}"
        outer = outer.f_back
    return None
