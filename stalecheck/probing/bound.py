"""Finds where a name of a module was bound, in its source: the line, and in which way."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from stalecheck.probing.source import statements
from stalecheck.vocabulary import MUTATORS, HolderKind

_DISPLAYS = (ast.Dict, ast.List, ast.Set, ast.Tuple, ast.DictComp, ast.ListComp, ast.SetComp, ast.Lambda)
_COMPUTED = (*_DISPLAYS, ast.BinOp, ast.UnaryOp, ast.Compare, ast.JoinedStr)


Lines = Mapping[str, int]
"""Names and attributes that occur in expressions, with the line where each is first."""


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

    is_unknown: bool = False
    """Whether a pattern or a ``with`` statement binds it."""

    is_display: bool = False
    """Whether it is made where it is bound: ``{...}``, ``[...]``, a comprehension, a ``lambda``."""

    is_computed: bool = False
    """Whether it is that, or what an operator makes, or one of several constants: ``-1.5``, ``1 if a else 2``."""

    taken: frozenset[str] = frozenset()
    """The first names of the attributes and items that it may be, where it is nothing else: ``a`` in ``a.b["c"]``."""

    given: Lines = field(default_factory=dict)
    """The names in the arguments of what is called, or in what is made where it is bound."""

    calls: tuple[tuple[str, Lines], ...] = ()
    """The methods of it that the module's own statements call, each with the names in its arguments."""

    written: str = ""
    """The name as the source writes it, where it is another one: ``X.__a`` of what is ``X._S__a``."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A statement that puts something into a container."""

    key: str | None
    """The key, as `repr` writes it, if it is a constant."""

    names: Lines
    """The names in what is put there."""

    line: int


@dataclass(frozen=True, slots=True)
class _Source:
    """What a module's source says of its names."""

    bindings: dict[str, Bound] = field(default_factory=dict)
    attributes: dict[str, dict[str, Bound]] = field(default_factory=dict)
    """What ``__init__`` and ``__new__`` of each class assign to attributes of the instance without their parameters."""

    calls: dict[str, list[tuple[str, Lines]]] = field(default_factory=dict)
    filled: dict[str, list[Filled]] = field(default_factory=dict)
    own_filled: dict[str, dict[str, list[Filled]]] = field(default_factory=dict)
    """The same of attributes, by what these methods of each class say."""

    annotated: dict[str, int] = field(default_factory=dict)
    """The lines of annotations."""

    late: dict[str, Bound] = field(default_factory=dict)
    """What counts where nothing else binds a name: what functions assign to it, an exception that is handled."""


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
        if other and (other.kind is HolderKind.INSTANCE or other.is_unknown):
            return replace(bound, kind=other.kind)
        return bound
    scope, _, _ = qualname.rpartition(".")
    return found.get(f"{scope}.*" if scope else "*")


def filled(filename: str, name: str) -> list[Filled]:
    """Return the statements of a module that put something into what a dotted name stands for, in their order."""
    return _source(filename).filled.get(name, [])


def where_annotated(filename: str, qualname: str) -> int | None:
    """Return the line where a module annotates a name of its own or of a class."""
    return _source(filename).annotated.get(qualname)


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
    found = _Source()
    bindings = found.bindings
    body = statements(filename)
    final = set(_lines_of_constants(body))
    for name, bound in _of_body(body, "", found):
        if bound.kind is HolderKind.STAR_IMPORT and name in bindings:
            bound = replace(bound, source=f"{bindings[name].source},{bound.source}")
        if name not in bindings or not bound.is_constant or bound.line in final:
            bindings[name] = bound
    for name, bound in found.late.items():
        if name not in bindings or bindings[name].is_constant:
            bindings[name] = bound
    for name, bound in list(bindings.items()):
        if bound.kind is HolderKind.INSTANCE and bound.source is not None:
            scoped = f"{name.rpartition('.')[0]}.{bound.source}"
            cls = scoped if scoped in found.attributes else bound.source
            for attribute, made in found.attributes.get(cls, {}).items():
                written = made.written and f"{name}.{made.written}"
                bindings.setdefault(f"{name}.{attribute}", replace(made, written=written))
            for attribute, statements_ in found.own_filled.get(cls, {}).items():
                found.filled[f"{name}.{attribute}"] = statements_ + found.filled.get(f"{name}.{attribute}", [])
    return found


def _lines_of_constants(body: Iterable[ast.stmt]) -> Iterator[int]:
    """Yield the lines where a body assigns constants whatever happens: what a name stood for before, it has lost."""
    for statement in body:
        match statement:
            case ast.Assign(targets=targets, value=ast.Constant()):
                yield from (target.lineno for target in targets)
            case ast.AnnAssign(target=target, value=ast.Constant()):
                yield target.lineno
            case ast.ClassDef(body=inner):
                yield from _lines_of_constants(inner)
            case _:
                pass


def _of_instance(definition: ast.ClassDef) -> Iterator[tuple[str, Bound | Filled]]:
    """Yield what ``__init__`` and ``__new__`` give the instance, or put there, unless they have been given that."""
    for method in definition.body:
        if not isinstance(method, ast.FunctionDef) or method.name not in ("__init__", "__new__"):
            continue
        spec = method.args
        listed = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *filter(None, (spec.vararg, spec.kwarg))]
        names = [one.arg for one in listed]
        made = names[:1] if method.name == "__init__" else list(_made(method))
        for statement in ast.walk(method):
            match statement:
                case ast.Assign(targets=targets, value=value):
                    pass
                case ast.AnnAssign(target=ast.expr() as only, value=ast.expr() as value):
                    targets = [only]
                case ast.stmt():
                    targets = []
                case _:
                    continue
            pairs = [pair for target in targets for pair in _pairs(target, value)]
            for target, part in pairs:
                match target:
                    case ast.Attribute(value=owner, attr=name) if _dotted(owner) in made:
                        if part is not None and _names(part).keys().isdisjoint(names):
                            mangled = _mangled(name, definition.name)
                            written = name if mangled != name else ""
                            yield mangled, replace(_assigned(target.lineno, part), written=written)
            for container, one in _fillings(statement):
                own = [container.removeprefix(f"{owner}.") for owner in made if container.startswith(f"{owner}.")]
                if own and one.names.keys().isdisjoint(names[1:]):
                    yield _mangled(own[0], definition.name), one


def _made(method: ast.FunctionDef) -> Iterator[str]:
    """Yield how ``__new__`` writes the object that it makes: ``made``, ``cls._only``."""
    for statement in ast.walk(method):
        match statement:
            case ast.Assign(targets=targets, value=ast.Call(func=ast.Attribute(attr="__new__"))):
                yield from filter(None, map(_dotted, targets))


def _initialized_bases(definition: ast.ClassDef) -> Iterator[str]:
    """Yield the names of the bases whose ``__init__`` runs for the instances of a class."""
    own = [one for one in definition.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
    if not own or any(isinstance(node, ast.Attribute) and node.attr == "__init__" for node in ast.walk(own[-1])):
        yield from (base.id for base in definition.bases if isinstance(base, ast.Name))


def _mangled(name: str, cls: str) -> str:
    """Return what a name in the body of a class is really called."""
    is_private = name.startswith("__") and not name.endswith("__")
    return f"_{cls.lstrip('_')}{name}" if is_private and cls.strip("_") else name


def _fillings(statement: ast.stmt) -> Iterator[tuple[str, Filled]]:
    """Yield the containers, by their dotted names, that a statement puts something into."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=called, attr=method)) as call) if method in MUTATORS:
            container = _dotted(_container(called))
            yield from [(container, Filled(None, _arguments(call), call.lineno))] if container else []
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                container = _dotted(_container(target)) if isinstance(target, ast.Subscript) else None
                if isinstance(target, ast.Subscript) and container:
                    is_plain = isinstance(target.slice, ast.Constant) and _container(target) is target.value
                    key = repr(target.slice.value) if is_plain and isinstance(target.slice, ast.Constant) else None
                    yield container, Filled(key, _names(target.slice, value), value.lineno)
        case ast.AugAssign(target=target, value=value):
            container = _dotted(_container(target))
            yield from [(container, Filled(None, _names(value), value.lineno))] if container else []
        case _:
            pass


def _container(expression: ast.expr) -> ast.expr:
    """Return what holds the container that an expression takes out of it: ``x`` of ``x["a"].setdefault("b", [])``."""
    match expression:
        case ast.Subscript(value=inner):
            return _container(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr="get" | "setdefault")):
            return _container(inner)
        case _:
            return expression


def _names(*expressions: ast.expr) -> Lines:
    """Return the names and attributes that occur in expressions."""
    found: dict[str, int] = {}
    for part in (part for one in expressions for part in ast.walk(one)):
        match part:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found[name] = min(part.lineno, found.get(name, part.lineno))
            case _:
                pass
    return found


def _arguments(call: ast.Call) -> Lines:
    return _names(*call.args, *(keyword.value for keyword in call.keywords))


def _of_body(body: Iterable[ast.stmt], scope: str, found: _Source) -> Iterator[tuple[str, Bound]]:
    """Yield what statements bind, and note in what is found of the source what else they say of names."""
    for statement in body:
        match statement:
            case ast.ClassDef(name=name, body=inner, decorator_list=decorators):
                yield _in_scope(scope, name, _defined(statement.lineno, decorators))
                yield from _of_body(inner, f"{scope}{name}.", found)
                attributes, own_filled = found.attributes.setdefault(f"{scope}{name}", {}), found.own_filled
                attributes.clear()
                for attribute, one in _of_instance(statement):
                    if isinstance(one, Bound):
                        attributes[attribute] = one
                    else:
                        own_filled.setdefault(f"{scope}{name}", {}).setdefault(attribute, []).append(one)
                for base in _initialized_bases(statement):
                    attributes |= {**found.attributes.get(base, {}), **attributes}
                    if base in own_filled:
                        own_filled[f"{scope}{name}"] = {**own_filled[base], **own_filled.get(f"{scope}{name}", {})}
            case (
                ast.FunctionDef(name=name, decorator_list=decorators)
                | ast.AsyncFunctionDef(name=name, decorator_list=decorators)
            ):
                yield _in_scope(scope, name, _defined(statement.lineno, decorators))
                found.late.update(_of_globals(statement))
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
            case ast.AnnAssign(target=target, value=value):
                found.annotated.update((name, bound.line) for name, bound in _of_target(target, None, scope))
                yield from _of_target(target, value, scope) if value is not None else ()
            case ast.For(target=target, iter=values, body=inner):
                yield from _of_target(target, None, scope)
                for key, texts in _rounds(target, values).items():
                    for each in inner:
                        yield from _named(each, scope, {key: texts})
                yield from _of_body(inner, scope, found)
            case ast.With(items=items, body=inner):
                for item in items:
                    pairs = _of_target(item.optional_vars, None, scope) if item.optional_vars else ()
                    yield from ((bound, Bound(None, made.line, is_unknown=True)) for bound, made in pairs)
                yield from _of_body(inner, scope, found)
            case ast.If() | ast.Try() | ast.While():
                for block in ("body", "handlers", "orelse", "finalbody"):
                    for part in getattr(statement, block, []):
                        if isinstance(part, ast.ExceptHandler) and part.name:
                            found.late.setdefault(f"{scope}{part.name}", Bound(HolderKind.INSTANCE, part.lineno))
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
            case ast.Match(cases=cases):
                for case in cases:
                    for part in ast.walk(case.pattern):
                        match part:
                            case (
                                ast.MatchAs(name=str() as captured)
                                | ast.MatchStar(name=str() as captured)
                                | ast.MatchMapping(rest=str() as captured)
                            ):
                                yield _in_scope(scope, captured, Bound(None, part.lineno, is_unknown=True))
                            case _:
                                pass
                    yield from _of_body(case.body, scope, found)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=called, attr=method)) as call):
                found.calls.setdefault(f"{scope}{_dotted(called)}", []).append((method, _arguments(call)))
            case _:
                pass
        for container, filling in _fillings(statement):
            found.filled.setdefault(f"{scope}{container}", []).append(filling)
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


def _of_globals(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, Bound]]:
    """Yield what a function assigns to names that are global in it."""
    inner = list(ast.walk(function))
    names = {name for one in inner if isinstance(one, ast.Global) for name in one.names}
    for statement in inner if names else ():
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                for name, bound in _of_target(target, statement.value, ""):
                    if name in names and not bound.is_constant:
                        yield name, bound


def _of_target(target: ast.expr, value: ast.expr | None, scope: str) -> Iterator[tuple[str, Bound]]:
    for one, part in _pairs(target, value):
        dotted = _dotted(one)
        if dotted is not None:
            yield _in_scope(scope, dotted, _assigned(one.lineno, part))


def _in_scope(scope: str, name: str, bound: Bound) -> tuple[str, Bound]:
    """Return what a name in the body of a class or module is really called, and how it is bound."""
    mangled = _mangled(name, scope.removesuffix(".").rpartition(".")[2])
    return f"{scope}{mangled}", bound if mangled == name else replace(bound, written=f"{scope}{name}")


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
    is_computed = value is not None and all(isinstance(one, _COMPUTED) for one in options)
    found = replace(_of_options(line, options), is_computed=is_computed)
    return found if None in taken else replace(found, taken=frozenset(filter(None, taken)))


def _of_options(line: int, options: list[ast.expr]) -> Bound:
    value = next((one for one in options if isinstance(one, ast.Call)), options[0] if options else None)
    if isinstance(value, ast.Call):
        return Bound(HolderKind.INSTANCE, line, _dotted(value.func), given=_arguments(value))
    is_display = bool(options) and all(isinstance(one, _DISPLAYS) for one in options)
    given = _names(*options) if is_display else {}
    return Bound(HolderKind.ALIAS, line, _dotted(value), is_display=is_display, given=given)


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
