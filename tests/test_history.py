"""`--since REV`: what the reloaded modules no longer define, against a real repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_rules import codes_in

import stalecheck
from stalecheck.errors import UsageError
from stalecheck.rules import rules

NEW = "def kept():\n    return 1\n"
OLD = f"{NEW}\n\ndef gone():\n    return 2\n\n\nMOVED = 1\n"
USER = "import m\nfrom m import MOVED, kept\n\n\ndef use():\n    return m.gone(), m.kept()\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A project of which the first commit has the old module, and the working tree the new one."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "m.py").write_text(OLD, encoding="utf-8")
    (tmp_path / "app.py").write_text(USER, encoding="utf-8")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "old")
    (tmp_path / "m.py").write_text(NEW, encoding="utf-8")
    return tmp_path


def found(folder: Path, **options: object) -> list[tuple[str, int, int, str]]:
    return [
        (d.path.name, d.span.start.row, d.span.start.column, d.headline)
        for d in stalecheck.check(folder, isolated=True, select=["STL306"], **options)
    ]


def test_without_a_revision_nothing_is_compared(repository: Path) -> None:
    assert found(repository, reloaded=["m"]) == []


def test_a_module_that_is_not_reloaded_is_not_compared(repository: Path) -> None:
    assert found(repository, since="HEAD") == []


def test_who_uses_what_is_gone(repository: Path) -> None:
    lingers = "the old one lingers until the program is started again"
    assert found(repository, since="HEAD", reloaded=["m"]) == [
        ("app.py", 2, 15, f"`m` no longer defines `MOVED`; {lingers}"),
        ("app.py", 6, 12, f"`m` no longer defines `gone`; {lingers}"),
    ]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import m\n\n\ndef f(m):\n    return m.gone()\n", id="a parameter"),
        pytest.param("import m\n\n\ndef f():\n    m = object()\n    return m.gone\n", id="a local"),
        pytest.param("try:\n    from m import gone\nexcept ImportError:\n    gone = 0\n", id="it may be missing"),
        pytest.param("import m\n\nif hasattr(m, 'gone'):\n    m.gone()\n", id="asked for before"),
        pytest.param("import m\n\nm.gone = len\nm.gone()\n", id="set here"),
    ],
)
def test_what_does_not_count_on_the_name_is_silent(repository: Path, source: str) -> None:
    (repository / "app.py").write_text(source, encoding="utf-8")
    assert found(repository, since="HEAD", reloaded=["m"]) == []


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        pytest.param({"m.py": f"{NEW}x = gone\n"}, [("m.py", 3, "gone")], id="the module itself"),
        pytest.param({"m.py": f"{NEW}\ndef f(gone):\n    return gone\n"}, [], id="a parameter in the module itself"),
        pytest.param({"m.py": f"{NEW}class C:\n    gone = 1\n    x = gone\n"}, [], id="a name of a class in itself"),
        pytest.param({"m.py": f"{NEW}\ndef f():\n    global gone\n    gone = 1\n"}, [], id="bound by a function"),
        pytest.param({"m.py": f"{NEW}globals()['gone'] = 1\n"}, [], id="bound through its namespace"),
        pytest.param({"m.py": f"{NEW}\ndef __getattr__(name):\n    return 1\n"}, [], id="answered by the module"),
        pytest.param({"m.py": f"{NEW}globals().update(vars(app))\ngone\n"}, [], id="put into its namespace"),
        pytest.param({"m.py": f"{NEW}exec('gone = 1')\ngone\n"}, [], id="made by exec"),
        pytest.param({"m.py": f"{NEW}exec('gone = 1', {{}})\ngone\n"}, [("m.py", 4, "gone")], id="made elsewhere"),
        pytest.param({"m.py": f"{NEW}import sys\nsys.modules[__name__] = kept\ngone\n"}, [], id="another in its place"),
        pytest.param(
            {"m.py": f"{NEW}import enum\n@enum.global_enum\nclass E(enum.Enum):\n    gone = 1\nprint(gone)\n"},
            [],
            id="members of an Enum",
        ),
        pytest.param({"app.py": "from m import *\ngone()\nkept()\n"}, [("app.py", 2, "gone")], id="a star"),
        pytest.param({"app.py": "from m import *\nfrom os import *\ngone()\n"}, [], id="another star beside it"),
        pytest.param({"app.py": "from m import *\n\ndef gone(): ...\n\ngone()\n"}, [], id="its own below a star"),
        pytest.param(
            {"app.py": "from m import gone as old\n", "user.py": "import app\napp.old()\nfrom app import old\n"},
            [("app.py", 1, "gone"), ("user.py", 2, "old"), ("user.py", 3, "old")],
            id="passed on",
        ),
        pytest.param(
            {"app.py": "from m import *\n", "user.py": "from app import gone, kept\n"},
            [("user.py", 1, "gone")],
            id="passed on by a star",
        ),
        pytest.param({"app.py": "import m\ngetattr(m, 'gone')()\n"}, [("app.py", 2, "gone")], id="getattr"),
        pytest.param({"app.py": "import m\ngetattr(m, 'gone', None)\n"}, [], id="getattr with a default"),
    ],
)
def test_who_else_counts_on_a_name(
    repository: Path, sources: dict[str, str], expected: list[tuple[str, int, str]]
) -> None:
    (repository / "app.py").unlink()
    for name, source in sources.items():
        (repository / name).write_text(source, encoding="utf-8")
    lines = found(repository, since="HEAD", reloaded=["m"])
    assert [(name, row, text.split("`")[3]) for name, row, _, text in lines] == expected


def test_what_was_imported_is_gone_too(repository: Path) -> None:
    git(repository, "add", ".")
    (repository / "m.py").write_text("import json\nfor i in (): ...\ndel i\n" + OLD, encoding="utf-8")
    git(repository, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-a", "--quiet", "--message", "import")
    (repository / "m.py").write_text(OLD, encoding="utf-8")
    (repository / "app.py").write_text("import m\n\nm.json.dumps(1)\nm.i\n", encoding="utf-8")
    assert [line[:2] for line in found(repository, since="HEAD", reloaded=["m"])] == [("app.py", 3)]


def test_a_module_that_has_become_a_package_is_compared_with_what_it_was(repository: Path) -> None:
    (repository / "m").mkdir()
    (repository / "m.py").rename(repository / "m" / "__init__.py")
    assert [line[:2] for line in found(repository, since="HEAD", reloaded=["m"])] == [("app.py", 2), ("app.py", 6)]


@pytest.mark.parametrize(
    ("files", "rows"),
    [
        pytest.param({}, [("app.py", 1), ("app.py", 2)], id="removed"),
        pytest.param({"m2.py": OLD}, [("app.py", 1), ("app.py", 2)], id="renamed"),
        pytest.param({"requirements.txt": "M>=2\n"}, [], id="installed now"),
        pytest.param({"m.pyx": OLD}, [], id="compiled now"),
        pytest.param({"src/m.py": OLD}, [], id="moved with its name"),
    ],
)
def test_who_imports_a_module_without_a_source(
    repository: Path, files: dict[str, str], rows: list[tuple[str, int]]
) -> None:
    (repository / "m.py").unlink()
    for name, source in files.items():
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(source, encoding="utf-8")
    assert [line[:2] for line in found(repository, since="HEAD")] == rows


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        pytest.param("monkeypatch.setattr('m.gone', 1)\nmonkeypatch.delattr('m.kept')\n", [3], id="a text"),
        pytest.param("monkeypatch.setattr(m, 'gone', 1)\n", [3], id="monkeypatch"),
        pytest.param("monkeypatch.setattr(m, 'gone', 1, raising=False)\n", [], id="monkeypatch, perhaps new"),
        pytest.param("mocker.patch('m.gone.x')\n", [3], id="something of what is gone"),
        pytest.param("requests.patch('http://m.gone')\n", [], id="a text that is no name"),
    ],
)
def test_patches_count_on_a_name(repository: Path, source: str, rows: list[int]) -> None:
    (repository / "app.py").write_text(f"import m\n\n{source}", encoding="utf-8")
    assert [line[1] for line in found(repository, since="HEAD", reloaded=["m"])] == rows


def test_after_an_eviction_it_is_missing(repository: Path) -> None:
    assert [line[3] for line in found(repository, since="HEAD", reimported=["m"])] == [
        "`m` no longer defines `MOVED`; it is missing",
        "`m` no longer defines `gone`; it is missing",
    ]


def test_the_interpreter_confirms_both(repository: Path) -> None:
    code = (
        "import importlib, pathlib, sys; sys.dont_write_bytecode = True; sys.path.insert(0, '.')\n"
        "new = pathlib.Path('m.py').read_text(); pathlib.Path('m.py').write_text(sys.argv[1])\n"
        "import m; pathlib.Path('m.py').write_text(new); importlib.invalidate_caches()\n"
        "importlib.reload(m); print(hasattr(m, 'gone')); del sys.modules['m']; import m; print(hasattr(m, 'gone'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, OLD], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["True", "False"], done.stderr


def test_the_example_of_the_rule_yields_it_where_the_name_was_there_before(tmp_path: Path) -> None:
    (rule,) = [rule for rule in rules() if rule.code == "STL306"]
    assert codes_in(rule, "Example", tmp_path) == set()
    shapes = tmp_path / "shapes.py"
    now = shapes.read_text(encoding="utf-8")
    shapes.write_text(f"{now}\n\ndef surface(shape):\n    return 2\n", encoding="utf-8")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "old")
    shapes.write_text(now, encoding="utf-8")
    assert [line[:3] for line in found(tmp_path, since="HEAD")] == [("window.py", 5, 12)]


def test_what_is_imported_now_is_not_gone(repository: Path) -> None:
    (repository / "m.py").write_text("from other import gone\n\nMOVED = 2\n\n\n" + NEW, encoding="utf-8")
    assert found(repository, since="HEAD", reloaded=["m"]) == []


def test_a_module_that_is_new_has_lost_nothing(repository: Path) -> None:
    (repository / "fresh.py").write_text(NEW, encoding="utf-8")
    assert found(repository, since="HEAD", reloaded=["fresh"]) == []


def test_an_unknown_revision_is_an_error(repository: Path) -> None:
    with pytest.raises(UsageError, match='--since: git knows no revision "nowhere"'):
        found(repository, since="nowhere")


def test_a_revision_that_looks_like_an_option_is_one_that_does_not_exist(repository: Path) -> None:
    with pytest.raises(UsageError, match='--since: git knows no revision "--all"'):
        found(repository, since="--all")


def test_outside_a_repository_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "m.py").touch()
    with pytest.raises(UsageError, match="--since: the project is in no git repository"):
        found(tmp_path, since="HEAD")


def test_without_git_is_an_error(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="--since: git cannot be run"):
        found(repository, since="HEAD")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
