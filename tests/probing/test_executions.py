"""Several executions of one source: what a failed one has left, what a host executes itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from .scripts import run_script

HALF_WAY = """
    import core
    from core import A, g, B, later
    a, b = A(), B()
    kept = [later, core.REG["l"]]
    sys.dont_write_bytecode = {without_bytecode}
    edit("core", open(core.__file__).read().replace("return 1", "return 22", 2).replace("pass", {failing!r}))
    before = dict(vars(core))
    def act():
        try:
            importlib.reload(core)
        except Exception:
            pass
    {look}
    now = [core.A is A, core.g is g, core.B is B, core.later is later, core.REG["l"] is kept[1]]
    answer([now, sorted([one.origin, one.kind.value, one.verdict, one.count] for one in report)])
"""

CORE = """class A:
    def f(self): return 1
def g(): return 1
pass
REG = {"g": g, "l": lambda: 1}
class B(A):
    def f(self): return 1
def later(): return 1
"""

LOOKS = {
    "afterwards": 'act(); report = stalecheck.probe("core")',
    "watch": 'watch = stalecheck.watch("core"); watch.__enter__(); act(); watch.__exit__(); report = watch.report',
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("failing", ["import no_such_module", "raise RuntimeError", "1 / 0"])
@pytest.mark.parametrize("bytecode", [False, True])
def test_a_body_that_fails_leaves_what_stands_below(tmp_path: Path, look: str, failing: str, *, bytecode: bool) -> None:
    script = HALF_WAY.format(without_bytecode=not bytecode, failing=failing, look=LOOKS[look])
    now, found = run_script(tmp_path, {"core.py": CORE}, script)
    assert now == [False, False, True, True, True]
    assert found == [
        ["core.A", "class", "stale", 1],
        ["core.A", "instance", "stale", 1],
        ["core.g", "function", "stale", 1],
    ]


def test_a_body_that_has_failed_and_been_repaired(tmp_path: Path) -> None:
    script = """
        import core
        from core import A, g
        a = A()
        source = open(core.__file__).read()
        edit("core", source.replace("1", "22") + "raise ValueError\\n")
        try:
            importlib.reload(core)
        except ValueError:
            pass
        found = [sorted(one.origin + " " + one.kind.value for one in stalecheck.probe("core"))]
        edit("core", source.replace("1", "333"))
        importlib.reload(core)
        found.append(sorted(one.origin + " " + one.kind.value for one in stalecheck.probe("core")))
        answer(found)
    """
    core = "class A:\n    def f(self): return 1\ndef g(): return 1\n"
    expected = ["core.A class", "core.A instance", "core.g function"]
    assert run_script(tmp_path, {"core.py": core}, script) == [expected, expected]


@pytest.mark.parametrize(
    "following",
    ["importlib.reload(core)", "stalecheck.reload(core)", "importlib.reload(core); importlib.reload(core)"],
)
@pytest.mark.parametrize("body", ["def f(self): return 1", "x = 1"])
def test_a_derived_class_that_is_renamed_keeps_its_old_base_alive(tmp_path: Path, following: str, body: str) -> None:
    core = f"class A:\n    def f(self): return 1\ndef g(): return 1\ndef helper(): return 1\nclass C(A):\n    {body}\n"
    script = f"""
        import core
        from core import A, g, C
        a, c = A(), C()
        edit("core", open(core.__file__).read().replace("return 1", "return 22").replace("C(A)", "C2(A)"))
        {following}
        assert core.A is not A and core.C is C and not isinstance(a, core.A)
        answer(sorted([one.origin, one.kind.value, one.verdict] for one in stalecheck.probe("core")))
    """
    assert run_script(tmp_path, {"core.py": core}, script) == [
        ["core.A", "class", "stale"],
        ["core.A", "instance", "stale"],
        ["core.C", "class", "stale"],
        ["core.C", "instance", "stale"],
        ["core.g", "function", "stale"],
    ]


@pytest.mark.parametrize("edited", ["", "class A:\n    def f(self): return 1\n"])
def test_a_base_that_the_same_execution_has_overwritten_is_present(tmp_path: Path, edited: str) -> None:
    core = """
        import registry
        class A:
            def f(self): return 1
        class C(A):
            def f(self): return 2
        registry.ITEMS += [A, A(), C]
        class A:
            def f(self): return 3
    """
    script = f"""
        import core
        if {edited!r}:
            edit("core", {edited!r})
        answer([one.origin for one in stalecheck.probe("core")])
    """
    assert run_script(tmp_path, {"core.py": core, "registry.py": "ITEMS = []\n"}, script) == []


HOSTED = {
    "by its loader": "core.__spec__.loader.exec_module(core)",
    "by exec": 'exec(compile(open(core.__file__).read(), core.__file__, "exec"), core.__dict__)',
    "in another module": """
core = importlib.util.module_from_spec(core.__spec__)
sys.modules["core"] = core
core.__spec__.loader.exec_module(core)
""",
}

SOURCE = """
import registry
def f(): return 1
class A:
    def g(self): return 1
def twice(): return 1
registry.ITEMS.append(twice)
def twice(): return 2
registry.ITEMS.append(lambda: 1)
class Local:
    pass
"""


@pytest.mark.parametrize("hosted", HOSTED)
@pytest.mark.parametrize("edit", [True, False])
def test_a_host_may_execute_a_source_again_itself(tmp_path: Path, hosted: str, *, edit: bool) -> None:
    script = f"""
import importlib.util
import core, registry
keep, K, a = core.f, core.A, core.A()
if {edit}:
    edit("core", open(core.__file__).read().replace("return 1", "return 222"))
del registry.ITEMS[:]
{HOSTED[hosted]}
assert core.f is not keep and core.A is not K
answer(sorted([one.origin, one.kind.value] for one in stalecheck.probe("core")))
"""
    found = run_script(tmp_path, {"core.py": SOURCE, "registry.py": "ITEMS = []\n"}, script)
    assert found == [["core.A", "class"], ["core.A", "instance"], ["core.f", "function"]]


def test_a_loader_may_execute_a_text(tmp_path: Path) -> None:
    script = """
        from importlib.machinery import ModuleSpec
        class Loader:
            def create_module(self, spec): return None
            def exec_module(self, module): exec(SOURCE, module.__dict__)
        class Finder:
            @staticmethod
            def find_spec(name, path=None, target=None):
                return ModuleSpec(name, Loader()) if name == "made" else None
        sys.meta_path.append(Finder)
        SOURCE = "def f(): return 1\\nclass A:\\n    def g(self): return 1\\n"
        import made
        keep, a = made.f, made.A()
        first = [one.origin for one in stalecheck.probe("made")]
        SOURCE = SOURCE.replace("1", "222")
        importlib.reload(made)
        answer([first, sorted([one.origin, one.kind.value] for one in stalecheck.probe("made"))])
    """
    found = run_script(tmp_path, {}, script)
    assert found == [[], [["made.A", "instance"], ["made.f", "function"]]]
