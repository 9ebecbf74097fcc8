"""The report for a terminal."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stalecheck.probing import words
from stalecheck.probing.report import Finding, Holder, Report
from stalecheck.terminal import style

_MANY = 10
_CODE = 8
_NARROWEST = 20
_INDENT = " " * 4
_KEY = re.compile(r"\[[^\]]*\]|'[^']*'")
_STEP = re.compile(r"\[[^\]]*\]|\.?[^.\[]+|.")
_LONGEST = 12
"""Of an expression with more steps than this only the ends are shown where it does not fit; so many are written."""

_COLORS = {"stale": "red", "split": "yellow", "duplicate": "cyan"}


@dataclass(frozen=True, slots=True)
class _Page:
    """What all parts of one text need."""

    width: int
    color: bool


def as_text(report: Report, *, color: bool = False, width: int | None = None) -> str:
    """Return the report, grouped by module and origin, holders aligned, with what to do about them.

    Args:
        report: What was found.
        color: Whether to colour it.
        width: How many columns there are; None for those of the terminal.
    """
    page = _Page(width or words.columns(), color)
    lines: list[str] = []
    explained: set[str] = set()
    for index, finding in enumerate(report):
        if index == 0 or report[index - 1].module != finding.module:
            heading = f"{words.safe(finding.module)}: still in use from before the reload"
            lines += [*(style(line, "bold", color=color) for line in _wrapped(heading, 2, page)), ""]
        lines += [*_finding(finding, page, explained), *_holders(finding, page, more=f"print(report[{index}])"), ""]
    for text in (words.summary(report), *words.rest(report)):
        lines += [text] if width is None else _wrapped(text, 2, page)
    return "\n".join(lines)


def finding_as_text(finding: Finding, *, color: bool) -> str:
    """Return one finding with all its holders."""
    page = _Page(words.columns(), color)
    return "\n".join([*_finding(finding, page, set()), *_holders(finding, page)])


def findings_as_lines(findings: Iterable[Finding], *, color: bool, width: int, more: str) -> list[str]:
    """Return findings without a heading and a summary.

    Args:
        findings: What was found.
        color: Whether to colour it.
        width: How many columns there are.
        more: What shows all holders, where there are too many.
    """
    page = _Page(width, color)
    explained: set[str] = set()
    lines: list[str] = []
    for finding in findings:
        lines += [*_finding(finding, page, explained), *_holders(finding, page, more=more)]
    return lines


def _finding(finding: Finding, page: _Page, explained: set[str]) -> Iterator[str]:
    """The heading of a finding; what its verdict means, the first time."""
    verdict = style(words.verdict(finding), _COLORS.get(finding.verdict, "bold"), color=page.color)
    yield f"  {style(words.heading(finding), 'bold', color=page.color)} ({verdict})"
    meaning = words.meaning(finding)
    if meaning and meaning not in explained:
        explained.add(meaning)
        yield from (style(line, "dim", color=page.color) for line in _wrapped(f"  {meaning}", 2, page))


def _holders(finding: Finding, page: _Page, *, more: str = "") -> Iterator[str]:
    """The holders, those with the same remedy together; where `more` names a way to see all of them, the first ten."""
    listed = words.in_order(finding)
    shown = listed[:_MANY] if more else listed
    beside = [_columns(words.path(holder)) for holder in shown if words.place(holder)]
    free = page.width - len(_INDENT) - _CODE - 4 - max((_columns(words.place(holder)) for holder in shown), default=0)
    width = max((length for length in beside if length <= free), default=0)
    for remedy, holders in words.by_remedy(shown).items():
        for line in _wrapped(f"{_INDENT}{remedy}:", len(_INDENT), page):
            yield style(line, "green", color=page.color)
        for holder in holders:
            yield from _holder(holder, width, page)
    if len(shown) < len(listed):
        yield from _wrapped(f"{_INDENT}+{len(listed) - len(shown)} more; {more} shows them", len(_INDENT), page)


def _holder(holder: Holder, width: int, page: _Page) -> Iterator[str]:
    """Yield the code, the path and beside it the place; what does not fit on one line goes on below, further in."""
    code = style(f"{holder.code or '':{_CODE}}", "cyan", color=page.color)
    place = words.place(holder)
    path = words.path(holder)
    text = f"{path}{' ' * (width - _columns(path))}  {place}" if place else path
    before = len(_INDENT) + 2 + _CODE
    if before + _columns(text) <= page.width:
        yield f"{_INDENT}  {code}{text}"
        return
    room = max(page.width - before, _NARROWEST)
    whole = _KEY.sub(lambda key: key[0].replace(" ", "\0"), path)  # An expression can be copied.
    whole = " ".join(_shortened(word, room) for word in whole.split(" "))
    lines = textwrap.wrap(whole, room, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    first, *rest = (line.replace("\0", " ") for line in (*lines, *([f"  {place}"] if place else ())))
    yield f"{_INDENT}  {code}{first}"
    yield from (f"{' ' * before}{line}" for line in rest)


def _shortened(expression: str, room: int) -> str:
    """Return an expression without the middle of a chain that is too long to be copied: ``a.b[0][…][0]``."""
    steps = _STEP.findall(expression)
    if len(expression) <= room or len(steps) <= _LONGEST:
        return expression
    first, last = list[str](), list[str]()
    left = room - len("[…]") - len("  ")
    while steps and len(steps[0]) + len(steps[-1]) <= left:
        left -= len(steps[0]) + len(steps[-1])
        first.append(steps.pop(0))
        last += [steps.pop()] if steps else []
    return f"{''.join(first)}[…]{''.join(reversed(last))}"


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese, Japanese and Korean characters two each."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def _wrapped(text: str, indent: int, page: _Page) -> list[str]:
    return textwrap.wrap(text, max(page.width, 20), subsequent_indent=" " * indent, break_long_words=False)
