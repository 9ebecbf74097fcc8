"""STL302 repeated-registration: Something that a reloaded module registers elsewhere each time it runs

## What it does

Flags what the body of a reloaded module puts into a list, or hands to something that keeps all it is given, outside
of the module: lists of handlers, `atexit`, log handlers, import hooks, `sys.path`, threads that are started, routes and
commands of another module's application, metrics. A dict that is keyed by name is replaced, and silent.

## Why is this bad

The old entry stays and the new one joins it: handlers run twice, after the third reload three times. Some
registries raise.

## Example

```python
# file: hooks.py
HOOKS = []

# file: plugin.py
import hooks


def run():
    print("run")


hooks.HOOKS.append(run)

# file: refresh.py
import importlib

import plugin


def refresh():
    importlib.reload(plugin)
```

## Use instead

```python
# file: hooks.py
HOOKS = {}

# file: plugin.py
import hooks


def run():
    print("run")


hooks.HOOKS["plugin"] = run

# file: refresh.py
import importlib

import plugin


def refresh():
    importlib.reload(plugin)
```

## When it is fine

Where the registry is emptied before the reload, or is reloaded first.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from stalecheck.model import SourceFile
from stalecheck.rules.module_state import functions
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import dotted, imported_names, span_of, top_level
from stalecheck.vocabulary import Severity

_KEEPERS = {
    "atexit.register": "`atexit` calls every function that it was given",
    "codecs.register": "`codecs` asks every function that it was given",
    "gc.callbacks.append": "the collector calls all of its callbacks",
    "os.register_at_fork": "every function is called when the process forks",
    "sys.addaudithook": "an audit hook cannot be removed",
    "sys.meta_path.append": "the finder of the last run is asked as well",
    "sys.meta_path.insert": "the finder of the last run is asked as well",
    "sys.path_hooks.append": "the hook of the last run is asked as well",
    "sys.path_hooks.insert": "the hook of the last run is asked as well",
    "logging.root.addHandler": "each message is written once more",
}
_PATHS = frozenset({"sys.path.append", "sys.path.insert"})
_LOGGERS = frozenset({"logging.getLogger", "logging.Logger"})
_THREADS = frozenset({"threading.Thread", "threading.Timer", "multiprocessing.Process"})
_METRICS = frozenset(
    f"prometheus_client.{name}" for name in ("Counter", "Gauge", "Histogram", "Summary", "Info", "Enum")
)
_ADDERS = frozenset({"append", "appendleft", "add", "insert", "extend"})
_EXTERNAL = frozenset(
    {
        *("route", "get", "post", "put", "patch", "delete", "websocket", "add_url_rule", "register_blueprint"),
        *("include_router", "before_request", "after_request", "teardown_request"),
        *("command", "group", "add_command", "event", "listener", "listen", "connect", "subscribe", "on", "task"),
    }
)
"""Methods of applications, bots and signals with which functions are registered."""


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag what each run of a reloaded module's body adds to something else."""
    for file, reloads in reloading.reloads().items():
        tree = reloading.parse(file)
        if tree is None:
            continue
        together = _reloaded_with(file, reloading)
        for node, why, severity in _registrations(tree, file, together, reloading):
            yield Flaw(
                file,
                span_of(node, reloading.sources[file]),
                severity,
                f"`{_shorten(node)}` happens again: {why}",
                "remove the old entry first, or register under a name that is replaced",
                reloads,
            )


def _registrations(
    tree: ast.Module, file: SourceFile, together: frozenset[SourceFile], reloading: Reloading
) -> Iterator[tuple[ast.expr, str, Severity]]:
    """Yield what registers something, why it matters that it happens again, and how much."""
    names = imported_names(tree, file)
    made = {s.name for s in tree.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    objects = _objects(tree, names)
    guarded = {child for s in tree.body if isinstance(s, (ast.If, ast.Try)) for child in ast.walk(s)}
    for statement in top_level(tree):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for decorator in statement.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                why = _standard(called, names) or _of_project(called, names, together, reloading)
                if why:
                    yield decorator, why, Severity.WARNING
            continue
        if isinstance(statement, ast.AugAssign) and _is_own(statement.value, made):
            extending = ast.Attribute(statement.target, "extend")
            if why := _of_project(extending, names, together, reloading):
                yield statement.target, why, Severity.WARNING
        call = statement.value if isinstance(statement, (ast.Expr, ast.Assign)) else None
        if not isinstance(call, ast.Call) or statement in guarded:
            continue
        name = dotted(call.func, names)
        if name in _PATHS:
            yield call, "the list of paths grows", Severity.NOTE
        elif name in _METRICS and not any(keyword.arg == "registry" for keyword in call.keywords):
            yield call, "the registry refuses a second metric of that name", Severity.ERROR
        elif not _is_undone(call.func, reloading.sources[file]):
            is_silent = any("NullHandler" in ast.unparse(argument) for argument in call.args)
            why = _standard(call.func, names) or ("" if is_silent else _by_object(call.func, objects))
            if not why and isinstance(statement, ast.Expr) and any(_is_own(argument, made) for argument in call.args):
                why = _of_project(call.func, names, together, reloading)
            if why:
                yield call, why, Severity.WARNING


def _is_undone(function: ast.expr, source: bytes) -> bool:
    """Whether the module takes something out of what it registers with: that may be the entry of the last run."""
    if not isinstance(function, ast.Attribute):
        return False
    owner = re.escape(ast.unparse(function.value)).encode()
    undone = (
        rb"\bdel %b\[|\b%b(?:\.handlers)?\.(?:remove|removeHandler|clear|pop|unregister)\("
        rb"|\b%b(?:\.handlers)?(?:\[:\])? = \["
    )
    return re.search(undone % (owner, owner, owner), source) is not None


def _standard(function: ast.expr, names: Mapping[str, str]) -> str:
    return _KEEPERS.get(dotted(function, names), "")


def _objects(tree: ast.Module, names: Mapping[str, str]) -> dict[str, str]:
    """Return what made the objects of the standard library that the module binds to names."""
    found = {}
    for statement in top_level(tree):
        match statement:
            case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Call(func=maker)):
                found[bound] = dotted(maker, names)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        found[ast.unparse(call)] = dotted(call.func, names)
    return found


def _by_object(function: ast.expr, objects: Mapping[str, str]) -> str:
    """Return why a method of a logger or a thread matters."""
    if not isinstance(function, ast.Attribute):
        return ""
    maker = objects.get(ast.unparse(function.value), "")
    if function.attr in {"addHandler", "addFilter"} and maker in _LOGGERS:
        return "each message is written once more" if function.attr == "addHandler" else "the old filter stays"
    if function.attr == "start" and maker in _THREADS:
        return "the thread of the last run goes on"
    return ""


def _of_project(
    function: ast.expr, names: Mapping[str, str], together: frozenset[SourceFile], reloading: Reloading
) -> str:
    """Return why a function, or a method of an object, of another module of the project matters."""
    name = dotted(function, names)
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        file = reloading.program.table.find(".".join(parts[:end]))
        if file is None:
            continue
        tree = reloading.parse(file) if file not in together else None
        return _kept_by(file, parts[end:], tree) if tree is not None else ""
    return ""


def _kept_by(file: SourceFile, path: list[str], tree: ast.Module) -> str:
    """Return why it matters that something of a module is called again; `path` leads from the module to it."""
    if len(path) == 1:
        function = next((f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name == path[0]), None)
        return f"`{file.module}` keeps the old one as well" if function is not None and _adds(function) else ""
    owner, method = path[0], path[-1]
    value = next(
        (
            s.value
            for s in tree.body
            if isinstance(s, ast.Assign) and any(isinstance(t, ast.Name) and t.id == owner for t in s.targets)
        ),
        None,
    )
    if isinstance(value, (ast.List, ast.Set)) or (isinstance(value, ast.Call) and _is_list(value)):
        return f"`{file.module}.{owner}` keeps the old one as well" if method in _ADDERS else ""
    if not isinstance(value, ast.Call):
        return ""
    written = ast.unparse(value.func)
    definition = next((c for c in tree.body if isinstance(c, ast.ClassDef) and c.name == written), None)
    if definition is not None:
        own = [f for f in definition.body if isinstance(f, ast.FunctionDef) and f.name == method]
        return f"`{file.module}.{owner}` keeps the old one as well" if any(map(_adds, own)) else ""
    return f"`{file.module}.{owner}` is given it once more" if method in _EXTERNAL and written[:1] != "_" else ""


def _is_list(call: ast.Call) -> bool:
    return ast.unparse(call.func).rpartition(".")[2] in {"list", "set", "deque", "WeakSet"}


def _adds(function: ast.FunctionDef) -> bool:
    """Whether a function puts something into a list or set that is not its own."""
    for inner in functions(function):
        local = {n.id for n in ast.walk(inner) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for node in ast.walk(inner):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                    if method in _ADDERS and name not in local:
                        return True
                case ast.Call(func=ast.Attribute(value=ast.Attribute() | ast.Subscript() | ast.Call(), attr=method)):
                    if method in _ADDERS:
                        return True
    return False


def _is_own(node: ast.expr, made: set[str]) -> bool:
    """Whether an expression holds something that the module's body makes."""
    return any(
        isinstance(inner, (ast.Lambda, ast.Name)) and getattr(inner, "id", "") in {*made, ""}
        for inner in ast.walk(node)
    )


def _reloaded_with(file: SourceFile, reloading: Reloading) -> frozenset[SourceFile]:
    """Return the modules that are reloaded whenever a module is, itself included."""
    groups = [
        frozenset(other for event in sequence.events for other in event.files)
        for sequence in reloading.sequences
        if any(file in event.files for event in sequence.events)
    ]
    return frozenset.intersection(*groups) | {file} if groups else frozenset({file})


def _shorten(node: ast.expr) -> str:
    text = " ".join(ast.unparse(node.func if isinstance(node, ast.Call) else node).split())
    return text if len(text) <= 50 else f"{text[:47]}…"
