"""Where the classes that a class inherits from are defined."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from stalecheck.model import SourceFile
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.statements import dotted, imported_names


def bases_of(name: str, file: SourceFile, reloading: Reloading) -> Iterator[tuple[ast.ClassDef, SourceFile]]:
    """Yield the classes of the project that a class inherits from, each with the module that it stands in."""
    tree = reloading.parse(file)
    found = [c for c in tree.body if isinstance(c, ast.ClassDef) and c.name == name] if tree is not None else []
    if tree is None or not any(definition.bases for definition in found):
        return
    names = imported_names(tree, file)
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
