"""Follows what a module's names lead to: bodies of classes, containers, closures, with the way to each value."""

from __future__ import annotations

import enum
import functools
import types
from collections import ChainMap, UserDict, UserList, deque
from collections.abc import Iterator
from dataclasses import dataclass
from gc import get_referents
from itertools import islice
from typing import Any

from stalecheck.probing import raw
from stalecheck.probing.attributes import attributes_of
from stalecheck.probing.containers import field_of
from stalecheck.probing.judge import unwrapped
from stalecheck.probing.plain import is_atom

_CONTAINERS = (dict, list, tuple, deque, set, frozenset)
_WRITTEN = (ChainMap, UserDict, UserList)
"""Containers that are written in Python: what they hold is in an attribute."""

_DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType, property, classmethod, staticmethod)

_Part = tuple[str, Any]
"""What is to be written behind the way to something, and what that leads to."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far what a module has is followed."""

    most: int
    """So many values."""

    deepest: int
    """So many steps from a name."""

    largest: int
    """A container with more is one value: what is in it is not looked at."""


KEPT = Reach(50_000, 12, 1_000)
"""Of the version that a watch keeps alive: this many are noted in half a second. What is written lies less deep; names
grow with each step, so that those in a linked list would be as long as the list.
"""

FOUND = Reach(1_000_000, 24, 1_000_000)
"""Of the version of afterwards: what the old one had may be there still, deeper in, among more, and is not old then."""


def values_of(namespace: dict[str, Any], names: frozenset[str], reach: Reach) -> Iterator[_Part]:
    """Yield what a module's names, its classes' bodies and the containers in those lead to, with the way there.

    What names stand for comes first. No line of the user's runs: of classes that inherit from containers the methods of
    those are called.
    """
    pending: deque[tuple[str, Any, int]] = deque(
        (name, value, 0)
        for name, value in list(namespace.items())
        if type(name) is str and not is_dunder(name) and not raw.is_module(value)
    )
    seen: set[int] = set()
    left = reach.most
    while pending and left:
        path, value, depth = pending.popleft()
        if raw.is_module(value):  # One is another's, be it in a registry.
            continue
        left -= 1
        yield path, value
        room = left - len(pending)
        if room <= 0 or id(value) in seen or is_atom(value) or depth >= reach.deepest:
            continue
        seen.add(id(value))
        parts = islice(_parts(value, names, reach.largest), room)
        pending.extend((f"{path}{way}", part, depth + 1) for way, part in parts)


def _parts(value: Any, names: frozenset[str], largest: int) -> Iterator[_Part]:
    kind = type(value)
    if raw.is_any(kind, _CONTAINERS):
        yield from _items(value, largest)
        return
    if raw.is_class(value):
        yield from _parts_of_class(value, names) if raw.class_module(value) in names else ()
        return
    yield from _parts_of_functions(value, names)
    if kind is functools.partial:
        yield ".func", value.func
        yield from ((f".args[{number}]", part) for number, part in enumerate(value.args))
        yield from ((f".keywords[{_key(key)}]", part) for key, part in list(dict.items(value.keywords)))
        return
    if kind is types.MappingProxyType:
        for found in get_referents(value):
            yield from _items(found, largest)
        return
    if kind is types.SimpleNamespace:
        for found in get_referents(value):
            names_in = list(found.items()) if type(found) is dict else []
            yield from ((f".{name}", part) for name, part in names_in if type(name) is str)
        return
    items = list(_items(value, largest))
    yield from items
    if raw.class_module(kind) in names or any(raw.is_any(base, _WRITTEN) for base in raw.mro(kind)):
        others = {*(id(part) for _, part in items), *map(id, dict.keys(value) if raw.inherits(kind, dict) else ())}
        yield from ((f".{'value' if name == '_value_' else name}", part) for name, part in attributes_of(value, others))


def _items(value: Any, largest: int) -> Iterator[_Part]:
    """Yield what is in a container, be it of a class that inherits from one."""
    kind = type(value)
    base: Any = next((base for base in _CONTAINERS if raw.inherits(kind, base)), None)
    if base is None or base.__len__(value) > largest:
        return
    if base is dict:
        yield from ((f"[{_key(key)}]", part) for key, part in list(dict.items(value)))
    elif base is set or base is frozenset:
        yield from (("[...]", part) for part in list(base.__iter__(value)))
    else:
        is_named = kind is not base
        for number, part in enumerate(list(base.__iter__(value))):
            yield (is_named and field_of(kind, number)) or f"[{number}]", part


def _parts_of_functions(value: object, names: frozenset[str]) -> Iterator[_Part]:
    """Yield what a function of the module has, and the one behind a decorator."""
    cached = raw.instance_dict(value) if type(value) is raw.CACHED else None
    inner = unwrapped(value if cached is None else raw.lookup(cached, "__wrapped__"))
    for function in (value, inner) if inner is not value else (value,):
        if type(function) is types.FunctionType and raw.module_name(function.__globals__) in names:
            yield from _defaults(function)
            yield from _closed_over(function)
            yield from (
                (f".{name}", part)
                for name, part in list(raw.function_dict(function).items())
                if type(name) is str and not is_dunder(name) and not _is_definition(part)
            )


def _defaults(function: types.FunctionType) -> Iterator[_Part]:
    """Yield what the parameters of a function stand for by default."""
    for number, value in enumerate(function.__defaults__ or ()):
        yield f".__defaults__[{number}]", value
    for name, value in list((function.__kwdefaults__ or {}).items()):
        yield f".__kwdefaults__[{name!r}]", value


def _closed_over(function: types.FunctionType) -> Iterator[_Part]:
    """Yield what a function has of the variables of those around it."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        for part in raw.cell_contents(cell):
            if name != "__class__" and not _is_definition(part):
                yield f".__closure__[{name!r}]", part


def _is_definition(part: object) -> bool:
    """Whether something is a function or a class: those are known by their own names."""
    return type(part) is types.FunctionType or raw.is_class(part)


def _parts_of_class(cls: type, names: frozenset[str]) -> Iterator[_Part]:
    """Yield what a class's body has, and what its methods have; of an Enum its members."""
    members = raw.lookup(raw.class_dict(cls), "_member_map_") if raw.inherits(type(cls), enum.EnumMeta) else None
    known = list(members.items()) if type(members) is dict else []
    yield from ((f".{name}", member) for name, member in known if type(name) is str)
    for name, part in list(raw.class_dict(cls).items()):
        if type(name) is not str or is_dunder(name) or (known and name.startswith("_") and name.endswith("_")):
            continue
        if not _is_of_class(part):
            yield f".{name}", part
        else:
            yield from ((f".{name}{way}", value) for way, value in _parts_of_functions(part, names))


def _is_of_class(part: object) -> bool:
    """Whether a part of a class's body is nothing by itself: its functions and what describes its attributes."""
    return type(unwrapped(part)) is types.FunctionType or raw.is_any(type(part), _DESCRIPTORS)


def _key(key: object) -> str:
    return raw.text_of(key) if is_atom(key) else "..."


def is_dunder(name: str) -> bool:
    """Whether Python itself gives a meaning to a name."""
    return name.startswith("__") and name.endswith("__")
