"""What a decorator makes once: the answer of a cached function, the one instance of a class."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from stalecheck.model import SourceFile
from stalecheck.nodes import Function, descendants
from stalecheck.rules.module_state import OPENED, Singleton, called_at_top_level
from stalecheck.rules.statements import dotted, imports

_CACHES = frozenset({"functools.lru_cache", "functools.cache"})
_STATEFUL = OPENED | frozenset(
    {
        *("Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Event", "Queue", "LifoQueue", "SimpleQueue"),
        *("PriorityQueue", "ThreadPoolExecutor", "ProcessPoolExecutor", "Thread", "Pool", "ConfigParser"),
    }
)
"""What of the standard library is no plain value: there is to be one."""

_NAMES = frozenset({"__name__", "__qualname__"})


@dataclass(frozen=True, slots=True)
class Definitions:
    """A module, and the functions and classes that decorators in it may be."""

    file: SourceFile
    tree: ast.Module
    names: Mapping[str, str]
    """What its imports bind."""

    find: Callable[[str, SourceFile], tuple[SourceFile, ast.Module] | None]
    """Finds a module of the project that a file imports."""

    def meant(self, written: ast.expr) -> tuple[SourceFile, ast.FunctionDef | ast.ClassDef] | None:
        """Return the definition of a decorator that is written without arguments, a base or a metaclass."""
        if isinstance(written, ast.Name) and written.id not in self.names:
            return _definition(self.file, self.tree, written.id)
        module, _, name = dotted(written, self.names).rpartition(".")
        found = self.find(module, self.file) if module else None
        return _definition(*found, name) if found is not None else None


def cached_makers(definitions: Definitions) -> Iterator[Singleton]:
    """Yield the functions without parameters that make an object when they are first called, and remember it."""
    called = called_at_top_level(definitions.tree)
    for function in definitions.tree.body:
        if (
            isinstance(function, ast.FunctionDef)
            and function.name not in called
            and not _has_parameters(function)
            and any(_written(decorator, definitions.names) in _CACHES for decorator in function.decorator_list)
            and _makes(function, definitions)
        ):
            says = f"`{function.name}` has forgotten what it made, and makes a second one"
            yield Singleton(function.name, _name_of(function), function.name, says=says)


def decorated_classes(definitions: Definitions, kept: Collection[str]) -> Iterator[Singleton]:
    """Yield the classes of which a decorator of the project keeps the one instance.

    Args:
        definitions: The module.
        kept: The names of it that a reload does not make anew.
    """
    called = called_at_top_level(definitions.tree)
    for definition in definitions.tree.body:
        if not isinstance(definition, ast.ClassDef) or definition.name in called:
            continue
        for decorator in definition.decorator_list:
            found = definitions.meant(decorator)
            if found is None:
                continue
            file, maker = found
            table = _table_by_name(maker) if isinstance(maker, ast.FunctionDef) else ""
            stays = table and (file != definitions.file or table in kept)
            if not stays and (_keeps_one(maker) if isinstance(maker, ast.FunctionDef) else _is_keeper(maker)):
                says = f"`{maker.name}` knows no instance of the new class `{definition.name}`, and makes a second one"
                yield Singleton(definition.name, decorator, maker.name, says=says)


def made_by_others(definitions: Definitions) -> Iterator[Singleton]:
    """Yield the classes of which a base or a metaclass in another module of the project keeps the one instance."""
    called = called_at_top_level(definitions.tree)
    for definition in definitions.tree.body:
        if not isinstance(definition, ast.ClassDef) or definition.name in called:
            continue
        metaclasses = [keyword.value for keyword in definition.keywords if keyword.arg == "metaclass"]
        makers = (*((base, "__new__") for base in definition.bases), *((each, "__call__") for each in metaclasses))
        for written, method in makers:
            found = definitions.meant(written)
            if found is None or found[0] == definitions.file or not isinstance(found[1], ast.ClassDef):
                continue
            if _keeps_by_class(found[1], method):
                maker = f"{found[1].name}.{method}"
                says = f"`{maker}` knows no instance of the new class `{definition.name}`, and makes a second one"
                yield Singleton(definition.name, written, maker, says=says)


def _keeps_by_class(owner: ast.ClassDef, method: str) -> bool:
    """Whether a method that makes instances keeps them in an attribute of their class, or by it."""
    for function in owner.body:
        if not isinstance(function, ast.FunctionDef) or function.name != method or not function.args.args:
            continue
        first = function.args.args[0].arg
        made = {
            target.id
            for node in descendants(function)
            if isinstance(node, ast.Assign) and _is_new(node.value, method)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for target, value in _stores(function, frozenset()):
            if not (_is_new(value, method) or (isinstance(value, ast.Name) and value.id in made)):
                continue
            match target:
                case ast.Attribute(value=ast.Name(id=name)) | ast.Subscript(slice=ast.Name(id=name)) if name == first:
                    return True
    return False


def _is_new(value: ast.expr, method: str) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == method


def _definition(
    file: SourceFile, tree: ast.Module, name: str
) -> tuple[SourceFile, ast.FunctionDef | ast.ClassDef] | None:
    found = [s for s in tree.body if isinstance(s, (ast.FunctionDef, ast.ClassDef)) and s.name == name]
    return (file, found[-1]) if found else None


def _written(decorator: ast.expr, names: Mapping[str, str]) -> str:
    return dotted(decorator.func if isinstance(decorator, ast.Call) else decorator, names)


def _has_parameters(function: ast.FunctionDef) -> bool:
    given = function.args
    return bool(given.posonlyargs or given.args or given.kwonlyargs or given.vararg or given.kwarg)


def _name_of(function: ast.FunctionDef) -> ast.Name:
    """Return the name of a definition as an expression at its place."""
    first = function.col_offset + len("def ")
    return ast.Name(
        function.name,
        ast.Load(),
        lineno=function.lineno,
        col_offset=first,
        end_lineno=function.lineno,
        end_col_offset=first + len(function.name.encode()),
    )


def _makes(function: ast.FunctionDef, definitions: Definitions) -> bool:
    """Whether all that a function returns are new objects of which there is to be one."""
    made: dict[str, list[ast.expr]] = {}
    for node in descendants(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                made.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                made.setdefault(name, []).append(value)
    returned = [node.value for node in descendants(function) if isinstance(node, ast.Return)]
    local = {bound: name for _, name, bound in imports(function, definitions.file)}
    definitions = replace(definitions, names={**definitions.names, **local})
    values = [value for given in returned for value in _values(given, made)]
    return bool(returned) and all(_is_object(value, definitions) for value in values)


def _values(given: ast.expr | None, made: Mapping[str, list[ast.expr]]) -> list[ast.expr | None]:
    return [*made[given.id]] if isinstance(given, ast.Name) and given.id in made else [given]


def _is_object(value: ast.expr | None, definitions: Definitions) -> bool:
    if not isinstance(value, ast.Call):
        return False
    called = value.func
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    if isinstance(called, ast.Name) and name not in definitions.names:
        own = _definition(definitions.file, definitions.tree, name)
        if own is not None:
            return isinstance(own[1], ast.ClassDef) and not _is_plain(own[1])
    if dotted(called, definitions.names).partition(".")[0] in sys.stdlib_module_names:
        return name in _STATEFUL
    return name in OPENED or (name.lstrip("_")[:1].isupper() and not name.isupper())


def _is_plain(definition: ast.ClassDef) -> bool:
    """Whether the instances of a class are plain values: one is as good as another."""
    bases = {ast.unparse(base).rpartition(".")[2] for base in definition.bases}
    frozen = (
        keyword.arg == "frozen"
        for decorator in definition.decorator_list
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
    )
    return "NamedTuple" in bases or any(frozen)


def _keeps_one(decorator: ast.FunctionDef) -> bool:
    """Whether a function that a decorator defines calls the class, and keeps what that gives."""
    parameter = _parameter(decorator)
    return bool(parameter) and any(
        _is_call_of(value, parameter)
        for function in _inner(decorator)
        for _, value in _stores(function, _lasting(function))
    )


def _table_by_name(decorator: ast.FunctionDef) -> str:
    """Return the table of the module in which a decorator keeps instances by the names of their classes."""
    parameter = _parameter(decorator)
    own = {node.id for node in descendants(decorator) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    by_name = {
        target.id
        for node in descendants(decorator)
        if isinstance(node, ast.Assign) and _is_name_of(node.value, parameter)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for function in _inner(decorator):
        for target, value in _stores(function, _lasting(function)):
            match target:
                case ast.Subscript(value=ast.Name(id=table), slice=key) if table not in own:
                    is_by_name = _is_name_of(key, parameter) or (isinstance(key, ast.Name) and key.id in by_name)
                    if is_by_name and _is_call_of(value, parameter):
                        return table
    return ""


def _is_keeper(decorator: ast.ClassDef) -> bool:
    """Whether a class keeps the class that it is made with, and one instance of that."""
    methods = [method for method in decorator.body if isinstance(method, ast.FunctionDef)]
    kept: set[str] = set()
    for method in methods:
        given = method.args.args
        if method.name == "__init__" and len(given) > 1:
            kept = {
                ast.unparse(target)
                for node in descendants(method)
                if isinstance(node, ast.Assign) and ast.unparse(node.value) == given[1].arg
                for target in node.targets
            }
    return any(
        isinstance(value, ast.Call) and ast.unparse(value.func) in kept
        for method in methods
        if method.name != "__init__"
        for target, value in _stores(method, frozenset())
        if isinstance(target, ast.Attribute)
    )


def _parameter(function: ast.FunctionDef) -> str:
    return function.args.args[0].arg if function.args.args else ""


def _inner(decorator: ast.FunctionDef) -> Iterator[Function]:
    """Yield the functions that a decorator defines, those of a class within it too."""
    return (node for node in descendants(decorator) if isinstance(node, Function) and node is not decorator)


def _lasting(function: Function) -> frozenset[str]:
    """Return the names that a function binds for longer than its call."""
    return frozenset(
        name for node in descendants(function) if isinstance(node, (ast.Nonlocal, ast.Global)) for name in node.names
    )


def _stores(function: Function, lasting: Collection[str]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what a function keeps for later, and where."""
    for node in descendants(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if not isinstance(target, ast.Name) or target.id in lasting:
                        yield target, value
            case ast.Call(func=ast.Attribute(value=table, attr="setdefault"), args=[key, value]):
                yield ast.copy_location(ast.Subscript(table, key, ast.Store()), node), value
            case ast.Call(func=ast.Attribute(value=owner, attr="append"), args=[value]):
                yield owner, value


def _is_call_of(value: ast.expr, name: str) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == name


def _is_name_of(value: ast.expr, name: str) -> bool:
    match value:
        case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if owner == name and attribute in _NAMES:
            return True
        case ast.JoinedStr():
            attributes = [node for node in descendants(value) if isinstance(node, (ast.Attribute, ast.Name))]
            return any(_is_name_of(node, name) for node in attributes)
    return False
