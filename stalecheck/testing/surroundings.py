"""What pytest itself keeps of tests: none of it holds anything, but for the values of fixtures."""

from __future__ import annotations

import gc
import sys
import types
from collections.abc import Collection, Iterable, Iterator
from typing import Any, cast

import pytest

from stalecheck.probing import raw
from stalecheck.probing.landmarks import Landmark
from stalecheck.testing.caller import Line, is_runner
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

    _TESTS = "the tests to come of "

    def __init__(
        self, config: pytest.Config, own: Collection[int] = (), classes: Collection[pytest.Class] = ()
    ) -> None:
        """Look at what it keeps now.

        Args:
            config: What knows its plugins.
            own: What else is nobody's holder, by id.
            classes: The classes of which tests are still to be run.
        """
        self._classes = classes
        mocks = _patching_mocks()
        found: list[Any] = gc.get_referrers(pytest.FixtureDef, *mocks)
        self.own = (*own, *_last_exceptions(), *_left_by_mocks(one for one in found if raw.is_any(type(one), mocks)))
        self.namespaces = {id(namespace): name for namespace, name in _namespaces(config)}
        """The names of the modules that it runs tests and fixtures from, by the ids of their namespaces."""

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
        """Yield the values of the fixtures that later tests are given, and the classes that have those tests."""
        for collector in self._classes:
            yield raw.stored(collector, "_obj"), Landmark(f"{self._TESTS}{collector.nodeid}", HolderKind.CACHED_RESULT)
        for name, definition in self._definitions:
            yield definition.cached_result[0], Landmark(name, HolderKind.FIXTURE)

    def remedy(self, holder: str) -> str | None:
        """Return what to do about a holder that pytest keeps for its tests; None for all others."""
        return "reload the module of a test in a process of its own" if holder.startswith(self._TESTS) else None

    def fixtures(self) -> dict[str, Line | None]:
        """Return where those fixtures are."""
        return {name: _line(definition.func) for name, definition in self._definitions}


def _line(function: Any) -> Line | None:
    while type(function) is types.MethodType:
        function = function.__func__
    code = function.__code__ if type(function) is types.FunctionType else None
    return Line(code.co_filename, code.co_firstlineno) if code is not None else None


def _namespaces(config: pytest.Config) -> Iterator[tuple[dict[str, Any], str]]:
    collectors = [cls for cls in raw.all_classes() if raw.is_any(pytest.Module, raw.mro(cls))]
    found = (
        raw.stored(one, "_obj")
        for one in gc.get_referrers(*collectors)
        if raw.is_any(type(one), collectors) and one.config is config  # Not those of a `pytester`.
    )
    for module in (*found, *config.pluginmanager.get_plugins()):
        namespace = raw.module_dict(cast(types.ModuleType, module)) if raw.is_module(module) else {}
        name = raw.module_name(namespace)
        if name is not None and not is_runner(name):
            yield namespace, name


def _patching_mocks() -> list[type]:
    """Return what ``mock.patch.dict`` makes."""
    modules = [module for module in map(raw.imported, ("unittest.mock", "mock.mock")) if module is not None]
    found = [raw.lookup(raw.module_dict(module), "_patch_dict") for module in modules]
    return [cast(type, one) for one in found if raw.is_class(one)]


def _left_by_mocks(patches: Iterable[object]) -> Iterator[int]:
    """Yield the ids of what such keep of a dict: they put it back when they end, and have no use for it then."""
    for patch in patches:
        original = raw.stored(patch, "_original")
        if type(original) is dict:
            yield id(original)


def _last_exceptions() -> Iterator[int]:
    """Yield the ids of what the interpreter keeps of the last exception that a test has raised."""
    for name in ("last_exc", "last_value", "last_traceback"):
        found = raw.lookup(vars(sys), name)
        if found is not None:
            yield id(found)
            if raw.inherits(type(found), BaseException):
                yield id(BaseException.__dict__["__traceback__"].__get__(found))
