"""Arrays of MSRs behind KVM_GET_MSR_INDEX_LIST and KVM_GET_MSR_FEATURE_INDEX_LIST, by their names or by their use."""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from caplint.knowledge.load import knowledge

# Elements from which an array without a known name counts as a list.
_FEWEST = 3
# Arrays that are asked about; a tree has a few.
_MOST = 100

_ARRAYS = """
    SELECT f.blob, e.variable FROM temp.all_file f JOIN main.element e ON e.blob = f.blob
    WHERE f.side = ? AND f.tree = ? AND f.arch = ? AND NOT f.expanded AND e.function IS NULL AND e.variable IS NOT NULL
    GROUP BY f.blob, e.variable
    HAVING count(*) >= ? AND sum(EXISTS (SELECT 1 FROM json_each(?) p WHERE e.value GLOB p.value || '*')) = count(*)
    ORDER BY f.path, e.variable LIMIT ?
"""
_USES = "SELECT callee, arguments FROM main.call WHERE blob = ? AND instr(arguments, ?) ORDER BY start LIMIT 100"


class MsrList(NamedTuple):
    """Array of MSRs that are offered to user space."""

    name: str
    feature: bool
    """Whether its MSRs only tell features; they are not saved."""
    by_vendor: bool
    """Whether the vendor's module decides which of its MSRs exist."""


def msr_lists(connection: sqlite3.Connection, side: str, tree: str) -> list[MsrList]:
    """Return a kernel's lists: those with known names, and arrays of MSRs whose elements are probed as theirs are."""
    msrs = knowledge().msr
    found = {name: MsrList(name, feature=False, by_vendor=name in msrs.vendor_filtered) for name in msrs.saved}
    found |= {name: MsrList(name, feature=True, by_vendor=False) for name in msrs.features}
    asked = (side, tree, msrs.architecture, _FEWEST, json.dumps(msrs.prefixes), _MOST)
    for blob, name in connection.execute(_ARRAYS, asked).fetchall():
        if name not in found and (used := _used(connection, blob, name)):
            found[name] = used
    return list(found.values())


def _used(connection: sqlite3.Connection, blob: int, name: str) -> MsrList | None:
    """Return an array's role by the first function that gets its elements and tells it."""
    msrs = knowledge().msr
    for callee, arguments in connection.execute(_USES, (blob, f"{name}[")):
        if any(argument.startswith(f"{name}[") for argument in json.loads(arguments)):
            if msrs.vendor_filter in callee:
                return MsrList(name, feature=False, by_vendor=True)
            if callee in msrs.probes:
                return MsrList(name, feature=callee in msrs.feature_probes, by_vendor=False)
    return None
