"""What the fields of an instance hold that a module's body makes: plain values, or objects that it was given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from stalecheck.link import known
from stalecheck.link.captures import TRAVELS, along, hop, origin_kind
from stalecheck.link.classes import Classes
from stalecheck.link.constants import constants, is_text, text_of
from stalecheck.link.program import Evaluates, Frame
from stalecheck.link.values import (
    NOTHING,
    Capture,
    ClassThing,
    ExternalThing,
    InstanceThing,
    Made,
    Relation,
    Thing,
    Value,
    union,
)
from stalecheck.summarize.summary import (
    Argument,
    Attribute,
    Binding,
    Call,
    Class,
    Derived,
    Display,
    Expression,
    Function,
    Literal,
    ModuleImport,
    NameImport,
    Reference,
    StarImport,
)
from stalecheck.vocabulary import OriginKind

_Given: TypeAlias = tuple[Expression, Frame]
"""An expression that a field gets its value from, and where it stands."""

_TEXT = Literal(is_text=True)
_NAME = frozenset({"name", "_name_"})
_VALUE = frozenset({"value", "_value_"})
_OF_TUPLES = frozenset({"count", "index"})
_NO_OPERATORS = frozenset({"__format__", "__hash__", "__init__", "__new__", "__repr__", "__str__"})
_PROPERTIES = ("builtins.property", "functools.cached_property", "enum.property")


class Fields:
    """Evaluates attributes of instances by what these were given when they were made."""

    def __init__(self, evaluator: Evaluates, classes: Classes) -> None:
        self._evaluator = evaluator
        self._program = evaluator.program
        self._classes = classes

    def attribute(self, value: Value, name: str, frame: Frame) -> Value | None:
        """Return an attribute of what the bodies of modules make; None where it is not known what it was given."""
        held = [capture for capture in value.captures if capture.relation in TRAVELS]
        if not held or not all(map(_is_instance, held)):
            return None
        found: list[Value] = []
        for capture in held:
            part = self._part(capture, value.things, name, frame)
            if part is None:
                return None
            found.append(part)
        return union(found)

    def is_name_written(self, expression: Attribute, value: Value) -> bool:
        """Whether an expression is the name of a member of an Enum, which it spells itself: ``Color.RED.name``."""
        return (
            expression.name in _NAME
            and isinstance(expression.value, Attribute)
            and bool(value.captures)
            and all(
                capture.relation is Relation.MEMBER and capture.made.origin.name.endswith(f".{expression.value.name}")
                for capture in value.captures
            )
        )

    def computes_values(self, value: Value) -> bool:
        """Whether what operators make of a value is a plain one: of a member of an Enum that brings none of its own."""
        owners = [thing.of for thing in value.things if isinstance(thing, InstanceThing)]
        return bool(owners) and not any(map(self._has_operators, owners))

    def _has_operators(self, thing: ClassThing) -> bool:
        return any(
            name.startswith("__") and name not in _NO_OPERATORS and isinstance(bound, Function)
            for owner in self._classes.order(thing)
            for name, reaching in owner.definition.members
            for bound in [self._program.summaries[owner.file].bindings[reaching[-1]].value]
        )

    def _part(self, capture: Capture, things: Iterable[Thing], name: str, frame: Frame) -> Value | None:
        """Return an attribute of one instance: what is made with it is an origin of its own, ``m.app.limit``."""
        made = capture.made
        binding, rest = self._bound(made)
        if binding is None or isinstance(binding.value, (ModuleImport, NameImport, StarImport, Function, Class)):
            return None
        given: list[_Given] = [(binding.value, Frame(made.file, binding.at, depth=frame.depth + 1))]
        if capture.relation is Relation.MEMBER:
            given = self._of_member(given, things, name)
        else:
            for step in (*rest, name):
                given = self._given(*given[0], step) if len(given) == 1 else []
        values = [self._evaluator.evaluate(expression, where) for expression, where in given]
        if not values or NOTHING in values or (len(values) > 1 and any(v.things or v.captures for v in values)):
            return None
        value = union(values)
        others = value.captures
        own: list[Capture] = []
        if value.is_new:
            own = [self._own(capture, value, name)]
            others = tuple(other for other in others if other.made.file != made.file)
        if made.file != frame.file:
            others = along(hop(Value((), others), made.file, frame.at), [capture]).captures
        return Value(value.things, (*own, *others))

    def _own(self, capture: Capture, value: Value, name: str) -> Capture:
        """Return an attribute that was made with an instance: an object is an origin of its own, ``m.app.engine``."""
        kind = origin_kind(value)
        if kind is OriginKind.VALUE:
            is_of_member = capture.relation is Relation.MEMBER
            return replace(capture, relation=Relation.DERIVED, is_value=True, is_of_member=is_of_member)
        origin = replace(capture.made.origin, name=f"{capture.made.origin.name}.{name}", kind=kind)
        made = replace(capture.made, origin=origin, traits=frozenset(self._classes.traits(value)))
        return replace(capture, made=made, relation=Relation.IS)

    def _bound(self, made: Made) -> tuple[Binding | None, tuple[str, ...]]:
        """Return what binds the name with which an origin's begins, and the rest of the name."""
        name = made.origin.name
        for binding in self._program.summaries[made.file].bindings:
            if binding.at == made.origin.location and f"{name}.".startswith(f"{binding.name}."):
                return binding, tuple(name[len(binding.name) + 1 :].split(".")) if name != binding.name else ()
        return None, ()

    def _of_member(self, member: list[_Given], things: Iterable[Thing], name: str) -> list[_Given]:
        """Return what an attribute of a member of an Enum may be."""
        owners = [thing.of for thing in things if isinstance(thing, InstanceThing)]
        if len(owners) != 1:
            return []
        _, frame = member[0]
        if self._classes.member(owners[0], name) is not None:
            return self._of_property(owners[0], name, frame)
        is_value_kept = not any(self._classes.member(owners[0], maker) for maker in ("__new__", "__init__"))
        if name in _NAME:
            return [(_TEXT, frame)]
        return member if name in _VALUE and is_value_kept else []

    def _given(self, made: Expression, frame: Frame, name: str) -> list[_Given]:
        """Return what an attribute may be of what an expression makes; nothing where that is not known."""
        if not isinstance(made, Call) or any(argument.keyword in {"*", "**"} for argument in made.arguments):
            return []
        match self._evaluator.evaluate(made.function, frame).things:
            case (ClassThing() as thing,):
                return self._of_class(thing, made, frame, name)
            case (ExternalThing(name=maker),) if maker.endswith("()") and maker.removesuffix("()") in known.RECORDS:
                return self._of_record(made, frame, name)
        return []

    def _of_class(self, thing: ClassThing, call: Call, frame: Frame, name: str) -> list[_Given]:
        member = self._classes.member(thing, name)
        bound = None if member is None else self._program.summaries[member[0].file].bindings[member[1]]
        if bound is not None and isinstance(bound.value, Function):
            return self._of_property(thing, name, frame)
        if any(self._classes.member(thing, own) for own in ("__new__", "__getattribute__")):
            return []
        if self._classes.member(thing, "__init__") is not None:
            return self._assigned(thing, call, frame, name)
        if not self._is_record(thing) or (bound is None and (name.startswith("_") or name in _OF_TUPLES)):
            return []
        by_keyword = [(argument.value, frame) for argument in call.arguments if argument.keyword == name]
        if by_keyword or (bound is not None and not bound.is_annotated):
            return by_keyword
        by_position = [(argument.value, frame) for argument in call.arguments if not argument.keyword]
        if member is None or bound is None or isinstance(bound.value, (Class, ModuleImport, NameImport, StarImport)):
            return by_position
        where = replace(frame, file=member[0].file, at=bound.at, arguments=None, holder=frame.holder or frame.file)
        default = self._default(bound.value, where) if not isinstance(bound.value, Function) else None
        return [] if default is None else [*by_position, (default, where)]

    def _default(self, expression: Expression, frame: Frame) -> Expression | None:
        """Return the default of a field: of ``field(default_factory=list)`` what the factory makes."""
        if not isinstance(expression, Call):
            return expression
        things = self._evaluator.evaluate(expression.function, frame).things
        if not any(isinstance(thing, ExternalThing) and thing.name in known.FIELDS for thing in things):
            return expression
        for argument in expression.arguments:
            if argument.keyword in {"default_factory", "factory"}:
                return Call(argument.value, ())
            if argument.keyword == "default":
                return argument.value
        return None

    def _assigned(self, thing: ClassThing, call: Call, frame: Frame, name: str) -> list[_Given]:
        """Return what ``__init__`` assigns to an attribute, with the arguments of a call."""
        found = self._classes.member(thing, "__init__")
        bound = found and self._program.summaries[found[0].file].bindings[found[1]]
        if found is None or not bound or not isinstance(bound.value, Function):
            return []
        owners = [o for o in self._classes.order(thing) if any(a.name == name for a in o.definition.attributes)]
        if owners != [found[0]]:
            return []
        own = replace(frame, file=found[0].file, at=bound.at, arguments=None, holder=frame.holder or frame.file)
        arguments = {item.keyword: self._evaluator.evaluate(item.value, own) for item in bound.value.defaults}
        names = list(bound.value.parameters[1:])
        for argument in call.arguments:
            if argument.keyword or names:
                arguments[argument.keyword or names.pop(0)] = self._evaluator.evaluate(argument.value, frame)
        where = replace(own, at=frame.at, arguments=arguments)
        return [(item.value, where) for item in found[0].definition.attributes if item.name == name]

    def _of_record(self, call: Call, frame: Frame, name: str) -> list[_Given]:
        """Return a field of a named tuple whose class a call in the same file makes."""
        if not isinstance(call.function, Reference) or len(call.function.reaching) != 1:
            return []
        maker = self._program.summaries[frame.file].bindings[call.function.reaching[0]].value
        if not isinstance(maker, Call) or len(maker.arguments) != 2:
            return []
        fields = self._names(maker.arguments[1], frame)
        by_name = dict(zip(fields, (a.value for a in call.arguments if not a.keyword), strict=False))
        by_name |= {argument.keyword: argument.value for argument in call.arguments if argument.keyword}
        return [(by_name[name], frame)] if name in fields and name in by_name else []

    def _names(self, fields: Argument, frame: Frame) -> list[str]:
        """Return the names of fields that are written in a string, or in a list of strings."""
        elements = [e.value for e in fields.value.elements] if isinstance(fields.value, Display) else [fields.value]
        texts = [constants(self._evaluator, element, frame.file) for element in elements]
        written = [text_of(found[0]) if len(found) == 1 else "" for found in texts]
        return " ".join(written).replace(",", " ").split() if all(written) else []

    def _of_property(self, thing: ClassThing, name: str, frame: Frame) -> list[_Given]:
        """Return a text for a property that always gives one."""
        found = self._classes.member(thing, name)
        function = found and self._program.summaries[found[0].file].bindings[found[1]].value
        if found is None or not isinstance(function, Function) or not function.decorators:
            return []
        is_property = any(
            self._classes.is_external(found[0].file, item.value, *_PROPERTIES) for item in function.decorators
        )
        is_written = bool(function.returns) and all(map(_is_written, function.returns))
        return [(_TEXT, frame)] if is_property and is_written else []

    def _is_record(self, thing: ClassThing) -> bool:
        """Whether the arguments that make an instance of a class are its fields."""
        return bool(self._classes.external_bases(thing) & known.RECORDS) or any(
            self._classes.is_dataclass(owner) for owner in self._classes.order(thing)
        )


def _is_instance(capture: Capture) -> bool:
    is_held = capture.relation in {Relation.IS, Relation.MEMBER}
    return is_held and capture.made.origin.kind is OriginKind.INSTANCE


def _is_written(expression: Expression) -> bool:
    return isinstance(expression, (Literal, Derived)) and is_text(expression)
