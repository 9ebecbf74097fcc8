"""The ``concise`` format: one line per diagnostic, for `grep` and for editors."""

from __future__ import annotations

from pathlib import Path

from stalecheck.model import Report
from stalecheck.render.entries import Entry, entries
from stalecheck.render.place import place
from stalecheck.render.style import printable, style


def render_concise(report: Report, *, cwd: Path, color: bool, show_suppressed: bool = False) -> str:
    """``file:row:column: CODE message`` for each diagnostic; empty without diagnostics."""
    return "".join(
        _line(entry, cwd=cwd, color=color) + "\n" for entry in entries(report, cwd=cwd, show_suppressed=show_suppressed)
    )


def _line(entry: Entry, *, cwd: Path, color: bool) -> str:
    diagnostic = entry.diagnostic
    where = style(place(diagnostic.path, diagnostic.span.start, cwd=cwd), "bold", color=color)
    code = style(diagnostic.code, "red", color=color)
    return f"{where}: {code} {printable(diagnostic.message)}" + " (suppressed)" * entry.is_suppressed
