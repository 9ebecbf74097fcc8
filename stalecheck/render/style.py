"""The colours of severities."""

from __future__ import annotations

from stalecheck.terminal import printable, style
from stalecheck.vocabulary import Severity

__all__ = ["SEVERITY_COLORS", "printable", "style", "style_severity"]

SEVERITY_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def style_severity(severity: Severity, *, color: bool) -> str:
    """The label of `severity` in its colour."""
    return style(severity.label, SEVERITY_COLORS[severity], color=color)
