"""The report for notebooks and browsers."""

from __future__ import annotations

from html import escape

from stalecheck.probing.report import Report


def as_table(report: Report) -> str:
    """Return the report as an HTML table."""
    return f"<pre>{escape(str(report))}</pre>"


def as_page(report: Report) -> str:
    """Return one HTML page that needs no other file."""
    return f"<!doctype html><meta charset=utf-8>{as_table(report)}"
