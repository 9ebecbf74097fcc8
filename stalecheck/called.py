"""Functions that a file calls itself, while it is imported or when it reloads, and that put something into what stays.

Asked of the standard library's tree, by the cheap look at every file and before a close one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from stalecheck.attaching import filled_roots, root_of, statements
from stalecheck.nodes import children, descendants, inner_statements, named_parameters

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class _Functions:
    """The functions of a file by name, the methods of its classes by class and name."""

    by_name: dict[str, list[_Function]] = field(default_factory=dict)
    methods: dict[str, list[_Function]] = field(default_factory=dict)
    classes: dict[str, list[_Function]] = field(default_factory=dict)
    """The ``__init__`` of each class."""

    def meant(self, call: ast.expr | None) -> Iterator[_Function]:
        """Yield the functions that a call may mean."""
        match call:
            case ast.Call(func=ast.Name(id=name)):
                yield from self.by_name.get(name, ())
                yield from self.classes.get(name, ())
            case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Call(func=ast.Name(id="super")), attr=name)):
                yield from self.methods.get(name, ())


def find_filling(tree: ast.Module) -> frozenset[ast.FunctionDef]:
    """Return the functions and methods of a file that its top level calls, and that fill something for good.

    Or call such a function in turn. Those that reload something are left out: what they put where depends on when.
    """
    top = [statement for statement in _level(tree.body) if not isinstance(statement, ast.ClassDef)]
    called = [call for statement in top if (call := _called(statement)) is not None]
    if not called:
        return frozenset()
    functions = _functions(tree)
    found = _filling([function for call in called for function in functions.meant(call)], functions)
    return frozenset(function for function in found if isinstance(function, ast.FunctionDef))


@lru_cache(maxsize=1)
def find_helpers(tree: ast.Module, *, may_reload: bool) -> frozenset[_Function]:
    """Return the functions that may fill something again after a reload, called by the function that reloads.

    Those of the file that such functions call; for other files' what they can call with nothing: ``app.fill()``,
    ``app.service.fill()``.
    """
    functions = _functions(tree)
    named = [function for same in functions.by_name.values() for function in same]
    found = [function for function in named if not named_parameters(function.args)]
    found += _methods_of_objects(tree)
    if may_reload:
        found += [helper for function in find_reloading(tree) for helper in _calls(function, functions)]
    return _filling(found, functions, _imported(tree))


def _methods_of_objects(tree: ast.Module) -> Iterator[_Function]:
    """Yield the methods, without further parameters, of the classes of whose objects the top level keeps one."""
    classes: dict[str, list[ast.ClassDef]] = {}
    made: set[str] = set()
    for statement in _level(tree.body):
        match statement:
            case ast.ClassDef(name=name):
                classes.setdefault(name, []).append(statement)
            case ast.Assign(value=ast.Call(func=called)) | ast.AnnAssign(value=ast.Call(func=called)):
                made.add(root_of(called))
    pending = sorted(made & classes.keys())
    seen = set(pending)
    while pending:
        for definition in classes[pending.pop()]:
            for method in definition.body:
                if (
                    isinstance(method, _Function)
                    and not method.decorator_list
                    and len(named_parameters(method.args)) == 1
                ):
                    yield method
            bases = {root_of(base) for base in definition.bases} & classes.keys() - seen
            seen |= bases
            pending += sorted(bases)


def _imported(tree: ast.Module) -> frozenset[str]:
    """Return the names that the imports of a file's top level bind."""
    return frozenset(
        alias.asname or alias.name.partition(".")[0]
        for statement in _level(tree.body)
        if isinstance(statement, (ast.Import, ast.ImportFrom))
        for alias in statement.names
    )


def _filling(
    pending: list[_Function], functions: _Functions, imported: frozenset[str] = frozenset()
) -> frozenset[_Function]:
    """Return which of some functions, and of those that they call, fill something for good.

    Or may call one that does, with nothing, by a name that has been `imported`.
    """
    edges: dict[_Function, list[_Function]] = {}
    found: set[_Function] = set()
    while pending:
        function = pending.pop()
        if function not in edges:
            is_reloading = _spells_reload(function)
            edges[function] = [] if is_reloading else list(_calls(function, functions))
            pending += edges[function]
            if not is_reloading and (_fills(function) or _calls_any(function, imported)):
                found.add(function)
    size = -1
    while size != len(found):
        size = len(found)
        found |= {function for function, inner in edges.items() if not found.isdisjoint(inner)}
    return frozenset(found)


@lru_cache(maxsize=1)
def find_reloading(tree: ast.Module) -> frozenset[_Function]:
    """Return the functions of a file, also those within others, that may reload something, by the names they use.

    What trims a file asks first, then what reads it.
    """
    found: set[_Function] = set()
    pending: list[tuple[ast.AST, tuple[_Function, ...]]] = [(tree, ())]
    while pending:
        node, around = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            around = (*around, node)
        elif around and _is_of_reload(node):
            found.update(around)
        pending += [(child, around) for child in children(node) if not isinstance(child, ast.Constant)]
    return frozenset(found)


def _spells_reload(function: _Function) -> bool:
    return any(map(_is_of_reload, descendants(function)))


def _is_of_reload(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        name = node.id
    elif isinstance(node, ast.Attribute):
        name = node.attr
    else:
        return False
    return name == "modules" or "reload" in name or name.endswith("_extension")


def _functions(tree: ast.Module) -> _Functions:
    found = _Functions()
    for statement in _level(tree.body):
        if isinstance(statement, _Function) and not statement.decorator_list:
            found.by_name.setdefault(statement.name, []).append(statement)
        elif isinstance(statement, ast.ClassDef):
            for method in statement.body:
                if isinstance(method, _Function) and method.name == "__init__":
                    found.classes.setdefault(statement.name, []).append(method)
                elif isinstance(method, _Function):
                    found.methods.setdefault(method.name, []).append(method)
    return found


def _level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module's top level, not those below ``if __name__ == "__main__"``."""
    pending = list(body)
    while pending:
        statement = pending.pop()
        if isinstance(statement, ast.If) and _names(statement.test) & {"__name__", "TYPE_CHECKING"}:
            pending += statement.orelse
            continue
        yield statement
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            pending += inner_statements(statement)


def _names(test: ast.expr) -> set[str]:
    return {node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "") for node in descendants(test)}


def _called(statement: ast.stmt) -> ast.Call | None:
    """Return the call that a statement is, or awaits, or whose result it keeps or gives back."""
    match statement:
        case ast.Expr(value=ast.Await(value=ast.Call() as call)):
            return call
        case (
            ast.Expr(value=ast.Call() as call)
            | ast.Assign(value=ast.Call() as call)
            | ast.AnnAssign(value=ast.Call() as call)
            | ast.Return(value=ast.Call() as call)
        ):
            return call
    return None


def _calls(function: _Function, functions: _Functions) -> Iterator[_Function]:
    for statement in statements(function):
        yield from functions.meant(_called(statement))


def _calls_any(function: _Function, imported: frozenset[str]) -> bool:
    """Whether a statement of a function calls something with nothing by one of some names: ``app.fill()``."""
    return any(
        isinstance(statement, ast.Expr)
        and (call := _called(statement)) is not None
        and not (call.args or call.keywords)
        and root_of(call.func) in imported
        for statement in statements(function)
    )


def _fills(function: _Function) -> bool:
    """Whether a function puts something into what it has not made itself, in its own name."""
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in descendants(function)):
        return False
    local = {argument.arg for argument in named_parameters(function.args)[1:]}
    outside: set[str] = set()
    found: set[str] = set()
    for statement in statements(function):
        if isinstance(statement, ast.Global):
            outside.update(statement.names)
        if isinstance(statement, ast.Assign):
            local.update(target.id for target in statement.targets if isinstance(target, ast.Name))
        found.update(_given_roots(statement))
    return bool(outside) or bool(found - local - {""})


def _given_roots(statement: ast.stmt) -> Iterator[str]:
    """Yield the names with which what a statement fills is written, or what it gives something to: a registry."""
    yield from filled_roots(statement)
    match statement:
        case ast.Expr(value=ast.Call(func=called, args=[_, *_])):
            yield root_of(called)
