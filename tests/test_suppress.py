from __future__ import annotations

from pathlib import Path

import pytest

from stalecheck.model import Diagnostic, Location, Span
from stalecheck.suppress import Outcome, find_directives, suppress
from stalecheck.vocabulary import Severity

PATH = Path("/project/a.py")
KNOWN = frozenset({"STL001", "STL002", "STL101", "STL104", "STL203", "STL211"})
DEFAULT = KNOWN - {"STL211"}


def diagnostic(row: int, code: str = "STL101", severity: Severity = Severity.WARNING) -> Diagnostic:
    return Diagnostic(code, "rule", severity, "", PATH, Span(Location(row, 1), Location(row, 2)))


def outcome(source: str | bytes, *diagnostics: Diagnostic, judged: frozenset[str] = DEFAULT) -> Outcome:
    content = source if isinstance(source, bytes) else source.encode()
    return suppress(diagnostics, {PATH: content}, known=KNOWN, default=DEFAULT, judged=lambda path: judged)


def complaints(result: Outcome) -> list[tuple[int, str]]:
    return [(complaint.span.start.row, complaint.message) for complaint in result.unused]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("from m import C\n", id="no comment"),
        pytest.param("from m import C  # noqa\n", id="another linter's comment"),
        pytest.param("from m import C  # stalecheck is a linter\n", id="prose"),
        pytest.param("from m import C; s = '# stalecheck: ignore'\n", id="a string"),
        pytest.param("from m import C\n\n'''\n# stalecheck: ignore-file\n'''\n", id="a docstring"),
    ],
)
def test_a_file_without_directives_keeps_everything(source: str) -> None:
    found = diagnostic(1)
    assert outcome(source, found) == Outcome(kept=(found,), suppressed=(), unused=())


@pytest.mark.parametrize(
    ("source", "row"),
    [
        pytest.param("x = 1  # stalecheck: ignore[STL101]\nfrom m import C\n", 2, id="the line above"),
        pytest.param("# stalecheck: ignore\nfrom m import C\n", 2, id="a line of its own"),
        pytest.param("class D:  # stalecheck: ignore\n    k = m.C\n", 2, id="the header, not the body"),
        pytest.param("class D:\n    k = m.C  # stalecheck: ignore\n", 1, id="the body, not the header"),
        pytest.param("x = m.C  # stalecheck: ignore[STL104]\n", 1, id="another code"),
        pytest.param("x = 1\n# stalecheck: ignore-file\nfrom m import C\n", 3, id="ignore-file below code"),
        pytest.param('"""Doc."""\n# stalecheck: ignore-file\nfrom m import C\n', 3, id="below the docstring"),
    ],
)
def test_a_directive_elsewhere_suppresses_nothing_and_is_reported(source: str, row: int) -> None:
    found = diagnostic(row)
    result = outcome(source, found)
    assert result.kept == (found,)
    assert [complaint.code for complaint in result.unused] == ["STL002"]


@pytest.mark.parametrize(
    ("source", "row"),
    [
        pytest.param("from m import C  # stalecheck: ignore\n", 1, id="all codes"),
        pytest.param("from m import C  # stalecheck: ignore[STL101]\n", 1, id="the code"),
        pytest.param("from m import C  # stalecheck:ignore[stl101]\n", 1, id="small letters, no space"),
        pytest.param("from m import C  # Stalecheck: Ignore[stl101]\n", 1, id="capitals"),
        pytest.param("# STALECHECK: IGNORE-FILE\nfrom m import C\n", 2, id="capitals for a file"),
        pytest.param("from m import C  # noqa: F401  # stalecheck: ignore\n", 1, id="after another comment"),
        pytest.param("from m import C  # stalecheck: ignore[STL101]  # noqa\n", 1, id="before another comment"),
        pytest.param("from m import C  # stalecheck: ignore[STL101] reloaded below\n", 1, id="with a reason"),
        pytest.param("from m import (\n    C,\n)  # stalecheck: ignore\n", 2, id="the last line"),
        pytest.param("from m import (  # stalecheck: ignore\n    C,\n)\n", 2, id="the first line"),
        pytest.param("from m import (\n    # stalecheck: ignore\n    C,\n)\n", 3, id="a line between"),
        pytest.param("x = \\\n    m.C  # stalecheck: ignore\n", 1, id="a continued line"),
        pytest.param("@m.deco\ndef f():  # stalecheck: ignore\n    pass\n", 1, id="a decorator by the header"),
        pytest.param("@m.deco  # stalecheck: ignore\ndef f(k=m.C):\n    pass\n", 2, id="a header by the decorator"),
        pytest.param("@a\n# stalecheck: ignore\n@b\nclass D(m.C):\n    pass\n", 4, id="between two decorators"),
        pytest.param("def f(\n    k=m.C,\n):  # stalecheck: ignore\n    pass\n", 2, id="a header of three lines"),
        pytest.param("if x:\n    from m import C  # stalecheck: ignore\n", 2, id="in a block"),
        pytest.param("# stalecheck: ignore-file\nfrom m import C\n", 2, id="the file"),
        pytest.param(
            "#!/bin/python\n# coding: utf-8\n\n# stalecheck: ignore-file[STL101]\nfrom m import C\n",
            5,
            id="the file, below shebang and encoding",
        ),
        pytest.param('# stalecheck: ignore-file\n"""Doc."""\nfrom m import C\n', 3, id="the file, above the docstring"),
        pytest.param("from m import C  # stalecheck: ignore", 1, id="no newline at the end"),
        pytest.param("x = 1\r\nfrom m import C  # stalecheck: ignore\r\n", 2, id="Windows line ends"),
        pytest.param("x = 1\rfrom m import C  # stalecheck: ignore\r", 2, id="old Mac line ends"),
        pytest.param("x = 1\x0c\nfrom m import C  # stalecheck: ignore\n", 2, id="a form feed"),
        pytest.param("\ufefffrom m import C  # stalecheck: ignore\n", 1, id="a byte order mark"),
        pytest.param("# coding: latin-1\ns = 'é'; k = m.C  # stalecheck: ignore\n".encode("latin-1"), 2, id="Latin-1"),
        pytest.param("# coding: nonsense\nk = m.C  # stalecheck: ignore\n", 2, id="an unknown encoding"),
        pytest.param("print 'x'\nk = m.C  # stalecheck: ignore\n", 2, id="Python 2"),
        pytest.param("x = (\nk = m.C  # stalecheck: ignore\n", 2, id="a bracket never closed"),
        pytest.param("if x:\n        y\n    z\nk = m.C  # stalecheck: ignore\n", 4, id="a wrong indent"),
        pytest.param("x = '\x00'\nk = m.C  # stalecheck: ignore\n", 2, id="a null byte"),
        pytest.param('""\n :\n\x00\nk = m.C  # stalecheck: ignore\n', 4, id="a null byte after a wrong indent"),
    ],
)
def test_a_directive_on_the_statement_suppresses(source: str | bytes, row: int) -> None:
    found = diagnostic(row)
    assert outcome(source, found) == Outcome(kept=(), suppressed=(found,), unused=())


def test_a_note_below_the_threshold_makes_a_directive_used() -> None:
    found = diagnostic(1, severity=Severity.NOTE)
    assert outcome("from m import C  # stalecheck: ignore[STL101]\n", found).unused == ()


@pytest.mark.parametrize(
    ("source", "judged"),
    [
        pytest.param("x = 1  # stalecheck: ignore[STL211]\n", DEFAULT, id="a code not looked for"),
        pytest.param("x = 1  # stalecheck: ignore\n", frozenset({"STL002", "STL101"}), id="a default code missing"),
        pytest.param("x = 1  # stalecheck: ignore[STL101]\n", DEFAULT - {"STL002"}, id="STL002 ignored"),
        pytest.param("x = 1  # stalecheck: ignore[STL002]\n", DEFAULT, id="STL002 itself"),
    ],
)
def test_an_unused_directive_is_not_judged(source: str, judged: frozenset[str]) -> None:
    assert outcome(source, judged=judged) == Outcome((), (), ())


@pytest.mark.parametrize("mark", ["`", "'", '"'])
def test_a_directive_that_is_spoken_of_is_none(mark: str) -> None:
    found = diagnostic(1)
    source = f"from m import C  # without {mark}# stalecheck: ignore{mark} it is reported\n"
    assert outcome(source, found) == Outcome((found,), (), ())


def test_directives_of_an_unreadable_file_are_not_judged() -> None:
    broken = diagnostic(1, "STL001")
    assert outcome("x = (  # stalecheck: ignore[STL101]\n", broken) == Outcome((broken,), (), ())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("x = 1  # stalecheck: ignore\n", "nothing is reported on this statement", id="all codes"),
        pytest.param("# stalecheck: ignore-file\n", "nothing is reported in this file", id="the file"),
        pytest.param("x = 1  # stalecheck: ignore[STL104]\n", "STL104 is not reported on this statement", id="one"),
        pytest.param(
            "x = 1  # stalecheck: ignore[STL104, STL203]\n",
            "STL104, STL203 are not reported on this statement",
            id="two",
        ),
        pytest.param("x = 1  # stalecheck: ignore[STL201]\n", "STL201 is no rule; did you mean STL211?", id="unknown"),
        pytest.param("x = 1  # stalecheck: ignore[E501]\n", "E501 is no rule", id="nothing near"),
        pytest.param(
            "x = 1  # stalecheck: ignore[STL1]\n",
            "STL1 is no rule: a comment names each code in full",
            id="what several codes begin with",
        ),
        pytest.param(
            "x = 1  # stalecheck: ignore[STL104,E501]\n",
            "STL104 is not reported on this statement; E501 is no rule",
            id="unused and unknown",
        ),
    ],
)
def test_what_suppresses_nothing_is_reported(source: str, expected: str) -> None:
    assert complaints(outcome(source)) == [(1, expected)]


VALID = (
    "write `# stalecheck: ignore`, `# stalecheck: ignore[STL101]` "
    "or, above the first statement, `# stalecheck: ignore-file`"
)


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("ignroe", f"`ignroe` is no directive; {VALID}"),
        ("ignore-fil", f"`ignore-fil` is no directive; {VALID}"),
        ("ignored", f"`ignored` is no directive; {VALID}"),
        ("", f"`` is no directive; {VALID}"),
        ("ignore[STL101", f"`ignore[STL101` is no directive; {VALID}"),
        ("ignore[]", f"the brackets are empty; {VALID}"),
        ("ignore STL101", f"codes stand in brackets; {VALID}"),
        ("ignore: STL101", f"codes stand in brackets; {VALID}"),
        ("ignore-file", "`ignore-file` counts only above the first statement"),
    ],
)
def test_what_means_nothing_is_reported_and_suppresses_nothing(comment: str, expected: str) -> None:
    found = diagnostic(1)
    result = outcome(f"k = m.C  # stalecheck: {comment}\n", found)
    assert (result.kept, complaints(result)) == ((found,), [(1, expected)])


def test_only_the_unused_code_of_a_directive_is_named() -> None:
    found = diagnostic(1)
    result = outcome("from m import C  # stalecheck: ignore[STL101,STL203]\n", found)
    assert (result.suppressed, complaints(result)) == (
        (found,),
        [(1, "STL203 is not reported on this statement")],
    )


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("x = 1  # stalecheck: ignore[STL101,STL002]\n", id="by its own codes"),
        pytest.param("# stalecheck: ignore-file[STL002]\nx = 1  # stalecheck: ignore\n", id="by the file's"),
        pytest.param("# stalecheck: ignore-file\nx = 1  # stalecheck: ignore\n", id="by the whole file"),
    ],
)
def test_a_complaint_can_be_suppressed(source: str) -> None:
    result = outcome(source)
    assert ([found.code for found in result.suppressed], result.unused) == (["STL002"], ())


def test_a_complaint_spans_its_comment() -> None:
    result = outcome("é = 1  # noqa  # stalecheck: ignore[STL101]  # more\n")
    assert [found.span for found in result.unused] == [Span(Location(1, 16), Location(1, 44))]


def test_several_directives_in_one_comment_all_count() -> None:
    found = [diagnostic(1, "STL101"), diagnostic(1, "STL203")]
    source = "k = m.C  # stalecheck: ignore[STL101]  # stalecheck: ignore[STL203]\n"
    assert outcome(source, *found) == Outcome((), tuple(found), ())


def test_a_file_without_the_word_is_not_tokenized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stalecheck.suppress.tokenize.generate_tokens", None)
    assert find_directives(b"from m import C\n" * 1000) == ()


def test_each_of_many_directives_covers_its_own_row() -> None:
    rows = range(1, 1001)
    found = tuple(diagnostic(row) for row in rows)
    source = "".join(f"k = m.C{'  # stalecheck: ignore' * (row % 2)}\n" for row in rows)
    assert outcome(source, *found) == Outcome(kept=found[1::2], suppressed=found[::2], unused=())
