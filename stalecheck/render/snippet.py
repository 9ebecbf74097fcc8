"""A source line and the marker below it, aligned whatever the line's characters are."""

from __future__ import annotations

import unicodedata

from stalecheck.model import Span
from stalecheck.render.style import printable

_TAB = 4
_WIDTH = 100
_LEAD = 30
_CUT = "..."


def snippet(line: str, span: Span) -> tuple[str, str]:
    """The line as it can be printed, and carets under the part that `span` covers.

    Tabs become spaces. A line wider than the screen is cut around the marker. A span that ends on a later
    row is marked up to the end of the line, an empty one with one caret.
    """
    cells = _cells(line.rstrip())
    first = min(span.start.column - 1, len(cells))
    last = len(cells) if span.end.row > span.start.row else min(span.end.column - 1, len(cells))
    left = sum(width for _, width in cells[:first])
    marked = max(1, sum(width for _, width in cells[first:last]))
    if sum(width for _, width in cells) <= _WIDTH:
        return "".join(text for text, _ in cells), " " * left + "^" * marked
    return _cut(cells, left, marked)


def _cut(cells: list[tuple[str, int]], left: int, marked: int) -> tuple[str, str]:
    begin = max(0, left - _LEAD)
    kept, seen, skipped = "", 0, 0
    for text, width in cells:
        if seen < begin:
            skipped = seen + width
        elif seen + width <= begin + _WIDTH:
            kept += text
        seen += width
    start = _CUT if begin else ""
    end = _CUT if seen > begin + _WIDTH else ""
    marked = min(marked, begin + _WIDTH - left)
    return start + kept + end, " " * (len(start) + left - skipped) + "^" * max(1, marked)


def _cells(line: str) -> list[tuple[str, int]]:
    """Each character as it is printed, and how many columns of the terminal it takes."""
    if line.isascii() and line.isprintable():
        return [(character, 1) for character in line]
    cells = []
    column = 0
    for character in line:
        if character == "\t":
            cell = (" " * (_TAB - column % _TAB), _TAB - column % _TAB)
        else:
            cell = (printable(character), _columns(character))
        cells.append(cell)
        column += cell[1]
    return cells


def _columns(character: str) -> int:
    if printable(character) != character:
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
