"""Functions that attach something to the objects that they are given: ``cls.name = value``, ``setattr(func, …)``.

Asked of the standard library's tree, by the cheap look at every file and before a close one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_Function = ast.FunctionDef | ast.AsyncFunctionDef

HOOKS = frozenset({"__init_subclass__", "__set_name__"})
"""What is called when a class is made, besides the ``__new__`` and ``__init__`` of its metaclass."""

_OF_METACLASS = frozenset({"__new__", "__init__"})


def attaches(function: _Function) -> bool:
    """Whether a function may attach something to what it is given, or hands it on to one that does."""
    return next(attached_values(function), None) is not None


def attached_values(function: _Function) -> Iterator[ast.expr]:
    """Yield what a function may attach to what it is given, and the calls by which it hands that on."""
    names = _given(function)
    if not names:
        return
    is_hook = function.name in HOOKS or function.name in _OF_METACLASS
    hands_on = is_hook or _is_of_class(function) or _gives_back(function, names)
    if is_hook:
        names |= {
            node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    for statement in _statements(function):
        match statement:
            case ast.Assign(targets=targets, value=value):
                is_stored = any(_is_part_of(target, names, is_hook=is_hook) for target in targets)
                if is_stored or (hands_on and _is_handed(value, names)):
                    yield value
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                if _is_part_of(target, names, is_hook=is_hook):
                    yield value
            case ast.Expr(value=ast.Call(func=ast.Name(id="setattr"), args=[ast.Name(id=name), _, value])):
                if name in names:
                    yield value
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="__setattr__"), args=[ast.Name(id=name), _, value])):
                if name in names:
                    yield value
            case ast.Expr(value=value) | ast.Return(value=ast.Call() as value) if hands_on:
                if _is_handed(value, names):
                    yield value


def is_for_metaclass(function: _Function) -> bool:
    """Whether a method makes or completes a class: it is given the name, the bases and the namespace."""
    parameters = [*function.args.posonlyargs, *function.args.args]
    has_all = len(parameters) >= 4 or function.args.vararg is not None
    return function.name in _OF_METACLASS and has_all


def _given(function: _Function) -> set[str]:
    """Return the parameters of a function to which it may attach something that outlives the call."""
    parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    names = {parameter.arg for parameter in parameters}
    if function.name in _OF_METACLASS:
        return names if is_for_metaclass(function) else set()
    if function.name in HOOKS:
        return names
    if parameters and parameters[0].arg == "self":
        names.discard("self")
        return names if _gives_back(function, names) else set()
    return names


def _is_of_class(function: _Function) -> bool:
    return any(isinstance(item, ast.Name) and item.id == "classmethod" for item in function.decorator_list)


def _gives_back(function: _Function, names: set[str]) -> bool:
    """Whether a function gives back what it was given, as decorators do."""
    return any(
        isinstance(statement, ast.Return) and isinstance(statement.value, ast.Name) and statement.value.id in names
        for statement in _statements(function)
    )


def _is_part_of(target: ast.expr, names: set[str], *, is_hook: bool) -> bool:
    """Whether something is stored in one of some objects: in an attribute; when a class is made, also under a key."""
    if is_hook and isinstance(target, ast.Subscript):
        target = target.value
        if isinstance(target, ast.Name):
            return target.id in names
    return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id in names


def _is_handed(value: ast.expr, names: set[str]) -> bool:
    """Whether one of some objects is handed to a function, or asked for a method of its own."""
    if not isinstance(value, ast.Call):
        return False
    given = [*value.args, *(keyword.value for keyword in value.keywords)]
    if any(isinstance(item, ast.Name) and item.id in names for item in given):
        return True
    match value.func:
        case ast.Attribute(value=ast.Name(id=name)):
            return name in names
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name):
            return name in HOOKS | _OF_METACLASS
    return False


def _statements(function: _Function) -> Iterator[ast.stmt]:
    """Yield the statements of a function, nested blocks included, nested definitions not entered."""
    pending: list[ast.stmt] = list(reversed(function.body))
    while pending:
        statement = pending.pop()
        yield statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for block in ("finalbody", "orelse", "body"):
            pending += reversed(getattr(statement, block, ()))
        for branch in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            pending += reversed(branch.body)
