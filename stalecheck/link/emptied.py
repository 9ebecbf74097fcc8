"""A container as statements at module or class level fill and empty it, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from stalecheck.link import known
from stalecheck.model import Span
from stalecheck.summarize.summary import (
    LITERAL,
    NOWHERE,
    Argument,
    Attribute,
    Binding,
    Call,
    CallStatement,
    Display,
    Element,
    Expression,
    Item,
    Literal,
    Reference,
    Store,
)

Taken: TypeAlias = tuple[Span, bool]
"""The place of an element, and whether that is in another file."""

_REORDERING = frozenset({"extendleft", "sort", "reverse", "rotate", "move_to_end"})

CHANGING = known.MUTATORS | known.REMOVERS | _REORDERING
"""Methods that change what a container holds, or in which order."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One element, or a key and its value; `key` is None for an element or for what is not known to have one."""

    key: Expression | None
    value: Expression
    spans: tuple[Span, ...]
    is_certain: bool = True
    """It stands for one element that is there for sure."""

    is_outer: bool = False
    """The module that makes the container has put it in, and the statements are those of another one."""

    is_below: bool = False
    """Put into the container that stands under the key, not in its place."""

    inner: Literal | None = None
    """Its own key in that one."""


_OTHERS = _Entry(None, LITERAL, (), is_certain=False)
"""What anybody may have put in."""

_UNKNOWN = Reference("")
"""A key or element of another file: its names mean something else here."""


@dataclass(slots=True)
class Contents:
    """What a container holds by now."""

    binding: Binding
    """What makes the container, or imports it from where it cannot be found."""

    entries: list[_Entry]
    is_ordered: bool
    """Whether the order of the entries is that of the elements."""

    whole: set[Taken] = field(default_factory=set)
    """The places of arguments whose elements were put in."""

    is_outer: bool = False
    """Made by another module than the one whose statements follow."""

    @classmethod
    def made(cls, binding: Binding) -> Contents:
        """Return what a container holds when it has been made, if a container is what is bound."""
        value = binding.value
        if isinstance(value, (Display, Call)):
            return cls(binding, list(_entries_of(value)), _is_ordered(value))
        return cls(binding, [_OTHERS], is_ordered=True)

    def handed_over(self, *, is_shared: bool) -> Contents:
        """Return the container as another module finds it; one that `is_shared` others may have filled before."""
        entries = [
            replace(
                entry,
                key=entry.key if entry.key is None or isinstance(entry.key, Literal) else _UNKNOWN,
                value=_UNKNOWN,
                is_outer=True,
            )
            for entry in self.entries
        ]
        if is_shared:
            entries = [_OTHERS, *entries, _OTHERS]
        return Contents(self.binding, entries, self.is_ordered, {(span, True) for span, _ in self.whole}, is_outer=True)

    def put_in(self) -> Contents:
        """Return what the statements that were followed have put in, as a function of another module finds it."""
        own = [entry for entry in self.entries if not entry.is_outer]
        whole = {taken for taken in self.whole if not taken[1]}
        binding = replace(self.binding, span=NOWHERE)  # Not theirs.
        return replace(self, binding=binding, entries=own, whole=whole).handed_over(is_shared=True)

    def copy(self) -> Contents:
        """Return the same contents, which can go another way from here."""
        return replace(self, entries=[*self.entries], whole={*self.whole})

    def keys(self) -> list[Expression]:
        """Return the keys under which something stands."""
        return list(dict.fromkeys(entry.key for entry in self.entries if entry.key is not None))

    def after(self, statement: Store | CallStatement, below: Below | None = None) -> Iterator[Taken]:
        """Do what a statement does to the container, or to one `below`; yield the places of what it takes out."""
        if below is not None:
            yield from self._take(self._after_below(statement, below.key))
            return
        binding = self.binding
        is_certain = not statement.is_conditional
        if isinstance(statement, Store):
            if statement.attribute:
                if is_certain and _is_namespace(binding):
                    key = Literal(repr(statement.attribute), is_text=True)
                    yield from self._write_over([_Entry(key, LITERAL, ())])
                return
            added = list(_entries(statement.values, is_certain=is_certain))
            is_item = any(element.is_key for element in statement.values)
            is_mapping = isinstance(binding.value, Display) and binding.value.is_mapping
            if is_certain and is_item and (is_mapping or (added and all(map(_is_text, added)))):
                yield from self._write_over(added)
            elif is_item:
                placed = self._replaced(added[0].key) if len(added) == 1 and is_certain else []
                if placed and isinstance(binding.value, Display) and binding.value.is_sequence:
                    position = self.entries.index(placed[0])
                    yield from self._take(placed)
                    self.entries.insert(position, replace(added[0], key=None))
                    return
                self.is_ordered = False
            self.entries += added
            return
        method = _method(statement)
        arguments = statement.call.arguments
        if method in known.MUTATORS:
            if method == "update" and is_certain:
                yield from self._write_over(entry for argument in arguments for entry in _updating(argument))
            self._put(method, statement, is_certain=is_certain)
        elif method in _REORDERING:
            self.is_ordered = False
        elif method in known.REMOVERS:
            if not is_certain:
                self.is_ordered = False
            elif method == "clear":
                yield from self.whole
                if isinstance(binding.value, (Display, Call)):
                    yield binding.span, self.is_outer
                yield from self._take(list(self.entries))
            else:
                given = arguments[0].value if arguments else None
                taken = self._found(method, given)
                self.is_ordered = self.is_ordered and bool(taken)
                yield from self._take(taken)

    def _after_below(self, statement: Store | CallStatement, key: Literal | None) -> list[_Entry]:
        """Put in what a statement puts into the container under a key; return what it takes out of that one."""
        inside = [entry for entry in self._under(key) if entry.is_below]
        added: list[_Entry] = []
        taken: list[_Entry] = []
        if isinstance(statement, Store):
            added += () if statement.attribute else _entries(statement.values, is_certain=False)
        else:
            method, arguments = _method(statement), statement.call.arguments
            given = arguments[0].value if arguments else None
            if method in known.MUTATORS:
                at = given if method == "setdefault" and len(arguments) > 1 else None
                for item in arguments:
                    added.append(_Entry(at, item.value, (item.span,)))
                    if method in known.UNPACKERS and isinstance(item.value, Display):
                        added += _entries_of(item.value)
            elif method == "clear":
                whole = [e for e in self._under(key) if not e.is_below and isinstance(e.value, Display)]
                taken = [*inside, *whole]
            elif method in {"remove", "discard"}:
                taken = [entry for entry in inside if entry.inner is None and entry.value == given][:1]
            elif method == "pop" and given is not None:
                taken = [entry for entry in inside if entry.inner == given]
        for new in statement.new_keys[-1:]:
            self.entries.append(_Entry(new.key.value, LITERAL, (new.key.span,), is_certain=False))
        for entry in added if isinstance(statement, Store) else ():
            if isinstance(entry.key, Literal) and entry.key.written:
                taken += (other for other in inside if other.inner == entry.key)
        for entry in added:
            inner = entry.key if isinstance(entry.key, Literal) and entry.key.written else None
            self.entries.append(replace(entry, key=key, is_certain=False, is_below=True, inner=inner))
        return [] if statement.is_conditional else taken

    def _put(self, method: str, statement: CallStatement, *, is_certain: bool) -> None:
        self.is_ordered = self.is_ordered and method not in _REORDERING
        arguments = statement.call.arguments
        if method == "setdefault" and len(arguments) > 1:
            spans = (arguments[0].span, arguments[1].span)
            self.entries.append(_Entry(arguments[0].value, arguments[1].value, spans, is_certain=False))
            return
        front = _front(method, arguments)
        if front is not None and self.is_ordered:
            self.entries.insert(0, _Entry(None, front.value, (front.span,), is_certain))
            return
        self.is_ordered = self.is_ordered and method not in {"insert", "appendleft"}
        for argument in arguments:
            if method in known.UNPACKERS and isinstance(argument.value, Display):
                self.whole.add((argument.span, False))
                self.entries += _entries_of(argument.value, is_certain=is_certain)
            else:
                key = Literal(repr(argument.keyword), is_text=True) if argument.keyword else None
                is_one = is_certain and method not in known.UNPACKERS
                self.entries.append(_Entry(key, argument.value, (argument.span,), is_one))

    def _found(self, method: str, given: Expression | None) -> list[_Entry]:
        """Return the entries that a method takes out."""
        if method in {"remove", "discard"}:
            return [e for e in self.entries if e.is_certain and e.key is None and e.value == given][:1]
        if method in {"pop", "popitem"} and given is None:
            return self._placed(-1)
        if method == "popleft":
            return self._placed(0)
        if isinstance(given, Literal) and not given.is_text and given.written and not self._under(given):
            return self._placed(int(given.written))
        return self._under(given)

    def _replaced(self, key: Expression | None) -> list[_Entry]:
        """Return the one entry that stands at the place of a sequence that is assigned to."""
        is_number = isinstance(key, Literal) and not key.is_text and bool(key.written)
        return self._placed(int(key.written)) if is_number and isinstance(key, Literal) else []

    def _placed(self, position: int) -> list[_Entry]:
        entries = [entry for entry in self.entries if not entry.is_below]
        if not self.is_ordered or not -len(entries) <= position < len(entries):
            return []
        passed = entries[position:] if position < 0 else entries[: position + 1]
        return [entries[position]] if all(entry.is_certain for entry in passed) else []

    def _under(self, key: Expression | None) -> list[_Entry]:
        if key is None or (isinstance(key, Literal) and not key.written):
            return []
        return [entry for entry in self.entries if entry.key == key]

    def _write_over(self, added: Iterable[_Entry]) -> Iterator[Taken]:
        """Take out what stands under the keys of what is put in."""
        for entry in added:
            yield from self._take(self._under(entry.key))

    def _take(self, taken: Iterable[_Entry]) -> Iterator[Taken]:
        for entry in list(taken):
            self.entries.remove(entry)
            yield from ((span, entry.is_outer) for span in entry.spans)


def _is_namespace(binding: Binding) -> bool:
    """Whether an object is made whose attributes are what it is given by keyword: ``SimpleNamespace(run=f)``."""
    match binding.value:
        case Call(function=Attribute(name="SimpleNamespace") | Reference(name="SimpleNamespace")):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Below:
    """A container that is an element of another one, under a key; None where that is not known."""

    key: Literal | None


def outer_of(target: Expression) -> tuple[Expression, Below | None]:
    """Return the container that a target is or is an element of: ``T`` of ``T["a"]``, of ``T.setdefault("a", [])``."""
    match target:
        case Item(value=outer, position=None, index=Literal(is_text=True) as key):
            return outer, Below(key if key.written else None)
        case Item(value=outer, position=None, index=index) if index is not None:
            return outer, Below(None)
        case Call(function=Attribute(value=outer, name="setdefault"), arguments=(Argument(value=key), _)):
            return outer, Below(key if isinstance(key, Literal) and key.is_text and key.written else None)
    return target, None


def takes_out(statement: Store | CallStatement, key: Literal | None) -> bool:
    """Whether a statement takes out of a container what stands there under a key, or in no known place."""
    mapping = Display((), is_mapping=key is not None)
    binding = Binding("", NOWHERE, mapping, statement.at)
    place = Span(statement.at, statement.at)
    contents = Contents(binding, [_Entry(key, _UNKNOWN, (place,), is_certain=False)], is_ordered=False)
    return any(span == place for span, _ in contents.after(replace(statement, is_conditional=False)))


def _entries_of(value: Display | Call, *, is_certain: bool = True) -> Iterator[_Entry]:
    """Yield what a container holds to begin with."""
    if isinstance(value, Display):
        # Neither a comprehension's one element nor a set's has a place of its own.
        yield from _entries(value.elements, is_certain=is_certain and (value.is_sequence or value.is_mapping))
        return
    for argument in value.arguments:
        key = Literal(repr(argument.keyword), is_text=True) if argument.keyword.isidentifier() else None
        yield _Entry(key, argument.value, (argument.span,), is_certain=key is not None)


def _entries(elements: Iterable[Element], *, is_certain: bool) -> Iterator[_Entry]:
    key: Element | None = None
    for element in elements:
        if element.is_key:
            key = element
        else:
            spans = (element.span,) if key is None else (key.span, element.span)
            is_one = is_certain and not element.is_unpacked
            yield _Entry(None if key is None else key.value, element.value, spans, is_one)
            key = None


def _is_text(entry: _Entry) -> bool:
    """Whether an entry has a key that only a mapping can have."""
    return isinstance(entry.key, Literal) and entry.key.is_text


def _updating(argument: Argument) -> Iterator[_Entry]:
    """Yield the entries of a mapping that `update` is given and that have keys that are known."""
    if isinstance(argument.value, Display) and not argument.keyword:
        yield from _entries_of(argument.value)
    elif argument.keyword.isidentifier():
        yield _Entry(Literal(repr(argument.keyword), is_text=True), argument.value, (argument.span,))


def _is_ordered(value: Display | Call) -> bool:
    return not isinstance(value, Display) or value.is_sequence or value.is_mapping


def _method(statement: CallStatement) -> str:
    function = statement.call.function
    return function.name if isinstance(function, Attribute) else ""


def _front(method: str, arguments: tuple[Argument, ...]) -> Argument | None:
    """Return what a method puts in before everything else; None if it does not."""
    match arguments:
        case (Argument() as only,) if method == "appendleft":
            return only
        case (Argument(value=Literal(written="0")), second) if method == "insert":
            return second
    return None
