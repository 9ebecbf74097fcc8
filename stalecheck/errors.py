"""Errors that a user can mend."""

from __future__ import annotations


class StalecheckError(Exception):
    """What was asked cannot be done; the message says what is wrong, where, and what to do.

    The command line prints it as one line and exits with status 2.
    """


class UsageError(StalecheckError):
    """An option or a path is wrong."""


class ConfigError(StalecheckError):
    """A configuration file is wrong."""
