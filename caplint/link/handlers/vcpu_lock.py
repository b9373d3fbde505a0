"""Locking of enable cases that look at the VM's vCPUs: they need the lock under which vCPUs are created."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caplint.link.functions.body import Body, between
from caplint.link.functions.callees import Helpers
from caplint.link.handlers.sites import Site

_DEPTH = 3
_COUNT = re.compile(r"\bcreated_vcpus\b")
_WALK = re.compile(r"kvm_for_each_vcpu\w*\Z")
_LOCK = re.compile(r"(?:mutex_lock\w*|mutex_trylock|guard\(mutex\w*\)|scoped_guard|class_mutex_constructor)\Z")
_UNLOCK = re.compile(r"mutex_unlock\Z")
_KVM_LOCK = re.compile(r"kvm\s*->\s*lock\b")
# Functions that take the lock for their caller.
_LOCKING = re.compile(r"\w*(?:lock_all_vcpus|kvm_lock)\w*\Z")


@dataclass(frozen=True, slots=True)
class Walk:
    """Access to the VM's vCPUs."""

    text: str
    line: int
    locked: bool


# Functions that only read a member of the VM; others may change it, as set_bit(…, &kvm->arch.flags) does.
_READING = re.compile(r"(?:test_\w+|READ_ONCE|atomic_read|lockdep_\w+|mutex_\w+|pr_\w+|VM_EVENT|trace_\w+)\Z")
_VM_STATE = re.compile(r"\bkvm\s*->\s*(?!lock\b|slots_lock\b|mm\b)\w+")


def writes(body: Body, site: Site) -> bool:
    """Tell whether the case changes the VM: by an assignment, or by a call that gets one of its members."""
    stores = between(body.stores, site.start, site.stop)
    calls = between(body.calls, site.start, site.stop)
    return any(row.extra[2] == "0" and _VM_STATE.search(row.extra[0]) for row in stores) or any(
        _VM_STATE.search(row.text) and not _READING.match(row.extra[0]) for row in calls
    )


def walk(helpers: Helpers, body: Body, site: Site) -> Walk | None:
    """Return the first access without the lock, else the first access; None without any."""
    walks = list(_walks(helpers, body, site.start, site.stop, _DEPTH))
    return next((entry for entry in walks if not entry.locked), walks[0] if walks else None)


def _walks(helpers: Helpers, body: Body, start: int, stop: int, depth: int) -> Iterator[Walk]:
    for row in between(body.accesses, start, stop):
        if _COUNT.search(row.text):
            yield Walk(row.text, int(row.extra[1]), _is_locked(body, start, row.start))
    for row in between(body.macros, start, stop):
        if _WALK.match(row.text):
            yield Walk(row.text, int(row.extra[1]), _is_locked(body, start, row.start))
    for row in between(body.calls, start, stop) if depth else []:
        if not re.search(r"\bkvm\b", row.text):
            continue
        for helper in helpers.functions(row.extra[0], body.handler.arch):
            if helper is body:
                continue
            handler = helper.handler
            inner_walks = list(_walks(helpers, helper, handler.start, handler.stop, depth - 1))
            if inner_walks:
                locked = all(entry.locked for entry in inner_walks) or _is_locked(body, start, row.start)
                yield Walk(f"{row.extra[0]}()", int(row.extra[2]), locked)


def _is_locked(body: Body, start: int, offset: int) -> bool:
    """Tell whether kvm->lock is held when control reaches the offset: taken in the case, or above the switch."""
    first = min((row.start for row in body.labels), default=offset)
    is_locked = False
    calls = ((row, row.extra[0], row.text) for row in body.calls)
    macros = ((row, row.text, row.extra[0]) for row in body.macros)
    for row, name, text in (*calls, *macros):
        if row.start >= offset or first <= row.start < start:
            continue
        if (_LOCK.match(name) and _KVM_LOCK.search(text)) or _LOCKING.match(name):
            is_locked = True
        elif _UNLOCK.match(name) and _KVM_LOCK.search(text) and not _leaves_with(body, row.start, offset):
            is_locked = False
    return is_locked


def _leaves_with(body: Body, unlock: int, offset: int) -> bool:
    """Tell whether an unlock is in a branch that leaves, so that the code after it still holds the lock."""
    return any(
        test.extra[0] == "if" and test.extra[1] == "1" and test.start < unlock < test.stop <= offset
        for test in body.tests
    )
