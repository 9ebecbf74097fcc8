"""Functions that reload what they are given: what a call hands to them, and how a place makes one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from typing import TypeAlias

from stalecheck.reloads.defaults import default_of, instead_of_none
from stalecheck.reloads.filters import Constant, Filters, Given, Operation, Subject, Test, Trait, Unclear, moved
from stalecheck.reloads.filters import filled as filled_in
from stalecheck.reloads.invocations import Invocation
from stalecheck.reloads.items import (
    Entry,
    Group,
    Hole,
    Instance,
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
from stalecheck.reloads.reading import parameter_as_test, read
from stalecheck.reloads.scopes import Scope
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
        is_left_out = argument is None or (bool(wrapper.default) and _is_none(argument))
        arguments = [argument] if argument is not None and not is_left_out else []
    items: Items = ()
    is_unordered = False
    for argument in arguments:
        values, unordered = values_of(evaluator, argument, call)
        if wrapper.takes == "name":
            values = evaluator.opened(values)
        if wrapper.is_any:
            values = _one_or_more(evaluator, values)
        if wrapper.is_each:
            values = evaluator.elements(values)
            unordered = unordered or evaluator.saw_unordered
        is_unordered = is_unordered or unordered
        items = (*items, *values)
    if not arguments and wrapper.unknown_default:
        return (Unknown(wrapper.unknown_default),), False
    if not arguments:
        texts = tuple(Text(name) for name in wrapper.default)
        items = texts if wrapper.takes == "name" else tuple(Thing(text.text) for text in texts)
    return items, is_unordered


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _one_or_more(evaluator: Evaluator, items: Items) -> Items:
    """The texts that ``name.startswith(…)`` asks for: one, or those of a tuple."""
    parts = (evaluator.elements((item,)) if isinstance(item, Group) else (item,) for item in items)
    return tuple(part for found in parts for part in found)


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


def fitted(evaluator: Evaluator, item: Item, wrapper: Wrapper, call: Invocation) -> Iterator[Name]:
    """The names of the modules that a wrapper reloads for one argument; nothing when it does not fit."""
    is_module = wrapper.takes == "module"
    name = ""
    if isinstance(item, Thing) and is_module and not item.is_of_object:
        name = item.name
    elif isinstance(item, Text) and not is_module:
        name = item.text
    if name and isinstance(item, (Thing, Text)):
        is_attribute = isinstance(item, Thing) and not item.is_entry
        for pattern, filters in _filtered_patterns(evaluator, wrapper, item, name, call):
            text = pattern.replace("{}", name)
            yield Text(text, is_attribute=is_attribute and pattern == "{}", filters=filters if "*" in text else ())
    elif isinstance(item, Hole) and (item.takes == "" or item.is_text is not is_module):
        if not (item.is_variadic and not item.is_each):
            hole = replace(item, is_text=True, takes=item.takes or wrapper.takes)
            for pattern, filters in _filtered_patterns(evaluator, wrapper, item, item.pattern, call):
                yield replace(hole, pattern=pattern.replace("{}", item.pattern), filters=filters)
    elif isinstance(item, Entry) and item.part == wrapper.takes and wrapper.patterns == ("{}",):
        for _, filters in _filtered_patterns(evaluator, wrapper, item, "", call):
            yield replace(item, part="name", filters=filters)
    elif isinstance(item, Unknown):
        yield item


def _filtered_patterns(
    evaluator: Evaluator, wrapper: Wrapper, item: Text | Thing | Hole | Entry, name: str, call: Invocation
) -> Iterator[tuple[str, Filters]]:
    """The patterns of a wrapper with the conditions for one argument: those that it brings, and the wrapper's own."""

    def given(leaf: Given) -> Test:
        if leaf.function != wrapper.name:
            return leaf
        are_several = wrapper.is_each or wrapper.is_any or wrapper.is_variadic
        if leaf.parameter != wrapper.parameter or (are_several and not leaf.is_each):
            return _argument(evaluator, leaf, call)
        return _handed_over(evaluator, item, leaf) if leaf.is_each is are_several else Unclear()

    for pattern, filters in zip(wrapper.patterns, wrapper.filters or repeat(()), strict=False):
        yield pattern, (*moved(item.filters, *_around(pattern)), *filled_in(filters, {"{}": name}, given))


def _handed_over(evaluator: Evaluator, item: Text | Thing | Hole | Entry, leaf: Given) -> Test:
    """What the argument that names the modules is for a condition."""
    if isinstance(item, Hole):
        return parameter_as_test(evaluator, replace(item, pattern=leaf.pattern.replace("{}", item.pattern)), leaf)
    if isinstance(item, Entry):
        is_name = item.part == "name" or leaf.is_text
        return Subject(("",)) if is_name and leaf.pattern == "{}" else Trait("module")
    name = item.text if isinstance(item, Text) else item.name
    if isinstance(item, Thing) and not leaf.is_text:
        return Trait("module") if "*" in name else Unclear()
    text = leaf.pattern.replace("{}", name)
    return Subject((text,)) if "*" in text else Constant(text)


def _argument(evaluator: Evaluator, leaf: Given, call: Invocation) -> Test:
    """What a call gives for a parameter that a condition asks for."""
    if leaf.is_variadic:
        return _rest(evaluator, leaf, call)
    argument = call.argument(leaf.position, leaf.parameter)
    if argument is None:
        return Unclear() if call.is_spread or leaf.default is None else leaf.default
    if leaf.is_each or isinstance(argument, ast.Starred) or call.is_each:
        return Unclear()
    found = read(evaluator, argument, call.elsewhere.get(id(argument), call.place))
    if leaf.pattern == "{}":
        return found
    before, _, after = leaf.pattern.partition("{}")
    return Operation("+", (Operation("+", (Constant(before), found)), Constant(after)))


def _rest(evaluator: Evaluator, leaf: Given, call: Invocation) -> Test:
    """What a call gives for a parameter that takes all from its position on."""
    given = call.arguments[leaf.position :]
    if leaf.is_each or leaf.pattern != "{}" or call.is_each or any(isinstance(one, ast.Starred) for one in given):
        return Unclear()
    places = [call.elsewhere.get(id(one), call.place) for one in given]
    return Operation("()", tuple(read(evaluator, one, place) for one, place in zip(given, places, strict=True)))


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
            return replace(
                item, text=item.text.replace(mark, value.text), filters=_marked(item.filters, mark, value.text)
            )
        if isinstance(value, Hole) and (value.is_text or not value.takes):
            filters = _marked(item.filters, mark, value.pattern)
            return replace(
                value, is_text=True, takes="name", pattern=item.text.replace(mark, value.pattern), filters=filters
            )
    elif isinstance(item, Hole) and mark in item.pattern:
        if isinstance(value, Text):
            filters = _marked(item.filters, mark, value.text)
            return replace(item, pattern=item.pattern.replace(mark, value.text), filters=filters)
        if isinstance(value, Hole) and is_beside(value, item):
            text = beside(value, item)
            filters = _marked(item.filters, mark, text)
            return replace(item, pattern=item.pattern.replace(mark, text), filters=filters)
    else:
        return item
    return value if isinstance(value, Unknown) else misfit(value, wrapper)


def _marked(filters: Filters, mark: str, text: str) -> Filters:
    return filled_in(filters, {mark: text}, lambda leaf: leaf)


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
    evaluator: Evaluator, holes: Sequence[Hole], patterns: Sequence[str], site: ReloadSite
) -> Iterator[tuple[str, Wrapper]]:
    """The functions whose parameters a place reloads, by qualified name.

    `site` is what is known of the place, and `patterns` are what it makes of each name.
    """
    grouped: dict[tuple[str, str, str, bool, bool], list[Hole]] = {}
    for hole in holes:
        key = (hole.function, hole.parameter, hole.takes, hole.is_each, hole.is_any)
        grouped.setdefault(key, []).append(hole)
    for (function, parameter, takes, is_each, is_any), members in grouped.items():
        scope = evaluator.outline.scopes[function]
        pairs = dict.fromkeys(
            (pattern.replace("{}", hole.pattern), moved(hole.filters, *_around(pattern)))
            for hole in members
            for pattern in patterns
        )
        made = [pattern for pattern, _ in pairs]
        is_variadic = members[0].is_variadic
        default, why = _default(evaluator, scope, parameter, takes, is_each=is_each, is_any=is_any)
        yield (
            function,
            Wrapper(
                function,
                parameter,
                position_of(scope, parameter),
                "module" if takes == "module" else "name",
                site.mode,
                tuple(made),
                tuple(filters for _, filters in pairs) if any(filters for _, filters in pairs) else (),
                default,
                tuple(_slots(evaluator, scope, made)),
                is_each and not is_variadic,
                is_variadic,
                is_any and not is_variadic,
                why,
                site.is_restored,
                site.is_together or len(made) > 1,
                site.is_once,
                site.order,
                site.leaves_attribute,
                site.is_load,
            ),
        )


def _around(pattern: str) -> tuple[str, str]:
    before, _, after = pattern.partition("{}")
    return before, after


def instead(scope: Scope, wrapper: Wrapper) -> Iterator[str]:
    """Yield what a function reloads only where a call leaves its parameter out: the call is what tells."""
    if wrapper.default and instead_of_none(scope, wrapper.parameter) is not None:
        yield from (pattern.replace("{}", name) for pattern in wrapper.patterns for name in wrapper.default)


def _default(
    evaluator: Evaluator, scope: Scope, parameter: str, takes: str, *, is_each: bool = False, is_any: bool = False
) -> tuple[tuple[str, ...], str]:
    """Return the names that a parameter's default stands for, or each of its elements, and why they are not known."""
    found = default_of(scope, parameter)
    if found is None:
        return (), ""
    default = found[0]
    items = evaluator.opened(evaluator.items(*found))
    if is_each and not _is_nothing(items):
        items = evaluator.elements(items)
    elif is_any:
        items = _one_or_more(evaluator, items) if not _is_nothing(items) else ()
    if takes == "module":
        names = tuple(item.name for item in items if isinstance(item, Thing))
    else:
        names = tuple(item.text for item in items if isinstance(item, Text))
    is_known = bool(names) or _is_nothing(items) or isinstance(default, ast.Constant)
    return names, "" if is_known else f"what `{parameter}` of `{scope.name}` is by default is not known"


def _is_nothing(items: Items) -> bool:
    """Whether it is no module and no name: an empty list, an object that only stands for what is left out."""
    return all(isinstance(item, Instance) or (isinstance(item, Group) and not item.elements) for item in items)


def _slots(evaluator: Evaluator, scope: Scope, patterns: Sequence[str]) -> Iterator[Slot]:
    """The further parameters that stand in the names."""
    for parameter in _marks(patterns):
        yield Slot(parameter, position_of(scope, parameter), _default(evaluator, scope, parameter, "name")[0])


def _marks(patterns: Sequence[str]) -> Iterable[str]:
    return dict.fromkeys(name for pattern in patterns for name in _MARK.findall(pattern))
