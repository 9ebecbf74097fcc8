"""The probe at a debugger's prompt and inside of trace functions: local variables stay bound and as they were."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from .scripts import ROOT, run_script

FILES = {
    "core.py": "class Engine:\n    pass\n",
    "app.py": """
        import core

        First = core.Engine

        def serve(argument):
            engine = First()
            number = 1
            number += 1
            return argument, engine, number

        def outer():
            value = 1
            result = serve(value)
            return value, result
        """,
}

TRACE = """
import app, core, threading
importlib.reload(core)
stalecheck.probe(core)
reports = []

def trace(frame, event, arg):
    if frame.f_code.co_filename.endswith("app.py"):
        reports.append(stalecheck.probe(core))
    return trace

def disabling(frame, event, arg):
    if frame.f_code.co_filename.endswith("app.py"):
        sys.settrace(None)
        reports.append(stalecheck.probe(core))
        sys.settrace(disabling)
    return disabling

class Tracer:
    def __call__(self, frame, event, arg):
        trace(frame, event, arg)
        return self
    def method(self, frame, event, arg):
        trace(frame, event, arg)
        return self.method

def setting(frame, event, arg):
    local = frame.f_locals
    if event == "return" and frame.f_code.co_name == "serve":
        local["number"] = 7
    trace(frame, event, arg)
    return setting

def deeper(frame, event, arg):
    def inner():
        trace(frame, event, arg)
    inner()
    return deeper
"""


def test_local_variables_stay_bound_in_a_trace_function(tmp_path: Path) -> None:
    script = f"""{TRACE}
results = {{}}
for setter in (sys.settrace, sys.setprofile):
    for tracer in (trace, disabling, Tracer(), Tracer().method, setting, deeper):
        reports.clear()
        setter(tracer)
        value, (argument, engine, number) = app.outer()
        setter(None)
        name = getattr(tracer, "__name__", "call")
        results[setter.__name__ + " " + name] = [value, argument, type(engine).__name__, number, len(reports) > 2]
answer(results)
"""
    results = run_script(tmp_path, FILES, script)
    assert len(results) == 12
    assert {name: found for name, found in results.items() if found != [1, 1, "Engine", 2, True]} == {}


def test_local_variables_stay_bound_under_a_tracer(tmp_path: Path) -> None:
    """The probe is called by a program that is traced, in Python or in C; so are its own functions then."""
    script = """
import app, core, cProfile, threading
importlib.reload(core)
stalecheck.probe(core)
seen = []

def trace(frame, event, arg):
    seen.append(frame.f_code.co_name)
    return trace

def called(setter):
    engine = app.First()
    number = 1
    report = stalecheck.probe(core)
    return type(engine).__name__, number, [h.path.partition(" at")[0] for f in report for h in f.holders]

results = [called(None)]
for setter in (sys.settrace, sys.setprofile):
    setter(trace)
    results.append(called(setter))
    setter(None)
results.append(cProfile.Profile().runcall(called, None))
answer([results.count(results[0]), results[0], len(seen) > 100])
"""
    count, first, is_traced = run_script(tmp_path, FILES, script)
    assert (count, is_traced) == (4, True), first
    assert first[:2] == ["Engine", 1]
    assert "local 'engine' in called()" in first[2]


def test_local_variables_stay_bound_in_threads_that_are_traced(tmp_path: Path) -> None:
    script = """
import app, core, threading, time
importlib.reload(core)
results, stop = [], threading.Event()

def trace(frame, event, arg):
    return trace

def work():
    while not stop.is_set():
        results.append(app.outer()[1][2])

for setter in (threading.settrace, threading.setprofile):
    stop.clear()
    setter(trace)
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(6):
        stalecheck.probe(core)
    setter(None)
    stop.set()
    for thread in threads:
        thread.join()
answer(sorted(set(results)))
"""
    assert run_script(tmp_path, FILES, script) == [2]


PDB = """
import app, core, io, pdb
importlib.reload(core)
stalecheck.probe(core)
commands = {commands!r}
output = io.StringIO()
debugger = pdb.Pdb(stdin=io.StringIO("\\n".join(commands) + "\\n"), stdout=output, nosigint=True, readrc=False)
debugger.rcLines = []
result = debugger.runcall(app.outer)
answer([result[0], result[1][0], type(result[1][1]).__name__, result[1][2], output.getvalue()])
"""
PROBE = "!import stalecheck; report = stalecheck.probe('core'); print_ = 1"


def _debug(tmp_path: Path, *commands: str) -> tuple[list[Any], str]:
    *result, output = run_script(tmp_path, FILES, PDB.format(commands=list(commands)))
    assert "Error" not in output, output
    return result, output


def test_what_is_assigned_at_the_prompt_of_pdb_survives(tmp_path: Path) -> None:
    commands = ("b app.py:9", "c", "!number = 41", PROBE, "p ('number', number)", "n", "p ('next', number)", PROBE, "c")
    result, output = _debug(tmp_path, *commands)
    assert "('number', 41)" in output
    assert "('next', 42)" in output
    assert result == [1, 1, "Engine", 42]


def test_arguments_stay_bound_where_pdb_steps_into_a_function(tmp_path: Path) -> None:
    commands = ("b app.py:14", "c", "s", PROBE, "p ('argument', argument)", "!argument = 5", PROBE, "c")
    result, output = _debug(tmp_path, *commands)
    assert "--Call--" in output
    assert "('argument', 1)" in output
    assert result == [1, 5, "Engine", 2]


def test_what_is_assigned_in_a_caller_survives(tmp_path: Path) -> None:
    commands = ("b app.py:9", "c", "u", "!value = 3", PROBE, "p ('value', value)", "d", "c")
    _, output = _debug(tmp_path, *commands)
    assert "('value', 3)" in output


def test_local_variables_survive_where_a_function_returns(tmp_path: Path) -> None:
    result, output = _debug(tmp_path, "b app.py:9", "c", "r", PROBE, "p ('number', number)", "n", PROBE, "c")
    assert "('number', 2)" in output
    assert result == [1, 1, "Engine", 2]


def test_after_the_end(tmp_path: Path) -> None:
    script = f"""
import app, core, io, pdb
importlib.reload(core)
def fails():
    engine, number = app.First(), 1
    raise ValueError
try:
    fails()
except ValueError as error:
    kept = error
commands = ["!number = 5", {PROBE!r}, "p ('number', number)", "p ('engine', type(engine).__name__)", "q"]
output = io.StringIO()
debugger = pdb.Pdb(stdin=io.StringIO("\\n".join(commands) + "\\n"), stdout=output, nosigint=True, readrc=False)
debugger.reset()
debugger.interaction(None, kept.__traceback__)
answer(output.getvalue())
"""
    output = run_script(tmp_path, FILES, script)
    assert "('number', 5)" in output
    assert "('engine', 'Engine')" in output


STOPPING = """
import importlib, app, core

class Service:
    def __init__(self):
        self.engine = core.Engine()
        self.table = {"the first engine": [self.engine, core.Engine()]}

def serve(argument, *, number=1):
    service_with_a_long_name = Service()
    importlib.reload(core)
    BREAKPOINT()
    number += 1
    return argument, number, type(service_with_a_long_name).__name__

print("returned", serve("given"))
"""
PROMPTS = {
    "breakpoint": ("breakpoint", {}),
    "pdb": ("import pdb; pdb.set_trace", {}),
    "IPython's": ("from IPython.core.debugger import set_trace; set_trace", {}),
    "breakpoint of IPython's": ("breakpoint", {"PYTHONBREAKPOINT": "IPython.core.debugger.set_trace"}),
}


@pytest.mark.parametrize("which", PROMPTS)
def test_at_a_prompt_variables_stay_and_the_report_fits(tmp_path: Path, which: str) -> None:
    call, settings = PROMPTS[which]
    if "IPython" in which:
        pytest.importorskip("IPython", reason="IPython is not installed")
    for name, source in {**FILES, "main.py": STOPPING.replace("BREAKPOINT", call)}.items():
        (tmp_path / name).write_text(textwrap.dedent(source), encoding="utf-8")
    typed = [
        "!number = 41",
        "!argument = 'typed'",
        "import stalecheck",
        "p '<report>'",
        "stalecheck.probe('core')",
        "p '<end>'",
        "p stalecheck.probe()",
        "p ('number', number, argument)",
        "c",
    ]
    environment = {**os.environ, **settings, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "main.py"],
        input="\n".join(typed) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env=environment,
    )
    assert "('number', 41, 'typed')" in done.stdout, done.stderr
    assert "returned ('typed', 42, 'Service')" in done.stdout
    report = done.stdout.partition("<report>")[2].partition("<end>")[0]
    assert "local 'service_with_a_long_name'.engine in serve()" in " ".join(report.split())
    assert all(len(line) <= 80 for line in report.splitlines()), report
    assert "debugger" not in report
    assert "IPython" not in report


def test_what_a_trace_function_has_assigned_survives(tmp_path: Path) -> None:
    script = """
import app, bdb, core
importlib.reload(core)
code = app.serve.__code__
last = code.co_firstlineno + 4

def assign(frame):
    if frame.f_code is code and frame.f_lineno == last:
        frame.f_locals["number"] = 7
        look()

def trace(frame, event, arg):
    assign(frame)
    return trace

class Debugger(bdb.Bdb):
    def user_line(self, frame):
        assign(frame)

def watched():
    with stalecheck.watch(core):
        pass

results = []
for look in (lambda: stalecheck.probe(core), stalecheck.probe, watched):
    for argument in (1, app.First, app.First()):
        sys.settrace(trace)
        result = app.serve(argument)
        sys.settrace(None)
        results += [result[2], Debugger().runcall(app.serve, argument)[2]]
answer(results)
"""
    assert set(run_script(tmp_path, FILES, script)) == {7}


def test_what_locals_has_given_does_not_change(tmp_path: Path) -> None:
    script = """
import app, core
importlib.reload(core)

def asks(argument):
    engine = app.First()
    given = locals()
    number = 1
    report = stalecheck.probe(core)
    return sorted(given), [one.path.partition(" at")[0] for found in report for one in found.holders]

answer(asks(1))
"""
    names, paths = run_script(tmp_path, FILES, script)
    assert names == ["argument", "engine"]
    assert "local 'engine' in asks()" in paths


def test_what_is_assigned_at_the_prompt_of_a_caller_survives(tmp_path: Path) -> None:
    commands = ("b app.py:9", "c", "u", "!mine = 42", "d", PROBE, "u", "p ('mine', mine)", "c")
    _, output = _debug(tmp_path, *commands)
    assert "('mine', 42)" in output


def test_what_the_prompt_has_assigned_in_a_caller_is_a_holder(tmp_path: Path) -> None:
    look = "!import stalecheck; print([h.path for f in stalecheck.probe('core') for h in f.holders])"
    commands = ("b app.py:9", "c", "u", "!mine = First()", "d", look, "c")
    _, output = _debug(tmp_path, *commands)
    assert "local 'mine' in outer() at" in output


@pytest.mark.parametrize("read", ["locals()", "sys._getframe().f_locals", "reading(sys._getframe())"])
def test_a_snapshot_of_variables_stays_what_it_was(tmp_path: Path, read: str) -> None:
    script = f"""
import app, core, weakref
importlib.reload(core)

def reading(frame):
    return frame.f_locals

def asks():
    number = 1
    given = {read}
    before = dict(given)
    number = 2
    engine = app.First()
    reference = weakref.ref(engine)
    report = stalecheck.probe(core)
    is_same = dict(given) == (before if sys.version_info < (3, 13) or "locals()" in {read!r} else dict(given))
    del engine
    return is_same, reference() is None, [one.path.partition(" at")[0] for found in report for one in found.holders]

answer(asks())
"""
    is_same, is_gone, paths = run_script(tmp_path, FILES, script)
    assert (is_same, is_gone) == (True, True)
    assert paths == ["app.First", "local 'engine' in asks()"]


def test_without_ctypes_variables_are_found_too(tmp_path: Path) -> None:
    script = """
import app, core, weakref
sys.modules["ctypes"] = None
importlib.reload(core)

def asks():
    engine = app.First()
    reference = weakref.ref(engine)
    report = stalecheck.probe(core)
    del engine
    return reference() is None, [one.path.partition(" at")[0] for found in report for one in found.holders]

answer(asks())
"""
    assert run_script(tmp_path, FILES, script) == [True, ["app.First", "local 'engine' in asks()"]]


@pytest.mark.skipif(sys.version_info[:2] not in ((3, 11), (3, 12)), reason="only there frames are read in memory")
def test_memory_has_what_a_frame_says_it_has(tmp_path: Path) -> None:
    script = """
import threading, time
from stalecheck.probing.memory import memory

found = memory()
results = []

def same():
    frame = sys._getframe(1)
    mine = dict(found.variables(frame))
    results.append(found.snapshot(frame) is None)
    results.append(mine == dict(frame.f_locals))
    results.append(found.snapshot(frame) is frame.f_locals)

def outer(first, *others, key=1, **more):
    unbound = cell = [first]
    del unbound
    def inner(argument):
        [name for name in range(3)]
        def deepest():
            return argument, cell, sometimes
        same()
        return deepest
    def later():
        return sometimes
    inner(5)
    same()
    sometimes = 1
    return inner

def generator():
    value = 1
    yield
    other = value
    yield

outer(1, 2, third=3)
running = generator()
next(running)
results.append(found.variables(running.gi_frame) == [("value", 1)])
next(running)
frame = running.gi_frame
del running
results.append(found.variables(frame) == [("value", 1), ("other", 1)])
frame.clear()
results.append(found.variables(frame) == [])

def work():
    def deep(number):
        return deep(number - 1) if number else len(list(generator()))
    while not stop:
        deep(30)

stop = []
threads = [threading.Thread(target=work) for _ in range(3)]
interval = sys.getswitchinterval()
sys.setswitchinterval(1e-6)
for thread in threads:
    thread.start()
end = time.monotonic() + 2
while time.monotonic() < end:
    for frame in sys._current_frames().values():
        while frame is not None:
            found.variables(frame)
            frame = frame.f_back
stop.append(1)
sys.setswitchinterval(interval)
for thread in threads:
    thread.join()
answer([len(results), results])
"""
    number, results = run_script(tmp_path, FILES, script)
    assert results == [True] * number
