"""Functions to which the kernel hands KVM_CHECK_EXTENSION and KVM_ENABLE_CAP: handlers, whatever their names are."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

_PLACES = """
    SELECT f.blob, k.function, k.start, k.stop, k.low AS request
    FROM temp.all_file f CROSS JOIN main.case_label k ON k.blob = f.blob
    WHERE f.side = :side AND f.tree = :tree AND NOT f.expanded AND k.low IN ('KVM_CHECK_EXTENSION', 'KVM_ENABLE_CAP')
    UNION
    SELECT f.blob, m.function, g.start, g.stop, m.constant
    FROM temp.all_file f CROSS JOIN main.comparison m ON m.blob = f.blob
    JOIN main.guard_extent g ON g.blob = m.blob AND g.function = m.function AND instr(g.expression, m.constant)
      AND g.negated = (m.operator = '!=')
    WHERE f.side = :side AND f.tree = :tree AND NOT f.expanded AND m.operator IN ('==', '!=')
      AND m.constant IN ('KVM_CHECK_EXTENSION', 'KVM_ENABLE_CAP')
    ORDER BY 1, 3, 4, 5
"""
_CALLS = """
    SELECT callee, arguments FROM main.call
    WHERE blob = ? AND start >= ? AND start < ? AND use IN ('returned', 'assigned', 'tested') ORDER BY start
"""
_EXTENTS = """
    SELECT blob, start, stop FROM code_function WHERE side = ? AND tree = ? AND name = ? ORDER BY path, start LIMIT 8
"""
_NAME = re.compile(r"(?:\(\s*(?:unsigned\s+)?(?:int|long|u32|u64|__u32)\s*\)\s*)?([A-Za-z_]\w*)\Z")
_ADDRESS = re.compile(r"&\s*[A-Za-z_]\w*\Z")
# Places that hand the requests on, and functions in between that copy a request from the program; Linux has 8 and none.
_MOST_PLACES = 100
_DEPTH = 2
_Extent = tuple[int, int, int]
"""Blob, and the offsets of begin and end."""


class HandedCall(NamedTuple):
    """Function that gets a capability, or a request to enable one, from an ioctl."""

    function: str
    verb: str
    scope: str | None
    """Descriptor for which it enables capabilities; None for checks."""


def handed_on(connection: sqlite3.Connection, side: str, tree: str) -> list[HandedCall]:
    """Return the functions, in the order of the code and each once for a verb and a scope."""
    places = connection.execute(_PLACES, {"side": side, "tree": tree}).fetchmany(_MOST_PLACES)
    found: dict[HandedCall, None] = {}
    for blob, function, start, stop, request in places:
        extent = (blob, start, stop)
        if request == "KVM_CHECK_EXTENSION":
            found |= dict.fromkeys(HandedCall(name, "check", None) for name in _asked(connection, extent))
        else:
            for name, first in _requested(connection, side, tree, extent):
                found[HandedCall(name, "enable", "vcpu" if "vcpu" in f"{first} {function}" else "vm")] = None
    return list(found)


def _asked(connection: sqlite3.Connection, extent: _Extent) -> Iterator[str]:
    """Yield the functions that get a VM, or none, and the ioctl's argument."""
    for callee, arguments in connection.execute(_CALLS, extent).fetchall():
        given = json.loads(arguments)
        if callee.isidentifier() and given and _NAME.match(given[-1]) and not _ADDRESS.match(given[0]):
            yield callee


def _requested(connection: sqlite3.Connection, side: str, tree: str, extent: _Extent) -> Iterator[tuple[str, str]]:
    """Yield the functions that get the address of a request, and their first argument.

    Another function may copy the request from the program before. Each function is looked at once.
    """
    seen, reached = {extent}, [extent]
    for _ in range(_DEPTH + 1):
        following: list[_Extent] = []
        for place in reached:
            for callee, arguments in connection.execute(_CALLS, place).fetchall():
                given = json.loads(arguments)
                if not callee.isidentifier() or len(given) < 2:
                    continue
                if _ADDRESS.match(given[-1]):
                    yield callee, given[0]
                elif _NAME.match(given[-1]):
                    following += connection.execute(_EXTENTS, (side, tree, callee)).fetchall()
        reached = [inner for inner in dict.fromkeys(following) if inner not in seen]
        seen.update(reached)
