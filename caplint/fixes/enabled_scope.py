"""Enables a capability on the descriptor on which the kernel accepts it."""

from __future__ import annotations

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.vmm_call import (
    KVM_STATE,
    FunctionAround,
    rewritten_call,
    scope_of,
    wrapper_call,
    wrapper_named,
    wrappers_of,
)
from caplint.fixes.workbench import Proposals, Workbench

_SITES = """
    SELECT DISTINCT callee, scope, arch FROM vmm_enable
    WHERE tree = ? AND path = ? AND line = ? AND column = ? AND cap = ?
"""
_ACCEPTED = """
    SELECT DISTINCT h.scope FROM cap_enable h JOIN tree t ON t.name = h.tree AND t.role = 'kernel'
    WHERE h.cap = ? AND (? IS NULL OR h.arch IN (?, 'generic'))
"""


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose the wrapper of the right descriptor, with a variable that is in scope there.

    The VM's is the parameter or variable of the function, else `kvm_state`; the vCPU's can only be one that the
    function has. There is no fix if a variable would be left without use, nor for a descriptor of its own in `ioctl()`.
    """
    for finding in findings:
        place = finding.place
        sites = bench.rows(_SITES, place.tree, place.path, place.line, place.column, finding.subject)
        if len(sites) != 1:
            continue
        callee, scope, arch = sites[0]
        accepted = {row[0] for row in bench.rows(_ACCEPTED, finding.subject, arch, arch)}
        wrapper = wrapper_named(callee, "enable", bench.trees[place.tree].project.name)
        if wrapper is None or len(accepted) != 1:
            continue
        others = wrappers_of(wrapper.projects, "enable", accepted.pop(), wrapper.request)
        call = wrapper_call(bench, (place.tree, place.path), place.line, place.column, callee)
        around = scope_of(bench, (place.tree, place.path), place.line)
        if len(others) != 1 or call is None or around is None:
            continue
        target = others[0].scope
        is_same = {target, scope} == {"system", "vm"}
        first = call.first if is_same else _descriptor(around, target)
        if first is None or (not is_same and around.leaves_unused(call.first, first)):
            continue
        edit = rewritten_call(bench, call, others[0].callee, first)
        if edit is not None:
            yield finding, Fix(f"enable it per {'VM' if target == 'vm' else 'vCPU'}, by {others[0].callee}()", (edit,))


def _descriptor(around: FunctionAround, target: str) -> str | None:
    """Return the VM or the vCPU at a place, as C; None if there is none, or more than one."""
    if target == "vm":
        names = around.variables("KVMState") or [KVM_STATE]
    else:
        names = around.variables("CPUState") or [f"CPU({name})" for name in around.variables(r"\w+CPU")]
    return names[0] if len(names) == 1 else None
