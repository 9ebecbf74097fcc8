"""The blocks around a reload that a call leaves out when its arguments say so: ``if deep: reload(dependent)``."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from stalecheck.nodes import positional_parameters
from stalecheck.reloads.scopes import Guard, Place, Scope, named_defaults


def optional_blocks(place: Place) -> frozenset[tuple[int, int]]:
    """Return the blocks of ``if`` statements around a place that depend on nothing but the function's parameters.

    A block that runs for the parameters' defaults is none of them: whoever leaves that out asks for it. Nor is one
    under a condition on anything else (``if "m" in sys.modules``, ``if self.loaded``): that may well say that there is
    nothing to reload.
    """
    function = place.scope.function
    if function is None or not isinstance(function.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return frozenset()
    defaults = free_parameters(function, function.node.args)
    return frozenset(
        guard.block for guard in place.guards if guard.block is not None and _is_optional(guard, function, defaults)
    )


def _is_optional(guard: Guard, function: Scope, defaults: Mapping[str, ast.expr | None]) -> bool:
    if guard.place.scope is not function or not is_about(guard.test, defaults):
        return False
    return truth_of(guard.test, defaults) is not guard.is_true


def is_about(test: ast.expr, parameters: Mapping[str, ast.expr | None]) -> bool:
    """Return whether a condition asks for nothing but parameters, and compares them with constants at most."""
    match test:
        case ast.Name(id=name):
            return name in parameters
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return is_about(operand, parameters)
        case ast.BoolOp(values=values):
            return all(is_about(value, parameters) for value in values)
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[ast.Constant()]):
            return is_about(left, parameters)
    return False


def truth_of(test: ast.expr, given: Mapping[str, ast.expr | None]) -> bool | None:
    """Return what a condition about parameters is when `given` is what they are; None when that cannot be said."""
    match test:
        case ast.Name(id=name):
            return constant_truth(given[name])
        case ast.UnaryOp(operand=operand):
            inner = truth_of(operand, given)
            return None if inner is None else not inner
        case ast.BoolOp(op=operator, values=values):
            decides = isinstance(operator, ast.Or)
            parts = {truth_of(value, given) for value in values}
            return decides if decides in parts else None if None in parts else not decides
        case ast.Compare(left=ast.Name(id=name), ops=[operator], comparators=[ast.Constant(value=value)]):
            argument = given[name]
            is_equal = isinstance(argument, ast.Constant) and argument.value == value
            return is_equal is isinstance(operator, ast.Eq) if isinstance(argument, ast.Constant) else None
    return None


def constant_truth(node: ast.expr | None) -> bool | None:
    """Return whether a constant, or a display, is true; None for any other expression."""
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.Dict(keys=parts):
            return bool(parts)
        case ast.Call(func=ast.Name(id="set" | "frozenset" | "list" | "tuple" | "dict"), args=[], keywords=[]):
            return False
    return None


def free_parameters(function: Scope, arguments: ast.arguments) -> dict[str, ast.expr | None]:
    """Return the parameters whose values the callers choose and the body leaves alone, with their defaults."""
    positional = positional_parameters(arguments)
    found = dict[str, ast.expr | None].fromkeys(argument.arg for argument in (*positional, *arguments.kwonlyargs))
    found.update(named_defaults(function.node))
    if function.parent is not None and function.parent.kind == "class" and positional:
        found.pop(positional[0].arg, None)
    return {name: default for name, default in found.items() if len(function.bindings.get(name, ())) == 1}
