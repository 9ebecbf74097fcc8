"""What a module puts in the place of something that it keeps to call it: ``_old = lib.send``, ``lib.send = send``."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from stalecheck.nodes import Function, descendants
from stalecheck.rules.statements import dotted, top_level

_PLACES = {"signal.signal": "signal.getsignal"}
"""What puts a function somewhere, and what tells which one is there."""


def chains(
    tree: ast.Module, names: Mapping[str, str], kept: Collection[str], *, is_in_place: bool
) -> Iterator[tuple[ast.expr, str, str]]:
    """Yield where a body replaces something by its own function, which calls what was there: the place, both names.

    Args:
        tree: The module.
        names: What imports bind there.
        kept: The names that only the first run of the body binds.
        is_in_place: The names are those of the last run, until they are bound again: what stands below a condition
            counts as well, for the function of the last run is already there.
    """
    functions = {f.name: f for f in tree.body if isinstance(f, Function)}
    found: dict[str, str] = {}
    always = set(tree.body)
    for statement in top_level(tree) if is_in_place else tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in kept and statement in always:
                if place := _place(value, names):
                    found[name] = place
            case ast.Assign(targets=[ast.Attribute() as target], value=ast.Name(id=own)) if own in functions:
                if before := _before(functions[own], dotted(target, names), found):
                    yield target, own, before
            case ast.Expr(value=ast.Call(func=called, args=[where, ast.Name(id=own)]) as call) if own in functions:
                place = f"{dotted(called, names)}({ast.unparse(where)})" if dotted(called, names) in _PLACES else ""
                if before := _before(functions[own], place, found):
                    yield call, own, before


def _place(value: ast.expr, names: Mapping[str, str]) -> str:
    """Return what a value is taken from: an attribute of an import, or the handler of a signal."""
    match value:
        case ast.Attribute():
            return dotted(value, names)
        case ast.Call(func=called, args=[where]):
            setter = next((s for s, getter in _PLACES.items() if getter and getter == dotted(called, names)), "")
            return f"{setter}({ast.unparse(where)})" if setter else ""
    return ""


def _before(function: Function, place: str, found: Mapping[str, str]) -> str:
    """Return the name under which a function finds what stood in a place, if it calls that."""
    for node in descendants(function) if place else ():
        match node:
            case ast.Call(func=ast.Name(id=name)) if found.get(name) == place:
                return name
    return ""
