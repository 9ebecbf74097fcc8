"""The probe as a whole: one module, one holder."""

from __future__ import annotations

from pathlib import Path

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
