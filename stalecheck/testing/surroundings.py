"""What pytest itself keeps of tests: none of it holds anything, but for the values of fixtures."""

from __future__ import annotations

import gc
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

from stalecheck.probing import raw
from stalecheck.probing.landmarks import Landmark
from stalecheck.testing.caller import Line
from stalecheck.vocabulary import HolderKind

_ITS_OWN: tuple[type, ...] = (
    pytest.Item,
    pytest.Collector,
    pytest.Config,
    pytest.PytestPluginManager,
    pytest.FixtureDef,
    pytest.FixtureRequest,
    pytest.CallInfo,
    pytest.ExceptionInfo,
    pytest.Stash,
    pytest.TestReport,
    pytest.CollectReport,
)


class Kept:
    """Tells what pytest keeps."""

    REMEDY = "give the fixture function scope, or reload before it is set up"

    def __init__(self) -> None:
        found: list[Any] = gc.get_referrers(pytest.FixtureDef)
        self._definitions = [
            (f"{one.scope} fixture {one.argname!r}", one)
            for one in found
            if raw.inherits(type(one), pytest.FixtureDef) and one.cached_result is not None and one.scope != "function"
        ]

    @property
    def types(self) -> frozenset[int]:
        """The types, by id, of what pytest works with."""
        return frozenset(
            id(cls) for cls in raw.all_classes() if any(raw.is_any(base, _ITS_OWN) for base in raw.mro(cls))
        )

    def landmarks(self) -> Iterator[tuple[object, Landmark]]:
        """Yield the values of the fixtures that later tests are given."""
        for name, definition in self._definitions:
            yield definition.cached_result[0], Landmark(name, HolderKind.CACHED_RESULT)

    def fixtures(self) -> dict[str, Line | None]:
        """Return where those fixtures are."""
        return {name: _line(definition.func) for name, definition in self._definitions}


def _line(function: Any) -> Line | None:
    while type(function) is types.MethodType:
        function = function.__func__
    code = function.__code__ if type(function) is types.FunctionType else None
    return Line(code.co_filename, code.co_firstlineno) if code is not None else None


def last_exceptions() -> Iterator[int]:
    """Yield the ids of what the interpreter keeps of the last exception that a test has raised."""
    for name in ("last_exc", "last_value", "last_traceback"):
        found = raw.lookup(vars(sys), name)
        if found is not None:
            yield id(found)
            if raw.inherits(type(found), BaseException):
                yield id(BaseException.__dict__["__traceback__"].__get__(found))
