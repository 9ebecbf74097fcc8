"""Tells which modules have an old object under a name of theirs: reloaded, they give cells the new one."""

from __future__ import annotations

import importlib.util
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from stalecheck.notebook.cells import Source
from stalecheck.probing import raw
from stalecheck.probing.current import nested_codes
from stalecheck.probing.made import binding, module_named
from stalecheck.probing.report import Finding
from stalecheck.vocabulary import HolderKind

_MOST = 2_000
"""So many functions and classes are followed that a cell runs."""


class Reexports:
    """The modules other than an old object's own that have it, or inherit from it."""

    def __init__(self, findings: Iterable[Finding], namespace: Mapping[str, object], session: str) -> None:
        """Take what is old, what the session's names stand for, and the name of the session's module."""
        self._namespace = namespace
        self._session = session
        self._homes = {id(old): finding.module for finding in findings for old in finding.objects()}

    def to_reload(self, used: Iterable[Source]) -> list[str]:
        """Return which modules have to be reloaded before a cell is run again, those first that others import from.

        Args:
            used: What the cell uses.
        """
        found: list[str] = []
        seen: set[int] = set()
        for source in used:
            for module, value in self._named(source):
                for one in self._holding(module, value, seen):
                    found += [name for name in self._in_order(one, ()) if name not in found]
        return found

    def in_order(self, modules: Iterable[str]) -> list[str]:
        """Return modules with those that they take something old from, in the order in which to reload them."""
        return list(dict.fromkeys(name for one in modules for name in self._in_order(one, ())))

    def _named(self, source: Source) -> Iterator[tuple[str, object]]:
        """Yield what a cell uses, with the module whose name it is."""
        if not source.module:
            yield self._session, self._namespace.get(source.name)
            return
        module = raw.imported(source.module) if source.is_import else module_named(self._namespace, source.module)
        if module is None:
            return
        namespace = raw.module_dict(module)
        own = raw.module_name(namespace) or ""
        names = list(namespace) if source.name == "*" else [source.name]
        yield from ((own, raw.lookup(namespace, name)) for name in names if type(name) is str)

    def _holding(self, module: str, value: object, seen: set[int]) -> Iterator[str]:
        """Yield the modules that have what is old of a value, or of what that runs."""
        pending: list[tuple[str, object]] = [(module, value)]
        while pending and len(seen) < _MOST:
            of, found = pending.pop()
            home = self._homes.get(id(found))
            if home is not None:
                if of not in (home, self._session):
                    yield of
                continue
            if id(found) in seen:
                continue
            seen.add(id(found))
            if type(found) is types.FunctionType:
                pending += _globals_of(found)
            elif raw.is_class(found):
                cls = cast(type, found)
                own = raw.class_module(cls) or ""
                if own != self._session and any(id(base) in self._homes for base in raw.mro(cls)):
                    yield own
                pending += [(own, part) for part in _functions_of(cls)]

    def _in_order(self, module: str, before: tuple[str, ...]) -> Iterator[str]:
        """Yield a module after those that it has imported something old from."""
        found = raw.imported(module)
        namespace = raw.module_dict(found) if found is not None else {}
        for name, value in list(namespace.items()):
            home = self._homes.get(id(value)) if type(name) is str else None
            for other in _sources(namespace, name) if home is not None else ():
                if other not in (home, module, self._session, *before) and self._has(other, value):
                    yield from self._in_order(other, (*before, module))
            for base in raw.mro(cast(type, value)) if raw.is_class(value) and home is None else ():
                other = raw.class_module(base) or ""
                if other not in (module, self._session, *before) and self._is_heir(base):
                    yield from self._in_order(other, (*before, module))
        yield module

    def _is_heir(self, cls: type) -> bool:
        """Whether a class is not old itself, but inherits from one that is."""
        return id(cls) not in self._homes and any(id(base) in self._homes for base in raw.mro(cls))

    def _has(self, module: str, value: object) -> bool:
        found = raw.imported(module)
        return found is not None and any(one is value for one in list(raw.module_dict(found).values()))


def _globals_of(function: types.FunctionType) -> list[tuple[str, object]]:
    """Return what the names stand for that a function uses."""
    namespace = function.__globals__
    module = raw.module_name(namespace) or ""
    names = {name for code in nested_codes(function.__code__) for name in code.co_names}
    values = ((name, raw.lookup(namespace, name)) for name in names)
    return [(module, value) for name, value in values if value is not None]


def _functions_of(cls: type) -> list[object]:
    return [part for part in list(raw.class_dict(cls).values()) if type(part) is types.FunctionType]


def _sources(namespace: dict[str, object], name: str) -> Iterator[str]:
    """Yield the modules that a module takes a name from, as its source says."""
    bound = binding(namespace, name)
    if bound is None or bound.source is None:
        return
    package = raw.lookup(namespace, "__package__")
    if bound.kind in (HolderKind.FROM_IMPORT, HolderKind.STAR_IMPORT):
        for one in bound.source.split(","):
            module = one.partition(":")[0]
            if not module.startswith("."):
                yield module
            elif type(package) is str and package:
                yield importlib.util.resolve_name(module, package)
    elif bound.kind is HolderKind.ALIAS:
        found = module_named(namespace, bound.source.rpartition(".")[0])
        if found is not None:
            yield raw.module_name(raw.module_dict(found)) or ""
