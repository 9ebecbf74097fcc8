"""STL211 annotation: An annotation that a framework reads, and that keeps a class of a reloaded module

## What it does

Flags the evaluated annotations of classes with bases or decorators (dataclasses, pydantic models, typed dicts)
and of decorated functions that name a class of a module that is reloaded.

## Why is this bad

A framework that validates or injects by annotation goes on with the old class: a new instance is refused.

## Example

```python
# file: shapes.py
class Shape:
    pass

# file: drawing.py
from dataclasses import dataclass

import shapes


@dataclass
class Drawing:
    shape: shapes.Shape

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
    pass

# file: drawing.py
from dataclasses import dataclass

import shapes


@dataclass
class Drawing:
    shape: "shapes.Shape"

# file: refresh.py
import importlib

import shapes


def refresh():
    importlib.reload(shapes)
```

## When it is fine

Where nothing reads the annotation at run time, as for a plain dataclass. Therefore the rule is not on by
default.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stalecheck.link import Event
from stalecheck.model import Holder, Location, Origin, SourceFile
from stalecheck.nodes import descendants
from stalecheck.rules.outside_changes import importers
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import dotted, imported_names, span_of
from stalecheck.vocabulary import HolderKind, OriginKind, Severity

IS_DEFAULT = False


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag annotations of which the value is an old class."""
    reloads = reloading.reloads()
    classes = {file: _classes(reloading.parse(file)) for file in reloads}
    for file in importers(frozenset(reloads), reloading, reloading.program.indexes):
        tree = reloading.parse(file)
        if tree is None or _is_lazy(tree):
            continue
        names = imported_names(tree, file)
        for name, annotation in _annotations(tree):
            seen: set[tuple[SourceFile, str]] = set()
            for node in descendants(annotation):
                if not isinstance(node, (ast.Name, ast.Attribute)):
                    continue
                module, _, attribute = dotted(node, names).rpartition(".")
                origin = reloading.program.table.find(module, file) if module else None
                if origin is None or origin == file or attribute not in classes.get(origin, {}):
                    continue
                if (origin, attribute) in seen or all(file in event.files for event in _events(origin, reloading)):
                    continue
                seen.add((origin, attribute))
                yield Flaw(
                    file,
                    span_of(node, reloading.sources[file]),
                    Severity.WARNING,
                    f"the annotation of `{name}` keeps the old class `{origin.module}.{attribute}`",
                    "write it in quotes, or `from __future__ import annotations`, if the framework resolves names late",
                    reloads[origin],
                    Holder(file.module, name, HolderKind.ANNOTATION),
                    Origin(origin.module, attribute, OriginKind.CLASS, origin.path, classes[origin][attribute]),
                )


def _classes(tree: ast.Module | None) -> dict[str, Location]:
    statements = tree.body if tree is not None else []
    return {s.name: Location(s.lineno, s.col_offset + 1) for s in statements if isinstance(s, ast.ClassDef)}


def _events(file: SourceFile, reloading: Reloading) -> Iterator[Event]:
    for sequence in reloading.sequences:
        yield from (event for event in sequence.events if file in event.files)


def _is_lazy(tree: ast.Module) -> bool:
    return any(
        isinstance(s, ast.ImportFrom) and s.module == "__future__" and any(a.name == "annotations" for a in s.names)
        for s in tree.body
    )


def _annotations(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield the qualified name and the annotation of what a framework may read."""
    pending: list[tuple[str, ast.stmt]] = [("", statement) for statement in tree.body]
    while pending:
        prefix, statement = pending.pop(0)
        if isinstance(statement, ast.ClassDef):
            is_read = bool(statement.bases or statement.decorator_list or statement.keywords)
            for member in statement.body:
                if is_read and isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
                    yield f"{prefix}{statement.name}.{member.target.id}", member.annotation
            pending += [(f"{prefix}{statement.name}.", member) for member in statement.body]
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and statement.decorator_list:
            arguments = [*statement.args.posonlyargs, *statement.args.args, *statement.args.kwonlyargs]
            for annotation in (*(argument.annotation for argument in arguments), statement.returns):
                if annotation is not None:
                    yield f"{prefix}{statement.name}", annotation
