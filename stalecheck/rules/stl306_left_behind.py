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
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import dotted, imports, span_of
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
) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    """Yield the imports and attributes of a file that mean one of the names of a module."""
    bound = {local: name for _, name, local in imports(tree, file)}
    whole = {name: name for _, name, _ in imports(tree, file)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for _, name, _ in imports(node, file):
                owner, _, last = name.rpartition(".")
                if last in names and reloading.program.table.find(owner, file) == module:
                    yield node, last
        elif isinstance(node, ast.Attribute) and node.attr in names and isinstance(node.ctx, ast.Load):
            owner = dotted(node.value, bound) or whole.get(ast.unparse(node.value), "")
            if owner and reloading.program.table.find(owner, file) == module:
                yield node, node.attr
