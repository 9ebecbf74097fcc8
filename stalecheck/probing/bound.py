"""Finds where a name of a module was bound, in its source: the line, and in which way."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from stalecheck.probing.source import statements
from stalecheck.vocabulary import HolderKind

_DISPLAYS = (ast.Dict, ast.List, ast.Set, ast.Tuple, ast.DictComp, ast.ListComp, ast.SetComp, ast.Lambda)


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

    is_display: bool = False
    """Whether it is made where it is bound: ``{...}``, ``[...]``, a comprehension, a ``lambda``."""

    taken: frozenset[str] = frozenset()
    """The first names of the attributes and items that it may be, where it is nothing else: ``a`` in ``a.b["c"]``."""

    given: frozenset[str] = frozenset()
    """The names in the arguments of what is called."""

    calls: tuple[tuple[str, frozenset[str]], ...] = ()
    """The methods of it that the module's own statements call, each with the names in its arguments."""


@dataclass(frozen=True, slots=True)
class _Source:
    """What a module's source says of its names."""

    bindings: dict[str, Bound]
    attributes: dict[str, dict[str, Bound]]
    """What the ``__init__`` of each class assigns to attributes of the instance without using its parameters."""

    calls: dict[str, list[tuple[str, frozenset[str]]]]


def where_bound(filename: str, qualname: str) -> Bound | None:
    """Return where a module's or class's name is bound last, as far as its source says so.

    Args:
        filename: The module's file.
        qualname: The name, ``K`` or ``Service.model``.
    """
    found = _bindings(filename)
    if qualname in found:
        bound = replace(found[qualname], calls=tuple(_source(filename).calls.get(qualname, ())))
        other = found.get(bound.source or "") if bound.kind is HolderKind.ALIAS else None
        return replace(bound, kind=other.kind) if other and other.kind is HolderKind.INSTANCE else bound
    scope, _, _ = qualname.rpartition(".")
    return found.get(f"{scope}.*" if scope else "*")


def forget() -> None:
    """Let go of what has been read: files change."""
    _source.cache_clear()


def nearest_bound(filename: str, name: str) -> str:
    """Return the longest beginning of a dotted name that a module's source binds; the first part if it binds none."""
    found = _bindings(filename)
    while "." in name and name not in found:
        name = name.rpartition(".")[0]
    return name


def is_bound(filename: str, name: str) -> bool:
    """Whether a module's source binds a dotted name itself."""
    return name in _bindings(filename)


def _bindings(filename: str) -> dict[str, Bound]:
    return _source(filename).bindings


@cache
def _source(filename: str) -> _Source:
    found = _Source({}, {}, {})
    bindings = found.bindings
    for name, bound in _of_body(statements(filename), "", found):
        if bound.kind is HolderKind.STAR_IMPORT and name in bindings:
            bound = replace(bound, source=f"{bindings[name].source},{bound.source}")
        if name not in bindings or not bound.is_constant:
            bindings[name] = bound
    for name, bound in list(bindings.items()):
        if bound.kind is HolderKind.INSTANCE and bound.source is not None:
            scoped = f"{name.rpartition('.')[0]}.{bound.source}"
            attributes = found.attributes.get(scoped) or found.attributes.get(bound.source, {})
            for attribute, made in attributes.items():
                bindings.setdefault(f"{name}.{attribute}", made)
    return found


def _of_instance(definition: ast.ClassDef) -> Iterator[tuple[str, Bound]]:
    """Yield what ``__init__`` assigns to attributes of the instance that is not made of what it is given."""
    for method in definition.body:
        if not isinstance(method, ast.FunctionDef) or method.name != "__init__":
            continue
        spec = method.args
        listed = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *filter(None, (spec.vararg, spec.kwarg))]
        names = [one.arg for one in listed]
        for statement in ast.walk(method):
            match statement:
                case ast.Assign(targets=targets, value=value):
                    pass
                case ast.AnnAssign(target=ast.expr() as only, value=ast.expr() as value):
                    targets = [only]
                case _:
                    continue
            pairs = [pair for target in targets for pair in _pairs(target, value)]
            for target, part in pairs:
                match target:
                    case ast.Attribute(value=ast.Name(id=itself), attr=name) if names[:1] == [itself]:
                        if part is not None and _names(part).isdisjoint(names):
                            yield name, _assigned(target.lineno, part)


def _names(*expressions: ast.expr) -> frozenset[str]:
    """Return the names and attributes that occur in expressions."""
    parts = [part for one in expressions for part in ast.walk(one)]
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    return frozenset(names | {part.attr for part in parts if isinstance(part, ast.Attribute)})


def _arguments(call: ast.Call) -> frozenset[str]:
    return _names(*call.args, *(keyword.value for keyword in call.keywords))


def _of_body(body: Iterable[ast.stmt], scope: str, found: _Source) -> Iterator[tuple[str, Bound]]:
    """Yield what statements bind, and note in what is found of the source what else they say of names."""
    for statement in body:
        match statement:
            case ast.ClassDef(name=name, body=inner, decorator_list=decorators):
                yield f"{scope}{name}", _defined(statement.lineno, decorators)
                yield from _of_body(inner, f"{scope}{name}.", found)
                found.attributes[f"{scope}{name}"] = dict(_of_instance(statement))
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
                yield from _named(statement, scope, {})
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from _of_target(target, value, scope)
            case ast.For(target=target, iter=values, body=inner):
                yield from _of_target(target, None, scope)
                for key, texts in _rounds(target, values).items():
                    for one in inner:
                        yield from _named(one, scope, {key: texts})
                yield from _of_body(inner, scope, found)
            case ast.With(body=inner):
                yield from _of_body(inner, scope, found)
            case ast.If() | ast.Try() | ast.While():
                for field in ("body", "handlers", "orelse", "finalbody"):
                    for part in getattr(statement, field, []):
                        yield from _of_body(part.body if isinstance(part, ast.ExceptHandler) else [part], scope, found)
            case ast.Expr(value=ast.Call(func=ast.Name(id="setattr") | ast.Attribute(attr="__setattr__"))):
                yield from _named(statement, scope, {})
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=table, attr="update")) as call) if _is_own_names(
                table
            ):
                displays = [display for display in call.args if isinstance(display, ast.Dict)]
                entries = [entry for display in displays for entry in zip(display.keys, display.values, strict=True)]
                entries += [(ast.Constant(keyword.arg), keyword.value) for keyword in call.keywords]
                for written, value in entries:
                    for text in _texts(written, {}):
                        yield f"{scope}{text}", _assigned(value.lineno, value)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=called, attr=method)) as call):
                found.calls.setdefault(f"{scope}{_dotted(called)}", []).append((method, _arguments(call)))
            case _:
                pass
        for inner_expression in ast.walk(statement) if isinstance(statement, ast.Expr | ast.Assign | ast.If) else ():
            if isinstance(inner_expression, ast.NamedExpr):
                yield from _of_target(inner_expression.target, inner_expression.value, scope)


def _named(statement: ast.stmt, scope: str, rounds: dict[str, list[str]]) -> Iterator[tuple[str, Bound]]:
    """Yield what a statement binds by names in strings; of the names of a loop those that they stand for are given."""
    match statement:
        case ast.Assign(targets=[ast.Subscript(value=table, slice=key)], value=value) if _is_own_names(table):
            for name in _texts(key, rounds):
                yield f"{scope}{name}", _assigned(statement.lineno, value)
        case ast.Expr(value=ast.Call(func=called, args=[owner, key, value])):
            setter, dotted = _dotted(called), _dotted(owner)
            if setter and dotted and setter.rpartition(".")[2] in ("setattr", "__setattr__"):
                for name in _texts(key, rounds):
                    yield f"{scope}{dotted}.{name}", _assigned(statement.lineno, value)


def _texts(key: ast.expr | None, rounds: dict[str, list[str]]) -> list[str]:
    """Return the strings that an expression may be; none where that is not written."""
    match key:
        case ast.Constant(value=str() as name):
            return [name]
        case ast.Name(id=name):
            return rounds.get(name, [])
    return []


def _rounds(target: ast.expr, values: ast.expr) -> dict[str, list[str]]:
    """Return the strings that each name of a loop stands for, one after the other, as far as they are written."""
    found: dict[str, list[str]] = {}
    for each in values.elts if isinstance(values, ast.Tuple | ast.List | ast.Set) else ():
        for one, part in _pairs(target, each):
            if isinstance(one, ast.Name):
                found.setdefault(one.id, []).extend(_texts(part, {}))
    return found


def _is_own_names(node: ast.expr) -> bool:
    """Whether an expression is the table of the names that are being bound."""
    return isinstance(node, ast.Call) and not node.args and _dotted(node.func) in ("globals", "locals", "vars")


def _of_target(target: ast.expr, value: ast.expr | None, scope: str) -> Iterator[tuple[str, Bound]]:
    for one, part in _pairs(target, value):
        dotted = _dotted(one)
        if dotted is not None:
            yield f"{scope}{dotted}", _assigned(one.lineno, part)


def _pairs(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Yield each name or attribute of a target with what it is assigned; None where that is not written."""
    match target:
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            values: list[Any] = [None] * len(elements)
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(elements):
                values = list(value.elts)
            for element, part in zip(elements, values, strict=True):
                yield from _pairs(element, part)
        case ast.Starred(value=inner):
            yield from _pairs(inner, None)
        case _:
            yield target, value


def _defined(line: int, decorators: list[ast.expr]) -> Bound:
    return Bound(HolderKind.DECORATED if decorators else None, line, is_definition=True)


def _assigned(line: int, value: ast.expr | None) -> Bound:
    if isinstance(value, ast.Constant):
        return Bound(None, line, is_constant=True)
    options = list(_options(value)) if value is not None else []
    taken = [_taken(one) for one in options]
    found = _of_options(line, options)
    return found if None in taken else replace(found, taken=frozenset(filter(None, taken)))


def _of_options(line: int, options: list[ast.expr]) -> Bound:
    value = next((one for one in options if isinstance(one, ast.Call)), options[0] if options else None)
    if isinstance(value, ast.Call):
        return Bound(HolderKind.INSTANCE, line, _dotted(value.func), given=_arguments(value))
    is_display = bool(options) and all(isinstance(one, _DISPLAYS) for one in options)
    return Bound(HolderKind.ALIAS, line, _dotted(value), is_display=is_display)


def _options(value: ast.expr) -> Iterator[ast.expr]:
    """Yield what an expression may be that is no constant."""
    match value:
        case ast.IfExp(body=first, orelse=second):
            yield from (*_options(first), *_options(second))
        case ast.BoolOp(values=values):
            for one in values:
                yield from _options(one)
        case ast.NamedExpr(value=inner) | ast.Await(value=inner):
            yield from _options(inner)
        case ast.Constant():
            pass
        case _:
            yield value


def _taken(expression: ast.expr) -> str | None:
    """Return the first name in an expression that takes an attribute or item; None for any other expression."""
    match expression:
        case ast.Name(id=name):
            return name
        case (
            ast.Attribute(value=inner)
            | ast.Subscript(value=inner)
            | ast.Call(func=ast.Attribute(value=inner, attr="get"))
        ):
            return _taken(inner)
        case _:
            return None


def _dotted(expression: ast.expr | None) -> str | None:
    match expression:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=name):
            before = _dotted(inner)
            return f"{before}.{name}" if before else None
        case _:
            return None
