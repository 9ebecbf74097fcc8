"""Finds what is put around functions and cannot be changed: who has the wrapper keeps what is in it."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.probing.climb import Graph

_AT_ONCE = (raw.CACHED, functools.partial, types.MethodType)
"""Wrappers that refer to what they wrap themselves."""

_PARTIAL = functools.partial.__dict__


def wrappers_around(graph: Graph, holder: int) -> Iterator[tuple[int, ...]]:
    """Yield the wrappers of what a holder has, each with the objects from there to the holder, by id.

    Args:
        graph: Who refers to whom.
        holder: What refers to an object: the wrapper itself, or a cell, a dict or a tuple of it.
    """
    obj: Any = graph.objects[holder]
    if raw.is_any(type(obj), _AT_ONCE):
        yield (holder,)
        return
    if not raw.is_any(type(obj), (types.CellType, dict, tuple)):
        return
    for parent in graph.parents.get(holder, ()):
        above: Any = graph.objects[parent]
        if type(obj) is types.CellType:
            if type(above) is tuple:
                for one in graph.parents.get(parent, ()):
                    function: Any = graph.objects[one]
                    if type(function) is types.FunctionType and function.__closure__ is above:
                        yield one, parent, holder
        elif type(above) is types.FunctionType:
            if obj is raw.function_dict(above) and raw.lookup(obj, "__wrapped__") is not None:
                yield parent, holder
        elif raw.inherits(type(above), functools.partial) and any(
            obj is _PARTIAL[name].__get__(above) for name in ("args", "keywords")
        ):
            yield parent, holder


def is_wrapped_besides(graph: Graph, holder: int, child: int) -> bool:
    """Whether a holder is the cell of functions that say themselves what they wrap: ``__wrapped__`` names it."""
    if type(graph.objects[holder]) is not types.CellType:
        return False
    found = [graph.objects[chain[0]] for chain in wrappers_around(graph, holder)]
    said = [raw.lookup(raw.function_dict(cast(types.FunctionType, one)), "__wrapped__") for one in found]
    return bool(said) and all(id(one) == child for one in said)
