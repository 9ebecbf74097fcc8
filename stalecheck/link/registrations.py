"""Registries outside of the project's own modules, which keep what they are given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from stalecheck.link import known
from stalecheck.link.holding import HELD, Holding, Subject, closest
from stalecheck.link.retained import Retained, keeps_first
from stalecheck.link.values import (
    ClassThing,
    ExternalThing,
    FunctionThing,
    InstanceThing,
    Relation,
    Thing,
    Value,
)
from stalecheck.model import Location
from stalecheck.summarize.summary import Attribute, Call, CallStatement, Expression
from stalecheck.vocabulary import HolderKind, OriginKind

_SINGLE_DISPATCH = frozenset({"functools.singledispatch", "functools.singledispatchmethod"})


class Registrations:
    """Finds what registries are given."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._kept = Retained(subject.file, subject.evaluator)

    def registry(self, function: Expression, at: Location) -> str:
        """Return the name of a registry of types that is called: a singledispatch function or an ABC outside."""
        if not isinstance(function, Attribute) or function.name != "register":
            return ""
        for thing in self._subject.evaluate(function.value, at).things:
            match thing:
                case ExternalThing(name=name) if name.startswith(("collections.abc.", "numbers.", "os.PathLike")):
                    return f"{name}.register"
                case ClassThing(definition=definition) if self._subject.evaluator.classes.is_abstract(thing):
                    return f"{definition.name}.register"
                case FunctionThing(file=file, function=definition):
                    for decorator in definition.decorators:
                        value = self._subject.evaluator.expression(file, decorator.value, at)
                        if any(
                            isinstance(item, ExternalThing) and item.name in _SINGLE_DISPATCH for item in value.things
                        ):
                            return f"{definition.name}.register"
        return ""

    def keeps(self, decorator: Expression, at: Location) -> bool:
        """Whether a decorator puts what it decorates into a registry that does not belong to a reloaded module."""
        function = decorator.function if isinstance(decorator, Call) else decorator
        callee = self._subject.evaluate(function, at)
        if any(isinstance(thing, ExternalThing) and thing.name in known.REGISTRARS for thing in callee.things):
            return True
        if self.registry(function, at):
            return not callee.captures
        made = self._subject.evaluate(decorator, at) if isinstance(decorator, Call) else callee
        return any(isinstance(thing, FunctionThing) and keeps_first(thing.function) for thing in made.things)

    def of_own(self, statement: CallStatement, *, is_later: bool = False) -> Iterator[Holding]:
        """Yield what a function of the project keeps of the arguments that it is called with.

        Where another function calls it, `is_later`, the top level has run: it takes nothing out again.
        """
        callee = self._subject.evaluate(statement.call.function, statement.at)
        kept = set(self._kept.by_call(statement.call, callee, statement.at))
        if kept:
            found = self.of_registration(statement.name, statement)
            of_kept = (each for each in found if (each.capture.made, each.capture.mode) in kept)
            yield from self.remaining(statement, of_kept, is_later=is_later)

    def remaining(self, statement: CallStatement, found: Iterable[Holding], *, is_later: bool) -> Iterator[Holding]:
        """Yield what is not taken back of what a call has put somewhere, with what functions do that reload."""
        for holding in found:
            made = holding.capture.made
            if is_later or not self._kept.is_taken_back(statement, made):
                yield replace(holding, emptied=tuple(self._kept.taken_back_by_functions(statement, made)))

    def keeper(self, function: Expression, at: Location) -> Value | None:
        """Return the object or class whose method is called, if the standard library's method keeps its arguments."""
        if not isinstance(function, Attribute):
            return None
        owner = self._subject.evaluate(function.value, at)
        names = {name for thing in owner.things for name in self._methods(thing, function.name)}
        if names & known.REGISTRARS or any(_is_keeper(name) for name in names):
            return owner
        return None

    def _methods(self, thing: Thing, name: str) -> Iterator[str]:
        """Yield the dotted names that a method of a thing may have in the standard library."""
        classes = self._subject.evaluator.classes
        match thing:
            case ExternalThing(name=dotted):
                yield f"{dotted}.{name}"
            case ClassThing() if classes.member(thing, name) is None:
                yield from (f"{base}.{name}" for base in classes.external_bases(thing))
            case InstanceThing(of=of) if classes.member(of, name) is None:
                yield from (f"{base}().{name}" for base in classes.external_bases(of))

    def of_registration(self, name: str, statement: CallStatement) -> Iterator[Holding]:
        """Yield what a registry keeps of the arguments that it is called with."""
        for argument in statement.call.arguments:
            value = self._subject.evaluate(argument.value, statement.at)
            for capture in closest(value.captures):
                if capture.relation in HELD:
                    is_constant = capture.made.origin.kind is OriginKind.VALUE and (capture.relation is Relation.IS)
                    if not is_constant:
                        yield self._subject.holding(
                            name.replace("()", ""),
                            HolderKind.CALLBACK,
                            argument.span,
                            capture,
                            "",
                            argument.value,
                        )


def _is_keeper(dotted: str) -> bool:
    owner, _, method = dotted.rpartition(".")
    return "()" in owner and method in known.KEEPERS.get(owner.partition(".")[0], ())
