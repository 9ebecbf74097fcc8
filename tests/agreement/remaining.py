"""What the linter and the interpreter still disagree on, case by case, each with its reason.

The figures count these cases as wrong: a reason explains, it does not excuse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from stalecheck.vocabulary import ReloadMode

from . import probe_compare
from .compare import Case

RELOAD = ReloadMode.RELOAD
REIMPORT = ReloadMode.REIMPORT
BOTH = (RELOAD, REIMPORT)


@dataclass(frozen=True, slots=True)
class Remaining:
    """Disagreements with one reason: which cases (globs over module and name), and why."""

    reason: str
    what: str
    reloaded: str
    holder: str
    name: str
    modes: tuple[ReloadMode, ...] = BOTH

    def explains(self, case: Case | probe_compare.Case, mode: ReloadMode) -> bool:
        """Whether a case is one of these."""
        return mode in self.modes and all(
            fnmatchcase(value, pattern)
            for value, pattern in (
                (case.what, self.what),
                (case.reloaded, self.reloaded),
                (case.holder, self.holder),
                (case.name, self.name),
            )
        )


AT_RUN_TIME = (
    "the name, or the class behind it, is made at run time (`type(…)`, `globals()[…]`, a module's `__getattr__`)"
)
REGISTRY = "a registry that other modules fill while they are imported, by a metaclass, a decorator or a call"
METACLASS = "attributes that a metaclass or `__init_subclass__` sets"
CONDITION = "which branch runs is decided by a value that is not in the source"

REMAINING = (
    Remaining(REGISTRY, "missed inside", "marshmallow.*", "marshmallow.class_registry", "_registry"),
    Remaining(REGISTRY, "missed inside", "networkx.*", "networkx.utils.backends", "_registered_algorithms"),
    Remaining(REGISTRY, "missed inside", "sqlalchemy.*", "sqlalchemy.inspection", "_registrars"),
    Remaining(REGISTRY, "missed inside", "sqlalchemy.*", "sqlalchemy.log", "_logged_classes"),
    Remaining(REGISTRY, "missed inside", "sqlalchemy.*", "sqlalchemy.sql.annotation", "annotated_classes"),
    Remaining(AT_RUN_TIME, "missed *", "sqlalchemy.*", "sqlalchemy.sql.annotation", "Annotated*"),
    Remaining(AT_RUN_TIME, "missed direct", "sqlalchemy.*", "sqlalchemy.util.preloaded", "*", (REIMPORT,)),
    Remaining(AT_RUN_TIME, "missed *", "pygments.lexers.prolog", "pygments.lexers.cplint", "*"),
    Remaining(METACLASS, "missed inside", "pygments.token", "pygments.style", "Style"),
    Remaining(METACLASS, "missed inside", "sqlalchemy.event.base", "sqlalchemy.*", "*"),
    Remaining(METACLASS, "missed inside", "sqlalchemy.util.langhelpers", "sqlalchemy.*", "*"),
    Remaining(CONDITION, "steady", "sqlalchemy.testing.util", "sqlalchemy.testing.*", "gc_collect"),
)


def reason_for(case: Case, mode: ReloadMode) -> str | None:
    """Return why the two disagree on a case; None where nobody has said."""
    return next((entry.reason for entry in REMAINING if entry.explains(case, mode)), None)


def unexplained(cases: Iterable[Case], mode: ReloadMode) -> tuple[Case, ...]:
    """Return the cases without a reason."""
    return tuple(case for case in cases if reason_for(case, mode) is None)
