"""What is bound by a name in a string: ``globals()["K"] = …``, ``setattr(o, "k", …)``, ``globals().update(K=…)``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

Row = Mapping[str, cst.BaseExpression]
"""What one round of a loop binds its names to."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One attribute that a call sets."""

    owner: cst.BaseExpression
    name: cst.BaseExpression
    value: cst.BaseExpression


def setting(node: cst.BaseExpression) -> Setting | None:
    """Return what ``setattr(o, "k", v)`` sets, or ``type.__setattr__(o, "k", v)``; None for any other expression."""
    match node:
        case cst.Call(
            func=cst.Name(value="setattr") | cst.Attribute(attr=cst.Name(value="__setattr__")),
            args=[
                cst.Arg(value=owner, keyword=None, star=""),
                cst.Arg(value=name, keyword=None, star=""),
                cst.Arg(value=value, keyword=None, star=""),
            ],
        ):
            return Setting(owner, name, value)
    return None


def own_name(target: cst.Subscript) -> cst.BaseExpression | None:
    """Return ``key`` of ``globals()[key]``, also of ``locals()`` and ``vars()``; None for any other target."""
    match target:
        case cst.Subscript(value=inner, slice=[cst.SubscriptElement(slice=cst.Index(value=key))]) if _is_own(inner):
            return key
    return None


def updated(node: cst.BaseExpression) -> list[tuple[str, cst.BaseExpression, cst.BaseExpression]]:
    """Return the names that ``globals().update(…)`` binds, each with its place and value; nothing if not all are known.

    Nothing either for any other expression.
    """
    match node:
        case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value="update")), args=arguments) if _is_own(inner):
            found = [entry for argument in arguments for entry in _entries(argument)]
            return [] if None in found else [entry for entry in found if entry is not None]
    return []


def literal_name(key: cst.BaseExpression) -> str:
    """Return the text of a string that is written out; empty for any other expression."""
    value = key.evaluated_value if isinstance(key, cst.SimpleString) else ""
    return value if isinstance(value, str) else ""


def rows(target: cst.BaseExpression, values: cst.BaseExpression) -> Sequence[Row]:
    """Return what each round of a loop over a sequence that is written out binds; nothing where that is not known."""
    if not isinstance(values, (cst.Tuple, cst.List, cst.Set)):
        return ()
    found = [dict(pairs) for each in values.elements if (pairs := _pairs(target, each.value)) is not None]
    is_whole = len(found) == len(values.elements) and all(isinstance(each, cst.Element) for each in values.elements)
    return found if is_whole else ()


def _pairs(target: cst.BaseExpression, value: cst.BaseExpression) -> list[tuple[str, cst.BaseExpression]] | None:
    match target, value:
        case cst.Name(value=name), _:
            return [(name, value)]
        case (cst.Tuple() | cst.List()) as several, (cst.Tuple() | cst.List()) as parts:
            elements = [*several.elements, *parts.elements]
            if len(several.elements) == len(parts.elements) and all(isinstance(e, cst.Element) for e in elements):
                pairs = zip(several.elements, parts.elements, strict=True)
                found = [_pairs(one.value, part.value) for one, part in pairs]
                return None if None in found else [pair for part in found if part is not None for pair in part]
    return None


def _entries(
    argument: cst.Arg,
) -> Iterator[tuple[str, cst.BaseExpression, cst.BaseExpression] | None]:
    match argument:
        case cst.Arg(keyword=cst.Name(value=name), value=value):
            yield name, value, value
        case cst.Arg(value=cst.Dict(elements=elements), star=""):
            for element in elements:
                name = literal_name(element.key) if isinstance(element, cst.DictElement) else ""
                if isinstance(element, cst.DictElement) and name:
                    yield name, element.key, element.value
                else:
                    yield None
        case _:
            yield None


def _is_own(node: cst.BaseExpression) -> bool:
    """Whether an expression is the table of the names that are being bound."""
    match node:
        case cst.Call(func=cst.Name(value="globals" | "locals" | "vars"), args=[]):
            return True
    return False
