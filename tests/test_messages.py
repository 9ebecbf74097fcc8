"""What the diagnostics say: is it true, and is what they advise a remedy?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import stalecheck

M = """\
class C:
    def run(self): ...
def f(): ...
class E: ...
S = C()
LIMIT = 3
"""
RELOAD = "import importlib, m\ndef refresh():\n    importlib.reload(m)\n"
EVICT = "import sys\ndef refresh():\n    del sys.modules['m']\n    import m\n"
ENUM = "import enum\nclass Color(enum.Enum):\n    RED = 1\n"
HIDDEN = {"p/__init__.py": "from .m import m\n", "p/m.py": "def m(): ...\nclass C: ...\n", "m.py": ""}


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        pytest.param(
            {"app.py": "from m import C\n"},
            "STL101",
            "`C` stays the old class `m.C` after `m` is reloaded at refresh.py:3; "
            "`import m` and use `m.C` where it is needed",
            id="a class",
        ),
        pytest.param(
            {"app.py": "from m import C\n", "refresh.py": EVICT},
            "STL101",
            "`C` stays the old class `m.C` after `m` is evicted at refresh.py:3; "
            "`from m import C` in the function that uses it",
            id="a class, evicted",
        ),
        pytest.param(
            {"a.py": "from m import C\n", "b.py": "from a import C\n", "app.py": "from b import C\nclass D(C): ...\n"},
            "STL203",
            "`D` inherits from the old class `m.C` (through `a`, `b`; because `C`, line 1) after `m` is reloaded at "
            "refresh.py:3; reload `a`, `b` and `app`, in this order, after `m`",
            id="a chain",
        ),
        pytest.param(
            {"app.py": "from m import *\n"},
            "STL102",
            "`*` keeps what it brought of the old `m`: `C`, `E`, `LIMIT` and 2 more after `m` is reloaded at "
            "refresh.py:3; `import m` and use its attributes where they are needed",
            id="a star",
        ),
        pytest.param(
            {
                "a.py": "class A: ...\n",
                "hub.py": "from a import A\nfrom m import C\nclass H: ...\n",
                "app.py": "from hub import *\n",
                "more.py": "import importlib, a\ndef again():\n    importlib.reload(a)\n",
            },
            "STL102",
            "`*` keeps what it brought of the old `a`: `A` (through `hub`), and of the old `m`: `C` (through `hub`) "
            "after `a` is reloaded at more.py:3 or `m` is reloaded at refresh.py:3; "
            "`import a` and `import m` and use their attributes where they are needed",
            id="a star over two modules",
        ),
        pytest.param(
            {
                "hub.py": "from m import C\nclass H: ...\nONE = C()\n",
                "app.py": "from hub import *\n",
                "more.py": "import importlib, hub\ndef again():\n    importlib.reload(hub)\n",
            },
            "STL102",
            "`*` keeps what it brought of the old `m`: `C`, `ONE` (through `hub`), and of the old `hub`: `H`, `ONE` "
            "after `hub` is reloaded at more.py:3 or `m` is reloaded at refresh.py:3; "
            "`import hub` and use its attributes where they are needed; "
            "reload `hub` and `app`, in this order, after `m`",
            id="a star over a module and what it made of another",
        ),
        pytest.param(
            {
                "a.py": "class A: ...\n",
                "hub.py": "from a import A\nfrom m import C\n",
                "app.py": "from hub import *\n",
                "more.py": "import sys\ndef again():\n    del sys.modules['a']\n    import a\n",
            },
            "STL102",
            "`*` keeps what it brought of the old `a`: `A` (through `hub`), and of the old `m`: `C` (through `hub`) "
            "after `a` is evicted at more.py:3 or `m` is reloaded at refresh.py:3; "
            "`import m` and use its attributes where they are needed; "
            "import those of `a` in the functions that use them",
            id="a star over two modules, one evicted",
        ),
        pytest.param(
            {
                "p/__init__.py": "",
                "p/m.py": M,
                "app.py": "import p.m\n",
                "refresh.py": "import sys, importlib.util\n"
                "def refresh(path):\n"
                "    spec = importlib.util.spec_from_file_location('p.m', path)\n"
                "    new = importlib.util.module_from_spec(spec)\n"
                "    sys.modules['p.m'] = new\n"
                "    spec.loader.exec_module(new)\n",
            },
            "STL103",
            "`p` leads to the old module `p.m` after `p.m` is evicted at refresh.py:6; "
            "reload in place with `importlib.reload`, or set `p.m` to the new module",
            id="a package whose submodule is executed by hand",
        ),
        pytest.param(
            {
                "m.py": "def f(): return 'f'\ndef g(): return 'g'\n",
                "n.py": "import m\nA = m.f()\nB = m.g()\n",
                "app.py": "from n import *\n",
            },
            "STL102",
            "`*` keeps what it brought of the old `m`: `A`, `B` (through `n`) after `m` is reloaded at refresh.py:3; "
            "reload `n` and `app`, in this order, after `m`",
            id="a star over two results",
        ),
        pytest.param(
            {"app.py": "import functools, m\n@functools.cache\ndef g(): return m.f\n"},
            "STL207",
            "the cache of `g` keeps the old function `m.f` after `m` is reloaded at refresh.py:3; "
            "call its `cache_clear()` after the reload, or do not cache",
            id="a cached function",
        ),
        pytest.param(
            {"app.py": "import m\nclass Reg:\n    items = {}\n    items.setdefault('x', []).append(m.C)\n"},
            "STL205",
            "`Reg.items` holds the old class `m.C` after `m` is reloaded at refresh.py:3; "
            "fill it in the function that uses it, or hold a function that looks `m.C` up when it is called",
            id="a container in a container",
        ),
        pytest.param(
            {"app.py": "import functools, m\n@functools.cache\ndef g(): return m.C()\n"},
            "STL207",
            "the cache of `g` keeps an instance of the old class `m.C` after `m` is reloaded at refresh.py:3; "
            "call its `cache_clear()` after the reload, or do not cache",
            id="a cached instance",
        ),
        pytest.param(
            {
                "m.py": "class C:\n    def run(self, *a): return lambda f: f\nS = C()\n",
                "app.py": "from m import S\n@S.run('x')\ndef g(): ...\n",
            },
            "STL209",
            "`g` is decorated by the old object `m.S` (because `S`, line 1) after `m` is reloaded at refresh.py:3; "
            "reload `app` after `m`",
            id="a decorator that is called",
        ),
        pytest.param(
            {"app.py": "import functools\nfrom m import f\nP = functools.partial(f, 1)\n"},
            "STL206",
            "`P` wraps the old function `m.f` (because `f`, line 2) after `m` is reloaded at refresh.py:3; "
            "write a function that looks `m.f` up when it is called",
            id="a wrapped argument",
        ),
        pytest.param(
            {
                "app.py": "import importlib, m\nfrom m import C\nc = C()\nimportlib.reload(m)\nfrom m import C\n"
                "importlib.reload(m)\n",
                "refresh.py": "",
            },
            "STL201",
            "`c` stays an instance of the old class `m.C` (because `C`, line 2) after `m` is reloaded at app.py:4 "
            "(and at 1 more); "
            "make the instance where it is needed, or make it again after the reload",
            id="a name that is imported again after the reload",
        ),
        pytest.param(
            {
                "m.py": "class C: ...\ndef make(): return C()\n",
                "app.py": "import functools\nfrom m import make\n@functools.cache\ndef g(): return make()\n",
            },
            "STL207",
            "the cache of `g` keeps an instance of the old class `m.C` (because `make`, line 2) after `m` is reloaded "
            "at refresh.py:3; call its `cache_clear()` after the reload, or do not cache",
            id="a cached result of an imported function",
        ),
        pytest.param(
            {"app.py": "import functools, m\nclass X:\n    @functools.cached_property\n    def v(_): return m.C()\n"},
            "STL207",
            "the cache of `X.v` keeps an instance of the old class `m.C` after `m` is reloaded at refresh.py:3; "
            "delete `v` of each instance after the reload, or make it a plain property",
            id="a cached property",
        ),
        pytest.param(
            {"app.py": "from n import drop\nfrom m import f\nP = drop(f)\n", "n.py": "def drop(x): ..."},
            "STL101",
            "`f` stays the old function `m.f` after `m` is reloaded at refresh.py:3; "
            "`import m` and use `m.f` where it is needed",
            id="nothing follows from an argument that is let go",
        ),
        pytest.param(
            {
                "m.py": "import click\n@click.group()\ndef cli(): ...\n",
                "app.py": "import m\n@m.cli.command()\ndef g(): ...\n",
            },
            "STL209",
            "`g` is decorated by the old function `m.cli` after `m` is reloaded at refresh.py:3; "
            "reload `app` after `m`",
            id="a decorator of a decorated function",
        ),
        pytest.param(
            {
                "m.py": "class C: ...\n",
                "app.py": "import m\nBY = {}\ndef draws(cls):\n    def deco(f):\n        BY[cls] = f\n"
                "        return f\n    return deco\n@draws(m.C)\ndef g(): ...\n",
            },
            "STL209",
            "a decorator of `g` was given the old class `m.C` after `m` is reloaded at refresh.py:3; "
            "look it up in the body instead, or reload `app` after `m`",
            id="what a decorator of one's own is given",
        ),
        pytest.param(
            {
                "m.py": "import argparse\nspace = argparse.Namespace(limits=[1])\nlimits = space.limits\n",
                "app.py": "from m import limits\n",
            },
            "STL105",
            "`limits` keeps the old value of `m.limits` after `m` is reloaded at refresh.py:3; "
            "`import m` and use `m.limits` where it is needed",
            id="an attribute of an object of an unknown class",
        ),
        pytest.param(
            {"m.py": ENUM, "app.py": "import m\nRED = m.Color.RED\n"},
            "STL208",
            "`RED` stays the old Enum member `m.Color.RED` after `m` is reloaded at refresh.py:3; "
            "`import m` and use `m.Color.RED` where it is needed",
            id="a member",
        ),
        pytest.param(
            {"app.py": "import enum, m\nclass Mode(enum.Enum):\n    FAST = m.C()\n"},
            "STL201",
            "`Mode.FAST.value` stays an instance of the old class `m.C` after `m` is reloaded at refresh.py:3; "
            "make the instance where it is needed, or make it again after the reload",
            id="the value of an Enum member",
        ),
        pytest.param(
            {"m.py": ENUM, "app.py": "import m\nRED, = m.Color\n"},
            "STL208",
            "`RED` stays a member of the old Enum `m.Color` after `m` is reloaded at refresh.py:3; "
            "`import m` and use `m.Color` where it is needed",
            id="some member",
        ),
        pytest.param(
            {"app.py": "import m\nTABLE = {'f': m.f}\n", "refresh.py": EVICT},
            "STL205",
            "`TABLE` holds the old function `m.f` after `m` is evicted at refresh.py:3; "
            "fill it in the function that uses it, or hold a function that imports `f` from `m` when it is called",
            id="a table, evicted",
        ),
        pytest.param(
            {"app.py": "import atexit, m\natexit.register(m.f)\n"},
            "STL210",
            "`atexit.register` keeps the old function `m.f` after `m` is reloaded at refresh.py:3; "
            "register a function that looks `m.f` up when it is called",
            id="a callback",
        ),
        pytest.param(
            {"app.py": "from collections.abc import Sized\nimport m\nSized.register(m.C)\n"},
            "STL210",
            "`collections.abc.Sized.register` keeps the old class `m.C` after `m` is reloaded at refresh.py:3; "
            "register the new one after the reload, and take the old one out where that is possible",
            id="a registered class",
        ),
        pytest.param(
            {"app.py": "import m, pytest\n@pytest.mark.parametrize('x', [m.LIMIT])\ndef g(x): ...\n"},
            "STL209",
            "a decorator of `g` was given the old value `m.LIMIT` after `m` is reloaded at refresh.py:3; "
            "look it up in the body instead, or reload `app` after `m`",
            id="a decorator's argument",
        ),
        pytest.param(
            {
                **HIDDEN,
                "app.py": "from p.m import C\n",
                "refresh.py": RELOAD.replace(", m", ", p.m, sys").replace("(m)", "(sys.modules['p.m'])"),
            },
            "STL101",
            "`C` stays the old class `p.m.C` after `p.m` is reloaded at refresh.py:3; "
            "`from p.m import C` in the function that uses it",
            id="a module that its package hides",
        ),
        pytest.param(
            {
                **dict.fromkeys(["host/__init__.py", "host/arm/__init__.py", "host/arm/b.py"], ""),
                "host/arm/a.py": "class C: ...\n",
                "app.py": "",
                "host/app.py": "from arm.a import C\nimport arm.b\n",
                "host/refresh.py": "import importlib\nfrom arm import a\ndef refresh():\n    importlib.reload(a)\n",
            },
            "STL101",
            "`C` stays the old class `arm.a.C` after `arm.a` is reloaded at host/refresh.py:4; "
            "`from arm import a` and use `a.C` where it is needed",
            id="a module under the name that the host gives it",
        ),
        pytest.param(
            {
                **dict.fromkeys(["sub/top/__init__.py"], ""),
                "sub/top/a.py": "class C: ...\n",
                "app.py": "from top.a import C\nfrom sub.top.a import C as D\n",
                "refresh.py": "import importlib, top.a\ndef refresh():\n    importlib.reload(top.a)\n",
            },
            "STL101",
            "`C` stays the old class `top.a.C` after `top.a` is reloaded at refresh.py:3; "
            "`from top import a` and use `a.C` where it is needed",
            id="a module under the name of the statement",
        ),
    ],
)
def test_the_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str], code: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write({"stalecheck.toml": "", "m.py": M, "refresh.py": RELOAD, **files})
    assert [
        found.message
        for found in stalecheck.check(".", min_severity="note")
        if found.code == code and found.path.name == "app.py"
    ] == [said]


def test_a_module_that_its_package_hides_is_got_at_by_name_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(HIDDEN)
    code = "from p import m\nassert not hasattr(m, 'C')\nfrom p.m import C"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def write(files: Mapping[str, str]) -> None:
    """Make files in the working directory."""
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
