"""What the functions and classes of the project do with what they are given: keep it, or refuse it the second time."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stalecheck.model import SourceFile
from stalecheck.nodes import Function, descendants
from stalecheck.rules.bases import definitions_of, maker_of
from stalecheck.rules.brought import names_bound
from stalecheck.rules.keeping import Keeping, keeping_in_library, refuses_tables
from stalecheck.rules.reloading import Reloading
from stalecheck.rules.statements import dotted, imported_names

_GROWERS = frozenset({"append", "appendleft", "insert", "extend"})
ADDERS = _GROWERS | {"add"}
_TAKES_OUT = frozenset({"remove", "pop", "discard", "clear"})
_WEAK = frozenset({"WeakSet", "WeakKeyDictionary"})
_LISTS = frozenset({"list", "set", "deque"})
_TABLES = frozenset({"dict", "OrderedDict", "defaultdict"})


@dataclass(frozen=True, slots=True)
class Given:
    """What a call hands over."""

    arguments: tuple[ast.expr, ...]
    own: frozenset[str]
    """The names of what the body makes anew."""

    decorates: bool = False
    """What is decorated comes on top."""

    keywords: tuple[ast.keyword, ...] = ()
    """What of the arguments is given by name."""

    def is_own(self, node: ast.expr) -> bool:
        """Whether an expression holds something that the module's body makes."""
        return any(
            isinstance(inner, ast.Lambda) or (isinstance(inner, ast.Name) and inner.id in self.own)
            for inner in descendants(node)
        )

    @property
    def has_own(self) -> bool:
        """Whether anything of it is made anew."""
        return self.decorates or any(map(self.is_own, self.arguments))


def keeping_of(
    path: Sequence[str], tree: ast.Module, file: SourceFile, given: Given, through: Sequence[str] = ()
) -> Keeping:
    """Return what calling something of a module does with what it is given.

    Args:
        path: The names that lead from the module to what is called.
        tree: The module.
        file: Its file.
        given: What it is called with.
        through: Methods called in between, or ``[]``: ``D.setdefault(k, []).append``.
    """
    if len(path) == 1:
        functions = (f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name == path[0])
        weak = _weak_names(tree)
        found = (_by_function(function, given, is_method=False, weak=weak) for function in functions)
        return next(found, Keeping.REPLACED)
    owner, method = path[0], path[-1]
    value = assigned(owner, tree)
    is_table = isinstance(value, ast.Dict) or (isinstance(value, ast.Call) and _last(value.func) in _TABLES)
    if through:
        return _by_method(method, given) if is_table else Keeping.REPLACED
    if isinstance(value, (ast.List, ast.Set)) or (isinstance(value, ast.Call) and _last(value.func) in _LISTS):
        return _by_method(method, given)
    if is_table and method == "setdefault":
        key, *rest = (*given.arguments, *(keyword.value for keyword in given.keywords))
        if given.is_own(key):
            return Keeping.JOINED
        return Keeping.IGNORED if any(map(given.is_own, rest)) else Keeping.REPLACED
    if not isinstance(value, ast.Call):
        return Keeping.REPLACED
    names = imported_names(tree, file)
    maker = maker_of(value, tree, names)
    written = ast.unparse(value.func)
    seen: set[str] = set()
    while (definition := _class_of(written, tree)) is not None and written not in seen:
        seen.add(written)
        own = [f for f in definition.body if isinstance(f, ast.FunctionDef) and f.name == method]
        if own:
            return _by_function(own[0], given, is_method=True)
        if not definition.bases:
            return Keeping.REPLACED
        written = ast.unparse(definition.bases[0])
        maker = dotted(definition.bases[0], names)
        if not maker and _class_of(written, tree) is None:
            return Keeping.REPLACED
    if not maker and written.startswith("_"):
        return Keeping.REPLACED
    return keeping_in_library(maker, method, given.keywords, has_own=given.has_own)


def assigned(name: str, tree: ast.Module) -> ast.expr | None:
    """Return what a module first binds to a name."""
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=targets, value=value) if any(_is_name(target, name) for target in targets):
                return value
            case ast.AnnAssign(target=ast.Name(id=bound), value=value) if bound == name:
                return value
    return None


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _class_of(name: str, tree: ast.Module) -> ast.ClassDef | None:
    return next((c for c in tree.body if isinstance(c, ast.ClassDef) and c.name == name), None)


def keeping_of_subclasses(
    definition: ast.ClassDef,
    file: SourceFile,
    again: frozenset[SourceFile],
    names: dict[SourceFile, dict[str, str]],
    reloading: Reloading,
) -> tuple[Keeping, str]:
    """Return what the bases and the metaclass of a class do with it, and who does it; nothing if all are made anew.

    Args:
        definition: The class.
        file: The module that it stands in.
        again: The modules that run again together.
        names: What imports bind in the files that have been looked at, to be filled.
        reloading: The run.
    """
    seen: set[tuple[SourceFile, str]] = set()
    pending = [(definition, file)]
    is_named = False
    while pending:
        current, module = pending.pop(0)
        tree = reloading.parse(module)
        if tree is None or (module, current.name) in seen:
            continue
        seen.add((module, current.name))
        if current is not definition and module not in again:
            keeping = _by_class(current, definition, _own_names(reloading.parse(file)))
            if keeping is not Keeping.REPLACED:
                return keeping, f"{module.module}.{current.name}"
            is_named = is_named or any(
                isinstance(f, ast.FunctionDef) and f.name == "__tablename__" for f in current.body
            )
        for base in (*current.bases, *(k.value for k in current.keywords if k.arg == "metaclass")):
            if module not in names:
                names[module] = names_bound(tree, module, reloading)
            found = list(definitions_of(base, tree, module, names[module], reloading))
            pending += found
            if not found:
                maker, owner = _library_base(base, tree, module, names[module], reloading)
                is_global = maker.startswith("sqlmodel.")
                if (owner not in again or is_global) and refuses_tables(maker, definition, is_named_above=is_named):
                    written = dotted(base, names[module]) or ast.unparse(base)
                    return Keeping.REFUSED, written if module in again else f"{module.module}.{current.name}"
    return Keeping.REPLACED, ""


def _library_base(
    base: ast.expr, tree: ast.Module, file: SourceFile, names: dict[str, str], reloading: Reloading
) -> tuple[str, SourceFile]:
    """Return the absolute name of a base of a library, or of what makes it, and the module that it is made in."""
    name = dotted(base, names)
    path = name.split(".")
    for end in range(len(path) - 1, 0, -1):
        other = reloading.program.table.find(".".join(path[:end]), file)
        there = reloading.parse(other) if other is not None else None
        if other is not None and there is not None:
            value = assigned(path[end], there)
            maker = maker_of(value, there, imported_names(there, other)) if value is not None else ""
            return ".".join(filter(None, (maker, *path[end + 1 :]))) if maker else "", other
    return name or maker_of(base, tree, names), file


def _own_names(tree: ast.Module | None) -> frozenset[str]:
    statements = tree.body if tree is not None else []
    return frozenset(s.name for s in statements if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)))


def _by_class(definition: ast.ClassDef, made: ast.ClassDef, own: frozenset[str]) -> Keeping:
    """Return what a class does with one that inherits from it, or that it makes as its metaclass."""
    is_metaclass = any(_last(base) in {"type", "ABCMeta", "EnumMeta", "EnumType"} for base in definition.bases)
    names = {"__init__", "__new__"} if is_metaclass else {"__init_subclass__"}
    for function in definition.body:
        if isinstance(function, ast.FunctionDef) and function.name in names and function.args.args:
            kept = {function.args.args[0].arg} if function.name != "__new__" else set(_made_by_new(function))
            given = Given(
                (ast.Constant(made.name),) if is_metaclass else tuple(_given_by_name(function, made)),
                own | kept,
                decorates=True,
            )
            keeping = _by_function(function, given, is_method=True, added=kept)
            if keeping is not Keeping.REPLACED:
                return keeping
    return Keeping.REPLACED


def _given_by_name(function: ast.FunctionDef, made: ast.ClassDef) -> Iterator[ast.expr]:
    """Yield what the keywords of a class give to the first parameters of ``__init_subclass__``."""
    keywords = {keyword.arg: keyword.value for keyword in made.keywords}
    for parameter in function.args.args[1:]:
        if parameter.arg not in keywords:
            return
        yield keywords[parameter.arg]


def _made_by_new(function: ast.FunctionDef) -> Iterator[str]:
    for node in descendants(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute(attr="__new__"))):
                yield name


def _by_method(method: str, given: Given) -> Keeping:
    if method in _GROWERS:
        return Keeping.REPEATED
    return Keeping.JOINED if method in ADDERS and given.has_own else Keeping.REPLACED


def _by_function(
    function: ast.FunctionDef,
    given: Given,
    *,
    is_method: bool,
    added: set[str] | None = None,
    weak: frozenset[str] = frozenset(),
) -> Keeping:
    """Return what a function does, by the containers that are not its own.

    `added` are the names of what counts as being kept; by default whatever it is. `weak` are those of containers
    that let go of what nobody else holds.
    """
    scope = _Scope.of(function, is_method=is_method, made=frozenset(added or ()))
    if _refuses(function, scope, given):
        return Keeping.REFUSED
    if added is None and _ignores(function, scope, given):
        return Keeping.IGNORED
    is_guarded = any(
        isinstance(node, ast.Compare) and any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops)
        for node in descendants(function)
    )
    found = Keeping.REPLACED
    later = _done_later(function)
    for node in descendants(function):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=method), args=arguments) if method in ADDERS:
                if id(node) in later or (isinstance(owner, ast.Name) and owner.id in weak):
                    continue
                names = {
                    inner.id for argument in arguments for inner in descendants(argument) if isinstance(inner, ast.Name)
                }
                if not scope.is_outside(owner) or (added is not None and names.isdisjoint(added)):
                    continue
                if _makes_room(function, ast.unparse(owner)):
                    continue
                is_repeated = method in _GROWERS and not is_guarded and not names.isdisjoint(scope.parameters)
                if is_repeated and added is None:
                    return Keeping.REPEATED
                found = Keeping.JOINED if given.has_own else found
            case ast.Subscript(value=owner, slice=ast.Name(id=key), ctx=ast.Store()):
                if id(node) in later or (isinstance(owner, ast.Name) and owner.id in weak):
                    continue
                is_new = key in scope.given(given) if added is None else key in added
                if is_new and scope.is_outside(owner) and not _takes_out(function, ast.unparse(owner)):
                    found = Keeping.JOINED
    return found


def _takes_out(function: ast.FunctionDef, container: str) -> bool:
    """Whether a function removes entries of a table."""
    for node in descendants(function):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _TAKES_OUT:
                if ast.unparse(owner) == container:
                    return True
            case ast.Subscript(value=owner, ctx=ast.Del()) if ast.unparse(owner) == container:
                return True
    return False


def _weak_names(tree: ast.Module) -> frozenset[str]:
    """Return the names that a module binds to what holds its entries weakly."""
    return frozenset(
        target.id
        for statement in tree.body
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and isinstance(statement.value, ast.Call)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name) and _last(statement.value.func) in _WEAK
    )


def _done_later(function: ast.FunctionDef) -> frozenset[int]:
    """Return the nodes within wrappers: functions within a function that call what it is given."""
    found: set[int] = set()
    for inner in descendants(function):
        if inner is function or not isinstance(inner, Function):
            continue
        nodes = list(descendants(inner))
        own = {node.arg for node in nodes if isinstance(node, ast.arg)}
        given = {node.arg for node in descendants(function) if isinstance(node, ast.arg)} - own
        if any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in given for n in nodes):
            found |= {id(node) for node in nodes}
    return frozenset(found)


def _makes_room(function: ast.FunctionDef, container: str) -> bool:
    """Whether a function takes an entry out of a container, puts another one in its place, or asks each one first."""
    for node in descendants(function):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _TAKES_OUT:
                if ast.unparse(owner) == container:
                    return True
            case ast.Subscript(value=owner, ctx=ast.Store() | ast.Del()) if ast.unparse(owner) == container:
                return True
            case ast.Assign(targets=[target], value=ast.ListComp(generators=[ast.comprehension(iter=source)])):
                if ast.unparse(target) == ast.unparse(source) == container:
                    return True
            case ast.Call(
                func=ast.Name(id="any" | "all"), args=[ast.GeneratorExp(generators=[ast.comprehension(iter=source)])]
            ) if ast.unparse(source) == container:
                return True
    return False


def _refuses(function: ast.FunctionDef, scope: _Scope, given: Given) -> bool:
    """Whether it raises if the key that it is given is there already."""
    stored = {
        ast.unparse(node.value)
        for node in descendants(function)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and scope.is_outside(node.value)
    }
    positions = [argument.arg for argument in function.args.args][scope.skipped :]
    for node in descendants(function):
        match node:
            case ast.If(test=ast.Compare(left=key, ops=[ast.In()], comparators=[container]), body=[*_, ast.Raise()]):
                pass
            case ast.Assert(test=ast.Compare(left=key, ops=[ast.NotIn()], comparators=[container])):
                pass
            case _:
                continue
        if ast.unparse(container) not in stored:
            continue
        if not isinstance(key, ast.Name):
            return True
        if key.id in positions:
            place = positions.index(key.id)
            if place >= len(given.arguments):
                return bool(given.arguments) and not given.has_own
            return not given.is_own(given.arguments[place])
        return key.id not in scope.inner
    return False


def _ignores(function: ast.FunctionDef, scope: _Scope, given: Given) -> bool:
    """Whether it puts what the body makes anew into a table only as long as that has nothing under the same key."""
    own = scope.given(given)
    containers: set[str] = set()
    stored: set[str] = set()
    for node in descendants(function):
        match node:
            case ast.Call(
                func=ast.Attribute(value=owner, attr="setdefault"), args=[ast.expr() as key, ast.Name(id=name)]
            ):
                if name in own and scope.is_outside(owner) and not (isinstance(key, ast.Name) and key.id in own):
                    return True
            case ast.If(test=ast.Compare(ops=[ast.NotIn()], comparators=[container]), orelse=[]):
                containers |= {ast.unparse(container)} & set(_stored_below(node.body, own, scope))
            case ast.If(test=ast.Compare(ops=[ast.In()], comparators=[container]), body=[*_, ast.Return()]):
                containers.add(ast.unparse(container))
        stored |= set(_stored_below([node], own, scope)) if isinstance(node, ast.Assign) else set()
    return not containers.isdisjoint(stored)


def _stored_below(nodes: Sequence[ast.AST], own: frozenset[str], scope: _Scope) -> Iterator[str]:
    """Yield the tables of others in which one of some parameters is stored under a key that is none of these."""
    for part in nodes:
        for node in descendants(part):
            match node:
                case ast.Assign(targets=[ast.Subscript(value=owner, slice=key)], value=ast.Name(id=name)):
                    is_keyed = not (isinstance(key, ast.Name) and key.id in own)
                    if name in own and is_keyed and scope.is_outside(owner):
                        yield ast.unparse(owner)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whose the names of a function are."""

    local: frozenset[str]
    parameters: frozenset[str]
    inner: frozenset[str]
    """The parameters of the functions within it: what it decorates."""

    skipped: int
    """How many parameters a call does not give: ``self``."""

    filled: frozenset[str]
    """The attributes that it makes itself, as written."""

    decorated: frozenset[str]
    """The first parameters of the functions within it."""

    positions: tuple[str, ...]
    """What a call gives, in order."""

    stored: frozenset[str]
    """What it binds itself."""

    @classmethod
    def of(cls, function: ast.FunctionDef, *, is_method: bool, made: frozenset[str]) -> _Scope:
        nodes = list(descendants(function))
        declared = {name for n in nodes if isinstance(n, (ast.Global, ast.Nonlocal)) for name in n.names}
        stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        parameters = {n.arg for n in nodes if isinstance(n, ast.arg)}
        first = {function.args.args[0].arg} if is_method and function.args.args else set()
        inner = {
            n.arg
            for f in nodes
            if isinstance(f, Function) and f is not function
            for n in descendants(f.args)
            if isinstance(n, ast.arg)
        }
        attributes = {ast.unparse(n) for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
        return cls(
            frozenset((stored | parameters) - first - declared),
            frozenset(parameters - first) | made,
            frozenset(inner),
            len(first),
            frozenset(attributes),
            frozenset(
                f.args.args[0].arg for f in nodes if isinstance(f, Function) and f is not function and f.args.args
            ),
            tuple(argument.arg for argument in function.args.args[len(first) :]),
            frozenset(stored),
        )

    def given(self, given: Given) -> frozenset[str]:
        """Return the parameters that are a function or class that the body makes anew."""
        own = {
            name
            for name, value in zip(self.positions, given.arguments, strict=False)
            if isinstance(value, ast.Name) and value.id in given.own
        }
        own |= {k.arg for k in given.keywords if k.arg and isinstance(k.value, ast.Name) and k.value.id in given.own}
        if given.decorates:
            own |= {*self.positions[:1]} if not (given.arguments or given.keywords) and self.positions else set()
            own |= self.decorated
        return frozenset(own - self.stored)

    def is_outside(self, owner: ast.expr) -> bool:
        """Whether a container belongs to the module or the instance, and not to the call or to what it is given."""
        while isinstance(owner, (ast.Attribute, ast.Subscript, ast.Call)):
            if ast.unparse(owner) in self.filled:
                return False
            owner = owner.func if isinstance(owner, ast.Call) else owner.value
        return isinstance(owner, ast.Name) and owner.id not in self.local


def _last(node: ast.expr) -> str:
    return ast.unparse(node).partition("[")[0].rpartition(".")[2]
