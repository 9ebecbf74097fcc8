"""The report as a graph, in Graphviz' language."""

from __future__ import annotations

from stalecheck.probing.chart import Node, as_chart
from stalecheck.probing.report import Report

_SHAPES = {"root": "box3d", "place": "box", "holder": "box", "old": "ellipse", "more": "plaintext"}


def as_dot(report: Report) -> str:
    """Return a graph from what is known by name, through the places that hold, to the old objects."""
    chart = as_chart(report)
    names = {node.key: f"n{index}" for index, node in enumerate(chart.nodes)}
    lines = [f"  {names[node.key]} [label={_label(node)}, shape={_SHAPES[node.role]}];" for node in chart.nodes]
    lines += [f"  {names[source]} -> {names[target]};" for source, target in chart.edges]
    return "\n".join(["digraph stalecheck {", "  rankdir=LR;", *lines, "}\n"])


def _label(node: Node) -> str:
    parts = (node.label, " ".join(filter(None, (node.detail, node.place))))
    return '"' + "\\n".join(_escaped(part) for part in parts if part) + '"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
