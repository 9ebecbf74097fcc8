"""Containers that calls make, as they would be written out: ``list(x)`` as ``[*x]``, ``dict(x)`` as ``{**x}``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stalecheck.link import known
from stalecheck.link.captures import is_mapping
from stalecheck.link.values import Value
from stalecheck.summarize.summary import LITERAL, NOWHERE, Argument, Display, Element, Item, Literal

_CONCATENATED = frozenset({"collections.UserList", "itertools.chain", "itertools.cycle", "weakref.WeakSet"})
_FROM_KEYS = frozenset({"builtins.dict.fromkeys", "collections.Counter"})
_WITH_A_FACTORY = frozenset({"collections.defaultdict"})


def written_out(name: str, arguments: Sequence[tuple[Argument, Value]]) -> Display | None:
    """Return the display that a call stands for of what makes containers, by its dotted name; None if there is none."""
    plain = [(argument, value) for argument, value in arguments if not argument.keyword]
    if any(argument.keyword == "*" for argument, _ in arguments):
        return None
    if name in {"builtins.enumerate", "builtins.zip"}:
        each = [Element(Item(argument.value), argument.span) for argument, _ in plain]
        number = [Element(LITERAL, NOWHERE)] if name == "builtins.enumerate" else []
        return Display((Element(Display((*number, *each), is_sequence=True), NOWHERE),)) if plain else None
    if name in _FROM_KEYS:
        entries = (entry for argument, _ in plain[:1] for entry in _from_keys(argument, [a for a, _ in plain[1:2]]))
        return Display(tuple(entries), is_mapping=True)
    if name in known.MAPPINGS:
        return _mapping(arguments if name not in _WITH_A_FACTORY else arguments[len(plain[:1]) :])
    if name in known.ELEMENTWISE | _CONCATENATED:
        given = plain[:1] if name in known.ELEMENTWISE else plain
        return Display(tuple(Element(a.value, a.span, is_unpacked=True) for a, _ in given))
    return None


def _from_keys(keys: Argument, values: Iterable[Argument]) -> Iterator[Element]:
    yield Element(Item(keys.value), keys.span, is_key=True, may_lack=True)
    yield next((Element(v.value, v.span, may_lack=True) for v in values), Element(LITERAL, NOWHERE, may_lack=True))


def _mapping(arguments: Iterable[tuple[Argument, Value]]) -> Display | None:
    """Return what a mapping has of mappings, of pairs and by keywords; None where it may be either of the first two."""
    elements: list[Element] = []
    for argument, value in arguments:
        if argument.keyword and argument.keyword != "**":
            elements.append(Element(Literal(repr(argument.keyword), is_text=True), NOWHERE, is_key=True))
            elements.append(Element(argument.value, argument.span))
            continue
        takes_mapping = is_mapping(value)
        if takes_mapping is None:
            return None
        if takes_mapping:
            elements.append(Element(argument.value, argument.span, is_unpacked=True))
        else:
            pair = Item(argument.value)
            elements.append(Element(Item(pair, 0), argument.span, is_key=True, may_lack=True))
            elements.append(Element(Item(pair, 1), argument.span, may_lack=True))
    return Display(tuple(elements), is_mapping=True)
