"""Holds what the probe names against the interpreter's answer, and its codes against the linter's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stalecheck.model import Diagnostic
from stalecheck.vocabulary import OriginKind, ReloadMode

from .compare import Held, Stock, asked_for, names_of, place_of

Slot = tuple[str, str]
Codes = dict[Slot, dict[tuple[str, bool], set[str]]]
"""The linter's codes by holder and origin, with whether that is a variable: no function, class or module."""

VARIABLES = (OriginKind.INSTANCE, OriginKind.VALUE)


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One name on which the probe differs from the interpreter or the linter."""

    what: str
    """``direct not found``, ``direct not named``, ``inside not named``, ``steady``, ``other code``."""

    way: str
    """``after`` the fact, or ``exact``: the module was watched."""

    reloaded: str
    holder: str
    name: str
    detail: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What one way to look has found."""

    direct: int = 0
    """How many of the objects that direct names hold are called old."""

    direct_named: int = 0
    inside_named: int = 0
    steady: int = 0
    compared: int = 0
    """Holders of an origin that linter and probe both report."""

    alike: int = 0
    """Those of them to which both give the same code."""

    def __add__(self, other: Found) -> Found:
        return Found(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one package in one mode; `+` adds packages up."""

    reloads: int = 0
    direct: int = 0
    told: int = 0
    """Direct names whose object can be told to be old after the fact: no plain values."""

    inside: int = 0
    inside_told: int = 0
    after: Found = Found()
    exact: Found = Found()
    cases: tuple[Case, ...] = ()

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def compare(
    answer: Mapping[str, Any], probed: Mapping[str, Any], diagnostics: Iterable[Diagnostic], mode: ReloadMode
) -> Figures:
    """Compare what the interpreter answered (`oracle.py`) and the linter reported with what the probe found.

    Args:
        answer: What `oracle.py` says.
        probed: What `probe_script.py` says.
        diagnostics: What the linter says.
        mode: How the modules were reloaded.

    Raises:
        RuntimeError: The probe has failed in a module that the interpreter has reloaded.
    """
    world = Stock(answer)
    by_reload: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        if diagnostic.origin and diagnostic.holder:
            for module in asked_for(diagnostic, mode):
                by_reload.setdefault(module, []).append(diagnostic)
    looks = {run["module"]: run for run in probed["runs"]}
    total = Figures()
    for run in answer["runs"]:
        if run["error"] is None:
            look = looks[run["module"]]
            if look["error"] is not None:
                raise RuntimeError(f"the probe has failed after the reload of {run['module']}: {look['error']}")
            total += compare_run(Held(world, run), look, codes_of(world, by_reload.get(run["module"], ())))
    return total


def compare_run(held: Held, look: Mapping[str, Any], codes: Codes) -> Figures:
    direct = {slot: label for slot, label in held.direct.items() if "." not in slot[1]}
    inside = {
        slot: label for slot, label in held.inside.items() if "." not in slot[1] and held.first_name[slot] == slot[1]
    }
    kinds = look["kinds"]
    told = {slot for slot in direct if kinds[":".join(slot)] != "value"}
    told |= {
        slot for slot, label in inside.items() if kinds.get(f"{held.reloaded}:{label.partition('.')[0]}") != "value"
    }
    cases: list[Case] = []
    ways = {}
    for way in ("after", "exact"):
        named = named_by(held, look[way])
        found = {tuple(key.split(":")) for key in look[way]["found"]}

        def note(what: str, slot: Slot, detail: str, way: str = way) -> None:
            cases.append(Case(what, way, held.reloaded, *slot, detail))

        for slot, label in direct.items():
            kind = kinds[":".join(slot)]
            if slot not in found and (way == "exact" or slot in told):
                note("direct not found", slot, f"{label} ({kind})")
            elif slot in found and slot not in named:
                note("direct not named", slot, f"{label} ({kind})")
        for slot, label in inside.items():
            if slot not in named and (way == "exact" or slot in told):
                note("inside not named", slot, label)
        steady = {(module, name) for module, name, *_, path in look[way]["holders"] if path == f"{module}.{name}"}
        steady &= held.steady
        for slot in steady:
            note("steady", slot, "")
        compared = alike = 0
        for slot, ours, theirs, origin in both(codes, look[way]["holders"]):
            compared += 1
            alike += ours == theirs
            if ours != theirs:
                note("other code", slot, f"{origin}: linter {' '.join(sorted(ours))}, probe {' '.join(sorted(theirs))}")
        ways[way] = Found(
            sum(slot in found for slot in direct if way == "exact" or slot in told),
            sum(slot in found and slot in named for slot in direct if way == "exact" or slot in told),
            sum(slot in named for slot in inside if way == "exact" or slot in told),
            len(steady),
            compared,
            alike,
        )
    return Figures(
        1,
        len(direct),
        len(told & direct.keys()),
        len(inside),
        len(told & inside.keys()),
        ways["after"],
        ways["exact"],
        tuple(cases),
    )


def named_by(held: Held, seen: Mapping[str, Any]) -> set[Slot]:
    """Return the module-level names that the probe names as holders, or as what the holder is a part of."""
    named = {(module, name.partition(".")[0]) for module, name, *_ in seen["holders"]}
    return named | {(slot[0], held.first_name[slot]) for slot in named if slot in held.first_name}


def codes_of(world: Stock, diagnostics: Iterable[Diagnostic]) -> Codes:
    """Return the linter's codes by holder and origin; a star import holds each name that it brings."""
    codes: Codes = {}
    for diagnostic in diagnostics:
        assert diagnostic.origin
        place, origin = place_of(world, diagnostic), diagnostic.origin
        is_star = place[1] == "*"
        for slot in names_of(world, diagnostic) if is_star else (place,):
            name = slot[1] if is_star else origin.name
            key = f"{origin.module}.{name}".rstrip("."), origin.kind in VARIABLES
            codes.setdefault(slot, {}).setdefault(key, set()).add(diagnostic.code)
    return codes


def both(codes: Codes, holders: Iterable[list[Any]]) -> Iterator[tuple[Slot, set[str], set[str], str]]:
    """Yield each holder of an origin that both report, with the linter's codes and the probe's.

    The linter names an instance by its variable, the probe by its class where nobody has watched.
    """
    probed: dict[Slot, dict[tuple[str, bool], set[str]]] = {}
    for module, name, origin, kind, _, code, _ in holders:
        if code is not None:
            key = origin, kind in VARIABLES
            probed.setdefault((module, name), {}).setdefault(key, set()).add(code)
    for slot in codes.keys() & probed.keys():
        linted = codes[slot]
        names = {origin for origin, _ in linted}
        for (origin, is_variable), theirs in probed[slot].items():
            if origin in names:
                ours = set().union(*(found for (name, _), found in linted.items() if name == origin))
                yield slot, ours, theirs, origin
            elif is_variable:
                found = [(name, ours) for (name, is_also), ours in linted.items() if is_also]
                if len(found) == 1:
                    yield slot, found[0][1], theirs, f"{found[0][0]} ({origin})"
