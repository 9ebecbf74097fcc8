"""Plain values: numbers, strings, and tuples of those. They are compared; of some the identity says who made them."""

from __future__ import annotations

import sysconfig
import types
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.bound import Bound
from stalecheck.probing.made import binding, resolved
from stalecheck.vocabulary import HolderKind

_ATOMS = (str, int, float, complex, bool, bytes, type(None), type(Ellipsis), range)
_MADE_EACH_TIME = (float, complex, range)

_SMALL = range(-1_000, 10_000)
"""Integers that the interpreter may have once only; versions differ."""

_IS_SHARED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
"""Whether equal constants of all modules are one object, as they are without the lock."""


def is_scalar(value: object) -> bool:
    """Whether a value is a number or a string."""
    return raw.is_any(type(value), _ATOMS)


def is_atom(value: object) -> bool:
    """Whether a value is nothing but numbers and strings, so that an equal one is as good."""
    return is_scalar(value) or (
        raw.is_any(type(value), (tuple, frozenset)) and all(map(is_atom, cast("tuple[object, ...]", value)))
    )


def is_equal(value: object, today: object) -> bool:
    """Whether a plain value stands where another value stood, or that value itself."""
    return today is value or (
        type(today) is type(value) and is_atom(today) and raw.text_of(today) == raw.text_of(value)
    )


def is_unique(value: object) -> bool:
    """Whether who has this very object has got it from where it was made, which no interning of equal ones brings."""
    kind = type(value)
    if _IS_SHARED:
        return False
    if kind is int:
        return cast(int, value) not in _SMALL
    if raw.is_any(kind, (tuple, frozenset)):
        return len(cast("tuple[object, ...]", value)) > 0 and is_atom(value)
    return raw.is_any(kind, _MADE_EACH_TIME) or (kind is bytes and len(cast(bytes, value)) > 1)


def parts_of_atom(value: object) -> Iterator[object]:
    """Yield a plain value and those in it: equal constants of one source are one object."""
    yield value
    if raw.is_any(type(value), (tuple, frozenset)):
        for part in cast("tuple[object, ...]", value):
            yield from parts_of_atom(part)


def is_made_in(namespace: Mapping[str, Any], name: str) -> bool:
    """Whether a module's source says that a name stands for a plain value of its own: a literal, what a type makes."""
    bound = binding(namespace, name)
    return bound is not None and (bound.is_constant or bound.is_computed or _is_of_class(namespace, bound))


def is_made_elsewhere(namespace: Mapping[str, Any], path: str, value: object, names: Collection[str]) -> bool:
    """Whether it may be another module that has made a plain value, which one of its names stands for.

    Args:
        namespace: The other module's.
        path: The name.
        value: The value.
        names: The names of the module that may have made it as well.
    """
    bound = binding(namespace, path)
    if bound is None:
        return type(raw.lookup(namespace, "__file__")) is not str
    if bound.is_constant or bound.is_computed:
        return True
    if not _is_of_class(namespace, bound):
        return False
    given = [raw.lookup(namespace, one) for one in bound.given]
    return not any(
        one is value or (raw.is_module(one) and raw.module_name(raw.module_dict(cast(types.ModuleType, one))) in names)
        for one in given
    )


def _is_of_class(namespace: Mapping[str, Any], bound: Bound) -> bool:
    """Whether a name is bound to the call of a class."""
    if bound.kind is not HolderKind.INSTANCE or bound.source is None:
        return False
    return raw.is_class(resolved(namespace, bound.source))
