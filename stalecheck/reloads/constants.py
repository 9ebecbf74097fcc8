"""Constants of other files: the literal lists, tables and texts that a file imports and reloads by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stalecheck.model import SourceFile
from stalecheck.reloads.items import Group, Instance, Items, Table, Text, Thing
from stalecheck.reloads.scopes import Outline
from stalecheck.reloads.values import Evaluator


class Constants:
    """What constants of a project's modules stand for; files are read when one of theirs is asked for."""

    def __init__(self, modules: Mapping[str, SourceFile], outline_of: Callable[[SourceFile], Outline | None]) -> None:
        self._outline_of = outline_of
        self._modules = modules
        self._evaluators: dict[SourceFile, Evaluator | None] = {}
        self._found: dict[str, Items] = {}

    def __call__(self, name: str) -> Items:
        """Return what a constant of an absolute dotted name stands for; nothing where it is none."""
        if name not in self._found:
            self._found[name] = ()  # It may be asked for again while it is worked out.
            self._found[name] = self._read(name)
        return self._found[name]

    def _read(self, name: str) -> Items:
        module, _, constant = name.rpartition(".")
        if constant == "__module__":
            return self._module_of(module)
        evaluator = self._evaluator(name, module)
        if evaluator is None or constant not in evaluator.outline.module.bindings:
            return ()
        items = evaluator.exported(constant)
        if items == (Thing(name),):
            return ()
        items = evaluator.opened(items)
        return items if items and all(isinstance(item, (Group, Table, Text)) for item in items) else ()

    def _module_of(self, name: str) -> Items:
        """The name of the module that makes a class or a function, or the class of an object."""
        module, _, last = name.rpartition(".")
        evaluator = self._evaluator(name, module)
        items = evaluator.exported(last) if evaluator and last in evaluator.outline.module.bindings else ()
        if len(items) != 1 or not isinstance(items[0], (Thing, Instance)) or evaluator is None:
            return ()
        made = items[0].name
        return (Text(evaluator.outline.file.module),) if evaluator.own(made) else self(f"{made}.__module__")

    def _evaluator(self, name: str, module: str) -> Evaluator | None:
        file = None if name in self._modules else self._modules.get(module)
        if file is None:
            return None
        if file not in self._evaluators:
            outline = self._outline_of(file)
            self._evaluators[file] = None if outline is None else Evaluator(outline, lambda _: None, self)
        return self._evaluators[file]
