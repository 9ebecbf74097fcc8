"""What an expression stands for: a module, a text, a parameter, an entry of ``sys.modules``."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from stalecheck.reloads.asked import under_key
from stalecheck.reloads.calls import NAMESPACES, called, common, difference, rearranged
from stalecheck.reloads.filters import Test
from stalecheck.reloads.items import (
    COPY,
    FINDER,
    IS_PACKAGE,
    LIMIT,
    MIXED,
    MODULES,
    TOO_MUCH,
    Entry,
    Fresh,
    Group,
    Hole,
    Info,
    Instance,
    Item,
    Items,
    Spec,
    Table,
    Text,
    Thing,
    Unknown,
    distinct,
    integer,
    joined,
    look,
    looked_up,
    modules_of,
    shorten,
    steps,
    unknown,
)
from stalecheck.reloads.names import bound, named
from stalecheck.reloads.scopes import (
    END,
    START,
    Binding,
    Comprehension,
    Outline,
    Place,
    Position,
    Scope,
    bindings_at,
    terminal,
)
from stalecheck.reloads.sites import Wrapper
from stalecheck.reloads.texts import f_string, percent

Known: TypeAlias = Callable[[str], Wrapper | None]
"""From a callee's absolute dotted name to the wrapper that it is."""

_STEPS = 3_000
"""Expressions that are looked at to work out one."""
_DEPTH = 60


class Evaluator:
    """Works out expressions of one file.

    It asks `known` which functions reload what they are given, and `constants` what other files' constants are.
    """

    def __init__(self, outline: Outline, known: Known, constants: Callable[[str], Items] | None = None) -> None:
        self.outline = outline
        self.known = known
        self._constants = constants
        self.saw_unordered = False
        self._steps = 0
        self._depth = 0
        self.call_depth = 0
        self.active: set[int] = set()
        self.cuts = 0
        self.assumed: dict[int, Items] = {}
        self.is_narrowing = False
        self.tests: dict[int, Test] = {}
        """What conditions were read, by the identity of their nodes."""

    def items(self, node: ast.expr, place: Place) -> Items:
        """What `node` may stand for, in order, without ``None``; sets `saw_unordered`."""
        self._steps, self.cuts, self.saw_unordered = 0, 0, False
        try:
            return steps(self.inner(node, place))
        except RecursionError:
            self._depth, self.call_depth, self.is_narrowing = 0, 0, False
            self.active.clear()
            self.assumed.clear()
            return (TOO_MUCH,)

    def names(self, node: ast.expr, place: Place) -> tuple[str, ...]:
        """The absolute dotted names that a callee may have."""
        found = [item.name for item in self.items(node, place) if isinstance(item, Thing)]
        if isinstance(node, ast.Name) and not bindings_at(node.id, place, START)[0]:
            found = [*(f"{star}.{node.id}" for star in self.outline.stars), *found]
        return tuple(found)

    def bindings(self, name: str, place: Place, at: Position) -> list[Binding]:
        """The bindings of a name that may hold at a place."""
        return bindings_at(name, place, at)[0]

    def exported(self, name: str) -> Items:
        """What a name of the module stands for once the module's body has run."""
        return self.items(ast.Name(name, ast.Load(), lineno=END[0], col_offset=0), Place(self.outline.module))

    def opened(self, items: Items) -> Items:
        """The same items, but for constants of other files what those stand for."""
        if self._constants is None or not any(isinstance(item, Thing) for item in items):
            return items
        found: list[Item] = []
        for item in items:
            is_foreign = isinstance(item, Thing) and self.own(item.name) is None
            found.extend((self._constants(item.name) if is_foreign and isinstance(item, Thing) else ()) or (item,))
        return tuple(found)

    def elements(self, items: Items) -> Items:
        """What a loop over `items` runs through."""
        return distinct(self.each(items, "what the loop runs over"))

    def inner(self, node: ast.expr, place: Place) -> Items:
        """What a part of the expression that is being worked out may stand for."""
        self._steps += 1
        if self._steps > _STEPS or self._depth > _DEPTH:
            return (TOO_MUCH,)
        read = _READERS.get(type(node))
        if read is None:
            return (unknown(node),)
        self._depth += 1
        found = read(self, node, place)
        self._depth -= 1
        if MIXED in found:
            found = tuple(unknown(node) if item is MIXED else item for item in found)
        return found if len(found) <= LIMIT else (TOO_MUCH,)

    def _constant(self, node: ast.Constant, place: Place) -> Items:
        if isinstance(node.value, str):
            return (Text(node.value),)
        return () if node.value is None else (unknown(node),)

    def _name(self, node: ast.Name, place: Place) -> Items:
        return named(self, node.id, (node.lineno, node.col_offset), place)

    def _attribute(self, node: ast.Attribute, place: Place) -> Items:
        found: list[Item] = []
        for item in self.inner(node.value, place):
            found.extend(self.member(item, node.attr, node))
        return tuple(found)

    def member(self, item: Item, name: str, node: ast.expr) -> Items:
        """An attribute of what `node` reads it from."""
        if isinstance(item, Entry) and item.part == "module" and name in ("__name__", "__spec__"):
            return (replace(item, part="name"),)
        if name == "__name__" and isinstance(item, (Thing, Fresh, Hole)):
            return self._name_of(item, node)
        if name in ("__spec__", "__loader__") and isinstance(item, (Thing, Fresh, Hole)):
            return tuple(Spec(part) for part in self._name_of(item, node))
        if item == _SYS and name == "__dict__":
            return (_OF_SYS,)
        if isinstance(item, Thing) and name == "sys" and item.name in sys.stdlib_module_names:
            return (_SYS,)
        if isinstance(item, Info):
            return self.nth((item,), _PARTS[name], name) if name in _PARTS else (unknown(node),)
        if name == "__class__" and isinstance(item, Instance):
            return (self.class_of(item),)
        if name == "__module__" and isinstance(item, (Instance, Thing)) and self.own(item.name):
            return (Text(self.outline.file.module),)
        if name == "__module__" and isinstance(item, (Instance, Thing)) and self._constants is not None:
            return self._constants(f"{item.name}.__module__") or (unknown(node),)
        if name in _NO_MODULES and not isinstance(item, Unknown):
            return (unknown(node),)
        if isinstance(item, Spec):
            return (item.name,) if name == "name" else (item,) if name == "loader" else (unknown(node),)
        if isinstance(item, Entry) and item.part == "name" and name == "name":
            return (item,)
        if isinstance(item, Instance) or (isinstance(item, Thing) and self.own(item.name)):
            return self._inherited(item, name, node)
        if isinstance(item, Thing):
            return (replace(item, name=f"{item.name}.{name}", is_entry=False),)
        if isinstance(item, Hole) and not item.is_text and item.takes != "name":
            return (replace(item, takes="module", pattern=f"{item.pattern}.{name}"),)
        return (item if isinstance(item, Unknown) else unknown(node),)

    def _name_of(self, item: Thing | Fresh | Hole, node: ast.expr) -> Items:
        if isinstance(item, Thing):
            is_glob = "*" in item.name
            return (
                unknown(node) if item.is_of_object else Text(item.name, is_glob, item.is_flat, filters=item.filters),
            )
        if isinstance(item, Fresh):
            return (item.name,)
        if item.is_text:
            return (unknown(node),)
        return (replace(item, is_text=True, takes=item.takes or "module"),)

    def class_of(self, item: Instance) -> Thing:
        """The class of an object."""
        return Thing(item.name, is_of_object=self.own(item.name) is None)

    def own(self, name: str) -> Scope | None:
        """The function or class of this file that has the absolute name."""
        module = self.outline.file.module
        return self.outline.scopes.get(name[len(module) + 1 :]) if name.startswith(f"{module}.") else None

    def _inherited(self, item: Instance | Thing, name: str, node: ast.expr) -> Items:
        """An attribute of an object whose class stands in this file, or in another."""
        found: list[Item] = []
        classes, seen = [item.name], set[str]()
        while classes:
            owner = classes.pop(0)
            scope = self.own(owner)
            if owner in seen:
                continue
            seen.add(owner)
            if scope is None or scope.kind != "class":
                found.append(Thing(f"{owner}.{name}", is_of_object=True))
                continue
            if name in scope.bindings or name in scope.attributes:
                for binding in (*scope.bindings.get(name, ()), *scope.attributes.get(name, ())):
                    if id(binding) not in self.active:
                        self.active.add(id(binding))
                        found.extend(self._gotten(binding, item) or bound(self, binding))
                        self.active.discard(id(binding))
                break
            if isinstance(scope.node, ast.ClassDef) and scope.place is not None:
                for base in scope.node.bases:
                    parents = self.inner(base, scope.place)
                    classes.extend(parent.name for parent in parents if isinstance(parent, Thing))
        is_held = any(not isinstance(part, (Hole, Unknown)) for part in found)
        return tuple(part for part in found if not isinstance(part, Hole)) if is_held else (unknown(node),)

    def _gotten(self, binding: Binding, item: Instance | Thing) -> Items:
        """What a property of an object gives; nothing where the attribute is none."""
        scope = binding.scope
        if scope is None or not isinstance(item, Instance):
            return ()
        decorators = getattr(scope.node, "decorator_list", ())
        if not any(terminal(decorator) in ("property", "cached_property") for decorator in decorators):
            return ()
        given = tuple(part for value, place in scope.results for part in self.inner(value, place))
        return given or (Unknown(f"`{scope.name}` is not known"),)

    def _subscript(self, node: ast.Subscript, place: Place) -> Items:
        found: list[Item] = []
        for item in self.opened(self.inner(node.value, place)):
            if item in (MODULES, COPY):
                found.extend(modules_of(self.opened(self.inner(node.slice, place)), node))
            elif isinstance(item, Table):
                found.extend(self.looked_up(item, node.slice, node, place))
            elif item == _OF_SYS:
                keys = self.inner(node.slice, place)
                found.extend(Thing(f"sys.{key.text}") if isinstance(key, Text) else unknown(node) for key in keys)
            elif isinstance(item, Thing) and item.name in NAMESPACES:
                for key in self.inner(node.slice, place):
                    known = isinstance(key, Text)
                    at = (node.lineno, node.col_offset)
                    found.extend(named(self, key.text, at, place) if known else (unknown(node),))  # type: ignore[union-attr]
            elif isinstance(item, Unknown):
                found.append(item)
            else:
                if isinstance(item, Group) and _is_reversal(node.slice):
                    found.append(rearranged(item, "builtins.reversed"))
                    continue
                if isinstance(item, Group) and (part := _sliced(item, node.slice)) is not None:
                    found.append(part)
                    continue
                index = integer(node.slice)
                found.extend((unknown(node),) if index is None else self.nth((item,), index, shorten(node)))
        return tuple(found)

    def looked_up(self, table: Table, key: ast.expr, node: ast.expr, place: Place) -> Items:
        """The entries of a dictionary that `node` may give back."""
        keys = self.opened(self.inner(key, place))
        if len(keys) == 1 and isinstance(keys[0], Hole) and table.pairs:
            return under_key(self, table, key, place)
        return looked_up(table, keys, node)

    def nth(self, items: Items, number: int, what: str) -> Items:
        """One element of what `what` is written as."""
        found: list[Item] = []
        for item in items:
            if isinstance(item, Group) and -len(item.elements) <= number < len(item.elements):
                found.extend(item.elements[number])
            elif isinstance(item, Entry) and item.part == "pair" and number in (0, 1):
                found.append(replace(item, part="module" if number else "name"))
            elif isinstance(item, Info) and -3 <= number < 3:
                facts = (Thing(FINDER, is_of_object=True), item.name, Thing(IS_PACKAGE, is_of_object=True))
                found.append(facts[number])
            elif isinstance(item, Group) and self.cuts:
                # It is short because what it is made of is what is being worked out.
                continue
            else:
                found.append(item if isinstance(item, Unknown) else Unknown(f"`{what}` is not known"))
        return tuple(found)

    def each(self, items: Items, what: str) -> Items:
        """The elements of what `what` is written as, in order."""
        items = self.opened(items)
        found: list[Item] = []
        are_empty = all(isinstance(item, Group) and not item.elements for item in items) and not self.cuts
        for item in items:
            if isinstance(item, Group):
                self.saw_unordered |= item.is_unordered and len(item.elements) > 1
                found.extend(part for element in item.elements for part in element)
                if are_empty:
                    found.append(Unknown(f"`{what}` is empty as written"))
            elif isinstance(item, Table):
                found.extend(distinct(part for keys, _ in item.pairs for part in keys))
            elif item in (MODULES, COPY):
                found.append(Entry("name"))
            elif isinstance(item, Hole) and not item.is_text and item.pattern == "{}" and not item.is_each:
                found.append(replace(item, is_each=True))
            else:
                found.append(item if isinstance(item, Unknown) else Unknown(f"`{what}` is not known"))
        return tuple(found)

    def _display(self, node: ast.Tuple | ast.List | ast.Set, place: Place) -> Items:
        elements: list[Items] = []
        for element in node.elts:
            if isinstance(element, ast.Starred):
                inner = self.each(self.inner(element.value, place), shorten(element.value))
                elements.extend((part,) for part in inner)
            else:
                elements.append(self.inner(element, place))
        is_set = isinstance(node, ast.Set)
        return (Group(tuple(dict.fromkeys(elements) if is_set else elements), is_unordered=is_set),)

    def _dictionary(self, node: ast.Dict, place: Place) -> Items:
        pairs: list[tuple[Items, Items]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                pairs.append((self.inner(key, place), self.inner(value, place)))
                continue
            for item in self.inner(value, place):
                if item in (MODULES, COPY):
                    return (COPY,)
                pairs.extend(item.pairs if isinstance(item, Table) else [((unknown(value),), ())])
        return (Table(tuple(pairs)),)

    def _comprehension(self, node: Comprehension, place: Place) -> Items:
        inner = self.outline.inner.get(id(node))
        if inner is None:
            return (unknown(node),)
        if isinstance(node, ast.DictComp):
            keys, values = self.inner(node.key, inner), self.inner(node.value, inner)
            if len(keys) == len(values):
                return (Table(tuple(((key,), (value,)) for key, value in zip(keys, values, strict=True))),)
            return (Table(tuple(((key,), (unknown(node.value),)) for key in keys)),)
        group = Group(tuple((item,) for item in self.inner(node.elt, inner)))
        return (rearranged(group, "builtins.set") if isinstance(node, ast.SetComp) else group,)

    def _conditional(self, node: ast.IfExp, place: Place) -> Items:
        return distinct((*self.inner(node.body, place), *self.inner(node.orelse, place)))

    def _boolean(self, node: ast.BoolOp, place: Place) -> Items:
        values = node.values if isinstance(node.op, ast.Or) else node.values[-1:]
        return distinct(item for value in values for item in self.inner(value, place))

    def _operator(self, node: ast.BinOp, place: Place) -> Items:
        if isinstance(node.op, ast.Mod):
            return percent(self, node, place)
        if not isinstance(node.op, ast.Add):
            if isinstance(node.op, ast.BitOr):
                return self._sum([node.left, node.right], place)
            if isinstance(node.op, ast.BitAnd):
                return common(self, self.inner(node.left, place), self.inner(node.right, place), node)
            if isinstance(node.op, ast.Sub):
                return difference(self, self.inner(node.left, place), node.right, node, place)
            return (unknown(node),)
        terms: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
            terms.append(left.right)
            left = left.left
            if len(terms) > LIMIT:
                return (TOO_MUCH,)
        return self._sum([left, *reversed(terms)], place)

    def _sum(self, terms: list[ast.expr], place: Place) -> Items:
        parts = [self.opened(self.inner(term, place)) for term in terms]
        if not all(len(part) == 1 and isinstance(part[0], (Group, Table)) for part in parts):
            return joined(parts)
        if all(isinstance(part[0], Table) for part in parts):
            return (Table(tuple(pair for part in parts if isinstance(part[0], Table) for pair in part[0].pairs)),)
        groups = [part[0] for part in parts if isinstance(part[0], Group)]
        elements = tuple(element for group in groups for element in group.elements)
        return (Group(elements, is_unordered=any(group.is_unordered for group in groups)),)

    def _awaited(self, node: ast.Await | ast.Starred, place: Place) -> Items:
        return self.inner(node.value, place)

    def _walrus(self, node: ast.NamedExpr, place: Place) -> Items:
        return self.inner(node.value, place)


_SYS = Thing("sys")
_OF_SYS = Thing("sys.__dict__")

_PARTS = {"module_finder": 0, "name": 1, "ispkg": 2}
"""The fields of a `pkgutil.ModuleInfo`."""


def _sliced(group: Group, node: ast.expr) -> Group | None:
    """A part of what is written out; None where it is not known how many elements there are."""
    if not isinstance(node, ast.Slice) or group.is_unordered:
        return None
    bounds = [(part, None if part is None else integer(part)) for part in (node.lower, node.upper, node.step)]
    is_known = all(number is not None for part, number in bounds if part is not None)
    parts = [part for element in group.elements for part in element]
    are_written = all(isinstance(part, (Text, Thing)) and "*" not in look(part) for part in parts)
    if not is_known or not are_written or len(parts) != len(group.elements):
        return None
    return replace(group, elements=group.elements[slice(*(number for _, number in bounds))])


def _is_reversal(node: ast.expr) -> bool:
    """Whether it is the slice ``::-1``."""
    if not (isinstance(node, ast.Slice) and node.lower is None and node.upper is None and node.step is not None):
        return False
    return integer(node.step) == -1


_NO_MODULES = frozenset(
    f"__{name}__" for name in ("class", "module", "qualname", "doc", "file", "path", "dict", "package", "version")
)
"""Attributes that hold something else than a module."""

_READERS: dict[type[ast.expr], Callable[..., Items]] = {
    ast.Constant: Evaluator._constant,
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Subscript: Evaluator._subscript,
    ast.Tuple: Evaluator._display,
    ast.List: Evaluator._display,
    ast.Set: Evaluator._display,
    ast.Dict: Evaluator._dictionary,
    ast.ListComp: Evaluator._comprehension,
    ast.SetComp: Evaluator._comprehension,
    ast.GeneratorExp: Evaluator._comprehension,
    ast.DictComp: Evaluator._comprehension,
    ast.IfExp: Evaluator._conditional,
    ast.BoolOp: Evaluator._boolean,
    ast.BinOp: Evaluator._operator,
    ast.JoinedStr: f_string,
    ast.Await: Evaluator._awaited,
    ast.Starred: Evaluator._awaited,
    ast.NamedExpr: Evaluator._walrus,
    ast.Call: called,
}
