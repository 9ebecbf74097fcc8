"""Tells which namespaces are of old versions of a module."""

from __future__ import annotations

import sys
import types
from importlib.machinery import BuiltinImporter, ExtensionFileLoader, ModuleSpec
from pathlib import PurePath
from typing import Any, cast

from stalecheck.probing import raw

_NEVER_STATED = 1 << 7 | 1 << 8
"""The flags of types that cannot be called, and whose attributes cannot be set: no class statement makes one."""

_METHODS = (types.MethodDescriptorType, types.WrapperDescriptorType)
"""What stands in the body of types that are written in C."""


def present_namespaces() -> frozenset[int]:
    """Return the namespaces of all modules that are imported, by id."""
    return frozenset(id(raw.module_dict(found)) for found in list(sys.modules.values()) if raw.is_module(found))


def is_compiled(cls: type) -> bool:
    """Whether a class is one that no class statement makes, by itself; many say they are from who hands them out."""
    if raw.type_flags(cls) & _NEVER_STATED:
        return True
    values = list(raw.class_dict(cls).values())
    return any(raw.is_any(type(value), _METHODS) and value.__objclass__ is cls for value in values)


def in_extensions() -> frozenset[int]:
    """Return what the namespaces of extension modules have, by id: exceptions are classes like those of Python."""
    found: set[int] = set()
    for module in list(sys.modules.values()):
        if raw.is_module(module):
            namespace = raw.module_dict(module)
            spec = raw.lookup(namespace, "__spec__")
            loader: Any = spec.loader if type(spec) is ModuleSpec else None
            if loader is BuiltinImporter or type(loader) is ExtensionFileLoader:
                found.update(map(id, list(namespace.values())))
    return frozenset(found)


def names_of(namespace: dict[str, Any], name: str) -> frozenset[str]:
    """Return the names that a module goes by: where it is imported, what it says, what its import has said."""
    spec = raw.lookup(namespace, "__spec__")
    names = (name, raw.module_name(namespace), spec.name if type(spec) is ModuleSpec else None)
    return frozenset(one for one in names if type(one) is str)


def is_same_version(namespace: dict[str, Any], present: dict[str, Any]) -> bool:
    """Whether a namespace is a copy of the present one.

    A module that has put another in its own place has two, and a doctest has one of its own.
    """
    if namespace is present:
        return True
    spec = raw.lookup(namespace, "__spec__")
    if spec is None or spec is not raw.lookup(present, "__spec__"):
        return False
    return not _are_executed_apart(namespace, present)


def _are_executed_apart(namespace: dict[str, Any], present: dict[str, Any]) -> bool:
    """Whether a host has executed a module twice, with one spec: each namespace has a function of its own."""
    for name, found in list(namespace.items()):
        today = raw.lookup(present, name) if type(name) is str else None
        ours, theirs = _files_of(found, namespace), _files_of(today, present)
        if not ours.isdisjoint(theirs):
            return True
    return False


def _files_of(value: object, namespace: dict[str, Any]) -> set[str]:
    """Return the files of a function, or of a class's functions, that have been made in a namespace."""
    parts = list(raw.class_dict(cast(type, value)).values()) if raw.is_class(value) else [value]
    functions = [part for part in parts if type(part) is types.FunctionType and part.__globals__ is namespace]
    return {one.__code__.co_filename for one in functions}


def is_old_version(namespace: dict[str, Any], present: dict[str, Any]) -> bool:
    """Whether a namespace is what an earlier import of the same module has made.

    Namespaces that code is executed in often have a module's name without being one; modules of one name but from other
    files are different modules (``conftest``).
    """
    if is_same_version(namespace, present) or raw.module_name(namespace) != raw.module_name(present):
        return False
    ours, theirs = raw.lookup(namespace, "__spec__"), raw.lookup(present, "__spec__")
    if (type(ours) is ModuleSpec) is not (type(theirs) is ModuleSpec):
        return False
    origin = _origin(namespace)
    return origin == _origin(present) and (type(ours) is ModuleSpec or origin is not None)


def _origin(namespace: dict[str, Any]) -> str | None:
    """Return what file a module is from, the same for a module and the package that it has become."""
    spec = raw.lookup(namespace, "__spec__")
    origin = spec.origin if type(spec) is ModuleSpec else raw.lookup(namespace, "__file__")
    if type(origin) is not str:
        return None
    path = PurePath(origin).with_suffix("")
    return str(path.parent if path.name == "__init__" else path)
