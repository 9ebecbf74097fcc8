"""Looks before and after a reload: then it is exact what is old, plain values too."""

from __future__ import annotations

import importlib
import sys
import types
from dataclasses import dataclass
from typing import Any, Literal, cast

from stalecheck.probing import raw
from stalecheck.probing.bound import where_bound
from stalecheck.probing.current import Current, find_current
from stalecheck.probing.look import name_of, report_on
from stalecheck.probing.old import Old
from stalecheck.probing.remedies import remedy_for
from stalecheck.probing.report import Finding, Holder, Report
from stalecheck.vocabulary import HolderKind, OriginKind, code_of

_ATOMS = (str, int, float, complex, bool, bytes, type(None), type(Ellipsis), range)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a module's names were bound to. It keeps those objects alive."""

    name: str
    values: dict[str, Any]
    current: Current

    def kept(self) -> tuple[int, ...]:
        """Return the ids of what the snapshot keeps the objects with."""
        return tuple(map(id, (self.values, self.current.objects, self.current.loosely, self.current.codes)))


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
        self._snapshot = take_snapshot(self._name)
        return self

    def __exit__(self, *raised: object) -> Literal[False]:
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            self._report = compare(snapshot)
        return False

    def __repr__(self) -> str:
        if self._snapshot is None:
            return f"<watch of {self._name}, closed>"
        return f"<watch of {self._name}, keeping {len(self._snapshot.values)} of its objects alive>"


def watch(module: types.ModuleType | str) -> Watch:
    """Watch a module for the time of a ``with`` statement.

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
        BaseException: What the module's body raises.
    """
    with Watch(module) as watched:
        importlib.reload(sys.modules[name_of(module)])
    return watched.report


def take_snapshot(name: str) -> Snapshot:
    """Note what the names of a module are bound to."""
    namespace = raw.module_dict(sys.modules[name])
    return Snapshot(name, dict(namespace), find_current(namespace, name))


def compare(snapshot: Snapshot) -> Report:
    """Return the report on what a module has replaced since a snapshot."""
    module = raw.imported(snapshot.name)
    if module is None:
        return Report((), (snapshot.name,), notes=(f"{snapshot.name} is no longer imported",))
    namespace = raw.module_dict(module)
    exact = Old(snapshot.name)
    atoms: dict[str, Any] = {}
    for name, value in snapshot.values.items():
        today = raw.lookup(namespace, name) if type(name) is str else value
        if today is value or _is_dunder(name) or raw.is_module(value):
            continue
        if _is_atom(value):
            if not (type(today) is type(value) and _is_atom(today) and today == value):
                atoms[name] = value
        elif not _is_of_other(value, snapshot.name):
            exact.add(value, name, _kind(value), "stale")
    return report_on([snapshot.name], exact=exact, kept=snapshot.kept(), more=_holders_of_atoms(snapshot.name, atoms))


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _is_atom(value: object) -> bool:
    return raw.is_any(type(value), _ATOMS) or (
        raw.is_any(type(value), (tuple, frozenset)) and all(map(_is_atom, cast("tuple[object, ...]", value)))
    )


def _is_of_other(value: object, module: str) -> bool:
    """Whether a function or class is another module's: an import that runs again finds it where it was."""
    if type(value) is types.FunctionType:
        return raw.module_name(value.__globals__) != module
    return type(value) is types.BuiltinFunctionType or (
        raw.is_class(value) and raw.class_module(cast(type, value)) != module
    )


def _kind(value: object) -> OriginKind:
    if raw.is_class(value):
        return OriginKind.CLASS
    if type(value) is types.FunctionType:
        return OriginKind.FUNCTION
    return OriginKind.VALUE if raw.home(type(value)) == "builtins" else OriginKind.INSTANCE


def _holders_of_atoms(module: str, atoms: dict[str, Any]) -> list[Finding]:
    """Find modules that have imported a number or a string by its name: identity says nothing of those."""
    findings = []
    for name, value in atoms.items():
        holders = []
        for other, found in list(sys.modules.items()):
            if other == module or type(other) is not str or not raw.is_module(found):
                continue
            namespace = raw.module_dict(found)
            filename = raw.lookup(namespace, "__file__")
            if raw.lookup(namespace, name) is not value or type(filename) is not str:
                continue
            bound = where_bound(filename, name)
            if bound and bound.kind in (HolderKind.FROM_IMPORT, HolderKind.STAR_IMPORT):
                code = code_of(bound.kind, OriginKind.VALUE)
                remedy = remedy_for(bound.kind)
                holders.append(
                    Holder(f"{other}.{name}", bound.kind, code, remedy, filename, bound.line, 1, other, name)
                )
        if holders:
            findings.append(Finding(f"{module}.{name}", OriginKind.VALUE, "stale", 1, tuple(holders), module))
    return findings
