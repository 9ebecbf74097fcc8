"""What one process hands to another arrives as it was."""

from __future__ import annotations

import pickle
import sysconfig
from pathlib import Path

import pytest

from stalecheck.index import index_file
from stalecheck.packing import pack
from stalecheck.summarize.walker import summarize

SOURCE = (Path(sysconfig.get_path("stdlib")) / "argparse.py").read_bytes()


@pytest.mark.parametrize(
    "value",
    [index_file(SOURCE), [summarize(SOURCE, (3, 10))], [index_file(b"x = ("), None], []],
    ids=["an index", "summaries", "a file that nothing parses", "nothing"],
)
def test_what_is_packed_is_the_same_again(value: object) -> None:
    assert repr(pickle.loads(pack(value))) == repr(value)
