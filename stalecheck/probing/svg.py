"""Draws the graph of a report."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from stalecheck.probing.chart import Chart, Node
from stalecheck.probing.layout import Layout, lay_out

_LONGEST = 44
_LETTER = 7.3
"""How wide a letter of the page's fixed-width font is; a little more than it needs."""

_LINE = 16
_PADDING = 8
_BETWEEN = 70
_MARGIN = 10
_HEAD = 7
_ARROW = (
    f'<marker id="arrow" orient="auto" markerUnits="userSpaceOnUse" markerWidth="{_HEAD}" markerHeight="{_HEAD}" '
    f'refX="{_HEAD - 1}" refY="{_HEAD / 2}"><path d="M0 0L{_HEAD} {_HEAD / 2}L0 {_HEAD}z"/></marker>'
)


def as_svg(chart: Chart) -> str:
    """Return a drawing that gets its colours from the style of the page around it."""
    layout = lay_out(
        {node.key: _height(node) for node in chart.nodes},
        [node.key for node in chart.nodes if node.role == "root"],
        chart.edges,
    )
    lefts, widths = _columns(chart, layout)
    width = max((left + wide for left, wide in zip(lefts, widths, strict=True)), default=0) + _MARGIN
    height = layout.total + 2 * _MARGIN
    parts = [*_edges(chart, layout, lefts, widths), *_nodes(chart, layout, lefts, widths)]
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    title = "What leads to the old objects, from left to right"
    return "\n".join([f'<svg {size} role="img" aria-label="{title}">', _ARROW, *parts, "</svg>"])


def _columns(chart: Chart, layout: Layout) -> tuple[list[float], list[float]]:
    """Return the left edge and the width of each column."""
    widths = [0.0] * (max(layout.columns.values(), default=-1) + 1)
    for node in chart.nodes:
        column = layout.columns[node.key]
        widths[column] = max(widths[column], _width(node))
    lefts: list[float] = []
    at = float(_MARGIN)
    for width in widths:
        lefts.append(at)
        at += width + _BETWEEN
    return lefts, widths


def _nodes(chart: Chart, layout: Layout, lefts: list[float], widths: list[float]) -> Iterator[str]:
    for node in chart.nodes:
        column = layout.columns[node.key]
        height = _height(node)
        top = layout.heights[node.key] - height / 2 + _MARGIN
        width = widths[column] if node.role != "more" else _width(node)
        left = lefts[column] if node.role != "more" else lefts[column] + widths[column] - width
        mark = f" {node.detail.partition(',')[0]}" if node.role == "old" else ""
        yield f'<g class="node {node.role}{mark}"><title>{escape(_title(node))}</title>'
        yield f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" rx="5"/>'
        for index, line in enumerate(_lines(node)):
            second = ' class="detail"' if index else ""
            y = top + _PADDING + 11 + index * _LINE
            yield f'<text x="{left + _PADDING:.1f}" y="{y:.1f}"{second}>{escape(line)}</text>'
        yield "</g>"


def _edges(chart: Chart, layout: Layout, lefts: list[float], widths: list[float]) -> Iterator[str]:
    role = {node.key: node for node in chart.nodes}
    for edge in chart.edges:
        source, target = edge
        if edge not in layout.bends:
            continue
        column = layout.columns[source]
        path = []
        x, y = lefts[column] + widths[column], layout.heights[source] + _MARGIN
        path.append(f"M{x:.1f} {y:.1f}")
        for step, height in enumerate([*layout.bends[edge], layout.heights[target]], 1):
            to_x, to_y = lefts[column + step], height + _MARGIN
            middle = (x + to_x) / 2
            path.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
            x, y = to_x, to_y
            if column + step != layout.columns[target]:
                x = to_x + widths[column + step]
                path.append(f"H{x:.1f}")
        title = escape(f"{_title(role[source])} → {_title(role[target])}")
        yield f'<path class="edge" marker-end="url(#arrow)" d="{" ".join(path)}"><title>{title}</title></path>'


def _lines(node: Node) -> list[str]:
    second = "  ".join(filter(None, (node.detail, _cut(node.place))))
    return [_cut(f"… {node.short}" if node.short else node.label), *([second] if second else [])]


def _title(node: Node) -> str:
    return " ".join(filter(None, (node.label, node.detail, node.place)))


def _cut(text: str) -> str:
    """Return a text with its middle left out where it is long: its beginning and its end tell most."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2 - 1]}…{text[-_LONGEST // 2 :]}"


def _width(node: Node) -> float:
    return max(map(len, _lines(node))) * _LETTER + 2 * _PADDING


def _height(node: Node) -> float:
    return len(_lines(node)) * _LINE + 2 * _PADDING - 2
