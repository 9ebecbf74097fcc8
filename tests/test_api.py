"""`stalecheck.check` answers as the command line does."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from fixture_project import FIXTURES

import stalecheck
from stalecheck import cli
from stalecheck.errors import ConfigError, UsageError
from stalecheck.model import Diagnostic, Location

PROJECTS = ["demo", "STL101_from_import/chain", "STL103_module_import/popped", "STL205_container/plain"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one error and one note, in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "shapes.py").write_text("class Circle: ...\nclass Square: ...\n", encoding="utf-8")
    (tmp_path / "area.py").write_text(
        "from shapes import Circle\nfrom shapes import Square\n"
        "def is_round(shape: Square): return isinstance(shape, Circle)\n",
        encoding="utf-8",
    )
    return tmp_path


@pytest.mark.parametrize("name", PROJECTS)
@pytest.mark.parametrize("severity", ["error", "warning", "note"])
def test_the_answer_is_that_of_the_json_format(
    name: str,
    severity: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(copied(name, tmp_path))
    assert cli.main(["--reloaded", "*", "--min-severity", severity, "--output-format", "json"]) in (0, 1)
    expected = json.loads(capsys.readouterr().out)
    found = stalecheck.check(reloaded=["*"], min_severity=severity)
    assert [as_json(diagnostic) for diagnostic in found] == expected


@pytest.mark.parametrize("name", PROJECTS)
def test_the_projects_compared_have_something_to_report(name: str, tmp_path: Path) -> None:
    assert stalecheck.check(copied(name, tmp_path), reloaded=["*"])


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param(".", id="a string"),
        pytest.param(Path(), id="a path"),
        pytest.param(["area.py", Path("shapes.py")], id="a list of both"),
        pytest.param((path for path in ["area.py"]), id="a generator"),
    ],
)
def test_paths_are_given_alone_or_as_several(paths: Any, project: Path) -> None:
    found = stalecheck.check(paths, reloaded=["shapes"])
    assert [(diagnostic.code, diagnostic.path) for diagnostic in found] == [("STL101", project / "area.py")]


def test_the_default_path_is_the_working_directory(project: Path) -> None:
    assert stalecheck.check(reloaded=["shapes"]) == stalecheck.check(project, reloaded=["shapes"])


def test_the_nearest_configuration_counts_and_isolated_leaves_it_out(project: Path) -> None:
    (project / "stalecheck.toml").write_text('reloaded = ["shapes"]\nmin-severity = "note"\n', encoding="utf-8")
    assert len(stalecheck.check(project)) == 2
    assert stalecheck.check(project, isolated=True) == []


def test_a_configuration_can_be_named(project: Path) -> None:
    (project / "other.toml").write_text('reloaded = ["shapes"]\n', encoding="utf-8")
    assert len(stalecheck.check(project, config="other.toml")) == 1
    assert len(stalecheck.check(project, config="other.toml", min_severity="note")) == 2


def test_an_unknown_option_is_an_error_that_names_the_nearest(project: Path) -> None:
    with pytest.raises(UsageError, match='unknown option "reload"; did you mean "reloaded"'):
        stalecheck.check(project, reload=["shapes"])


def test_an_unknown_code_is_an_error(project: Path) -> None:
    with pytest.raises(UsageError, match="STL999"):
        stalecheck.check(project, select=["STL999"])


def test_a_missing_path_is_an_error(project: Path) -> None:
    with pytest.raises(UsageError, match="missing"):
        stalecheck.check(project / "missing")


def test_no_path_at_all_is_an_error(project: Path) -> None:
    with pytest.raises(UsageError, match="no Python files"):
        stalecheck.check([])


def test_a_wrong_configuration_is_an_error(project: Path) -> None:
    (project / "stalecheck.toml").write_text("reloaded = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="a list of strings"):
        stalecheck.check(project)


def test_the_public_names_are_those_of_all() -> None:
    assert stalecheck.__all__ == ["Finding", "Holder", "Report", "check", "probe", "reload", "watch"]
    assert all(hasattr(stalecheck, name) for name in stalecheck.__all__)
    with pytest.raises(AttributeError, match="no attribute 'lint'"):
        _ = stalecheck.lint  # type: ignore[attr-defined]


def copied(name: str, folder: Path) -> Path:
    """A fixture's copy that is a project of its own: nothing above it belongs to the analysis."""
    copy = folder / "project"
    shutil.copytree(FIXTURES / name, copy)
    (copy / "pyproject.toml").touch()
    return copy


def as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """The diagnostic in the words of the JSON format, spelled out here once more."""
    holder, origin = diagnostic.holder, diagnostic.origin
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity.label,
        "message": diagnostic.message,
        "filename": relative(diagnostic.path),
        "location": point(diagnostic.span.start),
        "end_location": point(diagnostic.span.end),
        "holder": holder and {"module": holder.module, "name": holder.name, "kind": holder.kind.value},
        "origin": origin
        and {
            "module": origin.module,
            "name": origin.name,
            "kind": origin.kind.value,
            "filename": relative(origin.path),
            "location": point(origin.location),
        },
        "reload": [
            {
                "module": event.module,
                "mode": event.mode.value,
                "filename": event.path and relative(event.path),
                "location": event.location and point(event.location),
            }
            for event in diagnostic.reload
        ],
        "via": list(diagnostic.via),
        "fix": None,
        "url": diagnostic.url,
    }


def relative(path: Path) -> str:
    return Path(os.path.relpath(path)).as_posix()


def point(location: Location) -> dict[str, int]:
    return {"row": location.row, "column": location.column}


def test_suppressed_diagnostics_are_returned_on_request(project: Path) -> None:
    (project / "area.py").write_text("from shapes import Circle  # stalecheck: ignore[STL101]\n", encoding="utf-8")
    assert stalecheck.check(reloaded=["shapes"]) == []
    [suppressed] = stalecheck.check(reloaded=["shapes"], show_suppressed=True)
    assert suppressed.code == "STL101"


def test_an_option_spelled_as_on_the_command_line_is_named_as_python_takes_it() -> None:
    with pytest.raises(UsageError, match='unknown option "min-severity"; did you mean "min_severity"'):
        stalecheck.check(**{"min-severity": "note"})


def test_the_package_shows_what_is_meant_for_its_users() -> None:
    assert "check" in dir(stalecheck)
    assert "Any" not in dir(stalecheck)
