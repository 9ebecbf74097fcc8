"""The probe changes nothing: it runs no code of the user's, keeps nothing alive and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from .scripts import run_script

CORE = {
    "core.py": """
        class Engine:
            def __init__(self, held=None):
                self.held = held
            def run(self):
                return 1
        def work():
            return 2
        """
}

HOSTILE = {
    **CORE,
    "hostile.py": '''
        """Objects that notice each time they are asked for something."""
        import types

        CALLS = []

        def said(name):
            def method(*args, **kwargs):
                CALLS.append(name)
                raise RuntimeError(name)
            return method

        NAMES = """__repr__ __str__ __eq__ __ne__ __hash__ __getattr__ __getattribute__ __setattr__ __bool__ __len__
            __iter__ __contains__ __getitem__ __call__ __dir__ __sizeof__ __reduce_ex__ __format__ __lt__ __index__
            __int__ __instancecheck__ __subclasscheck__ __copy__ __fspath__ __iadd__ __enter__""".split()
        TRAPS = {name: said(name) for name in NAMES}
        TRAPS["__class__"] = property(said("__class__"))
        TRAPS["prop"] = property(said("prop"))
        def hostile_metaclass():
            body = {name: TRAPS[name] for name in ("__eq__", "__ne__", "__hash__", "__getattribute__", "__getattr__",
                "__repr__", "__bool__", "__len__", "__iter__", "__contains__", "__instancecheck__", "__subclasscheck__",
                "__dir__", "__setattr__")}
            body["__class__"] = TRAPS["__class__"]
            return type("HostileMeta", (type,), body)

        META = hostile_metaclass()

        def make(base, meta=type, **extra):
            """A class that inherits from a built-in one and overrides all that it can."""
            body = {**TRAPS, "__module__": "hostile", **extra}
            return type.__new__(meta, f"Hostile{base.__name__}", (base,), body)

        class Hold:
            """Sets and reads without asking."""
            @staticmethod
            def put(obj, name, value):
                object.__setattr__(obj, name, value)

        Plain = make(object)
        Slotted = make(object, __slots__=("old", "__weakref__"))
        OfMeta = make(object, META)
        Dict, List, Tuple, Set, Str, Int = (make(base) for base in (dict, list, tuple, set, str, int))
        DictOfMeta, ListOfMeta = make(dict, META), make(list, META)
        Error = make(Exception)

        class Key(str):
            """A name that is compared by code of its own."""
            def __eq__(self, other):
                CALLS.append("key ==")
                return str.__eq__(self, other)
            def __ne__(self, other):
                CALLS.append("key !=")
                return str.__ne__(self, other)
            __hash__ = str.__hash__
            def __str__(self):
                CALLS.append("key str")
                return "?"
            __repr__ = __format__ = __str__
            def split(self, *args):
                CALLS.append("key split")
                return []
            def startswith(self, *args):
                CALLS.append("key startswith")
                return True

        class Member:
            """A descriptor, as attribute of a class."""
            __get__ = said("Member.__get__")
            __set__ = said("Member.__set__")
            __delete__ = said("Member.__delete__")

        class Module(types.ModuleType):
            __getattribute__ = said("Module.__getattribute__")
            __class__ = property(said("Module.__class__"))
            __dict__ = property(said("Module.__dict__"))

        def quiet():
            del CALLS[:]
        ''',
    "lazy_one.py": "raise RuntimeError('loaded')\n",
    "with_getattr.py": """
        import hostile
        def __getattr__(name):
            hostile.CALLS.append("module __getattr__ " + name)
            raise AttributeError(name)
        def __dir__():
            hostile.CALLS.append("module __dir__")
            return []
        """,
    "app.py": "HELD = {}\n",
}

BUILD = """
import functools, importlib.util, signal, threading, types, unittest.mock, weakref
import core, hostile, app, with_getattr
from hostile import *

spec = importlib.util.find_spec("lazy_one")
spec.loader = importlib.util.LazyLoader(spec.loader)
lazy = importlib.util.module_from_spec(spec)
sys.modules["lazy_one"] = lazy
spec.loader.exec_module(lazy)

HOLD = app.HELD

def hold(name, obj):
    dict.__setitem__(HOLD, name, obj)
    return obj

def fill(Engine):
    plain = Plain.__new__(Plain)
    Hold.put(plain, "attribute", Engine())
    hold("plain", plain)
    slotted = Slotted.__new__(Slotted)
    type.__dict__["__dict__"].__get__(Slotted)["old"].__set__(slotted, Engine())
    hold("slotted", slotted)
    ofmeta = object.__new__(OfMeta)
    Hold.put(ofmeta, "attribute", Engine())
    hold("ofmeta", ofmeta)
    for name, cls in (("dict", Dict), ("dict of meta", DictOfMeta)):
        found = dict.__new__(cls)
        dict.__setitem__(found, "key", Engine())
        hold(name, found)
    for name, cls in (("list", List), ("list of meta", ListOfMeta)):
        found = list.__new__(cls)
        list.append(found, Engine())
        hold(name, found)
    hold("tuple", tuple.__new__(Tuple, (Engine(),)))
    found = set.__new__(Set)
    set.add(found, Engine())
    hold("set", found)
    error = Exception.__new__(Error, Engine())
    hold("error", error)
    hold("class", type.__new__(META, "Holder", (object,), {"__module__": "app", "old": Engine(), "member": Member()}))
    hold("subclass", type.__new__(META, "Sub", (Engine,), {"__module__": "app"}))
    hold("instance of subclass", object.__new__(HOLD["subclass"]))
    app.KEYS = {Key("name"): Engine()}
    app.KEYED = {object.__new__(ByIdentity): Engine()}
    hold("mock", unittest.mock.MagicMock(side_effect=Engine().run))
    hold("patch", unittest.mock.create_autospec(Engine))
    hold("bound", functools.partial(Plain.__new__(Plain), Engine()))
    def function():
        return Engine
    function.__qualname__ = Key("function")
    function.__name__ = Key("function")
    function.__module__ = Plain.__new__(Plain)
    hold("function", function)
    proxied = Engine()
    hold("dead proxy", weakref.proxy(Engine()))
    hold("live proxy", weakref.proxy(proxied))
    hold("proxied", proxied)
    hostile_engine = type.__new__(META, "Named", (), {"__module__": "core", "__qualname__": Key("Named")})
    hold("named", hostile_engine)
    hold("instance", object.__new__(hostile_engine))

class ByIdentity:
    __hash__ = object.__hash__
    __repr__ = TRAPS["__repr__"]
    __class__ = TRAPS["__class__"]
    __getattribute__ = TRAPS["__getattribute__"]

fill(core.Engine)
core.__dict__[Key("Odd")] = object.__new__(OfMeta)
core.Named = Plain.__new__(Plain)
module = Module("odd_module")
types.ModuleType.__dict__["__dict__"].__get__(module)["old"] = core.Engine
types.ModuleType.__dict__["__dict__"].__get__(module)[Key("__name__")] = 5
sys.modules["odd_module"] = module
sys.modules["odd entry"] = Plain.__new__(Plain)
sys.modules["none"] = None
sys.modules["proxy"] = weakref.proxy(Engine_gone := core.Engine())
del Engine_gone
sys.modules["of meta"] = HOLD["ofmeta"]
app.__dict__[Key("Engine")] = core.Engine
app.Direct = core.Engine
if hasattr(signal, "SIGUSR1"):
    handler = Plain.__new__(Plain)
    Hold.put(handler, "old", core.Engine())
    __import__("_signal").signal(signal.SIGUSR1, handler)
ready, done = threading.Event(), threading.Event()
def serve(engine, plain):
    ready.set()
    done.wait()
thread = threading.Thread(target=serve, args=(core.Engine(), Plain.__new__(Plain)), daemon=True)
thread.start()
ready.wait()
"""

LOOK = """
quiet()
report = stalecheck.probe({argument})
_ = str(report), repr(report), report._repr_html_()
_ = report.to_dict(), report.to_json(), report.to_html(), report.to_dot()
calls = list(CALLS)
done.set()
answer([calls, [[f.origin, f.kind.value, f.count, [h.path for h in f.holders]] for f in report]])
"""

NAMED = (
    "app.HELD['plain'].attribute",
    "app.HELD['slotted'].old",
    "app.HELD['ofmeta'].attribute",
    "app.HELD['dict']['key']",
    "app.HELD['dict of meta']['key']",
    "app.HELD['list'][0]",
    "app.HELD['list of meta'][0]",
    "app.HELD['tuple'][0]",
    "an element of app.HELD['set']",
    "app.HELD['error'].args[0]",
    "app.HELD['class'].old",
    "app.KEYS[<Key>]",
    "app.KEYED[<ByIdentity>]",
    "app.HELD['bound'].args[0]",
    "closure variable 'Engine' of app.HELD['function']",
    "app.HELD['proxied']",
    "app.Direct",
    "odd_module.old",
)


@pytest.mark.parametrize("argument", ["core", ""])
@pytest.mark.parametrize("mode", ["reload", "reimport"])
def test_no_code_of_the_users_runs(tmp_path: Path, mode: str, argument: str) -> None:
    change = "importlib.reload(core)" if mode == "reload" else "del sys.modules['core']; import core"
    script = BUILD + change + LOOK.format(argument=argument)
    calls, findings = run_script(tmp_path, HOSTILE, script)
    assert calls == []
    paths = [path for finding in findings for path in finding[3]]
    assert not [name for name in NAMED if not any(name in path for path in paths)], "\n".join(paths)


LEAVES = {
    "core.py": """
        class Engine:
            def __init__(self):
                self.parts = [1]
            def run(self):
                return 1
        class Slot:
            __slots__ = ("part", "__weakref__")
        def work(kind=[]):
            return 1
        """,
    "app.py": """
        import core
        from core import Engine, work
        class Box:
            def __init__(self):
                self.content = core.Engine()
        box = Box()
        HANDLERS = {"slot": core.Slot()}
        MANY = [core.Engine() for _ in range(400)]
        def waits(engine):
            local = [engine]
            yield local
        waiting = waits(core.Engine())
        next(waiting)
        def default(kind=Engine):
            pass
        class Sub(Engine):
            pass
        def fails():
            engine = core.Engine()
            raise ValueError(engine)
        try:
            fails()
        except ValueError as error:
            failed = error
        """,
}

MEASURE = """
import gc, weakref
gc.disable()
import app, core
kept = [app.Engine, app.work, app.MANY[0], app.HANDLERS["slot"], app.box, app.box.content, app.waiting, app.MANY,
    app.HANDLERS, app.default, app.Sub, app.failed, app.__dict__, core.__dict__, core]

def measure(look):
    \"\"\"Return how many objects there are more, which of them are no empty dicts, and which references are.\"\"\"
    before = [sys.getrefcount(one) for one in kept]
    known = set(map(id, gc.get_objects()))
    look()
    after = [sys.getrefcount(one) for one in kept]
    mine = (id(known), id(before), id(after))
    new = [one for one in gc.get_objects() if id(one) not in known and id(one) not in mine]
    return [type(one).__name__ for one in new if one and one is not sys._getframe()], before == after

def look(*modules):
    report = stalecheck.probe(*modules)
    str(report), report.to_dict(), report.to_html(), report.to_dot()
    return len(report)
"""


@pytest.mark.parametrize("mode", ["none", "reload", "reimport"])
def test_no_object_and_no_reference_is_left(tmp_path: Path, mode: str) -> None:
    change = {"none": "", "reload": "importlib.reload(core)", "reimport": "del sys.modules['core']; import core"}[mode]
    script = f"""{MEASURE}
{change}
found = look(core)
gc.collect()
nothing = measure(lambda: None)
results = [measure(lambda: look(core)) for _ in range(3)]
answer([found, nothing, results, gc.isenabled(), gc.collect(), gc.garbage])
"""
    found, nothing, results, is_enabled, collected, garbage = run_script(tmp_path, LEAVES, script)
    assert bool(found) is (mode != "none")
    assert nothing[1]
    assert results == [nothing] * 3
    assert (is_enabled, collected, garbage) == (False, 0, [])


def test_the_report_keeps_nothing_alive(tmp_path: Path) -> None:
    script = f"""{MEASURE}
importlib.reload(core)
look(core)
before = [sys.getrefcount(one) for one in kept]
report = stalecheck.probe(core)
after = [sys.getrefcount(one) for one in kept]
del kept
finding = next(f for f in report if f.kind.value == "instance" and f.count >= 400)
alive = len(finding.objects())
watched = weakref.ref(app.MANY[7]), weakref.ref(app.HANDLERS["slot"]), weakref.ref(app.box.content)
del app.MANY[7], app.HANDLERS["slot"], app.box.content
answer([before == after, [one() is None for one in watched], alive - len(finding.objects())])
"""
    assert run_script(tmp_path, LEAVES, script) == [True, [True] * 3, 2]


def test_an_automatic_collection_is_neither_made_nor_stopped(tmp_path: Path) -> None:
    script = """
        import gc, app, core
        importlib.reload(core)
        stalecheck.probe(core)
        runs = []
        gc.callbacks.append(lambda phase, info: runs.append(phase))
        results = []
        for is_enabled in (False, True):
            (gc.enable if is_enabled else gc.disable)()
            thresholds = gc.get_threshold()
            gc.set_threshold(10_000_000, *thresholds[1:])
            stalecheck.probe(core)
            results.append([gc.isenabled(), gc.get_threshold() == (10_000_000, *thresholds[1:]), len(runs)])
            gc.set_threshold(*thresholds)
        answer(results)
    """
    assert run_script(tmp_path, LEAVES, script) == [[False, True, 0], [True, True, 0]]


def test_frozen_objects_are_said(tmp_path: Path) -> None:
    script = """
        import gc, app, core
        importlib.reload(core)
        gc.freeze()
        report = stalecheck.probe(core)
        answer([report.notes, [holder.path for one in report for holder in one.holders]])
    """
    (note,), paths = run_script(tmp_path, LEAVES, script)
    assert note.startswith("gc.freeze() hides ")
    unseen = [path for path in paths if "no referrer" in path]
    assert unseen
    assert all("what gc.freeze() hides, C code, or a value in use" in path for path in unseen)


FRAMES = {
    "core.py": "class Engine:\n    pass\n",
    "app.py": """
        import threading, weakref
        import core, stalecheck

        First = core.Engine

        def inner():
            stalecheck.probe(core)

        def deletes():
            engine = First()
            watched = weakref.ref(engine)
            inner()
            del engine
            return watched() is None

        def outer():
            engine = First()
            watched = weakref.ref(engine)
            result = deletes()
            del engine
            return result and watched() is None

        def waits(engine):
            yield
            del engine
            yield

        def suspended():
            engine = First()
            watched = weakref.ref(engine)
            waiting = waits(engine)
            next(waiting)
            del engine
            inner()
            next(waiting)
            return watched() is None

        def threaded():
            go_on, ready, results = threading.Event(), threading.Event(), []
            def work():
                engine = First()
                watched = weakref.ref(engine)
                ready.set()
                go_on.wait()
                del engine
                results.append(watched() is None)
            thread = threading.Thread(target=work)
            thread.start()
            ready.wait()
            inner()
            go_on.set()
            thread.join()
            return results[0]

        def keeps():
            engine = First()
            mine = locals()
            mine["added"] = 1
            inner()
            return mine.get("engine") is engine and mine.get("added") == 1

        def keeps_of_generator():
            waiting = waits(First())
            next(waiting)
            mine = waiting.gi_frame.f_locals
            inner()
            return type(mine["engine"]).__name__ == "Engine"

        def fails():
            engine = First()
            watched = weakref.ref(engine)
            try:
                raised(engine)
            except ValueError as error:
                kept = error
                del engine
                inner()
                frame = error.__traceback__.tb_next.tb_frame
                del error
                is_there = watched() is not None
                frame.clear()
                return is_there and watched() is None

        def raised(local):
            raise ValueError(1)
        """,
}


@pytest.mark.parametrize("is_old", [True, False])
def test_snapshots_of_local_variables_do_not_last(tmp_path: Path, is_old: bool) -> None:
    names = ["deletes", "outer", "suspended", "threaded", "keeps", "keeps_of_generator", "fails"]
    script = f"""
import app, core
if {is_old}:
    importlib.reload(core)
answer({{name: getattr(app, name)() for name in {names!r}}})
"""
    assert run_script(tmp_path, FRAMES, script) == dict.fromkeys(names, True)


def test_the_exact_look_runs_no_code_of_the_users_either(tmp_path: Path) -> None:
    script = f"""{BUILD}
core.plain, core.table, core.error = Plain.__new__(Plain), Dict.__new__(Dict), Exception.__new__(Error)
core.pair, core.frozen, core.typed = (1, 2), frozenset((1,)), OfMeta
app.pair = core.pair
app.table = core.table
del core.Named
quiet()
with stalecheck.watch(core) as watched:
    repr(watched)
    del sys.modules["core"]
    import core
    core.table = Dict.__new__(Dict)
    core.pair = (Plain.__new__(Plain), 2)
    core.frozen = Set.__new__(Set)
report = watched.report
_ = str(report), report.to_dict(), report.to_html()
calls = list(CALLS)
done.set()
answer([calls, [h.path for f in report for h in f.holders if f.kind.value in ("value", "instance")]])
"""
    calls, paths = run_script(tmp_path, HOSTILE, script)
    assert calls == []
    assert "app.table" in paths


MOCKED = """
    gc.collect gc.freeze gc.get_freeze_count gc.get_objects gc.get_referents gc.get_referrers io.open linecache.getline
    os.environ os.get_terminal_size os.getcwd os.path.abspath os.path.exists os.sep os.stat pathlib.Path.cwd
    pathlib.Path.exists shutil.get_terminal_size sys.getprofile sys.gettrace threading.get_ident threading.main_thread
    time.monotonic time.perf_counter time.sleep time.time tokenize.open weakref.ref
"""


def test_functions_that_a_test_has_replaced_are_not_called(tmp_path: Path) -> None:
    script = f"""
        import core, gc, io, linecache, os, pathlib, shutil, threading, time, tokenize, weakref
        from unittest import mock
        kept = [core.Old, core.Old(), core.save]
        importlib.reload(core)
        expected = str(stalecheck.probe(core))
        wrong = {{}}
        for name in {MOCKED.split()}:
            with mock.patch(name) as replaced:
                report = stalecheck.probe(core)
                text = report.to_text()
                calls = len(replaced.mock_calls)
            if (text, calls) != (expected, 0):
                wrong[name] = [text, calls]
        answer([len(expected), wrong])
    """
    files = {"core.py": "class Old:\n    def run(self): return 1\ndef save(): return 1\n"}
    length, wrong = run_script(tmp_path, files, script)
    assert length > 200
    assert wrong == {}


def test_attributes_with_names_of_the_users_own_class_are_not_compared(tmp_path: Path) -> None:
    script = """
        import app, core
        CALLS = []
        class Name(str):
            __hash__ = str.__hash__
            def __eq__(self, other):
                CALLS.append(str.__str__(self))
                return str.__eq__(self, other)
            def read(self): return self.held, self.other
        app.NAMED = app.Plain()
        app.NAMED.__dict__[Name("held")] = core.Old()
        importlib.reload(core)
        CALLS.clear()
        report = stalecheck.probe(core)
        calls = list(CALLS)
        answer([[holder.path for found in report for holder in found.holders], calls])
    """
    files = {
        "core.py": "class Old:\n    pass\n",
        "app.py": "class Plain:\n    def read(self): return self.held, self.other\n",
    }
    assert run_script(tmp_path, files, script) == [["app.NAMED.held"], []]


def test_keys_in_what_functions_have_are_not_hashed(tmp_path: Path) -> None:
    script = """
        import core
        CALLS = []
        class Key:
            def __hash__(self):
                CALLS.append("hash")
                return hash("__wrapped__")
            def __eq__(self, other):
                CALLS.append("eq")
                return self is other
        def annotated(): pass
        annotated.__annotations__ = {Key(): core.Old}
        def given(): pass
        given.held, given.__dict__[Key()] = core.Old, core.Old
        def both(): pass
        both.__annotations__, both.__dict__[Key()] = {Key(): core.Old}, core.Old
        def none(): pass
        none.__annotations__ = {"other": core.Old}
        edit("core", "class Old:\\n    def run(self): return 2\\n")
        importlib.reload(core)
        CALLS.clear()
        paths = [holder.path for found in stalecheck.probe(core) for holder in found.holders]
        answer([sorted(set(paths)), list(CALLS)])
    """
    paths, calls = run_script(tmp_path, {"core.py": "class Old:\n    def run(self): return 1\n"}, script)
    assert calls == []
    assert "annotation <Key> of __main__.annotated" in paths
    assert "__main__.given.held" in paths
    assert "annotation 'other' of __main__.none" in paths
