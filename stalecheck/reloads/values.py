"""What an expression stands for: a module, a text, a parameter, an entry of ``sys.modules``."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Literal, TypeAlias

from stalecheck.reloads.outline import (
    END,
    Addition,
    Binding,
    Comprehension,
    Outline,
    Place,
    Position,
    Scope,
    terminal,
)
from stalecheck.reloads.sites import Wrapper

Known: TypeAlias = Callable[[str], Wrapper | None]
"""From a callee's absolute dotted name to the wrapper that it is."""

RELOADERS: Mapping[str, str] = {
    "importlib.reload": "importlib.reload",
    "imp.reload": "imp.reload",
    "builtins.reload": "reload",
    "past.builtins.reload": "reload",
    "future.builtins.reload": "reload",
    "IPython.lib.deepreload.reload": "IPython.lib.deepreload.reload",
}
"""Functions that reload the module they are given, and how to call them in a report."""


def reloader(name: str) -> str:
    """How to call a function that reloads its argument in place; empty when `name` is none."""
    if name.endswith("six.moves.reload_module"):
        return "six.moves.reload_module"
    return RELOADERS.get(name, "")


@dataclass(frozen=True, slots=True)
class Thing:
    """What an absolute dotted name stands for."""

    name: str
    is_of_object: bool = False
    """Whether it is an attribute of an object or class that this file does not define: no module's name."""


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


@dataclass(frozen=True, slots=True)
class Hole:
    """A parameter, or what is made of it; what it takes is open as long as nothing was made of it."""

    function: str
    parameter: str
    is_text: bool = False
    takes: Literal["module", "name", ""] = ""
    pattern: str = "{}"
    is_each: bool = False
    is_variadic: bool = False


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


@dataclass(frozen=True, slots=True)
class Info:
    """What `pkgutil` tells about the modules of a package."""

    name: Item


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


Item: TypeAlias = Thing | Instance | Text | Hole | Group | Table | Entry | Info | Partial | Spec | Fresh | Unknown
Items: TypeAlias = tuple[Item, ...]

MODULES = Thing("sys.modules")
_TOO_MUCH = Unknown("the expression is too involved")
_MIXED = Unknown("a part of the text is not known")
_LIMIT = 400
"""Alternatives that one expression may have."""

_STEPS = 3_000
"""Expressions that are looked at to work out one."""

_DEPTH = 60
_CALL_DEPTH = 2
"""How far the results of functions of the file are followed."""


class Evaluator:
    """Works out expressions of one file; asks `known` which functions reload what they are given."""

    def __init__(self, outline: Outline, known: Known) -> None:
        self.outline = outline
        self.known = known
        self.saw_unordered = False
        self._steps = 0
        self._depth = 0
        self._call_depth = 0
        self._active: set[int] = set()
        self._cuts = 0
        self._assumed: dict[int, Items] = {}
        self._is_narrowing = False

    def items(self, node: ast.expr, place: Place) -> Items:
        """What `node` may stand for, in order, without ``None``; sets `saw_unordered`."""
        self._steps, self._cuts, self.saw_unordered = 0, 0, False
        try:
            return _distinct(self._items(node, place))
        except RecursionError:
            self._depth, self._call_depth, self._is_narrowing = 0, 0, False
            self._active.clear()
            self._assumed.clear()
            return (_TOO_MUCH,)

    def names(self, node: ast.expr, place: Place) -> tuple[str, ...]:
        """The absolute dotted names that a callee may have."""
        found = [item.name for item in self.items(node, place) if isinstance(item, Thing)]
        if isinstance(node, ast.Name) and not self._bindings(node.id, place, START_OF_FILE)[0]:
            found = [*(f"{star}.{node.id}" for star in self.outline.stars), *found]
        return tuple(found)

    def bindings(self, name: str, place: Place, at: Position) -> list[Binding]:
        """The bindings of a name that may hold at a place."""
        return self._bindings(name, place, at)[0]

    def exported(self, name: str) -> Items:
        """What a name of the module stands for once the module's body has run."""
        return self.items(ast.Name(name, ast.Load(), lineno=END[0], col_offset=0), Place(self.outline.module))

    def elements(self, items: Items) -> Items:
        """What a loop over `items` runs through."""
        return _distinct(self._elements(items, "what the loop runs over"))

    # Expressions

    def _items(self, node: ast.expr, place: Place) -> Items:
        self._steps += 1
        if self._steps > _STEPS or self._depth > _DEPTH:
            return (_TOO_MUCH,)
        read = _READERS.get(type(node))
        if read is None:
            return (unknown(node),)
        self._depth += 1
        found = read(self, node, place)
        self._depth -= 1
        if _MIXED in found:
            found = tuple(unknown(node) if item is _MIXED else item for item in found)
        return found if len(found) <= _LIMIT else (_TOO_MUCH,)

    def _constant(self, node: ast.Constant, place: Place) -> Items:
        if isinstance(node.value, str):
            return (Text(node.value),)
        return () if node.value is None else (unknown(node),)

    def _name(self, node: ast.Name, place: Place) -> Items:
        return self._named(node.id, (node.lineno, node.col_offset), place)

    def _named(self, name: str, at: Position, place: Place) -> Items:
        bindings, is_bound = self._bindings(name, place, at)
        if not is_bound:
            return self._unbound(name)
        found: list[Item] = []
        for binding in bindings:
            if id(binding) in self._active:
                self._cuts += 1
                continue
            self._active.add(id(binding))
            items = self._bound(binding)
            self._active.discard(id(binding))
            found.extend(items)
        narrowed = self._narrowed(tuple(found), name, place)
        return self._filled(narrowed, name, place)

    def _unbound(self, name: str) -> Items:
        file = self.outline.file
        if name in ("__name__", "__package__"):
            return (Text(file.module if name == "__name__" else file.package),)
        if name == "__spec__":
            return (Spec(Text(file.module)),)
        if name == "reload" and name in self.outline.bound:
            return (Unknown("`reload` is bound elsewhere in this file"),)
        if name == "reload" or hasattr(builtins, name):
            return (Thing(f"builtins.{name}"),)
        return (Unknown(f"`{name}` is not bound in this file"),)

    def _bindings(self, name: str, place: Place, at: Position) -> tuple[list[Binding], bool]:
        """The bindings of a name that may hold at a place, and whether there are any at all."""
        scope: Scope | None = place.scope
        is_here = True
        while scope is not None:
            if name in scope.outer:
                is_here = False
            elif name in scope.bindings and (scope.kind != "class" or scope is place.scope):
                found = scope.bindings[name]
                return (_reaching(found, at, place.branch) if is_here else _reaching(found, END, ())), True
            is_here = is_here and scope.kind in ("comprehension", "lambda")
            scope = scope.parent
        return [], False

    def _bound(self, binding: Binding) -> Items:
        module = self.outline.file.module
        if id(binding) in self._assumed:
            return self._assumed[id(binding)]
        if binding.how == "import":
            return (Thing(binding.dotted),)
        if binding.scope is not None and binding.how in ("function", "class"):
            return (Thing(f"{module}.{binding.scope.name}"),)
        if binding.how in ("parameter", "arguments") and binding.scope is not None:
            return self._supplied(binding.name, binding.scope) or (self._parameter(binding, binding.scope),)
        if binding.value is None or binding.how == "unknown":
            return (Unknown(f"`{binding.name}` is not known"),)
        if binding.how != "element":
            return self._unpacked(binding.value, binding.path, binding.name, binding.place)
        found = self._elements(self._items(binding.value, binding.place), shorten(binding.value))
        for number in binding.path:
            found = self._part(found, number, binding.name)
        return found

    def _unpacked(self, node: ast.expr, path: tuple[int, ...], what: str, place: Place) -> Items:
        """One element of a value; its siblings are left alone where they are written out.

        They may be bound by the same statement: ``a, b = reload(a), reload(b)``.
        """
        while path and (element := _written(node, path[0])) is not None:
            node, path = element, path[1:]
        found: Items | None = None
        if path and (found := self._mapped_one(node, path[0], place)) is not None:
            path = path[1:]
        if found is None:
            found = self._items(node, place)
        for number in path:
            found = self._part(found, number, what)
        return found

    def _mapped_one(self, node: ast.expr, number: int, place: Place) -> Items | None:
        """One element of ``[f(x) for x in (a, b)]`` or ``map(f, (a, b))``; None for anything else."""
        while isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            if self._items(node.func, place) not in ((Thing("builtins.list"),), (Thing("builtins.tuple"),)):
                return None
            node = node.args[0]
        if isinstance(node, ast.Call) and len(node.args) == 2 and terminal(node.func) == "map":
            element = _written(node.args[1], number)
            if element is None or self._items(node.func, place) != (Thing("builtins.map"),):
                return None
            given = self._items(element, place)
            return tuple(part for f in self._items(node.args[0], place) for part in self._applied(f, given, node))
        if not isinstance(node, (ast.ListComp, ast.GeneratorExp)) or len(node.generators) != 1:
            return None
        inner, generator = self.outline.inner.get(id(node)), node.generators[0]
        element = _written(generator.iter, number)
        if inner is None or element is None or generator.ifs or not isinstance(generator.target, ast.Name):
            return None
        variable = id(inner.scope.bindings[generator.target.id][0])
        before = self._assumed.get(variable)
        self._assumed[variable] = self._items(element, place)
        found = self._items(node.elt, inner)
        del self._assumed[variable]
        if before is not None:
            self._assumed[variable] = before
        return found

    def _applied(self, function: Item, given: Items, node: ast.expr) -> Items:
        """What a function gives back for one argument, when `map` calls it."""
        if isinstance(function, Thing):
            wrapper = self.known(function.name)
            is_passing = wrapper is not None and wrapper.patterns[:1] == ("{}",) and wrapper.position == 0
            if reloader(function.name) or is_passing:
                return tuple(Thing(part.text) if isinstance(part, Text) else part for part in given)
            if function.name == "importlib.import_module":
                return self._modules_of(given, node)
        return (function if isinstance(function, Unknown) else unknown(node),)

    def _parameter(self, binding: Binding, scope: Scope) -> Item:
        kind = receiver(scope, binding.name)
        if kind and scope.parent is not None:
            owner = f"{self.outline.file.module}.{scope.parent.name}"
            return Instance(owner) if kind == "self" else Thing(owner)
        return Hole(scope.name, binding.name, is_variadic=binding.how == "arguments")

    def _supplied(self, name: str, scope: Scope) -> Items:
        """What pytest passes for a parameter: the values of ``parametrize``, or a fixture of this file."""
        if not isinstance(scope.node, _FUNCTIONS) or scope.place is None:
            return ()
        decorators = _decorators(scope)
        found: list[Item] = []
        for decorator in decorators:
            if isinstance(decorator, ast.Call) and terminal(decorator.func) == "parametrize":
                found.extend(self._parametrized(name, decorator, scope.place))
        if not found and (scope.node.name.startswith("test") or any(map(_is_fixture, decorators))):
            for binding in self.outline.module.bindings.get(name, ()):
                if binding.scope is not None and any(map(_is_fixture, _decorators(binding.scope))):
                    results = binding.scope.results
                    found.extend(item for value, place in results for item in self._items(value, place))
        return tuple(item for item in found if not isinstance(item, (Hole, Unknown)))

    def _parametrized(self, name: str, decorator: ast.Call, place: Place) -> Items:
        names, values = _argument(decorator, 0, "argnames"), _argument(decorator, 1, "argvalues")
        if names is None or values is None:
            return ()
        listed = self._items(names, place)
        if len(listed) == 1 and isinstance(listed[0], Text):
            words = listed[0].text.replace(",", " ").split()
        else:
            words = [item.text for item in self._elements(listed, "") if isinstance(item, Text)]
        if name not in words:
            return ()
        rows = self._elements(self._items(values, place), "")
        return rows if len(words) == 1 else self._part(rows, words.index(name), name)

    def _attribute(self, node: ast.Attribute, place: Place) -> Items:
        found: list[Item] = []
        for item in self._items(node.value, place):
            found.extend(self._member(item, node.attr, node))
        return tuple(found)

    def _member(self, item: Item, name: str, node: ast.expr) -> Items:
        if isinstance(item, Entry) and item.part == "module" and name in ("__name__", "__spec__"):
            return (replace(item, part="name"),)
        if name == "__name__" and isinstance(item, (Thing, Fresh, Hole)):
            return self._name_of(item, node)
        if name in ("__spec__", "__loader__") and isinstance(item, (Thing, Fresh, Hole)):
            return tuple(Spec(part) for part in self._name_of(item, node))
        if isinstance(item, Info):
            return (item.name,) if name == "name" else (unknown(node),)
        if name == "__class__" and isinstance(item, Instance):
            return (self._class_of(item),)
        if name == "__module__" and isinstance(item, (Instance, Thing)) and self._own(item.name):
            return (Text(self.outline.file.module),)
        if name in _NO_MODULES and not isinstance(item, Unknown):
            return (unknown(node),)
        if isinstance(item, Spec):
            return (item.name,) if name == "name" else (item,) if name == "loader" else (unknown(node),)
        if isinstance(item, Entry) and item.part == "name" and name == "name":
            return (item,)
        if isinstance(item, Instance) or (isinstance(item, Thing) and self._own(item.name)):
            return self._inherited(item, name, node)
        if isinstance(item, Thing):
            return (replace(item, name=f"{item.name}.{name}"),)
        if isinstance(item, Hole) and not item.is_text and item.takes != "name":
            return (replace(item, takes="module", pattern=f"{item.pattern}.{name}"),)
        return (item if isinstance(item, Unknown) else unknown(node),)

    def _name_of(self, item: Thing | Fresh | Hole, node: ast.expr) -> Items:
        if isinstance(item, Thing):
            return (unknown(node) if item.is_of_object else Text(item.name),)
        if isinstance(item, Fresh):
            return (item.name,)
        if item.is_text:
            return (unknown(node),)
        return (replace(item, is_text=True, takes=item.takes or "module"),)

    def _class_of(self, item: Instance) -> Thing:
        return Thing(item.name, is_of_object=self._own(item.name) is None)

    def _own(self, name: str) -> Scope | None:
        """The function or class of this file that has the absolute name."""
        module = self.outline.file.module
        return self.outline.scopes.get(name[len(module) + 1 :]) if name.startswith(f"{module}.") else None

    def _inherited(self, item: Instance | Thing, name: str, node: ast.expr) -> Items:
        """An attribute of an object whose class stands in this file, or in another."""
        found: list[Item] = []
        classes, seen = [item.name], set[str]()
        while classes:
            owner = classes.pop(0)
            scope = self._own(owner)
            if owner in seen:
                continue
            seen.add(owner)
            if scope is None or scope.kind != "class":
                found.append(Thing(f"{owner}.{name}", is_of_object=True))
                continue
            if name in scope.bindings or name in scope.attributes:
                for binding in (*scope.bindings.get(name, ()), *scope.attributes.get(name, ())):
                    if id(binding) not in self._active:
                        self._active.add(id(binding))
                        found.extend(self._bound(binding))
                        self._active.discard(id(binding))
                break
            if isinstance(scope.node, ast.ClassDef) and scope.place is not None:
                for base in scope.node.bases:
                    parents = self._items(base, scope.place)
                    classes.extend(parent.name for parent in parents if isinstance(parent, Thing))
        is_held = any(not isinstance(part, (Hole, Unknown)) for part in found)
        return tuple(part for part in found if not isinstance(part, Hole)) if is_held else (unknown(node),)

    def _subscript(self, node: ast.Subscript, place: Place) -> Items:
        found: list[Item] = []
        for item in self._items(node.value, place):
            if item == MODULES:
                found.extend(self._modules_of(self._items(node.slice, place), node))
            elif isinstance(item, Table):
                found.extend(self._looked_up(item, self._items(node.slice, place), node))
            elif isinstance(item, Thing) and item.name in _NAMESPACES:
                for key in self._items(node.slice, place):
                    known = isinstance(key, Text)
                    at = (node.lineno, node.col_offset)
                    found.extend(self._named(key.text, at, place) if known else (unknown(node),))  # type: ignore[union-attr]
            elif isinstance(item, Unknown):
                found.append(item)
            else:
                index = _integer(node.slice)
                found.extend((unknown(node),) if index is None else self._part((item,), index, shorten(node)))
        return tuple(found)

    def _looked_up(self, table: Table, keys: Items, node: ast.expr) -> Items:
        found: list[Item] = []
        for key in keys:
            values = [value for pair, value in table.pairs if key in pair]
            found.extend(values[-1] if values else (unknown(node),))
        return tuple(found)

    def _part(self, items: Items, number: int, what: str) -> Items:
        found: list[Item] = []
        for item in items:
            if isinstance(item, Group) and -len(item.elements) <= number < len(item.elements):
                found.extend(item.elements[number])
            elif isinstance(item, Entry) and item.part == "pair" and number in (0, 1):
                found.append(replace(item, part="module" if number else "name"))
            elif isinstance(item, Info) and number in (1, -2):
                found.append(item.name)
            elif isinstance(item, Group) and self._cuts:
                # It is short because what it is made of is what is being worked out.
                continue
            else:
                found.append(item if isinstance(item, Unknown) else Unknown(f"`{what}` is not known"))
        return tuple(found)

    def _elements(self, items: Items, what: str) -> Items:
        found: list[Item] = []
        are_empty = all(isinstance(item, Group) and not item.elements for item in items) and not self._cuts
        for item in items:
            if isinstance(item, Group):
                self.saw_unordered |= item.is_unordered and len(item.elements) > 1
                found.extend(part for element in item.elements for part in element)
                if are_empty:
                    found.append(Unknown(f"`{what}` is empty as written"))
            elif isinstance(item, Table):
                found.extend(part for keys, _ in item.pairs for part in keys)
            elif item == MODULES:
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
                inner = self._elements(self._items(element.value, place), shorten(element.value))
                elements.extend((part,) for part in inner)
            else:
                elements.append(self._items(element, place))
        return (Group(tuple(elements), is_unordered=isinstance(node, ast.Set)),)

    def _dictionary(self, node: ast.Dict, place: Place) -> Items:
        pairs: list[tuple[Items, Items]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                pairs.append((self._items(key, place), self._items(value, place)))
                continue
            for item in self._items(value, place):
                pairs.extend(item.pairs if isinstance(item, Table) else [((unknown(value),), ())])
        return (Table(tuple(pairs)),)

    def _comprehension(self, node: Comprehension, place: Place) -> Items:
        inner = self.outline.inner.get(id(node))
        if inner is None:
            return (unknown(node),)
        if isinstance(node, ast.DictComp):
            keys, values = self._items(node.key, inner), self._items(node.value, inner)
            if len(keys) == len(values):
                return (Table(tuple(((key,), (value,)) for key, value in zip(keys, values, strict=True))),)
            return (Table(tuple(((key,), (unknown(node.value),)) for key in keys)),)
        elements = tuple((item,) for item in self._items(node.elt, inner))
        return (Group(elements, is_unordered=isinstance(node, ast.SetComp)),)

    # Conditions and operators

    def _conditional(self, node: ast.IfExp, place: Place) -> Items:
        return _distinct((*self._items(node.body, place), *self._items(node.orelse, place)))

    def _boolean(self, node: ast.BoolOp, place: Place) -> Items:
        values = node.values if isinstance(node.op, ast.Or) else node.values[-1:]
        return _distinct(item for value in values for item in self._items(value, place))

    def _operator(self, node: ast.BinOp, place: Place) -> Items:
        if isinstance(node.op, ast.Mod):
            return self._percent(node, place)
        if not isinstance(node.op, ast.Add):
            if isinstance(node.op, ast.BitOr):
                return self._sum([node.left, node.right], place)
            if isinstance(node.op, ast.Sub) and _are_names(self._items(node.left, place)):
                return _less(self._items(node.right, place), node)
            return (unknown(node),)
        terms: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
            terms.append(left.right)
            left = left.left
            if len(terms) > _LIMIT:
                return (_TOO_MUCH,)
        return self._sum([left, *reversed(terms)], place)

    def _sum(self, terms: list[ast.expr], place: Place) -> Items:
        parts = [self._items(term, place) for term in terms]
        if not all(len(part) == 1 and isinstance(part[0], (Group, Table)) for part in parts):
            return joined(parts)
        if all(isinstance(part[0], Table) for part in parts):
            return (Table(tuple(pair for part in parts if isinstance(part[0], Table) for pair in part[0].pairs)),)
        groups = [part[0] for part in parts if isinstance(part[0], Group)]
        elements = tuple(element for group in groups for element in group.elements)
        return (Group(elements, is_unordered=any(group.is_unordered for group in groups)),)

    def _percent(self, node: ast.BinOp, place: Place) -> Items:
        if not isinstance(node.left, ast.Constant) or not isinstance(node.left.value, str):
            return (unknown(node),)
        right = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        pieces = node.left.value.split("%s")
        if len(pieces) != len(right) + 1 or "%" in "".join(pieces):
            return (unknown(node),)
        return self._interleaved(pieces, right, place)

    def _interleaved(self, pieces: list[str], values: list[ast.expr], place: Place) -> Items:
        parts: list[Items] = [(Text(pieces[0]),)]
        for value, piece in zip(values, pieces[1:], strict=True):
            parts += [self._items(value, place), (Text(piece),)]
        return joined(parts)

    def _f_string(self, node: ast.JoinedStr, place: Place) -> Items:
        parts: list[Items] = []
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                plain = value.conversion in (-1, ord("s")) and value.format_spec is None
                parts.append(self._items(value.value, place) if plain else (unknown(node),))
            else:
                parts.append(self._items(value, place))
        return joined(parts)

    def _awaited(self, node: ast.Await | ast.Starred, place: Place) -> Items:
        return self._items(node.value, place)

    def _walrus(self, node: ast.NamedExpr, place: Place) -> Items:
        return self._items(node.value, place)

    # Calls

    def _call(self, node: ast.Call, place: Place) -> Items:
        if isinstance(node.func, ast.Attribute):
            owners = self._items(node.func.value, place)
            if any(isinstance(owner, (Text, Group, Table)) for owner in owners):
                return self._method(node, owners, place)
        found: list[Item] = []
        for item in self._items(node.func, place):
            found.extend(self._result(item, node, place))
        return _distinct(found)

    def _result(self, item: Item, node: ast.Call, place: Place) -> Items:
        if not isinstance(item, Thing):
            return (item if isinstance(item, Unknown) else unknown(node),)
        name, arguments = item.name, node.args
        if name in _IMPORTERS:
            return self._imported(name, node, place)
        if reloader(name) and arguments:
            return self._items(arguments[0], place)
        if name.startswith("sys.modules."):
            return self._from_modules(name, node, place)
        if name == "builtins.getattr" and len(arguments) >= 2:
            return self._got(node, place)
        if name in _SEQUENCES and len(arguments) == 1:
            return self._sequence(name, arguments[0], place)
        if name in ("builtins.dict", "collections.OrderedDict", "types.MappingProxyType"):
            return self._dict_call(node, place)
        if name == "builtins.enumerate" and arguments:
            inner = self._elements(self._items(arguments[0], place), shorten(arguments[0]))
            return (Group(tuple((Group(((unknown(node),), (part,))),) for part in inner)),)
        if name == "builtins.zip" and arguments:
            return self._zipped(arguments, place)
        if name == "builtins.map" and len(arguments) == 2:
            return self._mapped(node, place)
        if name in _PACKAGES:
            return self._packaged(node, place)
        if name == "builtins.type" and len(arguments) == 1:
            given = self._items(arguments[0], place)
            return tuple(
                self._class_of(part)
                if isinstance(part, Instance)
                else part
                if isinstance(part, Unknown)
                else unknown(node)
                for part in given
            )
        if name == "functools.partial" and arguments:
            return (Partial(node, place),)
        if name in _NAMESPACES:
            return (Thing(name),)
        if name in _SPECS:
            argument = _argument(node, 0, "name") or _argument(node, 0, "fullname")
            return tuple(map(Spec, self._items(argument, place))) if argument else (unknown(node),)
        if name in _MAKERS:
            argument = _argument(node, 0, "name") or _argument(node, 0, "spec")
            made = self._items(argument, place) if argument else (unknown(node),)
            return tuple(Fresh(part.name if isinstance(part, Spec) else part) for part in made)
        if name == "pytest.param" and arguments:
            parts = tuple(self._items(argument, place) for argument in arguments)
            return parts[0] if len(parts) == 1 else (Group(parts),)
        if name == "builtins.super":
            owner = place.scope.owner
            return tuple(map(Instance, self._bases(owner))) if owner else (unknown(node),)
        return self._called(name, node, place)

    def _called(self, name: str, node: ast.Call, place: Place) -> Items:
        """The result of a wrapper, of a function of this file, or of a class."""
        wrapper = self.known(name)
        if wrapper is not None and wrapper.patterns[:1] == ("{}",) and 0 <= wrapper.position < len(node.args):
            argument = self._items(node.args[wrapper.position], place)
            return tuple(Thing(part.text) if isinstance(part, Text) else part for part in argument)
        scope = self._own(name)
        if scope is None:
            return (Instance(name),)
        if scope.kind == "class":
            return (Instance(name),)
        if self._call_depth >= _CALL_DEPTH:
            return (unknown(node),)
        self._call_depth += 1
        found = [part for value, where in scope.results for part in self._items(value, where)]
        self._call_depth -= 1
        known = tuple(part for part in found if not isinstance(part, (Hole, Unknown)))
        return known or (unknown(node),)

    def _bases(self, owner: Scope) -> list[str]:
        if not isinstance(owner.node, ast.ClassDef) or owner.place is None:
            return []
        bases = [base for node in owner.node.bases for base in self._items(node, owner.place)]
        return [base.name for base in bases if isinstance(base, Thing)]

    def _imported(self, name: str, node: ast.Call, place: Place) -> Items:
        argument = _argument(node, 0, "name")
        if argument is None:
            return (unknown(node),)
        names = self._items(argument, place)
        if name == "importlib.import_module":
            package = _argument(node, 1, "package")
            found = self._absolute(names, package, node, place)
        else:
            fromlist = _argument(node, 3, "fromlist")
            is_deep = fromlist is not None and not _is_empty(fromlist)
            found = names if is_deep else tuple(map(_top, names))
        return self._modules_of(found, node)

    def _absolute(self, names: Items, package: ast.expr | None, node: ast.Call, place: Place) -> Items:
        if not any(_starts_with_dot(name) for name in names):
            return names
        bases = self._items(package, place) if package is not None else (unknown(node),)
        found: list[Item] = []
        for name, base in product(names, bases):
            if not _starts_with_dot(name):
                found.append(name)
            elif isinstance(base, Text) and isinstance(name, (Text, Hole)):
                written = name.text if isinstance(name, Text) else name.pattern
                rest = written.lstrip(".")
                above = base.text.split(".")
                kept = above[: len(above) - (len(written) - len(rest) - 1)]
                whole = ".".join([*kept, *([rest] if rest else [])])
                found.append(Text(whole) if isinstance(name, Text) else replace(name, pattern=whole))
            else:
                found.append(base if isinstance(base, Unknown) else unknown(node))
        return tuple(found)

    def _modules_of(self, names: Items, node: ast.expr) -> Items:
        """The modules that have these names."""
        found: list[Item] = []
        for name in names:
            if isinstance(name, Text):
                found.append(Thing(name.text))
            elif isinstance(name, Hole) and (name.is_text or not name.takes):
                found.append(replace(name, is_text=False, takes=name.takes or "name"))
            elif isinstance(name, Entry) and name.part == "name":
                found.append(replace(name, part="module"))
            else:
                found.append(name if isinstance(name, Unknown) else unknown(node))
        return tuple(found)

    def _from_modules(self, name: str, node: ast.Call, place: Place) -> Items:
        method = name.rpartition(".")[2]
        if method in ("keys", "copy", "__iter__"):
            return (MODULES,)
        if method in ("values", "items"):
            return (Group(((Entry("module" if method == "values" else "pair"),),)),)
        if method in ("get", "pop", "__getitem__") and node.args:
            return self._modules_of(self._items(node.args[0], place), node)
        return (unknown(node),)

    def _got(self, node: ast.Call, place: Place) -> Items:
        owners = self._items(node.args[0], place)
        names = self._items(node.args[1], place)
        found: list[Item] = []
        for owner, name in product(owners, names):
            found.extend(self._member(owner, name.text, node) if isinstance(name, Text) else (unknown(node),))
        return tuple(found)

    def _sequence(self, name: str, argument: ast.expr, place: Place) -> Items:
        found: list[Item] = []
        for item in self._items(argument, place):
            if item == MODULES:
                found.append(Group(((Entry("name"),),)))
            elif isinstance(item, Table):
                found.append(Group(tuple(keys for keys, _ in item.pairs)))
            elif isinstance(item, Group):
                found.append(_rearranged(item, name))
            else:
                found.append(item)
        return tuple(found)

    def _dict_call(self, node: ast.Call, place: Place) -> Items:
        pairs: list[tuple[Items, Items]] = []
        for argument in node.args:
            for item in self._items(argument, place):
                if item == MODULES:
                    return (MODULES,)
                if not isinstance(item, Table):
                    return (unknown(node),)
                pairs.extend(item.pairs)
        for keyword in node.keywords:
            key: Item = Text(keyword.arg) if keyword.arg else unknown(node)
            pairs.append(((key,), self._items(keyword.value, place)))
        return (Table(tuple(pairs)),)

    def _zipped(self, arguments: list[ast.expr], place: Place) -> Items:
        columns = [self._items(argument, place) for argument in arguments]
        groups = [column[0] for column in columns if len(column) == 1 and isinstance(column[0], Group)]
        if len(groups) != len(columns):
            return (Unknown("what `zip` runs over is not known"),)
        return (Group(tuple((Group(row),) for row in zip(*(g.elements for g in groups), strict=False))),)

    def _mapped(self, node: ast.Call, place: Place) -> Items:
        function, values = node.args
        if isinstance(function, ast.Lambda):
            inner = self.outline.inner.get(id(function))
            found = self._items(function.body, inner) if inner is not None else (unknown(node),)
            return (Group(tuple((part,) for part in found)),)
        functions = self._items(function, place)
        rows = [self._applied(f, (part,), node) for part in self._over(values, place) for f in functions]
        return (Group(tuple(rows)),)

    def _over(self, values: ast.expr, place: Place) -> Items:
        return self._elements(self._items(values, place), shorten(values))

    def _packaged(self, node: ast.Call, place: Place) -> Items:
        """The modules of a package on disk: those whose names begin with the prefix."""
        prefix = _argument(node, 1, "prefix")
        before = self._items(prefix, place) if prefix is not None else (Text(""),)
        names = joined([before, (Text("*", is_glob=True),)])
        return (Group(tuple((Info(unknown(node) if name is _MIXED else name),) for name in names)),)

    def _method(self, node: ast.Call, owners: Items, place: Place) -> Items:
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        found: list[Item] = []
        for owner in owners:
            if isinstance(owner, Table):
                found.extend(self._table_method(method, owner, node, place))
            elif isinstance(owner, Group) and method == "difference" and node.args and _are_names((owner,)):
                found.extend(_less(self._items(node.args[0], place), node))
            elif isinstance(owner, Group):
                found.append(owner if method in ("copy", "union", "difference") else unknown(node))
            elif isinstance(owner, Text):
                found.extend(self._text_method(method, owner.text, node, place))
            else:
                found.append(owner if isinstance(owner, Unknown) else unknown(node))
        return tuple(found)

    def _table_method(self, method: str, table: Table, node: ast.Call, place: Place) -> Items:
        if method in ("keys", "copy"):
            return (Group(tuple(keys for keys, _ in table.pairs)),) if method == "keys" else (table,)
        if method == "values":
            return (Group(tuple(values for _, values in table.pairs)),)
        if method == "items":
            return (Group(tuple((Group(pair),) for pair in table.pairs)),)
        if method in ("get", "pop") and node.args:
            return self._looked_up(table, self._items(node.args[0], place), node)
        return (unknown(node),)

    def _text_method(self, method: str, text: str, node: ast.Call, place: Place) -> Items:
        if method == "format":
            return self._formatted(text, node, place)
        if method == "join" and len(node.args) == 1:
            found = self._items(node.args[0], place)
            if len(found) != 1 or not isinstance(found[0], Group):
                return (unknown(node),)
            parts = [part for element in found[0].elements for part in ((Text(text),), element)]
            return joined(parts[1:])
        constants = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        if method not in _TEXT_METHODS or len(constants) != len(node.args) or node.keywords:
            return (unknown(node),)
        try:
            result = getattr(text, method)(*constants)
        except (TypeError, ValueError):
            return (unknown(node),)
        if isinstance(result, str):
            return (Text(result),)
        return (Group(tuple((Text(part),) for part in result)),)

    def _formatted(self, text: str, node: ast.Call, place: Place) -> Items:
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        pieces, values = [""], list[ast.expr]()
        rest = text
        while "{" in rest:
            before, _, rest = rest.partition("{")
            field, closed, rest = rest.partition("}")
            number = len(values) if not field else int(field) if field.isdecimal() else -1
            value = node.args[number] if 0 <= number < len(node.args) else keywords.get(field)
            if not closed or value is None:
                return (unknown(node),)
            pieces[-1] += before
            pieces.append("")
            values.append(value)
        pieces[-1] += rest
        return self._interleaved(pieces, values, place)

    # Containers that are filled, loops that are narrowed

    def _filled(self, items: Items, name: str, place: Place) -> Items:
        """Add what ``name.append(…)`` and the like put into a literal."""
        if len(items) != 1 or not isinstance(items[0], (Group, Table)):
            return items
        additions = self.outline.additions.get(name, [])
        if additions:
            home = self._home(name, place)
            additions = [addition for addition in additions if self._home(name, addition.place) is home]
        if not additions or any(id(addition) in self._active for addition in additions):
            return items
        if isinstance(items[0], Table):
            return (Unknown(f"`{name}` is filled at run time"),)
        elements = list(items[0].elements)
        for addition in additions:
            self._active.add(id(addition))
            elements.extend(self._added(addition, name))
            self._active.discard(id(addition))
        return (replace(items[0], elements=tuple(elements)),)

    def _home(self, name: str, place: Place) -> Scope | None:
        """The scope that binds a name as seen from a place."""
        scope: Scope | None = place.scope
        while scope is not None and (
            name in scope.outer or name not in scope.bindings or (scope.kind == "class" and scope is not place.scope)
        ):
            scope = scope.parent
        return scope

    def _added(self, addition: Addition, name: str) -> list[Items]:
        if addition.value is None or addition.method not in ("append", "add", "extend", "update"):
            return [(Unknown(f"`{name}` is filled at run time"),)]
        found = self._items(addition.value, addition.place)
        if addition.method in ("append", "add"):
            return [found]
        return [(part,) for part in self._elements(found, shorten(addition.value))]

    def _narrowed(self, items: Items, name: str, place: Place) -> Items:
        """Apply the conditions around a use to what runs through ``sys.modules``."""
        if self._is_narrowing or not any(map(_is_open, items)):
            return items
        self._is_narrowing = True
        try:
            globs = best(self._globs(guard.test, guard.place, guard.is_true) for guard in place.guards)
            is_new = any(self._asks_for_new(guard.test, guard.place, guard.is_true) for guard in place.guards)
        finally:
            self._is_narrowing = False
        found = tuple(part for item in items for part in (_limited(item, globs) if _is_open(item) else (item,)))
        return tuple(replace(item, is_new=True) if is_new and isinstance(item, Entry) else item for item in found)

    def _asks_for_new(self, test: ast.expr, place: Place, is_true: bool) -> bool:
        """Whether a condition holds only for names that an earlier copy of ``sys.modules`` does not hold."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self._asks_for_new(test.operand, place, not is_true)
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is is_true:
            return any(self._asks_for_new(value, place, is_true) for value in test.values)
        if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and self._is_subject(test.left, place)):
            return False
        if not isinstance(test.ops[0], ast.NotIn if is_true else ast.In):
            return False
        copy = test.comparators[0]
        return isinstance(copy, (ast.Name, ast.Attribute)) and _are_names(self._items(copy, place))

    def _globs(self, test: ast.expr, place: Place, is_true: bool) -> Globs:
        """The module names that pass a condition on a loop's variable; None when it does not say."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self._globs(test.operand, place, not is_true)
        if isinstance(test, ast.BoolOp):
            parts = [self._globs(value, place, is_true) for value in test.values]
            return best(parts) if isinstance(test.op, ast.And) is is_true else union(parts)
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return self._compared(test.left, test.ops[0], test.comparators[0], place, is_true)
        if isinstance(test, ast.Call) and is_true:
            return self._tested(test, place)
        return None

    def _compared(self, left: ast.expr, operator: ast.cmpop, right: ast.expr, place: Place, is_true: bool) -> Globs:
        if isinstance(operator, (ast.NotEq, ast.NotIn)):
            turned = ast.Eq() if isinstance(operator, ast.NotEq) else ast.In()
            return self._compared(left, turned, right, place, not is_true)
        if not is_true or not isinstance(operator, (ast.Eq, ast.In)):
            return None
        if isinstance(operator, ast.In) and self._is_subject(right, place):
            return affixed(self._items(left, place), "*", "*")
        shape = self._shape(left, place)
        if not shape and isinstance(operator, ast.Eq):
            left, right = right, left
            shape = self._shape(left, place)
        if not shape:
            return None
        values = self._items(right, place)
        if isinstance(operator, ast.In):
            values = self._elements(values, shorten(right))
        return union([affixed(values, "", suffix) for suffix in shape])

    def _shape(self, node: ast.expr, place: Place) -> tuple[str, ...]:
        """What may follow the text that a part of the loop's variable is compared with."""
        if self._is_subject(node, place):
            return ("",)
        if not isinstance(node, ast.Subscript):
            return ()
        if isinstance(node.slice, ast.Slice):
            starts = node.slice.lower is None and node.slice.upper is not None and node.slice.step is None
            return ("*",) if starts and self._is_subject(node.value, place) else ()
        call = node.value
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in ("split", "partition")
            and _integer(node.slice) == 0
            and self._is_subject(call.func.value, place)
        ):
            return ("", ".*")
        return ()

    def _tested(self, test: ast.Call, place: Place) -> Globs:
        function, arguments = test.func, test.args
        if isinstance(function, ast.Attribute) and len(arguments) == 1:
            affixes = {"startswith": ("", "*"), "endswith": ("*", "")}.get(function.attr)
            if affixes and self._is_subject(function.value, place):
                values = self._items(arguments[0], place)
                flat = [v for value in values for v in self._flattened(value)]
                return affixed(tuple(flat), *affixes)
        names = [item.name for item in self._items(function, place) if isinstance(item, Thing)]
        if names and names[0] in ("fnmatch.fnmatch", "fnmatch.fnmatchcase") and len(arguments) == 2:
            is_subject = self._is_subject(arguments[0], place)
            return affixed(self._items(arguments[1], place), "", "") if is_subject else None
        if names == ["builtins.any"] and arguments and isinstance(arguments[0], _GENERATORS):
            inner = self.outline.inner.get(id(arguments[0]))
            return self._globs(arguments[0].elt, inner, is_true=True) if inner else None
        return None

    def _flattened(self, item: Item) -> Items:
        return self._elements((item,), "") if isinstance(item, Group) else (item,)

    def _is_subject(self, node: ast.expr, place: Place) -> bool:
        """Whether an expression is the name of the module that a loop over ``sys.modules`` is at."""
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return False
        items = self._items(node, place)
        return bool(items) and all(
            item.is_glob if isinstance(item, Text) else isinstance(item, Entry) and item.part == "name"
            for item in items
        )


def _are_names(items: Items) -> bool:
    """Whether a collection is ``sys.modules``, a copy of it, or of its names."""
    names = Group(((Entry("name"),),))
    return bool(items) and all(
        item == MODULES or (isinstance(item, Group) and replace(item, is_unordered=False) == names) for item in items
    )


def _less(items: Items, node: ast.expr) -> Items:
    """What is left of the names in ``sys.modules`` without some."""
    return (Group(((Entry("name", is_new=True),),)),) if _are_names(items) else (unknown(node),)


Globs: TypeAlias = tuple[Text | Hole, ...] | None

START_OF_FILE: Position = (0, 0)


def joined(parts: list[Items]) -> Items:
    """The texts that a concatenation may give; parameters leave a hole in the text."""
    count = 1
    for part in parts:
        count *= len(part)
    if count > _LIMIT:
        return (_TOO_MUCH,)
    return _distinct(_joined_one(row) for row in product(*parts))


def _joined_one(row: tuple[Item, ...]) -> Item:
    before, hole, is_glob = "", None, False
    for item in row:
        if isinstance(item, Text):
            before += item.text
            is_glob = is_glob or item.is_glob
        elif isinstance(item, Hole) and hole is None and (item.is_text or not item.takes):
            hole = replace(item, is_text=True, takes=item.takes or "name")
            before += item.pattern
        else:
            return item if isinstance(item, Unknown) else _MIXED
    return replace(hole, pattern=before) if hole else Text(before, is_glob)


def _is_open(item: Item) -> bool:
    """Whether the conditions around a use may narrow it."""
    return item.globs is None if isinstance(item, Entry) else isinstance(item, Text) and item.is_glob


def _limited(item: Item, globs: Globs) -> Items:
    """What is left of it under a condition that lets only `globs` pass."""
    if isinstance(item, Entry):
        return (replace(item, globs=globs),)
    if isinstance(item, Text) and globs is not None:
        start = item.text.partition("*")[0]
        texts = [glob for glob in globs if isinstance(glob, Text) and glob.text.startswith(start)]
        if len(texts) == len(globs):
            return tuple(replace(text, is_glob="*" in text.text) for text in texts)
    return (item,)


def affixed(values: Items, before: str, after: str) -> Globs:
    """Globs made of texts; None when one of them is not known."""
    found: list[Text | Hole] = []
    for value in values:
        glob = _joined_one((Text(before), value, Text(after)))
        if not isinstance(glob, (Text, Hole)):
            return None
        found.append(glob)
    return tuple(found) or None


def union(parts: Iterable[Globs]) -> Globs:
    """What passes any of the conditions; None as soon as one does not say."""
    found: list[Text | Hole] = []
    for part in parts:
        if part is None:
            return None
        found.extend(part)
    return tuple(dict.fromkeys(found)) or None


def best(parts: Iterable[Globs]) -> Globs:
    """The condition that says most among several that hold together."""
    known = [part for part in parts if part is not None]
    return min(known, key=_looseness, default=None)


def _looseness(globs: tuple[Text | Hole, ...]) -> int:
    texts = [glob.text if isinstance(glob, Text) else glob.pattern for glob in globs]
    return max(2 if text.startswith("*") else 1 if text.endswith("*") else 0 for text in texts)


def receiver(scope: Scope, name: str) -> Literal["self", "cls", ""]:
    """Whether a parameter of a method is its ``self`` or ``cls``."""
    node = scope.node
    if scope.parent is None or scope.parent.kind != "class" or not isinstance(node, _FUNCTIONS):
        return ""
    decorators = {decorator.id for decorator in node.decorator_list if isinstance(decorator, ast.Name)}
    first = [*node.args.posonlyargs, *node.args.args][:1]
    if "staticmethod" in decorators or not first or first[0].arg != name:
        return ""
    return "cls" if "classmethod" in decorators or node.name == "__init_subclass__" else "self"


def _decorators(scope: Scope) -> list[ast.expr]:
    found = list(getattr(scope.node, "decorator_list", ()))
    is_method = scope.parent is not None and scope.parent.kind == "class"
    return [*found, *_decorators(scope.parent)] if is_method and scope.parent is not None else found


def _is_fixture(decorator: ast.expr) -> bool:
    return terminal(decorator.func if isinstance(decorator, ast.Call) else decorator).endswith("fixture")


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


def _reaching(found: list[Binding], at: Position, branch: tuple[tuple[int, int], ...]) -> list[Binding]:
    """The bindings that may be the last before a place; all of them when none stands before it."""
    reaching: list[Binding] = []
    # What another function binds through `global` may hold anywhere.
    before = [binding for binding in found if binding.at <= at or binding.at == END]
    for binding in sorted(before, key=lambda b: b.at, reverse=True):
        reaching.append(binding)
        if branch[: len(binding.branch)] == binding.branch:
            break
    return list(reversed(reaching)) or found


def _written(node: ast.expr, number: int) -> ast.expr | None:
    """An element of a tuple or list, when it is written out up to there."""
    if not isinstance(node, (ast.Tuple, ast.List)) or not 0 <= number < len(node.elts):
        return None
    is_starred = any(isinstance(element, ast.Starred) for element in node.elts[: number + 1])
    return None if is_starred else node.elts[number]


def _distinct(items: Iterable[Item]) -> Items:
    return tuple(dict.fromkeys(items))


def _argument(node: ast.Call, position: int, name: str) -> ast.expr | None:
    if position < len(node.args) and not any(isinstance(a, ast.Starred) for a in node.args[: position + 1]):
        return node.args[position]
    return next((keyword.value for keyword in node.keywords if keyword.arg == name), None)


def _integer(node: ast.expr) -> int | None:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -1, node.operand
    is_integer = isinstance(node, ast.Constant) and type(node.value) is int
    return sign * node.value if is_integer else None  # type: ignore[attr-defined]


def _is_empty(node: ast.expr) -> bool:
    if isinstance(node, (ast.Tuple, ast.List)):
        return not node.elts
    return isinstance(node, ast.Constant) and not node.value


def _top(item: Item) -> Item:
    return Text(item.text.partition(".")[0]) if isinstance(item, Text) else item


def _starts_with_dot(item: Item) -> bool:
    text = item.text if isinstance(item, Text) else item.pattern if isinstance(item, Hole) else ""
    return text.startswith(".")


def _rearranged(group: Group, name: str) -> Group:
    if name == "builtins.reversed":
        return replace(group, elements=group.elements[::-1])
    if name in ("builtins.set", "builtins.frozenset"):
        return replace(group, is_unordered=True)
    texts = [e[0].text for e in group.elements if len(e) == 1 and isinstance(e[0], Text)]
    if name == "builtins.sorted":
        if len(texts) == len(group.elements):
            return Group(tuple((Text(text),) for text in sorted(texts)))
        return replace(group, is_unordered=False)
    return group


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_GENERATORS = (ast.GeneratorExp, ast.ListComp, ast.SetComp)
_NAMESPACES = frozenset({"builtins.globals", "builtins.locals", "builtins.vars"})
_IMPORTERS = frozenset({"importlib.import_module", "importlib.__import__", "builtins.__import__"})
_SEQUENCES = frozenset(
    f"builtins.{name}" for name in ("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter")
)
_PACKAGES = frozenset({"pkgutil.iter_modules", "pkgutil.walk_packages"})
_NO_MODULES = frozenset(
    f"__{name}__" for name in ("class", "module", "qualname", "doc", "file", "path", "dict", "package", "version")
)
"""Attributes that hold something else than a module."""

_SPECS = frozenset(
    {
        *("importlib.util.spec_from_file_location", "importlib.util.spec_from_loader", "importlib.util.find_spec"),
        *("importlib.machinery.ModuleSpec", "importlib.machinery.SourceFileLoader"),
        *("importlib.find_loader", "pkgutil.get_loader", "pkgutil.find_loader"),
    }
)
"""What is made of a module's name and leads to its loader."""

_MAKERS = frozenset({"importlib.util.module_from_spec", "types.ModuleType", "imp.new_module"})
_TEXT_METHODS = frozenset(
    {
        *("split", "rsplit", "partition", "rpartition", "strip", "lstrip", "rstrip"),
        *("replace", "lower", "upper", "title", "removeprefix", "removesuffix"),
    }
)

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
    ast.JoinedStr: Evaluator._f_string,
    ast.Await: Evaluator._awaited,
    ast.Starred: Evaluator._awaited,
    ast.NamedExpr: Evaluator._walrus,
    ast.Call: Evaluator._call,
}
