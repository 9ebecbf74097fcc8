"""Says how a place holds an old object: by how its name has got what it stands for, as the linter's rules tell it."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.bound import Bound, Filled, Lines, filled, is_bound, nearest_bound, where_annotated, where_bound
from stalecheck.probing.landmarks import type_name
from stalecheck.probing.made import absolute, is_field
from stalecheck.probing.old import Origin
from stalecheck.probing.place import Place, as_set
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

_ITEMS = (HolderKind.CONTAINER, HolderKind.ATTRIBUTE, HolderKind.SLOT)

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


def of_name(namespace: dict[str, Any], name: str, place: Place, origin: Origin, obj: object, rest: str = "") -> Named:
    """Return where a module's name of a place is bound, and how that place holds an old object.

    Args:
        namespace: The module's.
        name: The name.
        place: The place.
        origin: Of what the object is an old version.
        obj: The object.
        rest: What of the place follows the name.
    """
    filename = raw.lookup(namespace, "__file__")
    if type(filename) is not str:
        return Named(None, None, name.partition(".")[0], place.kind or _kind(None, name, origin, obj))
    if place.kind is HolderKind.ANNOTATION:
        annotated = where_annotated(filename, name)
        if annotated is not None:
            return Named(filename, annotated, name, place.kind)
    if place.kind is HolderKind.DEFAULT_ARGUMENT:
        for written in (f"{name}.__defaults__", f"{name}.__kwdefaults__"):
            later = where_bound(filename, written) if is_bound(filename, written) else None
            if later is not None and not _words(origin).isdisjoint(later.given):
                return Named(filename, later.line, written, HolderKind.CONTAINER)
    whole, name = name, nearest_bound(filename, name)
    found = where_bound(filename, name)
    if found is not None and found.kind is HolderKind.STAR_IMPORT and not _may_bring(found, namespace, name, origin):
        found = None
    kind = place.kind
    line = found.line if found else None
    names = _words(origin)
    is_item = kind in _ITEMS and bool(place.what or rest)
    filling = _filling(filename, dict.fromkeys((whole, name)), found, names, f"{whole}{rest}") if is_item else None
    if filling is not None:
        return Named(filename, _line(filling.names, names) or filling.line, _written(found, name), HolderKind.CONTAINER)
    if found is not None and is_field(namespace, found):
        kind = HolderKind.DEFAULT_ARGUMENT  # What the call has been given, not what it makes.
    elif kind in _OF_OBJECTS and found is not None and found.kind is HolderKind.INSTANCE:
        given = _given(found, names, raw.resolve(namespace, name))
        kind, line = (given[0], given[1] or line) if given is not None else (kind, line)
    elif kind is None and found is not None and whole != name:
        if found.is_definition:  # Somebody else has set the attribute of a function or class.
            kind = _kind(HolderKind.INSTANCE, "", origin, obj)
        elif found.kind is HolderKind.INSTANCE and raw.is_class(raw.resolve(namespace, name)):
            kind = HolderKind.CONTAINER  # The names that `type` has been given.
    elif kind is HolderKind.CONTAINER and found is not None:
        line = _line(found.given, names) or line
    if kind is HolderKind.WRAPPED_CALLABLE and origin.ruled is OriginKind.VALUE:
        kind = HolderKind.ALIAS  # What is made of a value is one itself.
    if kind in (HolderKind.ATTRIBUTE, HolderKind.SLOT) and is_item and place.last is HolderKind.CONTAINER:
        kind = HolderKind.CONTAINER
    kind = kind or _kind(found.kind if found else None, name, origin, obj)
    return Named(filename, line, _written(found, name), kind)


def _may_bring(bound: Bound, namespace: dict[str, Any], name: str, origin: Origin) -> bool:
    """Whether star imports may have bound a name: whether one of their modules has it, or is the old object's."""
    if not name.isidentifier() or iskeyword(name):
        return False
    for source in (bound.source or "").split(","):
        module = absolute(source.partition(":")[0], namespace)
        found = raw.imported(module)
        if module == origin.module or found is None or raw.lookup(raw.module_dict(found), name) is not None:
            return True
    return False


def _words(origin: Origin) -> frozenset[str]:
    """Return the names in a dotted name."""
    return frozenset(re.findall(r"[^\W\d]\w*", origin.name))


def _line(lines: Lines, names: Collection[str]) -> int | None:
    """Return the line where one of some names is first."""
    return min((line for name, line in lines.items() if name in names), default=None)


def _written(bound: Bound | None, name: str) -> str:
    return bound.written if bound is not None and bound.written else name


def _filling(
    filename: str, containers: Iterable[str], bound: Bound | None, names: frozenset[str], whole: str
) -> Filled | None:
    """Return the statement that has put an object into a container; None where that was made with it.

    Args:
        filename: The module's file.
        containers: The names that the container may go by.
        bound: How the last one of those was bound.
        names: The words that name the object.
        whole: The place in the container.
    """
    for container in containers:
        statements = filled(filename, container)
        keyed = [one for one in statements if one.key is not None and f"[{one.key}]" in whole]
        if keyed:
            return keyed[-1]
        given = bound.given if bound is not None else {}
        loose = [one for one in statements if one.key is None]
        naming = [one for one in loose if not names.isdisjoint(one.names)]
        is_only = len(statements) == 1 and bound is not None and bound.is_display and not given
        if loose and names.isdisjoint(given) and (naming or is_only):
            return (naming or loose)[0]
    return None


def names_bound_in(module: str) -> Callable[[str], bool]:
    """Return what tells whether a place, as it is written, is a name that the source of a module binds."""
    holder = raw.imported(module)
    filename = raw.lookup(raw.module_dict(holder), "__file__") if holder is not None else None
    if type(filename) is not str:
        return lambda text: False
    prefix = f"{module}."
    return lambda text: text.startswith(prefix) and is_bound(filename, as_set(text[len(prefix) :]))


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


def _given(bound: Bound, names: frozenset[str], value: object) -> tuple[HolderKind, int | None] | None:
    """Return how an object has got what it holds: by the call that has made it, or by one of a method; None if neither.

    Where both have been given something, the arguments that name the origin are taken, and the line of those.
    """
    calls = [(method, arguments) for method, arguments in bound.calls if arguments and _keeps(value, method)]
    naming = [(method, arguments) for method, arguments in calls if not names.isdisjoint(arguments)]
    if bound.given and (not naming or not names.isdisjoint(bound.given)):
        return HolderKind.WRAPPED_CALLABLE, None
    methods = [method for method, _ in naming or calls]
    if not methods:
        return None
    kind = HolderKind.CONTAINER if MUTATORS.issuperset(methods) else HolderKind.CALLBACK
    return kind, _line(naming[0][1], names) if naming else None


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
