"""What calls of the standard library and of builtins give back: the documented table behind the general fallback.

Any call that no list names is taken to make a new object that keeps the functions, classes and instances it was
given, and to have computed something from the plain values it was given.
"""

from __future__ import annotations

from stalecheck import vocabulary

SAME_AGAIN = {
    "kept by name": frozenset(
        {
            "builtins.__import__",
            "codecs.lookup",
            "importlib.import_module",
            "logging.getLogger",
            "multiprocessing.get_context",
            "multiprocessing.get_logger",
            "sys.intern",
        }
    ),
    "cached for the same arguments": frozenset({"re.compile"}),
    "one for the process or the thread": frozenset(
        {
            "asyncio.get_event_loop",
            "decimal.getcontext",
            "multiprocessing.current_process",
            "multiprocessing.parent_process",
            "threading.current_thread",
            "threading.main_thread",
        }
    ),
    "a member of an Enum": frozenset(
        {
            "http.HTTPMethod",
            "http.HTTPStatus",
            "inspect._ParameterKind",
            "re.RegexFlag",
            "signal.Handlers",
            "signal.Sigmasks",
            "signal.Signals",
            "socket.AddressFamily",
            "socket.SocketKind",
            "ssl.TLSVersion",
            "uuid.SafeUUID",
        }
    ),
    "a plain value that nothing changes": frozenset(
        {"sys.getdefaultencoding", "sys.getfilesystemencoding", "warnings.warn"}
    ),
}
"""Calls of the standard library that answer with the object they answered with before, by the reason."""

SAME_OBJECT = frozenset().union(*SAME_AGAIN.values())
"""All of them: nothing goes stale with what they answer to what is no constant of a reloaded module."""

SAME_FOR_SAME = SAME_OBJECT - SAME_AGAIN["a plain value that nothing changes"]
"""Those whose answer is another one for another argument."""

METHODS_OF_SAME = frozenset(
    f"{maker}().{name}"
    for maker, names in {
        "logging.getLogger": "critical debug error exception fatal info log setLevel warn warning",
        "re.compile": "findall finditer fullmatch match search split sub subn",
    }.items()
    for name in names.split()
)
"""Methods of what such calls answer with: bound anew each time they are taken, and nobody can tell."""

BOUND_METHODS = frozenset(
    f"{maker}().{name}"
    for makers, names in {
        "threading.Lock threading.RLock": "acquire locked release",
        "threading.Semaphore threading.BoundedSemaphore": "acquire release",
        "threading.Condition": "acquire notify notify_all release wait wait_for",
        "threading.Event": "clear is_set set wait",
        "threading.Thread threading.Timer": "cancel is_alive join run start",
        "queue.Queue queue.LifoQueue queue.PriorityQueue queue.SimpleQueue": (
            "empty full get get_nowait join put put_nowait qsize task_done"
        ),
        "contextvars.ContextVar": "get reset set",
        "argparse.ArgumentParser": "add_argument add_argument_group add_subparsers parse_args parse_known_args",
        "concurrent.futures.ThreadPoolExecutor concurrent.futures.ProcessPoolExecutor": "map shutdown submit",
        "random.Random random.SystemRandom": (
            "choice choices getrandbits randint random randrange sample seed shuffle uniform"
        ),
    }.items()
    for maker in makers.split()
    for name in names.split()
)
"""Methods of objects of the standard library that are no containers: what takes one of them keeps its object."""

HOLDS_NOTHING = frozenset(
    f"builtins.{name}"
    for name in [
        "isinstance",
        "issubclass",
        "hasattr",
        "callable",
        "id",
        "print",
        "setattr",
        "delattr",
        "super",
        "exec",
        "eval",
        "open",
        "input",
        "dir",
        "globals",
        "locals",
        "hash",
        "breakpoint",
    ]
) | {"typing.TYPE_CHECKING", "warnings.filterwarnings", "warnings.simplefilter", "typing.get_type_hints"}
"""Calls whose result keeps none of the arguments."""

COMPUTES = frozenset(
    f"builtins.{name}"
    for name in [
        "len",
        "str",
        "int",
        "float",
        "bool",
        "complex",
        "bytes",
        "bytearray",
        "repr",
        "ascii",
        "chr",
        "ord",
        "bin",
        "hex",
        "oct",
        "format",
        "abs",
        "round",
        "pow",
        "divmod",
        "min",
        "max",
        "sum",
        "any",
        "all",
        "range",
        "slice",
        "getattr",
        "type",
        "vars",
    ]
)
"""Calls whose result is a value computed from the arguments."""

MAKES_VALUES = COMPUTES - frozenset(
    f"builtins.{name}"
    for name in ("abs", "divmod", "getattr", "max", "min", "pow", "round", "slice", "sum", "type", "vars")
)
"""Those of them whose result is a plain value whatever they are given."""

CHOOSES = frozenset({"builtins.max", "builtins.min"})
"""Those of them that give one of their arguments, or an element of the only one."""

CONTAINERS = vocabulary.CONTAINERS
"""Calls that make a container of their arguments, or of the elements of their arguments."""

MAPPINGS = frozenset(
    {
        "builtins.dict",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.ChainMap",
        "collections.Counter",
        "collections.UserDict",
        "types.MappingProxyType",
        "weakref.WeakKeyDictionary",
        "weakref.WeakValueDictionary",
    }
)
"""Those of them that take a mapping over whole; the others take its keys."""

MOCKS = frozenset(
    f"{module}.{name}"
    for module in ("unittest.mock", "mock")
    for name in ("Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock")
)

ELEMENTWISE = frozenset(
    {
        *(f"builtins.{name}" for name in ("list", "tuple", "set", "frozenset", "sorted", "iter", "reversed")),
        "collections.deque",
    }
)
"""Calls whose elements are those of their first argument."""

CONSUMERS = frozenset(
    {
        *(f"builtins.{name}" for name in ("sorted", "max", "min", "map", "filter", "any", "all", "sum", "next")),
        "functools.reduce",
    }
)
"""Calls that use a function they are given and let go of it."""

COPIERS = frozenset({"copy.copy", "copy.deepcopy", "copy.replace", "dataclasses.replace"})
"""Calls that make another object of the class of their first argument, with its elements."""

LAZY = frozenset({"builtins.map", "builtins.filter"})
"""Iterators that make or pick each element when they are asked for it."""

ENTERED = frozenset({"contextlib.nullcontext", "contextlib.closing", "contextlib.aclosing"})
"""Context managers that give a ``with`` statement what they were given."""

INSTANCE_MAKERS = frozenset(
    {
        "builtins.object",
        "builtins.open",
        "csv.reader",
        "csv.writer",
        "ftplib.FTP",
        "ftplib.FTP_TLS",
        "functools.partial",
        "functools.partialmethod",
        "hmac.HMAC",
        "imaplib.IMAP4",
        "imaplib.IMAP4_SSL",
        "itertools.count",
        "mmap.mmap",
        "operator.attrgetter",
        "operator.itemgetter",
        "operator.methodcaller",
        "poplib.POP3",
        "poplib.POP3_SSL",
        "sched.scheduler",
        "select.epoll",
        "select.kqueue",
        "select.poll",
        "shelve.open",
        "shlex.shlex",
        "smtplib.LMTP",
        "smtplib.SMTP",
        "smtplib.SMTP_SSL",
        "socket.create_connection",
        "socket.create_server",
        "socket.socket",
        "sqlite3.connect",
        "ssl.create_default_context",
        "threading.local",
        "types.SimpleNamespace",
        "urllib.request.build_opener",
        "weakref.finalize",
        "weakref.ref",
    }
)
"""Calls whose names do not look like a class, and which make objects that are no plain values."""

VALUE_MAKERS = frozenset(
    {
        "decimal.Decimal",
        "fractions.Fraction",
        "ipaddress.IPv4Address",
        "ipaddress.IPv4Interface",
        "ipaddress.IPv4Network",
        "ipaddress.IPv6Address",
        "ipaddress.IPv6Interface",
        "ipaddress.IPv6Network",
        "pathlib.Path",
        "pathlib.PosixPath",
        "pathlib.PurePath",
        "pathlib.PurePosixPath",
        "pathlib.PureWindowsPath",
        "pathlib.WindowsPath",
    }
)
"""Classes whose names look like one, and whose instances are values: nothing changes them, equal ones are the same."""

CLASS_MAKERS = frozenset({"builtins.type", "types.new_class"})
"""Calls that make a class of a name and a tuple of bases."""

CLASS_FACTORIES = frozenset(
    {
        "collections.namedtuple",
        "typing.NamedTuple",
        "typing_extensions.NamedTuple",
        "typing.TypedDict",
        "typing_extensions.TypedDict",
        "dataclasses.make_dataclass",
        "types.new_class",
        "enum.Enum",
        "enum.IntEnum",
        "enum.StrEnum",
        "enum.Flag",
        "enum.IntFlag",
    }
)
"""Calls that make a class."""

RECORD_MAKERS = frozenset(
    {
        "collections.namedtuple",
        "typing.NamedTuple",
        "typing_extensions.NamedTuple",
        "typing.TypedDict",
        "typing_extensions.TypedDict",
        "dataclasses.make_dataclass",
    }
)
"""Calls that make a class of field names: of their arguments it keeps defaults, bases and annotations."""

RECORDS = frozenset({"collections.namedtuple", "typing.NamedTuple", "typing_extensions.NamedTuple"})
"""Those of them that make a kind of tuple: an instance holds what it is given."""

IDENTITY_ONLY = METHODS_OF_SAME | frozenset(
    f"{module}.{name}"
    for module in ("typing", "typing_extensions")
    for name in ("TypeVar", "NewType", "ParamSpec", "TypeVarTuple", "Protocol")
)
"""Of these only the identity differs after a reload, and nobody looks."""

NEW_TYPES = frozenset({"typing.NewType()", "typing_extensions.NewType()"})
"""What gives back what it is called with."""

GENERIC_BASES = frozenset(
    f"{module}.{name}" for module in ("typing", "typing_extensions") for name in ("Generic", "Protocol")
)

ENUMS = frozenset(f"enum.{name}" for name in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum"))
COMPARABLE_ENUM_BASES = frozenset({"enum.IntEnum", "enum.StrEnum", "enum.IntFlag", "builtins.str", "builtins.int"})

CACHES = frozenset({"functools.lru_cache", "functools.cache", "functools.cached_property"})
"""Decorators that keep what the function returned."""

TRANSPARENT_DECORATORS = CACHES | frozenset(
    {
        "builtins.staticmethod",
        "builtins.classmethod",
        "functools.wraps",
        "typing.overload",
        "typing.final",
        "typing.no_type_check",
        "abc.abstractmethod",
        "typing_extensions.override",
        "typing.override",
        "atexit.register",
    }
)
"""Decorators under which calling the function still gives what its body returns."""

DATACLASSES = frozenset(
    {
        "dataclasses.dataclass",
        *(f"attr.{name}" for name in ("s", "attrs", "dataclass", "define", "frozen", "mutable")),
        *(f"attrs.{name}" for name in ("define", "frozen", "mutable")),
    }
)
"""Class decorators that make an ``__init__`` whose parameters are the fields of the class."""

WITHOUT_ATTRIBUTES = DATACLASSES - {"dataclasses.dataclass", "attr.s", "attr.attrs"}
"""Those of them that take annotated fields off the class, whatever they are given."""

MODELS = frozenset(
    {
        *("pydantic.BaseModel", "pydantic.main.BaseModel", "pydantic.v1.BaseModel", "pydantic.BaseSettings"),
        *("pydantic_settings.BaseSettings", "pydantic_settings.main.BaseSettings"),
        *("sqlmodel.SQLModel", "sqlmodel.main.SQLModel", "msgspec.Struct"),
    }
)
"""Bases that take annotated fields off the classes that inherit from them; each instance gets a copy of a default."""

FIELDS = frozenset({"dataclasses.field", "attr.ib", "attr.field", "attrs.field", "pydantic.Field"})
"""Calls in a class body whose ``default`` or factory argument is a default of the generated ``__init__``."""

DEFAULTS_OF_FIELDS = frozenset({"default", "default_factory", "factory"})
"""Their arguments that are such a default, or make one."""

REGISTRIES = vocabulary.REGISTRIES
"""Containers of the standard library in which a callable (or an object) is registered by putting it there."""

REGISTRARS = frozenset(
    {
        *(f"{registry}.{method}" for registry in vocabulary.REGISTRIES for method in vocabulary.MUTATORS),
        "atexit.register",
        "signal.signal",
        "sys.settrace",
        "sys.setprofile",
        "sys.addaudithook",
        "sys.set_asyncgen_hooks",
        "sys.monitoring.register_callback",
        "threading.settrace",
        "threading.setprofile",
        "threading.settrace_all_threads",
        "threading.setprofile_all_threads",
        "codecs.register",
        "codecs.register_error",
        "copyreg.pickle",
        "copyreg.constructor",
        "weakref.finalize",
        "os.register_at_fork",
        "faulthandler.register",
        "logging.setLoggerClass",
        "logging.setLogRecordFactory",
        "logging.basicConfig",
        "logging.config.dictConfig",
        "logging.getLogger().addHandler",
        "logging.getLogger().addFilter",
        "logging.root.addHandler",
        "logging.root.addFilter",
        "shutil.register_archive_format",
        "shutil.register_unpack_format",
        "sqlite3.register_adapter",
        "sqlite3.register_converter",
        "readline.set_completer",
        "readline.set_startup_hook",
        "readline.set_pre_input_hook",
        "readline.set_completion_display_matches_hook",
        "urllib.request.install_opener",
        "webbrowser.register",
        "asyncio.set_event_loop_policy",
        "asyncio.get_event_loop().add_signal_handler",
        "asyncio.get_event_loop().call_soon",
        "asyncio.get_event_loop().call_later",
        "asyncio.get_event_loop().set_exception_handler",
        "unittest.installHandler",
        "unittest.registerResult",
        "unittest.addModuleCleanup",
        "unittest.enterModuleContext",
        "multiprocessing.util.register_after_fork",
        "multiprocessing.util.Finalize",
        "multiprocessing.managers.BaseManager.register",
        "multiprocessing.managers.SyncManager.register",
        "email.charset.add_codec",
    }
)
"""Functions of the standard library that keep a callable (or an object) they are given, for the whole process."""

KEEPERS = vocabulary.KEEPERS
"""Methods with which an object of the standard library, by its top module, keeps what it is given."""

HOOKS = vocabulary.HOOKS
"""Attributes of the standard library that keep a callable (or an object) for the whole process."""

VALUE_METHODS = frozenset(name for kind in (str, bytes, int, float, list, tuple, set, dict) for name in dir(kind))
"""Methods of plain values and containers."""

FORMATS = frozenset({"format", "format_map"})
"""Methods that make a string of their arguments, whatever has them."""

COPIES = frozenset({"copy", "items", "keys", "values"})
"""Methods that make a container of a container's elements."""

GETTERS = frozenset({"get", "pop", "setdefault"})
"""Methods that give an element of a container."""

REMOVERS = frozenset({"clear", "pop", "popitem", "popleft", "remove", "discard", "__delitem__"})
"""Methods that take elements out of a container."""

UNPACKERS = frozenset({"extend", "extendleft", "update"})
"""Methods that put the elements of their arguments into a container."""

MUTATORS = vocabulary.MUTATORS
"""Methods that put their arguments into a container."""
