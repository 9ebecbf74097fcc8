"""The report for notebooks and browsers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from stalecheck.probing import words
from stalecheck.probing.chart import as_chart
from stalecheck.probing.report import Finding, Holder, Report
from stalecheck.probing.svg import as_svg

_MANY = 10

# A notebook has a style of its own for tables, and a light or a dark background: so everything is said of the cells,
# and colours are halfway between black and white, or those of the text around.
_TABLE = """
.stalecheck .wide {overflow-x: auto}
.stalecheck table {border-collapse: collapse; background: none; color: inherit; margin: .5em 0 1em; font-size: 13px}
.stalecheck th, .stalecheck td {text-align: left; vertical-align: top; padding: .3em .8em; background: none;
  color: inherit; border: 1px solid rgba(128, 128, 128, .35); font-weight: normal; white-space: normal}
.stalecheck td.remedy {min-width: 15em}
.stalecheck th {background: rgba(128, 128, 128, .13)}
.stalecheck code {background: none; color: inherit; padding: 0; font-size: 13px; overflow-wrap: break-word}
.stalecheck small {opacity: .75; font-size: 12px}
.stalecheck .verdict {border-radius: 4px; padding: .1em .45em; color: #fff; background: #777; font-size: 12px}
.stalecheck .stale .verdict {background: #c22f2f}
.stalecheck .split .verdict {background: #96650a}
.stalecheck .duplicate .verdict {background: #2f6fab}
"""

_PAGE = """
:root {color-scheme: light dark; --back: #fff; --text: #1d2127; --line: #98a1ad; --box: #f3f5f8;
  --stale: #c22f2f; --split: #96650a; --duplicate: #2f6fab}
@media (prefers-color-scheme: dark) {:root {--back: #15181d; --text: #e3e7ec; --line: #6c7683; --box: #22272f;
  --stale: #f07a7a; --split: #e0b050; --duplicate: #74b3ec}}
body {background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; margin: 1.5em 2em}
h1 {font-size: 1.5em; margin: 0 0 .3em}
h2 {font-size: 1.15em; margin: 1.6em 0 .4em}
code, svg text {font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace}
svg text {font-size: 12px; fill: var(--text)}
svg .detail {opacity: .75}
svg rect {fill: var(--box); stroke: var(--line)}
svg .root rect {stroke-width: 2}
svg .more rect {fill: none; stroke-dasharray: 3 3}
svg .old rect {stroke-width: 2}
svg .stale rect {stroke: var(--stale)}
svg .split rect {stroke: var(--split)}
svg .duplicate rect {stroke: var(--duplicate)}
svg .edge {fill: none; stroke: var(--line); stroke-width: 1.4}
svg marker path {fill: var(--line)}
svg .edge:hover {stroke: var(--text); stroke-width: 3}
"""


def as_tables(report: Report) -> str:
    """Return the report for a notebook: of each finding the first holders."""
    return _styled([*_summary(report), *_tables(report, most=_MANY), *_rest(report)])


def finding_as_table(finding: Finding) -> str:
    """Return one finding with all its holders, for a notebook."""
    return _styled(_table([(finding, "")], most=None))


def as_page(report: Report) -> str:
    """Return one HTML page that needs no other file: the graph, and all holders in a table."""
    graph = []
    if report.findings:
        graph = [
            "<h2>Who leads to what</h2>",
            f'<div class="wide">{as_svg(as_chart(report, most=_MANY))}</div>',
            "<h2>Who holds it, and what to do</h2>",
        ]
    body = [
        f"<h1>{escape(_title(report))}</h1>",
        *_summary(report),
        *graph,
        *_tables(report, most=None),
        *_rest(report),
    ]
    head = [
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(_title(report))}</title>",
        f"<style>{_PAGE}{_TABLE}</style>",
    ]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            *head,
            "</head>",
            '<body class="stalecheck">',
            *body,
            "</body>",
            "</html>\n",
        ]
    )


def _styled(parts: Sequence[str]) -> str:
    return "\n".join(['<div class="stalecheck">', f"<style>{_TABLE}</style>", *parts, "</div>"])


def _title(report: Report) -> str:
    return f"What is old of {words.modules(report)}" if report.modules else "What is old"


def _summary(report: Report) -> list[str]:
    return [f"<p>{escape(words.summary(report))}</p>"]


def _rest(report: Report) -> list[str]:
    return [f"<p>{escape(line)}</p>" for line in words.rest(report)]


def _tables(report: Report, *, most: int | None) -> list[str]:
    listed = [(finding, f"report[{index}]") for index, finding in enumerate(report)]
    return _table(listed, most=most) if listed else []


def _table(listed: Sequence[tuple[Finding, str]], *, most: int | None) -> list[str]:
    """Return a table of findings; each comes with what shows all of its holders."""
    rows = [row for finding, name in listed for row in _rows(finding, name, most)]
    return ['<div class="wide"><table>', *rows, "</table></div>"]


def _rows(finding: Finding, name: str, most: int | None) -> Iterator[str]:
    holders = words.in_order(finding)
    verdict = f'<span class="verdict">{escape(words.verdict(finding))}</span>'
    meaning = f"<br><small>{escape(words.meaning(finding))}</small>" if words.meaning(finding) else ""
    yield f'<tbody class="{escape(finding.verdict)}">'
    yield f'<tr><th colspan="4"><b>{escape(words.heading(finding))}</b> {verdict}{meaning}</th></tr>'
    for remedy, group in words.by_remedy(holders[:most]).items():
        for index, holder in enumerate(group):
            span = f' rowspan="{len(group)}"' if len(group) > 1 else ""
            todo = f'<td class="remedy"{span}>{escape(remedy)}</td>' if index == 0 else ""
            yield f"<tr>{_cells(holder)}{todo}</tr>"
    if most is not None and len(holders) > most:
        yield f'<tr><td colspan="4">+{len(holders) - most} more; <code>{name}</code> shows them</td></tr>'
    yield "</tbody>"


def _cells(holder: Holder) -> str:
    path, place = escape(words.path(holder)), escape(words.place(holder))
    return f"<td>{holder.code or ''}</td><td><code>{path}</code></td><td><code>{place}</code></td>"
