"""Time what `pytest --stalecheck` costs a test where nothing is reloaded: empty tests, with and without, in turn."""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from statistics import median

BOUND = 0.1
ROOT = Path(__file__).parents[1]


def main() -> int:
    options = _options()
    plugin = [] if any(one.name == "stalecheck" for one in entry_points(group="pytest11")) else ["stalecheck"]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"Python {platform.python_version()}, {options.tests:,} empty tests, {options.modules:,} modules{load}")
    with tempfile.TemporaryDirectory(prefix="stalecheck-") as folder:
        _write(Path(folder), options.tests, options.modules)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["-p", "stalecheck.pytest_plugin"] if plugin else []
        seconds: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(options.rounds):
            for is_awake in seconds:
                seconds[is_awake].append(_run([*command, *(["--stalecheck"] if is_awake else [])], folder))
    asleep, awake = median(seconds[False]), median(seconds[True])
    cost = (awake - asleep) / options.tests * 1000
    print(f"asleep {asleep:.2f} s, awake {awake:.2f} s: {cost:.3f} ms a test (bound {BOUND})")
    return 0 if cost <= BOUND else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=5_000, help="how many empty tests (default: 5000)")
    parser.add_argument("--modules", type=int, default=1_000, help="how many modules are imported (default: 1000)")
    parser.add_argument("--rounds", type=int, default=5, help="how many runs with and without (default: 5)")
    return parser.parse_args()


def _write(folder: Path, tests: int, modules: int) -> None:
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    makes = "import sys, types\n" + f"for n in range({modules}): sys.modules[f'm{{n}}'] = types.ModuleType(f'm{{n}}')\n"
    (folder / "conftest.py").write_text(makes, encoding="utf-8")
    text = "".join(f"def test_{number}(): pass\n" for number in range(tests))
    (folder / "test_empty.py").write_text(text, encoding="utf-8")


def _run(command: Sequence[str], folder: str) -> float:
    """Return the processor seconds of a run."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Modules are compiled once and kept, as they are where nothing forbids it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = path
    subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
