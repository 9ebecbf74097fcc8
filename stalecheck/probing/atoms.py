"""Finds who has taken a number or a string of a module: identity says nothing of those, the source does."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from gc import get_referents
from typing import Any, cast
from weakref import ref

from stalecheck.probing import raw
from stalecheck.probing.bound import Bound, where_bound
from stalecheck.probing.made import absolute, module_named, resolved
from stalecheck.probing.report import Finding, Holder
from stalecheck.probing.roots import is_standard
from stalecheck.probing.source import read
from stalecheck.probing.traces import Trace
from stalecheck.vocabulary import HolderKind, OriginKind, code_of, remedy_for


@dataclass(frozen=True, slots=True)
class _Name:
    """A name of a module or of a class in it that stands for a value."""

    module: str
    path: str
    filename: str
    namespace: Mapping[str, Any]
    holder: int
    """The id of the dict that has it."""


def find_atoms(module: str, atoms: Mapping[str, Any]) -> list[Finding]:
    """Find the names that have been imported or assigned from what a module has replaced.

    That is told for names of modules and classes by how the source binds them. What a container, a default argument or
    an instance has of such a value cannot be told: the same may have come from anywhere.

    Args:
        module: The module's name.
        atoms: What its names stood for.
    """
    findings = []
    for name, value in atoms.items():
        found = list(_holders(module, name, value))
        if found:
            holders = tuple(holder for holder, _ in found)
            trace = Trace(id(value), ref(type(value)), None, tuple(one.holder for _, one in found))
            kind = OriginKind.VALUE
            findings.append(Finding(f"{module}.{name}", kind, "stale", 1, holders, module, traces=(trace,)))
    return findings


def _holders(module: str, name: str, value: object) -> Iterator[tuple[Holder, _Name]]:
    # What is installed with Python takes nothing from the program.
    left = [one for one in _names(module, value) if is_standard(module) or not is_standard(one.module)]
    known = {(module, name)}
    texts: dict[str, str] = {}
    is_growing = True
    while is_growing:
        is_growing = False
        for one in list(left):
            text = texts.setdefault(one.filename, read(one.filename))
            if not any(_may_take(text, *source, is_own=source[0] == one.module) for source in known):
                continue
            bound = where_bound(one.filename, one.path)
            if bound is None and one.path != name:
                continue
            if bound is not None and known.isdisjoint(_sources(one, bound)):
                continue
            left.remove(one)
            known.add((one.module, one.path))
            is_growing = True
            if bound is not None and bound.kind is not None:
                code = code_of(bound.kind, OriginKind.VALUE)
                path = f"{one.module}.{one.path}"
                remedy = remedy_for(bound.kind)
                yield Holder(path, bound.kind, code, remedy, one.filename, bound.line, 1, one.module, one.path), one


def _may_take(text: str, module: str, path: str, *, is_own: bool) -> bool:
    """Whether a source may take a name from a module, or from itself: whether it has the words for that."""
    if not is_own and not _has(text, module.rpartition(".")[2]):
        found = raw.imported(module)
        if found is None or "__path__" not in raw.module_dict(found) or "from ." not in text:
            return False
    return "import *" in text or _has(text, path.rpartition(".")[2])


def _has(text: str, word: str) -> bool:
    return word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _names(module: str, value: object) -> Iterator[_Name]:
    """Yield the names of other modules, and of their classes, that stand for a value."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for other, imported in list(sys.modules.items()):
        if other == module or type(other) is not str or not raw.is_module(imported):
            continue
        namespace = raw.module_dict(imported)
        filename = raw.lookup(namespace, "__file__")
        if type(filename) is str:
            found[other] = filename, namespace
    for other, (filename, namespace) in found.items():
        for path in _standing_for(namespace, value):
            yield _Name(other, path, filename, namespace, id(namespace))
    for cls in raw.all_classes():
        of = raw.class_module(cls)
        paths = [f"{raw.class_qualname(cls)}.{path}" for path in _standing_for(raw.class_dict(cls), value)]
        if paths and of in found and raw.resolve(found[of][1], raw.class_qualname(cls)) is cls:
            holder = next((id(one) for one in get_referents(cls) if type(one) is dict), 0)
            for path in paths:
                yield _Name(of, path, *found[of], holder)


def _standing_for(namespace: Mapping[str, Any], value: object) -> Collection[str]:
    return [key for key, found in list(namespace.items()) if found is value and type(key) is str]


def _sources(name: _Name, bound: Bound) -> Iterator[tuple[str, str]]:
    """Yield from where the source takes what a name stands for: module and name there."""
    if bound.kind in (HolderKind.FROM_IMPORT, HolderKind.STAR_IMPORT):
        for source in (bound.source or "").split(","):
            module, _, imported = source.partition(":")
            yield absolute(module, name.namespace), name.path if imported == "*" else imported
    elif bound.kind is HolderKind.ALIAS and bound.source is not None:
        before, _, attribute = bound.source.rpartition(".")
        found = module_named(name.namespace, before) if before else None
        if found is not None:
            yield raw.module_name(raw.module_dict(found)) or "", attribute
        cls = resolved(name.namespace, before) if before else None
        for base in raw.mro(cast(type, cls)) if raw.is_class(cls) else ():
            if attribute in raw.class_dict(base):
                yield raw.class_module(base) or "", f"{raw.class_qualname(base)}.{attribute}"
                break
        yield name.module, bound.source
