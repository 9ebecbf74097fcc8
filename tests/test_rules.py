"""Every rule has the same form, and its documentation is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fixture_project import FIXTURES

import stalecheck
from stalecheck.rules import Rule, rules

NAMES = {
    "STL001": "unreadable-file",
    "STL002": "unused-ignore",
    "STL101": "from-import",
    "STL102": "star-import",
    "STL103": "module-import",
    "STL104": "alias",
    "STL105": "copied-value",
    "STL201": "instance",
    "STL202": "singleton",
    "STL203": "base-class",
    "STL204": "default-argument",
    "STL205": "container",
    "STL206": "wrapped-callable",
    "STL207": "cached-result",
    "STL208": "enum-member",
    "STL209": "decorated",
    "STL210": "callback",
    "STL211": "annotation",
    "STL301": "lost-state",
    "STL302": "repeated-registration",
    "STL303": "second-singleton",
    "STL304": "own-class-by-name",
    "STL305": "own-sentinel",
    "STL306": "left-behind",
    "STL401": "reload-order",
    "STL402": "not-a-module",
    "STL403": "unreloadable",
    "STL404": "package-only",
    "STL405": "ineffective-del",
    "STL406": "second-copy",
    "STL407": "removed-api",
    "STL408": "reload-in-production",
    "STL409": "unrestored-environment",
    "STL410": "half-eviction",
}
"""Codes and names do not change once they are released; a new rule adds a line."""

WITHOUT_FIXTURE = {"STL001", "STL002"}
"""Judged where files, comments and history are read: test_cli.py, test_suppress.py and test_history.py hold them."""

SECTIONS = ["What it does", "Why is this bad", "Example", "Use instead", "When it is fine"]

each_rule = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)


def test_codes_and_names_are_the_released_ones() -> None:
    assert {rule.code: rule.name for rule in rules()} == NAMES


def test_codes_and_names_are_unique_and_sorted_by_code() -> None:
    assert [rule.code for rule in rules()] == sorted({rule.code for rule in rules()})
    assert len({rule.name for rule in rules()}) == len(rules())


@each_rule
def test_the_name_is_kebab_case(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)


@each_rule
def test_the_file_is_called_by_code_and_name(rule: Rule) -> None:
    folder = Path(stalecheck.rules.__file__).parent
    assert (folder / f"{rule.code.lower()}_{rule.name.replace('-', '_')}.py").is_file()


@each_rule
def test_the_documentation_has_its_sections_in_order(rule: Rule) -> None:
    assert re.findall(r"^## (.+)$", rule.documentation, re.MULTILINE) == SECTIONS
    assert all(section(rule, title) for title in SECTIONS)


@pytest.mark.parametrize("rule", [rule for rule in rules() if rule.code != "STL306"], ids=lambda rule: rule.code)
def test_the_example_yields_exactly_this_code(rule: Rule, tmp_path: Path) -> None:
    # What a wrong reload leaves stale is reported, too, and by what kind of reload it does.
    others = {other.code for other in rules() if (other.flag is None) is not (rule.flag is None)}
    assert codes_in(rule, "Example", tmp_path) - others == {rule.code}


@each_rule
def test_what_to_use_instead_is_clean(rule: Rule, tmp_path: Path) -> None:
    assert codes_in(rule, "Use instead", tmp_path) == set()


@pytest.mark.parametrize(
    "rule", [rule for rule in rules() if rule.code not in WITHOUT_FIXTURE], ids=lambda rule: rule.code
)
def test_a_fixture_folder_is_called_by_code_and_name(rule: Rule) -> None:
    assert list((FIXTURES / f"{rule.code}_{rule.name.replace('-', '_')}").glob("*/fixture.toml"))


def section(rule: Rule, title: str) -> str:
    """The text below one heading."""
    _, _, rest = rule.documentation.partition(f"\n## {title}\n")
    return re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0].strip()


def codes_in(rule: Rule, title: str, folder: Path) -> set[str]:
    """The codes that the linter reports in the files of a section's code block."""
    (block,) = re.findall(r"^```python\n(.*?)^```$", section(rule, title), re.MULTILINE | re.DOTALL)
    before, *files = re.split(r"^# file: (\S+)\n", block, flags=re.MULTILINE)
    assert before == ""
    assert files
    (folder / "pyproject.toml").touch()
    for name, source in zip(files[::2], files[1::2], strict=True):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(source, encoding="utf-8")
    extended = [] if rule.is_default else [rule.code]
    found = stalecheck.check([folder], min_severity="note", isolated=True, extend_select=extended)
    return {diagnostic.code for diagnostic in found}
