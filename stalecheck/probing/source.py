"""Reads and parses the files of running modules, and leaves nothing behind."""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from os import getcwd
from tokenize import open as open_source


def read(filename: str) -> str:
    """Return the source in a file, or what has been typed at a prompt under such a name; empty if there is none."""
    if filename.startswith("<"):
        entry = linecache.cache.get(filename, ())
        return "".join(entry[2]) if len(entry) == 4 else ""
    try:
        with open_source(filename) as file:
            return file.read()
    except (OSError, SyntaxError, ValueError):
        return ""


def working_directory() -> str | None:
    """Return the working directory; None if it has been removed."""
    try:
        return getcwd()  # noqa: PTH109 - `Path.cwd` may be a mock of the user's.
    except OSError:
        return None


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what the compiler warns of from the user, who has seen it when the module was imported.

    `warnings.catch_warnings` would put back a list of filters that another thread may have replaced meanwhile.
    """
    mine = [("ignore", None, kind, None, 0) for kind in (SyntaxWarning, DeprecationWarning)]
    filters = warnings.filters
    if type(filters) is not list:
        yield
        return
    filters[:0] = mine
    try:
        yield
    finally:
        for one in mine:
            at = next((index for index, found in enumerate(filters) if found is one), None)
            if at is not None:
                del filters[at]
