"""Places of syntax-tree nodes.

LibCST's own position provider generates the code of the whole file again, which costs more than parsing it. The
standard library's tree carries positions for free and has the same shape, so a statement's two trees are laid side
by side when a place in it is asked for, and not before. Where the running Python cannot parse the file, LibCST's
provider serves.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

import libcst as cst
from libcst.metadata import CodeRange, PositionProvider

from stalecheck.model import Location, Span
from stalecheck.nodes import positional_parameters

_LEAVES = (cst.Name, cst.SimpleString, cst.Integer)
_NEWLINE = re.compile(r"\r\n|\r|\n")


class Positions:
    """Answers where a node stands. Call `enter` before asking for nodes of a statement."""

    def __init__(self, source: str, ranges: Mapping[cst.CSTNode, CodeRange] | None = None) -> None:
        self._lines = _NEWLINE.split(source)
        self._ranges = ranges
        self._spans: dict[int, ast.AST] = {}
        self._statement: tuple[cst.CSTNode, ast.AST] | None = None

    def enter(self, node: cst.CSTNode, twin: ast.AST | None) -> None:
        """Make `node` the statement that places are asked for; `twin` is the same statement of the other tree."""
        self._spans = {}
        self._statement = None if twin is None else (node, twin)

    def start(self, node: cst.CSTNode, twin: ast.AST | None) -> Location:
        """Return where a statement begins (a decorated one at its ``def`` or ``class``)."""
        if isinstance(twin, ast.stmt):
            return self._location(twin.lineno, twin.col_offset)
        return self._provided(node).start

    def span(self, node: cst.CSTNode) -> Span:
        """Return the stretch of an expression of the entered statement, without the parentheses around it."""
        if self._statement is None:
            return self._provided(node)
        if not self._spans:
            _pair_statement(*self._statement, self._spans)
        twin = self._spans.get(id(node))
        if not isinstance(twin, ast.expr):
            twin = self._statement[1]
            assert isinstance(twin, ast.stmt)
        return self.of_twin(twin)

    def local_name(self, alias: cst.ImportAlias, twin: ast.alias | None) -> Span:
        """Return the name that an import binds: ``K`` in ``C as K``, the first part of ``p.m``."""
        if alias.asname is not None:
            if twin is None:
                return self._provided(alias.asname.name)
            assert isinstance(alias.asname.name, cst.Name)
            assert twin.end_lineno is not None
            assert twin.end_col_offset is not None
            end = self._location(twin.end_lineno, twin.end_col_offset)
            return Span(Location(end.row, end.column - len(alias.asname.name.value)), end)
        first = alias.name
        while isinstance(first, cst.Attribute):
            assert isinstance(first.value, (cst.Name, cst.Attribute))
            first = first.value
        if twin is None:
            return self._provided(first)
        start = self._location(twin.lineno, twin.col_offset)
        return Span(start, Location(start.row, start.column + len(first.value)))

    def star(self, node: cst.ImportStar, twin: ast.ImportFrom | None) -> Span:
        """Return the ``*`` of a star import."""
        if twin is None:
            return self._provided(node)
        alias = twin.names[0]
        start = self._location(alias.lineno, alias.col_offset)
        return Span(start, Location(start.row, start.column + 1))

    def definition_name(self, node: cst.FunctionDef | cst.ClassDef, twin: ast.AST | None) -> Span:
        """Return the name in a ``def`` or ``class`` statement."""
        if not isinstance(twin, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return self._provided(node.name)
        return self.name_of_twin(twin)

    def name_of_twin(self, twin: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Span:
        """Return the name in a definition of the standard library's tree."""
        start = self._location(twin.lineno, twin.col_offset)
        line = self._lines[start.row - 1]
        keyword = re.compile(r"(?:async\s+def|def|class)\s+").match(line, start.column - 1)
        column = keyword.end() + 1 if keyword else start.column
        return Span(Location(start.row, column), Location(start.row, column + len(twin.name)))

    def captured_name(self, node: cst.Name, twin: ast.pattern | None) -> Span:
        """Return the name that a pattern binds: ``x`` in ``C() as x``, ``*x``, ``{**x}``."""
        if twin is None:
            return self._provided(node)
        end = self._location(twin.end_lineno, twin.end_col_offset)
        line = self._lines[end.row - 1]
        # Behind the rest of a mapping stands a brace.
        column = line.rfind(node.value, 0, end.column - 1) + 1
        return Span(Location(end.row, column), Location(end.row, column + len(node.value)))

    def of_twin(self, twin: ast.expr | ast.stmt) -> Span:
        """Return the stretch of an expression of the standard library's tree."""
        assert twin.end_lineno is not None
        assert twin.end_col_offset is not None
        return Span(
            self._location(twin.lineno, twin.col_offset),
            self._location(twin.end_lineno, twin.end_col_offset),
        )

    def _location(self, row: int, offset: int) -> Location:
        line = self._lines[row - 1] if row <= len(self._lines) else ""
        if not line.isascii():
            offset = len(line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace"))
        return Location(row, offset + 1)

    def _provided(self, node: cst.CSTNode) -> Span:
        assert self._ranges is not None
        found = self._ranges[node]
        return Span(Location(found.start.line, found.start.column + 1), Location(found.end.line, found.end.column + 1))


def provide(module: cst.Module) -> tuple[cst.Module, Mapping[cst.CSTNode, CodeRange]]:
    """Return the module and the places of all its nodes, from LibCST's own provider."""
    wrapper = cst.MetadataWrapper(module, unsafe_skip_copy=True)
    return wrapper.module, wrapper.resolve(PositionProvider)


def blocks(
    body: Sequence[cst.BaseStatement | cst.BaseSmallStatement], twins: Sequence[ast.stmt] | None
) -> Iterator[tuple[cst.BaseCompoundStatement | cst.BaseSmallStatement, ast.stmt | None]]:
    """Yield the statements of a block, several on one line one by one, each with its twin."""
    flat: list[cst.BaseCompoundStatement | cst.BaseSmallStatement] = []
    for statement in body:
        if type(statement) is cst.SimpleStatementLine:
            flat.extend(statement.body)
        elif isinstance(statement, (cst.BaseCompoundStatement, cst.BaseSmallStatement)):
            flat.append(statement)
    if twins is None or len(twins) != len(flat):
        yield from ((statement, None) for statement in flat)
    else:
        yield from zip(flat, twins, strict=True)


def _pair_statement(node: cst.CSTNode, twin: ast.AST, spans: dict[int, ast.AST]) -> None:
    for child, other in zip(_statement_children(node), _statement_twins(twin), strict=False):
        _pair(child, other, spans)


def _statement_children(node: cst.CSTNode) -> list[cst.CSTNode]:
    match node:
        case cst.Expr() | cst.Return():
            return [node.value] if node.value is not None else []
        case cst.Assign():
            return [*(target.target for target in node.targets), node.value]
        case cst.Pass():
            return []
        case cst.AnnAssign():
            return [node.target, node.annotation.annotation, *([node.value] if node.value else [])]
        case cst.AugAssign():
            return [node.target, node.value]
        case cst.For():
            return [node.target, node.iter]
        case cst.While() | cst.If():
            return [node.test]
        case cst.With():
            return [
                part
                for item in node.items
                for part in (item.item, item.asname.name if item.asname else None)
                if part is not None
            ]
        case cst.Match():
            return [node.subject]
        case cst.FunctionDef():
            return [*(d.decorator for d in node.decorators), *_defaults(node.params), *_annotations(node.params)]
        case cst.ClassDef():
            return [
                *(d.decorator for d in node.decorators),
                *(base.value for base in node.bases),
                *(keyword.value for keyword in node.keywords),
            ]
        case _:
            return []


def _statement_twins(twin: ast.AST) -> list[ast.AST]:
    match twin:
        case ast.Assign():
            return [*twin.targets, twin.value]
        case ast.AnnAssign():
            return [twin.target, twin.annotation, *([twin.value] if twin.value else [])]
        case ast.AugAssign():
            return [twin.target, twin.value]
        case ast.Expr() | ast.Return():
            return [twin.value] if twin.value is not None else []
        case ast.For() | ast.AsyncFor():
            return [twin.target, twin.iter]
        case ast.While() | ast.If():
            return [twin.test]
        case ast.With() | ast.AsyncWith():
            return [part for item in twin.items for part in (item.context_expr, item.optional_vars) if part is not None]
        case ast.Match():
            return [twin.subject]
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [*twin.decorator_list, *_twin_defaults(twin.args), *_twin_annotations(twin.args)]
        case ast.ClassDef():
            return [*twin.decorator_list, *_without_stars(twin.bases), *(k.value for k in twin.keywords)]
        case _:
            return []


def _without_stars(values: Sequence[ast.expr]) -> list[ast.expr]:
    return [value.value if isinstance(value, ast.Starred) else value for value in values]


def _defaults(parameters: cst.Parameters) -> list[cst.BaseExpression]:
    ordered = [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]
    return [parameter.default for parameter in ordered if parameter.default is not None]


def _twin_defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]


def _annotations(parameters: cst.Parameters) -> list[cst.BaseExpression]:
    ordered = [*parameters.posonly_params, *parameters.params]
    return [parameter.annotation.annotation for parameter in ordered if parameter.annotation is not None]


def _twin_annotations(arguments: ast.arguments) -> list[ast.expr]:
    ordered = positional_parameters(arguments)
    return [argument.annotation for argument in ordered if argument.annotation is not None]


def _pair(node: cst.CSTNode, twin: ast.AST, spans: dict[int, ast.AST]) -> None:
    pending: list[tuple[cst.CSTNode, ast.AST]] = [(node, twin)]
    while pending:
        child, other = pending.pop()
        spans[id(child)] = other
        if isinstance(other, ast.Subscript) and isinstance(child, cst.Subscript):
            pending.extend(_pair_subscript(child, other))
        else:
            pending.extend(zip(_children(child), _twins(other), strict=False))


def _pair_subscript(node: cst.Subscript, twin: ast.Subscript) -> Iterator[tuple[cst.CSTNode, ast.AST]]:
    yield node.value, twin.value
    indexes = [part.slice.value if isinstance(part.slice, cst.Index) else part for part in node.slice]
    if len(indexes) == 1 and not isinstance(node.slice[0].comma, cst.Comma):
        yield indexes[0], twin.slice
    elif isinstance(twin.slice, ast.Tuple):
        yield from zip(indexes, _without_stars(twin.slice.elts), strict=False)


def _children(node: cst.CSTNode) -> list[cst.CSTNode]:
    if node.__class__ in _LEAVES:
        return []
    match node:
        case cst.Attribute():
            return [node.value]
        case cst.Call():
            return [node.func, *(argument.value for argument in node.args)]
        case cst.Tuple() | cst.List() | cst.Set():
            return [element.value for element in node.elements]
        case cst.Dict():
            return [
                part
                for element in node.elements
                for part in ((element.key, element.value) if isinstance(element, cst.DictElement) else (element.value,))
            ]
        case cst.BinaryOperation():
            return [node.left, node.right]
        case cst.UnaryOperation() | cst.Await():
            return [node.expression]
        case cst.BooleanOperation():
            return list(operands(node))
        case cst.Comparison():
            return [node.left, *(target.comparator for target in node.comparisons)]
        case cst.IfExp():
            return [node.body, node.test, node.orelse]
        case cst.Lambda():
            return [*_defaults(node.params), node.body]
        case cst.DictComp():
            return [node.key, node.value, *_loops(node.for_in)]
        case cst.ListComp() | cst.SetComp() | cst.GeneratorExp():
            return [node.elt, *_loops(node.for_in)]
        case cst.NamedExpr():
            return [node.target, node.value]
        case cst.StarredElement():
            return [node.value]
        case _:
            return []


def _twins(node: ast.AST) -> list[ast.AST]:
    match node:
        case ast.Attribute() | ast.Starred() | ast.Await():
            return [node.value]
        case ast.Call():
            arguments: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
            arguments.sort(key=lambda item: (item.lineno, item.col_offset))
            return [
                node.func,
                *(item.value if isinstance(item, (ast.keyword, ast.Starred)) else item for item in arguments),
            ]
        case ast.Tuple() | ast.List() | ast.Set():
            return [item.value if isinstance(item, ast.Starred) else item for item in node.elts]
        case ast.Dict():
            return [
                part
                for key, value in zip(node.keys, node.values, strict=True)
                for part in ((value,) if key is None else (key, value))
            ]
        case ast.BinOp():
            return [node.left, node.right]
        case ast.UnaryOp():
            return [node.operand]
        case ast.BoolOp():
            return list(node.values)
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.IfExp():
            return [node.body, node.test, node.orelse]
        case ast.Lambda():
            return [*_twin_defaults(node.args), node.body]
        case ast.DictComp():
            return [node.key, node.value, *_twin_loops(node.generators)]
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            return [node.elt, *_twin_loops(node.generators)]
        case ast.NamedExpr():
            return [node.target, node.value]
        case _:
            return []


def operands(node: cst.BooleanOperation) -> list[cst.BaseExpression]:
    """Return the operands of a chain of the same boolean operator, in order."""
    found: list[cst.BaseExpression] = []
    left: cst.BaseExpression = node
    operator = type(node.operator)
    while isinstance(left, cst.BooleanOperation) and isinstance(left.operator, operator):
        if left is not node and left.lpar:
            break
        found.append(left.right)
        left = left.left
    found.append(left)
    return found[::-1]


def _loops(loop: cst.CompFor) -> list[cst.CSTNode]:
    found: list[cst.CSTNode] = []
    current: cst.CompFor | None = loop
    while current is not None:
        found += [current.target, current.iter, *(condition.test for condition in current.ifs)]
        current = current.inner_for_in
    return found


def _twin_loops(generators: Sequence[ast.comprehension]) -> list[ast.AST]:
    return [part for item in generators for part in (item.target, item.iter, *item.ifs)]
