"""Names what instances and classes hold: attributes, slots, bases."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Collection, Iterable, Iterator
from gc import get_referents
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.current import nested_codes
from stalecheck.probing.place import PLAIN_KEYS, Place, Step, Steps, Way, after, attribute, keys_of, names_of
from stalecheck.vocabulary import HolderKind

_GENERIC_BASES = ("__orig_bases__", "__parameters__")
"""What a class keeps of the way its bases were written: ``Base[Item]``."""


_ANNOTATIONS = ("__annotations__", "__annotations_cache__")

_OF_VALUES = ("_value2member_map_", "_unhashable_values_", "_unhashable_values_map_")
"""What an Enum keeps of the values of its members: tables from or to them."""


def of_instance(place: Place, holder: object, way: Way) -> Steps:
    """Name an attribute of an instance, stored in a slot, in its ``__dict__`` or without one."""
    child = way[1]
    referents = get_referents(holder)  # Before there is a `__dict__` to have them.
    found = [name for name, member in raw.slots(type(holder)) if raw.member(member, holder) is child]
    yield from ((place.part(f".{name}", HolderKind.SLOT), 1) for name in found)
    if type(child) is dict and len(way) > 2:
        names = list(names_of(child, way[2]))
        is_own = _is_dict_of(holder, child, way[2], names, referents)
        yield from ((place.part(attribute(name), _kind(type(holder), name)), 2) for name in names if is_own)
        if is_own:
            if not names:
                keys = keys_of(child, way[2])
                yield from ((place.part(f".__dict__[{key}]", HolderKind.ATTRIBUTE), 2) for key in keys)
            return
    number = sum(one is child for one in referents) - len(found)
    # It may have got a `__dict__` since it was seen to refer to its attributes itself.
    for name in inline_attributes(holder, child, number if found else max(number, 1)):
        yield place.part(attribute(name), _kind(type(holder), name)), 1


def _is_dict_of(
    holder: object, child: dict[Any, Any], inner: object, names: list[str], referents: list[object]
) -> bool:
    """Whether a dict that an instance refers to is its ``__dict__``, and no attribute of it.

    It is asked for only where nothing else tells: that would make one, and the attributes would be there from then on.
    """
    keys = list(child)
    if not all(raw.is_any(type(key), PLAIN_KEYS) for key in keys):
        return raw.instance_dict(holder) is child  # To look for a name would ask a key of the user's.
    if any(raw.stored(holder, name) is inner for name in names):
        return all(one is not inner for one in referents)
    if any(raw.stored(holder, name) is child for name in _known_names(type(holder))):
        return False
    return raw.instance_dict(holder) is child


def _kind(cls: type, name: str) -> HolderKind:
    if name == "dispatcher" and raw.inherits(cls, functools.singledispatchmethod):
        return HolderKind.CALLBACK
    behind = next((raw.class_dict(base)[name] for base in raw.mro(cls) if name in raw.class_dict(base)), None)
    return HolderKind.CACHED_RESULT if type(behind) is functools.cached_property else HolderKind.ATTRIBUTE


def attributes_of(holder: object, others: Collection[int] = ()) -> Iterator[tuple[str, object]]:
    """Yield the attributes that an instance stores, those that the collector does not show left out.

    A ``__dict__`` is made only where a name is one that no code knows.

    Args:
        holder: The instance.
        others: What it refers to besides, by id: what is in it.
    """
    left = {id(one): one for one in get_referents(holder) if one is not type(holder) and id(one) not in others}
    for name, descriptor in raw.slots(type(holder)):
        value = raw.member(descriptor, holder)
        if left.pop(id(value), None) is not None:
            yield name, value
    names = list(_known_names(type(holder))) if left else []
    for child in list(left.values()):
        items = [(key, value) for key, value in list(child.items()) if type(key) is str] if type(child) is dict else []
        if any(id(value) not in left and raw.stored(holder, key) is value for key, value in items):
            del left[id(child)]
            yield from items
    for name in names:
        if not left:
            return
        value = raw.stored(holder, name)
        if left.pop(id(value), None) is not None:
            yield name, value
    attributes = raw.instance_dict(holder) if left else None
    if attributes is not None:
        yield from (
            (name, value) for name, value in list(attributes.items()) if id(value) in left and type(name) is str
        )


def inline_attributes(holder: object, value: object, number: int) -> Iterator[str]:
    """Yield the names of the attributes whose value stands in the instance itself (Python 3.11).

    Reading ``__dict__`` would make a dict that stays. So the names that code knows are tried first: those in the
    methods of the class, in the functions of its module, at last in all functions.

    Args:
        holder: The instance.
        value: What the attributes stand for.
        number: How many times the instance has it in attributes.
    """
    found: set[str] = set()
    for name in _known_names(type(holder)):
        if len(found) == number:
            return
        if raw.stored(holder, name) is value:
            found.add(name)
            yield name
    attributes = raw.instance_dict(holder) if len(found) < number else None
    yield from (name for name in names_of(attributes, value) if name not in found) if attributes is not None else ()


def _known_names(cls: type) -> Iterator[str]:
    """Yield each name once that may be one of an attribute, the likeliest first."""
    tried: set[str] = set()
    for names in _names_by_nearness(cls):
        for name in names:
            if name not in tried:
                tried.add(name)
                yield name


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


def of_class(place: Place, cls: type, way: Way) -> Steps:
    """Name a base class or an attribute of a class."""
    child, inner = way[1], after(way, 2)
    if type(cls) is child:
        yield place.aspect("metaclass", HolderKind.BASE_CLASS), 1
    elif any(base is child for base in raw.bases(cls)):
        yield place.aspect("base class", HolderKind.BASE_CLASS), 1
    elif child is raw.mro(cls) or child is raw.bases(cls):
        yield place.aspect("base class", HolderKind.BASE_CLASS), 2 if inner is not None else 1
    elif inner is not None and any(raw.class_dict(cls).get(name) is inner for name in _GENERIC_BASES):
        yield place.aspect("base class", HolderKind.BASE_CLASS), len(way) - 1
    elif type(child) is dict and inner is not None:
        for name in names_of(raw.class_dict(cls), inner):
            if name in _ANNOTATIONS and type(inner) is dict and len(way) > 3:
                keys = keys_of(inner, way[3])
                yield from ((place.aspect(f"annotation {key}", HolderKind.ANNOTATION), 3) for key in keys)
            else:
                yield _special(place, name, way) or (_member(place, name), 2)


def _member(place: Place, name: str) -> Place:
    """Return the place of what a class has under a name: that is a name as well."""
    return Place(f"{place.text}{attribute(name)}", "", place.kind)


def _special(place: Place, name: str, way: Way) -> Step | None:
    """Name what stands in the tables that Enum and dataclasses keep in a class."""
    table, value = way[2], after(way, 3)
    if name in _OF_VALUES and value is not None:
        member = _member_of(cast(type, way[0]), value)
        return (_member(_member(place, member), "_value_"), 3) if member is not None else None
    if type(table) is not dict or value is None:
        return None
    key = next((key for key, found in list(dict.items(table)) if found is value), None)
    if name == "_member_map_" and type(key) is str:
        return _member(place, key), 3
    if name == "_field_defaults" and type(key) is str:
        return place.aspect(f"field {key!r}", HolderKind.DEFAULT_ARGUMENT), 3
    if name == "__dataclass_fields__" and type(key) is str and len(way) > 4:
        if raw.stored(value, "default") is way[4]:  # Of a field it says more than its type, be that the same.
            return Place(place.text, f"field {key!r}.default", place.kind), 4  # That is what the class body binds.
        if raw.stored(value, "default_factory") is way[4]:
            return place.aspect(f"field {key!r}.default_factory", HolderKind.DEFAULT_ARGUMENT), 4
        if raw.stored(value, "type") is way[4]:
            return place.aspect(f"annotation {key!r}", HolderKind.ANNOTATION), 4
        return place.aspect(f"field {key!r}", HolderKind.DEFAULT_ARGUMENT), 3
    return None


def _member_of(cls: type, held: object) -> str | None:
    """Return the name of the member of an Enum that is, or whose value is, what a table of the class holds."""
    members = raw.lookup(raw.class_dict(cls), "_member_map_")
    for name, member in list(dict.items(members)) if type(members) is dict else ():
        if type(name) is str and (member is held or raw.stored(member, "_value_") is held):
            return name
    return None
