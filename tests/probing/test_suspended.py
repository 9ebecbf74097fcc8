"""Where functions wait to go on that hold what is old."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .scripts import run_script

FILES = {
    "core.py": "class Engine: pass\ndef block(event):\n    event.wait()\n",
    "app.py": """
        import asyncio, core
        async def serve():
            held = core.Engine()
            await asyncio.sleep(1000)
        async def outer():
            await serve()
        def numbers():
            held = core.Engine()
            yield 1
    """,
}

TASK = """
import asyncio, threading, app, core
async def main():
    task = asyncio.create_task(app.{name}(), name="it")
    await asyncio.sleep(0)
    importlib.reload(core)
    task = None
    give()
def give():
    report = stalecheck.probe(core)
    answer([[h.path, h.filename and h.filename.rpartition("/")[2], h.line] for f in report for h in f.holders])
"""


def look(folder: Path, name: str, start: str) -> Any:
    return run_script(folder, FILES, TASK.format(name=name) + start)


@pytest.mark.parametrize("name", ["serve", "outer"])
def test_a_task(tmp_path: Path, name: str) -> None:
    found = look(tmp_path, name, "asyncio.run(main())")
    assert [(path.split(" of ")[0].rpartition("/")[2][-8:], *where) for path, *where in found] == [
        ("app.py:5", "app.py", 5)
    ]


def test_what_a_callback_takes_from_a_generator(tmp_path: Path) -> None:
    start = """
import signal
generator = app.numbers()
next(generator)
signal.signal(signal.SIGTERM, generator.__next__)
del generator
importlib.reload(core)
give()
"""
    found = look(tmp_path, "serve", start)
    assert [where for _, *where in found] == [["app.py", 10]]


def test_a_call_that_runs(tmp_path: Path) -> None:
    start = """
event = threading.Event()
thread = threading.Thread(target=core.block, args=(event,), name="it", daemon=True)
thread.start()
while not event._cond._waiters: pass
importlib.reload(core)
give()
"""
    found = [one for one in look(tmp_path, "serve", start) if one[0].startswith("running call")]
    assert [where for _, *where in found] == [["core.py", 3]]
