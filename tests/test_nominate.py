"""What is not read closely makes no difference: the findings are those of a run that reads every file closely."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
import pytest

import stalecheck
from stalecheck import run as pipeline


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(Path(click.__file__).parent, root / "click", ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.mark.parametrize("option", ["reloaded", "reimported"])
@pytest.mark.parametrize("module", ["_compat", "core"])
def test_reading_every_file_closely_finds_the_same(
    module: str, option: str, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {option: [f"click.{module}"], "min_severity": "note", "isolated": True}
    found = stalecheck.check(package, **options)
    assert found, "cannot fail"
    monkeypatch.setattr(pipeline, "nominate", lambda indexes, *_: frozenset(indexes))
    assert stalecheck.check(package, **options) == found


def test_a_file_that_only_imports_what_holds_something_old_is_not_read_closely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = {
        "m.py": "class Engine:\n    pass\n",
        "holding.py": "from m import Engine\n\n\ndef start():\n    return Engine()\n\n\ndef version():\n    return 1\n",
        "importing.py": "def run():\n    import holding\n\n    return holding.version()\n\n\nclass App:\n    pass\n",
        "inheriting.py": "import importing\n\n\nclass Own(importing.App):\n    pass\n\n\napp = Own()\n",
        "reloading.py": "import importlib\n\nimport m\n\n\ndef refresh():\n    importlib.reload(m)\n",
    }
    for name, source in sources.items():
        (tmp_path / name).write_text(source)
    nominated: set[str] = set()
    original = pipeline.nominate

    def noted(*arguments: object) -> object:
        found = original(*arguments)  # type: ignore[arg-type]
        nominated.update(file.path.name for file in found)
        return found

    monkeypatch.setattr(pipeline, "nominate", noted)
    (stale,) = stalecheck.check(tmp_path, isolated=True)
    assert (stale.path.name, stale.code) == ("holding.py", "STL101")
    assert nominated == {"m.py", "holding.py"}
