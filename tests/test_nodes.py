"""The walks over syntax trees give what `ast.walk` does, but for contexts and operators."""

from __future__ import annotations

import ast
import sys
import sysconfig
from pathlib import Path

import pytest

from stalecheck.nodes import children, descendants, inner_statements

STDLIB = Path(sysconfig.get_path("stdlib"))
LEFT_OUT = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)

SOURCES = [
    "x = {**a, 'k': 1}\nf(*a, b=2, **c)\nlambda x, *, y, z=1: -x\n",
    "def f(a, /, b: int = 1, *c, d, e=2, **g) -> None:\n    global h\n    nonlocal_ = f'{a!r:>{b}}'\n",
    "match x:\n    case C(1, y=[_, *z]) | {'k': v, **rest} | None as w if w: pass\n",
    "try: pass\nexcept E as e: pass\nelse: pass\nfinally: pass\n",
    "from . import a as b, c\nimport d.e\nasync def f():\n    async with a as b, c: await d\n",
    *(
        ["type X[T: int, *U, **V] = dict[T, U]\nclass C[T]: pass\ndef f[T](): pass\n"]
        if sys.version_info >= (3, 12)
        else []
    ),
    *((STDLIB / name).read_text(encoding="utf-8") for name in ("argparse.py", "dataclasses.py", "typing.py")),
]


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_but_contexts_and_operators_is_left_out(source: str) -> None:
    tree = ast.parse(source)
    every = [node for node in ast.walk(tree) if not isinstance(node, LEFT_OUT)]
    assert list(descendants(tree)) == every
    for node in every:
        assert children(node) == [child for child in ast.iter_child_nodes(node) if not isinstance(child, LEFT_OUT)]


@pytest.mark.parametrize("source", SOURCES)
def test_the_statements_right_below_stand_in_order(source: str) -> None:
    for node in (each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.stmt)):
        below: list[ast.AST] = []
        for child in ast.iter_child_nodes(node):
            below += child.body if isinstance(child, (ast.ExceptHandler, ast.match_case)) else [child]
        assert inner_statements(node) == [child for child in below if isinstance(child, ast.stmt)]
