"""What the search for reloads hands over: places that reload, and functions that reload their argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stalecheck.model import SourceFile, Span
from stalecheck.reloads.filters import Filters
from stalecheck.vocabulary import ReloadMode


@dataclass(frozen=True, slots=True)
class ReloadSite:
    """One call or ``del`` statement that makes the body of one or more modules run again."""

    span: Span
    mode: ReloadMode
    spelling: str
    """How it is written: ``importlib.reload``, ``del sys.modules``, … or the dotted name of a wrapper."""

    targets: tuple[str, ...]
    """Absolute dotted names, in order; one with ``*`` is a glob over modules. Empty when nothing is known."""

    why: str = ""
    """What could not be resolved, and why; next to `targets` when only a part is known."""

    block: str = ""
    """The qualified name of the enclosing function; empty at module level."""

    is_restored: bool = False
    """Whether the evicted module is put back into ``sys.modules`` afterwards."""

    is_together: bool = False
    """Whether all targets are gone before the first of them is imported again."""

    is_unordered: bool = False
    """Whether the order of `targets` is undefined, as in a loop over a set."""

    is_main: bool = False
    """Whether it stands below ``if __name__ == "__main__":``."""

    branch: tuple[tuple[int, int], ...] = ()
    """The branches that it stands in: of which statement, and which of its blocks."""

    optional: frozenset[tuple[int, int]] = frozenset()
    """Those of them that a call leaves out when its arguments say so."""

    is_guarded: bool = False
    """Whether it stands below any ``if``, or below a ``try`` that the first run breaks off: at module level mostly what
    runs only when the module runs again."""

    is_again: bool = False
    """Whether, at module level, only later runs of the body get there."""

    is_half: bool = False
    """Whether the function goes on with ``from p import m``, which finds the evicted module in its package."""

    is_flat: bool = False
    """Whether a ``*`` among the targets stands for names without dots, as `pkgutil.iter_modules` gives them."""

    is_once: bool = False
    """Whether it notes what it has reloaded, and reloads nothing that it has noted."""

    attributes: frozenset[str] = frozenset()
    """The targets that are what their packages call so (``p.m``, ``from p import m``), a module or not."""

    kept: frozenset[str] = frozenset()
    """The targets that are put back afterwards where others are not."""

    leaves_attribute: bool = False
    """Whether the old module stays what its package calls so: only an import statement would replace it."""

    halves: frozenset[str] = frozenset()
    """Which modules among those that a glob stands for are then taken from their packages, as they were."""

    order: Literal["import", "name", "reversed", "any"] = "import"
    """In which order a loop runs through what a ``*`` stands for."""

    wrong: tuple[str, ...] = ()
    """What its argument certainly is, where that is no module."""

    is_load: bool = False
    """Whether it loads what a loop finds, mostly for the first time: that is no reload to tell of."""

    filters: tuple[tuple[str, Filters], ...] = ()
    """The conditions that modules have to pass which a ``*`` among the targets stands for; several of one target are
    alternatives."""

    is_void: bool = False
    """Whether nothing imports what it evicts: the module never runs again."""

    is_taken: bool = False
    """Whether the next import takes what it evicts from its package, so that what runs it again stands elsewhere."""


@dataclass(frozen=True, slots=True)
class ReloadPlace:
    """A place that reloads, with the files of the project that it means."""

    file: SourceFile
    """The file that it stands in."""

    site: ReloadSite
    files: tuple[SourceFile, ...]
    """What runs again, in order."""

    outside: tuple[str, ...] = ()
    """Dotted names of modules that the project does not contain."""

    wrong: tuple[str, ...] = ()
    """What its argument is, where that is no module."""

    possible: tuple[SourceFile, ...] = ()
    """What may run again: conditions decide that nobody can work out."""

    unclear: str = ""
    """Why that is not known."""

    names: tuple[str, ...] = ()
    """Dotted names of the argument that lead into a module of the project, and not to one."""

    halves: tuple[SourceFile, ...] = ()
    """What a sweep evicts, and the next statement takes from its package as it was: nothing imports it anew."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A further parameter of a wrapper, the text of which is a part of the name that it reloads."""

    parameter: str
    position: int
    """Among the positional parameters, without ``self`` or ``cls``; -1 when it goes by name only."""

    default: tuple[str, ...] = ()
    """The texts that its default stands for."""


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A function one of whose parameters reaches a reload: its calls are reloads."""

    name: str
    """The qualified name in its module: ``reload_module``, ``Loader.refresh``."""

    parameter: str
    position: int
    """Among the positional parameters, without ``self`` or ``cls``; -1 when it goes by name only."""

    takes: Literal["module", "name"]
    mode: ReloadMode
    patterns: tuple[str, ...] = ("{}",)
    """What is reloaded, with ``{}`` for the argument's module name: ``cogs.{}``, ``{}.*``, ``{package}.{}``.

    Empty for a function that is only called ``reload`` and reloads nothing.
    """

    filters: tuple[Filters, ...] = ()
    """For each of the `patterns` the conditions that modules have to pass which a ``*`` in them stands for."""

    default: tuple[str, ...] = ()
    """The names that the parameter's default stands for."""

    slots: tuple[Slot, ...] = ()
    """The other parameters that stand in `patterns`: ``package``."""

    is_each: bool = False
    """Whether the argument is a sequence, each element of which is reloaded."""

    is_variadic: bool = False
    """Whether every positional argument from `position` on is reloaded (``*modules``)."""

    is_any: bool = False
    """Whether the argument may be a tuple, each element of which is reloaded."""

    unknown_default: str = ""
    """Why it is not known what the parameter's default stands for."""

    is_restored: bool = False
    is_together: bool = False
    is_once: bool = False
    """Whether it notes what it has reloaded, and reloads nothing that it has noted."""

    order: Literal["import", "name", "reversed", "any"] = "import"
    """In which order it runs through what a ``*`` stands for."""

    leaves_attribute: bool = False
    """Whether the old module stays what its package calls so."""

    is_load: bool = False
    """Whether it loads what a loop finds, mostly for the first time: that is no reload to tell of."""

    spelling: str = ""
    """What to call its calls; empty for the wrapper's own dotted name."""

    others: tuple[Wrapper, ...] = ()
    """The same function's further parameters and modes."""


@dataclass(frozen=True, slots=True)
class FileReloads:
    """What one file reloads, sorted by place, and the wrappers that it defines."""

    sites: tuple[ReloadSite, ...]
    wrappers: tuple[Wrapper, ...]
