"""Nothing is old in a process that has reloaded nothing, whatever it has imported."""

from __future__ import annotations

from pathlib import Path

from .scripts import run_script

MODULES = """
    argparse ast asyncio bz2 collections.abc concurrent.futures configparser copyreg csv ctypes curses dataclasses
    datetime dbm decimal difflib doctest email.message ensurepip enum fractions functools graphlib gzip heapq
    html.parser http.server imaplib importlib.metadata importlib.resources inspect ipaddress json logging.config
    lzma mailbox multiprocessing.pool numbers operator optparse pdb pickle pickletools platform plistlib poplib
    pprint profile pydoc queue random re readline sched secrets selectors shelve shlex shutil smtplib socketserver
    sqlite3 ssl statistics string subprocess symtable tarfile tempfile textwrap threading timeit tkinter tokenize
    tomllib traceback tracemalloc turtle types typing unittest.async_case unittest.mock urllib.request uuid venv
    warnings weakref wsgiref.simple_server xml.dom.minidom xml.etree.ElementTree xml.sax xmlrpc.server zipapp
    zipfile zoneinfo _pytest.assertion.rewrite click click.testing hypothesis hypothesis.strategies libcst
    libcst.matchers mypy.main pip._internal.cli.main pkg_resources pygments.formatters pygments.lexers pytest
    setuptools typing_extensions _testcapi
"""


def test_nothing_is_old_where_nothing_was_reloaded(tmp_path: Path) -> None:
    script = f"""
        import warnings
        warnings.simplefilter("ignore")
        for name in {MODULES.split()}:
            try:
                importlib.import_module(name)
            except Exception:
                pass  # Not every machine has each of them.
        from stalecheck.probing import raw
        from stalecheck.probing.old import find_old, take_stock
        stock = take_stock()
        names = [name for name, found in list(sys.modules.items()) if raw.is_module(found)]
        old = {{}}
        for name in names:
            for origin in find_old(name, raw.module_dict(sys.modules[name]), stock).origins.values():
                old[origin.path] = origin.kind.value
        report = stalecheck.probe()
        answer([len(names), old, [one.origin for one in report], list(report.notes)])
    """
    number, old, findings, notes = run_script(tmp_path, {}, script)
    assert number > 300
    assert (old, findings, notes) == ({}, [], [])


def test_nothing_is_old_after_a_watch_in_which_nothing_happened(tmp_path: Path) -> None:
    script = """
        found = {}
        for name in ("json.decoder", "typing", "enum", "logging", "argparse", "unittest.mock", "decimal"):
            importlib.import_module(name)
            with stalecheck.watch(name) as watched:
                pass
            found[name] = len(watched.report)
        answer(found)
    """
    assert set(run_script(tmp_path, {}, script).values()) == {0}
