"""The diagnostics that a format lists: the reported ones and, on request, the suppressed ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stalecheck.config import shown
from stalecheck.model import Diagnostic, Location, Report


@dataclass(frozen=True, slots=True)
class Entry:
    """One diagnostic in a listing."""

    diagnostic: Diagnostic
    is_suppressed: bool


def entries(report: Report, *, cwd: Path, show_suppressed: bool) -> list[Entry]:
    """What to list, in the order of places."""
    listed = [Entry(diagnostic, is_suppressed=False) for diagnostic in report.diagnostics]
    if not show_suppressed or not report.suppressed:
        return listed
    listed += [Entry(diagnostic, is_suppressed=True) for diagnostic in report.suppressed]

    def order(entry: Entry) -> tuple[str, Location, str, str]:
        diagnostic = entry.diagnostic
        holder = diagnostic.holder.name if diagnostic.holder else ""
        return shown(diagnostic.path, cwd), diagnostic.span.start, diagnostic.code, holder

    return sorted(listed, key=order)
