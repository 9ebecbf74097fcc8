"""The form that every rule has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from stalecheck.link import StaleReference
from stalecheck.model import Diagnostic, Holder, Origin, Reload, SourceFile, Span
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
        for flaw in () if self.flag is None else self.flag(reloading):
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
                flaw.reloads,
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
