"""Imports as holders: which names of a file are another module's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stalecheck.link.captures import hop
from stalecheck.link.holding import Holding, Subject, closest
from stalecheck.link.names import passed
from stalecheck.link.program import resolve
from stalecheck.link.values import NOTHING, ClassThing, ModuleThing, Relation
from stalecheck.model import Location, SourceFile
from stalecheck.summarize.summary import (
    Attribute,
    Binding,
    Class,
    Function,
    LocalImport,
    ModuleImport,
    NameImport,
    Parameter,
    Reference,
    StarImport,
)
from stalecheck.vocabulary import HolderKind, OriginKind

_IMPORTED = frozenset({Relation.IS, Relation.MEMBER, Relation.INSTANCE, Relation.DERIVED})


class Imports:
    """Finds what imports hold."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def of_import(self, index: int, binding: Binding) -> Iterator[Holding]:
        """Yield what an import binds."""
        value = self._subject.evaluator.binding(self._subject.file, index)
        for capture in closest(value.captures):
            if capture.relation in _IMPORTED:
                is_module = capture.made.origin.kind is OriginKind.MODULE
                kind = HolderKind.MODULE_IMPORT if is_module else HolderKind.FROM_IMPORT
                yield self._subject.holding(binding.name, kind, binding.span, capture, binding.block)

    def of_submodule(self, binding: Binding) -> Iterator[Holding]:
        """Yield what ``import p.m`` reaches through the package that it binds."""
        match binding.value:
            case ModuleImport(module=module, binds_first=True) if "." in module:
                file = resolve(self._subject.evaluator.program, self._subject.file, module, 0)
                if file is not None:
                    value = hop(self._subject.evaluator.names.module(file, module), file, binding.at)
                    for capture in value.captures:
                        kind, held = HolderKind.MODULE_IMPORT, replace(capture, is_of_package=True)
                        yield self._subject.holding(binding.name, kind, binding.span, held, binding.block)

    def of_star(self, index: int, binding: Binding) -> Iterator[Holding]:
        """Yield what a star import brings, one holding for each name and origin."""
        found = self._subject.evaluator.stars.brought(self._subject.file, binding)
        if found is None:
            return
        target, names = found
        exports = dict(self._subject.summary.exports)
        for name in names:
            if name in exports and index not in exports[name]:
                continue
            value = passed(self._subject.evaluator.name(target, name), target, name, binding.at)
            for capture in closest(value.captures):
                if capture.made.file != self._subject.file and not self._is_hidden(index, name):
                    yield replace(
                        self._subject.holding("*", HolderKind.STAR_IMPORT, binding.span, capture, binding.block),
                        brings=((name, capture),),
                        rebound=self._brought_later(index, name),
                    )

    def of_local_import(self, local: LocalImport) -> Iterator[Holding]:
        """Yield what an import inside a function binds for the rest of that function."""
        if not local.uses:
            return
        for index, binding in enumerate(self._subject.summary.bindings):
            if binding.block == f"{local.block}.<locals>" and binding.at == local.at and binding.name == local.name:
                for capture in closest(self._subject.evaluator.binding(self._subject.file, index).captures):
                    if capture.relation in _IMPORTED:
                        is_module = capture.made.origin.kind is OriginKind.MODULE
                        kind = HolderKind.MODULE_IMPORT if is_module else HolderKind.FROM_IMPORT
                        yield replace(
                            self._subject.holding(
                                f"{local.block}.<locals>.{local.name}", kind, local.span, capture, local.block
                            ),
                            until=local.uses,
                            unreached=local.unreached,
                            called=tuple(self._called(local)),
                        )
                return

    def _called(self, local: LocalImport) -> Iterator[tuple[SourceFile | None, str, Location]]:
        """Yield the functions that are called while a local import is in use; many files that reload hold nothing."""
        for function, at in local.calls:
            match function:
                case Parameter(name=name):
                    yield None, name, at
                case Attribute(value=Parameter(name="self" | "cls"), name=name):
                    yield from ((*found, at) for found in self._method(local, name))
                case Attribute(value=owner, name=name):
                    for thing in self._subject.evaluate(owner, at).things:
                        if isinstance(thing, ModuleThing):
                            yield thing.file, name, at
                case Reference(name=name, reaching=reaching):
                    for index in reaching or dict(self._subject.summary.exports).get(name, ()):
                        binding = self._subject.summary.bindings[index]
                        yield from ((*found, at) for found in self._defined(binding))

    def _method(self, local: LocalImport, name: str) -> Iterator[tuple[SourceFile, str]]:
        """Yield the method of a name of the class, or its bases, in one of whose methods a local import stands."""
        evaluator = self._subject.evaluator
        for binding in self._subject.summary.bindings:
            match binding.value:
                case Class(name=owner) if owner == local.block.rpartition(".")[0]:
                    found = evaluator.classes.member(ClassThing(self._subject.file, binding.value), name)
                    if found is not None:
                        yield found[0].file, f"{found[0].definition.name}.{name}"
                        return

    def _defined(self, binding: Binding) -> Iterator[tuple[SourceFile, str]]:
        match binding.value:
            case Function(name=name):
                yield self._subject.file, name
            case NameImport(module=module, level=level, name=name):
                target = resolve(self._subject.evaluator.program, self._subject.file, module, level)
                if target is not None:
                    yield target, name

    def overlaid(self) -> set[int]:
        """Return the bindings whose names a later star import, or a compiled module, binds again."""
        bindings = self._subject.summary.bindings
        compiled = self._subject.evaluator.names.compiled
        overlaid: set[int] = set()
        for name, reaching in self._subject.summary.exports:
            if len(reaching) > 1:
                values = {index: self._subject.evaluator.binding(self._subject.file, index) for index in reaching}
                found = {index for index in reaching if compiled.holds(values[index])}
                overlaid.update(index for index in reaching if found and index not in found)
            for star in reaching:
                if not isinstance(bindings[star].value, StarImport) or bindings[star].is_conditional:
                    continue
                brought = self._subject.evaluator.stars.target_of(self._subject.file, bindings[star], name)
                if brought is None:
                    continue
                captures = self._subject.evaluator.name(brought, name).captures
                # What comes back from this file in a circle is what the file has imported itself.
                same = {capture.made for capture in captures if self._subject.file in capture.via}
                for index in reaching:
                    if index < star and not isinstance(bindings[index].value, StarImport):
                        held = self._subject.evaluator.binding(self._subject.file, index).captures
                        if all(capture.made not in same for capture in held):
                            overlaid.add(index)
        return overlaid

    def is_lesser(self, index: int, binding: Binding) -> bool:
        """Whether another import of the same package stands for it: the first one that is used, else the last."""
        if not (isinstance(binding.value, ModuleImport) and binding.value.binds_first):
            return False
        reaching = [
            other
            for other in dict(self._subject.summary.exports).get(binding.name, ())
            if isinstance(self._subject.summary.bindings[other].value, ModuleImport)
        ]
        if len(reaching) < 2:
            return False
        imports = {i: self._subject.summary.bindings[i].value for i in reaching}
        used = [
            i
            for i, value in imports.items()
            if isinstance(value, ModuleImport)
            and "." in value.module
            and any(f"{dotted}.".startswith(f"{value.module}.") for dotted in self._subject.summary.dotted)
        ]
        return index in imports and index != (used[0] if used else reaching[-1])

    def _is_hidden(self, star: int, name: str) -> bool:
        """Whether a later star import binds a name again."""
        for later in self._subject.summary.stars:
            binding = self._subject.summary.bindings[later]
            if (
                later > star
                and not binding.is_conditional
                and self._subject.evaluator.stars.provides(self._subject.file, binding, name)
            ):
                found = self._subject.evaluator.stars.brought(self._subject.file, binding)
                value = NOTHING if found is None else self._subject.evaluator.name(found[0], name)
                # What comes back from this file in a circle, this star import has brought.
                if value != NOTHING and all(self._subject.file not in c.via for c in value.captures):
                    return True
        return False

    def _brought_later(self, star: int, name: str) -> tuple[Location, ...]:
        """Return the later star imports that bring a name again."""
        bindings = self._subject.summary.bindings
        return tuple(
            bindings[later].at
            for later in self._subject.summary.stars
            if later > star and self._subject.evaluator.stars.provides(self._subject.file, bindings[later], name)
        )
