"""The command line: options in, text and an exit code out."""

from __future__ import annotations

import atexit
import contextlib
import errno
import gc
import os
import stat
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stalecheck.config import (
    COLORS,
    OUTPUT_FORMATS,
    Config,
    PerFileIgnores,
    check_codes,
    load_config,
    parse_per_file_ignores,
    shown,
)
from stalecheck.discover import why_refused
from stalecheck.errors import StalecheckError, UsageError
from stalecheck.render import TEXT_FORMATS, render
from stalecheck.render.place import counted, place
from stalecheck.render.reloads import render_reloads, render_reloads_json
from stalecheck.render.statistics import render_statistics, render_statistics_json
from stalecheck.render.summary import notes, summary
from stalecheck.suppress import UNREADABLE
from stalecheck.terminal import takes_colors

if TYPE_CHECKING:
    from stalecheck.model import Report

FOUND = 1
FAILED = 2
INTERRUPTED = 130

_ISSUES = "the project's issue tracker"
_STDIN = "stdin.py"
_DEVICES = Path("/dev")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line with `argv` (default: the process's own); returns the exit code."""
    if argv is None:
        # The process ends with the run: to walk once more what a whole project leaves in memory frees nothing.
        gc.disable()
        atexit.register(gc.freeze)
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show is no crash
    try:
        return int(command.main(args=arguments, prog_name="stalecheck", standalone_mode=False) or 0)
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
    except StalecheckError as error:
        click.echo(f"stalecheck: {error}", err=True)
    except Exception as error:
        if "--verbose" in arguments or "-v" in arguments:
            traceback.print_exc()
        else:
            click.echo(
                f"stalecheck: internal error: {type(error).__name__}: {error}\n"
                f"This is a bug; please report it at {_ISSUES} with what --verbose prints.",
                err=True,
            )
    return FAILED


def _commas(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(text.strip(" ,") for text in value):
        # Taken for "not given", it would let through what a script meant to choose.
        raise UsageError(f"{parameter.opts[0]} is empty; give it a value or leave it out")
    return tuple(part.strip() for text in value for part in text.split(",") if part.strip())


def _ignores(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> PerFileIgnores:
    return parse_per_file_ignores(value)


def _flag(context: click.Context, parameter: click.Parameter, value: bool) -> bool | None:
    return value or None  # not given: the configuration decides


def _listed(name: str, metavar: str, help_text: str) -> Callable[..., Any]:
    return click.option(name, multiple=True, metavar=metavar, callback=_commas, help=f"{help_text} Repeatable.")


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 nothing found, 1 something found, 2 it could not be done.",
)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@_listed("--reloaded", "PATTERN", "Treat these modules as reloaded: app.core, 'app.*'.")
@_listed("--reimported", "PATTERN", "Treat these modules as evicted from sys.modules and imported again.")
@_listed("--select", "CODES", "Report these codes only, or those with these beginnings: STL101,STL2.")
@_listed("--ignore", "CODES", "Do not report these codes.")
@_listed("--extend-select", "CODES", "Report these codes too.")
@click.option(
    "--per-file-ignores",
    multiple=True,
    metavar="GLOB:CODE",
    callback=_ignores,
    help="Do not report a code in some files: 'tests/*:STL101'. Repeatable.",
)
@_listed("--exclude", "GLOBS", "Files and folders to leave out, instead of the usual ones.")
@_listed("--extend-exclude", "GLOBS", "Files and folders to leave out besides.")
@click.option(
    "--force-exclude/--no-force-exclude",
    default=None,
    help="Leave out excluded paths even when they are named.",
)
@click.option(
    "--respect-gitignore/--no-respect-gitignore",
    default=None,
    help="Leave out what .gitignore names (default).",
)
@click.option(
    "--min-severity",
    type=click.Choice(["error", "warning", "note"]),
    help="Report from this severity on (default: warning).",
)
@click.option(
    "--target-version",
    metavar="pyXY",
    help="The oldest Python to support (default: from requires-python).",
)
@click.option(
    "--since",
    metavar="REV",
    help="Report uses of names that the reloaded modules have defined at this git revision, and do not any more.",
)
@click.option("--output-format", type=click.Choice(OUTPUT_FORMATS), help="Default: full.")
@click.option(
    "--output-file", metavar="FILE", type=click.Path(path_type=Path, readable=False), help="Write the report there."
)
@click.option("--statistics", is_flag=True, callback=_flag, help="Count the diagnostics of each code instead.")
@click.option("--show-suppressed", is_flag=True, callback=_flag, help="List what comments suppress, too.")
@click.option("--exit-zero", is_flag=True, callback=_flag, help="Exit with 0 even when something is found.")
@click.option("-q", "--quiet", is_flag=True, callback=_flag, help="Print diagnostics only.")
@click.option("-v", "--verbose", is_flag=True, callback=_flag, help="Show every holder, what was read, and tracebacks.")
@click.option("--color", type=click.Choice(COLORS), help="Default: auto.")
@click.option("--list-reloads", is_flag=True, help="List every place that reloads, instead of diagnostics.")
@click.option("--list-rules", is_flag=True, help="List the rules.")
@click.option("--explain", metavar="CODE", help="Print the documentation of a rule.")
@click.option("--stdin-filename", metavar="FILE", help="What to take standard input for, when PATHS is '-'.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="How many processes to use.")
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Read this configuration only.",
)
@click.option("--isolated", is_flag=True, help="Read no configuration.")
@click.option("--version", is_flag=True, help="Print the version.")
def command(
    paths: tuple[str, ...],
    *,
    output_file: Path | None,
    list_reloads: bool,
    list_rules: bool,
    explain: str | None,
    stdin_filename: str | None,
    config_file: Path | None,
    isolated: bool,
    version: bool,
    **options: object,
) -> int:
    """Find what goes stale when a Python module is reloaded.

    PATHS are the files and folders to report on (default: the current one); the whole project around them
    is read. A '-' takes standard input for the file that --stdin-filename names.
    """
    target = None if output_file is None else _target(output_file)
    if version:
        _write(f"stalecheck {_installed_version()}\n", target)
        return 0
    if list_rules or explain is not None:
        _write(_documentation(explain, as_json=options["output_format"] == "json"), target)
        return 0
    cwd = _working_directory()
    named, stdin = _inputs(paths, stdin_filename, cwd=cwd)
    refused = {path: why for path in named if stdin is None and (why := why_refused(path))}
    named = tuple(path for path in named if path not in refused)
    if not named:
        raise UsageError("; ".join(f"{path} {why}" for path, why in refused.items()))
    config = _configuration(named, options, cwd=cwd, config_file=config_file, isolated=isolated)
    colored = target is None and _is_colored(config.color)
    report = _run(named, config, cwd=cwd, stdin=stdin)
    if list_reloads:
        text = _reloads(report, config, cwd=cwd, color=colored)
    else:
        text = _diagnostics(report, config, cwd=cwd, color=colored)
    _write(text, target, color=colored)
    if list_reloads:
        for diagnostic in report.diagnostics:
            if diagnostic.code == UNREADABLE:
                where = place(diagnostic.path, diagnostic.span.start, cwd=cwd)
                click.echo(f"stalecheck: not searched: {where}: {diagnostic.message}", err=True)
    if not config.quiet:
        for note in _notes(report, config, cwd=cwd):
            click.echo(note, err=True)
    for path, why in refused.items():
        click.echo(f"stalecheck: {path} {why}", err=True)
    if refused:
        return FAILED
    return FOUND if report.diagnostics and not (config.exit_zero or list_reloads) else 0


def _target(path: Path) -> Path:
    """Where to write; refused before the work is done rather than after it."""
    try:
        is_folder = path.is_dir()
    except PermissionError as error:
        raise UsageError(f"--output-file: cannot write {path}: {error.strerror}") from None
    if is_folder:
        raise UsageError(f"--output-file: {path} is a folder; name a file in it")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--output-file: the folder {path.parent} does not exist; make it first")
    return path


def _is_colored(choice: str) -> bool:
    return takes_colors() if choice == "auto" else choice == "always"


def _installed_version() -> str:
    from importlib import metadata  # costs a third of the start-up

    try:
        return metadata.version("stalecheck")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _documentation(code: str | None, *, as_json: bool) -> str:
    from stalecheck import explain
    from stalecheck.render.json import array

    if code is not None:
        return explain.explain(code)
    return array(explain.rule_fields()) if as_json else explain.rule_list()


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("the working directory no longer exists; change to another one") from None


def _inputs(
    paths: Sequence[str], stdin_filename: str | None, *, cwd: Path
) -> tuple[tuple[Path, ...], tuple[Path, bytes] | None]:
    """The paths to report on, and standard input with the file that it stands for."""
    if not all(paths):  # A variable of a shell script that is not set would mean everything.
        raise UsageError("a path is empty; name one, or '.' for this folder")
    if "-" not in paths and (paths or stdin_filename is None):
        if stdin_filename is not None:
            raise UsageError("--stdin-filename goes with the path '-' only")
        return tuple(Path(path) for path in paths) or (Path(),), None
    if len(paths) > 1:
        raise UsageError("the path '-' stands alone: only standard input is reported then")
    if sys.stdin is None:
        raise UsageError("standard input is closed; '-' reads from it")
    path = cwd / (stdin_filename or _STDIN)
    if path.is_dir():
        raise UsageError(
            f"--stdin-filename {stdin_filename} is a directory; name the file that standard input stands for"
        )
    return (path,), (path, sys.stdin.buffer.read())


def _configuration(
    paths: Sequence[Path],
    options: Mapping[str, object],
    *,
    cwd: Path,
    config_file: Path | None,
    isolated: bool,
) -> Config:
    """The configuration with the options laid over it, its codes checked."""
    from stalecheck.rules import rules

    given = {name: value for name, value in options.items() if value not in (None, ())}
    config = load_config(paths, cwd=cwd, config_file=config_file, isolated=isolated, overrides=given)
    known = tuple(rule.code for rule in rules())
    per_file = tuple(code for _, codes in config.per_file_ignores for code in codes)
    checked = {
        "select": config.select or (),
        "ignore": config.ignore,
        "extend_select": config.extend_select,
        "per_file_ignores": per_file,
    }
    for name, codes in checked.items():
        key = name.replace("_", "-")
        where = f"--{key}"
        if name not in given and config.source is not None:
            where = f'{shown(config.source, cwd)}: "{key}"'
        check_codes(codes, known, where)
    return config


def _run(paths: Sequence[Path], config: Config, *, cwd: Path, stdin: tuple[Path, bytes] | None) -> Report:
    # Loaded late: --help and --version answer without it.
    from stalecheck.read import collector_paused
    from stalecheck.run import run

    is_watched = sys.stderr is not None and sys.stderr.isatty()
    with _progress(is_shown=is_watched and not config.quiet) as progress, collector_paused():
        return run(paths, config, cwd=cwd, stdin=stdin, progress=progress)


@contextlib.contextmanager
def _progress(*, is_shown: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A callback that keeps one line of a terminal current, once the work takes more than a second."""
    if not is_shown:
        yield None
        return
    begin = last = time.monotonic()

    def show(what: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - begin > 1 and now - last > 0.1:
            last = now
            click.echo(f"\r\x1b[K{what} {done}/{total}", nl=False, err=True)

    try:
        yield show
    finally:
        if last != begin:
            click.echo("\r\x1b[K", nl=False, err=True)


def _reloads(report: Report, config: Config, *, cwd: Path, color: bool) -> str:
    if config.output_format in TEXT_FORMATS:
        return render_reloads(report, cwd=cwd, color=color)
    return render_reloads_json(report, cwd=cwd)


def _diagnostics(report: Report, config: Config, *, cwd: Path, color: bool) -> str:
    """The report in the format of the configuration, with its summary where people read it."""
    is_text = config.output_format in TEXT_FORMATS
    if config.statistics:
        text = render_statistics(report, color=color) if is_text else render_statistics_json(report)
    else:
        text = render(
            report,
            config.output_format,
            cwd=cwd,
            verbose=config.verbose,
            color=color,
            show_suppressed=config.show_suppressed,
        )
    if not is_text or config.quiet:
        return text
    ending = summary(report, patterns=config.reloaded + config.reimported, color=color)
    is_spaced = text and ending and config.output_format == "full" and not config.statistics
    return text + "\n" * bool(is_spaced) + ending


def _notes(report: Report, config: Config, *, cwd: Path) -> tuple[str, ...]:
    lines = notes(report, cwd=cwd, patterns=config.reloaded + config.reimported)
    if not config.verbose:
        return lines
    source = "no configuration" if config.source is None else shown(config.source, cwd)
    read = f"{counted(report.files, 'file')}, {counted(report.modules, 'module')}"
    excluded = counted(report.excluded, "file or folder", "files and folders")
    return (*lines, f"Read {read} below {config.root} with {source}; {excluded} excluded.")


def _write(text: str, target: Path | None, *, color: bool = False) -> None:
    try:
        if target is None:
            _print(text, color=color)
        else:
            _replace(target, text.encode(errors="backslashreplace"))
    except OSError as error:
        where = "standard output" if target is None else str(target)
        raise UsageError(f"cannot write {where}: {error.strerror or error}") from error


def _print(text: str, *, color: bool) -> None:
    if sys.stdout is None and text:  # It was closed, and click would pass over it in silence.
        raise OSError(errno.EBADF, "it is closed")
    try:
        click.echo(text, nl=False, color=color)
    except OSError as error:
        # What is still buffered would fail again when the interpreter exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise


def _replace(target: Path, content: bytes) -> None:
    """Write `content` all at once: whoever reads `target` sees the old file or the new one."""
    real = Path(os.path.realpath(target))
    mode = real.stat().st_mode if real.exists() else None
    if (mode is not None and not stat.S_ISREG(mode)) or target.is_relative_to(_DEVICES):
        # A pipe or a device cannot be replaced, and what /dev/stdout leads to is not ours to replace.
        with target.open("ab") as file:
            file.write(content)
        return
    target = real
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))  # Replacing it would not ask.
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
