"""The fixture projects of the rules about reload statements and reloaded modules, held against linter and interpreter.

Such a rule says what a reload does, not who holds something old: `shows` in the project's `fixture.toml` says what
happens when a function of the project is called, and every line with a verdict needs such an entry.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from agreement.players import Player
from fixture_project import FIXTURES, FixtureProject, Shown, find_projects
from test_fixtures import copied, reported

from stalecheck.rules import rules

PROJECTS = [project for project in find_projects() if project.is_about_reloads]
OPT_IN = [rule.code for rule in rules() if not rule.is_default]
INTERPRETER = Path(__file__).with_name("reload_interpreter.py")
CODES = [rule.code for rule in rules() if rule.flag is not None]

each_project = pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    with Player([sys.executable, "-E", "-s", "-B", str(INTERPRETER)]) as started:
        yield started


@each_project
def test_the_linter_reports_exactly_what_the_lines_expect(project: FixtureProject, tmp_path: Path) -> None:
    asked = set(project.options.get("select", ()))
    ignored = [code for code in OPT_IN if code not in asked]
    assert reported(project, tmp_path, select=["STL3", "STL4"], ignore=ignored) == project.expected


@each_project
def test_the_interpreter_shows_every_line(project: FixtureProject, player: Player, tmp_path: Path) -> None:
    copy = copied(project, tmp_path)
    for shown in project.shows:
        answer = run(project, shown, player, copy)
        assert contradictions(shown, answer) == [], shown
        assert [other for other in opposites(shown) if not contradictions(other, answer)] == [], "cannot fail"


@each_project
def test_every_verdict_is_shown_or_says_why_not(project: FixtureProject) -> None:
    verdicts = {f"{line.file}:{line.row}" for line in project.lines if not line.not_shown}
    assert {shown.line for shown in project.shows} == verdicts


@pytest.mark.parametrize("code", CODES)
def test_every_rule_has_a_fixture_that_expects_it_and_one_line_that_is_fresh(code: str) -> None:
    projects = [project for project in PROJECTS if project.name.startswith(f"{code}_")]
    assert len(list(FIXTURES.glob(f"{code}_*"))) == 1
    assert code in {expected.code for project in projects for expected in project.expected}
    assert any(line.reason for project in projects for line in project.lines)


def run(project: FixtureProject, shown: Shown, player: Player, copy: Path) -> dict[str, Any]:
    """Call the functions in a process of their own."""
    return player.ask({"root": str(copy), "modules": project.modules, "old": str(project.old or ""), **asdict(shown)})


def contradictions(shown: Shown, answer: dict[str, Any]) -> list[str]:
    """What the interpreter says against an entry."""
    found = []
    if answer["raised"] != shown.raises:
        found.append(f"raises {answer['raised'] or 'nothing'}")
    if shown.same and not answer["same"]:
        found.append(f"{shown.same} is another object")
    if shown.new and answer["same"]:
        found.append(f"{shown.new} is the same object")
    if shown.value and answer["texts"] != [shown.before, shown.after]:
        found.append(f"{shown.value} is {answer['texts']}")
    return found


def opposites(shown: Shown) -> Iterator[Shown]:
    """The claims that must not hold as well."""
    if shown.raises:
        yield replace(shown, raises="")
    if shown.same or shown.new:
        yield replace(shown, same=shown.new, new=shown.same)
    if shown.value:
        yield replace(shown, after=shown.before if shown.after != shown.before else "something else")
    if not (shown.raises or shown.same or shown.new or shown.value):
        yield replace(shown, raises="Exception")
