"""What enabling a capability leaves behind, and whether anything reads it."""

from __future__ import annotations

import re
import sqlite3
from functools import partial

from caplint.facts.store import FactStore
from caplint.link.memo import remembered, snapshot

_POINTED = re.compile(r"(?:->|\.)\s*([A-Za-z_]\w*)")


def link_cap_states(store: FactStore, extractor: str) -> None:
    """Fill `all_cap_state`."""
    connection = store.connection
    trees = connection.execute("SELECT DISTINCT side, tree FROM temp.all_cap_enable ORDER BY 1, 2").fetchall()
    for side, tree in trees:
        name = f"cap states {side} {tree} {snapshot(connection, side, tree, extractor)}"
        remembered(store, name, ("all_cap_state",), (side, tree), partial(_fill, connection, side, tree))


def _fill(connection: sqlite3.Connection, side: str, tree: str) -> None:
    rows = connection.execute(
        """SELECT e.side, e.tree, e.cap, e.arch, e.path, s.line, e.function, s.target
        FROM all_cap_enable e
        JOIN code_function d
          ON d.side = e.side AND d.tree = e.tree AND d.path = e.path AND d.name = e.function
        JOIN main.case_label l
          ON l.blob = d.blob AND l.function = d.name AND l.line = e.line AND l.column = e.column
        JOIN main.store s ON s.blob = d.blob AND s.function = d.name AND s.start >= l.start AND s.start < l.stop
        WHERE e.side = ? AND e.tree = ? AND e.stores > 0 AND NOT s.local
          AND (s.target LIKE '%->%' OR s.target LIKE '%.%')
        ORDER BY 5, s.start""",
        (side, tree),
    ).fetchall()
    read = _read(connection, side, tree)
    for _, _, *place, target in rows:
        names = _POINTED.findall(target)
        if names:
            connection.execute(
                "INSERT INTO temp.all_cap_state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (side, tree, *place, target, names[-1], int(names[-1] in read)),
            )


def _read(connection: sqlite3.Connection, side: str, tree: str) -> set[str]:
    """Every member name that an expression, a macro's body or an initialiser mentions other than by assigning to it."""
    found: set[str] = set()
    for chain, mode in connection.execute(
        """SELECT DISTINCT a.chain, a.mode FROM temp.all_file f JOIN main.access a ON a.blob = f.blob
           WHERE f.side = ? AND f.tree = ?""",
        (side, tree),
    ):
        names = _POINTED.findall(chain)
        found.update(names[:-1] if mode == "write" else names)
    for (body,) in connection.execute(
        """SELECT DISTINCT m.body FROM temp.all_file f JOIN main.macro m ON m.blob = f.blob
           WHERE f.side = ? AND f.tree = ? AND (m.body LIKE '%->%' OR m.body LIKE '%.%')""",
        (side, tree),
    ):
        found.update(_POINTED.findall(body))
    return found
