"""Whether what was registered is taken out again before a reload."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from stalecheck.model import Reload, SourceFile
from stalecheck.nodes import Function, descendants
from stalecheck.rules.outside_changes import imported_anywhere, innermost, owner_of
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.statements import dotted, top_level

_TAKES = re.compile(
    r"_*(?:clear|remove|pop|discard|delete|unregister|disconnect|unsubscribe|unload|detach|reset|cancel|stop)"
)


def takes_back(registry: str, reload: Reload, reloading: Reloading) -> bool:
    """Return whether the function, or module, that reloads empties something above the reload, or takes an entry out.

    Args:
        registry: The absolute name of what is emptied: ``hooks.HOOKS``, ``atexit``.
        reload: The reload.
        reloading: The run.
    """
    if reload.path is None or reload.location is None:
        return False
    file = next((place.file for place in reloading.places if place.file.path == reload.path), None)
    tree = reloading.parse(file) if file is not None else None
    if file is None or tree is None:
        return False
    names = _names(tree, file)
    for node in _run_above(innermost(tree, reload.location.row), reload.location.row):
        if _takes(node, registry, names):
            return True
        if isinstance(node, ast.Call) and any(
            _takes(inner, registry, known) for inner, known in _called(node, names, file, reloading)
        ):
            return True
    return False


def _run_above(scope: ast.AST, row: int) -> Iterator[ast.AST]:
    statements = top_level(scope) if isinstance(scope, ast.Module) else iter([scope])
    for statement in statements:
        if isinstance(scope, ast.Module) and isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
            continue
        for node in descendants(statement):
            if isinstance(node, (ast.Call, ast.Delete, ast.Assign)) and node.lineno < row:
                yield node


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _called(
    call: ast.Call, names: Mapping[str, str], file: SourceFile, reloading: Reloading
) -> Iterator[tuple[ast.AST, Mapping[str, str]]]:
    """Yield what stands in the function of the project that is called, with what the names there stand for."""
    module, _, name = dotted(call.func, names).rpartition(".")
    owner = reloading.program.table.find(module, file) if module else None
    tree = reloading.parse(owner) if owner is not None else None
    if owner is None or tree is None:
        return
    for function in tree.body:
        if isinstance(function, Function) and function.name == name:
            known = _names(tree, owner)
            yield from ((node, known) for node in descendants(function))


def _names(tree: ast.Module, file: SourceFile) -> dict[str, str]:
    """Return the absolute names of what a module imports or makes."""
    own = [s.name for s in tree.body if isinstance(s, (*_FUNCTIONS, ast.ClassDef))]
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        own += [target.id for target in targets if isinstance(target, ast.Name)]
    return {**{name: f"{file.module}.{name}" for name in own}, **imported_anywhere(descendants(tree), file)}


def _takes(node: ast.AST, registry: str, names: Mapping[str, str]) -> bool:
    """Whether a statement or call takes something out of a registry, or makes it empty."""
    owners: list[ast.expr] = []
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr=method)) if _TAKES.match(method):
            owners = [owner]
        case ast.Delete(targets=targets):
            owners = [target.value for target in targets if isinstance(target, ast.Subscript)]
        case ast.Assign(targets=targets, value=ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Call(args=[])):
            owners = [target.value if isinstance(target, ast.Subscript) else target for target in targets]
    found = (dotted(owner_of(owner), names) for owner in owners)
    return any(name == registry or name.startswith(f"{registry}.") for name in found)
