"""Parameters that are given ``sys.modules`` itself: ``sweep(sys.modules, "app.")``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stalecheck.nodes import positional_parameters
from stalecheck.reloads.items import MODULES, Items, Thing, Unknown
from stalecheck.reloads.scopes import Outline, Place, Scope, named_defaults, terminal

if TYPE_CHECKING:
    from stalecheck.reloads.values import Evaluator


def note_tables(outline: Outline) -> None:
    """Let a parameter that is given something called ``modules``, in its own file, stand for that."""
    functions: dict[str, list[Scope]] = {}
    for call, _ in outline.calls.get("modules", ()):
        if not functions:
            for scope in outline.scopes.values():
                functions.setdefault(_called_as(scope), []).append(scope)
        for scope in functions.get(terminal(call.func), ()):
            for name, argument in _given(scope, call):
                if terminal(argument) == "modules":
                    outline.aliases.setdefault(name, set()).add("modules")


def table_given(evaluator: Evaluator, name: str, scope: Scope) -> Items:
    """Return ``sys.modules`` for a parameter that the calls in its file give that; nothing for any other.

    Where only some of them do, what else it may be is not known.
    """
    outline = evaluator.outline
    if scope.place is None or not (name == "modules" or "modules" in outline.aliases.get(name, ())):
        return ()
    default = named_defaults(scope.node).get(name)
    by_default = None if default is None else (default, scope.place)
    given: list[tuple[ast.expr, Place] | None] = []
    for call, place in outline.calls.get(_called_as(scope), ()):
        if terminal(call.func) == _called_as(scope) and _may_call(evaluator, scope, call, place):
            argument = dict(_given(scope, call)).get(name)
            given.append(by_default if argument is None else (argument, place))
    found = [evaluator.inner(*one) for one in given or [by_default] if one is not None]
    if not any(MODULES in items for items in found):
        return ()
    # A function that calls itself hands on what it was given.
    is_always = all(items in ((MODULES,), ()) for items in found)
    return (MODULES,) if is_always else (MODULES, Unknown(f"`{name}` is not always `sys.modules`"))


def _may_call(evaluator: Evaluator, scope: Scope, call: ast.Call, place: Place) -> bool:
    """Whether it may be a function, or the class that it makes an instance of, that is called."""
    name = f"{evaluator.outline.file.module}.{scope.name}".removesuffix(".__init__")
    return any(not isinstance(item, Thing) or item.name == name for item in evaluator.inner(call.func, place))


def _called_as(scope: Scope) -> str:
    """The last name of what is called for a function to run: of `__init__` the class's."""
    owner, _, last = scope.name.rpartition(".")
    return owner.rpartition(".")[2] if last == "__init__" else last


def _given(scope: Scope, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """The parameters of a function that a call gives something, as far as that is told by position and name."""
    arguments = getattr(scope.node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return
    positional = [argument.arg for argument in positional_parameters(arguments)]
    is_method = scope.parent is not None and scope.parent.kind == "class"
    yield from zip(positional[is_method and positional[:1] in (["self"], ["cls"]) :], call.args, strict=False)
    yield from ((keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg is not None)
