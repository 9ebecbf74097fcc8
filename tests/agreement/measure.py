"""Asks the interpreter and the linter the same question about one package."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import stalecheck
from stalecheck.model import Diagnostic
from stalecheck.vocabulary import ReloadMode

from .compare import Agreement, compare
from .targets import Target, installed

ORACLE = Path(__file__).with_name("oracle.py")


def measure(target: Target, mode: ReloadMode) -> Agreement:
    """Return how well the linter agrees with the interpreter on every module of a package.

    Raises:
        NotInstallableError: pip could not install the package.
    """
    directory = installed(target)
    return compare(interpret(target, directory, mode), lint(target, directory), mode)


@cache
def lint(target: Target, directory: Path, modules: tuple[str, ...] = ("*",)) -> tuple[Diagnostic, ...]:
    """Return what the linter reports when the given modules (patterns), each on its own, are reloaded in either way.

    Both ways at once, as the files are read once then.
    """
    path = directory / target.package
    found = stalecheck.check(
        [path if path.is_dir() else path.with_suffix(".py")],
        isolated=True,
        min_severity="note",
        reloaded=list(modules),
        reimported=list(modules),
    )
    return tuple(found)


def interpret(
    target: Target, directory: Path, mode: ReloadMode, modules: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return what the interpreter says when the given modules, or all, are reloaded one at a time.

    The answer does not change as long as the package and `oracle.py` stay the same, so it is kept beside the package.
    """
    listed = None if modules is None else sorted(modules)
    order = {"target": str(directory), "package": target.package, "mode": mode.value, "modules": listed}
    key = sha256(ORACLE.read_bytes() + json.dumps(order).encode() + sys.version.encode()).hexdigest()[:12]
    out = directory.with_name(f"{directory.name}.{mode.value}.{key}.json")
    if not out.exists():
        command = [sys.executable, "-I", "-S", "-X", "utf8", str(ORACLE), json.dumps({**order, "out": str(out)})]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONHASHSEED": "0"})
        if not out.exists():
            raise RuntimeError(f"the interpreter gave no answer for {target.title}: {done.stderr[-500:]}")
    answer: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return answer
