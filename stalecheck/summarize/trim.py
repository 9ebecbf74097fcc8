"""Blanks the statements of function bodies that no summary tells of, before LibCST parses them.

LibCST's trees cost several times as much as `ast`'s, even those of empty lines, and most lines of most files stand in
function bodies that give nothing back and bind nothing outside. A summary is the same with and without.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stalecheck.attaching import attaches, kept_roots
from stalecheck.called import find_filling, find_helpers, find_reloading
from stalecheck.index import INITIALIZERS, class_parameter
from stalecheck.nodes import descendants, inner_statements
from stalecheck.retaining import find_retaining
from stalecheck.summarize.syntax import FILLERS, binds_inside

RELOAD_SPELLED = re.compile(r"reload\w*\s*\(|sys\.modules|_extension\s*\(")
"""What a file contains that reloads something itself."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def without_idle_statements(source: str, tree: ast.Module, *, keeps_rows: bool = True) -> str:
    """Return the source with a ``pass`` for each run of statements in functions that no summary tells of.

    With empty lines for the rest of the run, if what follows has to keep its rows; if not, one ``pass`` stands for the
    whole of a function of which there is nothing to tell.
    """
    if source.count("\r") != source.count("\r\n") or "\f" in source:
        return source
    lines: list[str | None] = list(source.split("\n"))
    has_walrus = ":=" in source
    may_reload = RELOAD_SPELLED.search(source) is not None
    whole: set[ast.stmt] = {*find_filling(tree), *find_helpers(tree, may_reload=may_reload)}
    whole.update(find_reloading(tree) if may_reload else ())
    retaining = find_retaining(tree)
    pending: list[Sequence[ast.stmt]] = [tree.body]
    while pending:
        block = pending.pop()
        _drop_between(block, lines)
        for statement in block:
            if not isinstance(statement, _Function):
                pending.extend(_blocks(statement))
                continue
            if statement in whole or _is_whole(statement, has_walrus=has_walrus):
                continue
            kept = retaining[statement].statements if statement in retaining else frozenset()
            if _reaches_out(statement) or (may_reload and _renews(statement)):
                told = _Told(None, reaches_out=True, is_counted=True, kept=kept)
            else:
                names = _given_names(statement, kept)
                told = _Told(names, reaches_out=False, is_counted=bool(kept) or _defines(statement, names), kept=kept)
            if not keeps_rows and _is_idle(statement, told):
                _blank_run([statement], lines, 0)
            else:
                _blank(statement.body, lines, statement.lineno, told)
    return "\n".join(line or "" for line in lines if keeps_rows or line is not None)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a summary tells of the statements of a function, besides what they give to the caller."""

    names: frozenset[str] | None
    """The names of which it tells what they are assigned; None for all of them, and for attributes."""

    reaches_out: bool
    """Whether it tells what they do to what stands outside."""

    is_counted: bool
    """Whether each of them is found in the other tree, by its number."""

    kept: frozenset[ast.stmt] = frozenset()
    """Those that put what the function is given into its object, or hand it on."""


def _is_whole(function: _Function, *, has_walrus: bool) -> bool:
    """Whether a summary may tell of all that a function does."""
    return (
        function.name in INITIALIZERS
        or bool(kept_roots(function))
        or attaches(function)
        or (has_walrus and binds_inside(function))
    )


def _is_idle(function: _Function, told: _Told) -> bool:
    """Whether there is nothing to tell of a function, of its header neither."""
    arguments = function.args
    return (
        not told.reaches_out
        and function.name != "__getattr__"
        and not (function.decorator_list or arguments.defaults or any(arguments.kw_defaults))
        and not any(_is_told(statement, told) for statement in function.body)
    )


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


def _given_names(function: _Function, kept: Iterable[ast.stmt] = ()) -> frozenset[str]:
    """Return the names that what a function gives back or keeps is made of, and what those are made of in turn."""
    given = {name for statement in kept for name in _names_in(statement)}
    made_of: dict[str, set[str]] = {}
    for statement in _statements(function.body, is_nested=False):
        given.update(*map(_names_in, _given(statement)))
        for name, value in _bound(statement):
            made_of.setdefault(name, set()).update(_names_in(value))
    pending = list(given)
    while pending:
        new = made_of.pop(pending.pop(), set()) - given
        given |= new
        pending += new
    return frozenset(given)


def _defines(function: _Function, names: frozenset[str]) -> bool:
    """Whether a function defines one of some names."""
    inner = (part for part in _statements(function.body, is_nested=False) if isinstance(part, _DEFINITIONS))
    return any(part.name in names for part in inner)


def _names_in(part: ast.AST | None) -> set[str]:
    return set() if part is None else {node.id for node in descendants(part) if isinstance(node, ast.Name)}


def _bound(statement: ast.stmt) -> Iterator[tuple[str, ast.AST | None]]:
    """Yield the local names that a statement binds, or whose container it fills, each with what with."""
    pairs: list[tuple[ast.expr, ast.expr | None]] = []
    match statement:
        case ast.Assign(targets=targets, value=value):
            pairs = [(target, value) for target in targets]
        case ast.AnnAssign(target=target, value=value) | ast.AugAssign(target=target, value=value):
            pairs = [(target, value)]
        case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
            pairs = [(target, value)]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            pairs = [(item.optional_vars, item.context_expr) for item in items if item.optional_vars is not None]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name() as target, attr=name)) as value):
            pairs = [(target, value)] if name in FILLERS else []
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, statement
    for target, value in pairs:
        yield from ((name, value) for name in _names_in(target))


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
            pending.extend(inner_statements(statement))


def _blank(body: Sequence[ast.stmt], lines: list[str | None], header: int, told: _Told) -> None:
    """Blank the idle statements of a block whose header ends before the block's first row.

    One by one where the others are found by their numbers.
    """
    run: list[ast.stmt] = []
    for statement in body:
        is_told = _is_told(statement, told) or (told.is_counted and _is_elif(statement, lines))
        if is_told or told.is_counted:
            _blank_run(run, lines, header)
            run = []
        if is_told:
            if not isinstance(statement, _DEFINITIONS):
                for block in _blocks(statement):
                    _blank(block, lines, statement.lineno, told)
        else:
            run.append(statement)
    _blank_run(run, lines, header)


def _is_elif(statement: ast.stmt, lines: Sequence[str | None]) -> bool:
    return isinstance(statement, ast.If) and (lines[statement.lineno - 1] or "").lstrip().startswith("elif")


def _is_told(statement: ast.stmt, told: _Told) -> bool:
    if statement in told.kept:
        return True
    match statement:
        case ast.Return(value=value):
            return value is not None
        case ast.Import() | ast.ImportFrom() | ast.Global() | ast.Delete():
            return told.reaches_out
        case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.AugAssign(value=value):
            return isinstance(value, (ast.Yield, ast.YieldFrom)) or _binds(statement, told)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))):
            return (told.reaches_out and name in _REACHING) or _binds(statement, told)
        case ast.Expr(value=value):
            return isinstance(value, (ast.Yield, ast.YieldFrom))
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return _binds(statement, told)
    return _binds(statement, told) or any(_is_told(child, told) for child in inner_statements(statement))


def _binds(statement: ast.stmt, told: _Told) -> bool:
    """Whether a statement binds a name of which a summary tells."""
    if told.names is None:
        return isinstance(statement, _BINDING) or next(_bound(statement), None) is not None
    return any(name in told.names for name, _ in _bound(statement))


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


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

_BINDING = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor)
"""What binds a name, an attribute or an item, whatever stands in it."""

_REACHING = FILLERS | {"__init__", "cache_clear"}
"""Methods of which a summary tells where they are called."""
