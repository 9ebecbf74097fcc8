"""Compares code objects, positions aside."""

from __future__ import annotations

import sys
import types
from importlib.machinery import ModuleSpec, SourceFileLoader
from typing import Any

from stalecheck.probing import raw
from stalecheck.probing.current import nested_codes
from stalecheck.probing.source import quietly

_CONSTANTS = (str, int, float, complex, bool, bytes, type(None), type(Ellipsis), slice)

Shape = tuple[Any, ...]
"""What makes two code objects do the same, as a value that can be compared."""

EXECUTIONS_DIFFER = sys.version_info < (3, 13)
"""Whether each execution of a module's code has a file name object of its own; later ones share it."""


def shape(code: types.CodeType) -> Shape:
    """Return what a code object does: two with equal shapes differ in their positions at most."""
    return (
        code.co_name,
        code.co_code,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_flags,
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        tuple(_constant(constant) for constant in code.co_consts),
    )


def _constant(value: Any) -> Any:
    if type(value) is types.CodeType:
        return shape(value)
    if raw.is_any(type(value), (tuple, frozenset)):
        parts = tuple(_constant(part) for part in value)
        return (type(value).__name__, parts if type(value) is tuple else frozenset(parts))
    # Constants of any other type are put there by programs that rewrite code.
    return (raw.class_name(type(value)), repr(value) if raw.is_any(type(value), _CONSTANTS) else id(value))


def fresh_codes(namespace: dict[str, Any]) -> tuple[types.CodeType, ...]:
    """Return all code in a module's source as it is now.

    Empty where it cannot be told: without source, or with a loader that may change the code (pytest's does).
    """
    spec = raw.lookup(namespace, "__spec__")
    loader = spec.loader if type(spec) is ModuleSpec else None
    if type(loader) is not SourceFileLoader:
        return ()
    try:
        with quietly():
            code = loader.source_to_code(loader.get_data(loader.path), loader.path)
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(nested_codes(code))


def qualname(code: types.CodeType) -> str:
    """Return a code object's qualified name; up to 3.10 it knows its name only."""
    return getattr(code, "co_qualname", code.co_name)
