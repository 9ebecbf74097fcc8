"""Each kind of holder is found under its name, with its kind, its code and its line; and nothing else is."""

from __future__ import annotations

import re
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .scripts import run_script

CORE = """
import enum


class Engine:
    def run(self): return 1


class Base: pass
class Meta(type): pass
class Failure(Exception): pass
class Color(enum.Enum):
    RED = 1


def save(*args, **kwargs): return 1
def decorate(function):
    def wrapper(*args): return function(*args)
    return wrapper


settings = Engine()
"""

Row = tuple[str, str, "str | None", "int | None"]


@dataclass(frozen=True)
class Case:
    """A module ``app`` beside a module ``core`` that is reloaded, and all that the probe must say then."""

    name: str
    source: str
    """What follows ``import core``, from line 2 on."""

    rows: tuple[Row, ...]
    """Path, kind, code and line of each holder."""

    since: tuple[int, int] = (3, 10)


def case(name: str, source: str, *rows: Row, since: tuple[int, int] = (3, 10)) -> Case:
    return Case(name, textwrap.dedent(source).strip("\n") + "\n", rows, since)


NAMES = [
    case("from_import", "from core import Engine as E", ("app.E", "from-import", "STL101", 2)),
    case("singleton", "from core import settings", ("app.settings", "from-import", "STL202", 2)),
    case(
        "star_import",
        "from core import *\ndel Base, Color, Failure, Meta, decorate, save, settings, enum",
        ("app.Engine", "star-import", "STL102", 2),
    ),
    case("alias", "K = core.Engine", ("app.K", "alias", "STL104", 2)),
    case("instance", "E = core.Engine()", ("app.E", "instance", "STL201", 2)),
    case("class_attribute", "class S:\n    model = core.Engine", ("app.S.model", "alias", "STL104", 3)),
    case("base_class", "class D(core.Base): pass", ("base class of app.D", "base-class", "STL203", 2)),
    case("metaclass", "class X(metaclass=core.Meta): pass", ("metaclass of app.X", "base-class", "STL203", 2)),
    case("enum_member", "RED = core.Color.RED", ("app.RED", "enum-member", "STL208", 2)),
    case("decorated", "@core.decorate\ndef f(): pass", ("app.f", "decorated", "STL209", 3)),
]

CONTAINERS = [
    case("dict_value", "TABLE = {'save': core.save}", ("app.TABLE['save']", "container", "STL205", 2)),
    case(
        "key_that_is_a_member",
        "import enum\nclass Part(enum.Enum):\n    TOP = 1\nTABLE = {Part.TOP: core.save}",
        ("app.TABLE[app.Part.TOP]", "container", "STL205", 5),
    ),
    case("dict_key", "TABLE = {core.Engine: 1}", ("key core.Engine of app.TABLE", "container", "STL205", 2)),
    case("tuple_key", "T = {(1, core.Engine): 1}", ("key (1, core.Engine) of app.T", "container", "STL205", 2)),
    case("list", "LIST = [0, core.Engine()]", ("app.LIST[1]", "container", "STL205", 2)),
    case("tuple", "T = (core.save,)", ("app.T[0]", "container", "STL205", 2)),
    case("set", "SET = {core.save}", ("an element of app.SET", "container", "STL205", 2)),
    case("frozenset", "SET = frozenset([core.save])", ("an element of app.SET", "container", "STL205", 2)),
    case(
        "deque",
        "import collections\nQ = collections.deque([1, core.Engine()])",
        ("app.Q[1]", "container", "STL205", 3),
    ),
    case("nested", "N = {'a': [(0, {1: core.Engine()})]}", ("app.N['a'][0][1][1]", "container", "STL205", 2)),
    case(
        "named_tuple",
        "import collections\nP = collections.namedtuple('P', 'x y')(1, core.Engine())",
        ("app.P.y", "container", "STL205", 3),
    ),
    case(
        "default_dict",
        "import collections\nD = collections.defaultdict(core.Engine)\nD['a']",
        ("app.D.default_factory", "container", "STL205", 3),
        ("app.D['a']", "container", "STL205", 3),
    ),
    case(
        "dict_subclass",
        "class D(dict): pass\nX = D(a=core.Engine())\nX.b = core.save",
        ("app.X['a']", "container", "STL205", 3),
        ("app.X.b", "alias", "STL104", 4),
    ),
    case(
        "ordered",
        "import collections\nX = collections.OrderedDict(a=core.save)",
        ("app.X['a']", "container", "STL205", 3),
    ),
    case(
        "chain_map",
        "import collections\nX = collections.ChainMap({'a': core.save})",
        ("app.X.maps[0]['a']", "container", "STL205", 3),
    ),
    case(
        "mapping_proxy",
        "import types\nX = types.MappingProxyType({'a': core.save})",
        ("app.X['a']", "container", "STL205", 3),
    ),
    case("namespace", "import types\nX = types.SimpleNamespace(a=core.save)", ("app.X.a", "container", "STL205", 3)),
]

ATTRIBUTES = [
    case(
        "instance_attribute",
        "class S:\n    def __init__(self): self.engine = core.Engine()\nX = S()",
        ("app.X.engine", "instance", "STL201", 3),
    ),
    case(
        "real_dict",
        "class S:\n    def __init__(self): self.engine = core.Engine()\nX = S()\nX.__dict__",
        ("app.X.engine", "instance", "STL201", 3),
    ),
    case(
        "many_attributes",
        "class S: pass\nX = S()\nfor i in range(40): setattr(X, f'a{i}', i)\nX.engine = core.Engine()",
        ("app.X.engine", "instance", "STL201", 5),
    ),
    case(
        "computed_attribute",
        "class S: pass\nX = S()\nsetattr(X, 'eng' + str(len([1])), core.Engine())",
        ("app.X.eng1", "attribute", None, 3),
    ),
    case(
        "class_default",
        "class S:\n    engine = None\nX = S()\nX.engine = core.Engine()",
        ("app.X.engine", "instance", "STL201", 5),
    ),
    case(
        "attribute_filled_by_function",
        """
        class S:
            def __init__(self): self.names, self.table, self.found = [], {}, set()
        X = S()
        def fill(s, f): s.names.append(f); s.table['a'] = [f]; s.found.add(f)
        fill(X, core.save)
        """,
        ("app.X.names[0]", "container", "STL205", 3),
        ("app.X.table['a'][0]", "container", "STL205", 3),
        ("an element of app.X.found", "container", "STL205", 3),
    ),
    case(
        "attribute_made_and_filled_by_function",
        """
        class S: pass
        def make(f):
            s = S()
            s.names, s.table, s.one = [f], {'a': [f]}, f
            return s
        X = make(core.save)
        X = [X][0]
        """,
        ("app.X.names[0]", "container", "STL205", 8),
        ("app.X.table['a'][0]", "container", "STL205", 8),
        ("app.X.one", "attribute", None, 8),
    ),
    case(
        "module_outside",
        "import types\nX = types.ModuleType('x')\nX.a = core.save\nsetattr(X, 'b', core.Engine)",
        ("app.X.a", "alias", "STL104", 4),
        ("app.X.b", "alias", "STL104", 5),
    ),
    case(
        "attribute_that_is_no_name",
        "class S: pass\nX = S()\nsetattr(X, 'on-x', core.save); setattr(S, 'class', core.Engine)",
        ("app.X.__dict__['on-x']", "alias", "STL104", 4),
        ("app.S.__dict__['class']", "alias", "STL104", 4),
    ),
    case(
        "slot",
        "class S:\n    __slots__ = ('engine',)\nX = S()\nX.engine = core.Engine()",
        ("app.X.engine", "instance", "STL201", 5),
    ),
    case(
        "deep_attribute",
        "class A: pass\nX = A(); X.b = A(); X.b.c = [A()]; X.b.c[0].d = core.Engine()",
        ("app.X.b.c[0].d", "container", "STL205", 3),
    ),
    case(
        "cached_property",
        """
        import functools
        class S:
            @functools.cached_property
            def engine(self): return core.Engine()
        X = S()
        X.engine
        """,
        ("app.X.engine", "cached-result", "STL207", 6),
    ),
    case(
        "old_in_old",
        "X = core.Engine()\nX.part = core.Engine()",
        ("app.X", "instance", "STL201", 2),
        ("app.X.part", "instance", "STL201", 3),
    ),
    case(
        "exception_argument", "X = ValueError('a', core.Engine())", ("app.X.args[1]", "wrapped-callable", "STL206", 2)
    ),
]

CALLABLES = [
    case(
        "default",
        "def make(a, kind=core.Engine): pass",
        ("default argument 'kind' of app.make", "default-argument", "STL204", 2),
    ),
    case(
        "keyword_default",
        "def make(*, kind=core.Engine): pass",
        ("default argument 'kind' of app.make", "default-argument", "STL204", 2),
    ),
    case(
        "method_default",
        "class S:\n    def make(self, kind=core.Engine): pass",
        ("default argument 'kind' of app.S.make", "default-argument", "STL204", 3),
    ),
    case(
        "lambda_default",
        "X = lambda kind=core.Engine: 1",
        ("default argument 'kind' of app.X", "default-argument", "STL204", 2),
    ),
    case(
        "default_in_container",
        "def make(kind=[core.Engine]): pass",
        ("default argument 'kind'[0] of app.make", "default-argument", "STL204", 2),
    ),
    case(
        "closure",
        "def outer():\n    held = core.Engine()\n    def inner(): return held\n    return inner\nCLOSURE = outer()",
        ("closure variable 'held' of app.CLOSURE", "closure", "STL206", 6),
    ),
    case(
        "bound_method",
        "X = core.Engine().run",
        ("app.X.__self__", "wrapped-callable", "STL206", 2),
        ("app.X.__func__", "wrapped-callable", "STL206", 2),
    ),
    case("built_in_method", "X = [core.save].append", ("app.X.__self__[0]", "wrapped-callable", "STL206", 2)),
    case(
        "partial", "import functools\nX = functools.partial(core.save)", ("app.X.func", "wrapped-callable", "STL206", 3)
    ),
    case(
        "partial_arguments",
        "import functools\nX = functools.partial(print, 1, core.save, end=core.Engine)",
        ("app.X.args[1]", "wrapped-callable", "STL206", 3),
        ("app.X.keywords['end']", "wrapped-callable", "STL206", 3),
    ),
    case("class_method", "class S:\n    m = classmethod(core.save)", ("app.S.m", "wrapped-callable", "STL206", 3)),
    case("static_method", "class S:\n    m = staticmethod(core.save)", ("app.S.m", "wrapped-callable", "STL206", 3)),
    case("property", "class S:\n    m = property(core.save)", ("app.S.m.fget", "wrapped-callable", "STL206", 3)),
    case(
        "wrapped",
        "import functools\n@functools.wraps(core.save)\ndef f(): pass",
        ("app.f.__wrapped__", "decorated", "STL209", 4),
    ),
    case(
        "function_attribute",
        "def f(): pass\nf.engine = core.Engine()",
        ("app.f.engine", "instance", "STL201", 3),
    ),
    case(
        "unbounded_cache",
        "import functools\n@functools.lru_cache(None)\ndef f(): return core.Engine()\nf()",
        ("a cached result of app.f", "cached-result", "STL207", 4),
    ),
    case(
        "bounded_cache",
        "import functools\n@functools.lru_cache(8)\ndef f(x): return core.Engine()\nf(1)",
        ("a cached result of app.f", "cached-result", "STL207", 4),
    ),
    case(
        "cached_container",
        "import functools\n@functools.lru_cache(8)\ndef f(x): return {'a': core.Engine()}\nf(1)",
        ("a cached result['a'] of app.f", "cached-result", "STL207", 4),
    ),
    case(
        "cache_argument",
        "import functools\n@functools.lru_cache(8)\ndef f(x): return 1\nf(core.Engine)",
        ("a cached argument of app.f", "cached-result", "STL207", 4),
    ),
    case(
        "unbounded_argument",
        "import functools\n@functools.lru_cache(None)\ndef f(x): return 1\nf(core.Engine)",
        ("a cached argument of app.f", "cached-result", "STL207", 4),
    ),
    case(
        "cached_function",
        "import functools\nX = functools.lru_cache(core.save)",
        ("app.X.__wrapped__", "wrapped-callable", "STL206", 3),
    ),
    case(
        "dispatch_type",
        """
        import functools
        @functools.singledispatch
        def show(x): pass
        @show.register(core.Engine)
        def of_engine(x): pass
        """,
        ("key core.Engine of app.show.registry", "callback", "STL210", 4),
    ),
    case(
        "dispatch_function",
        "import functools\n@functools.singledispatch\ndef show(x): pass\nshow.register(int, core.save)",
        ("app.show.registry[int]", "callback", "STL210", 4),
    ),
    case(
        "method_caller",
        "import types\nX = types.MethodType(core.save, 3)",
        ("app.X.__func__", "wrapped-callable", "STL206", 3),
    ),
]

TYPES = [
    case("generic_alias", "X = list[core.Engine]", ("app.X.__args__[0]", "annotation", "STL211", 2)),
    case("union", "X = core.Engine | None", ("app.X.__args__[0]", "annotation", "STL211", 2)),
    case(
        "typing_alias",
        "import typing\nX = typing.Optional[core.Engine]",
        ("app.X.__args__[0]", "annotation", "STL211", 3),
        ("typing's cache", "typing-cache", None, None),
    ),
    case("annotation", "def f(x: core.Engine): pass", ("annotation 'x' of app.f", "annotation", "STL211", 2)),
    case("class_annotation", "class S:\n    x: core.Engine", ("annotation 'x' of app.S", "annotation", "STL211", 3)),
    case("module_annotation", "x: core.Engine", ("annotation 'x' of app", "annotation", "STL211", 2)),
    case(
        "dataclass_default",
        "import dataclasses\n@dataclasses.dataclass\nclass S:\n    x: type = core.Engine",
        ("app.S.x", "alias", "STL104", 5),
        ("field 'x'.default of app.S", "alias", "STL104", 5),
    ),
    case(
        "dataclass_field_of_an_alias",
        "import dataclasses\n@dataclasses.dataclass\nclass S:\n    x: list[core.Engine]",
        ("annotation 'x'.__args__[0] of app.S", "annotation", "STL211", 5),
    ),
    case(
        "dataclass_field_default",
        "import dataclasses\n@dataclasses.dataclass\nclass S:\n    x: type = dataclasses.field(default=core.Engine)",
        ("app.S.x", "default-argument", "STL204", 5),
        ("field 'x'.default of app.S", "default-argument", "STL204", 5),
    ),
    case(
        "dataclass_factory",
        "from dataclasses import *\n@dataclass\nclass S:\n    x: type = field(default_factory=core.Engine)",
        ("field 'x'.default_factory of app.S", "default-argument", "STL204", 5),
    ),
    case(
        "field_default_factory_of_its_type",
        "from dataclasses import *\n@dataclass\nclass S:\n    x: core.Engine = field(default_factory=core.Engine)",
        ("annotation 'x' of app.S", "annotation", "STL211", 5),
        ("field 'x'.default_factory of app.S", "default-argument", "STL204", 5),
    ),
    case(
        "dataclass_annotation",
        "import dataclasses\n@dataclasses.dataclass\nclass S:\n    x: core.Engine",
        ("annotation 'x' of app.S", "annotation", "STL211", 5),
    ),
    case(
        "enum_value",
        "import enum\nclass Kind(enum.Enum):\n    A = core.Engine()",
        ("app.Kind.A._value_", "instance", "STL201", 4),
    ),
]

SUSPENDED = [
    case(
        "generator",
        "def g():\n    held = core.Engine()\n    yield\nG = g()\nnext(G)",
        ("local 'held' in generator g() at app.py:4 of app.G", "generator", None, 5),
    ),
    case(
        "coroutine",
        """
        import types
        @types.coroutine
        def pause(): yield
        async def c():
            held = core.Engine()
            await pause()
        C = c()
        C.send(None)
        """,
        ("local 'held' in coroutine c() at app.py:7 of app.C", "generator", None, 8),
    ),
    case(
        "inner_coroutine",
        """
        import types
        @types.coroutine
        def pause(): yield
        async def inner():
            held = core.Engine()
            await pause()
        async def c(): await inner()
        C = c()
        C.send(None)
        """,
        (
            "local 'held' in coroutine inner() at app.py:7 of a value in use in coroutine c() at app.py:8 of app.C",
            "generator",
            None,
            9,
        ),
    ),
    case(
        "async_generator",
        """
        async def g():
            held = core.Engine()
            yield 1
        G = g()
        try: G.__anext__().send(None)
        except StopIteration: pass
        """,
        ("local 'held' in async generator g() at app.py:4 of app.G", "generator", None, 5),
    ),
    case(
        "traceback",
        """
        def bad():
            held = core.Engine()
            1 / 0
        try: bad()
        except Exception as e: ERROR = e
        """,
        ("local 'held' in bad() at app.py:4 of app.ERROR.__traceback__", "local", None, 6),
    ),
    case(
        "context",
        """
        def bad():
            held = core.Engine()
            1 / 0
        def worse():
            try: bad()
            except Exception: raise ValueError
        try: worse()
        except Exception as e: ERROR = e
        """,
        ("local 'held' in bad() at app.py:4 of app.ERROR.__context__.__traceback__", "local", None, 9),
    ),
    case(
        "cause",
        """
        def worse():
            try: raise core.Failure
            except Exception as failure: raise ValueError from failure
        try: worse()
        except Exception as e: ERROR = e
        """,
        ("app.ERROR.__cause__", "attribute", None, 6),
    ),
    case("iterator", "X = iter([1, core.Engine()])", ("app.X[1]", "container", "STL205", 2)),
]

REGISTRIES = [
    case("excepthook", "import sys\nsys.excepthook = core.save", ("sys.excepthook", "callback", "STL210", None)),
    case("displayhook", "import sys\nsys.displayhook = core.save", ("sys.displayhook", "callback", "STL210", None)),
    case(
        "thread_hook",
        "import threading\nthreading.excepthook = core.save",
        ("threading.excepthook", "callback", "STL210", None),
    ),
    case("last_value", "import sys\nsys.last_value = core.Failure()", ("sys.last_value", "history", None, None)),
    case("gc_callbacks", "import gc\ngc.callbacks.append(core.save)", ("gc.callbacks[0]", "callback", "STL210", None)),
    case(
        "meta_path",
        "import sys\nsys.meta_path.append(core.Engine())",
        ("sys.meta_path[-1]", "callback", "STL210", None),
    ),
    case(
        "path_hooks",
        "import sys\nsys.path_hooks.append(core.Engine)",
        ("sys.path_hooks[-1]", "callback", "STL210", None),
    ),
    case(
        "copyreg",
        "import copyreg\ncopyreg.pickle(core.Engine, core.save)",
        ("key core.Engine of copyreg.dispatch_table", "callback", "STL210", None),
        ("copyreg.dispatch_table[core.Engine]", "callback", "STL210", None),
    ),
    case(
        "warnings",
        "import warnings\nclass W(Warning): pass\nwarnings.filters.insert(0, ('ignore', None, core.Failure, None, 0))",
        ("warnings.filters[0][2]", "callback", "STL210", None),
    ),
    case(
        "codecs",
        "import codecs\ncodecs.register(core.save)",
        ("codecs' search functions[-1]", "callback", "STL210", None),
    ),
    case(
        "codec_error",
        "import codecs\ncodecs.register_error('mine', core.save)",
        ("codecs' error handlers['mine']", "callback", "STL210", None),
    ),
    case(
        "at_fork",
        "import os\nos.register_at_fork(after_in_child=core.save)",
        ("callbacks of os.register_at_fork[-1]", "callback", "STL210", None),
    ),
    case(
        "logging",
        """
        import logging
        logger = logging.getLogger('shop')
        handler = logging.Handler()
        handler.part = core.Engine()
        logger.addHandler(handler)
        logger.addFilter(core.save)
        del handler, logger
        """,
        ("logger 'shop'.filters[0]", "callback", "STL210", None),
        ("logger 'shop'.handlers[0].part", "callback", "STL210", None),
    ),
    case(
        "root_logger",
        "import logging\nlogging.getLogger().addFilter(core.save)",
        ("the root logger.filters[0]", "callback", "STL210", None),
    ),
    case(
        "finalize",
        "import weakref\nclass S: pass\nX = S()\nweakref.finalize(X, core.save, core.Engine)",
        ("function of weakref.finalize", "finalizer", "STL210", None),
        ("arguments[0] of weakref.finalize", "finalizer", "STL210", None),
    ),
    case(
        "weak_callback",
        "import weakref\nclass S: pass\nX = S()\nR = weakref.ref(X, core.save)",
        ("callback of app.R", "wrapped-callable", "STL206", 5),
    ),
    case(
        "context_variable",
        "import contextvars\nV = contextvars.ContextVar('request')\nV.set(core.Engine())",
        ("context variable 'request'", "context-variable", None, None),
    ),
    case(
        "context_container",
        "import contextvars\nV = contextvars.ContextVar('request')\nV.set({'a': [core.Engine()]})",
        ("context variable 'request'['a'][0]", "context-variable", None, None),
    ),
    case(
        "context_default",
        "import contextvars\nV = contextvars.ContextVar('request', default=core.Engine())",
        ("default of app.V", "wrapped-callable", "STL206", 3),
    ),
    case(
        "thread_local",
        "import threading\nL = threading.local()\nL.engine = core.Engine()",
        ("app.L.engine", "instance", "STL201", 4),
    ),
    case(
        "thread_target",
        """
        import threading
        go = threading.Event()
        threading.Thread(target=lambda: go.wait(20), name='worker', args=(), daemon=True, kwargs={}).start()
        def wait(*args, **kwargs): go.wait(20)
        other = threading.Thread(target=wait, name='other', args=(1, core.save), daemon=True)
        other.start()
        del other
        """,
        ("arguments[1] of thread 'other'", "callback", "STL210", None),
        ("local 'args'[1] in wait() at app.py:5 (thread 'other')", "local", None, 5),
    ),
]
CASES = [*NAMES, *CONTAINERS, *ATTRIBUTES, *CALLABLES, *TYPES, *SUSPENDED, *REGISTRIES]

SCRIPT = """
    answers = {}
    for case in CASES:
        core, app = importlib.import_module("core_" + case), importlib.import_module("app_" + case)
        importlib.reload(core)
        answers[case] = stalecheck.probe(core).to_dict()["findings"]
        del core, app
    answer(answers)
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the probe says of all cases; each has modules of its own in one process."""
    files = {}
    names = [one.name for one in CASES if one.since <= sys.version_info]
    for one in CASES:
        files[f"core_{one.name}.py"] = CORE
        source = one.source.replace("from core import", f"from core_{one.name} import")
        files[f"app_{one.name}.py"] = f"import core_{one.name} as core\n{source}"
    directory = tmp_path_factory.mktemp("holders")
    script = f"CASES = {names!r}\n{textwrap.dedent(SCRIPT)}"
    return run_script(directory, files, script), directory


@pytest.mark.parametrize("one", [pytest.param(one, id=one.name) for one in CASES])
def test_a_holder_is_found_under_its_name(one: Case, answers: Any) -> None:
    found, directory = answers
    assert sorted(rows(found[one.name], one.name, directory), key=str) == sorted(one.rows, key=str)


def rows(findings: Any, name: str, directory: Path) -> list[Row]:
    """Return the holders of findings, with the modules called as in the case."""
    return [
        (simple(holder["path"], name, directory), holder["kind"], holder["code"], holder["line"])
        for finding in findings
        for holder in finding["holders"]
    ]


def simple(path: str, name: str, directory: Path) -> str:
    found = path.replace(f"{directory}/", "").replace(f"core_{name}", "core").replace(f"app_{name}", "app")
    return re.sub(r"(path_hooks|meta_path|functions|fork)\[\d+\]", r"\1[-1]", found)


TWICE = {
    "core.py": "class C:\n    x = 1\n",
    "app.py": """
from core import C
import functools
class K:
    a = C
    b = C
L = [C, C, C]
T = (C, 1, C)
def fn(a=C, b=C, *, k=C, l=C): pass
D = {"a": C, "b": C, C: C}
class O: pass
o = O()
o.a = o.b = C
class P:
    __slots__ = ("a", "b")
    def set(self): self.a = self.b = C
p = P()
p.set()
def closing():
    u = v = C
    def inner(): return u, v
    return inner
CLOSURE = closing()
PARTIAL = functools.partial(C, C, C, k=C, l=C)
x: C = 1
y: C = 2
MANY = [C] * 1000
""",
}

PLACES = (
    "app.K.a",
    "app.K.b",
    *(f"app.L[{index}]" for index in (0, 1, 2)),
    *(f"app.T[{index}]" for index in (0, 2)),
    *(f"app.D[{key}]" for key in ("'a'", "'b'", "core.C")),
    *(f"app.{name}.{attribute}" for name in "op" for attribute in "ab"),
    *(f"app.PARTIAL.{part}" for part in ("func", "args[0]", "args[1]", "keywords['k']", "keywords['l']")),
    "key core.C of app.D",
    *(f"default argument {name!r} of app.fn" for name in "abkl"),
    *(f"closure variable {name!r} of app.CLOSURE" for name in "uv"),
    *(f"annotation {name!r} of app" for name in "xy"),
)


def test_each_place_in_one_holder_is_named(tmp_path: Path) -> None:
    script = """
        import app, core
        importlib.reload(core)
        [found] = stalecheck.probe(core)
        answer([[one.path, one.count] for one in found.holders if one.path != "app.C"])
    """
    found = dict(run_script(tmp_path, TWICE, script))
    assert {path: count for path, count in found.items() if "MANY" not in path} == dict.fromkeys(PLACES, 1)
    many = {path: count for path, count in found.items() if "MANY" in path}
    assert list(many) == [f"app.MANY[{index}]" for index in range(5)]
    assert sum(many.values()) == 1000


REGISTRIES = """
import app, atexit, codecs, core, os
app.KEPT = [core.save]
codecs.register(core.save)
codecs.register_error("mine", core.save)
os.register_at_fork(after_in_child=core.save)
atexit.register(core.save)
importlib.reload(core)
old = app.KEPT[0]

def paths():
    return [one.path for found in stalecheck.probe(core) if found.origin == "core.save" for one in found.holders]

def used(one): return paths()
def used_twice(one): return used(one)
def packed(*these, **those): return paths()
def closed_over(one):
    def inner(): return one
    return paths()

answer([paths(), used(old), used_twice(old), closed_over(old), packed(old, old, one=old), packed(*[old])])
os._exit(0)
"""


def test_registries_are_named_whoever_else_holds_the_object(tmp_path: Path) -> None:
    files = {"core.py": "def save(*args): return None\n", "app.py": ""}
    for index, paths in enumerate(run_script(tmp_path, files, REGISTRIES)):
        assert [path.partition("[")[0] for path in paths if "codecs" in path or "fork" in path] == [
            "codecs' search functions",
            "codecs' error handlers",
            "callbacks of os.register_at_fork",
        ]
        unseen = [path for path in paths if "no referrer" in path]
        if index < 4 and sys.version_info < (3, 14):  # A call may keep the others, and need not.
            assert unseen == ["1 reference that no referrer shows: atexit has 1 callback; or C code, or a value in use"]


def test_variables_of_running_functions_are_counted(tmp_path: Path) -> None:
    script = REGISTRIES.replace("atexit.register(core.save)\n", "")
    files = {"core.py": "def save(*args): return None\n", "app.py": ""}
    for paths in run_script(tmp_path, files, script):
        assert not [path for path in paths if "no referrer" in path]


def test_attributes_keep_their_names_beside_containers(tmp_path: Path) -> None:
    app = """
        import core
        class App:
            def __init__(self):
                self.engine = core.Engine()
                self.table = {"x": core.save, "engine": core.Engine}
                self.items = [core.Engine]
        class Alone:
            pass
        app, other, alone = App(), App(), Alone()
        alone.table = {"table": core.save}
        other.extra = core.decorate
    """
    script = """
        import app
        importlib.reload(app.core)
        answer([sorted(h.path for f in stalecheck.probe(app.core) for h in f.holders) for _ in range(2)])
    """
    first, second = run_script(tmp_path, {"core.py": CORE, "app.py": app}, script)
    both = ["engine", "items[0]", "table['engine']", "table['x']"]
    assert first == sorted(
        [
            "app.alone.table['table']",
            "app.other.extra",
            *(f"app.{name}.{part}" for name in ("app", "other") for part in both),
        ]
    )
    assert second == first


WRAPPING = """
import contextlib, functools
@functools.lru_cache
def cached(): return 1
@contextlib.contextmanager
def manager(): yield 1
def plain(): return 1
class Engine:
    def run(self): return 1
"""

WRAPPED = """
import core, functools
from core import cached, manager
TABLE = {"cached": cached, "manager": manager}
class View:
    get = core.cached
def f(k=core.cached): pass
PARTIAL = functools.partial(print, core.plain)
class Other:
    p = PARTIAL
RUN = core.Engine().run
LIST = [RUN]
def outer():
    held = core.plain
    return lambda: held
CLOSURE = outer()
PAIR = (CLOSURE, functools.partial(CLOSURE))
"""


def test_who_has_a_wrapper_that_cannot_be_changed_is_named(tmp_path: Path) -> None:
    script = """
        import app, core
        importlib.reload(core)
        answer([[f.origin, h.path, h.code] for f in stalecheck.probe(core) for h in f.holders])
    """
    found = run_script(tmp_path, {"core.py": WRAPPING, "app.py": WRAPPED}, script)
    assert sorted((path, code) for origin, path, code in found if origin == "core.cached") == [
        ("app.TABLE['cached'].__wrapped__", "STL205"),
        ("app.View.get.__wrapped__", "STL104"),
        ("app.cached.__wrapped__", "STL101"),
        ("default argument 'k'.__wrapped__ of app.f", "STL204"),
    ]
    assert sorted((path, code) for origin, path, code in found if origin == "core.manager") == [
        ("app.TABLE['manager'].__wrapped__", "STL205"),
        ("app.manager.__wrapped__", "STL101"),
    ]
    assert sorted((path, code) for origin, path, code in found if origin == "core.plain") == [
        ("app.Other.p.args[0]", "STL206"),
        ("app.PARTIAL.args[0]", "STL206"),
        ("closure variable 'held' of app.CLOSURE", "STL206"),
        ("closure variable 'held' of app.PAIR[0]", "STL205"),
        ("closure variable 'held' of app.PAIR[1].func", "STL205"),
    ]
    assert sorted((path, code) for origin, path, code in found if origin == "core.Engine") == [
        ("app.LIST[0].__self__", "STL205"),
        ("app.RUN.__self__", "STL206"),
    ]


def test_attributes_that_stand_over_methods_have_their_names(tmp_path: Path) -> None:
    app = """
        import core, functools, json
        class Encoder:
            def default(self, item): pass
            def __init__(self, default=None):
                self.first = 1
                if default is not None:
                    self.default = default
        class Table(dict):
            def __init__(self, get): self.get = get
        class Lazy:
            @functools.cached_property
            def engine(self): sys.exit("asked")
            def __init__(self): self.other = 1
        own, table, given, lazy = Encoder(core.save), Table(core.save), json.JSONEncoder(default=core.save), Lazy()
        lazy.__dict__["engine"] = core.Engine()
        empty = Lazy()
    """
    script = """
        import app
        importlib.reload(app.core)
        answer([sorted(h.path for f in stalecheck.probe(app.core) for h in f.holders) for _ in range(2)])
    """
    paths = ["app.given.default", "app.lazy.engine", "app.own.default", "app.table.get"]
    assert run_script(tmp_path, {"core.py": CORE, "app.py": app}, script) == [paths, paths]


def test_keys_of_a_namespace_that_are_no_plain_names(tmp_path: Path) -> None:
    script = """
        import core, types
        class Key(str):
            def __eq__(self, other): sys.exit("asked")
            def __hash__(self): return str.__hash__(self)
            def __str__(self): sys.exit("asked")
        class Box: pass
        module, box = types.ModuleType("plug"), Box()
        for namespace in (vars(module), vars(box)):
            namespace[Key("handler")] = core.Engine()
            namespace[5] = core.Engine()
            namespace["not a name"] = core.Engine()
        sys.modules["plug"] = module
        del namespace
        importlib.reload(core)
        report = stalecheck.probe(core)
        answer([report.awaiting_collection, sorted(h.path for f in report for h in f.holders)])
    """
    awaiting, paths = run_script(tmp_path, {"core.py": CORE}, script)
    names = ["__dict__['not a name']", "__dict__[5]", "handler"]
    assert (awaiting, paths) == (0, [f"{holder}.{name}" for holder in ("__main__.box", "plug") for name in names])


@pytest.mark.parametrize("number", [3, 10])
def test_each_subclass_counts_once(tmp_path: Path, number: int) -> None:
    script = f"""
        import core
        ALL = {{}}
        for number in range({number}):
            ALL[number] = type(f"T{{number}}", (core.Engine,), {{}})
        LIST = [type("Deeper", (ALL[0],), {{}})]
        importlib.reload(core)
        answer([[h.path, h.count] for f in stalecheck.probe(core) for h in f.holders])
    """
    found = run_script(tmp_path, {"core.py": CORE}, script)
    counts = [count for path, count in found if "__main__.ALL" in path]
    assert sum(counts) == number, found
    # What inherits from one of them has the old class by that one only, as the linter says it.
    assert not any("LIST" in path for path, _ in found)
