"""Whether an evicted module is put back: by hand, or by a context manager, a decorator, a fixture."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TypeAlias

from stalecheck.nodes import positional_parameters
from stalecheck.reloads.items import MODULES, Entry, Item, Table, Text, Thing, is_short
from stalecheck.reloads.scopes import CLEANUPS, END, PATCHERS, Binding, Outline, Place, Scope, terminal
from stalecheck.reloads.values import Evaluator

_TEARDOWNS = ("teardown", "exit__", "aexit__", "asyncteardown", "doclassteardown", "doclasscleanups")

_STEPS = 8
"""How far it is followed where a value that is put back comes from."""

_WIDE = (
    *("setup_module", "setup_class", "setUpModule", "setUpClass", "teardown_module", "teardown_class"),
    *("tearDownModule", "tearDownClass", "doClassCleanups", "pytest_"),
)
"""What the names of functions begin with that run once for many tests."""

_HELPERS = ("CleanImport", "isolated_modules")
"""CPython's own context managers that put ``sys.modules`` back."""

_EVERYWHERE = frozenset({"", "sys", "modules"})


_Ways: TypeAlias = frozenset[tuple[int, bool]]
"""Conditions, by the identity of their nodes, and what they are."""


@dataclass(frozen=True, slots=True, eq=False)
class PutBack:
    """A statement that puts something into ``sys.modules``; `names`, with ``*``, is None when it may be anything."""

    names: frozenset[str] | None
    row: int
    place: Place
    value: ast.expr | None = None
    """What is put there; None for a helper that puts back what it noted itself."""

    is_noted: bool = False
    """Whether the value is worked out where the clean-up is registered."""

    about: frozenset[str] = frozenset()
    """The names that it is made of: a condition on them is no reason to doubt it."""

    def concerns(self, target: str) -> bool:
        """Whether a module is put there; the empty name stands for whatever it may be."""
        return self.names is None or any(fnmatchcase(target, name) for name in self.names)


class Restoration:
    """What a file puts back into ``sys.modules``, and where.

    `manages` tells of a context manager of the project, by its absolute name, whether it puts a module back.
    """

    def __init__(self, outline: Outline, evaluator: Evaluator, manages: Callable[[str, str], bool]) -> None:
        self._outline = outline
        self._evaluator = evaluator
        self._manages = manages
        own = [*self._assigned(), *self._updated()]
        self._put_backs = [*own, *self._helped(), *(call for back in own for call in self._called(back))]
        self._patched = [
            place
            for name in PATCHERS
            for call, place in outline.calls.get(name, ())
            if patches_modules(call, place, evaluator)
            if id(call) not in outline.managers
        ]
        self._undone = list(self._monkeypatched())

    def covers(self, place: Place, row: int, target: str, *, is_clearing: bool) -> bool:
        """Whether the module `target` that is evicted at a place comes back; when it is empty, whatever it may be.

        After ``sys.modules.clear()`` any put-back below it in the same function counts.
        """
        backs = [back for back in self._put_backs if back.concerns(target)]
        return (
            self._is_inside(place, row, target)
            or any(self.comes(back, place) and not self._is_new(back, row) for back in backs)
            or self._follow(
                [back for back in backs if comes_later(back, place, row) and (is_clearing or self._is_old(back, row))],
                place,
                row,
            )
        )

    def _follow(self, backs: list[PutBack], place: Place, row: int) -> bool:
        """Whether one of some put-backs below a place is run, whichever way the function takes."""
        if not _are_exhaustive({_asked(back, place) for back in backs}):
            return False
        last = max(back.row for back in backs)
        leaving = [
            (at, where)
            for at, where in self._outline.returns
            if row < at < last and where.scope.function is place.scope.function and _may_follow(where, place)
        ]
        return all(any(_is_before(back, at, where, place) for back in backs) for at, where in leaving)

    def outlasts(self, function: Scope, target: str) -> bool:
        """Whether what is evicted after the ``yield`` of a function is reached, or after its end, comes back.

        The empty target stands for whatever it may be.
        """
        if function.yields:
            return all(
                self._is_inside(_without_decorators(place), row, target)
                or any(self.comes(back, place) for back in self._old(target, row))
                or self._follow(
                    [back for back in self._old(target, row) if comes_later(back, place, row)],
                    place,
                    row,
                )
                for row, place in function.yields
            )
        return self._is_inside(Place(function), END[0], target) or any(
            back.concerns(target) and self._is_registered(back, [function]) and self._is_old(back, END[0])
            for back in self._put_backs
        )

    def _old(self, target: str, row: int) -> list[PutBack]:
        return [back for back in self._put_backs if back.concerns(target) and self._is_old(back, row)]

    def tears_down(self, method: Scope, target: str) -> bool:
        """Whether a method that runs at the end, such as `tearDown`, puts a module back."""
        return any(
            back.concerns(target) and back.place.scope.function is method and self._is_old(back, END[0])
            for back in self._put_backs
        )

    def _is_inside(self, place: Place, row: int, target: str) -> bool:
        """Whether a place is inside of what undoes itself: ``with``, a decorator, a patch, monkeypatch."""
        if any(self._restores(manager, where, target) for manager, where in place.managers):
            return True
        if self._is_entered(place, row, target) or any(self._reaches(patch, place) for patch in self._patched):
            return True
        return any(
            undo.concerns(target) and undo.row < row and self._reaches(undo.place, place) for undo in self._undone
        )

    def _is_entered(self, place: Place, row: int, target: str) -> bool:
        """Whether a context manager was entered by a call, as by ``ExitStack.enter_context``."""
        return any(
            where.scope.function is not None
            and self._reaches(where, place)
            and call.lineno < row
            and any(self._restores(manager, where, target) for manager in call.args)
            for method in ("enter_context", "enter_async_context", "enterContext", "enterAsyncContext")
            for call, where in self._outline.calls.get(method, ())
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
            value = put.value or ast.Constant(None)
            yield PutBack(names, put.node.lineno, put.place, value, about=_names_in(put.key, value))

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
                if method == "update" and rest:
                    texts = _keys(self._evaluator.items(rest[0], place))
                is_later = number > 0 and terminal(call.func) in CLEANUPS
                where = replace(place, is_cleanup=True) if is_later else place
                value = rest[-1] if rest else ast.Constant(None)
                yield PutBack(texts or None, call.lineno, where, value, is_later, _names_in(*rest))

    def _called(self, back: PutBack) -> Iterable[PutBack]:
        """The calls of a function that puts back what it is given: ``restore(saved)``."""
        function = back.place.scope.function
        if function is None or back.value is None or function is not back.place.scope:
            return
        if any(back.about.isdisjoint(_names_in(guard.test)) for guard in back.place.guards):
            return
        carried = terminal(_carried(back.value))
        for binding in function.bindings.get(carried, ()):
            if binding.how == "element" and binding.value is not None:
                carried = terminal(_carried(binding.value))
        parameters = _positional(function)
        if carried not in parameters or len(function.bindings.get(carried, ())) != 1:
            return
        number = parameters.index(carried)
        name = f"{self._outline.file.module}.{function.name}"
        for call, place in self._outline.calls.get(terminal_name(function), ()):
            if number < len(call.args) and name in self._evaluator.names(call.func, place):
                names = _names_in(call.args[number])
                yield PutBack(back.names, call.lineno, place, call.args[number], about=names)

    def _helped(self) -> Iterable[PutBack]:
        """The calls of CPython's ``modules_cleanup(*modules_setup())``."""
        for call, place in self._outline.calls.get("modules_cleanup", ()):
            named = [part for part in (call.func, *call.args) if terminal(part) == "modules_cleanup"]
            function = named[0] if named else call.func
            if any(is_test_helper(name, function) for name in self._evaluator.names(function, place)):
                is_later = function is not call.func and terminal(call.func) in CLEANUPS
                yield PutBack(None, call.lineno, replace(place, is_cleanup=True) if is_later else place)

    def _monkeypatched(self) -> Iterable[PutBack]:
        """What pytest's monkeypatch noted: it comes back at the end of the test, whatever happens in between."""
        for method in ("setitem", "delitem"):
            for call, place in self._outline.calls.get(method, ()):
                if f"operator.{method}" in self._evaluator.names(call.func, place):
                    continue
                if len(call.args) > 1 and MODULES in self._evaluator.items(call.args[0], place):
                    keys = self._evaluator.items(call.args[1], place)
                    texts = frozenset(key.text for key in keys if isinstance(key, Text))
                    yield PutBack(texts, call.lineno, place)

    def _is_old(self, back: PutBack, row: int) -> bool:
        """Whether what is put back was in ``sys.modules`` before the eviction in a row of the same function."""
        if back.value is None or (back.is_noted and back.row < row and self._takes(back.value, back.place)):
            return True
        return self._is_kept(back.value, back, row, _STEPS)

    def _is_new(self, back: PutBack, row: int) -> bool:
        """Whether what is put back is what was imported anew behind the eviction in a row of the same function."""
        if not isinstance(back.value, ast.Name):
            return False
        found = self._evaluator.bindings(back.value.id, back.place, (back.value.lineno, back.value.col_offset))
        function = back.place.scope.function
        return bool(found) and all(
            binding.how == "import" and binding.place.scope.function is function and binding.at[0] > row
            for binding in found
        )

    def _is_kept(self, node: ast.expr, back: PutBack, row: int, steps: int) -> bool:
        if isinstance(node, ast.Dict):
            return bool(node.values) and all(self._is_kept(value, back, row, steps) for value in node.values)
        while isinstance(node, (ast.Subscript, ast.Call, ast.Starred)) or terminal(node) in ("items", "pop", "get"):
            if isinstance(node, ast.Call):
                node = node.args[0] if isinstance(node.func, ast.Name) and node.args else node.func
            else:
                node = node.value  # type: ignore[attr-defined]
        if steps == 0:
            return False
        if isinstance(node, ast.Attribute):
            owner = back.place.scope.owner
            found = owner.attributes.get(node.attr, []) if owner and terminal(node.value) in ("self", "cls") else []
        elif isinstance(node, ast.Name):
            found = self._evaluator.bindings(node.id, back.place, (node.lineno, node.col_offset))
        else:
            return False
        return bool(found) and all(self._was_bound_before(binding, back, row, steps) for binding in found)

    def _was_bound_before(self, binding: Binding, back: PutBack, row: int, steps: int) -> bool:
        is_here = binding.place.scope.function is back.place.scope.function
        if binding.how == "import":
            is_same = back.names is None or binding.dotted in back.names
            return is_same and (binding.at[0] < row or not is_here)
        if binding.how == "parameter" and is_here:
            return True  # Who calls it has taken it before.
        if binding.value is None or binding.how not in ("value", "element"):
            return False
        if binding.how == "element":
            return self._is_kept(binding.value, back, row, steps - 1)
        if is_here and binding.value.lineno > row:
            return False
        if self._evaluator.items(binding.value, binding.place) == (MODULES,):
            # It is no copy: what is taken out of the one is missing in the other.
            return False
        filling = [put.value for put in self._outline.puts if terminal(put.container) == binding.name and put.value]
        if any(self._takes(value, binding.place) for value in (binding.value, *filling)):
            return True
        items = self._evaluator.items(binding.value, binding.place)
        if back.names is not None and any(isinstance(item, Thing) and item.name in back.names for item in items):
            return True
        return self._is_kept(binding.value, back, row, steps - 1)

    def _takes(self, value: ast.expr, place: Place) -> bool:
        """Whether an expression reads ``sys.modules``."""
        return is_short(value) and any(
            (terminal(node) == "modules" or self._is_alias(node)) and MODULES in self._evaluator.items(node, place)
            for node in ast.walk(value)
            if isinstance(node, (ast.Name, ast.Attribute))
        )

    def _is_alias(self, node: ast.expr) -> bool:
        return "modules" in self._outline.aliases.get(terminal(node), ())

    def _restores(self, manager: ast.expr, place: Place, target: str) -> bool:
        if not isinstance(manager, ast.Call):
            return False
        if terminal(manager.func) in PATCHERS:
            return patches_modules(manager, place, self._evaluator)
        names = self._evaluator.names(manager.func, place)
        may_help = terminal(manager.func) in _HELPERS
        return any((may_help and is_test_helper(name, manager.func)) or self._manages(name, target) for name in names)

    def _reaches(self, patch: Place, place: Place) -> bool:
        """Whether a patch that was started in a function, not by ``with``, is still on at a place."""
        starter = patch.scope.function
        if starter is None:
            return False
        if is_setup(starter) and starter.owner is not None and starter.owner is place.scope.owner:
            return True
        return starter in functions_around(place.scope)

    def comes(self, back: PutBack, place: Place) -> bool:
        """Whether a put-back runs after the code at a place, come what may."""
        here = functions_around(place.scope)
        function = back.place.scope.function
        is_here = function in here if function is not None else not here
        if is_here and (back.place.is_final or back.place.is_cleanup):
            return True
        if function is None:
            return False
        if is_here and any(row < back.row for row, _ in function.yields):
            return True
        is_sibling = bool(here) and function.owner is place.scope.owner
        if terminal_name(function) in self._outline.cleanups:
            is_method = is_sibling and function.owner is not None
            return is_method or self._is_registered(back, here)
        return is_sibling and is_teardown(function) and (is_wide(function) or not is_wide(here[-1]))

    def _is_registered(self, back: PutBack, here: list[Scope]) -> bool:
        """Whether a put-back is handed to a clean-up method in one of some functions, alone or in a function."""
        function = back.place.scope.function
        if back.place.is_cleanup:
            return function in here
        if function is None:
            return False
        return any(
            terminal(call.func) in CLEANUPS and place.scope.function in here
            for call, place in self._outline.calls.get(terminal_name(function), ())
        )


def patches_modules(call: ast.Call, place: Place, evaluator: Evaluator) -> bool:
    """Whether a call replaces ``sys.modules``, or what is in it, for a while.

    ``patch.dict(sys.modules, …)``, ``patch.object(sys, "modules", …)``, ``patch("sys.modules", …)`` and
    ``monkeypatch.setattr(sys, "modules", …)``. With another table in its place nothing that is evicted from
    it matters: the import statement keeps to the interpreter's own.
    """
    method = terminal(call.func)
    if method not in PATCHERS or not (method == "patch" or isinstance(call.func, ast.Attribute)):
        return False
    named = [keyword.value for keyword in call.keywords if keyword.arg in ("in_dict", "target")]
    given = [*call.args[:2], *named]
    if not given or (method != "dict" and not any(map(_names_modules, given))):
        return False
    first = evaluator.items(given[0], place)
    if method in ("object", "setattr") and first == (Thing("sys"),):
        return len(given) > 1 and _names_modules(given[1])
    return method != "object" and any(item in (MODULES, Text("sys.modules")) for item in first)


def _names_modules(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in ("modules", "sys.modules")


def is_test_helper(name: str, function: ast.expr) -> bool:
    """Whether a callee belongs to CPython's ``test.support``: by its dotted name, or as ``support.…``."""
    is_attribute = isinstance(function, ast.Attribute)
    above = name.rpartition(".")[0].rpartition(".")[2]
    return name.startswith("test.support.") or (is_attribute and above in ("support", "import_helper"))


def follows(back: PutBack, place: Place, row: int) -> bool:
    """Whether a put-back always comes after a place in the same function.

    It does not in another branch, below ``except``, or on a condition that is about something else.
    """
    return comes_later(back, place, row) and not _asked(back, place)


def comes_later(back: PutBack, place: Place, row: int) -> bool:
    """Whether a put-back may come after a place in the same function: not in another branch, nor below ``except``."""
    where = back.place
    if back.row <= row or where.scope.function is not place.scope.function or where.is_caught > place.is_caught:
        return False
    return _may_follow(where, place)


def _may_follow(where: Place, place: Place) -> bool:
    taken = dict(place.branch)
    return all(taken.get(statement, block) == block for statement, block in where.branch)


def _asked(back: PutBack, place: Place) -> _Ways:
    """The conditions on something else than what is put back, under which a function comes to that from a place."""
    return frozenset(
        (id(guard.test), guard.is_true)
        for guard in back.place.guards
        if guard not in place.guards and back.about.isdisjoint(_names_in(guard.test))
    )


def _is_before(back: PutBack, row: int, end: Place, place: Place) -> bool:
    """Whether something is put back before a function ends in a row, or there is nothing to put back there."""
    if back.row < row and {*back.place.branch} <= {*end.branch}:
        return True
    asked = (guard for guard in end.guards if guard not in place.guards)
    return any(not back.about.isdisjoint(_names_in(guard.test)) for guard in asked)


def _are_exhaustive(ways: set[_Ways]) -> bool:
    """Whether one of some ways is taken in any case: where one asks that something is so, another that it is not."""
    while frozenset() not in ways:
        pairs = ((one, other) for one in ways for other in ways)
        merged = {both for one, other in pairs if (both := _either(one, other)) is not None} - ways
        if not merged:
            return False
        ways = ways | merged
    return True


def _either(one: _Ways, other: _Ways) -> _Ways | None:
    """What two ways have in common, if they differ in the answer to one question only."""
    mine, others = one - other, other - one
    if len(mine) != 1 or len(others) != 1:
        return None
    ((test, answer),) = mine
    return one & other if (test, not answer) in others else None


def _names_in(*nodes: ast.expr | None) -> frozenset[str]:
    """The names and strings in some expressions, but for ``sys.modules``."""
    found = [part for node in nodes if node is not None for part in ast.walk(node)]
    texts = {part.value for part in found if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return frozenset(texts.union(*({terminal(part)} for part in found if isinstance(part, ast.expr)))) - _EVERYWHERE


def _carried(value: ast.expr) -> ast.expr:
    """What is put back: of ``saved[name]`` and ``saved.items()`` the collection."""
    while isinstance(value, (ast.Subscript, ast.Call, ast.Attribute)):
        value = value.func if isinstance(value, ast.Call) else value.value
    return value


def _positional(function: Scope) -> list[str]:
    """The names of the parameters of a function, not of a method, that go by position."""
    is_method = function.parent is not None and function.parent.kind == "class"
    arguments = None if is_method else getattr(function.node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return []
    return [argument.arg for argument in positional_parameters(arguments)]


def terminal_name(function: Scope) -> str:
    """The function's own name."""
    return function.name.rpartition(".")[2]


def _without_decorators(place: Place) -> Place:
    """A place in a generator without its decorators: they are done before its body begins."""
    return replace(place, managers=tuple((node, where) for node, where in place.managers if where.scope is place.scope))


def is_setup(function: Scope) -> bool:
    """Whether a method runs before each test, or at the start of a ``with`` block."""
    return terminal_name(function).lower().startswith(("setup", "asyncsetup", "__enter__", "__aenter__"))


def is_wide(function: Scope) -> bool:
    """Whether a function runs outside of all that surrounds a single test."""
    return terminal_name(function).startswith(_WIDE)


def is_teardown(function: Scope) -> bool:
    """Whether a method runs after each test, or at the end of a ``with`` block."""
    return terminal_name(function).lower().lstrip("_").startswith(_TEARDOWNS)


def _keys(items: tuple[Item, ...]) -> frozenset[str]:
    """The names in what ``update`` is given, with ``*``; none when they are not known."""
    found: list[str] = []
    for item in items:
        for keys, _ in item.pairs if isinstance(item, Table) else [((item,), ())]:
            for key in keys:
                globs = (key,) if isinstance(key, Text) else key.globs if isinstance(key, Entry) else None
                texts = [glob.text for glob in globs or () if isinstance(glob, Text)]
                if globs is None or len(texts) != len(globs):
                    return frozenset()
                found += texts
    return frozenset(found)


def functions_around(scope: Scope | None) -> list[Scope]:
    """The functions around a scope, innermost first."""
    found: list[Scope] = []
    while scope is not None:
        if scope.kind == "function":
            found.append(scope)
        scope = scope.parent
    return found
