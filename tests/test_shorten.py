from __future__ import annotations

import ast

import pytest

from stalecheck.read import deeply
from stalecheck.summarize.shorten import shortened
from stalecheck.summarize.summary import Summary
from stalecheck.summarize.walker import summarize

MANY = 400


def shorter(source: str) -> str:
    found = shortened(source, ast.parse(source))
    assert found is not None
    assert ast.dump(found[1]) == ast.dump(ast.parse(found[0]))
    return found[0]


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        pytest.param("x = 1" + " + 1" * MANY, "x = 1 + 1", id="constants"),
        pytest.param("x = C" + " + C" * MANY + " + D", "x = C + C + D", id="the same again"),
        pytest.param("x = 1" + " + 1" * MANY + " + C + 1", "x = 1 + 1 + C", id="one name among constants"),
        pytest.param("x = (1" + "\n  + 1  # ü" * MANY + "\n + C)", "x = (1 + 1 # ü + C)", id="over many lines"),
        pytest.param("x = 1" + " \\\n  + 1" * MANY, "x = 1 \\ + 1" + " \\" * (MANY - 1), id="continued lines"),
        pytest.param("x = C" + ".a(1)" * MANY, "x = C" + ".a(1)" * 100, id="calls"),
        pytest.param("x = C" + "[0]" * MANY, "x = C" + "[0]" * 200, id="subscripts"),
        pytest.param("def f(a=1" + " + 1" * MANY + "): pass", "def f(a=1 + 1 ): pass", id="a default"),
        pytest.param("x = 'ü'" + " + 'ü'" * MANY + "; y = C", "x = 'ü' + 'ü' ; y = C", id="another statement behind"),
    ],
)
def test_what_a_chain_repeats_is_blanked_in_its_place(source: str, kept: str) -> None:
    found = shorter(source)
    assert " ".join(found.split()) == " ".join(kept.split())
    assert [len(line) for line in found.split("\n")] == [len(line) for line in source.split("\n")]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("x = 1" + " + 1" * 50, id="short"),
        pytest.param("x = [" + "C, " * MANY + "]", id="no chain"),
        pytest.param("x = " + "(" * 150 + "1" + " + 1)" * 150, id="brackets"),
        pytest.param('x = """\n"""' + ' + """\n"""' * MANY + " + C", id="what would break the line"),
    ],
)
def test_the_rest_is_left_alone(source: str) -> None:
    assert shortened(source, ast.parse(source)) is None


def test_a_long_chain_says_what_a_short_one_says() -> None:
    sources = [f"x = C{' + 1' * times} + D\ny = C\n".encode() for times in (4000, 1)]
    try:
        deeply(lambda: ast.parse(sources[0]))
    except RecursionError:
        pytest.skip("too long for this Python itself to compile (3.12)")
    long, short = deeply(lambda: [summarize(source, (3, 10)) for source in sources])
    assert isinstance(long, Summary)
    assert isinstance(short, Summary)
    assert [(b.name, b.span.start.row, b.value) for b in long.bindings] == [
        (b.name, b.span.start.row, b.value) for b in short.bindings
    ]
