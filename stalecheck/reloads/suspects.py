"""Which files may reload something, by their bytes alone: a file that is passed over is never parsed for it."""

from __future__ import annotations

import re

_RELOADS = re.compile(rb"reload|exec_module|load_module|load_source|import_fresh_module|CleanImport|unload_extension")
_WORDS = (
    *(b"reload", b"exec_module", b"load_module", b"load_source"),
    *(b"import_fresh_module", b"CleanImport", b"unload_extension"),
)
_QUOTED = (b'"modules"', b"'modules'")
_BOOTSTRAP = re.compile(rb"_exec\b")
_FROM_SYS = re.compile(
    rb"from[\s\\]+sys[\s\\]+import\b[\s\\]*(?:\([^)]*\bmodules\b|(?:[^\n\\]|\\\r?\n)*(?:\bmodules\b|\*))"
)
_HELPER = re.compile(rb"\.(?:unload|forget)\b")
_FROM_SUPPORT = re.compile(
    rb"support[\w.]*[\s\\]+import\b[\s\\]*(?:\([^)]*\b(?:unload|forget)\b|[^\n]*(?:\b(?:unload|forget)\b|\*))"
)
_MODULES = re.compile(rb"modules\b")
_DELETED = re.compile(rb"\bdel\b")
_DELETED_BELOW = re.compile(rb"\bdel\b[ \t]*[(\\]")
_LOOKED_AT = re.compile(rb"\s*\[|\.(?:get|items|keys|values|copy)\b")
_LOOKED_THROUGH = re.compile(
    rb"(?:\b(?:in|is|not|and|or)\s+|\*\*|(?<![.\w])(?:bool|dict|frozenset|id|iter|len|list|set|sorted|tuple)\()\w+\.\Z"
)
_ITEM_ASSIGNED = re.compile(rb"\s*\[[^\n]*\][ \t]*=")
_PROSE = re.compile(rb"\w*[ \t]+(?!(?:and|as|else|for|if|in|is|not|or)\b)[A-Za-z]")
"""What follows a word that is no code: no statement has two names in a row."""


def may_reload(source: bytes) -> bool:
    """Whether a file's bytes spell something that may reload a module; many that do reload nothing."""
    return (
        (any(word in source for word in _WORDS) and any(map(_is_code, _RELOADS.finditer(source))))
        or any(word in source for word in _QUOTED)
        or (b"_bootstrap" in source and _BOOTSTRAP.search(source) is not None)
        or (b"support" in source and _takes_helper(source))
        or (b"sys" in source and _FROM_SYS.search(source) is not None)
        or (b"modules" in source and _may_evict(source))
    )


def _is_code(found: re.Match[bytes]) -> bool:
    """Whether a word may stand in code: not in a comment of its own line, nor in the middle of a sentence."""
    source, start = found.string, found.start()
    is_other_word = source.startswith(b"preload", max(start - 1, 0))
    before = source[source.rfind(b"\n", 0, start) + 1 : start].lstrip()
    return not is_other_word and not before.startswith(b"#") and _PROSE.match(source, found.end()) is None


def _takes_helper(source: bytes) -> bool:
    """Whether ``unload`` or ``forget`` may be those of CPython's ``test.support``."""
    if _FROM_SUPPORT.search(source) is not None:
        return True
    for found in _HELPER.finditer(source):
        owner = re.search(rb"\w*\Z", source[max(0, found.start() - 40) : found.start()])
        name = b"" if owner is None else owner[0]
        if name in (b"support", b"import_helper") or (name and re.search(rb"\bas[ \t]+%b\b" % name, source)):
            return True
    return False


def _may_evict(source: bytes) -> bool:
    """Whether a mention of ``sys.modules`` does more than to look at it."""
    is_mentioned = False
    for found in _MODULES.finditer(source):
        start, end = found.span()
        line = source[source.rfind(b"\n", 0, start) + 1 : start]
        if not line.endswith(b"."):
            if source[max(0, start - 200) : start].rstrip(b" \t\r\n\\").endswith(b"."):
                return True
            continue
        if line.endswith(b"self.") or not _is_code(found):
            continue
        is_mentioned = True
        is_statement = b" " not in line.strip() and b"(" not in line
        if is_statement and not _ITEM_ASSIGNED.match(source, end):
            return True
        if _DELETED.search(line) or not (_LOOKED_AT.match(source, end) or _LOOKED_THROUGH.search(line)):
            return True
    return is_mentioned and _DELETED_BELOW.search(source) is not None
