"""What to do about a holder, in one line."""

from __future__ import annotations

from stalecheck.vocabulary import HolderKind

_REMEDIES = {
    HolderKind.FROM_IMPORT: "import it again, or use it through its module",
    HolderKind.STAR_IMPORT: "import it again, or use it through its module",
    HolderKind.MODULE_IMPORT: "import the module again",
    HolderKind.ALIAS: "bind it again",
    HolderKind.INSTANCE: "make it again",
    HolderKind.ENUM_MEMBER: "take it again from the class of today",
    HolderKind.BASE_CLASS: "reload the module of the subclass",
    HolderKind.DEFAULT_ARGUMENT: "reload the function's module",
    HolderKind.CONTAINER: "fill it again",
    HolderKind.WRAPPED_CALLABLE: "wrap it again",
    HolderKind.CLOSURE: "make the function again",
    HolderKind.CACHED_RESULT: "clear the cache",
    HolderKind.DECORATED: "reload the module of what is decorated",
    HolderKind.CALLBACK: "register it again, and take the old one off",
    HolderKind.ANNOTATION: "reload the module of the annotation",
    HolderKind.LOCAL: "goes when the function ends",
    HolderKind.ATTRIBUTE: "set the attribute again",
    HolderKind.SLOT: "set the attribute again",
    HolderKind.GENERATOR: "start it again",
    HolderKind.TASK: "start it again",
    HolderKind.CONTEXT_VARIABLE: "set it again",
    HolderKind.FINALIZER: "detach it and register it again",
    HolderKind.PATCH: "stop the patch and start it again",
    HolderKind.HISTORY: "goes with the next results; or delete it",
    HolderKind.TYPING_CACHE: "harmless: typing drops it by itself",
    HolderKind.WEAK_REGISTRY: "register the class of today; this keeps nothing alive",
    HolderKind.UNSEEN: "look for what C code or the interpreter keeps",
}


def remedy_for(kind: HolderKind) -> str:
    """Return what to do about a holder of this kind."""
    return _REMEDIES[kind]
