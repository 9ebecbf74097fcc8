"""The places of one file that reload something, given the wrappers that are known so far."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from stalecheck.model import Location, Span
from stalecheck.reloads.anew import halves_of, is_half
from stalecheck.reloads.calls import absolute_names
from stalecheck.reloads.conditions import are_clear
from stalecheck.reloads.contents import gets_back
from stalecheck.reloads.filters import Filters, are_selective, moved
from stalecheck.reloads.invocations import Invocation, invocations, spread, spread_names
from stalecheck.reloads.items import (
    MODULES,
    Entry,
    Fresh,
    Hole,
    Instance,
    Item,
    Items,
    Order,
    Partial,
    Spec,
    Table,
    Text,
    Thing,
    Unknown,
    is_short,
    unknown,
)
from stalecheck.reloads.keepers import Keepers, parameters_of
from stalecheck.reloads.once import is_noted
from stalecheck.reloads.optional import optional_blocks
from stalecheck.reloads.reloaders import EVICTIONS, SPELLINGS, reloader
from stalecheck.reloads.reruns import is_again
from stalecheck.reloads.restored import Restoration, functions_around, is_test_helper, patches_modules
from stalecheck.reloads.scopes import Outline, Place, terminal
from stalecheck.reloads.sites import ReloadSite, Wrapper
from stalecheck.reloads.values import Evaluator, Known
from stalecheck.reloads.wrappers import Name, filled, fitted, handed, instead, misfit, values_of, why_hole, wrappers
from stalecheck.vocabulary import ReloadMode

_ARGUMENTS = (Thing, Text, Hole, Entry, Unknown)
"""What may name a module, or a parameter that does."""

Wants: TypeAlias = Literal["module", "name"]


@dataclass(frozen=True, slots=True)
class Find:
    """A place that reloads, and the parameters through which what it reloads comes in."""

    site: ReloadSite
    wrappers: tuple[tuple[str, Wrapper], ...] = ()
    """The functions whose parameters it reloads, by qualified name."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one search of a file brings."""

    finds: tuple[Find, ...]
    called: frozenset[str]
    """Absolute dotted names of the wrappers that are called."""


def search(
    outline: Outline,
    known: Known,
    names: frozenset[str],
    column: Callable[[int, int], int],
    keepers: Keepers,
    constants: Callable[[str], Items],
) -> Findings:
    """Find what `outline` reloads; `names` are the last names of the `known` wrappers.

    `keepers` tell what the fixtures, context managers and base classes of the project put back, `constants`
    what a constant of another file stands for. `column` turns a row and an offset in bytes into a column in code
    points.
    """
    return _Search(outline, known, names | SPELLINGS, column, keepers, constants).run()


@dataclass(frozen=True, slots=True)
class _Event:
    """A call or a ``del`` that reloads, before it is known what."""

    node: ast.Call | ast.Delete
    place: Place
    mode: ReloadMode
    spelling: str
    items: Items
    wants: Wants
    patterns: tuple[str, ...] = ("{}",)
    is_restored: bool = False
    is_together: bool = False
    is_unordered: bool = False
    is_once: bool = False
    is_load: bool = False
    leaves_attribute: bool = False
    order: Order | None = None
    """In which order a wrapper's loop goes; None where the items say it."""


class _Search:
    def __init__(
        self,
        outline: Outline,
        known: Known,
        names: frozenset[str],
        column: Callable[[int, int], int],
        keepers: Keepers,
        constants: Callable[[str], Items],
    ) -> None:
        self.outline = outline
        self.known = known
        self.names = names
        self.column = column
        self.keepers = keepers
        self.evaluator = Evaluator(outline, known, constants)
        self.restoration: Restoration | None = None
        self.called: set[str] = set()
        self.importing: dict[int, bool] = {}

    def run(self) -> Findings:
        events: list[_Event] = []
        for call, place in self._candidates():
            for invocation in invocations(call, place, self._may_reload):
                events.extend(self._recognised(invocation))
        for statement, place in self.outline.deletions:
            events.extend(self._deletion(statement, place))
        found = [(event, self._find(event)) for event in events]
        evictions = [(event, find.site) for event, find in found if find.site.is_restored or find.site.kept]
        finds = sorted((self._without_copies(event, find, evictions) for event, find in found), key=_order)
        return Findings(tuple(finds), frozenset(self.called))

    def _candidates(self) -> Iterator[tuple[ast.Call, Place]]:
        """The calls whose callee, or an argument, has the last name of something that reloads."""
        found: dict[int, tuple[ast.Call, Place]] = {}
        for name, calls in self.outline.calls.items():
            # A callee without a name may be `getattr(importlib, "reload")`.
            if not name or self._is_interesting(name):
                found.update((id(call), (call, place)) for call, place in calls)
        yield from found.values()

    def _is_interesting(self, name: str) -> bool:
        return name in self.names or not self.names.isdisjoint(self.outline.aliases.get(name, ()))

    def _may_reload(self, function: ast.expr) -> bool:
        if isinstance(function, ast.Call):
            maker = terminal(function.func)
            return maker in ("getattr", "partial") or (bool(maker) and self._is_interesting(maker))
        name = terminal(function)
        if not name:
            return False
        if name in ("pop", "clear", "__delitem__") and isinstance(function, ast.Attribute):
            return self._may_be_modules(function.value)
        return self._is_interesting(name)

    def _may_be_modules(self, node: ast.expr) -> bool:
        """Whether an expression, or the function whose result it is, is called as ``sys.modules`` may be."""
        match node:
            case ast.Subscript(slice=ast.Constant(value="modules")):
                return True
        name = terminal(node.func if isinstance(node, ast.Call) else node)
        return name == "modules" or "modules" in self.outline.aliases.get(name, ())

    def _recognised(self, call: Invocation) -> Iterator[_Event]:
        made = self.evaluator.items(call.function, call.elsewhere.get(id(call.function), call.place))
        partials = [item for item in made if isinstance(item, Partial)]
        if partials:
            for item in partials:
                yield from self._completed(item, call)
            return
        methods = [f"{item.name}.__call__" for item in made if isinstance(item, Instance)]
        names = (*self.evaluator.names(call.function, call.place), *methods)
        is_told = False
        for name in dict.fromkeys(names):
            events = list(self._by_name(name, call))
            if name.startswith("sys.modules.") and (doubts := _doubts(made)):
                events = [replace(event, items=doubts) for event in events]
            wrapper = self.known(name) or self.known(f"{name}.__init__")
            if wrapper is not None and not wrapper.patterns:
                return
            if wrapper is not None and self._is_within(name, call.place):
                # What it hands on of its own argument is reloaded by its callers; the rest is nobody else's.
                again = self._wrapped(name, wrapper, call) if not (events or is_told) else ()
                events += [event for event in again if any(isinstance(item, Unknown) for item in event.items)]
                is_told = True
            elif wrapper is not None:
                self.called.update((name, f"{name}.__init__"))
                if not events and not is_told:
                    events = list(self._wrapped(name, wrapper, call))
                    is_told = True
            if events:
                yield from events
                return
        is_own = any(self._is_own(name) for name in names)
        if isinstance(call.function, ast.Attribute) and not is_own and not is_told:
            yield from self._by_method(call.function, call)

    def _completed(self, item: Partial, call: Invocation) -> Iterator[_Event]:
        """The call of a ``functools.partial``, unless the partial itself names what is reloaded."""
        node, place = item.node, item.place
        if not self._may_reload(node.args[0]) or len(call.elsewhere) > _MOST_PARTIALS:
            return
        given, named = spread(node.args[1:]), spread_names(node.keywords)
        alone = Invocation(node, node.args[0], given, named, place)
        if (given or named) and any(True for _ in self._recognised(alone)):
            return
        elsewhere = {id(part): place for part in (node.args[0], *given, *(keyword.value for keyword in named))}
        whole = replace(
            call,
            function=node.args[0],
            arguments=[*given, *call.arguments],
            keywords=[*named, *call.keywords],
            elsewhere={**call.elsewhere, **elsewhere},
        )
        yield from self._recognised(whole)

    def _is_own(self, name: str) -> bool:
        module = self.outline.file.module
        return name.startswith(f"{module}.") and name[len(module) + 1 :] in self.outline.scopes

    def _is_within(self, name: str, place: Place) -> bool:
        """Whether a call stands in the function that it calls."""
        module = self.outline.file.module
        block = f"{module}.{place.block}"
        return block == name or block == f"{name}.__init__" or block.startswith(f"{name}.<locals>.")

    # Functions, by their absolute name

    def _by_name(self, name: str, call: Invocation) -> Iterator[_Event]:
        last = name.rpartition(".")[2]
        if spelling := reloader(name):
            yield from self._plain(call, ReloadMode.RELOAD, spelling, call.argument(0, "module"), "module")
        elif name in ("sys.modules.pop", "sys.modules.__delitem__"):
            yield from self._plain(call, ReloadMode.REIMPORT, name, call.argument(0), "name")
        elif name == "operator.delitem":
            yield from self._deleted(call)
        elif name == "sys.modules.clear":
            why: Items = (Unknown("`sys.modules.clear()` evicts every module"),)
            yield _Event(call.node, call.place, ReloadMode.REIMPORT, name, why, "name")
        elif name in ("imp.load_source", "imp.load_module"):
            argument = call.argument(0, "name")
            items = values_of(self.evaluator, argument, call)[0] if argument is not None else ()
            yield from self._loaded_by_name(name, items, call)
        elif name == "importlib._bootstrap._exec":
            yield from self._plain(call, ReloadMode.RELOAD, name, call.argument(1, "module"), "module")
        elif name == "sublime_plugin.reload_plugin":
            yield from self._plain(call, ReloadMode.RELOAD, name, call.argument(0, "modulename"), "name")
        elif last in ("import_fresh_module", "CleanImport", "unload", "forget") and is_test_helper(name, call.function):
            yield self._helped(last, call)

    def _plain(
        self, call: Invocation, mode: ReloadMode, spelling: str, argument: ast.expr | None, wants: Wants
    ) -> Iterator[_Event]:
        if argument is None and call.arguments:
            argument = call.arguments[0]
        if argument is None and call.is_spread:
            yield _Event(call.node, call.place, mode, spelling, (unknown(call.node),), wants)
        if argument is not None:
            items, is_unordered = values_of(self.evaluator, argument, call)
            plain = tuple(i if isinstance(i, _ARGUMENTS) else unknown(argument) for i in items)
            yield _Event(call.node, call.place, mode, spelling, plain, wants, is_unordered=is_unordered)

    def _deleted(self, call: Invocation) -> Iterator[_Event]:
        """``operator.delitem(sys.modules, name)``."""
        if len(call.arguments) == 2 and MODULES in values_of(self.evaluator, call.arguments[0], call)[0]:
            yield from self._plain(call, ReloadMode.REIMPORT, "del sys.modules", call.arguments[1], "name")

    def _helped(self, last: str, call: Invocation) -> _Event:
        """CPython's own helpers for tests."""
        arguments = list(call.arguments) if last == "CleanImport" else list(call.arguments[:1])
        items = [item for argument in arguments for item in values_of(self.evaluator, argument, call)[0]]
        fresh = call.argument(1, "fresh") if last == "import_fresh_module" else None
        if fresh is not None:
            listed = self.evaluator.items(fresh, call.place)
            is_none = any(getattr(item, "elements", None) == () for item in listed)
            items += () if is_none else self.evaluator.elements(listed)
        is_restored = last in ("import_fresh_module", "CleanImport")
        mode = ReloadMode.REIMPORT
        return _Event(
            call.node, call.place, mode, last, tuple(items), "name", is_restored=is_restored, is_together=True
        )

    # Methods, whatever their object is

    def _by_method(self, function: ast.Attribute, call: Invocation) -> Iterator[_Event]:
        name = function.attr
        if name in ("reload_extension", "unload_extension"):
            argument = call.argument(0, "name")
            if argument is not None and (name == "reload_extension" or self._is_loaded_too(argument, call)):
                items, _ = values_of(self.evaluator, argument, call)
                package = call.argument(-1, "package")
                yield _Event(
                    call.node,
                    call.place,
                    ReloadMode.REIMPORT,
                    name,
                    absolute_names(self.evaluator, items, package, call.node, call.place),
                    "name",
                    ("{}", "{}.*"),
                    is_together=True,
                )
        elif name in ("delitem", "setitem") and len(call.arguments) > 1:
            is_patch = f"operator.{name}" not in self.evaluator.names(function, call.place)
            if is_patch and MODULES in self.evaluator.items(call.arguments[0], call.place):
                items, _ = values_of(self.evaluator, call.arguments[1], call)
                value = call.argument(2, "value") if name == "setitem" else None
                if value is None or not _is_itself(items, self.evaluator.items(value, call.place)):
                    spelling = f"monkeypatch.{name}"
                    yield _Event(call.node, call.place, ReloadMode.REIMPORT, spelling, items, "name", is_restored=True)
        elif name == "dict":
            yield from self._patched(call)
        elif name == "exec_module":
            yield from self._executed(call)
        elif name == "load_module":
            yield from self._loaded(function, call)
        elif name in ("run_line_magic", "magic"):
            yield from self._magic(call)

    def _is_loaded_too(self, argument: ast.expr, call: Invocation) -> bool:
        for other, place in self.outline.calls.get("load_extension", ()):
            if place.block == call.place.block:
                named = [keyword.value for keyword in other.keywords if keyword.arg == "name"]
                if any(_is_same(given, argument) for given in (*other.args[:1], *named)):
                    return True
        return False

    def _patched(self, call: Invocation) -> Iterator[_Event]:
        if call.function is not call.node.func or not patches_modules(call.node, call.place, self.evaluator):
            return
        given = call.argument(1, "values")
        items: list[Text | Hole | Unknown] = []
        for item in self.evaluator.items(given, call.place) if given is not None else ():
            if isinstance(item, Table):
                keys = [key for pair, values in item.pairs if not _is_itself(pair, values) for key in pair]
                items += [key for key in keys if isinstance(key, (Text, Hole, Unknown))]
            elif given is not None:
                items.append(item if isinstance(item, (Hole, Unknown)) else unknown(given))
        ours = ("in_dict", "values", "clear")
        items += [Text(k.arg) for k in call.keywords if k.arg and k.arg not in ours]
        for keyword in call.keywords:
            if keyword.arg is None:
                for item in self.evaluator.items(keyword.value, call.place):
                    keys = [key for pair, _ in item.pairs for key in pair] if isinstance(item, Table) else []
                    items += [key for key in keys if isinstance(key, Text)]
        if items:
            found: Items = tuple(Unknown(why_hole(i)) if isinstance(i, Hole) else i for i in items)
            yield _Event(
                call.node,
                call.place,
                ReloadMode.REIMPORT,
                "patch.dict",
                found,
                "name",
                is_restored=True,
                is_together=True,
            )

    def _executed(self, call: Invocation) -> Iterator[_Event]:
        argument = call.argument(0, "module")
        if argument is None or call.place.block.rpartition(".")[2] == "exec_module":
            return
        items = self.evaluator.items(argument, call.place)
        is_spec = self._is_spec_of(call.function, items, call.place)
        if any(isinstance(item, Thing) for item in items) or is_spec:
            yield _Event(call.node, call.place, ReloadMode.RELOAD, "exec_module", items, "module")
            return
        if not any(isinstance(item, Fresh) for item in items):
            return
        for put in self.outline.puts:
            is_same = put.value is not None and _is_same(put.value, argument)
            if is_same and put.place.block == call.place.block and self._holds_modules(put.container, put.place):
                keys = self.evaluator.items(put.key, put.place) or (unknown(put.key),)
                yield _Event(
                    call.node,
                    call.place,
                    ReloadMode.REIMPORT,
                    "exec_module",
                    keys,
                    "name",
                    leaves_attribute=not _is_set(argument, call.place),
                )
                return

    def _holds_modules(self, container: ast.expr, place: Place) -> bool:
        return MODULES in self.evaluator.items(container, place)

    def _is_spec_of(self, function: ast.expr, items: Items, place: Place) -> bool:
        """Whether the method is that of the spec or loader of a module that comes in as a parameter."""
        if not isinstance(function, ast.Attribute):
            return False
        holes = {(item.function, item.parameter) for item in items if isinstance(item, Hole)}
        specs = self.evaluator.items(function.value, place)
        named = [item.name for item in specs if isinstance(item, Spec)]
        return any(isinstance(name, Hole) and (name.function, name.parameter) in holes for name in named)

    def _loaded(self, function: ast.Attribute, call: Invocation) -> Iterator[_Event]:
        owner: ast.expr = function.value
        names = set()
        while isinstance(owner, ast.Attribute):
            names.add(owner.attr)
            owner = owner.value
        specs = self.evaluator.items(function.value, call.place)
        items = tuple(item.name for item in specs if isinstance(item, Spec))
        if names.isdisjoint({"__loader__", "__spec__"}):
            yield from self._loaded_by_name("load_module", items, call)
        elif items:
            yield _Event(call.node, call.place, ReloadMode.RELOAD, "load_module", items, "name")

    def _loaded_by_name(self, spelling: str, items: Items, call: Invocation) -> Iterator[_Event]:
        """A module that is loaded from its file; under a name that is not known it is taken for a new one."""
        texts = tuple(item for item in items if isinstance(item, Text) and not item.is_glob)
        if texts:
            yield _Event(call.node, call.place, ReloadMode.RELOAD, spelling, texts, "name")
        elif items and all(isinstance(item, (Text, Hole)) and _is_many(item) for item in items):
            yield _Event(call.node, call.place, ReloadMode.RELOAD, spelling, items, "name", is_load=True)

    def _magic(self, call: Invocation) -> Iterator[_Event]:
        words: list[str] = []
        for argument in call.arguments:
            items = self.evaluator.items(argument, call.place)
            words += [word for item in items if isinstance(item, Text) for word in item.text.split()]
        if words and words[0].lstrip("%") == "autoreload" and words[1:2] not in (["0"], ["off"]):
            why: Items = (Unknown("autoreload reloads every edited module"),)
            yield _Event(call.node, call.place, ReloadMode.RELOAD, "%autoreload", why, "module")

    # Wrappers

    def _wrapped(self, name: str, wrapper: Wrapper, call: Invocation) -> Iterator[_Event]:
        """The reloads that the call of a wrapper makes; one for each mode."""
        fits: dict[tuple[ReloadMode, bool, bool], list[Name]] = {}
        misfits: dict[tuple[ReloadMode, bool, bool], list[Unknown]] = {}
        are_unordered = False
        family = (wrapper, *wrapper.others)
        for member in family:
            key = member.mode, member.is_restored, member.is_load
            items, is_unordered = handed(self.evaluator, member, call)
            are_unordered = are_unordered or is_unordered
            known = frozenset(fits.get(key, ()))
            for item in items:
                named = fitted(self.evaluator, item, member, call)
                modules = [part for name in named for part in filled(self.evaluator, name, member, call)]
                if modules:
                    fits.setdefault(key, []).extend(module for module in modules if module not in known)
                else:
                    misfits.setdefault(key, []).append(misfit(item, member))
        for key in dict.fromkeys((*fits, *misfits)):
            mode, is_restored, is_load = key
            yield _Event(
                call.node,
                call.place,
                mode,
                (wrapper.spelling or name).removesuffix(".__init__"),
                tuple(fits.get(key) or dict.fromkeys(misfits[key])),
                "name",
                is_restored=is_restored,
                is_together=all(one.is_together for one in family if one.mode is mode),
                is_unordered=are_unordered,
                is_once=all(one.is_once for one in family if one.mode is mode),
                is_load=is_load,
                leaves_attribute=any(one.leaves_attribute for one in family if one.mode is mode),
                order=_same(one.order for one in family if one.mode is mode),
            )

    # Statements

    def _deletion(self, statement: ast.Delete, place: Place) -> Iterator[_Event]:
        items: Items = ()
        is_unordered = False
        for target in statement.targets:
            if not isinstance(target, ast.Subscript):
                continue
            if not self._may_be_modules(target.value):
                continue
            tables = self.evaluator.items(target.value, place)
            if MODULES in tables:
                named = _doubts(tables) or self.evaluator.items(target.slice, place)
                items = (*items, *(named or (unknown(target.slice),)))
                is_unordered = is_unordered or self.evaluator.saw_unordered
        if items:
            yield _Event(
                statement,
                place,
                ReloadMode.REIMPORT,
                "del sys.modules",
                items,
                "name",
                is_unordered=is_unordered,
            )

    # From an event to what is reported

    def _order(self, event: _Event) -> Order:
        """In which order a loop runs through modules, as far as the conditions in it tell which."""
        found = _same(map(_loop_order, filter(_is_many, event.items)))
        return found if found == "import" or are_clear(self.evaluator, event.place) else "import"

    def _find(self, event: _Event) -> Find:
        targets: list[str] = []
        conditions: list[tuple[str, Filters]] = []
        attributes: dict[str, bool] = {}
        holes: list[Hole] = []
        whys: list[str] = []
        wrong: list[str] = []
        is_swept = False
        for item in self.evaluator.opened(event.items) if event.wants == "name" else event.items:
            is_swept = is_swept or isinstance(item, Entry)
            for part in _parts(item, event):
                if isinstance(part, Text):
                    for pattern in event.patterns:
                        target = pattern.replace("{}", part.text)
                        targets.append(target)
                        before, _, after = pattern.partition("{}")
                        conditions.append((target, moved(part.filters, before, after)))
                        attributes[target] = part.is_attribute and attributes.get(target, True)
                elif isinstance(part, Hole):
                    holes.append(part)
                else:
                    whys.append(part.why)
                    wrong += [part.why] * part.is_wrong
        is_many = is_swept or len(attributes) > 1 or any("*" in target for target in targets)
        is_evicted = event.mode is ReloadMode.REIMPORT
        is_together = is_many and (
            event.is_together or (is_swept if not is_evicted else not self._imports(event.place.loop))
        )
        is_new = bool(event.items) and all(isinstance(item, Entry) and item.is_new for item in event.items)
        is_kept = event.is_restored or (is_evicted and is_new)
        kept = frozenset() if is_kept else (self._put_back if is_evicted else self._given_back)(event, attributes)
        is_restored = is_kept or (bool(kept) and kept.issuperset(targets or {""}))
        site = ReloadSite(
            self._span(event.node),
            event.mode,
            event.spelling,
            tuple(targets),
            "; ".join(dict.fromkeys(whys)),
            event.place.block,
            is_restored,
            is_together,
            event.is_unordered and len(attributes) > 1,
            event.place.is_main,
            event.place.branch,
            optional_blocks(event.place),
            any(not guard.is_success for guard in event.place.guards) or event.place.is_rerun,
            is_again(event.place),
            event.spelling in EVICTIONS
            and not whys
            and not holes
            and is_half(self.outline, event.node, event.place, tuple(targets)),
            bool(event.items) and all(isinstance(item, (Text, Thing)) and item.is_flat for item in event.items),
            event.is_once or is_noted(self.outline, event.place),
            frozenset(target for target, is_attribute in attributes.items() if is_attribute),
            frozenset() if is_restored else kept,
            event.leaves_attribute,
            halves_of(self.outline, event.node, event.place, targets) if event.spelling in EVICTIONS else frozenset(),
            event.order or self._order(event),
            tuple(wrong),
            event.is_load,
            tuple(conditions) if any(filters for _, filters in conditions) else (),
        )
        made = tuple(wrappers(self.evaluator, tuple(dict.fromkeys(holes)), event.patterns, site))
        taken = {one for function, wrapper in made for one in instead(self.outline.scopes[function], wrapper)}
        if taken:
            site = replace(
                site,
                targets=tuple(target for target in site.targets if target not in taken),
                filters=tuple(pair for pair in site.filters if pair[0] not in taken),
            )
        return Find(site, made)

    def _without_copies(self, event: _Event, find: Find, evictions: list[tuple[_Event, ReloadSite]]) -> Find:
        """Note of the reload of a copy that only stays until the evicted module is put back that it leaves nothing."""
        targets = frozenset(find.site.targets)
        if find.site.mode is not ReloadMode.RELOAD or find.site.why or not targets:
            return find
        around = functions_around(event.place.scope)
        taken = {name for scope in around for name in parameters_of(scope)}
        evicted = {
            target
            for other, site in evictions
            if (other.place.scope.function in around and other.node.lineno < event.node.lineno)
            or site.block.rpartition(".")[2] in taken
            for target in (site.targets if site.is_restored else site.kept)
        }
        if evicted >= targets and self._put_back(event, targets) >= targets:
            return replace(find, site=replace(find.site, is_restored=True))
        return find

    def _put_back(self, event: _Event, targets: Collection[str]) -> frozenset[str]:
        """The modules that come back after an eviction; the empty name stands for whatever it may be."""
        restoration = self._restoration()
        place, row, is_clearing = event.place, event.node.lineno, event.spelling == "sys.modules.clear"
        evicted = targets or ("",)
        kept = {one for one in evicted if restoration.covers(place, row, one, is_clearing=is_clearing)}
        return (
            self.keepers.kept(self.outline, place, evicted).union(kept) if len(kept) < len(evicted) else frozenset(kept)
        )

    def _given_back(self, event: _Event, targets: Collection[str]) -> frozenset[str]:
        """The modules that are reloaded in place and get back what they had."""
        if "update" not in self.outline.calls:
            return frozenset()
        parts = self.outline, self.evaluator, self._restoration(), event.place, event.node.lineno
        return frozenset(target for target in targets if gets_back(*parts, target))

    def _restoration(self) -> Restoration:
        if self.restoration is None:
            self.restoration = Restoration(self.outline, self.evaluator, self.keepers.manages)
        return self.restoration

    def _imports(self, loop: ast.AST | None) -> bool:
        """Whether a loop imports again what it evicts before it evicts the next."""
        if loop is None:
            return False
        if id(loop) not in self.importing:
            self.importing[id(loop)] = any(
                isinstance(node, (ast.Import, ast.ImportFrom))
                or (isinstance(node, ast.Call) and terminal(node.func) in ("import_module", "__import__"))
                for node in ast.walk(loop)
            )
        return self.importing[id(loop)]

    def _span(self, node: ast.Call | ast.Delete) -> Span:
        end_row, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Span(
            Location(node.lineno, self.column(node.lineno, node.col_offset)),
            Location(end_row, self.column(end_row, end)),
        )


def _doubts(tables: Items) -> Items:
    """What else a table may be than ``sys.modules``."""
    return tuple(item for item in tables if isinstance(item, Unknown))


def _same(orders: Iterable[Order]) -> Order:
    """The order that all have."""
    found = set(orders) or {"import"}
    return found.pop() if len(found) == 1 else "any"


def _is_many(item: Item) -> bool:
    """Whether it stands for modules that a loop runs through."""
    if isinstance(item, (Text, Thing, Hole)):
        return "*" in (item.text if isinstance(item, Text) else item.name if isinstance(item, Thing) else item.pattern)
    return isinstance(item, Entry)


def _loop_order(item: Item) -> Order:
    """In which order; files on disk are listed by name."""
    return item.order if isinstance(item, Entry) else "name"


def _parts(item: object, event: _Event) -> Iterator[Text | Hole | Unknown]:
    """The names of modules in what an argument stands for, the parameters, and what is not known."""
    wants = event.wants
    if isinstance(item, Entry):
        if item.part == wants and item.globs is None and are_selective(item.filters):
            yield Text("*", filters=item.filters)
            return
        if item.part != wants or item.globs is None:
            yield Unknown("which modules the loop over `sys.modules` picks is not known")
            return
        yield from (replace(glob, filters=item.filters) for glob in item.globs)
    elif isinstance(item, (Text, Thing)) and not (item.text if isinstance(item, Text) else item.name).strip("*."):
        yield Unknown("which modules the loop picks is not known")
    elif isinstance(item, Thing) and item.is_of_object:
        yield Unknown(f"`{item.name}` is not known")
    elif isinstance(item, Text):
        is_name = wants == "name"
        yield item if is_name else Unknown(f"`{item.text!r}` is a string, not a module", is_wrong=True)
    elif isinstance(item, Thing):
        is_module = wants == "module"
        named = Text(item.name, is_attribute=not item.is_entry, filters=item.filters)
        yield named if is_module else Unknown(f"`{item.name}` is not a known text")
    elif isinstance(item, Hole) and (item.is_text is (wants == "name") or not (item.is_text or item.takes)):
        if item.is_variadic and not item.is_each:
            yield Unknown(f"`{item.parameter}` is a tuple")
        elif wants == "module" and not item.takes and item.pattern != "{}":
            yield Unknown(why_hole(item))
        else:
            yield replace(item, takes=item.takes or wants)
    elif isinstance(item, Unknown):
        yield item
    else:
        yield Unknown("the argument is not known")


def _is_itself(names: Items, values: Items) -> bool:
    """Whether what is put into ``sys.modules`` is the module that stands there already."""
    texts = {name.text for name in names if isinstance(name, Text)}
    things = {value.name for value in values if isinstance(value, Thing)}
    return len(names) == len(values) == len(texts) and texts == things


def _is_same(one: ast.expr, other: ast.expr) -> bool:
    """Whether two expressions are written alike."""
    return is_short(one) and is_short(other) and ast.dump(one) == ast.dump(other)


def _is_set(module: ast.expr, place: Place) -> bool:
    """Whether the same function, or top level, sets an attribute to a module, as an import sets its package's."""
    for node in ast.walk(place.scope.node):
        match node:
            case ast.Call(func=ast.Name(id="setattr"), args=[_, _, value]):
                pass
            case ast.Assign(targets=targets, value=value) if any(isinstance(t, ast.Attribute) for t in targets):
                pass
            case _:
                continue
        if _is_same(value, module):
            return True
    return False


_MOST_PARTIALS = 20


def _order(find: Find) -> tuple[Span, str, tuple[str, ...]]:
    return find.site.span, find.site.mode.value, find.site.targets
