"""Statements that put something into a container: ``a[k] = x``, ``a += [x]``, ``a.append(x)``.

Once for LibCST's tree, and, as far as it takes to know which functions do so, for the standard library's.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from stalecheck.model import Span
from stalecheck.nodes import children, descendants
from stalecheck.summarize.summary import Display, Element, Expression
from stalecheck.summarize.syntax import Statement

_MUTATORS = frozenset({"append", "appendleft", "add", "insert", "setdefault"})
_UNPACKERS = frozenset({"extend", "extendleft", "update"})
_FILLERS = _MUTATORS | _UNPACKERS
_REMOVERS = frozenset({"clear", "discard", "pop", "popitem", "popleft", "remove"})


@dataclass(frozen=True, slots=True)
class Filling:
    """What one statement puts into one container."""

    container: cst.BaseExpression
    """The outermost one: ``a`` of ``a["k"].append(x)`` and of ``a.setdefault("k", []).append(x)``."""

    values: tuple[cst.BaseExpression, ...]
    keys: tuple[cst.BaseExpression, ...] = ()
    is_unpacked: bool = False
    """Whether the elements of the values are put in."""

    def display(
        self, convert: Callable[[cst.BaseExpression], Expression], span: Callable[[cst.CSTNode], Span]
    ) -> Display:
        """Return a container of what is put in."""
        keys = [Element(convert(key), span(key), is_key=True) for key in self.keys]
        values = [Element(convert(value), span(value), is_unpacked=self.is_unpacked) for value in self.values]
        return Display((*keys, *values), is_mapping=bool(keys))


def fillings(node: Statement) -> Iterator[Filling]:
    """Yield what a statement puts into containers."""
    match node:
        case cst.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target.target, cst.Subscript):
                    yield _of_item(target.target, value)
        case cst.AnnAssign(target=cst.Subscript() as target, value=cst.BaseExpression() as value):
            yield _of_item(target, value)
        case cst.AugAssign(target=target, value=value):
            yield Filling(outermost(target), (value,), is_unpacked=True)
        case cst.Expr(value=cst.Call(func=cst.Attribute(value=filled, attr=cst.Name(value=name)), args=arguments)):
            values = tuple(argument.value for argument in arguments)
            if name in _UNPACKERS:
                named = tuple(argument.value for argument in arguments if argument.keyword is not None)
                plain = tuple(argument.value for argument in arguments if argument.keyword is None)
                yield Filling(outermost(filled), plain, is_unpacked=True)
                yield Filling(outermost(filled), named)
            elif name in _MUTATORS and name != "setdefault":
                yield Filling(outermost(filled), values)
            elif name in _MUTATORS:
                yield Filling(outermost(filled), values[1:], values[:1])


def stored(
    node: Statement,
) -> Iterator[tuple[cst.BaseExpression, tuple[cst.BaseExpression, ...], bool]]:
    """Yield into what a statement puts which values: containers, attributes, names; True for their elements."""
    for filling in fillings(node):
        yield filling.container, (*filling.keys, *filling.values), filling.is_unpacked
    if isinstance(node, cst.Assign):
        for target in node.targets:
            if isinstance(target.target, (cst.Attribute, cst.Name)):
                yield target.target, (node.value,), False


def _of_item(target: cst.Subscript, value: cst.BaseExpression) -> Filling:
    keys = tuple(part.slice.value for part in target.slice if isinstance(part.slice, cst.Index))
    return Filling(outermost(target.value), (value,), keys)


def outermost(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return the outermost container: ``T`` of ``T["a"]``, of ``T.setdefault("a", [])``."""
    while True:
        match node:
            case cst.Subscript(value=inner):
                node = inner
            case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value="setdefault" | "get"))):
                node = inner
            case _:
                return node


def root(node: cst.BaseExpression) -> str:
    """Return the name with which a container is written; empty if it is none."""
    container = outermost(node)
    while isinstance(container, cst.Attribute):
        container = outermost(container.value)
    return container.value if isinstance(container, cst.Name) else ""


def kept_roots(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Return the names from outside of a function that it fills, or whose attributes it sets, for good."""
    found: set[str] = set()
    global_names: set[str] = set()
    for node in _statements(function):
        found.update(_filled(node))
        if isinstance(node, ast.Global):
            global_names.update(node.names)
    found -= {"", *(argument.arg for argument in children(function.args) if isinstance(argument, ast.arg))}
    if not found | global_names:
        return frozenset()
    bound: Counter[str] = Counter()
    gone = {""}
    for part in descendants(function):
        match part:
            case ast.arg(arg=name):
                gone.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                bound[name] += 1
            case ast.Attribute(value=taken, attr=name) if name in _REMOVERS:
                gone.add(_root(taken))
            case ast.Subscript(value=taken, ctx=ast.Del()) | ast.Attribute(value=taken, ctx=ast.Del()):
                gone.add(_root(taken))
    # What is bound twice may be put back.
    gone |= {name for name, times in bound.items() if name not in global_names or times > 1}
    return frozenset((found | global_names) - gone)


def _statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.stmt]:
    pending: list[ast.stmt] = list(function.body)
    while pending:
        node = pending.pop()
        yield node
        for block in ("body", "orelse", "finalbody"):
            pending += getattr(node, block, ())
        for branch in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            pending += branch.body


def _filled(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Assign(targets=targets):
            yield from (_root(target) for target in targets if isinstance(target, (ast.Subscript, ast.Attribute)))
        case ast.AnnAssign(target=ast.Subscript() | ast.Attribute() as target) | ast.AugAssign(target=target):
            yield _root(target)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=target, attr=name))) if name in _FILLERS:
            yield _root(target)


def _root(node: ast.expr) -> str:
    while True:
        match node:
            case ast.Subscript(value=inner) | ast.Attribute(value=inner):
                node = inner
            case ast.Call(func=ast.Attribute(value=inner, attr="setdefault" | "get")):
                node = inner
            case ast.Name(id=name):
                return name
            case _:
                return ""
