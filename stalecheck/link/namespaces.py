"""Modules as tables of their names: ``vars(m)``, ``m.__dict__``, ``inspect.getmembers(m)``."""

from __future__ import annotations

from stalecheck.link import known
from stalecheck.link.classes import Classes
from stalecheck.link.program import Evaluates, Frame
from stalecheck.link.stars import Stars
from stalecheck.link.values import (
    Capture,
    ClassThing,
    ContainerThing,
    ExternalThing,
    ModuleThing,
    Relation,
    Thing,
    Value,
)
from stalecheck.model import SourceFile
from stalecheck.summarize.summary import NOWHERE, Display, Element, Literal, Narrowed, Reference
from stalecheck.vocabulary import OriginKind

_PREDICATES = {"inspect.isclass": OriginKind.CLASS, "inspect.isfunction": OriginKind.FUNCTION}


class Namespaces:
    """Gives the names of modules as containers; remembers them."""

    def __init__(self, evaluator: Evaluates, classes: Classes, stars: Stars) -> None:
        self._evaluator = evaluator
        self._stars = stars
        self._classes = classes
        self._tables: dict[tuple[SourceFile, bool, OriginKind | None], Display] = {}

    def of(self, value: Value) -> Value:
        """Return ``vars(m)``: a table that changes when the module is reloaded in place."""
        things = (
            ContainerThing(file, self._table(file), is_live=True, ways=_ways(value, file))
            for file in self._files(value)
        )
        return Value(tuple(things))

    def members(self, value: Value, predicate: Value) -> Value:
        """Return ``inspect.getmembers(m, predicate)``: pairs of a name and what it stands for."""
        names = [thing.name for thing in predicate.things if isinstance(thing, ExternalThing)]
        if predicate.things and not all(name in _PREDICATES for name in names):
            return Value(is_new=True)
        kind = _PREDICATES[names[0]] if names else None
        things = (
            ContainerThing(file, self._table(file, kind, in_pairs=True), ways=_ways(value, file))
            for file in self._files(value)
        )
        return Value(tuple(things), is_new=True)

    def is_table(self, thing: Thing) -> bool:
        """Whether something is the names of a module, or a part of them."""
        return isinstance(thing, ContainerThing) and (thing.is_live or thing.display in self._tables.values())

    def narrowed(self, narrowed: Narrowed, frame: Frame) -> Value:
        """Return what passes the conditions of a loop over a module's names."""
        value = self._evaluator.evaluate(narrowed.value, frame)
        excluded = {c.made for item in narrowed.excluded for c in self._evaluator.evaluate(item, frame).captures}
        bases = [self._evaluator.evaluate(item, frame) for item in narrowed.bases]
        captures = (
            capture
            for capture in value.captures
            if capture.made not in excluded
            and not (narrowed.hidden and capture.made.origin.name.startswith(narrowed.hidden))
            and (not narrowed.kinds or _kind(capture) in narrowed.kinds)
            and all(self._inherits(capture, base) for base in bases)
        )
        return Value(value.things, tuple(captures), value.is_new)

    def _inherits(self, capture: Capture, base: Value) -> bool:
        if any(capture.made == other.made and other.relation is Relation.IS for other in base.captures):
            return True
        made = capture.made
        for thing in self._evaluator.name(made.file, made.origin.name).things:
            if isinstance(thing, ClassThing):
                owners = {owner.definition for owner in self._classes.order(thing)}
                outer = self._classes.external_bases(thing)
                for other in base.things:
                    if isinstance(other, ClassThing) and other.definition in owners:
                        return True
                    if isinstance(other, ExternalThing) and other.name in outer:
                        return True
        return False

    def _files(self, value: Value) -> list[SourceFile]:
        things = (thing for thing in value.things if isinstance(thing, ModuleThing))
        return [thing.file for thing in things if thing.file in self._evaluator.program.summaries]

    def _table(self, file: SourceFile, kind: OriginKind | None = None, *, in_pairs: bool = False) -> Display:
        """Return the functions, classes, instances and containers of a module by name.

        Its plain values are nobody's identity.
        """
        found = self._tables.get((file, in_pairs, kind))
        if found is None:
            elements: list[Element] = []
            for name in self._names(file):
                held = self._evaluator.name(file, name)
                kinds = set(map(_kind, held.captures))
                is_container = bool(kinds) and not name.startswith("__") and any(map(_is_container, held.things))
                if (is_container or kinds - {OriginKind.VALUE}) and (kind is None or kind in kinds):
                    key = Element(Literal(repr(name), is_text=True), NOWHERE, is_key=not in_pairs)
                    value = Element(Reference(name, is_late=True), NOWHERE)
                    pair = Element(Display((key, value), is_sequence=True), NOWHERE)
                    elements += [pair] if in_pairs else [key, value]
            found = Display(tuple(elements), is_sequence=in_pairs, is_mapping=not in_pairs)
            self._tables[file, in_pairs, kind] = found
        return found

    def _names(self, file: SourceFile) -> dict[str, None]:
        """Return the names of a module, in the order of its statements, then those that star imports bring."""
        summary = self._evaluator.program.summaries[file]
        names = {name: None for name, _ in summary.exports}
        for star in summary.stars:
            found = self._stars.brought(file, summary.bindings[star])
            names.update(dict.fromkeys(found[1] if found is not None else ()))
        return names


def _ways(value: Value, module: SourceFile) -> tuple[Capture, ...]:
    """Return how a module came to the place where its names are asked for."""
    captures = (c for c in value.captures if c.made.origin.kind is OriginKind.MODULE)
    return tuple(capture for capture in captures if capture.made.file == module)


def _kind(capture: Capture) -> OriginKind:
    """Return what a name that keeps something stands for: the thing itself, or an instance of it."""
    return OriginKind.INSTANCE if capture.relation is Relation.INSTANCE else capture.made.origin.kind


def _is_container(thing: Thing) -> bool:
    """Whether a thing is a container, and no list or tuple of plain values that is written out."""
    if not isinstance(thing, ContainerThing):
        return isinstance(thing, ExternalThing) and thing.name.removesuffix("()") in known.CONTAINERS
    elements = thing.display.elements
    return not (elements and thing.display.is_sequence and all(isinstance(item.value, Literal) for item in elements))
