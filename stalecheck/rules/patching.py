"""What `mock.patch`, `monkeypatch` and `mocker` have replaced where a test reloads, and when that is undone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from stalecheck.nodes import Function, descendants, named_parameters

CLEANERS = frozenset({"addCleanup", "addfinalizer", "callback", "doCleanups", "addClassCleanup", "addModuleCleanup"})
_FIXTURES = frozenset({"mocker", "class_mocker", "module_mocker", "session_mocker"})
_SETS = frozenset({"setenv", "delenv", "setattr", "delattr", "setitem", "delitem"})
_SETUPS = frozenset({"setUp", "asyncSetUp", "setup_method"})
_TEARDOWNS = frozenset({"tearDown", "asyncTearDown", "teardown_method"})

_Undone: TypeAlias = Literal["row", "cleanup", "teardown", "fixture"]


@dataclass(frozen=True, slots=True)
class Patch:
    """What is replaced for a while."""

    name: str
    """How to call it: ``monkeypatch``, ``patch.dict``."""

    undone: _Undone
    """Below a row of the function; when its clean-ups run, after ``tearDown``; by a row of ``tearDown``; with a
    fixture."""

    row: int = 0
    """The last row at which it is active; that of the call that registers the clean-up."""

    target: str = ""
    """The dotted name that is replaced, as the function spells it."""

    is_spelled_out: bool = True
    """Whether that is the absolute name, in a string."""

    modules: frozenset[str] = frozenset()
    """The entries of ``sys.modules`` that it replaces, and nothing else; none where they are not known."""

    fixture: str = ""
    """The fixture that undoes it when it is torn down."""

    is_decorator: bool = False
    """Whether it is active as long as the function runs, and no block of it."""

    is_of_setup: bool = False
    """Whether the class's ``setUp`` starts it, so that `row` is one of there."""

    is_environment: bool = False
    """Whether it replaces environment variables, and nothing else."""

    variables: frozenset[str] | None = None
    """Which ones; None if any."""


def patches_at(
    function: Function,
    row: int,
    owner: ast.ClassDef | None,
    *,
    is_deferred: bool = False,
    around: Function | None = None,
) -> Iterator[Patch]:
    """Yield what is patched at a row of a function, the innermost first.

    Args:
        function: The function that the row stands in.
        row: The row of the reload.
        owner: The class that the function is a method of.
        is_deferred: What stands there is only registered, and runs when the function is over.
        around: The fixture that the function stands in, whose parameters it uses.
    """
    patchers = _patchers(function, owner)
    if not is_deferred:
        yield from _around(function, row, patchers)
    yield from _started(function, row, owner, patchers)
    for setup in _methods(owner, _SETUPS):
        for patch in _started(setup, (setup.end_lineno or 0) + 1, owner, patchers) if setup is not function else ():
            if function.name not in _TEARDOWNS or patch.undone == "cleanup" or row < patch.row:
                yield replace(patch, is_of_setup=True)
    yield from _by_fixtures(function, row, around, is_deferred=is_deferred)
    if not is_deferred:
        decorators = list(function.decorator_list)
        if owner is not None and function.name.startswith("test"):
            decorators += owner.decorator_list
        for decorator in decorators:
            found = _patched(decorator, patchers)
            if found is not None:
                yield replace(found, row=function.end_lineno or row, is_decorator=True)


def parameters(function: Function) -> list[str]:
    """Return the names of a function's parameters, in order."""
    arguments = function.args
    return [argument.arg for argument in named_parameters(arguments)]


def method_of(call: ast.Call) -> str:
    """Return the attribute that a call calls; nothing if it is none."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def is_registered(function: Function, row: int) -> bool:
    """Return whether what stands in a row is handed to something that calls it at the end: ``addCleanup``."""
    return any(
        method_of(call) in CLEANERS and call.lineno <= row <= (call.end_lineno or row) for call in _calls(function)
    )


def _around(function: Function, row: int, patchers: Mapping[str, Patch]) -> Iterator[Patch]:
    """Yield what ``with`` blocks around a row replace."""
    found = [
        node
        for node in descendants(function)
        if isinstance(node, (ast.With, ast.AsyncWith)) and node.body[0].lineno <= row <= (node.end_lineno or row)
    ]
    for node in reversed(found):
        for item in reversed(node.items):
            patch = _patched(item.context_expr, patchers)
            if patch is not None:
                yield replace(patch, row=node.end_lineno or row)
            if isinstance(item.optional_vars, ast.Name):
                for call in _calls_of(item.optional_vars.id, function):
                    patch = _patched(call.args[0], patchers) if call.args else None
                    if patch is not None and method_of(call).startswith("enter") and call.lineno < row:
                        yield replace(patch, row=node.end_lineno or row)


def _started(
    function: Function, row: int, owner: ast.ClassDef | None, patchers: Mapping[str, Patch]
) -> Iterator[Patch]:
    """Yield what calls of ``start`` and ``enterContext`` above a row replace, if it is known what undoes it."""
    for call in _calls(function):
        if not isinstance(call.func, ast.Attribute) or call.lineno >= row:
            continue
        if call.func.attr in {"enterContext", "enterAsyncContext"} and call.args:
            patch = _patched(call.args[0], patchers)
            if patch is not None:
                yield replace(patch, undone="cleanup", row=call.lineno)
        elif call.func.attr == "start":
            patch = _patched(call.func.value, patchers)
            if patch is not None:
                yield from _until_stopped(patch, ast.unparse(call.func.value), function, call.lineno, row, owner)


def _until_stopped(
    patch: Patch, written: str, function: Function, since: int, row: int, owner: ast.ClassDef | None
) -> Iterator[Patch]:
    """Yield a patch that has been started with the end that it has; nothing if it is over, or never ends."""
    stops = {f"{written}.stop", "patch.stopall", "mock.patch.stopall", "unittest.mock.patch.stopall"}
    for call in _calls(function):
        if call.lineno < since:
            continue
        if method_of(call) in CLEANERS and call.args and ast.unparse(call.args[0]) in stops:
            yield replace(patch, undone="cleanup", row=call.lineno)
            return
        if ast.unparse(call.func) in stops:
            if call.lineno > row:
                yield replace(patch, row=call.lineno)
            return
    for teardown in _methods(owner, _TEARDOWNS):
        for call in _calls(teardown):
            if ast.unparse(call.func) in stops:
                yield replace(patch, undone="teardown", row=call.lineno)
                return


def _by_fixtures(function: Function, row: int, around: Function | None, *, is_deferred: bool) -> Iterator[Patch]:
    """Yield what is replaced through ``monkeypatch`` or ``mocker``, which are parameters of the function."""
    end = function.end_lineno or row
    names = [*parameters(function), *(parameters(around) if around is not None else ())]
    if "monkeypatch" in names:
        calls = list(_calls_of("monkeypatch", function))
        changes = sorted(
            (call for call in calls if (call.lineno < row or is_deferred) and method_of(call) in _SETS),
            key=lambda call: call.lineno,
        )
        last = {ast.unparse(call.args[0]): call for call in changes if call.args}
        ends = sorted(node.lineno for node in descendants(function) if isinstance(node, ast.Yield))
        sets = [call.lineno for call in last.values() if not _takes_back(call, changes, ends)]
        undone = [call.lineno for call in calls if method_of(call) == "undo" and call.lineno > max(sets, default=row)]
        if sets and undone and not is_deferred and min(undone) > row:
            yield from (replace(patch, undone="row", row=min(undone)) for patch in _changed(changes))
        elif sets and not undone:
            yield from (replace(patch, row=end, fixture="monkeypatch") for patch in _changed(changes))
    for name in _FIXTURES.intersection(names):
        calls = sorted(_calls(function), key=lambda call: call.lineno)
        for call in calls:
            written = ast.unparse(call.func)
            if written.startswith(f"{name}.patch") and (call.lineno < row or is_deferred):
                patch = _patched(call, {})
                stopped = [other.lineno for other in calls if ast.unparse(other.func) == f"{name}.stopall"]
                if patch is not None and not any(at > call.lineno for at in stopped):
                    yield replace(patch, name=written, undone="fixture", row=end, fixture=name)


def _changed(changes: Sequence[ast.Call]) -> Iterator[Patch]:
    """Read the calls of ``monkeypatch``."""
    variables: set[str] = set()
    modules: set[str] = set()
    is_any = is_environment = is_other = False
    for call in changes:
        match call.func, call.args:
            case ast.Attribute(attr="setenv" | "delenv"), [ast.Constant(value=str() as name), *_]:
                is_environment = True
                variables.add(name)
            case ast.Attribute(attr="setenv" | "delenv"), _:
                is_environment = is_any = True
            case ast.Attribute(attr="setitem" | "delitem"), [table, ast.Constant(value=str() as name), *_] if (
                _is_table_of_modules(table)
            ):
                modules.add(name)
            case ast.Attribute(attr="setattr" | "delattr"), [ast.Constant(value=str() as target), *_]:
                yield Patch("monkeypatch", "fixture", target=target)
            case (
                ast.Attribute(attr="setattr" | "delattr"),
                [ast.Name() | ast.Attribute() as holder, ast.Constant(value=str() as name), *_],
            ):
                target = f"{ast.unparse(holder)}.{name}"
                yield Patch("monkeypatch", "fixture", target=target, is_spelled_out=False)
            case _:
                is_other = True
    if is_other:
        yield Patch("monkeypatch", "fixture")
    if modules:
        yield Patch("monkeypatch", "fixture", modules=frozenset(modules))
    if is_environment:
        known = None if is_any else frozenset(variables)
        yield Patch("monkeypatch", "fixture", is_environment=True, variables=known)


def _is_table_of_modules(node: ast.expr) -> bool:
    return ast.unparse(node).strip("'\"") == "sys.modules"


def _variables(call: ast.Call) -> frozenset[str] | None:
    """Return the variables that ``patch.dict(os.environ, {"X": "1"}, Y="2")`` sets."""
    names = {keyword.arg or "" for keyword in call.keywords} - {"clear"}
    clears = any(
        keyword.arg == "clear" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
        for keyword in call.keywords
    )
    if clears or not names.isdisjoint({"", "values", "in_dict"}):
        return None
    match call.args:
        case [_]:
            return frozenset(names)
        case [_, ast.Dict(keys=keys)]:
            written = [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
            return frozenset((*names, *written)) if len(written) == len(keys) else None
    return None


def _takes_back(call: ast.Call, changes: Sequence[ast.Call], ends: Sequence[int]) -> bool:
    """Whether it deletes what the test itself has set before: of a fixture, a variable below a row where it yields."""
    if not method_of(call).startswith("del"):
        return False
    if method_of(call) == "delenv" and any(at < call.lineno for at in ends):
        return True
    return any(
        method_of(other).startswith("set") and other.args and ast.unparse(other.args[0]) == ast.unparse(call.args[0])
        for other in changes
    )


def _patchers(function: Function, owner: ast.ClassDef | None) -> dict[str, Patch]:
    """Return the names, and attributes of ``self``, that a function or the class's ``setUp`` binds to a patch."""
    found: dict[str, Patch] = {}
    for where in (*_methods(owner, _SETUPS), function):
        for node in descendants(where):
            match node:
                case ast.Assign(targets=[ast.Name() | ast.Attribute() as target], value=ast.Call() as value):
                    patch = _patched(value, {})
                    if patch is not None:
                        found[ast.unparse(target)] = patch
    return found


def _patched(node: ast.expr, patchers: Mapping[str, Patch]) -> Patch | None:
    """Read ``patch.dict(os.environ, …)``, ``patch("m.f")``, ``patch.object(m, "f")``, ``monkeypatch.context()``."""
    if not isinstance(node, ast.Call):
        return patchers.get(ast.unparse(node)) if isinstance(node, (ast.Name, ast.Attribute)) else None
    written = ast.unparse(node.func)
    last = written.removeprefix("unittest.").removeprefix("mock.")
    if last.partition(".")[0] in _FIXTURES:
        last = last.partition(".")[2]
    if last in {"monkeypatch.context", "MonkeyPatch.context", "pytest.MonkeyPatch.context"}:
        return Patch(last, "row")
    if last == "patch.dict":
        given = ast.unparse(node.args[0]).strip("'\"") if node.args else ""
        if given == "sys.modules":
            modules = _variables(node)
            return Patch("patch.dict", "row", modules=modules) if modules else None
        found = Patch("patch.dict", "row", is_environment=True, variables=_variables(node))
        return found if given.endswith("environ") else None
    match last, node.args:
        case "patch", [ast.Constant(value=str() as target), *_]:
            return Patch("patch", "row", target=target)
        case "patch.object", [ast.Name() | ast.Attribute() as holder, ast.Constant(value=str() as name), *_]:
            return Patch("patch.object", "row", target=f"{ast.unparse(holder)}.{name}", is_spelled_out=False)
    return None


def _methods(owner: ast.ClassDef | None, names: frozenset[str]) -> Iterator[Function]:
    for node in owner.body if owner is not None else ():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in names:
            yield node


def _calls(function: Function) -> Iterator[ast.Call]:
    return (node for node in descendants(function) if isinstance(node, ast.Call))


def _calls_of(name: str, function: Function) -> Iterator[ast.Call]:
    for call in _calls(function):
        match call.func:
            case ast.Attribute(value=ast.Name(id=owner)) if owner == name:
                yield call
