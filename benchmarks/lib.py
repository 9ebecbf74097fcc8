"""Time the linter on CPython's own `Lib` against `ruff check --select F`, and say where the time goes."""

from __future__ import annotations

import argparse
import compileall
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from stalecheck import run as pipeline
from stalecheck.config import load_config
from stalecheck.model import SourceFile
from stalecheck.read import processors
from stalecheck.render import render

BOUND = 30
"""How many times as long as ruff the linter may take."""

STAGES = {
    "discover": ("discover",),
    "read": ("_read",),
    "index": ("index_files",),  # and finding the reloads, beside it
    "schedule": ("schedule",),
    "nominate": ("nominate",),
    "summarize": ("summarize_files",),
    "link": ("link",),
    "rules": ("judge",),
    "suppress": ("suppress",),
}
"""The stages in order, and the names in `stalecheck.run` by which the pipeline calls them."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One run of a command."""

    wall: float
    cpu: float
    """Of all its processes; 0 where the system does not tell."""


@dataclass(slots=True)
class Stages:
    """Seconds by stage of one run in this process, and what the stages were given."""

    seconds: dict[str, float] = field(default_factory=dict)
    indexed: dict[SourceFile, bytes] = field(default_factory=dict)
    summarized: dict[SourceFile, bytes] = field(default_factory=dict)
    reloads: int = 0
    diagnostics: int = 0


def main() -> int:
    options = _options()
    ruff = _ruff()
    if ruff is None:
        print("ruff is not installed: pip install 'stalecheck[dev]'", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="stalecheck-") as temporary:
        lib = _copied(Path(options.lib), Path(temporary).resolve() / "Lib")
        _print_machine(lib, ruff)
        # As an installed program has it.
        compileall.compile_dir(Path(pipeline.__file__).parent, quiet=1)
        linter = [sys.executable, "-m", "stalecheck", "--isolated", "--exit-zero", "--output-format", "concise"]
        if options.jobs:
            linter += ["--jobs", str(options.jobs)]
        is_within = True
        try:
            is_within = _compare(
                [*linter, str(lib)],
                [ruff, "check", "--isolated", "--no-cache", "--select", "F", "--exit-zero", "--quiet", str(lib)],
                lines=_count(path.read_bytes() for path in lib.rglob("*.py")),
                rounds=options.rounds,
                timeout=options.timeout,
            )
        except subprocess.TimeoutExpired as error:
            print(f"given up after {error.timeout:.0f} s: {Path(error.cmd[0]).name}", flush=True)
        except subprocess.CalledProcessError as error:
            print(f"{error.cmd} exited with {error.returncode}:\n{error.stderr}", file=sys.stderr)
            return 2
        if not options.no_stages:
            _print_stages(_measure_stages(lib, options.jobs))
    return 0 if is_within else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each command runs (default: 3)")
    parser.add_argument("--jobs", type=int, default=0, help="processes for the linter (default: its own choice)")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one run (default: 600)")
    parser.add_argument("--no-stages", action="store_true", help="only compare")
    parser.add_argument(
        "--lib",
        default=sysconfig.get_path("stdlib"),
        help="another folder of Python files (default: Lib of this interpreter, without site-packages)",
    )
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be 1 or more")
    return options


def _ruff() -> str | None:
    beside = str(Path(sys.executable).parent)
    return shutil.which("ruff", path=os.pathsep.join([beside, os.environ.get("PATH", os.defpath)]))


def _copied(lib: Path, target: Path) -> Path:
    """Copy the Python files: no site-packages, and no project above them whose settings would count."""
    for directory, folders, names in os.walk(lib):
        folders[:] = [name for name in folders if name not in {"site-packages", "__pycache__"}]
        for name in names:
            if name.endswith(".py"):
                place = target / Path(directory, name).relative_to(lib)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(directory, name), place)
    return target


def _print_machine(lib: Path, ruff: str) -> None:
    version = subprocess.run([ruff, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    files = list(lib.rglob("*.py"))
    lines = _count(path.read_bytes() for path in files)
    print(f"Python {platform.python_version()}, {version}, {processors()} processors{_load()}")
    print(f"{len(files)} files, {lines / 1000:.0f} thousand lines\n", flush=True)


def _load() -> str:
    return f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


def _count(contents: Iterator[bytes] | Collection[bytes]) -> int:
    return sum(content.count(b"\n") for content in contents)


def _compare(linter: Sequence[str], ruff: Sequence[str], *, lines: int, rounds: int, timeout: float) -> bool:
    """Run both in turn, so that a busy minute of the machine hits both, print the medians, and compare."""
    of_linter: list[Timing] = []
    of_ruff: list[Timing] = []
    for _ in range(rounds):
        of_ruff.append(_timed(ruff, timeout))
        of_linter.append(_timed(linter, timeout))
    print(f"{'':12}{'median s':>10}{'CPU s':>8}{'klines/s':>10}   rounds")
    for name, timings in (("stalecheck", of_linter), ("ruff", of_ruff)):
        wall = median(timing.wall for timing in timings)
        cpu = median(timing.cpu for timing in timings)
        each = " ".join(f"{timing.wall:.2f}" for timing in timings)
        print(f"{name:12}{wall:10.2f}{cpu:8.2f}{lines / wall / 1000:10.0f}   {each}")
    ratio = median(timing.wall for timing in of_linter) / median(timing.wall for timing in of_ruff)
    print(f"ratio {ratio:.1f} (bound {BOUND}): {'within' if ratio <= BOUND else 'TOO SLOW'}\n", flush=True)
    return ratio <= BOUND


def _timed(command: Sequence[str], timeout: float) -> Timing:
    cpu, start = _children(), time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            _, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            raise
    wall = time.perf_counter() - start
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=errors)
    return Timing(wall, _children() - cpu)


def _end(process: subprocess.Popen[str]) -> None:
    """End a command with the worker processes that it started, which are in its own session."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, 9)
    else:
        process.kill()


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _measure_stages(lib: Path, jobs: int) -> Stages:
    """Run the pipeline once in this process, with a clock around each stage."""
    stages = Stages()
    config = load_config([lib], cwd=lib, config_file=None, isolated=True, overrides={"jobs": jobs} if jobs else {})
    with _clocked(stages):
        start = time.perf_counter()
        report = pipeline.run([lib], config, cwd=lib)
        middle = time.perf_counter()
        render(report, "concise", cwd=lib, verbose=False, color=False, show_suppressed=False)
        end = time.perf_counter()
    # The rules draw what they judge from the linker, whose clock runs by itself.
    stages.seconds["render"] = end - middle
    stages.seconds["other"] = end - start - sum(stages.seconds.values())
    stages.reloads, stages.diagnostics = len(report.reloads), len(report.diagnostics)
    return stages


@contextmanager
def _clocked(stages: Stages) -> Iterator[None]:
    originals = {name: getattr(pipeline, name) for names in STAGES.values() for name in names}
    given = {"index_files": stages.indexed, "summarize_files": stages.summarized}
    clocked = {
        name: _with_clock(originals[name], stage, stages.seconds, given.get(name))
        for stage, names in STAGES.items()
        for name in names
    }
    with ExitStack() as stack:
        for name, function in clocked.items():
            stack.enter_context(patch.object(pipeline, name, function))
        yield


def _with_clock(
    function: Callable[..., Any], stage: str, seconds: dict[str, float], given: dict[SourceFile, bytes] | None
) -> Callable[..., Any]:
    def clocked(*arguments: Any, **options: Any) -> Any:
        if given is not None:
            given.update(arguments[0])
        start = time.perf_counter()
        result = function(*arguments, **options)
        if isinstance(result, Iterator):
            result = list(result)  # A generator works only when it is read.
        seconds[stage] = seconds.get(stage, 0) + time.perf_counter() - start
        return result

    return clocked


def _print_stages(stages: Stages) -> None:
    total = sum(stages.seconds.values())
    counts = {"index": stages.indexed, "summarize": stages.summarized}
    print(f"{'stage':12}{'seconds':>10}{'share':>8}{'files':>8}{'klines':>8}")
    for stage in (*STAGES, "render", "other"):
        taken = stages.seconds.get(stage, 0.0)
        files = counts.get(stage)
        read = "" if files is None else f"{len(files):8}{_count(files.values()) / 1000:8.0f}"
        print(f"{stage:12}{taken:10.2f}{taken / total:8.0%}{read}")
    print(f"{'total':12}{total:10.2f}")
    print(f"{stages.reloads} places that reload, {stages.diagnostics} diagnostics")


if __name__ == "__main__":
    sys.exit(main())
