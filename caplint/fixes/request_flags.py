"""Refuses the flags of KVM_ENABLE_CAP where a patch takes the test away, or adds a case without one."""

from __future__ import annotations

import re

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix, LineEdit
from caplint.fixes.handler_case import HandlerCase, above_switch, handler_case, hands_on, in_case
from caplint.fixes.workbench import Proposals, Workbench

# Cases of a function, and whether one is new or was tested before: a released kernel goes on accepting any flags.
_CASES = """
    SELECT e.cap, e.line, e.first_line, e.kind, e.flags_checked,
           t.patched AND NOT EXISTS (
               SELECT 1 FROM base_cap_enable b
               WHERE b.tree = e.tree AND b.cap = e.cap AND b.arch = e.arch AND b.scope = e.scope
                 AND b.flags_checked = 0)
    FROM enable_site e JOIN tree t ON t.name = e.tree
    WHERE e.tree = ? AND e.path = ? AND e.function = ?
"""


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose a refusal at the start of the case; above the switch if no case of the handler accepts flags any longer.

    A case gets none if other cases fall through into it, or if code above the switch may hold a lock.
    """
    for finding in findings:
        place = (finding.place.tree, finding.place.path)
        cases = bench.rows(_CASES, *place, finding.function)
        own = [row for row in cases if row[0] == finding.subject and row[1] == finding.place.line]
        if len({row[2] for row in own}) != 1 or not all(row[3] == "case" and row[4] == 0 and row[5] for row in own):
            continue
        group = [row for row in cases if row[2] == own[0][2]]
        case = handler_case(bench, place, own[0][2], max(row[1] for row in group))
        if case is None or not all(row[5] for row in group):
            continue
        everywhere = all(checked == 1 or (checked == 0 and new) for _, _, _, _, checked, new in cases)
        edit = _edit(bench, case, everywhere=everywhere)
        if edit is not None:
            yield finding, Fix("refuse flags, which have no meaning yet", (edit,))


def _edit(bench: Workbench, case: HandlerCase, *, everywhere: bool) -> LineEdit | None:
    condition = f"{case.request}flags"
    if everywhere and not hands_on(bench, case):
        return above_switch(bench, case, condition)
    partial = re.compile(rf"\t+if \({re.escape(condition)} & ~?[\w() |]+\)")
    first, second = (bench.line(*case.place, case.start + number) or "" for number in (1, 2))
    if partial.fullmatch(first) and re.fullmatch(r"\t+return -E\w+;", second):
        return bench.replaced(*case.place, case.start + 1, [f"{case.indent}if ({condition})"])
    return in_case(bench, case, condition)
