"""Modules whose objects a tool has changed in place, without a reload or after one."""

from __future__ import annotations

from pathlib import Path

from .scripts import run_script

CORE = """
    import enum

    class Color(enum.Enum):
        RED = 1

        def label(self):
            return 1

    def deco(function):
        def wrapper():
            return 1
        return wrapper

    def twice(function):
        def wrapper():
            return "first"
        return wrapper

    first = twice(None)

    def twice(function):
        def wrapper():
            return "second"
        return wrapper
    """
FILES = {
    "core.py": CORE,
    "app.py": """
        import core

        DEFAULT = core.Color.RED
        TAKEN = core.first

        @core.deco
        def work():
            pass

        @core.twice
        def other():
            pass
        """,
}
PATCH = """
import ast, app, core
del core.first  # It was made by the first `twice`.

def patch(name):
    source = open(core.__file__).read().replace("return 1", "return 2")
    (definition,) = [one for one in ast.parse(source).body if getattr(one, "name", "") == name]
    found = {}
    exec(compile(ast.unparse(definition), core.__file__, "exec"), vars(core), found)
    getattr(core, name).__code__ = found[name].__code__
"""


def test_what_a_function_made_is_old_when_its_code_has_been_taken(tmp_path: Path) -> None:
    script = f"""{PATCH}
before = [h.path for f in stalecheck.probe(core) for h in f.holders]
patch("deco")
answer([before, [[f.origin, f.verdict, [h.path for h in f.holders]] for f in stalecheck.probe(core)]])
"""
    before, after = run_script(tmp_path, FILES, script)
    assert before == []
    assert [[name.rpartition(".")[2], *rest] for name, *rest in after] == [["wrapper", "stale", ["app.work"]]]


def test_a_function_of_an_overwritten_definition_is_not_old(tmp_path: Path) -> None:
    script = f"""{PATCH}
edit("core", open(core.__file__).read() + "\\nLATER = 1\\n")
answer([h.path for f in stalecheck.probe(core) for h in f.holders])
"""
    assert run_script(tmp_path, FILES, script) == []


def test_a_member_whose_class_was_changed_is_split(tmp_path: Path) -> None:
    script = """
import app, core
with stalecheck.watch(core) as watched:
    importlib.reload(core)
    object.__setattr__(app.DEFAULT, "__class__", core.Color)
assert isinstance(app.DEFAULT, core.Color) and app.DEFAULT is not core.Color.RED
(finding,) = [f for f in watched.report if any(h.path == "app.DEFAULT" for h in f.holders)]
answer([finding.origin, finding.kind.value, finding.verdict, [h.code for h in finding.holders], repr(finding)])
"""
    origin, kind, verdict, codes, text = run_script(tmp_path, FILES, script)
    assert (origin, kind, verdict, codes) == ("core.Color.RED", "instance", "split", ["STL208"])
    assert "or `is` tells it from what is there now" in " ".join(text.split())


def test_a_class_that_was_patched_is_found_while_the_source_is_broken(tmp_path: Path) -> None:
    source = "def above(): pass\nclass Engine:\n    def run(self): return {}\ndef fail(): return {}\n"
    script = f"""
import os
sys.dont_write_bytecode = False
import core
old = [core.Engine, core.fail]
edit("core", {source.format(22, 22)!r})
os.utime(core.__file__, (1, 1))
importlib.reload(core)
old[0].run.__code__, old[1].__code__ = core.Engine.run.__code__, core.fail.__code__
edit("core", {source.format("3:", "3")!r})
try:
    importlib.reload(core)
except SyntaxError:
    pass
answer([[finding.origin, finding.verdict] for finding in stalecheck.probe(core)])
"""
    found = run_script(tmp_path, {"core.py": source.format(1, 1)}, script)
    assert sorted(found) == [["core.Engine", "split"], ["core.fail", "split"]]
