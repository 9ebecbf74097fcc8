"""The layers, and what a run must not load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
HEAVY = {"libcst", "click", "pathspec"}


def test_the_import_contracts_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    code = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert code == 0, capsys.readouterr().out


def test_importing_the_package_loads_nothing_heavy(tmp_path: Path) -> None:
    assert loaded_after("import stalecheck", tmp_path) == set()


def test_checking_from_python_does_not_load_click(tmp_path: Path) -> None:
    write(tmp_path, reloads=True)
    assert "click" not in loaded_after("import stalecheck; stalecheck.check('.', isolated=True)", tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--version"], id="the version"),
        pytest.param(["--list-rules"], id="the rules"),
        pytest.param(["."], id="nothing is reloaded"),
    ],
)
def test_a_run_that_reads_no_file_closely_does_not_load_libcst(arguments: list[str], tmp_path: Path) -> None:
    write(tmp_path, reloads=False)
    code = f"from stalecheck.cli import main; assert main({arguments!r}) == 0"
    assert "libcst" not in loaded_after(code, tmp_path)


def test_a_run_that_nominates_a_file_loads_libcst(tmp_path: Path) -> None:
    write(tmp_path, reloads=True)
    code = "from stalecheck.cli import main; assert main(['--isolated', '.']) == 1"
    assert "libcst" in loaded_after(code, tmp_path)


def write(folder: Path, *, reloads: bool) -> None:
    """A project of two modules, and perhaps a third that reloads the first."""
    (folder / "pyproject.toml").touch()
    (folder / "shapes.py").write_text("class Circle:\n    pass\n", encoding="utf-8")
    (folder / "area.py").write_text("from shapes import Circle\n", encoding="utf-8")
    if reloads:
        (folder / "again.py").write_text("import importlib, shapes\nimportlib.reload(shapes)\n", encoding="utf-8")


def loaded_after(code: str, folder: Path) -> set[str]:
    """Which of the heavy modules a fresh interpreter has loaded once it has run `code`."""
    ending = f"import json, sys; print(); print(json.dumps(sorted({HEAVY!r} & set(sys.modules))))"
    command = [sys.executable, "-c", f"{code}\n{ending}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))
