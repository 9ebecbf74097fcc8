"""Tells by a module's source how its names have come to what they stand for."""

from __future__ import annotations

import importlib.util
import types
from collections.abc import Mapping
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.bound import Bound, where_bound
from stalecheck.vocabulary import HolderKind, OriginKind

_CALLABLES = (types.FunctionType, raw.CACHED)
IMPORTS = (HolderKind.FROM_IMPORT, HolderKind.STAR_IMPORT)


def kind_made(namespace: Mapping[str, Any], name: str, value: object) -> OriginKind:
    """Return what a name of a module stands for: an instance is what the call of a class has made.

    Args:
        namespace: What the module's names stand for.
        name: The name.
        value: What it stands for, or did before a reload.
    """
    if raw.is_class(value):
        return OriginKind.CLASS
    if type(value) is types.FunctionType:
        return OriginKind.FUNCTION
    if raw.class_module(type(value)) == raw.module_name(namespace):
        return OriginKind.INSTANCE
    bound = binding(namespace, name)
    if bound is None:
        return kind_of(value)
    if bound.is_definition:
        return OriginKind.FUNCTION if any(type(value) is kind for kind in _CALLABLES) else OriginKind.INSTANCE
    if bound.kind is not HolderKind.INSTANCE or bound.source is None or _is_container(value):
        return OriginKind.VALUE
    # `threading.Lock` is no class, but is called like what it makes.
    is_called_alike = bound.source.rpartition(".")[2].lower() == raw.class_name(type(value)).lower()
    return (
        OriginKind.INSTANCE if is_called_alike or raw.is_class(resolved(namespace, bound.source)) else OriginKind.VALUE
    )


def module_named(namespace: Mapping[str, Any], dotted: str) -> types.ModuleType | None:
    """Return the module that a dotted name leads to in a namespace; None if it leads to none."""
    found = resolved(namespace, dotted)
    return found if raw.is_module(found) else None


def absolute(module: str, namespace: Mapping[str, Any]) -> str:
    """Return the name of a module that another one imports, be it written relative to that."""
    package = raw.lookup(namespace, "__package__")
    if not module.startswith(".") or type(package) is not str or not package:
        return module
    try:
        return importlib.util.resolve_name(module, package)
    except ImportError:
        return module


def kind_of(value: object) -> OriginKind:
    """Return what a value is as far as its type says so."""
    if raw.is_class(value):
        return OriginKind.CLASS
    if any(type(value) is kind for kind in _CALLABLES):
        return OriginKind.FUNCTION
    # Types that are made in C have no `__module__` in their dict.
    return OriginKind.VALUE if raw.class_module(type(value)) is None else OriginKind.INSTANCE


def binding(namespace: Mapping[str, Any], name: str) -> Bound | None:
    """Return where and how a module binds a name, as far as its source can be read."""
    filename = namespace.get("__file__")
    return where_bound(filename, name) if type(filename) is str else None


def is_attribute_of(namespace: Mapping[str, Any], bound: Bound, module: str) -> bool:
    """Whether a name has been bound to an attribute of a module, or of a class in it: ``X = core.f``."""
    found = resolved(namespace, (bound.source or "").rpartition(".")[0])
    if raw.is_class(found):
        return raw.class_module(found) == module
    return raw.is_module(found) and raw.module_name(raw.module_dict(found)) == module


def is_field(namespace: Mapping[str, Any], bound: Bound) -> bool:
    """Whether a name is bound to a call of `dataclasses.field`, which gives the class what it was given itself."""
    if bound.kind is not HolderKind.INSTANCE or bound.source is None:
        return False
    module = raw.imported("dataclasses")
    field = raw.lookup(raw.module_dict(module), "field") if module is not None else None
    return field is not None and resolved(namespace, bound.source) is field


def _is_container(value: object) -> bool:
    return any(type(value) is kind for kind in (dict, list, set, tuple, frozenset))


def resolved(namespace: Mapping[str, Any], dotted: str) -> Any:
    """Return what a dotted name leads to, through modules and classes only."""
    first, *rest = dotted.split(".")
    builtin = namespace.get("__builtins__")
    found: object = namespace.get(first, builtin.get(first) if type(builtin) is dict else None)
    for part in rest:
        if raw.is_module(found):
            found = raw.module_dict(cast(types.ModuleType, found)).get(part)
        else:
            found = raw.class_dict(cast(type, found)).get(part) if raw.is_class(found) else None
    return found
