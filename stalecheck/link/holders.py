"""Every place in a file that keeps something of another module, by the name and kind that the reports use."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial

from stalecheck.link import known
from stalecheck.link.captures import TRAVELS, whole
from stalecheck.link.definitions import Definitions
from stalecheck.link.discarded import Discarded
from stalecheck.link.enums import is_member
from stalecheck.link.evaluate import Evaluator
from stalecheck.link.holding import KINDS, Holding, Subject, closest, constructs
from stalecheck.link.imports import Imports
from stalecheck.link.program import Frame
from stalecheck.link.registrations import Registrations
from stalecheck.link.statements import Statements
from stalecheck.link.values import (
    Capture,
    ClassThing,
    ContainerThing,
    ExternalThing,
    FunctionThing,
    InstanceThing,
    Made,
    Relation,
    Trait,
    Value,
)
from stalecheck.model import Holder, Location, SourceFile, Span
from stalecheck.summarize.summary import (
    NOWHERE,
    Attribute,
    Binding,
    Call,
    CallStatement,
    Class,
    Display,
    Expression,
    Function,
    FunctionExpression,
    InstanceAttribute,
    Literal,
    ModuleImport,
    NameImport,
    Reference,
    StarImport,
    Store,
    Summary,
)
from stalecheck.vocabulary import HolderKind, OriginKind, ReloadMode


def find_holdings(file: SourceFile, summary: Summary, evaluator: Evaluator) -> Iterator[Holding]:
    """Yield what a file holds of modules that are reloaded, one holding per holder and origin."""
    finder = _Finder(Subject(file, summary, evaluator))
    emptied, replaced = evaluator.removals.by_others(file), evaluator.removals.by_functions(file)
    seen: set[tuple[Holder, Made, ReloadMode | None, Span | None, str, tuple[str, ...]]] = set()
    holdings = finder.find()
    if emptied:
        # What stays in a container is held, whatever else is taken out of it.
        holdings = iter(sorted(map(partial(_after_others, emptied), holdings), key=lambda each: bool(each.emptied_by)))
    for holding in holdings:
        made = holding.capture.made
        if made.file == holding.file and holding.holder.kind is not HolderKind.MODULE_IMPORT:
            continue
        if holding.holder.kind is HolderKind.CONTAINER and holding.span in replaced:
            holding = replace(holding, emptied=(*holding.emptied, *replaced[holding.span]))
        is_nameless = bool(holding.block) or holding.holder.name in {"*", "<lambda>"}
        span = holding.span if is_nameless or holding.emptied else None
        names = tuple(name for name, _ in holding.brings)
        key = (holding.holder, made, holding.capture.mode, span, holding.block, names)
        if key not in seen:
            seen.add(key)
            yield holding


def _after_others(emptied: Mapping[Span, Collection[SourceFile]], holding: Holding) -> Holding:
    if holding.holder.kind is not HolderKind.CONTAINER or holding.span not in emptied:
        return holding
    return replace(holding, emptied_by=frozenset(emptied[holding.span]))


class _Finder:
    def __init__(self, subject: Subject) -> None:
        summary = subject.summary
        registrations = Registrations(subject)
        self._subject = subject
        self._imports = Imports(subject)
        self._definitions = Definitions(subject, registrations)
        self._statements = Statements(subject, self._definitions, registrations)
        self._later: dict[str, list[Location]] = {}
        for binding in summary.bindings:
            # None or a number beside an import is what it falls back on.
            if not binding.block and not isinstance(binding.value, Literal):
                self._later.setdefault(binding.name, []).append(binding.at)
        for name, reaching in summary.exports:
            for star in (summary.bindings[index] for index in reaching):
                if isinstance(star.value, StarImport) and subject.evaluator.stars.provides(subject.file, star, name):
                    self._later.setdefault(name, []).append(star.at)
        self._enums: dict[str, ClassThing | None] = {}
        self._consumers: dict[str, frozenset[SourceFile]] = {}
        self._records = frozenset(self._without_attributes())
        """The classes of which a field is no attribute: what it is assigned is a default of what makes an instance."""

        for binding in summary.bindings:
            if isinstance(binding.value, Class) and binding.value.decorators:
                self._consumers[binding.name] = frozenset(self._makers(binding.value, binding.at))
        self._live = {index for _, reaching in summary.exports for index in reaching}
        self._live.update(summary.stars)
        self._live = self._with_members(self._live)
        self._live.update(self._accessors())
        self._discarded = Discarded(summary, self._live)
        self._reset = set() if self._calls_own_functions() else set(self._certain())

    def find(self) -> Iterator[Holding]:
        overlaid = self._with_members(self._imports.overlaid())
        for index, binding in enumerate(self._subject.summary.bindings):
            if index in self._live:
                yield from self._imports.of_submodule(binding)
            if index in overlaid or self._imports.is_lesser(index, binding):
                continue
            if index in self._live or (binding.block and not binding.block.endswith(".<locals>")):
                later = tuple(at for at in self._later.get(binding.name, ()) if at > binding.at)
                for holding in self._binding(index, binding):
                    if binding.block and binding.name.partition(".")[0] in self._reset:
                        holding = replace(holding, is_reset=True)
                    is_own = later and not isinstance(binding.value, StarImport)
                    yield replace(holding, rebound=later) if is_own else holding
            elif not binding.block and self._definitions.is_registered(binding):
                yield from self._binding(index, binding)
        yield from self._answered()
        statements: list[Store | CallStatement] = [*self._subject.summary.stores, *self._subject.summary.calls]
        for item in sorted(statements, key=lambda statement: statement.at):
            if self._discarded.takes(item):
                continue
            found = self._statements.of_store(item) if isinstance(item, Store) else self._statements.of_call(item)
            owner = item.within[-1].rpartition(".")[0] if item.within else ""
            yield from (replace(holding, owners=frozenset({owner})) for holding in found) if owner else found
        for body in self._subject.summary.bodies:
            for holding in self._statements.of_body(body.statement):
                yield replace(holding, block=body.done.block, done=body.done)
        for local in self._subject.summary.local_imports:
            yield from self._imports.of_local_import(local)

    def _accessors(self) -> Iterator[int]:
        """Yield the functions that a property keeps when another one is decorated with its ``setter``."""
        bindings = self._subject.summary.bindings
        pending = list(self._live)
        while pending:
            bound = bindings[pending.pop()].value
            for decorator in bound.decorators if isinstance(bound, Function) else ():
                match decorator.value:
                    case Attribute(value=Reference(reaching=reaching), name="setter" | "deleter"):
                        yield from reaching
                        pending += reaching

    def _certain(self) -> Iterator[str]:
        """Yield the names that every run of the file's top level binds."""
        bindings = self._subject.summary.bindings
        for name, reaching in self._subject.summary.exports:
            if not any(bindings[i].block or bindings[i].is_kept or bindings[i].is_conditional for i in reaching):
                yield name

    def _calls_own_functions(self) -> bool:
        """Whether the file's top level calls a function of the file, which may bind what functions bind."""
        bindings = self._subject.summary.bindings
        return any(
            isinstance(bindings[index].value, Function)
            for statement in self._subject.summary.calls
            if isinstance(statement.call.function, Reference)
            for index in statement.call.function.reaching
        )

    def _with_members(self, indexes: set[int]) -> set[int]:
        """Return bindings and, of those that are classes, the bindings of their bodies."""
        found = set(indexes)
        pending = list(indexes)
        while pending:
            bound = self._subject.summary.bindings[pending.pop()]
            if isinstance(bound.value, Class):
                members = {index for _, reaching in bound.value.members for index in reaching} - found
                found |= members
                pending += members
        return found

    def _without_attributes(self) -> Iterator[str]:
        """Yield the classes of the file whose fields are no attributes: named tuples, slotted dataclasses, attrs."""
        bindings = self._subject.summary.bindings
        with_fields = {binding.name.rpartition(".")[0] for binding in bindings if binding.is_annotated}
        for binding in bindings:
            if not isinstance(binding.value, Class) or binding.name not in with_fields:
                continue
            for base in binding.value.bases:
                if self._names(base.value, binding.at) & known.RECORDS:
                    yield binding.name
            for decorator in binding.value.decorators:
                written = decorator.value
                function = written.function if isinstance(written, Call) else written
                names = self._names(function, binding.at) & known.DATACLASSES
                option = "slots" if "dataclasses.dataclass" in names else "auto_attribs"
                if names & known.WITHOUT_ATTRIBUTES or (names and _is_set(written, option)):
                    yield binding.name

    def _names(self, expression: Expression, at: Location) -> set[str]:
        """Return the names of the things outside of the project that an expression may be."""
        things = self._subject.evaluate(expression, at).things
        return {thing.name for thing in things if isinstance(thing, ExternalThing)}

    def _answered(self) -> Iterator[Holding]:
        """Yield what a module's ``__getattr__`` binds of what it has imported on demand."""
        place, summary = self._subject.summary.cached_at, self._subject.summary
        if place is None or not summary.declared or summary.public is None:
            return
        bound = {name for name, _ in summary.exports}
        for name in sorted(self._subject.evaluator.stars.public_names(self._subject.file) - bound):
            for capture in closest(self._subject.evaluator.name(self._subject.file, name).captures):
                if capture.relation in TRAVELS:
                    yield self._subject.holding(name, KINDS[capture.relation], place, capture, "__getattr__")

    def _makers(self, definition: Class, at: Location) -> Iterator[SourceFile]:
        for decorator in definition.decorators:
            value = self._subject.evaluate(decorator.value, at)
            yield from (thing.file for thing in value.things if isinstance(thing, FunctionThing))
            yield from (capture.made.file for capture in value.captures)

    def _binding(self, index: int, binding: Binding) -> Iterator[Holding]:
        match binding.value:
            case ModuleImport() | NameImport():
                yield from self._imports.of_import(index, binding)
            case StarImport():
                yield from self._imports.of_star(index, binding)
            case Function() as function:
                yield from self._definitions.of_function(binding, function)
            case Class() as definition:
                yield from self._definitions.of_class(binding, definition)
            case expression:
                yield from self._assignment(index, binding, expression)

    def _assignment(self, index: int, binding: Binding, expression: Expression) -> Iterator[Holding]:
        made_class = list(self._definitions.of_made_class(binding, expression))
        if isinstance(expression, FunctionExpression):
            yield from self._definitions.of_defaults(binding.name, expression.function, binding)
        else:
            yield from self._definitions.of_lambdas(expression, binding.at, binding.block)
            yield from made_class
            yield from self._definitions.of_cached(binding, expression)
        if isinstance(expression, Display) and expression.iterated is not None:
            expression = Display((expression.iterated,))
        containers = self._subject.evaluator.containers
        if isinstance(expression, Display):
            remaining = containers.remaining(self._subject.file, expression)
            value = self._subject.evaluate(remaining, binding.at, block=binding.called_later)
        else:
            value = self._subject.evaluator.binding(self._subject.file, index)
            if isinstance(expression, Call) and any(isinstance(thing, ContainerThing) for thing in value.things):
                # What is put in further down is held by the statement that does it.
                value = self._subject.evaluate(expression, binding.at, block=binding.called_later)
            removed = containers.removed(self._subject.file)
            if removed and isinstance(expression, Call):
                value = replace(
                    value,
                    captures=tuple(
                        capture
                        for capture in value.captures
                        if capture.relation is not Relation.INSIDE
                        or (capture.span not in removed and binding.span not in removed)
                    ),
                )
        if made_class:
            of_class = {holding.capture.made for holding in made_class}
            value = replace(value, captures=tuple(c for c in value.captures if c.made not in of_class))
        if "." in binding.name and not constructs(expression):
            value = containers.opened(value, Frame(self._subject.file, binding.at))
            value = replace(value, captures=whole(value.captures))
        consumers = self._consumers.get(binding.name.rpartition(".")[0], frozenset())
        if consumers:
            # A decorator of the class that comes from where the field was made takes it off the class again.
            value = replace(value, captures=tuple(c for c in value.captures if c.made.file not in consumers))
        value = _as_method(value, expression)
        yield from self._assigned(binding.name, binding.span, value, expression, binding)
        yield from self._instance_attributes(binding, value)

    def _assigned(
        self, name: str, span: Span, value: Value, expression: Expression, binding: Binding
    ) -> Iterator[Holding]:
        default = self._field_default(expression, binding.at)
        owner = name.rpartition(".")[0]
        enum = self._enum(owner) if owner and value.captures else None
        if enum is not None and is_member(name.rpartition(".")[2], expression, value):
            if Trait.COMPARABLE_ENUM in self._subject.evaluator.classes.traits(Value((enum,))):
                # `str` or `int` makes a plain value of it.
                value = replace(value, captures=tuple(c for c in value.captures if not _is_object(c)))
            else:
                name = f"{name}.value"
        if binding.is_annotated and owner in self._records:
            for capture in closest(value.captures):
                held = self._subject.holding(owner, HolderKind.DEFAULT_ARGUMENT, span, capture, "", expression)
                yield replace(held, usages=frozenset())
            return
        for capture in closest(value.captures):
            if default is not None:
                kind, place = HolderKind.DEFAULT_ARGUMENT, capture.span
            elif capture.relation is Relation.INSIDE:
                # A second name is no second container; an attribute of a class is a way of its own to reach it.
                is_name = not constructs(expression) or (isinstance(expression, Call) and not value.is_new)
                if is_name and "." not in name:
                    continue
                kind, place = HolderKind.CONTAINER, capture.span if constructs(expression) else span
            elif capture.relation is Relation.WRAPPED and isinstance(expression, Reference):
                continue
            else:
                kind, place = KINDS[capture.relation], span
            source = _element_at(expression, place)
            yield self._subject.holding(name, kind, span if place == NOWHERE else place, capture, binding.block, source)

    def _enum(self, name: str) -> ClassThing | None:
        """Return the Enum that a name of the file stands for; None for anything else."""
        if name not in self._enums:
            things = self._subject.evaluator.name(self._subject.file, name).things
            classes = (thing for thing in things if isinstance(thing, ClassThing))
            self._enums[name] = next((t for t in classes if self._subject.evaluator.classes.is_enum(t)), None)
        return self._enums[name]

    def _field_default(self, expression: Expression, at: Location) -> Call | None:
        if not isinstance(expression, Call):
            return None
        return expression if self._names(expression.function, at) & known.FIELDS else None

    def _instance_attributes(self, binding: Binding, value: Value) -> Iterator[Holding]:
        for thing in value.things:
            if not isinstance(thing, InstanceThing) or thing.of.file != self._subject.file:
                continue
            if not isinstance(binding.value, Call):
                continue
            owners = frozenset(cls.definition.name for cls in self._subject.evaluator.classes.order(thing.of))
            for attribute in self._attributes(thing.of):
                kept = attribute.value
                if isinstance(kept, Display):
                    kept = self._subject.evaluator.containers.remaining(self._subject.file, kept)
                held = self._subject.evaluate(kept, binding.at)
                for capture in closest(held.captures):
                    kind = KINDS[capture.relation]
                    place = capture.span if kind is HolderKind.CONTAINER else attribute.span
                    held_by = self._subject.holding(
                        f"{binding.name}.{attribute.name}",
                        kind,
                        attribute.span if place == NOWHERE else place,
                        capture,
                        binding.block,
                        attribute.value,
                    )
                    yield replace(held_by, owners=owners, made_at=binding.at if binding.block else held_by.made_at)

    def _attributes(self, of: ClassThing) -> Iterator[InstanceAttribute]:
        """Yield what ``__init__`` assigns to an instance of a class of the file, those of bases there included."""
        names: set[str] = set()
        for cls in self._subject.evaluator.classes.order(of):
            if cls.file != self._subject.file:
                return
            yield from (attribute for attribute in cls.definition.attributes if attribute.name not in names)
            if not cls.definition.initializes_bases:
                return
            names.update(attribute.name for attribute in cls.definition.attributes)


def _is_object(capture: Capture) -> bool:
    """Whether it is the origin itself, or an instance, and no plain value."""
    return capture.relation in (Relation.IS, Relation.INSTANCE) and capture.made.origin.kind is not OriginKind.VALUE


def _is_set(decorator: Expression, option: str) -> bool:
    """Whether a decorator is given an option: ``@dataclass(slots=True)``."""
    arguments = decorator.arguments if isinstance(decorator, Call) else ()
    return any(argument.keyword == option and argument.value == Literal("True") for argument in arguments)


def _as_method(value: Value, expression: Expression) -> Value:
    """Return a value as the bound method of an object of the standard library keeps that, if it is one."""
    names = {thing.name for thing in value.things if isinstance(thing, ExternalThing)}
    if not isinstance(expression, Attribute) or names.isdisjoint(known.BOUND_METHODS):
        return value
    captures = (
        capture.related(Relation.WRAPPED)
        if capture.relation is Relation.DERIVED and capture.made.origin.kind is OriginKind.INSTANCE
        else capture
        for capture in value.captures
    )
    return replace(value, captures=tuple(captures))


def _element_at(expression: Expression, place: Span) -> Expression:
    """Return the element of a container display that stands at a place; else the expression."""
    if isinstance(expression, Display):
        return next((element.value for element in expression.elements if element.span == place), expression)
    return expression
