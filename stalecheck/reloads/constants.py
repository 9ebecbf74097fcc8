"""Constants of other files: the literal lists, tables and texts that a file imports and reloads by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stalecheck.model import SourceFile
from stalecheck.reloads.items import Group, Items, Table, Text, Thing
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
        file = None if name in self._modules else self._modules.get(module)
        if file is None:
            return ()
        if file not in self._evaluators:
            outline = self._outline_of(file)
            self._evaluators[file] = None if outline is None else Evaluator(outline, lambda _: None, self)
        evaluator = self._evaluators[file]
        if evaluator is None or constant not in evaluator.outline.module.bindings:
            return ()
        items = evaluator.exported(constant)
        if items == (Thing(name),):
            return ()
        items = evaluator.opened(items)
        return items if items and all(isinstance(item, (Group, Table, Text)) for item in items) else ()
