"""Knows of which version what modules have is, by what they had each time before they were replaced."""

from __future__ import annotations

import contextlib
import types
import weakref
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.testing.noticing import Change


class Known:
    """What modules had when they were reloaded or replaced, and which version had it first."""

    def __init__(self) -> None:
        self._versions: dict[int, tuple[weakref.ref[Any], int]] = {}

    def note(self, change: Change, first: int) -> None:
        """Note what a module had; `first` is the number of the version that it had when the change began."""
        self._versions = {which: known for which, known in self._versions.items() if known[0]() is not None}
        for version, moment in enumerate(change.moments, first):
            for found in moment.made():
                with contextlib.suppress(TypeError):
                    self._versions.setdefault(_identity(found), (weakref.ref(found), version))

    def version_of(self, found: object) -> int | None:
        """Return the first version that had something, or was that module; None for what only the last one has."""
        reference, version = self._versions.get(_identity(found), (None, None))
        if reference is not None and _identity(reference()) == _identity(found):
            return version
        return None


def _identity(found: object) -> int:
    """Return the id of something, of a module that of its namespace: its functions may be all that is left of it."""
    return id(raw.module_dict(cast(types.ModuleType, found)) if raw.is_module(found) else found)
