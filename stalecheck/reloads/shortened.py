"""What is taken out of a collection after it was made: ``mods.pop("p.m")``, ``del mods["p.m"]``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stalecheck.reloads.asked import nobody_knows
from stalecheck.reloads.conditions import kept_by
from stalecheck.reloads.filters import Constant, Filter, Operation, Subject, Test, Trait, Unclear
from stalecheck.reloads.items import Group, Item, Items, Table, Text, is_name, is_swept, look, shorten
from stalecheck.reloads.scopes import Place, Position, Scope, home_of, terminal

if TYPE_CHECKING:
    from stalecheck.reloads.values import Evaluator


@dataclass(frozen=True, slots=True)
class _Loss:
    """One place that takes something out."""

    node: ast.expr
    """As source, for a sentence."""

    keys: Items
    """What it takes out; empty where that is not known."""

    is_certain: bool


def shortened(
    evaluator: Evaluator, held: Group | Table, name: str, home: Scope | None, place: Place, at: Position
) -> Group | Table:
    """Return what a collection of that name still holds at a place of the scope that binds it, or of one below."""
    methods = ("discard", "remove") if isinstance(held, Group) else ("pop", "__delitem__", "popitem", "clear")
    for loss in _losses(evaluator, methods, name, home, place, at):
        held = _less(held, loss) if isinstance(held, Table) else _less_elements(held, loss)
    return held


def _less(table: Table, loss: _Loss) -> Table:
    pairs: list[tuple[Items, Items]] = []
    for keys, values in table.pairs:
        if loss.is_certain and len(keys) == 1 and keys[0] in loss.keys:
            continue
        shapes = {look(key) for key in keys if is_name(key)}
        pairs.append((_without(keys, loss, shapes), _without(values, loss, shapes)))
    return Table(tuple(pairs))


def _less_elements(group: Group, loss: _Loss) -> Group:
    if not loss.is_certain:
        return group
    return replace(group, elements=tuple(e for e in group.elements if not (len(e) == 1 and e[0] in loss.keys)))


def _without(items: Items, loss: _Loss, shapes: set[str]) -> Items:
    return tuple(kept_by(item, (_other(item, loss, shapes),)) if is_swept(item) else item for item in items)


def _other(item: Item, loss: _Loss, shapes: set[str]) -> Filter:
    """The condition that a module is none that was taken out."""
    names = tuple(key.text for key in loss.keys if isinstance(key, Text) and not key.is_glob)
    at = look(item)
    if not names or len(names) < len(loss.keys) or at not in shapes:
        return nobody_knows(item, loss.node)
    test: Test = Operation("not in", (Subject((at,)), Constant(names)))
    if not loss.is_certain:
        test = Operation("or", (test, Unclear((Trait("module"),))))
    return Filter(test, True, shorten(loss.node), at, at)


def _losses(
    evaluator: Evaluator, methods: tuple[str, ...], name: str, home: Scope | None, place: Place, at: Position
) -> Iterator[_Loss]:
    for node, key, where in _taken(evaluator, methods, name):
        is_here = where.scope.function is place.scope.function
        is_early = (node.end_lineno or node.lineno, node.end_col_offset or 0) <= at
        if id(node) in evaluator.active or (is_here and not is_early) or home_of(name, where) is not home:
            continue
        evaluator.active.add(id(node))
        keys = evaluator.inner(key, where) if key is not None else ()
        evaluator.active.discard(id(node))
        branch = place.branch if is_here else ()
        is_sure = (branch[: len(where.branch)] == where.branch and len(keys) == 1) or _is_all(
            evaluator, key, where, branch
        )
        yield _Loss(node, keys, is_sure and (is_here or where.scope is home))


def _taken(
    evaluator: Evaluator, methods: tuple[str, ...], name: str
) -> Iterator[tuple[ast.expr, ast.expr | None, Place]]:
    for method in methods:
        for call, where in evaluator.outline.calls.get(method, ()):
            function = call.func
            if isinstance(function, ast.Attribute) and function.attr == method and _is_named(function.value, name):
                yield call, call.args[0] if call.args else None, where
    for statement, where in evaluator.outline.deletions if "pop" in methods else ():
        for target in statement.targets:
            if isinstance(target, ast.Subscript) and _is_named(target.value, name):
                yield target, target.slice, where


def _is_all(evaluator: Evaluator, key: ast.expr | None, where: Place, branch: tuple[tuple[int, int], ...]) -> bool:
    """Whether a loop before a place takes out each of the names that it runs through."""
    loop = where.loop
    return (
        isinstance(loop, ast.For)
        and key is not None
        and terminal(key) == terminal(loop.target) != ""
        and where.branch[-1:] == ((id(loop), 0),)
        and branch[: len(where.branch) - 1] == where.branch[:-1]
        and id(loop) not in evaluator.outline.ends
        and not any((id(loop), 0) in guard.place.branch for guard in where.guards)
    )


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
