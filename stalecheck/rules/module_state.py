"""What a module binds at its top level, and which of its functions change that later."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from stalecheck.attaching import is_own_module
from stalecheck.link import Program
from stalecheck.model import SourceFile
from stalecheck.nodes import Function, descendants
from stalecheck.rules.statements import top_level
from stalecheck.summarize.summary import Reference

MUTATORS = frozenset(
    {
        *("append", "appendleft", "add", "insert", "extend", "extendleft", "update", "setdefault", "push", "put"),
        *("pop", "popleft", "popitem", "remove", "discard", "clear", "__setitem__", "set"),
    }
)

REMOVERS = frozenset({"pop", "popleft", "popitem", "remove", "discard", "clear"})
_FILLERS = frozenset({"heappush", "heappushpop", "insort", "insort_left", "insort_right"})
"""Functions of `heapq` and `bisect` that put something into a list that they are given."""

_HANDS_OVER = re.compile(r"register|listener|subscribe|connect|callback|hook")
_MAKES = re.compile(r"_*(?:make|create|open|connect|start|launch|spawn|new)(?:_|$)")
OPENED = frozenset({"connect", "create_connection", "create_engine", "socket"})
"""Functions that open something of which there is to be one."""


@dataclass(frozen=True, slots=True)
class TopLevel:
    """One assignment of a name at module level."""

    name: str
    target: ast.Name
    value: ast.expr
    is_guarded: bool
    """Below a condition or a ``try``: it may be what keeps the name over a reload."""

    is_asked_for: bool = False
    """Below a condition for which the module's own name is handed out: ``if not is_reload(__name__)``."""


@dataclass(frozen=True, slots=True)
class Change:
    """A statement in a function that fills a name of the module, or binds it again."""

    name: str
    function: str
    """The name of the outermost function or class around it."""

    node: ast.AST
    rebinds: bool
    """Through ``global``."""

    value: ast.expr | None = None
    """What is bound."""

    removes: bool = False
    """It takes something out."""

    is_given: bool = False
    """What it adds comes from the arguments of a call."""


@dataclass(frozen=True, slots=True)
class Singleton:
    """What is made once, when somebody asks for it."""

    name: str
    """Qualified in the module: ``_connection``, ``Config._instance``."""

    target: ast.expr
    maker: str
    """The function that makes it."""

    at_first: str = "None"
    """What it is until then."""

    says: str = ""
    """What happens at a reload, where it is not that the name is what it was at first."""


def assignments(tree: ast.Module) -> Iterator[TopLevel]:
    """Yield the assignments of names at module level, conditional ones included."""
    pending: list[tuple[ast.stmt, bool, bool]] = [(statement, False, False) for statement in reversed(tree.body)]
    while pending:
        statement, is_guarded, is_asked_for = pending.pop()
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target, part in (pair for each in targets for pair in _pairs(each, value)):
                    if isinstance(target, ast.Name):
                        yield TopLevel(target.id, target, part, is_guarded, is_asked_for)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                yield TopLevel(target.id, target, value, is_guarded, is_asked_for)
            case ast.If() | ast.Try() | ast.With():
                inner = [*statement.body, *getattr(statement, "orelse", []), *getattr(statement, "finalbody", [])]
                for handler in getattr(statement, "handlers", []):
                    inner += handler.body
                asks = isinstance(statement, ast.If) and _asks_by_name(statement.test)
                pending += [(child, True, is_asked_for or asks) for child in reversed(inner)]


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield each target of an assignment with what it is assigned, as far as several are written one by one."""
    match target, value:
        case ast.Tuple(elts=targets) | ast.List(elts=targets), ast.Tuple(elts=values) | ast.List(elts=values):
            if len(targets) == len(values):
                for one, part in zip(targets, values, strict=True):
                    yield from _pairs(one, part)
        case _:
            yield target, value


def _asks_by_name(test: ast.expr) -> bool:
    return any(
        isinstance(call, ast.Call) and any(isinstance(a, ast.Name) and a.id == "__name__" for a in call.args)
        for call in descendants(test)
    )


def changes(tree: ast.Module) -> Iterator[Change]:
    """Yield what functions and methods do to names of the module when they are called."""
    for definition in _definitions(tree):
        for function in functions(definition):
            given = {node.arg for node in descendants(function) if isinstance(node, ast.arg)}
            for change in _changes_in(function, definition.name):
                is_given = any(isinstance(n, ast.Name) and n.id in given for n in descendants(change.node))
                yield replace(change, is_given=True) if is_given else change
    for name, expression in _lambdas(tree):
        for change in _changes_in(expression, name):
            yield replace(change, is_given=True)


def functions(node: ast.AST) -> Iterator[Function]:
    """Yield the functions below a node, itself included; those within others are parts of them."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield current
        elif not isinstance(current, ast.expr):
            pending += ast.iter_child_nodes(current)


def used_at_top_level(tree: ast.Module) -> frozenset[str]:
    """Return the names that module-level statements, decorators included, look at."""
    found: set[str] = set()
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            pending += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        if isinstance(node, ast.Call) and _HANDS_OVER.search(_name_of(node.func)):
            # What is handed over is called later.
            pending += [node.func, *(argument for argument in node.args if not isinstance(argument, ast.Name))]
            continue
        pending += ast.iter_child_nodes(node)
    return frozenset(found)


def run_at_top_level(tree: ast.Module) -> frozenset[str]:
    """Return the names that the module's body looks at, and the functions that those of them call that are its own."""
    found = set(used_at_top_level(tree))
    own = {definition.name: definition for definition in tree.body if isinstance(definition, Function)}
    pending = [name for name in called_at_top_level(tree) if name in own]
    while pending:
        nodes: list[ast.AST] = list(own[pending.pop()].body)
        while nodes:
            node = nodes.pop()
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                    continue
                case ast.Call(func=ast.Name(id=name)) if name in own and name not in found:
                    found.add(name)
                    pending.append(name)
            nodes += ast.iter_child_nodes(node)
    return frozenset(found)


def called_at_top_level(tree: ast.Module) -> frozenset[str]:
    """Return what module-level statements call, as written: ``Kind._populate``."""
    calls = (node for s in top_level(tree) if isinstance(s, (ast.Expr, ast.Assign)) for node in descendants(s))
    return frozenset(ast.unparse(node.func) for node in calls if isinstance(node, ast.Call))


def inside(function: Function | ast.Lambda) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body: what its decorators and defaults do is done when it is defined."""
    body: list[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else [*function.body]
    return (node for part in body for node in descendants(part))


def local_names(function: Function | ast.Lambda) -> frozenset[str]:
    """Return the names that are a function's own, or those of the functions within it."""
    declared = {name for node in descendants(function) if isinstance(node, ast.Global) for name in node.names}
    found: set[str] = set()
    for node in descendants(function):
        if isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
    return frozenset(found - declared)


def kept_names(file: SourceFile, program: Program) -> frozenset[str]:
    """Return the names of a module that only the first run of its body binds."""
    summary = program.summaries.get(file)
    bindings = [binding for binding in summary.bindings if not binding.block] if summary is not None else []
    names = {binding.name for binding in bindings if binding.is_kept}
    anew = {
        binding.name
        for binding in bindings
        if not (binding.is_kept or (isinstance(binding.value, Reference) and binding.value.name == binding.name))
    }
    return frozenset(names - anew)


def is_lazy(change: Change, tree: ast.Module) -> bool:
    """Whether a function binds a name only as long as it is None: what it makes is made again when it is asked for."""
    return isinstance(_made(change.value), ast.Call) and any(
        change.node in set(descendants(function)) and _asks(function, change.name)
        for definition in _definitions(tree)
        if definition.name == change.function
        for function in functions(definition)
    )


def singletons(tree: ast.Module) -> Iterator[Singleton]:
    """Yield what is None, or empty, until somebody asks for it."""
    called = run_at_top_level(tree)
    lazy = {
        change.name: change.function
        for change in changes(tree)
        if change.rebinds
        and change.function not in called
        and _is_maker(_made(change.value), tree)
        and is_lazy(change, tree)
    }
    for made in assignments(tree):
        if made.name in lazy and isinstance(made.value, ast.Constant) and made.value.value is None:
            yield Singleton(made.name, made.target, lazy[made.name])
    for definition in tree.body:
        if isinstance(definition, ast.ClassDef):
            called_at_once = called_at_top_level(tree)
            yield from _of_class(definition, called_at_once)
            yield from _of_class_on_demand(definition, called_at_once)
            yield from _of_metaclass(definition, tree)


def _definitions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield the functions and classes that are part of no other."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node
        elif isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            pending += ast.iter_child_nodes(node)


def _lambdas(tree: ast.Module) -> Iterator[tuple[str, ast.Lambda]]:
    """Yield the lambda expressions at module level that a name or a container keeps, with the name."""
    for made in assignments(tree):
        if isinstance(made.value, (ast.Lambda, ast.Dict, ast.List, ast.Tuple)):
            for node in descendants(made.value):
                if isinstance(node, ast.Lambda):
                    yield made.name, node


def _changes_in(function: Function | ast.Lambda, outermost: str) -> Iterator[Change]:
    local = local_names(function)
    declared = {name for node in descendants(function) if isinstance(node, ast.Global) for name in node.names}
    aliases = _aliases(function, local)
    for node in inside(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _stored(target, value, node, outermost, declared, local, aliases)
            case ast.AugAssign(target=target, value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from _stored(target, value, node, outermost, declared, local, aliases)
            case ast.Delete(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Subscript):
                        found = _stored(target, None, node, outermost, declared, local, aliases)
                        yield from (replace(change, removes=True) for change in found)
            case ast.Call(func=ast.Name(id="setattr"), args=[owner, ast.Constant(value=str() as name), value]):
                if is_own_module(owner):
                    yield Change(name, outermost, node, rebinds=True, value=value)
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in MUTATORS:
                root = _root(owner)
                name = aliases.get(root, "" if root in local else root)
                if name:
                    yield Change(name, outermost, node, rebinds=False, removes=method in REMOVERS)
            case ast.Call(func=ast.Name() | ast.Attribute() as filler, args=[table, _, *_]) if (
                ast.unparse(filler).rpartition(".")[2] in _FILLERS
            ):
                root = _root(table)
                name = aliases.get(root, "" if root in local else root)
                if name:
                    yield Change(name, outermost, node, rebinds=False)


def _aliases(function: Function | ast.Lambda, local: frozenset[str]) -> dict[str, str]:
    """Return the local names that are only ever bound to a name of the module: ``current = TABLE``."""
    bound: dict[str, list[str]] = {}
    for node in descendants(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.setdefault(node.id, []).append("")
        match node:
            case ast.Assign(targets=[ast.Name(id=alias)], value=ast.Name(id=name)) if name not in local:
                bound.setdefault(alias, []).append(name)
    return {alias: names[-1] or names[0] for alias, names in bound.items() if len(names) == 2 and any(names)}


def _root(node: ast.expr) -> str:
    """Return the name whose items are meant: ``TABLE[k]``, ``TABLE.setdefault(k, [])``; nothing for anything else."""
    while True:
        match node:
            case ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(value=inner, attr="setdefault")):
                node = inner
            case _:
                return node.id if isinstance(node, ast.Name) else ""


def _stored(
    target: ast.expr,
    value: ast.expr | None,
    node: ast.AST,
    outermost: str,
    declared: set[str],
    local: frozenset[str],
    aliases: Mapping[str, str],
) -> Iterator[Change]:
    match target:
        case ast.Name(id=name) if name in declared:
            yield Change(name, outermost, node, rebinds=True, value=value)
        case ast.Subscript(value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str() as name)):
            yield Change(name, outermost, node, rebinds=True, value=value)
        case ast.Subscript():
            root = _root(target)
            name = aliases.get(root, "" if root in local else root)
            if name:
                yield Change(name, outermost, node, rebinds=False)


def _asks(function: Function, name: str) -> bool:
    """Whether a function looks at a name before it decides: ``if x is None``, ``if not x``, ``x = x or …``."""
    for node in descendants(function):
        if isinstance(node, (ast.If, ast.IfExp, ast.While)):
            tested: ast.expr = node.test
        elif isinstance(node, ast.BoolOp):
            tested = node.values[0]
        else:
            continue
        if any(isinstance(inner, ast.Name) and inner.id == name for inner in descendants(tested)):
            return True
    return False


def _made(value: ast.expr | None) -> ast.expr | None:
    """Return what is bound in the end: the last part of ``x or C()``, the operand of ``await``."""
    while True:
        match value:
            case ast.Await(value=inner) | ast.BoolOp(op=ast.Or(), values=[ast.Name(), inner]):
                value = inner
            case _:
                return value


def _is_maker(call: ast.expr | None, tree: ast.Module) -> bool:
    """Whether a call makes an instance: of a class of the module, or of something written like one.

    A function of the module does if it returns such a call; of others the name says it: ``make_client()``.
    """
    if not isinstance(call, ast.Call):
        return False
    function = call.func
    if isinstance(function, ast.Name):
        for definition in tree.body:
            if isinstance(definition, ast.ClassDef) and definition.name == function.id:
                return True
            if isinstance(definition, Function) and definition.name == function.id:
                returned = [node.value for node in descendants(definition) if isinstance(node, ast.Return)]
                return any(isinstance(given, ast.Call) and _is_class(given, tree) for given in returned)
    return _is_class(call, tree) or _MAKES.match(_name_of(function)) is not None


def _is_class(call: ast.Call, tree: ast.Module) -> bool:
    name = _name_of(call.func)
    if any(isinstance(definition, ast.ClassDef) and definition.name == name for definition in tree.body):
        return True
    return name in OPENED or (name.lstrip("_")[:1].isupper() and not name.isupper())


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _of_metaclass(definition: ast.ClassDef, tree: ast.Module) -> Iterator[Singleton]:
    """Yield the table in which a metaclass of the module keeps the one instance of each of its classes."""
    calls = [f for f in definition.body if isinstance(f, ast.FunctionDef) and f.name == "__call__" and f.args.args]
    users = [
        keyword
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for keyword in node.keywords
        if keyword.arg == "metaclass" and _name_of(keyword.value) == definition.name
    ]
    if not calls or not users:
        return
    kept = f"{calls[0].args.args[0].arg}."
    for statement in definition.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=ast.Dict(keys=[]) | ast.Call()):
                pass
            case ast.AnnAssign(target=ast.Name(id=name) as target, value=ast.Dict(keys=[]) | ast.Call()):
                pass
            case _:
                continue
        for node in descendants(calls[0]):
            match node:
                case ast.Subscript(value=ast.Attribute(attr=attribute) as owner, ctx=ast.Store()) if attribute == name:
                    if ast.unparse(owner) in {f"{kept}{name}", f"{definition.name}.{name}"}:
                        yield Singleton(f"{definition.name}.{name}", target, f"{definition.name}.__call__", "empty")


def _of_class(definition: ast.ClassDef, called: frozenset[str]) -> Iterator[Singleton]:
    for statement in definition.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=ast.Constant(value=None)):
                pass
            case ast.AnnAssign(target=ast.Name(id=name) as target, value=ast.Constant(value=None)):
                pass
            case _:
                continue
        for function in definition.body:
            if not isinstance(function, ast.FunctionDef) or f"{definition.name}.{function.name}" in called:
                continue
            if _makes_own(function, name, definition.name):
                yield Singleton(f"{definition.name}.{name}", target, f"{definition.name}.{function.name}")
                break


def _of_class_on_demand(definition: ast.ClassDef, called: frozenset[str]) -> Iterator[Singleton]:
    """Yield the attributes that a class has only once a method has bound them to an instance.

    It asks ``hasattr``, or catches the error.
    """
    bound = {node.id for s in definition.body if isinstance(s, (ast.Assign, ast.AnnAssign)) for node in _targets(s)}
    for function in definition.body:
        if not isinstance(function, ast.FunctionDef) or f"{definition.name}.{function.name}" in called:
            continue
        owners = {"cls", definition.name}
        asked = {name for owner, name in _asked_attributes(function) if owner in owners}
        for node in descendants(function):
            match node:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=owner), attr=name) as target]):
                    if owner in owners and name in asked - bound and _makes_own(function, name, definition.name):
                        bound.add(name)
                        by = f"{definition.name}.{function.name}"
                        yield Singleton(f"{definition.name}.{name}", target, by, "missing")


def _targets(statement: ast.Assign | ast.AnnAssign) -> Iterator[ast.Name]:
    if isinstance(statement, ast.AnnAssign) and statement.value is None:
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    yield from (target for target in targets if isinstance(target, ast.Name))


def _asked_attributes(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """Yield the names and attributes of which a function finds out whether they are there."""
    caught = [node.body for node in descendants(function) if isinstance(node, ast.Try) and _catches_missing(node)]
    for node in (inner for body in caught for statement in body for inner in descendants(statement)):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name, ctx=ast.Load()):
                yield owner, name
    tests = [node.test for node in descendants(function) if isinstance(node, (ast.If, ast.IfExp))]
    for node in (inner for test in tests for inner in descendants(test)):
        match node:
            case ast.Call(
                func=ast.Name(id="hasattr" | "getattr"),
                args=[ast.Name(id=owner), ast.Constant(value=str() as name), *_],
            ):
                yield owner, name
            case ast.Compare(
                left=ast.Constant(value=str() as name),
                ops=[ast.In() | ast.NotIn()],
                comparators=[
                    ast.Attribute(value=ast.Name(id=owner), attr="__dict__")
                    | ast.Call(func=ast.Name(id="vars" | "dir"), args=[ast.Name(id=owner)])
                ],
            ):
                yield owner, name


def _catches_missing(node: ast.Try) -> bool:
    types = [inner for handler in node.handlers if handler.type is not None for inner in descendants(handler.type)]
    return any(isinstance(inner, ast.Name) and inner.id == "AttributeError" for inner in types)


def _makes_own(function: ast.FunctionDef, name: str, owner: str) -> bool:
    """Whether a function binds ``cls._instance`` to a new instance of the class."""
    for node in descendants(function):
        match node:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id=bound), attr=attribute)], value=ast.Call(func=maker)
            ) if attribute == name and bound in {"cls", owner}:
                written = ast.unparse(maker)
                if written in {"cls", owner} or written.endswith("__new__"):
                    return True
    return False
