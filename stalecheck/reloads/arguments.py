"""What the calls of a function give for the parameters that the conditions in its loop over modules ask for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from stalecheck.reloads.filters import Constant, Filters, Given, Operation, Test, Unclear, filled, leaves
from stalecheck.reloads.items import Instance
from stalecheck.reloads.reading import read
from stalecheck.reloads.scopes import Outline, Place, terminal
from stalecheck.reloads.sites import ReloadSite
from stalecheck.reloads.values import Evaluator

Calls = Callable[[str], Iterable[tuple[ast.Call, Place, Evaluator]]]
"""From a function's qualified name to what calls it."""


def answered(site: ReloadSite, calls_of: Calls) -> ReloadSite:
    """Return a site with what calls give for parameters, each call an alternative; without any they are left out."""
    functions = dict.fromkeys(
        leaf.function
        for _, filters in site.filters
        for one in filters
        for leaf in leaves(one.test)
        if isinstance(leaf, Given)
    )
    for function in functions:
        calls = list(islice(calls_of(function), _MOST_CALLS + 1))
        given: list[Callable[[Given], Test]] = [_by_call(function, *call) for call in calls[:_MOST_CALLS]]
        if not calls:
            given = [_by_default(function)]
        elif len(calls) > _MOST_CALLS:
            given.append(_by_nobody(function))
        pairs = ((target, filled(filters, {}, one)) for one in given for target, filters in site.filters)
        site = replace(site, filters=tuple(dict.fromkeys(pairs)))
    return site


def by_default(filters: Filters, function: str, parameter: str, name: str) -> Filters:
    """Return the conditions in a function that nobody calls, a parameter of which is a name by default."""
    given = _by_default(function)

    def each(leaf: Given) -> Test:
        is_it = leaf.is_each and (leaf.function, leaf.parameter, leaf.pattern) == (function, parameter, "{}")
        return Constant(name) if is_it else given(leaf)

    return filled(filters, {"{}": name}, each)


def calls_in(outline: Outline, evaluator: Evaluator, last: str) -> Iterator[tuple[ast.Call, Place, tuple[str, ...]]]:
    """Yield the calls of what has that last name, with the absolute names that it may have; none where nobody knows."""
    for call, place in outline.calls.get(last, ()):
        if terminal(call.func) == last:
            made = evaluator.items(call.func, place)
            is_known = bool(made) and all(not isinstance(item, Instance) and hasattr(item, "name") for item in made)
            is_object = any(getattr(item, "is_of_object", False) for item in made)
            yield call, place, evaluator.names(call.func, place) if is_known and not is_object else ()


def _by_call(function: str, call: ast.Call, place: Place, evaluator: Evaluator) -> Callable[[Given], Test]:
    is_spread = any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords)

    def given(leaf: Given) -> Test:
        if leaf.function != function:
            return leaf
        if is_spread or leaf.is_each or leaf.pattern != "{}":
            return Unclear()
        if leaf.is_variadic:
            return _closed(Operation("()", tuple(read(evaluator, one, place) for one in call.args[leaf.position :])))
        named = next((keyword.value for keyword in call.keywords if keyword.arg == leaf.parameter), None)
        positional = call.args[leaf.position] if 0 <= leaf.position < len(call.args) else named
        if positional is None:
            return leaf.default or Unclear()
        return _closed(read(evaluator, positional, place))

    return given


def _closed(test: Test) -> Test:
    """What an argument is, where it is not a parameter itself."""
    return Unclear() if any(isinstance(leaf, Given) for leaf in leaves(test)) else test


def _by_default(function: str) -> Callable[[Given], Test]:
    return lambda leaf: (
        leaf if leaf.function != function else Unclear() if leaf.is_each else _closed(leaf.default or Unclear())
    )


def _by_nobody(function: str) -> Callable[[Given], Test]:
    return lambda leaf: leaf if leaf.function != function else Unclear()


_MOST_CALLS = 20
