"""A name → what it may be: through imports, re-exports, stars, and attributes set from outside."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from dataclasses import replace

from stalecheck.link.answers import answers
from stalecheck.link.captures import hop, placeless, renamed, spelled
from stalecheck.link.compiled import Compiled
from stalecheck.link.containers import Containers
from stalecheck.link.program import Evaluates, Frame, resolve
from stalecheck.link.stars import Stars
from stalecheck.link.values import (
    ASKED,
    NOTHING,
    Capture,
    ContainerThing,
    ExternalThing,
    Made,
    ModuleThing,
    Relation,
    Value,
    union,
)
from stalecheck.model import Location, Origin, SourceFile
from stalecheck.modules import absolute
from stalecheck.submodules import is_read_before_bound
from stalecheck.summarize.summary import (
    Attribute,
    Binding,
    Call,
    Class,
    Display,
    Element,
    Function,
    Literal,
    NameImport,
    Reference,
    StarImport,
    Store,
)
from stalecheck.vocabulary import OriginKind

_BUILTINS = frozenset(dir(builtins))
MODULE_ATTRIBUTES = frozenset(
    {
        "__name__",
        "__file__",
        "__doc__",
        "__package__",
        "__path__",
        "__spec__",
        "__loader__",
        "__dict__",
        "__builtins__",
        "__annotations__",
    }
)
"""What every module has of its own."""


class Names:
    """Follows names through the modules of the project."""

    def __init__(self, evaluator: Evaluates, stars: Stars, containers: Containers) -> None:
        self._evaluator = evaluator
        self._program = evaluator.program
        self._stars = stars
        self._containers = containers
        self.compiled = Compiled(self._program.table)
        self._exports: dict[SourceFile, dict[str, tuple[int, ...]]] = {}
        self._late: dict[SourceFile, dict[str, tuple[int, ...]]] = {}
        self._returning: dict[tuple[SourceFile, str, int], SourceFile | None] = {}
        self._placing: set[SourceFile] = set()
        """Modules whose replacement is being evaluated: that may be made of the module itself."""

        self._outside: dict[tuple[SourceFile, str], list[tuple[SourceFile, Store]]] | None = None

    def reference(self, reference: Reference, frame: Frame) -> Value:
        """Return what a name may be where it is read."""
        file = frame.file
        if reference.is_late:
            reaching = self._late_names(file).get(reference.name, ())
            if frame.block:
                reaching = self._bound_by_then(file, reaching, frame)
            value = self._reach(file, reference.name, reaching) if reaching else None
            if value is None:
                value = self.through_stars(file, reference.name, self._program.summaries[file].stars)
        elif reference.reaching or reference.stars:
            value = self._reach(
                file, reference.name, (*reference.reaching, *reference.stars), None if frame.is_held else frame.at
            )
            if value == NOTHING and not reference.reaching:
                value = None
        else:
            by_function = self._late_names(file).get(reference.name, ())
            value = self._reach(file, reference.name, by_function) if by_function else None
        if value is None:
            return Value((ExternalThing(f"{self._outer_module(file, reference)}.{reference.name}"),))
        captures = value.captures
        if self._is_kept(file, reference):
            # A wrapper is reported where it stands, by its name: whoever holds it too is no second wrapper.
            captures = tuple(capture for capture in captures if capture.relation is not Relation.WRAPPED)
        value = Value(value.things, placeless(captures))
        if frame.holder is not None and frame.holder != file:
            return hop(value, file, frame.at)
        return value

    def _bound_by_then(self, file: SourceFile, reaching: tuple[int, ...], frame: Frame) -> tuple[int, ...]:
        """Leave out what the function itself binds a global name to further down, unless nothing else does.

        What it has certainly bound the name to by then is all that the name stands for.
        """
        summary = self._program.summaries[file]
        bindings = summary.bindings
        by_then = tuple(i for i in reaching if bindings[i].block != frame.block or bindings[i].at < frame.at)
        own = [i for i in by_then if bindings[i].block == frame.block]
        names = {bindings[i].name for i in own}
        done = (item for item in summary.rebound if own and item.block == frame.block and item.name in names)
        last = max((item.begin for item in done if item.function is not None and item.precedes(frame.at)), default=None)
        return tuple(i for i in own if last is not None and bindings[i].at >= last) or by_then or reaching

    def _outer_module(self, file: SourceFile, reference: Reference) -> str:
        """Return the module outside of what was read that brings a name with its star, or `builtins`."""
        bindings = self._program.summaries[file].bindings
        stars = [bindings[index].value for index in reference.stars]
        outer = {
            star.module
            for star in stars
            if isinstance(star, StarImport) and not star.level and self._program.table.find(star.module, file) is None
        }
        return min(outer) if len(outer) == 1 and reference.name not in _BUILTINS else "builtins"

    def _is_kept(self, file: SourceFile, reference: Reference) -> bool:
        """Whether a name still stands for the same object when the file's top level has run."""
        bindings = self._program.summaries[file].bindings
        last = {
            index
            for index in self._exported(file).get(reference.name, ())
            if not isinstance(bindings[index].value, StarImport)
            or self._stars.provides(file, bindings[index], reference.name)
        }
        return bool(last) and (reference.is_late or last <= {*reference.reaching, *reference.stars})

    def _exported(self, file: SourceFile) -> dict[str, tuple[int, ...]]:
        names = self._exports.get(file)
        if names is None:
            names = self._exports[file] = dict(self._program.summaries[file].exports)
        return names

    def _late_names(self, file: SourceFile) -> dict[str, tuple[int, ...]]:
        names = self._late.get(file)
        if names is None:
            summary = self._program.summaries[file]
            names = dict(summary.exports)
            for index, binding in enumerate(summary.bindings):
                if binding.block and not binding.block.endswith(".<locals>"):
                    names[binding.name] = (*names.get(binding.name, ()), index)
            self._late[file] = names
        return names

    def find(self, file: SourceFile, name: str) -> Value:
        """Return what a module's attribute may be; nothing where the module has none."""
        summary = self._program.summaries.get(file)
        if summary is None:
            return self._indexed_name(file, name)
        exports = self._exported(file)
        reaching = exports.get(name)
        if reaching is not None:
            return self._reach(file, name, reaching)
        if summary.stars:
            found = self.through_stars(file, name, summary.stars)
            if found is not None:
                return found
        bound_late = self._late_names(file).get(name)
        if bound_late:
            return self._reach(file, name, bound_late)
        value = self._submodule(file, name)
        if value == NOTHING:
            value = self._set_from_outside(file, name)
        return value if value != NOTHING else self._answered(file, name, exports.get("__getattr__", ()))

    def _set_from_outside(self, file: SourceFile, name: str) -> Value:
        """Return what another module assigns to an attribute of a module that does not bind the name itself."""
        if self._outside is None:
            self._outside = {}
            for other, summary in self._program.summaries.items():
                for store in summary.stores:
                    if store.attribute:
                        for thing in self._evaluator.expression(other, store.target, store.at).things:
                            if isinstance(thing, ModuleThing):
                                self._outside.setdefault((thing.file, store.attribute), []).append((other, store))
        values = [
            hop(self._evaluator.expression(other, store.values[0].value, store.at), other, store.at)
            for other, store in self._outside.get((file, name), ())
        ]
        return union(values) if values else NOTHING

    def _answered(self, file: SourceFile, name: str, reaching: Iterable[int]) -> Value:
        """Return what a module's own ``__getattr__`` (PEP 562) answers for a name, as far as that can be read."""
        values: list[Value] = []
        for index in reaching:
            function = self._program.summaries[file].bindings[index].value
            if isinstance(function, Function):
                frame = Frame(file, Location(1, 1))
                values += [self._evaluator.evaluate(answer, frame) for answer in answers(function, name)]
        values = [value for value in values if value != NOTHING]
        value = union(values) if values else self._declared(file, name)
        if self._program.summaries[file].cached_at is not None:
            return value
        return replace(value, captures=tuple(replace(capture, taken=ASKED) for capture in value.captures))

    def _declared(self, file: SourceFile, name: str) -> Value:
        """Return what a module that imports on demand declares for type checkers."""
        summary = self._program.summaries[file]
        found = [index for known_name, index in summary.declared if known_name == name]
        if found:
            return self._evaluator.binding(file, found[-1])
        return self.through_stars(file, name, [i for known_name, i in summary.declared if known_name == "*"]) or NOTHING

    def _indexed_name(self, file: SourceFile, name: str) -> Value:
        """Look a name up in a module that was not read closely: only modules and classes matter there."""
        index = self._program.indexes.get(file)
        if index is not None:
            for item in reversed(index.imports):
                if item.local == name and item.name != "*":
                    binds_first = not item.name and item.local == item.module.partition(".")[0]
                    module = item.local if binds_first else item.module
                    return self.imported(file, module, item.level, item.name, Location(1, 1), item.local)
            if name in index.made:
                return NOTHING
            for item in index.imports:
                if item.name == "*":
                    target = resolve(self._program, file, item.module, item.level)
                    if target is not None and not name.startswith("_"):
                        found = self._evaluator.name(target, name)
                        if found != NOTHING:
                            return hop(found, target, Location(1, 1))
        return self._submodule(file, name)

    def _submodule(self, file: SourceFile, name: str) -> Value:
        if not file.is_package:
            return NOTHING
        found = self._program.table.find(f"{file.module}.{name}", file)
        return NOTHING if found is None else self.module(found)

    def module(self, file: SourceFile, name: str = "", *, is_found: bool = True) -> Value:
        """Return a module, which was imported by a name, as a value; its own origin if it is evicted.

        If it `is_found` in `sys.modules` it is what the module puts in its own place there.
        """
        written = spelled(file, name)
        thing = ModuleThing(file, written)
        captures = self._put_in_place(file) if is_found else ()
        if file in self._program.evicted and not captures:
            made = Made(Origin(file.module, file.module, OriginKind.MODULE, file.path, Location(1, 1)), file)
            captures = (Capture(made, Relation.IS, (file,), Location(1, 1), name=written),)
        return Value((thing,), captures)

    def _put_in_place(self, file: SourceFile) -> tuple[Capture, ...]:
        """Return what is kept by the object that a module puts in its own place: ``sys.modules[__name__] = …``."""
        summary = self._program.summaries.get(file)
        if summary is None or file in self._placing:
            return ()
        for store in summary.stores:
            match store:
                case Store(target=Attribute(name="modules"), values=(Element(value=key), new)) if key == Literal():
                    # Of all strings `__name__` is the one whose text nobody has written.
                    self._placing.add(file)
                    placed = hop(self._evaluator.expression(file, new.value, store.at), file, store.at)
                    self._placing.discard(file)
                    return placed.captures
        return ()

    def imported(self, file: SourceFile, module: str, level: int, name: str, at: Location, local: str) -> Value:
        """Return what an import statement binds: a module where `name` is empty, else something of a module."""
        target = resolve(self._program, file, module, level)
        dotted = absolute(file, level, module or None)
        if dotted is not None and self.compiled.has(dotted, file):
            return Value((ExternalThing(f"{dotted}.{name}" if name else dotted),))
        if name and dotted is not None and self.compiled.has(f"{dotted}.{name}", file):
            return Value((ExternalThing(f"{dotted}.{name}"),))
        if not name:
            package, _, last = module.rpartition(".")
            if target is not None and package and self._is_hidden(target, package, last, file):
                # `import p.m as x` binds what the package calls `m`, as `from p import m` does.
                return self.imported(file, package, 0, last, at, local)
            if target is None:
                return Value((ExternalThing(local if "." not in module else module),))
            return hop(self.module(target, module), target, at)
        written = "" if level else f"{module}.{name}"
        if target is None:
            found = self._program.table.find(f"{absolute(file, level, module or None)}.{name}", file)
            if found is not None:
                return hop(self.module(found, written), found, at)
            return Value((ExternalThing(f"{module}.{name}"),)) if level == 0 else NOTHING
        if name in MODULE_ATTRIBUTES:
            return NOTHING
        found = self._program.table.find(f"{target.module}.{name}", target) if target.is_package else None
        if found is not None and (target == file or self._is_early(found, target, file)):
            # The package's own name for the submodule is being bound right here, or further down.
            return hop(self.module(found), found, at)
        value = self._evaluator.name(target, name)
        if value == NOTHING and found is not None:
            # Nothing is known of the name, or it is asked for while the package itself is about to bind it.
            return hop(self.module(found, written), found, at)
        if any(isinstance(thing, ModuleThing) for thing in value.things):
            return renamed(passed(value, target, name, at), written)
        return hop(value, target, at, "" if level else module)

    def _is_early(self, module: SourceFile, package: SourceFile, importer: SourceFile) -> bool:
        return is_read_before_bound(module, package, importer, self._program.indexes, self._program.table)

    def _is_hidden(self, module: SourceFile, package: str, name: str, importer: SourceFile) -> bool:
        """Whether a package binds the name of its submodule to something else, after it has imported that."""
        parent = self._program.table.find(package, importer)
        index = None if parent is None else self._program.indexes.get(parent)
        if parent is None or index is None or parent == importer:
            return False
        value = self._evaluator.name(parent, name)
        if value == NOTHING or any(isinstance(thing, ModuleThing) for thing in value.things):
            return False
        # A submodule that is first imported later takes the name back.
        sources = (resolve(self._program, parent, item.module, item.level) for item in index.imports)
        return module in sources

    def _defines(self, file: SourceFile, name: str) -> bool:
        summary = self._program.summaries.get(file)
        if summary is not None:
            return any(known_name == name and reaching for known_name, reaching in summary.exports)
        index = self._program.indexes.get(file)
        return index is not None and name in index.made

    def _reach(self, file: SourceFile, name: str, reaching: Iterable[int], before: Location | None = None) -> Value:
        """Return what a name may be that the given bindings can have bound, star imports among them.

        Containers are taken as they are filled `before` a place, by default in the end.
        """
        values: list[Value] = []
        bindings = self._program.summaries[file].bindings
        back_from: SourceFile | None = None
        alternatives = [
            index
            for index in self._with_brought_back(file, name, reaching)
            if not isinstance(bindings[index].value, Literal) and not self._fails(file, bindings[index])
        ]
        # A number or None beside something else is a fallback, or a name declared before it is bound.
        for index in sorted(alternatives or reaching, reverse=True):
            returning = None if bindings[index].is_conditional else self._brings_back(file, name, index)
            if returning is not None:
                back_from = returning
            elif isinstance(bindings[index].value, StarImport):
                found = self.through_stars(file, name, (index,))
                if found is not None:
                    values.append(found)
                    if not bindings[index].is_conditional:
                        break
            else:
                values.append(
                    self._evaluator.binding(file, index) if before is None else self._bound(file, index, before)
                )
        value = union(self.compiled.preferred(values)) if values else NOTHING
        if back_from is not None:
            value = replace(value, captures=tuple(replace(one, back_from=back_from) for one in value.captures))
        return value

    def _with_brought_back(self, file: SourceFile, name: str, reaching: Iterable[int]) -> tuple[int, ...]:
        """Return the bindings together with the class or function that an import only brings back."""
        reached = tuple(reaching)
        bindings = self._program.summaries[file].bindings
        if len(reached) != 1 or not isinstance(bindings[reached[0]].value, NameImport):
            return reached
        if self._brings_back(file, name, reached[0]) is None:
            return reached
        earlier = (i for i in range(reached[0]) if bindings[i].name == name and not bindings[i].block)
        return (*(i for i in earlier if isinstance(bindings[i].value, (Class, Function))), *reached)

    def _brings_back(self, file: SourceFile, name: str, index: int) -> SourceFile | None:
        """Return the module from which an import takes what that one has taken from the file itself.

        After a reload it is still the old object.
        """
        binding = self._program.summaries[file].bindings[index]
        if not isinstance(binding.value, (NameImport, StarImport)):
            return None
        key = file, name, index
        if key not in self._returning:
            self._returning[key] = self._returns_from(file, name, binding)
        return self._returning[key]

    def _returns_from(self, file: SourceFile, name: str, binding: Binding) -> SourceFile | None:
        match binding.value:
            case StarImport():
                other = self._stars.target_of(file, binding, name)
            case NameImport(module=module, level=level, name=imported) if imported == name:
                other = resolve(self._program, file, module, level)
            case _:
                return None
        summary = None if other is None else self._program.summaries.get(other)
        if other is None or summary is None or other == file:
            return None
        bound = [summary.bindings[index].value for index in self._exported(other).get(name, ())]
        is_back = bool(bound) and all(
            isinstance(value, NameImport)
            and value.name == name
            and resolve(self._program, other, value.module, value.level) == file
            for value in bound
        )
        return other if is_back else None

    def _bound(self, file: SourceFile, index: int, before: Location) -> Value:
        """Return what a binding of a file may be; of a container what has been put in before a place."""
        binding = self._program.summaries[file].bindings[index]
        match binding.value:
            case Display() as made:
                pass
            case Call() as made if self._containers.is_changed(file, binding):
                value = self._evaluator.binding(file, index)
                if not any(isinstance(thing, ContainerThing) for thing in value.things):
                    return value
            case _:
                return self._evaluator.binding(file, index)
        filled = self._containers.filled(file, binding, made, before)
        return self._evaluator.own(file, binding, filled, OriginKind.VALUE)

    def _fails(self, file: SourceFile, binding: Binding) -> bool:
        """Whether an import asks a module of the project for a name that it cannot have."""
        if not isinstance(binding.value, NameImport):
            return False
        target = resolve(self._program, file, binding.value.module, binding.value.level)
        summary = None if target is None else self._program.summaries.get(target)
        if target is None or summary is None or summary.stars or self._defines(target, "__getattr__"):
            return False
        name = binding.value.name
        return not self._defines(target, name) and self._evaluator.name(target, name) == NOTHING

    def through_stars(self, file: SourceFile, name: str, stars: Iterable[int]) -> Value | None:
        """Return what a name may be that one of the star imports brings; None if none does."""
        bindings = self._program.summaries[file].bindings
        found: list[Value] = []
        for index in sorted(stars, reverse=True):
            brought = self._stars.target_of(file, bindings[index], name)
            value = NOTHING if brought is None else self._evaluator.name(brought, name)
            if brought is not None and value != NOTHING:
                found.append(passed(value, brought, name, bindings[index].at))
                if not bindings[index].is_conditional:
                    break
        return union(found) if found else None


def passed(value: Value, through: SourceFile, name: str, at: Location) -> Value:
    """Return a value as it arrives from another module, which names it.

    When a submodule is imported again, it replaces its package's attribute as well: nothing was taken through that.
    """
    if is_submodule(value, through, name):
        return Value(value.things, tuple(replace(capture, taken=at) for capture in value.captures))
    return hop(value, through, at)


def is_submodule(value: Value, package: SourceFile, name: str) -> bool:
    """Whether an attribute of a package is its submodule of that name."""
    own = f"{package.module}.{name}"
    return any(isinstance(thing, ModuleThing) and thing.file.module == own for thing in value.things)
