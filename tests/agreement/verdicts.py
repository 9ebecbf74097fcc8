"""Asks the interpreter and the linter about one small project, and holds their answers against each other, name by name."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import stalecheck
from stalecheck.model import Diagnostic
from stalecheck.vocabulary import ReloadMode

from .compare import Held, Stock, asked_for, place_of
from .projects import Act, Project

ROOT = Path(__file__).parent.parent.parent
STALE = frozenset({"direct", "inside"})


class NotRunnableError(Exception):
    """A project raises when it is imported or reloaded."""


class Player:
    """A process that plays projects (`player.py`); to be used in a ``with`` statement."""

    def __init__(self) -> None:
        command = [sys.executable, "-E", "-s", "-S", "-m", "tests.agreement.player"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "0"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Player:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.communicate()

    def play(self, folder: Path, modules: Iterable[str], act: Act) -> dict[str, Any]:
        """Return what the interpreter says of a project that lies in a folder, in the form of `oracle.py`.

        Raises:
            NotRunnableError: the project raises.
        """
        assert self._process.stdin
        assert self._process.stdout
        order = {"root": str(folder), "modules": list(modules), "act": [act.how, act.what]}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if answer["error"] is not None:
            raise NotRunnableError(answer["error"])
        return answer


def disagreements(project: Project, player: Player) -> list[str]:
    """Return each name on which the linter and the interpreter differ, in words.

    Raises:
        NotRunnableError: the project raises.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        project.put(folder)
        answers = [player.play(folder, project.modules, act) for act in project.acts]
        option = "reloaded" if project.mode is ReloadMode.RELOAD else "reimported"
        options: dict[str, Any] = {option: list(project.options)} if project.options else {}
        diagnostics = stalecheck.check([folder], isolated=True, min_severity="note", **options)
        found: list[str] = []
        for act, answer in zip(project.acts, answers, strict=True):
            relevant = diagnostics
            if project.options:
                relevant = [each for each in diagnostics if act.what in asked_for(each, project.mode)]
            found += compared(answer, relevant)
        return found


def compared(answer: Mapping[str, Any], diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Compare one answer with what is reported: each stale name has a diagnostic, each diagnostic a stale name.

    Of names for plain values, and of what the interpreter finds deeper than `inside`, either may be said.
    """
    world = Stock(answer)
    held = Held(world, {**answer, "module": "", "steady": []})
    labels = {**held.inside, **held.direct}
    reported: set[tuple[str, str]] = set()
    found = []
    for diagnostic in diagnostics:
        slots = list(slots_of(world, diagnostic))
        reported.update((module, name.partition(".")[0]) for module, name in slots)
        if slots and not any(is_excused(world, held, slot) for slot in slots):
            place = f"{slots[0][0]}:{diagnostic.span.start.row}"
            assert diagnostic.holder
            found.append(f"{place}: {diagnostic.code} {diagnostic.holder.name}: fresh")
    for module, name in labels:
        if "." not in name and (module, name) not in reported:
            found.append(f"{module}: {name} is stale ({held.of((module, name))} {labels[module, name]}), not reported")
    return found


def is_excused(world: Stock, held: Held, slot: tuple[str, str]) -> bool:
    return held.of(slot) in {*STALE, "behind"} or slot[1] in world.atomic.get(slot[0], ())


def slots_of(world: Stock, diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    """Yield the names at module level, or attributes of classes, that a diagnostic is about."""
    if diagnostic.holder is None:
        return
    module, name = place_of(world, diagnostic)
    if name == "*":
        source = starred(diagnostic)
        brought = world.objects.get(source, frozenset()) | world.atomic.get(source, frozenset())
        yield from ((module, each) for each in world.unbound.get(module, ()) if each in brought)
    elif "<locals>" not in name:
        is_known = name in world.objects.get(module, frozenset()) | world.atomic.get(module, frozenset())
        yield module, name if is_known else name.partition(".")[0]


def starred(diagnostic: Diagnostic) -> str:
    """Return the module of the star import that a diagnostic is about."""
    assert diagnostic.holder
    package = diagnostic.holder.module if diagnostic.path.stem == "__init__" else diagnostic.holder.module.rpartition(".")[0]
    for node in ast.walk(ast.parse(diagnostic.path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.lineno == diagnostic.span.start.row:
            return ".".join(filter(None, [package, node.module or ""])) if node.level else node.module or ""
    raise AssertionError(f"no star import stands at {diagnostic.path}:{diagnostic.span.start.row}")
