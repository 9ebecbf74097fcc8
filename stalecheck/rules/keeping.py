"""What becomes of what is registered twice, and what well-known libraries do with it: the table behind STL302.

Of libraries that are not listed here, a method that is called like one that registers is taken to keep both.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from enum import Enum


class Keeping(Enum):
    """What becomes of what is registered for the second time."""

    REPLACED = "replaced"
    """Or not kept at all."""

    JOINED = "joined"
    """An object that is made anew joins the old one; what is equal to the old does not."""

    REPEATED = "repeated"
    """Whatever it is, it is there twice."""

    REFUSED = "refused"
    """An exception is raised."""

    IGNORED = "ignored"
    """The old one stays, and the new one is not taken."""


def _each(names: str, keeping: Keeping) -> dict[str, Keeping]:
    return dict.fromkeys(names.split(), keeping)


_VERBS = "get post put patch delete head options"
_FLASK = {
    **_each(f"route {_VERBS} add_url_rule endpoint register_blueprint", Keeping.REFUSED),
    **_each("before_request after_request teardown_request teardown_appcontext", Keeping.JOINED),
    **_each("context_processor shell_context_processor url_value_preprocessor url_defaults", Keeping.JOINED),
}
_STARLETTE = _each(
    f"{_VERBS} trace route api_route websocket websocket_route middleware on_event mount include_router add_api_route"
    " add_route add_event_handler",
    Keeping.JOINED,
)
_DISCORD = {
    **_each("command group hybrid_command hybrid_group context_menu add_command add_cog", Keeping.REFUSED),
    **_each("listen add_listener check add_check check_once", Keeping.JOINED),
}

_LIBRARIES: Mapping[str, Mapping[str, Keeping]] = {
    "flask.Flask": _FLASK,
    # A blueprint that has been registered takes nothing more.
    "flask.Blueprint": dict.fromkeys(_FLASK, Keeping.REFUSED),
    "fastapi.FastAPI": _STARLETTE,
    "fastapi.APIRouter": _STARLETTE,
    "starlette.Starlette": _STARLETTE,
    **{f"{package}.Client": {} for package in ("discord", "nextcord", "disnake")},
    **{
        f"{package}.{name}": _DISCORD
        for package in ("discord", "nextcord", "disnake")
        for name in ("Bot", "AutoShardedBot", "CommandTree")
    },
    "celery.Celery": _each("task", Keeping.IGNORED),
    # Kept weakly, by default: nothing else keeps the old function.
    "blinker": _each("connect_via", Keeping.JOINED),
    "django.Signal": {},
}
"""By what makes the object, its package and its last name, or the package alone: what methods do the second time.

Methods that are not listed replace what has the same name, or keep nothing.
"""

_WEAK = frozenset({"blinker", "django"})
"""Packages whose signals keep functions weakly unless they are asked not to."""

_EQUALLY = frozenset({"register_blueprint", "add_cog"})
"""Methods that refuse also what is the same as before."""

_EXTERNAL = frozenset(
    {
        *("route", "get", "post", "put", "patch", "delete", "websocket", "add_url_rule", "register_blueprint"),
        *("include_router", "before_request", "after_request", "teardown_request"),
        *("command", "group", "add_command", "event", "listener", "listen", "connect", "subscribe", "on", "task"),
    }
)
"""Methods of applications, bots and signals with which functions are registered."""

BY_ARGUMENT: Mapping[str, tuple[int, str]] = {
    "sqlalchemy.Table": (1, "metadata"),
    **{
        f"prometheus_client.{name}": (-1, "registry")
        for name in ("Counter", "Gauge", "Histogram", "Summary", "Info", "Enum")
    },
}
"""What refuses a second one of the same name in a registry, by its package and last name.

With the place and the name of the argument that is the registry; -1: it is given by name, else it is the library's own.
"""

_MAPPERS = frozenset(
    {
        *("sqlalchemy.DeclarativeBase", "sqlalchemy.DeclarativeBaseNoMeta", "sqlalchemy.declarative_base"),
        *("flask_sqlalchemy.Model", "sqlmodel.SQLModel"),
    }
)
"""Bases that refuse a second class for the same table: the package and the last name of what they are, or make them."""


def short_name(dotted: str) -> str:
    """Return the package and the last name of something: ``discord.Bot`` of ``discord.ext.commands.Bot``."""
    first, _, rest = dotted.partition(".")
    return f"{first}.{rest.rpartition('.')[2]}" if rest else first


def keeping_in_library(maker: str, method: str, keywords: Iterable[ast.keyword], *, has_own: bool) -> Keeping:
    """Return what a method of an object of a library does with what it is given for the second time.

    Args:
        maker: The absolute name of what made the object; empty where it is not known.
        method: The method.
        keywords: What it is given by name.
        has_own: Whether anything of what it is given is made anew.
    """
    table = _LIBRARIES.get(short_name(maker), _LIBRARIES.get(maker.partition(".")[0]))
    if table is None:
        return Keeping.JOINED if method in _EXTERNAL and has_own else Keeping.REPLACED
    is_strong = any(k.arg == "weak" and isinstance(k.value, ast.Constant) and not k.value.value for k in keywords)
    if is_strong and method == "connect" and maker.partition(".")[0] in _WEAK:
        return Keeping.JOINED if has_own else Keeping.REPLACED
    return table.get(method, Keeping.REPLACED) if has_own or method in _EQUALLY else Keeping.REPLACED


def refuses_tables(base: str, definition: ast.ClassDef, *, is_named_above: bool) -> bool:
    """Return whether a base of a library refuses the table of a class for the second time.

    Args:
        base: The absolute name of the base, or of what it is made by.
        definition: The class.
        is_named_above: A class between the two names the tables of those below it.
    """
    if short_name(base) not in _MAPPERS:
        return False
    body: dict[str, ast.expr | None] = {}
    for statement in definition.body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                body.update((target.id, value) for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                body[name] = value
            case ast.FunctionDef(name=name):
                body[name] = None
    arguments = body.get("__table_args__")
    if "__abstract__" in body or (arguments is not None and "_existing" in ast.unparse(arguments)):
        return False
    if base.startswith("sqlmodel."):
        return any(keyword.arg == "table" for keyword in definition.keywords)
    if "__tablename__" in body or "__table__" in body:
        return True
    is_named = is_named_above or base.startswith("flask_sqlalchemy.")
    return is_named and any(value is not None and "primary_key" in ast.unparse(value) for value in body.values())
