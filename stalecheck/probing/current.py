"""What a module's namespace leads to today: its present functions, classes and code."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.data import Data, is_data
from stalecheck.probing.versions import is_same_version, names_of

_DESCRIPTORS = (functools.cached_property, functools.partialmethod, functools.singledispatchmethod)
_LEADING = (types.FunctionType, types.MethodType, staticmethod, classmethod, property, functools.partial, raw.CACHED)
_STEP = 1024


@dataclass(frozen=True, slots=True)
class Current:
    """What belongs to the present version of a module.

    It keeps the objects alive as long as it lives itself.
    """

    namespace: dict[str, Any]
    name: str
    names: frozenset[str]
    """What its classes may say that they are from: a few modules give themselves another name than they have."""

    objects: dict[int, object] = field(default_factory=dict)
    """What the namespace leads to directly: through names, class bodies, bases, closures, decorators."""

    loosely: dict[int, object] = field(default_factory=dict)
    """Classes and functions that only containers and instances lead to: state that was kept may hold old ones."""

    codes: dict[int, types.CodeType] = field(default_factory=dict)
    """The code of the functions, with the code nested in it."""

    displaced: list[tuple[type, type]] = field(default_factory=list)
    """Classes with a base in whose place another one stands, and that base: one of an old version, for all we know."""

    def is_reached(self, obj: object) -> bool:
        """Whether the namespace leads to an object in either way."""
        return id(obj) in self.objects or id(obj) in self.loosely


def find_current(
    namespace: dict[str, Any], name: str, without: Collection[int] = (), step: Callable[[], None] = lambda: None
) -> Current:
    """Follow a module's namespace to everything of its own that it leads to.

    Args:
        namespace: The namespace.
        name: The module's name.
        without: Old bases, by id, that classes lead to which an earlier execution has left there.
        step: Called now and then, so that it can raise.
    """
    current = Current(namespace, name, names_of(namespace, name))
    pending: list[tuple[object, bool]] = [(value, False) for value in list(dict.values(namespace))]
    seen: set[tuple[int, bool]] = set()
    data = Data(_leads, step)
    containers: list[object] = []
    while pending or containers:
        if not pending:
            pending = [(part, True) for part in data.of(containers) if id(part) not in without]
            containers = []
            continue
        obj, is_loose = pending.pop()
        if is_data(type(obj)):
            containers.append(obj)
            continue
        if (id(obj), is_loose) in seen or (is_loose and (id(obj), False) in seen):
            continue
        seen.add((id(obj), is_loose))
        if len(seen) % _STEP == 0:
            step()
        if type(obj) is types.FunctionType:
            if is_same_version(obj.__globals__, namespace):
                _keep(current, obj, is_loose=is_loose)
                if not is_loose:
                    current.codes.update((id(code), code) for code in nested_codes(obj.__code__))
            elif "<locals>" not in raw.code_name(obj):
                continue  # Another module's own function leads to that module's things.
        elif raw.is_class(obj):
            cls = cast(type, obj)
            if raw.class_module(cls) not in current.names and not is_written_in(cls, [namespace]):
                continue
            _keep(current, obj, is_loose=is_loose)
            bases = [base for base in raw.bases(cast(type, obj)) if raw.class_module(base) in current.names]
            current.displaced.extend((cast(type, obj), base) for base in bases if _is_displaced(namespace, base))
        parts = [(part, is_loose or loosens) for part, loosens in parts_of(obj)]
        pending += [one for one in parts if id(one[0]) not in without] if without else parts
    return current


def is_written_in(cls: type, namespaces: Iterable[dict[str, Any]]) -> bool:
    """Whether a class has a method of its own body's that has been defined in one of some namespaces.

    Then it is of their module, whatever ``__module__`` says: a package may have changed that to its own name.
    """
    name, known = raw.class_qualname(cls), list(namespaces)
    return any(
        type(part) is types.FunctionType
        and any(part.__globals__ is one for one in known)
        and raw.code_name(part).rpartition(".")[0] == name
        for part in list(raw.class_dict(cls).values())
    )


def _is_displaced(namespace: dict[str, Any], cls: type) -> bool:
    today = raw.resolve(namespace, raw.class_qualname(cls))
    return raw.is_class(today) and not any(base is cls for base in raw.mro(cast(type, today)))


def _leads(kind: type) -> bool:
    """Whether objects of a class lead to more than their class, and so are looked at one by one."""
    return raw.is_any(kind, (*_LEADING, *_DESCRIPTORS)) or raw.inherits(kind, type)


def _keep(current: Current, obj: object, *, is_loose: bool) -> None:
    (current.loosely if is_loose else current.objects)[id(obj)] = obj


def parts_of(obj: object) -> Iterator[tuple[object, bool]]:
    """Yield what an object that is no container is made of, and whether that may be older than the object."""
    kind = type(obj)
    if kind is types.FunctionType:
        function = cast(types.FunctionType, obj)
        yield from ((value, False) for cell in function.__closure__ or () for value in raw.cell_contents(cell))
        yield from ((value, False) for value in list(raw.function_dict(function).values()))
    elif raw.is_class(obj):
        cls = cast(type, obj)
        yield from ((value, False) for value in list(raw.class_dict(cls).values()))
        yield from ((base, False) for base in raw.bases(cls))
        yield type(cls), False
    elif kind is types.MethodType:
        method = cast(types.MethodType, obj)
        yield from ((method.__func__, False), (type(method.__self__), False))
    elif raw.is_any(kind, (staticmethod, classmethod)):
        yield cast("staticmethod[..., Any]", obj).__func__, False
    elif kind is property:
        accessors = cast(property, obj)
        yield from ((part, False) for part in (accessors.fget, accessors.fset, accessors.fdel))
    elif kind is functools.partial:
        partial = cast("functools.partial[Any]", obj)
        yield partial.func, False
        yield from ((part, False) for part in (*partial.args, *partial.keywords.values()))
    elif kind is raw.CACHED or raw.is_any(kind, _DESCRIPTORS):
        yield from ((value, False) for value in list((raw.instance_dict(obj) or {}).values()))
    elif not is_data(kind):
        yield kind, True


def nested_codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield a code object and all that its constants contain."""
    pending = [code]
    while pending:
        found = pending.pop()
        yield found
        pending += [constant for constant in found.co_consts if type(constant) is types.CodeType]
