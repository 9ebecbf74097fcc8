"""Statements in their order, as rules about reload statements read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from stalecheck.model import Location, SourceFile, Span
from stalecheck.modules import absolute
from stalecheck.nodes import descendants, inner_statements
from stalecheck.reloads import columns

_CAUGHT = ("NameError", "ImportError", "TypeError", "ModuleNotFoundError", "Exception")


def imports(node: ast.AST, file: SourceFile) -> Iterator[tuple[int, str, str]]:
    """Yield row, dotted name and bound name of what import statements below a node import; functions' bodies too."""
    for inner in descendants(node):
        if isinstance(inner, ast.Import):
            for alias in inner.names:
                yield inner.lineno, alias.name, alias.asname or alias.name.partition(".")[0]
        elif isinstance(inner, ast.ImportFrom):
            base = absolute(file, inner.level, inner.module)
            for alias in inner.names:
                yield inner.lineno, f"{base}.{alias.name}" if base else alias.name, alias.asname or alias.name


def imported_names(tree: ast.Module, file: SourceFile) -> dict[str, str]:
    """Return the absolute dotted name that each name stands for which import statements at module level bind."""
    names: dict[str, str] = {}
    for statement in top_level(tree):
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(statement, ast.ImportFrom):
            names.update((bound, name) for _, name, bound in imports(statement, file))
    return names


def dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    """Return the absolute name of ``a.b.c`` where an import binds `a`; empty for anything else."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value, names)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is imported, in order, those below conditions and loops too."""
    pending: list[ast.stmt] = list(reversed(tree.body))
    while pending:
        statement = pending.pop()
        yield statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test):
            continue
        pending += reversed(inner_statements(statement))


def is_expected(tree: ast.Module | None, row: int) -> bool:
    """Return whether what goes wrong at a row is caught, or asserted: below ``try``, ``with pytest.raises``."""
    for node in descendants(tree) if tree is not None else ():
        if isinstance(node, ast.Try) and node.body[0].lineno <= row <= (node.body[-1].end_lineno or row):
            kinds = ["" if handler.type is None else ast.unparse(handler.type) for handler in node.handlers]
            if any(not kind or any(name in kind for name in _CAUGHT) for kind in kinds):
                return True
        elif isinstance(node, (ast.With, ast.AsyncWith)) and node.lineno <= row <= (node.end_lineno or row):
            if any(_expects(item.context_expr) for item in node.items):
                return True
        elif isinstance(node, ast.Call) and node.lineno <= row <= (node.end_lineno or row) and _hands_over(node):
            return True
    return False


def _hands_over(call: ast.Call) -> bool:
    """Whether a call is ``assertRaises(TypeError, importlib.reload, "m")``."""
    return len(call.args) > 1 and _expects(call.func)


def _expects(node: ast.expr) -> bool:
    """Whether something is ``pytest.raises``, ``assertRaises``, ``contextlib.suppress`` or the like."""
    written = ast.unparse(node).lower()
    return "raises" in written or "suppress" in written


def span_of(node: ast.stmt | ast.expr | ast.alias, source: bytes) -> Span:
    """Return the place of a node of a file."""
    column = columns(source)
    end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return Span(Location(node.lineno, column(node.lineno, node.col_offset)), Location(end[0], column(*end)))
