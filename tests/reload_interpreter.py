"""What happens in a fixture project about the reload itself: imports it, calls functions, answers what has changed.

    python -E -s -B tests/reload_interpreter.py

Reads one order per line, an entry of `shows` with the project's ``root``, ``modules`` and ``old`` files, and answers
each with a line. Knows nothing of the linter.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path
from typing import Any

from agreement.oracle import answer_orders


def main() -> None:
    """Answer orders until there are no more."""
    sys.path.pop(0)  # Projects have a path of their own.
    answer_orders(play)


def play(order: dict[str, Any]) -> dict[str, Any]:
    """Return what a call raises, and an expression's identity and text before and after it."""
    space = prepare(order)
    expression = order["same"] or order["new"] or order["value"] or "None"
    before = eval(expression, space)
    text = repr(before)
    raised = [raises(entry) for entry in order["call"]]
    after = eval(expression, space)
    return {"raised": next(filter(None, reversed(raised)), ""), "same": before is after, "texts": [text, repr(after)]}


def prepare(order: dict[str, Any]) -> dict[str, Any]:
    """Import a project, the old files where there are some, and put the new ones in their place; return its names."""
    root = Path(order["root"])
    sys.path.insert(0, str(root))
    new = {path: path.read_bytes() for path in root.rglob("*.py")}
    if order["old"]:
        shutil.copytree(order["old"], root, dirs_exist_ok=True)
    for name in order["modules"]:
        importlib.import_module(name)
    for path in root.rglob("*.py"):
        if path in new:
            path.write_bytes(new[path])
        else:
            path.unlink()
    importlib.invalidate_caches()
    tops = [name.partition(".")[0] for name in order["modules"]]
    space = {name: sys.modules[name] for name in tops}
    if order["prepare"]:
        call(order["prepare"])
    return space


def raises(entry: str) -> str:
    """Call a function; return the name of the exception that it raises, if it does."""
    try:
        call(entry)
    except BaseException as error:
        return type(error).__name__
    return ""


def call(entry: str) -> None:
    module, _, function = entry.partition(":")
    getattr(sys.modules[module], function)()


if __name__ == "__main__":
    main()
