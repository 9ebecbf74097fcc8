"""Tells at once whether a dict has been modified since it was looked at last: CPython numbers what is done to dicts.

The number stands in memory behind the number of items, up to Python 3.13 (PEP 509, PEP 699); an example shows whether
it does. To compare a thousand entries costs a hundred times as much.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_HEAD = object.__basicsize__


def version_reader(table: dict[Any, Any]) -> Callable[[], int] | None:
    """Return what reads the number of a dict's last modification; None where this Python has none."""
    try:
        return _reader(table) if _is_numbered() else None
    except Exception:  # Systems may forbid `ctypes` in many ways.
        return None


def _reader(table: dict[Any, Any]) -> Callable[[], int]:
    import ctypes

    number = ctypes.c_uint64.from_address(id(table) + _HEAD + ctypes.sizeof(ctypes.c_ssize_t))
    return lambda: number.value


def _is_numbered() -> bool:
    """Whether an example gets another number by each kind of modification, and by nothing else."""
    example: dict[Any, Any] = {"a": 1, "b": 2}
    read = _reader(example)
    seen = [read()]

    def is_new() -> bool:
        seen.append(read())
        return seen[-1] not in seen[:-1]

    example["c"] = 3
    added = is_new()
    example["a"] = object()
    replaced = is_new()
    del example["b"]
    deleted = is_new()
    example["b"] = 2
    put_back = is_new()
    example.pop("b")
    popped = is_new()
    example.update(a=4)
    updated = is_new()
    example.get("a"), list(example.items()), "a" in example, len(example)
    return added and replaced and deleted and put_back and popped and updated and read() == seen[-1]
