"""Finds which of a session's variables are old objects, or lead to some."""

from __future__ import annotations

import gc
import re
import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.landmarks import landmark_of
from stalecheck.probing.place import Place
from stalecheck.probing.report import Finding
from stalecheck.probing.roots import root_of
from stalecheck.probing.walk import walk
from stalecheck.vocabulary import HolderKind, OriginKind

_MOST = 500_000
"""So many objects are looked at."""

_EACH = 50_000
"""So many of one variable."""

_NAMED = 20
"""So many places in one variable, the first and the last ones, are compared; the shortest name is shown."""

_ATOMS = (str, int, float, complex, bool, bytes, type(None))


class Relation(Enum):
    """What a variable, or what it leads to, has to do with an old object."""

    OLD = "old"
    HEIR = "heir"
    """A class that inherits from an old one."""

    OF_HEIR = "of heir"
    """An instance of such a class."""


@dataclass(frozen=True, slots=True)
class OldVariable:
    """A variable of the session that is old, or leads to something old."""

    name: str
    module: str
    """The module that was reloaded."""

    origin: str
    """The module and the qualified name of what is old: ``net.Model``."""

    kind: OriginKind
    relation: Relation
    path: str = ""
    """Where the old object is, if it is not the variable itself: ``models[0]``."""

    count: int = 1
    heir: tuple[str, str] = ("", "")
    """Module and name of the class that inherits from an old one."""

    is_gone: bool = False
    """Whether the module's source no longer has what is old."""


def find_old_variables(
    variables: Mapping[str, object], findings: Iterable[Finding], *, session: str
) -> list[OldVariable]:
    """Return which variables are old, or lead to old objects through what they are made of; no code of theirs runs.

    Args:
        variables: The session's variables.
        findings: What is old.
        session: The name of the session's module, ``__main__``: its classes and functions are looked into.
    """
    listed = list(findings)
    found = _Search(listed, session).all_of(variables)
    return [*found, *_reported(variables, listed, session, {one.name for one in found})]


def _reported(
    variables: Collection[str], findings: Iterable[Finding], session: str, known: Collection[str]
) -> Iterator[OldVariable]:
    """Yield the variables that the probe has named, where the search has not come to the old object: in large ones."""
    named = re.compile(rf"\b{re.escape(session)}\.(\w+)")
    seen = set(known)
    for finding in findings:
        for holder in finding.holders:
            match = named.search(holder.path)
            if match and match[1] in variables and match[1] not in seen and holder.kind is not HolderKind.HISTORY:
                seen.add(match[1])
                path = named.sub(r"\1", holder.path)
                relation = Relation.HEIR if holder.kind is HolderKind.BASE_CLASS else Relation.OLD
                text = "" if path == match[1] or relation is Relation.HEIR else path
                yield OldVariable(
                    match[1],
                    finding.module,
                    finding.origin,
                    finding.kind,
                    relation,
                    text,
                    heir=(session, match[1]),
                    is_gone=finding.is_gone,
                )


def is_replaced(value: object, module: types.ModuleType, name: str) -> bool:
    """Whether a module stands for something else today under a name that a value was once taken from."""
    today = raw.lookup(raw.module_dict(module), name)
    if today is value:
        return False
    if raw.is_any(type(value), _ATOMS):
        return type(today) is not type(value) or raw.text_of(today) != raw.text_of(value)
    return True


class _Search:
    def __init__(self, findings: Iterable[Finding], session: str) -> None:
        self._session = session
        self._left = _MOST
        self._findings = {id(old): (old, finding) for finding in findings for old in finding.objects()}
        self._heirs: dict[int, Finding | None] = {}

    def all_of(self, variables: Mapping[str, object]) -> list[OldVariable]:
        found = (self._of(name, value) for name, value in variables.items())
        return [one for one in found if one is not None]

    def _of(self, name: str, value: object) -> OldVariable | None:
        """Return what is old nearest to a variable."""
        ways: dict[int, tuple[object, int | None]] = {id(value): (value, None)}
        level: list[object] = [value]
        while level and len(ways) < min(_EACH, self._left):
            hits = [hit for hit in map(self._old, level) if hit is not None]
            if hits:
                near = [*hits[:_NAMED], *hits[_NAMED:][-_NAMED:]]  # A list gives its last items first.
                places = [next(walk(Place(name), _way(ways, hit[0]))).text for hit in near]
                first = min(range(len(places)), key=lambda at: (_rank(near[at][1]), len(places[at]), places[at]))
                found, finding, relation = near[first]
                cls = cast(type, found) if raw.is_class(found) else type(found)
                return OldVariable(
                    name,
                    finding.module,
                    finding.origin,
                    finding.kind,
                    relation,
                    places[first] if found is not value else "",
                    sum(other is finding and same is relation for _, other, same in hits),
                    (raw.class_module(cls) or "", raw.class_qualname(cls)),
                    finding.is_gone,
                )
            level = self._next(level, ways)
        self._left -= len(ways)
        return None

    def _next(self, level: list[object], ways: dict[int, tuple[object, int | None]]) -> list[object]:
        upper: list[object] = []
        for holder in level:
            for child in self._parts(holder):
                if id(child) not in ways:
                    ways[id(child)] = (child, id(holder))
                    upper.append(child)
            if len(ways) > _EACH:
                break
        return upper

    def _old(self, obj: object) -> tuple[object, Finding, Relation] | None:
        known = self._findings.get(id(obj))
        if known is not None:
            return obj, known[1], Relation.OLD
        finding = self._inherited(type(obj))
        if finding is not None:
            return obj, finding, Relation.OF_HEIR
        finding = self._inherited(cast(type, obj)) if raw.is_class(obj) else None
        return (obj, finding, Relation.HEIR) if finding is not None else None

    def _inherited(self, cls: type) -> Finding | None:
        """Return which old class a class inherits from."""
        if id(cls) not in self._heirs:
            known = (self._findings.get(id(base)) for base in raw.mro(cls))
            self._heirs[id(cls)] = next((found[1] for found in known if found is not None), None)
        return self._heirs[id(cls)]

    def _parts(self, obj: object) -> list[object]:
        """Return what an object is made of: neither its class nor what is another module's."""
        if not gc.is_tracked(obj) or raw.is_module(obj):
            return []
        landmark = landmark_of(obj)
        if landmark is not None and (not landmark.is_reported or landmark.kind is HolderKind.HISTORY):
            return []
        without = {id(type(obj))}
        if type(obj) is types.FunctionType:
            without |= {id(obj.__globals__), id(cast(Any, obj).__builtins__)}
        if type(obj) is types.FunctionType or raw.is_class(obj):
            root = root_of(obj)
            if (root is not None and root.module != self._session) or (root is None and raw.is_class(obj)):
                return []
        parts = (part for part in gc.get_referents(obj) if id(part) not in without)
        return [part for part in parts if not (type(part) is dict and _is_namespace(part))]


def _rank(finding: Finding) -> int:
    """Of a bound method the instance tells more than the function."""
    return 1 if finding.kind is OriginKind.FUNCTION else 0


def _is_namespace(found: dict[Any, Any]) -> bool:
    return raw.lookup(found, "__builtins__") is not None


def _way(ways: Mapping[int, tuple[object, int | None]], last: object) -> list[object]:
    found = [last]
    at = ways[id(last)][1]
    while at is not None:
        found.append(ways[at][0])
        at = ways[at][1]
    return found[::-1]
