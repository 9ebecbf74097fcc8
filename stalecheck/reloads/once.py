"""Functions that reload a module once only: they note what they have reloaded, and ask there first."""

from __future__ import annotations

import ast

from stalecheck.reloads.scopes import Outline, Place, Scope


def is_noted(outline: Outline, place: Place) -> bool:
    """Whether what stands at a place runs only for what a table of the module lacks, and is put into it then."""
    scope = place.scope
    asked = {name for guard in place.guards for name in _lacking(guard.test, scope, is_true=guard.is_true)}
    tables = {name for name in asked if name not in scope.bindings and name in outline.module.bindings}
    puts = {
        put.container.id for put in outline.puts if isinstance(put.container, ast.Name) and put.place.scope is scope
    }
    added = {
        name
        for name in tables
        for addition in outline.additions.get(name, ())
        if addition.place.scope is scope and addition.method in ("add", "append")
    }
    return bool(tables & (puts | added))


def _lacking(test: ast.expr, scope: Scope, *, is_true: bool) -> set[str]:
    """The names of the tables that lack something where a condition holds, or does not hold."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _lacking(operand, scope, is_true=not is_true)
        case ast.Compare(ops=[ast.NotIn() | ast.In() as operator], comparators=[ast.Name(id=table)]):
            return {table} if isinstance(operator, ast.NotIn) is is_true else set()
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as operator], comparators=[ast.Constant(value=None)]):
            return _looked_up(left, scope) if isinstance(operator, ast.Is) is is_true else set()
        case ast.Name() | ast.Call() if not is_true:
            return _looked_up(test, scope)
    return set()


def _looked_up(node: ast.expr, scope: Scope) -> set[str]:
    """The table of ``TABLE.get(key)``, also where a name has been given that."""
    match node:
        case ast.Name(id=name):
            values = (binding.value for binding in scope.bindings.get(name, ()) if binding.value is not None)
            return {table for value in values if isinstance(value, ast.Call) for table in _looked_up(value, scope)}
        case ast.Call(func=ast.Attribute(value=ast.Name(id=table), attr="get")):
            return {table}
    return set()
