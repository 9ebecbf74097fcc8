"""The form that every rule has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from stalecheck.link import StaleReference
from stalecheck.model import Diagnostic, Holder, Location, Origin, Reload, SourceFile, Span
from stalecheck.reloads import ReloadPlace
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.sentence import sentence
from stalecheck.vocabulary import Severity

_TITLE = re.compile(r"(?P<code>STL\d{3}) (?P<name>[a-z-]+): (?P<summary>.+)")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A rule's word on one stale reference."""

    reference: StaleReference
    severity: Severity
    message: str
    remedy: str
    """What to write instead: one sentence, the same for all holders of an origin where possible."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """A rule's word on something else than a stale reference: a statement that reloads, a module that is reloaded."""

    file: SourceFile
    span: Span
    severity: Severity
    message: str
    remedy: str
    reloads: tuple[Reload, ...] = ()
    """The reloads that make it one; empty where it is about a reload statement itself."""

    holder: Holder | None = None
    origin: Origin | None = None
    about: tuple[Reload, ...] = ()
    """The reloads that it is about, where they are not those written at its place."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; without `check` and `flag` it is judged where its subject is seen (reading files, suppressions)."""

    code: str
    name: str
    summary: str
    documentation: str
    """Markdown."""

    is_default: bool
    check: Callable[[Iterable[StaleReference]], Iterator[Judgement]] | None
    flag: Callable[[Reloading], Iterator[Flaw]] | None = None

    @classmethod
    def from_module(cls, module: ModuleType) -> Rule:
        """Make a rule of its module: the docstring's first line names it, ``check`` or ``flag`` judges.

        Raises:
            ValueError: the docstring does not begin with ``STL123 name: summary``.
        """
        documentation = (module.__doc__ or "").strip()
        title = _TITLE.match(documentation)
        if title is None:
            raise ValueError(f"{module.__name__}: the docstring begins with 'STL123 name: summary'")
        return cls(
            title["code"],
            title["name"],
            title["summary"].rstrip("."),
            documentation,
            getattr(module, "IS_DEFAULT", True),
            getattr(module, "check", None),
            getattr(module, "flag", None),
        )

    def diagnostics(self, reloading: Reloading, *, cwd: Path) -> Iterator[Diagnostic]:
        """Yield this rule's diagnostics; their messages name files relative to `cwd`."""
        flaws = list(self.flag(reloading)) if self.flag is not None else []
        written = _written(reloading) if flaws else {}
        for flaw in flaws:
            yield Diagnostic(
                self.code,
                self.name,
                flaw.severity,
                sentence(flaw.message, flaw.reloads, flaw.remedy, cwd=cwd),
                flaw.file.path,
                flaw.span,
                flaw.remedy,
                flaw.holder,
                flaw.origin,
                flaw.reloads or flaw.about or written.get((flaw.file, flaw.span.start), ()),
                headline=flaw.message,
            )
        for judgement in () if self.check is None else self.check(reloading.references):
            reference = judgement.reference
            headline = judgement.message + _because(reference)
            yield Diagnostic(
                self.code,
                self.name,
                judgement.severity,
                sentence(headline, reference.reloads, judgement.remedy, cwd=cwd),
                reference.file.path,
                reference.span,
                judgement.remedy,
                reference.holder,
                reference.origin,
                reference.reloads,
                reference.via,
                headline=headline,
            )


def _written(reloading: Reloading) -> dict[tuple[SourceFile, Location], tuple[Reload, ...]]:
    """Return the reloads that are written at each place."""
    found: dict[tuple[SourceFile, Location], tuple[Reload, ...]] = {}
    for place in reloading.places:
        key = place.file, place.site.span.start
        found[key] = (*found.get(key, ()), *reloads_of(place))
    return found


def reloads_of(place: ReloadPlace) -> tuple[Reload, ...]:
    """Return what a place reloads."""
    names = (*(file.module for file in place.files), *place.outside)
    return tuple(Reload(name, place.site.mode, place.file.path, place.site.span.start) for name in dict.fromkeys(names))


def through(reference: StaleReference) -> str:
    """Return the modules between the origin and the holder, in parentheses; empty if there are none."""
    said = _through(reference)
    return f" ({said})" if said else ""


def _through(reference: StaleReference) -> str:
    return "through " + ", ".join(f"`{module}`" for module in reference.via[1:]) if reference.via[1:] else ""


def _because(reference: StaleReference) -> str:
    # What a star import brings comes by ways of its own.
    parts = [] if reference.brings or not reference.via[1:] else [_through(reference)]
    if reference.attached_by:
        parts.append(f"put there by `{reference.attached_by}`")
    if reference.because is not None:
        name, row = reference.because
        parts.append(f"because `{name}`, line {row}")
    return f" ({'; '.join(parts)})" if parts else ""
