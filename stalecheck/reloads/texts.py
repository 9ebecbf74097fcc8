"""What strings are made of: formats, sums, and methods of constants."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

from stalecheck.reloads.items import Group, Items, Text, joined, unknown
from stalecheck.reloads.scopes import Place

if TYPE_CHECKING:
    from stalecheck.reloads.values import Evaluator

Parts: TypeAlias = tuple[list[str], list[ast.expr]]


def percent(evaluator: Evaluator, node: ast.BinOp, place: Place) -> Items:
    """The texts of ``"%s" % x``."""
    parts = percent_parts(node)
    return (unknown(node),) if parts is None else _interleaved(evaluator, *parts, place)


def percent_parts(node: ast.BinOp) -> Parts | None:
    """Return the pieces of a format and what stands between them; None where it asks for more than texts."""
    if not isinstance(node.left, ast.Constant) or not isinstance(node.left.value, str):
        return None
    right = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
    pieces = node.left.value.split("%s")
    return None if len(pieces) != len(right) + 1 or "%" in "".join(pieces) else (pieces, right)


def _interleaved(evaluator: Evaluator, pieces: list[str], values: list[ast.expr], place: Place) -> Items:
    parts: list[Items] = [(Text(pieces[0]),)]
    for value, piece in zip(values, pieces[1:], strict=True):
        parts += [evaluator.opened(evaluator.inner(value, place)), (Text(piece),)]
    return joined(parts)


def f_string(evaluator: Evaluator, node: ast.JoinedStr, place: Place) -> Items:
    """The texts of an f-string."""
    parts: list[Items] = []
    for value in node.values:
        if isinstance(value, ast.FormattedValue):
            plain = value.conversion in (-1, ord("s")) and value.format_spec is None
            parts.append(evaluator.opened(evaluator.inner(value.value, place)) if plain else (unknown(node),))
        else:
            parts.append(evaluator.inner(value, place))
    return joined(parts)


def text_method(evaluator: Evaluator, method: str, text: str, node: ast.Call, place: Place) -> Items:
    """What a method of a constant string gives back."""
    if method == "format":
        return _formatted(evaluator, text, node, place)
    if method == "join" and len(node.args) == 1:
        found = evaluator.inner(node.args[0], place)
        if len(found) != 1 or not isinstance(found[0], Group):
            return (unknown(node),)
        parts = [part for element in found[0].elements for part in ((Text(text),), element)]
        return joined(parts[1:])
    constants = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    if method not in _TEXT_METHODS or len(constants) != len(node.args) or node.keywords:
        return (unknown(node),)
    try:
        result = getattr(text, method)(*constants)
    except (TypeError, ValueError):
        return (unknown(node),)
    if isinstance(result, str):
        return (Text(result),)
    return (Group(tuple((Text(part),) for part in result)),)


def _formatted(evaluator: Evaluator, text: str, node: ast.Call, place: Place) -> Items:
    parts = format_parts(text, node)
    return (unknown(node),) if parts is None else _interleaved(evaluator, *parts, place)


def format_parts(text: str, node: ast.Call) -> Parts | None:
    """Return the pieces of what ``text.format(…)`` fills in and what it fills in; None where that is not plain."""
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    pieces, values = [""], list[ast.expr]()
    rest = text
    while "{" in rest:
        before, _, rest = rest.partition("{")
        field, closed, rest = rest.partition("}")
        number = len(values) if not field else int(field) if field.isdecimal() else -1
        value = node.args[number] if 0 <= number < len(node.args) else keywords.get(field)
        if not closed or value is None:
            return None
        pieces[-1] += before
        pieces.append("")
        values.append(value)
    pieces[-1] += rest
    return pieces, values


_TEXT_METHODS = frozenset(
    {
        *("split", "rsplit", "partition", "rpartition", "strip", "lstrip", "rstrip"),
        *("replace", "lower", "upper", "title", "removeprefix", "removesuffix"),
    }
)
