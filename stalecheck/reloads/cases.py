"""The cases of a ``match``: the conditions under which they are taken, and what their patterns bind."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stalecheck.reloads.scopes import How


@dataclass(frozen=True, slots=True)
class Capture:
    """A name that a pattern binds; without a value it is not known to what."""

    name: str
    how: How = "unknown"
    value: ast.expr | None = None
    path: tuple[int, ...] = ()
    """Which element of the value."""

    rest: tuple[int, int] | None = None
    """Of ``*name``: how many elements before it and behind it are not its own."""


def taken(subject: ast.expr, case: ast.match_case) -> ast.expr:
    """Return the condition under which a case fits, whatever the cases above say."""
    test = _fits(subject, case.pattern)
    if case.guard is not None:
        test = case.guard if is_certain(test) else ast.BoolOp(ast.And(), [test, case.guard])
    return ast.fix_missing_locations(ast.copy_location(test, case.pattern))


def captures(subject: ast.expr, pattern: ast.pattern) -> Iterator[Capture]:
    """Yield what a pattern binds."""
    yield from _captured(subject, pattern, (), "value")


def is_certain(test: ast.expr) -> bool:
    """Return whether a case fits whatever comes: ``case _:``."""
    return isinstance(test, ast.Constant) and test.value is True


def _fits(subject: ast.expr, pattern: ast.pattern) -> ast.expr:
    match pattern:
        case ast.MatchValue(value=value):
            return ast.Compare(subject, [ast.Eq()], [value])
        case ast.MatchSingleton(value=constant):
            return ast.Compare(subject, [ast.Is()], [ast.Constant(constant)])
        case ast.MatchAs(pattern=None):
            return ast.Constant(True)
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return _fits(subject, inner)
        case ast.MatchOr(patterns=patterns):
            values = [one.value for one in patterns if isinstance(one, ast.MatchValue)]
            if len(values) == len(patterns):
                return ast.Compare(subject, [ast.In()], [ast.Tuple(values, ast.Load())])
            return ast.BoolOp(ast.Or(), [_fits(subject, one) for one in patterns])
        case ast.MatchSequence(patterns=patterns):
            return _fits_all(subject, patterns)
        case ast.MatchClass(cls=ast.Name(id="str") as kind, patterns=patterns, kwd_attrs=[]):
            is_text = ast.Call(ast.Name("isinstance", ast.Load()), [subject, kind], [])
            return _all([is_text, *(_fits(subject, one) for one in patterns)])
    return ast.Call(ast.Name("match", ast.Load()), subject.values if isinstance(subject, ast.Dict) else [subject], [])


def _fits_all(subject: ast.expr, patterns: Sequence[ast.pattern]) -> ast.expr:
    is_open = any(isinstance(one, ast.MatchStar) for one in patterns)
    length = ast.Call(ast.Name("len", ast.Load()), [subject], [])
    count = ast.Constant(len(patterns) - is_open)
    found: list[ast.expr] = [ast.Compare(length, [ast.GtE() if is_open else ast.Eq()], [count])]
    found += [_fits(_element(subject, n), one) for n, one in _numbered(patterns) if not isinstance(one, ast.MatchStar)]
    return _all(found)


def _all(tests: Sequence[ast.expr]) -> ast.expr:
    needed = [test for test in tests if not is_certain(test)]
    return ast.BoolOp(ast.And(), needed) if len(needed) > 1 else needed[0]


def _captured(subject: ast.expr, pattern: ast.pattern, path: tuple[int, ...], how: How) -> Iterator[Capture]:
    match pattern:
        case ast.MatchAs(pattern=inner, name=name):
            if name is not None:
                yield Capture(name, how, subject, path)
            if inner is not None:
                yield from _captured(subject, inner, path, how)
        case ast.MatchSequence(patterns=patterns):
            stars = [number for number, one in enumerate(patterns) if isinstance(one, ast.MatchStar)]
            for number, one in _numbered(patterns):
                if isinstance(one, ast.MatchStar):
                    if one.name is not None:
                        yield Capture(one.name, "starred", subject, path, (stars[0], len(patterns) - stars[0] - 1))
                elif not path and _written(subject):
                    yield from _captured(_element(subject, number), one, (), how)
                else:
                    yield from _captured(subject, one, (*path, number), "starred" if stars else how)
        case ast.MatchClass(cls=ast.Name(id="str"), patterns=[inner]):
            yield from _captured(subject, inner, path, how)
        case _:
            for part in ast.walk(pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    yield Capture(name)


def _numbered(patterns: Sequence[ast.pattern]) -> Iterator[tuple[int, ast.pattern]]:
    """Yield each with its index; behind a star that counts from the end."""
    is_behind = False
    for number, one in enumerate(patterns):
        yield number - len(patterns) if is_behind else number, one
        is_behind = is_behind or isinstance(one, ast.MatchStar)


def _written(subject: ast.expr) -> Sequence[ast.expr]:
    """The elements of what is matched, if they are written out."""
    elements = subject.elts if isinstance(subject, (ast.Tuple, ast.List)) else ()
    return () if any(isinstance(element, ast.Starred) for element in elements) else elements


def _element(subject: ast.expr, number: int) -> ast.expr:
    written = _written(subject)
    if -len(written) <= number < len(written):
        return written[number]
    return ast.Subscript(subject, ast.Constant(number), ast.Load())
