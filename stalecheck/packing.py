"""Hands results from one process to another.

Pickle asks a data class with slots for its state, and gives it back, in Python, field by field; calling its constructor
takes half as long.
"""

from __future__ import annotations

import pickle
from dataclasses import fields, is_dataclass
from io import BytesIO
from typing import Any


def pack(value: object) -> bytes:
    """Return the bytes of which `pickle.loads` makes the value again."""
    stream = BytesIO()
    _Pickler(stream, pickle.HIGHEST_PROTOCOL).dump(value)
    return stream.getvalue()


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: object) -> Any:
        names = _FIELDS[value.__class__]
        if names is None:
            return NotImplemented
        return value.__class__, tuple([getattr(value, name) for name in names])


class _Fields(dict[type, tuple[str, ...] | None]):
    """The fields of each data class; None for any other class."""

    def __missing__(self, cls: type) -> tuple[str, ...] | None:
        self[cls] = tuple(field.name for field in fields(cls)) if is_dataclass(cls) else None
        return self[cls]


_FIELDS = _Fields()
