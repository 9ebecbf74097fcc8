"""What both halves know of terminals: colours, and text of foreign origin made safe to print on one."""

from __future__ import annotations

import os
import sys

_CODES = {"bold": "1", "dim": "2", "red": "1;31", "yellow": "1;33", "cyan": "1;36", "green": "1;32"}

# Control characters could command the terminal, the Unicode ones reorder what the reader sees.
_UNSAFE = (
    {code: chr(0x2400 + code) for code in range(0x20)}
    | {0x7F: "\u2421"}
    | dict.fromkeys([*range(0x80, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A)], "\ufffd")
)


def style(text: str, name: str, *, color: bool) -> str:
    """`text` in the colour `name`, or as it is without `color`."""
    return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if color else text


def printable(text: str) -> str:
    """`text` on one line, with visible signs in place of control characters."""
    return text.translate(_UNSAFE)


def takes_colors() -> bool:
    """Whether standard output is a terminal that shows colours; NO_COLOR and FORCE_COLOR decide otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
