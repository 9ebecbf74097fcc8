"""What the interpreter says of one installed package: imports every module, reloads each one, looks who holds what.

    python -I -S oracle.py '{"target": DIRECTORY, "package": NAME, "mode": "reload", "modules": null, "out": FILE}'

Standard library only, and nothing of the linter: it runs among the packages that it judges. Each module M is reloaded
in a forked child of its own, where every other module's names are looked at by identity:

- direct: ``N.name`` is an object that M's old body made and its new body has replaced;
- inside: ``N.name`` is an instance of an old class of M, or N made it and it reaches an old object through containers,
  bases, class attributes, methods' defaults, closures, partials, properties;
- wrapper: in the same ways it reaches a function that an old function of M has made, whose code is the old one:
  not asked for, but right to report;
- behind: it reaches an old object in another way (an instance's attributes, a wrapper within a wrapper, a generic
  alias); an attribute of an instance or a function is also looked at under its own name, ``N.app.engine``;
- steady: ``N.name`` is an object of M's namespace that survives.

Numbers, strings, bytes, None, ranges, and tuples and frozensets of them are left out: identity says nothing of them.
"""

from __future__ import annotations

import ast
import collections
import functools
import gc
import importlib
import io
import json
import os
import signal
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import Field, dataclass, field
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

ABSENT = object()
ATOMIC = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), type(NotImplemented), range)
MACHINERY = frozenset(
    [
        "__name__",
        "__doc__",
        "__package__",
        "__loader__",
        "__spec__",
        "__path__",
        "__file__",
        "__cached__",
        "__builtins__",
        "__annotations__",
        "__annotate__",
        "__annotate_func__",
        "__conditional_annotations__",
        "__dict__",
        "__weakref__",
        "__module__",
        "__qualname__",
        "__warningregistry__",
        "__abstractmethods__",
        "_abc_impl",
        "__firstlineno__",
        "__static_attributes__",
    ]
)
VERDICTS = ("direct", "inside", "wrapper", "behind")
CONTAINERS = (dict, types.MappingProxyType, list, tuple, set, frozenset, collections.deque)
IMPORT_SECONDS = 30
RELOAD_SECONDS = 60
MOST_OBJECTS = 3000
"""How far the search behind one name goes."""


def main() -> None:
    """Answer the order in the first argument, into the file that it names."""
    order = json.loads(sys.argv[1])
    warnings.simplefilter("ignore")
    sys.path.insert(0, order["target"])
    sys.setrecursionlimit(5000)
    out = Path(order["out"])
    silence()
    imported, failed = import_all(Path(order["target"]), order["package"])
    world = World(imported)
    world.look()
    gc.collect()
    gc.freeze()
    runs = [
        {"module": name, **in_child(functools.partial(reload_and_look, world, name, order["mode"]))}
        for name in imported
        if order["modules"] is None or name in order["modules"]
    ]
    out.write_text(json.dumps({**world.names(), "failed": failed, "runs": runs}), encoding="utf-8")
    os._exit(0)


def silence() -> None:
    """Let nothing that a module prints or asks reach the terminal."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))


class TooLongError(BaseException):
    """An import or a reload took too much time."""


def in_time(seconds: int) -> None:
    def stop(number: int, frame: object) -> None:
        raise TooLongError(f"took more than {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)


# Importing


def import_all(target: Path, package: str) -> tuple[dict[str, types.ModuleType], dict[str, str]]:
    """Import every module of the package; return those that stand in ``sys.modules`` and why others do not."""
    failed: dict[str, str] = {}
    keep_namespaces()
    names = list(module_names(target, package))
    for name in names:
        in_time(IMPORT_SECONDS)
        try:
            importlib.import_module(name)
        except BaseException as error:
            failed[name] = f"{type(error).__name__}: {error}"[:200]
        finally:
            signal.alarm(0)
    wanted = set(names)
    imported = {
        name: module
        for name, module in list(sys.modules.items())
        if name in wanted and type(module) is types.ModuleType and module.__name__ == name
    }
    return imported, failed


MADE: dict[str, dict[str, Any]] = {}
"""The namespace of each module as the last run of its body left it: what is put there later, its body did not make,
and what that replaces is still held by who took it before."""

BEGUN: dict[str, int] = {}
"""How many bodies had ended when a module's body began."""

FIRST: dict[int, tuple[int, object]] = {}
"""When each object was first among the names of a module whose body had ended: how many had ended by then."""


def keep_namespaces() -> None:
    """Look at each module when its body has run."""
    execute = SourceFileLoader.exec_module

    def exec_module(loader: SourceFileLoader, module: types.ModuleType) -> None:
        BEGUN.setdefault(module.__name__, len(MADE))
        execute(loader, module)
        MADE[module.__name__] = dict(module.__dict__)
        for value in module.__dict__.values():
            FIRST.setdefault(id(value), (len(MADE), value))

    SourceFileLoader.exec_module = exec_module  # type: ignore[method-assign,assignment]


def was_there(value: object, module: str) -> bool:
    """Whether another module held an object before a module's body began: what a cache gave it, it did not make."""
    first, _ = FIRST.get(id(value), (sys.maxsize, None))
    return first <= BEGUN.get(module, 0)


def module_names(target: Path, package: str) -> Iterator[str]:
    top = target / package
    if not top.is_dir():
        yield package
        return
    for path in sorted(top.rglob("*.py")):
        parts = path.relative_to(target).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        if parts[-1] != "__main__" and all(part.isidentifier() for part in parts):
            yield ".".join(parts)


# What a source file binds


@dataclass
class Bound:
    """The names that a file binds at module level: by import statements, and otherwise."""

    by_import: set[str] = field(default_factory=set)
    otherwise: set[str] = field(default_factory=set)
    defined: set[str] = field(default_factory=set)
    """Those that a ``class`` or ``def`` statement binds."""


def names_bound(module: types.ModuleType) -> Bound:
    bound = Bound()
    try:
        source = Path(str(module.__file__)).read_bytes()
        collect_bound(ast.parse(source).body, bound)
    except (OSError, SyntaxError, ValueError):
        pass
    return bound


def collect_bound(statements: Iterable[ast.stmt], bound: Bound) -> None:
    for statement in statements:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            bound.by_import |= {item.asname or item.name.partition(".")[0] for item in statement.names}
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.otherwise.add(statement.name)
            bound.defined.add(statement.name)
        else:
            for part in ast.iter_child_nodes(statement):
                if isinstance(part, ast.stmt):
                    collect_bound([part], bound)
                elif isinstance(part, (ast.ExceptHandler, ast.match_case)):
                    collect_bound(part.body, bound)
                else:
                    bound.otherwise |= {
                        node.id
                        for node in ast.walk(part)
                        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                    }
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Global):
                bound.otherwise |= set(node.names)


# Who holds what, before anything is reloaded


@dataclass(frozen=True)
class Slot:
    """A name of a module, or an attribute of a class that the module made (``Service.model``)."""

    module: str
    name: str


class World:
    """Every name of every imported module, and what each may reach."""

    def __init__(self, modules: dict[str, types.ModuleType]) -> None:
        self.modules = modules
        self.bound = {name: names_bound(module) for name, module in modules.items()}
        self.before = {name: dict(module.__dict__) for name, module in modules.items()}
        self.made = {name: MADE.get(name, self.before[name]) for name in modules}
        self.order = {name: number for number, name in enumerate(sys.modules)}
        self.slots: dict[Slot, object] = {}
        self.atomic: set[Slot] = set()
        self.by_object: dict[int, list[Slot]] = {}
        self.by_type: dict[int, list[Slot]] = {}
        self.by_reach: dict[int, set[Slot]] = {}
        self.own: set[Slot] = set()
        self.namespaces = {id(module.__dict__) for module in modules.values()}

    def look(self) -> None:
        """Take stock of all names."""
        for module, namespace in self.before.items():
            for name, value in namespace.items():
                if name not in MACHINERY:
                    self._add(Slot(module, name), value)
        for slot in [slot for slot, value in self.slots.items() if self._is_own(slot, value)]:
            self.own.add(slot)
            self._look_into_class(slot, self.slots[slot])
        wanted = set(self.by_object) | set(self.by_type) | set(self._codes())
        for slot in self.own:
            search = Search(self, slot, self.slots[slot])
            for thing in (*search.inside(), *search.behind()):
                for key in (id(thing), id(type(thing)), id(code_of(thing))):
                    if key in wanted:
                        self.by_reach.setdefault(key, set()).add(slot)

    def names(self) -> dict[str, Any]:
        """Return what does not depend on the reload, for the answer."""
        objects: dict[str, list[str]] = {name: [] for name in self.modules}
        atomic: dict[str, list[str]] = {name: [] for name in self.modules}
        for slot in self.slots:
            objects[slot.module].append(slot.name)
        for slot in self.atomic:
            atomic[slot.module].append(slot.name)
        groups = {
            str(key): [[slot.module, slot.name] for slot in slots]
            for key, slots in self.by_object.items()
            if len({slot.module for slot in slots}) > 1
        }
        unbound = {
            name: [key for key in namespace if key not in self.bound[name].by_import | self.bound[name].otherwise]
            for name, namespace in self.before.items()
        }
        modules = {
            name: {key: value.__name__ for key, value in namespace.items() if type(value) is types.ModuleType}
            for name, namespace in self.before.items()
        }
        return {"objects": objects, "atomic": atomic, "groups": groups, "unbound": unbound, "modules": modules}

    def value(self, slot: Slot) -> object:
        """Return what a slot holds now."""
        first, *rest = slot.name.split(".")
        value = self.modules[slot.module].__dict__.get(first, ABSENT)
        for part in rest:
            value = vars(value).get(part, ABSENT) if is_a(value, type) else ABSENT
        return value

    def first_name(self, slot: Slot) -> str:
        """Return the name that stands for all names of one module for the same object."""
        names = [other.name for other in self.by_object[id(self.slots[slot])] if other.module == slot.module]
        own_name = getattr(self.slots[slot], "__qualname__", "") if is_a(self.slots[slot], type) else ""
        return own_name if own_name in names else names[0]

    def is_named_elsewhere(self, thing: object, slot: Slot) -> bool:
        """Whether an object is what another module-level name stands for: nothing is reached through it."""
        top = slot.name.partition(".")[0]
        return any(
            "." not in other.name and (other.module, other.name) != (slot.module, top)
            for other in self.by_object.get(id(thing), ())
        )

    def is_foreign(self, thing: Any, module: str) -> bool:
        """Whether another module's source is known to make a class or function."""
        if not is_a(thing, (type, types.FunctionType)):
            return False
        home, top = thing.__module__, thing.__qualname__.partition(".")[0]
        bound = self.bound[module]
        # A class may say that it is of the module that shows it to the world: what defines it is what its source says.
        if not is_a(home, str) or home == module:
            return False
        if top in bound.defined - bound.by_import and self._resolves(module, thing):
            return False
        if home not in self.modules:
            return self._resolves(home, thing)
        return top in self.bound[home].otherwise and self._resolves(home, thing)

    def _resolves(self, home: str, thing: Any) -> bool:
        for namespace in (getattr(sys.modules.get(home), "__dict__", {}), MADE.get(home, {})):
            found: Any = None
            for part in thing.__qualname__.split("."):
                found = namespace.get(part, ABSENT)
                namespace = getattr(found, "__dict__", {})
            if found is thing:
                return True
        return False

    def _add(self, slot: Slot, value: object) -> None:
        if is_atomic(value):
            self.atomic.add(slot)
            return
        self.slots[slot] = value
        self.by_object.setdefault(id(value), []).append(slot)
        self.by_type.setdefault(id(type(value)), []).append(slot)

    def _is_own(self, slot: Slot, value: Any) -> bool:
        """Whether the module itself made what its name stands for."""
        bound = self.bound[slot.module]
        if is_a(value, types.ModuleType) or (slot.name in bound.by_import and slot.name not in bound.otherwise):
            return False
        if is_a(value, (type, types.FunctionType)) and value.__module__ == slot.module:
            return True
        if self.is_foreign(value, slot.module):
            return False
        return not any(
            other.module != slot.module
            and "." not in other.name
            and self.order[other.module] < self.order[slot.module]
            and other.name not in self.bound[other.module].by_import - self.bound[other.module].otherwise
            for other in self.by_object[id(value)]
        )

    def _look_into_class(self, slot: Slot, value: Any) -> None:
        if is_a(value, type) and value.__qualname__ == slot.name:
            for name, attribute in list(vars(value).items()):
                if name not in MACHINERY:
                    inner = Slot(slot.module, f"{slot.name}.{name}")
                    self._add(inner, attribute)
                    if inner in self.slots:
                        self.own.add(inner)
                        self._look_into_class(inner, attribute)

    def _codes(self) -> Iterator[int]:
        for value in self.slots.values():
            for code in codes_within(code_of(value)):
                yield id(code)


def is_a(thing: object, kinds: type | tuple[type, ...]) -> bool:
    """``isinstance`` that believes the type only, not what a proxy says of its class."""
    return issubclass(type(thing), kinds)


def is_atomic(value: object) -> bool:
    if type(value) in (tuple, frozenset):
        return all(map(is_atomic, value))  # type: ignore[call-overload]
    return type(value) in ATOMIC


def code_of(thing: Any) -> object:
    if is_a(thing, (staticmethod, classmethod)):
        thing = thing.__func__
    return thing.__code__ if is_a(thing, types.FunctionType) else None


def codes_within(code: Any) -> Iterator[types.CodeType]:
    if is_a(code, types.CodeType):
        yield code
        for constant in code.co_consts:
            yield from codes_within(constant)


# What a name reaches


class Search:
    """Walks from what a name stands for along what it holds; nothing is reached through another name's object."""

    def __init__(self, world: World, slot: Slot, root: object) -> None:
        self.world = world
        self.slot = slot
        self.root = root
        self._near: dict[int, object] = {}

    def inside(self) -> list[object]:
        """Return what lies in containers, bases, class attributes, defaults, closures, partials, properties."""
        if not self._near:
            opened: set[int] = set()
            pending: collections.deque[tuple[object, bool]] = collections.deque([(self.root, True)])
            while pending and len(self._near) < MOST_OBJECTS:
                thing, opens = pending.popleft()
                self._near[id(thing)] = thing
                if (opens or self._is_hidden(thing)) and id(thing) not in opened and self._is_passable(thing):
                    opened.add(id(thing))
                    pending.extend(near_edges(thing))
        return list(self._near.values())

    def behind(self) -> list[object]:
        """Return what is reached in other ways only."""
        seen: dict[int, object] = {}
        pending = collections.deque([self.root])
        while pending and len(seen) < MOST_OBJECTS:
            thing = pending.popleft()
            if id(thing) in seen:
                continue
            seen[id(thing)] = thing
            if self._is_passable(thing):
                pending.extend(part for part, _ in near_edges(thing))
                pending.extend(far_edges(thing))
        return [thing for key, thing in seen.items() if key not in self._near]

    def _is_passable(self, thing: Any) -> bool:
        if is_atomic(thing) or is_a(thing, (types.ModuleType, types.CodeType)):
            return False
        if id(thing) in self.world.namespaces:
            return False  # A module under another name, ``names = globals()``: each of its names is judged for itself.
        if thing is self.root or is_a(thing, CONTAINERS):
            return True
        if is_a(thing, type):
            top = self.slot.name.partition(".")[0]
            is_within = thing.__module__ == self.slot.module and thing.__qualname__.startswith(f"{top}.")
            return is_within or self._is_hidden(thing)
        return not self.world.is_named_elsewhere(thing, self.slot)

    def _is_hidden(self, thing: Any) -> bool:
        """Whether a thing is the class that a statement made, of which a decorator has put a subclass in its place."""
        if not is_a(thing, type) or not is_a(self.root, type) or thing is self.root:
            return False
        is_of_statement = (thing.__module__, thing.__qualname__) == (self.slot.module, self.slot.name)
        is_base = any(thing is base for base in self.root.__mro__)
        return is_of_statement and is_base and id(thing) not in self.world.by_object


def bases(owner: type) -> Iterator[type]:
    """Yield what a class inherits from, not through classes that have a name of their own."""
    for base in owner.__bases__:
        yield base
        if "<locals>" in base.__qualname__:
            yield from bases(base)


def near_edges(thing: Any) -> Iterator[tuple[object, bool]]:
    """Yield what a thing holds, each with whether that is looked into in its turn."""
    if is_a(thing, type):
        yield from ((base, False) for base in bases(thing))
        for name, attribute in list(vars(thing).items()):
            if name == "__orig_bases__":
                yield from ((argument, False) for base in attribute for argument in generic_arguments(base))
            elif name not in MACHINERY:
                yield attribute, True
    elif is_a(thing, types.FunctionType):
        yield from ((default, not is_code_holder(default)) for default in thing.__defaults__ or ())
        yield from ((default, not is_code_holder(default)) for default in (thing.__kwdefaults__ or {}).values())
        for cell in thing.__closure__ or ():
            content = cell_content(cell)
            yield content, not is_code_holder(content)
    elif is_a(thing, types.MethodType):
        yield thing.__self__, False
        yield thing.__func__, False
    elif is_a(thing, (staticmethod, classmethod)):
        yield thing.__func__, True
    elif is_a(thing, property):
        yield from ((accessor, True) for accessor in (thing.fget, thing.fset, thing.fdel))
    elif is_a(thing, functools.cached_property):
        yield thing.func, True
    elif is_a(thing, functools.partial):
        yield from ((part, not is_code_holder(part)) for part in (thing.func, *thing.args, *thing.keywords.values()))
    elif is_a(thing, Field):
        yield thing.default, True
        yield thing.default_factory, True
    else:
        yield from ((element, True) for element in elements_of(thing))


def elements_of(thing: Any) -> Iterator[object]:
    """Yield the elements of a container, past whatever a subclass makes of iteration."""
    try:
        if is_a(thing, types.MappingProxyType):
            thing = dict(thing)
        if is_a(thing, dict):
            yield from list(dict.keys(thing))
            yield from list(dict.values(thing))
        else:
            for kind in CONTAINERS[2:]:
                if is_a(thing, kind):
                    yield from list(kind.__iter__(thing))
        if is_a(thing, collections.defaultdict):
            yield thing.default_factory
    except Exception:
        return


def far_edges(thing: Any) -> Iterator[object]:
    """Yield what else a thing keeps alive, its type and its globals apart."""
    if is_a(thing, types.FunctionType):
        yield from thing.__dict__.values()
    elif not is_a(thing, (type, dict, list, tuple, set, frozenset, types.BuiltinFunctionType)):
        yield from (part for part in gc.get_referents(thing) if part is not type(thing))


def generic_arguments(alias: Any) -> Iterator[object]:
    """Yield the arguments of ``Base[A[B]]``, and theirs: A[B], A, B."""
    for argument in getattr(alias, "__args__", ()):
        yield argument
        yield getattr(argument, "__origin__", None)
        yield from generic_arguments(argument)


def is_code_holder(thing: object) -> bool:
    return is_a(thing, (type, types.FunctionType))


def cell_content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None


# What is old, after one reload


@dataclass
class Old:
    """The objects that the old body of a module made and the new one replaced, by what the module calls them."""

    labels: dict[int, str] = field(default_factory=dict)
    things: dict[int, object] = field(default_factory=dict)
    survivors: set[int] = field(default_factory=set)
    codes: dict[int, str] = field(default_factory=dict)

    def hit(self, thing: Any, *, is_own_class: bool = False) -> str | None:
        """Return what of the module a thing is, or is an instance of.

        A metaclass counts for a class of one's own that does not have it from a base class that is not old itself.
        """
        found = self.labels.get(id(thing))
        if found is not None:
            return found
        if is_a(thing, type) and (
            not is_own_class
            or any(type(base) is type(thing) and id(base) not in self.labels for base in thing.__bases__)
        ):
            return None
        return self.labels.get(id(type(thing)))


def find_old(world: World, module: str, before: dict[str, Any], after: dict[str, Any]) -> Old:
    """Compare a module's namespace before the reload with the one after it."""
    old = Old()
    pairs(world, module, "", before, after, old)
    now = {id(value) for value in after.values()}
    old.survivors |= {id(value) for value in before.values() if id(value) in now}
    for key in old.survivors & old.labels.keys():
        del old.labels[key]
        old.things.pop(key, None)
    for key, thing in old.things.items():
        for code in codes_within(code_of(thing)):
            old.codes[id(code)] = old.labels[key]
    return old


def pairs(world: World, module: str, prefix: str, before: dict[str, Any], after: dict[str, Any], old: Old) -> None:
    for name, value in before.items():
        now = after.get(name, ABSENT)
        if not prefix and now is not value:
            value = world.made[module].get(name, ABSENT)
        if name in MACHINERY or value is ABSENT or is_atomic(value) or is_a(value, types.ModuleType):
            continue
        if now is value:
            old.survivors.add(id(value))
        elif not prefix and was_there(value, module):
            continue
        elif now is not ABSENT and not world.is_foreign(value, module) and id(value) not in old.labels:
            is_made = is_a(value, (type, types.FunctionType, staticmethod, classmethod, property))
            if prefix and not is_made and (name.startswith("__") or type(now).__name__ != type(value).__name__):
                continue
            old.labels[id(value)] = prefix + name
            old.things[id(value)] = value
            if is_a(value, (staticmethod, classmethod)) and getattr(now, "__func__", None) is not value.__func__:
                old.labels[id(value.__func__)] = prefix + name
                old.things[id(value.__func__)] = value.__func__
            if is_a(value, type):
                later = dict(vars(now)) if is_a(now, type) else {}
                pairs(world, module, f"{prefix}{name}.", dict(vars(value)), later, old)


# One module, reloaded


def in_child(answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what a function answers in a forked child, which no other child sees; ``error`` is why it could not."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            found = answer()
        except BaseException as error:
            found = {"error": f"{type(error).__name__}: {error}"[:200]}
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            json.dump(found, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return {"error": None, **(json.loads(text) if text else {"error": "the child died"})}


def answer_orders(play: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer each line of JSON on standard input, an order, with another one, until there are no more.

    Each is played in a child of its own, and nothing that it prints reaches the answers.
    """
    orders = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence()
    for line in orders:
        print(json.dumps(in_child(functools.partial(play, json.loads(line)))), file=answers, flush=True)


def reload_and_look(world: World, name: str, mode: str) -> dict[str, Any]:
    module = world.modules[name]
    in_time(RELOAD_SECONDS)
    if mode == "reload":
        importlib.reload(module)
        now = module
    else:
        del sys.modules[name]
        now = importlib.import_module(name)
        world.modules = {**world.modules, name: now}
    old = find_old(world, name, world.before[name], dict(now.__dict__))
    if now is not module:
        old.labels[id(module)] = "<module>"
    found = look_again(world, name, old)
    signal.alarm(0)
    return {
        **found,
        "steady": [key for key in old.survivors if len({s.module for s in world.by_object.get(key, ())}) > 1],
    }


def look_again(world: World, reloaded: str, old: Old) -> dict[str, list[list[str]]]:
    """Return the names that hold something old now, by verdict, each with what it is."""
    candidates: dict[Slot, None] = {}
    for key in (*old.labels, *old.codes):
        for places in (world.by_object, world.by_type, world.by_reach):
            candidates.update(dict.fromkeys(places.get(key, ())))
    found: dict[str, list[list[str]]] = {verdict: [] for verdict in VERDICTS}
    for slot in candidates:
        if slot.module == reloaded:
            continue
        value = world.value(slot)
        verdict = None if value is ABSENT else judge(world, slot, value, old)
        if verdict is not None:
            found[verdict[0]].append([slot.module, slot.name, verdict[1], world.first_name(slot)])
            if verdict[0] == "behind":
                for inner, kind, label in attributes_that_hold(world, slot, value, old):
                    found[kind].append([slot.module, inner, label, inner])
    return found


def attributes_that_hold(world: World, slot: Slot, value: object, old: Old) -> Iterator[tuple[str, str, str]]:
    """Yield the attributes of an instance or a function that hold something old: name, verdict, what it is."""
    if is_a(value, type):
        return
    try:
        namespace = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return
    for name, held in list(namespace.items()):
        verdict = None if name in MACHINERY else judge(world, slot, held, old)
        if verdict is not None:
            yield f"{slot.name}.{name}", *verdict


def judge(world: World, slot: Slot, value: object, old: Old) -> tuple[str, str] | None:
    if id(value) in old.labels:
        return "direct", old.labels[id(value)]
    is_own = slot in world.own
    label = old.hit(value, is_own_class=is_own)
    if label is not None:
        return "inside", label
    if not is_own:
        return None
    search = Search(world, slot, value)
    for thing in search.inside():
        label = old.hit(thing)
        if label is not None:
            return "inside", label
    for thing in search.inside():
        label = old.codes.get(id(code_of(thing)))
        if label is not None:
            return "wrapper", label
    for thing in search.behind():
        label = old.hit(thing) or old.codes.get(id(code_of(thing)))
        if label is not None:
            return "behind", label
    # A metaclass that a base class has too, whether or not the statement names it.
    label = old.labels.get(id(type(value)))
    return None if label is None else ("behind", label)


if __name__ == "__main__":
    main()
