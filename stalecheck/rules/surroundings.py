"""What a file is for: tests are judged by other measures than the program."""

from __future__ import annotations

from stalecheck.model import SourceFile

_FOLDERS = frozenset({"test", "tests", "testing"})


def is_test(file: SourceFile) -> bool:
    """Return whether a file belongs to a test suite, by its name or that of a folder below its root."""
    name = file.path.name
    folders = file.path.relative_to(file.root).parts[:-1] if file.path.is_relative_to(file.root) else ()
    return (
        name.startswith("test_")
        or name.endswith("_test.py")
        or name in {"conftest.py", "tests.py"}
        or not _FOLDERS.isdisjoint({*folders, file.root.name})
    )
