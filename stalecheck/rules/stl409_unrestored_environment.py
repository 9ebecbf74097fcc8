"""STL409 unrestored-environment: A test that reloads under a patched environment and leaves the module as it then was

## What it does

Flags a reload in a test while `monkeypatch`, `patch.dict(os.environ)` or `mock.patch` is active, if the module
is not reloaded once more after that has been undone. A fixture that uses `monkeypatch` itself is torn down
before it: what it reloads behind its `yield` still sees the patched environment. A reload below
`patch("m.f")` is flagged too.

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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stalecheck.modules import absolute
from stalecheck.reloads import ReloadPlace
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import Function, scope_of
from stalecheck.rules.surroundings import is_test
from stalecheck.vocabulary import Severity

_SETS = frozenset({"setenv", "delenv", "setattr", "delattr", "setitem", "delitem", "syspath_prepend", "chdir"})
_TEARDOWNS = ("teardown", "tearDown")
_CLEANERS = frozenset({"addCleanup", "addfinalizer", "callback", "doCleanups"})


@dataclass(frozen=True, slots=True)
class _Patch:
    """What is patched where a test reloads."""

    name: str
    """How to call it: ``monkeypatch``, ``patch.dict``."""

    undone: int
    """The last row at which it is active; that of the function's end where nothing there undoes it."""

    target: str = ""
    """The dotted name that ``patch`` replaces."""

    is_fixture: bool = False
    """Undone when the test is torn down."""


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag reloads that no reload follows once the environment is as it was."""
    for place in reloading.places:
        if place.site.is_restored or place.site.is_void or not place.files or not is_test(place.file):
            continue
        tree = reloading.parse(place.file)
        function = scope_of(tree, place.site.block) if tree is not None and place.site.block else None
        if tree is None or function is None or isinstance(function, ast.Module):
            continue
        patch = _patch_around(function, place)
        if (
            patch is None
            or not _may_see(place, patch, reloading)
            or _is_followed(place, function, patch, tree, reloading)
        ):
            continue
        module = place.files[0].module
        own = next((file.module for file in place.files if f"{patch.target}.".startswith(f"{file.module}.")), "")
        if own and patch.target != own:
            message = f"the end of `{patch.name}` puts the old `{patch.target}` into the new `{own}`"
        elif patch.is_fixture and _is_torn_down(place, function):
            message = (
                f"`{module}` is reloaded before `{patch.name}` is undone: a fixture ends before those that it uses"
            )
        else:
            message = f"`{module}` is reloaded while `{patch.name}` is active, and stays so for later tests"
        yield Flaw(place.file, place.site.span, Severity.WARNING, message, _remedy(patch, module))


def _may_see(place: ReloadPlace, patch: _Patch, reloading: Reloading) -> bool:
    """Whether what is reloaded can notice a patch: by what it imports, directly or not."""
    table, indexes = reloading.program.table, reloading.program.indexes
    seen = set(place.files)
    pending = list(place.files)
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
    own = next(filter(None, map(table.find, _prefixes(patch.target))), None) if patch.target else None
    return own in seen if own is not None else reaches_out


def _prefixes(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))


def _remedy(patch: _Patch, module: str) -> str:
    if patch.is_fixture:
        return (
            f"`with monkeypatch.context()` in the test, and reload `{module}` below it; or reload it in a fixture that "
            "`monkeypatch` is listed after"
        )
    return f"reload `{module}` once more below the block"


def _patch_around(function: Function, place: ReloadPlace) -> _Patch | None:
    """Return what is patched where a function reloads, the innermost first."""
    row = place.site.span.start.row
    found: _Patch | None = None
    parameters = {
        argument.arg for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    }
    end = function.end_lineno or row
    for node in ast.walk(function):
        if isinstance(node, (ast.With, ast.AsyncWith)) and node.body[0].lineno <= row <= (node.end_lineno or row):
            for item in node.items:
                patch = _patched(item.context_expr, node.end_lineno or row)
                found = patch or found
    if found is None and "monkeypatch" in parameters:
        calls = list(_calls_of("monkeypatch", function))
        changes = sorted(
            (call for call in calls if call.lineno < row and _method(call) in _SETS), key=lambda c: c.lineno
        )
        last = {ast.unparse(call.args[0]): call for call in changes if call.args}
        sets = [call.lineno for call in last.values() if not _takes_back(call, changes)]
        undone = [call.lineno for call in calls if _method(call) == "undo" and call.lineno > max(sets, default=row)]
        if sets and not any(at < row for at in undone):
            found = _Patch("monkeypatch", min(undone, default=end), is_fixture=not undone)
    if found is None:
        found = next(filter(None, (_patched(decorator, end) for decorator in function.decorator_list)), None)
    return found


def _takes_back(call: ast.Call, changes: Sequence[ast.Call]) -> bool:
    """Whether it deletes what the test itself has set before."""
    return _method(call).startswith("del") and any(
        _method(other).startswith("set") and other.args and ast.unparse(other.args[0]) == ast.unparse(call.args[0])
        for other in changes
    )


def _patched(node: ast.expr, undone: int) -> _Patch | None:
    """Read ``patch.dict(os.environ, …)``, ``patch("m.f")``, ``patch.object(m, "f")``, ``monkeypatch.context()``."""
    if not isinstance(node, ast.Call):
        return None
    written = ast.unparse(node.func)
    last = written.removeprefix("unittest.").removeprefix("mock.").removeprefix("mocker.")
    if last == "monkeypatch.context":
        return _Patch("monkeypatch.context", undone)
    if last == "patch.dict":
        given = ast.unparse(node.args[0]).strip("'\"") if node.args else ""
        return _Patch("patch.dict", undone) if given.endswith("environ") else None
    match last, node.args:
        case "patch", [ast.Constant(value=str() as target), *_]:
            return _Patch("patch", undone, target)
        case "patch.object", [ast.Name(id=owner), ast.Constant(value=str() as name), *_]:
            return _Patch("patch.object", undone, f"{owner}.{name}")
    return None


def _is_followed(place: ReloadPlace, function: Function, patch: _Patch, tree: ast.Module, reloading: Reloading) -> bool:
    """Whether the same module is reloaded after the patch has been undone."""
    for other in reloading.places:
        if other == place or set(place.files).isdisjoint(other.files):
            continue
        if other.file == place.file and other.site.block == place.site.block:
            row = other.site.span.start.row
            if row > patch.undone or _is_cleanup(other, function):
                return True
            if patch.is_fixture and row > place.site.span.start.row:
                # The last one of the function speaks for all.
                return True
        elif is_test(other.file) and _is_later(other, place, function, patch, reloading):
            return True
    return False


def _is_later(other: ReloadPlace, place: ReloadPlace, function: Function, patch: _Patch, reloading: Reloading) -> bool:
    """Whether another function, a fixture or a teardown, reloads when the test is over and the patch undone."""
    tree = reloading.parse(other.file)
    cleaner = scope_of(tree, other.site.block) if tree is not None and other.site.block else None
    if cleaner is None or isinstance(cleaner, ast.Module):
        return False
    if cleaner.name.startswith(_TEARDOWNS):
        return other.file == place.file
    if not _is_fixture(cleaner) or not (_is_torn_down(other, cleaner) or _is_cleanup(other, cleaner)):
        return False
    if other.file != place.file and other.file.path.name != "conftest.py":
        return False
    if any(isinstance(node, ast.Attribute) and node.attr in {"environ", "undo"} for node in ast.walk(cleaner)):
        # It sets the environment right by hand.
        return True
    if "monkeypatch" in _parameters(cleaner):
        return False
    parameters = _parameters(function)
    if any("usefixtures" in ast.unparse(d) and repr(cleaner.name) in ast.unparse(d) for d in function.decorator_list):
        return True
    if cleaner.name not in parameters:
        return any("autouse" in ast.unparse(decorator) for decorator in cleaner.decorator_list)
    if not patch.is_fixture:
        return True
    return parameters.index(cleaner.name) < parameters.index("monkeypatch")


def _is_fixture(function: Function) -> bool:
    return any("fixture" in ast.unparse(decorator) for decorator in function.decorator_list)


def _is_torn_down(place: ReloadPlace, function: Function) -> bool:
    """Whether a place stands behind the ``yield`` of its function."""
    yields = [node.lineno for node in ast.walk(function) if isinstance(node, ast.Yield)]
    return bool(yields) and min(yields) < place.site.span.start.row


def _is_cleanup(place: ReloadPlace, function: Function) -> bool:
    """Whether it is handed to something that calls it at the end: ``self.addCleanup(importlib.reload, m)``."""
    row = place.site.span.start.row
    return any(
        isinstance(node, ast.Call) and _method(node) in _CLEANERS and node.lineno <= row <= (node.end_lineno or row)
        for node in ast.walk(function)
    )


def _parameters(function: Function) -> list[str]:
    return [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]


def _calls_of(name: str, function: Function) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner))) if owner == name:
                yield node


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""
