"""Finds what goes stale when a Python module is reloaded."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stalecheck.api import check
    from stalecheck.probing.look import probe
    from stalecheck.probing.report import Finding, Holder, Report
    from stalecheck.probing.watch import reload, watch

__all__ = ["Finding", "Holder", "Report", "check", "probe", "reload", "watch"]
__version__ = "0.1.0"

_HOMES = {
    "Finding": "stalecheck.probing.report",
    "Holder": "stalecheck.probing.report",
    "Report": "stalecheck.probing.report",
    "check": "stalecheck.api",
    "load_ipython_extension": "stalecheck.ipython",
    "probe": "stalecheck.probing.look",
    "reload": "stalecheck.probing.watch",
    "unload_ipython_extension": "stalecheck.ipython",
    "watch": "stalecheck.probing.watch",
}


def __dir__() -> list[str]:
    return [*__all__, "__doc__", "__file__", "__name__", "__path__", "__version__"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
