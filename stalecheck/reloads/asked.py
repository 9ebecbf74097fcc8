"""What the conditions of a loop over modules ask for: from source to `filters`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING

from stalecheck.reloads.filters import (
    Constant,
    Filter,
    Filters,
    Given,
    Operation,
    Subject,
    Test,
    Trait,
    Unclear,
    is_about_modules,
    leaves,
    passes,
)
from stalecheck.reloads.items import (
    Entry,
    Hole,
    Item,
    Items,
    Table,
    Text,
    Thing,
    distinct,
    is_name,
    is_swept,
    look,
    shorten,
)
from stalecheck.reloads.reading import Known, Reader, is_sweep, read
from stalecheck.reloads.scopes import Binding, Guard, Place
from stalecheck.reloads.turns import asks, is_carried

if TYPE_CHECKING:
    from stalecheck.reloads.values import Evaluator


def asked(evaluator: Evaluator, guards: Sequence[Guard], item: Item) -> Filters:
    """Return what conditions ask of a module, or of its name, that a loop runs through."""
    at = look(item)
    found: list[Filter] = []
    for guard in guards:
        for node, test, is_true in _tests(evaluator, guard):
            if is_about_modules(test) or (isinstance(item, Hole) and _asks_for(test, item)):
                found.append(Filter(test, is_true, shorten(node), at, at))
                if guard.is_end:
                    found.append(nobody_knows(item, node))
            elif is_swept(item) and _is_carried(evaluator, node, guard.place):
                found.append(nobody_knows(item, node))
    return tuple(found)


def cut_short(evaluator: Evaluator, item: Item, loop: int, place: Place) -> Filters:
    """Return what the ends of a loop ask of what it runs through, for a place in it.

    Behind the one that ends it nothing is looked at: who comes before that, nobody knows.
    """
    found: list[Filter] = []
    at = look(item)
    for statement, end in evaluator.outline.ends.get(loop, ()):
        if end.is_caught and not place.is_caught:
            continue
        around = {(id(guard.test), guard.is_true) for guard in place.guards}
        own = [guard for guard in end.guards if (loop, 0) in guard.place.branch]
        parts = [(*part, guard.place) for guard in own for part in _tests(evaluator, guard)]
        if any((id(guard.test), guard.is_true) not in around for guard in own) and not any(
            is_about_modules(test) or asks(node) or is_carried(evaluator.outline, node, where)
            for node, test, _, where in parts
        ):
            continue
        only = next((test for _, test, is_true, _ in parts if _is_of_one(test, is_true=is_true)), None)
        written = shorten(parts[-1][0]) if parts else "break" if isinstance(statement, ast.Break) else "return"
        unclear: Test = Unclear((Trait("module"),))
        if isinstance(only, Operation):
            unclear = Operation("or", (Operation("==", only.parts), unclear))
        found.append(Filter(unclear, True, written, at, at))
    return tuple(found)


def _is_of_one(test: Test, *, is_true: bool) -> bool:
    """Whether a condition holds for one module at most."""
    match test:
        case Operation("==" | "!=" as how, (one, other)) if (how == "==") is is_true:
            name, rest = (one, other) if isinstance(one, Subject) else (other, one)
            return isinstance(name, Subject) and not is_about_modules(rest)
    return False


def _is_carried(evaluator: Evaluator, node: ast.expr, place: Place) -> bool:
    loop = place.loop
    if not isinstance(loop, (ast.For, ast.AsyncFor)) or not is_carried(evaluator.outline, node, place):
        return False
    narrowing, evaluator.is_narrowing = evaluator.is_narrowing, True
    try:
        return is_sweep(evaluator, loop.iter, place)
    finally:
        evaluator.is_narrowing = narrowing


def nobody_knows(item: Item, node: ast.expr) -> Filter:
    """Return a condition of which nobody knows what it lets pass."""
    return Filter(Unclear((Trait("module"),)), True, shorten(node), look(item), look(item))


def by_function(evaluator: Evaluator, function: ast.expr, item: Item, place: Place) -> Filter:
    """Return the condition that a function of the file is, called with what a loop is at."""
    at = look(item)
    test: Test | None = None
    for named in evaluator.inner(function, place):
        scope = evaluator.own(named.name) if isinstance(named, Thing) else None
        if scope is not None and isinstance(item, (Entry, Text)):
            test = Reader(evaluator).result_for(scope, Subject((at,)) if is_name(item) else Trait("module"))
    return Filter(test, True, shorten(function), at, at) if test is not None else nobody_knows(item, function)


def under_key(evaluator: Evaluator, table: Table, key: ast.expr, place: Place) -> Items:
    """Return the entries of a dictionary under a key that a parameter gives, each on condition that it is its key."""
    test = read(evaluator, key, place)
    found: list[Item] = []
    for keys, values in table.pairs:
        own = keys[0] if len(keys) == 1 else None
        is_told = isinstance(own, Text) and _asks_for_any(test)
        asked = Operation("==", (test, Constant(own.text))) if is_told and isinstance(own, Text) else None
        found += [value if asked is None else on_condition(value, asked, key) for value in values]
    return distinct(found)


def on_condition(item: Item, test: Test, node: ast.expr) -> Item:
    """Return what is written out and counts only where a condition on a function's parameters holds."""
    if not isinstance(item, (Text, Thing)):
        return item
    at = look(item)
    return replace(item, filters=(*item.filters, Filter(_of_any_given(test), True, shorten(node), at, at)))


def _of_any_given(test: Test) -> Test:
    """A condition on one of several texts that a call gives, as one on all of them: that it holds for any."""
    sources = {leaf for leaf in leaves(test) if isinstance(leaf, Given) and leaf.is_each}
    if len(sources) != 1:
        return test
    return Operation("each any", (replace(sources.pop(), is_each=False, pattern="{}", is_text=False), test))


def passing(
    evaluator: Evaluator,
    guards: Sequence[Guard],
    binding: Binding,
    item: Item,
    beside: Mapping[Binding, tuple[ast.expr, Place]] | None = None,
) -> Item | None:
    """Return a text or a module that is written out unless it certainly does not pass conditions on a loop's variable.

    What they ask of parameters goes with it. `beside` are the variables that the loop binds along with it, and what to.
    """
    if not isinstance(item, (Text, Thing)):
        return item
    name = look(item)
    value: Test = Constant(name) if isinstance(item, Text) else Operation("module", (Constant(name),))
    reader = Reader(evaluator)
    given = {id(one): reader.read(node, place, {}) for one, (node, place) in (beside or {}).items()}
    given[id(binding)] = value
    narrowing, evaluator.is_narrowing = evaluator.is_narrowing, True
    try:
        tests = [(_of_guard(guard, Reader(evaluator), given), guard) for guard in guards]
    finally:
        evaluator.is_narrowing = narrowing
    filters = {guard: Filter(test, guard.is_true, shorten(guard.test), name, name) for test, guard in tests}
    if passes(tuple(filters.values()), name, is_package=False) is False:
        return None
    names = {one.name for one in (binding, *(beside or ()))}
    asked = tuple(one for guard, one in filters.items() if _compares(guard.test, names) and _asks_for_any(one.test))
    return replace(item, filters=(*item.filters, *asked)) if asked else item


def without(evaluator: Evaluator, item: Item, names: ast.expr, place: Place) -> Filters:
    """Return the condition that a name is none of others: ``set(names) - KEEP``."""
    at = look(item)
    test = Operation("in", (Subject((at,)), read(evaluator, names, place)))
    return (Filter(test, False, f"… in {shorten(names)}", at, at),)


def _tests(evaluator: Evaluator, guard: Guard) -> Iterator[tuple[ast.expr, Test, bool]]:
    """Yield what all has to hold, or to fail, for a guard to hold."""
    if guard.is_attempt:
        yield guard.test, Operation("works", (read(evaluator, guard.test, guard.place),)), guard.is_true
        return
    for node, is_true in _parts(guard.test, is_true=guard.is_true):
        yield node, read(evaluator, node, guard.place), is_true


def _of_guard(guard: Guard, reader: Reader, known: Known) -> Test:
    test = reader.read(guard.test, guard.place, known)
    return Operation("works", (test,)) if guard.is_attempt else test


def _parts(test: ast.expr, *, is_true: bool) -> Iterator[tuple[ast.expr, bool]]:
    """Yield the conditions that all have to hold, or to fail, for one to do so."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _parts(test.operand, is_true=not is_true)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is is_true:
        for part in test.values:
            yield from _parts(part, is_true=is_true)
    else:
        yield test, is_true


def _compares(test: ast.expr, names: Set[str]) -> bool:
    """Whether a condition asks for one of the variables of a loop."""
    return any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(test))


def _asks_for_any(test: Test) -> bool:
    """Whether a condition asks for a parameter."""
    return any(isinstance(leaf, Given) for leaf in leaves(test))


def _asks_for(test: Test, hole: Hole) -> bool:
    return any(
        isinstance(leaf, Given) and (leaf.function, leaf.parameter) == (hole.function, hole.parameter)
        for leaf in leaves(test)
    )
