"""Small projects of several modules that reload one another: the strategy behind `test_projects.py`.

A project is written module by module, each from statements that a *form* writes (`FORMS`). A form draws what it builds
on from what the module can name at this point (`Source.some`), so that every statement runs; a form that finds nothing
to build on writes nothing. What the linter and the interpreter cannot agree on yet is left out: `LEFT_OUT` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from hypothesis import strategies as st

from stalecheck.vocabulary import ReloadMode

T = TypeVar("T")

MOST_STATEMENTS = 10
LAYOUTS = (
    ("a", "run"),
    ("a", "b", "run"),
    ("a", "b", "c", "run"),
    ("a", "b", "c", "d", "run"),
    ("p.a", "p", "run"),
    ("p.a", "p", "b", "run"),
    ("p.a", "p.b", "p", "run"),
    ("p.a", "p.b", "p", "c", "run"),
    ("a", "p.b", "p", "c", "run"),
)
"""The modules of a project; each may import those before it. A package comes after what it re-exports."""

LEFT_OUT = {
    "all names of a package": (
        "a star import without `__all__`, or `vars(p)`, brings the submodules that somebody has imported before: the "
        "order in which the program starts decides"
    ),
    "all names of an evicted module": (
        "`vars(m)` of a module that was evicted above is read as if m were the new one, as it is for every other reader"
    ),
    "a package that takes itself or its submodule from a submodule": (
        "a circle of imports: what each of them gets depends on how far the other has run"
    ),
    "a thing held under a lost name": (
        "of `def f(x=m.C)`, `L = [f]`, `f = None` the default is not looked for in L; nor is a list or class looked "
        "into by its second name when the first one is bound again"
    ),
    "what a function takes from a name when it is called": (
        "`def set(): global x; x = f`, a cached `def get(): return C()`, where f or C is bound again: which one "
        "that is depends on when they are called"
    ),
    "what a module makes itself, put into a container of another module": (
        "reloading the module puts the new one beside the old one: that is for STL302 to say, of the statement"
    ),
    "a submodule evicted together with who takes it from its package": (
        "until the submodule is imported again `from p import a` gives the old one; modules that are evicted together "
        "are imported again in the order in which they depend on each other"
    ),
}
"""What is not written because the two do not agree on it yet, and why; the places that see to it name the entry."""


class Kind(Enum):
    """What a name stands for: what can be built on it."""

    CLASS = auto()
    INSTANCE = auto()
    FUNCTION = auto()
    FACTORY = auto()
    DECORATOR = auto()
    ENUM = auto()
    LIST = auto()
    DICT = auto()
    OTHER = auto()
    """Anything that is only passed on: a partial, a member of an enum."""

    TUPLE = auto()
    """A tuple or set: nothing is put into it later."""

    METACLASS = auto()
    REGISTER = auto()
    """A function that puts its argument into a list of its own module."""

    SAME = auto()
    """What survives a reload."""

    MODULE = auto()


OBJECTS = (Kind.CLASS, Kind.INSTANCE, Kind.FUNCTION, Kind.FACTORY, Kind.OTHER, Kind.SAME)
HOLDING = (Kind.LIST, Kind.DICT, Kind.TUPLE)
LOSABLE = (Kind.INSTANCE, Kind.SAME)  # LEFT_OUT: a thing held under a lost name.
CALLABLE = (Kind.CLASS, Kind.FUNCTION, Kind.FACTORY)
LOOP_NAME = "value"
LETTERS = {
    Kind.CLASS: "C",
    Kind.INSTANCE: "i",
    Kind.FUNCTION: "f",
    Kind.FACTORY: "make",
    Kind.DECORATOR: "deco",
    Kind.ENUM: "E",
    Kind.LIST: "L",
    Kind.DICT: "D",
    Kind.OTHER: "x",
    Kind.TUPLE: "T",
    Kind.METACLASS: "Meta",
    Kind.REGISTER: "register",
    Kind.SAME: "log",
    Kind.MODULE: "m",
}


class NothingToBuildOnError(Exception):
    """A form needs what the module cannot name."""


@dataclass(frozen=True)
class Thing:
    """An expression that can stand in a module, and what it is."""

    text: str
    kind: Kind


@dataclass
class Source:
    """A module while it is written."""

    name: str
    earlier: tuple[Source, ...]
    """The modules that it may import."""

    is_package: bool = False
    lines: list[str] = field(default_factory=list)
    names: dict[str, Kind] = field(default_factory=dict)
    handles: dict[str, Source] = field(default_factory=dict)
    """The expressions that are an earlier module: ``a``, ``p.a``, ``m1``."""

    imported: set[str] = field(default_factory=set)
    """The names that import statements bind, and other names for the containers among them."""

    fixed: set[str] = field(default_factory=set)
    """The names that functions look up when they are called: they are not bound again."""

    exported: tuple[str, ...] | None = None
    """What ``__all__`` names."""

    @property
    def text(self) -> str:
        """The source."""
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def package(self) -> str:
        """Where relative imports start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @property
    def public(self) -> dict[str, Kind]:
        """What a star import brings."""
        if self.exported is None:
            return self.names
        return {name: self.names[name] for name in self.exported}

    def new(self, kind: Kind) -> str:
        """Return a name that the module does not bind yet."""
        letter = LETTERS[kind]
        return next(name for number in range(1, 1000) if (name := f"{letter}{number}") not in self.names)

    def bind(self, name: str, kind: Kind, module: Source | None = None) -> None:
        """Take note that a statement binds a name."""
        self.handles = {text: held for text, held in self.handles.items() if text.partition(".")[0] != name}
        self.names[name] = kind
        self.imported.discard(name)
        if module is not None:
            self.handles[name] = module

    def bind_import(self, name: str, module: Source, taken: str) -> None:
        """Take note that a statement binds a name that it takes from another module."""
        self.bind(name, module.names[taken], module.handles.get(taken))
        self.imported.add(name)

    def look_up_late(self, thing: Thing) -> None:
        """Take note that a function looks a thing up when it is called.

        Raises:
            NothingToBuildOnError: its name may be bound again.
        """
        if thing.text == LOOP_NAME:
            raise NothingToBuildOnError  # LEFT_OUT: what a function takes from a name when it is called.
        self.fixed.add(thing.text)

    def also(self, name: str, thing: Thing) -> None:
        """Take note that a name is another one for a thing."""
        if thing.kind in HOLDING and (thing.text in self.imported or "." in thing.text):
            self.imported.add(name)

    def some(self, *kinds: Kind) -> st.SearchStrategy[Thing]:
        """Draw one of the things of some kinds that the module can name.

        Raises:
            NothingToBuildOnError: there is none.
        """
        return one_of([thing for thing in self.things() if thing.kind in kinds])

    def named(self, *kinds: Kind) -> st.SearchStrategy[str]:
        """Draw one of the module's names for things of some kinds."""
        return one_of([name for name, kind in self.names.items() if kind in kinds])

    def put(self, name: str, *kinds: Kind) -> st.SearchStrategy[Thing]:
        """Draw one of the things of some kinds that can be put into a container, or handed to what registers it."""
        things = [thing for thing in self.things() if thing.kind in kinds]
        if name in self.imported:
            # LEFT_OUT: what a module makes itself, put into a container of another module.
            things = [thing for thing in things if thing.text in self.imported or "." in thing.text]
        return one_of(things)

    def things(self) -> Iterator[Thing]:
        """Yield what the module can name: its own names, and those of the modules that it has imported."""
        for handle, module in self.handles.items():
            for name, kind in module.names.items():
                if not self.is_circular(module, name):
                    yield Thing(f"{handle}.{name}", kind)
        for name, kind in self.names.items():
            yield Thing(name, kind)

    def may_take(self, module: Source, name: str) -> bool:
        """Whether the module may bind a name that it takes from another one."""
        # LEFT_OUT: a thing held under a lost name.
        is_lost = name in self.names and name not in self.imported and self.names[name] not in (*LOSABLE, Kind.MODULE)
        return not is_lost and name not in self.fixed and not self.is_circular(module, name)

    def is_circular(self, module: Source, name: str) -> bool:
        """Whether a name that this package's submodule binds is the package itself or another submodule."""
        # LEFT_OUT: a package that takes itself or its submodule from a submodule.
        held = module.handles.get(name)
        inner = held is not None and held.name.startswith(f"{self.name}.")
        return self.is_package and module.name.startswith(f"{self.name}.") and (inner or name == self.name)

    def write(self, kind: Kind, template: str, **parts: str) -> str:
        """Write a statement that binds a new name, ``{new}`` in the template, and return the name."""
        name = self.new(kind)
        self.lines += template.format(new=name, **parts).splitlines()
        self.bind(name, kind)
        return name


def one_of(choices: list[T]) -> st.SearchStrategy[T]:
    if not choices:
        raise NothingToBuildOnError
    return st.sampled_from(choices)


Form: TypeAlias = Callable[[Source, st.DrawFn], None]


# Imports


def import_module(here: Source, draw: st.DrawFn) -> None:
    """``import a``, ``import p.a``: of the latter ``p`` is bound."""
    module = draw(one_of(list(here.earlier)))
    here.lines.append(f"import {module.name}")
    top = module.name.partition(".")[0]
    here.bind(top, Kind.MODULE)
    here.handles[module.name] = module


def import_module_as(here: Source, draw: st.DrawFn) -> None:
    module = draw(one_of(list(here.earlier)))
    name = here.write(Kind.MODULE, "import {module} as {new}", module=module.name)
    here.bind(name, Kind.MODULE, module)


def from_package_import_module(here: Source, draw: st.DrawFn) -> None:
    module = draw(one_of([module for module in here.earlier if "." in module.name]))
    package, _, last = module.name.rpartition(".")
    here.lines.append(f"from {draw(spelled(here, package))} import {last}")
    here.bind(last, Kind.MODULE, module)


def from_import(here: Source, draw: st.DrawFn) -> None:
    module, name = draw(exported(here))
    here.lines.append(f"from {draw(spelled(here, module.name))} import {name}")
    here.bind_import(name, module, name)


def from_import_as(here: Source, draw: st.DrawFn) -> None:
    module, name = draw(exported(here))
    kind = module.names[name]
    new = here.write(kind, "from {module} import {name} as {new}", module=draw(spelled(here, module.name)), name=name)
    here.bind_import(new, module, name)


def star_import(here: Source, draw: st.DrawFn) -> None:
    # LEFT_OUT: all names of a package.
    listed = [module for module in here.earlier if module.exported is not None or not module.is_package]
    module = draw(one_of([module for module in listed if all(here.may_take(module, name) for name in module.public)]))
    here.lines.append(f"from {draw(spelled(here, module.name))} import *")
    for name in module.public:
        here.bind_import(name, module, name)


def try_import(here: Source, draw: st.DrawFn) -> None:
    module, name = draw(exported(here))
    here.lines += ["try:", f"    from {draw(spelled(here, module.name))} import {name}", "except ImportError:"]
    here.lines.append(f"    {name} = None")
    here.bind_import(name, module, name)


def import_of_what_is_missing(here: Source, draw: st.DrawFn) -> None:
    module, name = draw(exported(here))
    here.lines += ["try:", f"    from not_installed import {name}", "except ImportError:"]
    here.lines.append(f"    from {draw(spelled(here, module.name))} import {name}")
    here.bind_import(name, module, name)


def import_of_this_version(here: Source, draw: st.DrawFn) -> None:
    module, name = draw(exported(here))
    here.lines += ["import sys", "if sys.version_info >= (3, 8):"]
    here.lines += [f"    from {draw(spelled(here, module.name))} import {name}", "else:", f"    {name} = None"]
    here.bind("sys", Kind.MODULE)
    here.bind_import(name, module, name)


def import_by_call(here: Source, draw: st.DrawFn) -> None:
    module = draw(one_of(list(here.earlier)))
    here.lines.append("import importlib")
    here.bind("importlib", Kind.MODULE)
    name = here.write(Kind.MODULE, "{new} = importlib.import_module({module!r})", module=module.name)
    here.bind(name, Kind.MODULE, module)


def import_in_class(here: Source, draw: st.DrawFn) -> None:
    module, name = draw(exported(here))
    spelling = draw(spelled(here, module.name))
    here.write(
        Kind.CLASS, "class {new}:\n    from {m} import {name}\n    def method(self): pass", m=spelling, name=name
    )


def import_in_function(here: Source, draw: st.DrawFn) -> None:
    module, name = draw(exported(here))
    spelling = draw(spelled(here, module.name))
    here.write(Kind.FUNCTION, "def {new}():\n    from {m} import {name}\n    return {name}", m=spelling, name=name)


def exported(here: Source) -> st.SearchStrategy[tuple[Source, str]]:
    """Draw a name of an earlier module, re-exports included."""
    return one_of([(module, name) for module in here.earlier for name in module.names if here.may_take(module, name)])


def spelled(here: Source, module: str) -> st.SearchStrategy[str]:
    """Draw a way to spell a module after ``from``: its name, or a relative one within its package."""
    package = here.package
    if package and module == package:
        return st.sampled_from([module, "."])
    if package and module.startswith(f"{package}."):
        return st.sampled_from([module, module.removeprefix(package)])
    return st.just(module)


# Definitions


def class_(here: Source, draw: st.DrawFn) -> None:
    here.write(Kind.CLASS, "class {new}:\n    def method(self): pass")


def function(here: Source, draw: st.DrawFn) -> None:
    here.write(Kind.FUNCTION, "def {new}(*arguments): pass")


def singleton(here: Source, draw: st.DrawFn) -> None:
    here.write(Kind.OTHER, "{new} = object()")


def survivor(here: Source, draw: st.DrawFn) -> None:
    here.lines.append("import logging")
    here.bind("logging", Kind.MODULE)
    here.write(Kind.SAME, "{new} = logging.getLogger('x')")


def enum(here: Source, draw: st.DrawFn) -> None:
    here.lines.append("import enum")
    here.bind("enum", Kind.MODULE)
    here.write(Kind.ENUM, "class {new}(enum.Enum):\n    RED = 1")


def decorator(here: Source, draw: st.DrawFn) -> None:
    here.write(
        Kind.DECORATOR,
        "def {new}(wrapped):\n    def wrapper(*arguments):\n        return wrapped(*arguments)\n    return wrapper",
    )


def factory(here: Source, draw: st.DrawFn) -> None:
    made = draw(here.some(Kind.CLASS))
    here.write(Kind.FACTORY, "def {new}():\n    return {made}()", made=made.text)


def user(here: Source, draw: st.DrawFn) -> None:
    """A function that names a thing when it is called only."""
    thing = draw(here.some(*OBJECTS))
    here.write(Kind.FUNCTION, "def {new}(*arguments):\n    return {thing}", thing=thing.text)


def subclass(here: Source, draw: st.DrawFn) -> None:
    base = draw(here.some(Kind.CLASS))
    here.write(Kind.CLASS, "class {new}({base}): pass", base=base.text)


def class_attribute(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*OBJECTS, *HOLDING))
    here.write(Kind.CLASS, "class {new}:\n    held = {thing}\n    def method(self): pass", thing=thing.text)


def dataclass_field(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*CALLABLE))
    value = draw(
        st.sampled_from(["{thing}", "dataclasses.field(default={thing})", "dataclasses.field(default_factory={thing})"])
    )
    here.lines.append("import dataclasses")
    here.bind("dataclasses", Kind.MODULE)
    value = value.format(thing=thing.text)
    here.write(
        Kind.CLASS,
        "@dataclasses.dataclass\nclass {new}:\n    held: object = {value}\n    def method(self): pass",
        value=value,
    )


def default_argument(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*OBJECTS, *HOLDING))
    header = draw(st.sampled_from(["value={thing}", "*, value={thing}", "value=[{thing}]"])).format(thing=thing.text)
    here.write(Kind.FUNCTION, "def {new}({header}): pass", header=header)


def default_of_method(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*OBJECTS))
    here.write(Kind.CLASS, "class {new}:\n    def method(self, value={thing}): pass", thing=thing.text)


def decorated(here: Source, draw: st.DrawFn) -> None:
    by = draw(here.some(Kind.DECORATOR))
    here.write(Kind.FUNCTION, "@{by}\ndef {new}(*arguments): pass", by=by.text)


def named_tuple(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*OBJECTS))
    here.lines.append("import typing")
    here.bind("typing", Kind.MODULE)
    here.write(Kind.FUNCTION, "class {new}(typing.NamedTuple):\n    field: object = {thing}", thing=thing.text)


def metaclass(here: Source, draw: st.DrawFn) -> None:
    here.write(Kind.METACLASS, "class {new}(type): pass")


def of_metaclass(here: Source, draw: st.DrawFn) -> None:
    by = draw(here.some(Kind.METACLASS))
    here.write(Kind.CLASS, "class {new}(metaclass={by}):\n    def method(self): pass", by=by.text)


def kept_value(here: Source, draw: st.DrawFn) -> None:
    here.lines.append("import decimal")
    here.bind("decimal", Kind.MODULE)
    here.write(Kind.SAME, "{new} = decimal.getcontext()")


def registering(here: Source, draw: st.DrawFn) -> None:
    registry = here.write(Kind.LIST, "{new} = []")
    template = "def {new}(hook):\n    {registry}.append(hook)\n    return hook"
    here.write(Kind.REGISTER, template, registry=registry)


def cached(here: Source, draw: st.DrawFn) -> None:
    made = draw(here.some(Kind.CLASS))
    here.look_up_late(made)
    here.lines.append("import functools")
    here.bind("functools", Kind.MODULE)
    here.write(Kind.FUNCTION, "@functools.cache\ndef {new}():\n    return {made}()\n{new}()", made=made.text)


# Assignments


def instance(here: Source, draw: st.DrawFn) -> None:
    made = draw(here.some(Kind.CLASS, Kind.FACTORY))
    here.write(Kind.INSTANCE, "{new} = {made}()", made=made.text)


def alias(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*OBJECTS, *HOLDING, Kind.ENUM, Kind.DECORATOR))
    template = draw(
        st.sampled_from(
            [
                "{new} = {thing}",
                "{new}: object = {thing}",
                "if ({new} := {thing}): pass",
                "{new} = {thing} if __name__ else None",
                "{new} = {thing} or None",
                "for {new} in ({thing},): pass",
                "if len(__name__):\n    {new} = {thing}",
                "{new} = None\n{new} = {thing}",
                "try:\n    {new} = {thing}\nfinally:\n    pass",
                "def set_{new}():\n    global {new}\n    {new} = {thing}\nset_{new}()",
            ]
        )
    )
    if "global" in template:
        here.look_up_late(thing)
    here.also(here.write(thing.kind, template, thing=thing.text), thing)


def alias_of_module(here: Source, draw: st.DrawFn) -> None:
    text = draw(one_of(list(here.handles)))
    module = here.handles[text]
    name = here.write(Kind.MODULE, "{new} = {text}", text=text)
    here.bind(name, Kind.MODULE, module)


def unpacked(here: Source, draw: st.DrawFn) -> None:
    first, second = draw(here.some(*OBJECTS)), draw(here.some(*OBJECTS))
    name = here.new(first.kind)
    here.bind(name, first.kind)
    here.write(second.kind, "{name}, {new} = {first}, {second}", name=name, first=first.text, second=second.text)


def chained(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*OBJECTS, Kind.LIST))
    name = here.new(thing.kind)
    here.bind(name, thing.kind)
    here.also(name, thing)
    here.also(here.write(thing.kind, "{name} = {new} = {thing}", name=name, thing=thing.text), thing)


def member(here: Source, draw: st.DrawFn) -> None:
    owner = draw(here.some(Kind.ENUM))
    here.write(Kind.OTHER, "{new} = {owner}.RED", owner=owner.text)


def wrapped(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*CALLABLE))
    here.lines.append("import functools")
    here.bind("functools", Kind.MODULE)
    here.write(Kind.OTHER, "{new} = functools.partial({thing})", thing=thing.text)


def bound_method(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(Kind.INSTANCE))
    here.write(Kind.OTHER, "{new} = {thing}.method", thing=thing.text)


def method_of_class(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(Kind.CLASS))
    here.write(Kind.OTHER, "{new} = {thing}.method", thing=thing.text)


def closure(here: Source, draw: st.DrawFn) -> None:
    by, thing = draw(here.some(Kind.DECORATOR)), draw(here.some(*CALLABLE))
    here.write(Kind.OTHER, "{new} = {by}({thing})", by=by.text, thing=thing.text)


def lambda_default(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*OBJECTS))
    here.write(Kind.FUNCTION, "{new} = lambda value={thing}: value", thing=thing.text)


def entered(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*OBJECTS))
    here.lines.append("import contextlib")
    here.bind("contextlib", Kind.MODULE)
    here.write(thing.kind, "with contextlib.nullcontext({thing}) as {new}: pass", thing=thing.text)


def lambda_closure(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*CALLABLE))
    here.write(Kind.OTHER, "{new} = (lambda value: lambda: value)({thing})", thing=thing.text)


def matched(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*OBJECTS))
    template = draw(
        st.sampled_from(
            [
                "match {thing}:\n    case {new}: pass",
                "match ({thing}, 1):\n    case ({new}, _): pass",
                "match [1, {thing}]:\n    case [_, {new}]: pass",
                "match {{'k': {thing}}}:\n    case {{'k': {new}}}: pass",
                "match {thing}:\n    case object() as {new}: pass",
            ]
        )
    )
    here.write(thing.kind, template, thing=thing.text)


def rebound(here: Source, draw: st.DrawFn) -> None:
    name = draw(one_of([name for name, kind in here.names.items() if kind in LOSABLE and name not in here.fixed]))
    here.lines.append(f"{name} = None")
    here.bind(name, Kind.SAME)


def deleted(here: Source, draw: st.DrawFn) -> None:
    name = draw(one_of([name for name, kind in here.names.items() if kind in LOSABLE and name not in here.fixed]))
    here.lines.append(f"del {name}")
    del here.names[name]


# Containers


def list_(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*OBJECTS, *HOLDING, Kind.MODULE))
    template = draw(
        st.sampled_from(
            [
                "{new} = []",
                "{new} = [{thing}]",
                "{new} = [1, ({thing}, 2)]",
                "{new} = [value for value in ({thing}, 1)]",
                "{new} = list(({thing},))",
                "{new} = [1] + [{thing}]",
                "{new} = [*[{thing}]]",
            ]
        )
    )
    here.write(Kind.LIST, template, thing=thing.text)


def dict_(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*OBJECTS, *HOLDING, Kind.MODULE))
    template = draw(
        st.sampled_from(
            [
                "{new} = {{}}",
                "{new} = {{'k': {thing}}}",
                "{new} = {{{thing}: 1}}",
                "{new} = {{'k': [{thing}]}}",
                "{new} = {{'k': {{'k': {thing}}}}}",
                "{new} = dict(k={thing})",
                "{new} = {{key: {thing} for key in 'z'}}",
                "{new} = {{**{{'k': {thing}}}}}",
            ]
        )
    )
    if "{thing}:" in template and thing.kind in HOLDING:
        raise NothingToBuildOnError
    here.write(Kind.DICT, template, thing=thing.text)


def tuple_or_set(here: Source, draw: st.DrawFn) -> None:
    thing = draw(here.some(*OBJECTS, *HOLDING, Kind.MODULE))
    hashed = [] if thing.kind in HOLDING else ["{new} = {{{thing}}}", "{new} = frozenset([{thing}])"]
    template = draw(st.sampled_from(["{new} = ({thing}, 1)", *hashed]))
    here.write(Kind.TUPLE, template, thing=thing.text)


def names_of_module(here: Source, draw: st.DrawFn) -> None:
    # LEFT_OUT: all names of a package, a package that takes itself or its submodule from a submodule.
    listed = {handle: source for handle, source in here.handles.items() if not source.is_package}
    module = draw(
        one_of([h for h, source in listed.items() if not any(map(partial(here.is_circular, source), source.names))])
    )
    template = draw(
        st.sampled_from(
            [
                "{new} = {{key: value for key, value in vars({module}).items() if not key.startswith('_')}}",
                "{new} = {{key: value for key, value in vars({module}).items() if isinstance(value, type)}}",
            ]
        )
    )
    here.write(Kind.DICT, template, module=module)


def registered(here: Source, draw: st.DrawFn) -> None:
    by = draw(here.named(Kind.REGISTER))
    thing = draw(here.put(by, *CALLABLE))
    here.lines.append(f"{by}({thing.text})")


def fill_list(here: Source, draw: st.DrawFn) -> None:
    name = draw(here.named(Kind.LIST))
    thing = draw(here.put(name, *OBJECTS, *HOLDING))
    template = draw(
        st.sampled_from(
            [
                "{name}.append({thing})",
                "{name}.insert(0, {thing})",
                "{name}.extend([{thing}])",
                "{name} += [{thing}]",
                "{name}[0:0] = [{thing}]",
                "{name}[:] = [{thing}]",
                "{name}[:] = [*{name}, {thing}]",
                "{name}.append(1)\n{name}[0] = {thing}",
                "{name}.append({thing})\n{name}.pop()",
                "{name}.clear()",
                "del {name}[:]",
                "for value in ({thing},): {name}.append(value)",
            ]
        )
    )
    if template.startswith("for"):
        here.bind(LOOP_NAME, thing.kind)
    here.lines.append(template.format(name=name, thing=thing.text))


def fill_dict(here: Source, draw: st.DrawFn) -> None:
    name = draw(here.named(Kind.DICT))
    thing = draw(here.put(name, *OBJECTS, *HOLDING))
    template = draw(
        st.sampled_from(
            [
                "{name}['{key}'] = {thing}",
                "{name}[{thing}] = 1",
                "{name}.update({key}={thing})",
                "{name} |= {{'{key}': {thing}}}",
                "{name}.setdefault('{key}', {thing})",
                "{name}['k'] = {thing}",
                "{name}['k'] = {thing}\ndel {name}['k']",
                "{name}.update(k={thing})",
                "{name}.clear()",
            ]
        )
    )
    if "[{thing}]" in template and thing.kind in HOLDING:
        raise NothingToBuildOnError
    here.lines.append(template.format(name=name, key=f"k{len(here.lines)}", thing=thing.text))


IMPORTS: tuple[Form, ...] = (
    from_import,
    import_module,
    import_module_as,
    from_package_import_module,
    from_import_as,
    star_import,
    try_import,
    import_of_what_is_missing,
    import_of_this_version,
    import_by_call,
    import_in_class,
    import_in_function,
)
DEFINITIONS: tuple[Form, ...] = (
    class_,
    function,
    singleton,
    survivor,
    enum,
    decorator,
    factory,
    user,
    subclass,
    class_attribute,
    dataclass_field,
    default_argument,
    default_of_method,
    decorated,
    named_tuple,
    metaclass,
    of_metaclass,
    kept_value,
    registering,
    cached,
)
ASSIGNMENTS: tuple[Form, ...] = (
    instance,
    alias,
    alias_of_module,
    unpacked,
    chained,
    member,
    wrapped,
    bound_method,
    method_of_class,
    closure,
    lambda_default,
    lambda_closure,
    entered,
    matched,
    rebound,
    deleted,
)
CONTAINERS: tuple[Form, ...] = (
    list_,
    dict_,
    tuple_or_set,
    fill_list,
    fill_dict,
    registered,
    names_of_module,
)


FORMS: tuple[Form, ...] = (*IMPORTS, *IMPORTS, *DEFINITIONS, *ASSIGNMENTS, *CONTAINERS, *CONTAINERS)


@st.composite
def statement(draw: st.DrawFn, here: Source, forms: tuple[Form, ...]) -> None:
    """Write one statement, or none where its form finds nothing to build on."""
    form = draw(st.sampled_from(forms))
    with suppress(NothingToBuildOnError):
        form(here, draw)


def statements(here: Source, forms: tuple[Form, ...], *, most: int) -> st.SearchStrategy[list[None]]:
    return st.lists(statement(here, forms), max_size=most)


# Reloads


@dataclass(frozen=True)
class Act:
    """What is done once everything is imported: a call, a reload or a reimport of one module, or nothing."""

    how: str
    what: str


@dataclass(frozen=True, repr=False)
class Project:
    """The sources of a project, and how it is reloaded."""

    sources: tuple[tuple[str, str], ...]
    """Each file's path and text; the modules are imported in this order."""

    mode: ReloadMode
    acts: tuple[Act, ...]
    """Done one at a time, each to the project as it was imported."""

    options: tuple[str, ...] = ()
    """The modules that ``--reloaded`` or ``--reimported`` names."""

    @property
    def modules(self) -> tuple[str, ...]:
        """The dotted names, in the order of import."""
        return tuple(path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path, _ in self.sources)

    def put(self, folder: Path) -> None:
        """Write the files."""
        for path, text in self.sources:
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")

    def __repr__(self) -> str:
        return "\n".join(self._shown())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    def _shown(self) -> Iterator[str]:
        for path, text in self.sources:
            yield f"\n# {path}\n{text.rstrip()}"
        option = "reloaded" if self.mode is ReloadMode.RELOAD else "reimported"
        acts = [f"--{option} {name}" for name in self.options] or [f"{act.how} {act.what}".strip() for act in self.acts]
        yield f"\n# then {' or '.join(acts)}\n"


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """Draw a project of two to five modules, the last of which, `run`, is the one that reloads."""
    layout = draw(st.sampled_from(LAYOUTS))
    written: list[Source] = []
    for name in layout:
        is_package = any(other.startswith(f"{name}.") for other in layout)
        here = Source(name, tuple(written), is_package)
        if written:
            draw(statements(here, IMPORTS, most=4))
        draw(statements(here, FORMS, most=MOST_STATEMENTS))
        written.append(here)
        if name != "run":
            draw(exports(here))
    mode = draw(st.sampled_from(list(ReloadMode)))
    reloaded = draw(st.lists(st.sampled_from(layout[:-1]), min_size=1, max_size=3))
    ending = draw(st.sampled_from([by_function, by_top_level, by_options]))
    return draw(ending(written, mode, reloaded))


@st.composite
def exports(draw: st.DrawFn, here: Source) -> None:
    """Give a module an ``__all__``, or none."""
    is_listed: bool = draw(st.booleans())
    if here.names and is_listed:
        names = draw(st.lists(st.sampled_from(list(here.names)), unique=True))
        here.exported = tuple(names)
        here.lines.append(f"__all__ = {names!r}")


def by_options(written: list[Source], mode: ReloadMode, reloaded: list[str]) -> st.SearchStrategy[Project]:
    """The modules are reloaded each on its own, as options name them."""
    names = tuple(dict.fromkeys(reloaded))
    return st.just(project(written, mode, tuple(Act(mode.value, name) for name in names), names))


@st.composite
def by_function(draw: st.DrawFn, written: list[Source], mode: ReloadMode, reloaded: list[str]) -> Project:
    """A function of `run` reloads, in order, and perhaps binds a name of `run` anew afterwards."""
    here = written[-1]
    body = ["import importlib, sys", *draw(reloading(written, mode, reloaded))]
    again = draw(st.sampled_from([None, *taken_anew(here)]))
    if again is not None:
        module, name = again
        here.bind_import(name, module, name)
        body = [f"global {name}", *body, f"from {module.name} import {name}"]
    here.lines += ["def go():", *(f"    {line}" for line in body)]
    return project(written, mode, (Act("call", "run:go"),))


@st.composite
def by_top_level(draw: st.DrawFn, written: list[Source], mode: ReloadMode, reloaded: list[str]) -> Project:
    """`run` reloads at its top level, and goes on afterwards."""
    here = written[-1]
    here.lines += [
        "import importlib, sys",
        *(f"import {name}" for name in reloaded),
        *draw(reloading(written, mode, reloaded)),
    ]
    for name in ("importlib", "sys", *(name.partition(".")[0] for name in reloaded)):
        here.bind(name, Kind.MODULE)
    # LEFT_OUT: all names of an evicted module.
    forms = FORMS if mode is ReloadMode.RELOAD else tuple(form for form in FORMS if form is not names_of_module)
    draw(statements(here, forms, most=3))
    return project(written, mode, (Act("nothing", ""),))


@st.composite
def reloading(draw: st.DrawFn, written: list[Source], mode: ReloadMode, names: list[str]) -> list[str]:
    """Write the statements that reload some modules in order."""
    if mode is ReloadMode.RELOAD:
        one = ["importlib.reload(sys.modules[{name!r}])"]
        other = ["importlib.reload(importlib.import_module({name!r}))"]
        loop = ["for name in {names!r}:", "    importlib.reload(sys.modules[name])"]
    else:
        one = ["del sys.modules[{name!r}]", "importlib.import_module({name!r})"]
        other = ["sys.modules.pop({name!r})", "importlib.import_module({name!r})"]
        loop = ["for name in {names!r}:", "    sys.modules.pop(name, None)", "for name in {names!r}:"]
        loop.append("    importlib.import_module(name)")
    shape = draw(st.sampled_from([one, other, loop]))
    if shape is loop:
        if mode is ReloadMode.REIMPORT and any("." in name for name in names):
            # LEFT_OUT: a submodule evicted together with who takes it from its package.
            names = [source.name for source in written if source.name in names]
        return [line.format(names=tuple(names)) for line in loop]
    return [line.format(name=name) for name in names for line in shape]


def taken_anew(here: Source) -> list[tuple[Source, str]]:
    return [
        (module, name)
        for module in here.earlier
        for name in module.names
        # LEFT_OUT: a thing held under a lost name, what a function takes from a name when it is called.
        if name in here.imported - here.fixed
    ]


def project(written: list[Source], mode: ReloadMode, acts: tuple[Act, ...], options: tuple[str, ...] = ()) -> Project:
    files = ((source.name.replace(".", "/") + ("/__init__.py" if source.is_package else ".py")) for source in written)
    sources = tuple((path, source.text) for path, source in zip(files, written, strict=True))
    return Project(sources, mode, acts, options)
