"""Compiled modules beside sources: the interpreter takes them, and so does the linter.

No fixture project: a compiled module cannot stand in the repository. One of the standard library's is copied.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stalecheck import check

EXTENSION = "_bisect"

SHOW = """
import importlib
import app.main, app.plain
old = [value for value in vars(app.plain).values() if callable(value)]
importlib.reload(app.plain)
print(*[name for name, value in vars(app.main).items() if name[0] != "_" and any(value is each for each in old)])
"""

PLAIN = """
def bisect_left(): ...
def bisect_right(): ...
def insort_left(): ...
def insort_right(): ...
def bisect(): ...
"""

MAIN = """
from app.plain import bisect_right as _plain_right
from app.plain import bisect

try:
    from app._bisect import bisect_left
except ImportError:
    from app.plain import bisect_left

try:
    from ._bisect import bisect_right as _fast_right
except ImportError:
    _fast_right = None
bisect_right = _fast_right or _plain_right

try:
    from . import _bisect as _fast
except ImportError:
    _fast = None

from app.plain import insort_left
if _fast is not None:
    insort_left = _fast.insort_left

from app.plain import insort_right
try:
    if not SLOW:
        from app._bisect import insort_right
except (ImportError, NameError):
    pass
"""


@pytest.mark.parametrize("is_compiled", [True, False], ids=["compiled", "not compiled"])
def test_what_a_compiled_module_brings_hides_what_python_falls_back_on(is_compiled: bool, tmp_path: Path) -> None:
    package = tmp_path / "app"
    package.mkdir()
    main = MAIN.replace("SLOW", str(not is_compiled))
    for name, source in {"__init__": "", "plain": PLAIN, "main": main}.items():
        (package / f"{name}.py").write_text(source, encoding="utf-8")
    if is_compiled:
        spec = importlib.util.find_spec(EXTENSION)
        if spec is None or not spec.has_location or spec.origin is None:
            pytest.skip("this Python has the module built in")
        shutil.copy(spec.origin, package)
    found = {
        diagnostic.holder.name
        for diagnostic in check([tmp_path], reloaded=["app.plain"], min_severity="note")
        if diagnostic.holder is not None and not diagnostic.holder.name.startswith("_")
    }
    fallbacks = {"bisect_left", "bisect_right", "insort_left", "insort_right"}
    assert found == ({"bisect"} if is_compiled else {"bisect", *fallbacks})
    done = subprocess.run([sys.executable, "-c", SHOW], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == found
