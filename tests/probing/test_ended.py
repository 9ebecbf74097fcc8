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
    core = "def go(inner):\n    held = inner\n    inner()\ndef fail():\n    1 / 0\ndef run():\n    1 / 0\n"
    script = """
        import core, gc
        def call():
            before = [1]
            try: core.go(core.fail)
            except ZeroDivisionError as error: return error
        KEPT, LAST = call(), None
        try: core.run()
        except ZeroDivisionError as error: sys.last_traceback = error.__traceback__
        def look():
            importlib.reload(core)
            report = stalecheck.probe(core)
            answer([[f.origin, h.path.replace(sys.path[0] + "/", ""), h.kind.value] for f in report for h in f.holders])
        look()
    """
    found = run_script(tmp_path, {"core.py": core}, script)
    kept = [
        ["core.go", "ended call of go() at core.py:3 of __main__.KEPT.__traceback__", "local"],
        ["core.run", "ended call of run() at core.py:7 of sys.last_traceback", "history"],
    ]
    assert [one for one in found if one[0] != "core.fail"] == (kept if FRAMES_HAVE_FUNCTIONS else [])
    where = "in go() at core.py:3 of __main__.KEPT.__traceback__"
    [path] = [path for origin, path, _ in found if origin == "core.fail"]
    assert path in (f"local 'held' {where}", f"local 'inner' {where}")


def test_a_function_in_a_variable_is_one_of_its_own(tmp_path: Path) -> None:
    found = run_script(tmp_path, {"core.py": CORE}, SCRIPT.format(calls="[lambda: core.again(core.again)]"))
    assert found == [["core.again", "local 'function' in again()", "local", DROP]]
