"""What ``--list-reloads`` prints: every place that reloads, as text and as JSON."""

from __future__ import annotations

from pathlib import Path

from stalecheck.config import shown
from stalecheck.model import ReloadRecord, Report
from stalecheck.render.json import array, location_fields
from stalecheck.render.place import place
from stalecheck.render.style import printable, style


def render_reloads(report: Report, *, cwd: Path, color: bool) -> str:
    """One line per place: how it is spelled, the mode, and the modules or why they are not known."""
    return "".join(_line(record, cwd=cwd, color=color) + "\n" for record in report.reloads)


def render_reloads_json(report: Report, *, cwd: Path) -> str:
    """A list with one object per place."""
    objects: list[dict[str, object]] = [
        {
            "filename": shown(record.path, cwd),
            "location": location_fields(record.location),
            "mode": record.mode.value,
            "spelling": record.spelling,
            "modules": list(record.modules),
            # Of what is put back there is nothing left to find out.
            "resolved": record.is_resolved or record.is_restored,
        }
        for record in report.reloads
    ]
    return array(objects)


def _line(record: ReloadRecord, *, cwd: Path, color: bool) -> str:
    where = style(place(record.path, record.location, cwd=cwd), "bold", color=color)
    outside = set(record.outside)
    what = ", ".join(f"{name} (not in the project)" if name in outside else name for name in record.modules)
    if not record.is_resolved:
        unresolved = style("unresolved", "yellow", color=color) + f": {record.why}" * bool(record.why)
        why = record.why if record.is_restored else unresolved
        what = "; ".join(filter(None, (what, why)))
    restored = " (restored afterwards)" if record.is_restored else ""
    return f"{where}: {record.mode.value} {printable(record.spelling)}: {what}{restored}"
