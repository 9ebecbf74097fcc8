"""What statements at module or class level take out of a container again, in the file that makes it or in others."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import TypeAlias

from stalecheck.link.emptied import CHANGING, Below, Contents, outer_of
from stalecheck.link.loops import written_out
from stalecheck.link.program import Program, resolve
from stalecheck.link.stars import Stars
from stalecheck.model import Location, SourceFile, Span
from stalecheck.summarize.summary import (
    NOWHERE,
    Attribute,
    Binding,
    BodyStatement,
    Call,
    CallStatement,
    Class,
    Display,
    Expression,
    Filled,
    Function,
    InstanceAttribute,
    Literal,
    ModuleImport,
    NameImport,
    Rebinding,
    Reference,
    StarImport,
    Store,
)

Emptying: TypeAlias = tuple[SourceFile, Rebinding]
"""A statement of a function that takes something out of a container, and the function's file."""

_Place: TypeAlias = tuple[SourceFile, int, str]
"""Where something is made: the file and its binding; for an attribute that ``__init__`` assigns to the one object of a
class, that one's name, too."""

_CONTAINERS = (Display, Call)
_MOST_NAMES = 20
"""How far a name is followed through others and through modules that import it."""


class Removals:
    """Follows the containers of each file; remembers what has been taken out of them."""

    def __init__(self, program: Program, stars: Stars) -> None:
        self._program = program
        self._stars = stars
        self._followed: dict[SourceFile, Mapping[Hashable, Contents]] = {}
        self._open: set[SourceFile] = set()
        """Files that are being followed: what is asked of them in a circle of imports they may not have done yet."""

        self._own: dict[SourceFile, dict[Span, Location]] = {}
        self._elsewhere: dict[SourceFile, dict[Span, set[SourceFile]]] = {}
        self._by_functions: dict[SourceFile, dict[Span, tuple[Emptying, ...]]] | None = None
        self._users: dict[Hashable, set[SourceFile]] | None = None
        self._is_complete = False

    def own(self, file: SourceFile) -> dict[Span, Location]:
        """Return the places of elements, each with that of the statement of the same file that takes it out.

        A container that is made by a call and emptied as a whole stands there with its name's place.
        """
        self._follow(file)
        return self._own.get(file, {})

    def by_others(self, file: SourceFile) -> Mapping[Span, set[SourceFile]]:
        """Return the places of elements of a file that other modules take out, when they are imported."""
        if not self._is_complete:
            self._is_complete = True
            for other in self._program.summaries:
                self._follow(other)
        return self._elsewhere.get(file, {})

    def by_functions(self, file: SourceFile) -> Mapping[Span, tuple[Emptying, ...]]:
        """Return the places of elements of a file that functions which reload something take out, and where."""
        if self._by_functions is None:
            self._by_functions = {}
            for other, summary in self._program.summaries.items():
                for _, body in groupby(summary.bodies, key=lambda item: item.done.block):
                    self._follow_body(other, sorted(body, key=lambda item: _order(item.statement)), self._by_functions)
        return self._by_functions.get(file, {})

    def _follow_body(
        self,
        file: SourceFile,
        body: Iterable[BodyStatement],
        found: dict[SourceFile, dict[Span, tuple[Emptying, ...]]],
    ) -> None:
        """Note what the statements of a function take out of containers, whatever they ask first."""
        containers: dict[Hashable, list[tuple[SourceFile | None, Contents]]] = {}
        for item in body:
            target, below = _changed(item.statement)
            place = None if target is None else self._place(file, target)
            if target is None or place is None:
                continue
            if place not in containers:
                known = self._follow(file).get(place) or self._begun(file, target, place)
                if known is None:
                    continue
                containers[place] = [(None, known.copy()), *self._put_in_by_others(file, place)]
            for number, (owner, before) in enumerate(containers[place]):
                contents = before.copy()
                statement = item.statement
                if isinstance(statement, Store) and below is None and item.done.branch is None:
                    statement = written_out(statement, contents, self._program.summaries[file].bindings)
                for span, is_outer in contents.after(replace(statement, is_conditional=False), below):
                    if span != NOWHERE:
                        of_maker = found.setdefault(owner or (place[0] if is_outer else file), {})
                        of_maker[span] = (*of_maker.get(span, ()), (file, item.done))
                if item.done.branch is None:
                    containers[place][number] = owner, contents
                else:
                    # What it takes out may still be there, and what it puts in may not.
                    for _ in before.after(replace(item.statement, is_conditional=True), below):
                        pass

    def _put_in_by_others(self, file: SourceFile, place: _Place) -> list[tuple[SourceFile | None, Contents]]:
        """Return what modules have put into a container, besides its maker and the one whose function follows."""
        others = sorted(self._users_of(place) - {file, place[0]}, key=lambda other: other.module)
        known = [(other, self._follow(other).get(place)) for other in others]
        return [(other, contents.put_in()) for other, contents in known if contents is not None]

    def _follow(self, file: SourceFile) -> Mapping[Hashable, Contents]:
        """Do what the statements of a file do; return what its containers hold in the end."""
        known = self._followed.get(file)
        if known is not None:
            return known
        containers: dict[Hashable, Contents] = {}
        self._followed[file] = {}
        self._open.add(file)
        own = self._own.setdefault(file, {})
        for statement in self._statements(file):
            target, below = _changed(statement)
            place = None if target is None else self._place(file, target)
            key = place or target
            if target is None or key is None:
                continue
            contents = containers.get(key) or self._begun(file, target, place)
            if contents is None:
                continue
            containers[key] = contents
            for span, is_outer in contents.after(statement, below):
                if span == NOWHERE:
                    continue
                if not is_outer:
                    own[span] = statement.at
                elif place is not None:
                    self._elsewhere.setdefault(place[0], {}).setdefault(span, set()).add(file)
        self._open.discard(file)
        self._followed[file] = containers
        return containers

    def _statements(self, file: SourceFile) -> list[Store | CallStatement]:
        summary = self._program.summaries[file]
        return sorted([*summary.stores, *summary.calls], key=_order)

    def _begun(self, file: SourceFile, target: Expression, place: _Place | None) -> Contents | None:
        """Return a container as the statements of a file find it, by its place; without one if it is imported."""
        if place is not None:
            maker, _, _ = place
            if maker == file:
                return Contents.made(self._maker_of(place))
            found = self._follow(maker).get(place) or Contents.made(self._maker_of(place))
            return found.handed_over(is_shared=maker in self._open or self._is_shared(place, file))
        name = target.value if isinstance(target, Attribute) else target
        if not isinstance(name, Reference) or len(name.reaching) != 1 or name.is_late:
            return None
        binding = self._program.summaries[file].bindings[name.reaching[0]]
        is_import = isinstance(binding.value, ModuleImport if target != name else NameImport)
        return Contents.made(binding) if is_import else None

    def _is_shared(self, place: _Place, file: SourceFile) -> bool:
        """Whether others than a file and the maker of a container may have filled it before."""
        maker, index, attribute = place
        return self._users_of(place) != {file} or bool(attribute) or self._is_filled_by_functions(maker, index)

    def _users_of(self, place: _Place) -> set[SourceFile]:
        """Return the files whose top levels fill or empty a container that another one makes."""
        if self._users is None:
            self._users = {}
            for other in self._program.summaries:
                for statement in self._statements(other):
                    target, _ = _changed(statement)
                    used = None if target is None else self._place(other, target)
                    if used is not None and used[0] != other:
                        self._users.setdefault(used, set()).add(other)
        return self._users.get(place, set())

    def _is_filled_by_functions(self, file: SourceFile, index: int) -> bool:
        summary = self._program.summaries[file]
        name = summary.bindings[index].name
        for binding in summary.bindings:
            function = binding.value
            if isinstance(function, Function):
                targets = [kept.target for kept in function.keeps]
                targets += [item.target for item in function.attaches if isinstance(item, Filled)]
                if any(isinstance(target, Reference) and target.name == name for target in targets):
                    return True
        return False

    def place(self, file: SourceFile, target: Expression) -> _Place | None:
        """Return where the one container or object is made that an expression stands for; None if it is not known."""
        return self._place(file, target)

    def place_at_end(self, file: SourceFile, name: str) -> _Place | None:
        """Return where the one container is made that a name of a module stands for when its body has run."""
        return self._exported(file, name, 0, _CONTAINERS)

    def _maker_of(self, place: _Place) -> Binding:
        """Return what binds a container, or the attribute of an object that it is."""
        file, index, attribute = place
        binding = self._program.summaries[file].bindings[index]
        if not attribute:
            return binding
        made = self._attribute_of(place[0], binding, attribute)
        return binding if made is None else replace(binding, name=attribute, value=made.value, span=made.span)

    def _place(
        self, file: SourceFile, target: Expression, depth: int = 0, kinds: tuple[type, ...] = _CONTAINERS
    ) -> _Place | None:
        """Return where the one thing of some kinds is made that an expression of a file stands for."""
        match target:
            case Reference(name=name, reaching=(), stars=stars, is_late=False):
                return self._brought(file, name, stars, depth, kinds)
            case Reference(name=name, reaching=reaching, stars=(), is_late=False):
                return self._made_by_one(file, name, reaching, depth, kinds)
            case Attribute(value=owner, name=name):
                module = self._module(file, owner)
                if module is not None:
                    return self._exported(module, name, depth, kinds)
                return self._member(file, owner, name, depth)
        return None

    def _member(self, file: SourceFile, owner: Expression, name: str, depth: int) -> _Place | None:
        """Return where an attribute of a class or of an object is made; None where that is not known."""
        found = self._place(file, owner, depth + 1, (Class, Call))
        if found is None or found[2]:
            return None
        maker, index, _ = found
        binding = self._program.summaries[maker].bindings[index]
        if not isinstance(binding.value, Class):
            return None if self._attribute_of(maker, binding, name) is None else (maker, index, name)
        for member, reaching in binding.value.members:
            if member == name and len(reaching) == 1:
                value = self._program.summaries[maker].bindings[reaching[0]].value
                return (maker, reaching[0], "") if isinstance(value, _CONTAINERS) else None
        return None

    def _attribute_of(self, file: SourceFile, binding: Binding, name: str) -> InstanceAttribute | None:
        """Return what makes an attribute of an object, if that is the only one of a class of its file."""
        bindings = self._program.summaries[file].bindings
        match binding.value:
            case Call(function=Reference(reaching=(only,), stars=())) if isinstance(bindings[only].value, Class):
                pass
            case _:
                return None
        definition = bindings[only].value
        others = [b for b in bindings if isinstance(b.value, Call) and b.value.function == binding.value.function]
        if not isinstance(definition, Class) or len(others) != 1:
            return None
        found = [attribute for attribute in definition.attributes if attribute.name == name]
        return found[0] if len(found) == 1 and isinstance(found[0].value, _CONTAINERS) else None

    def _made_by_one(
        self, file: SourceFile, name: str, reaching: tuple[int, ...], depth: int, kinds: tuple[type, ...]
    ) -> _Place | None:
        """Return where a thing is made that one of some bindings binds; the others stand in for it."""
        possible = [index for index in reaching if not self._stands_in(file, index)]
        return self._made(file, possible[0], name, depth, kinds) if len(possible) == 1 else None

    def _stands_in(self, file: SourceFile, index: int) -> bool:
        """Whether a binding binds nothing of the project: None, or what only another installation has."""
        bound = self._program.summaries[file].bindings[index].value
        if isinstance(bound, NameImport):
            return resolve(self._program, file, bound.module, bound.level) is None
        return isinstance(bound, Literal)

    def _made(self, file: SourceFile, index: int, name: str, depth: int, kinds: tuple[type, ...]) -> _Place | None:
        binding = self._program.summaries[file].bindings[index]
        if binding.block or depth > _MOST_NAMES:
            return None
        match binding.value:
            case value if isinstance(value, kinds):
                return file, index, ""
            case Reference() | Attribute() as other:
                return self._place(file, other, depth + 1, kinds)
            case StarImport():
                return self._brought(file, name, (index,), depth, kinds)
            case NameImport(module=module, level=level, name=taken):
                source = resolve(self._program, file, module, level)
                return None if source is None else self._exported(source, taken, depth + 1, kinds)
        return None

    def _exported(self, file: SourceFile, name: str, depth: int, kinds: tuple[type, ...]) -> _Place | None:
        summary = self._program.summaries.get(file)
        if summary is None or depth > _MOST_NAMES:
            return None
        for known, reaching in summary.exports:
            if known == name:
                return self._made_by_one(file, name, reaching, depth, kinds)
        return self._brought(file, name, summary.stars, depth, kinds)

    def _brought(
        self, file: SourceFile, name: str, stars: tuple[int, ...], depth: int, kinds: tuple[type, ...]
    ) -> _Place | None:
        """Return where a container is made that the last of some star imports brings."""
        bindings = self._program.summaries[file].bindings
        for index in sorted(stars, reverse=True):
            source = self._stars.target_of(file, bindings[index], name)
            if source is not None:
                return None if bindings[index].is_conditional else self._exported(source, name, depth + 1, kinds)
        return None

    def _module(self, file: SourceFile, expression: Expression) -> SourceFile | None:
        """Return the module that an expression stands for by the imports of its file."""
        match expression:
            case Reference(reaching=(index,), stars=(), is_late=False):
                bound = self._program.summaries[file].bindings[index].value
                if isinstance(bound, ModuleImport):
                    name = bound.module.partition(".")[0] if bound.binds_first else bound.module
                    return resolve(self._program, file, name, 0)
                if isinstance(bound, NameImport):
                    package = resolve(self._program, file, bound.module, bound.level)
                    return None if package is None else self._submodule(package, bound.name)
            case Attribute(value=owner, name=name):
                package = self._module(file, owner)
                return None if package is None else self._submodule(package, name)
        return None

    def _submodule(self, package: SourceFile, name: str) -> SourceFile | None:
        index = self._program.indexes.get(package)
        if not package.is_package or index is None or name in index.made:
            return None
        return self._program.table.find(f"{package.module}.{name}", package)


def _order(statement: Store | CallStatement) -> tuple[Location, bool]:
    """Return when a statement runs: what it calls it has called before it stores."""
    return statement.at, isinstance(statement, Store)


def _changed(statement: Store | CallStatement) -> tuple[Expression | None, Below | None]:
    """Return the container that a statement may change, or that has the one as an element which it changes."""
    if isinstance(statement, Store) and statement.attribute:
        return statement.target, None
    target = target_of(statement)
    return (None, None) if target is None else outer_of(target)


def target_of(statement: Store | CallStatement) -> Expression | None:
    """Return the container that a statement may change."""
    if isinstance(statement, Store):
        return None if statement.attribute else statement.target
    function = statement.call.function
    return function.value if isinstance(function, Attribute) and function.name in CHANGING else None
