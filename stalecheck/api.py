"""The linter as a function."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from stalecheck.config import load_config
from stalecheck.model import Diagnostic
from stalecheck.render.entries import entries
from stalecheck.run import run


def check(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]] = ".",
    *,
    config: str | PathLike[str] | None = None,
    isolated: bool = False,
    **options: Any,
) -> list[Diagnostic]:
    """Lint files and directories, and return what the command line would report, in the same order.

    Args:
        paths: One path or several.
        config: A configuration file to use instead of the nearest one.
        isolated: Read no configuration file.
        options: The command line's options, with underscores: ``reloaded=["app.*"]``, ``select=["STL1"]``,
            ``min_severity="note"``, ``target_version="py311"``. With ``show_suppressed=True`` those are returned,
            too, that comments suppress.

    Raises:
        stalecheck.errors.UsageError: a path does not exist, an option or code is unknown.
        stalecheck.errors.ConfigError: the configuration file is wrong.
    """
    listed = [Path(paths)] if isinstance(paths, (str, PathLike)) else [Path(path) for path in paths]
    cwd = Path.cwd()
    settings = load_config(
        listed,
        cwd=cwd,
        config_file=None if config is None else Path(config),
        isolated=isolated,
        overrides=options,
    )
    report = run(listed, settings, cwd=cwd)
    return [entry.diagnostic for entry in entries(report, cwd=cwd, show_suppressed=settings.show_suppressed)]
