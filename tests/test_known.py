"""The table of values that come back the same: each of them is asked of the interpreter, and the README shows it."""

from __future__ import annotations

import asyncio
import http
import importlib
import inspect
import re
import signal
import socket
import ssl
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stalecheck.link.known import INSTANCE_MAKERS, SAME_AGAIN, SAME_OBJECT, VALUE_MAKERS, WITHOUT_ATTRIBUTES

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")

ARGUMENTS: dict[str, tuple[object, ...]] = {
    "builtins.__import__": ("json",),
    "codecs.lookup": ("utf-8",),
    "importlib.import_module": ("json",),
    "inspect._ParameterKind": (inspect.Parameter.VAR_KEYWORD.value,),
    "http.HTTPMethod": ("GET",),
    "http.HTTPStatus": (http.HTTPStatus.NOT_FOUND.value,),
    "logging.getLogger": ("a.name",),
    "re.RegexFlag": (re.RegexFlag.DOTALL.value,),
    "re.compile": (r"a+\d",),
    "signal.Handlers": (signal.Handlers.SIG_IGN.value,),
    "signal.Sigmasks": (getattr(signal, "SIG_BLOCK", None),),
    "signal.Signals": (signal.Signals.SIGINT.value,),
    "socket.AddressFamily": (socket.AddressFamily.AF_INET.value,),
    "socket.SocketKind": (socket.SocketKind.SOCK_STREAM.value,),
    "ssl.TLSVersion": (ssl.TLSVersion.TLSv1_2.value,),
    "sys.intern": ("a name",),
    "uuid.SafeUUID": (uuid.SafeUUID.safe.value,),
    "warnings.warn": ("a warning",),
}
"""What each is called with; the others are called without arguments."""

PLAIN = SAME_AGAIN["a plain value that nothing changes"]
"""Of strings the identity says nothing."""


@pytest.mark.parametrize("name", sorted(SAME_OBJECT))
def test_the_same_call_gives_the_same_object(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    function: Callable[..., object] | None = getattr(importlib.import_module(module), attribute, None)
    if function is None:
        pytest.skip(f"this Python has no {name}")
    with _surroundings():
        arguments = ARGUMENTS.get(name, ())
        first, second = function(*arguments), function(*arguments)
    assert first is second or (name in PLAIN and first == second)


@pytest.mark.parametrize("name", sorted(WITHOUT_ATTRIBUTES))
def test_some_decorators_take_annotated_fields_off_the_class(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    decorator = getattr(importlib.import_module(module), attribute)
    engine = object()
    decorated = decorator(type("Settings", (), {"__annotations__": {"engine": object}, "engine": engine}))
    assert getattr(decorated, "engine", None) is not engine
    assert decorated().engine is engine


@pytest.mark.parametrize("name", sorted(INSTANCE_MAKERS | VALUE_MAKERS))
def test_the_standard_library_has_what_makes_objects_and_values(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    made_by = getattr(importlib.import_module(module), attribute, None)
    if made_by is None:
        pytest.skip(f"this Python has no {name}")
    assert callable(made_by)


@pytest.mark.parametrize("name", sorted(VALUE_MAKERS))
def test_equal_values_are_the_same_to_a_mapping(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    made_by = getattr(importlib.import_module(module), attribute)
    given = "::1" if "IPv6" in name else "127.0.0.1" if "IPv4" in name else "1"
    try:
        first, second = made_by(given), made_by(given)
    except NotImplementedError:
        pytest.skip(f"this system has no {name}")
    assert first == second
    assert hash(first) == hash(second)


def test_the_readme_names_every_one() -> None:
    _, _, rest = README.partition("<!-- same -->\n")
    rows = [line.strip("| ").split(" | ") for line in rest.partition("<!-- /same -->")[0].splitlines()[2:]]
    assert {why: frozenset(re.findall(r"`([\w.]+)`", names)) for why, names in rows} == SAME_AGAIN


@contextmanager
def _surroundings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            yield
        finally:
            asyncio.set_event_loop(None)
            loop.close()
