"""What a module with much data leads to, and that it is not gone through object by object."""

from __future__ import annotations

import types
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from stalecheck.probing.current import find_current
from stalecheck.probing.progress import TimeOverError

from .scripts import run_script

COUNT = """
import core
engine = core.Engine()
edit("core", open("core.py").read().replace("return 1", "return 22"))
importlib.reload(core)
calls = 0
def count(frame, event, argument):
    global calls
    calls += event == "call"
sys.setprofile(count)
report = stalecheck.probe(core)
sys.setprofile(None)
answer([calls, sorted(finding.origin for finding in report)])
"""


def test_the_calls_do_not_grow_with_the_data(tmp_path: Path) -> None:
    calls = []
    for number in (12_000, 40_000):
        folder = tmp_path / str(number)
        folder.mkdir()
        source = "class Engine:\n    def run(self): return 1\n\n"
        source += f"DATA = [{{'a': [i], 'b': (i, [i])}} for i in range({number})]\n"
        found, origins = run_script(folder, {"core.py": source}, COUNT.replace('"core.py"', f'"{folder}/core.py"'))
        assert origins == ["core.Engine"]
        calls.append(found)
    assert calls[1] - calls[0] < 1_000


def module(source: str) -> dict[str, Any]:
    found = types.ModuleType("data_of_a_test")
    exec(source, found.__dict__)
    return found.__dict__


DATA = "DATA = [{'a': [i], 'b': (i, [i])} for i in range(20_000)]\n"
DEEP = """
class Engine: pass
class Base: pass
class Parts(Base): __slots__ = ()
class Bare: __slots__ = ()
def serve(): pass
def outer():
    engine = Engine
    return lambda: engine
"""


@pytest.mark.parametrize(
    ("kept", "gone", "names"),
    [
        pytest.param("Engine", "Engine", {"Engine"}, id="class"),
        pytest.param("Engine()", "Engine", {"Engine"}, id="instance"),
        pytest.param("Parts()", "Parts, Base", {"Parts", "Base"}, id="base of an instance's class"),
        pytest.param("Bare()", "Bare", {"Bare"}, id="instance that the collector does not know"),
        pytest.param("serve", "serve", {"serve"}, id="function"),
        pytest.param("outer()", "outer, Engine", {"<lambda>", "Engine"}, id="closure"),
        pytest.param("property(serve)", "serve", {"serve"}, id="property"),
    ],
)
@pytest.mark.parametrize("container", ["[{}]", "{{1: {}}}", "({},)", "frozenset([{}])", "deque([{}])"])
@pytest.mark.parametrize("place", ["DATA[15_000]['a'].append({})", "DATA[0] = {}", "MORE = [[{}]]"])
def test_what_only_the_data_leads_to_is_found(
    kept: str, gone: str, names: set[str], container: str, place: str
) -> None:
    source = f"{DATA}{DEEP}from collections import deque\n{place.format(container.format(kept))}\ndel {gone}\n"
    current = find_current(module(source), "data_of_a_test")
    assert {one.__name__ for one in current.loosely.values()} >= names  # type: ignore[attr-defined]


def test_what_somebody_else_holds_is_not_found() -> None:
    namespace = module(f"{DATA}{DEEP}KEYS = {{serve: 1, Engine: 2}}\n")
    held = [deque([namespace.pop("Engine")()]), namespace.pop("serve")]
    current = find_current(namespace, "data_of_a_test")
    assert len(held) == 2
    assert not current.loosely


def test_the_time_is_heeded_among_the_data() -> None:
    class Over:
        steps = 0

        def __call__(self) -> None:
            self.steps += 1
            if self.steps == 3:
                raise TimeOverError

    over = Over()
    namespace = module(f"{DATA}{DEEP}DATA[3]['a'].append(serve)\ndel serve\n")
    with pytest.raises(TimeOverError):
        find_current(namespace, "data_of_a_test", step=over)
