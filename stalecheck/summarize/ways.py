"""The ways through a function body: where it may still come to its end without binding a name again."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import TypeAlias

from stalecheck.model import Location, Span
from stalecheck.nodes import children, descendants
from stalecheck.summarize.summary import BodyStatement, CallStatement, Rebinding, Store

_Function = ast.FunctionDef | ast.AsyncFunctionDef

_Missing: TypeAlias = Callable[[frozenset[str]], bool]
"""Whether a way from here to the end does not bind the name; given what the conditions around the start ask for."""


def with_gaps(rebindings: Iterable[Rebinding], block: str, function: ast.stmt | None) -> Iterator[Rebinding]:
    """Yield what functions bind again; of one of them, `block`, with the places after which it may not get to do so.

    A condition leaves it open whether its block runs, unless it asks for the name itself (``if x is not None: x =
    …``), for what the function has found out, or for what a condition asks for in whose block it starts. Loops run,
    and what is tried is done.
    """
    gaps: dict[str, tuple[Span, ...]] = {}
    for rebinding in rebindings:
        if rebinding.block == block and isinstance(function, _Function):
            if rebinding.name not in gaps:
                gaps[rebinding.name] = _Ways(function, rebinding.name).gaps()
            yield replace(rebinding, gaps=gaps[rebinding.name])
        else:
            yield rebinding


def statements_of(function: _Function, block: str, found: Iterable[Store | CallStatement]) -> Iterator[BodyStatement]:
    """Yield what has been found in the body of a function, each with the places after which it may be passed by.

    What is written alike in several branches is one: ``T["a"]``, ``T.clear``.
    """
    nodes = {_begin(node): node for node in descendants(function) if isinstance(node, ast.stmt)}
    gaps: dict[str, tuple[Span, ...]] = {}
    for statement in found:
        node = nodes.get(statement.at)
        name = next(_renewed(node), "") if node is not None and statement.name else ""
        if node is not None and name:
            if name not in gaps:
                gaps[name] = _Ways(function, name).gaps()
            done = Rebinding(block, name, statement.at, _end(node), gaps[name])
            yield BodyStatement(replace(statement, within=()), done)


@dataclass(frozen=True, slots=True)
class _Ends:
    """What is missing where a block is left in another way than at its end."""

    function: _Missing
    loop: _Missing
    round: _Missing


class _Ways:
    """The ways of one function, for one name."""

    def __init__(self, function: _Function, name: str) -> None:
        self._function = function
        self._name = name
        self._own = {
            node.id
            for node in descendants(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != name
        }
        self._points: dict[Span, bool] = {}
        self._is_bound = False

    def gaps(self) -> tuple[Span, ...]:
        """Return the stretches after which the name may not be bound; nothing if no statement is seen to bind it."""
        self._block(self._function.body, _always, _Ends(_always, _always, _always), frozenset())
        if not self._is_bound:
            return ()
        found: list[Span] = []
        for is_gap, points in groupby(sorted(self._points, key=lambda span: span.start), self._points.__getitem__):
            if is_gap:
                first, *rest = points
                found.append(Span(first.start, max(span.end for span in (first, *rest))))
        return tuple(found)

    def _block(self, body: Sequence[ast.stmt], after: _Missing, ends: _Ends, given: frozenset[str] | None) -> _Missing:
        """Return what is missing before a block; notes its statements where it is `given` how it is come to."""
        for statement in reversed(body):
            after = self._statement(statement, after, ends, given)
        return after

    def _statement(self, node: ast.stmt, after: _Missing, ends: _Ends, given: frozenset[str] | None) -> _Missing:
        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                return self._choice(node, test, [body, orelse], after, ends, given)
            case ast.Match(subject=subject, cases=cases):
                blocks = [case.body for case in cases]
                last = cases[-1]
                is_whole = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None and not last.guard
                return self._choice(node, subject, blocks if is_whole else [*blocks, []], after, ends, given)
            case ast.For() | ast.AsyncFor() | ast.While():
                done = self._block(node.orelse, after, ends, given)
                return self._header(node, self._block(node.body, done, _Ends(ends.function, after, done), given), given)
            case ast.With() | ast.AsyncWith():
                return self._header(node, self._block(node.body, after, ends, given), given)
            case ast.Return():
                return self._header(node, ends.function, given)
            case ast.Break():
                return ends.loop
            case ast.Continue():
                return ends.round
            case ast.Raise():
                return _never
            case _ if hasattr(node, "handlers"):
                return self._try(node, after, ends, given)
        return self._header(node, after, given)

    def _try(self, node: ast.stmt, after: _Missing, ends: _Ends, given: frozenset[str] | None) -> _Missing:
        last: list[ast.stmt] = getattr(node, "finalbody", [])
        ends = _Ends(*(self._block(last, end, ends, None) for end in (ends.function, ends.loop, ends.round)))
        after = self._block(last, after, ends, given)
        for handler in getattr(node, "handlers", ()):
            self._block(handler.body, after, ends, given)
        after = self._block(getattr(node, "orelse", []), after, ends, given)
        return self._block(getattr(node, "body", []), after, ends, given)

    def _choice(
        self,
        node: ast.stmt,
        test: ast.expr,
        blocks: Iterable[Sequence[ast.stmt]],
        after: _Missing,
        ends: _Ends,
        given: frozenset[str] | None,
    ) -> _Missing:
        asked = frozenset(_dotted(test))
        within = None if given is None else given | asked
        ways = [self._block(block, after, ends, within) for block in blocks]
        is_known = any(self._concerns(name) or name.partition(".")[0] in self._own for name in asked)

        @cache
        def missing(known: frozenset[str]) -> bool:
            found = [way(known) for way in ways]
            return all(found) if is_known or not asked.isdisjoint(known) else any(found)

        return self._header(node, missing, given)

    def _concerns(self, name: str) -> bool:
        """Whether a condition that asks for something dotted asks for the name itself, or its owner."""
        return _covers(name, self._name) or _covers(self._name, name)

    def _header(self, node: ast.stmt, after: _Missing, given: frozenset[str] | None) -> _Missing:
        """Note a statement, of a compound one its header; return what is missing before it."""
        is_bound = any(_covers(written, self._name) for written in _renewed(node))
        self._is_bound = self._is_bound or is_bound
        if given is not None:
            begin, end = _begin(node), _end_of_header(node)
            self._points[Span(begin, end)] = not is_bound and after(given)
            if is_bound and end == _end(node):
                # What is bound here may be there to stay.
                self._points[Span(end, Location(end.row, end.column + 1))] = after(given)
        return _never if is_bound else after


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _always(_: frozenset[str]) -> bool:
    return True


def _never(_: frozenset[str]) -> bool:
    return False


def _covers(written: str, name: str) -> bool:
    """Whether something is what is named, or the owner of that."""
    return name == written or name.startswith((f"{written}.", f"{written}["))


def _renewed(node: ast.stmt) -> Iterator[str]:
    """Yield how what a statement binds, deletes or calls is written; of a compound statement its header."""
    parts: list[ast.AST] = []
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
            return
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (item.asname or item.name.partition(".")[0] for item in names)
        case ast.If(test=part) | ast.While(test=part) | ast.Match(subject=part):
            parts = [part]
        case ast.For(target=target, iter=part) | ast.AsyncFor(target=target, iter=part):
            parts = [target, part]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            parts = list(items)
        case ast.AnnAssign(value=None):
            pass
        case _:
            parts = [node]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield from (ast.unparse(node.value.func), f"{ast.unparse(node.value.func)}()")
    for below in (inner for part in parts for inner in descendants(part)):
        match below:
            case ast.Subscript(value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str() as key)):
                yield key
            case ast.Name(ctx=context) | ast.Attribute(ctx=context) | ast.Subscript(ctx=context):
                if not isinstance(context, ast.Load):
                    yield ast.unparse(below)


def _dotted(test: ast.expr) -> Iterator[str]:
    """Yield the names that a condition asks for, dotted as they are written."""
    pending: list[ast.AST] = [test]
    while pending:
        node = pending.pop()
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if isinstance(inner, ast.Name):
            yield ast.unparse(node)
        else:
            pending += children(node)


def _begin(node: ast.stmt | ast.pattern) -> Location:
    return Location(node.lineno, node.col_offset + 1)


def _end_of_header(node: ast.stmt) -> Location:
    """Return where a statement ends; of a compound one where its first block begins."""
    if isinstance(node, ast.Match):
        return _begin(node.cases[0].pattern)
    body: list[ast.stmt] = [] if isinstance(node, _DEFINITIONS) else getattr(node, "body", [])
    return _begin(body[0]) if body else _end(node)


def _end(node: ast.stmt) -> Location:
    return Location(node.end_lineno or node.lineno, (node.end_col_offset or node.col_offset) + 1)
