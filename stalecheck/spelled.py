"""Modules that a file names in strings: ``import_module("m")``, ``sys.modules["m"]``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

ANY_NAME = "*"
"""Stands in a mention for an attribute that is not known."""


def module_in_string(node: ast.AST) -> str:
    """Return the module of ``import_module("m")``, ``__import__("m")`` or ``sys.modules["m"]``; else nothing."""
    # Asked of nearly every call: what has no single string in it is out at once.
    given = node.args if isinstance(node, ast.Call) else (node.slice,) if isinstance(node, ast.Subscript) else ()
    if len(given) != 1 or not isinstance(given[0], ast.Constant) or not isinstance(given[0].value, str):
        return ""
    match node:
        case (
            ast.Call(func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"))
            | ast.Subscript(value=ast.Attribute(value=ast.Name(id="sys"), attr="modules"))
        ):
            return "" if given[0].value.startswith(".") else given[0].value
    return ""


def mention_of(node: ast.AST) -> str:
    """Return what an expression that names a module in a string mentions: any of its names; else nothing."""
    module = module_in_string(node)
    return f"<{module.replace('.', ' ')}>.{ANY_NAME}" if module else ""


def modules_in(mentions: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the modules among some mentions that strings name, each with what it is called there."""
    for mention in mentions:
        if mention.startswith("<"):
            local = mention.partition(".")[0]
            yield local[1:-1].replace(" ", "."), local
