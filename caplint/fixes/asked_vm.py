"""Asks the VM for a capability whose answer depends on it."""

from __future__ import annotations

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.vmm_call import rewritten_call, wrapper_call, wrapper_named, wrappers_of
from caplint.fixes.workbench import Proposals, Workbench

_CALLEES = "SELECT DISTINCT callee FROM vmm_check WHERE tree = ? AND path = ? AND line = ? AND column = ? AND cap = ?"
# The definition of the VM's wrapper, which calls the system's.
_FALLS_BACK = """
    SELECT count(*) FROM file f JOIN main.call c ON c.blob = f.blob
    WHERE f.tree = ? AND c.function = ? AND c.callee = ?
"""


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose the wrapper that asks the VM, where it asks the system itself if there is no VM yet.

    Then the answer can only become more exact: before the VM exists, and on kernels that have no answers for a VM, it
    stays the same. So it is QEMU's kvm_vm_check_extension(), whose definition in the tree is looked at.
    """
    for finding in findings:
        place = finding.place
        callees = bench.rows(_CALLEES, place.tree, place.path, place.line, place.column, finding.subject)
        callee = callees[0][0] if len(callees) == 1 else ""
        wrapper = wrapper_named(callee, "check", bench.trees[place.tree].project.name)
        others = wrappers_of(wrapper.projects, "check", "vm") if wrapper and not wrapper.request else []
        if len(others) != 1 or bench.rows(_FALLS_BACK, place.tree, others[0].callee, callee) == [(0,)]:
            continue
        call = wrapper_call(bench, (place.tree, place.path), place.line, place.column, callee)
        edit = rewritten_call(bench, call, others[0].callee, call.first) if call else None
        if edit is not None:
            yield finding, Fix(f"ask the VM, by {others[0].callee}()", (edit,))
