"""The hooks of `pytest --stalecheck`."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Collection, Generator, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from _pytest.junitxml import xml_key

from stalecheck.probing import raw
from stalecheck.probing.words import shown
from stalecheck.testing.aftermath import Aftermath, kept_by
from stalecheck.testing.caller import Line
from stalecheck.testing.noticing import Change, Fixture, Noticing
from stalecheck.testing.record import Record, check_writable, write_json
from stalecheck.testing.summary import as_failure, as_lines
from stalecheck.testing.surroundings import Kept
from stalecheck.testing.victims import Reloaded, explanation
from stalecheck.vocabulary import ReloadMode

_TITLE = "stale references"
_MARKER = "stalecheck_allow"
_NOT_FAILED = ("passed", "skipped", "xfailed", "xpassed")


@dataclass(frozen=True, slots=True)
class _Ended:
    """A test that is over, and may fail nevertheless."""

    nodeid: str
    location: tuple[str, int | None, str]
    keywords: dict[str, Any]
    counted: str | None
    """The outcome under which it has been counted; None if it is to be counted once more."""


class Plugin:
    """Notices reloads while pytest collects and runs, and says what they have left behind."""

    def __init__(self, config: pytest.Config, *, is_error: bool, json_file: str | None) -> None:
        self._config = config
        self._is_error = is_error
        self._is_worker = False
        self._json = config.invocation_params.dir / json_file if json_file else None
        self._aftermath = Aftermath()
        self._records: list[Record] = []
        self._reloaded: set[str] = set()
        self._allowed: set[str] = set()
        """The tests that have left something behind which their markers allow."""

        self._last: dict[str, Reloaded] = {}
        self._failed: set[str] = set()
        """The tests and collectors that have failed, by themselves or for what they have left behind."""

        self._failure: str | None = None
        """Why the JSON could not be written."""

        self._guilty: set[str] = set()
        self._counted: str | None = None
        self._ended: dict[str, _Ended] = {}
        """The tests whose shared fixtures have yet to be judged."""

        self._open: list[Fixture] = []
        """The shared fixtures that have yet to be torn down."""

        self._noticing = Noticing()
        self._noticing.start()
        config.add_cleanup(self._noticing.stop)

    def is_ready(self) -> None:
        """Account for what the first conftest files have done, and see whether all can be done that is asked for.

        Raises:
            pytest.UsageError: The file for the JSON cannot be written.
        """
        self._is_worker = hasattr(self._config, "workerinput")  # pytest-xdist sets it after the first conftest files.
        if self._json is not None and not self._is_worker:
            try:
                check_writable(self._json)
            except OSError as error:
                raise pytest.UsageError(_not_writable(self._json, error)) from error
        self._end_step()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Look after each step of the collection; one may contain others. What hooks have done before is none's."""
        if not self._noticing.step and any(not change.is_open for change in self._noticing.pending):
            self._end_step()
        outer, self._noticing.step = self._noticing.step, collector.nodeid or "collection"
        try:
            report = yield
            found = self._end_step(collector)
        finally:
            self._noticing.step = outer
        if self._is_error and found and report.passed:
            report.outcome = "failed"
            report.longrepr = as_failure(found)
            self._failed.add(collector.nodeid)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Note what a fixture does that several tests share, until it has been torn down.

        One with parameters is torn down just before it is set up with the next one, which may reload again.
        """
        if fixturedef.scope == "function":
            return (yield)
        item = getattr(request, "_pyfuncitem", None)
        self._judge(self._noticing.of_ended(), item)
        fixture = Fixture(self._noticing.step, tuple(_allowed(item)) if item is not None else None)
        self._open.append(fixture)
        fixturedef.addfinalizer(partial(self._end_fixture, fixture))  # The last one of them runs first.
        try:
            with self._noticing.during(fixture):
                return (yield)
        finally:
            fixturedef.addfinalizer(partial(self._noticing.begin_teardown, fixture))

    def _end_fixture(self, fixture: Fixture) -> None:
        self._noticing.enter(fixture.outer)
        fixture.is_over, fixture.outer = True, None
        self._open.remove(fixture)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """See whether the markers name modules."""
        if any(None in each for each in _marked(item)) or any(
            set(marker.kwargs) - {"reason"} for marker in item.iter_markers(_MARKER)
        ):
            pytest.fail(
                f"@pytest.mark.{_MARKER} takes modules, their names and patterns such as 'app.*', and a reason",
                pytrace=False,
            )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Begin a test; what hooks have done since the last one, or since the collection, is not its doing."""
        if any(not change.is_open for change in self._noticing.pending):
            self._end_step()
        self._noticing.step = nodeid

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Help a test that fails, and look when a test has been torn down."""
        report = yield
        if call.when == "setup":
            self._failed.discard(item.nodeid)  # It may be run again.
            self._counted = None
        if call.when == "call" or report.skipped:
            self._counted = report.outcome
        if report.failed:
            self._failed.add(item.nodeid)
            self._explain(report, call)
        if call.when == "teardown":
            if self._is_error and any(fixture.step == item.nodeid for fixture in self._open):
                self._ended[item.nodeid] = _ended(item, report, self._counted)
            self._end_step(item)
            self._noticing.step = ""
            if self._is_error and self._records:
                self._fail(item.ihook, _ended(item, report, self._counted))
                for other in list(self._ended.values()) if not self._is_worker else ():
                    self._fail(item.ihook, replace(other, counted=None))
            if not self._open:
                self._ended.clear()
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Account for what the end of the session has done, and hand over the records."""
        self._noticing.end_fixtures()
        self._end_step()
        self._noticing.drop()
        if self._is_worker:
            output: dict[str, Any] = self._config.workeroutput  # type: ignore[attr-defined]
            output["stalecheck"] = pickle.dumps((self._records, self._reloaded, self._failed, self._allowed))
            return
        is_unpunished = any(record.test not in self._failed for record in self._records)
        if self._is_error and is_unpunished and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._json is not None:
            self._failure = self._write(self._json)
        if self._failure is not None:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            if not self._config.pluginmanager.has_plugin("terminalreporter"):
                print(f"ERROR: {self._failure}", file=sys.stderr)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of pytest-xdist has found."""
        found = getattr(node, "workeroutput", {}).get("stalecheck")
        if found is not None:
            records, reloaded, failed, allowed = pickle.loads(found)
            self._records += [record for record in records if record not in self._records]
            self._reloaded |= reloaded
            self._failed |= failed
            self._allowed |= allowed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the tests that fail for what they have left behind."""
        if getattr(report, "stalecheck", False):
            self._guilty.add(report.nodeid)
            junit: Any = self._config.stash.get(xml_key, None)
            counted: str | None = report.stalecheck_counted
            if junit is not None and counted in junit.stats:
                junit.stats[counted] -= 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the section."""
        for outcome in _NOT_FAILED:
            reports: list[Any] = terminalreporter.stats.get(outcome, [])
            reports[:] = [report for report in reports if getattr(report, "nodeid", None) not in self._guilty]
            if not reports:
                terminalreporter.stats.pop(outcome, None)
        self._print(terminalreporter)
        if self._failure is not None:
            terminalreporter.write_line(f"ERROR: {self._failure}", red=True)

    def _print(self, terminalreporter: Any) -> None:
        if not self._records:
            if self._reloaded:
                number = f"{len(self._reloaded)} modules were" if len(self._reloaded) > 1 else "1 module was"
                tests = f"{len(self._allowed)} tests are" if len(self._allowed) > 1 else "1 test is"
                rest = f" but those that {tests} allowed to leave" if self._allowed else ""
                terminalreporter.write_line(f"stalecheck: no stale references{rest} ({number} reloaded)")
            return
        writer = terminalreporter._tw
        terminalreporter.write_sep("=", _TITLE)
        for line in as_lines(self._records, color=writer.hasmarkup, width=min(writer.fullwidth, 100)):
            terminalreporter.write_line(line)

    def _end_step(self, node: pytest.Item | pytest.Collector | None = None) -> list[Record]:
        """Return what the step that has ended has left behind."""
        changes = self._noticing.changes()
        for change in changes:  # What no test and no collector has done is the doing of a conftest file.
            change.step = change.step or (shown(change.line.filename) if change.line is not None else "conftest.py")
        for change in self._noticing.pending:
            if node is not None and change.step == node.nodeid:
                change.allowed = tuple(_allowed(node)) if change.allowed is None else change.allowed
                change.line = change.line or _place(node)
        return self._judge(changes, node)

    def _judge(self, changes: list[Change], node: pytest.Item | pytest.Collector | None) -> list[Record]:
        found: list[Record] = []
        # First what the test itself has done, then the fixtures as they are torn down: the last one first.
        fixtures = dict.fromkeys(change.fixture for change in reversed(changes))
        for fixture in sorted(fixtures, key=lambda one: one is not None):
            now = [change for change in changes if change.fixture is fixture]
            later = [change for change in changes if change.moments and change.fixture is not fixture]
            found += self._look(now, node, later)
        return found

    def _look(
        self, changes: list[Change], node: pytest.Item | pytest.Collector | None, later: Collection[Change]
    ) -> list[Record]:
        self._reloaded.update(change.module for change in changes)
        later = [*later, *self._noticing.pending]
        kept = Kept(self._config, (*self._noticing.own, *kept_by(later)), _classes_to_come(node))
        found = self._aftermath.look(changes, later, _place(node), _allowed(node), kept)
        for change in changes:
            last = _reloaded(change, self._aftermath.versions[change.module] + 1)
            if not change.is_undone:
                self._last[change.module] = last
            else:
                self._last.setdefault(change.module, last)
        self._records += found
        self._allowed.update(record.test for record in self._aftermath.records if record.is_allowed)
        return found

    def _fail(self, hook: Any, test: _Ended) -> None:
        """Let a test fail that has passed so far, as if its function had failed."""
        records = [record for record in self._records if record.test == test.nodeid]
        if not records or test.nodeid in self._failed:
            return
        self._failed.add(test.nodeid)
        failure = pytest.TestReport(
            nodeid=test.nodeid,
            location=test.location,
            keywords=test.keywords,
            outcome="failed",
            longrepr=as_failure(records),
            when="call",
            stalecheck=True,
            stalecheck_counted=test.counted,
        )
        hook.pytest_runtest_logreport(report=failure)

    def _explain(self, report: pytest.TestReport, call: pytest.CallInfo[Any]) -> None:
        """Add to a failure what it has to do with a reload."""
        pending = self._noticing.pending
        if call.excinfo is None or not (self._last or pending):
            return
        last = dict(self._last)
        for change in pending:
            self._aftermath.note(change)
            last[change.module] = _reloaded(change, self._aftermath.versions[change.module] + change.count + 1)
        text = explanation(call.excinfo.value, self._aftermath.records, last, self._aftermath.known)
        if text is None:
            return
        add = getattr(report.longrepr, "addsection", None)
        if add is not None:
            add(_TITLE, text)
        else:
            report.sections.append((_TITLE, text))

    def _write(self, path: Path) -> str | None:
        """Write the file, and return what has gone wrong; the run's own summary is still to come."""
        capture: Any = self._config.pluginmanager.getplugin("capturemanager")
        try:
            with capture.global_and_fixture_disabled() if capture is not None else nullcontext():  # /dev/stdout
                write_json(self._records, path)
        except OSError as error:
            return _not_writable(path, error)
        return None


def _ended(item: pytest.Item, report: pytest.TestReport, counted: str | None) -> _Ended:
    return _Ended(item.nodeid, item.location, dict(report.keywords), counted)


def _not_writable(path: Path, error: OSError) -> str:
    return f"--stalecheck-json: cannot write {path}: {error.strerror or error}"


def _place(node: pytest.Item | pytest.Collector | None) -> Line | None:
    """Return where a test begins; the first line of what is collected."""
    if isinstance(node, pytest.Item):
        return Line(str(node.path), (node.location[1] or 0) + 1)
    return Line(str(node.path), 1) if isinstance(node, pytest.File) else None


def _classes_to_come(node: pytest.Item | pytest.Collector | None) -> list[pytest.Class]:
    """Return the classes that have tests which run after this one."""
    items = node.session.items if isinstance(node, pytest.Item) else []
    at = next((number for number, item in enumerate(items, 1) if item is node), len(items))
    return list(dict.fromkeys(one for item in items[at:] for one in item.listchain() if isinstance(one, pytest.Class)))


def _allowed(node: pytest.Item | pytest.Collector | None) -> list[str]:
    """Return the patterns of the modules that the markers of a test allow; what is wrong in them allows nothing."""
    return [pattern for each in _marked(node) for pattern in each or ("*",) if pattern is not None]


def _marked(node: pytest.Item | pytest.Collector | None) -> Iterator[list[str | None]]:
    """Yield what each marker of a test names, modules by their names; None for what is neither."""
    for marker in node.iter_markers(_MARKER) if node is not None else ():
        named = (raw.module_name(raw.module_dict(one)) if raw.is_module(one) else one for one in marker.args)
        yield [one if type(one) is str else None for one in named]


def _reloaded(change: Change, version: int) -> Reloaded:
    verb = "reloaded" if change.mode is ReloadMode.RELOAD else "replaced"
    return Reloaded(change.step, change.line, f"{verb} {change.module}", version, change.is_undone)
