"""Turns who refers to whom into findings: what is old, how many, who holds it by name."""

from __future__ import annotations

import enum
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, cast
from weakref import ref

from stalecheck.probing import raw
from stalecheck.probing.bound import filled, where_bound
from stalecheck.probing.climb import Graph
from stalecheck.probing.frames import Local, running_frames
from stalecheck.probing.generations import Generations, Group
from stalecheck.probing.kinds import names_bound_in, of_attribute, of_name, of_standard
from stalecheck.probing.landmarks import Landmark, abc_registries, in_ipython, of_history
from stalecheck.probing.made import IMPORTS, binding, is_attribute_of, kind_of
from stalecheck.probing.old import Old, Origin
from stalecheck.probing.place import Place, as_set, attribute, keys_of, written
from stalecheck.probing.plain import is_atom
from stalecheck.probing.progress import STOPPED, Progress
from stalecheck.probing.report import Finding, Holder
from stalecheck.probing.rest import count_unheld, kept_by_present
from stalecheck.probing.roots import is_standard, root_of
from stalecheck.probing.running import running_frame
from stalecheck.probing.times import bound_anew
from stalecheck.probing.traces import Trace
from stalecheck.probing.walk import walk
from stalecheck.probing.wrappers import is_wrapped_besides, wrappers_around
from stalecheck.vocabulary import RELOAD_AGAIN, HolderKind, OriginKind, code_of, remedy_for

_ENDS = 50
"""So many roots that are equally near are named for one holder."""

_EACH = 5
"""So many old objects in one container, and so many holders that are alike, are named one by one."""

_CALLS = 2
"""So many calls that have the same in variables of the same name are named one by one."""

_NAMES = 50
"""So many names of one module that hold the same in the same way are named one by one."""

_MANY = 100
"""Of so many objects that hold others as old as they are, each is named by one nearest way, found for all at once."""

_CROWD = 1_000
"""The same for objects of today."""

_SEARCHED = 50_000
"""So many objects are passed on the way upwards from one holder after the other; then all are found at once."""

_FARTHEST = 5_000

_CACHE = re.compile(r"_\w*cache\d?")
"""What a module of the standard library keeps for itself, be it asked for the same again: ``re._cache``."""

_OF_DISPATCH = re.compile(r"\._clear_cache\.__self__|'dispatch_cache'")
"""What `functools.singledispatch` has looked up in its registry, which is named as well."""

_FIELD = re.compile(r"(?:field|annotation) '(\w+)'")
"""What a dataclass keeps of an attribute, and what it is annotated with."""

_FRAMES_HAVE_FUNCTIONS: bool = sys.version_info >= (3, 11)
"""Whether a frame refers to the function that was called, not to its code alone."""

_EMPTY = -1
"""A name is bound to a container with nothing in it, and the module itself puts nothing there."""

_Link = tuple[int, Any]
"""An id, and the link to the next one: ways share what they have in common."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How a root leads to an object."""

    up: _Link
    """From the object to the root."""

    start: Local | Landmark | None = None
    """What leads to the last id, where that is no root itself."""

    shape: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    """Where it begins, and the types of the objects that it leads through then; None as long as nobody has looked."""

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids on the way, the root's first."""
        return _unrolled(self.up)[::-1]

    def to(self, child: int) -> _Way:
        """Return the way that goes one further."""
        return _Way((child, self.up), self.start)


def _unrolled(link: _Link | None) -> tuple[int, ...]:
    ids = []
    while link is not None:
        ids.append(link[0])
        link = link[1]
    return tuple(ids)


def _way(link: _Link, start: Local | Landmark | None = None) -> _Way:
    """Return the way along a link that begins at the root."""
    up: _Link | None = None
    for one in _unrolled(link):
        up = (one, up)
    assert up is not None
    return _Way(up, start)


class Assembly:
    """Finds the names of those who hold old objects."""

    def __init__(self, olds: Iterable[Old], graph: Graph, progress: Progress) -> None:
        """Take what is old, and who refers to it."""
        self._graph = graph
        self._progress = progress
        self._origins: dict[int, Origin] = {}
        self._internal: set[int] = set()
        olds = list(olds)
        for old in olds:
            self._origins.update(old.origins)
            self._internal.update(old.namespaces)
        self._generations = Generations(olds, self._origins, graph.objects)
        self._alike: dict[object, list[tuple[int, int]]] = {}
        self._names: dict[int, dict[int, list[str]]] = {}
        self._taken: dict[tuple[int, int], int] = {}
        self._nearest: dict[tuple[str, bool], list[dict[int, tuple[_Way, int]]]] = {}
        self._searched = 0
        self._known: dict[tuple[str, bool], dict[int, tuple[_Way, ...]]] = {}
        self._held: dict[int, list[Holder]] = {}
        self._is_begun = False

    def findings(self) -> tuple[list[Finding], int, list[str]]:
        """Return the findings, how many old objects nobody holds, and what is to be said of those that are no findings.

        Asked again, it goes on with the names that have been found.
        """
        held = self._held
        try:
            if not self._is_begun:
                self._is_begun = True
                self._find(held)
        except STOPPED as error:
            if not self._graph.cut_short:
                self._graph.cut_short.append(self._progress.stop(error, "some holders are missing"))
        # The code of any function may have a plain value.
        origins = [child for child in self._origins if child in held or not is_atom(self._graph.objects[child])]
        unheld = count_unheld(self._graph, origins, held)
        if self._graph.cut_short:
            unheld = sum(child not in held for child in origins)
        return self._grouped(held), unheld, kept_by_present(self._graph, self._origins, held)

    def _find(self, held: dict[int, list[Holder]]) -> None:
        self._progress.allow_naming()
        by_parent: dict[tuple[int, str], list[int]] = {}
        called: list[tuple[int, int]] = []
        for child, origin in self._origins.items():
            for parent in self._graph.parents.get(child, ()):
                if self._is_of_subclass(parent, child) or is_wrapped_besides(self._graph, parent, child):
                    continue
                if self._is_called_in(parent, child):
                    called.append((parent, child))
                    continue
                by_parent.setdefault((parent, origin.module), []).append(child)
        for child in self._origins:
            for start in self._graph.held_by.get(child, ()):
                if not _is_secondary(start):
                    self._add(held, child, _Way((child, None), start))
        secondary: list[tuple[list[int], _Way]] = []
        for is_through in (False, True):
            # Through old instances only what nobody else holds, and nothing that they have made for themselves.
            without = {child for child, origin in self._origins.items() if child not in held and not origin.is_part}
            parents = list(by_parent.items())
            number = sum(not without.isdisjoint(children) for _, children in parents) if is_through else len(parents)
            is_many = number > (_MANY if is_through else _CROWD)
            if is_many:
                parents.sort(key=partial(self._distance, through=is_through))
            for (parent, module), children in parents:
                self._step()
                if not is_through:
                    self._add_all(held, self._put_back(parent, module, children), _Way((parent, None)))
                if self._is_end(parent, module) or (parent in self._origins and not is_through):
                    continue
                wanted = [child for child in children if child in without] if is_through else children
                wanted = [child for child in wanted if not self._is_running(parent, child)]
                if not wanted:
                    continue
                is_near = is_many or self._searched > _SEARCHED
                find = partial(self._nearest_ways if is_near else self._ways, module=module, through=is_through)
                for way in self._ways_around(parent, module, find):
                    if is_through:
                        wanted = [child for child in wanted if not self._is_class_of(way, child)]
                    if _is_secondary(way.start):
                        secondary.append((wanted, way))
                    else:
                        self._add_all(held, wanted, way)
        without = {child for child in self._origins if child not in held}
        for child in without:
            for start in self._graph.held_by.get(child, ()):
                self._add(held, child, _Way((child, None), start))
        for children, way in secondary:
            self._add_all(held, [child for child in children if child in without], way)
        self._add_ended(held, called)
        self._add_weak_registries(held)

    def _put_back(self, parent: int, module: str, children: list[int]) -> list[int]:
        """Return the old objects that a module has itself, under names which its body binds to new ones.

        Whoever patched the module has put them back, or the body has not got there.
        """
        root = self._graph.roots.get(parent)
        if root is None or root.name or root.module != module:
            return []
        namespace = cast("dict[object, object]", self._graph.objects[parent])
        filename = raw.lookup(cast("dict[str, Any]", namespace), "__file__")
        anew = bound_anew(filename) if type(filename) is str else {}
        names = self._names_in(namespace)
        return [child for child in children if any(name in anew for name in names.get(child, ()))]

    def _add_ended(self, held: dict[int, list[Holder]], called: list[tuple[int, int]]) -> None:
        """Add the calls that have ended and that a traceback keeps, for functions that nothing else holds.

        Args:
            held: The holders that are known.
            called: The frames with the functions that were called there.
        """
        without = {child for _, child in called if child not in held}
        running = running_frames() if without else set()
        for frame, child in called:
            if child in without and frame not in running:
                for way in self._ways(frame, self._origins[child].module, through=False):
                    if not _is_secondary(way.start):
                        self._add(held, child, way.to(child))

    def _ways_around(
        self, parent: int, module: str, find: Callable[[int], Sequence[_Way]], known: frozenset[int] = frozenset()
    ) -> Sequence[_Way]:
        """Return the ways to what refers to old objects; if it is a wrapper of theirs, by each who has the wrapper."""
        found = find(parent)
        by_ids: dict[tuple[int, ...], _Way] = {}
        for chain in wrappers_around(self._graph, parent):
            if chain[0] in known or chain[0] in self._origins or chain[0] in self._graph.roots:
                continue
            for one in self._allowed(chain[0], module, through=False):
                for way in self._ways_around(one, module, find, known | {chain[0]}):
                    for which in chain:
                        way = way.to(which)
                    by_ids.setdefault(way.ids, way)
        if not by_ids:
            return found
        by_ids.update((way.ids, way) for way in found)
        first = [way for way in by_ids.values() if not _is_secondary(way.start)]
        return (first or found)[:_ENDS]

    def _add_weak_registries(self, held: dict[int, list[Holder]]) -> None:
        """Add the abstract classes that an old class is registered with, where something else keeps it alive."""
        classes = {child for child, holders in held.items() if holders and raw.is_class(self._graph.objects[child])}
        if not classes:
            return
        for cls, members in abc_registries():
            root = root_of(cls)
            for child in classes.intersection(members) if root is not None else ():
                origin = self._origins[child]
                if root is not None and root.module != origin.module:
                    text = f"registry of {root.path} (weak: it keeps nothing alive)"
                    held[child].append(_as_holder(text, HolderKind.WEAK_REGISTRY, origin))

    def _add_all(self, held: dict[int, list[Holder]], children: list[int], way: _Way) -> None:
        """Add a holder for each child: of those that are alike the first ones, with the number of the others."""
        if way.shape is None:
            ids = way.ids
            begin, types_ = ids[:2], tuple(dict.fromkeys(id(type(self._graph.objects[one])) for one in ids[2:]))
        else:
            begin, types_ = way.shape
        for child in children:
            self._step()
            place = begin if len(begin) > 1 or way.start else (begin[0], child)
            # What ways of the same kind from the same place to the same origin have in common; they lead through nodes
            # of the same types, however deep in a list or a tree.
            shape = self._origins[child], self._generations.version(child), way.start, place, types_
            alike = self._alike.setdefault(shape, [])
            if len(alike) < _EACH:
                self._add(held, child, way.to(child))
                if held.get(child):
                    alike.append((child, len(held[child]) - 1))
            else:
                held.setdefault(child, [])
                first, at = alike[0]
                held[first][at] = replace(held[first][at], count=held[first][at].count + 1)

    def _step(self) -> None:
        self._progress.step("how they are held")

    def _is_class_of(self, way: _Way, child: int) -> bool:
        """Whether an old object is the class of one that a way leads through."""
        found = self._graph.objects[child]
        if not raw.is_class(found):
            return False
        ids, types_ = way.shape or (way.ids, ())
        objects = [self._graph.objects[one] for one in ids]
        # An Enum's member says so itself, even where a tool has given it another class.
        return id(found) in types_ or any(
            type(one) is found or raw.stored(one, "__objclass__") is found
            for one in objects
            if type(one) is found or raw.inherits(type(type(one)), enum.EnumMeta)
        )

    def _is_of_subclass(self, parent: int, child: int) -> bool:
        """Whether what a class has of another one, its subclasses have only because it does.

        That is a tuple of bases, of a class that refers to its base itself or through those between, or a metaclass.
        """
        holder, found = self._graph.objects[parent], self._graph.objects[child]
        if not raw.is_class(found):
            return False
        if raw.is_class(holder):
            cls = cast(type, holder)
            return type(cls) is found and any(type(base) is found for base in raw.bases(cls))
        if type(holder) is not tuple:
            return False
        classes = [cast(type, one) for one in map(self._graph.objects.get, self._graph.parents.get(parent, ()))]
        return any(
            raw.is_class(one) and (id(one) in self._graph.parents[child] or raw.mro(one) is holder) for one in classes
        )

    def _is_called_in(self, parent: int, child: int) -> bool:
        """Whether a frame has a function for no other reason than that it was called there (Python 3.11)."""
        frame, function = self._graph.objects[parent], self._graph.objects[child]
        if not _FRAMES_HAVE_FUNCTIONS or type(frame) is not types.FrameType or type(function) is not types.FunctionType:
            return False
        return function.__code__ is frame.f_code and self._graph.parents[child][parent] == 1

    def _is_end(self, parent: int, module: str) -> bool:
        """Whether nothing of a holder leads further: it belongs to the old or to the present version of the module."""
        if parent in self._internal or (parent in self._graph.roots and self._graph.roots[parent].module == module):
            return True
        if any(isinstance(start, Landmark) and not start.is_reported for start in self._graph.held_by.get(parent, ())):
            return True  # A debugger's own.
        if type(self._graph.objects[parent]) is types.FrameType:
            return False  # A suspended call is old itself up to 3.10, but what it has may be of any version.
        return parent in self._origins and self._origins[parent].ruled is not OriginKind.INSTANCE

    def _is_running(self, parent: int, child: int) -> bool:
        """Whether a generator or its frame holds an object as a local variable of a call that is running.

        That variable is named as such. It may stand in a cell.
        """
        frame = running_frame(self._graph.objects[parent])
        if frame is None:
            return False
        value = self._graph.objects[child]
        ids = map(id, raw.cell_contents(value)) if type(value) is types.CellType else (child,)
        starts = [start for one in ids for start in self._graph.held_by.get(one, ())]
        return any(isinstance(start, Local) and start.frame == frame for start in starts)

    def _distance(self, group: tuple[tuple[int, str], list[int]], *, through: bool) -> int:
        """Return how far what refers to old objects of a module is from what holds it."""
        (parent, module), _ = group
        trees = self._trees(module, through=through)
        return min((tree[parent][1] for tree in trees if parent in tree), default=_FARTHEST)

    def _nearest_ways(self, parent: int, module: str, *, through: bool) -> list[_Way]:
        """Return the nearest way to an object from what lasts, and from a running function if that is nearer."""
        lasting, running, contexts, secondary = (tree.get(parent) for tree in self._trees(module, through=through))
        found = [lasting[0]] if lasting is not None else []
        if running is not None and (lasting is None or running[1] < lasting[1]):
            found.append(running[0])
        others = [tree[0] for tree in (contexts, secondary) if tree is not None]
        return found or others[:1]

    def _trees(self, module: str, *, through: bool) -> list[dict[int, tuple[_Way, int]]]:
        """Return the nearest ways, and how long they are, to all that is no end.

        Those are ways from what lasts, from running functions, from contexts, and from what is named for want of a
        better one only.
        """
        if (module, through) not in self._nearest:
            starts: list[list[tuple[int, _Way]]] = [[], [], [], []]
            starts[0] += [(one, _Way((one, None))) for one in self._graph.roots]
            for one, listed in self._graph.held_by.items():
                for start in listed if one in self._graph.objects else ():
                    which = 3 if _is_secondary(start) else 1 if isinstance(start, Local) else 0
                    which = 2 if start.kind is HolderKind.CONTEXT_VARIABLE else which
                    starts[which] += [(one, _Way((one, None), start))] if start.is_reported else []
            children: dict[int, list[int]] = {}
            for child, parents in self._graph.parents.items():
                for parent in parents:
                    children.setdefault(parent, []).append(child)
            trees = [self._tree(module, begun, children, through=through) for begun in starts]
            self._nearest[module, through] = trees
        return self._nearest[module, through]

    def _tree(
        self, module: str, starts: list[tuple[int, _Way]], children: dict[int, list[int]], *, through: bool
    ) -> dict[int, tuple[_Way, int]]:
        found: dict[int, tuple[_Way, int]] = {}
        level = [(one, way) for one, way in starts if not self._is_end(one, module)]
        length = 0
        while level:
            self._step()
            lower: list[tuple[int, _Way]] = []
            for top, way in level:
                if top in found:
                    continue
                found[top] = way, length
                for child in children.get(top, ()):
                    if child in found or (child in self._origins and not through):
                        continue
                    if self._is_end(child, module) or self._is_running(top, child):
                        continue
                    kind = id(type(self._graph.objects[child]))
                    begin, types_ = way.shape or ((top,), ())
                    if len(begin) < 2:
                        shape = (*begin, child), types_
                    else:
                        shape = begin, types_ if kind in types_ else (*types_, kind)
                    lower.append((child, _Way((child, way.up), way.start, shape)))
            level = lower
            length += 1
        return found

    def _ways(self, target: int, module: str, *, through: bool) -> tuple[_Way, ...]:
        """Return how the nearest roots lead to an object, those of the module itself left out."""
        passed: list[int] = []
        seen: set[int] = set()
        known = self._known.setdefault((module, through), {})
        top = target
        while top not in known and top not in seen:
            parents = self._allowed(top, module, through=through)
            if top in self._graph.roots or top in self._graph.held_by or len(parents) != 1:
                break
            passed.append(top)
            seen.add(top)
            top = parents[0]
        if top not in known:
            known[top] = tuple(self._search(top, module, through=through))
        for one in reversed(passed):  # There is but one way to each of these.
            known[one] = tuple(way.to(one) for way in known[top])
            top = one
        return known[target]

    def _allowed(self, child: int, module: str, *, through: bool) -> list[int]:
        """Return who refers to an object and may stand on a way to it."""
        parents = self._graph.parents.get(child, ())
        if not parents:
            return []
        return [
            parent
            for parent in parents
            if not (parent in self._origins and not through)
            and not self._is_end(parent, module)
            and not self._is_running(parent, child)
        ]

    def _search(self, target: int, module: str, *, through: bool) -> list[_Way]:
        graph = self._graph
        level: list[_Link] = [(target, None)]
        seen = {target}
        found: list[_Way] = []
        contexts: list[_Way] = []
        secondary: list[_Link] = []
        secondary_starts: list[Local | Landmark] = []
        named: set[int] = set()
        is_at_root = False
        steps = 0
        while level and not is_at_root and steps < _FARTHEST:
            self._step()
            steps += 1
            upper: list[_Link] = []
            is_held = bool(found)  # by a running function, which ends: what lasts is looked for beyond it
            is_first = not secondary
            self._searched += len(level)
            for link in level:
                top = link[0]
                if top in graph.roots:
                    if not _is_made_of_class(graph.objects[top]):
                        found.append(_way(link))
                        is_at_root = True
                    continue
                starts = [one for one in graph.held_by.get(top, ()) if one.is_reported]
                # What has a name of its own is not named by the variables that stand for it: a task.
                starts = [one for one in starts if isinstance(one, Landmark)] or starts
                if any(one.gives_way for one in starts if isinstance(one, Landmark)) and self._is_named(top, module):
                    starts = []
                    named.add(top)
                for start in starts:
                    if _is_secondary(start):
                        if is_first:
                            secondary.append(link)
                            secondary_starts.append(start)
                    elif start.kind is HolderKind.CONTEXT_VARIABLE:
                        contexts.append(_way(link, start))  # One that somebody has saved is named by its name.
                    elif not is_held or not isinstance(start, Local):
                        found.append(_way(link, start))
                        is_at_root = is_at_root or not isinstance(start, Local)
                for parent in self._allowed(top, module, through=through):
                    if parent in seen:
                        continue
                    if parent not in graph.roots:  # A root names each of its own on its own.
                        seen.add(parent)
                    upper.append((parent, link))
            level = upper
        if contexts and all(way.start is not None for way in found):
            found = contexts  # That of a task or a call that is running.
        elif not found:
            found = [_way(link, start) for link, start in zip(secondary, secondary_starts, strict=True)]
        # The event loop leads to its handles as well.
        found = [way for way in found if way.start is None or named.isdisjoint(way.ids)]
        return self._without_second_names(found)[:_ENDS]

    def _is_named(self, which: int, module: str) -> bool:
        """Whether a name of a module or class of the user's, or an attribute of what has one, stands for an object."""
        pending = [(one, 2) for one in self._allowed(which, module, through=False)]
        while pending:
            one, steps = pending.pop()
            root = self._graph.roots.get(one)
            holder = self._graph.objects[one]
            if root is not None and (not root.name or raw.is_class(holder)) and not is_standard(root.module):
                return True
            is_between = type(holder) is dict or raw.class_module(type(holder)) is not None
            if root is None and is_between and steps and one not in self._graph.held_by:
                pending += [(above, steps - 1) for above in self._allowed(one, module, through=False)]
        return False

    def _without_second_names(self, found: list[_Way]) -> list[_Way]:
        """Leave out what a module of the standard library has only imported from another one."""
        roots = self._graph.roots
        firsts: dict[tuple[int, ...], _Way] = {}
        kept = []
        for way in found:
            root = roots.get(way.ids[0]) if way.start is None else None
            if root is None or root.name or not is_standard(root.module):
                kept.append(way)
                continue
            first = firsts.setdefault(way.ids[1:], way)
            if first is not way and self._is_second(roots[first.ids[0]].module, way.ids[1]):
                firsts[way.ids[1:]] = way
        return [*self._at_home(kept), *firsts.values()]

    def _at_home(self, found: list[_Way]) -> list[_Way]:
        """Leave out the names by which modules have only taken from another one what leads to an old object."""
        places: dict[tuple[int, ...], list[_Way]] = {}
        for way in found:
            ids = way.ids
            if way.start is None and len(ids) > 1 and not self._graph.roots[ids[0]].name:
                places.setdefault(ids[1:], []).append(way)
        second: set[int] = set()
        for ways in places.values():
            if len(ways) > 1:
                taken = [self._is_taken(way.ids[0], way.ids[1]) for way in ways]
                if _EMPTY in taken and 0 not in taken:
                    continue  # One of the others has filled it, in a function.
                nearest = max(min(taken), 0)
                second.update(id(way) for way, how in zip(ways, taken, strict=True) if how > nearest)
        return [way for way in found if id(way) not in second]

    def _is_taken(self, root: int, value: int) -> int:
        """Return how far a module's name for a value is from the one that has made it: 1 for an alias, 2 by import."""
        if (root, value) not in self._taken:
            namespace: Any = self._graph.objects[root]
            filename = raw.lookup(namespace, "__file__")
            names = self._names_in(namespace).get(value, ())
            # Who puts something there is as near as who has made it.
            is_filled = type(filename) is str and any(filled(filename, name) for name in names)
            bounds = [binding(namespace, name) for name in names]
            kinds = [bound.kind if bound is not None and not is_filled else None for bound in bounds]
            far = (2 if kind in IMPORTS else int(kind is HolderKind.ALIAS) for kind in kinds)
            is_empty = not is_filled and any(bound and bound.is_display and not bound.given for bound in bounds)
            self._taken[root, value] = _EMPTY if is_empty else min(far, default=0)
        return self._taken[root, value]

    def _is_second(self, module: str, value: int) -> bool:
        """Whether another module's name for a value is the better one."""
        if module.startswith("_"):
            return True
        found_module = raw.imported(module)
        namespace = raw.module_dict(found_module) if found_module is not None else {}
        filename = raw.lookup(namespace, "__file__")
        names = [name for name, found in list(namespace.items()) if id(found) == value and type(name) is str]
        found = where_bound(filename, names[0]) if names and type(filename) is str else None
        return found is not None and found.kind is HolderKind.FROM_IMPORT

    def _add(self, held: dict[int, list[Holder]], child: int, way: _Way) -> None:
        holders = list(self._holders(child, way))
        is_running = isinstance(way.start, Local)
        if not is_running and any(type(self._graph.objects[one]) is types.TracebackType for one in way.ids):
            ended = remedy_for(HolderKind.LOCAL, is_ended=True)
            holders = [replace(one, remedy=ended) if one.kind is HolderKind.LOCAL else one for one in holders]
        if holders:
            known = held.setdefault(child, [])
            if isinstance(way.start, Landmark) and way.start.is_one_of_many:
                _count(known, holders)
            else:
                known += holders

    def _holders(self, child: int, way: _Way) -> Iterator[Holder]:
        ids = way.ids
        objects = [self._graph.objects[one] for one in ids]
        origin = self._origins[child]
        if isinstance(way.start, Local):
            if way.start.is_reported:
                variable = f"local {way.start.name!r}" if way.start.name else "locals()"
                for place in walk(Place(variable, "", HolderKind.LOCAL), objects):
                    text = f"{place.text} {way.start.where}"
                    found = _as_holder(text, HolderKind.LOCAL, origin, way.start.filename, way.start.line)
                    yield replace(found, way=(way.start.where.removeprefix("in "), *place.trail))
            return
        if way.start is not None:
            if not way.start.is_reported:
                return
            is_history = way.start.kind is HolderKind.HISTORY
            for place in walk(Place(way.start.text, "", way.start.kind), objects):
                text = in_ipython(place.text.removeprefix(way.start.text)) if is_history else place.text
                kind = way.start.kind
                if kind is HolderKind.CALLBACK:
                    kind = of_attribute(place, origin, objects[-1], way.start.text) or kind
                elif kind is HolderKind.TASK and place.kind is HolderKind.CALLBACK:
                    kind = HolderKind.CALLBACK
                filename, line = place.line or way.start.line or (None, None)
                found = _as_holder(text, kind, origin, filename, line)
                if way.start.remedy is not None and kind is way.start.kind:
                    found = replace(found, remedy=way.start.remedy)
                yield replace(found, way=("the interpreter", *place.trail))
            return
        root = self._graph.roots[ids[0]]
        if root.name:
            for place in walk(Place(root.path), objects, names_bound_in(root.module)):
                if not _OF_DISPATCH.search(place.text):
                    yield self._named(place, root.module, root.name, origin, objects)
            return
        namespace = cast("dict[object, object]", objects[0])
        variables = self._names_in(namespace).get(ids[1], [])
        for variable in variables[:_ENDS]:
            if _CACHE.fullmatch(variable) and is_standard(root.module) and root.module != "typing":
                continue
            for place in self._in_global(root.module, variable, objects[1:]):
                history = of_history(root.module, variable, place.text) if "get_ipython" in namespace else None
                if history is not None:
                    yield _as_holder(history, HolderKind.HISTORY, origin)
                else:
                    yield self._named(place, root.module, variable, origin, objects)

    def _names_in(self, namespace: dict[object, object]) -> dict[int, list[str]]:
        """Return the names under which a namespace has its values, by the values' ids."""
        if id(namespace) not in self._names:
            names: dict[int, list[str]] = {}
            for key, value in list(dict.items(namespace)):
                is_name = raw.inherits(type(key), str)
                name = attribute(str.__str__(cast(str, key)))[1:] if is_name else f"__dict__[{written(key)}]"
                names.setdefault(id(value), []).append(name)
            self._names[id(namespace)] = names
        return self._names[id(namespace)]

    def _in_global(self, module: str, variable: str, way: list[object]) -> Iterator[Place]:
        """Yield the places of what a global variable leads to."""
        if variable == "__annotations__" and type(way[0]) is dict and len(way) > 1:
            for key in keys_of(way[0], way[1]):
                yield from walk(Place(module, f"annotation {key}", HolderKind.ANNOTATION), way[1:])
        else:
            yield from walk(Place(f"{module}.{variable}"), way, names_bound_in(module))

    def _named(self, place: Place, module: str, name: str, origin: Origin, objects: list[object]) -> Holder:
        if module == "typing":
            return _as_holder("typing's cache", HolderKind.TYPING_CACHE, origin)
        namespace = _namespace(module, objects[0])
        # What is installed with Python takes nothing from the program, but modules of it do from each other.
        is_taken = is_standard(origin.module) and place.kind is not HolderKind.CONTAINER and binding(namespace, name)
        if is_standard(module) and not is_taken:
            return _as_holder(place.text, of_standard(place, module, name, origin, objects[-1]), origin)
        text = place.text.rpartition(" of ")[2].removeprefix(f"{module}.")
        text = as_set(text)
        dotted = re.match(r"[\w.<>-]*", text)
        if dotted and dotted[0].startswith(f"{name}."):
            name = dotted[0]
        field = _FIELD.match(place.what)
        rest = text.removeprefix(name) if text.startswith(name) else ""
        if field:
            name = field[1] if name == "__annotations__" else f"{name}.{field[1]}"
        named = of_name(namespace, name, place, origin, objects[-1], rest)
        found = _as_holder(place.text, named.kind, origin, named.filename, named.line)
        found = self._as_bound(found, place, module, named.name, origin, objects)
        if module == origin.module:
            kind = HolderKind.INSTANCE if found.kind is HolderKind.INSTANCE else HolderKind.ALIAS
            found = replace(found, kind=kind, code=None, remedy=RELOAD_AGAIN)
        return replace(found, module=module, name=named.name, way=(module, *place.trail))

    def _as_bound(
        self, found: Holder, place: Place, module: str, name: str, origin: Origin, objects: list[object]
    ) -> Holder:
        """Return a holder that is a part of what a name stands for, by how the name was bound.

        What a decorator has put around a function is the decorator's; what was imported or taken from the module with
        all that is in it has to be imported or taken again.
        """
        if place.kind is None or name == "":
            return found
        namespace, value = objects[0], objects[1] if len(objects) > 2 else None
        names = _namespace(module, namespace)
        bound = binding(names, name)
        if bound is None or bound.kind is None:
            return found
        kind = bound.kind
        is_around = place.kind in (HolderKind.WRAPPED_CALLABLE, HolderKind.CLOSURE)
        is_taken = kind is HolderKind.ALIAS and is_around and is_attribute_of(names, bound, origin.module)
        if is_taken or (kind is HolderKind.DECORATED and is_around):
            return replace(found, kind=kind, code=code_of(kind, OriginKind.FUNCTION), remedy=remedy_for(kind))
        if kind in IMPORTS and type(namespace) is dict and self._is_only_imported(value, namespace):
            return replace(found, kind=kind, code=code_of(kind, kind_of(value)), remedy=remedy_for(kind))
        return found

    def _is_only_imported(self, value: object, namespace: dict[str, object]) -> bool:
        """Whether no other module has made an object itself: the one that did has been reloaded."""
        for parent in self._graph.parents.get(id(value), ()):
            other: Any = self._graph.objects[parent]
            if parent not in self._graph.roots or self._graph.roots[parent].name or other is namespace:
                continue
            names = [name for name, held in list(dict.items(other)) if held is value and type(name) is str]
            bounds = [binding(other, name) for name in names]
            if any(bound is not None and bound.kind not in IMPORTS for bound in bounds):
                return False
        return True

    def _grouped(self, held: dict[int, list[Holder]]) -> list[Finding]:
        groups: dict[Group, list[int]] = {}
        for child, origin in self._origins.items():
            if child in held:
                groups.setdefault((origin, self._generations.version(child)), []).append(child)
        numbers = self._generations.numbered(groups)
        findings = []
        for group, children in groups.items():
            origin = group[0]
            holders = _summed(held[child] for child in children)
            if not holders:
                continue
            findings.append(
                Finding(
                    origin.path,
                    origin.kind,
                    origin.verdict,
                    len(children),
                    tuple(holders),
                    origin.module,
                    numbers.get(group),
                    tuple(_trace(self._graph.objects[child], self._graph.parents.get(child, ())) for child in children),
                    origin.is_gone,
                )
            )
        return sorted(findings, key=lambda finding: (finding.origin, finding.kind.value, finding.version or 0))


def _as_holder(
    text: str, kind: HolderKind, origin: Origin, filename: str | None = None, line: int | None = None
) -> Holder:
    remedy = remedy_for(kind, is_gone=origin.is_gone)
    return Holder(text, kind, code_of(kind, origin.ruled), remedy, filename, line)


def _count(known: list[Holder], more: Iterable[Holder]) -> None:
    """Add holders to those that are known: those that are called the same are counted."""
    for holder in more:
        at = next((at for at, one in enumerate(known) if one.path == holder.path), None)
        if at is None:
            known.append(holder)
        else:
            known[at] = replace(known[at], count=known[at].count + holder.count)


def _is_secondary(start: Local | Landmark | None) -> bool:
    """Whether a path ends there only for want of a better one."""
    return start.is_standard if isinstance(start, Local) else start is not None and start.is_secondary


def _is_made_of_class(obj: object) -> bool:
    """Whether a function is what `dataclasses` makes of the fields of a class: those are holders enough."""
    return (
        type(obj) is types.FunctionType
        and obj.__code__.co_filename == "<string>"
        and raw.function_name(obj).startswith("__")
        and "." in raw.function_qualname(obj)
    )


def _namespace(module: str, root: object) -> dict[str, Any]:
    """Return the namespace that a way begins in: that of a module, which may no longer be imported."""
    if type(root) is dict:
        return cast("dict[str, Any]", root)
    found = raw.imported(module)
    return raw.module_dict(found) if found is not None else {}


def _summed(each: Iterable[list[Holder]]) -> list[Holder]:
    """Return the holders of old objects, the nearest first; of many that are alike the first, with their number."""
    by_path: dict[str, Holder] = {}
    for holders in each:
        for path, holder in {holder.path: holder for holder in holders}.items():
            known = by_path.get(path)
            by_path[path] = replace(known, count=known.count + holder.count) if known else holder
    summed = _shortened(by_path.values(), re.compile(r"\[[^\]]*\]"), _EACH)
    summed = _shortened(summed, re.compile(r"^[\w.]+\.\w+$"), _NAMES)
    summed = _shortened(summed, re.compile(r"^[\w.]+(?=\.__globals__\[)"), 1)
    running = [holder for holder in summed if holder.kind is HolderKind.LOCAL]
    others = [holder for holder in summed if holder.kind is not HolderKind.LOCAL]
    summed = [*others, *_shortened(running, re.compile(r" in \S+\(\) at .*?:\d+"), _CALLS)]
    return sorted(summed, key=lambda holder: (len(holder.path), holder.path))


def _shortened(holders: Iterable[Holder], differing: re.Pattern[str], shown: int) -> list[Holder]:
    """Return the first ones of holders whose paths differ in some parts only, with the number of the others."""
    alike: dict[object, list[Holder]] = {}
    for holder in holders:
        alike.setdefault((differing.sub("…", holder.path), holder.module, holder.kind), []).append(holder)
    summed: list[Holder] = []
    for group in alike.values():
        more = sum(holder.count for holder in group[shown:])
        summed += [replace(group[0], count=group[0].count + more), *group[1:shown]]
    return summed


def _trace(obj: object, parents: Iterable[int]) -> Trace:
    try:
        return Trace(id(obj), ref(type(obj)), ref(obj))
    except TypeError:
        return Trace(id(obj), ref(type(obj)), None, tuple(islice(parents, _EACH)))
