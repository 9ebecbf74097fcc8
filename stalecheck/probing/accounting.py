"""Counts references: what holds an object without showing itself to the garbage collector (`atexit`, C code)."""

from __future__ import annotations

import atexit
import sys
import sysconfig
import types
from collections.abc import Collection, Iterator, Mapping
from time import monotonic, sleep
from typing import cast

from stalecheck.probing import raw
from stalecheck.probing.climb import Graph
from stalecheck.probing.frames import Local, frames_of_this_thread, own_references, running_codes
from stalecheck.probing.heap import is_frozen
from stalecheck.probing.landmarks import Landmark, interpreter_registry
from stalecheck.probing.old import Old
from stalecheck.probing.plain import is_atom
from stalecheck.probing.rest import closure
from stalecheck.probing.running import SUSPENDED
from stalecheck.vocabulary import HolderKind

_IS_COUNTED = not sysconfig.get_config_var("Py_GIL_DISABLED")
"""Whether reference counts are exact: without the lock each thread counts on its own."""

_PATIENCE = 0.3
_PATIENCE_IN_ALL = 1.0
"""So many seconds references are looked for again that another thread may have for a moment: to one object, to all."""

_PAUSE = 0.0005

_PACKED = (tuple, dict)
"""What a call has its other arguments in: ``*args`` and ``**kwargs``."""


def add_unseen(graph: Graph, olds: Collection[Old]) -> None:
    """Add to a graph what holds objects by references that no referrer shows.

    Those are counted at the old objects themselves, and where a path upwards ends without a root.

    Args:
        graph: All references that are known.
        olds: The old objects.
    """
    if not _IS_COUNTED or graph.cut_short:
        return
    offset = _offset()
    running = running_codes()
    own = own_references()
    mine = frames_of_this_thread()
    running_threads = tuple(sys._current_frames())
    end = monotonic() + _PATIENCE_IN_ALL
    # The code of any function may have a plain value.
    candidates = {one for old in olds for one, found in old.objects.items() if not is_atom(found)}
    for which in (*candidates, *_tops(graph, candidates)):
        obj = graph.objects[which]
        if any(isinstance(start, Local) and start.frame not in mine for start in graph.held_by.get(which, ())):
            continue  # Another thread goes on meanwhile, and a name for it is there already.
        code = obj.__code__ if type(obj) is types.FunctionType else None
        if code is not None and code.co_name == "<module>":
            continue  # What runs a module's body is a function, too (Python 3.12).
        rest = sys.getrefcount(obj) - offset - _known(graph, which) - own[which]
        until = min(end, monotonic() + _PATIENCE)
        while rest > 0 and len(running_threads) > 1 and monotonic() < until:
            sleep(_PAUSE)
            rest = min(rest, sys.getrefcount(obj) - offset - _known(graph, which) - own[which])
        if rest <= 0:
            continue
        found = running.get(id(code)) if code is not None else None
        if found is None:
            found = _unseen(obj, rest, is_old=which in candidates)
        graph.held_by.setdefault(which, []).append(found)


def _known(graph: Graph, which: int) -> int:
    """Return how many references to an object are known; that of the graph itself is one of its own."""
    in_calls = _in_calls(graph, which)
    starts = graph.held_by.get(which, ())
    registered = sum(isinstance(start, Landmark) and start.is_reference for start in starts)
    running = sum(isinstance(start, Local) and not start.is_cell for start in starts)
    return sum(graph.parents.get(which, {}).values()) + graph.own.get(which, 0) + registered + running + in_calls


def _in_calls(graph: Graph, which: int) -> int:
    """Return how many references callers may keep to what they have given to calls that are running."""
    parents = graph.parents.get(which, {})
    times = {one: times for one, times in parents.items() if raw.is_any(type(graph.objects[one]), _PACKED)}
    return sum(
        times
        for one, times in {which: 1, **times}.items()
        for start in graph.held_by.get(one, ())
        if isinstance(start, Local) and start.is_given
    )


def _offset() -> int:
    """Return what looking itself adds, for an object that a dict and the variable here hold: the version decides."""
    kept: Mapping[int, object] = {0: _Dummy()}
    for which in (*kept,):
        obj = kept[which]
        return sys.getrefcount(obj) - 1
    raise AssertionError


class _Dummy:
    pass


def _tops(graph: Graph, candidates: Collection[int]) -> Iterator[int]:
    """Yield the objects above old ones that no root leads to.

    Of those above an old object that a root does lead to, the registries of the interpreter only: the others are values
    in use more often than not.
    """
    children: dict[int, list[int]] = {}
    for child, parents in graph.parents.items():
        for parent in parents:
            children.setdefault(parent, []).append(child)
    reached = closure([*graph.roots, *graph.held_by], children)
    needed = closure([which for which in candidates if which not in reached], graph.parents)
    for which in closure(candidates, graph.parents):
        if which in reached or which in candidates or not graph.own.get(which):
            continue
        if which in needed or interpreter_registry(graph.objects[which]) is not None:
            yield which


def _unseen(obj: object, references: int, *, is_old: bool) -> Landmark:
    suspects = _suspects()
    if not is_old:
        registry = interpreter_registry(obj)
        if registry is not None:
            return Landmark(registry, HolderKind.CALLBACK)
    noun = "1 reference" if references == 1 else f"{references:,} references"
    if not is_old and raw.is_any(type(obj), SUSPENDED):
        user = "a running loop" if type(obj) is types.GeneratorType else "a running call"
        return Landmark(f"{user}, or C code ({noun} that no referrer shows)", HolderKind.GENERATOR)
    text = f"{noun} that no referrer shows: {suspects}"
    return Landmark(text if is_old else f"{_described(obj)} ({text})", HolderKind.UNSEEN)


def _suspects() -> str:
    frozen = "what gc.freeze() hides, " if is_frozen() else ""
    callbacks = atexit._ncallbacks() if sys.version_info < (3, 14) else 0
    if not callbacks:
        return f"{frozen}C code, or a value in use"
    noun = "callback" if callbacks == 1 else "callbacks"
    return f"atexit has {callbacks} {noun}; or {frozen}C code, or a value in use"


def _described(obj: object) -> str:
    if type(obj) is types.FunctionType:
        return f"{raw.module_name(obj.__globals__)}.{raw.function_qualname(obj)}"
    if raw.is_class(obj):
        return f"{raw.class_module(cast(type, obj))}.{raw.class_qualname(cast(type, obj))}"
    return f"a {raw.class_name(type(obj))}"
