"""The LibCST walker: one file → its summary. A pure function of the file's bytes and the target version."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice, repeat

import libcst as cst

from stalecheck.called import find_filling
from stalecheck.emptying import emptied_attributes
from stalecheck.index import REPLACES_ITSELF, Unreadable, decode, is_type_checking, parse
from stalecheck.model import Location, Span
from stalecheck.newer import parse_newer
from stalecheck.nodes import descendants, named_parameters
from stalecheck.parsing import UnparsedError, parse_whole
from stalecheck.reloads.reruns import first_run, is_first_run
from stalecheck.summarize.bodies import Bodies
from stalecheck.summarize.expressions import (
    choice,
    double_star_name,
    first_annotation,
    overlay,
    parameter_names,
    share,
    shares,
    star_name,
)
from stalecheck.summarize.fillings import outermost
from stalecheck.summarize.guards import decide, is_main_guard, kept_name, named_conditions
from stalecheck.summarize.imports import imported
from stalecheck.summarize.letting_go import let_go
from stalecheck.summarize.namespaces import is_namespace, narrowed, tests_of_all
from stalecheck.summarize.patterns import captured, twins_of
from stalecheck.summarize.positions import Positions, blocks, provide
from stalecheck.summarize.public import Public
from stalecheck.summarize.recorder import Recorder
from stalecheck.summarize.remembered import remembered
from stalecheck.summarize.running import Runner
from stalecheck.summarize.scope import Scope
from stalecheck.summarize.settings import Row, literal_name, own_name, rows, setting, updated
from stalecheck.summarize.shorten import shortened
from stalecheck.summarize.standard import asked_for, needed
from stalecheck.summarize.summary import (
    LITERAL,
    NOWHERE,
    Argument,
    Attribute,
    Binding,
    Bound,
    Call,
    CallStatement,
    Captured,
    Class,
    Display,
    Element,
    Expression,
    Fallback,
    Function,
    Item,
    Literal,
    ModuleImport,
    NamedModule,
    NameImport,
    Needed,
    NewKey,
    Parameter,
    Reference,
    StarImport,
    Store,
    Summary,
)
from stalecheck.summarize.syntax import Block, Statement, as_written, block_of, breaks, is_class_variable, parse_test
from stalecheck.summarize.trim import RELOAD_SPELLED, without_idle_statements
from stalecheck.summarize.usage import find_dotted, find_parameter_usages, find_usages, names_read
from stalecheck.vocabulary import MUTATORS

_WITH_DEFAULTS = ("collections.defaultdict", "collections.Counter")
"""What puts in a key that it lacks where that is looked up, or where something is added to what stands there."""

_ANSWERS_NAMES = re.compile(r"^(?:def[ \t]+)?__getattr__\b", re.MULTILINE)


def summarize(data: bytes, target_version: tuple[int, int]) -> Summary | Unreadable:
    """Summarize one file's bytes for the given target version."""
    tree, is_whole = _parse(data)
    try:
        source = decode(data)
        if tree is not None and is_whole:
            source, tree = shortened(source, tree) or (source, tree)
        module = _parse_closely(source, tree, is_whole=is_whole)
    except UnparsedError as error:
        kept = None if tree is None else _without_rejected(source, tree)
        if kept is not None:
            return summarize(kept.encode(), target_version)
        # Its message is a list of tokens, its place the next token's.
        return Unreadable("syntax that the parser does not know", Location(error.row, 1))
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        return Unreadable(str(error), Location(1, 1))
    if tree is not None and is_whole:
        return _Walker(Positions(source), target_version, source, tree).walk(module, tree, tree.body)
    module, ranges = provide(module)
    return _Walker(Positions(source, ranges), target_version, source, None).walk(module, tree, None)


def _parse(data: bytes) -> tuple[ast.Module | None, bool]:
    """Return the standard library's tree, if there is one, and whether it has all the statements of the file."""
    tree = parse(data)
    if isinstance(tree, ast.Module):
        return tree, True
    newer = parse_newer(data)
    return (None, False) if newer is None else (newer.tree, newer.is_whole)


def _parse_closely(source: str, tree: ast.Module | None, *, is_whole: bool) -> cst.Module:
    """Parse with LibCST what a summary tells of. Raises UnparsedError, with the row in the file."""
    if tree is None:
        return parse_whole(source)
    if is_whole:
        # The places come from the other tree.
        with suppress(UnparsedError):
            return parse_whole(without_idle_statements(source, tree, keeps_rows=False))
    return parse_whole(without_idle_statements(source, tree))


def _without_rejected(source: str, tree: ast.Module) -> str | None:
    """Blank the statements that Python parses and LibCST does not, such as ``(x): int``; None if that is not it."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", source)
    is_changed = False
    for statement in tree.body:
        decorators = getattr(statement, "decorator_list", ())
        first = min(statement.lineno, *(decorator.lineno for decorator in decorators), statement.lineno)
        last = statement.end_lineno or statement.lineno
        try:
            parse_whole("".join(lines[first - 1 : last]))
        except UnparsedError:
            lines[first - 1 : last] = ["\n"] * (last - first + 1)
            is_changed = True
    return "".join(lines) if is_changed else None


class _Walker:
    def __init__(
        self, positions: Positions, target_version: tuple[int, int], source: str, tree: ast.Module | None
    ) -> None:
        self._target_version = target_version
        self._spells_reload = RELOAD_SPELLED.search(source) is not None
        self._replaces_itself = REPLACES_ITSELF.search(source.encode()) is not None
        self._answers_names = self._replaces_itself or _ANSWERS_NAMES.search(source) is not None
        self._declared: list[tuple[str, int]] = []
        self._cached_at: Span | None = None
        self._fallbacks: list[Fallback] = []
        self._recorder = Recorder(positions)
        self._rounds: list[tuple[Row, Mapping[str, tuple[int, ...]]]] = []
        """What each round of the loop whose body is being read binds, and what its names stand for meanwhile."""

        self._public = Public(self._recorder)
        self._bodies = Bodies(self._recorder, source, tree)
        self._runner = Runner(self._recorder, frozenset(), self._suite)

    def walk(self, module: cst.Module, tree: ast.Module | None, twins: Sequence[ast.stmt] | None) -> Summary:
        self._module = module
        self._conditions = named_conditions(tree, self._target_version, sys.platform) if tree else {}
        if tree is not None and twins is not None:
            self._runner = Runner(self._recorder, find_filling(tree), self._suite)
        self._block(module.body, twins)
        exports = self._recorder.scope.names
        usages = find_usages(tree, frozenset(exports) | self._names_of_stars(tree)) if tree else {}
        bindings = self._recorder.bindings
        first = Counter(b.name for b in bindings if isinstance(b.value, ModuleImport) and b.value.binds_first)
        packages = {name for name, count in first.items() if count > 1}
        summary = Summary(
            bindings=tuple(self._recorder.bindings),
            exports=tuple(sorted(exports.items())),
            stars=self._recorder.scope.stars,
            stores=tuple(self._recorder.stores),
            calls=tuple(self._recorder.calls),
            local_imports=tuple(self._recorder.local_imports),
            public=None if self._public.names is None else tuple(self._public.names),
            usages=tuple(sorted((name, tuple(kinds)) for name, kinds in usages.items())),
            rebound=tuple(self._recorder.rebound),
            declared=tuple(self._declared) if self._replaces_itself or "__getattr__" in exports else (),
            cached_at=self._cached_at,
            dotted=tuple(sorted(find_dotted(tree, packages))) if tree and packages else (),
            fallbacks=tuple(self._fallbacks),
        )
        bodies = tuple(self._runner.bodies()) if self._recorder.reloading else ()
        return replace(summary, bindings=tuple(self._recorder.bindings), bodies=bodies) if bodies else summary

    def _names_of_stars(self, tree: ast.Module) -> frozenset[str]:
        """Return the names that may have come through a star import."""
        return names_read(tree) if self._recorder.scope.stars else frozenset()

    def _block(
        self, body: Sequence[cst.BaseStatement | cst.BaseSmallStatement], twins: Sequence[ast.stmt] | None
    ) -> None:
        for node, twin in blocks(body, twins):
            if self._recorder.scope.is_dead:
                return
            self._statement(node, twin)

    def _statement(self, node: Statement, twin: ast.stmt | None) -> None:
        self._recorder.enter(node, twin)
        match node:
            # Most of what is left of a file stands first.
            case cst.Pass():
                if isinstance(twin, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    self._idle_function(twin)
            case cst.Expr():
                self._expression_statement(node, twin)
                self._runner.call(node.value)
            case cst.Assign():
                self._assign([target.target for target in node.targets], node.value, twin)
                self._run(node.targets[0].target, node.value)
            case cst.FunctionDef() | cst.ClassDef() if self._recorder.within:
                self._recorder.bind(node.name.value, NOWHERE, LITERAL)
            case cst.FunctionDef():
                self._function(node, twin)
            case cst.ClassDef():
                self._class(node, twin)
            case cst.Import() | cst.ImportFrom():
                self._import(node, twin)
            case cst.If():
                self._if(node, twin)
            case cst.Return() if self._recorder.within:
                self._runner.call(node.value)
                self._recorder.scope.is_dead = True
            case cst.AnnAssign() if node.value is not None:
                self._assign([node.target], node.value, twin)
                self._run(node.target, node.value)
                is_field = isinstance(node.target, cst.Name) and not is_class_variable(node.annotation.annotation)
                if is_field and self._recorder.bindings:
                    self._recorder.bindings[-1] = replace(self._recorder.bindings[-1], is_annotated=True)
            case cst.AugAssign():
                self._augment(node)
            case cst.Try() | cst.TryStar():
                self._try(node, twin)
            case cst.For():
                self._for(node, twin)
            case cst.While():
                self._recorder.convert(node.test)
                if not self._never_runs(node, twin):
                    self._branches([(node.body, block_of(twin, "body")), (None, None)])
                self._else(node.orelse, block_of(twin, "orelse"))
            case cst.With():
                self._with(node, twin)
            case cst.Match():
                self._match(node, twin)
            case cst.Del():
                self._delete(node.target)
            case cst.Assert():
                self._recorder.convert(node.test)
            case cst.Raise():
                self._recorder.scope.is_dead = True
            case _:
                pass

    def _run(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        """Run what an assignment calls: a function of the file, or what makes an instance."""
        self._runner.call(value)
        if isinstance(target, cst.Name) and isinstance(value, cst.Call):
            self._runner.make(target.value)

    def _suite(self, suite: Block, twins: Sequence[ast.stmt] | None) -> None:
        self._block(suite.body, twins)

    def _branches(
        self, suites: Sequence[tuple[Block | None, Sequence[ast.stmt] | None]], start: Scope | None = None
    ) -> None:
        """Run each suite from the same state and merge what stands afterwards; None stands for nothing run."""
        before = start or self._recorder.scope
        after = []
        for suite, twins in suites:
            self._recorder.scope = before.copy()
            if suite is not None:
                self._recorder.branching += 1
                self._suite(suite, twins)
                self._recorder.branching -= 1
            after.append(self._recorder.scope)
        self._recorder.scope = before
        self._recorder.scope.merge(after)

    def _expression_statement(self, node: cst.Expr, twin: ast.stmt | None) -> None:
        match node.value:
            case cst.Call(
                func=cst.Attribute(attr=cst.Name(value="setdefault")), args=[cst.Arg(value=key), cst.Arg(value=default)]
            ) if name := self._kept_name(twin):
                self._bind_kept(name, key, default)
                return
        if self._is_set(node.value):
            return
        value = self._recorder.convert(node.value)
        if isinstance(node.value, cst.Call) and isinstance(value, Call):
            self._record_call(node.value, value)

    def _is_set(self, node: cst.BaseExpression) -> bool:
        """Whether a call binds names that are known, or sets attributes of such names; it does, then."""
        for name, place, bound in (entries := updated(node)):
            self._recorder.bind(name, self._recorder.span(place), self._recorder.convert(bound))
        found = setting(node)
        if found is None:
            return bool(entries)
        named = list(self._named(found.name, found.value))
        owner, holder = self._recorder.convert(found.owner), self._holder_name(found.owner)
        span = self._recorder.span(found.name)
        for name, value in named:
            if self._is_itself(owner):
                self._recorder.bind(name, span, value)
            else:
                self._set_attribute(owner, holder and f"{holder}.{name}", name, value, span)
        return bool(named)

    def _is_itself(self, owner: Expression) -> bool:
        """Whether an expression is the module that is being read: ``sys.modules[__name__]``."""
        while isinstance(owner, Reference) and len(owner.reaching) == 1 and not owner.stars:
            bound = self._recorder.bindings[owner.reaching[0]].value
            if not isinstance(bound, (NamedModule, Reference)):
                return False
            owner = bound
        return owner == NamedModule("__name__")

    def _named(self, key: cst.BaseExpression, node: cst.BaseExpression) -> Iterator[tuple[str, Expression]]:
        """Yield what something is bound to under a name in a string: one of a loop's over such, or one written out."""
        if literal_name(key):
            yield literal_name(key), self._recorder.convert(node)
        for row, reaching in self._rounds if isinstance(key, cst.Name) else ():
            names = self._recorder.scope.names
            if isinstance(key, cst.Name) and key.value in row and names.get(key.value) == reaching[key.value]:
                name = literal_name(row[key.value])
                if name:
                    given = {local: self._recorder.convert(value) for local, value in row.items()}
                    look = overlay(given, self._recorder.look)
                    yield name, self._recorder.converter.convert(node, look)

    def _record_call(self, node: cst.Call, value: Call) -> None:
        name = as_written(node.func)
        if name == "__all__.extend" and node.args:
            self._public.extend(node.args[0].value)
        elif name == "__all__.append" and node.args:
            self._public.extend(cst.List([cst.Element(node.args[0].value)]))
        else:
            written = self._holder_name(node.func)
            if not written and isinstance(node.func, cst.Attribute):
                container = self._holder_name(outermost(node.func.value))
                written = container and f"{container}.{node.func.attr.value}"
            written = written or " ".join(self._module.code_for_node(node.func).split())
            span = self._recorder.span(node)
            at, within = self._recorder.at, self._recorder.within
            if not self._is_local(node.func):
                new_keys = tuple(self._new_keys(node.func.value)) if isinstance(node.func, cst.Attribute) else ()
                statement = CallStatement(value, written, at, self._may_not_run(), span, within, new_keys)
                self._recorder.calls.append(statement)

    def _kept_name(self, twin: ast.stmt | None) -> str:
        """Return the name of the module whose value of an earlier run, if there was one, a statement goes on with."""
        value = getattr(twin, "value", None)
        if not isinstance(value, ast.expr) or self._recorder.scope.outer is not None:
            return ""
        name = kept_name(value)
        # What this run has bound above is what it goes on with.
        return "" if name in self._recorder.scope.names else name

    def _bind_kept(self, name: str, place: cst.BaseExpression, value: cst.BaseExpression) -> None:
        """Bind a name that only the first run of the body binds."""
        converted = self._recorder.convert(value)
        kept, self._recorder.is_kept = self._recorder.is_kept, True
        self._recorder.bind(name, self._recorder.span(place), converted)
        self._recorder.is_kept = kept

    def _assign(
        self, targets: Sequence[cst.BaseExpression], node: cst.BaseExpression, twin: ast.stmt | None = None
    ) -> None:
        kept = self._kept_name(twin)
        if kept and any(isinstance(target, cst.Name) and target.value == kept for target in targets):
            default = _default(node)
            for target in targets:
                if isinstance(target, cst.Name):
                    self._bind_kept(target.value, target, default)
            return
        value = self._recorder.convert(node)
        if isinstance(node, cst.Call) and isinstance(value, Call):
            self._record_call(node, value)
        for target in targets:
            if isinstance(target, cst.Name) and isinstance(node, (cst.List, cst.Tuple)):
                self._public.texts[target.value] = node
            if isinstance(target, cst.Name) and target.value == "__all__":
                self._public.names = []
                self._public.extend(node)
            for single, part in shares(target, value):
                self._assign_one(single, part, node)

    def _assign_one(self, target: cst.BaseExpression, value: Expression, node: cst.BaseExpression) -> None:
        if isinstance(target, cst.StarredElement):
            target = target.value
        if isinstance(target, cst.Name):
            function = self._recorder.scope.function
            if function is None or self._recorder.is_called_later or target.value not in function.global_names:
                self._recorder.bind(target.value, self._recorder.span(target), value)
        elif isinstance(target, cst.Attribute):
            owner, span = self._recorder.convert(target.value), self._recorder.span(target)
            self._set_attribute(owner, self._holder_name(target), target.attr.value, value, span)
        elif isinstance(target, cst.Subscript):
            self._store_item(target, value, node)

    def _set_attribute(self, owner: Expression, holder: str, name: str, value: Expression, span: Span) -> None:
        self._recorder.stores.append(
            Store(
                owner,
                holder,
                (Element(value, span),),
                span,
                self._recorder.at,
                name,
                is_conditional=self._may_not_run(),
                within=self._recorder.within,
            )
        )

    def _store_item(self, target: cst.Subscript, value: Expression, node: cst.BaseExpression) -> None:
        key = own_name(target)
        if key is not None:
            named = [(literal_name(key), value)] if literal_name(key) else list(self._named(key, node))
            for name, part in named:
                self._recorder.bind(name, self._recorder.span(target), part)
            if named:
                return
        held: tuple[Element, ...] = (Element(value, self._recorder.span(node)),)
        if any(isinstance(part.slice, cst.Slice) for part in target.slice):
            # `table[:] = values` takes out what `table.clear()` does, and puts in what `table.extend(values)` does.
            self._take_out(target)
            if isinstance(value, Display):
                held = value.elements
            else:
                held = (Element(value, self._recorder.span(node), is_unpacked=True),)
        keys = (
            Element(
                self._recorder.convert(part.slice.value) if isinstance(part.slice, cst.Index) else LITERAL,
                self._recorder.span(part.slice.value) if isinstance(part.slice, cst.Index) else NOWHERE,
                is_key=True,
            )
            for part in target.slice
        )
        held = (*keys, *held)
        self._recorder.stores.append(
            Store(
                self._recorder.convert(target.value),
                self._holder_name(outermost(target.value)),
                held,
                self._recorder.span(target),
                self._recorder.at,
                is_conditional=self._may_not_run(),
                within=self._recorder.within,
                new_keys=tuple(self._new_keys(target.value)),
            )
        )

    def _augment(self, node: cst.AugAssign) -> None:
        if isinstance(node.target, cst.Name) and node.target.value == "__all__":
            self._public.extend(node.value)
            return
        value = self._recorder.convert(node.value)
        span = self._recorder.span(node.value)
        held = value.elements if hasattr(value, "elements") else (Element(value, span, is_unpacked=True),)
        if not isinstance(node.operator, _PUTTING_IN):
            held = (Element(LITERAL, span, is_key=True),)  # The places of its elements are others afterwards.
        self._recorder.stores.append(
            Store(
                self._recorder.convert(node.target),
                self._holder_name(outermost(node.target)),
                held,
                span,
                self._recorder.at,
                is_conditional=self._may_not_run(),
                within=self._recorder.within,
                new_keys=tuple(self._new_keys(node.target)),
            )
        )

    def _new_keys(self, container: cst.BaseExpression) -> Iterator[NewKey]:
        """Yield the keys that mappings get when a container is looked up in them, the innermost first."""
        makers: tuple[str, ...]
        while True:
            match container:
                case cst.Subscript(value=outer, slice=[cst.SubscriptElement(slice=cst.Index(value=key))]):
                    makers = _WITH_DEFAULTS
                case cst.Call(
                    func=cst.Attribute(value=outer, attr=cst.Name(value="setdefault")), args=[cst.Arg(value=key), *_]
                ):
                    makers = ()
                case _:
                    return
            put_in = Element(self._recorder.convert(key), self._recorder.span(key), is_key=True, may_lack=True)
            if not isinstance(put_in.value, Literal):
                yield NewKey(self._recorder.convert(outer), put_in, makers)
            container = outer

    def _may_not_run(self) -> bool:
        return self._recorder.branching > 0 or self._recorder.looping > 0

    def _holder_name(self, node: cst.CSTNode) -> str:
        """Return how a holder is written, qualified where the class that is being defined binds it."""
        written = as_written(node)
        function = self._recorder.scope.function
        if function is not None:
            first, dot, rest = written.partition(".")
            if first == function.itself:
                return f"{function.receiver}{dot}{rest}"
            return "" if self._is_bound_here(first) else written
        is_member = self._recorder.scope.outer is not None and written.partition(".")[0] in self._recorder.scope.names
        return self._recorder.qualified(written) if written and is_member else written

    def _is_local(self, node: cst.BaseExpression) -> bool:
        """Whether something is asked of what a function that is running has made or was given itself."""
        while not isinstance(node, cst.Name):
            match node:
                case cst.Attribute(value=inner) | cst.Subscript(value=inner) | cst.Call(func=inner):
                    node = inner
                case _:
                    return False
        return self._is_bound_here(node.value)

    def _is_bound_here(self, name: str) -> bool:
        """Whether a name is one of a function that is running, and not what that calls its object."""
        function = self._recorder.scope.function
        if function is None or name == function.itself or name in function.global_names:
            return False
        return name in self._recorder.scope.names

    def _import(self, node: cst.Import | cst.ImportFrom, twin: ast.stmt | None) -> None:
        for name, span, bound in imported(node, twin, self._recorder.positions):
            if isinstance(bound, StarImport):
                index = len(self._recorder.bindings)
                self._recorder.bindings.append(
                    Binding(
                        "*",
                        span,
                        bound,
                        self._recorder.at,
                        is_conditional=self._recorder.branching > 0,
                        is_again=self._recorder.is_again,
                    )
                )
                scope = self._recorder.scope
                scope.names = {known: (*reaching, index) for known, reaching in scope.names.items()}
                scope.stars = (*scope.stars, index)
            else:
                self._recorder.bind(name, span, bound)
                if name == "__all__":
                    self._public.names = []
                    self._public.extend(cst.Name(name))

    def _function(self, node: cst.FunctionDef, twin: ast.stmt | None) -> None:
        span = self._recorder.positions.definition_name(node, twin)
        at = self._recorder.at
        qualified = self._recorder.qualified(node.name.value)
        decorators = self._decorators(node.decorators)
        defaults = self._recorder.converter.defaults(node.params, self._recorder.look)
        if defaults and isinstance(twin, (ast.FunctionDef, ast.AsyncFunctionDef)):
            usages = find_parameter_usages(twin)
            defaults = tuple(replace(d, usages=tuple(usages.get(d.keyword, ()))) for d in defaults)
        scope = self._bodies.collect(node, twin, qualified, None)
        releases, replaces = self._bodies.taken_back(twin)
        function = Function(
            qualified,
            parameter_names(node.params),
            defaults,
            decorators,
            self._bodies.returns(scope),
            is_opaque=scope.is_opaque or node.asynchronous is not None,
            yields=None if node.asynchronous else self._bodies.yields(scope),
            star=star_name(node.params),
            double_star=double_star_name(node.params),
            keeps=self._bodies.keeps(scope),
            attaches=self._bodies.attached(node, twin, scope),
            retains=self._bodies.retains(node, twin, scope),
            releases=releases,
            replaces=replaces,
            empties=self._emptied(twin),
            dispatched=tuple(self._dispatched(node)) if decorators else (),
            remembered=remembered(twin),
            lets_go=self._let_go(twin),
        )
        self._recorder.at = at
        index = self._recorder.bind(node.name.value, span, function)
        if self._recorder.scope.outer is None:
            self._runner.define_function(index, node, twin)
        if qualified == "__getattr__" and twin is not None:
            for item in ast.walk(twin):
                if isinstance(item, ast.Call) and isinstance(item.func, ast.Name) and item.func.id == "globals":
                    self._cached_at = self._recorder.positions.of_twin(item)

    def _let_go(self, twin: ast.stmt | None) -> tuple[str, ...]:
        """Return of what a method keeps nothing that is called as a container's are."""
        is_method = self._recorder.scope.outer is not None and getattr(twin, "name", "") in MUTATORS
        return let_go(twin) if is_method else ()

    def _emptied(self, twin: ast.stmt | None) -> tuple[str, ...]:
        """Return the attributes that a method empties."""
        is_method = self._recorder.scope.outer is not None and isinstance(twin, ast.FunctionDef)
        return tuple(sorted(emptied_attributes(twin))) if is_method and isinstance(twin, ast.FunctionDef) else ()

    def _idle_function(self, twin: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Bind a function for which a ``pass`` stands: there is nothing to tell of it but its name and parameters."""
        arguments = twin.args
        function = Function(
            self._recorder.qualified(twin.name),
            tuple(item.arg for item in named_parameters(arguments)),
            is_opaque=isinstance(twin, ast.AsyncFunctionDef),
            star=arguments.vararg.arg if arguments.vararg is not None else "",
            double_star=arguments.kwarg.arg if arguments.kwarg is not None else "",
            releases=self._bodies.taken_back(twin)[0],
            empties=self._emptied(twin),
            lets_go=self._let_go(twin),
        )
        span = self._recorder.positions.name_of_twin(twin)
        self._recorder.at = self._recorder.positions.of_twin(twin).start
        self._recorder.bind(twin.name, span, function)

    def _dispatched(self, node: cst.FunctionDef) -> Iterator[Captured]:
        """Yield the classes that the first annotation of a function names."""
        pending = [first_annotation(node.params)]
        while pending:
            match pending.pop():
                case cst.BinaryOperation(left=left, operator=cst.BitOr(), right=right):
                    pending += [right, left]
                case cst.Name() | cst.Attribute() as named:
                    yield Captured(self._recorder.convert(named), self._recorder.span(named))
                case _:
                    pass

    def _class(self, node: cst.ClassDef, twin: ast.stmt | None) -> None:
        span = self._recorder.positions.definition_name(node, twin)
        at = self._recorder.at
        qualified = self._recorder.qualified(node.name.value)
        decorators = self._decorators(node.decorators)
        bases = tuple(
            Captured(
                self._recorder.convert(base.value),
                self._recorder.span(base.value),
                base.keyword.value if base.keyword is not None else base.star,
            )
            for base in (*node.bases, *node.keywords)
        )
        outer = self._recorder.scope
        self._recorder.scope = Scope(qualified + ".", outer=outer)
        self._suite(node.body, block_of(twin, "body"))
        members = tuple(sorted(self._recorder.scope.names.items()))
        self._recorder.scope = outer
        attributes = tuple(self._bodies.instance_attributes(node, twin))
        self._recorder.at = at
        made = Class(qualified, bases, decorators, members, attributes, _initializes_bases(twin))
        index = self._recorder.bind(node.name.value, span, made)
        if outer.outer is None:
            self._runner.define_class(index, node, twin, [base.value for base in bases if not base.keyword])

    def _decorators(self, decorators: Sequence[cst.Decorator]) -> tuple[Captured, ...]:
        return tuple(
            Captured(self._recorder.convert(decorator.decorator), self._recorder.span(decorator.decorator))
            for decorator in decorators
        )

    def _if(self, node: cst.If, twin: ast.stmt | None) -> None:
        test = twin.test if isinstance(twin, ast.If) else parse_test(self._module, node.test)
        asked = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
        modules = {name: True for name in asked if self._is_module(name)}
        decided = decide(test, self._target_version, sys.platform, {**self._conditions, **modules})
        if decided is None:
            decided = self._if_there(test, asked, twin)
        function = self._recorder.scope.function
        if decided is None and function is not None and not self._is_rebound(test):
            decided = function.decide(test)
        if is_main_guard(test):
            decided = None if self._reloads_in(node.body) else False
        if self._answers_names and self._recorder.scope.outer is None and is_type_checking(test):
            self._declare(node.body, block_of(twin, "body"))
        self._recorder.convert(node.test)
        first = self._first_run(test)
        if first is None and node.orelse is not None and self._reloads_in(node.body):
            # What reloads other modules is a later run, whatever the condition's words: the Blender idiom.
            first = False
        then = (node.body, block_of(twin, "body"))
        before = self._recorder.scope.copy()
        after: list[Scope] = []
        if decided is not False:
            after.append(
                self._branch(before, lambda: self._suite(*then), is_kept=first is True, is_again=first is False)
            )
        if decided is not True:
            orelse = block_of(twin, "orelse")
            after.append(
                self._branch(
                    before,
                    lambda: self._else(node.orelse, orelse),
                    is_kept=first is False,
                    is_again=first is True,
                )
            )
        self._recorder.scope.merge(after)

    def _never_runs(self, node: cst.While, twin: ast.stmt | None) -> bool:
        """Whether a loop runs no turn: ``while 0:``."""
        test = twin.test if isinstance(twin, ast.While) else parse_test(self._module, node.test)
        return decide(test, self._target_version, sys.platform, self._conditions) is False

    def _if_there(self, test: ast.expr, names: Iterable[str], twin: ast.stmt | None) -> bool | None:
        """Return what a condition is that asks whether a module, or a name of it, is there; None if that depends.

        Where other modules of the project decide, the branch for the other case is noted as a fallback.
        """
        found = asked_for(test, self._target_version, self._stands_for)
        if found is None:
            flags = {name: flag for name in names if (flag := self._flag(name)) is not None}
            decided = decide(test, self._target_version, sys.platform, {n: flag for n, (flag, _) in flags.items()})
            if decided is None or not flags:
                return None
            found = tuple(dict.fromkeys(need for _, needs in flags.values() for need in needs)), decided
        needs, is_true = found
        if not needs:
            return is_true
        if isinstance(twin, ast.If):
            self._note_fallback(twin.orelse if is_true else twin.body, needs)
        return None

    def _flag(self, name: str) -> tuple[bool, tuple[Needed, ...]] | None:
        """Return what a name is true or false for if no fallback has bound it, and what that needs.

        None for what no fallback would bind otherwise, and where it is neither a module nor a constant.
        """
        bindings = [self._recorder.bindings[index] for index in self._recorder.scope.names.get(name, ())]
        needs: list[Needed] = []
        found: set[bool] = set()
        for binding in bindings:
            around = [item for item in self._fallbacks if item.begin <= binding.at < item.end]
            match binding.value:
                case _ if around:
                    needs += around[-1].needed
                case ModuleImport():
                    found.add(True)
                case Literal(written="True" | "False" as written):
                    found.add(written == "True")
                case _:
                    return None
        return (found.pop(), tuple(needs)) if needs and len(found) == 1 else None

    def _note_fallback(self, block: Sequence[ast.stmt], needs: tuple[Needed, ...]) -> None:
        if block:
            begin = self._recorder.positions.of_twin(block[0]).start
            decorators = getattr(block[0], "decorator_list", ())
            begin = min([begin, *(self._recorder.positions.of_twin(item).start for item in decorators)])
            end = self._recorder.positions.of_twin(block[-1]).end
            self._fallbacks.append(Fallback(begin, end, needs))

    def _first_run(self, test: ast.expr) -> bool | None:
        """Return whether a condition holds at the first run of the body only (True), or at later ones only (False).

        One on a name that takes over what an earlier run has bound, if there was one, asks that, too.
        """
        match test:
            case ast.Compare(
                left=ast.Name(id=name), ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=None)]
            ):
                reaching = [self._recorder.bindings[i] for i in self._recorder.scope.names.get(name, ())]
                if reaching and all(binding.is_kept and binding.value == LITERAL for binding in reaching):
                    return isinstance(op, ast.Is)
        return first_run(test)

    def _is_rebound(self, test: ast.expr) -> bool:
        """Whether a condition asks for a parameter that the function has bound to something else."""
        names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
        reaching = [index for name in names for index in self._recorder.scope.names.get(name, ())]
        return not all(isinstance(self._recorder.bindings[index].value, Parameter) for index in reaching)

    def _is_module(self, name: str) -> bool:
        """Whether a name stands for a module here, and not for what would take the place of one that is missing."""
        reaching = self._recorder.scope.names.get(name, ())
        bindings = self._recorder.bindings
        return bool(reaching) and all(isinstance(bindings[index].value, ModuleImport) for index in reaching)

    def _stands_for(self, name: str) -> str:
        """Return the dotted name of the module, or the built-in object, that a name stands for; empty for others."""
        scope = self._recorder.scope
        if name not in scope.names:
            return "" if scope.stars or scope.function is not None else f"builtins.{name}"
        bindings = [self._recorder.bindings[index] for index in scope.names[name]]
        # What stands in for a missing module has no such name.
        own = [b for b in bindings if not any(f.begin <= b.at < f.end for f in self._fallbacks)]
        found = {_imported_module(binding.value) for binding in own}
        return found.pop() if len(found) == 1 else ""

    def _declare(self, suite: cst.BaseSuite, twins: Sequence[ast.stmt] | None) -> None:
        """Record what is imported for type checkers, which the module's ``__getattr__`` may answer with."""
        for node, twin in blocks(suite.body, twins):
            if isinstance(node, (cst.Import, cst.ImportFrom)):
                self._recorder.enter(node, twin)
                for name, span, bound in imported(node, twin, self._recorder.positions):
                    self._declared.append((name, len(self._recorder.bindings)))
                    self._recorder.bindings.append(
                        Binding(name, span, bound, self._recorder.at, "__getattr__.<locals>")
                    )

    def _reloads_in(self, suite: cst.BaseSuite) -> bool:
        return self._spells_reload and RELOAD_SPELLED.search(self._module.code_for_node(suite)) is not None

    def _branch(
        self,
        start: Scope,
        run: Callable[[], None],
        *,
        is_kept: bool = False,
        is_again: bool = False,
        is_certain: bool = False,
    ) -> Scope:
        """Run a branch from a copy of `start` and return what stands at its end."""
        current, kept, again = self._recorder.scope, self._recorder.is_kept, self._recorder.is_again
        self._recorder.scope = start.copy()
        self._recorder.is_kept = kept or is_kept
        self._recorder.is_again = again or is_again
        self._recorder.branching += not is_certain
        run()
        self._recorder.branching -= not is_certain
        ended = self._recorder.scope
        self._recorder.scope, self._recorder.is_kept, self._recorder.is_again = current, kept, again
        return ended

    def _else(self, node: cst.If | cst.Else | None, twins: Sequence[ast.stmt] | None) -> None:
        if isinstance(node, cst.If):
            self._statement(node, twins[0] if twins else None)
        elif node is not None:
            self._suite(node.body, twins)

    def _try(self, node: cst.Try | cst.TryStar, twin: ast.stmt | None) -> None:
        before = self._recorder.scope.copy()
        # What a module of the project is asked for comes: its body counts as run.
        body = self._branch(before, lambda: self._suite(node.body, block_of(twin, "body")), is_certain=True)
        broken = before.copy()
        broken.merge([before, body])
        if body.is_dead:
            broken = before.copy()
        completed = self._branch(body, lambda: self._else(node.orelse, block_of(twin, "orelse")))
        completed.is_dead = completed.is_dead or body.is_dead
        handlers = block_of(twin, "handlers")
        after = [completed]
        caught: Sequence[cst.ExceptHandler | cst.ExceptStarHandler] = node.handlers
        needs = needed(block_of(twin, "body") or (), self._target_version, self._stands_for)
        if needs == ():
            caught = ()
        for position, handler in enumerate(caught):
            handler_twin: object = handlers[position] if handlers else None
            handler_twins = block_of(handler_twin, "body")
            is_kept = handler.type is not None and as_written(handler.type) == "NameError"
            if isinstance(twin, ast.Try) and isinstance(handler_twin, ast.ExceptHandler):
                is_kept = is_kept or is_first_run(twin, handler_twin)
            if needs and handler_twins:
                self._note_fallback(handler_twins, needs)
            after.append(
                self._branch(
                    broken,
                    partial(self._handler, handler, handler_twins),
                    is_kept=is_kept,
                )
            )
        self._recorder.scope.merge(after)
        if node.finalbody is not None:
            self._suite(node.finalbody.body, block_of(twin, "finalbody"))

    def _handler(self, node: cst.ExceptHandler | cst.ExceptStarHandler, twins: Sequence[ast.stmt] | None) -> None:
        name = node.name.name if node.name is not None else None
        if not isinstance(name, cst.Name) or node.type is None:
            self._suite(node.body, twins)
            return
        for first, twin in islice(blocks(node.body.body, twins), 1):
            self._recorder.enter(first, twin)
        caught = self._recorder.convert(node.type)
        kinds = [element.value for element in caught.elements] if isinstance(caught, Display) else [caught]
        self._recorder.bind(name.value, NOWHERE, choice(tuple(Call(kind, ()) for kind in kinds)))
        self._suite(node.body, twins)
        self._recorder.scope.unbind(name.value)

    def _match(self, node: cst.Match, twin: ast.stmt | None) -> None:
        subject = self._recorder.convert(node.subject)
        before = self._recorder.scope.copy()
        after = [before]
        for position, case in enumerate(node.cases):
            other = twin.cases[position] if isinstance(twin, ast.Match) else None

            def run(case: cst.MatchCase = case, other: ast.match_case | None = other) -> None:
                self._recorder.enter(node, twin)
                patterns = twins_of(other.pattern) if other is not None else repeat(None)
                names = captured(case.pattern, subject, self._recorder.convert)
                for (name, part), pattern in zip(names, patterns, strict=False):
                    span = self._recorder.positions.captured_name(name, pattern)
                    self._recorder.bind(name.value, span, part)
                self._suite(case.body, block_of(other, "body"))

            after.append(self._branch(before, run))
        self._recorder.scope.merge(after)

    def _for(self, node: cst.For, twin: ast.stmt | None) -> None:
        before = self._recorder.scope.copy()
        value = Item(self._recorder.convert(node.iter))
        is_of_names = is_namespace(node.iter)
        each = narrowed(value, tests_of_all(node.body), self._recorder.convert) if is_of_names else value
        for single, part in shares(node.target, each):
            self._assign_one(single, part, node.iter)
        bound = {
            single.value: self._recorder.scope.names.get(single.value)
            for single, _ in shares(node.target, value)
            if isinstance(single, cst.Name)
        }
        self._recorder.looping += 1
        outer, names = self._rounds, dict(self._recorder.scope.names)
        self._rounds = [(row, names) for row in rows(node.target, node.iter)] or outer
        self._suite(node.body, block_of(twin, "body"))
        self._rounds = outer
        self._recorder.looping -= 1
        if is_of_names:
            # Which of the names comes last is not known.
            for single, _ in shares(node.target, LITERAL):
                self._assign_one(single, LITERAL, node.iter)
        if not (is_of_names or breaks(node.body)):
            self._recorder.enter(node, twin)
            for single, part in shares(node.target, share(value.value, -1)):
                if isinstance(single, cst.Name) and self._recorder.scope.names.get(single.value) == bound[single.value]:
                    self._assign_one(single, part, node.iter)
        if not _is_filled(value.value):
            self._recorder.scope.merge([before, self._recorder.scope.copy()])
        self._else(node.orelse, block_of(twin, "orelse"))

    def _with(self, node: cst.With, twin: ast.stmt | None) -> None:
        for item in node.items:
            value = self._recorder.convert(item.item)
            if item.asname is not None:
                for single, part in shares(item.asname.name, Call(Attribute(value, "__enter__"), ())):
                    self._assign_one(single, part, item.item)
        self._suite(node.body, block_of(twin, "body"))

    def _delete(self, target: cst.BaseDelTargetExpression) -> None:
        match target:
            case cst.Name():
                self._recorder.scope.unbind(target.value)
            case cst.Tuple():
                for element in target.elements:
                    if isinstance(element.value, (cst.Name, cst.Subscript)):
                        self._delete(element.value)
            case cst.Subscript():
                self._take_out(target)

    def _take_out(self, target: cst.Subscript) -> None:
        """Record that what stands at a place of a container goes: ``del table[key]`` as ``table.pop(key)``.

        ``del table[:]`` takes out what ``table.clear()`` does.
        """
        if len(target.slice) != 1:
            return
        item = target.slice[0].slice
        is_all = isinstance(item, cst.Slice) and item.lower is None and item.upper is None and item.step is None
        key = self._recorder.convert(item.value) if isinstance(item, cst.Index) else LITERAL
        arguments = () if is_all else (Argument(key, self._recorder.span(target)),)
        method = Attribute(self._recorder.convert(target.value), "clear" if is_all else "__delitem__")
        statement = CallStatement(
            Call(method, arguments),
            "del",
            self._recorder.at,
            self._may_not_run(),
            within=self._recorder.within,
        )
        self._recorder.calls.append(statement)


def _default(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return what a name is bound to that no earlier run of the body has bound."""
    match node:
        case cst.Call(args=[_, default]):
            return default.value
        case cst.Call():
            return cst.Name("None")
        case cst.BooleanOperation(right=right):
            return right
    return node


def _imported_module(bound: Bound) -> str:
    """Return the name of a module, as it is written, that an import binds, maybe; empty for anything else."""
    match bound:
        case ModuleImport(module=module, binds_first=binds_first):
            return module.partition(".")[0] if binds_first else module
        case NameImport(module=module, level=level, name=name):
            return "." * level + (f"{module}.{name}" if module else name)
    return ""


_PUTTING_IN = (cst.AddAssign, cst.BitOrAssign, cst.BitXorAssign)
"""Of a container on the left they keep its elements, and add those on the right."""


def _is_filled(values: Expression) -> bool:
    """Whether a sequence is written out that has elements: a loop over it runs."""
    return isinstance(values, Display) and values.is_sequence and any(not e.is_unpacked for e in values.elements)


def _initializes_bases(definition: ast.stmt | None) -> bool:
    """Whether ``__init__`` of a base runs for the instances of a class."""
    own = [
        function
        for function in (definition.body if isinstance(definition, ast.ClassDef) else ())
        if isinstance(function, ast.FunctionDef) and function.name == "__init__"
    ]
    return not own or any(isinstance(n, ast.Attribute) and n.attr == "__init__" for n in descendants(own[-1]))
