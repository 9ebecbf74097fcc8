"""Notices which modules have been reloaded between two moments."""

from __future__ import annotations

import sys
from typing import Any

from stalecheck.probing import raw


class Versions:
    """What tells the present version of each module from the next one."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._specs: dict[str, object] = {}
        self._patched: dict[str, object] = {}
        self.changed()

    def changed(self) -> list[str]:
        """Return the modules that have been reloaded since this was asked last, and remember how they are now.

        Each import and each reload gives a module another ``__spec__``. IPython's autoreload also puts new code into a
        module without any reload; that it notes in a table of its own.
        """
        specs = _specs()
        patched = _patched(self._shell)
        found = {
            name
            for before, after in ((self._specs, specs), (self._patched, patched))
            for name in before.keys() & after.keys()
            if before[name] is not after[name]
        }
        self._specs.update(specs)  # A module that is not imported any more may come back.
        self._patched = patched
        return sorted(found & specs.keys())


def _specs() -> dict[str, object]:
    return {
        name: raw.lookup(raw.module_dict(module), "__spec__")
        for name, module in list(sys.modules.items())
        if type(name) is str and name != "__main__" and raw.is_module(module)
    }


def _patched(shell: Any) -> dict[str, object]:
    """Return what autoreload has noted for the modules that it has looked at: when their files were changed."""
    magics = shell.magics_manager.registry.get("AutoreloadMagics")
    noted = getattr(getattr(magics, "_reloader", None), "modules_mtimes", None)
    return dict(noted) if type(noted) is dict else {}
