"""Where a path to an old object ends: places that a person knows by name."""

from __future__ import annotations

import importlib
import signal
import sys
import threading
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.old import unwrapped

_handler = importlib.import_module("_signal").getsignal
"""Without what `signal` puts around it, which asks a handler for its class and its hash."""


@dataclass(frozen=True, slots=True)
class Root:
    """A module's namespace, or a function or class that a name leads to."""

    module: str
    name: str
    """The qualified name in the module; empty for the namespace itself."""

    @property
    def path(self) -> str:
        """The dotted name."""
        return f"{self.module}.{self.name}" if self.name else self.module


def namespaces() -> dict[int, Root]:
    """Return the namespaces of all modules in ``sys.modules``, by id."""
    found: dict[int, Root] = {}
    for name, module in list(sys.modules.items()):
        if type(name) is str and raw.is_module(module):
            found.setdefault(id(raw.module_dict(module)), Root(name, ""))
    return found


def root_of(obj: object) -> Root | None:
    """Return the name that leads to a function or class through its module; None if none does."""
    if type(obj) is types.FunctionType:
        module = raw.module_name(obj.__globals__)
        name = raw.function_qualname(obj)
        return _found_under(obj, module, name) or _found_under(obj, obj.__module__, name)
    if raw.is_class(obj):
        return _found_under(obj, raw.class_module(cast(type, obj)), raw.class_qualname(cast(type, obj)))
    return None


def _found_under(obj: object, module: object, qualname: str) -> Root | None:
    if type(module) is not str:
        return None
    holder = raw.imported(module)
    if holder is None:
        return None
    found = raw.resolve(raw.module_dict(holder), qualname)
    return Root(module, qualname) if found is obj or unwrapped(found) is obj else None


def registered() -> Iterator[tuple[object, str]]:
    """Yield what the interpreter holds without showing it to the garbage collector, and how that is called."""
    for number in signal.valid_signals():
        handler = _handler(number)
        if handler is not None and type(handler) is not int:
            name = number.name if isinstance(number, signal.Signals) else str(int(number))
            yield handler, f"signal handler {name}"
    for function, name in (
        (sys.gettrace(), "trace function (sys.settrace)"),
        (sys.getprofile(), "profile function (sys.setprofile)"),
        (_asyncgen_hook(0), "async generator hook (firstiter)"),
        (_asyncgen_hook(1), "async generator hook (finalizer)"),
    ):
        if function is not None:
            yield function, name


def _asyncgen_hook(which: int) -> Any:
    return sys.get_asyncgen_hooks()[which]


def thread_name(ident: int) -> str:
    """Return a thread's name, as `threading` knows it."""
    active: dict[int, threading.Thread] = getattr(threading, "_active", {})
    attributes = raw.instance_dict(active.get(ident))
    name = raw.lookup(attributes, "_name") if attributes is not None else None
    return name if type(name) is str else str(ident)
