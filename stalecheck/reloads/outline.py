"""One pass over a syntax tree: scopes with their bindings, and the statements that may reload something."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from stalecheck.model import SourceFile
from stalecheck.nodes import children, positional_parameters
from stalecheck.reloads.cases import captures, is_certain, taken
from stalecheck.reloads.reruns import is_first_run
from stalecheck.reloads.scopes import (
    CLEANUPS,
    END,
    START,
    Addition,
    Binding,
    Comprehension,
    Guard,
    How,
    Outline,
    Place,
    Position,
    Put,
    Scope,
    named_defaults,
    terminal,
)
from stalecheck.reloads.tables import note_tables

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def read_outline(tree: ast.Module, file: SourceFile) -> Outline:
    """Take down the scopes of a file and the statements that may reload something."""
    module = Scope("module", "", None, tree)
    outline = Outline(file, module)
    _Pass(outline).read(tree.body, Place(module))
    _hand_over_outer_names(outline)
    note_tables(outline)
    _close_aliases(outline.aliases)
    return outline


def import_base(file: SourceFile, node: ast.ImportFrom) -> str:
    """The absolute name that a ``from`` import starts at; above everything it is taken as top-level."""
    if not node.level:
        return node.module or ""
    parts: list[str] = []
    for name in (file.module, *file.aliases):
        parts = name.split(".") if file.is_package else name.split(".")[:-1]
        if len(parts) >= node.level:
            break
    kept = parts[: max(len(parts) - node.level + 1, 0)]
    return ".".join([*kept, *([node.module] if node.module else [])])


class _Pass:
    """The walk itself: an explicit stack, because generated code nests deeper than Python recurses."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.stack: list[tuple[ast.AST, Place]] = []
        self.lambdas: dict[int, Scope] = {}
        self.handed: dict[int, list[tuple[ast.expr, How]]] = {}

    def read(self, body: Sequence[ast.stmt], place: Place) -> None:
        self._push_body(body, place)
        stack = self.stack
        while stack:
            node, where = stack.pop()
            read = _READERS.get(node.__class__)
            if read is not None:
                read(self, node, where)
            else:
                self._push_children(node, where)

    def _push(self, *nodes: ast.AST | None, place: Place) -> None:
        self.stack.extend((node, place) for node in reversed(nodes) if node is not None)

    def _push_children(self, node: ast.AST, place: Place) -> None:
        push = self.stack.append
        for child in reversed(children(node)):
            # Of ``a.b.c`` only ``a`` may have something below it.
            while isinstance(child, ast.Attribute):
                child = child.value
            if child.__class__ not in _LEAVES:
                push((child, place))

    def _push_body(self, body: Sequence[ast.stmt], place: Place, *, is_tried: bool = False) -> None:
        placed: list[tuple[ast.AST, Place]] = []
        for statement in body:
            placed.append((statement, place))
            if isinstance(statement, ast.If):
                leaves = _leaves(statement.body), _leaves(statement.orelse)
                if leaves[0] != leaves[1]:
                    is_over = _ends(statement.body) or _ends(statement.orelse)
                    left = statement.orelse if leaves[1] else statement.body
                    is_end = place.loop is not None and isinstance(left[-1], (ast.Break, ast.Return))
                    guard = Guard(statement.test, place, leaves[1], statement if is_over else None, is_end)
                    if is_over:
                        place = _branch(place, statement, 0 if leaves[1] else 1)
                    place = replace(place, guards=(*place.guards, guard))
            elif isinstance(statement, ast.Match):
                place = replace(place, guards=(*place.guards, *_left(statement, place)))
            elif place.loop is not None and (fitting := _successes(statement, place, is_tried=is_tried)):
                place = replace(place, guards=(*place.guards, *fitting))
        self.stack.extend(reversed(placed))

    # Scopes

    def _read_function(self, node: Function, place: Place) -> None:
        scope = self._open("function", node.name, node, place)
        self._bind(node.name, "function", _start(node), place, scope=scope)
        managers = (*place.managers, *self._managers(node.decorator_list, place))
        inner = Place(scope, managers=managers, is_main=place.is_main)
        self._bind_parameters(node.args, inner)
        self._push_body(node.body, inner)
        self._push(*node.decorator_list, *_defaults(node.args), place=place)

    def _read_class(self, node: ast.ClassDef, place: Place) -> None:
        scope = self._open("class", node.name, node, place)
        self._bind(node.name, "class", _start(node), place, scope=scope)
        managers = (*place.managers, *self._managers(node.decorator_list, place))
        self._push_body(node.body, Place(scope, managers=managers, is_main=place.is_main))
        bases = [*node.bases, *(keyword.value for keyword in node.keywords)]
        self._push(*node.decorator_list, *bases, place=place)

    def _read_lambda(self, node: ast.Lambda, place: Place) -> None:
        named = self.lambdas.get(id(node))
        scope = named or Scope("lambda", place.scope.name, place.scope, node, place)
        inner = replace(place, scope=scope)
        self.outline.inner[id(node)] = inner
        if named is not None:
            named.results.append((node.body, inner))
            self._bind_parameters(node.args, inner)
        else:
            handed = self.handed.get(id(node), [])
            positional = (argument.arg for argument in positional_parameters(node.args))
            given: dict[str, tuple[ast.expr | None, How]] = dict(zip(positional, handed, strict=False))
            for name, default in named_defaults(node).items():
                given.setdefault(name, (default, "value"))
            for argument in _all_arguments(node.args):
                value, how = given.get(argument.arg, (None, "unknown"))
                self._bind(argument.arg, how, START, place, inner=inner, value=value)
        self._push(*_defaults(node.args), place=place)
        self._push(node.body, place=inner)

    def _read_comprehension(self, node: Comprehension, place: Place) -> None:
        inner = replace(place, scope=Scope("comprehension", place.scope.name, place.scope, node, place))
        for number, generator in enumerate(node.generators):
            source = place if number == 0 else inner
            self._bind_target(generator.target, generator.iter, "element", START, source, inner=inner)
            self._push(generator.iter, place=source)
            for test in generator.ifs:
                self._push(test, place=inner)
                inner = replace(inner, guards=(*inner.guards, Guard(test, inner, is_true=True)))
        self.outline.inner[id(node)] = inner
        self._push(*([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]), place=inner)

    # Blocks

    def _read_if(self, node: ast.If, place: Place) -> None:
        is_main = place.is_main or _asks_for_main(node.test)
        if node.orelse:
            self._push_body(node.orelse, _branch(place, node, 1, Guard(node.test, place, False, node)))
        inside = _branch(place, node, 0, Guard(node.test, place, True, node))
        self._push_body(node.body, inside if is_main is place.is_main else replace(inside, is_main=is_main))
        self._push(node.test, place=place)

    def _read_for(self, node: ast.For | ast.AsyncFor, place: Place) -> None:
        inside = replace(_branch(place, node, 0), loop=node)
        self._bind_target(node.target, node.iter, "element", _end(node.iter), place, inner=inside)
        self._push_body(node.orelse, place)
        self._push_body(node.body, inside)
        self._push(node.iter, place=place)

    def _read_while(self, node: ast.While, place: Place) -> None:
        self._push_body(node.orelse, place)
        self._push_body(node.body, replace(_branch(place, node, 0), loop=node))
        self._push(node.test, place=place)

    def _read_with(self, node: ast.With | ast.AsyncWith, place: Place) -> None:
        expressions = [item.context_expr for item in node.items]
        managers = self._managers(expressions, place)
        inside = replace(place, managers=(*place.managers, *managers)) if managers else place
        for item in node.items:
            if item.optional_vars is not None:
                self._bind_target(item.optional_vars, None, "unknown", _end(item.context_expr), place)
        self._push_body(node.body, inside)
        self._push(*expressions, place=place)

    def _read_try(self, node: ast.Try, place: Place) -> None:
        tried = _branch(place, node, 0)
        if any(is_first_run(node, handler) for handler in node.handlers):
            tried = replace(tried, is_rerun=True)
        self._push_body(node.finalbody, replace(place, is_final=True))
        fitting = (
            tuple(guard for part in node.body for guard in _successes(part, tried, is_tried=True)) if tried.loop else ()
        )
        self._push_body(node.orelse, replace(tried, guards=(*tried.guards, *fitting)) if fitting else tried)
        for number, handler in reversed(list(enumerate(node.handlers, start=1))):
            caught = replace(_branch(place, node, number), is_caught=True)
            if handler.name:
                self._bind(handler.name, "unknown", _start(handler), caught)
            self._push_body(handler.body, caught)
        self._push_body(node.body, tried, is_tried=bool(node.handlers))

    def _read_match(self, node: ast.Match, place: Place) -> None:
        for case, guard, inside in reversed(_cases(node, place)):
            at = _start(case.pattern)
            for one in captures(node.subject, case.pattern):
                self._bind(one.name, one.how, at, place, inner=inside, value=one.value, path=one.path, rest=one.rest)
            within = inside if is_certain(guard.test) else replace(inside, guards=(*inside.guards, guard))
            self._push_body(case.body, within)
            self._push(case.guard, place=inside)
        self._push(node.subject, place=place)

    # Conditions in expressions

    def _read_choice(self, node: ast.IfExp, place: Place) -> None:
        if_true, if_false = (_under(place, node.test, is_true=is_true) for is_true in (True, False))
        self._push(node.orelse, place=if_false)
        self._push(node.body, place=if_true)
        self._push(node.test, place=place)

    def _read_boolean(self, node: ast.BoolOp, place: Place) -> None:
        for value in node.values:
            self._push(value, place=place)
            place = _under(place, value, is_true=isinstance(node.op, ast.And))

    # Bindings

    def _read_import(self, node: ast.Import, place: Place) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            dotted = alias.name if alias.asname else name
            self._alias(name, dotted)
            self._bind(name, "import", _end(node), place, dotted=dotted)

    def _read_from_import(self, node: ast.ImportFrom, place: Place) -> None:
        base = import_base(self.outline.file, node)
        for alias in node.names:
            if alias.name == "*":
                self.outline.stars.append(base)
                continue
            dotted = f"{base}.{alias.name}" if base else alias.name
            self._alias(alias.asname or alias.name, dotted)
            self.outline.taken.setdefault(dotted, []).append((node, place))
            self._bind(alias.asname or alias.name, "import", _end(node), place, dotted=dotted)

    def _read_assign(self, node: ast.Assign, place: Place) -> None:
        target = node.targets[0]
        is_named = len(node.targets) == 1 and isinstance(target, ast.Name) and place.scope.kind != "class"
        if isinstance(node.value, ast.Lambda) and isinstance(target, ast.Name) and is_named:
            scope = self._open("lambda", target.id, node.value, place)
            self.lambdas[id(node.value)] = scope
            self._bind(target.id, "function", _end(node), place, scope=scope)
        else:
            for target in node.targets:
                self._bind_target(target, node.value, "value", _end(node), place, statement=node)
        self._push_children(node, place)

    def _read_annotated(self, node: ast.AnnAssign, place: Place) -> None:
        if node.value is not None:
            self._bind_target(node.target, node.value, "value", _end(node), place, statement=node)
            self._push(node.value, place=place)

    def _read_augmented(self, node: ast.AugAssign, place: Place) -> None:
        if isinstance(node.target, ast.Name):
            before = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
            value = ast.copy_location(ast.BinOp(before, node.op, node.value), node)
            self._bind_target(node.target, value, "value", _end(node), place)
        elif terminal(node.target) == "modules" and isinstance(node.op, ast.BitOr):
            # ``sys.modules |= saved`` is ``sys.modules.update(saved)``.
            update = ast.copy_location(ast.Attribute(node.target, "update", ast.Load()), node)
            call = ast.copy_location(ast.Call(update, [node.value], []), node)
            self.outline.calls.setdefault("update", []).append((call, place))
        self._push(node.value, place=place)

    def _read_walrus(self, node: ast.NamedExpr, place: Place) -> None:
        outside = place
        while outside.scope.kind == "comprehension" and outside.scope.place is not None:
            outside = outside.scope.place
        self._bind_target(node.target, node.value, "value", _end(node), place, inner=outside)
        self._push(node.value, place=place)

    def _read_outer(self, node: ast.Global | ast.Nonlocal, place: Place) -> None:
        place.scope.outer.update(node.names)

    # What may reload

    def _read_call(self, node: ast.Call, place: Place) -> None:
        function = node.func
        calls = self.outline.calls
        called = terminal(function)
        names = [called]
        # Only a callee is of interest without a name: what it is may be worked out.
        for part in node.args[:3]:
            if isinstance(part, ast.Name):
                names.append(part.id)
            elif isinstance(part, ast.Attribute):
                names.append(part.attr)
        for keyword in node.keywords:
            if keyword.arg in ("target", "function"):
                names.append(terminal(keyword.value))
            elif isinstance(keyword.value, _NAMED) and terminal(keyword.value) == "modules":
                names.append("modules")
        for name in dict.fromkeys(names) if len(names) > 1 else names:
            calls.setdefault(name, []).append((node, place))
        if isinstance(function, ast.Lambda):
            self.handed[id(function)] = [(argument, "value") for argument in node.args]
        elif called in ("map", "imap", "filter") and len(node.args) == 2:
            self.handed[id(node.args[0])] = [(node.args[1], "element")]
        inside = place
        if isinstance(function, ast.Attribute):
            if function.attr in CLEANUPS:
                inside = replace(place, is_cleanup=True)
                self.outline.cleanups.update(filter(None, map(terminal, node.args)))
            if function.attr in _ADDING and isinstance(function.value, ast.Name):
                value = node.args[0] if len(node.args) == 1 else None
                added = self.outline.additions.setdefault(function.value.id, [])
                added.append(Addition(function.attr, value, place))
        self._push_children(node, inside)

    def _read_delete(self, node: ast.Delete, place: Place) -> None:
        if any(isinstance(target, (ast.Subscript, ast.Attribute)) for target in node.targets):
            self.outline.deletions.append((node, place))
        self._push_children(node, place)

    def _read_break(self, node: ast.Break, place: Place) -> None:
        self.outline.ends.setdefault(id(place.loop), []).append((node, place))

    def _read_return(self, node: ast.Return, place: Place) -> None:
        self.outline.returns.append((node.lineno, place))
        if place.loop is not None:
            for statement, _ in place.branch:
                self.outline.ends.setdefault(statement, []).append((node, place))
        if node.value is not None:
            place.scope.results.append((node.value, place))
            self._alias(place.scope.name.rpartition(".")[2], _of_modules(node.value))
            self._push(node.value, place=place)

    def _read_yield(self, node: ast.Yield, place: Place) -> None:
        function = place.scope.function
        if function is not None:
            function.yields.append((node.lineno, place))
            if node.value is not None:
                function.results.append((node.value, place))
        self._push(node.value, place=place)

    # Helpers

    def _managers(self, nodes: Sequence[ast.expr], place: Place) -> tuple[tuple[ast.expr, Place], ...]:
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        self.outline.managers.update(map(id, calls))
        return tuple((call, place) for call in calls)

    def _open(self, kind: Literal["class", "function", "lambda"], name: str, node: ast.AST, place: Place) -> Scope:
        parent = place.scope
        prefix = {"module": "", "class": f"{parent.name}."}.get(parent.kind, f"{parent.name}.<locals>.")
        scope = Scope(kind, prefix + name, parent, node, place)
        self.outline.scopes[scope.name] = scope
        return scope

    def _bind_parameters(self, arguments: ast.arguments, inner: Place) -> None:
        scope = inner.scope
        for name, default in named_defaults(scope.node).items():
            if terminal(default) == "modules":
                self._alias(name, "modules")
        for argument in _all_arguments(arguments):
            how: How = "parameter"
            if argument is arguments.vararg:
                how = "arguments"
            elif argument is arguments.kwarg:
                how = "unknown"
            self._bind(argument.arg, how, START, inner, scope=scope)

    def _bind_target(
        self,
        target: ast.expr,
        value: ast.expr | None,
        how: How,
        at: Position,
        place: Place,
        *,
        inner: Place | None = None,
        statement: ast.stmt | None = None,
        path: tuple[int, ...] = (),
        rest: tuple[int, int] | None = None,
    ) -> None:
        """Bind the names of a target; `inner` is where they live, `place` where the value is worked out."""
        if isinstance(target, ast.Name):
            if value is not None and how == "value":
                self._alias_value(target.id, value, path)
            self._bind(target.id, how, at, place, inner=inner, value=value, path=path, rest=rest)
        elif isinstance(target, (ast.Tuple, ast.List)):
            is_starred = any(isinstance(element, ast.Starred) for element in target.elts)
            starred: How = "starred" if how in ("value", "starred") else "unknown"
            kind = starred if is_starred else how
            star = len(target.elts)
            for number, element in enumerate(target.elts):
                after = len(target.elts) - number - 1
                if isinstance(element, ast.Starred):
                    star, rest = number, (number, after)
                    self._bind_target(element.value, value, kind, at, place, inner=inner, path=path, rest=rest)
                else:
                    step = number if number < star else -after - 1
                    self._bind_target(element, value, kind, at, place, inner=inner, path=(*path, step))
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            owner = place.scope.owner
            if owner is not None and target.value.id in ("self", "cls"):
                if value is not None and how == "value":
                    self._alias_value(target.attr, value, path)
                binding = Binding(target.attr, how, at, place, value=value, path=path)
                owner.attributes.setdefault(target.attr, []).append(binding)
        elif isinstance(target, ast.Subscript) and statement is not None:
            element_value = value if not path else None
            self.outline.puts.append(Put(target.value, target.slice, element_value, statement, place))
            if isinstance(target.value, ast.Name):
                filled = self.outline.additions.setdefault(target.value.id, [])
                filled.append(Addition("[]", element_value, place, target.slice))

    def _bind(
        self,
        name: str,
        how: How,
        at: Position,
        place: Place,
        *,
        inner: Place | None = None,
        value: ast.expr | None = None,
        dotted: str = "",
        scope: Scope | None = None,
        path: tuple[int, ...] = (),
        rest: tuple[int, int] | None = None,
    ) -> None:
        where = inner or place
        binding = Binding(name, how, at, place, where.branch, value, dotted, scope, path, rest)
        where.scope.bindings.setdefault(name, []).append(binding)
        if where.scope.kind != "class":
            self.outline.bound.add(name)

    def _alias_value(self, name: str, value: ast.expr, path: tuple[int, ...]) -> None:
        for number in path:
            if not isinstance(value, (ast.Tuple, ast.List)) or not -len(value.elts) <= number < len(value.elts):
                return
            value = value.elts[number]
        for part in (terminal(value), *_made_of(value)):
            self._alias(name, part)

    def _alias(self, name: str, dotted: str) -> None:
        last = dotted.rpartition(".")[2]
        if last and last != name:
            self.outline.aliases.setdefault(name, set()).add(last)


_LEAVES = (ast.Constant, ast.Name)
_NAMED = (ast.Name, ast.Attribute)
_ADDING = frozenset({"append", "add", "extend", "update", "insert", "appendleft", "setdefault"})

_NAMED_READERS: dict[str, Callable[[_Pass, Any, Place], None]] = {
    "FunctionDef": _Pass._read_function,
    "AsyncFunctionDef": _Pass._read_function,
    "ClassDef": _Pass._read_class,
    "Lambda": _Pass._read_lambda,
    "IfExp": _Pass._read_choice,
    "BoolOp": _Pass._read_boolean,
    "ListComp": _Pass._read_comprehension,
    "SetComp": _Pass._read_comprehension,
    "DictComp": _Pass._read_comprehension,
    "GeneratorExp": _Pass._read_comprehension,
    "If": _Pass._read_if,
    "For": _Pass._read_for,
    "AsyncFor": _Pass._read_for,
    "While": _Pass._read_while,
    "With": _Pass._read_with,
    "AsyncWith": _Pass._read_with,
    "Try": _Pass._read_try,
    "TryStar": _Pass._read_try,
    "Match": _Pass._read_match,
    "Import": _Pass._read_import,
    "ImportFrom": _Pass._read_from_import,
    "Assign": _Pass._read_assign,
    "AnnAssign": _Pass._read_annotated,
    "AugAssign": _Pass._read_augmented,
    "NamedExpr": _Pass._read_walrus,
    "Global": _Pass._read_outer,
    "Nonlocal": _Pass._read_outer,
    "Call": _Pass._read_call,
    "Delete": _Pass._read_delete,
    "Break": _Pass._read_break,
    "Return": _Pass._read_return,
    "Yield": _Pass._read_yield,
}

# `TryStar` is new in Python 3.11.
_READERS = {getattr(ast, name): read for name, read in _NAMED_READERS.items() if hasattr(ast, name)}


def _hand_over_outer_names(outline: Outline) -> None:
    """Move what functions bind through ``global`` and ``nonlocal`` to the scope that owns the name."""
    for scope in outline.scopes.values():
        for name in scope.outer:
            owner: Scope = outline.module
            above = scope.parent
            while above is not None and above.kind != "module":
                if above.kind == "function" and name in above.bindings and name not in above.outer:
                    owner = above
                    break
                above = above.parent
            for binding in scope.bindings.pop(name, []):
                moved = replace(binding, at=END, branch=((id(scope), 0),))
                owner.bindings.setdefault(name, []).append(moved)


def _close_aliases(aliases: dict[str, set[str]]) -> None:
    """Let an alias of an alias stand for what the first stands for."""
    for _ in range(3):
        for known in aliases.values():
            known.update(*(aliases[name] for name in list(known) if name in aliases))


def _made_of(value: ast.expr) -> tuple[str, ...]:
    """The last name of the class of ``C()``, of the function of ``partial(f, …)``: what is called when the result is.

    Of ``getattr(sys, "modules")`` that of what it reads.
    """
    match value:
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str() as name), *_]):
            return (name,)
        case ast.Call(func=function, args=[first, *_]) if terminal(function) == "partial":
            return (terminal(first),)
        case ast.Call(func=function):
            return (terminal(function),)
    return ()


def _of_modules(value: ast.expr) -> str:
    return "modules" if terminal(value) == "modules" else ""


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], (ast.Continue, ast.Return, ast.Raise, ast.Break))


def _ends(body: Sequence[ast.stmt]) -> bool:
    """Whether nothing more of the function runs after a block."""
    return bool(body) and isinstance(body[-1], (ast.Return, ast.Raise))


def _successes(statement: ast.stmt, place: Place, *, is_tried: bool = False) -> tuple[Guard, ...]:
    """The conditions under which a loop goes on below ``a, b = n.split(".")``, caught where it fails or not.

    What else may fail for some names and not for others, as ``parts[1]``, is of interest only if that `is_tried`.
    """
    match statement:
        case ast.Assign(targets=[ast.Tuple(elts=names) | ast.List(elts=names)], value=value) if _may_not_fit(value):
            stars = sum(isinstance(name, ast.Starred) for name in names)
            length = ast.Call(ast.Name("len", ast.Load()), [value], [])
            test = ast.Compare(length, [ast.GtE() if stars else ast.Eq()], [ast.Constant(len(names) - stars)])
            for part in (test, length, length.func, *test.comparators):
                ast.copy_location(part, value)
            return (Guard(test, place, is_true=True, is_success=True),)
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) | ast.Expr(value=value):
            may_fail = is_tried and _may_fail(value)
            return (Guard(value, place, is_true=True, is_success=True, is_attempt=True),) if may_fail else ()
        case ast.Try(body=body, handlers=handlers) if handlers and all(_leaves(one.body) for one in handlers):
            is_end = any(isinstance(one.body[-1], (ast.Break, ast.Return)) for one in handlers)
            found = (guard for part in body for guard in _successes(part, place, is_tried=True))
            return tuple(replace(guard, is_end=guard.is_end or is_end) for guard in found)
    return ()


def _cases(node: ast.Match, place: Place) -> list[tuple[ast.match_case, Guard, Place]]:
    """The cases of a ``match``: what each asks for, and its place, where those above are known not to fit."""
    found: list[tuple[ast.match_case, Guard, Place]] = []
    above: tuple[Guard, ...] = ()
    for number, case in enumerate(node.cases):
        inside = _branch(place, node, number, *above)
        guard = Guard(taken(node.subject, case), inside, is_true=True)
        found.append((case, guard, inside))
        above = (*above, replace(guard, is_true=False))
    return found


def _left(node: ast.Match, place: Place) -> tuple[Guard, ...]:
    """The conditions under which what stands below a ``match`` runs: that no case has left the block."""
    found: list[Guard] = []
    above: list[ast.expr] = []
    for case, guard, inside in _cases(node, place):
        if _leaves(case.body):
            test = ast.copy_location(ast.BoolOp(ast.And(), [*above, guard.test]), guard.test) if above else guard.test
            is_end = place.loop is not None and isinstance(case.body[-1], (ast.Break, ast.Return))
            found.append(Guard(test, replace(inside, guards=place.guards), is_true=False, is_end=is_end))
        else:
            above.append(ast.copy_location(ast.UnaryOp(ast.Not(), guard.test), guard.test))
    return tuple(found)


def _may_not_fit(value: ast.expr) -> bool:
    """Whether it may have more or fewer elements than there are names for them: the parts of a name."""
    return isinstance(value, ast.Name) or (isinstance(value, ast.Call) and terminal(value.func) in ("split", "rsplit"))


def _may_fail(value: ast.expr) -> bool:
    """Whether some names of modules may make an expression fail; that one is not loaded is no matter."""
    match value:
        case ast.Subscript(value=owner, slice=index):
            return not isinstance(index, ast.Slice) and terminal(owner) != "modules"
        case ast.Call(func=ast.Attribute(attr="index" | "rindex") | ast.Name(id="int")):
            return True
    return isinstance(value, ast.Attribute)


def _asks_for_main(test: ast.expr) -> bool:
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = [test.left, test.comparators[0]]
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides) and any(
        isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
    )


def _branch(place: Place, node: ast.AST, number: int, *guards: Guard) -> Place:
    """The place inside one of the blocks of a statement."""
    return Place(
        place.scope,
        (*place.branch, (id(node), number)),
        (*place.guards, *guards),
        place.loop,
        place.managers,
        place.is_main,
        place.is_final,
        place.is_caught,
        place.is_cleanup,
        place.is_rerun,
    )


def _under(place: Place, test: ast.expr, *, is_true: bool) -> Place:
    """The place of what a loop only comes to where an expression is true, or is not."""
    if place.loop is None and place.scope.kind != "comprehension":
        return place
    return replace(place, guards=(*place.guards, Guard(test, place, is_true)))


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    rest = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]


def _start(node: ast.stmt | ast.expr | ast.ExceptHandler | ast.pattern) -> Position:
    return node.lineno, node.col_offset


def _end(node: ast.stmt | ast.expr) -> Position:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
