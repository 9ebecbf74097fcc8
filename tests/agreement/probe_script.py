"""What the probe says of one installed package: imports every module, reloads each one, probes it, hands out data.

    python -m tests.agreement.probe_script <<< '{"target": DIRECTORY, "package": NAME, "mode": "reload", "wanted": {…}}'

``wanted`` has the names to look for per reloaded module: what `oracle.py` calls direct. Standard library only. Each
module is reloaded in a forked child of its own, in which nothing but the package itself keeps its objects: so this
process shares the oracle's way of importing, but not its inventory.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import types
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import stalecheck

from . import oracle


def main() -> None:
    """Answer the order on standard input."""
    order = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    warnings.simplefilter("ignore")
    sys.path.insert(0, order["target"])
    sys.setrecursionlimit(5000)
    oracle.silence()
    names = frozenset(oracle.import_all(Path(order["target"]), order["package"])[0])
    oracle.MADE.clear()
    gc.collect()
    runs = [
        {"module": module, **oracle.in_child(partial(reload_and_probe, module, slots, order["mode"], names))}
        for module, slots in order["wanted"].items()
    ]
    json.dump({"runs": runs}, answers)
    answers.flush()
    os._exit(0)


def reload_and_probe(module: str, wanted: list[list[str]], mode: str, names: frozenset[str]) -> dict[str, Any]:
    oracle.in_time(oracle.RELOAD_SECONDS)
    slots = [*wanted, *([module, name] for name in sys.modules[module].__dict__)]
    kinds = {f"{holder}:{name}": kind_of(holder, name, module) for holder, name in slots}
    with stalecheck.watch(module) as watched:
        if mode == "reload":
            importlib.reload(sys.modules[module])
        else:
            del sys.modules[module]
            importlib.import_module(module)
    signal.alarm(0)
    return {
        "kinds": kinds,
        "exact": as_data(watched.report, wanted, names),
        "after": as_data(stalecheck.probe(module), wanted, names),
    }


def kind_of(holder: str, name: str, module: str) -> str:
    """Return what a name holds: ``value`` is what nobody can call old who has not looked before the reload."""
    value = sys.modules[holder].__dict__.get(name)
    if type(value) is types.ModuleType:
        return "module"
    if type(value) is types.FunctionType:
        return "function" if value.__globals__.get("__name__") == module else "value"
    kind = value if oracle.is_a(value, type) else type(value)
    if kind.__dict__.get("__module__") != module:
        return "value"
    return "class" if kind is value else "instance"


def as_data(report: stalecheck.Report, wanted: list[list[str]], names: frozenset[str]) -> dict[str, Any]:
    """Return the holders in the package's own modules, and which of the wanted names hold what the report calls old."""
    old = {trace.id for finding in report for trace in finding.traces}
    return {
        "found": [f"{holder}:{name}" for holder, name in wanted if id(sys.modules[holder].__dict__.get(name)) in old],
        "holders": [
            [
                holder.module,
                holder.name,
                finding.origin,
                finding.kind.value,
                holder.kind.value,
                holder.code,
                holder.path,
            ]
            for finding in report
            for holder in finding.holders
            if holder.module in names and holder.name is not None
        ],
        "others": sum(holder.module not in names for finding in report for holder in finding.holders),
    }


if __name__ == "__main__":
    main()
