"""Summaries and reloads → which holder keeps which old origin, since which reload, through which chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TypeAlias

from stalecheck.link.evaluate import Evaluator
from stalecheck.link.holders import find_holdings
from stalecheck.link.holding import Holding, names_in, root
from stalecheck.link.import_order import ImportOrder
from stalecheck.link.nearest import nearest
from stalecheck.link.order import Event, Sequence, stale_since
from stalecheck.link.program import Frame, Program
from stalecheck.link.values import ClassThing, FunctionThing, ModuleThing, Relation, Trait
from stalecheck.model import Holder, Location, Origin, Reload, SourceFile, Span
from stalecheck.modules import absolute
from stalecheck.summarize.summary import NameImport, Rebinding, Store, Summary, Usage
from stalecheck.vocabulary import HolderKind, OriginKind, ReloadMode

__all__ = ["Event", "Program", "Relation", "Sequence", "StaleReference", "Trait", "Usage", "link"]

_MOST_NAMES = 100
"""How many names of an expression are looked at for the import that it follows from."""


@dataclass(frozen=True, slots=True)
class StaleReference:
    """One holder that keeps one old origin: what the rules judge."""

    file: SourceFile
    span: Span
    holder: Holder
    origin: Origin
    relation: Relation
    reloads: tuple[Reload, ...]
    via: tuple[str, ...]
    """Modules that the name travelled through, the origin's first."""

    traits: frozenset[Trait] = frozenset()
    usages: frozenset[Usage] = frozenset()
    """What the holder's file does with the holder's name."""

    because: tuple[str, int] | None = None
    """The import in the same file that this follows from: its name and row."""

    brings: tuple[StaleReference, ...] = ()
    """What a star import brings, name by name."""

    passes_through: bool = False
    is_argument: bool = False
    """What a decorator was given, not the decorator."""

    is_type_argument: bool = False
    """What a base is parametrized with, not the base."""

    is_property: bool = False
    """A cached property: each instance has a cache of its own."""

    of_instance: bool = False
    """What is kept is an instance of the origin, a class."""

    is_of_package: bool = False
    """A submodule that is looked up in its package when it is used."""

    module_name: str = ""
    """What the origin's module is called where the holder stands."""

    attached_by: str = ""
    """The function, elsewhere, that attached it: ``base.register``."""

    is_filled_elsewhere: bool = False
    """A container that the body of the origin's module has filled."""

    is_computed: bool = False
    """What a container holds was computed from the origin."""

    is_of_member: bool = False
    """What a container holds is a member of the origin, an Enum."""

    is_module_hidden: bool = False
    """The package binds the name of the origin's module to something else: ``from p import m`` is not the module."""


_Rebound: TypeAlias = dict[tuple[SourceFile, str, str], tuple[Rebinding, ...]]
"""Where a function binds a name anew, or clears the cache of one: by its file, its name and what it binds."""

_Function: TypeAlias = tuple[SourceFile, str]
_Helpers: TypeAlias = dict[_Function, dict[_Function, tuple[Rebinding, ...]]]
"""Which functions of the project a function calls, and by which of its statements."""


def link(program: Program, sequences: Iterable[Sequence]) -> Iterator[StaleReference]:
    """Yield every stale reference, in no particular order."""
    evaluator = Evaluator(program)
    import_order = ImportOrder(program.table, program.summaries, program.indexes)
    by_origin: dict[SourceFile, list[Sequence]] = {}
    for sequence in sequences:
        for file in {file for event in sequence.events for file in event.files}:
            by_origin.setdefault(file, []).append(sequence)
    cleared = _cleared(program, evaluator)
    helpers = _helpers(program, evaluator)
    for file, summary in program.summaries.items():
        rebound: _Rebound = dict(cleared.get(file, {}))
        for item in summary.rebound:
            rebound[file, item.block, item.name] = (*rebound.get((file, item.block, item.name), ()), item)
        usages = {name: frozenset(kinds) for name, kinds in summary.usages}
        found = nearest(
            (holding, reloads)
            for holding in find_holdings(file, summary, evaluator)
            if (reloads := _lasting(holding, by_origin, import_order, rebound, helpers))
        )
        imports = {
            holding.holder.name: holding for holding, _ in found if holding.holder.kind is HolderKind.FROM_IMPORT
        }
        for holding, reloads in _merged(found):
            yield _stale_reference(holding, reloads, usages, imports, program)


def _cleared(program: Program, evaluator: Evaluator) -> dict[SourceFile, _Rebound]:
    """Return where functions clear the caches of each file, fill its containers again or assign its attributes.

    ``app.get.cache_clear()``; ``app.fill()``, which a top level calls to fill them; ``app.engine = core.Engine()``.
    """
    found: dict[SourceFile, _Rebound] = {}
    filling = {
        f"{name.rpartition('.')[2]}()"
        for summary in program.summaries.values()
        for statements in (summary.stores, summary.calls)
        for statement in statements
        for name in statement.within
    }
    for file, summary in program.summaries.items():
        for item in summary.rebound:
            is_call = item.name.rpartition(".")[2] in filling
            if not (is_call or item.name.endswith(".cache_clear")):
                continue
            first, *rest = item.name.removesuffix("()").removesuffix(".cache_clear").split(".")
            value = evaluator.name(file, first)
            for attribute in rest:
                value = evaluator.attribute(value, attribute, Frame(file, item.begin))
            for thing in value.things:
                if isinstance(thing, FunctionThing) and (is_call or thing.file != file):
                    key = file, item.block, f"{thing.function.name}{'()' if is_call else '.cache_clear'}"
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
    direct: _Helpers = {}
    for file, done in statements:
        if done.name.rpartition(".")[2] not in names:
            continue
        first, *rest = done.name.removesuffix("()").split(".")
        owner = done.block.rpartition(".")[0]
        called = [(file, f"{owner}.{rest[0]}")] if first == "self" and owner and len(rest) == 1 else []
        if not called:
            value = evaluator.name(file, first)
            for attribute in rest:
                value = evaluator.attribute(value, attribute, Frame(file, done.begin))
            called = [(thing.file, thing.function.name) for thing in value.things if isinstance(thing, FunctionThing)]
        for function in called:
            if function in blocks:
                by_statement = direct.setdefault((file, done.block), {})
                by_statement[function] = (*by_statement.get(function, ()), done)
    return {function: _through(function, direct) for function in direct}


def _through(function: _Function, direct: _Helpers) -> dict[_Function, tuple[Rebinding, ...]]:
    """Return what a function calls, with what that calls in turn whenever it is called."""
    found = dict(direct[function])
    pending = list(found)
    while pending:
        helper = pending.pop()
        for other, calls in direct.get(helper, {}).items():
            if other not in found and other != function and any(call.is_certain for call in calls):
                found[other] = found[helper]
                pending.append(other)
    return found


def _name_in(file: SourceFile, module: SourceFile, written: str, program: Program) -> str:
    """The name of `module` that begins as an import in `file` does, the `written` one first; its own if none does."""
    tops = {bound.module.partition(".")[0] for bound in program.indexes[file].imports if not bound.level}
    names = sorted((module.module, *module.aliases), key=lambda name: name != written)
    return next((name for name in names if name.partition(".")[0] in tops), module.module)


def _is_hidden(module: SourceFile, program: Program) -> bool:
    package, _, name = module.module.rpartition(".")
    file = program.table.find(package) if package else None
    if file is None:
        return False
    if name in program.indexes[file].made:
        return True
    for bound in program.indexes[file].imports:
        source = absolute(file, bound.level, bound.module)
        if bound.local == name and bound.name and f"{source}.{bound.name}" != module.module:
            return True
        if bound.name == "*" and source == module.module and name in program.indexes[module].made:
            return True
    return False


def _merged(found: Iterable[tuple[Holding, tuple[Reload, ...]]]) -> list[tuple[Holding, tuple[Reload, ...]]]:
    """Make one of all that is one holder of one origin.

    What a star import brings, a name that several functions bind, an origin that several branches define.
    """
    merged: dict[tuple[object, ...], tuple[Holding, tuple[Reload, ...]]] = {}
    for holding, reloads in found:
        is_nameless = holding.holder.name in {"*", "<lambda>"}
        origin = holding.capture.made.origin
        place = holding.span if is_nameless else None
        key: tuple[object, ...] = (holding.holder, origin.module, origin.name, origin.kind, place)
        if holding.holder.kind is HolderKind.STAR_IMPORT:
            key = (holding.span,)
        first, others = merged.get(key, (holding, ()))
        if first is not holding:
            is_earlier = origin.location < first.capture.made.origin.location and holding.span == first.span
            capture = holding.capture if is_earlier else first.capture
            first = replace(first, brings=(*first.brings, *holding.brings), capture=capture)
        merged[key] = (first, tuple(sorted({*others, *reloads}, key=_reload_order)))
    return list(merged.values())


def _lasting(
    holding: Holding,
    by_origin: Mapping[SourceFile, Iterable[Sequence]],
    import_order: ImportOrder,
    rebound: _Rebound,
    helpers: _Helpers,
) -> tuple[Reload, ...]:
    """Return the reloads that leave a holder stale for good.

    What top levels reload is over when functions are called: one that runs the holder's body again makes it fresh.
    """
    sequences = tuple(by_origin.get(holding.capture.made.file, ()))
    found = _reloads(holding, sequences, import_order, rebound, helpers)
    repairs = [sequence for sequence in by_origin.get(holding.file, ()) if _is_repair(sequence)]
    if not found or not repairs or holding.block:
        return found
    for_good: set[Reload] = set()
    for sequence in sequences:
        is_over = sequence.file is not None and not sequence.block
        later = [repair for repair in repairs if is_over and not _runs_again(sequence, repair, holding.file)]
        followed = [Sequence(None, "", (*sequence.events, *repair.events)) for repair in later]
        stale = [set(_reloads(holding, [other], import_order, rebound, helpers)) for other in (sequence, *followed)]
        for_good |= set.intersection(*stale)
    return tuple(reload for reload in found if reload in for_good)


def _runs_again(sequence: Sequence, repair: Sequence, holder: SourceFile) -> bool:
    """Whether a repair runs the top level that reloads once more, with the holder's body or after it."""
    first = next(index for index, event in enumerate(repair.events) if holder in event.files)
    return any(sequence.file in event.files for event in repair.events[first:])


def _is_repair(sequence: Sequence) -> bool:
    """Whether a sequence stands in a function that is no test: tests run in any order, or alone."""
    return bool(sequence.block) and not sequence.block.rpartition(".")[2].startswith("test")


def _reloads(
    holding: Holding,
    sequences: Iterable[Sequence],
    import_order: ImportOrder,
    rebound: _Rebound,
    helpers: _Helpers,
) -> tuple[Reload, ...]:
    found: dict[Reload, None] = {}
    # The import of an evicted submodule binds its name in the package again.
    is_own_submodule = holding.capture.made.file.module == f"{holding.file.module}.{holding.holder.name}"
    for sequence in sequences:
        is_same_block = sequence.file == holding.file and sequence.block == holding.block
        called = () if is_same_block else _called_at(holding, sequence)
        called_here = {} if sequence.file is None else helpers.get((sequence.file, sequence.block), {})
        is_own = is_same_block or (holding.done is not None and (holding.file, holding.block) in called_here)
        if (holding.until or holding.done is not None) and not (is_own or called):
            continue
        if holding.is_filled_elsewhere and any(holding.file in event.files for event in sequence.events):
            continue
        if holding.within and _is_refilled(holding, sequence, rebound):
            continue
        if holding.emptied_by and not _is_filled_again(holding, sequence):
            continue
        if holding.is_reset and (
            (sequence.is_guarded and sequence.file == holding.file)
            or any(
                holding.file in event.files and not (is_same_block and event.at < holding.capture.taken)
                for event in sequence.events
            )
        ):
            continue
        places: tuple[Rebinding, ...] = ()
        if sequence.file == holding.file and not sequence.block:
            places = tuple(Rebinding("", "", at, at) for at in holding.rebound)
        is_same = holding.made_by and all(holding.made_by.isdisjoint(event.files) for event in sequence.events)
        again: tuple[Rebinding, ...] = ()
        if sequence.file is not None and sequence.block and not holding.until and not is_same:
            places = _bound_by(holding, (sequence.file, sequence.block), rebound)
            for helper, calls in called_here.items():
                bound = [place for place in _bound_by(holding, helper, rebound) if place.is_certain]
                if helper != (holding.file, holding.block):
                    places += calls if bound else ()
                elif any(_is_taken_within(place, holding) for place in (holding.done, *bound)):
                    again += calls
        else:
            places += _emptied_by(holding, (sequence.file, sequence.block))
        is_renewed = partial(_is_renewed, holding if is_same_block or not sequence.block else None, places, again)
        capture = holding.capture
        if is_same_block and sequence.block and capture.taken.row > holding.span.end.row:
            # What stands below a function has run when that is called.
            capture = replace(capture, taken=Location(0, 0))
        since = stale_since(holding.file, capture, sequence, import_order, block=holding.block, is_renewed=is_renewed)
        for reload in since:
            if reload.mode is ReloadMode.REIMPORT and is_own_submodule:
                continue
            happens = called or tuple(
                event.end or event.at for event in sequence.events if reload in event.reloads.values()
            )
            if holding.until and happens and not any(_is_read_after(holding, at) for at in happens):
                continue
            found[reload] = None
    return tuple(sorted(found, key=_reload_order))


def _bound_by(holding: Holding, function: _Function, rebound: _Rebound) -> tuple[Rebinding, ...]:
    """Return where a function binds what holds something anew, or takes it out of there."""
    file, block = function
    name = holding.brings[0][0] if holding.brings else holding.holder.name
    if holding.holder.kind is HolderKind.CACHED_RESULT:
        name += ".cache_clear"
    parts = name.split(".")
    names = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
    if holding.owner and block.rpartition(".")[0] == holding.owner:
        # A method of the instance itself.
        names += [f"self.{parts[-1]}", "self.__init__"]
    places = (place for owner in names for place in rebound.get((file, block, owner), ()))
    return (*places, *_emptied_by(holding, function))


def _is_taken_within(place: Rebinding | None, holding: Holding) -> bool:
    """Whether what a function binds it looks up each time that it is called."""
    body = None if place is None else place.function
    return body is not None and body.start <= holding.capture.taken < body.end


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
    begun = holding.span.start
    own = [p for p in (*places, holding.done) if p is not None and p.begin <= begun < p.end]
    if any(span.start <= at < span.end for place in own for span in place.unreached):
        return True
    bound = max((place.end for place in own), default=begun)
    # At module level what a name was bound to before may be held by others; in a function it is let go of.
    is_local = bool(holding.block)
    later = (place for place in places if place.begin > begun and (is_local or place.end > at))
    return any(place.follows(max(at, bound) if place.end > at else bound) for place in later)


def _is_refilled(holding: Holding, sequence: Sequence, rebound: _Rebound) -> bool:
    """Whether the function that reloads calls what fills the holder, below a reload, or is called by that."""
    if sequence.file is None or not sequence.block:
        return False
    if sequence.file == holding.file and sequence.block in holding.within:
        return True
    first = min(event.at for event in sequence.events)
    calls = [rebound.get((sequence.file, sequence.block, f"{name}()"), ()) for name in holding.within]
    if any(place.end > first for places in calls for place in places):
        return True
    if sequence.file != holding.file or sequence.block.rpartition(".")[0] != holding.owner or not holding.owner:
        return False
    # A method of the instance itself calls another one.
    last = max(event.at for event in sequence.events)
    if not holding.is_looked_up:
        return False
    names = [f"self.{name.rpartition('.')[2]}()" for name in holding.within if name.rpartition(".")[0] == holding.owner]
    own = [rebound.get((sequence.file, sequence.block, name), ()) for name in names]
    return any(place.end > last and place.follows(last) for places in own for place in places)


def _is_read_after(holding: Holding, at: Location) -> bool:
    """Whether a call of the function reads a local import after what happens at a place."""
    return max(holding.until) > max([at, *(last for start, end, last in holding.unreached if start <= at <= end)])


def _is_filled_again(holding: Holding, sequence: Sequence) -> bool:
    """Whether a container is made and filled once more after the last time that another module has emptied it."""
    for event in reversed(sequence.events):
        if not holding.emptied_by.isdisjoint(event.files):
            return False
        if holding.file in event.files:
            return True
    return False


def _called_at(holding: Holding, sequence: Sequence) -> tuple[Location, ...]:
    """Return where the calls end by which the function of a local import calls the one that reloads."""
    file = sequence.file
    if file is None or not sequence.block:
        return ()
    fixture = sequence.block.partition(".<locals>.")[0] if ".<locals>." in sequence.block else ""
    is_near = file == holding.file or (
        file.path.name == "conftest.py" and holding.file.path.is_relative_to(file.path.parent)
    )
    return tuple(
        at
        for owner, name, at in holding.called
        if (owner == file and name == sequence.block) or (owner is None and is_near and name == fixture)
    )


def _reload_order(reload: Reload) -> tuple[bool, str, Location, str]:
    path = "" if reload.path is None else reload.path.as_posix()
    return (reload.path is None, path, reload.location or Location(0, 0), reload.module)


def _stale_reference(
    holding: Holding,
    reloads: tuple[Reload, ...],
    usages: dict[str, frozenset[Usage]],
    imports: Mapping[str, Holding],
    program: Program,
) -> StaleReference:
    capture = holding.capture
    module = capture.made.file
    brought = tuple(
        _stale_reference(
            replace(holding, holder=replace(holding.holder, name=name), capture=kept, brings=()),
            tuple(reload for reload in reloads if reload.module in {kept.made.file.module, *kept.made.file.aliases}),
            usages,
            {},
            program,
        )
        for name, kept in holding.brings
    )
    origin = capture.made.origin
    is_decorator = holding.holder.kind is HolderKind.DECORATED and not holding.is_argument
    is_computed = capture.is_computed or (capture.relation is Relation.DERIVED and not is_decorator)
    if is_computed and (capture.is_value or origin.kind in {OriginKind.FUNCTION, OriginKind.CLASS}):
        origin = replace(origin, kind=OriginKind.VALUE)  # What a function or class computed is neither.
    if capture.name:
        origin = replace(origin, module=capture.name)
    names = [capture.name if file == capture.made.file and capture.name else file.module for file in capture.via]
    passed = [name for name, file in zip(names, capture.via, strict=True) if file != holding.file]
    return StaleReference(
        holding.file,
        holding.span,
        holding.holder,
        origin,
        capture.relation,
        reloads,
        tuple(dict.fromkeys(passed)),
        capture.made.traits,
        usages.get(holding.holder.name, frozenset()) if holding.usages is None else holding.usages,
        _because(holding, imports, program.summaries[holding.file]),
        brought,
        holding.passes_through,
        holding.is_argument,
        holding.is_type_argument,
        holding.is_property,
        capture.of_instance,
        capture.is_of_package,
        _name_in(holding.file, module, capture.name, program),
        attached_by=holding.attached_by,
        is_filled_elsewhere=holding.is_filled_elsewhere,
        is_module_hidden=_is_hidden(module, program),
        is_computed=capture.is_computed,
        is_of_member=capture.is_of_member,
    )


def _because(holding: Holding, imports: Mapping[str, Holding], summary: Summary) -> tuple[str, int] | None:
    """Return the import of the same file that a holding follows from: its name and row."""
    if holding.source is None:
        return None
    made = holding.capture.made
    names = islice(names_in(holding.source), _MOST_NAMES)
    same = (found for found in names if found.name in imports and imports[found.name].capture.made == made)
    read = next(same, root(holding.source, holding.capture))
    if read is None or read.name not in imports or read.name == holding.holder.name:
        return None
    reaching = (summary.bindings[index] for index in read.reaching)
    places = [binding.span for binding in reaching if isinstance(binding.value, NameImport)]
    place = imports[read.name].span
    # What the name is bound to again further down is not what was read here.
    return read.name, (place if place in places or not places else places[-1]).start.row
