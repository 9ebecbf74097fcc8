"""What the standard library's modules hold, as far as it is certain that it is no module."""

from __future__ import annotations

import ast
import sys
import sysconfig
from functools import cache
from pathlib import Path
from types import ModuleType

from stalecheck.rules.statements import top_level


def kind_in_library(name: str) -> str:
    """Return what ``datetime.datetime`` is, as a function or a class; nothing for a module, or what may be one.

    Nothing is imported to find out.
    """
    module, _, attribute = name.rpartition(".")
    if module.partition(".")[0] not in sys.stdlib_module_names:
        return ""
    if module in sys.builtin_module_names:
        # A part of the interpreter, loaded already.
        found = vars(__import__(module)).get(attribute)
        return "" if found is None or isinstance(found, ModuleType) else "no module"
    source = _source(module)
    for statement in top_level(source) if source is not None else ():
        match statement:
            case ast.FunctionDef(name=bound) | ast.AsyncFunctionDef(name=bound) if bound == attribute:
                return "a function"
            case ast.ClassDef(name=bound) if bound == attribute:
                return "a class"
            case ast.ImportFrom(names=[ast.alias(name="*")], module=str() as other, level=0) if other != module:
                if kind := kind_in_library(f"{other}.{attribute}"):
                    return kind
    return ""


@cache
def _source(module: str) -> ast.Module | None:
    """Return the syntax tree of a module of the standard library; None where it has no source."""
    place = Path(sysconfig.get_path("stdlib"), *module.split("."))
    files = (place / "__init__.py", place.with_suffix(".py"))
    file = next((file for file in files if file.is_file()), None)
    return ast.parse(file.read_bytes()) if file is not None else None
