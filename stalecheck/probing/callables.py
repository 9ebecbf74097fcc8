"""Names what functions and what is put around them hold: defaults, closures, partials, caches."""

from __future__ import annotations

import functools
import sys
import types
from typing import Any

from stalecheck.probing import raw
from stalecheck.probing.place import Place, Step, Way, after, index_of, key_of
from stalecheck.vocabulary import HolderKind

CACHED: type = type(functools.lru_cache(lambda: None))
_PARTIAL = functools.partial.__dict__


def of_function(place: Place, function: types.FunctionType, way: Way) -> Step | None:
    """Name a default argument, a closure variable, an annotation or an attribute of a function."""
    child, inner = way[1], after(way, 2)
    if inner is None:
        return None
    if child is function.__defaults__:
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        for name, value in zip(reversed(names), reversed(function.__defaults__ or ()), strict=False):
            if value is inner:
                return place.aspect(f"default argument {name!r}", HolderKind.DEFAULT_ARGUMENT), 2
    if child is function.__kwdefaults__:
        return place.aspect(f"default argument {_key(child, inner)}", HolderKind.DEFAULT_ARGUMENT), 2
    if child is function.__closure__:
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            if cell is inner:
                walked = 3 if len(way) > 3 else 2
                return place.aspect(f"closure variable {name!r}", HolderKind.WRAPPED_CALLABLE), walked
    if child is raw.function_dict(function):
        return place.part(f".{_attribute(child, inner)}", HolderKind.WRAPPED_CALLABLE), 2
    # From 3.14 on annotations are made when they are asked for, by the user's code.
    if sys.version_info < (3, 14) and child is function.__annotations__:
        return place.aspect(f"annotation {_key(child, inner)}", HolderKind.ANNOTATION), 2
    return None


def _key(holder: Any, child: object) -> str:
    return key_of(holder, child) or "?"


def _attribute(holder: Any, child: object) -> str:
    return next((key for key, value in list(dict.items(holder)) if value is child and type(key) is str), "?")


def of_method(place: Place, method: types.MethodType, way: Way) -> Step:
    """Name the object or the function of a bound method."""
    return place.part(".__self__" if method.__self__ is way[1] else ".__func__", HolderKind.WRAPPED_CALLABLE), 1


def of_built_in(place: Place, method: Any, way: Way) -> Step:
    """Name the object of a bound method that is made in C."""
    return place.part(".__self__", HolderKind.WRAPPED_CALLABLE), 1


def of_partial(place: Place, partial: Any, way: Way) -> Step | None:
    """Name the function or an argument of a partial."""
    child, inner = way[1], after(way, 2)
    if _PARTIAL["func"].__get__(partial) is child:
        return place.part(".func", HolderKind.WRAPPED_CALLABLE), 1
    arguments: Any = _PARTIAL["args"].__get__(partial)
    if arguments is child:
        index = index_of(arguments, inner)
        return place.part(f".args[{index}]", HolderKind.WRAPPED_CALLABLE), 2
    keywords = _PARTIAL["keywords"].__get__(partial)
    if keywords is child and inner is not None:
        return place.part(f".keywords[{_key(keywords, inner)}]", HolderKind.WRAPPED_CALLABLE), 2
    return None


def of_property(place: Place, holder: Any, way: Way) -> Step | None:
    """Name an accessor of a property."""
    for name in ("fget", "fset", "fdel"):
        if property.__dict__[name].__get__(holder) is way[1]:
            return place.part(f".{name}", HolderKind.WRAPPED_CALLABLE), 1
    return None


def of_wrapped_method(place: Place, holder: Any, way: Way) -> Step | None:
    """Name the function of a class method or static method: the method's own name is enough."""
    base = staticmethod if raw.inherits(type(holder), staticmethod) else classmethod
    return (place, 1) if base.__dict__["__func__"].__get__(holder) is way[1] else None


def of_cached(place: Place, holder: Any, way: Way) -> Step:
    """Name the function behind a cache, or say that it is a cached result."""
    attributes = raw.instance_dict(holder) or {}
    if way[1] is attributes and len(way) > 2:
        return place.part(f".{_attribute(attributes, way[2])}", HolderKind.WRAPPED_CALLABLE), 2
    if raw.lookup(attributes, "__wrapped__") is way[1]:
        return place.part(".__wrapped__", HolderKind.WRAPPED_CALLABLE), 1
    at = 1
    while at < len(way) - 1 and _is_of_cache(way[at]):
        at += 1
    return place.aspect("a cached result", HolderKind.CACHED_RESULT), at


def _is_of_cache(obj: object) -> bool:
    return type(obj) is dict or raw.class_name(type(obj)) in ("_lru_list_elem", "_HashedSeq")


def of_cell(place: Place, holder: Any, way: Way) -> Step:
    """Pass over a cell: its function has named it."""
    return place.part("", HolderKind.WRAPPED_CALLABLE), 1
