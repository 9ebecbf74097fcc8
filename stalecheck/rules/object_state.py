"""What classes and objects of a module hold, and what adds to it while the program runs."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from stalecheck.nodes import Function, descendants
from stalecheck.rules.module_state import MUTATORS, REMOVERS, TopLevel, assignments, functions, inside, local_names
from stalecheck.rules.statements import top_level

_MADE_EMPTY = frozenset({"dict", "list", "set", "defaultdict", "OrderedDict", "Counter", "deque", "WeakSet"})
_AS_CLASSES_DO = frozenset({"__init_subclass__", "__new__", "__init__", "__set_name__", "__call__"})
"""Methods that making an instance or a subclass calls."""


@dataclass(frozen=True, slots=True)
class Held:
    """A container of a class, or an object of the module, that is filled while the program runs."""

    name: str
    """Qualified in the module: ``Plugin.registered``, ``registry``."""

    target: ast.expr
    by: str
    """Who fills it."""

    does: str = "fills"
    """Whether it adds something or may do more: ``changes``."""


def class_stores(tree: ast.Module, called: Collection[str], outside: Collection[str]) -> Iterator[Held]:
    """Yield the containers in class bodies that methods add to.

    Args:
        tree: The module.
        called: The names that its body looks at.
        outside: What other modules call, qualified.
    """
    at_once = _called_at_once(tree)
    above = with_bases(tree, [name for name in outside if "." not in name])
    later = with_bases(tree, called_later(tree, called))
    plain = [f for f in tree.body if isinstance(f, Function)]
    for definition in tree.body:
        if not isinstance(definition, ast.ClassDef):
            continue
        stores = dict(_stores(definition))
        own = [f for f in definition.body if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef))]
        rebound = {name for function in own for name in _rebound(function)}
        rebound |= {name for function in own for name in _popped(function)}
        rebound |= {name for function in plain for name in _rebound(function, definition.name)}
        for name, target in stores.items():
            for function in own:
                owners = {"cls", "self", "mcs", definition.name} | {a.arg for a in function.args.args[:1]}
                is_implied = function.name in _AS_CLASSES_DO
                if name in rebound or name not in set(_grown(function, owners, is_itself=is_implied)):
                    continue
                if is_implied and definition.name not in above and definition.name not in later:
                    continue
                by = f"{definition.name}.{function.name}"
                is_filled_at_once = not is_implied and function.name in at_once
                if is_filled_at_once and by not in outside:
                    continue
                yield Held(f"{definition.name}.{name}", target, by)
                break


def objects(tree: ast.Module, called: Collection[str], outside: Collection[str]) -> Iterator[Held]:
    """Yield the objects at module level that are given attributes, or whose methods add to what they hold.

    Args:
        tree: The module.
        called: The functions that its body calls.
        outside: What other modules call, qualified.
    """
    classes = {c.name: c for c in tree.body if isinstance(c, ast.ClassDef)}
    made = {item.name: item for item in assignments(tree) if _is_object(item.value, classes)}
    later = [
        (definition.name, function)
        for definition in tree.body
        if isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and definition.name not in called
        for function in functions(definition)
    ]
    at_once = _called_at_once(tree)
    for name, item in made.items():
        adding = set(_adding(classes.get(_maker(item.value))))
        by = next((by for by, function in later if _changes(function, name, adding)), "")
        by = by or next((f"{name}.{m}" for m in sorted(adding - at_once) if f"{name}.{m}" in outside), "")
        if by:
            yield Held(name, item.target, by, "changes")


def function_stores(tree: ast.Module) -> Iterator[Held]:
    """Yield the attributes of functions that the body sets and functions change later: ``count.calls = 0``."""
    at_once = _called_at_once(tree)
    plain = {f.name: f for f in tree.body if isinstance(f, Function)}
    made: dict[str, tuple[ast.expr, ast.expr]] = {}
    for statement in top_level(tree):
        match statement:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=owner), attr=name) as set_], value=value):
                if owner in plain:
                    made[f"{owner}.{name}"] = set_, value
    for path, (target, first) in made.items():
        owner = path.partition(".")[0]
        for by, function in plain.items():
            if by not in at_once and owner not in local_names(function) and _is_changed(path, first, function):
                yield Held(path, target, by, "changes")
                break


def _is_changed(path: str, first: ast.expr, function: Function) -> bool:
    """Whether a function adds to an attribute, or binds it to something else than its first value."""
    for node in inside(function):
        match node:
            case ast.AugAssign(target=ast.Attribute() as changed) if ast.unparse(changed) == path:
                return True
            case ast.Assign(targets=[ast.Attribute() as changed], value=value) if ast.unparse(changed) == path:
                if ast.dump(value) != ast.dump(first):
                    return True
            case ast.Subscript(value=ast.Attribute() as changed, ctx=ast.Store()) if ast.unparse(changed) == path:
                return True
            case ast.Call(func=ast.Attribute(value=ast.Attribute() as changed, attr=method)):
                if method in MUTATORS - REMOVERS and ast.unparse(changed) == path:
                    return True
    return False


def is_object(item: TopLevel, tree: ast.Module) -> bool:
    """Return whether a name is bound to a new instance of a class, on which attributes can be set."""
    return _is_object(item.value, {c.name: c for c in tree.body if isinstance(c, ast.ClassDef)})


def called_later(tree: ast.Module, called: Collection[str]) -> set[str]:
    """Return the names that functions call which the body does not run."""
    return {
        node.func.id
        for definition in tree.body
        if isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and definition.name not in called
        for function in functions(definition)
        for node in descendants(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def _is_object(value: ast.expr, classes: Collection[str]) -> bool:
    return _maker(value) == "SimpleNamespace" or _maker(value) in classes


def _maker(value: ast.expr) -> str:
    return ast.unparse(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""


def _changes(function: Function, name: str, adding: Collection[str]) -> bool:
    """Whether a function sets an attribute of an object, or calls one of the methods that add to it."""
    if name in local_names(function):
        return False
    for node in inside(function):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), ctx=ast.Store()) if owner == name:
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=method)):
                if owner == name and method in adding:
                    return True
    return False


def _adding(definition: ast.ClassDef | None) -> Iterator[str]:
    """Yield the methods that add what they are given to a container that ``__init__`` makes."""
    own = [f for f in definition.body if isinstance(f, Function)] if definition is not None else []
    made: set[str] = set()
    for function in own:
        if function.name == "__init__":
            made = {name for name, value in _set_on(function) if _is_empty(value)}
        else:
            # What is made anew all the time is no state.
            made -= set(_rebound(function))
    for function in own:
        if function.name != "__init__" and not made.isdisjoint(_grown(function, {"self"})):
            yield function.name


def _stores(definition: ast.ClassDef) -> Iterator[tuple[str, ast.Name]]:
    for statement in definition.body:
        match statement:
            case ast.Assign(targets=[ast.Name() as target], value=value) if _is_empty(value):
                yield target.id, target
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value) if _is_empty(value):
                yield target.id, target


def _is_empty(value: ast.expr) -> bool:
    match value:
        case ast.Dict(keys=[]) | ast.List(elts=[]):
            return True
    return _maker(value) in _MADE_EMPTY


def _grown(function: Function, owners: Collection[str], *, is_itself: bool = False) -> Iterator[str]:
    """Yield the attributes of an instance or class to which a method adds something, or itself."""
    first = function.args.args[0].arg if function.args.args else ""
    made = _made_by_new(function) | {first}
    for node in descendants(function):
        added: list[ast.expr] = []
        match node:
            case ast.Assign(targets=[ast.Subscript(value=found)], value=value):
                added = [value]
            case ast.AugAssign(target=ast.Subscript(value=found), value=value):
                added = [value]
            case ast.Call(func=ast.Attribute(value=found, attr=method), args=added) if method in MUTATORS - REMOVERS:
                pass
            case _:
                continue
        while isinstance(found, ast.Subscript):
            found = found.value
        match found:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in owners:
                names = {n.id for value in added for n in descendants(value) if isinstance(n, ast.Name)}
                if not is_itself or not names.isdisjoint(made):
                    yield name


def _made_by_new(function: Function) -> set[str]:
    """Return the names of what ``super().__new__`` makes."""
    return {
        target.id
        for node in descendants(function)
        if isinstance(node, ast.Assign) and "__new__" in ast.unparse(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _popped(function: Function) -> Iterator[str]:
    """Yield the attributes that are used as a stack: what is on it belongs to what runs just now."""
    for node in descendants(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=name), attr="pop"), args=[]):
                yield name


def _rebound(function: Function, owner: str = "") -> Iterator[str]:
    yield from (name for name, _ in _set_on(function, owner))


def _set_on(function: Function, owner: str = "") -> Iterator[tuple[str, ast.expr]]:
    """Yield the attributes that are bound again, of one name or of any, with what they are bound to."""
    for node in descendants(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    match target:
                        case ast.Attribute(value=ast.Name(id=of), attr=name) if owner in ("", of):
                            yield name, value
            case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id=of), attr=name), value=ast.expr() as value):
                if owner in ("", of):
                    yield name, value


def with_bases(tree: ast.Module, outside: Collection[str]) -> set[str]:
    """Return the classes of the module that others use, with their bases and metaclasses in it."""
    classes = {c.name: c for c in tree.body if isinstance(c, ast.ClassDef)}
    found: set[str] = set()
    pending = [name.partition(".")[0] for name in outside]
    while pending:
        name = pending.pop()
        if name in classes and name not in found:
            found.add(name)
            pending += [ast.unparse(b) for b in (*classes[name].bases, *(k.value for k in classes[name].keywords))]
    return found


def _called_at_once(tree: ast.Module) -> frozenset[str]:
    """Return the last names of what module-level statements call."""
    found: set[str] = set()
    for statement in top_level(tree):
        if isinstance(statement, (ast.Expr, ast.Assign, ast.AnnAssign)):
            calls = (node.func for node in descendants(statement) if isinstance(node, ast.Call))
            found |= {ast.unparse(function).rpartition(".")[2] for function in calls}
    return frozenset(found)
