"""Asks the interpreter and the linter about one small project, and compares their answers name by name."""

from __future__ import annotations

import ast
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

import stalecheck
from stalecheck.model import Diagnostic
from stalecheck.vocabulary import HolderKind, ReloadMode

from .compare import RIGHT, Held, Stock, asked_for, place_of
from .oracle import Bound, collect_bound
from .players import Player
from .projects import Act, Project


class NotRunnableError(Exception):
    """A project raises when it is imported or reloaded."""


class ProjectPlayer(Player):
    """A process that plays projects (`player.py`); to be used in a ``with`` statement."""

    def __init__(self) -> None:
        super().__init__([sys.executable, "-E", "-s", "-S", "-m", "tests.agreement.player"], {"PYTHONHASHSEED": "0"})

    def play(self, folder: Path, modules: Iterable[str], act: Act) -> dict[str, Any]:
        """Return what the interpreter says of a project that lies in a folder, in the form of `oracle.py`.

        Raises:
            NotRunnableError: the project raises.
        """
        answer = self.ask({"root": str(folder), "modules": list(modules), "act": [act.how, act.what]})
        if answer["raised"] is not None:
            raise NotRunnableError(answer["raised"])
        return answer


def disagreements(project: Project, player: ProjectPlayer) -> list[str]:
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

    Several names of one module for one object of its own count once, as in `compare.py`; so do those of several modules
    for one container, which is reported where it is filled, and what holds such a container of another module. Of
    plain values, and of what the interpreter finds deeper than `inside`, either may be said.
    """
    world = Stock(answer)
    same = {slot: slots for slots in world.groups.values() for slot in slots}
    held = Held(world, {**answer, "module": "", "steady": []})
    reported: set[tuple[str, str]] = set()
    found = []
    for diagnostic in diagnostics:
        slots = list(slots_of(world, diagnostic))
        if diagnostic.holder and diagnostic.origin and diagnostic.holder.kind is HolderKind.CALLBACK:
            # It names the function that registers, not what that fills.
            label = f"{diagnostic.origin.module}:{diagnostic.origin.name}"
            through = {module for module in diagnostic.via if module != diagnostic.origin.module}
            slots += [
                slot
                for slot, inside in held.inside.items()
                # Of a module on the way that was reloaded as well it is a name that the module no longer has.
                if inside == label or inside.partition(":")[0] in through
            ]
        if diagnostic.holder and diagnostic.holder.kind is HolderKind.CONTAINER:
            slots += [other for slot in slots for other in same.get(slot, ())]
        for module, name in slots:
            for each in (name, name.partition(".")[0]):
                reported |= {(module, each), (module, held.first_name.get((module, each), each))}
        if slots and not any(is_excused(world, held, slot) for slot in slots) and not is_plain(world, diagnostic):
            assert diagnostic.holder
            place = f"{diagnostic.holder.module}:{diagnostic.span.start.row}"
            found.append(f"{place}: {diagnostic.code} {diagnostic.holder.name}: fresh")
    for module, name, *container in answer["through"]:
        if tuple(container) in reported:
            reported.add((module, held.first_name.get((module, name), name)))
    for slot, label in {**held.inside, **held.direct}.items():
        module, name = slot
        if "." not in name and (module, held.first_name.get(slot, name)) not in reported:
            found.append(f"{module}: {name} is stale ({held.of(slot)} {label}), not reported")
    return found


def is_excused(world: Stock, held: Held, slot: tuple[str, str]) -> bool:
    return held.of(slot) in {*RIGHT, "behind"} or slot[1] in world.atomic.get(slot[0], ())


def is_plain(world: Stock, diagnostic: Diagnostic) -> bool:
    """Whether what is kept is a plain value: identity says nothing of it."""
    return diagnostic.origin is not None and diagnostic.origin.name in world.atomic.get(diagnostic.origin.module, ())


def slots_of(world: Stock, diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    """Yield the names at module level, or attributes of classes, that a diagnostic is about."""
    if diagnostic.holder is None:
        return
    module, name = place_of(world, diagnostic)
    if name == "*":
        yield from ((module, each) for each in brought(world, diagnostic))
    elif "<locals>" not in name:
        is_known = name in world.objects.get(module, frozenset()) | world.atomic.get(module, frozenset())
        yield module, name if is_known else name.partition(".")[0]


def brought(world: Stock, diagnostic: Diagnostic) -> Iterator[str]:
    """Yield the names that a star import binds and that no statement below it binds again."""
    assert diagnostic.holder
    row = diagnostic.span.start.row
    tree = ast.parse(diagnostic.path.read_text(encoding="utf-8"))
    [star] = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.lineno == row]
    bound = Bound()
    later = [statement for statement in tree.body if statement.lineno > row]
    collect_bound(
        [statement for statement in later if not isinstance(statement, ast.FunctionDef | ast.AugAssign)], bound
    )
    bound.otherwise |= {statement.name for statement in later if isinstance(statement, ast.FunctionDef)}
    package = diagnostic.holder.module
    if diagnostic.path.stem != "__init__":
        package = package.rpartition(".")[0]
    source = resolve_name("." * star.level + (star.module or ""), package)
    names = world.objects[source] | world.atomic[source]
    yield from sorted(names - bound.by_import - bound.otherwise)
