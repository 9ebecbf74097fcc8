"""STL405 ineffective-del: A module's name that is deleted before it is imported again

## What it does

Flags `del m` and, further down in the same block, `import m` without anything that takes `m` out of
`sys.modules` or reloads it.

## Why is this bad

`del m` removes one name. The module stays in `sys.modules`, and `import m` binds the same object: its body
does not run again.

## Example

```python
# file: settings.py
DEBUG = False

# file: refresh.py
def refresh():
    import settings

    del settings
    import settings

    return settings.DEBUG
```

## Use instead

```python
# file: settings.py
DEBUG = False

# file: refresh.py
import importlib

import settings


def refresh():
    importlib.reload(settings)
    return settings.DEBUG
```

## When it is fine

Where the name is to be free for a moment, and nothing is to run again.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from stalecheck.model import SourceFile
from stalecheck.nodes import Function, all_blocks, descendants
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import imports, span_of
from stalecheck.vocabulary import Severity

_DELETES = re.compile(rb"del[ \t]+(\w+)[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_RUNS_AGAIN = re.compile(r"reload|modules|exec_module|load_module|unload|import_fresh_module|CleanImport")


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag the deletion of a module's name that only makes way for an import of the same module."""
    for file, source in reloading.sources.items():
        deletions = _DELETES.finditer(source) if b"del " in source else ()
        if not any(re.search(rb"import[^\n]*\b%b\b" % found[1], source[found.end() :]) for found in deletions):
            continue
        tree = reloading.parse(file)
        if tree is None:
            continue
        for statement, name, module in _deletions(tree, file):
            yield Flaw(
                file,
                span_of(statement, source),
                Severity.ERROR,
                f"`del {name}` reloads nothing: the import below it binds the same `{module}`",
                _remedy(name, module, statement, tree, file, reloading),
            )


def _remedy(
    name: str, module: str, deletion: ast.Delete, tree: ast.Module, file: SourceFile, reloading: Reloading
) -> str:
    """Return how to get something new: what is taken from a module cannot be reloaded itself."""
    if not _is_taken_from(name, module, deletion, tree) or reloading.program.table.find(module, file) is not None:
        return f"`importlib.reload({name})` runs its body again"
    source = module.rpartition(".")[0]
    if reloading.program.table.find(source, file) is not None:
        return f"`import {source}` and `importlib.reload({source})` before `{name}` is imported again"
    return "only `importlib.reload` of the module that it comes from makes a new one"


def _is_taken_from(name: str, module: str, deletion: ast.Delete, tree: ast.Module) -> bool:
    """Whether the import below a deletion is a ``from m import …``."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.lineno > deletion.lineno
        and any((alias.asname or alias.name) == name and module.endswith(f".{alias.name}") for alias in node.names)
        for node in descendants(tree)
    )


def _deletions(tree: ast.Module, file: SourceFile) -> Iterator[tuple[ast.Delete, str, str]]:
    """Yield deletions of a name, the name, and the module that it stood for and stands for again below."""
    for block in all_blocks(tree):
        for position, statement in enumerate(block):
            match statement:
                case ast.Delete(targets=[ast.Name(id=name)]):
                    module = _imported_again(name, statement, block[position + 1 :], tree, file)
                    if module and not _RUNS_AGAIN.search(ast.unparse(ast.Module(block, []))):
                        yield statement, name, module


def _imported_again(
    name: str, deletion: ast.Delete, below: Sequence[ast.stmt], tree: ast.Module, file: SourceFile
) -> str:
    """Return the module that a name stands for before it is deleted and after the next import; else nothing."""
    before = {module for _, module in _bound_above(name, deletion, tree, file)}
    for statement in below:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for _, module, bound in imports(statement, file):
                if bound == name:
                    return module if before == {module} else ""
    return ""


def _bound_above(name: str, deletion: ast.Delete, tree: ast.Module, file: SourceFile) -> Iterator[tuple[int, str]]:
    """Yield what imports above a deletion bind the name to, in its own scope."""
    found = [(row, module) for row, module, bound in imports(tree, file) if bound == name and row < deletion.lineno]
    functions = [node for node in descendants(tree) if isinstance(node, Function)]
    around = [f for f in functions if f.lineno <= deletion.lineno <= (f.end_lineno or 0)]
    scope = around[-1] if around else ast.Module([ast.Global([name])], [])
    declared = {each for node in descendants(scope) if isinstance(node, ast.Global) for each in node.names}
    if around:
        yield from ((row, module) for row, module in found if row >= around[-1].lineno)
    if name in declared:
        inside = {row for f in functions for row in range(f.lineno, (f.end_lineno or 0) + 1)}
        yield from ((row, module) for row, module in found if row not in inside)
