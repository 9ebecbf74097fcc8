"""Runs cells in a shell of IPython, in a process of its own, beside the modules that they import and reload."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]

SHELL = """
import contextlib, io, json, os, sys, time
sys.dont_write_bytecode = True
directory, root = sys.argv[1:]
sys.path[:0] = [directory, root]
os.chdir(directory)
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False
config.TerminalInteractiveShell.simple_prompt = True
config.TerminalInteractiveShell.colors = "NoColor"
shell = TerminalInteractiveShell.instance(config=config)
answers = []
moment = time.time() - 1000
for cell in json.load(sys.stdin):
    if type(cell) is dict:
        for name, source in cell.items():
            moment += 10
            with open(name, "w") as file:
                file.write(source)
            os.utime(name, (moment, moment))
        continue
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        shell.run_cell(cell, store_history=True)
    answers.append(output.getvalue())
with open("answers.json", "w") as file:
    json.dump(answers, file)
"""


def run_cells(directory: Path, *cells: str | Mapping[str, str]) -> list[str]:
    """Return what each cell prints.

    Args:
        directory: An empty folder, the working directory of the shell.
        cells: Their sources; in between, files to write, by name.

    Raises:
        AssertionError: The shell has failed; with what it printed.
    """
    given = [
        textwrap.dedent(cell) if isinstance(cell, str) else {name: textwrap.dedent(text) for name, text in cell.items()}
        for cell in cells
    ]
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "IPYTHONDIR": str(directory / ".ipython")}
    done = subprocess.run(
        [sys.executable, "-c", SHELL, str(directory), str(ROOT)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr or done.stdout
    answers: list[str] = json.loads((directory / "answers.json").read_text(encoding="utf-8"))
    return answers


def said(answers: Sequence[str]) -> dict[int, list[str]]:
    """Return the lines that stalecheck has said of its own accord, by the number of the cell."""
    found = {}
    for number, text in enumerate(answers, 1):
        lines = text.partition("stalecheck: ")[2].splitlines()
        if lines:
            found[number] = [" ".join(part.split()) for part in _unwrapped(lines[1:])]
    return found


def _unwrapped(lines: Sequence[str]) -> list[str]:
    joined: list[str] = []
    for line in lines:
        if line.startswith("    ") and joined:
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line)
    return joined
