"""The diagnostics that a format lists: the reported ones and, on request, the suppressed ones."""

from __future__ import annotations

from dataclasses import dataclass

from stalecheck.model import Diagnostic, Report


@dataclass(frozen=True, slots=True)
class Entry:
    """One diagnostic in a listing."""

    diagnostic: Diagnostic
    is_suppressed: bool


def entries(report: Report, *, show_suppressed: bool) -> list[Entry]:
    """What to list, in the order of places."""
    listed = [Entry(diagnostic, is_suppressed=False) for diagnostic in report.diagnostics]
    if not show_suppressed or not report.suppressed:
        return listed
    listed += [Entry(diagnostic, is_suppressed=True) for diagnostic in report.suppressed]
    return sorted(listed, key=_place)


def _place(entry: Entry) -> tuple[str, int, int, str, str]:
    diagnostic = entry.diagnostic
    start = diagnostic.span.start
    holder = diagnostic.holder.name if diagnostic.holder else ""
    return diagnostic.path.as_posix(), start.row, start.column, diagnostic.code, holder
