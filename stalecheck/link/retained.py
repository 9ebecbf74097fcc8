"""What functions and methods of the project keep of the arguments that they are called with."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from stalecheck.link import known
from stalecheck.link.captures import Part
from stalecheck.link.constants import constants
from stalecheck.link.emptied import takes_out
from stalecheck.link.evaluate import Evaluator
from stalecheck.link.holding import HELD
from stalecheck.link.program import Frame
from stalecheck.link.removals import Emptying, target_of
from stalecheck.link.values import (
    NOTHING,
    Capture,
    ClassThing,
    ContainerThing,
    ExternalThing,
    FunctionThing,
    InstanceThing,
    Made,
    ModuleThing,
    Relation,
    Thing,
    Value,
)
from stalecheck.model import Location, SourceFile
from stalecheck.summarize.summary import (
    Argument,
    Attribute,
    Call,
    CallStatement,
    Choice,
    Display,
    Expression,
    Function,
    HandedOn,
    Item,
    Kept,
    Literal,
    NamedModule,
    Parameter,
    Reference,
    Store,
)
from stalecheck.vocabulary import OriginKind, ReloadMode


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a call has put into a container."""

    place: Hashable
    """Where the container is made; None where that is not known."""

    key: Literal | None
    owner: Expression | None = None
    attribute: str = ""
    """The object whose attribute the container is, and which."""


_Kept: TypeAlias = Iterator[tuple[Made, ReloadMode | None]]
_Given: TypeAlias = Sequence[tuple[Argument, Value]]
_MOST_CALLS = 5


class Retained:
    """Follows what a call of a file puts into what stays."""

    def __init__(self, file: SourceFile, evaluator: Evaluator) -> None:
        self._file = file
        self._evaluator = evaluator

    def by_call(self, call: Call, callee: Value, at: Location) -> _Kept:
        """Yield what a call puts into something that outlives it, and is not the reloaded module's own."""
        frame = Frame(self._file, at)
        if not callee.things and isinstance(call.function, Attribute):
            callee = self._evaluator.attribute(self._object(call.function.value, frame), call.function.name, frame)
        functions = [thing for thing in callee.things if isinstance(thing, FunctionThing) and _keeps(thing)]
        if not functions:
            return
        owner = _owner(call.function)
        receiver = NOTHING if owner is None else self._object(owner, frame)
        lasts = owner is not None and self._lasts(owner, receiver)
        given = [(item, self._evaluator.outermost(item.value, frame)) for item in call.arguments]
        if not any(value.captures for _, value in given):
            return
        for function in functions:
            yield from self._by_function(function, callee, given, receiver, at, (), lasts=lasts)

    def is_taken_back(self, statement: CallStatement, made: Made) -> bool:
        """Whether the top level takes out again what a call has put somewhere, or puts another one there."""
        summary = self._evaluator.program.summaries[self._file]
        others: list[CallStatement | Store] = [*summary.calls, *summary.stores]
        entries = self._entries(statement)
        return any(
            other.at > statement.at
            and not other.is_conditional
            and self._takes_back(statement, made, other, self._file, entries)
            for other in others
        )

    def taken_back_by_functions(self, statement: CallStatement, made: Made) -> Iterator[Emptying]:
        """Yield the statements of functions that reload which do so."""
        entries = self._entries(statement)
        for file, summary in self._evaluator.program.summaries.items():
            for body in summary.bodies:
                if self._takes_back(statement, made, body.statement, file, entries):
                    yield file, body.done

    def _entries(self, statement: CallStatement) -> tuple[_Entry, ...]:
        """Return in which containers a call puts something, and under which keys; nothing if not all are known."""
        function = statement.call.function
        things = self._evaluator.expression(self._file, function, statement.at).things
        if len(things) != 1 or not isinstance(things[0], FunctionThing):
            return ()
        called = things[0].function
        keys = self._keys(called, statement, self._file)
        key = keys[0][0] if len(keys) == 1 and len(keys[0]) == 1 else None
        owner = function.value if isinstance(function, Attribute) and called.retains else None
        found: list[_Entry] = []
        for kept in (*called.keeps, *called.retains):
            match kept:
                case Kept(target=Attribute(value=Parameter(), name=name)) if owner is not None:
                    place = self._evaluator.removals.place(self._file, Attribute(owner, name))
                    found.append(_Entry(place, key, owner, name))
                case Kept(target=Reference(name=name)) if owner is None:
                    place = self._evaluator.removals.place_at_end(things[0].file, name)
                    if place is None:
                        return ()
                    found.append(_Entry(place, key))
                case _:
                    return ()
        return tuple(found)

    def _takes_back(
        self,
        first: CallStatement,
        made: Made,
        other: CallStatement | Store,
        file: SourceFile,
        entries: tuple[_Entry, ...],
    ) -> bool:
        if entries and all(self._is_taken_out(entry, other, file) for entry in entries):
            return True
        return isinstance(other, CallStatement) and self._is_undone(first, made, other, file)

    def _is_taken_out(self, entry: _Entry, other: CallStatement | Store, file: SourceFile) -> bool:
        """Whether a statement takes something out of the container that it is in, or puts another one there."""
        if isinstance(other, Store) and other.attribute:
            is_anew = all(_is_anew(element.value) for element in other.values)
            return is_anew and other.attribute == entry.attribute and self._is_owner(entry, other.target, file)
        match other:
            case CallStatement(call=Call(function=Attribute(value=owner) as function)):
                things = self._evaluator.expression(file, function, other.at).things
                methods = [thing.function for thing in things if isinstance(thing, FunctionThing)]
                if methods:
                    is_emptied = all(entry.attribute in method.empties for method in methods)
                    return is_emptied and self._is_owner(entry, owner, file)
        target = target_of(other)
        place = None if target is None else self._evaluator.removals.place(file, target)
        is_same = place is not None and place == entry.place
        if not is_same and isinstance(target, Attribute) and target.name == entry.attribute:
            is_same = self._is_owner(entry, target.value, file)
        return is_same and takes_out(other, entry.key)

    def _is_owner(self, entry: _Entry, owner: Expression, file: SourceFile) -> bool:
        return entry.owner is not None and self._is_same(entry.owner, owner, file)

    def _is_same(self, owner: Expression, another: Expression, file: SourceFile) -> bool:
        """Whether an expression of this file stands for the same object as one of another."""
        place = self._evaluator.removals.place(self._file, owner)
        is_same = place is not None and place == self._evaluator.removals.place(file, another)
        return is_same or (file == self._file and owner == another)

    def _is_undone(self, first: CallStatement, made: Made, other: CallStatement, file: SourceFile) -> bool:
        """Whether another call of a registry takes out what the first one has put in, or takes its place."""
        things = self._evaluator.expression(file, other.call.function, other.at).things
        match first.call.function, other.call.function:
            case Attribute(value=owner, name=name), Attribute(value=another, name=second) if self._is_same(
                owner, another, file
            ):
                pass
            case called, _:
                begin = self._evaluator.expression(self._file, called, first.at).things
                if len(begin) != 1 or begin != things or not isinstance(things[0], FunctionThing):
                    return False
                if not things[0].function.keeps:
                    return False
                name = second = ""
        begun = _constants(self._evaluator, first.call, self._file)
        for function in (thing.function for thing in things if isinstance(thing, FunctionThing)):
            given = _by_parameter(function, other.call)
            for argument in (given[name] for name in function.releases if name in given):
                value = self._evaluator.expression(file, argument.value, other.at)
                if any(capture.made == made for capture in value.captures):
                    return True
                if begun & {constants(self._evaluator, argument.value, file)}:
                    return True
            if function.replaces is not None and name == second:
                keys = self._keys(function, first, self._file)
                if all(keys) and keys == self._keys(function, other, file):
                    return True
        return False

    def _keys(self, function: Function, statement: CallStatement, file: SourceFile) -> list[tuple[Literal, ...]]:
        """Return of each thing by which a function finds what it keeps what a call gives for it, if that is known."""
        given = _by_parameter(function, statement.call)
        found: list[tuple[Literal, ...]] = []
        for key in function.replaces or ():
            name, _, attribute = key.partition(".")
            if name not in given:
                found.append((Literal(),) if name in function.parameters else ())
            elif attribute:
                value = self._evaluator.expression(file, given[name].value, statement.at)
                found.append(_names_of(value, is_qualified=attribute == "__qualname__"))
            else:
                found.append(constants(self._evaluator, given[name].value, file))
        return found

    def _object(self, expression: Expression, frame: Frame) -> Value:
        """Return what an expression may be, if it is an attribute of an object also what ``__init__`` makes of that."""
        value = self._evaluator.outermost(expression, frame)
        if value.things or not isinstance(expression, Attribute):
            return value
        owners = [
            thing.of for thing in self._object(expression.value, frame).things if isinstance(thing, InstanceThing)
        ]
        things: list[Thing] = []
        for base in (base for owner in owners for base in self._evaluator.classes.order(owner)):
            inner = Frame(base.file, frame.at, depth=frame.depth + 1)
            for attribute in base.definition.attributes:
                if attribute.name == expression.name:
                    things += self._evaluator.outermost(attribute.value, inner).things
            for name, reaching in base.definition.members if not things else ():
                if name == expression.name:
                    things += (
                        thing for index in reaching for thing in self._evaluator.binding(base.file, index).things
                    )
        return Value(tuple(things), value.captures)

    def _lasts(self, owner: Expression, value: Value) -> bool:
        """Whether an object is still there when the statement that names it has run."""
        match owner:
            case Reference() | NamedModule():
                return True
            case Attribute(value=inner) | Item(value=inner):
                return self._lasts(inner, value)
            case Choice(options=options):
                return all(self._lasts(option, value) for option in options)
        return not value.is_new

    def _by_function(
        self,
        thing: FunctionThing,
        callee: Value,
        given: _Given,
        receiver: Value,
        at: Location,
        calling: tuple[Function, ...],
        *,
        lasts: bool,
    ) -> _Kept:
        if thing.function in calling or len(calling) > _MOST_CALLS or not self._runs(thing):
            return
        values = self._evaluator.calls.bind_arguments(thing, callee, list(given), receiver)
        frame = Frame(thing.file, at, values, holder=self._file)
        for kept in thing.function.keeps:
            yield from self._into(self._evaluator.evaluate(kept.target, frame), kept, frame)
        for item in thing.function.retains:
            if isinstance(item, HandedOn):
                yield from self._handed_on(item.call, thing, frame, (*calling, thing.function), lasts=lasts)
                continue
            itself = _root(item.target)
            if itself not in values:
                values[itself] = receiver
            is_shared = any(isinstance(owner, ClassThing) for owner in values[itself].things)
            if lasts or is_shared:
                target = self._object(item.target, frame)
                if isinstance(item.target, Parameter) and not any(map(self._is_container, target.things)):
                    continue
                yield from self._into(target, item, frame, values[itself])

    def _runs(self, thing: FunctionThing) -> bool:
        """Whether calling a function runs its body, which may be that of a method of the class."""
        if thing.function.is_opaque:
            return False
        return self._evaluator.calls.is_transparent(thing)

    def _handed_on(
        self, call: Call, thing: FunctionThing, frame: Frame, calling: tuple[Function, ...], *, lasts: bool
    ) -> _Kept:
        receiver = NOTHING
        match call.function:
            case Attribute(value=Call(function=Reference(name="super")), name=name):
                receiver = (frame.arguments or {}).get(next(iter(thing.function.parameters), ""), NOTHING)
                callee = Value(tuple(self._inherited(name, thing)))
            case Attribute(value=owner):
                receiver = self._evaluator.evaluate(owner, frame)
                callee = self._evaluator.evaluate(call.function, frame)
            case called:
                callee = self._evaluator.evaluate(called, frame)
        given = [(argument, self._evaluator.evaluate(argument.value, frame)) for argument in call.arguments]
        for function in callee.things:
            if isinstance(function, FunctionThing) and _keeps(function):
                yield from self._by_function(function, callee, given, receiver, frame.at, calling, lasts=lasts)

    def _inherited(self, name: str, thing: FunctionThing) -> Iterator[Thing]:
        """Yield the method of a name that the bases of the class have in whose body a method stands."""
        classes = self._evaluator.classes
        order = classes.order(thing.bound) if thing.bound is not None else []
        owner = thing.function.name.rpartition(".")[0]
        behind = [at for at, each in enumerate(order) if each.file == thing.file and each.definition.name == owner]
        for base in order[behind[0] + 1 :] if behind else ():
            for member, reaching in base.definition.members:
                if member == name:
                    bound = self._evaluator.program.summaries[base.file].bindings[reaching[-1]].value
                    if isinstance(bound, Function):
                        yield FunctionThing(base.file, bound, thing.bound)
                    return

    def _is_container(self, thing: Thing) -> bool:
        """Whether a thing is an object of a class that inherits what it does with its elements."""
        if not isinstance(thing, InstanceThing):
            return False
        return bool(self._evaluator.classes.external_bases(thing.of) & known.CONTAINERS)

    def _into(self, target: Value, kept: Kept, frame: Frame, owner: Value = NOTHING) -> _Kept:
        """Yield what of an element stays in something that outlives the call."""
        value = self._evaluator.evaluate(kept.element.value, frame)
        if any(map(_is_weak, (*target.things, *value.things))):
            return
        if isinstance(kept.element.value, Item) and not value.captures:
            # An element of what `*args` holds.
            given = self._evaluator.evaluate(kept.element.value.value, frame)
            value = Value((), tuple(c for c in given.captures if c.relation is Relation.INSIDE))
        elif kept.element.is_unpacked and any(isinstance(item, ContainerThing) for item in value.things):
            value = self._evaluator.containers.elements(value, None, frame, Part.WHOLE)
        for capture in value.captures:
            if capture.relation in HELD and not belongs_to(target, capture) and not belongs_to(owner, capture):
                yield capture.made, capture.mode


def belongs_to(target: Value, capture: Capture) -> bool:
    """Whether what is stored belongs to the reloaded module's own object: that one is replaced as well."""
    if any(isinstance(thing, ModuleThing) and thing.file == capture.made.file for thing in target.things):
        return True
    return any(held.made.file == capture.made.file and held.relation is Relation.IS for held in target.captures)


def keeps_first(function: Function) -> bool:
    """Whether a function keeps its first argument as it is: what a decorator does that registers."""
    return any(kept.element.value == Parameter(name) for name in function.parameters[:1] for kept in function.keeps)


def _is_anew(value: Expression) -> bool:
    """Whether an expression makes a container into which nothing of another one is taken over."""
    match value:
        case Display(elements=elements, sliced=None):
            return not any(element.is_unpacked or isinstance(element.value, Item) for element in elements)
        case Call(arguments=()):
            return True
        case Literal():
            return True
    return False


def _by_parameter(function: Function, call: Call) -> dict[str, Argument]:
    """Return the arguments of a call of a function or method by the parameters that they are given for."""
    plain = [argument for argument in call.arguments if not argument.keyword]
    is_method = "." in function.name and not function.keeps
    found = dict(zip(function.parameters[1:] if is_method else function.parameters, plain, strict=False))
    return found | {argument.keyword: argument for argument in call.arguments if argument.keyword}


def _constants(evaluator: Evaluator, call: Call, file: SourceFile) -> set[tuple[Literal, ...]]:
    """Return the strings and numbers that a call is given."""
    return {constants(evaluator, argument.value, file) for argument in call.arguments} - {()}


def _names_of(value: Value, *, is_qualified: bool) -> tuple[Literal, ...]:
    """Return what the one function or class is called that a value is; nothing where it may be anything else."""
    origins = {capture.made.origin for capture in value.captures if capture.relation is Relation.IS}
    if len(origins) != 1 or len(value.things) > 1:
        return ()
    origin = origins.pop()
    if origin.kind not in (OriginKind.FUNCTION, OriginKind.CLASS):
        return ()
    return (Literal(repr(origin.name if is_qualified else origin.name.rpartition(".")[2]), is_text=True),)


def _keeps(thing: FunctionThing) -> bool:
    return bool(thing.function.keeps or thing.function.retains)


def _owner(function: Expression) -> Expression | None:
    """Return what a method is taken from that is called, or that made what is called: ``hub`` of ``hub.on("x")(f)``."""
    match function:
        case Attribute(value=owner) | Call(function=Attribute(value=owner)):
            return owner
    return None


def _root(target: Expression) -> str:
    """Return the parameter with which an expression begins."""
    while not isinstance(target, Parameter):
        match target:
            case Attribute(value=inner) | Item(value=inner) | Call(function=Attribute(value=inner)):
                target = inner
            case _:
                return ""
    return target.name


def _is_weak(thing: Thing) -> bool:
    """Whether a container or reference lets go of what nothing else keeps."""
    return isinstance(thing, ExternalThing) and thing.name.startswith("weakref.")
