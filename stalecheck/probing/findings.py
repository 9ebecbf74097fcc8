"""Turns who refers to whom into findings: what is old, how many, who holds it by name."""

from __future__ import annotations

import enum
import re
import types
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.bound import where_bound
from stalecheck.probing.climb import Graph
from stalecheck.probing.frames import Local
from stalecheck.probing.old import Old, Origin
from stalecheck.probing.place import Place
from stalecheck.probing.progress import STOPPED, Progress
from stalecheck.probing.remedies import remedy_for
from stalecheck.probing.report import Finding, Holder, Trace
from stalecheck.probing.walk import walk
from stalecheck.vocabulary import HolderKind, OriginKind, code_of

_ENDS = 5
"""So many roots that are equally near are named for one holder."""

_EACH = 5
"""So many old objects in one container, and so many holders that are alike, are named one by one."""

_FARTHEST = 60


@dataclass(frozen=True, slots=True)
class _Way:
    """How a root leads to an object: ids, the root's first."""

    ids: tuple[int, ...]
    start: Local | str | None = None
    """What leads to the first id, where that is no root itself."""


def find_holders(olds: Iterable[Old], graph: Graph, progress: Progress) -> tuple[list[Finding], int]:
    """Return the findings, and how many old objects nobody holds, as far as the time allows."""
    return _Assembly(olds, graph, progress).findings()


class _Assembly:
    def __init__(self, olds: Iterable[Old], graph: Graph, progress: Progress) -> None:
        self._graph = graph
        self._progress = progress
        self._origins: dict[int, Origin] = {}
        self._internal: set[int] = set()
        for old in olds:
            self._origins.update(old.origins)
            self._internal.update(old.namespaces)
        self._known: dict[tuple[int, str, bool], tuple[_Way, ...]] = {}

    def findings(self) -> tuple[list[Finding], int]:
        held: dict[int, list[Holder]] = {}
        try:
            self._find(held)
        except STOPPED as error:
            if not self._graph.cut_short:
                self._graph.cut_short.append(self._progress.stop(error, "some holders are missing"))
        return self._grouped(held), self._unheld(held)

    def _find(self, held: dict[int, list[Holder]]) -> None:
        by_parent: dict[tuple[int, str], list[int]] = {}
        for child, origin in self._origins.items():
            for parent in self._graph.parents.get(child, ()):
                by_parent.setdefault((parent, origin.module), []).append(child)
        for child in self._origins:
            for start in self._graph.held_by.get(child, ()):
                self._add(held, child, _Way((child,), start))
        for is_through in (False, True):
            # Through old instances only what nobody else holds.
            without = {child for child in self._origins if child not in held}
            for (parent, module), children in by_parent.items():
                self._progress.show("how they are held")
                if self._is_end(parent, module) or (parent in self._origins) is not is_through:
                    continue
                wanted = [child for child in children if not is_through or self._is_behind(parent, child, without)]
                for way in self._ways(parent, module, through=is_through) if wanted else ():
                    self._add_all(held, wanted, way)

    def _add_all(self, held: dict[int, list[Holder]], children: list[int], way: _Way) -> None:
        """Add one holder for each child; in a container the first ones by name, with the number of the others."""
        limit = len(children) if len(way.ids) == 1 and way.start is None else _EACH
        for child in children[:limit]:
            self._add(held, child, _Way((*way.ids, child), way.start))
        first, rest = held.get(children[0]), children[limit:]
        if first and rest:
            first[-1] = replace(first[-1], count=len(rest) + 1)
            for child in rest:
                held.setdefault(child, [])

    def _is_behind(self, parent: int, child: int, without: set[int]) -> bool:
        """Whether an old object that nobody else holds is in an old instance, and not just its class."""
        return child in without and type(self._graph.objects[parent]) is not self._graph.objects[child]

    def _is_end(self, parent: int, module: str) -> bool:
        """Whether nothing of a holder leads further: it belongs to the old or to the present version of the module."""
        if parent in self._internal or (parent in self._graph.roots and self._graph.roots[parent].module == module):
            return True
        return parent in self._origins and self._origins[parent].kind is not OriginKind.INSTANCE

    def _ways(self, target: int, module: str, *, through: bool) -> tuple[_Way, ...]:
        """Return how the nearest roots lead to an object, those of the module itself left out."""
        key = (target, module, through)
        if key not in self._known:
            self._known[key] = tuple(self._search(target, module, through=through))
        return self._known[key]

    def _search(self, target: int, module: str, *, through: bool) -> list[_Way]:
        graph = self._graph
        level: list[tuple[int, ...]] = [(target,)]
        seen = {target}
        found: list[_Way] = []
        while level and not found and len(level[0]) < _FARTHEST:
            upper: list[tuple[int, ...]] = []
            for ids in level:
                top = ids[0]
                if top in graph.roots:
                    found.append(_Way(ids))
                    continue
                found += [_Way(ids, start) for start in graph.held_by.get(top, ())]
                for parent in graph.parents.get(top, ()):
                    if parent in seen or self._is_end(parent, module):
                        continue
                    if parent in self._origins and not through:
                        continue
                    seen.add(parent)
                    upper.append((parent, *ids))
            level = upper
        return found[:_ENDS]

    def _add(self, held: dict[int, list[Holder]], child: int, way: _Way) -> None:
        holders = list(self._holders(child, way))
        if holders:
            held.setdefault(child, []).extend(holders)

    def _holders(self, child: int, way: _Way) -> Iterator[Holder]:
        objects = [self._graph.objects[one] for one in way.ids]
        origin = self._origins[child]
        if isinstance(way.start, Local):
            if way.start.is_reported:
                place = walk(Place(way.start.name, "", HolderKind.LOCAL), objects)
                text = way.start.text if len(objects) == 1 else f"{place.text}, {way.start.text}"
                yield _as_holder(text, HolderKind.LOCAL, origin, way.start.filename, way.start.line)
            return
        if way.start is not None:
            place = walk(Place(way.start, "", HolderKind.CALLBACK), objects)
            yield _as_holder(place.text, HolderKind.CALLBACK, origin)
            return
        root = self._graph.roots[way.ids[0]]
        if root.name:
            yield self._named(walk(Place(root.path), objects), root.module, root.name, origin, objects)
            return
        namespace = cast("dict[object, object]", objects[0])
        variables = [key for key, value in list(dict.items(namespace)) if value is objects[1] and type(key) is str]
        for variable in variables[:_ENDS]:
            place = walk(Place(f"{root.module}.{variable}"), objects[1:])
            yield self._named(place, root.module, variable, origin, objects)

    def _named(self, place: Place, module: str, name: str, origin: Origin, objects: list[object]) -> Holder:
        if place.kind is None:
            name = place.text[len(module) + 1 :]
        filename, line, kind = _bound(module, name, origin, objects[-1], is_direct=place.kind is None)
        found = _as_holder(place.text, place.kind or kind, origin, filename, line)
        return replace(found, module=module, name=name)

    def _grouped(self, held: dict[int, list[Holder]]) -> list[Finding]:
        groups: dict[tuple[Origin, object], list[int]] = {}
        for child, origin in self._origins.items():
            if child in held:
                groups.setdefault((origin, self._version(child)), []).append(child)
        versions: dict[tuple[str, OriginKind], int] = {}
        total: dict[tuple[str, OriginKind], int] = {}
        for origin, _ in groups:
            total[origin.path, origin.kind] = total.get((origin.path, origin.kind), 0) + 1
        findings = []
        for (origin, _), children in groups.items():
            holders = _summed(holder for child in children for holder in held[child])
            if not holders:
                continue
            which = origin.path, origin.kind
            versions[which] = versions.get(which, 0) + 1
            findings.append(
                Finding(
                    origin.path,
                    origin.kind,
                    origin.verdict,
                    len(children),
                    tuple(holders),
                    origin.module,
                    versions[which] if total[which] > 1 else None,
                    tuple(_trace(self._graph.objects[child]) for child in children),
                )
            )
        return sorted(findings, key=lambda finding: (finding.origin, finding.kind.value, finding.version or 0))

    def _version(self, child: int) -> object:
        """Return what tells the versions of one origin apart."""
        obj = self._graph.objects[child]
        if type(obj) is types.FunctionType:
            return id(obj.__globals__), id(obj.__code__)
        return id(obj) if raw.is_class(obj) or raw.is_module(obj) else id(type(obj))

    def _unheld(self, held: dict[int, list[Holder]]) -> int:
        """Return how many old objects neither a root nor a held old object nor the new version leads to."""
        children: dict[int, list[int]] = {}
        for child, parents in self._graph.parents.items():
            for parent in parents:
                children.setdefault(parent, []).append(child)
        pending = [*held, *self._graph.roots]
        reached = set(pending)
        while pending:
            for child in children.get(pending.pop(), ()):
                if child not in reached:
                    reached.add(child)
                    pending.append(child)
        return sum(child not in reached and child not in self._graph.held_by for child in self._origins)


def _as_holder(
    text: str, kind: HolderKind, origin: Origin, filename: str | None = None, line: int | None = None
) -> Holder:
    return Holder(text, kind, code_of(kind, origin.kind), remedy_for(kind), filename, line)


def _bound(
    module: str, name: str, origin: Origin, obj: object, *, is_direct: bool
) -> tuple[str | None, int | None, HolderKind]:
    holder = raw.imported(module)
    filename = raw.lookup(raw.module_dict(holder), "__file__") if holder is not None else None
    found = where_bound(filename, name) if type(filename) is str else None
    kind = _kind(found.kind if found else None, name, origin, obj)
    return (filename, found.line, kind) if found else (filename if type(filename) is str else None, None, kind)


def _kind(bound: HolderKind | None, name: str, origin: Origin, obj: object) -> HolderKind:
    """Return how a name of a module or class holds an old object."""
    if origin.kind is OriginKind.MODULE:
        return HolderKind.MODULE_IMPORT if bound is not HolderKind.ALIAS else HolderKind.ALIAS
    if bound in (HolderKind.FROM_IMPORT, HolderKind.STAR_IMPORT, HolderKind.DECORATED):
        return cast(HolderKind, bound)
    if origin.kind is OriginKind.INSTANCE and raw.inherits(type(type(obj)), enum.EnumMeta):
        return HolderKind.ENUM_MEMBER
    if bound is HolderKind.INSTANCE:
        if origin.kind is OriginKind.INSTANCE:
            return HolderKind.INSTANCE
        return HolderKind.WRAPPED_CALLABLE if "<locals>" in origin.name else HolderKind.ALIAS
    if bound is None and name == origin.name:
        return HolderKind.FROM_IMPORT
    if bound is None and origin.kind is OriginKind.INSTANCE:
        return HolderKind.INSTANCE
    return HolderKind.ALIAS


def _summed(holders: Iterable[Holder]) -> list[Holder]:
    """Return holders, the nearest first; of many that are alike the first, with their number."""
    alike: dict[str, list[Holder]] = {}
    for holder in holders:
        found = alike.setdefault(re.sub(r"\[[^\]]*\]", "[]", holder.path), [])
        if all(other.path != holder.path for other in found[: _EACH + 1]):
            found.append(holder)
    summed: list[Holder] = []
    for group in alike.values():
        more = sum(holder.count for holder in group[_EACH:])
        kept = group[:_EACH]
        if more:
            kept[0] = replace(kept[0], count=kept[0].count + more)
        summed += kept
    return sorted(summed, key=lambda holder: (len(holder.path), holder.path))


def _trace(obj: object) -> Trace:
    try:
        reference: weakref.ref[Any] | None = weakref.ref(obj)
    except TypeError:
        reference = None
    return Trace(id(obj), weakref.ref(type(obj)), reference)
