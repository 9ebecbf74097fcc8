"""Functions that attach something to the objects that they are given, ``cls.name = value``, or keep them for good.

Asked of the standard library's tree, by the cheap look at every file and before a close one.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from stalecheck.nodes import descendants, inner_statements, named_parameters

_Function = ast.FunctionDef | ast.AsyncFunctionDef

MUTATORS = frozenset({"append", "appendleft", "add", "insert", "setdefault"})
UNPACKERS = frozenset({"extend", "extendleft", "update"})
_REMOVERS = frozenset({"clear", "discard", "pop", "popitem", "popleft", "remove"})
_FILLERS = MUTATORS | UNPACKERS

CHANGING = frozenset({"setattr", "__setattr__", *_FILLERS, *_REMOVERS})
"""The last names of all calls that `is_setting`, `filled_by` or `emptied_by` may answer for."""

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
            node.id for node in descendants(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    for statement in statements(function):
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


@lru_cache(maxsize=1024)
def kept_roots(function: _Function) -> frozenset[str]:
    """Return the names from outside of a function that it fills, or whose attributes it sets, for good."""
    # Three passes over a file ask.
    found: set[str] = set()
    global_names: set[str] = set()
    for node in statements(function):
        found.update(filled_roots(node))
        if isinstance(node, ast.Global):
            global_names.update(node.names)
    if not found | global_names:
        return frozenset()
    bound: Counter[str] = Counter()
    gone = {""}
    for part in descendants(function):
        if isinstance(part, ast.Name):
            if isinstance(part.ctx, ast.Store):
                bound[part.id] += 1
        elif isinstance(part, ast.Attribute):
            if part.attr in _REMOVERS or isinstance(part.ctx, ast.Del):
                gone.add(root_of(part.value))
        elif isinstance(part, ast.arg):
            gone.add(part.arg)
        elif isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Del):
            gone.add(root_of(part.value))
    # What is bound twice may be put back.
    gone |= {name for name, times in bound.items() if name not in global_names or times > 1}
    return frozenset((found | global_names) - gone)


def filled_by(call: ast.Call) -> str:
    """Return the name with which the container is written that a method call puts something into; else nothing."""
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr in _FILLERS:
        return root_of(function.value)
    return ""


def emptied_by(call: ast.Call) -> str:
    """Return the name with which the container is written that a method call takes something out of; else nothing."""
    function = call.func
    return root_of(function.value) if isinstance(function, ast.Attribute) and function.attr in _REMOVERS else ""


def may_be_hook(function: _Function) -> bool:
    """Whether a function is called when a class is made, by its name."""
    return function.name in HOOKS or function.name == "__new__" or is_for_metaclass(function)


def is_attribute_of_another(target: ast.expr) -> bool:
    """Whether something is stored in an attribute of an object that is not ``self``."""
    return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id != "self"


def is_setting(value: ast.expr) -> bool:
    """Whether an expression is a call of ``setattr``, or of a class's own."""
    if not isinstance(value, ast.Call):
        return False
    function = value.func
    return (isinstance(function, ast.Name) and function.id == "setattr") or (
        isinstance(function, ast.Attribute) and function.attr == "__setattr__"
    )


def is_for_metaclass(function: _Function) -> bool:
    """Whether a method makes or completes a class: it is given the name, the bases and the namespace."""
    if function.name not in _OF_METACLASS:
        return False
    return len(function.args.posonlyargs) + len(function.args.args) >= 4 or function.args.vararg is not None


def _given(function: _Function) -> set[str]:
    """Return the parameters of a function to which it may attach something that outlives the call."""
    parameters = named_parameters(function.args)
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
        for statement in statements(function)
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


def statements(function: _Function) -> Iterator[ast.stmt]:
    """Yield the statements of a function, nested blocks included, nested definitions not entered."""
    pending: list[ast.stmt] = list(reversed(function.body))
    while pending:
        statement = pending.pop()
        yield statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        pending += reversed(inner_statements(statement))


def filled_roots(node: ast.stmt) -> Iterator[str]:
    """Yield the names with which the containers are written that a statement fills, or whose attributes it sets."""
    if isinstance(node, ast.Expr):
        if isinstance(node.value, ast.Call) and (name := filled_by(node.value)):
            yield name
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, (ast.Subscript, ast.Attribute)):
                yield root_of(target)
    elif isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.AnnAssign) and isinstance(node.target, (ast.Subscript, ast.Attribute))
    ):
        yield root_of(node.target)


def root_of(node: ast.expr) -> str:
    """Return the name with which a container or an attribute of it is written; empty if it is none."""
    while not isinstance(node, ast.Name):
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"setdefault", "get"}
        ):
            node = node.func.value
        else:
            return ""
    return node.id


def is_own_namespace(node: ast.expr) -> bool:
    """Whether an expression is the namespace that the body runs in."""
    match node:
        case ast.Call(func=ast.Name(id="globals" | "locals" | "vars"), args=[]):
            return True
        case ast.Call(func=ast.Name(id="vars"), args=[owner]) | ast.Attribute(value=owner, attr="__dict__"):
            return is_own_module(owner)
    return False


def is_own_module(node: ast.expr) -> bool:
    """Whether an expression is the module whose body runs: ``sys.modules[__name__]``."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr="modules") | ast.Name(id="modules"), slice=ast.Name(id="__name__")):
            return True
    return False
