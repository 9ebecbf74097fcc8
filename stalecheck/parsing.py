"""Parses with LibCST, of which every failure is one of the source's."""

from __future__ import annotations

import re

import libcst as cst

_TEMPLATE = re.compile(r"\b(?:t(?=r?['\"])|(?<=\br)t(?=['\"]))", re.IGNORECASE)
"""What makes a string a template."""


class UnparsedError(Exception):
    """LibCST cannot parse a source.

    `row` is where it stopped, 1 where it does not say.
    """

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def parse_whole(source: str) -> cst.Module:
    """Return the tree that keeps all of a source.

    Of templates LibCST 1.8 knows neither raw ones nor ``t"a" t"b"``, which fails its own checks; formatted strings,
    which have the same syntax, stand for them then.

    Raises:
        UnparsedError: There is none.
        RecursionError: The source is nested too deeply.
    """
    try:
        return _parse(source)
    except UnparsedError:
        formatted = _TEMPLATE.sub("f", source)
        if formatted == source:
            raise
    return _parse(formatted)


def _parse(source: str) -> cst.Module:
    try:
        return cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        raise UnparsedError(max(error.editor_line, 1)) from None
    except (cst.CSTLogicError, cst.CSTValidationError):
        raise UnparsedError(1) from None
