"""The plugin beside what else runs tests: workers, event loops, unittest, doctest, pytest in pytest."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from .suites import PLUGIN, run_pytest

needs_xdist = pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed")
needs_asyncio = pytest.mark.skipif(
    importlib.util.find_spec("pytest_asyncio") is None, reason="pytest-asyncio is not installed"
)
POISON = "import importlib, app, core\ndef test_{0}():\n    importlib.reload(core)\n"


@needs_xdist
@pytest.mark.parametrize("options", [["--stalecheck"], ["--stalecheck=error", "--junitxml=junit.xml"]])
def test_workers_hand_their_records_over(tmp_path: Path, options: list[str]) -> None:
    files = {f"test_{name}.py": POISON.format(name) for name in "ab"}
    run = run_pytest(tmp_path, files, "-n2", "--dist=loadfile", *options)
    assert sorted(run.tests) == ["test_a.py::test_a", "test_b.py::test_b"]
    assert run.out.count("= stale references =") == 1
    assert ("2 failed" in run.out) is ("--stalecheck=error" in options)
    assert run.code == ("--stalecheck=error" in options)


@needs_xdist
def test_what_each_worker_collects_is_named_once(tmp_path: Path) -> None:
    files = {"test_it.py": "import importlib, app, core\nimportlib.reload(core)\ndef test_it(): pass\n"}
    run = run_pytest(tmp_path, files, "-n2", "--stalecheck")
    assert run.tests == ["test_it.py"]


@needs_xdist
def test_victims_in_workers(tmp_path: Path) -> None:
    victim = "def test_victim():\n    assert isinstance(app.make(), core.Engine)\n"
    run = run_pytest(tmp_path, {"test_a.py": POISON.format("a") + victim}, "-n1")
    assert "test_a.py::test_a reloaded core at" in run.out


@needs_asyncio
def test_asyncio(tmp_path: Path) -> None:
    tests = """
        import asyncio, importlib, app, core, pytest, pytest_asyncio
        @pytest_asyncio.fixture
        async def fresh():
            await asyncio.sleep(0)
            yield core.Engine()
            importlib.reload(core)
        @pytest.mark.asyncio
        async def test_it(fresh):
            await asyncio.sleep(0)
            mine = core.Engine()
        @pytest.mark.asyncio
        async def test_plain():
            await asyncio.sleep(0)
        @pytest.mark.asyncio
        async def test_victim():
            await asyncio.sleep(0)
            assert isinstance(app.make(), core.Engine)
    """
    ini = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
    run = run_pytest(tmp_path, {"test_it.py": tests, "pytest.ini": ini})
    assert "1 failed, 2 passed" in run.out, run.out
    assert run.tests == ["test_it.py::test_it"]
    assert run.records[0]["where"] == {"filename": "test_it.py", "line": 7}
    assert sorted(run.holders("test_it.py::test_it")) == ["app.Engine", "app.Error"]
    assert "test_it.py::test_it reloaded core" in run.out


def test_unittest(tmp_path: Path) -> None:
    tests = """
        import importlib, sys, unittest, app, core, user
        class TestReloads(unittest.TestCase):
            def setUp(self):
                self.engine = core.Engine()
            def test_it(self):
                importlib.reload(core)
            def test_puts_back(self):
                old = sys.modules.pop("core")
                self.addCleanup(sys.modules.__setitem__, "core", old)
                import core as fresh
        class TestOnce(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                cls.engine = user.C()
            def test_it(self): pass
            @classmethod
            def tearDownClass(cls):
                importlib.reload(sys.modules["other"])
        class TestLast(unittest.TestCase):
            def test_it(self): pass
    """
    files = {"test_it.py": tests, "other.py": "class C: ...\n", "user.py": "from other import C\n"}
    run = run_pytest(tmp_path, files)
    assert run.tests == ["test_it.py::TestReloads::test_it", "test_it.py::TestOnce::test_it"]
    assert sorted(run.holders("test_it.py::TestReloads::test_it")) == ["app.Engine", "app.Error"]
    assert "user.C" in run.holders("test_it.py::TestOnce::test_it")


@pytest.mark.parametrize("folder", [".", "docs"])
def test_an_example_is_named_by_its_file(tmp_path: Path, folder: str) -> None:
    text = """
        >>> import importlib, app, core
        >>> def fresh():
        ...     importlib.reload(core)
        >>> fresh()
    """
    victim = """
        >>> import app, core
        >>> isinstance(app.make(), core.Engine)
        True
    """
    files = {f"{folder}/a.txt": text, f"{folder}/b.txt": victim, f"{folder}/c.txt": victim.replace("make", "Engine")}
    (tmp_path / "docs").mkdir()
    run = run_pytest(tmp_path, files, "--doctest-glob=*.txt")
    (record,) = run.records
    name = f"{folder}/a.txt".removeprefix("./")
    assert record["where"] == {"filename": name, "line": 4}
    section = " ".join(run.out.split())
    assert f"core.Engine is two classes: {name}::a.txt reloaded core at {name}:4." in section
    assert f"app.Engine, used at {name.replace('a.txt', 'c.txt')}:3, is it" in section


def test_doctest(tmp_path: Path) -> None:
    text = ">>> import importlib, app, core\n>>> engine = core.Engine()\n>>> again = importlib.reload(core)\n"
    module = (
        f'import core, app\ndef helper():\n    """\n    {text.strip().replace(chr(10), chr(10) + "    ")}\n    """\n'
    )
    run = run_pytest(tmp_path, {"test_text.txt": text}, "--doctest-glob=*.txt")
    assert run.tests == ["test_text.txt::test_text.txt"]
    assert sorted(run.holders(run.tests[0])) == ["app.Engine", "app.Error"]
    (tmp_path / "m").mkdir()
    run = run_pytest(tmp_path / "m", {"helper.py": module}, "--doctest-modules", "helper.py")
    assert run.tests == ["helper.py::helper.helper"]
    assert sorted(run.holders(run.tests[0])) == ["app.Engine", "app.Error"]


def test_pytest_in_pytest(tmp_path: Path) -> None:
    tests = f"""
        import sys
        pytest_plugins = ["pytester"]
        SUITE = "import importlib, sys, user\\ndef test_inner(): importlib.reload(sys.modules['inner'])\\n"
        def write(pytester):
            pytester.syspathinsert()
            pytester.makepyfile(inner="class C: ...", user="from inner import C", test_inner=SUITE)
        def test_outer(pytester):
            write(pytester)
            for _ in range(2):
                result = pytester.inline_run()
                result.assertoutcome(passed=1)
        def test_both(pytester):
            write(pytester)
            bootstrap = sys.modules["_frozen_importlib"]
            before = bootstrap._exec
            result = pytester.inline_run(*{PLUGIN}, "--stalecheck=error")
            result.assertoutcome(passed=1, failed=1)
            assert bootstrap._exec is before
        def test_after(): pass
    """
    run = run_pytest(tmp_path, {"test_it.py": tests})
    assert "3 passed" in run.out, run.out
    assert run.records == []


def test_parametrized_and_shared_fixtures(tmp_path: Path) -> None:
    tests = """
        import importlib, app, core, pytest
        @pytest.fixture(scope="session", params=["x", "y"])
        def engine(request):
            return app.make()
        @pytest.fixture(scope="class")
        def early(): return {"engine": core.Engine()}
        class TestIt:
            def test_one(self, engine, early): pass
            def test_reloads(self, engine, early):
                importlib.reload(core)
    """
    run = run_pytest(tmp_path, {"test_it.py": tests})
    first = run.holders("test_it.py::TestIt::test_reloads[x]")
    assert {"app.Engine", "session fixture 'engine'", "class fixture 'early'['engine']"} <= set(first)


def test_a_run_that_ends_early(tmp_path: Path) -> None:
    tests = POISON.format("a") + "def test_stops():\n    raise KeyboardInterrupt\ndef test_never(): pass\n"
    run = run_pytest(tmp_path, {"test_a.py": tests})
    assert run.tests == ["test_a.py::test_a"]
    assert "= stale references =" in run.out


@pytest.mark.parametrize("later", ["importlib.reload(core)", "del sys.modules['core']; import core as other"])
@pytest.mark.parametrize("before", ["importlib.reload(core)", "del sys.modules['core']; import core"])
def test_what_was_old_before_the_session_is_no_tests_doing(tmp_path: Path, before: str, later: str) -> None:
    files = {
        "plugin.py": f"import importlib, sys, app, core\n{before}\nimport later\n",
        "later.py": "from core import Engine\n",
        "test_it.py": f"import importlib, sys, core\ndef test_reloads():\n    {later}\n",
    }
    run = run_pytest(tmp_path, files, "-p", "plugin")
    assert {name for name in run.holders("test_it.py::test_reloads") if "Engine" in name} == {"later.Engine"}
