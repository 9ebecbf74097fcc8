from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from stalecheck.model import Location, SourceFile, Span
from stalecheck.reloads import FileReloads, ReloadSite, Wrapper, find_in_file, find_reloads, may_reload, passes
from stalecheck.vocabulary import ReloadMode

ROOT = Path("/project")
RELOAD, REIMPORT = ReloadMode.RELOAD, ReloadMode.REIMPORT


def source_file(module: str, *, is_package: bool = False) -> SourceFile:
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if is_package else path.with_suffix(".py")
    return SourceFile(path, module, is_package, ROOT)


def read(source: str, module: str = "app.main", *, is_package: bool = False) -> FileReloads:
    text = dedent(source)
    found = find_in_file(ast.parse(text), source_file(module, is_package=is_package), {}, source=text.encode())
    assert not found.sites or may_reload(text.encode()), "the spelling passes over a file that reloads"
    return found


def sites(source: str, module: str = "app.main", *, is_package: bool = False) -> tuple[ReloadSite, ...]:
    return read(source, module, is_package=is_package).sites


def targets(source: str, module: str = "app.main", *, is_package: bool = False) -> list[tuple[str, ...]]:
    return [site.targets for site in sites(source, module, is_package=is_package)]


def spelled(source: str) -> list[tuple[ReloadMode, str, tuple[str, ...]]]:
    return [(site.mode, site.spelling, site.targets) for site in sites(source)]


def project(**modules: str) -> dict[str, list[tuple[int, str, tuple[str, ...], str]]]:
    """Row, spelling, targets and reason of each site, by module; ``pkg__init`` is ``pkg/__init__.py``."""
    files = {}
    for key, text in modules.items():
        is_package = key.endswith("__init")
        module = key.removesuffix("__init").replace("__", ".")
        files[source_file(module, is_package=is_package)] = dedent(text).encode()
    found = find_reloads(files, lambda file: ast.parse(files[file]))
    return {
        file.module: [
            (site.span.start.row, site.spelling, site.targets, site.why) for site in places if not site.is_void
        ]
        for file, places in found.items()
        if any(not site.is_void for site in places)
    }


# What is no reload


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("", id="an empty file"),
        pytest.param("import importlib\nimportlib.import_module('a')", id="an import"),
        pytest.param("def reload(m): ...\nimport a\nreload(a)", id="a function of one's own"),
        pytest.param("import a\nreload(a)\ndef reload(m): ...", id="a function of one's own, defined below"),
        pytest.param("from app.tools import reload\nimport a\nreload(a)", id="a project's function"),
        pytest.param("import a\nserver.reload(a)", id="a method"),
        pytest.param("def f(reload):\n    reload(a)", id="a parameter"),
        pytest.param(
            "import a\ndef f():\n    from importlib import reload\ndef g():\n    reload(a)",
            id="a name that is bound in another function only",
        ),
        pytest.param(
            "from importlib import reload\ndef f(reload, a):\n    reload(a)", id="a parameter that shadows it"
        ),
        pytest.param("import my_importlib as importlib\nimport a\nimportlib.reload(a)", id="another importlib"),
        pytest.param("import importlib\nf = importlib.reload", id="reload is not called"),
        pytest.param("from importlib import reload\nsuper_reload(a, reload, b)", id="reload is handed on"),
        pytest.param("'importlib.reload(a)'  # importlib.reload(a)", id="text and comments"),
        pytest.param("import sys\nsys.modules['a'] = object()", id="a stub in sys.modules"),
        pytest.param("import operator, sys\noperator.setitem(sys.modules, 'a', b)", id="a stub put by a function"),
        pytest.param("import sys\nsys.modules.get('a')\n'a' in sys.modules", id="a look-up"),
        pytest.param("modules = {}\ndel modules['a']\nmodules.pop('a')", id="a dictionary called modules"),
        pytest.param("self.modules.pop('a')", id="an attribute called modules"),
        pytest.param("monkeypatch.delitem(settings, 'a')", id="monkeypatch on another dictionary"),
        pytest.param("from unittest.mock import patch\npatch.dict(os.environ, a='b')", id="patch.dict elsewhere"),
        pytest.param(
            "import sys\nfrom unittest.mock import patch\nwith patch.dict(sys.modules): ...",
            id="patch.dict alone",
        ),
        pytest.param(
            """
            from importlib.util import module_from_spec, spec_from_file_location
            spec = spec_from_file_location("a", "a.py")
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            """,
            id="a module that never enters sys.modules",
        ),
        pytest.param(
            "class Loader:\n    def exec_module(self, module):\n        super().exec_module(module)",
            id="an import hook",
        ),
        pytest.param(
            "from importlib.machinery import SourceFileLoader\nSourceFileLoader(name, path).load_module()",
            id="a file loaded under a name that is not known",
        ),
        pytest.param("loader.load_module('a')", id="any load_module"),
        pytest.param("bot.load_extension('cogs.a')", id="an extension that is only loaded"),
        pytest.param("bot.unload_extension('cogs.a')\nbot.load_extension('cogs.b')", id="two extensions"),
        pytest.param("browser.unload('a')\nmemory.forget('a')", id="methods called unload and forget"),
        pytest.param("get_ipython().run_line_magic('load_ext', 'autoreload')", id="autoreload is only loaded"),
        pytest.param("get_ipython().run_line_magic('autoreload', '0')", id="autoreload is switched off"),
        pytest.param(
            "import zipimport\ndef test(self):\n    z = zipimport.zipimporter('a.zip')\n"
            "    self.assertRaises(ImportError, z.load_module, 'a')",
            id="a zip importer that is expected to raise",
        ),
    ],
)
def test_no_reload(source: str) -> None:
    assert sites(source) == ()


# Spellings


@pytest.mark.parametrize(
    ("source", "spelling"),
    [
        ("import importlib\nimport a\nimportlib.reload(a)", "importlib.reload"),
        ("import importlib as il\nimport a\nil.reload(a)", "importlib.reload"),
        ("from importlib import reload\nimport a\nreload(a)", "importlib.reload"),
        ("import a\nreload(a)\nfrom importlib import reload", "importlib.reload"),
        ("from importlib import reload as r\nimport a\nr(a)", "importlib.reload"),
        ("import a\ndef f():\n    from importlib import reload as again\n    again(a)", "importlib.reload"),
        ("import a, importlib\nreload = importlib.reload\nreload(a)", "importlib.reload"),
        ("import a, importlib\ngetattr(importlib, 'reload')(a)", "importlib.reload"),
        ("import imp, a\nimp.reload(a)", "imp.reload"),
        (
            "try:\n    from importlib import reload\nexcept ImportError:\n    from imp import reload\n"
            "import a\nreload(a)",
            "importlib.reload",
        ),
        ("import sys, a\nif sys.version_info > (3,):\n    from importlib import reload\nreload(a)",
         "importlib.reload"),
        ("import a\nreload(a)", "reload"),
        ("from helpers import *\nimport a\nreload(a)", "reload"),
        ("import a\nclass C:\n    def reload(self):\n        reload(a)", "reload"),
        ("from six.moves import reload_module\nimport a\nreload_module(a)", "six.moves.reload_module"),
        ("import six, a\nsix.moves.reload_module(a)", "six.moves.reload_module"),
        ("from django.utils.six.moves import reload_module as r\nimport a\nr(a)", "six.moves.reload_module"),
        ("import a\na.__spec__.loader.exec_module(a)", "exec_module"),
        ("import a\nspec = a.__spec__\nspec.loader.exec_module(a)", "exec_module"),
        ("import a, importlib\nimportlib._bootstrap._exec(a.__spec__, a)", "importlib._bootstrap._exec"),
        ("import a\na.__loader__.load_module('a')", "load_module"),
        ("from importlib.machinery import SourceFileLoader\nSourceFileLoader('a', 'a.py').load_module()",
         "load_module"),
        ("from importlib.machinery import SourceFileLoader as L\nl = L('a', 'a.py')\nl.load_module('a')",
         "load_module"),
        ("from importlib.util import find_spec\nfind_spec('a').loader.load_module()", "load_module"),
        ("import pkgutil\npkgutil.get_loader('a').load_module('a')", "load_module"),
        ("import imp\nimp.load_source('a', 'a.py')", "imp.load_source"),
        ("import imp\nimp.load_module('a', *imp.find_module('a'))", "imp.load_module"),
        ("import sys\nfrom importlib.util import spec_from_file_location\nm = sys.modules['a']\n"
         "spec_from_file_location('a', 'a.py').loader.exec_module(m)", "exec_module"),
        ("import sublime_plugin\nsublime_plugin.reload_plugin('a')", "sublime_plugin.reload_plugin"),
    ],
)  # fmt: skip
def test_in_place(source: str, spelling: str) -> None:
    assert spelled(source) == [(RELOAD, spelling, ("a",))]


@pytest.mark.parametrize(
    ("source", "spelling"),
    [
        ("import sys\ndel sys.modules['a']", "del sys.modules"),
        ("from sys import modules\ndel modules['a']", "del sys.modules"),
        ("import sys as s\ndel s.modules['a']", "del sys.modules"),
        ("import sys\nm = sys.modules\ndel m['a']", "del sys.modules"),
        ("import sys, a\ndel sys.modules[a.__name__]", "del sys.modules"),
        ("import sys\nsys.modules.pop('a')", "sys.modules.pop"),
        ("import sys\nold = sys.modules.pop('a', None)", "sys.modules.pop"),
        ("import sys\nsys.modules.__delitem__('a')", "sys.modules.__delitem__"),
    ],
)
def test_evicted(source: str, spelling: str) -> None:
    assert spelled(source) == [(REIMPORT, spelling, ("a",))]


def test_autoreload_names_no_module() -> None:
    (site,) = sites("get_ipython().run_line_magic('autoreload', '2')")
    assert (site.mode, site.spelling, site.targets) == (RELOAD, "%autoreload", ())
    assert site.why == "autoreload reloads every edited module"
    assert [s.spelling for s in sites("get_ipython().magic('%autoreload 2')")] == ["%autoreload"]


def test_clear_names_no_module() -> None:
    (site,) = sites("import sys\nsys.modules.clear()")
    assert (site.targets, site.why) == ((), "`sys.modules.clear()` evicts every module")


# The argument


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b\nreload(a.b)", ("a.b",)),
        ("import a.b as x\nreload(x)", ("a.b",)),
        ("from . import x\nreload(x)", ("app.x",)),
        ("from .sub import x\nreload(x)", ("app.sub.x",)),
        ("from .. import x\nreload(x)", ("x",)),
        ("from pkg import x\nreload(x)", ("pkg.x",)),
        ("from pkg import x as y\nreload(y)", ("pkg.x",)),
        ("import x\nreload(x)", ("x",)),
        ("import x\nx = reload(x)", ("x",)),
        ("import x\ndef f():\n    return reload(x)", ("x",)),
        ("def f():\n    import x\n    reload(x)", ("x",)),
        ("def f():\n    reload(x)\nimport x", ("x",)),
        ("import sys\nreload(sys.modules['a.b'])", ("a.b",)),
        ("import sys\nreload(sys.modules.get('a.b'))", ("a.b",)),
        ("import sys\nx = sys.modules['a.b']\nreload(x)", ("a.b",)),
        ("import sys\nreload(sys.modules[__name__])", ("app.main",)),
        ("import sys\nreload(sys.modules[__name__ + '.b'])", ("app.main.b",)),
        ("import sys\nreload(sys.modules['%s.b' % __package__])", ("app.b",)),
        ("import sys\nreload(sys.modules[f'{__package__}.b'])", ("app.b",)),
        ("import sys\nreload(sys.modules['{}.{}'.format('a', 'b')])", ("a.b",)),
        ("import sys\nreload(sys.modules['{x}.b'.format(x='a')])", ("a.b",)),
        ("import sys\nreload(sys.modules['.'.join(['a', 'b'])])", ("a.b",)),
        ("import sys\nreload(sys.modules[__name__.rpartition('.')[0] + '.b'])", ("app.b",)),
        ("import sys\nNAME = 'a.b'\ndef f():\n    reload(sys.modules[NAME])", ("a.b",)),
        ("from importlib import import_module\nreload(import_module('a.b'))", ("a.b",)),
        ("from importlib import import_module\nx = import_module('a.b')\nreload(x)", ("a.b",)),
        ("import importlib\nx = importlib.import_module('.b', package=__package__)\nreload(x)", ("app.b",)),
        ("import importlib\nx = importlib.import_module('.b', 'pkg')\nreload(x)", ("pkg.b",)),
        ("import importlib\nx = importlib.import_module('..b', 'pkg.sub')\nreload(x)", ("pkg.b",)),
        ("import importlib\nx = importlib.import_module(name='a')\nreload(x)", ("a",)),
        ("reload(__import__('a'))", ("a",)),
        ("reload(__import__('a.b'))", ("a",)),
        ("reload(__import__('a.b', fromlist=['c']))", ("a.b",)),
        ("import a\nreload(getattr(a, 'b'))", ("a.b",)),
        ("import a, b\nreload({'x': a, 'y': b}['y'])", ("b",)),
        ("import a, b\nTABLE = {'x': a, 'y': b}\nreload(TABLE['y'])", ("b",)),
        ("import a, b\nMODULES = [a, b]\nreload(MODULES[-1])", ("b",)),
        ("import a, b\nx, y = a, b\nreload(y)", ("b",)),
        ("import a\nif (x := a):\n    reload(x)", ("a",)),
        ("import a, b\nreload(a if test else b)", ("a", "b")),
        ("import a\ndef f(x=None):\n    x = a\n    reload(x)", ("a",)),
        ("x = None\ndef load():\n    global x\n    import a as x\ndef f():\n    reload(x)", ("a",)),
        ("try:\n    import a as x\nexcept ImportError:\n    x = None\nreload(x)", ("a",)),
        ("if 'x' in locals():\n    reload(x)\nelse:\n    from . import x", ("app.x",)),
        ("import a\nreload(globals()['a'])", ("a",)),
        ("class T:\n    def setUp(self):\n        import a\n        self.m = a\n    def test(self):\n"
         "        reload(self.m)", ("a",)),
        ("import a\nclass T:\n    module = a\n    def test(self):\n        reload(type(self).module)", ("a",)),
        ("import a\nclass T:\n    module = a\n    def test(self):\n        reload(self.__class__.module)", ("a",)),
        ("import a\nclass T:\n    module = a\nreload(type(T()).module)", ("a",)),
        ("import sys\nclass T:\n    def test(self):\n        reload(sys.modules[self.__module__])", ("app.main",)),
        ("import sys\nclass T: ...\nreload(sys.modules[T.__module__])", ("app.main",)),
        ("import a\nreload(module=a)", ("a",)),
        ("import a\nreload(**{'module': a})", ("a",)),
        ("import a\nreload(*[a])", ("a",)),
        ("import a\nf(command=lambda m=a: reload(m))", ("a",)),
        ("import a\n(lambda m: reload(m))(a)", ("a",)),
        ("import a\nclass T:\n    module = a\n    def test(self):\n        reload(self.module)", ("a",)),
        ("import a\ndef module():\n    return a\nreload(module())", ("a",)),
        ("import a\nx = a\nreload(x)\nimport b\nx = b", ("a",)),
        ("import a, b\nx = a\nx = b\nreload(x)", ("b",)),
        ("class C:\n    import a\n    reload(a)", ("a",)),
        ("import a\nresult = [reload(a) for _ in range(2)]", ("a",)),
        ("import a\nasync def f():\n    async with lock:\n        reload(a)", ("a",)),
        ("import a\nmatch 1:\n    case 1:\n        reload(a)", ("a",)),
    ],
)  # fmt: skip
def test_argument(source: str, expected: tuple[str, ...]) -> None:
    assert targets(f"from importlib import reload\n{source}") == [expected]


def test_relative_import_in_a_package() -> None:
    assert targets("from . import x\nreload(x)", "app", is_package=True) == [("app.x",)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a, b\nfor m in (a, b):\n    reload(m)", ("a", "b")),
        ("import a, b\nfor m in [b, a]:\n    reload(m)", ("b", "a")),
        ("import a, b\nMODULES = (a, b)\ndef f():\n    for m in MODULES:\n        reload(m)", ("a", "b")),
        ("import a, b\nfor m in reversed([a, b]):\n    reload(m)", ("b", "a")),
        ("import a, b\nfor i, m in enumerate([a, b]):\n    reload(m)", ("a", "b")),
        ("import a, b\nfor n, m in {'x': a, 'y': b}.items():\n    reload(m)", ("a", "b")),
        ("import a, b\nfor m in {'x': a, 'y': b}.values():\n    reload(m)", ("a", "b")),
        ("import a, b\nfor n, m in [('x', a), ('y', b)]:\n    reload(m)", ("a", "b")),
        ("import sys\nfor n in ['a', 'b']:\n    reload(sys.modules[n])", ("a", "b")),
        ("import sys\nfor n in ['a', 'b']:\n    reload(sys.modules['p.' + n])", ("p.a", "p.b")),
        ("import sys\nfor n in ['a', 'b']:\n    if n in x:\n        reload(sys.modules[n])", ("a", "b")),
        ("import sys\nfor n in 'a b'.split():\n    reload(sys.modules[n])", ("a", "b")),
        ("import importlib as i\nfor n in ['a', 'b']:\n    reload(i.import_module(n))", ("a", "b")),
        ("import a, b\n[reload(m) for m in (a, b)]", ("a", "b")),
        ("import a, b\nlist(map(reload, [a, b]))", ("a", "b")),
        ("import a, b\nMODULES = [a]\nMODULES.append(b)\nfor m in MODULES:\n    reload(m)", ("a", "b")),
        ("import a, b\nMODULES = [a]\nMODULES += [b]\nfor m in MODULES:\n    reload(m)", ("a", "b")),
        ("import a, b\nfor m in [a] + [b]:\n    reload(m)", ("a", "b")),
        ("import a, b\nfor m in [*[a], b]:\n    reload(m)", ("a", "b")),
        ("import a, b\nfor m in (a, b) if test else ():\n    reload(m)", ("a", "b")),
        ("import a, b\nlist(map(lambda m: reload(m), [a, b]))", ("a", "b")),
        ("import importlib as i\nfor m in map(i.import_module, ['a', 'b']):\n    reload(m)", ("a", "b")),
    ],
)  # fmt: skip
def test_loop(source: str, expected: tuple[str, ...]) -> None:
    (site,) = sites(f"from importlib import reload\n{source}")
    assert (site.targets, site.is_unordered, site.is_together) == (expected, False, False)


@pytest.mark.parametrize(
    "loop",
    [
        "for n, m in D.items():\n    D[n] = reload(m)",
        "for n in D:\n    D[n] = reload(D[n])",
        "def f(n):\n    D[n] = reload(D[n])",
        "def f(n):\n    m = reload(D[n])\n    D[n] = m",
    ],
)
def test_table_that_its_own_reload_fills(loop: str) -> None:
    """What a reload gives back is no other module than it was; a key that is not known may be any of them."""
    (site,) = sites(f"from importlib import reload\nimport a, b\nD = {{'a': a, 'b': b}}\n{loop}")
    assert (site.targets, site.why) == (("a", "b"), "")


@pytest.mark.parametrize(
    ("loop", "targets"),
    [
        pytest.param("for m, seen in list(D.items()):\n    reload(m)\n    D[m] = now(m)", ("a", "b"), id="of its own"),
        pytest.param("for m in list(D):\n    reload(m)\ndef f(m):\n    D[m] = now(m)", (), id="that is given"),
    ],
)
def test_table_by_modules_in_which_something_is_put_under_a_key(loop: str, targets: tuple[str, ...]) -> None:
    (site,) = sites(f"from importlib import reload\nimport a, b\nD = {{a: 0, b: 0}}\n{loop}")
    assert (site.targets, bool(site.why)) == (targets, not targets)


def test_table_with_another_module_under_an_unknown_key() -> None:
    (site,) = sites("from importlib import reload\nimport a, b\nD = {'a': a}\nD[x] = b\nreload(D['a'])")
    assert (site.targets, site.why) == (("a", "b"), "")


@pytest.mark.parametrize(
    "rebinding",
    [
        "a, b = map(reload, (a, b))",
        "a, b = list(map(reload, [a, b]))",
        "a, b = [reload(m) for m in (a, b)]",
        "a, b = tuple(reload(m) for m in (a, b))",
        "MODULES = (a, b); a, b = [reload(m) for m in MODULES]",
        "a, b = (reload(m) for m in [a, b])",
        "for m in (a, b): reload(m)",
    ],
)
def test_names_that_their_own_reload_binds(rebinding: str) -> None:
    (site,) = sites(f"from importlib import reload\nif 'a' in globals():\n    {rebinding}\nelse:\n    import a, b")
    assert (site.targets, site.why) == (("a", "b"), "")


def test_unpacked_reloads_keep_their_order() -> None:
    source = "import a, b\na, b = [reload(m) for m in (a, b)]\nreload(b)\nreload(a)"
    assert targets(source) == [("a", "b"), ("b",), ("a",)]


def test_many_names_that_their_own_reload_binds() -> None:
    names = [f"m{number}" for number in range(40)]
    row = ", ".join(names)
    source = f"if 'm0' in globals():\n    {row} = [reload(m) for m in ({row})]\nelse:\n    import {row}"
    assert targets(source) == [tuple(names)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("for i in iter_modules(p.__path__, p.__name__ + '.'):\n    reload(import_module(i.name))", ("p.*",)),
        ("for i in walk_packages(p.__path__, p.__name__ + '.'):\n    reload(import_module(i[1]))", ("p.*",)),
        ("for _, n, _ in walk_packages(p.__path__, __name__ + '.'):\n    reload(sys.modules[n])", ("app.main.*",)),
        ("for _, n, _ in iter_modules(P, prefix=__package__ + '.'):\n    reload(sys.modules[n])", ("app.*",)),
        ("for _, n, _ in iter_modules(prefix=f'{__package__}.', path=P):\n    reload(sys.modules[n])", ("app.*",)),
        ("for _, n, _ in iter_modules(P, 'p.q.'):\n    reload(sys.modules[n])", ("p.q.*",)),
        ("for _, n, _ in iter_modules(P):\n    reload(sys.modules[f'{__package__}.{n}'])", ("app.*",)),
        ("for _, n, _ in iter_modules(P):\n    reload(import_module('.' + n, __package__))", ("app.*",)),
        ("for _, n, _ in iter_modules(p.__path__):\n    reload(getattr(p, n))", ("p.*",)),
        ("for n in [i.name for i in iter_modules(P, 'p.')]:\n    reload(sys.modules[n])", ("p.*",)),
        ("for i in sorted(iter_modules(P, 'p.')):\n    reload(sys.modules[i.name])", ("p.*",)),
        ("for _, n, is_package in iter_modules(P, 'p.'):\n    if is_package: continue\n    reload(sys.modules[n])",
         ("p.*",)),
        ("for _, n, _ in iter_modules(P, 'p.'):\n    if n.startswith('p.q'):\n        reload(sys.modules[n])",
         ("p.q*",)),
        ("for _, n, _ in iter_modules(P):\n    if n in ('a', 'b'):\n        reload(sys.modules['p.' + n])",
         ("p.a", "p.b")),
        ("for _, n, _ in iter_modules(P, 'p.'):\n    if n in sys.modules:\n        reload(sys.modules[n])", ("p.*",)),
        ("def again(q):\n    for i in iter_modules(q.__path__, q.__name__ + '.'):\n"
         "        reload(import_module(i.name))\nagain(p)", ("p.*",)),
    ],
)  # fmt: skip
def test_modules_of_a_package(source: str, expected: tuple[str, ...]) -> None:
    head = (
        "import sys, p\nfrom importlib import reload, import_module\nfrom pkgutil import iter_modules, walk_packages\n"
    )
    assert [(site.targets, site.why) for site in sites(head + source)] == [(expected, "")]


def passing(site: ReloadSite, *names: str) -> list[bool | None]:
    """Which modules pass the conditions for the only thing that a site reloads."""
    ((_, filters),) = site.filters or (("", ()),)
    return [passes(filters, name, is_package=False) for name in names]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("again('p')", [True, True]),  # the default passes nothing over
        ("again('p', False)", [True, True]),
        ("again('p', short=None)", [True, True]),
        ("again('p', short=True)", [False, True]),
        ("again('p', True)", [False, True]),
        ("again('p', flag)", [None, True]),
        ("again('p', **options)", [None, None]),
        ("again('p', loud=True)", [True, True]),  # it has no say in what is picked
        ("again('p', keep=set())", [True, True]),
        ("again('p', keep={'p.q'})", [False, True]),
        ("again('p', keep=['p.q', 'p.q.r'])", [False, False]),
        ("again('p', keep=unknown)", [None, None]),
    ],
)
def test_a_parameter_that_chooses_among_the_modules_of_a_package(call: str, expected: list[bool | None]) -> None:
    source = (
        "import sys, pkgutil\nfrom importlib import reload\n"
        "def again(package, short=False, keep=(), loud=False):\n"
        "    for _, n, _ in pkgutil.walk_packages(None, package + '.'):\n"
        "        if not short or n.count('.') > 1:\n"
        "            if n not in keep:\n"
        "                if loud: print(n)\n"
        "                reload(sys.modules[n])\n"
    )
    (site,) = (site for site in sites(f"{source}{call}") if site.block == "")
    assert (site.targets, site.why) == (("p.*",), "")
    assert passing(site, "p.q", "p.q.r") == expected


@pytest.mark.parametrize(
    ("condition", "call", "expected"),
    [
        ("not deep or n.rpartition('.')[0] != package", "again('p')", [True, True]),
        ("not deep or n.rpartition('.')[0] != package", "again('p', True)", [False, True]),
        ("not deep or n.rsplit('.', 1)[0] != package", "again('p', deep=True)", [False, True]),
        ("n and not (deep and n.rsplit('.', 1)[0] == package)", "again('p', deep=True)", [False, True]),
        ("not deep or n.rsplit('.')[0] != package", "again('p', deep=True)", [False, False]),  # that is no parent
        ("not deep or n.rsplit('.', 1)[0] == package", "again('p', deep=True)", [True, False]),
        ("deep or not is_package", "again('p', deep=True)", [True, True]),
    ],
)
def test_a_parameter_that_passes_over_what_is_directly_in_a_package(
    condition: str, call: str, expected: list[bool | None]
) -> None:
    source = (
        "import sys, pkgutil\nfrom importlib import reload\n"
        "def again(package, deep=False):\n"
        "    for _, n, is_package in pkgutil.walk_packages(None, package + '.'):\n"
        f"        if {condition}:\n"
        f"            reload(sys.modules[n])\n{call}"
    )
    (site,) = (site for site in sites(source) if site.block == "")
    assert (site.targets, site.why) == (("p.*",), "")
    assert passing(site, "p.q", "p.q.r") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("for n in set(names) - {'p.q'}:\n    del sys.modules[n]", [False, True]),
        ("for n in set(names).difference(other):\n    del sys.modules[n]", [None, None]),
        ("names.remove('p.q')\nfor n in names:\n    del sys.modules[n]", [None, None]),
        ("for n in names:\n    if n == 'p.q': break\n    del sys.modules[n]", [False, None]),
        ("for n in names:\n    reload(sys.modules[n]) if n == 'p.q' else None", [True, False]),
        ("for n in names:\n    n == 'p.q' or reload(sys.modules[n])", [False, True]),
        ("for n in names:\n    _, *rest = n.split('.')\n    if rest == ['q']: reload(sys.modules[n])", [True, False]),
        ("for n in names:\n    *_, last = n.split('.')\n    if last == 'r': reload(sys.modules[n])", [False, True]),
        ("for n in names:\n    a, b = n.split('.')\n    reload(sys.modules[n])", [True, False]),
        ("for n in names:\n    a, *b, c = n.split('.', 2)\n    reload(sys.modules[n])", [True, True]),
        ("for n in names:\n    a, b, c, *d = n.split('.')\n    reload(sys.modules[n])", [False, True]),
        (
            "for n in names:\n    try: a, b = n.split('.')\n    except ValueError: continue\n    del sys.modules[n]",
            [True, False],
        ),
        (
            "for n in names:\n    try: a, b = n.split('.')\n    except ValueError: pass\n    del sys.modules[n]",
            [True, True],
        ),
        (
            "for n in names:\n    try: a, b = n.split('.')\n    except: pass\n    else: del sys.modules[n]",
            [True, False],
        ),
        ("for i, n in enumerate(names):\n    if i % 2: continue\n    reload(sys.modules[n])", [None, None]),
        ("for i, n in enumerate(names):\n    print(i)\n    reload(sys.modules[n])", [True, True]),
        ("k = 0\nfor n in names:\n    k += 1\n    if k == 2: break\n    reload(sys.modules[n])", [None, None]),
        ("k = 0\nfor n in names:\n    k += 1\n    if n == 'p.q' or k == 1: reload(sys.modules[n])", [True, None]),
        (
            "k = []\nfor n in names:\n    if len(k) < 2:\n        reload(sys.modules[n])\n        k.append(n)",
            [None, None],
        ),
        ("k = 1\nfor n in names:\n    if k: reload(sys.modules[n])\n    k = 0", [None, None]),
        ("for n in names:\n    k = other()\n    if k: reload(sys.modules[n])", [True, True]),
        (
            "k = 0\nfor n in names:\n    if k: continue\n    try: reload(sys.modules[n])\n    except: k = 1",
            [True, True],
        ),
        ("for n in names:\n    reload(sys.modules[n])\n    if n == 'p.q': break", [True, None]),
        (
            "for n in names:\n    m = sys.modules[n]\n    if n != 'p.q': continue\n    reload(m)\n    break",
            [True, False],
        ),
        ("for n in names:\n    reload(sys.modules[n])\n    break", [None, None]),
        ("for n in names:\n    if n.endswith('q'):\n        reload(sys.modules[n])\n        break", [None, False]),
        ("for n in names:\n    if quiet: break\n    reload(sys.modules[n])", [True, True]),
        ("for n in names:\n    reload(sys.modules[n])\n    if time.time() > late: break", [None, None]),
        ("for n in names:\n    try: reload(sys.modules[n])\n    except Exception: break", [True, True]),
        ("for n in names:\n    try: reload(sys.modules[n])\n    except Exception: pass\n    else: break", [None, None]),
        (
            "for n in names:\n    try: a, b = n.split('.')\n    except ValueError: break\n    reload(sys.modules[n])",
            [None, False],
        ),
        ("for n in names:\n    for _ in range(3):\n        reload(sys.modules[n])\n        break", [True, True]),
        ("def f():\n    for n in names:\n        reload(sys.modules[n])\n        return\nf()", [None, None]),
    ],
)
def test_what_else_decides_what_is_reloaded(body: str, expected: list[bool | None]) -> None:
    head = "import sys\nfrom importlib import reload\nnames = [n for n in sys.modules if n.startswith('p.')]\n"
    (site,) = sites(head + body)
    assert passing(site, "p.q", "p.q.r") == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("mods.pop('p.q', None)", [False, True]),
        ("del mods['p.q']", [False, True]),
        ("if other: mods.pop('p.q')", [None, True]),
        ("for x in ('p.q', 'p.r'): mods.pop(x, None)", [False, True]),
        ("for x in ('p.q', 'p.r'):\n    if other: del mods[x]", [None, True]),
        ("mods.pop('p.q' if other else 'p.q.r')", [None, None]),
        ("mods.pop(other)", [None, None]),
        ("mods.popitem()", [None, None]),
        ("for x in list(mods):\n    if other(x): del mods[x]", [None, None]),
        ("def forget(x): mods.pop(x)", [None, None]),
        ("def forget(mods): mods.pop('p.q')", [True, True]),
    ],
)
@pytest.mark.parametrize("use", ["for m in mods.values(): reload(m)", "for n in mods: reload(sys.modules[n])"])
def test_what_is_taken_out_of_a_dictionary_of_modules(change: str, expected: list[bool | None], use: str) -> None:
    head = "import sys\nfrom importlib import reload\nmods = {n: m for n, m in sys.modules.items() if n[:2] == 'p.'}\n"
    (site,) = sites(f"{head}{change}\n{use}")
    assert (site.targets, site.why) == (("p.*",), "")
    assert passing(site, "p.q", "p.q.r") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("mods = {'a': a, 'b': b}\nmods.pop('b')\nfor m in mods.values(): reload(m)", ("a",)),
        ("mods = {'a': a, 'b': b}\ndel mods['b']\nfor m in mods.values(): reload(m)", ("a",)),
        ("mods = {'a': a, 'b': b}\nif c: del mods['b']\nfor m in mods.values(): reload(m)", ("a", "b")),
        ("mods = {'a': a, 'b': b}\nfor m in mods.values(): reload(m)\nmods.pop('b')", ("a", "b")),
        ("mods = {'a': a, 'b': b}\nfor n in list(mods): reload(mods.pop(n))", ("a", "b")),
        ("mods = {'a': a, 'b': b}\nmods.pop('b')\ndef f():\n    for m in mods.values(): reload(m)", ("a",)),
        ("mods = {'a', 'b'}\nmods.discard('b')\nfor n in mods: reload(sys.modules[n])", ("a",)),
        ("mods = [a, b]\nmods.remove(b)\nfor m in mods: reload(m)", ("a",)),
        ("mods = [a, b]\nfor m in mods: reload(m)\nmods.remove(b)", ("a", "b")),
    ],
)
def test_what_is_taken_out_of_what_is_written_out(source: str, expected: tuple[str, ...]) -> None:
    (site,) = sites(f"import a, b, sys\nfrom importlib import reload\n{source}")
    assert (site.targets, site.why) == (expected, "")


def test_conditions_that_let_anything_pass_pick_nothing_of_the_project() -> None:
    head = "import sys\nfor n in list(sys.modules):\n    if {}:\n        del sys.modules[n]"
    assert targets(head.format("n.rpartition('.')[2] == 'q'")) == [("*",)]
    assert targets(head.format("n.count('.') == 1")) == [()]


def test_a_condition_on_what_is_written_out() -> None:
    source = (
        "import sys\nfor n in ('a', 'b', '_c'):\n    if not n.startswith('_') and other:\n        del sys.modules[n]"
    )
    assert targets(source) == [("a", "b")]


@pytest.mark.parametrize(
    "end", ["if n == 'a': break", "if count == 2: break", "count += 1", "if len(done) > 1: break", "if other: break"]
)
def test_what_ends_a_loop_over_what_is_written_out(end: str) -> None:
    loop = f"count = 0\ndone = []\nfor n in ('a', 'b'):\n    reload(sys.modules[n])\n    done.append(n)\n    {end}"
    (site,) = sites(f"import sys\nfrom importlib import reload\n{loop}")
    assert (site.targets, site.why, site.filters) == (("a", "b"), "", ())


def test_a_condition_on_a_package_says_nothing_of_what_is_in_it() -> None:
    source = """
        import p, pkgutil, sys
        from importlib import reload
        for i in pkgutil.iter_modules(p.__path__):
            if i.ispkg and i.name != "b":
                reload(sys.modules[f"p.{i.name}.plugin"])
    """
    (site,) = sites(source)
    assert site.targets == ("p.*.plugin",)
    assert passing(site, "p.a.plugin", "p.b.plugin") == [None, False]


LETS_THROUGH = [
    ("n.count('.') == 1", [True, False]),
    ("len(n.split('.')) == 3", [False, True]),
    ("n.rsplit('.', 1)[-1].startswith('q')", [True, False]),
    ("n.rsplit('.', maxsplit=1)[-1] in {'q', 's'}", [True, False]),
    ("n.rpartition('.')[2] != 'q'", [False, True]),
    ("n[2:] == 'q'", [True, False]),
    ("n.removeprefix('p.') in ['q']", [True, False]),
    ("'r' in n.split('.')", [False, True]),
    ("f'{n}.r' == 'p.q.r'", [True, False]),
    ("n.startswith('%s.q.' % P)", [False, True]),
    ("n == '%s.%s' % (P, 'q')", [True, False]),
    ("n == '{}.{last}'.format(P, last='q')", [True, False]),
    ("n == '{:>3}'.format(P)", [None, None]),
    ("not n.endswith(SKIP)", [True, False]),
    ("n not in KEEP", [False, True]),
    ("n not in KEEP - {'p.q'}", [True, True]),
    ("n not in (KEEP | {'p.q.r'})", [False, False]),
    ("n not in frozenset(KEEP).union(['p.q.r'])", [False, False]),
    ("n not in GROWN", [False, False]),
    ("n not in SHRUNK", [None, None]),
    ("n not in FILLED", [None, None]),
    ("n not in TABLE", [False, True]),
    ("any(n.endswith(s) for s in ['.q', '.x'])", [True, False]),
    ("all(not n.endswith(s) for s in ('.q', '.x') if s != '.x')", [False, True]),
    ("re.match(r'p\\.\\w+$', n)", [True, False]),
    ("re.fullmatch(r'p\\.q', n) is None", [False, True]),
    ("PATTERN.search(n)", [False, True]),
    ("re.match(pattern, n)", [None, None]),
    ("fnmatch.fnmatch(n, '*.r')", [False, True]),
    ("fnmatch.fnmatch(n, pattern)", [None, None]),
    ("wanted(n)", [True, False]),
    ("decided(n)", [True, False]),
    ("opaque(n)", [None, None]),
    ("m.__name__ == 'p.q'", [True, False]),
    ("m.__package__ == 'p'", [True, False]),
    ("m is not sys.modules['p.q']", [False, True]),
    ("hasattr(m, '__path__')", [False, False]),
    ("getattr(m, 'RELOADABLE', False)", [None, None]),
    ("hasattr(m, 'register')", [None, None]),
    ("m.__file__.startswith(root)", [None, None]),
    ("verbose or n == 'p.q'", [True, None]),
    ("n in sys.modules and m is not None and isinstance(m, types.ModuleType)", [True, True]),
    ("isinstance(m, type(sys)) and inspect.ismodule(m) and getattr(m, '__file__', None)", [True, True]),
    ("verbose", [True, True]),  # not about modules
    ("os.path.getmtime(m.__file__) > times.get(n, 0)", [True, True]),  # that says when, not which
    ("n not in noted", [True, True]),  # as below
    ("n not in seen", [True, True]),  # it notes what it has reloaded
    ("undefined(n)", [None, None]),
]


@pytest.mark.parametrize(("condition", "expected"), LETS_THROUGH, ids=[condition for condition, _ in LETS_THROUGH])
@pytest.mark.parametrize("form", ["    if {}:\n        reload(m)", "    if not ({}): continue\n    reload(m)"])
def test_what_a_condition_lets_through(form: str, condition: str, expected: list[bool | None]) -> None:
    source = (
        "import fnmatch, inspect, os, re, sys, types\nfrom importlib import reload\nseen = set()\nP = 'p'\n"
        "noted = given or set()\nif 0: noted.add('')\n"
        "SKIP = ('.r', '.x')\nKEEP = {'p.q'}\nGROWN = ['p.q']\nGROWN.append('p.q.r')\nTABLE = {'p.q': 1}\n"
        "SHRUNK = {'p.q', 'p.q.r'}\nSHRUNK.discard('p.q')\nFILLED = {'p.q'}\ndef fill(name):\n    FILLED.add(name)\n"
        "PATTERN = re.compile(r'\\.r$')\ndef wanted(name):\n    return name.endswith('.q')\n"
        "def decided(name):\n    last = name.rpartition('.')[2]\n    if last == 'q':\n        return True\n"
        "    return False\ndef opaque(name):\n    for part in name: print(part)\n"
        "for n, m in list(sys.modules.items()):\n    if not n.startswith('p.'): continue\n"
        f"{form.format(condition)}\n    seen.add(n)"
    )
    (site,) = sites(source)
    assert passing(site, "p.q", "p.q.r") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(names=('a', 'b')):\n    for n in names:\n        reload(sys.modules[n])\nf()", ("a", "b")),
        ("N = ['a']\ndef f(names=N):\n    for n in names:\n        reload(sys.modules[n])\nf()", ("a",)),
        ("import a\ndef f(modules=(a,)):\n    for m in modules:\n        reload(m)\nf()", ("a",)),
        ("def f(names=('a',)):\n    for n in names:\n        del sys.modules[n]\nf()", ("a",)),
        ("def f(names=('a',)):\n    for n in names:\n        reload(sys.modules[n])\nf(['b'])", ("b",)),
        ("def f(name='a'):\n    reload(sys.modules[name])\nf()", ("a",)),
    ],
)
def test_what_a_parameter_has_by_default(source: str, expected: tuple[str, ...]) -> None:
    (site,) = (site for site in sites(f"import sys\nfrom importlib import reload\n{source}") if site.block == "")
    assert (site.targets, site.why) == (expected, "")


IF_NAME = "    reload(sys.modules[name])\n"
SWEEP = "    for n in list(sys.modules):\n        if {}:\n            reload(sys.modules[n])\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("def f(name=get()):\n" + IF_NAME + "f()", {"": ()}, id="a default that is not known"),
        pytest.param("NO = object()\ndef f(name=NO):\n" + IF_NAME + "f()", {}, id="a default that is no name"),
        pytest.param("def f(name=False):\n" + IF_NAME + "f()", {}, id="a default that is false"),
        pytest.param(
            "def f(name=None):\n    if name is None:\n        name = 'a'\n" + IF_NAME + "f(None)",
            {"": ("a",)},
            id="None that is given",
        ),
        pytest.param(
            "def f(name='b'):\n    if not name:\n        name = 'a'\n" + IF_NAME + "f()",
            {"f": ("a",), "": ("b",)},
            id="instead of a default that is not None",
        ),
        pytest.param(
            "def f(name=None, x=0):\n    if name is None:\n        if x:\n            name = 'a'\n" + IF_NAME + "f()",
            {"f": ("a",)},
            id="instead of None under another condition",
        ),
        pytest.param(
            "def f(name=None):\n    name = 'a' if name is None else name\n" + IF_NAME + "f('b')",
            {"": ("b",)},
            id="a conditional instead of None",
        ),
    ],
)
def test_what_a_call_leaves_out(source: str, expected: dict[str, tuple[str, ...]]) -> None:
    found = sites(f"import sys\nfrom importlib import reload\n{source}")
    assert {site.block: site.targets for site in found} == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            "def f(*ps, skip=''):\n"
            + SWEEP.format("any(n.startswith(p) and n != skip for p in ps)")
            + "f('p.', skip='p.q')",
            [False, True],
            id="another parameter beside each text",
        ),
        pytest.param(
            "def f(ps=('p.q',)):\n    for p in ps:\n        for n in list(sys.modules):\n"
            "            if n.startswith(p) and n != p:\n                reload(sys.modules[n])\n",
            [False, True],
            id="a default that nobody changes",
        ),
        pytest.param(
            "def f(deep=False):\n    for n in ('p.q', 'p.q.r'):\n        if deep:\n"
            "            reload(sys.modules[n])\nf()",
            [True, True],
            id="a condition that does not choose",
        ),
    ],
)
def test_what_conditions_ask_of_what_a_call_gives(source: str, expected: list[bool | None]) -> None:
    (site,) = sites(f"import sys\nfrom importlib import reload\n{source}")
    assert passing(site, "p.q", "p.q.r") == expected


def test_evicted_modules_of_a_package() -> None:
    source = "import pkgutil, sys, p\nfor i in pkgutil.iter_modules(p.__path__, 'p.'):\n    del sys.modules[i.name]"
    (site,) = sites(source)
    assert (site.mode, site.targets, site.is_together) == (REIMPORT, ("p.*",), True)


@pytest.mark.parametrize("group", ["{a, b}", "set([a, b])", "frozenset((a, b))"])
def test_loop_over_a_set_is_unordered(group: str) -> None:
    (site,) = sites(f"import a, b\nfor m in {group}:\n    reload(m)")
    assert (set(site.targets), site.is_unordered) == ({"a", "b"}, True)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def f(name):\n    reload(name)", "`name` is a parameter of `f` that nothing here calls"),
        (
            "class C:\n    def f(self, m):\n        reload(m)",
            "`m` is a parameter of `C.f` that nothing here calls",
        ),
        ("class C:\n    def f(self):\n        reload(self.module)", "`self.module` is not known"),
        ("reload(x)", "`x` is not bound in this file"),
        ("reload('a')", "`'a'` is a string, not a module"),
        ("reload(find()[0])", "`find` is not bound in this file"),
        ("import a\nreload(a.C.__module__)", "`a.C.__module__` is not known"),
        ("reload(type(x).module)", "`x` is not bound in this file"),
        ("import a\nreload(type(a).module)", "`type(a)` is not known"),
        ("from b import Loader\nreload(Loader().module)", "`b.Loader.module` is not known"),
        ("from b import Loader\nreload(type(Loader()).module)", "`b.Loader.module` is not known"),
        ("from b import P\nclass C(P):\n    def f(self):\n        reload(self.module)", "`b.P.module` is not known"),
        (
            "class C:\n    @property\n    def module(self):\n        return self.m\n    def f(self):\n"
            "        reload(self.module)",
            "`self.module` is not known",
        ),
        ("reload(**options)", "`reload(**options)` is not known"),
        (
            "import pkgutil, sys\nfor _, n, _ in pkgutil.iter_modules(x):\n    reload(sys.modules[n])",
            "which modules the loop picks is not known",
        ),
        (
            "import pkgutil, sys\nfor _, n, _ in pkgutil.iter_modules(x, x + '.'):\n    reload(sys.modules[n])",
            "`x` is not bound in this file",
        ),
        ("import os\nfor n in os.listdir('.'):\n    reload(n)", "`os.listdir('.')` is not known"),
        ("import sys\nreload(sys.modules['a.' + sys.argv[1]])", "`sys.argv[1]` is not known"),
        ("from b import make\nreload(make())", "`make()` is not known"),
        ("import sys\nfrom b import NAME\ndel sys.modules[NAME]", "`b.NAME` is not a known text"),
        ("MODULES = []\nfor m in MODULES:\n    reload(m)", "`MODULES` is empty as written"),
        (
            "import a\nMODULES = {'a': a}\nMODULES[x] = y\nreload(MODULES['a'])",
            "`MODULES` is filled at run time",
        ),
    ],
)
def test_unresolved(source: str, why: str) -> None:
    (site,) = sites(source)
    assert (site.targets, site.why) == ((), why)


def test_partly_resolved() -> None:
    (site,) = sites("import a\nfor m in (a, b):\n    reload(m)")
    assert (site.targets, site.why) == (("a",), "`b` is not bound in this file")


# Eviction in loops


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("n.startswith('app.')", ("app.*",)),
        ("n.startswith('app')", ("app*",)),
        ("n.startswith(('app.', 'lib.'))", ("app.*", "lib.*")),
        ("n == 'app'", ("app",)),
        ("'app' == n", ("app",)),
        ("n in ('app', 'lib')", ("app", "lib")),
        ("n in NAMES", ("a", "b")),
        ("'app' in n", ("*app*",)),
        ("n.endswith('.app')", ("*.app",)),
        ("n == 'app' or n.startswith('app.')", ("app", "app.*")),
        ("n.startswith('app.') and n in sys.modules", ("app.*",)),
        ("n.split('.')[0] == 'app'", ("app", "app.*")),
        ("n.partition('.')[0] in ('app', 'lib')", ("app", "lib", "app.*", "lib.*")),
        ("n[:4] == 'app.'", ("app.*",)),
        ("n.startswith(PREFIX)", ("app.*",)),
        ("n.startswith(PREFIX + 'sub')", ("app.sub*",)),
        ("n.startswith(f'{__package__}.')", ("app.*",)),
        ("any(n.startswith(p) for p in ('a.', 'b.'))", ("a.*", "b.*")),
        ("fnmatch.fnmatch(n, 'app.*')", ("app.*",)),
        ("not (n != 'app' and not n.startswith('app.'))", ("app", "app.*")),
    ],
)
def test_prefix_loop(condition: str, expected: tuple[str, ...]) -> None:
    head = "import sys, fnmatch\nPREFIX = 'app.'\nNAMES = ['a', 'b']\n"
    loop = f"{head}for n in list(sys.modules):\n    if {condition}:\n        del sys.modules[n]"
    (site,) = sites(loop)
    assert (site.mode, site.spelling, site.targets) == (REIMPORT, "del sys.modules", expected)
    assert site.is_together


@pytest.mark.parametrize(
    "loop",
    [
        "for n in list(sys.modules):\n    if n.startswith('app.'):\n        del sys.modules[n]",
        "for n in list(sys.modules.keys()):\n    if n.startswith('app.'):\n        sys.modules.pop(n)",
        "for n in sorted(sys.modules):\n    if n.startswith('app.'):\n        sys.modules.pop(n, None)",
        "for n in tuple(sys.modules):\n    if n.startswith('app.'):\n        del sys.modules[n]",
        "for n in sys.modules.copy():\n    if n.startswith('app.'):\n        del sys.modules[n]",
        "for n in dict(sys.modules):\n    if n.startswith('app.'):\n        del sys.modules[n]",
        "for n, m in list(sys.modules.items()):\n    if n.startswith('app.'):\n        del sys.modules[n]",
        "for n in [*sys.modules]:\n    if not n.startswith('app.'): continue\n    del sys.modules[n]",
        "for n in [n for n in sys.modules if n.startswith('app.')]:\n    del sys.modules[n]",
        "names = [n for n in sys.modules if n.startswith('app.')]\nfor n in names:\n    del sys.modules[n]",
        "names = []\nfor n in sys.modules:\n    if n.startswith('app.'):\n        names.append(n)\n"
        "for n in names:\n    del sys.modules[n]",
        "[sys.modules.pop(n) for n in list(sys.modules) if n.startswith('app.')]",
        "list(map(sys.modules.pop, [n for n in sys.modules if n.startswith('app.')]))",
        "for m in list(sys.modules.values()):\n    if m.__name__.startswith('app.'):\n"
        "        del sys.modules[m.__name__]",
        "old = {n: m for n, m in sys.modules.items() if n.startswith('app.')}\nfor n in old:\n    del sys.modules[n]",
    ],
)
def test_prefix_loop_shapes(loop: str) -> None:
    found = [(site.targets, site.is_together, site.why) for site in sites(f"import sys\n{loop}")]
    assert found == [(("app.*",), True, "")]


@pytest.mark.parametrize("condition", ["not n.startswith('app.')", "n != 'app'", "n not in saved", "check(n)", "True"])
def test_prefix_loop_that_says_nothing(condition: str) -> None:
    (site,) = sites(f"import sys\nfor n in list(sys.modules):\n    if {condition}:\n        del sys.modules[n]")
    assert (site.targets, site.why) == (
        (),
        "which modules the loop over `sys.modules` picks is not known",
    )


def test_prefix_loop_that_reloads_in_place() -> None:
    (site,) = sites(
        """
        import importlib, sys
        for name, module in list(sys.modules.items()):
            if name.startswith("app."):
                importlib.reload(module)
        """
    )
    assert (site.mode, site.targets, site.is_together) == (RELOAD, ("app.*",), True)


@pytest.mark.parametrize(
    ("source", "expected", "is_together"),
    [
        ("for n in ('a', 'b'):\n    del sys.modules[n]", ("a", "b"), True),
        ("for n in ('a', 'b'):\n    sys.modules.pop(n, None)\n    import_module(n)", ("a", "b"), False),
        ("list(map(sys.modules.pop, ['a', 'b']))", ("a", "b"), True),
        ("del sys.modules['a'], sys.modules['b']", ("a", "b"), True),
        ("sys.modules.pop('a')", ("a",), False),
    ],
)
def test_several_at_once(source: str, expected: tuple[str, ...], is_together: bool) -> None:
    found = [(site.targets, site.is_together) for site in sites(f"import sys\n{source}")]
    assert found == [(expected, is_together)]


# What is put back


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import sys\ndel sys.modules['a']\nimport a as new\nsys.modules['a'] = new", id="the new one"),
        pytest.param("import sys\ndel sys.modules['a']\nsys.modules['a'] = make()", id="one made by hand"),
        pytest.param("import sys, b\ndel sys.modules['a']\nsys.modules['a'] = b", id="another module's object"),
        pytest.param(
            "import sys\ndel sys.modules['a']\nimport a\nsaved = dict(sys.modules)\nsys.modules.update(saved)",
            id="from a copy made afterwards",
        ),
        pytest.param(
            "import sys\nold = sys.modules['a']\nif x:\n    del sys.modules['a']\nelse:\n    sys.modules['a'] = old",
            id="in another branch",
        ),
        pytest.param("import sys\ndel sys.modules['a']\nsys.modules.update({'b': old})", id="an update elsewhere"),
        pytest.param(
            "import sys\nold = sys.modules.pop('a')\ntry:\n    import a\nexcept Exception:\n"
            "    sys.modules['a'] = old\n    raise",
            id="only when the import fails",
        ),
        pytest.param(
            "import sys\ndef f(back):\n    old = sys.modules.pop('a')\n    import a\n    if back:\n"
            "        sys.modules['a'] = old",
            id="on some condition",
        ),
        pytest.param(
            "import sys\ndef f():\n    old = sys.modules.pop('a')\n    import a as new\n    if new.good:\n"
            "        return\n    sys.modules['a'] = old",
            id="behind a return",
        ),
        pytest.param(
            "import sys\ndef test(monkeypatch):\n    del sys.modules['a']\n"
            "    monkeypatch.setattr(other, 'modules', {})",
            id="monkeypatch on something else",
        ),
        pytest.param("import sys\ndel sys.modules['a']", id="not at all"),
        pytest.param(
            "import sys\ntry:\n    del sys.modules['a']\nfinally:\n    sys.modules['b'] = old",
            id="another module",
        ),
        pytest.param(
            "import sys\ntry:\n    del sys.modules['a']\nfinally:\n    sys.modules['a'] = None",
            id="with None",
        ),
        pytest.param(
            "import sys\ndef f():\n    del sys.modules['a']\ndef g():\n    try: ...\n    finally:\n"
            "        sys.modules['a'] = old",
            id="in another function",
        ),
        pytest.param("from test.support import import_helper\nimport_helper.unload('a')", id="unload"),
        pytest.param("from test.support.import_helper import forget\nforget('a')", id="forget"),
        pytest.param(
            "import sys\nfrom test.support import import_helper\nwith import_helper.DirsOnSysPath():\n"
            "    del sys.modules['a']",
            id="inside another helper of CPython's",
        ),
        pytest.param(
            "import a, sys, importlib\nfrom unittest.mock import patch\nwith patch.dict(sys.modules):\n"
            "    importlib.reload(a)",
            id="in place under patch.dict",
        ),
    ],
)
def test_not_restored(source: str) -> None:
    assert [(site.targets, site.is_restored) for site in sites(source)] == [(("a",), False)]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            """
            def f():
                old = sys.modules.pop("a")
                try:
                    import a
                finally:
                    sys.modules["a"] = old
            """,
            id="in finally",
        ),
        pytest.param(
            """
            def f():
                saved = dict(sys.modules)
                del sys.modules["a"]
                try:
                    import a
                finally:
                    sys.modules.update(saved)
            """,
            id="all of them",
        ),
        pytest.param(
            """
            @pytest.fixture
            def fresh():
                old = sys.modules.pop("a", None)
                yield
                if old:
                    sys.modules["a"] = old
            """,
            id="after a yield",
        ),
        pytest.param(
            """
            class T(TestCase):
                def setUp(self):
                    self.old = sys.modules.pop("a")
                def tearDown(self):
                    sys.modules["a"] = self.old
            """,
            id="in tearDown",
        ),
        pytest.param(
            """
            def setup_module():
                global saved
                saved = sys.modules.copy()
                sys.modules.pop("a")
            def teardown_module():
                sys.modules.update(saved)
            """,
            id="in teardown_module",
        ),
        pytest.param(
            """
            class T(TestCase):
                def test(self):
                    old = sys.modules.pop("a")
                    self.addCleanup(sys.modules.__setitem__, "a", old)
            """,
            id="by addCleanup",
        ),
        pytest.param(
            """
            def fixture(request):
                old = sys.modules.pop("a")
                def back():
                    sys.modules["a"] = old
                request.addfinalizer(back)
            """,
            id="by addfinalizer",
        ),
        pytest.param('old = sys.modules.pop("a")\nsys.modules["a"] = old', id="in a straight line"),
        pytest.param(
            """
            def f():
                old = sys.modules["a"]
                del sys.modules["a"]
                import a as new
                if old is not None:
                    sys.modules["a"] = old
                return new
            """,
            id="at the end of the function",
        ),
        pytest.param(
            "def f():\n    old = sys.modules.get('a')\n    sys.modules.pop('a', None)\n    import a\n"
            "    if old is None:\n        pass\n    else:\n        sys.modules['a'] = old",
            id="if there was one",
        ),
        pytest.param(
            "def f():\n    old = sys.modules.pop('a')\n    import a\n    if 'a' in sys.modules:\n"
            "        sys.modules['a'] = old",
            id="if there is one",
        ),
        pytest.param(
            "def f():\n    old = sys.modules.pop('a')\n    try:\n        import a\n    except ImportError:\n"
            "        pass\n    sys.modules['a'] = old",
            id="after a try",
        ),
        pytest.param(
            "import a\ndef f():\n    del sys.modules['a']\n    import a as new\n    sys.modules['a'] = a",
            id="from the module's own name",
        ),
        pytest.param(
            "saved = sys.modules.copy()\ndel sys.modules['a']\nimport a\nsys.modules.update(saved)",
            id="all of them in a straight line",
        ),
        pytest.param(
            "saved = {**sys.modules}\ndel sys.modules['a']\nfor n, m in saved.items():\n    sys.modules[n] = m",
            id="all of them in a loop",
        ),
        pytest.param(
            "saved = {}\nfor n in ['a']:\n    saved[n] = sys.modules.pop(n)\nimport a\nsys.modules.update(saved)",
            id="from a table filled by the eviction",
        ),
        pytest.param(
            "saved = {n: sys.modules.pop(n) for n in ('a',)}\nimport a\nsys.modules.update(saved)",
            id="from a table made by the eviction",
        ),
        pytest.param(
            "class T:\n    def test(self):\n        self.old = sys.modules.pop('a')\n        import a\n"
            "        sys.modules['a'] = self.old",
            id="from an attribute",
        ),
        pytest.param(
            "with patch.object(sys, 'modules', dict(sys.modules)):\n    del sys.modules['a']", id="in another table"
        ),
        pytest.param("with mock.patch('sys.modules', {}):\n    del sys.modules['a']", id="in another table by name"),
        pytest.param(
            "def test(monkeypatch):\n    monkeypatch.setattr(sys, 'modules', {})\n    del sys.modules['a']",
            id="in another table by monkeypatch",
        ),
        pytest.param(
            "from test.support import import_helper\ns = import_helper.modules_setup()\ndel sys.modules['a']\n"
            "import_helper.modules_cleanup(*s)",
            id="by modules_cleanup",
        ),
        pytest.param("monkeypatch.delitem(sys.modules, 'a', raising=False)", id="by monkeypatch.delitem"),
        pytest.param("monkeypatch.setitem(sys.modules, 'a', stub)", id="by monkeypatch.setitem"),
        pytest.param("patch.dict(sys.modules, {'a': stub}).start()", id="by patch.dict"),
        pytest.param("with mock.patch.dict('sys.modules', a=stub): ...", id="by patch.dict with the string"),
        pytest.param("with patch.dict(sys.modules):\n    del sys.modules['a']", id="inside patch.dict"),
        pytest.param("@patch.dict('sys.modules')\ndef test():\n    del sys.modules['a']", id="below its decorator"),
        pytest.param(
            "@patch.dict(sys.modules)\nclass T:\n    def test(self):\n        sys.modules.pop('a')",
            id="below its decorator on a class",
        ),
        pytest.param(
            "def test(mocker):\n    mocker.patch.dict(sys.modules)\n    del sys.modules['a']",
            id="after mocker.patch.dict",
        ),
        pytest.param("@patch.dict(sys.modules, {'a': None})\ndef test(): ...", id="a decorator with the name"),
        pytest.param(
            "from test.support.import_helper import import_fresh_module\nm = import_fresh_module('a')",
            id="by import_fresh_module",
        ),
        pytest.param(
            "from test.support import import_helper\nwith import_helper.CleanImport('a'): ...",
            id="by CleanImport",
        ),
    ],
)
def test_restored(source: str) -> None:
    head = "import sys\nfrom unittest import mock\nfrom unittest.mock import patch\n"
    found = sites(head + dedent(source))
    assert [(site.mode, site.targets, site.is_restored) for site in found] == [(REIMPORT, ("a",), True)]


@pytest.mark.parametrize(
    ("source", "is_restored"),
    [
        pytest.param(
            """
            def test():
                saved = dict(a.__dict__)
                try:
                    reload(a)
                finally:
                    a.__dict__.clear()
                    a.__dict__.update(saved)
            """,
            True,
            id="in the end",
        ),
        pytest.param("saved = vars(a).copy()\nreload(a)\nvars(a).update(saved)", True, id="below"),
        pytest.param(
            """
            class T:
                def setUp(self):
                    self.saved = {name: value for name, value in a.__dict__.items()}
                def tearDown(self):
                    a.__dict__.update(self.saved)
                def test(self):
                    reload(a)
            """,
            True,
            id="by tearDown",
        ),
        pytest.param("same = a.__dict__\nreload(a)\na.__dict__.update(same)", False, id="no copy"),
        pytest.param("reload(a)\nlate = {**a.__dict__}\na.__dict__.update(late)", False, id="too late"),
        pytest.param("saved = dict(b.__dict__)\nreload(a)\na.__dict__.update(saved)", False, id="another's"),
        pytest.param(
            "saved = dict(a.__dict__)\ntry: reload(a)\nexcept ValueError: a.__dict__.update(saved)",
            False,
            id="only if it fails",
        ),
    ],
)
def test_a_module_that_is_reloaded_gets_back_what_it_had(source: str, *, is_restored: bool) -> None:
    found = sites("import a, b\nfrom importlib import reload\n" + dedent(source))
    assert [(site.mode, site.targets, site.is_restored) for site in found] == [(RELOAD, ("a",), is_restored)]


@pytest.mark.parametrize("copy", ["set(sys.modules)", "list(sys.modules)", "sys.modules.copy()", "dict(sys.modules)"])
@pytest.mark.parametrize(
    "loop",
    [
        "for n in list(sys.modules):\n    if n not in before and n.startswith('a.'):\n        del sys.modules[n]",
        "for n in list(sys.modules):\n    if n in before: continue\n    if n[:2] == 'a.':\n        del sys.modules[n]",
        "for n in set(sys.modules) - set(before):\n    if n.startswith('a.'):\n        del sys.modules[n]",
        "for n in sys.modules.keys() - before:\n    if n.startswith('a.'):\n        del sys.modules[n]",
        "new = set(sys.modules) - set(before)\nfor n in new:\n    if n.startswith('a.'):\n        del sys.modules[n]",
        "for n in set(sys.modules).difference(before):\n    if n.startswith('a.'):\n        del sys.modules[n]",
        "for n in [n for n in sys.modules if n not in before if n.startswith('a.')]:\n    del sys.modules[n]",
    ],
)
def test_what_was_there_before_stays(copy: str, loop: str) -> None:
    found = [(site.targets, site.is_restored) for site in sites(f"import sys\nbefore = {copy}\nwork()\n{loop}")]
    assert found == [(("a.*",), True)]


@pytest.mark.parametrize(
    "condition", ["n not in before", "n in names", "n not in names or n in others", "n in sys.modules", "True"]
)
def test_what_was_there_before_goes_too(condition: str) -> None:
    head = "import sys\nnames = others = set(sys.modules)\nbefore = {'sys'}\n"
    loop = f"for n in list(sys.modules):\n    if {condition}:\n        if n == 'a': del sys.modules[n]"
    assert [(site.targets, site.is_restored) for site in sites(head + loop)] == [(("a",), False)]


def test_what_monkeypatch_noted_comes_back() -> None:
    head = "import sys\ndef test(monkeypatch):\n"
    found = sites(head + "    monkeypatch.setitem(sys.modules, 'a', 1)\n    del sys.modules['a']\n    import a")
    assert [site.is_restored for site in found] == [True, True]
    found = sites(head + "    del sys.modules['a']\n    monkeypatch.setitem(sys.modules, 'a', 1)")
    assert [site.is_restored for site in found] == [False, True]


def test_clear_and_update_restores() -> None:
    (site,) = sites("import sys\ndef back(saved):\n    sys.modules.clear()\n    sys.modules.update(saved)")
    assert site.is_restored


PUT_BACK = "    saved = dict(sys.modules)\n    yield\n    sys.modules.update(saved)\n"
KEEP = f"@pytest.fixture\ndef keep():\n{PUT_BACK}"
KEEP_ALWAYS = f"@pytest.fixture(autouse=True)\ndef keep():\n{PUT_BACK}"
KEEP_IN_SESSION = f"@pytest.fixture(autouse=True, scope='session')\ndef keep():\n{PUT_BACK}"
KEEP_A = (
    "@pytest.fixture(autouse=True)\ndef keep():\n    old = sys.modules['a']\n    yield\n    sys.modules['a'] = old\n"
)
NEW_OUT = (
    "@pytest.fixture(autouse=True)\ndef keep():\n    old = {*sys.modules}\n    yield\n    drop({*sys.modules} - old)\n"
)
MANAGER = f"@contextlib.contextmanager\ndef kept():\n{PUT_BACK}"
CASE = """
class Case(TestCase):
    def setUp(self):
        self.old = sys.modules.copy()
    def tearDown(self):
        sys.modules.update(self.old)
"""
TEST = "def test():\n    del sys.modules['a']\n"
METHOD = "    def test(self):\n        del sys.modules['a']\n"


def evictions(**modules: str) -> list[tuple[tuple[str, ...], bool]]:
    """What `tests.test_a` evicts, and whether all of it is put back."""
    head = "import contextlib, importlib, sys, pytest\nfrom unittest import TestCase, mock\n"
    files = {source_file(module.replace("__", ".")): (head + dedent(text)).encode() for module, text in modules.items()}
    found = find_reloads(files, lambda file: ast.parse(files[file]))
    return [(site.targets, site.is_restored) for site in found[source_file("tests.test_a")]]


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param({"tests__test_a": f"{KEEP}def test(keep):\n    del sys.modules['a']"}, id="by parameter"),
        pytest.param({"tests__test_a": f"{KEEP}@pytest.mark.usefixtures('keep')\n{TEST}"}, id="by mark"),
        pytest.param(
            {"tests__test_a": f"{KEEP}@pytest.mark.usefixtures('keep')\nclass TestA:\n{METHOD}"},
            id="by a mark on the class",
        ),
        pytest.param(
            {"tests__test_a": f"pytestmark = [pytest.mark.usefixtures('keep')]\n{KEEP}{TEST}"},
            id="by a mark on the file",
        ),
        pytest.param(
            {"tests__test_a": f"{KEEP}@pytest.fixture\ndef b(keep): ...\ndef test(b):\n    del sys.modules['a']"},
            id="by a fixture that uses it",
        ),
        pytest.param(
            {
                "tests__test_a": f"{KEEP}def test(request):\n    request.getfixturevalue('keep')\n"
                "    del sys.modules['a']"
            },
            id="by getfixturevalue",
        ),
        pytest.param({"tests__test_a": KEEP_ALWAYS + TEST}, id="autouse"),
        pytest.param({"conftest": KEEP_ALWAYS, "tests__test_a": TEST}, id="autouse in a folder above"),
        pytest.param({"conftest": KEEP_A, "tests__test_a": TEST}, id="only this one"),
        pytest.param(
            {"conftest": "from tests.keeping import keep", "tests__keeping": KEEP_A, "tests__test_a": TEST},
            id="autouse that conftest.py imports",
        ),
        pytest.param(
            {"conftest": "pytest_plugins = ['tests.keeping']", "tests__keeping": KEEP_A, "tests__test_a": TEST},
            id="autouse in a plugin",
        ),
        pytest.param(
            {"conftest": KEEP, "tests__test_a": "def test(keep):\n    del sys.modules['a']"},
            id="by parameter from a folder above",
        ),
        pytest.param(
            {"conftest": KEEP_ALWAYS, "tests__test_a": f"class TestA:\n{METHOD.replace('test', 'setup_method')}"},
            id="set-up under an outer autouse",
        ),
        pytest.param(
            {
                "conftest": "@pytest.fixture(autouse=True)\ndef keep():\n    with mock.patch.dict(sys.modules):\n"
                "        yield",
                "tests__test_a": TEST,
            },
            id="patch.dict around the yield",
        ),
        pytest.param(
            {
                "conftest": "@pytest.fixture(autouse=True)\ndef keep(monkeypatch):\n"
                "    monkeypatch.setattr(sys, 'modules', sys.modules.copy())",
                "tests__test_a": TEST,
            },
            id="monkeypatch",
        ),
        pytest.param(
            {"tests__test_a": f"{MANAGER}def test():\n    with kept():\n        del sys.modules['a']"}, id="with"
        ),
        pytest.param({"tests__test_a": f"{MANAGER}@kept()\n{TEST}"}, id="a decorator"),
        pytest.param(
            {
                "tests__keeping": MANAGER,
                "tests__test_a": "from . import keeping\ndef test():\n    with contextlib.ExitStack() as stack:\n"
                "        stack.enter_context(keeping.kept())\n        del sys.modules['a']",
            },
            id="a context manager of another file, entered by a call",
        ),
        pytest.param({"tests__test_a": f"{CASE}class T(Case):\n{METHOD}"}, id="a base class"),
        pytest.param(
            {"tests__case": CASE, "tests__test_a": f"from tests import case\nclass T(case.Case):\n{METHOD}"},
            id="a base class of another file",
        ),
        pytest.param(
            {
                "tests__test_a": "class T(TestCase):\n    def setUp(self):\n"
                f"        self.addCleanup(sys.modules.update, dict(sys.modules))\n{METHOD}"
            },
            id="a clean-up that setUp adds",
        ),
    ],
)
def test_put_back_around_the_test(modules: dict[str, str]) -> None:
    assert evictions(**modules) == [(("a",), True)]


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param({"tests__test_a": KEEP + TEST}, id="not used"),
        pytest.param({"tests__test_a": f"{KEEP}def helper(keep):\n    del sys.modules['a']"}, id="not a test"),
        pytest.param({"tests__test_a": f"{KEEP_ALWAYS}del sys.modules['a']"}, id="at module level"),
        pytest.param({"other__conftest": KEEP_ALWAYS, "tests__test_a": TEST}, id="in another folder"),
        pytest.param(
            {"conftest": KEEP_ALWAYS, "tests__test_a": f"@pytest.fixture\ndef keep(): ...\n{TEST}"}, id="overridden"
        ),
        pytest.param({"conftest": KEEP_A.replace("'a'", "'b'"), "tests__test_a": TEST}, id="another module only"),
        pytest.param({"conftest": NEW_OUT, "tests__test_a": TEST}, id="only what is new goes"),
        pytest.param({"conftest": KEEP_IN_SESSION, "tests__test_a": TEST}, id="at the end of the session"),
        pytest.param(
            {"tests__test_a": f"{KEEP_ALWAYS}{TEST.replace('test', 'setup_function')}"}, id="set-up before the autouse"
        ),
        pytest.param(
            {"conftest": KEEP_ALWAYS, "tests__test_a": f"@pytest.fixture(scope='module')\n{TEST.replace('test', 'a')}"},
            id="a broader fixture",
        ),
        pytest.param(
            {
                "tests__test_a": "@pytest.fixture(autouse=True)\ndef keep():\n"
                f"    with mock.patch.dict(sys.modules): ...\n    yield\n{TEST}"
            },
            id="patch.dict before the yield",
        ),
        pytest.param(
            {"tests__test_a": "def test():\n    with mock.patch.dict(sys.modules): ...\n    del sys.modules['a']"},
            id="after patch.dict",
        ),
        pytest.param(
            {"tests__test_a": f"{MANAGER}def test():\n    with kept(): ...\n    del sys.modules['a']"}, id="after with"
        ),
        pytest.param(
            {"tests__test_a": f"{CASE}class T(Case):\n    def tearDown(self): ...\n{METHOD}"}, id="tearDown overridden"
        ),
        pytest.param(
            {"tests__test_a": f"{CASE}    @classmethod\n{METHOD.replace('test', 'setUpClass')}"}, id="before setUp"
        ),
    ],
)
def test_not_put_back_around_the_test(modules: dict[str, str]) -> None:
    assert evictions(**modules) == [(("a",), False)]


def test_one_of_several_is_put_back() -> None:
    loop = f"{KEEP_A}def test():\n    for n in ('a', 'b'):\n        del sys.modules[n]"
    (site,) = [site for site in sites(f"import pytest, sys\n{loop}") if not site.is_restored]
    assert (site.targets, site.kept) == (("a", "b"), {"a"})


@pytest.mark.parametrize(
    "source",
    [
        "def test(monkeypatch):\n    monkeypatch.setitem(sys.modules, 'a', a)\n    reload(a)",
        "def test():\n    with mock.patch.dict(sys.modules, {'a': a}):\n        reload(a)",
    ],
)
def test_what_stands_there_already_replaces_nothing(source: str) -> None:
    (site,) = sites(f"import sys, a\nfrom unittest import mock\nfrom importlib import reload\n{source}")
    assert (site.targets, site.mode, site.is_restored) == (("a",), RELOAD, False)


def test_import_fresh_module_takes_more() -> None:
    source = "from test.support.import_helper import import_fresh_module as f\nf('a', fresh=['_a', 'b'])"
    assert spelled(source) == [(REIMPORT, "import_fresh_module", ("a", "_a", "b"))]


# Modules made by hand, extensions


@pytest.mark.parametrize(
    "source",
    [
        """
        spec = importlib.util.spec_from_file_location("a", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["a"] = module
        spec.loader.exec_module(module)
        """,
        """
        spec = importlib.util.spec_from_file_location("a", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        """,
        """
        name = "a"
        spec = importlib.util.find_spec(name)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[module.__name__] = module
        """,
    ],
)
def test_spec_executed_by_hand(source: str) -> None:
    head = "import sys, importlib.util\n"
    assert spelled(head + dedent(source)) == [(REIMPORT, "exec_module", ("a",))]


@pytest.mark.parametrize(
    ("source", "spelling"),
    [
        ("bot.reload_extension('cogs.a')", "reload_extension"),
        ("async def f(self):\n    await self.bot.reload_extension('cogs.a')", "reload_extension"),
        ("bot.unload_extension('cogs.a')\nbot.load_extension('cogs.a')", "unload_extension"),
    ],
)
def test_extension(source: str, spelling: str) -> None:
    (site,) = sites(source)
    assert (site.mode, site.spelling, site.targets) == (REIMPORT, spelling, ("cogs.a", "cogs.a.*"))
    assert site.is_together


def test_extensions_in_a_loop() -> None:
    source = "for n in ('a', 'b'):\n    bot.reload_extension(f'cogs.{n}')"
    assert targets(source) == [("cogs.a", "cogs.a.*", "cogs.b", "cogs.b.*")]


# Wrappers in one file


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a\ndef again(m):\n    reload(m)\nagain(a)", ("a",)),
        ("import a\ndef again(m):\n    return reload(m)\na = again(a)", ("a",)),
        ("import a\ndef again(x, m):\n    reload(m)\nagain(1, a)", ("a",)),
        ("import a\ndef again(x, m):\n    reload(m)\nagain(m=a, x=1)", ("a",)),
        ("import a\ndef again(*, m):\n    reload(m)\nagain(m=a)", ("a",)),
        ("def again(n):\n    reload(sys.modules[n])\nagain('a')", ("a",)),
        ("def again(n):\n    m = import_module(n)\n    reload(m)\nagain('a')", ("a",)),
        ("def again(n):\n    del sys.modules[n]\nagain('a')", ("a",)),
        ("import a\ndef again(m):\n    del sys.modules[m.__name__]\nagain(a)", ("a",)),
        ("def again(n):\n    reload(sys.modules['p.' + n])\nagain('a')", ("p.a",)),
        ("def again(n):\n    bot.reload_extension(f'cogs.{n}')\nagain('a')", ("cogs.a", "cogs.a.*")),
        (
            "def again(p):\n    for n in list(sys.modules):\n        if n == p or n.startswith(p + '.'):\n"
            "            del sys.modules[n]\nagain('a')",
            ("a", "a.*"),
        ),
        ("import a, b\ndef again(*ms):\n    for m in ms:\n        reload(m)\nagain(a, b)", ("a", "b")),
        ("import a, b\ndef again(ms):\n    for m in ms:\n        reload(m)\nagain([a, b])", ("a", "b")),
        ("import a\ndef again(m=a):\n    reload(m)\nagain()", ("a",)),
        ("import a\ndef again(m=None):\n    m = m or a\n    reload(m)", ("a",)),
        ("import a\ndef again(m):\n    reload(m)\ndef both(m):\n    again(m)\nboth(a)", ("a",)),
        ("import a\ndef again(m):\n    if isinstance(m, str):\n        m = import_module(m)\n    reload(m)\n"
         "again('a')", ("a",)),
        ("import a\nclass L:\n    def again(self, m):\n        reload(m)\n    def f(self):\n"
         "        self.again(a)", ("a",)),
        ("import a\nclass B:\n    def again(self, m):\n        reload(m)\nclass L(B):\n    def f(self):\n"
         "        self.again(a)", ("a",)),
        ("import a\nclass L:\n    @staticmethod\n    def again(m):\n        reload(m)\nL.again(a)", ("a",)),
        ("import a\nclass L:\n    @classmethod\n    def again(c, m):\n        reload(m)\nL.again(a)", ("a",)),
        ("import a\nclass L:\n    def again(self, m):\n        reload(m)\nl = L()\nl.again(a)", ("a",)),
        ("import a\nclass L:\n    def __init__(self, m):\n        reload(m)\nL(a)", ("a",)),
        ("import a\ndef reload_it(m):\n    reload(m)\nclass T:\n    def test(self):\n"
         "        self.addCleanup(reload_it, a)", ("a",)),
        ("import a, b\ndef again(m):\n    reload(m)\nlist(map(again, [a, b]))", ("a", "b")),
        ("import a\ndef again(x, m=None):\n    reload(m)\nagain(**{'x': 1, 'm': a})", ("a",)),
        ("import a\ndef again(x, m=None):\n    reload(m)\noptions = {'x': 1, 'm': a}\nagain(**options)", ("a",)),
        ("import a\ndef again(x, m=None):\n    reload(m)\nagain(*[1, a])", ("a",)),
        ("import a\ndef again(x, m=None):\n    reload(m)\npartial(again, 1, a)()", ("a",)),
        ("import a\ndef again(x, m=None):\n    reload(m)\npartial(again, 1)(a)", ("a",)),
        ("import a\ndef again(x, m=None):\n    reload(m)\np = partial(again, m=a)\np(1)", ("a",)),
        ("import a\ndef again(x, m=None):\n    reload(m)\np = partial(again, 1)\np(a)", ("a",)),
        ("import a\ndef again(x, m=None):\n    reload(m)\np = partial(again, x=1)\np(m=a)", ("a",)),
        ("import a\ndef again(x, y, m=None):\n    reload(m)\np = partial(again, 1)\nq = partial(p, 2)\nq(a)",
         ("a",)),
        ("import a\ndef again(x, m):\n    reload(m)\nThread(target=again, args=(1, a)).start()", ("a",)),
        ("import a\ndef again(x, m):\n    reload(m)\nThread(target=again, kwargs={'m': a}).start()", ("a",)),
        ("import a\ndef again(x, m):\n    reload(m)\nTimer(5, again, [1, a])", ("a",)),
        ("import a\nagain = lambda m: reload(m)\nagain(a)", ("a",)),
        ("import a\nagain = lambda x, *, m: reload(m)\nagain(1, m=a)", ("a",)),
        ("import a\nclass L:\n    def __call__(self, m):\n        reload(m)\nL()(a)", ("a",)),
        ("import a\nclass L:\n    def __call__(self, m):\n        reload(m)\nl = L()\nl(a)", ("a",)),
    ],
)  # fmt: skip
def test_wrapper(source: str, expected: tuple[str, ...]) -> None:
    head = "import sys\nfrom functools import partial\nfrom threading import Thread, Timer\n"
    found = sites(f"{head}from importlib import reload, import_module\n{source}")
    assert [(site.targets, site.why) for site in found] == [(expected, "")]


SEVERAL = [
    ("def again(p, n):\n    reload(import_module(f'{p}.{n}'))\nagain('p', 'a')", ("p.a",)),
    ("def again(p, n):\n    reload(import_module(p + '.' + n))\nagain(n='a', p='p')", ("p.a",)),
    ("def again(p, n):\n    del sys.modules['%s.%s' % (p, n)]\nagain('p', 'a')", ("p.a",)),
    ("def again(p, n):\n    reload(sys.modules['.'.join([p, n])])\nagain('p', 'a')", ("p.a",)),
    ("def again(n, p='p'):\n    reload(import_module('.' + n, p))\nagain('a')", ("p.a",)),
    ("def again(n, p='p'):\n    reload(import_module(f'.{n}', package=p))\nagain('a', p='q')", ("q.a",)),
    ("def again(n, *, p='p'):\n    reload(import_module(f'{p}.{n}'))\nfor n in ('a', 'b'):\n    again(n, p='q')",
     ("q.a", "q.b")),
    ("def again(n):\n    reload(import_module(f'{n}.{n}'))\nagain('a')", ("a.a",)),
    ("def again(p, n):\n    reload(import_module(f'{p}.{n}'))\ndef one(n):\n    again('p', n)\none('a')", ("p.a",)),
    ("def again(p, n):\n    reload(import_module(f'{p}.{n}'))\ndef one(n):\n    again(n, 'a')\none('p')", ("p.a",)),
    ("def again(p, n):\n    reload(import_module(f'{p}.{n}'))\ndef one(b, c):\n    again(b, c)\none('p', 'a')",
     ("p.a",)),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), SEVERAL)
def test_wrapper_that_makes_a_name_of_several_parameters(source: str, expected: tuple[str, ...]) -> None:
    found = sites(f"import sys\nfrom importlib import reload, import_module\n{source}")
    assert [(site.targets, site.why) for site in found] == [(expected, "")]


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("again('p', argument)", "`argument` is not bound in this file"),
        ("again(argument, 'a')", "`argument` is not bound in this file"),
        ("again('p', *arguments)", "`n` is a parameter of `again`"),
    ],
)
def test_wrapper_that_makes_a_name_of_what_is_not_known(call: str, why: str) -> None:
    head = "from importlib import reload, import_module\ndef again(p, n):\n    reload(import_module(f'{p}.{n}'))\n"
    assert [(site.targets, site.why) for site in sites(head + call)] == [((), why)]


@pytest.mark.parametrize("call", ["again(*given)", "again(**given)", "Thread(target=again, args=given)"])
def test_wrapper_that_is_called_with_what_is_not_known(call: str) -> None:
    (site,) = sites(f"import importlib\ndef again(x, m=None):\n    importlib.reload(m)\n{call}")
    assert (site.spelling, site.targets, site.why) == ("app.main.again", (), f"`{call}` is not known")


def test_wrapper_that_is_called_reload() -> None:
    source = "import importlib, a\ndef reload(m):\n    importlib.reload(m)\nreload(a)"
    assert spelled(source) == [(RELOAD, "app.main.reload", ("a",))]


def test_wrapper_is_handed_over() -> None:
    found = read("import importlib\ndef again(x, m):\n    importlib.reload(m)")
    assert found.wrappers == (Wrapper("again", "m", 1, "module", RELOAD),)
    (site,) = found.sites
    assert site.why == "`m` is a parameter of `again` that nothing here calls"


def test_wrapper_of_another_file() -> None:
    wrapper = Wrapper("again", "m", 0, "module", RELOAD)
    tree = ast.parse("from lib import again\nimport a\nagain(a)")
    found = find_in_file(tree, source_file("app"), {"lib.again": wrapper})
    assert [(site.spelling, site.targets) for site in found.sites] == [("lib.again", ("a",))]


def test_wrapper_that_calls_itself() -> None:
    source = """
        from importlib import reload
        def deep(m):
            reload(m)
            for sub in vars(m).values():
                deep(sub)
        import a
        deep(a)
    """
    # What it makes of its argument is not known: that call is listed for itself.
    assert targets(source) == [(), ("a",)]


def test_override_that_passes_on_is_not_unresolved() -> None:
    source = """
        class Bot(commands.Bot):
            async def reload_extension(self, name):
                await super().reload_extension(name)
    """
    assert sites(source) == ()


# pytest


def test_parametrized_name() -> None:
    source = """
        import importlib, pytest, sys
        @pytest.mark.parametrize(("name", "x"), [("a", 1), pytest.param("b", 2)])
        def test(name, x):
            importlib.reload(sys.modules[name])
    """
    assert targets(source) == [("a", "b")]


def test_fixture_of_the_same_file() -> None:
    source = """
        import importlib, pytest
        @pytest.fixture
        def settings():
            import app.settings as module
            yield module
        def test(settings):
            importlib.reload(settings)
    """
    assert targets(source) == [("app.settings",)]


def test_reload_as_a_clean_up() -> None:
    source = "import importlib, a\ndef test(self):\n    self.addCleanup(importlib.reload, a)"
    assert spelled(source) == [(RELOAD, "importlib.reload", ("a",))]


# Across files


def test_wrapper_across_files() -> None:
    found = project(
        tools="import importlib\ndef again(m):\n    importlib.reload(m)",
        user="import a\nfrom tools import again\n\nagain(a)",
        other="import tools, b\ntools.again(b)",
        bystander="def again(m): ...\nagain(1)",
    )
    assert found == {
        "user": [(4, "tools.again", ("a",), "")],
        "other": [(2, "tools.again", ("b",), "")],
    }


def test_wrapper_through_re_exports() -> None:
    found = project(
        pkg__init="from .utils import again",
        pkg__utils="import importlib\ndef again(m):\n    importlib.reload(m)",
        pkg__user="from . import again\nimport a\nagain(a)",
        starred__init="from pkg.utils import *",
        outside="import a, starred\nstarred.again(a)",
    )
    assert found == {
        "pkg.user": [(3, "pkg.utils.again", ("a",), "")],
        "outside": [(2, "pkg.utils.again", ("a",), "")],
    }


def test_wrapper_of_a_wrapper_across_files() -> None:
    found = project(
        low="import importlib\ndef again(n):\n    importlib.reload(importlib.import_module(n))",
        middle="import low\ndef refresh(n):\n    low.again('app.' + n)",
        high="from middle import refresh as r\nr('core')",
    )
    assert found == {"high": [(2, "middle.refresh", ("app.core",), "")]}


def test_reload_through_a_compatibility_module() -> None:
    found = project(
        compat="try:\n    from importlib import reload\nexcept ImportError:\n    from imp import reload",
        user="from compat import reload\nimport a\nreload(a)",
    )
    assert found == {"user": [(3, "importlib.reload", ("a",), "")]}


@pytest.mark.parametrize("importing", ["from own import *", "from own import reload"])
def test_function_of_ones_own_from_another_file(importing: str) -> None:
    found = project(own="def reload(m):\n    print(m)", user=f"{importing}\nimport a\nreload(a)")
    assert found == {}


@pytest.mark.parametrize("own", ["def reload(m): ...", "reload = print", "from other import x as reload"])
def test_function_of_ones_own_through_two_stars(own: str) -> None:
    found = project(own=own, middle="from own import *", user="from middle import *\nimport a\nreload(a)")
    assert found == {}


@pytest.mark.parametrize(
    "own",
    [
        "from importlib import reload",
        "import importlib\nreload = importlib.reload",
        "def reload(m): ...\nfrom importlib import reload",
    ],
)
def test_real_reload_through_two_stars(own: str) -> None:
    found = project(own=own, middle="from own import *", user="from middle import *\nimport a\nreload(a)")
    assert [(row, targets) for row, _, targets, _ in found["user"]] == [(3, ("a",))]


def test_star_import_of_something_else_hides_no_reload() -> None:
    found = project(own="def refresh(m): ...", user="from own import *\nimport a\nreload(a)")
    assert found == {"user": [(3, "reload", ("a",), "")]}


def test_method_of_an_instance_from_another_file() -> None:
    found = project(
        tools="import importlib\nclass L:\n    def refresh(self, m):\n        importlib.reload(m)\nl = L()",
        user="from tools import l\nimport a\nl.refresh(a)",
    )
    assert found == {"user": [(3, "tools.L.refresh", ("a",), "")]}


def test_instance_from_another_file_that_is_called() -> None:
    found = project(
        tools="import importlib\nclass L:\n    def __call__(self, m):\n        importlib.reload(m)\nl = L()",
        user="from tools import l\nimport a\nl(a)",
        maker="from tools import L\nimport b\nL()(b)",
    )
    assert found == {
        "user": [(3, "tools.L.__call__", ("a",), "")],
        "maker": [(3, "tools.L.__call__", ("b",), "")],
    }


def test_lambda_from_another_file() -> None:
    found = project(
        tools="import importlib\nagain = lambda m: importlib.reload(m)",
        user="from tools import again\nimport a\nagain(a)",
    )
    assert found == {"user": [(3, "tools.again", ("a",), "")]}


def test_wrapper_that_nothing_calls() -> None:
    found = project(tools="import importlib\ndef again(m):\n    importlib.reload(m)")
    why = "`m` is a parameter of `again` that nothing here calls"
    assert found == {"tools": [(3, "importlib.reload", (), why)]}


@pytest.mark.parametrize("name", ["again", "reload", "do_reload", "reload_module"])
@pytest.mark.parametrize("user", ["from tools import {0}\nimport a\n{0}(a)", "import tools\nimport a\ntools.{0}(a)"])
def test_another_name_for_reload_from_another_file(name: str, user: str) -> None:
    found = project(tools=f"import importlib\n{name} = importlib.reload", user=user.format(name))
    assert found == {"user": [(3, "importlib.reload", ("a",), "")]}


def test_wrapper_called_through_an_alias_of_its_module() -> None:
    tools = replace(source_file("pkg.tools"), aliases=("src.pkg.tools",))
    user = source_file("user")
    files = {
        tools: b"import importlib\ndef again(m):\n    importlib.reload(m)",
        user: b"from src.pkg.tools import again\nimport a\nagain(a)",
    }
    found = find_reloads(files, lambda file: ast.parse(files[file]))
    assert {file.module: [site.targets for site in places] for file, places in found.items()} == {"user": [("a",)]}


def test_only_files_of_interest_are_parsed() -> None:
    files = {
        source_file("tools"): b"import importlib\ndef again(m):\n    importlib.reload(m)",
        source_file("user"): b"from tools import again\nimport a\nagain(a)",
        source_file("bystander"): b"def again(m): ...",
        source_file("plain"): b"x = 1",
    }
    parsed: list[str] = []

    def parse(file: SourceFile) -> ast.Module:
        parsed.append(file.module)
        return ast.parse(files[file])

    find_reloads(files, parse)
    assert parsed == ["tools", "user"]


def test_file_that_cannot_be_parsed_is_left_out() -> None:
    assert find_reloads({source_file("a"): b"reload("}, lambda file: None) == {}


# An eviction that imports nothing anew

HALF = "import sys\ndef test():\n    del sys.modules['p.m']\n    from p import m\n    return m.C"


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="nothing else"),
        pytest.param({"user": "from p.m import C\nimport p.m"}, id="imported before"),
        pytest.param({"user": "def f():\n    from p import m"}, id="taken from the package elsewhere"),
        pytest.param({"user": "import importlib\ndef f():\n    importlib.import_module('q')"}, id="another module"),
        pytest.param({"user": "import sys\ndef f():\n    return 'p.m' in sys.modules"}, id="looked for"),
    ],
)
def test_half_eviction(more: dict[str, str]) -> None:
    assert project(test=HALF, p__init="", p__m="class C: ...", **more) == {}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"user": "def f():\n    import p.m"}, id="imported in a function"),
        pytest.param({"user": "def f():\n    from p.m import C"}, id="imported from in a function"),
        pytest.param({"user": "class T:\n    def f(self):\n        import p.m.sub"}, id="with a submodule"),
        pytest.param({"p__other": "async def f():\n    from .m import C"}, id="imported relatively"),
        pytest.param({"user": "import importlib\ndef f(x):\n    importlib.import_module(x)"}, id="any module"),
        pytest.param({"user": "import importlib\ndef f():\n    importlib.import_module('p.m')"}, id="by its name"),
        pytest.param({"user": "from unittest.mock import patch\n@patch('p.m.C')\ndef f(c): ..."}, id="patched"),
        pytest.param({"user": "import sys\ndef f():\n    del sys.modules['p']"}, id="with its package"),
        pytest.param(
            {"user": "from p.m import C", "again": "import importlib, user\nimportlib.reload(user)"},
            id="imported by what is reloaded",
        ),
        pytest.param({"test": HALF.replace("from p", "import p.m\n    from p")}, id="imported in between"),
        pytest.param({"test": HALF.replace("from p", "del sys.modules['p'].m\n    from p")}, id="detached"),
        pytest.param({"test": HALF.replace("from p", "delattr(sys.modules['p'], 'm')\n    from p")}, id="by delattr"),
        pytest.param({"test": "import sys\ndef test():\n    del sys.modules['p.m']"}, id="not taken at all"),
        pytest.param({"test": "import sys\ndel sys.modules['p.m']\nfrom p import m"}, id="at module level"),
    ],
)
def test_whole_eviction(more: dict[str, str]) -> None:
    found = project(**{"test": HALF, "p__init": "", "p__m": "class C: ...", **more})
    assert [targets for _, spelling, targets, _ in found["test"] if "modules" in spelling] == [("p.m",)]


# The place


def test_place() -> None:
    source = """\
        import importlib, a, b, c

        importlib.reload(a)
        class A:
            importlib.reload(b)
            def m(self):
                def inner():
                    return [lambda: importlib.reload(c)]
        if __name__ == "__main__":
            importlib.reload(
                c,
            )
    """
    found = [
        (s.span.start.row, s.span.start.column, s.span.end.row, s.span.end.column, s.block, s.is_main)
        for s in sites(source)
    ]
    assert found == [
        (3, 1, 3, 20, "", False),
        (5, 5, 5, 24, "", False),
        (8, 29, 8, 48, "A.m.<locals>.inner", False),
        (10, 5, 12, 6, "", True),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_columns_are_code_points(encoding: str) -> None:
    head = "# coding: latin-1\n" if encoding == "latin-1" else "#\n"
    data = f"{head}import importlib, a; 'äöü'; importlib.reload(a)\n".encode(encoding)
    found = find_in_file(ast.parse(data), source_file("app"), {}, source=data)
    assert [site.span for site in found.sites] == [Span(Location(2, 29), Location(2, 48))]


def test_sites_are_in_order_of_place() -> None:
    source = "import sys, a\ndel sys.modules['b']\nreload(a)\nfor n in ['c']:\n    sys.modules.pop(n)"
    assert targets(source) == [("b",), ("a",), ("c",)]


# Sturdiness


@pytest.mark.parametrize(
    "argument",
    [
        pytest.param("+".join(["'a'"] * 900), id="a long sum"),
        pytest.param("x" + ".y()" * 200, id="a long chain"),
        pytest.param("[" * 60 + "a" + "]" * 60, id="deep brackets"),
        pytest.param("(" + " or ".join(["x"] * 500) + ")", id="a long condition"),
    ],
)
def test_deep_expressions(argument: str) -> None:
    assert [site.targets for site in sites(f"import sys\nreload(sys.modules[{argument}])")] == [()]


def test_names_that_multiply() -> None:
    lines = ["x0 = 'a' if c else 'b'", *(f"x{n} = f'{{x{n - 1}}}{{x{n - 1}}}'" for n in range(1, 40))]
    source = "\n".join(["import sys", *lines, "reload(sys.modules[x39])"])
    assert targets(source) == [()]


@pytest.mark.parametrize(
    "source",
    [
        "x = x\nreload(x)",
        "x = y\ny = x\nreload(x)",
        "def f(x): f(x); reload(x)",
        "class C(C): ...\nC.reload(C)",
    ],
)
def test_circles(source: str) -> None:
    assert all(site.targets == () for site in sites(source))


@pytest.mark.parametrize(
    "call",
    [
        "pytest.deprecated_call(reload, a)",
        "pytest.warns(DeprecationWarning, reload, a)",
        "pytest.raises(ValueError, reload, a)",
        "self.assertRaises(ValueError, reload, a)",
        "self.assertRaisesRegex(ValueError, 'no', reload, a)",
        "self.assertWarnsRegex(UserWarning, 'old', reload, a)",
    ],
)
def test_a_reload_that_an_assertion_calls(call: str) -> None:
    assert targets(f"import a\ndef test(self):\n    {call}") == [("a",)]


# What is read by a dotted name, and what is looked up


@pytest.mark.parametrize(
    ("source", "is_attribute"),
    [
        ("import p.m\nimportlib.reload(p.m)", True),
        ("import p.m as x\nimportlib.reload(x)", True),
        ("from p import m\nimportlib.reload(m)", True),
        ("import p\nimportlib.reload(getattr(p, 'm'))", True),
        ("import p.m\ndef again(module): importlib.reload(module)\nagain(p.m)", True),
        ("for x in (p.m,): importlib.reload(x)\nimport p.m", True),
        ("import sys\nimportlib.reload(sys.modules['p.m'])", False),
        ("import sys\nx = sys.modules['p.m']\nimportlib.reload(x)", False),
        ("importlib.reload(importlib.import_module('p.m'))", False),
        ("import sys\ndel sys.modules['p.m']", False),
        ("def again(name): importlib.reload(importlib.import_module(name))\nagain('p.m')", False),
    ],
)
def test_what_a_package_calls_so_is_told_from_the_module(source: str, is_attribute: bool) -> None:
    found = [site for site in sites(f"import importlib\n{source}") if site.targets]
    assert [(site.targets, site.attributes) for site in found] == [
        (("p.m",), frozenset({"p.m"} if is_attribute else ()))
    ]


# What another file lists

CONSTANTS = """
    import a, b
    ORDER = (a, b)
    NAMES = ["a"] + ["b"]
    TABLE = {"x": a, "y": b}
    ONE = "a"
    FOUND = find()
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from config import ORDER\nfor m in ORDER:\n    reload(m)", ("a", "b")),
        ("from config import ORDER as o\nfor m in reversed(o):\n    reload(m)", ("b", "a")),
        ("from passed import ORDER\nfor m in ORDER:\n    reload(m)", ("a", "b")),
        ("import config\nfor n in config.NAMES:\n    reload(sys.modules[n])", ("a", "b")),
        ("import config\nfor m in config.TABLE.values():\n    reload(m)", ("a", "b")),
        ("from config import TABLE\nreload(TABLE['y'])", ("b",)),
        ("from config import ONE\nreload(import_module(ONE))", ("a",)),
        ("from config import ONE\ndel sys.modules[ONE]\nimport_module(ONE)", ("a",)),
        ("from config import ONE\nreload(sys.modules[f'p.{ONE}'])", ("p.a",)),
        ("from config import ONE\nreload(sys.modules['p.' + ONE])", ("p.a",)),
        ("from config import NAMES\ndef f(n):\n    reload(sys.modules[n])\nfor n in NAMES:\n    f(n)", ("a", "b")),
    ],
)
def test_constant_of_another_file(source: str, expected: tuple[str, ...]) -> None:
    head = "import sys\nfrom importlib import import_module, reload\n"
    found = project(config=CONSTANTS, passed="from config import ORDER", main=head + source)
    assert [(targets, why) for _, _, targets, why in found["main"]] == [(expected, "")]


def test_what_another_file_does_not_list() -> None:
    source = "from importlib import reload\nfrom config import FOUND\nfor m in FOUND:\n    reload(m)"
    assert [site[2:] for site in project(config=CONSTANTS, main=source)["main"]] == [((), "`FOUND` is not known")]


def test_constants_that_import_each_other() -> None:
    source = "from importlib import reload\nfrom one import X\nfor m in X:\n    reload(m)"
    found = project(one="from two import X", two="from one import X", main=source)
    assert [site[2:] for site in found["main"]] == [((), "`X` is not known")]
