"""The report: its words, its forms, and that it behaves like a sequence of findings."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from stalecheck import Finding, Holder, Report
from stalecheck.probing.layout import lay_out
from stalecheck.probing.report import worst_first
from stalecheck.vocabulary import HolderKind, OriginKind, code_of, remedy_for

from .scripts import run_script

LONGEST = 62
VERDICTS = ("stale", "split", "duplicate")


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("COLUMNS", "80")


def holder(
    path: str,
    kind: HolderKind = HolderKind.CONTAINER,
    *,
    filename: str | None = None,
    line: int | None = None,
    count: int = 1,
    way: tuple[str, ...] = (),
) -> Holder:
    code = code_of(kind, OriginKind.CLASS)
    return Holder(path, kind, code, remedy_for(kind), filename, line, count, path.partition(".")[0], None, way)


def finding(
    origin: str,
    *holders: Holder,
    kind: OriginKind = OriginKind.CLASS,
    verdict: str = "stale",
    count: int = 1,
    version: int | None = None,
) -> Finding:
    listed = holders or (holder("app.LIST[0]"),)
    return Finding(origin, kind, verdict, count, listed, origin.partition(".")[0], version)


def report(*findings: Finding, awaiting: int = 0, notes: tuple[str, ...] = ()) -> Report:
    listed = worst_first(findings)
    return Report(listed, tuple(dict.fromkeys(one.module for one in listed)), awaiting, notes)


EMPTY = Report((), ("core",))
HOSTILE = "app.TABLE['<script>alert(1)</script>\" \\\\ \x1b[31m']"
MIXED = report(
    finding(
        "core.Engine",
        holder("app.Engine", HolderKind.FROM_IMPORT, filename="/src/app.py", line=1, way=("app", "app.Engine")),
        holder(
            "app.LIST[2][0]", line=8, filename="/src/app.py", way=("app", "app.LIST", "app.LIST[2]", "app.LIST[2][0]")
        ),
        holder("base class of app.Car", HolderKind.BASE_CLASS, way=("app", "app.Car", "base class of app.Car")),
        holder(HOSTILE, way=("app", "app.TABLE", HOSTILE)),
    ),
    finding(
        "core.Engine",
        holder("app.LIST[1]", count=12_000, way=("app", "app.LIST", "app.LIST[1]")),
        holder("local 'engine' in serve() at /src/main.py:41", HolderKind.LOCAL, filename="/src/main.py", line=41),
        kind=OriginKind.INSTANCE,
        verdict="duplicate",
        count=12_000,
        version=2,
    ),
    finding("core.run", holder("a reference that nobody shows", HolderKind.UNSEEN), kind=OriginKind.FUNCTION),
    awaiting=3,
    notes=("the time was over",),
)
FORMS = {"text": str, "html": Report._repr_html_, "page": Report.to_html, "dot": Report.to_dot, "json": Report.to_json}


# As a sequence


def test_a_report_is_a_sequence_of_findings() -> None:
    assert len(MIXED) == 3
    assert list(MIXED) == list(MIXED.findings)
    assert MIXED[0] is MIXED.findings[0]
    assert MIXED[-1] is MIXED.findings[-1]
    assert MIXED[:2] == MIXED.findings[:2]
    with pytest.raises(IndexError):
        MIXED[3]


def test_a_report_is_true_if_something_was_found() -> None:
    assert MIXED
    assert not EMPTY
    assert not Report((), ("core",), awaiting_collection=3)


@pytest.mark.parametrize("copied", [lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy])
def test_a_copy_is_equal(copied: object) -> None:
    assert copied(MIXED) == MIXED  # type: ignore[operator]
    assert hash(copied(MIXED)) == hash(MIXED)  # type: ignore[operator]
    assert copied(MIXED) != EMPTY  # type: ignore[operator]


def test_a_prompt_shows_what_print_shows() -> None:
    assert repr(MIXED) == str(MIXED) == MIXED.to_text()
    assert repr(MIXED[1]) == str(MIXED[1])


# Its order


def test_a_chain_that_is_too_long_is_shown_by_its_ends() -> None:
    holder = Holder("app.head" + ".next" * 3_000, HolderKind.ATTRIBUTE, None, "assign the attribute again", "app.py", 3)
    keys = Holder("app.T" + "['some key']" * 20, HolderKind.CONTAINER, "STL205", "put the new one in its place")
    report = Report((Finding("core.C", OriginKind.CLASS, "stale", 1, (holder, keys), "core"),), ("core",))
    text = report.to_text(width=60)
    assert max(map(len, text.splitlines())) <= 60
    assert "app.head.next.next[…].next.next" in re.sub(r"(\.next){3,}", ".next.next", text)
    assert "app.T[…]['some key']['some key']\n" in text


def test_what_breaks_comes_first_and_what_has_one_name_stands_together() -> None:
    listed = worst_first(
        [
            finding("core.same", kind=OriginKind.FUNCTION, verdict="duplicate"),
            finding("core.other", kind=OriginKind.FUNCTION),
            finding("core.B", kind=OriginKind.INSTANCE),
            finding("core.B", version=2),
            finding("core.B", version=1),
            finding("base.f", kind=OriginKind.FUNCTION),
            finding("core.Z", holder("base class of app.D", HolderKind.BASE_CLASS)),
        ]
    )
    assert [(one.origin, one.kind.value, one.version) for one in listed] == [
        ("core.Z", "class", None),
        ("core.B", "class", 1),
        ("core.B", "class", 2),
        ("core.B", "instance", None),
        ("core.other", "function", None),
        ("core.same", "function", None),
        ("base.f", "function", None),
    ]


# Text


def test_the_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    inside = str(tmp_path / "app" / "views.py")
    found = report(
        finding(
            "core.Engine",
            holder("app.views.Engine", HolderKind.FROM_IMPORT, filename=inside, line=3),
            holder("app.views.TABLE['save']", filename=inside, line=12),
            holder("app.views.K", HolderKind.FROM_IMPORT, filename=inside, line=4),
            holder("base class of lib.D", HolderKind.BASE_CLASS, filename="/lib/lib.py", line=4),
            holder(f"local 'it' in serve() at {inside}:9", HolderKind.LOCAL, filename=inside, line=9),
        ),
        finding("core.Engine", holder("app.ALL[0]", count=5), kind=OriginKind.INSTANCE, count=5, verdict="duplicate"),
        finding("core.run", kind=OriginKind.FUNCTION, verdict="split", version=2),
        awaiting=1,
        notes=("the time was over",),
    )
    assert (
        str(found)
        == """\
core: still in use from before the reload

  old class core.Engine (stale)
  its methods are those of before; isinstance() and except tell it from the
  present class
    reload the subclass's module, then create its instances again:
      STL203  base class of lib.D      /lib/lib.py:4
    run the import again, or use it as an attribute of its module:
      STL101  app.views.Engine         app/views.py:3
      STL101  app.views.K              app/views.py:4
    put the new one in its place:
      STL205  app.views.TABLE['save']  app/views.py:12
    wait until the function returns, or let it fetch the new one:
              local 'it' in serve() at app/views.py:9

  5 old instances of core.Engine (duplicate)
  the code of its class is the same as now, but isinstance() with the present
  class is False
    put the new one in its place:
      STL205  app.ALL[0] and 4 more like it

  old function core.run (split, version 2)
  it runs the present code, but is not the present function: `is` tells them
  apart
    put the new one in its place:
      STL205  app.LIST[0]

Found 7 old objects of core in use.
1 old object is held by nobody: the garbage collector will take it.
note: the time was over"""
    )


def test_nothing_is_said_in_one_line() -> None:
    assert str(EMPTY) == "Found no old objects of core in use."
    assert str(Report((), ())) == "Found no old objects in use."
    assert str(Report((), tuple("abcdef"))) == "Found no old objects of 6 modules in use."
    note = "max_seconds=0 is over: not all modules have been looked at"
    assert str(Report((), ("core",), notes=(note,))) == f"Found no old objects of core in use so far.\nnote: {note}"


def test_many_holders_are_cut_and_the_finding_shows_all() -> None:
    found = report(finding("core.Engine", *(holder(f"app.m{number}.T[0]") for number in range(47))))
    lines = str(found).splitlines()
    assert sum("STL205" in line for line in lines) == 10
    assert "    +37 more; print(report[0]) shows them" in lines
    assert str(found[0]).count("STL205") == 47
    assert "more" not in str(found[0])


def test_the_worst_holders_are_not_cut() -> None:
    many = [holder(f"app.m{number}.T[0]") for number in range(20)]
    found = finding("core.Engine", *many, holder("base class of app.D", HolderKind.BASE_CLASS))
    assert "base class of app.D" in str(report(found))


def test_what_a_verdict_means_is_said_once() -> None:
    text = str(report(finding("core.A"), finding("core.B"), finding("core.C", verdict="duplicate")))
    assert " ".join(text.split()).count("isinstance() and except tell") == 2


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("kind", [OriginKind.CLASS, OriginKind.INSTANCE, OriginKind.FUNCTION])
def test_every_verdict_is_explained(verdict: str, kind: OriginKind) -> None:
    assert len(str(finding("core.A", kind=kind, verdict=verdict)).splitlines()) > 3


@pytest.mark.parametrize("width", [20, 40, 50, 60, 100, 200])
def test_lines_keep_to_the_width(width: int) -> None:
    holders = [holder(f"m{number}.K", filename="/a", line=3) for number in range(12)]
    found = replace(report(finding("core.A", *holders)), notes=("a note that is longer than some terminals are",))
    text = found.to_text(width=width)
    # What is not cut: the name of what is old with its verdict, and paths.
    lines = [line for line in text.splitlines() if "(stale)" not in line]
    assert max(map(len, lines)) <= width
    assert "print(report[0])" in " ".join(text.split())


def test_wide_characters_are_aligned() -> None:
    holders = [holder(f"app.D['{key}']", filename="/a.py", line=3) for key in ("日本語", "e\u0301t\u00e9", "abcdef")]
    text = report(finding("core.A", *holders)).to_text(width=80)
    columns = set()
    for line in text.splitlines():
        before, found, _ = line.partition("/a.py:3")
        if found:
            columns.add(len(before) + sum(one in "日本語" for one in before) - before.count("\u0301"))
    assert len(columns) == 1


def test_a_long_path_is_not_cut() -> None:
    path = "app.TABLE" + "['a long key of a table']" * 8
    assert path in report(finding("core.A", holder(path), holder("app.B[0]"))).to_text(width=80)


@pytest.mark.parametrize("kind", list(HolderKind))
def test_every_holder_has_a_remedy_that_fits_on_a_line(kind: HolderKind) -> None:
    assert 0 < len(remedy_for(kind)) <= LONGEST
    assert remedy_for(kind)[-1] not in ".:"


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in str(MIXED)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;31mstale\x1b[0m" in str(MIXED)
    assert "\x1b[1;31mstale\x1b[0m" in str(MIXED[0])
    assert "\x1b" not in MIXED.to_text()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in str(MIXED)


def test_colours_do_not_move_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.sub(r"\x1b\[[0-9;]*m", "", MIXED.to_text(color=True)) == MIXED.to_text()


# All forms


@pytest.mark.parametrize("form", FORMS)
def test_control_characters_do_not_get_through(form: str) -> None:
    assert "\x1b" not in FORMS[form](MIXED)


@pytest.mark.parametrize("form", FORMS)
def test_names_that_have_no_valid_spelling_can_be_written(form: str) -> None:
    found = report(finding("core.A\udc80", holder("app.K\udc80", filename="/x\udc80.py", line=1)), notes=("\udc80",))
    assert FORMS[form](found).encode("utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_a_lost_working_directory_does_no_harm(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert FORMS[form](MIXED)
    monkeypatch.chdir(tmp_path)


# JSON


def test_json_has_the_documented_shape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inside = holder("app.K[0]", filename=str(tmp_path / "app" / "k.py"), line=3, way=("app", "app.K", "app.K[0]"))
    assert report(finding("core.A", inside), awaiting=2, notes=("n",)).to_dict() == {
        "modules": ["core"],
        "findings": [
            {
                "origin": "core.A",
                "module": "core",
                "kind": "class",
                "verdict": "stale",
                "version": None,
                "count": 1,
                "holders": [
                    {
                        "path": "app.K[0]",
                        "kind": "container",
                        "code": "STL205",
                        "module": "app",
                        "name": None,
                        "filename": "app/k.py",
                        "line": 3,
                        "count": 1,
                        "remedy": "put the new one in its place",
                        "way": ["app", "app.K", "app.K[0]"],
                    }
                ],
            }
        ],
        "awaiting_collection": 2,
        "notes": ["n"],
    }


def test_json_is_indented_and_leaves_no_cycle_behind() -> None:
    MIXED.to_json()
    gc.collect()
    gc.disable()
    try:
        for report in (MIXED, EMPTY):
            assert report.to_json() == json.dumps(report.to_dict(), indent=2)
        texts = [MIXED.to_json(), MIXED.to_text(), MIXED.to_html(), MIXED.to_dot(), MIXED._repr_html_(), repr(MIXED)]
        gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        texts += [MIXED.to_json(), MIXED.to_text(), MIXED.to_html(), MIXED.to_dot(), MIXED._repr_html_(), repr(MIXED)]
        gc.collect()
        assert gc.garbage == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert texts[:6] == texts[6:]


def test_json_is_the_dict() -> None:
    assert json.loads(MIXED.to_json()) == MIXED.to_dict()
    assert json.loads(EMPTY.to_json())["findings"] == []


# HTML


class Tags(HTMLParser):
    """Notes tags, and whether each that is opened is closed in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.seen: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not [value for name, value in attrs if name in ("src", "href", "onload", "onclick")]
        if tag not in ("meta", "br", "rect"):
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "rect":
            assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("shown", [MIXED, EMPTY], ids=["findings", "nothing"])
@pytest.mark.parametrize("form", ["html", "page"])
def test_html_is_closed_escaped_and_self_contained(form: str, shown: Report) -> None:
    tags = Tags()
    tags.feed(FORMS[form](shown))
    tags.close()
    assert tags.opened == []
    assert "script" not in tags.seen
    assert "link" not in tags.seen
    assert ("svg" in tags.seen) == (form == "page" and bool(shown))
    assert "url(http" not in FORMS[form](shown)


def test_the_table_says_what_the_text_says() -> None:
    tags = Tags()
    tags.feed(MIXED._repr_html_())
    text = " ".join(tags.text)
    for said in ("old class core.Engine", "12,000 old instances of core.Engine", "duplicate, version 2", "STL203"):
        assert said in text
    for one in MIXED:
        assert all(each.remedy in text for each in one.holders)
    assert "<script>" in text
    assert "3 old objects are held by nobody" in text


def test_a_notebook_cuts_what_the_page_shows() -> None:
    found = report(finding("core.Engine", *(holder(f"app.m{number}.T[0]") for number in range(47))))
    assert found._repr_html_().count("STL205") == 10
    assert "+37 more; <code>report[0]</code>" in found._repr_html_()
    assert found[0]._repr_html_().count("STL205") == 47
    table = found.to_html().partition("</svg>")[2]
    assert table.count("STL205") == 47


def test_the_drawing_is_valid_and_shows_every_place() -> None:
    page = MIXED.to_html()
    root = ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    texts = [element.text or "" for element in root.iter("text")]
    for place in ("app", "app.LIST", "… [2]", "app.LIST[2][0]", "old class core.Engine"):
        assert texts.count(place) == 1
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    for box in root.iter("rect"):
        left, top, wide, high = (float(box.get(name, -1)) for name in ("x", "y", "width", "height"))
        assert 0 <= left <= left + wide <= width
        assert 0 <= top <= top + high <= height


# The graph


def test_dot_leads_from_roots_to_old_objects() -> None:
    dot = MIXED.to_dot()
    names = {label.split("\\n")[0]: name for name, label in re.findall(r'(n\d+) \[label="((?:[^"\\]|\\.)*)"', dot)}
    edges = set(re.findall(r"(n\d+) -> (n\d+);", dot))
    way = ["app", "app.LIST", "app.LIST[2]", "app.LIST[2][0]", "old class core.Engine"]
    assert all((names[one], names[other]) in edges for one, other in pairwise(way))
    assert (names["app.LIST"], names["app.LIST[1] and 11,999 more like it"]) in edges


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("shown", [MIXED, EMPTY], ids=["findings", "nothing"])
def test_graphviz_takes_the_graph(shown: Report) -> None:
    done = subprocess.run(["dot", "-Tsvg"], input=shown.to_dot(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_local_variables_of_one_name_are_two_places() -> None:
    ways = [(f"serve() at main.py:4 (thread '{name}')", "engine") for name in ("a", "b")]
    found = report(finding("core.A", *(holder("local 'engine'", HolderKind.LOCAL, way=way) for way in ways)))
    assert found.to_dot().count('label="engine\\nlocal"') == 2


def test_a_layout_goes_from_left_to_right_and_nothing_overlaps() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "z"), ("a", "d"), ("d", "z"), ("e", "d"), ("e", "z"), ("e", "y"), ("x", "y")]
    heights = dict.fromkeys("abcdexyz", 20.0)
    layout = lay_out(heights, ["a", "e"], edges)
    assert all(layout.columns[one] < layout.columns[other] for one, other in edges)
    assert layout.columns["a"] == layout.columns["e"] == 0
    assert layout.columns["y"] == layout.columns["z"] == max(layout.columns.values())
    for column in range(4):
        middles = sorted(layout.heights[one] for one in heights if layout.columns[one] == column)
        assert all(below - above >= 20 for above, below in pairwise(middles))
    assert all(len(bends) == layout.columns[o] - layout.columns[s] - 1 for (s, o), bends in layout.bends.items())
    assert max(layout.heights.values()) + 10 <= layout.total + 0.01


def test_a_circle_can_be_laid_out() -> None:
    layout = lay_out({"a": 10.0, "b": 10.0, "c": 10.0}, ["a"], [("a", "b"), ("b", "a"), ("b", "c"), ("c", "c")])
    assert set(layout.columns) == {"a", "b", "c"}


def test_an_empty_graph_can_be_laid_out() -> None:
    assert lay_out({}, [], []).total == 0


# The objects themselves


def test_the_old_objects_are_handed_out_and_not_kept(tmp_path: Path) -> None:
    files = {
        "core.py": """
            LIMIT = 3
            TABLE = {1: 2}
            class Engine: pass
            class Slotted: __slots__ = ("a",)
            class Pair(tuple): __slots__ = ()
            class Number(int): __slots__ = ()
            def run(): return 1
        """,
        "app.py": """
            import core
            from core import LIMIT, TABLE, run
            ENGINE = core.Engine()
            SLOTTED = [core.Slotted() for _ in range(300)]
            PAIRS = [core.Pair((1, 2))]
            NUMBER = core.Number(3)
        """,
    }
    script = """
        import app, core, gc
        edit("core", open(core.__file__).read().replace("return 1", "return 2").replace("1: 2", "1: 3"))
        report = stalecheck.reload(core)
        def found(): return {f"{one.kind.value} {one.origin}": one.objects() for one in report}
        first = found()
        same = [
            first["instance core.Engine"] == [app.ENGINE],
            set(map(id, first["instance core.Slotted"])) == set(map(id, app.SLOTTED)),
            first["instance core.Pair"][0] is app.PAIRS[0],
            first["instance core.Number"][0] is app.NUMBER,
            first["value core.TABLE"][0] is app.TABLE,
            first["function core.run"] == [app.run],
        ]
        counts = {name: len(objects) for name, objects in first.items()}
        del first
        del app.ENGINE, app.NUMBER, app.TABLE, app.PAIRS[:], app.SLOTTED[1:]
        gc.collect()
        answer([same, counts, {name: len(objects) for name, objects in found().items()}])
    """
    same, before, after = run_script(tmp_path, files, script)
    assert same == [True] * 6
    assert before["instance core.Slotted"] == 300
    assert {name: count for name, count in after.items() if count} == {
        "function core.run": 1,
        "instance core.Slotted": 1,
    }


def test_what_a_running_function_holds_is_handed_out(tmp_path: Path) -> None:
    script = """
        import core
        def serve():
            held = core.Slotted()
            importlib.reload(core)
            (finding,) = [one for one in stalecheck.probe(core) if one.kind.value == "instance"]
            assert finding.objects() == [held]
            return finding
        answer(serve().objects())
    """
    assert run_script(tmp_path, {"core.py": "class Slotted: __slots__ = ()\n"}, script) == []


def test_a_report_that_was_pickled_leads_to_no_objects(tmp_path: Path) -> None:
    script = """
        import core, pickle
        old = core.Engine
        importlib.reload(core)
        report = stalecheck.probe(core)
        again = pickle.loads(pickle.dumps(report))
        answer([again == report, str(again) == str(report), len(report[0].objects()), again[0].objects()])
    """
    assert run_script(tmp_path, {"core.py": "class Engine: pass\n"}, script) == [True, True, 1, []]


def test_holders_know_the_way_to_what_they_hold(tmp_path: Path) -> None:
    files = {"core.py": "class Engine: pass\n", "app.py": "import core\nDEEP = {'a': [core.Engine]}\n"}
    script = """
        import app, core
        importlib.reload(core)
        answer([holder.way for holder in stalecheck.probe(core)[0].holders])
    """
    assert run_script(tmp_path, files, script) == [["app", "app.DEEP", "app.DEEP['a']", "app.DEEP['a'][0]"]]


def test_findings_come_the_worst_first(tmp_path: Path) -> None:
    files = {
        "core.py": "def a(): pass\nclass Z: pass\n",
        "app.py": "from core import a\nimport core\nclass D(core.Z): pass\n",
    }
    script = "import app, core; importlib.reload(core); answer([one.origin for one in stalecheck.probe(core)])"
    assert run_script(tmp_path, files, script) == ["core.Z", "core.a"]
