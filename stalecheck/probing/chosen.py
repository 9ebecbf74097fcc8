"""Tells what a module has chosen among another one's objects: its body does not make that anew."""

from __future__ import annotations

import enum
import sys
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.made import IMPORTS, binding, resolved
from stalecheck.probing.plain import is_made_elsewhere
from stalecheck.probing.roots import is_standard, root_of
from stalecheck.vocabulary import HolderKind

_IMPORTED = (HolderKind.MODULE_IMPORT, *IMPORTS)

_LARGE = 1_000
"""What is in a container with more is not looked at."""


def is_chosen(value: object, names: Collection[str], homes: Collection[int]) -> bool:
    """Whether a module has a value from another one that is imported, has made it and has it under its own name.

    Args:
        value: What the module has.
        names: The names that the module goes by.
        homes: What `made_elsewhere` has found.
    """
    if id(value) in homes:
        return True
    if raw.is_class(value):
        return _is_anothers(cast(type, value), names)
    if type(value) is types.FunctionType:
        root = root_of(value)
        return root is not None and root.module not in names
    if type(value) is types.BuiltinFunctionType:
        return value.__self__ is None or raw.is_module(value.__self__)
    return raw.inherits(type(type(value)), enum.EnumMeta) and _is_anothers(type(value), names)


def is_imported(module: types.ModuleType) -> bool:
    """Whether a module is the one that is imported under its name."""
    return raw.imported(raw.module_name(raw.module_dict(module)) or "") is module


def made_elsewhere(wanted: Mapping[int, str], namespace: dict[str, Any], names: Collection[str]) -> set[int]:
    """Return those of some objects that other modules have made, as their sources say, and have under a name.

    Of what a module has taken out of something imported, that may be a container's.

    Args:
        wanted: The objects' paths in a module that has them too, by id.
        namespace: That module's namespace.
        names: The names that it goes by.
    """
    found: set[int] = set()
    taken = {one for one, path in wanted.items() if _is_taken(namespace, path)}
    for other, path, value in _named(lambda value: id(value) in wanted, wanted) if wanted else ():
        if id(value) not in found and raw.module_name(other) not in names and _is_made(other, path, value, names):
            found.add(id(value))
    taken -= found
    for other, path, value in _named(lambda value: not taken.isdisjoint(_parts(value))) if taken else ():
        if raw.module_name(other) not in names and _is_made(other, path, value, names):
            found |= taken.intersection(_parts(value))
    return found


def plain_elsewhere(wanted: Mapping[int, str], names: Collection[str]) -> set[int]:
    """Return those of some plain values that another module may have made, as its source says, or Python's own.

    Args:
        wanted: The values' names in a module, by id.
        names: The names that it goes by.
    """
    found: set[int] = set()
    for other, path, value in _named(lambda value: id(value) in wanted, wanted) if wanted else ():
        name = raw.module_name(other) or ""
        if name not in names and (is_standard(name) or is_made_elsewhere(other, path, value, names)):
            found.add(id(value))
    return found


def taken_elsewhere(wanted: Mapping[int, str], names: Collection[str]) -> set[int]:
    """Return those of some objects that a name of another module stands for which, as its source says, took it there.

    Args:
        wanted: The objects' paths in a module that had them, by id.
        names: The names that this one goes by.
    """
    found: set[int] = set()
    for other, path, value in _named(lambda value: id(value) in wanted, wanted) if wanted else ():
        if id(value) not in found and raw.module_name(other) not in names and _is_taken_from(other, path, names):
            found.add(id(value))
    return found


def _is_taken_from(namespace: dict[str, Any], path: str, names: Collection[str]) -> bool:
    bound = binding(namespace, path)
    if bound is None or bound.kind in IMPORTS:
        return bound is not None
    return any(_leads_to(namespace, first, names) for first in bound.taken)


def _leads_to(namespace: dict[str, Any], first: str, names: Collection[str]) -> bool:
    """Whether a name of a module stands for another module, for a package around it, or for what was imported."""
    found = raw.lookup(namespace, first)
    if raw.is_module(found):
        name = raw.module_name(raw.module_dict(found)) or ""
        return any(one == name or one.startswith(f"{name}.") for one in names)
    bound = binding(namespace, first)
    return bound is not None and bound.kind in IMPORTS


def _named(
    is_wanted: Callable[[object], bool], ids: Mapping[int, object] | None = None
) -> Iterator[tuple[dict[str, Any], str, object]]:
    """Yield what is wanted of what the names of modules, and of their classes, stand for.

    Args:
        is_wanted: Whether a value is.
        ids: The ids of all that is wanted, if those are known: most namespaces have none of it.
    """
    apart = ids.keys().isdisjoint if ids is not None else None
    modules = {
        name: raw.module_dict(found)
        for name, found in list(sys.modules.items())
        if type(name) is str and raw.is_module(found)
    }
    for namespace in modules.values():
        if apart is not None and apart(map(id, list(namespace.values()))):
            continue
        for name, value in list(namespace.items()):
            if is_wanted(value) and type(name) is str:
                yield namespace, name, value
    for cls in raw.all_classes():
        if apart is not None and apart(map(id, list(raw.class_dict(cls).values()))):
            continue
        for name, value in list(raw.class_dict(cls).items()):
            if is_wanted(value) and type(name) is str:
                of = modules.get(raw.class_module(cls) or "", {})
                if raw.resolve(of, raw.class_qualname(cls)) is cls:
                    yield of, f"{raw.class_qualname(cls)}.{name}", value


def _parts(value: object) -> Iterator[int]:
    """Yield what a container that is not large has in it, by id."""
    kind = type(value)
    if kind is dict and len(cast("dict[object, object]", value)) <= _LARGE:
        yield from map(id, list(cast("dict[object, object]", value).values()))
    elif (kind is list or kind is tuple) and len(cast("list[object]", value)) <= _LARGE:
        yield from map(id, list(cast("list[object]", value)))


def _is_taken(namespace: dict[str, Any], path: str) -> bool:
    """Whether a module's source says that a name stands for a part of something imported."""
    bound = binding(namespace, path)
    firsts = [binding(namespace, name) for name in bound.taken] if bound is not None else []
    return bool(firsts) and all(one is not None and one.kind in _IMPORTED for one in firsts)


def _is_anothers(cls: type, names: Collection[str]) -> bool:
    """Whether a class is where another module that is imported says it is."""
    module = raw.home(cls)
    found = raw.imported(module) if type(module) is str and module not in names else None
    return found is not None and raw.resolve(raw.module_dict(found), raw.class_qualname(cls)) is cls


def _is_made(namespace: dict[str, Any], path: str, value: object, names: Collection[str]) -> bool:
    """Whether a module has made what one of its names stands for, and has not taken it from the other one."""
    if type(raw.lookup(namespace, "__file__")) is not str:
        return True  # It is built into the interpreter, which takes nothing from a program.
    bound = binding(namespace, path)
    if bound is None:
        return False
    if bound.is_definition or bound.is_display:
        return True
    if bound.kind is not HolderKind.INSTANCE:
        return False
    called = resolved(namespace, bound.source) if bound.source is not None else None
    if type(called) is not types.FunctionType:
        return called is not None
    given = [raw.lookup(namespace, name) for name in bound.given]
    is_given = any(
        one is value or (raw.is_module(one) and raw.module_name(raw.module_dict(one)) in names) for one in given
    )
    return not is_given and raw.module_name(called.__globals__) not in names
