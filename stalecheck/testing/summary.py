"""The section of the terminal's summary, and what a test that fails for it says."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from stalecheck.probing import words
from stalecheck.probing.text import findings_as_lines
from stalecheck.terminal import style
from stalecheck.testing.caller import Line
from stalecheck.testing.record import Record
from stalecheck.vocabulary import ReloadMode

_MORE = "--stalecheck-json=FILE"
_TESTS = 3
"""So many tests that leave the same behind are named."""

_ADVICE = {
    ReloadMode.RELOAD: (
        "A second reload at the end of a test restores nothing: it makes one more version. Test what a reload does in "
        "a process of its own (subprocess), or have the module's users look its names up when they need them."
    ),
    ReloadMode.REIMPORT: (
        "Put the old module back at the end of the test, in sys.modules and as the attribute of its package: "
        "monkeypatch.setitem(sys.modules, name, module) and monkeypatch.setattr(package, name, module) do."
    ),
}
_NAMES_ADVICE = (
    "Where a test puts the names of before back, what others have taken of the version in between goes on being used: "
    "take that out again, too."
)
_COPY = {
    ReloadMode.RELOAD: "the names of before are back; what is called old is of the copy that was made meanwhile",
    ReloadMode.REIMPORT: "the module of before is back; what is called old is of the copy that was imported meanwhile",
}
_ALLOW = "A test that may do so is marked: @pytest.mark.stalecheck_allow."


def as_lines(records: Iterable[Record], *, color: bool, width: int) -> list[str]:
    """Return what tests have left behind, with what to do about it."""
    groups: dict[object, list[Record]] = {}
    for record in records:
        groups.setdefault(_likeness(record), []).append(record)
    lines: list[str] = []
    for alike in groups.values():
        lines += [*_group(alike, color=color, width=width), ""]
    firsts = sorted((group[0] for group in groups.values()), key=lambda one: list(ReloadMode).index(one.mode))
    for text in (*dict.fromkeys(map(_advice, firsts)), _ALLOW):
        lines += textwrap.wrap(text, max(width, 40))
    return lines


def as_failure(records: Iterable[Record]) -> str:
    """Return why a test fails that has reloaded a module."""
    listed = list(records)
    modules = ", ".join(dict.fromkeys(words.safe(record.module) for record in listed))
    verb = "reloads" if listed[0].mode is ReloadMode.RELOAD else "replaces"
    first = f"{verb} {modules}, and old objects of it are in use afterwards"
    return "\n".join([first, *as_lines(listed, color=False, width=79)])


def _advice(record: Record) -> str:
    return _NAMES_ADVICE if record.is_undone and record.mode is ReloadMode.RELOAD else _ADVICE[record.mode]


def _group(alike: list[Record], *, color: bool, width: int) -> list[str]:
    first = alike[0]
    lines = [style(words.safe(record.test), "bold", color=color) for record in alike[:_TESTS]]
    if len(alike) > _TESTS:
        lines.append(f"+{len(alike) - _TESTS} more tests; {_MORE} shows them")
    verb = "reloads" if first.mode is ReloadMode.RELOAD else "replaces"
    if len(alike) > 1:
        verb = verb.removesuffix("s")
    text = f"  {verb} {words.safe(first.module)}"
    if first.line is not None:
        text += f" at {place(first.line)}" + (f", in {words.safe(first.line.fixture)}" if first.line.fixture else "")
    if first.again:
        text += f", and again at {', '.join(dict.fromkeys(place(line) for line in first.again))}"
    where = textwrap.wrap(
        text, max(width, 40), subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    copy = (
        textwrap.wrap(_COPY[first.mode], max(width, 40), initial_indent="  ", subsequent_indent="  ")
        if first.is_undone
        else []
    )
    return [*lines, *where, *copy, *findings_as_lines(first.findings, color=color, width=width, more=_MORE)]


def place(line: Line) -> str:
    """Return ``test_app.py:8``."""
    return words.safe(f"{words.shown(line.filename)}:{line.line}")


def _likeness(record: Record) -> object:
    """Return what records have in common that are shown as one."""
    findings = tuple(
        (one.origin, one.kind, one.verdict, one.count, tuple((each.path, each.count) for each in one.holders))
        for one in record.findings
    )
    return record.module, record.mode, record.line, record.again, record.is_undone, findings
