"""STL409 unrestored-environment: A test that reloads under a patched environment and leaves the module as it then was

## What it does

Flags a reload in a test while `monkeypatch`, `patch.dict(os.environ)`, `patch.dict(sys.modules)` or `mock.patch` is
active, if the module's body may look at what that replaces and is not run once more after it has been undone. A
fixture is torn down before those that were set up earlier: what it reloads behind its `yield` still sees what
`monkeypatch`, or a fixture listed before it, has patched. A reload below `patch("m.f")` is flagged too.

## Why is this bad

What the module has read from the environment stays, for every test that runs later. Leaving `patch("m.f")`
puts the old function into the new module.

## Example

```python
# file: settings.py
import os

DEBUG = os.environ.get("DEBUG") == "1"

# file: test_settings.py
import importlib
import os
from unittest import mock

import settings


def test_debug():
    with mock.patch.dict(os.environ, {"DEBUG": "1"}):
        importlib.reload(settings)
        assert settings.DEBUG
```

## Use instead

```python
# file: settings.py
import os

DEBUG = os.environ.get("DEBUG") == "1"

# file: test_settings.py
import importlib
import os
from unittest import mock

import settings


def test_debug():
    with mock.patch.dict(os.environ, {"DEBUG": "1"}):
        importlib.reload(settings)
        assert settings.DEBUG
    importlib.reload(settings)
```

## When it is fine

Where no other test looks at what the module has read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from stalecheck.model import SourceFile
from stalecheck.modules import absolute
from stalecheck.nodes import Function, descendants, scope_of
from stalecheck.reloads import ReloadPlace
from stalecheck.rules.environment import may_read, run_with
from stalecheck.rules.fixture_order import Fixture, fixture_order, fixtures_of, is_fixture, tests_with
from stalecheck.rules.helper_calls import Reached, places_with_calls
from stalecheck.rules.patching import Patch, is_registered, patches_at
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw, reloads_of
from stalecheck.rules.statements import dotted, imported_names, imports, top_level
from stalecheck.rules.surroundings import is_test
from stalecheck.vocabulary import ReloadMode, Severity

_TEARDOWNS = ("teardown", "tearDown")
_WIDE = ("tearDownClass", "tearDownModule", "teardown_class", "teardown_module")


@dataclass(frozen=True, slots=True)
class _Where:
    """The function that reloads."""

    reached: Reached
    function: Function
    owner: ast.ClassDef | None
    is_deferred: bool
    """The reload is registered, and happens when the function is over."""

    row: int
    """Where the module's body runs: of an eviction where it is imported again, if that is below in the function."""

    giver: Function | None = None
    """The fixture that the function stands in."""

    @property
    def place(self) -> ReloadPlace:
        return self.reached.place

    @property
    def is_torn_down(self) -> bool:
        """Whether it stands behind the ``yield`` of its function."""
        yields = _yields(self.function)
        return bool(yields) and yields[0] < self.row


@dataclass(frozen=True, slots=True)
class _Request:
    """A test, or a fixture, with the order in which pytest sets up what it asks for."""

    order: tuple[str, ...]
    patches: tuple[Patch, ...]
    """What is replaced where the reload happens."""

    def is_undone_before(self, fixture: str, patch: Patch) -> bool:
        """Whether a fixture is torn down after a patch has been undone."""
        if fixture not in self.order:
            return False
        if patch.undone != "fixture":
            return True
        return patch.fixture not in self.order or self.order.index(fixture) < self.order.index(patch.fixture)


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag reloads that no reload follows once the environment is as it was."""
    places = places_with_calls(reloading)
    flagged: set[Reached] = set()
    for reached in places:
        place, origin = reached.place, reached.chain[-1]
        if place.site.is_restored or place.site.is_void or not place.files or not is_test(origin.file):
            continue
        where = _where(reached, reloading)
        if where is None or reached.called in flagged:
            continue
        for request in _requests(where, reloading):
            left = (
                patch
                for patch in request.patches
                if _may_see(where, patch, reloading) and not _is_followed(where, patch, request, places, reloading)
            )
            patch = next(left, None)
            if patch is not None:
                flagged.add(reached)
                yield _flaw(where, patch, _absolute_target(where, patch, reloading))
                break


def _flaw(where: _Where, patch: Patch, target: str) -> Flaw:
    place = where.place
    module = _left(where).module
    own = next((file.module for file in place.files if f"{target}.".startswith(f"{file.module}.")), "")
    if own and target != own:
        message = f"the end of `{patch.name}` puts the old `{target}` into the new `{own}`"
    elif patch.undone == "fixture" and (where.is_torn_down or where.is_deferred):
        message = f"`{module}` is reloaded before `{patch.name}` is undone: a fixture ends before those set up earlier"
    else:
        message = f"`{module}` is reloaded while `{patch.name}` is active, and stays so for later tests"
    about = reloads_of(place)
    return Flaw(place.file, place.site.span, Severity.WARNING, message, _remedy(patch, module), about=about)


def _imported_below(function: Function, file: SourceFile, row: int) -> Iterator[tuple[int, str]]:
    """Yield the rows below one, and the dotted names, of what a function imports."""
    for node in descendants(function):
        if getattr(node, "lineno", 0) <= row:
            continue
        match node:
            case ast.Import() | ast.ImportFrom():
                for at, name, _ in imports(node, file):
                    yield at, name
                    yield at, name.rpartition(".")[0]
            case ast.Call(func=ast.Name() | ast.Attribute() as called, args=[ast.Constant(value=str() as name), *_]):
                if ast.unparse(called).rpartition(".")[2] in {"import_module", "__import__"}:
                    yield node.lineno, name


def _left(where: _Where) -> SourceFile:
    """Return which of the modules stays as it is: where several are evicted, one that is imported below by its name."""
    files = where.place.files
    start = where.place.site.span.start.row
    below = [node for node in descendants(where.function) if getattr(node, "lineno", 0) > start]
    named = {node.value for node in below if isinstance(node, ast.Constant)}
    named |= {name for node in below for _, name, _ in imports(node, where.place.file)}
    return next((file for file in files if file.module in named), files[0])


def _may_see(where: _Where, patch: Patch, reloading: Reloading) -> bool:
    """Whether what is reloaded can notice a patch: by what it imports, directly or not."""
    files = where.place.files
    if patch.modules:
        return _imports_one(where.place, patch.modules, reloading)
    if patch.is_environment and not may_read(files, patch.variables, reloading):
        return False
    table, indexes = reloading.program.table, reloading.program.indexes
    seen = set(files)
    pending = list(files)
    reaches_out = False
    while pending:
        file = pending.pop()
        for item in indexes[file].imports if file in indexes else ():
            base = absolute(file, item.level, item.module)
            found = [table.find(name, file) for name in (f"{base}.{item.name}", base or "") if name]
            inside = {other for other in found if other is not None}
            reaches_out = reaches_out or not inside
            pending += inside - seen
            seen |= inside
    if patch.target == "builtins.__import__":
        return any(indexes[file].imports for file in files if file in indexes)
    target = _absolute_target(where, patch, reloading)
    own = next(filter(None, map(table.find, _prefixes(target))), None)
    if own is None:
        return reaches_out
    name = target.removeprefix(f"{own.module}.").partition(".")[0]
    if own in files:
        return not _is_plain(own, name, reloading)
    return own in seen and any(_touches(file, name, reloading) for file in files)


def _imports_one(place: ReloadPlace, modules: frozenset[str], reloading: Reloading) -> bool:
    """Whether running the body of a module imports one of some modules, or a submodule of it.

    What it imports itself runs as well where the same function takes that out, too.
    """
    table = reloading.program.table
    beside = (one for one in reloading.places if one.file == place.file and one.site.block == place.site.block)
    along = {file for one in beside if one.site.mode is ReloadMode.REIMPORT for file in one.files}
    pending, seen = list(place.files), set(place.files)
    while pending:
        file = pending.pop()
        tree = reloading.parse(file)
        taken = [name for node in run_with(tree) for _, name, _ in imports(node, file)] if tree is not None else []
        for name in dict.fromkeys(each for whole in taken for each in (whole, *_prefixes(whole))):
            if name in modules:
                return True
            found = table.find(name, file)
            if found is not None and found in along and found not in seen:
                seen.add(found)
                pending.append(found)
    return False


def _absolute_target(where: _Where, patch: Patch, reloading: Reloading) -> str:
    """Return the absolute dotted name of what is replaced."""
    root, dot, rest = patch.target.partition(".")
    tree = reloading.parse(where.place.file) if not patch.is_spelled_out else None
    if tree is None:
        return patch.target
    names = imported_names(tree, where.place.file)
    names.update((bound, name) for _, name, bound in imports(where.function, where.place.file))
    return f"{names.get(root, root)}{dot}{rest}"


def _is_plain(file: SourceFile, name: str, reloading: Reloading) -> bool:
    """Whether a module binds a name to nothing but constants: the old one is as good as the new."""
    tree = reloading.parse(file)
    values = [value for node in top_level(tree) for value in _bound_to(node, name)] if tree is not None else []
    return bool(values) and all(isinstance(value, ast.Constant) for value in values)


def _bound_to(node: ast.stmt, name: str) -> Iterator[ast.AST]:
    """Yield what a statement binds a name to; the statement itself where that is no assignment."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from (value for target in targets if isinstance(target, ast.Name) and target.id == name)
        case ast.AnnAssign(target=ast.Name(id=bound), value=ast.expr() as value) if bound == name:
            yield value
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if node.name == name:
            yield node
        case ast.Import() | ast.ImportFrom():
            yield from (node for alias in node.names if name in {alias.asname or alias.name, "*"})


def _touches(file: SourceFile, name: str, reloading: Reloading) -> bool:
    """Whether the body of a module reads what is called so elsewhere, or calls another module of the project."""
    tree = reloading.parse(file)
    if tree is None:
        return True
    names = imported_names(tree, file)
    for node in run_with(tree):
        match node:
            case ast.Attribute(attr=read) if read == name:
                return True
            case ast.ImportFrom(names=taken) if any(alias.name in {name, "*"} for alias in taken):
                return True
            case ast.Call(func=called):
                written = dotted(called, names)
                if any(reloading.program.table.find(prefix) is not None for prefix in _prefixes(written)):
                    return True
    return False


def _prefixes(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))


def _remedy(patch: Patch, module: str) -> str:
    match patch.undone:
        case "fixture" if patch.fixture == "monkeypatch":
            return (
                f"`with monkeypatch.context()` in the test, and reload `{module}` below it; or reload it in a fixture "
                "that `monkeypatch` is listed after"
            )
        case "fixture":
            return f"reload `{module}` in a fixture that `{patch.fixture}` is listed after"
        case "cleanup":
            return "`addCleanup(importlib.reload, …)` before what undoes it: clean-ups run from the last to the first"
        case "teardown":
            return f"reload `{module}` once more in `tearDown`, below the line that undoes it"
    if patch.is_decorator:
        return f"make a `with` block of `@{patch.name}`, and reload `{module}` once more below it"
    return f"reload `{module}` once more below the block"


def _where(reached: Reached, reloading: Reloading) -> _Where | None:
    """Return the function around a place; None at module level."""
    place = reached.place
    block = place.site.block
    tree = reloading.parse(place.file) if block else None
    function = scope_of(tree, block) if tree is not None else None
    if tree is None or function is None or isinstance(function, ast.Module):
        return None
    name = block.rpartition(".")[0]
    owners = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    row = place.site.span.start.row
    around = scope_of(tree, block.rpartition(".<locals>.")[0]) if ".<locals>." in block else None
    giver = around if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef)) and is_fixture(around) else None
    called = _where(reached.called, reloading) if reached.called is not None else None
    is_deferred = is_registered(function, row) or (called is not None and called.is_deferred)
    return _Where(reached, function, owners[-1] if owners else None, is_deferred, _row(place, function), giver)


def _row(place: ReloadPlace, function: Function) -> int:
    start = place.site.span.start.row
    if place.site.mode is not ReloadMode.REIMPORT:
        return start
    modules = {file.module for file in place.files}
    return min((row for row, name in _imported_below(function, place.file, start) if name in modules), default=start)


def _requests(where: _Where, reloading: Reloading) -> Iterator[_Request]:
    """Yield the tests on whose behalf a place reloads, each with what is patched there."""
    fixtures = fixtures_of(where.place.file, reloading)
    giver = where.giver
    own = tuple(patches_at(where.function, where.row, where.owner, is_deferred=where.is_deferred, around=giver))
    if giver is not None:
        own += tuple(patches_at(giver, where.function.lineno, None))
    given = giver or where.function
    if not is_fixture(given):
        order = tuple(fixture_order(where.function, where.owner, fixtures))
        yield _Request(order, (*own, *_of_fixtures(order, fixtures)))
        return
    fixture = next((each for each in fixtures.values() if each.function.lineno == given.lineno), None)
    tests = list(tests_with(fixture, reloading)) if fixture is not None else []
    if fixture is None or not tests:
        yield _Request(tuple(fixture_order(given, where.owner, fixtures)), own)
        return
    for file, function, owner in tests:
        around = fixtures_of(file, reloading)
        order = tuple(fixture_order(function, owner, around))
        before = order[: order.index(fixture.name)]
        patches = [*own, *_of_fixtures(before, around)]
        if (where.is_torn_down or where.is_deferred) and not _reloads(function, file, where.place, reloading):
            end = (function.end_lineno or 0) + 1
            patches += [patch for patch in patches_at(function, end, owner) if patch.fixture in before]
        yield _Request(order, tuple(patches))


def _of_fixtures(order: tuple[str, ...], fixtures: dict[str, Fixture]) -> Iterator[Patch]:
    """Yield what fixtures leave patched for those that ask for them; not what is patched for every test."""
    for name in order:
        fixture = fixtures.get(name)
        if fixture is None or fixture.is_autouse:
            continue
        yields = _yields(fixture.function)
        row = yields[0] if yields else (fixture.function.end_lineno or 0) + 1
        for patch in patches_at(fixture.function, row, None):
            yield patch if patch.undone == "fixture" else replace(patch, undone="fixture", fixture=name)


def _reloads(function: Function, file: SourceFile, place: ReloadPlace, reloading: Reloading) -> bool:
    """Whether a function reloads, itself, what a place does: it is judged there."""
    return any(
        other.file == file
        and function.lineno <= other.site.span.start.row <= (function.end_lineno or 0)
        and not set(place.files).isdisjoint(other.files)
        for other in reloading.places
    )


def _is_followed(
    where: _Where, patch: Patch, request: _Request, places: tuple[Reached, ...], reloading: Reloading
) -> bool:
    """Whether the same module is reloaded after the patch has been undone."""
    place = where.place
    for reached in places:
        other = reached.place
        if reached == where.reached or set(place.files).isdisjoint(other.files) or not is_test(other.file):
            continue
        later = _where(reached, reloading)
        if later is None:
            continue
        is_here = later.place.file == place.file and later.function.lineno == where.function.lineno
        if is_here and _is_later_here(later, where, patch):
            return True
        if not is_here and _is_later(later, where, patch, request):
            return True
    return False


def _is_later_here(later: _Where, where: _Where, patch: Patch) -> bool:
    """Whether a reload of the same function follows; where it does so too early, it alone is told."""
    if later.is_deferred and where.is_deferred:
        return later.row < where.row
    if later.is_deferred:
        return patch.undone != "cleanup" or patch.is_of_setup or later.row < patch.row
    if where.is_deferred:
        return False
    return later.row > where.row


def _is_later(later: _Where, where: _Where, patch: Patch, request: _Request) -> bool:
    """Whether another function, a fixture or a teardown, reloads when the test is over and the patch undone."""
    cleaner = later.function
    if cleaner.name.startswith(_TEARDOWNS) or (cleaner.name == "setUp" and later.is_deferred):
        if later.place.file != where.place.file or not _is_for(later.owner, where.owner):
            return False
        if cleaner.name.startswith(_WIDE) or patch.undone in {"row", "fixture"}:
            return True
        if patch.is_of_setup and not later.is_deferred:
            # Where it is too early it alone is told.
            return True
        return patch.undone == "teardown" or (later.is_deferred and (not patch.is_of_setup or later.row < patch.row))
    if not is_fixture(cleaner) or not (later.is_torn_down or later.is_deferred):
        return False
    if later.place.file != where.place.file and later.place.file.path.name != "conftest.py":
        return False
    if cleaner.name in request.order and any(
        isinstance(node, ast.Attribute) and node.attr in {"environ", "undo"} for node in descendants(cleaner)
    ):
        # It sets the environment right by hand.
        return True
    return request.is_undone_before(cleaner.name, patch)


def _is_for(cleaning: ast.ClassDef | None, tested: ast.ClassDef | None) -> bool:
    """Whether what a class tears down, or the module, is torn down after a test of another class or the same."""
    if cleaning is None or cleaning is tested:
        return True
    return tested is not None and any(ast.unparse(base).rpartition(".")[2] == cleaning.name for base in tested.bases)


def _yields(function: Function) -> list[int]:
    return sorted(node.lineno for node in descendants(function) if isinstance(node, ast.Yield))
