"""Attributes of modules that are asked for otherwise than by ``m.f``: through a text, as `mock.patch` does."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def asked_for(node: ast.Attribute | ast.Call) -> Iterator[tuple[ast.expr | str, str]]:
    """Yield the owner of an attribute that has to be there, an expression or a module's name, and the attribute."""
    match node:
        case ast.Attribute(value=owner, attr=name, ctx=ast.Load()):
            yield owner, name
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str() as name)]):
            yield owner, name
        case ast.Call(func=ast.Call(func=getter, args=names), args=[owner]) if _last(getter) == "attrgetter":
            texts = (given.value for given in names if isinstance(given, ast.Constant))
            yield from ((owner, text.partition(".")[0]) for text in texts if isinstance(text, str))
        case ast.Call(func=patcher, args=[owner, ast.Constant(value=str() as name), *_]) if _last(patcher) == "object":
            if ast.unparse(patcher).endswith("patch.object") and not _may_be_new(node):
                yield owner, name
        case ast.Call(func=ast.Attribute(value=ast.Name(id="monkeypatch" | "mp"), attr="setattr" | "delattr")):
            if not _may_be_new(node):
                yield from _of_monkeypatch(node.args)
        case ast.Call(func=patcher, args=[ast.Constant(value=str() as text), *_]) if _last(patcher) == "patch":
            if not _may_be_new(node):
                yield from _split(text)


def _of_monkeypatch(given: list[ast.expr]) -> Iterator[tuple[ast.expr | str, str]]:
    match given:
        case [ast.Constant(value=str() as text), *_]:
            yield from _split(text)
        case [owner, ast.Constant(value=str() as name), *_]:
            yield owner, name


def _split(text: str) -> Iterator[tuple[str, str]]:
    """Yield each place at which a dotted text may go from a module to its attribute."""
    parts = text.split(".")
    yield from ((".".join(parts[:end]), parts[end]) for end in range(1, len(parts)))


def _may_be_new(call: ast.Call) -> bool:
    """Whether a patch may make an attribute that is not there."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    match given.get("create"), given.get("raising"):
        case (ast.Constant(value=True), _) | (_, ast.Constant(value=False)):
            return True
    return False


def _last(function: ast.expr) -> str:
    return ast.unparse(function).rpartition(".")[2]
