"""Which tests are named, with which line, and which are not."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from .suites import run_pytest

HEAD = "import importlib, sys, types\nfrom importlib import reload as again\nimport app, core, pytest\n"


def the_test(body: str) -> dict[str, str]:
    """Return a suite of one test, its body beginning at line 5."""
    return {
        "test_it.py": f"{HEAD}def test_it(monkeypatch, tmp_path):\n{textwrap.indent(textwrap.dedent(body), '    ')}"
    }


@pytest.mark.parametrize(
    ("body", "mode", "line"),
    [
        pytest.param("importlib.reload(core)\n", "reload", 5, id="reload"),
        pytest.param("again(core)\n", "reload", 5, id="an alias taken earlier"),
        pytest.param("core.__loader__.load_module('core')\n", "reload", 5, id="the loader"),
        pytest.param("importlib._bootstrap._exec(core.__spec__, core)\n", "reload", 5, id="importlib's own"),
        pytest.param("import stalecheck\nstalecheck.reload(core)\n", "reload", 6, id="stalecheck's own"),
        pytest.param("again(core)\nagain(core)\n", "reload", 5, id="reloaded once more to restore"),
        pytest.param("del sys.modules['core']\nimport core\n", "reimport", 6, id="evicted and imported"),
        pytest.param("sys.modules.pop('core')\n__import__('core')\n", "reimport", 6, id="popped"),
        pytest.param(
            "spec = importlib.util.find_spec('core')\nm = importlib.util.module_from_spec(spec)\n"
            "spec.loader.exec_module(m)\nsys.modules['core'] = m\n",
            "reimport",
            4,
            id="an entry replaced by hand",
        ),
        pytest.param("sys.modules['core'] = types.ModuleType('core')\n", "reimport", 4, id="an entry that is a stub"),
        pytest.param("sys.modules['core'] = object()\n", "reimport", 4, id="an entry that is no module"),
    ],
)
def test_a_test_is_named(tmp_path: Path, body: str, mode: str, line: int) -> None:
    run = run_pytest(tmp_path, the_test(body), "-W", "ignore")
    (record,) = run.records
    assert list(record) == ["test", "module", "mode", "where", "findings"]
    assert (record["test"], record["module"], record["mode"]) == ("test_it.py::test_it", "core", mode)
    assert record["where"] == {"filename": "test_it.py", "line": line}
    holders = run.holders("test_it.py::test_it")
    assert {"app.Engine", "app.Error"} <= set(holders) or "test_it.core" in holders
    assert ("test_it.core" in holders) is (mode == "reimport")
    assert run.code == 0, run.out


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("pass\n", id="nothing"),
        pytest.param("old = sys.modules.pop('core')\nimport core\nsys.modules['core'] = old\n", id="put back"),
        pytest.param("monkeypatch.delitem(sys.modules, 'core')\nimport core\n", id="put back by monkeypatch"),
        pytest.param(
            "from unittest.mock import patch\nwith patch.dict(sys.modules):\n"
            "    del sys.modules['core']\n    import core\n",
            id="put back by mock",
        ),
        pytest.param(
            "from unittest.mock import patch\n@patch.dict(sys.modules, {'yaml': None})\ndef f(): ...\nf()\n"
            "app.f = f\ndel globals()['core'], app.Engine, app.Error, sys.modules['core']\n__import__('core')\n",
            id="in what mock has kept",
        ),
        pytest.param("monkeypatch.setitem(sys.modules, 'core', object())\n", id="a stub that is taken back"),
        pytest.param("old = dict(vars(core))\nagain(core)\nvars(core).update(old)\n", id="its names put back"),
        pytest.param("del sys.modules['core']\n", id="evicted and never imported again"),
        pytest.param("again(core)\nagain(app)\n", id="who uses it is reloaded after it"),
        pytest.param("sys.modules['other'] = types.ModuleType('other')\n", id="an entry that is new"),
        pytest.param("import colorsys\nagain(colorsys)\nagain(sys)\n", id="modules whose names nobody took"),
        pytest.param("(tmp_path / 'core.py').touch()\nmonkeypatch.syspath_prepend(tmp_path)\n", id="another path"),
    ],
)
def test_a_test_is_not_named(tmp_path: Path, body: str) -> None:
    run = run_pytest(tmp_path, the_test(body))
    assert run.records == []
    assert "stale references =" not in run.out
    assert run.code == 0, run.out


def test_a_module_in_a_registry_is_another_ones(tmp_path: Path) -> None:
    core = "import sys, colorsys\nMODULES = {'colors': colorsys}\nclass Engine: ...\nclass Error(Exception): ...\n"
    tests = f"{HEAD}import colorsys\ndef test_it():\n    again(core)\n    again(importlib)\n"
    run = run_pytest(tmp_path, {"core.py": core, "app.py": "from core import Engine\n", "test_it.py": tests})
    holders = run.holders("test_it.py::test_it")
    assert "app.Engine" in holders
    assert not {"test_it.colorsys", "core.colorsys", "test_it.importlib"}.intersection(holders)


def test_each_old_object_is_charged_to_the_test_that_made_it_old(tmp_path: Path) -> None:
    tests = """
        def test_first(): again(core)
        def test_second(): again(core)
        def test_takes(): app.kept = core.Engine
        def test_third(): again(core)
        def test_fourth(): again(core)
    """
    run = run_pytest(tmp_path, {"test_it.py": HEAD + textwrap.dedent(tests)})
    assert run.tests == ["test_it.py::test_first", "test_it.py::test_third"]
    assert run.holders("test_it.py::test_third") == ["app.kept"]


def test_what_was_old_before_leads_to_nothing_new(tmp_path: Path) -> None:
    core = """
        class Engine:
            parts = []
            class Inner: ...
            def run(self):
                def inner(): ...
                return inner
            def with_default(self, part=[]): ...
        ENGINE = Engine()
    """
    app = """
        from core import ENGINE, Engine
        class Turbo(Engine): ...
        RUN = Engine().run
        KEPT = []
    """
    tests = """
        def test_first(): again(core)
        def test_second():
            app.KEPT += [app.RUN(), app.Engine(), app.Engine.Inner()]
            again(core)
        def test_third():
            sys.modules.pop("core")
            import core
    """
    run = run_pytest(tmp_path, {"core.py": core, "app.py": app, "test_it.py": HEAD + textwrap.dedent(tests)})
    assert run.tests == ["test_it.py::test_first", "test_it.py::test_third"]
    assert run.holders("test_it.py::test_third") == ["test_it.core"]


def test_what_one_decorator_made_is_told_apart(tmp_path: Path) -> None:
    files = {
        "deco.py": "def wrap(f):\n    def wrapper(): return f()\n    return wrapper\n",
        "core.py": "from deco import wrap\n@wrap\ndef f(): ...\n",
        "app.py": "",
    }
    tests = """
        def test_first():
            app.first = core.f
            again(core)
        def test_second():
            app.second = core.f
            again(core)
    """
    run = run_pytest(tmp_path, {**files, "test_it.py": HEAD + textwrap.dedent(tests)})
    assert run.tests == ["test_it.py::test_first", "test_it.py::test_second"]
    assert {path.partition(" ")[0] for path in run.holders("test_it.py::test_second")} == {"app.second"}


def test_plain_values_are_exact_after_an_eviction_too(tmp_path: Path) -> None:
    files = {
        "core.py": "import os\nLIMIT = int(os.environ.get('LIMIT', 5))\nTABLE = {}\n",
        "app.py": "from core import LIMIT, TABLE\n",
        **the_test("monkeypatch.setenv('LIMIT', '7')\ndel sys.modules['core']\nimport core\n"),
    }
    run = run_pytest(tmp_path, files)
    assert {"app.LIMIT", "app.TABLE"} <= set(run.holders("test_it.py::test_it"))


def test_what_a_test_evicts_at_its_end_is_its_own_when_the_next_one_imports_it(tmp_path: Path) -> None:
    tests = """
        import sys, pytest, app
        @pytest.fixture
        def clean():
            yield
            del sys.modules["core"]
        def test_evicts(clean): pass
        def test_imports():
            import core
    """
    run = run_pytest(tmp_path, {"test_it.py": tests})
    (record,) = run.records
    assert record["test"] == "test_it.py::test_evicts"
    assert record["where"] == {"filename": "test_it.py", "line": 9}
    assert set(run.holders("test_it.py::test_evicts")) == {"app.Engine", "app.Error"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "with mock.patch.dict(sys.modules):\n        import late\n        keep.append(late.Late)", id="patch"
        ),
        pytest.param("import late\n    keep.append(late.Late)\n    del sys.modules['late']", id="by hand"),
    ],
)
def test_what_a_test_imports_first_and_evicts_is_its_own_when_another_one_imports_it(tmp_path: Path, body: str) -> None:
    tests = f"""
import sys
from unittest import mock
keep = []
def test_evicts():
    {body}
def test_imports():
    import late
def test_goes_on():
    import late
"""
    run = run_pytest(tmp_path, {"late.py": "class Late: pass\n", "test_it.py": tests})
    assert [record["test"] for record in run.records] == ["test_it.py::test_evicts"]
    assert run.holders("test_it.py::test_evicts") == ["test_it.keep[0]"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("del sys.modules['core'], sys.modules[__name__]\n    import core as fresh\n", id="with the test"),
        pytest.param(
            "for name in [name for name in sys.modules if name.split('.')[0] in ('core', 'tests')]:\n"
            "        del sys.modules[name]\n    import core as fresh\n",
            id="with all tests",
        ),
    ],
)
def test_a_test_module_that_is_evicted_runs_on(tmp_path: Path, body: str) -> None:
    files = {
        "app.py": "",
        "tests/__init__.py": "",
        "tests/conftest.py": "import core\n",
        "tests/test_it.py": f"import sys, core\ndef test_it():\n    {body}",
        "tests/test_other.py": "from core import Engine\ndef test_it(): pass\n",
    }
    run = run_pytest(tmp_path, files)
    assert run.tests == ["tests/test_it.py::test_it"]
    found = [
        (holder["path"], holder["filename"], holder["line"])
        for finding in run.records[0]["findings"]
        for holder in finding["holders"]
    ]
    assert sorted(found) == [
        ("tests.conftest.core", "tests/conftest.py", 1),
        ("tests.test_it.core", "tests/test_it.py", 1),
        ("tests.test_other.Engine", "tests/test_other.py", 1),
    ]


def test_what_is_kept_of_a_version_whose_names_were_put_back(tmp_path: Path) -> None:
    body = "old = dict(vars(core))\nagain(core)\napp.kept = core.Engine()\nvars(core).update(old)\n"
    run = run_pytest(tmp_path, the_test(body))
    assert run.holders("test_it.py::test_it") == ["app.kept"]
    assert "the names of before are back" in run.out
    assert "restores nothing" not in run.out
    half = body.replace("update(old)", "update(Error=old['Error'])")
    run = run_pytest(tmp_path, the_test(half))
    assert "app.Engine" in run.holders("test_it.py::test_it")
    assert "the names of before are back" not in run.out
    assert "restores nothing" in run.out


def test_the_plugin_is_no_holder(tmp_path: Path) -> None:
    tests = """
        import sys, core
        def test_it():
            del sys.modules["core"], sys.modules[__name__]
            import core, test_it
    """
    core = "class C: ...\nNS = globals()\n__names = locals()\n"
    run = run_pytest(tmp_path, {"app.py": "", "core.py": core, "test_it.py": tests})
    assert not any(" in " in path for test in run.tests for path in run.holders(test)), run.records


def test_the_line_is_the_one_that_begins_the_import(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "from pkg import a\n",
        "pkg/a.py": "class C: ...\n",
        "user.py": "from pkg.a import C\n",
        "test_it.py": "import sys, user\ndef test_it():\n    for n in ('pkg', 'pkg.a'):\n        del sys.modules[n]\n"
        "    load()\ndef load():\n    import pkg\n",
    }
    run = run_pytest(tmp_path, files)
    assert [record["where"] for record in run.records if record["module"] == "pkg.a"] == [
        {"filename": "test_it.py", "line": 7}
    ]


def test_fixtures_and_collection_and_conftest(tmp_path: Path) -> None:
    files = {
        "conftest.py": """
            import importlib, pytest, app, core, a, user_of_a
            importlib.reload(a)
            @pytest.fixture(scope="session")
            def fresh():
                importlib.reload(core)
        """,
        "a.py": "class A: ...\n",
        "user_of_a.py": "from a import A\n",
        "b.py": "class B: ...\n",
        "user_of_b.py": "from b import B\n",
        "test_b.py": "import importlib, b, user_of_b\nimportlib.reload(b)\ndef test_nothing(): pass\n",
        "test_it.py": "def test_nothing(): pass\ndef test_fresh(fresh): pass\n",
    }
    run = run_pytest(tmp_path, files)
    found = [(record["test"], record["module"], record["where"]["filename"]) for record in run.records]
    assert found == [
        ("conftest.py", "a", "conftest.py"),
        ("test_b.py", "b", "test_b.py"),
        ("test_it.py::test_fresh", "core", "conftest.py"),
    ]
    assert "conftest.py:6, in session fixture 'fresh'" in run.out


@pytest.mark.parametrize(
    ("body", "other", "where"),
    [
        pytest.param("import other", "import sys\ndel sys.modules['core']\nimport core", ("other.py", 3), id="a body"),
        pytest.param(
            "import other",
            "import sys, importlib\ndel sys.modules['core']\nimportlib.import_module('core')",
            ("other.py", 3),
            id="import_module in a body",
        ),
        pytest.param("del sys.modules['core']; import other", "import core", ("other.py", 1), id="a new module"),
        pytest.param("del sys.modules['core'], sys.modules['app']; import app", "", ("test_it.py", 5), id="an old one"),
        pytest.param("exec('import importlib\\nimportlib.reload(core)')", "", ("test_it.py", 5), id="in exec"),
    ],
)
def test_the_line_is_the_one_that_imports(tmp_path: Path, body: str, other: str, where: tuple[str, int]) -> None:
    run = run_pytest(tmp_path, {"other.py": other, **the_test(body)})
    places = [record["where"] for record in run.records if record["module"] == "core"]
    assert [(place["filename"], place["line"]) for place in places] == [where]


@pytest.mark.parametrize(
    ("test", "line"),
    [
        pytest.param(
            "class TestIt(unittest.TestCase):\n    def test_it(self): self.addCleanup(importlib.reload, core)\n",
            4,
            id="addCleanup",
        ),
        pytest.param(
            "def test_it(request): request.addfinalizer(functools.partial(importlib.reload, core))\n",
            3,
            id="addfinalizer",
        ),
        pytest.param(
            "def test_it():\n    del sys.modules['core']\n    pytest.importorskip('core')\n", 5, id="importorskip"
        ),
    ],
)
def test_what_no_code_of_the_tests_runs_is_the_tests_line(tmp_path: Path, test: str, line: int) -> None:
    run = run_pytest(
        tmp_path, {"test_it.py": f"import functools, importlib, sys, unittest\nimport app, core, pytest\n{test}"}
    )
    assert {(record["where"]["filename"], record["where"]["line"]) for record in run.records} == {("test_it.py", line)}


SHARED = """
    import importlib, sys, unittest, app, core, pytest
    @pytest.fixture(scope="module", autouse=True)
    def fresh():
        BODY
    def test_first(): pass
    def test_last(): pass
"""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("old = sys.modules.pop('core'); import core; yield; sys.modules['core'] = old", id="put back"),
        pytest.param(
            "old, sys.modules['core'] = core, type(core)('core'); yield; sys.modules['core'] = old", id="by hand"
        ),
        pytest.param(
            "with pytest.MonkeyPatch.context() as patch:\n"
            "            patch.delitem(sys.modules, 'core'); import core; yield",
            id="monkeypatch",
        ),
        pytest.param("old = dict(vars(core)); importlib.reload(core); yield; vars(core).update(old)", id="names"),
        pytest.param("old = sys.modules.pop('core'); yield; sys.modules['core'] = old", id="imported by a test"),
    ],
)
def test_a_shared_fixture_is_judged_when_it_has_been_torn_down(tmp_path: Path, body: str) -> None:
    tests = SHARED.replace("BODY", body).replace("test_first(): pass", "test_first(): import core")
    run = run_pytest(tmp_path, {"test_it.py": tests}, "--stalecheck=error")
    assert run.records == []
    assert run.code == 0, run.out


def test_a_class_of_unittest_is_judged_when_it_has_been_torn_down(tmp_path: Path) -> None:
    tests = """
        import sys, unittest, unittest.mock, app, core
        class TestIt(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                cls.old = sys.modules.pop("core")
                __import__("core")
            @classmethod
            def tearDownClass(cls): sys.modules["core"] = cls.old
            def test_first(self): pass
            def test_last(self): pass
        class TestPatch(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                patch = unittest.mock.patch.dict(sys.modules)
                patch.start()
                cls.addClassCleanup(patch.stop)
                sys.modules.pop("core")
                __import__("core")
            def test_first(self): pass
            def test_last(self): pass
    """
    assert run_pytest(tmp_path, {"test_it.py": tests}, "--stalecheck=error").code == 0


@pytest.mark.parametrize(
    ("body", "holders"),
    [
        pytest.param("importlib.reload(core); yield", {"app.Engine", "app.Error"}, id="reload"),
        pytest.param(
            "del sys.modules['core']; import core; yield", {"app.Engine", "app.Error", "test_it.core"}, id="evicted"
        ),
        pytest.param(
            "importlib.reload(core); yield; importlib.reload(core)", {"app.Engine", "app.Error"}, id="once more"
        ),
        pytest.param(
            "old = sys.modules.pop('core'); import core; app.kept = core.Engine; yield; sys.modules['core'] = old",
            {"app.kept"},
            id="something of the copy is kept",
        ),
    ],
)
def test_a_shared_fixture_is_charged_to_the_first_test(tmp_path: Path, body: str, holders: set[str]) -> None:
    tests = SHARED.replace("BODY", body)
    run = run_pytest(tmp_path, {"test_it.py": tests}, "--stalecheck=error", "--junitxml=junit.xml")
    assert run.tests == ["test_it.py::test_first"]
    assert set(run.holders("test_it.py::test_first")) == holders
    assert run.records[0]["where"]["line"] == 5
    assert "in module fixture 'fresh'" in run.out
    assert "1 failed, 1 passed" in run.out
    assert run.code == 1
    allowed = tests.replace("def test_first", "@pytest.mark.stalecheck_allow\n    def test_first")
    assert run_pytest(tmp_path, {"test_it.py": allowed}, "--stalecheck=error").code == 0


def test_what_one_parameter_has_done_is_judged_before_the_next_one_is_set_up(tmp_path: Path) -> None:
    files = {
        "core.py": "import os\nclass Engine: ...\nLIMIT = int(os.environ.get('LIMIT', 5))\n",
        "app.py": "import core\nfrom core import LIMIT\nKEPT = []\n",
        "test_it.py": """
            import importlib, app, core, pytest
            @pytest.fixture(scope="module", params=["5", "6", "7"])
            def fresh(request):
                with pytest.MonkeyPatch.context() as patch:
                    patch.setenv("LIMIT", request.param)
                    importlib.reload(core)
                    yield
            def test_it(fresh): pass
            def test_last(fresh):
                if core.LIMIT == 6:
                    app.KEPT.append(core.Engine)
        """,
    }
    run = run_pytest(tmp_path, files, "--stalecheck=error")
    found = [(test, run.holders(test)) for test in run.tests]
    assert found == [("test_it.py::test_it[6]", ["app.LIMIT"]), ("test_it.py::test_it[7]", ["app.KEPT[0]"])]
    assert "2 failed, 4 passed" in run.out


@pytest.mark.parametrize(
    ("setup", "name"),
    [
        ("def setUpModule(): importlib.reload(core)", "setUpModule"),
        ("def setup_module(module): importlib.reload(core)", "setup_module"),
        ("def teardown_module(module): importlib.reload(core)", "teardown_module"),
        ("class TestIt:\n    def setup_class(cls): importlib.reload(core)\n    def test_b(self): pass", "setup_class"),
        (
            "class TestIt(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls): helper()\n"
            "    def test_b(self): pass\ndef helper(): importlib.reload(core)",
            "setUpClass",
        ),
    ],
)
def test_what_pytest_makes_a_fixture_of_is_called_as_it_is_written(tmp_path: Path, setup: str, name: str) -> None:
    tests = f"import importlib, unittest, app, core\n{setup}\ndef test_a(): pass\n"
    run = run_pytest(tmp_path, {"test_it.py": tests})
    assert re.search(rf"reloads core at test_it.py:\d+, in {name}\(\)", " ".join(run.out.split()))
    assert "_fixture_" not in run.out


def test_what_a_test_does_under_a_shared_fixture_is_its_own(tmp_path: Path) -> None:
    tests = SHARED.replace("BODY", "importlib.reload(core); yield").replace(
        "def test_last(): pass",
        "def test_middle():\n        app.kept = core.Engine\n        importlib.reload(core)\n    def test_last(): pass",
    )
    run = run_pytest(tmp_path, {"test_it.py": tests})
    assert run.holders("test_it.py::test_middle") == ["app.kept"]
    assert set(run.holders("test_it.py::test_first")) == {"app.Engine", "app.Error"}


ALREADY_OLD = """
    import importlib, sys, unittest, app, core, pytest
    @pytest.fixture(scope="module")
    def fresh():
        BODY
    def test_uses(fresh): pass
    def test_again(monkeypatch):
        TEST
"""


@pytest.mark.parametrize("follows", ["", "    def test_follows(): pass\n"], ids=["last", "another follows"])
@pytest.mark.parametrize(
    ("body", "test", "found"),
    [
        pytest.param("importlib.reload(core); yield", "importlib.reload(core)", {"test_uses": "app"}, id="reload"),
        pytest.param("importlib.reload(core)", "importlib.reload(core)", {"test_uses": "app"}, id="no teardown"),
        pytest.param(
            "importlib.reload(core); yield; importlib.reload(core)",
            "importlib.reload(core)",
            {"test_uses": "app"},
            id="once more at its end",
        ),
        pytest.param(
            "sys.modules.pop('core'); import core; yield",
            "monkeypatch.delitem(sys.modules, 'core'); import core",
            {"test_uses": "app"},
            id="evicted by both",
        ),
        pytest.param(
            "importlib.reload(core); yield",
            "app.kept = core.Engine; importlib.reload(core)",
            {"test_uses": "app", "test_again": "kept"},
            id="each its own",
        ),
        pytest.param(
            "importlib.reload(core); yield",
            "monkeypatch.delitem(sys.modules, 'core'); app.kept = __import__('core').Engine",
            {"test_uses": "app", "test_again": "kept"},
            id="a copy is kept",
        ),
        pytest.param(
            "old = dict(vars(core)); importlib.reload(core); yield; vars(core).update(old)",
            "importlib.reload(core); app.kept = core.Engine",
            {"test_uses": "kept"},
            id="the names put back at its end",
        ),
    ],
)
def test_what_is_old_already_is_charged_to_the_shared_fixture(
    tmp_path: Path, body: str, test: str, found: dict[str, str], follows: str
) -> None:
    tests = ALREADY_OLD.replace("BODY", body).replace("TEST", test) + follows
    run = run_pytest(tmp_path, {"test_it.py": tests}, "--stalecheck=error")
    holders = {"app": {"app.Engine", "app.Error"}, "kept": {"app.kept"}}
    for name in ("test_uses", "test_again"):
        own = {one for one in run.holders(f"test_it.py::{name}") if not one.startswith("test_it.")}
        assert own == holders.get(found.get(name, ""), set()), run.out
    assert {record["test"].partition("::")[2] for record in run.records} == set(found)
    assert f"{len(found)} failed" in run.out


def test_what_setup_of_a_class_makes_old_is_charged_to_it(tmp_path: Path) -> None:
    tests = """
        import importlib, unittest, app, core
        class TestIt(unittest.TestCase):
            @classmethod
            def setUpClass(cls): importlib.reload(core)
            def test_first(self): pass
            def test_second(self): importlib.reload(core)
    """
    run = run_pytest(tmp_path, {"test_it.py": tests})
    assert run.tests == ["test_it.py::TestIt::test_first"]


def test_what_a_test_makes_old_before_it_asks_for_a_fixture_is_its_own(tmp_path: Path) -> None:
    tests = """
        import importlib, app, core, pytest
        @pytest.fixture(scope="module")
        def fresh():
            app.late = core.Engine
            importlib.reload(core)
            yield
        def test_asks(request):
            app.early = core.Engine
            importlib.reload(core)
            request.getfixturevalue("fresh")
        def test_again(): importlib.reload(core)
    """
    run = run_pytest(tmp_path, {"test_it.py": tests})
    lines = {tuple(sorted(held_by(record))): record["where"]["line"] for record in run.records}
    assert lines == {("app.Engine", "app.Error", "app.early"): 10, ("app.late",): 6}
    assert set(run.tests) == {"test_it.py::test_asks"}


def test_what_a_hook_makes_old_before_a_fixture_is_no_later_tests_doing(tmp_path: Path) -> None:
    conftest = """
        import importlib, app, core, pytest
        @pytest.fixture(scope="session", autouse=True)
        def fresh():
            app.fresh = core.Engine
            importlib.reload(core)
            yield
        def pytest_runtest_setup(item):
            setattr(app, item.name, core.Engine)
            importlib.reload(core)
    """
    tests = "import app\ndef test_first(): pass\ndef test_last(): pass\n"
    run = run_pytest(tmp_path, {"conftest.py": conftest, "test_it.py": tests})
    assert "app.test_first" in run.holders("test_it.py::test_first")
    assert run.holders("test_it.py::test_last") == ["app.test_last"]


@pytest.mark.parametrize(
    ("poison", "back"),
    [
        ("KEPT.update(vars(core)); importlib.reload(core)", "vars(core).update(KEPT)"),
        ("KEPT['core'] = sys.modules.pop('core'); import core", "sys.modules['core'] = KEPT['core']"),
        ("KEPT['core'] = core; sys.modules['core'] = object()", "sys.modules['core'] = KEPT['core']"),
    ],
    ids=["reload", "eviction", "by hand"],
)
def test_what_is_put_right_can_be_made_old_again(tmp_path: Path, poison: str, back: str) -> None:
    tests = f"""
        import importlib, sys, app, core
        KEPT = {{}}
        app.ENGINE = core.Engine()
        def test_first():
            global core
            {poison}
        def test_back():
            global core
            {back}
            import core
            assert core.Engine is app.Engine
        def test_third(): importlib.reload(core)
        def test_fourth(): importlib.reload(core)
    """
    run = run_pytest(tmp_path, {"test_it.py": tests})
    assert "test_it.py::test_fourth" not in run.tests
    for name in ("test_first", "test_third"):
        assert {"app.ENGINE", "app.Engine", "app.Error"} <= set(run.holders(f"test_it.py::{name}")), run.out


def held_by(record: dict[str, Any]) -> set[str]:
    """Return the names of a record's holders."""
    return {holder["path"] for finding in record["findings"] for holder in finding["holders"]}


@pytest.mark.parametrize(
    "hook",
    [
        "pytest_configure(config)",
        "pytest_sessionstart(session)",
        "pytest_collection_modifyitems(items)",
        "pytest_collection_finish(session)",
        "pytest_runtestloop(session)",
    ],
)
def test_what_a_hook_does_is_no_tests_doing(tmp_path: Path, hook: str) -> None:
    files = {
        "conftest.py": f"import importlib, app, core\ndef {hook}:\n    importlib.reload(core)\n",
        "test_it.py": "import app, importlib, core\ndef test_first():\n"
        "    app.kept = core.Engine\n    importlib.reload(core)\ndef test_last(): pass\n",
    }
    run = run_pytest(tmp_path, files, "--stalecheck=error")
    found = {record["test"]: record["where"] for record in run.records}
    assert found["conftest.py"] == {"filename": "conftest.py", "line": 3}
    assert set(run.holders("conftest.py")) == {"app.Engine", "app.Error"}
    assert "app.kept" in run.holders("test_it.py::test_first")
    assert "test_it.py::test_last" not in found
    assert "1 failed, 1 passed" in run.out


def test_what_the_end_of_the_session_does_is_no_tests_doing(tmp_path: Path) -> None:
    files = {
        "conftest.py": "import importlib, app, core\ndef pytest_sessionfinish():\n    importlib.reload(core)\n",
        "test_it.py": "def test_it(): pass\n",
    }
    run = run_pytest(tmp_path, files, "--stalecheck=error")
    assert run.tests == ["conftest.py"]
    assert "1 passed" in run.out
    assert run.code == 1


def test_a_conftest_is_named_by_its_path(tmp_path: Path) -> None:
    files = {
        "tests/conftest.py": "import importlib, app, core\nimportlib.reload(core)\n",
        "tests/test_it.py": "def test_it(): pass\n",
    }
    run = run_pytest(tmp_path, files, "tests", "-p", "app")
    assert run.tests == ["tests/conftest.py"]


def test_what_pytest_keeps_is_no_holder(tmp_path: Path) -> None:
    tests = """
        import logging, warnings
        @pytest.fixture
        def engine(): return core.Engine()
        @pytest.fixture
        def ending():
            yield core.Engine()
        @pytest.fixture(scope="module")
        def early(): return core.Engine()
        @pytest.fixture(params=[1, 2])
        def many(request): return core.Engine()
        class TestIt:
            def test_it(self, engine, ending, many, caplog, request, recwarn):
                self.engine = engine
                request.node.engine = engine
                request.node.add_marker(pytest.mark.foo(engine))
                request.config.stash[pytest.StashKey()] = engine
                request.addfinalizer(lambda e=engine: None)
                logging.getLogger("x").warning("%s", engine)
                warnings.warn(UserWarning(engine))
                with pytest.raises(core.Error) as info:
                    core.fail()
                again(core)
        def test_fails(engine):
            mine = engine
            again(core)
            core.fail()
        def test_shared(early):
            again(core)
        def test_last(): pass
    """
    files = {"app.py": "", "test_it.py": HEAD + textwrap.dedent(tests), "pytest.ini": "[pytest]\nmarkers = foo\n"}
    run = run_pytest(tmp_path, files, "-W", "ignore")
    assert "1 failed" in run.out
    assert run.tests == ["test_it.py::test_shared"]
    assert run.holders("test_it.py::test_shared") == ["module fixture 'early'"]
    assert "module fixture 'early'  test_it.py:11" in run.out


def test_arguments_of_parametrize_are_holders(tmp_path: Path) -> None:
    tests = "def test_a(): again(core)\n@pytest.mark.parametrize('cls', [core.Engine])\ndef test_b(cls): pass\n"
    run = run_pytest(tmp_path, {"app.py": "", "test_it.py": HEAD + tests})
    assert any("test_b" in path for path in run.holders("test_it.py::test_a"))


def test_no_code_of_the_user_runs(tmp_path: Path) -> None:
    tests = """
        import sys, types
        class Hostile(types.ModuleType):
            def __eq__(self, other): raise SystemExit("compared")
            def __hash__(self): raise SystemExit("hashed")
            def __getattribute__(self, name): raise SystemExit("looked at")
            @property
            def __class__(self): raise SystemExit("asked for its class")
        def test_a(): sys.modules["hostile"] = Hostile("hostile")
        def test_b(): sys.modules["hostile"] = Hostile("hostile")
        def test_c(): del sys.modules["hostile"]
    """
    run = run_pytest(tmp_path, {"test_it.py": tests})
    assert "3 passed" in run.out, run.out


def test_tracebacks_and_warnings_are_what_they_are_without_it(tmp_path: Path) -> None:
    files = {
        "broken.py": "import nothing_of_that_name\n",
        "loud.py": "import warnings\nwarnings.warn('loud', DeprecationWarning, stacklevel=2)\n",
        "test_it.py": """
            import importlib, traceback, warnings
            import core
            def test_error():
                try:
                    import broken
                except ImportError:
                    print("files:", [frame.filename for frame in traceback.extract_tb(__import__("sys").exc_info()[2])])
            def test_warning():
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    import loud
                    importlib.reload(core)
                print("warned:", caught[0].filename)
        """,
    }
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    runs = [
        run_pytest(tmp_path / "with", files, "-s"),
        run_pytest(tmp_path / "without", files, "-s", json_file=None),
    ]
    lines = [
        [line.replace("without", "with") for line in run.out.splitlines() if "files:" in line or "warned:" in line]
        for run in runs
    ]
    assert lines[0] == lines[1]
    assert len(lines[0]) == 2


@pytest.mark.parametrize("options", [(), ("-W", "always"), ("-W", "error::DeprecationWarning:core")])
def test_what_the_compiler_warns_of_is_not_said_again(tmp_path: Path, options: tuple[str, ...]) -> None:
    files = {
        "core.py": "import re\nPATTERN = re.compile('\\d+')\nassert 1 is 1\ndef made(): return re\nclass Engine: ...\n",
        "app.py": "from core import Engine, PATTERN, made\n",
        "test_it.py": HEAD + "def test_it(): again(core)\n",
    }
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    runs = [
        run_pytest(tmp_path / "with", files, *options),
        run_pytest(tmp_path / "without", files, *options, json_file=None),
    ]
    assert len(runs[0].records) == 1
    counts = [re.findall(r"1 passed(?:, \d+ warnings?)?", run.out) for run in runs]
    assert counts[0] == counts[1] != []


def test_a_class_that_reloads_its_own_module_has_tests_to_come(tmp_path: Path) -> None:
    tests = """
        import importlib, sys, unittest
        class TestUnit(unittest.TestCase):
            def test_a(self): importlib.reload(sys.modules[__name__])
            def test_b(self): assert not isinstance(self, TestUnit)
            def test_c(self): importlib.reload(sys.modules[__name__])
        class TestPlain:
            def test_a(self): assert not isinstance(self, TestPlain)
            def test_b(self): importlib.reload(sys.modules[__name__])
    """
    run = run_pytest(tmp_path, {"test_it.py": tests})
    assert "5 passed" in run.out, run.out
    assert run.tests == ["test_it.py::TestUnit::test_a"]
    assert set(run.holders(run.tests[0])) == {
        "the tests to come of test_it.py::TestUnit",
        "the tests to come of test_it.py::TestPlain",
    }
    assert "reload the module of a test in a process of its own:" in run.out


def test_what_is_reloaded_dies_when_it_would_without_the_plugin(tmp_path: Path) -> None:
    core = """
        import sys, enum
        class Engine: ...
        class Error(Exception): ...
        class Color(enum.Enum):
            RED = 1
        class Ends:
            def __del__(self): sys.ended = getattr(sys, "ended", 0) + 1
        ENDS = Ends()
        def make(): return Engine()
    """
    tests = """
        import gc, importlib, sys, types, weakref
        import app, core
        def fresh():
            importlib.reload(core)
            importlib.reload(app)
            gc.collect()
        def test_weak_references():
            found = [weakref.ref(one) for one in (core.Engine, core.Color, core.Color.RED, core.make)]
            fresh()
            assert [one() for one in found] == [None] * 4
        def test_finalizers():
            before = sys.ended
            importlib.reload(core)
            assert sys.ended == before + 1
        def test_subclasses():
            fresh()
            assert len([cls for cls in Exception.__subclasses__() if cls.__module__ == "core"]) == 1
        def test_the_collector():
            fresh()
            assert len([one for one in gc.get_objects() if type(one) is type and one.__module__ == "core"]) == 3
        def test_evicted():
            found = weakref.ref(core.Engine), weakref.ref(core)
            globals().pop("core"), sys.modules.pop("core")
            importlib.reload(app)
            globals()["core"] = sys.modules["core"]
            gc.collect()
            assert [one() for one in found] == [None, None]
    """
    run = run_pytest(tmp_path, {"core.py": core, "app.py": "from core import Engine\n", "test_it.py": tests})
    assert "5 passed" in run.out, run.out


def test_nothing_is_kept_alive(tmp_path: Path) -> None:
    tests = """
        import gc, importlib, sys, weakref, core
        FOUND = []
        def test_reloads():
            FOUND.append(weakref.ref(core.Engine))
            importlib.reload(core)
        def test_evicts():
            FOUND.append(weakref.ref(core))
            globals().pop("core")
            del sys.modules["core"]
            import core as fresh
        def test_is_gone():
            gc.collect()
            assert [one() for one in FOUND] == [None, None]
    """
    run = run_pytest(tmp_path, {"app.py": "", "test_it.py": tests})
    assert "3 passed" in run.out, run.out


@pytest.mark.parametrize("scope", ["class", "module", "session"])
@pytest.mark.parametrize("is_allowed", [False, True])
def test_the_end_of_a_shared_fixture_is_charged_to_the_test_that_it_was_set_up_for(
    tmp_path: Path, scope: str, *, is_allowed: bool
) -> None:
    tests = f"""
        import importlib, app, core, pytest
        @pytest.fixture(scope="{scope}")
        def other_mode():
            yield
            importlib.reload(core)
        class TestIt:
            {"@pytest.mark.stalecheck_allow" if is_allowed else ""}
            def test_uses(self, other_mode): pass
            def test_does_not_use(self): pass
    """
    run = run_pytest(tmp_path, {"test_it.py": tests}, "--stalecheck=error")
    assert run.tests == ([] if is_allowed else ["test_it.py::TestIt::test_uses"])
    assert (" 2 passed" if is_allowed else " 1 failed, 1 passed") in run.out


def test_what_a_later_test_evicts_is_not_charged_to_an_earlier_reload(tmp_path: Path) -> None:
    tests = """
        import importlib, sys, app, core, pytest
        @pytest.fixture(scope="session")
        def fresh():
            importlib.reload(core)
            yield
        def test_uses(fresh): pass
        def test_evicts():
            del sys.modules["core"]
            import core as other
    """
    run = run_pytest(tmp_path, {"test_it.py": tests})
    found = {record["test"]: {finding["kind"] for finding in record["findings"]} for record in run.records}
    assert found == {"test_it.py::test_uses": {"class"}, "test_it.py::test_evicts": {"module"}}


def test_a_sentinel_that_nobody_holds_any_more_is_gone(tmp_path: Path) -> None:
    files = {
        "core.py": "MISSING = object()\ndef get(): return MISSING\n",
        "app.py": "",
        "test_it.py": "import importlib, core\ndef test_it(): importlib.reload(core)\ndef test_more(): core.get()\n",
    }
    assert run_pytest(tmp_path, files).records == []
