"""The report as a graph, in Graphviz' language."""

from __future__ import annotations

from stalecheck.probing.report import Report


def as_dot(report: Report) -> str:
    """Return a graph from the holders to the old objects."""
    lines = [
        f"  {_quoted(holder.path)} -> {_quoted(finding.origin)};" for finding in report for holder in finding.holders
    ]
    return "\n".join(["digraph stale {", *lines, "}"])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
