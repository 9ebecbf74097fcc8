from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from stalecheck.model import (
    Diagnostic,
    Edit,
    Fix,
    Holder,
    Location,
    Origin,
    Reload,
    ReloadRecord,
    Report,
    Span,
)
from stalecheck.render.concise import render_concise
from stalecheck.render.full import render_full
from stalecheck.render.json import render_json
from stalecheck.render.reloads import render_reloads, render_reloads_json
from stalecheck.render.snippet import snippet
from stalecheck.render.statistics import render_statistics, render_statistics_json
from stalecheck.render.summary import notes, summary
from stalecheck.vocabulary import HolderKind, OriginKind, ReloadMode, Severity

CWD = Path("/project")
CORE = CWD / "src/app/core.py"
VIEWS = CWD / "src/app/views.py"
WORKER = CWD / "src/app/worker.py"
TEST = CWD / "tests/test_core.py"

RELOAD = Reload("app.core", ReloadMode.RELOAD, TEST, Location(8, 5))
RECORD = ReloadRecord(TEST, Location(8, 5), ReloadMode.RELOAD, "importlib.reload", ("app.core",), True)
UNRESOLVED = ReloadRecord(
    TEST, Location(9, 5), ReloadMode.RELOAD, "importlib.reload", (), False, "`name` is a parameter"
)
ENGINE = Origin("app.core", "Engine", OriginKind.CLASS, CORE, Location(10, 1))
RENDER = Origin("app.core", "render", OriginKind.FUNCTION, CORE, Location(20, 1))
LINES = {
    VIEWS: ("", "", "from app.core import render, Engine"),
    WORKER: ("", "", "", "", "class Worker(Engine):"),
}


def span(row: int, column: int, width: int) -> Span:
    return Span(Location(row, column), Location(row, column + width))


IMPORT = Diagnostic(
    "STL101",
    "from-import",
    Severity.WARNING,
    "`render` stays the old function",
    VIEWS,
    span(3, 22, 6),
    "Write `core.render` where it is used.",
    Holder("app.views", "render", HolderKind.FROM_IMPORT),
    RENDER,
    (RELOAD,),
    ("app.core", "app"),
)
BASE = Diagnostic(
    "STL203",
    "base-class",
    Severity.ERROR,
    "`Worker` inherits from the old `Engine`",
    WORKER,
    span(5, 14, 6),
    "Reload app.worker after app.core.",
    Holder("app.worker", "Worker", HolderKind.BASE_CLASS),
    ENGINE,
    (RELOAD,),
)


def changed(diagnostic: Diagnostic, **fields: object) -> Diagnostic:
    values = {name: getattr(diagnostic, name) for name in Diagnostic.__dataclass_fields__}
    return Diagnostic(**{**values, **fields})


def report(
    *diagnostics: Diagnostic,
    suppressed: tuple[Diagnostic, ...] = (),
    reloads: tuple[ReloadRecord, ...] = (RECORD,),
    files: int = 12,
    excluded: int = 0,
    lines: Mapping[Path, tuple[str, ...]] = LINES,
    unmatched: tuple[str, ...] = (),
) -> Report:
    return Report(diagnostics, suppressed, reloads, files, 12, excluded, lines, unmatched, files)


def full(value: Report, *, verbose: bool = False, color: bool = False) -> str:
    return render_full(value, cwd=CWD, verbose=verbose, color=color)


# full


def test_full_of_nothing_is_empty() -> None:
    assert full(report()) == ""


def test_full_groups_by_reload_then_origin_with_the_worst_first() -> None:
    assert (
        full(report(IMPORT, BASE))
        == """\
app.core is reloaded at tests/test_core.py:8 (importlib.reload)
its body runs again and makes everything anew; what other modules took from it before keeps the old version:

  class `Engine` (src/app/core.py:10)
    error STL203 src/app/worker.py:5:14: `Worker` inherits from the old `Engine`
      5 | class Worker(Engine):
        |              ^^^^^^
    help STL203: Reload app.worker after app.core.

  function `render` (src/app/core.py:20)
    warning STL101 src/app/views.py:3:22: `render` stays the old function
      3 | from app.core import render, Engine
        |                      ^^^^^^
    help STL101: Write `core.render` where it is used.
"""
    )


def test_full_says_a_remedy_once_per_origin() -> None:
    text = full(report(IMPORT, changed(IMPORT, span=span(3, 30, 6)), changed(IMPORT, origin=ENGINE)))
    assert text.count("Write `core.render`") == 2


def test_full_explains_a_mode_once() -> None:
    other = changed(BASE, reload=(Reload("app.x", ReloadMode.RELOAD, TEST, Location(12, 1)),))
    assert full(report(IMPORT, other)).count("its body runs again") == 1


@pytest.mark.parametrize(
    ("events", "heading"),
    [
        pytest.param(
            (Reload("m", ReloadMode.RELOAD, TEST, Location(8, 5)),),
            "m is reloaded at tests/test_core.py:8 (importlib.reload)",
            id="one place",
        ),
        pytest.param(
            (Reload("m", ReloadMode.RELOAD, TEST, Location(1, 1)),),
            "m is reloaded at tests/test_core.py:1",
            id="spelling not known",
        ),
        pytest.param(
            tuple(Reload("m", ReloadMode.RELOAD, TEST, Location(row, 5)) for row in (8, 18)),
            "m is reloaded at tests/test_core.py:8 (importlib.reload) and 1 more place",
            id="two places",
        ),
        pytest.param(
            tuple(Reload("m", ReloadMode.RELOAD, TEST, Location(row, 5)) for row in (8, 18, 28)),
            "m is reloaded at tests/test_core.py:8 (importlib.reload) and 2 more places",
            id="three places",
        ),
        pytest.param(
            (Reload("m", ReloadMode.REIMPORT, TEST, Location(1, 1)),),
            "m is evicted from sys.modules and imported again at tests/test_core.py:1",
            id="reimport",
        ),
        pytest.param(
            (Reload("m", ReloadMode.RELOAD),),
            "m, named by --reloaded, is reloaded",
            id="pattern",
        ),
        pytest.param(
            (Reload("m", ReloadMode.REIMPORT),),
            "m, named by --reimported, is evicted from sys.modules and imported again",
            id="pattern in mode reimport",
        ),
    ],
)
def test_full_heading(events: tuple[Reload, ...], heading: str) -> None:
    assert full(report(changed(IMPORT, reload=events))).splitlines()[0] == heading


def test_full_shows_ten_holders_and_verbose_all() -> None:
    many = [changed(IMPORT, span=span(row, 1, 1)) for row in range(1, 48)]
    text = full(report(*many))
    assert (text.count("warning STL101"), "    +37 more; --verbose shows them\n" in text) == (10, True)
    text = full(report(*many), verbose=True)
    assert (text.count("warning STL101"), "more; --verbose" in text) == (47, False)


def test_full_shows_the_worst_holders_first() -> None:
    many = [changed(IMPORT, span=span(row, 1, 1)) for row in range(1, 11)]
    text = full(report(*many, changed(BASE, origin=RENDER)))
    assert text.index("error STL203") < text.index("warning STL101")


def test_full_puts_unreadable_files_first_and_the_rest_last() -> None:
    broken = changed(IMPORT, code="STL001", reload=(), origin=None, remedy="", message="bad")
    unused = changed(IMPORT, code="STL002", reload=(), origin=None, remedy="", message="idle")
    text = full(report(unused, IMPORT, broken, lines={}))
    assert [line for line in text.splitlines() if line[:1].strip()] == [
        "Files that could not be read",
        "app.core is reloaded at tests/test_core.py:8 (importlib.reload)",
        "its body runs again and makes everything anew; what other modules took from it before keeps the old version:",
        "Besides",
    ]


def test_full_has_no_heading_for_the_rest_where_nothing_stands_above_it() -> None:
    here = replace(IMPORT.reload[0], path=IMPORT.path, location=IMPORT.span.start)
    text = full(report(changed(IMPORT, code="STL404", reload=(here,), origin=None), lines={}))
    assert [line for line in text.splitlines() if line[:1].strip()] == []
    assert "warning STL404" in text.splitlines()[0]


def test_full_of_a_place_outside_the_file_has_no_source_line() -> None:
    text = full(report(changed(IMPORT, span=span(99, 1, 1))))
    assert "    warning STL101 src/app/views.py:99:1: `render` stays the old function\n    help" in text


def test_full_colours_only_when_asked() -> None:
    assert "\x1b[" not in full(report(IMPORT, BASE))
    assert "\x1b[1;31merror\x1b[0m STL203" in full(report(IMPORT, BASE), color=True)


def test_full_lets_no_control_character_through() -> None:
    hostile = changed(IMPORT, message="\x1b[2J", path=CWD / "a\nb.py", origin=None)
    text = full(report(hostile, lines={CWD / "a\nb.py": ("", "", "x = '\x1b[2J\u202e'")}))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "a\u240ab.py:3:22: \u241b[2J" in text


# snippet


@pytest.mark.parametrize(
    ("line", "start", "end", "shown", "marker"),
    [
        pytest.param("x = C", 5, 6, "x = C", "    ^", id="ASCII"),
        pytest.param("\tx = C", 6, 7, "    x = C", "        ^", id="a tab"),
        pytest.param("ab\tC", 4, 5, "ab  C", "    ^", id="a tab within the line"),
        pytest.param("名 = C", 5, 6, "名 = C", "     ^", id="wide before"),
        pytest.param("x = 名前", 5, 7, "x = 名前", "    ^^^^", id="wide marked"),
        pytest.param("e\u0301 = C", 6, 7, "e\u0301 = C", "    ^", id="combining before"),
        pytest.param("x = e\u0301", 5, 7, "x = e\u0301", "    ^", id="combining marked"),
        pytest.param("x = C", 5, 5, "x = C", "    ^", id="an empty span"),
        pytest.param("x = C", 9, 12, "x = C", "     ^", id="beyond the end"),
        pytest.param("x = C   ", 5, 6, "x = C", "    ^", id="trailing spaces"),
        pytest.param("\x0cx = C", 6, 7, "\u240cx = C", "     ^", id="a form feed"),
    ],
)
def test_the_marker_stands_under_the_name(line: str, start: int, end: int, shown: str, marker: str) -> None:
    assert snippet(line, Span(Location(1, start), Location(1, end))) == (shown, marker)


def test_a_span_over_several_rows_is_marked_to_the_end_of_the_first() -> None:
    assert snippet("x = [C,", Span(Location(1, 5), Location(2, 3))) == ("x = [C,", "    ^^^")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(0, 300, id="at the start"),
        pytest.param(150, 150, id="in the middle"),
        pytest.param(300, 0, id="at the end"),
    ],
)
def test_a_long_line_is_cut_around_the_marker(before: int, after: int) -> None:
    line = "a" * before + "NAME" + "b" * after
    shown, marker = snippet(line, span(1, before + 1, 4))
    assert len(shown) <= 106
    assert "".join(text for text, sign in zip(shown, marker, strict=False) if sign == "^") == "NAME"


# concise


def test_concise_is_one_line_each() -> None:
    assert render_concise(report(IMPORT, BASE), cwd=CWD, color=False) == (
        "src/app/views.py:3:22: STL101 `render` stays the old function\n"
        "src/app/worker.py:5:14: STL203 `Worker` inherits from the old `Engine`\n"
    )


def test_concise_of_nothing_is_empty() -> None:
    assert render_concise(report(), cwd=CWD, color=False) == ""


def test_suppressed_ones_stand_between_on_request() -> None:
    value = report(BASE, suppressed=(IMPORT,))
    assert render_concise(value, cwd=CWD, color=False, show_suppressed=True) == (
        "src/app/views.py:3:22: STL101 `render` stays the old function (suppressed)\n"
        "src/app/worker.py:5:14: STL203 `Worker` inherits from the old `Engine`\n"
    )
    assert "views" not in render_concise(value, cwd=CWD, color=False)


# json


def test_json_of_nothing_is_an_empty_array() -> None:
    assert render_json(report(), cwd=CWD) == "[]\n"


def test_json_is_the_contract_key_by_key() -> None:
    text = render_json(report(IMPORT), cwd=CWD)
    expected = {
        "code": "STL101",
        "name": "from-import",
        "severity": "warning",
        "message": "`render` stays the old function",
        "filename": "src/app/views.py",
        "location": {"row": 3, "column": 22},
        "end_location": {"row": 3, "column": 28},
        "holder": {"module": "app.views", "name": "render", "kind": "from-import"},
        "origin": {
            "module": "app.core",
            "name": "render",
            "kind": "function",
            "filename": "src/app/core.py",
            "location": {"row": 20, "column": 1},
        },
        "reload": [
            {
                "module": "app.core",
                "mode": "reload",
                "filename": "tests/test_core.py",
                "location": {"row": 8, "column": 5},
            }
        ],
        "via": ["app.core", "app"],
        "fix": None,
        "url": "README.md#stl101",
    }
    # Dumped, because a comparison of dictionaries would not see the order of the keys.
    assert json.dumps(json.loads(text)) == json.dumps([expected])
    assert text.endswith("]\n")


def test_json_has_null_for_what_is_not_there() -> None:
    bare = changed(IMPORT, holder=None, origin=None, reload=(Reload("m", ReloadMode.REIMPORT),), via=())
    (fields,) = json.loads(render_json(report(bare), cwd=CWD))
    assert (fields["holder"], fields["origin"], fields["via"]) == (None, None, [])
    assert fields["reload"] == [{"module": "m", "mode": "reimport", "filename": None, "location": None}]


def test_json_of_a_fix() -> None:
    fixed = changed(IMPORT, fix=Fix("safe", "Write m.C", (Edit("m.C", span(1, 1, 8)),)))
    (fields,) = json.loads(render_json(report(fixed), cwd=CWD))
    place = {"location": {"row": 1, "column": 1}, "end_location": {"row": 1, "column": 9}}
    assert fields["fix"] == {
        "applicability": "safe",
        "message": "Write m.C",
        "edits": [{"content": "m.C", **place}],
    }


def test_json_paths_are_absolute_outside_the_working_directory() -> None:
    (fields,) = json.loads(render_json(report(IMPORT), cwd=Path("/project/tests")))
    assert fields["filename"] == "/project/src/app/views.py"
    assert fields["reload"][0]["filename"] == "test_core.py"


def test_json_says_what_is_suppressed_only_on_request() -> None:
    value = report(BASE, suppressed=(IMPORT,))
    assert [fields.get("suppressed") for fields in json.loads(render_json(value, cwd=CWD))] == [None]
    listed = json.loads(render_json(value, cwd=CWD, show_suppressed=True))
    assert [fields["suppressed"] for fields in listed] == [True, False]


def test_json_is_ascii() -> None:
    assert render_json(report(changed(IMPORT, message="名\udc80")), cwd=CWD).isascii()


# --list-reloads


def test_what_is_put_back_is_not_unresolved() -> None:
    why = "`sys.modules.clear()` evicts every module"
    record = ReloadRecord(
        TEST, Location(3, 1), ReloadMode.REIMPORT, "sys.modules.clear", (), False, why, is_restored=True
    )
    value = report(reloads=(record,))
    assert render_reloads(value, cwd=CWD, color=False) == (
        f"tests/test_core.py:3:1: reimport sys.modules.clear: {why} (restored afterwards)\n"
    )
    assert json.loads(render_reloads_json(value, cwd=CWD))[0]["resolved"] is True


def test_reloads_as_text() -> None:
    restored = ReloadRecord(
        TEST, Location(3, 1), ReloadMode.REIMPORT, "patch.dict", ("m", "n"), True, is_restored=True, outside=("n",)
    )
    assert render_reloads(report(reloads=(restored, RECORD, UNRESOLVED)), cwd=CWD, color=False) == (
        "tests/test_core.py:3:1: reimport patch.dict: m, n (not in the project) (restored afterwards)\n"
        "tests/test_core.py:8:5: reload importlib.reload: app.core\n"
        "tests/test_core.py:9:5: reload importlib.reload: unresolved: `name` is a parameter\n"
    )


def test_reloads_as_json() -> None:
    place = {"filename": "tests/test_core.py", "location": {"row": 8, "column": 5}}
    text = render_reloads_json(report(reloads=(RECORD, UNRESOLVED)), cwd=CWD)
    assert json.loads(text) == [
        {
            **place,
            "mode": "reload",
            "spelling": "importlib.reload",
            "modules": ["app.core"],
            "resolved": True,
        },
        {
            "filename": "tests/test_core.py",
            "location": {"row": 9, "column": 5},
            "mode": "reload",
            "spelling": "importlib.reload",
            "modules": [],
            "resolved": False,
        },
    ]


# --statistics


def test_statistics_count_the_frequent_first() -> None:
    value = report(BASE, *[IMPORT] * 10)
    assert render_statistics(value, color=False) == "10\tSTL101\tfrom-import\n 1\tSTL203\tbase-class\n"
    assert json.loads(render_statistics_json(value)) == [
        {"code": "STL101", "name": "from-import", "count": 10},
        {"code": "STL203", "name": "base-class", "count": 1},
    ]


def test_statistics_of_nothing() -> None:
    assert (render_statistics(report(), color=False), render_statistics_json(report())) == ("", "[]\n")


# summary and notes


NOTHING = (
    "Nothing is reloaded in what was read (12 files, 12 modules). "
    "Name reloaded modules with --reloaded PATTERN, e.g. --reloaded 'app.*'."
)


@dataclass(frozen=True)
class Ending:
    summary: str = ""
    notes: tuple[str, ...] = ()


def ending(value: Report, *patterns: str) -> Ending:
    return Ending(summary(value, patterns=patterns, color=False), notes(value, cwd=CWD, patterns=patterns))


def unresolved(count: int, mode: ReloadMode = ReloadMode.RELOAD) -> tuple[ReloadRecord, ...]:
    return tuple(ReloadRecord(TEST, Location(row, 1), mode, "", (), False) for row in range(1, count + 1))


@pytest.mark.parametrize(
    ("value", "patterns", "expected"),
    [
        pytest.param(report(), (), Ending("Nothing stale found: 1 reload of 1 module in 12 files.\n"), id="clean"),
        pytest.param(
            report(reloads=()),
            ("app.*",),
            Ending("Nothing stale found in 12 files, with app.* taken as reloaded.\n"),
            id="clean by patterns",
        ),
        pytest.param(
            report(reloads=()),
            (),
            Ending("", (NOTHING,)),
            id="nothing reloaded",
        ),
        pytest.param(
            report(reloads=(), files=0, excluded=3),
            (),
            Ending(
                "",
                (
                    "No file was checked: the excludes took 3 Python files. "
                    "Name a file, without --force-exclude, or change --exclude.",
                ),
            ),
            id="all excluded",
        ),
        pytest.param(
            report(reloads=(), files=0, excluded=1, unmatched=("app.*",)),
            ("app.*",),
            Ending(
                "",
                (
                    "No file was checked: the excludes took 1 Python file. "
                    "Name a file, without --force-exclude, or change --exclude.",
                ),
            ),
            id="all excluded, so that no pattern can match",
        ),
        pytest.param(
            report(IMPORT, BASE, changed(IMPORT, path=TEST)),
            (),
            Ending("Found 1 error, 2 warnings in 3 files.\n"),
            id="found",
        ),
        pytest.param(
            report(BASE, suppressed=(IMPORT,)),
            (),
            Ending("Found 1 error in 1 file (1 suppressed).\n"),
            id="found and suppressed",
        ),
        pytest.param(
            report(suppressed=(IMPORT,)),
            (),
            Ending("Nothing stale found but what comments suppress (1).\n"),
            id="suppressed only",
        ),
        pytest.param(
            report(reloads=unresolved(1)),
            (),
            Ending(
                "",
                (
                    "1 reload of a module not known from the source: tests/test_core.py:1. "
                    "Name it with --reloaded PATTERN.",
                    "Nothing else of the project is reloaded in what was read (12 files, 12 modules).",
                ),
            ),
            id="one unresolved",
        ),
        pytest.param(
            report(reloads=(replace(UNRESOLVED, modules=("app.core",)),)),
            (),
            Ending(
                "Nothing stale found: 1 reload of 1 module in 12 files.\n",
                (
                    "1 reload of a module not known from the source: tests/test_core.py:9. "
                    "Name it with --reloaded PATTERN.",
                ),
            ),
            id="one of which a part is known",
        ),
        pytest.param(
            report(reloads=unresolved(2) + unresolved(2, ReloadMode.REIMPORT)),
            (),
            Ending(
                "",
                (
                    "4 reloads of modules not known from the source: tests/test_core.py:1, "
                    "tests/test_core.py:2, tests/test_core.py:1 and 1 more, which --list-reloads shows. "
                    "Name them with --reloaded or --reimported PATTERN.",
                    "Nothing else of the project is reloaded in what was read (12 files, 12 modules).",
                ),
            ),
            id="many unresolved",
        ),
        pytest.param(
            report(reloads=(*unresolved(1), *(replace(r, is_restored=True) for r in unresolved(2)))),
            (),
            Ending(
                "",
                (
                    "1 reload of a module not known from the source: tests/test_core.py:1. "
                    "Name it with --reloaded PATTERN. Of 2 more nothing stays stale: what is evicted is put back.",
                    "Nothing else of the project is reloaded in what was read (12 files, 12 modules).",
                ),
            ),
            id="unresolved, and others that are put back",
        ),
        pytest.param(
            report(reloads=(replace(UNRESOLVED, mode=ReloadMode.REIMPORT, is_restored=True),)),
            (),
            Ending("", (NOTHING.replace("Nothing", "Nothing of the project"),)),
            id="unresolved, but put back",
        ),
        pytest.param(
            report(reloads=(replace(RECORD, modules=("json",), outside=("json",)),)),
            (),
            Ending("", (NOTHING.replace("Nothing", "Nothing of the project"),)),
            id="not in the project",
        ),
        pytest.param(
            report(reloads=(replace(RECORD, modules=("app.core", "json"), outside=("json",)),)),
            (),
            Ending("Nothing stale found: 1 reload of 1 module in 12 files.\n"),
            id="partly not in the project",
        ),
        pytest.param(
            report(unmatched=("ap.*",)),
            ("ap.*",),
            Ending(
                "Nothing stale found: 1 reload of 1 module in 12 files.\n",
                ("Pattern 'ap.*' matches no module of the project.",),
            ),
            id="unmatched pattern",
        ),
        pytest.param(
            report(reloads=(), unmatched=("app/core.py",)),
            ("app/core.py",),
            Ending(
                "",
                (
                    "Pattern 'app/core.py' matches no module of the project. "
                    "Write the dotted name that imports it, such as app.core.",
                    "Nothing is reloaded in what was read (12 files, 12 modules). "
                    "Name reloaded modules with --reloaded PATTERN, e.g. --reloaded 'app.*'.",
                ),
            ),
            id="a path for a pattern",
        ),
    ],
)
def test_how_a_run_ends(value: Report, patterns: tuple[str, ...], expected: Ending) -> None:
    assert ending(value, *patterns) == expected
