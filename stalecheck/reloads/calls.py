"""What calls give back: imported modules, looked-up entries, containers, specs, results of wrappers."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from stalecheck.reloads.conditions import filtered, is_filterable, less_names
from stalecheck.reloads.drained import drains
from stalecheck.reloads.filters import Filters, moved
from stalecheck.reloads.items import (
    COPY,
    FINDER,
    MIXED,
    MODULES,
    Entry,
    Fresh,
    Group,
    Hole,
    Info,
    Instance,
    Item,
    Items,
    Order,
    Partial,
    Spec,
    Table,
    Text,
    Thing,
    Unknown,
    are_names,
    joined,
    joined_one,
    less,
    modules_of,
    shorten,
    steps,
    unknown,
)
from stalecheck.reloads.reloaders import reloader
from stalecheck.reloads.scopes import Place, Scope
from stalecheck.reloads.texts import text_method

if TYPE_CHECKING:
    from stalecheck.reloads.values import Evaluator


def called(evaluator: Evaluator, node: ast.Call, place: Place) -> Items:
    """What a call gives back."""
    if isinstance(node.func, ast.Attribute):
        owners = evaluator.opened(evaluator.inner(node.func.value, place))
        if any(isinstance(owner, (Text, Group, Table)) for owner in owners):
            return _method(evaluator, node, owners, place)
    found: list[Item] = []
    for item in evaluator.inner(node.func, place):
        found.extend(_result(evaluator, item, node, place))
    return steps(found)


def _result(evaluator: Evaluator, item: Item, node: ast.Call, place: Place) -> Items:
    if not isinstance(item, Thing):
        return (item if isinstance(item, Unknown) else unknown(node),)
    name, arguments = item.name, node.args
    if name in _IMPORTERS:
        return _imported(evaluator, name, node, place)
    if reloader(name) and arguments:
        return evaluator.inner(arguments[0], place)
    if name.startswith("sys.modules."):
        return _from_modules(evaluator, name, node, place)
    if name == "builtins.getattr" and len(arguments) >= 2:
        return _got(evaluator, node, place)
    if name in _SEQUENCES and not arguments:
        return (Group((), is_unordered=name in _SETS),)
    if name == "itertools.chain" and arguments:
        return (Group(tuple((part,) for argument in arguments for part in _over(evaluator, argument, place))),)
    if name in _SEQUENCES and len(arguments) == 1:
        return _sequence(evaluator, name, node, place)
    if name in ("builtins.dict", "collections.OrderedDict", "types.MappingProxyType"):
        return _dict_call(evaluator, node, place)
    if name in ("copy.copy", "copy.deepcopy") and len(arguments) == 1:
        return tuple(COPY if item == MODULES else item for item in evaluator.inner(arguments[0], place))
    if name == "builtins.enumerate" and arguments:
        inner = evaluator.each(evaluator.inner(arguments[0], place), shorten(arguments[0]))
        return (Group(tuple((Group(((unknown(node),), (part,))),) for part in inner)),)
    if name == "builtins.zip" and arguments:
        return _zipped(evaluator, arguments, place)
    if name == "builtins.map" and len(arguments) == 2:
        return _mapped(evaluator, node, place)
    if name == "builtins.filter" and len(arguments) == 2:
        return _filtered(evaluator, node, place)
    if name in _PACKAGES:
        return _packaged(evaluator, node, place, is_flat=name.endswith(".iter_modules"))
    if name == "builtins.type" and len(arguments) == 1:
        given = evaluator.inner(arguments[0], place)
        return tuple(
            evaluator.class_of(part)
            if isinstance(part, Instance)
            else part
            if isinstance(part, Unknown)
            else unknown(node)
            for part in given
        )
    if name == "functools.partial" and arguments:
        return (Partial(node, place),)
    if name in NAMESPACES and arguments:
        owners = evaluator.inner(arguments[0], place)
        return tuple(part for owner in owners for part in evaluator.member(owner, "__dict__", node))
    if name in NAMESPACES:
        return (Thing(name),)
    if name in _SPECS:
        argument = argument_of(node, 0, "name") or argument_of(node, 0, "fullname")
        return tuple(map(Spec, evaluator.inner(argument, place))) if argument else (unknown(node),)
    if name in _MAKERS:
        argument = argument_of(node, 0, "name") or argument_of(node, 0, "spec")
        made = evaluator.inner(argument, place) if argument else (unknown(node),)
        return tuple(Fresh(part.name if isinstance(part, Spec) else part) for part in made)
    if name == "pytest.param" and arguments:
        parts = tuple(evaluator.inner(argument, place) for argument in arguments)
        return parts[0] if len(parts) == 1 else (Group(parts),)
    if name == "builtins.super":
        owner = place.scope.owner
        return tuple(map(Instance, _bases(evaluator, owner))) if owner else (unknown(node),)
    return _made(evaluator, name, node, place)


def applied(evaluator: Evaluator, function: Item, given: Items, node: ast.expr) -> Items:
    """What a function gives back for one argument, when `map` calls it."""
    if isinstance(function, Thing):
        wrapper = evaluator.known(function.name)
        is_passing = wrapper is not None and wrapper.patterns[:1] == ("{}",) and wrapper.position == 0
        if reloader(function.name) or is_passing:
            return tuple(Thing(part.text, is_entry=True) if isinstance(part, Text) else part for part in given)
        if function.name == "importlib.import_module":
            return modules_of(given, node)
    return (function if isinstance(function, Unknown) else unknown(node),)


def _made(evaluator: Evaluator, name: str, node: ast.Call, place: Place) -> Items:
    """The result of a wrapper, of a function of this file, or of a class."""
    wrapper = evaluator.known(name)
    if wrapper is not None and wrapper.patterns[:1] == ("{}",) and 0 <= wrapper.position < len(node.args):
        argument = evaluator.inner(node.args[wrapper.position], place)
        return tuple(Thing(part.text, is_entry=True) if isinstance(part, Text) else part for part in argument)
    scope = evaluator.own(name)
    if scope is None:
        return (Instance(name),)
    if scope.kind == "class":
        return (Instance(name),)
    if evaluator.call_depth >= _CALL_DEPTH:
        return (unknown(node),)
    evaluator.call_depth += 1
    found = [part for value, where in scope.results for part in evaluator.inner(value, where)]
    evaluator.call_depth -= 1
    known = tuple(part for part in found if not isinstance(part, (Hole, Unknown)))
    if scope.yields and known:
        return (Group(tuple((part,) for part in known)),)
    return known or (unknown(node),)


def _bases(evaluator: Evaluator, owner: Scope) -> list[str]:
    if not isinstance(owner.node, ast.ClassDef) or owner.place is None:
        return []
    bases = [base for node in owner.node.bases for base in evaluator.inner(node, owner.place)]
    return [base.name for base in bases if isinstance(base, Thing)]


def _imported(evaluator: Evaluator, name: str, node: ast.Call, place: Place) -> Items:
    argument = argument_of(node, 0, "name")
    if argument is None:
        return (unknown(node),)
    names = evaluator.opened(evaluator.inner(argument, place))
    if name == "importlib.import_module":
        package = argument_of(node, 1, "package")
        found = absolute_names(evaluator, names, package, node, place)
    else:
        fromlist = argument_of(node, 3, "fromlist")
        is_deep = fromlist is not None and not _is_empty(fromlist)
        found = names if is_deep else tuple(map(_top, names))
    return modules_of(found, node)


def absolute_names(evaluator: Evaluator, names: Items, package: ast.expr | None, node: ast.Call, place: Place) -> Items:
    """Names of modules as `importlib.import_module` reads them: one with leading dots is relative to a package."""
    if not any(_starts_with_dot(name) for name in names):
        return names
    bases = evaluator.opened(evaluator.inner(package, place)) if package is not None else (unknown(node),)
    found: list[Item] = []
    for name, base in product(names, bases):
        if not _starts_with_dot(name):
            found.append(name)
        elif isinstance(base, Text) and isinstance(name, (Text, Hole)):
            written = name.text if isinstance(name, Text) else name.pattern
            rest = written.lstrip(".")
            above = base.text.split(".")
            kept = above[: len(above) - (len(written) - len(rest) - 1)]
            whole = ".".join([*kept, *([rest] if rest else [])])
            filters = moved(name.filters, whole[: len(whole) - len(rest)], without=len(written) - len(rest))
            found.append(
                replace(name, text=whole, filters=filters)
                if isinstance(name, Text)
                else replace(name, pattern=whole, filters=filters)
            )
        elif isinstance(base, Hole) and isinstance(name, (Text, Hole)) and not _starts_with_dot(_without_dot(name)):
            found.append(joined_one((base, Text("."), _without_dot(name))))
        else:
            found.append(base if isinstance(base, Unknown) else unknown(node))
    return tuple(found)


def _without_dot(name: Text | Hole) -> Text | Hole:
    filters = moved(name.filters, without=1)
    if isinstance(name, Text):
        return replace(name, text=name.text[1:], filters=filters)
    return replace(name, pattern=name.pattern[1:], filters=filters)


def _from_modules(evaluator: Evaluator, name: str, node: ast.Call, place: Place) -> Items:
    method = name.rpartition(".")[2]
    if method in ("keys", "__iter__"):
        return (MODULES,)
    if method == "copy":
        return (COPY,)
    if method in ("values", "items"):
        return (Group(((Entry("module" if method == "values" else "pair"),),)),)
    if method in ("get", "pop", "__getitem__") and node.args:
        return modules_of(evaluator.inner(node.args[0], place), node)
    return (unknown(node),)


def _got(evaluator: Evaluator, node: ast.Call, place: Place) -> Items:
    owners = evaluator.inner(node.args[0], place)
    names = evaluator.inner(node.args[1], place)
    found: list[Item] = []
    for owner, name in product(owners, names):
        taken = evaluator.member(owner, name.text, node) if isinstance(name, Text) else (unknown(node),)
        if isinstance(name, Text) and name.is_glob and isinstance(owner, (Thing, Hole)):
            filters = moved(name.filters, f"{owner.name if isinstance(owner, Thing) else owner.pattern}.")
            taken = tuple(_as_flat(item, name, filters) for item in taken)
        found.extend(taken)
    return tuple(found)


def _as_flat(item: Item, name: Text, filters: Filters) -> Item:
    """An attribute that a loop over names takes."""
    if isinstance(item, Thing):
        return replace(item, is_flat=item.is_flat or name.is_flat, filters=filters)
    return replace(item, filters=filters) if isinstance(item, Hole) else item


def _sequence(evaluator: Evaluator, name: str, node: ast.Call, place: Place) -> Items:
    found: list[Item] = []
    for item in evaluator.opened(evaluator.inner(node.args[0], place)):
        if item in (MODULES, COPY):
            found.append(_arranged(Group(((Entry("name"),),)), name, node))
        elif isinstance(item, Table):
            found.append(Group(tuple(dict.fromkeys(keys for keys, _ in item.pairs))))
        elif isinstance(item, Group):
            found.append(_arranged(item, name, node))
        else:
            found.append(item)
    return tuple(found)


def _arranged(group: Group, name: str, node: ast.Call) -> Group:
    is_reversed = any(
        keyword.arg == "reverse" and isinstance(keyword.value, ast.Constant) and keyword.value.value
        for keyword in node.keywords
    )
    found = rearranged(group, name)
    return rearranged(found, "builtins.reversed") if is_reversed and name == "builtins.sorted" else found


def _dict_call(evaluator: Evaluator, node: ast.Call, place: Place) -> Items:
    pairs: list[tuple[Items, Items]] = []
    for argument in node.args:
        for item in evaluator.inner(argument, place):
            if item in (MODULES, COPY):
                return (COPY,)
            if not isinstance(item, Table):
                return (unknown(node),)
            pairs.extend(item.pairs)
    for keyword in node.keywords:
        key: Item = Text(keyword.arg) if keyword.arg else unknown(node)
        pairs.append(((key,), evaluator.inner(keyword.value, place)))
    return (Table(tuple(pairs)),)


def _zipped(evaluator: Evaluator, arguments: list[ast.expr], place: Place) -> Items:
    columns = [evaluator.inner(argument, place) for argument in arguments]
    groups = [column[0] for column in columns if len(column) == 1 and isinstance(column[0], Group)]
    if len(groups) != len(columns):
        return (Unknown("what `zip` runs over is not known"),)
    return (Group(tuple((Group(row),) for row in zip(*(g.elements for g in groups), strict=False))),)


def _mapped(evaluator: Evaluator, node: ast.Call, place: Place) -> Items:
    function, values = node.args
    if isinstance(function, ast.Lambda):
        inner = evaluator.outline.inner.get(id(function))
        found = evaluator.inner(function.body, inner) if inner is not None else (unknown(node),)
        return (Group(tuple((part,) for part in found)),)
    functions = evaluator.inner(function, place)
    rows = [applied(evaluator, f, (part,), node) for part in _over(evaluator, values, place) for f in functions]
    return (Group(tuple(rows)),)


def _filtered(evaluator: Evaluator, node: ast.Call, place: Place) -> Items:
    function, values = node.args
    found = _over(evaluator, values, place)
    is_none = isinstance(function, ast.Constant) and function.value is None
    return (Group(tuple((part,) for part in (found if is_none else filtered(evaluator, found, function, place)))),)


def _over(evaluator: Evaluator, values: ast.expr, place: Place) -> Items:
    return evaluator.each(evaluator.inner(values, place), shorten(values))


def _packaged(evaluator: Evaluator, node: ast.Call, place: Place, *, is_flat: bool) -> Items:
    """The modules of a package on disk: those whose names begin with the prefix, unless `is_flat` those below, too."""
    prefix = argument_of(node, 1, "prefix")
    before = evaluator.inner(prefix, place) if prefix is not None else (Text(""),)
    names = joined([before, (Text("*", is_glob=True, is_flat=is_flat),)])
    return (Group(tuple((Info(unknown(node) if name is MIXED else name),) for name in names)),)


def _method(evaluator: Evaluator, node: ast.Call, owners: Items, place: Place) -> Items:
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    found: list[Item] = []
    for owner in owners:
        if isinstance(owner, Table):
            found.extend(_table_method(evaluator, method, owner, node, place))
        elif isinstance(owner, Group) and method == "difference" and len(node.args) == 1:
            found.extend(difference(evaluator, (owner,), node.args[0], node, place))
        elif isinstance(owner, Group) and method == "intersection" and len(node.args) == 1:
            found.extend(common(evaluator, (owner,), evaluator.inner(node.args[0], place), node))
        elif isinstance(owner, Group) and (end := drains(evaluator.outline, node, place)):
            taken = rearranged(owner, "builtins.reversed") if end == "last" else owner
            found.extend(evaluator.each((taken,), shorten(node)))
        elif isinstance(owner, Group):
            found.append(owner if method in ("copy", "union", "difference") else unknown(node))
        elif isinstance(owner, Text):
            found.extend(text_method(evaluator, method, owner.text, node, place))
        else:
            found.append(owner if isinstance(owner, Unknown) else unknown(node))
    return tuple(found)


def difference(evaluator: Evaluator, items: Items, names: ast.expr, node: ast.expr, place: Place) -> Items:
    """What is left of names without others: ``set(sys.modules) - before``."""
    if are_names(items):
        return less(evaluator.inner(names, place), node)
    if len(items) == 1 and isinstance(items[0], Group):
        parts = [part for element in items[0].elements for part in element]
        if parts and all(map(is_filterable, parts)):
            return less_names(evaluator, items[0], names, place)
    return (unknown(node),)


def common(evaluator: Evaluator, one: Items, other: Items, node: ast.expr) -> Items:
    """What names have in common with those in ``sys.modules``: all of them that are loaded."""
    one, other = (other, one) if are_names(one) else (one, other)
    if are_names(other) and len(one) == 1 and isinstance(one[0], Group) and not are_names(one):
        return (rearranged(one[0], "builtins.set"),)
    return (unknown(node),)


def _table_method(evaluator: Evaluator, method: str, table: Table, node: ast.Call, place: Place) -> Items:
    if method in ("keys", "copy"):
        return (Group(tuple(dict.fromkeys(keys for keys, _ in table.pairs))),) if method == "keys" else (table,)
    if method == "values":
        return (Group(tuple(values for _, values in table.pairs)),)
    if method == "items":
        return (Group(tuple((Group(pair),) for pair in table.pairs)),)
    if method in ("get", "pop") and node.args:
        return evaluator.looked_up(table, node.args[0], node, place)
    return (unknown(node),)


def argument_of(node: ast.Call, position: int, name: str) -> ast.expr | None:
    """An argument, by its position or its name."""
    if position < len(node.args) and not any(isinstance(a, ast.Starred) for a in node.args[: position + 1]):
        return node.args[position]
    return next((keyword.value for keyword in node.keywords if keyword.arg == name), None)


def _is_empty(node: ast.expr) -> bool:
    if isinstance(node, (ast.Tuple, ast.List)):
        return not node.elts
    return isinstance(node, ast.Constant) and not node.value


def _top(item: Item) -> Item:
    return Text(item.text.partition(".")[0]) if isinstance(item, Text) else item


def _starts_with_dot(item: Item) -> bool:
    text = item.text if isinstance(item, Text) else item.pattern if isinstance(item, Hole) else ""
    return text.startswith(".")


def rearranged(group: Group, name: str) -> Group:
    """What ``reversed``, ``sorted`` and the like make of a sequence."""
    if name == "builtins.reversed":
        return _ordered(replace(group, elements=group.elements[::-1]), "any", _BACKWARDS)
    if name in _SETS:
        return _ordered(Group(tuple(dict.fromkeys(group.elements)), is_unordered=True), "any")
    texts = [e[0].text for e in group.elements if len(e) == 1 and isinstance(e[0], Text)]
    if name == "builtins.sorted":
        if len(texts) == len(group.elements):
            return Group(tuple((Text(text),) for text in sorted(texts)))
        return _ordered(replace(group, is_unordered=False), "name")
    return group


def _ordered(group: Group, order: Order, known: Mapping[Order, Order] | None = None) -> Group:
    """The group, as far as it runs through ``sys.modules``, in another order; `known` are those made of others."""
    return replace(
        group,
        elements=tuple(
            tuple(
                replace(item, order=(known or {}).get(item.order, order)) if isinstance(item, Entry) else item
                for item in element
            )
            for element in group.elements
        ),
    )


_BACKWARDS: Mapping[Order, Order] = {"name": "reversed", "reversed": "name"}
_CALL_DEPTH = 2
"""How far the results of functions of the file are followed."""
NAMESPACES = frozenset({"builtins.globals", "builtins.locals", "builtins.vars"})
_IMPORTERS = frozenset({"importlib.import_module", "importlib.__import__", "builtins.__import__"})
_SETS = frozenset({"builtins.set", "builtins.frozenset"})
_SEQUENCES = frozenset(
    f"builtins.{name}" for name in ("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter")
) | {"collections.deque"}
_PACKAGES = frozenset({"pkgutil.iter_modules", "pkgutil.walk_packages"})
_SPECS = frozenset(
    {
        *("importlib.util.spec_from_file_location", "importlib.util.spec_from_loader", "importlib.util.find_spec"),
        *("importlib.machinery.ModuleSpec", "importlib.machinery.SourceFileLoader"),
        *("importlib.find_loader", "pkgutil.get_loader", "pkgutil.find_loader"),
        *(f"{FINDER}.find_spec", f"{FINDER}.find_module"),
    }
)
"""What is made of a module's name and leads to its loader."""
_MAKERS = frozenset({"importlib.util.module_from_spec", "types.ModuleType", "imp.new_module"})
