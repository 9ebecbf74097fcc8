"""The report as a graph: what is known by name, the places on the way, the old objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from stalecheck.probing import words
from stalecheck.probing.report import Holder, Report

Role = Literal["root", "place", "holder", "old", "more"]


@dataclass(frozen=True, slots=True)
class Node:
    """A module, a place or an old object."""

    key: str
    role: Role
    label: str
    detail: str = ""
    """The rule's code of a holder, the verdict of an old object."""

    place: str = ""
    """Where a holder is written: ``app.py:3``."""

    short: str = ""
    """What a place adds to the name of the one before it: ``['save']``; empty where that is not so."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Nodes, and who leads to whom, by their keys. In the order of the report."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]


def as_chart(report: Report, *, most: int | None = None) -> Chart:
    """Return the graph of a report.

    Args:
        report: What was found.
        most: So many holders of a finding are shown, and how many more there are; None for all.
    """
    nodes: dict[str, Node] = {}
    edges: dict[tuple[str, str], None] = {}
    for index, finding in enumerate(report):
        old = Node(f"old {index}", "old", words.heading(finding), words.verdict(finding))
        listed = words.in_order(finding)
        for holder in listed[:most]:
            way = list(_nodes(holder))
            for node in way:
                known = nodes.get(node.key)
                if known is None or known.role == "place":
                    nodes[node.key] = node
            keys = [*(node.key for node in way), old.key]
            edges.update(dict.fromkeys(pairwise(keys)))
        if most is not None and len(listed) > most:
            more = Node(f"more {index}", "more", f"+{len(listed) - most} more")
            nodes[more.key] = more
            edges[more.key, old.key] = None
        nodes[old.key] = old
    return Chart(tuple(nodes.values()), tuple(edges))


def _nodes(holder: Holder) -> Iterator[Node]:
    """Yield what leads to a holder, and the holder."""
    way = holder.way or (*((holder.module,) if holder.module else ()), holder.path)
    for index, text in enumerate(way[:-1]):
        role: Role = "root" if index == 0 else "place"
        before = way[index - 1] if index else ""
        short = text.removeprefix(before) if len(before) > len(way[0]) and text.startswith(before) else ""
        yield Node(_key(way, index), role, words.place_name(text, holder), short=words.safe(short))
    more = f" and {holder.count - 1:,} more like it" if holder.count > 1 else ""
    label = words.place_name(way[-1], holder) + more
    yield Node(_key(way, len(way) - 1), "holder", label, holder.code or holder.kind.value, words.place(holder))


def _key(way: tuple[str, ...], index: int) -> str:
    """Return what tells a place from others: two functions may each have a local variable of the same name."""
    return f"root {way[0]}" if index == 0 and len(way) > 1 else f"{way[0]}: {way[index]}"
