"""What a function body does after its own imports: reads the names, binds them again, calls, leaves."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from stalecheck.model import Location
from stalecheck.nodes import children, descendants

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def find_local_uses(function: ast.stmt, imports: Sequence[tuple[str, Location]]) -> dict[str, tuple[Location, ...]]:
    """Return where a function body reads the names that import statements bind at the given places.

    What a loop reads it reads again in its next round, up to its end; what a function within reads is also read
    where that function is.
    """
    names = {name for name, _ in imports}
    found: dict[str, set[Location]] = {name: set() for name in names}
    reads: dict[str, list[Location]] = {}
    inner: list[tuple[str, set[str]]] = []
    pending: list[tuple[ast.AST, tuple[ast.stmt, ...]]] = [(function, ())]
    while pending:
        node, loops = pending.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            reads.setdefault(node.id, []).append(_begin(node))
            if node.id in names:
                found[node.id].add(_begin(node))
                found[node.id].update(
                    _after(loop)
                    for loop in loops
                    if any(name == node.id and not _begin(loop) <= at <= _end(loop) for name, at in imports)
                )
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node is not function:
            inner.append((node.name, {part.id for part in descendants(node) if isinstance(part, ast.Name)} & names))
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            loops = (*loops, node)
        pending.extend((child, loops) for child in children(node))
    for name, taken in inner:
        for used in taken:
            found[used].update(reads.get(name, ()))
    return {name: tuple(sorted(places)) for name, places in found.items() if places}


def find_rebindings(function: ast.stmt, names: set[str]) -> dict[str, list[tuple[Location, Location]]]:
    """Return from where to where in a function body each name is certainly something that it was assigned."""
    found: dict[str, list[tuple[Location, Location]]] = {}
    for statement, end in _with_ends(getattr(function, "body", [])):
        for name in names.intersection(_assigned(statement)):
            found.setdefault(name, []).append((_end(statement), end))
    return found


def find_calls(function: ast.stmt) -> tuple[tuple[str, Location], ...]:
    """Return what a function body calls by a dotted name, and where each call ends."""
    return tuple(
        (ast.unparse(node.func), _end(node))
        for node in descendants(function)
        if isinstance(node, ast.Call) and _is_dotted(node.func)
    )


def find_unreached(function: ast.stmt) -> tuple[tuple[Location, Location, Location], ...]:
    """Return from where to where in a function body a call does not get from what happens there, and up to where not.

    Out of one branch into another of the same statement, and past a ``return``.
    """
    found: list[tuple[Location, Location, Location]] = []
    pending: list[tuple[ast.stmt, bool]] = [(statement, False) for statement in getattr(function, "body", [])]
    while pending:
        statement, is_tried = pending.pop()
        blocks = _blocks(statement)
        if isinstance(statement, (ast.If, ast.Match)):
            found += [(_begin(block[0]), _end(block[-1]), _end(statement)) for block in blocks[:-1]]
        found += [
            (_begin(block[0]), _end(block[-1]), _end(function))
            for block in blocks
            if isinstance(block[-1], ast.Return) and not is_tried
        ]
        is_tried = is_tried or isinstance(statement, ast.Try)
        pending += [(inner, is_tried) for block in blocks for inner in block]
    return tuple(found)


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """Return the blocks of statements in a statement, in order, but for those of a definition."""
    if isinstance(statement, _DEFINITIONS):
        return []
    first: list[ast.stmt] = getattr(statement, "body", [])
    further = [other.body for other in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ()))]
    last = [getattr(statement, field, []) for field in ("orelse", "finalbody")]
    return [block for block in (first, *further, *last) if block]


def _with_ends(block: Sequence[ast.stmt], end: Location | None = None) -> Iterator[tuple[ast.stmt, Location]]:
    """Yield the statements of a block and below, each with the end of what runs after it for sure.

    What follows a ``try`` or ``with`` statement is taken to run after all of its body.
    """
    for statement in block:
        yield statement, end or _end(block[-1])
        is_certain = isinstance(statement, (ast.Try, ast.With, ast.AsyncWith))
        inner = [] if isinstance(statement, _DEFINITIONS) else getattr(statement, "body", [])
        yield from _with_ends(inner, (end or _end(block[-1])) if is_certain else None)
        for other in [*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]:
            yield from _with_ends(other.body)
        for field in ("orelse", "finalbody"):
            yield from _with_ends(getattr(statement, field, []))


def _assigned(statement: ast.stmt) -> set[str]:
    """Return the names that a statement itself binds, other than by an import."""
    if isinstance(statement, _DEFINITIONS):
        return {statement.name}
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets = [statement.target]
    elif isinstance(statement, ast.Delete):
        targets = statement.targets
    return {
        node.id
        for target in targets
        for node in descendants(target)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }


def _after(loop: ast.stmt) -> Location:
    end = _end(loop)
    return Location(end.row, end.column + 1)


def _begin(node: ast.stmt | ast.expr) -> Location:
    return Location(node.lineno, node.col_offset + 1)


def _end(node: ast.stmt | ast.expr) -> Location:
    return Location(node.end_lineno or node.lineno, (node.end_col_offset or node.col_offset) + 1)


def _is_dotted(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)
