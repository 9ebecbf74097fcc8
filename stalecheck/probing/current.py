"""What a module's namespace leads to today: its present functions, classes and code."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from stalecheck.probing import heap, raw
from stalecheck.probing.data import DESCRIPTORS, Data, is_data
from stalecheck.probing.upwards import may_lead_to
from stalecheck.probing.versions import is_same_version, names_of

_STEP = 1024

_MANY = 10_000
"""Before more contents than this are gone through, it is asked whether anything is to be found there."""


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
    data = Data(step)
    containers: list[Collection[object]] = []
    is_sure = False
    while pending or containers:
        if not pending:
            level = containers if is_sure else [one for one in containers if len(one) <= _MANY]
            if not is_sure and (not level or sum(map(len, level)) > _MANY):
                known = {id(namespace), *(one for one, _ in seen), *data.seen, *map(id, containers)}
                if not may_lead_to(_missing(current), known, step):
                    break
                is_sure = True
                continue
            large = [] if is_sure else [one for one in containers if len(one) > _MANY]
            found, containers = data.of(level)
            containers += large
            pending = [(part, True) for part in found if id(part) not in without]
            del found
            continue
        obj, is_loose = pending.pop()
        if is_data(type(obj)):
            if id(obj) not in data.seen:
                containers.append(cast(Collection[object], obj))
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


def _missing(current: Current) -> list[object]:
    """Return the functions and classes of the module that its namespace has not led to yet."""
    is_own: dict[int, bool] = {}
    found: list[object] = []
    for one in heap.functions_and_namespaces():
        if type(one) is types.FunctionType and not current.is_reached(one):
            of = one.__globals__
            if id(of) not in is_own:
                is_own[id(of)] = is_same_version(of, current.namespace)
            if is_own[id(of)]:
                found.append(one)
    for cls in raw.all_classes():
        is_of_module = raw.class_module(cls) in current.names or is_written_in(cls, [current.namespace])
        if is_of_module and not current.is_reached(cls):
            found.append(cls)
    return found


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
    elif kind is raw.CACHED or raw.is_any(kind, DESCRIPTORS):
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
