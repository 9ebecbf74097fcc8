"""Which bindings a name may have at a place, as far as the statements above have run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Running:
    """A call of a function by the module's top level."""

    name: str
    """The function's qualified name."""

    itself: str = ""
    """What a method calls its object, or its class."""

    receiver: str = ""
    """The name of that object at module level."""

    global_names: frozenset[str] = frozenset()
    given: Mapping[str, object] = field(default_factory=dict)
    """The constants that parameters are given, or left at."""

    def decide(self, test: ast.expr) -> bool | None:
        """Return what a condition on the parameters is; None where that is not known."""
        match test:
            case ast.Name(id=name) if name in self.given:
                return bool(self.given[name])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                decided = self.decide(operand)
                return None if decided is None else not decided
            case ast.BoolOp(op=op, values=values):
                ending = isinstance(op, ast.Or)
                parts = [self.decide(value) for value in values]
                return ending if ending in parts else None if None in parts else not ending
            case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[ast.Constant(value=value)]):
                if name in self.given and isinstance(op, (ast.Is, ast.Eq, ast.IsNot, ast.NotEq)):
                    return (self.given[name] == value) is isinstance(op, (ast.Is, ast.Eq))
        return None


@dataclass(slots=True)
class Scope:
    """The names of the module or of a class body, as far as its statements have run."""

    prefix: str = ""
    names: dict[str, tuple[int, ...]] = field(default_factory=dict)
    stars: tuple[int, ...] = ()
    outer: Scope | None = None
    is_dead: bool = False
    function: Running | None = None
    """Of the body of a function that the module's top level calls, which it is."""

    def copy(self) -> Scope:
        """Return a scope that can go another way from here."""
        return Scope(self.prefix, dict(self.names), self.stars, self.outer, function=self.function)

    def bind(self, name: str, index: int) -> None:
        """Make a binding the only one that a name can have."""
        self.names[name] = (index,)

    def unbind(self, name: str) -> None:
        """Delete a name; one that a star import may have brought is kept as one without a binding."""
        self.names.pop(name, None)
        if self.stars:
            self.names[name] = ()

    def merge(self, branches: Iterable[Scope]) -> None:
        """Become what stands after one of the branches has run."""
        alive = [branch for branch in branches if not branch.is_dead]
        if not alive:
            self.is_dead = True
            return
        self.is_dead = False
        names: dict[str, tuple[int, ...]] = {}
        for name in dict.fromkeys(name for branch in alive for name in branch.names):
            for branch in alive:
                # What a branch does not bind itself its star imports may have brought.
                reaching = branch.names.get(name, branch.stars)
                known = names.get(name)
                names[name] = reaching if known is None else _union(known, reaching)
        self.names = names
        self.stars = tuple(sorted({star for branch in alive for star in branch.stars}))


def _union(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return one if one == other else tuple(sorted({*one, *other}))
