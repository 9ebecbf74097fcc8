"""Under which conditions a statement of a function body runs, as far as its tests are of a form that says something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import libcst as cst

from stalecheck.summarize.summary import Condition, Expression, Parameter

UNKNOWN = Condition()

_Convert = Callable[[cst.BaseExpression], Expression]
_LEAVES = (cst.Return, cst.Continue, cst.Break)


def where_true(test: cst.BaseExpression, convert: _Convert) -> tuple[Condition, ...]:
    """Return what has to hold for a test to be true."""
    match test:
        case cst.BooleanOperation(left=left, operator=cst.And(), right=right):
            return (*where_true(left, convert), *where_true(right, convert))
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            return where_false(inner, convert)
    return (_condition(test, convert),)


def where_false(test: cst.BaseExpression, convert: _Convert) -> tuple[Condition, ...]:
    """Return what has to hold for a test to be false."""
    match test:
        case cst.BooleanOperation(left=left, operator=cst.Or(), right=right):
            return (*where_false(left, convert), *where_false(right, convert))
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            return where_true(inner, convert)
    condition = _condition(test, convert)
    return (replace(condition, is_negated=not condition.is_negated),)


def behind(node: cst.If, convert: _Convert) -> tuple[Condition, ...]:
    """Return what has to hold for the statements behind an ``if`` to run: that it has not left the function."""
    conditions = where_false(node.test, convert) if _leaves(node.body) else ()
    if isinstance(node.orelse, cst.If):
        inner = behind(node.orelse, convert)
        return (*conditions, *inner) if conditions else tuple(UNKNOWN for _ in inner)
    if node.orelse is not None and _leaves(node.orelse.body):
        return where_true(node.test, convert)
    return conditions


def by_default(condition: Condition, parameters: cst.Parameters) -> Condition:
    """Return a condition with the answer for a parameter that is not given."""
    if condition.attribute or condition.key or not isinstance(condition.value, Parameter):
        return condition
    for parameter in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params):
        if parameter.name.value == condition.value.name:
            match parameter.default:
                case cst.Name(value="None" | "False"):
                    return replace(condition, by_default=condition.is_negated)
                case cst.Name(value="True") | cst.SimpleString() | cst.Integer():
                    return replace(condition, by_default=not condition.is_negated)
    return condition


def _leaves(block: cst.BaseSuite) -> bool:
    last = block.body[-1]
    return isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], _LEAVES)


def _condition(test: cst.BaseExpression, convert: _Convert) -> Condition:
    match test:
        case cst.Call(
            func=cst.Name(value="hasattr" | "getattr" as asked),
            args=[cst.Arg(value=owner), cst.Arg(value=cst.SimpleString() as name), *_],
        ):
            return Condition(convert(owner), str(name.evaluated_value), is_true=asked == "getattr")
        case cst.Comparison(
            left=key, comparisons=[cst.ComparisonTarget(operator=cst.In() | cst.NotIn() as operator, comparator=table)]
        ):
            return _membership(key, table, convert, is_negated=isinstance(operator, cst.NotIn))
        case cst.Comparison(
            left=cst.Name() as asked,
            comparisons=[
                cst.ComparisonTarget(operator=cst.Is() | cst.IsNot() as operator, comparator=cst.Name(value="None"))
            ],
        ):
            return Condition(convert(asked), is_negated=isinstance(operator, cst.Is))
        case cst.Name():
            return Condition(convert(test))
    return UNKNOWN


def _membership(
    key: cst.BaseExpression, table: cst.BaseExpression, convert: _Convert, *, is_negated: bool
) -> Condition:
    """Return a condition on what a container holds, the namespace of an object among others."""
    match table:
        case (
            cst.Attribute(value=owner, attr=cst.Name(value="__dict__"))
            | cst.Call(func=cst.Name(value="vars"), args=[cst.Arg(value=owner)])
        ):
            asked = convert(owner)
        case _:
            asked = convert(table)
    name = str(key.evaluated_value) if isinstance(key, cst.SimpleString) else ""
    return Condition(asked, name, is_own=True, is_negated=is_negated, key=convert(key))
