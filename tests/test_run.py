"""The pipeline as the command line runs it, on files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

import stalecheck
from stalecheck import cli

Lint = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def lint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lint:
    """Run the command line in a project whose `m` is reloaded; gives its exit code and the diagnostics' places."""
    (tmp_path / "stalecheck.toml").touch()
    (tmp_path / "m.py").write_text("class C: ...\n", encoding="utf-8")
    (tmp_path / "refresh.py").write_text("import importlib, m\nimportlib.reload(m)\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: str | None = None) -> tuple[int, list[str]]:
        if stdin is not None:
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = cli.main(["--quiet", "--output-format", "concise", *arguments])
        return code, [line.partition(" `")[0] for line in capsys.readouterr().out.splitlines()]

    return run


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param([], (1, ["gen/u.py:1:15: STL101"]), id="named"),
        pytest.param(["--force-exclude"], (0, []), id="forced"),
        pytest.param(["--force-exclude", "--exclude", "other"], (1, ["gen/u.py:1:15: STL101"]), id="not excluded"),
    ],
)
def test_excludes_are_forced_on_standard_input_too(
    lint: Lint, tmp_path: Path, arguments: list[str], expected: tuple[int, list[str]], exists: bool
) -> None:
    (tmp_path / "stalecheck.toml").write_text('exclude = ["gen"]\n', encoding="utf-8")
    if exists:
        (tmp_path / "gen").mkdir()
        (tmp_path / "gen" / "u.py").touch()
    assert lint(*arguments, "-", "--stdin-filename", "gen/u.py", stdin="from m import C\n") == expected


@pytest.mark.parametrize(
    ("configuration", "arguments", "expected"),
    [
        pytest.param("", [], ["u.py:1:15: STL101"], id="the default"),
        pytest.param("select = []", [], [], id="none"),
        pytest.param("select = []\nextend-select = ['STL1']", [], ["u.py:1:15: STL101"], id="none but one"),
        pytest.param("select = []", ["--extend-select", "STL101"], ["u.py:1:15: STL101"], id="none but an option's"),
        pytest.param("select = []", ["--select", "STL101"], ["u.py:1:15: STL101"], id="an option over none"),
    ],
)
def test_an_empty_selection_selects_nothing(
    lint: Lint, tmp_path: Path, configuration: str, arguments: list[str], expected: list[str]
) -> None:
    (tmp_path / "stalecheck.toml").write_text(configuration, encoding="utf-8")
    (tmp_path / "u.py").write_text("from m import C\n", encoding="utf-8")
    assert lint(*arguments) == (int(bool(expected)), expected)


def test_diagnostics_are_in_the_order_of_the_names_that_are_shown(
    lint: Lint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("sub/a.py", "u.py"):
        (tmp_path / name).write_text("from m import C\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "sub")
    expected = [f"{tmp_path.as_posix()}/u.py:1:15: STL101", "a.py:1:15: STL101"]
    assert lint("..") == (1, expected)
    assert [diagnostic.path.name for diagnostic in stalecheck.check("..")] == ["u.py", "a.py"]


def test_what_is_missing_or_never_runs_is_said_and_the_rest_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {"m.py": "class C: ...\n", "u.py": "from m import C\n", "nb.ipynb": "{}", "m.pyi": ""}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    named = ["u.py", "nope.py", "none", "nb.ipynb", "m.pyi"]
    assert cli.main(["--isolated", "--reloaded", "m", "--output-format", "concise", *named]) == 2
    out, err = capsys.readouterr()
    assert "u.py:1:15: STL101" in out
    assert [line.partition("; ")[0] for line in err.splitlines()][-4:] == [
        "stalecheck: nope.py does not exist",
        "stalecheck: none does not exist",
        "stalecheck: nb.ipynb is a notebook",
        "stalecheck: m.pyi is a stub file",
    ]


def test_nothing_but_what_is_missing_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["a.py", "b.py"]) == 2
    assert capsys.readouterr().err == "stalecheck: a.py does not exist; b.py does not exist\n"
