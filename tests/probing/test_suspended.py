"""Where functions wait to go on that hold what is old."""

from __future__ import annotations

import sys
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


CALLS = """
class Waiting:
    def __await__(self):
        yield
    def each(self, step=1):
        yield step
def numbers(start=1):
    yield start
    yield 2
async def serve():
    await Waiting()
async def stream():
    yield 1
    yield 2
"""
HELD = """
import core
class Holder: pass
held = Holder()
def hold():
    held.began, held.fresh = core.numbers(), core.numbers()
    next(held.began)
    held.each = core.Waiting().each()
    held.inner = (number for number in core.numbers())
    held.served, held.streamed = core.serve(), core.stream()
    held.served.send(None)
    try:
        held.streamed.__anext__().send(None)
    except StopIteration:
        pass
"""


@pytest.mark.parametrize(("edited", "verdict"), [("yield 2", "duplicate"), ("yield 22", "stale")])
@pytest.mark.parametrize("load", ["importlib.reload(core)", "del sys.modules['core']; import core"])
def test_calls_that_only_wait_run_the_old_code_still(tmp_path: Path, load: str, edited: str, verdict: str) -> None:
    script = f"""
        import app, core
        app.hold()
        before = [finding.origin for finding in stalecheck.probe(core)]
        edit("core", {CALLS.replace("yield 2", "%s")!r} % (("{edited}",) * 2))
        {load}
        app.new = core.numbers(), core.serve(), core.stream()
        next(app.new[0])
        answer([before, [[f.origin, f.verdict, sorted(h.path for h in f.holders)]
                         for f in stalecheck.probe(core) if f.kind.value == "function"]])
        app.held.served.close()
        app.new[1].close()
    """
    before, found = run_script(tmp_path, {"core.py": CALLS, "app.py": HELD}, script)
    calls = {
        origin: (verdict, [(path.split("()")[0].rpartition(".")[2], path.rpartition(" of ")[2]) for path in paths])
        for origin, verdict, paths in found
    }
    assert before == []
    calls.pop("core.Waiting.__await__")
    each = f"{'generator ' if sys.version_info < (3, 11) else ''}each"
    assert calls == {
        "core.Waiting.each": ("duplicate", [(each, "app.held.each")]),
        "core.numbers": (
            verdict,
            [
                ("generator numbers", "app.held.fresh"),
                ("generator numbers", "app.held.inner"),
                ("generator numbers", "app.held.began"),
            ],
        ),
        "core.serve": ("duplicate", [("coroutine serve", "app.held.served")]),
        "core.stream": (verdict, [("async generator stream", "app.held.streamed")]),
    }
