"""STL102 star-import: A star import that brings names of a module that is reloaded.

## What it does

Flags `from m import *` when `m`, or a module whose names it re-exports, is reloaded. One diagnostic
for the statement.

## Why is this bad

Every name that the star brought stays the old object, and names that are new in the new version are
missing.

## Example

```python
# file: core.py
class Engine:
    pass

# file: car.py
from core import *


def build():
    return Engine()

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## Use instead

```python
# file: core.py
class Engine:
    pass

# file: car.py
import core


def build():
    return core.Engine()

# file: refresh.py
import importlib

import core


def refresh():
    importlib.reload(core)
```

## When it is fine

When nothing that the star brings is made anew by the reload: the linter then says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from stalecheck.link import Relation, StaleReference
from stalecheck.rules.rule import Judgement, through
from stalecheck.rules.severity import severity_by_use
from stalecheck.rules.words import import_of, imported_late, listed, reload_after
from stalecheck.vocabulary import HolderKind

_SHOWN = 3
"""How many modules, and how many names of each, a message names."""


def check(references: Iterable[StaleReference]) -> Iterator[Judgement]:
    """Judge star imports."""
    for reference in references:
        if reference.holder.kind is HolderKind.STAR_IMPORT:
            by_module: dict[str, list[StaleReference]] = {}
            for part in reference.brings:
                by_module.setdefault(part.origin.module, []).append(part)
            yield Judgement(
                reference,
                max(map(severity_by_use, reference.brings)),
                f"`*` keeps what it brought {_sources(by_module)}",
                _remedy(by_module),
            )


def _sources(by_module: Mapping[str, Sequence[StaleReference]]) -> str:
    """Return which names it brought of which old module, and through which others."""
    said = [
        f"of the old `{module}`: {_names(parts)}{through(parts[0])}"
        for module, parts in list(by_module.items())[:_SHOWN]
    ]
    more = len(by_module) - len(said)
    if more:
        said.append(f"of {more} more old {'module' if more == 1 else 'modules'}")
    return ", and ".join(said)


def _names(parts: Iterable[StaleReference]) -> str:
    names = [f"`{name}`" for name in dict.fromkeys(part.holder.name for part in parts)]
    more = len(names) - _SHOWN
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def _remedy(by_module: Mapping[str, Sequence[StaleReference]]) -> str:
    """Return what to write instead, module by module."""
    if len(by_module) > _SHOWN:
        return "import the names in the functions that use them, from the modules that make them"
    imports: list[str] = []
    others: dict[str, None] = {}
    for module, parts in by_module.items():
        made_of_it = next((part for part in parts if part.relation is not Relation.IS), None)
        if made_of_it is not None:
            others[reload_after(made_of_it)] = None
        elif not imported_late(parts[0]):
            imports.append(f"`{import_of(parts[0])}`")
        elif len(by_module) == 1:
            others["import the names in the functions that use them"] = None
        else:
            others[f"import those of `{module}` in the functions that use them"] = None
    if imports:
        whose = "its" if len(imports) == 1 else "their"
        return "; ".join((f"{listed(imports)} and use {whose} attributes where they are needed", *others))
    return "; ".join(others)
