"""What the README shows is what happens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

import pytest
from fixture_project import FIXTURES
from notebook.shells import run_cells

import stalecheck
from stalecheck import cli, pytest_plugin
from stalecheck.config import load_config
from stalecheck.explain import refresh
from stalecheck.vocabulary import HolderKind, OriginKind

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPTIONS = sorted(
    max(parameter.opts, key=len) for parameter in cli.command.params if parameter.param_type_name == "option"
)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project that the README begins with, in the working directory."""
    (tmp_path / "pyproject.toml").touch()
    for block in blocks("python"):
        name, found, source = block.removeprefix("# file: ").partition("\n")
        if block.startswith("# file: ") and found:
            (tmp_path / name).write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_rule_table_is_current() -> None:
    assert refresh(README) == README, "run python -m stalecheck.explain README.md"


def test_the_report_of_the_example_is_real(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shown,) = blocks("text")
    command, _, report = shown.partition("\n")
    assert command == "$ stalecheck"
    assert cli.main(["--color", "never"]) == 1
    assert capsys.readouterr().out == report


def test_the_interpreter_confirms_the_example(example: Path) -> None:
    code = (
        "import area, shapes, test_shapes; print(area.is_round(shapes.Circle()));"
        "test_shapes.test_shapes_can_be_reloaded(); print(area.is_round(shapes.Circle()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=example)
    assert done.stdout.split() == ["True", "False"]


def test_the_remedy_of_the_example_is_clean(example: Path) -> None:
    area = "import shapes\n\n\ndef is_round(shape):\n    return isinstance(shape, shapes.Circle)\n"
    (example / "area.py").write_text(area, encoding="utf-8")
    assert stalecheck.check(min_severity="note") == []


def test_the_json_of_the_example_is_real(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shown,) = blocks("json")
    cli.main(["--output-format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert json.loads(shown) == found
    assert list(json.loads(shown)[0]) == list(found[0])


def test_the_session_with_the_probe_is_real(example: Path) -> None:
    (session,) = blocks("pycon")
    statements = re.findall(r"^>>> (.*)$", session, re.MULTILINE)
    run = "exec(compile(statement, '<stdin>', 'single'), vars(sys.modules['__main__']))"
    script = f"import sys\nfor statement in sys.argv[1:]:\n    print('>>>', statement)\n    {run}\n"
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, *statements]
    done = subprocess.run(command, capture_output=True, text=True, cwd=example, env=environment, check=False)
    assert done.stdout == session, done.stderr


def test_the_session_in_ipython_is_real(example: Path) -> None:
    pytest.importorskip("IPython", reason="IPython is not installed")
    (session,) = blocks("ipython")
    cells = re.findall(r"^In \[\d+\]: (.*)$", session, re.MULTILINE)
    answers = run_cells(example, *cells)
    pairs = enumerate(zip(cells, answers, strict=True), 1)
    assert "".join(f"In [{number}]: {cell}\n{answer}" for number, (cell, answer) in pairs) == session


@pytest.mark.parametrize("number", range(4))
def test_the_sessions_in_debuggers_are_real(example: Path, number: int) -> None:
    session = blocks("console")[number]
    if "IPython" in session:
        pytest.importorskip("IPython", reason="IPython is not installed")
    prompt = "ipdb> " if "ipdb> " in session else "(Pdb) "
    command, _, shown = session.partition("\n")
    found = debugged(command, re.findall(rf"^{re.escape(prompt)}(.*)$", session, re.MULTILINE), prompt, example)
    assert comparable(found, prompt).startswith(comparable(shown, prompt))
    assert all(len(line) <= 80 for line in comparable(found, prompt).splitlines())


def debugged(command: str, typed: list[str], prompt: str, directory: Path) -> str:
    """What a session with a debugger looks like when it is run.

    Args:
        command: What starts it, after a `$`.
        typed: What is typed at the prompts.
        prompt: The debugger's prompt.
        directory: Where the scripts that the README shows are written.
    """
    for block in blocks("python"):
        name, found, source = block.removeprefix("# script: ").partition("\n")
        if block.startswith("# script: ") and found:
            (directory / name).write_text(source, encoding="utf-8")
    *settings, arguments = command.removeprefix("$ ").split("python ", 1)
    setting = dict(item.split("=") for item in "".join(settings).split())
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT), **setting}
    done = subprocess.run(
        [sys.executable, *arguments.split()],
        input="\n".join(typed) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=directory,
        env=environment,
    )
    first, *answers = done.stdout.replace(f"{directory}{os.sep}", "").split(prompt)
    pairs = zip_longest(typed, answers, fillvalue="")
    return first + "".join(f"{prompt}{line}\n{answer}" for line, answer in pairs)


def comparable(session: str, prompt: str) -> str:
    """What of a session is the same in all versions: `breakpoint()` stops before or behind its line, for one."""
    text = session[session.index(prompt) :] if prompt in session else session
    return re.sub(r"(?<=draw\.py:)\d+", "11", re.sub(r"^-?> .*\n", "", text, flags=re.MULTILINE))


def test_the_names_of_the_probe_shown_exist() -> None:
    table = prose().partition("| call | |")[2].partition("| verdict |")[0]
    for noun, holder in (
        ("report", stalecheck.Report),
        ("finding", stalecheck.Finding),
        ("holder", stalecheck.Holder),
    ):
        rows = [row for row in table.splitlines() if f"`{noun}." in row]
        names = re.findall(r"`\w*\.(\w+)", "".join(row.split(" | ")[0] for row in rows))
        assert names
        assert [name for name in names if not hasattr(holder, name)] == []


def test_the_keys_of_the_report_shown_are_all() -> None:
    holder = stalecheck.Holder("app.K", HolderKind.ALIAS, "STL104", "assign it again")
    finding = stalecheck.Finding("core.K", OriginKind.CLASS, "stale", 1, (holder,))
    found = stalecheck.Report((finding,), ("core",)).to_dict()
    text = " ".join(prose().partition("`to_json()` has the keys")[2].partition("\n\n")[0].split())
    shown = [
        re.findall(r"`(\w+)`", part)
        for part in re.split(r"A finding has|; a holder has", re.sub(r"\([^)]*\)|`null`", "", text))
    ]
    assert shown == [list(found), list(found["findings"][0]), list(found["findings"][0]["holders"][0])]


def test_the_comments_shown_suppress(example: Path) -> None:
    (block,) = (block for block in blocks("python") if "# stalecheck: ignore\n" in block)
    (example / "area.py").write_text(block, encoding="utf-8")
    (example / "shapes.py").write_text("class Circle: ...\nclass Square: ...\n", encoding="utf-8")
    assert stalecheck.check(min_severity="note") == []


def test_the_python_shown_runs(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = (block for block in blocks("python") if "stalecheck.check(" in block)
    (example / "src").mkdir()
    (example / "src" / "car.py").write_text("from shapes import Circle\n", encoding="utf-8")
    exec(block, {})
    start = f"{example / 'src' / 'car.py'} 1 STL101 `Circle` stays the old class `shapes.Circle` after `shapes` is"
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(start)


def test_the_configuration_shown_is_valid(example: Path) -> None:
    (block,) = blocks("toml")
    (example / "pyproject.toml").write_text(block, encoding="utf-8")
    config = load_config([], cwd=example)
    assert config.source == example / "pyproject.toml"
    assert config.reloaded == ("app.plugins.*",)
    assert config.ignore == ("STL105",)
    assert config.target_version == (3, 10)
    assert [codes for _, codes in config.per_file_ignores] == [("STL101",)]


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_mentioned(option: str) -> None:
    positive = option.replace("--respect", "--no-respect")
    assert re.search(rf"{option}\b|{positive}\b", README)


def test_no_option_is_mentioned_that_does_not_exist() -> None:
    text = "".join(part for part in blocks("sh") if "pip install" not in part) + prose()
    known = {name for parameter in cli.command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    for program in (Path(pytest_plugin.__file__), ROOT / "tests" / "agreement" / "__main__.py"):
        known |= set(re.findall(r'"(--[a-z-]+)"', program.read_text(encoding="utf-8")))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= known | {"--help"}


def test_the_demo_has_as_many_diagnostics_as_the_text_says() -> None:
    found = stalecheck.check(FIXTURES / "demo")
    assert len([diagnostic for diagnostic in found if diagnostic.holder is not None]) == 7
    assert [diagnostic.code for diagnostic in found if diagnostic.holder is None] == ["STL409"]
    assert "seven places" in " ".join(README.split())


def test_the_second_line_is_what_the_continuous_integration_calls() -> None:
    first, second, *_ = (block.strip() for block in blocks("sh"))
    assert first.endswith("stalecheck fixtures/demo")
    assert "\n" not in first + second
    assert second in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_links_into_the_repository_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_hook_of_pre_commit_is_the_one_shown() -> None:
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^- id: (\S+)$", hooks, re.MULTILINE) == re.findall(r"- id: (\S+)", README)
    assert "pass_filenames: false" in hooks


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d[^]]*)\]", changes, re.MULTILINE)
    assert project["version"] == stalecheck.__version__ == released[0]


def blocks(language: str) -> list[str]:
    """The contents of the README's code blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def prose() -> str:
    """The README without its code blocks."""
    return re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
