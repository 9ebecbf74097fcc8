"""Tells the executions of one source apart by what their code objects share.

A compiler run keeps one object for each value that its code objects have in common: the tuple of the names that they
use, the table of their lines, a constant tuple. Code that is loaded again, from source or from bytecode, has objects
of its own. So equal and the same says one execution, equal and not the same says two. Up to 3.12 the file name is such
an object as well; 3.13 interns it.
"""

from __future__ import annotations

import sys
import types
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Any, Literal

from stalecheck.probing import raw
from stalecheck.probing.code import Source, place

Execution = Literal["present", "other", "unknown"]

FILE_NAMES_DIFFER = sys.version_info < (3, 13)
"""Whether the code of each execution has a file name of its own."""

_NAMES_DIFFER = compile("first.second", "", "eval").co_names is not compile("first.second", "", "eval").co_names
"""Builds without the interpreter lock intern what is constant; there nothing can be told."""


class Marks:
    """What the code of a module's present execution can be known by."""

    def __init__(
        self,
        codes: Iterable[types.CodeType],
        source: Source | None,
        written: Source | None,
        *,
        last: Collection[int] = (),
        shared: Collection[int] = (),
    ) -> None:
        """Take the marks of the present version's code.

        Args:
            codes: The code that the present namespace leads to, all of the module's own file.
            source: The module's source, if it is what the present version was made from. What it does not contain
                has been left over in the namespace by an earlier version.
            written: The module's source, whatever has been made from it.
            last: The file names, by id, that the import has given the module last.
            shared: The file names, by id, that several executions have in common.
        """
        self._shared = shared
        candidates = list(codes)
        if source is not None:
            candidates = [code for code in candidates if place(code) in source.places] or candidates
        if FILE_NAMES_DIFFER and candidates:
            file_name = _last_file_name(candidates, written, last)
            candidates = [code for code in candidates if id(code.co_filename) == file_name]
        self._ids: dict[Hashable, set[int]] = {}
        for code in candidates:
            for value, identity in _marks(code):
                self._ids.setdefault(value, set()).add(identity)

    def execution(self, code: types.CodeType) -> Execution:
        """Tell whether a code object of the module's file is of the execution that made the present version."""
        for value, identity in _marks(code):
            known = self._ids.get(value, ())
            if len(known) == 1:
                if identity in self._shared and identity in known:
                    continue
                return "present" if identity in known else "other"
        return "unknown"


def _last_file_name(codes: list[types.CodeType], written: Source | None, last: Collection[int]) -> int:
    """Return the file name of the last execution, by id: one that has failed half-way has left the rest as it was."""
    numbers = Counter(id(code.co_filename) for code in codes)
    known = [one for one in numbers if one in last]
    if len(known) == 1 or len(numbers) == 1:
        return (known or list(numbers))[0]
    fitting: Counter[int] = Counter()
    if written is not None:
        fitting.update(id(code.co_filename) for code in codes if place(code) in written.places)
    return max(numbers, key=lambda one: (fitting[one] / numbers[one], numbers[one]))


def _marks(code: types.CodeType) -> Iterator[tuple[Hashable, int]]:
    """Yield values of a code object that are the same object throughout one execution, each with its identity."""
    if FILE_NAMES_DIFFER:
        yield ("file", code.co_filename), id(code.co_filename)
    if not _NAMES_DIFFER:
        return
    if code.co_names:
        yield ("names", code.co_names), id(code.co_names)
    for kind in ("co_linetable", "co_exceptiontable"):
        table: bytes = getattr(code, kind, b"")
        if len(table) > 1:
            yield (kind, table), id(table)
    for constant in code.co_consts:
        if type(constant) is float or (raw.is_any(type(constant), (tuple, bytes)) and len(constant) > 1):
            yield (type(constant), _exactly(constant)), id(constant)


def _exactly(constant: Any) -> str:
    """Return a constant as text: 1, 1.0 and True are equal but not the same constant."""
    return raw.text_of(constant)
