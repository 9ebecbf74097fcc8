"""Runs cells in a real kernel, as a notebook does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .shells import ROOT


@dataclass
class Answer:
    """What a notebook shows below a cell."""

    text: str = ""
    """Standard output and standard error."""

    shown: dict[str, str] = field(default_factory=dict)
    """The value of the cell, by MIME type."""

    error: str = ""


class Kernel:
    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, source: str) -> Answer:
        answer = Answer()

        def take(message: dict[str, Any]) -> None:
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    answer.text += content["text"]
                case "execute_result" | "display_data":
                    answer.shown.update(content["data"])
                case "error":
                    answer.error = content["ename"]

        self._client.execute_interactive(source, timeout=60, output_hook=take, store_history=True)
        return answer


@contextmanager
def kernel(directory: Path) -> Iterator[Kernel]:
    """Start a kernel whose working directory is `directory`, and end it afterwards."""
    from jupyter_client.manager import KernelManager

    own = {name: str(directory / "jupyter") for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    (directory / "jupyter").mkdir()
    manager = KernelManager(connection_file=str(directory / "jupyter" / "kernel.json"))
    manager.start_kernel(
        cwd=str(directory),
        env={**os.environ, **own, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        stderr=subprocess.DEVNULL,
    )
    client = manager.blocking_client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
