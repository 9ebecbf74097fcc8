"""Asks the interpreter, the linter and the probe the same question about one package."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stalecheck.vocabulary import ReloadMode

from .measure import interpret, lint
from .probe_compare import Figures, compare
from .targets import Target, installed

ROOT = Path(__file__).parents[2]


def measure(target: Target, mode: ReloadMode, modules: Iterable[str] | None = None) -> Figures:
    """Return how well the probe agrees with the interpreter and the linter on the given modules of a package, or all.

    Raises:
        NotInstallableError: pip could not install the package.
    """
    directory = installed(target)
    answer = interpret(target, directory, mode, modules)
    diagnostics = lint(target, directory, ("*",) if modules is None else tuple(modules))
    return compare(answer, look(target, directory, mode, answer), diagnostics, mode)


def look(target: Target, directory: Path, mode: ReloadMode, answer: dict[str, Any]) -> dict[str, Any]:
    """Return what the probe finds when the modules that the interpreter has reloaded are, one at a time."""
    wanted = {
        run["module"]: [slot[:2] for slot in run["direct"] if "." not in slot[1]]
        for run in answer["runs"]
        if run["error"] is None
    }
    order = {"target": str(directory), "package": target.package, "mode": mode.value, "wanted": wanted}
    done = subprocess.run(
        [sys.executable, "-s", "-S", "-B", "-X", "utf8", "-m", "tests.agreement.probe_script"],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PYTHONHASHSEED": "0"},
    )
    if not done.stdout:
        raise RuntimeError(f"the probe gave no answer for {target.title}: {done.stderr[-500:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
