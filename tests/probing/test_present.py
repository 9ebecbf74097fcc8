"""What the present version has made itself is never old, however often it has made it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .scripts import run_script

LOOP = """
import registry
KEPT = []
for name in ("a", "b", "c"):
    def view(name=name): return name
    class Model:
        label = name
        def go(self): return 1
    class Plain:
        label = name
    registry.ITEMS += [view, Model, Model(), Plain, Plain()]
    KEPT += [view, Model, Plain]
"""

FOUND = 'answer([[one.origin for one in stalecheck.probe("looped")], list(stalecheck.probe("looped").notes)])'


def test_a_loop_makes_no_versions(tmp_path: Path) -> None:
    files = {"registry.py": "ITEMS = []\n", "looped.py": LOOP}
    assert run_script(tmp_path, files, f"import looped\n{FOUND}") == [[], []]


@pytest.mark.parametrize("edit", ["", 'edit("looped", "# moved\\n" + open(looped.__file__).read())\n'])
def test_a_loop_that_runs_again_makes_new_ones(tmp_path: Path, edit: str) -> None:
    files = {"registry.py": "ITEMS = []\n", "looped.py": LOOP}
    script = f"""
import looped, registry
registry.ITEMS.clear()
{edit}
importlib.reload(looped)
{FOUND}
"""
    assert run_script(tmp_path, files, script)[0] == []


def test_what_a_loop_had_made_before_is_old(tmp_path: Path) -> None:
    files = {"registry.py": "ITEMS = []\n", "looped.py": LOOP}
    script = """
import looped, registry
importlib.reload(looped)
answer(sorted([f"{one.origin} {one.kind.value}", one.count] for one in stalecheck.probe("looped")))
"""
    found = run_script(tmp_path, files, script)
    assert ["looped.view function", 3] in found
    assert sum(count for name, count in found if name == "looped.Model class") == 3


def test_modules_that_go_by_one_name_do_not_have_each_others_classes(tmp_path: Path) -> None:
    script = "import decimal, _pydecimal\nanswer([[one.origin for one in stalecheck.probe(name)] for name in NAMES])"
    script = script.replace("NAMES", '("decimal", "_pydecimal", None)')
    assert run_script(tmp_path, {}, script) == [[], [], []]


PLUGIN = """
import host
KEPT = host.FIRST
class Plugin:
    def run(self): return {number}
def check(): return {number}
host.HOOKS["check"].append(check)
host.FIRST = host.FIRST or check
plugin = Plugin()
"""

HOST = """
import importlib.util
HOOKS, PLUGINS, LOADED, FIRST = {"check": []}, [], {}, None
def load(path):
    spec = importlib.util.spec_from_file_location("plug", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    PLUGINS.append(module.plugin)
    LOADED["plug"] = module
    return module
"""


def test_a_module_that_its_host_has_not_put_into_sys_modules_is_the_present_version(tmp_path: Path) -> None:
    files = {"host.py": HOST, "plug.py": PLUGIN.format(number=1)}
    script = f"""
import host
path = host.__file__.replace("host.py", "plug.py")
first = [[one.origin for one in stalecheck.probe(host.load(path))]]
edit("plug", {PLUGIN.format(number=222)!r})
module = host.load(path)
host.FIRST = None
try:
    stalecheck.probe("plug")
except TypeError as error:
    first.append(str(error))
report = stalecheck.probe(module)
answer([first, list(report.modules), {{f"{{one.kind.value}} {{one.origin}}": [one.count, one.verdict, sorted(
    holder.path for holder in one.holders)] for one in report}}])
"""
    first, modules, found = run_script(tmp_path, files, script)
    assert first == [[], "plug is not imported: there is no present version to compare with; import it first"]
    assert modules == ["plug"]
    assert found == {
        "function plug.check": [1, "stale", ["host.HOOKS['check'][0]"]],
        "instance plug.Plugin": [1, "stale", ["host.PLUGINS[0]"]],
    }
