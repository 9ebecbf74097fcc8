"""What a function body attaches to the objects that it is given, and under which conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import libcst as cst

from stalecheck.attaching import HOOKS
from stalecheck.summarize.expressions import shares
from stalecheck.summarize.summary import (
    Attached,
    Attribute,
    Call,
    Condition,
    Expression,
    HandedOn,
    Item,
    Literal,
    Parameter,
)

_Convert = Callable[[cst.BaseExpression], Expression]
_Found = Iterator[Attached | HandedOn]

_HOOKS = HOOKS | {"__new__", "__init__"}
_UNKNOWN = Condition()
_LEAVES = (cst.Return, cst.Continue, cst.Break)


def attached(function: cst.FunctionDef, convert: _Convert) -> _Found:
    """Yield what a function attaches, in order; `convert` reads the expressions of its body."""
    for item in _of_block(function.body, (), convert):
        conditions = tuple(_by_default(condition, function.params) for condition in item.conditions)
        yield replace(item, conditions=conditions)


def _by_default(condition: Condition, parameters: cst.Parameters) -> Condition:
    """Return a condition with the answer for a parameter that is not given."""
    if condition.attribute or not isinstance(condition.value, Parameter):
        return condition
    for parameter in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params):
        if parameter.name.value == condition.value.name:
            match parameter.default:
                case cst.Name(value="None" | "False"):
                    return replace(condition, by_default=condition.is_negated)
                case cst.Name(value="True") | cst.SimpleString() | cst.Integer():
                    return replace(condition, by_default=not condition.is_negated)
    return condition


def _of_block(block: cst.BaseSuite, conditions: tuple[Condition, ...], convert: _Convert) -> _Found:
    for statement in block.body:
        parts: Sequence[cst.CSTNode] = [statement]
        if isinstance(statement, cst.SimpleStatementLine):
            parts = statement.body
        for part in parts:
            if isinstance(part, cst.If):
                yield from _of_if(part, conditions, convert)
                conditions = (*conditions, *_behind(part, convert))
            else:
                yield from _of_statement(part, conditions, convert)


def _of_if(node: cst.If, conditions: tuple[Condition, ...], convert: _Convert) -> _Found:
    yield from _of_block(node.body, (*conditions, *_all(node.test, convert)), convert)
    otherwise = (*conditions, *_none(node.test, convert))
    if isinstance(node.orelse, cst.If):
        yield from _of_if(node.orelse, otherwise, convert)
    elif node.orelse is not None:
        yield from _of_block(node.orelse.body, otherwise, convert)


def _behind(node: cst.If, convert: _Convert) -> tuple[Condition, ...]:
    """Return what has to hold for the statements behind an ``if`` to run: that it has not left the function."""
    conditions: tuple[Condition, ...] = ()
    if _leaves(node.body):
        conditions = _none(node.test, convert)
    if isinstance(node.orelse, cst.If):
        inner = _behind(node.orelse, convert)
        return (*conditions, *inner) if conditions else tuple(_UNKNOWN for _ in inner)
    if node.orelse is not None and _leaves(node.orelse.body):
        return _all(node.test, convert)
    return conditions


def _leaves(block: cst.BaseSuite) -> bool:
    last = block.body[-1]
    return isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], _LEAVES)


def _of_statement(node: cst.CSTNode, conditions: tuple[Condition, ...], convert: _Convert) -> _Found:
    match node:
        case cst.Assign(targets=targets, value=value):
            yield from _of_call(value, conditions, convert)
            for target in targets:
                yield from _of_target(target.target, convert(value), conditions, convert)
        case cst.AnnAssign(target=target, value=cst.BaseExpression() as value):
            yield from _of_target(target, convert(value), conditions, convert)
        case cst.Expr(value=value) | cst.Return(value=cst.Call() as value):
            yield from _of_call(value, conditions, convert)
        case cst.For(body=body) | cst.With(body=body):
            yield from _of_block(body, conditions, convert)
        case cst.While(body=body):
            yield from _of_block(body, (*conditions, _UNKNOWN), convert)
        case cst.Try() | cst.TryStar():
            yield from _of_block(node.body, conditions, convert)
            for handler in node.handlers:
                yield from _of_block(handler.body, (*conditions, _UNKNOWN), convert)
            if node.orelse is not None:
                yield from _of_block(node.orelse.body, conditions, convert)
            if node.finalbody is not None:
                yield from _of_block(node.finalbody.body, conditions, convert)


def _of_target(
    target: cst.BaseExpression, value: Expression, conditions: tuple[Condition, ...], convert: _Convert
) -> _Found:
    for single, part in shares(target, value):
        match single:
            case cst.Attribute(value=owner, attr=cst.Name(value=name)):
                yield from _given(Attached(convert(owner), _text(name), part, conditions))
            case cst.Subscript(value=owner, slice=[cst.SubscriptElement(slice=cst.Index(value=key))]):
                yield from _given(Attached(convert(owner), convert(key), part, conditions, is_item=True))


def _of_call(node: cst.BaseExpression, conditions: tuple[Condition, ...], convert: _Convert) -> _Found:
    match node:
        case cst.Call(
            func=cst.Name(value="setattr") | cst.Attribute(attr=cst.Name(value="__setattr__")) as function,
            args=[*_, cst.Arg(value=owner), cst.Arg(value=name), cst.Arg(value=value)],
        ) if isinstance(function, cst.Name) or len(node.args) == 3:
            yield from _given(Attached(convert(owner), convert(name), convert(value), conditions))
        case cst.Call(
            func=cst.Attribute(value=owner, attr=cst.Name(value="setdefault")),
            args=[cst.Arg(value=cst.SimpleString() as name), cst.Arg(value=value)],
        ):
            target = convert(owner)
            lacks = Condition(target, str(name.evaluated_value), is_own=True, is_negated=True)
            yield from _given(Attached(target, convert(name), convert(value), (*conditions, lacks), is_item=True))
        case cst.Call():
            call = convert(node)
            if isinstance(call, Call) and _hands_on(call):
                yield HandedOn(call, conditions)


def _hands_on(call: Call) -> bool:
    if isinstance(call.function, Attribute) and call.function.name in _HOOKS:
        return True
    given = (call.function, *(argument.value for argument in call.arguments))
    return any(map(_comes_from_outside, given))


def _given(item: Attached) -> _Found:
    if _comes_from_outside(item.target):
        yield item


def _comes_from_outside(expression: Expression) -> bool:
    """Whether something is what the function was given, or a part of it, or the class that it makes."""
    while True:
        match expression:
            case Parameter():
                return True
            case Attribute(value=inner) | Item(value=inner):
                expression = inner
            case Call(function=Attribute(value=inner, name=name)):
                if name in _HOOKS:
                    return True
                expression = inner
            case _:
                return any(map(_comes_from_outside, getattr(expression, "options", ())))


def _all(test: cst.BaseExpression, convert: _Convert) -> tuple[Condition, ...]:
    """Return what has to hold for a test to be true."""
    match test:
        case cst.BooleanOperation(left=left, operator=cst.And(), right=right):
            return (*_all(left, convert), *_all(right, convert))
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            return _none(inner, convert)
    return (_condition(test, convert),)


def _none(test: cst.BaseExpression, convert: _Convert) -> tuple[Condition, ...]:
    """Return what has to hold for a test to be false."""
    match test:
        case cst.BooleanOperation(left=left, operator=cst.Or(), right=right):
            return (*_none(left, convert), *_none(right, convert))
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            return _all(inner, convert)
    condition = _condition(test, convert)
    return (replace(condition, is_negated=not condition.is_negated),)


def _condition(test: cst.BaseExpression, convert: _Convert) -> Condition:
    match test:
        case cst.Call(
            func=cst.Name(value="hasattr" | "getattr" as asked),
            args=[cst.Arg(value=owner), cst.Arg(value=cst.SimpleString() as name), *_],
        ):
            return Condition(convert(owner), str(name.evaluated_value), is_true=asked == "getattr")
        case cst.Comparison(
            left=cst.SimpleString() as name,
            comparisons=[cst.ComparisonTarget(operator=cst.In() | cst.NotIn() as operator, comparator=table)],
        ):
            is_negated = isinstance(operator, cst.NotIn)
            return Condition(_owner(table, convert), str(name.evaluated_value), is_own=True, is_negated=is_negated)
        case cst.Comparison(
            left=cst.Name() as asked,
            comparisons=[
                cst.ComparisonTarget(operator=cst.Is() | cst.IsNot() as operator, comparator=cst.Name(value="None"))
            ],
        ):
            return Condition(convert(asked), is_negated=isinstance(operator, cst.Is))
        case cst.Name():
            return Condition(convert(test))
    return _UNKNOWN


def _owner(table: cst.BaseExpression, convert: _Convert) -> Expression:
    """Return the object whose namespace is asked, if it is not the namespace itself."""
    match table:
        case cst.Attribute(value=owner, attr=cst.Name(value="__dict__")):
            return convert(owner)
        case cst.Call(func=cst.Name(value="vars"), args=[cst.Arg(value=owner)]):
            return convert(owner)
    return convert(table)


def _text(name: str) -> Literal:
    return Literal(repr(name), is_text=True)
