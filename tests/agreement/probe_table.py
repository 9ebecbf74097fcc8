"""The probe's figures as a Markdown table, what differs as lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.vocabulary import ReloadMode

from .probe_compare import Case, Figures
from .probe_remaining import reason_for

COLUMNS = (
    "reloads",
    "direct",
    "found after",
    "watched",
    "inside",
    "named after",
    "watched",
    "codes alike after",
    "watched",
    "steady",
)


def header(mode: ReloadMode) -> str:
    """Return the head of the table for one mode."""
    names = (f"probe, mode {mode.value}", *COLUMNS)
    return f"| {' | '.join(names)} |\n| --- |{' ---: |' * len(COLUMNS)}"


def row(title: str, figures: Figures) -> str:
    """Return one line of the table.

    What was found has been named with the same holder, too, unless a second number says otherwise. After the fact only
    what can be told then counts: no plain values.
    """
    after, exact = figures.after, figures.exact
    cells = (
        figures.reloads,
        figures.direct,
        f"{named(after.direct, after.direct_named)}/{figures.told}",
        f"{named(exact.direct, exact.direct_named)}/{figures.direct}",
        figures.inside,
        f"{after.inside_named}/{figures.inside_told}",
        f"{exact.inside_named}/{figures.inside}",
        f"{after.alike}/{after.compared}",
        f"{exact.alike}/{exact.compared}",
        after.steady + exact.steady,
    )
    return f"| {title} | {' | '.join(map(str, cells))} |"


def named(found: int, with_holder: int) -> str:
    return str(found) if found == with_holder else f"{found} ({with_holder})"


def case_lines(cases: Iterable[Case]) -> Iterator[str]:
    """Yield one line for each difference, with its reason where one is known."""
    for case in sorted(cases):
        reason = reason_for(case)
        line = f"{case.what} ({case.way}): reload {case.reloaded}, {case.holder} {case.name}: {case.detail}"
        yield f"  {line}" if reason is None else f"  {line} [{reason}]"
