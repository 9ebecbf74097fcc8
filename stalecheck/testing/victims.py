"""Tells a test that fails whether it has met two versions of something, and which test has made them."""

from __future__ import annotations

import textwrap
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from stalecheck.probing import raw, words
from stalecheck.probing.current import find_current
from stalecheck.probing.judge import Judge
from stalecheck.probing.traces import Trace
from stalecheck.probing.versions import present_namespaces
from stalecheck.testing.caller import Line
from stalecheck.testing.involved import involved_in
from stalecheck.testing.known import Known
from stalecheck.testing.record import Record
from stalecheck.testing.summary import place
from stalecheck.vocabulary import OriginKind, ReloadMode

_SHOWN = 5
_WIDTH = 79
_TOLD_APART = {
    "classes": "isinstance(), except, pytest.raises(), `is`, Enum members and pickle tell the versions apart.",
    "functions": "`is`, == and the keys of dictionaries tell the versions apart.",
    "objects": "`is`, == and the keys of dictionaries tell the versions apart.",
    "modules": "What is set in one of them, the functions of the other do not see.",
}


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
    """Something of an old version that a failing test has met."""

    module: str
    name: str
    """The qualified name within the module; empty for the module itself."""

    kind: str
    """What there are two of, in the plural."""

    old: object
    present: object
    how: str
    version: int | None = None
    """Of which version it is, where `Known` does not tell."""


def explanation(
    error: BaseException, records: Sequence[Record], last: Mapping[str, Reloaded], known: Known
) -> str | None:
    """Return what a test's failure has to do with a reload; None if nothing shows that it has.

    Args:
        error: What the test has raised.
        records: What tests have left behind.
        last: The last reload of each module of which there have been several versions.
        known: Of which version what the modules had is.
    """
    met: dict[tuple[int, int], list[_Met]] = {}
    for one in _all_met(error, records, last, known):
        listed = met.setdefault((id(one.old), id(one.present)), [])
        if all(one.how != other.how for other in listed):
            listed.append(one)
    # That there are two modules says nothing more where it is known what of them the test has met.
    told = {listed[0].module for listed in met.values() if listed[0].name}
    chosen = [listed for listed in met.values() if listed[0].name or listed[0].module not in told]
    if not chosen:
        return None
    lines = [line for listed in chosen for line in _told(listed, _blamed(listed[0], records, last), known)]
    lines += (
        line for text in dict.fromkeys(_TOLD_APART[listed[0].kind] for listed in chosen) for line in _wrapped(text)
    )
    return "\n".join(lines)


def _all_met(
    error: BaseException, records: Sequence[Record], last: Mapping[str, Reloaded], known: Known
) -> Iterator[_Met]:
    judges: dict[str, Judge | None] = {}
    functions: list[_Met] = []
    seen: set[int] = set()
    for value, how in involved_in(error):
        seen.add(id(value))
        yield from _classes(value, how, last, judges)
        if type(value) is types.FunctionType:
            functions += _functions(value, how, last, known)
        elif type(value) is object:
            yield from _sentinels(value, how, records)
        elif raw.is_module(value):
            yield from _modules(cast(types.ModuleType, value), f"{how} is it", last, known)
    # Who only calls an old function of a module that was reloaded in place gets what the present one gives.
    yield from (one for one in functions if not one.name or id(one.present) in seen)


def _classes(value: object, how: str, last: Mapping[str, Reloaded], judges: dict[str, Judge | None]) -> Iterator[_Met]:
    for cls in raw.mro(cast(type, value) if raw.is_class(value) else type(value)):
        name = raw.class_module(cls)
        if name is None or name not in last:
            continue
        if name not in judges:
            judges[name] = _judge(name)
        judge, present = judges[name], _present(name, raw.class_qualname(cls))
        if judge is None or not raw.is_class(present) or present is cls or judge.of_class(cls) is None:
            continue
        text = f"{how} is an instance of it"
        if cls is value:
            text = f"{how} is it"
        elif cls is not type(value):
            text = f"{how} inherits from it" if raw.is_class(value) else f"{how} is an instance of a subclass of it"
        yield _Met(name, raw.class_qualname(cls), "classes", cls, present, text)


def _functions(function: types.FunctionType, how: str, last: Mapping[str, Reloaded], known: Known) -> Iterator[_Met]:
    name = raw.module_name(function.__globals__) or ""
    module = raw.imported(name)
    if name not in last or module is None or known.version_of(function) is None:
        return
    if function.__globals__ is not raw.module_dict(module):
        yield _Met(name, "", "modules", function.__globals__, module, f"{how} is a function of it")
        return
    path = raw.code_name(function)
    present = _present(name, path)
    if type(present) is types.FunctionType and present is not function:
        yield _Met(name, path, "functions", function, present, f"{how} is it")


def _sentinels(value: object, how: str, records: Sequence[Record]) -> Iterator[_Met]:
    """Yield what a bare ``object()`` was: nothing but who holds it leads to it."""
    for record in records:
        for finding in record.findings:
            if finding.kind is OriginKind.VALUE and any(one is value for one in finding.objects()):
                path = finding.origin.removeprefix(f"{record.module}.")
                present = _present(record.module, path)
                if type(present) is object and present is not value:
                    yield _Met(record.module, path, "objects", value, present, f"{how} is it", record.version)
                return


def _modules(found: types.ModuleType, how: str, last: Mapping[str, Reloaded], known: Known) -> Iterator[_Met]:
    name = raw.module_name(raw.module_dict(found)) or ""
    present = raw.imported(name)
    if name in last and present is not None and present is not found and known.version_of(found) is not None:
        yield _Met(name, "", "modules", raw.module_dict(found), present, how)


def _told(met: Sequence[_Met], reloaded: Reloaded, known: Known) -> list[str]:
    one = met[0]
    name = words.safe(f"{one.module}.{one.name}" if one.name else one.module)
    where = f" at {place(reloaded.line)}" if reloaded.line else ""
    before = known.version_of(one.old) or one.version
    version = known.version_of(one.present) or reloaded.version
    is_put_back = version < reloaded.version
    at = f", at {id(one.old):#x}" if one.name else ""
    if reloaded.is_undone:
        which = f"the one of the copy that it has left{at and f' ({at[2:]})'}:"
    elif (before or reloaded.version) > version:
        which = f"another one (version {before or reloaded.version}{at}):"
    else:
        which = f"the old one ({f'version {before}' if before else 'an earlier version'}{at}):"
    lines = _wrapped(f"{name} is two {one.kind}: {words.safe(reloaded.test)} {reloaded.verb}{where}.")
    lines += _wrapped(f"- {which}", "  ")
    for each in met[:_SHOWN]:
        lines += _wrapped(f"    {words.safe(each.how)}", "      ")
    if len(met) > _SHOWN:
        lines.append(f"    +{len(met) - _SHOWN} more")
    present = f"version {version}{', put back' if is_put_back else ''}"
    present += f", at {id(one.present):#x}" if one.name else ""
    return lines + _wrapped(f"- the present one ({present}): {name}", "  ")


def _blamed(met: _Met, records: Sequence[Record], last: Mapping[str, Reloaded]) -> Reloaded:
    """Return who has made something old; the last one to reload its module if that is not known."""
    present = last[met.module]
    for record in (record for record in records if record.module == met.module):
        for finding in record.findings:
            if any(_leads_to(trace, finding.kind, met) for trace in finding.traces):
                verb = f"{'reloaded' if record.mode is ReloadMode.RELOAD else 'replaced'} {record.module}"
                return Reloaded(record.test, record.line, verb, present.version, record.is_undone)
    return present


def _leads_to(trace: Trace, kind: OriginKind, met: _Met) -> bool:
    """Whether what has been found is a class, an instance of it, or the old module that has it."""
    if kind is OriginKind.INSTANCE:
        return trace.type() is met.old
    found = trace.reference() if trace.reference is not None else None
    if kind is OriginKind.MODULE and raw.is_module(found):
        namespace = raw.module_dict(cast(types.ModuleType, found))
        return namespace is met.old if not met.name else raw.resolve(namespace, met.name) is met.old
    return found is met.old


def _judge(name: str) -> Judge | None:
    module = raw.imported(name)
    return None if module is None else Judge(find_current(raw.module_dict(module), name), present_namespaces())


def _present(module: str, path: str) -> object:
    found = raw.imported(module)
    return raw.resolve(raw.module_dict(found), path) if found is not None else None


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
