"""What the walk through a file has found so far: bindings, stores, calls, and where it stands."""

from __future__ import annotations

import ast
from dataclasses import replace

import libcst as cst

from stalecheck.model import Location, Span
from stalecheck.summarize.expressions import Converter
from stalecheck.summarize.positions import Positions
from stalecheck.summarize.scope import Scope
from stalecheck.summarize.summary import (
    NOWHERE,
    Binding,
    Bound,
    CallStatement,
    Expression,
    LocalImport,
    ModuleImport,
    Rebinding,
    Reference,
    Store,
)
from stalecheck.summarize.syntax import Statement

_PLACELESS: frozenset[type] = frozenset({cst.Pass, cst.Global})


class Recorder:
    """Keeps what the walk has found in a file so far, and where it stands."""

    def __init__(self, positions: Positions) -> None:
        self.positions = positions
        self.scope = Scope()
        self.bindings: list[Binding] = []
        self.stores: list[Store] = []
        self.calls: list[CallStatement] = []
        self.local_imports: list[LocalImport] = []
        self.rebound: list[Rebinding] = []
        self.reloading: dict[ast.stmt, tuple[str, cst.FunctionDef]] = {}
        """The functions and methods whose bodies may reload something, or are called by such ones, by name."""

        self.at = Location(1, 1)
        self.is_kept = False
        self.is_again = False
        self.within: tuple[str, ...] = ()
        """The functions that the statement at this place calls, one within the other: what they do is done here."""

        self.is_called_later = False
        """Whether what they do is done later on, each statement in its own place."""

        self.branching = 0
        self.looping = 0
        self.converter = Converter(self.span, self._bind_walrus)
        self.is_quiet = False
        """Whether nobody will point at the places that are asked for."""

    def enter(self, node: Statement, twin: ast.stmt | None) -> None:
        """Make a statement the place where the walk stands."""
        self.positions.enter(node, twin)
        if self.within and not self.is_called_later:
            # In the order in which they run, where the call stands.
            self.at = Location(self.at.row, self.at.column + 1)
            return
        if node.__class__ not in _PLACELESS:
            self.at = self.positions.start(node, twin)

    def qualified(self, name: str) -> str:
        """Return a name with the class in front whose body is being read."""
        return self.scope.prefix + name

    def bind(self, name: str, span: Span, value: Bound, *, block: str = "") -> int:
        """Record a binding and return its index; `block` is the function whose ``global`` statement binds it."""
        index = len(self.bindings)
        qualified = name if block else self.qualified(name)
        place = block or (f"{self.within[-1]}.<locals>" if self.within else "")
        binding = Binding(qualified, span, value, self.at, place, self.is_kept, self.branching > 0)
        self.bindings.append(replace(binding, is_again=True) if self.is_again else binding)
        if not block:
            reaching = self.scope.names.get(name, ())
            if reaching and all(_binds_same(self.bindings[other].value, value) for other in reaching):
                self.scope.names[name] = (*reaching, index)
            else:
                self.scope.bind(name, index)
        return index

    def _bind_walrus(self, target: cst.Name, value: Expression) -> None:
        if not self.is_quiet:
            self.bind(target.value, self.span(target), value)

    def look(self, name: str) -> Expression:
        """Return the reference that a name is at this place."""
        scope: Scope | None = self.scope
        while scope is not None:
            if scope.function is not None and name == scope.function.itself:
                name = scope.function.receiver
            reaching = scope.names.get(name)
            if reaching is not None:
                stars = tuple(index for index in reaching if index in scope.stars)
                return Reference(name, tuple(i for i in reaching if i not in stars), stars)
            if scope.outer is None:
                return Reference(name, (), scope.stars)
            scope = scope.outer
        raise AssertionError

    def convert(self, node: cst.BaseExpression) -> Expression:
        """Convert an expression that stands at module or class level."""
        return self.converter.convert(node, self.look)

    def span(self, node: cst.CSTNode) -> Span:
        """Return where a node of the entered statement stands."""
        return NOWHERE if self.is_quiet else self.positions.span(node)


def _binds_same(one: Bound, other: Bound) -> bool:
    """Whether two imports bind the same package: ``import p.a`` and ``import p.b``."""
    if not (isinstance(one, ModuleImport) and isinstance(other, ModuleImport)):
        return False
    first = one.module.partition(".")[0] == other.module.partition(".")[0]
    return one.binds_first and other.binds_first and first
