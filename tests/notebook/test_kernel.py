"""``%stalecheck`` in a kernel of Jupyter."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    pytest.importorskip("jupyter_client", reason="jupyter_client is not installed")

from .kernels import Kernel, kernel

NET = "class Model:\n    pass\n"

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    directory = tmp_path_factory.mktemp("kernel")
    (directory / "net.py").write_text(NET, encoding="utf-8")
    with kernel(directory) as started:
        yield started


def test_a_session_in_a_notebook(session: Kernel) -> None:
    assert session.run("%load_ext stalecheck").text == ""
    session.run("%stalecheck auto")
    session.run("import importlib, json, net")
    session.run("model = net.Model()")
    session.run("net.Model()")
    answer = session.run("importlib.reload(net);")
    assert answer.text == (
        "stalecheck: from before the reload of net\n"
        "  `model` (In [4]) is an instance of the old net.Model: run In [4] again\n"
    )
    answer = session.run("%stalecheck net")
    assert "<table" in answer.shown["text/html"]
    assert "__main__.model" in answer.shown["text/html"]
    assert "STL201  __main__.model" in answer.shown["text/plain"]
    assert session.run("model = net.Model()").text == ""
    assert session.run("importlib.reload(net); model = net.Model()").text == ""
    answer = session.run("%stalecheck nett")
    assert (answer.text, answer.error) in (
        ("UsageError: no module nett is imported; did you mean net?\n", ""),
        ("", "UsageError"),
    )
    session.run("%stalecheck off")
    assert session.run("importlib.reload(net);").text == ""
    assert "__main__.model" in session.run("report = %stalecheck net\nreport").shown["text/html"]
    assert "Found no old objects" in session.run("%stalecheck json").shown["text/html"]
