"""Names what instances and classes hold: attributes, slots, bases."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

from stalecheck.probing import raw
from stalecheck.probing.current import nested_codes
from stalecheck.probing.place import Place, Step, Way, after
from stalecheck.vocabulary import HolderKind


def of_instance(place: Place, holder: object, way: Way) -> Step | None:
    """Name an attribute of an instance, stored in a slot, in its ``__dict__`` or without one."""
    child = way[1]
    for name, member in raw.slots(type(holder)):
        if _stored(member, holder) is child:
            return place.part(f".{name}", HolderKind.SLOT), 1
    if type(child) is dict and len(way) > 2:
        # Whoever refers to a dict has made it, so that looking at it changes nothing.
        found = _named(child, way[2]) if raw.instance_dict(holder) is child else None
        return (place.part(f".{found}", HolderKind.ATTRIBUTE), 2) if found is not None else None
    found = inline_attribute(holder, child)
    return (place.part(f".{found}", HolderKind.ATTRIBUTE), 1) if found is not None else None


def _stored(member: types.MemberDescriptorType, holder: object) -> object:
    try:
        return member.__get__(holder)
    except (AttributeError, TypeError):
        return None


def _named(attributes: dict[Any, Any], value: object) -> str | None:
    return next((key for key, found in list(dict.items(attributes)) if found is value and type(key) is str), None)


def inline_attribute(holder: object, value: object) -> str | None:
    """Return the name of an attribute whose value stands in the instance itself (Python 3.11).

    Reading ``__dict__`` would make a dict that stays. So the names that code knows are tried first: those in the
    methods of the class, in the functions of its module, at last in all functions.
    """
    tried: set[str] = set()
    for names in _names_by_nearness(type(holder)):
        for name in names:
            if name in tried:
                continue
            tried.add(name)
            if _attribute(holder, name) is value:
                return name
    attributes = raw.instance_dict(holder)
    return _named(attributes, value) if attributes is not None else None


def _attribute(holder: object, name: str) -> object:
    for cls in raw.mro(type(holder)):
        if name in raw.class_dict(cls):
            return None  # a property, a default: whose code would run, or that is no attribute of the instance
    try:
        return object.__getattribute__(holder, name)
    except AttributeError:
        return None


def _names_by_nearness(cls: type) -> Iterator[Iterable[str]]:
    methods = [value for base in raw.mro(cls) for value in list(raw.class_dict(base).values())]
    functions = [value for value in methods if type(value) is types.FunctionType]
    yield _names_of(functions)
    module = raw.imported(raw.class_module(cls) or "")
    if module is not None:
        namespace = raw.module_dict(module)
        yield _names_of(value for value in list(namespace.values()) if type(value) is types.FunctionType)
    frame: types.FrameType | None = sys._getframe()
    running = []
    while frame is not None:
        running.append(frame.f_code)
        frame = frame.f_back
    yield _names_in(running)


def _names_of(functions: Iterable[types.FunctionType]) -> Iterator[str]:
    return _names_in(function.__code__ for function in functions)


def _names_in(codes: Iterable[types.CodeType]) -> Iterator[str]:
    for outer in codes:
        for code in nested_codes(outer):
            yield from code.co_names
            for constant in code.co_consts:
                if type(constant) is str:
                    yield constant
                elif type(constant) is tuple:
                    yield from (name for name in constant if type(name) is str)


def of_class(place: Place, cls: type, way: Way) -> Step | None:
    """Name a base class or an attribute of a class."""
    child, inner = way[1], after(way, 2)
    if type(cls) is child:
        return place.aspect("metaclass", HolderKind.BASE_CLASS), 1
    if any(base is child for base in raw.bases(cls)):
        return place.aspect("base class", HolderKind.BASE_CLASS), 1
    if child is raw.mro(cls) or child is raw.bases(cls):
        return place.aspect("base class", HolderKind.BASE_CLASS), 2 if inner is not None else 1
    if type(child) is dict and inner is not None:
        for name, value in list(raw.class_dict(cls).items()):
            if value is inner:
                return Place(place.text + f".{name}", "", place.kind), 2
    return None
