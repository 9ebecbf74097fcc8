"""Syntax that is newer than the running Python: read all the same, as far as LibCST goes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import stalecheck
from stalecheck.index import index_file
from stalecheck.newer import parse_partly

UNKNOWN = (
    b"import importlib\nimport m\nfrom m import C\n\nprint x\nK = m.C\n\ndef refresh():\n    importlib.reload(m)\n"
)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"def broken(:\n", id="nobody can parse it"),
        pytest.param(b"# coding: nonsense\n", id="an unknown encoding"),
        pytest.param(b"x = '\xff'\n", id="not in its encoding"),
    ],
)
def test_what_libcst_cannot_read_either_stays_unread(data: bytes) -> None:
    assert parse_partly(data) is None


def test_a_file_that_python_parses_keeps_its_places() -> None:
    data = b"# first\n\nx = 1\n\n\ndef f():\n    return x\n"
    tree = parse_partly(data)
    assert tree is not None
    assert ast.dump(tree, include_attributes=True) == ast.dump(ast.parse(data), include_attributes=True)


@pytest.mark.skipif(not index_file(b"type X = int\n").needs_libcst, reason="this Python knows the syntax")
def test_reloads_and_holders_are_found_around_newer_syntax(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("class C:\n    pass\n", encoding="utf-8")
    source = UNKNOWN.replace(b"print x", b"type X = int")
    (tmp_path / "app.py").write_bytes(source)
    found = [(d.span.start.row, d.code) for d in stalecheck.check([tmp_path], isolated=True)]
    assert found == [(3, "STL101"), (6, "STL104")]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        pytest.param("type X = int\ndef f(:\n    pass\n", (2, 7), id="below newer syntax"),
        pytest.param("type X = int\ntype Y = int\n\nx = (\ny = 1\n", (4, 5), id="below two such statements"),
        pytest.param("def f(:\n    pass\ntype X = int\n", (1, 7), id="above it"),
        pytest.param("x = 1\nprint x\n", (2, 1), id="Python 2"),
    ],
)
def test_a_syntax_error_is_reported_where_it_is(tmp_path: Path, source: str, place: tuple[int, int]) -> None:
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    found = [(d.code, d.span.start.row, d.span.start.column) for d in stalecheck.check([tmp_path], isolated=True)]
    assert found == [("STL001", *place)]


def test_a_statement_that_only_libcst_rejects_costs_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("class C:\n    pass\n", encoding="utf-8")
    (tmp_path / "app.py").write_text("from m import C\n\n(x): int = 1\nK = C\n", encoding="utf-8")
    found = [(d.span.start.row, d.code) for d in stalecheck.check([tmp_path], isolated=True, reloaded=["m"])]
    assert found == [(1, "STL101"), (4, "STL104")]
