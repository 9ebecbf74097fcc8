"""Finds every place that makes a module's body run again, from source, with the standard `ast` alone.

`spelling` picks the files that may reload something, `outline` takes down a file in one pass, `values` works out
what an expression stands for, `search` finds the places of one file, `restored` tells which evictions are undone,
and `project` follows wrappers across files.
"""

from stalecheck.reloads.project import find_in_file, find_reloads
from stalecheck.reloads.sites import FileReloads, ReloadSite, Wrapper
from stalecheck.reloads.spelling import may_reload

__all__ = ["FileReloads", "ReloadSite", "Wrapper", "find_in_file", "find_reloads", "may_reload"]
