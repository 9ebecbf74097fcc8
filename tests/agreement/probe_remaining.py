"""What the probe still sees otherwise than the interpreter or the linter, case by case, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable

from stalecheck.vocabulary import ReloadMode

from .probe_compare import Case
from .remaining import Remaining

REMAINING: tuple[Remaining, ...] = ()


def reason_for(case: Case, mode: ReloadMode) -> str | None:
    """Return why the probe differs in a case; None where nobody has said."""
    return next((entry.reason for entry in REMAINING if entry.explains(case, mode)), None)


def unexplained(cases: Iterable[Case], mode: ReloadMode) -> tuple[Case, ...]:
    """Return the cases without a reason."""
    return tuple(case for case in cases if reason_for(case, mode) is None)
