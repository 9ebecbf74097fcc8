"""Holds functions and classes against the present version of their module."""

from __future__ import annotations

import enum
import sys
import types
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.machinery import ModuleSpec
from typing import Any, Literal, cast

from stalecheck.probing import raw
from stalecheck.probing.code import (
    Place,
    Position,
    Shape,
    Source,
    Sources,
    global_names,
    is_function,
    place,
    position,
    qualname,
    read_sources,
    shape,
)
from stalecheck.probing.current import Current, nested_codes
from stalecheck.probing.execution import FILE_NAMES_DIFFER, Execution, Marks
from stalecheck.probing.made import binding, resolved
from stalecheck.probing.times import Times, made_by_call, read_times, times_of
from stalecheck.probing.versions import in_extensions, is_compiled, is_old_version, is_same_version

Verdict = Literal["stale", "split", "duplicate"]

_ATOMS = (str, int, float, complex, bool, bytes, type(None))
_MADE_ANEW = (types.FunctionType, list, dict, set, property, staticmethod, classmethod)
_OF_NO_BODY = {"__dict__", "__weakref__", "__doc__"}
"""What a class is given when its body has nothing of it."""

_READ = ("__annotations__", "__annotations_cache__")
"""What a class without annotations has, as an empty dict, once somebody has asked for them."""

_NOTED = ("__firstlineno__", "__slotnames__")
"""What its line, and somebody who copied or pickled an instance, have left in a class."""

_FROZEN = "<frozen "
"""How the file names of code begin that the interpreter has in itself."""

_NOTES_LINES = sys.version_info >= (3, 13)
"""Whether a class statement notes its first line in the class."""


class Judge:
    """Says what is old. Where it cannot be told from what an older version would look like, nothing is."""

    def __init__(self, current: Current, present: frozenset[int]) -> None:
        """Take what the present version is.

        Args:
            current: What the module's namespace leads to.
            present: The namespaces of all modules that are imported, by id.
        """
        self._current = current
        self._present = present
        self._kept_classes: set[int] = set()
        self._shared: set[int] = set()
        self._functions: list[types.FunctionType] = []
        self._successors: frozenset[int] = frozenset()
        self._namespaces: dict[int, dict[str, Any]] = {}

    def know_old(self, namespaces: Iterable[dict[str, Any]]) -> None:
        """Note the classes that the namespaces of old versions bind."""
        for namespace in namespaces:
            self._kept_classes.update(id(value) for value in list(namespace.values()) if raw.is_class(value))

    def know_functions(self, functions: Iterable[types.FunctionType]) -> None:
        """Note the functions of the module, and which file names several executions have in common.

        An execution makes one of each function; it is otherwise where a host executes the module's source itself.
        """
        self._functions = list(functions)
        for function in self._functions if FILE_NAMES_DIFFER else ():
            code = function.__code__
            if id(code) in self._current.codes or not self.is_own_namespace(function.__globals__):
                continue
            name = raw.code_name(function)
            today = unwrapped(raw.resolve(self._current.namespace, name))
            if type(today) is types.FunctionType and self._is_made_twice(name, code, today.__code__):
                self._shared.add(id(code.co_filename))

    def _is_made_twice(self, name: str, code: types.CodeType, today: types.CodeType) -> bool:
        """Whether one source has made both of two functions, which takes two executions, with one file name."""
        if today is code or today.co_filename is not code.co_filename or today.co_name != code.co_name:
            return False
        if code.co_filename not in self._file_names:
            return False
        if not code.co_filename.startswith("<"):
            written = self._written
            if written is None or place(today) not in written.places:
                return False
            is_other = place(code) == place(today) or place(code) not in written.places
            return is_other and name in self._times.lines
        # What is typed at a prompt begins with the first line each time, but is no module.
        is_module = type(raw.lookup(self._current.namespace, "__spec__")) is ModuleSpec
        (first, last), (first_today, last_today) = _span(code), _span(today)
        return is_module and first <= last_today and first_today <= last

    def outdated(self) -> frozenset[int]:
        """Return the old bases, by id, that only classes lead to which an earlier execution has left there."""
        return frozenset(id(base) for cls, base in self._current.displaced if self._is_outdated(base, cls))

    def know_successors(self, classes: Iterable[type]) -> None:
        """Note the classes that have an old base: they are from before as well."""
        self._successors = frozenset(map(id, classes))

    def _is_outdated(self, base: type, cls: type) -> bool:
        """Whether an earlier execution has made a base in whose place another class stands, as far as it shows."""
        ours, theirs = self._codes_of(base), self._codes_of(cls)
        if any({self._marks.execution(code) for code in codes} == {"other"} for codes in (ours, theirs)):
            return True
        path = raw.class_qualname(base)
        today = self._codes_of(raw.resolve(self._current.namespace, path))
        if self._is_replaced(path, ours, today):
            return True
        written = self._written
        is_new = written is not None and bool(today) and all(place(code) in written.places for code in today)
        return is_new and path in self._times.lines and self.is_left_over(cls)

    def _codes_of(self, cls: object) -> list[types.CodeType]:
        """Return the code of a class's functions that is of the module's own file."""
        if not raw.is_class(cls):
            return []
        own = [one.__code__ for one in _functions(cast(type, cls)) if self.is_own_namespace(one.__globals__)]
        return [code for code in own if code.co_filename in self._file_names]

    def _is_replaced(self, path: str, own: list[types.CodeType], today: list[types.CodeType]) -> bool:
        """Whether the source says that what stands in the place of something is new, and that it is not itself.

        Asked where the code that is reached may be of two executions, of which the last one has failed half-way.
        """
        if any(FILE_NAMES_DIFFER and id(code.co_filename) not in self._shared for code in own):
            return False
        written = self._written
        if written is None or not (own and today) or any(place(code) in written.places for code in own):
            return False
        return all(place(code) in written.places for code in today) and path in self._times.lines

    def is_own_namespace(self, namespace: dict[str, Any]) -> bool:
        """Whether a namespace is that of the module's present version."""
        mine = self._current.namespace
        return namespace is mine or (id(namespace) not in self._present and is_same_version(namespace, mine))

    def is_old_namespace(self, namespace: dict[str, Any]) -> bool:
        """Whether a namespace is that of an old version of the module."""
        return id(namespace) not in self._present and is_old_version(namespace, self._current.namespace)

    def name_of(self, function: types.FunctionType) -> str:
        """Return the name of a function in the module: that of what it decorates, if it has taken that on."""
        name, given = raw.code_name(function), raw.function_qualname(function)
        is_inner = "<locals>" in name or (sys.version_info < (3, 11) and name != given)
        module: object = function.__module__
        is_named = is_inner and "<locals>" not in given and type(module) is str and module in self._current.names
        return given if is_named and raw.resolve(self._current.namespace, given) is not None else name

    def of_function(self, function: types.FunctionType) -> Verdict | None:
        """Return the verdict on a function; None if it is a present one, or of another module."""
        code = function.__code__
        if not is_function(code):
            return None
        if self.is_old_namespace(function.__globals__):
            return self._function_verdict(function)
        if not self.is_own_namespace(function.__globals__):
            return None
        if self.is_left_over(function) and self._is_from_before([code]):
            return "stale"
        if id(function) in self._current.objects:
            return None
        name = raw.code_name(function)
        today = raw.resolve(self._current.namespace, name)
        if id(code) in self._current.codes:
            is_other = type(unwrapped(today)) is types.FunctionType and name in self._times.once
            return self._of_patched_in(code) if is_other else None
        if code.co_filename not in self._file_names:
            return None
        if self._is_of_other_code(code, name) and not self._current.is_reached(function):
            return self._function_verdict(function)
        execution = self._marks.execution(code)
        now = unwrapped(today)
        is_named_alike = type(now) is types.FunctionType and raw.code_name(now) == name
        if is_named_alike and execution != "other" and self._is_replaced(name, [code], [cast(Any, now).__code__]):
            return self._function_verdict(function)
        if execution == "other" and id(function) in self._current.loosely and self._is_half_way:
            # What the body has not come to is what the module has; so is what only that leads to.
            return self._function_verdict(function) if self._is_own_function(now) else None
        if execution == "unknown":
            if self._is_other_in_place(code):
                return self._function_verdict(function)
            return None if self._current.is_reached(function) else self._of_unmarked(function, now)
        return self._function_verdict(function) if execution == "other" else None

    def of_called(self, function: types.FunctionType) -> Verdict | None:
        """Return the verdict on what stands for a function whose code a call runs; None if that is present code."""
        return None if id(function.__code__) in self._current.codes else self.of_function(function)

    def _is_from_before(self, codes: list[types.CodeType]) -> bool:
        """Whether functions that the source may no longer have are not of the present execution, as far as it shows."""
        executions = {self._marks.execution(code) for code in codes}
        return executions == {"other"} or ("present" not in executions and self._is_source_loaded)

    @cached_property
    def _is_source_loaded(self) -> bool:
        """Whether the source as it is now has been executed since a definition was deleted from it.

        Then a function that it no longer has is of another execution, or stands where it has another function now.
        """
        source = self._source
        if source is None:
            return False
        named = [code for code in self._codes if is_function(code) and not code.co_name.startswith("<")]
        spans = [_span(code) for code in named if place(code) in source.places]
        return any(
            code.co_name not in source.last_names
            and (
                self._marks.execution(code) == "other"
                or any(first <= _span(code)[1] and _span(code)[0] <= last for first, last in spans)
            )
            for code in named
        )

    def is_left_over(self, obj: object) -> bool:
        """Whether the source no longer has the definition of a function or class of the module.

        A reload leaves its name in the namespace. Only who knows that it is from before may ask: the source may have
        been edited since.
        """
        source = self._written
        if source is None or source.executes:
            return False
        if type(obj) is types.FunctionType:
            code, path = obj.__code__, raw.code_name(obj)
            is_here = self.is_own_namespace(obj.__globals__) and code.co_filename in self._file_names
            # Up to 3.10 the code of an inner function does not say whose.
            known = source.paths if "." in path else source.last_names
            return is_here and is_function(code) and path not in known and not self._is_unreached(path)
        if not raw.is_class(obj) or raw.class_module(cast(type, obj)) not in self._current.names:
            return False
        path, name = raw.class_qualname(cast(type, obj)), raw.class_name(cast(type, obj))
        is_known = path in source.bodies or name in source.words or name in source.bodies
        is_gone = not is_known and "<locals>" not in path and self._is_nowhere_made(cast(type, obj), path)
        return is_gone and not self._is_unreached(path) and not self.is_compiled(cast(type, obj))

    def is_compiled(self, cls: type) -> bool:
        """Whether a class is an extension module's, be it that it says it is from this one."""
        return is_compiled(cls) or id(cls) in self._extensions

    @cached_property
    def _extensions(self) -> frozenset[int]:
        return in_extensions()

    def _is_nowhere_made(self, cls: type, path: str) -> bool:
        """Whether a class that the source does not name is none that a call makes, or has a name that nothing binds."""
        namespace = self._current.namespace
        return not _is_called(cls) or (raw.resolve(namespace, path) is cls and binding(namespace, path) is None)

    def _is_unreached(self, path: str) -> bool:
        """Whether the source has a definition that the compiler has left out: nothing gets below a ``raise``."""
        scope, _, name = path.rpartition(".")
        if name == "<lambda>":
            return (f"{scope}." if scope else "") in self._times.lambdas
        return path in self._times.once or path in self._times.often

    @cached_property
    def _is_half_way(self) -> bool:
        """Whether the last execution has failed half-way: what stands below is still of an earlier one."""
        lines = self._times.lines
        executions: dict[Execution, list[int]] = {"present": [], "other": []}
        for found in self._current.objects.values():
            if type(found) is types.FunctionType and self._is_own_function(found):
                line, execution = lines.get(raw.code_name(found)), self._marks.execution(found.__code__)
                if line is not None and execution != "unknown":
                    executions[execution].append(line)
        return max(executions["present"], default=0) < min(executions["other"], default=0)

    def _is_other_in_place(self, code: types.CodeType) -> bool:
        """Whether a function that is not the present one stands where that stands: an execution makes one of each.

        One that stands where the source has none of its name has been there before the source was edited.
        """
        where = position(code)
        source = self._source
        is_gone = source is not None and qualname(code) in source.names and where not in source.positions
        return where in self._positions or (is_gone and self._is_one_too_many(code))

    def untold(self, function: types.FunctionType) -> Position | None:
        """Return by what equal functions can be found one of which is present; None where a version can be told."""
        code = function.__code__
        is_told = self._current.is_reached(function) or id(code) in self._current.codes or not is_function(code)
        if is_told or code.co_filename not in self._file_names or self._marks.execution(code) != "unknown":
            return None
        return position(code)

    def is_undecided(self, obj: object) -> bool:
        """Whether a function or class without a verdict may have one as long as its module's source is not edited."""
        if self._written is None or self._source is not None or self._current.is_reached(obj):
            return False
        if type(obj) is types.FunctionType:
            return self.untold(obj) is not None
        cls = cast(type, obj)
        is_from_here = raw.class_module(cls) in self._current.names and "<locals>" not in raw.class_qualname(cls)
        return is_from_here and not any(_functions(cls))

    def _of_unmarked(self, function: types.FunctionType, today: object) -> Verdict | None:
        """Return the verdict on a function whose code shares nothing with that of the present version."""
        code = function.__code__
        if self._source is None:
            name = raw.code_name(function)
            is_only = name in self._times.lines or name not in self._times.once | self._times.often
            return self._function_verdict(function) if is_only and self._is_own_function(today) else None
        where = place(code)
        if where in self._places or (where not in self._source.places and self._is_one_too_many(code)):
            return self._function_verdict(function)
        return None

    def _is_one_too_many(self, code: types.CodeType) -> bool:
        """Whether all code of a name that the source makes is there besides: it may be newer than what is loaded."""
        source, name = self._source, qualname(code)
        if source is None or not source.names[name]:
            return self._is_source_loaded
        return position(code) not in source.positions and self._made[name] == source.names[name]

    @cached_property
    def _made(self) -> Counter[str]:
        """How many of the functions that the source makes are there, by qualified name."""
        source = self._source
        own = (one.__code__ for one in self._functions if self.is_own_namespace(one.__globals__))
        codes = {position(code): code for code in (*own, *self._codes) if code.co_filename in self._file_names}
        positions = source.positions if source is not None else ()
        return Counter(qualname(code) for where, code in codes.items() if where in positions)

    def _is_own_function(self, found: object) -> bool:
        return type(found) is types.FunctionType and self.is_own_namespace(found.__globals__)

    def _is_of_other_code(self, code: types.CodeType, name: str) -> bool:
        """Whether an inner function is of code that a tool has taken from the function that made it.

        That one has code today which is not what the source says where it stands, with an inner function of that name.
        """
        maker, _, inner = name.partition(".<locals>.")
        today = unwrapped(raw.resolve(self._current.namespace, maker)) if inner else None
        if type(today) is not types.FunctionType or not self._is_own_function(today):
            return False
        written = self._written
        if written is None or written.names.keys().isdisjoint({maker, maker.rpartition(".")[2]}):
            return False
        ours = today.__code__
        is_inner = any(one.co_name == code.co_name for one in nested_codes(ours) if one is not ours)
        return is_inner and place(ours) not in written.places

    def is_from_here(self, cls: type) -> bool:
        """Whether a class that says it is from the module has no functions of other modules alone."""
        return self.is_made_here(cls) or not any(_functions(cls))

    def is_made_here(self, cls: type) -> bool:
        """Whether a class has a function of the module, of any version."""
        return any(
            self.is_own_namespace(one.__globals__) or self.is_old_namespace(one.__globals__) for one in _functions(cls)
        )

    def verdict(self, obj: object, path: str | None = None) -> Verdict:
        """Return the verdict on what is known to be old.

        Args:
            obj: The object.
            path: Where the module had it, if not under its own name.
        """
        if self.is_left_over(obj):
            return "stale"
        decorated = self._of_decorated(obj, path)
        if decorated is not None:
            return decorated
        if type(obj) is types.FunctionType:
            return self._function_verdict(obj)
        if not raw.is_class(obj):
            return "split" if self._is_moved_member(type(obj)) else "stale"
        cls = cast(type, obj)
        return self._class_verdict(cls, raw.resolve(self._current.namespace, path or raw.class_qualname(cls)))

    def of_put_back(self, obj: object) -> Verdict:
        """Return the verdict on an old function or class that stands where the present one was."""
        codes = [obj.__code__] if type(obj) is types.FunctionType else self._codes_of(obj)
        source = self._written
        return "duplicate" if source is not None and all(shape(code) in source.shapes for code in codes) else "stale"

    def _of_decorated(self, obj: object, path: str | None) -> Verdict | None:
        """Return the verdict on what another module's decorator has made of a function; None for all else."""
        today = raw.resolve(self._current.namespace, path) if path is not None else None
        if type(obj) is raw.CACHED and type(today) is raw.CACHED:
            obj, today = (raw.lookup(raw.instance_dict(one) or {}, "__wrapped__") for one in (obj, today))
        elif type(obj) is not types.FunctionType or self._is_of_module(obj):
            return None
        inner = unwrapped(obj)
        if (
            type(inner) is not types.FunctionType
            or type(obj) is not types.FunctionType
            or not self._is_of_module(inner)
        ):
            return None
        layers, layers_today = _around(obj), _around(today) if type(today) is types.FunctionType else []
        if [one.__code__ for one in layers] != [one.__code__ for one in layers_today]:
            return "stale"
        is_given_other = any(map(_differ, layers, layers_today))
        return "stale" if is_given_other else self._function_verdict(inner)

    def _is_of_module(self, function: types.FunctionType) -> bool:
        return self.is_own_namespace(function.__globals__) or self.is_old_namespace(function.__globals__)

    def _is_moved_member(self, cls: type) -> bool:
        """Whether a member that is no longer there is of the present Enum: a tool has changed its class."""
        is_enum = raw.inherits(type(cls), enum.EnumMeta)
        return is_enum and raw.resolve(self._current.namespace, raw.class_qualname(cls)) is cls

    def _function_verdict(self, function: types.FunctionType) -> Verdict:
        name = raw.code_name(function)
        found = shape(function.__code__)
        if found not in self._shapes or self._has_other_values(function):
            return "stale"
        today = unwrapped(raw.resolve(self._current.namespace, name)) if name in self._times.once else None
        if type(today) is types.FunctionType and shape(today.__code__) == found and _given(today) != _given(function):
            return "stale"
        return "duplicate"

    def _has_other_values(self, function: types.FunctionType) -> bool:
        """Whether names of another namespace stand for other numbers or strings there than in the present one."""
        of = function.__globals__
        if self.is_own_namespace(of):
            return False
        ours, theirs = self._plain(of), self._plain(self._current.namespace)
        names = [name for name in global_names(function.__code__) if name in ours and name in theirs]
        return any(
            _is_constant(ours[name]) and _does_part(ours[name], None) != _does_part(theirs[name], None)
            for name in names
            if not (name.startswith("__") and name.endswith("__"))
        )

    def _plain(self, namespace: dict[str, Any]) -> dict[str, Any]:
        if id(namespace) not in self._namespaces:
            self._namespaces[id(namespace)] = {
                name: value for name, value in list(namespace.items()) if type(name) is str
            }
        return self._namespaces[id(namespace)]

    def does(self, function: types.FunctionType) -> tuple[Any, ...]:
        """Return what a function is called, does and has been given, as values that can be compared."""
        return (self.name_of(function), shape(function.__code__)), _given(function)

    def of_class(self, cls: type) -> Verdict | None:
        """Return the verdict on a class that says it is from the module; None if it is a present one."""
        current = self._current
        today = raw.resolve(current.namespace, raw.class_qualname(cls))
        if today is cls:
            if not self.is_left_over(cls):
                return None
            is_from_before = id(cls) in self._successors or self._is_from_before(self._codes_of(cls))
            return "stale" if is_from_before else None
        if any(base is today for base in raw.mro(cls)):
            return None  # It is the present one, or made by it: what is old does not inherit from what is new.
        functions = list(_functions(cls))
        if any(self.is_old_namespace(function.__globals__) for function in functions):
            return self._class_verdict(cls, today)
        own = [function for function in functions if self.is_own_namespace(function.__globals__)]
        written = [function.__code__ for function in own if function.__code__.co_filename in self._file_names]
        present = [code for code in written if id(code) in current.codes]
        if present:
            return self._of_patched(cls, own, today, present)
        executions: set[Execution] = {self._marks.execution(code) for code in written}
        if "present" in executions:
            is_replaced = self._is_replaced(raw.class_qualname(cls), written, self._codes_of(today))
            return self._class_verdict(cls, today) if is_replaced else None
        if "other" in executions:
            return self._class_verdict(cls, today)
        if id(cls) in current.objects:
            return None
        if id(cls) in self._kept_classes:
            return self._class_verdict(cls, today)
        if any(shape(code) not in self._shapes and self._is_one_too_many(code) for code in written):
            return self._class_verdict(cls, today)
        return self._of_plain(cls, today, is_foreign=bool(functions) and not own)

    def _of_patched(
        self, cls: type, own: list[types.FunctionType], today: object, present: list[types.CodeType]
    ) -> Verdict | None:
        """Return the verdict on a class that runs code of the present version but does not stand in its place."""
        current = self._current
        if id(cls) in current.objects or raw.class_qualname(cls) not in self._times.once or not raw.is_class(today):
            return None
        if any(id(function) in current.objects for function in own) and _is_remade(cls, cast(type, today)):
            return None
        return self._of_patched_in(present[0])

    def _of_patched_in(self, code: types.CodeType) -> Verdict:
        """Return the verdict on what is another one than the present, but runs its code: it has been given that.

        What is frozen into the interpreter has one code for all executions (Python 3.11 and 3.12).
        """
        return "duplicate" if code.co_filename.startswith(_FROZEN) else "split"

    def _of_plain(self, cls: type, today: object, *, is_foreign: bool) -> Verdict | None:
        """Return the verdict on a class without a function that tells.

        Args:
            cls: The class.
            today: What stands in its place.
            is_foreign: Whether all its functions are of other modules: one of those may have made it.
        """
        name = raw.class_qualname(cls)
        source = self._source
        if raw.is_class(today) and self._is_own_class(cast(type, today)):
            if is_foreign and any(self.is_own_namespace(one.__globals__) for one in _functions(cast(type, today))):
                return None
            if _names(type(cls)) != _names(type(today)):
                return None  # What `enum` and metaclasses' decorators have made it from.
            if self._is_patched_enum(cls, cast(type, today)):
                return "split"
            if self._shares_values(cls, cast(type, today)) or self._is_one_of_many(cls, cast(type, today)):
                return None
            return self._class_verdict(cls, today)
        if self._current.is_reached(cls) or "<locals>" in name:
            return None
        other = self._under_another_name(cls)
        if other is not None:
            return self._class_verdict(cls, other)
        if is_foreign or source is None:
            return None
        # What a function of today stands for was a class before: that is as good as a statement.
        is_replaced = self._is_own_function(unwrapped(today))
        if not _is_stated(cls) and (_is_called(cls) or not is_replaced):
            return None
        is_known = name in source.bodies or raw.class_name(cls) in source.words or source.executes
        is_loaded = is_replaced or source is not self._written or self._is_source_loaded
        return "stale" if is_loaded and not is_known else None

    def _under_another_name(self, cls: type) -> type | None:
        """Return the class of today that has a class's name, but stands under another one; None if that does not tell.

        A call has made it, the only one that the source gives that name to: ``P = namedtuple("Point", "x y")``.
        """
        namespace, name = self._current.namespace, raw.class_name(cls)
        filename = raw.lookup(namespace, "__file__")
        source = self._source or self._written
        if type(filename) is not str or source is None or source.executes or name in source.bodies:
            return None
        given = made_by_call(filename).get(name)
        found: Any = raw.lookup(namespace, given) if given is not None else None
        if given is None or not raw.is_class(found):
            return None
        if _names(found) != _names(cls) or _names(type(found)) != _names(type(cls)):
            return None
        bound = binding(namespace, given)
        called = resolved(namespace, bound.source) if bound is not None and bound.source is not None else None
        # A function of the module's own may be called by others as well.
        is_own = called is None or self._is_own_function(unwrapped(called))
        return None if is_own else cast(type, found)

    def _is_own_class(self, cls: type) -> bool:
        return raw.class_module(cls) in self._current.names or id(cls) in self._current.objects

    def _is_patched_enum(self, cls: type, today: type) -> bool:
        """Whether a tool has given an old Enum the members of the present one: each execution makes a table of them."""
        if not raw.inherits(type(cls), enum.EnumMeta) or raw.class_qualname(cls) not in self._times.once:
            return False
        members = raw.lookup(raw.class_dict(cls), "_member_map_")
        return type(members) is dict and members is raw.lookup(raw.class_dict(today), "_member_map_")

    def _is_one_of_many(self, cls: type, today: type) -> bool:
        """Whether the present version itself may have made a class beside the one that has its name."""
        if self._source is None:
            return False
        if raw.class_qualname(cls) in self._times.often:
            return True
        lines = self._source.bodies.get(raw.class_qualname(cls), [])
        if not lines:
            return raw.class_name(cls) in self._source.words and self._current.is_reached(cls)
        line, line_today = (raw.lookup(raw.class_dict(one), "__firstlineno__") for one in (cls, today))
        if type(line) is int and type(line_today) is int:  # From 3.13 on.
            return line != line_today and line in lines
        return len(lines) > 1 or _is_called(cls) is not _is_called(today)

    def _shares_values(self, cls: type, today: type) -> bool:
        """Whether two classes are of one execution: a value that each execution makes anew stands in both."""
        theirs = raw.class_dict(today)
        for name, value in list(raw.class_dict(cls).items()):
            if value is theirs.get(name) and raw.is_any(type(value), _MADE_ANEW):
                made_by = unwrapped(value)
                if type(made_by) is not types.FunctionType or self.is_own_namespace(made_by.__globals__):
                    return True
        return False

    def _class_verdict(self, cls: type, today: object) -> Verdict:
        """Return how a class compares with the present one.

        That may be a base of what a decorator has made, and of a class that a function has made any that is reached.
        """
        name = raw.class_qualname(cls)
        present = list(raw.mro(cast(type, today))) if raw.is_class(today) else []
        if "<locals>" in name:
            reached = (*self._current.objects.values(), *self._current.loosely.values())
            present += [cast(type, one) for one in reached if raw.is_class(one)]
        present = [one for one in present if one is today or raw.class_qualname(one) == name]
        if not present and "<locals>" in name:
            functions = [one.__code__ for one in _functions(cls)]
            return "duplicate" if functions and all(shape(code) in self._shapes for code in functions) else "stale"
        mine = _does(cls)
        return "duplicate" if any(mine == _does(one) for one in present) else "stale"

    def is_equal(self, cls: type, present: list[type]) -> bool:
        """Whether a class is equal to one of the present version.

        One that the module has deleted, and that nobody holds any more, is in the source.

        Args:
            cls: The class.
            present: The present classes of its name, wherever they are.
        """
        if present:
            mine = _does(cls)
            return any(mine == _does(one) or _is_equal_made_anew(cls, one) for one in present)
        source, codes = self._source, self._codes_of(cls)
        if source is None or not codes or raw.class_qualname(cls) not in source.bodies:
            return False
        return all(shape(code) in source.shapes for code in codes)

    def moved_from(self, cls: type) -> type | None:
        """Return the present Enum that the members of an old one may have been moved to; None for other classes."""
        today = raw.resolve(self._current.namespace, raw.class_qualname(cls))
        is_enum = raw.inherits(type(cls), enum.EnumMeta) and raw.inherits(type(today), enum.EnumMeta)
        return cast(type, today) if is_enum and today is not cls else None

    def of_derived(self, cls: type) -> Verdict | None:
        """Return the verdict on a class that a function of the module has made of an old one; None if it is reached."""
        is_made = "<locals>" in raw.class_qualname(cls) and self.is_from_here(cls) and not self._current.is_reached(cls)
        if not is_made:
            return None
        functions = [one.__code__ for one in _functions(cls)]
        return "duplicate" if all(shape(code) in self._shapes for code in functions) else "stale"

    @cached_property
    def _file_names(self) -> frozenset[str]:
        """What the module's own code says its file is; code made by `exec` says something else."""
        names = {code.co_filename for code in self._current.codes.values()}
        spec = raw.lookup(self._current.namespace, "__spec__")
        said = (raw.lookup(self._current.namespace, "__file__"), getattr(spec, "origin", None))
        known = {name for name in said if type(name) is str}
        files = {name for name in names if name.startswith(_FROZEN) or not name.startswith("<")} or known
        return frozenset(names & known or files or names)

    @cached_property
    def _codes(self) -> list[types.CodeType]:
        return [code for code in self._current.codes.values() if code.co_filename in self._file_names]

    @cached_property
    def _places(self) -> frozenset[Place]:
        loose = [found.__code__ for found in self._current.loosely.values() if type(found) is types.FunctionType]
        return frozenset(map(place, (*self._codes, *loose)))

    @cached_property
    def _positions(self) -> frozenset[Position]:
        return frozenset(map(position, self._codes))

    @cached_property
    def _sources(self) -> Sources:
        return read_sources(self._current.namespace)

    @property
    def _written(self) -> Source | None:
        return self._sources.written

    @cached_property
    def _source(self) -> Source | None:
        """The source that the module has been made from; None if it cannot be read, or has been edited since.

        The bytecode still says what it was then, until the file is imported once more, be it by another process.
        """
        cached = self._sources.cached
        found = (self._written, cached) if sys.dont_write_bytecode else (cached, self._written)
        return next((source for source in found if self._is_loaded(source)), None)

    def _is_loaded(self, source: Source | None) -> bool:
        """Whether the module's functions stand where a source has them."""
        return source is not None and not any(
            is_function(code) and qualname(code) in source.names and place(code) not in source.places
            for code in self._codes
        )

    @cached_property
    def _times(self) -> Times:
        filename = raw.lookup(self._current.namespace, "__file__")
        if self._sources.is_broken and self._written is not None:
            return times_of({**self._written.paths, **self._written.bodies})
        return read_times(filename) if type(filename) is str else Times()

    @cached_property
    def _marks(self) -> Marks:
        namespace = self._current.namespace
        spec = raw.lookup(namespace, "__spec__")
        last = (raw.lookup(namespace, "__file__"), getattr(spec, "origin", None))
        names = frozenset(map(id, last)) - self._shared
        return Marks(self._codes or self._named(names), self._source, self._written, last=names, shared=self._shared)

    def _named(self, names: frozenset[int]) -> list[types.CodeType]:
        """Return the code that is compiled under the very name that the last import has given the module's file."""
        own = (one.__code__ for one in self._functions if self.is_own_namespace(one.__globals__))
        return [code for code in own if id(code.co_filename) in names]

    @cached_property
    def _shapes(self) -> frozenset[Shape]:
        """The shapes of the code that the present version runs or can have run."""
        ours = frozenset(map(shape, self._current.codes.values()))
        if self._source is not None:
            return ours | self._source.shapes
        mine = ((one.__code__, raw.code_name(one)) for one in self._functions if self.is_own_namespace(one.__globals__))
        present = ((code, name) for code, name in mine if self._marks.execution(code) == "present")
        return ours | {shape(code) for code, name in present if not self._is_of_other_code(code, name)}


def _functions(cls: type) -> Iterator[types.FunctionType]:
    """Yield the functions of a class's body, out of their descriptors."""
    for value in list(raw.class_dict(cls).values()):
        found = unwrapped(value)
        if type(found) is types.FunctionType:
            yield found


def _span(code: types.CodeType) -> tuple[int, int]:
    """Return the first and the last line of a function."""
    return code.co_firstlineno, max((line for _, _, line in code.co_lines() if line), default=code.co_firstlineno)


def _is_stated(cls: type) -> bool:
    """Whether a class statement has made a class, as far as it shows: it notes the module before anything else."""
    keys = list(raw.class_dict(cls))
    if "__firstlineno__" in keys:
        return True
    return len(keys) > 1 and keys[0] == "__module__" and keys[1] not in _OF_NO_BODY


def _is_called(cls: type) -> bool:
    """Whether no class statement can have made a class: it would have noted the module, or the line, first."""
    keys = list(raw.class_dict(cls))
    return "__firstlineno__" not in keys if _NOTES_LINES else keys[:1] != ["__module__"]


def _is_remade(cls: type, today: type) -> bool:
    """Whether a decorator has made a class anew: with slots, with another metaclass, with other bases."""
    slots, slots_today = ("__slots__" in raw.class_dict(one) for one in (cls, today))
    bases, bases_today = ([_names(base) for base in raw.bases(one)] for one in (cls, today))
    return slots is not slots_today or bases != bases_today or _names(type(cls)) != _names(type(today))


def _is_equal_made_anew(cls: type, today: type) -> bool:
    """Whether a class is what a decorator has made another one from that has the same functions."""
    if not _is_remade(cls, today):
        return False
    ours, theirs = (
        {name: _does_part(value, one) for name, value in list(raw.class_dict(one).items())} for one in (cls, today)
    )
    functions = [name for name, value in list(raw.class_dict(cls).items()) if type(value) is types.FunctionType]
    return bool(functions) and all(ours[name] == theirs.get(name) for name in functions)


def _names(cls: type) -> tuple[str | None, str]:
    return raw.class_module(cls), raw.class_qualname(cls)


def _does(cls: type) -> dict[str, Any]:
    """Return what a class has in its body, as values that can be compared."""
    found = {
        name: _does_part(value, cls)
        for name, value in list(raw.class_dict(cls).items())
        if name not in _NOTED and not (name in _READ and type(value) is dict and not value)
    }
    found["__bases__"] = [_names(base) for base in raw.bases(cls)]
    members = raw.lookup(raw.class_dict(cls), "_member_map_") if raw.inherits(type(cls), enum.EnumMeta) else None
    if type(members) is dict:
        found["_member_map_"] = [(name, _does_part(member, cls)) for name, member in list(members.items())]
    return found


def _does_part(value: object, cls: type | None) -> Any:
    found = unwrapped(value)
    if type(found) is types.FunctionType:
        # What is given by default can be the function itself.
        around = [] if cls is None or type(value) is not types.FunctionType else _around(value)
        layers = [(shape(one.__code__), None if cls is None else _given(one)) for one in (*around, found)]
        return _names(type(value)), layers
    # A tool that patches classes has given it the members of a later version, whose class is another one.
    if cls is not None and raw.inherits(type(cls), enum.EnumMeta) and _names(type(value)) == _names(cls):
        return "member", _does_part(raw.stored(value, "_value_"), cls)
    if type(value) is tuple:
        return tuple(_does_part(part, cls) for part in value)
    # By their names: what the body makes is of a class that has been made anew as well.
    if type(value) is str or type(value) is bytes:
        return (_names(type(value)), value)
    return (_names(type(value)), raw.text_of(value) if raw.is_any(type(value), _ATOMS) else None)


def _given(function: types.FunctionType) -> Any:
    """Return what a function's parameters stand for by default, and what its closure has, to be compared."""
    keywords = function.__kwdefaults__ or {}
    by_name = [(name, _does_part(value, None)) for name, value in list(keywords.items())]
    cells = [_does_part(raw.cell_contents(cell), None) for cell in function.__closure__ or ()]
    return _does_part(function.__defaults__, None), by_name, cells


def _around(function: types.FunctionType) -> list[types.FunctionType]:
    """Return the functions that decorators have put around one, which they say that they wrap."""
    found: list[types.FunctionType] = []
    inner = function
    while len(found) < 20:
        wrapped = raw.lookup(raw.function_dict(inner), "__wrapped__")
        if wrapped is None:
            break
        found.append(inner)
        if type(wrapped) is not types.FunctionType:
            break
        inner = wrapped
    return found


def _differ(one: types.FunctionType, other: types.FunctionType) -> bool:
    """Whether two functions have been given different things by default, or in their closures."""
    return bool(_given(one) != _given(other))


def _is_constant(value: object) -> bool:
    return raw.is_any(type(value), _ATOMS) or (type(value) is tuple and all(map(_is_constant, value)))


def unwrapped(value: object) -> object:
    """Return the function in a descriptor, or behind a decorator that says what it wraps."""
    for _ in range(20):
        if raw.is_any(type(value), (staticmethod, classmethod)):
            value = cast("staticmethod[..., Any]", value).__func__
        elif type(value) is property:
            value = value.fget
        else:
            wrapped = raw.lookup(raw.function_dict(value), "__wrapped__") if type(value) is types.FunctionType else None
            if wrapped is None:
                break
            value = wrapped
    return value
