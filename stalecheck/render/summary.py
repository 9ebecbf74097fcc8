"""How a run ends: one line for standard output, and notes for standard error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stalecheck.model import ReloadRecord, Report
from stalecheck.render.place import counted, line_place
from stalecheck.render.style import style
from stalecheck.vocabulary import ReloadMode, Severity

_PLACES = 3
_RAISES = "STL402"
"""A reload of something that is no module: to name one would not help."""


def summary(report: Report, *, patterns: Sequence[str], color: bool) -> str:
    """What was found, in one line.

    `patterns` are the modules that options or configuration name. Empty when nothing is reloaded or nothing
    was checked: `notes` says so.
    """
    if report.diagnostics:
        return _found(report)
    if report.suppressed:
        return f"Nothing stale found but what comments suppress ({len(report.suppressed)}).\n"
    matched = [pattern for pattern in patterns if pattern not in report.unmatched]
    resolved = _looked_at(report)
    if not report.checked or not (resolved or matched):
        return ""
    clean = style("Nothing stale found", "green", color=color)
    if not resolved:
        return f"{clean} in {counted(report.files, 'file')}, with {', '.join(matched)} taken as reloaded.\n"
    modules = counted(len({name for record in resolved for name in record.inside}), "module")
    reloads = counted(len(resolved), "reload")
    return f"{clean}: {reloads} of {modules} in {counted(report.files, 'file')}.\n"


def notes(report: Report, *, cwd: Path, patterns: Sequence[str]) -> tuple[str, ...]:
    """What the reader should know besides: what was not resolved, matched or read."""
    lines = []
    # Of what is put back nothing stays stale, whatever it was.
    found = (*report.diagnostics, *report.suppressed)
    wrong = {(diagnostic.path, diagnostic.span.start) for diagnostic in found if diagnostic.code == _RAISES}
    listed = [r for r in report.reloads if not r.is_resolved and (r.path, r.location) not in wrong]
    unresolved = [record for record in listed if not record.is_restored]
    if unresolved:
        lines.append(_unresolved(unresolved, len(listed) - len(unresolved), cwd=cwd))
    if report.files:
        lines += [_unmatched(pattern) for pattern in report.unmatched]
    if not report.checked and report.excluded:
        lines.append(
            f"No file was checked: the excludes took {counted(report.excluded, 'Python file')}. "
            "Name a file, without --force-exclude, or change --exclude."
        )
    elif not _looked_at(report) and set(patterns) <= set(report.unmatched):
        lines.append(_nothing(report, is_else=bool(unresolved or wrong)))
    return tuple(lines)


def _looked_at(report: Report) -> list[ReloadRecord]:
    """The reloads of modules of the project."""
    return [record for record in report.reloads if record.inside]


def _nothing(report: Report, *, is_else: bool) -> str:
    what = f"Nothing{' else' if is_else else ''}{' of the project' if report.reloads else ''}"
    read = f"{counted(report.files, 'file')}, {counted(report.modules, 'module')}"
    hint = "" if is_else else " Name reloaded modules with --reloaded PATTERN, e.g. --reloaded 'app.*'."
    return f"{what} is reloaded in what was read ({read}).{hint}"


def _unmatched(pattern: str) -> str:
    is_path = "/" in pattern or pattern.endswith(".py")
    hint = " Write the dotted name that imports it, such as app.core." if is_path else ""
    return f"Pattern {pattern!r} matches no module of the project.{hint}"


def _found(report: Report) -> str:
    counts = []
    for severity in sorted(Severity, reverse=True):
        number = sum(diagnostic.severity == severity for diagnostic in report.diagnostics)
        if number:
            counts.append(counted(number, severity.label))
    files = counted(len({diagnostic.path for diagnostic in report.diagnostics}), "file")
    suppressed = f" ({len(report.suppressed)} suppressed)" if report.suppressed else ""
    return f"Found {', '.join(counts)} in {files}{suppressed}.\n"


def _unresolved(records: Sequence[ReloadRecord], restored: int, *, cwd: Path) -> str:
    places = ", ".join(line_place(record.path, record.location, cwd=cwd) for record in records[:_PLACES])
    more = len(records) - _PLACES
    if more > 0:
        places += f" and {more} more, which --list-reloads shows"
    modes = {record.mode for record in records}
    options = [
        option
        for mode, option in ((ReloadMode.RELOAD, "--reloaded"), (ReloadMode.REIMPORT, "--reimported"))
        if mode in modes
    ]
    what = "a module" if len(records) == 1 else "modules"
    lines = [
        f"{counted(len(records), 'reload')} of {what} not known from the source: {places}.",
        f"Name {'it' if len(records) == 1 else 'them'} with {' or '.join(options)} PATTERN.",
    ]
    if restored:
        lines.append(f"Of {restored} more nothing stays stale: what is evicted is put back.")
    return " ".join(lines)
