"""Fixture projects: what a `fixture.toml` and the comments `# expect: …` and `# fresh: …` say."""

from __future__ import annotations

import re
import sys
import tokenize
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FIXTURES = Path(__file__).parent.parent / "fixtures"
KEYS = {"modules", "before", "reload", "mode", "call", "options", "lines", "shows"}
EXPECT = re.compile(r"expect: (?P<codes>STL\d{3}(?::\w+)?(?: STL\d{3}(?::\w+)?)*)(?: \(not shown: (?P<why>.+)\))?")
OLD = "old"
FRESH = re.compile(r"fresh: (?P<reason>.+?)(?: \(not shown: (?P<why>.+)\))?")


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """One diagnostic that the linter must report."""

    file: str
    row: int
    code: str
    severity: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line with a verdict: the codes expected there (none: fresh), and why running cannot show it."""

    file: str
    row: int
    codes: tuple[str, ...]
    reason: str
    not_shown: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What happens when a function of the project is called: what shows a line that holds nothing."""

    line: str
    """`run.py:6`, the line with the verdict."""

    call: tuple[str, ...]
    """`module:function`, called one after the other."""

    prepare: str = ""
    """`module:function`, called before anything is looked at."""

    raises: str = ""
    """The exception that the last call ends with."""

    same: str = ""
    """An expression over the imported modules that gives the same object before and after."""

    new: str = ""
    """One that gives another object."""

    before: str = ""
    """An expression and its `repr` before the call."""

    after: str = ""
    """The same expression's `repr` after it."""

    value: str = ""
    """The expression of `before` and `after`."""


@dataclass(frozen=True, slots=True)
class FixtureProject:
    """An import root with sources, the reload to perform and the expectations."""

    name: str
    """The folder below `fixtures/`, the test's id."""

    path: Path
    modules: tuple[str, ...]
    """Imported in this order before the reload."""

    before: tuple[str, ...]
    """`module:function`, called before the reload, to fill a cache or a global."""

    reload: tuple[str, ...]
    """Patterns of modules that are reloaded, each matching module on its own, though no source says so."""

    mode: str
    calls: tuple[str, ...]
    """`module:function` of the project's own functions that reload."""

    options: dict[str, Any] = field(hash=False)
    lines: tuple[Line, ...]
    shows: tuple[Shown, ...] = ()

    @property
    def old(self) -> Path | None:
        """The folder with the files of an earlier revision that are other ones now; None without a history."""
        return self.path / OLD if (self.path / OLD).is_dir() else None

    @property
    def is_about_reloads(self) -> bool:
        """Whether its rules are about the reload itself, and not about who holds something old."""
        return self.name.startswith(("STL211", "STL3", "STL4"))

    @property
    def expected(self) -> list[Expected]:
        """Every diagnostic that is expected, sorted."""
        found = []
        for line in self.lines:
            for spelling in line.codes:
                code, _, severity = spelling.partition(":")
                found.append(Expected(line.file, line.row, code, severity or "warning"))
        return sorted(found)

    @property
    def reloaded_modules(self) -> list[str]:
        """The imported modules that a pattern matches."""
        return [name for name in self.modules if any(fnmatchcase(name, pattern) for pattern in self.reload)]


def find_projects(folder: Path = FIXTURES) -> list[FixtureProject]:
    """Read every project below the folder, sorted by name."""
    return [read_project(file.parent, folder) for file in sorted(folder.rglob("fixture.toml"))]


def read_project(path: Path, folder: Path = FIXTURES) -> FixtureProject:
    """Read one project; raises ValueError for a key or a comment that it does not understand."""
    with (path / "fixture.toml").open("rb") as file:
        table = tomllib.load(file)
    name = path.relative_to(folder).as_posix()
    if unknown := set(table) - KEYS:
        raise ValueError(f"{name}/fixture.toml: unknown keys {sorted(unknown)}")
    call = table.get("call", [])
    lines = [line for source in sources_of(path) for line in read_lines(source, path)]
    lines += [listed_line(entry) for entry in table.get("lines", [])]
    return FixtureProject(
        name=name,
        path=path,
        modules=tuple(table["modules"]),
        before=tuple(table.get("before", ())),
        reload=tuple(table.get("reload", ())),
        mode=table.get("mode", "reload"),
        calls=(call,) if isinstance(call, str) else tuple(call),
        options=table.get("options", {}),
        lines=tuple(lines),
        shows=tuple(read_shown(entry) for entry in table.get("shows", ())),
    )


def sources_of(path: Path) -> list[Path]:
    """The sources of a project as they are now."""
    return sorted(source for source in path.rglob("*.py") if source.relative_to(path).parts[0] != OLD)


def read_shown(entry: dict[str, Any]) -> Shown:
    """One table of `shows`; raises TypeError for a key that it does not understand."""
    call = entry.pop("call", ())
    return Shown(call=(call,) if isinstance(call, str) else tuple(call), **entry)


def read_lines(source: Path, root: Path) -> list[Line]:
    """The verdicts in one file's comments."""
    file = source.relative_to(root).as_posix()
    with source.open("rb") as stream:
        comments = [token for token in tokenize.tokenize(stream.readline) if token.type == tokenize.COMMENT]
    texts = [(token.start[0], token.string.lstrip("# ")) for token in comments]
    return [verdict(file, row, text) for row, text in texts if text.startswith(("expect", "fresh"))]


def listed_line(entry: str) -> Line:
    """`history.py:3 expect: STL101:error`, the form for sources that should stay free of comments."""
    place, _, text = entry.partition(" ")
    file, _, row = place.rpartition(":")
    return verdict(file, int(row), text)


def verdict(file: str, row: int, text: str) -> Line:
    match = EXPECT.fullmatch(text) or FRESH.fullmatch(text)
    if match is None:
        raise ValueError(f"{file}:{row}: not understood: {text}")
    groups = match.groupdict()
    codes = tuple((groups.get("codes") or "").split())
    return Line(file, row, codes, reason=groups.get("reason") or "", not_shown=groups["why"] or "")
