"""Enabling that comes too late for vCPUs that exist: it changes what only the creation of a vCPU reads.

Silent are cases that look at the number of vCPUs, reach the vCPUs, or hand the VM to code that is not in view.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.body import Body
from caplint.link.functions.code_function import between
from caplint.link.functions.function_facts import Assignment
from caplint.link.functions.member_uses import BRACKETS, POINTED
from caplint.link.handlers.conditions import Region
from caplint.link.handlers.creation_reads import CreationReads, Use
from caplint.link.handlers.stale_copies import stale_copy

_DEPTH = 3
_VM = re.compile(r"\bkvm\b")
_VM_ITSELF = re.compile(r"\s*(?:&?\s*\w+->)?kvm\s*")
_Extent = tuple[Body, int, int]


class Late(NamedTuple):
    """State of the VM that enabling changes, and the read of it in the creation of a vCPU."""

    target: str
    use: Use
    copy: str = ""
    """Member of the vCPU that keeps what the creation read; empty if nothing else reads the state."""


def late(reads: CreationReads, body: Body, region: Region) -> Late | None:
    """Return a member that a case of a VM's enable handler changes too late for vCPUs that exist; None if none is."""
    if heeds_vcpus(reads, body, region):
        return None
    extents = list(_extents(reads, body, region.start, region.stop))
    enabling = frozenset(extent[0].handler.function for extent in extents)
    rows = [(within, row) for within, start, stop in extents for row in between(within.stores, start, stop)]
    rows = [(within, row) for within, row in rows if region.holds(row.start) or within is not body]
    for within, row in rows:
        use = _read_late(reads, within, row, enabling)
        if use is not None:
            return Late(row.target, use)
    for within, row in rows:
        member = _member(within, row)
        kept = stale_copy(reads, member, within.handler.arch, enabling) if member else None
        if kept is not None:
            return Late(row.target, kept.use, kept.target)
    return None


def heeds_vcpus(reads: CreationReads, body: Body, region: Region) -> bool:
    """Tell whether a case asks if vCPUs exist, reaches them, or may do so in code that is not in view."""
    if any(_sees_vcpus(reads, *extent) for extent in _extents(reads, body, region.start, region.stop)):
        return True
    return _asks_above(body, region)


def _asks_above(body: Body, region: Region) -> bool:
    """Tell whether code in front of a case, which holds for it, asks if vCPUs exist."""
    return any(region.holds(row.start) for row in between(body.vcpu_checks, body.handler.start, region.head))


def asking(reads: CreationReads, body: Body, region: Region) -> tuple[bool, str]:
    """Return whether a case asks if vCPUs exist, and a function of the creation that reads what it changes."""
    extents = list(_extents(reads, body, region.start, region.stop))
    inside = any(between(within.vcpu_checks, start, stop) for within, start, stop in extents)
    if not inside and not _asks_above(body, region):
        return False, ""
    for within, start, stop in extents:
        for row in between(within.stores, start, stop):
            member = _member(within, row)
            reader = reads.read_in_creation(member, body.handler.arch) if member else ""
            if reader:
                return True, reader
    return True, ""


def written(bodies: Iterable[Body]) -> frozenset[str]:
    """Return the members that VMs' enable handlers assign to themselves."""
    of_vms = (body for body in bodies if (body.handler.verb, body.handler.scope) == ("enable", "vm"))
    targets = (row.target for body in of_vms for row in body.stores if not row.local)
    return frozenset(names[-1] for target in targets if (names := POINTED.findall(BRACKETS.sub("", target))))


def _read_late(reads: CreationReads, body: Body, row: Assignment, enabling: frozenset[str]) -> Use | None:
    member = _member(body, row)
    return reads.only_in_creation(member, body.handler.arch, enabling) if member else None


def _member(body: Body, row: Assignment) -> str:
    """Return the member of the VM that an assignment changes; '' if it changes none."""
    names = POINTED.findall(BRACKETS.sub("", row.target))
    return "" if row.local or not names or not _is_vm_state(body, row.target) else names[-1]


def _is_vm_state(body: Body, target: str) -> bool:
    """Tell whether a target is a member of the VM, directly or through a pointer to a part of it."""
    if kernel_idioms().vm_state.search(target):
        return True
    root = re.match(r"\w+", target)
    stores = body.assigned.get(root.group(), []) if root else []
    return any(_VM.search(row.text) and row.text.lstrip("( ").startswith("&") for row in stores)


def _extents(reads: CreationReads, body: Body, start: int, stop: int) -> Iterator[_Extent]:
    """Yield the stretch of a case, and the functions in view that get the VM from it."""
    yield body, start, stop
    seen = {body.handler.function}
    waiting = [(body, start, stop, _DEPTH)]
    for within, begin, end, depth in waiting:
        for row in between(within.calls, begin, end) if depth else []:
            if row.callee not in seen and _VM.search(row.text):
                seen.add(row.callee)
                for helper in reads.helpers.functions(row.callee, body.handler.arch):
                    extent = helper, helper.handler.start, helper.handler.stop
                    yield extent
                    waiting.append((*extent, depth - 1))


def _sees_vcpus(reads: CreationReads, body: Body, start: int, stop: int) -> bool:
    """Tell whether code looks at the VM's vCPUs, reaches them, or may do so in code that is not in view."""
    idioms = kernel_idioms()
    if between(body.vcpu_checks, start, stop):
        return True
    if any(idioms.is_vcpu_loop(row.name) for row in between(body.macros, start, stop)):
        return True
    for row in between(body.calls, start, stop):
        callee = row.callee
        if idioms.reaches_vcpus(callee) or idioms.is_vcpu_loop(callee):
            return True
        gets_vm = any(_VM_ITSELF.fullmatch(argument) for argument in row.arguments)
        known = idioms.is_inert(callee) or reads.helpers.functions(callee, body.handler.arch)
        if gets_vm and not known:
            return True
    return False
