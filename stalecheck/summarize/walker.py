"""The LibCST walker: one file → its summary. A pure function of the file's bytes and the target version."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import libcst as cst

from stalecheck.index import Unreadable, decode, parse
from stalecheck.model import Location, Span
from stalecheck.summarize.expressions import (
    Converter,
    choice,
    double_star_name,
    parameter_names,
    shares,
    star_name,
)
from stalecheck.summarize.guards import decide, first_run, is_main_guard
from stalecheck.summarize.positions import Positions, blocks, provide
from stalecheck.summarize.summary import (
    LITERAL,
    NOWHERE,
    Binding,
    Bound,
    Call,
    CallStatement,
    Captured,
    Class,
    Derived,
    Display,
    Element,
    Expression,
    Function,
    FunctionExpression,
    InstanceAttribute,
    Item,
    LocalImport,
    ModuleImport,
    NameImport,
    Parameter,
    PublicNames,
    Reference,
    StarImport,
    Store,
    Summary,
)
from stalecheck.summarize.trim import without_idle_statements
from stalecheck.summarize.usage import find_dotted, find_local_uses, find_usages

_RELOAD_SPELLED = re.compile(r"reload\w*\s*\(|sys\.modules|_extension\s*\(")
_Statement = cst.BaseCompoundStatement | cst.BaseSmallStatement
_Block = cst.BaseSuite | cst.Module


def summarize(data: bytes, target_version: tuple[int, int]) -> Summary | Unreadable:
    """Summarize one file's bytes for the given target version."""
    tree = parse(data)
    try:
        source = decode(data)
        module = cst.parse_module(without_idle_statements(source, tree) if isinstance(tree, ast.Module) else source)
    except cst.ParserSyntaxError as error:
        kept = _without_rejected(source, tree)
        if kept is not None:
            return summarize(kept.encode(), target_version)
        # Its message is a list of tokens, its place the next token's.
        return Unreadable("syntax that the parser does not know", Location(max(error.editor_line, 1), 1))
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        return Unreadable(str(error), Location(1, 1))
    if isinstance(tree, ast.Module):
        return _Walker(Positions(source), target_version, source).walk(module, tree)
    module, ranges = provide(module)
    return _Walker(Positions(source, ranges), target_version, source).walk(module, None)


def _without_rejected(source: str, tree: ast.Module | Unreadable) -> str | None:
    """Blank the statements that Python parses and LibCST does not, such as ``(x): int``; None if that is not it."""
    if isinstance(tree, Unreadable):
        return None
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", source)
    is_changed = False
    for statement in tree.body:
        decorators = getattr(statement, "decorator_list", ())
        first = min(statement.lineno, *(decorator.lineno for decorator in decorators), statement.lineno)
        last = statement.end_lineno or statement.lineno
        try:
            cst.parse_module("".join(lines[first - 1 : last]))
        except cst.ParserSyntaxError:
            lines[first - 1 : last] = ["\n"] * (last - first + 1)
            is_changed = True
    return "".join(lines) if is_changed else None


@dataclass(slots=True)
class _Scope:
    """The names of the module or of a class body, as far as its statements have run."""

    prefix: str = ""
    names: dict[str, tuple[int, ...]] = field(default_factory=dict)
    stars: tuple[int, ...] = ()
    outer: _Scope | None = None
    is_dead: bool = False

    def copy(self) -> _Scope:
        return _Scope(self.prefix, dict(self.names), self.stars, self.outer)

    def bind(self, name: str, index: int) -> None:
        self.names[name] = (index,)

    def merge(self, branches: Iterable[_Scope]) -> None:
        """Become what stands after one of the branches has run."""
        alive = [branch for branch in branches if not branch.is_dead]
        if not alive:
            self.is_dead = True
            return
        self.is_dead = False
        names: dict[str, tuple[int, ...]] = {}
        for branch in alive:
            for name, reaching in branch.names.items():
                known = names.get(name)
                names[name] = reaching if known is None else _union(known, reaching)
        self.names = names
        self.stars = tuple(sorted({star for branch in alive for star in branch.stars}))


def _union(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return one if one == other else tuple(sorted({*one, *other}))


@dataclass(slots=True)
class _FunctionScope:
    """What a function body binds: parameters, and local names with the expressions assigned to them."""

    name: str
    parameters: frozenset[str]
    outer: _FunctionScope | None
    values: dict[str, list[Callable[[], Expression]]] = field(default_factory=dict)
    global_names: set[str] = field(default_factory=set)
    returns: list[cst.BaseExpression] = field(default_factory=list)
    is_opaque: bool = False
    expanding: set[str] = field(default_factory=set)
    cache: dict[str, Expression] = field(default_factory=dict)


class _Walker:
    def __init__(self, positions: Positions, target_version: tuple[int, int], source: str) -> None:
        self._positions = positions
        self._target_version = target_version
        self._spells_reload = _RELOAD_SPELLED.search(source) is not None
        self._scope = _Scope()
        self._bindings: list[Binding] = []
        self._stores: list[Store] = []
        self._calls: list[CallStatement] = []
        self._local_imports: list[LocalImport] = []
        self._rebound: list[tuple[str, str, Location]] = []
        self._public: list[PublicNames] | None = None
        self._texts: dict[str, cst.List | cst.Tuple] = {}
        """Lists that ``__all__`` may be put together from."""

        self._at = Location(1, 1)
        self._is_kept = False
        self._branching = 0
        self._converter = Converter(self._span, self._bind_walrus)
        self._is_quiet = False

    def walk(self, module: cst.Module, tree: ast.Module | None) -> Summary:
        self._module = module
        self._block(module.body, tree.body if tree else None)
        exports = self._scope.names
        usages = find_usages(tree, frozenset(exports)) if tree else {}
        first = Counter(b.name for b in self._bindings if isinstance(b.value, ModuleImport) and b.value.binds_first)
        packages = {name for name, count in first.items() if count > 1}
        return Summary(
            bindings=tuple(self._bindings),
            exports=tuple(sorted(exports.items())),
            stars=self._scope.stars,
            stores=tuple(self._stores),
            calls=tuple(self._calls),
            local_imports=tuple(self._local_imports),
            public=None if self._public is None else tuple(self._public),
            usages=tuple(sorted((name, tuple(kinds)) for name, kinds in usages.items())),
            rebound=tuple(self._rebound),
            dotted=tuple(sorted(find_dotted(tree, packages))) if tree and packages else (),
        )

    # -- statements at module and class level -------------------------------------------------------------

    def _block(
        self, body: Sequence[cst.BaseStatement | cst.BaseSmallStatement], twins: Sequence[ast.stmt] | None
    ) -> None:
        for node, twin in blocks(body, twins):
            if self._scope.is_dead:
                return
            self._statement(node, twin)

    def _statement(self, node: _Statement, twin: ast.stmt | None) -> None:
        self._enter(node, twin)
        match node:
            case cst.Expr():
                self._expression_statement(node)
            case cst.Assign():
                self._assign([target.target for target in node.targets], node.value)
            case cst.AnnAssign() if node.value is not None:
                self._assign([node.target], node.value)
            case cst.AugAssign():
                self._augment(node)
            case cst.Import() | cst.ImportFrom():
                self._import(node, twin)
            case cst.FunctionDef():
                self._function(node, twin)
            case cst.ClassDef():
                self._class(node, twin)
            case cst.If():
                self._if(node, twin)
            case cst.Try() | cst.TryStar():
                self._try(node, twin)
            case cst.For():
                self._for(node, twin)
            case cst.While():
                self._branches([(node.body, _field(twin, "body")), (None, None)])
                self._else(node.orelse, _field(twin, "orelse"))
            case cst.With():
                self._with(node, twin)
            case cst.Match():
                cases = _field(twin, "cases")
                inner = [(c.body, _field(cases[i] if cases else None, "body")) for i, c in enumerate(node.cases)]
                self._branches([*inner, (None, None)])
            case cst.Del():
                self._delete(node.target)
            case cst.Raise():
                self._scope.is_dead = True
            case _:
                pass

    def _enter(self, node: _Statement, twin: ast.stmt | None) -> None:
        self._positions.enter(node, twin)
        if not isinstance(node, (cst.Pass, cst.Global)):
            self._at = self._positions.start(node, twin)

    def _suite(self, suite: _Block, twins: Sequence[ast.stmt] | None) -> None:
        self._block(suite.body, twins)

    def _branches(
        self, suites: Sequence[tuple[_Block | None, Sequence[ast.stmt] | None]], start: _Scope | None = None
    ) -> None:
        """Run each suite from the same state and merge what stands afterwards; None stands for nothing run."""
        before = start or self._scope
        after = []
        for suite, twins in suites:
            self._scope = before.copy()
            if suite is not None:
                self._branching += 1
                self._suite(suite, twins)
                self._branching -= 1
            after.append(self._scope)
        self._scope = before
        self._scope.merge(after)

    def _expression_statement(self, node: cst.Expr) -> None:
        value = self._convert(node.value)
        if isinstance(node.value, cst.Call) and isinstance(value, Call):
            self._record_call(node.value, value)

    def _record_call(self, node: cst.Call, value: Call) -> None:
        name = _written(node.func)
        if name == "__all__.extend" and node.args:
            self._extend_public(node.args[0].value)
        elif name == "__all__.append" and node.args:
            self._extend_public(cst.List([cst.Element(node.args[0].value)]))
        else:
            written = self._holder_name(node.func) or " ".join(self._module.code_for_node(node.func).split())
            self._calls.append(CallStatement(value, written, self._at))

    def _assign(self, targets: Sequence[cst.BaseExpression], node: cst.BaseExpression) -> None:
        value = self._convert(node)
        if isinstance(node, cst.Call) and isinstance(value, Call):
            self._record_call(node, value)
        for target in targets:
            if isinstance(target, cst.Name) and isinstance(node, (cst.List, cst.Tuple)):
                self._texts[target.value] = node
            if isinstance(target, cst.Name) and target.value == "__all__":
                self._public = []
                self._extend_public(node)
            for single, part in shares(target, value):
                self._assign_one(single, part, node)

    def _assign_one(self, target: cst.BaseExpression, value: Expression, node: cst.BaseExpression) -> None:
        if isinstance(target, cst.StarredElement):
            target = target.value
        if isinstance(target, cst.Name):
            self._bind(target.value, self._span(target), value)
        elif isinstance(target, cst.Attribute):
            self._stores.append(
                Store(
                    self._convert(target.value),
                    self._holder_name(target),
                    (Element(value, self._span(target)),),
                    self._span(target),
                    self._at,
                    target.attr.value,
                )
            )
        elif isinstance(target, cst.Subscript):
            self._store_item(target, value, node)

    def _store_item(self, target: cst.Subscript, value: Expression, node: cst.BaseExpression) -> None:
        match target:
            case cst.Subscript(
                value=cst.Call(func=cst.Name(value="globals"), args=[]),
                slice=[cst.SubscriptElement(slice=cst.Index(value=cst.SimpleString() as key))],
            ):
                self._bind(str(key.evaluated_value), self._span(target), value)
                return
        keys = [
            Element(self._convert(part.slice.value), self._span(part.slice.value))
            for part in target.slice
            if isinstance(part.slice, cst.Index)
        ]
        held = (*keys, Element(value, self._span(node)))
        self._stores.append(
            Store(self._convert(target.value), self._holder_name(target.value), held, self._span(target), self._at)
        )

    def _augment(self, node: cst.AugAssign) -> None:
        if isinstance(node.target, cst.Name) and node.target.value == "__all__":
            self._extend_public(node.value)
            return
        value = self._convert(node.value)
        span = self._span(node.value)
        held = value.elements if hasattr(value, "elements") else (Element(value, span, is_unpacked=True),)
        self._stores.append(Store(self._convert(node.target), self._holder_name(node.target), held, span, self._at))

    def _holder_name(self, node: cst.CSTNode) -> str:
        """Return how a holder is written, qualified where the class that is being defined binds it."""
        written = _written(node)
        is_member = self._scope.outer is not None and written.partition(".")[0] in self._scope.names
        return self._qualified(written) if written and is_member else written

    def _extend_public(self, node: cst.BaseExpression) -> None:
        if self._public is None:
            self._public = []
        part = self._public_names(node)
        if part is None:
            self._public = None
        else:
            self._public += part

    def _public_names(self, node: cst.BaseExpression) -> list[PublicNames] | None:
        match node:
            case cst.List() | cst.Tuple() | cst.Set():
                names: list[str] = []
                parts: list[PublicNames] = []
                for element in node.elements:
                    if isinstance(element, cst.StarredElement):
                        parts += self._public_names(element.value) or []
                    elif isinstance(element.value, (cst.SimpleString, cst.ConcatenatedString)):
                        names.append(str(element.value.evaluated_value))
                    elif isinstance(element.value, cst.Attribute) and element.value.attr.value == "__name__":
                        written = _written(element.value.value)
                        names.append(written.rpartition(".")[2])
                    else:
                        return None
                return [PublicNames(tuple(names)), *parts]
            case cst.BinaryOperation(operator=cst.Add()):
                left, right = self._public_names(node.left), self._public_names(node.right)
                return None if left is None or right is None else left + right
            case cst.Name() if node.value in self._texts:
                return self._public_names(self._texts[node.value])
            case cst.Attribute(attr=cst.Name(value="__all__")):
                return [PublicNames(module=self._convert(node.value))]
            case cst.Call(func=cst.Name(value="list" | "tuple" | "sorted" | "set"), args=[argument]):
                return self._public_names(argument.value)
            case _:
                return None

    def _import(self, node: cst.Import | cst.ImportFrom, twin: ast.stmt | None) -> None:
        for name, span, bound in self._imported(node, twin):
            if isinstance(bound, StarImport):
                index = len(self._bindings)
                self._bindings.append(Binding("*", span, bound, self._at, is_conditional=self._branching > 0))
                scope = self._scope
                scope.names = {known: (*reaching, index) for known, reaching in scope.names.items()}
                scope.stars = (*scope.stars, index)
            else:
                self._bind(name, span, bound)

    def _imported(
        self, node: cst.Import | cst.ImportFrom, twin: ast.stmt | None
    ) -> Iterator[tuple[str, Span, ModuleImport | NameImport | StarImport]]:
        aliases = twin.names if isinstance(twin, (ast.Import, ast.ImportFrom)) else None
        if isinstance(node, cst.Import):
            for position, alias in enumerate(node.names):
                span = self._positions.local_name(alias, aliases[position] if aliases else None)
                local = alias.evaluated_alias or alias.evaluated_name.partition(".")[0]
                yield local, span, ModuleImport(alias.evaluated_name, alias.evaluated_alias is None)
            return
        module = _written(node.module) if node.module is not None else ""
        level = len(node.relative)
        if isinstance(node.names, cst.ImportStar):
            span = self._positions.star(node.names, twin if isinstance(twin, ast.ImportFrom) else None)
            yield "*", span, StarImport(module, level)
            return
        for position, alias in enumerate(node.names):
            span = self._positions.local_name(alias, aliases[position] if aliases else None)
            local = alias.evaluated_alias or alias.evaluated_name
            yield local, span, NameImport(module, level, alias.evaluated_name)

    def _function(self, node: cst.FunctionDef, twin: ast.stmt | None) -> None:
        span = self._positions.definition_name(node, twin)
        at = self._at
        qualified = self._qualified(node.name.value)
        decorators = self._decorators(node.decorators)
        defaults = self._converter.defaults(node.params, self._look)
        scope = self._collect(node, twin, qualified, None)
        function = Function(
            qualified,
            parameter_names(node.params),
            defaults,
            decorators,
            self._returns(scope),
            is_opaque=scope.is_opaque or node.asynchronous is not None,
            star=star_name(node.params),
            double_star=double_star_name(node.params),
        )
        self._at = at
        self._bind(node.name.value, span, function)

    def _class(self, node: cst.ClassDef, twin: ast.stmt | None) -> None:
        span = self._positions.definition_name(node, twin)
        at = self._at
        qualified = self._qualified(node.name.value)
        decorators = self._decorators(node.decorators)
        bases = tuple(
            Captured(
                self._convert(base.value),
                self._span(base.value),
                base.keyword.value if base.keyword is not None else base.star,
            )
            for base in (*node.bases, *node.keywords)
        )
        outer = self._scope
        self._scope = _Scope(qualified + ".", outer=outer)
        self._suite(node.body, _field(twin, "body"))
        members = tuple(sorted(self._scope.names.items()))
        self._scope = outer
        attributes = tuple(self._instance_attributes(node, twin))
        self._at = at
        self._bind(node.name.value, span, Class(qualified, bases, decorators, members, attributes))

    def _decorators(self, decorators: Sequence[cst.Decorator]) -> tuple[Captured, ...]:
        return tuple(
            Captured(self._convert(decorator.decorator), self._span(decorator.decorator)) for decorator in decorators
        )

    def _if(self, node: cst.If, twin: ast.stmt | None) -> None:
        test = twin.test if isinstance(twin, ast.If) else _parse_test(self._module, node.test)
        decided = decide(test, self._target_version)
        if is_main_guard(test):
            decided = None if self._reloads_in(node.body) else False
        self._convert(node.test)
        first = first_run(test)
        if first is None and node.orelse is not None and self._reloads_in(node.body):
            # What reloads other modules is a later run, whatever the condition's words: the Blender idiom.
            first = False
        then = (node.body, _field(twin, "body"))
        before = self._scope.copy()
        after: list[_Scope] = []
        if decided is not False:
            after.append(self._branch(before, lambda: self._suite(*then), is_kept=first is True))
        if decided is not True:
            orelse = _field(twin, "orelse")
            after.append(self._branch(before, lambda: self._else(node.orelse, orelse), is_kept=first is False))
        self._scope.merge(after)

    def _reloads_in(self, suite: cst.BaseSuite) -> bool:
        return self._spells_reload and _RELOAD_SPELLED.search(self._module.code_for_node(suite)) is not None

    def _branch(self, start: _Scope, run: Callable[[], None], *, is_kept: bool = False) -> _Scope:
        """Run a branch from a copy of `start` and return what stands at its end."""
        current, kept = self._scope, self._is_kept
        self._scope = start.copy()
        self._is_kept = kept or is_kept
        self._branching += 1
        run()
        self._branching -= 1
        ended = self._scope
        self._scope, self._is_kept = current, kept
        return ended

    def _else(self, node: cst.If | cst.Else | None, twins: Sequence[ast.stmt] | None) -> None:
        if isinstance(node, cst.If):
            self._statement(node, twins[0] if twins else None)
        elif node is not None:
            self._suite(node.body, twins)

    def _try(self, node: cst.Try | cst.TryStar, twin: ast.stmt | None) -> None:
        before = self._scope.copy()
        body = self._branch(before, lambda: self._suite(node.body, _field(twin, "body")))
        broken = before.copy()
        broken.merge([before, body])
        if body.is_dead:
            broken = before.copy()
        completed = self._branch(body, lambda: self._else(node.orelse, _field(twin, "orelse")))
        completed.is_dead = completed.is_dead or body.is_dead
        handlers = _field(twin, "handlers")
        after = [completed]
        caught: Sequence[cst.ExceptHandler | cst.ExceptStarHandler] = node.handlers
        for position, handler in enumerate(caught):
            handler_twins = _field(handlers[position] if handlers else None, "body")
            after.append(
                self._branch(
                    broken,
                    partial(self._suite, handler.body, handler_twins),
                    is_kept=handler.type is not None and _written(handler.type) == "NameError",
                )
            )
        self._scope.merge(after)
        if node.finalbody is not None:
            self._suite(node.finalbody.body, _field(twin, "finalbody"))

    def _for(self, node: cst.For, twin: ast.stmt | None) -> None:
        before = self._scope.copy()
        value = Item(self._convert(node.iter))
        for single, part in shares(node.target, value):
            self._assign_one(single, part, node.iter)
        bound = {
            single.value: self._scope.names.get(single.value)
            for single, _ in shares(node.target, value)
            if isinstance(single, cst.Name)
        }
        self._suite(node.body, _field(twin, "body"))
        last = _last(value.value)
        if last is not None:
            self._enter(node, twin)
            for single, part in shares(node.target, last):
                if isinstance(single, cst.Name) and self._scope.names.get(single.value) == bound[single.value]:
                    self._assign_one(single, part, node.iter)
        else:
            self._scope.merge([before, self._scope.copy()])
        self._else(node.orelse, _field(twin, "orelse"))

    def _with(self, node: cst.With, twin: ast.stmt | None) -> None:
        for item in node.items:
            value = self._convert(item.item)
            if item.asname is not None:
                for single, part in shares(item.asname.name, Derived((value,))):
                    self._assign_one(single, part, item.item)
        self._suite(node.body, _field(twin, "body"))

    def _delete(self, target: cst.BaseDelTargetExpression) -> None:
        if isinstance(target, cst.Name):
            self._scope.names.pop(target.value, None)
        elif isinstance(target, cst.Tuple):
            for element in target.elements:
                if isinstance(element.value, cst.Name):
                    self._scope.names.pop(element.value.value, None)

    # -- names --------------------------------------------------------------------------------------------

    def _qualified(self, name: str) -> str:
        return self._scope.prefix + name

    def _bind(self, name: str, span: Span, value: Bound, *, block: str = "") -> int:
        index = len(self._bindings)
        qualified = name if block else self._qualified(name)
        self._bindings.append(Binding(qualified, span, value, self._at, block, self._is_kept))
        if not block:
            reaching = self._scope.names.get(name, ())
            if reaching and all(_binds_same(self._bindings[other].value, value) for other in reaching):
                self._scope.names[name] = (*reaching, index)
            else:
                self._scope.bind(name, index)
        return index

    def _bind_walrus(self, target: cst.Name, value: Expression) -> None:
        if not self._is_quiet:
            self._bind(target.value, self._span(target), value)

    def _look(self, name: str) -> Expression:
        scope: _Scope | None = self._scope
        while scope is not None:
            reaching = scope.names.get(name)
            if reaching is not None:
                stars = tuple(index for index in reaching if index in scope.stars)
                return Reference(name, tuple(i for i in reaching if i not in stars), stars)
            if scope.outer is None:
                return Reference(name, (), scope.stars)
            scope = scope.outer
        raise AssertionError

    def _convert(self, node: cst.BaseExpression) -> Expression:
        return self._converter.convert(node, self._look)

    def _span(self, node: cst.CSTNode) -> Span:
        return NOWHERE if self._is_quiet else self._positions.span(node)

    # -- function bodies ----------------------------------------------------------------------------------

    def _collect(
        self, node: cst.FunctionDef, twin: ast.stmt | None, name: str, outer: _FunctionScope | None
    ) -> _FunctionScope:
        """Read a function's statements: what it returns, what its names are assigned, which globals it binds."""
        parameters = set(parameter_names(node.params))
        for special in (node.params.star_arg, node.params.star_kwarg):
            if isinstance(special, cst.Param):
                parameters.add(special.name.value)
        scope = _FunctionScope(name, frozenset(parameters), outer)
        body = list(_function_statements(node.body.body, _field(twin, "body")))
        for statement, _ in body:
            if isinstance(statement, cst.Global):
                scope.global_names.update(item.name.value for item in statement.names)
        for statement, other in body:
            self._collect_one(statement, other, scope)
        self._collect_local_imports(scope, body, twin)
        return scope

    def _collect_one(self, node: _Statement, twin: ast.stmt | None, scope: _FunctionScope) -> None:
        match node:
            case cst.Return():
                if node.value is not None:
                    scope.returns.append(node.value)
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
                scope.values.setdefault(node.name.value, []).append(lambda: LITERAL)
            case cst.For():
                self._collect_loop(node.target, node.iter, scope)
            case cst.With():
                for item in node.items:
                    if item.asname is not None:
                        self._collect_loop(item.asname.name, item.item, scope)
            case cst.Expr():
                _note_yield(node.value, scope)
                if isinstance(node.value, cst.Call) and _written(node.value.func).endswith(".cache_clear"):
                    self._enter(node, twin)
                    self._rebound.append((scope.name, _written(node.value.func), self._at))
            case cst.Del():
                if isinstance(node.target, cst.Name) and node.target.value in scope.global_names:
                    self._enter(node, twin)
                    self._rebound.append((scope.name, node.target.value, self._at))
            case _:
                pass

    def _collect_assignment(
        self,
        target: cst.BaseExpression,
        value: cst.BaseExpression,
        node: _Statement,
        twin: ast.stmt | None,
        scope: _FunctionScope,
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

        def convert_share(wanted: cst.BaseExpression) -> Callable[[], Expression]:
            def convert() -> Expression:
                whole = self._quietly(value, scope)
                return next((part for single, part in shares(target, whole) if single is wanted), LITERAL)

            return convert

        for single, _ in shares(target, LITERAL):
            if isinstance(single, cst.Name):
                if single.value in scope.global_names:
                    self._bind_globally(single.value, single, value, node, twin, scope, target)
                else:
                    scope.values.setdefault(single.value, []).append(convert_share(single))

    def _collect_loop(self, target: cst.BaseExpression, values: cst.BaseExpression, scope: _FunctionScope) -> None:
        for single, _ in shares(target, LITERAL):
            if isinstance(single, cst.Name) and single.value not in scope.global_names:
                scope.values.setdefault(single.value, []).append(lambda: Item(self._quietly(values, scope)))

    def _collect_import(self, node: cst.Import | cst.ImportFrom, twin: ast.stmt | None, scope: _FunctionScope) -> None:
        self._enter(node, twin)
        for name, span, bound in self._imported(node, twin):
            if name in scope.global_names:
                self._rebound.append((scope.name, name, self._at))
                self._bind(name, span, bound, block=scope.name)
            elif not isinstance(bound, StarImport):
                # The import of a function body has no entry in the module's names, but it is a binding like any
                # other, so that expressions can refer to it.
                index = len(self._bindings)
                self._bindings.append(Binding(name, NOWHERE, bound, self._at, scope.name + ".<locals>"))
                scope.values.setdefault(name, []).append(partial(Reference, name, (index,)))

    def _collect_global_definition(
        self, node: cst.FunctionDef | cst.ClassDef, twin: ast.stmt | None, scope: _FunctionScope
    ) -> None:
        """Bind a function or class that a ``global`` statement makes the module's."""

        def look(name: str) -> Expression:
            return self._look_in(scope, name)

        self._enter(node, twin)
        name = node.name.value
        span = self._positions.definition_name(node, twin)
        decorators = tuple(
            Captured(self._converter.convert(item.decorator, look), self._span(item.decorator))
            for item in node.decorators
        )
        self._rebound.append((scope.name, name, self._at))
        bound: Bound
        if isinstance(node, cst.FunctionDef):
            defaults = self._converter.defaults(node.params, look)
            bound = Function(name, parameter_names(node.params), defaults, decorators, is_opaque=True)
        else:
            bases = tuple(
                Captured(
                    self._converter.convert(base.value, look),
                    self._span(base.value),
                    base.keyword.value if base.keyword is not None else base.star,
                )
                for base in (*node.bases, *node.keywords)
            )
            bound = Class(name, bases, decorators)
        self._bind(name, span, bound, block=scope.name)

    def _collect_nested(self, node: cst.FunctionDef, twin: ast.stmt | None, scope: _FunctionScope) -> None:
        inner = self._collect(node, twin, f"{scope.name}.<locals>.{node.name.value}", scope)

        def convert() -> Expression:
            names = _names_below(node) - inner.parameters - inner.values.keys()
            captures = tuple(
                self._look_in(scope, name) for name in sorted(names) if name in scope.values or name in scope.parameters
            )
            decorators = tuple(
                Captured(self._quietly(decorator.decorator, scope), NOWHERE) for decorator in node.decorators
            )
            return FunctionExpression(
                Function(inner.name, parameter_names(node.params), decorators=decorators, captures=captures)
            )

        if node.name.value not in scope.global_names:
            scope.values.setdefault(node.name.value, []).append(convert)

    def _bind_globally(
        self,
        name: str,
        target: cst.BaseExpression,
        value: cst.BaseExpression,
        node: _Statement,
        twin: ast.stmt | None,
        scope: _FunctionScope,
        whole: cst.BaseExpression | None = None,
    ) -> None:
        self._enter(node, twin)
        span = self._span(target)
        converted = self._converter.convert(value, lambda wanted: self._look_in(scope, wanted))
        if whole is not None:
            converted = next((part for single, part in shares(whole, converted) if single is target), LITERAL)
        self._rebound.append((scope.name, name, self._at))
        self._bind(name, span, converted, block=scope.name)

    def _collect_local_imports(
        self,
        scope: _FunctionScope,
        body: Sequence[tuple[_Statement, ast.stmt | None]],
        twin: ast.stmt | None,
    ) -> None:
        imports: list[tuple[str, Span, NameImport | ModuleImport, Location]] = []
        for statement, other in body:
            if isinstance(statement, (cst.Import, cst.ImportFrom)):
                self._enter(statement, other)
                imports += [
                    (name, span, bound, self._at)
                    for name, span, bound in self._imported(statement, other)
                    if not isinstance(bound, StarImport) and name not in scope.global_names
                ]
        if imports and twin is not None:
            uses = find_local_uses(twin, {name for name, *_ in imports})
            for name, span, bound, at in imports:
                rebound = [place for other, _, _, place in imports if other == name and place > at]
                until = min(rebound) if rebound else None
                kept = tuple(u for u in uses.get(name, ()) if u > at and (until is None or u < until))
                self._local_imports.append(LocalImport(name, span, bound, scope.name, at, kept))

    def _returns(self, scope: _FunctionScope) -> tuple[Expression, ...]:
        return tuple(self._quietly(value, scope) for value in scope.returns)

    def _quietly(self, node: cst.BaseExpression, scope: _FunctionScope) -> Expression:
        """Convert an expression of a function body, whose places nobody will point at."""
        quiet, self._is_quiet = self._is_quiet, True
        try:
            return self._converter.convert(node, lambda name: self._look_in(scope, name))
        finally:
            self._is_quiet = quiet

    def _look_in(self, scope: _FunctionScope, name: str) -> Expression:
        current: _FunctionScope | None = scope
        while current is not None:
            if name in current.global_names:
                break
            if name in current.values:
                return self._expand(current, name)
            if name in current.parameters:
                return Parameter(name) if current is scope else LITERAL
            current = current.outer
        return Reference(name, is_late=True)

    def _expand(self, scope: _FunctionScope, name: str) -> Expression:
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

    def _instance_attributes(self, node: cst.ClassDef, twin: ast.stmt | None) -> Iterator[InstanceAttribute]:
        for statement, other in blocks(node.body.body, _field(twin, "body")):
            if isinstance(statement, cst.FunctionDef) and statement.name.value == "__init__":
                names = parameter_names(statement.params)
                if not names:
                    continue
                scope = self._collect(statement, other, f"{node.name.value}.__init__", None)
                body = _function_statements(statement.body.body, _field(other, "body"))
                yield from self._self_assignments(names[0], body, scope)

    def _self_assignments(
        self, self_name: str, body: Iterable[tuple[_Statement, ast.stmt | None]], scope: _FunctionScope
    ) -> Iterator[InstanceAttribute]:
        for statement, twin in body:
            if isinstance(statement, cst.Assign):
                pairs = [(target.target, statement.value) for target in statement.targets]
            elif isinstance(statement, cst.AnnAssign) and statement.value is not None:
                pairs = [(statement.target, statement.value)]
            else:
                continue
            for target, value in pairs:
                match target:
                    case cst.Attribute(value=cst.Name(value=root), attr=cst.Name(value=name)) if root == self_name:
                        self._enter(statement, twin)
                        converted = self._converter.convert(value, lambda wanted: self._look_in(scope, wanted))
                        yield InstanceAttribute(name, converted, self._span(target))


def _field(twin: object, name: str) -> list[ast.stmt] | None:
    found: list[ast.stmt] | None = getattr(twin, name, None)
    return found


def _parse_test(module: cst.Module, test: cst.BaseExpression) -> ast.expr:
    try:
        return ast.parse(module.code_for_node(test).strip(), mode="eval").body
    except SyntaxError:
        return ast.Name("?", ast.Load())


def _written(node: cst.CSTNode) -> str:
    """Return a dotted name as it is written; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    parts.append(node.value)
    return ".".join(reversed(parts))


def _function_statements(
    body: Sequence[cst.BaseStatement | cst.BaseSmallStatement], twins: Sequence[ast.stmt] | None
) -> Iterator[tuple[_Statement, ast.stmt | None]]:
    """Yield the statements of a function body, nested blocks included, nested definitions not entered."""
    for node, twin in blocks(body, twins):
        yield node, twin
        for suite, inner in _suites(node, twin):
            yield from _function_statements(suite.body, inner)


def _suites(node: _Statement, twin: ast.stmt | None) -> Iterator[tuple[cst.BaseSuite, list[ast.stmt] | None]]:
    match node:
        case cst.If():
            yield node.body, _field(twin, "body")
            orelse = _field(twin, "orelse")
            if isinstance(node.orelse, cst.If):
                yield from _suites(node.orelse, orelse[0] if orelse else None)
            elif node.orelse is not None:
                yield node.orelse.body, orelse
        case cst.For() | cst.While():
            yield node.body, _field(twin, "body")
            if node.orelse is not None:
                yield node.orelse.body, _field(twin, "orelse")
        case cst.With():
            yield node.body, _field(twin, "body")
        case cst.Try() | cst.TryStar():
            yield node.body, _field(twin, "body")
            handlers = _field(twin, "handlers")
            caught: Sequence[cst.ExceptHandler | cst.ExceptStarHandler] = node.handlers
            for position, handler in enumerate(caught):
                yield handler.body, _field(handlers[position] if handlers else None, "body")
            if node.orelse is not None:
                yield node.orelse.body, _field(twin, "orelse")
            if node.finalbody is not None:
                yield node.finalbody.body, _field(twin, "finalbody")
        case cst.Match():
            cases = _field(twin, "cases")
            for position, matched in enumerate(node.cases):
                yield matched.body, _field(cases[position] if cases else None, "body")


def _binds_same(one: Bound, other: Bound) -> bool:
    """Whether two imports bind the same package: ``import p.a`` and ``import p.b``."""
    if not (isinstance(one, ModuleImport) and isinstance(other, ModuleImport)):
        return False
    first = one.module.partition(".")[0] == other.module.partition(".")[0]
    return one.binds_first and other.binds_first and first


def _last(values: Expression) -> Expression | None:
    """Return the last element of a sequence that is written out: what a loop variable keeps."""
    if isinstance(values, Display) and values.is_sequence and values.elements:
        element = values.elements[-1]
        return None if element.is_unpacked else element.value
    return None


def _note_yield(value: cst.BaseExpression, scope: _FunctionScope) -> None:
    if isinstance(value, cst.Yield):
        scope.is_opaque = True


def _names_below(node: cst.CSTNode) -> set[str]:
    names: set[str] = set()
    pending: list[cst.CSTNode] = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, cst.Name):
            names.add(current.value)
        else:
            pending.extend(current.children)
    return names
