"""A judgement in one sentence, for the formats that have no headings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stalecheck.config import shown
from stalecheck.model import Reload
from stalecheck.vocabulary import ReloadMode

_HAPPENS = {ReloadMode.RELOAD: "is reloaded", ReloadMode.REIMPORT: "is evicted"}
_SHOWN = 3
"""How many modules a sentence names."""


def sentence(headline: str, reloads: Sequence[Reload], remedy: str, *, cwd: Path) -> str:
    """Return what goes stale, since which reload, and what to write instead."""
    by_module: dict[str, list[Reload]] = {}
    for reload in reloads:
        by_module.setdefault(reload.module, []).append(reload)
    events = [_event(events, cwd) for events in list(by_module.values())[:_SHOWN]]
    left = len(by_module) - len(events)
    if not events:
        return f"{headline}; {remedy}"
    if left:
        events.append(f"{left} more {'module is' if left == 1 else 'modules are'}")
    return f"{headline} after {' or '.join(events)}; {remedy}"


def _event(reloads: Sequence[Reload], cwd: Path) -> str:
    """Return when a module is reloaded."""
    first, *others = reloads
    where = ""
    if first.path is not None and first.location is not None:
        where = f" at {shown(first.path, cwd)}:{first.location.row}"
    more = f" (and at {len(others)} more)" if others and where else ""
    return f"`{first.module}` {_HAPPENS[first.mode]}{where}{more}"
