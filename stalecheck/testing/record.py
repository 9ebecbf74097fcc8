"""What a test has left behind, as it is handed on and written."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stalecheck.probing.report import Finding
from stalecheck.probing.words import shown
from stalecheck.testing.caller import Line
from stalecheck.vocabulary import ReloadMode


@dataclass(frozen=True, slots=True)
class Record:
    """A module that a test has reloaded or replaced, and what of the version before is still in use."""

    test: str
    """The id of the test or of what was collected."""

    module: str
    mode: ReloadMode
    line: Line | None
    again: tuple[Line, ...]
    """Where the test has reloaded it once more."""

    version: int
    """Which version of the module was there before, from 1."""

    findings: tuple[Finding, ...]
    is_allowed: bool = False
    """Whether a marker allows it, so that it is not reported."""

    is_undone: bool = False
    """Whether the module of before is back, so that what is found is of a copy made meanwhile."""

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON knows it."""
        return {
            "test": self.test,
            "module": self.module,
            "mode": self.mode.value,
            "where": {"filename": shown(self.line.filename), "line": self.line.line} if self.line else None,
            "findings": [finding.to_dict() for finding in self.findings],
        }


def write_json(records: Iterable[Record], path: Path) -> None:
    """Write records to a file, all or nothing; what is a device or a link stays one.

    Raises:
        OSError: That is not possible.
    """
    text = json.dumps([record.to_dict() for record in records], indent=2) + "\n"
    if _is_stream(path):
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
        return
    path = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        _take_permissions(Path(name), path)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def check_writable(path: Path) -> None:
    """See whether a file can be written later, and leave it as it is.

    Raises:
        OSError: It cannot.
    """
    if path.is_dir():
        raise IsADirectoryError(21, "Is a directory")
    if path.exists():
        with path.open("ab"):
            pass
    if not _is_stream(path):
        with tempfile.TemporaryFile(dir=path.resolve().parent):
            pass


def _is_stream(path: Path) -> bool:
    """Whether a file takes what is added to it: a pipe, a device, standard output wherever that is redirected to."""
    return (path.exists() and not path.is_file()) or path.parts[1:2] in (("dev",), ("proc",))


def _take_permissions(new: Path, path: Path) -> None:
    """Give a temporary file, which only its owner can read, the permissions that the file has or would be given."""
    if path.exists():
        mode = path.stat().st_mode & 0o777
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    new.chmod(mode)
