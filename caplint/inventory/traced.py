"""Requests of a VMM that strace recorded, checks and enables, beside the capabilities of an inventory."""

from __future__ import annotations

from collections.abc import Iterable

from caplint.inventory.model import Inventory, TracedUse
from caplint.machine.strace_log import StraceLog


def add_traces(inventory: Inventory, logs: Iterable[tuple[str, StraceLog]]) -> list[str]:
    """Add the requests of logs, by their files, to the capabilities; return remarks on what is left out."""
    by_name = {cap.name: cap for cap in inventory.capabilities}
    by_number = {cap.number: cap for cap in reversed(inventory.capabilities) if cap.number is not None}
    remarks = []
    for path, log in logs:
        hidden = unknown = 0
        for request in log.requests.values():
            number = int(request.cap, 0) if request.cap[:1].isdigit() else None
            cap = by_number.get(number) if number is not None else by_name.get(request.cap)
            if cap is not None:
                use = TracedUse(path, request.verb, request.scope, request.times, [*request.answers], request.first)
                cap.traced.append(use)
            elif request.cap:
                unknown += 1
            else:
                hidden += request.times
        if hidden:
            remarks.append(f"{path}: strace does not show what {hidden:,} of KVM_ENABLE_CAP enable")
        if unknown:
            remarks.append(f"{path}: names {unknown:,} capabilities that are not in this inventory")
        if log.unread:
            remarks.append(f"{path}: {log.unread:,} lines with requests that are cut off or not understood")
    return remarks
