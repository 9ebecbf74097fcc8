"""Blanks the statements of function bodies that no summary tells of, before LibCST parses them.

LibCST's trees cost several times as much as `ast`'s, even those of empty lines, and most lines of most files stand in
function bodies that give nothing back and bind nothing outside. A summary is the same with and without.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from stalecheck.attaching import attaches, kept_roots
from stalecheck.called import find_filling, spells_reload
from stalecheck.index import class_parameter
from stalecheck.nodes import descendants
from stalecheck.summarize.syntax import FILLERS, binds_inside

RELOAD_SPELLED = re.compile(r"reload\w*\s*\(|sys\.modules|_extension\s*\(")
"""What a file contains that reloads something itself."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def without_idle_statements(source: str, tree: ast.Module, *, keeps_rows: bool = True) -> str:
    """Return the source with a ``pass`` for each run of statements in functions that no summary tells of.

    With empty lines for the rest of the run, if what follows has to keep its rows.
    """
    if source.count("\r") != source.count("\r\n") or "\f" in source:
        return source
    lines: list[str | None] = list(source.split("\n"))
    has_walrus = ":=" in source
    may_reload = RELOAD_SPELLED.search(source) is not None
    filling = find_filling(tree)
    pending: list[Sequence[ast.stmt]] = [tree.body]
    while pending:
        block = pending.pop()
        _drop_between(block, lines)
        for statement in block:
            if not isinstance(statement, _Function):
                pending.extend(_blocks(statement))
                continue
            is_told = (
                statement.name == "__init__"
                or _reaches_out(statement)
                or bool(kept_roots(statement))
                or attaches(statement)
                or (has_walrus and binds_inside(statement))
                or (may_reload and (_renews(statement) or spells_reload(statement)))
                or statement in filling
            )
            if not is_told:
                _blank(statement.body, lines, statement.lineno, keeps_names=_gives_names(statement))
    return "\n".join(line or "" for line in lines if keeps_rows or line is not None)


def _drop_between(block: Sequence[ast.stmt], lines: list[str | None]) -> None:
    """Put None in the place of the empty rows and comments between the statements of a block."""
    for above, below in pairwise(block):
        end, row = above.end_lineno or 0, _first_row(below)
        between = [(lines[number] or "").strip() for number in range(end, row - 1)]
        # Behind a backslash, an empty row ends the statement.
        if all(not line or line.startswith("#") for line in between) and not (lines[end - 1] or "").endswith("\\"):
            lines[end : row - 1] = [None] * (row - 1 - end)


def _first_row(statement: ast.stmt) -> int:
    """Return where a statement begins, its decorators with it."""
    decorators: Sequence[ast.expr] = getattr(statement, "decorator_list", ())
    return min([statement.lineno, *(node.lineno for node in decorators)])


def _reaches_out(function: _Function) -> bool:
    """Whether a function binds something outside, imports, or clears caches: where it does so is told."""
    class_name = class_parameter(function)
    for statement in _statements(function.body, is_nested=True):
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.Global():
                return True
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="cache_clear"))):
                return True
            case ast.Assign(targets=targets):
                if any(_is_outside(node, class_name) for target in targets for node in descendants(target)):
                    return True
            case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
                if _is_outside(target, class_name):
                    return True
    return False


def _renews(function: _Function) -> bool:
    """Whether a function assigns an attribute, or makes its object anew: after a reload that holds nothing old."""
    return any(
        (isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__")
        for node in descendants(function)
    )


def _is_outside(target: ast.AST, class_name: str) -> bool:
    """Whether a target is ``globals()["x"]``, or an attribute of the class that a class method is given."""
    match target:
        case ast.Subscript(value=ast.Call()):
            return True
        case ast.Attribute(value=ast.Name(id=name)):
            return name == class_name
    return False


def _gives_names(function: _Function) -> bool:
    """Whether what a function gives back may depend on its other statements."""
    return any(
        not isinstance(value, (ast.Constant, type(None)))
        for statement in _statements(function.body, is_nested=False)
        for value in _given(statement)
    )


def _given(statement: ast.stmt) -> Iterator[ast.expr | None]:
    """Yield what a statement gives to the caller."""
    match statement:
        case ast.Return(value=value):
            yield value
        case ast.Expr(value=ast.Yield(value=value) | ast.YieldFrom(value=value)):
            yield value
        case ast.Assign(value=ast.Yield(value=value) | ast.YieldFrom(value=value)):
            yield value


def _statements(body: Sequence[ast.stmt], *, is_nested: bool) -> Iterator[ast.stmt]:
    pending = list(body)
    while pending:
        statement = pending.pop()
        yield statement
        if is_nested or not isinstance(statement, _DEFINITIONS):
            pending.extend(_children(statement))


def _blank(body: Sequence[ast.stmt], lines: list[str | None], header: int, *, keeps_names: bool) -> None:
    """Blank the idle statements of a block whose header ends before the block's first row."""
    run: list[ast.stmt] = []
    for statement in body:
        if _is_told(statement, keeps_names=keeps_names):
            _blank_run(run, lines, header)
            run = []
            if not isinstance(statement, _DEFINITIONS):
                for block in _blocks(statement):
                    _blank(block, lines, statement.lineno, keeps_names=keeps_names)
        else:
            run.append(statement)
    _blank_run(run, lines, header)


def _is_told(statement: ast.stmt, *, keeps_names: bool) -> bool:
    match statement:
        case ast.Return(value=value):
            return value is not None
        case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.AugAssign(value=value):
            return keeps_names or isinstance(value, (ast.Yield, ast.YieldFrom))
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(), attr=name))) if name in FILLERS:
            return keeps_names
        case ast.Expr(value=value):
            return isinstance(value, (ast.Yield, ast.YieldFrom))
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return keeps_names
        case ast.For() | ast.AsyncFor():
            if keeps_names:
                return True
        case ast.With() | ast.AsyncWith():
            if keeps_names and any(item.optional_vars is not None for item in statement.items):
                return True
    return any(_is_told(child, keeps_names=keeps_names) for child in _children(statement))


def _blank_run(run: Sequence[ast.stmt], lines: list[str | None], header: int) -> None:
    """Put one ``pass`` and None in the place of statements that have their lines to themselves."""
    if not run:
        return
    first, last = run[0], run[-1]
    row = _first_row(first)
    end, column = last.end_lineno or 0, last.end_col_offset or 0
    begun, ended = lines[row - 1] or "", lines[end - 1] or ""
    before = begun[: len(begun) - len(begun.lstrip())]
    after = ended.encode()[column:].lstrip()
    is_alone = row > header and len(before) == first.col_offset and (not after or after.startswith(b"#"))
    if is_alone:
        lines[row - 1 : end] = [before + "pass", *[None] * (end - row)]


def _blocks(statement: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    for block in ("body", "orelse", "finalbody"):
        yield getattr(statement, block, ())
    for handler in getattr(statement, "handlers", ()):
        yield handler.body
    for case in getattr(statement, "cases", ()):
        yield case.body


def _children(statement: ast.stmt) -> Iterator[ast.stmt]:
    for block in _blocks(statement):
        yield from block


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
