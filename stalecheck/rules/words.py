"""Phrases that the messages of several rules share."""

from __future__ import annotations

from stalecheck.link import StaleReference
from stalecheck.vocabulary import OriginKind

_NOUNS = {
    OriginKind.FUNCTION: "function",
    OriginKind.CLASS: "class",
    OriginKind.INSTANCE: "object",
    OriginKind.VALUE: "value",
    OriginKind.MODULE: "module",
}


def old(reference: StaleReference) -> str:
    """Return ``the old class `app.core.Engine` ``."""
    origin = reference.origin
    if origin.kind is OriginKind.MODULE:
        return f"the old module `{origin.module}`"
    return f"the old {_NOUNS[origin.kind]} `{origin.module}.{origin.name}`"


def qualified(reference: StaleReference) -> str:
    """Return how to reach the origin when it is used: ``core.Engine`` after ``from app import core``."""
    return f"{reference.origin.module.rpartition('.')[2]}.{reference.origin.name}"


def import_of(reference: StaleReference) -> str:
    """Return the import that stays fresh under `importlib.reload`."""
    package, _, module = reference.origin.module.rpartition(".")
    return f"from {package} import {module}" if package else f"import {module}"
