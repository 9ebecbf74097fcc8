"""What a module has at the moment when something replaces it, and what of that a name stood for."""

from __future__ import annotations

import contextlib
import types
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.current import nested_codes
from stalecheck.probing.old import find_old, take_stock
from stalecheck.probing.snapshot import Snapshot, still_alive, take_snapshot
from stalecheck.probing.versions import names_of

_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a module has at a moment. It keeps alive what its snapshot does."""

    number: int
    """A later one has a greater number."""

    snapshot: Snapshot
    module: weakref.ref[types.ModuleType]
    named: frozenset[int]
    """The ids of the functions and classes that stand under their own names: they are of the present version."""

    old: tuple[weakref.ref[Any], ...] = ()
    """What had been old when the module was looked at for the first time: before the first test, say."""

    def objects(self) -> Iterator[tuple[object, bool]]:
        """Yield what it had that is still alive, and whether it is known that that was of the present version."""
        module = self.module()
        if module is not None:
            yield module, True
        for path, found in still_alive(self.snapshot):
            is_told = type(found) is types.FunctionType or raw.is_class(found)
            yield found, id(found) in self.named if is_told else path.isidentifier()
        for reference in self.snapshot.made:
            found = reference()
            if found is not None:
                yield found, id(found) in self.named

    def made(self) -> Iterator[object]:
        """Yield the module, its functions and its classes, those of the versions before it too."""
        yield from (found for found in (self.module(), *(one() for one in self.snapshot.made)) if found is not None)

    def ids(self) -> Iterator[tuple[int, bool]]:
        """Yield the ids of that, and those of the code that it has."""
        for found, is_present in self.objects():
            yield id(found), is_present
            if type(found) is types.FunctionType:
                yield from ((id(code), is_present) for code in nested_codes(found.__code__))


class Moments:
    """Takes moments; one look through the process does for all modules that are replaced in a step."""

    def __init__(self) -> None:
        self._stock: _Stock | None = None
        self._taken: set[str] = set()
        self._seen: set[str] = set()

    def take(self, name: str, module: types.ModuleType, *, is_reload: bool) -> Moment:
        """Note what a module has.

        Args:
            name: The module's name.
            module: The module.
            is_reload: Whether it is about to be executed again, in the same namespace.
        """
        namespace = raw.module_dict(module)
        if self._stock is None or name in self._taken or id(namespace) not in self._stock.namespaces:
            self.end_step()
            self._stock = _take_stock()
        self._taken.add(name)
        snapshot = take_snapshot(name, module, weakly=True, made=self._stock.made_of(name, namespace))
        if is_reload:  # `importlib.reload` has stored the new one by now: this module is another version afterwards.
            snapshot = replace(snapshot, spec=None)
        named = frozenset(id(found) for found in (one() for one in snapshot.made) if _is_named(found, namespace))
        old: tuple[weakref.ref[Any], ...] = ()
        if name not in self._seen:
            self._seen.add(name)
            is_repeated = name in self._stock.repeated or any(_is_repeated(one(), namespace) for one in snapshot.made)
            old = _old_already(name, namespace) if is_repeated else ()
        return Moment(next(_NUMBERS), snapshot, weakref.ref(module), named, old)

    def end_step(self) -> None:
        """Forget what there was in the process."""
        self._stock = None
        self._taken.clear()


@dataclass(frozen=True, slots=True)
class _Stock:
    """The functions and classes of the process by the names of their modules. It keeps none alive."""

    made: dict[str, list[weakref.ref[Any]]] = field(default_factory=dict)
    namespaces: set[int] = field(default_factory=set)
    """The ids of the modules' namespaces."""

    repeated: set[str] = field(default_factory=set)
    """The names of the modules that have several."""

    def made_of(self, name: str, namespace: dict[str, Any]) -> list[weakref.ref[Any]]:
        """Return what a module has made: its functions, and the classes that say that they are from it."""
        return [
            reference
            for one in names_of(namespace, name)
            for reference in self.made.get(one, ())
            for found in (reference(),)
            if type(found) is not types.FunctionType or found.__globals__ is namespace
        ]


def _take_stock() -> _Stock:
    stock, mine = take_stock(), _Stock()
    for kind in (stock.functions, stock.classes):
        for name, found in kind.items():
            mine.made.setdefault(name, []).extend(map(weakref.ref, found))
    mine.namespaces.update(id(one) for found in stock.namespaces.values() for one in found)
    mine.repeated.update(name for name, found in stock.namespaces.items() if len(found) > 1)
    return mine


def _old_already(name: str, namespace: dict[str, Any]) -> tuple[weakref.ref[Any], ...]:
    """Return what is old of a module that is about to be replaced; what takes no weak reference goes with its class."""
    found: list[weakref.ref[Any]] = []
    for one in find_old(name, namespace, take_stock()).objects.values():
        with contextlib.suppress(TypeError):
            found.append(weakref.ref(one))
    return tuple(found)


def _is_repeated(found: object, namespace: dict[str, Any]) -> bool:
    """Whether another function or class that may be the same of a later version stands under the name of this one."""
    today = _named(found, namespace)
    if today is found or type(today) is not type(found):
        return False
    if type(found) is types.FunctionType:
        return found.__code__ == cast(types.FunctionType, today).__code__
    return raw.class_module(cast(type, found)) == raw.class_module(cast(type, today))


def _is_named(found: object, namespace: dict[str, Any]) -> bool:
    return found is not None and _named(found, namespace) is found


def _named(found: object, namespace: dict[str, Any]) -> object:
    """Return what stands under the name that a function or a class has been given by its definition."""
    if type(found) is types.FunctionType:
        path = raw.code_name(found)
    else:
        path = raw.class_qualname(cast(type, found)) if raw.is_class(found) else ""
    today = raw.resolve(namespace, path)
    return today.__func__ if type(today) is staticmethod or type(today) is classmethod else today
