"""Where a path to an old object ends: places that a person knows by name."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from stalecheck.probing import raw
from stalecheck.probing.judge import unwrapped

_OWN = __name__.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Root:
    """A module's namespace, or a function or class that a name leads to."""

    module: str
    name: str
    """The qualified name in the module; empty for the namespace itself."""

    @property
    def path(self) -> str:
        """The dotted name."""
        return f"{self.module}.{self.name}" if self.name else self.module


def own_namespaces() -> set[int]:
    """Return the namespaces of the probe's own package, by id: what they have imported is others'."""
    return {
        id(raw.module_dict(module))
        for name, module in list(sys.modules.items())
        if type(name) is str and name.partition(".")[0] == _OWN and raw.is_module(module)
    }


def namespaces(running: Mapping[int, str]) -> dict[int, Root]:
    """Return the namespaces of all modules in ``sys.modules``, by id.

    Args:
        running: The names of modules that are in use though they may no longer be there, by their namespaces' ids.
    """
    found: dict[int, Root] = {}
    for name, module in list(sys.modules.items()):
        if type(name) is str and name.partition(".")[0] != _OWN and raw.is_module(module):
            found.setdefault(id(raw.module_dict(module)), Root(name, ""))
    for which, name in running.items():
        found.setdefault(which, Root(name, ""))
    return found


def root_of(obj: object) -> Root | None:
    """Return the name that leads to a function or class through its module; None if none does."""
    if type(obj) is types.FunctionType:
        module = raw.module_name(obj.__globals__)
        name = raw.function_qualname(obj)
        return _found_under(obj, module, name) or _found_under(obj, obj.__module__, name)
    if raw.is_class(obj):
        return _found_under(obj, raw.class_module(cast(type, obj)), raw.class_qualname(cast(type, obj)))
    return None


def _found_under(obj: object, module: object, qualname: str) -> Root | None:
    if type(module) is not str:
        return None
    holder = raw.imported(module)
    if holder is None:
        return None
    found = raw.resolve(raw.module_dict(holder), qualname)
    return Root(module, qualname) if found is obj or unwrapped(found) is obj else None


def is_standard(module: str) -> bool:
    """Whether a module is of the standard library."""
    return module.partition(".")[0] in sys.stdlib_module_names
