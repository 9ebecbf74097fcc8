"""STL211 annotation: An annotation that a framework reads, and that keeps a class of a reloaded module

## What it does

Flags the evaluated annotations of classes with bases or decorators (dataclasses, pydantic models, typed dicts)
and of decorated functions that name a class of a module that is reloaded, also within `list[...]`, `Optional[...]`
or a union; and generic aliases and unions at module or class level that do.

## Why is this bad

A framework that validates or injects by annotation goes on with the old class: a new instance is refused.

## Example

```python
# file: shapes.py
class Shape:
    pass

# file: drawing.py
from dataclasses import dataclass

import shapes


@dataclass
class Drawing:
    shape: shapes.Shape

# file: refresh.py
import importlib

import shapes


def refresh():
    importlib.reload(shapes)
```

## Use instead

```python
# file: shapes.py
class Shape:
    pass

# file: drawing.py
from dataclasses import dataclass

import shapes


@dataclass
class Drawing:
    shape: "shapes.Shape"

# file: refresh.py
import importlib

import shapes


def refresh():
    importlib.reload(shapes)
```

## When it is fine

Where nothing reads the annotation at run time, as for a plain dataclass. Therefore the rule is not on by
default.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from stalecheck.link import StaleReference
from stalecheck.model import Holder, Location, Origin, Reload, SourceFile
from stalecheck.modules import ModuleTable
from stalecheck.nodes import Function, descendants
from stalecheck.rules.outside_changes import importers
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import dotted, imported_names, span_of
from stalecheck.vocabulary import HolderKind, OriginKind, Severity

IS_DEFAULT = False

_PLAIN = ("functools.", "contextlib.", "abc.", "typing.", "typing_extensions.", "enum.", "pytest.", "warnings.")
"""Modules whose decorators and bases read no annotations, but for those below."""

_READING = frozenset(
    {"typing.NamedTuple", "typing.TypedDict", "typing_extensions.NamedTuple", "typing_extensions.TypedDict"}
)
_ACCESSORS = frozenset({"setter", "getter", "deleter"})
_GENERIC = frozenset({"list", "dict", "set", "frozenset", "tuple", "type"})
_GENERIC_MODULES = ("typing.", "typing_extensions.", "collections.", "contextlib.", "queue.", "weakref.")


@dataclass(frozen=True, slots=True)
class _Kept:
    """An object that an annotation or an alias keeps."""

    origin: Origin
    reloads: tuple[Reload, ...]


@dataclass(frozen=True, slots=True)
class _Alias:
    """A name that is bound to a generic alias or a union."""

    name: str
    target: ast.Name
    kept: tuple[_Kept, ...]
    what: str


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the names in one file may stand for."""

    file: SourceFile
    names: Mapping[str, str]
    stale: Mapping[tuple[SourceFile, str], StaleReference]
    made: Mapping[SourceFile, Mapping[str, Origin]]
    reloads: Mapping[SourceFile, tuple[Reload, ...]]
    together: Mapping[SourceFile, frozenset[SourceFile]]
    """What runs again in every event that reloads a module."""

    table: ModuleTable

    def kept(self, node: ast.AST) -> _Kept | None:
        """Return the old object that a name, as far as the file's own names go, stands for when it is evaluated."""
        if isinstance(node, ast.Name):
            return _of_reference(self.stale.get((self.file, node.id)))
        module, _, attribute = (
            dotted(node, self.names).rpartition(".") if isinstance(node, ast.Attribute) else ("",) * 3
        )
        origin = self.table.find(module, self.file) if module else None
        if origin is None or origin == self.file:
            return None
        if attribute not in self.made.get(origin, {}):
            return _of_reference(self.stale.get((origin, attribute)))
        if self.file in self.together[origin]:
            return None
        return _Kept(self.made[origin][attribute], self.reloads[origin])


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag annotations and generic aliases of which the value keeps an old class."""
    reloads = reloading.reloads()
    made = {file: _made(reloading.parse(file), file) for file in reloads}
    stale = _stale_names(reloading)
    together = _together(reloading)
    table = reloading.program.table
    spans = {(reference.file, reference.span) for reference in reloading.references}
    known = frozenset(reloads) | {file for file, _ in stale}
    files = {file for file, _ in stale}.union(importers(known, reloading, reloading.program.indexes))
    for file in (file for file in reloading.program.indexes if file in files):
        tree = reloading.parse(file)
        if tree is None:
            continue
        source = reloading.sources[file]
        sources = _Sources(file, imported_names(tree, file), stale, made, reloads, together, table)
        aliases = {alias.name: alias for alias in _aliases(tree, sources)}
        asked = list(_annotations(tree, sources.names))
        read = [] if _is_lazy(tree) else asked
        unread = _only_unread(tree, [annotation for _, annotation in asked])
        for alias in aliases.values():
            for kept in () if alias.name in unread else alias.kept:
                message = f"the {alias.what} `{alias.name}` keeps {_old(kept)}"
                remedy = "write the class in quotes, if what reads it resolves names late"
                yield _flaw(file, alias.target, alias.name, kept, message, remedy, reloading)
        for name, annotation in read:
            seen: set[Origin] = set()
            for node, kept in _kept_by(annotation, aliases, sources):
                if kept.origin in seen or (file, span_of(node, source)) in spans:
                    continue
                seen.add(kept.origin)
                message = f"the annotation of `{name}` keeps {_old(kept)}"
                remedy = (
                    "write it in quotes, or `from __future__ import annotations`, if the framework resolves names late"
                )
                yield _flaw(file, node, name, kept, message, remedy, reloading)


def _flaw(
    file: SourceFile, node: ast.expr, name: str, kept: _Kept, message: str, remedy: str, reloading: Reloading
) -> Flaw:
    span = span_of(node, reloading.sources[file])
    holder = Holder(file.module, name, HolderKind.ANNOTATION)
    return Flaw(file, span, Severity.WARNING, message, remedy, kept.reloads, holder, kept.origin)


def _old(kept: _Kept) -> str:
    return f"the old {kept.origin.kind.value} `{kept.origin.module}.{kept.origin.name}`"


def _made(tree: ast.Module | None, file: SourceFile) -> dict[str, Origin]:
    """Return the classes and functions of a module, by name."""
    return {
        s.name: Origin(
            file.module,
            s.name,
            OriginKind.CLASS if isinstance(s, ast.ClassDef) else OriginKind.FUNCTION,
            file.path,
            Location(s.lineno, s.col_offset + 1),
        )
        for s in (tree.body if tree is not None else ())
        if isinstance(s, (ast.ClassDef, Function))
    }


def _stale_names(reloading: Reloading) -> dict[tuple[SourceFile, str], StaleReference]:
    """Return the names at module level that stay an old class or function itself."""
    found: dict[tuple[SourceFile, str], StaleReference] = {}
    for reference in reloading.references:
        if reference.holder.kind is HolderKind.STAR_IMPORT:
            found.update(((reference.file, brought.origin.name), brought) for brought in reference.brings)
        elif reference.holder.kind in (HolderKind.FROM_IMPORT, HolderKind.ALIAS):
            found[reference.file, reference.holder.name] = reference
    return found


def _of_reference(reference: StaleReference | None) -> _Kept | None:
    if reference is None or reference.origin.kind not in (OriginKind.CLASS, OriginKind.FUNCTION):
        return None
    return _Kept(reference.origin, reference.reloads)


def _together(reloading: Reloading) -> dict[SourceFile, frozenset[SourceFile]]:
    """Return for each module what runs again in every event that reloads it."""
    found: dict[SourceFile, frozenset[SourceFile]] = {}
    for sequence in reloading.sequences:
        for event in sequence.events:
            for file in event.files:
                found[file] = found.get(file, event.files) & event.files
    return found


def _is_lazy(tree: ast.Module) -> bool:
    return any(
        isinstance(s, ast.ImportFrom) and s.module == "__future__" and any(a.name == "annotations" for a in s.names)
        for s in tree.body
    )


def _kept_by(
    annotation: ast.expr, aliases: Mapping[str, _Alias], sources: _Sources
) -> Iterator[tuple[ast.expr, _Kept]]:
    """Yield what an evaluated annotation keeps, each with the name that stands for it."""
    for node in descendants(annotation):
        if isinstance(node, ast.Name) and node.id in aliases:
            yield from ((node, kept) for kept in aliases[node.id].kept)
        elif isinstance(node, (ast.Name, ast.Attribute)) and (kept := sources.kept(node)) is not None:
            yield node, kept


def _aliases(tree: ast.Module, sources: _Sources) -> Iterator[_Alias]:
    """Yield the generic aliases and unions at module and class level that keep something old."""
    own = {statement.name for statement in tree.body if isinstance(statement, ast.ClassDef)}
    for prefix, statement in _statements(tree):
        match statement:
            case ast.Assign(targets=[ast.Name() as target], value=value):
                pass
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                pass
            case _:
                continue
        parts = list(_parts(value, own, sources))
        found: dict[Origin, _Kept] = {}
        for part in parts:
            nodes = descendants(part) if isinstance(part, ast.Subscript) else (part,)
            found.update((kept.origin, kept) for node in nodes if (kept := sources.kept(node)) is not None)
        if found:
            what = "union" if isinstance(value, ast.BinOp) else "generic alias"
            yield _Alias(f"{prefix}{target.id}", target, tuple(found.values()), what)


def _parts(value: ast.expr, own: Collection[str], sources: _Sources) -> Iterator[ast.expr]:
    """Yield the types that an expression consists of; nothing where it is no generic alias and no union."""
    match value:
        case ast.Subscript(value=ast.Name(id=name)) if name in _GENERIC or name in own:
            yield value
        case ast.Subscript(value=generic) if dotted(generic, sources.names).startswith(_GENERIC_MODULES):
            yield value
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            for side in (left, right):
                yield from _parts(side, own, sources)
                if isinstance(side, (ast.Name, ast.Attribute)):
                    yield side


def _only_unread(tree: ast.Module, read: Collection[ast.expr]) -> frozenset[str]:
    """Return the names that are used, and only in annotations that nothing reads."""
    apart = {id(inner) for annotation in read for inner in descendants(annotation)}
    inside: set[int] = set()
    for node in descendants(tree):
        if isinstance(node, (ast.AnnAssign, ast.arg)) and node.annotation is not None:
            inside |= {id(inner) for inner in descendants(node.annotation)}
        elif isinstance(node, Function) and node.returns is not None:
            inside |= {id(inner) for inner in descendants(node.returns)}
    loads = [n for n in descendants(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    used = {node.id for node in loads if id(node) not in inside or id(node) in apart}
    return frozenset({node.id for node in loads} - used)


def _statements(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the statements at module and class level, below conditions too, each with the class around it."""
    pending: list[tuple[str, ast.stmt]] = [("", statement) for statement in reversed(tree.body)]
    while pending:
        prefix, statement = pending.pop()
        yield prefix, statement
        if isinstance(statement, ast.ClassDef):
            pending += [(f"{prefix}{statement.name}.", member) for member in reversed(statement.body)]
        elif isinstance(statement, (ast.If, ast.Try, ast.With)):
            inner = [*statement.body, *getattr(statement, "orelse", []), *getattr(statement, "finalbody", [])]
            for handler in getattr(statement, "handlers", []):
                inner += handler.body
            pending += [(prefix, child) for child in reversed(inner)]


def _annotations(tree: ast.Module, names: Mapping[str, str]) -> Iterator[tuple[str, ast.expr]]:
    """Yield the qualified name and the annotation of what a framework may read."""
    for prefix, statement in _statements(tree):
        if isinstance(statement, ast.ClassDef):
            readers = [*statement.decorator_list, *statement.bases, *(k.value for k in statement.keywords)]
            for member in statement.body if _may_read(readers, names) else ():
                if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
                    yield f"{prefix}{statement.name}.{member.target.id}", member.annotation
        elif isinstance(statement, Function) and _may_read(statement.decorator_list, names):
            given = statement.args
            arguments = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
            annotations = (argument.annotation for argument in arguments if argument is not None)
            for annotation in (*annotations, statement.returns):
                if annotation is not None:
                    yield f"{prefix}{statement.name}", annotation


def _may_read(readers: Iterable[ast.expr], names: Mapping[str, str]) -> bool:
    """Whether any of the decorators, bases and keywords of a definition may look at annotations."""
    return any(not _is_plain(reader, names) for reader in readers)


def _is_plain(reader: ast.expr, names: Mapping[str, str]) -> bool:
    while isinstance(reader, (ast.Call, ast.Subscript)):
        reader = reader.func if isinstance(reader, ast.Call) else reader.value
    if isinstance(reader, ast.Name) and reader.id not in names:
        return hasattr(builtins, reader.id)
    if isinstance(reader, ast.Attribute) and reader.attr in _ACCESSORS:
        return True
    written = dotted(reader, names)
    return written.startswith(_PLAIN) and written not in _READING
