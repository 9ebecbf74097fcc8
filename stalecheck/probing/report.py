"""What the probe found, without a single reference to the objects themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, SupportsIndex, overload

from stalecheck.probing.traces import Trace, live_objects
from stalecheck.vocabulary import HolderKind, OriginKind

BREAKING = (HolderKind.BASE_CLASS, HolderKind.ENUM_MEMBER)
"""Holders with which something breaks: what they hold is inherited from or compared by identity."""

STOPS = ("interrupted: ", "max_seconds=")
"""How the notes begin that say why a report is not whole."""

_ORDER = (OriginKind.MODULE, OriginKind.CLASS, OriginKind.INSTANCE, OriginKind.FUNCTION, OriginKind.VALUE)


@dataclass(frozen=True, slots=True)
class Holder:
    """A place that keeps old objects alive."""

    path: str
    """Its name: ``app.HANDLERS['save']``."""

    kind: HolderKind
    code: str | None
    """The code of the linter's rule for such a holder; None where only a running program shows it."""

    remedy: str
    """What to do about it."""

    filename: str | None = None
    line: int | None = None
    count: int = 1
    """How many old objects it holds, or how many more places like it do."""

    module: str | None = None
    name: str | None = None
    """The module and the qualified name in it, as the linter calls the holder; None for what is no module's."""

    way: tuple[str, ...] = ()
    """How to get there: ``("app", "app.HANDLERS", "app.HANDLERS['save']")``; a module or what else is known by name
    first, the place itself last."""

    def to_dict(self) -> dict[str, Any]:
        """Return the holder as JSON knows it: paths below the working directory relative to it."""
        from stalecheck.probing.words import shown

        return {
            "path": self.path,
            "kind": self.kind.value,
            "code": self.code,
            "module": self.module,
            "name": self.name,
            "filename": self.filename and shown(self.filename),
            "line": self.line,
            "count": self.count,
            "remedy": self.remedy,
            "way": list(self.way),
        }


@dataclass(frozen=True, slots=True, repr=False)
class Finding:
    """Old objects of one origin that are alive, and who holds them."""

    origin: str
    """The module and the qualified name: ``app.core.Engine``."""

    kind: OriginKind
    verdict: str
    """``stale``; ``split``: new behaviour, old identity; ``duplicate``: equal code, another identity."""

    count: int
    holders: tuple[Holder, ...]
    """The nearest first."""

    module: str = ""
    version: int | None = None
    """Which of several old versions that are alive, from 1; None if there is one."""

    traces: tuple[Trace, ...] = field(default=(), compare=False)
    is_gone: bool = False
    """Whether the module's source no longer has it."""

    def objects(self) -> list[Any]:
        """Return the old objects that are still alive.

        They are found through weak references, and through their holders where the type takes none: numbers and
        strings too. A finding that was pickled leads to no objects.
        """
        return live_objects(self.traces)

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON knows it."""
        return {
            "origin": self.origin,
            "module": self.module,
            "kind": self.kind.value,
            "verdict": self.verdict,
            "version": self.version,
            "count": self.count,
            "holders": [holder.to_dict() for holder in self.holders],
        }

    def __repr__(self) -> str:
        from stalecheck.probing.text import finding_as_text
        from stalecheck.terminal import takes_colors

        return finding_as_text(self, color=takes_colors())

    def _repr_html_(self) -> str:
        from stalecheck.probing.html import finding_as_table

        return finding_as_table(self)

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (self.origin, self.kind, self.verdict, self.count, self.holders, self.module, self.version)
        return Finding, fields


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """The findings of one look, the worst first.

    It is true if something was found. Printed, and at a prompt, it is the text of `to_text`, coloured if standard
    output is a terminal.
    """

    findings: tuple[Finding, ...]
    modules: tuple[str, ...]
    """The modules that were asked about."""

    awaiting_collection: int = 0
    """How many old objects reach no root: garbage that the collector has not come to."""

    notes: tuple[str, ...] = ()
    """What limits the answer: the time was over, objects are frozen."""

    @property
    def is_whole(self) -> bool:
        """Whether the look has come to its end."""
        return not any(note.startswith(STOPS) for note in self.notes)

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Finding: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...

    def __getitem__(self, index: SupportsIndex | slice) -> Finding | tuple[Finding, ...]:
        return self.findings[index]

    def __repr__(self) -> str:
        from stalecheck.terminal import takes_colors

        return self.to_text(color=takes_colors())

    def _repr_html_(self) -> str:
        from stalecheck.probing.html import as_tables

        return as_tables(self)

    def to_text(self, *, color: bool = False, width: int | None = None) -> str:
        """Return the report for a terminal, or for a file.

        Args:
            color: Whether to colour it.
            width: How many columns there are; None for those of the terminal.
        """
        from stalecheck.probing.text import as_text

        return as_text(self, color=color, width=width)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a dict of strings, numbers, lists and dicts."""
        return {
            "modules": list(self.modules),
            "findings": [finding.to_dict() for finding in self.findings],
            "awaiting_collection": self.awaiting_collection,
            "notes": list(self.notes),
        }

    def to_json(self) -> str:
        """Return the report as JSON."""
        return _as_json(self.to_dict(), "\n")

    def to_dot(self) -> str:
        """Return a graph from the roots to the old objects, in Graphviz' language."""
        from stalecheck.probing.dot import as_dot

        return as_dot(self)

    def to_html(self) -> str:
        """Return one HTML page that needs no other file, with the graph drawn."""
        from stalecheck.probing.html import as_page

        return as_page(self)


def _as_json(value: Any, line: str) -> str:
    """Return what `json.dumps` with an indent returns; up to 3.12 that leaves functions behind that form a cycle.

    Args:
        value: A string, number or None, or a list or a dict of such.
        line: What a line of the value's own begins with, after the line's end.
    """
    inner = line + "  "
    if type(value) is dict and value:
        items = [f"{json.dumps(key)}: {_as_json(part, inner)}" for key, part in value.items()]
        return f"{{{inner}{f',{inner}'.join(items)}{line}}}"
    if type(value) is list and value:
        return f"[{inner}{f',{inner}'.join(_as_json(part, inner) for part in value)}{line}]"
    return json.dumps(value)


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order of a report.

    Those of one module stand together, in it those of one name. First comes what breaks (an identity is inherited or
    compared), then what behaves as it did before, then what only is another object.
    """
    listed = list(findings)
    modules: dict[str, int] = {}
    origins: dict[str, int] = {}
    for one in listed:
        modules[one.module] = min(_rank(one), modules.get(one.module, 9))
        origins[one.origin] = min(_rank(one), origins.get(one.origin, 9))
    return tuple(
        sorted(
            listed,
            key=lambda one: (
                modules[one.module],
                one.module,
                origins[one.origin],
                one.origin,
                _ORDER.index(one.kind),
                one.version or 0,
            ),
        )
    )


def _rank(finding: Finding) -> int:
    if any(holder.kind in BREAKING for holder in finding.holders):
        return 0
    if finding.kind in (OriginKind.FUNCTION, OriginKind.VALUE):
        return 3 if finding.verdict == "duplicate" else 2
    return 1 if finding.kind in (OriginKind.CLASS, OriginKind.MODULE) else 2
