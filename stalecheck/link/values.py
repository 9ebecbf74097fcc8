"""What the linker knows of a value without running anything: what it may be, and whose old objects it keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TypeAlias

from stalecheck.model import Location, Origin, SourceFile, Span
from stalecheck.summarize.summary import NOWHERE, Argument, Class, Display, Function
from stalecheck.vocabulary import ReloadMode


class Relation(IntEnum):
    """How a value keeps an origin; the closest comes first."""

    IS = 1
    """It is the origin itself."""

    MEMBER = 2
    """It is a member of an Enum."""

    INSTANCE = 3
    """It is an instance of the origin, a class."""

    WRAPPED = 4
    """It is a callable or an object that was made around the origin."""

    INSIDE = 5
    """It is a container that holds the origin."""

    DERIVED = 6
    """It was computed from the origin."""


class Trait(IntEnum):
    """What decides how bad it is when an origin is replaced."""

    SENTINEL = 1
    IDENTITY_ONLY = 2
    """A TypeVar, NewType or Protocol."""

    ENUM = 5
    """An Enum whose members are equal to themselves only."""

    ENUM_MEMBER = 4

    COMPARABLE_ENUM = 3
    """An Enum mixed with str or int: its members still compare equal."""

    HOLDS_CLASSES = 6
    """A container of classes, which ``except`` and ``isinstance`` take."""

    TEXT = 7
    """A string or bytes, as it is written."""

    CONSTANT = 8
    """A string or number that is written in the body of a class: the new one equals the old one."""


ASKED = Location(0, 0)
"""Where a module took what its ``__getattr__`` answers: it is asked whenever another one takes it."""


@dataclass(frozen=True, slots=True)
class Made:
    """An origin in the project, with what the linker has to know of it."""

    origin: Origin
    file: SourceFile
    is_kept: bool = False
    """Guarded so that an in-place reload does not make it again."""

    traits: frozenset[Trait] = frozenset()


@dataclass(frozen=True, slots=True)
class Capture:
    """One origin that a value keeps.

    `via` are the files that the name travelled through, the origin's first; `taken` is where the holder's own file
    took it from another one.
    """

    made: Made
    relation: Relation
    via: tuple[SourceFile, ...]
    taken: Location
    of_instance: bool = False
    """What is kept is an instance of the origin, a class, whatever it is wrapped in."""

    steps: tuple[Location, ...] = ()
    """Where each file of `via` behind the origin's took it from the one before."""

    span: Span = NOWHERE
    name: str = ""
    """By which name the origin's module was imported, where it has several: each makes a module of its own."""

    mode: ReloadMode | None = None
    """The only mode in which it came this way; None: in both. What is taken of a module that is held is that of the
    module's last run if that was in place, and that of the old module under eviction."""

    is_of_package: bool = False
    """A submodule that is looked up in its package when it is used: whoever imports it again replaces it there."""

    back_from: SourceFile | None = None
    """The module from which the origin's own takes the old object back whenever it runs again: only when both are
    evicted together is there a new one."""

    behind: tuple[Made, ...] = ()
    """The functions of the reloaded module within whose call it was computed, where it was not given to the call."""

    is_answer: bool = False
    """What a method of an object gave back: what is read out of that is not computed from the object's class."""

    is_of_member: bool = False
    """What is computed comes from a member of the origin, an Enum, or what a container holds is such a member."""

    is_value: bool = False
    """What was computed is a plain value, whatever it was computed from."""

    is_computed: bool = False
    """What a container holds was computed from the origin, and is not the origin."""

    is_base: bool = False
    """What is wrapped around the origin, a class, is a class that inherits from it."""

    def related(self, relation: Relation) -> Capture:
        """Return the same capture in another relation."""
        return replace(self, relation=relation)


@dataclass(frozen=True, slots=True)
class ModuleThing:
    """A module of the project; `name` is how it was imported, where it has several names."""

    file: SourceFile
    name: str = ""


@dataclass(frozen=True, slots=True)
class FunctionThing:
    """A function of the project; `bound` is the class whose instance or class it is bound to."""

    file: SourceFile
    function: Function
    bound: ClassThing | None = None


@dataclass(frozen=True, slots=True)
class ClassThing:
    """A class of the project."""

    file: SourceFile
    definition: Class


@dataclass(frozen=True, slots=True)
class InstanceThing:
    """An instance of a class of the project."""

    of: ClassThing
    may_be_old: bool = False
    """The class has a ``__new__`` that may answer with an object that it made before."""


@dataclass(frozen=True, slots=True)
class ContainerThing:
    """A container display, evaluated in the file where it stands."""

    file: SourceFile
    display: Display
    is_lazy: bool = False
    """An iterator that makes its elements when it is asked for them: it holds none itself."""

    is_live: bool = False
    """The names of a module: they are the new ones when that has been reloaded in place."""

    ways: tuple[Capture, ...] = ()
    """Of what was taken of a module that is evicted how the module came here: its elements came the same way."""


@dataclass(frozen=True, slots=True)
class ExternalThing:
    """Something outside of what was read, by its dotted name; a call's result ends in ``()``."""

    name: str


@dataclass(frozen=True, slots=True)
class PartialThing:
    """A ``functools.partial``, made in a file: what it calls, with the arguments that it already has."""

    file: SourceFile
    function: Value
    arguments: tuple[tuple[Argument, Value], ...]


Thing: TypeAlias = (
    ModuleThing | FunctionThing | ClassThing | InstanceThing | ContainerThing | ExternalThing | PartialThing
)


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression may be (`things`) and what it keeps (`captures`).

    `is_new` says that evaluating it makes an object, so that the module whose body does it is its origin.
    """

    things: tuple[Thing, ...] = ()
    captures: tuple[Capture, ...] = ()
    is_new: bool = False


NOTHING = Value()


def union(values: list[Value]) -> Value:
    """Return what one of several values may be."""
    if len(values) == 1:
        return values[0]
    things = tuple(dict.fromkeys(thing for value in values for thing in value.things))
    captures = tuple(dict.fromkeys(capture for value in values for capture in value.captures))
    return Value(things, captures, any(value.is_new for value in values))
