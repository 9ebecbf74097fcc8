"""Tells which objects are of an old version of a module, after the fact and with nothing prepared.

`importlib.reload` keeps a module's ``__dict__``, an import after an eviction makes another one.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from stalecheck.probing import heap, raw
from stalecheck.probing.calls import old_calls
from stalecheck.probing.chosen import made_elsewhere, taken_elsewhere
from stalecheck.probing.code import Position, global_names
from stalecheck.probing.current import find_current, is_written_in, parts_of
from stalecheck.probing.judge import Judge, Verdict
from stalecheck.probing.made import binding, resolved
from stalecheck.probing.versions import present_namespaces
from stalecheck.vocabulary import OriginKind

_DEFINED = (OriginKind.FUNCTION, OriginKind.CLASS)


@dataclass(frozen=True, slots=True)
class Origin:
    """What an old object is an old version of."""

    module: str
    name: str
    """The qualified name within the module; empty for the module itself."""

    kind: OriginKind
    verdict: Verdict
    is_singleton: bool = False
    """Whether it is a value of another module's class that the body has made: a lock, a logger, ``object()``."""

    is_part: bool = False
    """Whether it is a value that an old instance has made for itself: who has only the instance has no more to do."""

    is_gone: bool = False
    """Whether the module's source no longer has it."""

    @property
    def ruled(self) -> OriginKind:
        """What the linter's rules take it for: what a call of a class has made is an instance, whosever the class."""
        return OriginKind.INSTANCE if self.is_singleton else self.kind

    @property
    def path(self) -> str:
        """The module and the qualified name, with a dot."""
        return f"{self.module}.{self.name}" if self.name else self.module


@dataclass(frozen=True, slots=True)
class Old:
    """The old objects of one module, by id, with what they are.

    The namespaces of old versions are kept apart: they hold everything of their version and are nobody's.
    """

    module: str
    objects: dict[int, object] = field(default_factory=dict)
    origins: dict[int, Origin] = field(default_factory=dict)
    namespaces: dict[int, dict[str, Any]] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    """The names under which the present version itself has several functions: lambdas, overwritten definitions."""

    untold: list[str] = field(default_factory=list)
    """What has no verdict because nothing tells executions apart, as sentences."""

    def add(
        self,
        obj: object,
        name: str,
        kind: OriginKind,
        verdict: Verdict,
        *,
        is_singleton: bool = False,
        is_part: bool = False,
        is_gone: bool = False,
    ) -> None:
        """Take an object for old."""
        self.objects[id(obj)] = obj
        self.origins[id(obj)] = Origin(self.module, name, kind, verdict, is_singleton, is_part, is_gone)

    def take(self, other: Old) -> None:
        """Take what else is old of the same module."""
        for one, origin in other.origins.items():
            mine = self.origins.get(one)
            # Of an Enum's member that has been moved to the present class it is known which one it was.
            if mine is None or (mine.kind is OriginKind.INSTANCE and mine.verdict == "split" == origin.verdict):
                self.objects[one], self.origins[one] = other.objects[one], origin
        self.namespaces.update(other.namespaces)


@dataclass(frozen=True, slots=True)
class Stock:
    """The functions, suspended calls, namespaces and classes of the process, each by the name of its module."""

    functions: dict[str, list[types.FunctionType]] = field(default_factory=dict)
    frames: dict[str, list[types.FrameType]] = field(default_factory=dict)
    """Those of generators and coroutines, up to Python 3.10."""

    namespaces: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    classes: dict[str, list[type]] = field(default_factory=dict)
    present: frozenset[int] = field(default_factory=present_namespaces)
    """The namespaces of the modules that are imported."""

    by_path: dict[str, list[type]] = field(default_factory=dict)
    """The classes by their qualified names."""


def take_stock() -> Stock:
    """Look through the process once, whatever the number of modules."""
    stock = Stock()
    names: dict[int, str] = {}
    for found in heap.functions_and_namespaces():
        if type(found) is types.FunctionType:
            of = found.__globals__
            if id(of) not in names:
                names[id(of)] = raw.module_name(of) or ""
            stock.functions.setdefault(names[id(of)], []).append(found)
        elif type(found) is types.FrameType:
            stock.frames.setdefault(raw.module_name(found.f_globals) or "", []).append(found)
        elif type(found) is dict:
            stock.namespaces.setdefault(raw.module_name(found) or "", []).append(found)
    for namespace in heap.namespaces_without_code():
        stock.namespaces.setdefault(raw.module_name(namespace) or "", []).append(namespace)
    for cls in raw.all_classes():
        stock.classes.setdefault(raw.class_module(cls) or "", []).append(cls)
        stock.by_path.setdefault(raw.class_qualname(cls), []).append(cls)
    return stock


def find_old(name: str, namespace: dict[str, Any], stock: Stock) -> Old:
    """Find the functions, classes, instances and module objects of old versions of a module; see `find_definitions`."""
    found = find_definitions(name, namespace, stock)
    add_the_rest([found])
    return found.old


@dataclass(frozen=True, slots=True)
class Definitions:
    """What of an old version its functions show: its classes and namespaces."""

    old: Old
    candidates: dict[int, dict[str, Any]]
    classes: list[type]
    enums: list[type]
    """The classes of today that old members have been given."""


def find_definitions(
    name: str, namespace: dict[str, Any], stock: Stock, step: Callable[[], None] = lambda: None
) -> Definitions:
    """Find the functions and classes of old versions of a module.

    Args:
        name: The module's name.
        namespace: The namespace of its present version.
        stock: What there is in the process.
        step: Called now and then, so that it can raise.
    """
    current = find_current(namespace, name, step=step)
    functions = [found for one in current.names for found in stock.functions.get(one, ())]
    judge = Judge(current, stock.present)
    judge.know_functions(functions)
    if current.displaced:
        outdated = judge.outdated()
        if outdated:
            successors = [cls for cls, base in current.displaced if id(base) in outdated]
            current = find_current(namespace, name, outdated, step)
            judge = Judge(current, stock.present)
            judge.know_functions(functions)
            judge.know_successors(successors)
    old = Old(name)
    candidates: dict[int, dict[str, Any]] = {}
    for one in current.names:
        candidates.update((id(of), of) for of in stock.namespaces.get(one, ()) if judge.is_old_namespace(of))
    _add_functions(old, judge, functions)
    frames = [found for one in current.names for found in stock.frames.get(one, ())]
    for frame, path, found in old_calls(frames, namespace, judge):
        old.add(frame, path, OriginKind.FUNCTION, found)
    candidates.update(old.namespaces)
    judge.know_old(candidates.values())
    elsewhere = _classes_elsewhere(functions, current.names, stock)
    classes: list[type] = []
    for cls in elsewhere:
        verdict = judge.of_class(cls)
        if verdict is not None:
            classes.append(cls)
            old.add(cls, raw.class_qualname(cls), OriginKind.CLASS, verdict)
    for one in current.names:
        is_shared = any(id(of) in stock.present and of is not namespace for of in stock.namespaces.get(one, ()))
        for cls in stock.classes.get(one, ()):
            verdict = judge.of_class(cls) if not is_shared or judge.is_made_here(cls) else None
            if verdict is not None:
                classes.append(cls)
                old.add(cls, raw.class_qualname(cls), OriginKind.CLASS, verdict)
    for cls, verdict in _made_dataclasses(namespace, current.names, stock):
        classes.append(cls)
        old.add(cls, raw.class_qualname(cls), OriginKind.CLASS, verdict)
    alive = [*elsewhere, *(cls for one in current.names for cls in stock.classes.get(one, ()))]
    mark_gone(old, judge)
    undecided = sum(id(one) not in old.objects and judge.is_undecided(one) for one in (*functions, *alive))
    if undecided:
        what = "functions and classes" if undecided > 1 else "function or class"
        old.untold.append(f"{name} has been edited since it was loaded: {undecided} {what} may be old or not")
    _compare_classes(old, judge, classes, alive)
    classes += _add_derived(old, judge, alive)
    _deepen(old)
    enums = [today for today in map(judge.moved_from, classes) if today is not None]
    return Definitions(old, candidates, classes, enums)


def mark_gone(old: Old, judge: Judge) -> None:
    """Note which functions and classes the module's source no longer has, and what are instances of such a class."""
    gone = {
        one
        for one, found in old.objects.items()
        if old.origins[one].kind in _DEFINED and type(found) is not types.FrameType and judge.is_left_over(found)
    }
    for one, found in old.objects.items():
        if one in gone or (id(type(found)) in gone and old.origins[one].kind is OriginKind.INSTANCE):
            old.origins[one] = replace(old.origins[one], is_gone=True)


def add_the_rest(definitions: Sequence[Definitions]) -> None:
    """Add the instances and module objects of old versions; one look through the process does for many modules."""
    _add_modules_and_instances(definitions)
    for one in definitions:
        _add_moved(one.old, one.enums)


def _classes_elsewhere(functions: list[types.FunctionType], names: Collection[str], stock: Stock) -> list[type]:
    """Return the classes that say they are from another module than their methods are from."""
    known = {raw.class_qualname(cls) for one in names for cls in stock.classes.get(one, ())}
    methods: dict[str, dict[int, dict[str, Any]]] = {}
    for function in functions:
        path = raw.code_name(function).rpartition(".")[0]
        if path and path not in known and not path.endswith("<locals>"):
            methods.setdefault(path, {})[id(function.__globals__)] = function.__globals__
    return [
        cls
        for path, namespaces in methods.items()
        for cls in stock.by_path.get(path, ())
        if raw.class_module(cls) not in names and is_written_in(cls, namespaces.values())
    ]


def _made_dataclasses(
    namespace: dict[str, Any], names: Collection[str], stock: Stock
) -> Iterator[tuple[type, Verdict]]:
    """Yield the classes that `dataclasses.make_dataclass` has made for names of a module, which has others there today.

    Up to 3.11 those say that they are from `types`. They are the module's where no other one has made them, and another
    one's source says that it took them from there, or they have the fields of today's.
    """
    today = {
        raw.class_qualname(one): one
        for name, one in list(namespace.items())
        if raw.is_class(one) and _is_made_up(one) and _is_called(namespace, name)
    }
    found = {
        id(cls): cls
        for name, present in today.items()
        for cls in stock.by_path.get(name, ())
        # One with slots is made of another class, which may be there still: they have their methods in common.
        if _is_made_up(cls) and _method(cls) is not _method(present)
    }
    paths = {one: raw.class_qualname(cls) for one, cls in found.items()}
    taken = taken_elsewhere(paths, names)
    elsewhere = made_elsewhere(paths, namespace, names)
    for one, cls in found.items():
        is_equal = _fields(cls) == _fields(today[paths[one]])
        if one not in elsewhere and (one in taken or is_equal):
            yield cls, "duplicate" if is_equal else "stale"


def _is_made_up(cls: type) -> bool:
    return raw.class_module(cls) == "types" and "__dataclass_fields__" in raw.class_dict(cls)


def _is_called(namespace: dict[str, Any], name: str) -> bool:
    """Whether a module's source says that a name stands for what `dataclasses.make_dataclass` gives back."""
    bound = binding(namespace, name)
    module = raw.imported("dataclasses")
    maker = raw.lookup(raw.module_dict(module), "make_dataclass") if module is not None else None
    return bound is not None and bound.source is not None and resolved(namespace, bound.source) is maker


def _method(cls: type) -> object:
    return raw.lookup(raw.class_dict(cls), "__repr__") or cls


def _fields(cls: type) -> list[str]:
    fields = raw.lookup(raw.class_dict(cls), "__dataclass_fields__")
    return [name for name in fields if type(name) is str] if type(fields) is dict else []


def _add_moved(old: Old, enums: list[type]) -> None:
    """Add the old members that a tool has given the class of today: that has other ones of those names."""
    own = {id(enums), id(old.objects)}
    for found in heap.referrers(list(enums), is_own=own.__contains__) if enums else ():
        kind = type(found)
        if id(found) in old.objects or not any(kind is one for one in enums):
            continue
        members, name = raw.lookup(raw.class_dict(kind), "_member_map_"), raw.stored(found, "_name_")
        member = raw.lookup(members, name) if type(members) is dict and type(name) is str else None
        if member is not None and member is not found:
            old.add(found, raw.class_qualname(kind), OriginKind.INSTANCE, "split")


def _add_derived(old: Old, judge: Judge, classes: list[type]) -> list[type]:
    """Add the classes that decorators have made of old ones, and return them."""
    added: list[type] = []
    for cls in classes:
        if id(cls) in old.objects or not any(id(base) in old.objects for base in raw.mro(cls)):
            continue
        verdict = judge.of_derived(cls)
        if verdict is not None:
            added.append(cls)
            old.add(cls, raw.class_qualname(cls), OriginKind.CLASS, verdict)
    return added


def _deepen(old: Old) -> None:
    """Call stale what has equal code, but runs stale code.

    That of its bases, of what its closure or its body has, of what the names of an old namespace stand for.
    """
    namespaces = {
        one: {name: value for name, value in list(of.items()) if type(name) is str}
        for one, of in old.namespaces.items()
    }
    pending = [
        found
        for one, found in old.objects.items()
        if old.origins[one].verdict == "stale" and (type(found) is types.FunctionType or raw.is_class(found))
    ]
    users: dict[int, list[int]] = {}
    for one, found in old.objects.items():
        if old.origins[one].verdict == "duplicate":
            for part in _parts_in(found, namespaces):
                users.setdefault(id(part), []).append(one)
    while pending:
        for one in users.pop(id(pending.pop()), ()):
            if old.origins[one].verdict == "duplicate":
                old.origins[one] = replace(old.origins[one], verdict="stale")
                pending.append(old.objects[one])


def _parts_in(obj: object, namespaces: Mapping[int, Mapping[str, Any]]) -> Iterator[object]:
    """Yield what a function or a class runs, through descriptors and what is put around functions.

    Args:
        obj: The function, the class, or an instance.
        namespaces: The namespaces of old versions, by id.
    """
    if type(obj) is types.FunctionType and id(obj.__globals__) in namespaces:
        names = namespaces[id(obj.__globals__)]
        for value in (names[name] for name in global_names(obj.__code__) if name in names):
            yield from (value, type(value))
    if type(obj) is not types.FunctionType and not raw.is_class(obj):
        yield type(obj)  # An instance runs its class.
        return
    pending = [part for part, is_loose in parts_of(obj) if not is_loose]
    seen: set[int] = set()
    while pending:
        part = pending.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if type(part) is not types.FunctionType and not raw.is_class(part):
            pending += [inner for inner, is_loose in parts_of(part) if not is_loose]


def add_known(old: Old, known: Old) -> None:
    """Add what is known to be old from before a reload, with the instances of its classes."""
    classes = [
        cast(type, found) for one, found in known.objects.items() if one not in old.objects and raw.is_class(found)
    ]
    old.take(known)
    _deepen(old)
    if classes:
        _add_modules_and_instances([Definitions(old, {}, classes, [])])


def _add_functions(old: Old, judge: Judge, functions: list[types.FunctionType]) -> None:
    present: dict[tuple[str, str], set[int]] = {}
    equal: dict[tuple[str, Position], set[int]] = {}
    for function in functions:
        name = judge.name_of(function)
        verdict = judge.of_function(function)
        if verdict is not None:
            old.add(function, name, OriginKind.FUNCTION, verdict)
            if judge.is_old_namespace(function.__globals__):
                old.namespaces[id(function.__globals__)] = function.__globals__
        elif judge.is_own_namespace(function.__globals__):
            present.setdefault((name, function.__code__.co_name), set()).add(id(function.__code__))
            position = judge.untold(function) if not judge.is_undecided(function) else None
            if position is not None:
                equal.setdefault((name, position), set()).add(id(function.__code__))
    _compare(old, judge, [one for one in functions if judge.is_own_namespace(one.__globals__)])
    old.repeated.update(name for (name, _), codes in present.items() if len(codes) > 1)
    groups: dict[str, list[int]] = {}
    for (name, _), codes in equal.items():
        if len(codes) > 1:
            groups.setdefault(name, []).append(len(codes))
    old.untold.extend(_equal_functions(f"{old.module}.{name}", numbers) for name, numbers in groups.items())


def _equal_functions(path: str, numbers: list[int]) -> str:
    """Say of how many functions one of each number is present at most."""
    if len(numbers) == 1:
        return f"of {numbers[0]} equal functions {path} at most one is present"
    return f"of {sum(numbers)} functions {path}, each equal to others, at most {len(numbers)} are present"


def _compare(old: Old, judge: Judge, functions: list[types.FunctionType]) -> None:
    """Call stale the functions of equal code that have been given what none of today has: defaults, closures."""
    equal = [found for one, found in old.objects.items() if old.origins[one].verdict == "duplicate"]
    if not equal:
        return
    names = {judge.name_of(cast(types.FunctionType, found)) for found in equal}
    given: dict[object, list[object]] = {}
    for function in functions:
        if id(function) not in old.objects and judge.name_of(function) in names:
            does, has = judge.does(function)
            given.setdefault(does, []).append(has)
    for found in equal:
        does, has = judge.does(cast(types.FunctionType, found))
        if does in given and has not in given[does]:
            old.origins[id(found)] = replace(old.origins[id(found)], verdict="stale")


def _compare_classes(old: Old, judge: Judge, olds: list[type], classes: list[type]) -> None:
    """Call duplicates the classes that today has an equal one of, be it where the namespace does not lead."""
    differing = [cls for cls in olds if old.origins[id(cls)].verdict == "stale" and not judge.is_left_over(cls)]
    names = {raw.class_qualname(cls) for cls in differing}
    present: dict[str, list[type]] = {name: [] for name in names}
    for cls in classes if differing else ():
        if id(cls) not in old.objects and raw.class_qualname(cls) in names:
            present[raw.class_qualname(cls)].append(cls)
    for cls in differing:
        if judge.is_equal(cls, present[raw.class_qualname(cls)]):
            old.origins[id(cls)] = replace(old.origins[id(cls)], verdict="duplicate")


def _add_modules_and_instances(definitions: Sequence[Definitions]) -> None:
    by_id: dict[int, list[Definitions]] = {}
    targets: list[object] = []
    for one in definitions:
        for target in (*one.candidates.values(), *one.classes):
            by_id.setdefault(id(target), []).append(one)
            targets.append(target)
    own = {id(targets), *(id(held) for one in definitions for held in (one.candidates, one.classes))}
    own |= {id(held) for one in definitions for held in (one.old.objects, one.old.namespaces)}
    for found in heap.referrers(targets, is_own=own.__contains__) if targets else ():
        kind = type(found)
        for one in by_id.get(id(kind), ()):
            if id(found) not in one.old.objects and not raw.is_class(found):
                origin = one.old.origins[id(kind)]
                one.old.add(found, origin.name, OriginKind.INSTANCE, origin.verdict, is_gone=origin.is_gone)
        if raw.is_module(found) and id(kind) not in by_id:
            of = raw.module_dict(cast(types.ModuleType, found))
            for one in by_id.get(id(of), ()):
                if found is not raw.imported(one.old.module):
                    one.old.namespaces[id(of)] = of  # Others are copies of one: ``dict(vars(m))``.
                    one.old.add(found, "", OriginKind.MODULE, "stale")
    targets.clear()
