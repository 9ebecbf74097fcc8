"""Which names in the body of an Enum are members of it."""

from __future__ import annotations

from stalecheck.link.values import ExternalThing, FunctionThing, Thing, Value
from stalecheck.summarize.summary import Bound, Class, Function, FunctionExpression, ModuleImport, NameImport

_NO_MEMBERS = frozenset(
    {
        *(f"builtins.{name}()" for name in ("classmethod", "property", "staticmethod")),
        *(f"enum.{name}()" for name in ("nonmember", "property")),
        "functools.cached_property()",
        "types.DynamicClassAttribute()",
    }
)


def is_member(name: str, bound: Bound, value: Value) -> bool:
    """Whether what the body of an Enum binds a name to becomes a member: what is no function or descriptor."""
    if isinstance(bound, (Function, FunctionExpression, Class, ModuleImport, NameImport)):
        return False
    is_private = name.startswith("__") or (name.startswith("_") and name.endswith("_"))
    return not is_private and not any(map(_is_descriptor, value.things))


def _is_descriptor(thing: Thing) -> bool:
    return isinstance(thing, FunctionThing) or (isinstance(thing, ExternalThing) and thing.name in _NO_MEMBERS)
