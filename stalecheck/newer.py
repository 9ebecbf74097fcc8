"""Files in syntax newer than the running Python: LibCST takes them apart, and older syntax stands in for it.

What the older syntax has no words for is overwritten where it stands, so that all the rest keeps its place.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeGuard

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, CodeSpan, MetadataWrapper

from stalecheck.index import Unreadable, decode, parse
from stalecheck.parsing import UnparsedError, parse_whole

_NEWLINE = re.compile(rb"\r\n|\r|\n")
_Place = tuple[int, int]

_STRINGS = (cst.ConcatenatedString, cst.FormattedString, cst.TemplatedString)
_PLACEHOLDERS = (cst.FormattedStringExpression, cst.TemplatedStringExpression)


@dataclass(frozen=True, slots=True)
class Newer:
    """What the running Python makes of a file in newer syntax."""

    tree: ast.Module
    is_whole: bool
    """Whether no statement is left out: then the tree has the shape of LibCST's."""


def parse_newer(data: bytes) -> Newer | None:
    """Parse a file, newer syntax put into older words; what has none is left out with its top-level statement.

    Everything keeps its place. None where LibCST cannot parse the file either.
    """
    try:
        module = parse_whole(decode(data))
    except (UnparsedError, SyntaxError, UnicodeDecodeError, LookupError, RecursionError):
        return None
    body: list[ast.stmt] = []
    is_whole = True
    rows = _rows("".join(module.code_for_node(line) for line in module.header))
    for statement in module.body:
        code = module.code_for_node(statement)
        tree = _parse(code) or _Lowering(module.with_changes(header=(), footer=(), body=(statement,))).parse()
        if tree is None:
            is_whole = False
        else:
            body += ast.increment_lineno(tree, rows).body
        rows += _rows(code)
    return Newer(ast.Module(body, []), is_whole)


def _rows(code: str) -> int:
    return len(_NEWLINE.findall(code.encode()))


def _parse(code: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Lowering:
    """One statement in older words. What is put in is as long as what it replaces, or stands at the end of its line."""

    def __init__(self, module: cst.Module) -> None:
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self._module = wrapper.module
        self._spans = wrapper.resolve(ByteSpanPositionProvider)
        self._code = bytearray(module.code.encode())
        self._line_ends: list[tuple[int, bytes]] = []
        self._strings: set[_Place] = set()
        self._aliases: dict[_Place, str] = {}

    def parse(self) -> ast.Module | None:
        pending: list[cst.CSTNode] = [self._module]
        while pending:
            pending.extend(self._lower(pending.pop()))
        for end, text in sorted(self._line_ends, reverse=True):
            self._code[end:end] = text
        tree = _parse(self._code.decode())
        return None if tree is None else _Raising(self._strings, self._aliases).visit(tree)

    def _lower(self, node: cst.CSTNode) -> Iterable[cst.CSTNode]:
        """Lower one node; return the nodes below it that are still to be lowered."""
        match node:
            case cst.TypeParameters():
                self._replace(*self._range(node))
                return ()
            case cst.TypeAlias():
                start, _ = self._range(node)
                _, named = self._range(node.type_parameters or node.name)
                self._aliases[self._place(start)] = node.name.value
                self._replace(start, self._code.index(b"=", named) + 1, b"lambda:")
                return (node.value,)
            case cst.Index(star="*") | cst.ExceptStarHandler():
                self._blank_star(node)
            case cst.Annotation(annotation=cst.StarredElement() as starred):
                self._blank_star(starred)
        match node:
            case cst.ExceptHandler(type=cst.Tuple() as caught) | cst.ExceptStarHandler(type=cst.Tuple() as caught):
                self._join(caught)
        return self._lower_string(node) if isinstance(node, _STRINGS) else node.children

    def _lower_string(self, node: cst.CSTNode) -> Iterable[cst.CSTNode]:
        """Make a tuple of what an f-string evaluates."""
        placeholders = list(_placeholders(node))
        if not placeholders:
            return ()
        start, end = self._range(node)
        self._strings.add(self._place(start))
        done = start
        evaluated = [*map(self._evaluated, placeholders), (end, end)]
        for first, last in evaluated:
            self._blank(done, first)
            if done > start:
                self._put_after(done, b",")
            done = last
        self._code[start : start + 1] = b"("
        self._code[end - 1 : end] = b")"
        return [placeholder.expression for placeholder in placeholders]

    def _evaluated(self, node: cst.FormattedStringExpression) -> tuple[int, int]:
        """Return where the expression of a placeholder stands, with the parentheses around it."""
        before = self._module.code_for_node(node.whitespace_before_expression)
        start = self._range(node)[0] + len("{") + len(before.encode())
        return start, start + len(self._module.code_for_node(node.expression).encode())

    def _put_after(self, place: int, text: bytes) -> None:
        while self._code[place] in b"\r\n":
            place += 1
        self._code[place : place + len(text)] = text

    def _join(self, caught: cst.Tuple) -> None:
        """Make one operand of exceptions that are listed without parentheses."""
        for element in () if caught.lpar else caught.elements:
            if isinstance(element.comma, cst.Comma):
                place = self._code.index(b",", self._range(element.comma)[0])
                self._code[place : place + 1] = b"|"

    def _blank_star(self, node: cst.CSTNode) -> None:
        place = self._code.index(b"*", self._range(node)[0])
        self._blank(place, place + 1)

    def _blank(self, start: int, end: int) -> None:
        self._code[start:end] = re.sub(rb"[^\r\n]", b" ", self._code[start:end])

    def _replace(self, start: int, end: int, text: bytes = b"") -> None:
        """Blank a stretch that may be several lines, and make them one; begin it with the text."""
        self._blank(start, end)
        breaks = [match.start() for match in _NEWLINE.finditer(self._code, start, end)]
        room = min([end, *breaks]) - start
        self._code[start : start + len(text[:room])] = text[:room]
        self._line_ends += [(place, b"\\" if index else text[room:] + b"\\") for index, place in enumerate(breaks)]

    def _range(self, node: cst.CSTNode) -> tuple[int, int]:
        span: CodeSpan = self._spans[node]
        return span.start, span.start + span.length

    def _place(self, offset: int) -> _Place:
        breaks = list(_NEWLINE.finditer(self._code, 0, offset))
        return len(breaks) + 1, offset - (breaks[-1].end() if breaks else 0)


def _placeholders(node: cst.CSTNode) -> Iterator[cst.FormattedStringExpression]:
    """Yield what stands in braces in a string, each before what stands in braces in its format."""
    for child in node.children:
        if _is_placeholder(child):
            yield child
            yield from filter(_is_placeholder, child.format_spec or ())
        elif isinstance(child, _STRINGS):
            yield from _placeholders(child)


def _is_placeholder(node: cst.CSTNode) -> TypeGuard[cst.FormattedStringExpression]:
    """Whether a node is in braces in an f-string, or in a t-string, where it has the same parts."""
    return isinstance(node, _PLACEHOLDERS)


class _Raising(ast.NodeTransformer):
    """Makes f-strings and aliases again of what stood in for them."""

    def __init__(self, strings: set[_Place], aliases: dict[_Place, str]) -> None:
        self._strings = strings
        self._aliases = aliases

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        self.generic_visit(node)
        if (node.lineno, node.col_offset) not in self._strings:
            return node
        values: list[ast.expr] = [ast.copy_location(ast.FormattedValue(value, -1), value) for value in node.elts]
        return ast.copy_location(ast.JoinedStr(values), node)

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        self.generic_visit(node)
        name = self._aliases.get((node.lineno, node.col_offset))
        if name is None:
            return node
        target = ast.copy_location(ast.Name(name, ast.Store()), node)
        return ast.copy_location(ast.Assign([target], node.value), node)


def first_error(data: bytes, error: Unreadable) -> Unreadable:
    """What is wrong with a file that LibCST cannot parse either.

    `error` is the running Python's complaint. Where that is about newer syntax only, the lines up to there are
    left out, and the next complaint is the one.
    """
    lines = decode(data).splitlines(keepends=True)
    while True:
        row = error.location.row
        is_within_block = "".join(lines[row:]).lstrip("\r\n")[:1].isspace()
        if is_within_block or not _is_parsed("".join(lines[:row])):
            return error
        lines[:row] = ["\n"] * row
        next_error = parse("".join(lines).encode())
        if not isinstance(next_error, Unreadable) or next_error.location.row <= row:
            return error
        error = next_error


def _is_parsed(code: str) -> bool:
    try:
        parse_whole(code)
    except (UnparsedError, RecursionError):
        return False
    return True
