"""Adds an MSR to the list of registers to save, if a patch keeps its value in KVM's own structures."""

from __future__ import annotations

import re

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.workbench import Proposals, Workbench

# A register that a patch takes out of a list.
_FORMER = """
    SELECT DISTINCT l.list FROM base_msr_saved l JOIN tree t ON t.name = l.tree AND t.patched
    WHERE l.tree = ? AND NOT l.feature AND l.number = (SELECT min(number) FROM msr_get WHERE tree = ? AND msr = ?)
"""
# A register that a patch begins to serve, by cases of both directions.
_NEW = """
    SELECT DISTINCT l.list FROM msr_get g JOIN tree t ON t.name = g.tree AND t.patched
    JOIN msr_saved l ON l.tree = g.tree AND NOT l.feature AND l.by_vendor
    WHERE g.tree = ? AND g.path = ? AND g.msr = ? AND g.line = ? AND g.value_kind = 'state'
      AND EXISTS (SELECT 1 FROM msr_set s WHERE s.tree = g.tree AND s.number = g.number AND s.value_kind = 'state')
      AND NOT EXISTS (SELECT 1 FROM msr_fact f WHERE f.msr = g.msr)
      AND NOT EXISTS (SELECT 1 FROM base_msr_get b WHERE b.tree = g.tree AND g.number BETWEEN b.number AND b.last)
"""
_LAST = """
    SELECT path, line, condition FROM msr_saved WHERE tree = ? AND list = ? ORDER BY line DESC LIMIT 1
"""
_CONDITION = "SELECT DISTINCT condition FROM msr_get WHERE tree = ? AND path = ? AND msr = ? AND line = ?"
_ENTRIES = re.compile(r"\t(?:[A-Za-z_]\w*, ?)+")


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose an entry at the end of a list: the one that had it before the patch, else that of emulated registers.

    KVM serves a register from its own state whatever the processor has, so it is an emulated one. Then a VMM has to
    save it, which CAP306 tells. A register that was served and not listed before the patch is left to people, and so is
    one under a condition that the list's last entry does not have.
    """
    for finding in findings:
        place = finding.place
        former = bench.rows(_FORMER, place.tree, place.tree, finding.subject)
        lists = former or bench.rows(_NEW, place.tree, place.path, finding.subject, place.line)
        last = bench.rows(_LAST, place.tree, lists[0][0]) if len(lists) == 1 else []
        if (finding.severity != "warning" and not former) or not last:
            continue
        path, line, condition = last[0]
        conditions = bench.rows(_CONDITION, place.tree, place.path, finding.subject, place.line)
        text = bench.line(place.tree, path, line) or ""
        if (
            conditions != [(condition,)]
            or bench.line(place.tree, path, line + 1) != "};"
            or not _ENTRIES.fullmatch(text)
        ):
            continue
        edit = bench.replaced(place.tree, path, line, [text, f"\t{finding.subject},"])
        if edit is not None:
            yield finding, Fix(f"list it in {lists[0][0]}", (edit,), brings=("CAP306",))
