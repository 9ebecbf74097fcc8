"""Names what functions and what is put around them hold: defaults, closures, partials, caches."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from gc import get_referents
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.place import Place, Step, Steps, Way, after, attribute, indexes_of, keys_of, names_of, written
from stalecheck.vocabulary import HolderKind

_HASHED: type = functools._HashedSeq  # type: ignore[attr-defined]
_PARTIAL = functools.partial.__dict__


def of_function(place: Place, function: types.FunctionType, way: Way) -> Steps:
    """Name a default argument, a closure variable, an annotation or an attribute of a function."""
    child, inner = way[1], after(way, 2)
    if inner is None:
        return
    if child is function.__defaults__:
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        defaults = zip(reversed(names), reversed(function.__defaults__ or ()), strict=False)
        for name in [name for name, value in defaults if value is inner]:
            yield place.aspect(f"default argument {name!r}", HolderKind.DEFAULT_ARGUMENT), 2
    elif child is function.__kwdefaults__:
        for key in keys_of(cast(Any, child), inner):
            yield place.aspect(f"default argument {key}", HolderKind.DEFAULT_ARGUMENT), 2
    elif child is function.__closure__:
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            if cell is inner:
                walked = 3 if len(way) > 3 else 2
                yield place.aspect(f"closure variable {name!r}", place.kind or HolderKind.CLOSURE), walked
    elif child is function.__globals__:
        # A copy of a module's names, as `attrs` gives it to the methods that it makes.
        is_copy = raw.imported(raw.module_name(function.__globals__) or "") is not None
        for key in keys_of(function.__globals__, inner):
            yield place.part(f".__globals__[{key}]", HolderKind.DECORATED if is_copy else HolderKind.ATTRIBUTE), 2
    elif child is raw.function_dict(function):
        for name in names_of(cast(Any, child), inner):
            kind = HolderKind.WRAPPED_CALLABLE if name == "__wrapped__" else None
            is_dispatch = name == "registry" and type(inner) is types.MappingProxyType
            yield place.part(attribute(name), HolderKind.CALLBACK if is_dispatch else kind), 2
    else:
        for annotation in _annotations(child, inner):
            yield place.aspect(f"annotation {annotation}", HolderKind.ANNOTATION), 2


def _annotations(held: object, inner: object) -> Iterator[str]:
    """Yield the keys of a value in a function's annotations, which are a dict or a tuple (up to 3.13).

    Asking for ``__annotations__`` would make them (3.14), or make a dict of them.
    """
    if type(held) is dict:
        yield from keys_of(held, inner)
    elif type(held) is tuple:
        yield from (written(key) for key, value in zip(held[::2], held[1::2], strict=False) if value is inner)


def _attribute(holder: Any, child: object) -> str:
    return next(names_of(holder, child), "?")


def of_method(place: Place, method: types.MethodType, way: Way) -> Step:
    """Name the object or the function of a bound method."""
    return place.part(".__self__" if method.__self__ is way[1] else ".__func__", HolderKind.WRAPPED_CALLABLE), 1


def of_built_in(place: Place, method: Any, way: Way) -> Step:
    """Name the object of a bound method that is made in C."""
    if type(method) is types.BuiltinMethodType and method.__self__ is not way[1]:
        return place, 1
    return place.part(".__self__", HolderKind.WRAPPED_CALLABLE), 1


def of_partial(place: Place, partial: Any, way: Way) -> Steps:
    """Name the function or an argument of a partial."""
    child, inner = way[1], after(way, 2)
    if _PARTIAL["func"].__get__(partial) is child:
        yield place.part(".func", HolderKind.WRAPPED_CALLABLE), 1
    arguments: Any = _PARTIAL["args"].__get__(partial)
    if arguments is child:
        for index in indexes_of(arguments, inner):
            yield place.part(f".args[{index}]", HolderKind.WRAPPED_CALLABLE), 2
    keywords = _PARTIAL["keywords"].__get__(partial)
    if keywords is child and inner is not None:
        for key in keys_of(cast(Any, keywords), inner):
            yield place.part(f".keywords[{key}]", HolderKind.WRAPPED_CALLABLE), 2


def of_property(place: Place, holder: Any, way: Way) -> Steps:
    """Name an accessor of a property."""
    for name in ("fget", "fset", "fdel"):
        if property.__dict__[name].__get__(holder) is way[1]:
            yield place.part(f".{name}", HolderKind.WRAPPED_CALLABLE), 1


def of_wrapped_method(place: Place, holder: Any, way: Way) -> Step | None:
    """Name the function of a class method or static method: for what that holds the method's own name is enough."""
    base = staticmethod if raw.inherits(type(holder), staticmethod) else classmethod
    if base.__dict__["__func__"].__get__(holder) is not way[1]:
        return None
    return place if len(way) > 2 else place.part("", HolderKind.WRAPPED_CALLABLE), 1


def of_cached(place: Place, holder: Any, way: Way) -> Step:
    """Name the function behind a cache, or say that it is a cached result."""
    attributes = raw.instance_dict(holder) or {}
    if way[1] is attributes and len(way) > 2:
        return place.part(f".{_attribute(attributes, way[2])}", HolderKind.WRAPPED_CALLABLE), 2
    if raw.lookup(attributes, "__wrapped__") is way[1]:
        return place.part(".__wrapped__", HolderKind.WRAPPED_CALLABLE), 1
    at, noun = 1, "result"
    while at < len(way) - 1 and _is_of_cache(holder, way[at], at):
        at += 1
    if any(way[at] is key for key in _keys(holder)) and at < len(way) - 1:
        noun = "argument"
        while at < len(way) - 1 and raw.is_any(type(way[at]), (tuple, _HASHED)):
            at += 1
    return place.aspect(f"a cached {noun}", HolderKind.CACHED_RESULT), at


def _is_of_cache(cached: Any, obj: object, at: int) -> bool:
    if raw.class_name(type(obj)) == "_lru_list_elem":
        return True
    if at != 1 or type(obj) is not dict:
        return False
    is_bounded = raw.CACHED.__dict__["cache_info"](cached).maxsize is not None
    return not is_bounded or any(raw.class_name(type(value)) == "_lru_list_elem" for value in list(obj.values()))


def _keys(cached: Any) -> Iterator[object]:
    """Yield the keys of a cache; arguments stand in a tuple, but for a lone number or string."""
    for found in get_referents(cached):
        if type(found) is dict and found is not raw.instance_dict(cached):
            yield from list(found)


def of_cell(place: Place, holder: Any, way: Way) -> Step:
    """Pass over a cell: its function has named it."""
    return place.part("", HolderKind.WRAPPED_CALLABLE), 1
