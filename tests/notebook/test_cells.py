"""Which cell has made a variable."""

from __future__ import annotations

import pytest

from stalecheck.notebook.cells import Made, Seen, Source, in_order, made

NOTHING = Seen()


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "x, y = 1, 2",
        "[a, *x] = 1, 2",
        "x: int = 1",
        "(x := 1)",
        "print([x := n for n in ()])",
        "for x in (): pass",
        "with open('f') as x: pass",
        "if 1:\n    x = 1",
        "try:\n    pass\nexcept ValueError:\n    x = 1",
        "def x(): pass",
        "async def x(): pass",
        "class x: pass",
        "import x",
        "import x.y",
        "import y as x",
        "from y import x",
        "from y import z as x",
        "match 1:\n    case x: pass",
        "match [1]:\n    case [*x]: pass",
        "x = await y()",
        "get_ipython().run_line_magic('time', 'x = 1')",
        "get_ipython().run_cell_magic('time', '', 'x = 1\\n')",
    ],
)
def test_what_binds_a_variable(source: str) -> None:
    found = made("x", ["", "y = 1", source, "z = 1"], NOTHING)
    assert found is not None
    assert (found.cell, found.filled) == (2, ())


@pytest.mark.parametrize(
    "source",
    [
        "x",
        "print(x)",
        "x == 1",
        "del x",
        "def f():\n    x = 1",
        "class C:\n    x = 1",
        "f = lambda x: x",
        "[x for x in ()]",
        "f(x=1)",
        "import y.x",
        "from y import x as z",
        "get_ipython().run_line_magic('env', 'x = 1')",
        "not a cell of Python",
    ],
)
def test_what_does_not(source: str) -> None:
    assert made("x", ["", source], NOTHING) is None


def test_the_last_cell_that_binds_it_counts() -> None:
    assert made("x", ["", "x = 1", "y = 1", "x = 2", "y = 2"], NOTHING) == Made(3)


@pytest.mark.parametrize(
    "source", ["x.append(1)", "x['k'] = 1", "x.y.z = 1", "x += [1]", "x[0] += 1", "x['k'].update(a=1)", "x.y[0].add(1)"]
)
def test_what_fills_a_variable(source: str) -> None:
    assert made("x", ["", "x = y", source, "x.read(1)", source], NOTHING) == Made(1, None, (2, 4))


def test_where_a_value_is_taken_from() -> None:
    inputs = ["", "from net import Model as x", "y = net.core.LIMIT", "z = net().LIMIT", "y, z = net.A, net.B"]
    assert made("x", inputs[:2], NOTHING) == Made(1, Source("net", "Model", is_import=True))
    assert made("y", inputs[:3], NOTHING) == Made(2, Source("net.core", "LIMIT", is_import=False))
    assert made("z", inputs[:4], NOTHING) == Made(3)
    assert made("y", inputs, NOTHING) == Made(4)


def test_a_star_import_brings_what_the_module_has() -> None:
    assert made("dumps", ["", "from json import *"], NOTHING) == Made(1, Source("json", "dumps", is_import=True))
    assert made("nothing", ["", "from json import *"], NOTHING) is None


def test_a_cell_that_has_failed_made_only_what_was_seen_to_change() -> None:
    seen = Seen()
    inputs = ["", "x = y = 1", "x = 2; y = fails()"]
    seen.note(2, before={"x": 10, "y": 11}, after={"x": 12, "y": 11}, has_failed=True)
    assert made("x", inputs, seen) == Made(2)
    assert made("y", inputs, seen) == Made(1)


def test_what_was_seen_to_change_needs_no_source() -> None:
    seen = Seen()
    seen.note(2, before={}, after={"x": 10}, has_failed=False)
    assert made("x", ["", "x = 1", "exec(text)"], seen) == Made(2)


def test_a_variable_that_is_added_to_is_made_where_it_began() -> None:
    seen = Seen()
    seen.note(2, before={"x": 10}, after={"x": 11}, has_failed=False)
    assert made("x", ["", "x = ()", "x += (1,)"], seen) == Made(1, None, (2,))


@pytest.mark.parametrize(
    ("inputs", "cells", "expected"),
    [
        pytest.param(["model = Model()", "y = 1", "from net import Model"], [1, 3], [3, 1], id="an import run again"),
        pytest.param(["model = loads()", "from json import *"], [1, 2], [2, 1], id="a star import"),
        pytest.param(["from net import M", "a = M()", "b = a"], [1, 2, 3], [1, 2, 3], id="as they stand"),
        pytest.param(["a = f(b)", "b = M()", "from net import M"], [1, 2, 3], [3, 2, 1], id="one after the other"),
        pytest.param(["a = 1", "b = M()", "c = 1", "from net import M"], [1, 2, 3, 4], [1, 4, 2, 3], id="only one"),
        pytest.param(["a = b", "b = a"], [1, 2], [1, 2], id="each reads the other"),
        pytest.param(["class D(M): pass", "from net import M"], [1, 2], [2, 1], id="a base"),
        pytest.param(["a = [M() for _ in ()]", "from net import M"], [1, 2], [2, 1], id="in a comprehension"),
        pytest.param(
            ["def f():\n    return M()", "a = f()", "from net import M"], [2, 3], [3, 2], id="in a function it calls"
        ),
        pytest.param(["x = M()", "a = x", "from net import M"], [2, 3], [2, 3], id="in a cell that is not run again"),
        pytest.param(
            ["from net import M\na = M()", "y = 1", "from net import M"], [1, 3], [1, 3], id="it binds that itself"
        ),
        pytest.param(["def f(M):\n    return M()", "from net import M"], [1, 2], [1, 2], id="a parameter"),
        pytest.param(
            ["get_ipython().run_line_magic('time', 'a = M()')", "from net import M"], [1, 2], [2, 1], id="in a magic"
        ),
    ],
)
def test_cells_are_run_again_in_the_order_of_what_they_read(
    inputs: list[str], cells: list[int], expected: list[int]
) -> None:
    whole = ["", *inputs]
    makers = {name: made(name, whole, NOTHING) for name in ("M", "Model", "a", "b", "c", "f", "loads", "model", "x")}
    assert in_order(cells, makers, whole) == expected
