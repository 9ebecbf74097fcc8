"""The words both halves share: how a module is reloaded, what goes stale, and what keeps it."""

from __future__ import annotations

from enum import Enum, IntEnum


class ReloadMode(str, Enum):
    """How a module's body is made to run again."""

    RELOAD = "reload"
    """The same module object and the same ``__dict__``; names are rebound (``importlib.reload``)."""

    REIMPORT = "reimport"
    """The entry in ``sys.modules`` goes, and the next import makes a second module object."""


class OriginKind(str, Enum):
    """What each run of a module's body makes anew."""

    FUNCTION = "function"
    CLASS = "class"
    INSTANCE = "instance"
    VALUE = "value"
    MODULE = "module"


class HolderKind(str, Enum):
    """The kind of place that keeps an old origin alive."""

    FROM_IMPORT = "from-import"
    STAR_IMPORT = "star-import"
    MODULE_IMPORT = "module-import"
    ALIAS = "alias"
    INSTANCE = "instance"
    BASE_CLASS = "base-class"
    DEFAULT_ARGUMENT = "default-argument"
    CONTAINER = "container"
    WRAPPED_CALLABLE = "wrapped-callable"
    CACHED_RESULT = "cached-result"
    ENUM_MEMBER = "enum-member"
    DECORATED = "decorated"
    CALLBACK = "callback"
    ANNOTATION = "annotation"

    # What only a running program shows:
    LOCAL = "local"
    CLOSURE = "closure"
    ATTRIBUTE = "attribute"
    SLOT = "slot"
    GENERATOR = "generator"
    TASK = "task"
    CONTEXT_VARIABLE = "context-variable"
    FINALIZER = "finalizer"
    PATCH = "patch"
    FIXTURE = "fixture"
    HISTORY = "history"
    TYPING_CACHE = "typing-cache"
    WEAK_REGISTRY = "weak-registry"
    UNSEEN = "unseen"


CODES: dict[HolderKind, str] = {
    HolderKind.STAR_IMPORT: "STL102",
    HolderKind.MODULE_IMPORT: "STL103",
    HolderKind.INSTANCE: "STL201",
    HolderKind.BASE_CLASS: "STL203",
    HolderKind.DEFAULT_ARGUMENT: "STL204",
    HolderKind.CONTAINER: "STL205",
    HolderKind.WRAPPED_CALLABLE: "STL206",
    HolderKind.CLOSURE: "STL206",
    HolderKind.CACHED_RESULT: "STL207",
    HolderKind.ENUM_MEMBER: "STL208",
    HolderKind.DECORATED: "STL209",
    HolderKind.CALLBACK: "STL210",
    HolderKind.ANNOTATION: "STL211",
    HolderKind.FINALIZER: "STL210",
    HolderKind.WEAK_REGISTRY: "STL210",
}
"""The rule that reports a holder, whatever the origin. Imports and aliases depend on it: see `code_of`."""


def code_of(holder: HolderKind, origin: OriginKind) -> str | None:
    """Return the code of the rule that reports a holder of an origin; None where only a running program shows it."""
    if holder in (HolderKind.FROM_IMPORT, HolderKind.ALIAS):
        if origin is OriginKind.INSTANCE:
            return "STL202"
        if origin is OriginKind.VALUE:
            return "STL105"
        if origin is OriginKind.MODULE and holder is HolderKind.FROM_IMPORT:
            return "STL103"
        return "STL101" if holder is HolderKind.FROM_IMPORT else "STL104"
    return CODES.get(holder)


_REMEDIES = {
    HolderKind.FROM_IMPORT: "run the import again, or use it as an attribute of its module",
    HolderKind.STAR_IMPORT: "run the import again, or use it as an attribute of its module",
    HolderKind.MODULE_IMPORT: "run the import again: there is a new module object",
    HolderKind.ALIAS: "assign it again from the reloaded module",
    HolderKind.INSTANCE: "create it again",
    HolderKind.ENUM_MEMBER: "take the member of the new class",
    HolderKind.BASE_CLASS: "reload the subclass's module, then create its instances again",
    HolderKind.DEFAULT_ARGUMENT: "reload the function's module, or look it up in the body",
    HolderKind.CONTAINER: "put the new one in its place",
    HolderKind.WRAPPED_CALLABLE: "wrap the new one",
    HolderKind.CLOSURE: "call the function that made the closure again",
    HolderKind.CACHED_RESULT: "clear the cache",
    HolderKind.DECORATED: "reload the module of what is decorated too",
    HolderKind.CALLBACK: "take the old one off and register the new one",
    HolderKind.ANNOTATION: "reload the module of the annotation too",
    HolderKind.LOCAL: "wait until the function returns, or let it fetch the new one",
    HolderKind.ATTRIBUTE: "assign the attribute again",
    HolderKind.SLOT: "assign the attribute again",
    HolderKind.GENERATOR: "close it and start a new one",
    HolderKind.TASK: "cancel it and start a new one",
    HolderKind.CONTEXT_VARIABLE: "set the variable again",
    HolderKind.FINALIZER: "detach it and register a new one",
    HolderKind.PATCH: "stop the patch and start it again",
    HolderKind.FIXTURE: "give the fixture function scope, or reload before it is set up",
    HolderKind.HISTORY: "goes with the next results; or delete it",
    HolderKind.TYPING_CACHE: "harmless: typing drops it by itself",
    HolderKind.WEAK_REGISTRY: "register the class of today; this keeps nothing alive",
    HolderKind.UNSEEN: "look at exit functions and at what C code keeps",
}


_DROP = "drop the exception, or its traceback: the function has ended"


_STOP = "stop the thread, or wait until it ends, and start a new one"

RELOAD_AGAIN = "reload it once more, to its end and while nothing is patched: its own name stands for the old one"
"""What to do about a name of the reloaded module itself."""

GONE = "let it go: the module's source no longer has it"
_TAKEN = frozenset(
    {
        *(HolderKind.FROM_IMPORT, HolderKind.STAR_IMPORT, HolderKind.ALIAS),
        *(HolderKind.INSTANCE, HolderKind.ENUM_MEMBER, HolderKind.BASE_CLASS),
    }
)


def remedy_for(holder: HolderKind, *, is_ended: bool = False, is_thread: bool = False, is_gone: bool = False) -> str:
    """Return what to do about a holder of this kind in a running program, in one line.

    Args:
        holder: The kind.
        is_ended: Whether it is a variable of a function that has ended, which a traceback keeps.
        is_thread: Whether it is what a thread has been given, which is running.
        is_gone: Whether the module's source no longer has what is held: what is taken again would be the old one.
    """
    if is_gone and holder in _TAKEN:
        return GONE
    if is_thread and holder is HolderKind.CALLBACK:
        return _STOP
    return _DROP if is_ended and holder is HolderKind.LOCAL else _REMEDIES[holder]


CONTAINERS = frozenset(
    {
        *(
            f"builtins.{name}"
            for name in [
                "list",
                "dict",
                "set",
                "tuple",
                "frozenset",
                "sorted",
                "reversed",
                "enumerate",
                "zip",
                "iter",
            ]
        ),
        "builtins.dict.fromkeys",
        "collections.deque",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.ChainMap",
        "collections.Counter",
        "collections.UserDict",
        "collections.UserList",
        "types.MappingProxyType",
        "types.SimpleNamespace",
        "itertools.chain",
        "itertools.cycle",
        "itertools.repeat",
        "weakref.WeakKeyDictionary",
        "weakref.WeakValueDictionary",
        "weakref.WeakSet",
    }
)
"""Calls that make a container of their arguments, or of the elements of their arguments."""

HOOKS = frozenset(
    {
        "sys.excepthook",
        "sys.unraisablehook",
        "sys.displayhook",
        "sys.breakpointhook",
        "sys.stdout",
        "sys.stderr",
        "sys.stdin",
        "threading.excepthook",
        "warnings.showwarning",
        "warnings.formatwarning",
        "builtins.__import__",
        "logging.lastResort",
        "ssl._create_default_https_context",
        "socket.socket",
    }
)
"""Attributes of the standard library that keep a callable (or an object) for the whole process."""

REGISTRIES = frozenset(
    {
        "copyreg.dispatch_table",
        "email.charset.CODEC_MAP",
        "gc.callbacks",
        "sys.meta_path",
        "sys.path_hooks",
        "sys.path_importer_cache",
        "warnings.filters",
    }
)
"""Containers of the standard library in which a callable (or an object) is registered by putting it there."""

KEEPERS = {
    "argparse": frozenset({"add_argument", "set_defaults", "register"}),
    "asyncio": frozenset(
        {
            "add_reader",
            "add_signal_handler",
            "add_writer",
            "add_done_callback",
            "call_at",
            "call_later",
            "call_soon",
            "call_soon_threadsafe",
            "set_exception_handler",
            "set_task_factory",
        }
    ),
    "contextlib": frozenset({"callback", "enter_context", "push_async_callback", "push_async_exit"}),
    "logging": frozenset({"addFilter", "addHandler", "setFormatter", "setTarget"}),
    "optparse": frozenset({"add_option", "set_defaults"}),
    "sched": frozenset({"enter", "enterabs"}),
    "selectors": frozenset({"modify", "register"}),
    "sqlite3": frozenset(
        {
            "create_aggregate",
            "create_collation",
            "create_function",
            "create_window_function",
            "set_authorizer",
            "set_progress_handler",
            "set_trace_callback",
        }
    ),
    "urllib": frozenset({"add_handler"}),
    "wsgiref": frozenset({"set_app"}),
    "xml": frozenset({"setContentHandler", "setDTDHandler", "setEntityResolver", "setErrorHandler"}),
    "xmlrpc": frozenset({"register_function", "register_instance"}),
}
"""Methods with which an object of the standard library, by its top module, keeps what it is given."""

MUTATORS = frozenset({"append", "appendleft", "add", "insert", "extend", "extendleft", "update", "setdefault", "push"})
"""Methods that put their arguments into a container."""


class Severity(IntEnum):
    """What will happen after the reload, not how sure the report is. Higher is worse."""

    NOTE = 1
    """Only the identity differs, and nobody looks."""

    WARNING = 2
    """Old behaviour or an old value."""

    ERROR = 3
    """Something breaks: an identity is compared or inherited."""

    @property
    def label(self) -> str:
        """The spelling in options and reports: ``note``, ``warning`` or ``error``."""
        return self.name.lower()
