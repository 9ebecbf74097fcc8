"""What the interpreter says of fixture projects: imports one, reloads, answers who holds something old.

    python -E -s -S -B tests/fixture_interpreter.py

Reads one order per line, ``{"root": …, "modules": […], …}``, and answers each with a line. Knows nothing of the linter.
A module that is about to run for the second time is edited first (plain values at module level change), so that a
copied value shows when the edited project is run anew.
"""

from __future__ import annotations

import abc
import ast
import builtins
import collections
import dis
import functools
import gc
import importlib
import importlib.util
import inspect
import json
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import Field, dataclass, field, fields
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from agreement.oracle import answer_orders

ABSENT = object()
SPIED = (
    "atexit.register",
    "codecs.register",
    "copyreg.pickle",
    "logging.basicConfig",
    "os.register_at_fork",
    "signal.signal",
    "sys.addaudithook",
    "unittest.addModuleCleanup",
    "weakref.finalize",
)
SPIED_METHODS = (
    "asyncio.BaseEventLoop.call_later",
    "asyncio.SelectorEventLoop.add_signal_handler",
    "logging.Handler.setFormatter",
    "multiprocessing.managers.BaseManager.register",
)
PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), range)
ITERATORS = (type(iter([])), type(iter(())))
SHOWN_BY_REPR = {"datetime", "decimal", "fractions", "pathlib", "pathlib._local", "re", "uuid"}


def main() -> None:
    """Answer orders until there are no more."""
    sys.path.pop(0)  # Projects have a path of their own.
    spied_owners()
    answer_orders(play)


def spied_owners() -> list[tuple[Any, str]]:
    """The modules and classes one of whose functions is spied on, with its name."""
    functions = (dotted.rpartition(".") for dotted in SPIED)
    methods = (dotted.rsplit(".", 2) for dotted in SPIED_METHODS)
    return [
        *((importlib.import_module(module), name) for module, _, name in functions),
        *((getattr(importlib.import_module(module), owner), name) for module, owner, name in methods),
    ]


def play(order: dict[str, Any]) -> dict[str, Any]:
    run = Run(root=Path(order["root"]), is_edited=order["is_edited"])
    sys.path.insert(0, str(run.root))
    run.listen()
    for name in order["modules"]:
        importlib.import_module(name)
    for entry in order["before"]:
        call(entry)
    if not order["is_fresh"]:
        act(run, order)
    return report(run)


def call(entry: str) -> None:
    module, _, function = entry.partition(":")
    target: Any = sys.modules[module]
    for part in function.split("."):
        target = getattr(target, part)
    target()


def act(run: Run, order: dict[str, Any]) -> None:
    """Reload, as the order says, and import again whatever was evicted only."""
    loaded = [name for name in run.executions if name in sys.modules]
    if order["reload"] and order["mode"] == "reload":
        importlib.reload(sys.modules[order["reload"]])
    elif order["reload"]:
        del sys.modules[order["reload"]]
    for entry in order["calls"]:
        sys.setprofile(run.keep_locals)
        try:
            call(entry)
        finally:
            sys.setprofile(None)
    for name in loaded:
        importlib.import_module(name)


@dataclass
class Execution:
    """One run of a module's body: the code, and what the namespace held before the next run."""

    module: types.ModuleType
    code: types.CodeType
    namespace: dict[str, Any] = field(default_factory=dict)


@dataclass
class Run:
    """What was seen while the project ran."""

    root: Path
    is_edited: bool
    executions: dict[str, list[Execution]] = field(default_factory=dict)
    classes: dict[int, tuple[type, types.CodeType]] = field(default_factory=dict)
    registered: list[tuple[str, int, object]] = field(default_factory=list)
    called: list[tuple[str, int, types.CodeType, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    """Where a module's body calls the project's functions, and those others: file, row, code, arguments, globals."""

    given: set[int] = field(default_factory=set)
    """The objects whose methods are called so."""

    locals: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)
    sources: dict[str, str] = field(default_factory=dict)

    def listen(self) -> None:
        """Watch executions of module bodies, class statements and registrations."""
        for path in sorted(self.root.rglob("*.py")):
            self.sources[str(path)] = path.read_text(encoding="utf-8")
        SourceFileLoader.exec_module = self._execute_wrapped()  # type: ignore[method-assign,assignment]
        build = builtins.__build_class__

        def build_class(body: Any, name: str, /, *bases: Any, **keywords: Any) -> Any:
            made = build(body, name, *bases, **keywords)
            if isinstance(made, type):
                self.classes[id(made)] = (made, body.__code__)
            return made

        builtins.__build_class__ = build_class
        for owner, name in spied_owners():
            if isinstance(owner, types.ModuleType):
                if hasattr(owner, name):
                    setattr(owner, name, self._spy(getattr(owner, name)))
                continue
            method = inspect.getattr_static(owner, name)
            is_bound = isinstance(method, classmethod)
            spy = self._spy(method.__func__ if is_bound else method)
            setattr(owner, name, classmethod(spy) if is_bound else spy)
        abc.ABCMeta.register = self._spy(abc.ABCMeta.register)  # type: ignore[method-assign]

    def keep_calls(self, frame: types.FrameType, event: str, argument: object) -> None:
        if event != "call" or frame.f_code.co_filename not in self.sources:
            return
        caller = frame.f_back
        while caller and caller.f_code.co_flags & inspect.CO_OPTIMIZED and caller.f_code.co_filename in self.sources:
            caller = caller.f_back
        if caller and caller.f_code.co_name == "<module>":
            place = (caller.f_code.co_filename, caller.f_lineno)
            self.called.append((*place, frame.f_code, dict(frame.f_locals), frame.f_globals))

    def keep_locals(self, frame: types.FrameType, event: str, argument: object) -> None:
        if event == "return" and frame.f_code.co_filename in self.sources:
            self.locals[frame.f_code.co_filename, frame.f_code.co_name] = dict(frame.f_locals)

    def _execute_wrapped(self) -> Callable[[Any, types.ModuleType], None]:
        original = SourceFileLoader.exec_module

        def exec_module(loader: Any, module: types.ModuleType) -> None:
            if loader.path not in self.sources:
                original(loader, module)
                return
            name = module.__name__
            earlier = self.executions.setdefault(name, [])
            if earlier:
                earlier[-1].namespace = dict(earlier[-1].module.__dict__)
                if self.is_edited and loader.path not in self.edited:
                    self.edited.add(loader.path)
                    Path(loader.path).write_text(edit(self.sources[loader.path]), encoding="utf-8")
            code = loader.source_to_code(Path(loader.path).read_bytes(), loader.path)
            earlier.append(Execution(module, code))
            before = sys.getprofile()
            sys.setprofile(self.keep_calls)
            try:
                exec(code, module.__dict__)
            finally:
                sys.setprofile(before)

        return exec_module

    def _spy(self, registrar: Callable[..., Any]) -> Callable[..., Any]:
        def spy(*arguments: Any, **keywords: Any) -> Any:
            caller = sys._getframe(1)
            captured = (arguments, keywords)
            self.registered.append((caller.f_code.co_filename, caller.f_lineno, captured))
            return registrar(*arguments, **keywords)

        return spy


def edit(source: str) -> str:
    """The source with other plain values at module level: numbers +1, strings + "!", the other boolean."""
    tree = ast.parse(source)
    for statement in tree.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and isinstance(
            statement.value, (ast.Constant, ast.Tuple)
        ):
            for node in ast.walk(statement.value):
                if isinstance(node, ast.Constant):
                    node.value = edited_value(node.value)
    return ast.unparse(tree)


def edited_value(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    return value + "!" if isinstance(value, str) else value


def report(run: Run) -> dict[str, Any]:
    """Every holder with its rows, the origins it keeps, its plain values, and which container it shares."""
    old = find_old(run)
    reloaded = [name for name, runs in run.executions.items() if len(runs) > 1]
    holders = []
    for name in sorted(run.executions):
        module = sys.modules.get(name)
        path = run.executions[name][-1].code.co_filename
        if module is not None:
            holders += report_module(run, old, module, path)
    for holder in holders:
        holder["file"] = Path(holder["file"]).relative_to(run.root).as_posix()
    return {
        "reloaded": reloaded,
        "is_restored": any(run.executions[name][-1].module is not sys.modules.get(name) for name in reloaded),
        "holders": holders,
    }


# What is old


@dataclass
class Old:
    """The objects that an old run of a body made and a later one replaced, each under its origin's name."""

    objects: dict[int, str] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)
    classes: dict[int, tuple[type, types.CodeType]] = field(default_factory=dict)

    def origin(self, thing: Any) -> str | None:
        """The origin's name if `thing` itself is old, or an instance of an old class."""
        if id(thing) in self.objects:
            return self.objects[id(thing)]
        if isinstance(thing, types.FunctionType):
            return self.codes.get(id(thing.__code__))
        if isinstance(thing, type):
            made = self.classes.get(id(thing))
            return self.codes.get(id(made[1])) if made and made[0] is thing else None
        return self.origin(type(thing))


def find_old(run: Run) -> Old:
    old = Old(classes=run.classes)
    for name, executions in run.executions.items():
        current = sys.modules.get(name)
        now = [execution for execution in executions if execution.module is current]
        executions[-1].namespace = executions[-1].namespace or dict(executions[-1].module.__dict__)
        for execution in executions:
            if execution.module is not current:
                old.objects[id(execution.module)] = name
            if not now or execution is not now[-1]:
                collect_codes(execution.code, name, None, old)
                for key, value in execution.namespace.items():
                    is_kept = current is not None and current.__dict__.get(key, ABSENT) is value
                    if not ((key.startswith("__") and key != "__all__") or is_kept or is_plain(value)):
                        old.objects.setdefault(id(value), f"{name}.{key}")
                        old.kept.append(value)
    return old


def collect_codes(code: types.CodeType, module: str, top: str | None, old: Old) -> None:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            origin = top or f"{module}.{constant.co_name}"
            old.codes[id(constant)] = origin
            old.kept.append(constant)
            collect_codes(constant, module, origin, old)


def is_plain(value: object) -> bool:
    if type(value) in (tuple, frozenset):
        return all(map(is_plain, value))  # type: ignore[call-overload]
    return type(value) in PLAIN


# Who could hold it: the names that a source file binds


@dataclass
class Filled:
    """Something that a function may have put its arguments into."""

    target: object
    arguments: list[object]


@dataclass
class Slot:
    """A place that can hold an object, and the rows on which the source fills it."""

    name: str
    kind: str
    rows: set[int]
    module: str = ""


def find_slots(source: str, package: str) -> list[Slot]:
    finder = SlotFinder(package)
    finder.block(ast.parse(source).body, "")
    return finder.finish()


class SlotFinder:
    """Collects the slots of one file, in the order of the source."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.slots: dict[str, Slot] = {}
        self.fills: list[tuple[str, set[int]]] = []
        self.looped: dict[str, list[str]] = {}
        """The strings that the names of a loop stand for, one after the other."""

    def finish(self) -> list[Slot]:
        for name, rows in self.fills:
            if name in self.slots:
                self.add(name, "binding", rows)
        return list(self.slots.values())

    def add(self, name: str, kind: str, rows: Iterable[int], module: str = "") -> None:
        slot = self.slots.setdefault(name, Slot(name, kind, set(), module))
        slot.rows |= set(rows)
        if kind == "binding":
            slot.kind = kind

    def block(self, statements: Iterable[ast.stmt], prefix: str) -> None:
        for statement in statements:
            self.statement(statement, prefix)

    def statement(self, node: ast.stmt, prefix: str) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imports(node, prefix, "import")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.function(node, prefix)
        elif isinstance(node, ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            header = range(first, max(node.body[0].lineno, node.lineno + 1))
            self.add(prefix + node.name, "binding", header)
            self.block(node.body, f"{prefix}{node.name}.")
            self.add(f"{prefix}{node.name} attached", "attached", header)
        else:
            self.other(node, prefix)

    def imports(self, node: ast.Import | ast.ImportFrom, prefix: str, kind: str) -> None:
        for alias in node.names:
            if alias.name == "*" and isinstance(node, ast.ImportFrom):
                dotted = "." * node.level + (node.module or "")
                module = importlib.util.resolve_name(dotted, self.package)
                self.add(f"* {module}", "star", [alias.lineno], module)
            else:
                bound = alias.asname or alias.name
                if isinstance(node, ast.Import) and not alias.asname:
                    bound = alias.name.partition(".")[0]
                self.add(prefix + bound, kind, [alias.lineno])

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str) -> None:
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        self.add(prefix + node.name, "binding", range(first, max(node.body[0].lineno, node.lineno + 1)))
        header = range(first, max(node.body[0].lineno, node.lineno + 1))
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            rows = {row for row in header if row >= decorator.lineno}
            self.add(f"decorator {min(rows)}", "call", rows)
            if isinstance(called, ast.Attribute):
                self.registered(called.value, rows, prefix)
        global_names = {n for part in ast.walk(node) if isinstance(part, ast.Global) for n in part.names}
        itself = {"self", *(made_by_new(node) if len(node.args.args) < 4 else ())}  # not what a metaclass makes
        for part in ast.walk(node):
            if isinstance(part, (ast.Import, ast.ImportFrom)):
                for alias in part.names:
                    bound = alias.asname or alias.name
                    if bound in global_names:
                        self.add(bound, "binding", [alias.lineno])
                    else:
                        self.add(f"{prefix}{node.name}:{bound}", "local", [alias.lineno])
            elif isinstance(part, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
                rows = range(part.lineno, (part.end_lineno or part.lineno) + 1)
                targets = part.targets if isinstance(part, ast.Assign) else [part.target]
                for target in [inner for one in targets for inner in unpacked(one)]:
                    if isinstance(target, ast.Name) and target.id in global_names:
                        self.add(target.id, "binding", rows)
                    elif isinstance(target, ast.Attribute) and ast.unparse(target.value) in itself:
                        self.add(prefix + target.attr, "self", rows)
                    elif isinstance(target, ast.Attribute) and ast.unparse(target.value) in self.slots:
                        self.add(ast.unparse(target), "expression", rows)
        for part in ast.walk(node):
            filled = part.func if isinstance(part, ast.Call) else part
            if node.name not in ("__init__", "__new__") and not fills(filled):
                continue
            match outermost(filled.value) if isinstance(filled, (ast.Attribute, ast.Subscript)) else None:
                case ast.Attribute(value=owner, attr=attribute) if ast.unparse(owner) in itself:
                    self.add(prefix + attribute, "self", rows_of(part))
                case ast.Attribute() as one if ast.unparse(one) in itself:
                    pass
                case ast.Attribute(value=ast.Name(id="cls"), attr=attribute):
                    self.fills.append((prefix + attribute, set(rows_of(part))))
                case ast.Attribute(value=ast.Name(id=owner), attr=attribute):
                    self.fills.append((f"{owner}.{attribute}", set(rows_of(part))))
                case ast.Name(id=name):
                    self.fills.append((name, set(rows_of(part))))

    def other(self, node: ast.stmt, prefix: str) -> None:
        rows = rows_of(node)
        for name in ("targets", "target", "items"):
            for target in as_list(getattr(node, name, None)):
                self.target(getattr(target, "optional_vars", target), prefix, rows)
        for expression in own_expressions(node):
            for part in ast.walk(expression):
                if isinstance(part, ast.NamedExpr):
                    self.add(prefix + part.target.id, "binding", rows_of(part))
        if isinstance(node, ast.Expr):
            self.add(f"call {min(rows)}", "call", rows)
            self.registration(node.value, prefix)
            self.setting(node.value, prefix, rows)
        if isinstance(node, ast.For) and isinstance(node.iter, (ast.Tuple, ast.List)):
            self.looped = {}
            for element in node.iter.elts:
                for one, value in zip(unpacked(node.target), unpacked(element), strict=False):
                    self.looped.setdefault(ast.unparse(one), []).extend(texts(value))
        for name in ("body", "orelse", "finalbody"):
            self.block(getattr(node, name, []), prefix)
        for name in ("handlers", "cases"):
            for branch in getattr(node, name, []):
                self.pattern(getattr(branch, "pattern", None), prefix)
                self.block(branch.body, prefix)

    def pattern(self, node: ast.AST | None, prefix: str) -> None:
        for part in ast.walk(node) if node is not None else ():
            name = part.rest if isinstance(part, ast.MatchMapping) else getattr(part, "name", None)
            if name is not None:
                self.add(prefix + name, "binding", rows_of(part))

    def target(self, node: ast.AST | None, prefix: str, rows: Iterable[int]) -> None:
        if isinstance(node, ast.Name):
            self.add(prefix + node.id, "binding", rows)
        elif isinstance(node, (ast.Tuple, ast.List)):
            for element in node.elts:
                self.target(element, prefix, rows)
        elif isinstance(node, ast.Starred):
            self.target(node.value, prefix, rows)
        elif isinstance(node, ast.Attribute):
            self.add(ast.unparse(node), "expression", rows)
        elif isinstance(node, ast.Subscript) and is_own_names(node.value):
            for name in texts(node.slice) or self.looped.get(ast.unparse(node.slice), []):
                self.add(prefix + name, "binding", rows)
        elif isinstance(node, ast.Subscript):
            container = outermost(node.value)
            if isinstance(container, ast.Name):
                self.fills.append((prefix + container.id, set(rows)))
            else:
                self.add(ast.unparse(node.value), "expression", rows)

    def setting(self, node: ast.expr, prefix: str, rows: Iterable[int]) -> None:
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr="update")) if is_own_names(inner):
                for name in [*texts(node), *filter(None, (keyword.arg for keyword in node.keywords))]:
                    self.add(prefix + name, "binding", rows)
            case ast.Call(func=ast.Name(id="setattr") | ast.Attribute(attr="__setattr__"), args=[owner, name, _]):
                for text in texts(name) or self.looped.get(ast.unparse(name), []):
                    self.add(f"{ast.unparse(owner)}.{text}", "expression", rows)

    def registration(self, node: ast.expr, prefix: str) -> None:
        called = node.func if isinstance(node, ast.Call) else node
        if isinstance(called, ast.Call):
            called = called.func
        if isinstance(node, ast.Call) and isinstance(called, ast.Attribute):
            self.registered(called.value, set(rows_of(node)), prefix)

    def registered(self, receiver: ast.expr, rows: set[int], prefix: str) -> None:
        if is_own_names(receiver):
            return
        container = outermost(receiver)
        if isinstance(container, ast.Name):
            self.fills += [(container.id, rows), (prefix + container.id, rows)]
        if container is receiver or not isinstance(container, ast.Name):
            self.add(f"{ast.unparse(receiver)} {min(rows)}", "registration", rows)


def fills(node: ast.AST) -> bool:
    """Whether an expression is an item that is assigned, or a method that puts something into a container."""
    if isinstance(node, ast.Attribute):
        return node.attr in ("add", "append", "extend", "insert", "setdefault", "update")
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)


def made_by_new(node: ast.AST) -> list[str]:
    """How a ``__new__`` writes the object that it makes."""
    made = [
        part.targets
        for part in ast.walk(node)
        if isinstance(part, ast.Assign) and ".__new__(" in ast.unparse(part.value)
    ]
    return [ast.unparse(target) for targets in made for target in targets]


def texts(node: ast.expr) -> list[str]:
    """The strings in an expression."""
    constants = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return [value for value in constants if isinstance(value, str)]


def is_own_names(node: ast.expr) -> bool:
    """Whether an expression is ``globals()``, ``locals()`` or ``vars()``."""
    return isinstance(node, ast.Call) and not node.args and ast.unparse(node.func) in ("globals", "locals", "vars")


def unpacked(target: ast.expr) -> Iterator[ast.expr]:
    """Yield the targets within one that takes something apart."""
    match target:
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element in elements:
                yield from unpacked(element)
        case ast.Starred(value=inner):
            yield from unpacked(inner)
        case _:
            yield target


def outermost(node: ast.expr) -> ast.expr:
    """The container that is filled in the end: ``TABLE`` of ``TABLE["a"]`` and ``TABLE.setdefault("a", [])``."""
    while True:
        match node:
            case ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(value=inner, attr="setdefault" | "get")):
                node = inner
            case _:
                return node


def rows_of(node: ast.AST) -> range:
    """The node's rows; of a compound statement those of its header."""
    first, last = node.lineno, node.end_lineno  # type: ignore[attr-defined]
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        last = max(first, body[0].lineno - 1)
    return range(first, last + 1)


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def own_expressions(node: ast.stmt) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.withitem):
            yield child.context_expr


# Whether it does


def report_module(run: Run, old: Old, module: types.ModuleType, path: str) -> list[dict[str, Any]]:
    package = module.__package__ or ""
    slots = find_slots(run.sources[path], package)
    named = {id(value) for value in names_of_all_modules(run)}
    holders = []
    for slot in slots:
        for part_of, value in values_of(run, module, path, slot):
            holder: dict[str, Any] = {"file": path, "module": module.__name__, "name": slot.name}
            filled, value = (value, value.target) if isinstance(value, Filled) else (None, value)
            is_shared = (isinstance(value, (list, dict, set)) or id(value) in run.given) and not old.origin(value)
            holder |= {"rows": sorted(slot.rows), "part_of": part_of, "old": [], "value": None}
            holder["container"] = id(value) if is_shared and not filled else None
            holder["fills"] = [id(value)] if is_shared else []
            old.kept.append(value)
            if slot.kind in ("import", "local"):
                origin = old.origin(value)
                holder["old"] = [origin] if origin else []
                holder["value"] = repr(value) if is_plain(value) else None
            elif slot.kind == "star":
                holder["old"] = ["*"] if any(old.origin(brought) for brought in value) else []
                holder["value"] = repr([brought for brought in value if is_plain(brought)])
            elif value is not ABSENT:
                given = reached(value if filled is None else filled.arguments, old, named)
                holder["old"] = sorted(reached(value, old, named) & given)
                is_empty = isinstance(value, functools._lru_cache_wrapper) and not value.cache_info().currsize
                holder["value"] = None if is_empty or filled else shape(value, set())
            holders.append(holder)
    return holders


def names_of_all_modules(run: Run) -> Iterator[object]:
    for name in run.executions:
        module = sys.modules.get(name)
        for value in list(module.__dict__.values()) if module else []:
            if isinstance(value, (type, types.FunctionType)) or hasattr(value, "__dict__"):
                yield value


def values_of(run: Run, module: types.ModuleType, path: str, slot: Slot) -> Iterator[tuple[str | None, Any]]:
    """The value or values that stand in a slot now; ABSENT if there is none."""
    space = module.__dict__
    if slot.kind == "star":
        source = sys.modules[slot.module].__dict__
        exported = source.get("__all__", [name for name in source if not name.startswith("_")])
        yield None, [space[name] for name in exported if name in space]
    elif slot.kind == "local":
        function, _, name = slot.name.partition(":")
        captured = run.locals.get((path, function.rpartition(".")[2]), {})
        yield None, captured.get(name, ABSENT)
    elif slot.kind == "self":
        yield None, ABSENT
        yield from attributes_of_singletons(module, slot)
    elif slot.kind == "registration":
        receiver = slot.name.rpartition(" ")[0]
        spied = [what for file, row, what in run.registered if file == path and row in slot.rows]
        if spied or not receiver.isidentifier():
            yield None, spied or evaluate(receiver, space)
    elif slot.kind == "call":
        # What is kept of a module that is reloaded itself shows in what keeps it.
        is_reloaded = len(run.executions[module.__name__]) > 1
        for file, row, code, arguments, names in run.called:
            if file == path and row in slot.rows:
                for name in () if is_reloaded else code.co_names:
                    target = names.get(name, ABSENT)
                    parts = list(vars(target).values()) if isinstance(target, type) else [target]
                    yield from ((None, Filled(part, list(arguments.values()))) for part in parts)
                for owner in () if is_reloaded else objects_that_stay(run, arguments.values()):
                    run.given.add(id(owner))
                    others = [argument for argument in arguments.values() if argument is not owner]
                    yield from ((None, Filled(part, others)) for part in (owner, *vars(owner).values()))
                if slot.name.startswith("call "):
                    yield from stored_in(list(arguments.values()), code)
    elif slot.kind == "attached":
        yield None, attached(module, path, slot.name.partition(" ")[0], run)
    elif slot.kind == "expression":
        owner = slot.name.rpartition(".")[0]
        part_of = f"{owner} attached" if isinstance(evaluate(owner, space), type) else owner
        yield part_of or None, evaluate(slot.name, space)
    else:
        yield None, class_attribute(space, slot.name) if "." in slot.name else space.get(slot.name, ABSENT)
        yield from attributes_of_singletons(module, slot)


def objects_that_stay(run: Run, arguments: Iterable[object]) -> Iterator[object]:
    """The objects and classes among some arguments that a module of the project holds, or an object of it."""
    owners = [argument for argument in arguments if argument is not ABSENT and is_of_project(run, argument)]
    pending: list[object] = [vars(sys.modules[name]) for name in run.executions if owners and name in sys.modules]
    seen: dict[int, object] = {}
    while pending:
        thing = pending.pop()
        if id(thing) not in seen:
            seen[id(thing)] = thing
            if isinstance(thing, dict):
                pending += list(thing.values())
            elif isinstance(thing, (list, tuple)):
                pending += thing
            elif is_of_project(run, thing):
                pending += list(vars(thing).values())
    yield from (owner for owner in owners if id(owner) in seen)


def is_of_project(run: Run, thing: object) -> bool:
    """Whether something is a class of the project, or an instance of one, with attributes."""
    owner = thing if isinstance(thing, type) else type(thing)
    return owner.__module__ in run.executions and hasattr(thing, "__dict__")


def stored_in(arguments: list[object], code: types.CodeType) -> Iterator[tuple[str, object]]:
    """What a function's code has stored in attributes of its arguments, with the slot that keeps it too."""
    stored = {step.argval for step in dis.get_instructions(code) if step.opname == "STORE_ATTR"}
    stored |= set(code.co_consts) if "setattr" in code.co_names else set()
    for argument in arguments:
        if isinstance(argument, (type, types.FunctionType)):
            slot = f"{argument.__qualname__} attached" if isinstance(argument, type) else argument.__qualname__
            yield from ((slot, value) for name, value in list(vars(argument).items()) if name in stored)


def attached(module: types.ModuleType, path: str, qualified: str, run: Run) -> object:
    """The attributes of a class that its body does not bind."""
    owner = class_attribute(module.__dict__, qualified) if "." in qualified else module.__dict__.get(qualified)
    if not isinstance(owner, type):
        return ABSENT
    slots = find_slots(run.sources[path], module.__package__ or "")
    own = {slot.name for slot in slots if slot.kind != "expression"}
    return [
        value for name, value in vars(owner).items() if not name.startswith("_") and f"{qualified}.{name}" not in own
    ]


def class_attribute(space: dict[str, Any], qualified: str) -> object:
    first, *middle, last = qualified.split(".")
    owner = space.get(first, ABSENT)
    for part in middle:
        owner = vars(owner).get(part, ABSENT) if isinstance(owner, type) else ABSENT
    if not isinstance(owner, type):
        return ABSENT
    value = vars(owner).get(last, ABSENT)
    described = vars(owner).get("__dataclass_fields__", {}).get(last)
    return value if described is None else [value, described]


def attributes_of_singletons(module: types.ModuleType, slot: Slot) -> Iterator[tuple[str | None, object]]:
    """For `Service.engine`: the attribute of each module-level instance of the file's own `Service`."""
    qualified, _, attribute = slot.name.rpartition(".")
    for name, value in list(module.__dict__.items()):
        owners = [(base.__module__, base.__qualname__) for base in type(value).__mro__]
        if qualified and (module.__name__, qualified) in owners:
            yield name, getattr(value, "__dict__", {}).get(attribute, ABSENT)


def evaluate(text: str, space: dict[str, Any]) -> object:
    try:
        value = eval(text, dict(space))
    except Exception:
        return ABSENT
    return ABSENT if isinstance(value, types.ModuleType) else value


def reached(value: object, old: Old, named: set[int]) -> set[str]:
    """The origins of the old objects that `value` is or keeps, not looking into other names' objects."""
    origins: set[str] = set()
    seen: dict[int, object] = {}
    pending: list[object] = [value]
    while pending:
        thing = pending.pop()
        if id(thing) in seen or is_plain(thing):
            continue
        seen[id(thing)] = thing
        origin = old.origin(thing)
        if origin:
            origins.add(origin)
        if isinstance(thing, type) and not isinstance(
            thing, types.GenericAlias
        ):  # on 3.10 `list[int]` passes for a class
            is_nameless = "<locals>" in thing.__qualname__ and id(thing) not in named and not origin
            if thing is value or is_nameless:
                pending += [type(thing), *thing.__bases__, vars(thing).get("__orig_bases__")]
            if thing is value:
                pending += inherited_fields(thing, old)
                pending += vars(thing).values() if "<locals>" in thing.__qualname__ else ()
        elif thing is value or id(thing) not in named:
            if origin and not isinstance(thing, types.FunctionType):
                continue
            pending += edges(thing, old)
    return origins


def inherited_fields(owner: type, old: Old) -> Iterator[object]:
    """The fields that a dataclass takes over from its bases, but not from old ones."""
    for name, described in vars(owner).get("__dataclass_fields__", {}).items():
        sources = [base for base in owner.__mro__[1:] if name in vars(base).get("__dataclass_fields__", {})]
        is_shared = bool(sources) and vars(sources[0])["__dataclass_fields__"][name] is described
        if is_shared and name in {item.name for item in fields(owner)} and not old.origin(sources[0]):
            yield described


def edges(thing: Any, old: Old) -> list[object]:
    """What an object keeps alive and a reader would say that it holds."""
    kind = type(thing)
    if isinstance(thing, (types.ModuleType, types.CodeType)) or kind.__module__ == "logging":
        if kind.__name__ in ("Logger", "RootLogger"):
            return [] if kind.__name__ == "Logger" else [thing.handlers, thing.filters]
        return []
    if kind is types.MethodType:
        return [thing.__self__] if old.origin(thing.__self__) else [thing.__func__, thing.__self__]
    if kind is types.BuiltinMethodType:
        return [] if isinstance(thing.__self__, types.ModuleType) else [thing.__self__]
    if kind is types.FunctionType:
        cells = [cell_value(cell) for cell in thing.__closure__ or ()]
        return [thing.__defaults__, thing.__kwdefaults__, vars(thing), *cells]
    if kind is functools._lru_cache_wrapper:
        return cached_results(thing)
    if kind in (property, classmethod, staticmethod):
        return [getattr(thing, name, None) for name in ("fget", "fset", "fdel", "__func__")]
    if kind is functools.partial:
        return [thing.func, thing.args, thing.keywords]
    if kind is Field:
        return [thing.default, thing.default_factory]
    if isinstance(thing, (types.GenericAlias, types.UnionType, typing._GenericAlias)):  # type: ignore[attr-defined]
        return list(thing.__args__)
    if kind is types.GeneratorType:
        return list(thing.gi_frame.f_locals.values()) if thing.gi_frame else []
    if kind in ITERATORS:
        return gc.get_referents(thing)
    found: list[object] = []
    if isinstance(thing, (dict, types.MappingProxyType)):
        found += [*thing.keys(), *thing.values(), getattr(thing, "default_factory", None)]
    elif isinstance(thing, (list, tuple, set, frozenset, collections.deque)):
        found += thing
    return [*found, *getattr(thing, "__dict__", {}).values()]


def cell_value(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def cached_results(wrapper: Any) -> list[object]:
    """The function behind the cache and what the cache keeps: in a dict, in links, or seen directly."""
    pending = list(gc.get_referents(wrapper))
    found: list[object] = [wrapper.__wrapped__]
    while pending:
        referent = pending.pop(0)
        if type(referent) is dict:
            pending += referent.values()
        elif type(referent).__name__ == "_lru_list_elem":
            pending += gc.get_referents(referent)
        elif not isinstance(referent, type):
            found.append(referent)
    return found


def shape(value: Any, path: set[int]) -> Any:
    """The plain values that an object keeps, in a form that two interpreters agree on."""
    if is_plain(value) or type(value).__module__ in SHOWN_BY_REPR:
        return repr(value)
    if id(value) in path or isinstance(value, (type, types.ModuleType)) or value is ABSENT:
        return type(value).__name__
    path = path | {id(value)}
    if type(value) is dict:
        return ["dict", *([shape(key, path), shape(item, path)] for key, item in value.items())]
    if isinstance(value, (set, frozenset)):
        return ["set", *sorted(json.dumps(shape(item, path)) for item in value)]
    if type(value).__module__ == "logging" or len(path) > 8:
        return type(value).__name__
    return [type(value).__name__, *(shape(part, path) for part in edges(value, Old()))]


if __name__ == "__main__":
    main()
