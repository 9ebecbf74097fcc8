"""Loops that put something under each key of a container, or under keys that are written there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stalecheck.link.emptied import Contents
from stalecheck.summarize.summary import (
    Argument,
    Attribute,
    Binding,
    Call,
    Choice,
    Derived,
    Display,
    Expression,
    Item,
    Literal,
    NamedAttribute,
    NamedModule,
    Reference,
    Store,
)

_TAKING_ALL = frozenset({"list", "tuple", "sorted", "set", "reversed"})
_MOST_STEPS = 5
"""How far the names of a loop are followed."""


def written_out(store: Store, contents: Contents, bindings: Sequence[Binding]) -> Store:
    """Return what a loop stores under one key after the other as one statement; any other statement as it is.

    ``for key in T: T[key] = getattr(m, key)``; ``for key, value in [("a", m.f)]: T[key] = value``.
    """
    if store.attribute or len(store.values) != 2 or not store.values[0].is_key:
        return store
    key, value = store.values
    iterated, is_pair = _iterated(key.value, bindings)
    keys: list[Expression] = []
    if iterated == store.target and not _is_taken_of(value.value, store.target, bindings):
        keys += contents.keys()
    elif isinstance(iterated, Display):
        keys += _keys_of(iterated, is_pair=is_pair)
    pairs = ((replace(key, value=each), value) for each in keys)
    return replace(store, values=tuple(part for pair in pairs for part in pair)) if keys else store


def _iterated(key: Expression, bindings: Sequence[Binding]) -> tuple[Expression | None, bool]:
    """Return what gives one key after the other, and whether it gives pairs of which the key is the first part."""
    match _bound(key, bindings):
        case Item(value=Item(value=iterated, position=None, index=None), position=0, index=None):
            is_pair = True
        case Item(value=iterated, position=None, index=None):
            is_pair = False
        case _:
            return None, False
    match iterated:
        case Call(function=Reference(name=name, reaching=()), arguments=(Argument(value=inner, keyword=""),)):
            iterated = inner if name in _TAKING_ALL else iterated
    match iterated:
        case Call(function=Attribute(value=inner, name="items"), arguments=()) if is_pair:
            return inner, not isinstance(inner, Display)
        case Call(function=Attribute(value=inner, name="keys"), arguments=()) if not is_pair:
            return inner, False
    return (iterated, is_pair) if isinstance(iterated, Display) or not is_pair else (None, False)


def _bound(expression: Expression, bindings: Sequence[Binding]) -> Expression:
    """Return what a local name of a function was assigned, if that is one thing."""
    match expression:
        case Reference(reaching=(only,), stars=()) if bindings[only].block:
            bound = bindings[only].value
            return bound if isinstance(bound, (Item, Attribute, Call, Reference)) else expression
    return expression


def _keys_of(display: Display, *, is_pair: bool) -> Iterator[Literal]:
    """Yield the constants under which a loop over a display stores something."""
    for element in display.elements:
        match element.value:
            case Display(elements=(first, *_), is_sequence=True) if is_pair:
                key = first.value
            case other:
                key = other
        is_one = element.is_key == display.is_mapping and not element.is_unpacked
        if is_one and isinstance(key, Literal) and key.written:
            yield key


def _is_taken_of(value: Expression, container: Expression, bindings: Sequence[Binding], steps: int = 0) -> bool:
    """Whether something may be an element of a container, or keep one; its name may come from there."""
    if value == container or steps > _MOST_STEPS:
        return True
    parts: tuple[Expression, ...]
    match value:
        case Literal() | NamedModule():
            return False
        case Reference():
            bound = _bound(value, bindings)
            parts = () if bound == value else (bound,)
            if bound == value and value.reaching and any(bindings[index].block for index in value.reaching):
                return True
        case Attribute(value=inner) | NamedAttribute(value=inner):
            parts = (inner,)
        case Item(value=inner, index=index):
            parts = (inner,) if index is None else (inner, index)
        case Call(function=function, arguments=arguments):
            parts = (function, *(argument.value for argument in arguments))
        case Choice(options=options) | Derived(operands=options):
            parts = options
        case Display(elements=elements):
            parts = tuple(element.value for element in elements)
        case _:
            return True
    return any(_is_taken_of(part, container, bindings, steps + 1) for part in parts)
