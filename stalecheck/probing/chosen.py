"""Tells what a module has chosen among another one's objects: its body does not make that anew."""

from __future__ import annotations

import enum
import sys
import types
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.made import binding, resolved
from stalecheck.probing.roots import root_of
from stalecheck.vocabulary import HolderKind


def chosen(value: object, names: Collection[str], homes: Collection[int]) -> bool:
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


def made_elsewhere(wanted: Collection[int], names: Collection[str]) -> set[int]:
    """Return those of some objects that other modules have made, as their sources say, and have under a name.

    Args:
        wanted: The objects' ids.
        names: The names that the module goes by that has them too.
    """
    found: set[int] = set()
    for namespace, path, value in _named(wanted):
        is_other = id(value) not in found and raw.module_name(namespace) not in names
        if is_other and _is_made(namespace, path, value, names):
            found.add(id(value))
    return found


def _named(wanted: Collection[int]) -> Iterator[tuple[dict[str, Any], str, object]]:
    """Yield the names of modules, and of their classes, that stand for objects."""
    modules = {
        name: raw.module_dict(found)
        for name, found in list(sys.modules.items())
        if type(name) is str and raw.is_module(found)
    }
    for namespace in modules.values():
        for name, value in _standing_for(namespace, wanted):
            yield namespace, name, value
    for cls in raw.all_classes() if wanted else ():
        of = modules.get(raw.class_module(cls) or "", {})
        for name, value in _standing_for(raw.class_dict(cls), wanted):
            if raw.resolve(of, raw.class_qualname(cls)) is cls:
                yield of, f"{raw.class_qualname(cls)}.{name}", value


def _standing_for(namespace: Mapping[str, Any], wanted: Collection[int]) -> list[tuple[str, object]]:
    return [(name, value) for name, value in list(namespace.items()) if id(value) in wanted and type(name) is str]


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
