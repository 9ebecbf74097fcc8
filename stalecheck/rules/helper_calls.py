"""Functions that reload something for those who call them: each certain call is a place that reloads too."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from stalecheck.model import SourceFile
from stalecheck.nodes import Function, descendants, scope_of
from stalecheck.reloads import ReloadPlace
from stalecheck.rules.fixture_order import fixture_name
from stalecheck.rules.patching import CLEANERS, method_of, parameters
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.statements import dotted, imported_names, span_of
from stalecheck.rules.surroundings import is_test

_LOCALS = ".<locals>."
_RUN_BY_OTHERS = ("test", "setup", "setUp", "asyncSetUp", "teardown", "tearDown", "asyncTearDown")


@dataclass(frozen=True, slots=True)
class Reached:
    """A place that reloads, or the call of a function that it stands in."""

    place: ReloadPlace
    """Where the call stands."""

    called: Reached | None = None
    """What stands in the function that it calls."""

    @property
    def chain(self) -> tuple[ReloadPlace, ...]:
        """The place, that in the function that it calls, and so on."""
        return (self.place, *(self.called.chain if self.called is not None else ()))


@dataclass(frozen=True, slots=True)
class _Helper:
    """A function without a say of its own in when it reloads."""

    place: ReloadPlace
    function: Function
    owner: str
    """The class that it is a method of, or the function that it stands in; empty at module level."""


def places_with_calls(reloading: Reloading) -> tuple[Reached, ...]:
    """Return the places that reload, and the calls in tests of the functions that they stand in."""
    return reached_from(reloading.places, reloading, is_caller=is_test)


def reached_from(
    places: Iterable[ReloadPlace],
    reloading: Reloading,
    *,
    is_caller: Callable[[SourceFile], bool] = lambda file: True,
    has_top_levels: bool = False,
    deepest: int = 20,
) -> tuple[Reached, ...]:
    """Return places that reload, and the calls of the functions that they stand in.

    Args:
        places: The places.
        reloading: The reloads of the run.
        is_caller: Tells which files are searched for calls.
        has_top_levels: Whether calls at module level count as well.
        deepest: Through how many calls a place is followed.
    """
    found = [Reached(place) for place in places]
    for reached in found:
        site = reached.place.site
        is_deep = len(reached.chain) > deepest
        helper = None if site.is_restored or site.is_void or is_deep else _helper(reached.place, reloading)
        blocks = {(each.file, each.site.block) for each in reached.chain}
        calls = _calls(helper, reloading, is_caller, has_top_levels) if helper is not None else ()
        found.extend(Reached(place, reached) for place in calls if (place.file, place.site.block) not in blocks)
    return tuple(found)


def certain(block: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that always run when a block does, as far as nothing can leave it before."""
    for statement in block:
        if isinstance(statement, (ast.With, ast.AsyncWith)):
            yield from certain(statement.body)
        elif isinstance(statement, ast.Try):
            yield from certain((*statement.body, *statement.finalbody))
        elif isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test):
            yield from certain(statement.body)
        elif isinstance(statement, (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Match)):
            if any(isinstance(node, (ast.Return, ast.Raise)) for node in descendants(statement)):
                return
        elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield statement


def _helper(place: ReloadPlace, reloading: Reloading) -> _Helper | None:
    block = place.site.block
    if not block or not place.files or block.rpartition(".")[2].startswith(_RUN_BY_OTHERS):
        return None
    tree = reloading.parse(place.file)
    function = scope_of(tree, block) if tree is not None else None
    if tree is None or function is None or isinstance(function, ast.Module):
        return None
    if _decorators(function) - {"staticmethod", "classmethod"} or any(
        isinstance(node, (ast.Yield, ast.YieldFrom)) for node in descendants(function)
    ):
        return None
    row = place.site.span.start.row
    if not any(statement.lineno <= row <= (statement.end_lineno or row) for statement in certain(function.body)):
        return None
    return _Helper(place, function, block.rpartition(_LOCALS if _LOCALS in block else ".")[0])


def _decorators(function: Function) -> set[str]:
    return {ast.unparse(decorator) for decorator in function.decorator_list}


def _calls(
    helper: _Helper, reloading: Reloading, is_caller: Callable[[SourceFile], bool], has_top_levels: bool
) -> Iterator[ReloadPlace]:
    """Yield the place as it is at each call of the function that it stands in."""
    name = helper.function.name.encode()
    for file, source in reloading.sources.items():
        if not is_caller(file) or not (name in source or file == helper.place.file):
            continue
        if file != helper.place.file and (
            helper.owner or helper.place.file.module.rpartition(".")[2].encode() not in source
        ):
            continue
        tree = reloading.parse(file)
        top_level = [("", tree)] if tree is not None and has_top_levels else []
        for block, function in (*_functions(tree.body), *top_level) if tree is not None else ():
            names = _names_of(helper, block, function, file, tree) if tree is not None else frozenset()
            for call in _calls_in(function) if names else ():
                registered = call.args[:1] if method_of(call) in CLEANERS else []
                if any(ast.unparse(each) in names for each in (call.func, *registered)):
                    site = replace(helper.place.site, span=span_of(call, source), block=block)
                    yield replace(helper.place, file=file, site=site)


def _names_of(
    helper: _Helper, block: str, function: Function | ast.Module, file: SourceFile, tree: ast.Module
) -> frozenset[str]:
    """Return how a function of a test file writes the helper; nothing if it cannot call it."""
    name = helper.function.name
    is_here = file == helper.place.file
    own = parameters(function) if isinstance(function, Function) else []
    if is_here and block == helper.place.site.block:
        return frozenset()
    if _LOCALS in helper.place.site.block:
        around = scope_of(tree, helper.owner) if is_here else None
        if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef)) and _gives(around, name):
            return frozenset({fixture_name(around, file)}.intersection(own))
        return frozenset({name} if function is around else ())
    if helper.owner:
        return frozenset({f"self.{name}", f"cls.{name}"} if is_here and block.startswith(f"{helper.owner}.") else ())
    if is_here:
        return frozenset({name} - set(own))
    meant = f"{helper.place.file.module}.{name}"
    bound = imported_names(tree, file)
    written = {ast.unparse(call.func): call.func for call in _calls_in(function)}
    return frozenset(text for text, node in written.items() if dotted(node, bound) == meant)


def _gives(fixture: Function, name: str) -> bool:
    """Whether what a fixture gives to tests is one of its own functions."""
    return any(
        isinstance(node, (ast.Return, ast.Yield)) and isinstance(node.value, ast.Name) and node.value.id == name
        for node in descendants(fixture)
    )


def _functions(body: Sequence[ast.stmt], owner: str = "") -> Iterator[tuple[str, Function]]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{owner}{node.name}", node
        elif isinstance(node, ast.ClassDef) and not owner:
            yield from _functions(node.body, f"{node.name}.")


def _calls_in(function: Function | ast.Module) -> Iterator[ast.Call]:
    """Yield the calls of a function's own body, or of a top level, and of its lambdas."""
    apart = {
        id(inner)
        for node in descendants(function)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node is not function
        for inner in descendants(node)
    }
    return (node for node in descendants(function) if isinstance(node, ast.Call) and id(node) not in apart)
