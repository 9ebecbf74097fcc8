"""STL301 lost-state: State of a reloaded module that is filled while the program runs

## What it does

Flags a dict, list, set, counter, lock, queue or context variable at the top level of a reloaded module, or a
container in a class of it, that its own functions fill or bind again, or that other modules fill; objects of the module
of which they set attributes, and attributes of its functions (`count.calls = 0`). A cache is a note: it fills up again.

## Why is this bad

The body makes an empty one. What was registered, counted or locked is gone, while the old functions that
somebody still holds see the new one.

## Example

```python
# file: registry.py
PLUGINS = {}


def register(name, plugin):
    PLUGINS[name] = plugin

# file: refresh.py
import importlib

import registry


def refresh():
    importlib.reload(registry)
```

## Use instead

```python
# file: registry.py
try:
    PLUGINS
except NameError:
    PLUGINS = {}


def register(name, plugin):
    PLUGINS[name] = plugin

# file: refresh.py
import importlib

import registry


def refresh():
    importlib.reload(registry)
```

## When it is fine

Where a new beginning is what the reload is for, as in many tests.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from stalecheck.model import Reload, SourceFile
from stalecheck.nodes import Function, descendants
from stalecheck.rules.fields import is_field
from stalecheck.rules.module_state import (
    Change,
    TopLevel,
    assignments,
    changes,
    is_lazy,
    kept_names,
    run_at_top_level,
    singletons,
)
from stalecheck.rules.object_state import (
    called_later,
    class_stores,
    function_stores,
    is_object,
    objects,
    with_bases,
)
from stalecheck.rules.outside_changes import Outside, OutsideChange, outside_uses, puts_back
from stalecheck.rules.patching import parameters
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import imported_names, span_of
from stalecheck.vocabulary import ReloadMode, Severity

_MAKERS = frozenset(
    {
        *("dict", "list", "set", "defaultdict", "OrderedDict", "Counter", "deque", "ChainMap"),
        *("WeakKeyDictionary", "WeakValueDictionary", "WeakSet"),
    }
)
_IN_USE = frozenset(
    {
        *("Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Event", "Barrier"),
        *("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "ContextVar", "local"),
        *("connect", "create_connection", "create_engine", "count", "ThreadPoolExecutor", "ProcessPoolExecutor"),
    }
)
"""What functions use as it is: the old ones go on with the old object."""

_CACHE = re.compile(r"cache|memo", re.IGNORECASE)


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag what the body of a reloaded module makes empty again."""
    used_outside = outside_uses(reloading)
    for file, reloads in reloading.reloads().items():
        tree = reloading.parse(file)
        if tree is None:
            continue
        outside = used_outside.get(file, Outside())
        later = _changed_later(tree, outside)
        kept = kept_names(file, reloading.program)
        names = imported_names(tree, file)
        lazy = {made.name for made in singletons(tree)}  # STL303 says it of them.
        called = run_at_top_level(tree)
        held = {each.name: each for each in objects(tree, called, outside.called)}
        for made in {made.name: made for made in assignments(tree) if made.name not in lazy}.values():
            is_kept = made.name in kept or made.is_asked_for
            lost = reloads if not is_kept else tuple(r for r in reloads if r.mode is ReloadMode.REIMPORT)
            changed = later.get(made.name, []), outside.changes.get(made.name, [])
            what = _what_is_lost(made, *changed, tree, names) if lost else ""
            if not what and made.name in held:
                what = f"which `{held[made.name].by}` {held[made.name].does}"
            if what:
                lost = tuple(reload for reload in lost if not puts_back(made.name, reload, reloading))
            if what and lost:
                yield _flaw(file, made.name, made.target, what, lost, reloading, is_guarded=is_kept)
        for store in (*class_stores(tree, called, outside.called), *function_stores(tree)):
            name, _, attribute = store.name.partition(".")
            lost = reloads if name not in kept else tuple(r for r in reloads if r.mode is ReloadMode.REIMPORT)
            lost = tuple(reload for reload in lost if not puts_back(attribute, reload, reloading))
            is_reset = any(change.rebinds for change in outside.changes.get(store.name, []))
            if lost and store.name not in lazy and not (is_reset or is_field(store.name, tree, file, reloading)):
                yield _flaw(
                    file,
                    store.name,
                    store.target,
                    f"which `{store.by}` {store.does}",
                    lost,
                    reloading,
                    is_guarded=name in kept,
                )


def _flaw(
    file: SourceFile,
    name: str,
    target: ast.expr,
    what: str,
    reloads: tuple[Reload, ...],
    reloading: Reloading,
    *,
    is_guarded: bool,
) -> Flaw:
    guard = ": the guard does not help, for the new module has no names yet" if is_guarded else ""
    is_evicted = any(reload.mode is ReloadMode.REIMPORT for reload in reloads)
    remedy = "keep it in a module that is not reloaded"
    if not is_evicted and not is_guarded and "." not in name:
        remedy += ", or bind it once only: `try: NAME` / `except NameError: NAME = …`"
    return Flaw(
        file,
        span_of(target, reloading.sources[file]),
        Severity.NOTE if _CACHE.search(name) else Severity.WARNING,
        f"`{name}`, {what}, begins anew{guard}",
        remedy,
        reloads,
    )


def _changed_later(tree: ast.Module, outside: Outside) -> dict[str, list[Change]]:
    """Return what functions change, by name.

    Those that fill a table while the body runs count if other modules give them something as well. Those that only
    top levels call which run again too do not.
    """
    called = run_at_top_level(tree)
    used = with_bases(tree, outside.called) | {name for name in outside.called if "." not in name}
    again = outside.called_again - used - called_later(tree, called)
    found: dict[str, list[Change]] = {}
    for change in changes(tree):
        if change.function in again and not change.removes and _is_done_at_once(change, tree):
            continue
        if change.function not in called or (change.function in used and change.is_given and not change.removes):
            found.setdefault(change.name, []).append(change)
    return found


def _is_done_at_once(change: Change, tree: ast.Module) -> bool:
    """Whether a function does it when it is called itself, or as a decorator that gives back what it is given."""
    definition = next((f for f in tree.body if isinstance(f, Function) and f.name == change.function), None)
    around = [f for f in descendants(definition) if isinstance(f, Function)] if definition is not None else []
    inner = [f for f in around if f is not definition and any(node is change.node for node in descendants(f))]
    return bool(around) and all(
        any(isinstance(n, ast.Return) and ast.unparse(n.value or n) in parameters(f) for n in descendants(f))
        for f in inner
    )


def _what_is_lost(
    made: TopLevel, later: list[Change], outside: list[OutsideChange], tree: ast.Module, names: Mapping[str, str]
) -> str:
    """Return what happens to a name while the program runs; nothing where it stays as the body makes it."""
    value = _first_value(made.value)
    maker = value.func if isinstance(value, ast.Call) else None
    called = maker.attr if isinstance(maker, ast.Attribute) else ""
    if isinstance(maker, ast.Name):
        called = names.get(maker.id, maker.id).rpartition(".")[2]
    is_container = called in _MAKERS or isinstance(value, (ast.Dict, ast.List, ast.Set))
    if called in _IN_USE:
        return f"which running code may hold (`{called}`)"
    filled = next((change for change in later if not (change.rebinds or change.removes)), None)
    if filled is not None and is_container:
        return f"which `{filled.function}` fills"
    rebound = next((change for change in later if change.rebinds and not _is_as_before(change, value, tree)), None)
    if rebound is not None:
        return f"which `{rebound.function}` binds again"
    is_filled = is_container or is_object(made, tree)
    other = next((change for change in outside if not change.rebinds and is_filled), None)
    if other is not None:
        return f"which `{other.module}` {'fills' if is_container else 'changes'}"
    other = next((change for change in outside if change.rebinds and not change.is_passing(value)), None)
    return f"which `{other.module}` binds again" if other is not None else ""


def _first_value(value: ast.expr) -> ast.expr:
    """Return what a name begins with: the default in ``globals().setdefault("x", {})``."""
    match value:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="globals" | "vars" | "locals"))), args=[_, first]
        ):
            return first
    return value


def _is_as_before(change: Change, first: ast.expr, tree: ast.Module) -> bool:
    """Whether a function only sets a name back to its first value, or makes it when it is asked for."""
    is_assigned = isinstance(change.node, (ast.Assign, ast.AnnAssign))
    if is_assigned and change.value is not None and ast.dump(change.value) == ast.dump(first):
        return True
    return _is_none(first) and is_lazy(change, tree)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None
