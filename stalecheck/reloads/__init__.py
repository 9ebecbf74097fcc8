"""Finds every place that makes a module's body run again, from source, with the standard `ast` alone.

`suspects` picks the files that may reload something; `outline` takes down the scopes of a file in one pass; `search`
finds its places that reload, with what `values` makes of their arguments; `restored`, `anew` and `taken` tell which
evictions change nothing, `keepers` which fixtures and base classes see to it; `project` follows the `wrappers` from
file to file.
"""

from stalecheck.reloads.filters import passes, unclear_ones
from stalecheck.reloads.project import columns, find_in_file, find_reloads
from stalecheck.reloads.reloaders import EVICTIONS, gives_back
from stalecheck.reloads.sites import FileReloads, ReloadPlace, ReloadSite, Wrapper
from stalecheck.reloads.suspects import may_reload
from stalecheck.reloads.taken import RESTORABLE, is_set

__all__ = [
    "EVICTIONS",
    "RESTORABLE",
    "FileReloads",
    "ReloadPlace",
    "ReloadSite",
    "Wrapper",
    "columns",
    "find_in_file",
    "find_reloads",
    "gives_back",
    "is_set",
    "may_reload",
    "passes",
    "unclear_ones",
]
