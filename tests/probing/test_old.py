"""What is old, with nothing prepared: all of it, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from .scripts import run_script

SUBJECT = r'''
import atexit, functools, enum, dataclasses, collections, typing, abc, reg
def f(x): return x+VALUE
def g(x):
    def inner(): return x
    return inner
G=g(1)
lam=lambda: 5
def deco(fn):
    @functools.wraps(fn)
    def w(*a): return fn(*a)
    return w
@deco
def h(): return 1
@functools.lru_cache
def cached(a): return a*2.5
@functools.cache
def cached0(): return 5
class C:
    """Doc string."""
    def m(self): return VALUE
    @property
    def p(self): return 1
    @staticmethod
    def s(): pass
    @classmethod
    def c(cls): pass
    @functools.cached_property
    def cp(self): return 3
    class Nested:
        def n(self): return 1
    class Nested2: pass
class Empty: pass
class EmptyE(Exception): pass
class EmptyDoc:
    """A doc."""
class Color(enum.Enum):
    RED=1
class Flag(enum.IntFlag):
    A=1
@dataclasses.dataclass
class D0:
    x:int=1
@dataclasses.dataclass(slots=True)
class D:
    x:int=1
    def foo(self): return 1
@dataclasses.dataclass(slots=True)
class D1:
    x:int=1
class Slotted:
    __slots__=('a',)
class I(int): pass
class S(str):
    def up(self): return 1
class T(tuple): pass
class Di(dict): pass
class Sub(C): pass
P=collections.namedtuple("P","x y")
Q=collections.namedtuple("Point","x y")
class NT(typing.NamedTuple):
    a:int
class TD(typing.TypedDict):
    a:int
class Proto(typing.Protocol):
    def z(self): ...
class Abs(abc.ABC):
    @abc.abstractmethod
    def z(self): ...
class Meta(type): pass
class WithMeta(metaclass=Meta): pass
O=type("Other",(),{})
CB=[lambda: 3]
reg.items.append(lambda: 7)
reg.items.append(lambda q: q.foo.bar)
@functools.singledispatch
def disp(x): pass
@disp.register(int)
def _(x): return 1
@disp.register(str)
def _(x): return x.upper()
inst=C()
def mk():
    class L:
        def q(self): pass
    class LE: pass
    return L, LE
LL,LLE=mk()
class Tmp:
    def a(self): pass
t=Tmp()
reg.items.append(Tmp)
del Tmp
class Tmp2: pass
t2=Tmp2()
reg.items.append(Tmp2)
del Tmp2
def over(x): return x.one
reg.items.append(over)
def over(x): return x.two
def over0(): return 1
reg.items.append(over0)
def over0(): return 2
class Over:
    def a(self): return 1
reg.items.append(Over)
class Over:
    def a(self): return 2
class Over0: pass
reg.items.append(Over0)
class Over0: x=1
def cdeco(cls):
    class W(cls):
        def added(self): return cls
    return W
@cdeco
class Decorated:
    def a(self): pass
@cdeco
class Decorated0: pass
def gone():
    class C:
        pass
    reg.items.append(C)
gone()
reg.items.append(type("Mo"+"del",(),{}))
reg.items.append(collections.namedtuple("Pt%d"%3,"x y"))
reg.items.append(enum.Enum("Dyn","a b"))
reg.items.append(dataclasses.make_dataclass("MD",["x"]))
def co():
    async def run(): pass
    return run
async def co2(): pass
def gen(): yield 1
comp=[(lambda: i) for i in range(2)][0]
for name in "ab":
    def looped(name=name): return name
    reg.items.append(looped)
    def looped0(): return 1
    reg.items.append(looped0)
    class Looped:
        label = name
        def go(self): return 1
        class Inner:
            def go(self): return 1
    reg.items += [Looped, Looped(), Looped.Inner]
    class Looped0:
        label = name
        class Inner: pass
    reg.items += [Looped0, Looped0(), Looped0.Inner, Looped0.Inner()]
count = 0
while count < 2:
    if count < 5:
        def counted(): return 1
        class Counted: pass
    reg.items += [counted, Counted]
    count += 1
def bind():
    global bound, Bound
    def bound(): return 1
    class Bound:
        def m(self): return 1
    reg.items += [bound, Bound]
bind()
bind()
@dataclasses.dataclass
class Again:
    x: int = 1
reg.items.append(Again)
Again = dataclasses.dataclass(slots=True)(type("Again",(),{"__annotations__":{"x": int},"__module__":__name__}))
exec("class Executed:\n    x = 1\nreg.items.append(Executed)\ndel Executed")

def objs():
    return {
        "f": f,
        "g": g,
        "G": G,
        "lam": lam,
        "deco": deco,
        "h": h,
        "hw": h.__wrapped__,
        "cachedw": cached.__wrapped__,
        "C": C,
        "Cm": C.m,
        "Cp": C.p.fget,
        "Cs": C.s,
        "Cc": C.c.__func__,
        "Cn": C.Nested,
        "Cn2": C.Nested2,
        "Cnn": C.Nested.n,
        "Empty": Empty,
        "EmptyE": EmptyE,
        "EmptyDoc": EmptyDoc,
        "Color": Color,
        "RED": Color.RED,
        "Flag": Flag,
        "FA": Flag.A,
        "D0": D0,
        "D0i": D0(),
        "D": D,
        "Di": D(),
        "D1": D1,
        "D1i": D1(),
        "Sl": Slotted,
        "Sli": Slotted(),
        "I": I,
        "Ii": I(3),
        "S": S,
        "Si": S("a"),
        "T": T,
        "Ti": T((1,)),
        "Didi": Di(),
        "DiC": Di,
        "Sub": Sub,
        "Subi": Sub(),
        "P": P,
        "Pi": P(1,2),
        "NT": NT,
        "NTi": NT(1),
        "Proto": Proto,
        "Abs": Abs,
        "Meta": Meta,
        "WM": WithMeta,
        "WMi": WithMeta(),
        "disp": disp.dispatch(object),
        "disp1": disp.dispatch(int),
        "inst": inst,
        "LL": LL,
        "Li": LL(),
        "mk": mk,
        "over": over,
        "over0": over0,
        "Over": Over,
        "Decorated": Decorated,
        "D0c": Decorated0,
        "co2": co2,
        "gen": gen,
        "exc": EmptyE(1),
        "objs": objs,
        "comp": comp,
        "TD": TD,
    }
'''

SCRIPT = """
import gc, types
from stalecheck.probing import raw
from stalecheck.probing.old import find_old, take_stock

registry = types.ModuleType("reg")
registry.items = []
sys.modules["reg"] = registry
source = open(core.__file__).read() if (core := importlib.import_module("core")) else ""


def made():
    functions = [one for one in gc.get_objects() if type(one) is types.FunctionType]
    return [one for one in functions if one.__globals__.get("__name__") == "core"] + [
        one for one in raw.all_classes() if raw.class_module(one) == "core"
    ]


def reload():
    importlib.reload(sys.modules["core"])


def import_again():
    del sys.modules["core"]
    importlib.import_module("core")


def edit_and_reload(text):
    edit("core", text)
    reload()


def seen():
    return find_old("core", sys.modules["core"].__dict__, take_stock())


kept, before = {}, []
steps = []
fresh = seen()
steps.append(["fresh", [], sorted(origin.name for origin in fresh.origins.values())])
for step, act in STEPS.items():
    kept.update({f"{name} before {step}": one for name, one in sys.modules["core"].objs().items()})
    before = made()
    ids = set(map(id, before))
    act()
    old = seen()
    missed = [name for name, one in kept.items() if id(one) not in old.objects]
    wrong = [old.origins[id(one)].name for one in made() if id(one) in old.objects and id(one) not in ids]
    steps.append([step, missed, wrong])
answer(steps)
"""

STEPS = {
    "reloads": """{
        "a reload": reload,
        "a second one": reload,
        "a comment above": lambda: edit_and_reload("# moved\\n\\n" + source),
        "an edit": lambda: edit_and_reload(source.replace("5150", "5151").replace("Doc string", "Documentation")),
    }""",
    "imports": """{
        "an import": import_again,
        "a reload": reload,
        "an edit": lambda: edit_and_reload(source.replace("5150", "5151")),
        "an import of the edit": import_again,
    }""",
}


@pytest.mark.parametrize("way", STEPS)
def test_all_that_is_old_is_found_and_nothing_else(way: str, tmp_path: Path) -> None:
    script = SCRIPT.replace("STEPS", STEPS[way])
    files = {"core.py": SUBJECT.replace("VALUE", "5150"), "reg.py": "items = []\n"}
    for step, missed, wrong in run_script(tmp_path, files, script):
        assert (missed, wrong) == ([], []), step


def test_bytecode_tells_executions_apart_as_well(tmp_path: Path) -> None:
    script = "sys.dont_write_bytecode = False\n" + SCRIPT.replace("STEPS", '{"one": reload, "two": reload}')
    files = {"core.py": SUBJECT.replace("VALUE", "5150"), "reg.py": "items = []\n"}
    for step, missed, wrong in run_script(tmp_path, files, script):
        assert (missed, wrong) == ([], []), step


def verdicts(tmp_path: Path, core: str, script: str) -> dict[str, Any]:
    """Return the verdict on each origin and kind that a script's probe reports."""
    whole = f"""
import core, app
{script}
answer({{f"{{one.origin}} {{one.kind.value}}": one.verdict for one in stalecheck.probe("core")}})
"""
    app = "from core import *\n"
    found: dict[str, Any] = run_script(tmp_path, {"core.py": core, "app.py": app}, whole)
    return found


PATCHED = """
def f():
    return 1
class C:
    def m(self):
        return 1
    def n(self):
        return 2
c = C()
"""

RELOAD = f"""
old_f, old_C = core.f, core.C
edit("core", {PATCHED.replace("1", "3")!r})
importlib.reload(core)
"""

SPLIT = {
    "code": ("old_f.__code__ = core.f.__code__", {"core.f function": "split", "core.C class": "stale"}),
    "methods": (
        "old_C.m, old_C.n = core.C.m, core.C.n",
        {"core.f function": "stale", "core.C class": "split", "core.C instance": "split"},
    ),
    "code of methods": (
        "old_C.m.__code__ = core.C.m.__code__; old_C.n.__code__ = core.C.n.__code__; app.c.__class__ = core.C",
        {"core.f function": "stale", "core.C class": "split"},
    ),
    "half-way": ("old_C.m.__code__ = core.C.m.__code__", {"core.C class": "split", "core.C instance": "split"}),
}


@pytest.mark.parametrize("patch", SPLIT)
def test_what_has_new_code_but_the_old_identity_is_split(patch: str, tmp_path: Path) -> None:
    act, expected = SPLIT[patch]
    found = verdicts(tmp_path, PATCHED, RELOAD + act + "\ndel old_f, old_C")
    assert {name: found.get(name) for name in expected} == expected


def test_it_is_split_still_while_the_file_has_an_error(tmp_path: Path) -> None:
    core = (
        PATCHED + "for _ in range(2):\n    def looped():\n        return 4\n    kept = globals().get('looped_first')\n"
    )
    core += "    looped_first = kept or looped\n    app.loops.append(looped)\n"
    core = "import app\n" + core
    script = f"""
        import app, core
        from core import f, C
        edit("core", core_text := {core.replace("1", "3")!r})
        importlib.reload(core)
        f.__code__ = core.f.__code__
        C.m.__code__, C.n.__code__ = core.C.m.__code__, core.C.n.__code__
        edit("core", core_text.replace("class C", "def (:\\nclass C") + "def broken(:\\n    pass\\n")
        edit("app", "loops = []\\ndef (:\\n")
        answer({{
            one.origin: [one.verdict, *sorted((holder.path, holder.line) for holder in one.holders)]
            for one in stalecheck.probe("core") if one.verdict == "split"
        }})
    """
    assert run_script(tmp_path, {"core.py": core, "app.py": "loops = []\n"}, script) == {
        "core.C": ["split", ["__main__.C", 22]],
        "core.f": ["split", ["__main__.f", 22]],
    }


def test_equal_code_is_a_duplicate_and_other_code_is_stale(tmp_path: Path) -> None:
    source = "def same():\n    return 1\ndef other():\n    return 1\nclass A:\n    x = 1\nclass B:\n    x = 1\n"
    edited = "# above\n" + source.replace("other():\n    return 1", "other():\n    return 2").replace(
        "B:\n    x = 1", "B:\n    x = 2"
    )
    expected = {
        "core.same function": "duplicate",
        "core.other function": "stale",
        "core.A class": "duplicate",
        "core.B class": "stale",
    }
    assert verdicts(tmp_path, source, f"edit('core', {edited!r}); importlib.reload(core)") == expected


DEFAULTS = """
def f(a=1, b=(1, 2)): return a
def g(*, a=1): return a
def same(a=1, *, b=len): return a
same.__defaults__ = (same,)
class M:
    def run(self, a=1): return a
    def again(self): return 1
class Base: pass
class Other: pass
class Sub(Base): pass
class Kept(Base): pass
"""


def test_other_defaults_and_other_bases_are_stale(tmp_path: Path) -> None:
    edited = DEFAULTS.replace("b=(1, 2)", "b=(1, 3)").replace("*, a=1", "*, a=2").replace("self, a=1", "self, a='1'")
    edited = edited.replace("Sub(Base)", "Sub(Other)")
    found = verdicts(tmp_path, DEFAULTS, f"edit('core', {edited!r}); importlib.reload(core)")
    assert {name.partition(" ")[0]: verdict for name, verdict in found.items()} == {
        "core.f": "stale",
        "core.g": "stale",
        "core.same": "duplicate",
        "core.M": "stale",
        "core.Base": "duplicate",
        "core.Other": "duplicate",
        "core.Sub": "stale",
        "core.Kept": "duplicate",
    }


LOOKS = {
    "probe": "importlib.reload(core); report = stalecheck.probe(core)",
    "reload": "report = stalecheck.reload(core)",
}


GIVEN = """
import functools, app
def retry(times):
    def decorate(function):
        @functools.wraps(function)
        def attempt(): return function(), times
        return attempt
    return decorate
@retry(1)
def call(): return 0
@retry(7)
def kept(): return 0
class Client:
    @retry(1)
    def get(self): return 0
def outer(number):
    def inner(): return number
    return inner
closed = outer(1)
lam = lambda value=1: value
for number in range(3):
    def view(number=number): return number
    app.VIEWS.append(view)
app.VIEWS.append(outer(7))
"""


@pytest.mark.parametrize("look", LOOKS)
def test_equal_code_that_has_been_given_other_values_is_stale(tmp_path: Path, look: str) -> None:
    edited = GIVEN.replace("retry(1)", "retry(22)").replace("outer(1)", "outer(22)").replace("value=1", "value=22")
    script = f"""
        import app, core
        kept = [core.call, core.kept, core.Client, core.closed, core.lam, core.outer]
        edit("core", {edited!r})
        {LOOKS[look]}
        answer(sorted([holder.path, one.verdict] for one in report for holder in one.holders))
    """
    found = run_script(tmp_path, {"core.py": GIVEN, "app.py": "VIEWS = []\n"}, script)
    verdicts = dict(tuple(one) for one in found)
    names = ("call", "kept", "Client", "closed", "lam", "outer")
    assert {name: verdicts[f"__main__.kept[{number}]"] for number, name in enumerate(names)} == {
        "call": "stale",
        "kept": "duplicate",
        "Client": "stale",
        "closed": "stale",
        "lam": "stale",
        "outer": "duplicate",
    }
    assert {verdict for path, verdict in found if path.startswith("app.VIEWS")} <= {"duplicate"}


UNREACHED = """
import app, dataclasses
class Base:
    def __init_subclass__(cls): app.CLASSES.append(cls)
class Deleted:
    def run(self): return 1
app.OBJECTS.append(Deleted())
del Deleted
class Held:
    def run(self): return 1
    size = 1
app.CLASSES.append(Held)
del Held
@dataclasses.dataclass(slots=True)
class Slotted(Base):
    x: int = 1
    def run(self): return 1
def other(self): return 1
"""


@pytest.mark.parametrize("look", LOOKS)
def test_classes_that_the_namespace_does_not_lead_to_are_compared(tmp_path: Path, look: str) -> None:
    script = f"""
        import app, core
        for edited in (None, open(core.__file__).read().replace("run(self): return 1", "run(self): return 22")):
            if edited:
                edit("core", edited)
            {LOOKS[look]}
            found = {{}}
            for one in report:
                if one.kind.value in ("class", "instance"):
                    found.setdefault(f"{{one.origin}} {{one.kind.value}}", []).append(one.verdict)
            if edited is None:
                first = found
                del app.CLASSES[:-3], app.OBJECTS[:-1]
                importlib.reload(core)
                del app.CLASSES[:-3], app.OBJECTS[:-1]
        answer([first, found])
    """
    files = {"core.py": UNREACHED, "app.py": "CLASSES, OBJECTS = [], []\n"}
    same, other = run_script(tmp_path, files, script)
    if sys.version_info >= (3, 13) and look == "probe":
        same.setdefault("core.Deleted instance", ["duplicate"])  # Nothing tells it from the present one.
    names = ["core.Deleted instance", "core.Held class", "core.Slotted class"]
    assert {name: set(same.get(name, ())) for name in names} == {name: {"duplicate"} for name in names}
    assert {name: set(other.get(name, ())) for name in names} == {name: {"stale"} for name in names}


RENAMED = """
import lib
class Public:
    def run(self): return 1
Public.__module__ = "app"
Base = lib.model("Base")
Other = lib.model("Given")
taken = lib.Kept
found = lib.find("Kept")
"""
LIB = """
class Kept: pass
def model(name): return type(name, (), {"hello": lambda self: 1})
def find(name): return globals()[name]
"""


@pytest.mark.parametrize("look", [*LOOKS, "evicted"])
def test_classes_that_say_they_are_from_elsewhere(tmp_path: Path, look: str) -> None:
    evicted = "del sys.modules['core']; import core; report = stalecheck.probe(core)"
    script = f"""
        import core
        import app
        present = [one.origin for one in stalecheck.probe(core)]
        edit("core", open(core.__file__).read().replace("return 1", "return 22"))
        {LOOKS.get(look, evicted)}
        answer([present, sorted(
            [one.origin, one.kind.value, one.verdict, sorted(holder.path for holder in one.holders)]
            for one in report if one.kind.value != "module"
        )])
    """
    app = """
    import core
    Public, Base, Other, taken, found = core.Public, core.Base, core.Other, core.taken, core.found
    class Sub(Base): pass
    public, other = Public(), Other()
    """
    present, found = run_script(tmp_path, {"core.py": RENAMED, "lib.py": LIB, "app.py": app}, script)
    assert present == []
    # After the fact a class that a call has made might be anybody's.
    assert found == [
        *([["core.Base", "class", "duplicate", ["app.Base", "base class of app.Sub"]]] if look == "reload" else []),
        *([["core.Other", "class", "duplicate", ["app.Other"]]] if look == "reload" else []),
        *([["core.Other", "instance", "duplicate", ["app.other"]]] if look == "reload" else []),
        ["core.Public", "class", "stale", ["app.Public"]],
        ["core.Public", "instance", "stale", ["app.public"]],
    ]


NAMESPACE = """
LIMIT = 1
SAME = 2
OTHERS = {}
def helper(): return 1
def unchanged(): return OTHERS
def calls(): return helper()
def reads(): return [LIMIT for _ in range(3)]
def same(): return SAME, unchanged()
def attribute(one): return one.helper, one.LIMIT
class Model:
    def run(self): return (lambda: calls())()
class Plain:
    def run(self): return same()
"""


def test_equal_code_that_uses_other_things_of_its_own_namespace_is_stale(tmp_path: Path) -> None:
    edited = NAMESPACE.replace("LIMIT = 1", "LIMIT = 22").replace("helper(): return 1", "helper(): return 22")
    script = f"""
        import core
        from core import *
        model, plain = Model(), Plain()
        edit("core", {edited!r})
        del sys.modules["core"], core
        import core
        assert calls() == 1 and core.calls() == 22
        answer({{f"{{one.origin}} {{one.kind.value}}": one.verdict for one in stalecheck.probe("core")}})
    """
    assert run_script(tmp_path, {"core.py": NAMESPACE}, script) == {
        "core.helper function": "stale",
        "core.calls function": "stale",
        "core.reads function": "stale",
        "core.Model class": "stale",
        "core.Model instance": "stale",
        "core.unchanged function": "duplicate",
        "core.same function": "duplicate",
        "core.attribute function": "duplicate",
        "core.Plain class": "duplicate",
        "core.Plain instance": "duplicate",
    }


ENUMS = """
import enum
class Color(enum.Enum):
    RED = 1
    BLUE = (1, 2)
    def mix(self): return self
class Flag(enum.Flag):
    A = enum.auto()
    B = enum.auto()
class Bits(enum.IntFlag):
    A = 1
class Level(enum.IntEnum):
    LOW = 1
class Word(str, enum.Enum):
    A = "a"
class Part: pass
class Whole:
    part = Part()
    sizes = (1, 2)
"""


WRAPPING = """
    import functools
    def log(function):
        @functools.wraps(function)
        def inner(*arguments):
            return function(*arguments)
        return inner
    def bare(function):
        def inner(*arguments):
            return function(*arguments)
        return inner
    @log
    def price(): return 1
    class Base:
        def cost(self): return 1
    class Item(Base):
        def name(self): return "item"
    class Priced:
        @bare
        def price(self): return 1
        same = functools.partial(price)
    class Plain:
        def name(self): return "plain"
    """


@pytest.mark.parametrize("look", ["probe", "reload"])
def test_equal_code_around_other_code_is_stale(tmp_path: Path, look: str) -> None:
    script = f"""
        import core
        from core import price, Item, Priced, Plain
        kept = [Item(), Priced(), Plain()]
        source = open(core.__file__).read()
        edit("core", source.replace("return 1", "return 2"))
        {LOOKS[look]}
        first = {{f"{{one.origin}} {{one.kind.value}}": one.verdict for one in report}}
        from core import price, Item, Priced, Plain
        kept = [Item(), Priced(), Plain()]
        {LOOKS[look]}
        answer([first, {{f"{{one.origin}} {{one.kind.value}}": one.verdict for one in report}}])
    """
    edited, same = run_script(tmp_path, {"core.py": WRAPPING}, script)
    assert edited == {
        "core.price function": "stale",
        **{f"core.{name} {kind}": "stale" for name in ("Item", "Priced") for kind in ("class", "instance")},
        **{f"core.Plain {kind}": "duplicate" for kind in ("class", "instance")},
    }
    assert same == dict.fromkeys(edited, "duplicate")


CLASS_DECORATORS = """
    def plain(cls):
        class Wrapped(cls):
            pass
        return Wrapped
    def with_method(cls):
        class Extended(cls):
            def extra(self): return 1
        return Extended
    def called(cls):
        return type(cls.__name__, (cls,), {})
    @plain
    class First:
        def run(self): return 1
    @with_method
    class Second:
        def run(self): return 1
    @called
    class Third:
        def run(self): return 1
    """


@pytest.mark.parametrize("look", ["probe", "reload"])
@pytest.mark.parametrize("edited", [False, True])
def test_what_a_class_decorator_has_made_is_old_with_what_it_was_made_of(
    tmp_path: Path, look: str, *, edited: bool
) -> None:
    script = f"""
        import core
        first, second, third = core.First(), core.Second(), core.Third()
        source = open(core.__file__).read()
        edit("core", source.replace("run(self): return 1", "run(self): return 2") if {edited} else source)
        {LOOKS[look]}
        answer(sorted([holder.path, one.kind.value, one.verdict] for one in report for holder in one.holders))
    """
    found = run_script(tmp_path, {"core.py": CLASS_DECORATORS}, script)
    verdict = "stale" if edited else "duplicate"
    assert found == [[f"__main__.{name}", "instance", verdict] for name in ("first", "second", "third")]


@pytest.mark.parametrize("look", ["probe", "reload"])
@pytest.mark.parametrize("edited", ["", "x: int = 2", "x: int = 1; y: int = 1"])
@pytest.mark.parametrize("given", ["", "slots=True", "frozen=True, order=True"])
def test_a_dataclass_without_methods_of_its_own(tmp_path: Path, look: str, given: str, edited: str) -> None:
    core = f"import dataclasses\n@dataclasses.dataclass({given})\nclass D:\n    x: int = 1\n"
    script = f"""
        import core
        from core import D
        thing = D()
        edit("core", {core.replace("x: int = 1", edited) if edited else core!r})
        {LOOKS[look]}
        answer(sorted([holder.path, one.kind.value, one.verdict] for one in report for holder in one.holders))
    """
    found = run_script(tmp_path, {"core.py": core}, script)
    verdict = "stale" if edited else "duplicate"
    assert found == [["__main__.D", "class", verdict], ["__main__.thing", "instance", verdict]]


@pytest.mark.parametrize("body", ["pass", "def run(self): return 1", "x = 1"])
@pytest.mark.parametrize("look", ["probe", "reload"])
def test_a_class_that_has_become_a_function_is_old(tmp_path: Path, look: str, body: str) -> None:
    script = f"""
        import core
        Thing, thing = core.Thing, core.Thing()
        edit("core", "def Thing():\\n    pass\\ndef f():\\n    return 1\\n")
        {LOOKS[look]}
        answer(sorted([holder.path, one.kind.value, one.verdict] for one in report for holder in one.holders))
    """
    found = run_script(tmp_path, {"core.py": f"class Thing:\n    {body}\ndef f():\n    return 1\n"}, script)
    assert found == [["__main__.Thing", "class", "stale"], ["__main__.thing", "instance", "stale"]]


@pytest.mark.parametrize("look", ["probe", "reload"])
def test_modules_that_the_interpreter_has_in_itself_are_duplicates_after_a_reload(tmp_path: Path, look: str) -> None:
    watched = "report = stalecheck.reload(core)" if look == "reload" else "importlib.reload(core)"
    script = f"""
        import genericpath as core, codecs, posixpath, sysconfig, encodings.utf_8
        answers = []
        for core in (core, posixpath, codecs):
            {watched}
            report = stalecheck.probe(core) if {look == "probe"} else report
            answers.append({{
                f"{{one.origin}} {{holder.path}}": [one.verdict, holder.code, bool(holder.line)]
                for one in report for holder in one.holders
            }})
        answer(answers)
    """
    paths, posix, codecs = run_script(tmp_path, {}, script)
    assert paths["genericpath.exists posixpath.exists"] == ["duplicate", "STL102", True]
    assert posix["posixpath.realpath sysconfig.realpath"] == ["duplicate", "STL101", True]
    assert codecs["codecs.StreamReader base class of encodings.utf_8.StreamReader"] == ["duplicate", "STL203", True]
    assert {verdict for found in (paths, posix, codecs) for verdict, _, _ in found.values()} <= {"duplicate", "stale"}


def test_a_class_that_a_decorator_has_only_taken_the_body_of_is_not_old(tmp_path: Path) -> None:
    core = """
        class Base: pass
        def derived(cls):
            return type(cls.__name__, (Base,), dict(vars(cls)))
        @derived
        class Engine:
            def run(self): return 1
        """
    script = """
        import core
        one = core.Engine.__dict__["__dict__"].__objclass__  # That is what the body has made.
        assert one is not core.Engine
        report = stalecheck.probe(core)
        answer([[one.origin for one in report], list(report.notes)])
    """
    assert run_script(tmp_path, {"core.py": core}, script) == [[], []]


@pytest.mark.parametrize(
    "look", ["importlib.reload(core); report = stalecheck.probe(core)", "report = stalecheck.reload(core)"]
)
def test_asking_a_class_for_its_annotations_makes_it_no_other(tmp_path: Path, look: str) -> None:
    script = f"""
        import core
        held = core.Plain
        held.__annotations__
        {look}
        answer([[one.origin, one.verdict] for one in report])
    """
    core = "class Plain:\n    def run(self): return 1\n"
    assert run_script(tmp_path, {"core.py": core}, script) == [["core.Plain", "duplicate"]]


def test_a_function_with_a_class_in_it_may_be_moved(tmp_path: Path) -> None:
    core = "def make():\n    class Local: pass\n    return Local\n"
    script = f"""
        import core
        held = core.make
        edit("core", "# above\\n" + {core!r})
        importlib.reload(core)
        answer([[one.origin, one.verdict] for one in stalecheck.probe(core)])
    """
    assert run_script(tmp_path, {"core.py": core}, script) == [["core.make", "duplicate"]]


def test_enums_that_have_not_been_edited_are_duplicates(tmp_path: Path) -> None:
    names = ("Color", "Flag", "Bits", "Level", "Word", "Part", "Whole")
    found = verdicts(tmp_path, ENUMS, "red = core.Color.RED; importlib.reload(core)")
    assert {found[f"core.{name} class"] for name in names} == {"duplicate"}
    assert found["core.Color instance"] == "duplicate"


def test_members_that_have_been_moved_to_the_present_enum_are_split(tmp_path: Path) -> None:
    core = "import enum\nclass Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n"
    core += "class Perm(enum.Flag):\n    R = 1\n    W = 2\n"
    core += "    @classmethod\n    def _missing_(cls, value):\n        found = object.__new__(cls)\n"
    core += "        found._name_, found._value_ = 'more', value\n        return found\n"
    script = """
        import core
        from core import Color, Perm
        red, rights, more = Color.RED, Perm.R, core.Perm(8)
        importlib.reload(core)
        for old, new, members in ((Color, core.Color, (red, Color.BLUE)), (Perm, core.Perm, (rights, Perm.W))):
            for member in members:
                object.__setattr__(member, "__class__", new)
            for name, value in vars(new).items():
                if name not in ("__dict__", "__weakref__", "__doc__"):
                    type.__setattr__(old, name, value)
        del old, new, members, member, name, value
        present, both, more = core.Color.RED, core.Perm.R | core.Perm.W, core.Perm(8)
        del Perm
        answer(sorted(
            [one.origin, one.kind.value, one.verdict, *sorted(holder.path for holder in one.holders)]
            for one in stalecheck.probe("core")
        ))
    """
    assert run_script(tmp_path, {"core.py": core}, script) == [
        ["core.Color", "class", "split", "__main__.Color"],
        ["core.Color", "instance", "split", "__main__.red"],
        ["core.Perm", "instance", "split", "__main__.rights"],
    ]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("Color", "RED = 1", "RED = 3"),
        ("Color", "(1, 2)", "(1, 3)"),
        ("Color", "RED", "GREEN"),
        ("Color", "return self", "return 1"),
        ("Flag", "A = enum.auto()", "A = 8"),
        ("Bits", "A = 1", "A = 1; B = 2"),
        ("Word", '"a"', '"b"'),
        ("Whole", "(1, 2)\n", "(1, 3)\n"),
    ],
)
def test_enums_that_have_been_edited_are_stale(tmp_path: Path, name: str, before: str, after: str) -> None:
    at = ENUMS.index(f"class {name}(" if name != "Whole" else "class Whole")
    edited = ENUMS[:at] + ENUMS[at:].replace(before, after, 1)
    assert edited != ENUMS
    found = verdicts(tmp_path, ENUMS, f"edit('core', {edited!r}); importlib.reload(core)")
    stale = {origin.removesuffix(" class") for origin, verdict in found.items() if verdict == "stale"}
    assert {origin for origin in stale if origin.endswith(name)} == {f"core.{name}"}
    assert all(name in origin for origin in stale)


def test_equal_functions_that_nothing_tells_apart_are_said(tmp_path: Path) -> None:
    core = "import atexit\natexit.register(lambda: 5)\n@atexit.register\ndef bye(): return 6\n"
    script = """
        import core
        notes = [list(stalecheck.probe("core").notes)]
        importlib.reload(core)
        for report in (stalecheck.probe("core"), stalecheck.reload(core)):
            notes.append([list(report.notes), sorted(one.origin for one in report)])
        answer(notes)
    """
    before, after, exact = run_script(tmp_path, {"core.py": core}, script)
    assert before == []
    note = "of 2 equal functions core.<lambda> at most one is present: watch() or reload() tell which"
    assert after == ([[], ["core.<lambda>", "core.bye"]] if sys.version_info < (3, 13) else [[note], ["core.bye"]])
    assert exact[0] == []
    assert set(exact[1]) == {"core.<lambda>", "core.bye"}


AGAIN = """
import collections, enum, typing
from hub import on
class Engine:
    def run(self): return 1
Point = collections.namedtuple("_Point", "x y")
Row = typing.NamedTuple("row", [("x", int)])
Shade = enum.Enum("Color", "RED")
Bare = type("Other", (), {})
on(lambda: 1)
on(lambda: 2)
@on
def _(): return 1
@on
def _(): return 2
"""
NAMES = ("Engine", "Point", "Row", "Shade", "Bare")
HUB = "FOUND = []\ndef on(f):\n    FOUND.append(f)\n    return f\n"


@pytest.mark.parametrize("has_bytecode", [True, False])
@pytest.mark.parametrize("changed", [AGAIN, AGAIN.replace("return 1", "return 11")])
def test_the_file_may_have_been_edited_again_since_the_reload(
    tmp_path: Path, changed: str, *, has_bytecode: bool
) -> None:
    last = "# above" + AGAIN.replace("lambda: 2", "lambda: 7").replace("return 2", "return 22").replace("x y", "x y z")
    script = f"""
        import os
        sys.dont_write_bytecode = not {has_bytecode}
        import core, hub
        old = [*(getattr(core, name) for name in {NAMES}), *hub.FOUND]
        edit("core", {changed!r})
        os.utime(core.__file__, (1, 1))
        importlib.reload(core)
        edit("core", {last!r})
        new = [getattr(core, name) for name in {NAMES}] + hub.FOUND[len(hub.FOUND) // 2:]
        report = stalecheck.probe(core)
        verdicts = {{id(one): finding.verdict for finding in report for one in finding.objects()}}
        answer([[[verdicts.get(id(one)) for one in each] for each in (old, new)], list(report.notes)])
    """
    (old, new), notes = run_script(tmp_path, {"core.py": AGAIN, "hub.py": HUB}, script)
    is_changed = "stale" if changed != AGAIN else "duplicate"
    rest = ["duplicate"] * 4
    lambdas: list[str | None] = ["duplicate"] * 2
    if sys.version_info < (3, 13):
        assert notes == []
    elif has_bytecode:
        lambdas = [None] * 2
        what = "of 4 functions core.<lambda>, each equal to others, at most 2 are present"
        assert notes == [f"{what}: watch() or reload() tell which"]
    else:
        lambdas = [None] * 2
        assert [note.partition(":")[0] for note in notes] == ["core has been edited since it was loaded"]
    assert new == [None] * len(new)
    assert old == [is_changed, *rest, *lambdas, is_changed, "duplicate"]


REGISTERED = """
import hub
@hub.on("start")
def start(): return 1
@hub.on("stop")
def stop(): return 2
@hub.on("run")
class Run:
    def run(self): return 2
hub.on("call")(lambda: 2)
"""
BY_NAME = "FOUND = {}\ndef on(name):\n    def take(f): FOUND[name] = f\n    return take\n"


@pytest.mark.parametrize("has_bytecode", [True, False])
@pytest.mark.parametrize("helper", ["", "def helper(): pass\n"])
@pytest.mark.parametrize(
    "edited",
    [
        pytest.param(REGISTERED.replace("2", "3"), id="other code"),
        pytest.param(REGISTERED.replace("def stop", "def end").replace("class Run", "class Go"), id="other names"),
        pytest.param("# above\n" + REGISTERED, id="moved"),
        pytest.param("import hub\n", id="deleted"),
    ],
)
def test_what_only_others_have_is_present_though_the_file_was_edited_since(
    tmp_path: Path, edited: str, helper: str, *, has_bytecode: bool
) -> None:
    script = f"""
        import os
        sys.dont_write_bytecode = not {has_bytecode}
        import core, hub
        edit("core", {edited + helper!r})
        os.utime(core.__file__, (1, 1))
        before = [finding.origin for finding in stalecheck.probe(core)]
        old = list(hub.FOUND.items())
        importlib.reload(core)
        hub.OLD = dict(old)
        edit("core", "# again\\n" + {edited + helper!r}.replace("3", "4"))
        found = {{id(one) for finding in stalecheck.probe(core) for one in finding.objects()}}
        answer([before, [name for name, one in hub.FOUND.items() if id(one) in found and one is not hub.OLD[name]]])
    """
    assert run_script(tmp_path, {"core.py": REGISTERED + helper, "hub.py": BY_NAME}, script) == [[], []]


@pytest.mark.parametrize(
    ("edited", "verdict"),
    [
        ("\ndef by_str(x): return 3\n", "duplicate"),
        ("def by_str(x): return 3\n", "duplicate"),
        ("@show.register(bytes)\ndef by_str(x): return 3\n", "duplicate"),
        ("@show.register(bytes)\ndef by_str(x): return 4\n", "stale"),
    ],
)
def test_a_function_in_a_registry_is_old_if_it_was_there_before(tmp_path: Path, edited: str, verdict: str) -> None:
    registry = "import functools\n@functools.singledispatch\ndef show(x): return 1\n"
    core = "from registry import show\n@show.register(str)\ndef by_str(x): return 3\n"
    script = f"""
        import core, registry
        registry.show("a")
        edit("core", {"from registry import show" + chr(10) + edited!r})
        importlib.reload(core)
        answer([[one.origin, one.verdict, [holder.path for holder in one.holders]] for one in stalecheck.probe("core")])
    """
    found = run_script(tmp_path, {"core.py": core, "registry.py": registry}, script)
    assert found == [["core.by_str", verdict, ["registry.show.registry[str]"]]]


def test_versions_are_told_apart(tmp_path: Path) -> None:
    script = """
        import app
        kept = []
        for number in range(3):
            app.LIST.append(app.core.Engine)
            importlib.reload(app.core)
        answer([[one.origin, one.version] for one in stalecheck.probe("core")])
    """
    files = {"core.py": "class Engine:\n    def run(self): ...\n", "app.py": "import core\nLIST = []\n"}
    found = run_script(tmp_path, files, script)
    assert sorted(found) == [["core.Engine", 1], ["core.Engine", 2], ["core.Engine", 3]]


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="nothing tells which function is older")
def test_functions_are_in_the_order_of_the_classes_made_with_them(tmp_path: Path) -> None:
    script = """
        import app, gc
        for number in range(4):
            app.LIST.append((app.core.Engine, app.core.save))
            if number == 1:
                gc.collect()
            importlib.reload(app.core)
        report = stalecheck.probe("core")
        answer({one.kind.value: [] for one in report} | {
            kind: [[one.version, *(holder.path[:11] for holder in one.holders)] for one in report
                if one.kind.value == kind] for kind in ("class", "function")
        })
    """
    core = "class Engine:\n    def run(self): ...\ndef save(): return 1\n"
    found = run_script(tmp_path, {"core.py": core, "app.py": "import core\nLIST = []\n"}, script)
    assert found["class"] == found["function"] == [[number + 1, f"app.LIST[{number}]"] for number in range(4)]


def test_definitions_of_one_name_in_one_version_are_not_versions(tmp_path: Path) -> None:
    core = """
        import functools
        @functools.singledispatch
        def show(x): return 1
        @show.register(int)
        def _(x): return 2
        @show.register(str)
        def _(x): return 3
        def twice(): return 1
        kept = [twice]
        def twice(): return 2
        kept.append(twice)
    """
    script = """
        import core
        from core import show, kept
        importlib.reload(core)
        found = [[[one.origin, one.version, one.count] for one in stalecheck.probe("core")]]
        first = show, kept
        from core import show, kept
        importlib.reload(core)
        found.append([[one.origin, one.version, one.count] for one in stalecheck.probe("core")])
        answer(found)
    """
    once, twice = run_script(tmp_path, {"core.py": core}, script)
    assert once == [["core._", None, 2], ["core.show", None, 1], ["core.twice", None, 2]]
    # They are told apart, but nothing says which are older.
    assert sorted(twice) == [
        *([["core._", None, 2]] * 2 if sys.version_info < (3, 13) else [["core._", None, 4]]),
        *[["core.show", None, 1], ["core.show", None, 1]],
        *([["core.twice", None, 2]] * 2 if sys.version_info < (3, 13) else [["core.twice", None, 4]]),
    ]


REGISTERING = """
import app
class Job:
    def run(self): return 1
def make():
    class Local:
        def run(self): return 1
    class Plain:
        pass
    return lambda: 1, Local, Plain
def register():
    app.JOBS.append(Job())
    function, local, plain = make()
    app.FUNCTIONS.append(function)
    app.LOCALS.append(local)
    app.PLAINS.append(plain)
for number in range(6):
    register()
"""


@pytest.mark.parametrize(
    "following",
    ["importlib.reload(core)", "stalecheck.reload(core)", "del sys.modules['core']; import core"],
)
def test_each_version_has_what_it_has_registered(tmp_path: Path, following: str) -> None:
    script = f"""
        import core
        for number in range(2, 5):
            edit("core", open(core.__file__).read().replace(f"return {{number - 1}}", f"return {{number}}"))
            {following}
        found = {{}}
        for one in stalecheck.probe("core"):
            held = sum(holder.count for holder in one.holders)
            place, _, number = one.holders[0].path.rstrip("]").partition("[")
            found.setdefault(place, []).append([one.version, one.count, held, int(number) // 6])
        answer(found)
    """
    found = run_script(
        tmp_path, {"core.py": REGISTERING, "app.py": "JOBS, FUNCTIONS, LOCALS, PLAINS = [], [], [], []\n"}, script
    )
    each = [[version, 6, 6, version - 1] for version in (1, 2, 3)]
    assert found["app.JOBS"] == found["app.LOCALS"] == each
    is_told = sys.version_info < (3, 13) or "del" in following
    functions = sorted(found["app.FUNCTIONS"], key=lambda one: one[3])
    assert functions == (each if is_told else [[None, *one[1:]] for one in each])


def test_what_one_execution_has_made_several_times_is_one_version(tmp_path: Path) -> None:
    script = """
        import core
        answer([[one.version, one.count] for one in stalecheck.reload(core)])
    """
    files = {"core.py": REGISTERING, "app.py": "JOBS, FUNCTIONS, LOCALS, PLAINS = [], [], [], []\n"}
    assert run_script(tmp_path, files, script) == [[None, 6]] * 4


def test_a_value_and_a_function_of_one_name_are_no_versions(tmp_path: Path) -> None:
    core = "import lib\n@lib.Command\ndef command(): return 1\n"
    lib = "class Command:\n    def __init__(self, function): self.callback = function\n"
    script = """
        import core
        from core import command
        answer([[one.kind.value, one.version] for one in stalecheck.reload(core)])
    """
    found = run_script(tmp_path, {"core.py": core, "lib.py": lib}, script)
    assert found == [["function", None], ["value", None]]


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="nothing tells which function is older")
def test_lambdas_are_in_the_order_of_any_class_that_has_functions(tmp_path: Path) -> None:
    core = """
        import app
        class First:
            def run(self): return 1
        class Second: pass
        app.LIST.append((First, Second, lambda: 1))
        app.LIST.append((First, Second, lambda: 2))
    """
    script = """
        import core
        for number in range(2):
            importlib.reload(core)
        found = stalecheck.probe("core")
        answer([[one.version, [holder.path for holder in one.holders]] for one in found if "lambda" in one.origin])
    """
    found = run_script(tmp_path, {"core.py": core, "app.py": "LIST = []\n"}, script)
    assert found == [[1, ["app.LIST[0][2]", "app.LIST[1][2]"]], [2, ["app.LIST[2][2]", "app.LIST[3][2]"]]]


VERSIONS = """
    import core, gc
    held = {"instance": [], "class": [], "function": [], "module": []}
    for number in range(4):
        held["instance"].append(core.Engine())
        if number != 1:
            held["class"].append(core.Engine)
        held["function"].append(core.save)
        held["module"].append(core)
        if number == 2:
            gc.collect()
        NEXT
    found = {}
    for one in stalecheck.probe("core"):
        for holder in one.holders:
            found.setdefault(one.kind.value, {})[holder.path.rpartition("[")[2]] = one.version
    answer(found)
    """


@pytest.mark.parametrize("functions", ["", "    def run(self): return 1"])
@pytest.mark.parametrize("following", ["importlib.reload(core)", "del sys.modules['core']; import core"])
def test_versions_have_the_number_of_their_class_or_none(tmp_path: Path, following: str, functions: str) -> None:
    core = f"class Engine:\n    x = 1\n{functions}\ndef save(): return 1\n"
    found = run_script(tmp_path, {"core.py": core}, VERSIONS.replace("NEXT", following))
    assert found["instance"] == {f"{number}]": number + 1 for number in range(4)}
    assert found["class"] == {"0]": 1, "1]": 3, "2]": 4}
    is_told = functions and (sys.version_info < (3, 13) or "del" in following)
    assert found["function"] == {f"{number}]": number + 1 if is_told else None for number in range(4)}
    if "del" in following:
        assert found["module"] == {f"{number}]": number + 1 if functions else None for number in range(4)}


DELETED = """
    def gone():
        return 1
    class Gone:
        def run(self):
            return 1
    class Plain:
        pass
    def kept():
        return 1
    """


@pytest.mark.parametrize("look", LOOKS)
def test_what_the_source_no_longer_has_is_old_where_others_hold_it(tmp_path: Path, look: str) -> None:
    """The module's namespace has it as well: a reload takes no name away. That is no holder."""
    script = f"""
        import core
        from core import gone, Gone, Plain, kept
        made = Gone()
        edit("core", "def kept():\\n    return 1\\n")
        {LOOKS[look]}
        answer([report.awaiting_collection, sorted([one.origin, one.kind.value, one.verdict,
            *(holder.path for holder in one.holders)] for one in report)])
    """
    awaiting, found = run_script(tmp_path, {"core.py": DELETED}, script)
    assert awaiting == 0
    assert found == [
        ["core.Gone", "class", "stale", "__main__.Gone"],
        ["core.Gone", "instance", "stale", "__main__.made"],
        ["core.Plain", "class", "stale", "__main__.Plain"],
        ["core.gone", "function", "stale", "__main__.gone"],
        ["core.kept", "function", "duplicate", "__main__.kept"],
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_what_only_the_module_itself_has_though_its_source_does_not_is_said(tmp_path: Path, look: str) -> None:
    script = f"""
        import core
        edit("core", "def kept():\\n    return 1\\n")
        {LOOKS[look]}
        answer([len(report), report.awaiting_collection, list(report.notes)])
    """
    number, awaiting, notes = run_script(tmp_path, {"core.py": DELETED}, script)
    assert (number, awaiting) == (0, 0)
    [note] = notes
    assert "held only by what core itself keeps over its reload: core." in note


@pytest.mark.parametrize("edited", ["def kept():\\n    return 1\\n", "# moved\\n\\n", ""])
def test_what_is_deleted_from_the_source_is_not_old_before_the_reload(tmp_path: Path, edited: str) -> None:
    script = f"""
        import core
        from core import gone, Gone, Plain, kept
        made = Gone()
        edit("core", "{edited}")
        answer([one.origin for one in stalecheck.probe(core)])
    """
    assert run_script(tmp_path, {"core.py": DELETED}, script) == []


def test_definitions_that_a_body_keeps_over_its_reload_are_what_the_module_has(tmp_path: Path) -> None:
    core = """
        try:
            first
        except NameError:
            def first(): return 1
            class First:
                def run(self): return 1
        if "second" not in globals():
            def second(): return 2
        def always(): return 3
    """
    script = """
        import core
        from core import first, First, second
        made = First()
        importlib.reload(core)
        found = [one.origin for one in stalecheck.probe(core)]
        answer(found + [one.origin for one in stalecheck.reload(core)])
    """
    assert run_script(tmp_path, {"core.py": core}, script) == []


def test_the_source_may_be_gone(tmp_path: Path) -> None:
    script = "importlib.reload(core); import os; os.remove(core.__file__)"
    found = verdicts(tmp_path, PATCHED, script)
    assert found == {"core.f function": "duplicate", "core.C class": "duplicate", "core.C instance": "duplicate"}


def test_module_objects(tmp_path: Path) -> None:
    files = {
        "pack/__init__.py": "from pack import part\n",
        "pack/part.py": "x = 1\n",
        "app.py": "import pack.part as P\n",
    }
    script = """
        import app, pack.part
        old = pack.part
        for name in ("pack.part", "pack"):
            del sys.modules[name]
        import pack.part
        ways = (old, pack.part, "pack.part")
        found = [[[one.origin, one.kind.value] for one in stalecheck.probe(what)] for what in ways]
        everything = stalecheck.probe()
        answer([found, list(everything.modules)])
    """
    found, modules = run_script(tmp_path, files, script)
    assert found == [[["pack.part", "module"]]] * 3
    assert "pack.part" in modules


def test_packages_without_a_file_are_modules_too(tmp_path: Path) -> None:
    files = {"plugs/alpha.py": "class Alpha: pass\n", "host.py": "import plugs.alpha\nTAKEN = plugs\n"}
    script = """
        import host
        before = [finding.origin for finding in stalecheck.probe("plugs")]
        del sys.modules["plugs.alpha"], sys.modules["plugs"]
        import plugs.alpha
        assert host.plugs is not plugs
        found = [[f.origin, f.kind.value, h.path, h.code] for f in stalecheck.probe("plugs") for h in f.holders]
        answer([before, found])
    """
    before, found = run_script(tmp_path, files, script)
    assert before == []
    assert sorted(found) == [
        ["plugs", "module", "host.TAKEN", "STL104"],
        ["plugs", "module", "host.plugs", "STL103"],
    ]


def test_modules_of_one_name_from_other_files_are_not_versions(tmp_path: Path) -> None:
    files = {"a/conftest.py": "def f(): ...\n", "b/conftest.py": "def f(): ...\n"}
    script = """
        import os
        here = os.path.dirname(__file__)
        sys.path.insert(0, here + "/a")
        import conftest as first
        del sys.modules["conftest"]
        sys.path.insert(0, here + "/b")
        import conftest as second
        answer([second.f is not first.f, len(stalecheck.probe())])
    """
    assert run_script(tmp_path, files, script) == [True, 0]


def test_a_module_that_puts_another_in_its_place_is_present(tmp_path: Path) -> None:
    core = """
        import sys, types
        class Lazy(types.ModuleType):
            pass
        def f(): ...
        other = Lazy(__name__)
        other.__dict__.update(sys.modules[__name__].__dict__)
        sys.modules[__name__] = other
    """
    assert run_script(tmp_path, {"core.py": core}, "import core; kept = core.f; answer(len(stalecheck.probe()))") == 0


def test_nobody_asks_a_module_whether_it_is_true(tmp_path: Path) -> None:
    core = """
        import sys, types
        class Falsy(types.ModuleType):
            def __bool__(self):
                raise RuntimeError("asked")
        sys.modules[__name__].__class__ = Falsy
        def f(): ...
    """
    script = """
        import importlib
        import core
        kept = core.f
        importlib.reload(core)
        answer([len(stalecheck.probe("core")), len(stalecheck.probe())])
    """
    assert run_script(tmp_path, {"core.py": core}, script) == [1, 1]


def test_keys_and_values_may_be_too_long_to_be_written(tmp_path: Path) -> None:
    core = """
        HUGE = 2**20000
        TABLE = {(HUGE, "x"): [1]}
        def f(a=HUGE): ...
    """
    script = """
        import core
        KEPT = {2**20000: core.f, (2**20000, 1): core.f}
        taken = core.HUGE
        report = stalecheck.reload(core)
        answer("0x10000" in str(report))
    """
    assert run_script(tmp_path, {"core.py": core}, script) is True


def test_classes_that_calls_make_from_present_ones_are_present(tmp_path: Path) -> None:
    core = """
        class Entity:
            pass
        KEPT = [type("Entity", (Entity,), {}) for _ in range(3)]
        def register():
            return type("Entity", (Entity,), {"x": 1})
    """
    script = "import core; kept = core.register(); answer(len(stalecheck.probe()))"
    assert run_script(tmp_path, {"core.py": core}, script) == 0


def test_what_a_class_was_made_from_is_present(tmp_path: Path) -> None:
    core = """
        import enum
        KEPT = []
        def remade(cls):
            KEPT.append(cls)
            return enum.EnumMeta(cls.__name__, (enum.Enum,), enum.EnumMeta.__prepare__(cls.__name__, (enum.Enum,)))
        @remade
        class Level:
            pass
    """
    script = "import core; kept = list(core.KEPT); core.KEPT.clear(); answer(len(stalecheck.probe()))"
    assert run_script(tmp_path, {"core.py": core}, script) == 0


def test_a_reloaded_test_module_that_pytest_has_rewritten(tmp_path: Path) -> None:
    source = """
        def helper():
            assert 1 + 1 == 2
            return [].copy
        class Helper:
            def check(self):
                assert self
        REGISTERED = [lambda: 3]
        def test_it():
            import atexit, importlib, sys
            import stalecheck
            module = sys.modules[__name__]
            if hasattr(module, "AGAIN"):
                return
            atexit.register(lambda: module.helper)
            kept = [helper, Helper, Helper()]
            assert not stalecheck.probe(module)
            module.AGAIN = True
            importlib.reload(module)
            seen = sorted(f"{one.origin} {one.kind.value}" for one in stalecheck.probe(module))
            wanted = [f"{__name__}.Helper class", f"{__name__}.Helper instance", f"{__name__}.helper function"]
            assert [name for name in seen if "test_it" not in name and "<lambda>" not in name] == wanted, seen
    """
    script = """
        import os, pytest
        os.chdir(os.path.dirname(__file__))
        answer(int(pytest.main(["-q", "-p", "no:cacheprovider", "test_subject.py"])))
    """
    assert run_script(tmp_path, {"test_subject.py": source}, script) == 0


def test_what_is_defined_again_at_the_prompt_is_old_in_a_watch_only(tmp_path: Path) -> None:
    script = """
        class K:
            def f(self): return 1
        def g(): return 1
        import app
        app.HELD += [K(), g]
        with stalecheck.watch("__main__") as watched:
            class K:
                def f(self): return 2
            def g(): return 2
        answer([len(stalecheck.probe("__main__")), [
            [one.origin, one.kind.value, [holder.path for holder in one.holders]] for one in watched.report
        ]])
    """
    found, watched = run_script(tmp_path, {"app.py": "HELD = []\n"}, script)
    assert found == 0
    assert sorted(watched) == [
        ["__main__.K", "instance", ["app.HELD[0]"]],
        ["__main__.g", "function", ["app.HELD[1]"]],
    ]


CALLED = """
import collections, enum, typing
_Point = collections.namedtuple("Point", "x y")
Row = typing.NamedTuple("row", [("a", int)])
Bare = type("Other", (), {})
Colors = enum.Enum("Color", "RED BLUE")
class Pt(_Point):
    def run(self): return VALUE
Near = collections.namedtuple("Place", "x")
Far = collections.namedtuple("Place", "y")
def made(name):
    return collections.namedtuple(name, "x")
Built = made("Made")
many = [collections.namedtuple("Many", "x") for _ in "abc"]
Many = many[0]
"""


@pytest.mark.parametrize("edited", [1, 2])
def test_classes_that_a_call_has_made_under_another_name(tmp_path: Path, edited: int) -> None:
    app = """
        import core
        point, row, bare, color, pt = core._Point(1, 2), core.Row(1), core.Bare(), core.Colors.RED, core.Pt(1, 2)
        Point = core._Point
        """
    script = f"""
        import app, core
        before = [one.origin for one in stalecheck.probe(core)]
        edit("core", {CALLED.replace("VALUE", "%d")!r} % {edited})
        importlib.reload(core)
        kept = [core.made("Made"), core.made("Point2"), core.Near(1), core.Far(1), core.Built(1), core.Many(1)]
        kept += [core._Point(1, 2), core.Row(1), core.Bare(), core.Colors.RED, core.Pt(1, 2), *core.many]
        found = [[one.origin, one.kind.value, one.verdict, [h.path for h in one.holders]]
                 for one in stalecheck.probe(core)]
        answer([before, sorted(found)])
    """
    before, found = run_script(tmp_path, {"core.py": CALLED.replace("VALUE", "1"), "app.py": app}, script)
    pt = "duplicate" if edited == 1 else "stale"
    assert before == []
    assert found == [
        ["core.Color", "instance", "duplicate", ["app.color"]],
        ["core.Other", "instance", "duplicate", ["app.bare"]],
        ["core.Point", "class", "duplicate", ["app.Point"]],
        ["core.Point", "instance", "duplicate", ["app.point"]],
        ["core.Pt", "instance", pt, ["app.pt"]],
        ["core.row", "instance", "duplicate", ["app.row"]],
    ]


def test_classes_that_make_dataclass_has_made(tmp_path: Path) -> None:
    core = """
        import dataclasses
        from dataclasses import make_dataclass
        Point = make_dataclass("Point", [("x", int)])
        Slotted = dataclasses.make_dataclass("Slotted", ["x"], frozen=True, slots=True)
        def make(): return make_dataclass("Made", ["x"])
        Other = make()
        """
    files = {
        "core.py": core,
        "other.py": "import dataclasses\nPoint = dataclasses.make_dataclass('Point', ['x'])\npoint = Point(1)\n",
        "app.py": "from core import Point, Slotted\npoint, slotted = Point(1), Slotted(1)\n",
    }
    script = """
        import app, core, other
        importlib.reload(core)
        made = core.make()
        answer([[f.origin, f.kind.value, h.path] for f in stalecheck.probe(core) for h in f.holders])
    """
    assert run_script(tmp_path, files, script) == [
        ["core.Point", "class", "app.Point"],
        ["core.Point", "instance", "app.point"],
        ["core.Slotted", "class", "app.Slotted"],
        ["core.Slotted", "instance", "app.slotted"],
    ]


def test_a_class_of_which_instances_were_copied_is_what_it_was(tmp_path: Path) -> None:
    script = """
import copy, pickle
import core
one, other = copy.copy(core.Engine()), pickle.loads(pickle.dumps(core.Engine()))
importlib.reload(core)
answer(sorted([finding.origin, finding.verdict] for finding in stalecheck.probe(core)))
"""
    assert run_script(tmp_path, {"core.py": "class Engine: ...\n"}, script) == [["core.Engine", "duplicate"]]
