"""Statements that put something into a container: ``a[k] = x``, ``a += [x]``, ``a.append(x)``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from stalecheck.attaching import MUTATORS, UNPACKERS
from stalecheck.model import Span
from stalecheck.summarize.summary import Display, Element, Expression
from stalecheck.summarize.syntax import Statement


@dataclass(frozen=True, slots=True)
class Filling:
    """What one statement puts into one container."""

    container: cst.BaseExpression
    """The outermost one: ``a`` of ``a["k"].append(x)`` and of ``a.setdefault("k", []).append(x)``."""

    values: tuple[cst.BaseExpression, ...]
    keys: tuple[cst.BaseExpression, ...] = ()
    is_unpacked: bool = False
    """Whether the elements of the values are put in."""

    def display(
        self, convert: Callable[[cst.BaseExpression], Expression], span: Callable[[cst.CSTNode], Span]
    ) -> Display:
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
            yield Filling(outermost(target), (value,), is_unpacked=True)
        case cst.Expr(value=cst.Call(func=cst.Attribute(value=filled, attr=cst.Name(value=name)), args=arguments)):
            values = tuple(argument.value for argument in arguments)
            if name in UNPACKERS:
                named = tuple(argument.value for argument in arguments if argument.keyword is not None)
                plain = tuple(argument.value for argument in arguments if argument.keyword is None)
                yield Filling(outermost(filled), plain, is_unpacked=True)
                yield Filling(outermost(filled), named)
            elif name in MUTATORS and name != "setdefault":
                yield Filling(outermost(filled), values)
            elif name in MUTATORS:
                yield Filling(outermost(filled), values[1:], values[:1])


def stored(
    node: Statement,
) -> Iterator[tuple[cst.BaseExpression, tuple[cst.BaseExpression, ...], bool]]:
    """Yield into what a statement puts which values: containers, attributes, names; True for their elements."""
    for filling in fillings(node):
        yield filling.container, (*filling.keys, *filling.values), filling.is_unpacked
    if isinstance(node, cst.Assign):
        for target in node.targets:
            if isinstance(target.target, (cst.Attribute, cst.Name)):
                yield target.target, (node.value,), False
    elif isinstance(node, cst.AnnAssign) and isinstance(node.target, cst.Attribute) and node.value is not None:
        yield node.target, (node.value,), False


def _of_item(target: cst.Subscript, value: cst.BaseExpression) -> Filling:
    keys = tuple(part.slice.value for part in target.slice if isinstance(part.slice, cst.Index))
    return Filling(outermost(target.value), (value,), keys)


def outermost(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return the outermost container: ``T`` of ``T["a"]``, of ``T.setdefault("a", [])``."""
    while True:
        match node:
            case cst.Subscript(value=inner):
                node = inner
            case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value="setdefault" | "get"))):
                node = inner
            case _:
                return node


def root(node: cst.BaseExpression) -> str:
    """Return the name with which a container is written; empty if it is none."""
    container = outermost(node)
    while isinstance(container, cst.Attribute):
        container = outermost(container.value)
    return container.value if isinstance(container, cst.Name) else ""
