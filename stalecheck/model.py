"""The values that travel down the pipeline: frozen, slotted, free of syntax-tree nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stalecheck.vocabulary import HolderKind, OriginKind, ReloadMode, Severity


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A point in a source file: 1-based row, 1-based column in code points."""

    row: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of source from `start` up to, not including, `end`."""

    start: Location
    end: Location


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One Python file of the project and the dotted name that imports it."""

    path: Path
    """Absolute."""

    module: str
    """The dotted name under which the file is imported; of a script the stem."""

    is_package: bool
    """Whether the file is an ``__init__.py``."""

    root: Path
    """The directory that has to be on ``sys.path`` for `module` to be importable."""

    is_reported: bool = True
    """Whether diagnostics in this file are reported, or the file is only read for the analysis."""

    aliases: tuple[str, ...] = ()
    """Other dotted names that import the file too, from a directory above or below `root`."""

    def __hash__(self) -> int:
        return hash(self.module)  # A string keeps its hash; that of a path is asked for through two calls.

    @property
    def package(self) -> str:
        """The package that relative imports in this file start from; empty outside a package."""
        return self.module if self.is_package else self.module.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Reload:
    """One place that makes a module's body run again. Without `path`, options or configuration name it."""

    module: str
    mode: ReloadMode
    path: Path | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """What each run of the reloaded module's body makes anew."""

    module: str
    name: str
    kind: OriginKind
    path: Path
    location: Location


@dataclass(frozen=True, slots=True)
class Holder:
    """The place that keeps an old origin alive; `name` is qualified within `module`."""

    module: str
    name: str
    kind: HolderKind


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement of a fix."""

    content: str
    span: Span


@dataclass(frozen=True, slots=True)
class Fix:
    """A rewrite that removes the hazard; `applicability` is ``safe`` or ``unsafe``."""

    applicability: str
    message: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What the linter reports: one holder and the origin that it keeps alive."""

    code: str
    name: str
    severity: Severity
    message: str
    """What goes stale, since which reload, and what to write instead."""

    path: Path
    """Absolute; formats print it relative to the working directory where it lies below it."""

    span: Span
    remedy: str = ""
    """What to write instead, one sentence; printed once per group by the ``full`` format."""

    holder: Holder | None = None
    origin: Origin | None = None
    reload: tuple[Reload, ...] = ()
    via: tuple[str, ...] = ()
    fix: Fix | None = None
    headline: str = ""
    """The message without what the ``full`` format says in its headings; empty if it is all the same."""

    @property
    def url(self) -> str:
        """Where the rule is documented, within the project."""
        return f"README.md#{self.code.lower()}"


@dataclass(frozen=True, slots=True)
class ReloadRecord:
    """One place that reloads: what ``--list-reloads`` lists and the summary counts."""

    path: Path
    """Absolute."""

    location: Location
    mode: ReloadMode
    spelling: str
    """How it is written: ``importlib.reload``, ``del sys.modules``, …"""

    modules: tuple[str, ...]
    """Dotted names, or globs over them; empty where unresolved."""

    is_resolved: bool
    why: str = ""
    """Why it could not be resolved."""

    is_restored: bool = False
    """Whether what is evicted is put back, so that nothing stays stale."""

    outside: tuple[str, ...] = ()
    """Those of the modules that the project does not contain: who holds something of them is not looked at."""

    @property
    def inside(self) -> tuple[str, ...]:
        """Those of the modules that the project contains."""
        return tuple(name for name in self.modules if name not in self.outside)


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found and what it read: all that the output formats need."""

    diagnostics: tuple[Diagnostic, ...]
    """What is reported, sorted: selected, severe enough and not suppressed."""

    suppressed: tuple[Diagnostic, ...]
    """What a comment in the source suppresses, sorted."""

    reloads: tuple[ReloadRecord, ...]
    files: int
    modules: int
    excluded: int
    """How many Python files the excludes took; where some are left to report, a folder counts once."""

    lines: Mapping[Path, tuple[str, ...]]
    """The source lines, without line ends, of the files that have diagnostics or reloads."""

    unmatched: tuple[str, ...]
    """The patterns of ``--reloaded`` and ``--reimported`` that match no module."""

    checked: int
    """How many of the files are reported on."""
