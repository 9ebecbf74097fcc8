"""Looks, when a step has ended, at what the modules that it changed have left behind."""

from __future__ import annotations

import contextlib
import types
import weakref
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.atoms import find_atoms
from stalecheck.probing.climb import Surroundings
from stalecheck.probing.current import nested_codes
from stalecheck.probing.landmarks import TEST_RUNNERS
from stalecheck.probing.look import report_on
from stalecheck.probing.old import Old
from stalecheck.probing.report import Finding, Holder
from stalecheck.probing.snapshot import kept_with, replaced
from stalecheck.testing.caller import Line
from stalecheck.testing.known import Known
from stalecheck.testing.noticing import Change
from stalecheck.testing.owners import in_use_before, owned_by_others
from stalecheck.testing.record import Record
from stalecheck.testing.surroundings import Kept
from stalecheck.vocabulary import HolderKind, OriginKind

_PUT_BACK = "put the module of before back there, too: monkeypatch.setattr(package, name, module)"

_HARMLESS = (HolderKind.TYPING_CACHE, HolderKind.HISTORY, HolderKind.WEAK_REGISTRY)
"""Holders that let go by themselves, or keep nothing."""


class Aftermath:
    """Knows what has been reported, so that each old object is charged to the test that has made it old."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        """What has been found, also where a marker allows it."""

        self.versions: Counter[str] = Counter()
        """How many versions of each module have been replaced."""

        self._old: dict[int, tuple[weakref.ref[Any], int]] = {}
        """What is old, with the number of the last moment at which it may have been in use."""

        self.known = Known()

    def note(self, change: Change) -> None:
        """Note of which version is what a module had when it was reloaded or replaced."""
        self.known.note(change, self.versions[change.module] + 1)

    def look(
        self,
        changes: Sequence[Change],
        later: Collection[Change],
        place: Line | None,
        allowed: Collection[str],
        kept: Kept,
    ) -> list[Record]:
        """Return what has become old in a step, and is still in use.

        Args:
            changes: What has changed; what their snapshots keep alive is let go.
            later: What is not judged yet: what those have made old is not reported.
            place: Where the step is, if nothing shows a better line.
            allowed: The patterns of the modules that a marker allows.
            kept: What the test runner keeps.
        """
        more: list[Finding] = []
        for change in changes:
            self.note(change)
        others = owned_by_others(changes, later)
        self._no_longer_old(in_use_before(changes))
        for change in changes:
            for moment in change.moments:
                for found in (one() for one in moment.old):
                    self._note(moment.number, found)
        latest = max((moment.number for change in changes for moment in change.moments), default=0)
        exact = [_exactly(change, more) for change in changes]
        self.versions.update({change.module: 0 for change in changes})
        around = Surroundings(kept.types, kept.landmarks, kept.namespaces)
        report = report_on(
            [change.module for change in changes],
            exact=exact,
            kept=kept.own,
            known=self._known() | others,
            surroundings=around,
            more=more,
            note=partial(self._note, latest),
        )
        records = []
        for change in changes:
            findings = tuple(
                _located(one, change, kept) for one in report if one.module == change.module and _matters(one, change)
            )
            patterns = allowed if change.allowed is None else change.allowed
            is_allowed = any(fnmatchcase(change.module, pattern) for pattern in patterns)
            line, version = change.line or place, self.versions[change.module] + 1
            self.versions[change.module] += 0 if change.is_undone else change.count
            if findings:
                records.append(
                    Record(
                        change.step,
                        change.module,
                        change.mode,
                        line,
                        tuple(change.again),
                        version,
                        findings,
                        is_allowed,
                        change.is_undone,
                    )
                )
        self.records += records
        return [record for record in records if not record.is_allowed]

    def _note(self, latest: int, obj: object) -> None:
        """Remember what is old, and the code of which it can make functions later.

        The code of a decorator's wrapper is another module's, so that wrappers of the next version run it too.
        """
        is_own = type(obj) is types.FunctionType and raw.module_name(obj.__globals__) in self.versions
        for one in (obj, *(nested_codes(cast(types.FunctionType, obj).__code__) if is_own else ())):
            with contextlib.suppress(TypeError):  # Not every type takes weak references.
                self._old[id(one)] = weakref.ref(one), latest

    def _no_longer_old(self, in_use: Mapping[int, int]) -> None:
        """Forget what has been put back since it was known to be old, and the instances of that."""
        for which, (reference, latest) in list(self._old.items()):
            if max(in_use.get(which, 0), in_use.get(id(type(reference())), 0)) > latest:
                del self._old[which]

    def _known(self) -> frozenset[int]:
        """Return the ids of what is known to be old and is still alive."""
        self._old = {which: known for which, known in self._old.items() if known[0]() is not None}
        return frozenset(self._old)


def kept_by(changes: Iterable[Change]) -> Iterator[int]:
    """Yield the ids of what changes keep objects with: nobody's holders."""
    return kept_with(moment.snapshot for change in changes for moment in (*change.moments, *change.ended))


def _exactly(change: Change, more: list[Finding]) -> Old:
    """Return what is known to be old of a module, and add what its plain values are found in."""
    present = raw.imported(change.module)
    namespace = raw.module_dict(present) if present is not None else {}
    exact = Old(change.module)
    atoms: dict[str, Any] = {}
    for moment in change.moments:
        old, plain = replaced(moment.snapshot, namespace)
        if moment is change.moments[0] and change.is_in_place:
            is_all = all(id(namespace.get(name)) == one for name, one in moment.snapshot.names.items())
            change.is_named_again = bool(moment.named) and is_all and not old.objects and not plain
        exact.take(old)
        for name, value in plain.items():
            atoms.setdefault(name, value)
    change.moments.clear()
    change.ended.clear()
    for reference in change.modules:
        module = reference()
        if module is not None and module is not present:
            exact.add(module, "", OriginKind.MODULE, "stale")
            exact.namespaces[id(raw.module_dict(module))] = raw.module_dict(module)
    more += find_atoms(change.module, atoms)
    return exact


def _matters(finding: Finding, change: Change) -> bool:
    """Whether somebody is to do something: not about caches that mend themselves, nor about the test runner's own.

    Where the module of before is back, what its copy has registered with the standard library meanwhile is beside what
    that module has registered itself.
    """
    return any(
        holder.kind not in _HARMLESS
        and (holder.module or "").partition(".")[0] not in TEST_RUNNERS
        and not (change.is_undone and holder.kind is HolderKind.CALLBACK and holder.module is None)
        for holder in finding.holders
    )


def _located(finding: Finding, change: Change, kept: Kept) -> Finding:
    """Return a finding whose holders that are fixtures say where those are, and what to do."""
    return replace(finding, holders=tuple(_of_test(holder, change, kept) for holder in finding.holders))


def _of_test(holder: Holder, change: Change, kept: Kept) -> Holder:
    remedy = kept.remedy(holder.path)
    if remedy is not None:
        return replace(holder, code=None, remedy=remedy)
    if change.is_undone and holder.path == change.module:
        return replace(holder, remedy=_PUT_BACK)
    for name, line in kept.fixtures().items():
        if holder.path == name or holder.path.startswith((f"{name}.", f"{name}[")):
            return replace(holder, filename=line.filename, line=line.line) if line is not None else holder
    return holder
