"""Functions and classes as holders: defaults, decorators, bases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from stalecheck.link import known
from stalecheck.link.attached import Attachment, Entry
from stalecheck.link.calls import passes_through
from stalecheck.link.captures import reached
from stalecheck.link.holding import CALLED, HELD, KINDS, Holding, Subject, closest, constructs
from stalecheck.link.program import Frame
from stalecheck.link.registrations import Registrations
from stalecheck.link.retained import belongs_to
from stalecheck.link.values import Capture, ClassThing, ExternalThing, FunctionThing, InstanceThing, Relation, Value
from stalecheck.model import Holder, Location, SourceFile, Span
from stalecheck.summarize.summary import (
    NOWHERE,
    Argument,
    Binding,
    Call,
    CallStatement,
    Captured,
    Class,
    Derived,
    Display,
    Expression,
    Function,
    FunctionExpression,
    Item,
)
from stalecheck.vocabulary import HolderKind, OriginKind

_CACHED_PROPERTY = "functools.cached_property"


class Definitions:
    """Finds what definitions hold."""

    def __init__(self, subject: Subject, registrations: Registrations) -> None:
        self._subject = subject
        self._registrations = registrations
        self._attaching = subject.evaluator.attaching

    def of_function(self, binding: Binding, function: Function) -> Iterator[Holding]:
        """Yield what the defaults and decorators of a function keep."""
        yield from self.of_defaults(binding.name, function, binding)
        yield from self._decorators(binding, function.decorators, function)
        if function.decorators and not binding.block:
            thing = FunctionThing(self._subject.file, function)
            yield from self._attached(binding, self._attaching.to_function(thing, binding.at))

    def is_registered(self, binding: Binding) -> bool:
        """Whether a function or class is in a registry, whatever its name is bound to by now."""
        if not isinstance(binding.value, (Function, Class)):
            return False
        return any(self._registrations.keeps(item.value, binding.at) for item in binding.value.decorators)

    def of_class(self, binding: Binding, definition: Class) -> Iterator[Holding]:
        """Yield what the bases and decorators of a class keep."""
        for base in definition.bases:
            if base.keyword in {"", "*", "metaclass"}:
                value = self._subject.evaluate(base.value, binding.at)
                if any(
                    isinstance(item, ClassThing) and self._subject.evaluator.classes.is_typed_dict(item)
                    for item in value.things
                ):
                    continue
                arguments = [
                    capture
                    for argument in self._type_arguments(base.value, binding.at)
                    for capture in self._subject.evaluate(argument, binding.at).captures
                ]
                inherits = _inherited(value)
                inherited = {capture.made for capture in inherits}
                for capture in closest([*inherits, *arguments]):
                    holding = self._subject.holding(
                        binding.name, HolderKind.BASE_CLASS, base.span, capture, binding.block, base.value
                    )
                    yield replace(holding, is_type_argument=capture.made not in inherited)
        yield from self._decorators(binding, definition.decorators, None)
        thing = ClassThing(self._subject.file, definition)
        if definition.decorators and self._subject.evaluator.classes.is_dataclass(thing):
            yield from self._inherited_defaults(binding, thing)
        if not binding.block:
            yield from self._attached(binding, self._attaching.to_class(thing, binding.at))

    def _inherited_defaults(self, binding: Binding, thing: ClassThing) -> Iterator[Holding]:
        """Yield the defaults that a dataclass has of the fields of its bases; not those of bases that are old."""
        evaluator = self._subject.evaluator
        seen = {name for name, _ in thing.definition.members}
        found: list[Capture] = []
        for owner in evaluator.classes.order(thing)[1:]:
            bindings = evaluator.program.summaries[owner.file].bindings
            is_dataclass = evaluator.classes.is_dataclass(owner)
            for name, reaching in owner.definition.members:
                if is_dataclass and name not in seen and bindings[reaching[-1]].is_annotated:
                    defaults = self._defaults_of(thing, owner, bindings[reaching[-1]], binding.at)
                    found += [c for c in defaults if c.relation in HELD and c.made.file != owner.file]
                seen.add(name)
        for capture in closest(found):
            kind = HolderKind.DEFAULT_ARGUMENT
            held = self._subject.holding(binding.name, kind, binding.span, capture, binding.block)
            yield replace(held, usages=frozenset())

    def _defaults_of(self, thing: ClassThing, owner: ClassThing, field: Binding, at: Location) -> tuple[Capture, ...]:
        """Return what the default or factory of a field keeps that a class has of a base."""
        evaluator, file = self._subject.evaluator, self._subject.file
        name = field.name.rpartition(".")[2]
        if isinstance(field.value, Call) and evaluator.classes.is_external(
            owner.file, field.value.function, *known.FIELDS
        ):
            frame = Frame(owner.file, at, holder=file)
            given = (item.value for item in field.value.arguments if item.keyword in known.DEFAULTS_OF_FIELDS)
            return tuple(capture for item in given for capture in evaluator.outermost(item, frame).captures)
        itself = Value((thing,), evaluator.classes.captures_of(thing))
        value = evaluator.attribute(itself, name, Frame(file, at))
        owners = (thing.of for thing in value.things if isinstance(thing, InstanceThing))
        # Of a descriptor the default is what it gives for the class.
        return () if any(evaluator.classes.member(of, "__get__") for of in owners) else value.captures

    def of_attaching(self, statement: CallStatement) -> Iterator[Holding]:
        """Yield what a call attaches to the objects that it is given."""
        for item in self._attaching.by_call(statement.call, self._subject.file, statement.at):
            if isinstance(item, Entry):
                yield _entry(item)
            else:
                yield from self._attachment(item, statement.span)

    def _attached(self, binding: Binding, items: Iterable[Attachment | Entry]) -> Iterator[Holding]:
        for item in items:
            if isinstance(item, Entry):
                yield _entry(item)
            elif not self._is_set_again(f"{binding.name}.{item.name}", binding.at):
                yield from self._attachment(item, binding.span)

    def _attachment(self, item: Attachment, span: Span) -> Iterator[Holding]:
        for capture in closest(item.value.captures):
            if capture.relation not in HELD or belongs_to(item.target, capture):
                continue
            if capture.relation is not Relation.INSIDE or constructs(item.expression):
                name, kind = f"{item.owner}.{item.name}", KINDS[capture.relation]
                holding = self._subject.holding(name, kind, span, capture, "")
                yield replace(holding, attached_by=_written(item.function))

    def _is_set_again(self, name: str, at: Location) -> bool:
        """Whether the file itself assigns an attribute behind a place."""
        return any(
            store.name == name and store.attribute and store.at > at and not store.is_conditional
            for store in self._subject.summary.stores
        )

    def of_made_class(self, binding: Binding, expression: Expression) -> Iterator[Holding]:
        """Yield bases and defaults of a class that a call makes: ``type("D", (m.C,), {})``."""
        if not isinstance(expression, Call):
            return
        names = {
            t.name
            for t in self._subject.evaluate(expression.function, binding.at).things
            if isinstance(t, ExternalThing)
        }
        for position, argument in enumerate(expression.arguments):
            is_second = position == 1 and not argument.keyword
            if (names & known.CLASS_MAKERS and is_second) or (
                names & known.RECORD_MAKERS and argument.keyword == "bases"
            ):
                kind = HolderKind.BASE_CLASS
            elif names & known.RECORD_MAKERS and argument.keyword == "defaults":
                kind = HolderKind.DEFAULT_ARGUMENT
            elif names & known.CLASS_MAKERS and position == 2 and isinstance(argument.value, Display):
                kind = HolderKind.CONTAINER
            else:
                continue
            elements = argument.value.elements if isinstance(argument.value, Display) else ()
            for element in elements:
                for capture in closest(self._subject.evaluate(element.value, binding.at).captures):
                    yield self._subject.holding(binding.name, kind, element.span, capture, binding.block, element.value)

    def of_lambdas(self, expression: Expression, at: Location, block: str = "") -> Iterator[Holding]:
        """Yield what the defaults of lambdas within an expression keep."""
        pending = [expression]
        while pending:
            match pending.pop():
                case FunctionExpression(function=function):
                    if function.name == "<lambda>":
                        yield from self.of_defaults(function.name, function, Binding("", NOWHERE, function, at, block))
                case Display(elements=elements):
                    pending += [element.value for element in elements]
                case Call(function=called, arguments=arguments):
                    names = {t.name for t in self._subject.evaluate(called, at).things if isinstance(t, ExternalThing)}
                    if not names & known.CONSUMERS:
                        pending += [argument.value for argument in arguments if argument.keyword != "key"]
                case _:
                    pass

    def of_defaults(self, name: str, function: Function, binding: Binding) -> Iterator[Holding]:
        """Yield what the defaults of a function keep, under the name that it is bound to."""
        for default in function.defaults:
            for capture in closest(self._subject.evaluate(default.value, binding.at, is_held=True).captures):
                if capture.relation is Relation.DERIVED and capture.made.origin.kind in CALLED:
                    continue
                holding = self._subject.holding(
                    name, HolderKind.DEFAULT_ARGUMENT, default.span, capture, binding.block, default.value
                )
                yield replace(holding, usages=frozenset(default.usages))

    def of_cached(self, binding: Binding, expression: Expression) -> Iterator[Holding]:
        """Yield what a cache keeps that is put around a function by a call: ``functools.cache(f)``."""
        if not (isinstance(expression, Call) and len(expression.arguments) == 1):
            return
        things = self._subject.evaluate(expression.function, binding.at).things
        names = {thing.name.removesuffix("()") for thing in things if isinstance(thing, ExternalThing)}
        if names & known.CACHES:
            value = self._subject.evaluate(expression.arguments[0].value, binding.at)
            for thing in value.things:
                # A cache around the reloaded module's own function is a wrapper of that.
                if isinstance(thing, FunctionThing) and not value.captures:
                    is_property = _CACHED_PROPERTY in names
                    yield from self._cached(binding, thing.function, thing.file, is_property=is_property)

    def _cached(
        self, binding: Binding, function: Function, file: SourceFile | None = None, *, is_property: bool
    ) -> Iterator[Holding]:
        """Yield what a function returns that a cache keeps."""
        result = self._subject.evaluator.calls.returns_of(
            FunctionThing(file or self._subject.file, function), binding.at
        )
        for capture in closest(result.captures):
            if capture.relation in HELD:
                source = None if file else self._return_of(function, capture, binding.at)
                holding = self._subject.holding(
                    binding.name, HolderKind.CACHED_RESULT, binding.span, capture, binding.block, source
                )
                yield replace(holding, is_property=is_property)

    def _decorators(
        self, binding: Binding, decorators: Iterable[Captured], function: Function | None
    ) -> Iterator[Holding]:
        for decorator in decorators:
            called = decorator.value.function if isinstance(decorator.value, Call) else decorator.value
            registry = self._registrations.registry(called, binding.at)
            if registry and not self._subject.evaluate(called, binding.at).captures:
                dispatched = () if function is None else function.dispatched
                by_annotation = Call(called, tuple(Argument(item.value, item.span) for item in dispatched))
                call = decorator.value if isinstance(decorator.value, Call) else by_annotation
                statement = CallStatement(call, registry, binding.at)
                yield from self._registrations.of_registration(registry, statement)
                continue
            value = self._subject.evaluate(decorator.value, binding.at)
            arguments = decorator.value.arguments if isinstance(decorator.value, Call) else ()
            given = {c.made for item in arguments for c in self._subject.evaluate(item.value, binding.at).captures}
            names = {thing.name.removesuffix("()") for thing in value.things if isinstance(thing, ExternalThing)}
            if function is not None and names & known.CACHES:
                is_property = _CACHED_PROPERTY in names
                yield from self._cached(binding, replace(function, decorators=()), is_property=is_property)
            functions = [thing for thing in value.things if isinstance(thing, FunctionThing)]
            passes = bool(functions) and all(map(passes_through, functions))
            for capture in closest(value.captures):
                is_constant = capture.made.origin.kind is OriginKind.VALUE
                if not (capture.relation is Relation.DERIVED and is_constant):
                    yield replace(
                        self._subject.holding(
                            binding.name,
                            HolderKind.DECORATED,
                            decorator.span,
                            capture,
                            binding.block,
                            decorator.value,
                        ),
                        passes_through=passes and capture.made.origin.kind is OriginKind.FUNCTION,
                        is_argument=capture.span != NOWHERE or capture.made in given,
                    )

    def _return_of(self, function: Function, capture: Capture, at: Location) -> Expression | None:
        """Return the expression with which a function returns what was captured."""
        for expression in function.returns:
            if any(other.made == capture.made for other in self._subject.evaluate(expression, at).captures):
                return expression
        return None

    def _type_arguments(self, base: Expression, at: Location) -> Iterator[Expression]:
        """Yield what a base is parametrized with: the class keeps it in ``__orig_bases__``."""
        pending = [base]
        while pending:
            match pending.pop():
                case Item(value=value, index=index) if index is not None:
                    things = self._subject.evaluate(value, at).things
                    if any(
                        isinstance(thing, ClassThing) and self._subject.evaluator.classes.has_own_items(thing)
                        for thing in things
                    ):
                        continue
                    arguments = [e.value for e in index.elements] if isinstance(index, Display) else [index]
                    pending += [value, *arguments]
                    yield from arguments
                case Derived(operands=operands) as union if union is not base:
                    pending += operands
                    yield from operands
                case _:
                    pass


def _entry(entry: Entry) -> Holding:
    """Return what a container of another file holds: it is a holder of that file."""
    holder = Holder(entry.file.module, entry.container.name, HolderKind.CONTAINER)
    name = _written(entry.function)
    return Holding(entry.file, holder, entry.container.span, entry.capture, attached_by=name, is_filled_elsewhere=True)


def _written(function: FunctionThing) -> str:
    return f"{function.file.module}.{function.function.name}"


def _inherited(value: Value) -> tuple[Capture, ...]:
    """Return what a class has of a base: nothing is reached through another class, one without a name included.

    A class that a function returns is old with the function, or with the name of the module that it got.
    """
    makers = {
        (thing.file, thing.definition.name.partition(".<locals>.")[0])
        for thing in value.things
        if isinstance(thing, ClassThing) and ".<locals>." in thing.definition.name
    }
    if not makers:
        return reached(value)
    return tuple(
        capture
        for capture in value.captures
        if capture.relation is Relation.IS or capture.is_base or (capture.made.file, capture.made.origin.name) in makers
    )
