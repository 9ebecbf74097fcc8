"""The ``full`` format: for people. Grouped by reload, then by what goes stale, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from stalecheck.config import shown
from stalecheck.model import Diagnostic, Origin, Reload, Report
from stalecheck.render.entries import Entry, entries
from stalecheck.render.place import line_place, place
from stalecheck.render.snippet import snippet
from stalecheck.render.style import SEVERITY_COLORS, printable, style, style_severity
from stalecheck.vocabulary import OriginKind, ReloadMode

_HOLDERS = 10
_UNREADABLE = "STL001"

_HAPPENS = {
    ReloadMode.RELOAD: (
        "its body runs again and makes everything anew; what other modules took from it before keeps the old version:"
    ),
    ReloadMode.REIMPORT: (
        "a second module object is made; whoever imported the first one, or anything from it, keeps the old version:"
    ),
}

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class _Page:
    """What all parts of one rendering need."""

    cwd: Path
    verbose: bool
    color: bool
    lines: Mapping[Path, Sequence[str]]
    spellings: Mapping[tuple[Path, int, int, ReloadMode], str]


def render_full(report: Report, *, cwd: Path, verbose: bool, color: bool, show_suppressed: bool = False) -> str:
    """The diagnostics with their source lines and remedies; empty without diagnostics.

    Of one origin the ten worst holders are shown, with `verbose` all.
    """
    spellings = {
        (record.path, record.location.row, record.location.column, record.mode): record.spelling
        for record in report.reloads
    }
    page = _Page(cwd, verbose, color, report.lines, spellings)
    listed = entries(report, cwd=cwd, show_suppressed=show_suppressed)
    unreadable = [entry for entry in listed if entry.diagnostic.code == _UNREADABLE]
    readable = [entry for entry in listed if entry.diagnostic.code != _UNREADABLE]
    stale = [entry for entry in readable if not _is_about_itself(entry.diagnostic)]
    rest = [entry for entry in readable if _is_about_itself(entry.diagnostic)]
    parts = [
        *_plain("Files that could not be read", unreadable, page),
        *_reload_groups(stale, page),
        *_plain("Besides" if stale or unreadable else "", rest, page),
    ]
    return "\n".join("".join(f"{line}\n" for line in part) for part in parts)


def _is_about_itself(diagnostic: Diagnostic) -> bool:
    """Whether something is said of a reload, or of a file, and not of what a reload leaves behind."""
    here = diagnostic.path, diagnostic.span.start
    return diagnostic.origin is None and all((event.path, event.location) == here for event in diagnostic.reload)


def _plain(heading: str, listed: Sequence[Entry], page: _Page) -> Iterator[list[str]]:
    """A group of diagnostics that no reload causes; without a heading where it is the only one."""
    if listed:
        headings = [style(heading, "bold", color=page.color), ""] if heading else []
        yield [*headings, *_holders(listed, page)]


def _reload_groups(listed: Sequence[Entry], page: _Page) -> Iterator[list[str]]:
    """A group for each set of reload events that makes something stale."""
    explained: set[ReloadMode] = set()
    for events, group in _worst_first(_grouped(listed, lambda entry: entry.diagnostic.reload)):
        lines = [style(line, "bold", color=page.color) for line in _headings(events, page)]
        for mode in dict.fromkeys(event.mode for event in events):
            if mode not in explained:
                explained.add(mode)
                lines.append(style(_HAPPENS[mode], "dim", color=page.color))
        for origin, holders in _worst_first(_grouped(group, lambda entry: entry.diagnostic.origin)):
            lines.append("")
            if origin is not None:
                lines.append(f"  {_origin(origin, page)}")
            lines += _holders(holders, page)
        yield lines


def _headings(events: Sequence[Reload], page: _Page) -> Iterator[str]:
    """One line per module and mode that `events` reload."""
    for (module, mode), same in _grouped(events, lambda event: (event.module, event.mode)).items():
        verb = "reloaded" if mode is ReloadMode.RELOAD else "evicted from sys.modules and imported again"
        written = list(dict.fromkeys(place for event in same for place in _written(event, page)))
        if not written:
            option = "--reloaded" if mode is ReloadMode.RELOAD else "--reimported"
            yield f"{module}, named by {option}, is {verb}"
        elif page.verbose:
            yield f"{module} is {verb} at {', '.join(written)}"
        else:
            more = len(written) - 1
            others = f" and {more} more {'place' if more == 1 else 'places'}" if more else ""
            yield f"{module} is {verb} at {written[0]}{others}"


def _written(event: Reload, page: _Page) -> Iterator[str]:
    if event.path is None or event.location is None:
        return
    location = event.location
    spelling = page.spellings.get((event.path, location.row, location.column, event.mode))
    what = f" ({printable(spelling)})" if spelling else ""
    yield line_place(event.path, location, cwd=page.cwd) + what


def _origin(origin: Origin, page: _Page) -> str:
    if origin.kind is OriginKind.MODULE:
        return f"module `{origin.module}` ({printable(shown(origin.path, page.cwd))})"
    where = line_place(origin.path, origin.location, cwd=page.cwd)
    return f"{origin.kind.value} `{origin.name}` ({where})"


def _holders(listed: Sequence[Entry], page: _Page) -> Iterator[str]:
    """The holders of one origin, and each remedy once."""
    worst = sorted(listed, key=lambda entry: -entry.diagnostic.severity)
    shown = worst if page.verbose else worst[:_HOLDERS]
    for entry in shown:
        yield from _holder(entry, page)
    if len(shown) < len(worst):
        yield f"    +{len(worst) - len(shown)} more; --verbose shows them"
    remedies = _grouped([entry.diagnostic for entry in shown], lambda diagnostic: diagnostic.remedy)
    for remedy, diagnostics in remedies.items():
        if remedy:
            codes = ", ".join(sorted({diagnostic.code for diagnostic in diagnostics}))
            yield f"    {style('help', 'green', color=page.color)} {codes}: {printable(remedy)}"


def _holder(entry: Entry, page: _Page) -> Iterator[str]:
    diagnostic = entry.diagnostic
    severity = style_severity(diagnostic.severity, color=page.color)
    where = style(place(diagnostic.path, diagnostic.span.start, cwd=page.cwd), "bold", color=page.color)
    suppressed = " (suppressed)" * entry.is_suppressed
    headline = printable(diagnostic.headline or diagnostic.message)
    yield f"    {severity} {diagnostic.code} {where}: {headline}{suppressed}"
    yield from _source(diagnostic, page)


def _source(diagnostic: Diagnostic, page: _Page) -> Iterator[str]:
    """The source line and the marker; nothing for a place that the file does not have."""
    row = diagnostic.span.start.row
    lines = page.lines.get(diagnostic.path, ())
    if not (0 < row <= len(lines)) or not lines[row - 1].strip():
        return
    text, marker = snippet(lines[row - 1], diagnostic.span)
    gutter = len(str(row))
    yield f"      {style(f'{row} |', 'dim', color=page.color)} {text}"
    color = SEVERITY_COLORS[diagnostic.severity]
    yield f"      {style(' ' * gutter + ' |', 'dim', color=page.color)} {_marked(marker, color, page)}"


def _marked(marker: str, name: str, page: _Page) -> str:
    indent = len(marker) - len(marker.lstrip())
    return marker[:indent] + style(marker[indent:], name, color=page.color)


def _worst_first(groups: Mapping[_Key, list[Entry]]) -> list[tuple[_Key, list[Entry]]]:
    """The groups by their worst entry, and by the order of places among equals."""
    return sorted(groups.items(), key=lambda group: -max(entry.diagnostic.severity for entry in group[1]))


_Item = TypeVar("_Item")


def _grouped(items: Iterable[_Item], key: Callable[[_Item], _Key]) -> dict[_Key, list[_Item]]:
    groups: dict[_Key, list[_Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
