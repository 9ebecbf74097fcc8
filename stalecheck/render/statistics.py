"""What ``--statistics`` prints instead of the diagnostics: how many of each code."""

from __future__ import annotations

from collections import Counter

from stalecheck.model import Report
from stalecheck.render.json import array
from stalecheck.render.style import style


def render_statistics(report: Report, *, color: bool) -> str:
    """Count, code and name on each line, the most frequent first; empty without diagnostics."""
    counts = _counts(report)
    width = max((len(str(count)) for _, _, count in counts), default=0)
    return "".join(f"{count:>{width}}\t{style(code, 'red', color=color)}\t{name}\n" for code, name, count in counts)


def render_statistics_json(report: Report) -> str:
    """The same as a list of objects."""
    return array([{"code": code, "name": name, "count": count} for code, name, count in _counts(report)])


def _counts(report: Report) -> list[tuple[str, str, int]]:
    counter = Counter((diagnostic.code, diagnostic.name) for diagnostic in report.diagnostics)
    counts = [(code, name, count) for (code, name), count in counter.items()]
    return sorted(counts, key=lambda row: (-row[2], row[0]))
