"""What a name stands for at a place: its bindings, and what parameters are given."""

from __future__ import annotations

import ast
import builtins
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from stalecheck.nodes import positional_parameters
from stalecheck.reloads.calls import applied, argument_of, rearranged
from stalecheck.reloads.conditions import narrow, with_some_taken_out
from stalecheck.reloads.drained import drains
from stalecheck.reloads.items import (
    Group,
    Hole,
    Instance,
    Item,
    Items,
    Spec,
    Table,
    Text,
    Thing,
    Unknown,
    shorten,
    unknown,
)
from stalecheck.reloads.reading import TAKING_OUT
from stalecheck.reloads.scopes import Addition, Binding, Place, Position, Scope, bindings_at, home_of, terminal
from stalecheck.reloads.shortened import shortened
from stalecheck.reloads.tables import table_given

if TYPE_CHECKING:
    from stalecheck.reloads.values import Evaluator


_BINDING_BY_TEXT = frozenset({"globals", "exec", "setattr", "vars", "__setattr__"})
"""Calls that may bind a name of the module without writing it."""


def named(evaluator: Evaluator, name: str, at: Position, place: Place) -> Items:
    """What a name may stand for at a place."""
    bindings, is_bound = bindings_at(name, place, at)
    if not is_bound:
        return _unbound(evaluator, name)
    found: list[Item] = []
    for binding in bindings:
        if id(binding) in evaluator.active:
            evaluator.cuts += 1
            continue
        evaluator.active.add(id(binding))
        items = bound(evaluator, binding)
        evaluator.active.discard(id(binding))
        found.extend(items)
    narrowed = narrow(evaluator, tuple(found), bindings, place)
    return _filled(evaluator, narrowed, name, place, at)


def _unbound(evaluator: Evaluator, name: str) -> Items:
    file = evaluator.outline.file
    if name in ("__name__", "__package__"):
        return (Text(file.module if name == "__name__" else file.package),)
    if name == "__spec__":
        return (Spec(Text(file.module)),)
    if name == "reload" and name in evaluator.outline.bound:
        return (Unknown("`reload` is bound elsewhere in this file"),)
    if name == "reload" or hasattr(builtins, name):
        return (Thing(f"builtins.{name}"),)
    if evaluator.outline.stars or not _BINDING_BY_TEXT.isdisjoint(evaluator.outline.calls):
        return (Unknown(f"`{name}` is not bound in this file"),)
    where = "bound only in another function" if name in evaluator.outline.bound else "not bound in this file"
    return (Unknown(f"`{name}` is {where}", is_wrong=True),)


def bound(evaluator: Evaluator, binding: Binding) -> Items:
    """What a binding gives its name."""
    module = evaluator.outline.file.module
    if id(binding) in evaluator.assumed:
        return evaluator.assumed[id(binding)]
    if binding.how == "import":
        return (Thing(binding.dotted),)
    if binding.scope is not None and binding.how in ("function", "class"):
        return (Thing(f"{module}.{binding.scope.name}"),)
    if binding.how in ("parameter", "arguments") and binding.scope is not None:
        given = _supplied(evaluator, binding.name, binding.scope) or table_given(evaluator, binding.name, binding.scope)
        return given or (_parameter(evaluator, binding, binding.scope),)
    if binding.value is None or binding.how in ("starred", "unknown"):
        return (Unknown(f"`{binding.name}` is not known"),)
    if binding.how != "element":
        return _unpacked(evaluator, binding.value, binding.path, binding.name, binding.place)
    found = evaluator.each(evaluator.inner(binding.value, binding.place), shorten(binding.value))
    for number in binding.path:
        found = evaluator.nth(found, number, binding.name)
    return found


def _unpacked(evaluator: Evaluator, node: ast.expr, path: tuple[int, ...], what: str, place: Place) -> Items:
    """One element of a value; its siblings are left alone where they are written out.

    They may be bound by the same statement: ``a, b = reload(a), reload(b)``.
    """
    while path and (element := _written(node, path[0])) is not None:
        node, path = element, path[1:]
    found: Items | None = None
    if path and (found := _mapped_one(evaluator, node, path[0], place)) is not None:
        path = path[1:]
    if found is None:
        found = evaluator.inner(node, place)
    for number in path:
        found = evaluator.nth(found, number, what)
    return found


def _mapped_one(evaluator: Evaluator, node: ast.expr, number: int, place: Place) -> Items | None:
    """One element of ``[f(x) for x in (a, b)]`` or ``map(f, (a, b))``; None for anything else."""
    while isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        if evaluator.inner(node.func, place) not in ((Thing("builtins.list"),), (Thing("builtins.tuple"),)):
            return None
        node = node.args[0]
    if isinstance(node, ast.Call) and len(node.args) == 2 and terminal(node.func) == "map":
        element = _written(node.args[1], number)
        if element is None or evaluator.inner(node.func, place) != (Thing("builtins.map"),):
            return None
        given = evaluator.inner(element, place)
        return tuple(part for f in evaluator.inner(node.args[0], place) for part in applied(evaluator, f, given, node))
    if not isinstance(node, (ast.ListComp, ast.GeneratorExp)) or len(node.generators) != 1:
        return None
    inner, generator = evaluator.outline.inner.get(id(node)), node.generators[0]
    element = _written(generator.iter, number)
    if inner is None or element is None or generator.ifs or not isinstance(generator.target, ast.Name):
        return None
    variable = id(inner.scope.bindings[generator.target.id][0])
    before = evaluator.assumed.get(variable)
    evaluator.assumed[variable] = evaluator.inner(element, place)
    found = evaluator.inner(node.elt, inner)
    del evaluator.assumed[variable]
    if before is not None:
        evaluator.assumed[variable] = before
    return found


def _parameter(evaluator: Evaluator, binding: Binding, scope: Scope) -> Item:
    kind = receiver(scope, binding.name)
    if kind and scope.parent is not None:
        owner = f"{evaluator.outline.file.module}.{scope.parent.name}"
        return Instance(owner) if kind == "self" else Thing(owner)
    return Hole(scope.name, binding.name, is_variadic=binding.how == "arguments")


def _supplied(evaluator: Evaluator, name: str, scope: Scope) -> Items:
    """What pytest passes for a parameter: the values of ``parametrize``, or a fixture of this file."""
    if not isinstance(scope.node, _FUNCTIONS) or scope.place is None:
        return ()
    decorators = _decorators(scope)
    found: list[Item] = []
    for decorator in decorators:
        if isinstance(decorator, ast.Call) and terminal(decorator.func) == "parametrize":
            found.extend(_parametrized(evaluator, name, decorator, scope.place))
    if not found and (scope.node.name.startswith("test") or any(map(_is_fixture, decorators))):
        for binding in evaluator.outline.module.bindings.get(name, ()):
            if binding.scope is not None and any(map(_is_fixture, _decorators(binding.scope))):
                results = binding.scope.results
                found.extend(item for value, place in results for item in evaluator.inner(value, place))
    return tuple(item for item in found if not isinstance(item, (Hole, Unknown)))


def _parametrized(evaluator: Evaluator, name: str, decorator: ast.Call, place: Place) -> Items:
    names, values = argument_of(decorator, 0, "argnames"), argument_of(decorator, 1, "argvalues")
    if names is None or values is None:
        return ()
    listed = evaluator.inner(names, place)
    if len(listed) == 1 and isinstance(listed[0], Text):
        words = listed[0].text.replace(",", " ").split()
    else:
        words = [item.text for item in evaluator.each(listed, "") if isinstance(item, Text)]
    if name not in words:
        return ()
    rows = evaluator.each(evaluator.inner(values, place), "")
    return rows if len(words) == 1 else evaluator.nth(rows, words.index(name), name)


def _filled(evaluator: Evaluator, items: Items, name: str, place: Place, at: Position) -> Items:
    """Add what ``name.append(…)`` and the like put into a literal."""
    if len(items) != 1 or not isinstance(items[0], (Group, Table)):
        return items
    literal = shortened(evaluator, items[0], name, home_of(name, place), place, at)
    if isinstance(literal, Group) and _is_sorted(evaluator, name, place):
        literal = rearranged(literal, "builtins.sorted")
    if isinstance(literal, Group):
        for method in TAKING_OUT:
            for call, where in evaluator.outline.calls.get(method, ()):
                is_its_own = isinstance(call.func, ast.Attribute) and terminal(call.func.value) == name
                is_here = where.scope.function is place.scope.function
                if is_its_own and is_here and not drains(evaluator.outline, call, where):
                    literal = with_some_taken_out(literal, call)
    additions = evaluator.outline.additions.get(name, [])
    if additions:
        home = home_of(name, place)
        additions = [addition for addition in additions if home_of(name, addition.place) is home]
    if not additions or any(id(addition) in evaluator.active for addition in additions):
        return (literal,)
    added: list[tuple[Items, Items]] = []
    replaced: list[Item] = []
    for addition in additions:
        evaluator.active.add(id(addition))
        cuts = evaluator.cuts
        keys = evaluator.inner(addition.key, addition.place) if addition.key is not None else ()
        if addition.key is not None and not keys and evaluator.cuts > cuts:
            # The key comes from the container itself.
            replaced.extend(item for items in _added(evaluator, addition, name) for item in items)
        else:
            keys = keys or (Unknown("which key is not known"),)
            added.extend((keys, items) for items in _added(evaluator, addition, name))
        evaluator.active.discard(id(addition))
    if isinstance(literal, Group):
        return (
            replace(literal, elements=(*literal.elements, *((i,) for i in replaced), *(items for _, items in added))),
        )
    if any(isinstance(item, (Hole, Unknown)) for _, items in added for item in items):
        return (Unknown(f"`{name}` is filled at run time"),)
    held = {item for _, items in literal.pairs for item in items}
    # What a reload gives back is put where it was taken from.
    others = tuple(item for item in replaced if item not in held)
    pairs = [(keys, (*items, *others)) for keys, items in literal.pairs]
    return (replace(literal, pairs=(*pairs, *(pair for pair in added if not held.issuperset(pair[1])))),)


def _is_sorted(evaluator: Evaluator, name: str, place: Place) -> bool:
    """Whether the same function sorts a list in place: ``modules.sort(key=…)``."""
    return any(
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == name
        and where.scope.function is place.scope.function
        for call, where in evaluator.outline.calls.get("sort", ())
    )


def _added(evaluator: Evaluator, addition: Addition, name: str) -> list[Items]:
    if addition.value is None or addition.method not in ("append", "add", "extend", "update", "[]"):
        return [(Unknown(f"`{name}` is filled at run time"),)]
    cuts = evaluator.cuts
    found = evaluator.inner(addition.value, addition.place)
    if addition.method == "[]" and not found:
        # What is put in comes from the container itself, or is not known.
        return [] if evaluator.cuts > cuts else [(unknown(addition.value),)]
    if addition.method in ("append", "add", "[]"):
        return [found]
    return [(part,) for part in evaluator.each(found, shorten(addition.value))]


def receiver(scope: Scope, name: str) -> Literal["self", "cls", ""]:
    """Whether a parameter of a method is its ``self`` or ``cls``."""
    node = scope.node
    if scope.parent is None or scope.parent.kind != "class" or not isinstance(node, _FUNCTIONS):
        return ""
    decorators = {decorator.id for decorator in node.decorator_list if isinstance(decorator, ast.Name)}
    first = positional_parameters(node.args)[:1]
    if "staticmethod" in decorators or not first or first[0].arg != name:
        return ""
    return "cls" if "classmethod" in decorators or node.name == "__init_subclass__" else "self"


def position_of(scope: Scope, parameter: str) -> int:
    """Return where a parameter stands among the positional ones, without ``self`` or ``cls``; -1 where it does not."""
    arguments = scope.node.args if isinstance(scope.node, (*_FUNCTIONS, ast.Lambda)) else None
    if arguments is None:
        return -1
    positional = [argument.arg for argument in positional_parameters(arguments)]
    own = [name for name in positional if not receiver(scope, name)]
    if arguments.vararg is not None and arguments.vararg.arg == parameter:
        return len(own)
    return own.index(parameter) if parameter in own else -1


def _decorators(scope: Scope) -> list[ast.expr]:
    found = list(getattr(scope.node, "decorator_list", ()))
    is_method = scope.parent is not None and scope.parent.kind == "class"
    return [*found, *_decorators(scope.parent)] if is_method and scope.parent is not None else found


def _is_fixture(decorator: ast.expr) -> bool:
    return terminal(decorator.func if isinstance(decorator, ast.Call) else decorator).endswith("fixture")


def _written(node: ast.expr, number: int) -> ast.expr | None:
    """An element of a tuple or list, when it is written out up to there."""
    if not isinstance(node, (ast.Tuple, ast.List)) or not 0 <= number < len(node.elts):
        return None
    is_starred = any(isinstance(element, ast.Starred) for element in node.elts[: number + 1])
    return None if is_starred else node.elts[number]


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
