"""Gives a new capability the next free number, in the kernel's header and in the copies that came with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix, LineEdit
from caplint.fixes.workbench import Proposals, Workbench

# The end of the dense run that begins at 0, as CAP105 computes it.
_GAP = 32
_TAKEN = """
    SELECT DISTINCT name, number FROM cap
    WHERE number IS NOT NULL AND alias IS NULL AND header IN ('uapi', 'vmm') AND typeof(number) = 'integer'
"""
_BEFORE = """
    SELECT DISTINCT number FROM base_cap b
    WHERE tree = ? AND header = 'uapi' AND typeof(number) = 'integer'
      AND NOT EXISTS (SELECT 1 FROM vendor_range v WHERE b.number BETWEEN v.low AND v.high)
"""
# A name that only a patch defines, and no release of Linux: nobody can depend on its number.
_NEW = """
    SELECT DISTINCT c.name, c.tree FROM cap c JOIN tree t ON t.name = c.tree AND t.patched
    WHERE c.role = 'kernel' AND c.header = 'uapi' AND c.alias IS NULL
      AND NOT EXISTS (SELECT 1 FROM base_cap b WHERE b.name = c.name)
      AND c.name NOT IN (SELECT name FROM cap_release) AND c.name NOT IN (SELECT name FROM former_cap)
"""
_PLACES = "SELECT DISTINCT tree, path, line FROM cap WHERE name = ? ORDER BY tree, path, line"
_LITERAL = re.compile(r"(\s*#\s*define\s+(\w+)\s+)([0-9]{1,9})(?![\w.'])(?=\s*(?:/\*.*)?$)")


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose a number for each new capability whose number collides or leaves a gap.

    The free numbers are given out in the order of the definitions. A capability that a release of Linux has, or that
    was there before the patch, keeps its number, and so does one with a definition that is not a plain number.
    """
    new = dict(bench.rows(_NEW))
    wrong = {finding.subject for finding in findings if finding.subject in new}
    kernels = {new[name] for name in wrong}
    if len(kernels) != 1:  # each patched kernel has a next free number of its own
        return
    taken = {number for name, number in bench.rows(_TAKEN) if name not in wrong}
    pending = {number for (number,) in bench.rows("SELECT number FROM pending_cap")}
    free = next_number(number for (number,) in bench.rows(_BEFORE, *kernels))
    limit = free + len(new)
    for name in dict.fromkeys(finding.subject for finding in sorted(findings, key=_order) if finding.subject in new):
        while free in taken or free in pending:
            free += 1
        if free >= limit:
            return
        edits = _edits(name, free, bench)
        if edits:
            fix = Fix(f"take the next free number, {free}", tuple(edits))
            yield from ((finding, fix) for finding in findings if finding.subject == name)
            free += 1


def next_number(numbers: Iterable[int]) -> int:
    """Return the number after the dense run that begins with the smallest number."""
    ordered = sorted(numbers)
    for one, other in pairwise(ordered):
        if other - one > _GAP:
            return one + 1
    return ordered[-1] + 1 if ordered else 0


def _edits(name: str, number: int, bench: Workbench) -> list[LineEdit]:
    """Return the edits of all definitions of a name; none if one of them cannot be edited."""
    edits = []
    for tree, path, line in bench.rows(_PLACES, name):
        match = _LITERAL.match(bench.line(tree, path, line) or "")
        if match is None or match[2] != name:
            return []
        text = match.string
        edit = bench.replaced(tree, path, line, [f"{match[1]}{number}{text[match.end() :]}"])
        if edit is not None:
            edits.append(edit)
    return edits


def _order(finding: Finding) -> tuple[str, str, int]:
    return finding.place.tree, finding.place.path, finding.place.line
