"""Looks into objects without running a line of theirs, be it ``__getattribute__``, ``__class__`` or ``__eq__``.

Types are told with ``type(o)``, attributes are read through the descriptors of the built-in types themselves.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, cast

_TYPE_DICT = type.__dict__["__dict__"].__get__
_TYPE_MRO = type.__dict__["__mro__"].__get__
_TYPE_BASES = type.__dict__["__bases__"].__get__
_TYPE_NAME = type.__dict__["__name__"].__get__
_TYPE_QUALNAME = type.__dict__["__qualname__"].__get__
_MODULE_DICT: Any = vars(types.ModuleType)["__dict__"]


def is_class(obj: object) -> bool:
    """Whether an object is a class: its type inherits from `type`."""
    return type in mro(type(obj))


def is_module(obj: object) -> bool:
    """Whether an object is a module, or of a class that inherits from that of modules (lazy ones)."""
    return types.ModuleType in mro(type(obj))


def mro(cls: type) -> tuple[type, ...]:
    """Return a class's method resolution order."""
    return cast("tuple[type, ...]", _TYPE_MRO(cls) or (cls,))


def bases(cls: type) -> tuple[type, ...]:
    """Return a class's bases."""
    return cast("tuple[type, ...]", _TYPE_BASES(cls))


def class_dict(cls: type) -> Mapping[str, Any]:
    """Return what a class's own body and its makers have bound."""
    return cast("Mapping[str, Any]", _TYPE_DICT(cls))


def class_name(cls: type) -> str:
    """Return a class's name."""
    return cast(str, _TYPE_NAME(cls))


def class_qualname(cls: type) -> str:
    """Return a class's qualified name."""
    return cast(str, _TYPE_QUALNAME(cls))


def class_module(cls: type) -> str | None:
    """Return the name of the module that a class says it is from."""
    name = class_dict(cls).get("__module__")
    return name if type(name) is str else None


def module_dict(module: types.ModuleType) -> dict[str, Any]:
    """Return a module's namespace; a lazy module stays unloaded."""
    return cast("dict[str, Any]", _MODULE_DICT.__get__(module))


def module_name(namespace: Mapping[str, Any]) -> str | None:
    """Return what a module's namespace says of its name."""
    name = namespace.get("__name__")
    return name if type(name) is str else None


def code_name(function: types.FunctionType) -> str:
    """Return the qualified name that a function was defined under.

    ``functools.wraps`` overwrites ``__qualname__``; what the code is called (Python 3.11) stays.
    """
    code = function.__code__
    return getattr(code, "co_qualname", None) or (
        function.__qualname__ if function.__name__ == code.co_name else code.co_name
    )


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
    found: object = namespace.get(first)
    for name in rest:
        if not is_class(found):
            return None
        found = class_dict(cast(type, found)).get(name)
    return found


def instance_dict(obj: object) -> dict[str, Any] | None:
    """Return an instance's ``__dict__`` as it is stored; None where its class does not keep one.

    Up to 3.12 this makes the dict where the values stood in the instance itself, so ask only where it has to be.
    """
    for cls in mro(type(obj)):
        descriptor: Any = class_dict(cls).get("__dict__")
        if type(descriptor) in (types.GetSetDescriptorType, types.MemberDescriptorType):
            found = descriptor.__get__(obj)
            return found if type(found) is dict else None
    return None


def stored(obj: object, name: str) -> object:
    """Return an attribute that an instance itself stores, with or without a ``__dict__``; None where it has none.

    A name that code of its class stands behind is left alone. Where only the class has the name, its value is returned.
    """
    for cls in mro(type(obj)):
        if name in class_dict(cls):
            found = class_dict(cls)[name]
            if type(found) is types.MemberDescriptorType:
                return member(found, obj)
            if any(each in class_dict(base) for base in mro(type(found)) for each in ("__get__", "__set__")):
                return None
            break
    try:
        return object.__getattribute__(obj, name)
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
