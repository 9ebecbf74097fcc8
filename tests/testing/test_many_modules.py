"""What many modules cost that are replaced in one step: not many times what one costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import run_pytest

COUNTING = """
    import stalecheck.probing.heap as heap
    PASSES = []
    def counted(original):
        def count(*arguments, **options):
            PASSES.append(original.__name__)
            return original(*arguments, **options)
        return count
    for name in ("functions_and_namespaces", "referrers"):
        setattr(heap, name, counted(getattr(heap, name)))
    def pytest_sessionfinish():
        print(f"{len(PASSES)} passes")
"""

RELOADED = """
    for name in sorted(set(sys.modules)):
        if name.startswith("many."):
            importlib.reload(sys.modules[name])
"""
PUT_BACK = """
    names = [name for name in sys.modules if name.partition(".")[0] == "many"]
    saved = {name: sys.modules.pop(name) for name in names}
    import many
    sys.modules.update(saved)
"""
EVICTED = PUT_BACK.replace("    sys.modules.update(saved)\n", "")
GONE = PUT_BACK.replace("sys.modules.update(saved)", "[sys.modules.pop(name) for name in names]")


def suite(number: int, body: str) -> dict[str, str]:
    """Return a suite with a package of so many modules; a registry has the first function of each."""
    files = {
        f"many/m{at}.py": f"from registry import HELD\ndef run(): ...\nHELD['{at}'] = run\ndef run(): return {at}\n"
        for at in range(number)
    }
    files["many/__init__.py"] = "".join(f"import many.m{at}\n" for at in range(number))
    files["registry.py"] = "HELD = {}\nKEPT = []\n"
    files["test_it.py"] = (
        f"import importlib, sys, many, registry\ndef test_it():\n    registry.KEPT += registry.HELD.values()\n{body}"
    )
    return {"conftest.py": COUNTING, **files}


@pytest.mark.parametrize("body", [RELOADED, EVICTED, PUT_BACK], ids=["reloaded", "evicted", "put back"])
def test_one_look_does_for_many(tmp_path: Path, body: str) -> None:
    passes = []
    for number in (4, 40):
        folder = tmp_path / str(number)
        folder.mkdir()
        run = run_pytest(folder, suite(number, body), "-s")
        passes.append(int(run.out.partition(" passes")[0].rpartition("\n")[2].rpartition(".")[2]))
        holders = set(run.holders("test_it.py::test_it"))
        assert {f"registry.KEPT[{at}]" for at in range(number)} <= holders, run.out
    assert passes[1] <= passes[0] + 4, passes


def test_what_is_gone_again_in_the_end_is_not_looked_at(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, suite(20, GONE), "-s")
    assert run.records == []
    assert int(run.out.partition(" passes")[0].rpartition("\n")[2].rpartition(".")[2]) <= 1, run.out


def test_a_module_that_is_reloaded_twice_in_a_step_is_looked_at_twice(tmp_path: Path) -> None:
    body = (
        "    for _ in range(2):\n        importlib.reload(many.m0)\n        registry.KEPT.append(registry.HELD['0'])\n"
    )
    run = run_pytest(tmp_path, suite(1, body))
    (record,) = run.records
    assert sum(finding["count"] for finding in record["findings"] if finding["kind"] == "function") == 2, run.out
