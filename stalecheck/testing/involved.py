"""Tells what a failing test has to do with: what its frames have, what they read, and what runs when they call."""

from __future__ import annotations

import types
from collections.abc import Collection, Iterable, Iterator
from typing import Any, cast

from stalecheck.probing import raw, words
from stalecheck.probing.roots import is_standard
from stalecheck.probing.source import quietly
from stalecheck.probing.variables import values_of
from stalecheck.testing.caller import Line, is_runner, place_of_example
from stalecheck.testing.reads import Called, Read, functions_of, reads_of, resolved
from stalecheck.testing.summary import place

_FRAMES = 30
_PARTS = 50
_CALLS = 2
"""So deep calls are followed from a frame."""

_FUNCTIONS = 200
"""So many functions are looked at for one frame."""

_OPTIMIZED = 1
_CONTAINERS = (list, tuple, set, frozenset)


def involved_in(error: BaseException) -> Iterator[tuple[object, str]]:
    """Yield what an error and the functions that it has passed have to do with, and how to call that."""
    yield error, "the exception"
    seen: set[int] = set()
    pending: list[Any] = [error]
    while pending and len(seen) < _FRAMES:
        one = pending.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield from ((part, "an argument of the exception") for part in _stored(one, "args"))
        if raw.class_module(type(one)) == "doctest":
            yield from _of_example(one)
            failure = raw.stored(one, "exc_info")
            pending += [failure[1]] if type(failure) is tuple else []
        traceback, frames = _stored(one, "__traceback__"), []
        while traceback is not None:
            frames.append((traceback.tb_frame, traceback.tb_lineno))
            traceback = traceback.tb_next
        running = {frame.f_code for frame, _ in frames}
        for frame, line in frames[-_FRAMES:]:
            yield from _of_frame(frame, line, running)
        pending += [_stored(one, "__cause__"), _stored(one, "__context__")]


def _stored(error: BaseException, name: str) -> Any:
    return BaseException.__dict__[name].__get__(error)


def _of_frame(frame: types.FrameType, line: int, running: Collection[types.CodeType]) -> Iterator[tuple[object, str]]:
    module = raw.module_name(frame.f_globals) or ""
    if module == "unittest.case" and frame.f_code.co_name.startswith("assert"):
        # What no variable of the test stands for: ``self.assertIsInstance(get(), core.Engine)``.
        given = frame.f_code.co_varnames[1 : frame.f_code.co_argcount]
        yield from (
            (value, f"what {frame.f_code.co_name}() was given") for name, value in values_of(frame) if name in given
        )
    if is_runner(module) or is_standard(module):
        return
    code = frame.f_code
    where = f"in {_name(code)}() at {place(Line(code.co_filename, line))}"
    reads = list(reads_of(code))
    called: list[Called] = []
    for variable, value in values_of(frame) if code.co_flags & _OPTIMIZED else []:
        is_named = variable.isidentifier()
        for part, text in _with_parts(f"local {variable!r}" if is_named else "a value", [(value, "")]):
            yield part, f"{text} {where}"
        for read in reads if is_named else ():
            if not read.is_global and read.variable == variable:
                found = _chain(value, read)
                called += functions_of(found, is_called=read.is_called)
                found = found[1:]
                for part, text in _with_parts(f"local {variable!r}", found):
                    yield part, f"{text} {where}"
    for read in reads:
        value = raw.lookup(frame.f_globals, read.variable) if read.is_global else None
        if value is not None:
            found = _chain(value, read)
            called += functions_of(found, is_called=read.is_called)
            for part, text in _with_parts(f"{module}.{read.variable}", found):
                yield part, f"{text}, used {where},"
    yield from _of_called(called, running)


def _of_called(called: Iterable[Called], running: Collection[types.CodeType]) -> Iterator[tuple[object, str]]:
    """Yield what functions read that a frame calls, and those that these call: globals, and of methods ``self.x``."""
    level, seen = list(called), set(running)
    for _ in range(_CALLS):
        further: list[Called] = []
        for one in level:
            function = one.function
            module, code = raw.module_name(function.__globals__) or "", function.__code__
            if code in seen or is_runner(module) or is_standard(module) or len(seen) > _FUNCTIONS:
                continue
            seen.add(code)
            own = code.co_varnames[0] if one.owner is not None and code.co_argcount else ""
            for read in reads_of(code):
                value = raw.lookup(function.__globals__, read.variable) if read.is_global else None
                name = f"{module}.{read.variable}"
                if own and read.variable == own and not read.is_global and read.attributes:
                    value, name = one.owner, own
                if value is not None:
                    found = _chain(value, read)
                    further += functions_of(found, is_called=read.is_called)
                    where = f"in {_name(code)}() at {place(Line(code.co_filename, read.line))}"
                    for part, text in _with_parts(name, found[int(value is one.owner) :]):
                        yield part, f"{text}, used {where},"
        level = further


def _name(code: types.CodeType) -> str:
    return words.safe(getattr(code, "co_qualname", code.co_name).rpartition("<locals>.")[2])


def _of_example(error: object) -> Iterator[tuple[object, str]]:
    """Yield what the example of a doctest names that has failed."""
    test, example = raw.stored(error, "test"), raw.stored(error, "example")
    source, namespace = raw.stored(example, "source"), raw.stored(test, "globs")
    if type(source) is not str or type(namespace) is not dict:
        return
    try:
        with quietly():
            reads = list(reads_of(compile(source, "<example>", "single", dont_inherit=True)))
    except (SyntaxError, ValueError):
        return
    found = place_of_example(test, example)
    where = f", used at {place(Line(*found))}," if found is not None else ", used in the example,"
    called: list[Called] = []
    for read in reads:
        value = raw.lookup(namespace, read.variable) if read.is_global else None
        if value is not None:
            parts = _chain(value, read)
            called += functions_of(parts, is_called=read.is_called)
            yield from ((part, f"{text}{where}") for part, text in _with_parts(read.variable, parts))
    yield from _of_called(called, ())


def _chain(value: object, read: Read) -> list[tuple[object, str]]:
    """Return what a variable stands for, and what each attribute leads to, as long as there is one."""
    found = [(value, ""), *resolved(value, read.attributes)]
    return found if len(found) > len(read.attributes) else [*found, (None, "")]


def _with_parts(name: str, values: Iterable[tuple[object, str]]) -> Iterator[tuple[object, str]]:
    """Yield values, and what stands in those that are containers, with how to call that."""
    for value, text in values:
        yield value, f"{name}{text}"
        if raw.is_any(type(value), _CONTAINERS):
            yield from ((part, f"{name}{text}[...]") for part in list(cast("list[object]", value))[:_PARTS])
        elif type(value) is dict:
            yield from ((part, f"{name}{text}[...]") for part in list(value.values())[:_PARTS])
            yield from ((key, f"a key of {name}{text}") for key in list(value)[:_PARTS])
