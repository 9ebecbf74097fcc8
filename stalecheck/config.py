"""``[tool.stalecheck]`` and the command line's options → Config."""

from __future__ import annotations

import importlib
import os
import posixpath
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stalecheck.errors import ConfigError, StalecheckError, UsageError
from stalecheck.vocabulary import Severity

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

DEFAULT_EXCLUDE = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".git-rewrite",
    ".hg",
    ".hypothesis",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    ".vscode",
    "__pycache__",
    "__pypackages__",
    "_build",
    "buck-out",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
)
"""The folders that are not read unless they are named."""

BUILD_OUTPUT = ("build", "dist")
"""Those of them that are sources where they are packages within packages."""

OUTPUT_FORMATS = ("full", "concise", "json")
COLORS = ("auto", "always", "never")

_IN_SECTION = " in [tool.stalecheck]"

PerFileIgnores = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Config:
    """What a run was asked to do, from the configuration file and the command line together.

    Path patterns are ready for `compile_patterns`: a bare name is as written, a relative pattern has been
    made absolute (from the configuration file's directory, or from the working directory for an option).
    """

    root: Path
    """The project, all of which is read: the nearest directory above the paths with a configuration, a
    ``pyproject.toml`` or a ``.git``; else the paths' common parent."""

    source: Path | None = None
    """The configuration file that was read."""

    reloaded: tuple[str, ...] = ()
    reimported: tuple[str, ...] = ()

    select: tuple[str, ...] | None = None
    """Codes or prefixes; None: the default rules; empty: none."""

    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    per_file_ignores: PerFileIgnores = ()
    """Pairs of a path pattern and the codes ignored there; with ``!`` in front it means all other files."""

    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()

    force_exclude: bool = False
    """Whether the excludes apply to the named paths as well."""

    respect_gitignore: bool = True
    output_format: str = "full"
    min_severity: Severity = Severity.WARNING

    target_version: tuple[int, int] = (3, 10)
    """The oldest Python that the project runs on; by default the lower bound of its ``requires-python``."""

    below_version: tuple[int, int] | None = None
    """The first Python that the project no longer runs on, from the upper bound of its ``requires-python``."""

    since: str = ""
    """A git revision to compare the reloaded modules with; empty: none."""

    jobs: int | None = None
    """How many processes; none: as many as there are cores."""

    show_suppressed: bool = False
    statistics: bool = False
    exit_zero: bool = False
    quiet: bool = False
    verbose: bool = False
    color: str = "auto"


def load_config(
    paths: Sequence[Path],
    *,
    cwd: Path,
    config_file: Path | None = None,
    isolated: bool = False,
    overrides: Mapping[str, object] = {},
) -> Config:
    """Find and read the configuration of `paths`, and lay the options over it.

    `overrides` are options by field name; None and empty sequences count as not given. An option wins over
    the file, an ``extend_…`` option adds to it, and `select` starts anew: the file's `ignore` and
    `extend_select` are dropped. With `isolated` no file is read. Raises ConfigError for a wrong file,
    UsageError for a wrong option.
    """
    if isolated and config_file is not None:
        raise UsageError("--isolated and --config exclude each other; leave one out")
    start = _common_directory([absolute_path(path, cwd) for path in paths] or [cwd])
    config = Config(root=_project_root(start))
    given: dict[str, Any] = {}
    if not isolated:
        source, table, section = _read_named(config_file, cwd) if config_file is not None else _find(start, cwd)
        if source is not None:
            given = _read_table(table, source, cwd, section=section)
        required = _required_python(config.root, cwd)
        target = _lower_bound(required) or config.target_version
        config = replace(config, source=source, target_version=target, below_version=_upper_bound(required))
    return replace(config, **_lay_over(given, _read_options(overrides, cwd)))


def check_codes(codes: Iterable[str], known: Iterable[str], where: str) -> None:
    """See that each code is a known one, or a prefix of one such as ``STL2``.

    `where` opens the message: an option (``--select``) or a file and key. Raises UsageError for the former,
    ConfigError for the latter.
    """
    every = tuple(known)
    prefixes = {code[:end] for code in every for end in range(3, len(code) + 1)}
    for code in codes:
        if code not in prefixes:
            near = _nearest_code(code.upper(), every, prefixes)
            hint = f'did you mean "{near}"?' if near else "--list-rules shows all codes"
            error = UsageError if where.startswith("-") else ConfigError
            raise error(f'{where}: unknown code "{code}"; {hint}')


def _nearest_code(code: str, known: Sequence[str], prefixes: set[str]) -> str | None:
    """The one as long as `code` that begins as it does, before one with a slip elsewhere."""
    for end in range(len(code) - 1, 2, -1):
        siblings = [prefix for prefix in prefixes if len(prefix) == len(code) and prefix[:end] == code[:end]]
        if siblings:
            return min(siblings)
    return next(iter(get_close_matches(code, known, n=1)), None)


def parse_per_file_ignores(values: Iterable[str]) -> PerFileIgnores:
    """Turn the option's values (``tests/*:STL101,docs/*:STL2``, any number) into pairs of pattern and codes.

    Raises UsageError for a value without a pattern or without a code.
    """
    ignores: dict[str, tuple[str, ...]] = {}
    for pair in (pair.strip() for value in values for pair in value.split(",")):
        # From the right: a pattern may have a drive letter.
        pattern, _, code = (part.strip() for part in pair.rpartition(":"))
        if not pattern or not code:
            raise UsageError(f'--per-file-ignores: "{pair}" is not PATTERN:CODE, such as "tests/*:STL101"')
        ignores[pattern] = (*ignores.get(pattern, ()), code)
    return tuple(ignores.items())


def ignored_codes(config: Config, path: Path) -> frozenset[str]:
    """The codes and prefixes that ``per-file-ignores`` names for the absolute `path`."""
    return frozenset(
        code
        for pattern, codes in config.per_file_ignores
        if _compiled(pattern.removeprefix("!")).matches(path, below=config.root) != pattern.startswith("!")
        for code in codes
    )


@dataclass(frozen=True, slots=True)
class PathPatterns:
    """Path patterns, ready to match: bare names match any one name of a path, the others a whole path."""

    names: frozenset[str]
    name_globs: GitIgnoreSpec
    path_globs: GitIgnoreSpec

    def matches_entry(self, path: str, name: str, *, is_directory: bool) -> bool:
        """Whether a pattern takes this file or directory itself; its parents' names are not looked at."""
        if name in self.names:
            return True
        end = "/" if is_directory else ""
        return bool(
            (self.name_globs.patterns and self.name_globs.match_file(name + end))
            or (self.path_globs.patterns and self.path_globs.match_file(_slashed(path) + end))
        )

    def matches(self, path: Path, *, below: Path) -> bool:
        """Whether a pattern takes `path`, or a directory between it and `below`."""
        if self.matches_entry(str(path), path.name, is_directory=is_directory(path)):
            return True
        parents = path.parents if path.is_relative_to(below) else ()
        return any(
            self.matches_entry(str(parent), parent.name, is_directory=True)
            for parent in parents
            if parent != below and parent.is_relative_to(below)
        )


def compile_patterns(patterns: Iterable[str]) -> PathPatterns:
    """Make a matcher of patterns as a Config has them. Raises ValueError for one that is no pattern."""
    from pathspec import GitIgnoreSpec

    names: set[str] = set()
    name_globs: list[str] = []
    path_globs: list[str] = []
    for pattern in patterns:
        # The first character of a line in a .gitignore may be a sign; here it never is.
        line = f"\\{pattern}" if pattern[:1] in ("!", "#") else pattern
        if "/" in pattern.rstrip("/"):
            path_globs.append(line if line.startswith("/") else f"/{line}")
        elif re.search(r"[*?\[\\/]|\s$", pattern) or line != pattern:
            name_globs.append(line)
        else:
            names.add(pattern)
    return PathPatterns(frozenset(names), GitIgnoreSpec.from_lines(name_globs), GitIgnoreSpec.from_lines(path_globs))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> PathPatterns:
    return compile_patterns([pattern])


def absolute_path(path: Path, cwd: Path) -> Path:
    """The path from the filesystem's root, links unresolved."""
    return Path(os.path.abspath(cwd / path))  # noqa: PTH100 - pathlib keeps "..".


def shown(path: Path, cwd: Path) -> str:
    """The path as messages print it: relative to the working directory where it lies below it."""
    return (path.relative_to(cwd) if path.is_relative_to(cwd) else path).as_posix()


def is_file(path: Path) -> bool:
    """Whether a file stands there; False too where nobody may look."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file() raises for want of permission.


def is_directory(path: Path) -> bool:
    """Whether a directory stands there; False too where nobody may look."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir() raises for want of permission.


def exists(path: Path) -> bool:
    """Whether anything stands there; False too where nobody may look."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists() raises for want of permission.


def _common_directory(paths: Sequence[Path]) -> Path:
    directories = {path if is_directory(path) else path.parent for path in paths}
    try:
        return Path(os.path.commonpath(directories))
    except ValueError:  # Two drives have nothing in common.
        return min(directories)


def _project_root(start: Path) -> Path:
    markers = ("stalecheck.toml", "pyproject.toml", ".git")
    for directory in (start, *start.parents):
        if any(exists(directory / marker) for marker in markers):
            return directory
    return start


def _find(start: Path, cwd: Path) -> tuple[Path | None, object, str]:
    """The nearest configuration, its table, and what messages add to its keys.

    A ``pyproject.toml`` without a section for it is passed over.
    """
    for directory in (start, *start.parents):
        own = directory / "stalecheck.toml"
        if is_file(own):
            return own, _read_toml(own, cwd), ""
        project = directory / "pyproject.toml"
        if is_file(project):
            section = _section(_read_toml(project, cwd))
            if section is not None:
                return project, section, _IN_SECTION
    return None, {}, ""


def _read_named(file: Path, cwd: Path) -> tuple[Path, object, str]:
    path = absolute_path(file, cwd)
    if not is_file(path):
        raise UsageError(f"--config: {shown(path, cwd)} is not a file")
    table = _read_toml(path, cwd)
    section = _section(table)
    if section is None and path.name == "pyproject.toml":
        raise ConfigError(f"{shown(path, cwd)}: has no [tool.stalecheck]")
    return (path, table, "") if section is None else (path, section, _IN_SECTION)


def _section(table: Mapping[str, Any]) -> object:
    tool = table.get("tool")
    return tool.get("stalecheck") if isinstance(tool, dict) else None


def _read_toml(path: Path, cwd: Path) -> dict[str, Any]:
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{shown(path, cwd)}:{line}: not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{shown(path, cwd)}: cannot be read: {error.strerror}") from None
    try:
        table: dict[str, Any] = toml.loads(text)
    except (ValueError, RecursionError) as error:
        message, _, place = str(error).partition(" (at ")
        found = re.match(r"line (\d+)", place)
        line = int(found[1]) if found else text.count("\n") + (not text.endswith("\n"))
        raise ConfigError(f"{shown(path, cwd)}:{line}: not valid TOML: {message}") from None
    return table


def _required_python(root: Path, cwd: Path) -> str:
    """The project's ``requires-python``; empty if it states none."""
    path = root / "pyproject.toml"
    project = _read_toml(path, cwd).get("project") if is_file(path) else None
    required = project.get("requires-python") if isinstance(project, dict) else None
    return required if isinstance(required, str) else ""


def _lower_bound(required: str) -> tuple[int, int] | None:
    bounds = re.findall(r"(?:>=|~=|==|(?<![<>=~!])>)\s*(\d+)(?:\.(\d+))?", required)
    return max(((int(major), int(minor or 0)) for major, minor in bounds), default=None)


def _upper_bound(required: str) -> tuple[int, int] | None:
    """The first minor version that ``<3.12``, ``<=3.11`` or ``==3.11.*`` leaves out."""
    found = []
    for operator, major, minor, micro in re.findall(r"(<=|<|==)\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?", required):
        is_left_out = operator == "<" and not int(micro or 0)
        if minor or is_left_out:
            found.append((int(major), int(minor or 0) + (not is_left_out)))
    return min(found, default=None)


def _read_table(table: object, source: Path, cwd: Path, *, section: str) -> dict[str, Any]:
    """The values of a configuration file by field name; `section` is what messages add to a key."""
    file = shown(source, cwd)
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: [tool.stalecheck] must be a table, not {_kind(table)}")
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        where = f'{file}: "{key}"{section}'
        if name in _OPTIONS_ONLY:
            option = f"--{name.replace('_', '-')}"
            raise ConfigError(f'{file}: "{key}"{section} is no key; give {option} on the command line')
        if name not in _READERS:
            raise ConfigError(f'{file}: unknown key "{key}"{section}; {_nearest_key(key)}')
        if name in values:
            raise ConfigError(f"{where} is given twice, with an underscore and with a dash; keep one")
        values[name] = _read_value(name, value, where, source.parent, ConfigError)
    return values


def _nearest_key(key: str) -> str:
    if key == "tool":
        return "the keys stand at the top of this file, without [tool.stalecheck]"
    names = sorted(_READERS if "_" in key else (name.replace("_", "-") for name in _READERS))
    near = get_close_matches(key, names, n=1)
    return f'did you mean "{near[0]}"?' if near else f"the keys are {', '.join(names)}"


def _read_options(options: Mapping[str, object], cwd: Path) -> dict[str, Any]:
    """The options that were given, by field name."""
    values: dict[str, Any] = {}
    for name, value in options.items():
        if name not in _READERS:
            near = get_close_matches(name.replace("-", "_"), _READERS, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"the options are {', '.join(sorted(_READERS))}"
            raise UsageError(f'unknown option "{name}"; {hint}')
        if value is not None and value != () and value != []:
            values[name] = _read_value(name, value, f"--{name.replace('_', '-')}", cwd, UsageError)
    return values


def _lay_over(given: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    lower = dict(given)
    if "select" in options:
        lower = {name: value for name, value in given.items() if name not in ("ignore", "extend_select")}
    extended = {name: (*lower.get(name, ()), *value) for name, value in options.items() if name.startswith("extend_")}
    return {**lower, **options, **extended}


def _read_value(name: str, value: object, where: str, base: Path, error: type[StalecheckError]) -> object:
    try:
        read = _READERS[name](value)
    except _UnexpectedError as unexpected:
        raise error(f"{where} must be {unexpected}, not {_kind(unexpected.value)}") from None
    if name not in ("exclude", "extend_exclude", "per_file_ignores"):
        return read
    anchored: list[Any] = []
    for item in read:
        pattern = item if isinstance(item, str) else item[0]
        try:
            # A bad pattern is the user's mistake: it has to come out here, next to its key.
            full = _anchored(pattern, base)
            compile_patterns([full.removeprefix("!")])
        except ValueError:
            raise error(f'{where}: "{pattern}" is not a path pattern') from None
        anchored.append(full if isinstance(item, str) else (full, item[1]))
    return tuple(anchored)


def _anchored(pattern: str, base: Path) -> str:
    """The pattern from the filesystem's root; a bare name stays as it is."""
    if not pattern.strip("/") and not pattern.startswith("/"):
        raise ValueError(pattern)
    if "/" not in pattern.rstrip("/"):
        return pattern
    sign, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    literal = re.sub(r"([\\*?\[\]])", r"\\\1", base.as_posix())
    end = "/" if body.endswith("/") else ""
    return sign + posixpath.normpath(posixpath.join(literal, body)) + end


def _slashed(path: str) -> str:
    return path.replace(os.sep, "/") if os.sep != "/" else path


class _UnexpectedError(Exception):
    """A value of the wrong type; the message says what is expected."""

    def __init__(self, expected: str, value: object) -> None:
        super().__init__(expected)
        self.value = value


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise _UnexpectedError("a list of strings", value)


def _modules(value: object) -> tuple[str, ...]:
    names = _strings(value)
    if all(name.strip() for name in names):
        return names
    raise _UnexpectedError('a list of module names such as "app.core" or "app.*"', "")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _UnexpectedError("true or false", value)


def _text(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise _UnexpectedError("a non-empty string" if value == "" else "a string", value)


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise _UnexpectedError("a number from 1 up", value)


def _word_of(words: Sequence[str]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise _UnexpectedError(_one_of(words), value)

    return read


def _severity(value: object) -> Severity:
    if isinstance(value, Severity):
        return value
    for severity in Severity:
        if value == severity.label:
            return severity
    raise _UnexpectedError(_one_of([severity.label for severity in reversed(Severity)]), value)


def _version(value: object) -> tuple[int, int]:
    found = re.fullmatch(r"py3(\d+)", value) if isinstance(value, str) else None
    if found:
        return 3, int(found[1])
    if isinstance(value, tuple) and len(value) == 2 and all(type(number) is int for number in value):
        return value
    raise _UnexpectedError('a version such as "py310"', value)


def _per_file_ignores(value: object) -> PerFileIgnores:
    """Pairs, or from a file a table."""
    pairs = value.items() if isinstance(value, dict) else value
    if not isinstance(pairs, Iterable) or isinstance(pairs, str):
        raise _UnexpectedError(_TABLE, value)
    return tuple(_ignored_pair(pair) for pair in pairs)


def _ignored_pair(pair: object) -> tuple[str, tuple[str, ...]]:
    if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)):
        raise _UnexpectedError(_TABLE, [pair])
    pattern, codes = pair
    try:
        return pattern, _strings(codes)
    except _UnexpectedError as unexpected:
        raise _UnexpectedError(f'{_TABLE}, such as "{pattern}" = ["STL101"]', unexpected.value) from None


def _one_of(words: Sequence[str]) -> str:
    return " or ".join(f'"{word}"' for word in words)


def _kind(value: object) -> str:
    """What the user wrote, in the user's words."""
    if isinstance(value, (list, tuple)):
        odd = next((item for item in value if not isinstance(item, str)), None)
        return "a list" if odd is None else f"a list with {_kind(odd)} in it"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (bool, int, float)):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    return f"a {type(value).__name__}"


_TABLE = "a table from path patterns to lists of codes"

_OPTIONS_ONLY = frozenset(
    {"config", "explain", "isolated", "list_reloads", "list_rules", "output_file", "stdin_filename", "version"}
)
"""Options that are about one call of the command."""

_READERS: Mapping[str, Callable[[Any], Any]] = {
    "reloaded": _modules,
    "reimported": _modules,
    "select": _strings,
    "extend_select": _strings,
    "ignore": _strings,
    "per_file_ignores": _per_file_ignores,
    "exclude": _strings,
    "extend_exclude": _strings,
    "force_exclude": _flag,
    "respect_gitignore": _flag,
    "output_format": _word_of(OUTPUT_FORMATS),
    "min_severity": _severity,
    "target_version": _version,
    "since": _text,
    "jobs": _count,
    "show_suppressed": _flag,
    "statistics": _flag,
    "exit_zero": _flag,
    "quiet": _flag,
    "verbose": _flag,
    "color": _word_of(COLORS),
}
"""Every key of the configuration, and what reads its value."""
