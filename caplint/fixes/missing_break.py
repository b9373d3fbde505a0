"""Adds the `break` that a case of a handler lacks."""

from __future__ import annotations

import re

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.workbench import Proposals, Workbench

_INTO = """
    SELECT DISTINCT into_line FROM cap_fall_through WHERE tree = ? AND path = ? AND line = ? AND column = ? AND cap = ?
"""
_LABEL = re.compile(r"(\s*)case\b[^?]*:\s*(?:/\*.*\*/\s*)?$")
_ASSIGNMENT = re.compile(r"(\s*)[A-Za-z_]\w*\s*=[^=;{}#\"'/\\][^;{}#\"'/\\]*;$")
_MOST_LINES = 20


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose a `break` behind the answer that is lost.

    Only for a case whose last statement assigns the answer on a line of its own, at the depth of the case: then every
    way through the case has it. What is said to fall through, or stands beside a comment or directive, is left.
    """
    for finding in findings:
        place = finding.place
        rows = bench.rows(_INTO, place.tree, place.path, place.line, place.column, finding.subject)
        end = _last_statement(bench, place.tree, place.path, place.line, rows[0][0]) if len(rows) == 1 else None
        if end is None:
            continue
        number, depth = end
        text = bench.line(place.tree, place.path, number) or ""
        edit = bench.replaced(place.tree, place.path, number, [text, f"{depth}break;"])
        if edit is not None:
            yield finding, Fix("end the case with break", (edit,))


def _last_statement(bench: Workbench, tree: str, path: str, first: int, into: int) -> tuple[int, str] | None:
    """Return line and indentation of the answer in front of a label; None if anything else is there."""
    label = _LABEL.fullmatch(bench.line(tree, path, into) or "")
    number = into - 1
    while number > first and into - number < _MOST_LINES and bench.line(tree, path, number) == "":
        number -= 1
    statement = _ASSIGNMENT.fullmatch(bench.line(tree, path, number) or "")
    if label is None or statement is None or number <= first:
        return None
    before = (bench.line(tree, path, number - 1) or "").rstrip()
    whole = before.endswith((";", "}", ":", "*/")) or before == ""
    return (number, statement[1]) if whole and statement[1] == f"{label[1]}\t" else None
