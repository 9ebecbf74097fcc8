"""Phrases that the messages of several rules share."""

from __future__ import annotations

from collections.abc import Sequence

from stalecheck.link import Relation, StaleReference
from stalecheck.vocabulary import HolderKind, OriginKind, ReloadMode

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


def held(reference: StaleReference) -> str:
    """Return what a holder keeps: the old origin, an instance of it, or what was computed from it."""
    is_default = reference.holder.kind is HolderKind.DEFAULT_ARGUMENT
    if reference.is_computed or (is_default and reference.relation is Relation.DERIVED):
        return f"what was computed from the old `{reference.origin.module}.{reference.origin.name}`"
    if reference.is_of_member and reference.origin.kind is OriginKind.CLASS:
        return f"a member of the old Enum `{reference.origin.module}.{reference.origin.name}`"
    return f"an instance of {old(reference)}" if reference.of_instance else old(reference)


def used_where_needed(reference: StaleReference) -> str:
    """Return how to hold a function, class or value so that it stays fresh, in one sentence."""
    if reference.origin.kind is OriginKind.MODULE:
        return f"`{import_of(reference)}` in the function that uses it"
    if imported_late(reference):
        return f"`from {reference.module_name} import {_first_name(reference)}` in the function that uses it"
    return f"`{import_of(reference)}` and use `{qualified(reference)}` where it is needed"


def looked_up(reference: StaleReference) -> str:
    """Return how a function gets at the origin of today: the end of a sentence."""
    if reference.origin.kind is OriginKind.MODULE:
        return f"imports `{reference.module_name}` when it is called"
    if imported_late(reference):
        return f"imports `{_first_name(reference)}` from `{reference.module_name}` when it is called"
    return f"looks `{qualified(reference)}` up when it is called"


def imported_late(reference: StaleReference) -> bool:
    """Return whether only an import that runs again gets at what is new, and no name of the module."""
    is_evicted = any(reload.mode is ReloadMode.REIMPORT for reload in reference.reloads)
    return is_evicted or reference.is_module_hidden


def reload_after(reference: StaleReference) -> str:
    """Return which modules have to be reloaded after the origin's, in one sentence."""
    modules = [f"`{module}`" for module in dict.fromkeys((*reference.via[1:], reference.holder.module))]
    if len(modules) == 1:
        return f"reload {modules[0]} after `{reference.origin.module}`"
    return f"reload {listed(modules)}, in this order, after `{reference.origin.module}`"


def listed(words: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _first_name(reference: StaleReference) -> str:
    return reference.origin.name.partition(".")[0]


def qualified(reference: StaleReference) -> str:
    """Return how to reach the origin when it is used: ``core.Engine`` after ``from app import core``."""
    return f"{reference.module_name.rpartition('.')[2]}.{reference.origin.name}"


def import_of(reference: StaleReference) -> str:
    """Return the import that stays fresh under `importlib.reload`."""
    package, _, module = reference.module_name.rpartition(".")
    return f"from {package} import {module}" if package else f"import {module}"
