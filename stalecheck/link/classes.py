"""Classes of the project: their bases, their members, what their instances have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stalecheck.link import known
from stalecheck.link.captures import TRAVELS, along, derived, hop, placeless
from stalecheck.link.enums import is_member
from stalecheck.link.program import Evaluates, Frame
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
    Trait,
    Value,
    union,
)
from stalecheck.model import Location, SourceFile
from stalecheck.summarize.summary import Attribute, Call, Choice, Class, Expression, Function, Literal
from stalecheck.vocabulary import OriginKind

_MOST_BASES = 40
_OBJECT = ExternalThing("builtins.object")
_FLAGS = frozenset({"enum.Flag", "enum.IntFlag"})
_OF_MEMBERS = frozenset({"value", "_value_"})
_ENUM_NAMES = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "TextChoices", "IntegerChoices"})


class Classes:
    """Answers questions about classes; remembers their bases."""

    def __init__(self, evaluator: Evaluates) -> None:
        self._evaluator = evaluator
        self._program = evaluator.program
        self._orders: dict[Class, list[ClassThing]] = {}
        self._enums: dict[Class, bool] = {}
        self._outer_bases: dict[Class, frozenset[str]] = {}

    def attribute_of_class(self, thing: ClassThing, name: str, value: Value, frame: Frame) -> Value:
        """Return what an attribute of a class may be: a member of an Enum, a method, a value."""
        found = self.member(thing, name)
        if found is None:
            base = self._base(thing, 0, frame, is_only=True) if name == "__base__" else None
            return base or Value((), derived(value), is_new=bool(value.captures))
        owner, index = found
        made = self._set_by_methods(thing, owner, index, value, frame)
        if made is not None:
            return made
        member = self._evaluator.binding(owner.file, index)
        bound = self._program.summaries[owner.file].bindings[index]
        if self.is_enum(owner) and is_member(name, bound.value, member):
            member = self._evaluator.own(owner.file, bound, member, OriginKind.INSTANCE)
            captures = tuple(
                replace(capture, made=self._as_member(capture.made, owner), relation=Relation.MEMBER)
                for capture in member.captures
                if capture.made.file == owner.file
            )
            return self._arrived(Value((InstanceThing(owner),), captures), thing, owner, value, frame)
        things: tuple[Thing, ...] = tuple(
            replace(item, bound=thing) if isinstance(item, FunctionThing) else item for item in member.things
        )
        return self._arrived(Value(things, member.captures), thing, owner, value, frame)

    def _set_by_methods(
        self, thing: ClassThing, owner: ClassThing, index: int, value: Value, frame: Frame
    ) -> Value | None:
        """Return what class methods assign to an attribute that the body only declares, for a function that reads it.

        None where none does: ``_instance = None``, which ``get`` makes when it is first asked for. The class, `value`,
        is then as new as where it was taken from.
        """
        bindings = self._program.summaries[owner.file].bindings
        declared = bindings[index]
        if frame.arguments is None or not isinstance(declared.value, Literal):
            return None
        methods = {
            bindings[reaching[-1]].name: bindings[reaching[-1]].value for _, reaching in owner.definition.members
        }
        found: list[Value] = []
        for binding in bindings:
            method = methods.get(binding.block)
            if binding.name == declared.name and isinstance(method, Function) and isinstance(binding.value, Call):
                itself = {name: Value((thing,), value.captures) for name in method.parameters[:1]}
                inner = replace(self._inside(frame, owner.file), arguments=itself)
                found.append(self._evaluator.evaluate(binding.value, inner))
        found = [value for value in found if value != NOTHING]
        return union(found) if found else None

    def _arrived(self, member: Value, thing: ClassThing, owner: ClassThing, value: Value, frame: Frame) -> Value:
        """Return an attribute of a class, which `owner` defines, as it comes along with the class."""
        if owner.file == frame.file:
            return replace(member, captures=placeless(member.captures))
        ways = self._ways(thing, owner, value, frame)
        member = hop(member, owner.file, frame.at)
        return along(member, ways) if ways else member

    def _ways(self, thing: ClassThing, owner: ClassThing, value: Value, frame: Frame) -> tuple[Capture, ...]:
        """Return how the module of a class that owns an attribute was captured: by the class itself, or by bases."""
        ways = [c for c in value.captures if c.relation is Relation.IS and c.made.file == owner.file]
        if ways or thing.file == owner.file or frame.depth > _MOST_BASES:
            return tuple(ways)
        for base in thing.definition.bases:
            inner = Frame(thing.file, base.span.start, depth=frame.depth + 1)
            inherited = self._evaluator.evaluate(base.value, inner)
            for item in inherited.things:
                if isinstance(item, ClassThing):
                    ways += self._ways(item, owner, inherited, inner)
        return tuple(ways) if thing.file == frame.file else hop(Value((), tuple(ways)), thing.file, frame.at).captures

    def _as_member(self, made: Made, owner: ClassThing) -> Made:
        origin = replace(made.origin, kind=OriginKind.INSTANCE)
        traits = {Trait.ENUM_MEMBER, *self.traits(Value((owner,)))}
        return replace(made, origin=origin, traits=frozenset(traits))

    def attribute_of_instance(self, thing: InstanceThing, name: str, value: Value, frame: Frame) -> Value:
        """Return what an attribute of an instance may be: a bound method, or what ``__init__`` assigns."""
        found = self.member(thing.of, name)
        if found is not None:
            owner, index = found
            bound = self._program.summaries[owner.file].bindings[index].value
            if isinstance(bound, Function) and not any(
                self.is_external(owner.file, decorator.value, "builtins.property", "functools.cached_property")
                for decorator in bound.decorators
            ):
                captures = tuple(
                    capture.related(Relation.WRAPPED)
                    for capture in value.captures
                    if capture.relation in TRAVELS and capture.relation is not Relation.DERIVED
                )
                if not captures and owner.file != thing.of.file:
                    # The class is not old itself, but inherits the method from one that is.
                    method = self._evaluator.binding(owner.file, index)
                    inherited = self._arrived(Value((), method.captures), thing.of, owner, NOTHING, frame)
                    captures = tuple(capture.related(Relation.WRAPPED) for capture in inherited.captures)
                return Value((FunctionThing(owner.file, bound, thing.of),), captures, is_new=True)
        set_there = [
            self._evaluator.evaluate(attribute.value, self._inside(frame, owner.file))
            for owner in self.order(thing.of)
            for attribute in owner.definition.attributes
            if attribute.name == name
        ]
        if not set_there and name in _OF_MEMBERS and self.is_enum(thing.of):
            computed = (replace(c, is_of_member=c.relation is Relation.MEMBER) for c in value.captures)
            return Value((), derived(Value((), tuple(computed))), is_new=True)
        if set_there:
            kept = union(set_there)
            held = [_part_of(value, name, capture) for capture in kept.captures]
            if all(capture.relation is Relation.INSIDE for capture in held):
                held += derived(value)  # The container itself is the instance's.
            kept = replace(kept, captures=tuple(held))
        else:
            kept = self._shared(thing, name, value, frame)
        return Value(kept.things, kept.captures) if kept.captures else Value((), derived(value), is_new=True)

    def _shared(self, thing: InstanceThing, name: str, value: Value, frame: Frame) -> Value:
        """Return the attribute of an instance that only its class's body binds; nothing where something may be between.

        A descriptor, a field that the call which makes the instance is given.
        """
        found = self.member(thing.of, name)
        if found is None or self.is_enum(thing.of):
            return NOTHING
        binding = self._program.summaries[found[0].file].bindings[found[1]]
        shared = self.attribute_of_class(thing.of, name, self.class_of(value), frame)
        is_plain = isinstance(binding.value, Literal) or bool(shared.things)
        if binding.is_annotated or not is_plain or not all(map(self._is_no_descriptor, shared.things)):
            return NOTHING
        return shared

    def _is_no_descriptor(self, thing: Thing) -> bool:
        if isinstance(thing, InstanceThing):
            return self.member(thing.of, "__get__") is None and not self.external_bases(thing.of)
        return isinstance(thing, (ClassThing, ContainerThing))

    def hands_on(self, value: Value, name: str) -> bool:
        """Whether an attribute is what ``__getattr__`` finds elsewhere: calling it runs nothing of the class."""
        return bool(value.things) and all(
            isinstance(thing, InstanceThing)
            and self.member(thing.of, "__getattr__") is not None
            and self.member(thing.of, name) is None
            and not self.external_bases(thing.of)
            and not any(a.name == name for owner in self.order(thing.of) for a in owner.definition.attributes)
            for thing in value.things
        )

    def ancestor(self, classes: Expression, position: int, frame: Frame) -> Value | None:
        """Return what stands at a position of ``C.__bases__`` or ``C.__mro__``; None where that is not known."""
        match classes:
            case Attribute(value=owner, name="__bases__"):
                things = self._evaluator.evaluate(owner, frame).things
                only = things[0] if len(things) == 1 else None
                return self._base(only, position, frame) if isinstance(only, ClassThing) else None
            case (
                Attribute(value=owner, name="__mro__") | Call(function=Attribute(value=owner, name="mro"), arguments=())
            ):
                value: Value | None = self._evaluator.evaluate(owner, frame)
            case _:
                return None
        if position < 0:
            return Value((_OBJECT,)) if position == -1 else None
        for _ in range(position):
            things = () if value is None else value.things
            only = things[0] if len(things) == 1 else None
            value = self._base(only, 0, frame, is_only=True) if isinstance(only, ClassThing) else None
        return value

    def _base(self, thing: ClassThing, position: int, frame: Frame, *, is_only: bool = False) -> Value | None:
        """Return the base of a class at a position; None where it is not known, or is not the only one."""
        bases = [base for base in thing.definition.bases if base.keyword in {"", "*"}]
        if not bases and position in {0, -1}:
            return Value((_OBJECT,))
        if not -len(bases) <= position < len(bases) or (is_only and len(bases) > 1):
            return None
        if any(base.keyword for base in bases):
            return None
        found = self._evaluator.evaluate(bases[position].value, self._inside(frame, thing.file))
        if found.is_new:
            return None
        return found if thing.file == (frame.holder or frame.file) else hop(found, thing.file, frame.at)

    def is_true(self, value: Value) -> bool:
        """Whether a value, if it is what it seems to be, counts as true."""
        return bool(value.things) and all(self._is_true(thing) for thing in value.things)

    def _is_true(self, thing: Thing) -> bool:
        if isinstance(thing, InstanceThing):
            of = thing.of
            return not self.external_bases(of) and not any(self.member(of, name) for name in ("__bool__", "__len__"))
        return isinstance(thing, (ClassThing, FunctionThing, ModuleThing))

    def class_of(self, value: Value) -> Value:
        """Return the class of an object; of an instance that the module of its class makes that is as old as it."""
        captures = [c.related(Relation.IS) for c in value.captures if c.relation is Relation.INSTANCE]
        owners = [thing.of for thing in value.things if isinstance(thing, InstanceThing)]
        for owner in owners:
            ways = [c for c in value.captures if c.relation is Relation.IS and c.made.file == owner.file]
            captures += along(Value((), self.captures_of(owner)), ways).captures
        return Value(tuple(owners), tuple(dict.fromkeys(captures)))

    def captures_of(self, thing: ClassThing) -> tuple[Capture, ...]:
        """Return a class of a module's top level as its origin."""
        name = thing.definition.name
        if "." in name:
            return ()
        return tuple(c for c in self._evaluator.name(thing.file, name).captures if c.relation is Relation.IS)

    def _inside(self, frame: Frame, file: SourceFile) -> Frame:
        """Return the frame of an expression in another file whose value is taken where `frame` stands."""
        return Frame(file, frame.at, depth=frame.depth + 1, holder=frame.holder or frame.file)

    def member(self, thing: ClassThing, name: str) -> tuple[ClassThing, int] | None:
        """Return the class or base whose body binds a name, and the binding; None if none does."""
        for owner in self.order(thing):
            for member, reaching in owner.definition.members:
                if member == name:
                    return owner, reaching[-1]
        return None

    def order(self, thing: ClassThing) -> list[ClassThing]:
        """Return a class and its bases in the project."""
        order = self._orders.get(thing.definition)
        if order is None:
            self._orders[thing.definition] = [thing]
            order = self._orders[thing.definition] = self._order_bases(thing)
        return order

    def _order_bases(self, thing: ClassThing) -> list[ClassThing]:
        """Return a class and its bases in the project, breadth first: close enough to what Python does."""
        order: list[ClassThing] = []
        seen: set[Class] = set()
        pending = [thing]
        while pending and len(order) < _MOST_BASES:
            current = pending.pop(0)
            if current.definition in seen:
                continue
            seen.add(current.definition)
            order.append(current)
            for base in current.definition.bases:
                if not base.keyword:
                    things = self._evaluator.evaluate(base.value, Frame(current.file, base.span.start)).things
                    pending += [item for item in things if isinstance(item, ClassThing)]
        return order

    def external_bases(self, thing: ClassThing) -> frozenset[str]:
        """Return the names of all bases, direct or not, that lie outside of what was read."""
        found = self._outer_bases.get(thing.definition)
        if found is None:
            found = self._outer_bases[thing.definition] = frozenset(
                item.name
                for owner in self.order(thing)
                for base in owner.definition.bases
                for item in self._evaluator.evaluate(base.value, Frame(owner.file, base.span.start)).things
                if isinstance(item, ExternalThing)
            )
        return found

    def is_abstract(self, thing: ClassThing) -> bool:
        """Whether a class is an abstract base class, with which others can be registered."""
        metaclasses = {
            item.name
            for owner in self.order(thing)
            for base in owner.definition.bases
            if base.keyword == "metaclass"
            for item in self._evaluator.evaluate(base.value, Frame(owner.file, base.span.start)).things
            if isinstance(item, ExternalThing)
        }
        bases = self.external_bases(thing) | metaclasses
        return any(name in {"abc.ABC", "abc.ABCMeta"} or name.startswith("collections.abc.") for name in bases)

    def is_typed_dict(self, thing: ClassThing) -> bool:
        """Whether a class is a TypedDict: its subclasses copy its fields and keep nothing of it."""
        return any(name.endswith(".TypedDict") for name in self.external_bases(thing))

    def has_own_items(self, thing: ClassThing) -> bool:
        """Whether a class, and not ``typing.Generic``, decides what a subscript of it is."""
        seen: set[Class] = set()
        pending: list[Thing] = [thing]
        while pending:
            match pending.pop():
                case ClassThing(file=file, definition=definition) if definition not in seen:
                    seen.add(definition)
                    if any(name == "__class_getitem__" for name, _ in definition.members):
                        return True
                    bases = [base for base in definition.bases if not base.keyword]
                    found = [
                        self._evaluator.evaluate(base.value, Frame(file, base.span.start)).things for base in bases
                    ]
                    pending += [item for things in reversed(found) for item in things]
                case ExternalThing(name=name) if name.removesuffix("[]") in known.GENERIC_BASES:
                    return False
        return False

    def is_enum(self, thing: ClassThing) -> bool:
        """Whether a class is an Enum."""
        answer = self._enums.get(thing.definition)
        if answer is None:
            answer = self._enums[thing.definition] = any(
                name in known.ENUMS or name.rpartition(".")[2] in _ENUM_NAMES for name in self.external_bases(thing)
            )
        return answer

    def is_dataclass(self, thing: ClassThing) -> bool:
        """Whether a class is decorated so that its fields become parameters of its ``__init__``."""
        called = (d.value.function if isinstance(d.value, Call) else d.value for d in thing.definition.decorators)
        return any(self.is_external(thing.file, decorator, *known.DATACLASSES) for decorator in called)

    def is_flag(self, thing: Thing) -> bool:
        """Whether a thing is a member of a Flag: what its members make together is one of its members, too."""
        return isinstance(thing, InstanceThing) and not self.external_bases(thing.of).isdisjoint(_FLAGS)

    def makes_anew(self, thing: ClassThing) -> bool:
        """Whether calling a class makes an object, and its ``__new__`` cannot answer with one that it made before."""
        found = self.member(thing, "__new__")
        if found is None:
            return True
        owner, index = found
        bound = self._program.summaries[owner.file].bindings[index].value
        pending = list(bound.returns) if isinstance(bound, Function) else []
        if not pending:
            return False
        while pending:
            match pending.pop():
                case Choice(options=options):
                    pending += options
                case Call(function=Attribute(name="__new__")):
                    pass
                case _:
                    return False
        return True

    def traits(self, value: Value) -> Iterator[Trait]:
        """Yield what decides how bad it is when a value is replaced."""
        inside = (c for c in value.captures if c.relation is Relation.INSIDE and not c.of_instance)
        if any(capture.made.origin.kind is OriginKind.CLASS for capture in inside):
            yield Trait.HOLDS_CLASSES
        for thing in value.things:
            match thing:
                case ExternalThing(name="builtins.object()"):
                    yield Trait.SENTINEL
                case ExternalThing(name=name) if name.removesuffix("()") in known.IDENTITY_ONLY:
                    yield Trait.IDENTITY_ONLY
                case InstanceThing(of=of) if self.is_enum(of):
                    yield Trait.ENUM_MEMBER
                    yield from self.traits(Value((of,)))
                case ClassThing():
                    bases = self.external_bases(thing)
                    if bases & {"typing.Protocol", "typing_extensions.Protocol"}:
                        yield Trait.IDENTITY_ONLY
                    if bases & known.ENUMS:
                        is_comparable = bases & known.COMPARABLE_ENUM_BASES
                        yield Trait.COMPARABLE_ENUM if is_comparable else Trait.ENUM

    def is_external(self, file: SourceFile, expression: Expression, *names: str) -> bool:
        """Whether an expression is one of the things outside that are named."""
        value = self._evaluator.evaluate(expression, Frame(file, Location(1, 1)))
        return any(isinstance(thing, ExternalThing) and thing.name in names for thing in value.things)


def _part_of(owner: Value, name: str, capture: Capture) -> Capture:
    """Return what an attribute keeps: of an instance that a body has made, what that body has made with it.

    Such an instance is its own origin, ``m.app.engine``, and not only one of a class.
    """
    if capture.relation is Relation.INSTANCE:
        for held in owner.captures:
            origin = held.made.origin
            is_made = held.relation is Relation.IS and origin.kind is OriginKind.INSTANCE
            if is_made and held.made.file == capture.made.file:
                part = replace(held.made, origin=replace(origin, name=f"{origin.name}.{name}"))
                return replace(capture, made=part, relation=Relation.IS)
    return capture
