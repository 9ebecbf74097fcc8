"""What the reloaded modules defined at an earlier revision, from git."""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from stalecheck.errors import UsageError
from stalecheck.index import FileIndex, index_tree, parse
from stalecheck.model import SourceFile


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
    top = Path(os.path.realpath(_git(["rev-parse", "--show-toplevel"], root).decode().strip()))
    commit = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], root, revision)
    gone: dict[SourceFile, frozenset[str]] = {}
    for file in files:
        now = indexes.get(file)
        path = Path(os.path.realpath(file.path))
        if now is None or not path.is_relative_to(top):
            continue
        before = _old_names(f"{commit.decode().strip()}:{path.relative_to(top).as_posix()}", root)
        kept = {*now.made, *(item.local for item in now.imports)}
        if "*" not in (item.name for item in now.imports) and before - kept:
            gone[file] = frozenset(before - kept)
    return gone


def _old_names(blob: str, root: Path) -> frozenset[str]:
    done = subprocess.run(["git", "cat-file", "blob", blob], cwd=root, capture_output=True, check=False)
    tree = parse(done.stdout) if done.returncode == 0 else None
    return frozenset(index_tree(tree, done.stdout).made) if isinstance(tree, ast.Module) else frozenset()


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
