"""Mappings that others are unpacked into: which of their entries are certainly written over.

Keys are compared by what they are called, not by what they may be: that is enough, and tables are long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from stalecheck.link.program import Program
from stalecheck.model import SourceFile
from stalecheck.modules import absolute
from stalecheck.summarize.summary import (
    Attribute,
    Choice,
    Class,
    Display,
    Element,
    Expression,
    Function,
    Item,
    Literal,
    ModuleImport,
    NameImport,
    Reference,
)

_Key: TypeAlias = Literal | str
"""A constant, or the dotted name of an object."""

_MOST_IMPORTS = 20
"""How far a name is followed through modules that import it."""


@dataclass(frozen=True, slots=True)
class Later:
    """The elements of a mapping, in a file, from a position on: behind one that is unpacked into it."""

    file: SourceFile
    display: Display
    position: int


def behind(element: Element, display: Display, file: SourceFile) -> tuple[Later, ...]:
    """Return what stands in a mapping behind one of its elements."""
    if not display.is_mapping:
        return ()
    places = (number for number, other in enumerate(display.elements, start=1) if other is element)
    position = next(places, len(display.elements))
    return (Later(file, display, position),) if position < len(display.elements) else ()


class Overwritten:
    """Answers whether an entry's key is written again; remembers the keys of mappings."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._written: dict[Later, frozenset[_Key]] = {}
        self._entries: dict[Display, dict[int, Element]] = {}
        self._names: dict[str, str] = {}

    def is_gone(self, element: Element, display: Display, file: SourceFile, later: Iterable[Later]) -> bool:
        """Whether the value of a mapping's entry is written over, whichever of its keys it stands under."""
        entries = self._entries.get(display)
        if entries is None:
            pairs = zip(display.elements, display.elements[1:], strict=False)
            entries = self._entries[display] = {id(value): key for key, value in pairs if key.is_key}
        key = entries.get(id(element))
        keys = self._possible(key.value, file) if key is not None else None
        if not keys:
            return False
        return keys <= {key for part in later for key in self._certain(part)}

    def _certain(self, later: Later) -> frozenset[_Key]:
        """Return the keys that are written whatever happens."""
        found = self._written.get(later)
        if found is None:
            elements = later.display.elements[later.position :]
            found = self._written[later] = frozenset(self._keys(elements, later.file))
        return found

    def _keys(self, elements: Iterable[Element], file: SourceFile) -> Iterator[_Key]:
        for element in elements:
            match element:
                case Element(may_lack=True):
                    pass
                case Element(value=Display(elements=inner, is_mapping=True), is_unpacked=True):
                    yield from self._keys(inner, file)
                case Element(value=Item(value=Display(elements=each), position=None, index=None), is_key=True):
                    # A comprehension writes one after the other.
                    found = (self._single(one.value, file) for one in each if not one.is_unpacked)
                    yield from (key for key in found if key is not None)
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
        return self._called(key, file) or None

    def _called(self, expression: Expression, file: SourceFile) -> str:
        """Return the dotted name of an object; empty where several may stand for it."""
        match expression:
            case Attribute(value=owner, name=name):
                called = self._called(owner, file)
                return self._origin(f"{called}.{name}") if called else ""
            case Reference(name=name, reaching=(), stars=(), is_late=False):
                return f"builtins.{name}"
            case Reference(reaching=(only,), stars=(), is_late=False):
                binding = self._program.summaries[file].bindings[only]
                match binding.value:
                    case Class() | Function():
                        return f"{file.module}.{binding.name}"
                    case ModuleImport() | NameImport() as bound:
                        return self._origin(_imported(bound, file))
        return ""

    def _origin(self, name: str) -> str:
        """Return the name that something has where it is made, as far as imports tell."""
        found = self._names.get(name)
        if found is None:
            found = name
            for _ in range(_MOST_IMPORTS):
                further = self._passed(found)
                if further in {"", found}:
                    break
                found = further
            self._names[name] = found
        return found

    def _passed(self, name: str) -> str:
        """Return the name under which a module has imported what it calls by a dotted name; empty if it has not."""
        owner, _, last = name.rpartition(".")
        module = self._program.table.find(owner) if owner else None
        summary = None if module is None else self._program.summaries.get(module)
        if module is None or summary is None:
            return ""
        reaching = next((indexes for known, indexes in summary.exports if known == last), ())
        bound = summary.bindings[reaching[0]].value if len(reaching) == 1 else None
        return _imported(bound, module) if isinstance(bound, (ModuleImport, NameImport)) else ""


def _imported(bound: ModuleImport | NameImport, file: SourceFile) -> str:
    """Return the dotted name of what an import binds; empty if it leads nowhere."""
    if isinstance(bound, ModuleImport):
        return bound.module.partition(".")[0] if bound.binds_first else bound.module
    module = absolute(file, bound.level, bound.module or None)
    return f"{module}.{bound.name}" if module else ""
