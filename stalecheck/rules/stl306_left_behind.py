"""STL306 left-behind: A name that a reloaded module no longer defines and that is still used (with `--since REV`)

## What it does

With `--since REV`, flags `from m import x` and `m.x` where `m` is reloaded and bound `x` at that git revision, but
does not any more. So are uses of `x` in `m` itself (`__all__` too), below `from m import *`, and through modules that
pass it on, and `mock.patch("m.x")`. Imports of a module whose file has been removed or renamed since are flagged too.

## Why is this bad

After `importlib.reload(m)` the old `x` lingers in the module: everything seems to work until the program is
started again. After an eviction the name is gone at once: ImportError, AttributeError.

## Example

```python
# file: shapes.py
def area(shape):
    return 1

# file: window.py
import shapes


def size():
    return shapes.surface(None)

# file: refresh.py
import importlib

import shapes


def refresh():
    importlib.reload(shapes)
```

In the last commit `shapes.py` still had a function `surface`: `stalecheck --since HEAD~1` flags its use in `window.py`.

## Use instead

```python
# file: shapes.py
def area(shape):
    return 1

# file: window.py
import shapes


def size():
    return shapes.area(None)

# file: refresh.py
import importlib

import shapes


def refresh():
    importlib.reload(shapes)
```

## When it is fine

Where another module sets the name.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping

from stalecheck.model import Reload, SourceFile
from stalecheck.modules import absolute
from stalecheck.nodes import Function, descendants
from stalecheck.rules.looked_up import asked_for
from stalecheck.rules.module_state import local_names
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import dotted, imports, span_of, top_level
from stalecheck.vocabulary import ReloadMode, Severity

_Gone = Mapping[SourceFile, Mapping[str, SourceFile]]
"""The names that modules do not have any more, or take from one that does not; each with the one that lost it."""


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag uses of names that only the old source of a reloaded module defines, and of modules without a source."""
    yield from _of_missing_modules(reloading)
    if not reloading.gone:
        return
    reloads = reloading.reloads()
    gone = _with_those_who_pass_it_on(reloading)
    for file, source in reloading.sources.items():
        if not _may_use(file, source, gone):
            continue
        tree = reloading.parse(file)
        for node, name, module in _uses(tree, file, gone, reloading) if tree is not None else ():
            happens = _what_happens(name, reloading.parse(module), reloads[module])
            yield Flaw(
                file,
                span_of(node, source),
                Severity.ERROR,
                f"`{module.module}` no longer defines `{name}`; {happens}",
                "use what has taken its place",
                reloads[module],
            )


def _of_missing_modules(reloading: Reloading) -> Iterator[Flaw]:
    """Flag imports of modules the source of which has been removed, or has another name now."""
    last = {name.rpartition(".")[2].encode() for name in reloading.missing}
    for file, source in reloading.sources.items():
        tree = reloading.parse(file) if any(name in source for name in last) else None
        covered = _covered(tree) if tree is not None else frozenset()
        for node in descendants(tree) if tree is not None else ():
            if node in covered or not isinstance(node, (ast.Import, ast.ImportFrom)):
                continue
            base = absolute(file, node.level, node.module) or "" if isinstance(node, ast.ImportFrom) else ""
            lost: set[str] = set()
            for alias in node.names:
                name = next((n for n in _prefixes(alias.name, base) if n in reloading.missing), "")
                if name and name not in lost and reloading.program.table.find(name, file) is None:
                    lost.add(name)
                    yield Flaw(
                        file,
                        span_of(alias, source),
                        Severity.ERROR,
                        f"`{name}` has no source any more; the old module lingers until the program is started again",
                        "import what has taken its place",
                    )


def _prefixes(name: str, base: str) -> Iterator[str]:
    """Yield the modules that an import loads."""
    if base:
        yield base
        yield f"{base}.{name}"
    else:
        parts = name.split(".")
        yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _what_happens(name: str, tree: ast.Module | None, reloads: tuple[Reload, ...]) -> str:
    is_deleted = tree is not None and any(
        isinstance(target, ast.Name) and target.id == name
        for statement in tree.body
        if isinstance(statement, ast.Delete)
        for target in statement.targets
    )
    if not is_deleted and all(reload.mode is ReloadMode.RELOAD for reload in reloads):
        return "the old one lingers until the program is started again"
    return "it is missing"


def _may_use(file: SourceFile, source: bytes, gone: _Gone) -> bool:
    return file in gone or any(name.encode() in source for names in gone.values() for name in names)


def _with_those_who_pass_it_on(reloading: Reloading) -> dict[SourceFile, dict[str, SourceFile]]:
    """Return who no longer has which name: the reloaded modules, and those that import it from there."""
    gone = {file: dict.fromkeys(names, file) for file, names in reloading.gone.items()}
    pending = list(gone)
    while pending:
        lost = pending.pop()
        last = lost.module.rpartition(".")[2].encode()
        for file, source in reloading.sources.items():
            tree = reloading.parse(file) if b"import" in source and last in source and file != lost else None
            taken = dict(_taken(tree, file, lost, gone[lost], reloading)) if tree is not None else {}
            new = {name: module for name, module in taken.items() if name not in gone.get(file, {})}
            if new:
                gone.setdefault(file, {}).update(new)
                pending.append(file)
    return gone


def _taken(
    tree: ast.Module, file: SourceFile, lost: SourceFile, names: Mapping[str, SourceFile], reloading: Reloading
) -> Iterator[tuple[str, SourceFile]]:
    """Yield what a module's own body imports of the names, under the names that it gives them."""
    covered = _covered(tree)
    index = reloading.program.indexes.get(file)
    made = index.made if index is not None else {}
    for statement in top_level(tree):
        if not isinstance(statement, ast.ImportFrom) or statement in covered:
            continue
        base = absolute(file, statement.level, statement.module)
        if not base or reloading.program.table.find(base, file) != lost:
            continue
        for alias in statement.names:
            if alias.name == "*":
                yield from ((name, module) for name, module in names.items() if name[:1] != "_" and name not in made)
            elif alias.name in names and (alias.asname or alias.name) not in made:
                yield alias.asname or alias.name, names[alias.name]


def _uses(
    tree: ast.Module, file: SourceFile, gone: _Gone, reloading: Reloading
) -> Iterator[tuple[ast.alias | ast.expr, str, SourceFile]]:
    """Yield the imports, attributes and names of a file that mean what is gone, and count on it."""
    table = reloading.program.table
    bound = _bound_modules(tree, file)
    covered = _covered(tree)
    own = [shadowed(node) for node in descendants(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    missing = dict(_missing_names(tree, file, gone, reloading))
    if file in reloading.gone:
        yield from ((node, name, file) for node, name in _listed(tree) if name in gone[file])
    for node in descendants(tree):
        if node in covered:
            continue
        match node:
            case ast.ImportFrom():
                base = absolute(file, node.level, node.module)
                names = gone.get(table.find(base, file) or file, {}) if base else {}
                for alias in node.names:
                    if alias.name in names and table.find(f"{base}.{alias.name}", file) is None:
                        yield alias, alias.name, names[alias.name]
            case ast.Attribute() | ast.Call():
                for owner, name in asked_for(node):
                    module = (
                        _named(owner, file, reloading)
                        if isinstance(owner, str)
                        else _module(owner, file, bound, own, reloading)
                    )
                    names = gone.get(module, {}) if module is not None else {}
                    if module is not None and name in names and not _is_submodule(module, name, tree, file, reloading):
                        yield node, name, names[name]
            case ast.Name(id=name, ctx=ast.Load()) if name in missing:
                if not any(node in inside and name in local for inside, local in own):
                    yield node, name, missing[name]


def _named(text: str, file: SourceFile, reloading: Reloading) -> SourceFile | None:
    """Return the module that a text means, which tools import themselves."""
    return reloading.program.table.find(text, file) if text else None


def _is_submodule(package: SourceFile, name: str, tree: ast.Module, file: SourceFile, reloading: Reloading) -> bool:
    """Whether an attribute of a package is a submodule, which it has as soon as anybody imports it."""
    whole = f"{package.module}.{name}"
    submodule = reloading.program.table.find(whole, file)
    if submodule is None:
        return False
    if any(f"{imported}.".startswith(f"{whole}.") for _, imported, _ in imports(tree, file)):
        return True
    return any(
        f"{absolute(other, item.level, item.module) or ''}.{item.name}.".startswith(f"{whole}.")
        for other, index in reloading.program.indexes.items()
        for item in index.imports
    )


def _listed(tree: ast.Module) -> Iterator[tuple[ast.Constant, str]]:
    """Yield the names in ``__all__``, which a star import asks for."""
    for statement in top_level(tree):
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=listed) | ast.Tuple(elts=listed))
                | ast.AugAssign(target=ast.Name(id="__all__"), value=ast.List(elts=listed) | ast.Tuple(elts=listed))
            ):
                yield from ((node, str(node.value)) for node in listed if isinstance(node, ast.Constant))


def _module(
    owner: ast.expr,
    file: SourceFile,
    bound: Mapping[str, str],
    own: list[tuple[frozenset[ast.AST], frozenset[str]]],
    reloading: Reloading,
) -> SourceFile | None:
    """Return the module that an expression stands for where it is no local name."""
    match owner:
        case ast.Call(func=function, args=[ast.Constant(value=str() as text)]):
            return _named(text, file, reloading) if dotted(function, bound) == "importlib.import_module" else None
    name = dotted(owner, bound)
    if not name or any(owner in inside and _root(owner) in local for inside, local in own):
        return None
    return reloading.program.table.find(name, file)


def _bound_modules(tree: ast.Module, file: SourceFile) -> dict[str, str]:
    """Return what the names stand for that any import of a file binds."""
    found: dict[str, str] = {}
    for node in descendants(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and (base := absolute(file, node.level, node.module)):
            found.update((alias.asname or alias.name, f"{base}.{alias.name}") for alias in node.names)
    return found


def _missing_names(
    tree: ast.Module, file: SourceFile, gone: _Gone, reloading: Reloading
) -> Iterator[tuple[str, SourceFile]]:
    """Yield the names that a file uses as its own and that only an old source has: its own, or that of a star."""
    lost = dict(gone.get(file, {})) if file in reloading.gone else {}
    for statement in top_level(tree):
        if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
            base = absolute(file, statement.level, statement.module)
            source = reloading.program.table.find(base, file) if base else None
            if source is None:
                # Any name may come from there.
                return
            lost |= {name: module for name, module in gone.get(source, {}).items() if name[:1] != "_"}
            lost = {name: module for name, module in lost.items() if not _makes(source, name, reloading)}
    bound = frozenset(_bound_names(tree)) if lost else frozenset()
    yield from ((name, module) for name, module in lost.items() if name not in bound and not hasattr(builtins, name))


def _bound_names(tree: ast.Module) -> Iterator[str]:
    """Yield all names that a file binds, but for the local variables of its functions."""
    inside = {
        id(name)
        for function in descendants(tree)
        if isinstance(function, Function)
        for name in descendants(function)
        if isinstance(name, ast.Name)
    }
    inside |= {id(n.target) for n in descendants(tree) if isinstance(n, ast.AnnAssign) and n.value is None}
    for node in descendants(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name, asname=given):
                yield given or name.partition(".")[0]
            case ast.Name(id=name, ctx=ast.Store()) if id(node) not in inside:
                yield name
            case (
                ast.ExceptHandler(name=str() as name)
                | ast.MatchAs(name=str() as name)
                | ast.MatchStar(name=str() as name)
            ):
                yield name
            case ast.Global(names=names):
                yield from names


def _makes(file: SourceFile, name: str, reloading: Reloading) -> bool:
    index = reloading.program.indexes.get(file)
    return index is not None and (name in index.made or any(item.local == name for item in index.imports))


def shadowed(function: Function) -> tuple[frozenset[ast.AST], frozenset[str]]:
    """Return what stands in a function, and the names that are its own there: parameters and assigned ones."""
    inside = frozenset(descendants(function))
    return inside, local_names(function)


def _covered(tree: ast.Module) -> frozenset[ast.AST]:
    """Return what runs only if the name is there, or may miss it: below ``hasattr``, a ``try``; what a file sets."""
    found: set[ast.AST] = set()
    set_here = {
        ast.unparse(node)
        for node in descendants(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    for node in descendants(tree):
        if isinstance(node, ast.Try) and any(map(_is_for_absence, node.handlers)):
            found.update(inner for statement in node.body for inner in descendants(statement))
        elif isinstance(node, (ast.If, ast.IfExp)) and "hasattr(" in ast.unparse(node.test):
            found.update(descendants(node))
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in set_here:
            found.add(node)
    return frozenset(found)


def _is_for_absence(handler: ast.ExceptHandler) -> bool:
    kinds = "" if handler.type is None else ast.unparse(handler.type)
    return not kinds or any(kind in kinds for kind in ("ImportError", "AttributeError", "NameError", "Exception"))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
