"""The scopes of a file, what they bind, and the statements that may reload something."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from stalecheck.model import SourceFile
from stalecheck.nodes import positional_parameters

Position: TypeAlias = tuple[int, int]
"""Row and column as `ast` counts them."""

Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
How: TypeAlias = Literal[
    "import", "value", "element", "starred", "parameter", "arguments", "function", "class", "unknown"
]

START: Position = (0, 0)
END: Position = (1 << 30, 0)

CLEANUPS = frozenset(
    {
        "addCleanup",
        "addClassCleanup",
        "addModuleCleanup",
        "addAsyncCleanup",
        "addfinalizer",
        "callback",
        "push",
    }
)
"""Methods that register what runs after the test or the block."""

PATCHERS = ("dict", "object", "patch", "setattr")
"""The last names of what `unittest.mock` and pytest's monkeypatch replace things with."""


@dataclass(slots=True, eq=False)
class Scope:
    """A scope of the file; the pass fills it."""

    kind: Literal["module", "class", "function", "lambda", "comprehension"]
    name: str
    """Qualified within the module."""

    parent: Scope | None
    node: ast.AST
    place: Place | None = None
    """Where the scope's own statement stands."""

    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)
    """Of a class: what its methods assign to ``self``."""

    outer: set[str] = field(default_factory=set)
    """Names declared ``global`` or ``nonlocal``."""

    results: list[tuple[ast.expr, Place]] = field(default_factory=list)
    """What a function returns or yields."""

    yields: list[tuple[int, Place]] = field(default_factory=list)
    """The rows of its ``yield`` expressions, and where they stand."""

    @property
    def function(self) -> Scope | None:
        """The function that this scope is, or is part of."""
        scope: Scope | None = self
        while scope is not None and scope.kind != "function":
            scope = scope.parent
        return scope

    @property
    def owner(self) -> Scope | None:
        """The class that this scope is a method of, directly or from inside a nested function."""
        scope: Scope | None = self
        while scope is not None and scope.kind != "class":
            scope = scope.parent
        return scope


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a node stands: its scope and the blocks around it, inside that scope."""

    scope: Scope
    branch: tuple[tuple[int, int], ...] = ()
    guards: tuple[Guard, ...] = ()
    loop: ast.AST | None = None
    managers: tuple[tuple[ast.expr, Place], ...] = ()
    """Enclosing ``with`` items and decorators that may restore ``sys.modules``."""

    is_main: bool = False
    is_final: bool = False
    is_caught: bool = False
    """Whether it stands below ``except``."""

    is_cleanup: bool = False
    is_rerun: bool = False
    """Whether the first run of the body breaks off there: ``try: reload(m)`` / ``except NameError: import m``."""

    @property
    def block(self) -> str:
        """The qualified name of the enclosing function; empty at module level."""
        function = self.scope.function
        return function.name if function else ""


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """A condition that holds, or does not hold, where a statement stands."""

    test: ast.expr
    place: Place
    is_true: bool
    statement: ast.If | None = None
    """The statement one of whose blocks runs only so; None where the condition is not that of a block."""

    is_end: bool = False
    """Whether the loop around it ends where it is the other way: what comes later is not looked at."""

    is_success: bool = False
    """Whether it is only that what stands above did not fail."""

    is_attempt: bool = False
    """Whether it is that the expression can be worked out, whatever it is: ``parts[1]``, ``int(part)``."""

    @property
    def block(self) -> tuple[int, int] | None:
        """The branch that runs only so, as the places in it have it."""
        return None if self.statement is None else (id(self.statement), 0 if self.is_true else 1)


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One way by which a name gets its value."""

    name: str
    how: How
    at: Position
    """From where on it holds."""

    place: Place
    """Where its value is worked out."""

    branch: tuple[tuple[int, int], ...] = ()
    """The blocks inside its scope in which it holds for sure."""

    value: ast.expr | None = None
    dotted: str = ""
    scope: Scope | None = None
    """Of a ``def`` or ``class``: the scope that it opens; of a parameter: its function's."""

    path: tuple[int, ...] = ()
    """Which element of the value, for unpacking; behind a starred name counted from the end."""

    rest: tuple[int, int] | None = None
    """Of a starred name: how many elements before it and behind it are not its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Addition:
    """``name.append(value)`` and the like; of ``name[key] = value`` the method is ``[]``."""

    method: str
    value: ast.expr | None
    place: Place
    key: ast.expr | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Put:
    """``container[key] = value``."""

    container: ast.expr
    key: ast.expr
    value: ast.expr | None
    node: ast.stmt
    place: Place


@dataclass(slots=True, eq=False)
class Outline:
    """What the search needs of a file; no second walk over its tree is needed."""

    file: SourceFile
    module: Scope
    calls: dict[str, list[tuple[ast.Call, Place]]] = field(default_factory=dict)
    """Calls by the last name of the callee, and by those of the first arguments: they may be called later."""

    deletions: list[tuple[ast.Delete, Place]] = field(default_factory=list)
    puts: list[Put] = field(default_factory=list)
    stars: list[str] = field(default_factory=list)
    taken: dict[str, list[tuple[ast.ImportFrom, Place]]] = field(default_factory=dict)
    """The statements ``from p import m``, by ``p.m``."""

    additions: dict[str, list[Addition]] = field(default_factory=dict)
    """Method calls that fill a container, by its name."""

    managers: set[int] = field(default_factory=set)
    """The calls that are a ``with`` item or a decorator, by the identity of their nodes."""

    cleanups: set[str] = field(default_factory=set)
    """Names of functions that are handed to a clean-up method."""

    inner: dict[int, Place] = field(default_factory=dict)
    """The place inside each comprehension and lambda, by the identity of its node."""

    scopes: dict[str, Scope] = field(default_factory=dict)
    """Functions, classes and lambdas with a name, by qualified name."""

    aliases: dict[str, set[str]] = field(default_factory=dict)
    """Names that stand for something of another name, wherever they are bound."""

    ends: dict[int, list[tuple[ast.Break | ast.Return, Place]]] = field(default_factory=dict)
    """The statements that end a loop, by the identity of its node, and of other statements around them."""

    returns: list[tuple[int, Place]] = field(default_factory=list)
    """The rows of the ``return`` statements, and where they stand."""

    bound: set[str] = field(default_factory=set)
    """Every name that the file binds outside class bodies."""


def named_defaults(node: ast.AST) -> dict[str, ast.expr]:
    """Return the defaults of a function's parameters, by their names; nothing for what is no function."""
    arguments = getattr(node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return {}
    positional = positional_parameters(arguments)
    found = {a.arg: default for a, default in zip(reversed(positional), reversed(arguments.defaults), strict=False)}
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return found | {argument.arg: default for argument, default in named if default is not None}


def terminal(node: ast.expr) -> str:
    """The last name of ``a``, ``a.b`` or ``f.a``; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def bindings_at(name: str, place: Place, at: Position) -> tuple[list[Binding], bool]:
    """The bindings of a name that may hold at a place, and whether there are any at all."""
    scope: Scope | None = place.scope
    is_here = True
    while scope is not None:
        if name in scope.outer:
            is_here = False
        elif name in scope.bindings and (scope.kind != "class" or scope is place.scope):
            found = scope.bindings[name]
            return (_reaching(found, at, place.branch) if is_here else _reaching(found, END, ())), True
        is_here = is_here and scope.kind in ("comprehension", "lambda")
        scope = scope.parent
    return [], False


def home_of(name: str, place: Place) -> Scope | None:
    """The scope that binds a name as seen from a place."""
    scope: Scope | None = place.scope
    while scope is not None and (
        name in scope.outer or name not in scope.bindings or (scope.kind == "class" and scope is not place.scope)
    ):
        scope = scope.parent
    return scope


def _reaching(found: list[Binding], at: Position, branch: tuple[tuple[int, int], ...]) -> list[Binding]:
    """The bindings that may be the last before a place; all of them when none stands before it."""
    reaching: list[Binding] = []
    # What another function binds through `global` may hold anywhere.
    before = [binding for binding in found if binding.at <= at or binding.at == END]
    for binding in sorted(before, key=lambda b: b.at, reverse=True):
        reaching.append(binding)
        if branch[: len(binding.branch)] == binding.branch:
            break
    return list(reversed(reaching)) or found
