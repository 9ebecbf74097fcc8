"""A place that several modules lead to is reported once, where it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .scripts import run_script

CORE = "class Engine: pass\ndef save(): pass\n"
BUS = "import core\nclass Bus:\n    pass\nbus = Bus()\nbus.default = core.save\nTABLE = {'save': [core.save]}\n"

SCRIPT = """
import core
for name in {names!r}: importlib.import_module(name)
importlib.reload(core)
report = stalecheck.probe(core)
answer([sorted(h.path for f in report for h in f.holders), sum(h.count for f in report for h in f.holders)])
"""


def look(folder: Path, files: dict[str, str]) -> Any:
    return run_script(folder, {f"{name}.py": source for name, source in files.items()}, SCRIPT.format(names=[*files]))


def test_what_many_modules_import_is_one_place(tmp_path: Path) -> None:
    users = {f"user{number}": "from bus import bus, TABLE\n" for number in range(60)}
    users["other"] = "import bus as where\nfrom bus import *\nmine = where.bus\n"
    paths, count = look(tmp_path, {"core": CORE, **users, "bus": BUS})
    assert (paths, count) == (["bus.TABLE['save'][0]", "bus.bus.default"], 2)


def test_each_import_of_an_old_object_is_its_own(tmp_path: Path) -> None:
    files = {"core": CORE, "first": "from core import save\n", "second": "from first import save\n"}
    assert look(tmp_path, files)[0] == ["first.save", "second.save"]


def test_what_nobody_else_has_made_is_named_by_each(tmp_path: Path) -> None:
    files = {
        "core": f"{CORE}TABLE = {{'save': [save]}}\n",
        "first": "from core import TABLE\n",
        "second": "from core import TABLE\n",
    }
    assert look(tmp_path, files)[0] == ["first.TABLE['save'][0]", "second.TABLE['save'][0]"]


def test_what_the_module_keeps_itself_is_named_by_who_imports_it(tmp_path: Path) -> None:
    core = f"{CORE}try: KEPT\nexcept NameError: KEPT = [save]\n"
    files = {"core": core, "first": "from core import KEPT\n", "second": "from core import KEPT\n"}
    assert look(tmp_path, files)[0] == ["first.KEPT[0]", "second.KEPT[0]"]
