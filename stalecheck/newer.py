"""Files in syntax newer than the running Python: LibCST takes them apart, and what can be parsed is."""

from __future__ import annotations

import ast

import libcst as cst

from stalecheck.index import decode, parse


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
