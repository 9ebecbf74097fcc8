"""LibCST expressions → the small expressions of a summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import libcst as cst

from stalecheck.model import Span
from stalecheck.summarize.namespaces import is_namespace, narrowed
from stalecheck.summarize.positions import operands
from stalecheck.summarize.summary import (
    LITERAL,
    NOWHERE,
    Argument,
    Attribute,
    Call,
    Captured,
    Choice,
    Derived,
    Display,
    Element,
    Expression,
    Function,
    FunctionExpression,
    Item,
    Literal,
    NamedAttribute,
    NamedModule,
    Narrowed,
    Parameter,
    Reference,
)
from stalecheck.summarize.syntax import names_below

_NAMED = (Attribute, Call, Item, Parameter, Reference)
"""Expressions that may be containers which stand elsewhere."""


Look = Callable[[str], Expression]
"""Resolves a name where an expression stands."""


class Converter:
    """Converts expressions; `span` answers where a node stands, `bind` takes the targets of walrus expressions."""

    def __init__(self, span: Callable[[cst.CSTNode], Span], bind: Callable[[cst.Name, Expression], None]) -> None:
        self._span = span
        self._bind = bind

    def convert(self, node: cst.BaseExpression, look: Look) -> Expression:
        """Convert one expression; `look` resolves its names."""
        match node:
            case cst.Name():
                if node.value in {"True", "False"}:
                    return Literal(node.value)
                return LITERAL if node.value in _CONSTANTS else look(node.value)
            case cst.Attribute():
                return Attribute(self.convert(node.value, look), node.attr.value)
            case cst.Call():
                return self._call(node, look)
            case cst.SimpleString() | cst.Integer():
                return _literal(node)
            case cst.List() | cst.Tuple() | cst.Set():
                return Display(
                    tuple(self._element(element, look) for element in node.elements),
                    is_sequence=not isinstance(node, cst.Set),
                )
            case cst.Dict():
                return Display(tuple(self._dict_elements(node, look)), is_mapping=True)
            case cst.ListComp() | cst.SetComp() | cst.GeneratorExp() | cst.DictComp():
                return self._comprehension(node, look)
            case cst.Lambda():
                return FunctionExpression(self.lambda_(node, look))
            case cst.Subscript():
                return self._subscript(node, look)
            case cst.IfExp():
                test = self.convert(node.test, look)
                options = (self.convert(node.body, look), self.convert(node.orelse, look))
                chosen = choice(options, is_first_there=_asks_for(node.test, node.body))
                return _tested((test,)) if isinstance(chosen, Literal) else chosen
            case cst.BooleanOperation():
                parts = tuple(self.convert(operand, look) for operand in operands(node))
                return choice(parts, is_first_true=isinstance(node.operator, cst.Or))
            case cst.BinaryOperation():
                return self._binary(node, look)
            case cst.UnaryOperation(operator=cst.Minus(), expression=cst.Integer() as number):
                found = _literal(number)
                return replace(found, written=f"-{found.written}") if found.written else found
            case cst.UnaryOperation():
                value = self.convert(node.expression, look)
                return _tested((value,)) if isinstance(node.operator, cst.Not) else Derived((value,))
            case cst.Await():
                return Derived((self.convert(node.expression, look),))
            case cst.NamedExpr():
                value = self.convert(node.value, look)
                assert isinstance(node.target, cst.Name)
                self._bind(node.target, value)
                return value
            case cst.Comparison():
                compared = (node.left, *(target.comparator for target in node.comparisons))
                return _tested(tuple(self.convert(part, look) for part in compared))
            case cst.FormattedString() | cst.ConcatenatedString():
                parts = tuple(self._formatted(node, look))
                return Derived(tuple(part for part in parts if not isinstance(part, Literal)), texts=parts)
            case _:
                return LITERAL

    def lambda_(self, node: cst.Lambda, look: Look) -> Function:
        """Convert a lambda; its body sees the names of the module as they are when it runs."""
        names = parameter_names(node.params)
        variadic = (star_name(node.params), double_star_name(node.params))
        late: Mapping[str, Expression] = {name: Parameter(name) for name in (*names, *variadic)}
        around = (look(name) for name in sorted(names_below(node.body) - late.keys()))
        return Function(
            "<lambda>",
            names,
            self.defaults(node.params, look),
            returns=(self.convert(node.body, overlay(late, look)),),
            # The names of the module are looked up when it runs; those of a function around it are closed over.
            captures=tuple(name for name in around if not isinstance(name, (Reference, Literal))),
            star=star_name(node.params),
            double_star=double_star_name(node.params),
        )

    def defaults(self, parameters: cst.Parameters, look: Look) -> tuple[Captured, ...]:
        """Convert the default values of parameters."""
        ordered = [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]
        return tuple(
            Captured(self.convert(p.default, look), self._span(p.default), p.name.value)
            for p in ordered
            if p.default is not None
        )

    def arguments(self, arguments: cst.Call, look: Look) -> tuple[Argument, ...]:
        """Convert the arguments of a call."""
        return tuple(
            Argument(
                self.convert(argument.value, look),
                self._span(argument.value),
                argument.keyword.value if argument.keyword is not None else argument.star,
            )
            for argument in arguments.args
        )

    def _call(self, node: cst.Call, look: Look) -> Expression:
        found = self._looked_up(node, look)
        return Call(self.convert(node.func, look), self.arguments(node, look)) if found is None else found

    def _looked_up(self, node: cst.Call, look: Look) -> Expression | None:
        """Convert a call that takes a name of an object, or a module, by a string; None for any other."""
        if type(node.func) is not cst.Call and _last_name(node.func) not in _LOOKING_UP:
            return None
        match node:
            case cst.Call(
                func=cst.Name(value="getattr"),
                args=[cst.Arg(value=owner), cst.Arg(value=cst.SimpleString() as name), *default],
            ):
                taken = Attribute(self.convert(owner, look), str(name.evaluated_value))
                return choice((taken, *(self.convert(item.value, look) for item in default)), is_first_there=True)
            case cst.Call(
                func=cst.Name(value="getattr"), args=[cst.Arg(value=owner, star=""), cst.Arg(value=named), *default]
            ):
                found = NamedAttribute(self.convert(owner, look), self.convert(named, look))
                return choice((found, *(self.convert(argument.value, look) for argument in default)))
            case cst.Call(
                func=cst.Call(
                    func=cst.Name(value="attrgetter") | cst.Attribute(attr=cst.Name(value="attrgetter")), args=[*named]
                ),
                args=[cst.Arg(value=owner, keyword=None, star="")],
            ) if named and all(isinstance(item.value, cst.SimpleString) for item in named):
                whole = self.convert(owner, look)
                parts = tuple(Element(self._taken(whole, item.value), self._span(item.value)) for item in named)
                return parts[0].value if len(parts) == 1 else Display(parts, is_sequence=True)
            case cst.Call(
                func=cst.Name(value="import_module" | "__import__")
                | cst.Attribute(attr=cst.Name(value="import_module")),
                args=[cst.Arg(value=cst.SimpleString() as name)],
            ) if not str(name.evaluated_value).startswith("."):
                dotted = str(name.evaluated_value)
                is_first = isinstance(node.func, cst.Name) and node.func.value == "__import__"
                return NamedModule(dotted.partition(".")[0] if is_first else dotted)
            case (
                cst.Call(
                    func=cst.Attribute(
                        value=cst.Attribute(value=cst.Name(value="sys"), attr=cst.Name(value="modules")),
                        attr=cst.Name(value="get"),
                    ),
                    args=[cst.Arg(value=cst.Name(value="__name__"))],
                )
                | cst.Call(
                    func=cst.Name(value="import_module") | cst.Attribute(attr=cst.Name(value="import_module")),
                    args=[cst.Arg(value=cst.Name(value="__name__"))],
                )
            ):
                return NamedModule("__name__")
        return None

    def _taken(self, owner: Expression, name: cst.BaseExpression) -> Expression:
        """Return what ``attrgetter("a.b")`` takes of an object."""
        assert isinstance(name, cst.SimpleString)
        for part in str(name.evaluated_value).split("."):
            owner = Attribute(owner, part)
        return owner

    def _element(self, element: cst.BaseElement, look: Look) -> Element:
        return Element(
            self.convert(element.value, look),
            self._span(element.value),
            isinstance(element, cst.StarredElement),
        )

    def _dict_elements(self, node: cst.Dict, look: Look) -> Iterator[Element]:
        for element in node.elements:
            if isinstance(element, cst.DictElement):
                yield Element(self.convert(element.key, look), self._span(element.key), is_key=True)
                yield Element(self.convert(element.value, look), self._span(element.value))
            elif isinstance(element.value, cst.Dict) and element is node.elements[-1]:
                # Nothing stands behind it that would write over its keys: they are the outer one's.
                yield from self._dict_elements(element.value, look)
            else:
                yield Element(self.convert(element.value, look), self._span(element.value), is_unpacked=True)

    def _comprehension(self, node: cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp, look: Look) -> Display:
        match node:
            case cst.ListComp(
                elt=cst.Name(value=name),
                for_in=cst.CompFor(target=target, iter=cst.Tuple() | cst.List() as written, ifs=[], inner_for_in=None),
            ) if name in dict(targets(target, LITERAL)) and not _has_star(written):
                # A list like any other that is written out.
                elements = (self._element(element, look) for element in written.elements)
                copied = (replace(each, value=dict(targets(target, each.value))[name]) for each in elements)
                return Display(tuple(copied), is_sequence=True)
        loop: cst.CompFor | None = node.for_in
        iterated = None
        while loop is not None:
            values = self.convert(loop.iter, look)
            if iterated is None and isinstance(node, cst.GeneratorExp):
                iterated = Element(values, self._span(loop.iter))
            each: Expression = Item(values)
            if is_namespace(loop.iter):
                each = narrowed(each, [condition.test for condition in loop.ifs], partial(self.convert, look=look))
            look = overlay(dict(targets(loop.target, each)), look)
            for condition in loop.ifs:
                self.convert(condition.test, look)
            loop = loop.inner_for_in
        if isinstance(node, cst.DictComp):
            may_lack = bool(node.for_in.ifs) or node.for_in.inner_for_in is not None
            key = Element(self.convert(node.key, look), self._span(node.key), is_key=True, may_lack=may_lack)
            value = Element(self.convert(node.value, look), self._span(node.value), may_lack=may_lack)
            return Display((key, value), is_mapping=True)
        return Display((Element(self.convert(node.elt, look), self._span(node.elt)),), iterated=iterated)

    def _subscript(self, node: cst.Subscript, look: Look) -> Expression:
        match node:
            case cst.Subscript(
                value=cst.Attribute(value=cst.Name(value="sys"), attr=cst.Name(value="modules")),
                slice=[
                    cst.SubscriptElement(slice=cst.Index(value=cst.SimpleString() | cst.Name(value="__name__") as name))
                ],
            ):
                return NamedModule(str(name.evaluated_value) if isinstance(name, cst.SimpleString) else name.value)
            case cst.Subscript(
                value=cst.Attribute(value=owner, attr=cst.Name(value="__dict__"))
                | cst.Call(func=cst.Name(value="vars"), args=[cst.Arg(value=owner)]),
                slice=[cst.SubscriptElement(slice=cst.Index(value=cst.SimpleString() as name))],
            ):
                return Attribute(self.convert(owner, look), str(name.evaluated_value))
            case cst.Subscript(
                value=cst.Attribute(value=owner, attr=cst.Name(value="__dict__"))
                | cst.Call(func=cst.Name(value="vars"), args=[cst.Arg(value=owner)]),
                slice=[cst.SubscriptElement(slice=cst.Index(value=named))],
            ):
                return NamedAttribute(self.convert(owner, look), self.convert(named, look))
        value = self.convert(node.value, look)
        indexes: list[Element] = []
        for element in node.slice:
            if not isinstance(element.slice, cst.Index):
                return Display((Element(Item(value), self._span(node)),), sliced=value)
            index = element.slice.value
            value_of = _literal(index) if isinstance(index, cst.ConcatenatedString) else self.convert(index, look)
            indexes.append(Element(value_of, self._span(index)))
        position = None
        if len(node.slice) == 1:
            position = _integer(node.slice[0].slice)
        return Item(value, position, indexes[0].value if len(indexes) == 1 else Display(tuple(indexes)))

    def _binary(self, node: cst.BinaryOperation, look: Look) -> Expression:
        parts: list[cst.BaseExpression] = []
        left: cst.BaseExpression = node
        adds = True
        if isinstance(node.operator, cst.Multiply):
            sides = (self.convert(node.left, look), self.convert(node.right, look))
            repeated = next((side for side in sides if isinstance(side, Display)), None)
            if repeated is not None:
                return Display(repeated.elements)
            if any(isinstance(side, Literal) for side in sides):
                others = [(s, n) for s, n in zip(sides, (node.left, node.right), strict=True) if isinstance(s, _NAMED)]
                return Derived(sides, tuple(Element(s, self._span(n), is_unpacked=True) for s, n in others))
        while isinstance(left, cst.BinaryOperation):
            parts.append(left.right)
            adds = adds and isinstance(left.operator, (cst.Add, cst.BitOr))
            left = left.left
        parts.append(left)
        values = [(self.convert(part, look), part) for part in reversed(parts)]
        if adds and any(isinstance(value, Display) for value, _ in values):
            elements: list[Element] = []
            for value, part in values:
                if isinstance(value, Display):
                    elements += value.elements
                else:
                    elements.append(Element(value, self._span(part), is_unpacked=True))
            return Display(tuple(elements), is_mapping=any(isinstance(v, Display) and v.is_mapping for v, _ in values))
        named = adds and all(isinstance(value, _NAMED) for value, _ in values)
        summands = tuple(Element(value, self._span(part), is_unpacked=True) for value, part in values) if named else ()
        is_text = adds and any(isinstance(value, Literal) and value.is_text for value, _ in values)
        texts = tuple(value for value, _ in values) if is_text else ()
        return Derived(tuple(value for value, _ in values), summands, texts)

    def _formatted(self, node: cst.FormattedString | cst.ConcatenatedString, look: Look) -> Iterator[Expression]:
        pending: list[cst.BaseExpression] = [node]
        while pending:
            part = pending.pop()
            if isinstance(part, cst.ConcatenatedString):
                pending += [part.right, part.left]
            elif isinstance(part, cst.FormattedString):
                for piece in part.parts:
                    if isinstance(piece, cst.FormattedStringText):
                        yield Literal(repr(piece.value), is_text=True)
                    elif isinstance(piece, cst.FormattedStringExpression):
                        yield self.convert(piece.expression, look)
            elif isinstance(part, cst.SimpleString):
                yield _literal(part)


_LONGEST = 80
"""How long a string may be, as it is written, to be kept: names and keys are shorter."""

_LOOKING_UP = frozenset({"getattr", "import_module", "__import__", "get"})
_CONSTANTS = frozenset({"True", "False", "None", "__name__", "__file__", "__package__", "__doc__", "__debug__"})


def targets(target: cst.BaseExpression, value: Expression) -> Iterator[tuple[str, Expression]]:
    """Yield the plain names that an assignment to `target` binds, each with its share of `value`."""
    for node, share in shares(target, value):
        if isinstance(node, cst.Name):
            yield node.value, share


def shares(target: cst.BaseExpression, value: Expression) -> Iterator[tuple[cst.BaseExpression, Expression]]:
    """Yield every single target of an assignment, unpacked, with its share of `value`."""
    if type(target) is cst.Name or not isinstance(target, (cst.Tuple, cst.List)):
        yield target, value
        return
    starred = [isinstance(element, cst.StarredElement) for element in target.elements]
    if any(starred) and isinstance(value, Display) and value.is_sequence:
        parts = _parts(value, starred)
        if parts:
            for element, part in zip(target.elements, parts, strict=True):
                yield from shares(element.value, part)
            return
    for position, element in enumerate(target.elements):
        if starred[position]:
            yield from shares(element.value, Display((Element(Item(value), NOWHERE),)))
        elif any(starred[:position]):
            yield from shares(element.value, Item(value))
        else:
            yield from shares(element.value, share(value, position))


def _parts(value: Display, starred: list[bool]) -> list[Expression]:
    """Return what each target of a starred unpacking gets of a sequence that is written out; empty if unknown."""
    star = starred.index(True)
    after = len(starred) - star - 1
    elements = value.elements
    if any(element.is_unpacked for element in elements) or len(elements) < star + after:
        return []
    end = len(elements) - after
    middle = Display(elements[star:end], is_sequence=True)
    return [*(e.value for e in elements[:star]), middle, *(e.value for e in elements[end:])]


def share(value: Expression, position: int) -> Expression:
    """Return the element of `value` at a position; at a negative one from the end."""
    if isinstance(value, Narrowed):
        return replace(value, value=share(value.value, position))
    if isinstance(value, Display) and value.is_sequence and -len(value.elements) <= position < len(value.elements):
        passed = value.elements[position:] if position < 0 else value.elements[: position + 1]
        if not any(element.is_unpacked for element in passed):
            return value.elements[position].value
    return Item(value, position)


def parameter_names(parameters: cst.Parameters) -> tuple[str, ...]:
    """Return the names of the parameters, positional ones first, without ``*args`` and ``**kwargs``."""
    ordered = [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]
    return tuple(parameter.name.value for parameter in ordered)


def star_name(parameters: cst.Parameters) -> str:
    """Return the name of ``*args``; empty if there is none."""
    return parameters.star_arg.name.value if isinstance(parameters.star_arg, cst.Param) else ""


def double_star_name(parameters: cst.Parameters) -> str:
    """Return the name of ``**kwargs``; empty if there is none."""
    return parameters.star_kwarg.name.value if parameters.star_kwarg is not None else ""


def first_annotation(parameters: cst.Parameters) -> cst.BaseExpression | None:
    """Return the annotation of the first parameter that has one."""
    ordered = [*parameters.posonly_params, *parameters.params]
    return next((parameter.annotation.annotation for parameter in ordered if parameter.annotation is not None), None)


def _has_star(sequence: cst.Tuple | cst.List) -> bool:
    return any(isinstance(element, cst.StarredElement) for element in sequence.elements)


def overlay(names: Mapping[str, Expression], look: Look) -> Look:
    """Return what resolves some names to expressions, and all others as before."""
    return lambda name: names[name] if name in names else look(name)


def _asks_for(test: cst.BaseExpression, body: cst.BaseExpression) -> bool:
    """Whether a test asks for what is taken then: ``m.x if hasattr(m, "x") else``, ``m.x if m else``."""
    if not isinstance(body, cst.Attribute):
        return False
    match test:
        case cst.Call(
            func=cst.Name(value="hasattr"), args=[cst.Arg(value=owner), cst.Arg(value=cst.SimpleString() as name)]
        ):
            return str(name.evaluated_value) == body.attr.value and owner.deep_equals(body.value)
        case cst.Comparison(
            left=owner, comparisons=[cst.ComparisonTarget(operator=cst.IsNot(), comparator=cst.Name(value="None"))]
        ):
            return owner.deep_equals(body.value)
    return test.deep_equals(body.value)


def choice(options: tuple[Expression, ...], *, is_first_true: bool = False, is_first_there: bool = False) -> Expression:
    """Return one expression for several alternatives; those that hold nothing do not count."""
    distinct = tuple(dict.fromkeys(option for option in options if not isinstance(option, Literal)))
    if not distinct:
        return LITERAL
    return distinct[0] if len(distinct) == 1 else Choice(distinct, is_first_true, is_first_there)


def _last_name(node: cst.BaseExpression) -> str:
    if type(node) is cst.Attribute:
        return node.attr.value
    return node.value if type(node) is cst.Name else ""


def _tested(operands: tuple[Expression, ...]) -> Expression:
    """Return what is found out about some expressions: that they are equal, or true."""
    told = tuple(operand for operand in operands if not isinstance(operand, Literal))
    return Derived(told, is_tested=True) if told else LITERAL


def _literal(node: cst.BaseString | cst.Integer) -> Literal:
    value: object = None
    if isinstance(node, (cst.Integer, cst.SimpleString)) and len(node.value) <= _LONGEST:
        value = node.evaluated_value
    return Literal("" if value is None else repr(value), is_text=isinstance(node, cst.BaseString))


def _integer(index: cst.BaseSlice) -> int | None:
    match index:
        case cst.Index(value=cst.Integer() as number):
            return number.evaluated_value
        case cst.Index(value=cst.UnaryOperation(operator=cst.Minus(), expression=cst.Integer() as number)):
            return -number.evaluated_value
    return None
