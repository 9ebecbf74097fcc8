"""What functions that reload, and those that they call, put in the place of what is held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from stalecheck.link.evaluate import Evaluator
from stalecheck.link.holding import Holding, root
from stalecheck.link.order import Sequence
from stalecheck.link.program import Frame, Program
from stalecheck.link.values import ClassThing, FunctionThing, InstanceThing, ModuleThing
from stalecheck.model import Location, SourceFile
from stalecheck.summarize.summary import Function, Rebinding, Store
from stalecheck.vocabulary import HolderKind

_Places: TypeAlias = dict[tuple[SourceFile, str, str], tuple[Rebinding, ...]]
"""Where a function binds a name anew, or clears the cache of one: by its file, its name and what it binds."""

_Function: TypeAlias = tuple[SourceFile, str]
_Name: TypeAlias = tuple[SourceFile, str]
_Helpers: TypeAlias = Mapping[_Function, Mapping["_Helper", tuple[Rebinding, ...]]]
"""Which functions of the project a function calls, and by which of its statements."""


@dataclass(frozen=True, slots=True)
class _Helper:
    """A function or method that another one calls."""

    function: _Function
    receiver: _Name | None = None
    """The object whose method it is, by the name that holds it; None for a function, and if it is not known which."""

    of: ClassThing | None = field(default=None, compare=False)
    """The class of that object."""

    is_own: bool = False
    """Called by `self`, or by ``super()``: of which class the method is depends on the object."""

    is_above: bool = False
    """By ``super()``."""


@dataclass(frozen=True, slots=True)
class Renewals:
    """Where functions of the project bind the names of one file anew."""

    places: _Places
    helpers: _Helpers

    def called_by(self, sequence: Sequence) -> Mapping[_Helper, tuple[Rebinding, ...]]:
        """Return the functions that one calls which reloads, and by which of its statements."""
        return {} if sequence.file is None else self.helpers.get((sequence.file, sequence.block), {})

    def is_called(self, holding: Holding, sequence: Sequence) -> bool:
        """Whether a function that reloads calls the one in which a holding is made."""
        return any(helper.function == (holding.file, holding.block) for helper in self.called_by(sequence))


def find_renewals(program: Program, evaluator: Evaluator) -> dict[SourceFile, Renewals]:
    """Return what functions bind anew, clear or fill again, for each file that holds it."""
    helpers = _helpers(program, evaluator)
    cleared = _cleared(program, evaluator)
    found: dict[SourceFile, Renewals] = {}
    for file, summary in program.summaries.items():
        places = dict(cleared.get(file, {}))
        for item in summary.rebound:
            places[file, item.block, item.name] = (*places.get((file, item.block, item.name), ()), item)
        found[file] = Renewals(places, helpers)
    return found


def renewing(holding: Holding, sequence: Sequence, renewals: Renewals) -> Callable[[Location], bool]:
    """Return what says whether something else is in a holding's place in the end if a reload at a place is the last."""
    is_same_block = sequence.file == holding.file and sequence.block == holding.block
    places: tuple[Rebinding, ...] = ()
    if sequence.file == holding.file and not sequence.block:
        places = tuple(Rebinding("", "", at, at) for at in holding.rebound)
    is_same = holding.made_by and all(holding.made_by.isdisjoint(event.files) for event in sequence.events)
    again: tuple[Rebinding, ...] = ()
    if sequence.file is not None and sequence.block and not holding.until and not is_same:
        places = _bound_by(holding, (sequence.file, sequence.block), renewals)
        for helper, calls in renewals.called_by(sequence).items():
            bound = [
                place
                for place in _bound_by(holding, helper.function, renewals)
                if place.is_certain and _is_of(holding, helper.receiver, place)
            ]
            if helper.function != (holding.file, holding.block):
                places += calls if bound else ()
            elif any(_is_taken_within(place, holding) for place in (holding.done, *bound)):
                again += calls
            else:
                again += tuple(call for call in calls if _is_looked_up_anew(holding, sequence, renewals, call))
    else:
        places += _emptied_by(holding, (sequence.file, sequence.block))
    return partial(_is_renewed, holding if is_same_block or not sequence.block else None, places, again)


def _cleared(program: Program, evaluator: Evaluator) -> dict[SourceFile, _Places]:
    """Return where functions clear the caches of each file or assign its attributes.

    ``app.get.cache_clear()``; ``app.engine = core.Engine()``.
    """
    found: dict[SourceFile, _Places] = {}
    for file, summary in program.summaries.items():
        for item in summary.rebound:
            if not item.name.endswith(".cache_clear"):
                continue
            first, *rest = item.name.removesuffix(".cache_clear").split(".")
            value = evaluator.name(file, first)
            for attribute in rest:
                value = evaluator.attribute(value, attribute, Frame(file, item.begin))
            for thing in value.things:
                if isinstance(thing, FunctionThing) and thing.file != file:
                    key = file, item.block, f"{thing.function.name}.cache_clear"
                    places = found.setdefault(thing.file, {})
                    places[key] = (*places.get(key, ()), item)
        for body in summary.bodies:
            match body.statement:
                case Store(target=target, attribute=attribute, at=at) if attribute:
                    made = evaluator.removals.place(file, target)
                    if made is not None and not made[2]:
                        maker, index, _ = made
                        places = found.setdefault(maker, {})
                        key = file, body.done.block, f"{program.summaries[maker].bindings[index].name}.{attribute}"
                        places[key] = (*places.get(key, ()), body.done)
                    for owner in evaluator.expression(file, target, at).things:
                        if isinstance(owner, (ModuleThing, ClassThing)):
                            prefix = f"{owner.definition.name}." if isinstance(owner, ClassThing) else ""
                            places = found.setdefault(owner.file, {})
                            key = file, body.done.block, prefix + attribute
                            places[key] = (*places.get(key, ()), body.done)
    return found


def _helpers(program: Program, evaluator: Evaluator) -> _Helpers:
    """Return the functions that others call which reload something, and that bind or fill something again."""
    statements = [
        (file, done)
        for file, summary in program.summaries.items()
        for done in (*summary.rebound, *(body.done for body in summary.bodies))
        if done.function is not None
    ]
    blocks = {(file, done.block) for file, done in statements}
    names = {f"{block.rpartition('.')[2]}()" for _, block in blocks}
    direct: dict[_Function, dict[_Helper, tuple[Rebinding, ...]]] = {}
    for file, done in statements:
        if done.name.rpartition(".")[2] not in names:
            continue
        for helper in _called(file, done, program, evaluator):
            if helper.function in blocks or helper.is_own:
                by_statement = direct.setdefault((file, done.block), {})
                by_statement[helper] = (*by_statement.get(helper, ()), done)
    return {function: _through(function, direct, evaluator) for function in direct}


def _called(file: SourceFile, done: Rebinding, program: Program, evaluator: Evaluator) -> Iterator[_Helper]:
    """Yield the functions and methods of the project that a statement of a function calls."""
    first, *rest = done.name.removesuffix("()").split(".")
    owner = done.block.rpartition(".")[0]
    if first in {"self", "cls", "super()"} and owner and len(rest) == 1:
        yield _Helper((file, f"{owner}.{rest[0]}"), is_own=True, is_above=first == "super()")
        return
    value = evaluator.name(file, first)
    name: _Name | None = (file, first)
    receiver: _Name | None = None
    of: ClassThing | None = None
    for number, attribute in enumerate(rest, 1):
        objects = [thing.of for thing in value.things if isinstance(thing, InstanceThing)]
        modules = [thing.file for thing in value.things if isinstance(thing, ModuleThing)]
        if objects:
            of = objects[0] if len(objects) == len(value.things) == 1 else None
            receiver = _where_made(name, program, evaluator) if name is not None and number == len(rest) else None
            name = None
        elif modules:
            name = modules[0], attribute
        value = evaluator.attribute(value, attribute, Frame(file, done.begin))
    for thing in value.things:
        if isinstance(thing, FunctionThing):
            yield _Helper((thing.file, thing.function.name), receiver, of)


def _where_made(name: _Name, program: Program, evaluator: Evaluator) -> _Name:
    """Return by which name the object is made that a name of a module stands for; that name where it is not known."""
    place = evaluator.removals.place_at_end(*name)
    return name if place is None else (place[0], program.summaries[place[0]].bindings[place[1]].name)


def _through(function: _Function, direct: _Helpers, evaluator: Evaluator) -> dict[_Helper, tuple[Rebinding, ...]]:
    """Return what a function calls, with what that calls in turn whenever it is called."""
    found = {_meant(helper, _Helper(function), evaluator): calls for helper, calls in direct[function].items()}
    pending = list(found)
    while pending:
        helper = pending.pop()
        for inner, calls in direct.get(helper.function, {}).items():
            other = _meant(inner, helper, evaluator)
            if other not in found and other.function != function and any(call.is_certain for call in calls):
                found[other] = found[helper]
                pending.append(other)
    return found


def _meant(called: _Helper, caller: _Helper, evaluator: Evaluator) -> _Helper:
    """Return the method that one which is called on the same object stands for, by the class of that."""
    if not called.is_own:
        return called
    file, block = called.function
    owner, _, name = block.rpartition(".")
    classes = [thing for thing in evaluator.name(file, owner).things if isinstance(thing, ClassThing)]
    of = caller.of or next(iter(classes), None)
    order = [] if of is None else evaluator.classes.order(of)
    if called.is_above:
        own = [number for number, base in enumerate(order, 1) if base in classes]
        order = order[own[0] :] if own else []
    for base in order:
        for member, reaching in base.definition.members:
            bound = evaluator.program.summaries[base.file].bindings[reaching[-1]].value if member == name else None
            if isinstance(bound, Function):
                return _Helper((base.file, bound.name), caller.receiver, caller.of)
    return _Helper(called.function, caller.receiver, caller.of)


def _bound_by(holding: Holding, function: _Function, renewals: Renewals) -> tuple[Rebinding, ...]:
    """Return where a function binds what holds something anew, or takes it out of there."""
    file, block = function
    name = holding.brings[0][0] if holding.brings else holding.holder.name
    if holding.holder.kind is HolderKind.CACHED_RESULT:
        name += ".cache_clear"
    parts = name.split(".")
    names = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
    if block.rpartition(".")[0] in holding.owners:
        # A method of the instance itself.
        names += [f"self.{parts[-1]}", "self.__init__"]
    places = (place for owner in names for place in renewals.places.get((file, block, owner), ()))
    return (*places, *_emptied_by(holding, function))


def _is_of(holding: Holding, receiver: _Name | None, place: Rebinding) -> bool:
    """Whether a statement of a method that is called on an object is about the one of which an attribute holds it."""
    if receiver is None or not place.name.startswith("self."):
        return True
    return receiver == (holding.file, holding.holder.name.partition(".")[0])


def _is_taken_within(place: Rebinding | None, holding: Holding) -> bool:
    """Whether what a function binds it looks up each time that it is called."""
    body = None if place is None else place.function
    return body is not None and body.start <= holding.capture.taken < body.end


def _is_looked_up_anew(holding: Holding, sequence: Sequence, renewals: Renewals, call: Rebinding) -> bool:
    """Whether the name by which a function takes something has been bound anew since the reload when it is called."""
    name = None if holding.source is None else root(holding.source, holding.capture)
    if name is None or sequence.file is None:
        return False
    last = max(event.at for event in sequence.events)
    own = renewals.places.get((sequence.file, sequence.block, name.name), ())
    if sequence.file == holding.file and any(place.end > last and place.precedes(call.begin) for place in own):
        return True
    return any(
        place.is_certain
        for helper, calls in renewals.called_by(sequence).items()
        if helper.function[0] == holding.file and any(last < other.end <= call.end for other in calls)
        for place in renewals.places.get((*helper.function, name.name), ())
    )


def _emptied_by(holding: Holding, function: tuple[SourceFile | None, str]) -> tuple[Rebinding, ...]:
    return tuple(place for file, place in holding.emptied if (file, place.block) == function)


def _is_renewed(holding: Holding | None, places: Iterable[Rebinding], again: Iterable[Rebinding], at: Location) -> bool:
    """Whether something else takes the place of a holding after a reload, or has done so before.

    Without the holding, which the function that reloads then has not made: what is there before is another one. Unless
    what makes it is called there, `again` and again.
    """
    if any(place.end > at and place.follows(at) for place in again):
        return True
    if holding is None:
        return any(place.precedes(at) or (place.end > at and place.follows(at)) for place in places)
    begun = holding.made_at if holding.made_at.row else holding.span.start
    own = [p for p in (*places, holding.done) if p is not None and p.begin <= begun < p.end]
    if any(span.start <= at < span.end for place in own for span in place.unreached):
        return True
    bound = max((place.end for place in own), default=begun)
    # At module level what a name was bound to before may be held by others; in a function it is let go of.
    is_local = bool(holding.block)
    later = (place for place in places if place.begin > begun and (is_local or place.end > at))
    return any(place.follows(max(at, bound) if place.end > at else bound) for place in later)
