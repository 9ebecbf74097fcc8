"""Lays a graph out in columns, from the roots on the left to the old objects on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_GAP = 12.0
_SWEEPS = 8

Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """In which column a node stands, and at what height its middle is.

    Where an edge passes through columns between its ends it has a point in each, from left to right.
    """

    columns: dict[str, int]
    heights: dict[str, float]
    bends: dict[Edge, tuple[float, ...]]
    total: float
    """The height of all of it."""


def lay_out(heights: Mapping[str, float], roots: Sequence[str], edges: Sequence[Edge]) -> Layout:
    """Return where the nodes of a graph go so that few edges cross.

    Args:
        heights: How high each node is.
        roots: The nodes that stand in the first column.
        edges: Who leads to whom; those that would close a circle are drawn, but have no say.
    """
    columns = _columns(heights, roots, edges)
    sizes = dict(heights)
    links: list[Edge] = []
    bent: dict[Edge, list[str]] = {}
    for edge in edges:
        source, target = edge
        chain = [f"{source}\0{target}\0{column}" for column in range(columns[source] + 1, columns[target])]
        for column, name in enumerate(chain, columns[source] + 1):
            columns[name] = column
            sizes[name] = 0.0
        if columns[source] < columns[target]:
            bent[edge] = chain
            links += zip([source, *chain], [*chain, target], strict=True)
    ordered = _ordered(columns, links)
    middles = _placed(ordered, links, sizes)
    top = min((middles[one] - sizes[one] / 2 for one in middles), default=0.0)
    middles = {one: middle - top for one, middle in middles.items()}
    return Layout(
        {one: columns[one] for one in heights},
        {one: middles[one] for one in heights},
        {edge: tuple(middles[name] for name in chain) for edge, chain in bent.items()},
        max((middles[one] + sizes[one] / 2 for one in middles), default=0.0),
    )


def _columns(nodes: Mapping[str, float], roots: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Put each node as far to the right as what it leads to allows, the roots first."""
    farthest = dict.fromkeys(nodes, 0)
    for _ in nodes:
        changed = [(source, target) for source, target in edges if farthest[source] <= farthest[target] < len(nodes)]
        for source, target in changed:
            farthest[source] = max(farthest[source], farthest[target] + 1)
        if not changed:
            break
    first = max(farthest.values(), default=0)
    distances = {node: first if node in roots else distance for node, distance in farthest.items()}
    column = {distance: index for index, distance in enumerate(sorted(set(distances.values()), reverse=True))}
    return {node: column[distance] for node, distance in distances.items()}


def _ordered(columns: Mapping[str, int], links: Sequence[Edge]) -> list[list[str]]:
    """Return the nodes of each column, sorted again and again by where their neighbours stand."""
    ordered: list[list[str]] = [[] for _ in range(max(columns.values(), default=-1) + 1)]
    for node, column in columns.items():
        ordered[column].append(node)
    before, behind = _neighbours(links)
    for sweep in range(_SWEEPS):
        neighbours = behind if sweep % 2 == 0 else before
        for nodes in reversed(ordered) if sweep % 2 == 0 else ordered:
            rank = {node: index for listed in ordered for index, node in enumerate(listed)}
            nodes.sort(key=lambda node: _mean([rank[one] for one in neighbours.get(node, ())], rank[node]))
    return ordered


def _placed(ordered: Sequence[list[str]], links: Sequence[Edge], sizes: Mapping[str, float]) -> dict[str, float]:
    """Return the middle of each node: near those of its neighbours, no two nodes of a column over each other."""
    before, behind = _neighbours(links)
    middles: dict[str, float] = {}
    for column in ordered:
        at = 0.0
        for node in column:
            middles[node] = at + sizes[node] / 2
            at += sizes[node] + _GAP
    for sweep in range(_SWEEPS):
        neighbours = before if sweep % 2 == 0 else behind
        for column in ordered if sweep % 2 == 0 else reversed(ordered):
            wanted = [_mean([middles[one] for one in neighbours.get(node, ())], middles[node]) for node in column]
            middles.update(zip(column, _apart(wanted, [sizes[node] for node in column]), strict=True))
    return middles


def _apart(wanted: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Return the heights nearest to those wanted that leave a gap between neighbours."""
    if not wanted:
        return []
    steps = [(above + below) / 2 + _GAP for above, below in pairwise(sizes)]
    down = [wanted[0]]
    for height, step in zip(wanted[1:], steps, strict=True):
        down.append(max(height, down[-1] + step))
    up = [wanted[-1]]
    for height, step in zip(reversed(wanted[:-1]), reversed(steps), strict=True):
        up.append(min(height, up[-1] - step))
    return [(low + high) / 2 for low, high in zip(down, reversed(up), strict=True)]


def _neighbours(links: Sequence[Edge]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    before: dict[str, list[str]] = {}
    behind: dict[str, list[str]] = {}
    for source, target in links:
        before.setdefault(target, []).append(source)
        behind.setdefault(source, []).append(target)
    return before, behind


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default
