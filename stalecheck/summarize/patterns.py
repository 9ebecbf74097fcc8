"""The names that the patterns of a ``match`` statement bind, each with its share of the subject."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

import libcst as cst

from stalecheck.summarize.expressions import share
from stalecheck.summarize.summary import LITERAL, NOWHERE, Attribute, Display, Element, Expression, Item

_Convert = Callable[[cst.BaseExpression], Expression]


def captured(
    pattern: cst.MatchPattern, subject: Expression, convert: _Convert
) -> Iterator[tuple[cst.Name, Expression]]:
    """Yield each name that a pattern binds, an outer one after those within, with what of the subject it gets."""
    match pattern:
        case cst.MatchAs(pattern=inner, name=name):
            if inner is not None:
                yield from captured(inner, subject, convert)
            if name is not None:
                yield name, subject
        case cst.MatchOr(patterns=options):
            for option in options:
                yield from captured(option.pattern, subject, convert)
        case cst.MatchList(patterns=elements) | cst.MatchTuple(patterns=elements):
            yield from _of_sequence(elements, subject, convert)
        case cst.MatchMapping(elements=entries, rest=rest):
            for entry in entries:
                key = convert(entry.key.value) if isinstance(entry.key, cst.MatchValue) else LITERAL
                yield from captured(entry.pattern, Item(subject, index=key), convert)
            if rest is not None:
                yield rest, Display((Element(subject, NOWHERE, is_unpacked=True),), is_mapping=True)
        case cst.MatchClass(patterns=positional, kwds=keywords):
            for part in positional:
                # Which attribute that is, the class says.
                yield from captured(part.value, LITERAL, convert)
            for keyword in keywords:
                yield from captured(keyword.pattern, Attribute(subject, keyword.key.value), convert)
        case _:
            pass


def _of_sequence(
    elements: Sequence[cst.MatchSequenceElement | cst.MatchStar], subject: Expression, convert: _Convert
) -> Iterator[tuple[cst.Name, Expression]]:
    is_behind_star = False
    for position, element in enumerate(elements):
        if isinstance(element, cst.MatchStar):
            is_behind_star = True
            if element.name is not None:
                yield element.name, Display((Element(Item(subject), NOWHERE),))
        else:
            part = Item(subject) if is_behind_star else share(subject, position)
            yield from captured(element.value, part, convert)


def twins_of(pattern: ast.pattern) -> Iterator[ast.pattern]:
    """Yield the patterns of the standard library's tree that bind a name, in the order of `captured`."""
    for child in ast.iter_child_nodes(pattern):
        if isinstance(child, ast.pattern):
            yield from twins_of(child)
    match pattern:
        case ast.MatchAs(name=str()) | ast.MatchStar(name=str()) | ast.MatchMapping(rest=str()):
            yield pattern
