"""Compares code objects, positions aside, and reads what a module's source says today."""

from __future__ import annotations

import marshal
import sys
import types
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source
from opcode import opmap
from typing import Any

from stalecheck.probing import raw
from stalecheck.probing.source import quietly

_EXTENDED = opmap["EXTENDED_ARG"]
_GLOBAL = opmap["LOAD_GLOBAL"]
_FROM_NAMESPACE = (_GLOBAL, opmap["LOAD_NAME"])
_NOTES_NULL = sys.version_info >= (3, 11)
"""Whether the lowest bit says something else than which name it is."""

_CONSTANTS = (str, int, float, complex, bool, bytes, type(None), type(Ellipsis), slice)

Shape = tuple[Any, ...]
"""What makes two code objects do the same, as a value that can be compared."""

Place = tuple[int, Shape]
"""A first line and a shape: one execution of a source makes one code object of each."""

Position = tuple[int, Shape, bytes]
"""A place, with the lines and columns of each part."""

_IS_FUNCTION = 0x1 | 0x2  # CO_OPTIMIZED, CO_NEWLOCALS: the bodies of modules and classes have neither.


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
        tuple(_constant(constant) for constant in code.co_consts if not _is_line(constant, code)),
    )


def _is_line(constant: Any, code: types.CodeType) -> bool:
    """Whether a constant is the line that the body of a class statement notes (Python 3.13)."""
    is_noted = type(constant) is int and "__firstlineno__" in code.co_names
    return is_noted and constant == code.co_firstlineno and not is_function(code)


def _constant(value: Any) -> Any:
    if type(value) is types.CodeType:
        return shape(value)
    if raw.is_any(type(value), (tuple, frozenset)):
        parts = tuple(_constant(part) for part in value)
        return (raw.class_name(type(value)), parts if type(value) is tuple else frozenset(parts))
    # Constants of any other type are put there by programs that rewrite code.
    return (raw.class_name(type(value)), raw.text_of(value) if raw.is_any(type(value), _CONSTANTS) else id(value))


def place(code: types.CodeType) -> Place:
    """Return where a code object stands and what it does."""
    return code.co_firstlineno, shape(code)


def position(code: types.CodeType) -> Position:
    """Return where a code object and each part of it stands, and what it does."""
    return code.co_firstlineno, shape(code), code.co_linetable


def is_function(code: types.CodeType) -> bool:
    """Whether it is the code of a function; modules and classes are executed as functions too while they are made."""
    return code.co_flags & _IS_FUNCTION == _IS_FUNCTION


def global_names(code: types.CodeType) -> frozenset[str]:
    """Return the names that a code object, or one nested in it, takes from the namespace of its module."""
    found: set[str] = set()
    pending = [code]
    while pending:
        each = pending.pop()
        pending += [constant for constant in each.co_consts if type(constant) is types.CodeType]
        argument = 0
        for operation, low in zip(each.co_code[::2], each.co_code[1::2], strict=True):
            argument = argument << 8 | low
            if operation == _EXTENDED:
                continue
            if operation in _FROM_NAMESPACE:
                found.add(each.co_names[argument >> 1 if operation == _GLOBAL and _NOTES_NULL else argument])
            argument = 0
    return frozenset(found)


def qualname(code: types.CodeType) -> str:
    """Return a code object's qualified name; up to 3.10 it knows its name only."""
    return getattr(code, "co_qualname", code.co_name)


@dataclass(frozen=True, slots=True)
class Source:
    """What a module's source says now: that may be later than what has been loaded."""

    places: frozenset[Place]
    positions: frozenset[Position]
    names: Counter[str]
    """The qualified names of its functions, with how many there are of each."""

    paths: dict[str, list[int]]
    """The first lines of those, by name whatever the version: up to 3.10 code knows its last name only."""

    bodies: dict[str, list[int]]
    """The first lines of its class statements, by qualified name."""

    words: frozenset[str]
    """Its strings: a class that a call makes has its name from one of them, if it is not put together."""

    shapes: frozenset[Shape]

    executes: bool
    """Whether it may execute source that is not its own."""

    @property
    def last_names(self) -> set[str]:
        """The names of its functions, wherever they are defined."""
        return {path.rpartition(".")[2] for path in self.paths}


@dataclass(frozen=True, slots=True)
class Sources:
    """What is written of a module; each is None where it cannot be told.

    So it is without source, and with a loader that may change the code (pytest's does).
    """

    written: Source | None = None
    """What its source says now."""

    cached: Source | None = None
    """What it said when its bytecode was last written: mostly when it was last loaded."""

    is_broken: bool = False
    """Whether the source cannot be compiled, so that the bytecode stands for it."""


def read_sources(namespace: dict[str, Any]) -> Sources:
    """Return what is written of a module; where its bytecode is that of the source, nothing is compiled.

    Source that cannot be compiled has not been executed either: the last one that could is what counts.
    """
    loader = _loader(namespace)
    if loader is None:
        return Sources()
    cached, is_current = _bytecode(loader)
    if cached is not None and is_current:
        source = _source_in(cached)
        return Sources(source, source)
    written: types.CodeType | None = None
    with suppress(OSError, SyntaxError, ValueError, RecursionError), quietly():
        written = loader.source_to_code(loader.get_data(loader.path), loader.path)
    last = _source_in(cached) if cached else None
    return Sources(last, last, is_broken=True) if written is None else Sources(_source_in(written), last)


def _bytecode(loader: SourceFileLoader) -> tuple[types.CodeType | None, bool]:
    """Return a module's bytecode, and whether it is that of the source as it is now; None if this Python has none."""
    try:
        data = loader.get_data(cache_from_source(loader.path))
        if data[:4] != MAGIC_NUMBER:
            return None, False
        code = marshal.loads(data[16:])
        flags, mtime, size = (int.from_bytes(data[at : at + 4], "little") for at in (4, 8, 12))
        stats = loader.path_stats(loader.path)
    except (OSError, EOFError, ValueError, TypeError, NotImplementedError):
        return None, False
    is_current = not flags and mtime == int(stats["mtime"]) & 0xFFFFFFFF and size == stats["size"] & 0xFFFFFFFF
    return (code, is_current) if type(code) is types.CodeType else (None, False)


def _loader(namespace: dict[str, Any]) -> SourceFileLoader | None:
    spec = raw.lookup(namespace, "__spec__")
    loader = spec.loader if type(spec) is ModuleSpec else raw.lookup(namespace, "__loader__")
    return loader if type(loader) is SourceFileLoader else None


def _source_in(body: types.CodeType) -> Source:
    functions: list[types.CodeType] = []
    paths: dict[str, list[int]] = {}
    bodies: dict[str, list[int]] = {}
    words: set[str] = set()
    executes = False
    pending = [(body, "")]
    while pending:
        code, prefix = pending.pop()
        executes = executes or "exec" in code.co_names
        before: object = None
        for constant in code.co_consts:
            # Up to 3.10 the name of a function stands behind its code.
            is_name = type(before) is types.CodeType and constant == prefix + before.co_name
            before = constant
            if not is_name:
                words.update(part for part in _flat(constant) if type(part) is str)
            if type(constant) is not types.CodeType:
                continue
            path = prefix + constant.co_name
            if is_function(constant):
                functions.append(constant)
                paths.setdefault(path, []).append(constant.co_firstlineno)
                pending.append((constant, f"{path}.<locals>."))
            else:
                bodies.setdefault(path, []).append(constant.co_firstlineno)
                pending.append((constant, f"{path}."))
    places = frozenset(map(place, functions))
    names = Counter(map(qualname, functions))
    return Source(
        places,
        frozenset(map(position, functions)),
        names,
        paths,
        bodies,
        frozenset(words),
        frozenset(found for _, found in places),
        executes,
    )


def _flat(constant: Any) -> tuple[Any, ...]:
    return constant if type(constant) is tuple else (constant,)
