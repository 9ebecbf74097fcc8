"""What becomes of a value's captures when something is made of the value."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from enum import Enum

from stalecheck.link import known
from stalecheck.link.values import (
    Capture,
    ClassThing,
    ContainerThing,
    ExternalThing,
    FunctionThing,
    InstanceThing,
    ModuleThing,
    Relation,
    Thing,
    Value,
)
from stalecheck.model import Location, SourceFile
from stalecheck.summarize.summary import NOWHERE, Argument, Attribute, Call, Display, Element, Literal
from stalecheck.vocabulary import OriginKind, ReloadMode


class Part(Enum):
    """What is taken of a mapping, by the name of the method that gives it."""

    KEYS = "keys"
    VALUES = "values"
    ITEMS = "items"
    WHOLE = "copy"


TRAVELS = frozenset({Relation.IS, Relation.MEMBER, Relation.INSTANCE, Relation.DERIVED})
"""What goes on to another module with a name. A container or wrapper is reported where it stands, once."""

MADE_CLASS = ExternalThing("types.new_class()")
"""A class that a call of `type` makes."""

_TYPING = ("typing.", "typing_extensions.", "collections.abc.", "types.GenericAlias")


def origin_kind(value: Value) -> OriginKind:
    """Return what kind of origin a value is that a module's body made."""
    for thing in value.things:
        match thing:
            case InstanceThing(may_be_old=may_be_old):
                return OriginKind.VALUE if may_be_old else OriginKind.INSTANCE
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
                if called in known.INSTANCE_MAKERS:
                    return OriginKind.INSTANCE
                if called in known.CONTAINERS | known.COMPUTES | known.VALUE_MAKERS:
                    return OriginKind.VALUE
                made_by = called.removesuffix("()")
                is_made_class = made_by != called and made_by in known.CLASS_FACTORIES
                if is_made_class or _looks_like_class(called):
                    return OriginKind.INSTANCE
    return OriginKind.VALUE


def is_result(capture: Capture) -> bool:
    """Whether a capture is only what a function or class of the reloaded module computed."""
    is_called = capture.made.origin.kind in {OriginKind.FUNCTION, OriginKind.CLASS} and not capture.is_of_member
    return is_called and capture.relation is Relation.DERIVED


def inside(capture: Capture) -> Capture:
    """Return a capture as a container has it whose element it is one of."""
    is_computed = capture.is_computed or capture.relation is Relation.DERIVED
    is_of_member = capture.is_of_member or capture.relation is Relation.MEMBER
    return replace(capture, relation=Relation.INSIDE, is_computed=is_computed, is_of_member=is_of_member)


def is_plain(capture: Capture) -> bool:
    """Whether a capture is a plain value, or computed."""
    is_value = capture.relation is Relation.IS and capture.made.origin.kind is OriginKind.VALUE
    return is_value or capture.relation is Relation.DERIVED


def is_function_spec(argument: Argument, value: Value) -> bool:
    """Whether a mock is given a function to be like: it keeps the names of its attributes only."""
    is_function = all(capture.made.origin.kind is OriginKind.FUNCTION for capture in value.captures)
    return argument.keyword in {"spec", "spec_set"} and is_function


def reached(value: Value) -> tuple[Capture, ...]:
    """Return what is reached through a value that something else holds: nothing of the bases of a class."""
    if MADE_CLASS not in value.things:
        return value.captures
    return tuple(capture for capture in value.captures if capture.relation is Relation.IS)


def placeless(captures: tuple[Capture, ...]) -> tuple[Capture, ...]:
    """Return captures without the places that they had in the expression of another binding."""
    if all(capture.span == NOWHERE for capture in captures):
        return captures
    return tuple(replace(capture, span=NOWHERE) for capture in captures)


def part_of(display: Display, part: Part) -> Display:
    """Return the keys, values or items of a mapping; of what is no mapping everything."""
    if not display.is_mapping or part is Part.WHOLE:
        return display
    parts: list[Element] = []
    key: Element | None = None
    for element in display.elements:
        if element.is_unpacked:
            method = Attribute(element.value, part.value)
            parts.append(replace(element, value=Call(method, ())))
        elif element.is_key:
            key = element
            if part is Part.KEYS:
                parts.append(element)
        elif part is Part.VALUES:
            parts.append(element)
        elif part is Part.ITEMS and key is not None:
            parts.append(Element(Display((key, element), is_sequence=True), NOWHERE))
    return Display(tuple(parts), is_sequence=_is_in_order(display))


def _is_in_order(mapping: Display) -> bool:
    """Whether a mapping has its entries one after the other as they are written."""
    keys = [element.value for element in mapping.elements if element.is_key]
    is_written = all(isinstance(key, Literal) and key.written for key in keys) and len(set(keys)) == len(keys)
    return is_written and not any(element.is_unpacked or element.may_lack for element in mapping.elements)


def under(display: Display, keys: tuple[Literal, ...]) -> Display:
    """Return a mapping with what may stand under one of some keys; what stands under others, as written, does not."""
    found: list[Element] = []
    for key in keys:
        matching: list[Element] = []
        others: list[Element] = []
        entry: Element | None = None
        for element in display.elements:
            if element.is_key:
                entry = element
            elif entry is not None and entry.value == key:
                if not element.may_lack:
                    matching, others = [], []
                matching += [entry, element]
                entry = None
            elif entry is None or not (isinstance(entry.value, Literal) and entry.value.written):
                others += [element] if entry is None else [entry, element]
                entry = None
        found += [*matching, *(element for element in others if element.is_unpacked)] if matching else others
    return Display(tuple(dict.fromkeys(found)), is_mapping=True)


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


def is_mapping(value: Value) -> bool | None:
    """Whether a value is a mapping, if it is a container; None if it is none."""
    for thing in value.things:
        match thing:
            case ContainerThing(display=display):
                return display.is_mapping
            case ExternalThing(name=name) if name.endswith("()") and name.removesuffix("()") in known.CONTAINERS:
                return name.removesuffix("()") in known.MAPPINGS
    return None


def related(value: Value, relation: Relation) -> tuple[Capture, ...]:
    """Return the captures of origins themselves, in another relation."""
    return tuple(capture.related(relation) for capture in value.captures if capture.relation is Relation.IS)


def derived(value: Value) -> tuple[Capture, ...]:
    """Return what a value computed from another one is derived from; of ``__all__`` only strings can be."""
    return tuple(
        capture.related(Relation.DERIVED)
        for capture in value.captures
        if capture.relation in TRAVELS
        and capture.made.origin.kind is not OriginKind.MODULE
        and capture.made.origin.name != "__all__"
    )


def read_out(value: Value) -> tuple[Capture, ...]:
    """Return what an element of a value is derived from of which nothing else is known: of an answer nothing."""
    return tuple(capture for capture in derived(value) if not capture.is_answer)


def answered(result: Value, receiver: Value, name: str) -> Value:
    """Return what a method of an object gave back; a string, number or container computes what its methods give."""
    is_instance = any(isinstance(thing, InstanceThing) for thing in receiver.things)
    is_instance = is_instance or any(c.of_instance or c.relation is Relation.INSTANCE for c in receiver.captures)
    if _is_made_only(receiver) and result.things != receiver.things:
        makers = {capture.made for capture in receiver.captures}
        captures = (c for c in result.captures if not (is_result(c) and c.made in makers))
        return replace(result, captures=tuple(captures))
    is_unknown = not any(isinstance(thing, (ModuleThing, ClassThing)) for thing in receiver.things)
    if is_instance or (is_unknown and name not in known.VALUE_METHODS):
        captures = (replace(c, is_answer=True) if is_result(c) else c for c in result.captures)
        return replace(result, captures=tuple(captures))
    return result


def _is_made_only(value: Value) -> bool:
    """Whether a value is an instance of a class that is not reloaded, which a function of the reloaded module made."""
    is_instance = bool(value.things) and all(isinstance(thing, InstanceThing) for thing in value.things)
    return is_instance and all(is_result(c) and not c.of_instance for c in value.captures)


def kept(arguments: list[tuple[Argument, Value]]) -> tuple[Capture, ...]:
    """Return what an unknown callable may keep of its arguments: of a container that is an origin itself that one."""
    found: dict[Capture, None] = {}
    for argument, value in arguments:
        containers = _containers(value.captures)
        for capture in whole(value.captures):
            if capture.made.origin.kind is OriginKind.MODULE:
                continue
            is_value = is_plain(capture) and capture not in containers
            relation = Relation.DERIVED if is_value else Relation.WRAPPED
            found[replace(capture, relation=relation, span=argument.span)] = None
    return tuple(found)


def whole(captures: Iterable[Capture]) -> tuple[Capture, ...]:
    """Return captures without the elements of containers that are origins themselves."""
    found = tuple(captures)
    origins = {(capture.made.file, capture.mode) for capture in _containers(found)}
    return tuple(c for c in found if c.relation is not Relation.INSIDE or (c.made.file, c.mode) not in origins)


def _containers(captures: Iterable[Capture]) -> frozenset[Capture]:
    """Return the captures that are containers whose elements are captures, too."""
    found = tuple(captures)
    held = {(capture.made.file, capture.mode) for capture in found if capture.relation is Relation.INSIDE}
    origins = (c for c in found if c.relation is Relation.IS and c.made.origin.kind is OriginKind.VALUE)
    return frozenset(capture for capture in origins if (capture.made.file, capture.mode) in held)


def gathered(arguments: list[tuple[Argument, Value]], *, with_values: bool = False) -> Value:
    """Return what ``*args`` or ``**kwargs`` hold of the arguments that they take up.

    Plain values are taken for something computed from them, if not `with_values`: a container holds these as well.
    """
    found: dict[Capture, None] = {}
    for argument, value in arguments:
        for capture in value.captures:
            kind = capture.made.origin.kind
            if kind is OriginKind.MODULE or is_result(capture):
                continue
            is_value = capture.relation is Relation.IS and kind is OriginKind.VALUE and not with_values
            relation = Relation.DERIVED if is_value else Relation.INSIDE
            found[replace(capture, relation=relation, span=argument.span)] = None
    return Value((), tuple(found), is_new=True)


def values_of(arguments: list[tuple[Argument, Value]]) -> tuple[Capture, ...]:
    """Return the plain values and objects that a computed value comes from."""
    return tuple(
        capture.related(Relation.DERIVED)
        for _, value in arguments
        for capture in value.captures
        if capture.relation in TRAVELS and capture.made.origin.kind in {OriginKind.VALUE, OriginKind.INSTANCE}
    )


def as_values(captures: Iterable[Capture]) -> tuple[Capture, ...]:
    """Return captures of which a plain value is computed."""
    return tuple(replace(capture, is_value=True) for capture in captures)


def computed_by(function: Value, arguments: list[tuple[Argument, Value]]) -> Value:
    """Return the result of calling something unknown."""
    return Value((), (*derived(function), *kept(arguments)), is_new=True)


def hop(
    value: Value, through: SourceFile, at: Location, name: str = "", *, relations: Collection[Relation] = TRAVELS
) -> Value:
    """Return a value as it arrives from another module, which was imported by a name."""
    written = spelled(through, name)
    captures = tuple(
        replace(
            capture,
            via=capture.via if capture.via[-1] == through else (*capture.via, through),
            steps=capture.steps if capture.via[-1] == through else (*capture.steps, capture.taken),
            taken=at,
            span=NOWHERE,
            name=capture.name or (written if capture.via == (through,) else ""),
        )
        for capture in value.captures
        if capture.relation in relations
    )
    return Value(value.things, captures)


def taken_of(value: Value, module: SourceFile, held: Value) -> Value:
    """Return what is taken of a module, which arrived by `hop`, as what holds the module keeps it.

    `held` is the module as a value: under eviction its own way decides what is old, not the place of the attribute.
    """
    ways = tuple(c for c in held.captures if c.made.origin.kind is OriginKind.MODULE and c.made.file == module)
    if not ways:
        return value
    is_container = any(isinstance(thing, ContainerThing) and thing.file == module for thing in value.things)
    things = tuple(_in_ways(thing, module, ways) for thing in value.things) if is_container else value.things
    if not value.captures:
        return replace(value, things=things)
    captures = [capture if capture.mode else replace(capture, mode=ReloadMode.RELOAD) for capture in value.captures]
    evicted = [replace(way, mode=ReloadMode.REIMPORT) for way in ways]
    captures += along(replace(value, captures=tuple(c for c in value.captures if c.mode is None)), evicted).captures
    return Value(things, tuple(dict.fromkeys(captures)), value.is_new)


def _in_ways(thing: Thing, module: SourceFile, ways: tuple[Capture, ...]) -> Thing:
    return replace(thing, ways=ways) if isinstance(thing, ContainerThing) and thing.file == module else thing


def along(value: Value, ways: Iterable[Capture]) -> Value:
    """Return a value that arrived from a module by `hop` as it comes along ways that begin in that module."""
    captures = [
        replace(
            capture,
            via=(*capture.via, *way.via[1:]),
            steps=(*capture.steps, *way.steps),
            taken=way.taken,
            mode=way.mode or capture.mode,
        )
        for way in ways
        for capture in value.captures
        if capture.via[-1] == way.via[0] and (capture.mode is None or way.mode in {None, capture.mode})
    ]
    return Value(value.things, tuple(dict.fromkeys(captures)), value.is_new)


def spelled(file: SourceFile, name: str) -> str:
    """Return the name that a file was imported by, if it has several and this is one of them; else nothing."""
    return name if file.aliases and name in {file.module, *file.aliases} else ""


def renamed(value: Value, name: str) -> Value:
    """Return modules as they are imported by a name, if it is theirs."""
    files = {thing.file: spelled(thing.file, name) for thing in value.things if isinstance(thing, ModuleThing)}
    if not any(files.values()):
        return value
    things = tuple(replace(t, name=t.name or files[t.file]) if isinstance(t, ModuleThing) else t for t in value.things)
    captures = tuple(replace(c, name=c.name or files.get(c.made.file, "")) for c in value.captures)
    return Value(things, captures, value.is_new)
