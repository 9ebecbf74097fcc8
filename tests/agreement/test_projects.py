"""The linter and the interpreter agree on generated projects, and what that comparison itself says of some small ones.

A deeper search, with other seeds, is ``python -m tests.agreement.search``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings

import stalecheck
from stalecheck.vocabulary import ReloadMode

from .projects import Act, Project, projects
from .smallest import smallest
from .verdicts import NotRunnableError, ProjectPlayer, compared, disagreements

EXAMPLES = 500


@pytest.fixture(scope="module")
def player() -> Iterator[ProjectPlayer]:
    with ProjectPlayer() as started:
        yield started


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(project=projects())
def test_the_linter_and_the_interpreter_agree_on_every_name(project: Project, player: ProjectPlayer) -> None:
    try:
        found = disagreements(project, player)
    except NotRunnableError:
        reject()
    assert found == []


# What the comparison says

M = "class C: pass\n"
BROKER = "from m import C\n"


def call(*statements: str) -> dict[str, str]:
    body = "\n".join(f"    {statement}" for statement in statements)
    return {"run": f"import importlib, sys\ndef go():\n{body}\n"}


@pytest.mark.parametrize(
    ("sources", "stale"),
    [
        pytest.param(call("importlib.reload(sys.modules['m'])"), ["broker.C", "app.D"], id="the origin alone"),
        pytest.param(
            call("importlib.reload(sys.modules['m'])", "importlib.reload(sys.modules['broker'])"),
            ["app.D"],
            id="the dependency first",
        ),
        pytest.param(
            call("importlib.reload(sys.modules['broker'])", "importlib.reload(sys.modules['m'])"),
            ["broker.C", "app.D"],
            id="the dependent first",
        ),
        pytest.param(
            call(*(f"importlib.reload(sys.modules[{name!r}])" for name in ("m", "broker", "app"))),
            [],
            id="all, in order",
        ),
        pytest.param(call("importlib.reload(sys.modules['app'])"), [], id="who holds, alone"),
        pytest.param(
            call("del sys.modules['m']", "importlib.import_module('m')"), ["broker.C", "app.D"], id="imported again"
        ),
        pytest.param(
            call(*(f"importlib.reload(sys.modules[{name!r}])" for name in ("m", "broker", "app", "m"))),
            ["broker.C", "app.D"],
            id="the origin once more",
        ),
        pytest.param(
            {"run": "import importlib, m\nfrom m import C as old\nimportlib.reload(m)\nfrom m import C as new\n"},
            ["broker.C", "app.D", "run.old"],
            id="at the top level",
        ),
    ],
)
def test_the_interpreter_is_asked_for_a_sequence(
    sources: dict[str, str], stale: list[str], player: ProjectPlayer, tmp_path: Path
) -> None:
    has_function = "def go" in sources["run"]
    small = project_of(sources, Act("call", "run:go") if has_function else Act("nothing", ""))
    small.put(tmp_path)
    [act] = small.acts
    answer = player.play(tmp_path, small.modules, act)
    assert sorted(f"{module}.{name}" for module, name, *_ in (*answer["direct"], *answer["inside"])) == sorted(stale)


def test_a_stale_name_without_a_diagnostic_is_a_disagreement(player: ProjectPlayer, tmp_path: Path) -> None:
    answer = answered(player, tmp_path, "importlib.reload(sys.modules['m'])")
    assert compared(answer, []) == [
        "app: D is stale (inside m:C), not reported",
        "broker: C is stale (direct m:C), not reported",
    ]


def test_a_diagnostic_for_a_fresh_name_is_a_disagreement(player: ProjectPlayer, tmp_path: Path) -> None:
    answer = answered(player, tmp_path, "importlib.reload(sys.modules['run'])")
    diagnostics = stalecheck.check([tmp_path], isolated=True, min_severity="note", reloaded=["m"])
    assert compared(answer, diagnostics) == ["app:2: STL203 D: fresh", "broker:1: STL101 C: fresh"]


def test_who_holds_a_container_that_is_reported_need_not_be_reported_as_well(player: ProjectPlayer) -> None:
    sources = {"broker": "import m\nC = object\nTABLE = [m.C]\n", "all": "import broker\nALL = {'k': broker.TABLE}\n"}
    reloading = project_of({**sources, **call("importlib.reload(sys.modules['m'])")}, Act("call", "run:go"))
    assert disagreements(reloading, player) == []


RELOAD_M = "importlib.reload(sys.modules['m'])"
RELOAD_BOTH = (RELOAD_M, "importlib.reload(sys.modules['broker'])")
HELD = {"m": f"{M}one = C()\n", "broker": "from m import one as held\n"}
REGISTRY = "L = []\ndef add(x):\n    L.append(x)\n"
ANEW = "import importlib, sys\nimport m\nfrom reg import TABLE\nTABLE.append(m.C)\ndef go():\n    global TABLE\n"


@pytest.mark.parametrize(
    "sources",
    [
        pytest.param(
            {**HELD, "app": f"import broker\n{REGISTRY}add(broker.held)\n", **call(*RELOAD_BOTH)},
            id="registered under a name that a module on the way no longer has",
        ),
        pytest.param(
            {**HELD, "reg": REGISTRY, "app": "import broker, reg\nreg.add(broker.held)\n", **call(*RELOAD_BOTH)},
            id="registered by a function that is called like a method of containers",
        ),
        pytest.param(
            {"reg": "TABLE = []\n", "run": f"{ANEW}    {RELOAD_M}\n    from reg import TABLE\n"},
            id="the same container imported again",
        ),
        pytest.param(
            {
                "reg": "TABLE = []\n",
                "run": f"{ANEW}    importlib.reload(sys.modules['reg'])\n    {RELOAD_M}\n    from reg import TABLE\n",
            },
            id="a container imported anew whose maker has run again",
        ),
    ],
)
def test_what_the_two_disagreed_on_once(sources: dict[str, str], player: ProjectPlayer) -> None:
    files = {"m": M, **sources}
    parts = tuple((f"{name}.py", text) for name, text in files.items())
    project = Project(parts, ReloadMode.RELOAD, (Act("call", "run:go"),))
    assert disagreements(project, player) == []


def test_a_project_that_raises_is_not_compared(player: ProjectPlayer) -> None:
    with pytest.raises(NotRunnableError, match="NameError"):
        disagreements(project_of({"run": "nobody\n"}, Act("nothing", "")), player)


def test_the_smallest_project_keeps_what_is_asked_for() -> None:
    large = project_of({"run": "import m\nfrom broker import C\nx = m.C\n"}, Act("nothing", ""))
    small = smallest(large, lambda project: "x = m.C" in repr(project) and "class C" in repr(project))
    assert dict(small.sources) == {"m.py": M, "run.py": "x = m.C\n"}


def answered(player: ProjectPlayer, folder: Path, statement: str) -> dict[str, Any]:
    small = project_of(call(statement), Act("call", "run:go"))
    small.put(folder)
    return player.play(folder, small.modules, small.acts[0])


def project_of(sources: dict[str, str], act: Act) -> Project:
    app = "import broker\nclass D(broker.C): pass\n"
    files = {"m": M, "broker": BROKER, "app": app, **sources}
    return Project(tuple((f"{name}.py", text) for name, text in files.items()), ReloadMode.RELOAD, (act,))
