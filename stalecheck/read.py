"""Reading files and putting work on several processes: the pipeline's side effects."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from stalecheck.discover import why_unread
from stalecheck.index import FileIndex, Unreadable, index_file
from stalecheck.model import Location, SourceFile
from stalecheck.packing import pack
from stalecheck.reloads import may_reload
from stalecheck.summarize.summary import Summary

_WORTH_A_POOL = 1_000_000
"""Bytes; below, starting processes costs more than it saves."""

_CHUNK = 100_000
"""Bytes that a process is handed at once, at least."""

_STACK = 256 * 1024 * 1024
_RECURSION = 100_000

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Found = TypeVar("_Found")
Progress = Callable[[str, int, int], None]
Search = Callable[[Mapping[SourceFile, bytes]], tuple[_Found, dict[SourceFile, FileIndex]]]
"""Finds the reloads; gives the indexes of the files that it has parsed, too."""

_CRASHED = FileIndex(error=Unreadable("Python itself crashed on this file", Location(1, 1)))


@dataclass(frozen=True, slots=True)
class Summarize:
    """The close look as a picklable function of a file's bytes; LibCST is imported when it is first called."""

    target_version: tuple[int, int]

    def __call__(self, data: bytes) -> Summary | Unreadable:
        """Summarize one file's bytes."""
        from stalecheck.summarize.walker import summarize

        try:
            return summarize(data, self.target_version)
        except RecursionError:
            return Unreadable("too deeply nested to be analysed", Location(1, 1))


def read_files(files: Iterable[SourceFile]) -> tuple[dict[SourceFile, bytes], dict[SourceFile, Unreadable]]:
    """Read all files; return their bytes, and what could not be read."""
    found: dict[SourceFile, bytes] = {}
    errors: dict[SourceFile, Unreadable] = {}
    for file in files:
        try:
            found[file] = file.path.read_bytes()
        except OSError as error:  # noqa: PERF203
            errors[file] = Unreadable(why_unread(error), Location(1, 1))
    return found, errors


def index_files(
    sources: Mapping[SourceFile, bytes], search: Search[_Found], *, jobs: int, progress: Progress
) -> tuple[dict[SourceFile, FileIndex], _Found]:
    """Index all files, and search them for reloads: at the same time, where several processes pay.

    The search itself indexes the files that may reload something, which it parses anyway.
    """
    with _processes(sources, jobs) as pool:
        searching = None if pool is None else pool.submit(_packed, search, sources)
        found = _deeply_with(search, sources) if searching is None else None
        rest = dict(_map(_index_unsearched, sources, None, "indexing", pool, progress))
        if searching is not None:
            with suppress(BrokenProcessPool):
                found = pickle.loads(searching.result())
    searched = {} if found is None else found[1]
    indexes = {
        file: index or searched.get(file) or _alone(index_file, sources[file], _CRASHED) for file, index in rest.items()
    }
    if found is None:
        found = _deeply_with(search, {file: sources[file] for file in sources if indexes[file].error is None})
    return indexes, found[0]


def _index_unsearched(data: bytes) -> FileIndex | None:
    """Index a file's bytes; None where the search does so."""
    return None if may_reload(data) else index_file(data)


def summarize_files(
    sources: Mapping[SourceFile, bytes], target_version: tuple[int, int], *, jobs: int, progress: Progress
) -> dict[SourceFile, Summary | Unreadable]:
    """Summarize files; one on which the parser dies is unreadable."""
    failed: Summary | Unreadable = Unreadable(
        "the parser crashed on this file; is it generated, or very deeply nested?", Location(1, 1)
    )
    work: Callable[[bytes], Summary | Unreadable] = Summarize(target_version)
    with _processes(sources, jobs) as pool:
        return dict(_map(work, sources, failed, "analysing", pool, progress))


def _map(
    work: Callable[[bytes], _Result],
    sources: Mapping[SourceFile, bytes],
    failed: _Result,
    stage: str,
    pool: ProcessPoolExecutor | None,
    progress: Progress,
) -> Iterator[tuple[SourceFile, _Result]]:
    """Yield each file with the result of the work on its bytes."""
    files = sorted(sources, key=lambda file: -len(sources[file]))
    items = [sources[file] for file in files]
    results = iter(_in_thread(work, items)) if pool is None else _in_processes(work, items, failed, pool)
    for done, (file, result) in enumerate(zip(files, results, strict=True), start=1):
        progress(stage, done, len(files))
        yield file, result


def _in_thread(work: Callable[[bytes], _Result], items: Sequence[bytes]) -> list[_Result]:
    return deeply(lambda: [work(item) for item in items])


def _deeply_with(work: Callable[[_Item], _Result], item: _Item) -> _Result:
    return deeply(lambda: work(item))


def _packed(work: Callable[[_Item], _Result], item: _Item) -> bytes:
    return pack(_deeply_with(work, item))


def deeply(work: Callable[[], _Result]) -> _Result:
    """Work in a thread with a stack that is large enough for deeply nested code, the collector paused."""
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            with collector_paused():
                results.append(work())
        except BaseException as error:
            errors.append(error)

    recursion = sys.getrecursionlimit()
    size = threading.stack_size(_STACK)
    try:
        sys.setrecursionlimit(_RECURSION)
        thread = threading.Thread(target=run, daemon=True)  # Ctrl-C does not wait for it.
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(recursion)
    if errors:
        raise errors[0]
    return results[0]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the collector from walking in vain, again and again, ever more of what is still in use."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def _processes(sources: Mapping[SourceFile, bytes], jobs: int) -> Iterator[ProcessPoolExecutor | None]:
    """Give a pool of processes; None where starting them costs more than it saves."""
    if jobs > 1 and sum(len(data) for data in sources.values()) > _WORTH_A_POOL:
        with _pool(jobs) as pool:
            yield pool
    else:
        yield None


def _in_processes(
    work: Callable[[bytes], _Result], items: Sequence[bytes], failed: _Result, pool: ProcessPoolExecutor
) -> Iterator[_Result]:
    chunks = list(_chunks(items))
    futures = [pool.submit(_Worker.work, work, chunk) for chunk in chunks]
    for chunk, future in zip(chunks, futures, strict=True):
        try:
            yield from pickle.loads(future.result())
        except BrokenProcessPool:  # noqa: PERF203
            for item in chunk:
                yield _alone(work, item, failed)


def _chunks(items: Sequence[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for item in items:
        chunk.append(item)
        size += len(item)
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _alone(work: Callable[[bytes], _Result], item: bytes, failed: _Result) -> _Result:
    """Work on one item in a process of its own, whose death is an answer."""
    with _pool(1) as pool:
        try:
            result: _Result = pickle.loads(pool.submit(_Worker.work, work, [item]).result())[0]
            return result
        except BrokenProcessPool:
            return failed


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool of processes that end with Ctrl-C, whatever this one is doing then."""
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods and sys.platform == "linux" else None)
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_Worker.begin) as pool:
        try:
            yield pool
        except KeyboardInterrupt:
            for worker in multiprocessing.active_children():  # A terminal tells them too, `kill` does not.
                if worker.pid is not None:
                    os.kill(worker.pid, signal.SIGINT)
            raise


class _Worker:
    """What Ctrl-C does in a worker: ends its work, and prints nothing where it waits for some.

    It does not end the process: before Python 3.11.5, a pool whose workers are gone may wait for them for ever.
    """

    is_interrupted = False
    is_working = False

    @classmethod
    def begin(cls) -> None:
        """Begin a worker: what it has of its parent is not its to collect, what it makes is."""
        gc.freeze()
        gc.enable()
        signal.signal(signal.SIGINT, cls._interrupt)

    @classmethod
    def work(cls, work: Callable[[bytes], _Result], items: Sequence[bytes]) -> bytes:
        """Work on the items; return the packed list of results. Raises KeyboardInterrupt, also for Ctrl-C between."""
        if cls.is_interrupted:
            raise KeyboardInterrupt
        cls.is_working = True
        try:
            return pack(_in_thread(work, items))
        finally:
            cls.is_working = False

    @classmethod
    def _interrupt(cls, *_: object) -> None:
        cls.is_interrupted = True
        if cls.is_working:
            raise KeyboardInterrupt


def processors() -> int:
    """Return how many processes run at once at most."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def text_lines(data: bytes) -> tuple[str, ...]:
    """Split source bytes into lines of text, whatever their encoding; for showing them only."""
    from stalecheck.index import decode

    try:
        text = decode(data)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        text = data.decode("utf-8", "replace")
    return tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
