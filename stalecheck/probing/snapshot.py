"""What a module has at a moment, so that what it has replaced later is known exactly, plain values too."""

from __future__ import annotations

import re
import sys
import types
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast
from weakref import ref

from stalecheck.probing import raw
from stalecheck.probing.chosen import is_chosen, is_imported, made_elsewhere, plain_elsewhere, taken_elsewhere
from stalecheck.probing.current import find_current, nested_codes
from stalecheck.probing.judge import Judge
from stalecheck.probing.made import binding, kind_made
from stalecheck.probing.old import Old, mark_gone, take_stock
from stalecheck.probing.plain import is_atom, is_equal, is_made_in, is_scalar, is_unique, parts_of_atom
from stalecheck.probing.times import bound_anew
from stalecheck.probing.values import FOUND, KEPT, is_dunder, values_of
from stalecheck.probing.versions import names_of, present_namespaces
from stalecheck.vocabulary import HolderKind, OriginKind

_EXAMPLE = [object()]
_ALONE = sys.getrefcount(_EXAMPLE[0])
"""What is counted for an object that only one list refers to; versions differ."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a module's names, its classes and the containers in those have. It keeps those objects alive, or some."""

    name: str
    spec: object
    """Each import and each reload makes another one."""

    objects: dict[int, Any] = field(default_factory=dict)
    """What identity tells, by id; weak references where it keeps nothing alive that takes one."""

    paths: dict[int, str] = field(default_factory=dict)
    atoms: dict[str, Any] = field(default_factory=dict)
    """What the value tells, by the name in the module."""

    same: dict[str, int] = field(default_factory=dict)
    """Where else one of those stands, by id: equal constants of one source are one object."""

    in_code: set[int] = field(default_factory=set)
    """Those that the code of a function has as well."""

    names: dict[str, int] = field(default_factory=dict)
    """What its other names stand for, by id."""

    modules: list[weakref.ref[types.ModuleType]] = field(default_factory=list)
    """The modules among that; they are not kept alive."""

    is_cut: bool = False
    """Whether there are more values than are looked at."""

    made: list[weakref.ref[Any]] = field(default_factory=list)
    """All functions and classes of the module, wherever they are; they are not kept alive."""


_OPEN: dict[int, Snapshot] = {}


def keep(snapshot: Snapshot) -> None:
    """Note that a snapshot keeps objects alive until it is let go."""
    _OPEN[id(snapshot)] = snapshot


def let_go(snapshot: Snapshot) -> None:
    """Take a snapshot from those that keep objects alive."""
    _OPEN.pop(id(snapshot), None)


def open_snapshots() -> list[Snapshot]:
    """Return the snapshots that keep objects alive."""
    return list(_OPEN.values())


def kept_with(snapshots: Iterable[Snapshot]) -> Iterator[int]:
    """Yield the ids of what snapshots keep their objects with: nobody's holders."""
    for snapshot in snapshots:
        yield from (id(snapshot.objects), id(snapshot.atoms))


def still_alive(snapshot: Snapshot) -> Iterator[tuple[str, object]]:
    """Yield the way to each object of a snapshot that is alive, and the object."""
    for one, value in list(snapshot.objects.items()):
        found = value.found() if type(value) is _Weak else value
        if found is not None:
            yield snapshot.paths[one], found


def take_snapshot(
    name: str,
    module: types.ModuleType | None = None,
    *,
    weakly: bool = False,
    made: Iterable[weakref.ref[Any]] | None = None,
) -> Snapshot:
    """Note what a module has.

    Args:
        name: The module's name.
        module: The module, if it may be another one than ``sys.modules`` has.
        weakly: Whether to keep only alive what takes no weak reference: containers, for one.
        made: All functions and classes of the module, if they are known.
    """
    namespace = raw.module_dict(sys.modules[name] if module is None else module)
    snapshot = Snapshot(name, raw.lookup(namespace, "__spec__"))
    plain: set[int] = set()
    number = 0
    for path, value in values_of(namespace, names_of(namespace, name), KEPT):
        number += 1
        if is_atom(value):
            if _is_name(namespace, path):
                snapshot.atoms[path] = value
                plain.add(id(value))
            elif id(value) in plain:
                snapshot.same[path] = id(value)
        elif id(value) not in snapshot.objects:
            snapshot.objects[id(value)] = _weak(value) if weakly else value
            snapshot.paths[id(value)] = path
    for path, value in list(namespace.items()):
        if type(path) is str and not is_dunder(path) and path not in snapshot.atoms:
            snapshot.names[path] = id(value)
            if raw.is_module(value):
                snapshot.modules.append(ref(cast(types.ModuleType, value)))
    if made is not None:
        snapshot.made.extend(made)
    else:
        stock = take_stock()
        for one in names_of(namespace, name):
            functions = (found for found in stock.functions.get(one, ()) if found.__globals__ is namespace)
            snapshot.made.extend(map(ref, functions))
            snapshot.made.extend(map(ref, stock.classes.get(one, ())))
    snapshot.in_code.update(plain.intersection(_constants(snapshot.made)))
    return replace(snapshot, is_cut=number == KEPT.most)


def _constants(made: Iterable[weakref.ref[Any]]) -> Iterator[int]:
    """Yield the constants that the code of functions has, by id."""
    for function in (reference() for reference in made):
        for code in nested_codes(function.__code__) if type(function) is types.FunctionType else ():
            yield from map(id, code.co_consts)


def replaced(
    snapshot: Snapshot, namespace: dict[str, Any], step: Callable[[], None] = lambda: None
) -> tuple[Old, dict[str, Any]]:
    """Return what a module no longer has: objects, and plain values that are others by now, by name.

    Plain values that only the module can have made are objects like others.

    What it has chosen among the objects of another module is like a plain value: it may have come from there.
    The snapshot gives up its objects; those that nobody else holds are gone then.

    Args:
        snapshot: What it had.
        namespace: The namespace that it has today.
        step: Called now and then, so that it can raise.
    """
    names = names_of(namespace, snapshot.name)
    current = find_current(namespace, snapshot.name, step=step)
    present: set[int] = set()
    there: dict[str, Any] = {}
    kinds: dict[str, set[type]] = {path: set() for path in snapshot.paths.values()}
    for path, value in values_of(namespace, names, FOUND):
        present.add(id(value))
        if path in snapshot.same:
            there[path] = value
        if path in kinds:
            kinds[path].add(type(value))
    judge = Judge(current, present_namespaces())
    exact = Old(snapshot.name)
    changed = [name for name in snapshot.names.keys() & namespace.keys() if snapshot.names[name] != id(namespace[name])]
    wanted = {one for one in snapshot.paths if one not in present}.union(snapshot.names[name] for name in changed)
    untold = {one: path for one, path in snapshot.paths.items() if one in wanted and not _is_told(snapshot, one, names)}
    homes = made_elsewhere(untold, namespace, names)
    given = {one: path for one, path in untold.items() if not _is_made_again(snapshot, one, namespace, kinds[path])}
    given = {one: path for one, path in given.items() if one not in homes}
    outside = given.keys() - taken_elsewhere(given, names)
    choices = {id(module): module for module in (one() for one in snapshot.modules) if module and is_imported(module)}
    inner: tuple[str, ...] = ()
    owners: set[str] = set()
    alone: list[Any] = []
    for one, path in snapshot.paths.items():
        alone = [snapshot.objects.pop(one)]  # The first ones contain the later ones.
        if type(alone[0]) is _Weak:
            alone = [alone[0].found()]
            if alone[0] is None:
                continue
        if one not in wanted or one in outside or sys.getrefcount(alone[0]) <= _ALONE:
            continue
        if is_chosen(alone[0], names, homes) and not (raw.is_class(alone[0]) and judge.is_made_here(alone[0])):
            choices[one] = alone[0]
            inner += (f"{path}[",)
        elif one not in present and not _is_of_other(alone[0], names, namespace, path) and not path.startswith(inner):
            kind = kind_made(namespace, path, alone[0])
            is_singleton = kind is OriginKind.INSTANCE and raw.class_module(type(alone[0])) not in names
            kind = OriginKind.VALUE if is_singleton else kind
            is_part = kind is OriginKind.VALUE and _is_within(path, owners)
            of = path if raw.is_class(alone[0]) and raw.class_module(alone[0]) not in names else None
            verdict = judge.verdict(alone[0], path if not raw.is_class(alone[0]) else of)
            exact.add(alone[0], path, kind, verdict, is_singleton=is_singleton, is_part=is_part)
            if kind is OriginKind.INSTANCE or is_singleton:
                owners.add(path)
    alone.clear()
    if raw.lookup(namespace, "__spec__") is not snapshot.spec:
        _add_put_back(exact, snapshot, judge, namespace)
        _add_made(exact, snapshot, judge, present | current.objects.keys() | current.loosely.keys())
    mark_gone(exact, judge)
    atoms = {
        name: value for name, value in snapshot.atoms.items() if not is_equal(value, _today(namespace, name, snapshot))
    }
    unique = _unique(snapshot, atoms, there, namespace, names)
    snapshot.atoms.clear()
    for name, value in list(atoms.items()):
        if id(value) in unique:
            exact.add(atoms.pop(name), unique[id(value)], OriginKind.VALUE, "stale")
    atoms.update((name, choices[snapshot.names[name]]) for name in changed if snapshot.names[name] in choices)
    return exact, atoms


def _is_name(namespace: Mapping[str, Any], path: str) -> bool:
    """Whether the way to something is a name of a module, or one in the body of a class."""
    owner, _, name = path.rpartition(".")
    return name.isidentifier() and (not owner or raw.is_class(raw.resolve(namespace, owner)))


def _today(namespace: Mapping[str, Any], path: str, missing: object) -> object:
    """Return what a name of a module, or one in the body of a class, stands for."""
    owner, _, name = path.rpartition(".")
    cls = raw.resolve(namespace, owner) if owner else None
    names = raw.class_dict(cast(type, cls)) if raw.is_class(cls) else {} if owner else namespace
    return names.get(name, missing)


def _unique(
    snapshot: Snapshot,
    atoms: Mapping[str, Any],
    there: Mapping[str, Any],
    namespace: dict[str, Any],
    names: Collection[str],
) -> dict[int, str]:
    """Return the names of those plain values, by id, of which who has one has got it from the module.

    Args:
        snapshot: What the module had.
        atoms: The plain values that it has no longer.
        there: What stands today where else one of those has stood.
        namespace: The namespace that it has today.
        names: The names that it goes by.
    """
    valid = set(snapshot.in_code)
    for name, value in snapshot.atoms.items():
        if name not in atoms:
            valid.update(map(id, parts_of_atom(value)))
    found: dict[int, str] = {}
    for name, value in atoms.items():
        if is_unique(value) and id(value) not in valid and is_made_in(namespace, name):
            found.setdefault(id(value), name)
    values = {id(value): value for value in atoms.values()}
    valid.update(
        one for path, one in snapshot.same.items() if one in found and is_equal(values[one], there.get(path, snapshot))
    )
    valid.update(plain_elsewhere(found, names))
    return {one: name for one, name in found.items() if one not in valid}


def _is_within(path: str, owners: Collection[str]) -> bool:
    """Whether a path leads through an attribute or an item of one of some objects."""
    return any(path[: step.start()] in owners for step in re.finditer(r"[.\[]", path))


def _is_made_again(snapshot: Snapshot, one: int, namespace: Mapping[str, Any], today: Collection[type]) -> bool:
    """Whether the body of a module makes an object each time, as far as that can be told by what stands there today.

    What others have put into a registry, or given a name that stood for None, was never the module's.

    Args:
        snapshot: What the module had.
        one: The object's id.
        namespace: The namespace that it has today.
        today: Of what kinds that is which stands in its place today.
    """
    value, path = _object(snapshot, one), snapshot.paths[one]
    kind = type(value)
    names = raw.class_module(kind), raw.class_qualname(kind)
    if any(one is kind or (raw.class_module(one), raw.class_qualname(one)) == names for one in today):
        return True
    return path in namespace and not is_scalar(namespace[path])


@dataclass(frozen=True, slots=True)
class _Weak:
    """A weak reference of a snapshot's, which none of the module's own can be taken for."""

    found: weakref.ref[Any]


def _is_told(snapshot: Snapshot, one: int, names: frozenset[str]) -> bool:
    """Whether the type of an object of a snapshot tells whose it is."""
    value = _object(snapshot, one)
    if type(value) is types.FunctionType:
        return raw.module_name(value.__globals__) in names
    return raw.class_module(value if raw.is_class(value) else type(value)) in names


def _object(snapshot: Snapshot, one: int) -> Any:
    value = snapshot.objects[one]
    return value.found() if type(value) is _Weak else value


def _weak(value: object) -> object:
    try:
        return _Weak(ref(value))
    except TypeError:
        return value


def _add_put_back(exact: Old, snapshot: Snapshot, judge: Judge, namespace: dict[str, Any]) -> None:
    """Add the functions and classes that still stand where the body has made others: a patch has put them back.

    That the body has got that far is shown by a definition below that is new.
    """
    filename = raw.lookup(namespace, "__file__")
    anew = bound_anew(filename) if type(filename) is str else {}
    new = [
        one.line
        for name, one in anew.items()
        if name in snapshot.names and name in namespace and snapshot.names[name] != id(namespace[name])
    ]
    for name, one in anew.items():
        found = namespace.get(name)
        if not one.is_definition or one.line > max(new, default=0) or snapshot.names.get(name) != id(found):
            continue
        if type(found) is types.FunctionType:
            exact.add(found, name, OriginKind.FUNCTION, judge.of_put_back(found))
        elif raw.is_class(found):
            exact.add(found, name, OriginKind.CLASS, judge.of_put_back(found))


def _add_made(exact: Old, snapshot: Snapshot, judge: Judge, present: set[int]) -> None:
    """Add the functions and classes that were there before: after a reload those are old wherever they are."""
    for reference in snapshot.made:
        found = reference()
        if found is None or id(found) in exact.objects:
            continue
        is_left_over = judge.is_left_over(found)
        if id(found) in present and not is_left_over:
            continue
        if type(found) is types.FunctionType:
            exact.add(found, raw.code_name(found), OriginKind.FUNCTION, judge.verdict(found))
        elif is_left_over or (judge.is_from_here(found) and not judge.is_compiled(found)):
            exact.add(found, raw.class_qualname(found), OriginKind.CLASS, judge.verdict(found))


def _is_of_other(value: object, names: frozenset[str], namespace: dict[str, Any], path: str) -> bool:
    """Whether a function or class is another module's: an import that runs again finds it where it was.

    Args:
        value: What a name of the module has stood for.
        names: The names that the module goes by.
        namespace: The module's namespace.
        path: The name.
    """
    if type(value) is types.FunctionType:
        home = raw.module_name(value.__globals__)
        # What a function of another module has made and given back is no other module's: a decorated function.
        is_made = "<locals>" in raw.code_name(value) and (value.__module__ == home or value.__module__ in names)
        return home not in names and not is_made
    if type(value) is types.BuiltinFunctionType:
        return value.__self__ is None or raw.is_module(value.__self__)
    if not raw.is_class(value) or raw.class_module(cast(type, value)) in names:
        return False
    # A call of the body's makes another class each time, which says that it is from where the caller or the callee is.
    bound = binding(namespace, path)
    is_made = bound is not None and bound.kind is HolderKind.INSTANCE
    module = raw.imported(raw.class_module(cast(type, value)) or "")
    there = raw.module_dict(module) if module is not None else {}
    return not is_made or raw.is_class(raw.resolve(there, raw.class_qualname(cast(type, value))))
