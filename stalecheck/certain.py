"""Modules of the project that can certainly be imported, and the names that they certainly have then.

What stands in for such a module or name never runs. Whatever depends on more than the sources tell is not certain:
another package, a condition, an import that leads back to who asks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from stalecheck.index import FileIndex, Import
from stalecheck.model import SourceFile
from stalecheck.modules import ModuleTable, absolute
from stalecheck.nodes import inner_statements
from stalecheck.summarize.standard import has_attribute, has_module, has_name

_RAISE = re.compile(rb"^[ \t]*raise\b", re.MULTILINE)
_CATCHES_IMPORT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})

_ENDS = ("raise", 0)
"""Of a body that may not come to its end, whatever it imports."""

_Source: TypeAlias = tuple[str, int, str]
"""Where an import takes a name from: the module, its level, the name there."""

_Names: TypeAlias = dict[str, tuple[_Source, ...]]
"""The names that are bound by now, each with the imports that may have brought it."""


class Certain:
    """Answers what is there; reads the sources when it is first asked, and remembers."""

    def __init__(
        self,
        sources: Mapping[SourceFile, bytes],
        parse_alive: Callable[[SourceFile], ast.Module | None],
        indexes: Mapping[SourceFile, FileIndex],
        table: ModuleTable,
        target_version: tuple[int, int],
    ) -> None:
        self._sources = sources
        self._parse_alive = parse_alive
        self._indexes = indexes
        self._table = table
        self._target_version = target_version
        self._runs: dict[SourceFile, frozenset[SourceFile] | None] = {}
        self._all_runs: dict[SourceFile, frozenset[SourceFile] | None] = {}
        self._bound: dict[SourceFile, tuple[_Names, tuple[_Source, ...]]] = {}

    def has(self, importer: SourceFile, module: str, name: str = "", *, is_attribute: bool = False) -> bool:
        """Whether a file can import a module by its absolute name, and that has a name, if one is asked for.

        A submodule counts, if the name is not asked for as an attribute.
        """
        found = self._table.find(module, importer)
        submodule = self._table.find(f"{module}.{name}", importer) if name and not is_attribute else None
        if submodule is not None:
            return self._is_importable(submodule, importer)
        if found is None:
            is_own = self._table.find(module.partition(".")[0], importer) is not None
            return not is_own and self._is_standard(module, name, is_attribute=is_attribute)
        return self._is_importable(found, importer) and (not name or self._has_name(found, name, frozenset()))

    def _is_importable(self, file: SourceFile, importer: SourceFile) -> bool:
        """Whether nothing that importing a file runs can fail, or waits for the importer itself."""
        around = f"{importer.module}."
        packages = (package for package in self._packages(file) if not around.startswith(f"{package.module}."))
        run = (self._all_run_by(each) for each in (file, *packages))
        return all(files is not None and importer not in files for files in run)

    def _packages(self, file: SourceFile) -> Iterator[SourceFile]:
        """Yield the packages around a file."""
        parts = file.module.split(".")
        for end in range(1, len(parts)):
            package = self._table.find(".".join(parts[:end]), file)
            if package is not None:
                yield package

    def _all_run_by(self, file: SourceFile) -> frozenset[SourceFile] | None:
        """Return all that importing a file may run, but for the packages around it; None where that may fail."""
        if file not in self._all_runs:
            found = {file}
            pending = [file]
            while pending:
                run = self._run_by(pending.pop())
                if run is None:
                    found.clear()
                    break
                pending += run - found
                found |= run
            self._all_runs[file] = frozenset(found) if found else None
        return self._all_runs[file]

    def _run_by(self, file: SourceFile) -> frozenset[SourceFile] | None:
        """Return the files that a file imports; None where it may not get to its end."""
        if file not in self._runs:
            self._runs[file] = self._imported(file)
        return self._runs[file]

    def _imported(self, file: SourceFile) -> frozenset[SourceFile] | None:
        index = self._indexes.get(file)
        if index is None or index.error is not None or index.needs_libcst is not None:
            return None
        found: set[SourceFile] = set()
        missing: set[tuple[str, int]] = set()
        for item in index.imports:
            imported = self._imported_by(item, file)
            if imported is None:
                missing.add((item.module, item.level))
            else:
                found |= imported
        if missing or _RAISE.search(self._sources[file]):
            tree = self._parse_alive(file)
            if tree is None or not {*missing, _ENDS}.isdisjoint(_unguarded(tree.body)):
                return None
        around = f"{file.module}."
        return frozenset(other for other in found if not around.startswith(f"{other.module}."))

    def _imported_by(self, item: Import, file: SourceFile) -> set[SourceFile] | None:
        """Return the files that an import runs; None where it leads out of the project to what may be missing."""
        module = absolute(file, item.level, item.module or None)
        if module is None:
            return None
        names = [".".join(module.split(".")[:end]) for end in range(1, module.count(".") + 2)]
        if item.name:
            names.append(f"{module}.{item.name}")
        found = {target for name in names if (target := self._table.find(name, file)) is not None}
        if found:
            return found
        return set() if self._is_standard(module, item.name) else None

    def _is_standard(self, module: str, name: str, *, is_attribute: bool = False) -> bool:
        """Whether every Python that is meant has a module in its library, and there a name."""
        if is_attribute:
            return has_attribute(module, name, self._target_version)
        return has_name(module, name, self._target_version) if name else has_module(module, self._target_version)

    def _has_name(self, file: SourceFile, name: str, asked: frozenset[SourceFile]) -> bool:
        """Whether a module has bound a name when its body has run."""
        if file in asked:
            return False
        if file not in self._bound:
            tree = self._parse_alive(file)
            stars: list[_Source] = []
            names = {} if tree is None else _bound_by(tree.body, {}, stars)
            self._bound[file] = names or {}, tuple(stars)
        bound, from_stars = self._bound[file]
        if name in bound:
            return all(self._is_there(source, file, asked) for source in bound[name])
        return any(
            self._is_public(module, level, name, file) and self._is_there((module, level, name), file, asked)
            for module, level, _ in from_stars
        )

    def _is_there(self, source: _Source, file: SourceFile, asked: frozenset[SourceFile]) -> bool:
        """Whether a module has what another one imports from it by name, where importing it does not fail."""
        module, level, name = source
        written = absolute(file, level, module or None)
        found = None if written is None else self._table.find(written, file)
        if found is None or self._table.find(f"{written}.{name}", file) is not None:
            return True
        return self._has_name(found, name, asked | {file})

    def _is_public(self, module: str, level: int, name: str, file: SourceFile) -> bool:
        """Whether a star import of a module of the project brings a name, if the module has that."""
        written = absolute(file, level, module or None)
        found = None if written is None else self._table.find(written, file)
        index = None if found is None else self._indexes.get(found)
        if index is None:
            return False
        return name in index.public if index.public is not None else "__all__" not in index.made and name[0] != "_"


def _unguarded(body: Iterable[ast.stmt]) -> Iterator[tuple[str, int]]:
    """Yield what a body imports where a missing module ends it, as module and level, and `_ENDS` where it raises.

    Definitions of functions are not entered.
    """
    for statement in body:
        match statement:
            case ast.Import(names=names):
                yield from ((alias.name, 0) for alias in names)
            case ast.ImportFrom(module=module, level=level):
                yield module or "", level
            case ast.Raise():
                yield _ENDS
            case ast.Try() if any(map(_catches, statement.handlers)):
                for handler in statement.handlers:
                    yield from _unguarded(handler.body)
                yield from _unguarded([*statement.orelse, *statement.finalbody])
            case ast.With(items=items) if any(_suppresses(item.context_expr) for item in items):
                pass
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                pass
            case _:
                yield from _unguarded(inner_statements(statement))


def _catches(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in _CATCHES_IMPORT) for kind in kinds)


def _suppresses(context: ast.expr) -> bool:
    function = context.func if isinstance(context, ast.Call) else context
    return (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) == "suppress"


def _bound_by(body: Iterable[ast.stmt], before: _Names, stars: list[_Source]) -> _Names | None:
    """Return what is bound when a body has run, whichever way it takes; None where it does not come to its end."""
    names = dict(before)
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names[statement.name] = ()
            case ast.Import(names=aliases):
                names |= {alias.asname or alias.name.partition(".")[0]: () for alias in aliases}
            case ast.ImportFrom(names=aliases, module=module, level=level):
                for alias in aliases:
                    source = (module or "", level, alias.name)
                    if alias.name == "*":
                        stars.append(source)
                    else:
                        names[alias.asname or alias.name] = (source,)
            case ast.Assign(targets=targets):
                names |= {name: () for target in targets for name in _stored(target)}
            case ast.AnnAssign(target=target, value=ast.expr()) | ast.AugAssign(target=target):
                names |= dict.fromkeys(_stored(target), ())
            case ast.Delete(targets=deleted):
                for each in deleted:
                    names.pop(getattr(each, "id", ""), None)
            case ast.Raise():
                return None
            case ast.If():
                ways = [_bound_by(statement.body, names, stars), _bound_by(statement.orelse, names, stars)]
                merged = _merged(ways)
                if merged is None:
                    return None
                names = merged
            case ast.Try():
                merged = _tried(statement, names, stars)
                if merged is None:
                    return None
                names = merged
            case ast.With(items=items) if not any(_suppresses(item.context_expr) for item in items):
                inside = _bound_by(statement.body, names, stars)
                if inside is None:
                    return None
                names = inside
            case _:
                # What may not run binds nothing for certain, and may take something away.
                for node in ast.walk(statement):
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
                        names.pop(node.id, None)
    return names


def _tried(statement: ast.Try, before: _Names, stars: list[_Source]) -> _Names | None:
    is_caught = any(map(_catches, statement.handlers))
    # A star that may fail brings nothing for certain.
    within: list[_Source] = [] if is_caught else stars
    ways = [_bound_by([*statement.body, *statement.orelse], before, within)]
    ways += [_bound_by(handler.body, before, within) for handler in statement.handlers]
    ended = [way for way in ways if way is not None]
    if len(ended) > 1:
        # Where the import fails the name is bound by a handler.
        ways = [
            {name: sources if before.get(name) == sources else () for name, sources in way.items()} for way in ended
        ]
    merged = _merged(ways)
    return None if merged is None else _bound_by(statement.finalbody, merged, stars)


def _merged(ways: Iterable[_Names | None]) -> _Names | None:
    """Return what all ways that come to their end have bound; None where none does."""
    ended = [way for way in ways if way is not None]
    if not ended:
        return None
    first, *others = ended
    return {
        name: tuple(dict.fromkeys([*sources, *(source for other in others for source in other[name])]))
        for name, sources in first.items()
        if all(name in other for other in others)
    }


def _stored(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
