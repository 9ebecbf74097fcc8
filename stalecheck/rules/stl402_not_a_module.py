"""STL402 not-a-module: A reload of something that is no module.

## What it does

Flags `importlib.reload("m")`, the reload of a function, class or instance that was imported from a module, and of
a name that nothing binds.

## Why is this bad

It raises: TypeError for a string or an instance, ImportError for a function or class, NameError for a name
that is not there.

## Example

```python
# file: settings.py
DEBUG = False

# file: refresh.py
import importlib


def refresh():
    importlib.reload("settings")
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
```

## When it is fine

Where a test asserts that it raises.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from stalecheck.nodes import Function, descendants
from stalecheck.reloads import ReloadPlace, gives_back
from stalecheck.rules.library import kind_in_library
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import is_expected, span_of
from stalecheck.vocabulary import ReloadMode, Severity

_MOCKS = frozenset({"Mock", "MagicMock", "NonCallableMock", "create_autospec"})
_PATCHED = re.compile(r"(?:^|\.)reload\w*$")
"""How what is patched is called: ``importlib.reload``, ``reload`` of an object."""


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag reloads whose argument is certainly no module."""
    for place in reloading.places:
        if place.site.mode is not ReloadMode.RELOAD or place.site.is_guarded:
            continue
        wrong = [*place.site.wrong, *_taken(place, reloading), *_texts(place, reloading)]
        tree, row = reloading.parse(place.file), place.site.span.start.row
        if wrong and not is_expected(tree, row) and not _is_stood_in_for(tree.body if tree is not None else [], row):
            yield Flaw(
                place.file,
                place.site.span,
                Severity.ERROR,
                f"`{place.site.spelling}` is given no module: {'; '.join(wrong)}",
                "import the module and hand it over",
            )


def _is_stood_in_for(body: list[ast.stmt], row: int) -> bool:
    """Whether the function around a row puts a mock in the place of what reloads, or hands one over."""
    for statement in body:
        decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
        if not min([statement.lineno, *(each.lineno for each in decorators)]) <= row <= (statement.end_lineno or row):
            continue
        if isinstance(statement, ast.ClassDef):
            return _is_stood_in_for(statement.body, row)
        return isinstance(statement, Function) and any(map(_is_mock, descendants(statement)))
    return False


def _is_mock(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _MOCKS
        case ast.Constant(value=str() as text):
            return _PATCHED.search(text) is not None
    return False


def _taken(place: ReloadPlace, reloading: Reloading) -> Iterator[str]:
    """Yield what the argument is where a module makes it: a function, a class, an instance; others may be modules."""
    for name in place.names:
        module, _, attribute = name.rpartition(".")
        file = reloading.program.table.find(module, place.file)
        tree = reloading.parse(file) if file is not None else None
        kind = _kind(attribute, tree.body, tree) if tree is not None else ""
        if kind:
            yield f"`{name}` is {kind}"
    for name in place.outside:
        if name in place.site.attributes and (kind := kind_in_library(name)):
            yield f"`{name}` is {kind}"


def _kind(name: str, body: list[ast.stmt], tree: ast.Module) -> str:
    """Return what a module's body makes of a name; nothing where that may be a module."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=bound) | ast.AsyncFunctionDef(name=bound) if bound == name:
                return "a function"
            case ast.ClassDef(name=bound) if bound == name:
                return "a class"
            case ast.Assign(targets=[ast.Name(id=bound)], value=value) if bound == name:
                return _kind_of_value(value, body, tree) if _is_only_binding(name, tree) else ""
    return ""


def _is_only_binding(name: str, tree: ast.Module) -> bool:
    """Whether a file binds a name in one place only."""
    bound = 0
    for node in descendants(tree):
        match node:
            case ast.Name(id=stored, ctx=ast.Store()):
                bound += stored == name
            case ast.alias(name=imported, asname=given):
                bound += (given or imported.partition(".")[0]) == name
            case ast.Global(names=names):
                bound += name in names
    return bound == 1


def _kind_of_value(value: ast.expr, body: list[ast.stmt], tree: ast.Module) -> str:
    match value:
        case ast.Constant(value=None):
            return ""  # Others may be meant to fill it in.
        case ast.Constant() | ast.Dict() | ast.List() | ast.Tuple() | ast.Set() | ast.JoinedStr():
            return "a value"
        case ast.Call(func=ast.Name(id=made)) if _kind(made, body, tree) == "a class":
            return f"an instance of `{made}`"
    return ""


def _texts(place: ReloadPlace, reloading: Reloading) -> Iterator[str]:
    """Yield the argument where it is a text whatever stands in it: an f-string, a sum or a format of one."""
    tree = reloading.parse(place.file) if place.site.why and not place.site.wrong else None
    span = place.site.span
    for node in descendants(tree) if tree is not None and gives_back(place.site.spelling) else ():
        match node:
            case ast.Call(args=[given], lineno=row, end_lineno=end) if (row, end) == (span.start.row, span.end.row):
                if _is_text(given) and span_of(node, reloading.sources[place.file]) == span:
                    yield f"`{ast.unparse(given)}` is a string, not a module"


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.JoinedStr() | ast.Constant(value=str()):
            return True
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_text(left) or _is_text(right)
        case ast.BinOp(left=left, op=ast.Mod()):
            return _is_text(left)
        case ast.Call(func=ast.Attribute(value=owner, attr="format" | "join")):
            return _is_text(owner)
    return False
