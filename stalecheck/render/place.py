"""How files and places in them are written: relative to the working directory where they lie below it."""

from __future__ import annotations

from pathlib import Path

from stalecheck.config import shown
from stalecheck.model import Location
from stalecheck.render.style import printable


def place(path: Path, location: Location, *, cwd: Path) -> str:
    """``file:row:column``, safe to print."""
    return f"{printable(shown(path, cwd))}:{location.row}:{location.column}"


def line_place(path: Path, location: Location, *, cwd: Path) -> str:
    """``file:row``, safe to print."""
    return f"{printable(shown(path, cwd))}:{location.row}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
