"""Summaries → values: follows a name through imports, re-exports, aliases and calls to what it may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from stalecheck.index import FileIndex
from stalecheck.link import known
from stalecheck.link.captures import (
    TRAVELS,
    class_of,
    computed_by,
    copied,
    derived,
    is_function_spec,
    is_generic,
    is_result,
    kept,
    origin_kind,
    placeless,
    related,
    values_of,
)
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
from stalecheck.model import Location, Origin, SourceFile
from stalecheck.modules import ModuleTable, absolute
from stalecheck.summarize.summary import (
    NOWHERE,
    TEXT,
    Argument,
    Attribute,
    Binding,
    Call,
    Choice,
    Class,
    Derived,
    Display,
    Element,
    Expression,
    Function,
    FunctionExpression,
    Item,
    Literal,
    ModuleImport,
    NamedModule,
    NameImport,
    Parameter,
    Reference,
    StarImport,
    Store,
    Summary,
)
from stalecheck.vocabulary import OriginKind

_DEEPEST = 40
_MOST_CALLS = 5
_MOST_STEPS = 4_000
"""How many expressions are looked at for one binding: what takes more is not worth knowing."""

_ENUM_NAMES = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "TextChoices", "IntegerChoices"})
_MODULE_ATTRIBUTES = frozenset(
    {
        "__name__",
        "__file__",
        "__doc__",
        "__package__",
        "__path__",
        "__spec__",
        "__loader__",
        "__dict__",
        "__all__",
        "__builtins__",
        "__annotations__",
    }
)


@dataclass(frozen=True, slots=True)
class Program:
    """What the linker works on."""

    table: ModuleTable
    summaries: Mapping[SourceFile, Summary]
    indexes: Mapping[SourceFile, FileIndex]
    reloaded: frozenset[SourceFile]
    """Modules whose bodies run again, in whatever mode."""

    evicted: frozenset[SourceFile]
    """Those of them that become a second module object."""

    reload_rows: Mapping[SourceFile, frozenset[int]] = field(default_factory=dict)
    """Where files reload: a call there gives back the module itself."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where an expression is evaluated: its file, the place in it, the arguments of the call."""

    file: SourceFile
    at: Location
    arguments: Mapping[str, Value] | None = None
    depth: int = 0
    holder: SourceFile | None = None
    """The file that the result goes to, where a call goes into another file's function."""


class Evaluator:
    """Evaluates bindings and expressions; remembers the bindings."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._values: dict[tuple[SourceFile, int], Value] = {}
        self._running: set[tuple[SourceFile, int]] = set()
        self._exports: dict[SourceFile, dict[str, tuple[int, ...]]] = {}
        self._late: dict[SourceFile, dict[str, tuple[int, ...]]] = {}
        self._looking: set[tuple[SourceFile, str]] = set()
        self._steps = 0
        self._outside: dict[tuple[SourceFile, str], list[tuple[SourceFile, Store]]] | None = None
        self._fillings: dict[SourceFile, dict[Binding, list[tuple[Element, Location]]]] = {}
        self._orders: dict[Class, list[ClassThing]] = {}
        self._enums: dict[Class, bool] = {}
        self._calling: set[Function] = set()
        self._results: dict[tuple[Function, SourceFile, Location], Value] = {}
        self._public: dict[SourceFile, frozenset[str] | None] = {}

    def binding(self, file: SourceFile, index: int) -> Value:
        """Return what a binding of a file may be."""
        key = (file, index)
        found = self._values.get(key)
        if found is None:
            if key in self._running:
                return NOTHING
            if not self._running:
                self._steps = 0
            self._running.add(key)
            try:
                found = self._binding(file, self._program.summaries[file].bindings[index])
            finally:
                self._running.discard(key)
            self._values[key] = found
        return found

    def expression(self, file: SourceFile, expression: Expression, at: Location) -> Value:
        """Return what an expression may be that stands in a file at module or class level."""
        if not self._running:
            self._steps = 0
        return self._evaluate(expression, _Frame(file, at))

    def name(self, file: SourceFile, name: str) -> Value:
        """Return what a module's attribute may be; nothing where the module has none."""
        key = (file, name)
        if key in self._looking:
            return NOTHING
        self._looking.add(key)
        try:
            return self._name(file, name)
        finally:
            self._looking.discard(key)

    def star(self, file: SourceFile, binding: Binding) -> tuple[SourceFile, tuple[str, ...]] | None:
        """Return the module that a star import takes from and the names that it brings; None outside the project."""
        assert isinstance(binding.value, StarImport)
        target = self._resolve(file, binding.value.module, binding.value.level)
        if target is None:
            return None
        return target, tuple(sorted(self._public_names(target)))

    def hop(self, value: Value, through: SourceFile, at: Location) -> Value:
        """Return a value as it arrives from another module."""
        captures = tuple(
            replace(
                capture,
                via=capture.via if capture.via[-1] == through else (*capture.via, through),
                steps=capture.steps if capture.via[-1] == through else (*capture.steps, capture.taken),
                taken=at,
                span=NOWHERE,
            )
            for capture in value.captures
            if capture.relation in TRAVELS
        )
        return Value(value.things, captures)

    def returns_of(self, thing: FunctionThing) -> Value:
        """Return what a call of a function without known arguments may give."""
        return self._returns(thing, {}, _Frame(thing.file, Location(1, 1), holder=thing.file))

    def passes_through(self, thing: FunctionThing) -> bool:
        """Whether a decorator hands its argument back unchanged."""
        returns = thing.function.returns
        return bool(returns) and all(isinstance(item, Parameter) for item in returns)

    # -- names --------------------------------------------------------------------------------------------

    def _name(self, file: SourceFile, name: str) -> Value:
        summary = self._program.summaries.get(file)
        if summary is None:
            return self._indexed_name(file, name)
        exports = self._exports.get(file)
        if exports is None:
            exports = self._exports[file] = dict(summary.exports)
        reaching = exports.get(name)
        if reaching is not None:
            return self._reach(file, name, reaching)
        if summary.stars:
            found = self._through_stars(file, name, summary.stars)
            if found is not None:
                return found
        value = self._submodule(file, name)
        if value == NOTHING:
            value = self._set_from_outside(file, name)
        return value if value != NOTHING else self._answered(file, name, exports.get("__getattr__", ()))

    def _set_from_outside(self, file: SourceFile, name: str) -> Value:
        """Return what another module assigns to an attribute of a module that does not bind the name itself."""
        if self._outside is None:
            self._outside = {}
            for other, summary in self._program.summaries.items():
                for store in summary.stores:
                    if store.attribute:
                        for thing in self.expression(other, store.target, store.at).things:
                            if isinstance(thing, ModuleThing):
                                self._outside.setdefault((thing.file, store.attribute), []).append((other, store))
        values = [
            self.hop(self.expression(other, store.values[0].value, store.at), other, store.at)
            for other, store in self._outside.get((file, name), ())
        ]
        return union(values) if values else NOTHING

    def _answered(self, file: SourceFile, name: str, reaching: Iterable[int]) -> Value:
        """Return what a module's own ``__getattr__`` (PEP 562) answers for a name, as far as that can be read."""
        values: list[Value] = []
        for index in reaching:
            function = self._program.summaries[file].bindings[index].value
            if isinstance(function, Function):
                frame = _Frame(file, Location(1, 1))
                values += [
                    self._evaluate(item, frame)
                    for item in function.returns
                    if isinstance(item, (Reference, Attribute)) and item.name == name
                ]
        return union(values) if values else NOTHING

    def provides(self, file: SourceFile, binding: Binding, name: str) -> bool:
        """Whether a star import brings a name."""
        return self._star_target(file, binding, name) is not None

    def _indexed_name(self, file: SourceFile, name: str) -> Value:
        """Look a name up in a module that was not read closely: only modules and classes matter there."""
        index = self._program.indexes.get(file)
        if index is not None:
            for item in reversed(index.imports):
                if item.local == name and item.name != "*":
                    return self._imported(file, item.module, item.level, item.name, Location(1, 1), item.local)
            if name in index.made:
                return NOTHING
            for item in index.imports:
                if item.name == "*":
                    target = self._resolve(file, item.module, item.level)
                    if target is not None and not name.startswith("_"):
                        found = self.name(target, name)
                        if found != NOTHING:
                            return self.hop(found, target, Location(1, 1))
        return self._submodule(file, name)

    def _submodule(self, file: SourceFile, name: str) -> Value:
        if not file.is_package:
            return NOTHING
        found = self._program.table.find(f"{file.module}.{name}", file)
        return NOTHING if found is None else self._module(found)

    def _module(self, file: SourceFile) -> Value:
        if file not in self._program.evicted:
            return Value((ModuleThing(file),))
        made = Made(Origin(file.module, file.module, OriginKind.MODULE, file.path, Location(1, 1)), file)
        return Value((ModuleThing(file),), (Capture(made, Relation.IS, (file,), Location(1, 1)),))

    def _reach(self, file: SourceFile, name: str, reaching: Iterable[int], before: Location | None = None) -> Value:
        """Return what a name may be that the given bindings can have bound, star imports among them.

        Containers are taken as they are filled `before` a place, by default in the end.
        """
        values: list[Value] = []
        bindings = self._program.summaries[file].bindings
        alternatives = [
            index
            for index in reaching
            if not isinstance(bindings[index].value, Literal) and not self._fails(file, bindings[index])
        ]
        # A number or None beside something else is a fallback, or a name declared before it is bound.
        for index in sorted(alternatives or reaching, reverse=True):
            if isinstance(bindings[index].value, StarImport):
                found = self._through_stars(file, name, (index,))
                if found is not None:
                    values.append(found)
                    if not bindings[index].is_conditional:
                        break
            elif before is not None and isinstance(display := bindings[index].value, Display):
                values.append(self._filled(file, bindings[index], display, before))
            else:
                values.append(self.binding(file, index))
        return union(values) if values else NOTHING

    def _fails(self, file: SourceFile, binding: Binding) -> bool:
        """Whether an import asks a module of the project for a name that it cannot have."""
        if not isinstance(binding.value, NameImport):
            return False
        target = self._resolve(file, binding.value.module, binding.value.level)
        summary = None if target is None else self._program.summaries.get(target)
        if target is None or summary is None or summary.stars or self._defines(target, "__getattr__"):
            return False
        name = binding.value.name
        return not self._defines(target, name) and self.name(target, name) == NOTHING

    def _through_stars(self, file: SourceFile, name: str, stars: Iterable[int]) -> Value | None:
        bindings = self._program.summaries[file].bindings
        found: list[Value] = []
        for index in sorted(stars, reverse=True):
            brought = self._star_target(file, bindings[index], name)
            value = NOTHING if brought is None else self.name(brought, name)
            if brought is not None and value != NOTHING:
                found.append(self.hop(value, brought, bindings[index].at))
                if not bindings[index].is_conditional:
                    break
        return union(found) if found else None

    def _star_target(self, file: SourceFile, binding: Binding, name: str) -> SourceFile | None:
        assert isinstance(binding.value, StarImport)
        target = self._resolve(file, binding.value.module, binding.value.level)
        return target if target is not None and name in self._public_names(target) else None

    def _public_names(self, file: SourceFile) -> frozenset[str]:
        known_names = self._public.get(file)
        if known_names is None:
            known_names = self._public[file] = frozenset(self._list_public(file, {file}))
        return known_names

    def _list_public(self, file: SourceFile, seen: set[SourceFile]) -> Iterator[str]:
        """Yield the names that a star import takes from a file; `seen` breaks cycles of star imports."""
        summary = self._program.summaries.get(file)
        if summary is None:
            index = self._program.indexes.get(file)
            if index is not None and index.public is not None:
                yield from index.public
            elif index is not None:
                yield from (name for name in index.made if not name.startswith("_"))
                yield from (item.local for item in index.imports if not item.local.startswith(("_", "*")))
            return
        if summary.public is not None:
            for part in summary.public:
                yield from part.names
                if part.module is not None:
                    for thing in self.expression(file, part.module, Location(1, 1)).things:
                        if isinstance(thing, ModuleThing) and thing.file not in seen:
                            seen.add(thing.file)
                            yield from self._list_public(thing.file, seen)
            return
        yield from (name for name, _ in summary.exports if not name.startswith("_"))
        yield from self._own_submodules(file, summary)
        for star in summary.stars:
            binding = summary.bindings[star]
            assert isinstance(binding.value, StarImport)
            target = self._resolve(file, binding.value.module, binding.value.level)
            if target is not None and target not in seen:
                seen.add(target)
                yield from (name for name in self._list_public(target, seen) if not name.startswith("_"))

    def _own_submodules(self, file: SourceFile, summary: Summary) -> Iterator[str]:
        """Yield the submodules that a package's own body imports: importing one binds it in its package."""
        if not file.is_package:
            return
        for binding in summary.bindings:
            if isinstance(binding.value, (NameImport, StarImport)):
                name = absolute(file, binding.value.level, binding.value.module or None) or ""
                if name.startswith(f"{file.module}."):
                    first = name.removeprefix(f"{file.module}.").partition(".")[0]
                    if not first.startswith("_"):
                        yield first

    def _resolve(self, file: SourceFile, module: str, level: int) -> SourceFile | None:
        name = absolute(file, level, module or None)
        return None if name is None else self._program.table.find(name, file)

    # -- bindings -----------------------------------------------------------------------------------------

    def _binding(self, file: SourceFile, binding: Binding) -> Value:
        match binding.value:
            case ModuleImport(module=module, binds_first=binds_first):
                name = module.partition(".")[0] if binds_first else module
                return self._imported(file, name, 0, "", binding.at, name)
            case NameImport(module=module, level=level, name=name):
                return self._imported(file, module, level, name, binding.at, name)
            case StarImport():
                return NOTHING
            case Function() as function:
                value = Value((FunctionThing(file, function),), is_new=True)
                return self._own(file, binding, value, OriginKind.FUNCTION)
            case Class() as definition:
                value = Value((ClassThing(file, definition),), is_new=True)
                return self._own(file, binding, value, OriginKind.CLASS)
            case Call() if binding.at.row in self._program.reload_rows.get(file, ()):
                return NOTHING
            case Display() as display:
                value = self._filled(file, binding, display)
                return self._own(file, binding, value, OriginKind.VALUE)
            case expression:
                value = self._evaluate(expression, _Frame(file, binding.at))
                if not value.is_new:
                    return value
                return self._own(file, binding, value, origin_kind(value))

    def _filled(self, file: SourceFile, binding: Binding, display: Display, before: Location | None = None) -> Value:
        """Return a container with what later statements at module or class level put into it, up to a place."""
        value = self._evaluate(display, _Frame(file, binding.at))
        elements = list(display.elements)
        captures = list(value.captures)
        for element, at in self._additions(file).get(binding, ()):
            if before is not None and at >= before:
                continue
            elements.append(element)
            captures += self._evaluate(Display((element,)), _Frame(file, at)).captures
        if len(elements) == len(display.elements):
            return value
        return Value((ContainerThing(file, Display(tuple(elements))),), tuple(captures), is_new=True)

    def _additions(self, file: SourceFile) -> dict[Binding, list[tuple[Element, Location]]]:
        """Return for each container of a file what statements put into it."""
        found = self._fillings.get(file)
        if found is None:
            found = self._fillings[file] = {}
            summary = self._program.summaries[file]
            filled: list[tuple[Expression, tuple[Element, ...], Location]] = [
                (store.target, store.values, store.at) for store in summary.stores if not store.attribute
            ]
            for statement in summary.calls:
                function = statement.call.function
                if isinstance(function, Attribute) and function.name in known.MUTATORS:
                    unpacks = function.name in known.UNPACKERS
                    elements = tuple(
                        Element(argument.value, argument.span, is_unpacked=unpacks and not argument.keyword)
                        for argument in statement.call.arguments
                    )
                    filled.append((function.value, elements, statement.at))
            for target, elements, at in filled:
                for index in target.reaching if isinstance(target, Reference) else ():
                    found.setdefault(summary.bindings[index], []).extend((element, at) for element in elements)
        return found

    def _imported(self, file: SourceFile, module: str, level: int, name: str, at: Location, local: str) -> Value:
        target = self._resolve(file, module, level)
        if not name:
            if target is None:
                return Value((ExternalThing(local if "." not in module else module),))
            return self.hop(self._module(target), target, at)
        if target is None:
            found = self._program.table.find(f"{absolute(file, level, module or None)}.{name}", file)
            if found is not None:
                return self.hop(self._module(found), found, at)
            return Value((ExternalThing(f"{module}.{name}"),)) if level == 0 else NOTHING
        if name in _MODULE_ATTRIBUTES:
            return NOTHING
        if target == file and file.is_package:
            # A package that imports from itself: its own name for the submodule is being bound right here.
            found = self._program.table.find(f"{target.module}.{name}", target)
            if found is not None:
                return self.hop(self._module(found), found, at)
        value = self.name(target, name)
        if value == NOTHING and target.is_package and not self._defines(target, name):
            found = self._program.table.find(f"{target.module}.{name}", target)
            if found is not None:
                return self.hop(self._module(found), found, at)
        if any(isinstance(thing, ModuleThing) for thing in value.things):
            # Under eviction the parent's attribute is replaced with the module: nothing was taken through the parent.
            return Value(value.things, tuple(replace(capture, taken=at) for capture in value.captures))
        return self.hop(value, target, at)

    def _defines(self, file: SourceFile, name: str) -> bool:
        summary = self._program.summaries.get(file)
        if summary is not None:
            return any(known_name == name for known_name, _ in summary.exports)
        index = self._program.indexes.get(file)
        return index is not None and name in index.made

    def _own(self, file: SourceFile, binding: Binding, value: Value, kind: OriginKind) -> Value:
        """Make the module the origin of what its body made, if it is reloaded."""
        if file not in self._program.reloaded or binding.block:
            return value
        origin = Origin(file.module, binding.name, kind, file.path, binding.at)
        made = Made(origin, file, binding.is_kept, frozenset(self._traits(value)))
        own = Capture(made, Relation.IS, (file,), binding.at)
        others = tuple(capture for capture in value.captures if capture.made.file != file)
        return Value(value.things, (own, *others), is_new=True)

    def _traits(self, value: Value) -> Iterator[Trait]:
        for thing in value.things:
            match thing:
                case ExternalThing(name="builtins.object()"):
                    yield Trait.SENTINEL
                case ExternalThing(name=name) if name.removesuffix("()") in known.IDENTITY_ONLY:
                    yield Trait.IDENTITY_ONLY
                case ClassThing():
                    bases = set(self._external_bases(thing))
                    if bases & {"typing.Protocol", "typing_extensions.Protocol"}:
                        yield Trait.IDENTITY_ONLY
                    if bases & known.ENUMS and bases & known.COMPARABLE_ENUM_BASES:
                        yield Trait.COMPARABLE_ENUM

    # -- expressions --------------------------------------------------------------------------------------

    def _evaluate(self, expression: Expression, frame: _Frame) -> Value:
        self._steps += 1
        if frame.depth > _DEEPEST or self._steps > _MOST_STEPS:
            return NOTHING
        match expression:
            case Literal():
                return Value(is_new=True)
            case Reference():
                return self._reference(expression, frame)
            case NamedModule(name=name):
                found = self._program.table.find(name, frame.file)
                return Value((ExternalThing(name),)) if found is None else self._module(found)
            case Parameter(name=name):
                return NOTHING if frame.arguments is None else frame.arguments.get(name, NOTHING)
            case Attribute(value=inner, name=name):
                return self._attribute(self._evaluate(inner, frame), name, frame)
            case Call():
                return self._call(expression, frame)
            case Display():
                return self._display(expression, frame)
            case Item():
                return self._item(expression, frame)
            case Choice(options=options):
                given = [o for o in options if isinstance(o, Parameter) and o.name in (frame.arguments or ())]
                if given:
                    # What the body assigns to a parameter is its default, and this call does not need it.
                    return self._evaluate(given[0], frame)
                return union([self._evaluate(option, frame) for option in options])
            case Derived(operands=operands):
                return self._derived(operands, frame)
            case FunctionExpression(function=function):
                return self._lambda(function, frame)

    def _reference(self, reference: Reference, frame: _Frame) -> Value:
        file = frame.file
        if reference.is_late:
            reaching = self._late_names(file).get(reference.name, ())
            value = self._reach(file, reference.name, reaching) if reaching else None
            if value is None:
                value = self._through_stars(file, reference.name, self._program.summaries[file].stars)
        elif reference.reaching or reference.stars:
            value = self._reach(file, reference.name, (*reference.reaching, *reference.stars), frame.at)
            if value == NOTHING and not reference.reaching:
                value = None
        else:
            value = None
        if value is None:
            return Value((ExternalThing(f"builtins.{reference.name}"),))
        value = Value(value.things, placeless(value.captures))
        if frame.holder is not None and frame.holder != file:
            return self.hop(value, file, frame.at)
        return value

    def _late_names(self, file: SourceFile) -> dict[str, tuple[int, ...]]:
        names = self._late.get(file)
        if names is None:
            summary = self._program.summaries[file]
            names = dict(summary.exports)
            for index, binding in enumerate(summary.bindings):
                if binding.block and not binding.block.endswith(".<locals>"):
                    names[binding.name] = (*names.get(binding.name, ()), index)
            self._late[file] = names
        return names

    def _attribute(self, value: Value, name: str, frame: _Frame) -> Value:
        found: list[Value] = []
        for thing in value.things:
            match thing:
                case ModuleThing(file=file):
                    if name not in _MODULE_ATTRIBUTES:
                        taken = self.name(file, name)
                        found.append(
                            taken
                            if taken.things and isinstance(taken.things[0], ModuleThing)
                            else self.hop(taken, file, frame.at)
                        )
                case ClassThing():
                    found.append(self._class_attribute(thing, name, value, frame))
                case InstanceThing():
                    found.append(self._instance_attribute(thing, name, value))
                case ExternalThing(name=dotted) if dotted.removesuffix("()") in known.ENUMS and dotted.endswith("()"):
                    found.append(Value((), related(value, Relation.MEMBER)))
                case ExternalThing(name=dotted):
                    found.append(Value((ExternalThing(f"{dotted}.{name}"),), derived(value)))
                case _:
                    found.append(Value((), derived(value), is_new=True))
        if not found:
            return Value((), derived(value), is_new=value.is_new or bool(value.captures))
        return union(found)

    def _class_attribute(self, thing: ClassThing, name: str, value: Value, frame: _Frame) -> Value:
        found = self._member(thing, name)
        if found is None:
            return Value((), derived(value), is_new=bool(value.captures))
        owner, index = found
        member = self.binding(owner.file, index)
        if self.is_enum(owner) and isinstance(
            self._program.summaries[owner.file].bindings[index].value, (Literal, Call, Derived, Display)
        ):
            captures = tuple(
                replace(capture, made=self._as_member(capture.made, owner), relation=Relation.MEMBER)
                for capture in member.captures
                if capture.made.file == owner.file
            )
            members = Value((InstanceThing(owner),), captures)
            return members if owner.file == frame.file else self.hop(members, owner.file, frame.at)
        things: tuple[Thing, ...] = tuple(
            replace(item, bound=thing) if isinstance(item, FunctionThing) else item for item in member.things
        )
        member = Value(things, member.captures)
        return member if owner.file == frame.file else self.hop(member, owner.file, frame.at)

    def _as_member(self, made: Made, owner: ClassThing) -> Made:
        origin = replace(made.origin, kind=OriginKind.INSTANCE)
        traits = {Trait.ENUM_MEMBER, *self._traits(Value((owner,)))}
        return replace(made, origin=origin, traits=frozenset(traits))

    def _instance_attribute(self, thing: InstanceThing, name: str, value: Value) -> Value:
        found = self._member(thing.of, name)
        if found is not None:
            owner, index = found
            bound = self._program.summaries[owner.file].bindings[index].value
            if isinstance(bound, Function) and not any(
                self._is_external(owner.file, decorator.value, "builtins.property", "functools.cached_property")
                for decorator in bound.decorators
            ):
                captures = tuple(
                    capture.related(Relation.WRAPPED)
                    for capture in value.captures
                    if capture.relation in TRAVELS and capture.relation is not Relation.DERIVED
                )
                return Value((FunctionThing(owner.file, bound, thing.of),), captures, is_new=True)
        return Value((), derived(value), is_new=True)

    def _member(self, thing: ClassThing, name: str) -> tuple[ClassThing, int] | None:
        for owner in self._resolution_order(thing):
            for member, reaching in owner.definition.members:
                if member == name:
                    return owner, reaching[-1]
        return None

    def _resolution_order(self, thing: ClassThing) -> list[ClassThing]:
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
        while pending and len(order) < _DEEPEST:
            current = pending.pop(0)
            if current.definition in seen:
                continue
            seen.add(current.definition)
            order.append(current)
            for base in current.definition.bases:
                if not base.keyword:
                    things = self._evaluate(base.value, _Frame(current.file, base.span.start)).things
                    pending += [item for item in things if isinstance(item, ClassThing)]
        return order

    def _external_bases(self, thing: ClassThing) -> Iterator[str]:
        for owner in self._resolution_order(thing):
            for base in owner.definition.bases:
                for item in self._evaluate(base.value, _Frame(owner.file, base.span.start)).things:
                    if isinstance(item, ExternalThing):
                        yield item.name

    def is_abstract(self, thing: ClassThing) -> bool:
        """Whether a class is an abstract base class, with which others can be registered."""
        metaclasses = {
            item.name
            for owner in self._resolution_order(thing)
            for base in owner.definition.bases
            if base.keyword == "metaclass"
            for item in self._evaluate(base.value, _Frame(owner.file, base.span.start)).things
            if isinstance(item, ExternalThing)
        }
        bases = set(self._external_bases(thing)) | metaclasses
        return any(name in {"abc.ABC", "abc.ABCMeta"} or name.startswith("collections.abc.") for name in bases)

    def is_typed_dict(self, thing: ClassThing) -> bool:
        """Whether a class is a TypedDict: its subclasses copy its fields and keep nothing of it."""
        return any(name.endswith(".TypedDict") for name in self._external_bases(thing))

    def is_enum(self, thing: ClassThing) -> bool:
        """Whether a class is an Enum."""
        answer = self._enums.get(thing.definition)
        if answer is None:
            answer = self._enums[thing.definition] = any(
                name in known.ENUMS or name.rpartition(".")[2] in _ENUM_NAMES for name in self._external_bases(thing)
            )
        return answer

    def _is_external(self, file: SourceFile, expression: Expression, *names: str) -> bool:
        value = self._evaluate(expression, _Frame(file, Location(1, 1)))
        return any(isinstance(thing, ExternalThing) and thing.name in names for thing in value.things)

    def _display(self, display: Display, frame: _Frame) -> Value:
        first: dict[tuple[Made, SourceFile], Capture] = {}
        for element in display.elements:
            value = self._evaluate(element.value, frame)
            if element.is_unpacked:
                value = self._elements(value, None, frame)
            for capture in value.captures:
                key = (capture.made, capture.via[-1])
                if key not in first and not is_result(capture):
                    first[key] = replace(capture, relation=Relation.INSIDE, span=element.span)
        return Value((ContainerThing(frame.file, display),), tuple(first.values()), is_new=True)

    def _item(self, item: Item, frame: _Frame) -> Value:
        if item.index is None:
            inner = self._copied(item.value, frame)
            if inner is not None:
                return self._elements(self._evaluate(inner, frame), None, frame)
            return self._elements(self._evaluate(item.value, frame), item.position, frame)
        value = self._evaluate(item.value, frame)
        for thing in value.things:
            if isinstance(thing, ClassThing):
                if self.is_enum(thing):
                    return Value((InstanceThing(thing),), related(value, Relation.MEMBER))
                return Value(value.things, value.captures)
            if isinstance(thing, ExternalThing) and is_generic(thing.name):
                # A generic alias keeps its arguments, but only a base class and a run-time reader of annotations look.
                # The typing module answers with the same alias for the same arguments, unless one of them is new.
                is_cached = thing.name.startswith(("typing.", "typing_extensions."))
                is_literal = thing.name.endswith(".Literal")
                is_new = not is_literal and (not is_cached or self._is_own(item.index, frame))
                return Value((ExternalThing(f"{thing.name}[]"),), is_new=is_new)
        return self._elements(value, item.position, frame)

    def _copied(self, expression: Expression, frame: _Frame) -> Expression | None:
        """Return what ``list(x)``, ``tuple(x)``, ``sorted(x)`` take their elements from."""
        match expression:
            case Call(function=function, arguments=(Argument(value=inner, keyword=""), *_)):
                things = self._evaluate(function, frame).things
                if any(isinstance(thing, ExternalThing) and thing.name in known.ELEMENTWISE for thing in things):
                    return inner
        return None

    def _is_own(self, index: Expression, frame: _Frame) -> bool:
        """Whether the arguments of an alias name something that the file itself makes, or may: in a string."""
        if isinstance(index, Display):
            return any(self._is_own(element.value, frame) for element in index.elements)
        if index == TEXT:
            return True
        value = self._evaluate(index, frame)
        return any(capture.made.file == frame.file for capture in value.captures) or (
            isinstance(index, Item) and index.index is not None and self._is_own(index.index, frame)
        )

    def _elements(self, value: Value, position: int | None, frame: _Frame) -> Value:
        """Return what an element of a container may be."""
        found: list[Value] = []
        for thing in value.things:
            match thing:
                case ContainerThing(file=file, display=display):
                    elements = display.elements
                    if (
                        position is not None
                        and display.is_sequence
                        and position < len(elements)
                        and not any(element.is_unpacked for element in elements[: position + 1])
                    ):
                        elements = (elements[position],)
                    inner = replace(frame, file=file, holder=frame.holder or frame.file, depth=frame.depth + 1)
                    for element in elements:
                        item = self._evaluate(element.value, inner)
                        if element.is_unpacked:
                            item = self._elements(item, None, inner)
                        if file != (frame.holder or frame.file):
                            item = self.hop(item, file, frame.at)
                        if not item.captures:
                            item = Value(item.things, derived(value), is_new=True)
                        found.append(Value(item.things, item.captures, item.is_new))
                case ClassThing() if self.is_enum(thing):
                    found.append(Value((InstanceThing(thing),), related(value, Relation.MEMBER)))
                case _:
                    found.append(Value((), derived(value), is_new=True))
        if not found:
            return Value((), derived(value), is_new=True)
        return union(found)

    def _derived(self, operands: tuple[Expression, ...], frame: _Frame) -> Value:
        captures = tuple(
            capture.related(Relation.DERIVED)
            for operand in operands
            for capture in self._evaluate(operand, frame).captures
            if capture.relation in TRAVELS
            and not (
                capture.relation is Relation.IS
                and capture.made.origin.kind in {OriginKind.CLASS, OriginKind.FUNCTION, OriginKind.MODULE}
            )
        )
        return Value((), tuple(dict.fromkeys(captures)), is_new=True)

    def _lambda(self, function: Function, frame: _Frame) -> Value:
        captures = [
            replace(capture, relation=Relation.WRAPPED)
            for closed in function.captures
            for capture in self._evaluate(closed, frame).captures
            if capture.relation is not Relation.DERIVED
        ]
        for decorator in function.decorators:
            captures += [
                capture.related(Relation.WRAPPED)
                for capture in self._evaluate(decorator.value, frame).captures
                if capture.made.origin.kind is not OriginKind.VALUE
            ]
        return Value((FunctionThing(frame.file, function),), tuple(dict.fromkeys(captures)), is_new=True)

    # -- calls --------------------------------------------------------------------------------------------

    def _call(self, call: Call, frame: _Frame) -> Value:
        inner = replace(frame, depth=frame.depth + 1)
        if isinstance(call.function, Attribute) and call.function.name in known.COPIES | known.GETTERS:
            receiver = self._evaluate(call.function.value, inner)
            if any(isinstance(thing, ContainerThing) for thing in receiver.things):
                if call.function.name in known.GETTERS:
                    return self._elements(receiver, None, inner)
                return copied(receiver, call.function.name)
        function = self._evaluate(call.function, frame)
        arguments = [(argument, self._evaluate(argument.value, inner)) for argument in call.arguments]
        results: list[Value] = []
        for thing in function.things:
            match thing:
                case ClassThing():
                    results.append(self._construct(thing, function, arguments))
                case FunctionThing():
                    results.append(self._call_function(thing, function, arguments, inner))
                case ExternalThing(name=name):
                    results.append(self._call_external(name, function, arguments, inner))
                case InstanceThing(of=owner):
                    method = self._member(owner, "__call__")
                    bound = method and self._program.summaries[method[0].file].bindings[method[1]].value
                    if method and isinstance(bound, Function):
                        target = FunctionThing(method[0].file, bound, owner)
                        results.append(self._call_function(target, function, arguments, inner))
                    else:
                        results.append(computed_by(function, arguments))
                case _:
                    results.append(computed_by(function, arguments))
        return union(results) if results else computed_by(function, arguments)

    def _construct(self, thing: ClassThing, function: Value, arguments: list[tuple[Argument, Value]]) -> Value:
        if self.is_enum(thing):
            return Value((InstanceThing(thing),), related(function, Relation.MEMBER))
        captures = tuple(replace(c, of_instance=True) for c in related(function, Relation.INSTANCE))
        if not captures and self._member(thing, "__new__") is not None:
            return Value((), kept(arguments), is_new=True)  # It may answer with an object that it made before.
        if not captures and set(self._external_bases(thing)) & known.CONTAINERS:
            return self._container((InstanceThing(thing),), arguments)
        if not captures:
            captures = kept(arguments)
        return Value((InstanceThing(thing),), captures, is_new=True)

    def _call_function(
        self,
        thing: FunctionThing,
        function: Value,
        arguments: list[tuple[Argument, Value]],
        frame: _Frame,
    ) -> Value:
        definition = thing.function
        own = tuple(c for c in function.captures if c.relation in {Relation.IS, Relation.WRAPPED})
        computed = tuple(capture.related(Relation.DERIVED) for capture in own)
        if definition.is_opaque or not self._is_transparent(thing):
            return Value((), (*computed, *kept(arguments)), is_new=True)
        if not definition.returns:
            return Value(is_new=True)
        values = self._bind_arguments(thing, function, arguments)
        result = self._returns(thing, values, frame)
        makers = {capture.made.file for capture in own}
        if all(isinstance(item, Parameter) for item in definition.returns):
            return result
        visible = {Relation.IS, Relation.INSTANCE, Relation.MEMBER}
        others = tuple(capture for capture in result.captures if capture.made.file not in makers)
        if own and not any(capture.relation in visible for capture in result.captures):
            if any(isinstance(item, FunctionExpression) for item in definition.returns):
                wrapped = tuple(capture.related(Relation.WRAPPED) for capture in own)
                return Value(result.things, (*wrapped, *result.captures), is_new=True)
            return Value(result.things, (*computed, *others), is_new=True)
        return Value(result.things, result.captures, is_new=result.is_new)

    def _is_transparent(self, thing: FunctionThing) -> bool:
        for decorator in thing.function.decorators:
            value = self._evaluate(decorator.value, _Frame(thing.file, decorator.span.start))
            for item in value.things:
                match item:
                    case ExternalThing(name=name) if name.removesuffix("()") in known.TRANSPARENT_DECORATORS:
                        pass
                    case FunctionThing() if self.passes_through(item):
                        pass
                    case _:
                        return False
            if not value.things:
                return False
        return True

    def _bind_arguments(
        self, thing: FunctionThing, function: Value, arguments: list[tuple[Argument, Value]]
    ) -> dict[str, Value]:
        names = list(thing.function.parameters)
        values: dict[str, Value] = {}
        rest: list[tuple[Argument, Value]] = []
        is_static = any(
            self._is_external(thing.file, decorator.value, "builtins.staticmethod")
            for decorator in thing.function.decorators
        )
        is_class_method = any(
            self._is_external(thing.file, decorator.value, "builtins.classmethod")
            for decorator in thing.function.decorators
        )
        if thing.bound is not None and names and not is_static:
            is_instance = any(capture.relation is Relation.WRAPPED for capture in function.captures)
            if is_class_method or is_instance:
                first = names.pop(0)
                if is_class_method:
                    values[first] = Value((thing.bound,), self._class_captures(thing.bound))
                else:
                    values[first] = Value((InstanceThing(thing.bound),), ())
        for argument, value in arguments:
            if argument.keyword and argument.keyword in thing.function.parameters:
                values[argument.keyword] = value
            elif names and not argument.keyword:
                values[names.pop(0)] = value
            else:
                rest.append((argument, value))
        for variadic in (thing.function.star, thing.function.double_star):
            if variadic:
                values[variadic] = self._container((), rest)
        return values

    def _class_captures(self, thing: ClassThing) -> tuple[Capture, ...]:
        name = thing.definition.name
        if "." in name:
            return ()
        return tuple(c for c in self.name(thing.file, name).captures if c.relation is Relation.IS)

    def _returns(self, thing: FunctionThing, arguments: Mapping[str, Value], frame: _Frame) -> Value:
        """Return what a function gives back; nothing where it calls itself, or for calls within too many calls."""
        key = thing.function
        if key in self._calling or len(self._calling) >= _MOST_CALLS:
            return NOTHING
        holder = frame.holder or frame.file
        is_plain = not any(value.captures or value.things for value in arguments.values())
        if is_plain and (key, holder, frame.at) in self._results:
            return self._results[key, holder, frame.at]
        inner = _Frame(thing.file, frame.at, arguments, frame.depth + 1, holder)
        self._calling.add(key)
        try:
            values = [self._evaluate(item, inner) for item in thing.function.returns]
        finally:
            self._calling.discard(key)
        result = union(values) if values else NOTHING
        if is_plain:
            self._results[key, holder, frame.at] = result
        return result

    def _call_external(
        self, name: str, function: Value, arguments: list[tuple[Argument, Value]], frame: _Frame
    ) -> Value:
        result = (ExternalThing(f"{name}()"),)
        if name.removesuffix("()") in known.CLASS_FACTORIES and name.endswith("()"):
            is_enum = name.removesuffix("()") in known.ENUMS
            relation = Relation.MEMBER if is_enum else Relation.INSTANCE
            return Value(result, related(function, relation), is_new=not is_enum)
        if name in known.SAME_OBJECT:
            return Value(result)
        if name in known.HOLDS_NOTHING or name in known.REGISTRARS:
            return Value(result, is_new=True)
        if name in {"typing.cast", "typing_extensions.cast"} and len(arguments) > 1:
            return arguments[1][1]
        if name == "builtins.getattr" and len(arguments) > 1:
            return Value((), derived(arguments[0][1]), is_new=True)
        if name == "builtins.type" and len(arguments) == 1:
            return class_of(arguments[0][1])
        if name in known.CLASS_MAKERS:
            return Value((ExternalThing("types.new_class()"),), is_new=True)
        if name in known.COMPUTES:
            return Value(result, values_of(arguments), is_new=True)
        if name == "builtins.sorted":
            arguments = [(argument, value) for argument, value in arguments if argument.keyword != "key"]
        if name in known.CONTAINERS:
            return self._container(result, arguments)
        if name in known.MOCKS:
            arguments = [(argument, value) for argument, value in arguments if not is_function_spec(argument, value)]
        return Value(result, (*derived(function), *kept(arguments)), is_new=True)

    def _container(self, result: tuple[Thing, ...], arguments: list[tuple[Argument, Value]]) -> Value:
        captures: dict[tuple[Made, SourceFile], Capture] = {}
        others: list[Capture] = []
        for argument, value in arguments:
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
                key = (capture.made, capture.via[-1])
                span = capture.span if capture.relation is Relation.INSIDE else argument.span
                captures.setdefault(key, replace(capture, relation=Relation.INSIDE, span=span))
        return Value(result, (*captures.values(), *others), is_new=True)
