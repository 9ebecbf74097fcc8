"""Which files are parsed to look for reloads; `tests/test_reloads.py` checks that none is passed over that reloads."""

from __future__ import annotations

import pytest

from stalecheck.reloads import may_reload

LOOKS_ONLY = {
    "nothing of it is spelled": "import os\n",
    "a comment": "x = 1\n    # reload the page, forget sys.modules\n",
    "a sentence": '"""Reload: clear and reload cookies, see sys.modules there."""\n',
    "preloading is something else": "ctx.set_forkserver_preload([])\n",
    "an item is read": "import sys\nm = sys.modules[__name__]\nn = sys.modules.get('x')\n",
    "an item is set": "import sys\nsys.modules['x'] = y\n",
    "a membership": "import sys\nx = 'm' in sys.modules\nif 'n' not in sys.modules: pass\n",
    "a loop over it": "import sys\nfor name in sys.modules: print(name)\n",
    "a copy of it": "import sys\nfor name in list(sys.modules): print(name)\nx = {**sys.modules}\n",
    "an attribute of that name": "class A:\n    def f(self):\n        del self.modules['x']\n",
    "another's forget": "from test import support\nwidget.forget()\n",
    "another name of sys": "from sys import path, argv\nmodules = []\n",
}
MAY_RELOAD = {
    "a function of that name": "from importlib import reload as again\n",
    "a name that is given": "getattr(importlib, 'reload')\n",
    "a magic": "get_ipython().run_line_magic('autoreload', '2')\n",
    "an item is deleted": "import sys\nif x: del sys.modules['m']\n",
    "an item is deleted further down": "import sys\ndel (\n    a,\n    sys.modules['m'],\n)\n",
    "an item is deleted on a line of its own": "import sys\ndel a, \\\n    sys.modules['m']\n",
    "an item is popped": "import sys as s\ns.modules.pop('m')\n",
    "it is handed over": "patch.dict(sys.modules, {})\n",
    "it is handed over by name": "patch.dict('sys.modules', {})\n",
    "it gets another name": "import sys\nmods = sys.modules\n",
    "it is imported": "from sys import (path,\n    modules)\n",
    "all of sys is imported": "from sys import *\n",
    "it is taken by name": "getattr(sys, 'modules')\n",
    "a line is broken at the dot": "import sys\nsys.\\\nmodules.clear()\n",
    "CPython's helper": "from test.support import import_helper\nimport_helper.forget('m')\n",
    "CPython's helper under another name": "from test.support import import_helper as ih\nih.unload('m')\n",
    "CPython's helper, imported itself": "from test.support.import_helper import (a,\n    unload)\n",
    "a module loaded from its file": "import imp\nimp.load_source('m', 'm.py')\n",
    "the import system's own": "from importlib._bootstrap import _exec\n",
}


@pytest.mark.parametrize("source", LOOKS_ONLY.values(), ids=LOOKS_ONLY)
def test_a_file_that_only_looks_at_modules_is_passed_over(source: str) -> None:
    assert not may_reload(source.encode())


@pytest.mark.parametrize("source", MAY_RELOAD.values(), ids=MAY_RELOAD)
def test_a_file_that_may_reload_is_searched(source: str) -> None:
    assert may_reload(source.encode())
