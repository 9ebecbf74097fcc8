"""What is said after IPython's autoreload has brought an edit in, in each of its modes."""

from __future__ import annotations

from pathlib import Path

import pytest

from .shells import run_cells, said

IPython = pytest.importorskip("IPython", reason="IPython is not installed")

PATCHES = IPython.version_info[0] >= 9
"""Whether autoreload puts what has changed into the module as it is, unless it is told not to (IPython 9)."""

NET = """
    LIMIT = 3

    class Model:
        def run(self):
            return 1

    def make():
        return Model()
    """
EDITED = NET.replace("LIMIT = 3", "LIMIT = 4").replace("return 1", "return 2")
FULL = ["1-", "2-", "3"] if PATCHES else ["1", "2", "3"]


def _session(directory: Path, mode: str, *, order: str = "autoreload stalecheck") -> list[str]:
    return run_cells(
        directory,
        {"net.py": NET},
        "\n".join(f"%load_ext {name}" for name in order.split()) + f"\n%stalecheck auto\n%autoreload {mode}",
        "%aimport net" if mode.startswith("1") else "import net",
        "from net import Model, LIMIT",
        "model = Model(); made = net.make()",
        "class Sub(Model): pass",
        "1",
        {"net.py": EDITED},
        "print(net.LIMIT, model.run(), type(model) is net.Model)",
        "2",
        "from net import Model, LIMIT",
        "class Sub(Model): pass",
        {"net.py": NET},
        "from net import Model, LIMIT\nclass Sub(Model): pass",
    )


@pytest.mark.parametrize("mode", FULL)
@pytest.mark.parametrize("order", ["autoreload stalecheck", "stalecheck autoreload"])
def test_after_a_reload(tmp_path: Path, mode: str, order: str) -> None:
    answers = _session(tmp_path, mode, order=order)
    assert answers[6].startswith("4 2 True\n")
    found = said(answers)
    assert list(found) == [7]
    expected = [
        "`LIMIT` (In [3]) is the old net.LIMIT: run In [3] again",
        "`Model` (In [3]) is the old class net.Model: run In [3] again",
        "`Sub` (In [5]) inherits from the old net.Model: run In [5] again",
        "all at once: run In [3] and In [5] again, in this order",
    ]
    # Mode 3 binds names of the module anew by itself.
    assert found[7] == (expected if mode != "3" else expected[1:])


@pytest.mark.skipif(not PATCHES, reason="IPython 8 always reloads")
@pytest.mark.parametrize("mode", ["1", "2"])
@pytest.mark.parametrize("order", ["autoreload stalecheck", "stalecheck autoreload"])
def test_after_a_patch_only_plain_values_are_old(tmp_path: Path, mode: str, order: str) -> None:
    answers = _session(tmp_path, mode, order=order)
    assert answers[6].startswith("4 2 True\n")
    assert said(answers) == {7: ["`LIMIT` (In [3]) is the old net.LIMIT: run In [3] again"]}


def test_what_autoreload_binds_is_no_cells(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": "A = 1\nclass Model: pass\n"},
        "%load_ext stalecheck\n%stalecheck auto\n%load_ext autoreload\n%autoreload 3",
        "import net, importlib",
        "from net import Model",
        "1",
        {"net.py": "A = 2\nclass Model:\n    x = 1\n"},
        "2",
        {"net.py": "A = 2\nclass Model:\n    y = 1\n"},
        "3",
        "%autoreload off",
        "importlib.reload(net);",
    )
    found = said(answers)
    assert found[8][0] == "`Model` (In [3]) is the old class net.Model: run In [3] again"


def test_an_edit_that_fails(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET},
        "%load_ext stalecheck\n%stalecheck auto\n%load_ext autoreload\n%autoreload 2",
        "import net",
        "model = net.Model()",
        "1",
        {"net.py": NET + "\n    1 / 0\n"},
        "model.run(); isinstance(model, net.Model)",
    )
    assert "ZeroDivisionError" in answers[4]
    assert said(answers) == {}


@pytest.mark.parametrize("mode", ["1", "2", "3", *FULL])
def test_a_member_of_an_edited_enum(tmp_path: Path, mode: str) -> None:
    palette = "import enum\nclass Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n"
    answers = run_cells(
        tmp_path,
        {"palette.py": palette},
        f"%load_ext stalecheck\n%load_ext autoreload\n%stalecheck auto\n%autoreload {mode}",
        "%aimport palette" if mode.startswith("1") else "import palette",
        "red = palette.Color.RED",
        "1",
        {"palette.py": palette.replace("BLUE = 2", "BLUE = 3")},
        "red == palette.Color.RED",
        "report = %stalecheck palette\n[(one.kind.value, one.holders[0].path) for one in report]",
    )
    assert list(said(answers).values()) == [
        ["`red` (In [3]) is an instance of the old palette.Color: run In [3] again"]
    ]
    assert "[('instance', '__main__.red')]" in answers[-1]


def test_an_enum_that_autoreload_has_given_later_members_is_equal_when_it_is_reloaded_once_more(tmp_path: Path) -> None:
    palette = "import enum\nclass Color(enum.Enum):\n    RED = 1\n"
    verdicts = "[(one.kind.value, one.verdict) for one in stalecheck.probe('palette')]"
    answers = run_cells(
        tmp_path,
        {"palette.py": palette},
        f"%load_ext autoreload\n%autoreload {FULL[1]}\nimport importlib, stalecheck",
        "import palette\nold = palette.Color",
        "1",
        {"palette.py": f"{palette}LIMIT = 3\n"},
        verdicts,
        f"importlib.reload(palette)\n{verdicts}",
    )
    assert "[('class', 'split')]" in answers[3]
    assert "[('class', 'duplicate')]" in answers[4]
