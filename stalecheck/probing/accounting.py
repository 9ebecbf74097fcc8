"""Counts references: what holds an object without showing itself to the garbage collector (signal handlers, C code)."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import Any

from stalecheck.probing.climb import Graph


def unseen(graph: Graph, candidates: Collection[int], own: Collection[Mapping[int, Any]]) -> dict[int, int]:
    """Return how many references to objects nobody has shown.

    Args:
        graph: The references that are known.
        candidates: The objects, by id.
        own: Where the probe itself keeps the objects, by id.
    """
    offset = _offset()
    found: dict[int, int] = {}
    for candidate in candidates:
        known = sum(graph.parents.get(candidate, {}).values()) + len(graph.held_by.get(candidate, ()))
        known += sum(candidate in kept for kept in own)
        obj = graph.objects[candidate]
        rest = sys.getrefcount(obj) - offset - known
        if rest > 0:
            found[candidate] = rest
    return found


def _offset() -> int:
    """Return what looking itself adds: the version decides."""
    kept = {0: _Dummy()}
    obj = kept[0]
    return sys.getrefcount(obj) - 1


class _Dummy:
    pass
