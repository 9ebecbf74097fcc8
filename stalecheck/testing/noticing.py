"""Notices which modules are reloaded or replaced, by whomever, while tests run."""

from __future__ import annotations

import sys
import types
import weakref
from dataclasses import dataclass, field, replace
from importlib.machinery import ModuleSpec
from operator import is_
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.snapshot import Snapshot, take_snapshot
from stalecheck.testing.caller import Line, calling_line
from stalecheck.vocabulary import ReloadMode

_BOOTSTRAP: Any = sys.modules["_frozen_importlib"]
_IMPORTLIB = "<frozen importlib._bootstrap>"


@dataclass(slots=True)
class Change:
    """A module that was reloaded or replaced during a step."""

    module: str
    mode: ReloadMode
    line: Line | None
    """Where; None if nothing shows it."""

    step: str
    """The test or the collector that did it: of an eviction the one that evicted."""

    again: list[Line] = field(default_factory=list)
    """Where it was reloaded once more."""

    snapshots: list[Snapshot] = field(default_factory=list)
    """What it had each time before; they keep that alive."""

    is_in_place: bool = False
    """Whether it was reloaded, so that putting the module back would not undo it."""

    modules: list[weakref.ref[types.ModuleType]] = field(default_factory=list)
    """The modules that have been replaced."""

    @property
    def is_undone(self) -> bool:
        """Whether the module of before stands in ``sys.modules`` again, as it was."""
        found = raw.imported(self.module)
        return not self.is_in_place and found is not None and bool(self.modules) and self.modules[0]() is found

    @property
    def count(self) -> int:
        """How many new versions there are."""
        return 1 + len(self.again)


@dataclass(frozen=True, slots=True)
class _Gone:
    """A module that is no longer in ``sys.modules``, and may be imported again."""

    module: weakref.ref[types.ModuleType]
    origin: str | None
    step: str


class Noticing:
    """Notices what happens to modules from `start` to `stop`.

    A module that stands in ``sys.modules`` is kept alive until the step ends in which it is taken out, so that what it
    had is known exactly if it is imported again.
    """

    def __init__(self) -> None:
        self.step = ""
        """What is running: the id of a test or of a collector."""

        self._changes: dict[str, Change] = {}
        self._entries: list[object] = []
        self._known: dict[str, types.ModuleType] = {}
        self._before: set[str] = set()
        self._gone: dict[str, _Gone] = {}
        self._kept: dict[int, types.ModuleType] = {}
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
        """What has changed since the step has begun, as far as an import or a reload has done it."""
        return list(self._changes.values())

    def changes(self) -> list[Change]:
        """End a step: return what has changed in it, without what stands as it was before.

        This costs a comparison of two lists if nothing has.
        """
        entries = list(sys.modules.values())
        if not self._changes and len(entries) == len(self._entries) and all(map(is_, entries, self._entries)):
            return []
        return self._changed()

    def _changed(self) -> list[Change]:
        present = {name: found for name, found in list(sys.modules.items()) if type(name) is str}
        for name in list(self._known):
            if name not in present:
                self._note_gone(name)
            elif present[name] is not self._known[name]:
                self._note_replaced(name)
        changes, self._changes = self._changes, {}
        self._look()
        return [change for name, change in changes.items() if name in present]

    def _look(self) -> None:
        """Take note of what is imported."""
        self._entries = list(sys.modules.values())
        self._known = {
            name: found
            for name, found in list(sys.modules.items())
            if type(name) is str and raw.is_module(found) and found is not None
        }
        self._before = set(self._known)

    def _note_gone(self, name: str) -> None:
        module = self._known[name]
        # One that was imported in this very step is not kept: test after test would leave its own behind.
        if name in self._before:
            self._kept[id(module)] = module
        change = self._changes.get(name)
        step = change.step if change else self.step
        self._gone[name] = _Gone(weakref.ref(module), _origin(raw.module_dict(module)), step)

    def _note_replaced(self, name: str) -> None:
        """Note that an entry is another one, if no import has done that; the old module has not been touched."""
        if name not in self._changes:
            change = Change(name, ReloadMode.REIMPORT, None, self.step)
            change.snapshots.append(take_snapshot(name, self._known[name]))
            change.modules.append(weakref.ref(self._known[name]))
            self._changes[name] = change

    def _note(self, name: str, mode: ReloadMode, module: types.ModuleType | None, step: str) -> None:
        line = calling_line(mode)
        change = self._changes.get(name)
        if change is None:
            change = self._changes[name] = Change(name, mode, line, step)
        elif line is not None:
            change.again.append(line)
        change.is_in_place |= mode is ReloadMode.RELOAD
        if module is not None:
            snapshot = take_snapshot(name, module)
            change.modules.append(weakref.ref(module))
            # `importlib.reload` has stored the new one by now: this module is another version afterwards.
            change.snapshots.append(replace(snapshot, spec=None) if mode is ReloadMode.RELOAD else snapshot)

    def _reloading(self, original: Any) -> Any:
        """Return what stands for `importlib._bootstrap._exec`, through which every reload goes."""

        def note(spec: Any, module: Any) -> None:
            name = spec.name if type(spec) is ModuleSpec else None
            if type(name) is str and raw.is_module(module) and raw.imported(name) is module:
                self._note(name, ReloadMode.RELOAD, module, self.step)

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
                self._note(name, ReloadMode.REIMPORT, known, self.step)
        elif gone is not None and gone.origin == spec.origin:
            module = gone.module()
            self._kept.pop(id(module), None)
            self._note(name, ReloadMode.REIMPORT, module, gone.step)

    def _put(self, name: str, mine: Any) -> None:
        self._undo.append((name, getattr(_BOOTSTRAP, name), mine))
        setattr(_BOOTSTRAP, name, mine)


def _as_importlib(function: Any) -> Any:
    """Make a function look like one of importlib's: those are left out of tracebacks and of warnings' stack levels."""
    function.__code__ = function.__code__.replace(co_filename=_IMPORTLIB)
    return function


def _origin(namespace: dict[str, Any]) -> str | None:
    spec = raw.lookup(namespace, "__spec__")
    origin = spec.origin if type(spec) is ModuleSpec else None
    return origin if type(origin) is str else None
