"""Each fixture project, held against the linter and against the interpreter."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from agreement.players import Player
from fixture_project import FIXTURES, OLD, Expected, FixtureProject, Line, find_projects

import stalecheck

PROJECTS = [project for project in find_projects() if not project.is_about_reloads]
RULES = [f"STL{number}" for number in (*range(101, 106), *range(201, 211))]
INTERPRETER = Path(__file__).with_name("fixture_interpreter.py")

each_project = pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    with Player([sys.executable, "-E", "-s", "-S", "-B", str(INTERPRETER)]) as started:
        yield started


@each_project
def test_the_linter_reports_exactly_what_the_lines_expect(project: FixtureProject, tmp_path: Path) -> None:
    # What is wrong with the reload itself is held by test_reload_fixtures.py.
    assert reported(project, tmp_path, ignore=["STL3", "STL4"]) == project.expected


@each_project
def test_the_interpreter_agrees_with_every_line(project: FixtureProject, player: Player, tmp_path: Path) -> None:
    holders = run_project(project, player, tmp_path)
    assert disagreements(project, holders) == []
    assert [line for line, other in flipped(project) if not disagreements(other, holders)] == [], "cannot fail"


@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_a_fixture_that_expects_it_and_one_line_that_is_fresh(code: str) -> None:
    folders = [folder.name for folder in FIXTURES.glob(f"{code}_*")]
    assert len(folders) == 1
    projects = [project for project in PROJECTS if project.name.startswith(f"{folders[0]}/")]
    assert code in {expected.code for project in projects for expected in project.expected}
    assert any(line.reason for project in projects for line in project.lines)


@each_project
def test_a_project_names_its_reload_and_known_codes_only(project: FixtureProject) -> None:
    spells_reload = any(
        "reload" in path.read_text() or "sys.modules" in path.read_text() for path in project.path.rglob("*.py")
    )
    assert project.reload or project.calls or spells_reload
    assert project.mode in ("reload", "reimport")
    assert {expected.code for expected in project.expected} <= set(RULES)
    assert {expected.severity for expected in project.expected} <= {"error", "warning", "note"}


@each_project
def test_what_is_not_shown_says_why(project: FixtureProject) -> None:
    assert [line for line in project.lines if line.not_shown and not re.search(r"\w+ \w+", line.not_shown)] == []


def reported(project: FixtureProject, folder: Path, **options: Any) -> list[Expected]:
    """What the linter reports of a copy of the project, sorted; the project's own options win."""
    copy = copied(project, folder)
    options = {"min_severity": "note", **options, **project.options}
    if project.reload:
        options["reloaded" if project.mode == "reload" else "reimported"] = list(project.reload)
    if project.old is not None:
        commit_old(project.old, copy)
        options["since"] = "HEAD"
    found = (
        Expected(
            diagnostic.path.relative_to(copy).as_posix(),
            diagnostic.span.start.row,
            diagnostic.code,
            diagnostic.severity.label,
        )
        for diagnostic in stalecheck.check([copy], **options)
    )
    return sorted(found)


def copied(project: FixtureProject, folder: Path) -> Path:
    """A copy that is a project of its own: nothing above it belongs to the analysis."""
    copy = folder.resolve() / "project"
    shutil.copytree(project.path, copy, ignore=shutil.ignore_patterns("__pycache__", OLD))
    (copy / "pyproject.toml").touch()
    return copy


def commit_old(old: Path, copy: Path) -> None:
    """Make a repository of a copy, with the old files in its only commit and the new ones beside it."""
    new = {path: path.read_bytes() for path in copy.rglob("*.py")}
    shutil.copytree(old, copy, dirs_exist_ok=True)
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "old"],
    ):
        subprocess.run(["git", *arguments], cwd=copy, check=True, capture_output=True)
    for path in copy.rglob("*.py"):
        path.unlink()
    for path, data in new.items():
        path.write_bytes(data)


def run_project(project: FixtureProject, player: Player, folder: Path) -> list[dict[str, Any]]:
    """Every holder of the project with the names of the origins whose old objects it keeps.

    Modules named by a pattern are reloaded one at a time, each in an interpreter of its own.
    """
    holders: dict[tuple[str, str, str | None], dict[str, Any]] = {}
    for number, module in enumerate(project.reloaded_modules or [""]):
        for holder in run_once(project, module, player, copied(project, folder / str(number))):
            key = (holder["module"], holder["name"], holder["part_of"])
            earlier = holders.setdefault(key, holder)
            if holder["old"] and earlier is not holder:
                earlier["fills"] = [*(earlier["fills"] if earlier["old"] else []), *holder["fills"]]
            earlier["old"] = sorted({*earlier["old"], *holder["old"]})
    return list(holders.values())


def run_once(project: FixtureProject, reloaded: str, player: Player, copy: Path) -> list[dict[str, Any]]:
    order = {
        "root": str(copy),
        "modules": project.modules,
        "before": project.before,
        "reload": reloaded,
        "mode": project.mode,
        "calls": project.calls,
        "is_edited": True,
        "is_fresh": False,
    }
    answer = player.ask(order)
    assert answer["reloaded"] or not project.expected, "nothing was reloaded"
    if not answer["is_restored"]:
        fresh = player.ask({**order, "is_edited": False, "is_fresh": True})
        values = {(h["module"], h["name"], h["part_of"]): h["value"] for h in fresh["holders"]}
        for holder in answer["holders"]:
            value = values.get((holder["module"], holder["name"], holder["part_of"]))
            if not holder["old"] and None not in (value, holder["value"]) and value != holder["value"]:
                holder["old"] = ["a value"]
    return list(answer["holders"])


def disagreements(project: FixtureProject, holders: list[dict[str, Any]]) -> list[str]:
    """Where a line and the interpreter differ, in words."""
    at_row: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for holder in holders:
        for row in holder["rows"]:
            at_row[holder["file"], row].append(holder)
    found = []
    excused: list[int] = []
    shared: set[int] = set()
    for line in project.lines:
        here = at_row[line.file, line.row]
        stale = [holder for holder in here if holder["old"]]
        if line.not_shown:
            excused += map(id, here)
        elif not here:
            found.append(f"{line.file}:{line.row}: nothing is bound here that the interpreter could look at")
        elif line.codes and not stale:
            found.append(f"{line.file}:{line.row}: expects {' '.join(line.codes)}, but nothing here is stale")
        elif line.codes:
            excused += map(id, [*stale, *owners_and_parts(stale, holders)])
            shared.update(container for holder in stale for container in holder["fills"])
    for holder in holders:
        if holder["old"] and id(holder) not in excused and holder["container"] not in shared:
            place = f"{holder['file']}:{holder['rows'][0]}"
            found.append(f"{place}: {holder['name']} keeps {', '.join(holder['old'])}, which no line expects")
    return found + miscounted(project, at_row)


def flipped(project: FixtureProject) -> Iterator[tuple[Line, FixtureProject]]:
    """Each line that running shows, with the project in which it says the opposite."""
    for number, line in enumerate(project.lines):
        if not line.not_shown:
            opposite = replace(line, codes=() if line.codes else ("STL101",), reason="it is not")
            yield line, replace(project, lines=(*project.lines[:number], opposite, *project.lines[number + 1 :]))


def owners_and_parts(stale: list[dict[str, Any]], holders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The instance behind a stale attribute, the attributes of a stale instance: one of them is flagged."""
    owners = {(holder["module"], holder["part_of"]) for holder in stale}
    names = {(holder["module"], holder["name"]) for holder in stale}
    return [
        holder
        for holder in holders
        if (holder["module"], holder["name"]) in owners or (holder["module"], holder["part_of"]) in names
    ]


def miscounted(project: FixtureProject, at_row: dict[tuple[str, int], list[dict[str, Any]]]) -> list[str]:
    """Holders that keep more or fewer origins than their lines have codes: it is one diagnostic for each."""
    codes_of: dict[int, int] = defaultdict(int)
    holder_of: dict[int, dict[str, Any]] = {}
    found = []
    for line in project.lines:
        stale = [holder for holder in at_row[line.file, line.row] if holder["old"]]
        if line.not_shown or not line.codes or not stale:
            continue
        # What a call has put somewhere says more than all that is there by now.
        stale = [holder for holder in stale if holder["name"].startswith("call ")] or stale
        if len({holder["name"] for holder in stale}) == 1:
            codes_of[id(stale[0])] += len(line.codes)
            holder_of[id(stale[0])] = stale[0]
        elif len(line.codes) != len({(h["name"], origin) for h in stale for origin in h["old"]}):
            names = ", ".join(f"{holder['name']} keeps {holder['old']}" for holder in stale)
            found.append(f"{line.file}:{line.row}: {len(line.codes)} codes, but {names}")
    for key, holder in holder_of.items():
        if codes_of[key] != len(holder["old"]):
            place = f"{holder['file']}:{holder['rows'][0]}"
            found.append(f"{place}: {codes_of[key]} codes, but {holder['name']} keeps {holder['old']}")
    return found
