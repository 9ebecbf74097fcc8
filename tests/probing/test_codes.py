"""The probe gives a holder the code that the linter gives it, of whatever kind the holder is."""

from __future__ import annotations

import ast
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import stalecheck

from .scripts import run_script
from .test_holders import CASES, CORE

SOURCES: dict[str, str] = {
    # Imports and second names.
    "imports": "from core import Engine as E, save, settings",
    "star": "from core import *",
    "aliases": "A = core.Engine; F = core.save; S = core.settings; T = U = core.Engine",
    "unpacked": "A, (F, S) = core.Engine, (core.save, core.settings)",
    "walrus": "(A := core.save)",
    "for_loop": "for handler in [core.save]: pass",
    "method_of_class": "F = core.Engine.run",
    "enum_member": "RED = core.Color.RED",
    "instance": "E = core.Engine()",
    "enum_of_instances": "import enum\nclass Kind(enum.Enum):\n    A = core.Engine()",
    "enum_of_singletons": "import enum\nclass Kind(enum.Enum):\n    A = core.settings",
    "enum_of_classes": "import enum\nclass Kind(enum.Enum):\n    A = (core.Engine, 1)",
    "enum_of_tuples": "import enum\nclass Kind(enum.Enum):\n    A = 1, core.save\n    B = [core.Engine()]",
    "enum_of_members": "import enum\nclass Kind(enum.Enum):\n    A = core.Color.RED",
    # Containers.
    "dict": "X = {'a': core.save, core.Engine: 1, 'b': core.settings, 'c': core.Color.RED}",
    "list": "X = [core.save, [core.Engine()]]",
    "tuple": "X = (core.save, core.Engine())",
    "set": "X = {core.save}; Y = frozenset([core.Engine])",
    "comprehension": "X = [one for one in (core.save, core.Engine)]; Y = {k: core.Engine() for k in 'a'}",
    "deque": "import collections\nX = collections.deque([core.save])",
    "chain_map": "import collections\nX = collections.ChainMap({'a': core.save})",
    "chain_map_of_a_name": "import collections\nD = {'a': core.save}\nX = collections.ChainMap(D)",
    "ordered": "import collections\nX = collections.OrderedDict(a=core.save)",
    "default_dict": "import collections\nX = collections.defaultdict(core.Engine)",
    "filled_default_dict": "import collections\nX = collections.defaultdict(list, a=core.save)",
    "counter": "import collections\nX = collections.Counter([core.save])",
    "user_dict": "import collections\nX = collections.UserDict(a=core.save)",
    "user_list": "import collections\nX = collections.UserList([core.save])",
    "namespace": "import types\nX = types.SimpleNamespace(a=core.save, b=core.Engine())",
    "proxy": "import types\nX = types.MappingProxyType({'a': core.save})",
    "named_tuple": "import collections\nP = collections.namedtuple('P', 'x y')\nX = P(1, core.save)",
    "typed_named_tuple": """
        import typing
        class P(typing.NamedTuple):
            x: object
            y: object = None
        X = P(core.save)
        Y = P(core.Engine(), core.Engine)
        """,
    "named_tuple_default": """
        import typing
        class P(typing.NamedTuple):
            x: object = core.save
        """,
    "weak_keys": "import weakref\nclass S: pass\nO = S()\nX = weakref.WeakKeyDictionary()\nX[O] = core.Engine()",
    "weak_keys_made": "import weakref\nclass S: pass\nO = S()\nX = weakref.WeakKeyDictionary({O: core.save})",
    "weak_values": "import weakref\nE = core.Engine()\nX = weakref.WeakValueDictionary(a=E)",
    "weak_values_keys": "import weakref\nclass S: pass\nO = S()\nX = weakref.WeakValueDictionary({core.save: O})",
    "weak_set": "import weakref\nE = core.Engine()\nX = weakref.WeakSet([E])",
    "array_like": "import queue\nX = queue.Queue()\nX.put(core.Engine())",
    "heap": "import heapq\nX = []\nheapq.heappush(X, (1, core.save))",
    "filled": "X = []\nX.append(core.save)\nY = {}\nY['a'] = core.Engine()\nZ = set()\nZ.add(core.Engine)",
    "filled_deque": "import collections\nX = collections.deque()\nX.appendleft(core.save)\nX += [core.Engine]",
    "filled_chain_map": "import collections\nX = collections.ChainMap()\nX['a'] = core.save",
    "filled_default": "import collections\nX = collections.defaultdict(list)\nX['a'].append(core.save)",
    "filled_user_dict": "import collections\nX = collections.UserDict()\nX['a'] = core.save",
    "dict_subclass": "class D(dict): pass\nX = D(a=core.save)\nX.b = core.Engine",
    "list_subclass": "class L(list): pass\nX = L([core.save])",
    "views": "X = {'a': core.save}.values(); Y = {'a': core.Engine}.items(); Z = {core.settings: 1}.keys()",
    "iterators": "X = iter([core.save]); Y = reversed([core.Engine]); Z = enumerate([core.settings])",
    "zip": "X = zip([core.save], [core.Engine])",
    "chain": "import itertools\nX = itertools.chain([core.save], [core.Engine])",
    "cycle": "import itertools\nX = itertools.cycle([core.save]); Y = itertools.repeat(core.Engine)",
    "map": "X = map(core.save, [1]); Y = map(str, [core.Engine])",
    "filter": "X = filter(core.save, [1]); Y = filter(None, [core.Engine])",
    "starmap": "import itertools\nX = itertools.starmap(core.save, [(1,)]); Y = itertools.takewhile(core.Engine, [1])",
    "islice": "import itertools\nX = itertools.islice([core.save], 1)",
    "container_in_class": "class S:\n    X = [core.save]\n    Y = {'a': core.Engine()}",
    # What is put around callables.
    "partial": """
        import functools
        X = functools.partial(core.save)
        Y = functools.partial(print, core.Engine, end=core.settings)
        """,
    "partial_method": "import functools\nclass S:\n    x = functools.partialmethod(core.save, core.Engine)",
    "cached_property": "import functools\nclass S:\n    x = functools.cached_property(core.save)",
    "property": "class S:\n    x = property(core.save, core.Engine)",
    "static_method": "class S:\n    x = staticmethod(core.save)\n    y = classmethod(core.Engine)",
    "bound_method": "X = core.Engine().run; Y = core.settings.run",
    "method_type": "import types\nX = types.MethodType(core.save, 3)",
    "cached_function": "import functools\nX = functools.lru_cache(core.save)",
    "single_dispatch_of": "import functools\nX = functools.singledispatch(core.save)",
    "context_manager": "import contextlib\nX = contextlib.contextmanager(core.save)",
    "closure": """
        def outer(held):
            def inner(): return held
            return inner
        X = outer(core.save)
        Y = outer(core.Engine())
        """,
    "closure_of_own": """
        def outer():
            held = core.Engine()
            def inner(): return held
            return inner
        X = outer()
        """,
    "wrapped": "X = core.decorate(len)",
    "decorated": "@core.decorate\ndef f(): pass",
    "wraps": "import functools\n@functools.wraps(core.save)\ndef f(): pass",
    "method_caller": "import operator\nX = operator.methodcaller('a', core.Engine)",
    "weak_method": "import weakref\nX = weakref.WeakMethod(core.settings.run, core.save)",
    "exception": "X = ValueError('a', core.Engine)",
    "context_default": "import contextvars\nX = contextvars.ContextVar('request', default=core.Engine())",
    "context_default_function": "import contextvars\nX = contextvars.ContextVar('handler', default=core.save)",
    "logger_adapter": "import logging\nX = logging.LoggerAdapter(logging.getLogger('x'), {'u': core.save})",
    "handler": """
        import logging
        class H(logging.Handler):
            def __init__(self, x): super().__init__(); self.x = x
        X = H(core.save)
        """,
    "timer": "import threading\nX = threading.Timer(1000, core.save)",
    "thread": "import threading\nX = threading.Thread(target=core.save, args=(core.Engine,))",
    "timer_with_arguments": "import threading\nX = threading.Timer(1000, core.save, [core.Engine], {'k': core.Base})",
    "started_timer": """
        import threading
        X = threading.Timer(1000, core.save, [core.Engine])
        X.daemon = True
        X.start()
        """,
    "started_thread": """
        import threading
        go = threading.Event()
        def wait(*given): go.wait(30)
        X = threading.Thread(target=wait, args=(core.save, core.Engine), daemon=True)
        X.start()
        """,
    "exit_stack": "import contextlib\nX = contextlib.ExitStack()\nX.callback(core.save)",
    "exit_stack_argument": "import contextlib\nX = contextlib.ExitStack()\nX.callback(print, core.Engine)",
    "null_context": "import contextlib\nX = contextlib.nullcontext(core.Engine); Y = contextlib.closing(core.settings)",
    "argument_parser": "import argparse\nX = argparse.ArgumentParser()\nX.add_argument('--a', type=core.save)",
    "parser_default": "import argparse\nX = argparse.ArgumentParser()\nX.set_defaults(run=core.save)",
    "scheduler": "import sched\nX = sched.scheduler(core.save)",
    "text_wrapper": "import string\nclass F(string.Formatter): pass\nX = F()\nX.engine = core.Engine",
    "mock": "from unittest import mock\nX = mock.Mock(side_effect=core.save)",
    "weak_callback": "import weakref\nclass S: pass\nO = S()\nX = weakref.ref(O, core.save)",
    "weak_proxy": "import weakref\nclass S: pass\nO = S()\nX = weakref.proxy(O, core.save)",
    "finalizer": "import weakref\nclass S: pass\nO = S()\nX = weakref.finalize(O, core.save, core.Engine)",
    # Instances of the holder's own classes.
    "given_to_instance": "class S:\n    def __init__(self, x): self.x = x\nX = S(core.save)\nY = S(core.Engine())",
    "given_by_keyword": "class S:\n    def __init__(self, *, x=None): self.x = x or 1\nX = S(x=core.save)",
    "given_in_container": "class S:\n    def __init__(self, x): self.xs = [x]\nX = S(core.save)",
    "given_container": "class S:\n    def __init__(self, x): self.xs = x\nX = S([core.save])",
    "given_to_base": "class B:\n    def __init__(self, x): self.x = x\nclass S(B): pass\nX = S(core.save)",
    "made_by_instance": "class S:\n    def __init__(self): self.x, self.y = core.Engine(), core.save\nX = S()",
    "made_beside_given": "class S:\n    def __init__(self, n): self.n = n; self.x = core.Engine()\nX = S(core.save)",
    "container_made_by_instance": "class S:\n    def __init__(self): self.x = [core.Engine]\nX = S()",
    "wrapped_by_instance": """
        import functools
        class S:
            def __init__(self): self.x = functools.partial(core.save)
        X = S()
        """,
    "dataclass": """
        import dataclasses
        @dataclasses.dataclass
        class S:
            x: object
        X = S(core.save)
        Y = S(core.Engine())
        """,
    "slots_dataclass": """
        import dataclasses
        @dataclasses.dataclass
        class S:
            __slots__ = ('x',)
            x: object
        X = S(core.save)
        Y = S(x=core.Engine())
        """,
    "dataclass_list": "import dataclasses\n@dataclasses.dataclass\nclass S:\n    x: object\nX = S([core.save])",
    "slots_given": "class S:\n    __slots__ = ('x',)\n    def __init__(self, x): self.x = x\nX = S(core.save)",
    "instance_in_list": "class S:\n    def __init__(self, x): self.x = x\nX = [S(core.save)]",
    "made_by_function": "class S: pass\ndef make(x):\n    s = S()\n    s.x = x\n    return s\nX = make(core.save)",
    "singleton": "class S:\n    def __new__(cls): return object.__new__(cls)\nX = S()\nX.y = core.save",
    "cached_result": "import functools\n@functools.lru_cache(None)\ndef f(): return core.Engine()\nf()",
    "cached_property_result": """
        import functools
        class S:
            @functools.cached_property
            def engine(self): return core.Engine()
        X = S()
        X.engine
        """,
    # Attributes.
    "attribute": "class S: pass\nX = S()\nX.a = core.save; X.b = core.Engine; X.c = core.settings; X.d = core.Engine()",
    "slot": "class S:\n    __slots__ = ('a', 'd')\nX = S()\nX.a = core.save; X.d = core.Engine()",
    "attribute_container": "class S: pass\nX = S()\nX.a = [core.save]; X.b = {'a': core.Engine()}",
    "attribute_filled": "class S: pass\nX = S()\nX.a = []\nX.a.append(core.save)",
    "attribute_wrapped": "import functools\nclass S: pass\nX = S()\nX.a = functools.partial(core.save)",
    "attribute_member": "class S: pass\nX = S()\nX.a = core.Color.RED",
    "attribute_of_attribute": "class S: pass\nX = S(); X.s = S()\nX.s.a = core.save",
    "attribute_by_setattr": "class S: pass\nX = S()\nsetattr(X, 'a', core.save)",
    "function_attribute": "def make(): pass\nmake.a = core.save; make.b = core.Engine(); make.c = [core.Engine]",
    "class_attribute": """
        class S:
            a = core.save
            b = core.Engine()
            c = core.settings
            d = core.Color.RED
        """,
    "class_attribute_later": "class S: pass\nS.a = core.save; S.b = core.Engine(); S.c = core.settings",
    "class_attribute_container": "class S: pass\nS.a = [core.save]",
    "class_attribute_partial": """
        import functools
        class S:
            a = functools.partial(core.save)
            b = core.Engine().run
        """,
    "attached": """
        def attach(x): x.tool = core.Engine(); x.other = core.save; return x
        @attach
        def f(): pass
        @attach
        class S: pass
        def g(): pass
        attach(g)
        """,
    "generator_expression": "X = (one for one in [core.save]); Y = (1 for one in [core.Engine])",
    "thread_local": "import threading\nX = threading.local()\nX.a = core.save; X.b = core.Engine()",
    "namespace_attribute": "import types\nX = types.SimpleNamespace()\nX.a = core.save; X.b = core.Engine()",
    "partial_attribute": "import functools\nX = functools.partial(print)\nX.a = core.save",
    "exception_attribute": "X = ValueError()\nX.a = core.save",
    "built_in_name": "import builtins\nbuiltins.a_NAME = core.save; builtins.b_NAME = core.Engine()",
    "name_of_standard_module": "import json\njson.a_NAME = core.save",
    "name_of_standard_class": "import logging\nlogging.Filter.a_NAME = core.save",
    "attribute_of_standard_object": "import os\nos.environ.a_NAME = core.save",
    "attribute_of_logger": "import logging\nlogging.getLogger('NAME').a = core.save",
    "own_logger": "import logging\nLOG = logging.getLogger('NAME')\nLOG.a = core.save",
    "module_attribute": "import other_NAME\nother_NAME.a = core.save; other_NAME.b = core.Engine()",
    "hook": "import sys\nsys.excepthook = core.save",
    "display_hook": "import sys\nsys.displayhook = core.save",
    "thread_hook": "import threading\nthreading.excepthook = core.save",
    "warnings_hook": "import warnings\nwarnings.showwarning = core.save",
    # Definitions.
    "default": "def f(a, b=core.Engine, *, c=core.save, d=[core.settings]): pass",
    "lambda_default": "X = lambda a=core.save: a",
    "method_default": "class S:\n    def f(self, a=core.Engine): pass",
    "base": "class D(core.Base): pass",
    "metaclass": "class D(metaclass=core.Meta): pass",
    "subclass_of_subclass": "class D(core.Base): pass\nclass E(D): pass\nclass F(E, core.Engine): pass",
    "metaclass_of_subclass": "class D(metaclass=core.Meta): pass\nclass E(D): pass",
    "defaults_set": """
        def f(a=None, *, b=None): pass
        f.__defaults__ = (core.save,)
        f.__kwdefaults__ = {'b': core.Engine}
        """,
    "made_class": "D = type('D', (core.Base,), {})",
    "made_class_with": "D = type('D', (), {'a': core.save})",
    "generic_base": "import typing\nclass D(typing.List[core.Engine]): pass",
    "dataclass_default": "import dataclasses\n@dataclasses.dataclass\nclass S:\n    x: object = core.save",
    "dataclass_field": """
        import dataclasses
        @dataclasses.dataclass
        class S:
            x: object = dataclasses.field(default=core.save)
            y: object = dataclasses.field(default_factory=core.Engine)
        """,
    "annotations": "x: core.Engine\ndef f(a: core.Engine): pass\nclass S:\n    y: core.Engine",
    "type_aliases": "import typing\nX = list[core.Engine]; Y = typing.Optional[core.Engine]; Z = core.Engine | None",
    "type_variable": "import typing\nX = typing.TypeVar('X', bound=core.Engine); Y = typing.NewType('Y', core.Base)",
    "private_attribute": """
        class S:
            __b = core.Engine()
            def __init__(self): self.__x = core.Engine(); self.__y = core.save
        class T:
            __slots__ = ('__z',)
            def __init__(self): self.__z = core.Engine()
        X, Y = S(), T()
        """,
    "filled_by_instance": """
        class S:
            def __init__(self):
                self.table = {}
                self.table['a'] = core.save
        X = S()
        """,
    "filled_outside": """
        import other_NAME
        X = other_NAME.App()
        X.table['a'] = core.save
        X.names.append(core.Engine)
        X.found.add(core.Base)
        X.deep.setdefault('b', []).append(core.Meta)
        """,
    "registered_outside": """
        import other_NAME
        X = other_NAME.App()
        X.table['a'] = core.save
        X.on(core.Engine)
        """,
    "filled_in_place": "X = {}\nX.setdefault('l', []).append(core.save)\nX['k'] = {}\nX['k']['j'] = core.Engine",
    "class_method_of_class": "X = core.Kept.make; Y = core.Kept.help",
    "global_in_function": "X = None\ndef f():\n    global X\n    X = core.Engine()\nf()",
    "with_as": "import contextlib\nwith contextlib.nullcontext(core.save) as X: pass",
    "with_copied": "with core.Entered() as whole: X = whole",
    "matched": "match [core.Engine()]:\n    case [found]: X = found",
    "with_instance": "with core.Entered() as X: pass",
    "exception_kept": "try: raise core.Failure\nexcept core.Failure as error: X = error",
    "dispatch_method": """
        import functools
        class S:
            @functools.singledispatchmethod
            def f(self, x): pass
            @f.register
            def _(self, x: core.Engine): pass
        """,
    "module_outside": "import types\nX = types.ModuleType('x')\nX.a = core.Engine(); X.b = core.save",
    "nested_class": "class S:\n    class T:\n        a = core.save\n    t = T()\n    t.b = core.Engine",
    "nested_class_instance": "class S:\n    class T:\n        def __init__(self, x): self.x = x\n    t = T(core.save)",
    # Registries.
    "at_exit": "import atexit\natexit.register(print, core.Engine)",
    "signal": "import signal\nsignal.signal(signal.SIGUSR2, core.save)",
    "codec": "import codecs\ncodecs.register_error('NAME', core.save)",
    "copyreg": "import copyreg\ncopyreg.pickle(core.Engine, core.save)",
    "warning_filter": "import warnings\nwarnings.filters.append(('ignore', None, core.Failure, None, 0))",
    "importer_cache": "import sys\nsys.path_importer_cache['NAME'] = core.Engine()",
    "standard_container": "import token\ntoken.tok_name[-1] = core.save",
    "dispatch_table": "import copyreg\ncopyreg.dispatch_table[core.Engine] = core.save",
    "own_container_in_module": "import string\nstring.NAME = [core.save]",
    "filter_of_logger": "import logging\nlogging.getLogger('NAME').addFilter(core.save)",
    "filter_of_own_logger": "import logging\nLOG = logging.getLogger('NAME')\nLOG.addFilter(core.save)",
    "filter_of_handler": "import logging\nH = logging.Handler()\nH.addFilter(core.save)",
    "gc_callback": "import gc\ngc.callbacks.append(core.settings.run)",
    "meta_path": "import sys\nsys.path_hooks.append(core.save)",
    "single_dispatch": """
        import functools
        @functools.singledispatch
        def f(x): pass
        f.register(core.Engine, core.save)
        """,
    "abstract_base": "import abc\nclass A(abc.ABC): pass\nA.register(core.Engine)\nK = core.Engine",
    "own_registry": "R = []\ndef register(f): R.append(f)\nregister(core.save)",
    "future": "import asyncio\nL = asyncio.new_event_loop()\nX = L.create_future()\nX.set_result(core.Engine())",
    "own_method": "class S:\n    def keep(self, f): self.f = f\nX = S()\nX.keep(core.save)",
    "own_method_beside_given": """
        class S:
            def __init__(self, n): self.n = n; self.fs = []
            def keep(self, f): self.fs.append(f)
        X = S(core.Engine)
        X.keep(core.save)
        """,
    "conditional": "X = core.Engine() if core else None; Y = None or core.Engine(); Z = core.save if core else None",
    "conditional_call": "import functools\nX = functools.partial(core.save) if core else None",
    "instance_by_condition": "class S:\n    def __init__(self, x): self.x = x\nX = S(core.save) if core else None",
    "event_loop": "import asyncio\nL = asyncio.new_event_loop()\nL.set_exception_handler(core.save)",
    "selector": """
        import selectors, socket
        X = selectors.DefaultSelector()
        A, B = socket.socketpair()
        X.register(A, 1, core.save)
        """,
    "xml_rpc": """
        from xmlrpc.server import SimpleXMLRPCDispatcher
        X = SimpleXMLRPCDispatcher()
        X.register_function(core.save)
        """,
    "sqlite": "import sqlite3\nX = sqlite3.connect(':memory:')\nX.create_function('f', 1, core.save)",
}
"""What stands in ``app_NAME.py`` below ``import core_NAME as core``."""

VALUES = {
    "value": "from core import TABLE, settings; A = core.TABLE; L = core.LOCK; N = core.LIMIT",
    "value_in_container": "X = [core.TABLE]; Y = {'a': core.LOCK}; Z = (core.settings,)",
    "value_partial": """
        import functools
        X = functools.partial(print, core.TABLE)
        Y = functools.partial(print, core.LOCK)
        """,
    "value_attribute": "class S: pass\nX = S()\nX.a = core.TABLE; X.b = core.LOCK; X.c = core.settings",
    "value_given": "class S:\n    def __init__(self, x): self.x = x\nX = S(core.TABLE); Y = S(core.LOCK)",
    "value_made": """
        class S:
            def __init__(self): self.x = core.TABLE; self.y = core.LOCK; self.z = core.settings
        X = S()
        """,
    "value_default": "def f(a=core.TABLE, *, b=core.LOCK): pass",
    "value_class": "class S:\n    x = core.TABLE\n    y = core.LOCK\n    z = core.settings",
    "value_namespace": "import types\nX = types.SimpleNamespace(a=core.TABLE, b=core.LOCK)",
    "value_named_tuple": "import collections\nX = collections.namedtuple('P', 'x y')(core.TABLE, core.LOCK)",
    "value_enum": "import enum\nclass Kind(enum.Enum):\n    A = core.TABLE\n    B = core.LOCK",
    "value_context": "import contextvars\nX = contextvars.ContextVar('x', default=core.TABLE)",
    "value_closure": """
        def outer(x):
            def inner(): return x
            return inner
        X = outer(core.TABLE); Y = outer(core.LOCK)
        """,
    "value_in_standard": "import string\nstring.NAME = core.TABLE",
    "value_type_variable": "import typing\nX = typing.TypeVar('X', bound=core.ALIAS)",
    "value_bound_method": "X = core.TABLE.append",
    "value_conditional": "A = core.TABLE if core else None; B = core.LOCK or None",
}
"""What holds plain values: of these the probe knows with `stalecheck.reload` only that they are old."""

HOLDERS = {one.name: one.source for one in CASES if one.since <= sys.version_info}
"""The same, of the tests of the names that the probe gives."""

EXACT = """
import threading
TABLE = [1, 2]
LOCK = threading.Lock()
LIMIT = 1234567
ALIAS = list[int]
"""
"""What the module that is reloaded makes besides."""

MORE = """
class Kept:
    @classmethod
    def make(cls): pass
    @staticmethod
    def help(): pass
class Entered:
    def __enter__(self): return self
    def __exit__(self, *raised): pass
"""

OTHER = """
class App:
    def __init__(self):
        self.table, self.names, self.found, self.deep = {}, [], set(), {}
    def on(self, f): self.names.append(f)
"""
"""What stands in ``other_NAME.py``."""

SCRIPT = """
    answers = {}
    for case in CASES:
        core, app = importlib.import_module("core_" + case), importlib.import_module("app_" + case)
        if IS_EXACT:
            report = stalecheck.reload(core)
        else:
            importlib.reload(core)
            report = stalecheck.probe(core)
        answers[case] = report.to_dict()["findings"]
        del core, app
    answer(answers)
    import os
    os._exit(0)
"""

ORIGINS = {"settings": "Engine", "Color.RED": "Color", "decorate.<locals>.wrapper": "decorate"}
"""What one half calls by the name of the variable or the function behind it, the other by that of the class."""

ONLY_LINTED = {
    "at_exit": "no referrer shows it",
    "cached_property_result": "it is named by the instance that has it",
    "own_registry": "it is named by the list, not by the call",
    "sqlite": "no referrer shows it",
    "star": "the linter names the star",
}
"""Cases in which the probe finds nothing under a name that the linter gives, and why."""

ONLY_PROBED = frozenset(
    {
        "annotations",
        "array_like",
        "attribute_of_logger",
        "future",
        "heap",
        "made_by_function",
    }
)
"""Cases of which the linter says nothing."""


ELSEWHERE = {("logging", "handler.part"): "the name is deleted, what it stood for is the logger's"}


@dataclass(frozen=True)
class Row:
    """A holder in the words of one half."""

    holder: str
    """The name in the module, or what the probe calls what is no module's own."""

    origin: str
    code: str | None
    is_own: bool
    """Whether the holder is a name of the module, or of a part of it."""


@dataclass(frozen=True)
class Answers:
    """What the linter and the probe say, by case."""

    linted: dict[str, set[Row]]
    probed: dict[str, set[Row]]


@cache
def answers(directory: Path, sources: tuple[tuple[str, str], ...], *, is_exact: bool = False) -> Answers:
    """Return what both halves say of cases that are imported into one process."""
    files = {}
    for name, source in sources:
        source = textwrap.dedent(source).strip("\n").replace("NAME", name)
        files[f"core_{name}.py"] = f"{CORE}{MORE}{EXACT if is_exact else ''}"
        files[f"app_{name}.py"] = f"import core_{name} as core\n{source.replace('from core', f'from core_{name}')}\n"
        files[f"other_{name}.py"] = OTHER
    names = [name for name, _ in sources]
    script = f"CASES, IS_EXACT = {names!r}, {is_exact}\n{textwrap.dedent(SCRIPT)}"
    found = run_script(directory, files, script)
    (directory / "main.py").unlink()
    probed = {name: set(_probed(name, findings)) for name, findings in found.items()}
    return Answers(_linted(directory, dict(sources)), probed)


def _linted(directory: Path, sources: Mapping[str, str]) -> dict[str, set[Row]]:
    found: dict[str, set[Row]] = {name: set() for name in sources}
    options: dict[str, Any] = {"extend_select": ["STL211"], "min_severity": "note"}
    for diagnostic in stalecheck.check([directory], reloaded=["core_*"], isolated=True, **options):
        holder, origin = diagnostic.holder, diagnostic.origin
        if holder and origin:
            case = origin.module.removeprefix("core_")
            is_own = holder.name.partition(".")[0] not in _imported(case, sources[case])
            found[case].add(Row(holder.name, ORIGINS.get(origin.name, origin.name), diagnostic.code, is_own))
    return found


def _imported(case: str, source: str) -> set[str]:
    """Return the names that a case binds to modules."""
    tree = ast.parse(textwrap.dedent(source))
    imports = [one for one in ast.walk(tree) if isinstance(one, ast.Import)]
    return {alias.name.replace("NAME", case) for one in imports for alias in one.names}


def _probed(case: str, findings: Any) -> Iterator[Row]:
    for finding in findings:
        origin = finding["origin"].partition(".")[2]
        for holder in finding["holders"]:
            if holder["kind"] not in ("unseen", "weak-registry", "typing-cache", "history"):
                is_own = holder["module"] == f"app_{case}"
                name = holder["name"] if is_own else holder["path"]
                yield Row(name, ORIGINS.get(origin, origin), holder["code"], is_own)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("codes")


@pytest.mark.parametrize("name", SOURCES)
def test_both_halves_give_a_holder_the_same_code(name: str, directory: Path) -> None:
    shared = _compared(name, answers(directory / "table", tuple(SOURCES.items())))
    assert shared == (name not in ONLY_LINTED and name not in ONLY_PROBED)


@pytest.mark.parametrize("name", HOLDERS)
def test_both_halves_give_what_the_probe_names_the_same_code(name: str, directory: Path) -> None:
    _compared(name, answers(directory / "holders", tuple(HOLDERS.items())))


@pytest.mark.parametrize("name", VALUES)
def test_both_halves_give_a_holder_of_a_value_the_same_code(name: str, directory: Path) -> None:
    assert _compared(name, answers(directory / "values", tuple(VALUES.items()), is_exact=True))


def _compared(name: str, found: Answers) -> bool:
    """Return whether both halves name a holder; each that they do has the same code."""
    linted: dict[tuple[str, str], set[str | None]] = {}
    probed: dict[tuple[str, str], set[str | None]] = {}
    for one in found.linted[name]:
        codes = _same(one, found.probed[name])
        if codes and (name, one.holder) not in ELSEWHERE:
            linted.setdefault((one.holder, one.origin), set()).add(one.code)
            probed[one.holder, one.origin] = codes
    # An annotation and a value of one name are two holders.
    values, values_probed = (
        {key: codes - {"STL211"} or codes for key, codes in half.items()} for half in (linted, probed)
    )
    assert values == values_probed
    return bool(probed)


def _same(one: Row, probed: set[Row]) -> set[str | None]:
    """Return the codes that the probe gives to a holder of the linter's.

    It may have a longer or shorter name, as `H` for ``H.addFilter``, or one that is no module's own: ``logger 'x'.a``.
    """
    there = [other for other in probed if other.origin == one.origin]
    own = [other for other in there if other.is_own]
    if not own or not one.is_own:
        return {other.code for other in there if not other.is_own}
    named = {other.code for other in own if other.holder == one.holder}
    return named or {
        other.code
        for other in own
        if other.holder.startswith(f"{one.holder}.") or one.holder.startswith(f"{other.holder}.")
    }


LINES = """
import other_lines
X = {
    'a': core.save,
    'b': core.Engine,
}
Y = []
Y.append(
    core.save
)
Y += [core.Engine]
Y.append(core.Base)
Z = {}
Z['a'] = core.save
Z['b'] = core.save
Z.setdefault('c', []).append(core.save)
class S:
    def __init__(self):
        self.table = {}
        self.table['a'] = core.save
    name: core.Engine
    other: core.Engine = None
I = S()
I.table['b'] = core.save
O = other_lines.App()
O.names.append(core.save)
O.on(core.Base)
def late():
    global G
    G = core.Engine()
late()
with contextlib.nullcontext(core.save) as W: pass
match 1:
    case _: M = core.save
one: core.Engine
from collections import deque
D = deque([
    core.save])
"""

PLACES = {
    "X['a']": 4,
    "X['b']": 5,
    "Y[0]": 9,
    "Y[1]": 11,
    "Y[2]": 12,
    "Z['a']": 14,
    "Z['b']": 15,
    "Z['c'][0]": 16,
    "I.table['a']": 20,
    "annotation 'name' of S": 21,
    "annotation 'other' of S": 22,
    "I.table['b']": 24,
    "O.names[0]": 26,
    "O.names[1]": 27,
    "G": 30,
    "W": 32,
    "M": 34,
    "annotation 'one' of app": 35,
    "D[0]": 38,
}


def test_a_holder_has_the_line_that_the_linter_gives_it(tmp_path: Path) -> None:
    files = {"core.py": CORE, "other_lines.py": OTHER, "app.py": f"import core, contextlib{LINES}"}
    script = """
        import app
        importlib.reload(app.core)
        answer([[h.path, h.line] for f in stalecheck.probe(app.core) for h in f.holders])
    """
    found = {path.replace("app.", ""): line for path, line in run_script(tmp_path, files, script)}
    assert found == PLACES
    (tmp_path / "main.py").unlink()
    linted = stalecheck.check(
        [tmp_path], reloaded=["core"], isolated=True, extend_select=["STL211"], min_severity="note"
    )
    # Of a container it reports each origin once; what a method does, and bare annotations, it does not follow.
    lines = {one.span.start.row for one in linted if one.path.name == "app.py"}
    assert lines <= set(PLACES.values())
    assert set(PLACES.values()) - lines <= {15, 16, 21, 22, 24, 27, 35}


def test_a_name_that_a_star_import_cannot_have_brought_has_another_code(tmp_path: Path) -> None:
    files = {
        "core.py": "class Engine:\n    def run(self): return 1\nengine = Engine()\n",
        "helper.py": "from core import *\nHELP = 1\n",
        "other.py": "HELP = 2\n",
        "app.py": """
            from other import *
            import core
            globals()["given" + ""] = core.Engine()
            globals()["class"] = core.Engine()
            """,
        "user.py": "from helper import *\n",
    }
    script = """
        import app, user
        importlib.reload(app.core)
        found = [h for f in stalecheck.probe(app.core) for h in f.holders if h.module in ("app", "user")]
        answer(sorted([h.path, h.code, h.line] for h in found))
    """
    found = run_script(tmp_path, files, script)
    assert found == [
        ["app.__dict__['class']", "STL201", None],
        ["app.given", "STL201", None],
        ["user.Engine", "STL102", 1],
        ["user.engine", "STL102", 1],
    ]
