"""Whether an evicted module is put back: by hand, or by a context manager, a decorator, a fixture."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace

from stalecheck.reloads.outline import CLEANUPS, Outline, Place, Scope, terminal
from stalecheck.reloads.values import MODULES, Evaluator, Text, Thing

TEARDOWNS = ("teardown", "__exit__", "__aexit__", "asyncteardown", "doclassteardown", "doclasscleanups")


@dataclass(frozen=True, slots=True, eq=False)
class PutBack:
    """A statement that puts something into ``sys.modules``; `names` is None when it may be anything."""

    names: frozenset[str] | None
    row: int
    place: Place


class Restoration:
    """What a file puts back into ``sys.modules``, and where."""

    def __init__(self, outline: Outline, evaluator: Evaluator) -> None:
        self._outline = outline
        self._evaluator = evaluator
        self._put_backs = [*self._assigned(), *self._updated()]
        self._patched = [
            place
            for call, place in outline.calls.get("dict", ())
            if patches_modules(call, place, evaluator)
            if not any(call is manager for manager, _ in place.managers)
        ]

    def covers(self, place: Place, row: int, targets: Iterable[str], *, is_clearing: bool) -> bool:
        """Whether what is evicted at a place comes back.

        After ``sys.modules.clear()`` any put-back below it in the same function counts.
        """
        if any(self._restores(manager, where) for manager, where in place.managers):
            return True
        if any(self._reaches(patch, place) for patch in self._patched):
            return True
        names = frozenset(targets)
        return any(
            (back.names is None or not names.isdisjoint(back.names))
            and (self._comes(back, place) or (is_clearing and _follows(back, place, row)))
            for back in self._put_backs
        )

    def _assigned(self) -> Iterable[PutBack]:
        for put in self._outline.puts:
            if terminal(put.container) != "modules" and not self._is_alias(put.container):
                continue
            is_nothing = isinstance(put.value, ast.Constant)
            if is_nothing or MODULES not in self._evaluator.items(put.container, put.place):
                continue
            keys = self._evaluator.items(put.key, put.place)
            texts = [key.text for key in keys if isinstance(key, Text)]
            names = frozenset(texts) if keys and len(texts) == len(keys) else None
            yield PutBack(names, put.node.lineno, put.place)

    def _updated(self) -> Iterable[PutBack]:
        calls = self._outline.calls
        for method in ("update", "__setitem__", "setdefault"):
            for call, place in calls.get(method, ()):
                yield from self._put_by(method, call, place)

    def _put_by(self, method: str, call: ast.Call, place: Place) -> Iterable[PutBack]:
        for number, function in enumerate((call.func, *call.args[:1])):
            if isinstance(function, ast.Attribute) and function.attr == method:
                owner = terminal(function.value)
                if owner != "modules" and not self._is_alias(function.value):
                    continue
                if Thing(f"sys.modules.{method}") not in self._evaluator.items(function, place):
                    continue
                rest = call.args[number:]
                keys = self._evaluator.items(rest[0], place) if rest and method != "update" else ()
                texts = frozenset(key.text for key in keys if isinstance(key, Text))
                is_later = number > 0 and terminal(call.func) in CLEANUPS
                where = replace(place, is_cleanup=True) if is_later else place
                yield PutBack(texts or None, call.lineno, where)

    def _is_alias(self, node: ast.expr) -> bool:
        return "modules" in self._outline.aliases.get(terminal(node), ())

    def _restores(self, manager: ast.expr, place: Place) -> bool:
        if not isinstance(manager, ast.Call):
            return False
        if terminal(manager.func) == "dict":
            return patches_modules(manager, place, self._evaluator)
        names = self._evaluator.names(manager.func, place)
        return any(is_test_helper(name, manager.func) for name in names)

    def _reaches(self, patch: Place, place: Place) -> bool:
        """Whether a patch that was started in a function, not by ``with``, is still on at a place."""
        starter = patch.scope.function
        if starter is None:
            return False
        is_setup = terminal_name(starter).lower().startswith(("setup", "asyncsetup"))
        if is_setup and starter.owner is not None and starter.owner is place.scope.owner:
            return True
        return starter in _functions(place.scope)

    def _comes(self, back: PutBack, place: Place) -> bool:
        """Whether a put-back runs after the code at a place, come what may."""
        here = _functions(place.scope)
        function = back.place.scope.function
        is_here = function in here if function is not None else not here
        if is_here and (back.place.is_final or back.place.is_cleanup):
            return True
        if function is None:
            return False
        if is_here and any(row < back.row for row, _ in function.yields):
            return True
        name = terminal_name(function)
        is_sibling = bool(here) and function.owner is place.scope.owner
        is_nested = any(outer in here for outer in _functions(function.parent))
        if name in self._outline.cleanups and (is_nested or is_sibling):
            return True
        return is_sibling and name.lower().lstrip("_").startswith(tuple(t.lstrip("_") for t in TEARDOWNS))


def patches_modules(call: ast.Call, place: Place, evaluator: Evaluator) -> bool:
    """Whether a call is ``patch.dict(sys.modules, …)``, or with the string ``"sys.modules"``."""
    if terminal(call.func) != "dict" or not isinstance(call.func, ast.Attribute):
        return False
    named = [keyword.value for keyword in call.keywords if keyword.arg == "in_dict"]
    first = [*call.args[:1], *named]
    return bool(first) and any(item in (MODULES, Text("sys.modules")) for item in evaluator.items(first[0], place))


def is_test_helper(name: str, function: ast.expr) -> bool:
    """Whether a callee belongs to CPython's ``test.support``: by its dotted name, or as ``support.…``."""
    is_attribute = isinstance(function, ast.Attribute)
    above = name.rpartition(".")[0].rpartition(".")[2]
    return name.startswith("test.support.") or (is_attribute and above in ("support", "import_helper"))


def _follows(back: PutBack, place: Place, row: int) -> bool:
    return back.row > row and back.place.scope.function is place.scope.function


def terminal_name(function: Scope) -> str:
    """The function's own name."""
    return function.name.rpartition(".")[2]


def _functions(scope: Scope | None) -> list[Scope]:
    """The functions around a scope, innermost first."""
    found: list[Scope] = []
    while scope is not None:
        if scope.kind == "function":
            found.append(scope)
        scope = scope.parent
    return found
