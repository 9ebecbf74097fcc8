"""Calls that answer with the object that they answered with before: caches and singletons of another module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from stalecheck.link import known
from stalecheck.link.classes import Classes
from stalecheck.link.constants import constants
from stalecheck.link.elsewhere import Elsewhere
from stalecheck.link.program import Evaluates, Frame
from stalecheck.link.values import ClassThing, ExternalThing, FunctionThing, InstanceThing, Value
from stalecheck.model import SourceFile
from stalecheck.summarize.summary import (
    Argument,
    Attribute,
    Call,
    Captured,
    Choice,
    Derived,
    Display,
    Expression,
    Function,
    FunctionExpression,
    Item,
    Literal,
    Reference,
)

_CACHES = known.CACHES - {"functools.cached_property"}
_CLEARED = ".cache_clear"
_EMPTIED = ".clear()"
_EQUAL_AGAIN = known.COMPUTES | known.VALUE_MAKERS

_Given = list[tuple[Argument, Value]]


class Recalled:
    """Tells what a call of another module's makes anew from what that module keeps for good."""

    def __init__(self, evaluator: Evaluates, classes: Classes, elsewhere: Elsewhere) -> None:
        self._evaluator = evaluator
        self._program = evaluator.program
        self._classes = classes
        self._elsewhere = elsewhere
        self._resets: dict[str, set[SourceFile | None]] | None = None
        """The files that set what is called so, None for one that clears it."""

    def is_asked(self, thing: ClassThing | FunctionThing, result: Value, frame: Frame) -> bool:
        """Whether it matters if another module makes a call's result anew: for a module that runs again."""
        here = frame.holder or frame.file
        if not result.is_new or here not in self._program.reloaded or thing.file == here:
            return False
        return all(capture.made.file != here for capture in result.captures)

    def by_function(self, thing: FunctionThing, arguments: _Given, bound: Mapping[str, Value], frame: Frame) -> bool:
        """Whether a call of a function gives the same object when the module that calls runs again.

        `bound` are the values of the function's parameters.
        """
        function = thing.function
        owner = next(iter(function.parameters), "") if thing.bound is not None else ""
        if owner in bound and not any(value is bound[owner] for _, value in arguments):
            if not self._is_there(bound[owner], frame):
                return False
        else:
            owner = ""
        if self._is_cached(thing):
            return self._are_same(arguments, frame)
        for decorator in function.decorators:
            made = list(self._made_by(thing.file, decorator))
            if made:
                return all(self._finds(item, thing.file, arguments, frame) for item in made)
            if not self._classes.is_external(thing.file, decorator.value, *known.TRANSPARENT_DECORATORS):
                return False
        return self._finds(function, thing.file, arguments, frame, owner=owner) and not self._reads_members(
            thing, bound, frame
        )

    def by_class(self, thing: ClassThing, arguments: _Given, frame: Frame) -> bool:
        """Whether calling a class gives the same object when the module that calls runs again.

        Its ``__new__`` or its metaclass keeps the object, or what decorates the class does.
        """
        for decorator in thing.definition.decorators:
            made = list(self._made_by(thing.file, decorator))
            if made:
                return all(self._finds(item, thing.file, arguments, frame) for item in made)
        new = self._method(thing, "__new__")
        if new is not None and set(new.remembered or ()) - set(new.parameters[:1]):
            # What it interns is a value: another one once the constant is edited that it is asked for.
            return False
        methods = [new]
        for owner in self._classes.order(thing):
            for base in owner.definition.bases:
                if base.keyword == "metaclass":
                    metaclasses = self._evaluator.evaluate(base.value, Frame(owner.file, base.span.start)).things
                    methods += [self._method(item, "__call__") for item in metaclasses if isinstance(item, ClassThing)]
        found = [(method, next(iter(method.parameters), "")) for method in methods if method is not None]
        return any(self._finds(method, thing.file, arguments, frame, owner=owner) for method, owner in found)

    def _is_cached(self, thing: FunctionThing) -> bool:
        """Whether a function stands under a cache that nothing clears."""
        caches = [
            decorator.value
            for decorator in thing.function.decorators
            if self._classes.is_external(thing.file, decorator.value, *_CACHES, *(f"{name}()" for name in _CACHES))
        ]
        is_used = not any(isinstance(cache, Call) and any(map(_is_zero, cache.arguments)) for cache in caches)
        is_cleared = self._is_reset(thing.file, [thing.function.name.rpartition(".")[2]])
        return bool(caches) and is_used and not is_cleared

    def _finds(self, function: Function, file: SourceFile, arguments: _Given, frame: Frame, *, owner: str = "") -> bool:
        """Whether a function that keeps what it gives back finds it for these arguments, and its `owner`."""
        if function.remembered is None or self._is_reset(file, _names(function.returns)):
            return False
        return set(function.remembered) <= {owner} or self._are_same(arguments, frame)

    def _are_same(self, arguments: _Given, frame: Frame) -> bool:
        return all(self._is_same(argument.value, value, frame) for argument, value in arguments)

    def _reads_members(self, of: FunctionThing, bound: Mapping[str, Value], frame: Frame) -> bool:
        """Whether a function gives back a method, or what a property makes."""
        for attribute in _parts(of.function.returns):
            if not isinstance(attribute, Attribute):
                continue
            inner = Frame(of.file, frame.at, bound, frame.depth + 1, frame.holder or frame.file)
            for thing in self._evaluator.evaluate(attribute.value, inner).things:
                owner = thing.of if isinstance(thing, InstanceThing) else thing
                if isinstance(owner, ClassThing) and self._method(owner, attribute.name) is not None:
                    return True
        return False

    def _method(self, thing: ClassThing, name: str) -> Function | None:
        found = self._classes.member(thing, name)
        bound = found and self._program.summaries[found[0].file].bindings[found[1]].value
        return bound if isinstance(bound, Function) else None

    def _made_by(self, file: SourceFile, decorator: Captured) -> Iterator[Function]:
        """Yield the functions that a decorator puts in the place of what it decorates."""
        for item in self._evaluator.evaluate(decorator.value, Frame(file, decorator.span.start)).things:
            if isinstance(item, FunctionThing):
                for returned in item.function.returns:
                    if isinstance(returned, FunctionExpression):
                        yield returned.function

    def _is_same(self, expression: Expression, value: Value, frame: Frame) -> bool:
        """Whether an argument is the same object, or an equal one, when the module that calls runs again."""
        parts: tuple[Expression, ...] = ()
        match expression:
            case Literal():
                return True
            case Choice(options=options):
                parts = options
            case Derived(operands=operands):
                parts = operands
            case Display(elements=elements, is_sequence=True):
                parts = tuple(element.value for element in elements)
            case Call(function=function, arguments=arguments):
                things = self._evaluator.evaluate(function, frame).things
                if things and all(isinstance(thing, ExternalThing) and _is_equal_again(thing.name) for thing in things):
                    parts = tuple(argument.value for argument in arguments)
            case Attribute() | Item() if self._elsewhere.is_held(expression, frame):
                return True
        if parts:
            return all(self._is_same(part, self._evaluator.evaluate(part, frame), frame) for part in parts)
        return bool(constants(self._evaluator, expression, frame.file)) or self._is_there(value, frame)

    def _is_there(self, value: Value, frame: Frame) -> bool:
        """Whether a value is something that the module which calls does not make."""
        here = frame.holder or frame.file
        is_known = bool(value.things or value.captures)
        return is_known and not value.is_new and all(capture.made.file != here for capture in value.captures)

    def _is_reset(self, file: SourceFile, names: Iterable[str]) -> bool:
        """Whether what a file keeps under some names is cleared anywhere, or set from outside."""
        if self._resets is None:
            self._resets = {}
            for other, summary in self._program.summaries.items():
                rebound = [one.name for one in summary.rebound if "." in one.name]
                called = [statement.name for statement in summary.calls if statement.name.endswith(_CLEARED)]
                stored = [f".{store.attribute}" for store in summary.stores if store.attribute]
                for written in [*rebound, *called, *stored]:
                    name = written.removesuffix(_EMPTIED).removesuffix(_CLEARED).rpartition(".")[2]
                    self._resets.setdefault(name, set()).add(None if written.endswith(_CLEARED) else other)
        return any(self._resets.get(name, set()) - {file} for name in names)


def _is_zero(argument: Argument) -> bool:
    return argument.keyword in {"", "maxsize"} and argument.value == Literal("0")


def _is_equal_again(name: str) -> bool:
    return name in _EQUAL_AGAIN or name.startswith("os.path.")


def _names(returns: Iterable[Expression]) -> set[str]:
    """Return the names and attributes that hold what a function gives back."""
    return {part.name for part in _parts(returns) if isinstance(part, (Attribute, Reference))}


def _parts(expressions: Iterable[Expression]) -> Iterator[Expression]:
    """Yield expressions, and those that they take what they are from."""
    pending = list(expressions)
    while pending:
        part = pending.pop()
        yield part
        match part:
            case Attribute(value=inner) | Item(value=inner) | Call(function=Attribute(value=inner)):
                pending.append(inner)
            case Choice(options=options):
                pending += options
