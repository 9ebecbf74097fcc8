"""Every place in a file that keeps something of another module, by the name and kind that the reports use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from stalecheck.link import known
from stalecheck.link.calls import passes_through
from stalecheck.link.captures import hop
from stalecheck.link.evaluate import Evaluator
from stalecheck.link.values import (
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
from stalecheck.model import Holder, Location, SourceFile, Span
from stalecheck.summarize.summary import (
    LITERAL,
    NOWHERE,
    Attribute,
    Binding,
    Call,
    CallStatement,
    Captured,
    Choice,
    Class,
    Display,
    Element,
    Expression,
    Function,
    FunctionExpression,
    Item,
    LocalImport,
    ModuleImport,
    NameImport,
    Reference,
    StarImport,
    Store,
    Summary,
    Usage,
)
from stalecheck.vocabulary import HolderKind, OriginKind

_IMPORTED = frozenset({Relation.IS, Relation.MEMBER, Relation.INSTANCE, Relation.DERIVED})
_HELD = frozenset(Relation) - {Relation.DERIVED}
_CALLED = frozenset({OriginKind.FUNCTION, OriginKind.CLASS})
"""Of these a computed result is no holder: it is another object."""

_SINGLE_DISPATCH = frozenset({"functools.singledispatch", "functools.singledispatchmethod"})
_KINDS = {
    Relation.IS: HolderKind.ALIAS,
    Relation.MEMBER: HolderKind.ENUM_MEMBER,
    Relation.INSTANCE: HolderKind.INSTANCE,
    Relation.WRAPPED: HolderKind.WRAPPED_CALLABLE,
    Relation.INSIDE: HolderKind.CONTAINER,
    Relation.DERIVED: HolderKind.ALIAS,
}


@dataclass(frozen=True, slots=True)
class Holding:
    """One holder and one origin that it keeps, whether or not that goes stale."""

    file: SourceFile
    holder: Holder
    span: Span
    capture: Capture
    block: str = ""
    root: str = ""
    """The name in the file that the captured expression begins with: what the holder took it from."""

    brings: tuple[tuple[str, Capture], ...] = ()
    """The names that a star import brings of the origin's module, each with what it keeps."""

    passes_through: bool = False
    """A decorator that hands its argument back unchanged."""

    rebound: tuple[Location, ...] = ()
    """Where the file's own top level binds the same names again."""

    is_argument: bool = False
    """What a decorator was given, not the decorator."""

    is_type_argument: bool = False
    """What a base is parametrized with, not the base."""

    until: tuple[Location, ...] = ()
    """Where a local import is still read."""

    usages: frozenset[Usage] | None = None
    """What is done with it under another name than the holder's; None: look the holder's name up."""


def find_holdings(file: SourceFile, summary: Summary, evaluator: Evaluator) -> Iterator[Holding]:
    """Yield what a file holds of modules that are reloaded, one holding per holder and origin."""
    finder = _Finder(file, summary, evaluator)
    seen: set[tuple[Holder, Made, Span | None]] = set()
    for holding in finder.find():
        made = holding.capture.made
        if made.file == file and holding.holder.kind is not HolderKind.MODULE_IMPORT:
            continue
        is_nameless = holding.holder.name in {"*", "<lambda>"}
        key = (holding.holder, made, holding.span if is_nameless else None)
        if key not in seen:
            seen.add(key)
            yield holding


class _Finder:
    def __init__(self, file: SourceFile, summary: Summary, evaluator: Evaluator) -> None:
        self._file = file
        self._summary = summary
        self._evaluator = evaluator
        self._later: dict[str, list[Location]] = {}
        for binding in summary.bindings:
            if not binding.block:
                self._later.setdefault(binding.name, []).append(binding.at)
        self._consumers: dict[str, frozenset[SourceFile]] = {}
        for binding in summary.bindings:
            if isinstance(binding.value, Class) and binding.value.decorators:
                self._consumers[binding.name] = frozenset(self._makers(binding.value, binding.at))
        self._live = {index for _, reaching in summary.exports for index in reaching}
        self._live.update(summary.stars)
        pending = list(self._live)
        while pending:
            bound = summary.bindings[pending.pop()]
            if isinstance(bound.value, Class):
                members = {index for _, reaching in bound.value.members for index in reaching} - self._live
                self._live |= members
                pending += members

    def find(self) -> Iterator[Holding]:
        self._overlaid = self._find_overlaid()
        for index, binding in enumerate(self._summary.bindings):
            if index in self._overlaid or self._is_lesser_import(index, binding):
                continue
            if index in self._live or (binding.block and not binding.block.endswith(".<locals>")):
                later = tuple(at for at in self._later.get(binding.name, ()) if at > binding.at)
                for holding in self._binding(index, binding):
                    is_own = later and not isinstance(binding.value, StarImport)
                    yield replace(holding, rebound=later) if is_own else holding
        statements: list[Store | CallStatement] = [*self._summary.stores, *self._summary.calls]
        for item in sorted(statements, key=lambda statement: statement.at):
            yield from self._store(item) if isinstance(item, Store) else self._call(item)
        for local in self._summary.local_imports:
            yield from self._local(local)

    def _makers(self, definition: Class, at: Location) -> Iterator[SourceFile]:
        for decorator in definition.decorators:
            value = self._evaluate(decorator.value, at)
            yield from (thing.file for thing in value.things if isinstance(thing, FunctionThing))
            yield from (capture.made.file for capture in value.captures)

    def _find_overlaid(self) -> set[int]:
        """Return the bindings whose names a later star import binds again."""
        bindings = self._summary.bindings
        overlaid: set[int] = set()
        for name, reaching in self._summary.exports:
            for star in reaching:
                is_star = isinstance(bindings[star].value, StarImport) and not bindings[star].is_conditional
                if is_star and self._evaluator.stars.provides(self._file, bindings[star], name):
                    overlaid.update(
                        index
                        for index in reaching
                        if index < star and not isinstance(bindings[index].value, StarImport)
                    )
        return overlaid

    def _is_lesser_import(self, index: int, binding: Binding) -> bool:
        """Whether another import of the same package stands for it: the first one that is used, else the last."""
        reaching = [
            other
            for other in dict(self._summary.exports).get(binding.name, ())
            if isinstance(self._summary.bindings[other].value, ModuleImport)
        ]
        if not (isinstance(binding.value, ModuleImport) and binding.value.binds_first and len(reaching) > 1):
            return False
        imports = {i: self._summary.bindings[i].value for i in reaching}
        used = [
            i
            for i, value in imports.items()
            if isinstance(value, ModuleImport)
            and "." in value.module
            and any(f"{dotted}.".startswith(f"{value.module}.") for dotted in self._summary.dotted)
        ]
        return index in imports and index != (used[0] if used else reaching[-1])

    def _is_hidden(self, star: int, name: str, capture: Capture) -> bool:
        """Whether a later star import binds a name to something else."""
        for later in self._summary.stars:
            binding = self._summary.bindings[later]
            if (
                later > star
                and not binding.is_conditional
                and self._evaluator.stars.provides(self._file, binding, name)
            ):
                found = self._evaluator.stars.brought(self._file, binding)
                value = self._evaluator.name(found[0], name) if found is not None else None
                if value is not None and all(other.made != capture.made for other in value.captures):
                    return True
        return False

    def _brought_later(self, star: int, names: Iterable[str]) -> tuple[Location, ...]:
        """Return the later star imports that bring all of the names again."""
        bindings = self._summary.bindings
        return tuple(
            bindings[later].at
            for later in self._summary.stars
            if later > star and all(self._evaluator.stars.provides(self._file, bindings[later], name) for name in names)
        )

    def _binding(self, index: int, binding: Binding) -> Iterator[Holding]:
        match binding.value:
            case ModuleImport() | NameImport():
                yield from self._import(index, binding)
            case StarImport():
                yield from self._star(index, binding)
            case Function() as function:
                yield from self._function(binding, function)
            case Class() as definition:
                yield from self._class(binding, definition)
            case expression:
                yield from self._assignment(index, binding, expression)

    def _import(self, index: int, binding: Binding) -> Iterator[Holding]:
        value = self._evaluator.binding(self._file, index)
        for capture in _closest(value.captures):
            if capture.relation in _IMPORTED:
                is_module = capture.made.origin.kind is OriginKind.MODULE
                kind = HolderKind.MODULE_IMPORT if is_module else HolderKind.FROM_IMPORT
                yield self._holding(binding.name, kind, binding.span, capture, binding.block)

    def _star(self, index: int, binding: Binding) -> Iterator[Holding]:
        found = self._evaluator.stars.brought(self._file, binding)
        if found is None:
            return
        target, names = found
        exports = dict(self._summary.exports)
        brings: dict[SourceFile, list[tuple[str, Capture]]] = {}
        for name in names:
            if name in exports and index not in exports[name]:
                continue
            value = hop(self._evaluator.name(target, name), target, binding.at)
            for capture in _closest(value.captures):
                if capture.made.file != self._file and not self._is_hidden(index, name, capture):
                    brings.setdefault(capture.made.file, []).append((name, capture))
        for brought in brings.values():
            yield replace(
                self._holding("*", HolderKind.STAR_IMPORT, binding.span, brought[0][1], binding.block),
                brings=tuple(brought),
                rebound=self._brought_later(index, [name for name, _ in brought]),
            )

    def _function(self, binding: Binding, function: Function) -> Iterator[Holding]:
        yield from self._defaults(binding.name, function, binding)
        yield from self._decorators(binding, function.decorators, function)

    def _made_class(self, binding: Binding, expression: Expression) -> Iterator[Holding]:
        """Yield bases and defaults of a class that a call makes: ``type("D", (m.C,), {})``."""
        if not isinstance(expression, Call):
            return
        names = {t.name for t in self._evaluate(expression.function, binding.at).things if isinstance(t, ExternalThing)}
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
                for capture in _closest(self._evaluate(element.value, binding.at).captures):
                    yield self._holding(binding.name, kind, element.span, capture, binding.block, element.value)

    def _lambdas(self, expression: Expression, at: Location, block: str = "") -> Iterator[Holding]:
        """Yield what the defaults of lambdas within an expression keep."""
        pending = [expression]
        while pending:
            match pending.pop():
                case FunctionExpression(function=function):
                    if function.name == "<lambda>":
                        yield from self._defaults(function.name, function, Binding("", NOWHERE, function, at, block))
                case Display(elements=elements):
                    pending += [element.value for element in elements]
                case Call(function=called, arguments=arguments):
                    names = {t.name for t in self._evaluate(called, at).things if isinstance(t, ExternalThing)}
                    if not names & known.CONSUMERS:
                        pending += [argument.value for argument in arguments if argument.keyword != "key"]
                case _:
                    pass

    def _defaults(self, name: str, function: Function, binding: Binding) -> Iterator[Holding]:
        for default in function.defaults:
            for capture in _closest(self._evaluate(default.value, binding.at).captures):
                if capture.relation is Relation.DERIVED and capture.made.origin.kind in _CALLED:
                    continue
                holding = self._holding(
                    name, HolderKind.DEFAULT_ARGUMENT, default.span, capture, binding.block, default.value
                )
                yield replace(holding, usages=frozenset(default.usages))

    def _decorators(
        self, binding: Binding, decorators: Iterable[Captured], function: Function | None
    ) -> Iterator[Holding]:
        for decorator in decorators:
            if isinstance(decorator.value, Call):
                registry = self._registry(decorator.value, binding.at)
                if registry and not self._evaluate(decorator.value.function, binding.at).captures:
                    statement = CallStatement(decorator.value, registry, binding.at)
                    yield from self._registration(registry, statement)
                    continue
            value = self._evaluate(decorator.value, binding.at)
            names = {thing.name.removesuffix("()") for thing in value.things if isinstance(thing, ExternalThing)}
            if function is not None and names & known.CACHES:
                result = self._evaluator.calls.returns_of(FunctionThing(self._file, replace(function, decorators=())))
                for capture in _closest(result.captures):
                    if capture.relation in _HELD:
                        yield self._holding(
                            binding.name, HolderKind.CACHED_RESULT, binding.span, capture, binding.block
                        )
            passes = any(isinstance(thing, FunctionThing) and passes_through(thing) for thing in value.things)
            for capture in _closest(value.captures):
                is_constant = capture.made.origin.kind is OriginKind.VALUE
                if not (capture.relation is Relation.DERIVED and is_constant):
                    yield replace(
                        self._holding(
                            binding.name,
                            HolderKind.DECORATED,
                            decorator.span,
                            capture,
                            binding.block,
                            decorator.value,
                        ),
                        passes_through=passes and capture.relation is Relation.IS,
                        is_argument=capture.span != NOWHERE,
                    )

    def _class(self, binding: Binding, definition: Class) -> Iterator[Holding]:
        for base in definition.bases:
            if base.keyword in {"", "*", "metaclass"}:
                value = self._evaluate(base.value, binding.at)
                if any(
                    isinstance(item, ClassThing) and self._evaluator.classes.is_typed_dict(item)
                    for item in value.things
                ):
                    continue
                arguments = [
                    capture
                    for argument in self._type_arguments(base.value, binding.at)
                    for capture in self._evaluate(argument, binding.at).captures
                ]
                inherited = {capture.made for capture in value.captures}
                for capture in _closest([*value.captures, *arguments]):
                    holding = self._holding(
                        binding.name, HolderKind.BASE_CLASS, base.span, capture, binding.block, base.value
                    )
                    yield replace(holding, is_type_argument=capture.made not in inherited)
        yield from self._decorators(binding, definition.decorators, None)

    def _type_arguments(self, base: Expression, at: Location) -> Iterator[Expression]:
        """Yield what a base is parametrized with: the class keeps it in ``__orig_bases__``."""
        pending = [base]
        while pending:
            match pending.pop():
                case Item(value=value, index=index) if index is not None:
                    things = self._evaluate(value, at).things
                    if any(
                        isinstance(thing, ClassThing) and self._evaluator.classes.has_own_items(thing)
                        for thing in things
                    ):
                        continue
                    arguments = [e.value for e in index.elements] if isinstance(index, Display) else [index]
                    pending += [value, *arguments]
                    yield from arguments
                case _:
                    pass

    def _assignment(self, index: int, binding: Binding, expression: Expression) -> Iterator[Holding]:
        if isinstance(expression, FunctionExpression):
            yield from self._defaults(binding.name, expression.function, binding)
        else:
            yield from self._lambdas(expression, binding.at, binding.block)
            yield from self._made_class(binding, expression)
        is_display = isinstance(expression, Display)
        value = self._evaluate(expression, binding.at) if is_display else self._evaluator.binding(self._file, index)
        consumers = self._consumers.get(binding.name.rpartition(".")[0], frozenset())
        if consumers:
            # A decorator of the class that comes from where the field was made takes it off the class again.
            value = replace(value, captures=tuple(c for c in value.captures if c.made.file not in consumers))
        yield from self._assigned(binding.name, binding.span, value, expression, binding)
        if not binding.block:
            yield from self._instance_attributes(binding, value)

    def _assigned(
        self, name: str, span: Span, value: Value, expression: Expression, binding: Binding
    ) -> Iterator[Holding]:
        default = self._field_default(expression, binding.at)
        for capture in _closest(value.captures):
            if default is not None:
                kind, place = HolderKind.DEFAULT_ARGUMENT, capture.span
            elif capture.relation is Relation.INSIDE:
                # A second name is no second container; an attribute of a class is a way of its own to reach it.
                if not _constructs(expression) and "." not in name:
                    continue
                kind, place = HolderKind.CONTAINER, capture.span
            elif capture.relation is Relation.WRAPPED and isinstance(expression, Reference):
                continue
            else:
                kind, place = _KINDS[capture.relation], span
            source = _element_at(expression, place)
            yield self._holding(name, kind, span if place == NOWHERE else place, capture, binding.block, source)

    def _field_default(self, expression: Expression, at: Location) -> Call | None:
        if not isinstance(expression, Call):
            return None
        function = self._evaluate(expression.function, at)
        names = {thing.name for thing in function.things if isinstance(thing, ExternalThing)}
        return expression if names & known.FIELDS else None

    def _instance_attributes(self, binding: Binding, value: Value) -> Iterator[Holding]:
        for thing in value.things:
            if not isinstance(thing, InstanceThing) or thing.of.file != self._file:
                continue
            if not isinstance(binding.value, Call):
                continue
            for attribute in thing.of.definition.attributes:
                held = self._evaluate(attribute.value, binding.at)
                for capture in _closest(held.captures):
                    kind = _KINDS[capture.relation]
                    place = capture.span if kind is HolderKind.CONTAINER else attribute.span
                    yield self._holding(
                        f"{binding.name}.{attribute.name}",
                        kind,
                        attribute.span if place == NOWHERE else place,
                        capture,
                        binding.block,
                        attribute.value,
                    )

    def _store(self, store: Store) -> Iterator[Holding]:
        target = self._evaluate(store.target, store.at)
        if not store.name:
            return
        if store.attribute:
            yield from self._attribute_store(store, target)
            return
        yield from self._elements(store.name, store.values, target, store.at)

    def _attribute_store(self, store: Store, target: Value) -> Iterator[Holding]:
        [element] = store.values
        hooks = {
            f"{thing.name}.{store.attribute}" for thing in target.things if isinstance(thing, ExternalThing)
        } & known.HOOKS
        value = self._evaluate(element.value, store.at)
        for capture in _closest(value.captures):
            if _belongs_to(target, capture):
                continue
            if hooks and capture.relation in _HELD and capture.relation is not Relation.INSIDE:
                yield self._holding(min(hooks), HolderKind.CALLBACK, element.span, capture, "", element.value)
            elif capture.relation is not Relation.INSIDE or _constructs(element.value):
                kind = _KINDS[capture.relation]
                is_container = kind is HolderKind.CONTAINER and capture.span != NOWHERE
                place = capture.span if is_container else element.span
                yield self._holding(store.name, kind, place, capture, "", element.value)

    def _elements(self, name: str, elements: Iterable[Element], target: Value, at: Location) -> Iterator[Holding]:
        seen: set[Made] = set()
        is_mapping = any(map(_may_be_mapping, target.things)) or not target.things
        for element in elements:
            expression = element.value
            if element.is_unpacked:
                keys = Item(element.value)
                expression = Choice((keys, Item(element.value, index=LITERAL))) if is_mapping else keys
            value = self._evaluate(expression, at)
            for capture in _closest(value.captures):
                if capture.made in seen or _belongs_to(target, capture):
                    continue
                if capture.relation is Relation.DERIVED and (
                    element.is_unpacked or capture.made.origin.kind in _CALLED
                ):
                    continue
                seen.add(capture.made)
                place = capture.span if capture.relation is Relation.INSIDE else element.span
                inside = replace(capture, relation=_inside(capture))
                yield self._holding(
                    name,
                    HolderKind.CONTAINER,
                    element.span if place == NOWHERE else place,
                    inside,
                    "",
                    element.value,
                )

    def _call(self, statement: CallStatement) -> Iterator[Holding]:
        yield from self._lambdas(statement.call, statement.at)
        function = statement.call.function
        callee = self._evaluate(function, statement.at)
        names = {thing.name for thing in callee.things if isinstance(thing, ExternalThing)} & known.REGISTRARS
        registry = min(names) if names else self._registry(statement.call, statement.at)
        if registry:
            yield from self._registration(registry, statement)
        elif isinstance(function, Attribute) and function.name in known.MUTATORS:
            target = self._evaluate(function.value, statement.at)
            if any(isinstance(thing, (ModuleThing, ClassThing)) for thing in target.things):
                return
            unpacks = function.name in known.UNPACKERS
            elements = [
                Element(
                    argument.value,
                    argument.span,
                    is_unpacked=unpacks and not argument.keyword and not isinstance(argument.value, Display),
                )
                for argument in statement.call.arguments
            ]
            flat: list[Element] = []
            for element in elements:
                if unpacks and isinstance(element.value, Display):
                    flat += element.value.elements
                else:
                    flat.append(element)
            yield from self._elements(statement.name.rpartition(".")[0], flat, target, statement.at)

    def _registry(self, call: Call, at: Location) -> str:
        """Return the name of a registry of types that is called: a singledispatch function or an ABC outside."""
        function = call.function
        if not isinstance(function, Attribute) or function.name != "register":
            return ""
        for thing in self._evaluate(function.value, at).things:
            match thing:
                case ExternalThing(name=name) if name.startswith(("collections.abc.", "numbers.", "os.PathLike")):
                    return f"{name}.register"
                case ClassThing(definition=definition) if self._evaluator.classes.is_abstract(thing):
                    return f"{definition.name}.register"
                case FunctionThing(file=file, function=definition):
                    for decorator in definition.decorators:
                        value = self._evaluator.expression(file, decorator.value, at)
                        if any(
                            isinstance(item, ExternalThing) and item.name in _SINGLE_DISPATCH for item in value.things
                        ):
                            return f"{definition.name}.register"
        return ""

    def _registration(self, name: str, statement: CallStatement) -> Iterator[Holding]:
        for argument in statement.call.arguments:
            value = self._evaluate(argument.value, statement.at)
            for capture in _closest(value.captures):
                if capture.relation in _HELD:
                    is_constant = capture.made.origin.kind is OriginKind.VALUE and (capture.relation is Relation.IS)
                    if not is_constant:
                        yield self._holding(
                            name.replace("()", ""),
                            HolderKind.CALLBACK,
                            argument.span,
                            capture,
                            "",
                            argument.value,
                        )

    def _local(self, local: LocalImport) -> Iterator[Holding]:
        if not local.uses:
            return
        for index, binding in enumerate(self._summary.bindings):
            if binding.block == f"{local.block}.<locals>" and binding.at == local.at and binding.name == local.name:
                for capture in _closest(self._evaluator.binding(self._file, index).captures):
                    if capture.relation in _IMPORTED:
                        is_module = capture.made.origin.kind is OriginKind.MODULE
                        kind = HolderKind.MODULE_IMPORT if is_module else HolderKind.FROM_IMPORT
                        yield replace(
                            self._holding(
                                f"{local.block}.<locals>.{local.name}", kind, local.span, capture, local.block
                            ),
                            until=local.uses,
                        )
                return

    def _evaluate(self, expression: Expression, at: Location) -> Value:
        return self._evaluator.expression(self._file, expression, at)

    def _holding(
        self,
        name: str,
        kind: HolderKind,
        span: Span,
        capture: Capture,
        block: str,
        expression: Expression | None = None,
    ) -> Holding:
        holder = Holder(self._file.module, name, kind)
        root = "" if expression is None else _root(expression)
        return Holding(self._file, holder, span, capture, block, root)


def _closest(captures: Iterable[Capture]) -> list[Capture]:
    """Return one capture for each origin: the closest relation; of several ways the shortest."""
    best: dict[Made, Capture] = {}
    for capture in captures:
        other = best.get(capture.made)
        if other is None or (capture.relation, len(capture.via)) < (other.relation, len(other.via)):
            best[capture.made] = capture
    return list(best.values())


def _inside(capture: Capture) -> Relation:
    return capture.relation if capture.relation is Relation.MEMBER else Relation.INSIDE


def _element_at(expression: Expression, place: Span) -> Expression:
    """Return the element of a container display that stands at a place; else the expression."""
    if isinstance(expression, Display):
        return next((element.value for element in expression.elements if element.span == place), expression)
    return expression


def _constructs(expression: Expression) -> bool:
    return isinstance(expression, (Display, Call))


def _may_be_mapping(container: Thing) -> bool:
    match container:
        case ContainerThing(display=display):
            return display.is_mapping
        case ExternalThing(name=name):
            return name.removesuffix("()") not in known.CONTAINERS - known.MAPPINGS
    return True


def _belongs_to(target: Value, capture: Capture) -> bool:
    """Whether what is stored belongs to the reloaded module's own object: that one is replaced as well."""
    if any(isinstance(thing, ModuleThing) and thing.file == capture.made.file for thing in target.things):
        return True
    return any(held.made.file == capture.made.file and held.relation is Relation.IS for held in target.captures)


def _root(expression: Expression) -> str:
    """Return the name that an expression begins with."""
    while True:
        match expression:
            case Reference(name=name):
                return name
            case Attribute(value=inner) | Item(value=inner):
                expression = inner
            case Call(function=inner, arguments=()):
                expression = inner
            case _:
                return ""
