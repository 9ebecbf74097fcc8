"""The ``json`` format: a list with one object per diagnostic, each on a line of its own."""

from __future__ import annotations

import json
from pathlib import Path

from stalecheck.config import shown
from stalecheck.model import Fix, Holder, Location, Origin, Reload, Report
from stalecheck.render.entries import Entry, entries


def render_json(report: Report, *, cwd: Path, show_suppressed: bool = False) -> str:
    """An array and nothing else; with `show_suppressed` each object says whether it is suppressed."""
    objects = []
    for entry in entries(report, cwd=cwd, show_suppressed=show_suppressed):
        fields = _diagnostic(entry, cwd=cwd)
        if show_suppressed:
            fields["suppressed"] = entry.is_suppressed
        objects.append(fields)
    return array(objects)


def array(objects: list[dict[str, object]]) -> str:
    """`objects` as a JSON array, one object per line, in ASCII so that every encoding carries it."""
    if not objects:
        return "[]\n"
    return "[\n" + ",\n".join(f"  {json.dumps(fields)}" for fields in objects) + "\n]\n"


def location_fields(location: Location) -> dict[str, object]:
    """A place as the contract spells it."""
    return {"row": location.row, "column": location.column}


def _diagnostic(entry: Entry, *, cwd: Path) -> dict[str, object]:
    diagnostic = entry.diagnostic
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity.label,
        "message": diagnostic.message,
        "filename": shown(diagnostic.path, cwd),
        "location": location_fields(diagnostic.span.start),
        "end_location": location_fields(diagnostic.span.end),
        "holder": _holder(diagnostic.holder),
        "origin": _origin(diagnostic.origin, cwd=cwd),
        "reload": [_reload(event, cwd=cwd) for event in diagnostic.reload],
        "via": list(diagnostic.via),
        "fix": _fix(diagnostic.fix),
        "url": diagnostic.url,
    }


def _holder(holder: Holder | None) -> dict[str, object] | None:
    if holder is None:
        return None
    return {"module": holder.module, "name": holder.name, "kind": holder.kind.value}


def _origin(origin: Origin | None, *, cwd: Path) -> dict[str, object] | None:
    if origin is None:
        return None
    return {
        "module": origin.module,
        "name": origin.name,
        "kind": origin.kind.value,
        "filename": shown(origin.path, cwd),
        "location": location_fields(origin.location),
    }


def _reload(event: Reload, *, cwd: Path) -> dict[str, object]:
    return {
        "module": event.module,
        "mode": event.mode.value,
        "filename": None if event.path is None else shown(event.path, cwd),
        "location": None if event.location is None else location_fields(event.location),
    }


def _fix(fix: Fix | None) -> dict[str, object] | None:
    if fix is None:
        return None
    edits: list[dict[str, object]] = [
        {
            "content": edit.content,
            "location": location_fields(edit.span.start),
            "end_location": location_fields(edit.span.end),
        }
        for edit in fix.edits
    ]
    return {"applicability": fix.applicability, "message": fix.message, "edits": edits}
