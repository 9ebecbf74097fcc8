"""Searches for projects on which the linter and the interpreter differ: ``python -m tests.agreement.search``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from hypothesis import HealthCheck, Phase, given, reject, seed, settings

from .projects import Project, projects
from .verdicts import NotRunnableError, Player, disagreements


def main() -> int:
    """Generate projects until one is found, print the smallest like it; 1 if there is one."""
    options = parser().parse_args()
    played: Counter[str] = Counter()
    with Player() as player:

        @seed(options.seed)
        @settings(
            max_examples=options.examples,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(projects())
        def search(project: Project) -> None:
            try:
                found = disagreements(project, player)
            except NotRunnableError as error:
                played[str(error).partition(":")[0]] += 1
                reject()
            played["compared"] += 1
            assert found == [], "\n".join(found)

        try:
            search()
        except AssertionError as error:
            print(error, *error.__notes__, sep="\n")
            return 1
        finally:
            print(dict(played), file=sys.stderr)
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m tests.agreement.search", description=__doc__)
    made.add_argument("--examples", type=int, default=2000)
    made.add_argument("--seed", type=int, default=0)
    return made


if __name__ == "__main__":
    sys.exit(main())
