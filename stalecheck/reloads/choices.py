"""What the arguments of a call have a say in: the modules that a loop in the called function picks.

``if not is_package and (not deep or name.rpartition(".")[0] != package)`` in a loop over a package's modules: what a
call gives for ``deep`` decides which of them are reloaded.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from stalecheck.reloads.invocations import Invocation
from stalecheck.reloads.items import Hole, Unknown, integer
from stalecheck.reloads.names import position_of
from stalecheck.reloads.optional import constant_truth, free_parameters, is_about, truth_of
from stalecheck.reloads.scopes import Place
from stalecheck.reloads.sites import Choice, Wrapper
from stalecheck.reloads.values import Evaluator

_Test: TypeAlias = tuple[ast.expr, bool]
"""A condition, and whether it has to hold or to fail."""


def choices(evaluator: Evaluator, place: Place, patterns: Sequence[str], named: Collection[str]) -> Iterator[Choice]:
    """Yield the parameters that the conditions around a place ask for next to something else.

    `patterns` are the names of what is reloaded there, and `named` the parameters that stand in them.
    """
    function = place.scope.function
    if function is None or not isinstance(function.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return
    if not any("*" in pattern for pattern in patterns):
        return
    parameters = free_parameters(function, function.node.args)
    guards = [guard for guard in place.guards if guard.place.scope is function]
    mixed = [guard.test for guard in guards if not is_about(guard.test, parameters)]
    asked = {name for test in mixed for name in _names(test) if name in parameters and name not in named}
    for parameter in sorted(asked):
        truth = constant_truth(parameters[parameter])
        otherwise: tuple[str, ...] = ()
        if truth is not None:
            given = {**parameters, parameter: ast.Constant(not truth)}
            left = [part for guard in guards for part in _left(guard.test, given, is_true=guard.is_true)]
            if not any(asked.intersection(_names(test)) for test, _ in left):
                otherwise = tuple(_narrowed(evaluator, pattern, left, place) for pattern in patterns)
        yield Choice(parameter, position_of(function, parameter), truth, otherwise)


def chosen(wrapper: Wrapper, call: Invocation) -> Wrapper | Unknown:
    """Return a wrapper with what the arguments of a call pick, or why that is not known."""
    found = wrapper
    for choice in wrapper.choices:
        argument = call.argument(choice.position, choice.parameter)
        truth = choice.truth if argument is None and not call.is_spread else constant_truth(argument)
        if truth is not None and truth is choice.truth:
            continue
        if truth is None or not choice.patterns or found is not wrapper or not isinstance(argument, ast.Constant):
            return Unknown(f"which modules `{wrapper.name}` picks depends on `{choice.parameter}`")
        found = replace(wrapper, patterns=choice.patterns)
    return found


def _names(test: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}


def _left(test: ast.expr, given: Mapping[str, ast.expr | None], *, is_true: bool) -> Iterator[_Test]:
    """Yield what a condition still asks for once some parameters are known."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _left(test.operand, given, is_true=not is_true)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is is_true:
        for part in test.values:
            yield from _left(part, given, is_true=is_true)
    elif isinstance(test, ast.BoolOp):
        truths = [truth_of(part, given) if is_about(part, given) else None for part in test.values]
        if is_true in truths:
            return
        open_parts = [part for part, truth in zip(test.values, truths, strict=True) if truth is None]
        if len(open_parts) == 1:
            yield from _left(open_parts[0], given, is_true=is_true)
        else:
            yield test, is_true
    elif not is_about(test, given) or truth_of(test, given) is not is_true:
        yield test, is_true


def _narrowed(evaluator: Evaluator, pattern: str, tests: Sequence[_Test], place: Place) -> str:
    """What is left of the modules below a package where a condition passes over those directly in it."""
    for test, is_true in tests:
        match test:
            case ast.Compare(left=parent, ops=[ast.Eq() | ast.NotEq() as operator], comparators=[package]):
                is_other = isinstance(operator, ast.NotEq) is is_true
                if is_other and _is_parent(parent) and _below(evaluator, package, place) == pattern:
                    return f"{pattern}.*"
    return pattern


def _is_parent(node: ast.expr) -> bool:
    """Whether an expression cuts off the last part of a dotted name."""
    match node:
        case ast.Subscript(value=ast.Call(func=ast.Attribute(attr=attr), args=args), slice=index):
            is_last = attr == "rpartition" or (attr == "rsplit" and len(args) > 1 and integer(args[1]) == 1)
            return is_last and integer(index) == 0
    return False


def _below(evaluator: Evaluator, package: ast.expr, place: Place) -> str:
    """The modules below a package that a parameter names."""
    items = evaluator.inner(package, place)
    patterns = {item.pattern for item in items if isinstance(item, Hole)}
    return f"{patterns.pop()}.*" if len(items) == len(patterns) == 1 else ""
