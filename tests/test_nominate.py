"""What is not read closely makes no difference: the findings are those of a run that reads every file closely."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
import pytest

import stalecheck
from stalecheck import run as pipeline

SOURCES = {
    "m.py": "class Engine: pass",
    "holding.py": """
from m import Engine
from bringing import *
VERSION = 1
class Base:
    def make(self):
        return Engine()
""",
    "importing.py": """
class App:
    def __init__(self):
        import holding
        self.version = holding.VERSION
""",
    "inheriting.py": """
from holding import Base
class Own(Base): pass
""",
    "naming.py": """
import importlib
named = importlib.import_module("holding")
""",
    "bringing.py": """
def late():
    from m import Engine
    return Engine
""",
    "reloading.py": """
import importlib
import m
def refresh():
    importlib.reload(m)
""",
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(Path(click.__file__).parent, root / "click", ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.mark.parametrize("option", ["reloaded", "reimported"])
@pytest.mark.parametrize("module", ["_compat", "core"])
def test_reading_every_file_closely_finds_the_same(
    module: str, option: str, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {option: [f"click.{module}"], "min_severity": "note", "isolated": True}
    found = stalecheck.check(package, **options)
    assert found, "cannot fail"
    monkeypatch.setattr(pipeline, "nominate", lambda indexes, *_: frozenset(indexes))
    assert stalecheck.check(package, **options) == found


def test_a_file_that_only_imports_what_holds_something_old_is_not_read_closely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, source in SOURCES.items():
        (tmp_path / name).write_text(source)
    nominated: set[str] = set()
    original = pipeline.nominate

    def noted(*arguments: object) -> object:
        found = original(*arguments)  # type: ignore[arg-type]
        nominated.update(file.path.name for file in found)
        return found

    monkeypatch.setattr(pipeline, "nominate", noted)
    (stale,) = stalecheck.check(tmp_path, isolated=True)
    assert (stale.path.name, stale.code) == ("holding.py", "STL101")
    assert nominated == {"m.py", "holding.py"}
