"""Climbs from old objects to those who refer to them, level by level, until everything ends at a root."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

from stalecheck.probing import heap, raw, roots
from stalecheck.probing.frames import Local, running_locals
from stalecheck.probing.old import Old
from stalecheck.probing.progress import STOPPED, Progress
from stalecheck.probing.roots import Root


@dataclass(frozen=True, slots=True)
class Graph:
    """Who refers to old objects, and to those, up to the roots. By id throughout."""

    objects: dict[int, object] = field(default_factory=dict)
    parents: dict[int, dict[int, int]] = field(default_factory=dict)
    """For each object who refers to it, and how many times."""

    roots: dict[int, Root] = field(default_factory=dict)
    """The objects at which a climb ends, with their names."""

    held_by: dict[int, list[Local | str]] = field(default_factory=dict)
    """Local variables of running functions and what the interpreter itself holds, for each object that they lead to."""

    cut_short: list[str] = field(default_factory=list)
    """Why the climb has ended early, if it has."""


def climb(
    olds: list[Old],
    *,
    progress: Progress,
    kept: Collection[int] = (),
) -> Graph:
    """Return who holds the old objects.

    Args:
        olds: The old objects of each module.
        progress: Tells whether there is time for the next level.
        kept: What else the caller itself holds the objects with, by id.
    """
    graph = Graph()
    modules = roots.namespaces()
    internal: set[int] = set()
    for old in olds:
        graph.objects.update(old.objects)
        internal.update(old.namespaces)
        graph.objects.update(old.namespaces)
    frontier: dict[int, object] = dict(graph.objects)
    own = {id(graph.objects), id(frontier), *kept}
    for old in olds:
        own.update((id(old.objects), id(old.namespaces)))
    levels = 0
    try:
        _look_at_stacks(graph)
        _look_at_metaclasses(graph)
        while frontier:
            levels += 1
            step = partial(progress.step, f"who holds {len(frontier):,} objects, level {levels}")
            step()
            frontier = _next_level(graph, frontier, own, modules, internal, step)
    except STOPPED as error:
        graph.cut_short.append(progress.stop(error, "holders that are farther away are missing"))
    return graph


def _next_level(
    graph: Graph,
    frontier: dict[int, object],
    own: set[int],
    modules: Mapping[int, Root],
    internal: set[int],
    step: Callable[[], None],
) -> dict[int, object]:
    """Note who refers to the objects of a level, and return those of them that are no root."""
    upper: dict[int, object] = {}
    targets = list(frontier.values())
    levels = {id(frontier), id(upper), id(targets)}
    found = heap.referrers(targets, is_own=lambda one: one in own or one in levels, step=step)
    for referrer in found:
        parent = id(referrer)
        for child in map(id, gc.get_referents(referrer)):
            if child in frontier:
                counts = graph.parents.setdefault(child, {})
                counts[parent] = counts.get(parent, 0) + 1
        if parent in graph.objects:
            continue
        graph.objects[parent] = referrer
        root = modules.get(parent) or (None if parent in internal else roots.root_of(referrer))
        if root is not None:
            graph.roots[parent] = root
        elif parent not in internal:
            upper[parent] = referrer
    return upper


def _look_at_metaclasses(graph: Graph) -> None:
    """Note whose metaclass an old class is: the collector does not show it."""
    for cls in raw.all_classes():
        if id(type(cls)) in graph.objects and id(cls) not in graph.objects:
            root = roots.root_of(cls)
            if root is not None:
                graph.objects[id(cls)] = cls
                graph.roots[id(cls)] = root
                graph.parents.setdefault(id(type(cls)), {})[id(cls)] = 1


def _look_at_stacks(graph: Graph) -> None:
    for value, local in running_locals():
        graph.held_by.setdefault(id(value), []).append(local)
    for value, name in roots.registered():
        graph.held_by.setdefault(id(value), []).append(name)
