"""Collections that a ``while`` loop empties, one element in each turn: ``while names: name = names.pop()``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal, TypeAlias

from stalecheck.reloads.scopes import Binding, Guard, Place

if TYPE_CHECKING:
    from stalecheck.reloads.scopes import Outline

End: TypeAlias = Literal["first", "last", ""]


def drains(outline: Outline, call: ast.expr | None, place: Place) -> End:
    """Return from which end a call takes the elements of what a loop empties; empty where it need not take them all."""
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="pop" | "popleft" as method), args=arguments):
            loop = place.loop
            if not isinstance(loop, ast.While) or not (_is_left(loop.test, name) or _is_true(loop.test)):
                return ""
            inside = (id(loop), 0)
            asked = [guard for guard in place.guards if inside in guard.place.branch and not guard.is_success]
            if inside not in place.branch or place.is_caught or not all(_asks_for_more(g, name) for g in asked):
                return ""
            return _end(method, arguments) if _takes_out(outline, name, place) == 1 else ""
    return ""


def is_drained(outline: Outline, binding: Binding) -> bool:
    """Return whether a name is bound to what a loop takes out of the collection that it empties."""
    is_plain = binding.how == "value" and not binding.path and binding.value is not None
    return is_plain and bool(drains(outline, binding.value, binding.place))


def _asks_for_more(guard: Guard, name: str) -> bool:
    """Whether a condition is that there is still something in a collection."""
    match guard.test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not guard.is_true and _is_left(operand, name)
    return guard.is_true and _is_left(guard.test, name)


def _is_left(test: ast.expr, name: str) -> bool:
    """Whether an expression is true as long as there is something in a collection."""
    match test:
        case ast.Compare(left=left, ops=[ast.Gt() | ast.NotEq()], comparators=[ast.Constant(value=0)]):
            return isinstance(left, ast.Call) and _is_left(left, name)
        case ast.Call(func=ast.Name(id="len" | "bool"), args=[inner]):
            return _is_left(inner, name)
    return isinstance(test, ast.Name) and test.id == name


def _is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and bool(test.value)


def _end(method: str, arguments: list[ast.expr]) -> End:
    match method, arguments:
        case ("popleft", []) | ("pop", [ast.Constant(value=0)]):
            return "first"
        case "pop", [] | [ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1))]:
            return "last"
    return ""


def _takes_out(outline: Outline, name: str, place: Place) -> int:
    """How often something is taken out of a collection in the same function."""
    deleted = sum(
        isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == name
        for statement, where in outline.deletions
        for target in statement.targets
        if where.scope.function is place.scope.function
    )
    return deleted + sum(
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == name
        and where.scope.function is place.scope.function
        for method in ("pop", "popleft", "remove", "discard", "clear")
        for call, where in outline.calls.get(method, ())
    )
