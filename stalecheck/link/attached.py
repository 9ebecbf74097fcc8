"""What functions attach to the objects that they are given: when a class is made, decorated, or called with.

Making a class calls the ``__new__`` and ``__init__`` of its metaclass, the ``__set_name__`` of what its body binds and
the ``__init_subclass__`` of its nearest base; a decorator is called with what it decorates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stalecheck.link import known
from stalecheck.link.calls import MADE, Calls, passes_through
from stalecheck.link.classes import Classes
from stalecheck.link.constants import constants, written_name
from stalecheck.link.program import Evaluates, Frame, resolve
from stalecheck.link.values import (
    NOTHING,
    Capture,
    ClassThing,
    ExternalThing,
    FunctionThing,
    InstanceThing,
    ModuleThing,
    Relation,
    Trait,
    Value,
)
from stalecheck.model import Location, SourceFile
from stalecheck.summarize.summary import (
    LITERAL,
    NOWHERE,
    Argument,
    Attached,
    Attribute,
    Binding,
    Call,
    Captured,
    Choice,
    Class,
    Condition,
    Display,
    Expression,
    Filled,
    Function,
    HandedOn,
    Literal,
    NameImport,
    Parameter,
    Reference,
)

_MOST_CALLS = 6
_KEPT = frozenset({Relation.IS, Relation.MEMBER, Relation.INSTANCE})
_NAMESPACE = "namespace of "
"""Before the name of a class that is being made: the mapping of its attributes."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attribute that an object was given."""

    owner: str
    """How the object is written where it was given away."""

    target: Value
    """The object, where the name of one is given to a function; else nothing is known of it."""

    name: str
    value: Value
    expression: Expression
    function: FunctionThing
    """What attached it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a container of another file was given that keeps it."""

    file: SourceFile
    container: Binding
    capture: Capture
    function: FunctionThing
    """What put it there."""


@dataclass(frozen=True, slots=True)
class _Called:
    """A function that is called with objects whose names are `owners`, by parameter."""

    thing: FunctionThing
    arguments: Mapping[str, Value]
    owners: Mapping[str, str]
    order: Sequence[ClassThing] = ()
    """Where ``super()`` looks: the classes behind the one whose method is called."""

    keywords: Sequence[tuple[Argument, Value]] = ()
    """The keywords of the class statement, which each hook hands on to the next."""


class Attaching:
    """Finds what is attached to objects; remembers it of classes."""

    def __init__(self, evaluator: Evaluates, classes: Classes, calls: Calls) -> None:
        self.evaluator = evaluator
        self.classes = classes
        self.calls = calls
        self._of_classes: dict[Class, tuple[Attachment | Entry, ...]] = {}

    def to_class(self, thing: ClassThing, at: Location) -> tuple[Attachment | Entry, ...]:
        """Return what a class that stands at a place is given while it is made and decorated, and who keeps it."""
        found = self._of_classes.get(thing.definition)
        if found is None:
            self._of_classes[thing.definition] = ()
            run = _Run(self, thing.file, at)
            found = self._of_classes[thing.definition] = tuple(run.make(thing))
        return found

    def to_function(self, thing: FunctionThing, at: Location) -> tuple[Attachment | Entry, ...]:
        """Return what the decorators of a function attach to it, and who keeps it."""
        run = _Run(self, thing.file, at)
        name = thing.function.name
        named = self.evaluator.name(thing.file, name).captures if "." not in name else ()
        captures = tuple(capture for capture in named if capture.relation is Relation.IS)
        return tuple(run.decorate(name, Value((thing,), captures), thing.function.decorators))

    def by_call(self, call: Call, file: SourceFile, at: Location) -> tuple[Attachment | Entry, ...]:
        """Return what a call attaches to its arguments, and who keeps them."""
        return tuple(_Run(self, file, at).call(call))


class _Run:
    """One statement of a file, and what the functions that it calls attach."""

    def __init__(self, attaching: Attaching, file: SourceFile, at: Location) -> None:
        self._attaching = attaching
        self._evaluator = attaching.evaluator
        self._classes = attaching.classes
        self._calls = attaching.calls
        self._file = file
        self._at = at
        self._made: ClassThing | None = None
        self._is_complete = False
        """Whether the class has been made, and its bases have been told."""

        self._stack: list[Function] = []
        self._found: dict[tuple[str, str], list[Attachment]] = {}
        self._entries: list[Entry] = []
        self._targets: dict[str, Value] = {}

    def call(self, call: Call) -> Iterator[Attachment | Entry]:
        callee = self._evaluator.expression(self._file, call.function, self._at)
        functions = [t for t in callee.things if isinstance(t, FunctionThing) and t.function.attaches]
        if functions:
            given = [(a, self._evaluator.expression(self._file, a.value, self._at)) for a in call.arguments]
            owners = [self._owner(argument.value) for argument in call.arguments]
            self._targets = {owner: value for owner, (_, value) in zip(owners, given, strict=True)}
            receiver = NOTHING
            if isinstance(call.function, Attribute):
                receiver = self._evaluator.expression(self._file, call.function.value, self._at)
            for function in functions:
                self._call(function, callee, given, owners, receiver, "")
        return self._all()

    def _owner(self, expression: Expression) -> str:
        """Return how an object is written that a statement gives away; empty if it has no name of the module."""
        names: list[str] = []
        while isinstance(expression, Attribute):
            names.append(expression.name)
            expression = expression.value
        if not isinstance(expression, Reference):
            return ""
        bindings = self._evaluator.program.summaries[self._file].bindings
        if any(bindings[index].block.endswith(".<locals>") for index in expression.reaching):
            return ""
        return ".".join((expression.name, *reversed(names)))

    def make(self, thing: ClassThing) -> Iterator[Attachment | Entry]:
        name = thing.definition.name
        self._made = thing
        keywords = [
            (Argument(base.value, base.span, base.keyword), self._evaluate(base.value, self._frame(self._file)))
            for base in thing.definition.bases
            if base.keyword not in {"", "*", "**", "metaclass"}
        ]
        metaclasses = self._metaclasses(thing)
        self._call_metaclass("__new__", metaclasses, keywords)
        self._complete(keywords)
        self._call_metaclass("__init__", metaclasses, keywords)
        yield from self.decorate(name, self._value(thing), thing.definition.decorators)

    def decorate(self, name: str, value: Value, decorators: Sequence[Captured]) -> Iterator[Attachment | Entry]:
        is_class = self._made is not None
        for decorator in reversed(decorators):
            callee = self._evaluator.expression(self._file, decorator.value, self._at)
            functions = [thing for thing in callee.things if isinstance(thing, FunctionThing)]
            for function in functions:
                if function.function.attaches:
                    self._call(function, callee, [(Argument(LITERAL, NOWHERE), value)], [name], NOTHING, "")
            if not is_class and not (functions and all(map(passes_through, functions))):
                # What the name stands for from here on is another function.
                self._found.clear()
        yield from self._all()

    def _all(self) -> Iterator[Attachment | Entry]:
        for attachments in self._found.values():
            yield from attachments
        yield from self._entries

    def _frame(self, file: SourceFile, arguments: Mapping[str, Value] | None = None) -> Frame:
        return Frame(file, self._at, arguments, holder=None if file == self._file else self._file)

    def _evaluate(self, expression: Expression, frame: Frame) -> Value:
        return self._evaluator.outermost(expression, frame)

    def _value(self, thing: ClassThing) -> Value:
        return Value((thing,), self._classes.captures_of(thing))

    def _metaclasses(self, thing: ClassThing) -> list[ClassThing]:
        """Return the metaclass of a class, and the bases of that, in the project."""
        for owner in self._classes.order(thing):
            for base in owner.definition.bases:
                if base.keyword == "metaclass":
                    things = self._evaluator.expression(owner.file, base.value, base.span.start).things
                    return [item for t in things if isinstance(t, ClassThing) for item in self._classes.order(t)]
        return []

    def _call_metaclass(
        self, name: str, order: Sequence[ClassThing], keywords: Sequence[tuple[Argument, Value]]
    ) -> None:
        """Call the ``__new__`` or ``__init__`` of a metaclass with the class that is made."""
        found = self._next(name, order)
        if found is None or self._made is None:
            return
        function, behind = found
        made = self._value(self._made)
        names = function.function.parameters
        owner = self._made.definition.name
        values = {MADE: made}
        owners = {MADE: owner}
        if names and name == "__new__":
            values[names[0]] = Value((order[0],))
        elif names:
            values[names[0]] = made
            owners[names[0]] = owner
        if len(names) > 3 and name == "__new__":
            owners[names[3]] = _NAMESPACE + owner
        values |= {argument.keyword: value for argument, value in keywords if argument.keyword in names}
        self._run(_Called(function, values, owners, behind, keywords))

    def _complete(self, keywords: Sequence[tuple[Argument, Value]]) -> None:
        """Do what ``type.__new__`` does: tell what the body binds, and the nearest base, of the class."""
        made = self._made
        if made is None or self._is_complete:
            return
        self._is_complete = True
        owner = made.definition.name
        for function in self._told(made):
            names = function.function.parameters
            if len(names) > 1:
                values = {names[1]: self._value(made)}
                self._run(_Called(function, values, {names[1]: owner}))
        self._tell(self._classes.order(made)[1:], keywords)

    def _told(self, made: ClassThing) -> Iterator[FunctionThing]:
        """Yield the ``__set_name__`` of what a class binds."""
        for _, reaching in made.definition.members:
            for index in reaching[-1:]:
                bound = self._evaluator.program.summaries[made.file].bindings[index].value
                if isinstance(bound, Call):
                    for thing in self._evaluator.binding(made.file, index).things:
                        if isinstance(thing, InstanceThing):
                            found = self._next("__set_name__", self._classes.order(thing.of))
                            if found is not None:
                                yield found[0]

    def _tell(self, order: Sequence[ClassThing], keywords: Sequence[tuple[Argument, Value]]) -> None:
        found = self._next("__init_subclass__", order)
        if found is None or self._made is None:
            return
        function, behind = found
        names = function.function.parameters
        values = {argument.keyword: value for argument, value in keywords if argument.keyword in names}
        if names:
            values[names[0]] = self._value(self._made)
            self._run(_Called(function, values, {names[0]: self._made.definition.name}, behind, keywords))

    def _next(self, name: str, order: Sequence[ClassThing]) -> tuple[FunctionThing, Sequence[ClassThing]] | None:
        """Return the first method of a name that one of some classes defines, and the classes behind that one."""
        for position, owner in enumerate(order):
            for member, reaching in owner.definition.members:
                if member == name:
                    bound = self._evaluator.program.summaries[owner.file].bindings[reaching[-1]].value
                    if not isinstance(bound, Function):
                        return None
                    return FunctionThing(owner.file, bound), order[position + 1 :]
        return None

    def _run(self, called: _Called) -> None:
        """Follow what a function attaches to what it is called with."""
        function = called.thing.function
        if function in self._stack or len(self._stack) > _MOST_CALLS or function.is_opaque:
            return
        self._stack.append(function)
        frame = self._frame(called.thing.file, called.arguments)
        for item in function.attaches:
            holds = self._hold(item.conditions, called, frame)
            if holds is False:
                continue
            match item:
                case HandedOn(call=call):
                    self._hand_on(call, called, frame)
                case Attached(target=target, name=name, value=value):
                    owner = _owner(target, called.owners)
                    if not owner.startswith(_NAMESPACE):
                        self._attach(owner, name, value, called, frame, is_certain=holds is True)
                case Filled():
                    self._fill(item, called, frame, is_certain=holds is True)
        self._stack.pop()

    def _attach(
        self, owner: str, named: Expression, value: Expression, called: _Called, frame: Frame, *, is_certain: bool
    ) -> None:
        for constant in constants(self._evaluator, named, frame.file) if owner else ():
            name = written_name(constant)
            if name:
                given = self._evaluate(value, frame)
                attachment = Attachment(owner, self._targets.get(owner, NOTHING), name, given, value, called.thing)
                if is_certain:
                    self._found[owner, name] = []
                self._found.setdefault((owner, name), []).append(attachment)

    def _fill(self, item: Filled, called: _Called, frame: Frame, *, is_certain: bool) -> None:
        """Follow what is put into the namespace of a class, or into a container of another file."""
        owner = _owner(item.target, called.owners)
        if owner.startswith(_NAMESPACE):
            owner = owner.removeprefix(_NAMESPACE)
            for key in item.keys:
                if not (item.gives_way and self._has(owner, key)):
                    self._attach(owner, key, item.value, called, frame, is_certain=is_certain)
            return
        value = self._evaluate(item.value, frame)
        kept = self._kept(value, is_key=item.value in item.keys)
        if kept and self._stays(item, frame):
            for file, container in self._containers(item, frame):
                if file != self._file:
                    for capture in kept:
                        inside = Capture(capture.made, Relation.INSIDE, (self._file,), container.at)
                        self._entries.append(Entry(file, container, inside, called.thing))

    def _stays(self, item: Filled, frame: Frame) -> bool:
        """Whether something stays in a container when the same statement runs again."""
        if not item.keys or item.gives_way or item.value in item.keys:
            return True
        return any(self._kept(self._evaluate(key, frame), is_key=True) for key in item.keys)

    def _kept(self, value: Value, *, is_key: bool) -> list[Capture]:
        """Return what of the file a container keeps in a value; a key that equals the new one is found again by it."""
        return [
            capture
            for capture in value.captures
            if capture.made.file == self._file
            and capture.relation in _KEPT
            and not (is_key and Trait.CONSTANT in capture.made.traits)
        ]

    def _containers(self, item: Filled, frame: Frame) -> Iterator[tuple[SourceFile, Binding]]:
        """Yield the containers of modules and classes that something is put into."""
        for file, index in self._places(item.target, frame):
            binding = self._evaluator.program.summaries[file].bindings[index]
            match binding.value:
                case Display(is_mapping=is_mapping):
                    if not (is_mapping and item.is_unpacked):
                        yield file, binding
                case Call(function=function):
                    things = self._evaluator.expression(file, function, binding.at).things
                    names = {thing.name for thing in things if isinstance(thing, ExternalThing)}
                    is_weak = any(name.startswith("weakref.") for name in names)
                    if names & known.CONTAINERS and not is_weak and not (names & known.MAPPINGS and item.is_unpacked):
                        yield file, binding

    def _places(self, target: Expression, frame: Frame) -> Iterator[tuple[SourceFile, int]]:
        """Yield where what a function body names is bound, at the end of a module or in the body of a class."""
        match target:
            case Reference(name=name):
                yield from self._bound(frame.file, name)
            case Attribute(value=inner, name=name):
                for thing in self._evaluate(inner, frame).things:
                    if isinstance(thing, ModuleThing):
                        yield from self._bound(thing.file, name)
                    elif isinstance(thing, ClassThing):
                        found = self._classes.member(thing, name)
                        if found is not None and not self._is_own(thing, name):
                            yield found[0].file, found[1]

    def _is_own(self, thing: ClassThing, name: str) -> bool:
        """Whether the class that is made has got an attribute of its own that hides that of its base."""
        return (thing.definition.name, name) in self._found and thing == self._made

    def _bound(self, file: SourceFile, name: str, depth: int = 0) -> Iterator[tuple[SourceFile, int]]:
        summary = self._evaluator.program.summaries.get(file)
        for index in dict(summary.exports).get(name, ()) if summary is not None else ():
            bound = self._evaluator.program.summaries[file].bindings[index].value
            if isinstance(bound, NameImport):
                source = resolve(self._evaluator.program, file, bound.module, bound.level)
                if source is not None and depth < _MOST_CALLS:
                    yield from self._bound(source, bound.name, depth + 1)
            else:
                yield file, index

    def _hand_on(self, call: Call, called: _Called, frame: Frame) -> None:
        match call.function:
            case Attribute(value=Call(function=Reference(name="super")), name=name) | Attribute(name="__new__" as name):
                self._hand_up(name, call, called, frame)
                return
        receiver, receiving = NOTHING, ""
        if isinstance(call.function, Attribute):
            receiver = self._evaluate(call.function.value, frame)
            receiving = _owner(call.function.value, called.owners)
        callee = self._evaluate(call.function, frame)
        functions = [t for t in callee.things if isinstance(t, FunctionThing) and t.function.attaches]
        if functions:
            given = [(argument, self._evaluate(argument.value, frame)) for argument in call.arguments]
            owners = [_owner(argument.value, called.owners) for argument in call.arguments]
            for function in functions:
                self._call(function, callee, given, owners, receiver, receiving)

    def _hand_up(self, name: str, call: Call, called: _Called, frame: Frame) -> None:
        """Follow a call of the next method of the same name: ``super().__init_subclass__(**kwargs)``."""
        own = called.thing.function.name.rpartition(".")[2]
        if name == "__init_subclass__" and own == name:
            self._tell(called.order, self._keywords(call, called, frame))
        elif name in {"__new__", "__init__"} and own == name:
            found = self._next(name, called.order)
            if found is not None:
                self._call_metaclass(name, called.order, called.keywords)
            elif name == "__new__":
                self._complete(called.keywords)

    def _keywords(self, call: Call, called: _Called, frame: Frame) -> list[tuple[Argument, Value]]:
        """Return the keywords that a hook hands on to the next one."""
        found = [(a, self._evaluate(a.value, frame)) for a in call.arguments if a.keyword not in {"", "*", "**"}]
        if any(argument.keyword == "**" for argument in call.arguments):
            taken = called.thing.function.parameters
            found += [(argument, value) for argument, value in called.keywords if argument.keyword not in taken]
        return found

    def _call(
        self,
        function: FunctionThing,
        callee: Value,
        given: list[tuple[Argument, Value]],
        owners: Sequence[str],
        receiver: Value,
        receiving: str,
    ) -> None:
        """Follow a call; `owners` are the names of the arguments, `receiving` that of what a method is taken from."""
        if not self._calls.is_transparent(function) and not self._is_method(function):
            return
        given = [(argument, replace(value)) for argument, value in given]
        values = self._calls.bind_arguments(function, callee, given, receiver)
        known = [(value, owner) for (_, value), owner in zip(given, owners, strict=True) if owner]
        bound = {name: owner for name, value in values.items() for other, owner in known if value is other}
        names = function.function.parameters
        if receiving and names and names[0] in values and names[0] not in bound:
            bound[names[0]] = receiving
            values[names[0]] = receiver
        if bound or any(c.made.file == self._file for value in values.values() for c in value.captures):
            self._run(_Called(function, values, bound))

    def _is_method(self, function: FunctionThing) -> bool:
        return all(
            self._classes.is_external(function.file, item.value, "builtins.classmethod", "builtins.staticmethod")
            for item in function.function.decorators
        )

    def _hold(self, conditions: Iterable[Condition], called: _Called, frame: Frame) -> bool | None:
        """Whether all conditions hold; None where that is not known."""
        answers = [self._holds(condition, called, frame) for condition in conditions]
        if False in answers:
            return False
        return None if None in answers else True

    def _holds(self, condition: Condition, called: _Called, frame: Frame) -> bool | None:
        if condition.value is None:
            return None
        if not condition.attribute:
            return self._is_given(condition, called, frame)
        owner = _owner(condition.value, called.owners)
        name = Literal(repr(condition.attribute), is_text=True)
        has = self._has(owner.removeprefix(_NAMESPACE), name, is_own=condition.is_own) if owner else None
        if has is None or (has and condition.is_true):
            return None
        return has is not condition.is_negated

    def _is_given(self, condition: Condition, called: _Called, frame: Frame) -> bool | None:
        """Whether a condition on a parameter holds: a constant is only given where it is not the default."""
        if not isinstance(condition.value, Parameter):
            return None
        value = called.arguments.get(condition.value.name)
        if value is None:
            return condition.by_default
        if value.things or value.captures:
            return not condition.is_negated
        return None if condition.by_default is None else not condition.by_default

    def _has(self, owner: str, attribute: Expression, *, is_own: bool = True) -> bool | None:
        """Whether an object has an attribute by now; None where that is not known."""
        name = written_name(attribute) if isinstance(attribute, Literal) else ""
        if (owner, name) in self._found:
            return True
        made = self._made
        if made is None or made.definition.name != owner:
            return None
        if any(member == name for member, _ in made.definition.members):
            return True
        if is_own:
            return False
        for base in self._classes.order(made)[1:]:
            if any(member == name for member, _ in base.definition.members):
                return True
            attached = self._attaching.to_class(base, self._at)
            if any(isinstance(item, Attachment) and item.name == name for item in attached):
                return True
        outside = self._classes.external_bases(made) - {"builtins.object", "typing.Generic[]", "abc.ABC"}
        return None if outside else False


def _owner(expression: Expression, owners: Mapping[str, str]) -> str:
    """Return the name of the object that an expression of a function body stands for; empty if it is none."""
    match expression:
        case Parameter(name=name):
            return owners.get(name, "")
        case Call(function=Attribute(name="__new__")):
            return owners.get(MADE, "")
        case Choice(options=options):
            found = {_owner(option, owners) for option in options if not isinstance(option, Literal)}
            return found.pop() if len(found) == 1 else ""
    return ""
