"""Finds where a name of a module was bound, in its source: the line, and in which way."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from stalecheck.probing.source import quietly, read
from stalecheck.vocabulary import HolderKind


@dataclass(frozen=True, slots=True)
class Bound:
    """Where a name is bound, and how."""

    kind: HolderKind | None
    line: int
    source: str | None = None
    """The dotted name of what is called or taken, if it is one; of an import ``module:name``, of several ``*`` each."""

    is_constant: bool = False
    """Whether it is a plain value: ``C = None`` where an import has failed."""

    is_definition: bool = False
    """Whether a ``def`` or ``class`` statement binds it."""


def where_bound(filename: str, qualname: str) -> Bound | None:
    """Return where a module's or class's name is bound last, as far as its source says so.

    Args:
        filename: The module's file.
        qualname: The name, ``K`` or ``Service.model``.
    """
    found = _bindings(filename)
    if qualname in found:
        bound = found[qualname]
        other = found.get(bound.source or "") if bound.kind is HolderKind.ALIAS else None
        return replace(bound, kind=other.kind) if other and other.kind is HolderKind.INSTANCE else bound
    scope, _, _ = qualname.rpartition(".")
    return found.get(f"{scope}.*" if scope else "*")


def forget() -> None:
    """Let go of what has been read: files change."""
    _bindings.cache_clear()


def nearest_bound(filename: str, name: str) -> str:
    """Return the longest beginning of a dotted name that a module's source binds; the first part if it binds none."""
    found = _bindings(filename)
    while "." in name and name not in found:
        name = name.rpartition(".")[0]
    return name


@cache
def _bindings(filename: str) -> dict[str, Bound]:
    try:
        with quietly():
            tree = ast.parse(read(filename))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[str, Bound] = {}
    for name, bound in _of_body(tree.body, ""):
        if bound.kind is HolderKind.STAR_IMPORT and name in found:
            bound = replace(bound, source=f"{found[name].source},{bound.source}")
        if name not in found or not bound.is_constant:
            found[name] = bound
    return found


def _of_body(body: Iterable[ast.stmt], scope: str) -> Iterator[tuple[str, Bound]]:
    for statement in body:
        match statement:
            case ast.ClassDef(name=name, body=inner, decorator_list=decorators):
                yield f"{scope}{name}", _defined(statement.lineno, decorators)
                yield from _of_body(inner, f"{scope}{name}.")
            case (
                ast.FunctionDef(name=name, decorator_list=decorators)
                | ast.AsyncFunctionDef(name=name, decorator_list=decorators)
            ):
                yield f"{scope}{name}", _defined(statement.lineno, decorators)
            case ast.Import(names=names):
                for alias in names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    yield f"{scope}{bound}", Bound(HolderKind.MODULE_IMPORT, alias.lineno)
            case ast.ImportFrom(names=names, module=module, level=level):
                for alias in names:
                    kind = HolderKind.STAR_IMPORT if alias.name == "*" else HolderKind.FROM_IMPORT
                    source = f"{'.' * level}{module or ''}:{alias.name}"
                    yield f"{scope}{alias.asname or alias.name}", Bound(kind, alias.lineno, source)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _of_target(target, value, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from _of_target(target, value, scope)
            case ast.For(target=target, body=inner):
                yield from _of_target(target, None, scope)
                yield from _of_body(inner, scope)
            case ast.With(body=inner):
                yield from _of_body(inner, scope)
            case ast.If() | ast.Try() | ast.While():
                for field in ("body", "handlers", "orelse", "finalbody"):
                    for part in getattr(statement, field, []):
                        yield from _of_body(part.body if isinstance(part, ast.ExceptHandler) else [part], scope)
            case _:
                pass
        for inner_expression in ast.walk(statement) if isinstance(statement, ast.Expr | ast.Assign | ast.If) else ():
            if isinstance(inner_expression, ast.NamedExpr):
                yield from _of_target(inner_expression.target, inner_expression.value, scope)


def _of_target(target: ast.expr, value: ast.expr | None, scope: str) -> Iterator[tuple[str, Bound]]:
    match target:
        case ast.Name(id=name):
            yield f"{scope}{name}", _assigned(target.lineno, value)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            values: list[Any] = [None] * len(elements)
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(elements):
                values = list(value.elts)
            for element, part in zip(elements, values, strict=True):
                yield from _of_target(element, part, scope)
        case ast.Starred(value=inner):
            yield from _of_target(inner, None, scope)
        case _:
            pass


def _defined(line: int, decorators: list[ast.expr]) -> Bound:
    return Bound(HolderKind.DECORATED if decorators else None, line, is_definition=True)


def _assigned(line: int, value: ast.expr | None) -> Bound:
    if isinstance(value, ast.Constant):
        return Bound(None, line, is_constant=True)
    if isinstance(value, ast.Call):
        return Bound(HolderKind.INSTANCE, line, _dotted(value.func))
    return Bound(HolderKind.ALIAS, line, _dotted(value))


def _dotted(expression: ast.expr | None) -> str | None:
    match expression:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=name):
            before = _dotted(inner)
            return f"{before}.{name}" if before else None
        case _:
            return None
