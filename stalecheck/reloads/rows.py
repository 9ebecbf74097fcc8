"""Loops over rows that are written out: ``for name, is_on in (("app.core", True), …)``, ``TABLE.items()``, ``zip``."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from stalecheck.reloads.asked import passing
from stalecheck.reloads.items import Item, Items, Thing
from stalecheck.reloads.scopes import Binding, Place, bindings_at

if TYPE_CHECKING:
    from stalecheck.reloads.values import Evaluator

_Rows: TypeAlias = tuple[Sequence[Sequence[ast.expr]], Place]


def kept_rows(evaluator: Evaluator, binding: Binding, place: Place) -> Items:
    """Return what a loop's variable stands for in the rows that certainly pass, or may pass, the conditions around.

    Nothing where the rows are not written out.
    """
    found = _rows(evaluator, binding.value, binding.place) if len(binding.path) == 1 else None
    if found is None:
        return ()
    rows, where = found
    together = [one for own in _siblings(binding, place) for one in own if one.value is binding.value]
    kept: list[Item] = []
    for row in rows:
        if not all(len(one.path) == 1 and -len(row) <= one.path[0] < len(row) for one in together):
            return ()
        beside = {one: (row[one.path[0]], where) for one in together if one is not binding}
        named = evaluator.inner(row[binding.path[0]], where)
        passed = [passing(evaluator, place.guards, binding, item, beside) for item in named]
        kept += [item for item in passed if item is not None]
    return tuple(kept)


def _siblings(binding: Binding, place: Place) -> Sequence[Sequence[Binding]]:
    scope = place.scope
    while binding not in scope.bindings.get(binding.name, ()) and scope.parent is not None:
        scope = scope.parent
    return list(scope.bindings.values())


def _rows(evaluator: Evaluator, node: ast.expr | None, place: Place) -> _Rows | None:
    match node:
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            rows = [element.elts for element in elements if isinstance(element, (ast.Tuple, ast.List))]
            are_plain = not any(isinstance(part, ast.Starred) for row in rows for part in row)
            return (rows, place) if are_plain and len(rows) == len(elements) else None
        case ast.Call(func=ast.Attribute(value=table, attr="items"), args=[]):
            table, place = _written(evaluator, table, place)
            if not isinstance(table, ast.Dict) or None in table.keys:
                return None
            return [(key, value) for key, value in zip(table.keys, table.values, strict=True) if key], place
        case ast.Call(func=ast.Name() as function, args=[_, *_] as columns):
            lists = [column for column in columns if isinstance(column, (ast.Tuple, ast.List))]
            if len(lists) < len(columns) or evaluator.inner(function, place) != (Thing("builtins.zip"),):
                return None
            return list(zip(*(column.elts for column in lists), strict=False)), place
        case ast.Name():
            value, where = _written(evaluator, node, place)
            return None if isinstance(value, ast.Name) else _rows(evaluator, value, where)
    return None


def _written(evaluator: Evaluator, node: ast.expr, place: Place) -> tuple[ast.expr, Place]:
    """What a name is bound to, once and for all."""
    if not isinstance(node, ast.Name) or node.id in evaluator.outline.additions:
        return node, place
    found, _ = bindings_at(node.id, place, (node.lineno, node.col_offset))
    if len(found) != 1 or found[0].how != "value" or found[0].path or found[0].value is None:
        return node, place
    return found[0].value, found[0].place
