"""What functions that have ended hold, because somebody keeps an exception."""

from __future__ import annotations

import sys
from pathlib import Path

from .scripts import run_script

FRAMES_HAVE_FUNCTIONS = sys.version_info >= (3, 11)

CORE = """
class Engine: pass
def go():
    eng = Engine()
    1 / 0
def again(function):
    1 / 0
"""

SCRIPT = """
import core
errors = []
for call in {calls}:
    try: call()
    except ZeroDivisionError as error: errors.append(error)
del call
edit("core", open(core.__file__).read().replace("pass", "x = 1").replace("1 / 0", "return 1"))
importlib.reload(core)
report = stalecheck.probe(core)
answer([[f.origin, h.path.partition(" at ")[0], h.kind.value, h.remedy] for f in report for h in f.holders])
"""

DROP = "drop the exception, or its traceback: the function has ended"


def test_a_stored_exception_is_to_be_dropped(tmp_path: Path) -> None:
    found = run_script(tmp_path, {"core.py": CORE}, SCRIPT.format(calls="[core.go]"))
    called = [["core.go", "ended call of go()", "local", DROP]] if FRAMES_HAVE_FUNCTIONS else []
    assert found == [["core.Engine", "local 'eng' in go()", "local", DROP], *called]


def test_a_function_that_only_tracebacks_keep_is_named_by_them(tmp_path: Path) -> None:
    core = """
        class Engine: pass
        def go(inner):
            held = inner
            inner()
        def fail():
            1 / 0
        def run():
            1 / 0
        """
    script = """
        import core
        def call():
            try: core.go(core.fail)
            except ZeroDivisionError as error: return error
        def caller():
            engine = core.Engine()
            return call()
        KEPT = caller()
        try: core.run()
        except ZeroDivisionError as error: sys.last_traceback = error.__traceback__
        def look():
            importlib.reload(core)
            report = stalecheck.probe(core)
            answer([[f.origin, h.path.replace(sys.path[0] + "/", ""), h.kind.value] for f in report for h in f.holders])
        look()
    """
    found = {one[0]: one[1:] for one in run_script(tmp_path, {"core.py": core}, script)}
    where = "in go() at core.py:5 of __main__.KEPT.__traceback__"
    assert found.pop("core.fail")[0] in (f"local 'held' {where}", f"local 'inner' {where}")
    engine = {"core.Engine": ["local 'engine' in caller() at main.py:27 of __main__.KEPT.__traceback__", "local"]}
    called = {
        "core.go": ["ended call of go() at core.py:5 of __main__.KEPT.__traceback__", "local"],
        "core.run": ["ended call of run() at core.py:9 of sys.last_traceback", "history"],
    }
    assert found == engine | (called if FRAMES_HAVE_FUNCTIONS else {})


def test_a_thread_is_to_be_stopped(tmp_path: Path) -> None:
    script = """
        import core, threading
        go = threading.Event()
        def wait(*given): go.wait(20)
        for kind, given in ((threading.Thread, {"target": wait}), (threading.Timer, {"interval": 60, "function": id})):
            thread = kind(**given, args=(core.go,))
            thread.daemon, thread.name = True, kind.__name__
            thread.start()
        del thread
        importlib.reload(core)
        report = stalecheck.probe(core)
        answer(sorted([h.path, h.code, h.remedy] for f in report for h in f.holders if h.kind.value == "callback"))
    """
    stop = "stop the thread, or wait until it ends, and start a new one"
    assert run_script(tmp_path, {"core.py": CORE.replace("1 / 0", "pass")}, script) == [
        ["arguments[0] of thread 'Thread'", "STL210", stop],
        ["arguments[0] of thread 'Timer'", "STL210", stop],
    ]


def test_a_function_in_a_variable_is_one_of_its_own(tmp_path: Path) -> None:
    found = run_script(tmp_path, {"core.py": CORE}, SCRIPT.format(calls="[lambda: core.again(core.again)]"))
    assert found == [["core.again", "local 'function' in again()", "local", DROP]]
