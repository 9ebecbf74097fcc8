"""The documentation of the rules: for the terminal, and as the table in the README."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from stalecheck.errors import UsageError
from stalecheck.rules import Rule, rules

BEGIN = "<!-- rules -->"
END = "<!-- /rules -->"


def explain(code: str) -> str:
    """The documentation of the rule `code`, in any case; raises UsageError for an unknown one."""
    by_code = {rule.code: rule for rule in rules()}
    rule = by_code.get(code.strip().upper())
    if rule is None:
        near = difflib.get_close_matches(code.strip().upper(), by_code, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "--list-rules shows all codes"
        raise UsageError(f'unknown code "{code}"; {hint}')
    lines = list(_plain(rule.documentation.strip().splitlines()))
    if not rule.is_default:
        lines += ["", f"Not on by default: --extend-select {rule.code} adds it."]
    return "\n".join(lines) + "\n"


def rule_list() -> str:
    """Code, name and summary of every rule, one per line."""
    width = max((len(rule.name) for rule in rules()), default=0)
    return "".join(f"{rule.code}  {rule.name:<{width}}  {rule.summary}{_opt_in(rule)}\n" for rule in rules())


def rule_fields() -> list[dict[str, object]]:
    """The same for machines."""
    return [
        {"code": rule.code, "name": rule.name, "summary": rule.summary, "default": rule.is_default} for rule in rules()
    ]


def rule_table() -> str:
    """The rules as a markdown table; each code is an anchor that the diagnostics' `url` leads to."""
    rows = (f"| {_anchor(rule)} | {rule.name} | {_cell(rule.summary)}{_opt_in(rule)} |" for rule in rules())
    return "\n".join(["| code | name | what it flags |", "| --- | --- | --- |", *rows]) + "\n"


def refresh(readme: str) -> str:
    """`readme` with the current rule table between its markers; raises UsageError without the markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UsageError(f"the markers {BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n{rule_table()}{END}{after}"


def _plain(lines: Iterable[str]) -> Iterator[str]:
    """Markdown for the terminal: headings without their signs, code blocks indented."""
    fence = ""
    for line in lines:
        opening = re.match(r"\s*(`{3,}|~{3,})", line)
        if opening and not fence:
            fence = opening[1]
        elif opening and line.strip() == fence:
            fence = ""
        elif fence:
            yield f"    {line}".rstrip()
        else:
            yield re.sub(r"^#+ +", "", line)


def _anchor(rule: Rule) -> str:
    return f'<a id="{rule.code.lower()}"></a>{rule.code}'


def _opt_in(rule: Rule) -> str:
    return "" if rule.is_default else " (opt-in)"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _rewrite(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    fresh = refresh(text)
    if fresh != text:
        path.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        _rewrite(Path(argument))
