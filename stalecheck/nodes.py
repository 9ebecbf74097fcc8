"""What stands below a node of a syntax tree, without the leaves that nobody asks for.

`ast.walk` and `ast.iter_child_nodes` look at every field of every node, and give the contexts and operators too: half
of their time, which on many thousand lines is seconds.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below a node, in order, contexts and operators left out."""
    found: list[Any] = []
    for name in _FIELDS[node.__class__]:
        part = getattr(node, name, None)
        if part.__class__ is list:
            found += part
        elif part is not None:
            found.append(part)
    return [part for part in found if part is not None] if node.__class__ in _SPARSE else found


def descendants(node: ast.AST) -> Iterator[ast.AST]:
    """Iterate over a node and those below it, level by level, contexts and operators left out."""
    found: list[Any] = [node]
    for each in found:
        for name in _FIELDS[each.__class__]:
            part = getattr(each, name, None)
            if part.__class__ is list:
                found += part
            elif part is not None:
                found.append(part)
    return filter(None, found)


def inner_statements(statement: ast.stmt) -> list[ast.stmt]:
    """Return the statements in the blocks of a statement, in order, not those in the blocks of these."""
    found: list[ast.stmt] = []
    for name in _BLOCKS[statement.__class__]:
        part = getattr(statement, name)
        if name in _BRANCHES:
            for branch in part:
                found += branch.body
        else:
            found += part
    return found


def all_blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield every list of statements that run one after the other."""
    for node in descendants(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def scope_of(tree: ast.Module, block: str) -> ast.Module | Function | None:
    """Return the function of a qualified name, the last one of that name; the module for an empty name."""
    scope: ast.AST = tree
    for part in block.split(".") if block else ():
        if part == "<locals>":
            continue
        inner = [node for node in _definitions(scope) if node.name == part]
        if not inner:
            return None
        scope = inner[-1]
    return scope if isinstance(scope, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)) else None


def positional_parameters(arguments: ast.arguments) -> list[ast.arg]:
    """Return the parameters that are given by position, those that have a name for the caller too."""
    return [*arguments.posonlyargs, *arguments.args]


def named_parameters(arguments: ast.arguments) -> list[ast.arg]:
    """Return all parameters but ``*args`` and ``**kwargs``."""
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def blocks(node: ast.AST) -> list[list[ast.stmt]]:
    """Return the blocks of statements right below a node; in the place of some its handlers or cases."""
    return [getattr(node, name) for name in _BLOCKS[node.__class__]]


_PLAIN = frozenset(
    {
        *("arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "kwd_attrs", "level", "module"),
        *("name", "op", "ops", "rest", "simple", "str", "tag", "type_comment"),
    }
)
"""Fields with no node below them, whatever the node, but for the name of ``type X = …``."""

_LEAVES = (ast.Constant, ast.MatchSingleton, ast.Global, ast.Nonlocal)
_SPARSE = (ast.Dict, ast.arguments)
"""Nodes in whose lists None stands for what is not written."""


def _definitions(scope: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield the definitions of a scope, also those below conditions; not those within other definitions."""
    pending = list(ast.iter_child_nodes(scope))
    while pending:
        node = pending.pop(0)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node
        elif isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            pending += ast.iter_child_nodes(node)


class _Fields(dict[type, tuple[str, ...]]):
    """The fields of each kind of node that may have nodes below them."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        is_alias = kind.__name__ == "TypeAlias"  # New in Python 3.12.
        fields = () if kind in _LEAVES else getattr(kind, "_fields", ())
        self[kind] = tuple(name for name in fields if name not in _PLAIN or (is_alias and name == "name"))
        return self[kind]


_FIELDS = _Fields()


class _Blocks(dict[type, tuple[str, ...]]):
    """The fields of each kind of statement that have blocks of statements below them."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        fields = getattr(kind, "_fields", ())
        self[kind] = tuple(name for name in fields if name in {"body", "orelse", "finalbody", *_BRANCHES})
        return self[kind]


_BRANCHES = frozenset({"handlers", "cases"})
_BLOCKS = _Blocks()
