"""Loops over the names of a module, ``for name, value in vars(m).items()``, and the conditions in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import libcst as cst

from stalecheck.summarize.summary import LITERAL, Expression, Narrowed
from stalecheck.summarize.syntax import as_written
from stalecheck.vocabulary import OriginKind

_PREDICATES: Mapping[str, tuple[OriginKind, ...]] = {
    "isclass": (OriginKind.CLASS,),
    "isfunction": (OriginKind.FUNCTION,),
    "isroutine": (OriginKind.FUNCTION,),
    "callable": (OriginKind.CLASS, OriginKind.FUNCTION),
}
_TYPES: Mapping[str, tuple[OriginKind, ...]] = {
    "type": (OriginKind.CLASS,),
    "FunctionType": (OriginKind.FUNCTION,),
}


def is_namespace(node: cst.BaseExpression) -> bool:
    """Whether an expression gives the names of something, or what they stand for."""
    match node:
        case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value="items" | "values")), args=[]):
            return is_namespace(inner)
        case cst.Call(func=cst.Name(value="vars"), args=[_]):
            return True
        case cst.Call(func=cst.Name(value="dict" | "list" | "sorted" | "tuple"), args=[cst.Arg(value=inner), *_]):
            return is_namespace(inner)
        case cst.Call(func=function):
            return as_written(function).rpartition(".")[2] == "getmembers"
        case cst.Attribute(attr=cst.Name(value="__dict__")):
            return True
    return False


def tests_of_all(suite: cst.BaseSuite) -> Iterator[cst.BaseExpression | None]:
    """Yield the conditions that the whole body of a loop stands under; None where only a part of it does."""
    block = suite
    while len(block.body) == 1 and isinstance(only := block.body[0], cst.If) and only.orelse is None:
        yield only.test
        block = only.body
    if any(isinstance(statement, cst.BaseCompoundStatement) for statement in block.body):
        yield None


def narrowed(
    value: Expression, tests: Iterable[cst.BaseExpression | None], convert: Callable[[cst.BaseExpression], Expression]
) -> Expression:
    """Return an element of a namespace that passes the tests; nothing where one of them is not understood."""
    found = Narrowed(value)
    pending = list(tests)
    while pending:
        match pending.pop():
            case cst.BooleanOperation(left=left, operator=cst.And(), right=right):
                pending += [left, right]
            case cst.Call(func=cst.Name(value="isinstance"), args=[_, cst.Arg(value=kind)]) if _last(kind) in _TYPES:
                found = replace(found, kinds=_TYPES[_last(kind)])
            case cst.Call(func=cst.Name(value="issubclass"), args=[_, cst.Arg(value=base)]):
                found = replace(found, kinds=(OriginKind.CLASS,), bases=(*found.bases, convert(base)))
            case cst.Call(func=predicate, args=[_]) if _last(predicate) in _PREDICATES:
                found = replace(found, kinds=_PREDICATES[_last(predicate)])
            case cst.Comparison(
                comparisons=[cst.ComparisonTarget(operator=cst.IsNot() | cst.NotEqual(), comparator=other)]
            ):
                found = replace(found, excluded=(*found.excluded, convert(other)))
            case cst.UnaryOperation(
                operator=cst.Not(),
                expression=cst.Call(
                    func=cst.Attribute(attr=cst.Name(value="startswith")),
                    args=[cst.Arg(value=cst.SimpleString() as start)],
                ),
            ):
                found = replace(found, hidden=str(start.evaluated_value))
            case _:
                return LITERAL
    return found


def _last(node: cst.BaseExpression) -> str:
    return as_written(node).rpartition(".")[2]
