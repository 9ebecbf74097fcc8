"""Functions that answer with what they answered with before: singletons, caches that are kept by hand."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from stalecheck.nodes import children, descendants

_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_EMPTYING = frozenset({"clear", "pop", "popitem"})
_MISSING = frozenset({"KeyError", "AttributeError", "LookupError", "IndexError", "NameError"})
_GIVING = frozenset({"get", "setdefault", "getattr"})


def remembered(node: ast.stmt | None) -> tuple[str, ...] | None:
    """Return the parameters by which a function finds what it gives back; None if it may make that anew each time.

    What it gives back is held by a name, an attribute or an item that outlives the call, and is made only where that
    does not hold it yet: ``if cls._it is None: cls._it = cls()``.
    """
    if not isinstance(node, ast.FunctionDef):
        return None
    returned = list(_returned(node))
    if all(map(_is_none, returned)) or not all(map(_may_be_held, returned)):
        return None
    body = _Body(node)
    if body.is_unclear or not body.returns or not all(map(body.is_held, body.returns)):
        return None
    if not body.made <= body.places or not all(map(body.is_guarded, body.stores)):
        return None
    return tuple(name for name in body.parameters if name in body.keys)


def _returned(node: ast.FunctionDef) -> Iterator[ast.expr]:
    pending: list[ast.AST] = list(node.body)
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Return) and part.value is not None:
            yield part.value
        elif not isinstance(part, (*_INNER, ast.expr)):
            pending += children(part)


def _may_be_held(value: ast.expr) -> bool:
    """Whether an expression is of a form that can give what stands somewhere: a quick look first."""
    if isinstance(value, ast.Call):
        return _last(value.func) in _GIVING | {"globals"}
    return isinstance(
        value, (ast.Name, ast.Attribute, ast.Subscript, ast.IfExp, ast.BoolOp, ast.NamedExpr)
    ) or _is_none(value)


@dataclass(frozen=True, slots=True)
class _Stored:
    """An assignment to a place, below some statements."""

    statement: ast.stmt
    place: str
    above: tuple[ast.AST, ...]


@dataclass(slots=True)
class _Body:
    """What a function reads of places that outlive its call, and what it stores there."""

    node: ast.FunctionDef
    parameters: tuple[str, ...] = ()
    returns: list[ast.expr] = field(default_factory=list)
    local: dict[str, list[tuple[ast.expr | None, ast.stmt | None]]] = field(default_factory=dict)
    """What the function's own names are assigned, and where; None for what no expression tells."""

    stores: list[_Stored] = field(default_factory=list)
    places: set[str] = field(default_factory=set)
    """The places from which something is given back."""

    made: set[str] = field(default_factory=set)
    """The places that get something at the same time as it is given back."""

    keys: set[str] = field(default_factory=set)
    """The names that decide which of what a place holds is given back."""

    is_unclear: bool = False
    """Whether the body does what is not followed here."""

    _exits: list[ast.Return] = field(default_factory=list)
    _outer: set[str] = field(default_factory=set)
    _open: set[str] = field(default_factory=set)
    _assigned: list[tuple[ast.expr, ast.expr | None, ast.stmt, tuple[ast.AST, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        arguments = self.node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        self.parameters = tuple(item.arg for item in every if item is not None)
        found = list(_below(self.node.body))
        for part, _ in found:
            if isinstance(part, (ast.Global, ast.Nonlocal)):
                self._outer.update(part.names)
        for part, above in found:
            self._read(part, above)
        for target, value, statement, _ in self._assigned:
            for single in _singles(target):
                if isinstance(single, ast.Name) and single.id not in self._outer:
                    whole = value if single is target else None
                    self.local.setdefault(single.id, []).append((whole, statement))
        for target, _, statement, above in self._assigned:
            for single in _singles(target):
                if not isinstance(single, ast.Name) or single.id in self._outer:
                    self._store(single, statement, above)
        self.is_unclear |= any(
            isinstance(part, ast.Call)
            and isinstance(part.func, ast.Attribute)
            and part.func.attr in _EMPTYING
            and bool(self.place(part.func.value))
            for part, _ in found
        )

    def _store(self, target: ast.expr, statement: ast.stmt, above: tuple[ast.AST, ...]) -> None:
        if place := self.place(target):
            self.stores.append(_Stored(statement, place, above))

    def _read(self, part: ast.AST, above: tuple[ast.AST, ...]) -> None:
        match part:
            case ast.Return(value=ast.expr() as value):
                self._exits.append(part)
                if not _is_none(value):
                    self.returns.append(value)
            case ast.Assign(targets=targets, value=value):
                self._assigned += [(target, value, part, above) for target in targets]
            case ast.AnnAssign(target=target, value=value):
                self._assigned.append((target, value, part, above))
            case ast.AugAssign(target=target):
                self._assigned.append((target, None, part, above))
            case ast.NamedExpr(target=target, value=value):
                self._assigned.append((target, value, _statement(above), above))
            case ast.For(target=target) | ast.withitem(optional_vars=ast.expr() as target):
                self._assigned.append((target, None, _statement((*above, part)), above))
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                for alias in names:
                    self.local.setdefault(alias.asname or alias.name.partition(".")[0], []).append((None, None))
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.local.setdefault(name, []).append((None, None))
            case ast.Yield() | ast.YieldFrom() | ast.Delete() | ast.Match():
                self.is_unclear = True

    def place(self, node: ast.expr) -> str:
        """Return how a place that outlives the call is spelled, without the keys; empty for what is none."""
        match node:
            case ast.Name(id=name) if name in self.local or name in self.parameters:
                return self._local_place(name)
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in self.parameters:
                self.keys.add(name)
                return "" if name in self.local else f"{name}.{attribute}"
            case ast.Attribute(value=owner, attr=attribute):
                inner = self.place(owner)
                return inner and f"{inner}.{attribute}"
            case ast.Subscript(value=ast.Name(id=name), slice=key) if name in self.parameters:
                self.keys.add(name)
                self._note_key(key)
                return "" if name in self.local else f"{name}[]"
            case ast.Subscript(value=owner, slice=key) if not isinstance(key, ast.Slice):
                inner = self.place(owner)
                if inner:
                    self._note_key(key)
                return inner and f"{inner}[]"
            case ast.Call(func=ast.Name(id="globals"), args=[], keywords=[]):
                return "globals()"
            case ast.Call(func=ast.Attribute(value=owner, attr="setdefault"), args=[key, _], keywords=[]):
                return self.place(_item(owner, key))
            case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[key, *default], keywords=[]):
                return self.place(_item(owner, key)) if all(map(_is_none, default)) else ""
            case ast.Call(
                func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str() as name), *default], keywords=[]
            ) if all(map(_is_none, default)):
                return self.place(_attribute(owner, name))
        return ""

    def _local_place(self, name: str) -> str:
        """Return the place that a name of the function stands for all the time."""
        assigned = self.local.get(name, ())
        if len(assigned) != 1 or name in self.parameters or name in self._open:
            return ""
        value, _ = assigned[0]
        self._open.add(name)
        found = "" if value is None else self.place(value)
        self._open.discard(name)
        return found

    def _note_key(self, key: ast.expr) -> None:
        """Count the parameters that a key is made of."""
        pending = [part.id for part in descendants(key) if isinstance(part, ast.Name)]
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self.parameters:
                self.keys.add(name)
            for value, _ in self.local.get(name, ()):
                if value is None:
                    # What it is made of is not known: all that is given may decide.
                    self.keys.update(self.parameters)
                else:
                    pending += [part.id for part in descendants(value) if isinstance(part, ast.Name)]

    def is_held(self, value: ast.expr) -> bool:
        """Whether what is given back stands in a place that outlives the call, or is put there as well."""
        match value:
            case ast.IfExp(body=body, orelse=orelse):
                return self.is_held(body) and self.is_held(orelse)
            case ast.BoolOp(values=values):
                return all(map(self.is_held, values))
            case ast.NamedExpr(value=inner):
                return self.is_held(inner)
            case ast.Constant():
                return _is_none(value)
            case ast.Name(id=name) if name in self.local and name not in self._open:
                self._open.add(name)
                found = [self._is_kept(name, item, statement) for item, statement in self.local[name]]
                self._open.discard(name)
                return all(found) and name not in self.parameters
        place = self.place(value)
        if place:
            self.places.add(place)
        return bool(place)

    def _is_kept(self, name: str, value: ast.expr | None, statement: ast.stmt | None) -> bool:
        """Whether what one of the function's names is assigned is held, or put into a place at the same time."""
        if value is not None and self.is_held(value):
            return True
        where = [store.place for store in self.stores if store.statement is statement]
        for store in self.stores:
            match store.statement:
                case ast.Assign(value=ast.Name(id=stored)) if stored == name:
                    where.append(store.place)
        self.made.update(where)
        return value is not None and bool(where)

    def is_guarded(self, store: _Stored) -> bool:
        """Whether something is stored only where the place has nothing yet, if it is a place that matters."""
        if store.place not in self.places:
            return True
        row = store.statement.lineno
        earlier = (item.value for item in self._exits if item.lineno < row)
        if any(value is not None and self._is_of(value, store.place) for value in earlier):
            return True
        for above in store.above:
            match above:
                case ast.If(test=test) if self._asks_for(test, store.place):
                    return True
                case ast.ExceptHandler(type=ast.expr() as caught) if {_last(n) for n in _kinds(caught)} <= _MISSING:
                    return True
        return False

    def _asks_for(self, test: ast.expr, place: str) -> bool:
        """Whether a condition asks for a place: what it has, or whether it has anything."""
        match test:
            case ast.BoolOp(values=values):
                return all(self._asks_for(value, place) for value in values)
            case ast.Compare(
                left=ast.Constant(value=str() as name),
                ops=[ast.In() | ast.NotIn()],
                comparators=[ast.Attribute(value=owner, attr="__dict__")],
            ):
                return self.place(_attribute(owner, name)) == place
            case ast.Compare(left=key, ops=[ast.In() | ast.NotIn()], comparators=[container]):
                return self.place(_item(container, key)) == place
            case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() | ast.Eq()], comparators=[right]):
                return _is_none(right) and self._asks_for(left, place)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._asks_for(operand, place)
            case ast.Call(func=ast.Name(id="hasattr"), args=[owner, ast.Constant(value=str() as name)]):
                return self.place(_attribute(owner, name)) == place
            case ast.NamedExpr(value=value):
                return self._asks_for(value, place)
        return self._is_of(test, place)

    def _is_of(self, value: ast.expr, place: str) -> bool:
        """Whether an expression is what a place has, or one of the function's names that may be."""
        if isinstance(value, ast.Name) and value.id in self.local:
            return any(item is not None and self.place(item) == place for item, _ in self.local[value.id])
        return self.place(value) == place


def _below(body: Sequence[ast.AST]) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Yield what stands in a function's body and not in another one's within it, each with the statements around it."""
    pending: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(part, ()) for part in body]
    while pending:
        part, above = pending.pop()
        yield part, above
        if not isinstance(part, _INNER):
            around = above if isinstance(part, ast.expr) else (*above, part)
            pending += [(child, around) for child in children(part)]


def _statement(above: tuple[ast.AST, ...]) -> ast.stmt:
    """Return the innermost statement."""
    return next(part for part in reversed(above) if isinstance(part, ast.stmt))


def _singles(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _singles(element)
    elif isinstance(target, ast.Starred):
        yield from _singles(target.value)
    else:
        yield target


def _item(owner: ast.expr, key: ast.expr) -> ast.Subscript:
    return ast.Subscript(owner, key, ast.Load())


def _attribute(owner: ast.expr, name: str) -> ast.Attribute:
    return ast.Attribute(owner, name, ast.Load())


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or node.value is False)


def _kinds(caught: ast.expr) -> list[ast.expr]:
    return caught.elts if isinstance(caught, ast.Tuple) else [caught]


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
