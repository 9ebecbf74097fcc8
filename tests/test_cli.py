from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from stalecheck import cli
from stalecheck.config import Config
from stalecheck.errors import UsageError
from stalecheck.explain import explain, refresh
from stalecheck.model import Diagnostic, Location, ReloadRecord, Report, Span
from stalecheck.vocabulary import ReloadMode, Severity

EMPTY = Report((), (), (), 1, 1, 0, {}, (), 1)


@dataclass
class Run:
    """Stands in for the pipeline: keeps what it was called with, and answers with `report`."""

    report: Report = EMPTY
    error: BaseException | None = None
    paths: tuple[Path, ...] = ()
    config: Config | None = None
    stdin: tuple[Path, bytes] | None = None

    def __call__(self, paths: Sequence[Path], config: Config, **rest: Any) -> Report:
        self.paths, self.config, self.stdin = tuple(paths), config, rest["stdin"]
        if self.error is not None:
            raise self.error
        return self.report


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    stand_in = Run()
    monkeypatch.setattr("stalecheck.run.run", stand_in)
    monkeypatch.chdir(tmp_path)
    for variable in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    return stand_in


@pytest.fixture
def found(tmp_path: Path) -> Report:
    span = Span(Location(1, 15), Location(1, 16))
    path = tmp_path / "a.py"
    diagnostic = Diagnostic("STL101", "from-import", Severity.WARNING, "`C` stays old", path, span)
    record = ReloadRecord(tmp_path / "b.py", Location(2, 1), ReloadMode.RELOAD, "importlib.reload", ("m",), True)
    return replace(EMPTY, diagnostics=(diagnostic,), reloads=(record,))


LINE = "a.py:1:15: STL101 `C` stays old\n"


# exit codes


def test_nothing_found_is_0(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Nothing is reloaded in what was read (1 file, 1 module).")


def test_something_found_is_1(run: Run, found: Report, capsys: pytest.CaptureFixture[str]) -> None:
    run.report = found
    assert cli.main(["--output-format", "concise"]) == 1
    assert capsys.readouterr() == (LINE + "Found 1 warning in 1 file.\n", "")


def test_exit_zero_says_the_same_and_exits_with_0(run: Run, found: Report, capsys: pytest.CaptureFixture[str]) -> None:
    run.report = found
    assert cli.main(["--output-format", "concise", "--exit-zero"]) == 0
    assert capsys.readouterr().out == LINE + "Found 1 warning in 1 file.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--selct", "STL1"], "No such option", id="unknown option"),
        pytest.param(["--select", "STL999"], '--select: unknown code "STL999"; did you mean', id="unknown code"),
        pytest.param(["--ignore", "STL1011"], 'did you mean "STL101"?', id="nearest code"),
        pytest.param(["--per-file-ignores", "a.py"], "is not PATTERN:CODE", id="ignore without a code"),
        pytest.param(["--per-file-ignores", "a.py:STL9"], '--per-file-ignores: unknown code "STL9"', id="its code"),
        pytest.param(["--explain", "STL1010"], 'unknown code "STL1010"; did you mean STL101?', id="explain"),
        pytest.param(["--output-format", "xml"], "'xml' is not one of", id="unknown format"),
        pytest.param(["--min-severity", "bad"], "'bad' is not one of", id="unknown severity"),
        pytest.param(["--target-version", "3.10"], '--target-version must be a version such as "py310"', id="version"),
        pytest.param(["--jobs", "0"], "0 is not in the range", id="no job"),
        pytest.param(["--config", "none.toml"], "none.toml is not a file", id="missing configuration"),
        pytest.param(["-", "a.py"], "'-' stands alone", id="stdin and a path"),
        pytest.param(["a.py", ""], "a path is empty; name one, or '.' for this folder", id="an empty path"),
        pytest.param(["-", "--stdin-filename", "."], "--stdin-filename . is a directory", id="a directory for stdin"),
        pytest.param(["--stdin-filename", "a.py", "b.py"], "goes with the path '-' only", id="stdin's name, a path"),
        pytest.param(["--reloaded", ""], "--reloaded is empty; give it a value or leave it out", id="no module"),
        pytest.param(["--select", " ,"], "--select is empty", id="no code"),
        pytest.param(["--output-file", "none/a"], "the folder none does not exist", id="output without a folder"),
        pytest.param(["--output-file", "."], "is a folder", id="output onto a folder"),
    ],
)
def test_what_cannot_be_done_is_2(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_what_is_excluded_by_force_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").touch()
    (tmp_path / "b.py").touch()
    assert cli.main(["--isolated", "--reloaded", "b", "--force-exclude", "--exclude", "a.py", "a.py"]) == 0
    out, err = capsys.readouterr()
    assert (out, err[:56]) == ("", "No file was checked: the excludes took 1 Python file. Na")


def test_an_unknown_code_of_the_configuration_names_the_file(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stalecheck.toml").write_text('ignore = ["STL999"]\n')
    assert cli.main([]) == 2
    assert capsys.readouterr().err.startswith('stalecheck: stalecheck.toml: "ignore": unknown code "STL999"')


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        pytest.param(UsageError("no such path"), 2, "stalecheck: no such path\n", id="the user's mistake"),
        pytest.param(KeyboardInterrupt(), 130, "\n", id="Ctrl-C"),
    ],
)
def test_how_an_error_ends(
    run: Run, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, message: str
) -> None:
    run.error = error
    assert cli.main([]) == code
    assert capsys.readouterr() == ("", message)


def test_a_crash_asks_for_a_report(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.error = KeyError("x")
    assert cli.main([]) == 2
    err = capsys.readouterr().err
    assert err.startswith("stalecheck: internal error: KeyError: 'x'\nThis is a bug; please report it")
    assert "Traceback" not in err
    assert cli.main(["--verbose"]) == 2
    assert "Traceback" in capsys.readouterr().err


# options


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {}),
        (["--reloaded", "a", "--reloaded", "b.*"], {"reloaded": ("a", "b.*")}),
        (["--reimported", "a,b"], {"reimported": ("a", "b")}),
        (["--select", "STL1,STL203", "--select", "STL202"], {"select": ("STL1", "STL203", "STL202")}),
        (["--extend-select", "STL210"], {"extend_select": ("STL210",)}),
        (["--ignore", "STL105"], {"ignore": ("STL105",)}),
        (
            ["--per-file-ignores", "x:STL101,y:STL2"],
            {"per_file_ignores": (("x", ("STL101",)), ("y", ("STL2",)))},
        ),
        (["--exclude", "x,y"], {"exclude": ("x", "y")}),
        (["--extend-exclude", "x"], {"extend_exclude": ("x",)}),
        (["--force-exclude"], {"force_exclude": True}),
        (["--no-respect-gitignore"], {"respect_gitignore": False}),
        (["--min-severity", "note"], {"min_severity": Severity.NOTE}),
        (["--target-version", "py312"], {"target_version": (3, 12)}),
        (["--jobs", "3"], {"jobs": 3}),
        (["--statistics"], {"statistics": True}),
        (["--show-suppressed"], {"show_suppressed": True}),
        (["--exit-zero"], {"exit_zero": True}),
        (["-q"], {"quiet": True}),
        (["--color", "never"], {"color": "never"}),
    ],
)
def test_options_reach_the_configuration(run: Run, arguments: list[str], expected: dict[str, object]) -> None:
    assert cli.main([*arguments, "--isolated"]) == 0
    assert run.config is not None
    default = replace(Config(root=run.config.root), target_version=run.config.target_version)
    assert run.config == replace(default, **expected)  # type: ignore[arg-type]


def test_flags_that_are_not_given_leave_the_configuration_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "stalecheck.toml").write_text("statistics = true\nshow-suppressed = true\n")
    cli.main([])
    assert run.config is not None
    assert (run.config.statistics, run.config.show_suppressed) == (True, True)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param([], (Path(),), id="here"),
        pytest.param(["src", "tests"], (Path("src"), Path("tests")), id="named"),
    ],
)
def test_paths(run: Run, tmp_path: Path, arguments: list[str], expected: tuple[Path, ...]) -> None:
    for name in arguments:
        (tmp_path / name).mkdir()
    cli.main(arguments)
    assert (run.paths, run.stdin) == (expected, None)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        pytest.param(["-"], "stdin.py", id="no name"),
        pytest.param(["-", "--stdin-filename", "a/b.py"], "a/b.py", id="a name"),
        pytest.param(["--stdin-filename", "a/b.py"], "a/b.py", id="a name and no path"),
    ],
)
def test_standard_input(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], name: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x = 1\r\n")))
    cli.main(arguments)
    assert (run.paths, run.stdin) == ((tmp_path / name,), (tmp_path / name, b"x = 1\r\n"))


def test_how_to_report_can_be_configured(
    run: Run, found: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run.report = found
    (tmp_path / "stalecheck.toml").write_text(
        "exit-zero = true\nquiet = true\ncolor = 'always'\noutput-format = 'concise'\n"
    )
    assert cli.main([]) == 0
    out, err = capsys.readouterr()
    assert (out.startswith("\x1b["), out.count("\n"), err) == (True, 1, "")


def test_an_unknown_code_is_said_of_the_key_as_it_is_documented(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stalecheck.toml").write_text('per-file-ignores = {"a" = ["STL999"]}\n')
    assert cli.main([]) == 2
    assert capsys.readouterr().err.startswith('stalecheck: stalecheck.toml: "per-file-ignores": unknown code "STL999"')


# output


def test_json_keeps_standard_output_pure(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--output-format", "json"]) == 0
    out, err = capsys.readouterr()
    assert (out, err.split(" (")[0]) == ("[]\n", "Nothing is reloaded in what was read")


def test_quiet_prints_diagnostics_only(run: Run, found: Report, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    run.report = found
    assert cli.main(["-q", "--output-format", "concise"]) == 1
    assert capsys.readouterr() == (LINE, "")


def test_full_ends_with_the_summary_after_a_blank_line(
    run: Run, found: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    run.report = found
    cli.main([])
    assert capsys.readouterr().out.endswith("`C` stays old\n\nFound 1 warning in 1 file.\n")


def test_statistics_stand_in_for_the_diagnostics(run: Run, found: Report, capsys: pytest.CaptureFixture[str]) -> None:
    run.report = found
    assert cli.main(["--statistics"]) == 1
    assert capsys.readouterr().out == "1\tSTL101\tfrom-import\nFound 1 warning in 1 file.\n"


def test_list_reloads_exits_with_0(run: Run, found: Report, capsys: pytest.CaptureFixture[str]) -> None:
    run.report = found
    assert cli.main(["--list-reloads"]) == 0
    assert capsys.readouterr().out == "b.py:2:1: reload importlib.reload: m\n"
    assert cli.main(["--list-reloads", "--output-format", "json"]) == 0
    assert [record["modules"] for record in json.loads(capsys.readouterr().out)] == [["m"]]


@pytest.mark.parametrize(
    ("arguments", "environment", "colored"),
    [
        pytest.param([], {}, False, id="no terminal"),
        pytest.param([], {"FORCE_COLOR": "1"}, True, id="FORCE_COLOR"),
        pytest.param([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, id="NO_COLOR wins"),
        pytest.param(["--color", "always"], {"NO_COLOR": "1"}, True, id="always"),
        pytest.param(["--color", "never"], {"FORCE_COLOR": "1"}, False, id="never"),
    ],
)
def test_colours(
    run: Run,
    found: Report,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: dict[str, str],
    colored: bool,
) -> None:
    run.report = found
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    cli.main(arguments)
    assert ("\x1b[" in capsys.readouterr().out) == colored


def test_colours_on_a_terminal(
    run: Run, found: Report, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run.report = found
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    cli.main([])
    assert "\x1b[" in capsys.readouterr().out
    monkeypatch.setenv("TERM", "dumb")
    cli.main([])
    assert "\x1b[" not in capsys.readouterr().out


# --output-file


def test_the_output_file_gets_the_report_without_colours(
    run: Run, found: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run.report = found
    assert cli.main(["--output-file", "out.txt", "--color", "always", "--output-format", "concise"]) == 1
    assert (tmp_path / "out.txt").read_text() == LINE + "Found 1 warning in 1 file.\n"
    assert capsys.readouterr().out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


def test_the_output_file_keeps_its_mode_and_its_link(run: Run, tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "real.json").chmod(0o640)
    (tmp_path / "link.json").symlink_to("real.json")
    cli.main(["--output-file", "link.json", "--output-format", "json"])
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "[]\n"
    assert (tmp_path / "real.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("when", ["run", "write"])
def test_a_failure_keeps_the_old_output_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def full_disk(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "out.txt").write_text("old")
    if when == "run":
        run.error = RuntimeError()
    else:
        monkeypatch.setattr("pathlib.Path.replace", full_disk)
    assert cli.main(["--output-file", "out.txt"]) == 2
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.txt", "old")]


def test_a_read_only_output_file_is_not_replaced(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.txt").write_text("old")
    monkeypatch.setattr("os.access", lambda path, mode: False)  # whoever runs the tests may be allowed everything
    assert cli.main(["--output-file", "out.txt"]) == 2
    assert capsys.readouterr().err == "stalecheck: cannot write out.txt: Permission denied\n"
    assert (tmp_path / "out.txt").read_text() == "old"


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no devices")
def test_a_device_is_written_to_and_not_replaced(run: Run) -> None:
    assert cli.main(["--output-file", os.devnull]) == 0
    assert Path(os.devnull).is_char_device()


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no devices")
def test_the_file_behind_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    with log.open("a") as out, process("--list-rules", "--output-file", "/dev/stdout", stdout=out) as child:
        child.communicate()
    assert (child.returncode, log.read_text().splitlines()[0]) == (0, "before")
    assert len(log.read_text().splitlines()) > 1


# documentation


def test_version_and_help(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("stalecheck ")
    assert cli.main(["-h"]) == 0
    assert capsys.readouterr().out.startswith("Usage: stalecheck [OPTIONS] [PATHS]...")


def test_the_rules_are_listed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--list-rules"]) == 0
    assert "STL101  from-import" in capsys.readouterr().out
    assert cli.main(["--list-rules", "--output-format", "json"]) == 0
    assert {"code", "name", "summary", "default"} == set(json.loads(capsys.readouterr().out)[0])


def test_a_rule_is_explained_in_any_case(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--explain", "stl101"]) == 0
    assert capsys.readouterr().out.startswith("STL101 from-import")


@dataclass(frozen=True)
class FakeRule:
    code: str
    name: str
    summary: str
    documentation: str = ""
    is_default: bool = True


DOCUMENTATION = """\
STL101 from-import: a name.

## Example

```python
# file: a.py
## not a heading
from m import C
```

It stays `C`.
"""


@pytest.fixture
def documented(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = (
        FakeRule("STL101", "from-import", "`a | b`", DOCUMENTATION),
        FakeRule("STL211", "annotation", "read at run time", DOCUMENTATION, is_default=False),
    )
    monkeypatch.setattr("stalecheck.explain.rules", lambda: rules)


@pytest.mark.usefixtures("documented")
def test_markdown_becomes_plain_text() -> None:
    plain = """\
STL101 from-import: a name.

Example

    # file: a.py
    ## not a heading
    from m import C

It stays `C`.
"""
    assert explain("STL101") == plain
    assert explain("STL211") == f"{plain}\nNot on by default: --extend-select STL211 adds it.\n"


TABLE = """\
| code | name | what it flags |
| --- | --- | --- |
| <a id="stl101"></a>STL101 | from-import | `a \\| b` |
| <a id="stl211"></a>STL211 | annotation | read at run time (opt-in) |
"""


@pytest.mark.usefixtures("documented")
def test_the_rule_table_is_renewed_between_its_markers() -> None:
    fresh = f"# Rules\n<!-- rules -->\n{TABLE}<!-- /rules -->\nend\n"
    assert refresh("# Rules\n<!-- rules -->old<!-- /rules -->\nend\n") == fresh
    assert refresh(fresh) == fresh


@pytest.mark.parametrize("readme", ["", "<!-- rules -->", "<!-- /rules -->"])
@pytest.mark.usefixtures("documented")
def test_a_table_without_markers_is_refused(readme: str) -> None:
    with pytest.raises(UsageError, match="are missing"):
        refresh(readme)


# as a process


def process(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stalecheck", *arguments], text=True, stderr=subprocess.PIPE, **options
    )


def test_python_m_stalecheck() -> None:
    with process("--version", stdout=subprocess.PIPE) as child:
        out, err = child.communicate()
    assert (child.returncode, out.split()[0], err) == (0, "stalecheck", "")


def test_a_reader_that_leaves_early_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with process("--list-rules", stdout=writer) as child:
        os.close(writer)
        _, err = child.communicate()
    assert (child.returncode, err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_said() -> None:
    with Path("/dev/full").open("w") as full, process("--list-rules", stdout=full) as child:
        _, err = child.communicate()
    assert (child.returncode, err) == (
        2,
        "stalecheck: cannot write standard output: No space left on device\n",
    )


@pytest.mark.skipif(os.name != "posix", reason="no process groups")
@pytest.mark.parametrize("is_for_all", [True, False], ids=["from the terminal", "for the parent only"])
def test_an_interrupt_ends_the_workers_in_silence(tmp_path: Path, is_for_all: bool) -> None:
    (tmp_path / "m.py").write_text("class C: ...\n")
    for number in range(40):
        (tmp_path / f"a{number}.py").write_text("from m import C\n" + "x = C()\n" * 8_000)
    options = ("--isolated", "--reloaded", "m", "--jobs", "2")
    # Tests that a shell runs in the background ignore the signal, and so would what they start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        child = process(*options, str(tmp_path), stdout=subprocess.PIPE, start_new_session=True)
    finally:
        signal.signal(signal.SIGINT, before)
    with child:
        wait_for_workers(child.pid)
        (os.killpg if is_for_all else os.kill)(child.pid, signal.SIGINT)
        try:
            assert child.communicate(timeout=20) == ("", "\n")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    assert child.returncode == 130


def wait_for_workers(parent: int) -> None:
    """Return when a process has begun its work in others."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        parents = subprocess.run(["ps", "-A", "-o", "ppid="], capture_output=True, text=True, check=True).stdout
        if parents.split().count(str(parent)) >= 2:
            time.sleep(0.2)
            return
        time.sleep(0.05)
    pytest.fail("no workers within 30 s")


CLOSE = "import os, sys\nos.close({})\nos.execv(sys.executable, [sys.executable, '-m', 'stalecheck', *sys.argv[1:]])"


@pytest.mark.skipif(os.name != "posix", reason="descriptors are closed in another way")
@pytest.mark.parametrize(
    ("descriptor", "arguments", "code", "message"),
    [
        pytest.param(0, ["-"], 2, "stalecheck: standard input is closed; '-' reads from it\n", id="input"),
        pytest.param(1, ["--list-rules"], 2, "stalecheck: cannot write standard output: it is closed\n", id="output"),
        pytest.param(1, ["."], 0, "Nothing is reloaded in what was read (1 file, 1 module).", id="nothing to write"),
        pytest.param(2, ["."], 0, "", id="errors"),
    ],
)
def test_a_closed_stream_is_no_crash(
    tmp_path: Path, descriptor: int, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "a.py").touch()
    done = subprocess.run(
        [sys.executable, "-c", CLOSE.format(descriptor), *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parent.parent)},
    )
    assert (done.returncode, done.stdout, done.stderr[: len(message)]) == (code, "", message)


# progress


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        pytest.param([0.0, 0.5, 0.9], "", id="quick"),
        pytest.param([0.0, 1.5, 1.55, 1.7], "\r\x1b[Kread 1/3\r\x1b[Kread 3/3\r\x1b[K", id="slow"),
    ],
)
def test_progress_is_shown_after_a_second(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], seconds: list[float], shown: str
) -> None:
    clock: Callable[[], float] = iter(seconds).__next__
    monkeypatch.setattr("time.monotonic", clock)
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda stream, color=None: False)
    with cli._progress(is_shown=True) as progress:
        assert progress is not None
        for done in range(1, len(seconds)):
            progress("read", done, 3)
    assert capsys.readouterr().err == shown
