"""Prints how well the linter agrees with the interpreter: ``python -m tests.agreement [--cases] [PACKAGE]...``."""

from __future__ import annotations

import argparse
import sys
import time

from stalecheck.vocabulary import ReloadMode

from .compare import Agreement
from .measure import measure
from .table import case_lines, header, row
from .targets import TARGETS


def main() -> int:
    """Measure the packages named, or all, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.agreement", description=__doc__)
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="default: all")
    parser.add_argument("--mode", choices=[mode.value for mode in ReloadMode], help="default: both")
    parser.add_argument("--cases", action="store_true", help="list every disagreement")
    options = parser.parse_args()
    wanted = [target for target in TARGETS if not options.packages or target.package in options.packages]
    for mode in [ReloadMode(options.mode)] if options.mode else list(ReloadMode):
        print(header(mode))
        total = Agreement()
        for target in wanted:
            started = time.monotonic()
            found = measure(target, mode)
            total += found
            print(row(target.title, found), flush=True)
            print(f"{target.title}: {time.monotonic() - started:.0f} s", file=sys.stderr)
            if options.cases:
                print(*case_lines(found.cases), sep="\n")
        print(row("total", total), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
