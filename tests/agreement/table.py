"""The figures as a Markdown table, the disagreements as lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stalecheck.vocabulary import ReloadMode

from .compare import Agreement, Case
from .remaining import reason_for

COLUMNS = (
    "reloaded/imported",
    "direct",
    "recall",
    "inside",
    "recall",
    "judged",
    "precision",
    "unknown calls",
    "not judged",
)


def header(mode: ReloadMode) -> str:
    """Return the head of the table for one mode."""
    names = (f"mode {mode.value}", *COLUMNS)
    return f"| {' | '.join(names)} |\n| --- |{' ---: |' * len(COLUMNS)}"


def row(title: str, figures: Agreement) -> str:
    """Return one line of the table."""
    cells = (
        f"{figures.reloads}/{figures.modules}",
        figures.direct,
        f"{figures.direct_recall:.4f}",
        figures.inside,
        f"{figures.inside_recall:.4f}",
        figures.right + figures.wrong,
        f"{figures.precision:.4f}",
        figures.unknown_calls,
        figures.unjudged,
    )
    return f"| {title} | {' | '.join(map(str, cells))} |"


def case_lines(cases: Iterable[Case], mode: ReloadMode) -> Iterator[str]:
    """Yield one line for each disagreement, with its reason where one is known."""
    for case in sorted(cases):
        reason = reason_for(case, mode)
        line = f"{case.what}: reload {case.reloaded}, {case.holder} {case.name}: {case.detail}"
        yield f"  {line}" if reason is None else f"  {line} [{reason}]"
