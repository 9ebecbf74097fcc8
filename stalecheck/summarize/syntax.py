"""Small questions about the two syntax trees of a file."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import libcst as cst

from stalecheck.index import is_type_checking
from stalecheck.nodes import descendants
from stalecheck.summarize.positions import blocks

Statement = cst.BaseCompoundStatement | cst.BaseSmallStatement
Block = cst.BaseSuite | cst.Module

FILLERS = frozenset({"add", "append", "appendleft"})
"""Methods that put their one argument into a container."""


_WITHOUT_BLOCKS: frozenset[type] = frozenset(
    {cst.Expr, cst.Assign, cst.Return, cst.Pass, cst.FunctionDef, cst.Import, cst.ImportFrom, cst.Raise, cst.AugAssign}
)
"""Most of the statements whose blocks are not read with those around them: they have none, or a scope of their own."""


def block_of(twin: object, name: str) -> list[ast.stmt] | None:
    """Return a block of a statement of the standard library's tree, ``body`` or ``orelse``; None if it has none."""
    found: list[ast.stmt] | None = getattr(twin, name, None)
    return found


def parse_test(module: cst.Module, test: cst.BaseExpression) -> ast.expr:
    """Return a condition as the standard library's tree, which the other tree came without."""
    try:
        return ast.parse(module.code_for_node(test).strip(), mode="eval").body
    except SyntaxError:
        return ast.Name("?", ast.Load())


def as_written(node: cst.CSTNode) -> str:
    """Return a dotted name as it is written; empty for anything else."""
    parts: list[str] = []
    while type(node) is cst.Attribute:
        parts.append(node.attr.value)
        node = node.value
    if type(node) is not cst.Name:
        return ""
    parts.append(node.value)
    return ".".join(reversed(parts))


def is_class_variable(annotation: cst.BaseExpression) -> bool:
    """Whether an annotation says that a class has the attribute, and not each instance: ``ClassVar[int]``."""
    form = annotation.value if isinstance(annotation, cst.Subscript) else annotation
    return as_written(form).rpartition(".")[2] == "ClassVar"


def function_statements(
    body: Sequence[cst.BaseStatement | cst.BaseSmallStatement], twins: Sequence[ast.stmt] | None
) -> Iterator[tuple[Statement, ast.stmt | None]]:
    """Yield the statements of a function body, nested blocks included, nested definitions not entered."""
    for node, twin in blocks(body, twins):
        yield node, twin
        for suite, inner in suites(node, twin):
            yield from function_statements(suite.body, inner)


def suites(node: Statement, twin: ast.stmt | None) -> Iterator[tuple[cst.BaseSuite, list[ast.stmt] | None]]:
    """Yield the blocks of a compound statement, each with its twin."""
    if node.__class__ in _WITHOUT_BLOCKS:
        return
    match node:
        case cst.If():
            if not (isinstance(twin, ast.If) and is_type_checking(twin.test)):
                yield node.body, block_of(twin, "body")
            orelse = block_of(twin, "orelse")
            if isinstance(node.orelse, cst.If):
                yield from suites(node.orelse, orelse[0] if orelse else None)
            elif node.orelse is not None:
                yield node.orelse.body, orelse
        case cst.For() | cst.While():
            if not (isinstance(twin, ast.While) and is_type_checking(twin.test)):
                yield node.body, block_of(twin, "body")
            if node.orelse is not None:
                yield node.orelse.body, block_of(twin, "orelse")
        case cst.With():
            yield node.body, block_of(twin, "body")
        case cst.Try() | cst.TryStar():
            yield node.body, block_of(twin, "body")
            handlers = block_of(twin, "handlers")
            caught: Sequence[cst.ExceptHandler | cst.ExceptStarHandler] = node.handlers
            for position, handler in enumerate(caught):
                yield handler.body, block_of(handlers[position] if handlers else None, "body")
            if node.orelse is not None:
                yield node.orelse.body, block_of(twin, "orelse")
            if node.finalbody is not None:
                yield node.finalbody.body, block_of(twin, "finalbody")
        case cst.Match():
            cases = block_of(twin, "cases")
            for position, matched in enumerate(node.cases):
                yield matched.body, block_of(cases[position] if cases else None, "body")


_ABSENT = frozenset({str, type(None), cst.MaybeSentinel})
"""What stands in fields of nodes that are no nodes."""


def binds_inside(function: ast.stmt) -> bool:
    """Whether an expression of a function binds a name: any statement may, then."""
    return any(isinstance(node, ast.NamedExpr) for node in descendants(function))


def walruses(node: Statement) -> Iterator[cst.NamedExpr]:
    """Yield the walrus expressions of one statement, not those of the statements and functions within it."""
    pending: list[cst.CSTNode] = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, cst.NamedExpr):
            yield current
        within = () if isinstance(current, (cst.FunctionDef, cst.ClassDef)) else current.children
        pending.extend(child for child in within if not isinstance(child, (cst.BaseSuite, cst.Lambda, cst.If)))


def breaks(body: cst.CSTNode) -> bool:
    """Whether the body of a loop may end the loop."""
    pending: list[cst.CSTNode] = [body]
    while pending:
        node = pending.pop()
        if isinstance(node, cst.Break):
            return True
        if isinstance(node, (cst.For, cst.While)):
            pending += [] if node.orelse is None else [node.orelse]
        elif not isinstance(node, (cst.BaseExpression, cst.FunctionDef, cst.ClassDef)):
            pending += _parts(node)
    return False


def names_below(node: cst.CSTNode) -> set[str]:
    """Return every name that occurs in a tree, those of attributes and keywords apart."""
    names: set[str] = set()
    pending: list[cst.CSTNode] = [node]
    while pending:
        current = pending.pop()
        if type(current) is cst.Name:
            names.add(current.value)
        elif type(current) is cst.Attribute or type(current) is cst.Arg:
            pending.append(current.value)
        else:
            pending += _parts(current)
    return names


def _parts(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield the nodes right below a node; to give its `children`, LibCST makes the whole node anew."""
    for name in node.__dataclass_fields__:
        value = getattr(node, name)
        for part in value if isinstance(value, (list, tuple)) else (value,):
            if part.__class__ not in _ABSENT and isinstance(part, cst.CSTNode):
                yield part
