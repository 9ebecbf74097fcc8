"""How reloads are spelled."""

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


def reloader(name: str) -> str:
    """How to call a function that reloads its argument in place; empty when `name` is none."""
    if name.endswith("six.moves.reload_module"):
        return "six.moves.reload_module"
    return RELOADERS.get(name, "")
