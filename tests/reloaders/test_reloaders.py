"""What reloaders leave behind: the probe says what the interpreter does, and the README shows it."""

from __future__ import annotations

from functools import cache

import pytest

from .table import END, RELOADERS, ROOT, START, Reloader, as_table, ask

asked = cache(ask)


@pytest.mark.parametrize("reloader", RELOADERS, ids=lambda one: one.name)
def test_the_probe_says_what_the_interpreter_does(reloader: Reloader) -> None:
    _skip_without(reloader)
    answers = asked(reloader)
    assert {row: found for row, found in answers.items() if found[0] != found[1]} == {}


def test_the_table_in_the_readme_is_current() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition(START)[2].partition(END)[0]
    for reloader in RELOADERS:
        _skip_without(reloader)
        if reloader.heading not in text:
            pytest.skip(f"the table is not about {reloader.heading}")
    assert as_table({one.heading: asked(one) for one in RELOADERS}) == text, "run python -m tests.reloaders"


def _skip_without(reloader: Reloader) -> None:
    if not reloader.is_installed:
        least = f" {reloader.least} or later" if reloader.least else ""
        pytest.skip(f"{reloader.package}{least} is not installed")
