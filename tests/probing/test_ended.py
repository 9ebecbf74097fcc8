"""What functions that have ended hold, because somebody keeps an exception."""

from __future__ import annotations

from pathlib import Path

from .scripts import run_script

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
    assert found == [["core.Engine", "local 'eng' in go()", "local", DROP]]


def test_a_function_in_a_variable_is_one_of_its_own(tmp_path: Path) -> None:
    found = run_script(tmp_path, {"core.py": CORE}, SCRIPT.format(calls="[lambda: core.again(core.again)]"))
    assert found == [["core.again", "local 'function' in again()", "local", DROP]]
