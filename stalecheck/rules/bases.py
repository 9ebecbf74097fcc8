"""Where the classes that a class inherits from are defined, and what of a library makes an object."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from stalecheck.model import SourceFile
from stalecheck.nodes import descendants
from stalecheck.rules.brought import names_bound
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.statements import dotted


def bases_of(name: str, file: SourceFile, reloading: Reloading) -> Iterator[tuple[ast.ClassDef, SourceFile]]:
    """Yield the classes of the project that a class inherits from, each with the module that it stands in."""
    tree = reloading.parse(file)
    found = [c for c in tree.body if isinstance(c, ast.ClassDef) and c.name == name] if tree is not None else []
    if tree is None or not any(definition.bases for definition in found):
        return
    names = names_bound(tree, file, reloading)
    for definition in found:
        for base in definition.bases:
            yield from definitions_of(base, tree, file, names, reloading)


def definitions_of(
    node: ast.expr, tree: ast.Module, file: SourceFile, names: Mapping[str, str], reloading: Reloading
) -> Iterator[tuple[ast.ClassDef, SourceFile]]:
    """Yield the definition of a class of the project that is written as a base, with the module that it stands in.

    Args:
        node: The base.
        tree: The module that it is written in.
        file: The file of that module.
        names: What imports bind there.
        reloading: The run.
    """
    if isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        for own in tree.body:
            if isinstance(own, ast.ClassDef) and own.name == node.id:
                yield own, file
                return
    module, _, name = dotted(node, names).rpartition(".")
    other = reloading.program.table.find(module, file) if module else None
    there = reloading.parse(other) if other is not None else None
    if other is not None and there is not None:
        yield from ((own, other) for own in there.body if isinstance(own, ast.ClassDef) and own.name == name)


def maker_of(node: ast.expr, tree: ast.Module, names: Mapping[str, str], depth: int = 8) -> str:
    """Return the absolute name of what makes an object: ``flask.Flask``; empty where that is not known.

    What a function of the module returns is made by what that calls; of a call of an object's method the object's
    maker comes first: ``blinker.Namespace.signal``.

    Args:
        node: The call, or a name or attribute of what is made at module level.
        tree: The module.
        names: What imports bind there.
        depth: How many steps to go.
    """
    if depth == 0:
        return ""
    match node:
        case ast.Call(func=ast.Name(id=name)) if name not in names:
            for own in tree.body:
                if isinstance(own, ast.FunctionDef) and own.name == name:
                    return _returned(own, tree, names, depth)
            return ""
        case ast.Call(func=function):
            return maker_of(function, tree, names, depth - 1)
        case ast.Attribute(value=owner, attr=attribute):
            made = dotted(node, names)
            if not made and (of := maker_of(owner, tree, names, depth - 1)):
                made = f"{of}.{attribute}"
            return made
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Name(id=name):
            for statement in tree.body:
                match statement:
                    case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Call() as value) if bound == name:
                        return maker_of(value, tree, names, depth - 1)
    return ""


def _returned(function: ast.FunctionDef, tree: ast.Module, names: Mapping[str, str], depth: int) -> str:
    made: dict[str, ast.expr] = {}
    for node in descendants(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Call() as value):
                made.setdefault(bound, value)
    for node in descendants(function):
        match node:
            case ast.Return(value=ast.Call() as value):
                return maker_of(value, tree, names, depth - 1)
            case ast.Return(value=ast.Name(id=name)) if name in made:
                return maker_of(made[name], tree, names, depth - 1)
    return ""
