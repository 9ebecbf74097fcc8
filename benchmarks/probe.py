"""Time the probe on a heap of two million objects, in passes of the collector, beside objgraph and referrers."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import stalecheck

CORE = "class Engine:\n    def __init__(self):\n        self.parts = []\n"
APP = "HANDLERS = {}\nMANY = []\nHEAP = []\n"


@dataclass(frozen=True, slots=True)
class Case:
    """Old objects, and how many bare passes over the heap their holders may cost."""

    name: str
    count: int
    bound: float
    is_in_core: bool = False
    """Whether the module that is looked at has the heap itself."""


CASES = (
    Case("ten old objects", 10, 15),
    Case("ten old objects, the data is the module's own", 10, 20, is_in_core=True),
    Case("ten thousand old instances in one list", 10_000, 60),
)


def main() -> int:
    options = _options()
    others = _others(options.timeout)
    gc.disable()  # An automatic collection would fall on whichever happens to run.
    with tempfile.TemporaryDirectory(prefix="stalecheck-") as folder:
        core, app = _modules(Path(folder))
        app.HEAP = _heap(options.objects)
        load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
        print(f"Python {platform.python_version()}, {len(gc.get_objects()):,} tracked objects{load}\n")
        print(f"{'':48}{'seconds':>9}{'passes':>9}{'bound':>7}")
        is_within = True
        for case in CASES:
            is_within &= _measure(case, core, app, options.rounds, others)
    return 0 if is_within else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=2_000_000, help="how large the heap is (default: 2000000)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is timed (default: 5)")
    parser.add_argument(
        "--timeout", type=float, default=60, help="seconds for referrers, which can be told (default: 60)"
    )
    options = parser.parse_args()
    if min(options.objects, options.rounds) < 1:
        parser.error("a number has to be 1 or more")
    return options


def _others(timeout: float) -> list[tuple[str, Callable[[object], Any]]]:
    """Return the tools that find who holds one object, as far as they are installed."""
    found: list[tuple[str, Callable[[object], Any]]] = []
    try:
        objgraph = importlib.import_module("objgraph")
        found.append(("objgraph", lambda one: objgraph.find_backref_chain(one, objgraph.is_proper_module)))
        referrers = importlib.import_module("referrers")
        options = {"module_prefixes": ["benchmark_app"], "timeout": timeout}
        found.append(("referrers", lambda one: referrers.get_referrer_graph(one, **options)))
    except ImportError as error:
        print(f"not compared with {error.name}: pip install objgraph referrers\n")
    return found


def _modules(folder: Path) -> tuple[ModuleType, ModuleType]:
    for name, source in (("benchmark_core", CORE), ("benchmark_app", APP)):
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    return importlib.import_module("benchmark_core"), importlib.import_module("benchmark_app")


def _heap(count: int) -> list[object]:
    """Return dicts, lists and tuples that refer to each other, as many as asked for."""
    heap: list[object] = []
    for number in range(count // 4):
        inner = {"number": [number]}
        heap.append((inner, [inner]))
    return heap


def _measure(
    case: Case, core: Any, app: Any, rounds: int, others: Sequence[tuple[str, Callable[[object], Any]]]
) -> bool:
    olds = [core.Engine() for _ in range(case.count)]
    if case.count <= 10:
        app.HANDLERS.update(enumerate(olds))
    else:
        app.MANY = olds
    core.HEAP = app.HEAP if case.is_in_core else None
    sample = olds[0]
    del olds
    importlib.reload(core)
    passes: list[float] = []
    looks: list[float] = []
    report = stalecheck.probe(core)
    for _ in range(rounds):  # In turn, so that a busy minute of the machine hits both.
        passes.append(_seconds(lambda: gc.get_referrers(sample)))
        looks.append(_seconds(lambda: stalecheck.probe(core)))
    found = sum(finding.count for finding in report if finding.kind.value == "instance")
    if found != case.count:
        print(f"{case.name}: {found:,} of {case.count:,} found", file=sys.stderr)
        return False
    one = median(passes)
    ratio = median(looks) / one
    print(f"{'gc.get_referrers(x): one pass':48}{one:9.3f}{1:9.1f}")
    verdict = "within" if ratio <= case.bound else "TOO SLOW"
    print(f"{f'probe: {case.name}':48}{median(looks):9.3f}{ratio:9.1f}{case.bound:7}  {verdict}", flush=True)
    for name, look in others:
        seconds = _seconds(partial(look, sample))
        in_all = f"for each of them: {seconds * case.count:,.0f} s"
        print(f"{f'{name}: one of them':48}{seconds:9.3f}{seconds / one:9.1f}{'':9}{in_all}")
    print(flush=True)
    app.HANDLERS.clear()
    app.MANY = []
    return ratio <= case.bound


def _seconds(look: Callable[[], Any]) -> float:
    start = time.process_time()
    look()
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
