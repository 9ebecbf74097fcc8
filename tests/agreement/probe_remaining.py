"""What the probe still sees otherwise than the interpreter or the linter, case by case, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .probe_compare import Case


@dataclass(frozen=True, slots=True)
class Remaining:
    """Differences with one reason: which cases (globs over module and name), and why."""

    reason: str
    what: str
    reloaded: str
    holder: str
    name: str

    def explains(self, case: Case) -> bool:
        """Whether a case is one of these."""
        return all(
            fnmatchcase(value, pattern)
            for value, pattern in (
                (case.what, self.what),
                (case.reloaded, self.reloaded),
                (case.holder, self.holder),
                (case.name, self.name),
            )
        )


UNTRACKED = "a tuple or dict of plain objects (`object()`) is not tracked by the collector: no referrer shows it"
CALLBACK = "a registration is named by where it ends up, not by the call that made it"
MAKER = "no object says who has made it: `STL201` for an instance made elsewhere, `STL202` for one of the module's own"
UNKNOWN = "a value of which the linter does not know what it is: `STL105`; the object itself says it"
FOLLOWED = "the linter follows values through several steps; the object itself is named where it is"
PLACE = "the place has another name, or no code, in a running program"
OTHER_NAME = "the project imports the module under a shorter name than the linter gives it"
PART = "an attribute of a module's own instance is named as the instance's"
VALUES = "instances of the standard library's value types are values to the linter, and objects to the probe"
INNER = "what an old value itself is made of is an origin of its own to the probe"
NOT_ALIVE = "nothing of it is alive when the probe looks"
REPLACED = "the object that a module has put in its own place is no module, so the probe does not look behind it"
ATTRIBUTE_OF_MODULE = "a module's own dunder names are no origins: each run of a body sets them"
PLAIN = "the value of an Enum's member is a plain value: no object of the old class is kept"

REMAINING: tuple[Remaining, ...] = (
    Remaining(UNTRACKED, "inside not named", "more_itertools.recipes", "more_itertools.more", "*"),
    Remaining(INNER, "other code", "marshmallow.types", "marshmallow.fields", "_ProcessorT"),
)

FIXTURES: dict[str, tuple[str, ...]] = {
    CALLBACK: (
        "* STL210 *",
        "STL204_default_argument/kept_by_a_registry STL204 app _",
        "STL210_callback/own_functions_that_register STL204 app _",
    ),
    MAKER: (
        "STL201_instance/attribute_of_a_singleton STL201 app Z",
        "STL201_instance/builders STL202 app SAME",
        "STL201_instance/caught STL201 app *",
        "STL205_container/filled_by_calls STL201 app LATER",
        "STL202_singleton/decorated_by_a_class STL201 app HAS_X",
        "STL202_singleton/taken_from_elsewhere STL202 n *",
        "STL205_container/iterated STL201 n first",
        "STL205_container/names_of_things STL202 app Made",
        "STL105_copied_value/kept_by_its_module_reimported STL202 n AA",
        "STL202_singleton/remembered_elsewhere STL202 n [NQYZ]",
        "STL202_singleton/remembered_until_cleared STL202 n C",
    ),
    UNKNOWN: (
        "STL105_copied_value/fields STL105 app engine",
        "STL105_copied_value/fields STL105 app right",
        "STL105_copied_value/of_enum_members STL105 app added",
    ),
    FOLLOWED: (
        "STL202_singleton/attributes_of_a_singleton STL105 app own",
        "STL206_wrapped_callable/classes_made_in_functions STL206 app *",
        "STL206_wrapped_callable/imported_by_its_maker STL206 by_class made",
        "STL206_wrapped_callable/imported_by_its_maker STL206 by_default made",
        "STL203_base_class/made_by_a_function STL206 app First",
        "STL206_wrapped_callable/closures_in_closures STL205 app listed",
        "STL205_container/filled_after_it_is_held STL20[45] n *",
        "STL205_container/overwritten_in_a_copy STL205 n Base.part",
        "STL206_wrapped_callable/through_star_arguments STL205 p.make Lexer.tokens",
        "STL101_from_import/type_argument_of_a_base STL203 app SpanExporter",
        "STL203_base_class/parametrized STL203 app [ABCD]",
    ),
    PLAIN: ("STL205_container/values_of_members STL205 app *",),
    VALUES: ("STL202_singleton/of_the_standard_library STL105 app *",),
    OTHER_NAME: ("STL101_from_import/imported_by_its_longer_name_too STL101 *",),
    PLACE: (
        "STL201_instance/reset_by_a_method_that_the_reload_calls STL201 * bot.engine",
        "STL202_singleton/made_when_asked_for STL201 admin service.*",
        "STL102_star_import/names_of_other_branches STL102 * [*]",
        "STL105_copied_value/list_of_public_names STL102 user [*]",
        "STL204_default_argument/field_of_a_slotted_dataclass STL204 app Slotted",
        "STL204_default_argument/lambda_within STL204 app <lambda>",
        "STL205_container/emptied_elsewhere STL205 stays kept.OTHER",
        "STL205_container/filled STL205 app registry.HANDLERS",
        "STL205_container/put_in_after_the_reload STL205 gives app.SHARED",
        "STL205_container/filled_by_methods STL104 app app.second",
        "STL205_container/names_of_a_held_module STL104 c m1",
        "STL205_container/put_in_before_the_reload STL201 attribute App.engine",
        "STL210_callback/containers_of_the_standard_library STL205 app string.Template.parts",
    ),
    PART: (
        "STL104_alias/plain STL104 app holder.kind",
        "STL206_wrapped_callable/containers_given_away * server *",
        "STL207_cached_result/* STL207 app Service.engine",
    ),
    NOT_ALIVE: (
        "STL101_from_import/function_body STL101 app refresh.<locals>.C",
        "STL101_from_import/local_before_a_* STL101 test_app *.<locals>.C",
        "STL101_from_import/local_in_another_branch STL101 run *.<locals>.C",
        "STL103_module_import/local_bound_again * run *.<locals>.*",
    ),
    UNTRACKED: ("STL204_default_argument/plain STL204 app sentinel",),
    REPLACED: ("STL101_from_import/module_replaced_by_a_wrapper * n *",),
    ATTRIBUTE_OF_MODULE: ("STL105_copied_value/list_of_public_names STL105 *",),
}
"""Fixture projects: holders, as `project code module name`, that the probe does not name with the linter's code."""


def reason_for(case: Case) -> str | None:
    """Return why the probe differs in a case; None where nobody has said."""
    return next((entry.reason for entry in REMAINING if entry.explains(case)), None)


def unexplained(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Return the cases without a reason."""
    return tuple(case for case in cases if reason_for(case) is None)
