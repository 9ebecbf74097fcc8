"""STL301 lost-state: State of a reloaded module that is filled while the program runs

## What it does

Flags a dict, list, set, counter, lock, queue or context variable at the top level of a reloaded module that its
own functions fill or bind again, or that other modules fill. A cache is a note: it fills up again.

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
from collections.abc import Iterator

from stalecheck.model import Reload, SourceFile
from stalecheck.rules.module_state import (
    Change,
    TopLevel,
    assignments,
    changes,
    kept_names,
    singletons,
    used_at_top_level,
)
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import span_of
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
        *("connect", "create_connection", "create_engine", "count"),
    }
)
"""What functions use as it is: the old ones go on with the old object."""

_CACHE = re.compile(r"cache|memo", re.IGNORECASE)


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag what the body of a reloaded module makes empty again."""
    for file, reloads in reloading.reloads().items():
        tree = reloading.parse(file)
        if tree is None:
            continue
        later = _changed_later(tree)
        kept = kept_names(file, reloading.program)
        lazy = {name for name, _, _ in singletons(tree)}  # STL303 says it of them.
        for made in {made.name: made for made in assignments(tree) if made.name not in lazy}.values():
            lost = reloads if made.name not in kept else tuple(r for r in reloads if r.mode is ReloadMode.REIMPORT)
            what = _what_is_lost(made, later.get(made.name, []), file, reloading)
            if what and lost:
                yield _flaw(file, made, what, lost, reloading, is_guarded=made.name in kept)


def _flaw(
    file: SourceFile, made: TopLevel, what: str, reloads: tuple[Reload, ...], reloading: Reloading, *, is_guarded: bool
) -> Flaw:
    guard = ": the guard does not help, for the new module has no names yet" if is_guarded else ""
    is_evicted = all(reload.mode is ReloadMode.REIMPORT for reload in reloads)
    remedy = "keep it in a module that is not reloaded"
    if not is_evicted and not is_guarded:
        remedy += f", or bind it below `try: {made.name}` / `except NameError:`"
    return Flaw(
        file,
        span_of(made.target, reloading.sources[file]),
        Severity.NOTE if _CACHE.search(made.name) else Severity.WARNING,
        f"`{made.name}`, {what}, begins anew{guard}",
        remedy,
        reloads,
    )


def _changed_later(tree: ast.Module) -> dict[str, list[Change]]:
    """Return what functions change, by name; without those that fill a table while the body runs."""
    called = used_at_top_level(tree)
    found: dict[str, list[Change]] = {}
    for change in changes(tree):
        if change.function not in called:
            found.setdefault(change.name, []).append(change)
    return found


def _what_is_lost(made: TopLevel, later: list[Change], file: SourceFile, reloading: Reloading) -> str:
    """Return what happens to a name while the program runs; nothing where it stays as the body makes it."""
    maker = made.value.func if isinstance(made.value, ast.Call) else None
    called = maker.attr if isinstance(maker, ast.Attribute) else maker.id if isinstance(maker, ast.Name) else ""
    if called in _IN_USE:
        return f"which running code may hold (`{called}`)"
    filled = next((change for change in later if not change.rebinds), None)
    if filled is not None and (called in _MAKERS or isinstance(made.value, (ast.Dict, ast.List, ast.Set))):
        return f"which `{filled.function}` fills"
    rebound = next((change for change in later if change.rebinds and not _is_lazy(change, made)), None)
    if rebound is not None:
        return f"which `{rebound.function}` binds again"
    if called in _MAKERS or isinstance(made.value, (ast.Dict, ast.List, ast.Set)):
        other = _filled_elsewhere(made.name, file, reloading)
        if other:
            return f"which `{other}` fills"
    return ""


def _is_lazy(change: Change, made: TopLevel) -> bool:
    """Whether a name is only bound to what it has not been bound to yet: it is made again when it is asked for."""
    return isinstance(made.value, ast.Constant) and made.value.value is None and isinstance(change.value, ast.Call)


def _filled_elsewhere(name: str, file: SourceFile, reloading: Reloading) -> str:
    """Return a module that fills a container of the reloaded one inside a function."""
    last = file.module.rpartition(".")[2].encode()
    fills = re.compile(
        rb"\b%b\.%b(?:\[[^\n]*\]\s*=[^=]|\.(?:append|add|insert|extend|update|setdefault)\()" % (last, name.encode())
    )
    attribute = b"%b.%b" % (last, name.encode())
    for other, source in reloading.sources.items():
        # Most files do not even have the words.
        found = fills.search(source) if other != file and attribute in source else None
        if found is not None and source[source.rfind(b"\n", 0, found.start()) + 1 :][:1] in b" \t":
            return other.module
    return ""
