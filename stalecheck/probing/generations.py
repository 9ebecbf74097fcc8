"""Tells the versions of one origin apart, of which several are alive after several reloads, and puts them in order."""

from __future__ import annotations

import types
from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.execution import FILE_NAMES_DIFFER
from stalecheck.probing.old import Old, Origin
from stalecheck.vocabulary import OriginKind

Group = tuple[Origin, Hashable]
"""An origin and what its version is known by."""

_Bases = tuple[tuple[str | None, str], ...]

_OF_CLASSES = (OriginKind.CLASS, OriginKind.INSTANCE)


class Generations:
    """The versions of the old objects."""

    def __init__(self, olds: Iterable[Old], origins: Mapping[int, Origin], objects: Mapping[int, object]) -> None:
        """Take what is old.

        Args:
            olds: The old objects of each module.
            origins: What they are, by id.
            objects: The objects, by id.
        """
        self._origins = origins
        self._objects = objects
        self._repeated = {(old.module, name) for old in olds for name in old.repeated}
        self._of_classes: dict[int, Hashable] = {}

    def version(self, child: int) -> Hashable:
        """Return what the version of an old object is known by: one execution may have made several of one name."""
        obj = self._objects[child]
        origin = self._origins[child]
        if type(obj) is types.FunctionType:
            is_repeated = (origin.module, origin.name) in self._repeated
            execution = obj.__code__.co_filename if FILE_NAMES_DIFFER else None if is_repeated else obj.__code__
            return id(obj.__globals__), id(execution)
        if origin.kind is OriginKind.VALUE:
            return None  # Who has prepared for it knows those of one reload.
        if raw.is_module(obj):
            return id(obj)
        cls = cast(type, obj) if raw.is_class(obj) else type(obj)
        if id(cls) not in self._of_classes:
            self._of_classes[id(cls)] = _version_of_class(cls)
        return self._of_classes[id(cls)]

    def numbered(self, groups: Mapping[Group, list[int]]) -> dict[Group, int]:
        """Return the numbers of the versions of which several are alive, from 1; none where their order is unknown.

        An instance has that of its class.

        Args:
            groups: The old objects of each version.
        """
        ages: dict[tuple[str, bool], dict[int, list[Group]]] = {}
        unknown: set[tuple[str, bool]] = set()
        for group, children in groups.items():
            origin = group[0]
            if origin.kind is OriginKind.VALUE:
                continue
            which = origin.path, origin.kind in _OF_CLASSES
            age = self._age(children)
            if age is None or which in self._reordered:
                unknown.add(which)
            else:
                ages.setdefault(which, {}).setdefault(age, []).append(group)
        return {
            group: number
            for which, by_age in ages.items()
            if which not in unknown and len(by_age) > 1
            for number, age in enumerate(sorted(by_age), 1)
            for group in by_age[age]
        }

    def _age(self, children: list[int]) -> int | None:
        """Return how many classes, or executions, are older than a version's; None where that is unknown."""
        obj: Any = self._objects[children[0]]
        if type(obj) is types.FunctionType:
            executions = (id(obj.__code__.co_filename) if FILE_NAMES_DIFFER else 0, id(obj.__globals__))
            return next((self._ages[one] for one in executions if one in self._ages), None)
        if raw.is_module(obj):
            return self._ages.get(id(raw.module_dict(obj)))
        version = self.version(children[0])
        return self._first_ages.get((self._origins[children[0]].path, version)) if version is not None else None

    @cached_property
    def _class_ages(self) -> dict[int, int]:
        """The number of classes made before each class, among those of one base: that knows it of its subclasses."""
        return {id(cls): age for age, cls in enumerate(raw.all_classes())}

    @cached_property
    def _classes(self) -> dict[str, dict[Hashable, list[type]]]:
        """The classes that are old, or of which there are old instances, of each version of each path."""
        found: dict[str, dict[Hashable, dict[int, type]]] = {}
        for child, origin in self._origins.items():
            if origin.kind in _OF_CLASSES:
                obj = self._objects[child]
                cls = cast(type, obj) if raw.is_class(obj) else type(obj)
                found.setdefault(origin.path, {}).setdefault(self.version(child), {})[id(cls)] = cls
        return {
            path: {version: list(classes.values()) for version, classes in versions.items()}
            for path, versions in found.items()
        }

    @cached_property
    def _reordered(self) -> set[tuple[str, bool]]:
        """Classes whose versions have other bases, each of which knows the order of its own only."""
        return {
            (path, True)
            for path, versions in self._classes.items()
            if len({frozenset(map(_bases, classes)) for classes in versions.values()}) > 1
        }

    @cached_property
    def _first_ages(self) -> dict[tuple[str, Hashable], int]:
        """The age of each version of each class: that of its first one; those with the same bases are compared."""
        ages: dict[tuple[str, Hashable], int] = {}
        for path, versions in self._classes.items():
            for version, classes in versions.items():
                chosen = min(map(repr, map(_bases, classes)))
                ages[path, version] = min(
                    self._class_ages.get(id(cls), 0) for cls in classes if repr(_bases(cls)) == chosen
                )
        return ages

    @cached_property
    def _ages(self) -> dict[int, int]:
        """What the executions of a module can be known by, by id, with the number of older ones.

        That is the file name of its code, up to 3.12, and the namespace after an import. The collector does not know
        which function was made first; classes are. The class of which most versions can be told has the say.
        """
        known: dict[str, list[list[int]]] = {}
        for path, versions in self._classes.items():
            if (path, True) in self._reordered or None in versions:
                continue
            first = next(iter(versions.values()))[0]
            module = raw.class_module(first) or ""
            marks = [
                _marks(classes)
                for _, classes in sorted(versions.items(), key=lambda one: self._first_ages[path, one[0]])
            ]
            if len(marks) > len(known.get(module, ())) and all(marks):
                known[module] = marks
        ages: dict[int, int] = {}
        for marks in known.values():
            numbers = [one for each in marks for one in each]
            ages.update((one, age) for age, each in enumerate(marks) for one in each if numbers.count(one) == 1)
        return ages


def _marks(classes: list[type]) -> list[int]:
    """Return by what the execution can be known that made some classes, by id."""
    own = next((one for one in map(_own_function, classes) if one is not None), None)
    if own is None:
        return []
    return [id(own.__globals__), *([id(own.__code__.co_filename)] if FILE_NAMES_DIFFER else ())]


def _version_of_class(cls: type) -> Hashable:
    own = _own_function(cls)
    if own is not None:
        return id(own.__globals__), id(own.__code__.co_filename if FILE_NAMES_DIFFER else own.__code__)
    name = raw.class_qualname(cls)
    if "<locals>" not in name:
        return id(cls)
    # The name is a constant of the function that has made it, which 3.13 interns.
    return id(name) if FILE_NAMES_DIFFER else None


def _own_function(cls: type) -> types.FunctionType | None:
    """Return a function of a class's own body, as far as one can be told from what has been put there."""
    name, module = raw.class_qualname(cls), raw.class_module(cls)
    for value in list(raw.class_dict(cls).values()):
        is_own = type(value) is types.FunctionType and raw.module_name(value.__globals__) == module
        if is_own and raw.code_name(value).rpartition(".")[0] == name and value.__code__.co_filename != "<string>":
            return cast(types.FunctionType, value)
    return None


def _bases(cls: type) -> _Bases:
    return tuple((raw.class_module(base), raw.class_qualname(base)) for base in raw.bases(cls))
