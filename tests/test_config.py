"""What a configuration file and the options say, and what is said about a wrong one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from stalecheck import config as config_module
from stalecheck.config import (
    DEFAULT_EXCLUDE,
    Config,
    check_codes,
    compile_patterns,
    ignored_codes,
    load_config,
    parse_per_file_ignores,
)
from stalecheck.errors import ConfigError, UsageError
from stalecheck.vocabulary import Severity

CODES = ("STL001", "STL101", "STL102", "STL203")
OLDEST = (3, 10)  # the report must not depend on the machine


@pytest.fixture
def project(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Write files, and give their directory."""

    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


Project = Callable[[Mapping[str, str]], Path]


# The root and the file


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"a.py": ""}, id="there is none"),
        pytest.param({"pyproject.toml": "[project]\nname = 'x'"}, id="pyproject.toml without a section"),
        pytest.param({"pyproject.toml": "tool = 3"}, id="tool is no table"),
        pytest.param({"stalecheck.toml": ""}, id="empty file"),
        pytest.param({"pyproject.toml": "[tool.stalecheck]"}, id="empty section"),
        pytest.param({"sub/stalecheck.toml": "jobs = 2"}, id="only below the path"),
    ],
)
def test_nothing_is_configured(project: Project, files: Mapping[str, str]) -> None:
    root = project(files)
    config = load_config([root], cwd=root)
    assert config == Config(root=root, source=config.source)


@pytest.mark.parametrize(
    ("files", "source", "jobs"),
    [
        pytest.param({"pyproject.toml": "[tool.stalecheck]\njobs = 2"}, "pyproject.toml", 2, id="pyproject"),
        pytest.param({"stalecheck.toml": "jobs = 3"}, "stalecheck.toml", 3, id="own file"),
        pytest.param(
            {"pyproject.toml": "[tool.stalecheck]\njobs = 2", "stalecheck.toml": "jobs = 3"},
            "stalecheck.toml",
            3,
            id="own file wins beside pyproject",
        ),
        pytest.param(
            {"stalecheck.toml": "jobs = 3", "src/pyproject.toml": "[tool.stalecheck]\njobs = 2"},
            "src/pyproject.toml",
            2,
            id="nearest wins",
        ),
        pytest.param(
            {"stalecheck.toml": "jobs = 3", "src/pyproject.toml": "[project]"},
            "stalecheck.toml",
            3,
            id="pyproject without a section is passed over",
        ),
        pytest.param({"stalecheck.toml": "\ufeffjobs = 3"}, "stalecheck.toml", 3, id="byte order mark"),
    ],
)
def test_nearest_file_is_read(project: Project, files: Mapping[str, str], source: str, jobs: int) -> None:
    root = project({"src/a.py": "", **files})
    config = load_config([Path("src/a.py")], cwd=root)
    assert (config.source, config.jobs) == (root / source, jobs)


@pytest.mark.parametrize(
    ("files", "paths", "root"),
    [
        pytest.param({}, ["a/b"], "a/b", id="a directory"),
        pytest.param({}, ["a/b/m.py"], "a/b", id="a file"),
        pytest.param({}, ["a/b/m.py", "a/c"], "a", id="common parent"),
        pytest.param({}, ["a/b", "a/b/../c"], "a", id="dots"),
        pytest.param({}, [], ".", id="no path: the working directory"),
        pytest.param({"pyproject.toml": ""}, ["a/b"], ".", id="pyproject.toml marks"),
        pytest.param({"stalecheck.toml": ""}, ["a/b"], ".", id="stalecheck.toml marks"),
        pytest.param({".git/HEAD": ""}, ["a/b"], ".", id=".git marks"),
        pytest.param({".git": "gitdir: x"}, ["a/b"], ".", id=".git of a worktree marks"),
        pytest.param({".git/HEAD": "", "a/pyproject.toml": ""}, ["a/b"], "a", id="nearest mark"),
        pytest.param({".git/HEAD": "", "a/b/pyproject.toml": ""}, ["a/b", "a/c"], ".", id="above all paths"),
    ],
)
def test_root(project: Project, files: Mapping[str, str], paths: list[str], root: str) -> None:
    top = project({"a/b/m.py": "", "a/c/n.py": "", **files})
    assert load_config([Path(path) for path in paths], cwd=top).root == top / root


def test_named_file(project: Project) -> None:
    root = project({"stalecheck.toml": "jobs = 2", "other/check.toml": "jobs = 3\nexclude = ['x/y']"})
    config = load_config([root], cwd=root, config_file=Path("other/check.toml"))
    assert (config.root, config.source, config.jobs) == (root, root / "other/check.toml", 3)
    assert config.exclude == (f"{root.as_posix()}/other/x/y",)


def test_keys_at_the_top_of_a_named_file_are_in_no_section(project: Project) -> None:
    root = project({"ci.toml": "jobs = 0"})
    with pytest.raises(ConfigError) as raised:
        load_config([root], cwd=root, config_file=Path("ci.toml"))
    assert str(raised.value) == 'ci.toml: "jobs" must be a number from 1 up, not 0'


def test_named_file_with_section(project: Project) -> None:
    root = project({"ci.toml": "[tool.stalecheck]\njobs = 4"})
    assert load_config([root], cwd=root, config_file=Path("ci.toml")).jobs == 4


def test_isolated_reads_nothing(project: Project) -> None:
    root = project({"pyproject.toml": "broken [", "a.py": ""})
    config = load_config([root], cwd=root, isolated=True, overrides={"jobs": 2})
    assert config == Config(root=root, jobs=2)


# Values


FULL = """
reloaded = ["app.plugins.*"]
reimported = ["bot.*"]
select = ["STL1"]
extend-select = ["STL211"]
ignore = ["STL105"]
exclude = ["gen"]
extend-exclude = ["docs/conf.py", "*_pb2.py"]
force-exclude = true
respect-gitignore = false
output-format = "concise"
min-severity = "error"
target-version = "py311"
jobs = 2
show-suppressed = true
statistics = true
exit-zero = true
quiet = true
verbose = true
color = "never"
[per-file-ignores]
"tests/*" = ["STL101", "STL2"]
"!src/**" = ["STL3"]
"conftest.py" = ["STL1"]
"""


@pytest.mark.parametrize("dash", ["-", "_"])
def test_all_keys(project: Project, dash: str) -> None:
    lines = [
        line.replace("-", dash) if " = " in line and '"' not in line.split(" = ")[0] else line
        for line in FULL.replace("[per-file-ignores]", f"[per{dash}file{dash}ignores]").splitlines()
    ]
    root = project({"stalecheck.toml": "\n".join(lines)})
    base = root.as_posix()
    assert load_config([root], cwd=root) == Config(
        root=root,
        source=root / "stalecheck.toml",
        reloaded=("app.plugins.*",),
        reimported=("bot.*",),
        select=("STL1",),
        extend_select=("STL211",),
        ignore=("STL105",),
        per_file_ignores=(
            (f"{base}/tests/*", ("STL101", "STL2")),
            (f"!{base}/src/**", ("STL3",)),
            ("conftest.py", ("STL1",)),
        ),
        exclude=("gen",),
        extend_exclude=(f"{base}/docs/conf.py", "*_pb2.py"),
        force_exclude=True,
        respect_gitignore=False,
        output_format="concise",
        min_severity=Severity.ERROR,
        target_version=(3, 11),
        jobs=2,
        show_suppressed=True,
        statistics=True,
        exit_zero=True,
        quiet=True,
        verbose=True,
        color="never",
    )


def test_every_field_has_a_key() -> None:
    assert set(config_module._READERS) == {field.name for field in fields(Config)} - {
        "root",
        "source",
        "below_version",
    }


@pytest.mark.parametrize(
    ("project_table", "expected"),
    [
        pytest.param("", OLDEST, id="nothing said"),
        pytest.param('requires-python = "<4"', OLDEST, id="no lower bound"),
        pytest.param('requires-python = "!=3.9.*"', OLDEST, id="an exception is no bound"),
        pytest.param("requires-python = 3", OLDEST, id="not a string"),
        pytest.param('requires-python = ">=3.10"', (3, 10), id=">="),
        pytest.param('requires-python = ">= 3.9, <4"', (3, 9), id="with an upper bound"),
        pytest.param('requires-python = "<3.13,>=3.8.1,!=3.9.0"', (3, 8), id="anywhere in the list"),
        pytest.param('requires-python = "~=3.11"', (3, 11), id="~="),
        pytest.param('requires-python = "==3.12.*"', (3, 12), id="=="),
        pytest.param('requires-python = ">3.9"', (3, 9), id=">"),
        pytest.param('requires-python = ">=3"', (3, 0), id="major only"),
        pytest.param('requires-python = ">=2.7, >=3.6"', (3, 6), id="the highest"),
    ],
)
def test_target_version_follows_requires_python(
    project: Project, project_table: str, expected: tuple[int, int]
) -> None:
    root = project({"pyproject.toml": f"[project]\nname = 'x'\n{project_table}"})
    assert load_config([root], cwd=root).target_version == expected


@pytest.mark.parametrize(
    ("required", "expected"),
    [
        pytest.param(">=3.8", None, id="none"),
        pytest.param(">=3.8,<3.12", (3, 12), id="<"),
        pytest.param(">=3.8, <= 3.11", (3, 12), id="<="),
        pytest.param("==3.11.*", (3, 12), id="=="),
        pytest.param(">=3.8,<3.12.0", (3, 12), id="the first of a minor version"),
        pytest.param("<3.12.4", (3, 13), id="a part of a minor version"),
        pytest.param("<4,<3.13", (3, 13), id="the lowest"),
        pytest.param(">=3.8,<4", (4, 0), id="major only"),
    ],
)
def test_the_upper_bound_follows_requires_python(
    project: Project, required: str, expected: tuple[int, int] | None
) -> None:
    root = project({"pyproject.toml": f"[project]\nname = 'x'\nrequires-python = '{required}'"})
    assert load_config([root], cwd=root).below_version == expected


def test_target_version_of_the_root_without_section(project: Project) -> None:
    root = project({"stalecheck.toml": "jobs = 2", "lib/pyproject.toml": "[project]\nrequires-python = '>=3.11'"})
    config = load_config([root / "lib"], cwd=root)
    assert (config.jobs, config.target_version) == (2, (3, 11))


# Options over the file


@pytest.mark.parametrize("value", [None, (), []], ids=["None", "empty tuple", "empty list"])
def test_option_not_given(project: Project, value: object) -> None:
    root = project({"stalecheck.toml": "select = ['STL1']\njobs = 2"})
    config = load_config([root], cwd=root, overrides={"select": value, "jobs": value})
    assert (config.select, config.jobs) == (("STL1",), 2)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        pytest.param({"jobs": 4}, {"jobs": 4}, id="wins"),
        pytest.param({"force_exclude": False}, {"force_exclude": False}, id="false wins too"),
        pytest.param({"reloaded": ("m",)}, {"reloaded": ("m",)}, id="a list is replaced"),
        pytest.param({"ignore": ("STL2",)}, {"ignore": ("STL2",)}, id="ignore is replaced"),
        pytest.param({"extend_select": ("STL3",)}, {"extend_select": ("STL211", "STL3")}, id="extends"),
        pytest.param(
            {"extend_exclude": ("x",)},
            {"extend_exclude": ("{cwd}/docs/conf.py", "*_pb2.py", "x")},
            id="paths",
        ),
        pytest.param({"exclude": ("a/b",)}, {"exclude": ("{cwd}/sub/a/b",)}, id="from the working directory"),
        pytest.param({"exclude": ("./a/",)}, {"exclude": ("{cwd}/sub/a/",)}, id="dot and slash"),
        pytest.param({"exclude": ("../a/*",)}, {"exclude": ("{cwd}/a/*",)}, id="up"),
        pytest.param({"exclude": ("/abs/*",)}, {"exclude": ("/abs/*",)}, id="absolute"),
        pytest.param({"exclude": ("a/",)}, {"exclude": ("a/",)}, id="a bare name"),
        pytest.param({"select": ("STL2",)}, {"select": ("STL2",), "extend_select": (), "ignore": ()}, id="starts anew"),
        pytest.param(
            {"select": ("STL2",), "ignore": ("STL203",), "extend_select": ("STL1",)},
            {"select": ("STL2",), "ignore": ("STL203",), "extend_select": ("STL1",)},
            id="starts anew with others",
        ),
        pytest.param({"min_severity": Severity.NOTE}, {"min_severity": Severity.NOTE}, id="a severity"),
        pytest.param({"min_severity": "note"}, {"min_severity": Severity.NOTE}, id="its name"),
        pytest.param({"target_version": (3, 12)}, {"target_version": (3, 12)}, id="a version"),
        pytest.param({"target_version": "py312"}, {"target_version": (3, 12)}, id="its name too"),
        pytest.param(
            {"per_file_ignores": (("a.py", ("STL1",)),)},
            {"per_file_ignores": (("a.py", ("STL1",)),)},
            id="per file",
        ),
    ],
)
def test_options(project: Project, overrides: Mapping[str, object], expected: Mapping[str, object]) -> None:
    root = project({"stalecheck.toml": FULL, "sub/a.py": ""})
    before = load_config([root], cwd=root / "sub")
    after = load_config([root], cwd=root / "sub", overrides=overrides)

    def filled(value: object) -> object:
        if not isinstance(value, tuple):
            return value
        return tuple(each.replace("{cwd}", root.as_posix()) if isinstance(each, str) else each for each in value)

    changed = {name: filled(value) for name, value in expected.items()}
    assert {f.name: getattr(after, f.name) for f in fields(Config)} == {
        **{f.name: getattr(before, f.name) for f in fields(Config)},
        **changed,
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"overrides": {"jbos": 2}}, 'unknown option "jbos"; did you mean "jobs"?', id="unknown option"),
        pytest.param({"overrides": {"jobs": 0}}, "--jobs must be a number from 1 up, not 0", id="wrong value"),
        pytest.param({"overrides": {"since": ""}}, '--since must be a non-empty string, not ""', id="empty value"),
        pytest.param(
            {"overrides": {"min_severity": "bad"}},
            '--min-severity must be "error" or "warning" or "note", not "bad"',
            id="wrong word",
        ),
        pytest.param(
            {"overrides": {"exclude": ("a/\\",)}},
            '--exclude: "a/\\" is not a path pattern',
            id="wrong pattern",
        ),
        pytest.param({"config_file": Path("no.toml")}, "--config: no.toml is not a file", id="--config is missing"),
        pytest.param(
            {"config_file": Path("no.toml"), "isolated": True},
            "--isolated and --config exclude each other; leave one out",
            id="--config with --isolated",
        ),
    ],
)
def test_wrong_options(tmp_path: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        load_config([tmp_path], cwd=tmp_path, **arguments)  # type: ignore[arg-type]
    assert str(raised.value) == message


# Wrong files


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("exlude = ['a']", ': unknown key "exlude"; did you mean "exclude"?', id="unknown key"),
        pytest.param(
            "per-file-ignore = 1",
            ': unknown key "per-file-ignore"; did you mean "per-file-ignores"?',
            id="unknown key with dashes",
        ),
        pytest.param(
            "per_file_ignore = 1",
            ': unknown key "per_file_ignore"; did you mean "per_file_ignores"?',
            id="unknown key with underscores",
        ),
        pytest.param(
            "xyz = 1",
            ': unknown key "xyz"; the keys are color, exclude, exit-zero, extend-exclude, extend-select, '
            "force-exclude, ignore, jobs, min-severity, output-format, per-file-ignores, quiet, reimported, reloaded, "
            "respect-gitignore, select, show-suppressed, since, statistics, target-version, verbose",
            id="like no key",
        ),
        pytest.param("select = 'STL1'", ': "select" must be a list of strings, not "STL1"', id="no list"),
        pytest.param("ignore = [1]", ': "ignore" must be a list of strings, not a list with 1 in it', id="wrong list"),
        pytest.param(
            "reloaded = ['']",
            ': "reloaded" must be a list of module names such as "app.core" or "app.*", not ""',
            id="a module without a name",
        ),
        pytest.param(
            "output-file = 'a'",
            ': "output-file" is no key; give --output-file on the command line',
            id="an option of one call",
        ),
        pytest.param("color = true", ': "color" must be "auto" or "always" or "never", not true', id="no colour"),
        pytest.param("reloaded = {}", ': "reloaded" must be a list of strings, not a table', id="a table"),
        pytest.param("statistics = 1", ': "statistics" must be true or false, not 1', id="no flag"),
        pytest.param("jobs = true", ': "jobs" must be a number from 1 up, not true', id="no number"),
        pytest.param(
            "output-format = 'xml'",
            ': "output-format" must be "full" or "concise" or "json", not "xml"',
            id="no format",
        ),
        pytest.param(
            "target-version = 'py27'",
            ': "target-version" must be a version such as "py310", not "py27"',
            id="no version",
        ),
        pytest.param(
            "per-file-ignores = {'a' = 'STL1'}",
            ': "per-file-ignores" must be a table from path patterns to lists of codes, such as "a" = ["STL101"], '
            'not "STL1"',
            id="codes are no list",
        ),
        pytest.param(
            "per-file-ignores = {'a' = [1]}",
            ': "per-file-ignores" must be a table from path patterns to lists of codes, such as "a" = ["STL101"], '
            "not a list with 1 in it",
            id="codes are no strings",
        ),
        pytest.param(
            "per-file-ignores = ['a']",
            ': "per-file-ignores" must be a table from path patterns to lists of codes, not a list',
            id="patterns are no table",
        ),
        pytest.param("exclude = ['']", ': "exclude": "" is not a path pattern', id="empty pattern"),
        pytest.param(
            "extend-select = []\nextend_select = []",
            ': "extend_select" is given twice, with an underscore and with a dash; keep one',
            id="given twice",
        ),
        pytest.param("jobs = 1\n\njobs", ":3: not valid TOML: ", id="broken TOML"),
        pytest.param("jobs = 1\nselect = [", ":2: not valid TOML: ", id="broken at the end"),
    ],
)
def test_wrong_file(project: Project, text: str, message: str) -> None:
    root = project({"stalecheck.toml": text})
    with pytest.raises(ConfigError) as raised:
        load_config([root], cwd=root)
    # What TOML's parser says is its own affair.
    said = str(raised.value)
    assert (
        said.startswith(f"stalecheck.toml{message}") if message.endswith(": ") else said == f"stalecheck.toml{message}"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "[tool.stalecheck]\nexlude = 1",
            'unknown key "exlude" in [tool.stalecheck]; did you mean "exclude"?',
            id="key",
        ),
        pytest.param(
            "[tool.stalecheck]\njobs = 'a'",
            '"jobs" in [tool.stalecheck] must be a number from 1 up, not "a"',
            id="type",
        ),
        pytest.param("[tool]\nstalecheck = 3", "[tool.stalecheck] must be a table, not 3", id="section is no table"),
    ],
)
def test_wrong_section_names_it(project: Project, text: str, message: str) -> None:
    root = project({"app/pyproject.toml": text})
    with pytest.raises(ConfigError) as raised:
        load_config([root / "app"], cwd=root)
    assert str(raised.value) == f"app/pyproject.toml: {message}"


def test_section_in_own_file(project: Project) -> None:
    root = project({"stalecheck.toml": "[tool.stalecheck.x]\na = 1", "sub/a.py": ""})
    with pytest.raises(ConfigError) as raised:
        load_config([root], cwd=root / "sub")
    assert str(raised.value) == (
        f'{root.as_posix()}/stalecheck.toml: unknown key "tool"; '
        "the keys stand at the top of this file, without [tool.stalecheck]"
    )


def test_file_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "stalecheck.toml").write_bytes(b"jobs = 1\nselect = ['\xff']")
    with pytest.raises(ConfigError) as raised:
        load_config([tmp_path], cwd=tmp_path)
    assert str(raised.value) == "stalecheck.toml:2: not UTF-8; save the file as UTF-8"


def test_named_pyproject_without_section(project: Project) -> None:
    root = project({"pyproject.toml": "[project]"})
    with pytest.raises(ConfigError) as raised:
        load_config([root], cwd=root, config_file=Path("pyproject.toml"))
    assert str(raised.value) == "pyproject.toml: has no [tool.stalecheck]"


# Codes


@pytest.mark.parametrize("codes", [(), ("STL101",), ("STL1", "STL"), ("STL2", "STL001")])
def test_known_codes(codes: tuple[str, ...]) -> None:
    check_codes(codes, CODES, "--select")


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        pytest.param("STL103", 'did you mean "STL101"?', id="near"),
        pytest.param("STL1022", 'did you mean "STL102"?', id="too long"),
        pytest.param("SLT203", 'did you mean "STL203"?', id="letters swapped"),
        pytest.param("stl101", 'did you mean "STL101"?', id="small letters"),
        pytest.param("STL4", 'did you mean "STL0"?', id="near prefix"),
        pytest.param("from-import", "--list-rules shows all codes", id="a name"),
        pytest.param("", "--list-rules shows all codes", id="empty"),
        pytest.param("S", "--list-rules shows all codes", id="less than the common letters"),
    ],
)
def test_unknown_code(code: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        check_codes(["STL101", code], CODES, "--select")
    assert str(raised.value) == f'--select: unknown code "{code}"; {hint}'


def test_unknown_code_in_a_file() -> None:
    with pytest.raises(ConfigError):
        check_codes(["STL9"], CODES, "pyproject.toml: select")


# Per-file ignores and patterns


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([], (), id="none"),
        pytest.param(["a.py:STL1"], (("a.py", ("STL1",)),), id="one"),
        pytest.param(["a.py:STL1, b/*:STL2"], (("a.py", ("STL1",)), ("b/*", ("STL2",))), id="commas"),
        pytest.param(["a.py:STL1", "b:STL2"], (("a.py", ("STL1",)), ("b", ("STL2",))), id="repeated"),
        pytest.param(["a:STL1", "a:STL2"], (("a", ("STL1", "STL2")),), id="same pattern"),
        pytest.param(["C:/a:STL1"], (("C:/a", ("STL1",)),), id="drive letter"),
    ],
)
def test_per_file_ignores_option(values: list[str], expected: object) -> None:
    assert parse_per_file_ignores(values) == expected


@pytest.mark.parametrize("value", ["", "a.py", "a.py:", ":STL1", "a.py:STL1,STL2"])
def test_wrong_per_file_ignores_option(value: str) -> None:
    with pytest.raises(UsageError, match=r"^--per-file-ignores: .* is not PATTERN:CODE, such as"):
        parse_per_file_ignores([value])


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        pytest.param("tests/*", "src/tests/a.py", False, id="only from the base"),
        pytest.param("tests/*.py", "tests/sub/a.py", False, id="a star stays in its directory"),
        pytest.param("a.py", "b.py", False, id="other name"),
        pytest.param("!src/**", "src/a.py", False, id="negated"),
        pytest.param("tests/*", "tests/a.py", True, id="glob"),
        pytest.param("tests/*", "tests/sub/a.py", True, id="a folder that matches, with all in it"),
        pytest.param("tests/**/*.py", "tests/sub/deep/a.py", True, id="double star"),
        pytest.param("a.py", "src/a.py", True, id="bare name anywhere"),
        pytest.param("tests", "src/tests/a.py", True, id="bare name of a directory"),
        pytest.param("test_*", "src/test_a.py", True, id="bare glob"),
        pytest.param("!src/**", "tests/a.py", True, id="negated, elsewhere"),
        pytest.param("#odd", "#odd/a.py", True, id="a sign of .gitignore"),
    ],
)
def test_ignored_codes(project: Project, pattern: str, path: str, expected: bool) -> None:
    # A root with signs that mean something in a glob must be taken as it is.
    root = project({"od[d] *root/stalecheck.toml": f'[per-file-ignores]\n"{pattern}" = ["STL1"]'}) / "od[d] *root"
    config = load_config([root], cwd=root)
    assert ignored_codes(config, root / path) == ({"STL1"} if expected else frozenset())


def test_patterns_do_not_look_above_the_root(tmp_path: Path) -> None:
    root = tmp_path / "build" / "project"
    patterns = compile_patterns(DEFAULT_EXCLUDE)
    assert not patterns.matches(root / "a.py", below=root)
    assert patterns.matches(root / "build" / "a.py", below=root)
