"""STL408 reload-in-production: A reload in code that runs in production

## What it does

Flags reloads outside tests, of scripts' `if __name__ == "__main__":` and of branches that ask for a debug,
development or reload switch, or whether the module has run before.

## Why is this bad

A running program has threads, callbacks and instances of the old version; the linter sees a part of them
only. A new process has none.

## Example

```python
# file: settings.py
LIMIT = 10

# file: admin.py
import importlib

import settings


def refresh():
    importlib.reload(settings)
```

## Use instead

```python
# file: settings.py
import json

LIMIT = 10


def read(path):
    with open(path) as file:
        return json.load(file)

# file: admin.py
import settings


def refresh(path):
    return settings.read(path)
```

## When it is fine

In programs that exist to be changed while they run: bots, add-ons, servers with hot code. Therefore the rule
is not on by default.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from stalecheck.model import SourceFile
from stalecheck.modules import absolute
from stalecheck.nodes import Function, all_blocks, descendants
from stalecheck.reloads import ReloadPlace
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.surroundings import is_test
from stalecheck.vocabulary import Severity

IS_DEFAULT = False

_TOOLS = frozenset({"scripts", "script", "bin", "tools", "examples", "docs", "notebooks"})
_SWITCH = re.compile(
    r"debug|develop|\bdev\b|_dev\b|\bdev_|reload|testing|locals\(\)|globals\(\)|dir\(\)", re.IGNORECASE
)


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag reloads that nothing keeps out of production."""
    for place in reloading.places:
        site = place.site
        is_aside = site.is_restored or site.is_void or site.is_main or is_test(place.file) or _is_tool(place)
        if not (is_aside or _is_switched(place, reloading) or _is_of_script(place, reloading)):
            yield Flaw(
                place.file,
                site.span,
                Severity.WARNING,
                f"{_named(place)} reloaded in production code",
                "read again what changes instead, or start a new process",
            )


def _is_tool(place: ReloadPlace) -> bool:
    """Whether the file is one of those that developers run."""
    file = place.file
    below = file.path.relative_to(file.root).parts[:-1] if file.path.is_relative_to(file.root) else ()
    return not _TOOLS.isdisjoint({*below, file.root.name})


def _named(place: ReloadPlace) -> str:
    modules = [file.module for file in place.files] or list(place.outside)
    if not modules:
        return "a module is"
    return f"`{modules[0]}` is" if len(modules) == 1 else f"`{modules[0]}` and {len(modules) - 1} more are"


def _is_switched(place: ReloadPlace, reloading: Reloading) -> bool:
    """Whether it stands below a condition that asks for a switch of developers."""
    tree = reloading.parse(place.file)
    row = place.site.span.start.row
    return (
        tree is None
        or any(
            isinstance(node, (ast.If, ast.IfExp, ast.While))
            and node.lineno <= row <= (node.end_lineno or node.lineno)
            and _SWITCH.search(ast.unparse(node.test)) is not None
            and not (isinstance(node, ast.If) and _is_off(node, row))
            for node in descendants(tree)
        )
        or _is_left_before(tree, row)
    )


def _is_left_before(tree: ast.Module, row: int) -> bool:
    """Whether the block is left further up where a switch of developers is off: ``if not DEBUG: return``."""
    return any(
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.UnaryOp)
        and isinstance(statement.test.op, ast.Not)
        and isinstance(statement.body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))
        and _SWITCH.search(ast.unparse(statement.test)) is not None
        for block in all_blocks(tree)
        if any(statement.lineno <= row <= (statement.end_lineno or row) for statement in block)
        for statement in block
        if (statement.end_lineno or row) < row
    )


def _is_of_script(place: ReloadPlace, reloading: Reloading) -> bool:
    """Whether it stands in a function that only ``if __name__ == "__main__":`` calls, directly or not."""
    tree = reloading.parse(place.file)
    if tree is None or not place.site.block:
        return False
    guarded = {id(node) for each in tree.body if _is_main(each) for node in descendants(each)}
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    inside = {id(node): name for name, function in functions.items() for node in descendants(function)}
    importers = [other for other in reloading.sources if other != place.file and _imports(other, place.file, reloading)]
    pending = [place.site.block.partition(".")[0]]
    for name in pending:
        uses = [node for node in descendants(tree) if isinstance(node, ast.Name) and node.id == name]
        callers = {inside.get(id(use), "") for use in uses if id(use) not in guarded} - {name}
        is_taken = any(re.search(rb"\b%b\b" % name.encode(), reloading.sources[other]) for other in importers)
        if name not in functions or is_taken or not uses or "" in callers:
            return False
        pending += sorted(callers - set(pending))
    return True


def _imports(file: SourceFile, imported: SourceFile, reloading: Reloading) -> bool:
    """Whether a file imports another one, in functions too."""
    index = reloading.program.indexes.get(file)
    for item in (*index.imports, *(item for body in index.bodies for item in body.imports)) if index else ():
        base = absolute(file, item.level, item.module) or ""
        if imported in {reloading.program.table.find(name, file) for name in (base, f"{base}.{item.name}")}:
            return True
    return False


def _is_main(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test)


def _is_off(node: ast.If, row: int) -> bool:
    """Whether a row runs when the switch is off: ``if not DEBUG:``, or below ``else``."""
    is_negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
    is_below_else = bool(node.orelse) and row >= node.orelse[0].lineno
    return is_negated is not is_below_else
