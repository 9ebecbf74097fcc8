"""Leads from a report back to the old objects without keeping them alive."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from gc import get_objects
from typing import Any


@dataclass(frozen=True, slots=True)
class Trace:
    """What is kept of an old object: its address and its type, and a weak reference where the type takes one."""

    id: int
    type: weakref.ref[type]
    reference: weakref.ref[Any] | None
    parents: tuple[int, ...] = ()
    """Who referred to it, by address, where there is no weak reference."""


def live_objects(traces: Iterable[Trace]) -> list[Any]:
    """Return the objects that are still alive, in the order of their traces.

    What takes no weak reference counts as alive if somebody who held it holds something of its type at its address.
    """
    listed = list(traces)
    unreferenced = {trace.id: trace for trace in listed if trace.reference is None}
    found = _looked_up(unreferenced) if unreferenced else {}
    objects = (found.get(trace.id) if trace.reference is None else trace.reference() for trace in listed)
    return [obj for obj in objects if obj is not None]


def _looked_up(traces: dict[int, Trace]) -> dict[int, Any]:
    """Return what the holders refer to, and the local variables of running functions."""
    from stalecheck.probing.frames import running_locals
    from stalecheck.probing.heap import referents
    from stalecheck.probing.landmarks import registered

    parents = {parent for trace in traces.values() for parent in trace.parents}
    found: dict[int, Any] = {}
    for holder in get_objects():
        if id(holder) in parents:
            found.update((id(child), child) for child in referents(holder) if _is_traced(child, traces))
    for value, _ in (*running_locals(), *registered()):
        if _is_traced(value, traces):
            found[id(value)] = value
    return found


def _is_traced(obj: object, traces: dict[int, Trace]) -> bool:
    trace = traces.get(id(obj))
    return trace is not None and trace.type() is type(obj)
