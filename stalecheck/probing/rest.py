"""Counts the old objects that no finding is about: garbage, and what the present version itself keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import cast

from stalecheck.probing.climb import Graph
from stalecheck.probing.old import Origin

_NAMED = 3
"""So many names of the present version are said."""


def count_unheld(graph: Graph, origins: Collection[int], held: Collection[int]) -> int:
    """Return how many old objects neither a root nor a held old object leads to."""
    reached = closure((*held, *graph.roots, *graph.held_by), _children(graph))
    return sum(child not in reached for child in origins)


def kept_by_present(graph: Graph, origins: Mapping[int, Origin], held: Collection[int]) -> list[str]:
    """Say of each module how many of its old objects only its present version holds; not what those hold in turn.

    They are state that the module keeps over its own reload: ``try: CACHE / except NameError: CACHE = {}``.

    Args:
        graph: Who refers to whom.
        origins: What the old objects are, by id.
        held: Those that there is a finding about.
    """
    children = _children(graph)
    direct = {one: found for one, found in children.items() if one not in origins}
    said = []
    for module in sorted({origin.module for one, origin in origins.items() if one not in held}):
        own = [one for one, root in graph.roots.items() if root.module == module]
        others = [one for one, root in graph.roots.items() if root.module != module]
        reached = closure((*held, *graph.held_by, *others), children)
        left = {one for one, origin in origins.items() if origin.module == module and one not in reached}
        kept = left & closure(own, direct)
        if kept:
            number = "1 old object is" if len(kept) == 1 else f"{len(kept):,} old objects are"
            names = ", ".join(_names(graph, module, own, kept, direct))
            said.append(f"{number} held only by what {module} itself keeps over its reload: {names}")
    return said


def closure(starts: Iterable[int], edges: Mapping[int, Iterable[int]]) -> set[int]:
    """Return what edges lead to, the starts included."""
    pending = list(starts)
    found = set(pending)
    while pending:
        for following in edges.get(pending.pop(), ()):
            if following not in found:
                found.add(following)
                pending.append(following)
    return found


def _children(graph: Graph) -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for child, parents in graph.parents.items():
        for parent in parents:
            children.setdefault(parent, []).append(child)
    return children


def _names(
    graph: Graph, module: str, own: Iterable[int], kept: Collection[int], children: Mapping[int, list[int]]
) -> list[str]:
    """Return the names of the present version that lead to what it keeps, those that lead to most first."""
    counts: Counter[str] = Counter()
    for one in own:
        root = graph.roots[one]
        if root.name:
            counts[root.path] += len(closure([one], children).intersection(kept))
            continue
        namespace = cast("dict[object, object]", graph.objects[one])
        for key, value in list(dict.items(namespace)):
            if type(key) is str and (id(value) in children or id(value) in kept):
                counts[f"{module}.{key}"] += len(closure([id(value)], children).intersection(kept))
    names = [name for name, count in counts.most_common() if count]
    return [*names[:_NAMED], f"{len(names) - _NAMED} more"] if len(names) > _NAMED else names
