"""What text and HTML call things: findings, holders, files."""

from __future__ import annotations

from os import environ, get_terminal_size
from pathlib import PurePath

from stalecheck.probing.report import BREAKING, Finding, Holder, Report
from stalecheck.probing.source import working_directory
from stalecheck.terminal import printable
from stalecheck.vocabulary import OriginKind

_PLURALS = {OriginKind.CLASS: "classes"}

_MODULES = 5

_MEANINGS = {
    ("stale", OriginKind.FUNCTION): "a call runs the code of before, or has the values of before",
    ("stale", OriginKind.CLASS): (
        "its methods are those of before; isinstance() and except tell it from the present class"
    ),
    ("stale", OriginKind.INSTANCE): "its methods are those of before; isinstance() with the present class is False",
    ("stale", OriginKind.VALUE): "it is what the name stood for before",
    ("stale", OriginKind.MODULE): "its names are those of before",
    ("split", OriginKind.FUNCTION): "it runs the present code, but is not the present function: `is` tells them apart",
    ("split", OriginKind.CLASS): (
        "it behaves like the present class, but is another one: isinstance() and except tell them apart"
    ),
    ("split", OriginKind.INSTANCE): (
        "it behaves as if it were new, but isinstance() or `is` tells it from what is there now"
    ),
    ("duplicate", OriginKind.FUNCTION): (
        "its code is the same as now, but it is another function: it misses the next edit, and `is` tells them apart"
    ),
    ("duplicate", OriginKind.CLASS): (
        "its code is the same as now, but it is another class: isinstance() and except tell them apart"
    ),
    ("duplicate", OriginKind.INSTANCE): (
        "the code of its class is the same as now, but isinstance() with the present class is False"
    ),
}


def heading(finding: Finding) -> str:
    """Return ``3 old instances of core.Engine``."""
    noun = finding.kind.value if finding.count == 1 else _PLURALS.get(finding.kind, f"{finding.kind.value}s")
    number = "" if finding.count == 1 and finding.kind is not OriginKind.INSTANCE else f"{finding.count:,} "
    of = " of" if finding.kind is OriginKind.INSTANCE else ""
    return f"{number}old {noun}{of} {safe(finding.origin)}"


def verdict(finding: Finding) -> str:
    """Return the verdict, with the number of the version where several are alive."""
    return finding.verdict + (f", version {finding.version}" if finding.version else "")


def meaning(finding: Finding) -> str:
    """Return what the verdict has in store for who uses the object; empty where nothing is known."""
    return _MEANINGS.get((finding.verdict, finding.kind), "")


def in_order(finding: Finding) -> list[Holder]:
    """Return the holders: first those with which something breaks, then the nearest."""
    return sorted(finding.holders, key=lambda holder: holder.kind not in BREAKING)


def by_remedy(holders: list[Holder]) -> dict[str, list[Holder]]:
    """Return holders by what is to be done about them, in the order of their first ones."""
    groups: dict[str, list[Holder]] = {}
    for holder in holders:
        groups.setdefault(holder.remedy, []).append(holder)
    return groups


def path(holder: Holder) -> str:
    """Return the holder's name, its file as `place` writes it."""
    return place_name(holder.path, holder) + (f" and {holder.count - 1:,} more like it" if holder.count > 1 else "")


def place_name(text: str, holder: Holder) -> str:
    """Return the name of a place on the way to what a holder holds, safe to print, the holder's file as `shown`."""
    if holder.filename and holder.filename in text:
        text = text.replace(holder.filename, shown(holder.filename))
    return safe(text)


def place(holder: Holder) -> str:
    """Return ``app.py:3``; empty where nothing is known, or where the holder's name says it."""
    if not holder.filename:
        return ""
    text = shown(holder.filename) + (f":{holder.line}" if holder.line else "")
    return "" if text in path(holder) else safe(text)


def shown(filename: str) -> str:
    """Return a file's name as the linter prints it: relative to the working directory where it lies below it."""
    working = working_directory()
    found = PurePath(filename)
    if working is None or not found.is_relative_to(working):
        return filename
    return found.relative_to(working).as_posix()


def columns() -> int:
    """Return how many columns the terminal has."""
    given = environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    for number in (2, 1, 0):
        try:
            found = get_terminal_size(number).columns
        except (OSError, ValueError):
            continue
        if found:
            return found
    return 80


def summary(report: Report) -> str:
    """Return how much was found of what."""
    of = f" of {modules(report)}" if report.modules else ""
    number = sum(finding.count for finding in report)
    ending = "." if report.is_whole else " so far."
    objects = "1 old object" if number == 1 else f"{number:,} old objects" if number else "no old objects"
    return f"Found {objects}{of} in use{ending}"


def modules(report: Report) -> str:
    """Return the names of the modules that were asked about, or how many there are."""
    if len(report.modules) > _MODULES:
        return f"{len(report.modules):,} modules"
    return ", ".join(map(safe, report.modules))


def rest(report: Report) -> list[str]:
    """Return what is to be said besides the findings."""
    lines = []
    number = report.awaiting_collection
    if number == 1:
        lines.append("1 old object is held by nobody: the garbage collector will take it.")
    elif number:
        lines.append(f"{number:,} old objects are held by nobody: the garbage collector will take them.")
    return lines + [f"note: {safe(note)}" for note in report.notes]


def safe(text: str) -> str:
    """Return a text that any terminal, file or browser takes: names of files may have no valid spelling."""
    return printable(text.encode("utf-8", "replace").decode("utf-8"))
