"""What the reloaded modules defined at an earlier revision, from git."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from stalecheck.errors import UsageError
from stalecheck.index import FileIndex, Unreadable, index_tree, parse
from stalecheck.model import SourceFile

_DEPENDENCIES = ("pyproject.toml", "setup.py", "setup.cfg", "*requirements*", "Pipfile", "environment*.y*ml")


def names_gone(
    files: Iterable[SourceFile], revision: str, indexes: Mapping[SourceFile, FileIndex], root: Path
) -> dict[SourceFile, frozenset[str]]:
    """Return the names that files made at a git revision and do not bind any more.

    Args:
        files: The files to compare; what git did not have at the revision has lost nothing.
        revision: Anything that git understands: ``HEAD~1``, ``main``, a hash.
        indexes: The files as they are now.
        root: The project's folder.

    Raises:
        UsageError: git is not there, the project is in no repository, or the revision does not exist.
    """
    top, commit = _repository(revision, root)
    gone: dict[SourceFile, frozenset[str]] = {}
    for file in files:
        now = indexes.get(file)
        path = Path(os.path.realpath(file.path))
        if now is None or not path.is_relative_to(top):
            continue
        place = path.relative_to(top)
        before: frozenset[str] = frozenset()
        for old in (place, _as_package(place)):
            before = before or _old_names(f"{commit}:{old.as_posix()}", root)
        tree = parse(path.read_bytes()) if before else None
        left = before - _names_now(now, tree) if tree is not None and not _is_open(tree) else frozenset()
        if left and "*" not in (item.name for item in now.imports) and "__getattr__" not in now.made:
            gone[file] = left
    return gone


def modules_gone(files: Iterable[SourceFile], revision: str, root: Path) -> frozenset[str]:
    """Return the dotted names of the modules of which git had the source at a revision, and nothing has it now.

    Those are named that stood beside files that are still there. Of a module outside all packages it has to be
    certain that it is not installed instead: nothing that tells of dependencies mentions it.

    Raises:
        UsageError: as `names_gone`.
    """
    top, commit = _repository(revision, root)
    beside = {Path(os.path.realpath(file.path.parent)): file for file in files}
    names = {name for file in files for name in (file.module, *file.aliases)}
    told = b"".join(path.read_bytes() for pattern in _DEPENDENCIES for path in root.glob(pattern) if path.is_file())
    listed = _git(["diff", "--name-only", "--no-renames", "--diff-filter=D", "-z", commit, "--", "*.py"], root)
    gone: set[str] = set()
    for line in filter(None, listed.decode(errors="surrogateescape").split("\0")):
        path = top / line
        neighbour = beside.get(path.parent)
        if neighbour is None or path.name == "__init__.py" or any(path.parent.glob(f"{path.stem}.*")):
            continue
        name = f"{neighbour.package}.{path.stem}" if neighbour.package else path.stem
        is_installed = not neighbour.package and re.search(rb"\b%b\b" % name.encode(), told, re.IGNORECASE)
        if name not in names and name not in sys.stdlib_module_names and not is_installed:
            gone.add(name)
    return frozenset(gone)


def _repository(revision: str, root: Path) -> tuple[Path, str]:
    """Return the top folder of the repository and the commit of a revision."""
    top = Path(os.path.realpath(_git(["rev-parse", "--show-toplevel"], root).decode().strip()))
    commit = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], root, revision)
    return top, commit.decode().strip()


def _as_package(place: Path) -> Path:
    """Return where the same module stood when it was a package, or when it was none."""
    if place.name == "__init__.py":
        return place.parent.with_name(f"{place.parent.name}.py") if place.parent.name else place
    return place.with_suffix("") / "__init__.py"


def _old_names(blob: str, root: Path) -> frozenset[str]:
    done = subprocess.run(["git", "cat-file", "blob", blob], cwd=root, capture_output=True, check=False)
    tree = parse(done.stdout) if done.returncode == 0 else None
    if not isinstance(tree, ast.Module):
        return frozenset()
    imported: set[str] = set()
    deleted: set[str] = set()
    for statement in _top_level(tree):
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            imported |= {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.Delete):
            deleted |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
    made = {*index_tree(tree, done.stdout).made, *imported}
    return frozenset(made - deleted - _seeming(tree) - {"*"})


def _names_now(index: FileIndex, tree: ast.Module | Unreadable) -> frozenset[str]:
    """Return what a module binds, its functions through ``global`` and ``globals()["x"] = …`` included."""
    names = {*index.made, *(item.local for item in index.imports)}
    names -= _seeming(tree) if isinstance(tree, ast.Module) else set()
    for node in ast.walk(tree) if isinstance(tree, ast.Module) else ():
        match node:
            case ast.Global(names=declared):
                names.update(declared)
            case ast.Subscript(
                value=ast.Call(func=ast.Name(id="globals" | "vars" | "locals")),
                slice=ast.Constant(value=str() as name),
                ctx=ast.Store(),
            ):
                names.add(name)
            case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str() as name), _]):
                names.add(name)
    return frozenset(names)


def _is_open(tree: ast.Module | Unreadable) -> bool:
    """Whether a module may be given names that its source does not show, or something else may stand for it."""
    for node in ast.walk(tree) if isinstance(tree, ast.Module) else ():
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="globals" | "vars")), attr="update")):
                return True
            case ast.Call(func=ast.Name(id="exec"), args=[_] | [_, ast.Call(func=ast.Name(id="globals"))]):
                return True
            case ast.Subscript(
                value=ast.Attribute(attr="modules") | ast.Name(id="modules"),
                slice=ast.Name(id="__name__"),
                ctx=ast.Store(),
            ):
                return True
            case ast.ClassDef(decorator_list=decorators):
                written = (ast.unparse(one).rpartition(".")[2] for one in decorators)
                if any(one.startswith("global_enum") for one in written):
                    return True
    return False


def _seeming(tree: ast.Module) -> set[str]:
    """Return the names that a module has no longer when its body is done, or never had, whatever it looks like.

    Those are names that are only annotated, variables of comprehensions, what an ``except`` binds, and what is deleted.
    """
    seeming: set[str] = set()
    real: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.Delete):
            names = {target.id for target in statement.targets if isinstance(target, ast.Name)}
            seeming |= names
            real -= names
            continue
        for name, stays in _bindings(statement):
            (real if stays else seeming).add(name)
    return seeming - real


def _bindings(statement: ast.stmt) -> Iterator[tuple[str, bool]]:
    """Yield the names that a statement of a module binds there, and whether it leaves them bound."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, True
                continue
            case ast.Lambda():
                continue
            case ast.AnnAssign(target=ast.Name(id=name), value=None):
                yield name, False
                continue
            case ast.comprehension(target=target):
                yield from ((inner.id, False) for inner in ast.walk(target) if isinstance(inner, ast.Name))
                pending += [node.iter, *node.ifs]
                continue
            case ast.ExceptHandler(name=str() as name):
                yield name, False
            case (
                ast.Name(id=name, ctx=ast.Store()) | ast.MatchAs(name=str() as name) | ast.MatchStar(name=str() as name)
            ):
                yield name, True
            case ast.MatchMapping(rest=str() as name):
                yield name, True
            case ast.alias(name=name, asname=given):
                yield given or name.partition(".")[0], True
        pending += ast.iter_child_nodes(node)


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements of a module, those below conditions, loops and ``try`` too."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(node, ast.stmt):
            yield node
        if isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            pending += ast.iter_child_nodes(node)


def _git(arguments: list[str], root: Path, revision: str = "") -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except OSError as error:
        raise UsageError(
            f"--since: git cannot be run ({error.strerror}); install it, or leave the option out"
        ) from None
    if done.returncode == 0:
        return done.stdout
    if revision:
        raise UsageError(f'--since: git knows no revision "{revision}"; `git log --oneline` shows them')
    raise UsageError("--since: the project is in no git repository")
