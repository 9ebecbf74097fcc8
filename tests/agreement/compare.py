"""Holds the linter's diagnostics against the interpreter's answer, name by name."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from stalecheck.model import Diagnostic
from stalecheck.vocabulary import HolderKind, OriginKind, ReloadMode

JUDGED_WHEN_FRESH = frozenset(
    {
        HolderKind.FROM_IMPORT,
        HolderKind.STAR_IMPORT,
        HolderKind.MODULE_IMPORT,
        HolderKind.ALIAS,
        HolderKind.INSTANCE,
        HolderKind.BASE_CLASS,
        HolderKind.CONTAINER,
        HolderKind.DEFAULT_ARGUMENT,
        HolderKind.ENUM_MEMBER,
    }
)
OBJECTS = frozenset({OriginKind.FUNCTION, OriginKind.CLASS, OriginKind.INSTANCE, OriginKind.MODULE})

RIGHT = frozenset({"direct", "inside", "wrapper"})
"""What the interpreter says of a holder that is reported rightly."""
WRONG = frozenset({"steady", "behind", "fresh"})


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One name on which the two disagree."""

    what: str
    """``missed direct``, ``missed inside``, ``steady``, ``behind``, ``fresh``."""

    reloaded: str
    holder: str
    name: str
    detail: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Agreement:
    """The figures of one package in one mode; `+` adds packages up."""

    modules: int = 0
    reloads: int = 0
    direct: int = 0
    direct_found: int = 0
    inside: int = 0
    inside_found: int = 0
    right: int = 0
    wrong: int = 0
    unknown_calls: int = 0
    """STL105 for the value of an unknown call that answers with the same object: counted apart."""

    unjudged: int = 0
    """Diagnostics of which identity says nothing, or not enough: plain values, locals, modules that
    cannot be imported, callbacks, and what is decorated, wrapped or cached by a function and looks fresh."""

    cases: tuple[Case, ...] = ()

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def direct_recall(self) -> float:
        """The share of direct names that are reported."""
        return self.direct_found / self.direct if self.direct else 1.0

    @property
    def inside_recall(self) -> float:
        """The share of inside names that are reported."""
        return self.inside_found / self.inside if self.inside else 1.0

    @property
    def precision(self) -> float:
        """The share of judged diagnostics that are right; an origin deeper than what counts as inside is wrong."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0


def compare(answer: Mapping[str, Any], diagnostics: Iterable[Diagnostic], mode: ReloadMode) -> Agreement:
    """Compare what the interpreter answered (`oracle.py`) with what the linter reported for the same package."""
    world = Stock(answer)
    by_reload: dict[str, dict[tuple[str, str, str, str], Diagnostic]] = {}
    for diagnostic in diagnostics:
        if diagnostic.origin and diagnostic.holder:
            holder = diagnostic.holder
            key = (holder.module, holder.name, diagnostic.code, diagnostic.origin.name)
            for module in asked_for(diagnostic, mode):
                by_reload.setdefault(module, {}).setdefault(key, diagnostic)
    total = Agreement(modules=len(world.objects))
    for run in answer["runs"]:
        if run["error"] is None:
            total += compare_run(world, run, list(by_reload.get(run["module"], {}).values()))
    return total


def asked_for(diagnostic: Diagnostic, mode: ReloadMode) -> set[str]:
    """Return the reloaded modules that the options name (and not a source of the package itself)."""
    return {reload.module for reload in diagnostic.reload if reload.path is None and reload.mode is mode}


class Stock:
    """What the interpreter says of a package before anything is reloaded."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.objects = {module: frozenset(names) for module, names in answer["objects"].items()}
        self.atomic = {module: frozenset(names) for module, names in answer["atomic"].items()}
        self.unbound = {module: frozenset(names) for module, names in answer["unbound"].items()}
        self.modules: dict[str, dict[str, str]] = answer["modules"]
        self.groups: dict[str, list[tuple[str, str]]] = {
            key: [(module, name) for module, name in slots] for key, slots in answer["groups"].items()
        }


class Held:
    """What the interpreter says after one reload, by the holder's module and name.

    Several names of one module for one object of its own count once.
    """

    def __init__(self, world: Stock, run: Mapping[str, Any]) -> None:
        self.reloaded: str = run["module"]
        self.direct = {(module, name): label for module, name, label, _ in run["direct"]}
        self.inside = {(module, name): label for module, name, label, _ in run["inside"]}
        self.wrapper = {(module, name): label for module, name, label, _ in run["wrapper"]}
        self.behind = {(module, name): label for module, name, label, _ in run["behind"]}
        self.first_name = {(module, name): first for module, name, _, first in run["inside"]}
        self.steady = {slot for key in run["steady"] for slot in world.groups.get(str(key), ())}

    def of(self, slot: tuple[str, str]) -> str:
        """Return the verdict on a name."""
        for verdict in ("direct", "inside", "wrapper", "behind", "steady"):
            if slot in getattr(self, verdict):
                return verdict
        return "fresh"


def compare_run(world: Stock, run: Mapping[str, Any], diagnostics: list[Diagnostic]) -> Agreement:
    held = Held(world, run)
    named: set[tuple[str, str]] = set()
    for diagnostic in diagnostics:
        named.update(names_of(world, diagnostic))
    direct = [slot for slot in held.direct if "." not in slot[1]]
    inside = [slot for slot in held.inside if "." not in slot[1] and held.first_name[slot] == slot[1]]
    named |= {(slot[0], held.first_name[slot]) for slot in named if slot in held.first_name}
    cases = [
        Case(f"missed {what}", held.reloaded, module, name, labels[module, name])
        for what, labels, slots in (("direct", held.direct, direct), ("inside", held.inside, inside))
        for module, name in slots
        if (module, name) not in named
    ]
    verdicts: Counter[str] = Counter()
    for diagnostic in diagnostics:
        verdict = judge(world, held, diagnostic)
        verdicts[verdict] += 1
        if verdict in WRONG:
            assert diagnostic.holder
            assert diagnostic.origin
            place = f"{diagnostic.path.name}:{diagnostic.span.start.row}"
            detail = f"{diagnostic.code} {diagnostic.origin.name} ({diagnostic.origin.kind.value}) {place}"
            holder = diagnostic.holder
            cases.append(Case(verdict, held.reloaded, holder.module, holder.name, detail))
    return Agreement(
        reloads=1,
        direct=len(direct),
        direct_found=sum(slot in named for slot in direct),
        inside=len(inside),
        inside_found=sum(slot in named for slot in inside),
        right=verdicts["right"],
        wrong=sum(verdicts[verdict] for verdict in WRONG),
        unknown_calls=verdicts["unknown call"],
        unjudged=verdicts["unjudged"],
        cases=tuple(cases),
    )


def names_of(world: Stock, diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    """Yield the module-level names that a diagnostic is about."""
    module, name = place_of(world, diagnostic)
    if name == "*":
        yield from ((module, brought) for brought in world.unbound.get(module, ()))
    elif "<locals>" not in name:
        yield module, name.partition(".")[0]


def place_of(world: Stock, diagnostic: Diagnostic) -> tuple[str, str]:
    """Return a holder's module and name; ``base.dialect = …`` binds a name of the module that ``base`` is."""
    assert diagnostic.holder
    module, name = diagnostic.holder.module, diagnostic.holder.name
    first, _, rest = name.partition(".")
    while rest and first in world.modules.get(module, ()):
        module, name = world.modules[module][first], rest
        first, _, rest = name.partition(".")
    return module, name


def judge(world: Stock, held: Held, diagnostic: Diagnostic) -> str:
    """Return ``right``, ``behind``, ``steady``, ``fresh``, ``unknown call`` or ``unjudged``."""
    assert diagnostic.holder
    assert diagnostic.origin
    (module, name), kind = place_of(world, diagnostic), diagnostic.holder.kind
    if module not in world.objects or kind is HolderKind.CALLBACK or "<locals>" in name:
        return "unjudged"
    if name == "*":
        # What it brings may have been imported above by its name as well.
        brought = {*names_of(world, diagnostic), (module, diagnostic.origin.name)}
        verdicts = {held.of(slot) for slot in brought}
        if verdicts & RIGHT:
            return "right"
        return "fresh" if diagnostic.origin.kind in OBJECTS else "unjudged"
    if held.of((module, name)) in RIGHT:
        return "right"
    slot = (module, name if name in world.objects[module] | world.atomic[module] else name.partition(".")[0])
    verdict = held.of(slot)
    if slot[1] not in world.objects[module]:
        return "unjudged"
    if verdict in RIGHT:
        return "right"
    if verdict == "steady" and diagnostic.code == "STL105" and is_made_by_a_call(diagnostic):
        return "unknown call"
    if verdict == "fresh" and is_bound_by_a_function(diagnostic):
        return "unjudged"  # By a ``global`` statement, once the function is called: nobody has called it.
    is_judged = verdict == "steady" or (kind in JUDGED_WHEN_FRESH and diagnostic.origin.kind in OBJECTS)
    return verdict if is_judged else "unjudged"


def is_made_by_a_call(diagnostic: Diagnostic) -> bool:
    """Whether the statement of the holder or the one that makes the origin calls what is not a builtin."""
    assert diagnostic.origin
    places = (
        (diagnostic.path, diagnostic.span.start.row),
        (diagnostic.origin.path, diagnostic.origin.location.row),
    )
    return any(
        statement.lineno <= row <= (statement.end_lineno or row)
        and any(isinstance(node, ast.Call) and not is_builtin(node.func) for node in ast.walk(statement))
        for path, row in places
        for statement in assignments(path)
    )


def is_builtin(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and hasattr(builtins, function.id)


def is_bound_by_a_function(diagnostic: Diagnostic) -> bool:
    """Whether the statement of the holder stands in the body of a function that binds the holder's name."""
    assert diagnostic.holder
    name, row = diagnostic.holder.name, diagnostic.span.start.row
    return any(
        function.body[0].lineno <= row <= (function.end_lineno or row)
        and any(isinstance(node, ast.Global) and name in node.names for node in ast.walk(function))
        for function in functions(diagnostic.path)
    )


@cache
def functions(path: Path) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
    """Return the functions of a source file."""
    tree = ast.parse(path.read_bytes())
    return tuple(node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


@cache
def assignments(path: Path) -> tuple[ast.stmt, ...]:
    """Return the assignments of a source file."""
    tree = ast.parse(path.read_bytes())
    return tuple(node for node in ast.walk(tree) if isinstance(node, (ast.Assign, ast.AnnAssign, ast.With)))
