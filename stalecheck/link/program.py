"""What the linker works on, and where in it an expression is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from stalecheck.index import FileIndex
from stalecheck.link.values import Value
from stalecheck.model import Location, SourceFile
from stalecheck.modules import ModuleTable, absolute
from stalecheck.summarize.summary import Binding, Expression, Summary
from stalecheck.vocabulary import OriginKind


@dataclass(frozen=True, slots=True)
class Program:
    """What the linker works on."""

    table: ModuleTable
    summaries: Mapping[SourceFile, Summary]
    indexes: Mapping[SourceFile, FileIndex]
    reloaded: frozenset[SourceFile]
    """Modules whose bodies run again, in whatever mode."""

    evicted: frozenset[SourceFile]
    """Those of them that become a second module object."""

    given_back: Mapping[SourceFile, Mapping[int, SourceFile | None]] = field(default_factory=dict)
    """The rows at which files reload: a call there gives back the module itself, if it is one."""

    is_forgotten: Callable[[SourceFile, str, Location], bool] = lambda file, form, at: False
    """Whether the `typing` module makes a form like ``Union[…]``, in the statement at a place, anew by then."""

    is_there: Callable[[SourceFile, str, str], bool] = lambda file, module, name: False
    """Whether a module certainly has a name when a file, which has imported it, asks for that."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where an expression is evaluated: its file, the place in it, the arguments of the call."""

    file: SourceFile
    at: Location
    arguments: Mapping[str, Value] | None = None
    depth: int = 0
    holder: SourceFile | None = None
    """The file that the result goes to, where a call goes into another file's function."""

    is_held: bool = False
    """What a name stands for is kept as it is: a container with all that is put into it further down."""

    block: str = ""
    """The function whose statement binds a global name to it; empty at module level."""


class Evaluates(Protocol):
    """What the parts of the evaluation need of the whole: each may have to evaluate what it comes upon."""

    @property
    def program(self) -> Program:
        """What the linker works on."""

    def evaluate(self, expression: Expression, frame: Frame) -> Value:
        """Return what an expression may be within a frame."""

    def expression(
        self, file: SourceFile, expression: Expression, at: Location, *, is_held: bool = False, block: str = ""
    ) -> Value:
        """Return what an expression may be that stands in a file at module or class level."""

    def outermost(self, expression: Expression, frame: Frame) -> Value:
        """Return what an expression may be within a frame that no other evaluation has led to."""

    def attribute(self, value: Value, name: str, frame: Frame) -> Value:
        """Return what an attribute of a value may be."""

    def binding(self, file: SourceFile, index: int) -> Value:
        """Return what a binding of a file may be."""

    def name(self, file: SourceFile, name: str) -> Value:
        """Return what a module's attribute may be; nothing where the module has none."""

    def own(self, file: SourceFile, binding: Binding, value: Value, kind: OriginKind) -> Value:
        """Return a value with the module that binds it as the origin of what its body made, if it is reloaded."""


def resolve(program: Program, file: SourceFile, module: str, level: int) -> SourceFile | None:
    """Return the file that an import statement in `file` names; None outside the project."""
    name = absolute(file, level, module or None)
    return None if name is None else program.table.find(name, file)
