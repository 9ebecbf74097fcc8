"""Climbs from old objects to those who refer to them, level by level, until everything ends at a root."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from gc import is_tracked

from stalecheck.probing import heap, raw, roots
from stalecheck.probing.frames import Local, running_locals
from stalecheck.probing.landmarks import Landmark, landmark_of, registered
from stalecheck.probing.old import Old
from stalecheck.probing.progress import Progress
from stalecheck.probing.roots import Root


@dataclass(frozen=True, slots=True)
class Graph:
    """Who refers to old objects, and to those, up to the roots. By id throughout."""

    objects: dict[int, object] = field(default_factory=dict)
    parents: dict[int, dict[int, int]] = field(default_factory=dict)
    """For each object who refers to it, and how many times."""

    roots: dict[int, Root] = field(default_factory=dict)
    """The objects at which a climb ends, with their names."""

    held_by: dict[int, list[Local | Landmark]] = field(default_factory=dict)
    """Local variables of running functions and landmarks, for each object that they lead to."""

    own: dict[int, int] = field(default_factory=dict)
    """How many times the probe itself refers to each object."""

    cut_short: list[str] = field(default_factory=list)
    """Why the climb has ended early, if it has."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a program runs in, a test runner for one, and is none of its own."""

    types: frozenset[int] = frozenset()
    """The types, by id, of objects that hold nothing worth a name."""

    landmarks: Callable[[], Iterable[tuple[object, Landmark]]] = tuple
    """Yields what it keeps for the program, and how that is called."""

    namespaces: Mapping[int, str] = field(default_factory=dict)
    """The names of the modules that it runs, be they in ``sys.modules`` any longer or not, by their namespaces' ids."""


NOTHING_AROUND = Surroundings()


def graph_of(olds: Iterable[Old]) -> Graph:
    """Return a graph of the old objects, with nobody who refers to them yet."""
    graph = Graph()
    for old in olds:
        graph.objects.update(old.objects)
        graph.objects.update(old.namespaces)
    return graph


def climb(
    graph: Graph,
    olds: list[Old],
    *,
    progress: Progress,
    kept: Collection[int] = (),
    surroundings: Surroundings = NOTHING_AROUND,
) -> None:
    """Find who holds the old objects.

    Args:
        graph: The old objects; what is found is added.
        olds: The old objects of each module.
        progress: Tells whether there is time for the next level.
        kept: What else the caller itself holds the objects with, by id.
        surroundings: What the program runs in, and is none of its own.

    Raises:
        TimeOverError: There is no time for the next level.
    """
    modules = roots.namespaces(surroundings.namespaces)
    internal: set[int] = set()
    for old in olds:
        internal.update(old.namespaces)
    for found in list(graph.objects.values()):
        _note_landmark(graph, found)
    frontier: dict[int, object] = dict(graph.objects)
    own = {id(graph.objects), id(frontier), *kept, *roots.own_namespaces()}
    for old in olds:
        own.update((id(old.objects), id(old.namespaces)))
    levels = 0
    _look_at_stacks(graph, surroundings)
    frontier.update(_look_at_metaclasses(graph, modules, internal))
    frontier.update(_look_at_untracked(graph, own))
    count_own(graph, [graph.objects, *(old.objects for old in olds)])
    while frontier:
        levels += 1
        number = "1 object" if len(frontier) == 1 else f"{len(frontier):,} objects"
        step = partial(progress.step, f"who holds {number}, level {levels}")
        step()
        frontier = _next_level(graph, frontier, own, surroundings.types, modules, internal, step)
        # Meanwhile the collector may have ceased to track others.
        frontier = frontier or _look_at_untracked(graph, own)


def _next_level(
    graph: Graph,
    frontier: dict[int, object],
    own: set[int],
    passed_over: frozenset[int],
    modules: Mapping[int, Root],
    internal: set[int],
    step: Callable[[], None],
) -> dict[int, object]:
    """Note who refers to the objects of a level, and return those of them that are no root."""
    upper: dict[int, object] = {}
    targets = list(frontier.values())
    levels = {id(frontier), id(upper), id(targets)}
    for referrer in heap.referrers(targets, is_own=levels.__contains__, step=step):
        parent = id(referrer)
        children = [child for child in map(id, heap.referents(referrer)) if child in frontier]
        if parent in own or id(type(referrer)) in passed_over:
            for child in children:
                graph.own[child] = graph.own.get(child, 0) + 1
            continue
        # What is interrupted leaves no edge from an object that is not known.
        if parent not in graph.objects and not _is_top(graph, referrer, modules, internal):
            upper[parent] = referrer
        for child in children:
            counts = graph.parents.setdefault(child, {})
            counts[parent] = counts.get(parent, 0) + 1
    return upper


def _is_top(graph: Graph, referrer: object, modules: Mapping[int, Root], internal: set[int]) -> bool:
    """Take an object into the graph, and return whether the climb ends there."""
    which = id(referrer)
    graph.objects[which] = referrer
    root = modules.get(which) or (None if which in internal else roots.root_of(referrer))
    if root is not None:
        graph.roots[which] = root
        return True
    landmark = _note_landmark(graph, referrer)
    return which in internal or (landmark is not None and landmark.is_end)


def _note_landmark(graph: Graph, obj: object) -> Landmark | None:
    found = landmark_of(obj)
    if found is not None:
        graph.held_by.setdefault(id(obj), []).append(found)
    return found


def _look_at_metaclasses(graph: Graph, modules: Mapping[int, Root], internal: set[int]) -> dict[int, object]:
    """Note whose metaclass an old class is, which no referrer shows, and return those classes that are no root."""
    upper: dict[int, object] = {}
    for cls in raw.all_classes():
        if id(type(cls)) not in graph.objects:
            continue
        if id(cls) not in graph.objects and not _is_top(graph, cls, modules, internal):
            upper[id(cls)] = cls
        graph.parents.setdefault(id(type(cls)), {})[id(cls)] = 1
    return upper


def _look_at_untracked(graph: Graph, own: set[int]) -> dict[int, object]:
    """Note which tuples and dicts refer to old objects though no referrer shows them, and return them."""
    upper: dict[int, object] = {}
    for holder, parts in heap.untracked_holders(list(graph.objects.values())):
        if id(holder) in own or id(holder) in graph.objects:
            continue
        upper[id(holder)] = graph.objects[id(holder)] = holder
        for part in parts:
            if id(part) in graph.objects:
                counts = graph.parents.setdefault(id(part), {})
                counts[id(holder)] = counts.get(id(holder), 0) + 1
    return upper


def count_own(graph: Graph, dicts: Iterable[dict[int, object]]) -> None:
    """Count references of the probe's own that no referrer shows: a dict of what is not tracked is not, either."""
    for held in dicts:
        for which in held if not is_tracked(held) else ():
            graph.own[which] = graph.own.get(which, 0) + 1


def _look_at_stacks(graph: Graph, surroundings: Surroundings) -> None:
    for value, local in running_locals():
        graph.held_by.setdefault(id(value), []).append(local)
    for value, landmark in (*registered(), *surroundings.landmarks()):
        graph.held_by.setdefault(id(value), []).append(landmark)
