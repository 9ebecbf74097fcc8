"""What one file binds and what each binding captures: frozen, picklable, free of syntax-tree nodes.

Names are resolved within the file as far as the file alone allows: each reference knows the bindings that can
reach it. What lies in other modules is named, not looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias

from stalecheck.model import Location, Span
from stalecheck.vocabulary import OriginKind


@dataclass(frozen=True, slots=True)
class Literal:
    """An expression that can hold nothing: a number, a string."""

    written: str = ""
    """Of a short string, a whole number, True and False what `repr` says; empty for the rest."""

    is_text: bool = False
    """A string."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A name. `reaching` are the indexes of the bindings that it may have been bound by.

    In a function body the names of the module are looked up when it runs: `is_late` then, and the bindings
    are those that stand at the end of the module. A name that nothing here binds is a builtin, or came
    through one of the `stars`.
    """

    name: str
    reaching: tuple[int, ...] = ()
    stars: tuple[int, ...] = ()
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class NamedModule:
    """A module by its name in a string: ``import_module("m")``, ``sys.modules["m"]``.

    The file's own module, ``sys.modules[__name__]``, is called ``__name__``.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the function whose body is described."""

    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """``value.name``."""

    value: Expression
    name: str


@dataclass(frozen=True, slots=True)
class NamedAttribute:
    """``getattr(value, name)``, also by ``vars(value)[name]``."""

    value: Expression
    name: Expression


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; `keyword` is empty for a positional one, ``*`` or ``**`` for unpacking."""

    value: Expression
    span: Span
    keyword: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call."""

    function: Expression
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a container display, or a key or value of a mapping."""

    value: Expression
    span: Span
    is_unpacked: bool = False
    is_key: bool = False
    """The key of a mapping; its value follows."""

    may_lack: bool = False
    """Put in by a statement that may not run, or under a condition."""


@dataclass(frozen=True, slots=True, eq=False)
class Display:
    """A list, tuple, set, dict or comprehension; of a dict the keys and the values."""

    elements: tuple[Element, ...]
    is_sequence: bool = False
    is_mapping: bool = False
    iterated: Element | None = None
    """Of a generator expression what it iterates over, all that it keeps: its elements are made when asked for."""

    sliced: Expression | None = None
    """Of a slice what it is taken of, which may be a string and no container."""


@dataclass(frozen=True, slots=True)
class Item:
    """An element of a container: by `position` where that is known, else any."""

    value: Expression
    position: int | None = None
    index: Expression | None = None
    """What stands between the brackets of a subscript; None for iteration and unpacking."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several expressions: ``a or b``, ``a if c else b``."""

    options: tuple[Expression, ...]
    is_first_true: bool = False
    """``a or b``: the first one that is true."""

    is_first_there: bool = False
    """``getattr(m, "x", default)``: the second one only where the first one is missing."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What of the names of a module passes the conditions of a loop over them."""

    value: Expression
    kinds: tuple[OriginKind, ...] = ()
    """What they must be; empty if that is not asked."""

    bases: tuple[Expression, ...] = ()
    """The classes that they must be subclasses of."""

    excluded: tuple[Expression, ...] = ()
    hidden: str = ""
    """With what their names must not begin."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A value computed from others: arithmetic, formatting, comparison."""

    operands: tuple[Expression, ...]
    summands: tuple[Element, ...] = ()
    """Of a sum or a union the operands again, which may be containers, for their elements."""

    texts: tuple[Expression, ...] = ()
    """Of a string that is put together its parts, in order."""

    is_tested: bool = False
    """Only whether something holds for the operands: that they are equal, or true."""


@dataclass(frozen=True, slots=True)
class FunctionExpression:
    """A lambda, or a function defined within a function and returned."""

    function: Function


@dataclass(frozen=True, slots=True)
class ClassExpression:
    """A class defined within a function; `captures` are what its body and methods keep of the function's names."""

    definition: Class
    captures: tuple[Expression, ...] = ()


Expression: TypeAlias = (
    Literal
    | Reference
    | NamedModule
    | Parameter
    | Attribute
    | NamedAttribute
    | Call
    | Display
    | Item
    | Choice
    | Narrowed
    | Derived
    | FunctionExpression
    | ClassExpression
)

LITERAL = Literal()

NOWHERE = Span(Location(0, 0), Location(0, 0))
"""The place of what no diagnostic can point at."""


@dataclass(frozen=True, slots=True)
class ModuleImport:
    """``import module`` (binds the first component) or ``import module as name`` (binds the module)."""

    module: str
    binds_first: bool


@dataclass(frozen=True, slots=True)
class NameImport:
    """``from module import name``."""

    module: str
    level: int
    name: str


@dataclass(frozen=True, slots=True)
class StarImport:
    """``from module import *``."""

    module: str
    level: int


class Usage(Enum):
    """What a file does with a name that makes its identity matter, or not."""

    ISINSTANCE = "isinstance"
    EXCEPT = "except"
    MATCH = "match"
    BASE = "base"
    IDENTITY = "is"
    EQUAL = "=="
    MEMBER = "member"
    """One of its attributes is compared."""

    PICKLE = "pickle"
    ANNOTATION = "annotation"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Captured:
    """An expression that a function or class keeps, and its place: a default, a decorator, a base."""

    value: Expression
    span: Span
    keyword: str = ""
    usages: tuple[Usage, ...] = ()
    """Of a default, what the function's body does with the parameter."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a function body puts into a container or an attribute of the module's."""

    target: Expression
    element: Element


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold for a statement of a function body to run."""

    value: Expression | None = None
    """What is asked; None where the condition is of a form that nothing is known of."""

    attribute: str = ""
    """The attribute that the value is asked for; without one it is asked whether it is None, or true."""

    is_own: bool = False
    """An attribute of the object itself, not of its class or a base."""

    is_true: bool = False
    """Whether the attribute, if there is one, is true."""

    by_default: bool | None = None
    """The answer for a parameter that is not given, if its default is a constant."""

    is_negated: bool = False

    key: Expression | None = None
    """What the value, a container, is asked for."""


@dataclass(frozen=True, slots=True)
class Attached:
    """What a function body attaches to an object that it is given: ``cls.name = value``."""

    target: Expression
    name: Expression
    """The attribute's name: what ``setattr`` is given, else a string."""

    value: Expression
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Filled:
    """What a function body puts into a container that it does not make itself: ``REGISTRY.append(cls)``."""

    target: Expression
    value: Expression
    keys: tuple[Expression, ...] = ()
    conditions: tuple[Condition, ...] = ()
    is_unpacked: bool = False
    """Whether the elements of the value are put in."""

    gives_way: bool = False
    """What stands there already stays: ``setdefault``, or below ``if key not in REGISTRY``."""


@dataclass(frozen=True, slots=True)
class HandedOn:
    """A call by which a function body hands on what it is given."""

    call: Call
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function definition.

    `returns` are its return expressions with local names replaced by what they were assigned. `captures` are
    expressions of an enclosing function that the body closes over.
    """

    name: str
    parameters: tuple[str, ...] = ()
    defaults: tuple[Captured, ...] = ()
    """`keyword` is the parameter's name."""

    decorators: tuple[Captured, ...] = ()
    returns: tuple[Expression, ...] = ()
    captures: tuple[Expression, ...] = ()
    is_opaque: bool = False
    """A generator or coroutine function: calling it does not give what it returns."""

    yields: Display | None = None
    """What a generator function yields, one after the other."""

    star: str = ""
    """The name of ``*args``, empty if there is none."""

    double_star: str = ""
    """The name of ``**kwargs``."""

    keeps: tuple[Kept, ...] = ()
    """What calling it puts into something that it does not make itself: ``HOOKS[name] = function``."""

    attaches: tuple[Attached | Filled | HandedOn, ...] = ()
    """What calling it attaches to what it is given, in order."""

    dispatched: tuple[Captured, ...] = ()
    """Of a decorated function the classes that its first annotation names: what ``singledispatch`` registers it for."""

    remembered: tuple[str, ...] | None = None
    """Of a function that gives back what outlives its call, and makes it only once, the parameters that it is found by.

    None for any other.
    """

    retains: tuple[Kept | HandedOn, ...] = ()
    """What calling a method puts of what it is given into its object or class, and the calls that hand it on."""

    releases: tuple[str, ...] = ()
    """The parameters that name what a method takes out of its object again."""

    replaces: tuple[str, ...] | None = None
    """The parameters by which what a function keeps is found, so that the next one takes its place; None for others.

    Or what they are called: ``function.__name__``.
    """

    empties: tuple[str, ...] = ()
    """The attributes of its object that a method empties whenever it is called, or makes anew."""

    lets_go: tuple[str, ...] = ()
    """Of a method with the name of one that fills containers the parameters of which it certainly keeps nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A class definition; `members` are indexes of the bindings that stand at the end of its body."""

    name: str
    bases: tuple[Captured, ...] = ()
    """`keyword` is ``metaclass`` or another class keyword."""

    decorators: tuple[Captured, ...] = ()
    members: tuple[tuple[str, tuple[int, ...]], ...] = ()
    attributes: tuple[InstanceAttribute, ...] = ()
    """What ``__init__`` assigns to ``self``."""

    initializes_bases: bool = False
    """Its ``__init__`` calls that of a base, or it has none."""


@dataclass(frozen=True, slots=True)
class InstanceAttribute:
    """``self.name = value`` in ``__init__``."""

    name: str
    value: Expression
    span: Span


Bound: TypeAlias = ModuleImport | NameImport | StarImport | Function | Class | Expression


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One place that binds a name at module or class level, or by a ``global`` statement."""

    name: str
    """Qualified within the module: ``K``, ``Service.model``; ``*`` for a star."""

    span: Span
    value: Bound
    at: Location
    """Where the statement begins: its order in the module."""

    block: str = ""
    """The function whose ``global`` statement binds it; empty at module and class level."""

    is_kept: bool = False
    """Guarded so that only the first run of the body binds it (``except NameError``, ``not in globals()``)."""

    is_conditional: bool = False
    """In a branch that may not run."""

    is_annotated: bool = False
    """An assignment with an annotation: a field, where the class makes such of them."""

    is_again: bool = False
    """Guarded so that only later runs of the body bind it (``in globals()``)."""

    is_unreached: bool = False
    """It stands in for what is always there: no run of the body binds it."""

    @property
    def called_later(self) -> str:
        """The function that binds it when it is called; empty for what the file's own run binds."""
        return "" if self.block.endswith(".<locals>") else self.block


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that a statement puts into a mapping on its way to the container under it: ``T.setdefault(k, [])``."""

    mapping: Expression
    key: Element
    makers: tuple[str, ...] = ()
    """What makes a mapping that puts in a key which it lacks; none where every mapping does."""


@dataclass(frozen=True, slots=True)
class Store:
    """``target[...] = value``, ``target += [value]``, ``target.name = value`` at module or class level."""

    target: Expression
    name: str
    """How the target is written: ``TABLE``, ``other.TABLE``; with the attribute for an attribute store."""

    values: tuple[Element, ...]
    span: Span
    at: Location
    attribute: str = ""
    is_conditional: bool = False
    """In a branch that may not run."""

    within: tuple[str, ...] = ()
    """The functions in whose bodies it stands, each called by the one before, the first by the module's top level."""

    new_keys: tuple[NewKey, ...] = ()


@dataclass(frozen=True, slots=True)
class CallStatement:
    """A call that stands as a statement of its own (or whose result is bound) at module or class level."""

    call: Call
    name: str
    """How the callee is written: ``atexit.register``."""

    at: Location
    is_conditional: bool = False
    """In a branch that may not run."""

    span: Span = NOWHERE
    within: tuple[str, ...] = ()
    """The functions in whose bodies it stands, each called by the one before, the first by the module's top level."""

    new_keys: tuple[NewKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Rebinding:
    """A statement by which a function binds a global name, sets an attribute, clears a cache or calls what fills."""

    block: str
    """The function."""

    name: str
    """``K``, ``App.engine``, ``get.cache_clear``, ``fill()``."""

    begin: Location
    end: Location
    gaps: tuple[Span, ...] = ()
    """After what stands there in the function, it may end without such a statement."""

    branch: Span | None = None
    """Where it stands in a block that may not run, the innermost one."""

    unreached: tuple[Span, ...] = ()
    """Further down in the function what does not run any more when it has run."""

    function: Span | None = None
    """The body in which it stands, where its place there is known: in one that reloads, or that such a one calls."""

    @property
    def is_certain(self) -> bool:
        """Whether such a statement runs whenever the function is called."""
        return self.function is not None and self.follows(self.function.start)

    def follows(self, at: Location) -> bool:
        """Whether such a statement runs after what stands at a place, whichever way the function takes."""
        return not any(gap.start <= at < gap.end for gap in self.gaps)

    def precedes(self, at: Location) -> bool:
        """Whether it has run when the function comes to a place, whichever way it takes."""
        return self.end <= at and (self.branch is None or self.branch.start <= at < self.branch.end)


@dataclass(frozen=True, slots=True)
class BodyStatement:
    """A statement of a function that reloads something, or that such a one calls: it fills or empties what stays, or
    sets an attribute of it."""

    statement: Store | CallStatement
    done: Rebinding


@dataclass(frozen=True, slots=True)
class LocalImport:
    """A from-import inside a function whose name is still read further below in the same function."""

    name: str
    span: Span
    value: NameImport | ModuleImport
    block: str
    at: Location
    uses: tuple[Location, ...]
    calls: tuple[tuple[Expression, Location], ...] = ()
    """What is called between the import and its last use, and where each call ends."""

    unreached: tuple[tuple[Location, Location, Location], ...] = ()
    """From where to where in the function a call does not get from what happens there, and up to where not."""


@dataclass(frozen=True, slots=True)
class Needed:
    """A module that is imported; with a `name` what is taken of it."""

    module: str
    level: int
    name: str = ""
    is_attribute: bool = False
    """Taken of the module that a name stands for, and not imported from it."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """A block that runs only where something is missing: from where to where, and what that is."""

    begin: Location
    end: Location
    needed: tuple[Needed, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """All that the linker needs of one file."""

    bindings: tuple[Binding, ...] = ()
    exports: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """For each name the bindings that stand at the end of the module."""

    stars: tuple[int, ...] = ()
    """The star imports that stand at the end of the module."""

    stores: tuple[Store, ...] = ()
    calls: tuple[CallStatement, ...] = ()
    local_imports: tuple[LocalImport, ...] = ()
    public: tuple[PublicNames, ...] | None = None
    """What ``__all__`` lists; None where the module defines none that can be read."""

    usages: tuple[tuple[str, tuple[Usage, ...]], ...] = ()
    rebound: tuple[Rebinding, ...] = ()

    bodies: tuple[BodyStatement, ...] = ()
    declared: tuple[tuple[str, int], ...] = ()
    """What is imported for type checkers only, where the module has a ``__getattr__`` (PEP 562) that may answer with
    it: names and bindings, ``*`` for a star."""

    cached_at: Span | None = None
    """Where that ``__getattr__`` binds what it answers: its ``globals()``."""

    dotted: tuple[str, ...] = ()
    """The dotted names that function bodies read through a package that several imports bind: ``p.a.f``."""

    fallbacks: tuple[Fallback, ...] = ()
    """Blocks for the case that a module is missing, or something in it."""


@dataclass(frozen=True, slots=True)
class PublicNames:
    """A part of ``__all__``: literal names, or another module's ``__all__``."""

    names: tuple[str, ...] = ()
    module: Expression | None = field(default=None)
    imported: NameImport | None = None
    """The import of another module's ``__all__``."""


def without_later_runs(summary: Summary) -> Summary:
    """Return a file's summary without what only later runs of its body would bind, for a body that runs once."""
    bindings = tuple(replace(b, value=LITERAL) if b.is_again else b for b in summary.bindings)
    stars = tuple(index for index in summary.stars if not summary.bindings[index].is_again)
    return replace(summary, bindings=bindings, stars=stars)


def without_fallbacks(summary: Summary, is_there: Callable[[Needed], bool]) -> Summary:
    """Return a file's summary without what stands in for what is certainly there: that never runs."""
    never = [fallback for fallback in summary.fallbacks if all(map(is_there, fallback.needed))]
    if not never:
        return summary

    def runs(at: Location) -> bool:
        return not any(fallback.begin <= at < fallback.end for fallback in never)

    bindings = tuple(
        binding if runs(binding.at) else replace(binding, value=LITERAL, is_unreached=True)
        for binding in summary.bindings
    )
    gone = {index for index, binding in enumerate(bindings) if binding.is_unreached}
    return replace(
        summary,
        bindings=tuple(_without_members(binding, gone) for binding in bindings),
        exports=_reached(summary.exports, gone),
        stars=tuple(index for index in summary.stars if index not in gone),
        stores=tuple(store for store in summary.stores if runs(store.at)),
        calls=tuple(call for call in summary.calls if runs(call.at)),
        local_imports=tuple(item for item in summary.local_imports if runs(item.at)),
        rebound=tuple(item for item in summary.rebound if runs(item.begin)),
        bodies=tuple(item for item in summary.bodies if runs(item.done.begin)),
    )


def _without_members(binding: Binding, gone: Set[int]) -> Binding:
    """Return a binding, if it is that of a class without the members that no run of its body binds."""
    if not isinstance(binding.value, Class) or gone.isdisjoint(i for _, found in binding.value.members for i in found):
        return binding
    return replace(binding, value=replace(binding.value, members=_reached(binding.value.members, gone)))


def _reached(names: tuple[tuple[str, tuple[int, ...]], ...], gone: Set[int]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    left = ((name, tuple(index for index in reaching if index not in gone)) for name, reaching in names)
    return tuple((name, reaching) for name, reaching in left if reaching)
