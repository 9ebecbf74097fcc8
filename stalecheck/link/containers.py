"""Containers: what displays hold, what is put into them later, what is taken out of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

from stalecheck.link import known
from stalecheck.link.captures import (
    Part,
    derived,
    hop,
    inside,
    is_generic,
    is_result,
    part_of,
    reached,
    read_out,
    related,
    taken_of,
    under,
)
from stalecheck.link.classes import Classes
from stalecheck.link.constants import constants, is_text
from stalecheck.link.overwritten import Later, Overwritten, behind
from stalecheck.link.program import Evaluates, Frame
from stalecheck.link.removals import Removals
from stalecheck.link.values import (
    Capture,
    ClassThing,
    ContainerThing,
    ExternalThing,
    InstanceThing,
    Made,
    Relation,
    Thing,
    Trait,
    Value,
    union,
)
from stalecheck.model import Location, SourceFile, Span
from stalecheck.summarize.summary import (
    NOWHERE,
    Argument,
    Attribute,
    Binding,
    Bound,
    Call,
    Derived,
    Display,
    Element,
    Expression,
    Item,
    Literal,
    ModuleImport,
    NameImport,
    Reference,
)
from stalecheck.vocabulary import OriginKind, ReloadMode

_MOST_ALIASES = 20
"""How far aliases of aliases are followed."""


class Containers:
    """Evaluates containers and their elements; remembers what statements put into them."""

    def __init__(self, evaluator: Evaluates, classes: Classes, removals: Removals) -> None:
        self._evaluator = evaluator
        self._program = evaluator.program
        self._classes = classes
        self._overwritten = Overwritten(evaluator.program)
        self._running: set[Display] = set()
        """What the generators yield that are being iterated over: one that iterates over itself adds nothing."""

        self._removals = removals
        self._fillings: dict[SourceFile, dict[Binding, list[tuple[Element, Location]]]] = {}

    def display(self, display: Display, frame: Frame) -> Value:
        """Return a container display, and what its elements keep; of a slice of a string another one."""
        if isinstance(display.sliced, (Reference, Attribute, Derived, Display)):
            # Elements of other containers are not looked at twice: that would take too many steps.
            value = self._evaluator.evaluate(display.sliced, frame)
            is_of_text = not value.things and value.captures and all(map(_is_of_text, value.captures))
            if is_of_text or is_text(display.sliced):
                return Value((), derived(value), is_new=True)
        first: dict[tuple[Made, SourceFile, ReloadMode | None], Capture] = {}
        for element in display.elements:
            if isinstance(element.value, Literal):
                continue
            if element.is_unpacked:
                part = Part.WHOLE if display.is_mapping else Part.KEYS
                value = self._unpacked(element.value, part, frame, behind(element, display, frame.file))
            else:
                is_held = isinstance(element.value, Reference)
                value = self._evaluator.evaluate(element.value, replace(_when(element, frame), is_held=is_held))
            for capture in reached(value):
                key = (capture.made, capture.via[-1], capture.mode)
                if is_result(capture):
                    continue
                held = first.setdefault(key, replace(inside(capture), span=element.span))
                if held.is_computed and not inside(capture).is_computed:
                    first[key] = replace(held, is_computed=False)
        return Value((ContainerThing(frame.file, display),), tuple(first.values()), is_new=True)

    def item(self, item: Item, frame: Frame) -> Value:
        """Return what a subscript, an iteration or an unpacking gives."""
        if item.position is not None:
            base = self._classes.ancestor(item.value, item.position, frame)
            if base is not None:
                return base
        found = self._item(item, frame)
        is_others = found.is_new and not found.captures and self._is_imported(item.value, frame)
        return replace(found, is_new=False) if is_others else found

    def _is_imported(self, expression: Expression, frame: Frame) -> bool:
        """Whether a container comes from another module of which nothing else is known."""
        while isinstance(expression, (Attribute, Item)):
            expression = expression.value
        if not isinstance(expression, Reference) or not expression.reaching or expression.stars:
            return False
        bindings = self._program.summaries[frame.file].bindings
        if not all(isinstance(bindings[index].value, (ModuleImport, NameImport)) for index in expression.reaching):
            return False
        return not self._evaluator.evaluate(expression, frame).things

    def _item(self, item: Item, frame: Frame) -> Value:
        if item.index is None:
            inner = self._copied(item.value, frame)
            if inner is not None:
                return self.elements(self._evaluator.evaluate(inner, frame), None, frame)
            return self.elements(self._evaluator.evaluate(item.value, frame), item.position, frame)
        value = self._evaluator.evaluate(item.value, frame)
        for thing in value.things:
            if isinstance(thing, ClassThing):
                if self._classes.is_enum(thing):
                    return Value((InstanceThing(thing),), related(value, Relation.MEMBER))
                return Value(value.things, value.captures)
            if isinstance(thing, ExternalThing) and is_generic(thing.name):
                # A generic alias keeps its arguments, but only a base class and a run-time reader of annotations look.
                # The typing module answers with the same alias for the same arguments, unless one of them is new.
                is_cached = thing.name.startswith(("typing.", "typing_extensions."))
                is_new = not is_cached or self.is_own(item.index, frame) or self._is_forgotten(thing.name, frame)
                return Value((ExternalThing(f"{thing.name}[]"),), is_new=is_new)
        keys = constants(self._evaluator, item.index, frame.file)
        return self.elements(value, item.position, frame, Part.VALUES, keys)

    def _copied(self, expression: Expression, frame: Frame) -> Expression | None:
        """Return what ``list(x)``, ``tuple(x)``, ``sorted(x)`` take their elements from."""
        match expression:
            case Call(function=function, arguments=(Argument(value=inner, keyword=""), *_)):
                things = self._evaluator.evaluate(function, frame).things
                if any(isinstance(thing, ExternalThing) and thing.name in known.ELEMENTWISE for thing in things):
                    return inner
        return None

    def _unpacked(self, expression: Expression, part: Part, frame: Frame, later: tuple[Later, ...]) -> Value:
        """Return what the elements of a container may be that is unpacked into another one."""
        source = self._copied(expression, frame)
        if source is not None:
            found = self.elements(self._evaluator.evaluate(source, frame), None, frame, part, later=later)
            if found.captures:
                return found
        value = self._evaluator.evaluate(expression, frame)
        found = _without_itself(self.elements(value, None, frame, part, later=later), value)
        names = {thing.name.removesuffix("()") for thing in value.things if isinstance(thing, ExternalThing)}
        if part is Part.KEYS or not names & known.MAPPINGS:
            return found
        held = (capture for capture in value.captures if capture.relation is Relation.INSIDE)
        return replace(found, captures=tuple(dict.fromkeys((*found.captures, *held))))

    def is_own(self, index: Expression, frame: Frame) -> bool:
        """Whether the arguments of an alias name something that the file itself makes, and that equals no older one.

        Aliases and unions are equal if what they are made of is.
        """
        match index:
            case Display(elements=elements):
                return any(self.is_own(element.value, frame) for element in elements)
            case Derived(operands=operands):
                return any(self.is_own(operand, frame) for operand in operands)
            case Reference(reaching=(only,), is_late=False):
                bound = self._evaluator.program.summaries[frame.file].bindings[only].value
                if isinstance(bound, Derived) or self._is_alias(bound, frame):
                    return self.is_own(bound, frame)
            case Item(index=inner) if inner is not None and self._is_alias(index, frame):
                return self.is_own(inner, frame)
        value = self._evaluator.evaluate(index, frame)
        return any(capture.made.file == frame.file for capture in value.captures) or (
            isinstance(index, Item) and index.index is not None and self.is_own(index.index, frame)
        )

    def _is_alias(self, bound: Bound, frame: Frame) -> TypeGuard[Item]:
        """Whether an expression is a generic alias of something outside: ``list[int]``."""
        if not isinstance(bound, Item) or bound.index is None:
            return False
        things = self._evaluator.evaluate(bound.value, frame).things
        return all(isinstance(thing, ExternalThing) and is_generic(thing.name) for thing in things) and bool(things)

    def _is_forgotten(self, form: str, frame: Frame) -> bool:
        if frame.holder not in {None, frame.file}:
            return False
        return self._evaluator.program.is_forgotten(frame.file, form.rpartition(".")[2], frame.at)

    def opened(self, value: Value, frame: Frame, *, is_unpacked: bool = False) -> Value:
        """Return a value with what it holds, where it is a container of another file.

        Of one that `is_unpacked` only what it holds goes on.
        """
        here = frame.holder or frame.file
        containers = [t for t in value.things if isinstance(t, ContainerThing) and t.file != here and not t.is_live]
        if not containers:
            return value
        held = self.taken(Value(tuple(containers)), Part.WHOLE, frame).captures
        if is_unpacked and held:
            return replace(value, captures=held)
        return replace(value, captures=tuple(dict.fromkeys((*value.captures, *held))))

    def taken(self, value: Value, part: Part, frame: Frame) -> Value:
        """Return a container that is made of the elements of another one, or of a part of them."""
        containers = [thing for thing in value.things if isinstance(thing, ContainerThing)]
        here = frame.holder or frame.file
        if all(c.file == here and not c.is_lazy and part_of(c.display, part) is c.display for c in containers):
            return Value(value.things, value.captures, is_new=True)
        things = tuple(
            replace(thing, display=part_of(thing.display, part)) if isinstance(thing, ContainerThing) else thing
            for thing in value.things
        )
        spans = {capture.made: capture.span for capture in value.captures if capture.relation is Relation.INSIDE}
        spans |= {
            capture.made: capture.span
            for thing in containers
            if thing.is_lazy and thing.file == here
            for capture in self.display(thing.display, frame).captures
        }
        elements = [
            self.elements(Value((thing,)), None, frame, Part.WHOLE)
            for thing in things
            if isinstance(thing, ContainerThing)
        ]
        held = [
            replace(inside(capture), span=spans.get(capture.made, NOWHERE))
            for capture in union(elements).captures
            if capture.relation is not Relation.DERIVED or capture.is_of_member
        ]
        others = () if held else tuple(c for c in value.captures if c.relation is not Relation.INSIDE)
        return Value(things, (*held, *others), is_new=True)

    def _is_taken_out(self, element: Element, frame: Frame) -> bool:
        """Whether the function that reads a container has certainly taken an element out of it by then."""
        found = self._removals.by_functions(frame.file).get(element.span, ()) if frame.block else ()
        return any(file == frame.file and done.block == frame.block and done.precedes(frame.at) for file, done in found)

    def elements(
        self,
        value: Value,
        position: int | None,
        frame: Frame,
        part: Part = Part.KEYS,
        keys: tuple[Literal, ...] = (),
        *,
        later: tuple[Later, ...] = (),
    ) -> Value:
        """Return what an element of a container may be; of a mapping one of its keys, or of another part.

        Where the `keys` are known it is what stands under one of them. What is written `later` into the mapping that
        the container is unpacked into takes the place of what the container has.
        """
        found: list[Value] = []
        for thing in value.things:
            match thing:
                case ContainerThing(display=display, is_lazy=True) if display in self._running:
                    pass
                case ContainerThing(display=display, is_lazy=True):
                    self._running.add(display)
                    found.append(self.elements(Value((replace(thing, is_lazy=False),), value.captures), None, frame))
                    self._running.discard(display)
                case ContainerThing(file=file, display=display, ways=ways):
                    elements = part_of(display, part).elements
                    if keys and display.is_mapping:
                        elements = part_of(under(display, keys), part).elements
                    elif position is not None and display.is_sequence:
                        elements = _at(elements, position)
                    here = frame.holder or frame.file
                    is_made = value.is_new or file == here or any(c.made.file == here for c in derived(value))
                    inner = replace(frame, file=file, holder=here, depth=frame.depth + 1)
                    others = [element for element in elements if not isinstance(element.value, Literal)]
                    if len(others) < len(elements):
                        # Long lists of words are one step, however many there are.
                        found.append(Value((), derived(value), is_new=is_made))
                    for element in others:
                        if file == frame.file and self._is_taken_out(element, frame):
                            continue
                        then = _when(element, inner)
                        if element.is_unpacked:
                            behind_it = (*later, *behind(element, display, file))
                            part_of_it = part if display.is_mapping else Part.KEYS
                            item = self._unpacked(element.value, part_of_it, then, behind_it)
                        else:
                            item = self._evaluator.evaluate(element.value, then)
                            if later and item.captures and self._overwritten.is_gone(element, display, file, later):
                                continue
                        is_new = item.is_new
                        within: tuple[Capture, ...] = ()
                        if file != here:
                            # What a container within this one holds comes along with it.
                            held = hop(item, file, frame.at, relations={Relation.INSIDE})
                            within = taken_of(held, file, Value((), ways)).captures
                            item = taken_of(hop(item, file, frame.at), file, Value((), ways))
                        if not item.captures and (is_new or not item.things):
                            item = replace(item, captures=derived(value))
                        found.append(Value(item.things, (*item.captures, *within), is_new and is_made))
                case ClassThing() if self._classes.is_enum(thing):
                    found.append(Value((InstanceThing(thing),), related(value, Relation.MEMBER)))
                case ExternalThing(name=name) if name.removesuffix("()") in known.CONTAINERS and _keeps(found):
                    pass  # What makes the container adds nothing to its elements.
                case _:
                    found.append(Value((), read_out(value), is_new=True))
        if not found:
            return Value((), read_out(value), is_new=True)
        return union(found)

    def container(
        self, result: tuple[Thing, ...], arguments: list[tuple[Argument, Value]], frame: Frame, *, is_mapping: bool
    ) -> Value:
        """Return the container that a call makes of its arguments, or of their elements."""
        captures: dict[tuple[Made, SourceFile, ReloadMode | None], Capture] = {}
        others: list[Capture] = []
        for argument, given in arguments:
            part = Part.WHOLE if is_mapping or argument.keyword else Part.KEYS
            value = self.taken(given, part, frame) if argument.keyword in {"", "**"} else given
            for capture in value.captures:
                if is_result(capture):
                    continue
                is_element = argument.keyword or capture.relation in {Relation.INSIDE, Relation.DERIVED}
                if not is_element and capture.made.origin.kind in {OriginKind.INSTANCE, OriginKind.VALUE}:
                    # A copy of a container has its elements, which are captures of their own, or only computed.
                    others.append(capture.related(Relation.DERIVED))
                    continue
                if not is_element and capture.relation in {Relation.WRAPPED, Relation.INSTANCE}:
                    continue  # What an iterator was made around is not among its elements.
                key = (capture.made, capture.via[-1], capture.mode)
                has_place = capture.relation is Relation.INSIDE and capture.span != NOWHERE
                span = capture.span if has_place else argument.span
                captures.setdefault(key, replace(inside(capture), span=span))
        return Value(result, (*captures.values(), *others), is_new=True)

    def filled(self, file: SourceFile, binding: Binding, made: Display | Call, before: Location | None = None) -> Value:
        """Return a container as later statements at module or class level fill and empty it, up to a place.

        It is written out, or made by a call.
        """
        frame = Frame(file, binding.at, block=binding.called_later)
        value = self._evaluator.evaluate(made, frame)
        display = _made_here(value, file)
        if display is None:
            return value
        gone = {span for span, at in self.removed(file).items() if before is None or at < before}
        is_emptied = isinstance(made, Call) and binding.span in gone
        begun = () if is_emptied else tuple(element for element in display.elements if element.span not in gone)
        put_in = [
            (element, at)
            for element, at in self._additions(file).get(binding, ())
            if (before is None or at < before)
            and element.span not in gone
            and (display.is_mapping or not element.is_key)
        ]
        if not put_in and len(begun) == len(display.elements):
            return value
        if len(begun) < len(display.elements):
            value = replace(value, captures=self._evaluator.evaluate(replace(display, elements=begun), frame).captures)
        captures = list(value.captures)
        for element, at in put_in:
            inner = Display((element,), is_mapping=display.is_mapping)
            captures += self._evaluator.evaluate(inner, Frame(file, at)).captures
        elements = (*begun, *(element for element, _ in put_in))
        filled = Display(elements, is_sequence=display.is_sequence and not put_in, is_mapping=display.is_mapping)
        others = (thing for thing in value.things if not isinstance(thing, ContainerThing))
        return Value((ContainerThing(file, filled), *others), tuple(captures), is_new=True)

    def is_changed(self, file: SourceFile, binding: Binding) -> bool:
        """Whether statements may put something into what a name stands for, or take something out."""
        return binding in self._additions(file) or bool(self.removed(file))

    def removed(self, file: SourceFile) -> dict[Span, Location]:
        """Return the places of elements that the file itself takes out of their container again, and where."""
        return self._removals.own(file)

    def remaining(self, file: SourceFile, display: Display) -> Display:
        """Return a container display without what the file takes out of it; what is taken out later on comes last."""
        removed = self.removed(file)
        later = self._removals.by_others(file).keys() | self._removals.by_functions(file).keys()
        left = [element for element in display.elements if element.span not in removed]
        if len(left) < len(display.elements) or later:
            left.sort(key=lambda element: element.span in later)
            return replace(display, elements=tuple(left))
        return display

    def _additions(self, file: SourceFile) -> dict[Binding, list[tuple[Element, Location]]]:
        """Return for each container of a file what statements put into it."""
        found = self._fillings.get(file)
        if found is None:
            found = self._fillings[file] = {}
            summary = self._program.summaries[file]
            filled: list[tuple[Expression, tuple[Element, ...], Location, bool]] = [
                (store.target, store.values, store.at, store.is_conditional)
                for store in summary.stores
                if not store.attribute
            ]
            for statement in summary.calls:
                function = statement.call.function
                if isinstance(function, Attribute) and function.name in known.MUTATORS:
                    unpacks, setdefault = function.name in known.UNPACKERS, function.name == "setdefault"
                    elements = tuple(
                        element
                        for position, argument in enumerate(statement.call.arguments)
                        for element in _given(argument, unpacks=unpacks, is_key=setdefault and not position)
                    )
                    filled.append((function.value, elements, statement.at, statement.is_conditional))
            for target, elements, at, may_lack in filled:
                container, entries = _outermost(target, tuple(replace(e, may_lack=may_lack) for e in elements))
                for index in container.reaching if container is not None else ():
                    kept_there = ((element, at) for element in entries)
                    found.setdefault(summary.bindings[index], []).extend(kept_there)
        return found


def _given(argument: Argument, *, unpacks: bool, is_key: bool) -> tuple[Element, ...]:
    """Return what a method that is given an argument puts into a container."""
    if unpacks and argument.keyword.isidentifier():
        key = Element(Literal(repr(argument.keyword), is_text=True), NOWHERE, is_key=True)
        return key, Element(argument.value, argument.span)
    if unpacks and isinstance(argument.value, Display) and argument.value.is_mapping:
        return argument.value.elements
    return (Element(argument.value, argument.span, is_unpacked=unpacks and not argument.keyword, is_key=is_key),)


def _outermost(target: Expression, elements: tuple[Element, ...]) -> tuple[Reference | None, tuple[Element, ...]]:
    """Return the container by name that something is put into, and what is: ``T["k"].append(x)`` puts ``[x]`` in."""
    while not isinstance(target, Reference):
        match target:
            case Item(value=outer, index=key) if key is not None:
                pass
            case Call(function=Attribute(value=outer, name="setdefault" | "get"), arguments=(Argument(value=key), *_)):
                pass
            case _:
                return None, ()
        inner = Display(elements, is_mapping=any(element.is_key for element in elements))
        within = Element(inner, elements[-1].span if elements else NOWHERE, may_lack=True)
        elements = (Element(key, NOWHERE, is_key=True, may_lack=True), within)
        target = outer
    return target, elements


def _made_here(value: Value, file: SourceFile) -> Display | None:
    """Return the display that a container stands for which a file makes; None for what is something else, or more."""
    makers = {thing.name.removesuffix("()") for thing in value.things if isinstance(thing, ExternalThing)}
    displays = [thing.display for thing in value.things if isinstance(thing, ContainerThing) and thing.file == file]
    return displays[0] if len(displays) == 1 and makers <= known.CONTAINERS else None


def _without_itself(elements: Value, container: Value) -> Value:
    """Return the elements of a container without what only says that they come out of it, where more is known."""
    itself = {capture.made for capture in container.captures if capture.relation is Relation.IS}
    captures = [c for c in elements.captures if c.relation is not Relation.DERIVED or c.made not in itself]
    return replace(elements, captures=tuple(captures)) if captures else elements


def _is_of_text(capture: Capture) -> bool:
    return Trait.TEXT in capture.made.traits and capture.relation in {Relation.IS, Relation.DERIVED}


def _keeps(found: list[Value]) -> bool:
    return any(value.captures for value in found)


def _at(elements: tuple[Element, ...], position: int) -> tuple[Element, ...]:
    """Return the element at a position; all where that is not sure."""
    if not -len(elements) <= position < len(elements):
        return elements
    passed = elements[position:] if position < 0 else elements[: position + 1]
    return elements if any(element.is_unpacked for element in passed) else (elements[position],)


def _when(element: Element, frame: Frame) -> Frame:
    """Return the frame of what reads a container as it was when an element was put there, if that is known."""
    is_own = frame.holder in {None, frame.file} and element.span != NOWHERE
    return replace(frame, at=min(frame.at, element.span.start)) if is_own else frame
