"""Syntax that is newer than the running Python: read all the same, as far as LibCST goes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import stalecheck
from stalecheck.cli import main
from stalecheck.index import index_file
from stalecheck.newer import parse_newer

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
    assert parse_newer(data) is None


def test_a_file_that_python_parses_keeps_its_places() -> None:
    data = b"# first\n\nx = 1\n\n\ndef f():\n    return x\n"
    newer = parse_newer(data)
    assert newer is not None
    assert newer.is_whole
    assert ast.dump(newer.tree, include_attributes=True) == ast.dump(ast.parse(data), include_attributes=True)


@pytest.mark.skipif(not index_file(b"type X = int\n").needs_libcst, reason="this Python knows the syntax")
def test_reloads_and_holders_are_found_around_newer_syntax(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("class C:\n    pass\n", encoding="utf-8")
    source = UNKNOWN.replace(b"print x", b"type X = int")
    (tmp_path / "app.py").write_bytes(source)
    found = [(d.span.start.row, d.code) for d in stalecheck.check([tmp_path], isolated=True)]
    assert found == [(3, "STL101"), (6, "STL104")]


@pytest.mark.parametrize(
    ("source", "places"),
    [
        pytest.param("def f[T](x: T):\n    importlib.reload(m)\n", ["4:5"], id="function"),
        pytest.param("class K[T]:\n    def f(self): importlib.reload(m)\n", ["4:18"], id="class"),
        pytest.param(
            "def f[T](mod: T): importlib.reload(mod)\ndef g(): f(m)\n", ["4:10"], id="what reloads its argument"
        ),
        pytest.param("def f[\n    é,  # one\n\n](é='é', x=importlib.reload(m)): pass\n", ["6:12"], id="rows"),
        pytest.param("def f():\n    type X[T] = T; importlib.reload(m)\n", ["4:20"], id="alias"),
        pytest.param("def f():\n    type \\\n  X = (\n  int); importlib.reload(m)\n", ["6:9"], id="alias, rows"),
        pytest.param("try: importlib.reload(m)\nexcept* E: pass\n", ["3:6"], id="groups"),
        pytest.param(
            "try: importlib.reload(m)\nexcept A, B: importlib.reload(m)\n", ["3:6", "4:14"], id="two exceptions"
        ),
        pytest.param('x = f"é{d["é"]!r:>{w}}{importlib.reload(m)}"\n', ["3:24"], id="quotes in quotes"),
        pytest.param(
            "x = 'é' f'''{\n d['''é'''] # é\n } { (importlib.reload(m)) =}'''\n", ["5:7"], id="rows in quotes"
        ),
        pytest.param("x = t'{importlib.reload(m)}'\n", ["3:8"], id="template"),
        pytest.param("x = tr'{importlib.reload(m)}'\n", ["3:9"], id="raw template"),
        pytest.param("x = t'{importlib.reload(m)}' t'{m}'\n", ["3:8"], id="two templates"),
        pytest.param("def f(*a: *Ts): d[*a][importlib.reload(m)]\n", ["3:23"], id="stars"),
    ],
)
def test_reloads_are_found_within_newer_syntax(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, places: list[str]
) -> None:
    (tmp_path / "m.py").write_text("class C:\n    pass\n", encoding="utf-8")
    (tmp_path / "app.py").write_text(f"import importlib\nimport m\n{source}", encoding="utf-8")
    main(["--isolated", "--list-reloads", str(tmp_path)])
    assert re.findall(r"app\.py:(\d+:\d+): reload .*: m$", capsys.readouterr().out, re.MULTILINE) == places


@pytest.mark.parametrize(
    ("use", "severity"),
    [
        pytest.param("class D[T](C): pass\n", "error", id="base"),
        pytest.param("type X = int\ndef g(x): return isinstance(x, C)\n", "error", id="isinstance"),
        pytest.param("type X = int\ntry: pass\nexcept C: pass\n", "error", id="except"),
        pytest.param("try: pass\nexcept* (ValueError, C): pass\n", "error", id="except star"),
        pytest.param("def g[T](x):\n    match x:\n        case C(): pass\n", "error", id="match"),
        pytest.param("type X = int\ndef g(x: C): pass\n", "note", id="annotation"),
        pytest.param("def g[T](x: C): pass\n", "note", id="annotation in a generic function"),
        pytest.param("x = y == f'{d['a']}{C}'\n", "warning", id="text"),
    ],
)
def test_severity_does_not_depend_on_the_running_python(tmp_path: Path, use: str, severity: str) -> None:
    (tmp_path / "m.py").write_text("class C(Exception):\n    pass\n", encoding="utf-8")
    (tmp_path / "app.py").write_text(f"from m import C\n{use}", encoding="utf-8")
    found = stalecheck.check([tmp_path], isolated=True, reloaded=["m"], min_severity="note")
    assert [d.severity.label for d in found if d.code == "STL101"] == [severity]


def test_holders_keep_their_places_in_newer_syntax(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("class C:\n    pass\n", encoding="utf-8")
    source = (
        "from m import C\n"
        "class K[\n  é,  # é\n](C): x = 'é', C()\n"
        "def f[T: 'é'](é='é', x=C()): pass\n"
        "x = f'é{d['é']}'; J = C\n"
    )
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    found = [
        (d.code, d.span.start.row, d.span.start.column, d.span.end.column)
        for d in stalecheck.check([tmp_path], isolated=True, reloaded=["m"])
    ]
    assert found == [
        ("STL101", 1, 15, 16),
        ("STL203", 4, 3, 4),
        ("STL205", 4, 16, 19),
        ("STL204", 5, 24, 27),
        ("STL104", 6, 19, 20),
    ]


def test_a_statement_without_older_words_costs_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("class C:\n    pass\n", encoding="utf-8")
    source = "from m import C\nlazy import os\nK = C\ndef g(x): return isinstance(x, C)\n"
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    found = [
        (d.span.start.row, d.code, d.severity.label)
        for d in stalecheck.check([tmp_path], isolated=True, reloaded=["m"])
    ]
    assert found == [(1, "STL101", "error"), (3, "STL104", "warning")]


def test_a_long_expression_beside_newer_syntax_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("class C:\n    pass\n", encoding="utf-8")
    source = f"type X = int\nfrom m import C\nx = {'1 + ' * 1000} 1\n"
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    found = [(d.span.start.row, d.code) for d in stalecheck.check([tmp_path], isolated=True, reloaded=["m"])]
    assert found == [(2, "STL101")]


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


@pytest.mark.parametrize(
    ("source", "place"),
    [
        pytest.param(b'x = 1\ny = "\xff"\n', (2, 6), id="in a line of its own"),
        pytest.param(b'\xef\xbb\xbfx = "\xff"\n', (1, 6), id="behind a mark that counts as none"),
        pytest.param('x = "é"\n\n\ny = "éé'.encode() + b'\xff"\n', (4, 8), id="behind letters of two bytes"),
    ],
)
def test_a_byte_that_is_no_utf_8_is_reported_where_it_is(tmp_path: Path, source: bytes, place: tuple[int, int]) -> None:
    (tmp_path / "app.py").write_bytes(source)
    found = [(d.code, d.span.start.row, d.span.start.column) for d in stalecheck.check([tmp_path], isolated=True)]
    assert found == [("STL001", *place)]


def test_a_statement_that_only_libcst_rejects_costs_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("class C:\n    pass\n", encoding="utf-8")
    (tmp_path / "app.py").write_text("from m import C\n\n(x): int = 1\nK = C\n", encoding="utf-8")
    found = [(d.span.start.row, d.code) for d in stalecheck.check([tmp_path], isolated=True, reloaded=["m"])]
    assert found == [(1, "STL101"), (4, "STL104")]
