"""What a look gives that is not allowed to end, and what a terminal shows meanwhile."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from .scripts import ROOT, run_script

FILES = {
    "core.py": "class Engine:\n    pass\n",
    "app.py": "from core import Engine\nDEEP = [[[[[[Engine()]]]]]]\n",
}

INTERRUPT = """
import app, core
from stalecheck.probing import climb, findings, heap, look, old, progress
importlib.reload(core)

def interrupting(original, which):
    calls = []
    def wrapped(*args, **kwargs):
        calls.append(1)
        if len(calls) == which:
            raise KeyboardInterrupt
        return original(*args, **kwargs)
    return wrapped

{module}.{name} = interrupting({module}.{name}, {which})
report = stalecheck.probe(core)
answer([[f.origin + " " + h.path for f in report for h in f.holders], list(report.notes), report.awaiting_collection])
"""


def test_ctrl_c_among_the_levels_gives_what_is_near(tmp_path: Path) -> None:
    script = INTERRUPT.format(module="climb", name="_next_level", which=2)
    paths, notes, awaiting = run_script(tmp_path, FILES, script)
    assert paths == ["core.Engine app.Engine"]
    assert notes == [
        "1 old object has been found whose holders have not been reached",
        "interrupted: holders that are farther away are missing",
    ]
    assert awaiting == 0


def test_ctrl_c_before_the_first_level(tmp_path: Path) -> None:
    script = INTERRUPT.format(module="climb", name="_look_at_stacks", which=1)
    paths, notes, _ = run_script(tmp_path, FILES, script)
    assert paths == []
    assert notes[0] == "2 old objects have been found whose holders have not been reached"


def test_ctrl_c_while_looking_for_what_is_old(tmp_path: Path) -> None:
    script = INTERRUPT.format(module="look", name="take_stock", which=1)
    paths, notes, _ = run_script(tmp_path, FILES, script)
    assert (paths, notes) == ([], ["interrupted: not all modules have been looked at"])


def test_ctrl_c_while_holders_are_named(tmp_path: Path) -> None:
    script = INTERRUPT.format(module="findings", name="walk", which=2)
    paths, notes, _ = run_script(tmp_path, FILES, script)
    assert len(paths) == 1
    assert notes[-1] == "interrupted: some holders are missing"


def test_a_real_ctrl_c(tmp_path: Path) -> None:
    script = """
        import app, core, signal, threading
        app.HEAP = [[i] for i in range(1_000_000)]
        app.MANY = [core.Engine() for _ in range(500)]
        importlib.reload(core)
        stalecheck.probe
        timer = threading.Timer(0.15, lambda: signal.raise_signal(signal.SIGINT))
        timer.start()
        report = stalecheck.probe(core)
        timer.join()
        answer(list(report.notes))
    """
    notes = run_script(tmp_path, FILES, script)
    assert notes == [] or any("interrupted" in note for note in notes)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers")
def test_ctrl_c_at_any_moment_gives_a_report(tmp_path: Path) -> None:
    """A second one comes while the first one is being dealt with."""
    script = """
        import app, core, signal, time
        app.MANY = [core.Engine() for _ in range(300)]
        app.HEAP = [[i] for i in range(20_000)]
        importlib.reload(core)
        stalecheck.probe(core)
        began = time.perf_counter()
        stalecheck.probe(core)
        full = time.perf_counter() - began
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        reports = said = whole = outside = 0
        end = time.monotonic() + 8
        while time.monotonic() < end:
            after = full * ((reports * 37) % 97 + 1) / 98
            report = None
            try:
                signal.setitimer(signal.ITIMER_REAL, after, full / 7 if reports % 2 else 0)
                report = stalecheck.probe(core)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                signal.setitimer(signal.ITIMER_REAL, 0)
            if report is None:  # It came before the look had begun, or after it had ended.
                outside += 1
                continue
            reports += 1
            said += any(note.startswith("interrupted: ") for note in report.notes)
            whole += not report.notes and sum(one.count for one in report) == 302
        answer([reports, said, whole, outside])
    """
    reports, said, whole, outside = run_script(tmp_path, FILES, script)
    assert reports > 10
    assert said > reports / 2
    assert said + whole == reports
    assert outside <= reports / 20


@pytest.mark.parametrize("argument", ["core", "None"])
def test_the_time_that_is_allowed(tmp_path: Path, argument: str) -> None:
    script = f"""
        import app, core, time
        app.HEAP = [[i] for i in range(300_000)]
        app.MANY = [core.Engine() for _ in range(500)]
        importlib.reload(core)
        report = stalecheck.probe({argument}, max_seconds=0)
        answer([len(report), list(report.notes)])
    """
    count, notes = run_script(tmp_path, FILES, script)
    assert count == 0
    assert notes == ["max_seconds=0 is over: not all modules have been looked at"]


def test_time_over_among_the_levels_is_said(tmp_path: Path) -> None:
    script = """
        import app, core, time
        from stalecheck.probing import climb
        importlib.reload(core)
        original = climb._next_level
        def slow(*args):
            time.sleep(1.2)
            return original(*args)
        climb._next_level = slow
        report = stalecheck.probe(core, max_seconds=1)
        answer([[h.path for f in report for h in f.holders], list(report.notes), str(report)])
    """
    paths, notes, text = run_script(tmp_path, FILES, script)
    assert paths == ["app.Engine"]
    assert notes[-1] == "max_seconds=1 is over: holders that are farther away are missing"
    assert notes[-1] in text


SLOW = """
import app, core, time
from stalecheck.probing import climb
importlib.reload(core)
original = climb._next_level
def slow(*args):
    time.sleep({seconds})
    return original(*args)
climb._next_level = slow
{before}
report = stalecheck.probe(core)
answer(len(report))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(("seconds", "is_shown"), [(0.3, True), (0, False)])
def test_a_terminal_shows_what_takes_long(tmp_path: Path, seconds: float, is_shown: bool) -> None:
    import pty

    leader, follower = pty.openpty()
    script = SLOW.format(seconds=seconds, before=f"sys.stderr = open({os.ttyname(follower)!r}, 'w')")
    assert run_script(tmp_path, FILES, script) == 2
    os.set_blocking(leader, False)
    try:
        shown = os.read(leader, 10_000).decode()
    except BlockingIOError:
        shown = ""
    finally:
        os.close(leader)
        os.close(follower)
    assert ("stalecheck: who holds" in shown) is is_shown
    if is_shown:
        *_, last, end = shown.split("\r")
        assert (last.strip(), end) == ("", "")


def test_nothing_is_shown_elsewhere(tmp_path: Path) -> None:
    script = """
        import io, os
        from stalecheck.probing import progress
        progress._SHOWN_AFTER = 0
        class Own:
            def __getattribute__(self, name):
                os._exit(3)
        def shown():
            one = progress.Progress()
            one.show("what")
            width = one._width
            one.clear()
            return width
        widths, kept = [], sys.stderr
        for stream in (kept, None, io.StringIO(), Own()):
            sys.stderr = stream
            widths.append(shown())
        sys.stderr = open(os.devnull, "w")
        widths.append(shown())
        sys.stderr.close()
        widths.append(shown())
        sys.stderr = kept
        answer(widths)
    """
    assert run_script(tmp_path, FILES, script) == [0] * 6


CHAIN = """
import core, gc, time
class Node:
    def __init__(self, value, following):
        self.value, self.following = value, following
        if {is_double} and following:
            following.previous = self
head = None
for _ in range({length}):
    head = Node(core.Engine(), head)
importlib.reload(core)
began = time.perf_counter()
report = stalecheck.probe(core, max_seconds={seconds})
seconds = time.perf_counter() - began
instances = [one for one in report if one.kind.value == "instance"]
holders = [[holder.path, holder.count] for one in instances for holder in one.holders]
answer([seconds, sum(one.count for one in instances), holders, list(report.notes)])
"""


def test_many_old_objects_on_one_long_way(tmp_path: Path) -> None:
    script = CHAIN.format(length=700, seconds=None, is_double=False)
    seconds, count, holders, notes = run_script(tmp_path, FILES, script)
    assert (count, notes) == (700, [])
    assert holders[0] == ["__main__.head.value", 1]
    assert len(holders) <= 10
    assert sum(number for _, number in holders) == 700
    assert seconds < 10  # It was 13 where this takes less than 2.


def test_many_old_objects_that_refer_to_each_other_are_found_at_once(tmp_path: Path) -> None:
    script = CHAIN.format(length=4000, seconds=None, is_double=True)
    seconds, count, holders, notes = run_script(tmp_path, FILES, script)
    assert (count, notes) == (4000, [])
    assert ["__main__.head.value", 1] in holders
    assert len(holders) <= 20
    assert sum(number for _, number in holders) >= 4000
    assert seconds < 6  # A search for each took 60.


def test_many_names_of_a_module_are_summed_up(tmp_path: Path) -> None:
    script = """
        import core
        for number in range(3000):
            globals()[f"engine{number}"] = core.Engine()
        importlib.reload(core)
        [instances] = stalecheck.probe(core)
        answer([instances.count, len(instances.holders), sum(one.count for one in instances.holders)])
    """
    assert run_script(tmp_path, FILES, script) == [3000, 50, 3000]


def test_what_has_been_found_before_the_end_is_counted(tmp_path: Path) -> None:
    script = """
        import core
        from stalecheck.probing import findings
        kept = [[core.Engine()] for _ in range(30)]
        importlib.reload(core)
        original, calls = findings.walk, []
        def walk(*args):
            calls.append(1)
            if len(calls) == 3:
                raise KeyboardInterrupt
            return original(*args)
        findings.walk = walk
        report = stalecheck.probe(core)
        answer([sum(one.count for one in report), list(report.notes)])
    """
    count, notes = run_script(tmp_path, FILES, script)
    assert notes == [
        # The class is one, too.
        f"{31 - count} old objects have been found whose holders have not been reached",
        "interrupted: some holders are missing",
    ]


def test_the_time_that_is_allowed_holds_within_a_level_and_while_holders_are_named(tmp_path: Path) -> None:
    for length, allowed in ((12_000, 0.1), (20_000, 0.6)):
        script = CHAIN.format(length=length, seconds=allowed, is_double=True)
        seconds, count, _, notes = run_script(tmp_path, FILES, script)
        assert count or any("have been found whose holders" in note for note in notes)
        assert count <= length
        assert seconds < allowed + 1.5
        assert any("is over" in note for note in notes)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_terminal_of_the_interpreter_shows_it_as_well(tmp_path: Path, unbuffered: str) -> None:
    import pty
    import subprocess

    code = """
import time
from stalecheck.probing.progress import Progress
progress = Progress()
time.sleep(1.1)
progress.show("this")
"""
    leader, follower = pty.openpty()
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], stderr=follower, env=environment, check=True, timeout=30)
    shown = os.read(leader, 10_000).decode()
    os.close(leader)
    os.close(follower)
    assert "stalecheck: this, 1 s" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize("width", [50, 70, 80, 120])
def test_a_line_of_progress_is_never_cut_in_a_word(tmp_path: Path, width: int) -> None:
    import pty

    leader, follower = pty.openpty()
    before = (
        f"os = __import__('os'); os.environ['COLUMNS'] = '{width}'; sys.stderr = open({os.ttyname(follower)!r}, 'w')"
    )
    assert run_script(tmp_path, FILES, SLOW.format(seconds=0.3, before=before)) == 2
    shown = os.read(leader, 10_000).decode()
    os.close(leader)
    os.close(follower)
    lines = [line.strip() for line in shown.split("\r") if line.strip()]
    assert lines
    assert all(len(line) < width and line.endswith((" s", ")")) for line in lines), lines
    assert "1 objects" not in shown
