"""The cheap look at every file: what it imports, what it takes at module level, whether it parses at all.

It over-approximates. What it passes over can hold nothing, so only the rest has to be read closely.
"""

from __future__ import annotations

import ast
import re
import tokenize
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO

from stalecheck.attaching import (
    CHANGING,
    attached_values,
    emptied_by,
    filled_by,
    is_attribute_of_another,
    is_own_namespace,
    is_setting,
    kept_roots,
    may_be_hook,
    root_of,
)
from stalecheck.called import find_filling
from stalecheck.model import Location
from stalecheck.nodes import children, descendants, inner_statements, named_parameters, positional_parameters
from stalecheck.spelled import ANY_NAME, mention_of, module_in_string, modules_in

# A pattern that begins with its word is searched for faster than one that begins with a boundary.
_IMPORT_LINE = re.compile(
    rb"from(?<=\bfrom)[ \t]+([\w.]+)[ \t\\\r\n]+import[ \t]*(\([^)]*\)|(?:[^\n\\;#]|\\\r?\n)*)"
    rb"|import(?<=\bimport)[ \t]+([^\n;#]*)"
)
_DOTTED = re.compile(rb"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
REPLACES_ITSELF = re.compile(rb"modules(?<=\bmodules)\[__name__\][ \t]*=[^=]")
"""A module that puts an object of another kind in its own place: that answers for the names it declares."""

_MODULE_TEXT = re.compile(r"\.*[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_MENTION_DEPTH = 6
_LOOKS = frozenset({"getattr", "vars", "getmembers"})
"""What is called to look at names of an object that are not written as attributes."""

INITIALIZERS = frozenset({"__init__", "__new__"})
"""The methods that assign attributes of the instance that is made."""


@dataclass(frozen=True, slots=True)
class Import:
    """One name bound by an import statement, as written.

    `name` is what is taken from the module: empty for ``import module``, ``*`` for a star. `local` is the
    name that the file binds.
    """

    module: str
    level: int
    name: str
    local: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What one statement at module or class level binds, and which dotted names it looks at.

    A definition binds nothing here: what its decorators, defaults and bases keep does not go on to other modules
    with its name.
    """

    binds: tuple[str, ...]
    mentions: tuple[str, ...]
    owner: str = ""
    """The outermost class whose body it stands in; empty at module level."""

    asked: tuple[str, ...] = ()
    """Those of the mentions that make something of the others: what is called, decorates, is filled."""

    sets: tuple[str, ...] = ()
    """The dotted attributes that it assigns: ``m.NULL``."""

    inherits: str = ""
    """The class that it defines at module level: what its bases make of their subclasses goes on to its own."""

    calls: str = ""
    """Of a statement that is a call, the dotted name of what is called: it may keep what it is given."""


@dataclass(frozen=True, slots=True)
class Body:
    """A function body that may matter: if it is called at module level, or binds globals, or is cached."""

    name: str
    returns: tuple[str, ...]
    """The dotted names that what it returns may come from."""

    assigns: tuple[str, ...]
    """The dotted names that it looks at to assign something, if that is kept or given back."""

    binds_globally: bool
    is_decorated: bool
    """A decorator may keep what it returns."""

    imports: tuple[Import, ...]
    owner: str = ""
    """The outermost class whose method it is; empty for a function of the module."""

    global_names: tuple[str, ...] = ()
    """What it declares as ``global``."""

    attaches: bool = False
    """It may store something in attributes of what it is given."""

    keeps: bool = False
    """It may put what it is given into a container that it does not make, for good."""

    fills: bool = False
    """The file calls it while it is imported, and it fills something for good."""

    changes: bool = False
    """It may take something out of what it does not make, or put something in its place."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file cannot be analysed, and where."""

    message: str
    location: Location


@dataclass(frozen=True, slots=True)
class FileIndex:
    """What the cheap pass knows of one file."""

    imports: tuple[Import, ...] = ()
    statements: tuple[Statement, ...] = ()
    bodies: tuple[Body, ...] = ()
    made: Mapping[str, int] = field(default_factory=dict)
    """Names that the module's own body makes (functions, classes, assignments), each with how many of the
    imports stand above the last one."""

    public: tuple[str, ...] | None = None
    """What ``__all__`` lists, if it is written out in one place."""

    clears_caches: bool = False
    """It may call ``cache_clear``."""

    needs_libcst: Unreadable | None = None
    """Set when the running Python cannot parse the file: LibCST, which knows newer syntax, may."""

    error: Unreadable | None = None


def imported_names(data: bytes) -> Iterator[str]:
    """Yield the absolute dotted names that import statements of a file may mention; too many rather than too few."""
    for match in _IMPORT_LINE.finditer(data):
        module, names, plain = match.groups()
        if module is not None:
            base = module.decode("utf-8", "replace")
            if base.startswith("."):
                continue
            yield base
            for name in _DOTTED.findall(names):
                yield f"{base}.{name.decode('utf-8', 'replace')}"
        else:
            for name in _DOTTED.findall(plain):
                yield name.decode("utf-8", "replace")


def may_take(data: bytes, name: str) -> bool:
    """Whether some ``from … import`` of a file may take a name, as its bytes tell."""
    return any(name.encode() in (match[2] or b"") for match in _IMPORT_LINE.finditer(data))


def parse(data: bytes) -> ast.Module | Unreadable:
    """Parse a file's bytes with the running Python; warnings of the compiled code are not ours to show."""
    if b"\0" in data:
        row = data.count(b"\n", 0, data.index(b"\0")) + 1
        return Unreadable("the file contains null bytes; is it text, saved as UTF-8?", Location(row, 1))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data)
    except SyntaxError as error:
        row = error.lineno or 1
        return Unreadable(error.msg or "invalid syntax", Location(max(row, 1), max(error.offset or 1, 1)))
    except (RecursionError, MemoryError):
        return Unreadable("too deeply nested for Python itself to compile", Location(1, 1))
    except (ValueError, LookupError) as error:
        return Unreadable(str(error), Location(1, 1))


def decode(data: bytes) -> str:
    """Decode source as Python does: byte order mark, encoding declaration, else UTF-8.

    Raises:
        SyntaxError: the declaration names an unknown encoding.
        UnicodeDecodeError: the bytes are not in the declared encoding.
    """
    encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
    return data.decode(encoding)


def index_file(data: bytes) -> FileIndex:
    """Index one file's bytes."""
    return index_parsed(parse(data), data)


def index_parsed(tree: ast.Module | Unreadable, data: bytes) -> FileIndex:
    """Index one file of which is known what the running Python makes of it."""
    return index_unparsed(data, tree) if isinstance(tree, Unreadable) else index_tree(tree, data)


def index_tree(tree: ast.Module, data: bytes) -> FileIndex:
    """Index a parsed file."""
    is_deep = b":=" in data or b"globals()" in data
    binds_by_name = b"globals()" in data or b"locals()" in data or b"vars()" in data or b"[__name__]" in data
    imports: list[Import] = []
    statements: list[Statement] = []
    bodies: list[Body] = []
    made: dict[str, int] = {}
    filling = find_filling(tree)
    for statement, owner in _level(tree.body):
        is_module_level = not owner
        match statement:
            case ast.Import() | ast.ImportFrom():
                imports += _imports(statement)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                is_answering = is_module_level and statement.name == "__getattr__"
                defaults = _defaults(statement)
                mentions = _mentions(defaults) if defaults else {}
                if statement.decorator_list:
                    mentions |= _mentions(statement.decorator_list, are_asked=True)
                    mentions |= _mentions(_dispatched(statement))
                if mentions:
                    statements.append(Statement((), tuple(mentions), asked=_asked_of(mentions)))
                body = _body(statement, owner, is_deep=is_deep, fills=statement in filling)
                if body is not None:
                    if is_answering:
                        answered = (*_declared(tree), *_imported_by_name(tree, statement))
                        body = replace(body, imports=(*body.imports, *answered))
                    bodies.append(body)
                if is_module_level:
                    made[statement.name] = len(imports)
            case ast.ClassDef():
                header = _mentions([*statement.bases, *(k.value for k in statement.keywords)])
                mentions = header
                if statement.decorator_list:
                    mentions = header | _mentions(statement.decorator_list, are_asked=True)
                inherits = statement.name if is_module_level and header else ""
                if mentions:
                    statements.append(Statement((), tuple(mentions), asked=_asked_of(mentions), inherits=inherits))
                if is_module_level:
                    made[statement.name] = len(imports)
            case _:
                if isinstance(statement, ast.Assign):
                    imports += _assigned_modules(statement)
                expressions = list(_expressions(statement))
                mentions = {} if _is_import(statement) else _mentions(_kept(statement, expressions))
                bound = tuple(dict.fromkeys((*_bound(expressions), *_captured(statement))))
                if binds_by_name:
                    bound = (*bound, *_named(statement))
                if mentions or bound:
                    sets = tuple(_set_attributes(statement))
                    binds = (*bound, *_filled(statement))
                    statements.append(
                        Statement(binds, tuple(mentions), owner, _asked_of(mentions), sets, calls=_callee(statement))
                    )
                if is_module_level:
                    made.update(dict.fromkeys(bound, len(imports)))
    if REPLACES_ITSELF.search(data) and (declared := tuple(_declared(tree))):
        bodies.append(Body("__getattr__", (), (), binds_globally=False, is_decorated=False, imports=declared))
    if b"import_module" in data or b"__import__" in data or b"modules[" in data:
        imports += _spelled(mention for statement in statements for mention in statement.mentions)
    public = _public(tree) if "__all__" in made and data.count(b"__all__") == 1 else None
    return FileIndex(tuple(imports), tuple(statements), tuple(bodies), made, public, b"cache_clear" in data)


def _public(tree: ast.Module) -> tuple[str, ...] | None:
    """Return what ``__all__`` lists, if all of it is written out."""
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=names) | ast.Tuple(elts=names)):
                listed = [
                    name.value for name in names if isinstance(name, ast.Constant) and isinstance(name.value, str)
                ]
                return tuple(listed) if len(listed) == len(names) else None
    return None


def index_unparsed(data: bytes, error: Unreadable) -> FileIndex:
    """Mark what the running Python cannot parse but a newer one might; say why nothing can parse the rest."""
    if b"\0" in data or "too deeply nested" in error.message or "too many nested" in error.message:
        return FileIndex(error=error)
    try:
        decode(data)
    except (SyntaxError, UnicodeDecodeError, LookupError) as problem:
        return FileIndex(error=Unreadable(str(problem), _undecodable(data) or error.location))
    return FileIndex(needs_libcst=error)


def _undecodable(data: bytes) -> Location | None:
    """Return where the first byte stands that is no UTF-8; None where all of them are."""
    try:
        data.decode()
    except UnicodeDecodeError as problem:
        begin = data.rfind(b"\n", 0, problem.start) + 1
        before = data[begin : problem.start].decode("utf-8-sig")
        return Location(data.count(b"\n", 0, begin) + 1, len(before) + 1)
    return None


def _level(body: Iterable[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """Yield the statements that run when the module is imported, each with the outermost class that it stands in."""
    pending: list[tuple[ast.stmt, str]] = [(statement, "") for statement in reversed(list(body))]
    while pending:
        statement, owner = pending.pop()
        if isinstance(statement, (ast.If, ast.While)) and is_type_checking(statement.test):
            pending.extend((child, owner) for child in reversed(statement.orelse))
            continue
        yield statement, owner
        if isinstance(statement, ast.ClassDef):
            pending.extend((child, owner or statement.name) for child in reversed(statement.body))
        elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            pending.extend((child, owner) for child in reversed(inner_statements(statement)))


def _declared(tree: ast.Module) -> Iterator[Import]:
    """Yield what is imported for type checkers: what a module's ``__getattr__`` (PEP 562) may answer with."""
    for statement in tree.body:
        if isinstance(statement, ast.If) and is_type_checking(statement.test):
            for child in statement.body:
                if isinstance(child, (ast.Import, ast.ImportFrom)):
                    yield from _imports(child)


def _imported_by_name(tree: ast.Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Import]:
    """Yield the modules whose names a ``__getattr__`` that imports by name may find in strings, its own or a table's.

    Too many rather than too few: relative or absolute, which of them is an import is not looked at.
    """
    if not any(_last(node.func) in {"import_module", "__import__"} for node in _calls_in(function)):
        return
    tables = (node.value for node in tree.body if isinstance(node, (ast.Assign, ast.AnnAssign)))
    for place in (function, *(table for table in tables if isinstance(table, ast.Dict))):
        for node in descendants(place):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _MODULE_TEXT.fullmatch(node.value):
                module = node.value.lstrip(".")
                for level in {len(node.value) - len(module), 1}:
                    yield Import(module, level, "", f"<{level} {module}>")


def _calls_in(function: ast.AST) -> Iterator[ast.Call]:
    return (node for node in descendants(function) if isinstance(node, ast.Call))


def _last(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def is_type_checking(test: ast.expr) -> bool:
    """Whether a condition is ``TYPE_CHECKING``, under any module name, or plainly false: what stood in for it once."""
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case ast.Constant(value=value):
            return not value
    return False


def _expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions of one statement, not those of the statements within it."""
    for item in children(statement):
        if isinstance(item, ast.expr):
            yield item
        elif isinstance(item, ast.withitem):
            yield item.context_expr
            if item.optional_vars is not None:
                yield item.optional_vars
        elif isinstance(item, ast.ExceptHandler) and item.type is not None:
            yield item.type


def _kept(statement: ast.stmt, expressions: Iterable[ast.expr]) -> Iterator[ast.AST]:
    """Yield the parts of a statement that something may be kept from: not conditions, not a callee's own name."""
    for expression in expressions:
        if isinstance(statement, ast.Expr) and isinstance(expression, ast.Call):
            if not isinstance(expression.func, (ast.Name, ast.Attribute)):
                yield expression.func
            yield from expression.args
            yield from expression.keywords
        elif isinstance(statement, (ast.If, ast.While, ast.Assert, ast.Raise, ast.Match, ast.Try)):
            if any(_captured(statement)) or any(isinstance(node, ast.NamedExpr) for node in descendants(expression)):
                yield expression
        else:
            yield expression


def _captured(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that the handlers of a ``try`` or the patterns of a ``match`` bind."""
    for handler in getattr(statement, "handlers", ()):
        if handler.name is not None:
            yield handler.name
    for case in getattr(statement, "cases", ()):
        for node in descendants(case.pattern):
            name = node.rest if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
            if name is not None:
                yield name


def _named(statement: ast.stmt) -> Iterator[str]:
    """Yield the names of the module that a statement binds by strings: ``globals()["K"] = …``, a loop that does so."""
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        if any(True for inner in statement.body for _ in _naming(inner)):
            yield from _texts(descendants(statement.iter))
    else:
        yield from _texts(_naming(statement))


def _naming(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the expressions, most of them strings, that say what a statement binds in its own module."""
    match statement:
        case ast.Assign(targets=targets):
            yield from (t.slice for t in targets if isinstance(t, ast.Subscript) and is_own_namespace(t.value))
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=inner, attr="update")) as call) if is_own_namespace(
            inner
        ):
            yield from (ast.Constant(argument.arg) for argument in call.keywords)
            yield from (key for table in call.args if isinstance(table, ast.Dict) for key in table.keys if key)
        case ast.Expr(value=ast.Call(func=ast.Name(id="setattr"), args=[owner, name, _])):
            if isinstance(owner, (ast.Name, ast.Subscript)):
                yield name


def _texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _defaults(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    return [*function.args.defaults, *(default for default in function.args.kw_defaults if default is not None)]


def _dispatched(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    """Return the annotation for which ``@show.register`` registers a function: the first one."""
    if not any(isinstance(item, ast.Attribute) and item.attr == "register" for item in function.decorator_list):
        return []
    ordered = positional_parameters(function.args)
    return [argument.annotation for argument in ordered if argument.annotation is not None][:1]


def _may_keep(decorator: ast.expr) -> bool:
    """Whether a decorator may keep what the function returns: not those that only say how it is reached."""
    match decorator:
        case ast.Name(id="staticmethod" | "classmethod" | "property"):
            return False
        case ast.Attribute(value=ast.Name(), attr="setter" | "getter" | "deleter"):
            return False
    return True


def _callee(statement: ast.stmt) -> str:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return name
        case ast.Expr(value=ast.Call(func=ast.Attribute() as function)):
            return _dotted(function) or ""
    return ""


def _asked_of(mentions: Mapping[str, bool]) -> tuple[str, ...]:
    return tuple(name for name, is_asked in mentions.items() if is_asked)


def _mentions(expressions: Iterable[ast.AST], *, are_asked: bool = False) -> dict[str, bool]:
    """Return the dotted names that the expressions look at, in order, each with whether it is asked.

    What is called, decorates, is looked up in or filled is asked what it makes of the rest.
    """
    found: dict[str, bool] = {}
    pending = [(expression, are_asked) for expression in expressions]
    while pending:
        node, is_asked = pending.pop()
        if isinstance(node, ast.Name):
            found[node.id] = is_asked or found.get(node.id, False)
        elif isinstance(node, ast.Attribute):
            dotted = _dotted(node)
            is_asked = is_asked or isinstance(node.ctx, ast.Store)
            if dotted is None:
                pending.append((node.value, is_asked))
            else:
                if "__dict__" in dotted:
                    owner, has_all, _ = f"{dotted}.".partition(".__dict__.")
                    dotted = f"{owner}.{ANY_NAME}" if has_all else dotted
                found[dotted] = is_asked or found.get(dotted, False)
        elif isinstance(node, (ast.Call, ast.Subscript)):
            taken = _taken_by_name(node) or mention_of(node)
            if taken:
                found[taken] = is_asked or found.get(taken, False)
            asked = node.func if isinstance(node, ast.Call) else node.value
            pending += [(child, child is asked) for child in children(node)]
        elif not isinstance(node, ast.Constant):
            pending += [(child, False) for child in children(node)]
    return found


def _taken_by_name(node: ast.AST) -> str:
    """Return ``m.f`` for ``getattr(m, "f")``, ``vars(m)["f"]`` and ``m.__dict__["f"]``; empty for anything else.

    Where the name is not written there, ``m.*`` stands for any; so it does for ``vars(m)`` itself and its like.
    """
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, (ast.Name, ast.Attribute))
        and _last(node.func) not in _LOOKS
    ):
        return ""
    named: ast.AST | None = None
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, named, *_]):
            pass
        case ast.Subscript(
            value=ast.Call(func=ast.Name(id="vars"), args=[owner]) | ast.Attribute(value=owner, attr="__dict__"),
            slice=named,
        ):
            pass
        case (
            ast.Call(func=ast.Name(id="vars" | "getmembers") | ast.Attribute(attr="getmembers"), args=[owner, *_])
            | ast.Call(func=ast.Call(func=ast.Name(id="attrgetter") | ast.Attribute(attr="attrgetter")), args=[owner])
        ):
            pass
        case _:
            return ""
    name = named.value if isinstance(named, ast.Constant) and isinstance(named.value, str) else ANY_NAME
    if isinstance(owner, ast.Name):
        return f"{owner.id}.{name}"
    return f"{_dotted(owner)}.{name}" if isinstance(owner, ast.Attribute) and _dotted(owner) else ""


def _assigned_modules(statement: ast.Assign) -> Iterator[Import]:
    """Yield an import for each name that a module is bound to by the name in a string, or something of it."""
    value: ast.expr = statement.value
    taken = ""
    while isinstance(value, ast.Attribute):
        taken = value.attr
        value = value.value
    module = module_in_string(value)
    if module:
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield Import(module, 0, taken, target.id) if taken else Import(module, 0, "", target.id)


def _is_import(statement: ast.stmt) -> bool:
    """Whether a statement does what ``import m as name`` does: ``name = import_module("m")``."""
    return (
        isinstance(statement, ast.Assign)
        and module_in_string(statement.value) != ""
        and all(isinstance(target, ast.Name) for target in statement.targets)
    )


def _spelled(mentions: Iterable[str]) -> Iterator[Import]:
    """Yield an import for each module that a string names in what is looked at."""
    return (Import(module, 0, "", local) for module, local in modules_in(mentions))


def _set_attributes(statement: ast.stmt) -> Iterator[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else ()
    for target in targets:
        written = _dotted(target) if isinstance(target, ast.Attribute) else None
        if written is not None:
            yield written


def _dotted(node: ast.Attribute) -> str | None:
    parts = [node.attr]
    value = node.value
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    if not isinstance(value, ast.Name):
        return None
    parts.append(value.id)
    return ".".join(parts[::-1][:_MENTION_DEPTH])


def _bound(expressions: Iterable[ast.AST]) -> Iterator[str]:
    pending: list[ast.AST] = list(expressions)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                yield node.id
        elif isinstance(node, (ast.Subscript, ast.Attribute)):
            if isinstance(node.ctx, ast.Store):
                root: ast.AST = node
                while isinstance(root, (ast.Subscript, ast.Attribute)):
                    root = root.value
                if isinstance(root, ast.Name):
                    yield root.id
        elif not isinstance(node, ast.Constant):
            pending.extend(children(node))


def _filled(statement: ast.stmt) -> tuple[str, ...]:
    """Return the name of the container that a statement puts something into by a method: what it was bound to grows."""
    name = (
        filled_by(statement.value) if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) else ""
    )
    return (name,) if name else ()


def _body(function: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, *, is_deep: bool, fills: bool) -> Body | None:
    """Index a function body; None for one that keeps nothing and gives nothing back.

    `is_deep` is needed where an expression may bind something itself: with ``:=`` or ``globals()``. A function that
    `fills` something while the file is imported binds that anew.
    """
    imports: list[Import] = []
    returned: list[ast.AST] = []
    assigned: list[ast.AST] = []
    definitions: list[ast.AST] = []
    inner: list[ast.stmt] = []
    targets: list[ast.expr] = []
    local: set[str] = set()
    global_names: list[str] = []
    binds_globally = fills
    class_name = class_parameter(function) if owner and function.decorator_list else ""
    is_initializer = function.name in INITIALIZERS
    may_attach = is_hook = may_be_hook(function)
    filled: list[str] = []
    changed: list[str] = []
    own = {"", "self"}
    for expression in descendants(function) if is_deep else ():
        if isinstance(expression, ast.NamedExpr):
            assigned.append(expression.value)
            targets.append(expression.target)
        elif isinstance(expression, ast.Call):
            binds_globally = binds_globally or _calls_globals(expression)
    pending: list[ast.stmt] = list(function.body)
    while pending:
        node = pending.pop()
        # What most statements are is asked first.
        if isinstance(node, ast.Expr):
            value = node.value
            if isinstance(value, ast.Call):
                if is_initializer and isinstance(value.func, ast.Attribute):
                    assigned += [*value.args, *value.keywords]
                    continue
                if fills:
                    assigned += [*value.args, *value.keywords]
                if _last(value.func) in CHANGING:
                    may_attach = may_attach or is_setting(value)
                    filled.append(filled_by(value))
                    changed.append(emptied_by(value))
            elif (
                isinstance(value, (ast.Yield, ast.YieldFrom))
                and value.value is not None
                and not isinstance(value.value, ast.Constant)
            ):
                returned.append(value.value)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            if isinstance(node.value, (ast.Yield, ast.YieldFrom)) and node.value.value is not None:
                returned.append(node.value.value)
            if node.value is not None:
                assigned.append(node.value)
            stored = node.targets if isinstance(node, ast.Assign) else [node.target]
            targets += stored
            for target in stored:
                if isinstance(target, ast.Name):
                    own.add(target.id)
                elif isinstance(target, (ast.Attribute, ast.Subscript)):
                    root = root_of(target)
                    changed.append(root)
                    is_of_another = is_attribute_of_another(target)
                    may_attach = may_attach or is_of_another
                    if is_of_another or isinstance(target, ast.Subscript):
                        filled.append(root)
                    if class_name:
                        binds_globally = binds_globally or _is_attribute_of(target, class_name)
        elif isinstance(node, ast.Return):
            if node.value is not None and not isinstance(node.value, ast.Constant):
                returned.append(node.value)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found = _imports(node)
            imports += found
            local.update(item.local for item in found)
        elif isinstance(node, ast.Global):
            binds_globally = True
            global_names += node.names
        elif isinstance(node, ast.Delete):
            changed += [root_of(target) for target in node.targets if isinstance(target, ast.Subscript)]
        else:
            if isinstance(node, (ast.For, ast.AsyncFor)):
                assigned.append(node.iter)
                targets.append(node.target)
            elif isinstance(node, (ast.With, ast.AsyncWith)):
                for item in node.items:
                    if item.optional_vars is not None:
                        assigned.append(item.context_expr)
                        targets.append(item.optional_vars)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                local.add(node.name)
                inner.append(node)
                assigned += node.decorator_list
                definitions += [*_defaults(node), *node.decorator_list]
            elif isinstance(node, ast.ClassDef):
                inner.append(node)
                definitions += [*node.bases, *(k.value for k in node.keywords), *node.decorator_list]
            pending += inner_statements(node)
    attached: list[ast.expr] = []
    given_back = {value.id for value in returned if isinstance(value, ast.Name)}
    parameters = _parameters(function) if given_back or filled or changed else set()
    if may_attach or not given_back.isdisjoint(parameters):
        # What it attaches to what it is given comes back to the caller as well.
        attached = list(attached_values(function))
        returned += attached
    outside = {name for name in filled if name not in own or name in global_names}
    if fills:
        global_names += sorted(outside)
    keeps = is_hook and bool(attached)
    if outside and not keeps and not outside <= parameters:
        keeps = bool(kept_roots(function))
    changes = bool(changed) and not own.union(parameters).issuperset(changed)
    if not (returned or imports or binds_globally or is_initializer or keeps or changes):
        return None
    if binds_globally:
        assigned += definitions
    returns = _mentions(returned)
    if returns:
        local.update(_bound(targets))
    gives_local = any(mention.partition(".")[0] in local for mention in returns)
    is_keeping = binds_globally or is_initializer
    assigns = _mentions(assigned) if gives_local or is_keeping else {}
    if imports and inner:
        # What it defines keeps what it imports, be it in cells.
        assigns |= dict.fromkeys(_imported_in(inner, imports), False)
    if gives_local:
        returns |= assigns
    imports += _spelled((*returns, *assigns))
    return Body(
        function.name,
        tuple(returns),
        tuple(assigns),
        binds_globally,
        any(map(_may_keep, function.decorator_list)),
        tuple(imports),
        owner,
        tuple(global_names),
        bool(attached),
        keeps,
        fills,
        changes,
    )


def _imported_in(definitions: Iterable[ast.stmt], imports: Iterable[Import]) -> set[str]:
    """Return the names among the imported ones that definitions mention."""
    mentioned = {node.id for part in definitions for node in descendants(part) if isinstance(node, ast.Name)}
    return mentioned.intersection(item.local for item in imports)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {argument.arg for argument in named_parameters(function.args)}


def class_parameter(method: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return the name that a class method gives its class; empty for any other method."""
    if not any(isinstance(item, ast.Name) and item.id == "classmethod" for item in method.decorator_list):
        return ""
    arguments = positional_parameters(method.args)
    return arguments[0].arg if arguments else ""


def _is_attribute_of(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == name


def _calls_globals(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "globals"


def _imports(statement: ast.Import | ast.ImportFrom) -> list[Import]:
    if isinstance(statement, ast.Import):
        return [Import(alias.name, 0, "", alias.asname or alias.name.partition(".")[0]) for alias in statement.names]
    module = statement.module or ""
    return [Import(module, statement.level, alias.name, alias.asname or alias.name) for alias in statement.names]
