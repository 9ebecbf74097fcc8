"""Conditions of a loop over modules, as far as they can be worked out for the name of one module.

A `Filter` is what `asked` makes of a condition. Whether a module passes is asked for by its name: yes, no, or nobody
knows without running the program.
"""

from __future__ import annotations

import fnmatch
import operator
import re
from collections.abc import Callable, Iterator, KeysView, Mapping, ValuesView
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is known: of a condition in the source, so a text, a number or a collection of them."""

    value: Any


@dataclass(frozen=True, slots=True)
class Subject:
    """The name of the module that the loop is at."""

    globs: tuple[str, ...]
    """What it may look like, with ``*`` for what is not written; an empty one is the module's whole name."""


@dataclass(frozen=True, slots=True)
class Trait:
    """What else the loop has of a module that is imported."""

    name: Literal["module", "file", "package", "ispkg"]
    """The module or its spec; its file or loader; its package's name; whether it is a package."""


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter of a function, the text of it where a `pattern` is made of it."""

    function: str
    parameter: str
    position: int
    default: Test | None = None
    pattern: str = "{}"
    is_text: bool = True
    is_each: bool = False
    """Whether it is one of the elements of what is given."""

    is_variadic: bool = False
    """Whether it is all that is given from its position on."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What is made of other parts."""

    how: str
    parts: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Unclear:
    """What is not known."""

    parts: tuple[Test, ...] = ()
    """What it is made of, as far as that was read."""

    is_about_time: bool = False
    """Whether it tells when a module is reloaded, and not which: that its file is newer, that it is noted as due."""


Test: TypeAlias = Constant | Subject | Trait | Given | Operation | Unclear


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition that holds, or does not hold, for what a loop lets pass."""

    test: Test
    is_true: bool
    written: str
    """As source, for a sentence."""

    at: str
    """What the name looked like where it was asked for: one of the `Subject`'s globs."""

    glob: str
    """What has become of that: ``p.*`` where ``f"p.{name}"`` is reloaded and ``name`` was asked for."""


Filters: TypeAlias = tuple[Filter, ...]


class _Unsure:
    """The value of what is not known."""


class _Something:
    """The value of what is not known, but there, and not a text: a module, a file."""


UNSURE = _Unsure()
_STRANGERS = ("zqxj", "zqxj.vkwf", "zqxj.vkwf.hgyb", "zqxj.vkwf.hgyb.mzpc")
"""Names of modules that no condition can mean."""

SOMETHING = _Something()


def passes(filters: Filters, name: str, *, is_package: bool) -> bool | None:
    """Return whether a module passes conditions; None where nobody knows."""
    verdict: bool | None = True
    for one in filters:
        found = _verdict(one, name, is_package=is_package)
        if found is False:
            return False
        verdict = None if found is None else verdict
    return verdict


def are_selective(filters: Filters) -> bool:
    """Return whether conditions keep out whatever has nothing to do with the project."""
    return bool(filters) and not any(
        passes(filters, name, is_package=is_package) is not False for name in _STRANGERS for is_package in (False, True)
    )


def unclear_ones(filters: Filters, name: str, *, is_package: bool) -> Iterator[str]:
    """Yield the conditions, as they are written, of which nobody knows whether a module passes."""
    for one in filters:
        if _verdict(one, name, is_package=is_package) is None:
            yield one.written


def leaves(test: Test) -> Iterator[Test]:
    """Yield what a condition is made of in the end."""
    if isinstance(test, (Operation, Unclear)) and test.parts:
        for part in test.parts:
            yield from leaves(part)
    if not isinstance(test, Operation):
        yield test


def is_about_modules(test: Test) -> bool:
    """Return whether a condition asks for what a loop is at, so that some modules pass it and others do not."""
    return any(isinstance(leaf, (Subject, Trait)) for leaf in leaves(test))


def moved(filters: Filters, before: str = "", after: str = "", *, without: int = 0) -> Filters:
    """Return the conditions for names with something before or after them, and `without` their first characters."""
    if not (before or after or without):
        return filters
    return tuple(replace(one, glob=f"{before}{(one.glob or '*')[without:]}{after}") for one in filters)


def filled(filters: Filters, marks: Mapping[str, str], given: Callable[[Given], Test]) -> Filters:
    """Return the conditions with what a call gives: texts for the `marks` in names, values for parameters."""
    return tuple(
        Filter(
            _filled(one.test, marks, given), one.is_true, one.written, _marked(one.at, marks), _marked(one.glob, marks)
        )
        for one in filters
    )


def _filled(test: Test, marks: Mapping[str, str], given: Callable[[Given], Test]) -> Test:
    match test:
        case Given():
            return given(test)
        case Subject(globs):
            return Subject(tuple(_marked(glob, marks) for glob in globs))
        case Operation("each any" | "each all" | "each ()" as how, (source, body)):
            return _for_each(how, _filled(source, marks, given), body, marks, given)
        case Operation(how, parts):
            return Operation(how, tuple(_filled(part, marks, given) for part in parts))
        case Unclear(parts, is_about_time):
            return Unclear(tuple(_filled(part, marks, given) for part in parts), is_about_time)
    return test


def _for_each(
    how: str, source: Test, body: Test, marks: Mapping[str, str], given: Callable[[Given], Test]
) -> Operation:
    """What holds for any, or for all, of the texts that a call gives, or is made of each, once they are known."""
    elements = elements_of(source)
    if elements is None:
        return Operation(how, (source, _filled(body, marks, given)))
    parts = [
        _filled(body, marks, lambda leaf, one=element: one if leaf.is_each else given(leaf))  # type: ignore[misc]
        for element in elements
    ]
    if how == "each ()":
        return Operation("()", tuple(parts))
    return Operation("bool", (Operation("or" if how == "each any" else "and", tuple(parts)),))


def elements_of(test: Test) -> tuple[Test, ...] | None:
    """Return the elements of a collection that is written out."""
    match test:
        case Constant(value=tuple() | frozenset() as values):
            return tuple(map(Constant, sorted(values)))
        case Operation("()" | "{}", parts):
            return parts
        case Operation("{:}", parts):
            return parts[: len(parts) // 2]
        case Operation("tuple" | "list" | "set" | "frozenset" | "sorted", (collection,)):
            return elements_of(collection)
    return None


def _marked(text: str, marks: Mapping[str, str]) -> str:
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text


def _verdict(one: Filter, name: str, *, is_package: bool) -> bool | None:
    test, is_true = one.test, one.is_true
    while isinstance(test, Operation) and test.how == "not":
        test, is_true = test.parts[0], not is_true
    if isinstance(test, Operation) and test.how == "some":
        verdicts = {
            _verdict(replace(one, test=part, is_true=is_true), name, is_package=is_package) for part in test.parts
        }
        return True if True in verdicts else None if None in verdicts else False
    if isinstance(test, Operation) and test.how == ("and" if is_true else "or"):
        return passes(
            tuple(replace(one, test=part, is_true=is_true) for part in test.parts), name, is_package=is_package
        )
    value = _value(test, one, name, is_package=is_package)
    if value is not UNSURE:
        return bool(value) is is_true
    if any(isinstance(leaf, Unclear) and leaf.is_about_time for leaf in leaves(test)):
        return True
    return None if is_about_modules(test) else True


def _value(test: Test, one: Filter, name: str, *, is_package: bool) -> Any:
    match test:
        case Constant(value):
            return value
        case Subject(globs):
            return _subject(globs, one, name)
        case Trait() if _is_of_another(one):
            return UNSURE
        case Trait("ispkg"):
            return is_package
        case Trait("package"):
            return name if is_package else name.rpartition(".")[0]
        case Trait():
            return SOMETHING
        case Operation("and" | "or" as how, parts):
            return _decided(how == "or", (_value(part, one, name, is_package=is_package) for part in parts))
        case Operation("if", (condition, one_way, other_way)):
            asked = _value(condition, one, name, is_package=is_package)
            if asked is UNSURE:
                return UNSURE
            return _value(one_way if asked else other_way, one, name, is_package=is_package)
        case Operation("module"):
            return SOMETHING
        case Operation("works", (tried,)):
            return _works(tried, one, name, is_package=is_package)
        case Operation(how, parts):
            values = [_value(part, one, name, is_package=is_package) for part in parts]
            return _applied(how, values)
    return UNSURE


def _works(test: Test, one: Filter, name: str, *, is_package: bool) -> Any:
    """Whether an expression can be worked out."""
    match test:
        case Trait("ispkg"):
            return is_package
        case Operation("and" | "or" | "if") | Constant() | Subject() | Trait() | Given() | Unclear():
            return UNSURE if _value(test, one, name, is_package=is_package) is UNSURE else True
        case Operation(how, parts):
            if any(_works(part, one, name, is_package=is_package) is False for part in parts):
                return False
            values = [_value(part, one, name, is_package=is_package) for part in parts]
            if UNSURE in values or SOMETHING in values:
                return UNSURE if UNSURE in values else True
            if how not in _FUNCTIONS:
                return UNSURE
            try:
                _FUNCTIONS[how](*values)
            except (LookupError, ValueError):
                return False
            except Exception:
                return UNSURE
            return True


def _is_of_another(one: Filter) -> bool:
    """Whether it was asked of another module than the one that is reloaded: ``f"{package}.plugin"``."""
    is_longer = one.glob.count("*") > 1 or one.glob.rpartition("*")[2] != one.at.rpartition("*")[2]
    return bool(one.at) and one.at != one.glob and is_longer


def _subject(globs: tuple[str, ...], one: Filter, name: str) -> Any:
    at = one.at if one.at in globs else globs[0] if len(globs) == 1 else None
    if at is None:
        return UNSURE
    if not at or at == one.glob:
        return name
    before, star, after = one.glob.partition("*")
    is_like = star and len(name) >= len(before) + len(after) and name.startswith(before) and name.endswith(after)
    if not is_like or "*" in after or at.count("*") != 1:
        return UNSURE
    return at.replace("*", name[len(before) : len(name) - len(after)])


def _decided(is_or: bool, values: Iterator[Any]) -> Any:
    """The value of ``a or b`` and ``a and b``."""
    last: Any = not is_or
    is_unsure = False
    for value in values:
        if value is UNSURE:
            is_unsure = True
        elif bool(value) is is_or:
            # Whatever came before: if not that, then this decides.
            return is_or if is_unsure else value
        last = value
    return UNSURE if is_unsure else last


def _applied(how: str, values: list[Any]) -> Any:
    if how == "{:}":
        keys, held = values[: len(values) // 2], values[len(values) // 2 :]
        # What is held under a key that is known need not be.
        return UNSURE if UNSURE in keys else dict(zip(keys, held, strict=True))
    if UNSURE in values:
        return UNSURE
    if how in ("()", "{}"):
        return tuple(values) if how == "()" else frozenset(values)
    function = _FUNCTIONS.get(how)
    if function is None:
        return UNSURE
    is_there = any(value is SOMETHING for value in values)
    if is_there and not (how in ("is", "is not", "==", "!=") and None in values) and how not in ("not", "bool"):
        return UNSURE
    try:
        found = function(*values)
    except Exception:  # Nothing that a program may do wrong with its texts is of interest here.
        return UNSURE
    return tuple(found) if isinstance(found, (list, KeysView, ValuesView)) else found


def _method(name: str) -> Callable[..., Any]:
    def call(owner: Any, *arguments: Any) -> Any:
        if not isinstance(owner, (str, tuple, frozenset, dict)):
            raise TypeError
        return getattr(owner, name)(*arguments)

    return call


def _slice(owner: Any, *bounds: Any) -> Any:
    return owner[slice(*bounds)]


def _searched(how: str) -> Callable[..., Any]:
    def search(pattern: str, text: str) -> _Something | None:
        return SOMETHING if getattr(re, how)(pattern, text) else None

    return search


def _extended(one: Any, more: Any) -> Any:
    if isinstance(one, dict):
        return {**one, **more}
    return one | frozenset(more) if isinstance(one, frozenset) else one + tuple(more)


TEXT_METHODS = frozenset(
    {
        *(
            "startswith",
            "endswith",
            "split",
            "rsplit",
            "partition",
            "rpartition",
            "count",
            "find",
            "rfind",
            "index",
            "rindex",
        ),
        *("strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "lower", "upper", "replace", "join"),
        *("isidentifier", "isdigit", "islower", "isupper", "__contains__"),
        *("union", "difference", "intersection", "isdisjoint", "issubset", "issuperset", "copy"),
        *("get", "keys", "values"),
    }
)
"""Methods of texts, tuples, sets and dictionaries that change nothing."""

BUILTINS: Mapping[str, Callable[..., Any]] = {
    "len": len,
    "bool": bool,
    "int": int,
    "str": str,
    "tuple": tuple,
    "list": tuple,
    "set": frozenset,
    "frozenset": frozenset,
    "sorted": sorted,
    "any": any,
    "all": all,
}
MATCHERS: Mapping[str, Callable[..., Any]] = {
    "fnmatch.fnmatch": fnmatch.fnmatchcase,
    "fnmatch.fnmatchcase": fnmatch.fnmatchcase,
    **{f"re.{how}": _searched(how) for how in ("match", "fullmatch", "search")},
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "not": operator.not_,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda one, many: one in many,
    "not in": lambda one, many: one not in many,
    "+": operator.add,
    "-": operator.sub,
    "|": operator.or_,
    "&": operator.and_,
    "^": operator.xor,
    "[]": operator.getitem,
    "[:]": _slice,
    "extended": _extended,
    **{f".{name}": _method(name) for name in TEXT_METHODS},
    **BUILTINS,
    **MATCHERS,
}
