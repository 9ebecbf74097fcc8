"""One place in a file that keeps something of another module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stalecheck.link.evaluate import Evaluator
from stalecheck.link.values import Capture, Made, Relation, Value
from stalecheck.model import Holder, Location, SourceFile, Span
from stalecheck.summarize.summary import (
    NOWHERE,
    Attribute,
    Call,
    Choice,
    Derived,
    Display,
    Expression,
    Item,
    Rebinding,
    Reference,
    Summary,
    Usage,
)
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
    source: Expression | None = None
    """The captured expression, or one around it: what the holder took it from."""

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

    is_property: bool = False
    """A cached property: each instance has a cache of its own."""

    is_reset: bool = False
    """Bound by a function, and bound to something else whenever the file's own body runs."""

    until: tuple[Location, ...] = ()
    """Where a local import is still read."""

    unreached: tuple[tuple[Location, Location, Location], ...] = ()
    """From where to where in its function a call does not get from what happens there, and up to where not."""

    called: tuple[tuple[SourceFile | None, str, Location], ...] = ()
    """Which functions are called between a local import and there: file, name and where the call ends. Without a
    file it is what the test fixture of that name gave."""

    is_filled_elsewhere: bool = False
    """A container that the body of the origin's module has filled: its own body makes it anew, empty."""

    made_by: frozenset[SourceFile] = frozenset()
    """The other modules that may make the container: as long as they do not run again, binding its name anew gives
    the same one."""

    emptied_by: frozenset[SourceFile] = frozenset()
    """The modules that take it out of the container again when they are imported."""

    owners: frozenset[str] = frozenset()
    """The classes whose methods the instance has of which it is an attribute: its own and the bases of that."""

    made_at: Location = NOWHERE.start
    """Where a function makes the instance of which it is an attribute."""

    attached_by: str = ""
    """The function, elsewhere, that attached it: ``base.register``."""

    done: Rebinding | None = None
    """The statement of a function that reloads which puts it where it is."""

    emptied: tuple[tuple[SourceFile, Rebinding], ...] = ()
    """The statements of such functions, each with its file, that take it out again, or put something in its place."""

    usages: frozenset[Usage] | None = None
    """What is done with it under another name than the holder's; None: look the holder's name up."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The file whose holders are looked for."""

    file: SourceFile
    summary: Summary
    evaluator: Evaluator

    def evaluate(self, expression: Expression, at: Location, *, is_held: bool = False, block: str = "") -> Value:
        """Return what an expression of the file may be, or of one of its functions, a `block`."""
        return self.evaluator.expression(self.file, expression, at, is_held=is_held, block=block)

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
        return Holding(self.file, holder, span, capture, block, expression)


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
    return isinstance(expression, (Display, Call)) or (isinstance(expression, Derived) and bool(expression.summands))


def root(expression: Expression, capture: Capture) -> Reference | None:
    """Return the name with which the part of an expression begins that a capture came from; None if unknown."""
    while True:
        match expression:
            case Reference():
                return expression
            case Attribute(value=inner) | Item(value=inner):
                expression = inner
            case Call(function=inner, arguments=arguments):
                given = (a.value for a in arguments if a.span == capture.span != NOWHERE)
                expression = next(given, inner)
            case _:
                return None


def names_in(expression: Expression) -> Iterator[Reference]:
    """Yield the names in an expression, but not those in functions, in the order in which they stand."""
    pending = [expression]
    while pending:
        match pending.pop():
            case Reference() as name:
                yield name
            case Attribute(value=inner) | Item(value=inner):
                pending.append(inner)
            case Call(function=inner, arguments=arguments):
                pending += [*(argument.value for argument in reversed(arguments)), inner]
            case Choice(options=parts) | Derived(operands=parts):
                pending += reversed(parts)
            case Display(elements=elements):
                pending += (element.value for element in reversed(elements))
            case _:
                pass
