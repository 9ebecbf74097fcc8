"""What the probe found, without a single reference to the objects themselves."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from stalecheck.vocabulary import HolderKind, OriginKind


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


@dataclass(frozen=True, slots=True)
class Trace:
    """Leads back to an old object without keeping it alive."""

    id: int
    type: weakref.ref[type]
    reference: weakref.ref[Any] | None
    """None where the type takes no weak references."""

    def object(self) -> Any:
        """Return the object; None if it is gone.

        What takes no weak reference is looked up among the tracked objects by its address and its type.
        """
        if self.reference is not None:
            return self.reference()
        kind = self.type()
        return next((found for found in gc.get_objects() if id(found) == self.id and type(found) is kind), None)


@dataclass(frozen=True, slots=True)
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

    traces: tuple[Trace, ...] = field(default=(), repr=False, compare=False)

    def objects(self) -> list[Any]:
        """Return the old objects that are still alive."""
        return [found for found in (trace.object() for trace in self.traces) if found is not None]

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON knows it."""
        return {
            "origin": self.origin,
            "kind": self.kind.value,
            "verdict": self.verdict,
            "version": self.version,
            "count": self.count,
            "holders": [
                {
                    "path": holder.path,
                    "kind": holder.kind.value,
                    "code": holder.code,
                    "filename": holder.filename,
                    "line": holder.line,
                    "count": holder.count,
                    "remedy": holder.remedy,
                }
                for holder in self.holders
            ],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of one look, the worst first."""

    findings: tuple[Finding, ...]
    modules: tuple[str, ...]
    """The modules that were asked about."""

    awaiting_collection: int = 0
    """How many old objects reach no root: garbage that the collector has not come to."""

    notes: tuple[str, ...] = ()
    """What limits the answer: the time was over, objects are frozen."""

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __getitem__(self, index: int) -> Finding:
        return self.findings[index]

    def __str__(self) -> str:
        from stalecheck.probing.text import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from stalecheck.probing.html import as_table

        return as_table(self)

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
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def to_dot(self) -> str:
        """Return a graph from the roots to the old objects, in Graphviz' language."""
        from stalecheck.probing.dot import as_dot

        return as_dot(self)

    def to_html(self) -> str:
        """Return one HTML page that needs no other file, with the graph drawn."""
        from stalecheck.probing.html import as_page

        return as_page(self)
