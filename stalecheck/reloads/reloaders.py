"""The functions that reload or evict a module, by name."""

from __future__ import annotations

from collections.abc import Mapping

RELOADERS: Mapping[str, str] = {
    "importlib.reload": "importlib.reload",
    "imp.reload": "imp.reload",
    "builtins.reload": "reload",
    "past.builtins.reload": "reload",
    "future.builtins.reload": "reload",
    "IPython.lib.deepreload.reload": "IPython.lib.deepreload.reload",
}
"""Functions that reload the module they are given, and how to call them in a report."""

SPELLINGS = frozenset(
    {
        *("reload", "reload_module", "pop", "clear", "__delitem__", "delitem", "setitem", "dict"),
        *("exec_module", "load_module", "load_source", "_exec", "reload_plugin"),
        *("reload_extension", "unload_extension"),
        *("import_fresh_module", "CleanImport", "unload", "forget", "run_line_magic", "magic"),
    }
)
"""The last names of callees that may reload something."""

EVICTIONS = frozenset({"del sys.modules", "sys.modules.pop", "sys.modules.__delitem__"})
"""Spellings that take a module out of ``sys.modules`` and import nothing themselves."""


def reloader(name: str) -> str:
    """How to call a function that reloads its argument in place; empty when `name` is none."""
    if name.endswith("six.moves.reload_module"):
        return "six.moves.reload_module"
    return RELOADERS.get(name, "")


def gives_back(spelling: str) -> bool:
    """Whether a call that a report spells so returns the module that it reloads."""
    return spelling in {*RELOADERS.values(), "six.moves.reload_module"}
