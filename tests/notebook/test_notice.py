"""What is said of a report, without a shell."""

from __future__ import annotations

from collections.abc import Mapping

from stalecheck.notebook.cells import Seen
from stalecheck.notebook.notice import Session, notice
from stalecheck.probing.report import Finding, Holder, Report
from stalecheck.vocabulary import HolderKind, OriginKind


def _session(variables: Mapping[str, object] | None = None, *inputs: str) -> Session:
    return Session("__main__", variables or {}, variables or {}, ["", *inputs], Seen())


def _holder(path: str, kind: HolderKind, module: str | None = None) -> Holder:
    return Holder(path, kind, None, "let go", module=module, way=(path.partition(".")[0], path))


def _report(*holders: Holder, modules: tuple[str, ...] = ("net",), notes: tuple[str, ...] = ()) -> Report:
    found = Finding("net.Model", OriginKind.CLASS, "stale", 1, holders, "net")
    return Report((found,) if holders else (), modules, notes=notes)


def test_nothing_is_said_of_nothing() -> None:
    assert notice(_session(), _report()) == ""


def test_nothing_is_said_of_what_goes_by_itself() -> None:
    harmless = (HolderKind.HISTORY, HolderKind.TYPING_CACHE, HolderKind.WEAK_REGISTRY)
    assert notice(_session(), _report(*(_holder(f"place.{kind.value}", kind) for kind in harmless))) == ""


def test_other_places_are_counted() -> None:
    one = _holder("app.First", HolderKind.ALIAS, "app")
    more = [_holder(f"m{number}.First", HolderKind.ALIAS, f"m{number}") for number in range(4)]
    assert notice(_session(), _report(one)).splitlines()[1:] == ["  1 more place in app: %stalecheck net shows it"]
    assert notice(_session(), _report(*more, modules=("net", "core"))).splitlines()[1:] == [
        "  4 more places in m0, m1, m2, …: %stalecheck shows them"
    ]


def test_what_was_cut_short_is_said() -> None:
    notes = ("max_seconds=10 is over: holders that are farther away are missing", "gc.freeze() hides 2,000 objects")
    said = notice(_session(), _report(notes=notes))
    assert said.split("\n", 1)[0] == "stalecheck: from before the reload of net"
    assert " ".join(said.split()).endswith(
        "not everything was looked at, it takes too long: %stalecheck net takes its time"
    )


def test_what_the_probe_has_named_needs_no_search() -> None:
    report = _report(_holder("__main__.large[200000]", HolderKind.CONTAINER, "__main__"))
    said = notice(_session({"large": []}, "large = []"), report)
    assert "`large` (In [1]) holds the old class net.Model as large[200000]: run In [1] again" in " ".join(said.split())


def test_what_a_cell_reads_is_made_before_it_is_run_again() -> None:
    report = _report(*(_holder(f"__main__.{name}", HolderKind.INSTANCE, "__main__") for name in ("Model", "model")))
    inputs = ("", "model = Model()", "from net import Model")
    said = notice(_session({"Model": 1, "model": 2}, *inputs), report).splitlines()
    assert said[-1] == "  all at once: run In [3] and In [2] again, in this order"


def test_a_cell_that_reloads_after_it_has_taken_something_makes_that_old_each_time() -> None:
    report = _report(_holder("__main__.Model", HolderKind.FROM_IMPORT, "__main__"))
    cell = "from net import Model\nimportlib.reload(net)"
    said = " ".join(notice(_session({"Model": object}, cell), report).split())
    assert said.endswith("reload net in a cell of its own, then run In [1] again without that")


def test_cells_that_each_reload_would_make_old_what_the_others_have_made() -> None:
    report = _report(_holder("__main__.Model", HolderKind.FROM_IMPORT, "__main__"))
    cells = [f"importlib.reload(net)\nfrom net import {name}" for name in ("Model", "Kind")]
    said = " ".join(notice(_session({"Model": object, "Kind": object}, *cells), report).split())
    assert said.endswith("reload net in a cell of its own, then run In [1] again without that")
    # A cell that only reloads makes nothing that could get old.
    said = " ".join(notice(_session({"Model": object}, cells[0], "importlib.reload(net)"), report).split())
    assert said.endswith(": run In [1] again")


def test_what_no_cell_has_made() -> None:
    report = _report(_holder("__main__.given", HolderKind.INSTANCE, "__main__"))
    assert notice(_session({"given": 1}), report).splitlines()[1:] == [
        "  `given` (from no cell) is the old class net.Model: make it again"
    ]


def test_control_characters_do_not_reach_the_terminal() -> None:
    report = _report(_holder("__main__.given['\x1b[2J']", HolderKind.CONTAINER, "__main__"))
    assert "\x1b" not in notice(_session({"given": 1}), report)
