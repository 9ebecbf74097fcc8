"""Finds what goes stale when a Python module is reloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stalecheck.api import check

__all__ = ["check"]
__version__ = "0.1.0"


def __dir__() -> list[str]:
    return [*__all__, "__doc__", "__file__", "__name__", "__path__", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "check":
        from stalecheck.api import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
