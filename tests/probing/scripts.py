"""Runs a script in a process of its own, beside the modules that it imports and reloads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

HEADER = """
import importlib, json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, {directory!r})
sys.path.insert(1, {root!r})
import stalecheck


def edit(module, source):
    \"\"\"Overwrite a module's file.\"\"\"
    with open({directory!r} + "/" + module.replace(".", "/") + ".py", "w") as file:
        file.write(source)
    importlib.invalidate_caches()


def answer(value):
    \"\"\"Hand a value to the test.\"\"\"
    with open({directory!r} + "/answer.json", "w") as file:
        json.dump(value, file)
"""


def run_script(directory: Path, files: Mapping[str, str], script: str, *, seconds: int = 60) -> Any:
    """Return what a script hands to `answer`.

    Args:
        directory: An empty folder.
        files: The modules beside the script, by their path.
        script: Its source; `edit(module, source)`, `answer(value)`, `stalecheck` and `importlib` are there.
        seconds: How long it may take.

    Raises:
        AssertionError: The script has failed; with what it printed.
    """
    for name, source in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
    path = directory / "main.py"
    header = HEADER.format(directory=str(directory), root=str(ROOT))
    path.write_text(header + textwrap.dedent(script), encoding="utf-8")
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=seconds, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return json.loads((directory / "answer.json").read_text(encoding="utf-8"))
