"""STL403 unreloadable: A reload of a module that Python does not run again.

## What it does

Flags the reload of `__main__`, of `sys` and `builtins`, and of modules of the standard library that are
written in C.

## Why is this bad

`importlib.reload(sys)` and the reload of a module that is written in C do nothing, silently. The reload of
`__main__` raises ModuleNotFoundError.

## Example

```python
# file: reset.py
import importlib
import sys


def reset():
    importlib.reload(sys)
```

## Use instead

```python
# file: reset.py
import sys


def reset():
    sys.stdout = sys.__stdout__
    sys.path_importer_cache.clear()
```

## When it is fine

Never: undo by hand what was changed in the module, or start a new process.
"""

from __future__ import annotations

from collections.abc import Iterator

from stalecheck.rules.reloading import Reloading
from stalecheck.rules.rule import Flaw
from stalecheck.rules.statements import is_expected
from stalecheck.vocabulary import ReloadMode, Severity

_NAMES = """
    _abc _ast _asyncio _bisect _blake2 _bz2 _codecs _codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp
    _codecs_kr _codecs_tw _collections _contextvars _crypt _csv _ctypes _curses _curses_panel _datetime _dbm
    _decimal _elementtree _functools _gdbm _hashlib _heapq _hmac _imp _interpchannels _interpqueues
    _interpreters _io _json _locale _lsprof _lzma _md5 _msi _multibytecodec _multiprocessing _opcode _operator
    _overlapped _pickle _posixshmem _posixsubprocess _queue _random _remote_debugging _scproxy _sha1 _sha2
    _sha256 _sha3 _sha512 _signal _socket _sqlite3 _sre _ssl _stat _statistics _string _struct _suggestions
    _symtable _sysconfig _testconsole _thread _tkinter _tokenize _tracemalloc _types _typing _uuid _warnings
    _weakref _winapi _zoneinfo _zstd array atexit audioop binascii builtins cmath errno faulthandler fcntl gc
    grp itertools marshal math mmap msvcrt nis nt ossaudiodev posix pwd pyexpat readline resource select spwd
    sys syslog termios time unicodedata winreg winsound xxlimited xxsubtype zlib
"""
_IN_C = frozenset(_NAMES.split())
"""Modules of CPython 3.10 to 3.14 that are built in or extensions (its `Modules/Setup` and `PC/config.c`)."""


def flag(reloading: Reloading) -> Iterator[Flaw]:
    """Flag reloads of modules that do not run again."""
    for place in reloading.places:
        if place.site.mode is not ReloadMode.RELOAD or not place.outside:
            continue
        if is_expected(reloading.parse(place.file), place.site.span.start.row):
            continue
        for module in place.outside:
            what = _what_happens(module)
            if what:
                message, remedy = what
                yield Flaw(place.file, place.site.span, Severity.ERROR, message, remedy)


def _what_happens(module: str) -> tuple[str, str] | None:
    if module == "__main__":
        return (
            "`__main__` cannot be reloaded: it has no spec, and importlib.reload raises",
            "move what is to be reloaded to a module of its own",
        )
    if module in _IN_C:
        return (
            f"the reload of `{module}` does nothing: it is written in C and is not initialised again",
            "undo by hand what was changed in it, or start a new process",
        )
    return None
