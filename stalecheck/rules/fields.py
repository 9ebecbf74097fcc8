"""Which annotated names of a class body are the fields of its instances, and no attributes of the class."""

from __future__ import annotations

import ast

from stalecheck.link import known
from stalecheck.model import SourceFile
from stalecheck.rules.bases import definitions_of
from stalecheck.rules.brought import names_bound
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.statements import dotted


def is_field(name: str, tree: ast.Module, file: SourceFile, reloading: Reloading) -> bool:
    """Return whether an attribute, qualified in its module, is a field that its class takes off itself.

    Args:
        name: The attribute: ``Account.entries``.
        tree: The module.
        file: Its file.
        reloading: The run.
    """
    owner, _, attribute = name.partition(".")
    definition = next((c for c in reversed(tree.body) if isinstance(c, ast.ClassDef) and c.name == owner), None)
    return (
        definition is not None
        and _is_annotated(attribute, definition)
        and (_is_record(definition, tree, file, reloading) or _is_model(definition, file, reloading))
    )


def _is_annotated(name: str, definition: ast.ClassDef) -> bool:
    return any(
        isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and statement.target.id == name
        and "ClassVar" not in ast.unparse(statement.annotation)
        for statement in definition.body
    )


def _is_record(definition: ast.ClassDef, tree: ast.Module, file: SourceFile, reloading: Reloading) -> bool:
    """Whether it is a named tuple, or decorated so that its annotated names become fields."""
    names = names_bound(tree, file, reloading)
    if any(dotted(base, names) in known.RECORDS for base in definition.bases):
        return True
    for decorator in definition.decorator_list:
        called = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator, names)
        options = decorator.keywords if isinstance(decorator, ast.Call) else []
        is_told = any(
            option.arg == "auto_attribs" and isinstance(option.value, ast.Constant) and option.value.value is True
            for option in options
        )
        if called in known.WITHOUT_ATTRIBUTES or (called in known.DATACLASSES and is_told):
            return True
    return False


def _is_model(definition: ast.ClassDef, file: SourceFile, reloading: Reloading) -> bool:
    """Whether it inherits from what makes fields of the annotated names of all classes below it."""
    seen: set[tuple[SourceFile, str]] = set()
    pending = [(definition, file)]
    while pending:
        current, module = pending.pop()
        tree = reloading.parse(module)
        if tree is None or (module, current.name) in seen:
            continue
        seen.add((module, current.name))
        names = names_bound(tree, module, reloading)
        for base in current.bases:
            plain = base.value if isinstance(base, ast.Subscript) else base
            if dotted(plain, names) in known.MODELS:
                return True
            pending += definitions_of(plain, tree, module, names, reloading)
    return False
