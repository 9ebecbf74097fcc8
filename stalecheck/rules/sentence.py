"""A judgement in one sentence, for the formats that have no headings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stalecheck.config import shown
from stalecheck.model import Reload
from stalecheck.vocabulary import ReloadMode

_HAPPENS = {ReloadMode.RELOAD: "is reloaded", ReloadMode.REIMPORT: "is evicted"}


def sentence(headline: str, reloads: Sequence[Reload], remedy: str, *, cwd: Path) -> str:
    """Return what goes stale, since which reload, and what to write instead."""
    first, *others = reloads
    where = ""
    if first.path is not None and first.location is not None:
        where = f" at {shown(first.path, cwd)}:{first.location.row}"
    more = f" (and at {len(others)} more)" if others and where else ""
    return f"{headline} after `{first.module}` {_HAPPENS[first.mode]}{where}{more}; {remedy}"
