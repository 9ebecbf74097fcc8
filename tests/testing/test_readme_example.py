"""What the README shows of the plugin is what happens."""

from __future__ import annotations

import re
from pathlib import Path

from .suites import ROOT, run_pytest

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_session_shown_is_real(tmp_path: Path) -> None:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    files = {}
    for language, block in blocks:
        name, found, source = block.removeprefix("# file: ").partition("\n")
        if language == "python" and block.startswith("# file: ") and found:
            files[name] = source
    (shown,) = (block for language, block in blocks if language == "console" and "--stalecheck" in block)
    run = run_pytest(tmp_path, files, "--stalecheck", json_file=None)
    start = run.out.index("------------------------------- stale references")
    printed = run.out[start : run.out.index("=========================== short test summary")]
    assert _without_addresses(shown.partition("...\n")[2]) == _without_addresses(printed)


def test_each_option_is_in_the_table() -> None:
    section = README.partition("## In a test suite")[2].partition("\n## ")[0]
    for name in (
        "--stalecheck",
        "--stalecheck=error",
        "--stalecheck-json=FILE",
        "stalecheck = true",
        "stalecheck_allow",
    ):
        assert re.search(rf"^\| `[^|]*{re.escape(name)}", section, re.MULTILINE), name


def _without_addresses(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+", "0x", text)
