"""Whether what is evicted is taken from its package before anything can import it anew."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from stalecheck.model import SourceFile
from stalecheck.nodes import Function, all_blocks, descendants, scope_of
from stalecheck.reloads.outline import import_base
from stalecheck.reloads.reloaders import EVICTIONS
from stalecheck.reloads.sites import ReloadSite

_SETUPS = frozenset({"setUp", "asyncSetUp", "setup_method"})
_TEARDOWNS = frozenset({"tearDown", "asyncTearDown", "teardown_method"})
RESTORABLE = EVICTIONS | {"monkeypatch.delitem"}


def is_taken_next(
    site: ReloadSite,
    file: SourceFile,
    beside: Sequence[ReloadSite],
    files: Mapping[SourceFile, bytes],
    parse: Callable[[SourceFile], ast.Module | None],
) -> bool:
    """Whether what the package still has is taken before anything else can import the evicted module.

    Args:
        site: The eviction.
        file: The file that it stands in.
        beside: The reloads of that file.
        files: All files, with their bytes.
        parse: Gives a file's tree; None if it cannot be parsed.
    """
    module = site.targets[0] if site.spelling in RESTORABLE and len(site.targets) == 1 else ""
    package, _, name = module.rpartition(".")
    if not package or "*" in module or name.encode() not in files[file]:
        return False
    tree = parse(file)
    scope = scope_of(tree, site.block) if tree is not None else None
    if tree is None or scope is None:
        return False
    tests = list(_tests_after(scope, tree, site, file, module))
    if not tests and not _is_taken_below(scope, site, file, module):
        return False
    others = (other for other in beside if other.block == site.block)
    if any(fnmatchcase(package, target) for other in others for target in other.targets):
        return False
    if any(is_set(around, around, module) for around in (scope, *tests)):
        return False
    return len(tests) > 1 or _is_imported_elsewhere(module, scope, file, files, parse)


def _tests_after(
    scope: ast.AST, tree: ast.Module, site: ReloadSite, file: SourceFile, module: str
) -> Iterator[Function]:
    """Yield the tests of a class whose ``setUp`` ends with the eviction if they take the module before all else."""
    owners = [node for node in tree.body if isinstance(node, ast.ClassDef) and scope in node.body]
    if not owners or not isinstance(scope, Function) or scope.name not in _SETUPS:
        return
    if any(site.span.end.row < row for row, _ in _loads(scope)):
        return
    methods = [node for node in owners[-1].body if isinstance(node, Function)]
    if any(method.name in _TEARDOWNS and is_set(method, method, module) for method in methods):
        return
    for test in (method for method in methods if method.name.startswith("test")):
        taken = [node for row, node in sorted(_loads(test), key=lambda each: each[0])][:1]
        if any(isinstance(node, ast.ImportFrom) and _takes(node, file, module) for node in taken):
            yield test


def _loads(scope: ast.AST) -> Iterator[tuple[int, ast.AST]]:
    """Yield what may import a module, with its row: imports, and calls."""
    for node in descendants(scope):
        if isinstance(node, (ast.Call, ast.Import, ast.ImportFrom)):
            yield node.lineno, node


def _is_taken_below(scope: ast.AST, site: ReloadSite, file: SourceFile, module: str) -> bool:
    """Whether the block takes the module from its package below the eviction, and imports or calls nothing between."""
    row = site.span.end.row
    for block in all_blocks(scope):
        for position, statement in enumerate(block):
            if not statement.lineno <= row <= (statement.end_lineno or row):
                continue
            below = [node for after in block[position + 1 :] for node in descendants(after)]
            rows = [node.lineno for node in below if isinstance(node, ast.ImportFrom) and _takes(node, file, module)]
            if rows:
                return not any(row < line < min(rows) for line, _ in _loads(scope))
    return False


def _takes(node: ast.ImportFrom, file: SourceFile, module: str) -> bool:
    base = import_base(file, node)
    return any(f"{base}.{alias.name}" == module for alias in node.names)


def _is_imported_elsewhere(
    module: str,
    scope: ast.AST,
    file: SourceFile,
    files: Mapping[SourceFile, bytes],
    parse: Callable[[SourceFile], ast.Module | None],
) -> bool:
    """Whether anything but the function that evicts a module imports it, so that its package has it."""
    inside = {id(node) for node in descendants(scope)} if isinstance(scope, Function) else set()
    name = module.rpartition(".")[2].encode()
    for other, source in files.items():
        tree = parse(other) if name in source and b"import" in source else None
        for node in descendants(tree) if tree is not None else ():
            if id(node) in inside or not isinstance(node, (ast.Import, ast.ImportFrom)):
                continue
            names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                base = import_base(other, node)
                names = [f"{base}.{one}" for one in names]
            if any(f"{one}.".startswith(f"{module}.") for one in names):
                return True
    return False


def is_set(tree: ast.AST, scope: ast.AST, module: str) -> bool:
    """Whether the block, or a helper, binds or deletes the attribute of the package, itself or through a call."""
    name = module.rpartition(".")[2]
    others = [node for node in descendants(tree) if isinstance(node, Function) and node.name.startswith("test")]
    apart = {id(inner) for node in others if node is not scope for inner in descendants(node)}
    for node in descendants(tree):
        if id(node) in apart:
            continue
        if isinstance(node, ast.Attribute) and node.attr == name and not isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("setattr", "delattr")):
            texts = [given.value for given in node.args if isinstance(given, ast.Constant)]
            if name in texts or module in texts or not texts:
                return True
    return False
