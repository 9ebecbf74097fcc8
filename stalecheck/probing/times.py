"""Tells by a module's source how many times one execution can define a name."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from stalecheck.probing.source import statements

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Times:
    """The qualified names of functions and classes."""

    once: frozenset[str] = frozenset()
    """Each statement that defines them is executed once at most."""

    often: frozenset[str] = frozenset()
    """One is in a loop, or in a function that declares the name global."""

    lines: dict[str, int] = field(default_factory=dict)
    """The line of the only statement that defines a name, of those that are executed once at most."""

    lambdas: frozenset[str] = frozenset()
    """The scopes in which lambda expressions stand, with a dot; empty for the module's own."""


def read_times(filename: str) -> Times:
    """Return how many times the source in a file can define its names; nothing where it cannot be read."""
    lambdas: set[str] = set()
    found = list(_definitions(statements(filename), "", frozenset(), lambdas, is_repeated=False))
    often = frozenset(name for name, _, is_repeated in found if is_repeated)
    number = Counter(name for name, _, _ in found)
    lines = {name: line for name, line, _ in found if number[name] == 1 and name not in often}
    return Times(frozenset(number) - often, often, lines, frozenset(lambdas))


def times_of(definitions: Mapping[str, list[int]]) -> Times:
    """Return the same as far as bytecode tells it, from the qualified names and first lines of what it defines.

    It does not tell what stands in a loop.
    """
    once = {name: lines for name, lines in definitions.items() if "<" not in name}
    return Times(frozenset(once), lines={name: lines[0] for name, lines in once.items() if len(lines) == 1})


def made_by_call(filename: str) -> dict[str, str]:
    """Return the names of classes that a source gives to a call once only, with what it assigns those to.

    ``P = namedtuple("Point", "x y")`` does, unless the source has ``"Point"`` once more, for whatever purpose.
    """
    body = statements(filename)
    words = Counter(
        node.value
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    found: dict[str, str] = {}
    for statement in body:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(args=[ast.Constant(value=str() as given), *_])
            ) if words[given] == 1:
                found[given] = name
            case _:
                pass
    return found


@dataclass(frozen=True, slots=True)
class Anew:
    """A statement of a module's body that gives a name something new whenever the body gets there."""

    line: int
    is_definition: bool
    """Whether it is a ``def`` or ``class`` without decorators: what it makes is never what has been there."""


def bound_anew(filename: str) -> dict[str, Anew]:
    """Return the names that a module's body binds under no condition to what it makes: definitions, own instances.

    What it takes from elsewhere may be there to be kept.
    """
    found: dict[str, Anew] = {}
    classes: set[str] = set()
    for statement in statements(filename):
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found[statement.name] = Anew(statement.lineno, not statement.decorator_list)
                classes |= {statement.name} if isinstance(statement, ast.ClassDef) else set()
            case ast.Assign(targets=targets, value=ast.Call(func=ast.Name(id=made))) if made in classes:
                names = (target.id for target in targets if isinstance(target, ast.Name))
                found.update((name, Anew(statement.lineno, is_definition=False)) for name in names)
            case _:
                pass
    return found


def _definitions(
    body: Iterable[ast.AST], scope: str, names: frozenset[str], lambdas: set[str], *, is_repeated: bool
) -> Iterator[tuple[str, int, bool]]:
    """Yield the qualified names that statements define, their lines, and whether they may do so several times.

    Args:
        body: The statements.
        scope: What their names are qualified with.
        names: Those that are global whatever the scope.
        lambdas: Where the scopes go that have lambda expressions.
        is_repeated: Whether the statements may be executed several times.
    """
    for node in body:
        if isinstance(node, _Function | ast.ClassDef):
            path = node.name if node.name in names else f"{scope}{node.name}"
            yield path, node.lineno, is_repeated
            yield from _definitions(node.decorator_list, scope, names, lambdas, is_repeated=is_repeated)
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node.body, f"{path}.", frozenset(), lambdas, is_repeated=is_repeated)
            else:
                inner = f"{path}.<locals>."
                yield from _definitions(node.body, inner, _globals(node), lambdas, is_repeated=True)
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            is_loop = isinstance(node, ast.For | ast.AsyncFor | ast.While)
            children: Iterable[ast.AST] = ast.iter_child_nodes(node)
            if isinstance(node, ast.If) and isinstance(node.test, ast.Constant):
                children = node.body if node.test.value else node.orelse
            yield from _definitions(children, scope, names, lambdas, is_repeated=is_repeated or is_loop)
        elif isinstance(node, ast.expr) and any(isinstance(part, ast.Lambda) for part in ast.walk(node)):
            lambdas.add(scope)


def _globals(function: _Function) -> frozenset[str]:
    """Return the names that a function declares global; so it may do anywhere in its body."""
    return frozenset(name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names)
