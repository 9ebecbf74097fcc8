"""Climbs from old objects to those who refer to them, level by level, until everything ends at a root."""

from __future__ import annotations

import gc
import sys
import time
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from stalecheck.probing import heap, raw, roots
from stalecheck.probing.frames import Local, running_locals
from stalecheck.probing.old import Old


@dataclass(frozen=True, slots=True)
class Graph:
    """Who refers to old objects, and to those, up to the roots. By id throughout."""

    objects: dict[int, object] = field(default_factory=dict)
    parents: dict[int, dict[int, int]] = field(default_factory=dict)
    """For each object who refers to it, and how many times."""

    roots: dict[int, str] = field(default_factory=dict)
    """The objects at which a climb ends, with their names."""

    held_by: dict[int, list[Local | str]] = field(default_factory=dict)
    """Local variables of running functions and what the interpreter itself holds, for each object that they lead to."""

    metaclass_of: dict[int, list[int]] = field(default_factory=dict)
    present: set[int] = field(default_factory=set)
    """What belongs to the new version: it ends a climb and is no holder."""

    cut_short: list[str] = field(default_factory=list)
    """Why the climb has ended early, if it has."""


def climb(
    olds: list[Old], namespaces: Mapping[int, dict[str, Any]], *, is_over: Callable[[], bool]
) -> Graph:
    """Return who holds the old objects.

    Args:
        olds: The old objects of each module.
        namespaces: The present namespaces of these modules, by id.
        is_over: Whether the time that the caller has set is over.
    """
    graph = Graph()
    modules = roots.namespaces()
    internal: set[int] = set()
    for old in olds:
        graph.objects.update(old.objects)
        internal.update(old.namespaces)
        graph.objects.update(old.namespaces)
    frontier: dict[int, object] = dict(graph.objects)
    own = {id(olds), id(graph.objects), id(namespaces), id(frontier)}
    for old in olds:
        own.update((id(old.objects), id(old.namespaces)))
    _look_at_stacks(graph, own)
    while frontier:
        if is_over():
            graph.cut_short.append("the time was over")
            break
        targets = list(frontier.values())
        ids = frontier.keys()
        own.update((id(frontier), id(targets)))
        upper: dict[int, object] = {}
        own.add(id(upper))
        found = heap.referrers(targets, is_own=own.__contains__)
        own.add(id(found))
        for referrer in found:
            parent = id(referrer)
            if parent in own or type(referrer) is types.FrameType and referrer.f_code.co_filename == __file__:
                continue
            for child in map(id, gc.get_referents(referrer)):
                if child in ids:
                    counts = graph.parents.setdefault(child, {})
                    counts[parent] = counts.get(parent, 0) + 1
            if parent in graph.objects:
                continue
            graph.objects[parent] = referrer
            if parent in namespaces:
                graph.present.add(parent)
            elif parent in modules:
                graph.roots[parent] = modules[parent]
            elif parent not in internal:
                name = _name(referrer)
                if name is not None:
                    graph.roots[parent] = name
                else:
                    upper[parent] = referrer
        del referrer
        found.clear()
        targets.clear()
        frontier = upper
    return graph


def _name(obj: object) -> str | None:
    if type(obj) is types.FunctionType:
        return roots.name_of_function(obj)
    return roots.name_of_class(cast(type, obj)) if raw.is_class(obj) else None


def _look_at_stacks(graph: Graph, own: set[int]) -> None:
    for value, local in running_locals():
        graph.held_by.setdefault(id(value), []).append(local)
    for value, name in roots.registered():
        graph.held_by.setdefault(id(value), []).append(name)
