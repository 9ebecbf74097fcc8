"""Says how a place holds an old object: by how its name has got what it stands for, as the linter's rules tell it."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.bound import Bound, is_bound, nearest_bound, where_bound
from stalecheck.probing.landmarks import type_name
from stalecheck.probing.made import is_field
from stalecheck.probing.old import Origin
from stalecheck.probing.place import Place
from stalecheck.probing.roots import is_standard
from stalecheck.vocabulary import HOOKS, KEEPERS, MUTATORS, REGISTRIES, HolderKind, OriginKind

_OF_OBJECTS = (
    HolderKind.ATTRIBUTE,
    HolderKind.SLOT,
    HolderKind.CALLBACK,
    HolderKind.FINALIZER,
    HolderKind.CONTEXT_VARIABLE,
)
"""How an object holds what it has been given, which its name says better."""

_PLAIN = (
    HolderKind.CONTAINER,
    HolderKind.ATTRIBUTE,
    HolderKind.SLOT,
    HolderKind.WRAPPED_CALLABLE,
    HolderKind.CLOSURE,
    HolderKind.ENUM_MEMBER,
)
"""Kinds that say less than that a holder is in the standard library."""

_DOTTED = re.compile(r"\w+(?:\.\w+)*\.[^\W_]\w*")
"""The whole name of a public attribute."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name of a module, or what is below it, that leads to an old object."""

    filename: str | None
    line: int | None
    name: str
    """The part of the dotted name that the source binds."""

    kind: HolderKind


def of_name(namespace: dict[str, Any], name: str, place: Place, origin: Origin, obj: object) -> Named:
    """Return where a module's name of a place is bound, and how that place holds an old object."""
    filename = raw.lookup(namespace, "__file__")
    if type(filename) is not str:
        return Named(None, None, name.partition(".")[0], place.kind or _kind(None, name, origin, obj))
    whole, name = name, nearest_bound(filename, name)
    found = where_bound(filename, name)
    kind = place.kind
    if found is not None and is_field(namespace, found):
        kind = HolderKind.DEFAULT_ARGUMENT  # What the call has been given, not what it makes.
    elif kind in _OF_OBJECTS and found is not None and found.kind is HolderKind.INSTANCE:
        kind = _given(found, origin, raw.resolve(namespace, name)) or kind
    elif kind is None and found is not None and whole != name:
        if found.is_definition:  # Somebody else has set the attribute of a function or class.
            kind = _kind(HolderKind.INSTANCE, "", origin, obj)
        elif found.kind is HolderKind.INSTANCE and raw.is_class(raw.resolve(namespace, name)):
            kind = HolderKind.CONTAINER  # The names that `type` has been given.
    if kind is HolderKind.WRAPPED_CALLABLE and origin.ruled is OriginKind.VALUE:
        kind = HolderKind.ALIAS  # What is made of a value is one itself.
    line = found.line if found else None
    return Named(filename, line, name, kind or _kind(found.kind if found else None, name, origin, obj))


def names_bound_in(module: str) -> Callable[[str], bool]:
    """Return what tells whether a place, as it is written, is a name that the source of a module binds."""
    holder = raw.imported(module)
    filename = raw.lookup(raw.module_dict(holder), "__file__") if holder is not None else None
    if type(filename) is not str:
        return lambda text: False
    prefix = f"{module}."
    return lambda text: text.startswith(prefix) and is_bound(filename, text[len(prefix) :])


def of_standard(place: Place, module: str, name: str, origin: Origin, obj: object) -> HolderKind:
    """Return the kind of a holder in the standard library.

    What is there has been registered; an attribute that is no hook has been assigned, and a public container that is
    no registry has been filled.
    """
    if (module == "sys" and name.startswith("last_")) or (module, name) == ("builtins", "_"):
        return HolderKind.HISTORY
    if place.kind is not None and place.kind not in _PLAIN:
        return place.kind
    is_public = not any(part.startswith("_") for part in name.split("."))
    if place.kind is HolderKind.CONTAINER and is_public and f"{module}.{name}" not in REGISTRIES:
        return HolderKind.CONTAINER
    return of_attribute(place, origin, obj) or HolderKind.CALLBACK


def of_attribute(place: Place, origin: Origin, obj: object, owner: str = "") -> HolderKind | None:
    """Return how a public attribute of something that is not the user's holds an old object; None for any other place.

    Args:
        place: The place.
        origin: Of what the object is an old version.
        obj: The object.
        owner: What has the attribute, where that is known by other words than a dotted name.
    """
    text = place.text
    if owner:
        text = f"owner{text.removeprefix(owner)}" if text.startswith(f"{owner}.") else ""
    if not _DOTTED.fullmatch(text) or text in HOOKS:
        return None
    return _kind(HolderKind.INSTANCE, "", origin, obj)


def _given(bound: Bound, origin: Origin, value: object) -> HolderKind | None:
    """Return how an object has got what it holds: by the call that has made it, or by one of a method; None if neither.

    Where both have been given something, the arguments that name the origin are taken.
    """
    names = set(origin.name.split("."))
    calls = [(method, arguments) for method, arguments in bound.calls if arguments and _keeps(value, method)]
    naming = [method for method, arguments in calls if not names.isdisjoint(arguments)]
    if bound.given and (not naming or not names.isdisjoint(bound.given)):
        return HolderKind.WRAPPED_CALLABLE
    methods = naming or [method for method, _ in calls]
    if not methods:
        return None
    return HolderKind.CONTAINER if MUTATORS.issuperset(methods) else HolderKind.CALLBACK


def _keeps(value: object, method: str) -> bool:
    """Whether a method keeps what it is given: one of the user's may, of the standard library those that do."""
    tops = [type_name(base)[0].partition(".")[0].removeprefix("_") for base in raw.mro(type(value))]
    return method in MUTATORS or not is_standard(tops[0]) or any(method in KEEPERS.get(top, ()) for top in tops)


def _kind(bound: HolderKind | None, name: str, origin: Origin, obj: object) -> HolderKind:
    """Return how a name of a module or class holds an old object."""
    if origin.kind is OriginKind.MODULE:
        return HolderKind.MODULE_IMPORT if bound is not HolderKind.ALIAS else HolderKind.ALIAS
    if bound in (HolderKind.FROM_IMPORT, HolderKind.STAR_IMPORT, HolderKind.DECORATED):
        return cast(HolderKind, bound)
    if bound is HolderKind.MODULE_IMPORT:
        return HolderKind.FROM_IMPORT  # ``import p.m as x`` where the package binds ``m`` to something else
    if origin.ruled is OriginKind.INSTANCE and raw.inherits(type(type(obj)), enum.EnumMeta):
        return HolderKind.ENUM_MEMBER
    if bound is HolderKind.INSTANCE:
        if origin.ruled is OriginKind.INSTANCE:
            return HolderKind.INSTANCE
        return HolderKind.WRAPPED_CALLABLE if "<locals>" in origin.name else HolderKind.ALIAS
    if bound is None and name == origin.name:
        return HolderKind.FROM_IMPORT
    if bound is None and origin.ruled is OriginKind.INSTANCE:
        return HolderKind.INSTANCE
    return HolderKind.ALIAS
