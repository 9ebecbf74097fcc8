"""Prints how well the linter agrees with the interpreter: ``python -m tests.agreement [--cases] [PACKAGE]...``.

With ``--probe`` it is the probe that is held against both.

With ``--without-fallback`` the linter takes nothing for granted about calls of functions that it does not know:
the difference is what the fallback brings and costs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sized
from typing import Any
from unittest.mock import patch

from stalecheck.link.values import NOTHING
from stalecheck.vocabulary import ReloadMode

from . import measure, probe_measure, probe_remaining, probe_table, remaining, table
from .compare import Agreement
from .probe_compare import Figures
from .targets import TARGETS, NotInstallableError


def main() -> int:
    """Measure the packages named, or all, and print a table for each mode.

    Returns 1 if a disagreement has no reason, or if one that is listed is none any more.
    """
    options = parser().parse_args()
    if options.without_fallback:
        with patch("stalecheck.link.calls.computed_by", lambda function, arguments: NOTHING):
            return print_tables(options)
    return print_tables(options)


def print_tables(options: argparse.Namespace) -> int:
    wanted = [target for target in TARGETS if not options.packages or target.package in options.packages]
    ask: Any = probe_measure if options.probe else measure
    show: Any = probe_table if options.probe else table
    differs = False
    for mode in [ReloadMode(options.mode)] if options.mode else list(ReloadMode):
        print(show.header(mode))
        total: Any = Figures() if options.probe else Agreement()
        for target in wanted:
            started = time.monotonic()
            try:
                found = ask.measure(target, mode)
            except NotInstallableError as error:
                print(error, file=sys.stderr)
                return 2
            total += found
            print(show.row(target.title, found), flush=True)
            print(f"{target.title}: {time.monotonic() - started:.0f} s", file=sys.stderr)
            if options.cases:
                for line in case_lines(found.cases, mode, is_probe=options.probe):
                    print(line)
        print(show.row("total", total), end="\n\n")
        if options.probe:
            unexplained: Sized = probe_remaining.unexplained(total.cases)
            settled: list[remaining.Place] = []
        else:
            unexplained = remaining.unexplained(total.cases, mode)
            settled = remaining.settled(total.cases, mode, [target.package for target in wanted])
        differs = differs or bool(unexplained or settled)
        print(f"{len(total.cases)} disagreements, {len(unexplained)} of them without a reason", file=sys.stderr)
        for place in settled:
            print(f"listed in {remaining.CASES.name}, but none any more: {place}", file=sys.stderr)
    return 1 if differs else 0


def case_lines(cases: Any, mode: ReloadMode, *, is_probe: bool) -> Iterator[str]:
    return probe_table.case_lines(cases) if is_probe else table.case_lines(cases, mode)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m tests.agreement", description="Measures the linter against the interpreter."
    )
    made.add_argument("packages", nargs="*", metavar="PACKAGE", help="default: all")
    made.add_argument("--mode", choices=[mode.value for mode in ReloadMode], help="default: both")
    made.add_argument("--probe", action="store_true", help="hold the probe against the interpreter and the linter")
    made.add_argument("--without-fallback", action="store_true", help="calls of unknown functions keep nothing")
    made.add_argument("--cases", action="store_true", help="list every disagreement")
    return made


if __name__ == "__main__":
    sys.exit(main())
