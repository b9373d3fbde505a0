"""Whether an enable case that looks at the VM's vCPUs holds the lock under which they are created."""

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
# Places that take or leave the lock which are looked at, back from a walk.
_MOST_STEPS = 1_000
_TAKEN, _LEFT = "taken", "left"


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
    calls = between(body.calls, start, stop) if depth else []
    for row in (row for row in calls if re.search(r"\bkvm\b", row.text)):
        for helper in helpers.functions(row.extra[0], body.handler.arch):
            if helper is not body and (inner := _inside(helpers, helper, depth)):
                locked = all(inner) or _is_locked(body, start, row.start)
                yield Walk(f"{row.extra[0]}()", int(row.extra[2]), locked)


def _inside(helpers: Helpers, helper: Body, depth: int) -> list[bool]:
    """Whether each look in a function holds the lock."""
    handler = helper.handler
    key = (handler.blob, handler.start, depth)
    if key not in helpers.walks:
        inner = _walks(helpers, helper, handler.start, handler.stop, depth - 1)
        helpers.walks[key] = [entry.locked for entry in inner]
    return helpers.walks[key]


def _is_locked(body: Body, start: int, offset: int) -> bool:
    """Whether kvm->lock has been taken when control reaches the offset: in the case, or above the switch."""
    first = offset if body.first_label is None else body.first_label
    for events in reversed(_events(body)):  # the last one decides
        within = takewhile(lambda row: row.start >= start, last_before(events, offset))
        for row in islice(chain(within, last_before(events, min(first, start))), _MOST_STEPS):
            if row.text == _TAKEN:
                return True
            if not _leaves_with(body, row.start, offset):
                return False
    return False


def _events(body: Body) -> tuple[list[Row], list[Row]]:
    """Where calls, and what is no call, take and leave the lock."""
    if body.lock_events is None:
        calls = ((row, row.extra[0], row.text) for row in body.calls)
        macros = ((row, row.text, row.extra[0]) for row in body.macros)
        body.lock_events = _events_of(calls), _events_of(macros)
    return body.lock_events


def _events_of(rows: Iterable[tuple[Row, str, str]]) -> list[Row]:
    found = []
    for row, name, text in rows:
        if kernel_idioms().takes_vm_lock(name, text):
            found.append(Row(row.start, row.stop, _TAKEN))
        elif kernel_idioms().releases_vm_lock(name, text):
            found.append(Row(row.start, row.stop, _LEFT))
    return found


def _leaves_with(body: Body, unlock: int, offset: int) -> bool:
    """Whether an unlock stands in a branch that leaves, so that what is behind it still holds the lock."""
    return any(test.extra[1] == "1" and test.start < unlock and test.stop <= offset for test in body.ifs.at(unlock))
