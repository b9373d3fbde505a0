"""Macros of kvm.h that may be numbers and have no value on any ABI: no rule compares them, which the ledger tells."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Set

from caplint.facts.store.store import FactStore

_CANDIDATES = """
    SELECT DISTINCT f.path, m.line, m.name FROM temp.all_file f JOIN main.macro m ON m.blob = f.blob
    WHERE f.side = ? AND f.tree = ? AND f.header = 'uapi' AND f.path GLOB '*/kvm.h' AND NOT f.expanded
      AND m.parameters IS NULL AND trim(m.body) NOT IN ('', m.name)
      AND m.name GLOB 'K*' AND m.name NOT GLOB 'KVM_CAP_*' AND ltrim(m.body, '( ') NOT GLOB '_IO*(*'
    ORDER BY 1, 2, 3
"""


def valued_names(store: FactStore, key: str, units: str) -> list[str]:
    """Return the names of the constants of evaluated headers.

    `key` is the cache key of their layouts and `units` their JSON.
    """
    cache_key = f"valued {key}"
    recalled = store.recall(cache_key)
    if recalled is None:
        names = {row[0] for unit in json.loads(units).values() for row in unit["constants"]}
        recalled = json.dumps(sorted(names))
        store.retain(cache_key, recalled)
    return [str(name) for name in json.loads(recalled)]


def note_valueless(connection: sqlite3.Connection, valued: Mapping[tuple[str, str], Set[str]]) -> None:
    """List macros without a value as places that no rule covers; `valued` has the names by side and tree."""
    for (side, tree), names in valued.items():
        connection.executemany(
            "INSERT INTO temp.all_cut (side, tree, path, line, start, stop, reason) VALUES (?, ?, ?, ?, 0, 0, ?)",
            [
                (side, tree, path, line, f"a constant without a value: {name}")
                for path, line, name in connection.execute(_CANDIDATES, (side, tree)).fetchall()
                if name not in names
            ],
        )
