"""Which containers a file fills and then lets go of: nobody else has them."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import fields, is_dataclass

from stalecheck.summarize.summary import Attribute, Call, CallStatement, Display, Expression, Reference, Store, Summary


class Discarded:
    """Answers whether what a statement puts somewhere is let go of with its container."""

    def __init__(self, summary: Summary, live: Container[int]) -> None:
        self._summary = summary
        self._live = live
        self._used: frozenset[int] | None = None

    def takes(self, statement: Store | CallStatement) -> bool:
        """Whether a statement fills a new container whose only name is bound again, or deleted, further down."""
        target = _filled(statement)
        if not isinstance(target, Reference) or not target.reaching or target.stars or target.is_late:
            return False
        if any(index in self._live or not self._is_new(index) for index in target.reaching):
            return False
        if self._used is None:
            self._used = frozenset(self._find_used())
        return self._used.isdisjoint(target.reaching)

    def _is_new(self, index: int) -> bool:
        """Whether a name of the module's top level is bound to a container that is made right there."""
        binding = self._summary.bindings[index]
        if binding.block or "." in binding.name:
            return False
        match binding.value:
            case Display():
                return True
            case Call(function=Reference(name="dict" | "list" | "set", reaching=(), stars=()), arguments=()):
                return True
        return False

    def _find_used(self) -> Iterator[int]:
        """Yield the bindings that anything refers to but the statements that fill what they bind."""
        pending: list[object] = [binding.value for binding in self._summary.bindings]
        statements: list[Store | CallStatement] = [*self._summary.stores, *self._summary.calls]
        for statement in statements:
            given = statement.values if isinstance(statement, Store) else statement.call.arguments
            pending += given if isinstance(_filled(statement), Reference) else [statement]
        while pending:
            part = pending.pop()
            if isinstance(part, Reference):
                yield from () if part.is_late else part.reaching
            elif isinstance(part, tuple):
                pending += part
            elif is_dataclass(part):
                pending += [getattr(part, field.name) for field in fields(part)]


def _filled(statement: Store | CallStatement) -> Expression | None:
    """Return what a statement puts something into; of a call what the method is asked of."""
    if isinstance(statement, Store):
        return None if statement.attribute else statement.target
    function = statement.call.function
    return function.value if isinstance(function, Attribute) else None
