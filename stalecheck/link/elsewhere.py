"""Attributes and items of what another module holds: they stay when the module that takes them runs again."""

from __future__ import annotations

from collections.abc import Iterator

from stalecheck.link import known
from stalecheck.link.classes import Classes
from stalecheck.link.program import Evaluates, Frame
from stalecheck.link.values import ClassThing, ContainerThing, ExternalThing, FunctionThing, InstanceThing, Thing, Value
from stalecheck.model import SourceFile
from stalecheck.modules import absolute
from stalecheck.summarize.summary import (
    Attribute,
    Bound,
    Call,
    CallStatement,
    Choice,
    Class,
    Expression,
    Function,
    Item,
    Literal,
    ModuleImport,
    NameImport,
    Reference,
    StarImport,
)

_DEEPEST = 8
_PLAIN_BASES = known.CONTAINERS | {"abc.ABC", "builtins.object", "typing.Generic", "typing.Generic[]"}
_READERS = known.VALUE_METHODS - known.MUTATORS - known.REMOVERS - {"reverse", "sort"}
_ASKED_ELSEWHERE = ("__getattr__", "__getattribute__")


class Elsewhere:
    """Tells what a module takes of other modules' objects from what its own body makes."""

    def __init__(self, evaluator: Evaluates, classes: Classes) -> None:
        self._evaluator = evaluator
        self._program = evaluator.program
        self._classes = classes
        self._touched: dict[SourceFile, tuple[frozenset[str], frozenset[str]]] = {}

    def is_others(self, expression: Attribute | Item | Call, value: Value, frame: Frame) -> bool:
        """Whether an attribute, an item or what ``get`` gives is another module's, for a module that runs again."""
        here = frame.holder or frame.file
        if not value.is_new or here != frame.file or frame.arguments is not None or here not in self._program.reloaded:
            return False
        if isinstance(expression, Call) and (
            (owner := _asked(expression)) is None or not self._is_container(owner, frame)
        ):
            return False
        if any(capture.made.file == here for capture in value.captures) or not self.is_held(expression, frame):
            return False
        by_statements, by_decorators = self._touched_by(here)
        touched = by_statements if isinstance(expression, Attribute) else by_statements | by_decorators
        return touched.isdisjoint(self._roots(expression, here))

    def is_held(self, expression: Expression, frame: Frame) -> bool:
        """Whether an expression only takes what another module's object has, and makes nothing."""
        match expression:
            case Reference(reaching=reaching, stars=(), is_late=False) if reaching:
                bindings = self._program.summaries[frame.file].bindings
                reached = [index for index in reaching if not bindings[index].is_unreached]
                return all(self._is_taken(bindings[index].value, index, frame) for index in reached)
            case Attribute(value=owner, name=name):
                things = self._evaluator.evaluate(owner, frame).things
                return self.is_held(owner, frame) and all(self._has(thing, name) for thing in things)
            case Item(value=owner):
                things = self._evaluator.evaluate(owner, frame).things
                return self.is_held(owner, frame) and all(map(self._has_items, things))
            case Call() if (asked := _asked(expression)) is not None and self._is_container(asked, frame):
                return self.is_held(asked, frame)
            case Call():
                return self._is_there(self._evaluator.evaluate(expression, frame), frame)
        return False

    def _is_taken(self, bound: Bound, index: int, frame: Frame) -> bool:
        """Whether what a name is bound to comes from another module, as far as that is known."""
        if isinstance(bound, (ModuleImport, NameImport)):
            return True
        if not isinstance(bound, (Attribute, Call, Item, Reference)):
            return False
        binding = self._program.summaries[frame.file].bindings[index]
        return not binding.block and self._is_there(self._evaluator.binding(frame.file, index), frame)

    def _is_there(self, value: Value, frame: Frame) -> bool:
        is_known = bool(value.things or value.captures)
        return is_known and not value.is_new and all(capture.made.file != frame.file for capture in value.captures)

    def _is_container(self, owner: Expression, frame: Frame) -> bool:
        things = self._evaluator.evaluate(owner, frame).things
        return bool(things) and all(map(self._has_items, things))

    def _has(self, thing: Thing, name: str) -> bool:
        """Whether an attribute of a thing is what was once put there, and not made when it is asked for."""
        if isinstance(thing, (ContainerThing, ExternalThing, FunctionThing)):
            return False
        if not isinstance(thing, InstanceThing):
            return True
        found = self._classes.member(thing.of, name)
        owners = self._classes.order(thing.of)
        if found is None:
            if any(attribute.name == name for owner in owners for attribute in owner.definition.attributes):
                return True
            is_asked = any(self._classes.member(thing.of, special) for special in _ASKED_ELSEWHERE)
            return not is_asked and self._classes.external_bases(thing.of) <= _PLAIN_BASES
        owner, index = found
        binding = self._program.summaries[owner.file].bindings[index]
        match binding.value:
            case Function(decorators=(decorator,), remembered=remembered, parameters=parameters):
                if self._classes.is_external(owner.file, decorator.value, "functools.cached_property"):
                    return True
                is_property = self._classes.is_external(owner.file, decorator.value, "builtins.property")
                return is_property and remembered is not None and set(remembered) <= set(parameters[:1])
            case Function():
                return False
            case Literal() | Class():
                return True
        things = self._evaluator.binding(owner.file, index).things
        return bool(things) and all(map(self._is_plain, things))

    def _is_plain(self, thing: Thing) -> bool:
        """Whether a thing is no descriptor, which decides what the attribute of an instance is."""
        match thing:
            case InstanceThing(of=owner):
                return self._classes.member(owner, "__get__") is None and not self._classes.external_bases(owner)
            case ExternalThing(name=name):
                return name == "builtins.object()" or name.removesuffix("()") in known.CONTAINERS
        return isinstance(thing, (ClassThing, ContainerThing))

    def _has_items(self, thing: Thing) -> bool:
        """Whether an item of a thing is what was once put there."""
        match thing:
            case ContainerThing(is_lazy=is_lazy):
                return not is_lazy
            case InstanceThing(of=owner):
                bases = self._classes.external_bases(owner)
                own = any(self._classes.member(owner, name) for name in ("__getitem__", "__missing__", "get"))
                return not own and bool(bases & known.CONTAINERS) and bases <= _PLAIN_BASES
            case ExternalThing(name=name):
                return name.endswith("()") and name.removesuffix("()") in known.CONTAINERS
        return False

    def _touched_by(self, file: SourceFile) -> tuple[frozenset[str], frozenset[str]]:
        """Return the modules whose objects a file's statements may change, and those that it registers things with."""
        found = self._touched.get(file)
        if found is None:
            self._touched[file] = (frozenset(), frozenset())
            summary = self._program.summaries[file]
            changed: set[str] = set()
            for store in summary.stores:
                changed.update(self._roots(store.target, file))
            for statement in summary.calls:
                roots = set(self._roots(statement.call, file))
                if not roots <= changed and self._may_change(statement, file):
                    changed |= roots
            decorators = (
                decorator.value
                for binding in summary.bindings
                if isinstance(binding.value, (Class, Function))
                for decorator in binding.value.decorators
            )
            registered = (root for decorator in decorators for root in self._roots(decorator, file))
            found = self._touched[file] = (frozenset(changed), frozenset(registered))
        return found

    def _may_change(self, statement: CallStatement, file: SourceFile) -> bool:
        """Whether a call may change what another module's objects hold."""
        function = statement.call.function
        if isinstance(function, Attribute) and function.name in _READERS:
            return False
        things = self._evaluator.evaluate(function, Frame(file, statement.at)).things
        return not things or any(map(self._changes, things))

    def _changes(self, thing: Thing) -> bool:
        match thing:
            case FunctionThing(file=file, function=function):
                bindings = self._program.summaries[file].bindings
                binds = any(binding.block == function.name for binding in bindings)
                return bool(function.keeps or function.attaches or binds) and function.remembered is None
            case ClassThing():
                found = self._classes.member(thing, "__init__")
                method = found and self._program.summaries[found[0].file].bindings[found[1]].value
                return isinstance(method, Function) and bool(method.keeps)
        return not isinstance(thing, ExternalThing)

    def _roots(self, expression: Expression, file: SourceFile, depth: int = 0) -> Iterator[str]:
        """Yield the modules from which an expression takes what it is made of."""
        if depth > _DEEPEST:
            return
        match expression:
            case Reference(reaching=reaching):
                bindings = self._program.summaries[file].bindings
                for index in reaching:
                    yield from self._roots_of(bindings[index].value, file, depth + 1)
            case Attribute(value=inner) | Item(value=inner):
                yield from self._roots(inner, file, depth + 1)
            case Call(function=function, arguments=arguments):
                for part in (function, *(argument.value for argument in arguments)):
                    yield from self._roots(part, file, depth + 1)
            case Choice(options=options):
                for part in options:
                    yield from self._roots(part, file, depth + 1)

    def _roots_of(self, bound: Bound, file: SourceFile, depth: int) -> Iterator[str]:
        match bound:
            case ModuleImport(module=module, binds_first=binds_first):
                yield module.partition(".")[0] if binds_first else module
            case NameImport(module=module, level=level, name=name):
                outer = absolute(file, level, module or None) or ""
                is_module = self._program.table.find(f"{outer}.{name}", file) is not None
                yield f"{outer}.{name}" if is_module else outer
            case Function() | Class() | StarImport():
                pass
            case _:
                yield from self._roots(bound, file, depth)


def _asked(call: Call) -> Expression | None:
    """Return what a call of ``get`` with a key alone asks; None for any other call."""
    match call:
        case Call(function=Attribute(value=owner, name="get"), arguments=(_,)):
            return owner
    return None
