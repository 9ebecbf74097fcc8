"""One module per output format; each turns a `Report` into text and does nothing else."""

from __future__ import annotations

from pathlib import Path

from stalecheck.model import Report
from stalecheck.render.concise import render_concise
from stalecheck.render.full import render_full
from stalecheck.render.json import render_json

TEXT_FORMATS = ("full", "concise")
"""The formats for people: they end with a summary and may have colours."""


def render(report: Report, output_format: str, *, cwd: Path, verbose: bool, color: bool, show_suppressed: bool) -> str:
    """The diagnostics of `report` in the format of that name; raises KeyError for another."""
    if output_format == "full":
        return render_full(report, cwd=cwd, verbose=verbose, color=color, show_suppressed=show_suppressed)
    if output_format == "concise":
        return render_concise(report, cwd=cwd, color=color, show_suppressed=show_suppressed)
    if output_format == "json":
        return render_json(report, cwd=cwd, show_suppressed=show_suppressed)
    raise KeyError(output_format)
