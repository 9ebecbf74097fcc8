"""Which strings and numbers an expression may be: keys of tables, names in ``getattr``."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterable

from stalecheck.link.program import Evaluates, Frame, resolve
from stalecheck.link.values import ModuleThing
from stalecheck.model import Location, SourceFile
from stalecheck.summarize.summary import (
    NOWHERE,
    Argument,
    Attribute,
    Bound,
    Call,
    Choice,
    Derived,
    Display,
    Element,
    Expression,
    Item,
    Literal,
    NameImport,
    Reference,
)

_DEEPEST = 8
_MOST_TEXTS = 50


def constants(evaluator: Evaluates, expression: Bound, file: SourceFile, depth: int = 0) -> tuple[Literal, ...]:
    """Return every constant that an expression may be, in order; none where it may be anything else."""
    if depth > _DEEPEST:
        return ()
    match expression:
        case Literal(written=written, is_text=is_text):
            return (expression,) if written or is_text else ()
        case Choice(options=options):
            return _all(constants(evaluator, option, file, depth + 1) for option in options)
        case Reference() | NameImport():
            return _all(constants(evaluator, bound, at, depth + 1) for bound, at in _bound(evaluator, expression, file))
        case Item(value=inner, position=position, index=None):
            elements = _elements(evaluator, inner, file, depth + 1)
            if position is not None:
                elements = elements[position : position + 1 or None]
            return _all(constants(evaluator, element.value, file, depth + 1) for element in elements)
        case Item() | Call():
            return _all(constants(evaluator, entry, file, depth + 1) for entry in _entries(evaluator, expression, file))
        case Derived(texts=texts) if texts:
            return _joined([constants(evaluator, text, file, depth + 1) for text in texts])
    return ()


def is_text(expression: Bound) -> bool:
    """Whether an expression is a string or bytes, as it is written or put together."""
    match expression:
        case Literal():
            return expression.is_text
        case Derived(texts=texts):
            return bool(texts)
        case Display(sliced=sliced) if sliced is not None:
            return is_text(sliced)
    return False


def written_name(constant: Literal) -> str:
    """Return the name that a constant is; empty where it is none."""
    name = constant.written[1:-1]
    return name if constant.is_text and name.isidentifier() else ""


def text_of(constant: Literal) -> str:
    """Return the string that a constant is; empty where it is none, or too long to be kept."""
    return str(literal_eval(constant.written)) if constant.is_text and constant.written else ""


def _joined(parts: list[tuple[Literal, ...]]) -> tuple[Literal, ...]:
    """Return the strings that parts make, each of which may be one of several."""
    found = [""]
    for part in parts:
        texts = [text_of(constant) for constant in part]
        if not all(texts) or len(found) * len(texts) > _MOST_TEXTS:
            return ()
        found = [before + text for before in found for text in texts]
    return tuple(Literal(repr(text), is_text=True) for text in found)


def _entries(evaluator: Evaluates, expression: Item | Call, file: SourceFile) -> list[Expression]:
    """Return what a table that is written out has under a key that is written out."""
    match expression:
        case Item(value=Reference() as table, index=Literal(is_text=True) as key):
            pass
        case Call(function=Attribute(value=Reference() as table, name="get"), arguments=(Argument(value=key), *_)):
            pass
        case _:
            return []
    found: list[Expression] = []
    for bound, _ in _bound(evaluator, table, file):
        if not (isinstance(bound, Display) and bound.is_mapping):
            return []
        pairs = zip(bound.elements, bound.elements[1:], strict=False)
        found += [value.value for entry, value in pairs if entry.is_key and entry.value == key]
    return found


def _all(parts: Iterable[tuple[Literal, ...]]) -> tuple[Literal, ...]:
    found = list(parts)
    return tuple(dict.fromkeys(item for part in found for item in part)) if all(found) else ()


def _bound(
    evaluator: Evaluates, expression: Reference | NameImport, file: SourceFile
) -> list[tuple[Bound, SourceFile]]:
    """Return what a name may be bound to, and where; nothing where that is not known."""
    if isinstance(expression, NameImport):
        target = resolve(evaluator.program, file, expression.module, expression.level)
        name, late = expression.name, True
    else:
        target, name, late = file, expression.name, expression.is_late
    summary = None if target is None else evaluator.program.summaries.get(target)
    if target is None or summary is None:
        return []
    if late:
        reaching = dict(summary.exports).get(name, ())
    elif isinstance(expression, Reference) and not expression.stars:
        reaching = expression.reaching
    else:
        reaching = ()
    return [(summary.bindings[index].value, target) for index in reaching]


def _elements(evaluator: Evaluates, container: Expression, file: SourceFile, depth: int) -> list[Element]:
    """Return the elements of a container that is written out, or the names of an ``__all__``."""
    if depth > _DEEPEST:
        return []
    match container:
        case Display(elements=elements, is_mapping=is_mapping):
            keys = [element for element in elements if element.is_key or not is_mapping]
            return [] if any(element.is_unpacked for element in elements) else keys
        case Attribute(value=owner, name="__all__"):
            return _public(evaluator, owner, file)
        case Item(index=Literal()) | Call():
            entries = _entries(evaluator, container, file)
            return _elements(evaluator, entries[0], file, depth + 1) if len(entries) == 1 else []
        case Reference():
            bound = _bound(evaluator, container, file)
            if len(bound) == 1 and bound[0][1] == file and isinstance(bound[0][0], (Display, Attribute)):
                return _elements(evaluator, bound[0][0], file, depth + 1)
    return []


def _public(evaluator: Evaluates, owner: Expression, file: SourceFile) -> list[Element]:
    things = evaluator.evaluate(owner, Frame(file, Location(1, 1))).things
    modules = [thing.file for thing in things if isinstance(thing, ModuleThing)]
    summary = evaluator.program.summaries.get(modules[0]) if len(modules) == 1 else None
    parts = () if summary is None or summary.public is None else summary.public
    if any(part.module is not None for part in parts):
        return []
    return [Element(Literal(repr(name), is_text=True), NOWHERE) for part in parts for name in part.names]
