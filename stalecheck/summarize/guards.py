"""Conditions at module level that decide what runs at all, or only once."""

from __future__ import annotations

import ast
import operator
from collections import Counter
from collections.abc import Callable, Mapping

from stalecheck.attaching import is_own_module, is_own_namespace
from stalecheck.index import is_type_checking
from stalecheck.nodes import blocks, descendants
from stalecheck.reloads.reruns import first_run

_COMPARE: dict[type[ast.cmpop], Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

_SIMPLE = (ast.Expr, ast.Assign, ast.Return, ast.Import, ast.ImportFrom, ast.Raise, ast.Pass)
"""Most of the statements that have no others within them."""

_MINORS_AHEAD = 30

_DOCUMENTERS = frozenset({"sphinx", "pdoc"})
"""What is imported only while a project's documentation is made."""

_NO_NAMES: Mapping[str, bool] = {}


def decide(
    test: ast.expr, target_version: tuple[int, int], platform: str = "", names: Mapping[str, bool] = _NO_NAMES
) -> bool | None:
    """Return what a condition is on every supported Python from `target_version` on; None if that depends.

    `platform` is the ``sys.platform`` to decide for, as type checkers do; by default conditions on it depend.
    `names` are those of the file that stand for such a condition, or for a module.
    """
    if is_type_checking(test):
        return False
    match test:
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=None)]
        ) if name in names:
            return isinstance(op, ast.IsNot)
        case ast.Constant():
            return bool(test.value)
        case ast.Name(id="PY2") | ast.Attribute(attr="PY2"):
            return False
        case ast.Name(id="PY3") | ast.Attribute(attr="PY3"):
            return True
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            decided = decide(operand, target_version, platform, names)
            return None if decided is None else not decided
        case ast.BoolOp(op=op, values=values):
            decided_parts = [decide(value, target_version, platform, names) for value in values]
            return _decide_chain(decided_parts, isinstance(op, ast.And))
        case ast.Compare(
            left=ast.Constant(value=str() as module), ops=[ast.In()], comparators=[ast.Attribute(attr="modules")]
        ) if module.partition(".")[0] in _DOCUMENTERS:
            return False
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            decided = _decide_version(left, op, right, target_version)
            return _decide_platform(left, op, right, platform) if decided is None and platform else decided
        case ast.Call(func=ast.Attribute(value=value, attr="startswith"), args=[ast.Constant(value=str() as start)]):
            name = _platform_name(value, platform)
            return name.startswith(start) if name and platform else None
    return None


def named_conditions(tree: ast.Module, target_version: tuple[int, int], platform: str) -> dict[str, bool]:
    """Return the names that a file binds once, to a decided condition: ``WINDOWS = sys.platform == "win32"``."""
    found: dict[str, bool] = {}
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not isinstance(value, ast.Constant):
                decided = decide(value, target_version, platform, found)
                if decided is not None:
                    found[name] = decided
    if found:
        stored = Counter(n.id for n in descendants(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        found = {name: decided for name, decided in found.items() if stored[name] == 1}
    return found


def without_dead_branches(tree: ast.Module, target_version: tuple[int, int]) -> ast.Module:
    """Take out of a tree what no supported Python runs, in place, and return it.

    The branches of decided conditions, and what stands behind a ``return`` and the like.
    """
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        for block in blocks(node):
            _cut(block, target_version)
            pending += [child for child in block if not isinstance(child, _SIMPLE)]
    return tree


def _cut(statements: list[ast.stmt], target_version: tuple[int, int]) -> None:
    """Shorten a block to what is run of it, and its statements to their branches that may run."""
    for number, statement in enumerate(statements):
        leaving = [statement]
        if isinstance(statement, (ast.Expr, ast.Assign, ast.Return)):
            if isinstance(statement.value, (ast.IfExp, ast.BoolOp)):
                statement.value = _chosen(statement.value, target_version)
        elif isinstance(statement, (ast.If, ast.While)):
            decided = decide(statement.test, target_version)
            if decided is False:
                statement.body = [ast.copy_location(ast.Pass(), statement.body[0])]
                leaving = statement.orelse
            elif decided is True and isinstance(statement, ast.If):
                statement.orelse = []
                leaving = statement.body
        if leaving and isinstance(leaving[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break)):
            del statements[number + 1 :]
            return


def _chosen(value: ast.IfExp | ast.BoolOp, target_version: tuple[int, int]) -> ast.expr:
    """The part of ``a if … else b`` or ``… and a`` that is evaluated."""
    if isinstance(value, ast.IfExp):
        decided = decide(value.test, target_version)
        return value if decided is None else value.body if decided else value.orelse
    if isinstance(value, ast.BoolOp):
        ending = isinstance(value.op, ast.Or)
        for number, part in enumerate(value.values):
            if decide(part, target_version) is ending:
                value.values = value.values[: number + 1]
                break
    return value


def is_main_guard(test: ast.expr) -> bool:
    """Whether a condition is ``__name__ == "__main__"``."""
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            sides = (left, right)
            return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides) and any(
                isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
            )
    return False


def kept_name(value: ast.expr) -> str:
    """Return the name that a value is taken from if an earlier run of the body has bound it; empty for others.

    ``globals().get("x", …)``, ``globals().get("x") or object()``, ``getattr(sys.modules[__name__], "x", …)``,
    ``x if "x" in globals() else …``.
    """
    match value:
        case ast.Call(
            func=ast.Attribute(value=namespace, attr="get" | "setdefault"),
            args=[ast.Constant(value=str() as name), *_],
        ) if is_own_namespace(namespace):
            return name
        case ast.BoolOp(op=ast.Or(), values=[asked, ast.Call(func=ast.Name(id="object"), args=[])]):
            return kept_name(asked) if isinstance(asked, ast.Call) else ""
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str() as name), _]) if is_own_module(
            owner
        ):
            return name
        case ast.IfExp(test=test, body=body, orelse=orelse):
            first = first_run(test)
            later = body if first is False else orelse
            return later.id if first is not None and isinstance(later, ast.Name) else ""
    return ""


def _decide_chain(decided: list[bool | None], is_and: bool) -> bool | None:
    if is_and:
        return False if False in decided else (None if None in decided else True)
    return True if True in decided else (None if None in decided else False)


def _decide_version(left: ast.expr, op: ast.cmpop, right: ast.expr, target_version: tuple[int, int]) -> bool | None:
    compare = _COMPARE.get(type(op))
    bound = _version(right)
    if compare is None or bound is None:
        return None
    minors = range(target_version[1], target_version[1] + _MINORS_AHEAD)
    versions: list[tuple[int, ...]]
    match left:
        case ast.Attribute(attr="version_info"):
            versions = [(3, minor, micro) for minor in minors for micro in (0, 99)]
        case ast.Subscript(value=ast.Attribute(attr="version_info"), slice=ast.Slice(lower=None)):
            versions = [(3, minor) for minor in minors]
        case (
            ast.Attribute(value=ast.Attribute(attr="version_info"), attr="major")
            | ast.Subscript(value=ast.Attribute(attr="version_info"), slice=ast.Constant(value=0))
        ):
            versions = [(3,)]
        case ast.Attribute(attr="hexversion"):
            versions = [((3 << 24) + (minor << 16) + (micro << 8),) for minor in minors for micro in (0, 99)]
        case _:
            return None
    answers = {compare(version, bound) for version in versions}
    return answers.pop() if len(answers) == 1 else None


def _decide_platform(left: ast.expr, op: ast.cmpop, right: ast.expr, platform: str) -> bool | None:
    name = _platform_name(left, platform)
    match op, right:
        case _ if not name:
            return None
        case ((ast.Eq() | ast.NotEq()), ast.Constant(value=str() as other)):
            return (name == other) is isinstance(op, ast.Eq)
        case ((ast.In() | ast.NotIn()), (ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements))):
            others = [element.value for element in elements if isinstance(element, ast.Constant)]
            return (name in others) is isinstance(op, ast.In) if len(others) == len(elements) else None
    return None


def _platform_name(node: ast.expr, platform: str) -> str:
    """Return what an expression calls the platform; empty for anything else."""
    match node:
        case ast.Attribute(value=ast.Name(id="sys"), attr="platform"):
            return platform
        case ast.Attribute(value=ast.Name(id="os"), attr="name"):
            return "nt" if platform == "win32" else "posix"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="platform"), attr="system"), args=[]):
            return {"win32": "Windows", "darwin": "Darwin", "linux": "Linux"}.get(platform, "")
    return ""


def _version(node: ast.expr) -> tuple[int, ...] | None:
    match node:
        case ast.Constant(value=int() as number):
            return (number,)
        case ast.Tuple(elts=elements):
            numbers = [e.value for e in elements if isinstance(e, ast.Constant) and isinstance(e.value, int)]
            return tuple(numbers) if numbers and len(numbers) == len(elements) else None
    return None
