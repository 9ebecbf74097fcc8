"""The ways through a function body: where it may still come to its end without binding a name again."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import TypeAlias

from stalecheck.index import is_type_checking
from stalecheck.model import Location, Span
from stalecheck.nodes import children, descendants
from stalecheck.summarize.local_uses import find_unreached
from stalecheck.summarize.summary import BodyStatement, CallStatement, Rebinding, Store

_Function = ast.FunctionDef | ast.AsyncFunctionDef

_MOST_CHOICES = 50
"""How many conditions a function may have: with more of them each name is bound again on all ways."""

_Missing: TypeAlias = Callable[[frozenset[str]], bool]
"""Whether a way from here to the end does not bind the name; given what the conditions around the start ask for."""


def with_gaps(rebindings: Iterable[Rebinding], block: str, function: ast.stmt | None) -> Iterator[Rebinding]:
    """Yield what functions bind again; of one of them, `block`, with the places after which it may not get to do so.

    A condition leaves it open whether its block runs, unless it asks for the name itself (``if x is not None: x =
    …``), for what the function has found out, or for what a condition asks for in whose block it starts. Loops run,
    and what is tried is done.
    """
    around = _Around(function) if isinstance(function, _Function) else None
    for rebinding in rebindings:
        yield around.complete(rebinding) if around is not None and rebinding.block == block else rebinding


def statements_of(function: _Function, block: str, found: Iterable[Store | CallStatement]) -> Iterator[BodyStatement]:
    """Yield what has been found in the body of a function, each with the places after which it may be passed by.

    What is written alike in several branches is one: ``T["a"] = …``, ``T.clear()``, ``register("a", …)``.
    """
    around = _Around(function)
    for statement in found:
        node, _ = around.branches.get(statement.at, (None, None))
        names = around.renewed(node) if node is not None and statement.name else ()
        if node is not None and names:
            name = statement.name if statement.name in names else names[0]
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                name = _alike(node.value)
            done = around.complete(Rebinding(block, name, statement.at, _end(node)))
            yield BodyStatement(replace(statement, within=()), done)


class _Around:
    """What stands around each statement of a function; remembers the ways past it."""

    def __init__(self, function: _Function) -> None:
        self._function = function
        self._gaps: dict[str, tuple[Span, ...]] = {}
        self._texts = _Texts(function)
        self._unreached = find_unreached(function)
        choices = sum(isinstance(node, (ast.If, ast.Match)) for node in descendants(function))
        self._is_followed = choices <= _MOST_CHOICES
        self.branches = _branches(function)

    def renewed(self, node: ast.stmt) -> tuple[str, ...]:
        """Return how what a statement of the function binds, deletes or calls is written."""
        return self._texts.renewed(node)

    def complete(self, rebinding: Rebinding) -> Rebinding:
        """Return a statement with what is known of its place in the function."""
        name, at = rebinding.name, rebinding.begin
        if name not in self._gaps:
            self._gaps[name] = _Ways(self._function, name, self._texts).gaps() if self._is_followed else ()
        _, branch = self.branches.get(at, (None, None))
        unreached = tuple(Span(end, last) for start, end, last in self._unreached if start <= at < end)
        gaps, body = self._gaps[name], Span(_begin(self._function.body[0]), _end(self._function))
        return replace(rebinding, gaps=gaps, branch=branch, unreached=unreached, function=body)


@dataclass(frozen=True, slots=True)
class _Ends:
    """What is missing where a block is left in another way than at its end."""

    function: _Missing
    loop: _Missing
    round: _Missing


class _Texts:
    """How the statements of one function and their conditions are written; remembers it for the ways of each name."""

    def __init__(self, function: _Function) -> None:
        self.assigned = frozenset(
            node.id for node in descendants(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )
        self._renewed: dict[ast.stmt, tuple[str, ...]] = {}
        self._asked: dict[ast.expr, tuple[frozenset[str], str, str]] = {}

    def renewed(self, node: ast.stmt) -> tuple[str, ...]:
        """Return what a statement binds, deletes or calls."""
        if node not in self._renewed:
            self._renewed[node] = tuple(_renewed(node))
        return self._renewed[node]

    def asked(self, test: ast.expr) -> tuple[frozenset[str], str, str]:
        """Return the names that a condition asks for, and what is known where it holds and where it does not."""
        if test not in self._asked:
            answers = _answer(test, holds=True), _answer(test, holds=False)
            self._asked[test] = frozenset(_dotted(test)), *answers
        return self._asked[test]


class _Ways:
    """The ways of one function, for one name."""

    def __init__(self, function: _Function, name: str, texts: _Texts) -> None:
        self._function = function
        self._name = name
        self._texts = texts
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
        ways = []
        for statement in body:
            ways.append(given)
            if given is not None and isinstance(statement, ast.If) and isinstance(statement.body[-1], _LEAVING):
                asked, _, otherwise = self._texts.asked(statement.test)
                given |= {*asked, otherwise}
        for statement, known in zip(reversed(body), reversed(ways), strict=True):
            after = self._statement(statement, after, ends, known)
        return after

    def _statement(self, node: ast.stmt, after: _Missing, ends: _Ends, given: frozenset[str] | None) -> _Missing:
        match node:
            case ast.If(test=test) | ast.While(test=test) if is_type_checking(test):
                return self._header(node, self._block(node.orelse, after, ends, given), given)
            case ast.If(test=test, body=body, orelse=orelse):
                _, holds, otherwise = self._texts.asked(test)
                options = [(holds, body), (otherwise, orelse)]
                return self._choice(node, test, options, after, ends, given)
            case ast.Match(subject=subject, cases=cases):
                blocks = [("", case.body) for case in cases]
                last = cases[-1]
                is_whole = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None and not last.guard
                return self._choice(node, subject, blocks if is_whole else [*blocks, ("", [])], after, ends, given)
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
        blocks: Iterable[tuple[str, Sequence[ast.stmt]]],
        after: _Missing,
        ends: _Ends,
        given: frozenset[str] | None,
    ) -> _Missing:
        asked, _, _ = self._texts.asked(test)
        may_change = any(self._concerns(name) or self._is_own(name.partition(".")[0]) for name in asked)
        ways: list[tuple[str, _Missing]] = []
        for answer, block in blocks:
            within = None if given is None else given | asked | (set() if may_change else {answer})
            ways.append((answer, self._block(block, after, ends, within)))

        @cache
        def missing(known: frozenset[str]) -> bool:
            found = [way(known) for answer, way in ways if answer and answer in known]
            if found:
                return found[0]
            is_known = may_change or not asked.isdisjoint(known)
            return (all if is_known else any)(way(known) for _, way in ways)

        return self._header(node, missing, given)

    def _is_own(self, name: str) -> bool:
        """Whether the function assigns another name."""
        return name != self._name and name in self._texts.assigned

    def _concerns(self, name: str) -> bool:
        """Whether a condition that asks for something dotted asks for the name itself, or its owner."""
        return _covers(name, self._name) or _covers(self._name, name)

    def _header(self, node: ast.stmt, after: _Missing, given: frozenset[str] | None) -> _Missing:
        """Note a statement, of a compound one its header; return what is missing before it."""
        is_bound = any(_covers(written, self._name) for written in self._texts.renewed(node))
        self._is_bound = self._is_bound or is_bound
        if given is not None:
            begin, end = _begin(node), _end_of_header(node)
            self._points[Span(begin, end)] = not is_bound and after(given)
            if is_bound and end == _end(node):
                # What is bound here may be there to stay.
                self._points[Span(end, Location(end.row, end.column + 1))] = after(given)
        return _never if is_bound else after


_LEAVING = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _branches(function: _Function) -> dict[Location, tuple[ast.stmt, Span | None]]:
    """Return the statements of a function by their beginnings, each with the innermost branch that it stands in."""
    found: dict[Location, tuple[ast.stmt, Span | None]] = {}
    pending: list[tuple[ast.stmt, Span | None]] = [(statement, None) for statement in function.body]
    while pending:
        node, branch = pending.pop()
        found[_begin(node)] = node, branch
        if isinstance(node, _DEFINITIONS):
            continue
        for each in (node, *getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            for block in (getattr(each, field, ()) for field in ("body", "orelse", "finalbody")):
                is_choice = isinstance(each, ast.If) and not is_type_checking(each.test)
                is_certain = isinstance(each, ast.stmt) and not is_choice
                inner = branch if is_certain or not block else Span(_begin(block[0]), _end(block[-1]))
                pending += ((statement, inner) for statement in block)
    return found


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
    match node:
        case ast.Expr(value=ast.Call() as call) | ast.Expr(value=ast.Await(value=ast.Call() as call)):
            called = ast.unparse(call.func)
            yield from (ast.unparse(call), called, f"{called}()", _alike(call))
    for below in (inner for part in parts for inner in descendants(part)):
        match below:
            case ast.Subscript(value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str() as key)):
                yield key
            case ast.Name(ctx=context) | ast.Attribute(ctx=context) | ast.Subscript(ctx=context):
                if not isinstance(context, ast.Load):
                    yield ast.unparse(below)


def _alike(call: ast.Call) -> str:
    """Return how a call is written as far as it says what it puts something under: ``register('a')``."""
    constants = [ast.unparse(argument) for argument in call.args if isinstance(argument, ast.Constant)]
    if call.args and not constants:
        return ast.unparse(call)
    called = ast.unparse(call.func)
    return f"{called}({', '.join(constants)})" if constants else called


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


def _answer(test: ast.expr, *, holds: bool) -> str:
    """Return what is known where a condition holds, or does not; nothing if its next answer may be another one."""
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, holds = test.operand, not holds
    return "" if any(isinstance(node, ast.Call) for node in descendants(test)) else f"{ast.unparse(test)} is {holds}"


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
