"""Looks before and after a reload: then it is exact what is old, plain values too."""

from __future__ import annotations

import importlib
import sys
import types
from dataclasses import replace
from functools import partial
from typing import Literal, cast

from stalecheck.probing import raw
from stalecheck.probing.atoms import find_atoms
from stalecheck.probing.look import name_of, report_on
from stalecheck.probing.progress import Progress
from stalecheck.probing.report import Report
from stalecheck.probing.snapshot import Snapshot, keep, let_go, replaced, take_snapshot
from stalecheck.probing.values import KEPT


class Watch:
    """Watches a module: whatever reloads it inside of the ``with``, the report afterwards is exact.

    While it is open, the objects that the module had before are kept alive; after that nothing is.
    """

    def __init__(self, module: types.ModuleType | str) -> None:
        self._name = name_of(module)
        self._snapshot: Snapshot | None = None
        self._report: Report | None = None

    @property
    def report(self) -> Report:
        """What was found when the ``with`` ended.

        Raises:
            RuntimeError: It has not ended yet.
        """
        if self._report is None:
            raise RuntimeError("the watch is still open: the report is there when the `with` has ended")
        return self._report

    def __enter__(self) -> Watch:
        if self._snapshot is not None:
            raise RuntimeError(f"{self!r} is open: take another one, stalecheck.watch({self._name!r})")
        self._report = None
        self._snapshot = take_snapshot(self._name)
        keep(self._snapshot)
        return self

    def __exit__(self, *raised: object) -> Literal[False]:
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            let_go(snapshot)
            self._report = compare(snapshot)
        return False

    def __repr__(self) -> str:
        if self._snapshot is None:
            return f"<watch of {self._name}, {'not open' if self._report is None else 'closed'}>"
        return f"<watch of {self._name}, keeping {len(self._snapshot.objects)} of its objects alive>"


def watch(module: types.ModuleType | str) -> Watch:
    """Watch a module for the time of a ``with`` statement.

    Of strings and small numbers, which have no identity, those names of modules and classes are found that their source
    imports or assigns from the module. So it is with what the module has chosen among another one's objects. Tuples,
    frozensets, large and fractional numbers that the module has made are found wherever they are.

    Of containers that names and classes stand for, also what is in them is looked at: up to twelve steps deep, 50,000
    values, nothing in a container of more than a thousand. What others have put there is theirs: where the reloaded
    module has nothing of the kind in the same place, only names are old holders that their source takes from it.

    Args:
        module: A module or its dotted name.

    Raises:
        NotAModuleError: It is no module, or the name is not in ``sys.modules``.
    """
    return Watch(module)


def reload(module: types.ModuleType | str) -> Report:
    """Reload a module in place, as `importlib.reload` does, and return what its old version has left behind.

    Args:
        module: A module or its dotted name.

    Raises:
        NotAModuleError: It is no module, or the name is not in ``sys.modules``.
        ImportError: The module given is not the one that ``sys.modules`` has.
        BaseException: What the module's body raises.
    """
    with Watch(module) as watched:
        importlib.reload(sys.modules[name_of(module)] if type(module) is str else cast(types.ModuleType, module))
    return watched.report


def compare(snapshot: Snapshot) -> Report:
    """Return the report on what a module has replaced since a snapshot."""
    module = raw.imported(snapshot.name)
    if module is None:
        return Report((), (snapshot.name,), notes=(f"{snapshot.name} is no longer imported",))
    namespace = raw.module_dict(module)
    progress = Progress()
    try:
        exact, atoms = replaced(snapshot, namespace, partial(progress.step, f"what {snapshot.name} has replaced"))
        progress.clear()
        more = find_atoms(snapshot.name, atoms)
        atoms.clear()
        report = report_on([snapshot.name], exact=[exact], more=more)
        if not snapshot.is_cut:
            return report
        note = f"{snapshot.name} has more than {KEPT.most:,} values: those that lie deepest have not been compared"
        return replace(report, notes=(*report.notes, note))
    except KeyboardInterrupt:
        return Report((), (snapshot.name,), notes=("interrupted: it has not been looked at",))
    finally:
        progress.clear()
