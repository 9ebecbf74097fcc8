"""The report for a terminal."""

from __future__ import annotations

from stalecheck.probing.report import Finding, Holder, Report

_MANY = 10
_VERDICTS = {
    "stale": "of an old version",
    "split": "with new behaviour and old identity",
    "duplicate": "with the same code as the present one",
}


def as_text(report: Report) -> str:
    """Return the report, grouped by origin, holders aligned, with what to do about each."""
    asked = ", ".join(report.modules)
    lines = []
    if not report.findings:
        lines.append(f"Nothing old of {asked} is held." if asked else "Nothing old is held.")
    for finding in report.findings:
        lines += [_head(finding), *_holders(finding), ""]
    if report.awaiting_collection:
        noun = "object" if report.awaiting_collection == 1 else "objects"
        lines.append(f"{report.awaiting_collection:,} old {noun} held by nobody: awaiting garbage collection.")
    lines += [f"note: {note}" for note in report.notes]
    return "\n".join(lines).rstrip()


def _head(finding: Finding) -> str:
    noun = f"old {finding.kind.value}" + ("" if finding.count == 1 else "es" if finding.kind == "class" else "s")
    of = " of" if finding.kind == "instance" else ""
    version = f", version {finding.version}" if finding.version else ""
    return f"{finding.count:,} {noun}{of} {finding.origin} {_VERDICTS[finding.verdict]}{version}"


def _holders(finding: Finding) -> list[str]:
    shown = finding.holders[:_MANY]
    width = max((len(_path(holder)) for holder in shown), default=0)
    lines = [
        f"  {holder.code or '':6}  {_path(holder):{min(width, 60)}}  {_where(holder)}{holder.remedy}"
        for holder in shown
    ]
    if len(finding.holders) > _MANY:
        lines.append(f"  +{len(finding.holders) - _MANY} more")
    return lines


def _path(holder: Holder) -> str:
    return holder.path if holder.count == 1 else f"{holder.path} (+{holder.count - 1:,} alike)"


def _where(holder: Holder) -> str:
    return f"{holder.filename}:{holder.line}: " if holder.filename and holder.line else ""
