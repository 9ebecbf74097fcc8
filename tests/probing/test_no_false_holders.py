"""What only the probe, its report, a debugger or the new version holds is no finding; no reference is miscounted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .scripts import HEADER, ROOT, run_script

CORE = """
import abc, dataclasses, enum, functools, typing

class Engine:
    def __init__(self): self.parts = [1]
    def run(self, call): return call()
class Slotted:
    __slots__ = ("a", "b")
class Empty:
    __slots__ = ()
class Number(int): pass
class Text(str):
    __slots__ = ()
class Pair(typing.NamedTuple):
    a: int
class Meta(type): pass
class Made(metaclass=Meta): pass
class Abstract(abc.ABC):
    @abc.abstractmethod
    def run(self): ...
class Concrete(Abstract):
    def run(self): return super().run()
class Color(enum.Enum):
    RED = 1
class Flags(enum.IntFlag):
    A = 1
class Failure(Exception): pass
@dataclasses.dataclass
class Data:
    x: int = 1
@dataclasses.dataclass(slots=True)
class Slim:
    x: int = 1
class Box(typing.Generic[typing.TypeVar("T")]): pass
class Shape(typing.Protocol):
    def area(self) -> int: ...
class Typed(typing.TypedDict):
    a: int
def save(x=1): return x
def nested():
    def inner(): return nested
    return inner
def gen(): yield 1
async def coro(): pass
@functools.lru_cache
def cached(): return Engine()
@functools.singledispatch
def show(x): pass
@functools.wraps(save)
def wrapped(): pass
class Descriptor:
    def __get__(self, *args): return self
    def __set_name__(self, owner, name): self.owner = owner
class Using:
    field = Descriptor()
    @property
    def p(self): return 1
    @staticmethod
    def s(): pass
    @classmethod
    def c(cls): return cls()
    @functools.cached_property
    def cp(self): return 1
inner = nested()
"""
WORK = """
import core, threading, types
holder = types.ModuleType("holder")
sys.modules["holder"] = holder

def use():
    for _ in range(40):  # long enough to be specialized
        core.save(), core.cached(), core.Engine().run(lambda: 1), core.Using.s(), core.Using.c(), core.Using().p
        core.Concrete().__class__, core.Number(3) + 1, core.Text("a").upper(), core.Pair(1).a, core.Color.RED.name
        core.Flags.A | 2, core.Data(1) == core.Data(1), core.Slim(2).x, core.inner(), list(core.gen()), core.Using().cp
        isinstance(core.Engine(), core.Abstract), core.Using().field, core.show(1), core.Box[int](), core.Typed(a=1)
        try: raise core.Failure("x")
        except core.Failure: pass
        try: core.Abstract()
        except TypeError: pass
use()
"""
KEEP = """
for name, value in list(vars(core).items()):
    if getattr(value, "__module__", None) == "core":
        setattr(holder, name, value)
for name in ("Engine", "Slotted", "Number", "Text", "Made", "Concrete", "Failure", "Data", "Slim", "Using", "Box"):
    setattr(holder, "one_" + name.lower(), getattr(core, name)())
holder.one_engine.run(use)
"""
LOOK = """
def unseen(report):
    return sorted(
        finding.origin + " " + finding.kind.value + ": " + holder.path
        for finding in report for holder in finding.holders if holder.kind.value in ("unseen", "local")
    )
"""


@pytest.mark.parametrize(
    "how", ["importlib.reload(core)", "del sys.modules['core']; import core"], ids=["reload", "again"]
)
@pytest.mark.parametrize("is_edited", [False, True], ids=["same", "edited"])
def test_every_reference_is_accounted_for(tmp_path: Path, how: str, *, is_edited: bool) -> None:
    edit = f"edit('core', {CORE + 'x = 1'!r})" if is_edited else ""
    script = f"{WORK}{KEEP}{LOOK}{edit}\n{how}\nuse()\nreport = stalecheck.probe('core')\nuse()\n"
    script += "answer([len(report), unseen(report), unseen(stalecheck.probe()), unseen(stalecheck.probe('core'))])"
    count, *found = run_script(tmp_path, {"core.py": CORE}, script)
    assert count > 20
    assert found == [[], [], []]


def test_every_reference_is_accounted_for_in_watch_and_reload(tmp_path: Path) -> None:
    script = f"{WORK}{KEEP}{LOOK}edit('core', {CORE + 'x = 1'!r})\n"
    script += "with stalecheck.watch(core) as watched: importlib.reload(core)\n"
    script += "answer([unseen(watched.report), unseen(stalecheck.reload(core))])"
    assert run_script(tmp_path, {"core.py": CORE}, script) == [[], []]


def test_every_reference_is_accounted_for_beside_other_threads(tmp_path: Path) -> None:
    script = f"""{WORK}{KEEP}{LOOK}
stop = threading.Event()
def work():
    while not stop.is_set():
        use()
        holder.one_engine.run(lambda: holder.Engine)
        holder.save(holder.Engine)
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
found = []
for _ in range(4):
    importlib.reload(core)
    found += [one for one in unseen(stalecheck.probe(core)) if "no referrer" in one]
stop.set()
for thread in threads: thread.join()
answer(found)
"""
    assert run_script(tmp_path, {"core.py": CORE}, script) == []


def test_every_reference_is_accounted_for_under_pytest(tmp_path: Path) -> None:
    (tmp_path / "core.py").write_text(CORE)
    (tmp_path / "test_core.py").write_text(
        f"""
import sys
sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]
import importlib, stalecheck, pytest
{WORK}{KEEP}{LOOK}
@pytest.fixture
def engine(): return core.Engine()

def test_one(engine):
    importlib.reload(core)
    report = stalecheck.probe(core)
    assert len(report) > 20
    found = unseen(report)
    assert all("local 'engine' in test_one" in one or "no referrer" not in one for one in found), found
"""
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_core.py"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout


def test_the_report_and_its_traces_hold_nothing(tmp_path: Path) -> None:
    script = """
        import core, weakref
        held = [core.Engine()]
        alive = weakref.ref(held[0])
        importlib.reload(core)
        report = stalecheck.probe(core)
        texts = [str(report), report.to_json()]
        again = [str(stalecheck.probe(core)) == texts[0]]
        held.clear()
        answer([again, alive() is None, len(stalecheck.probe(core))])
    """
    assert run_script(tmp_path, {"core.py": CORE}, script) == [[True], True, 0]


def test_objects_that_were_asked_for_are_held_by_the_variable_only(tmp_path: Path) -> None:
    script = """
        import core
        held = [core.Engine()]
        importlib.reload(core)
        objects = [one for found in stalecheck.probe(core) for one in found.objects()]
        held.clear()
        answer([holder.path for found in stalecheck.probe(core) for holder in found.holders])
    """
    assert run_script(tmp_path, {"core.py": CORE}, script) == ["__main__.objects[0]"]


def test_what_the_new_version_keeps_is_no_finding(tmp_path: Path) -> None:
    core = "try: POOL\nexcept NameError: POOL = []\nclass Engine: pass\nPOOL.append(Engine())\n"
    script = """
        import core
        importlib.reload(core); importlib.reload(core)
        report = stalecheck.probe(core)
        answer([len(report), list(report.notes), str(report).splitlines()[-1]])
    """
    note = "2 old objects are held only by what core itself keeps over its reload: core.POOL"
    assert run_script(tmp_path, {"core.py": core}, script) == [0, [note], f"note: {note}"]


def test_what_others_hold_as_well_is_not_said_to_be_kept_by_the_new_version(tmp_path: Path) -> None:
    core = "try: POOL\nexcept NameError: POOL = []\nclass Engine: pass\nPOOL.append(Engine())\n"
    script = """
        import core
        mine = core.POOL[0]
        importlib.reload(core)
        report = stalecheck.probe(core)
        answer([[holder.path for one in report for holder in one.holders], list(report.notes)])
    """
    assert run_script(tmp_path, {"core.py": core}, script) == [["__main__.mine"], []]


DEBUGGED = """
import core

def serve(engine):
    importlib.reload(core)
    del engine
    breakpoint()
    return 1

def keep(engine):
    importlib.reload(core)
    breakpoint()
    return 1

{call}
"""
ASK = "p [h.path.split(' at ')[0] for f in stalecheck.probe('core') for h in f.holders]"
KEPT = "[\"local 'engine' in keep()\"]"


@pytest.mark.parametrize(
    ("call", "commands", "expected"),
    [
        ("serve(core.Engine())", [ASK], "[]"),
        ("serve(core.Engine())", ["up", "where", ASK], "[]"),
        ("keep(core.Engine())", [ASK], KEPT),
        ("keep(core.Engine())", ["p engine", "up", "down", "n", ASK], KEPT),
    ],
    ids=["gone", "gone, frame above", "held", "held, after steps"],
)
def test_at_the_prompt_of_pdb(tmp_path: Path, call: str, commands: list[str], expected: str) -> None:
    (tmp_path / "core.py").write_text(CORE)
    script = HEADER.format(directory=str(tmp_path), root=str(ROOT)) + DEBUGGED.format(call=call)
    (tmp_path / "main.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=tmp_path,
        input="\n".join([*commands, "c", "c", ""]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    answers = [line for line in done.stdout.splitlines() if "(Pdb) [" in line]
    if sys.version_info < (3, 11) and expected == "[]":
        expected = "['1 reference that no referrer shows: C code, or a value in use']"  # The caller's stack has it.
    assert [line.rpartition("(Pdb) ")[2] for line in answers] == [expected], done.stdout + done.stderr


STOPPED = r"""
import core, pdb, re

asked = []

def ask():
    found = [holder.path for one in stalecheck.probe("core") for holder in one.holders]
    asked.append(sorted(re.sub(r" at \S*main.py:\d+", "", path) for path in found))

def serve(engine):
    importlib.reload(core)
    breakpoint()
    ask()

def fail(engine):
    importlib.reload(core)
    1 / 0

serve(core.Engine())
ask()
try:
    fail(core.Engine())
except ZeroDivisionError:
    pdb.post_mortem()
ask()
answer(asked)
"""


def test_what_pdb_keeps_is_the_debuggers_own(tmp_path: Path) -> None:
    (tmp_path / "core.py").write_text(CORE)
    script = HEADER.format(directory=str(tmp_path), root=str(ROOT)) + STOPPED
    (tmp_path / "main.py").write_text(script)
    commands = ["ask()", "p engine", "n", "p $_frame", "p engine", "ask()", "c", "ask()", "p engine", "u", "ask()", "q"]
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=tmp_path,
        input="\n".join([*commands, ""]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    stopped = ["local 'engine' in serve()"]
    failed = ["local 'engine' in fail() of the exception being handled.__traceback__"]
    expected = [stopped, stopped, stopped, [], failed, failed, []]
    assert json.loads((tmp_path / "answer.json").read_text()) == expected, done.stdout


def test_what_the_probe_has_imported_is_named_by_its_own_module(tmp_path: Path) -> None:
    script = """
        import core, os, threading
        os.environ.hook = core.f
        threading.main_thread.hook = core.f
        importlib.reload(core)
        answer(sorted(h.path for f in stalecheck.probe(core) for h in f.holders))
    """
    paths = run_script(tmp_path, {"core.py": "def f(): return 1\n"}, script)
    assert paths == ["os.environ.hook", "threading.main_thread.hook"]


MADE = """
import core, logging
from core import Engine
def made(cls):
    for name in ("__eq__", "__repr__", "__init__"):
        names = dict(globals())
        exec(f"def {name}(self, *given): pass", names)
        setattr(cls, name, names[name])
    return cls
@made
class Job: pass
@made
class Task: pass
logging.setLoggerClass(core.Log)
log = logging.getLogger("app.log")
logging.setLoggerClass(logging.Logger)
for number in range(3):
    logging.getLogger(f"other{number}")
"""


def test_what_leads_to_everything_is_named_once(tmp_path: Path) -> None:
    core = "import logging\nclass Engine: pass\nclass Log(logging.Logger): pass\n"
    script = """
        import app, core
        importlib.reload(core)
        answer([[f.origin, h.path, h.count] for f in stalecheck.probe(core) for h in f.holders])
    """
    found = run_script(tmp_path, {"core.py": core, "app.py": MADE}, script)
    assert sorted(found) == [
        ["core.Engine", "app.Engine", 1],
        ["core.Engine", "app.Job.__eq__.__globals__['Engine']", 6],
        ["core.Log", "app.log", 1],
        ["core.Log", "logger 'app.log'", 1],
    ]


def test_a_plugin_manager_of_ones_own_is_not_pytests(tmp_path: Path) -> None:
    app = """
        import core, pluggy
        plugins = pluggy.PluginManager("app")
        plugins.register(core.Engine(), "engine")
    """
    script = """
        import app, core
        importlib.reload(core)
        answer([h.path for f in stalecheck.probe(core) for h in f.holders])
    """
    found = run_script(tmp_path, {"core.py": "class Engine: pass\n", "app.py": app}, script)
    assert found == ["app.plugins._name2plugin['engine']"]
