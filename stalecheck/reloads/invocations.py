"""Which functions a call calls, with which arguments: its own, or one that it is given to call."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stalecheck.reloads.scopes import CLEANUPS, Place, terminal

CALLERS = CLEANUPS | {
    *("map", "imap", "partial", "register", "submit", "apply", "apply_async", "to_thread", "run_in_executor"),
    *("call_soon", "call_soon_threadsafe", "call_later", "call_at"),
    *("assertRaises", "assertRaisesRegex", "assertWarns", "assertWarnsRegex"),
    *("raises", "warns", "deprecated_call", "run_sync"),
}
"""Functions that call the function they are given, with the arguments that follow it."""

_EXPECTING = frozenset({"assertRaises", "assertRaisesRegex", "raises"})
_LOADERS = frozenset({"exec_module", "load_module", "load_source"})
"""Methods that find nothing to run where they are expected to raise; the body that `reload` runs may raise half way."""

_STARTERS = {"Thread": (1, 3), "Process": (1, 3), "Timer": (1, 2)}
"""Classes that call the function they are given later: the positions of the function and of its arguments."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call, or a function handed over to be called with these arguments."""

    node: ast.Call
    function: ast.expr
    arguments: Sequence[ast.expr]
    keywords: Sequence[ast.keyword]
    place: Place
    is_each: bool = False
    elsewhere: Mapping[int, Place] = field(default_factory=dict)
    """Where arguments stand that were given elsewhere than `place`, by the identity of the node."""

    @property
    def is_spread(self) -> bool:
        """Whether an argument is ``*args`` or ``**kwargs``."""
        return any(isinstance(a, ast.Starred) for a in self.arguments) or any(k.arg is None for k in self.keywords)

    def argument(self, position: int, name: str = "") -> ast.expr | None:
        """An argument, by its position or its name."""
        if 0 <= position < len(self.arguments):
            before = self.arguments[: position + 1]
            return None if any(isinstance(a, ast.Starred) for a in before) else before[-1]
        return next((k.value for k in self.keywords if name and k.arg == name), None)


def invocations(call: ast.Call, place: Place, may_reload: Callable[[ast.expr], bool]) -> Iterator[Invocation]:
    """The calls that a call makes: its own, and that of a function it is given.

    `may_reload` tells which callees are of interest.
    """
    if may_reload(call.func):
        yield Invocation(call, call.func, spread(call.args), spread_names(call.keywords), place)
    caller = terminal(call.func)
    if caller in _STARTERS:
        yield from _started(call, place, *_STARTERS[caller], may_reload)
    if caller not in CALLERS:
        return
    for number, argument in enumerate(call.args[:3]):
        is_failing = caller in _EXPECTING and terminal(argument) in _LOADERS
        if isinstance(argument, (ast.Name, ast.Attribute)) and may_reload(argument) and not is_failing:
            rest = call.args[number + 1 :]
            is_map = caller in ("map", "imap")
            if rest or (call.keywords and not is_map):
                names = spread_names(call.keywords)
                yield Invocation(call, argument, spread(rest), names, place, is_each=is_map)


def _started(
    call: ast.Call, place: Place, at: int, rest_at: int, may_reload: Callable[[ast.expr], bool]
) -> Iterator[Invocation]:
    """The call that a thread or process makes: ``Thread(target=f, args=(a,), kwargs={"b": b})``."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    placed = dict(enumerate(call.args))
    function = named.get("target") or named.get("function") or placed.get(at)
    if not isinstance(function, (ast.Name, ast.Attribute)) or not may_reload(function):
        return
    arguments = named.get("args") or placed.get(rest_at)
    keywords = named.get("kwargs") or placed.get(rest_at + 1)
    starred = [ast.copy_location(ast.Starred(arguments, ast.Load()), arguments)] if arguments else []
    doubled = [ast.copy_location(ast.keyword(None, keywords), keywords)] if keywords else []
    if starred or doubled:
        yield Invocation(call, function, spread(starred), spread_names(doubled), place)


def spread(arguments: Sequence[ast.expr]) -> list[ast.expr]:
    """Arguments with the elements of ``*(a, b)`` in their places."""
    found: list[ast.expr] = []
    for argument in arguments:
        inner = argument.value if isinstance(argument, ast.Starred) else None
        found += inner.elts if isinstance(inner, (ast.Tuple, ast.List)) else [argument]
    return found


def spread_names(keywords: Sequence[ast.keyword]) -> list[ast.keyword]:
    """Keyword arguments with the entries of ``**{"a": a}`` in their places."""
    found: list[ast.keyword] = []
    for keyword in keywords:
        entries = keyword.value if keyword.arg is None else None
        if not isinstance(entries, ast.Dict):
            found.append(keyword)
            continue
        for key, value in zip(entries.keys, entries.values, strict=True):
            is_text = isinstance(key, ast.Constant) and isinstance(key.value, str)
            name = key.value if is_text else None  # type: ignore[union-attr]
            given = value if key is None or is_text else entries
            found.append(ast.copy_location(ast.keyword(name, given), keyword))
    return found
