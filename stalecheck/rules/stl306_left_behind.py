"""STL306 left-behind: A name that a reloaded module no longer defines and that is still used (with `--since REV`)

## What it does

With `--since REV`, flags `from m import x` and `m.x` where `m` is reloaded and defined `x` at that git revision, but
does not any more.

## Why is this bad

After `importlib.reload(m)` the old `x` lingers in the module: everything seems to work until the program is
started again. After an eviction the name is gone at once: ImportError, AttributeError.

## Example

```python
# file: shapes.py
def area(shape):
    return 1

# file: window.py
import shapes


def size():
    return shapes.surface(None)

# file: refresh.py
import importlib

import shapes


def refresh():
    importlib.reload(shapes)
```

## Use instead

```python
# file: shapes.py
def area(shape):
    return 1

# file: window.py
import shapes


def size():
    return shapes.area(None)

# file: refresh.py
import importlib

import shapes


def refresh():
    importlib.reload(shapes)
```

## When it is fine

Where another module sets the name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stalecheck.model import Reload, SourceFile
from stalecheck.modules import absolute
from stalecheck.rules.module_state import local_names
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import Function, dotted, imports, span_of
from stalecheck.vocabulary import ReloadMode, Severity


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag uses of names that only the old source of a reloaded module defines."""
    reloads = reloading.reloads()
    for module, names in reloading.gone.items():
        for file, source in reloading.sources.items():
            if file == module or not any(name.encode() in source for name in names):
                continue
            tree = reloading.parse(file)
            for node, name in _uses(tree, file, module, names, reloading) if tree is not None else ():
                yield Flaw(
                    file,
                    span_of(node, source),
                    Severity.ERROR,
                    f"`{module.module}` no longer defines `{name}`; {_what_happens(reloads[module])}",
                    "use what has taken its place",
                    reloads[module],
                )


def _what_happens(reloads: tuple[Reload, ...]) -> str:
    if all(reload.mode is ReloadMode.RELOAD for reload in reloads):
        return "the old one lingers until the program is started again"
    return "it is missing"


def _uses(
    tree: ast.Module, file: SourceFile, module: SourceFile, names: frozenset[str], reloading: Reloading
) -> Iterator[tuple[ast.alias | ast.expr, str]]:
    """Yield the imports and attributes of a file that mean one of the names of a module, and count on it."""
    bound = {local: name for _, name, local in imports(tree, file)}
    whole = {name: name for _, name, _ in imports(tree, file)}
    covered = _covered(tree)
    own = {node: shadowed(node) for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    for node in ast.walk(tree):
        if node in covered:
            continue
        if isinstance(node, ast.ImportFrom):
            base = absolute(file, node.level, node.module)
            if base and reloading.program.table.find(base, file) == module:
                yield from ((alias, alias.name) for alias in node.names if alias.name in names)
        elif isinstance(node, ast.Attribute) and node.attr in names and isinstance(node.ctx, ast.Load):
            owner = dotted(node.value, bound) or whole.get(ast.unparse(node.value), "")
            is_shadowed = any(node in inside and _root(node) in local for inside, local in own.values())
            if owner and not is_shadowed and reloading.program.table.find(owner, file) == module:
                yield node, node.attr


def shadowed(function: Function) -> tuple[frozenset[ast.AST], frozenset[str]]:
    """Return what stands in a function, and the names that are its own there: parameters and assigned ones."""
    inside = frozenset(ast.walk(function))
    return inside, local_names(function)


def _covered(tree: ast.Module) -> frozenset[ast.AST]:
    """Return what runs only if the name is there, or may miss it: below ``hasattr``, a ``try``; what a file sets."""
    found: set[ast.AST] = set()
    set_here = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(map(_is_for_absence, node.handlers)):
            found.update(inner for statement in node.body for inner in ast.walk(statement))
        elif isinstance(node, (ast.If, ast.IfExp)) and "hasattr(" in ast.unparse(node.test):
            found.update(ast.walk(node))
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in set_here:
            found.add(node)
    return frozenset(found)


def _is_for_absence(handler: ast.ExceptHandler) -> bool:
    kinds = "" if handler.type is None else ast.unparse(handler.type)
    return not kinds or any(kind in kinds for kind in ("ImportError", "AttributeError", "Exception"))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
