"""Plays fixture projects and hands out what the probe says: imports one, lets it reload what it reloads, probes.

    PYTHONPATH=.:tests python -s -S -B tests/agreement/probe_player.py

Reads one order per line, in the form of `tests/fixture_interpreter.py`, and answers each with a line. Each project is
played in a forked child of its own, in which nothing but the project itself keeps its objects.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import warnings
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import fixture_interpreter

import stalecheck
from stalecheck.probing.look import report_on
from tests.agreement import oracle

HERE = Path(__file__).parent
watch = stalecheck.watch  # Loaded now: projects have a path of their own.


def main() -> None:
    """Answer orders until there are no more."""
    warnings.simplefilter("ignore")
    oracle.answer_orders(play)


def play(order: dict[str, Any]) -> dict[str, Any]:
    """Import the project, reload, and return who holds something old, and which names identity says nothing of.

    It is looked at after the fact, and with all modules watched.
    """
    sys.path[:] = [order["root"], *(entry for entry in sys.path if not HERE.is_relative_to(entry or "."))]
    edit_before_the_second_run(order["root"])
    for name in order["modules"]:
        importlib.import_module(name)
    for entry in order["before"]:
        fixture_interpreter.call(entry)
    names = [name for name, found in list(sys.modules.items()) if is_below(found, order["root"])]
    with contextlib.ExitStack() as stack:
        watches = [stack.enter_context(watch(name)) for name in names if order["reload"] in (name, "")]
        reload(order, names)
    reports = [report_on([name for name in names if name in sys.modules]), *(watched.report for watched in watches)]
    holders = [
        [holder.module, holder.name, finding.origin, holder.code, holder.path]
        for report in reports
        for finding in report
        for holder in finding.holders
    ]
    modules = [(name, found) for name, found in list(sys.modules.items()) if is_below(found, order["root"])]
    return {"holders": holders, "plain": [f"{name}.{path}" for name, found in modules for path in plain(found)]}


def plain(module: ModuleType) -> Iterator[str]:
    """Yield the names of a module, and of its classes, that stand for plain values."""
    for name, value in list(module.__dict__.items()):
        if fixture_interpreter.is_plain(value):
            yield name
        elif isinstance(value, type):
            for part, inner in list(value.__dict__.items()):
                if fixture_interpreter.is_plain(inner):
                    yield f"{name}.{part}"


def edit_before_the_second_run(root: str) -> None:
    """Change plain values in a file that is about to be run again: else nothing shows that they were copied."""
    execute = SourceFileLoader.exec_module
    runs: dict[str, int] = {}

    def exec_module(loader: SourceFileLoader, module: ModuleType) -> None:
        path = Path(loader.path)
        if loader.path.startswith(root):
            runs[loader.path] = runs.get(loader.path, 0) + 1
            if runs[loader.path] == 2:
                path.write_text(fixture_interpreter.edit(path.read_text(encoding="utf-8")), encoding="utf-8")
        execute(loader, module)

    SourceFileLoader.exec_module = exec_module  # type: ignore[method-assign,assignment]


def is_below(module: object, root: str) -> bool:
    return type(module) is ModuleType and str(module.__dict__.get("__file__")).startswith(root)


def reload(order: dict[str, Any], names: list[str]) -> None:
    if order["reload"] and order["mode"] == "reload":
        importlib.reload(sys.modules[order["reload"]])
    elif order["reload"]:
        del sys.modules[order["reload"]]
    for entry in order["calls"]:
        fixture_interpreter.call(entry)
    for name in names:
        importlib.import_module(name)


if __name__ == "__main__":
    main()
