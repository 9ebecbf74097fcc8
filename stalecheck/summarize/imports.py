"""Import statements → the names that they bind."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import libcst as cst

from stalecheck.model import Span
from stalecheck.summarize.positions import Positions
from stalecheck.summarize.summary import ModuleImport, NameImport, StarImport
from stalecheck.summarize.syntax import as_written


def imported(
    node: cst.Import | cst.ImportFrom, twin: ast.stmt | None, positions: Positions
) -> Iterator[tuple[str, Span, ModuleImport | NameImport | StarImport]]:
    """Yield what an import binds: the local name, its place, and what it names."""
    aliases = twin.names if isinstance(twin, (ast.Import, ast.ImportFrom)) else None
    if isinstance(node, cst.Import):
        for position, alias in enumerate(node.names):
            span = positions.local_name(alias, aliases[position] if aliases else None)
            local = alias.evaluated_alias or alias.evaluated_name.partition(".")[0]
            yield local, span, ModuleImport(alias.evaluated_name, alias.evaluated_alias is None)
        return
    module = as_written(node.module) if node.module is not None else ""
    level = len(node.relative)
    if isinstance(node.names, cst.ImportStar):
        span = positions.star(node.names, twin if isinstance(twin, ast.ImportFrom) else None)
        yield "*", span, StarImport(module, level)
        return
    for position, alias in enumerate(node.names):
        span = positions.local_name(alias, aliases[position] if aliases else None)
        local = alias.evaluated_alias or alias.evaluated_name
        yield local, span, NameImport(module, level, alias.evaluated_name)
