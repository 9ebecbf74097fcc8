"""How bad a stale reference is: what will happen, not how sure the report is."""

from __future__ import annotations

from stalecheck.link import Relation, StaleReference, Trait, Usage
from stalecheck.vocabulary import OriginKind, Severity

_COMPARED = frozenset({Usage.ISINSTANCE, Usage.EXCEPT, Usage.MATCH, Usage.BASE, Usage.IDENTITY, Usage.PICKLE})
_COMPARED_INSIDE = frozenset({Usage.ISINSTANCE, Usage.EXCEPT})


def severity(reference: StaleReference, usual: Severity = Severity.WARNING) -> Severity:
    """Return the severity that follows from what the origin is; `usual` where that decides nothing."""
    if Trait.IDENTITY_ONLY in reference.traits or reference.origin.name == "__all__":
        return Severity.NOTE
    if reference.relation is Relation.DERIVED or reference.is_computed:
        return usual
    if Trait.SENTINEL in reference.traits:
        return Severity.ERROR
    is_held = reference.relation is Relation.MEMBER or reference.is_of_member
    is_member = is_held or Trait.ENUM_MEMBER in reference.traits
    if is_member and Trait.COMPARABLE_ENUM not in reference.traits:
        return Severity.ERROR
    return usual


def severity_by_use(reference: StaleReference) -> Severity:
    """Return the severity of holding a name, from what the holder's file does with it."""
    if reference.usages and reference.usages <= {Usage.ANNOTATION}:
        return Severity.NOTE
    return severity(reference, Severity.ERROR if _is_compared(reference) else Severity.WARNING)


def severity_of_parts(reference: StaleReference) -> Severity:
    """Return the severity of holding a class inside a container, from what the holder's file does with that."""
    is_class = reference.origin.kind is OriginKind.CLASS and not reference.of_instance
    is_compared = is_class and bool(reference.usages & _COMPARED_INSIDE)
    return severity(reference, Severity.ERROR if is_compared else Severity.WARNING)


def _is_compared(reference: StaleReference) -> bool:
    if reference.of_instance:
        return Usage.PICKLE in reference.usages
    if Trait.HOLDS_CLASSES in reference.traits and reference.usages & _COMPARED_INSIDE:
        return True
    if reference.origin.kind is not OriginKind.CLASS:
        return Usage.IDENTITY in reference.usages
    return bool(reference.usages & _COMPARED) or (Trait.ENUM in reference.traits and Usage.MEMBER in reference.usages)
