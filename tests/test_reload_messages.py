"""What the diagnostics about reload statements say: is it true, and is what they advise a remedy?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from test_messages import write

import stalecheck
from stalecheck.cli import main
from stalecheck.model import Reload
from stalecheck.vocabulary import ReloadMode

SETTINGS = "import os\nDEBUG = os.environ.get('DEBUG')\n"


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        pytest.param(
            {"app.py": "from m import C\ndel C\nfrom m import C\n"},
            "STL405",
            "`del C` reloads nothing: the import below it binds the same `m.C`; "
            "`import m` and `importlib.reload(m)` before `C` is imported again",
            id="a class that is deleted",
        ),
        pytest.param(
            {"p/__init__.py": "", "p/n.py": "", "app.py": "from p import n\ndel n\nfrom p import n\n"},
            "STL405",
            "`del n` reloads nothing: the import below it binds the same `p.n`; `importlib.reload(n)` runs its body "
            "again",
            id="a module of a package that is deleted",
        ),
        pytest.param(
            {"app.py": "from datetime import datetime\ndel datetime\nfrom datetime import datetime\n"},
            "STL405",
            "`del datetime` reloads nothing: the import below it binds the same `datetime.datetime`; "
            "only `importlib.reload` of the module that it comes from makes a new one",
            id="something of a module elsewhere that is deleted",
        ),
        pytest.param(
            {
                "test_m.py": "import importlib, os\nfrom unittest.mock import patch\nimport m\n"
                "@patch.dict(os.environ, {'DEBUG': '1'})\ndef test(): importlib.reload(m)\n"
            },
            "STL409",
            "`m` is reloaded while `patch.dict` is active, and stays so for later tests; "
            "make a `with` block of `@patch.dict`, and reload `m` once more below it",
            id="a test below a decorator that patches",
        ),
        pytest.param(
            {
                "p/__init__.py": "",
                "p/n.py": SETTINGS,
                "test_m.py": "import os, sys\nfrom unittest.mock import patch\ndef test():\n"
                "    with patch.dict(os.environ, {'DEBUG': '1'}):\n"
                "        for name in ['p.n', 'm']: del sys.modules[name]\n        import m\n",
            },
            "STL409",
            "`m` is reloaded while `patch.dict` is active, and stays so for later tests; "
            "reload `m` once more below the block",
            id="the one of two evicted modules that is imported again",
        ),
    ],
)
def test_the_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str], code: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write({"stalecheck.toml": "", "m.py": SETTINGS + "class C: ...\n", **files})
    assert [found.message for found in stalecheck.check(".", min_severity="note") if found.code == code] == [said]


def test_of_a_reload_that_raises_no_module_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write({"app.py": "import importlib\ndef f():\n    importlib.reload('m')\n"})
    main(["--isolated", "."])
    assert capsys.readouterr().err == "Nothing else of the project is reloaded in what was read (1 file, 1 module).\n"


def test_a_name_that_only_another_function_binds_is_said_to_be_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write({"app.py": "import importlib\ndef f():\n    import m\ndef g():\n    importlib.reload(m)\n", "m.py": ""})
    assert [found.headline for found in stalecheck.check(".", isolated=True)] == [
        "`importlib.reload` is given no module: `m` is bound only in another function"
    ]


def test_what_is_said_of_a_reload_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    test = "import importlib, os\nfrom unittest.mock import patch\nimport m\ndef again(): importlib.reload(m)\n"
    block = "def test():\n    with patch.dict(os.environ, {'DEBUG': '1'}): again()\n"
    write({"m.py": SETTINGS, "test_m.py": test + block})
    (found,) = stalecheck.check(".", isolated=True, select=["STL4"])
    assert found.reload == (Reload("m", ReloadMode.RELOAD, found.path, found.span.start),)
    assert found.message == f"{found.headline}; {found.remedy}"


def test_what_to_write_instead_is_said_once_for_all_that_a_module_loses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    fills = "".join(f"def add_{name}(x): {name}.append(x)\n" for name in "abc")
    reload = "import importlib, m\ndef again(): importlib.reload(m)\n"
    write({"m.py": f"a = []\nb = []\nc = []\n{fills}", "app.py": reload})
    main(["--isolated", "--select", "STL301", "."])
    said = capsys.readouterr().out
    assert said.count(" STL301 ") == 3
    assert [line.strip() for line in said.splitlines() if " help " in line] == [
        "help STL301: keep it in a module that is not reloaded, or bind it once only: "
        "`try: NAME` / `except NameError: NAME = …`"
    ]
