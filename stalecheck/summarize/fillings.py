"""Statements that put something into a container: ``a[k] = x``, ``a += [x]``, ``a.append(x)``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from stalecheck.model import Span
from stalecheck.summarize.summary import Display, Element, Expression
from stalecheck.summarize.syntax import Statement

_MUTATORS = frozenset({"append", "appendleft", "add", "insert", "setdefault"})
_UNPACKERS = frozenset({"extend", "extendleft", "update"})


@dataclass(frozen=True, slots=True)
class Filling:
    """What one statement puts into one container."""

    container: cst.BaseExpression
    """The outermost one: ``a`` of ``a["k"].append(x)`` and of ``a.setdefault("k", []).append(x)``."""

    values: tuple[cst.BaseExpression, ...]
    keys: tuple[cst.BaseExpression, ...] = ()
    is_unpacked: bool = False
    """Whether the elements of the values are put in."""

    def display(self, convert: Callable[[cst.BaseExpression], Expression], span: Callable[[cst.CSTNode], Span]) -> Display:
        """Return a container of what is put in."""
        keys = [Element(convert(key), span(key), is_key=True) for key in self.keys]
        values = [Element(convert(value), span(value), is_unpacked=self.is_unpacked) for value in self.values]
        return Display((*keys, *values), is_mapping=bool(keys))


def fillings(node: Statement) -> Iterator[Filling]:
    """Yield what a statement puts into containers."""
    match node:
        case cst.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target.target, cst.Subscript):
                    yield _of_item(target.target, value)
        case cst.AnnAssign(target=cst.Subscript() as target, value=cst.BaseExpression() as value):
            yield _of_item(target, value)
        case cst.AugAssign(target=target, value=value):
            yield Filling(_outermost(target), (value,), is_unpacked=True)
        case cst.Expr(value=cst.Call(func=cst.Attribute(value=filled, attr=cst.Name(value=name)), args=arguments)):
            values = tuple(argument.value for argument in arguments)
            if name in _UNPACKERS:
                named = tuple(argument.value for argument in arguments if argument.keyword is not None)
                plain = tuple(argument.value for argument in arguments if argument.keyword is None)
                yield Filling(_outermost(filled), plain, is_unpacked=True)
                yield Filling(_outermost(filled), named)
            elif name in _MUTATORS and name != "setdefault":
                yield Filling(_outermost(filled), values)
            elif name in _MUTATORS:
                yield Filling(_outermost(filled), values[1:], values[:1])


def _of_item(target: cst.Subscript, value: cst.BaseExpression) -> Filling:
    keys = tuple(part.slice.value for part in target.slice if isinstance(part.slice, cst.Index))
    return Filling(_outermost(target.value), (value,), keys)


def _outermost(node: cst.BaseExpression) -> cst.BaseExpression:
    while True:
        match node:
            case cst.Subscript(value=inner):
                node = inner
            case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value="setdefault" | "get"))):
                node = inner
            case _:
                return node
