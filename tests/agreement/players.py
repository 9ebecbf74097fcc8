"""Processes that play projects, one order after the other (`oracle.answer_orders`)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Player:
    """A process that answers each order, a line of JSON, with another one; to be used in a ``with`` statement."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Player:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.communicate()

    def ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to an order.

        Raises:
            RuntimeError: there was none.
        """
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(order), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if answer["error"] is not None:
            raise RuntimeError(f"the player gave no answer: {answer['error']}")
        return answer
