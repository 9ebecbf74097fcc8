"""Imports of the standard library, and lookups in it, that cannot fail: what stands in for them never runs.

Nothing is imported to find out. The source of the running Python's library is looked at, and beside it stands what
came or went after the oldest supported Python.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from stalecheck.index import Unreadable, index_tree, parse
from stalecheck.summarize.summary import Needed

_CAME: Mapping[str, tuple[int, int] | Mapping[tuple[int, int], str]] = {
    "annotationlib": (3, 14),
    "asyncio": {
        (3, 11): "Barrier BrokenBarrierError Runner TaskGroup Timeout taskgroups timeout timeout_at timeouts",
        (3, 12): "create_eager_task_factory eager_task_factory",
        (3, 13): "EventLoop QueueShutDown",
    },
    "base64": {(3, 13): "z85decode z85encode"},
    "builtins": {(3, 11): "BaseExceptionGroup ExceptionGroup", (3, 13): "PythonFinalizationError"},
    "calendar": {(3, 12): "Day Month"},
    "collections.abc": {(3, 12): "Buffer"},
    "compression": (3, 14),
    "concurrent.interpreters": (3, 14),
    "contextlib": {(3, 11): "chdir"},
    "copy": {(3, 13): "replace"},
    "datetime": {(3, 11): "UTC"},
    "enum": {
        (3, 11): "CONFORM CONTINUOUS EJECT EnumCheck EnumType FlagBoundary KEEP NAMED_FLAGS ReprEnum STRICT StrEnum "
        "UNIQUE global_enum member nonmember property verify",
        (3, 13): "EnumDict",
    },
    "glob": {(3, 13): "translate"},
    "hashlib": {(3, 11): "file_digest"},
    "http": {(3, 11): "HTTPMethod"},
    "inspect": {(3, 11): "getmembers_static ismethodwrapper", (3, 12): "BufferFlags markcoroutinefunction"},
    "itertools": {(3, 12): "batched"},
    "locale": {(3, 11): "getencoding"},
    "logging": {(3, 11): "getLevelNamesMapping", (3, 12): "getHandlerByName getHandlerNames"},
    "math": {(3, 11): "cbrt exp2", (3, 12): "sumprod", (3, 13): "fma"},
    "operator": {(3, 11): "call"},
    "pathlib": {(3, 13): "UnsupportedOperation"},
    "queue": {(3, 13): "ShutDown"},
    "random": {(3, 12): "binomialvariate"},
    "re": {(3, 11): "NOFLAG", (3, 13): "PatternError"},
    "sqlite3": {(3, 11): "Blob"},
    "statistics": {(3, 13): "kde kde_random"},
    "string.templatelib": (3, 14),
    "sys": {(3, 11): "exception"},
    "threading": {(3, 12): "setprofile_all_threads settrace_all_threads"},
    "tomllib": (3, 11),
    "types": {(3, 12): "get_original_bases", (3, 13): "CapsuleType"},
    "typing": {
        (3, 11): "LiteralString Never NotRequired Required Self TypeVarTuple Unpack assert_never assert_type "
        "clear_overloads dataclass_transform get_overloads reveal_type",
        (3, 12): "TypeAliasType override",
        (3, 13): "NoDefault ReadOnly TypeIs get_protocol_members is_protocol",
    },
    "unittest": {(3, 11): "doModuleCleanups enterModuleContext"},
    "warnings": {(3, 13): "deprecated"},
    "wsgiref.types": (3, 11),
}
"""With which version a module or a name of one came, of those that the oldest Python does not have."""

_LATE_MEMBERS = (
    "__buffer__ __bytes__ __complex__ __firstlineno__ __getstate__ __release_buffer__ __static_attributes__ "
    "__type_params__ _from_flags add_note from_number is_integer name_from"
)
"""What built-in classes have that the oldest Python's do not all have."""

_WENT = (
    "aifc asynchat asyncore audioop binhex cgi cgitb chunk crypt distutils imghdr imp lib2to3 mailcap msilib nis "
    "nntplib ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib uu xdrlib ast.Bytes ast.Ellipsis ast.NameConstant "
    "ast.Num ast.Str asyncio.coroutine binascii.a2b_hqx binascii.b2a_hqx binascii.rlecode_hqx binascii.rledecode_hqx "
    "configparser.LegacyInterpolation configparser.SafeConfigParser gettext.lgettext importlib.abc.Finder "
    "importlib.abc.ResourceReader importlib.abc.Traversable importlib.abc.TraversableResources importlib.find_loader "
    "importlib.resources.Resource importlib.util.module_for_loader importlib.util.set_loader "
    "importlib.util.set_package inspect.formatargspec inspect.getargspec locale.format locale.resetlocale "
    "pkgutil.ImpImporter pkgutil.ImpLoader re.template unittest.findTestCases unittest.getTestCaseNames "
    "unittest.makeSuite"
)
"""What a newer Python has no longer."""

_OPTIONAL = (
    "bz2 ctypes curses dbm ensurepip fcntl grp idlelib lzma msvcrt nt posix pty pwd readline resource sqlite3 ssl "
    "syslog termios tkinter tty turtle turtledemo winreg winsound zlib"
)
"""What is missing on some systems, or where Python was built without it."""

_NEEDS: Mapping[str, str] = {
    **{name: f"_{name}" for name in ("bz2", "ctypes", "curses", "dbm", "lzma", "sqlite3", "ssl", "tkinter")},
    **dict.fromkeys(("idlelib", "turtle", "turtledemo"), "_tkinter"),
    **dict.fromkeys(("pty", "tty"), "termios"),
}
"""Those of them that are written in Python, and the module that may really be missing."""


def needed(
    block: Sequence[ast.stmt], target_version: tuple[int, int], known: Callable[[str], str]
) -> tuple[Needed, ...] | None:
    """Return what must be there for a block to run to its end, but for what every Python has from a version on.

    None where that is not known: the block does more than to import, or to take something of a module. Of what Python
    can be built without, the running one decides. `known` tells what a name stands for before the block: the dotted
    name of a module, with the dots in front that it was imported with, or of a built-in class, empty for anything else.
    """
    imported = {
        item.asname or item.name: item.name
        for statement in block
        if isinstance(statement, ast.Import)
        for item in statement.names
    }
    found: dict[Needed, None] = {}
    for statement in block:
        asked = _asked(statement, lambda name: imported.get(name) or known(name))
        if asked is None:
            return None
        found |= {each: None for each in asked if not _is_standard(each, target_version)}
    return tuple(found) if block else None


def asked_for(
    test: ast.expr, target_version: tuple[int, int], known: Callable[[str], str]
) -> tuple[tuple[Needed, ...], bool] | None:
    """Return what must be there for ``hasattr(os, "fspath")`` to be true, and whether the test is true then.

    None for another test. `known` tells what a name stands for, as for `needed`.
    """
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            found = asked_for(operand, target_version, known)
            return None if found is None else (found[0], not found[1])
        case ast.Call(func=ast.Name(id="hasattr"), args=[ast.Name(id=local), ast.Constant(value=str() as name)]):
            asked = _of_module(known(local), name)
            if asked is not None:
                return (() if _is_standard(asked, target_version) else (asked,)), True
    return None


def _asked(statement: ast.stmt, known: Callable[[str], str]) -> tuple[Needed, ...] | None:
    """Return what a statement needs; None where that is not known."""
    match statement:
        case ast.Assign(targets=[ast.Name()], value=ast.Constant()) | ast.Pass():
            return ()
        case ast.Assign(targets=[ast.Name()], value=ast.Attribute(value=ast.Name(id=local), attr=name)):
            found = _of_module(known(local), name)
            return None if found is None else (found,)
        case ast.Import(names=names):
            return tuple(Needed(item.name, 0) for item in names)
        case ast.ImportFrom(module=module, level=level, names=names):
            return tuple(Needed(module or "", level, item.name) for item in names)
    return None


def _of_module(written: str, name: str) -> Needed | None:
    """Return an attribute of a module, or of a built-in class; None where it is not known what has it."""
    module = written.lstrip(".")
    return Needed(module, len(written) - len(module), name, is_attribute=True) if written else None


def _is_standard(asked: Needed, target_version: tuple[int, int]) -> bool:
    """Whether every Python from `target_version` on has what is asked for."""
    if asked.level:
        return False
    if asked.is_attribute:
        return has_attribute(asked.module, asked.name, target_version)
    if asked.name:
        return has_name(asked.module, asked.name, target_version)
    return has_module(asked.module, target_version)


def has_attribute(owner: str, name: str, target_version: tuple[int, int]) -> bool:
    """Return whether a module of the library, or a built-in class, certainly has an attribute."""
    if owner.startswith("builtins."):
        return name in _members(owner)
    is_known = bool(owner) and has_module(owner, target_version) and _names(owner) is not None
    return is_known and has_name(owner, name, target_version)


@cache
def _members(built_in: str) -> frozenset[str]:
    """Return the attributes that a built-in class has in every supported Python; nothing for other built-in objects."""
    found = vars(builtins).get(built_in.removeprefix("builtins."))
    return frozenset(dir(found)).difference(_LATE_MEMBERS.split()) if isinstance(found, type) else frozenset()


def has_module(module: str, target_version: tuple[int, int]) -> bool:
    """Return whether every Python from `target_version` on has a module in its library."""
    top = module.partition(".")[0]
    came = _CAME.get(module, _CAME.get(top))
    if top not in sys.stdlib_module_names or not {top, module}.isdisjoint(_WENT.split()):
        return False
    if top in _OPTIONAL.split() and not _is_built(top):
        return False
    if isinstance(came, tuple) and came > target_version:
        return False
    # What is written in C has no source; where that is a part of another module it may be missing.
    is_public = "." not in module and not top.startswith("_")
    return is_public or module in sys.builtin_module_names or _source(module) is not None


@cache
def _is_built(module: str) -> bool:
    """Return whether the running Python has what a module needs that it can be built without."""
    return importlib.util.find_spec(_NEEDS.get(module, module)) is not None


def has_name(module: str, name: str, target_version: tuple[int, int]) -> bool:
    """Return whether every Python from `target_version` on has a name in a module of its library."""
    if not has_module(module, target_version) or f"{module}.{name}" in _WENT.split():
        return False
    came = _CAME.get(module, {})
    if isinstance(came, dict) and any(
        name in names.split() for version, names in came.items() if version > target_version
    ):
        return False
    names = _names(module)
    return names is None or name in {*names, "*"} or _source(f"{module}.{name}") is not None


@cache
def _names(module: str) -> frozenset[str] | None:
    """Return the names of a module of the standard library; None where it is written in C."""
    if module in sys.builtin_module_names:
        # A part of the interpreter: no file of the project can stand in for it.
        return frozenset(vars(__import__(module)))
    source = _source(module)
    if source is None:
        return None
    data = source.read_bytes()
    tree = parse(data)
    if isinstance(tree, Unreadable):
        return frozenset()
    index = index_tree(tree, data)
    found = {*index.made, *_listed(tree)}
    for item in index.imports:
        if item.name != "*":
            found.add(item.local)
        elif not item.level:
            found |= {name for name in _names(item.module) or () if not name.startswith("_")}
    return frozenset(found)


def _listed(tree: ast.Module) -> Iterator[str]:
    """Yield the names of an ``__all__`` that is written out: some of them come when they are asked for."""
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=names) | ast.Tuple(elts=names)):
                values = (name.value for name in names if isinstance(name, ast.Constant))
                yield from (value for value in values if isinstance(value, str))


@cache
def _source(module: str) -> Path | None:
    """Return the file of a module of the standard library; None where it has none."""
    if module == "os.path":
        module = "posixpath"
    place = Path(sysconfig.get_path("stdlib"), *module.split("."))
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None)
