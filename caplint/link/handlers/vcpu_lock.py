"""Locking of enable cases that access the VM's vCPUs: they need the lock under which vCPUs are created."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, takewhile

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.core.extents import last_before
from caplint.link.functions.body import Body, LockEvent
from caplint.link.functions.callees import Helpers
from caplint.link.functions.code_function import between
from caplint.link.handlers.sites import Site
from caplint.link.handlers.vcpu_creation import misses

_DEPTH = 3
# Maximum number of lock and unlock operations that are read before an access to the vCPUs.
_MOST_STEPS = 1_000
_MEMBER = re.compile(r"kvm\s*->\s*\w+(?:(?:\.|->)\w+)*")


@dataclass(frozen=True, slots=True)
class Walk:
    """Access to the VM's vCPUs."""

    text: str
    line: int
    locked: bool
    missed: bool
    """Whether a vCPU that is created in between misses the change: the VM's state is not written before."""


def writes(body: Body, site: Site) -> bool:
    """Tell whether the case changes the VM: by an assignment, or by a call that gets one of its members."""
    return any(True for _ in _written(body, site.start, site.stop))


def _written(body: Body, start: int, stop: int) -> Iterator[str]:
    """Yield the members of the VM that may be changed between two offsets, such as `kvm->arch.x`.

    Functions that get a member of the VM may change it, as set_bit(…, &kvm->arch.flags) does.
    """
    for row in between(body.stores, start, stop):
        if not row.local and (match := kernel_idioms().vm_state.search(row.target)):
            yield _member(row.target, match.start())
    for call in between(body.calls, start, stop):
        if not kernel_idioms().is_inert(call.callee) and (match := kernel_idioms().vm_state.search(call.text)):
            yield _member(call.text, match.start())


def _member(text: str, start: int) -> str:
    match = _MEMBER.match(text, start)
    return match.group() if match else ""


def walk(helpers: Helpers, body: Body, site: Site) -> Walk | None:
    """Return the first access without the lock that misses vCPUs, else the first without the lock, else the first."""
    walks = list(_walks(helpers, body, site.start, site.stop, _DEPTH))
    unlocked = [entry for entry in walks if not entry.locked]
    return next((entry for entry in unlocked if entry.missed), next(iter([*unlocked, *walks]), None))


def _walks(helpers: Helpers, body: Body, start: int, stop: int, depth: int) -> Iterator[Walk]:
    looks = [(row.start, row.chain, row.line) for row in between(body.accesses, start, stop)
             if kernel_idioms().vcpu_count.search(row.text)]  # fmt: skip
    looks += [(row.start, row.name, row.line) for row in between(body.macros, start, stop)
              if kernel_idioms().is_vcpu_loop(row.name)]  # fmt: skip
    for offset, text, line in looks:
        yield Walk(text, line, _is_locked(body, start, offset), _is_missed(helpers, body, start, offset))
    calls = between(body.calls, start, stop) if depth else []
    for row in (row for row in calls if re.search(r"\bkvm\b", row.text)):
        for helper in helpers.functions(row.callee, body.handler.arch):
            if helper is not body and (inner_walks := _inside(helpers, helper, depth)):
                locked = all(held for held, _ in inner_walks) or _is_locked(body, start, row.start)
                missed = any(missed and not held for held, missed in inner_walks)
                missed = missed and _is_missed(helpers, body, start, row.start)
                yield Walk(f"{row.callee}()", row.line, locked, missed)


def _is_missed(helpers: Helpers, body: Body, start: int, offset: int) -> bool:
    """Tell whether a vCPU that is created while control is at the offset gets the old state.

    A vCPU gets the new state if that is written before the vCPUs are looked at: either the look meets it, or it reads
    the state when it is on the list.
    """
    return all(misses(helpers, body.handler.arch, state) for state in _written(body, start, offset))


def _inside(helpers: Helpers, helper: Body, depth: int) -> list[tuple[bool, bool]]:
    """Return for each access to the vCPUs in a function whether the lock is held there, and if it misses vCPUs."""
    handler = helper.handler
    key = (handler.blob, handler.start, depth)
    if key not in helpers.walks:
        inner = _walks(helpers, helper, handler.start, handler.stop, depth - 1)
        helpers.walks[key] = [(entry.locked, entry.missed) for entry in inner]
    return helpers.walks[key]


def _is_locked(body: Body, start: int, offset: int) -> bool:
    """Tell whether kvm->lock is held when control reaches the offset: taken in the case, or above the switch."""
    first = offset if body.first_label is None else body.first_label
    for events in reversed(_events(body)):  # macros take precedence over calls
        within = takewhile(lambda row: row.start >= start, last_before(events, offset))
        for row in islice(chain(within, last_before(events, min(first, start))), _MOST_STEPS):
            if row.taken:
                return True
            if not _leaves_with(body, row.start, offset):
                return False
    return False


def _events(body: Body) -> tuple[list[LockEvent], list[LockEvent]]:
    """Return the places that take or release the lock: those of calls, then those of macros."""
    if body.lock_events is None:
        calls = ((row.start, row.callee, row.text) for row in body.calls)
        macros = ((row.start, row.name, row.arguments) for row in body.macros)
        body.lock_events = _events_of(calls), _events_of(macros)
    return body.lock_events


def _events_of(rows: Iterable[tuple[int, str, str]]) -> list[LockEvent]:
    events = []
    for start, name, text in rows:
        if kernel_idioms().takes_vm_lock(name, text):
            events.append(LockEvent(start, taken=True))
        elif kernel_idioms().releases_vm_lock(name, text):
            events.append(LockEvent(start, taken=False))
    return events


def _leaves_with(body: Body, unlock: int, offset: int) -> bool:
    """Tell whether an unlock is in a branch that leaves, so that the code after it still holds the lock."""
    return any(test.leaves and test.start < unlock and test.stop <= offset for test in body.ifs.at(unlock))
