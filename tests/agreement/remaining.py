"""What the linter and the interpreter still disagree on, case by case, each with its reason.

The figures count these cases as wrong: a reason explains, it does not excuse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from stalecheck.vocabulary import ReloadMode

from . import probe_compare
from .compare import Case

RELOAD = ReloadMode.RELOAD
REIMPORT = ReloadMode.REIMPORT
BOTH = (RELOAD, REIMPORT)


@dataclass(frozen=True, slots=True)
class Remaining:
    """Disagreements with one reason: which cases (globs over module and name), and why."""

    reason: str
    what: str
    reloaded: str
    holder: str
    name: str
    modes: tuple[ReloadMode, ...] = BOTH

    def explains(self, case: Case | probe_compare.Case, mode: ReloadMode) -> bool:
        """Whether a case is one of these."""
        return mode in self.modes and all(
            fnmatchcase(value, pattern)
            for value, pattern in (
                (case.what, self.what),
                (case.reloaded, self.reloaded),
                (case.holder, self.holder),
                (case.name, self.name),
            )
        )


AT_RUN_TIME = (
    "the name, or the class behind it, is made at run time (`type(…)`, `globals()[…]`, a module's `__getattr__`)"
)
REGISTRY = "a registry that other modules fill while they are imported, by a metaclass, a decorator or a call"
METACLASS = "attributes that a metaclass or `__init_subclass__` sets"
CONDITION = "which branch runs is decided by a value that is not in the source"
MERGED = "a table that a function of the package merges (`update_copy`): its keys decide at run time which entries stay"
FROM_OUTSIDE = "an attribute of the module that a function of another module sets"
PATCHED = "attributes and methods that another module puts onto the class or function"
REMEMBERED = "whether `typing` still remembers an equal form depends on all that was evaluated in between"
IN_C = "an argument that a function of the package passes on to an object made in C (`immutabledict`)"
MADE_CLASS = "the class of the instance is made at run time, in the `__new__` of its base"
LATE_IMPORT = "the wrapper's closure holds what the decorator's own body imports"
STAR_AGAIN = "a star brings again what the line above it has imported by name: the yardstick counts it there only"
GIVEN_BACK = "what a function of the package gives back depends on its arguments' values"

REMAINING = (
    Remaining(REGISTRY, "missed inside", "marshmallow.*", "marshmallow.class_registry", "_registry"),
    Remaining(REGISTRY, "missed inside", "networkx.*", "networkx.utils.backends", "_registered_algorithms"),
    Remaining(REGISTRY, "missed inside", "sqlalchemy.*", "sqlalchemy.inspection", "_registrars"),
    Remaining(REGISTRY, "missed inside", "sqlalchemy.*", "sqlalchemy.log", "_logged_classes"),
    Remaining(REGISTRY, "missed inside", "sqlalchemy.*", "sqlalchemy.sql.annotation", "annotated_classes"),
    Remaining(AT_RUN_TIME, "missed *", "sqlalchemy.*", "sqlalchemy.sql.annotation", "Annotated*"),
    Remaining(AT_RUN_TIME, "missed direct", "sqlalchemy.*", "sqlalchemy.util.preloaded", "*", (REIMPORT,)),
    Remaining(AT_RUN_TIME, "missed *", "pygments.lexers.prolog", "pygments.lexers.cplint", "*"),
    Remaining(METACLASS, "missed inside", "pygments.token", "pygments.style", "Style"),
    Remaining(METACLASS, "missed inside", "sqlalchemy.event.base", "sqlalchemy.*", "*"),
    Remaining(METACLASS, "missed inside", "sqlalchemy.util.langhelpers", "sqlalchemy.*", "*"),
    Remaining(CONDITION, "steady", "sqlalchemy.testing.util", "sqlalchemy.testing.*", "gc_collect"),
    Remaining(MERGED, "fresh", "sqlalchemy.dialects.*", "sqlalchemy.dialects.*", "*.colspecs"),
    Remaining(MERGED, "missed inside", "sqlalchemy.dialects.*", "sqlalchemy.dialects.postgresql.*", "*PGDialect*"),
    Remaining(FROM_OUTSIDE, "missed direct", "sqlalchemy.sql.*", "sqlalchemy.sql.base", "*", (REIMPORT,)),
    Remaining(FROM_OUTSIDE, "missed direct", "sqlalchemy.sql.*", "sqlalchemy.sql.coercions", "*", (REIMPORT,)),
    Remaining(AT_RUN_TIME, "missed direct", "sqlalchemy.util", "sqlalchemy.sql.coercions", "cls", (REIMPORT,)),
    Remaining(REGISTRY, "missed inside", "sqlalchemy.*", "sqlalchemy.event.base", "_registrars"),
    Remaining(REGISTRY, "missed inside", "sqlalchemy.exc", "sqlalchemy.util.langhelpers", "_warning_tags"),
    Remaining(REGISTRY, "missed inside", "sqlalchemy.sql.elements", "sqlalchemy.sql.functions", "_registry"),
    Remaining(REGISTRY, "missed inside", "sqlalchemy.orm.*", "sqlalchemy.orm.interfaces", "StrategizedProperty"),
    Remaining(METACLASS, "missed inside", "sqlalchemy.sql.compiler", "sqlalchemy.dialects.*", "*Compiler*"),
    Remaining(METACLASS, "steady", "sqlalchemy.sql.compiler", "sqlalchemy.*", "*.insertmanyvalues_implicit_sentinel"),
    Remaining(PATCHED, "missed inside", "sqlalchemy.ext.compiler", "sqlalchemy.dialects.*", "_cast_on_2005"),
    Remaining(PATCHED, "missed inside", "sqlalchemy.sql.base", "sqlalchemy.orm.mapped_collection", "KeyFuncDict"),
    Remaining(IN_C, "missed inside", "sqlalchemy.orm.base", "sqlalchemy.orm.util", "*"),
    Remaining(IN_C, "missed inside", "sqlalchemy.engine.characteristics", "sqlalchemy.dialects.*", "PGDialect"),
    Remaining(GIVEN_BACK, "missed inside", "sqlalchemy.sql.elements", "sqlalchemy.orm.*", "query_expression"),
    Remaining(GIVEN_BACK, "fresh", "sqlalchemy.sql.roles", "sqlalchemy.sql.sqltypes", "TABLEVALUE._elements"),
    Remaining(GIVEN_BACK, "fresh", "sqlalchemy.testing.fixtures.base", "sqlalchemy.testing.*", "MypyTest"),
    Remaining(REMEMBERED, "missed direct", "sqlalchemy.sql._typing", "sqlalchemy.ext.mutable", "_TypeEngineArgument"),
    Remaining(REMEMBERED, "steady", "rich.padding", "rich.*", "PaddingDimensions"),
    Remaining(MADE_CLASS, "*", "networkx.utils.configs", "networkx", "*config"),
    Remaining(STAR_AGAIN, "fresh", "networkx.classes.filters", "networkx", "*"),
    Remaining(LATE_IMPORT, "missed inside", "werkzeug.exceptions", "werkzeug.testapp", "test_app"),
)


def reason_for(case: Case, mode: ReloadMode) -> str | None:
    """Return why the two disagree on a case; None where nobody has said."""
    return next((entry.reason for entry in REMAINING if entry.explains(case, mode)), None)


def unexplained(cases: Iterable[Case], mode: ReloadMode) -> tuple[Case, ...]:
    """Return the cases without a reason."""
    return tuple(case for case in cases if reason_for(case, mode) is None)
