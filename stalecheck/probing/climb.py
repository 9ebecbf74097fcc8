"""Climbs from old objects to those who refer to them, level by level, until everything ends at a root."""

from __future__ import annotations

import gc
import types
from collections.abc import Callable, Collection, Mapping
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

    present: set[int] = field(default_factory=set)
    """What belongs to the new version: it ends a climb and is no holder."""

    cut_short: list[str] = field(default_factory=list)
    """Why the climb has ended early, if it has."""


def climb(
    olds: list[Old],
    namespaces: Mapping[int, dict[str, Any]],
    *,
    is_over: Callable[[], bool],
    kept: Collection[int] = (),
) -> Graph:
    """Return who holds the old objects.

    Args:
        olds: The old objects of each module.
        namespaces: The present namespaces of these modules, by id.
        is_over: Whether the time that the caller has set is over.
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
    own = {id(graph.objects), id(namespaces), id(frontier), *kept}
    for old in olds:
        own.update((id(old.objects), id(old.namespaces)))
    _look_at_stacks(graph)
    _look_at_metaclasses(graph)
    while frontier:
        if is_over():
            graph.cut_short.append("the time was over: holders that are farther away are missing")
            break
        frontier = _next_level(graph, frontier, own, modules, namespaces, internal)
    return graph


def _next_level(
    graph: Graph,
    frontier: dict[int, object],
    own: set[int],
    modules: Mapping[int, str],
    namespaces: Mapping[int, dict[str, Any]],
    internal: set[int],
) -> dict[int, object]:
    """Note who refers to the objects of a level, and return those of them that are no root."""
    upper: dict[int, object] = {}
    targets = list(frontier.values())
    levels = {id(frontier), id(upper), id(targets)}
    found = heap.referrers(targets, is_own=lambda one: one in own or one in levels)
    for referrer in found:
        parent = id(referrer)
        for child in map(id, gc.get_referents(referrer)):
            if child in frontier:
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
            if name is None:
                upper[parent] = referrer
            elif _is_of(referrer, namespaces):
                graph.present.add(parent)
            else:
                graph.roots[parent] = name
    return upper


def _is_of(obj: object, namespaces: Mapping[int, dict[str, Any]]) -> bool:
    """Whether a function or class that a name leads to belongs to the present version."""
    if type(obj) is types.FunctionType:
        return id(obj.__globals__) in namespaces
    name = raw.class_module(cast(type, obj))
    return any(raw.module_name(namespace) == name for namespace in namespaces.values())


def _name(obj: object) -> str | None:
    if type(obj) is types.FunctionType:
        return roots.name_of_function(obj)
    return roots.name_of_class(cast(type, obj)) if raw.is_class(obj) else None


def _look_at_metaclasses(graph: Graph) -> None:
    """Note whose metaclass an old class is: the collector does not show it."""
    for cls in raw.all_classes():
        if id(type(cls)) in graph.objects and id(cls) not in graph.objects:
            name = roots.name_of_class(cls)
            if name is not None:
                graph.objects[id(cls)] = cls
                graph.roots[id(cls)] = name
                graph.parents.setdefault(id(type(cls)), {})[id(cls)] = 1


def _look_at_stacks(graph: Graph) -> None:
    for value, local in running_locals():
        graph.held_by.setdefault(id(value), []).append(local)
    for value, name in roots.registered():
        graph.held_by.setdefault(id(value), []).append(name)
