"""Comments that suppress diagnostics, and those among them that suppress nothing (STL002)."""

from __future__ import annotations

import bisect
import difflib
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stalecheck.model import Diagnostic, Location, Span
from stalecheck.vocabulary import Severity

UNREADABLE = "STL001"
UNUSED = "STL002"

_MARK = b"stalecheck:"
# Behind a quotation mark it is only spoken of.
_DIRECTIVE = re.compile(r"(?<![`'\"])#\s*stalecheck:\s*(?P<body>(?:(?!\s+#).)*)", re.IGNORECASE)
_BODY = re.compile(r"(?P<word>ignore-file|ignore)(?P<codes>\[[\w\s,]*\])?(?=$|[\s,;:.(])(?P<rest>.*)", re.IGNORECASE)
_LOOSE_CODE = re.compile(r"[\W_]*stl\d", re.IGNORECASE)
_VALID = (
    "`# stalecheck: ignore`, `# stalecheck: ignore[STL101]` or, above the first statement, `# stalecheck: ignore-file`"
)
_REMEDY = (
    "A comment counts on any line of the statement that is reported; "
    "remove the codes that suppress nothing, and the comment when none is left."
)
_LAYOUT = frozenset({tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER})
_EVERY_ROW = range(1, 1 << 31)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the suppression comments make of the diagnostics of a run."""

    kept: tuple[Diagnostic, ...]
    suppressed: tuple[Diagnostic, ...]
    unused: tuple[Diagnostic, ...]
    """STL002 for each comment that suppresses nothing, in part or at all, or that means nothing."""


@dataclass(frozen=True, slots=True)
class Directive:
    """One suppression comment."""

    span: Span
    rows: range
    """The rows whose diagnostics it suppresses."""

    codes: tuple[str, ...] = ()
    """In capitals; empty for all codes."""

    is_file: bool = False
    problem: str = ""
    """Why it means nothing."""

    def covers(self, row: int, code: str) -> bool:
        """Whether it suppresses a diagnostic `code` in `row`."""
        return not self.problem and row in self.rows and (not self.codes or code in self.codes)


def suppress(
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[Path, bytes],
    *,
    known: Iterable[str],
    default: Iterable[str],
    judged: Callable[[Path], frozenset[str]],
) -> Outcome:
    """Part `diagnostics`, of every severity, by the comments in `sources`.

    `known` are all codes, `default` those selected without options; `judged` says which were looked for in
    a file. Only those can be unused: a code that nobody looked for may be needed in another run, and so may
    a comment without codes where a default code was not looked for. In a file that could not be read
    (STL001) no comment is unused.
    """
    codes = _Codes(frozenset(known), frozenset(default) - {UNREADABLE, UNUSED})
    files = {path: _File(directives) for path, source in sources.items() if (directives := find_directives(source))}
    unreadable = {diagnostic.path for diagnostic in diagnostics if diagnostic.code == UNREADABLE}
    kept: list[Diagnostic] = []
    suppressed: list[Diagnostic] = []
    for diagnostic in diagnostics:
        file = files.get(diagnostic.path)
        is_hidden = file is not None and file.hides(diagnostic)
        (suppressed if is_hidden else kept).append(diagnostic)
    unused: list[Diagnostic] = []
    for path, file in files.items():
        looked_for = judged(path)
        if UNUSED in looked_for and path not in unreadable:
            reported, hidden = _judge(path, file, codes, looked_for)
            unused += reported
            suppressed += hidden
    return Outcome(tuple(kept), tuple(suppressed), tuple(unused))


def find_directives(source: bytes) -> tuple[Directive, ...]:
    """The suppression comments of a file, in their order; of a broken file those that can be made out."""
    if _MARK not in source.lower():
        return ()
    return tuple(directive for comment in _comments(_decode(source)) for directive in _directives(comment))


@dataclass(frozen=True, slots=True)
class _Codes:
    """Which codes there are, and which a comment without codes is there for."""

    known: frozenset[str]
    default: frozenset[str]


class _File:
    """The directives of one file by the rows that they cover, and what each of them has suppressed."""

    def __init__(self, directives: Sequence[Directive]) -> None:
        self.directives = directives
        self.used: dict[Directive, set[str]] = {directive: set() for directive in directives}
        self._whole = [directive for directive in directives if directive.is_file]
        self._by_rows: dict[range, list[Directive]] = {}
        for directive in directives:
            if not directive.is_file:
                self._by_rows.setdefault(directive.rows, []).append(directive)
        self._rows = list(self._by_rows)  # statements follow one another and never overlap

    def at(self, row: int) -> Iterator[Directive]:
        """The directives that cover `row`."""
        yield from self._whole
        index = bisect.bisect_right(self._rows, row, key=lambda rows: rows.start) - 1
        if index >= 0 and row in self._rows[index]:
            yield from self._by_rows[self._rows[index]]

    def hides(self, diagnostic: Diagnostic) -> bool:
        """Whether a directive suppresses `diagnostic`; each one that does is a used one."""
        row = diagnostic.span.start.row
        covering = [directive for directive in self.at(row) if directive.covers(row, diagnostic.code)]
        for directive in covering:
            self.used[directive].add(diagnostic.code)
        return bool(covering)


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment, the rows of the statement that it belongs to, and whether it precedes all code."""

    text: str
    start: Location
    rows: range
    is_first: bool


def _decode(source: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding, errors="replace")
    except (SyntaxError, LookupError, UnicodeError):
        text = source.decode("utf-8-sig", errors="replace")
    return io.StringIO(text, newline=None).read()


def _comments(text: str) -> Iterator[_Comment]:
    is_first = True
    done = 0
    try:
        for statement in _statements(text):
            rows = range(statement[0].start[0], statement[-1].end[0] + 1)
            is_first = is_first and statement[0].type == tokenize.COMMENT
            for token in statement:
                if token.type == tokenize.COMMENT:
                    yield _Comment(token.string, Location(token.start[0], token.start[1] + 1), rows, is_first)
            done = rows[-1]
    # From Python 3.12 on, a null byte after a wrong indent is a SystemError.
    except (tokenize.TokenError, SyntaxError, ValueError, SystemError):
        yield from _comments_by_line(text, done, is_first=is_first)


def _statements(text: str) -> Iterator[list[tokenize.TokenInfo]]:
    """What one comment speaks for: a logical line, a header with its decorators, or a lone comment."""
    statement: list[tokenize.TokenInfo] = []
    is_decorator = False
    is_line_start = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in _LAYOUT:
            continue
        if token.type == tokenize.NEWLINE:
            is_line_start = True
            if statement and not is_decorator:
                yield statement
                statement = []
        elif token.type == tokenize.COMMENT and not statement:
            yield [token]
        else:
            if is_line_start and token.type != tokenize.COMMENT:
                is_decorator = token.string == "@"
                is_line_start = False
            statement.append(token)
    if statement:
        yield statement


def _comments_by_line(text: str, done: int, *, is_first: bool) -> Iterator[_Comment]:
    """The comments below row `done` of a file that cannot be tokenized further, each for its own line."""
    for row, line in enumerate(text.split("\n"), start=1):
        if row <= done:
            continue
        is_first = is_first and line.lstrip()[:1] in ("#", "")
        column = line.find("#")
        if column >= 0:
            yield _Comment(line[column:], Location(row, column + 1), range(row, row + 1), is_first)


def _directives(comment: _Comment) -> Iterator[Directive]:
    for match in _DIRECTIVE.finditer(comment.text):
        row = comment.start.row
        start = comment.start.column + match.start()
        span = Span(Location(row, start), Location(row, start + len(match.group().rstrip())))
        yield _directive(match["body"].strip(), span, comment)


def _directive(body: str, span: Span, comment: _Comment) -> Directive:
    match = _BODY.match(body)
    if match is None:
        word = body.split(maxsplit=1)[0] if body else ""
        return Directive(span, comment.rows, problem=f"`{word}` is no directive; write {_VALID}")
    if match["codes"] is None and _LOOSE_CODE.match(match["rest"]):
        return Directive(span, comment.rows, problem=f"codes stand in brackets; write {_VALID}")
    codes = tuple(dict.fromkeys((match["codes"] or "").strip("[]").replace(",", " ").upper().split()))
    if match["codes"] and not codes:
        return Directive(span, comment.rows, problem=f"the brackets are empty; write {_VALID}")
    if match["word"].lower() == "ignore":
        return Directive(span, comment.rows, codes)
    if not comment.is_first:
        return Directive(span, comment.rows, problem="`ignore-file` counts only above the first statement")
    return Directive(span, _EVERY_ROW, codes, is_file=True)


def _judge(
    path: Path, file: _File, codes: _Codes, looked_for: frozenset[str]
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """STL002 for the comments of one file: those to report, and those that another comment suppresses."""
    reported: list[Diagnostic] = []
    hidden: list[Diagnostic] = []
    # Comments on lines first: what an `ignore-file` hides of them makes it a used one.
    for directive in sorted(file.directives, key=lambda directive: directive.is_file):
        message = directive.problem or _idle(directive, file.used[directive], codes, looked_for)
        if not message:
            continue
        complaint = Diagnostic(UNUSED, "unused-ignore", Severity.WARNING, message, path, directive.span, remedy=_REMEDY)
        hiding = [other for other in file.at(directive.span.start.row) if _may_hide(other, directive)]
        for other in hiding:
            file.used[other].add(UNUSED)
        (hidden if hiding else reported).append(complaint)
    return reported, hidden


def _may_hide(other: Directive, directive: Directive) -> bool:
    """Whether `other` suppresses the complaint about `directive`; without codes none hides itself."""
    if not other.covers(directive.span.start.row, UNUSED):
        return False
    return UNUSED in other.codes or (other.is_file and other is not directive)


def _idle(directive: Directive, used: set[str], codes: _Codes, looked_for: frozenset[str]) -> str:
    where = "in this file" if directive.is_file else "on this statement"
    if not directive.codes:
        return "" if used or not codes.default <= looked_for else f"nothing is reported {where}"
    idle = [code for code in directive.codes if code in looked_for - used - {UNUSED}]
    complaints = [f"{', '.join(idle)} {'is' if len(idle) == 1 else 'are'} not reported {where}"] if idle else []
    for code in directive.codes:
        if any(known.startswith(code) for known in codes.known - {code}):
            complaints.append(f"{code} is no rule: a comment names each code in full")
        elif code not in codes.known:
            near = difflib.get_close_matches(code, sorted(codes.known), n=1, cutoff=0.5)
            complaints.append(f"{code} is no rule" + (f"; did you mean {near[0]}?" if near else ""))
    return "; ".join(complaints)
