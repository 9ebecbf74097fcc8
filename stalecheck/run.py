"""The pipeline, top to bottom: paths and configuration in, a report out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from stalecheck.certain import Certain
from stalecheck.config import Config, absolute_path, check_codes, shown
from stalecheck.discover import Discovery, discover, is_excluded, name_files, settle_names
from stalecheck.errors import UsageError
from stalecheck.events import Schedule, schedule
from stalecheck.forms import Forms
from stalecheck.history import modules_gone, names_gone
from stalecheck.index import FileIndex, Unreadable, imported_names, index_parsed, index_tree, index_unparsed, parse
from stalecheck.link import Program, link
from stalecheck.model import Diagnostic, Location, Report, SourceFile, Span
from stalecheck.modules import ModuleTable, absolute
from stalecheck.nominate import nominate
from stalecheck.read import Progress, deeply, index_files, processors, read_files, summarize_files, text_lines
from stalecheck.reloads import ReloadSite, find_reloads, gives_back
from stalecheck.rules import Reloading, judge, rules
from stalecheck.select import selected_codes, selected_in
from stalecheck.summarize.guards import without_dead_branches
from stalecheck.summarize.summary import Needed, Summary, without_fallbacks, without_later_runs
from stalecheck.suppress import suppress
from stalecheck.vocabulary import Severity

Unread = Mapping[Path, Unreadable]


def run(
    paths: Sequence[Path],
    config: Config,
    *,
    cwd: Path,
    stdin: tuple[Path, bytes] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Lint.

    Args:
        paths: Files and directories to report on; the whole project below the configuration's root is read.
        config: What was asked for.
        cwd: The working directory.
        stdin: A file's path and the content to take for it; then only that file is reported on.
        progress: Is told the stage, how many files are done, and of how many.

    Raises:
        UsageError: a path does not exist, or there is no Python file, or a code is unknown.
    """
    check_selection(config)
    progress = progress or _silent
    jobs = config.jobs or processors()
    found = discover(paths if stdin is None else [], config, cwd=cwd)
    if stdin is not None and config.force_exclude and is_excluded(stdin[0], config):
        found, stdin = replace(found, excluded=1), None
    files, sources, unread = _read(found, [absolute_path(path, cwd) for path in paths], stdin, config)
    table = ModuleTable(files)
    search = partial(_search, target_version=config.target_version)
    indexes, sites = index_files(sources, search, jobs=jobs, progress=progress)
    if any(index.needs_libcst for index in indexes.values()):
        indexes = deeply(partial(_with_newer, indexes, sources))
    events = schedule(sites, config.reloaded, config.reimported, indexes, table)
    nominated = nominate(
        indexes, table, events.reloaded, events.evicted, events.reloading, events.together, events.left
    )
    closely = {file: sources[file] for file in files if file in nominated}
    summaries = summarize_files(closely, config.target_version, jobs=jobs, progress=progress)
    parse_alive = cache(partial(_parse_alive, sources, config.target_version))
    certain = Certain(sources, parse_alive, indexes, table, config.target_version)
    program = Program(
        table,
        _readable(summaries, events.run_once, certain),
        indexes,
        events.reloaded,
        events.evicted,
        _given_back(sites, table),
        Forms(sources, indexes, table).is_forgotten,
        partial(certain.has, is_attribute=True),
    )
    selected = selected_codes(config, [r.code for r in rules()], [r.code for r in rules() if r.is_default])
    diagnostics = [
        *deeply(lambda: list(judge(_reloading(program, events, sources, config, parse_alive), selected, cwd=cwd))),
        *_unreadable(unread, indexes, summaries, sources),
    ]
    return _report(diagnostics, files, sources, found, events, config, cwd)


def _silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def check_selection(config: Config) -> None:
    """Check the codes of the options; raises UsageError for an unknown one."""
    known = [rule.code for rule in rules()]
    per_file = tuple(code for _, codes in config.per_file_ignores for code in codes)
    for option, codes in (
        ("--select", config.select or ()),
        ("--extend-select", config.extend_select),
        ("--ignore", config.ignore),
        ("--per-file-ignores", per_file),
    ):
        check_codes(codes, known, option)


def _read(
    found: Discovery, paths: Sequence[Path], stdin: tuple[Path, bytes] | None, config: Config
) -> tuple[tuple[SourceFile, ...], dict[SourceFile, bytes], Unread]:
    """Read the discovered files and give them their final module names."""
    files = found.files
    if stdin is not None:
        files = _with_stdin(files, stdin[0], config.root)
    data, errors = read_files(file for file in files if stdin is None or file.path != stdin[0])
    if stdin is not None:
        data |= {file: stdin[1] for file in files if file.path == stdin[0]}
    unread = {file.path: error for file, error in errors.items() if file.is_reported}
    unread |= {
        path: Unreadable(reason, Location(1, 1))
        for path, reason in found.unreadable
        if stdin is None and any(path.is_relative_to(named) for named in paths)
    }
    if not any(file.is_reported for file in files) and not found.excluded and not unread:
        raise UsageError("no Python files found under the given paths")
    imported = frozenset(name for source in data.values() for name in imported_names(source))
    settled = dict(zip(files, settle_names(files, imported), strict=True))
    sources = {settled[file]: source for file, source in data.items()}
    return tuple(sources), sources, unread


def _with_stdin(files: Sequence[SourceFile], path: Path, root: Path) -> tuple[SourceFile, ...]:
    """Return the files with `path` among them, on disk or not, as the only one that is reported."""
    others = [replace(file, is_reported=False) for file in files if file.path != path]
    own = next((file for file in files if file.path == path), None) or next(name_files([(str(path), True)], root))
    return tuple(sorted((*others, replace(own, is_reported=True)), key=lambda file: str(file.path)))


def _with_newer(
    indexes: Mapping[SourceFile, FileIndex], sources: Mapping[SourceFile, bytes]
) -> dict[SourceFile, FileIndex]:
    """Index what can be indexed of files in newer syntax than the running Python's."""
    found = dict(indexes)
    for file, index in indexes.items():
        if index.needs_libcst is not None:
            tree = _readable_tree(index.needs_libcst, sources[file])
            if tree is not None:
                found[file] = replace(index_tree(tree, sources[file]), needs_libcst=index.needs_libcst)
    return found


def _readable_tree(tree: ast.Module | Unreadable, data: bytes) -> ast.Module | None:
    """Return a file's tree, or that of what the running Python knows; None where its syntax is wrong in any version."""
    if isinstance(tree, ast.Module):
        return tree
    if index_unparsed(data, tree).needs_libcst is None:
        return None
    from stalecheck.newer import parse_newer

    newer = parse_newer(data)
    return None if newer is None else newer.tree


def _reloading(
    program: Program,
    events: Schedule,
    sources: Mapping[SourceFile, bytes],
    config: Config,
    parse_alive: Callable[[SourceFile], ast.Module | None],
) -> Reloading:
    """Gather what the rules look at."""
    since, root = config.since, config.root
    return Reloading(
        program,
        events.places,
        events.sequences,
        tuple(link(program, events.sequences)),
        sources,
        parse_alive,
        names_gone(events.reloaded, since, program.indexes, root) if since else {},
        modules_gone(sources, since, root) if since else frozenset(),
        config.below_version,
    )


def _parse_alive(
    sources: Mapping[SourceFile, bytes], target_version: tuple[int, int], file: SourceFile
) -> ast.Module | None:
    """Parse a file without the branches that no supported Python runs."""
    tree = _readable_tree(parse(sources[file]), sources[file])
    return None if tree is None else without_dead_branches(tree, target_version)


def _search(
    sources: Mapping[SourceFile, bytes], target_version: tuple[int, int]
) -> tuple[dict[SourceFile, tuple[ReloadSite, ...]], dict[SourceFile, FileIndex]]:
    """Find the reloads of what runs on the target version; index what is parsed for that."""
    indexes: dict[SourceFile, FileIndex] = {}

    def parse_alive(file: SourceFile) -> ast.Module | None:
        parsed = parse(sources[file])
        if file not in indexes:
            indexes[file] = index_parsed(parsed, sources[file])
        tree = _readable_tree(parsed, sources[file])
        return None if tree is None else without_dead_branches(tree, target_version)

    return find_reloads(sources, parse_alive), indexes


def _given_back(
    sites: Mapping[SourceFile, tuple[ReloadSite, ...]], table: ModuleTable
) -> dict[SourceFile, dict[int, SourceFile | None]]:
    """Return for each row that reloads the one module that is reloaded there."""
    return {
        file: {site.span.start.row: _one_module(site, file, table) for site in found} for file, found in sites.items()
    }


def _one_module(site: ReloadSite, file: SourceFile, table: ModuleTable) -> SourceFile | None:
    return table.find(site.targets[0], file) if len(site.targets) == 1 and gives_back(site.spelling) else None


def _readable(
    summaries: Mapping[SourceFile, Summary | Unreadable], run_once: Collection[SourceFile], certain: Certain
) -> dict[SourceFile, Summary]:
    """Return the summaries of what could be parsed, each with what its body binds when it runs."""
    found: dict[SourceFile, Summary] = {}
    for file, summary in summaries.items():
        if isinstance(summary, Summary):
            once = without_later_runs(summary) if file in run_once else summary
            found[file] = without_fallbacks(once, partial(_is_there, certain, file))
    return found


def _is_there(certain: Certain, file: SourceFile, asked: Needed) -> bool:
    """Whether a file certainly gets what it needs of another module."""
    module = absolute(file, asked.level, asked.module or None)
    return module is not None and certain.has(file, module, asked.name, is_attribute=asked.is_attribute)


def _unreadable(
    unread: Unread,
    indexes: Mapping[SourceFile, FileIndex],
    summaries: Mapping[SourceFile, Summary | Unreadable],
    sources: Mapping[SourceFile, bytes],
) -> Iterable[Diagnostic]:
    """Yield STL001 for what could not be read or parsed."""
    for path, error in unread.items():
        yield _unreadable_file(path, error)
    for file, index in indexes.items():
        summary = summaries.get(file)
        if index.error is not None:
            yield _unreadable_file(file.path, index.error)
        elif isinstance(summary, Unreadable):
            yield _unreadable_file(file.path, _syntax_error(sources[file], index, summary))


def _syntax_error(data: bytes, index: FileIndex, summary: Unreadable) -> Unreadable:
    if index.needs_libcst is None:
        return summary
    from stalecheck.newer import first_error

    return first_error(data, index.needs_libcst)


def _unreadable_file(path: Path, error: Unreadable) -> Diagnostic:
    end = Location(error.location.row, error.location.column + 1)
    return Diagnostic(
        "STL001",
        "unreadable-file",
        Severity.WARNING,
        f"cannot be analysed: {error.message}",
        path,
        Span(error.location, end),
        "mend the file, or exclude it with --extend-exclude",
    )


def _report(
    diagnostics: Sequence[Diagnostic],
    files: Sequence[SourceFile],
    sources: Mapping[SourceFile, bytes],
    found: Discovery,
    events: Schedule,
    config: Config,
    cwd: Path,
) -> Report:
    """Select, suppress, sort, and gather what the formats need."""
    known = [rule.code for rule in rules()]
    default = [rule.code for rule in rules() if rule.is_default]
    selected = selected_codes(config, known, default)
    reported = {file.path: sources[file] for file in files if file.is_reported}
    unreported = {file.path for file in files if not file.is_reported}
    judged = {path: selected_in(path, config, selected) for path in {*reported, *(d.path for d in diagnostics)}}
    wanted = [d for d in diagnostics if d.path not in unreported and d.code in judged[d.path]]
    outcome = suppress(
        wanted,
        reported,
        known=known,
        default=default,
        judged=judged.__getitem__,
    )
    kept = _sorted({*outcome.kept, *outcome.unused}, cwd)
    severe = tuple(diagnostic for diagnostic in kept if diagnostic.severity >= config.min_severity)
    cited = {d.path for d in (*severe, *outcome.suppressed)} | {record.path for record in events.records}
    lines = {file.path: text_lines(sources[file]) for file in files if file.path in cited}
    return Report(
        severe,
        _sorted(outcome.suppressed, cwd),
        tuple(sorted(events.records, key=lambda record: shown(record.path, cwd))),
        len(files),
        len({file.module for file in files}),
        found.excluded,
        lines,
        events.unmatched,
        len(reported),
    )


def _sorted(diagnostics: Iterable[Diagnostic], cwd: Path) -> tuple[Diagnostic, ...]:
    """Sort by place, files as the formats name them."""

    def order(diagnostic: Diagnostic) -> tuple[str, Location, str, str, str]:
        holder = "" if diagnostic.holder is None else diagnostic.holder.name
        return shown(diagnostic.path, cwd), diagnostic.span.start, diagnostic.code, holder, diagnostic.message

    return tuple(sorted(diagnostics, key=order))
