"""Which functions and classes of the reloaded modules somebody goes on with after the reload."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from stalecheck.link import Relation, StaleReference
from stalecheck.model import SourceFile
from stalecheck.rules.bases import bases_of
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.statements import top_level
from stalecheck.vocabulary import HolderKind, OriginKind


@dataclass(frozen=True, slots=True)
class Alive:
    """What is kept: each by the path of its module and its qualified name there."""

    kept: frozenset[tuple[Path, str]]
    """Functions that may be called again, and classes of which the class, a subclass or an instance is kept."""

    called: frozenset[tuple[Path, str]]
    """Functions that have been called, and of which only what they returned is kept: decorators."""


def alive(reloading: Reloading) -> Alive:
    """Return what the stale references keep, with the bases of the classes among it."""
    files = {file.path: file for file in reloading.reloads()}
    kept: set[tuple[Path, str]] = set()
    called: set[tuple[Path, str]] = set()
    for reference in reloading.references:
        origin = reference.origin
        if reference.relation is Relation.DERIVED or reference.is_computed:
            continue
        if origin.kind is OriginKind.INSTANCE and origin.path in files:
            kept |= {(origin.path, name) for name in _made_by(origin.name, files[origin.path], reloading)}
        (called if _is_called(reference, reloading) else kept).add((origin.path, origin.name))
    return Alive(frozenset(kept | _above(kept, files, reloading)), frozenset(called - kept))


def _made_by(name: str, file: SourceFile, reloading: Reloading) -> set[str]:
    """Return the names of what is called to make what a module binds to a name."""
    tree = reloading.parse(file)
    found = set()
    for statement in top_level(tree) if tree is not None else ():
        match statement:
            case ast.Assign(targets=targets, value=ast.Call(func=maker)):
                if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                    found.add(ast.unparse(maker))
            case ast.AnnAssign(target=ast.Name(id=bound), value=ast.Call(func=maker)) if bound == name:
                found.add(ast.unparse(maker))
    return found


def _is_called(reference: StaleReference, reloading: Reloading) -> bool:
    """Whether the function itself has done its work, as a decorator has."""
    if reference.origin.kind is not OriginKind.FUNCTION:
        return False
    if reference.holder.kind is HolderKind.DECORATED:
        return True
    if reference.relation is not Relation.WRAPPED:
        return False
    last = reference.origin.name.rpartition(".")[2]
    tree = reloading.parse(reference.file)
    for statement in top_level(tree) if tree is not None else ():
        match statement:
            case ast.Assign(value=ast.Call(func=made)) | ast.AnnAssign(value=ast.Call(func=made)):
                if statement.lineno == reference.span.start.row:
                    return ast.unparse(made).rpartition(".")[2] == last
    return False


def _above(kept: set[tuple[Path, str]], files: dict[Path, SourceFile], reloading: Reloading) -> set[tuple[Path, str]]:
    """Return the classes that some classes inherit from."""
    found: set[tuple[Path, str]] = set()
    pending = [(files[path], name) for path, name in kept if path in files]
    while pending:
        file, name = pending.pop()
        for definition, other in bases_of(name, file, reloading):
            key = other.path, definition.name
            if key not in found:
                found.add(key)
                pending.append((other, definition.name))
    return found
