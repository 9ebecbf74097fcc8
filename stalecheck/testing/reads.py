"""Tells what a function reads and calls: variables, and attributes of what those stand for."""

from __future__ import annotations

import dis
import sys
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import cast

from stalecheck.probing import raw
from stalecheck.probing.current import nested_codes
from stalecheck.probing.judge import unwrapped

_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME")
_LOCAL = ("LOAD_FAST", "LOAD_DEREF", "LOAD_CLASSDEREF", "STORE_FAST_LOAD_FAST")
"""How what puts a local variable on the stack begins; of two at once the last one is on top."""

_ATTRIBUTE = ("LOAD_ATTR", "LOAD_METHOD")
_NOTHING = ("EXTENDED_ARG", "CACHE", "NOT_TAKEN")

_BESIDE = sys.version_info >= (3, 11)
"""Whether a place beside what is called, on the stack, tells that it will be."""

_BEHIND = sys.version_info >= (3, 13)
"""Whether that is the next place, and not the one before."""

_METHODS_BY_ATTRIBUTE = sys.version_info >= (3, 12)
_CALLS = {"CALL_FUNCTION": 1, "CALL_FUNCTION_KW": 2}
"""What calls in Python 3.10, and how far below its arguments it finds what it calls."""


@dataclass(frozen=True, slots=True)
class Read:
    """``service.client.get``: a variable, and the attributes that are read one of the other."""

    variable: str
    is_global: bool
    attributes: tuple[str, ...]
    line: int
    is_called: bool = False
    """Whether what it leads to is called."""


def reads_of(code: types.CodeType) -> list[Read]:
    """Return what a function reads, and the functions in it: each chain of attributes once."""
    found: dict[tuple[str, bool, tuple[str, ...]], Read] = {}
    for one in nested_codes(code):
        for read in _reads(one):
            known = found.setdefault((read.variable, read.is_global, read.attributes), read)
            if read.is_called and not known.is_called:
                found[read.variable, read.is_global, read.attributes] = replace(known, is_called=True)
    return list(found.values())


def _reads(code: types.CodeType) -> Iterator[Read]:
    lines = dict(dis.findlinestarts(code))
    line = code.co_firstlineno
    read: Read | None = None
    is_beside = False
    aliases: dict[str, Read] = {}
    stack: list[Read | None] = []
    for instruction in dis.get_instructions(code):
        line = lines.get(instruction.offset) or line
        name, value = instruction.opname, instruction.argval
        if name in _NOTHING:
            continue
        if name == "PUSH_NULL":
            is_beside = True
            if _BEHIND and read is not None:
                read = replace(read, is_called=True)
            continue
        if name in _ATTRIBUTE and read is not None:
            is_called = read.is_called or _is_method(instruction)
            read = Read(read.variable, read.is_global, (*read.attributes, value), line, is_called)
            _note(stack, instruction, read)
            continue
        if read is not None:
            yield read
        if name.startswith("STORE_FAST"):
            stored = value[0] if type(value) is tuple else value
            # What an `assert` reads step by step, pytest has put into variables of its own.
            if read is not None and not stored.isidentifier():
                aliases[stored] = replace(read, is_called=False)
            else:
                aliases.pop(stored, None)
        below = _below(instruction)
        if below and len(stack) >= below:
            called = stack[-below]
            if called is not None:
                yield replace(called, is_called=True)
        is_called = is_beside and not _BEHIND
        if name in _GLOBAL:
            is_called = is_called or (_BESIDE and name == "LOAD_GLOBAL" and bool((instruction.arg or 0) & 1))
            read = Read(value, True, (), line, is_called)
        elif name.startswith(_LOCAL):
            variable = value[-1] if type(value) is tuple else value
            read = replace(aliases.get(variable) or Read(variable, False, (), line), is_called=is_called)
        else:
            read = None
        _note(stack, instruction, read)
        is_beside = False
    if read is not None:
        yield read


def _is_method(instruction: dis.Instruction) -> bool:
    """Whether an attribute is read to be called at once."""
    if instruction.opname == "LOAD_METHOD":
        return True
    return _METHODS_BY_ATTRIBUTE and bool((instruction.arg or 0) & 1)


def _below(instruction: dis.Instruction) -> int:
    """Return how far down the stack there is what an instruction calls; 0 where something beside it tells."""
    if _BESIDE:
        return 0
    if instruction.opname == "CALL_FUNCTION_EX":
        return 2 + ((instruction.arg or 0) & 1)
    below = _CALLS.get(instruction.opname, 0)
    return (instruction.arg or 0) + below if below else 0


def _note(stack: list[Read | None], instruction: dis.Instruction, read: Read | None) -> None:
    """Keep track of what is on the stack, in Python 3.10: as far as that matters to what is called."""
    if _BESIDE:
        return
    effect = dis.stack_effect(instruction.opcode, instruction.arg, jump=False)
    if instruction.opname.startswith("JUMP_FORWARD"):
        effect = -1  # To the end of ``x if y else z``, which has one of them.
    if effect < 0:
        del stack[effect:]
    if read is None and effect <= 0 and stack and not instruction.opname.startswith(("STORE", "POP", "JUMP")):
        stack[-1] = None
    if read is not None and effect == 0 and stack:
        stack[-1] = read
    elif effect > 0:
        stack += [*[None] * (effect - 1), read]


def resolved(value: object, attributes: tuple[str, ...]) -> Iterator[tuple[object, str]]:
    """Yield what attributes lead to, one of the other, and how that is written; no code of the user's runs."""
    text = ""
    for name in attributes:
        value, text = _attribute(value, name), f"{text}.{name}"
        if value is None:
            return
        yield value, text


def _attribute(value: object, name: str) -> object:
    if raw.is_module(value):
        return raw.lookup(raw.module_dict(cast(types.ModuleType, value)), name)
    found = raw.stored(value, name) if not raw.is_class(value) else None
    bases = raw.mro(cast(type, value) if raw.is_class(value) else type(value))
    known = (raw.lookup(raw.class_dict(base), name) for base in bases)
    return found if found is not None else next((one for one in known if one is not None), None)


@dataclass(frozen=True, slots=True)
class Called:
    """A function that runs, and the object whose method it is."""

    function: types.FunctionType
    owner: object = None


def functions_of(values: Iterable[tuple[object, str]], *, is_called: bool) -> Iterator[Called]:
    """Yield the functions that run when a chain of attributes is read, and when what it leads to is called."""
    listed = [value for value, _ in values]
    owners = [None, *listed]
    run: list[tuple[object, object]] = [
        (value, owner) for value, owner in zip(listed, owners, strict=False) if type(value) is property
    ]
    if is_called and listed:
        last = listed[-1]
        run.append((_attribute(last, "__init__"), None) if raw.is_class(last) else (last, owners[-2]))
    for one, owner in run:
        function = unwrapped(one.__func__ if type(one) is types.MethodType else one)
        if type(function) is types.FunctionType:
            yield Called(function, None if raw.is_class(owner) or raw.is_module(owner) else owner)
