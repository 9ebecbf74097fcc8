"""Tells a test that fails whether it has met two versions of a class, and which test has made them."""

from __future__ import annotations

import textwrap
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from stalecheck.probing import raw, words
from stalecheck.probing.current import find_current
from stalecheck.probing.judge import Judge
from stalecheck.probing.roots import is_standard
from stalecheck.probing.source import quietly
from stalecheck.probing.traces import Trace
from stalecheck.probing.variables import values_of
from stalecheck.probing.versions import present_namespaces
from stalecheck.testing.caller import Line, is_runner, place_of_example
from stalecheck.testing.reads import Read, functions_of, reads_of, resolved
from stalecheck.testing.record import Record
from stalecheck.testing.summary import place
from stalecheck.vocabulary import OriginKind, ReloadMode

_FRAMES = 30
_PARTS = 50
_SHOWN = 5
_CALLS = 2
"""So deep calls are followed from a frame."""

_FUNCTIONS = 200
"""So many functions are looked at for one frame."""

_WIDTH = 79
_OPTIMIZED = 1
_CONTAINERS = (list, tuple, set, frozenset)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A module of which there have been several versions."""

    test: str
    line: Line | None
    verb: str
    version: int
    """Which one is the present one."""

    is_undone: bool = False
    """Whether the module of before is back, so that a copy is what is left."""


@dataclass(frozen=True, slots=True)
class _Met:
    """An old class that a failing test has met."""

    cls: type
    present: type
    how: list[str]


def explanation(
    error: BaseException,
    records: Sequence[Record],
    last: dict[str, Reloaded],
    version_of: Callable[[type], int | None],
) -> str | None:
    """Return what a test's failure has to do with a reload; None if nothing shows that it has.

    Args:
        error: What the test has raised.
        records: What tests have left behind.
        last: The last reload of each module of which there have been several versions.
        version_of: Returns of which version a class is; None for what a module has not had when it was reloaded.
    """
    met: dict[int, _Met] = {}
    judges: dict[str, Judge | None] = {}
    for value, how in _values(error):
        for cls in _classes(value):
            name = raw.class_module(cls)
            if name is None or name not in last:
                continue
            if name not in judges:
                judges[name] = _judge(name)
            judge, present = judges[name], _present(name, cls)
            if judge is None or present is None or present is cls or judge.of_class(cls) is None:
                continue
            found = met.setdefault(id(cls), _Met(cls, present, []))
            text = how if cls is value else f"{how} is an instance of it"
            if cls is value:
                text += " is it"
            elif cls is not type(value):
                text = f"{how} inherits from it" if raw.is_class(value) else f"{how} is an instance of a subclass of it"
            if text not in found.how:
                found.how.append(text)
    if not met:
        return None
    lines: list[str] = []
    for one in met.values():
        lines += _of_class(one, _blamed(one.cls, records, last), version_of)
    return "\n".join(
        lines
        + _wrapped("isinstance(), except, pytest.raises(), `is`, Enum members and pickle tell the versions apart.")
    )


def _of_class(met: _Met, reloaded: Reloaded, version_of: Callable[[type], int | None]) -> list[str]:
    name = words.safe(f"{raw.class_module(met.cls)}.{raw.class_qualname(met.cls)}")
    where = f" at {place(reloaded.line)}" if reloaded.line else ""
    known, version = version_of(met.cls), version_of(met.present) or reloaded.version
    is_put_back = version < reloaded.version
    if reloaded.is_undone:
        which = f"the one of the copy that it has left (at {id(met.cls):#x}):"
    elif (known or reloaded.version) > version:
        which = f"another one (version {known or reloaded.version}, at {id(met.cls):#x}):"
    else:
        which = f"the old one ({f'version {known}' if known else 'an earlier version'}, at {id(met.cls):#x}):"
    present = f"version {version}{', put back' if is_put_back else ''}"
    lines = _wrapped(f"{name} is two classes: {words.safe(reloaded.test)} {reloaded.verb}{where}.")
    lines += _wrapped(f"- {which}", "  ")
    for text in met.how[:_SHOWN]:
        lines += _wrapped(f"    {words.safe(text)}", "      ")
    if len(met.how) > _SHOWN:
        lines.append(f"    +{len(met.how) - _SHOWN} more")
    return lines + _wrapped(f"- the present one ({present}, at {id(met.present):#x}): {name}", "  ")


def _blamed(cls: type, records: Sequence[Record], last: dict[str, Reloaded]) -> Reloaded:
    """Return who has made a class old; the last one to reload its module if that is not known."""
    present = last[raw.class_module(cls) or ""]
    for record in (record for record in records if record.module == raw.class_module(cls)):
        for finding in record.findings:
            if any(_leads_to(trace, finding.kind, cls) for trace in finding.traces):
                verb = f"{'reloaded' if record.mode is ReloadMode.RELOAD else 'replaced'} {record.module}"
                return Reloaded(record.test, record.line, verb, present.version, record.is_undone)
    return present


def _leads_to(trace: Trace, kind: OriginKind, cls: type) -> bool:
    """Whether what has been found is a class, an instance of it, or the old module that has it."""
    if kind is OriginKind.INSTANCE:
        return trace.type() is cls
    found = trace.reference() if trace.reference is not None else None
    if kind is OriginKind.MODULE and raw.is_module(found):
        return raw.resolve(raw.module_dict(cast(types.ModuleType, found)), raw.class_qualname(cls)) is cls
    return found is cls


def _judge(name: str) -> Judge | None:
    module = raw.imported(name)
    return None if module is None else Judge(find_current(raw.module_dict(module), name), present_namespaces())


def _present(name: str, cls: type) -> type | None:
    module = raw.imported(name)
    found = raw.resolve(raw.module_dict(module), raw.class_qualname(cls)) if module is not None else None
    return cast(type, found) if raw.is_class(found) else None


def _classes(value: object) -> Iterator[type]:
    yield from raw.mro(cast(type, value) if raw.is_class(value) else type(value))


def _values(error: BaseException) -> Iterator[tuple[object, str]]:
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
    if is_runner(module) or is_standard(module):
        return
    code = frame.f_code
    where = f"in {_name(code)}() at {place(Line(code.co_filename, line))}"
    reads = list(reads_of(code))
    called: list[types.FunctionType] = []
    for variable, value in values_of(frame) if code.co_flags & _OPTIMIZED else []:
        is_named = variable.isidentifier()
        yield value, f"local {variable!r} {where}" if is_named else f"a value {where}"
        for part in _parts(value):
            yield part, f"local {variable!r}[...] {where}" if is_named else f"a part of a value {where}"
        for read in reads if is_named else ():
            if not read.is_global and read.variable == variable:
                found = _chain(value, read)
                called += functions_of(found, is_called=read.is_called)
                found = found[1:]
                for part, text in _with_parts(found):
                    yield part, f"local {variable!r}{text} {where}"
    for read in reads:
        value = raw.lookup(frame.f_globals, read.variable) if read.is_global else None
        if value is not None:
            found = _chain(value, read)
            called += functions_of(found, is_called=read.is_called)
            for part, text in _with_parts(found):
                yield part, f"{module}.{read.variable}{text}, used {where},"
    yield from _of_called(called, running)


def _of_called(
    called: Iterable[types.FunctionType], running: Collection[types.CodeType]
) -> Iterator[tuple[object, str]]:
    """Yield the globals that functions read which a frame calls, and those that these call."""
    level, seen = list(called), set(running)
    for _ in range(_CALLS):
        further: list[types.FunctionType] = []
        for function in level:
            module, code = raw.module_name(function.__globals__) or "", function.__code__
            if code in seen or is_runner(module) or is_standard(module) or len(seen) > _FUNCTIONS:
                continue
            seen.add(code)
            for read in reads_of(code):
                value = raw.lookup(function.__globals__, read.variable) if read.is_global else None
                if value is not None:
                    found = _chain(value, read)
                    further += functions_of(found, is_called=read.is_called)
                    where = f"in {_name(code)}() at {place(Line(code.co_filename, read.line))}"
                    for part, text in _with_parts(found):
                        yield part, f"{module}.{read.variable}{text}, used {where},"
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
    called: list[types.FunctionType] = []
    for read in reads:
        value = raw.lookup(namespace, read.variable) if read.is_global else None
        if value is not None:
            parts = _chain(value, read)
            called += functions_of(parts, is_called=read.is_called)
            yield from ((part, f"{read.variable}{text}{where}") for part, text in _with_parts(parts))
    yield from _of_called(called, ())


def _chain(value: object, read: Read) -> list[tuple[object, str]]:
    """Return what a variable stands for, and what each attribute leads to, as long as there is one."""
    found = [(value, ""), *resolved(value, read.attributes)]
    return found if len(found) > len(read.attributes) else [*found, (None, "")]


def _with_parts(values: Iterable[tuple[object, str]]) -> Iterator[tuple[object, str]]:
    """Yield values, and what stands in those that are containers."""
    for value, text in values:
        yield value, text
        yield from ((part, f"{text}[...]") for part in _parts(value))


def _parts(value: object) -> list[object]:
    if raw.is_any(type(value), _CONTAINERS):
        return list(cast("list[object]", value))[:_PARTS]
    return list(dict.values(value))[:_PARTS] if type(value) is dict else []


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
