"""What every supported Python's standard library and built-in classes have, and what only some have."""

from __future__ import annotations

import ast

import pytest

from stalecheck.summarize.standard import asked_for, needed

OLDEST = (3, 10)


def known(name: str) -> str:
    return {"os": "os", "Exception": "builtins.Exception", "int": "builtins.int"}.get(name, "")


@pytest.mark.parametrize(
    ("block", "succeeds"),
    [
        pytest.param("note = Exception.with_traceback", True, id="a method that exceptions always had"),
        pytest.param("note = Exception.add_note", False, id="one that came with Python 3.11"),
        pytest.param("count = int.bit_count", True, id="one that came with Python 3.10"),
        pytest.param("whole = int.is_integer", False, id="one that came with Python 3.12"),
        pytest.param("path = os.fspath", True, id="a function of a module"),
        pytest.param("path = other.fspath", False, id="of a name that may be anything"),
    ],
)
def test_taking_an_attribute_succeeds_everywhere_or_not(block: str, *, succeeds: bool) -> None:
    assert (needed(ast.parse(block).body, OLDEST, known) == ()) is succeeds


@pytest.mark.parametrize(
    ("test", "answer"),
    [
        ("hasattr(Exception, 'with_traceback')", True),
        ("not hasattr(int, 'bit_count')", False),
        ("hasattr(Exception, 'add_note')", None),
        ("hasattr(os, 'no_such_name')", None),
    ],
)
def test_what_depends_on_the_python_stays_open(test: str, answer: bool | None) -> None:
    found = asked_for(ast.parse(test, mode="eval").body, OLDEST, known)
    assert found is not None
    needs, is_true = found
    assert (None if needs else is_true) is answer
