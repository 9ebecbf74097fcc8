"""Which forms of the `typing` module (``Union[int, str]``) Python still remembers when a module's body runs again.

The module answers with the same object for the same arguments, as long as they are among the last 128 of their kind
(`typing._tp_cache`). Which those are is played through here, by the look of the sources, in the order of the imports.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stalecheck.index import FileIndex
from stalecheck.model import Location, SourceFile
from stalecheck.modules import ModuleTable, absolute

_REMEMBERED = 128
_MODULES = ("typing", "typing_extensions")
_KINDS = {
    **dict.fromkeys(("Union", "Optional", "ClassVar", "Final", "Concatenate", "TypeGuard", "Unpack"), "special"),
    **dict.fromkeys(("Generic", "Protocol"), "generic"),
    "Callable": "callable",
    "Tuple": "tuple",
    "Literal": "literal",
    "Annotated": "annotated",
}
"""Forms that share a memory, by name; all others are one kind."""

_SILENT = re.compile(rb'"""(?s:.*?)"""|\'\'\'(?s:.*?)\'\'\'|#[^\n]*')
_FORM = re.compile(rb"(?<![\w.\"'])([^\W\d][\w.]*)\[")
_LOCAL = re.compile(rb"(?: {8,}|\t\t+| +self\.)[\w.]+[ \t]*:(?![^\n]*[,(][ \t]*$)|[ \t][^\n]*\bcast\(")
"""A line of a function's body whose annotation, or cast, is not looked at when the module is imported."""

_ASSIGNED = re.compile(rb"\w[\w.]*(?:[ \t]*:[^=\n]*)?[ \t]*=(?!=)|class\b[^\n]*$")
_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class _Form:
    name: str
    """The name in the `typing` module."""

    text: bytes
    row: int
    end: int

    @property
    def kind(self) -> str:
        return _KINDS.get(self.name, "alias")


_Memory = dict[str, "OrderedDict[bytes, object]"]
"""For each kind the texts, the one that was asked for last at the end, each with what stands for its object."""


class Forms:
    """Answers what is forgotten; reads the sources when it is first asked."""

    def __init__(
        self, sources: Mapping[SourceFile, bytes], indexes: Mapping[SourceFile, FileIndex], table: ModuleTable
    ) -> None:
        self._sources = sources
        self._indexes = indexes
        self._table = table
        self._of: dict[SourceFile, tuple[_Form, ...]] = {}
        self._memory: _Memory = {}
        self._made: dict[SourceFile, list[object]] = {}
        """What stands for the objects that a file's forms gave when it was imported."""

        self._again: dict[SourceFile, list[tuple[_Form, bool]]] = {}

    def is_forgotten(self, file: SourceFile, name: str, at: Location) -> bool:
        """Whether the form of that name in the statement that begins at a place is made anew when the file is reloaded.

        `name` is the form's own name: ``Union``, whatever the file calls it.
        """
        again = self._again.get(file)
        if again is None:
            again = self._again[file] = self._run_again(file)
        found = [(form.row, -form.end, lost) for form, lost in again if form.name == name and form.row >= at.row]
        return bool(found) and min(found)[2]

    def _run_again(self, file: SourceFile) -> list[tuple[_Form, bool]]:
        if not self._made:
            for each in self._in_order():
                self._made[each] = [_made(self._memory, form) for form in self._forms(each)]
        memory = {kind: texts.copy() for kind, texts in self._memory.items()}
        before = zip(self._forms(file), self._made.get(file, ()), strict=False)
        return [(form, _made(memory, form) is not made) for form, made in before]

    def _in_order(self) -> Iterator[SourceFile]:
        """Yield the files in the order in which their bodies end, if one is imported after the other by name."""
        entered: set[SourceFile] = set()
        imported = (file for file in self._indexes if file.module.rpartition(".")[2] != "__main__")
        for first in sorted(imported, key=lambda file: file.module):
            pending: list[tuple[SourceFile, bool]] = [(first, False)]
            while pending:
                file, is_over = pending.pop()
                if is_over:
                    yield file
                elif file not in entered:
                    entered.add(file)
                    pending.append((file, True))
                    pending += [(target, False) for target in reversed(list(self._imported(file)))]

    def _imported(self, file: SourceFile) -> Iterator[SourceFile]:
        names = [file.module.rpartition(".")[0]]
        imported, script = _apart(self._sources[file])
        for item in self._indexes[file].imports:
            source = "." * item.level + item.module
            written = f"\nfrom {source} import" if item.name else f"\nimport {source}"
            if script and written.encode() not in imported:
                continue
            module = absolute(file, item.level, item.module or None)
            if module is not None:
                names += [module, f"{module}.{item.name}"] if item.name else [module]
        for name in dict.fromkeys(names):
            target = self._table.find(name, file) if name else None
            if target is not None and target in self._indexes:
                yield target

    def _forms(self, file: SourceFile) -> tuple[_Form, ...]:
        forms = self._of.get(file)
        if forms is None:
            forms = self._of[file] = tuple(_find_forms(self._sources[file], self._indexes[file]))
        return forms


def _made(memory: _Memory, form: _Form) -> object:
    """Return what stands for the object that a form gives, a new one where it is not remembered."""
    texts = memory.setdefault(form.kind, OrderedDict())
    made = texts.get(form.text)
    if made is None:
        made = object()
        if form.name == "Optional":
            texts[b"Union" + form.text] = made
    texts[form.text] = made
    texts.move_to_end(form.text)
    while len(texts) > _REMEMBERED:
        texts.popitem(last=False)
    return made


def _find_forms(data: bytes, index: FileIndex) -> Iterator[_Form]:
    """Yield the forms of a file that are evaluated when it is imported, in that order."""
    named = {item.local: item.name for item in index.imports if item.module in _MODULES and item.name}
    modules = {item.local for item in index.imports if item.module in _MODULES and not item.name}
    if not named and not modules:
        return
    is_lazy = b"from __future__ import annotations" in data
    data = _apart(data)[0][1:]
    source = _SILENT.sub(lambda match: b"\n" * match.group().count(b"\n"), data)
    found: list[_Form] = []
    row, last_start = 1, 0
    for match in _FORM.finditer(source):
        written = match[1].decode("utf-8", "replace")
        module, _, last = written.rpartition(".")
        name = last if module in modules else named.get(written, "")
        if not name or not _is_evaluated(source, match.start(), is_lazy=is_lazy):
            continue
        end = _closing(source, match.end())
        text = b"".join(source[match.end() : end].split()).replace(b"'", b'"')
        row += source.count(b"\n", last_start, match.start())
        last_start = match.start()
        found.append(_Form(name, name.encode() + b"[" + text, row, end))
    yield from sorted(found, key=lambda form: form.end)


def _apart(data: bytes) -> tuple[bytes, bytes]:
    """Return a source without what only runs where it is the script, and that."""
    head, guard, tail = data.partition(b"\nif __name__ ==")
    return b"\n" + head, guard + tail


def _is_evaluated(source: bytes, at: int, *, is_lazy: bool) -> bool:
    if not is_lazy:
        end = source.find(b"\n", at)
        line = source[source.rfind(b"\n", 0, at) + 1 : end if end >= 0 else len(source)]
        return _LOCAL.match(line) is None
    start = at
    while start > 0 and (start := source.rfind(b"\n", 0, start)) >= 0:
        if source[start + 1 : start + 2].strip(b" \t\r\n)]}"):
            break
    return _ASSIGNED.match(source[start + 1 : at]) is not None


def _closing(source: bytes, start: int) -> int:
    depth = 1
    for position in range(start, min(start + _LONGEST, len(source))):
        depth += (source[position] == 0x5B) - (source[position] == 0x5D)
        if not depth:
            return position
    return start
