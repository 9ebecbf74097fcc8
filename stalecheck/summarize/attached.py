"""What a function body attaches to the objects that it is given, or puts into containers, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from stalecheck.attaching import HOOKS
from stalecheck.summarize.conditions import UNKNOWN, behind, by_default, where_false, where_true
from stalecheck.summarize.expressions import shares
from stalecheck.summarize.fillings import Filling, fillings, root
from stalecheck.summarize.summary import (
    Attached,
    Attribute,
    Call,
    Condition,
    Expression,
    Filled,
    HandedOn,
    Item,
    Literal,
    Parameter,
)
from stalecheck.summarize.syntax import Statement

_Convert = Callable[[cst.BaseExpression], Expression]
_Conditions = tuple[Condition, ...]
_Found = Iterator[Attached | Filled | HandedOn]

_HOOKS = HOOKS | {"__new__", "__init__"}


def attached(function: cst.FunctionDef, kept: frozenset[str], convert: _Convert) -> _Found:
    """Yield what a function attaches to what it is given, and puts into what it does not make, in order.

    Args:
        function: The function.
        kept: The names from outside that it puts something into for good.
        convert: Reads an expression of its body.
    """
    for item in _Reader(kept, convert).of_block(function.body, ()):
        conditions = tuple(by_default(condition, function.params) for condition in item.conditions)
        yield replace(item, conditions=conditions)


@dataclass(frozen=True, slots=True)
class _SortedOut:
    """What is not in a container any more."""

    container: Expression
    of: Expression
    keys: tuple[Expression, ...]
    """Every element with these attributes of another object."""


class _Reader:
    def __init__(self, kept: frozenset[str], convert: _Convert) -> None:
        self._kept = kept
        self._convert = convert
        self._sorted_out: tuple[_SortedOut, ...] = ()

    def of_block(self, block: cst.BaseSuite, conditions: _Conditions) -> _Found:
        before = self._sorted_out
        for statement in block.body:
            parts: Sequence[cst.CSTNode] = [statement]
            if isinstance(statement, cst.SimpleStatementLine):
                parts = statement.body
            for part in parts:
                if isinstance(part, cst.If):
                    yield from self._of_if(part, conditions)
                    conditions = (*conditions, *behind(part, self._convert))
                elif isinstance(part, (cst.BaseCompoundStatement, cst.BaseSmallStatement)):
                    yield from self._of_statement(part, conditions)
                    self._sorted_out += tuple(self._sorting_out(part))
        self._sorted_out = before

    def _sorting_out(self, node: Statement) -> Iterator[_SortedOut]:
        """Yield what ``a[:] = [b for b in a if b.name != c.name]`` takes out, or the same without the slice."""
        match node:
            case cst.Assign(
                targets=[cst.AssignTarget(target=target)],
                value=cst.BaseSimpleComp(
                    for_in=cst.CompFor(
                        target=cst.Name(value=name), iter=source, ifs=[cst.CompIf(test=test)], inner_for_in=None
                    ),
                ),
            ) if (changed := self._convert(source)) == self._convert(_without_slice(target)):
                for of, keys in self._other_than(test, name):
                    yield _SortedOut(changed, of, keys)

    def _other_than(self, test: cst.BaseExpression, name: str) -> Iterator[tuple[Expression, tuple[Expression, ...]]]:
        """Yield what an element differs from that passes a test, and by which attributes of that."""
        match test:
            case cst.BooleanOperation(left=left, operator=cst.And(), right=right):
                yield from self._other_than(left, name)
                yield from self._other_than(right, name)
            case cst.BooleanOperation(left=left, operator=cst.Or(), right=right):
                for first, keys in self._other_than(left, name):
                    yield from ((of, (*keys, *more)) for of, more in self._other_than(right, name) if of == first)
            case cst.Comparison(
                left=cst.Attribute(value=one, attr=cst.Name(value=attribute)),
                comparisons=[
                    cst.ComparisonTarget(
                        operator=cst.NotEqual(), comparator=cst.Attribute(value=other, attr=cst.Name(value=same))
                    )
                ],
            ) if attribute == same:
                for element, of in ((one, other), (other, one)):
                    if isinstance(element, cst.Name) and element.value == name:
                        given = self._convert(of)
                        yield given, (Attribute(given, attribute),)

    def _of_if(self, node: cst.If, conditions: _Conditions) -> _Found:
        yield from self.of_block(node.body, (*conditions, *where_true(node.test, self._convert)))
        otherwise = (*conditions, *where_false(node.test, self._convert))
        if isinstance(node.orelse, cst.If):
            yield from self._of_if(node.orelse, otherwise)
        elif node.orelse is not None:
            yield from self.of_block(node.orelse.body, otherwise)

    def _of_statement(self, node: Statement, conditions: _Conditions) -> _Found:
        for filling in fillings(node):
            yield from self._of_filling(node, filling, conditions)
        match node:
            case cst.Assign(targets=targets, value=value):
                yield from self._of_call(value, conditions)
                for target in targets:
                    yield from self._of_target(target.target, self._convert(value), conditions)
            case cst.AnnAssign(target=target, value=cst.BaseExpression() as value):
                yield from self._of_target(target, self._convert(value), conditions)
            case cst.Expr(value=value) | cst.Return(value=cst.Call() as value):
                yield from self._of_call(value, conditions)
            case cst.For(body=body) | cst.With(body=body):
                yield from self.of_block(body, conditions)
            case cst.While(body=body):
                yield from self.of_block(body, (*conditions, UNKNOWN))
            case cst.Try() | cst.TryStar():
                yield from self.of_block(node.body, conditions)
                for handler in node.handlers:
                    yield from self.of_block(handler.body, (*conditions, UNKNOWN))
                if node.orelse is not None:
                    yield from self.of_block(node.orelse.body, conditions)
                if node.finalbody is not None:
                    yield from self.of_block(node.finalbody.body, conditions)

    def _of_target(self, target: cst.BaseExpression, value: Expression, conditions: _Conditions) -> _Found:
        for single, part in shares(target, value):
            match single:
                case cst.Attribute(value=owner, attr=cst.Name(value=name)):
                    text = Literal(repr(name), is_text=True)
                    yield from _given(Attached(self._convert(owner), text, part, conditions))

    def _of_call(self, node: cst.BaseExpression, conditions: _Conditions) -> _Found:
        match node:
            case cst.Call(
                func=cst.Name(value="setattr") | cst.Attribute(attr=cst.Name(value="__setattr__")) as function,
                args=[*_, cst.Arg(value=owner), cst.Arg(value=name), cst.Arg(value=value)],
            ) if isinstance(function, cst.Name) or len(node.args) == 3:
                found = Attached(self._convert(owner), self._convert(name), self._convert(value), conditions)
                yield from _given(found)
            case cst.Call():
                call = self._convert(node)
                if isinstance(call, Call) and _hands_on(call):
                    yield HandedOn(call, conditions)

    def _of_filling(self, node: Statement, filling: Filling, conditions: _Conditions) -> _Found:
        """Yield what a statement puts into something that the function does not make itself."""
        target = self._convert(filling.container)
        if isinstance(node, cst.Expr) and not filling.keys and not filling.is_unpacked and _is_update(node):
            return  # Under keywords, in the place of what stands there.
        if root(filling.container) not in self._kept and not _comes_from_outside(target):
            return
        keys = tuple(map(self._convert, filling.keys))
        asked = [c for c in conditions if c.key is not None and c.key in keys and c.is_negated and c.value == target]
        for value in (*keys, *map(self._convert, filling.values)):
            replaced = [gone.keys for gone in self._sorted_out if (gone.container, gone.of) == (target, value)]
            yield Filled(
                target,
                value,
                replaced[0] if replaced else keys,
                tuple(condition for condition in conditions if condition not in asked),
                filling.is_unpacked,
                gives_way=bool(asked) or (isinstance(node, cst.Expr) and not replaced),
            )


def _is_update(node: cst.Expr) -> bool:
    match node.value:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="update"))):
            return True
    return False


def _without_slice(target: cst.BaseExpression) -> cst.BaseExpression:
    match target:
        case cst.Subscript(
            value=whole, slice=[cst.SubscriptElement(slice=cst.Slice(lower=None, upper=None, step=None))]
        ):
            return whole
    return target


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
