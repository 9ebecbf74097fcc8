"""Paths → the project's source files and the dotted names that import them."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from keyword import iskeyword
from pathlib import Path

from pathspec import GitIgnoreSpec
from pathspec.pattern import Pattern

from stalecheck.config import (
    BUILD_OUTPUT,
    DEFAULT_EXCLUDE,
    Config,
    PathPatterns,
    absolute_path,
    compile_patterns,
    exists,
    is_file,
)
from stalecheck.errors import UsageError
from stalecheck.model import SourceFile


@dataclass(frozen=True, slots=True)
class Discovery:
    """What lies below the paths and in the rest of the project."""

    files: tuple[SourceFile, ...]
    """Sorted by path; `is_reported` tells those below the named paths apart."""

    excluded: int
    """How many Python files below the named paths the excludes or a ``.gitignore`` took. Only where nothing is left
    to report are those counted that lie in a folder; else it counts once, whatever it holds."""

    unreadable: tuple[tuple[Path, str], ...]
    """Directories and links that could not be read, and why; sorted by path."""


def discover(paths: Sequence[Path], config: Config, *, cwd: Path) -> Discovery:
    """Find the Python files below `paths`, to be reported, and in the rest of the project, to be read.

    Named paths are always read, excluded or not, unless the configuration forces the excludes on them.
    Raises UsageError for a path that does not exist.
    """
    of_packages = config.exclude
    if config.exclude == DEFAULT_EXCLUDE:
        of_packages = tuple(name for name in DEFAULT_EXCLUDE if name not in BUILD_OUTPUT)
    rules = _Rules(
        compile_patterns((*config.exclude, *config.extend_exclude)),
        compile_patterns((*of_packages, *config.extend_exclude)),
        _gitignore_top(config.root) if config.respect_gitignore else None,
    )
    found = _Found(Path(os.path.realpath(config.root)))
    directories = []
    files = []
    for path in paths:
        absolute = absolute_path(path, cwd)
        is_directory = _is_named_directory(path, absolute, found)
        if is_directory is None:
            continue
        if config.force_exclude and rules.excludes.matches(absolute, below=config.root):
            found.leave_out(str(absolute), is_directory=is_directory)
        elif is_directory:
            directories.append(absolute)
        elif why := _why_endless(absolute.stat().st_mode):
            found.unreadable[str(absolute)] = why
        elif absolute.suffix != ".pyi":  # A stub never runs.
            files.append(absolute)
    linked = {path for path in (*files, *directories) if _is_linked(path, config.root, found)}
    found.linked = {os.path.realpath(path) for path in linked}
    found.files.update((os.path.realpath(path), (str(path), True)) for path in files if path not in linked)
    # The deepest first: what is named itself is walked under its own name, not as a part of another path.
    for directory in sorted(directories, key=lambda path: (path in linked, -len(path.parts))):
        _walk(_top(directory, rules), rules, found)
    for path in files:
        found.files.setdefault(os.path.realpath(path), (str(path), True))
    _follow_links(rules, found)
    found.is_reporting = False
    _walk(_top(config.root, rules), rules, found)
    _follow_links(rules, found)
    return Discovery(
        _named(found, config.root),
        found.excluded(),
        tuple((Path(path), reason) for path, reason in sorted(found.unreadable.items())),
    )


def is_excluded(path: Path, config: Config) -> bool:
    """Whether the excludes take the absolute `path`, which need not exist."""
    return compile_patterns((*config.exclude, *config.extend_exclude)).matches(path, below=config.root)


def settle_names(files: Sequence[SourceFile], imported: frozenset[str]) -> tuple[SourceFile, ...]:
    """Decide between the names that a file may have, by the dotted names that the project imports.

    A file whose directory holds no ``__init__.py`` may be a script or a part of a namespace package. It is
    the latter if its longer name, or the package in it, is imported; then so is everything in the same tree.
    """
    files = _within_namespace(files, imported)
    trees = _imported_trees(files, imported)
    settled = [_settle(file, trees) for file in files]
    shorter = _shorter_names(settled, imported)
    return tuple(_with_shorter(file, shorter) for file in settled)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What is not read."""

    excludes: PathPatterns
    excludes_of_packages: PathPatterns
    """What is not read of the folders that are packages within packages."""

    gitignore_top: Path | None
    """The directory whose ``.gitignore`` is the first to count; None: they do not count."""


@dataclass(frozen=True, slots=True)
class _IgnoreLine:
    """One pattern of a ``.gitignore``, made to mean an entry itself and not what lies below it.

    Git asks about a directory before it looks into it. Asked about a whole path, as pathspec is meant to be,
    a line such as ``!*/`` would bring back what is in the directories too.
    """

    pattern: Pattern
    is_negation: bool
    directories_only: bool
    on_name: bool
    """Whether it means a name in any directory."""

    depth: int | None
    """How many slashes a path that it means has; None: any number."""

    last: Pattern | None
    """What the last name of such a path has to match; None: anything that lies below."""

    def means(self, path: str, name: str) -> bool:
        """Whether the entry is meant; `path` is relative to the file, both end in a slash for a directory."""
        if self.directories_only and not name.endswith("/"):
            return False
        if self.on_name:
            return self.pattern.match_file(name) is not None
        if self.depth is not None and self.depth != path.rstrip("/").count("/"):
            return False
        if self.last is None:
            return self.pattern.match_file(path.rstrip("/")) is not None
        return self.pattern.match_file(path) is not None and self.last.match_file(name) is not None


_Ignores = tuple[tuple[str, tuple[_IgnoreLine, ...]], ...]
"""The ``.gitignore`` files that apply in a directory, outermost first, each with its own directory."""


@dataclass(frozen=True, slots=True)
class _Directory:
    """A directory to be read; `real` is its path without links, `is_top` says that a path names it."""

    path: str
    real: str
    ignores: _Ignores
    is_top: bool = False


@dataclass(slots=True)
class _Found:
    """What the walks have found so far."""

    real_root: Path
    files: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """By path without links: the path as reached first, and whether it is below a named path."""

    directories: set[str] = field(default_factory=set)
    """The directories that were read, without links."""

    links: list[tuple[str, _Ignores]] = field(default_factory=list)
    """Links to directories and files; they come last, so that a file keeps its own path where it has one."""

    linked: set[str] = field(default_factory=set)
    """The named paths that lead through a link, without links."""

    own: dict[str, str] = field(default_factory=dict)
    """The paths that files and directories have in the project, by those of them without links, where what is named
    is a link to them: they are imported by these."""

    excluded_files: int = 0
    excluded_directories: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    is_reporting: bool = True

    def leave_out(self, path: str, *, is_directory: bool) -> None:
        """Count what the excludes took."""
        if self.is_reporting and is_directory:
            self.excluded_directories.append(path)
        elif self.is_reporting:
            self.excluded_files += 1

    def excluded(self) -> int:
        """How much the excludes took; looks into the folders only where it decides something."""
        if any(is_reported for _, is_reported in self.files.values()):
            return self.excluded_files + len(self.excluded_directories)
        return self.excluded_files + sum(map(_count_python, self.excluded_directories))


_NOT_READ = {
    ".ipynb": "is a notebook; notebooks are not read yet",
    ".pyi": "is a stub file; stub files never run, so nothing in them goes stale",
}


def _gitignore_top(root: Path) -> Path:
    """The top of the repository that `root` is in, else `root`."""
    return next((path for path in (root, *root.parents) if exists(path / ".git")), root)


def why_refused(path: Path) -> str:
    """Why a named path cannot be checked at all, whatever stands in it; empty if it can."""
    try:
        is_directory = stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return "does not exist"
    except OSError as error:
        return "does not exist" if error.errno == errno.ENAMETOOLONG else ""
    return "" if is_directory else _NOT_READ.get(path.suffix, "")


def _is_named_directory(path: Path, absolute: Path, found: _Found) -> bool | None:
    """Whether a named path is a directory; None for one that stands there but cannot be read."""
    try:
        return stat.S_ISDIR(absolute.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise UsageError(f"{path} does not exist") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UsageError(f"{path} does not exist") from None
        found.unreadable[str(absolute)] = why_unread(error)
        return None


def _is_linked(path: Path, root: Path, found: _Found) -> bool:
    """Whether a named path leads through a link that lies below the root."""
    real = os.path.realpath(path)
    return real != str(found.real_root / path.relative_to(root) if path.is_relative_to(root) else path)


def _top(path: Path, rules: _Rules) -> _Directory:
    """A directory to start from, with the ignores of those above it."""
    if rules.gitignore_top is None:
        return _Directory(str(path), os.path.realpath(path), (), is_top=True)
    first = rules.gitignore_top if path.is_relative_to(rules.gitignore_top) else _gitignore_top(path)
    ignores = _read_ignores(str(first), ".git/info/exclude")
    way = [*(above for above in reversed(path.parents) if above.is_relative_to(first)), path]
    is_ignored = False
    for above, here in pairwise(way):
        ignores += _read_ignores(str(above), ".gitignore")
        is_ignored = is_ignored or _is_ignored(str(here), here.name, ignores, is_directory=True)
    if is_ignored:
        # It is read although lines mean it: these say nothing about what is in it.
        ignores = tuple(
            (base, tuple(line for line in lines if line.is_negation or not _means_any(line, base, way)))
            for base, lines in ignores
        )
    return _Directory(str(path), os.path.realpath(path), ignores, is_top=True)


def _means_any(line: _IgnoreLine, base: str, way: Sequence[Path]) -> bool:
    below = (path for path in way if path != Path(base) and path.is_relative_to(base))
    return any(line.means(path.relative_to(base).as_posix() + "/", path.name + "/") for path in below)


def _with_separator(directory: str) -> str:
    return directory if directory.endswith(os.sep) else directory + os.sep


def _read_ignores(directory: str, name: str, *, is_top: bool = False) -> _Ignores:
    if not is_file(Path(directory, name)):
        return ()
    try:
        text = Path(directory, name).read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError:  # It is for others to read.
        return ()
    lines = text.split("\n")
    if is_top and not any(line.startswith("!") for line in lines):
        # A virtual environment and the caches of many tools ignore themselves; who names one wants it read.
        lines = [line for line in lines if line.strip() not in ("*", "/*", "**")]
    read = tuple(ignore for line in lines for ignore in _read_ignore(line))
    return ((directory, read),) if read else ()


def _read_ignore(line: str) -> Iterator[_IgnoreLine]:
    """The pattern of a line, if it has one."""
    # Blanks at the end are nothing, unless escaped.
    body = re.sub(r"(?<!\\)\s+$", "", line.removeprefix("!"))
    segments = body.rstrip("/").split("/")
    is_deep = "**" in segments
    is_below = segments[-1] == "**"
    try:
        patterns = GitIgnoreSpec.from_lines([body.rstrip("/") if is_below else body]).patterns
    except ValueError:  # Git passes over it, too.
        return
    for pattern in patterns:
        if pattern.include:
            yield _IgnoreLine(
                pattern,
                is_negation=line.startswith("!"),
                directories_only=body.endswith("/"),
                on_name=len(segments) == 1,
                depth=None if is_deep else len(segments) - 1 - (not segments[0]),
                last=None if is_below else _last_pattern(segments[-1]),
            )


def _last_pattern(segment: str) -> Pattern:
    # A sign at the beginning of a line would mean something.
    line = f"\\{segment}" if segment[:1] in ("!", "#") else segment
    pattern: Pattern = GitIgnoreSpec.from_lines([line]).patterns[0]
    return pattern


def _walk(start: _Directory, rules: _Rules, found: _Found) -> None:
    """Read a directory and those below it; links are put off."""
    pending = [start]
    while pending:
        directory = pending.pop()
        if directory.real in found.directories:
            continue
        found.directories.add(directory.real)
        try:
            with os.scandir(directory.path) as scan:
                entries = list(scan)
        except OSError as error:
            found.unreadable[directory.path] = why_unread(error)
            continue
        ignores = directory.ignores
        if rules.gitignore_top is not None and any(entry.name == ".gitignore" for entry in entries):
            ignores += _read_ignores(directory.path, ".gitignore", is_top=directory.is_top)
        real = _with_separator(directory.real)
        for entry in entries:
            is_directory, reason = _look(entry)
            if not is_directory and not reason and not _is_python(entry.name):
                continue
            path, name = entry.path, entry.name
            is_known = real + name in found.directories or real + name in found.files
            if is_known and real + name not in found.linked:
                continue  # Named itself.
            if _is_excluded(path, name, entries, rules, is_directory=is_directory) or _is_ignored(
                path, name, ignores, is_directory=is_directory
            ):
                if not is_known:
                    found.leave_out(path, is_directory=is_directory)
            elif is_known:
                found.own[real + name] = path
            elif reason:
                found.unreadable[entry.path] = reason
            elif entry.is_symlink():
                found.links.append((entry.path, ignores))
            elif is_directory:
                pending.append(_Directory(entry.path, real + entry.name, ignores))
            elif entry.is_file():
                found.files[real + entry.name] = (entry.path, found.is_reporting)
            else:
                found.unreadable[entry.path] = _why_endless(entry.stat(follow_symlinks=False).st_mode)


def _is_excluded(
    path: str, name: str, beside: Sequence[os.DirEntry[str]], rules: _Rules, *, is_directory: bool
) -> bool:
    """Whether the excludes take an entry: build output is no package in a package."""
    if not rules.excludes.matches_entry(path, name, is_directory=is_directory):
        return False
    is_package = is_directory and name in BUILD_OUTPUT and Path(path, "__init__.py").exists()
    if is_package and any(entry.name == "__init__.py" for entry in beside):
        return rules.excludes_of_packages.matches_entry(path, name, is_directory=True)
    return True


def _look(entry: os.DirEntry[str]) -> tuple[bool, str]:
    """Whether the entry is a directory or a link to one; and why a link that may lead to Python leads nowhere."""
    if not entry.is_symlink():
        return entry.is_dir(), ""
    # Emacs marks the file that it edits with a link to nowhere, ".#name.py".
    is_missed = _is_python(entry.name) and not entry.name.startswith(".#")
    try:
        return stat.S_ISDIR(entry.stat().st_mode), ""
    except FileNotFoundError:
        return False, "a link to a file that does not exist" if is_missed else ""
    except OSError as error:
        is_loop = error.errno == errno.ELOOP
        return False, "" if is_loop and not is_missed else why_unread(error)


def _is_python(name: str) -> bool:
    return name.endswith((".py", ".pyw"))


def _is_ignored(path: str, name: str, ignores: _Ignores, *, is_directory: bool) -> bool:
    """What the last line that means the entry says, the innermost file first."""
    end = "/" if is_directory else ""
    for base, lines in reversed(ignores):
        relative = path[len(_with_separator(base)) :].replace(os.sep, "/") + end
        for line in reversed(lines):
            if line.means(relative, name + end):
                return not line.is_negation
    return False


def _why_endless(mode: int) -> str:
    """Why what has a file's name is not read, as that might never end; empty for a file."""
    for is_such, what in (
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if is_such(mode):
            return f"{what}, not a file; '-' reads standard input"
    return ""


def why_unread(error: OSError) -> str:
    """Why a file or directory could not be read, in the words of a message."""
    if error.errno == errno.ELOOP:
        return "a link that leads back to itself"
    if isinstance(error, PermissionError):
        return "permission denied"
    return (error.strerror or str(error)).lower()


def _follow_links(rules: _Rules, found: _Found) -> None:
    """Read what only links lead to, the shortest way first; never a directory that the walk came through."""
    while found.links:
        links = sorted(found.links, key=lambda link: (link[0].count(os.sep), link[0]))
        found.links = []
        for link, ignores in links:
            target = Path(os.path.realpath(link))
            if target.is_file():
                found.files.setdefault(str(target), (link, found.is_reporting))
            elif any(path.is_relative_to(target) for path in (_real_parent(link), found.real_root)):
                found.unreadable[link] = "a link to a folder above it"
            elif target.is_dir():
                _walk(_Directory(link, str(target), ignores), rules, found)
            elif exists(target):
                found.unreadable[link] = _why_endless(target.stat().st_mode)


def _real_parent(link: str) -> Path:
    return Path(os.path.realpath(Path(link).parent))


def _count_python(folder: str) -> int:
    return sum(_is_python(name) for _, _, names in os.walk(folder) for name in names)


def _named(found: _Found, root: Path) -> tuple[SourceFile, ...]:
    """Return the source files; what a named link leads to has the name of where it lies in the project."""
    if not found.own:
        return tuple(name_files(found.files.values(), root))
    shown = {}
    for real, (path, is_reported) in found.files.items():
        above = next((above for above in (Path(real), *Path(real).parents) if str(above) in found.own), None)
        own = path if above is None else str(Path(found.own[str(above)], Path(real).relative_to(above)))
        shown[own] = (path, is_reported)
    files = name_files(((own, is_reported) for own, (_, is_reported) in shown.items()), root)
    named = (replace(file, path=Path(shown[str(file.path)][0])) for file in files)
    return tuple(sorted(named, key=lambda file: file.path.as_posix()))


@dataclass(frozen=True, slots=True)
class _Home:
    """A directory that files are imported from, and the dotted name of the files' directory from there."""

    base: Path
    prefix: tuple[str, ...]


def name_files(files: Iterable[tuple[str, bool]], root: Path) -> Iterator[SourceFile]:
    """Yield the source files of (absolute path, whether it is reported) pairs, sorted by path.

    Their names are those that the directories give.
    """
    homes: dict[Path, tuple[_Home, list[_Home]]] = {}
    for name, is_reported in sorted(files, key=lambda file: file[0].replace(os.sep, "/")):
        path = Path(name)
        if path.parent not in homes:
            homes[path.parent] = _homes(path.parent, root)
        home, others = homes[path.parent]
        is_package = path.name == "__init__.py" and bool(home.prefix)
        own = () if is_package else (path.stem,)
        yield SourceFile(
            path=path,
            module=".".join(home.prefix + own),
            is_package=is_package,
            root=home.base,
            is_reported=is_reported,
            aliases=_shortest_first(".".join(other.prefix + own) for other in others),
        )


def _homes(directory: Path, root: Path) -> tuple[_Home, list[_Home]]:
    """Where the files of `directory` are imported from, and where else they may be, up to `root`."""
    prefix: tuple[str, ...] = ()
    here = directory
    while _is_package(here):
        prefix = (here.name, *prefix)
        here = here.parent
    homes = [_Home(here, prefix)]
    outer = _outer_package(here, root)
    if outer is not None:
        # A folder without __init__.py inside a package is a namespace package of it.
        inner = directory.relative_to(outer.base).parts
        return _Home(outer.base, inner), homes
    while here != root and here.is_relative_to(root) and _is_name(here.name):
        prefix = (here.name, *prefix)
        here = here.parent
        if not _is_package(here):  # Nobody imports from inside a package.
            homes.append(_Home(here, prefix))
    sources = (home for home in homes if home.base.name == "src" and home.base.is_relative_to(root))
    chosen = next(sources, homes[0])
    return chosen, [home for home in homes if home is not chosen]


def _outer_package(directory: Path, root: Path) -> _Home | None:
    """The home of the package that a folder which is none itself lies in, at any depth."""
    here = directory
    while here != root and here.is_relative_to(root) and _is_name(here.name):
        here = here.parent
        if _is_package(here):
            return _homes(here, root)[0]
    return None


def _is_package(directory: Path) -> bool:
    return directory != directory.parent and is_file(directory / "__init__.py")


def _is_name(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name)


def _shortest_first(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: (name.count("."), name)))


def _within_namespace(files: Sequence[SourceFile], imported: frozenset[str]) -> Sequence[SourceFile]:
    """Add the names from above the project's folder where that is a namespace package itself: its files say so."""
    tops: dict[Path, list[tuple[SourceFile, str]]] = defaultdict(list)
    for file in files:
        longest, base = max(_longer_names(file), key=lambda found: len(found[0]), default=(file.module, file.root))
        tops[base].append((file, longest))
    added: dict[SourceFile, str] = {}
    for base, members in tops.items():
        longer = {file: f"{base.name}.{name}" for file, name in members}
        is_meant = sum(name in imported for name in longer.values()) > 1
        if is_meant and not _is_package(base) and not any(name in imported for _, name in members):
            added |= longer
    return [
        replace(file, aliases=_shortest_first({*file.aliases, added[file]})) if file in added else file
        for file in files
    ]


def _imported_trees(files: Sequence[SourceFile], imported: frozenset[str]) -> set[tuple[Path, str]]:
    """The directories that are imported as namespace packages: where they lie, and their name."""
    modules = {file.module for file in files}
    packages: dict[str, set[Path]] = defaultdict(set)
    for file in files:
        if file.is_package:
            packages[file.module].add(file.root)
    trees = set()
    for file in files:
        for name, base in _longer_names(file):
            package = name.rpartition(".")[0]
            is_named = name in imported and name not in modules
            # A loose file's package alone is enough: ``from tests import helper``.
            is_meant = "." not in file.module and package in imported and package not in modules
            if (is_named or is_meant) and not _is_shadowed(package, base, packages):
                trees.add((base, _top_name(name)))
    return {(base, top) for base, top in trees if top != "src" or not _is_layout(base / top, files, imported)}


def _is_layout(src: Path, files: Iterable[SourceFile], imported: frozenset[str]) -> bool:
    """Whether more files, or as many, are imported by the names that they have in a ``src`` folder as with ``src.``."""
    names = [file.module for file in files if file.root == src and file.module in imported]
    longer = [file.module for file in files if file.root == src and f"src.{file.module}" in imported]
    return bool(names) and len(names) >= len(longer)


def _shorter_names(files: Iterable[SourceFile], imported: frozenset[str]) -> set[str]:
    """The packages inside packages that the project imports as if they stood at the top: their full names.

    A host such as Blender puts an inner directory on ``sys.path``. Two inner modules that are imported by the
    shorter name are evidence enough, unless something else has that name.
    """
    modules = {name for file in files for name in (file.module, *file.aliases)}
    taken = {_top_name(name) for name in modules} | sys.stdlib_module_names
    tops = {_top_name(name) for name in imported}
    found = set()
    for file in files:
        outer, _, top = file.module.rpartition(".")
        if not (file.is_package and outer and top in tops) or top in taken or file.module in imported:
            continue
        inner = {name.removeprefix(f"{file.module}.") for name in modules if name.startswith(f"{file.module}.")}
        if sum(f"{top}.{name}" in imported for name in inner) > 1:
            found.add(file.module)
    return found


def _with_shorter(file: SourceFile, packages: set[str]) -> SourceFile:
    for package in packages:
        if file.module == package or file.module.startswith(f"{package}."):
            outer = package.rpartition(".")[0]
            alias = file.module.removeprefix(f"{outer}.")
            return replace(file, aliases=_shortest_first({alias, *file.aliases}))
    return file


def _is_shadowed(package: str, base: Path, packages: Mapping[str, set[Path]]) -> bool:
    """Whether the name leads into another directory, one with an ``__init__.py``: that is imported first."""
    parts = package.split(".")
    prefixes = (".".join(parts[: end + 1]) for end in range(len(parts)))
    return any(prefix in packages and base not in packages[prefix] for prefix in prefixes)


def _top_name(name: str) -> str:
    return name.partition(".")[0]


def _longer_names(file: SourceFile) -> Iterator[tuple[str, Path]]:
    """The names from directories above the file's root, shortest first, each with its directory."""
    for alias in file.aliases:
        if alias.endswith(f".{file.module}"):
            yield alias, file.root.parents[alias.count(".") - file.module.count(".") - 1]


def _settle(file: SourceFile, trees: set[tuple[Path, str]]) -> SourceFile:
    for name, base in _longer_names(file):
        if (base, _top_name(name)) in trees:
            others = {file.module, *file.aliases} - {name}
            return replace(file, module=name, root=base, aliases=_shortest_first(others))
    return file
