"""The probe agrees with the interpreter and with the linter: on a sample of packages, on the fixture projects.

The whole is ``python -m tests.agreement --probe``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fixture_project import FixtureProject, find_projects
from test_fixtures import copied

import stalecheck
from stalecheck.model import Diagnostic
from stalecheck.vocabulary import ReloadMode

from . import probe_compare
from .players import ROOT, Player
from .probe_measure import measure
from .probe_remaining import FIXTURES, unexplained
from .targets import NotInstallableError, target

SAMPLE = ("attr", "marshmallow", "more_itertools")
PROJECTS = [
    project
    for project in find_projects()
    if project.expected and (project.reload or project.calls or not project.shows)
]
"""Without those about the reload itself, which name no holder and are reloaded by what their lines show."""

PLAYER = Path(__file__).with_name("probe_player.py")


@cache
def measured(package: str, mode: ReloadMode) -> probe_compare.Figures:
    try:
        return measure(target(package), mode)
    except NotInstallableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"needs a package index: {error}")


@pytest.mark.parametrize("mode", list(ReloadMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("package", SAMPLE)
def test_the_probe_finds_what_is_stale_and_names_it_as_the_linter_does(package: str, mode: ReloadMode) -> None:
    figures = measured(package, mode)
    assert unexplained(figures.cases) == ()
    assert figures.direct > 20
    assert figures.exact.compared > 20


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    path = os.pathsep.join(map(str, (ROOT, ROOT / "tests")))
    with Player([sys.executable, "-s", "-S", "-B", str(PLAYER)], {"PYTHONPATH": path}) as started:
        yield started


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_the_probe_names_the_stale_holders_of_a_fixture_with_the_same_code(
    project: FixtureProject, player: Player, tmp_path: Path
) -> None:
    seen: set[tuple[str, str, str]] = set()
    plain: set[str] = set()
    for number, module in enumerate(project.reloaded_modules or [""]):
        copy = copied(project, tmp_path / str(number))
        answer = play(project, module, copy, player)
        seen |= {(holder[0], holder[1], holder[3]) for holder in answer["holders"] if holder[1] and holder[3]}
        plain |= set(answer["plain"])
    missed = [
        f"{diagnostic.code} {diagnostic.holder.module} {diagnostic.holder.name}"
        for diagnostic in shown(project, copy)
        if diagnostic.holder and diagnostic.origin and not is_seen(diagnostic, seen, plain)
    ]
    assert [text for text in missed if not has_reason(f"{project.name} {text}")] == []


def play(project: FixtureProject, module: str, copy: Path, player: Player) -> dict[str, Any]:
    order = {
        "root": str(copy),
        "modules": project.modules,
        "before": project.before,
        "reload": module,
        "mode": project.mode,
        "calls": project.calls,
    }
    return player.ask(order)


def shown(project: FixtureProject, copy: Path) -> Iterator[Diagnostic]:
    """Yield what the linter says of the lines of which running shows that they are stale."""
    lines = {(line.file, line.row) for line in project.lines if line.codes and not line.not_shown}
    options: dict[str, Any] = {"min_severity": "note", **project.options}
    if project.reload:
        options["reloaded" if project.mode == "reload" else "reimported"] = list(project.reload)
    for diagnostic in stalecheck.check([copy], **options):
        if (diagnostic.path.relative_to(copy).as_posix(), diagnostic.span.start.row) in lines:
            yield diagnostic


def is_seen(diagnostic: Diagnostic, seen: set[tuple[str, str, str]], plain: set[str]) -> bool:
    """Whether the probe names a holder with the linter's code, or identity says nothing of it: of plain values.

    A part of a class may be named as the class's, a star import by any of its names.
    """
    holder, origin = diagnostic.holder, diagnostic.origin
    assert holder
    assert origin
    if {f"{holder.module}.{holder.name}", f"{origin.module}.{origin.name}"} & plain:
        return True
    return any(
        module == holder.module
        and code == diagnostic.code
        and (holder.name == "*" or name.partition(".")[0] == holder.name.partition(".")[0])
        for module, name, code in seen
    )


def has_reason(text: str) -> bool:
    return any(fnmatchcase(text, pattern) for patterns in FIXTURES.values() for pattern in patterns)
