"""Locking of enable cases that access the VM's vCPUs: they need the lock under which vCPUs are created."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, takewhile

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.core.extents import last_before
from caplint.link.functions.body import Body, Row, between
from caplint.link.functions.callees import Helpers
from caplint.link.handlers.sites import Site

_DEPTH = 3
# Maximum number of lock and unlock operations that are read before an access to the vCPUs.
_MOST_STEPS = 1_000
_TAKEN, _LEFT = "taken", "left"


@dataclass(frozen=True, slots=True)
class Walk:
    """Access to the VM's vCPUs."""

    text: str
    line: int
    locked: bool


def writes(body: Body, site: Site) -> bool:
    """Tell whether the case changes the VM: by an assignment, or by a call that gets one of its members.

    Functions that get a member of the VM may change it, as set_bit(…, &kvm->arch.flags) does.
    """
    stores = between(body.stores, site.start, site.stop)
    calls = between(body.calls, site.start, site.stop)
    return any(row.extra[2] == "0" and kernel_idioms().vm_state.search(row.extra[0]) for row in stores) or any(
        kernel_idioms().vm_state.search(row.text) and not kernel_idioms().is_inert(row.extra[0]) for row in calls
    )


def walk(helpers: Helpers, body: Body, site: Site) -> Walk | None:
    """Return the first access without the lock, else the first access; None without any."""
    walks = list(_walks(helpers, body, site.start, site.stop, _DEPTH))
    return next((entry for entry in walks if not entry.locked), walks[0] if walks else None)


def _walks(helpers: Helpers, body: Body, start: int, stop: int, depth: int) -> Iterator[Walk]:
    for row in between(body.accesses, start, stop):
        if kernel_idioms().vcpu_count.search(row.text):
            yield Walk(row.text, int(row.extra[1]), _is_locked(body, start, row.start))
    for row in between(body.macros, start, stop):
        if kernel_idioms().is_vcpu_loop(row.text):
            yield Walk(row.text, int(row.extra[1]), _is_locked(body, start, row.start))
    calls = between(body.calls, start, stop) if depth else []
    for row in (row for row in calls if re.search(r"\bkvm\b", row.text)):
        for helper in helpers.functions(row.extra[0], body.handler.arch):
            if helper is not body and (inner_walks := _inside(helpers, helper, depth)):
                locked = all(inner_walks) or _is_locked(body, start, row.start)
                yield Walk(f"{row.extra[0]}()", int(row.extra[2]), locked)


def _inside(helpers: Helpers, helper: Body, depth: int) -> list[bool]:
    """Return for each access to the vCPUs in a function whether the lock is held there."""
    handler = helper.handler
    key = (handler.blob, handler.start, depth)
    if key not in helpers.walks:
        inner = _walks(helpers, helper, handler.start, handler.stop, depth - 1)
        helpers.walks[key] = [entry.locked for entry in inner]
    return helpers.walks[key]


def _is_locked(body: Body, start: int, offset: int) -> bool:
    """Tell whether kvm->lock is held when control reaches the offset: taken in the case, or above the switch."""
    first = offset if body.first_label is None else body.first_label
    for events in reversed(_events(body)):  # macros take precedence over calls
        within = takewhile(lambda row: row.start >= start, last_before(events, offset))
        for row in islice(chain(within, last_before(events, min(first, start))), _MOST_STEPS):
            if row.text == _TAKEN:
                return True
            if not _leaves_with(body, row.start, offset):
                return False
    return False


def _events(body: Body) -> tuple[list[Row], list[Row]]:
    """Return the rows that take or release the lock: those of calls, then those of macros."""
    if body.lock_events is None:
        calls = ((row, row.extra[0], row.text) for row in body.calls)
        macros = ((row, row.text, row.extra[0]) for row in body.macros)
        body.lock_events = _events_of(calls), _events_of(macros)
    return body.lock_events


def _events_of(rows: Iterable[tuple[Row, str, str]]) -> list[Row]:
    events = []
    for row, name, text in rows:
        if kernel_idioms().takes_vm_lock(name, text):
            events.append(Row(row.start, row.stop, _TAKEN))
        elif kernel_idioms().releases_vm_lock(name, text):
            events.append(Row(row.start, row.stop, _LEFT))
    return events


def _leaves_with(body: Body, unlock: int, offset: int) -> bool:
    """Tell whether an unlock is in a branch that leaves, so that the code after it still holds the lock."""
    return any(test.extra[1] == "1" and test.start < unlock and test.stop <= offset for test in body.ifs.at(unlock))
