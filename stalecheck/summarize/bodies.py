"""Function bodies: what they return, what they keep, which names of the module they bind."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import libcst as cst

from stalecheck.attaching import attaches, kept_roots
from stalecheck.called import find_helpers, find_reloading
from stalecheck.emptying import found_by
from stalecheck.index import INITIALIZERS
from stalecheck.model import Location, Span
from stalecheck.nodes import descendants
from stalecheck.retaining import Retaining, find_retaining
from stalecheck.summarize.attached import attached
from stalecheck.summarize.expressions import choice, double_star_name, parameter_names, shares, star_name
from stalecheck.summarize.fillings import fillings, root, stored
from stalecheck.summarize.imports import imported
from stalecheck.summarize.local_uses import find_calls, find_local_uses, find_rebindings, find_unreached
from stalecheck.summarize.positions import blocks
from stalecheck.summarize.recorder import Recorder
from stalecheck.summarize.remembered import remembered
from stalecheck.summarize.summary import (
    LITERAL,
    NOWHERE,
    Attached,
    Attribute,
    Binding,
    Bound,
    Call,
    Captured,
    Class,
    ClassExpression,
    Display,
    Element,
    Expression,
    Filled,
    Function,
    FunctionExpression,
    HandedOn,
    InstanceAttribute,
    Item,
    Kept,
    LocalImport,
    ModuleImport,
    NameImport,
    Parameter,
    Rebinding,
    Reference,
    StarImport,
)
from stalecheck.summarize.syntax import (
    FILLERS,
    Statement,
    as_written,
    binds_inside,
    block_of,
    function_statements,
    names_below,
    walruses,
)
from stalecheck.summarize.trim import RELOAD_SPELLED
from stalecheck.summarize.ways import with_gaps

_SET_UPS = frozenset({"setUpClass", "setup_class", "setUpTestData"})
"""Class methods that a test runner calls again before the tests that use what they assign."""

_CONTAINER_DISPLAYS = frozenset({cst.List, cst.Dict, cst.Set, cst.ListComp, cst.DictComp, cst.SetComp})
_BINDING_NOTHING: frozenset[type] = frozenset({cst.Pass, cst.If, cst.Raise, cst.Try, cst.While, cst.Assert, cst.Global})
"""Statements with nothing to collect but what stands in their blocks."""

_CONTAINERS = frozenset({"list", "dict", "set", "OrderedDict", "defaultdict", "deque"})


@dataclass(slots=True)
class Body:
    """What a function body binds: parameters, and local names with the expressions assigned to them."""

    name: str
    parameters: frozenset[str]
    outer: Body | None
    values: dict[str, list[Callable[[], Expression]]] = field(default_factory=dict)
    containers: set[str] = field(default_factory=set)
    """Local names of containers that the body makes."""

    global_names: set[str] = field(default_factory=set)
    last_rows: dict[str, int] = field(default_factory=dict)
    """Where the body, whatever happens in it, assigns global names for the last time."""

    exits: tuple[int, ...] = ()
    """The rows at which the body returns or waits."""

    class_parameter: str = ""
    """What a class method calls its class."""

    kept_roots: frozenset[str] = frozenset()
    """Names from outside that the body puts something into."""

    reloads: bool = False
    """Whether the body may reload something itself."""

    is_placed: bool = False
    """Whether it does, or is called by one that does: it is told what happens where."""

    kept: list[tuple[cst.BaseExpression, tuple[cst.BaseExpression, ...], bool]] = field(default_factory=list)
    """Into what the body puts which values, or the elements of which."""

    returns: list[cst.BaseExpression] = field(default_factory=list)
    yields: list[cst.Yield] = field(default_factory=list)
    is_opaque: bool = False
    expanding: set[str] = field(default_factory=set)
    cache: dict[str, Expression] = field(default_factory=dict)


class Bodies:
    """Reads function bodies: what they return, what their names are assigned, which globals they bind."""

    def __init__(self, recorder: Recorder, source: str, tree: ast.Module | None) -> None:
        self._recorder = recorder
        self._has_walrus = ":=" in source
        self._may_reload = RELOAD_SPELLED.search(source) is not None
        self._retaining: Mapping[ast.stmt, Retaining] = {} if tree is None else find_retaining(tree)
        self._reloading: Collection[ast.stmt] = find_reloading(tree) if tree is not None and self._may_reload else ()
        helpers = () if tree is None else find_helpers(tree, may_reload=self._may_reload)
        self._helpers = frozenset[ast.stmt](helpers)
        self._helper_names = {helper.name for helper in helpers}

    def collect(self, node: cst.FunctionDef, twin: ast.stmt | None, name: str, outer: Body | None) -> Body:
        """Read a function's statements: what it returns, what its names are assigned, which globals it binds."""
        parameters = set(parameter_names(node.params))
        for special in (node.params.star_arg, node.params.star_kwarg):
            if isinstance(special, cst.Param):
                parameters.add(special.name.value)
        scope = Body(name, frozenset(parameters), outer)
        first = len(self._recorder.rebound)
        is_method = outer is None and self._recorder.scope.outer is not None and node.name.value not in _SET_UPS
        if is_method and any(as_written(d.decorator) == "classmethod" for d in node.decorators):
            scope.class_parameter = next(iter(parameter_names(node.params)), "")
        body = list(function_statements(node.body.body, block_of(twin, "body")))
        is_idle = all(isinstance(statement, cst.Pass) for statement, _ in body)
        if is_idle:
            return scope
        if isinstance(twin, (ast.FunctionDef, ast.AsyncFunctionDef)):
            scope.kept_roots = kept_roots(twin)
            scope.reloads = twin in self._reloading
            scope.is_placed = scope.reloads or twin in self._helpers
        for statement, _ in body:
            if type(statement) is cst.Global:
                scope.global_names.update(item.name.value for item in statement.names)
        if scope.global_names and isinstance(twin, (ast.FunctionDef, ast.AsyncFunctionDef)):
            scope.last_rows = {name: row for name, row in _assigned(twin.body) if name in scope.global_names}
            leaves = (ast.Return, ast.Yield, ast.YieldFrom, ast.Await)
            scope.exits = tuple(part.lineno for part in descendants(twin) if isinstance(part, leaves))
        has_walrus = self._has_walrus and (twin is None or binds_inside(twin))
        for statement, other in body:
            self._collect_one(statement, other, scope)
            if has_walrus:
                self._collect_walrus(statement, other, scope)
        self._collect_local_imports(scope, body, twin)
        if scope.is_placed and twin is not None:
            if outer is None:
                self._recorder.reloading[twin] = (name, node)
            self._recorder.rebound[first:] = with_gaps(self._recorder.rebound[first:], name, twin)
        return scope

    def _collect_one(self, node: Statement, twin: ast.stmt | None, scope: Body) -> None:
        if scope.kept_roots:
            scope.kept += (entry for entry in stored(node) if root(entry[0]) in scope.kept_roots)
        if node.__class__ in _BINDING_NOTHING:
            return
        match node:
            case cst.Return():
                if node.value is not None:
                    scope.returns.append(node.value)
            case cst.Expr():
                self._collect_expression(node, twin, scope)
            case cst.Assign():
                for target in node.targets:
                    self._collect_assignment(target.target, node.value, node, twin, scope)
                _note_yield(node.value, scope)
            case cst.AnnAssign() if node.value is not None:
                self._collect_assignment(node.target, node.value, node, twin, scope)
            case cst.AugAssign():
                self._collect_assignment(node.target, node.value, node, twin, scope)
            case cst.Import() | cst.ImportFrom():
                self._collect_import(node, twin, scope)
            case cst.FunctionDef() | cst.ClassDef() if node.name.value in scope.global_names:
                self._collect_global_definition(node, twin, scope)
            case cst.FunctionDef():
                self._collect_nested(node, twin, scope)
            case cst.ClassDef():
                self._collect_class(node, twin, scope)
            case cst.For():
                self._collect_loop(node.target, node.iter, scope)
            case cst.With():
                for item in node.items:
                    if item.asname is not None:
                        self._collect_loop(item.asname.name, item.item, scope)
            case cst.Del():
                if isinstance(node.target, cst.Name) and node.target.value in scope.global_names:
                    self._rebind(scope, node.target.value, node, twin)
            case _:
                pass

    def _collect_expression(self, node: cst.Expr, twin: ast.stmt | None, scope: Body) -> None:
        _note_yield(node.value, scope)
        self._collect_filling(node.value, scope)
        value = node.value.expression if isinstance(node.value, cst.Await) else node.value
        called = _called(value) if isinstance(value, cst.Call) else ""
        is_bare = isinstance(value, cst.Call) and not value.args
        is_helper = scope.is_placed and (is_bare or called.rpartition(".")[2] in self._helper_names)
        if called and (scope.reloads or is_helper):
            # What it fills, if it does, is filled again.
            self._rebind(scope, f"{called}()", node, twin)
        if called.endswith(".cache_clear") or (called == "self.__init__" and self._may_reload):
            self._rebind(scope, called, node, twin)

    def _collect_assignment(
        self,
        target: cst.BaseExpression,
        value: cst.BaseExpression,
        node: Statement,
        twin: ast.stmt | None,
        scope: Body,
    ) -> None:
        match target:
            case cst.Subscript(
                value=cst.Call(func=cst.Name(value="globals"), args=[]),
                slice=[cst.SubscriptElement(slice=cst.Index(value=cst.SimpleString() as key))],
            ):
                self._bind_globally(str(key.evaluated_value), target, value, node, twin, scope)
                return
            case cst.Name() if target.value in scope.global_names:
                self._bind_globally(target.value, target, value, node, twin, scope)
                return
            case cst.Attribute(value=cst.Name(value=owner)) if owner == scope.class_parameter and scope.outer is None:
                self._bind_globally(self._recorder.qualified(target.attr.value), target, value, node, twin, scope)
                return
            case cst.Subscript(value=cst.Name(value=name)) if name in scope.containers:
                self._put_into(name, value, scope)
                return
            case cst.Attribute() if (self._may_reload or scope.is_placed) and not isinstance(node, cst.AugAssign):
                self._rebind(scope, as_written(target), node, twin)

        def convert_share(wanted: cst.BaseExpression) -> Callable[[], Expression]:
            def convert() -> Expression:
                whole = self._quietly(value, scope)
                return next((part for single, part in shares(target, whole) if single is wanted), LITERAL)

            return convert

        if isinstance(target, cst.Name) and _makes_container(value):
            scope.containers.add(target.value)
        for single, _ in shares(target, LITERAL):
            if isinstance(single, cst.Name):
                if single.value in scope.global_names:
                    self._bind_globally(single.value, single, value, node, twin, scope, target)
                else:
                    scope.values.setdefault(single.value, []).append(convert_share(single))

    def _collect_filling(self, node: cst.BaseExpression, scope: Body) -> None:
        match node:
            case cst.Call(
                func=cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value=method)),
                args=[cst.Arg(value=value)],
            ) if name in scope.containers and method in FILLERS:
                self._put_into(name, value, scope)

    def _put_into(self, name: str, value: cst.BaseExpression, scope: Body) -> None:
        """Count what is put into a container of the function among what its name was assigned."""
        filled = partial(self._quietly, cst.Set([cst.Element(value)]), scope)
        scope.values.setdefault(name, []).append(filled)

    def _collect_walrus(self, node: Statement, twin: ast.stmt | None, scope: Body) -> None:
        for walrus in walruses(node):
            self._collect_assignment(walrus.target, walrus.value, node, twin, scope)
        if isinstance(node, cst.If) and isinstance(node.orelse, cst.If):
            orelse = block_of(twin, "orelse")
            self._collect_walrus(node.orelse, orelse[0] if orelse else None, scope)

    def _collect_loop(self, target: cst.BaseExpression, values: cst.BaseExpression, scope: Body) -> None:
        for single, _ in shares(target, LITERAL):
            if isinstance(single, cst.Name) and single.value not in scope.global_names:
                scope.values.setdefault(single.value, []).append(lambda: Item(self._quietly(values, scope)))

    def _collect_import(self, node: cst.Import | cst.ImportFrom, twin: ast.stmt | None, scope: Body) -> None:
        self._recorder.enter(node, twin)
        for name, span, bound in imported(node, twin, self._recorder.positions):
            if name in scope.global_names:
                self._rebind(scope, name, node, twin)
                self._recorder.bind(name, span, bound, block=scope.name)
            elif not isinstance(bound, StarImport):
                # The import of a function body has no entry in the module's names, but it is a binding like any
                # other, so that expressions can refer to it.
                index = len(self._recorder.bindings)
                self._recorder.bindings.append(
                    Binding(name, NOWHERE, bound, self._recorder.at, scope.name + ".<locals>")
                )
                scope.values.setdefault(name, []).append(partial(Reference, name, (index,)))

    def _collect_global_definition(
        self, node: cst.FunctionDef | cst.ClassDef, twin: ast.stmt | None, scope: Body
    ) -> None:
        """Bind a function or class that a ``global`` statement makes the module's."""

        def look(name: str) -> Expression:
            return self._look_in(scope, name)

        self._recorder.enter(node, twin)
        name = node.name.value
        span = self._recorder.positions.definition_name(node, twin)
        decorators = tuple(
            Captured(self._recorder.converter.convert(item.decorator, look), self._recorder.span(item.decorator))
            for item in node.decorators
        )
        self._rebind(scope, name, node, twin)
        bound: Bound
        if isinstance(node, cst.FunctionDef):
            defaults = self._recorder.converter.defaults(node.params, look)
            bound = Function(name, parameter_names(node.params), defaults, decorators, is_opaque=True)
        else:
            bases = tuple(
                Captured(
                    self._recorder.converter.convert(base.value, look),
                    self._recorder.span(base.value),
                    base.keyword.value if base.keyword is not None else base.star,
                )
                for base in (*node.bases, *node.keywords)
            )
            bound = Class(name, bases, decorators)
        self._recorder.bind(name, span, bound, block=scope.name)

    def _collect_nested(self, node: cst.FunctionDef, twin: ast.stmt | None, scope: Body) -> None:
        inner = self.collect(node, twin, f"{scope.name}.<locals>.{node.name.value}", scope)

        def convert() -> Expression:
            decorators = tuple(
                Captured(self._quietly(decorator.decorator, scope), NOWHERE) for decorator in node.decorators
            )
            captures = tuple(self._closed_over(node, inner, scope))
            return FunctionExpression(
                Function(
                    inner.name,
                    parameter_names(node.params),
                    decorators=decorators,
                    returns=self.returns(inner),
                    captures=captures,
                    is_opaque=inner.is_opaque or node.asynchronous is not None,
                    star=star_name(node.params),
                    double_star=double_star_name(node.params),
                    keeps=self.keeps(inner),
                    retains=self.retains(node, twin, inner),
                    attaches=self.attached(node, twin, inner),
                    remembered=remembered(twin),
                )
            )

        if node.name.value not in scope.global_names:
            scope.values.setdefault(node.name.value, []).append(convert)

    def _closed_over(self, node: cst.FunctionDef, inner: Body, scope: Body) -> Iterator[Expression]:
        """Yield what a function within a function keeps of the outer one's names, and its defaults."""
        for name in sorted(names_below(node) - inner.parameters - inner.values.keys()):
            if name in scope.values or name in scope.parameters:
                yield self._look_in(scope, name)
        for parameter in (*node.params.posonly_params, *node.params.params, *node.params.kwonly_params):
            if parameter.default is not None:
                yield self._quietly(parameter.default, scope)

    def _collect_class(self, node: cst.ClassDef, twin: ast.stmt | None, scope: Body) -> None:
        qualified = f"{scope.name}.<locals>.{node.name.value}"
        body = list(function_statements(node.body.body, block_of(twin, "body")))
        methods = {
            id(statement): self.collect(statement, other, f"{qualified}.{statement.name.value}", scope)
            for statement, other in body
            if isinstance(statement, cst.FunctionDef)
        }

        def convert() -> Expression:
            bases = tuple(
                Captured(
                    self._quietly(base.value, scope),
                    NOWHERE,
                    base.keyword.value if base.keyword is not None else base.star,
                )
                for base in (*node.bases, *node.keywords)
            )
            kept: list[Expression] = []
            for statement, _ in body:
                match statement:
                    case cst.Assign(value=value) | cst.AnnAssign(value=cst.BaseExpression() as value):
                        kept.append(self._quietly(value, scope))
                    case cst.FunctionDef():
                        kept += self._closed_over(statement, methods[id(statement)], scope)
            return ClassExpression(Class(qualified, bases), tuple(kept))

        scope.values.setdefault(node.name.value, []).append(convert)

    def _bind_globally(
        self,
        name: str,
        target: cst.BaseExpression,
        value: cst.BaseExpression,
        node: Statement,
        twin: ast.stmt | None,
        scope: Body,
        whole: cst.BaseExpression | None = None,
    ) -> None:
        self._recorder.enter(node, twin)
        span = self._recorder.span(target)
        converted = self._recorder.converter.convert(value, lambda wanted: self._look_in(scope, wanted))
        if whole is not None:
            converted = next((part for single, part in shares(whole, converted) if single is target), LITERAL)
        row = self._recorder.at.row
        self._rebind(scope, name, node, twin)
        last = scope.last_rows.get(name, row)
        if last <= row or any(row <= place <= last for place in scope.exits):
            self._recorder.bind(name, span, converted, block=scope.name)

    def _rebind(self, scope: Body, name: str, node: Statement, twin: ast.stmt | None) -> None:
        """Record that a statement binds a name: at its end, since what it calls may reload before it binds."""
        self._recorder.enter(node, twin)
        begin = end = self._recorder.at
        if twin is not None and twin.end_lineno is not None and twin.end_col_offset is not None:
            end = Location(twin.end_lineno, twin.end_col_offset + 1)
        self._recorder.rebound.append(Rebinding(scope.name, name, begin, end))

    def _collect_local_imports(
        self,
        scope: Body,
        body: Sequence[tuple[Statement, ast.stmt | None]],
        twin: ast.stmt | None,
    ) -> None:
        imports: list[tuple[str, Span, NameImport | ModuleImport, Location]] = []
        for statement, other in body:
            if type(statement) is cst.Import or type(statement) is cst.ImportFrom:
                self._recorder.enter(statement, other)
                imports += [
                    (name, span, bound, self._recorder.at)
                    for name, span, bound in imported(statement, other, self._recorder.positions)
                    if not isinstance(bound, StarImport) and name not in scope.global_names
                ]
        if imports and twin is not None:
            names = {name for name, *_ in imports}
            uses = find_local_uses(twin, [(name, at) for name, _, _, at in imports])
            assigned = find_rebindings(twin, names) if uses else {}
            calls = find_calls(twin) if uses else ()
            unreached = find_unreached(twin) if uses else ()
            for name, span, bound, at in imports:
                rebound = [place for other, _, _, place in imports if other == name and place > at]
                until = min(rebound) if rebound else None
                others = [(start, end) for start, end in assigned.get(name, ()) if start > at]
                kept = tuple(
                    use
                    for use in uses.get(name, ())
                    if use > at and (until is None or use < until) and not any(s <= use < e for s, e in others)
                )
                between = ((dotted, place) for dotted, place in calls if kept and at < place < max(kept))
                called = tuple((self._dotted(dotted, scope), place) for dotted, place in between)
                self._recorder.local_imports.append(
                    LocalImport(name, span, bound, scope.name, at, kept, called, unreached)
                )

    def _dotted(self, written: str, scope: Body) -> Expression:
        first, *rest = written.split(".")
        expression = self._look_in(scope, first)
        for name in rest:
            expression = Attribute(expression, name)
        return expression

    def returns(self, scope: Body) -> tuple[Expression, ...]:
        """Return what a function gives back, its local names replaced by what they were assigned."""
        return tuple(self._quietly(value, scope) for value in scope.returns)

    def keeps(self, scope: Body) -> tuple[Kept, ...]:
        """Return what a function puts of its parameters into what it does not make itself."""
        outer = scope.outer
        while outer is not None:
            if scope.kept_roots & (outer.parameters | outer.values.keys()):
                return ()
            outer = outer.outer
        own = scope.parameters | scope.values.keys()
        return tuple(
            Kept(self._quietly(target, scope), Element(self._quietly(value, scope), NOWHERE, is_unpacked))
            for target, values, is_unpacked in scope.kept
            for value in values
            if names_below(value) & own
        )

    def retains(self, node: cst.FunctionDef, twin: ast.stmt | None, scope: Body) -> tuple[Kept | HandedOn, ...]:
        """Return what a method puts of what it is given into its object or class, and what it hands on."""
        retaining = None if twin is None else self._retaining.get(twin)
        if retaining is None:
            return ()

        def look(name: str) -> Expression:
            return Parameter(name) if name == retaining.itself else self._look_in(scope, name)

        found: list[Kept | HandedOn] = []
        for statement, other in function_statements(node.body.body, block_of(twin, "body")):
            for target, values, is_unpacked in stored(statement) if other in retaining.stored else ():
                if retaining.itself and root(target) == retaining.itself:
                    container = self._quietly(target, scope, look)
                    found += (
                        Kept(container, Element(self._quietly(value, scope, look), NOWHERE, is_unpacked))
                        for value in values
                        if names_below(value) & retaining.names
                    )
            match statement if other in retaining.handed else None:
                case (
                    cst.Expr(value=cst.Call() as call)
                    | cst.Return(value=cst.Call() as call)
                    | cst.Assign(value=cst.Call() as call)
                ):
                    converted = self._quietly(call, scope, look)
                    if isinstance(converted, Call):
                        found.append(HandedOn(converted))
        return tuple(found)

    def taken_back(self, twin: ast.stmt | None) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
        """Return the parameters by which a function takes something out, and by which it finds what it puts in."""
        retaining = None if twin is None else self._retaining.get(twin)
        releases = () if retaining is None else tuple(sorted(retaining.releases))
        replaces = None if retaining is None else retaining.replaces
        if retaining is None and isinstance(twin, ast.FunctionDef):
            replaces = found_by(twin)
        return releases, None if replaces is None else tuple(sorted(replaces))

    def attached(
        self, node: cst.FunctionDef, twin: ast.stmt | None, scope: Body
    ) -> tuple[Attached | Filled | HandedOn, ...]:
        """Return what calling a function attaches to what it is given, or puts into what it does not make."""
        if not isinstance(twin, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return ()
        if not (scope.kept and scope.parameters) and not attaches(twin):
            return ()
        return tuple(attached(node, scope.kept_roots, lambda value: self._quietly(value, scope)))

    def yields(self, scope: Body) -> Display | None:
        """Return what a generator yields, its local names replaced by what they were assigned."""
        found: list[Element] = []
        for item in scope.yields:
            if isinstance(item.value, cst.From):
                found.append(Element(self._quietly(item.value.item, scope), NOWHERE, is_unpacked=True))
            elif item.value is not None:
                found.append(Element(self._quietly(item.value, scope), NOWHERE))
        return Display(tuple(found)) if found else None

    def _quietly(
        self, node: cst.BaseExpression, scope: Body, look: Callable[[str], Expression] | None = None
    ) -> Expression:
        """Convert an expression of a function body, whose places nobody will point at."""
        quiet, self._recorder.is_quiet = self._recorder.is_quiet, True
        try:
            return self._recorder.converter.convert(node, look or (lambda name: self._look_in(scope, name)))
        finally:
            self._recorder.is_quiet = quiet

    def _look_in(self, scope: Body, name: str) -> Expression:
        current: Body | None = scope
        while current is not None:
            if name in current.global_names:
                break
            if name in current.values:
                return self._expand(current, name)
            if name in current.parameters:
                return Parameter(name) if current is scope else LITERAL
            current = current.outer
        return Reference(name, is_late=True)

    def _expand(self, scope: Body, name: str) -> Expression:
        """Return what a local name was assigned, as one expression."""
        if name in scope.cache:
            return scope.cache[name]
        if name in scope.expanding:
            return LITERAL
        scope.expanding.add(name)
        options = [convert() for convert in scope.values[name]]
        if name in scope.parameters:
            options.append(Parameter(name))
        scope.expanding.discard(name)
        scope.cache[name] = choice(tuple(options))
        return scope.cache[name]

    def instance_attributes(self, node: cst.ClassDef, twin: ast.stmt | None) -> Iterator[InstanceAttribute]:
        """Yield what ``__init__`` and ``__new__`` assign to attributes of the instance."""
        for statement, other in blocks(node.body.body, block_of(twin, "body")):
            if isinstance(statement, cst.FunctionDef) and statement.name.value in INITIALIZERS:
                name = statement.name.value
                body = list(function_statements(statement.body.body, block_of(other, "body")))
                names = parameter_names(statement.params)[:1] if name == "__init__" else list(_made(body))
                if names:
                    scope = self.collect(statement, other, f"{node.name.value}.{name}", None)
                    yield from self._self_assignments(names, body, scope)

    def _self_assignments(
        self, names: Sequence[str], body: Iterable[tuple[Statement, ast.stmt | None]], scope: Body
    ) -> Iterator[InstanceAttribute]:
        """Yield what statements assign to attributes of the instance, which goes by some names, or fill them with."""
        for statement, twin in body:
            yield from self._self_fillings(names, statement, twin, scope)
            if isinstance(statement, cst.Assign):
                pairs = [pair for target in statement.targets for pair in _pairs(target.target, statement.value)]
            elif isinstance(statement, cst.AnnAssign) and statement.value is not None:
                pairs = [(statement.target, statement.value)]
            else:
                continue
            for target, value in pairs:
                match target:
                    case cst.Attribute(value=owner, attr=cst.Name(value=name)) if as_written(owner) in names:
                        self._recorder.enter(statement, twin)
                        converted = self._recorder.converter.convert(value, lambda wanted: self._look_in(scope, wanted))
                        yield InstanceAttribute(name, converted, self._recorder.span(target))

    def _self_fillings(
        self, names: Sequence[str], statement: Statement, twin: ast.stmt | None, scope: Body
    ) -> Iterator[InstanceAttribute]:
        for filling in fillings(statement):
            match filling.container:
                case cst.Attribute(value=owner, attr=cst.Name(value=name)) if as_written(owner) in names:
                    self._recorder.enter(statement, twin)
                    display = filling.display(
                        lambda node: self._recorder.converter.convert(
                            node, lambda wanted: self._look_in(scope, wanted)
                        ),
                        self._recorder.span,
                    )
                    yield InstanceAttribute(name, display, self._recorder.span(filling.container))


def _made(body: Iterable[tuple[Statement, ast.stmt | None]]) -> Iterator[str]:
    """Yield how ``__new__`` writes the object that it makes: ``made``, ``cls._only``."""
    for statement, _ in body:
        match statement:
            case cst.Assign(targets=targets, value=cst.Call(func=cst.Attribute(attr=cst.Name(value="__new__")))):
                yield from filter(None, (as_written(target.target) for target in targets))


def _assigned(body: Iterable[ast.stmt]) -> Iterator[tuple[str, int]]:
    """Yield the names that the statements of a body themselves assign, each with its row."""
    for statement in body:
        if isinstance(statement, ast.Assign):
            yield from ((item.id, statement.lineno) for item in statement.targets if isinstance(item, ast.Name))


def _pairs(
    target: cst.BaseExpression, value: cst.BaseExpression
) -> Iterator[tuple[cst.BaseExpression, cst.BaseExpression]]:
    """Yield each target of an assignment with what it is assigned, as far as several are written one by one."""
    if isinstance(target, (cst.Tuple, cst.List)) and isinstance(value, (cst.Tuple, cst.List)):
        elements = [*target.elements, *value.elements]
        is_plain = not any(isinstance(element, cst.StarredElement) for element in elements)
        if is_plain and len(target.elements) == len(value.elements):
            for one, part in zip(target.elements, value.elements, strict=True):
                yield from _pairs(one.value, part.value)
    else:
        yield target, value


def _makes_container(node: cst.BaseExpression) -> bool:
    if type(node) is cst.Call:
        return as_written(node.func).rpartition(".")[2] in _CONTAINERS
    return node.__class__ in _CONTAINER_DISPLAYS


def _called(call: cst.Call) -> str:
    """Return how what is called is written: a dotted name, ``super().fill``; empty for anything else."""
    match call.func:
        case cst.Attribute(value=cst.Call(func=cst.Name(value="super"), args=[]), attr=cst.Name(value=name)):
            return f"super().{name}"
    return as_written(call.func)


def _note_yield(value: cst.BaseExpression, scope: Body) -> None:
    if type(value) is cst.Yield:
        scope.is_opaque = True
        scope.yields.append(value)
