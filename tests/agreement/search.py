"""Searches for a project on which the linter and the interpreter differ, and prints the smallest one like it.

python -m tests.agreement.search --examples 2000 --seed 1
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from hypothesis import HealthCheck, Phase, given, reject, seed, settings

from .projects import Project, projects
from .smallest import smallest
from .verdicts import NotRunnableError, ProjectPlayer, disagreements


def main() -> int:
    """Generate projects until the two differ; 1 if they do."""
    options = parser().parse_args()
    counts: Counter[str] = Counter()
    differing: list[Project] = []

    @seed(options.seed)
    @settings(
        max_examples=options.examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(project=projects())
    def search(project: Project) -> None:
        try:
            found = disagreements(project, player)
        except NotRunnableError as error:
            counts[str(error).partition(":")[0]] += 1
            reject()
        counts["compared"] += 1
        if found:
            differing[:] = [project]
            raise AssertionError

    def differs(project: Project) -> bool:
        try:
            return bool(disagreements(project, player))
        except (NotRunnableError, SyntaxError):
            return False

    with ProjectPlayer() as player:
        try:
            search()
        except AssertionError:
            project = smallest(differing[0], differs)
            print(project, *disagreements(project, player), sep="\n")
        print(", ".join(f"{number} {what}" for what, number in counts.items()), file=sys.stderr)
    return 1 if differing else 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m tests.agreement.search", description=(__doc__ or "").splitlines()[0])
    made.add_argument("--examples", type=int, default=2000, help="how many projects (default: 2000, about a minute)")
    made.add_argument("--seed", type=int, default=0, help="another seed, other projects (default: 0)")
    return made


if __name__ == "__main__":
    sys.exit(main())
