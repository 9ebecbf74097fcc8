"""Files in syntax newer than the running Python: LibCST takes them apart, and what can be parsed is."""

from __future__ import annotations

import ast

import libcst as cst

from stalecheck.index import Unreadable, decode, parse


def parse_partly(data: bytes) -> ast.Module | None:
    """Parse a file, leaving out the top-level statements that the running Python cannot parse.

    Everything else keeps its place. None where LibCST cannot parse the file either.
    """
    try:
        module = cst.parse_module(decode(data))
    except (cst.ParserSyntaxError, SyntaxError, UnicodeDecodeError, LookupError, RecursionError):
        return None
    parts = ["".join(module.code_for_node(line) for line in module.header)]
    for statement in module.body:
        code = module.code_for_node(statement)
        is_known = isinstance(parse(code.encode()), ast.Module)
        parts.append(code if is_known else "\n" * code.count("\n"))
    tree = parse("".join(parts).encode())
    return tree if isinstance(tree, ast.Module) else None


def first_error(data: bytes, error: Unreadable) -> Unreadable:
    """What is wrong with a file that LibCST cannot parse either.

    `error` is the running Python's complaint. Where that is about newer syntax only, the lines up to there are
    left out, and the next complaint is the one.
    """
    lines = decode(data).splitlines(keepends=True)
    while True:
        row = error.location.row
        is_within_block = "".join(lines[row:]).lstrip("\r\n")[:1].isspace()
        if is_within_block or not _is_parsed("".join(lines[:row])):
            return error
        lines[:row] = ["\n"] * row
        next_error = parse("".join(lines).encode())
        if not isinstance(next_error, Unreadable) or next_error.location.row <= row:
            return error
        error = next_error


def _is_parsed(code: str) -> bool:
    try:
        cst.parse_module(code)
    except (cst.ParserSyntaxError, RecursionError):
        return False
    return True
