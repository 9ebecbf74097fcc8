"""Summaries → values: what each binding and expression may be, and whose old objects it keeps."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace

from stalecheck.link import known
from stalecheck.link.attached import Attaching
from stalecheck.link.calls import Calls
from stalecheck.link.captures import TRAVELS, derived, hop, is_mapping, origin_kind, related, renamed, taken_of
from stalecheck.link.classes import Classes
from stalecheck.link.constants import constants, is_text, written_name
from stalecheck.link.containers import Containers
from stalecheck.link.elsewhere import Elsewhere
from stalecheck.link.fields import Fields
from stalecheck.link.names import MODULE_ATTRIBUTES, Names, is_submodule, passed
from stalecheck.link.namespaces import Namespaces
from stalecheck.link.program import Frame, Program
from stalecheck.link.removals import Removals
from stalecheck.link.stars import Stars
from stalecheck.link.values import (
    NOTHING,
    Capture,
    ClassThing,
    ExternalThing,
    FunctionThing,
    InstanceThing,
    Made,
    ModuleThing,
    Relation,
    Trait,
    Value,
    union,
)
from stalecheck.model import Location, Origin, SourceFile
from stalecheck.summarize.summary import (
    Attribute,
    Binding,
    Call,
    Choice,
    Class,
    ClassExpression,
    Derived,
    Display,
    Element,
    Expression,
    Function,
    FunctionExpression,
    Item,
    Literal,
    ModuleImport,
    NamedAttribute,
    NamedModule,
    NameImport,
    Narrowed,
    Parameter,
    Reference,
    StarImport,
    Store,
)
from stalecheck.vocabulary import OriginKind

_DEEPEST = 40
_UNCUT = 1_000_000
_TYPING = ("typing.", "typing_extensions.")
_TEXTS = frozenset({"__name__", "__qualname__", "__module__", "__doc__"})
"""Attributes that are strings, whatever has them."""

_MOST_STEPS = 8_000
"""How many expressions are looked at for one binding: what takes more is not worth knowing."""


class Evaluator:
    """Evaluates bindings and expressions; remembers the bindings."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.stars = Stars(self)
        self.classes = Classes(self)
        self.fields = Fields(self, self.classes)
        self.removals = Removals(program, self.stars)
        self.containers = Containers(self, self.classes, self.removals)
        self.names = Names(self, self.stars, self.containers)
        self.namespaces = Namespaces(self, self.classes, self.stars)
        self.elsewhere = Elsewhere(self, self.classes)
        self.calls = Calls(self, self.classes, self.containers, self.namespaces, self.elsewhere)
        self.attaching = Attaching(self, self.classes, self.calls)
        self._values: dict[tuple[SourceFile, int | str], Value] = {}
        self._open: dict[tuple[SourceFile, int | str], int] = {}
        """What is being evaluated, each with its depth: what is asked for again meanwhile, in a circle, is nothing."""

        self._cut = _UNCUT
        """The depth of the outermost evaluation that was asked for again."""

        self._provisional: dict[tuple[SourceFile, int | str], int] = {}
        """Values that lack what such an evaluation will bring, each with its depth."""

        self._steps = 0

    def binding(self, file: SourceFile, index: int) -> Value:
        """Return what a binding of a file may be."""
        key = (file, index)
        found = self._values.get(key)
        if found is not None:
            self._cut = min(self._cut, self._provisional.get(key, _UNCUT))
            return found
        if key in self._open:
            self._cut = min(self._cut, self._open[key])
            return NOTHING
        steps, self._steps = self._steps, 0
        cut, self._cut = self._cut, _UNCUT
        depth = self._open[key] = len(self._open)
        try:
            found = self._binding(file, self.program.summaries[file].bindings[index])
        finally:
            self._close(key)
            self._steps = steps
        self._values[key] = found
        if self._cut < depth:
            self._provisional[key] = self._cut
            self._cut = min(cut, self._cut)
        else:
            self._cut = cut
        return found

    def expression(
        self, file: SourceFile, expression: Expression, at: Location, *, is_held: bool = False, block: str = ""
    ) -> Value:
        """Return what an expression may be that stands in a file at module or class level, or in a function there."""
        is_kept = is_held and isinstance(expression, Reference)
        return self.outermost(expression, Frame(file, at, is_held=is_kept, block=block))

    def outermost(self, expression: Expression, frame: Frame) -> Value:
        """Return what an expression may be within a frame that no other evaluation has led to."""
        if not self._open:
            self._steps = 0
        return self.evaluate(expression, frame)

    def name(self, file: SourceFile, name: str) -> Value:
        """Return what a module's attribute may be; nothing where the module has none."""
        key = (file, name)
        if key in self._open:
            self._cut = min(self._cut, self._open[key])
            return NOTHING
        self._open[key] = len(self._open)
        try:
            return self.names.find(file, name)
        finally:
            self._close(key)

    def _close(self, key: tuple[SourceFile, int | str]) -> None:
        """End an evaluation, and forget what was only found while it had no answer of its own yet."""
        depth = self._open.pop(key)
        if self._provisional:
            for other in [other for other, cut in self._provisional.items() if cut >= depth]:
                del self._provisional[other]
                del self._values[other]

    def _binding(self, file: SourceFile, binding: Binding) -> Value:
        match binding.value:
            case ModuleImport(module=module, binds_first=binds_first):
                name = module.partition(".")[0] if binds_first else module
                return self.names.imported(file, name, 0, "", binding.at, name)
            case NameImport(module=module, level=level, name=name):
                return self.names.imported(file, module, level, name, binding.at, name)
            case StarImport():
                return NOTHING
            case Function() as function:
                value = self.calls.decorated(FunctionThing(file, function), Frame(file, binding.at))
                kind = origin_kind(value) if function.decorators else OriginKind.FUNCTION
                return self.own(file, binding, value, kind)
            case Class() as definition:
                value = Value((ClassThing(file, definition),), is_new=True)
                return self.own(file, binding, value, OriginKind.CLASS)
            case Call() if self.is_given_back(file, binding.at):
                return self.given_back(file, binding.at)
            case Display() as display:
                value = self.containers.filled(file, binding, display)
                return self.own(file, binding, value, OriginKind.VALUE)
            case expression:
                if isinstance(expression, Call) and self.containers.is_changed(file, binding):
                    value = self.containers.filled(file, binding, expression)
                else:
                    is_held = isinstance(expression, Reference)
                    frame = Frame(file, binding.at, is_held=is_held, block=binding.called_later)
                    value = self.evaluate(expression, frame)
                if not value.is_new:
                    return value
                return self.own(file, binding, value, origin_kind(value))

    def _assigned(self, module: SourceFile, name: str, frame: Frame) -> Value | None:
        """Return what the function itself has certainly set an attribute of a module to; None if it has not."""
        for body in reversed(self.program.summaries[frame.file].bodies):
            match body.statement:
                case Store(target=target, attribute=attribute, values=(Element(value=value), *_), at=at):
                    if attribute == name and body.done.block == frame.block and body.done.precedes(frame.at):
                        owners = self.expression(frame.file, target, at, block=frame.block).things
                        if any(isinstance(owner, ModuleThing) and owner.file == module for owner in owners):
                            if self.is_given_back(frame.file, at):
                                return self.given_back(frame.file, at)
                            return self.expression(frame.file, value, at, block=frame.block)
        return None

    def is_given_back(self, file: SourceFile, at: Location) -> bool:
        """Whether a statement that calls something reloads: what the call gives back is the module."""
        return at.row in self.program.given_back.get(file, {})

    def given_back(self, file: SourceFile, at: Location) -> Value:
        """Return the module that a statement reloads, if it is one."""
        given = self.program.given_back[file][at.row]
        # It is bound after the reload that stands further right.
        return NOTHING if given is None else hop(self.names.module(given), given, Location(at.row, sys.maxsize))

    def own(self, file: SourceFile, binding: Binding, value: Value, kind: OriginKind) -> Value:
        """Return a value with the module that binds it as the origin of what its body made, if it is reloaded."""
        if file not in self.program.reloaded or binding.block:
            return value
        origin = Origin(file.module, binding.name, kind, file.path, binding.at)
        traits = {*self.classes.traits(value), *([Trait.TEXT] if is_text(binding.value) else [])}
        if isinstance(binding.value, Literal) and "." in binding.name:
            traits.add(Trait.CONSTANT)
        made = Made(origin, file, binding.is_kept, frozenset(traits))
        own = Capture(made, Relation.IS, (file,), binding.at)
        others = tuple(capture for capture in value.captures if capture.made.file != file)
        return Value(value.things, (own, *others), is_new=True)

    def evaluate(self, expression: Expression, frame: Frame) -> Value:
        """Return what an expression may be within a frame; nothing where that takes too many steps."""
        self._steps += 1
        if frame.depth > _DEEPEST or self._steps > _MOST_STEPS:
            return NOTHING
        match expression:
            case Literal():
                return Value(is_new=True)
            case Reference():
                return self.names.reference(expression, frame)
            case NamedModule(name="__name__"):
                return hop(self.names.module(frame.file, is_found=False), frame.file, frame.at)
            case NamedModule(name=name):
                found = self.program.table.find(name, frame.file)
                if found is None:
                    return Value((ExternalThing(name),))
                return hop(self.names.module(found, name), found, frame.at)
            case Parameter(name=name):
                return NOTHING if frame.arguments is None else frame.arguments.get(name, NOTHING)
            case Attribute(value=inner, name=name):
                value = self.evaluate(inner, frame)
                if self.fields.is_name_written(expression, value):
                    return Value(is_new=True)
                return self._settled(expression, self.attribute(value, name, frame), frame)
            case NamedAttribute(value=owner, name=named):
                return self._named_attribute(owner, named, frame)
            case Call():
                return self._settled(expression, self.calls.call(expression, frame), frame)
            case Display():
                return self.containers.display(expression, frame)
            case Item():
                return self._settled(expression, self.containers.item(expression, frame), frame)
            case Choice(options=(Attribute() as asked, *_), is_first_there=True) if self._is_there(asked, frame):
                return self.evaluate(asked, frame)
            case Choice(options=options, is_first_true=is_first_true):
                given = [o for o in options if isinstance(o, Parameter) and o.name in (frame.arguments or ())]
                if given:
                    # What the body assigns to a parameter is its default, and this call does not need it.
                    return self.evaluate(given[0], frame)
                values = [self.evaluate(option, frame) for option in options]
                if is_first_true:
                    values = values[: next((n for n, v in enumerate(values, 1) if self.classes.is_true(v)), None)]
                return union(self.names.compiled.preferred(values))
            case Narrowed():
                return self.namespaces.narrowed(expression, frame)
            case Derived(operands=operands, summands=summands, is_tested=is_tested):
                joined = None if is_tested else self._flags(operands, frame)
                return joined or self._sum(summands, frame) or self._derived(expression, frame)
            case FunctionExpression(function=function):
                return self._lambda(function, frame)
            case ClassExpression(definition=definition, captures=captures):
                held = (*self._bases_of(definition, frame), *self._wrapped(captures, frame))
                return Value((ClassThing(frame.file, definition),), held, is_new=True)

    def _settled(self, expression: Attribute | Item | Call, value: Value, frame: Frame) -> Value:
        """Return a value that another module's object has had before as one that nothing makes."""
        is_others = value.is_new and self.elsewhere.is_others(expression, value, frame)
        return replace(value, is_new=False) if is_others else value

    def attribute(self, value: Value, name: str, frame: Frame) -> Value:
        """Return what an attribute of a value may be."""
        if name in _TEXTS:
            return Value(is_new=True)
        if name == "__dict__" and (names := self.namespaces.of(value)).things:
            return names
        if name == "__class__":
            return self.classes.class_of(value)
        field = self.fields.attribute(value, name, frame)
        if field is not None:
            return field
        found: list[Value] = []
        for thing in value.things:
            match thing:
                case ModuleThing(file=file, name=written):
                    assigned = self._assigned(file, name, frame) if frame.block else None
                    if assigned is not None:
                        found.append(assigned)
                    elif name not in MODULE_ATTRIBUTES:
                        taken = self.name(file, name)
                        if is_submodule(taken, file, name):
                            taken = passed(taken, file, name, frame.at)
                        else:
                            taken = taken_of(hop(taken, file, frame.at, written), file, value)
                        found.append(renamed(taken, f"{written}.{name}" if written else ""))
                case ClassThing():
                    found.append(self.classes.attribute_of_class(thing, name, value, frame))
                case InstanceThing():
                    found.append(self.classes.attribute_of_instance(thing, name, value, frame))
                case ExternalThing(name=dotted) if dotted.removesuffix("()") in known.ENUMS and dotted.endswith("()"):
                    found.append(Value((), related(value, Relation.MEMBER)))
                case ExternalThing(name=dotted):
                    inner = self.program.table.find(f"{dotted}.{name}", frame.file)
                    if inner is not None:
                        # A folder without an `__init__.py` on the way: there is no file for the package itself.
                        found.append(hop(self.names.module(inner, f"{dotted}.{name}"), inner, frame.at))
                    else:
                        is_new = bool(value.captures) or (value.is_new and dotted.endswith("()"))
                        is_new = is_new or f"{dotted}.{name}" in known.METHODS_OF_SAME
                        found.append(Value((ExternalThing(f"{dotted}.{name}"),), derived(value), is_new))
                case _:
                    found.append(Value((), derived(value), is_new=True))
        if not found:
            return Value((), derived(value), is_new=value.is_new or bool(value.captures))
        return union(found)

    def _is_there(self, asked: Attribute, frame: Frame) -> bool:
        """Whether a module certainly has the attribute that it is asked for."""
        things = self.evaluate(asked.value, frame).things
        names = [
            thing.file.module if isinstance(thing, ModuleThing) else thing.name
            for thing in things
            if isinstance(thing, (ModuleThing, ExternalThing))
        ]
        is_one = len(things) == len(names) == 1
        return is_one and self.program.is_there(frame.file, names[0], asked.name)

    def _named_attribute(self, owner: Expression, name: Expression, frame: Frame) -> Value:
        """Return what ``getattr`` may give: of the names that are known, else of none."""
        value = self.evaluate(owner, frame)
        names = [written_name(constant) for constant in constants(self, name, frame.file)]
        if not all(names) or not names:
            return Value((), derived(value), is_new=True)
        return union([self.attribute(value, written, frame) for written in names])

    def _flags(self, operands: tuple[Expression, ...], frame: Frame) -> Value | None:
        """Return the member that members of a Flag make together; None if any operand is something else."""
        found: list[Value] = []
        for operand in operands:
            value = self.evaluate(operand, frame)
            if not value.things or not all(map(self.classes.is_flag, value.things)):
                return None
            found.append(value)
        if not found:
            return None
        things = union(found).things
        owners = [thing.of for thing in things if isinstance(thing, InstanceThing)]
        made = {capture.made for owner in owners for capture in self.classes.captures_of(owner)}
        members = [capture for value in found for capture in value.captures if capture.relation is Relation.MEMBER]
        captures = {
            (owner, member.mode): replace(member, made=owner)
            for member in reversed(members)
            for owner in made
            if owner.file == member.made.file
        }
        return Value(things, tuple(captures.values()), is_new=True)

    def _sum(self, summands: tuple[Element, ...], frame: Frame) -> Value | None:
        """Return the container that a sum or union of containers is; None if it is something else."""
        kinds = [is_mapping(self.evaluate(summand.value, frame)) for summand in summands]
        if not kinds or None in kinds:
            return None
        return self.containers.display(Display(summands, is_mapping=any(kinds)), frame)

    def _derived(self, expression: Derived, frame: Frame) -> Value:
        operands, is_tested = expression.operands, expression.is_tested
        is_plain = is_tested or bool(expression.texts)
        captures = tuple(
            replace(
                capture,
                relation=Relation.DERIVED,
                is_value=is_plain or (capture.relation is Relation.MEMBER and self.fields.computes_values(value)),
            )
            for operand in operands
            for value in [self.evaluate(operand, frame)]
            for capture in value.captures
            if capture.relation in TRAVELS
            and not (
                capture.relation is Relation.IS
                and capture.made.origin.kind in {OriginKind.CLASS, OriginKind.FUNCTION, OriginKind.MODULE}
            )
            # Another object in its place compares as the old one did; another number does not.
            and not (is_tested and capture.made.origin.kind is not OriginKind.VALUE and capture.relation is Relation.IS)
        )
        if is_tested:
            return Value((), tuple(dict.fromkeys(captures)), is_new=True)
        things = (thing for operand in operands for thing in self.evaluate(operand, frame).things)
        if any(isinstance(t, ExternalThing) and t.name.startswith(_TYPING) and t.name.endswith("[]") for t in things):
            # What is written with a form of the `typing` module makes one: ``Optional[int] | str``.
            is_own = any(self.containers.is_own(operand, frame) for operand in operands)
            others = dict.fromkeys(capture for capture in captures if is_own or capture.made.file != frame.file)
            return Value((ExternalThing("typing.Union[]"),), tuple(others), is_new=is_own)
        return Value((), tuple(dict.fromkeys(captures)), is_new=True)

    def _lambda(self, function: Function, frame: Frame) -> Value:
        captures = self._wrapped(function.captures, frame)
        for decorator in function.decorators:
            captures += [
                capture.related(Relation.WRAPPED)
                for capture in self.evaluate(decorator.value, frame).captures
                if capture.made.origin.kind is not OriginKind.VALUE
            ]
        return Value((FunctionThing(frame.file, function),), tuple(dict.fromkeys(captures)), is_new=True)

    def _bases_of(self, definition: Class, frame: Frame) -> list[Capture]:
        """Return what a class that a function makes has of its bases, and what they are made of."""
        values = [self.evaluate(base.value, frame) for base in definition.bases]
        inherited = {c for value in values for c in value.captures if c.relation is Relation.IS or c.is_base}
        found = self._wrapped([base.value for base in definition.bases], frame)
        made = {capture.related(Relation.WRAPPED) for capture in inherited}
        return [replace(capture, is_base=True) if capture in made else capture for capture in found]

    def _wrapped(self, expressions: Iterable[Expression], frame: Frame) -> list[Capture]:
        """Return what a function or class keeps of the names around it."""
        captures = (capture for item in expressions for capture in self.evaluate(item, frame).captures)
        held = (capture.related(Relation.WRAPPED) for capture in captures if capture.relation is not Relation.DERIVED)
        return list(dict.fromkeys(held))
