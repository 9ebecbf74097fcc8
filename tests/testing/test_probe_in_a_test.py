"""The probe called by hand within a test: what pytest works with leads to everything, and is named for want of more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .suites import run_pytest

SUITE = """
import importlib, json
import pytest, stalecheck
import core

def holders(origin):
    importlib.reload(core)
    return sorted({holder.path for finding in stalecheck.probe(core) if finding.origin == origin
                   for holder in finding.holders})

"""


def found(tmp_path: Path, body: str) -> list[str]:
    source = f"{SUITE}{body}\n    open('found.json', 'w').write(json.dumps(held))\n"
    run = run_pytest(tmp_path, {"test_it.py": source}, json_file=None)
    assert run.code == 0, run.out
    held: list[str] = json.loads((tmp_path / "found.json").read_text())
    return held


def test_a_parameter_is_held_by_the_mark_that_names_it(tmp_path: Path) -> None:
    body = """
@pytest.mark.parametrize("error", [core.Error])
def test_it(error):
    held = holders("core.Error")
"""
    local, mark = found(tmp_path, body)
    assert local.startswith("local 'error' in test_it() at ")
    assert mark == "test_it.test_it.pytestmark[0].args[1][0]"


@pytest.mark.parametrize("scope", ["session", "module", "class"])
def test_the_value_of_a_fixture_that_lasts_is_held_by_the_fixture(tmp_path: Path, scope: str) -> None:
    body = f"""
@pytest.fixture(scope={scope!r})
def engine():
    return core.Engine()

def test_it(request):
    request.getfixturevalue("engine")
    held = holders("core.Engine")
"""
    assert found(tmp_path, body) == [f"{scope} fixture 'engine'.cached_result[0]"]


def test_what_only_pytest_holds_is_named_by_what_holds_it_there(tmp_path: Path) -> None:
    body = """
def test_it(request):
    request.config.engine = core.Engine()
    held = holders("core.Engine")
"""
    assert found(tmp_path, body) == ["pytest's Config.engine"]


def test_of_what_pytest_holds_too_only_the_others_are_named(tmp_path: Path) -> None:
    body = """
KEPT = core.Engine()

def test_it(request):
    request.config.engine = KEPT
    held = holders("core.Engine")
"""
    assert found(tmp_path, body) == ["test_it.KEPT"]
