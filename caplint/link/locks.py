"""Whether an enable case that looks at the VM's vCPUs holds the lock under which they are created."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caplint.kernel_idioms import kernel_idioms
from caplint.link.bodies import Body, between
from caplint.link.helpers import Helpers
from caplint.link.sites import Site

_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Walk:
    """A look at the vCPUs."""

    text: str
    line: int
    locked: bool


def writes(body: Body, site: Site) -> bool:
    """Whether the case changes the VM: by an assignment, or by a call that gets one of its members.

    Functions that get a member of the VM may change it, as set_bit(…, &kvm->arch.flags) does.
    """
    stores = between(body.stores, site.start, site.stop)
    calls = between(body.calls, site.start, site.stop)
    return any(row.extra[2] == "0" and kernel_idioms().vm_state.search(row.extra[0]) for row in stores) or any(
        kernel_idioms().vm_state.search(row.text) and not kernel_idioms().is_inert(row.extra[0]) for row in calls
    )


def walk(helpers: Helpers, body: Body, site: Site) -> Walk | None:
    """The first look without the lock, else the first one; None where the case does not look."""
    found = list(_walks(helpers, body, site.start, site.stop, _DEPTH))
    return next((entry for entry in found if not entry.locked), found[0] if found else None)


def _walks(helpers: Helpers, body: Body, start: int, stop: int, depth: int) -> Iterator[Walk]:
    for row in between(body.accesses, start, stop):
        if kernel_idioms().vcpu_count.search(row.text):
            yield Walk(row.text, int(row.extra[1]), _is_locked(body, start, row.start))
    for row in between(body.macros, start, stop):
        if kernel_idioms().is_vcpu_loop(row.text):
            yield Walk(row.text, int(row.extra[1]), _is_locked(body, start, row.start))
    for row in between(body.calls, start, stop) if depth else []:
        if not re.search(r"\bkvm\b", row.text):
            continue
        for helper in helpers.functions(row.extra[0], body.handler.arch):
            if helper is body:
                continue
            handler = helper.handler
            inner = list(_walks(helpers, helper, handler.start, handler.stop, depth - 1))
            if inner:
                locked = all(entry.locked for entry in inner) or _is_locked(body, start, row.start)
                yield Walk(f"{row.extra[0]}()", int(row.extra[2]), locked)


def _is_locked(body: Body, start: int, offset: int) -> bool:
    """Whether kvm->lock has been taken when control reaches the offset: in the case, or above the switch."""
    first = min((row.start for row in body.labels), default=offset)
    held = False
    calls = ((row, row.extra[0], row.text) for row in body.calls)
    macros = ((row, row.text, row.extra[0]) for row in body.macros)
    for row, name, text in (*calls, *macros):
        if row.start >= offset or first <= row.start < start:
            continue
        if kernel_idioms().takes_vm_lock(name, text):
            held = True
        elif kernel_idioms().releases_vm_lock(name, text) and not _leaves_with(body, row.start, offset):
            held = False
    return held


def _leaves_with(body: Body, unlock: int, offset: int) -> bool:
    """Whether an unlock stands in a branch that leaves, so that what is behind it still holds the lock."""
    return any(
        test.extra[0] == "if" and test.extra[1] == "1" and test.start < unlock < test.stop <= offset
        for test in body.tests
    )
