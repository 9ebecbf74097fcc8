"""What the ``__getattr__`` of a module (PEP 562) answers when it is asked for a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stalecheck.summarize.summary import (
    Attribute,
    Call,
    Choice,
    Derived,
    Expression,
    Function,
    Item,
    Literal,
    NamedAttribute,
    Parameter,
    Reference,
)


def answers(function: Function, name: str) -> Iterator[Expression]:
    """Yield the expressions that a ``__getattr__`` may return for a name.

    Those that spell the name, and those that look it up: ``getattr(import_module(PLACES[name]), name)``.
    """
    asked = Literal(repr(name), is_text=True)
    pending = list(function.returns)
    while pending:
        match pending.pop(0):
            case Reference(name=spelled) | Attribute(name=spelled) as answer if spelled == name:
                yield answer
            case NamedAttribute(name=Parameter(name=parameter)) as answer if (parameter,) == function.parameters:
                yield _with(answer, parameter, asked)
            case Choice(options=options):
                pending += options


def _with(expression: Expression, parameter: str, value: Literal) -> Expression:
    """Return an expression with a constant for a parameter."""
    match expression:
        case Parameter(name=name):
            return value if name == parameter else expression
        case Attribute(value=owner):
            return replace(expression, value=_with(owner, parameter, value))
        case NamedAttribute(value=owner, name=named):
            return NamedAttribute(_with(owner, parameter, value), _with(named, parameter, value))
        case Item(value=container, index=index):
            inner = None if index is None else _with(index, parameter, value)
            return replace(expression, value=_with(container, parameter, value), index=inner)
        case Call(function=function, arguments=arguments):
            given = tuple(replace(item, value=_with(item.value, parameter, value)) for item in arguments)
            return Call(_with(function, parameter, value), given)
        case Choice(options=options):
            return Choice(tuple(_with(option, parameter, value) for option in options))
        case Derived(operands=operands, texts=texts):
            inner_operands = tuple(_with(operand, parameter, value) for operand in operands)
            return Derived(inner_operands, texts=tuple(_with(text, parameter, value) for text in texts))
    return expression
