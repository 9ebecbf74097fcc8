"""Tells by a module's source how many times one execution can define a name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stalecheck.probing.source import statements

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Times:
    """The qualified names of functions and classes."""

    once: frozenset[str] = frozenset()
    """Each statement that defines them is executed once at most."""

    often: frozenset[str] = frozenset()
    """One is in a loop, or in a function that declares the name global."""


def read_times(filename: str) -> Times:
    """Return how many times the source in a file can define its names; nothing where it cannot be read."""
    found = list(_definitions(statements(filename), "", frozenset(), is_repeated=False))
    often = frozenset(name for name, is_repeated in found if is_repeated)
    return Times(frozenset(name for name, _ in found) - often, often)


def _definitions(
    body: Iterable[ast.AST], scope: str, names: frozenset[str], *, is_repeated: bool
) -> Iterator[tuple[str, bool]]:
    """Yield the qualified names that statements define, and whether they may do so several times.

    Args:
        body: The statements.
        scope: What their names are qualified with.
        names: Those that are global whatever the scope.
        is_repeated: Whether the statements may be executed several times.
    """
    for node in body:
        if isinstance(node, _Function | ast.ClassDef):
            path = node.name if node.name in names else f"{scope}{node.name}"
            yield path, is_repeated
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node.body, f"{path}.", frozenset(), is_repeated=is_repeated)
            else:
                yield from _definitions(node.body, f"{path}.<locals>.", _globals(node), is_repeated=True)
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            is_loop = isinstance(node, ast.For | ast.AsyncFor | ast.While)
            children = ast.iter_child_nodes(node)
            yield from _definitions(children, scope, names, is_repeated=is_repeated or is_loop)


def _globals(function: _Function) -> frozenset[str]:
    """Return the names that a function declares global; so it may do anywhere in its body."""
    return frozenset(name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names)
