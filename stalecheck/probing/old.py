"""Tells which objects are of an old version of a module, after the fact and with nothing prepared.

Sources of the facts: CPython keeps one file name object for all code of one execution up to 3.12 (3.13 interns it);
`importlib.reload` keeps a module's ``__dict__``, an import after an eviction makes another one.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.machinery import ModuleSpec, SourceFileLoader
from typing import Any, Literal, cast

from stalecheck.probing import heap, raw
from stalecheck.probing.code import EXECUTIONS_DIFFER, Shape, fresh_codes, qualname, shape
from stalecheck.probing.current import Current, find_current
from stalecheck.vocabulary import OriginKind

Verdict = Literal["stale", "split", "duplicate"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What an old object is an old version of."""

    module: str
    name: str
    """The qualified name within the module; empty for the module itself."""

    kind: OriginKind
    verdict: Verdict

    @property
    def path(self) -> str:
        """The module and the qualified name, with a dot."""
        return f"{self.module}.{self.name}" if self.name else self.module


@dataclass(frozen=True, slots=True)
class Old:
    """The old objects of one module, by id, with what they are.

    The namespaces of old versions are kept apart: they hold everything of their version and are nobody's.
    """

    module: str
    objects: dict[int, object] = field(default_factory=dict)
    origins: dict[int, Origin] = field(default_factory=dict)
    namespaces: dict[int, dict[str, Any]] = field(default_factory=dict)

    def add(self, obj: object, name: str, kind: OriginKind, verdict: Verdict) -> None:
        """Take an object for old."""
        self.objects[id(obj)] = obj
        self.origins[id(obj)] = Origin(self.module, name, kind, verdict)


@dataclass(frozen=True, slots=True)
class Stock:
    """The functions, namespaces and classes of the process, each by the name of its module."""

    functions: dict[str, list[types.FunctionType]] = field(default_factory=dict)
    namespaces: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    classes: dict[str, list[type]] = field(default_factory=dict)


def take_stock() -> Stock:
    """Look through the process once, whatever the number of modules."""
    stock = Stock()
    names: dict[int, str] = {}
    for found in heap.functions_and_namespaces():
        if type(found) is types.FunctionType:
            of = found.__globals__
            if id(of) not in names:
                names[id(of)] = raw.module_name(of) or ""
            stock.functions.setdefault(names[id(of)], []).append(found)
        elif type(found) is dict:
            stock.namespaces.setdefault(raw.module_name(found) or "", []).append(found)
    for cls in raw.all_classes():
        stock.classes.setdefault(raw.class_module(cls) or "", []).append(cls)
    return stock


def find_old(name: str, namespace: dict[str, Any], stock: Stock) -> Old:
    """Find the functions, classes, instances and module objects of old versions of a module.

    Args:
        name: The module's name.
        namespace: The namespace of its present version.
        stock: What there is in the process.
    """
    judge = _Judge(find_current(namespace, name))
    old = Old(name)
    for function in stock.functions.get(name, ()):
        of = function.__globals__
        verdict = judge.of_function(function) if of is namespace else judge.of_replaced(function)
        if verdict is not None:
            old.add(function, raw.code_name(function), OriginKind.FUNCTION, verdict)
            if of is not namespace:
                old.namespaces[id(of)] = of
    classes: list[type] = []
    for cls in stock.classes.get(name, ()):
        verdict = judge.of_class(cls)
        if verdict is not None:
            classes.append(cls)
            old.add(cls, raw.class_qualname(cls), OriginKind.CLASS, verdict)
    others = {id(of): of for of in stock.namespaces.get(name, ()) if of is not namespace}
    candidates = {**others, **old.namespaces}
    if candidates or classes:
        _add_modules_and_instances(old, candidates, classes, name)
    return old


def _add_modules_and_instances(old: Old, candidates: dict[int, dict[str, Any]], classes: list[type], name: str) -> None:
    by_id = {id(cls): cls for cls in classes}
    targets: list[object] = [*candidates.values(), *classes]
    own = {id(targets), id(candidates), id(classes), id(by_id), id(old.objects), id(old.namespaces)}
    for found in heap.referrers(targets, is_own=own.__contains__):
        kind = type(found)
        if id(kind) in by_id and id(found) not in old.objects and not raw.is_class(found):
            origin = old.origins[id(kind)]
            old.add(found, origin.name, OriginKind.INSTANCE, origin.verdict)
        elif raw.is_module(found):
            of = raw.module_dict(cast(types.ModuleType, found))
            if id(of) in candidates and found is not raw.imported(name):
                old.namespaces[id(of)] = of
                old.add(found, "", OriginKind.MODULE, "stale")
    targets.clear()


class _Judge:
    """Holds functions and classes against the present version."""

    def __init__(self, current: Current) -> None:
        self._current = current
        self._file_names: dict[str, set[int]] = {}
        for code in current.codes.values():
            self._file_names.setdefault(code.co_filename, set()).add(id(code.co_filename))

    @cached_property
    def _source(self) -> tuple[types.CodeType, ...]:
        """All code of the module's source, as far as it can be read."""
        return fresh_codes(self._current.namespace) or tuple(self._current.codes.values())

    @cached_property
    def _shapes(self) -> frozenset[Shape]:
        """The shapes of the code that the present version runs or can have run."""
        return frozenset(map(shape, (*self._current.codes.values(), *self._source)))

    def of_function(self, function: types.FunctionType) -> Verdict | None:
        """Return the verdict on a function over the module's present namespace; None if it is a present one."""
        if id(function) in self._current.objects:
            return None
        code = function.__code__
        name = raw.code_name(function)
        today = raw.resolve(self._current.namespace, name)
        if id(code) in self._current.codes:
            is_patched = type(unwrapped(today)) is types.FunctionType and "<" not in name
            return "split" if is_patched else None
        known = self._file_names.get(code.co_filename)
        if EXECUTIONS_DIFFER and known:
            return None if id(code.co_filename) in known else self._verdict(code)
        if shape(code) not in self._shapes:
            return "stale"
        return "duplicate" if self._is_replaced(code) else None

    def _is_replaced(self, code: types.CodeType) -> bool:
        """Whether the present version has the only function of this name, and it is another one with equal code."""
        same = [found for found in self._current.codes.values() if qualname(found) == qualname(code)]
        is_only = sum(qualname(found) == qualname(code) for found in self._source) <= 1
        return is_only and any(shape(found) == shape(code) for found in same)

    def of_replaced(self, function: types.FunctionType) -> Verdict:
        """Return the verdict on a function over the namespace of an old version."""
        return self._verdict(function.__code__)

    def _verdict(self, code: types.CodeType) -> Verdict:
        return "duplicate" if shape(code) in self._shapes else "stale"

    def of_class(self, cls: type) -> Verdict | None:
        """Return the verdict on a class of the module; None if it is a present one."""
        current = self._current
        today = raw.resolve(current.namespace, raw.class_qualname(cls))
        if today is cls:
            return None
        functions = list(_own_functions(cls, current.name))
        if any(function.__globals__ is not current.namespace for function in functions):
            return self._class_verdict(functions, today)
        if functions and all(id(function.__code__) in current.codes for function in functions):
            is_shared = any(id(function) in current.objects for function in functions)
            is_nested = "<locals>" in raw.class_qualname(cls)
            return None if is_shared or is_nested or not raw.is_class(today) else "split"
        if EXECUTIONS_DIFFER:
            for function in functions:
                known = self._file_names.get(function.__code__.co_filename)
                if known:
                    is_present = id(function.__code__.co_filename) in known
                    return None if is_present else self._class_verdict(functions, today)
        if id(cls) in current.objects:
            return None
        if raw.is_class(today):
            return self._class_verdict(functions, today)
        if current.is_reached(cls):
            return None
        if functions and all(shape(function.__code__) in self._shapes for function in functions):
            return None
        is_unknown = not functions and ("<locals>" in raw.class_qualname(cls) or not self._is_of_source)
        return None if is_unknown else "stale"

    @cached_property
    def _is_of_source(self) -> bool:
        """Whether the module is written in Python: what C code makes need not stand under its name."""
        spec = raw.lookup(self._current.namespace, "__spec__")
        return type(spec) is ModuleSpec and type(spec.loader) is SourceFileLoader

    def _class_verdict(self, functions: list[types.FunctionType], today: object) -> Verdict:
        if not raw.is_class(today):
            return "stale"
        theirs = {raw.code_name(f): shape(f.__code__) for f in _own_functions(cast(type, today), self._current.name)}
        ours = {raw.code_name(f): shape(f.__code__) for f in functions}
        return "duplicate" if ours == theirs else "stale"


def _own_functions(cls: type, module: str) -> Iterator[types.FunctionType]:
    """Yield the functions of a class's body, out of their descriptors."""
    for value in list(raw.class_dict(cls).values()):
        found = unwrapped(value)
        if type(found) is types.FunctionType and raw.module_name(found.__globals__) == module:
            yield found


def unwrapped(value: object) -> object:
    """Return the function in a descriptor, or behind a decorator that says what it wraps."""
    for _ in range(20):
        if raw.is_any(type(value), (staticmethod, classmethod)):
            value = cast("staticmethod[..., Any]", value).__func__
        elif type(value) is property:
            value = value.fget
        elif type(value) is types.FunctionType and "__wrapped__" in raw.function_dict(value):
            value = raw.function_dict(value)["__wrapped__"]
        else:
            break
    return value
