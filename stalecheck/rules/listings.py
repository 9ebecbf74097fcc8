"""Loops over directory listings: the system gives the names in an order of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from stalecheck.model import SourceFile
from stalecheck.modules import absolute
from stalecheck.nodes import descendants, scope_of
from stalecheck.reloads import ReloadPlace
from stalecheck.rules.reloading import Reloading

_LISTINGS = frozenset({"listdir", "scandir", "glob", "iglob", "rglob", "iterdir", "walk"})


@dataclass(frozen=True, slots=True)
class Listing:
    """What a loop that reloads runs through."""

    written: str
    """``os.listdir``"""

    is_known: bool
    """Whether the folder is."""

    dependent: SourceFile | None = None
    """A module of the folder that takes a name from another one there; `source` is that, `name` what it takes."""

    source: SourceFile | None = None
    name: str = ""


def listing_around(place: ReloadPlace, reloading: Reloading) -> Listing | None:
    """Return the directory listing that the loop around a reload runs through as it comes; None if it is no such."""
    source = reloading.sources[place.file]
    tree = reloading.parse(place.file) if any(name.encode() in source for name in _LISTINGS) else None
    scope = scope_of(tree, place.site.block) if tree is not None else None
    if tree is None or scope is None:
        return None
    row = place.site.span.start.row
    for iterated in _iterated(scope, row):
        node = _listed(iterated, scope, tree)
        if node is None:
            continue
        files = _files_in(node, place, scope, tree, reloading)
        written = ast.unparse(node.func)
        pair = next(_pairs(files, reloading), None)
        return Listing(written, bool(files)) if pair is None else Listing(written, True, *pair)
    return None


def _iterated(scope: ast.AST, row: int) -> Iterator[ast.expr]:
    """Yield what the loops around a row run through."""
    for node in descendants(scope):
        if isinstance(node, (ast.For, ast.AsyncFor)) and node.body[0].lineno <= row <= (node.end_lineno or row):
            yield node.iter
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)) and node.lineno <= row:
            yield from (generator.iter for generator in node.generators if row <= (node.end_lineno or row))


def _listed(node: ast.expr, scope: ast.AST, tree: ast.Module) -> ast.Call | None:
    """Return the call that lists, where nothing sorts what it gives."""
    if isinstance(node, ast.Name):
        given = _assigned(node.id, scope, tree)
        return _listed(given, scope, tree) if given is not None else None
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Name) and node.func.id in {"list", "tuple", "set", "filter", "map", "enumerate"}:
        return _listed(node.args[-1], scope, tree) if node.args else None
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    return node if name in _LISTINGS else None


def _assigned(name: str, scope: ast.AST, tree: ast.Module) -> ast.expr | None:
    """Return the only value that a name is bound to; None if it is sorted in place, or bound more than once."""
    for where in (scope, tree):
        values: list[ast.expr] = []
        for node in descendants(where):
            match node:
                case ast.Assign(targets=[ast.Name(id=bound)], value=value) if bound == name:
                    values.append(value)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=bound), attr="sort")) if bound == name:
                    return None
        if values:
            return values[0] if len(values) == 1 else None
    return None


def _files_in(
    call: ast.Call, place: ReloadPlace, scope: ast.AST, tree: ast.Module, reloading: Reloading
) -> list[SourceFile]:
    """Return the project's modules in the folder that is listed, as far as its name is written out."""
    nodes = list(descendants(call))
    for inner in [node for node in nodes if isinstance(node, ast.Name)]:
        given = _assigned(inner.id, scope, tree)
        nodes += descendants(given) if given is not None else ()
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    parts = [part for text in texts for part in PurePath(text).parts if "*" not in part and part.strip("./")]
    if any(isinstance(node, ast.Name) and node.id == "__file__" for node in nodes):
        parts = [*place.file.path.parent.parts, *parts]
    if not parts:
        return []
    return [file for file in reloading.program.indexes if file.path.parent.parts[-len(parts) :] == tuple(parts)]


def _pairs(files: list[SourceFile], reloading: Reloading) -> Iterator[tuple[SourceFile, SourceFile, str]]:
    """Yield the modules among some that take a name from another one of them."""
    inside = set(files)
    for file in sorted(files, key=lambda file: file.module):
        for item in reloading.program.indexes[file].imports if not file.is_package else ():
            base = absolute(file, item.level, item.module) or ""
            source = reloading.program.table.find(base, file) if base and item.name else None
            is_module = reloading.program.table.find(f"{base}.{item.name}", file) is not None
            if source in inside and source is not None and source != file and not is_module and not source.is_package:
                yield file, source, item.name
