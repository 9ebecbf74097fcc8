"""What a parameter stands for where a call leaves it out: its default, or what the function takes instead of None."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from stalecheck.reloads.scopes import Binding, Place, Scope, named_defaults


def default_of(scope: Scope, name: str) -> tuple[ast.expr, Place] | None:
    """Return the default of a parameter, and where it is worked out."""
    written = named_defaults(scope.node).get(name)
    if written is None or scope.place is None:
        return None
    other = instead_of_none(scope, name)
    return other or (written, scope.place)


def instead_of_none(scope: Scope, name: str) -> tuple[ast.expr, Place] | None:
    """Return what a function takes where a parameter is None: ``if p is None: p = D``, ``p = p or D``."""
    bindings = scope.bindings.get(name, ())
    if len(bindings) != 2 or bindings[0].how != "parameter" or not _is_none(named_defaults(scope.node).get(name)):
        return None
    other = bindings[1]
    if other.how != "value" or other.path or other.place.scope is not scope or other.value is None:
        return None
    blocks = [guard for guard in other.place.guards if guard.block is not None]
    if not other.place.branch:
        value = _alternative(other.value, name)
        return None if value is None else (value, other.place)
    is_its_own = len(other.place.branch) == 1 == len(blocks) and blocks[0].block == other.place.branch[0]
    if not is_its_own or _asks(blocks[0].test, name) is not blocks[0].is_true:
        return None
    return other.value, other.place


def is_parameter(bindings: Sequence[Binding], name: str) -> Scope | None:
    """Return the function that bindings are a parameter of, with what it takes instead of None."""
    scope = bindings[-1].place.scope if bindings else None
    if scope is None or scope.kind != "function" or len(scope.bindings.get(name, ())) != 2:
        return None
    is_own = all(binding in scope.bindings[name] for binding in bindings)
    return scope if is_own and instead_of_none(scope, name) is not None else None


def _alternative(node: ast.expr, name: str) -> ast.expr | None:
    match node:
        case ast.BoolOp(op=ast.Or(), values=[ast.Name(id=first), value]) if first == name:
            return value
        case ast.IfExp(test=test, body=body, orelse=orelse):
            asks = _asks(test, name)
            kept, value = (orelse, body) if asks else (body, orelse)
            return value if asks is not None and isinstance(kept, ast.Name) and kept.id == name else None
    return None


def _asks(test: ast.expr, name: str) -> bool | None:
    """Whether a condition holds where a parameter is left out; None where it asks for something else."""
    match test:
        case ast.Name(id=asked) if asked == name:
            return False
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            asks = _asks(operand, name)
            return None if asks is None else not asks
        case ast.Compare(left=ast.Name(id=asked), ops=[ast.Is() | ast.Eq() | ast.IsNot() | ast.NotEq() as how]):
            is_it = asked == name and _is_none(test.comparators[0])
            return isinstance(how, (ast.Is, ast.Eq)) if is_it else None
    return None


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
