"""The plugin for pytest: asleep unless `--stalecheck` or the configuration asks for it."""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING, Any, Literal, cast

import pytest

if TYPE_CHECKING:
    from stalecheck.testing.plugin import Plugin

_NAME = "stalecheck-at-work"
_ON = ("true", "yes", "on", "1", "report")
_OFF = ("false", "no", "off", "0", "")


class _AsWritten(argparse.Action):
    """Takes the value that is written with the option itself: in ``--stalecheck tests`` the next word is a path."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: str | None = None
    ) -> None:
        setattr(namespace, self.dest, (option or "").partition("=")[2] or "report")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, which have to be known while the plugin is asleep."""
    group = parser.getgroup("stalecheck", "stale references after reloads (stalecheck)")
    group.addoption(
        "--stalecheck",
        "--stalecheck=report",
        "--stalecheck=error",
        action=_AsWritten,
        nargs=0,
        dest="stalecheck",
        help="report tests that reload a module and leave objects of the version before in use; "
        "with =error such a test fails",
    )
    group.addoption(
        "--stalecheck-json",
        metavar="FILE",
        dest="stalecheck_json",
        help="write the same to FILE, as a list in JSON; that alone asks for it too",
    )
    text = "true: as with --stalecheck; error: as with --stalecheck=error (default: false)"
    try:
        parser.addini("stalecheck", text, type=cast(Any, bool | str), default=False)
    except (AssertionError, TypeError, ValueError):  # Before 9.2 pytest takes no two types.
        parser.addini("stalecheck", text, type="string", default="false")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Wake up before the first module of the user's is imported."""
    with contextlib.suppress(pytest.UsageError):  # `pytest_configure` says it.
        _wake_up(early_config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and wake up if that has not happened yet.

    Raises:
        pytest.UsageError: The configuration or an option is wrong.
    """
    config.addinivalue_line(
        "markers",
        "stalecheck_allow(*modules): the test may leave old objects of these modules in use (themselves, their "
        "names, or patterns such as 'app.*'), or of any module if none is named",
    )
    plugin = _wake_up(config)
    if plugin is not None:
        plugin.is_ready()


def _wake_up(config: pytest.Config) -> Plugin | None:
    """Register the plugin that does the work, if it is asked for."""
    plugin: Plugin | None = config.pluginmanager.get_plugin(_NAME)
    mode = _mode(config)
    if plugin is None and mode is not None:
        if pytest.version_tuple < (8,):
            raise pytest.UsageError(f"--stalecheck needs pytest 8 or later; this is {pytest.__version__}")
        from stalecheck.testing.plugin import Plugin

        plugin = Plugin(config, is_error=mode == "error", json_file=config.known_args_namespace.stalecheck_json)
        config.pluginmanager.register(plugin, _NAME)
    return plugin


def _mode(config: pytest.Config) -> Literal["report", "error"] | None:
    """Return what is asked for.

    Raises:
        pytest.UsageError: The configuration says something that is not known.
    """
    options = config.known_args_namespace
    written = options.stalecheck
    if written is None:
        value = _configured(config)
        written = str(value).strip().lower()
        if written in _OFF:
            return "report" if options.stalecheck_json else None
        if written not in (*_ON, "error"):
            raise pytest.UsageError(
                f"{config.inipath or 'the option -o'}: `stalecheck = {value}` is not known; write true, error or false"
            )
    return "error" if written == "error" else "report"


def _configured(config: pytest.Config) -> object:
    """Return what the configuration says; pytest 9.0 and 9.1 give no boolean of a TOML file for a string."""
    try:
        return config.getini("stalecheck")
    except TypeError as error:
        value = getattr(getattr(config, "_inicfg", {}).get("stalecheck"), "value", None)
        if type(value) is bool:
            return value
        raise pytest.UsageError(str(error)) from error
