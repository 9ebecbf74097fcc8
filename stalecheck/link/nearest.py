"""One value that several calls of reloaded modules helped to compute: the call that is written there stands for it."""

from __future__ import annotations

from collections.abc import Iterable

from stalecheck.link.captures import is_result
from stalecheck.link.holding import Holding
from stalecheck.link.values import Made, Relation
from stalecheck.model import Reload


def nearest(found: Iterable[tuple[Holding, tuple[Reload, ...]]]) -> list[tuple[Holding, tuple[Reload, ...]]]:
    """Return what goes stale without what lies behind another call of the same value, and one call of each module."""
    all_found = list(found)
    stale: dict[tuple[object, ...], dict[Made, set[Reload]]] = {}
    for holding, reloads in all_found:
        if holding.capture.relation is Relation.DERIVED:
            stale.setdefault(_place(holding), {}).setdefault(holding.capture.made, set()).update(_alone(reloads))
    called: set[tuple[object, ...]] = set()
    kept: list[tuple[Holding, tuple[Reload, ...]]] = []
    for holding, reloads in all_found:
        capture = holding.capture
        if capture.relation is Relation.DERIVED:
            nearer = stale[_place(holding)]
            if any(made in nearer and _alone(reloads) <= nearer[made] for made in capture.behind):
                continue
            if is_result(capture):
                call = (_place(holding), capture.made.file, capture.mode)
                if call in called:
                    continue
                called.add(call)
        kept.append((holding, reloads))
    return kept


def _alone(reloads: Iterable[Reload]) -> set[Reload]:
    """Return those that options name: each happens without the others."""
    return {reload for reload in reloads if reload.path is None}


def _place(holding: Holding) -> tuple[object, ...]:
    return (holding.holder, holding.span, holding.block, *(name for name, _ in holding.brings))
