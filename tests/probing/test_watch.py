"""With a look before the reload it is exact what is old, plain values too; and the watch lets go."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from stalecheck.probing.values import Reach, values_of

from .scripts import run_script

CORE = """
import atexit, logging, re, threading
class Plain:
    pass
class C:
    table = {"a": [1]}
    number = 1
LOCK = threading.Lock()
NEST = {"a": {"b": [1, 2]}, "l": [{"x": 1}]}
MIXED = (1, [2])
SET = {1}
LIMIT = 5
BIG = 10 ** 20
NAN = float("nan")
TEXT = ("a", 1.5)
log = logging.getLogger("q")
pattern = re.compile("a")
plain = Plain()
def local():
    class Local:
        pass
    return Local
LOCAL = [local()]
"""

APP = """
import core
from core import BIG, LIMIT, LOCK, MIXED, NAN, NEST, SET, TEXT, log, pattern
TABLE = core.C.table
INNER = core.NEST["a"]["b"]
ROW = core.NEST["l"][0]
KEPT = core.LOCAL[0]
"""

OLD = [
    "core.C.table",
    "core.LOCK",
    "core.MIXED",
    "core.NEST",
    "core.NEST['a']['b']",
    "core.NEST['l'][0]",
    "core.SET",
    "core.LOCAL[0]",
]

FILES = {"core.py": CORE, "app.py": APP}


def test_values_are_exact_in_place_and_after_an_import(tmp_path: Path) -> None:
    script = """
        import app, core
        found = [sorted(one.origin for one in stalecheck.reload(core))]
        importlib.reload(app)
        with stalecheck.watch("core") as watched:
            del sys.modules["core"]
            import core
        found.append(sorted(one.origin for one in watched.report))
        answer(found)
    """
    in_place, again = run_script(tmp_path, FILES, script)
    assert in_place == sorted(OLD)
    assert again == sorted([*OLD, "core"])


def test_a_number_that_is_another_one_is_old_where_it_was_imported(tmp_path: Path) -> None:
    script = f"""
        import app, core
        edit("core", {CORE.replace("LIMIT = 5", "LIMIT = 6")!r})
        answer([[one.origin, [holder.path for holder in one.holders]] for one in stalecheck.reload(core)])
    """
    assert ["core.LIMIT", ["app.LIMIT"]] in run_script(tmp_path, FILES, script)


PLAIN = """
NAME, NUMBER, RATIO, DATA, FLAG = "name-{n}", 100{n}, {n}.5, b"data{n}", {n} > 1
PAIR, SET = ({n}, "x{n}"), frozenset([{n}, "z"])
"""


def test_numbers_and_strings_are_handed_out_as_long_as_a_holder_has_them(tmp_path: Path) -> None:
    app = """
        from core import *
        import core
        class View:
            number = core.NUMBER
    """
    script = f"""
        import app, core
        edit("core", {PLAIN.replace("{n}", "2")!r})
        report = stalecheck.reload(core)
        def numbers():
            return {{f.origin[5:]: len(f.objects()) for f in report}}
        same = all(one is getattr(app, f.origin[5:]) for f in report for one in f.objects())
        before = numbers()
        app.NUMBER, app.NAME = 7, "other"
        left = numbers()
        del app.View.number
        answer([same, before, left, numbers()])
    """
    files = {"core.py": PLAIN.replace("{n}", "1"), "app.py": app}
    same, before, left, after = run_script(tmp_path, files, script)
    assert same
    assert before == dict.fromkeys(["DATA", "FLAG", "NAME", "NUMBER", "PAIR", "RATIO", "SET"], 1)
    assert left == {**before, "NAME": 0}
    assert after == {**before, "NAME": 0, "NUMBER": 0}


def test_watches_within_watches(tmp_path: Path) -> None:
    script = """
        import app, core
        with stalecheck.watch(core) as outer:
            said = repr(outer)
            with stalecheck.watch("core") as inner:
                importlib.reload(core)
        holders = [holder.path for one in inner.report for holder in one.holders]
        answer([[sorted(one.origin for one in each.report) for each in (inner, outer)], holders, said, repr(outer)])
    """
    (inner, outer), holders, said, then = run_script(tmp_path, FILES, script)
    assert inner == outer == sorted(OLD)
    assert all(path.startswith("app.") for path in holders)
    assert said.startswith("<watch of core, keeping ")
    assert then == "<watch of core, closed>"


def test_what_a_watch_kept_is_let_go_without_the_collector(tmp_path: Path) -> None:
    script = """
        import core, gc, weakref
        plain, lock = weakref.ref(core.plain), weakref.ref(core.LOCK)
        gc.collect()
        gc.disable()
        report = stalecheck.reload(core)
        gone = [plain() is None, lock() is None, len(report)]
        gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        with stalecheck.watch(core) as watched:
            pass
        gc.collect()
        answer([gone, [type(one).__name__ for one in gc.garbage]])
    """
    assert run_script(tmp_path, FILES, script) == [[True, True, 0], []]


def test_an_exception_inside_leaves_the_report(tmp_path: Path) -> None:
    script = f"""
        import app, core
        try:
            with stalecheck.watch(core) as watched:
                edit("core", {CORE!r} + "boom\\n")
                importlib.reload(core)
        except NameError:
            pass
        try:
            stalecheck.reload(core)
        except NameError as error:
            raised = str(error)
        answer([sorted(one.origin for one in watched.report), raised])
    """
    found, raised = run_script(tmp_path, FILES, script)
    assert found == sorted(OLD)
    assert "boom" in raised


def test_wrong_arguments(tmp_path: Path) -> None:
    script = """
        import core
        said = []
        for wrong in (None, 3, "missing", core.C):
            try:
                stalecheck.watch(wrong)
            except TypeError as error:
                said.append([type(error).__name__, str(error)])
        old = core
        del sys.modules["core"]
        import core
        try:
            stalecheck.reload(old)
        except ImportError as error:
            said.append([type(error).__name__, str(error)])
        with stalecheck.watch(core) as watched:
            for use in (lambda: watched.report, watched.__enter__):
                try:
                    use()
                except RuntimeError as error:
                    said.append([type(error).__name__, str(error)])
        answer(said)
    """
    said = run_script(tmp_path, FILES, script)
    assert [kind for kind, _ in said] == ["NotAModuleError"] * 4 + ["ImportError"] + ["RuntimeError"] * 2
    assert said[2][1].startswith("missing is not imported")


def test_a_module_that_is_gone_afterwards(tmp_path: Path) -> None:
    script = """
        import core
        with stalecheck.watch(core) as watched:
            del sys.modules["core"]
        answer([len(watched.report), list(watched.report.notes)])
    """
    assert run_script(tmp_path, FILES, script) == [0, ["core is no longer imported"]]


def test_singletons_of_foreign_types_are_values_and_their_code_is_the_linters(tmp_path: Path) -> None:
    core = "import threading\nLOCK = threading.Lock()\nMARK = object()\nEVENT = threading.Event()\nROWS = [1]\n"
    core += "class Own: pass\nown = Own()\n"
    script = """
        import app, core
        report = stalecheck.reload(core)
        answer([
            {one.origin: [one.kind.value, one.holders[0].path, one.holders[0].code] for one in report}, str(report)
        ])
    """
    files = {"core.py": core, "app.py": "from core import EVENT, LOCK, MARK, ROWS, own\nK = EVENT\n"}
    found, text = run_script(tmp_path, files, script)
    assert found == {
        "core.EVENT": ["value", "app.K", "STL202"],
        "core.LOCK": ["value", "app.LOCK", "STL202"],
        "core.MARK": ["value", "app.MARK", "STL202"],
        "core.ROWS": ["value", "app.ROWS", "STL105"],
        "core.Own": ["instance", "app.own", "STL202"],
    }
    assert "old value core.EVENT (stale)\n  it is what the name stood for before\n" in text


def test_numbers_are_found_under_other_names_where_the_source_says_that_they_are_the_modules(tmp_path: Path) -> None:
    files = {
        "core.py": "LIMIT = 5\nNAME = 'a'\nPI = 3\nSAME = 7\n",
        "app.py": """
            import core, core as c
            from core import LIMIT as L, NAME, SAME as S
            PI = 3
            K = core.LIMIT
            FIVE = 5
            class Config:
                limit = c.LIMIT
                other = 5
            """,
        "pack/__init__.py": "from .inner import L as M\n",
        "pack/inner.py": "from app import L\nfrom . import deep\n",
        "pack/deep.py": "from core import *\n",
    }
    script = """
        import app, core, pack.inner
        edit("core", "LIMIT = 6\\nNAME = 'b'\\nPI = 4\\nSAME = 7\\n")
        report = stalecheck.reload(core)
        answer({
            one.origin: sorted([holder.path, holder.kind.value, holder.code] for holder in one.holders)
            for one in report
        })
    """
    assert run_script(tmp_path, files, script) == {
        "core.LIMIT": [
            ["app.Config.limit", "alias", "STL105"],
            ["app.K", "alias", "STL105"],
            ["app.L", "from-import", "STL105"],
            ["pack.M", "from-import", "STL105"],
            ["pack.deep.LIMIT", "star-import", "STL102"],
            ["pack.inner.L", "from-import", "STL105"],
        ],
        "core.NAME": [["app.NAME", "from-import", "STL105"], ["pack.deep.NAME", "star-import", "STL102"]],
        "core.PI": [["pack.deep.PI", "star-import", "STL102"]],
    }


def test_numbers_of_a_package_are_found_and_only_sources_that_may_take_them_are_parsed(tmp_path: Path) -> None:
    files = {
        "pack/__init__.py": "import os\nROOT = os.environ.get('NOBODY')\n",
        "pack/inner.py": "from . import ROOT\n",
        "pack/below/__init__.py": "",
        "pack/below/deep.py": "from .. import ROOT as R\nfrom .. import *\nK = R\n",
        "other.py": "ROOT = None\nR = ROOT\ndef pack(): ...\n",
    }
    script = """
        import argparse, ctypes, http.client, unittest.mock, xml.dom.minidom
        import other, pack.inner, pack.below.deep
        from stalecheck.probing import atoms
        parsed = set()
        def where_bound(filename, qualname, original=atoms.where_bound):
            parsed.add(filename.replace(os.sep, "/").partition("/pack/")[2] or filename)
            return original(filename, qualname)
        atoms.where_bound = where_bound
        os.environ["NOBODY"] = "x"
        report = stalecheck.reload(pack)
        answer([sorted(holder.path for one in report for holder in one.holders), sorted(parsed)])
    """
    holders, parsed = run_script(tmp_path, files, f"import os\n{textwrap.dedent(script)}")
    assert holders == ["pack.below.deep.K", "pack.below.deep.R", "pack.below.deep.ROOT", "pack.inner.ROOT"]
    assert [name for name in parsed if not name.endswith("other.py")] == ["below/deep.py", "inner.py"]


def test_the_caches_of_the_standard_library_hold_nothing_that_counts(tmp_path: Path) -> None:
    files = {"core.py": "import re\nPATTERN = re.compile('abc+')\n", "app.py": "from core import PATTERN as P\n"}
    script = """
        import core
        found = []
        for source in ("'b'", "'c'"):
            edit("core", f"import re\\nPATTERN = re.compile({source})\\n")
            report = stalecheck.reload(core)
            found.append([[holder.path for one in report for holder in one.holders], report.awaiting_collection])
            import app
        answer(found)
    """
    assert run_script(tmp_path, files, script) == [[[], 0], [["app.P"], 0]]


PARTS = """
    import enum
    class Settings:
        def __init__(self):
            self.options = {"debug": True}
            self.hosts = ["a"]
        def load(self, into=[], *, cache={"key": "value"}):
            return into
    class Slotted:
        __slots__ = ("part",)
    class Kind(enum.Enum):
        TABLE = {"q": 1}
        LIST = [1]
    settings, slotted, late = Settings(), Slotted(), Settings()
    slotted.part = [1]
    late.unknown_to_code = {"z": 1}
    LISTED = [Settings()]
    def work(x=["c"], *, y={"d": 1}):
        return x
    """


@pytest.mark.parametrize("read", ["", "vars(core.settings), vars(core.late)"])
def test_what_instances_and_defaults_have_is_exact(tmp_path: Path, read: str) -> None:
    script = f"""
        import core
        {read}
        kept = {{
            "settings.options": core.settings.options,
            "settings.hosts": core.settings.hosts,
            "slotted.part": core.slotted.part,
            "late.unknown_to_code": core.late.unknown_to_code,
            "LISTED[0].hosts": core.LISTED[0].hosts,
            "Kind.TABLE.value": core.Kind.TABLE.value,
            "Kind.LIST.value": core.Kind.LIST.value,
            "work.__defaults__[0]": core.work.__defaults__[0],
            "work.__kwdefaults__['y']": core.work.__kwdefaults__["y"],
            "Settings.load.__defaults__[0]": core.Settings.load.__defaults__[0],
            "Settings.load.__kwdefaults__['cache']": core.Settings.load.__kwdefaults__["cache"],
        }}
        with stalecheck.watch(core) as nothing:
            pass
        report = stalecheck.reload(core)
        found = {{one.origin: [holder.path for holder in one.holders] for one in report}}
        answer([list(kept), found, len(nothing.report)])
    """
    names, found, nothing = run_script(tmp_path, {"core.py": PARTS}, script)
    assert found == {f"core.{name}": [f"__main__.kept[{name!r}]"] for name in names}
    assert nothing == 0


@pytest.mark.parametrize("before", ["", "gc.collect()"])
def test_a_sentinel_is_found_in_containers_that_the_collector_does_not_track(tmp_path: Path, before: str) -> None:
    app = """
        import core, functools
        name = core.SENTINEL
        in_tuple = (core.SENTINEL,)
        in_dict = {"k": core.SENTINEL}
        nested = {"k": (1, (core.SENTINEL,))}
        in_list = [(core.SENTINEL, 1)]
        partial = functools.partial(print, core.SENTINEL)
        by_key = functools.partial(print, key=core.SENTINEL)
        class Box:
            part = (core.SENTINEL,)
        box = Box()
        box.part = {"k": (core.SENTINEL,)}
        def work(x=(core.SENTINEL,), *, y=core.SENTINEL):
            return x
    """
    script = f"""
        import gc; gc.disable()
        import app
        {before}
        [one] = stalecheck.reload(app.core)
        answer([one.origin, sorted(holder.path for holder in one.holders)])
    """
    origin, paths = run_script(tmp_path, {"core.py": "SENTINEL = object()\n", "app.py": app}, script)
    assert origin == "core.SENTINEL"
    assert paths == [
        "app.Box.part[0]",
        "app.box.part['k'][0]",
        "app.by_key.keywords['key']",
        "app.in_dict['k']",
        "app.in_list[0][0]",
        "app.in_tuple[0]",
        "app.name",
        "app.nested['k'][1][0]",
        "app.partial.args[0]",
        "default argument 'x'[0] of app.work",
        "default argument 'y' of app.work",
    ]


DEEP = """
    import collections, functools, types, typing
    class Hostile(dict):
        def __iter__(self): raise SystemExit
        __getitem__ = __len__ = __bool__ = keys = values = items = get = __iter__
    class Rows(list):
        def __iter__(self): raise SystemExit
        __getitem__ = __len__ = __bool__ = __iter__
    class Pair(tuple):
        __iter__ = __getitem__ = __len__ = Rows.__iter__
    class Point(collections.namedtuple("Point", "x y")):
        pass
    class Named(typing.NamedTuple):
        x: list
    class Body:
        TABLE = {"x": [1]}
        class Inner:
            ROWS = [2]
        def method(self): pass
    def outer(which):
        held, table = [which], {"k": [which]}
        def inner(x={"d": [3]}): return held, table
        return inner
    def decorate(function):
        calls = [[0]]
        @functools.wraps(function)
        def called(): return calls
        return called
    @decorate
    def work(y=[4]): pass
    Body.method.rows = [5]
    @functools.lru_cache
    def cached(z=[6]): pass
    hostile = Hostile(a=[7])
    hostile.attribute = [8]
    rows, pair, point, named = Rows([[9]]), Pair([[10]]), Point([11], {}), Named([12])
    ordered, default = collections.OrderedDict(a=[13]), collections.defaultdict(list, a=[14])
    part = functools.partial(print, [15], end={"z": [16]})
    closed = outer(17)
    space, proxy = types.SimpleNamespace(a=[18]), types.MappingProxyType({"a": [19]})
    chain, user = collections.ChainMap({"a": [20]}), collections.UserDict(a=[21])
    LIMITS = {"a": [22], ("k",): ([23], 24)}
    shared = [24]
    again = {"shared": shared}
    whole = collections.OrderedDict(a=[25])
    """


@pytest.mark.parametrize("again", ["importlib.reload(core)", "del sys.modules['core']; import core"])
def test_what_is_farther_in_is_exact(tmp_path: Path, again: str) -> None:
    script = f"""
        import core
        dict_of, list_of = dict.__getitem__, list.__getitem__
        kept = {{
            "Body.TABLE": core.Body.TABLE,
            "Body.TABLE['x']": core.Body.TABLE["x"],
            "Body.Inner.ROWS": core.Body.Inner.ROWS,
            "Body.method.rows": core.Body.method.rows,
            "closed.__defaults__[0]['d']": core.closed.__defaults__[0]["d"],
            "closed.__closure__['held']": core.closed()[0],
            "closed.__closure__['table']['k']": core.closed()[1]["k"],
            "work.__closure__['calls'][0]": core.work()[0],
            "work.__defaults__[0]": core.work.__wrapped__.__defaults__[0],
            "cached.__defaults__[0]": core.cached.__wrapped__.__defaults__[0],
            "hostile['a']": dict_of(core.hostile, "a"),
            "hostile.attribute": core.hostile.attribute,
            "rows[0]": list_of(core.rows, 0),
            "pair[0]": tuple.__getitem__(core.pair, 0),
            "point.x": core.point.x,
            "point.y": core.point.y,
            "named.x": core.named.x,
            "ordered['a']": core.ordered["a"],
            "default['a']": core.default["a"],
            "part.args[0]": core.part.args[0],
            "part.keywords['end']['z']": core.part.keywords["end"]["z"],
            "space.a": core.space.a,
            "proxy['a']": core.proxy["a"],
            "chain.maps[0]['a']": core.chain["a"],
            "user.data['a']": core.user["a"],
            "LIMITS['a']": core.LIMITS["a"],
            "LIMITS[('k',)][0]": core.LIMITS["k",][0],
            "shared": core.again["shared"],
            "whole": core.whole,
        }}
        with stalecheck.watch(core) as nothing:
            pass
        with stalecheck.watch(core) as watched:
            {again}
        found = {{one.origin: [holder.path for holder in one.holders] for one in watched.report}}
        answer([list(kept), found, len(nothing.report)])
    """
    names, found, nothing = run_script(tmp_path, {"core.py": DEEP}, script)
    found.pop("core", None)
    assert found == {f"core.{name}": [f"__main__.kept[{name!r}]"] for name in names}
    assert nothing == 0


def test_what_others_have_put_into_a_module_is_theirs(tmp_path: Path) -> None:
    core = """
        HANDLERS, TABLE, GIVEN = [], {"kept": [1], "gone": [2]}, [[3]]
        current = late = None
        class Kept:
            current = None
        class Own:
            def __init__(self): self.last = None
        own = Own()
        def fill(service):
            global late
            late = service()
        def closed(x): return lambda: x
        """
    files = {
        "core.py": core,
        "app.py": """
            import core
            GONE, REST = core.TABLE["gone"], core.GIVEN[0]
            class Service:
                def __init__(self):
                    self.rows = [self]
                    core.HANDLERS.append(self)
                    core.TABLE["rows"] = self.rows
                    core.HANDLERS.append(core.closed(self))
            def main():
                core.current, core.Kept.current, core.own.last = Service(), Service(), Service()
                core.fill(Service)
                core.GIVEN.append(rows := [4])
                return [core.current, core.Kept.current, core.own.last, core.late, rows]
            kept = main()
            """,
    }
    script = f"""
        import app, core
        edit("core", {textwrap.dedent(core).replace('"gone": [2]', '"new": [3]')!r})
        report = stalecheck.reload(core)
        answer([[one.origin, *(holder.path for holder in one.holders)] for one in report])
    """
    assert run_script(tmp_path, files, script) == [
        ["core.GIVEN[0]", "app.REST"],
        ["core.TABLE['gone']", "app.GONE"],
    ]


def test_constants_of_classes_are_found_like_those_of_modules(tmp_path: Path) -> None:
    core = """
        class Base:
            LIMIT, NAME, SAME = 5{n}, "x{n}", 7
            RATE, PAIR = 1.{n}5, (1, "p{n}")
            class Inner:
                DEEP = 6{n}
        class Derived(Base):
            pass
        """
    app = """
        import core
        from core import Base
        class Config:
            limit, other = core.Base.LIMIT, 51
        NAME, SAME, DEEP, RATES, PAIR = Base.NAME, Base.SAME, Base.Inner.DEEP, [core.Base.RATE], Base.PAIR
        LIMIT, OTHER = core.Derived.LIMIT, 51
        """
    script = f"""
        import app, core
        edit("core", {textwrap.dedent(core).replace("{n}", "2")!r})
        report = stalecheck.reload(core)
        answer({{
            one.origin[10:]: sorted([holder.path, holder.code] for holder in one.holders)
            for one in report if one.kind.value == "value"
        }})
    """
    assert run_script(tmp_path, {"core.py": core.replace("{n}", "1"), "app.py": app}, script) == {
        "LIMIT": [["app.Config.limit", "STL105"], ["app.LIMIT", "STL105"]],
        "NAME": [["app.NAME", "STL105"]],
        "Inner.DEEP": [["app.DEEP", "STL105"]],
        "RATE": [["app.RATES[0]", "STL205"]],
        "PAIR": [["app.PAIR", "STL105"]],
    }


def test_how_far_a_module_is_followed() -> None:
    names: dict[str, Any] = {"wide": [[number] for number in range(10)], "deep": [[[["end"]]]], "last": [1]}

    def followed(most: int, deepest: int, largest: int) -> list[str]:
        return [path for path, _ in values_of(names, frozenset(), Reach(most, deepest, largest))]

    assert followed(99, 2, 9) == ["wide", "deep", "last", "deep[0]", "last[0]", "deep[0][0]"]
    assert followed(5, 9, 99) == ["wide", "deep", "last", "wide[0]", "wide[1]"]
    assert len(followed(99, 9, 99)) == 28


def test_what_a_container_that_has_grown_keeps_is_not_old(tmp_path: Path) -> None:
    core = "try:\n    ROWS\nexcept NameError:\n    ROWS = [[number] for number in range(990)]\n"
    script = """
        import core
        from stalecheck.probing import snapshot, watch
        kept = list(core.ROWS)
        with stalecheck.watch(core) as watched:
            core.ROWS += [[0] for _ in range(20)]
            importlib.reload(core)
        said = [list(watched.report), list(watched.report.notes)]
        watch.KEPT = snapshot.KEPT = type(snapshot.KEPT)(3, 12, 2_000)
        answer([*said, list(stalecheck.reload(core).notes)])
    """
    note = "core has more than 3 values: those that lie deepest have not been compared"
    assert run_script(tmp_path, {"core.py": core}, script) == [[], [], [note]]


MODES = """
import collections, enum
class Mode(enum.Enum):
    DEV = 1
    PROD = 2
class Mem: pass
class Redis: pass
class Held:
    first = Mem()
    second = Mem()
mem, redis = Mem(), Redis()
Near = collections.namedtuple("Point", "x")
Far = collections.namedtuple("Point", "y")
TABLE = {"a": [1]}
OTHER = {"b": [2]}
def f(): pass
def g(): pass
"""

CHOICE = """
import modes, os
from modes import Held, Mode
R = os.environ.get("REAL")
BACKEND = modes.Redis if R else modes.Mem
MODE = Mode.PROD if R else Mode.DEV
INST = modes.redis if R else modes.mem
HELD = Held.second if R else Held.first
TAB = modes.OTHER if R else modes.TABLE
FN = modes.g if R else modes.f
POINT = modes.Far if R else modes.Near
OUT = sys.stderr if R else sys.stdout
LOCK = threading.RLock if R else threading.Lock
NUMBER = float if R else int
if R:
    import json as codec
else:
    import pickle as codec
BOTH = [modes.mem, modes.redis]
""".replace("import modes, os", "import modes, os, sys, threading")

CHOSEN = ["BACKEND", "FN", "HELD", "INST", "LOCK", "MODE", "NUMBER", "OUT", "POINT", "TAB", "codec"]


@pytest.mark.parametrize("again", ["importlib.reload(cfg)", "del sys.modules['cfg']; import cfg"])
def test_what_is_chosen_of_another_module_is_not_old_where_that_has_it(tmp_path: Path, again: str) -> None:
    files = {
        "modes.py": MODES,
        "cfg.py": CHOICE,
        "third.py": "import modes\nMODE = modes.Mode.DEV\nROWS = [modes.mem, modes.Mode.DEV]\nFN = modes.f\n",
    }
    script = f"""
        import os, cfg, third
        with stalecheck.watch("cfg") as watched:
            os.environ["REAL"] = "1"
            {again}
        answer([[one.origin, [holder.path for holder in one.holders]] for one in watched.report])
    """
    found = run_script(tmp_path, files, script)
    assert [one for one in found if one[0] not in ("cfg", "cfg.BOTH")] == []


@pytest.mark.parametrize("again", ["importlib.reload(cfg)", "del sys.modules['cfg']; import cfg"])
def test_who_took_a_choice_has_the_old_one(tmp_path: Path, again: str) -> None:
    files = {
        "modes.py": MODES,
        "cfg.py": CHOICE,
        "use.py": f"import cfg\nfrom cfg import {', '.join(CHOSEN)}\nK = cfg.BACKEND\nclass C:\n    mode = cfg.MODE\n",
        "late.py": "from modes import Mem as BACKEND\n",
    }
    script = f"""
        import os, cfg, use, late
        with stalecheck.watch("cfg") as watched:
            os.environ["REAL"] = "1"
            {again}
        answer([
            [one.origin, sorted([holder.path, holder.line, holder.code] for holder in one.holders)]
            for one in watched.report if one.origin not in ("cfg", "cfg.BOTH")
        ])
    """
    more = {"BACKEND": [["use.K", 3, "STL105"]], "MODE": [["use.C.mode", 5, "STL105"]]}
    assert sorted(run_script(tmp_path, files, script)) == [
        [f"cfg.{name}", sorted([[f"use.{name}", 2, "STL105"], *more.get(name, [])])] for name in CHOSEN
    ]


def test_what_others_have_got_of_the_reloaded_module_is_old(tmp_path: Path) -> None:
    files = {
        "reg.py": "ITEMS = []\nclass Given: pass\ndef give(x):\n    return x\n",
        "cfg.py": """
            import reg
            ROWS = [1]
            TABLE = {"a": [2]}
            ITEM = {"x": [1]}
            reg.ITEMS.append(ITEM)
            given = reg.Given()
            def get(): return TABLE
            """,
        "use.py": """
            import cfg, reg
            from cfg import ROWS, get
            T = get()
            G = cfg.given
            A = cfg.TABLE["a"]
            R = reg.give(cfg.ROWS)
            """,
    }
    script = """
        import cfg, use
        report = stalecheck.reload(cfg)
        answer(sorted([one.origin, *sorted(holder.path for holder in one.holders)] for one in report))
    """
    assert run_script(tmp_path, files, script) == [
        ["cfg.ITEM", "reg.ITEMS[0]"],
        ["cfg.ROWS", "use.R", "use.ROWS"],
        ["cfg.TABLE", "use.T"],
        ["cfg.TABLE['a']", "use.A"],
        ["cfg.get", "use.get"],
        ["cfg.given", "use.G"],
    ]


def test_what_is_chosen_out_of_anothers_containers_is_not_old_where_that_has_it(tmp_path: Path) -> None:
    files = {
        "modes.py": """
            class Mem: pass
            BACKENDS = {"mem": Mem(), "redis": Mem()}
            ROWS = [[1], [2]]
            class Held:
                table = {"a": {1: 2}, "b": {3: 4}}
            """,
        "cfg.py": """
            import modes, os
            R = os.environ.get("REAL")
            BACKEND = modes.BACKENDS["redis" if R else "mem"]
            OTHER = modes.BACKENDS.get("redis" if R else "mem")
            ROW = modes.ROWS[1] if R else modes.ROWS[0]
            TABLE = modes.Held.table["b" if R else "a"]
            MADE = [3]
            modes.ROWS.append(MADE)
            CALLED = modes.Mem()
            modes.BACKENDS["called" + str(R)] = CALLED
            """,
        "use.py": "from cfg import BACKEND, OTHER, ROW, TABLE\n",
    }
    script = """
        import os, cfg, use
        with stalecheck.watch("cfg") as watched:
            os.environ["REAL"] = "1"
            importlib.reload(cfg)
        answer(sorted([one.origin, *sorted(holder.path for holder in one.holders)] for one in watched.report))
    """
    assert run_script(tmp_path, files, script) == [
        ["cfg.BACKEND", "use.BACKEND"],
        ["cfg.CALLED", "modes.BACKENDS['calledNone']"],
        ["cfg.MADE", "modes.ROWS[2]"],
        ["cfg.OTHER", "use.OTHER"],
        ["cfg.ROW", "use.ROW"],
        ["cfg.TABLE", "use.TABLE"],
    ]


OWN_STATE = """
import threading
LIMITS = {"a": 1}
class Settings:
    def __init__(self):
        self.table, self.names, self.seen, self.deep = {}, [], set(), {1: [[1]]}
        self.lock = threading.Lock()
        self.limits = LIMITS
        self.engine = Engine()
    def get(self): return 1
class Engine: pass
settings = Settings()
_late = None
def late():
    global _late
    _late = _late or Settings()
    return _late
"""


@pytest.mark.parametrize("again", ["importlib.reload(core)", "del sys.modules['core']; import core"])
def test_what_an_old_instance_has_made_for_itself_is_none_of_its_holders(tmp_path: Path, again: str) -> None:
    app = """
        import core
        from core import settings
        late = core.late()
        names = settings.names
        inner = {"deep": settings.deep[1][0]}
    """
    script = f"""
        import app, core
        with stalecheck.watch(core) as watched:
            {again}
        answer({{f.origin: [f.count, sorted(h.path for h in f.holders)] for f in watched.report}})
    """
    assert run_script(tmp_path, {"core.py": OWN_STATE, "app.py": app}, script) == {
        "core.Settings": [2, ["app.late", "app.settings"]],
        "core.Engine": [2, ["app.late.engine", "app.settings.engine"]],
        "core.LIMITS": [1, ["app.late.limits", "app.settings.limits"]],
        "core.settings.names": [1, ["app.names"]],
        "core.settings.deep[1][0]": [1, ["app.inner['deep']"]],
    } | ({"core": [1, ["app.core"]]} if again.startswith("del") else {})


IDENTICAL = """
import collections
METHODS = frozenset({"get", "post%d"})
SUFFIXES = (".a", ".b%d")
TUPLE = tuple(str(one) for one in range(%d))
RATE, BIG, COUNTS, DATA = %d.5, 10**20 + %d, range(1000, 2%d00), b"data%d"
NEGATIVE = -%d.25
PLANE = complex(%d)
"""


def test_plain_values_that_only_the_module_can_have_made_are_found_wherever_they_are(tmp_path: Path) -> None:
    names = ["METHODS", "SUFFIXES", "TUPLE", "RATE", "BIG", "COUNTS", "DATA", "NEGATIVE", "PLANE"]
    app = "import core\ndef closed(x): return lambda: x\n"
    app += "class Service:\n    def __init__(self, value): self.value = value\n"
    app += "".join(
        f"def allow_{name}(one, among=core.{name}): return one in among\n"
        f"IN_{name} = {{'key': core.{name}}}\nservice_{name} = Service(core.{name})\n"
        f"ROWS_{name} = [core.{name}, 1]\ncall_{name} = closed(core.{name})\nPAIR_{name} = (core.{name}, 2)\n"
        for name in names
    )
    script = f"""
        import app, core
        edit("core", {IDENTICAL.replace("%d", "2")!r})
        report = stalecheck.reload(core)
        found = {{one.origin[5:]: sorted(holder.path for holder in one.holders) for one in report}}
        same = all(len(one.objects()) == one.count == 1 for one in report)
        answer([found, same, report.awaiting_collection, list(report.notes)])
    """
    files = {"core.py": IDENTICAL.replace("%d", "1"), "app.py": app}
    found, same, awaiting, notes = run_script(tmp_path, files, script)
    assert found == {
        name: sorted(
            [
                f"app.IN_{name}['key']",
                f"app.PAIR_{name}[0]",
                f"app.ROWS_{name}[0]",
                f"app.service_{name}.value",
                f"closure variable 'x' of app.call_{name}",
                f"default argument 'among' of app.allow_{name}",
            ]
        )
        for name in names
    }
    assert (same, awaiting, notes) == (True, 0, [])


def test_plain_values_that_may_have_come_from_elsewhere_are_told_by_the_source_alone(tmp_path: Path) -> None:
    core = """
        import conf, math
        A = {n}.5
        B = 1.5
        C = {n}.25
        class Kept:
            part = 1.25
        D = {n}.75
        def f(): return 1.75
        E = {n}.125
        def g(x=1.125): return x
        F = ("x", "y{n}")
        G = (("x", "y1"), 1)
        H = float(conf.RATE) if {n} == 1 else 3.5
        I = tuple(conf.PAIR) if {n} == 1 else ()
        J = math.pi if {n} == 1 else 3.5
        K = conf.find("a") if {n} == 1 else conf.find("b")
        L = float(conf.MADE) if {n} == 1 else 3.5
        M = 300{n}
        """
    files = {
        "core.py": core.replace("{n}", "1"),
        "conf.py": "RATE = 5.5\nPAIR = (1, 'p')\nMADE = float('7.5')\nT = {'a': (1, 2), 'b': (3, 4)}\nfind = T.get\n",
        "app.py": "import core\nX = [core.B, core.Kept.part, core.f(), core.g(), core.G[0]]\n",
        "other.py": "import conf, math\nX = [conf.RATE, conf.PAIR, math.pi, conf.T['a'], conf.MADE, 3001]\n",
    }
    script = f"""
        import app, core, other
        edit("core", {textwrap.dedent(core).replace("{n}", "2")!r})
        answer([[one.origin, [holder.path for holder in one.holders]] for one in stalecheck.reload(core)])
    """
    found = run_script(tmp_path, files, script)
    assert [one for one in found if one[0] not in ("core.f", "core.g")] == []


def test_a_name_that_has_got_a_number_of_its_own_does_not_stand_for_the_imported_one(tmp_path: Path) -> None:
    files = {
        "core.py": "LIMIT = 1\n",
        "app.py": """
            from core import LIMIT as shadow, LIMIT as other
            from core import LIMIT
            shadow = 1
            if LIMIT > 5:
                other = 1
            class Kept:
                from core import LIMIT as part
                part = 1
            """,
        "late.py": "LIMIT = None\ndef load():\n    global LIMIT\n    import core\n    LIMIT = core.LIMIT\nload()\n",
        "tried.py": "try:\n    from core import LIMIT\nexcept ImportError:\n    LIMIT = 1\n",
    }
    script = """
        import app, core, late, tried
        edit("core", "LIMIT = 2\\n")
        answer(sorted(holder.path for one in stalecheck.reload(core) for holder in one.holders))
    """
    found = run_script(tmp_path, files, script)
    assert [one for one in found if one != "late.LIMIT"] == ["app.LIMIT", "app.other", "tried.LIMIT"]


def test_what_the_source_no_longer_has_is_not_to_be_taken_again(tmp_path: Path) -> None:
    files = {
        "errors.py": """
            import collections, enum
            class Gone(Exception): pass
            class Kind(enum.Enum): A = 1
            Row = collections.namedtuple("Row", "a")
            def function(): return 1
            class Kept: pass
            """,
        "app.py": """
            from errors import Gone, Kind, Row, function, Kept
            kind, row, gone = Kind.A, Row(1), Gone()
            class Sub(Gone): pass
            """,
    }
    script = """
        import app, errors
        edit("errors", "class Kept: pass\\n")
        answer([[h.path, h.remedy.partition(":")[0]] for f in stalecheck.reload(errors) for h in f.holders])
    """
    let_go = [
        "app.Gone",
        "app.Kind",
        "app.Row",
        "base class of app.Sub",
        "app.function",
        "app.gone",
        "app.kind",
        "app.row",
    ]
    again = "run the import again, or use it as an attribute of its module"
    expected = [["app.Kept", again], *([path, "let it go"] for path in let_go)]
    found = run_script(tmp_path, files, script)
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("edited", [False, True])
def test_what_decorators_of_other_modules_make_is_compared_by_what_they_are_put_around(
    tmp_path: Path, *, edited: bool
) -> None:
    core = """
import contextlib, functools, lib
@contextlib.contextmanager
def session(): yield 1
@lib.retry(2)
def fetch(): return 1
@functools.lru_cache
def cached(): return 1
@functools.singledispatch
def show(x): return 1
@lib.retry(times=TIMES)
def repeated(): return 5
""".replace("TIMES", "7")
    lib = """
        import functools
        def retry(times):
            def decorate(function):
                @functools.wraps(function)
                def call(*given):
                    for _ in range(times): function(*given)
                return call
            return decorate
        """
    script = f"""
        import app, core
        if {edited}: edit("core", {core.replace(" 1", " 22").replace("=7", "=8")!r})
        answer({{f.origin: f.verdict for f in stalecheck.reload(core)}})
    """
    found = run_script(tmp_path, {"core.py": core, "lib.py": lib, "app.py": "from core import *"}, script)
    verdict = "stale" if edited else "duplicate"
    names = ["cached", "fetch", "session", "show"]
    if sys.version_info >= (3, 11):  # Before, what is around it says that it is the function itself.
        names.append("repeated")
    assert {name: found[f"core.{name}"] for name in names} == dict.fromkeys(names, verdict)


def test_types_of_an_extension_module_are_what_they_were(tmp_path: Path) -> None:
    script = """
        import decimal, sqlite3
        held = sqlite3.Error, decimal.Overflow
        names = [f.origin for module in (decimal, sqlite3) for f in stalecheck.reload(module)]
        assert held == (sqlite3.Error, decimal.Overflow)
        answer([name for name in names if name != "sqlite3.Node"])  # That of 3.10 is in no namespace.
    """
    assert run_script(tmp_path, {}, script) == []


PATCHED = """
def save(): return 1
class Plain: pass
class Engine:
    def run(self): return 1
engine = Engine()
kept = globals().get("kept", Engine())
def last(): pass
"""


@pytest.mark.parametrize(
    ("patched", "expected"),
    [
        ("save", ["core.save"]),
        ("Plain", ["core.Plain"]),
        ("engine", ["core.engine"]),
        ("last", []),  # Nothing below shows that the body has got there.
        ("", []),
    ],
)
def test_a_patch_that_ends_after_the_reload_puts_back_what_is_old(
    tmp_path: Path, patched: str, expected: list[str]
) -> None:
    script = f"""
        import app, contextlib, core
        from unittest import mock
        with stalecheck.watch(core) as watched:
            with mock.patch("core.{patched}") if {patched!r} else contextlib.nullcontext():
                importlib.reload(core)
        answer([[h.path, h.remedy] for f in watched.report for h in f.holders if h.module == "core"])
    """
    app = "from core import save, Engine, engine, last\n"
    found = run_script(tmp_path, {"core.py": PATCHED, "app.py": app}, script)
    assert sorted(path for path, _ in found) == expected
    assert {remedy.partition(",")[0] for _, remedy in found} <= {"reload it once more"}


def test_what_a_reload_that_failed_has_not_made_again(tmp_path: Path) -> None:
    script = f"""
        import core
        edit("core", {PATCHED!r}.replace("engine = ", "raise OSError" + chr(10) + "engine = "))
        try:
            importlib.reload(core)
        except OSError:
            pass
        answer([[h.path for h in f.holders] for f in stalecheck.probe(core)])
    """
    assert run_script(tmp_path, {"core.py": PATCHED}, script) == [["core.engine"]]
