"""What becomes of a value's captures when something is made of the value."""

from __future__ import annotations

from dataclasses import replace

from stalecheck.link import known
from stalecheck.link.values import (
    Capture,
    ClassThing,
    ContainerThing,
    ExternalThing,
    FunctionThing,
    InstanceThing,
    Relation,
    Thing,
    Value,
)
from stalecheck.summarize.summary import NOWHERE, Argument, Display, Element
from stalecheck.vocabulary import OriginKind

TRAVELS = frozenset({Relation.IS, Relation.MEMBER, Relation.INSTANCE, Relation.DERIVED})
"""What goes on to another module with a name. A container or wrapper is reported where it stands, once."""

_TYPING = ("typing.", "typing_extensions.", "collections.abc.", "types.GenericAlias")


def origin_kind(value: Value) -> OriginKind:
    """Return what kind of origin a value is that a module's body made."""
    for thing in value.things:
        match thing:
            case InstanceThing():
                return OriginKind.INSTANCE
            case FunctionThing():
                return OriginKind.FUNCTION
            case ClassThing():
                return OriginKind.CLASS
            case ExternalThing(name=name):
                called = name.removesuffix("()")
                if called == name:
                    continue
                if called in known.CLASS_FACTORIES:
                    return OriginKind.CLASS
                if called in known.CONTAINERS or called in known.COMPUTES:
                    return OriginKind.VALUE
                if called == "builtins.object" or _looks_like_class(called):
                    return OriginKind.INSTANCE
    return OriginKind.VALUE


def is_result(capture: Capture) -> bool:
    """Whether a capture is only what a function or class of the reloaded module computed."""
    return capture.relation is Relation.DERIVED and capture.made.origin.kind in {OriginKind.FUNCTION, OriginKind.CLASS}


def is_function_spec(argument: Argument, value: Value) -> bool:
    """Whether a mock is given a function to be like: it keeps the names of its attributes only."""
    is_function = all(capture.made.origin.kind is OriginKind.FUNCTION for capture in value.captures)
    return argument.keyword in {"spec", "spec_set"} and is_function


def placeless(captures: tuple[Capture, ...]) -> tuple[Capture, ...]:
    """Return captures without the places that they had in the expression of another binding."""
    if all(capture.span == NOWHERE for capture in captures):
        return captures
    return tuple(replace(capture, span=NOWHERE) for capture in captures)


def copied(value: Value, method: str) -> Value:
    """Return what ``copy``, ``keys``, ``values`` or ``items`` of a container gives."""
    things: list[Thing] = []
    for thing in value.things:
        if isinstance(thing, ContainerThing) and method == "items":
            elements = thing.display.elements
            pairs = [
                Element(Display(elements[start : start + 2], is_sequence=True), NOWHERE)
                for start in range(0, len(elements) - 1, 2)
            ]
            things.append(ContainerThing(thing.file, Display(tuple(pairs))))
        else:
            things.append(thing)
    return Value(tuple(things), placeless(value.captures), is_new=True)


def _looks_like_class(dotted: str) -> bool:
    last = dotted.rpartition(".")[2].lstrip("_")
    return last[:1].isupper() and not last.isupper()


def is_generic(name: str) -> bool:
    """Whether a subscript of something outside is a generic alias."""
    return (
        name.startswith(_TYPING)
        or name in {f"builtins.{item}" for item in ("list", "dict", "set", "frozenset", "tuple", "type")}
        or name
        in {
            "collections.deque",
            "collections.defaultdict",
            "collections.OrderedDict",
            "contextlib.AbstractContextManager",
        }
        or name.endswith("[]")
    )


def related(value: Value, relation: Relation) -> tuple[Capture, ...]:
    """Return the captures of origins themselves, in another relation."""
    return tuple(capture.related(relation) for capture in value.captures if capture.relation is Relation.IS)


def derived(value: Value) -> tuple[Capture, ...]:
    """Return what a value computed from another one is derived from."""
    return tuple(
        capture.related(Relation.DERIVED)
        for capture in value.captures
        if capture.relation in TRAVELS and capture.made.origin.kind is not OriginKind.MODULE
    )


def kept(arguments: list[tuple[Argument, Value]]) -> tuple[Capture, ...]:
    """Return what an unknown callable may keep of its arguments."""
    found: dict[Capture, None] = {}
    for argument, value in arguments:
        for capture in value.captures:
            kind = capture.made.origin.kind
            if kind is OriginKind.MODULE:
                continue
            is_value = capture.relation is Relation.DERIVED or (
                capture.relation is Relation.IS and kind is OriginKind.VALUE
            )
            relation = Relation.DERIVED if is_value else Relation.WRAPPED
            found[replace(capture, relation=relation, span=argument.span)] = None
    return tuple(found)


def values_of(arguments: list[tuple[Argument, Value]]) -> tuple[Capture, ...]:
    """Return the plain values and objects that a computed value comes from."""
    return tuple(
        capture.related(Relation.DERIVED)
        for _, value in arguments
        for capture in value.captures
        if capture.relation in TRAVELS and capture.made.origin.kind in {OriginKind.VALUE, OriginKind.INSTANCE}
    )


def computed_by(function: Value, arguments: list[tuple[Argument, Value]]) -> Value:
    """Return the result of calling something unknown."""
    return Value((), (*derived(function), *kept(arguments)), is_new=True)


def class_of(value: Value) -> Value:
    """Return the class of an object."""
    things = tuple(thing.of for thing in value.things if isinstance(thing, InstanceThing))
    captures = tuple(
        capture.related(Relation.IS) for capture in value.captures if capture.relation is Relation.INSTANCE
    )
    return Value(things, captures)
