"""Blanks what very long expressions repeat, before LibCST parses them.

LibCST copies what it has of ``a + b + c`` or ``a.b().c()`` at every further link: thousands of links take it minutes.
Rows and columns stay what they are.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from stalecheck.nodes import children

_MOST = 200
"""How many links of a chain are kept; one that is not longer is left alone."""

_LINK = re.compile(rb"(?:\s|\\\r?\n|#[^\n]*\n)*[-+*/%@&|^<>.\[(]")
"""How a link begins that its brackets, if there are any, stand within."""

_SHOWN = re.compile(r"[^\\\r\n]|\\(?![\r\n])")


def shortened(source: str, tree: ast.Module) -> tuple[str, ast.Module] | None:
    """Return a file's source and tree with its overlong chains shortened; None where it has none.

    Of a chain of operators the distinct operands stay that are no constants, of one of calls, attributes and
    subscripts the beginning.
    """
    text = source.encode()
    if len(text) < 2 * _MOST or source.count("\r") != source.count("\r\n") or "\f" in source:
        return None
    starts = [0]
    for line in text.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    code = _Code(text, starts)
    dropped = sorted(region for expression in _large(tree, code) for region in _dropped(expression, code))
    if not dropped:
        return None
    parts: list[str] = []
    at = 0
    for begin, end in dropped:
        if begin >= at:
            parts += [text[at:begin].decode(), _SHOWN.sub(" ", text[begin:end].decode())]
            at = end
    shorter = "".join([*parts, text[at:].decode()])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return shorter, ast.parse(shorter)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Code:
    """A file's bytes and where its lines begin."""

    def __init__(self, text: bytes, starts: list[int]) -> None:
        self.text = text
        self._starts = starts

    def begin(self, node: ast.expr) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr) -> int:
        return self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)


def _large(tree: ast.Module, code: _Code) -> Iterator[ast.expr]:
    """Yield the expressions of the file's statements that are long enough to hold such a chain."""
    pending: list[ast.AST] = [tree]
    while pending:
        for child in children(pending.pop()):
            if not isinstance(child, ast.expr):
                pending.append(child)
            elif code.end(child) - code.begin(child) > 2 * _MOST:
                yield child


def _dropped(expression: ast.expr, code: _Code) -> Iterator[tuple[int, int]]:
    """Yield the places of the links that are blanked."""
    pending: list[ast.AST] = [expression]
    while pending:
        node = pending.pop()
        links: list[ast.expr] = []
        while isinstance(node, ast.expr) and (inner := _inner(node)) is not None:
            links.append(node)
            pending.extend(child for child in children(node) if child is not inner)
            node = inner
        pending.extend(children(node))
        if len(links) > _MOST:
            yield from _dropped_of(links[::-1], code)


def _dropped_of(links: list[ast.expr], code: _Code) -> Iterator[tuple[int, int]]:
    """Yield what is blanked of one chain, whose links come in the order of the source."""
    kept: set[bytes] = set()
    for number, link in enumerate(links):
        inner = _inner(link)
        assert inner is not None
        begin, end = code.end(inner), code.end(link)
        written = code.text[begin:end]
        is_operator = isinstance(link, ast.BinOp)
        is_idle = is_operator and (isinstance(link.right, ast.Constant) or written in kept)  # type: ignore[attr-defined]
        # The first link tells that it is more than its first operand.
        if number and (is_idle or len(kept) >= _MOST) and _LINK.match(written):
            yield begin, end
        else:
            kept.add(written if is_operator else b"%d" % number)


def _inner(link: ast.expr) -> ast.expr | None:
    """Return what a link is added to."""
    match link:
        case ast.BinOp(left=inner) | ast.Call(func=inner) | ast.Attribute(value=inner) | ast.Subscript(value=inner):
            return inner
    return None
