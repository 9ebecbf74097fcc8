"""Whether a dict has been modified is told by a number that CPython keeps, or not at all."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from stalecheck.testing.modified import version_reader

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 14), reason="PEP 699 has taken the number away")

Table = dict[str, int]


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(lambda table: table["a"], id="an item"),
        pytest.param(list, id="the keys"),
        pytest.param(lambda table: dict(table.items()), id="a copy"),
        pytest.param(lambda table: {"x": 1}.update(table), id="another one's modification"),
    ],
)
def test_to_look_at_a_dict_is_no_modification(look: Callable[[Table], object]) -> None:
    table = {"a": 1}
    read = version_reader(table)
    assert read is not None
    before = read()
    look(table)
    assert read() == before


@pytest.mark.parametrize(
    "modify",
    [
        pytest.param(lambda table: table.update(b=1), id="a new key"),
        pytest.param(lambda table: table.update(a=2), id="another value"),
        pytest.param(lambda table: table.pop("a"), id="a key less"),
        pytest.param(lambda table: table.update(a=table.pop("a")), id="taken out and put back"),
        pytest.param(lambda table: table.setdefault("b", 1), id="setdefault"),
        pytest.param(lambda table: table.clear(), id="clear"),
        pytest.param(lambda table: table.__ior__({"a": 3}), id="|="),
    ],
)
def test_a_modification_has_a_number_of_its_own(modify: Callable[[Table], object]) -> None:
    table = {"a": 1}
    read = version_reader(table)
    assert read is not None
    before = read()
    modify(table)
    assert read() != before


def test_without_ctypes_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctypes", None)
    assert version_reader({}) is None
