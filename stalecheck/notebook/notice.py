"""What a reload has left old among a session's variables, in a few lines, and which cells to run again."""

from __future__ import annotations

import textwrap
import types
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from stalecheck.notebook.cells import Made, Seen, in_order, made, reloads, used
from stalecheck.notebook.reexports import Reexports
from stalecheck.notebook.variables import OldVariable, Relation, find_old_variables, is_replaced
from stalecheck.probing import raw, words
from stalecheck.probing.bound import forget
from stalecheck.probing.report import Holder, Report
from stalecheck.vocabulary import GONE, HolderKind, OriginKind

_MOST = 8
"""So many variables are named."""

_FEW = 3
_WIDTH = 79
_HARMLESS = (HolderKind.HISTORY, HolderKind.TYPING_CACHE, HolderKind.WEAK_REGISTRY)
"""Kinds of holders that nobody has to do anything about."""


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of a session at the end of a cell."""

    module: str
    """The name of the module whose names the variables are: ``__main__``."""

    namespace: Mapping[str, object]
    """All names, those that IPython itself has put there too."""

    variables: Mapping[str, object]
    """The user's own ones."""

    inputs: Sequence[str]
    """The sources of the cells, each at its number."""

    seen: Seen


def notice(session: Session, report: Report) -> str:
    """Return what is old of modules that have been reloaded; empty if nothing is.

    Args:
        session: The session.
        report: What the probe has found of those modules.
    """
    cells = {name: made(name, session.inputs, session.seen) for name in session.variables}
    old = find_old_variables(session.variables, report, session=session.module)
    old += _replaced(session, report.modules, cells, {one.name for one in old})
    old.sort(key=lambda one: (_number(cells[one.name]), one.name))
    todo = _Todo(session, cells, report, [one.name for one in old if one.is_gone])
    try:
        lines = [_line(one, todo) for one in old[:_MOST]]
        if len(old) > _MOST:
            lines.append(f"+{len(old) - _MOST} more variable{'s' * (len(old) > _MOST + 1)}")
        lines += todo.all_at_once(old)
    finally:
        forget()
    lines += _elsewhere(report, session.module)
    if not report.is_whole:
        lines.append(f"not everything was looked at, it takes too long: {_asking(report)} takes its time")
    if not lines:
        return ""
    which = sorted({one.module for one in (*report, *old)}) or list(report.modules)
    heading = f"stalecheck: from before the reload of {', '.join(map(words.safe, which))}"
    return "\n".join(part for line in (heading, *(f"  {line}" for line in lines)) for part in _wrapped(line))


def _replaced(
    session: Session, modules: Collection[str], cells: Mapping[str, Made | None], known: Collection[str]
) -> list[OldVariable]:
    """Return the variables that a cell has taken from one of the modules, which has something else there today.

    That tells numbers and strings too, which have no identity to know them by.
    """
    found = []
    for name, value in session.variables.items():
        by = cells[name]
        if name in known or by is None or by.source is None:
            continue
        of = by.source.module
        found_module = raw.imported(of) if by.source.is_import else _resolved(session.namespace, of)
        if not raw.is_module(found_module):
            continue
        module = cast(types.ModuleType, found_module)
        own = raw.module_name(raw.module_dict(module)) or ""
        if own in modules and is_replaced(value, module, by.source.name):
            has = raw.module_dict(module)
            is_gone = by.source.name not in has and "__getattr__" not in has
            origin = f"{own}.{by.source.name}"
            found.append(OldVariable(name, own, origin, OriginKind.VALUE, Relation.OLD, is_gone=is_gone))
    return found


class _Todo:
    """Tells what makes variables anew: modules to reload, and cells to run again."""

    def __init__(
        self, session: Session, cells: Mapping[str, Made | None], report: Report, gone: Collection[str]
    ) -> None:
        """Take the session, what has made its variables, what is old, and the variables that nothing makes anew."""
        self.session = session
        self.cells = cells
        self._gone = gone
        self._reexports = Reexports(report, session.namespace, session.module)

    def of(self, old: OldVariable) -> str:
        """Return what to do about one variable."""
        if old.is_gone:
            return GONE
        again = self._again(old)
        if self._would_go_on([old], again):
            return self._apart([old.module], again)
        reloads = self._to_reload([old], again)
        text = f"run {_listed(again)} again{self._without(again)}" if again else "make it again"
        return f"reload {_named(reloads)}, then {text}" if reloads else text

    def all_at_once(self, olds: Sequence[OldVariable]) -> list[str]:
        """Return what to do about all variables; nothing if what each line says is enough."""
        again = self._in_order({cell for old in olds for cell in self._again(old)})
        if len(olds) < 2 or len(again) < 2:
            return []
        modules = {old.module for old in olds}
        if self._would_go_on(olds, again):
            return [words.safe(f"all at once: {self._apart(sorted(modules), again)}")]
        first = [cell for cell in again if reloads(cell, self.session.inputs, self.session.seen, modules)]
        rest = [cell for cell in again if cell not in first]
        parts = []
        if first and rest:
            what = {one for cell in first for one in reloads(cell, self.session.inputs, self.session.seen, modules)}
            verb = "reloads" if len(first) == 1 else "reload"
            parts.append(f"run {_listed(first)} again, which {verb} {_named(sorted(what))}")
        to_reload = self._to_reload(olds, again)
        if to_reload:
            parts.append(f"reload {_named(to_reload)}")
        last = rest if first and rest else again
        order = ", in this order" if len(last) > 1 else ""
        parts.append(f"run {_listed(last)} again{self._without(last)}{order}")
        return [words.safe(f"all at once: {', then '.join(parts)}")]

    def _would_go_on(self, olds: Sequence[OldVariable], again: Sequence[int]) -> bool:
        """Whether to run cells again would make variables old in turn, for they reload what those were taken from.

        So it is where a cell reloads below what it has taken, and where several cells reload for one variable each.
        """
        modules = {old.module for old in olds}
        reloading = {
            cell
            for cell in {*again, *(by.cell for by in self.cells.values() if by is not None)}
            if reloads(cell, self.session.inputs, self.session.seen, modules)
        }
        own = reloading.intersection(again)
        return bool(own) and (len(reloading) > 1 or len(self.session.inputs) - 1 in own)

    def _apart(self, modules: Sequence[str], again: Sequence[int]) -> str:
        return f"reload {_named(modules)} in a cell of its own, then run {_listed(again)} again without that"

    def _without(self, again: Collection[int]) -> str:
        """Return what cells cannot take any more: `` without `Old```."""
        by = {name: self.cells[name] for name in self._gone}
        names = sorted(f"`{name}`" for name, one in by.items() if one is not None and one.cell in again)
        return f" without {_named(names)}" if names else ""

    def _again(self, old: OldVariable) -> list[int]:
        """Return which cells make a variable anew, in their order."""
        by = self.cells[old.name]
        if old.is_gone or by is None or (by.is_of_history and old.relation is Relation.OLD and not old.path):
            return []
        found = {by.cell, *(by.filled if old.path else ())}
        heir = self.cells.get(old.heir[1].partition(".")[0])
        if old.relation is Relation.OF_HEIR and not _is_elsewhere(old, self.session.module) and heir is not None:
            found.add(heir.cell)
        return self._in_order(found)

    def _in_order(self, again: Collection[int]) -> list[int]:
        return in_order(again, self.cells, self.session.inputs)

    def _to_reload(self, olds: Sequence[OldVariable], again: Sequence[int]) -> list[str]:
        """Return which modules have to be reloaded first, without those that the cells reload themselves."""
        found = [name for cell in again for name in self._reexports.to_reload(used(self.session.inputs[cell]))]
        found += [old.heir[0] for old in olds if _is_elsewhere(old, self.session.module)]
        own = {one for cell in again for one in self.session.seen.reloaded.get(cell, ())}
        return [name for name in self._reexports.in_order(dict.fromkeys(found)) if name not in own]


def _line(old: OldVariable, todo: _Todo) -> str:
    """Return ```model` (In [3]) is an instance of the old net.Model: run In [3] again``."""
    by = todo.cells[old.name]
    where = f"In [{by.cell}]" if by else "from no cell"
    if by and by.filled and old.path:
        where += f", filled in {_listed(by.filled)}"
    return words.safe(f"`{old.name}` ({where}) {_what(old, todo.session.module)}: {todo.of(old)}")


def _what(old: OldVariable, session: str) -> str:
    if old.relation is Relation.HEIR:
        whose = "" if not old.path else f"holds {old.path}, which "
        return f"{whose}inherits from the old {old.origin}"
    if old.relation is Relation.OF_HEIR:
        cls = old.heir[1] if old.heir[0] == session else ".".join(old.heir)
        what = f"an instance of {cls}, which inherits from the old {old.origin}"
    elif old.kind is OriginKind.INSTANCE:
        what = f"an instance of the old {old.origin}"
        if old.count > 1:
            what = f"{old.count:,} instances of the old {old.origin}, the first"
    elif old.kind is OriginKind.VALUE:
        what = f"the old {old.origin}"
    else:
        what = f"the old {old.kind.value} {old.origin}"
    return f"holds {what} as {old.path}" if old.path else f"is {what}"


def _is_elsewhere(old: OldVariable, session: str) -> bool:
    """Whether another module's class inherits from the old one: that module has to be reloaded first."""
    return old.relation in (Relation.HEIR, Relation.OF_HEIR) and old.heir[0] != session


def _elsewhere(report: Report, session: str) -> list[str]:
    """Return how many holders are none of the session's variables, and where they are."""
    holders = [holder for finding in report for holder in finding.holders if _is_elsewhere_held(holder, session)]
    if not holders:
        return []
    number = len({holder.path for holder in holders})
    modules = sorted({holder.module for holder in holders if holder.module})
    where = f" in {', '.join(modules[:_FEW])}{', …' if len(modules) > _FEW else ''}" if modules else ""
    return [
        words.safe(
            f"{number} more place{'s' * (number > 1)}{where}: {_asking(report)} shows {'them' if number > 1 else 'it'}"
        )
    ]


def _asking(report: Report) -> str:
    """Return what to type for the whole report."""
    return f"%stalecheck {report.modules[0]}" if len(report.modules) == 1 else "%stalecheck"


def _is_elsewhere_held(holder: Holder, session: str) -> bool:
    return holder.kind not in _HARMLESS and holder.module != session and holder.way[:1] != (session,)


def _number(by: Made | None) -> int:
    return by.cell if by else 0


def _listed(cells: Sequence[int]) -> str:
    """Return ``In [1], In [2] and In [4]``, or ``In [1] to In [4]``."""
    if len(cells) > 2 and list(cells) == list(range(cells[0], cells[-1] + 1)):
        return f"In [{cells[0]}] to In [{cells[-1]}]"
    return _named([f"In [{cell}]" for cell in cells])


def _named(texts: Sequence[str]) -> str:
    return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else "".join(texts)


def _resolved(namespace: Mapping[str, object], dotted: str) -> object:
    """Return the module that a dotted name leads to in the session; None if it leads to none."""
    first, *rest = dotted.split(".")
    found: object = namespace.get(first)
    for part in rest:
        if not raw.is_module(found):
            return None
        found = raw.lookup(raw.module_dict(cast(types.ModuleType, found)), part)
    return found


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, _WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
