"""What the names of a module stand for that its imports bind, star imports among them."""

from __future__ import annotations

import ast

from stalecheck.model import SourceFile
from stalecheck.modules import absolute
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.statements import imported_names


def names_bound(tree: ast.Module, file: SourceFile, reloading: Reloading) -> dict[str, str]:
    """Return the absolute dotted name that each name stands for which imports at module level bind.

    Of a star import the names that the other module, one of the project, makes or imports itself.
    """
    found: dict[str, str] = {}
    own = reloading.program.indexes[file].made if file in reloading.program.indexes else {}
    for statement in tree.body:
        match statement:
            case ast.ImportFrom(names=[ast.alias(name="*")], module=module, level=level):
                base = absolute(file, level, module) or ""
                other = reloading.program.table.find(base, file)
                index = reloading.program.indexes.get(other) if other is not None else None
                if index is not None:
                    brought = index.public or [*index.made, *(item.local for item in index.imports)]
                    public = index.public is not None
                    found.update({n: f"{base}.{n}" for n in brought if n not in own and (public or n[0] not in "_*")})
    found.update(imported_names(tree, file))
    found.pop("*", None)
    return found
