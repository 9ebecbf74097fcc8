"""Summaries and reloads → which holder keeps which old origin, since which reload, through which chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from stalecheck.link.evaluate import Evaluator
from stalecheck.link.holders import find_holdings
from stalecheck.link.holding import Holding, names_in, root
from stalecheck.link.import_order import ImportOrder
from stalecheck.link.lasting import find_lasting, reload_order
from stalecheck.link.nearest import nearest
from stalecheck.link.order import Event, Sequence
from stalecheck.link.program import Program
from stalecheck.link.renewals import find_renewals
from stalecheck.link.values import Relation, Trait
from stalecheck.model import Holder, Origin, Reload, SourceFile, Span
from stalecheck.modules import absolute
from stalecheck.summarize.summary import NameImport, Summary, Usage
from stalecheck.vocabulary import HolderKind, OriginKind

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


def link(program: Program, sequences: Iterable[Sequence]) -> Iterator[StaleReference]:
    """Yield every stale reference, in no particular order."""
    evaluator = Evaluator(program)
    import_order = ImportOrder(program.table, program.summaries, program.indexes)
    by_origin: dict[SourceFile, list[Sequence]] = {}
    for sequence in sequences:
        for file in {file for event in sequence.events for file in event.files}:
            by_origin.setdefault(file, []).append(sequence)
    renewals = find_renewals(program, evaluator)
    for file, summary in program.summaries.items():
        usages = {name: frozenset(kinds) for name, kinds in summary.usages}
        found = nearest(
            (holding, reloads)
            for holding in find_holdings(file, summary, evaluator)
            if (reloads := find_lasting(holding, by_origin, import_order, renewals[file]))
        )
        imports = {
            holding.holder.name: holding for holding, _ in found if holding.holder.kind is HolderKind.FROM_IMPORT
        }
        for holding, reloads in _merged(found):
            yield _stale_reference(holding, reloads, usages, imports, program)


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
        merged[key] = (first, tuple(sorted({*others, *reloads}, key=reload_order)))
    return list(merged.values())


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
