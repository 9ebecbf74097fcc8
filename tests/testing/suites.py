"""Runs pytest with the plugin in a process of its own, on a suite that is written down in the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
IS_INSTALLED = any(found.name == "stalecheck" for found in entry_points(group="pytest11"))
PLUGIN = [] if IS_INSTALLED else ["-p", "stalecheck.pytest_plugin"]
"""What makes pytest load the plugin that is not installed; one that is would be loaded twice."""

CORE = """
class Engine: ...
class Error(Exception): ...
def fail():
    raise Error("x")
LIMIT = 5
"""

APP = """
from core import Engine, Error
def make():
    return Engine()
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of pytest has printed and written."""

    code: int
    out: str
    records: list[dict[str, Any]]

    @property
    def tests(self) -> list[str]:
        """The tests that are named."""
        return [record["test"] for record in self.records]

    def holders(self, test: str) -> list[str]:
        """The names of all holders that a test is charged with."""
        return [
            holder["path"]
            for record in self.records
            if record["test"] == test
            for finding in record["findings"]
            for holder in finding["holders"]
        ]


def run_pytest(folder: Path, files: Mapping[str, str], *options: str, json_file: str | None = "found.json") -> Run:
    """Run pytest on some files.

    Args:
        folder: An empty folder.
        files: The files by their path; `core` and `app` are there if nothing else is said.
        options: What pytest is called with.
        json_file: What `--stalecheck-json` is given; None for a run without it.
    """
    for name, source in {"core.py": CORE, "app.py": APP, "pytest.ini": "[pytest]\n", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
    wake = [] if json_file is None else [f"--stalecheck-json={json_file}"]
    without = ["-p", "no:hypothesispytest"]  # It is slow to load.
    if "asyncio" not in files.get("pytest.ini", ""):
        without += ["-p", "no:asyncio"]  # It wants settings.
    command = [sys.executable, "-m", "pytest", *PLUGIN, *without, *wake, *options]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    written = folder / "found.json"
    text = written.read_text(encoding="utf-8") if json_file == written.name and written.is_file() else ""
    records = json.loads(text) if text.startswith("[") else []
    return Run(done.returncode, done.stdout + done.stderr, records)
