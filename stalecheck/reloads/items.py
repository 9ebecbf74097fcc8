"""The kinds of things that an expression may stand for."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby, islice, product
from typing import Literal, TypeAlias

from stalecheck.reloads.filters import Filters, moved
from stalecheck.reloads.scopes import Place

Order: TypeAlias = Literal["import", "name", "reversed", "any"]
"""In which order a loop over modules runs: as they were imported first, by name, from the last name, or who knows
how."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What an absolute dotted name stands for."""

    name: str
    is_of_object: bool = False
    """Whether it is an attribute of an object or class that this file does not define: no module's name."""
    is_flat: bool = False
    """Whether a ``*`` in the name stands for names without dots."""
    is_entry: bool = False
    """Whether it comes out of ``sys.modules``: the module itself, whatever its package calls by that name."""
    filters: Filters = ()
    """The conditions that modules have to pass which a ``*`` stands for."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of the class of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """A constant string."""

    text: str
    is_glob: bool = False
    """Whether it stands for the names of modules on disk, with ``*`` for what is not written."""
    is_flat: bool = False
    """Whether the ``*`` stands for names without dots: of the modules of one package, not of those below."""
    is_attribute: bool = False
    """Whether it stands for what is read by that dotted name, not for the module that has it."""
    filters: Filters = ()
    """The conditions that modules have to pass which a ``*`` stands for."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A parameter, or what is made of it; what it takes is open as long as nothing was made of it."""

    function: str
    parameter: str
    is_text: bool = False
    takes: Literal["module", "name", ""] = ""
    pattern: str = "{}"
    """What is made of it; ``{package}`` stands for another parameter of the function."""

    is_each: bool = False
    is_variadic: bool = False
    is_any: bool = False
    """Whether a call may give several texts instead of one: ``name.startswith(prefixes)``."""

    filters: Filters = ()
    """The conditions that what a call gives has to pass, where that is what a loop runs through."""


@dataclass(frozen=True, slots=True)
class Group:
    """A tuple, list or set; each element is a tuple of alternatives."""

    elements: tuple[tuple[Item, ...], ...]
    is_unordered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary; keys and values are alternatives."""

    pairs: tuple[tuple[tuple[Item, ...], tuple[Item, ...]], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a loop over ``sys.modules`` runs through; `globs` is None before any condition narrows it."""

    part: Literal["name", "module", "pair"]
    globs: tuple[Text | Hole, ...] | None = None
    is_new: bool = False
    """Whether only names come through that an earlier copy of ``sys.modules`` did not hold."""
    order: Order = "import"
    filters: Filters = ()
    """The conditions that it has to pass."""


@dataclass(frozen=True, slots=True)
class Info:
    """What `pkgutil` tells about the modules of a package."""

    name: Item


FINDER = "importlib.abc.PathEntryFinder"
"""The name of what it tells of who finds one."""

IS_PACKAGE = "pkgutil.ModuleInfo.ispkg"
"""The name of what it tells of whether one is a package."""


@dataclass(frozen=True, slots=True)
class Partial:
    """The result of ``functools.partial``."""

    node: ast.Call
    place: Place


@dataclass(frozen=True, slots=True)
class Spec:
    """A module spec of that name."""

    name: Item


@dataclass(frozen=True, slots=True)
class Fresh:
    """A module object that was made by hand and is not yet in ``sys.modules``."""

    name: Item


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be worked out, and why."""

    why: str
    is_wrong: bool = False
    """Whether it certainly is no module."""


Item: TypeAlias = Thing | Instance | Text | Hole | Group | Table | Entry | Info | Partial | Spec | Fresh | Unknown
Items: TypeAlias = tuple[Item, ...]

MODULES = Thing("sys.modules")
COPY = Thing("sys.modules.copy()")
"""What is looked up in a copy of ``sys.modules`` is found; what is taken out of it stays where it was."""
TOO_MUCH = Unknown("the expression is too involved")
MIXED = Unknown("a part of the text is not known")
LIMIT = 400
"""Alternatives that one expression may have."""


def distinct(items: Iterable[Item]) -> Items:
    """The items without repetitions, in order."""
    return tuple(dict.fromkeys(items))


def steps(items: Iterable[Item]) -> Items:
    """The items in order, one that follows itself once: a loop may come back to what it began with."""
    return tuple(item for item, _ in groupby(items))


def modules_of(names: Items, node: ast.expr) -> Items:
    """The modules that have these names."""
    found: list[Item] = []
    for name in names:
        if isinstance(name, Text):
            found.append(Thing(name.text, is_flat=name.is_flat, is_entry=True, filters=name.filters))
        elif isinstance(name, Hole) and (name.is_text or not name.takes):
            found.append(replace(name, is_text=False, takes=name.takes or "name"))
        elif isinstance(name, Entry) and name.part == "name":
            found.append(replace(name, part="module"))
        else:
            found.append(name if isinstance(name, Unknown) else unknown(node))
    return tuple(found)


def looked_up(table: Table, keys: Items, node: ast.expr) -> Items:
    """The entries of a dictionary under these keys; all of them under a key that is not known."""
    found: list[Item] = []
    for key in keys or (unknown(node),):
        if isinstance(key, (Hole, Unknown)) and table.pairs:
            found.extend(value for _, values in table.pairs for value in values)
            continue
        values = [value for pair, value in table.pairs if key in pair]
        found.extend(values[-1] if values else (unknown(node),))
        # What was put in under a key that is not known may stand there instead.
        found.extend(v for pair, value in table.pairs if any(isinstance(k, Unknown) for k in pair) for v in value)
    return distinct(found)


def joined(parts: list[Items]) -> Items:
    """The texts that a concatenation may give; parameters leave a hole in the text."""
    count = 1
    for part in parts:
        count *= len(part)
    if count > LIMIT:
        return (TOO_MUCH,)
    return distinct(joined_one(row) for row in product(*parts))


def joined_one(row: tuple[Item, ...]) -> Item:
    """The text of one item after the other."""
    before, hole, is_glob, is_flat = "", None, False, False
    filters: Filters = ()
    for item in row:
        if isinstance(item, (Text, Hole)):
            filters = (*moved(filters, after=_written(item)), *moved(item.filters, before))
        if isinstance(item, Text):
            before += item.text
            is_glob = is_glob or item.is_glob
            is_flat = is_flat or item.is_flat
        elif isinstance(item, Hole) and hole is None and (item.is_text or not item.takes):
            hole = replace(item, is_text=True, takes=item.takes or "name")
            before += item.pattern
        elif isinstance(item, Hole) and hole is not None and is_beside(item, hole):
            before += beside(item, hole)
        else:
            return item if isinstance(item, Unknown) else MIXED
    if hole:
        return replace(hole, pattern=before, filters=filters)
    return Text(before, is_glob, is_flat, filters=filters)


def _written(item: Text | Hole) -> str:
    return item.text if isinstance(item, Text) else item.pattern


def is_beside(one: Hole, other: Hole) -> bool:
    """Whether two parameters of one function may be parts of one name."""
    return one.function == other.function and one.takes != "module" and not (one.is_each or one.is_variadic)


def beside(one: Hole, other: Hole) -> str:
    """What is made of a parameter, as a part of what is made of another one."""
    return one.pattern.replace("{}", "{}" if one.parameter == other.parameter else f"{{{one.parameter}}}")


def are_names(items: Items) -> bool:
    """Whether a collection is ``sys.modules``, a copy of it, or of its names."""
    return bool(items) and all(item in (MODULES, COPY) or _are_entries(item) for item in items)


def _are_entries(item: Item) -> bool:
    if not (isinstance(item, Group) and len(item.elements) == 1 and len(item.elements[0]) == 1):
        return False
    entry = item.elements[0][0]
    return isinstance(entry, Entry) and replace(entry, order="import", filters=()) == Entry("name")


def less(items: Items, node: ast.expr) -> Items:
    """What is left of the names in ``sys.modules`` without some."""
    return (Group(((Entry("name", is_new=True),),)),) if are_names(items) else (unknown(node),)


def unknown(node: ast.expr) -> Unknown:
    """The reason for an expression that nothing is known about."""
    return Unknown(f"`{shorten(node)}` is not known")


def shorten(node: ast.expr) -> str:
    """An expression as source, short enough for a sentence."""
    if not is_short(node):
        return "…"
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 50 else f"{text[:47]}…"


def is_short(node: ast.expr) -> bool:
    """Whether an expression has so few parts that recursive code of the standard library can handle it."""
    return sum(1 for _ in islice(ast.walk(node), 120)) < 120


def integer(node: ast.expr) -> int | None:
    """The value of a constant integer."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -1, node.operand
    is_integer = isinstance(node, ast.Constant) and type(node.value) is int
    return sign * node.value if is_integer else None  # type: ignore[attr-defined]


def look(item: Item) -> str:
    """Return what the name of what a loop is at looks like; empty for anything in ``sys.modules``."""
    if isinstance(item, (Info, Spec)):
        return look(item.name)
    if isinstance(item, Hole):
        return item.pattern
    return item.text if isinstance(item, Text) else item.name if isinstance(item, Thing) else ""


def is_swept(item: Item) -> bool:
    """Return whether it stands for modules that are not written out."""
    return isinstance(item, Entry) or "*" in look(item)


def is_name(item: Item) -> bool:
    """Return whether it is the name of what a loop is at."""
    if isinstance(item, Hole):
        return "*" in item.pattern and (item.is_text or not item.takes)
    return item.is_glob if isinstance(item, Text) else isinstance(item, Entry) and item.part == "name"
