"""Asks for a capability before a VMM enables it without caring for the result."""

from __future__ import annotations

import re

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.vmm_call import KVM_STATE, LONGEST, wrapper_call, wrapper_named, wrappers_of
from caplint.fixes.workbench import Proposals, Workbench

_SITES = """
    SELECT DISTINCT callee, scope FROM vmm_enable e
    WHERE e.tree = ? AND e.path = ? AND e.line = ? AND e.column = ? AND e.cap = ? AND e.result = 'void'
      AND e.resolved_via = 'direct'
      AND EXISTS (SELECT 1 FROM cap_answer a WHERE a.cap = e.cap AND (e.arch IS NULL OR a.arch = e.arch))
"""


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose a check of the VM around a call whose result is cast to void.

    Only if a kernel in view answers the check on that architecture: otherwise the capability would never be enabled
    again. The call is a statement on one line.
    """
    for finding in findings:
        place = finding.place
        sites = bench.rows(_SITES, place.tree, place.path, place.line, place.column, finding.subject)
        wrapper = (
            wrapper_named(sites[0][0], "enable", bench.trees[place.tree].project.name) if len(sites) == 1 else None
        )
        call = wrapper_call(bench, (place.tree, place.path), place.line, place.column, sites[0][0]) if wrapper else None
        if wrapper is None or wrapper.request or call is None or len(call.lines) != 1:
            continue
        asking = wrappers_of(wrapper.projects, "check", "vm")
        text = call.lines[0]
        space = text[: len(text) - len(text.lstrip())]
        above = (bench.line(place.tree, place.path, place.line - 1) or "").rstrip()
        whole = re.fullmatch(r"\(void\) ?", text[len(space) : call.start]) and call.after == ";"
        if len(asking) != 1 or not whole or (above and not above.endswith(("{", "}", ";", "*/"))):
            continue
        first = call.first if wrapper.scope == "vm" else KVM_STATE
        new = [f"{space}if ({asking[0].callee}({first}, {finding.subject})) {{", f"    {text}", f"{space}}}"]
        edit = bench.replaced(place.tree, place.path, place.line, new)
        if edit is not None and all(len(line) <= LONGEST for line in new):
            yield finding, Fix("ask the kernel first", (edit,))
