"""How far a loop over modules comes: what ends it, and what its earlier turns leave to the later ones."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stalecheck.reloads.scopes import Binding, Place, Position, bindings_at, terminal

if TYPE_CHECKING:
    from stalecheck.reloads.scopes import Outline

_DEPTH = 5


def is_carried(outline: Outline, test: ast.expr, place: Place) -> bool:
    """Return whether a condition in a loop asks for what earlier turns have left: a counter, a flag, a length."""
    loop = place.loop
    if not isinstance(loop, (ast.For, ast.AsyncFor)):
        return False
    if isinstance(test, ast.Name) and _is_filled(outline, test, loop):
        return True
    for node in ast.walk(test):
        match node:
            case ast.Name(id=name) if _changes(name, (node.lineno, node.col_offset), place, loop, 0):
                return True
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name() as many]) if _is_filled(outline, many, loop):
                return True
            case ast.Call(func=ast.Name(id="next")):
                return True
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if _counts(owner, attribute, loop):
                return True
    return False


def asks(test: ast.expr) -> bool:
    """Return whether a condition calls what may answer otherwise at another turn."""
    return any(isinstance(node, ast.Call) and terminal(node.func) not in _STEADY for node in ast.walk(test))


def _changes(name: str, at: Position, place: Place, loop: ast.For | ast.AsyncFor, depth: int) -> bool:
    """Whether a name may have at a place what an earlier turn has bound it to."""
    inside = [binding for binding in _bindings(name, place) if _is_inside(binding, loop)]
    if not inside or depth > _DEPTH:
        return False
    reaching, _ = bindings_at(name, place, at)
    if any(binding not in inside for binding in reaching) and any(not b.place.is_caught for b in inside):
        return True
    return any(
        _changes(part.id, (part.lineno, part.col_offset), binding.place, loop, depth + 1)
        for binding in reaching
        if binding.value is not None
        for part in ast.walk(binding.value)
        if isinstance(part, ast.Name)
    )


def _bindings(name: str, place: Place) -> Iterator[Binding]:
    scope = place.scope
    while scope.parent is not None and (name in scope.outer or name not in scope.bindings):
        scope = scope.parent
    yield from scope.bindings.get(name, ())


def _is_inside(binding: Binding, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether the body of a loop binds it: by what is handed over to an outer scope, too."""
    value = binding.value
    return value is not None and value is not loop.iter and _first(loop) <= value.lineno <= _last(loop)


def _is_filled(outline: Outline, many: ast.Name, loop: ast.For | ast.AsyncFor) -> bool:
    return any(
        (id(loop), 0) in addition.place.branch and not addition.place.is_caught
        for addition in outline.additions.get(many.id, ())
    )


def _counts(owner: str, attribute: str, loop: ast.For | ast.AsyncFor) -> bool:
    for node in ast.walk(loop):
        match node:
            case ast.AugAssign(target=ast.Attribute(value=ast.Name(id=name), attr=attr)):
                if (name, attr) == (owner, attribute):
                    return True
    return False


def _first(loop: ast.For | ast.AsyncFor) -> int:
    return loop.body[0].lineno


def _last(loop: ast.For | ast.AsyncFor) -> int:
    return loop.body[-1].end_lineno or loop.body[-1].lineno


_STEADY = frozenset({"len", "isinstance", "hasattr", "getattr", "bool", "any", "all"})
