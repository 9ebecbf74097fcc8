"""The probe as a whole: one module, one holder."""

from __future__ import annotations

from pathlib import Path

import pytest

import stalecheck
from stalecheck.errors import UsageError

from .scripts import run_script

CORE = {"core.py": "class Engine:\n    pass\n"}


def test_nothing_is_old_before_a_reload(tmp_path: Path) -> None:
    files = {**CORE, "app.py": "from core import Engine\n"}
    assert run_script(tmp_path, files, "import app, core; answer(len(stalecheck.probe(core)))") == 0


def test_a_name_imported_from_a_reloaded_module_is_found(tmp_path: Path) -> None:
    files = {**CORE, "app.py": "from core import Engine\n"}
    script = """
        import app, core
        importlib.reload(core)
        answer(stalecheck.probe("core").to_dict()["findings"])
    """
    (finding,) = run_script(tmp_path, files, script)
    assert (finding["origin"], finding["kind"], finding["count"]) == ("core.Engine", "class", 1)
    (holder,) = finding["holders"]
    assert (holder["path"], holder["kind"], holder["code"]) == ("app.Engine", "from-import", "STL101")
    assert (Path(holder["filename"]).name, holder["line"]) == ("app.py", 1)


def test_the_probe_loads_no_dependency(tmp_path: Path) -> None:
    script = """
        import core
        importlib.reload(core)
        stalecheck.probe(core)
        answer(sorted({"libcst", "click"} & set(sys.modules)))
    """
    assert run_script(tmp_path, CORE, script) == []


def test_what_lasts_is_named_beside_the_function_that_runs(tmp_path: Path) -> None:
    script = """
        import core
        class Service: pass
        SERVICE = Service()
        SERVICE.engine = core.Engine()
        def serve(service):
            answer([holder.path for finding in stalecheck.probe(core) for holder in finding.holders])
        importlib.reload(core)
        serve(SERVICE)
    """
    first, second = run_script(tmp_path, CORE, script)
    assert first == "__main__.SERVICE.engine"
    assert second.startswith("local 'service'.engine in serve() at ")


def test_a_long_chain_is_followed_to_its_root(tmp_path: Path) -> None:
    script = """
        import core
        CHAIN = core.Engine()
        for _ in range(200):
            CHAIN = [CHAIN]
        importlib.reload(core)
        answer([holder.path for finding in stalecheck.probe(core) for holder in finding.holders])
    """
    assert run_script(tmp_path, CORE, script) == ["__main__.CHAIN" + "[0]" * 200]


def test_a_copy_of_a_namespace_is_a_holder_and_no_old_module(tmp_path: Path) -> None:
    script = """
        import core
        COPY = dict(vars(core))
        importlib.reload(core)
        answer([holder.path for finding in stalecheck.probe(core) for holder in finding.holders])
    """
    assert run_script(tmp_path, CORE, script) == ["__main__.COPY['Engine']"]


@pytest.mark.parametrize("seconds", ["1", -1, float("nan"), True])
def test_a_time_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(UsageError, match="max_seconds takes a number of seconds"):
        stalecheck.probe(pytest, max_seconds=seconds)
