"""``%stalecheck`` in a shell of IPython."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from .shells import ROOT, run_cells, said

pytest.importorskip("IPython", reason="IPython is not installed")

NET = """
    LIMIT = 3
    LIMITS = {"kind": 1}

    class Model:
        def run(self):
            return 1

    def make():
        return Model()
    """
START = "import importlib\n%load_ext stalecheck\n%stalecheck auto"


def test_a_module_is_reported(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET, "app.py": "from net import Model"},
        "%load_ext stalecheck",
        "import importlib, net as n, app",
        "model = n.Model()",
        "importlib.reload(n);",
        "%stalecheck net",
        "%stalecheck n",
        "%stalecheck",
        "report = %stalecheck app",
        "print(len(report), report.modules)",
    )
    *_, by_name, by_variable, of_all, _, last = answers
    assert "net: still in use from before the reload" in by_name
    assert "STL101  app.Model  app.py:1" in by_name
    assert "STL201  __main__.model" in by_name
    assert by_name.partition(":")[2] == by_variable.partition(":")[2] == of_all.partition(":")[2]
    assert last == "0 ('app',)\n"


def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        "%load_ext stalecheck\nx = 1\nimport json",
        "%stalecheck jsom",
        "%stalecheck qqqqqqqqq.net",
        "%stalecheck x",
        "%stalecheck json x",
    )
    assert answers[1:] == [
        "UsageError: no module jsom is imported; did you mean json?\n",
        "UsageError: no module qqqqqqqqq.net is imported: import it first\n",
        "UsageError: x is no module: give a module, auto or off\n",
        "UsageError: %stalecheck takes one module, auto, off, or nothing for all modules\n",
    ]


def test_which_variables_are_old_and_which_cells_made_them(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET},
        START,
        "import net",
        "from net import Model, LIMIT, LIMITS, make as build",
        "model = net.Model()",
        "models = []",
        "models.append(model); models.append(Model())",
        "class Sub(Model): pass",
        "sub = Sub()",
        "def f(kind=Model): pass",
        "nested = {'a': [models]}",
        "unrelated = [1, 2, 'text']",
        {"net.py": NET.replace("LIMIT = 3", "LIMIT = 4")},
        "importlib.reload(net);",
    )
    assert said(answers) == {
        12: [
            "`LIMIT` (In [3]) is the old net.LIMIT: run In [3] again",
            "`LIMITS` (In [3]) is the old net.LIMITS: run In [3] again",
            "`Model` (In [3]) is the old class net.Model: run In [3] again",
            "`build` (In [3]) is the old function net.make: run In [3] again",
            "`model` (In [4]) is an instance of the old net.Model: run In [4] again",
            "`models` (In [5], filled in In [6]) holds 2 instances of the old net.Model, the first as models[0]: "
            "run In [5] and In [6] again",
            "`Sub` (In [7]) inherits from the old net.Model: run In [7] again",
            "`sub` (In [8]) is an instance of Sub, which inherits from the old net.Model: run In [7] and In [8] again",
            "+2 more variables",
            "all at once: run In [3] to In [10] again, in this order",
        ]
    }
    assert all(len(line) < 80 for text in answers for line in text.splitlines())


def test_what_is_said_of_functions_and_of_what_lies_deeper(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET},
        START,
        "import net, functools",
        "def f(kind=net.Model): pass",
        "nested = {'a': [[net.Model()]]}",
        "bound = net.Model().run",
        "part = functools.partial(print, net.Model)",
        "importlib.reload(net);",
    )
    assert said(answers)[7] == [
        "`f` (In [3]) holds the old class net.Model as default argument 'kind' of f: run In [3] again",
        "`nested` (In [4]) holds an instance of the old net.Model as nested['a'][0][0]: run In [4] again",
        "`bound` (In [5]) holds an instance of the old net.Model as bound.__self__: run In [5] again",
        "`part` (In [6]) holds the old class net.Model as part.args[0]: run In [6] again",
        "all at once: run In [3] to In [6] again, in this order",
    ]


def test_quiet_where_nothing_is_old(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET},
        START,
        "import net, json",
        "model = net.Model()",
        "importlib.reload(net); model = net.Model()",
        "importlib.reload(json);",
        "model = 1",
        "from net import LIMIT, Model",
        "importlib.reload(net); from net import LIMIT, Model",
        "1 / 0",
        "net.Model",
        "_.__name__",
    )
    assert said(answers) == {}


def test_the_history_is_not_the_users(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path, {"net.py": NET}, START, "import net", "net.Model()", "net.Model", "net.make", "importlib.reload(net)"
    )
    assert said(answers) == {}


def test_a_variable_that_begins_like_history_is_the_users(tmp_path: Path) -> None:
    answers = run_cells(tmp_path, {"net.py": NET}, START, "import net; _model = net.Model()", "importlib.reload(net);")
    assert said(answers) == {3: ["`_model` (In [2]) is an instance of the old net.Model: run In [2] again"]}


def test_the_last_cell_that_bound_it_counts(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET},
        "import net, importlib",
        "model = net.Model()",
        "first = model",
        "model = net.Model()",  # before the extension is loaded
        "%load_ext stalecheck\n%stalecheck auto",
        "model = net.Model(); 1 / 0",
        "model = 1 / 0",
        "exec('other = net.Model()')",
        "%time timed = net.Model()",
        "importlib.reload(net);",
    )
    found = said(answers)[10]
    assert [line.partition(" is")[0] for line in found[:4]] == [
        "`first` (In [3])",
        "`model` (In [6])",
        "`other` (In [8])",
        "`timed` (In [9])",
    ]


def test_an_eviction_is_a_reload(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET},
        START,
        "import net, sys",
        "model = net.Model(); from net import LIMITS, LIMIT",
        "del sys.modules['net']",
        {"net.py": NET.replace("LIMIT = 3", "LIMIT = 4")},
        "import net as fresh",
        "import net",
    )
    assert said(answers) == {
        5: [
            "`net` (In [2]) is the old module net: run In [2] again",
            "`LIMIT` (In [3]) is the old net.LIMIT: run In [3] again",
            "`LIMITS` (In [3]) is the old net.LIMITS: run In [3] again",
            "`model` (In [3]) is an instance of the old net.Model: run In [3] again",
            "all at once: run In [2] and In [3] again, in this order",
        ]
    }


def test_a_class_of_another_module_comes_first(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET, "other.py": "import net\nclass Service(net.Model): pass\nFirst = net.Model\n"},
        START,
        "import net, other",
        "service = other.Service(); from other import Service, First",
        "importlib.reload(net);",
        "importlib.reload(other); from other import Service, First; service = Service()",
    )
    assert said(answers) == {
        4: [
            "`First` (In [3]) is the old class net.Model: reload other, then run In [3] again",
            "`Service` (In [3]) inherits from the old net.Model: reload other, then run In [3] again",
            "`service` (In [3]) is an instance of other.Service, which inherits from the old net.Model: "
            "reload other, then run In [3] again",
            "2 more places in other: %stalecheck net shows them",
        ]
    }


def test_a_module_that_has_the_old_class_too_comes_first(tmp_path: Path) -> None:
    files = {
        "shop.py": "from deep import *\nfrom deep import Net as First\n",
        "deep.py": "from net import Net\ndef build(): return Net()\n",
        "net.py": "class Net: ...\n",
    }
    answers = run_cells(
        tmp_path,
        files,
        START,
        "import net, deep, shop",
        "from shop import Net, build",
        "model = Net()",
        "built = build()",
        "own = net.Net()",
        "first = shop.First()",
        "importlib.reload(net);",
        "importlib.reload(deep); importlib.reload(shop)\nfrom shop import Net, build\n"
        "model = Net(); built = build(); own = net.Net(); first = shop.First()",
        "print(all(type(one) is net.Net for one in (model, built, own, first)))",
    )
    assert said(answers) == {
        8: [
            "`Net` (In [3]) is the old class net.Net: reload deep and shop, then run In [3] again",
            "`model` (In [4]) is an instance of the old net.Net: run In [4] again",
            "`built` (In [5]) is an instance of the old net.Net: reload deep, then run In [5] again",
            "`own` (In [6]) is an instance of the old net.Net: run In [6] again",
            "`first` (In [7]) is an instance of the old net.Net: reload deep and shop, then run In [7] again",
            "all at once: reload deep and shop, then run In [3] to In [7] again, in this order",
            "3 more places in deep, shop: %stalecheck net shows them",
        ]
    }
    assert answers[-1] == "True\n"


def test_modules_between_a_class_and_the_old_one_are_reloaded_in_their_order(tmp_path: Path) -> None:
    files = {
        "top.py": "from middle import Middle\nclass Top(Middle): ...\n",
        "middle.py": "import net\nclass Middle(net.Net): ...\n",
        "net.py": "class Net: ...\n",
    }
    answers = run_cells(
        tmp_path,
        files,
        START,
        "import net, middle, top",
        "made = top.Top()",
        "importlib.reload(net);",
        "importlib.reload(middle); importlib.reload(top); made = top.Top()",
        "print(isinstance(made, net.Net), issubclass(top.Top, middle.Middle))",
    )
    assert said(answers) == {
        4: [
            "`made` (In [3]) is an instance of top.Top, which inherits from the old net.Net: "
            "reload middle and top, then run In [3] again",
            "1 more place in middle: %stalecheck net shows it",
        ]
    }
    assert answers[-1] == "True True\n"


def test_what_the_source_no_longer_has_is_let_go(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": "class Net: ...\nclass Old: ...\n"},
        START,
        "import net\nfrom net import Net, Old",
        "model = Net()",
        "open(net.__file__, 'w').write('class Net: ...\\nclass Newer: ...\\n')",
        "import sys; del sys.modules['net']\nimport net as fresh",
        "import net\nfrom net import Net\ndel Old\nmodel = Net()",
    )
    assert said(answers) == {
        5: [
            "`Net` (In [2]) is the old class net.Net: run In [2] again without `Old`",
            "`Old` (In [2]) is the old class net.Old: let it go: the module's source no longer has it",
            "`net` (In [2]) is the old module net: run In [2] again without `Old`",
            "`model` (In [3]) is an instance of the old net.Net: run In [3] again",
            "all at once: run In [2] and In [3] again without `Old`, in this order",
        ]
    }


def test_a_cell_that_reloads_comes_first(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET},
        START,
        "import net",
        "importlib.reload(net)\nfrom net import Model\nown = Model()",
        "model: net.Model = net.Model()",
        "importlib.reload(net)\nown = net.Model()",
        "from net import Model; other = net.Model()",
        "importlib.reload(net);",
    )
    assert said(answers)[7] == [
        "`model` (In [4]) is an instance of the old net.Model: run In [4] again",
        "`own` (In [5]) is an instance of the old net.Model: run In [5] again",
        "`Model` (In [6]) is the old class net.Model: run In [6] again",
        "`other` (In [6]) is an instance of the old net.Model: run In [6] again",
        "all at once: run In [5] again, which reloads net, then run In [4] and In [6] again, in this order",
    ]


def test_what_is_taken_from_the_history_is_not_made_by_its_cell(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET},
        START,
        "import net",
        "net.Model()",
        "taken = _",
        "again = Out[3]; third = _3",
        "importlib.reload(net);",
    )
    assert said(answers)[6] == [
        f"`{name}` (In [{cell}]) is an instance of the old net.Model: make it again"
        for name, cell in (("taken", 4), ("again", 5), ("third", 5))
    ]


def test_plain_values_of_a_star_import(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET, "listed.py": "__all__ = ['RATE']\nRATE = 1\nOTHER = 1\n"},
        START,
        "import net, listed\nOTHER = 5",
        "from net import *\nfrom listed import *",
        {"net.py": NET.replace("LIMIT = 3", "LIMIT = 4"), "listed.py": "__all__ = ['RATE']\nRATE = 2\nOTHER = 2\n"},
        "importlib.reload(net); importlib.reload(listed);",
    )
    assert said(answers)[4] == [
        "`LIMIT` (In [3]) is the old net.LIMIT: run In [3] again",
        "`LIMITS` (In [3]) is the old net.LIMITS: run In [3] again",
        "`Model` (In [3]) is the old class net.Model: run In [3] again",
        "`RATE` (In [3]) is the old listed.RATE: run In [3] again",
        "`make` (In [3]) is the old function net.make: run In [3] again",
    ]


def test_off_and_unload(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET},
        START,
        "%stalecheck auto",
        "import net; model = net.Model()",
        "importlib.reload(net);",
        "%stalecheck off\n%stalecheck off",
        "importlib.reload(net);",
        "%stalecheck auto",
        "importlib.reload(net);",
        "%reload_ext stalecheck",
        "importlib.reload(net);",
        "%stalecheck auto",
        "%unload_ext stalecheck",
        "importlib.reload(net);",
        "%stalecheck net",
    )
    assert sorted(said(answers)) == [4, 8, 9, 12]
    assert all("auto is off now" in answers[number - 1] for number in (9, 12))
    assert all(text.count("stalecheck: ") < 2 for text in answers)
    assert "not found" in answers[-1]
    assert "Traceback" not in "".join(answers)


def test_no_code_of_the_users_runs(tmp_path: Path) -> None:
    hostile = """
    class Meta(type):
        def __getattribute__(cls, name):
            if "armed" in globals(): raise SystemError(name)
            return type.__getattribute__(cls, name)
        def __eq__(cls, other): raise SystemError
        def __hash__(cls): raise SystemError

    class Model(metaclass=Meta):
        def __getattribute__(self, name): raise SystemError(name)
        def __eq__(self, other): raise SystemError
        def __hash__(self): raise SystemError
        def __repr__(self): raise SystemError
        def __bool__(self): raise SystemError
        def __len__(self): raise SystemError
        __class__ = property(lambda self: 1 / 0)

    value = Model()
    """
    answers = run_cells(
        tmp_path,
        {"net.py": hostile},
        START,
        "import net; from net import value, Model; alias = net.value",
        "held = [value]; other = net.Model()\nclass Own(Model): pass\nown = Own(); net.armed = True",
        "importlib.reload(net); net.armed = True",
        "importlib.reload(net); net.armed = True",
        "%stalecheck net",
    )
    assert "SystemError" not in "".join(answers)
    assert "Traceback" not in "".join(answers)
    assert len(said(answers)[4]) == 8


def test_what_is_said_of_many_variables_is_short(tmp_path: Path) -> None:
    many = "\n".join(f"v{number} = net.Model()" for number in range(40))
    answers = run_cells(tmp_path, {"net.py": NET}, START, "import net", many, "importlib.reload(net);")
    assert len(said(answers)[4]) == 9
    assert said(answers)[4][-1] == "+32 more variables"


def test_large_variables_hide_no_others(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET},
        START,
        "import net",
        "large = [{'number': number} for number in range(300_000)]",
        "large[200_000]['model'] = net.Model()",
        "model = net.Model()",
        "importlib.reload(net);",
    )
    assert said(answers)[6] == [
        "`large` (In [3], filled in In [4]) holds an instance of the old net.Model as large[200000]['model']: "
        "run In [3] and In [4] again",
        "`model` (In [5]) is an instance of the old net.Model: run In [5] again",
        "all at once: run In [3] to In [5] again, in this order",
    ]


def test_of_many_the_first_is_named(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET},
        START,
        "import net",
        "models = [net.Model() for _ in range(1_000)]",
        "importlib.reload(net);",
    )
    assert said(answers)[4] == [
        "`models` (In [3]) holds 1,000 instances of the old net.Model, the first as models[0]: run In [3] again"
    ]


def test_it_keeps_nothing_alive(tmp_path: Path) -> None:
    answers = run_cells(
        tmp_path,
        {"net.py": NET},
        START,
        "import net, weakref, gc; model = net.Model(); reference = weakref.ref(model); cls = weakref.ref(net.Model)",
        "importlib.reload(net);",
        "del model; gc.collect(); print(reference(), cls())",
    )
    assert 3 in said(answers)
    assert answers[-1] == "None None\n"


def test_an_embedded_shell(tmp_path: Path) -> None:
    embedding = """
    import IPython, net
    def serve():
        model = net.Model()
        IPython.embed(colors="NoColor", simple_prompt=True)
    serve()
    """
    cells = [
        "import importlib",
        "%load_ext stalecheck",
        "%stalecheck auto",
        "held = [net.Model()]",
        "importlib.reload(net);",
        "%stalecheck net",
    ]
    shown = _typed(tmp_path, ["main.py"], cells, {"main.py": textwrap.dedent(embedding)})
    assert "`model` (from no cell) is an instance of the old net.Model: make it again" in shown
    assert "`held` (In [4]) holds an instance of the old net.Model as held[0]: run In [4] again" in shown
    assert "local 'model' in serve() at main.py:5" in shown
    assert "IPython's held[0]" in shown


def test_the_prompt_of_a_terminal(tmp_path: Path) -> None:
    cells = [
        "import importlib, net",
        "%load_ext stalecheck",
        "%stalecheck auto",
        "model = net.Model()",
        "importlib.reload(net);",
        "%stalecheck net",
    ]
    shown = _typed(tmp_path, ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"], cells, {})
    assert "`model` (In [4]) is an instance of the old net.Model: run In [4] again" in shown
    assert "STL201 __main__.model" in shown


def _typed(directory: Path, arguments: Sequence[str], cells: Sequence[str], files: Mapping[str, str]) -> str:
    """Return what Python shows when cells are typed, with single blanks; `net` is there, and what else is given."""
    for name, source in {"net.py": "class Model: pass\n", **files}.items():
        (directory / name).write_text(source, encoding="utf-8")
    own = {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(directory / "ipython")}
    done = subprocess.run(
        [sys.executable, *arguments],
        input="\n".join(cells) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **own},
        cwd=directory,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return " ".join(done.stdout.split())
