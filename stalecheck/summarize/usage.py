"""What a file does with the names it holds: decides how bad it is when one of them goes stale."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from stalecheck.nodes import children, descendants, positional_parameters
from stalecheck.summarize.summary import Usage

_TYPING = ("typing", "typing_extensions")
_UNCOMPARED = (Usage.OTHER, Usage.ANNOTATION)
_OWN = frozenset({"self", "cls"})
_SPECIAL = frozenset(
    {
        *(ast.Call, ast.Compare, ast.AnnAssign, ast.arg, ast.ExceptHandler),
        *(ast.MatchClass, ast.MatchValue, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda),
        *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Import, ast.ImportFrom, ast.Global),
    }
)
"""The nodes that do something of their own with what stands in them, or bind names that hide others."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """A function, lambda or comprehension, or the module: where names are looked up."""

    outer: _Frame | None
    bound: set[str] = field(default_factory=set)
    """The names that hide the module's."""

    declared: set[str] = field(default_factory=set)
    """Those of them that are the module's all the same: ``global``."""

    stored: set[str] = field(default_factory=set)
    """Where the names go that are bound here."""

    def hides(self, name: str) -> bool:
        """Whether a name that is read here is not the module's."""
        frame: _Frame | None = self
        while frame is not None:
            if name in frame.bound and name not in frame.declared:
                return True
            frame = frame.outer
        return False


def find_usages(tree: ast.Module, names: frozenset[str]) -> dict[str, list[Usage]]:
    """Return for each of the module's `names` the ways in which the file reads it, shadowed names left out.

    For an attribute of one of the module's classes, ``K.error``, what it is compared with.
    """
    casts = _names_of_cast(tree)
    members = _members(tree)
    # What hides a name may stand below the place that reads it.
    reads: list[tuple[str, str, Usage, _Frame]] = []
    pending: list[tuple[ast.AST, _Frame, Usage, str]] = [(tree, _Frame(None), Usage.OTHER, "")]
    while pending:
        node, frame, usage, within = pending.pop()
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                frame.stored.add(node.id)
            elif node.id in names:
                reads.append((node.id, node.id, usage, frame))
            continue
        if usage is Usage.OTHER and (node.__class__ not in _SPECIAL or (not casts and _is_plain(node))):
            below = children(node)
            pending += [(part, frame, usage, within) for part in below if not isinstance(part, ast.Constant)]
            continue
        match node:
            case ast.Import() | ast.ImportFrom():
                frame.stored.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
                continue
            case ast.Global():
                frame.declared.update(node.names)
                continue
            case ast.ClassDef():
                frame.stored.add(node.name)
                within = within or node.name
                # What the body of a class binds is hidden from nobody, and hides nothing.
                frame = replace(frame, stored=set())
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if usage not in _UNCOMPARED:
                member = f"{within if owner in _OWN else owner}.{attribute}"
                if member in members and (owner in _OWN or owner in names):
                    reads.append((member, "" if owner in _OWN else owner, usage, frame))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                if not isinstance(node, ast.Lambda):
                    frame.stored.add(node.name)
                bound = _parameters(node.args)
                frame = _Frame(frame, bound, stored=bound)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                targets = (item for generator in node.generators for item in descendants(generator.target))
                frame = _Frame(frame, {item.id for item in targets if isinstance(item, ast.Name)}, stored=frame.stored)
            case ast.Call(args=[first, *rest]) if casts and _written(node.func) in casts:
                pending.append((first, frame, Usage.ANNOTATION, within))
                others = (node.func, *rest, *node.keywords)
                pending += [(child, frame, Usage.OTHER, within) for child in others]
                continue
        pending += [(child, frame, kind, within) for child, kind in _children(node, usage)]
    found: dict[str, list[Usage]] = {}
    for name, owner, usage, frame in reads:
        if usage not in found.get(name, ()) and not frame.hides(owner):
            found.setdefault(name, []).append(usage)
    return {name: sorted(kinds, key=lambda kind: kind.value) for name, kinds in found.items()}


def names_read(tree: ast.Module) -> frozenset[str]:
    """Return every name that a file reads."""
    return frozenset(n.id for n in descendants(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))


def find_parameter_usages(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, list[Usage]]:
    """Return for each parameter with a default the ways in which the function's body reads it."""
    arguments = function.args
    positional = positional_parameters(arguments)
    defaulted = positional[len(positional) - len(arguments.defaults) :]
    defaulted += [
        item for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is not None
    ]
    body = ast.Module(function.body, [])
    return find_usages(body, frozenset(item.arg for item in defaulted)) if defaulted else {}


def find_dotted(tree: ast.Module, names: set[str]) -> set[str]:
    """Return the dotted names that function bodies read and that begin with one of the names."""
    found: set[str] = set()
    statements = (statement for function in _functions(tree) for statement in function.body)
    for node in (inner for statement in statements for inner in descendants(statement)):
        if isinstance(node, ast.Attribute):
            parts = [node.attr]
            value = node.value
            while isinstance(value, ast.Attribute):
                parts.append(value.attr)
                value = value.value
            if isinstance(value, ast.Name) and value.id in names:
                found.add(".".join([value.id, *reversed(parts)]))
    return found


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the functions that stand in no other one."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
        elif not isinstance(node, ast.expr):
            pending += children(node)


def _children(node: ast.AST, usage: Usage) -> Iterator[tuple[ast.AST, Usage]]:
    """Yield the parts of a node, each with what is done with a name that stands there."""
    child: ast.AST
    match node:
        case ast.Call():
            yield from _parts_of_call(node, usage)
        case ast.ExceptHandler():
            if node.type is not None:
                yield node.type, Usage.EXCEPT
            for child in node.body:
                yield child, Usage.OTHER
        case ast.MatchClass():
            yield node.cls, Usage.MATCH
            for pattern in (*node.patterns, *node.kwd_patterns):
                yield pattern, Usage.OTHER
        case ast.MatchValue():
            yield node.value, Usage.MATCH
        case ast.ClassDef():
            for child in node.bases:
                yield child, Usage.BASE
            for child in (*node.keywords, *node.decorator_list, *node.body):
                yield child, Usage.OTHER
        case ast.Compare(comparators=[ast.Constant(value=None)]):
            yield node.left, Usage.OTHER
        case ast.Compare(ops=ops) if any(isinstance(op, (ast.Is, ast.IsNot)) for op in ops):
            for child in (node.left, *node.comparators):
                yield child, Usage.IDENTITY
        case ast.Compare(left=left, comparators=[right]) if _is_type(left) or _is_type(right):
            yield left, Usage.IDENTITY
            yield right, Usage.IDENTITY
        case ast.Compare():
            for child in (node.left, *node.comparators):
                yield child, Usage.EQUAL
        case ast.AnnAssign():
            yield node.annotation, Usage.ANNOTATION
            yield node.target, Usage.OTHER
            if node.value is not None:
                yield node.value, Usage.OTHER
        case ast.arg():
            if node.annotation is not None:
                yield node.annotation, Usage.ANNOTATION
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            if node.returns is not None:
                yield node.returns, Usage.ANNOTATION
            for child in (node.args, *node.decorator_list, *node.body):
                yield child, Usage.OTHER
        case ast.Subscript() if usage is Usage.BASE:
            # Nothing inherits from what a base is parametrized with.
            yield node.value, Usage.BASE
            yield node.slice, Usage.ANNOTATION
        case ast.Tuple() | ast.BinOp() | ast.Subscript() | ast.List() | ast.Set():
            for child in children(node):
                yield child, usage
        case ast.Attribute():
            # `x is m.SENTINEL` compares the attribute, not m; `isinstance(a, m.C)` looks m.C up afresh.
            is_member = usage in {Usage.EQUAL, Usage.IDENTITY, Usage.MATCH}
            yield node.value, Usage.MEMBER if is_member else Usage.OTHER
        case _:
            for child in children(node):
                yield child, Usage.OTHER


def _is_plain(node: ast.AST) -> bool:
    """Whether a node is a call that compares nothing with what it is given: most are."""
    if not isinstance(node, ast.Call):
        return False
    match node.func:
        case ast.Name(id=name):
            return name not in _ASKING
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return name not in _ASKING and owner not in _PICKLES
        case ast.Attribute(attr=name):
            return name not in _ASKING
    return True


_OF_TYPES = frozenset({"isinstance", "issubclass"})
_OF_ERRORS = frozenset({"raises", "assertRaises", "suppress"})
_ASKING = _OF_TYPES | _OF_ERRORS | {"assertIsInstance"}
_PICKLES = frozenset({"pickle", "copyreg", "dill", "cloudpickle"})


def _parts_of_call(node: ast.Call, usage: Usage) -> Iterator[tuple[ast.AST, Usage]]:
    of_function, of_arguments = Usage.OTHER, Usage.OTHER
    arguments: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    match node.func:
        case ast.Name(id=name) if name in _OF_TYPES and len(node.args) == 2:
            yield node.args[0], Usage.OTHER
            arguments, of_arguments = [node.args[1]], Usage.ISINSTANCE
        case ast.Attribute(value=ast.Name(id=owner)) if owner in _PICKLES:
            of_arguments = Usage.PICKLE
        case _ if usage is Usage.PICKLE:
            # What is pickled is an instance of the class that is called.
            of_function = Usage.PICKLE
        case ast.Attribute(attr=name) if name in _OF_ERRORS or name == "assertIsInstance":
            of_arguments = Usage.EXCEPT
        case ast.Name(id=name) if name in _OF_ERRORS:
            arguments, of_arguments = [*node.args], Usage.EXCEPT
    yield node.func, of_function
    for argument in arguments:
        yield argument, of_arguments


def _members(tree: ast.Module) -> frozenset[str]:
    """Return what the bodies of the module's classes assign: ``K.error``."""
    return frozenset(
        f"{definition.name}.{target.id}"
        for definition in tree.body
        if isinstance(definition, ast.ClassDef)
        for statement in definition.body
        for target in getattr(statement, "targets", [getattr(statement, "target", None)])
        if isinstance(target, ast.Name)
    )


def _names_of_cast(tree: ast.Module) -> frozenset[str]:
    """Return how the file writes ``typing.cast``, whose first argument nobody looks at."""
    written: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            imported = [alias for alias in statement.names if alias.name in _TYPING]
            written.update(f"{alias.asname or alias.name}.cast" for alias in imported)
        elif isinstance(statement, ast.ImportFrom) and statement.module in _TYPING:
            written.update(alias.asname or alias.name for alias in statement.names if alias.name == "cast")
    return frozenset(written)


def _written(function: ast.expr) -> str:
    """Return ``f`` or ``module.f``; empty for anything else."""
    match function:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return f"{owner}.{name}"
    return ""


def _is_type(node: ast.expr) -> bool:
    """Whether an expression is the class of something: ``type(x)`` or ``x.__class__``."""
    match node:
        case ast.Call(func=ast.Name(id="type"), args=[_]) | ast.Attribute(attr="__class__"):
            return True
    return False


def _parameters(arguments: ast.arguments) -> set[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return {item.arg for item in every if item is not None}
