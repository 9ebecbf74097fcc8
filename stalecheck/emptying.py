"""What functions and methods put in the place of what stood there: by emptying a container, or under the same key.

Asked of the standard library's tree, before a close look.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from stalecheck.attaching import filled_roots, kept_roots, statements
from stalecheck.nodes import descendants, inner_statements, named_parameters, positional_parameters


def emptied_attributes(function: ast.FunctionDef) -> frozenset[str]:
    """Return the attributes of its object that a method empties whenever it is called, or makes anew."""
    names = [argument.arg for argument in positional_parameters(function.args)]
    if not names:
        return frozenset()
    found: dict[str, list[ast.stmt]] = {}
    others: list[ast.stmt] = []
    for statement in statements(function):
        attribute = _emptied(statement, names[0])
        if not attribute:
            others.append(statement)
        else:
            found.setdefault(attribute, []).append(statement)
    if not found:
        return frozenset()
    filled = {attribute for statement in others for attribute in _filled_attributes(statement, names[0])}
    always = frozenset(certain(function.body)) if found.keys() - filled else frozenset()
    return frozenset(name for name in found.keys() - filled if not always.isdisjoint(found[name]))


def found_by(function: ast.FunctionDef) -> frozenset[str] | None:
    """Return the parameters by which what a function keeps in its module is found, so that the next takes its place.

    Or what they are called: ``function.__name__``. None where it adds something each time, or may not do it.
    """
    roots = kept_roots(function)
    if not roots:
        return None
    always = frozenset(certain(function.body))
    found: set[str] = set()
    local = _local_names(function)
    for statement in statements(function):
        match statement:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=kept), slice=key)]) if kept in roots:
                names = _named_by(key, local)
                if not names:
                    return None
                found |= names
            case (
                ast.Assign(targets=[ast.Name(id=kept)]) | ast.Assign(targets=[ast.Attribute(value=ast.Name(id=kept))])
            ) if kept in roots:
                pass
            case _:
                if not roots.isdisjoint(filled_roots(statement)):
                    return None
                continue
        if statement not in always:
            return None
    return frozenset(found)


def keys_of(function: ast.FunctionDef, stored: Iterable[ast.stmt]) -> frozenset[str] | None:
    """Return the names under which something is put where, if the next one takes its place each time; else None."""
    found: set[str] = set()
    local = _local_names(function)
    for statement in stored:
        match statement:
            case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(), slice=key)]):
                names = _named_by(key, local)
                if not names:
                    return None
                found |= names
            case ast.Assign(targets=[ast.Attribute()]) | ast.AnnAssign(target=ast.Attribute()):
                pass
            case _:
                return None
    return frozenset(found)


def _local_names(function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    """Return what a function binds to each of its names; a parameter may still be what it is given."""
    found: dict[str, list[ast.expr]] = {}
    for statement in statements(function):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(value)
    for parameter in named_parameters(function.args):
        if parameter.arg in found:
            found[parameter.arg].append(ast.Name(parameter.arg, ast.Load()))
    return found


def _named_by(key: ast.expr, local: Mapping[str, list[ast.expr]]) -> frozenset[str]:
    """Return the names, and names of names, on which alone it depends what a key is: ``name or function.__name__``.

    Nothing where it depends on more than them.
    """
    match key:
        case ast.Name(id=name):
            named = [_named_by(value, {}) for value in local[name]] if name in local else [frozenset({name})]
        case ast.Attribute(value=ast.Name(id=name), attr="__name__" | "__qualname__" as attribute):
            return frozenset() if name in local else frozenset({f"{name}.{attribute}"})
        case ast.BoolOp(op=ast.Or(), values=options):
            named = [_named_by(option, local) for option in options]
        case _:
            return frozenset()
    return frozenset().union(*named) if all(named) else frozenset()


def certain(block: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a function that run whenever it is called and does not fail."""
    for statement in block:
        yield statement
        if isinstance(statement, (ast.With, ast.Try)):
            yield from certain(statement.body)
        if _returns(statement):
            return


def _returns(statement: ast.stmt) -> bool:
    """Whether a function may end at a statement of its own, or at one of those in its blocks."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False
    return isinstance(statement, ast.Return) or any(map(_returns, inner_statements(statement)))


def _emptied(statement: ast.stmt, itself: str) -> str:
    """Return the attribute of its object that a statement of a method empties, or makes anew; empty for others."""
    match statement:
        case (
            ast.Assign(targets=[ast.Attribute(value=ast.Name(id=owner), attr=name)], value=ast.expr() as value)
            | ast.AnnAssign(target=ast.Attribute(value=ast.Name(id=owner), attr=name), value=ast.expr() as value)
            | ast.Assign(
                targets=[ast.Subscript(value=ast.Attribute(value=ast.Name(id=owner), attr=name), slice=ast.Slice())],
                value=ast.expr() as value,
            )
        ):
            if isinstance(statement, ast.Assign) and not _is_whole(statement.targets[0]):
                return ""
            return name if owner == itself and _is_empty(value) else ""
        case (
            ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Attribute(value=inner, attr=name), attr="clear")))
            | ast.Delete(targets=[ast.Subscript(value=ast.Attribute(value=inner, attr=name), slice=ast.Slice())])
        ):
            is_own = isinstance(inner, ast.Name) and inner.id == itself
            is_whole = not isinstance(statement, ast.Delete) or _is_whole(statement.targets[0])
            return name if is_own and is_whole else ""
    return ""


def _is_whole(target: ast.expr) -> bool:
    """Whether a target is no slice, or one that leaves nothing out."""
    if not isinstance(target, ast.Subscript):
        return True
    return isinstance(target.slice, ast.Slice) and not (target.slice.lower or target.slice.upper or target.slice.step)


def _is_empty(value: ast.expr) -> bool:
    match value:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return not elements
        case ast.Dict(keys=keys):
            return not keys
        case ast.Constant():
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args, keywords=[]):
            return not args if name != "defaultdict" else len(args) <= 1
    return False


def _filled_attributes(statement: ast.stmt, itself: str) -> Iterator[str]:
    if itself in filled_roots(statement):
        for node in descendants(statement):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == itself:
                yield node.attr
