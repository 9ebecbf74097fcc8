"""Methods that put what they are given into their object or their class, for good: ``self.handlers.append(handler)``.

Asked of the standard library's tree, before a close look.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from stalecheck.attaching import emptied_by, filled_roots, kept_roots, root_of, statements
from stalecheck.emptying import certain, keys_of
from stalecheck.nodes import descendants, inner_statements, positional_parameters

_Places: TypeAlias = Mapping[str, frozenset[ast.stmt]]
"""The attributes of an object that something has been put into, and the statements that did it."""


@dataclass(frozen=True, slots=True)
class Retaining:
    """What a function does with what it is given, so that it outlives the call."""

    itself: str = ""
    """What the method calls its object or its class; of a function within a method what the outer one does."""

    stored: frozenset[ast.stmt] = frozenset()
    """The statements that put it there."""

    handed: frozenset[ast.stmt] = frozenset()
    """Those that hand it on to a function that does."""

    releases: frozenset[str] = frozenset()
    """The parameters that name what it takes out of its object."""

    replaces: frozenset[str] | None = None
    """The parameters by which it is found in the object, so that the next one takes its place; None where it adds.

    Or what they are called: ``function.__name__``.
    """

    names: frozenset[str] = frozenset()
    """The local names that stand for what it is given, or something made of that."""

    @property
    def statements(self) -> frozenset[ast.stmt]:
        """All of them."""
        return self.stored | self.handed


@lru_cache(maxsize=1)
def find_retaining(tree: ast.Module) -> Mapping[ast.stmt, Retaining]:
    """Return the functions of a file that keep what they are given in their object, or hand it on to one that does."""
    # What trims a file asks first, then what reads it.
    functions = list(_functions(tree))
    plain = {f.function.name: f.function for f in functions if not f.itself and not f.is_nested}
    followed = [
        (function, _Flow(function, plain.keys())) for function in functions if _may_keep(function, plain.keys())
    ]
    retaining = {function.function.name for function, flow in followed if flow.stored and function.itself}
    keeping: dict[str, bool] = {}

    def keeps(call: ast.Call) -> bool:
        match call.func:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name):
                return not name.startswith("__")
            case ast.Attribute(attr=name):
                return name in retaining
            case ast.Name(id=name):
                if name not in keeping:
                    keeping[name] = bool(kept_roots(plain[name]))
                return keeping[name]
        return False

    size = -1
    while size != len(retaining) + sum(keeping.values()):
        size = len(retaining) + sum(keeping.values())
        for function, flow in followed:
            if any(map(keeps, flow.handed.values())):
                if function.itself:
                    retaining.add(function.function.name)
                elif not function.is_nested:
                    keeping[function.function.name] = True
    found: dict[ast.stmt, Retaining] = {}
    for function, flow in followed:
        handed = frozenset(statement for statement, call in flow.handed.items() if keeps(call))
        is_found = flow.stored and not handed and flow.stored.issubset(certain(function.function.body))
        if flow.stored or handed or flow.released:
            found[function.function] = Retaining(
                function.itself,
                frozenset(flow.stored),
                handed,
                frozenset(flow.released),
                keys_of(function.function, flow.stored) if is_found else None,
                frozenset(flow.carrying),
            )
    return found


@dataclass(frozen=True, slots=True)
class _Function:
    function: ast.FunctionDef
    itself: str
    """What a method calls its object or its class."""

    is_nested: bool = False
    """A function within a method, which keeps what it is given in the object of that one."""


def _functions(tree: ast.Module) -> Iterator[_Function]:
    pending: list[tuple[ast.stmt, bool]] = [(statement, False) for statement in tree.body]
    while pending:
        statement, is_in_class = pending.pop()
        if isinstance(statement, ast.ClassDef):
            pending += [(inner, True) for inner in statement.body]
        elif isinstance(statement, ast.FunctionDef):
            yield from _of_function(statement, is_in_class=is_in_class)
        elif not isinstance(statement, ast.AsyncFunctionDef):
            pending += [(inner, is_in_class) for inner in inner_statements(statement)]


def _of_function(function: ast.FunctionDef, *, is_in_class: bool) -> Iterator[_Function]:
    if not is_in_class:
        yield _Function(function, "")
        return
    names = [argument.arg for argument in positional_parameters(function.args)]
    is_static = any(isinstance(item, ast.Name) and item.id == "staticmethod" for item in function.decorator_list)
    is_special = function.name.startswith("__") and function.name != "__call__"
    if names and not is_static and not is_special:
        yield _Function(function, names[0])
        for inner in function.body:
            if isinstance(inner, ast.FunctionDef):
                yield _Function(inner, names[0], is_nested=True)


def _may_keep(function: _Function, plain: Set[str]) -> bool:
    """Whether one of the statements of a function has the form of those that keep something, or hand it on."""
    for statement in statements(function.function):
        match statement:
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]) | ast.AugAssign():
                if function.itself:
                    return True
            case (
                ast.Assign(targets=[_, _, *_]) | ast.AnnAssign(target=ast.Attribute() | ast.Subscript()) | ast.Delete()
            ):
                if function.itself:
                    return True
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Call) and (value.args or value.keywords):
            match value.func:
                case ast.Name(id=name):
                    if name in plain:
                        return True
                case ast.Attribute(value=owner):
                    if function.itself and (root_of(owner) == function.itself or isinstance(owner, ast.Call)):
                        return True
    return False


@dataclass(slots=True)
class _Flow:
    """Follows the statements of a function in the order in which they run."""

    function: _Function
    plain: Set[str]
    """The functions of the module."""

    carrying: set[str] = field(default_factory=set)
    stored: set[ast.stmt] = field(default_factory=set)
    handed: dict[ast.stmt, ast.Call] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    finally_cleared: list[set[str]] = field(default_factory=list)
    """The places that the ``finally`` blocks around empty."""

    def __post_init__(self) -> None:
        given = self.function.function.args
        own = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        self.carrying.update(argument.arg for argument in own if argument is not None)
        self.carrying.discard(self.function.itself)
        if self.carrying:
            left = self._run(self.function.function.body, {})
            if left is not None:
                self._keep(left)

    def _keep(self, places: _Places) -> None:
        for place, kept in places.items():
            if not any(place in cleared for cleared in self.finally_cleared):
                self.stored.update(kept)

    def _run(self, block: Iterable[ast.stmt], places: _Places) -> _Places | None:
        """Return what has been put where when a block is done, by place; None where the function ends in it."""
        for statement in block:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                if any(isinstance(node, ast.Name) and node.id in self.carrying for node in descendants(statement)):
                    self.carrying.add(statement.name)
                continue
            after = self._compound(statement, self._after(statement, places))
            if after is None:
                return None
            places = after
        return places

    def _compound(self, statement: ast.stmt, places: _Places) -> _Places | None:
        """Return what has been put where when a statement with blocks has run, or one that leaves its block."""
        match statement:
            case ast.Return() | ast.Continue() | ast.Break():
                self._keep(places)
                return None
            case ast.Raise():
                return None
            case ast.If(body=body, orelse=orelse):
                return _either(self._run(body, places), self._run(orelse, places))
            case ast.For(target=target, iter=values, body=body, orelse=orelse):
                self._assign(target, values)
                return _either(places, self._run([*body, *orelse], places))
            case ast.While(body=body, orelse=orelse):
                return _either(places, self._run([*body, *orelse], places))
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                self.finally_cleared.append({place for inner in finalbody for place in self._taken_out(inner)})
                ways = [self._run([*body, *orelse], places), *(self._run(item.body, places) for item in handlers)]
                self.finally_cleared.pop()
                after = _either(*ways)
                return None if after is None else self._run(finalbody, after)
            case ast.With(body=body):
                return self._run(body, places)
        return _either(places, self._run(inner_statements(statement), places))

    def _taken_out(self, statement: ast.stmt) -> set[str]:
        """Return the places of the object that a statement empties, or puts something else into."""
        taken: list[ast.expr] = []
        value: ast.expr | None = getattr(statement, "value", None)
        match statement:
            case ast.Assign(targets=targets):
                taken += (target for target in targets if isinstance(target, ast.Attribute))
            case ast.AnnAssign(target=ast.Attribute() as target):
                taken.append(target)
            case ast.Delete(targets=targets):
                taken += targets
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and emptied_by(value):
            taken.append(value.func.value)
            self._release(value.func.value, value.args)
        if isinstance(statement, ast.Delete):
            for deleted in taken:
                self._release(deleted, _keys(deleted))
        return {self._place(target) for target in taken}

    def _release(self, container: ast.expr, named: Iterable[ast.expr]) -> None:
        """Note by which parameters something is taken out of a place of the object."""
        if self._place(container):
            self.released.update(node.id for node in named if isinstance(node, ast.Name) and node.id in self.carrying)

    def _after(self, statement: ast.stmt, places: _Places) -> _Places:
        """Return what has been put where when a statement without blocks has run."""
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value)
                self._hand_on(statement, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, value)
            case ast.Expr(value=value) | ast.Return(value=ast.expr() as value):
                self._hand_on(statement, value)
        gone = self._taken_out(statement)
        left = {place: kept for place, kept in places.items() if place not in gone} if gone else places
        for place, values in self._filled(statement):
            if place and any(map(self._carries, values)):
                left = {**left, place: left.get(place, frozenset()) | {statement}}
        return left

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if self._carries(value):
            stored = (node for node in descendants(target) if isinstance(node, ast.Name))
            self.carrying.update(node.id for node in stored if isinstance(node.ctx, ast.Store))

    def _carries(self, value: ast.expr) -> bool:
        return any(isinstance(node, ast.Name) and node.id in self.carrying for node in descendants(value))

    def _filled(self, statement: ast.stmt) -> Iterator[tuple[str, list[ast.expr]]]:
        """Yield the places of the object that a statement puts something into, with what."""
        if not self.function.itself or self.function.itself not in filled_roots(statement):
            return
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield self._place(target), [value, *_keys(target)]
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
                yield self._place(target), [value, *_keys(target)]
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=target), args=args, keywords=keywords)):
                yield self._place(target), [*args, *(keyword.value for keyword in keywords)]

    def _place(self, target: ast.expr) -> str:
        """Return the attribute of the object that an expression is, or an item of which; a star for the object."""
        itself = self.function.itself
        if not itself or root_of(target) != itself:
            return ""
        for node in descendants(target):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == itself:
                return node.attr
        return "*"

    def _hand_on(self, statement: ast.stmt, value: ast.expr) -> None:
        """Note a call by which something is handed on to a method of the object, or to a function of the module."""
        match value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                is_own = bool(name) and name == self.function.itself
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=[]))):
                is_own = bool(self.function.itself) and not self.function.is_nested
            case ast.Call(func=ast.Name(id=name)):
                is_own = name in self.plain and name not in self.carrying
            case _:
                return
        given = (*value.args, *(keyword.value for keyword in value.keywords))
        if is_own and any(map(self._carries, given)):
            self.handed[statement] = value


def _either(*ways: _Places | None) -> _Places | None:
    """Return what may have been put where when one of several ways has been taken, of those that go on."""
    going = [way for way in ways if way is not None]
    if len(going) < 2:
        return going[0] if going else None
    return {place: frozenset().union(*(way.get(place, ()) for way in going)) for way in going for place in way}


def _keys(target: ast.expr) -> list[ast.expr]:
    return [target.slice] if isinstance(target, ast.Subscript) else []
