"""How long a look may take, and what a terminal shows meanwhile."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from stalecheck.probing.raw import is_any
from stalecheck.probing.words import columns

_SHOWN_AFTER = 1.0
_SHOWN_EVERY = 0.2

_NAMING = 0.5
"""So many seconds there are at least to name who holds what has been found when the time is over."""


_HINTS = (" (Ctrl-C: what has been found so far)", " (Ctrl-C: the report so far)", " (Ctrl-C ends it)")
"""What can be done, as far as the line has room for it."""

_FILES = (io.BufferedWriter, io.FileIO)
"""What a stream of the interpreter's writes to: the file itself with `python -u`."""


class TimeOverError(Exception):
    """A look has to come to its end with what it has found so far."""


_T = TypeVar("_T")

STOPPED = (KeyboardInterrupt, TimeOverError)


class Progress:
    """Tells each step of a look whether there is time for it, and a terminal which step it is."""

    def __init__(self, max_seconds: float | None = None) -> None:
        self._max_seconds = max_seconds
        self._started = monotonic()
        self._end = None if max_seconds is None else self._started + max_seconds
        self._shown = 0.0
        self._width = 0
        self.is_interrupted = False
        """Whether Ctrl-C was pressed."""

    def step(self, what: str) -> None:
        """Begin a step.

        Raises:
            TimeOverError: The time is over, or Ctrl-C was pressed in a step before.
        """
        if self.is_interrupted and self._end is None:
            self._end = monotonic()
        if self._end is not None and monotonic() > self._end:
            raise TimeOverError
        self.show(what)

    def allow_naming(self) -> None:
        """Begin with the names of what has been found, which takes time even where there is none left."""
        if self._end is not None or self.is_interrupted:
            self._end = max(self._end or 0.0, monotonic() + _NAMING)

    def show(self, what: str) -> None:
        """Say on a terminal what is being done, if it takes long."""
        now = monotonic()
        seconds = now - self._started
        if seconds >= _SHOWN_AFTER and now - self._shown >= _SHOWN_EVERY:
            self._shown = now
            said = f"stalecheck: {what}, {seconds:.0f} s"
            hints = (f"{said}{hint}" for hint in _HINTS)
            self._write(next((text for text in hints if len(text) < columns()), said))

    def stop(self, error: BaseException, missing: str) -> str:
        """Take note that a step was stopped, and return what to say of it.

        Args:
            error: One of `STOPPED`.
            missing: What is missing in the answer.
        """
        self.is_interrupted = self.is_interrupted or type(error) is KeyboardInterrupt
        self._end = monotonic()
        reason = "interrupted" if self.is_interrupted else f"max_seconds={self._max_seconds:g} is over"
        return f"{reason}: {missing}"

    def clear(self) -> None:
        """Take away what has been said on a terminal."""
        self._write("")

    def _write(self, text: str) -> None:
        """Write over what stands on the line of a terminal."""
        if not text and not self._width:
            return
        stream = _terminal()
        if stream is None:
            return
        text = text[: columns() - 1]
        blank = " " * (self._width - len(text))
        stream.write(f"\r{text}{blank}" if text else f"\r{blank}\r")
        stream.flush()
        self._width = len(text)


def uninterrupted(work: Callable[[Progress], _T], progress: Progress) -> _T:
    """Return what some work returns; where Ctrl-C interrupts it, it is asked to go on, with no time left.

    Signals arrive between any two lines, be they those that handle the one before.
    """
    while True:
        try:
            return work(progress)
        except KeyboardInterrupt:  # noqa: PERF203 - it goes on.
            progress.is_interrupted = True


def _terminal() -> Any:
    """Return the standard error stream if it is a terminal, and no object of the user's."""
    stream: Any = sys.stderr
    if type(stream) is not io.TextIOWrapper or not is_any(type(stream.buffer), _FILES):
        return None
    try:
        return stream if stream.isatty() else None
    except ValueError:
        return None
