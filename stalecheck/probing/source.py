"""Reads and parses the files of running modules, and leaves nothing behind."""

from __future__ import annotations

import ast
import linecache
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from os import getcwd
from tokenize import open as open_source

_BEGIN = re.compile(r"^[^\W\d]", re.MULTILINE)
"""Where a statement of a module begins, or a part of one: ``else:``."""


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


def statements(filename: str) -> list[ast.stmt]:
    """Return the statements of a source; of one that is being edited and has an error, those that can be parsed."""
    text = read(filename)
    try:
        return _parsed(text)
    except SyntaxError:
        pass
    except (ValueError, RecursionError):
        return []
    found: list[ast.stmt] = []
    for begin in _BEGIN.finditer(text):
        end = _BEGIN.search(text, begin.end())
        try:
            # The lines before it keep their numbers.
            found += _parsed("\n" * text.count("\n", 0, begin.start()) + text[begin.start() : end and end.start()])
        except (SyntaxError, ValueError, RecursionError):
            continue
    return found


def _parsed(text: str) -> list[ast.stmt]:
    with quietly():
        return ast.parse(text).body


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
