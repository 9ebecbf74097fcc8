"""Edits a module, lets one reloader bring the edit in, and tells what the probe and the interpreter say of each holder.

Run as a script: ``python session.py RELOADER``, in a folder with the project; prints JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path.cwd()))

import stalecheck  # noqa: E402


def main(reloader: str) -> dict[str, list[str]]:
    """Return for each holder what the probe says, and what the interpreter does."""
    reload = RELOADERS[reloader]()
    app, registry = importlib.import_module("app"), importlib.import_module("registry")
    with stalecheck.watch("core") as watched:
        path = Path("core.py")
        path.write_text(path.read_text(encoding="utf-8").replace("old", "new"), encoding="utf-8")
        later = time.time() + 10
        os.utime(path, (later, later))
        reload()
    answers = _answers(app, registry, sys.modules["core"])
    return {row: [_said(watched.report, paths), answers[row]] for row, paths in PATHS.items()}


PATHS = {
    "`from core import run`": ["app.run"],
    "`from core import Engine`": ["app.Engine"],
    "`from core import LIMIT`": ["app.LIMIT"],
    "instance": ["app.engine"],
    "subclass": ["base class of app.Turbo"],
    "default argument": ["default argument 'kind' of app.make"],
    "container": ["app.TABLE['run']"],
    "closure": ["closure variable 'function' of app.delayed"],
    "bound method": ["app.start.__self__", "app.start.__func__"],
    "Enum member": ["app.DEFAULT"],
    "registered by the module itself": ["registry.HANDLERS[0]"],
    "decorated": ["app.work"],
}
"""What the probe calls each holder."""


def _said(report: stalecheck.Report, paths: list[str]) -> str:
    verdicts = {finding.verdict for finding in report for holder in finding.holders if holder.path in paths}
    return next((one for one in ("stale", "split", "duplicate") if one in verdicts), "")


def _answers(app: Any, registry: Any, core: Any) -> dict[str, str]:
    """Return what each holder does, and whether it is what the module has today: the probe is not asked."""
    first = registry.HANDLERS[0]
    inner = app.delayed.__closure__[0].cell_contents
    method = app.start.__func__
    seen = [
        (app.run(), app.run is core.run),
        (app.Engine().start(), app.Engine is core.Engine),
        (app.LIMIT, app.LIMIT == core.LIMIT),
        (app.engine.start(), isinstance(app.engine, core.Engine)),
        (app.Turbo().start(), issubclass(app.Turbo, core.Engine)),
        (app.make()().start(), app.make() is core.Engine),
        (app.TABLE["run"](), app.TABLE["run"] is core.run),
        (app.delayed(), inner is core.run),
        (app.start(), method is core.Engine.start and isinstance(app.start.__self__, core.Engine)),
        (app.DEFAULT.label(), app.DEFAULT is core.Color.RED),
        (first(), first is core.handler),
        (app.work(), app.work.__code__ in core.traced.__code__.co_consts),
    ]
    named = zip(PATHS, seen, strict=True)
    return {row: "stale" if does == "old" else "" if is_present else "split" for row, (does, is_present) in named}


def _importlib() -> Callable[[], object]:
    return lambda: importlib.reload(sys.modules["core"])


def _eviction() -> Callable[[], object]:
    def reload() -> None:
        del sys.modules["core"]
        importlib.import_module("core")

    return reload


def _autoreload(mode: str) -> Callable[[], Callable[[], object]]:
    def prepare() -> Callable[[], object]:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        shell = InteractiveShell.instance(config=config)
        shell.run_cell(f"%load_ext autoreload\n%autoreload {mode}\nimport app")
        shell.run_cell("pass")
        return lambda: shell.run_cell("pass")

    return prepare


def _jurigged() -> Callable[[], object]:
    from jurigged.register import registry

    registry.auto_register(filter=lambda filename: Path(filename).name == "core.py")
    # What its watcher does when a file has changed.
    return lambda: registry.get(sys.modules["core"].__file__).refresh()


def _twisted() -> Callable[[], object]:
    from twisted.python.rebuild import rebuild

    return lambda: rebuild(sys.modules["core"], doLog=0)


RELOADERS = {
    "reload": _importlib,
    "eviction": _eviction,
    "autoreload": _autoreload("2"),
    "autoreload-full": _autoreload("2-"),
    "jurigged": _jurigged,
    "twisted": _twisted,
}

if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
