"""What calls give back: of classes and functions of the project, and of what lies outside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from stalecheck.link import known
from stalecheck.link.captures import (
    MADE_CLASS,
    Part,
    along,
    answered,
    as_values,
    computed_by,
    derived,
    gathered,
    hop,
    is_function_spec,
    is_plain,
    is_result,
    kept,
    placeless,
    related,
    values_of,
)
from stalecheck.link.classes import Classes
from stalecheck.link.constants import constants, text_of
from stalecheck.link.containers import Containers
from stalecheck.link.elsewhere import Elsewhere
from stalecheck.link.made import written_out
from stalecheck.link.namespaces import Namespaces
from stalecheck.link.program import Evaluates, Frame
from stalecheck.link.recalled import Recalled
from stalecheck.link.values import (
    NOTHING,
    Capture,
    ClassThing,
    ContainerThing,
    ExternalThing,
    FunctionThing,
    InstanceThing,
    ModuleThing,
    PartialThing,
    Relation,
    Thing,
    Value,
    union,
)
from stalecheck.model import Location, SourceFile
from stalecheck.modules import absolute
from stalecheck.summarize.summary import (
    LITERAL,
    NOWHERE,
    Argument,
    Attribute,
    Call,
    Choice,
    ClassExpression,
    Derived,
    Display,
    Element,
    Expression,
    Function,
    FunctionExpression,
    Item,
    Literal,
    NamedModule,
    Parameter,
)
from stalecheck.vocabulary import OriginKind

_MOST_CALLS = 5

MADE = "__new__()"
"""Among the arguments of a metaclass's ``__new__`` the class that it makes."""


class Calls:
    """Evaluates calls; remembers what functions return that are called without arguments that matter."""

    def __init__(
        self,
        evaluator: Evaluates,
        classes: Classes,
        containers: Containers,
        namespaces: Namespaces,
        elsewhere: Elsewhere,
    ) -> None:
        self._evaluator = evaluator
        self._program = evaluator.program
        self._classes = classes
        self._containers = containers
        self._namespaces = namespaces
        self._recalled = Recalled(evaluator, classes, elsewhere)
        self._calling: set[Function] = set()
        self._results: dict[tuple[Function, SourceFile, Location], Value] = {}
        self._managers: dict[Function, Function] = {}
        """Of generators that are context managers the functions that give back what they yield."""

    def call(self, call: Call, frame: Frame) -> Value:
        """Return what a call gives back, and what of its arguments the result keeps."""
        inner = replace(frame, depth=frame.depth + 1)
        receiver = NOTHING
        if isinstance(call.function, Attribute):
            name = call.function.name
            if name == "__new__" and frame.arguments is not None and MADE in frame.arguments:
                return frame.arguments[MADE]
            receiver = self._evaluator.evaluate(call.function.value, inner)
            if name in known.COPIES | known.GETTERS and any(isinstance(t, ContainerThing) for t in receiver.things):
                if name in known.GETTERS:
                    key = call.arguments[0].value if call.arguments else Literal()
                    keys = constants(self._evaluator, key, frame.file)
                    found = self._containers.elements(receiver, None, inner, Part.VALUES, keys)
                    return self._or_put_in(found, call, receiver, keys, inner) if name == "setdefault" else found
                taken = self._containers.taken(receiver, Part(name), inner)
                return replace(taken, captures=placeless(taken.captures))
            if name == "__enter__":
                return self._entered(call.function.value, receiver, inner)
            function = self._evaluator.attribute(receiver, name, frame)
            if self._is_of_text(call.function, receiver, frame.file):
                given = [(argument, self._evaluator.evaluate(argument.value, inner)) for argument in call.arguments]
                joined = [(argument, self._containers.elements(value, None, inner)) for argument, value in given]
                captures = (*derived(function), *values_of(joined if name == "join" else given))
                return Value((), as_values(captures), is_new=True)
        else:
            function = self._evaluator.evaluate(call.function, frame)
        arguments = [(argument, self._argument(argument, inner)) for argument in call.arguments]
        if isinstance(call.function, Attribute) and self._classes.hands_on(receiver, call.function.name):
            return Value((), kept(arguments), is_new=True)
        result = self._apply(function, arguments, inner, receiver)
        if isinstance(call.function, Attribute) and receiver.captures:
            return answered(result, receiver, call.function.name)
        return result

    def _or_put_in(self, found: Value, call: Call, receiver: Value, keys: tuple[Literal, ...], frame: Frame) -> Value:
        """Return what ``setdefault`` gives back: what the mapping has, or else what it is given."""
        written = {e.value for t in receiver.things if isinstance(t, ContainerThing) for e in t.display.elements}
        if len(call.arguments) != 2 or not written.isdisjoint(keys):
            return found
        return union([found, self._evaluator.evaluate(call.arguments[1].value, frame)])

    def _argument(self, argument: Argument, frame: Frame) -> Value:
        value = self._evaluator.evaluate(argument.value, frame)
        return self._containers.opened(value, frame, is_unpacked=argument.keyword in {"*", "**"})

    def _entered(self, manager: Expression, value: Value, frame: Frame) -> Value:
        """Return what a ``with`` statement gets of a context manager."""
        if isinstance(manager, Call) and manager.arguments:
            things = self._evaluator.evaluate(manager.function, frame).things
            if any(isinstance(thing, ExternalThing) and thing.name in known.ENTERED for thing in things):
                return self._evaluator.evaluate(manager.arguments[0].value, frame)
        if isinstance(manager, Call) and (found := self._yielded(manager, frame)) is not None:
            return found
        if value.things and all(self._has_method(thing, "__enter__") for thing in value.things):
            return self._apply(self._evaluator.attribute(value, "__enter__", frame), [], frame, value)
        return self._evaluator.evaluate(Derived((manager,)), frame)

    def _yielded(self, call: Call, frame: Frame) -> Value | None:
        """Return what a context manager yields that is written as a generator; None if it is no such call."""
        function = self._evaluator.evaluate(call.function, frame)
        things = [self._as_function(thing) for thing in function.things if isinstance(thing, FunctionThing)]
        if not things or len(things) < len(function.things) or None in things:
            return None
        receiver = NOTHING
        if isinstance(call.function, Attribute):
            receiver = self._evaluator.evaluate(call.function.value, frame)
        arguments = [(argument, self._argument(argument, frame)) for argument in call.arguments]
        return self._apply(replace(function, things=tuple(filter(None, things))), arguments, frame, receiver)

    def _as_function(self, thing: FunctionThing) -> FunctionThing | None:
        """Return the function that gives back what a generator yields which ``contextmanager`` alone decorates."""
        decorators, yields = thing.function.decorators, thing.function.yields
        if yields is None or len(decorators) != 1:
            return None
        if not self._classes.is_external(thing.file, decorators[0].value, "contextlib.contextmanager"):
            return None
        found = self._managers.get(thing.function)
        if found is None:
            returns = tuple(element.value for element in yields.elements if not element.is_unpacked)
            found = replace(thing.function, decorators=(), returns=returns, yields=None, is_opaque=False)
            self._managers[thing.function] = found
        return replace(thing, function=found)

    def _has_method(self, thing: Thing, name: str) -> bool:
        """Whether a thing is an instance of a class of the project with a method that nothing decorates."""
        found = self._classes.member(thing.of, name) if isinstance(thing, InstanceThing) else None
        bound = found and self._program.summaries[found[0].file].bindings[found[1]].value
        return isinstance(bound, Function) and not bound.decorators and not bound.is_opaque

    def decorated(self, thing: FunctionThing, frame: Frame) -> Value:
        """Return what the name of a function stands for: an instance if a decorator makes one of the function."""
        value = Value((thing,), is_new=True)
        for decorator in reversed(thing.function.decorators):
            maker = self._evaluator.evaluate(decorator.value, frame)
            if any(isinstance(item, (ClassThing, FunctionThing, InstanceThing)) for item in maker.things):
                made = self._apply(maker, [(Argument(LITERAL, NOWHERE), value)], replace(frame, depth=frame.depth + 1))
                is_in_class = "." in thing.function.name
                if made.things and all(self._is_instance(item, is_in_class=is_in_class) for item in made.things):
                    value = made
        return value

    def _is_instance(self, thing: Thing, *, is_in_class: bool) -> bool:
        """Whether a thing is an instance, and not asked what the attribute of a class is."""
        if not isinstance(thing, InstanceThing):
            return False
        return not is_in_class or self._classes.member(thing.of, "__get__") is None

    def _apply(
        self, function: Value, arguments: list[tuple[Argument, Value]], frame: Frame, receiver: Value = NOTHING
    ) -> Value:
        """Return what calling something gives back; `receiver` is what a method was taken from."""
        results: list[Value] = []
        classes, functions = _apart(function)
        for thing in [t for t in function.things if isinstance(t, PartialThing)] or function.things:
            match thing:
                case PartialThing():
                    results.append(self._call_partial(thing, function, arguments, frame))
                case ClassThing():
                    made = self._construct(thing, classes, arguments, frame)
                    if self._recalled.is_asked(thing, made, frame):
                        made = replace(made, is_new=not self._recalled.by_class(thing, arguments, frame))
                    results.append(made)
                case FunctionThing():
                    results.append(self._call_function(thing, functions, arguments, frame, receiver))
                case ExternalThing(name=name):
                    results.append(self._call_external(name, _outside(function), arguments, frame))
                case InstanceThing(of=owner):
                    method = self._classes.member(owner, "__call__")
                    bound = method and self._program.summaries[method[0].file].bindings[method[1]].value
                    if method and isinstance(bound, Function):
                        target = FunctionThing(method[0].file, bound, owner)
                        itself = Value((thing,), function.captures)
                        results.append(self._call_function(target, function, arguments, frame, itself))
                    else:
                        results.append(computed_by(function, arguments))
                case _:
                    results.append(computed_by(function, arguments))
        return union(results) if results else computed_by(function, arguments)

    def _call_partial(
        self, thing: PartialThing, partial: Value, arguments: list[tuple[Argument, Value]], frame: Frame
    ) -> Value:
        given = list(thing.arguments)
        function = thing.function
        if thing.file != frame.file:
            ways = [c for c in partial.captures if c.relation is Relation.IS and c.made.file == thing.file]
            given = [(argument, hop(value, thing.file, frame.at)) for argument, value in given]
            function = hop(function, thing.file, frame.at)
            function = along(function, ways) if ways else function
        return self._apply(function, [*given, *arguments], frame)

    def returns_of(self, thing: FunctionThing, at: Location) -> Value:
        """Return what a call of a function at a place may give, whose arguments are not known."""
        return self._returns(thing, {}, Frame(thing.file, at, holder=thing.file))

    def _is_of_text(self, method: Attribute, receiver: Value, file: SourceFile) -> bool:
        """Whether a method is that of a string: what it gives back is text, and keeps nothing that it is given."""
        if constants(self._evaluator, method.value, file):
            return True
        if method.name not in known.FORMATS:
            return False
        return all(isinstance(thing, ExternalThing) for thing in receiver.things)

    def _construct(
        self, thing: ClassThing, function: Value, arguments: list[tuple[Argument, Value]], frame: Frame
    ) -> Value:
        if self._classes.is_enum(thing):
            return Value((InstanceThing(thing),), related(function, Relation.MEMBER))
        if self._classes.is_typed_dict(thing):
            return self._containers.container((ExternalThing("builtins.dict()"),), arguments, frame, is_mapping=True)
        captures = tuple(replace(c, of_instance=True) for c in related(function, Relation.INSTANCE))
        if not self._classes.makes_anew(thing):
            return Value((InstanceThing(thing, may_be_old=True),), captures or kept(arguments), is_new=True)
        outer = self._classes.external_bases(thing)
        if not captures and outer & known.RECORDS:
            held = gathered(arguments, with_values=True).captures
            return Value((InstanceThing(thing),), held, is_new=True)
        bases = outer & known.CONTAINERS
        if not captures and bases:
            return self._containers.container(
                (InstanceThing(thing),), arguments, frame, is_mapping=bool(bases & known.MAPPINGS)
            )
        makers = {capture.made.file for capture in captures}
        others = (capture for capture in kept(arguments) if capture.made.file not in makers)
        return Value((InstanceThing(thing),), (*captures, *others), is_new=True)

    def _call_function(
        self,
        thing: FunctionThing,
        function: Value,
        arguments: list[tuple[Argument, Value]],
        frame: Frame,
        receiver: Value,
    ) -> Value:
        result = self._given_back(thing, function, arguments, frame, receiver)
        if self._recalled.is_asked(thing, result, frame):
            bound = self.bind_arguments(thing, function, arguments, receiver)
            return replace(result, is_new=not self._recalled.by_function(thing, arguments, bound, frame))
        return result

    def _given_back(
        self,
        thing: FunctionThing,
        function: Value,
        arguments: list[tuple[Argument, Value]],
        frame: Frame,
        receiver: Value,
    ) -> Value:
        definition = thing.function
        own = tuple(c for c in function.captures if c.relation in {Relation.IS, Relation.WRAPPED})
        computed = tuple(capture.related(Relation.DERIVED) for capture in own)
        if definition.is_opaque or not self.is_transparent(thing):
            made: tuple[Thing, ...] = ()
            if definition.yields is not None and self.is_transparent(thing):
                made = (ContainerThing(thing.file, definition.yields, is_lazy=True),)
            return Value(made, (*computed, *kept(arguments)), is_new=True)
        if not definition.returns:
            return Value(is_new=True)
        values = self.bind_arguments(thing, function, arguments, receiver)
        result = self._returns(thing, values, frame)
        makers = {capture.made.file for capture in own}
        if all(isinstance(item, Parameter) for item in definition.returns):
            return result
        if not (result.captures or result.is_new) and all(map(_is_outside, result.things)):
            return result
        if result.things and all(_is_of_another(item, makers) for item in result.things):
            return result
        visible = {Relation.IS, Relation.INSTANCE, Relation.MEMBER}
        others = tuple(capture for capture in result.captures if capture.made.file not in makers)
        if own and not any(capture.relation in visible for capture in result.captures):
            if any(isinstance(item, (FunctionExpression, ClassExpression)) for item in definition.returns):
                wrapped = tuple(capture.related(Relation.WRAPPED) for capture in own)
                return Value(result.things, (*wrapped, *result.captures), is_new=True)
            given = {capture.made for value in values.values() for capture in value.captures}
            makes = tuple(capture.made for capture in own)
            deeper = (c if c.made in given else replace(c, behind=makes) for c in others)
            return Value(result.things, (*computed, *deeper), is_new=True)
        seen = {(capture.made.file, capture.mode) for capture in result.captures if capture.relation in visible}
        # What is known of one way out says more than that another one computes something, in the same module.
        captures = tuple(c for c in result.captures if not (is_result(c) and (c.made.file, c.mode) in seen))
        return Value(result.things, captures, is_new=result.is_new)

    def is_transparent(self, thing: FunctionThing) -> bool:
        """Whether calling a function runs its body, and gives what that returns, whatever decorates it."""
        for decorator in thing.function.decorators:
            value = self._evaluator.evaluate(decorator.value, Frame(thing.file, decorator.span.start))
            for item in value.things:
                match item:
                    case ExternalThing(name=name) if name.removesuffix("()") in known.TRANSPARENT_DECORATORS:
                        pass
                    case FunctionThing() if passes_through(item):
                        pass
                    case _:
                        return False
            if not value.things:
                return False
        return True

    def bind_arguments(
        self, thing: FunctionThing, function: Value, arguments: list[tuple[Argument, Value]], receiver: Value
    ) -> dict[str, Value]:
        """Return what a call binds the parameters of a function to; `receiver` is what a method was taken from."""
        names = list(thing.function.parameters)
        values: dict[str, Value] = {}
        rest: list[tuple[Argument, Value]] = []
        is_static = any(
            self._classes.is_external(thing.file, decorator.value, "builtins.staticmethod")
            for decorator in thing.function.decorators
        )
        is_class_method = any(
            self._classes.is_external(thing.file, decorator.value, "builtins.classmethod")
            for decorator in thing.function.decorators
        )
        if thing.bound is not None and names and not is_static:
            is_known = any(isinstance(item, InstanceThing) for item in receiver.things)
            is_instance = is_known or any(capture.relation is Relation.WRAPPED for capture in function.captures)
            if is_class_method or is_instance:
                first = names.pop(0)
                if is_class_method:
                    is_named = any(isinstance(item, ClassThing) for item in receiver.things)
                    named = tuple(c for c in receiver.captures if c.relation is Relation.IS)
                    values[first] = Value((thing.bound,), named if is_named else self._classes.captures_of(thing.bound))
                else:
                    values[first] = receiver if is_known else Value((InstanceThing(thing.bound),), ())
        for argument, value in arguments:
            if argument.keyword and argument.keyword in thing.function.parameters:
                values[argument.keyword] = value
            elif names and not argument.keyword:
                values[names.pop(0)] = value
            else:
                rest.append((argument, value))
        for variadic in (thing.function.star, thing.function.double_star):
            if variadic:
                values[variadic] = gathered(rest)
        return values

    def _returns(self, thing: FunctionThing, arguments: Mapping[str, Value], frame: Frame) -> Value:
        """Return what a function gives back; nothing where it calls itself, or for calls within too many calls."""
        key = thing.function
        if key in self._calling or len(self._calling) >= _MOST_CALLS:
            return NOTHING
        holder = frame.holder or frame.file
        is_plain = not any(value.captures or value.things for value in arguments.values())
        if is_plain and (key, holder, frame.at) in self._results:
            return self._results[key, holder, frame.at]
        block = frame.block if thing.file == frame.file else ""
        inner = Frame(thing.file, frame.at, arguments, frame.depth + 1, holder, block=block)
        self._calling.add(key)
        try:
            values = [self._evaluator.evaluate(item, inner) for item in thing.function.returns]
        finally:
            self._calling.discard(key)
        result = union(values) if values else NOTHING
        if is_plain:
            self._results[key, holder, frame.at] = result
        return result

    def _call_external(
        self, name: str, function: Value, arguments: list[tuple[Argument, Value]], frame: Frame
    ) -> Value:
        result = (ExternalThing(f"{name}()"),)
        if name.removesuffix("()") in known.CLASS_FACTORIES and name.endswith("()"):
            is_enum = name.removesuffix("()") in known.ENUMS
            relation = Relation.MEMBER if is_enum else Relation.INSTANCE
            is_record = name.removesuffix("()") in known.RECORDS
            fields = gathered(arguments, with_values=True).captures if is_record else ()
            return Value(result, (*related(function, relation), *fields), is_new=not is_enum)
        if name == "importlib.import_module" and arguments:
            dotted = [text_of(text) for text in constants(self._evaluator, arguments[0][0].value, frame.file)]
            names = [absolute(frame.file, len(text) - len(text.lstrip(".")), text.lstrip(".")) for text in dotted]
            modules = [self._evaluator.evaluate(NamedModule(module), frame) for module in names if module]
            return union(modules) if modules else Value(result)
        if name in known.SAME_OBJECT:
            # A module that asks for its own constants is trusted to be asked for what they are: `m.log`.
            others = (capture for capture in values_of(arguments) if capture.made.file != frame.file)
            return Value(result, tuple(others) if name in known.SAME_FOR_SAME else ())
        if name in known.COPIERS and (copied := self._copied(arguments, frame)) is not None:
            return copied
        if name == "functools.partial" and arguments and not arguments[0][0].keyword:
            thing = PartialThing(frame.file, arguments[0][1], tuple(arguments[1:]))
            return Value((*result, thing), (*derived(function), *kept(arguments)), is_new=True)
        if name in known.HOLDS_NOTHING or name in known.REGISTRARS:
            return Value(result, is_new=True)
        if name in {"typing.cast", "typing_extensions.cast"} and len(arguments) > 1:
            return arguments[1][1]
        if name == "builtins.getattr" and len(arguments) > 1:
            return Value((), derived(arguments[0][1]), is_new=True)
        if name == "builtins.type" and len(arguments) == 1:
            return self._classes.class_of(arguments[0][1])
        if name == "builtins.vars" and len(arguments) == 1 and (found := self._namespaces.of(arguments[0][1])).things:
            return found
        if name == "inspect.getmembers" and arguments:
            return self._namespaces.members(arguments[0][1], union([NOTHING, *(value for _, value in arguments[1:])]))
        if name in known.CLASS_MAKERS:
            bases = [(argument, value) for argument, value in arguments[1:2] if not argument.keyword]
            return Value((MADE_CLASS,), kept(bases), is_new=True)
        if name in known.NEW_TYPES and arguments:
            return arguments[0][1]
        if name == "builtins.next" and arguments:
            first = self._evaluator.evaluate(Item(arguments[0][0].value), frame)
            return union([first, *(value for _, value in arguments[1:])])
        if name in known.CHOOSES and not all(map(is_plain, (chosen := self._chosen(arguments, frame)).captures)):
            return chosen
        if name in known.COMPUTES:
            computed = values_of(arguments)
            return Value(result, as_values(computed) if name in known.MAKES_VALUES else computed, is_new=True)
        if name == "builtins.filter" and any(self._namespaces.is_table(t) for _, v in arguments[1:] for t in v.things):
            return Value(result, is_new=True)  # Which of the names pass is not known.
        if name in known.LAZY and len(arguments) > 1:
            iterated = _iterated(name, [argument for argument, _ in arguments], frame)
            # Of a container it makes its elements, and does not hand it on.
            captures = (c.related(Relation.DERIVED) if _is_value(c) else c for c in kept(arguments))
            return Value((*result, iterated), tuple(captures), is_new=True)
        if name == "builtins.sorted":
            arguments = [(argument, value) for argument, value in arguments if argument.keyword != "key"]
        if name in known.CONTAINERS:
            # What a parameter stands for is known within this call only.
            display = written_out(name, arguments) if frame.arguments is None else None
            made = () if display is None else (ContainerThing(frame.file, display),)
            return self._containers.container((*made, *result), arguments, frame, is_mapping=name in known.MAPPINGS)
        if name in known.RECORD_MAKERS:
            return Value(result, values_of(arguments), is_new=True)
        if name in known.MOCKS:
            arguments = [(argument, value) for argument, value in arguments if not is_function_spec(argument, value)]
        return Value(result, (*derived(function), *kept(arguments)), is_new=True)

    def _copied(self, arguments: list[tuple[Argument, Value]], frame: Frame) -> Value | None:
        """Return the copy of a container or instance of the project; what has no copies itself; None of the rest."""
        value = self._evaluator.evaluate(arguments[0][0].value, frame) if arguments else NOTHING
        if any(isinstance(thing, ContainerThing) for thing in value.things):
            taken = self._containers.taken(value, Part.WHOLE, frame)
            return replace(taken, captures=placeless(taken.captures))
        if value.things and all(map(self._is_its_copy, value.things)):
            return value
        if not value.things or not all(isinstance(thing, InstanceThing) for thing in value.things):
            return None
        made = related(self._classes.class_of(value), Relation.INSTANCE)
        makers = {capture.made.file for capture in made}
        others = (capture for capture in kept(arguments) if capture.made.file not in makers)
        return Value(value.things, (*(replace(c, of_instance=True) for c in made), *others), is_new=True)

    def _is_its_copy(self, thing: Thing) -> bool:
        """Whether copying a thing gives the thing itself."""
        is_member = isinstance(thing, InstanceThing) and self._classes.is_enum(thing.of)
        return is_member or isinstance(thing, (FunctionThing, ClassThing))

    def _chosen(self, arguments: list[tuple[Argument, Value]], frame: Frame) -> Value:
        """Return what ``max`` gives: one of its arguments, or an element of the only one."""
        plain = [(argument, value) for argument, value in arguments if not argument.keyword]
        only = [Item(argument.value) for argument, _ in plain] if len(plain) == 1 else []
        options = [value for argument, value in arguments if argument.keyword == "default"]
        options += [self._evaluator.evaluate(item, frame) for item in only] or [value for _, value in plain]
        return union([NOTHING, *options])


def _is_value(capture: Capture) -> bool:
    return capture.made.origin.kind is OriginKind.VALUE


def _is_outside(thing: Thing) -> bool:
    """Whether a thing is one of another package that a name stands for, and no call has made it anew."""
    if not isinstance(thing, ExternalThing):
        return False
    return not thing.name.endswith("()") or thing.name.removesuffix("()") in known.SAME_OBJECT


def _is_of_another(thing: Thing, makers: Collection[SourceFile]) -> bool:
    """Whether a thing is a class, function or module of another file: no call makes such anew."""
    return isinstance(thing, (ClassThing, FunctionThing, ModuleThing)) and thing.file not in makers


def _apart(function: Value) -> tuple[Value, Value]:
    """Return a callee as far as it is a class, and as far as it is a function, where it may be either."""
    kinds = {type(thing) for thing in function.things}
    if not kinds >= {ClassThing, FunctionThing}:
        return function, function
    classes = tuple(c for c in function.captures if c.made.origin.kind is not OriginKind.FUNCTION)
    functions = tuple(c for c in function.captures if c.made.origin.kind is not OriginKind.CLASS)
    return replace(function, captures=classes), replace(function, captures=functions)


def _outside(function: Value) -> Value:
    """Return a callee as far as it is another package's, where it may be one of the project's functions as well."""
    if not any(isinstance(thing, (ClassThing, FunctionThing)) for thing in function.things):
        return function
    others = tuple(c for c in function.captures if c.made.origin.kind not in {OriginKind.CLASS, OriginKind.FUNCTION})
    return replace(function, captures=others)


def _iterated(name: str, arguments: list[Argument], frame: Frame) -> ContainerThing:
    """Return what ``map`` or ``filter`` gives when it is iterated over."""
    first, *rest = arguments
    if name == "builtins.filter":
        element = Element(Item(rest[0].value), rest[0].span)
    else:
        each = tuple(Argument(Item(argument.value), argument.span) for argument in rest)
        element = Element(Call(first.value, each), first.span)
    return ContainerThing(frame.file, Display((element,)), is_lazy=True)


def passes_through(thing: FunctionThing) -> bool:
    """Whether a decorator hands its argument back unchanged."""
    returns = [part for item in thing.function.returns for part in _options(item)]
    back = [item for item in returns if _is_handed_back(item)]
    # Without its argument it makes the decorator: ``if function is None: return inner``.
    return bool(back) and all(item in back or _is_pass_through(item) for item in returns)


def _options(expression: Expression) -> tuple[Expression, ...]:
    return expression.options if isinstance(expression, Choice) else (expression,)


def _is_handed_back(expression: Expression) -> bool:
    match expression:
        case Parameter():
            return True
        case Call(function=function, arguments=(Argument(value=Parameter(), keyword=""),)):
            return _is_pass_through(function)
    return False


def _is_pass_through(expression: Expression) -> bool:
    """Whether an expression is a function within a function that hands its argument back."""
    if not isinstance(expression, FunctionExpression):
        return False
    returns = expression.function.returns
    return bool(returns) and all(isinstance(item, Parameter) for item in returns)
