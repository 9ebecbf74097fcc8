"""Takes statements out of a project as long as it still shows what it is about.

Hypothesis shrinks what it draws; a statement that goes shifts what later ones draw, so that some stay without need.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from .projects import Project

NEEDED = re.compile(r"sys\.modules|importlib|cache|set_")
"""What reloads, and what calls a function that only matters once it has run: a half of that shows something else."""


def smallest(project: Project, shows: Callable[[Project], bool]) -> Project:
    """Return the project without any file or statement that it can spare."""
    while True:
        smaller = next(filter(shows, without_one(project)), None)
        if smaller is None:
            return project
        project = smaller


def without_one(project: Project) -> Iterator[Project]:
    """Yield the projects that lack one file, one statement, one part of a statement or one act."""
    for number, (path, text) in enumerate(project.sources):
        before, after = project.sources[:number], project.sources[number + 1 :]
        if not path.endswith(("run.py", "__init__.py")):
            yield replace(project, sources=before + after)
        for smaller in without_one_statement(text):
            yield replace(project, sources=(*before, (path, smaller), *after))
    for act in project.acts if len(project.acts) > 1 else ():
        rest = tuple(other for other in project.acts if other != act)
        yield replace(project, acts=rest, options=tuple(other.what for other in rest))


def without_one_statement(text: str) -> Iterator[str]:
    lines = text.splitlines(keepends=True)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and not NEEDED.search(ast.unparse(node)):
            above, below = lines[: node.lineno - 1], lines[node.end_lineno :]
            yield "".join([*above, *below])
            for body in bodies_of(node):
                inner = lines[body[0].lineno - 1 : body[-1].end_lineno]
                yield "".join([*above, *(line[4:] for line in inner), *below])


def bodies_of(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield what may stand in the place of a statement that chooses between several."""
    if isinstance(node, (ast.Try, ast.If)):
        yield node.body
    if isinstance(node, ast.Try):
        yield from (handler.body for handler in node.handlers)
