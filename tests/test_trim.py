"""Function bodies are blanked before LibCST parses them: the summary must be the one of the whole file."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path

import pytest

from stalecheck.summarize import walker
from stalecheck.summarize.summary import Summary
from stalecheck.summarize.trim import without_idle_statements

STDLIB = Path(sysconfig.get_path("stdlib"))

STAYS = {
    "what runs at module level": "x = 1\nprint(x)\n",
    "a class body": "class A:\n    x = 1\n    print(x)\n",
    "what a function gives back, and what that is made of": "def f(a):\n    b = a\n    return b\n",
    "what is put into what a function gives back": "def f(a):\n    b = []\n    b.append(a)\n    return b\n",
    "a generator's yield": "def f(a):\n    yield a\n",
    "an import inside a function, and what is bound beside it": "def f(a):\n    import m\n    b = m.x\n",
    "an attribute of the class": "class A:\n    @classmethod\n    def f(cls, a):\n        cls.x = a\n        pass\n",
    "a name that an expression binds": "def f(a):\n    while b := a:\n        print(b)\n    return b\n",
    "a global": "def f(a):\n    global x\n    x = a\n",
    "a cache that is cleared": "def f(a):\n    b = made\n    b.cache_clear()\n",
    "what a class is that is given back": "def f(a):\n    class B:\n        x = a\n    return B\n",
    "what a loop gives back": "def f(a):\n    for b in a:\n        c = b\n        return c\n",
    "an attribute of what it is given": "def f(a):\n    a.x = 1\n    print(a)\n",
    "a hook that is called when a class is made": "class A:\n    def __init_subclass__(cls):\n        f(cls)\n",
    "a constructor": "class A:\n    def __init__(self):\n        print(self)\n",
    "a body on the header's line": "def f(a): print(a)\n",
    "a statement that shares its line": "def f(a):\n    print(a); return a\n",
}
IS_BLANKED = {
    "a body that gives nothing back": (
        'def f(a):\n    """Do."""\n    b = a\n    print(b)\nx = 1\n',
        "def f(a):\n    pass\n\n\nx = 1\n",
    ),
    "all but a constant that is given back": (
        "def f(a):\n    b = [\n        a]\n    if b:\n        return None  # sic\n    print(b)\n",
        "def f(a):\n    pass\n\n    if b:\n        return None  # sic\n    pass\n",
    ),
    "what does not bind, beside what is given back": (
        "def f(a):\n\tfor c in a:\n\t\tassert c\n\treturn c\n",
        "def f(a):\n\tfor c in a:\n\t\tpass\n\treturn c\n",
    ),
    "what nothing is made of that is given back": (
        "def f(a):\n    b = a\n    c = d = b\n    with a as e:\n        g = 2\n    return d\n",
        "def f(a):\n    b = a\n    c = d = b\n    pass\n\n    return d\n",
    ),
    "its own attributes": (
        "def f(self, a):\n    self.b = a\n    return a\n",
        "def f(self, a):\n    pass\n    return a\n",
    ),
    "each statement for itself beside a function that is given back": (
        "def f(a):\n    print(a)\n    print(a)\n    def g(): ...\n    return g\n",
        "def f(a):\n    pass\n    pass\n    def g(): ...\n    return g\n",
    ),
    "each statement for itself beside an import, but an elif": (
        "def f(a):\n    import m\n    print(a)\n    g()\n    if a:\n        b = a\n    elif m:\n        print(b)\n",
        "def f(a):\n    import m\n    pass\n    pass\n    if a:\n        b = a\n    elif m:\n        pass\n",
    ),
    "a decorated function inside": (
        "def f(a):\n    @wraps(a)\n    def g(): ...\n    g()\n",
        "def f(a):\n    pass\n\n\n",
    ),
    "an elif": (
        "def f(a):\n    if a:\n        return 1\n    elif b:\n        print(b)\n    else:\n        print(a)\n",
        "def f(a):\n    if a:\n        return 1\n    pass\n\n\n\n",
    ),
}


@pytest.mark.parametrize("source", STAYS.values(), ids=STAYS)
def test_what_a_summary_tells_of_stays(source: str) -> None:
    assert without_idle_statements(source, ast.parse(source)) == source


@pytest.mark.parametrize(("source", "blanked"), IS_BLANKED.values(), ids=IS_BLANKED)
def test_what_no_summary_tells_of_is_blanked_row_by_row(source: str, blanked: str) -> None:
    assert without_idle_statements(source, ast.parse(source)) == blanked


IS_DROPPED = {
    "what is left of a run": (
        'def f(a=1):\n    """Do.\n\n    It."""\n    print(a)\nx = 1\n',
        "def f(a=1):\n    pass\nx = 1\n",
    ),
    "a function of which there is nothing to tell": (
        "class A:\n    async def f(self, *a: A):\n        a()\n\n    def g(): ...\n\n    @b\n    def h(): ...\n",
        "class A:\n    pass\n    pass\n    @b\n    def h(): ...\n",
    ),
    "empty rows and comments between statements": (
        "import a\n\n# Why.\nimport b\n\n\nclass A:\n    x = 1\n\n    # And\n# so on.\n    y = 2\n",
        "import a\nimport b\nclass A:\n    x = 1\n    y = 2\n",
    ),
    "but no string": ('x = """\n\n# no\n"""\n\ny = 1\n', 'x = """\n\n# no\n"""\ny = 1\n'),
    "but nothing that ends a statement": ("x = 1 \\\n\ny = 2\n", "x = 1 \\\n\ny = 2\n"),
    "above decorators": ("x = 1\n\n@a\n\n@b\nclass C: ...\n", "x = 1\n@a\n\n@b\nclass C: ...\n"),
}


@pytest.mark.parametrize(("source", "rest"), IS_DROPPED.values(), ids=IS_DROPPED)
def test_rows_are_dropped_where_none_has_to_stay(source: str, rest: str) -> None:
    assert without_idle_statements(source, ast.parse(source), keeps_rows=False) == rest


@pytest.mark.parametrize("folder", ["asyncio", "importlib", "logging", "unittest"])
def test_summaries_are_those_of_the_whole_files(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = sorted((STDLIB / folder).rglob("*.py"))
    trimmed = [_summary(path) for path in paths]
    monkeypatch.setattr(walker, "without_idle_statements", lambda source, tree, **_: source)
    whole = [_summary(path) for path in paths]
    assert len(paths) > 1
    assert trimmed == whole


def _summary(path: Path) -> str:
    """Functions and classes are compared by identity: their texts tell more."""
    found = walker.summarize(path.read_bytes(), (3, 10))
    assert isinstance(found, Summary)
    return repr(found)
