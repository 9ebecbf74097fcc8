"""A test that fails over two versions of a class is told so, and which test has made them."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from .suites import run_pytest

CORE = """
import enum
class Engine: ...
class Error(Exception): ...
class Color(enum.Enum):
    RED = 1
def fail():
    raise Error("x")
def make():
    return Engine()
MISSING = object()
limit = 1
def set_limit(value):
    global limit
    limit = value
"""
APP = """
import core
from core import MISSING, Color, Engine, Error, set_limit
DEFAULT = Color.RED
class Turbo(Engine): ...
def make():
    return Engine()
def fail():
    raise Error("x")
class Shop:
    def __init__(self):
        self.engine = make()
    def safe(self):
        return guard()
def add(one, other):
    return one + other
def guard():
    try:
        core.fail()
    except Error:
        return True
    except Exception:
        return False
def is_guarded():
    return guard()
SHARED = Engine()
def is_shared(engine):
    return engine is SHARED
class Owner(Shop):
    def is_valid(self): return isinstance(self.engine, core.Engine)
SHOP = Owner()
NAMES = {Engine: "engine"}
"""
POISON = "import importlib, core\ndef test_poison():\n    importlib.reload(core)\n"
HEAD = "import pickle, unittest\nimport app, core, pytest\nfrom core import Engine\n"
SECTION = "- stale references -"


def outcome(folder: Path, body: str, *options: str, poison: str = POISON) -> str:
    """Return what is printed of a victim, its body beginning at line 5."""
    test = f"{HEAD}def test_victim():\n{textwrap.indent(textwrap.dedent(body), '    ')}"
    files = {"core.py": CORE, "app.py": APP, "test_a.py": poison, "test_b.py": test}
    run = run_pytest(folder, files, "--tb=short", *options)
    assert "1 failed" in run.out, run.out
    return run.out.partition("= FAILURES =")[2].partition("= stale references =")[0]


@pytest.mark.parametrize(
    ("body", "name", "said"),
    [
        pytest.param(
            "engine = app.make()\nassert isinstance(engine, core.Engine)\n",
            "core.Engine",
            "local 'engine' in test_victim() at test_b.py:6 is an instance of it",
            id="isinstance",
        ),
        pytest.param(
            "assert isinstance(app.make(), core.Engine)\n",
            "core.Engine",
            "a value in test_victim() at test_b.py:5 is an instance of it",
            id="a value without a name",
        ),
        pytest.param(
            "assert type(core.make()) is Engine\n",
            "core.Engine",
            "test_b.Engine, used in test_victim() at test_b.py:5, is it",
            id="is",
        ),
        pytest.param(
            "with pytest.raises(app.Error):\n    core.fail()\n",
            "core.Error",
            "test_b.app.Error, used in test_victim() at test_b.py:6, is it",
            id="pytest.raises expects the old one",
        ),
        pytest.param(
            "with pytest.raises(core.Error):\n    app.fail()\n",
            "core.Error",
            "the exception is an instance of it",
            id="pytest.raises expects the present one",
        ),
        pytest.param(
            "try:\n    app.fail()\nexcept core.Error:\n    pass\n",
            "core.Error",
            "the exception is an instance of it",
            id="except",
        ),
        pytest.param(
            "assert app.DEFAULT == core.Color.RED\n",
            "core.Color",
            "test_b.app.DEFAULT, used in test_victim() at test_b.py:5, is an instance of it",
            id="Enum",
        ),
        pytest.param(
            "engine = app.make()\npickle.dumps(engine)\n",
            "core.Engine",
            "local 'engine' in test_victim() at test_b.py:6 is an instance of it",
            id="pickle",
        ),
        pytest.param(
            "turbo = app.Turbo()\nassert isinstance(turbo, core.Engine)\n",
            "core.Engine",
            "local 'turbo' in test_victim() at test_b.py:6 is an instance of a subclass of it",
            id="a subclass",
        ),
        pytest.param(
            "shop = app.Shop()\nassert isinstance(shop.engine, core.Engine)\n",
            "core.Engine",
            "local 'shop'.engine in test_victim() at test_b.py:6 is an instance of it",
            id="an attribute",
        ),
        pytest.param(
            "engines = [app.make()]\nassert all(isinstance(one, core.Engine) for one in engines)\n",
            "core.Engine",
            "local 'engines'[...] in test_victim() at test_b.py:6 is an instance of it",
            id="in a list",
        ),
        pytest.param(
            "assert app.guard()\n",
            "core.Error",
            "app.Error, used in guard() at app.py:20, is it",
            id="in what it calls",
        ),
        pytest.param(
            "assert app.is_guarded()\n",
            "core.Error",
            "app.Error, used in guard() at app.py:20, is it",
            id="in what that calls",
        ),
        pytest.param(
            "assert app.is_shared(core.make())\n",
            "core.Engine",
            "app.SHARED, used in is_shared() at app.py:28, is an instance of it",
            id="an instance in what it calls",
        ),
        pytest.param(
            "assert app.SHARED.__class__.__name__ == 'Motor'\n",
            "core.Engine",
            "test_b.app.SHARED, used in test_victim() at test_b.py:5, is an instance of it",
            id="an instance step by step",
        ),
        pytest.param(
            "shop = app.Shop.__new__(app.Shop)\nassert shop.safe()\n",
            "core.Error",
            "app.Error, used in guard() at app.py:20, is it",
            id="in what its method calls",
        ),
        pytest.param(
            "assert app.SHOP.is_valid()\n",
            "core.Engine",
            "is_valid() at app.py:30, is an instance of it",
            id="in what its method reads",
        ),
        pytest.param(
            "assert app.NAMES[core.Engine] == 'engine'\n",
            "core.Engine",
            "a key of test_b.app.NAMES, used in test_victim() at test_b.py:5, is it",
            id="a key",
        ),
    ],
)
def test_a_victim_is_told(tmp_path: Path, body: str, name: str, said: str) -> None:
    printed = outcome(tmp_path, body).partition(SECTION)[2]
    section = " ".join(printed.split())
    assert f"{name} is two classes: test_a.py::test_poison reloaded core at test_a.py:3." in section
    assert "- the old one (version 1, at 0x" in section
    assert "- the present one (version 2, at 0x" in section
    assert said in section
    assert max(map(len, printed.splitlines())) <= 80


@pytest.mark.parametrize(
    ("body", "name", "said"),
    [
        pytest.param(
            "found = app.MISSING\nassert found is core.MISSING\n",
            "core.MISSING is two objects",
            "local 'found' in test_victim() at test_b.py:6 is it",
            id="a sentinel",
        ),
        pytest.param(
            "assert app.set_limit is core.set_limit\n",
            "core.set_limit is two functions",
            "test_b.app.set_limit, used in test_victim() at test_b.py:5, is it",
            id="a function",
        ),
    ],
)
def test_what_is_no_class_is_told_apart_too(tmp_path: Path, body: str, name: str, said: str) -> None:
    section = " ".join(outcome(tmp_path, body).partition(SECTION)[2].split())
    assert f"{name}: test_a.py::test_poison reloaded core at test_a.py:3." in section
    assert "- the old one (version 1, at 0x" in section
    assert said in section
    assert section.count("`is`, == and the keys of dictionaries tell the versions apart.") == 1


def test_two_modules_have_a_state_each(tmp_path: Path) -> None:
    poison = "import sys\ndef test_poison():\n    del sys.modules['core']\n    import core\n"
    body = "import core as present\napp.set_limit(3)\nassert present.limit == 3\n"
    section = " ".join(outcome(tmp_path, body, poison=poison).partition(SECTION)[2].split())
    assert "core is two modules: test_a.py::test_poison replaced core at test_a.py:4." in section
    assert "- the old one (version 1): test_b.app.set_limit, used in test_victim() at test_b.py:7, is a func" in section
    assert "- the present one (version 2): core" in section
    assert "What is set in one of them, the functions of the other do not see." in section
    assert section.count(" is two ") == 1


@pytest.mark.parametrize(
    ("body", "poison"),
    [
        pytest.param("engine = core.Engine()\nassert 1 == 2\n", POISON, id="only the present version"),
        pytest.param("engine = app.make()\nassert 1 == 2\n", "def test_poison(): pass\n", id="nothing was reloaded"),
        pytest.param(
            "engine = app.make()\nassert 1 == 2\n",
            "import sys\ndef test_poison(monkeypatch):\n  monkeypatch.delitem(sys.modules, 'core')\n  import core\n",
            id="it was put back",
        ),
        pytest.param("core.Engine()\nassert app.add(1, 1) == 3\n", POISON, id="a name of another module's"),
        pytest.param(
            "def nothing(): return core.Error\nassert app.add(app.Shop, nothing) == 3\n", POISON, id="what it hands on"
        ),
        pytest.param("other = app.Shop\nassert app.make is None\n", POISON, id="what is not of the module"),
        pytest.param(
            "app.set_limit(3)\nassert core.limit == 4\n", POISON, id="a function of the same module, only called"
        ),
    ],
)
def test_others_are_not(tmp_path: Path, body: str, poison: str) -> None:
    assert SECTION not in outcome(tmp_path, body, poison=poison)


def test_a_member_of_an_enum_is_named_once(tmp_path: Path) -> None:
    said = outcome(tmp_path, "kind = app.DEFAULT\nassert kind is core.Color.RED\n").partition(SECTION)[2]
    assert "local 'kind' in test_victim() at test_b.py:6 is an instance of it" in " ".join(said.split())
    assert "'kind'.RED" not in said


def test_an_eviction(tmp_path: Path) -> None:
    poison = "import sys\ndef test_poison():\n    del sys.modules['core']\n    import core\n"
    out = outcome(tmp_path, "assert type(core.make()) is __import__('core').Engine\n", poison=poison)
    section = " ".join(out.partition(SECTION)[2].split())
    assert "core.Engine is two classes: test_a.py::test_poison replaced core at test_a.py:4." in section


@pytest.mark.parametrize(
    ("kept", "body", "said"),
    [
        pytest.param(
            "app.kept = fresh.Engine()",
            "assert isinstance(app.kept, core.Engine)",
            "test_b.app.kept, used in test_victim() at test_b.py:5, is an instance of it",
            id="an instance",
        ),
        pytest.param(
            "app.KEPT = [fresh.Engine()]",
            "pickle.dumps(app.KEPT[0])",
            "test_b.app.KEPT[...], used in test_victim() at test_b.py:5, is an instance of it",
            id="in a list",
        ),
        pytest.param(
            "monkeypatch.delitem(sys.modules, 'app'); import app as other; app.make = other.make",
            "made = app.make()\nassert isinstance(made, core.Engine)",
            "local 'made' in test_victim() at test_b.py:6 is an instance of it",
            id="a function of another copy",
        ),
    ],
)
def test_a_copy_that_was_made_meanwhile(tmp_path: Path, kept: str, body: str, said: str) -> None:
    poison = f"""
        import sys, app
        def test_poison(monkeypatch):
            monkeypatch.delitem(sys.modules, 'core')
            import core as fresh
            {kept}
    """
    section = " ".join(outcome(tmp_path, body, poison=poison).partition(SECTION)[2].split())
    assert "core.Engine is two classes: test_a.py::test_poison replaced core at test_a.py:5." in section
    assert "- the one of the copy that it has left (at 0x" in section
    assert "- the present one (version 1, at 0x" in section
    assert said in section


def test_a_package_that_keeps_the_copy(tmp_path: Path) -> None:
    files = {
        "p/__init__.py": "",
        "p/m.py": "class C: ...\n",
        "p/n.py": "from p.m import C\nclass D(C): ...\n",
        "test_a.py": "import sys, p.n\ndef test_poison(monkeypatch):\n"
        "    monkeypatch.delitem(sys.modules, 'p.m')\n    import p.m\n",
        "test_b.py": "import p.n\ndef test_victim():\n    made = p.n.D()\n    assert isinstance(made, p.m.C)\n",
    }
    run = run_pytest(tmp_path, files)
    text = " ".join(run.out.split())
    assert "p.m.C is two classes: test_a.py::test_poison replaced p.m at test_a.py:4." in text
    assert "test_b.p.m.C, used in test_victim() at test_b.py:4, is it" in text
    assert "the module of before is back; what is called old is of the copy that was imported meanwhile" in text
    assert "put the module of before back there, too: monkeypatch.setattr(package, name, module)" in text


def test_the_module_is_the_classs_own(tmp_path: Path) -> None:
    poison = """
        import sys, app, core
        def test_poison():
            del sys.modules["app"], sys.modules["core"]
            import app
    """
    body = "import app as fresh\nassert isinstance(fresh.make(), Engine)\n"
    section = " ".join(outcome(tmp_path, body, poison=poison).partition(SECTION)[2].split())
    assert "core.Engine is two classes: test_a.py::test_poison replaced core at test_a.py:5." in section


def test_the_test_that_reloads_is_its_own_victim(tmp_path: Path) -> None:
    out = outcome(
        tmp_path,
        "import importlib\nimportlib.reload(core)\nassert isinstance(core.make(), Engine)\n",
        poison="def test_poison(): pass\n",
    )
    section = " ".join(out.partition(SECTION)[2].split())
    assert "test_b.py::test_victim reloaded core at test_b.py:6." in section


def test_which_of_many_reloads_is_known(tmp_path: Path) -> None:
    poison = POISON + "def test_more():\n    importlib.reload(core)\n    importlib.reload(core)\n"
    section = " ".join(outcome(tmp_path, "assert isinstance(app.make(), core.Engine)\n", poison=poison).split())
    assert "test_a.py::test_poison reloaded core at test_a.py:3." in section
    assert "the old one (version 1," in section
    assert "the present one (version 4," in section


def test_a_reload_that_has_failed_half_way_has_left_no_copy(tmp_path: Path) -> None:
    core = "import os\nclass Engine: ...\nif os.environ.get('BROKEN'): raise ValueError\nTABLE = {1: Engine}\n"
    poison = """
        import importlib, core, pytest
        def test_poison(monkeypatch):
            monkeypatch.setenv("BROKEN", "1")
            with pytest.raises(ValueError):
                importlib.reload(core)
    """
    test = "import app, core\ndef test_victim():\n    assert app.Engine is core.Engine\n"
    files = {"core.py": core, "app.py": "from core import Engine\n", "test_a.py": poison, "test_b.py": test}
    section = " ".join(run_pytest(tmp_path, files).out.partition(SECTION)[2].split())
    assert "- the old one (version 1, at 0x" in section
    assert "- the present one (version 2, at 0x" in section


def test_a_class_that_was_put_back_is_no_newer_one(tmp_path: Path) -> None:
    poison = """
        import importlib, app, core
        def test_poison(monkeypatch):
            monkeypatch.setattr(core, "Engine", None)
            importlib.reload(core)
            app.kept = core.Engine()
    """
    section = " ".join(outcome(tmp_path, "assert isinstance(app.kept, core.Engine)\n", poison=poison).split())
    assert "- another one (version 2, at 0x" in section
    assert "- the present one (version 1, put back, at 0x" in section


def test_a_class_of_unittest(tmp_path: Path) -> None:
    test = """
        import unittest, app, core
        class TestIt(unittest.TestCase):
            def setUp(self):
                self.engine = app.make()
            def test_victim(self):
                self.assertIsInstance(self.engine, core.Engine)
    """
    run = run_pytest(tmp_path, {"core.py": CORE, "app.py": APP, "test_a.py": POISON, "test_b.py": test})
    section = " ".join(run.out.partition(SECTION)[2].split())
    assert "test_victim() at test_b.py:7 is an instance of it" in section
    assert "test_a.py::test_poison reloaded core" in section


def test_what_only_an_assertion_of_unittest_has(tmp_path: Path) -> None:
    app = f"{APP}import functools\n@functools.lru_cache\ndef get(): return Engine()\nget()\n"
    test = """
        import unittest, app, core
        class TestIt(unittest.TestCase):
            def test_victim(self):
                self.assertIsInstance(app.get(), core.Engine)
    """
    run = run_pytest(tmp_path, {"core.py": CORE, "app.py": app, "test_a.py": POISON, "test_b.py": test})
    section = " ".join(run.out.partition(SECTION)[2].split())
    assert "what assertIsInstance() was given is an instance of it" in section


def test_no_code_of_the_user_runs(tmp_path: Path) -> None:
    body = """
        class Hostile:
            def __getattribute__(self, name): raise SystemExit("looked at")
            def __eq__(self, other): raise SystemExit("compared")
            __hash__ = None
            engine = property(lambda self: 1 / 0)
        hostile = Hostile()
        listed = [hostile]
        engine = app.make()
        assert 1 == 2
    """
    assert SECTION in outcome(tmp_path, body)
