"""A sample of the agreement with the interpreter, and what the yardstick itself says of small projects.

The whole is ``python -m tests.agreement``.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

import stalecheck
from stalecheck.model import Diagnostic, Holder
from stalecheck.vocabulary import ReloadMode

from .compare import Agreement, compare
from .measure import ORACLE, interpret, lint
from .oracle import VERDICTS
from .remaining import settled, unexplained
from .targets import TARGETS, NotInstallableError, Target, installed, target

SEED = 20
SAMPLE = ("requests", "click", "jinja2", "marshmallow", "more_itertools", "markdown_it")
"""Packages of which all modules are reloaded."""

OTHERS = [wanted for wanted in TARGETS if wanted.package not in SAMPLE]
MODULES = 8
"""How many of each of the others."""


@cache
def directory_of(wanted: Target) -> Path:
    try:
        return installed(wanted)
    except NotInstallableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"needs a package index: {error}")


def measured(wanted: Target, mode: ReloadMode, names: Sequence[str] | None = None) -> Agreement:
    directory = directory_of(wanted)
    answer = interpret(wanted, directory, mode, names)
    return compare(answer, lint(wanted, directory, ("*",) if names is None else tuple(names)), mode)


def test_the_sample_meets_the_figures() -> None:
    for mode in ReloadMode:
        total = sum((measured(target(package), mode) for package in SAMPLE), start=Agreement())
        assert unexplained(total.cases, mode) == ()
        assert settled(total.cases, mode, SAMPLE) == []
        assert_figures(total)


def test_modules_of_every_other_package_meet_the_figures() -> None:
    for mode in ReloadMode:
        chance = random.Random(SEED)
        total = Agreement()
        for wanted in OTHERS:
            modules = sorted(modules_of(wanted, directory_of(wanted)))
            total += measured(wanted, mode, chance.sample(modules, min(MODULES, len(modules))))
        assert total.reloads > MODULES * len(OTHERS) / 2
        assert_figures(total)


def assert_figures(total: Agreement) -> None:
    assert total.direct_recall >= 0.995
    assert total.precision >= 0.995
    assert total.inside_recall >= 0.90


def modules_of(wanted: Target, directory: Path) -> Iterator[str]:
    """Yield the dotted names of a package's files."""
    for path in (directory / wanted.package).rglob("*.py"):
        name = path.relative_to(directory).with_suffix("").as_posix().replace("/", ".")
        yield name.removesuffix(".__init__")


def test_a_pattern_reports_what_its_modules_report_one_by_one() -> None:
    wanted = target("requests")
    directory = directory_of(wanted)
    together = set(holdings(lint(wanted, directory)))
    modules = sorted(interpret(wanted, directory, ReloadMode.RELOAD)["objects"])
    for module in random.Random(SEED).sample(modules, 6):
        for mode, option in ((ReloadMode.RELOAD, "reloaded"), (ReloadMode.REIMPORT, "reimported")):
            asked: dict[str, Any] = {option: [module]}
            alone = stalecheck.check([directory / wanted.package], isolated=True, min_severity="note", **asked)
            assert set(holdings(alone)) == {held for held in together if held[:2] == (mode, module)}


def holdings(diagnostics: Iterable[Diagnostic]) -> Iterator[tuple[ReloadMode, str, str, str, str]]:
    for diagnostic in diagnostics:
        for reload in diagnostic.reload if diagnostic.holder else ():
            holder = cast(Holder, diagnostic.holder)
            yield reload.mode, reload.module, diagnostic.code, holder.module, holder.name


# What the yardstick says


NOTHING: list[list[str]] = []


@pytest.mark.parametrize(
    ("holder", "verdicts"),
    [
        pytest.param("import p.m", NOTHING, id="a module reloaded in place is the same object"),
        pytest.param("from p.m import LIMIT", NOTHING, id="identity says nothing of a number"),
        pytest.param("from p.m import sys", [["steady", "sys"]], id="what m only imported survives"),
        pytest.param("from p.m import log", [["steady", "log"]], id="a logger survives"),
        pytest.param("def g():\n    from p.m import C", NOTHING, id="an import that runs at each call"),
        pytest.param("from p.m import C", [["direct", "C"]], id="a class"),
        pytest.param("from p.m import C as K", [["direct", "K"]], id="a class under another name"),
        pytest.param("from p.m import *", [["direct", "C"], ["direct", "f"], ["direct", "obj"]], id="a star"),
        pytest.param("import p.m\nm = p.m.C.method", [["direct", "m"]], id="a method of an old class"),
        pytest.param("import p.m\no = p.m.C()", [["inside", "o"]], id="an instance of an old class"),
        pytest.param("import p.m\nT = {'k': [p.m.f]}", [["inside", "T"]], id="a list in a dict"),
        pytest.param("import p.m\nclass D(p.m.C): pass", [["inside", "D"]], id="a base"),
        pytest.param(
            "import p.m\nclass D(p.m.C): pass\nclass E(D): pass",
            [["inside", "D"]],
            id="a subclass of a stale subclass is not counted again",
        ),
        pytest.param(
            "import p.m\nclass S:\n    model = p.m.C",
            [["direct", "S.model"], ["inside", "S"]],
            id="a class attribute",
        ),
        pytest.param(
            "import p.m\nclass S:\n    def run(self, k=p.m.C): pass",
            [["inside", "S"], ["inside", "S.run"]],
            id="a default of a method",
        ),
        pytest.param("import functools, p.m\ng = functools.partial(p.m.f)", [["inside", "g"]], id="a partial"),
        pytest.param("import p.m\nb = p.m.C().method", [["inside", "b"]], id="a bound method"),
        pytest.param("import p.m\ndef d(x):\n    return lambda: x\ng = d(p.m.f)", [["inside", "g"]], id="a closure"),
        pytest.param(
            "import p.m\nclass Box:\n    def __init__(self, x): self.x = x\nbox = Box(p.m.C)",
            [["behind", "box"], ["direct", "box.x"]],
            id="an attribute of an instance lies behind its name",
        ),
        pytest.param("import p.m\ng = p.m.make()", [["wrapper", "g"]], id="a function that an old one has made"),
        pytest.param("import p.m\nT = [p.m.make()]", [["wrapper", "T"]], id="such a function in a list"),
        pytest.param("from p.m import C\nnames = globals()", [["direct", "C"]], id="the module's own namespace"),
        pytest.param(
            "import p.m\ndef sealed(c):\n    class S(c): pass\n    return S\n@sealed\nclass D(p.m.C): pass",
            [["inside", "D"]],
            id="a base of a class that a decorator has hidden behind another one",
        ),
        pytest.param("from p.m import Shown", [["direct", "Shown"]], id="a class that says it is of another module"),
        pytest.param(
            "import p.m\nf = p.m.f\np.m.f = print",
            [["direct", "f"]],
            id="a function that something else stands in for by then",
        ),
        pytest.param(
            "import importlib, p.m\nimportlib.reload(p.m)\nfrom p.m import C",
            [["direct", "C"]],
            id="a class of a body that has already run twice",
        ),
    ],
)
def test_the_interpreter_is_asked_for(holder: str, verdicts: list[list[str]], tmp_path: Path) -> None:
    m = "import logging, sys\nlog = logging.getLogger('x')\nLIMIT = 3\ndef f(): pass\n"
    m += "class C:\n    def method(self): pass\nobj = object()\n__all__ = ['C', 'f', 'obj']\n"
    m += "def make(): return lambda: None\n"
    m += "class Shown: __module__ = 'p'\nsys.modules['p'].Shown = Shown\n"
    found = ask(tmp_path, {"m": m, "n": holder}, "p.m", "reload", "p.n")
    assert found == verdicts


@pytest.mark.parametrize(
    ("holder", "verdicts"),
    [
        pytest.param("import p.m", NOTHING, id="the dotted spelling finds the new module"),
        pytest.param("import p.m as m", [["direct", "m"]], id="a module held by a name of one's own"),
        pytest.param("from p import m", [["direct", "m"]], id="a module taken from its package"),
    ],
)
def test_the_interpreter_is_asked_for_a_reimport(holder: str, verdicts: list[list[str]], tmp_path: Path) -> None:
    assert ask(tmp_path, {"m": "x = 1", "n": holder}, "p.m", "reimport", "p.n") == verdicts


def test_what_a_cache_answers_is_made_by_who_asked_first(tmp_path: Path) -> None:
    cache = "class Made: pass\nknown = [Made()]\ndef get(): return known[-1]\n"
    first = "from p.cache import get\nx = get()\n"
    sources = {"cache": cache, "first": first, "m": f"{first}from p.cache import Made, known\nknown.append(Made())\n"}
    assert ask(tmp_path, {**sources, "n": "from p.m import x"}, "p.m", "reload", "p.n") == NOTHING


def ask(folder: Path, sources: dict[str, str], reloaded: str, mode: str, holder: str) -> list[list[str]]:
    """What the interpreter says of the holder's names, after one module of a package `p` is reloaded."""
    (folder / "p").mkdir()
    for name, source in {"__init__": "", **sources}.items():
        (folder / "p" / f"{name}.py").write_text(source)
    out = folder / "answer.json"
    order = {
        "target": str(folder),
        "package": "p",
        "mode": mode,
        "modules": [reloaded],
        "out": str(out),
    }
    subprocess.run([sys.executable, "-I", "-S", str(ORACLE), json.dumps(order)], check=True)
    answer: dict[str, Any] = json.loads(out.read_text())
    [run] = answer["runs"]
    assert answer["failed"] == {}
    assert run["error"] is None
    steady = [slot for key in run["steady"] for slot in answer["groups"][str(key)]]
    found = [[kind, slot[1]] for kind in VERDICTS for slot in run[kind] if slot[0] == holder]
    return sorted([*found, *(["steady", name] for module, name in steady if module == holder)])
