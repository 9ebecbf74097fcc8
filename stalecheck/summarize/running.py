"""Functions of the file that its top level calls: what they fill is filled where they are called."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import libcst as cst

from stalecheck.summarize.expressions import double_star_name, parameter_names, star_name
from stalecheck.summarize.positions import blocks
from stalecheck.summarize.recorder import Recorder
from stalecheck.summarize.scope import Running, Scope
from stalecheck.summarize.summary import (
    NOWHERE,
    BodyStatement,
    Call,
    CallStatement,
    Class,
    Expression,
    Parameter,
    Reference,
    Store,
)
from stalecheck.summarize.syntax import as_written, block_of, function_statements
from stalecheck.summarize.ways import statements_of

_MOST_CALLS = 6
"""How many calls within each other are followed."""

_MOST_RUNS = 100
"""How many calls of a file are followed: each repeats what the function's body says."""

_OF_CLASS = frozenset({"classmethod", "staticmethod"})


@dataclass(frozen=True, slots=True)
class _Function:
    """A function or method, in both trees."""

    name: str
    node: cst.FunctionDef
    twin: ast.FunctionDef | ast.AsyncFunctionDef
    decorator: str = ""


@dataclass(slots=True)
class _Class:
    methods: dict[str, _Function | None] = field(default_factory=dict)
    """None for one that fills nothing, which hides those of the bases all the same."""

    bases: tuple[Expression, ...] = ()


class Runner:
    """Runs the bodies of functions that the module's top level calls, as far as they fill something."""

    def __init__(
        self,
        recorder: Recorder,
        filling: frozenset[ast.FunctionDef],
        suite: Callable[[cst.BaseSuite, Sequence[ast.stmt] | None], None],
    ) -> None:
        self._recorder = recorder
        self._filling = filling
        self._suite = suite
        self._functions: dict[int, _Function] = {}
        self._classes: dict[int, _Class] = {}
        self._stack: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
        self._done: dict[tuple[str, str], list[Store | CallStatement]] = {}
        """What the last run of each function has recorded, by its receiver."""

        self._runs = 0

    def define_function(self, index: int, node: cst.FunctionDef, twin: ast.stmt | None) -> None:
        """Note a function of the module's top level, which a binding stands for."""
        if isinstance(twin, ast.FunctionDef) and twin in self._filling and not node.decorators:
            self._functions[index] = _Function(node.name.value, node, twin)

    def define_class(self, index: int, node: cst.ClassDef, twin: ast.stmt | None, bases: Sequence[Expression]) -> None:
        """Note a class of the module's top level, which a binding stands for."""
        found = _Class(bases=tuple(bases))
        if not self._filling or node.decorators:
            return
        for method, other in blocks(node.body.body, block_of(twin, "body")):
            if isinstance(method, cst.Pass) and isinstance(other, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.methods[other.name] = None
            elif isinstance(method, cst.FunctionDef) and isinstance(other, ast.FunctionDef):
                decorators = [as_written(item.decorator) for item in method.decorators]
                if len(decorators) <= 1 and set(decorators) <= _OF_CLASS:
                    name = f"{node.name.value}.{method.name.value}"
                    found.methods[method.name.value] = _Function(name, method, other, "".join(decorators))
        self._classes[index] = found

    def call(self, node: cst.BaseExpression | None) -> None:
        """Run the function that an expression calls, if it is one of the file's that fill something."""
        if not self._filling or not isinstance(node, cst.Call):
            return
        match node.func:
            case cst.Name(value=name):
                function = self._functions.get(self._only(name))
                if function is not None:
                    self._run(function, "", node)
            case cst.Attribute(value=cst.Name(value=owner), attr=cst.Name(value=name)):
                index = self._only(owner)
                of = self._class_of(index)
                method = self._method(index if of is None else of, name)
                is_bound = of is not None or (method is not None and method.decorator)
                if method is not None and method.twin in self._filling and is_bound:
                    self._run(method, self._recorder.bindings[index].name, node)

    def make(self, name: str) -> None:
        """Run the methods that ``__init__`` calls, for the instance that a name of the top level stands for."""
        index = self._only(name) if self._filling else -1
        of = self._class_of(index)
        method = None if of is None else self._method(of, "__init__")
        if method is None or method.twin not in self._filling or self._stack or self._recorder.scope.outer is not None:
            return
        receiver = self._recorder.bindings[index].name
        itself = next(iter(parameter_names(method.node.params)), "")
        for statement, _ in list(function_statements(method.node.body.body, block_of(method.twin, "body"))):
            match statement:
                case cst.Expr(value=cst.Call(func=cst.Attribute(value=cst.Name(value=owner))) as called):
                    if owner == itself:
                        self._within(method, receiver, partial(self.call, called), {})

    def bodies(self) -> Iterator[BodyStatement]:
        """Yield what the functions that reload something put into what stays; asked for when all else has been read.

        What the module's names stand for in the end is what they are when one of them is called.
        """
        recorder, self._filling = self._recorder, frozenset()
        recorder.is_called_later = True
        for twin, (name, node) in recorder.reloading.items():
            stores, calls = len(recorder.stores), len(recorder.calls)
            suite = partial(self._suite, node.body, block_of(twin, "body"))
            if isinstance(twin, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._within(_Function(name, node, twin), self._receiver(name, node), suite, {})
                found: list[Store | CallStatement] = [*recorder.stores[stores:], *recorder.calls[calls:]]
                yield from statements_of(twin, name, found)
            del recorder.stores[stores:], recorder.calls[calls:]

    def _receiver(self, name: str, node: cst.FunctionDef) -> str:
        """Return what the top level calls the one object whose method a function is, or the class; empty for others."""
        owner = name.rpartition(".")[0]
        decorators = [as_written(item.decorator) for item in node.decorators]
        if not owner or "." in owner or decorators:
            return owner if decorators == ["classmethod"] and "." not in owner else ""
        bindings = self._recorder.bindings
        found = [
            binding.name
            for binding in bindings
            for called in [binding.value.function if isinstance(binding.value, Call) else None]
            if isinstance(called, Reference)
            and any(bindings[i].name == owner and isinstance(bindings[i].value, Class) for i in called.reaching)
        ]
        return found[0] if len(found) == 1 and "." not in found[0] else ""

    def _only(self, name: str) -> int:
        """Return the binding that a name has here, if it is one of the module's and no other; else -1."""
        found = self._recorder.look(name)
        if not isinstance(found, Reference) or len(found.reaching) != 1 or found.stars:
            return -1
        binding = self._recorder.bindings[found.reaching[0]]
        return -1 if binding.block or "." in binding.name else found.reaching[0]

    def _class_of(self, index: int) -> int | None:
        """Return the class of the file, by its binding, whose instance a binding makes."""
        value = self._recorder.bindings[index].value if index >= 0 else None
        match value:
            case Call(function=Reference(reaching=(only,), stars=())) if only in self._classes:
                return only
        return None

    def _method(self, index: int, name: str, depth: int = 0) -> _Function | None:
        of = self._classes.get(index)
        if of is None or depth > _MOST_CALLS:
            return None
        if name in of.methods:
            return of.methods[name]
        for base in of.bases:
            match base:
                case Reference(reaching=(only,), stars=()):
                    found = self._method(only, name, depth + 1)
                    if found is not None:
                        return found
        return None

    def _run(self, function: _Function, receiver: str, call: cst.Call) -> None:
        """Record what a function does where it is called; what an earlier call of it did is done again, then."""
        self._runs += 1
        if function.twin in self._stack or len(self._stack) >= _MOST_CALLS or self._runs > _MOST_RUNS:
            return
        recorder = self._recorder
        again = {id(item) for item in self._done.get((function.name, receiver), ())}
        if again:
            recorder.stores[:] = [item for item in recorder.stores if id(item) not in again]
            recorder.calls[:] = [item for item in recorder.calls if id(item) not in again]
        stores, calls = len(recorder.stores), len(recorder.calls)
        suite = partial(self._suite, function.node.body, block_of(function.twin, "body"))
        self._within(function, receiver, suite, dict(_constants(function, call, is_bound=bool(receiver))))
        self._done[function.name, receiver] = [*recorder.stores[stores:], *recorder.calls[calls:]]
        self._bind_globals(function)

    def _within(self, function: _Function, receiver: str, run: Callable[[], None], given: Mapping[str, object]) -> None:
        recorder = self._recorder
        names = list(parameter_names(function.node.params))
        itself = names.pop(0) if names and receiver and function.decorator != "staticmethod" else ""
        running = Running(function.name, itself, receiver, frozenset(_global_names(function.twin)), given)
        outer, at = recorder.scope, recorder.at
        base = outer.outer if outer.function is not None else outer
        recorder.scope = Scope(f"{function.name}.<locals>.", outer=base, function=running)
        recorder.within = (*recorder.within, function.name)
        self._stack.append(function.twin)
        for name in (*names, star_name(function.node.params), double_star_name(function.node.params)):
            if name:
                recorder.bind(name, NOWHERE, Parameter(name))
        run()
        self._stack.pop()
        recorder.within = recorder.within[:-1]
        recorder.scope = outer
        if not self._stack:
            recorder.at = at

    def _bind_globals(self, function: _Function) -> None:
        """Let the names that a function declares as global stand for what it binds them to, or for what they did."""
        scope = self._recorder.scope
        scope = scope.outer if scope.function is not None and scope.outer is not None else scope
        names = frozenset(_global_names(function.twin))
        for index, binding in enumerate(self._recorder.bindings) if names else ():
            if binding.block == function.name and binding.name in names:
                scope.names[binding.name] = tuple(sorted({*scope.names.get(binding.name, ()), index}))


def _constants(function: _Function, call: cst.Call, *, is_bound: bool) -> Iterator[tuple[str, object]]:
    """Yield the parameters that a call leaves at a constant, or gives one, each with that."""
    spec = function.node.params
    parameters = [*spec.posonly_params, *spec.params, *spec.kwonly_params]
    if is_bound and function.decorator != "staticmethod":
        parameters = parameters[1:]
    if any(argument.star for argument in call.args):
        return
    positional = [argument.value for argument in call.args if argument.keyword is None]
    named = {argument.keyword.value: argument.value for argument in call.args if argument.keyword is not None}
    for number, parameter in enumerate(parameters):
        value = positional[number] if number < len(positional) else named.get(parameter.name.value, parameter.default)
        match value:
            case cst.Name(value="None" | "True" | "False" as word):
                yield parameter.name.value, {"None": None, "True": True, "False": False}[word]
            case cst.SimpleString() | cst.Integer():
                yield parameter.name.value, value.evaluated_value


def _global_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Global):
            yield from node.names
