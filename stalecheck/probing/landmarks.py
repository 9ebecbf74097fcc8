"""Things that a person knows although no name leads to them: threads, tasks, contexts, loggers, patches, registries.

Most of them are held by the interpreter in a way that the garbage collector never shows.
"""

from __future__ import annotations

import _abc  # type: ignore[import-not-found]
import _signal  # type: ignore[import-not-found]
import encodings
import re
import selectors
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from sys import getprofile, gettrace
from threading import main_thread
from typing import Any

from stalecheck.probing import raw
from stalecheck.vocabulary import HolderKind, remedy_for

DEBUGGERS = frozenset({"bdb", "pdb", "cmd", "code", "codeop", "ipdb", "IPython", "pydevd", "debugpy", "_pydevd_bundle"})

_DEBUGGER_CLASSES = DEBUGGERS - {"cmd", "code", "codeop", "IPython"}
"""Where classes are from of which everything is a debugger's; others also serve programs with prompts of their own."""

TEST_RUNNERS = frozenset({"_pytest", "pluggy", "xdist", "execnet"})

_TYPE_MODULE = type.__dict__["__module__"].__get__


@dataclass(frozen=True, slots=True)
class Landmark:
    """Where a path may end, besides the name of a module and the local variable of a running function."""

    text: str
    """What it is called; empty where the way on from it says everything."""

    kind: HolderKind
    is_reference: bool = False
    """Whether the interpreter holds the object by one reference that no referrer shows."""

    is_reported: bool = True
    """Whether it is the user's and not a debugger's."""

    is_secondary: bool = False
    """Whether a path ends there only for want of a better one."""

    is_end: bool = False
    """Whether nothing that leads to it says more."""

    line: tuple[str, int] | None = None
    """The file and the line that its name says, if any."""

    gives_way: bool = False
    """Whether a name of the user's for the object is the better one: that is what the source says of a thread."""

    is_one_of_many: bool = False
    """Whether others are called the same."""

    remedy: str | None = None
    """What to do about it, if that is not what the kind of holder says."""


def registered() -> Iterator[tuple[object, Landmark]]:
    """Yield what the interpreter or the standard library has registered, and how that is called."""
    for number in signal.valid_signals():
        handler = _signal.getsignal(number)  # What `signal` puts around it asks a handler for its class and hash.
        if handler is not None and type(handler) is not int:
            yield handler, Landmark(f"signal handler {_signal_name(number)}", HolderKind.CALLBACK, is_reference=True)
    hooks = sys.get_asyncgen_hooks()
    for function, name in (
        (gettrace(), "trace function (sys.settrace)"),
        (getprofile(), "profile function (sys.setprofile)"),
        (hooks.firstiter, "async generator hook (firstiter)"),
        (hooks.finalizer, "async generator hook (finalizer)"),
    ):
        if function is not None:
            is_reported = not _is_of_debugger(function)
            yield function, Landmark(name, HolderKind.CALLBACK, is_reference=True, is_reported=is_reported)
    yield from _threads()
    yield from _loggers()
    yield from _exceptions()
    yield from _of_prompts()


def _exceptions() -> Iterator[tuple[object, Landmark]]:
    """Yield the exceptions that are being handled, which leads to the frames that they have left."""
    main = main_thread().ident
    for ident, found in list(sys._current_exceptions().items()):
        exception: Any = found[1] if type(found) is tuple else found  # Up to 3.11 it is what `sys.exc_info` gives.
        text = "the exception being handled" + ("" if ident == main else f" in thread {thread_name(ident)!r}")
        seen: set[int] = set()
        while exception is not None and id(exception) not in seen:  # A prompt may handle one of its own meanwhile.
            seen.add(id(exception))
            yield exception, Landmark(text, HolderKind.LOCAL, is_secondary=True)
            exception = BaseException.__dict__["__context__"].__get__(exception)


def _of_prompts() -> Iterator[tuple[object, Landmark]]:
    """Yield what `pdb` (3.12) puts into the namespace of a module that it stops in."""
    for module in list(sys.modules.values()) if raw.imported("pdb") is not None else ():
        if raw.is_module(module):
            kept = raw.lookup(raw.module_dict(module), "__pdb_convenience_variables")
            if kept is not None:
                yield kept, Landmark("", HolderKind.CALLBACK, is_reported=False)


def _is_of_debugger(function: object) -> bool:
    if type(function) is types.MethodType:
        return any(type_name(base)[0].partition(".")[0] in DEBUGGERS for base in raw.mro(type(function.__self__)))
    return type(function) is types.FunctionType and is_debugger(raw.module_name(function.__globals__) or "")


def is_debugger(module: str) -> bool:
    """Whether a module belongs to a debugger, a prompt or a test runner, so that what it holds is not the user's."""
    top = module.partition(".")[0]
    return top in TEST_RUNNERS or (top in DEBUGGERS and module != "IPython.core.interactiveshell")


def _threads() -> Iterator[tuple[object, Landmark]]:
    active: dict[int, object] = getattr(threading, "_active", {})
    for ident, thread in list(active.items()):
        name = f"thread {thread_name(ident)!r}"
        remedy = remedy_for(HolderKind.CALLBACK, is_thread=True)
        yield thread, Landmark(name, HolderKind.CALLBACK, gives_way=True, remedy=remedy)
    yield active, Landmark("", HolderKind.CALLBACK, is_reported=False)


def _loggers() -> Iterator[tuple[object, Landmark]]:
    logging = raw.imported("logging")
    namespace = raw.module_dict(logging) if logging is not None else {}
    base: Any = raw.lookup(namespace, "Logger")
    root = raw.lookup(namespace, "root")
    if not raw.is_class(base) or root is None:
        return
    yield root, Landmark("the root logger", HolderKind.CALLBACK)
    manager = raw.lookup(raw.class_dict(base), "manager")
    if manager is not None:
        yield manager, Landmark("", HolderKind.CALLBACK, is_reported=False)  # Every logger leads to all others.
    known = raw.stored(manager, "loggerDict")
    for name, logger in list(known.items()) if type(known) is dict else ():
        if type(name) is str and raw.is_any(base, raw.mro(type(logger))):
            yield logger, Landmark(f"logger {name!r}", HolderKind.CALLBACK)


def thread_name(ident: int) -> str:
    """Return a thread's name, as `threading` knows it."""
    active: dict[int, object] = getattr(threading, "_active", {})
    thread = active.get(ident)
    name = raw.stored(thread, "_name") if thread is not None else None
    return name if type(name) is str else str(ident)


def landmark_of(obj: object) -> Landmark | None:
    """Return what a person calls an object for the sake of its type; None for all others."""
    for base in raw.mro(type(obj)):
        name = type_name(base)
        if name[0].partition(".")[0] in _DEBUGGER_CLASSES:
            return Landmark("", HolderKind.CALLBACK, is_reported=False)
        find = _KNOWN.get(name)
        if find is not None:
            return find(obj, base)
    return None


def type_name(cls: type) -> tuple[str, str]:
    """Return a class's module and name, without running a line of its metaclass."""
    module = _TYPE_MODULE(cls)
    return module if type(module) is str else "", raw.class_name(cls)


def _of_context(context: object, base: type) -> Landmark:
    return Landmark("", HolderKind.CONTEXT_VARIABLE)


def _of_task(task: object, base: Any) -> Landmark | None:
    if base.done(task):
        return None
    name = base.get_name(task)
    return Landmark(f"task {name!r}" if type(name) is str else "a task", HolderKind.TASK)


def _of_handle(handle: object, base: type) -> Landmark | None:
    if raw.stored(handle, "_cancelled") is not False:
        return None
    for one, what in _waiting(raw.stored(handle, "_loop")):
        if one is handle:
            return Landmark(f"the event loop's {what}", HolderKind.CALLBACK)
    is_timer = any(raw.class_name(one) == "TimerHandle" for one in raw.mro(type(handle)))
    text = "an asyncio timer" if is_timer else "an asyncio handle"
    return Landmark(text, HolderKind.CALLBACK, gives_way=True, is_one_of_many=True)


def _waiting(loop: object) -> Iterator[tuple[object, str]]:
    """Yield the handles of an event loop that wait for signals and files, and what for."""
    handlers = raw.stored(loop, "_signal_handlers")
    for number, handle in list(dict.items(handlers)) if type(handlers) is dict else ():
        if type(number) is int or type(number) is signal.Signals:
            yield handle, f"handler of {_signal_name(number)}"
    keys = raw.stored(raw.stored(loop, "_selector"), "_fd_to_key")
    for number, key in list(dict.items(keys)) if type(keys) is dict else ():
        if type(number) is int and raw.inherits(type(key), selectors.SelectorKey):
            handles = tuple.__getitem__(key, 3)
            for handle, does in zip(handles, ("reader", "writer"), strict=False) if type(handles) is tuple else ():
                yield handle, f"{does} of file descriptor {number}"


def _signal_name(number: int) -> str:
    return number.name if type(number) is signal.Signals else str(int(number))


def _of_event_loop(loop: object, base: type) -> Landmark | None:
    return Landmark("the event loop", HolderKind.CALLBACK) if raw.stored(loop, "_closed") is False else None


def _of_patch(patch: object, base: type) -> Landmark:
    attribute = raw.stored(patch, "attribute")
    return Landmark(f"mock.patch of {attribute!r}" if type(attribute) is str else "mock.patch", HolderKind.PATCH)


def _of_ipython(shell: object, base: type) -> Landmark:
    return Landmark("IPython", HolderKind.HISTORY)


def _of_pytest(obj: object, base: type) -> Landmark:
    """Return what pytest works with: all that it works with leads to it, and nearly all else, too."""
    text = f"pytest's {raw.class_name(type(obj))}"
    return Landmark(text, HolderKind.ATTRIBUTE, is_secondary=True, is_end=True)


def _of_fixture(fixture: object, base: type) -> Landmark:
    name, scope = raw.stored(fixture, "argname"), raw.stored(raw.stored(fixture, "_scope"), "_value_")
    text = f"{scope} fixture {name!r}" if type(name) is type(scope) is str else "a fixture"
    is_brief = type(scope) is str and scope == "function"
    return Landmark(text, HolderKind.FIXTURE, is_secondary=is_brief, is_end=True)


_KNOWN: dict[tuple[str, str], Callable[[object, Any], Landmark | None]] = {
    ("_contextvars", "Context"): _of_context,
    ("_asyncio", "Task"): _of_task,
    ("asyncio.events", "Handle"): _of_handle,
    ("asyncio.base_events", "BaseEventLoop"): _of_event_loop,
    ("unittest.mock", "_patch"): _of_patch,
    ("IPython.core.interactiveshell", "InteractiveShell"): _of_ipython,
    ("IPython.core.displayhook", "DisplayHook"): _of_ipython,
    ("_pytest.config", "Config"): _of_pytest,
    ("_pytest.fixtures", "FixtureDef"): _of_fixture,
    ("_pytest.fixtures", "FixtureManager"): _of_pytest,
    ("_pytest.fixtures", "FixtureRequest"): _of_pytest,
    ("_pytest.nodes", "Node"): _of_pytest,
    ("_pytest.runner", "CallInfo"): _of_pytest,
    ("_pytest.runner", "SetupState"): _of_pytest,
    ("_pytest.config", "PytestPluginManager"): _of_pytest,
}


def abc_registries() -> Iterator[tuple[type, list[int]]]:
    """Yield the abstract classes with what has been registered with each, which they refer to weakly; by id."""
    for cls in raw.all_classes():
        if "_abc_impl" not in raw.class_dict(cls) or any(
            name in raw.class_dict(base)
            for base in raw.mro(type(cls))
            if base not in (type, object)
            for name in ("__getattribute__", "__getattr__")
        ):
            continue
        try:
            registry = _abc._get_dump(cls)[0]
        except TypeError:
            continue
        members = [id(found) for found in (reference() for reference in registry) if found is not None]
        if members:
            yield cls, members


def interpreter_registry(obj: object) -> str | None:
    """Return which registry of the interpreter a list or dict is that no module refers to; None if it is none."""
    if type(obj) is dict and {"strict", "ignore", "xmlcharrefreplace"} <= {
        key for key in list(obj) if type(key) is str
    }:
        return "codecs' error handlers"
    items = list(obj) if type(obj) is list else []
    if any(item is encodings.search_function for item in items):
        return "codecs' search functions"
    if items and all(type(item) is tuple and len(item) == 3 and callable_type(item[0]) for item in items):
        return "atexit's callbacks"
    if items and all(callable_type(item) for item in items):
        return "callbacks of os.register_at_fork"
    return None


def callable_type(obj: object) -> bool:
    """Whether objects of this type can be called, without asking the object."""
    return any("__call__" in raw.class_dict(base) for base in raw.mro(type(obj)))


def of_history(module: str, variable: str, path: str) -> str | None:
    """Return what a result at IPython's prompt is called; None for all other variables."""
    if module != "__main__" or not re.fullmatch(r"_{1,3}|_\d+|_oh|Out", variable):
        return None
    return in_ipython(path.removeprefix("__main__"))


def in_ipython(path: str) -> str:
    """Return what an attribute of IPython's shell or display hook is called, which both know the last results."""
    path = re.sub(r"\._?user_ns(?:_hidden)?\['(\w+)'\]", r".\1", path)
    return "IPython's " + path.removeprefix(".").replace("_oh[", "Out[")
