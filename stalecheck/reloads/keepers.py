"""Fixtures, context managers and base classes that put back what is evicted while they are active.

A fixture counts for the tests that use it: by parameter, by ``usefixtures``, or because it is ``autouse``; it may
stand in the test's own file, in its class, or in the ``conftest.py`` of a folder above.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stalecheck.model import SourceFile
from stalecheck.nodes import named_parameters
from stalecheck.reloads.items import Thing
from stalecheck.reloads.restored import Restoration, functions_around, is_setup, is_teardown, is_wide, terminal_name
from stalecheck.reloads.scopes import Outline, Place, Scope, terminal
from stalecheck.reloads.values import Evaluator

_BREADTHS = ("function", "class", "module")
"""From narrow to broad; what is put back at the end of the session only is stale until then."""

_STEPS = 8
"""How far a name is followed through re-exports."""


@dataclass(frozen=True, slots=True, eq=False)
class _Fixture:
    name: str
    outline: Outline
    scope: Scope
    breadth: int
    """Its place in `_BREADTHS`; beyond them for a broader one."""

    is_autouse: bool


@dataclass(frozen=True, slots=True)
class _Methods:
    """Those of a class that may keep something."""

    set_up: list[Scope]
    tear_down: list[Scope]
    hiding: set[str]
    """The names of its methods that do not call those of the base class."""


class Keepers:
    """What is kept around the functions of a project; files are read when something in them is asked for."""

    def __init__(
        self,
        files: Iterable[SourceFile],
        modules: Mapping[str, SourceFile],
        outline_of: Callable[[SourceFile], Outline | None],
    ) -> None:
        self._outline_of = outline_of
        self._modules = modules
        self._conftests = {file.path: file for file in files if file.path.name == "conftest.py"}
        self._outlines: dict[Path, Outline | None] = {}
        self._restorations: dict[Path, Restoration] = {}
        self._fixtures: dict[Path, dict[str, _Fixture]] = {}
        self._functions: dict[Scope, list[Scope]] = {}
        """Of a class, or of a file's top level, what is defined right in it."""

        self._methods: dict[Scope, _Methods] = {}

        self._asked: set[Scope] = set()

    def kept(self, outline: Outline, place: Place, targets: Iterable[str]) -> frozenset[str]:
        """Those of the modules evicted at a place that the fixtures and classes around it put back.

        The empty name stands for whatever it may be.
        """
        functions = functions_around(place.scope)
        if not functions:
            return frozenset()
        self._take(outline)
        test = functions[-1]
        fixtures = [f for f in self._active(outline, test) if f.breadth < len(_BREADTHS)]
        lineage = list(self._lineage(outline, test.owner)) if test.owner and not is_wide(test) else []
        return frozenset(
            target
            for target in targets
            if any(self._outlasts(fixture.outline, fixture.scope, target) for fixture in fixtures)
            or self._is_inherited(lineage, target)
        )

    def manages(self, name: str, target: str) -> bool:
        """Whether a module that is evicted inside ``with name():`` comes back; `name` is absolute.

        The empty target stands for whatever it may be.
        """
        found = self._find(name)
        if found is None:
            return False
        outline, scope = found
        if scope.kind == "class":
            lineage = list(self._lineage(outline, scope))
            methods = {method for _, owner in lineage for method in owner.bindings}
            is_manager = not methods.isdisjoint(("__exit__", "__aexit__"))
            return is_manager and self._is_inherited(lineage, target)
        is_manager = any(terminal(_callee(node)).endswith("contextmanager") for node in _decorators(scope))
        return is_manager and self._outlasts(outline, scope, target)

    def _outlasts(self, outline: Outline, function: Scope, target: str) -> bool:
        if function in self._asked:
            return False
        self._asked.add(function)
        found = self._restoration(outline).outlasts(function, target)
        self._asked.discard(function)
        return found

    def _restoration(self, outline: Outline) -> Restoration:
        path = outline.file.path
        if path not in self._restorations:
            self._restorations[path] = Restoration(outline, Evaluator(outline, lambda name: None), self.manages)
        return self._restorations[path]

    # Classes

    def _is_inherited(self, lineage: list[tuple[Outline, Scope]], target: str) -> bool:
        """Whether what is evicted between the set-up and the tear-down of a class comes back."""
        hidden: set[str] = set()
        for outline, owner in lineage:
            methods = self._methods_of(outline, owner)
            restoration = self._restoration(outline)
            set_up = (scope for scope in methods.set_up if terminal_name(scope) not in hidden)
            if any(self._outlasts(outline, scope, target) for scope in set_up):
                return True
            tear_down = (scope for scope in methods.tear_down if terminal_name(scope) not in hidden)
            if any(restoration.tears_down(scope, target) for scope in tear_down):
                return True
            hidden |= methods.hiding
        return False

    def _methods_of(self, outline: Outline, owner: Scope) -> _Methods:
        if owner not in self._methods:
            methods = self._functions_in(outline, owner)
            self._methods[owner] = _Methods(
                [scope for scope in methods if is_setup(scope)],
                [scope for scope in methods if is_teardown(scope)],
                {terminal_name(scope) for scope in methods if not _goes_on(outline, scope)},
            )
        return self._methods[owner]

    def _lineage(self, outline: Outline, owner: Scope) -> Iterator[tuple[Outline, Scope]]:
        """A class and those that it inherits from, as far as they stand in the project."""
        pending = [(outline, owner)]
        seen: set[Scope] = set()
        while pending:
            where, scope = pending.pop(0)
            if scope in seen or not isinstance(scope.node, ast.ClassDef) or scope.place is None:
                continue
            seen.add(scope)
            yield where, scope
            evaluator = Evaluator(where, lambda name: None)
            bases = [item for base in scope.node.bases for item in evaluator.items(base, scope.place)]
            found = [self._find(item.name) for item in bases if isinstance(item, Thing)]
            pending = [*(one for one in found if one is not None), *pending]

    # Fixtures

    def _active(self, outline: Outline, function: Scope) -> list[_Fixture]:
        """The fixtures that are set up before a function of the file runs."""
        levels = list(self._levels(outline, function))
        name = terminal_name(function)
        own = next((f for level in levels for f in level.values() if f.scope is function), None)
        is_test = name.startswith("test")
        wanted: list[tuple[str, int]] = []
        if is_test or own is not None:
            height = next((n + 1 for n, level in enumerate(levels) if own in level.values()), 0)
            wanted += [(used, height if own and used == own.name else 0) for used in parameters_of(function)]
            wanted += [(used, 0) for used in _looked_up(outline, function)]
        is_run = is_test or (_is_test_file(outline.file.path) and not is_wide(function))
        is_xunit = name.startswith(_XUNIT)
        if own is None and is_run and not is_xunit:
            wanted += [(used, 0) for used in self._marked(outline, function)]
        if own is not None or is_run:
            nearest = self._at_module_level(outline)
            here = next(number for number, level in enumerate(levels) if level is nearest)
            outside = here + (function.owner is None) if is_xunit else 0
            for number, level in enumerate(levels[outside:], start=outside):
                wanted += [(f.name, 0) for f in level.values() if f.is_autouse and _is_before(f, number, own, levels)]
        return _closure(wanted, levels)

    def _levels(self, outline: Outline, function: Scope) -> Iterator[dict[str, _Fixture]]:
        """The fixtures that a function sees, nearest first."""
        owner = function.owner
        while owner is not None:
            for where, scope in self._lineage(outline, owner):
                yield {f.name: f for f in self._defined(where, scope)}
            owner = owner.parent.owner if owner.parent else None
        yield self._at_module_level(outline)
        for folder in outline.file.path.parents:
            file = self._conftests.get(folder / "conftest.py")
            if file is not None and file.path != outline.file.path:
                conftest = self._read(file)
                if conftest is not None:
                    yield self._at_module_level(conftest)

    def _at_module_level(self, outline: Outline) -> dict[str, _Fixture]:
        """The fixtures that a file defines, imports, or names as plugins."""
        path = outline.file.path
        if path in self._fixtures:
            return self._fixtures[path]
        found = self._fixtures[path] = {}
        plugins = [binding.value for binding in outline.module.bindings.get("pytest_plugins", ())]
        named = [text for value in plugins if value is not None for text in _texts(value)]
        for module in (*named, *outline.stars):
            file = self._modules.get(module)
            other = self._read(file) if file is not None else None
            if other is not None:
                found.update(self._at_module_level(other))
        for name, bindings in outline.module.bindings.items():
            imported = [binding.dotted for binding in bindings if binding.how == "import"]
            where = self._find(imported[-1]) if imported else None
            fixture = _fixture(*where) if where is not None else None
            if fixture is not None:
                called = name if fixture.name == terminal_name(fixture.scope) else fixture.name
                found[called] = _Fixture(
                    called, fixture.outline, fixture.scope, fixture.breadth, is_autouse=fixture.is_autouse
                )
        found.update({f.name: f for f in self._defined(outline, outline.module)})
        return found

    def _defined(self, outline: Outline, owner: Scope) -> Iterator[_Fixture]:
        for scope in self._functions_in(outline, owner):
            fixture = _fixture(outline, scope)
            if fixture is not None:
                yield fixture

    def _functions_in(self, outline: Outline, owner: Scope) -> list[Scope]:
        if owner not in self._functions:
            scopes = outline.scopes.values()
            self._functions[owner] = [scope for scope in scopes if scope.parent is owner and scope.kind == "function"]
        return self._functions[owner]

    def _marked(self, outline: Outline, function: Scope) -> Iterator[str]:
        """The names in the ``usefixtures`` marks of a test, its classes and its file."""
        for node in _decorators(function):
            yield from _used(node, outline)
        owner = function.owner
        while owner is not None:
            for where, scope in self._lineage(outline, owner):
                for node in (*_decorators(scope), *_values(scope, "pytestmark")):
                    yield from _used(node, where)
            owner = owner.parent.owner if owner.parent else None
        for node in _values(outline.module, "pytestmark"):
            yield from _used(node, outline)

    # Files

    def _find(self, name: str) -> tuple[Outline, Scope] | None:
        """The function or class of an absolute dotted name, through re-exports."""
        pending = [name]
        for _ in range(_STEPS):
            if not pending:
                break
            parts = pending.pop(0).split(".")
            for count in range(len(parts) - 1, 0, -1):
                file = self._modules.get(".".join(parts[:count]))
                outline = self._read(file) if file is not None else None
                if outline is None:
                    continue
                rest = parts[count:]
                scope = outline.scopes.get(".".join(rest))
                if scope is not None:
                    return outline, scope
                bindings = outline.module.bindings.get(rest[0], [])
                imported = [b.dotted for b in bindings if b.how == "import"] or [
                    f"{s}.{rest[0]}" for s in outline.stars
                ]
                pending += [".".join([dotted, *rest[1:]]) for dotted in imported]
                break
        return None

    def _take(self, outline: Outline) -> None:
        """Use this outline of a file from now on: what is compared with its scopes has to come from it."""
        path = outline.file.path
        if self._outlines.get(path) is not outline:
            self._outlines[path] = outline
            self._restorations.pop(path, None)
            self._fixtures.clear()

    def _read(self, file: SourceFile) -> Outline | None:
        if file.path not in self._outlines:
            self._outlines[file.path] = self._outline_of(file)
        return self._outlines[file.path]


def _closure(wanted: list[tuple[str, int]], levels: list[dict[str, _Fixture]]) -> list[_Fixture]:
    """The fixtures of some names, looked for from a level on, and those that they use themselves."""
    found: list[_Fixture] = []
    for name, start in wanted:
        for number, level in enumerate(levels[start:], start=start):
            if name in level:
                fixture = level[name]
                if fixture not in found:
                    found.append(fixture)
                    wanted += [(used, number + 1 if used == name else 0) for used in parameters_of(fixture.scope)]
                break
    return found


def _is_before(fixture: _Fixture, number: int, own: _Fixture | None, levels: list[dict[str, _Fixture]]) -> bool:
    """Whether an autouse fixture of a level is set up before another fixture, or before a test."""
    if own is None:
        return True
    if own is fixture or fixture.breadth < own.breadth:
        return False
    is_outside = own not in [f for level in levels[number:] for f in level.values()]
    return not own.is_autouse or fixture.breadth > own.breadth or is_outside


def _fixture(outline: Outline, scope: Scope) -> _Fixture | None:
    for node in _decorators(scope):
        if terminal(_callee(node)).endswith("fixture"):
            given = {k.arg: k.value for k in node.keywords} if isinstance(node, ast.Call) else {}
            constants = {name: value.value for name, value in given.items() if isinstance(value, ast.Constant)}
            breadth = constants.get("scope", "function")
            return _Fixture(
                str(constants.get("name", terminal_name(scope))),
                outline,
                scope,
                _BREADTHS.index(breadth) if breadth in _BREADTHS else len(_BREADTHS),
                is_autouse=constants.get("autouse") is True,
            )
    return None


def _goes_on(outline: Outline, method: Scope) -> bool:
    """Whether a method calls another of its name: that of the base class."""
    calls = outline.calls.get(terminal_name(method), ())
    return any(place.scope.function is method for _, place in calls)


def _decorators(scope: Scope) -> list[ast.expr]:
    return list(getattr(scope.node, "decorator_list", ()))


def _callee(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def parameters_of(function: Scope) -> list[str]:
    """The names of the parameters of a function but for ``*`` and ``**``."""
    arguments = getattr(function.node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return []
    return [argument.arg for argument in named_parameters(arguments)]


def _looked_up(outline: Outline, function: Scope) -> list[str]:
    """The fixtures that a function asks for by ``request.getfixturevalue``."""
    calls = outline.calls.get("getfixturevalue", ())
    return [text for call, place in calls if place.scope.function is function for a in call.args for text in _texts(a)]


def _values(scope: Scope, name: str) -> list[ast.expr]:
    return [binding.value for binding in scope.bindings.get(name, ()) if binding.value is not None]


def _used(node: ast.expr, outline: Outline) -> Iterator[str]:
    """The names that a mark, a list of marks, or a name for them gives to ``usefixtures``."""
    if isinstance(node, ast.Call) and terminal(node.func) == "usefixtures":
        yield from (text for argument in node.args for text in _texts(argument))
    elif isinstance(node, (ast.List, ast.Tuple)):
        for element in node.elts:
            yield from _used(element, outline)
    elif isinstance(node, ast.Name):
        for value in _values(outline.module, node.id):
            if not isinstance(value, ast.Name):
                yield from _used(value, outline)


def _texts(node: ast.expr) -> list[str]:
    elements = node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else [node]
    return [e.value for e in elements if isinstance(e, ast.Constant) and isinstance(e.value, str)]


def _is_test_file(path: Path) -> bool:
    return path.stem.startswith("test_") or path.stem.endswith("_test")


_XUNIT = ("setup_", "teardown_")
"""Set-up functions of pytest's own: they run before the fixtures of their own class or file."""
