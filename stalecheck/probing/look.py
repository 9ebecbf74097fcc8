"""Looks at a module: the whole way from its name to the report."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from gc import get_freeze_count
from typing import cast

from stalecheck.errors import StalecheckError, UsageError
from stalecheck.probing import heap, raw
from stalecheck.probing.accounting import add_unseen
from stalecheck.probing.bound import forget
from stalecheck.probing.climb import NOTHING_AROUND, Graph, Surroundings, climb, count_own, graph_of
from stalecheck.probing.findings import Assembly
from stalecheck.probing.old import Definitions, Old, add_known, add_the_rest, find_definitions, take_stock
from stalecheck.probing.progress import STOPPED, Progress, uninterrupted
from stalecheck.probing.report import STOPS, Finding, Report, worst_first
from stalecheck.probing.snapshot import kept_with, open_snapshots

_TOGETHER = 200
"""Of so many modules the instances are looked for in one go."""


class NotAModuleError(StalecheckError, TypeError):
    """What was given is no module and no name of one."""


def probe(module: types.ModuleType | str | None = None, *, max_seconds: float | None = None) -> Report:
    """Find the objects of a module's old versions that are alive, and who holds them.

    Nothing is changed, nothing is collected, no code of the user's runs. Ctrl-C ends it with what it has found.
    A definition that the same version has overwritten is not old, nor is what a cell of a notebook has defined before
    it was run again: that takes a `watch`.

    Args:
        module: A module or its dotted name; None for every module that has something old. A module of which
            ``sys.modules`` has none (a plugin's host may not put it there) is taken for the present version.
        max_seconds: Stop after so long and report what has been found.

    Raises:
        NotAModuleError: It is no module, or a name that is not in ``sys.modules``.
        UsageError: `max_seconds` is no number of seconds.
    """
    if max_seconds is not None and not (type(max_seconds) in (int, float) and max_seconds >= 0):
        raise UsageError("max_seconds takes a number of seconds, 0 or more, or None")
    alone = _beside_imported(module)
    if alone is not None:
        namespace = raw.module_dict(alone)
        name = raw.module_name(namespace) or ""
        look = _Look(lambda: [name], surroundings=Surroundings(namespaces={id(namespace): name}), alone=alone)
    else:
        look = _Look(lambda: [name_of(module)] if module is not None else _all_names())
    report = uninterrupted(look.report, Progress(max_seconds))
    return report if module is not None else replace(report, modules=tuple(sorted({one.module for one in report})))


def report_on(
    names: Sequence[str],
    *,
    max_seconds: float | None = None,
    exact: Iterable[Old] = (),
    kept: Collection[int] = (),
    known: Collection[int] = (),
    surroundings: Surroundings = NOTHING_AROUND,
    more: Iterable[Finding] = (),
    note: Callable[[object], None] | None = None,
) -> Report:
    """Return what is old of some modules, and who holds it.

    Args:
        names: The modules' names.
        max_seconds: Stop climbing after so long.
        exact: What is known to be old from before the reload, of each module that was looked at.
        kept: What else holds the old objects for the probe's own sake, by id.
        known: Old objects that are not to be reported, by id, nor are their instances and what their code has made.
        surroundings: What the program runs in, and is none of its own.
        more: Findings to report as well.
        note: Called with each old object, be it held or not.
    """
    look = _Look(lambda: names, list(exact), kept, known, surroundings, more, note)
    return uninterrupted(look.report, Progress(max_seconds))


class _Look:
    """One look. Where Ctrl-C strikes between its parts, or in what ends one, it goes on with what it has."""

    def __init__(
        self,
        names: Callable[[], Sequence[str]],
        exact: Sequence[Old] = (),
        kept: Collection[int] = (),
        known: Collection[int] = (),
        surroundings: Surroundings = NOTHING_AROUND,
        more: Iterable[Finding] = (),
        note: Callable[[object], None] | None = None,
        alone: types.ModuleType | None = None,
    ) -> None:
        """Take what `report_on` takes, how the names are found, and the module that is not in ``sys.modules``."""
        self._names_of = names
        self._names: Sequence[str] = ()
        self._exact = exact
        self._kept = kept
        self._known = known
        self._surroundings = surroundings
        self._more = more
        self._note = note
        self._alone = alone
        self._olds: list[Old] = []
        self._notes: list[str] = []
        self._graph: Graph | None = None
        self._holders: Assembly | None = None
        self._is_begun = False

    def report(self, progress: Progress) -> Report:
        """Return the report."""
        try:
            self._find(progress)
            if not self._olds:
                return self._as_report((), 0, self._more, progress)
            graph = self._climb(progress)
            if self._holders is None:
                self._holders = Assembly(self._olds, graph, progress)
            findings, unheld, kept_by_themselves = self._holders.findings()
            notes = []
            if graph.cut_short and unheld:
                found = "1 old object has" if unheld == 1 else f"{unheld:,} old objects have"
                notes.append(f"{found} been found whose holders have not been reached")
                unheld = 0
            elif not graph.cut_short:
                notes += kept_by_themselves
            return self._as_report((*notes, *graph.cut_short), unheld, (*findings, *self._more), progress)
        finally:
            progress.clear()
            forget()

    def _as_report(self, notes: Sequence[str], unheld: int, findings: Iterable[Finding], progress: Progress) -> Report:
        listed = tuple(dict.fromkeys((*self._notes, *notes)))
        if progress.is_interrupted and not any(note.startswith(STOPS) for note in listed):
            listed = (*listed, "interrupted: some holders may be missing")
        return Report(worst_first(findings), tuple(self._names), unheld, listed)

    def _find(self, progress: Progress) -> None:
        """Find what is old."""
        if not self._names:
            self._names = self._names_of()
        if self._is_begun:
            return
        self._is_begun = True
        notes = self._notes
        try:
            if heap.is_frozen():
                notes.append(f"gc.freeze() hides {get_freeze_count():,} objects: holders among them are not seen")
            notes += [f"an open watch of {one.name} keeps its objects alive" for one in open_snapshots()]
            _find_all(self._olds, notes, self._names, self._exact, self._known, self._alone, progress)
        except STOPPED as error:
            notes.append(progress.stop(error, "not all modules have been looked at"))
        if self._note is not None:
            _hand_on(self._olds, self._note)

    def _climb(self, progress: Progress) -> Graph:
        """Find who refers to it."""
        if self._graph is not None:
            return self._graph
        graph = self._graph = graph_of(self._olds)
        try:
            own = [*self._kept, *kept_with(open_snapshots())]
            own += [which for one in self._exact for which in (id(one.objects), id(one.namespaces))]
            count_own(graph, [one.objects for one in self._exact])
            climb(graph, self._olds, progress=progress, kept=own, surroundings=self._surroundings)
            add_unseen(graph, self._olds)
        except STOPPED as error:
            graph.cut_short.append(progress.stop(error, "holders that are farther away are missing"))
        return graph


def _find_all(
    olds: list[Old],
    notes: list[str],
    names: Sequence[str],
    exact: Sequence[Old],
    known: Collection[int],
    alone: types.ModuleType | None,
    progress: Progress,
) -> None:
    progress.step("what there is")
    stock = take_stock()
    noted = {one.module: one for one in exact}
    for start in range(0, len(names), _TOGETHER):
        found: list[Definitions] = []
        for name in names[start : start + _TOGETHER]:
            step = partial(progress.step, f"what is old of {name}")
            step()
            imported = raw.imported(name)
            # A module's class may have a `__bool__`.
            module = alone if imported is None else imported
            if module is not None or name in noted:  # Another thread may just have removed it.
                found.append(find_definitions(name, raw.module_dict(module) if module is not None else {}, stock, step))
        add_the_rest(found)
        for old in (one.old for one in found):
            if old.module in noted:
                add_known(old, noted[old.module])
            else:
                notes += [f"{untold}: watch() or reload() tell which" for untold in old.untold]
            _forget(old, known)
            if old.objects:
                olds.append(old)


def _hand_on(olds: list[Old], note: Callable[[object], None]) -> None:
    for old in olds:
        for found in old.objects.values():
            note(found)


def _forget(old: Old, known: Collection[int]) -> None:
    """Leave out what is known to be old, its instances and what its code has made."""
    for one, found in list(old.objects.items()) if known else ():
        made_by = found.__code__ if type(found) is types.FunctionType else type(found)
        if one in known or id(made_by) in known:
            del old.objects[one], old.origins[one]


def name_of(module: object) -> str:
    """Return the name of a module that is imported.

    Raises:
        NotAModuleError: It is no module, or the name is not in ``sys.modules``.
    """
    name = module if type(module) is str else None
    if raw.is_module(module):
        name = raw.module_name(raw.module_dict(cast(types.ModuleType, module)))
    if name is None:
        raise NotAModuleError(f"{raw.class_name(type(module))} is no module: give a module or its dotted name")
    if raw.imported(name) is None:
        raise NotAModuleError(f"{name} is not imported: there is no present version to compare with; import it first")
    return name


def _beside_imported(module: object) -> types.ModuleType | None:
    """Return a module of which ``sys.modules`` has none; None for all others."""
    if not raw.is_module(module):
        return None
    name = raw.module_name(raw.module_dict(cast(types.ModuleType, module)))
    return cast(types.ModuleType, module) if name and raw.imported(name) is None else None


def _all_names() -> list[str]:
    """Return the names of all modules; of one that stands under several, its own (``posixpath``, not ``os.path``)."""
    names = []
    for name, found in list(sys.modules.items()):
        if type(name) is str and raw.is_module(found):
            own = raw.module_name(raw.module_dict(found)) or name
            if own == name or raw.imported(own) is not found:
                names.append(name)
    return names
