"""``if "m" in locals(): reload(m)``, ``try: reload(m)`` / ``except NameError: import m``: what only the first run of a
body does, and what only later ones do."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stalecheck.attaching import is_own_module, is_own_namespace
from stalecheck.reloads.scopes import Guard, Place

_ANY_ERROR = frozenset({"Exception", "BaseException"})


def is_first_run(statement: ast.Try, handler: ast.ExceptHandler) -> bool:
    """Return whether a handler runs at the first run of the body only: it binds a name that was tried before.

    A handler for more than `NameError` counts if the name is the first thing that is tried.
    """
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    caught = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    if handler.type is not None and not caught & {"NameError", *_ANY_ERROR}:
        return False
    tried = statement.body if "NameError" in caught else statement.body[:1]
    asked = {part.value.id for part in tried if isinstance(part, ast.Expr) and isinstance(part.value, ast.Name)}
    given = {name for part in tried for name in _arguments(part)}
    imported = {name for part in statement.body for name in _imported(part)}
    bound = set(_bound(handler))
    return asked <= bound and not bound.isdisjoint((asked | given) - imported)


def is_again(place: Place) -> bool:
    """Whether only later runs of a body get to a place that reloads.

    What reloads other modules beside an ``else`` is a later run, whatever the condition's words: the Blender idiom.
    """
    return place.is_rerun or any(_is_later(guard) for guard in place.guards)


def _is_later(guard: Guard) -> bool:
    first = first_run(guard.test)
    if first is not None:
        return first is not guard.is_true
    return guard.is_true and guard.statement is not None and bool(guard.statement.orelse)


def first_run(test: ast.expr) -> bool | None:
    """Return whether a condition holds at the first run of the body only (True), or at later ones only (False).

    ``"x" not in globals()`` holds at the first run only, ``"x" in locals()`` at later ones.
    """
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = first_run(operand)
            return None if inner is None else not inner
        case ast.Call(func=ast.Name(id="hasattr"), args=[owner, ast.Constant(value=str())]) if is_own_module(owner):
            return False
        case ast.Compare(left=ast.Constant(value=str()), ops=[ast.In() | ast.NotIn() as op], comparators=[namespace]):
            match namespace:
                case ast.Call(func=ast.Name(id="dir"), args=[]):
                    return isinstance(op, ast.NotIn)
            if is_own_namespace(namespace):
                return isinstance(op, ast.NotIn)
        case ast.Compare(
            left=ast.Call(func=ast.Attribute(value=namespace, attr="get"), args=[ast.Constant(value=str())]),
            ops=[ast.Is() | ast.IsNot() as op],
            comparators=[ast.Constant(value=None)],
        ) if is_own_namespace(namespace):
            return isinstance(op, ast.Is)
    return None


def _arguments(statement: ast.stmt) -> Iterator[str]:
    """Yield the names in the arguments of a call: ``reload(m)``, ``m = reload(m)``."""
    match statement:
        case ast.Expr(value=ast.Call(args=args)) | ast.Assign(value=ast.Call(args=args)):
            for arg in args:
                while isinstance(arg, ast.Attribute):
                    arg = arg.value
                if isinstance(arg, ast.Name):
                    yield arg.id


def _bound(handler: ast.ExceptHandler) -> Iterator[str]:
    for part in handler.body:
        yield from _imported(part)
        for node in ast.walk(part):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _imported(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0]
