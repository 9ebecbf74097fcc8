"""One place in a file that keeps something of another module."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stalecheck.link.evaluate import Evaluator
from stalecheck.link.values import Capture, Made, Relation, Value
from stalecheck.model import Holder, Location, SourceFile, Span
from stalecheck.summarize.summary import Attribute, Call, Display, Expression, Item, Reference, Summary, Usage
from stalecheck.vocabulary import HolderKind, OriginKind, ReloadMode

HELD = frozenset(Relation) - {Relation.DERIVED}

CALLED = frozenset({OriginKind.FUNCTION, OriginKind.CLASS})
"""Of these a computed result is no holder: it is another object."""

KINDS = {
    Relation.IS: HolderKind.ALIAS,
    Relation.MEMBER: HolderKind.ENUM_MEMBER,
    Relation.INSTANCE: HolderKind.INSTANCE,
    Relation.WRAPPED: HolderKind.WRAPPED_CALLABLE,
    Relation.INSIDE: HolderKind.CONTAINER,
    Relation.DERIVED: HolderKind.ALIAS,
}


@dataclass(frozen=True, slots=True)
class Holding:
    """One holder and one origin that it keeps, whether or not that goes stale."""

    file: SourceFile
    holder: Holder
    span: Span
    capture: Capture
    block: str = ""
    root: str = ""
    """The name in the file that the captured expression begins with: what the holder took it from."""

    brings: tuple[tuple[str, Capture], ...] = ()
    """The name that a star import brings, with what it keeps; of several holdings made one, all of them."""

    passes_through: bool = False
    """A decorator that hands its argument back unchanged."""

    rebound: tuple[Location, ...] = ()
    """Where the file's own top level binds the same names again."""

    is_argument: bool = False
    """What a decorator was given, not the decorator."""

    is_type_argument: bool = False
    """What a base is parametrized with, not the base."""

    until: tuple[Location, ...] = ()
    """Where a local import is still read."""

    usages: frozenset[Usage] | None = None
    """What is done with it under another name than the holder's; None: look the holder's name up."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The file whose holders are looked for."""

    file: SourceFile
    summary: Summary
    evaluator: Evaluator

    def evaluate(self, expression: Expression, at: Location) -> Value:
        """Return what an expression of the file may be."""
        return self.evaluator.expression(self.file, expression, at)

    def holding(
        self,
        name: str,
        kind: HolderKind,
        span: Span,
        capture: Capture,
        block: str,
        expression: Expression | None = None,
    ) -> Holding:
        """Return that a name of the file holds a capture, which `expression` was taken from."""
        holder = Holder(self.file.module, name, kind)
        root = "" if expression is None else _root(expression)
        return Holding(self.file, holder, span, capture, block, root)


def closest(captures: Iterable[Capture]) -> list[Capture]:
    """Return one capture for each origin and mode: the closest relation; of several ways the shortest."""
    best: dict[tuple[Made, ReloadMode | None], Capture] = {}
    for capture in captures:
        other = best.get((capture.made, capture.mode))
        if other is None or (capture.relation, len(capture.via)) < (other.relation, len(other.via)):
            best[capture.made, capture.mode] = capture
    return list(best.values())


def constructs(expression: Expression) -> bool:
    """Whether an expression makes a container, and does not only name one."""
    return isinstance(expression, (Display, Call))


def _root(expression: Expression) -> str:
    """Return the name that an expression begins with."""
    while True:
        match expression:
            case Reference(name=name):
                return name
            case Attribute(value=inner) | Item(value=inner):
                expression = inner
            case Call(function=inner, arguments=()):
                expression = inner
            case _:
                return ""
