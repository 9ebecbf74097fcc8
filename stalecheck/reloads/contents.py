"""Whether a module that is reloaded in place gets back what it had before: ``m.__dict__.update(saved)``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stalecheck.reloads.items import Thing
from stalecheck.reloads.restored import PutBack, Restoration, follows
from stalecheck.reloads.scopes import Binding, Outline, Place
from stalecheck.reloads.values import Evaluator


def gets_back(
    outline: Outline, evaluator: Evaluator, restoration: Restoration, place: Place, row: int, target: str
) -> bool:
    """Whether the names of a module that is reloaded at a place are the old ones again in the end."""
    for call, where in outline.calls.get("update", ()):
        if not (isinstance(call.func, ast.Attribute) and len(call.args) == 1 and not call.keywords):
            continue
        if _module(call.func.value, where, evaluator) != target:
            continue
        back = PutBack(frozenset({target}), call.lineno, where)
        saved = list(_bindings(call.args[0], where, evaluator))
        is_old = saved and all(_is_copy(binding, target, row, place, evaluator) for binding in saved)
        if is_old and (restoration.comes(back, place) or follows(back, place, row)):
            return True
    return False


def _module(names: ast.expr, place: Place, evaluator: Evaluator) -> str:
    """Return the module whose own dict an expression is: ``m.__dict__``, ``vars(m)``; empty for anything else."""
    match names:
        case ast.Attribute(value=module, attr="__dict__") | ast.Call(func=ast.Name(id="vars"), args=[module]):
            items = evaluator.items(module, place)
            return items[0].name if len(items) == 1 and isinstance(items[0], Thing) else ""
    return ""


def _bindings(node: ast.expr, place: Place, evaluator: Evaluator) -> Iterator[Binding]:
    """Yield what a name, or an attribute of the test's own, may have been bound to."""
    match node:
        case ast.Name(id=name):
            yield from evaluator.bindings(name, place, (node.lineno, node.col_offset))
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if place.scope.owner is not None:
            yield from place.scope.owner.attributes.get(name, ())


def _is_copy(binding: Binding, target: str, row: int, place: Place, evaluator: Evaluator) -> bool:
    """Whether something was bound to a copy of a module's dict; in the function that reloads above that row."""
    value = binding.value
    if binding.how != "value" or not isinstance(value, (ast.Call, ast.Dict, ast.DictComp)):
        return False
    if binding.place.scope.function is place.scope.function and value.lineno >= row:
        return False
    parts = (node for node in ast.walk(value) if isinstance(node, ast.expr) and node is not value)
    return any(_module(part, binding.place, evaluator) == target for part in parts)
