"""Options, configuration, the marker, the summary, the file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from .suites import PLUGIN, ROOT, run_pytest

POISON = """
import importlib, pytest, app, core
def test_poison():
    importlib.reload(core)
def test_next():
    pass
"""
TEST = "test_it.py::test_poison"


def test_it_sleeps_unless_asked(tmp_path: Path) -> None:
    tests = POISON + "    import sys\n    assert 'stalecheck.testing' not in sys.modules\n"
    run = run_pytest(tmp_path, {"test_it.py": tests}, json_file=None)
    assert run.code == 0, run.out
    assert "stale references" not in run.out


@pytest.mark.parametrize(
    ("options", "ini", "code"),
    [
        pytest.param(["--stalecheck"], "", 0, id="the option"),
        pytest.param(["--stalecheck", "test_it.py"], "", 0, id="before a path"),
        pytest.param(["--stalecheck=report"], "stalecheck = error", 0, id="the option wins"),
        pytest.param([], "stalecheck = true", 0, id="the ini file"),
        pytest.param([], "stalecheck = error", 1, id="error in the ini file"),
        pytest.param([], "addopts = --stalecheck", 0, id="addopts"),
        pytest.param(["--stalecheck=error", "test_it.py"], "", 1, id="error"),
        pytest.param(["-o", "stalecheck=true"], "", 0, id="an option of the ini file"),
    ],
)
def test_it_wakes_up(tmp_path: Path, options: list[str], ini: str, code: int) -> None:
    run = run_pytest(tmp_path, {"test_it.py": POISON, "pytest.ini": f"[pytest]\n{ini}\n"}, *options, json_file=None)
    assert "= stale references =" in run.out
    assert run.code == code


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="pytest reads no [tool.pytest]")
@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        ("true", 0, "= stale references ="),
        ('"true"', 0, "= stale references ="),
        ('"error"', 1, "= stale references ="),
        ("false", 0, "2 passed"),
        ("5", 4, "stalecheck"),
        ('"eror"', 4, "`stalecheck = eror` is not known"),
    ],
)
def test_native_toml(tmp_path: Path, value: str, code: int, said: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.pytest]\nstalecheck = {value}\n", encoding="utf-8")
    run = run_pytest(tmp_path, {"test_it.py": POISON}, "-c", "pyproject.toml", json_file=None)
    assert (run.code, said in run.out) == (code, True), run.out
    assert ("= stale references =" in run.out) is ("= stale" in said)
    assert "Traceback" not in run.out


def test_toml_takes_true(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\nstalecheck = true\n", encoding="utf-8")
    run = run_pytest(tmp_path, {"test_it.py": POISON}, "-c", "pyproject.toml", json_file=None)
    assert "= stale references =" in run.out


@pytest.mark.parametrize(
    ("options", "ini", "said"),
    [
        pytest.param(["--stalecheck=eror"], "", r"--stalecheck=report/--stalecheck=error: .*'eror'", id="the option"),
        pytest.param([], "stalecheck = eror", "`stalecheck = eror` is not known; write true, error or false", id="ini"),
        pytest.param(["--stalecheck-json=no/x"], "", r"cannot write .*x: No such file or directory", id="no folder"),
        pytest.param(["--stalecheck-json=."], "", r"cannot write .*: Is a directory", id="a folder"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_run(tmp_path: Path, options: list[str], ini: str, said: str) -> None:
    files = {"test_it.py": POISON, "pytest.ini": f"[pytest]\n{ini}\n"}
    run = run_pytest(tmp_path, files, *options, json_file=None)
    assert run.code == pytest.ExitCode.USAGE_ERROR
    assert re.search(said, run.out)
    assert "Traceback" not in run.out
    assert "collected" not in run.out


def test_the_summary(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, {"test_it.py": POISON}, "--stalecheck", json_file=None)
    section = run.out.partition("= stale references =")[2].partition("\n")[2].rpartition("\n=")[0]
    assert section == textwrap.dedent(
        """\
        test_it.py::test_poison
          reloads core at test_it.py:4
          old class core.Engine (duplicate)
          its code is the same as now, but it is another class: isinstance() and except
          tell them apart
            run the import again, or use it as an attribute of its module:
              STL101  app.Engine  app.py:2
          old class core.Error (duplicate)
            run the import again, or use it as an attribute of its module:
              STL101  app.Error  app.py:2

        A second reload at the end of a test restores nothing: it makes one more
        version. Test what a reload does in a process of its own (subprocess), or have
        the module's users look its names up when they need them.
        A test that may do so is marked: @pytest.mark.stalecheck_allow."""
    )


def test_many_that_leave_the_same_are_one(tmp_path: Path) -> None:
    tests = """
        import importlib, pytest, app, core
        @pytest.mark.parametrize("n", range(9))
        def test_poison(n):
            importlib.reload(core)
            importlib.reload(core)
            app.Engine = core.Engine
            importlib.reload(core)
    """
    run = run_pytest(tmp_path, {"app.py": "Engine = None\n", "test_it.py": tests})
    assert len(run.records) == 9
    assert run.out.count("old class core.Engine") == 1
    assert "+6 more tests; --stalecheck-json=FILE shows them" in run.out
    assert "reload core at test_it.py:5, and again at test_it.py:6, test_it.py:8" in run.out
    assert max(map(len, run.out.partition("stale references")[2].splitlines())) <= 80


def test_many_holders_are_summed_up(tmp_path: Path) -> None:
    lines = "".join(f"E{number} = core.Engine\n" for number in range(30))
    run = run_pytest(tmp_path, {"app.py": f"import core\n{lines}", "test_it.py": POISON})
    assert "+20 more; --stalecheck-json=FILE shows them" in run.out
    assert len(run.holders(TEST)) == 30


def test_one_line_if_nothing_is_left(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, {"app.py": "", "test_it.py": POISON})
    assert "stalecheck: no stale references (1 module was reloaded)" in run.out
    assert (tmp_path / "found.json").read_text(encoding="utf-8") == "[]\n"


@pytest.mark.parametrize("options", [(), ("-n", "1")])
def test_what_is_allowed_is_not_said_to_be_nothing(tmp_path: Path, options: tuple[str, ...]) -> None:
    test = POISON.replace("def test_poison", "@pytest.mark.stalecheck_allow\ndef test_poison")
    run = run_pytest(tmp_path, {"app.py": "from core import Engine\n", "test_it.py": test}, *options)
    assert run.records == []
    said = "stalecheck: no stale references but those that 1 test is allowed to leave (1 module was reloaded)"
    assert said in run.out


def test_error_makes_the_guilty_test_fail(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, {"test_it.py": POISON}, "--stalecheck=error", "--junitxml=junit.xml")
    assert run.code == 1
    assert "1 failed, 1 passed" in run.out
    assert f"FAILED {TEST}" in run.out
    assert (tmp_path / "junit.xml").read_text(encoding="utf-8").count("<testcase") == 2
    again = run_pytest(tmp_path, {}, "--stalecheck=error", "--last-failed", json_file=None)
    assert "1 failed" in again.out
    assert "passed" not in again.out.splitlines()[-1]


def test_error_stops_at_the_first_failure(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, {"test_it.py": POISON}, "--stalecheck=error", "-x")
    assert "1 failed" in run.out
    assert "passed" not in run.out.splitlines()[-1]


def test_error_counts_no_test_twice(tmp_path: Path) -> None:
    tests = POISON.replace("def test_next", "    assert 0\ndef test_next")
    run = run_pytest(tmp_path, {"test_it.py": tests}, "--stalecheck=error")
    assert "1 failed, 1 passed" in run.out


def test_error_counts_what_is_expected_to_fail_once(tmp_path: Path) -> None:
    bodies = {
        "@pytest.mark.xfail": "assert 0",
        "@pytest.mark.xfail()": "pass",
        "@pytest.mark.stalecheck_allow('other')": "pytest.skip()",
    }
    tests = "import importlib, pytest, app, core\n@pytest.fixture(autouse=True)\ndef fresh(): importlib.reload(app)\n"
    for number, (mark, body) in enumerate(bodies.items()):
        tests += f"{mark}\ndef test_{number}():\n    importlib.reload(core)\n    {body}\n"
    run = run_pytest(tmp_path, {"test_it.py": tests}, "--stalecheck=error", "--junitxml=junit.xml")
    assert "= 3 failed in " in run.out
    assert "FAILED test_it.py::test_0 - reloads core, and old objects of it are" in run.out
    found = re.search('failures="([0-9]+)" skipped="([0-9]+)" tests="([0-9]+)"', (tmp_path / "junit.xml").read_text())
    assert found is not None
    assert found.groups() == ("3", "0", "3")


def test_error_holds_for_a_test_that_passes_when_it_is_run_again(tmp_path: Path) -> None:
    conftest = """
        import pytest
        from _pytest.runner import runtestprotocol
        def pytest_runtest_protocol(item, nextitem):  # As pytest-rerunfailures does.
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            for last in (False, True):
                item._initrequest()
                reports = runtestprotocol(item, log=False, nextitem=nextitem)
                if last or not any(report.failed for report in reports):
                    for report in reports:
                        item.ihook.pytest_runtest_logreport(report=report)
                    return True
    """
    tests = POISON.replace("    pass", "    app.kept = core.Engine").replace(
        "def test_poison():\n", "runs = []\ndef test_poison():\n    runs.append(1)\n"
    )
    tests = tests.replace("(core)\n", "(core)\n    assert len(runs) == 2\n", 1)
    run = run_pytest(tmp_path, {"conftest.py": conftest, "test_it.py": tests}, "--stalecheck=error")
    assert run.tests == [TEST]
    assert "1 failed, 1 passed" in run.out
    assert run.code == 1


def test_error_for_what_is_no_tests(tmp_path: Path) -> None:
    collected = {"test_it.py": "import importlib, app, core\nimportlib.reload(core)\ndef test_it(): pass\n"}
    run = run_pytest(tmp_path, collected, "--stalecheck=error")
    assert "ERROR collecting test_it.py" in run.out
    assert run.code == pytest.ExitCode.INTERRUPTED
    (tmp_path / "other").mkdir()
    loaded = {"conftest.py": collected["test_it.py"], "test_it.py": "def test_it(): pass\n"}
    run = run_pytest(tmp_path / "other", loaded, "--stalecheck=error")
    assert run.tests == ["conftest.py"]
    assert run.code == 1


@pytest.mark.parametrize(
    ("mark", "is_named"),
    [
        pytest.param("@pytest.mark.stalecheck_allow", False, id="any module"),
        pytest.param("@pytest.mark.stalecheck_allow('core')", False, id="this module"),
        pytest.param("@pytest.mark.stalecheck_allow('other', 'c*')", False, id="a pattern"),
        pytest.param("@pytest.mark.stalecheck_allow('other')", True, id="another module"),
        pytest.param("@pytest.mark.stalecheck_allow(reason='it has to')", False, id="a reason"),
        pytest.param("@pytest.mark.stalecheck_allow(core)", False, id="the module itself"),
        pytest.param("@pytest.mark.stalecheck_allow(app)", True, id="another module itself"),
        pytest.param("pytestmark = pytest.mark.stalecheck_allow", False, id="the whole file"),
    ],
)
def test_the_marker_allows(tmp_path: Path, mark: str, is_named: bool) -> None:
    tests = POISON.replace("def test_poison", f"{mark}\ndef test_poison")
    run = run_pytest(tmp_path, {"test_it.py": tests}, "--stalecheck=error", "--strict-markers")
    assert run.tests == ([TEST] if is_named else [])
    assert run.code == is_named
    asleep = run_pytest(tmp_path, {}, "--strict-markers", json_file=None)
    assert asleep.code == 0, asleep.out


@pytest.mark.parametrize("mark", ["(5)", "('core', core.Engine)", "(modules='core')", "(['core'])"])
def test_a_marker_that_is_wrong_is_that_tests_error(tmp_path: Path, mark: str) -> None:
    tests = POISON.replace("def test_poison", f"@pytest.mark.stalecheck_allow{mark}\ndef test_poison")
    run = run_pytest(tmp_path, {"test_it.py": tests})
    assert "@pytest.mark.stalecheck_allow takes modules, their names and patterns such as 'app.*'" in run.out
    assert "1 passed, 1 error" in run.out
    assert run.code == 1


def test_what_is_allowed_is_charged_to_nobody_else(tmp_path: Path) -> None:
    tests = POISON.replace("def test_poison", "@pytest.mark.stalecheck_allow\ndef test_poison")
    run = run_pytest(tmp_path, {"test_it.py": tests + "def test_third():\n    importlib.reload(core)\n"})
    assert run.records == []


def test_the_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "found.json").write_text("of before", encoding="utf-8")
    run = run_pytest(tmp_path, {"test_it.py": "import os\ndef test_it(): os._exit(3)\n"})
    assert run.code == 3 if run.records == [] else 3
    assert (tmp_path / "found.json").read_text(encoding="utf-8") == "of before"
    assert sorted(path.name for path in tmp_path.glob(".found*")) == []


@pytest.mark.parametrize("options", [["-q"], ["-q", "--capture=no"], ["-p", "no:terminal"]])
def test_a_file_that_cannot_be_written_in_the_end_takes_nothing_from_the_summary(
    tmp_path: Path, options: list[str]
) -> None:
    tests = (
        f"{POISON}\ndef test_removes(tmp_path):\n    import shutil\n    shutil.rmtree('reports')\n    assert 0, 'own'\n"
    )
    files = {"test_it.py": tests, "reports/readme.txt": ""}
    run = run_pytest(tmp_path, files, *options, json_file="reports/found.json")
    assert run.code == pytest.ExitCode.USAGE_ERROR
    assert re.search(r"^ERROR: --stalecheck-json: cannot write .*found.json: No such file", run.out, re.MULTILINE)
    assert "Traceback" not in run.out
    if "no:terminal" not in options:
        assert "AssertionError: own" in run.out
        assert "= stale references =" in run.out
        assert "FAILED test_it.py::test_removes" in run.out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device")
def test_a_full_disk_takes_nothing_from_the_summary(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, {"test_it.py": POISON}, json_file="/dev/full")
    assert run.code == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --stalecheck-json: cannot write /dev/full: No space left on device" in run.out
    assert "= stale references =" in run.out


def test_the_file_may_be_a_device(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("there is no such device")
    device = Path("/dev/stdout").lstat()
    run = run_pytest(tmp_path, {"test_it.py": POISON}, "-q", json_file="/dev/stdout")
    assert '"test": "test_it.py::test_poison"' in run.out
    assert Path("/dev/stdout").lstat().st_ino == device.st_ino


def test_the_file_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "found.json").symlink_to("other.json")
    run = run_pytest(tmp_path, {"test_it.py": POISON})
    assert len(run.records) == 1
    assert (tmp_path / "found.json").is_symlink()
    assert not (tmp_path / "other.json").is_symlink()


def test_the_working_directory_may_change(tmp_path: Path) -> None:
    tests = POISON.replace(
        "def test_poison():\n", "def test_poison(tmp_path_factory, monkeypatch):\n    monkeypatch.chdir('/')\n"
    )
    run = run_pytest(tmp_path, {"test_it.py": tests})
    assert run.records[0]["where"] == {"filename": "test_it.py", "line": 5}
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8")) == run.records


def test_what_it_puts_into_importlib_is_taken_out(tmp_path: Path) -> None:
    script = f"""
        import sys, pytest
        bootstrap = sys.modules["_frozen_importlib"]
        before = bootstrap._exec, bootstrap._load_unlocked
        class Sees:
            def pytest_runtest_setup(self):
                print("patched", bootstrap._exec is not before[0])
        for options in (["--stalecheck"], ["--stalecheck", "no-such-file"], ["--stalecheck=x"]):
            pytest.main([*{PLUGIN}, "-p", "no:cacheprovider", "-s", *options], plugins=[Sees()])
            print("restored", (bootstrap._exec, bootstrap._load_unlocked) == before)
    """
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + textwrap.dedent(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "patched True" in done.stdout, done.stdout + done.stderr
    assert done.stdout.count("restored True") == 3


def test_the_line_about_the_reload_fits_a_terminal(tmp_path: Path) -> None:
    body = "".join("        importlib.reload(core)\n" for _ in range(9))
    name = "test_a_file_with_a_rather_long_name.py"
    run = run_pytest(tmp_path, {name: f"import importlib, app, core\ndef test_poison():\n{body}"})
    lines = run.out.partition("= stale references =")[2].splitlines()
    assert f"  reloads core at {name}:3, and again at" in lines
    assert max(map(len, lines)) <= 80
