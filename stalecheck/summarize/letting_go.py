"""Methods that are called as a container's are, and keep nothing of what they are given: they count or log it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from stalecheck.nodes import children, descendants, positional_parameters

_TEXTS = frozenset({"__name__", "__qualname__", "__module__", "__doc__"})
_LOOKS_ONLY = frozenset(
    {
        *("ascii", "bool", "callable", "float", "format", "hasattr", "hash", "id", "int", "isinstance", "issubclass"),
        *("len", "print", "repr", "str"),
    }
)
"""Built-in functions that neither keep nor give back what they are given."""

_REVEALS = frozenset({"eval", "exec", "locals", "vars"})
_LOGGERS = frozenset({"logging", "log", "_log", "logger", "_logger", "LOG", "LOGGER"})
_LEVELS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log"})


def let_go(method: ast.stmt | None) -> tuple[str, ...]:
    """Return the parameters of which a method certainly keeps nothing, and hands nothing on."""
    if not isinstance(method, ast.FunctionDef) or method.decorator_list:
        return ()
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in descendants(method)):
        return ()
    given = method.args
    names = [argument.arg for argument in positional_parameters(given)][1:]
    names += [argument.arg for argument in (*given.kwonlyargs, given.vararg, given.kwarg) if argument is not None]
    return tuple(name for name in names if not _keeps(method, name))


def _keeps(method: ast.FunctionDef, parameter: str) -> bool:
    body = _Body({parameter})
    known = -1
    while known != len(body.carrying) and not body.is_kept:
        # What a loop assigns at its end it may use at its beginning.
        known = len(body.carrying)
        body.run(method.body)
    return body.is_kept


class _Body:
    def __init__(self, carrying: set[str]) -> None:
        self.carrying = carrying
        """The names that may stand for an argument, or for something of it."""

        self.is_kept = False
        """Whether something of an argument may outlive the call."""

        self._global_names: set[str] = set()

    def run(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                self._global_names.update(names)
            case ast.Assign(targets=targets, value=value):
                carries = self._carries(value)
                for target in targets:
                    self._store(target, carries=carries)
            case ast.AugAssign(target=target, value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
                self._store(target, carries=self._carries(value))
            case ast.For(target=target, iter=value):
                self._store(target, carries=self._carries(value))
                self.run([*statement.body, *statement.orelse])
            case ast.If(test=test) | ast.While(test=test):
                self._carries(test)
                self.run([*statement.body, *statement.orelse])
            case ast.Try():
                self.run([*statement.body, *statement.orelse, *statement.finalbody])
                for handler in statement.handlers:
                    self.run(handler.body)
            case ast.With(items=items):
                self.is_kept = self._any(item.context_expr for item in items) or self.is_kept
                self.run(statement.body)
            case ast.Expr(value=value) | ast.Return(value=ast.expr() as value):
                self._carries(value)
            case ast.Raise() | ast.Assert() | ast.Delete() | ast.Pass() | ast.AnnAssign() | ast.Return():
                for part in children(statement):
                    if isinstance(part, ast.expr):
                        self._carries(part)
            case ast.Import() | ast.ImportFrom() | ast.Break() | ast.Continue():
                pass
            case _:
                self.is_kept = self.is_kept or self._mentions(statement)

    def _store(self, target: ast.expr, *, carries: bool) -> None:
        match target:
            case ast.Name(id=name):
                if carries and name in self._global_names:
                    self.is_kept = True
                elif carries:
                    self.carrying.add(name)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element in elements:
                    self._store(element, carries=carries)
            case ast.Starred(value=inner):
                self._store(inner, carries=carries)
            case ast.Subscript(slice=key):
                self.is_kept = self._carries(key) or carries or self.is_kept
            case _:
                self.is_kept = self.is_kept or carries

    def _carries(self, value: ast.expr) -> bool:
        """Whether an expression may give something of an argument; notes what it may keep of one itself."""
        match value:
            case ast.Name(id=name):
                return name in self.carrying
            case ast.Attribute(value=owner, attr=name):
                return self._carries(owner) and name not in _TEXTS
            case ast.Call():
                return self._calls(value)
            case ast.Compare() | ast.JoinedStr() | ast.UnaryOp(op=ast.Not()):
                self._any(children(value))
                return False
            case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod(), right=right):
                self._carries(right)
                return False
            case ast.NamedExpr(target=target, value=inner):
                carries = self._carries(inner)
                self._store(target, carries=carries)
                return carries
            case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                mentions = self._mentions(value)
                is_calling = any(isinstance(node, ast.Call) for node in descendants(value))
                self.is_kept = self.is_kept or (mentions and is_calling)
                return mentions
        return self._any(children(value))

    def _any(self, parts: Iterable[ast.AST]) -> bool:
        # Each part is looked at: any of them may keep something.
        carrying = [self._carries(part) for part in parts if isinstance(part, ast.expr)]
        return any(carrying)

    def _calls(self, call: ast.Call) -> bool:
        given = self._any([*call.args, *(keyword.value for keyword in call.keywords)])
        match call.func:
            case ast.Name(id=name) if name in _LOOKS_ONLY:
                return False
            case ast.Name(id=name) if name in _REVEALS:
                self.is_kept = True
            case ast.Attribute(value=ast.Constant(value=str())):
                return False
            case ast.Attribute(value=ast.Name(id=name) | ast.Attribute(attr=name), attr=level):
                if name in _LOGGERS and level in _LEVELS:
                    return False
        self.is_kept = self.is_kept or given
        return self._carries(call.func)

    def _mentions(self, node: ast.AST) -> bool:
        return any(isinstance(part, ast.Name) and part.id in self.carrying for part in descendants(node))
