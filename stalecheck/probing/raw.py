"""Looks into objects without running a line of theirs, be it ``__getattribute__``, ``__class__`` or ``__eq__``.

Types are told with ``type(o)``, attributes are read through the descriptors of the built-in types themselves.
A class may be hostile through its metaclass: it is neither compared nor hashed, so no ``in`` and no dict of classes.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterable, Mapping
from gc import get_referents
from itertools import repeat
from operator import is_
from typing import Any, cast

CACHED: type = type(functools.lru_cache(lambda: None))
"""The type of what `functools.lru_cache` puts around a function; it has no public name."""

_TYPE_DICT = type.__dict__["__dict__"].__get__
_TYPE_MRO = type.__dict__["__mro__"].__get__
_TYPE_BASES = type.__dict__["__bases__"].__get__
_TYPE_NAME = type.__dict__["__name__"].__get__
_TYPE_QUALNAME = type.__dict__["__qualname__"].__get__
_TYPE_MODULE = type.__dict__["__module__"].__get__
_TYPE_FLAGS = type.__dict__["__flags__"].__get__
_NOTHING: Mapping[str, Any] = types.MappingProxyType({})
_HEAP_TYPE = 1 << 9
_COLLECTED = 1 << 14
_MODULE_DICT: Any = vars(types.ModuleType)["__dict__"]
_METHODS = (types.FunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)


def is_class(obj: object) -> bool:
    """Whether an object is a class: its type inherits from `type`."""
    return inherits(type(obj), type)


def is_module(obj: object) -> bool:
    """Whether an object is a module, or of a class that inherits from that of modules (lazy ones)."""
    return inherits(type(obj), types.ModuleType)


def inherits(cls: type, base: type) -> bool:
    """Whether a class has a base, whose own type has to be `type`: then no ``__subclasscheck__`` is asked."""
    return issubclass(cls, base)


def is_any(kind: type, kinds: Iterable[type]) -> bool:
    """Whether a class is one of these."""
    return any(map(is_, kinds, repeat(kind)))


def text_of(value: object) -> str:
    """Return the text of a number, a string, or a tuple or frozenset of these: `repr`, also of what is too long for it.

    Python writes no integer of more than some thousand digits.
    """
    try:
        return repr(value)
    except ValueError:
        if isinstance(value, int):
            return hex(value)
        return f"({', '.join(map(text_of, cast(tuple[object, ...], value)))})"


def lookup(namespace: Mapping[Any, Any], name: str) -> Any:
    """Return what a namespace, be it a class's, has under a name; None if nothing.

    A key whose class inherits from `str` would be asked for its ``__eq__``, so it is passed over.
    """
    base: Any = dict if inherits(type(namespace), dict) else type(namespace)
    if all(map(is_, map(type, list(base.keys(namespace))), repeat(str))):
        return base.get(namespace, name)
    return next((value for key, value in list(base.items(namespace)) if type(key) is str and key == name), None)


def imported(name: str) -> types.ModuleType | None:
    """Return the module that ``sys.modules`` has under a name; None for anything else that stands there."""
    found = lookup(sys.modules, name)
    return found if is_module(found) else None


def mro(cls: type) -> tuple[type, ...]:
    """Return a class's method resolution order."""
    return cast("tuple[type, ...]", _TYPE_MRO(cls) or (cls,))


def bases(cls: type) -> tuple[type, ...]:
    """Return a class's bases."""
    return cast("tuple[type, ...]", _TYPE_BASES(cls) or ())


def class_dict(cls: type) -> Mapping[str, Any]:
    """Return what a class's own body and its makers have bound; nothing of a type of C's that was never made ready."""
    return cast("Mapping[str, Any]", _TYPE_DICT(cls) or _NOTHING)


def class_name(cls: type) -> str:
    """Return a class's name."""
    return _exact(_TYPE_NAME(cls))


def class_qualname(cls: type) -> str:
    """Return a class's qualified name."""
    return _exact(_TYPE_QUALNAME(cls))


def function_name(function: types.FunctionType) -> str:
    """Return the name that a function goes by."""
    return _exact(function.__name__)


def function_qualname(function: types.FunctionType) -> str:
    """Return the qualified name that a function goes by."""
    return _exact(function.__qualname__)


def _exact(text: str) -> str:
    """Return a copy of a text whose class inherits from `str`."""
    return text if type(text) is str else str.__str__(text)


def class_module(cls: type) -> str | None:
    """Return the name of the module that a class says it is from."""
    name = lookup(class_dict(cls), "__module__")
    return name if type(name) is str else None


def type_flags(cls: type) -> int:
    """Return the flags of a class."""
    return int(_TYPE_FLAGS(cls))


def home(cls: type) -> str | None:
    """Return the name of the module that a class is from, be it written in C."""
    is_static = not _TYPE_FLAGS(cls) & _HEAP_TYPE
    return cast("str | None", _TYPE_MODULE(cls)) if is_static else class_module(cls)


def shows_its_instances(cls: type) -> bool:
    """Whether the collector knows the instances of a class: those without any attribute it does not."""
    return bool(_TYPE_FLAGS(cls) & _COLLECTED)


def module_dict(module: types.ModuleType) -> dict[str, Any]:
    """Return a module's namespace; a lazy module stays unloaded."""
    return cast("dict[str, Any]", _MODULE_DICT.__get__(module))


def module_name(namespace: Mapping[str, Any]) -> str | None:
    """Return what a module's namespace says of its name."""
    name = lookup(namespace, "__name__")
    return name if type(name) is str else None


def code_name(function: types.FunctionType) -> str:
    """Return the qualified name that a function was defined under.

    ``functools.wraps`` overwrites ``__qualname__``; what the code is called (Python 3.11) stays.
    """
    code = function.__code__
    if sys.version_info >= (3, 11):
        return _exact(code.co_qualname)
    name = _exact(code.co_name)
    return function_qualname(function) if _exact(function.__name__) == name else name


def function_dict(function: types.FunctionType) -> dict[str, Any]:
    """Return the attributes of a function; asking for ``__dict__`` would make one where there is none."""
    others = (id(function.__globals__), id(cast(Any, function).__builtins__), id(function.__kwdefaults__))
    dicts = [one for one in get_referents(function) if type(one) is dict and id(one) not in others]
    code = function.__code__
    names = {*code.co_varnames, "return"}
    # What is left are its attributes and its annotations, which are made when they are asked for as well.
    # A key of the user's own class would be asked for its ``__hash__``.
    is_there = len(dicts) > 1 or any(type(key) is str and key not in names for found in dicts for key in list(found))
    return function.__dict__ if is_there else {}


def all_classes() -> list[type]:
    """Return all classes that are alive."""
    found: list[type] = [object]
    seen = {id(object)}
    for cls in found:
        children: list[type] = type.__subclasses__(cls)
        for child in children:
            if id(child) not in seen:
                seen.add(id(child))
                found.append(child)
    return found


def resolve(namespace: Mapping[str, Any], qualname: str) -> object:
    """Return what a qualified name leads to in a namespace, through classes only; None if it leads nowhere."""
    first, *rest = qualname.split(".")
    found: object = lookup(namespace, first)
    for name in rest:
        if not is_class(found):
            return None
        found = lookup(class_dict(cast(type, found)), name)
    return found


def instance_dict(obj: object) -> dict[str, Any] | None:
    """Return an instance's ``__dict__`` as it is stored; None where its class does not keep one.

    Up to 3.12 this makes the dict where the values stood in the instance itself, so ask only where it has to be.
    """
    for cls in mro(type(obj)):
        descriptor = lookup(class_dict(cls), "__dict__")
        if is_any(type(descriptor), (types.GetSetDescriptorType, types.MemberDescriptorType)):
            found = descriptor.__get__(obj)
            return found if type(found) is dict else None
    return None


def stored(obj: object, name: str) -> object:
    """Return an attribute that an instance itself stores, with or without a ``__dict__``; None where it has none.

    A name that code of its class stands behind is left alone, but for a method's: that is only bound. Where only the
    class has the name, its value is returned.
    """
    is_method = False
    for cls in mro(type(obj)):
        if name in class_dict(cls):
            found = class_dict(cls)[name]
            if type(found) is types.MemberDescriptorType:
                return member(found, obj)
            is_method = is_any(type(found), _METHODS)
            descriptor = mro(type(found)) if not is_method else ()
            if any(each in class_dict(base) for base in descriptor for each in ("__get__", "__set__")):
                return None
            break
    try:
        value = object.__getattribute__(obj, name)
        # What is bound is another object each time.
        return value if not is_method or object.__getattribute__(obj, name) is value else None
    except AttributeError:
        return None


def member(descriptor: types.MemberDescriptorType, obj: object) -> object:
    """Return what a slot holds; None if it is empty."""
    try:
        return descriptor.__get__(obj)
    except (AttributeError, TypeError):
        return None


def slots(cls: type) -> list[tuple[str, types.MemberDescriptorType]]:
    """Return the members that a class and its bases store outside of ``__dict__``."""
    return [
        (name, value)
        for base in mro(cls)
        for name, value in list(class_dict(base).items())
        if name != "__dict__" and type(value) is types.MemberDescriptorType
    ]


def cell_contents(cell: types.CellType) -> tuple[object, ...]:
    """Return what a cell holds; nothing if it is empty."""
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()
