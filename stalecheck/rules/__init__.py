"""The rules: one file each, found by being here. A file's docstring is the rule's documentation."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path

from stalecheck.model import Diagnostic
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Rule

__all__ = ["Reloading", "Rule", "judge", "rules"]


@cache
def rules() -> tuple[Rule, ...]:
    """Return all rules, by code."""
    found = [
        Rule.from_module(importlib.import_module(f"{__name__}.{module.name}"))
        for module in pkgutil.iter_modules(__path__)
        if module.name.startswith("stl")
    ]
    return tuple(sorted(found, key=lambda rule: rule.code))


def judge(reloading: Reloading, codes: Container[str], *, cwd: Path) -> Iterator[Diagnostic]:
    """Yield the diagnostics of the rules of these codes."""
    for rule in rules():
        if rule.code in codes:
            yield from rule.diagnostics(reloading, cwd=cwd)
