"""Prints what each reloader leaves stale or split after an edit: ``python -m tests.reloaders``.

Returns 1 where the probe and the interpreter do not say the same, 2 where a reloader is not installed.
"""

from __future__ import annotations

import sys

from .table import RELOADERS, as_table, ask


def main() -> int:
    """Ask all of them and print the table."""
    missing = [one.package for one in RELOADERS if not one.is_installed]
    if missing:
        print(f"not installed: {', '.join(sorted({str(one) for one in missing}))}", file=sys.stderr)
        return 2
    columns = {one.heading: ask(one) for one in RELOADERS}
    print(as_table(columns), end="")
    differing = [
        f"{heading}: {row}: the probe says {said or 'fresh'}, the interpreter {does or 'fresh'}"
        for heading, column in columns.items()
        for row, (said, does) in column.items()
        if said != does
    ]
    print(*differing, sep="\n", file=sys.stderr, end="\n" if differing else "")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
