"""The extension for IPython and Jupyter: ``%load_ext stalecheck``, then ``%stalecheck``."""

from __future__ import annotations

import difflib
import re
import sys
import types
import weakref
from typing import Any, cast

from stalecheck.errors import StalecheckError, UsageError
from stalecheck.notebook.cells import Seen
from stalecheck.notebook.notice import Session, notice
from stalecheck.notebook.versions import Versions
from stalecheck.probing import raw
from stalecheck.probing.look import probe, report_on
from stalecheck.probing.report import Report

_HISTORY = re.compile(r"In|Out|_{1,3}|_\d+|_[iod]h|_i{1,3}|_i\d+")
"""What IPython calls earlier cells and their results."""

_OF_PYTHON = frozenset({"__annotations__", "__annotate__", "__conditional_annotations__", "__warningregistry__"})
"""What Python itself puts beside the names of a module."""

_MOST_SECONDS = 10
"""So long a cell may wait for what is said after it."""

_LOADED: weakref.WeakKeyDictionary[Any, Extension] = weakref.WeakKeyDictionary()


def load_ipython_extension(shell: Any) -> None:
    """Give a shell the magic ``%stalecheck``."""
    _LOADED[shell] = Extension(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magic from a shell, and whatever it has set up.

    ``%reload_ext`` does so as well: that what was set up is gone is said.
    """
    extension = _LOADED.pop(shell, None)
    if extension is not None:
        if extension.is_watching:
            print("stalecheck: auto is off now")
        extension.stop()
        shell.magics_manager.magics["line"].pop("stalecheck", None)


class Extension:
    """What one shell has of stalecheck."""

    def __init__(self, shell: Any) -> None:
        self._shell = weakref.proxy(shell)
        self._versions: Versions | None = None
        self._seen = Seen()
        self._before: dict[str, int] = {}
        self._early: set[str] = set()
        """What was reloaded before the cell began: by autoreload."""

        def stalecheck(line: str) -> Report | None:
            """Show what is still in use from before a module was reloaded, and who holds it.

            %stalecheck MODULE    of this module: its name, or a variable that is the module
            %stalecheck           of all modules
            %stalecheck auto      after each cell in which a module was reloaded (by hand or by %autoreload): say which
                                  of your variables are old, and which cells to run again
            %stalecheck off       no longer

            With a module or without, the report is the value: ``report = %stalecheck net``.
            """
            return self.run(line)

        shell.register_magic_function(stalecheck, magic_kind="line", magic_name="stalecheck")

    def run(self, line: str) -> Report | None:
        """Do what the line after ``%stalecheck`` says, and return the report if one was asked for.

        Raises:
            IPython.core.error.UsageError: It says nothing that can be done. IPython shows that in one line.
        """
        try:
            match line.split():
                case []:
                    return probe()
                case ["auto"]:
                    self.start()
                case ["off"]:
                    self.stop()
                case [name]:
                    return probe(self._module(name))
                case _:
                    raise UsageError("%stalecheck takes one module, auto, off, or nothing for all modules")
        except StalecheckError as error:
            from IPython.core.error import UsageError as ShownWithoutTraceback

            raise ShownWithoutTraceback(str(error)) from None
        return None

    @property
    def is_watching(self) -> bool:
        """Whether each cell is looked after."""
        return self._versions is not None

    def start(self) -> None:
        """Look after each cell whether a module was reloaded."""
        if self._versions is None:
            self._versions = Versions(self._shell)
            self._before = self._ids()
            self._shell.events.register("pre_run_cell", self._begin)
            self._shell.events.register("post_run_cell", self._end)

    def stop(self) -> None:
        """No longer look."""
        if self._versions is not None:
            self._versions = None
            self._shell.events.unregister("pre_run_cell", self._begin)
            self._shell.events.unregister("post_run_cell", self._end)

    def _begin(self, info: object) -> None:
        if self._versions is not None:
            self._early.update(self._versions.changed())
        self._before = self._ids()

    def _end(self, result: Any) -> None:
        if self._versions is None:
            return
        by_cell = self._versions.changed()
        if result.execution_count is not None:
            cell, has_failed = result.execution_count, not result.success
            self._seen.note(cell, before=self._before, after=self._ids(), reloaded=by_cell, has_failed=has_failed)
        del result  # It holds the cell's value, and so does this function then.
        changed = sorted(self._early.union(by_cell))
        self._early.clear()
        if changed:
            report = report_on(
                changed, max_seconds=_MOST_SECONDS
            )  # Before anything here refers to the user's variables.
            text = notice(self._session(), report)
            if text:
                print(text)
        # What autoreload binds before a cell runs is not the cell's: so the look before it has to be the last one.
        self._shell.events.unregister("pre_run_cell", self._begin)
        self._shell.events.register("pre_run_cell", self._begin)

    def _ids(self) -> dict[str, int]:
        return {name: id(value) for name, value in self._variables().items()}

    def _variables(self) -> dict[str, object]:
        """Return the user's own variables, without what IPython has put beside them."""
        hidden: dict[str, object] = self._shell.user_ns_hidden
        nothing = object()
        return {
            name: value
            for name, value in list(self._shell.user_ns.items())
            if type(name) is str and not _HISTORY.fullmatch(name) and name not in _OF_PYTHON
            if hidden.get(name, nothing) is not value
        }

    def _session(self) -> Session:
        module = raw.module_name(raw.module_dict(self._shell.user_module)) or "__main__"
        inputs = list(self._shell.history_manager.input_hist_parsed)
        return Session(module, self._shell.user_ns, self._variables(), inputs, self._seen)

    def _module(self, name: str) -> types.ModuleType | str:
        """Return the module that a variable stands for, or that the name is one of.

        Raises:
            UsageError: There is no such module.
        """
        first, *rest = name.split(".")
        found: object = self._shell.user_ns.get(first)
        for part in rest:
            found = raw.lookup(raw.module_dict(cast(types.ModuleType, found)), part) if raw.is_module(found) else None
        if raw.is_module(found):
            return cast(types.ModuleType, found)
        if raw.imported(name) is not None:
            return name
        if found is not None:
            raise UsageError(f"{name} is no module: give a module, auto or off")
        alike = difflib.get_close_matches(name, [one for one in list(sys.modules) if type(one) is str], 1)
        hint = f"; did you mean {alike[0]}?" if alike else ": import it first"
        raise UsageError(f"no module {name} is imported{hint}")
