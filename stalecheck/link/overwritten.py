"""Mappings that others are unpacked into: which of their entries are certainly written over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from stalecheck.link.program import Evaluates, Frame, resolve
from stalecheck.link.values import ClassThing, ExternalThing, FunctionThing, ModuleThing
from stalecheck.model import SourceFile
from stalecheck.summarize.summary import (
    NOWHERE,
    Attribute,
    Choice,
    Display,
    Element,
    Expression,
    Item,
    Literal,
    NameImport,
    Reference,
)

_Key: TypeAlias = Literal | ClassThing | FunctionThing | ExternalThing | tuple[SourceFile, str]
"""A constant, an object, or a name of a module that was not read closely."""


@dataclass(frozen=True, slots=True, eq=False)
class Later:
    """The elements of a mapping, in a file, behind one that is unpacked into it."""

    file: SourceFile
    elements: tuple[Element, ...]


def behind(element: Element, display: Display, file: SourceFile) -> tuple[Later, ...]:
    """Return what stands in a mapping behind one of its elements."""
    if not display.is_mapping:
        return ()
    places = (number for number, other in enumerate(display.elements, start=1) if other is element)
    elements = display.elements[next(places, len(display.elements)) :]
    return (Later(file, elements),) if elements else ()


class Overwritten:
    """Answers whether an entry's key is written again; remembers the keys of mappings."""

    def __init__(self, evaluator: Evaluates) -> None:
        self._evaluator = evaluator
        self._written: dict[Later, frozenset[_Key]] = {}

    def is_gone(self, element: Element, display: Display, file: SourceFile, later: Iterable[Later]) -> bool:
        """Whether the value of a mapping's entry is written over, whichever of its keys it stands under."""
        keys: frozenset[_Key] | None = None
        for key, value in zip(display.elements, display.elements[1:], strict=False):
            if value is element and key.is_key:
                keys = self._possible(key.value, file)
        if not keys:
            return False
        return keys <= {key for part in later for key in self._certain(part)}

    def _certain(self, later: Later) -> frozenset[_Key]:
        """Return the keys that are written whatever happens."""
        found = self._written.get(later)
        if found is None:
            self._written[later] = frozenset()
            found = self._written[later] = frozenset(self._keys(later.elements, later.file))
        return found

    def _keys(self, elements: Iterable[Element], file: SourceFile) -> Iterable[_Key]:
        for element in elements:
            if element.may_lack:
                continue
            match element:
                case Element(value=Display(elements=inner, is_mapping=True), is_unpacked=True):
                    yield from self._keys(inner, file)
                case Element(value=Item(value=Display(elements=each), position=None, index=None), is_key=True):
                    # A comprehension writes one after the other.
                    for one in each:
                        key = None if one.is_unpacked else self._single(one.value, file)
                        if key is not None:
                            yield key
                case Element(value=value, is_key=True):
                    key = self._single(value, file)
                    if key is not None:
                        yield key

    def _possible(self, key: Expression, file: SourceFile) -> frozenset[_Key] | None:
        """Return all that a key may be; None where that is not known."""
        match key:
            case Item(value=Display(elements=elements), position=None, index=None):
                if any(element.is_unpacked for element in elements):
                    return None
                options = tuple(element.value for element in elements)
            case Choice(options=options):
                pass
            case _:
                single = self._single(key, file)
                return None if single is None else frozenset((single,))
        found = [self._possible(option, file) for option in options]
        return frozenset(key for keys in found if keys is not None for key in keys) if None not in found else None

    def _single(self, key: Expression, file: SourceFile) -> _Key | None:
        """Return the one constant or object that a key is; None where it may be another."""
        if isinstance(key, Literal):
            return key if key.written else None
        if isinstance(key, (Item, Choice)):
            return None
        frame = Frame(file, NOWHERE.start)
        match self._evaluator.evaluate(key, frame).things:
            case (ClassThing() | FunctionThing() as thing,):
                return thing
            case (ExternalThing(name=name) as thing,) if "(" not in name:
                return thing
            case ():
                return self._named(key, frame)
        return None

    def _named(self, key: Expression, frame: Frame) -> _Key | None:
        """Return the name of another module that a key is taken by; None if it is something else."""
        program = self._evaluator.program
        match key:
            case Attribute(value=owner, name=name):
                match self._evaluator.evaluate(owner, frame).things:
                    case (ModuleThing(file=module),):
                        return module, name
            case Reference(reaching=(only,), is_late=False):
                match program.summaries[frame.file].bindings[only].value:
                    case NameImport(module=dotted, level=level, name=name):
                        target = resolve(program, frame.file, dotted, level)
                        return None if target is None else (target, name)
        return None
