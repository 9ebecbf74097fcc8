"""In which order pytest sets up the fixtures of a test: it tears them down the other way round."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stalecheck.model import SourceFile
from stalecheck.nodes import Function, descendants
from stalecheck.rules.patching import parameters
from stalecheck.rules.reloading import Reloading

_SCOPES = ("session", "package", "module", "class", "function")


@dataclass(frozen=True, slots=True)
class Fixture:
    """A fixture that a test of some file can ask for."""

    name: str
    file: SourceFile
    function: Function
    scope: int
    """A narrower scope has a greater number."""

    is_autouse: bool


def fixtures_of(file: SourceFile, reloading: Reloading) -> dict[str, Fixture]:
    """Return the fixtures by name that a file and the ``conftest.py`` above it define, the nearest one of a name."""
    folders = [file.path.parent, *file.path.parent.parents]
    conftests = [
        other
        for other in reloading.sources
        if other.path.name == "conftest.py" and other.path.parent in folders and other != file
    ]
    found: dict[str, Fixture] = {}
    for each in (*sorted(conftests, key=lambda other: len(other.path.parts)), file):
        tree = reloading.parse(each)
        for node in descendants(tree) if tree is not None else ():
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                fixture = _read(node, each)
                if fixture is not None:
                    found[fixture.name] = fixture
    return found


def is_fixture(function: Function) -> bool:
    """Return whether a decorator makes a fixture of a function."""
    return any(map(_makes_fixture, function.decorator_list))


def fixture_name(function: Function, file: SourceFile) -> str:
    """Return how tests ask for a fixture; nothing where the function is none."""
    fixture = _read(function, file)
    return fixture.name if fixture is not None else ""


def fixture_order(function: Function, owner: ast.ClassDef | None, fixtures: Mapping[str, Fixture]) -> list[str]:
    """Return what a test, or a fixture, has been given when its body begins, in the order in which it is set up.

    Args:
        function: The test or the fixture.
        owner: The class that it is a method of.
        fixtures: Those that the project defines; others, as ``monkeypatch``, depend on nothing.
    """
    asked = [*_used(function.decorator_list), *(_used(owner.decorator_list) if owner is not None else ())]
    if not is_fixture(function):
        asked = [fixture.name for fixture in fixtures.values() if fixture.is_autouse] + asked
    asked += parameters(function)
    done: list[str] = []
    for name in sorted(asked, key=lambda name: fixtures[name].scope if name in fixtures else len(_SCOPES) - 1):
        _set_up(name, fixtures, done, frozenset())
    return done


def tests_with(fixture: Fixture, reloading: Reloading) -> Iterator[tuple[SourceFile, Function, ast.ClassDef | None]]:
    """Yield the tests that are given a fixture, directly or through another one."""
    is_shared = fixture.file.path.name == "conftest.py"
    for file, source in reloading.sources.items():
        if file != fixture.file and not (is_shared and file.path.is_relative_to(fixture.file.path.parent)):
            continue
        tree = reloading.parse(file) if b"def test" in source else None
        fixtures = fixtures_of(file, reloading) if tree is not None else {}
        for function, owner in _tests(tree) if tree is not None else ():
            if fixture.name in fixture_order(function, owner, fixtures):
                yield file, function, owner


def _set_up(name: str, fixtures: Mapping[str, Fixture], done: list[str], pending: frozenset[str]) -> None:
    if name in done or name in pending:
        return
    fixture = fixtures.get(name)
    for other in (
        (*_used(fixture.function.decorator_list), *parameters(fixture.function)) if fixture is not None else ()
    ):
        _set_up(other, fixtures, done, pending | {name})
    done.append(name)


def _tests(tree: ast.Module) -> Iterator[tuple[Function, ast.ClassDef | None]]:
    for node in tree.body:
        owner = node if isinstance(node, ast.ClassDef) else None
        for inner in owner.body if owner is not None else [node]:
            if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)) and inner.name.startswith("test"):
                yield inner, owner


def _read(function: Function, file: SourceFile) -> Fixture | None:
    for decorator in function.decorator_list:
        if not _makes_fixture(decorator):
            continue
        given = {k.arg: k.value for k in decorator.keywords} if isinstance(decorator, ast.Call) else {}
        texts = {name: node.value for name, node in given.items() if isinstance(node, ast.Constant)}
        scope = str(texts.get("scope", "function"))
        return Fixture(
            str(texts.get("name", function.name)),
            file,
            function,
            _SCOPES.index(scope) if scope in _SCOPES else len(_SCOPES) - 1,
            bool(texts.get("autouse")),
        )
    return None


def _makes_fixture(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called).rpartition(".")[2].endswith("fixture")


def _used(decorators: list[ast.expr]) -> Iterator[str]:
    """Yield what ``@pytest.mark.usefixtures("a", "b")`` names."""
    for decorator in decorators:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("usefixtures"):
            for given in decorator.args:
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield given.value
