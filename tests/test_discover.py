"""Which files a run reads, what they are called, and which of them an import means."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from stalecheck import discover as discover_module
from stalecheck.config import load_config
from stalecheck.discover import Discovery, discover, settle_names
from stalecheck.errors import UsageError
from stalecheck.model import SourceFile
from stalecheck.modules import ModuleTable, absolute

Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Make empty files (``a/b.py``), links (``a -> b``) and files with text, below a marked root."""
    root = tmp_path / "root"

    def make(*names: str, texts: Mapping[str, str] = {}, marker: str = "stalecheck.toml") -> Path:
        for name, text in {marker: "", **dict.fromkeys(names, ""), **texts}.items():
            link, _, target = name.partition(" -> ")
            path = root / link
            path.parent.mkdir(parents=True, exist_ok=True)
            if target:
                path.symlink_to(target)
            else:
                path.write_text(text, encoding="utf-8")
        return root

    return make


def run(root: Path, *paths: str, **overrides: object) -> Discovery:
    named = [Path(path) for path in paths] or [Path()]
    config = load_config(named, cwd=root, overrides=overrides)
    return discover(named, config, cwd=root)


def relative(root: Path, files: Sequence[SourceFile]) -> list[str]:
    return [file.path.relative_to(root).as_posix() for file in files]


def reported(root: Path, discovery: Discovery) -> list[str]:
    return relative(root, [file for file in discovery.files if file.is_reported])


def modules(root: Path, files: Sequence[SourceFile]) -> dict[str, str]:
    return {file.path.relative_to(root).as_posix(): file.module for file in files}


# Which files


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["a.txt", "b.pyi", "c.pyc", "py", "d.ipynb"], id="not Python"),
        pytest.param(["x.py/readme"], id="a folder with such a name"),
        pytest.param([".#a.py -> me@host.1"], id="an editor's mark"),
        pytest.param(["gone -> nowhere"], id="a dangling link of another kind"),
    ],
)
def test_no_file(tree: Tree, names: list[str]) -> None:
    assert run(tree(*names)) == Discovery((), 0, ())


def test_files_are_sorted_by_path(tree: Tree) -> None:
    root = tree("b.py", "a/z.py", "a.py", "a-b/x.py", "B.py", "w.pyw")
    assert relative(root, run(root).files) == ["B.py", "a-b/x.py", "a.py", "a/z.py", "b.py", "w.pyw"]


def test_the_rest_of_the_project_is_read(tree: Tree) -> None:
    root = tree("src/a.py", "tests/b.py", "c.py")
    discovery = run(root, "src")
    assert relative(root, discovery.files) == ["c.py", "src/a.py", "tests/b.py"]
    assert reported(root, discovery) == ["src/a.py"]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        pytest.param(["a", "a"], ["a/b/y.py", "a/x.py"], id="twice"),
        pytest.param(["a", "a/b"], ["a/b/y.py", "a/x.py"], id="parent and child"),
        pytest.param(["a/b", "a"], ["a/b/y.py", "a/x.py"], id="child and parent"),
        pytest.param(["a/x.py", "a"], ["a/b/y.py", "a/x.py"], id="file and parent"),
        pytest.param(["a/../a/x.py"], ["a/x.py"], id="dots"),
        pytest.param(["a/b/tool"], ["a/b/tool"], id="any suffix where named"),
        pytest.param(["a/s.pyi", "a/x.py"], ["a/x.py"], id="a named stub"),
    ],
)
def test_named_paths(tree: Tree, paths: list[str], expected: list[str]) -> None:
    root = tree("a/x.py", "a/b/y.py", "a/b/tool", "a/s.pyi")
    assert reported(root, run(root, *paths)) == expected


def test_absolute_path_from_elsewhere(tree: Tree, tmp_path: Path) -> None:
    root = tree("a/x.py")
    config = load_config([root / "a"], cwd=tmp_path)
    assert reported(root, discover([root / "a"], config, cwd=tmp_path)) == ["a/x.py"]


@pytest.mark.parametrize("name", ["gone.py", "a.py/x", "a\0b", "x" * 300, "dangling.py"])
def test_missing_path(tree: Tree, name: str) -> None:
    root = tree("a.py", "dangling.py -> nowhere.py")
    with pytest.raises(UsageError) as raised:
        run(root, "a.py", name)
    assert str(raised.value) == f"{name} does not exist"


# Excludes


@pytest.mark.parametrize(
    ("overrides", "expected", "excluded"),
    [
        pytest.param({"exclude": ("none",)}, ["a/gen/x.py", "a/y.py", "build/z.py", "gen/w.py"], 0, id="other"),
        pytest.param({}, ["a/gen/x.py", "a/y.py", "gen/w.py"], 1, id="the usual folders"),
        pytest.param({"extend_exclude": ("gen",)}, ["a/y.py"], 3, id="a bare name, anywhere"),
        pytest.param({"extend_exclude": ("gen/",)}, ["a/y.py"], 3, id="a bare folder"),
        pytest.param({"extend_exclude": ("./gen",)}, ["a/gen/x.py", "a/y.py"], 2, id="from the root"),
        pytest.param({"extend_exclude": ("a/*",)}, ["gen/w.py"], 3, id="a glob"),
        pytest.param({"extend_exclude": ("**/x.py",)}, ["a/y.py", "gen/w.py"], 2, id="double star"),
        pytest.param({"extend_exclude": ("?.py",)}, [], 4, id="a bare glob takes them all"),
        pytest.param({"extend_exclude": ("!a",)}, ["a/gen/x.py", "a/y.py", "gen/w.py"], 1, id="no negation"),
    ],
)
def test_excludes(tree: Tree, overrides: dict[str, Any], expected: list[str], excluded: int) -> None:
    root = tree("a/gen/x.py", "a/y.py", "build/z.py", "gen/w.py")
    discovery = run(root, **overrides)
    assert (relative(root, discovery.files), discovery.excluded) == (expected, excluded)


def test_excludes_of_a_configuration_are_relative_to_it(tree: Tree) -> None:
    root = tree("sub/gen/x.py", "gen/y.py", texts={"stalecheck.toml": "exclude = ['gen/*.py']"})
    config = load_config([Path()], cwd=root / "sub")
    assert relative(root, discover([Path()], config, cwd=root / "sub").files) == ["sub/gen/x.py"]


def test_project_below_an_excluded_name(tmp_path: Path) -> None:
    root = tmp_path / "build" / "venv"
    root.mkdir(parents=True)
    (root / "stalecheck.toml").touch()
    (root / "a.py").touch()
    assert relative(root, run(root).files) == ["a.py"]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        pytest.param([".venv/x.py"], [".venv/x.py"], id="a file"),
        pytest.param([".venv"], [".venv/lib/y.py", ".venv/x.py"], id="a folder"),
        pytest.param([".venv/lib"], [".venv/lib/y.py"], id="a folder below"),
        pytest.param([".venv/lib/build"], [".venv/lib/build/z.py"], id="a folder below two"),
        pytest.param([".", ".venv"], [".venv/lib/y.py", ".venv/x.py", "a.py", "some/keep.py"], id="with its parent"),
        pytest.param([".venv", "."], [".venv/lib/y.py", ".venv/x.py", "a.py", "some/keep.py"], id="before its parent"),
        pytest.param(["stub.txt"], ["stub.txt"], id="a file that is ignored"),
        pytest.param(["secret"], ["secret/s.py"], id="a folder that is ignored"),
        pytest.param(["all"], ["all/b.py", "all/in/c.py"], id="a folder that ignores itself"),
        pytest.param(["all/in"], ["all/in/c.py"], id="a folder in one that ignores itself"),
        pytest.param(
            [".", "all"],
            ["a.py", "all/b.py", "all/in/c.py", "some/keep.py"],
            id="a folder that ignores itself, after its parent",
        ),
        pytest.param(["some"], ["some/keep.py"], id="a folder that lists what to keep"),
    ],
)
def test_named_paths_are_read_though_excluded(tree: Tree, paths: list[str], expected: list[str]) -> None:
    root = tree(
        "a.py",
        ".venv/x.py",
        ".venv/lib/y.py",
        ".venv/lib/build/z.py",
        "stub.txt",
        "secret/s.py",
        "secret/t_gen.py",
        "all/b.py",
        "all/in/c.py",
        "some/keep.py",
        "some/drop.py",
        texts={
            ".gitignore": "secret/\n*.txt\n*_gen.py\n",
            "all/.gitignore": "*\n",
            "some/.gitignore": "*\n!keep.py\n",
        },
    )
    assert reported(root, run(root, *paths)) == expected


@pytest.mark.parametrize(
    ("path", "excluded"),
    [
        pytest.param("a.py", 0, id="not excluded"),
        pytest.param("build/x.py", 1, id="a file below"),
        pytest.param("build", 2, id="the folder"),
        pytest.param("build/sub", 1, id="a folder below"),
    ],
)
def test_forced_excludes(tree: Tree, path: str, excluded: int) -> None:
    root = tree("a.py", "build/x.py", "build/sub/y.py")
    discovery = run(root, path, force_exclude=True)
    assert (len(reported(root, discovery)), discovery.excluded) == (0 if excluded else 1, excluded)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["build/readme"], 0, id="a folder without Python"),
        pytest.param(["build/a/b.py"], 1, id="a folder with Python"),
        pytest.param(["build/b.py", "dist/c.py", "node_modules/x"], 2, id="some"),
        pytest.param(["build/a/b.py", "build/a/c.pyi", "build/c.py", "build/d.txt"], 2, id="several in a folder"),
        pytest.param(["a.py", "build/readme"], 1, id="any, where something is left"),
    ],
)
def test_excluded_counts_folders(tree: Tree, names: list[str], expected: int) -> None:
    assert run(tree(*names)).excluded == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, ["p/__init__.py", "p/build/__init__.py", "p/build/x.py"], id="by default"),
        pytest.param({"exclude": ("build",)}, ["dist/__init__.py", "dist/y.py", "p/__init__.py"], id="named"),
        pytest.param({"extend_exclude": ("build",)}, ["p/__init__.py"], id="named besides"),
    ],
)
def test_build_output_is_no_package_in_a_package(tree: Tree, options: Any, expected: list[str]) -> None:
    root = tree("p/__init__.py", "p/build/__init__.py", "p/build/x.py", "dist/__init__.py", "dist/y.py")
    assert reported(root, run(root, **options)) == expected


def test_excluded_counts_below_the_named_paths_only(tree: Tree) -> None:
    assert run(tree("a/x.py", "b/build/y.py", "build/z.py"), "a").excluded == 0


# .gitignore: the authority is Git


GITIGNORES = [
    pytest.param({}, id="none"),
    pytest.param({".gitignore": "# x.py\n\n"}, id="comment"),
    pytest.param({".gitignore": "x.py\n"}, id="name"),
    pytest.param({".gitignore": "/x.py\n"}, id="from here"),
    pytest.param({".gitignore": "a/x.py\n"}, id="path"),
    pytest.param({".gitignore": "b/\n"}, id="folder"),
    pytest.param({".gitignore": "**/b\n"}, id="double star"),
    pytest.param({".gitignore": "a/**/x.py\n"}, id="double star within"),
    pytest.param({".gitignore": "*.py\n!y.py\n"}, id="negated"),
    pytest.param({".gitignore": "a/\n!a/x.py\n"}, id="negated below an ignored folder"),
    pytest.param({".gitignore": "/*\n!/a\n/a/*\n!/a/b\n"}, id="all but one"),
    pytest.param({".gitignore": "*\n!*/\n!x.py\n"}, id="list of what to keep"),
    pytest.param({".gitignore": "*\n!*/\n!/a/**/x.py\n"}, id="what to keep, double star"),
    pytest.param({".gitignore": "/a/*\n!/a/b/\n/a/b/*\n!/a/b/x.py\n"}, id="what to keep, step by step"),
    pytest.param({".gitignore": "a/**\n!a/**/\n!y.py\n"}, id="all below, but"),
    pytest.param({".gitignore": "/a/**/\n"}, id="the folders below, not the files"),
    pytest.param({".gitignore": "**/b/**\n!x.py\n"}, id="all below any"),
    pytest.param({".gitignore": "/b\n!b/\n"}, id="brought back by name"),
    pytest.param({".gitignore": "**/#z.py\n**/y.py\\ \n"}, id="signs after double star"),
    pytest.param({".gitignore": "*/b\n"}, id="one level down"),
    pytest.param({".gitignore": "?.py\n!/a/?.py\n"}, id="one letter"),
    pytest.param({".gitignore": "x.py\n", "a/.gitignore": "!x.py\n"}, id="the inner one wins"),
    pytest.param({"a/.gitignore": "/x.py\n"}, id="relative to its own folder"),
    pytest.param({"a/.gitignore": "*\n"}, id="a folder that ignores itself"),
    pytest.param({".gitignore": "[xw].py\n\\#z.py\n"}, id="classes and escapes"),
    pytest.param({".gitignore": "!\nx.py\n"}, id="a line that is no pattern"),
    pytest.param({".gitignore": "x.py \ny.py\\ \n"}, id="blanks at the end"),
    pytest.param({".git/info/exclude": "x.py\n"}, id="of this clone"),
    pytest.param({".git/info/exclude": "x.py\n", "a/.gitignore": "!x.py\n"}, id="of this clone, negated"),
]


NAMED_ANYWAY = [("a", {".gitignore": "a/\n!a/x.py\n"}), ("a", {"a/.gitignore": "*\n"})]
"""Git lists nothing below a folder that it ignores; here the folder is named, and so it is read."""


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no Git")
@pytest.mark.parametrize("start", [".", "a"])
@pytest.mark.parametrize("texts", GITIGNORES)
def test_gitignore_as_git_has_it(tree: Tree, texts: dict[str, str], start: str) -> None:
    root = tree("x.py", "y.py", "#z.py", "a/x.py", "a/y.py", "a/b/x.py", "a/b/y.py", "b/x.py", "b/c/y.py")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    tree(texts=texts)
    # The project is a folder of the repository: what is ignored above it counts.
    (root / start / "stalecheck.toml").touch()
    command = ["git", "-c", "core.excludesFile=", "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root / start, check=True, capture_output=True, text=True).stdout
    expected = sorted(name for name in listed.split("\0") if name.endswith(".py"))
    found = relative(root / start, run(root / start).files)
    if (start, texts) in NAMED_ANYWAY:
        assert expected == []
        expected = ["b/x.py", "b/y.py", "x.py", "y.py"]
    assert found == expected


def test_gitignore_without_repository(tree: Tree) -> None:
    root = tree("a.py", "b.py", texts={".gitignore": "a.py"})
    assert relative(root, run(root).files) == ["b.py"]


def test_gitignore_may_be_disregarded(tree: Tree) -> None:
    root = tree("a.py", "b.py", texts={".gitignore": "a.py"})
    assert relative(root, run(root, respect_gitignore=False).files) == ["a.py", "b.py"]


def test_gitignore_in_another_encoding(tree: Tree) -> None:
    root = tree("a.py", "b.py")
    (root / ".gitignore").write_bytes(b"\xef\xbb\xbfa.py\r\ncaf\xe9\r\n")
    assert relative(root, run(root).files) == ["b.py"]


# Links and what cannot be read


@pytest.mark.parametrize(
    ("names", "paths", "expected"),
    [
        pytest.param(["b.py", "a.py -> b.py"], ["."], ["b.py"], id="a file and a link to it"),
        pytest.param(["z/b.py", "a -> z"], ["."], ["z/b.py"], id="a folder and a link to it"),
        pytest.param(["z/b.py", "a -> z"], ["a"], ["a/b.py"], id="a named link"),
        pytest.param(["z/b.py", "a -> z"], ["a", "z"], ["z/b.py"], id="named both, link first"),
        pytest.param(["z/b.py", "a -> z"], ["z", "a"], ["z/b.py"], id="named both, link last"),
        pytest.param(["z/b.py", "a.py -> z/b.py"], ["a.py"], ["a.py"], id="a named link to a file"),
        pytest.param(["z/b.py", "a.py -> z/b.py"], ["a.py", "z/b.py"], ["z/b.py"], id="a file and a link, link first"),
        pytest.param(["z/b.py", "a.py -> z/b.py"], ["z/b.py", "a.py"], ["z/b.py"], id="a file and a link, link last"),
        pytest.param(["z/b.py", "a.py -> z/b.py"], ["a.py", "z"], ["z/b.py"], id="a folder and a link to its file"),
        pytest.param(["z/y/b.py", "a -> z/y"], ["a", "z"], ["z/y/b.py"], id="a folder and a link into it"),
        pytest.param(["z/y/b.py", "a -> z"], ["a", "z/y"], ["z/y/b.py"], id="a folder and a link around it"),
        pytest.param(["../out/b.py", "a -> ../out"], ["."], ["a/b.py"], id="a link to the outside"),
        pytest.param(["../out/b.py", "y/z -> ../../out", "x -> ../out"], ["."], ["x/b.py"], id="the shortest way"),
        pytest.param(["../out/b.py", ".venv -> ../out"], ["."], [], id="an excluded link"),
        pytest.param(
            ["../out/b.py", "../out/me -> .", "../out/up -> ../root", "a -> ../out", "c.py"],
            ["."],
            ["a/b.py", "c.py"],
            id="a link that leads back",
        ),
    ],
)
def test_each_file_once(tree: Tree, names: list[str], paths: list[str], expected: list[str]) -> None:
    root = tree(*names)
    assert reported(root, run(root, *paths)) == expected


@pytest.mark.parametrize(
    ("names", "paths", "expected"),
    [
        pytest.param(["app/__init__.py", "app/h.py", "a.py -> app/h.py"], ["a.py"], {"a.py": "app.h"}, id="a file"),
        pytest.param(["app/__init__.py", "a -> app"], ["a"], {"a/__init__.py": "app"}, id="a package"),
        pytest.param(
            ["app/__init__.py", "app/p/__init__.py", "app/p/h.py", "a -> app/p"],
            ["a"],
            {"a/__init__.py": "app.p", "a/h.py": "app.p.h"},
            id="an inner package",
        ),
        pytest.param(["../out/h.py", "a -> ../out", "x.py"], ["a"], {"a/h.py": "h"}, id="to the outside"),
        pytest.param([".venv/h.py", "a.py -> .venv/h.py"], ["a.py"], {"a.py": "a"}, id="to what is excluded"),
    ],
)
def test_what_a_named_link_leads_to_keeps_its_module(
    tree: Tree, names: list[str], paths: list[str], expected: dict[str, str]
) -> None:
    root = tree(*names)
    files = [file for file in run(root, *paths).files if file.is_reported]
    assert modules(root, files) == expected


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        pytest.param("a.py -> a.py", "a link that leads back to itself", id="to itself"),
        pytest.param("a.py -> b.py", "a link to a file that does not exist", id="to nowhere"),
        pytest.param("a -> .", "a link to a folder above it", id="to its own folder"),
        pytest.param("a -> /", "a link to a folder above it", id="to everything"),
    ],
)
def test_bad_links(tree: Tree, link: str, reason: str) -> None:
    root = tree("ok.py", link)
    discovery = run(root)
    assert relative(root, discovery.files) == ["ok.py"]
    assert discovery.unreadable == ((root / link.partition(" ")[0], reason),)


def test_links_that_lead_to_each_other(tree: Tree) -> None:
    root = tree("../out/b.py", "../off/c.py", "../out/l -> ../off", "../off/l -> ../out", "a -> ../out")
    discovery = run(root)
    assert (relative(root, discovery.files), discovery.unreadable) == (["a/b.py", "a/l/c.py"], ())


@pytest.mark.parametrize("link", ["a", "a.txt", ".#a.py"])
def test_link_to_itself_that_is_no_python(tree: Tree, link: str) -> None:
    discovery = run(tree("ok.py", f"{link} -> {link}"))
    assert (len(discovery.files), discovery.unreadable) == (1, ())


@pytest.mark.parametrize("link", ["a.py", "a"])
def test_named_link_to_itself(tree: Tree, link: str) -> None:
    root = tree("ok.py", f"{link} -> {link}")
    discovery = run(root, link, "ok.py")
    assert reported(root, discovery) == ["ok.py"]
    assert discovery.unreadable == ((root / link, "a link that leads back to itself"),)


def test_excluded_bad_link_is_not_mentioned(tree: Tree) -> None:
    assert run(tree("ok.py", "a.py -> a.py"), exclude=("a.py",)).unreadable == ()


def test_unreadable_directory(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree("ok.py", "shut/a.py")
    scandir = os.scandir

    def guarded(path: str) -> Any:
        if path == str(root / "shut"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    # Permissions do not hold for a superuser.
    monkeypatch.setattr(discover_module.os, "scandir", guarded)
    discovery = run(root)
    assert relative(root, discovery.files) == ["ok.py"]
    assert discovery.unreadable == ((root / "shut", "permission denied"),)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
@pytest.mark.parametrize("named", [".", "a.py", "b.py"])
def test_what_may_never_end_is_said_and_not_opened(tree: Tree, named: str) -> None:
    root = tree("x.py")
    os.mkfifo(root / "a.py")
    os.mkfifo(root / ".gitignore")
    (root / "b.py").symlink_to("/dev/zero")
    discovery = run(root, named)
    assert relative(root, discovery.files) == ["x.py"]
    said = {path.relative_to(root).as_posix(): reason.partition(",")[0] for path, reason in discovery.unreadable}
    assert said == {"a.py": "a named pipe", "b.py": "a device"}


# Names


@pytest.mark.parametrize(
    ("names", "path", "module", "base", "aliases"),
    [
        pytest.param([], "run.py", "run", "", (), id="a script"),
        pytest.param([], "conftest.py", "conftest", "", (), id="conftest"),
        pytest.param([], "a-b.py", "a-b", "", (), id="a script that nobody can import"),
        pytest.param(["p/__init__.py"], "p/m.py", "p.m", "", (), id="a package"),
        pytest.param(["p/__init__.py"], "p/__main__.py", "p.__main__", "", (), id="run with -m"),
        pytest.param(["p/__init__.py"], "p/q/__init__.py", "p.q", "", (), id="a subpackage"),
        pytest.param(["lib/p/__init__.py"], "lib/p/m.py", "p.m", "lib", ("lib.p.m",), id="below a folder"),
        pytest.param([], "src/m.py", "m", "src", ("src.m",), id="src"),
        pytest.param(["src/p/__init__.py"], "src/p/m.py", "p.m", "src", ("src.p.m",), id="a package in src"),
        pytest.param([], "src/n/p/m.py", "n.p.m", "src", ("m", "p.m", "src.n.p.m"), id="a namespace in src"),
        pytest.param(
            ["src/n/p/__init__.py"],
            "src/n/p/m.py",
            "n.p.m",
            "src",
            ("p.m", "src.n.p.m"),
            id="a package in one",
        ),
        pytest.param(
            [],
            "x/src/n/m.py",
            "n.m",
            "x/src",
            ("m", "src.n.m", "x.src.n.m"),
            id="src of a part of the project",
        ),
        pytest.param(["src/__init__.py"], "src/m.py", "src.m", "", (), id="src is a package"),
        pytest.param([], "a/b/m.py", "m", "a/b", ("b.m", "a.b.m"), id="loose: the longer names are aliases"),
        pytest.param(["n/p/__init__.py"], "n/p/__init__.py", "p", "n", ("n.p",), id="a package in a folder"),
        pytest.param([], "a-b/m.py", "m", "a-b", (), id="a folder that is no name"),
        pytest.param([], "a-b/c/m.py", "m", "a-b/c", ("c.m",), id="below a folder that is no name"),
        pytest.param([], "class/m.py", "m", "class", (), id="a keyword is no name"),
        pytest.param([], "src/a-b/m.py", "m", "src/a-b", (), id="a folder in src that is no name"),
        pytest.param(["p/__init__.py"], "p/d/m.py", "p.d.m", "", ("m",), id="a folder in a package"),
        pytest.param(["a-b/__init__.py"], "a-b/m.py", "a-b.m", "", (), id="a package keeps its name, import or not"),
    ],
)
def test_module_names(
    tree: Tree, names: list[str], path: str, module: str, base: str, aliases: tuple[str, ...]
) -> None:
    root = tree(*names, path)
    (file,) = (file for file in run(root).files if file.path == root / path)
    assert file == SourceFile(
        path=root / path,
        module=module,
        is_package=path.endswith("__init__.py"),
        root=root / base,
        is_reported=True,
        aliases=aliases,
    )


def test_package_folder_as_the_path_keeps_its_name(tmp_path: Path) -> None:
    package = tmp_path / "p" / "q"
    package.mkdir(parents=True)
    for path in (tmp_path / "p/__init__.py", package / "__init__.py", package / "m.py"):
        path.touch()
    files = run(package).files
    assert [(file.module, file.root) for file in files] == [("p.q", tmp_path), ("p.q.m", tmp_path)]


def test_named_script_of_any_suffix(tree: Tree) -> None:
    root = tree("bin/tool.cgi")
    assert [file.module for file in run(root, "bin/tool.cgi").files] == ["tool"]


def test_two_roots_with_the_same_name(tree: Tree) -> None:
    root = tree("a/src/p/__init__.py", "b/src/p/__init__.py")
    assert [(file.module, file.root) for file in run(root).files] == [
        ("p", root / "a/src"),
        ("p", root / "b/src"),
    ]


SETTLED = [
    pytest.param(["n/m.py"], set(), {"n/m.py": "m"}, id="nothing is imported"),
    pytest.param(["n/m.py"], {"m", "os"}, {"n/m.py": "m"}, id="only the short name"),
    pytest.param(["n/m.py"], {"n.other"}, {"n/m.py": "m"}, id="another name below"),
    pytest.param(
        ["src/n/__init__.py", "src/n/m.py", "tests/n/m.py"],
        {"n", "n.m"},
        {"src/n/__init__.py": "n", "src/n/m.py": "n.m", "tests/n/m.py": "m"},
        id="a package goes before a folder",
    ),
    pytest.param(
        ["src/n/__init__.py", "tests/n/m.py"],
        {"n", "n.m"},
        {"src/n/__init__.py": "n", "tests/n/m.py": "m"},
        id="a package goes before a folder, whatever it holds",
    ),
    pytest.param(["n.py", "n/m.py"], {"n"}, {"n.py": "n", "n/m.py": "m"}, id="a module of that name"),
    pytest.param(["n/m.py"], {"n.m"}, {"n/m.py": "n.m"}, id="the longer name"),
    pytest.param(["n/m.py"], {"n"}, {"n/m.py": "n.m"}, id="the folder"),
    pytest.param(["a/b/m.py"], {"b.m"}, {"a/b/m.py": "b.m"}, id="from half-way"),
    pytest.param(["a/b/m.py"], {"a.b.m"}, {"a/b/m.py": "a.b.m"}, id="from the top"),
    pytest.param(["a/b/m.py"], {"a.b.m", "b.m"}, {"a/b/m.py": "b.m"}, id="both: the shorter"),
    pytest.param(
        ["n/p/__init__.py", "n/p/m.py"],
        {"n.p.m"},
        {"n/p/__init__.py": "n.p", "n/p/m.py": "n.p.m"},
        id="a package in a namespace",
    ),
    pytest.param(
        ["n/p/__init__.py", "n/x.py", "n/q/y.py", "o/z.py"],
        {"n.p"},
        {"n/p/__init__.py": "n.p", "n/x.py": "n.x", "n/q/y.py": "n.q.y", "o/z.py": "z"},
        id="the whole tree follows",
    ),
    pytest.param(["src/p/m.py"], {"src.p.m"}, {"src/p/m.py": "src.p.m"}, id="src itself is imported"),
    pytest.param(
        ["src/p/__init__.py", "src/p/m.py"],
        {"p", "p.m", "src.p.m"},
        {"src/p/__init__.py": "p", "src/p/m.py": "p.m"},
        id="src itself is imported once",
    ),
    pytest.param(
        ["src/m.py", "src/n.py"],
        {"src.m", "src.n", "n"},
        {"src/m.py": "src.m", "src/n.py": "src.n"},
        id="src itself is imported mostly",
    ),
    pytest.param(["app/app.py", "app/m.py"], {"app.m"}, {"app/app.py": "app.app", "app/m.py": "app.m"}, id="app/app"),
    pytest.param(
        ["p/__init__.py", "p/d/m.py"],
        {"p", "p.d.m"},
        {"p/__init__.py": "p", "p/d/m.py": "p.d.m"},
        id="a folder in a package",
    ),
]


@pytest.mark.parametrize(("names", "imported", "expected"), SETTLED)
def test_settled_names(tree: Tree, names: list[str], imported: set[str], expected: dict[str, str]) -> None:
    root = tree(*names)
    assert modules(root, settle_names(run(root).files, frozenset(imported))) == expected


@pytest.mark.parametrize(
    ("imported", "expected"),
    [
        pytest.param({"ns.p.a", "ns.p.b"}, ["ns.p", "ns.p.a", "ns.p.b"], id="its files say so"),
        pytest.param({"ns.p.a", "os"}, ["p", "p.a", "p.b"], id="one import may mean something else"),
        pytest.param({"ns.p.a", "ns.p.b", "p.a"}, ["p", "p.a", "p.b"], id="it is imported by its own name"),
    ],
)
def test_namespace_folder_as_the_path(tmp_path: Path, imported: set[str], expected: list[str]) -> None:
    folder = tmp_path / "ns"
    (folder / "p").mkdir(parents=True)
    for name in ("__init__", "a", "b"):
        (folder / "p" / f"{name}.py").touch()
    settled = settle_names(run(folder).files, frozenset(imported))
    assert [file.module for file in settled] == expected
    assert {file.root for file in settled} == {tmp_path if expected[0] == "ns.p" else folder}


def test_settled_file_keeps_its_other_names(tree: Tree) -> None:
    root = tree("a/b/m.py")
    (file,) = settle_names(run(root).files, frozenset({"a.b"}))
    assert (file.module, file.root, file.aliases) == ("a.b.m", root, ("m", "b.m"))


@pytest.mark.parametrize(("names", "imported", "expected"), SETTLED)
def test_settled_names_are_importable(
    tree: Tree, names: list[str], imported: set[str], expected: dict[str, str]
) -> None:
    """The interpreter finds each file under its name, with nothing but the file's root on the path."""
    root = tree(*names)
    code = "import sys, importlib; print(importlib.import_module(sys.argv[1]).__file__)"
    for file in settle_names(run(root).files, frozenset(imported)):
        ran = subprocess.run(
            [
                sys.executable,
                "-I",
                "-S",
                "-c",
                f"import sys; sys.path.insert(0, {str(file.root)!r}); {code}",
                file.module,
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        assert Path(ran.stdout.strip()) == file.path


# Which file an import means


def table(root: Path, *imported: str) -> tuple[ModuleTable, dict[str, SourceFile]]:
    files = settle_names(run(root).files, frozenset(imported))
    return ModuleTable(files), {file.path.relative_to(root).as_posix(): file for file in files}


@pytest.mark.parametrize(
    ("names", "name", "importer", "expected"),
    [
        pytest.param(["m.py"], "x", "m.py", None, id="unknown"),
        pytest.param(["p/__init__.py"], "p.x", None, None, id="not a file of the package"),
        pytest.param(["n/m.py"], "n", None, None, id="a namespace is no file"),
        pytest.param(["p/__init__.py", "p/m.py"], "p.m", None, "p/m.py", id="by name"),
        pytest.param(["n/m.py", "x.py"], "n.m", "x.py", "n/m.py", id="by alias"),
        pytest.param(["a/m.py", "b/m.py"], "m", None, "a/m.py", id="first by path"),
        pytest.param(["a/m.py", "b/m.py", "b/x.py"], "m", "b/x.py", "b/m.py", id="the importer's root"),
        pytest.param(["a/src/m.py", "b/src/m.py", "b/tests/x.py"], "m", "b/tests/x.py", "b/src/m.py", id="the nearest"),
        pytest.param(["m.py", "m/__init__.py"], "m", None, "m/__init__.py", id="a package before a module"),
        pytest.param(["a/b/m.py", "b/m.py", "x.py"], "b.m", "x.py", "b/m.py", id="the importer's own folder"),
    ],
)
def test_find(tree: Tree, names: list[str], name: str, importer: str | None, expected: str | None) -> None:
    known, files = table(tree(*names))
    assert known.find(name, files[importer] if importer else None) == (files[expected] if expected else None)


def test_find_beside_a_script_that_is_settled(tree: Tree) -> None:
    known, files = table(tree("tests/helper.py", "tests/x.py", "lib/helper.py"), "tests.helper")
    assert known.find("helper", files["tests/x.py"]) == files["tests/helper.py"]


@pytest.mark.parametrize(
    ("names", "name", "expected"),
    [
        (["a/p/__init__.py", "a/p/m.py"], "p.m", "a/p/m.py"),
        (["a/p/__init__.py", "a/p/m.py"], "p", "a/p/__init__.py"),
        (["a/p/__init__.py", "a/p/m.py", "b/p/__init__.py", "b/p/m.py"], "p.m", "b/p/m.py"),
        (["a/p/__init__.py", "a/p/m.py", "a/json/__init__.py"], "json", None),
        (["a/p/__init__.py", "a/p/m.py", "a/helper.py"], "helper", None),
        (["a/__init__.py", "a/p/__init__.py", "a/p/m.py"], "p.m", None),
    ],
)
def test_find_a_package_by_its_shorter_name(tree: Tree, names: list[str], name: str, expected: str | None) -> None:
    known, files = table(tree("t/x.py", *names), "a.p.m")
    assert known.find(name, files["t/x.py"]) == (files[expected] if expected else None)


def test_find_in_the_root_before_beside(tree: Tree) -> None:
    known, files = table(tree("helper.py", "tests/helper.py", "tests/x.py"), "tests.helper")
    assert known.find("helper", files["tests/x.py"]) == files["helper.py"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("x", [], id="unknown"),
        pytest.param("P", [], id="other case"),
        pytest.param("p.", [], id="not a prefix"),
        pytest.param("p", ["p/__init__.py"], id="exact"),
        pytest.param("p.*", ["p/m.py", "p/q/__init__.py", "p/q/m.py"], id="across dots"),
        pytest.param("*.m", ["p/m.py", "p/q/m.py"], id="suffix"),
        pytest.param("p.?", ["p/m.py", "p/q/__init__.py"], id="one letter"),
        pytest.param("p.[mn]", ["p/m.py"], id="a class"),
        pytest.param("*", ["n/z.py", "p/__init__.py", "p/m.py", "p/q/__init__.py", "p/q/m.py"], id="all"),
        pytest.param("n.*", ["n/z.py"], id="an alias where no module is meant"),
    ],
)
def test_match(tree: Tree, pattern: str, expected: list[str]) -> None:
    known, files = table(tree("p/__init__.py", "p/m.py", "p/q/__init__.py", "p/q/m.py", "n/z.py"))
    assert sorted(known.match(pattern), key=lambda file: file.path) == [files[name] for name in expected]


def test_match_is_sorted_by_module_and_path(tree: Tree) -> None:
    root = tree("b/m.py", "a/m.py", "a/z.py", "c/b.py")
    assert relative(root, table(root)[0].match("*")) == ["c/b.py", "a/m.py", "b/m.py", "a/z.py"]


def imports() -> Iterator[tuple[str, int, str | None]]:
    for path in ("m.py", "p/__init__.py", "p/m.py", "p/q/__init__.py", "p/q/m.py"):
        for level in (1, 2, 3, 4):
            for module in (None, "x", "x.y"):
                yield path, level, module


@pytest.mark.parametrize(("path", "level", "module"), list(imports()))
def test_relative_import_as_the_interpreter_has_it(tree: Tree, path: str, level: int, module: str | None) -> None:
    root = tree("m.py", "p/__init__.py", "p/m.py", "p/q/__init__.py", "p/q/m.py")
    file = table(root)[1][path]
    try:
        expected = importlib.util.resolve_name("." * level + (module or ""), file.package).rstrip(".")
    except ImportError:
        expected = None
    assert absolute(file, level, module) == expected


@pytest.mark.parametrize(
    ("path", "level", "module", "expected"),
    [
        pytest.param("p/m.py", 0, "x.y", "x.y", id="absolute"),
        pytest.param("p/m.py", 0, None, None, id="nothing"),
        pytest.param("m.py", 1, "x", None, id="a script at the top"),
        pytest.param("n/m.py", 2, "x", None, id="beyond the longest name"),
        pytest.param("n/m.py", 1, "x", "n.x", id="a file in a namespace"),
        pytest.param("p/d/m.py", 2, "m", "p.m", id="a folder in a package"),
        pytest.param("a-b/m.py", 1, "x", "a-b.x", id="a package that nobody can import by name"),
    ],
)
def test_absolute(tree: Tree, path: str, level: int, module: str | None, expected: str | None) -> None:
    files = table(tree("m.py", "n/m.py", "p/__init__.py", "p/m.py", "p/d/m.py", "a-b/__init__.py", "a-b/m.py"))[1]
    assert absolute(files[path], level, module) == expected
