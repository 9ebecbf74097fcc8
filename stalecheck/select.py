"""Which rules a run looks for, by the codes and prefixes of the options."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from stalecheck.config import Config, ignored_codes


def selected_codes(config: Config, known: Iterable[str], default: Iterable[str]) -> frozenset[str]:
    """Return the selected codes: the longest prefix that an option names decides, and ignoring wins a tie."""
    always = frozenset(default)
    return frozenset(code for code in known if _is_selected(code, config, is_default=code in always))


def selected_in(path: Path, config: Config, selected: frozenset[str]) -> frozenset[str]:
    """Return the codes that are looked for in one file: the per-file ignores taken away."""
    ignored = ignored_codes(config, path)
    return frozenset(code for code in selected if not any(code.startswith(prefix) for prefix in ignored))


def _is_selected(code: str, config: Config, *, is_default: bool) -> bool:
    chosen = _longest(code, (*(config.select or ()), *config.extend_select))
    if config.select is None and is_default:
        chosen = max(chosen, 0)
    return chosen > _longest(code, config.ignore)


def _longest(code: str, prefixes: Iterable[str]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix.upper())), default=-1)
