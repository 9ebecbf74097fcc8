"""Notices which modules are reloaded or replaced, by whomever, while tests run."""

from __future__ import annotations

import sys
import types
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from operator import is_
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.testing.caller import Line, calling_line
from stalecheck.testing.modified import version_reader
from stalecheck.testing.moments import Moment, Moments
from stalecheck.vocabulary import ReloadMode

_BOOTSTRAP: Any = sys.modules["_frozen_importlib"]
_IMPORTLIB = "<frozen importlib._bootstrap>"


@dataclass(eq=False, slots=True)
class Fixture:
    """A fixture that several tests share: what it does is judged when it has been torn down."""

    step: str = ""
    """The test that it was set up for."""

    allowed: tuple[str, ...] | None = None
    """The patterns of the modules that that test's markers allow; None if there is no test."""

    is_over: bool = False
    outer: Fixture | None = None
    """The one that has asked for it."""


@dataclass(slots=True)
class Change:
    """A module that was reloaded or replaced during a step."""

    module: str
    mode: ReloadMode
    line: Line | None
    """Where; None if nothing shows it."""

    step: str
    """The test or the collector that did it: of an eviction the one that evicted."""

    fixture: Fixture | None = None
    """The shared fixture that did it."""

    allowed: tuple[str, ...] | None = None
    """The patterns of the modules that the step's markers allow; None as long as the step goes on."""

    again: list[Line] = field(default_factory=list)
    """Where it was reloaded once more."""

    moments: list[Moment] = field(default_factory=list)
    """What it had each time before; they keep that alive."""

    ended: list[Moment] = field(default_factory=list)
    """What it had when the fixture that did it began to be torn down."""

    is_in_place: bool = False
    """Whether it was reloaded, so that putting the module back would not undo it."""

    modules: list[weakref.ref[types.ModuleType]] = field(default_factory=list)
    """The modules that have been replaced."""

    is_named_again: bool = False
    """Whether the names of a reloaded module stand for what they stood for before, which somebody has put back."""

    @property
    def is_undone(self) -> bool:
        """Whether the module of before stands in ``sys.modules`` again, as it was."""
        if self.is_named_again:
            return True
        found = raw.imported(self.module)
        return not self.is_in_place and found is not None and bool(self.modules) and self.modules[0]() is found

    @property
    def count(self) -> int:
        """How many new versions there are."""
        return 1 + len(self.again)

    @property
    def is_open(self) -> bool:
        """Whether the fixture that did it has yet to be torn down, and may put the module back."""
        return self.fixture is not None and not self.fixture.is_over


@dataclass(frozen=True, slots=True)
class _Gone:
    """A module that is no longer in ``sys.modules``, and may be imported again."""

    module: weakref.ref[types.ModuleType]
    origin: str | None
    step: str
    fixture: Fixture | None


class Noticing:
    """Notices what happens to modules from `start` to `stop`.

    A module that stands in ``sys.modules`` is kept alive until the step ends in which it is taken out, so that what it
    had is known exactly if it is imported again.
    """

    def __init__(self) -> None:
        self.step = ""
        """What is running: the id of a test or of a collector."""

        self._fixture: Fixture | None = None
        self._changes: dict[tuple[str, Fixture | None], Change] = {}
        self._table = sys.modules
        self._version = version_reader(self._table)
        self._seen_at: int | None = None
        self._entries: list[object] = []
        self._known: dict[str, types.ModuleType] = {}
        self._before: set[str] = set()
        self._imported: list[str] = []
        self._gone: dict[str, _Gone] = {}
        self._kept: dict[int, types.ModuleType] = {}
        self._moments = Moments()
        self._undo: list[tuple[str, Any, Any]] = []

    def start(self) -> None:
        """Take note of what is imported, and from now on of what happens to it."""
        self._look()
        self._put("_exec", self._reloading(_BOOTSTRAP._exec))
        self._put("_load_unlocked", self._loading(_BOOTSTRAP._load_unlocked))

    def stop(self) -> None:
        """Leave no trace."""
        for name, original, mine in reversed(self._undo):
            if getattr(_BOOTSTRAP, name) is mine:
                setattr(_BOOTSTRAP, name, original)
        self._undo.clear()
        self.drop()

    def drop(self) -> None:
        """Let go of everything."""
        self._seen_at = None
        self._changes.clear()
        self._entries.clear()
        self._known.clear()
        self._gone.clear()
        self._kept.clear()

    @property
    def own(self) -> tuple[int, ...]:
        """The ids of what it keeps modules with: nobody's holders."""
        return id(self._entries), id(self._known), id(self._kept)

    @property
    def pending(self) -> list[Change]:
        """What has changed and has not been handed out, as far as an import or a reload has done it."""
        return list(self._changes.values()) if self._changes else []

    def changes(self) -> list[Change]:
        """End a step: return what has changed in it, without what stands as it was before.

        What a shared fixture has changed comes when that has been torn down. This costs a comparison of two lists if
        nothing has changed.
        """
        if self._is_unchanged() and all(change.is_open for change in self._changes.values()):
            self._moments.end_step()
            return []
        self._compare()
        self._look()
        self._moments.end_step()
        changes = self._changes
        self._changes = {which: change for which, change in changes.items() if change.is_open}
        return [change for which, change in changes.items() if which not in self._changes and which[0] in sys.modules]

    def of_ended(self) -> list[Change]:
        """Return what shared fixtures have changed that have been torn down in this step, which goes on."""
        ended = [which for which, change in self._changes.items() if change.fixture is not None and not change.is_open]
        if not ended:
            return []
        self.enter(self._fixture)
        return [
            change
            for which, change in ((which, self._changes.pop(which)) for which in ended)
            if which[0] in sys.modules
        ]

    def begin_teardown(self, fixture: Fixture) -> None:
        """Charge what happens from now on to a shared fixture: what becomes old now was in use until now."""
        fixture.outer = self.enter(fixture)
        shared = {name for name, other in self._changes if other is not fixture}
        for (name, other), change in self._changes.items():
            module = raw.imported(name)
            if other is fixture and name in shared and module is not None:
                change.ended.append(self._moments.take(name, module, is_reload=False))

    @contextmanager
    def during(self, fixture: Fixture) -> Iterator[None]:
        """Charge what happens meanwhile to a shared fixture."""
        outer = self.enter(fixture)
        try:
            yield
        finally:
            self.enter(outer)

    def enter(self, fixture: Fixture | None) -> Fixture | None:
        """Charge what happens from now on to a shared fixture, or to none; return to which it has been so far."""
        if not self._is_unchanged():
            self._compare()
            before, self._before = self._before, set()
            self._look()
            self._before = before
        outer, self._fixture = self._fixture, fixture
        return outer

    def end_fixtures(self) -> None:
        """Take all shared fixtures for torn down."""
        for change in self._changes.values():
            if change.fixture is not None:
                change.fixture.is_over = True

    def _is_unchanged(self) -> bool:
        """Whether ``sys.modules`` has what it had when it was looked at last, and what has been imported since."""
        version = self._version() if self._version is not None and self._table is sys.modules else None
        if version is not None and version == self._seen_at:
            return True
        entries = list(sys.modules.values())
        if len(entries) != len(self._entries) or not all(map(is_, entries, self._entries)):
            return False
        if not all(name in sys.modules for name in self._imported):
            return False
        self._seen_at = version
        return True

    def _compare(self) -> None:
        """Note what has been taken out of ``sys.modules`` or replaced there by hand."""
        present = {name: found for name, found in list(sys.modules.items()) if type(name) is str}
        for name in list(self._known):
            if name not in present:
                self._note_gone(name)
            elif present[name] is not self._known[name]:
                self._note_replaced(name, present[name])

    def _look(self) -> None:
        """Take note of what is imported."""
        self._seen_at = self._version() if self._version is not None and self._table is sys.modules else None
        self._entries = list(sys.modules.values())
        self._known = {
            name: found
            for name, found in list(sys.modules.items())
            if type(name) is str and raw.is_module(found) and found is not None
        }
        self._before = set(self._known)
        self._imported.clear()

    def _note_gone(self, name: str) -> None:
        module = self._known[name]
        # One that was imported in this very step is not kept: test after test would leave its own behind.
        if name in self._before:
            self._kept[id(module)] = module
        change = self._changes.get((name, self._fixture))
        step = change.step if change else self.step
        self._gone[name] = _Gone(weakref.ref(module), _origin(raw.module_dict(module)), step, self._fixture)

    def _note_replaced(self, name: str, present: object) -> None:
        """Note that an entry is another one, if no import has done that; the old module has not been touched."""
        is_put_back = any(
            change.modules and change.modules[0]() is present for (of, _), change in self._changes.items() if of == name
        )
        if (name, self._fixture) not in self._changes and not is_put_back:
            change = _change(name, ReloadMode.REIMPORT, None, self.step, self._fixture)
            change.moments.append(self._moments.take(name, self._known[name], is_reload=False))
            change.modules.append(weakref.ref(self._known[name]))
            self._changes[name, self._fixture] = change

    def _note(
        self, name: str, mode: ReloadMode, module: types.ModuleType | None, step: str, fixture: Fixture | None
    ) -> None:
        line = calling_line(frozenset(of for of, _ in self._changes) if mode is ReloadMode.REIMPORT else ())
        change = self._changes.get((name, fixture))
        if change is None:
            change = self._changes[name, fixture] = _change(name, mode, line, step, fixture)
        elif line is not None:
            change.again.append(line)
        change.is_in_place |= mode is ReloadMode.RELOAD
        self._entries.clear()  # It may have the last reference to what is replaced.
        self._seen_at = None
        if module is not None:
            change.modules.append(weakref.ref(module))
            change.moments.append(self._moments.take(name, module, is_reload=mode is ReloadMode.RELOAD))

    def _reloading(self, original: Any) -> Any:
        """Return what stands for `importlib._bootstrap._exec`, through which every reload goes."""

        def note(spec: Any, module: Any) -> None:
            name = spec.name if type(spec) is ModuleSpec else None
            if type(name) is str and raw.is_module(module) and raw.imported(name) is module:
                self._note(name, ReloadMode.RELOAD, module, self.step, self._fixture)

        def _exec(spec: Any, module: Any) -> Any:
            note(spec, module)
            return original(spec, module)

        return _as_importlib(_exec)

    def _loading(self, original: Any) -> Any:
        """Return what stands for `importlib._bootstrap._load_unlocked`, through which every import goes."""

        def before(spec: Any) -> None:
            name = spec.name if type(spec) is ModuleSpec else None
            if type(name) is str and name not in sys.modules:
                self._note_again(name, spec)

        def after(spec: Any) -> None:
            name = spec.name if type(spec) is ModuleSpec else None
            module = raw.imported(name) if type(name) is str else None
            if module is not None:
                self._known[cast(str, name)] = module
                self._imported.append(cast(str, name))

        def _load_unlocked(spec: Any) -> Any:
            before(spec)
            module = original(spec)
            after(spec)
            return module

        return _as_importlib(_load_unlocked)

    def _note_again(self, name: str, spec: ModuleSpec) -> None:
        """Note that a module is imported that has been imported before, from the same file."""
        known, gone = self._known.get(name), self._gone.pop(name, None)
        if known is not None:
            if _origin(raw.module_dict(known)) == spec.origin:
                self._note(name, ReloadMode.REIMPORT, known, self.step, self._fixture)
        elif gone is not None and gone.origin == spec.origin:
            module = gone.module()
            self._kept.pop(id(module), None)
            fixture = gone.fixture if gone.fixture is not None and not gone.fixture.is_over else None
            self._note(name, ReloadMode.REIMPORT, module, gone.step, fixture or self._fixture)

    def _put(self, name: str, mine: Any) -> None:
        self._undo.append((name, getattr(_BOOTSTRAP, name), mine))
        setattr(_BOOTSTRAP, name, mine)


def _change(module: str, mode: ReloadMode, line: Line | None, step: str, fixture: Fixture | None) -> Change:
    """Return a change; what a shared fixture does, at its end too, is the doing of the test that it was set up for."""
    if fixture is None or not fixture.step:
        return Change(module, mode, line, step, fixture)
    return Change(module, mode, line, fixture.step, fixture, fixture.allowed)


def _as_importlib(function: Any) -> Any:
    """Make a function look like one of importlib's: those are left out of tracebacks and of warnings' stack levels."""
    function.__code__ = function.__code__.replace(co_filename=_IMPORTLIB)
    return function


def _origin(namespace: dict[str, Any]) -> str | None:
    spec = raw.lookup(namespace, "__spec__")
    origin = spec.origin if type(spec) is ModuleSpec else None
    return origin if type(origin) is str else None
