"""Whether the body of a module can notice that an environment variable has another value."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from stalecheck.model import SourceFile
from stalecheck.modules import absolute
from stalecheck.nodes import Function, children, descendants
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.statements import dotted, imports

_BLIND = frozenset(
    {
        *("__future__", "abc", "array", "ast", "base64", "binascii", "bisect", "cmath", "codecs", "collections"),
        *("collections.abc", "contextlib", "contextvars", "copy", "csv", "dataclasses", "datetime", "decimal"),
        *("difflib", "enum", "errno", "fractions", "functools", "gc", "hashlib", "heapq", "hmac", "html", "io"),
        *("itertools", "json", "keyword", "logging", "math", "numbers", "operator", "os", "os.path", "pathlib"),
        *("pprint", "queue", "random", "re", "reprlib", "secrets", "statistics", "string", "struct", "sys"),
        *("textwrap", "threading", "time", "types", "typing", "typing_extensions", "unicodedata", "warnings"),
        *("weakref", "zlib"),
    }
)
"""Modules that do not look at the environment, but for `_LOOKS` and what is not `_PLAIN` of ``os``."""

_PLAIN = frozenset(
    {
        *("abspath", "basename", "dirname", "exists", "isdir", "isfile", "join", "normpath", "realpath", "relpath"),
        *("split", "splitext", "PathLike", "fspath", "getcwd", "getpid", "linesep", "name", "pathsep", "sep"),
        *("cpu_count", "listdir", "makedirs", "mkdir", "stat", "urandom"),
    }
)
_LOOKS = frozenset({"environ", "environb", "expanduser", "expandvars", "getenv", "getenvb", "home", "modules", "os"})
_ANYTHING = frozenset({"__import__", "eval", "exec", "compile", "globals", "locals", "vars", "getattr"})
_LOCAL_TIME = "TZ"


def may_read(files: Collection[SourceFile], keys: frozenset[str] | None, reloading: Reloading) -> bool:
    """Return whether running the bodies of some modules may read one of some environment variables.

    Whatever cannot be told may, as does all that imports another module of the project, or a library.

    Args:
        files: The modules.
        keys: The names of the variables; None for any.
        reloading: The run.
    """
    return any(_reads(file, keys, reloading) for file in files)


def _reads(file: SourceFile, keys: frozenset[str] | None, reloading: Reloading) -> bool:
    tree = reloading.parse(file)
    if tree is None:
        return True
    run = list(run_with(tree))
    names: dict[str, str] = {}
    for node in run:
        match node:
            case ast.Import(names=imported):
                modules = [alias.name for alias in imported]
            case ast.ImportFrom(names=imported):
                modules = [absolute(file, node.level, node.module) or ""]
                if any(alias.name == "*" for alias in imported):
                    return True
            case _:
                continue
        if any(name not in _BLIND or reloading.program.table.find(name, file) is not None for name in modules):
            return True
        is_whole = isinstance(node, ast.Import)
        names |= {
            bound: bound if is_whole and name.startswith(f"{bound}.") else name
            for _, name, bound in imports(node, file)
        }
    if any(name.partition(".")[0] == "time" or "datetime" in name for name in names.values()):
        keys = None if keys is not None and _LOCAL_TIME in keys else keys
    read = _variables(run, names)
    if read is None:
        return True
    return bool(read) if keys is None else not read.isdisjoint(keys)


def run_with(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes that run with a module's body: of its functions and methods, those that it may call."""
    closed: dict[str, list[ast.stmt]] = {}
    used: set[str] = set()
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Function):
            arguments = node.args
            pending += [*node.decorator_list, *arguments.defaults, *filter(None, arguments.kw_defaults)]
            if node.name in used:
                pending += node.body
            else:
                closed.setdefault(node.name, []).extend(node.body)
            continue
        if isinstance(node, ast.ClassDef):
            # Whoever calls the class, or inherits from it, may call any of its methods.
            methods = [statement for f in descendants(node) if isinstance(f, Function) for statement in f.body]
            if node.name in used:
                pending += methods
            else:
                closed.setdefault(node.name, []).extend(methods)
        elif isinstance(node, (ast.Name, ast.Attribute)):
            name = node.id if isinstance(node, ast.Name) else node.attr
            used.add(name)
            pending += closed.pop(name, [])
        pending += children(node)


def _variables(run: Collection[ast.AST], names: Mapping[str, str]) -> set[str] | None:
    """Return the environment variables that some code reads; None where that cannot be told."""
    inner = {id(node.value) for node in run if isinstance(node, ast.Attribute)}
    asked = dict(_asked(run))
    found: set[str] = set()
    for node in run:
        if not isinstance(node, (ast.Name, ast.Attribute)) or id(node) in inner:
            continue
        name = dotted(node, names)
        of_os = name.split(".")[1:] if f"{name}.".startswith("os.") else None
        if of_os is None:
            parts = ast.unparse(node).split(".")
            if (isinstance(node, ast.Name) and node.id in _ANYTHING) or not _LOOKS.isdisjoint(parts):
                return None
        elif ".".join(of_os) in {"environ", "getenv", "environ.get", "environ.setdefault", "environ.pop"}:
            if id(node) not in asked:
                return None
            found.add(asked[id(node)])
        elif (of_os[1:] if of_os[:1] == ["path"] else of_os)[:1] == [] or of_os[-1] not in _PLAIN:
            return None
    return found


def _asked(run: Collection[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield what is asked for a key that is written there: ``os.environ["X"]``, ``os.getenv("X")``."""
    for node in run:
        match node:
            case ast.Call(func=owner, args=[ast.Constant(value=str() as key), *_]):
                yield id(owner), key
            case ast.Subscript(value=owner, slice=ast.Constant(value=str() as key)):
                yield id(owner), key
            case ast.Compare(left=ast.Constant(value=str() as key), ops=[ast.In() | ast.NotIn()], comparators=[owner]):
                yield id(owner), key
