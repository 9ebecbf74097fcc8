"""What the linter and the interpreter still disagree on, case by case, each with its reason.

The cases stand in `remaining.csv`, one line each: the reason's key, the mode (or ``both``), what is the case, the
reloaded module, the holder's module and name. The figures count them as wrong: a reason explains, it does not excuse.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stalecheck.vocabulary import ReloadMode

from .compare import Case

CASES = Path(__file__).with_suffix(".csv")

REASONS = {
    "condition": "which branch runs is decided by a value that is not in the source",
    "from-outside": "an attribute of the module that a function of another module sets",
    "generic": "a subscripted class (`Base[T]`) holds the class deeper than what counts as inside",
    "given-back": "what a function of the package gives back depends on its arguments' values",
    "in-c": "an argument that a function of the package passes on to an object made in C (`immutabledict`)",
    "late-import": "the wrapper's closure holds what the decorator's own body imports",
    "made-class": "the class of the instance is made at run time, in the `__new__` of its base",
    "merged": (
        "a table that a function of the package merges (`update_copy`): its keys decide at run time which entries stay"
    ),
    "metaclass": "attributes that a metaclass or `__init_subclass__` sets",
    "patched": "attributes and methods that another module puts onto the class or function",
    "registry": "a registry that other modules fill while they are imported, by a metaclass, a decorator or a call",
    "remembered": "whether `typing` still remembers an equal form depends on all that was evaluated in between",
    "run-time": (
        "the name, or the class behind it, is made at run time (`type(…)`, `globals()[…]`, a module's `__getattr__`)"
    ),
    "star-again": (
        "a star brings again what the line above it has imported by name: the yardstick counts it there only"
    ),
}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A case without its details: what, the reloaded module, the holder's module and name."""

    what: str
    reloaded: str
    holder: str
    name: str


@cache
def listed(mode: ReloadMode) -> dict[Place, str]:
    """Return the reason for each case that is known in one mode.

    Raises:
        KeyError: a line names a reason that does not exist.
    """
    with CASES.open(encoding="utf-8", newline="") as file:
        return {
            Place(line["what"], line["reloaded"], line["holder"], line["name"]): REASONS[line["reason"]]
            for line in csv.DictReader(file)
            if line["mode"] in ("both", mode.value)
        }


def reason_for(case: Case, mode: ReloadMode) -> str | None:
    """Return why the two disagree on a case; None where nobody has said."""
    return listed(mode).get(place_of(case))


def unexplained(cases: Iterable[Case], mode: ReloadMode) -> tuple[Case, ...]:
    """Return the cases without a reason."""
    return tuple(case for case in cases if reason_for(case, mode) is None)


def settled(cases: Iterable[Case], mode: ReloadMode, packages: Collection[str]) -> list[Place]:
    """Return what is listed for some packages and is no disagreement any more: lines to delete."""
    still = {place_of(case) for case in cases}
    return sorted(
        place for place in listed(mode) if place.reloaded.partition(".")[0] in packages and place not in still
    )


def place_of(case: Case) -> Place:
    return Place(case.what, case.reloaded, case.holder, case.name)
