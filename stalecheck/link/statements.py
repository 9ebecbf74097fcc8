"""Statements that put something into a container, an attribute or a registry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from stalecheck.link import known
from stalecheck.link.captures import inside, is_result
from stalecheck.link.constants import constants
from stalecheck.link.definitions import Definitions
from stalecheck.link.holding import HELD, KINDS, Holding, Subject, closest, constructs
from stalecheck.link.registrations import Registrations
from stalecheck.link.retained import belongs_to
from stalecheck.link.values import (
    ClassThing,
    ContainerThing,
    ExternalThing,
    InstanceThing,
    Made,
    ModuleThing,
    Relation,
    Thing,
    Value,
)
from stalecheck.model import Location
from stalecheck.summarize.summary import (
    LITERAL,
    NOWHERE,
    Argument,
    Attribute,
    Call,
    CallStatement,
    Choice,
    Display,
    Element,
    Function,
    Item,
    Store,
)
from stalecheck.vocabulary import HolderKind, ReloadMode


class Statements:
    """Finds what statements store."""

    def __init__(self, subject: Subject, definitions: Definitions, registrations: Registrations) -> None:
        self._subject = subject
        self._definitions = definitions
        self._registrations = registrations

    def of_store(self, store: Store) -> Iterator[Holding]:
        """Yield what an assignment to an item or an attribute stores."""
        target = self._subject.evaluate(store.target, store.at)
        if not store.name:
            return
        yield from self._new_keys(store.name, store)
        if store.attribute:
            yield from self._attribute_store(store, target)
            return
        # What is put into itself brings nothing that is not there.
        values = [element for element in store.values if element.is_unpacked or element.value != store.target]
        is_registry = any(
            isinstance(thing, ExternalThing) and thing.name in known.REGISTRIES for thing in target.things
        )
        kind = HolderKind.CALLBACK if is_registry else HolderKind.CONTAINER
        for holding in self._elements(store.name, values, target, store.at):
            yield replace(holding, holder=replace(holding.holder, kind=kind))

    def _attribute_store(self, store: Store, target: Value) -> Iterator[Holding]:
        [element] = store.values
        hooks = {
            f"{thing.name}.{store.attribute}" for thing in target.things if isinstance(thing, ExternalThing)
        } & known.HOOKS
        if isinstance(element.value, Call) and self._subject.evaluator.is_given_back(self._subject.file, store.at):
            value = self._subject.evaluator.given_back(self._subject.file, store.at)
        else:
            value = self._subject.evaluate(element.value, store.at)
        for capture in closest(value.captures):
            if belongs_to(target, capture):
                continue
            if hooks and capture.relation in HELD and capture.relation is not Relation.INSIDE:
                yield self._subject.holding(min(hooks), HolderKind.CALLBACK, element.span, capture, "", element.value)
            elif capture.relation is not Relation.INSIDE or constructs(element.value):
                kind = KINDS[capture.relation]
                is_container = kind is HolderKind.CONTAINER and capture.span != NOWHERE
                place = capture.span if is_container else element.span
                yield self._subject.holding(store.name, kind, place, capture, "", element.value)

    def _new_keys(self, name: str, statement: Store | CallStatement) -> Iterator[Holding]:
        """Yield the keys that a statement puts into mappings on its way to the container that it fills."""
        for new in statement.new_keys:
            mapping = self._subject.evaluate(new.mapping, statement.at)
            makers = {thing.name.removesuffix("()") for thing in mapping.things if isinstance(thing, ExternalThing)}
            is_own = any(self._own_method(thing, "setdefault") for thing in mapping.things)
            if makers.intersection(new.makers) if new.makers else not is_own:
                yield from self._elements(name, [new.key], mapping, statement.at)

    def _elements(self, name: str, elements: Iterable[Element], target: Value, at: Location) -> Iterator[Holding]:
        seen: set[tuple[Made, ReloadMode | None]] = set()
        is_mapping = any(map(_may_be_mapping, target.things)) or not target.things
        makers = frozenset(thing.file for thing in target.things if isinstance(thing, ContainerThing))
        made_by = frozenset() if self._subject.file in makers else makers
        removed = self._subject.evaluator.containers.removed(self._subject.file)
        for element in elements:
            if element.span in removed:
                continue
            expression = element.value
            if element.is_unpacked:
                keys = Item(element.value)
                expression = Choice((keys, Item(element.value, index=LITERAL))) if is_mapping else keys
            value = self._subject.evaluate(expression, at, is_held=not element.is_unpacked)
            for capture in closest(value.captures):
                if (capture.made, capture.mode) in seen or belongs_to(target, capture):
                    continue
                if capture.relation is Relation.DERIVED and element.is_unpacked and not capture.is_of_member:
                    continue
                if is_result(capture):
                    continue
                seen.add((capture.made, capture.mode))
                place = capture.span if capture.relation is Relation.INSIDE else element.span
                holding = self._subject.holding(
                    name,
                    HolderKind.CONTAINER,
                    element.span if place == NOWHERE else place,
                    capture if capture.relation is Relation.MEMBER else inside(capture),
                    "",
                    element.value,
                )
                yield replace(holding, made_by=made_by)

    def of_body(self, statement: Store | CallStatement) -> Iterator[Holding]:
        """Yield what a statement of a function puts into a container, an attribute or a registry of the project's."""
        if isinstance(statement, Store):
            yield from self.of_store(statement)
            return
        function = statement.call.function
        if isinstance(function, Attribute) and (target := self._filled(function, statement.at)) is not None:
            yield from self._filling(statement, function, target, is_later=True)
        else:
            yield from self._registrations.of_own(statement, is_later=True)

    def of_call(self, statement: CallStatement) -> Iterator[Holding]:
        """Yield what a call puts into a container or a registry."""
        yield from self._definitions.of_lambdas(statement.call, statement.at)
        yield from self._definitions.of_attaching(statement)
        function = statement.call.function
        callee = self._subject.evaluate(function, statement.at)
        names = {thing.name for thing in callee.things if isinstance(thing, ExternalThing)} & known.REGISTRARS
        registry = min(names) if names else self._registrations.registry(function, statement.at)
        owner = self._registrations.keeper(function, statement.at)
        if registry:
            yield from self._registrations.of_registration(registry, statement)
        elif owner is not None:
            for holding in self._registrations.of_registration(statement.name, statement):
                if not belongs_to(owner, holding.capture):
                    yield holding
        elif isinstance(function, Attribute) and (target := self._filled(function, statement.at)) is not None:
            if not isinstance(function.value, Display) and not self._gives_way(statement.call, target):
                yield from self._filling(statement, function, target)
        else:
            yield from self._registrations.of_own(statement)

    def _gives_way(self, call: Call, target: Value) -> bool:
        """Whether ``setdefault`` puts nothing in: what stands under the key already, as it is written, stays."""
        keys = constants(self._subject.evaluator, call.arguments[0].value, self._subject.file) if call.arguments else ()
        if not (isinstance(call.function, Attribute) and call.function.name == "setdefault" and len(keys) == 1):
            return False
        displays = [thing.display for thing in target.things if isinstance(thing, ContainerThing)]
        return bool(displays) and all(
            any(element.is_key and element.value == keys[0] and not element.may_lack for element in display.elements)
            for display in displays
        )

    def _filled(self, function: Attribute, at: Location) -> Value | None:
        """Return what a method puts something into; None for any other method, or a function that is called so."""
        if function.name not in known.MUTATORS:
            return None
        target = self._subject.evaluate(function.value, at)
        is_namespace = any(isinstance(thing, (ModuleThing, ClassThing)) for thing in target.things)
        return None if is_namespace else target

    def _kept(self, call: Call, method: str, target: Value) -> list[Argument]:
        """Return the arguments that a method may put into something: not what one of the project's own lets go."""
        own = [self._own_method(thing, method) for thing in target.things]
        arguments = list(call.arguments)
        if not own or any(argument.keyword in {"*", "**"} for argument in arguments):
            return arguments
        return [item for item in arguments if any(not _lets_go(function, item, arguments) for function in own)]

    def _own_method(self, thing: Thing, name: str) -> Function | None:
        """Return the method of an object, if the project defines it."""
        found = self._subject.evaluator.classes.member(thing.of, name) if isinstance(thing, InstanceThing) else None
        if found is None:
            return None
        owner, index = found
        bound = self._subject.evaluator.program.summaries[owner.file].bindings[index].value
        return bound if isinstance(bound, Function) else None

    def _filling(
        self, statement: CallStatement, function: Attribute, target: Value, *, is_later: bool = False
    ) -> Iterator[Holding]:
        unpacks = function.name in known.UNPACKERS
        elements = [
            Element(
                argument.value,
                argument.span,
                is_unpacked=unpacks and not argument.keyword and not isinstance(argument.value, Display),
            )
            for argument in self._kept(statement.call, function.name, target)
        ]
        flat: list[Element] = []
        for element in elements:
            if unpacks and isinstance(element.value, Display):
                flat += element.value.elements
            else:
                flat.append(element)
        flat = [element for element in flat if element.is_unpacked or element.value != function.value]
        name = statement.name.rpartition(".")[0]
        yield from self._new_keys(name, statement)
        found = self._elements(name, flat, target, statement.at)
        if any(self._own_method(thing, function.name) is not None for thing in target.things):
            found = self._registrations.remaining(statement, found, is_later=is_later)
        yield from found


def _lets_go(method: Function | None, argument: Argument, arguments: list[Argument]) -> bool:
    """Whether a method keeps nothing of one of the arguments that it is given."""
    if method is None or not method.lets_go or (method.star and method.star not in method.lets_go):
        return False
    names = method.parameters
    if argument.keyword:
        name = argument.keyword if argument.keyword in names else method.double_star
    else:
        position = 1 + [item for item in arguments if not item.keyword].index(argument)
        name = names[position] if position < len(names) else method.star
    return name in method.lets_go


def _may_be_mapping(container: Thing) -> bool:
    match container:
        case ContainerThing(display=display):
            return display.is_mapping
        case ExternalThing(name=name):
            return name.removesuffix("()") not in known.CONTAINERS - known.MAPPINGS
    return True
