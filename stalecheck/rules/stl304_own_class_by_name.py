"""STL304 own-class-by-name: A method that looks its own class up by name, in a module that is reloaded in place

## What it does

Flags `super(D, self)`, `isinstance(x, D)`, `issubclass(c, D)`, `type(x) is D` and `case D():` in the methods of a
class `D` of a module that `importlib.reload` runs again. It is an error where the linter sees who keeps an instance
or a subclass of the old class, else a note.

## Why is this bad

The methods of old instances find the new `D` under that name: `super(D, self)` raises TypeError, `isinstance`
is False for their own kind.

## Example

```python
# file: shapes.py
class Shape:
    def __init__(self):
        self.name = "shape"


class Circle(Shape):
    def area(self):
        return super(Circle, self).__repr__()

# file: window.py
import shapes

circle = shapes.Circle()

# file: refresh.py
import importlib

import shapes


def refresh():
    importlib.reload(shapes)
```

## Use instead

```python
# file: shapes.py
class Shape:
    def __init__(self):
        self.name = "shape"


class Circle(Shape):
    def area(self):
        return super().__repr__()

# file: window.py
import shapes


def circle():
    return shapes.Circle()

# file: refresh.py
import importlib

import shapes


def refresh():
    importlib.reload(shapes)
```

## When it is fine

Where no instance lives longer than a reload.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stalecheck.nodes import descendants
from stalecheck.rules.alive import alive
from stalecheck.rules.module_state import functions, local_names
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import span_of
from stalecheck.vocabulary import ReloadMode, Severity

_SAME = (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)
_OTHERS = "False for other old instances"


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag methods that name their own class."""
    kept = alive(reloading).kept
    for file, reloads in reloading.reloads().items():
        in_place = tuple(reload for reload in reloads if reload.mode is ReloadMode.RELOAD)
        tree = reloading.parse(file) if in_place else None
        for name, definition in _classes(tree) if tree is not None else ():
            for node, what, happens in _uses(definition, name):
                yield Flaw(
                    file,
                    span_of(node, reloading.sources[file]),
                    Severity.ERROR if (file.path, name) in kept else Severity.NOTE,
                    f"`{what}` finds the new `{name}` when an old instance gets there: {happens}",
                    "use `super()`"
                    if what.startswith("super")
                    else "ask `type(self)` or `__class__`, which stay what they were",
                    in_place,
                )


def _classes(tree: ast.Module) -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield the classes at module level, and those within them, by their qualified names."""
    pending = [("", statement) for statement in reversed(tree.body)]
    while pending:
        prefix, statement = pending.pop()
        if isinstance(statement, ast.ClassDef):
            yield f"{prefix}{statement.name}", statement
            pending += [(f"{prefix}{statement.name}.", inner) for inner in reversed(statement.body)]


def _uses(definition: ast.ClassDef, name: str) -> Iterator[tuple[ast.expr, str, str]]:
    """Yield where the methods of a class name it, as written, and what happens to old instances."""
    for statement in definition.body:
        for function in functions(statement):
            if name.partition(".")[0] in local_names(function):
                continue
            for node in descendants(function):
                match node:
                    case ast.Call(func=ast.Name(id="super"), args=[named, _]) if _is_named(named, name):
                        yield node, f"super({name}, …)", "TypeError"
                    case ast.Call(func=ast.Name(id="isinstance" | "issubclass" as asked), args=[_, kinds]):
                        if _is_among(kinds, name):
                            written = name if _is_named(kinds, name) else f"(…, {name})"
                            yield node, f"{asked}(…, {written})", _OTHERS
                    case ast.Compare(left=left, ops=[operator], comparators=[right]):
                        if isinstance(operator, _SAME) and (
                            (_is_kind(left) and _is_named(right, name)) or (_is_named(left, name) and _is_kind(right))
                        ):
                            yield node, f"type(…) is {name}", _OTHERS
                        elif isinstance(operator, (ast.In, ast.NotIn)) and _is_kind(left) and _is_among(right, name):
                            yield node, f"type(…) in (…, {name})", _OTHERS
                    case ast.MatchClass(cls=kind) if _is_named(kind, name):
                        yield kind, f"case {name}()", _OTHERS


def _is_among(node: ast.expr, name: str) -> bool:
    """Whether a class is meant, alone, in a tuple or in a union."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return any(_is_among(part, name) for part in node.elts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _is_among(node.left, name) or _is_among(node.right, name)
    return _is_named(node, name)


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute)) and ast.unparse(node) == name


def _is_kind(node: ast.expr) -> bool:
    """Whether it is ``type(x)`` or ``x.__class__``."""
    match node:
        case ast.Call(func=ast.Name(id="type"), args=[_]) | ast.Attribute(attr="__class__"):
            return True
    return False
