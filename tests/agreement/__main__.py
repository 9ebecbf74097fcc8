"""Prints how well the linter agrees with the interpreter: ``python -m tests.agreement [--cases] [PACKAGE]...``."""

from __future__ import annotations

import argparse
import sys
import time

from stalecheck.vocabulary import ReloadMode

from .compare import Agreement
from .measure import measure
from .remaining import unexplained
from .table import case_lines, header, row
from .targets import TARGETS, NotInstallableError


def main() -> int:
    """Measure the packages named, or all, and print a table for each mode; 1 if a disagreement has no reason."""
    options = parser().parse_args()
    wanted = [target for target in TARGETS if not options.packages or target.package in options.packages]
    missing = 0
    for mode in [ReloadMode(options.mode)] if options.mode else list(ReloadMode):
        print(header(mode))
        total = Agreement()
        for target in wanted:
            started = time.monotonic()
            try:
                found = measure(target, mode)
            except NotInstallableError as error:
                print(error, file=sys.stderr)
                return 2
            total += found
            print(row(target.title, found), flush=True)
            print(f"{target.title}: {time.monotonic() - started:.0f} s", file=sys.stderr)
            if options.cases:
                print(*case_lines(found.cases, mode), sep="\n")
        print(row("total", total), end="\n\n")
        without = unexplained(total.cases, mode)
        missing += len(without)
        print(f"{len(total.cases)} disagreements, {len(without)} of them without a reason", file=sys.stderr)
    return 1 if missing else 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m tests.agreement", description="Measures the linter against the interpreter."
    )
    made.add_argument("packages", nargs="*", metavar="PACKAGE", help="default: all")
    made.add_argument("--mode", choices=[mode.value for mode in ReloadMode], help="default: both")
    made.add_argument("--cases", action="store_true", help="list every disagreement")
    return made


if __name__ == "__main__":
    sys.exit(main())
