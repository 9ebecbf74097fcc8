"""What an expression in a condition is, for the module that a loop is at: from source to the terms of `filters`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from stalecheck.nodes import positional_parameters
from stalecheck.reloads.defaults import default_of, is_parameter
from stalecheck.reloads.filters import (
    BUILTINS,
    MATCHERS,
    TEXT_METHODS,
    Constant,
    Given,
    Operation,
    Subject,
    Test,
    Trait,
    Unclear,
    elements_of,
    is_about_modules,
    leaves,
)
from stalecheck.reloads.items import (
    IS_PACKAGE,
    MODULES,
    Entry,
    Group,
    Hole,
    Info,
    Instance,
    Item,
    Items,
    Spec,
    Text,
    Thing,
    are_names,
    is_name,
    is_swept,
    look,
)
from stalecheck.reloads.scopes import Binding, Comprehension, Place, Scope, bindings_at, named_defaults, terminal
from stalecheck.reloads.texts import format_parts, percent_parts

if TYPE_CHECKING:
    from stalecheck.reloads.values import Evaluator

Known = Mapping[int, Test]
"""What bindings stand for, by their identity: the parameters of a function that is looked into."""
_DEPTH = 40


def read(evaluator: Evaluator, node: ast.expr, place: Place) -> Test:
    """Return what an expression is, for a module that a loop is at."""
    if id(node) not in evaluator.tests:
        cuts = evaluator.cuts
        narrowing, evaluator.is_narrowing = evaluator.is_narrowing, True
        try:
            test = _of_any(evaluator, node, place, {})
        finally:
            evaluator.is_narrowing = narrowing
        if evaluator.cuts > cuts:
            return test
        evaluator.tests[id(node)] = test
    return evaluator.tests[id(node)]


def parameter(evaluator: Evaluator, scope: Scope, name: str, pattern: str, *, is_text: bool) -> Test:
    """Return what a parameter of a function is for a condition in it."""
    arguments = getattr(scope.node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return Unclear()
    positional = [argument.arg for argument in positional_parameters(arguments)]
    named = {*positional, *(argument.arg for argument in arguments.kwonlyargs)}
    is_variadic = arguments.vararg is not None and arguments.vararg.arg == name
    if name not in named and not is_variadic:
        return Unclear()
    is_method = scope.parent is not None and scope.parent.kind == "class" and not _is_static(scope)
    if is_method and positional[:1] == [name]:
        return Unclear()
    own = positional[is_method:]
    default = default_of(scope, name)
    by_default = None if default is None else Reader(evaluator).read(*default, {})
    return Given(
        scope.name,
        name,
        own.index(name) if name in own else len(own) if is_variadic else -1,
        Constant(()) if is_variadic else by_default,
        pattern,
        is_text,
        is_variadic=is_variadic,
    )


def parameter_as_test(evaluator: Evaluator, hole: Hole, leaf: Given) -> Test:
    """Return what a parameter that is handed on is for a condition in the function that it is handed to."""
    scope = evaluator.outline.scopes.get(hole.function)
    if scope is None or hole.is_variadic:
        return Unclear()
    if "*" in hole.pattern:
        return Subject((hole.pattern,)) if leaf.is_text else Trait("module")
    return _each(parameter(evaluator, scope, hole.parameter, hole.pattern, is_text=leaf.is_text), hole)


def is_sweep(evaluator: Evaluator, node: ast.expr, place: Place) -> bool:
    """Return whether a loop over something runs through modules that are not written out."""
    return any(is_swept(part) for item in evaluator.each(evaluator.inner(node, place), "") for part in _flat(item))


class Reader:
    """One expression that is being read."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.depth = 0
        self.loops: dict[int, tuple[Test, ...]] = {}
        """The texts that variables of other loops run through, by the identity of their bindings."""

    def read(self, node: ast.expr, place: Place, known: Known) -> Test:
        """Return what an expression is, where `known` says what some bindings stand for."""
        if self.depth > _DEPTH:
            return Unclear()
        self.depth += 1
        found = self._read(node, place, known)
        self.depth -= 1
        return found

    def _all(self, nodes: Sequence[ast.expr], place: Place, known: Known) -> tuple[Test, ...]:
        return tuple(self.read(node, place, known) for node in nodes)

    def _read(self, node: ast.expr, place: Place, known: Known) -> Test:
        match node:
            case ast.Constant(value=str() | int() | None as value):
                return Constant(value)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Operation("not", (self.read(operand, place, known),))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
                return Constant(-value)
            case ast.BoolOp(op=op, values=values):
                return Operation("and" if isinstance(op, ast.And) else "or", self._all(values, place, known))
            case ast.Compare():
                return self._compared(node, place, known)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return Operation("if", self._all([test, body, orelse], place, known))
            case ast.Tuple(elts=elements) | ast.List(elts=elements) if not _are_starred(elements):
                return Operation("()", self._all(elements, place, known))
            case ast.Set(elts=elements) if not _are_starred(elements):
                return Operation("{}", self._all(elements, place, known))
            case ast.Dict(keys=keys, values=values) if None not in keys:
                return Operation("{:}", self._all([*filter(None, keys), *values], place, known))
            case ast.BinOp(op=ast.Mod()) if (pieces := percent_parts(node)) is not None:
                return self._interleaved(*pieces, place, known)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return Operation(_OPERATORS[type(op)], self._all([left, right], place, known))
            case ast.GeneratorExp() | ast.ListComp() if (found := self._made_of_each(node, place, known)) is not None:
                return found
            case ast.JoinedStr(values=values):
                return self._formatted(values, place, known)
            case ast.NamedExpr(value=value):
                return self.read(value, place, known)
            case ast.Call():
                return self._called(node, place, known)
            case ast.Name():
                return self._named(node, place, known)
            case ast.Attribute():
                return self._attribute(node, place, known)
            case ast.Subscript():
                return self._subscript(node, place, known)
        return self._unclear(node, place, known)

    def _unclear(self, node: ast.AST, place: Place, known: Known) -> Unclear:
        inner = self.evaluator.outline.inner.get(id(node), place)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            known = self._of_comprehension(node, inner, place, known)
        parts = [
            part.iter if isinstance(part, ast.comprehension) else part.value if isinstance(part, ast.keyword) else part
            for part in ast.iter_child_nodes(node)
        ]
        return Unclear(self._all([part for part in parts if isinstance(part, ast.expr)], inner, known))

    def _of_comprehension(self, node: Comprehension, inner: Place, place: Place, known: Known) -> Known:
        """What is known where the variables of a comprehension are no names of the module that the loop is at."""
        found = dict(known)
        for number, generator in enumerate(node.generators):
            source = self.read(generator.iter, inner if number else place, found)
            for name in (part.id for part in ast.walk(generator.target) if isinstance(part, ast.Name)):
                found.update((id(binding), Unclear((source,))) for binding in inner.scope.bindings.get(name, ()))
        return found

    def _compared(self, node: ast.Compare, place: Place, known: Known) -> Test:
        operands = self._all([node.left, *node.comparators], place, known)
        found: list[Test] = []
        for number, op in enumerate(node.ops):
            left, right = operands[number], operands[number + 1]
            how = _COMPARISONS[type(op)]
            if how in ("is", "is not", "==", "!=") and (other := self._other(node, number, left, right, place)):
                found.append(Operation("==" if how in ("is", "==") else "!=", (Subject(("",)), Constant(other))))
                continue
            if how in ("in", "not in") and (is_about_modules(left) or _is_given(left)):
                container = node.comparators[number]
                if MODULES in (items := self._items(container, place)):
                    found.append(Constant(how == "in"))
                    continue
                is_open = any(isinstance(leaf, Unclear) for leaf in leaves(right))
                if are_names(items) or (is_open and self._is_noted(container, place)):
                    found.append(Unclear((left,), is_about_time=True))
                    continue
            found.append(Operation(how, (left, right)))
        return found[0] if len(found) == 1 else Operation("and", tuple(found))

    def _other(self, node: ast.Compare, number: int, left: Test, right: Test, place: Place) -> str:
        """The module that the one that the loop is at is compared with: ``module is sys.modules[__name__]``."""
        operands = [node.left, *node.comparators]
        if Trait("module") not in (left, right) or left == right:
            return ""
        items = self._items(operands[number + (left == Trait("module"))], place)
        named = [item.name for item in items if isinstance(item, Thing) and not item.is_of_object]
        return named[0] if len(named) == len(items) == 1 else ""

    def _is_noted(self, container: ast.expr, place: Place) -> bool:
        """Whether a container is empty to begin with: it is filled with what has been done, or what is due."""
        if isinstance(container, ast.Attribute):
            name = container.attr
            owner = place.scope.owner
            found = owner.attributes.get(name, []) if owner is not None else []
            return bool(found) and all(_is_empty(binding.value) for binding in found)
        if not isinstance(container, ast.Name) or container.id not in self.evaluator.outline.additions:
            return False
        bindings, is_bound = bindings_at(container.id, place, (container.lineno, container.col_offset))
        return is_bound and any(_is_empty(binding.value) for binding in bindings)

    def _formatted(self, values: Sequence[ast.expr], place: Place, known: Known) -> Test:
        found: Test = Constant("")
        for value in values:
            if isinstance(value, ast.FormattedValue):
                if value.conversion not in (-1, ord("s")) or value.format_spec is not None:
                    return Unclear(self._all([value.value], place, known))
                value = value.value
            found = Operation("+", (found, self.read(value, place, known)))
        return found

    def _interleaved(self, pieces: Sequence[str], values: Sequence[ast.expr], place: Place, known: Known) -> Test:
        found: Test = Constant(pieces[0])
        for value, piece in zip(self._all(values, place, known), pieces[1:], strict=True):
            found = Operation("+", (Operation("+", (found, value)), Constant(piece)))
        return found

    # Calls

    def _called(self, node: ast.Call, place: Place, known: Known) -> Test:
        match node.func:
            case ast.Attribute(value=ast.Constant(value=str() as text), attr="format"):
                if (pieces := format_parts(text, node)) is not None:
                    return self._interleaved(*pieces, place, known)
        function, arguments = node.func, _positional(node)
        if arguments is None:
            return self._unclear(node, place, known)
        if isinstance(function, ast.Attribute) and function.attr in _TIMES:
            return Unclear(self._all([function.value, *arguments], place, known), is_about_time=True)
        names = [item.name for item in self._items(function, place) if isinstance(item, Thing)]
        name = names[0] if len(names) == 1 else ""
        if name == "sys.modules.get" and (found := self._by_items(self._items(node, place))) is not None:
            return found
        if name in _TIME_FUNCTIONS:
            return Unclear(self._all(arguments, place, known), is_about_time=True)
        if name in ("builtins.any", "builtins.all") and len(arguments) == 1:
            found = self._any(name == "builtins.any", arguments[0], place, known)
            return found or self._unclear(node, place, known)
        if (found := self._of_module(name, arguments, place, known)) is not None:
            return found
        if name.removeprefix("builtins.") in BUILTINS and name.startswith("builtins."):
            return Operation(name.removeprefix("builtins."), self._all(arguments, place, known))
        if name in MATCHERS and len(arguments) == 2:
            parts = self._all(arguments, place, known)
            # `fnmatch` has the name first.
            return Operation(name, parts)
        if isinstance(function, ast.Attribute):
            if function.attr in ("match", "fullmatch", "search") and len(arguments) == 1:
                pattern = self._compiled(function.value, place, known)
                if pattern is not None:
                    return Operation(f"re.{function.attr}", (pattern, self.read(arguments[0], place, known)))
            if function.attr in TEXT_METHODS:
                owner = self.read(function.value, place, known)
                return Operation(f".{function.attr}", (owner, *self._all(arguments, place, known)))
        if name and (scope := self.evaluator.own(name)) is not None and scope.kind != "class":
            return self._result(scope, node, place, known)
        return self._unclear(node, place, known)

    def _of_module(self, name: str, arguments: Sequence[ast.expr], place: Place, known: Known) -> Test | None:
        """What is asked of a module that is imported."""
        asks = name in ("builtins.isinstance", "builtins.hasattr", "builtins.getattr", "inspect.ismodule")
        if not asks or not arguments:
            return None
        subject = self.read(arguments[0], place, known)
        if name == "builtins.isinstance" and _is_text(subject) and len(arguments) == 2:
            return Constant(True) if self._items(arguments[1], place) == (Thing("builtins.str"),) else None
        is_given = isinstance(subject, Given) and not subject.is_text
        if subject != Trait("module") and not is_given:
            return None
        if name == "inspect.ismodule":
            return Constant(True)
        if name == "builtins.isinstance":
            return Constant(True) if len(arguments) == 2 and self._is_module_type(arguments[1], place) else None
        attribute = arguments[1] if len(arguments) > 1 else None
        written = attribute.value if isinstance(attribute, ast.Constant) else None
        if not isinstance(written, str) or written not in _TRAITS or is_given:
            return None
        if name == "builtins.hasattr":
            return Trait("ispkg") if written == "__path__" else Constant(True)
        if written == "__name__":
            return self._name_of(arguments[0], place)
        return _TRAITS[written]

    def _is_module_type(self, node: ast.expr, place: Place) -> bool:
        if Thing("types.ModuleType") in self._items(node, place):
            return True
        match node:
            case ast.Call(func=ast.Name(id="type"), args=[module]):
                return any(isinstance(item, Thing) for item in self._items(module, place))
        return False

    def _name_of(self, module: ast.expr, place: Place) -> Test:
        node = ast.copy_location(ast.Attribute(module, "__name__", ast.Load()), module)
        return self._by_items(self._items(node, place)) or Unclear((Trait("module"),))

    def _compiled(self, node: ast.expr, place: Place, known: Known) -> Test | None:
        """The text of a regular expression that was compiled before."""
        if isinstance(node, ast.Name):
            binding = self._binding(node, place)
            if binding is None or binding.how != "value" or binding.path or binding.value is None:
                return None
            return self._compiled(binding.value, binding.place, known)
        match node:
            case ast.Call(func=function, args=[pattern], keywords=[]):
                if Thing("re.compile") in self._items(function, place):
                    return self.read(pattern, place, known)
        return None

    def _any(self, is_any: bool, node: ast.expr, place: Place, known: Known) -> Test | None:
        """``any(name.startswith(p) for p in PREFIXES)``, each of the elements asked for in turn."""
        if not isinstance(node, (ast.GeneratorExp, ast.ListComp, ast.SetComp)) or len(node.generators) != 1:
            return None
        inner, generator = self.evaluator.outline.inner.get(id(node)), node.generators[0]
        if inner is None or not isinstance(generator.target, ast.Name):
            return None
        source = self.read(generator.iter, place, known)
        elements = elements_of(source)
        bound = inner.scope.bindings.get(generator.target.id, ())
        if len(bound) == 1 and not generator.ifs and (one := _one_of(source)) is not None:
            body = self.read(node.elt, inner, {**known, id(bound[0]): one})
            return Operation("each any" if is_any else "each all", (source, body))
        if elements is None or len(bound) != 1 or len(elements) > _MOST_ELEMENTS:
            return None
        found: list[Test] = []
        for element in elements:
            given = {**known, id(bound[0]): element}
            value = self.read(node.elt, inner, given)
            for test in generator.ifs:
                condition = self.read(test, inner, given)
                value = Operation("if", (condition, value, Constant(not is_any)))
            found.append(value)
        return Operation("bool", (Operation("or" if is_any else "and", tuple(found)),))

    def _made_of_each(self, node: ast.GeneratorExp | ast.ListComp, place: Place, known: Known) -> Test | None:
        """``[f"{p}." for p in prefixes]``, where a call gives the prefixes."""
        inner, generator = self.evaluator.outline.inner.get(id(node)), node.generators[0]
        if inner is None or not isinstance(generator.target, ast.Name) or generator.ifs or len(node.generators) != 1:
            return None
        source = self.read(generator.iter, place, known)
        one, bound = _one_of(source), inner.scope.bindings.get(generator.target.id, ())
        if one is None or len(bound) != 1:
            return None
        return Operation("each ()", (source, self.read(node.elt, inner, {**known, id(bound[0]): one})))

    def _result(self, scope: Scope, node: ast.Call, place: Place, known: Known) -> Test:
        """What a function of the file gives back that only decides."""
        arguments = getattr(scope.node, "args", None)
        given: dict[int, Test] = {}
        if not isinstance(arguments, ast.arguments) or node.keywords or scope.yields:
            return self._unclear(node, place, known)
        positional = [argument.arg for argument in positional_parameters(arguments)]
        if isinstance(node.func, ast.Attribute) and scope.parent is not None and scope.parent.kind == "class":
            positional = positional[1:]
        values = [(name, self.read(value, place, known)) for name, value in zip(positional, node.args, strict=False)]
        defaults = named_defaults(scope.node).items()
        outside = scope.place or place
        values = [*((name, self.read(value, outside, known)) for name, value in defaults), *values]
        for name, value in values:
            bound = scope.bindings.get(name, ())
            if len(bound) != 1:
                return self._unclear(node, place, known)
            given[id(bound[0])] = value
        return self._decided(_body(scope), scope, given) or self._unclear(node, place, known)

    def result_for(self, scope: Scope, value: Test) -> Test | None:
        """What a function that only decides gives back for its one argument."""
        names = [name for name, bound in scope.bindings.items() if any(b.how == "parameter" for b in bound)]
        if len(names) != 1 or len(scope.bindings[names[0]]) != 1 or scope.yields:
            return None
        return self._decided(_body(scope), scope, {id(scope.bindings[names[0]][0]): value})

    def _decided(self, body: Sequence[ast.stmt], scope: Scope, known: Known) -> Test | None:
        """What statements give back that are only conditions and results."""
        places = {id(value): where for value, where in scope.results}
        for number, statement in enumerate(body):
            match statement:
                case ast.Expr(value=ast.Constant()) | ast.Assign(targets=[ast.Name()]) | ast.Pass():
                    continue
                case ast.Return(value=value):
                    where = places.get(id(value))
                    if value is None:
                        return Constant(None)
                    return self.read(value, where, known) if where is not None else None
                case ast.If(test=test, body=inner, orelse=orelse):
                    rest = [*orelse, *body[number + 1 :]]
                    results = [
                        n.value for n in ast.walk(statement) if isinstance(n, ast.Return) and id(n.value) in places
                    ]
                    where = places[id(results[0])] if results else None
                    one_way, other_way = self._decided(inner, scope, known), self._decided(rest, scope, known)
                    if where is None or one_way is None or other_way is None:
                        return None
                    guard = next((g for g in where.guards if g.test is test), None)
                    condition = self.read(test, guard.place if guard is not None else where, known)
                    return Operation("if", (condition, one_way, other_way))
            return None
        return Constant(None)

    # Names

    def _binding(self, node: ast.Name, place: Place) -> Binding | None:
        found, _ = bindings_at(node.id, place, (node.lineno, node.col_offset))
        return found[0] if len(found) == 1 else None

    def _named(self, node: ast.Name, place: Place, known: Known) -> Test:
        binding = self._binding(node, place)
        if binding is not None and id(binding) in known:
            return known[id(binding)]
        found = self._by_items(self._items(node, place))
        if found is not None and is_about_modules(found):
            return found
        bindings, is_bound = bindings_at(node.id, place, (node.lineno, node.col_offset))
        if (scope := is_parameter(bindings, node.id)) is not None:
            return parameter(self.evaluator, scope, node.id, "{}", is_text=False)
        if binding is None:
            if not is_bound:
                return found or self._opened(node, place)
            values = [b for b in bindings if b.value is not None and b.how in ("value", "starred")]
            return Unclear(tuple(self.read(b.value, b.place, known) for b in values if b.value is not None))
        if binding.place.loop is not None and _adds_to_itself(binding):
            return Unclear()
        if binding.how in ("value", "starred") and binding.value is not None:
            return self._changed(node, binding, self._unpacked(binding, known), known)
        if binding.how in ("parameter", "arguments") and binding.scope is not None:
            return self._parameter(binding, binding.scope, found, known)
        if binding.how == "element" and binding.value is not None and not binding.path:
            source = self.read(binding.value, binding.place, known)
            if found is None and (one := _one_of(source)) is not None:
                return one
            elements = elements_of(source)
            if elements and len(elements) <= _MOST_LOOPS and all(isinstance(part, Constant) for part in elements):
                self.loops[id(binding)] = elements
        if found is None and binding.how == "element" and binding.path and self._is_beside(binding):
            return Unclear((Trait("module"),))
        return found or self._opened(node, place)

    def _is_beside(self, binding: Binding) -> bool:
        """Whether it is told of each module that a loop is at: its number, as `enumerate` counts them."""
        return binding.value is not None and is_sweep(self.evaluator, binding.value, binding.place)

    def _unpacked(self, binding: Binding, known: Known) -> Test:
        value, path = binding.value, binding.path
        while path and isinstance(value, (ast.Tuple, ast.List)) and not _are_starred(value.elts):
            if not -len(value.elts) <= path[0] < len(value.elts):
                return Unclear()
            value, path = value.elts[path[0]], path[1:]
        found = self.read(value, binding.place, known) if value is not None else Unclear()
        for number in path:
            found = Operation("[]", (found, Constant(number)))
        if binding.rest is not None:
            before, after = binding.rest
            bounds = (Constant(before), Constant(-after or None), Constant(None))
            found = Operation("[:]", (Operation("tuple", (found,)), *bounds))
        return found

    def _changed(self, node: ast.Name, binding: Binding, value: Test, known: Known) -> Test:
        """A value with what is put into it; unclear where that may happen or not, or something is taken out."""
        outline = self.evaluator.outline
        for name in (*TAKING_OUT, "__delitem__"):
            for call, _ in outline.calls.get(name, ()):
                if isinstance(call.func, ast.Attribute) and _is_called(call.func.value, node.id):
                    return Unclear((value,))
        for statement, _ in outline.deletions:
            if any(isinstance(t, ast.Subscript) and _is_called(t.value, node.id) for t in statement.targets):
                return Unclear((value,))
        for addition in outline.additions.get(node.id, ()):
            is_certain = addition.place.scope is binding.place.scope and not addition.place.branch
            if not is_certain or addition.value is None or addition.method not in ("add", "append", "update", "extend"):
                return Unclear((value,))
            part = self.read(addition.value, addition.place, known)
            if addition.method in ("add", "append"):
                part = Operation("()", (part,))
            value = Operation("extended", (value, part))
        return value

    def _parameter(self, binding: Binding, scope: Scope, found: Test | None, known: Known) -> Test:
        if found is not None:
            return found
        return parameter(self.evaluator, scope, binding.name, "{}", is_text=False)

    def _attribute(self, node: ast.Attribute, place: Place, known: Known) -> Test:
        if node.attr in _TIMES:
            return Unclear(self._all([node.value], place, known), is_about_time=True)
        owner = self.read(node.value, place, known)
        match owner:
            case Operation("module", (name,)) if node.attr == "__name__":
                return name
        if owner == Trait("module") and node.attr in _TRAITS and node.attr != "__name__":
            return _TRAITS[node.attr]
        found = self._by_items(self._items(node, place))
        if found is not None:
            return found
        if is_about_modules(owner):
            return Unclear((owner,))
        return self._of_object(node, place) or self._opened(node, place)

    def _of_object(self, node: ast.Attribute, place: Place) -> Test | None:
        """An attribute of the file's own class that is bound once, and whose value is not changed."""
        for item in self._items(node.value, place):
            scope = self.evaluator.own(item.name) if isinstance(item, (Instance, Thing)) else None
            if scope is None or scope.kind != "class":
                continue
            found = [*scope.bindings.get(node.attr, ()), *scope.attributes.get(node.attr, ())]
            if len(found) != 1 or found[0].value is None or found[0].how != "value":
                return Unclear()
            value = self._unpacked(found[0], {})
            if found[0] in scope.bindings.get(node.attr, ()) and not any(isinstance(x, Given) for x in leaves(value)):
                return value
            return Unclear()
        return None

    def _subscript(self, node: ast.Subscript, place: Place, known: Known) -> Test:
        found = self._by_items(self._items(node, place))
        if found is not None and is_about_modules(found):
            return found
        owner = self.read(node.value, place, known)
        if isinstance(node.slice, ast.Slice):
            bounds = (node.slice.lower, node.slice.upper, node.slice.step)
            parts = tuple(Constant(None) if b is None else self.read(b, place, known) for b in bounds)
            return Operation("[:]", (owner, *parts))
        return Operation("[]", (owner, self.read(node.slice, place, known)))

    def _items(self, node: ast.expr, place: Place) -> Items:
        return self.evaluator.inner(node, place)

    def _opened(self, node: ast.expr, place: Place) -> Test:
        """A constant of another file."""
        items = self._items(node, place)
        opened = self.evaluator.opened(items)
        return (_constant(opened) if opened != items else None) or Unclear()

    def _by_items(self, items: Items) -> Test | None:
        """What the loop over modules has of the module that it is at, a parameter, or a text."""
        if not items:
            return None
        if all(is_name(item) for item in items):
            return Subject(tuple(dict.fromkeys(map(look, items))))
        if all(_is_module(item) for item in items):
            return Trait("module")
        if all(isinstance(item, Info) or (isinstance(item, Entry) and item.part == "pair") for item in items):
            return Unclear((Trait("module"),))
        if all(isinstance(item, Thing) and item.name == IS_PACKAGE for item in items):
            return Trait("ispkg")
        if len(items) == 1 and isinstance(items[0], Text):
            return Constant(items[0].text)
        if len(items) == 1 and isinstance(items[0], Hole):
            hole = items[0]
            scope = self.evaluator.outline.scopes.get(hole.function)
            if scope is not None:
                return _each(parameter(self.evaluator, scope, hole.parameter, hole.pattern, is_text=hole.is_text), hole)
        return None


def _flat(item: Item) -> Iterator[Item]:
    if isinstance(item, Group):
        yield from (part for element in item.elements for part in element)
    else:
        yield item


def _each(test: Test, hole: Hole) -> Test:
    return replace(test, is_each=hole.is_each) if isinstance(test, Given) else test


def _of_any(evaluator: Evaluator, node: ast.expr, place: Place, known: Known) -> Test:
    """A condition, for one of the texts that an outer loop runs through: ``n.startswith(prefix)``."""
    reader = Reader(evaluator)
    test = reader.read(node, place, known)
    for binding, elements in reader.loops.items():
        return Operation("some", tuple(_of_any(evaluator, node, place, {**known, binding: e}) for e in elements))
    return test


def _is_module(item: Item) -> bool:
    if isinstance(item, Spec):
        return is_name(item.name)
    if isinstance(item, Hole):
        return "*" in item.pattern and not item.is_text
    return (isinstance(item, Thing) and "*" in item.name) or (isinstance(item, Entry) and item.part == "module")


def _constant(items: Items) -> Test | None:
    """A collection of texts, or one text."""
    if len(items) != 1:
        return None
    item = items[0]
    if isinstance(item, Text) and not item.is_glob:
        return Constant(item.text)
    elements = getattr(item, "elements", None)
    if elements is None:
        return None
    texts = [_constant(element) for element in elements]
    if not all(isinstance(text, Constant) for text in texts):
        return None
    values = tuple(text.value for text in texts if isinstance(text, Constant))
    return Constant(frozenset(values) if getattr(item, "is_unordered", False) else values)


def _is_given(test: Test) -> bool:
    """Whether it is a parameter, which may be the name of what a loop is at where the function is called."""
    return any(isinstance(leaf, Given) for leaf in leaves(test))


def _one_of(test: Test) -> Given | None:
    """One element of a parameter, as it is given."""
    match test:
        case Given(pattern="{}", is_text=False, is_each=False):
            return replace(test, is_each=True)
    return None


def _positional(node: ast.Call) -> list[ast.expr] | None:
    """The arguments by position, those of ``rsplit(".", maxsplit=1)`` too; None where they cannot be told."""
    if _are_starred(node.args) or any(keyword.arg != "maxsplit" for keyword in node.keywords):
        return None
    return (
        [*node.args, *(keyword.value for keyword in node.keywords)]
        if not node.keywords or len(node.args) == 1
        else None
    )


def _body(scope: Scope) -> Sequence[ast.stmt]:
    if isinstance(scope.node, ast.Lambda):
        return [ast.Return(scope.node.body)]
    return scope.node.body if isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)) else []


def _is_text(test: Test) -> bool:
    """Whether it is the name of a module, or one of the texts that are made of it."""
    match test:
        case Operation(
            "[]", (Operation(".split" | ".rsplit" | ".partition" | ".rpartition", (owner, *_)), Constant(int()))
        ):
            return _is_text(owner)
    return isinstance(test, Subject)


def _is_empty(node: ast.expr | None) -> bool:
    match node:
        case ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=function, args=[], keywords=[]):
            return terminal(function) in ("set", "list", "dict", "deque")
        case ast.Call(func=function, keywords=[]):
            return terminal(function) == "defaultdict"
        case ast.BoolOp(op=ast.Or(), values=[*_, last]):
            return _is_empty(last)
    return False


def _adds_to_itself(binding: Binding) -> bool:
    """Whether it is ``count += 1``: what comes of that in a loop depends on the turn."""
    match binding.value:
        case ast.BinOp(left=ast.Name(id=name)):
            return name == binding.name
    return False


def _is_static(scope: Scope) -> bool:
    return any(terminal(decorator) == "staticmethod" for decorator in getattr(scope.node, "decorator_list", ()))


def _is_called(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _are_starred(nodes: Sequence[ast.expr]) -> bool:
    return any(isinstance(node, ast.Starred) for node in nodes)


_MOST_ELEMENTS = 50
_MOST_LOOPS = 20
_OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
}
_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_TRAITS: Mapping[str, Trait] = {
    "__file__": Trait("file"),
    "__loader__": Trait("file"),
    "__spec__": Trait("module"),
    "__dict__": Trait("module"),
    "__package__": Trait("package"),
    "__path__": Trait("ispkg"),
    "__name__": Trait("module"),
}
"""Attributes of a module that is imported."""
TAKING_OUT = (
    *("remove", "discard", "clear", "pop", "difference_update", "intersection_update", "symmetric_difference_update"),
)
"""Methods that take something out of a collection."""
_TIMES = frozenset({"st_mtime", "st_mtime_ns", "st_ctime", "stat", "lstat"})
_TIME_FUNCTIONS = frozenset({"os.path.getmtime", "os.path.getctime", "os.stat", "time.time", "time.monotonic"})
