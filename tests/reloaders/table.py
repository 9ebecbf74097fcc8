"""Asks each reloader in a process of its own, and lays the answers out as a table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .project import FILES

ROOT = Path(__file__).parents[2]
START, END = "<!-- reloaders -->\n", "<!-- /reloaders -->"


@dataclass(frozen=True, slots=True)
class Reloader:
    """What brings an edit into a running program."""

    name: str
    """What the script calls it."""

    title: str
    package: str | None = None
    least: int = 0
    """The first version of the package that has it."""

    @property
    def heading(self) -> str:
        """What its column is called: what was measured, with its version."""
        return f"{self.title} ({self.package} {version(self.package)})" if self.package else self.title

    @property
    def is_installed(self) -> bool:
        try:
            return self.package is None or int(version(self.package).partition(".")[0]) >= self.least
        except PackageNotFoundError:
            return False


RELOADERS = (
    Reloader("reload", "`importlib.reload`"),
    Reloader("eviction", "eviction and import"),
    Reloader("autoreload", "`%autoreload 2`", "IPython", 9),
    Reloader("autoreload-full", "`%autoreload 2-`", "IPython", 9),
    Reloader("jurigged", "its watcher", "jurigged"),
    Reloader("twisted", "`rebuild`", "Twisted"),
)


def ask(reloader: Reloader) -> dict[str, tuple[str, str]]:
    """Return for each holder what the probe says of it after an edit, and what the interpreter does.

    Raises:
        AssertionError: The reloader has failed.
    """
    with tempfile.TemporaryDirectory() as directory:
        for name, source in FILES.items():
            (Path(directory) / name).write_text(source, encoding="utf-8")
        script = Path(__file__).with_name("session.py")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(Path(directory) / "ipython")}
        done = subprocess.run(
            [sys.executable, str(script), reloader.name],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=directory,
            env=environment,
        )
    assert done.returncode == 0, done.stderr
    return {row: (said, does) for row, (said, does) in json.loads(done.stdout.splitlines()[-1]).items()}


def as_table(columns: dict[str, dict[str, tuple[str, str]]]) -> str:
    """Return the table, in Markdown.

    Args:
        columns: The answers by the column's heading.
    """
    rows = [
        ["holder", *columns],
        ["---"] * (len(columns) + 1),
        *([row, *(column[row][0] or "fresh" for column in columns.values())] for row in next(iter(columns.values()))),
    ]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
