"""Functions that reload what they are given: what a call hands to them, and how a place makes one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from stalecheck.reloads.choices import choices
from stalecheck.reloads.invocations import Invocation
from stalecheck.reloads.items import (
    Entry,
    Hole,
    Item,
    Items,
    Table,
    Text,
    Thing,
    Unknown,
    beside,
    is_beside,
    unknown,
)
from stalecheck.reloads.names import position_of
from stalecheck.reloads.scopes import Place, Scope
from stalecheck.reloads.sites import ReloadSite, Slot, Wrapper
from stalecheck.reloads.values import Evaluator

Name: TypeAlias = Text | Hole | Entry | Unknown
"""What names the modules that a call reloads, or says why that is not known."""

_MARK = re.compile(r"\{(\w+)\}")


def values_of(evaluator: Evaluator, argument: ast.expr, call: Invocation) -> tuple[Items, bool]:
    """What an argument stands for, and whether its order is undefined."""
    items = evaluator.items(argument, call.elsewhere.get(id(argument), call.place))
    if call.is_each or isinstance(argument, ast.Starred):
        items = evaluator.elements(items)
    return items or (unknown(argument),), evaluator.saw_unordered


def handed(evaluator: Evaluator, wrapper: Wrapper, call: Invocation) -> tuple[Items, bool]:
    """What a call hands to the parameter of a wrapper; nothing when it leaves it out."""
    if wrapper.is_variadic:
        arguments: Sequence[ast.expr] = call.arguments[wrapper.position :]
    else:
        argument = call.argument(wrapper.position, wrapper.parameter)
        if argument is None and call.is_spread:
            return _looked_up(evaluator, wrapper.parameter, call) or (unknown(call.node),), False
        arguments = [argument] if argument is not None else []
    items: Items = ()
    is_unordered = False
    for argument in arguments:
        values, unordered = values_of(evaluator, argument, call)
        if wrapper.takes == "name":
            values = evaluator.opened(values)
        if wrapper.is_each:
            values = evaluator.elements(values)
            unordered = unordered or evaluator.saw_unordered
        is_unordered = is_unordered or unordered
        items = (*items, *values)
    if not arguments:
        texts = tuple(Text(name) for name in wrapper.default)
        items = texts if wrapper.takes == "name" else tuple(Thing(text.text) for text in texts)
    return items, is_unordered


def _looked_up(evaluator: Evaluator, parameter: str, call: Invocation) -> Items:
    """What ``**kwargs`` hand to a parameter, where its entries are known."""
    if any(isinstance(argument, ast.Starred) for argument in call.arguments):
        return ()
    found: Items = ()
    for keyword in call.keywords:
        if keyword.arg is None:
            for item in values_of(evaluator, keyword.value, call)[0]:
                pairs = item.pairs if isinstance(item, Table) else ()
                values = [value for keys, value in pairs if Text(parameter) in keys]
                found = values[-1] if values else found
    return found


def fitted(item: object, wrapper: Wrapper) -> Iterator[Name]:
    """The names of the modules that a wrapper reloads for one argument; nothing when it does not fit."""
    is_module = wrapper.takes == "module"
    name = ""
    if isinstance(item, Thing) and is_module and not item.is_of_object:
        name = item.name
    elif isinstance(item, Text) and not is_module:
        name = item.text
    if name:
        is_attribute = isinstance(item, Thing) and not item.is_entry
        for pattern in wrapper.patterns:
            yield Text(pattern.replace("{}", name), is_attribute=is_attribute and pattern == "{}")
    elif isinstance(item, Hole) and (item.takes == "" or item.is_text is not is_module):
        if not (item.is_variadic and not item.is_each):
            hole = replace(item, is_text=True, takes=item.takes or wrapper.takes)
            for pattern in wrapper.patterns:
                yield replace(hole, pattern=pattern.replace("{}", item.pattern))
    elif isinstance(item, Entry) and item.part == wrapper.takes and wrapper.patterns == ("{}",):
        yield replace(item, part="name")
    elif isinstance(item, Unknown):
        yield item


def filled(evaluator: Evaluator, item: Name, wrapper: Wrapper, call: Invocation) -> tuple[Name, ...]:
    """The same names with what a call gives for the wrapper's further parameters."""
    found: tuple[Name, ...] = (item,)
    for slot in wrapper.slots:
        argument = call.argument(slot.position, slot.parameter)
        texts: Items = tuple(map(Text, slot.default))
        if argument is not None:
            texts = evaluator.opened(values_of(evaluator, argument, call)[0])
        elif call.is_spread or not texts:
            texts = (Unknown(f"`{slot.parameter}` is a parameter of `{wrapper.name}`"),)
        found = tuple(_with(one, f"{{{slot.parameter}}}", text, wrapper) for one in found for text in texts)
    return found


def _with(item: Name, mark: str, value: Item, wrapper: Wrapper) -> Name:
    """A name with a value where its mark is."""
    if isinstance(item, Text) and mark in item.text:
        if isinstance(value, Text):
            return replace(item, text=item.text.replace(mark, value.text))
        if isinstance(value, Hole) and (value.is_text or not value.takes):
            return replace(value, is_text=True, takes="name", pattern=item.text.replace(mark, value.pattern))
    elif isinstance(item, Hole) and mark in item.pattern:
        if isinstance(value, Text):
            return replace(item, pattern=item.pattern.replace(mark, value.text))
        if isinstance(value, Hole) and is_beside(value, item):
            return replace(item, pattern=item.pattern.replace(mark, beside(value, item)))
    else:
        return item
    return value if isinstance(value, Unknown) else misfit(value, wrapper)


def misfit(item: object, wrapper: Wrapper) -> Unknown:
    """Why an argument of a wrapper does not tell what is reloaded."""
    if isinstance(item, Thing) and item.is_of_object:
        return Unknown(f"`{item.name}` is not known")
    if isinstance(item, Hole):
        return Unknown(why_hole(item))
    if isinstance(item, Text):
        return Unknown(f"`{item.text!r}` is a string, not a module", is_wrong=True)
    if isinstance(item, Thing):
        return Unknown(f"`{item.name}` is not a known text")
    return Unknown(f"what `{wrapper.name}` is given is not known")


def why_hole(hole: Hole) -> str:
    """Why a parameter does not tell what is reloaded."""
    return f"`{hole.parameter}` is a parameter of `{hole.function}`"


def wrappers(
    evaluator: Evaluator, holes: Sequence[Hole], patterns: Sequence[str], site: ReloadSite, place: Place
) -> Iterator[tuple[str, Wrapper]]:
    """The functions whose parameters a place reloads, by qualified name.

    `site` is what is known of the `place`, and `patterns` are what it makes of each name.
    """
    grouped: dict[tuple[str, str, str, bool], list[Hole]] = {}
    for hole in holes:
        key = (hole.function, hole.parameter, hole.takes, hole.is_each)
        grouped.setdefault(key, []).append(hole)
    for (function, parameter, takes, is_each), members in grouped.items():
        scope = evaluator.outline.scopes[function]
        made = [p.replace("{}", hole.pattern) for hole in members for p in patterns]
        is_variadic = members[0].is_variadic
        yield (
            function,
            Wrapper(
                function,
                parameter,
                position_of(scope, parameter),
                "module" if takes == "module" else "name",
                site.mode,
                tuple(dict.fromkeys(made)),
                _default(evaluator, scope, parameter, takes, is_each=is_each),
                tuple(_slots(evaluator, scope, made)),
                tuple(choices(evaluator, place, made, {parameter, *_marked(made)})),
                is_each and not is_variadic,
                is_variadic,
                site.is_restored,
                site.is_together or len(made) > 1,
                site.is_once,
                site.order,
                site.leaves_attribute,
                site.is_load,
                site.only,
            ),
        )


def _default(
    evaluator: Evaluator, scope: Scope, parameter: str, takes: str, *, is_each: bool = False
) -> tuple[str, ...]:
    """Return the names that a parameter's default stands for, or each of its elements."""
    default = _default_of(scope, parameter)
    if default is None or scope.place is None:
        return ()
    items = evaluator.items(default, scope.place)
    if is_each:
        items = evaluator.elements(items)
    if takes == "module":
        return tuple(item.name for item in items if isinstance(item, Thing))
    return tuple(item.text for item in items if isinstance(item, Text))


def _slots(evaluator: Evaluator, scope: Scope, patterns: Sequence[str]) -> Iterator[Slot]:
    """The further parameters that stand in the names."""
    for parameter in _marked(patterns):
        yield Slot(parameter, position_of(scope, parameter), _default(evaluator, scope, parameter, "name"))


def _marked(patterns: Sequence[str]) -> Iterable[str]:
    return dict.fromkeys(name for pattern in patterns for name in _MARK.findall(pattern))


def _default_of(scope: Scope, parameter: str) -> ast.expr | None:
    arguments = _signature(scope)
    if arguments is None:
        return None
    positional = [*arguments.posonlyargs, *arguments.args]
    given = positional[len(positional) - len(arguments.defaults) :]
    defaults = dict(zip((argument.arg for argument in given), arguments.defaults, strict=True))
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    defaults.update({argument.arg: default for argument, default in named if default is not None})
    return defaults.get(parameter)


def _signature(scope: Scope) -> ast.arguments | None:
    is_function = isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    return scope.node.args if is_function else None  # type: ignore[attr-defined]
