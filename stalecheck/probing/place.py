"""A place that holds an old object, in words."""

from __future__ import annotations

import enum
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from keyword import iskeyword
from typing import Any, cast

from stalecheck.probing import raw
from stalecheck.vocabulary import HolderKind

PLAIN_KEYS = (str, int, bool, float, bytes, type(None))
"""Types of keys that are compared, and written, without a line of the user's."""

_LONGEST = 60
_IN_DICT = re.compile(r"\.__dict__\['([^']*)'\]")

Way = Sequence[object]
"""Objects, each of which refers to the next."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place under its name, as far as the way to it has been walked."""

    subject: str
    """``app.TABLE['save']``."""

    what: str = ""
    """What of the subject it is: ``default argument 'kind'``; empty where the subject itself is the place."""

    kind: HolderKind | None = None
    """None as long as it is the name of a module, a class or a function and nothing else."""

    where: str = ""
    """Where the subject, or what of it, is to be found: `` in coroutine main() at main.py:41``."""

    trail: tuple[str, ...] = ()
    """The whole names of the places on the way, this one last; empty before the way has been walked."""

    last: HolderKind | None = None
    """How what it was last a part of holds it: an item of a list is one, be the list in an attribute."""

    line: tuple[str, int] | None = None
    """The file and the line that its name says, of a function that waits to go on."""

    @property
    def text(self) -> str:
        """The whole name."""
        return f"{self.what}{self.where} of {self.subject}" if self.what else f"{self.subject}{self.where}"

    def part(self, suffix: str, kind: HolderKind | None) -> Place:
        """Return the place of an item or an attribute."""
        if self.what:
            return replace(self, what=f"{self.what}{suffix}", kind=self.kind or kind, last=kind)
        return replace(self, subject=f"{self.subject}{suffix}", kind=self.kind or kind, last=kind)

    def aspect(self, what: str, kind: HolderKind, *, where: str = "", line: tuple[str, int] | None = None) -> Place:
        """Return the place of something that has no spelling of its own: a default argument, a closure variable."""
        subject, what = (self.text, what) if self.text else (what, "")
        return Place(subject, what, kind, where, last=kind, line=line or self.line)


Step = tuple[Place, int]
"""A place, and how many objects of the way lie before it."""

Steps = Iterator[Step]
"""The places by which a holder has the next object: the best name first. One may have it several times."""


def after(way: Way, at: int) -> object:
    """Return an object of a way; None behind its end."""
    return way[at] if at < len(way) else None


def indexes_of(items: object, child: object) -> list[int]:
    """Return where an object stands in a tuple; 0 where it does not."""
    found = items if type(items) is tuple else ()
    return [index for index, item in enumerate(found) if item is child] or [0]


def keys_of(holder: dict[Any, Any], child: object) -> Iterator[str]:
    """Yield how the keys of a value are written."""
    return (written(key) for key, value in list(dict.items(holder)) if value is child)


def names_of(holder: Mapping[Any, Any], child: object) -> Iterator[str]:
    """Yield the keys of a value that are names, be it of a class that inherits from `str`."""
    base: Any = dict if type(holder) is dict else type(holder)
    keys = [key for key, value in list(base.items(holder)) if value is child]
    return (key if type(key) is str else str.__str__(key) for key in keys if raw.inherits(type(key), str))


def attribute(name: str) -> str:
    """Return how an attribute is written behind what has it; what is no name stands in ``__dict__``."""
    return f".{name}" if name.isidentifier() and not iskeyword(name) else f".__dict__[{written(name)}]"


def as_set(text: str) -> str:
    """Return a path as ``setattr`` sets it: what is no name is an attribute like others."""
    return _IN_DICT.sub(r".\1", text)


def written(key: object) -> str:
    """Return a key of a dict as source would spell it, without running a line of its class."""
    if raw.is_any(type(key), PLAIN_KEYS):
        text = raw.text_of(key)
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    if type(key) is tuple:
        return f"({', '.join(map(written, key))}{',' if len(key) == 1 else ''})"
    if raw.is_class(key):
        module = raw.class_module(cast(type, key))
        return f"{module}.{raw.class_qualname(cast(type, key))}" if module else raw.class_name(cast(type, key))
    if type(key) is types.FunctionType:
        return f"{raw.module_name(key.__globals__)}.{raw.function_qualname(key)}"
    member = raw.stored(key, "_name_") if raw.inherits(type(type(key)), enum.EnumMeta) else None
    return f"{written(type(key))}.{member}" if type(member) is str else f"<{raw.class_name(type(key))}>"
