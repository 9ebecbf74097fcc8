"""Whether an evicted module can be imported anew.

After ``del sys.modules["p.m"]`` the statement ``from p import m`` imports nothing: it takes the old module,
which still is the package's attribute.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from stalecheck.model import SourceFile
from stalecheck.nodes import children
from stalecheck.reloads.outline import import_base
from stalecheck.reloads.scopes import Outline, Place
from stalecheck.reloads.sites import ReloadSite
from stalecheck.reloads.taken import is_taken_next
from stalecheck.vocabulary import ReloadMode

Sites = Mapping[SourceFile, tuple[ReloadSite, ...]]


def with_half_evictions(
    found: Sites, files: Mapping[SourceFile, bytes], parse: Callable[[SourceFile], ast.Module | None]
) -> dict[SourceFile, tuple[ReloadSite, ...]]:
    """Mark the evictions after which nothing imports the module: the body never runs again.

    An eviction counts as soon as some function of the project imports the module otherwise than by
    ``from p import m``, or may do so under a name that is worked out at run time, and when the package goes too.
    """
    found = {
        file: tuple(replace(site, is_taken=is_taken_next(site, file, sites, files, parse)) for site in sites)
        for file, sites in found.items()
    }
    halves = {target for sites in found.values() for site in sites if site.is_half for target in site.targets}
    halves |= {half for sites in found.values() for site in sites for half in site.halves}
    if not halves:
        return found
    reloaded = {(site.mode, target) for sites in found.values() for site in sites for target in site.targets}
    evicted = [target for mode, target in reloaded if mode is ReloadMode.REIMPORT]
    halves = {half for half in halves if not any(fnmatchcase(half.rpartition(".")[0], one) for one in evicted)}
    again = frozenset(target for _, target in reloaded)
    for file, source in files.items():
        if halves:
            runs_again = any(fnmatchcase(file.module, one) for one in again)
            evicts = any(site.halves and not site.block for site in found.get(file, ()))
            halves -= set(_imported_in(file, source, halves, parse, is_inside=runs_again or evicts))
    return {
        file: tuple(
            replace(
                site,
                halves=site.halves & halves,
                is_void=site.is_half and halves.issuperset(site.targets),
            )
            if site.halves or site.is_half
            else site
            for site in sites
        )
        for file, sites in found.items()
    }


def is_half(outline: Outline, node: ast.stmt | ast.expr, place: Place, targets: Sequence[str]) -> bool:
    """Whether all that is evicted is then taken from its package, in the same function, as it was."""
    if place.scope.function is None:
        return False
    return bool(targets) and all(_is_taken(target, outline, node, place) for target in targets)


def halves_of(outline: Outline, node: ast.stmt | ast.expr, place: Place, targets: Iterable[str]) -> frozenset[str]:
    """Return which modules that globs among the targets stand for are then taken from their packages, as they were."""
    globs = [target for target in targets if "*" in target]
    return frozenset(
        name
        for name in (outline.taken if globs else ())
        if any(fnmatchcase(name, glob) for glob in globs) and _is_taken(name, outline, node, place)
    )


def _is_taken(target: str, outline: Outline, node: ast.stmt | ast.expr, place: Place) -> bool:
    """Whether an evicted module is then taken from its package, in the same function or top level."""
    function = place.scope.function
    detached = {
        t.attr
        for deletion, where in outline.deletions
        if where.scope.function is function
        for t in deletion.targets
        if isinstance(t, ast.Attribute)
    }
    calls = outline.calls.get("delattr", ())
    if target.rpartition(".")[2] in detached or any(where.scope.function is function for _, where in calls):
        return False
    return any(
        taken.lineno >= node.lineno and where.scope.function is function
        for taken, where in outline.taken.get(target, ())
    )


def _imported_in(
    file: SourceFile,
    source: bytes,
    names: set[str],
    parse: Callable[[SourceFile], ast.Module | None],
    *,
    is_inside: bool,
) -> Iterator[str]:
    """Yield those of the names that a file may import after its own body has run."""
    if any(_may_be_any(argument) for argument in _IMPORTER.findall(source)):
        yield from names
        return
    likely = {name for name in names if name.rpartition(".")[2].encode() in source}
    yield from (name for name in likely if _is_named(name, source))
    tree = parse(file) if likely else None
    if tree is None:
        return
    for node in _imports(tree, is_inside=is_inside):
        imported = _named_by(node, file)
        yield from (name for name in likely if any(f"{one}.".startswith(f"{name}.") for one in imported))


def _named_by(node: ast.Import | ast.ImportFrom, file: SourceFile) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [import_base(file, node)]
    return [alias.name for alias in node.names]


def _may_be_any(argument: bytes) -> bool:
    """Whether what stands behind ``import_module(`` is no literal, or a relative one."""
    return not argument or argument[1:2] == b"."


def _is_named(name: str, source: bytes) -> bool:
    """Whether a string other than a key of ``sys.modules`` names the module, or something in it."""
    literal = rb"[\"']" + re.escape(name.encode()) + rb"(?:[.:][\w.]*)?[\"'](?!\s*(?:not\s+)?in\b)"
    return re.search(rb"(?<!modules\[)(?<!modules\.pop\()(?<!modules\.get\()" + literal, source) is not None


def _imports(tree: ast.AST, *, is_inside: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports in functions; `is_inside` those at module level too."""
    pending = [(tree, is_inside)]
    while pending:
        node, is_in_function = pending.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if is_in_function:
                yield node
        elif not isinstance(node, ast.expr):
            is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            pending += [(child, is_in_function or is_function) for child in children(node)]


_IMPORTER = re.compile(rb"\b(?:import_module|__import__)\s*\(\s*([\"'][^\"']*[\"']|)")
