"""Looks at a module: the whole way from its name to the report."""

from __future__ import annotations

import gc
import sys
import time
import types
from typing import Any, cast

from stalecheck.errors import StalecheckError
from stalecheck.probing import raw
from stalecheck.probing.climb import climb
from stalecheck.probing.findings import find_holders
from stalecheck.probing.old import Old, find_old
from stalecheck.probing.report import Report


class NotAModuleError(StalecheckError, TypeError):
    """What was given is no module and no name of one."""


def probe(module: types.ModuleType | str | None = None, *, max_seconds: float | None = None) -> Report:
    """Find the objects of a module's old versions that are alive, and who holds them.

    Nothing is changed, nothing is collected, no code of the user's runs.

    Args:
        module: A module or its dotted name; None for every module that has something old.
        max_seconds: Stop climbing after so long and report what has been found.

    Raises:
        NotAModuleError: It is no module, or the name is not in ``sys.modules``.
    """
    started = time.monotonic()
    names = [_name(module)] if module is not None else _all_names()
    namespaces: dict[int, dict[str, Any]] = {}
    olds: list[Old] = []
    for name in names:
        namespace = raw.module_dict(cast(types.ModuleType, sys.modules[name]))
        namespaces[id(namespace)] = namespace
        old = find_old(name, namespace)
        if old.objects:
            olds.append(old)
    notes = []
    if gc.get_freeze_count():
        notes.append(f"gc.freeze() hides {gc.get_freeze_count():,} objects: holders among them are not seen")
    if not olds:
        return Report((), tuple(names) if module is not None else (), notes=tuple(notes))
    graph = climb(
        olds, namespaces, is_over=lambda: max_seconds is not None and time.monotonic() - started > max_seconds
    )
    findings, unheld = find_holders(olds, graph)
    return Report(tuple(findings), tuple(old.module for old in olds), unheld, (*notes, *graph.cut_short))


def _name(module: object) -> str:
    name = module if type(module) is str else None
    if raw.is_module(module):
        name = raw.module_name(raw.module_dict(module))
    if name is None:
        raise NotAModuleError(f"{raw.class_name(type(module))} is no module: give a module or its dotted name")
    if not raw.is_module(sys.modules.get(name)):
        raise NotAModuleError(f"{name} is not imported: there is no present version to compare with; import it first")
    return name


def _all_names() -> list[str]:
    return [name for name, found in list(sys.modules.items()) if type(name) is str and raw.is_module(found)]
