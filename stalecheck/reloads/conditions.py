"""What the conditions around a use say about the names that a loop over ``sys.modules`` runs through."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from stalecheck.reloads.asked import asked, by_function, cut_short, nobody_knows, passing, without
from stalecheck.reloads.drained import is_drained
from stalecheck.reloads.filters import Filters, is_about_modules
from stalecheck.reloads.items import (
    Entry,
    Group,
    Hole,
    Info,
    Item,
    Items,
    Text,
    Thing,
    are_names,
    integer,
    is_swept,
    joined_one,
    look,
    shorten,
)
from stalecheck.reloads.reading import read
from stalecheck.reloads.rows import kept_rows
from stalecheck.reloads.scopes import Binding, Guard, Place

if TYPE_CHECKING:
    from stalecheck.reloads.values import Evaluator

Globs: TypeAlias = tuple[Text | Hole, ...] | None


def narrow(evaluator: Evaluator, items: Items, bindings: Sequence[Binding], place: Place) -> Items:
    """Apply the conditions around a use to what runs through ``sys.modules``, or through what is written out."""
    if evaluator.is_narrowing:
        return items
    if evaluator.outline.ends:
        for binding in bindings:
            if binding.how == "element" and binding.branch:
                items = _cut_short(evaluator, items, binding.branch[-1][0], place)
            elif is_drained(evaluator.outline, binding):
                items = _cut_short(evaluator, items, id(binding.place.loop), place)
    if not place.guards:
        return items
    if any(map(is_filterable, items)):
        return _narrowed(evaluator, items, place)
    if len(bindings) == 1 and bindings[0].how == "element" and not bindings[0].path:
        passed = [passing(evaluator, place.guards, bindings[0], item) for item in items]
        kept = tuple(item for item in passed if item is not None)
        return kept or items
    if len(bindings) == 1 and bindings[0].how == "element":
        return kept_rows(evaluator, bindings[0], place) or items
    return items


def _cut_short(evaluator: Evaluator, items: Items, loop: int, place: Place) -> Items:
    """Apply what ends a loop over modules to those that are not written out."""
    if loop not in evaluator.outline.ends:
        return items
    return tuple(kept_by(item, cut_short(evaluator, item, loop, place)) if is_swept(item) else item for item in items)


def with_some_taken_out(group: Group, node: ast.expr) -> Group:
    """Return a collection of names of which some are taken out later, who knows which."""
    elements = tuple(
        tuple(kept_by(item, (nobody_knows(item, node),)) for item in element) for element in group.elements
    )
    return replace(group, elements=elements)


def less_names(evaluator: Evaluator, group: Group, names: ast.expr, place: Place) -> Items:
    """Return a collection of names without others."""
    elements = tuple(
        tuple(kept_by(item, without(evaluator, item, names, place)) for item in element) for element in group.elements
    )
    return (replace(group, elements=elements),)


def filtered(evaluator: Evaluator, items: Items, function: ast.expr, place: Place) -> Items:
    """Apply what ``filter(function, items)`` asks of what runs through ``sys.modules``."""
    if not any(map(is_filterable, items)):
        return items
    if isinstance(function, ast.Lambda) and (inner := evaluator.outline.inner.get(id(function))) is not None:
        guard = Guard(function.body, inner, is_true=True)
        return _narrowed(evaluator, items, replace(place, guards=(*place.guards, guard)))
    return tuple(kept_by(item, (by_function(evaluator, function, item, place),)) for item in items)


def _narrowed(evaluator: Evaluator, items: Items, place: Place) -> Items:
    evaluator.is_narrowing = True
    try:
        guards = [guard for guard in place.guards if not guard.is_attempt]
        globs = best(_globs(evaluator, guard.test, guard.place, guard.is_true) for guard in guards)
        is_new = any(_asks_for_new(evaluator, guard.test, guard.place, guard.is_true) for guard in guards)
    finally:
        evaluator.is_narrowing = False
    filtered = tuple(kept_by(item, asked(evaluator, place.guards, item)) for item in items)
    found = tuple(part for item in filtered for part in (_limited(item, globs) if _is_open(item) else (item,)))
    return tuple(replace(item, is_new=True) if is_new and isinstance(item, Entry) else item for item in found)


def are_clear(evaluator: Evaluator, place: Place) -> bool:
    """Whether all conditions around a use say which names pass them: else not even the order of those is known."""
    narrowing, evaluator.is_narrowing = evaluator.is_narrowing, True
    try:
        return all(
            _globs(evaluator, guard.test, guard.place, guard.is_true) is not None
            or _failing(evaluator, guard.test, guard.place, guard.is_true)
            for guard in place.guards
            if not guard.is_success or is_about_modules(read(evaluator, guard.test, guard.place))
        )
    finally:
        evaluator.is_narrowing = narrowing


def _failing(evaluator: Evaluator, test: ast.expr, place: Place, is_true: bool) -> tuple[Text | Hole, ...]:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _failing(evaluator, test.operand, place, not is_true)
    if isinstance(test, ast.BoolOp):
        # One part that fails is enough; of alternatives all would have to.
        parts = test.values if isinstance(test.op, ast.And) is is_true else ()
        return tuple(glob for part in parts for glob in _failing(evaluator, part, place, is_true))
    return _globs(evaluator, test, place, not is_true) or ()


def _asks_for_new(evaluator: Evaluator, test: ast.expr, place: Place, is_true: bool) -> bool:
    """Whether a condition holds only for names that an earlier copy of ``sys.modules`` does not hold."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _asks_for_new(evaluator, test.operand, place, not is_true)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is is_true:
        return any(_asks_for_new(evaluator, value, place, is_true) for value in test.values)
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and _is_subject(evaluator, test.left, place)):
        return False
    if not isinstance(test.ops[0], ast.NotIn if is_true else ast.In):
        return False
    copy = test.comparators[0]
    return isinstance(copy, (ast.Name, ast.Attribute)) and are_names(evaluator.inner(copy, place))


def _globs(evaluator: Evaluator, test: ast.expr, place: Place, is_true: bool) -> Globs:
    """The module names that pass a condition on a loop's variable; None when it does not say."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _globs(evaluator, test.operand, place, not is_true)
    if isinstance(test, ast.BoolOp):
        parts = [_globs(evaluator, value, place, is_true) for value in test.values]
        return best(parts) if isinstance(test.op, ast.And) is is_true else union(parts)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compared(evaluator, test.left, test.ops[0], test.comparators[0], place, is_true)
    if isinstance(test, ast.Call) and is_true:
        return _tested(evaluator, test, place)
    return None


def _compared(
    evaluator: Evaluator, left: ast.expr, operator: ast.cmpop, right: ast.expr, place: Place, is_true: bool
) -> Globs:
    if isinstance(operator, (ast.NotEq, ast.NotIn)):
        turned = ast.Eq() if isinstance(operator, ast.NotEq) else ast.In()
        return _compared(evaluator, left, turned, right, place, not is_true)
    if not is_true or not isinstance(operator, (ast.Eq, ast.In)):
        return None
    if isinstance(operator, ast.In) and _is_subject(evaluator, right, place):
        return affixed(evaluator.inner(left, place), "*", "*")
    shape = _shape(evaluator, left, place)
    if not shape and isinstance(operator, ast.Eq):
        left, right = right, left
        shape = _shape(evaluator, left, place)
    if not shape:
        return None
    values = evaluator.inner(right, place)
    if isinstance(operator, ast.In):
        values = evaluator.each(values, shorten(right))
    return union([affixed(values, "", suffix) for suffix in shape])


def _shape(evaluator: Evaluator, node: ast.expr, place: Place) -> tuple[str, ...]:
    """What may follow the text that a part of the loop's variable is compared with."""
    if _is_subject(evaluator, node, place):
        return ("",)
    if not isinstance(node, ast.Subscript):
        return ()
    if isinstance(node.slice, ast.Slice):
        starts = node.slice.lower is None and node.slice.upper is not None and node.slice.step is None
        return ("*",) if starts and _is_subject(evaluator, node.value, place) else ()
    call = node.value
    if (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("split", "partition")
        and integer(node.slice) == 0
        and _is_subject(evaluator, call.func.value, place)
    ):
        return ("", ".*")
    return ()


def _tested(evaluator: Evaluator, test: ast.Call, place: Place) -> Globs:
    function, arguments = test.func, test.args
    if isinstance(function, ast.Attribute) and len(arguments) == 1:
        affixes = {"startswith": ("", "*"), "endswith": ("*", "")}.get(function.attr)
        if affixes and _is_subject(evaluator, function.value, place):
            values = evaluator.inner(arguments[0], place)
            flat = [_one_or_more(v) for value in values for v in _flattened(evaluator, value)]
            return affixed(tuple(flat), *affixes)
    names = [item.name for item in evaluator.inner(function, place) if isinstance(item, Thing)]
    if names and names[0] in ("fnmatch.fnmatch", "fnmatch.fnmatchcase") and len(arguments) == 2:
        is_subject = _is_subject(evaluator, arguments[0], place)
        return affixed(evaluator.inner(arguments[1], place), "", "") if is_subject else None
    if names == ["builtins.any"] and arguments and isinstance(arguments[0], _GENERATORS):
        inner = evaluator.outline.inner.get(id(arguments[0]))
        return _globs(evaluator, arguments[0].elt, inner, is_true=True) if inner else None
    return None


def _flattened(evaluator: Evaluator, item: Item) -> Items:
    return evaluator.each((item,), "") if isinstance(item, Group) else (item,)


def _one_or_more(item: Item) -> Item:
    """What a text is compared with, which may be several: a parameter as it is given."""
    is_whole = isinstance(item, Hole) and item.pattern == "{}" and not (item.is_text or item.is_each)
    return replace(item, is_any=True) if is_whole and isinstance(item, Hole) else item


def _is_subject(evaluator: Evaluator, node: ast.expr, place: Place) -> bool:
    """Whether an expression is the name of the module that a loop over ``sys.modules`` is at."""
    if not isinstance(node, (ast.Name, ast.Attribute)):
        return False
    items = evaluator.inner(node, place)
    return bool(items) and all(
        item.is_glob if isinstance(item, Text) else isinstance(item, Entry) and item.part == "name" for item in items
    )


def is_filterable(item: Item) -> bool:
    """Whether conditions may keep some of what it stands for."""
    if isinstance(item, Info):
        return is_filterable(item.name)
    return isinstance(item, (Entry, Hole)) or (isinstance(item, (Text, Thing)) and "*" in look(item))


def kept_by(item: Item, filters: Filters) -> Item:
    """Return what has to pass more conditions."""
    if isinstance(item, Info):
        return replace(item, name=kept_by(item.name, filters))
    if not filters or not is_filterable(item) or not isinstance(item, (Entry, Hole, Text, Thing)):
        return item
    return replace(item, filters=tuple(dict.fromkeys((*item.filters, *filters))))


def _is_open(item: Item) -> bool:
    """Whether the conditions around a use may narrow it."""
    return item.globs is None if isinstance(item, Entry) else isinstance(item, Text) and item.is_glob


def _limited(item: Item, globs: Globs) -> Items:
    """What is left of it under a condition that lets only `globs` pass."""
    if isinstance(item, Entry):
        return (replace(item, globs=globs),)
    if isinstance(item, Text) and globs is not None:
        start = item.text.partition("*")[0]
        texts = [glob for glob in globs if isinstance(glob, Text) and glob.text.startswith(start)]
        if len(texts) == len(globs):
            return tuple(
                replace(text, is_glob="*" in text.text, is_flat=item.is_flat, filters=item.filters) for text in texts
            )
    return (item,)


def affixed(values: Items, before: str, after: str) -> Globs:
    """Globs made of texts; None when one of them is not known."""
    found: list[Text | Hole] = []
    for value in values:
        glob = joined_one((Text(before), value, Text(after)))
        if not isinstance(glob, (Text, Hole)):
            return None
        found.append(glob)
    return tuple(found) or None


def union(parts: Iterable[Globs]) -> Globs:
    """What passes any of the conditions; None as soon as one does not say."""
    found: list[Text | Hole] = []
    for part in parts:
        if part is None:
            return None
        found.extend(part)
    return tuple(dict.fromkeys(found)) or None


def best(parts: Iterable[Globs]) -> Globs:
    """The condition that says most among several that hold together."""
    known = [part for part in parts if part is not None]
    return min(known, key=_looseness, default=None)


def _looseness(globs: tuple[Text | Hole, ...]) -> int:
    texts = [glob.text if isinstance(glob, Text) else glob.pattern for glob in globs]
    return max(2 if text.startswith("*") else 1 if text.endswith("*") else 0 for text in texts)


_GENERATORS = (ast.GeneratorExp, ast.ListComp, ast.SetComp)
