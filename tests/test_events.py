from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import stalecheck
from stalecheck.events import Schedule, schedule
from stalecheck.index import index_file
from stalecheck.model import Location, SourceFile, Span
from stalecheck.modules import ModuleTable
from stalecheck.reloads import ReloadSite
from stalecheck.vocabulary import ReloadMode

ROOT = Path("/project")
SPAN = Span(Location(3, 1), Location(3, 9))


def source_file(module: str, *, is_package: bool = False) -> SourceFile:
    path = ROOT.joinpath(*module.split("."))
    return SourceFile(path / "__init__.py" if is_package else path.with_suffix(".py"), module, is_package, ROOT)


def scheduled(site: ReloadSite, *, user: str = "import app.core") -> Schedule:
    files = [source_file("app", is_package=True), source_file("app.core"), source_file("user")]
    indexes = {file: index_file(user.encode() if file.module == "user" else b"") for file in files}
    return schedule({files[-1]: (site,)}, (), (), indexes, ModuleTable(files))


def site(*targets: str, spelling: str = "importlib.reload") -> ReloadSite:
    return ReloadSite(SPAN, ReloadMode.RELOAD, spelling, targets)


@pytest.mark.parametrize(
    ("target", "modules", "outside", "why"),
    [
        ("app.core", ("app.core",), (), ""),
        ("json", ("json",), ("json",), ""),
        ("other.core.sub", ("other.core.sub",), ("other.core.sub",), ""),
        ("app.compiled.sub", ("app.compiled.sub",), ("app.compiled.sub",), ""),
        ("app.core.Loader", (), (), "`app.core.Loader` is no module of what was read"),
        ("app.core.Loader.module", (), (), "`app.core.Loader.module` is no module of what was read"),
        ("app.none", (), (), "`app.none` is no module of what was read"),
        ("builtins.int", (), (), "`builtins.int` is no module of what was read"),
    ],
)
def test_record(target: str, modules: tuple[str, ...], outside: tuple[str, ...], why: str) -> None:
    (record,) = scheduled(site(target)).records
    assert (record.modules, record.outside, record.why, record.is_resolved) == (modules, outside, why, not why)


@pytest.mark.parametrize(
    ("user", "is_reload"),
    [
        ("import app.core", True),
        ("from app import core", True),
        ("from app.core import C", True),
        ("def f():\n    import app.core", True),
        ("import app", False),
    ],
)
@pytest.mark.parametrize("spelling", ["load_module", "imp.load_source"])
def test_first_loading_is_no_reload(spelling: str, user: str, is_reload: bool) -> None:
    assert bool(scheduled(site("app.core", spelling=spelling), user=user).records) is is_reload


def test_loading_of_what_the_project_does_not_have_is_no_reload() -> None:
    assert scheduled(site("plugin", spelling="load_module")).records == ()


@pytest.mark.parametrize(
    ("package", "why"),
    [
        ("from .core import core", "`app.core` is no module: `app` binds the name over its submodule"),
        ("from .core import *", "`app.core` is no module: `app` binds the name over its submodule"),
        ("from .core import C\ncore = C()", "`app.core` is no module: `app` binds the name over its submodule"),
        ("def core(): ...", ""),
        ("def core(): ...\nfrom .core import C", ""),
        ("try:\n    from . import core\nexcept ImportError:\n    core = None", ""),
        ("from .core import C as other", ""),
    ],
)
def test_what_a_package_binds_over_its_submodule_is_no_module(package: str, why: str) -> None:
    files = [source_file("app", is_package=True), source_file("app.core"), source_file("user")]
    texts = (package, "class C: ...\ndef core(): ...", "import app.core")
    indexes = {file: index_file(text.encode()) for file, text in zip(files, texts, strict=True)}
    read, looked_up = (
        schedule({files[-1]: (each,)}, (), (), indexes, ModuleTable(files)).records[0]
        for each in (replace(site("app.core"), attributes=frozenset({"app.core"})), site("app.core"))
    )
    assert (read.modules, read.why) == (() if why else ("app.core",), why)
    assert (looked_up.modules, looked_up.why) == (("app.core",), "")


@pytest.mark.parametrize(
    ("reloading", "reload", "pattern", "runs_once"),
    [
        pytest.param("plugin", "", "", False, id="a script is run again by its host"),
        pytest.param("app", "", "", False, id="so is a package"),
        pytest.param("app.core", "", "", True, id="a module of a package is not"),
        pytest.param("user", "", "", True, id="nor is what another file imports"),
        pytest.param("app.core", "app.core", "", False, id="unless something reloads it"),
        pytest.param("app.core", "core", "", False, id="by a shorter name, after a change of the path"),
        pytest.param("app.core", "", "app.*", False, id="or the options say so"),
    ],
)
def test_what_only_a_later_run_reloads(reloading: str, reload: str, pattern: str, *, runs_once: bool) -> None:
    files = [source_file("app", is_package=True), *map(source_file, ("app.core", "user", "plugin", "tool", "m"))]
    indexes = {file: index_file(b"import user" if file.module == "tool" else b"") for file in files}
    (own,) = [file for file in files if file.module == reloading]
    sites = {own: (replace(site("m"), is_guarded=True, is_again=True),)}
    if reload:
        sites[files[-2]] = (replace(site(reload), block="again"),)
    found = schedule(sites, [pattern] if pattern else [], [], indexes, ModuleTable(files))
    assert found.run_once == ({own} if runs_once else frozenset())
    assert (files[-1] in found.reloaded) is not runs_once


def test_what_may_be_loaded_for_the_first_time_makes_nothing_stale(tmp_path: Path) -> None:
    sources = {
        "plug/__init__.py": "",
        "plug/one.py": "class C: ...\n",
        "hold.py": "from plug.one import C\n",
        "run.py": "import pkgutil, plug, hold\ndef go():\n"
        "    for finder, name, _ in pkgutil.iter_modules(plug.__path__, 'plug.'):\n"
        "        finder.find_module(name).load_module(name)\n",
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source, encoding="utf-8")
    assert stalecheck.check(tmp_path, isolated=True) == []
