"""Which files have to be read closely: walk backwards from the reloaded modules along imports.

Names are followed, not files: a file that only calls functions of a reloaded module when it runs holds nothing of
it. The answer over-approximates; the linker decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import chain

from stalecheck.index import INITIALIZERS, Body, FileIndex, Import, Statement
from stalecheck.model import SourceFile
from stalecheck.modules import ModuleTable, absolute
from stalecheck.spelled import ANY_NAME
from stalecheck.vocabulary import MUTATORS

_Groups = frozenset[int]
"""Which reloads a taint comes from: numbers of groups that are evicted together, `_ANY` for all other reloads."""

_ANY = -1


@dataclass(slots=True)
class _Taint:
    """What of one file may be an old object (`names`), and which functions may give one (`carriers`)."""

    names: dict[str, _Groups] = field(default_factory=dict)
    carriers: dict[str, _Groups] = field(default_factory=dict)
    heirs: dict[str, _Groups] = field(default_factory=dict)
    """Classes that are not old themselves, but inherit what is, and what is made of them: attributes may be old."""

    def escape(self, group: int | None) -> None:
        """Forget which groups taint what the file keeps, but its own: from here even their members may take it old."""
        for names in (self.names, self.carriers, self.heirs):
            for name, groups in names.items():
                names[name] = frozenset(number if number == group else _ANY for number in groups)

    def size(self) -> int:
        """Return a number that grows with the taint."""
        return sum(len(groups) for names in (self.names, self.carriers, self.heirs) for groups in names.values())

    def get(self, name: str, *, is_asked: bool = True) -> _Groups:
        """Return what taints a name; of one that is not asked for anything, only what it is itself."""
        groups = self.names.get(name, _NONE)
        return groups | self.carriers.get(name, _NONE) if is_asked else groups


_NONE: _Groups = frozenset()


def _top(file: SourceFile) -> str:
    return file.module.partition(".")[0]


def _add(names: dict[str, _Groups], name: str, groups: _Groups) -> None:
    if groups:
        names[name] = names.get(name, _NONE) | groups


@dataclass(frozen=True, slots=True)
class _Local:
    """What a file's imports mean: local names → modules, and (module, name) pairs taken from modules."""

    modules: dict[str, tuple[SourceFile, ...]]
    """Several where one name is bound several times."""

    names: Mapping[str, tuple[tuple[SourceFile, str], ...]]
    stars: tuple[SourceFile, ...]
    dotted: Mapping[str, SourceFile]
    """Modules that are imported by a dotted name whose beginning has no file: namespace packages."""

    def add(self, name: str, modules: Iterable[SourceFile]) -> bool:
        """Let a name mean more modules; whether it did not yet."""
        known = self.modules.get(name, ())
        new = tuple(module for module in modules if module not in known)
        if new:
            self.modules[name] = (*known, *new)
        return bool(new)


def nominate(
    indexes: Mapping[SourceFile, FileIndex],
    table: ModuleTable,
    reloaded: frozenset[SourceFile],
    evicted: frozenset[SourceFile],
    reloading: frozenset[SourceFile],
    together: Sequence[frozenset[SourceFile]] = (),
    left: frozenset[SourceFile] = frozenset(),
) -> frozenset[SourceFile]:
    """Return the files that may hold something of a reloaded module, and those that explain what they hold, and when.

    Args:
        indexes: Every file that was read.
        table: The dotted names.
        reloaded: The modules that are reloaded, in whatever mode.
        evicted: Those of them that become second module objects.
        reloading: The files that reload: what their functions import, and those of who imports them, matters too.
        together: Groups of modules of which each is only ever evicted with the rest of its group. Its members hold
            nothing old of each other.
        left: Those evicted of which the old module may stay what its package calls so: ``import p.m`` reaches it.
    """
    if not reloaded:
        return frozenset(file for file, index in indexes.items() if index.needs_libcst is not None)
    nomination = _Nomination(indexes, table, evicted, reloading, together)
    for file in reloaded:
        groups = nomination.groups(file)
        nomination.start(file, _Taint(dict.fromkeys(indexes[file].made, groups)))
    if left:
        nomination.nominated.update(
            file
            for file, index in indexes.items()
            if any(not item.name and table.find(item.module, file) in left for item in index.imports)
        )
    nomination.add_kept(reloaded)
    nomination.spread()
    # What a package imports above and below its own reloads decides when its submodules run.
    packages = {file for file in reloading if file.is_package}
    clearing = {file for file in reloading if indexes[file].clears_caches}
    nomination.nominated |= nomination.filling(reloaded)
    return frozenset(nomination.nominated | nomination.explaining() | packages | clearing | nomination.refilling())


class _Nomination:
    def __init__(
        self,
        indexes: Mapping[SourceFile, FileIndex],
        table: ModuleTable,
        evicted: frozenset[SourceFile],
        reloading: frozenset[SourceFile],
        together: Sequence[frozenset[SourceFile]],
    ) -> None:
        self._indexes = indexes
        self._table = table
        self._evicted = evicted
        self._group = {file: number for number, group in enumerate(together) for file in group}
        self._locals = {file: self._resolve(file, index.imports) for file, index in indexes.items()}
        self._pass_on_modules()
        self._bodies = {
            id(body): self._resolve(file, body.imports)
            for file, index in indexes.items()
            for body in index.bodies
            if body.imports
        }
        self._asked = {file: self._imported(file, index) for file, index in indexes.items()}
        """The modules whose taint each file looks at: what it imports, and what it reaches through that."""

        self._helpers = reloading
        conftests = [file.path.parent for file in reloading if file.path.name == "conftest.py"]
        self._reloading = reloading | {
            file
            for file, modules in self._asked.items()
            if not reloading.isdisjoint(modules) or any(map(file.path.is_relative_to, conftests))
        }
        """The files whose functions may reload, themselves or through those of others that they import."""

        self._tops = {file: frozenset(map(_top, modules)) for file, modules in self._asked.items()}
        """The first components of what each file imports."""

        self._tainted_tops = {_top(file) for file in evicted}
        self.taint: dict[SourceFile, _Taint] = {}
        self.nominated = {file for file, index in indexes.items() if index.needs_libcst is not None}
        self._roots: dict[SourceFile, set[str]] = {}
        """The names at the beginning of what tainted statements mention."""

        self._attaching = frozenset(b.name for index in indexes.values() for b in index.bodies if b.attaches)
        self._keepers: dict[SourceFile, set[str]] = {}
        """The functions that keep what they are given, and the classes with such hooks."""

        for file, index in indexes.items():
            for body in index.bodies:
                if body.keeps:
                    self._keepers.setdefault(file, set()).add(body.owner or body.name)
        self._ways: dict[tuple[SourceFile, str], frozenset[SourceFile]] = {}
        self._headers: dict[SourceFile, dict[str, tuple[str, ...]]] = {}
        self._lines: dict[tuple[SourceFile, str], tuple[frozenset[SourceFile], frozenset[tuple[SourceFile, str]]]] = {}
        self._keeping: dict[SourceFile, set[SourceFile]] = {}
        """Where functions stand that keep what a reloaded module gives them: decorators, hooks of its base classes."""

        self._reached: dict[SourceFile, set[SourceFile]] = {}
        self._made_by: dict[tuple[SourceFile, str], frozenset[SourceFile]] = {}
        self._decorators: set[str] = set()
        """The methods that decorate something, of objects that may be old."""

        self._registries: set[SourceFile] = set()
        """Where objects are made whose methods are given what may be old."""

        self._spilled: set[SourceFile] = set()
        """The files that have got more taint from another one, in this round."""

    def _imported(self, file: SourceFile, index: FileIndex) -> set[SourceFile]:
        resolved = [self._locals[file], *(self._bodies[id(body)] for body in index.bodies if body.imports)]
        modules = {
            module
            for local in resolved
            for module in (*chain.from_iterable(local.modules.values()), *local.dotted.values(), *local.stars)
        }
        modules |= self._reached_by(
            (m for statement in index.statements for m in statement.mentions), self._locals[file]
        )
        for body in index.bodies:
            for local in (self._locals[file], *([self._bodies[id(body)]] if body.imports else [])):
                modules |= self._reached_by((*body.returns, *body.assigns), local)
        return modules.union(module for local in resolved for origins in local.names.values() for module, _ in origins)

    def _reached_by(self, mentions: Iterable[str], local: _Local) -> set[SourceFile]:
        """Return the modules that a file reaches as attributes of modules: ``b`` in ``a.b.C``."""
        found: set[SourceFile] = set()
        for mention in mentions:
            if mention.count(".") < 2:
                continue
            first, *rest = mention.split(".")
            modules = local.modules.get(first, ())
            for name in rest[:-1]:
                modules = self._led_to(modules, (name,))
                found.update(modules)
        return found

    def _pass_on_modules(self) -> None:
        """Let names mean modules that are taken from a module which only imports them itself."""
        grown = True
        while grown:
            grown = False
            for file, local in self._locals.items():
                for statement in self._indexes[file].statements:
                    aliased = self._aliased(statement, local)
                    for name in statement.binds if aliased else ():
                        grown |= local.add(name, aliased)
                for star in local.stars:
                    brought = self._locals[star].modules if star in self._locals and star != file else {}
                    for name, modules in list(brought.items()):
                        grown |= not name.startswith("_") and local.add(name, modules)
                for name, origins in local.names.items():
                    for module, taken in origins:
                        if module in self._locals:
                            grown |= local.add(name, self._locals[module].modules.get(taken, ()))

    def _aliased(self, statement: Statement, local: _Local) -> tuple[SourceFile, ...]:
        """Return the modules that a statement may give other names to: ``core = app.core``."""
        mentions = [mention for mention in statement.mentions if mention not in statement.binds]
        if len(mentions) != 1 or not statement.binds:
            return ()
        first, *rest = mentions[0].split(".")
        return self._led_to(local.modules.get(first, ()), rest)

    def _led_to(self, modules: tuple[SourceFile, ...], attributes: Iterable[str]) -> tuple[SourceFile, ...]:
        """Return the modules that attributes of modules, one after the other, may be."""
        for name in attributes:
            modules = tuple(inner for module in modules for inner in self._module_attribute(module, name))
        return modules

    def groups(self, file: SourceFile) -> _Groups:
        """Return what reloads a module."""
        return frozenset({self._group.get(file, _ANY)})

    def start(self, file: SourceFile, taint: _Taint) -> None:
        """Begin with what a reloaded module makes."""
        self.taint[file] = taint
        self._tainted_tops.add(_top(file))

    def add_kept(self, reloaded: frozenset[SourceFile]) -> None:
        """Add those reloaded modules whose classes and functions others keep, and where that happens."""
        for file in reloaded & self._locals.keys() if self._keepers else ():
            for statement in self._indexes[file].statements:
                for mention in (*statement.mentions, *((statement.calls,) if statement.calls else ())):
                    files = self._kept_by(mention, file)
                    if files - {file}:
                        self.nominated.add(file)
                        self._keeping.setdefault(file, set()).update(files)

    def _kept_by(self, dotted: str, file: SourceFile) -> frozenset[SourceFile]:
        """Return the files through which a file gets a function that keeps what it is given, by the name it uses.

        Or a class with such a hook; nothing for one that keeps nothing.
        """
        first, *rest = dotted.split(".")
        found = self._kept_in(file, first)
        current = self._locals[file].modules.get(first, ())
        for part in rest:
            found = found.union(*(self._kept_in(module, part) for module in current))
            current = tuple(inner for module in current for inner in self._module_attribute(module, part))
        return found

    def _kept_in(self, file: SourceFile, name: str) -> frozenset[SourceFile]:
        known = self._ways.get((file, name))
        if known is None:
            self._ways[file, name] = frozenset()
            found = frozenset({file}) if name in self._keepers.get(file, ()) else frozenset()
            for mention in self._bases(file).get(name, ()):
                found |= self._kept_by(mention, file)
            for module, taken in self._locals[file].names.get(name, ()):
                if module in self._locals:
                    found |= self._kept_in(module, taken)
            known = self._ways[file, name] = found | {file} if found else found
        return known

    def _bases(self, file: SourceFile) -> dict[str, tuple[str, ...]]:
        """Return what the header of each class of a file mentions."""
        found = self._headers.get(file)
        if found is None:
            statements = self._indexes[file].statements
            found = self._headers[file] = {s.inherits: s.mentions for s in statements if s.inherits}
        return found

    def spread(self) -> None:
        """Follow tainted names until nothing new turns up, in rounds: to the files that look at what has grown."""
        waiting, grown = set(self._indexes), set(self._indexes)
        while grown:
            due = [
                file
                for file, asked in self._asked.items()
                if file in waiting or file in grown or not grown.isdisjoint(asked)
            ]
            # What one file spills into another goes on from there when that has been visited.
            grown, self._spilled = self._spilled, set()
            for file in due:
                if file in self.taint or self._tops[file] & self._tainted_tops:
                    waiting.discard(file)
                    before = self._size(file)
                    self._visit(file, self._indexes[file])
                    if self._size(file) != before:
                        grown.add(file)
            grown |= self._spilled

    def _size(self, file: SourceFile) -> int:
        return self.taint[file].size() if file in self.taint else 0

    def explaining(self) -> set[SourceFile]:
        """Return where tainted names come from, and the modules of what else stands in statements that keep them."""
        found: set[SourceFile] = set()
        pending = list(self.nominated)
        while pending:
            file = pending.pop()
            for source in (self._sources(file) | self._keeping.get(file, set()) | self._ancestry(file)) - found:
                found.add(source)
                if source in self.taint:
                    pending.append(source)
        return {file for file in found if self._indexes[file].error is None}

    def filling(self, reloaded: frozenset[SourceFile]) -> set[SourceFile]:
        """Return the files that reload and whose functions may keep what they take of a reloaded module, and that."""
        found: set[SourceFile] = set()
        for file in self._helpers:
            taken = reloaded.intersection(self._asked.get(file, ()))
            if taken and any(body.keeps for body in self._indexes[file].bodies):
                found |= {file, *taken}
        return found

    def refilling(self) -> set[SourceFile]:
        """Return the files that reload and may then call what fills something in a nominated file, or change it.

        With those between them that only hand on, or call, what fills.
        """
        filled = {file for file in self.nominated if any(map(_may_fill, self._indexes[file].bodies))}
        changing = {file for file in self._helpers if any(body.changes for body in self._indexes[file].bodies)}
        found = {
            file
            for file in self._helpers
            if not (self.nominated if file in changing else filled).isdisjoint(self._asked.get(file, ()))
            or not self._registries.isdisjoint(self._asked.get(file, ()))
        }
        for file in self._helpers:
            between = {
                other for other in self._asked.get(file, ()) if not filled.isdisjoint(self._asked.get(other, ()))
            }
            found |= {file, *between} if between else set()
        return found

    def _ancestry(self, file: SourceFile) -> set[SourceFile]:
        """Return where the bases of classes stand that are made anew in a file, or inherit from such: they decide what
        an attribute of the class is."""
        taint = self.taint.get(file, _Taint())
        classes = {(file, name) for name in self._bases(file).keys() & (taint.names.keys() | taint.heirs.keys())}
        found: set[SourceFile] = set()
        pending = list(classes)
        while pending:
            sources, bases = self._inherited_from(*pending.pop())
            found |= sources
            pending += bases - classes
            classes |= bases
        return found

    def _inherited_from(
        self, file: SourceFile, name: str
    ) -> tuple[frozenset[SourceFile], frozenset[tuple[SourceFile, str]]]:
        """Return where the bases of a class stand, and the classes that may be meant."""
        known = self._lines.get((file, name))
        if known is None:
            sources: set[SourceFile] = set()
            classes: set[tuple[SourceFile, str]] = set()
            for mention in self._bases(file).get(name, ()):
                is_whole = self._is_of_module(mention, self._locals[file])
                for source, taken in self._ways_to(mention, self._locals[file]):
                    sources.add(source)
                    inner = self._bases(source).keys()
                    is_plain = is_whole and self._is_plain(source, taken)
                    classes.update((source, each) for each in (inner & {taken} if is_plain else inner))
            known = self._lines[file, name] = frozenset(sources), frozenset(classes)
        return known

    def _is_of_module(self, dotted: str, local: _Local) -> bool:
        """Whether a name that a file spells is one of a module, and not of a class within."""
        first, *rest = dotted.split(".")
        return not rest or bool(self._led_to(local.modules.get(first, ()), rest[:-1]))

    def _is_plain(self, module: SourceFile, name: str) -> bool:
        """Whether a name of a module stands for one of its classes, or a module, and nothing else may be meant."""
        index = self._indexes[module]
        if name not in index.made:
            return bool(self._module_attribute(module, name))
        is_given = any(body.name == name and not body.owner for body in index.bodies)
        return not is_given and not any(name in statement.binds for statement in index.statements)

    def _sources(self, file: SourceFile) -> set[SourceFile]:
        local = self._locals[file]
        if self._indexes[file].needs_libcst is not None:
            taken = {module for origins in local.names.values() for module, _ in origins}
            return {*chain.from_iterable(local.modules.values()), *local.stars, *taken}
        taint = self.taint.get(file, _Taint())
        sources = set(self._reached.get(file, ()))
        if local.stars:
            looked_at = taint.names.keys() | self._looked_at(file)
            sources.update(star for star in local.stars if self._may_bring(star, looked_at))
        for name in self._roots.get(file, set()) | taint.names.keys() | taint.heirs.keys():
            sources.update(self._origins(name, local))
        if any(body.imports for body in self._indexes[file].bodies):
            sources |= self._asked[file] & self._helpers
        for body in self._indexes[file].bodies:
            is_carrier = body.name in taint.carriers
            roots = {mention.partition(".")[0] for mention in (*body.returns, *body.assigns)}
            # What decorates may be a method of what an old object has as an attribute.
            is_decorating = body.name in self._decorators or (bool(self._decorators) and body.name in INITIALIZERS)
            if is_carrier or is_decorating:
                origins = (module for root in roots for module in self._origins(root, local))
                sources.update(module for module in origins if is_decorating or self._is_tainted(module))
            if body.imports and (is_carrier or body.binds_globally or file in self._reloading):
                inner = self._bodies[id(body)]
                sources.update(star for star in inner.stars if is_carrier and self._is_tainted(star))
                is_holding = (is_carrier or body.binds_globally) and self._is_holding(body, file, taint)
                for name in {*inner.names, *inner.modules}:
                    is_kept = name in roots and is_holding
                    sources.update(m for m in self._origins(name, inner) if is_kept or self._is_tainted(m))
        return sources

    def _is_holding(self, body: Body, file: SourceFile, taint: _Taint) -> bool:
        """Whether what a function gives back, or assigns to what stays, may be tainted."""
        is_tainted = not taint.names.keys().isdisjoint(body.global_names)
        return is_tainted or any(self._taint_of_body(body, file, self._locals[file], taint))

    def _is_tainted(self, module: SourceFile) -> bool:
        return module in self.taint or module in self._evicted

    def _may_bring(self, star: SourceFile, looked_at: Set[str]) -> bool:
        """Whether a star import may bring a name that is looked at."""
        index = self._indexes[star]
        if index.public is not None:
            return not looked_at.isdisjoint(index.public)
        own = {*index.made, *(item.local for item in index.imports)}
        return bool(own & {"*", "__all__"}) or not looked_at.isdisjoint(own)

    def _looked_at(self, file: SourceFile) -> set[str]:
        """Return the names at the beginning of all that a file looks at."""
        index = self._indexes[file]
        statements = (mention for statement in index.statements for mention in statement.mentions)
        bodies = (mention for body in index.bodies for mention in (*body.returns, *body.assigns))
        return {mention.partition(".")[0] for mention in chain(statements, bodies)}

    def _origins(self, name: str, local: _Local) -> Iterator[SourceFile]:
        """Yield the modules that a name of a file comes from."""
        yield from (module for module, _ in local.names.get(name, ()))
        yield from local.modules.get(name, ())

    def _matters(self, groups: _Groups, file: SourceFile) -> bool:
        """Whether a taint is old in a file: not if all is evicted together with it."""
        return any(group == _ANY or self._group.get(file) != group for group in groups)

    def _visit(self, file: SourceFile, index: FileIndex) -> None:
        local = self._locals[file]
        taint = self.taint.get(file) or _Taint()
        hit: _Groups = _NONE
        for module in local.stars:
            brought = self.taint.get(module)
            if brought is not None:
                for name, groups in brought.names.items():
                    _add(taint.names, name, groups)
                    hit |= groups
                for name, groups in brought.carriers.items():
                    _add(taint.carriers, name, groups)
                for name, groups in brought.heirs.items():
                    _add(taint.heirs, name, groups)
        for name, origins in local.names.items():
            for module, taken in origins:
                other = self.taint.get(module)
                if other is not None:
                    _add(taint.names, name, other.names.get(taken, _NONE))
                    _add(taint.carriers, name, other.carriers.get(taken, _NONE))
                    _add(taint.heirs, name, other.heirs.get(taken, _NONE))
                    answered = self._answered(module, taken)
                    _add(taint.names, name, answered)
                    hit |= other.names.get(taken, _NONE) | answered
        for name, modules in local.modules.items():
            for module in modules:
                if module in self._evicted:
                    _add(taint.names, name, self.groups(module))
                    hit |= self.groups(module)
        hit |= self._visit_statements(file, index, local, taint)
        if self._matters(hit, file):
            self.nominated.add(file)
        if taint.size():
            taint.escape(self._group.get(file))
            self.taint[file] = taint
            self._tainted_tops.add(_top(file))

    def _visit_statements(self, file: SourceFile, index: FileIndex, local: _Local, taint: _Taint) -> _Groups:
        hit: _Groups = _NONE
        size = -1
        while size != taint.size():
            size = taint.size()
            for statement in index.statements:
                groups = self._taint_of_all(statement.mentions, file, local, taint)
                if statement.calls and statement.calls.rpartition(".")[2] in self._attaching:
                    groups |= self._carried_by(statement.calls, file, local, taint)
                if groups:
                    if statement.inherits:
                        handed_down = self._handed_down(statement, file, local, taint)
                        _add(taint.carriers, statement.inherits, handed_down)
                        hit |= handed_down | self._inheriting(statement, file, local, taint)
                    else:
                        hit |= groups
                    roots = self._roots.setdefault(file, set())
                    roots.update(mention.partition(".")[0] for mention in statement.asked)
                    if not (statement.binds or statement.calls):
                        methods = (m for m in statement.asked if "." in m and self._taint_of(m, file, local, taint))
                        self._decorators.update(mention.rpartition(".")[2] for mention in methods)
                    if statement.calls:
                        reached = self._reached.setdefault(file, set())
                        reached.update(self._defining(statement.calls, local))
                        reached.update(self._makers(statement.calls, file))
                    for name in statement.binds:
                        _add(taint.names, name, groups)
                    if statement.owner:
                        _add(taint.carriers, statement.owner, groups)
                    for dotted in statement.sets:
                        self._set_on_module(dotted, local, groups)
                heirs = (*statement.binds, statement.inherits) if statement.inherits else statement.binds
                if heirs:
                    inherited = groups if statement.inherits else _NONE
                    for mention in statement.mentions:
                        inherited |= self._inherited_by(mention, local, taint)
                    for name in heirs:
                        _add(taint.heirs, name, inherited)
            for body in index.bodies:
                hit |= self._visit_body(body, file, local, taint)
        return hit

    def _makers(self, called: str, file: SourceFile) -> frozenset[SourceFile]:
        """Return where that may come from which made what a method fills: a class with methods of its own."""
        name, _, method = called.partition(".")
        if not method:
            return frozenset()
        if method.rpartition(".")[2] not in MUTATORS:
            return self._classes_behind(called, file)
        found = self._made_by.get((file, name))
        if found is None:
            local = self._locals[file]
            made = [s for s in self._indexes[file].statements if not s.calls and (name in s.binds or name == s.owner)]
            asked = {mention for statement in made for mention in statement.asked}
            brought = {star for star in local.stars if not asked.isdisjoint(self._indexes[star].made)}
            found = frozenset(brought.union(*(self._defining(mention, local) for mention in asked)))
            self._made_by[file, name] = found
        return found

    def _classes_behind(self, called: str, file: SourceFile) -> frozenset[SourceFile]:
        """Return where the classes stand of the object whose method is called, and their bases."""
        owner = called.rpartition(".")[0]
        found = self._made_by.get((file, owner + "."))
        if found is None:
            places = {(file, owner.partition(".")[0]), *self._ways_to(owner, self._locals[file])}
            classes = set(places)
            for module, name in places:
                index = self._indexes[module]
                made = [s for s in index.statements if not s.calls and (name in s.binds or name == s.owner)]
                if made:
                    self._registries.add(module)
                asked = {mention for statement in made for mention in statement.asked}
                asked.update(m for body in index.bodies if body.owner == name for m in body.assigns)
                for mention in asked:
                    classes |= {(module, mention.partition(".")[0]), *self._ways_to(mention, self._locals[module])}
            sources = {module for module, _ in classes}
            pending = list(classes)
            while pending:
                inherited, bases = self._inherited_from(*pending.pop())
                sources |= inherited
                pending += bases - classes
                classes |= bases
            found = self._made_by[file, owner + "."] = frozenset(sources)
        return found

    def _inherited_by(self, dotted: str, local: _Local, taint: _Taint) -> _Groups:
        """Return what a class, or something made of one, has inherited that may be old."""
        if "." not in dotted:
            return taint.heirs.get(dotted, _NONE)
        first, *rest = dotted.split(".")
        modules = self._led_to(local.modules.get(first, ()), rest[:-1])
        if not modules:
            return _NONE
        return _NONE.union(*(self.taint[m].heirs.get(rest[-1], _NONE) for m in modules if m in self.taint))

    def _carried_by(self, dotted: str, file: SourceFile, local: _Local, taint: _Taint) -> _Groups:
        """Return what a function that a statement calls may give to what it is called with."""
        first, *rest = dotted.split(".")
        groups = taint.carriers.get(first, _NONE)
        return groups or (self._taint_of(dotted, file, local, taint) if rest else _NONE)

    def _handed_down(self, statement: Statement, file: SourceFile, local: _Local, taint: _Taint) -> _Groups:
        """Return what the bases of a class may give to it, and so to the classes that inherit from it."""
        groups: _Groups = _NONE
        for mention in statement.mentions if self._keepers else ():
            if self._kept_by(mention, file):
                groups |= self._carried_by(mention, file, local, taint)
        return groups

    def _inheriting(self, statement: Statement, file: SourceFile, local: _Local, taint: _Taint) -> _Groups:
        """Return the taint of what a class is made of: its methods are not called by that, but its decorators are."""
        return _NONE.union(
            *(
                self._taint_of(mention, file, local, taint, is_asked=mention in statement.asked)
                for mention in statement.mentions
            )
        )

    def _set_on_module(self, dotted: str, local: _Local, groups: _Groups) -> None:
        """Taint a name of another module that a statement here assigns: ``m.NULL = …``."""
        first, *rest = dotted.split(".")
        for module in self._led_to(local.modules.get(first, ()), rest[:-1]):
            taint = self.taint.setdefault(module, _Taint())
            before = taint.size()
            _add(taint.names, rest[-1], groups)
            self._tainted_tops.add(_top(module))
            if taint.size() > before:
                self._spilled.add(module)

    def _visit_body(self, body: Body, file: SourceFile, local: _Local, taint: _Taint) -> _Groups:
        """Make a function that may return something tainted a carrier; return what it keeps itself."""
        imported, returned, assigned = self._taint_of_body(body, file, local, taint)
        _add(taint.carriers, body.name, returned)
        for name in body.global_names:
            _add(taint.names, name, assigned)
        if body.owner:
            _add(taint.carriers, body.owner, returned | assigned)
        hit = returned | assigned if body.is_decorated else assigned
        return hit | imported if file in self._reloading else hit

    def _taint_of_body(
        self, body: Body, file: SourceFile, local: _Local, taint: _Taint
    ) -> tuple[_Groups, _Groups, _Groups]:
        """Return the taint of what a function imports, of what it returns, and of what it assigns to what stays."""
        imported = self._taint_of_imports(body, file) if body.imports else _NONE
        returned = imported | self._taint_of_all(body.returns, file, local, taint)
        if not body.binds_globally and body.name not in INITIALIZERS:
            return imported, returned, _NONE
        given = returned if body.is_decorated else imported
        return imported, returned, given | self._taint_of_all(body.assigns, file, local, taint)

    def _taint_of_imports(self, body: Body, file: SourceFile) -> _Groups:
        """Return the taint of what a function imports itself and may give back, or assign to what stays.

        In a file that may reload, of all that it imports: when that is taken matters there. So of a function that may
        answer with it by name.
        """
        local = self._bodies[id(body)]
        mentions = {*body.returns, *body.assigns}
        roots = {*(mention.partition(".")[0] for mention in mentions), *body.global_names}
        is_open = file in self._reloading or body.name == "__getattr__"
        groups = self._taint_of_all(mentions, file, local, _Taint())
        for name, origins in local.names.items():
            for module, taken in origins if is_open or name in roots else ():
                if module in self.taint:
                    groups |= self.taint[module].get(taken)
        for name, modules in local.modules.items():
            for module in modules if is_open or name in roots else ():
                if module in self._evicted:
                    groups |= self.groups(module)
                if is_open or name in mentions:
                    groups |= self._whole(module)
        return groups.union(*map(self._whole, local.stars))

    def _answered(self, module: SourceFile, name: str) -> _Groups:
        """Return the taint of what a module's ``__getattr__`` answers for a name that the module does not have."""
        taint = self.taint.get(module)
        if taint is None or name in self._indexes[module].made:
            return _NONE
        return taint.carriers.get("__getattr__", _NONE)

    def _whole(self, module: SourceFile) -> _Groups:
        taint = self.taint.get(module)
        return _NONE if taint is None else _NONE.union(*taint.names.values())

    def _taint_of_all(self, mentions: Iterable[str], file: SourceFile, local: _Local, taint: _Taint) -> _Groups:
        groups = _NONE
        for mention in mentions:
            tainted = self._taint_of(mention, file, local, taint)
            if tainted:
                groups |= tainted
        return groups

    def _taint_of(
        self, mention: str, file: SourceFile, local: _Local, taint: _Taint, *, is_asked: bool = True
    ) -> _Groups:
        first, _, attributes = mention.partition(".")
        groups = taint.get(first, is_asked=is_asked or bool(attributes))
        if not attributes:
            return groups
        rest = attributes.split(".")
        groups |= taint.heirs.get(first, _NONE) | (taint.carriers.get(rest[-1], _NONE) if is_asked else _NONE)
        modules = local.modules.get(first, ())
        for end in range(len(rest), 0, -1) if local.dotted and not modules else ():
            module = local.dotted.get(".".join((first, *rest[:end])))
            if module is not None:
                self._reached.setdefault(file, set()).add(module)
                modules, rest = (module,), rest[end:]
                break
        if groups or not modules:
            return groups
        return _NONE.union(*(self._taint_in(module, rest, file, is_asked=is_asked) for module in modules))

    def _taint_in(
        self, module: SourceFile, attributes: Sequence[str], file: SourceFile, *, is_asked: bool = True
    ) -> _Groups:
        """Return the taint of what a file reaches by attributes of a module, one after the other."""
        if not attributes:
            return _NONE
        name, *rest = attributes
        other = self.taint.get(module)
        groups = self._whole(module) if name == ANY_NAME else _NONE
        if other is not None and name != ANY_NAME:
            groups = other.get(name, is_asked=is_asked or bool(rest))
        if rest and other is not None:
            groups |= other.heirs.get(name, _NONE)
        inner = () if groups else self._module_attribute(module, name)
        if not groups and not inner:
            groups = self._answered(module, name)
        if groups:
            self._reached.setdefault(file, set()).add(module)
        for one in inner:
            if one in self._evicted:
                self._reached.setdefault(file, set()).add(one)
                groups |= self.groups(one)
            else:
                self._asked[file].add(one)
                groups |= self._taint_in(one, rest, file, is_asked=is_asked)
        return groups

    def _defining(self, dotted: str, local: _Local) -> set[SourceFile]:
        """Return the modules through which a name that a file spells leads to its definition."""
        return {module for module, _ in self._ways_to(dotted, local)}

    def _ways_to(self, dotted: str, local: _Local) -> set[tuple[SourceFile, str]]:
        """Return the same modules, each with the name that is taken from it."""
        first, *rest = dotted.split(".")
        pending = list(local.names.get(first, ()))
        modules = local.modules.get(first, ())
        for part in rest:
            pending += ((module, part) for module in modules)
            modules = self._led_to(modules, (part,))
        found: set[tuple[SourceFile, str]] = set()
        while pending:
            taken = pending.pop()
            if taken not in found:
                found.add(taken)
                pending += self._locals[taken[0]].names.get(taken[1], ())
        return found

    def _module_attribute(self, module: SourceFile, name: str) -> tuple[SourceFile, ...]:
        imported = self._locals[module].modules.get(name, ())
        submodule = self._table.find(f"{module.module}.{name}", module) if module.is_package else None
        return imported if submodule is None or submodule in imported else (submodule, *imported)

    def _resolve(self, file: SourceFile, imports: Iterable[Import]) -> _Local:
        names: dict[str, list[tuple[SourceFile, str]]] = {}
        stars: list[SourceFile] = []
        dotted: dict[str, SourceFile] = {}
        local = _Local({}, {}, (), dotted)
        for item in imports:
            name = absolute(file, item.level, item.module or None)
            if name is None:
                continue
            if not item.name:
                is_whole = item.local != item.module.partition(".")[0] or "." not in item.module
                target = self._table.find(name if is_whole else item.local, file)
                if target is not None:
                    local.add(item.local, (target,))
                elif not is_whole:
                    inner = self._table.find(name, file)
                    if inner is not None:
                        dotted[name] = inner
                continue
            module = self._table.find(name, file)
            if item.name == "*":
                if module is not None:
                    stars.append(module)
                continue
            submodule = self._table.find(f"{name}.{item.name}", file)
            if submodule is not None:
                local.add(item.local, (submodule,))
            if module is not None:
                names.setdefault(item.local, []).append((module, item.name))
        return replace(local, names={name: tuple(origins) for name, origins in names.items()}, stars=tuple(stars))


def _may_fill(body: Body) -> bool:
    """Whether a function, called after a reload, may put something new in the place of the old."""
    return body.fills or body.keeps or body.changes or body.binds_globally
