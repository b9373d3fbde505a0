"""Views of a session that questions about paths ask, kept per content of the trees: no further question links anything.

The rows are kept as values, and shown as tables of the same names. Facts are read from the store as ever.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Protocol

from caplint.facts.store.store import FactStore
from caplint.trees.tree import Tree
from caplint.util.suggest import nearest

# View → its rows that the graph asks for.
_VIEWS = {
    "file": "SELECT tree, role, path, arch, blob FROM file",
    "cap": "SELECT DISTINCT name, header FROM all_cap",
    "handler": "SELECT * FROM handler",
    "cap_answer": "SELECT DISTINCT cap, arch FROM cap_answer",
    "cap_check": "SELECT tree, cap, arch, path, function, line, condition, answer FROM cap_check",
    "cap_enable": "SELECT tree, cap, arch, path, function, line, condition FROM cap_enable",
    "all_vmm_use": "SELECT * FROM all_vmm_use WHERE side = 'now'",
    "all_vmm_ioctl": "SELECT * FROM all_vmm_ioctl WHERE side = 'now'",
    "all_msr": "SELECT side, role, name, number FROM all_msr WHERE side = 'now'",
    "all_msr_site": "SELECT * FROM all_msr_site WHERE side = 'now'",
    "all_vmm_msr": "SELECT * FROM all_vmm_msr WHERE side = 'now'",
    "code_function": """SELECT side, tree, path, blob, name, start, stop, parameters FROM code_function
                        WHERE side = 'now' AND role = 'vmm'""",
}  # fmt: skip
RESULTS = (
    "tree", "configurations", "all_cap", "all_handler", "all_cap_answer", "all_cap_check", "all_cap_enable",
    "all_vmm_use", "all_vmm_ioctl", "superseded",
)  # fmt: skip
"""Results of links that the views of capabilities show."""
REGISTERS = (*RESULTS, "all_msr", "all_msr_site", "all_vmm_msr", "all_msr_service", "all_msr_gating")
"""Results of links that the views of registers show too, and the tables that a check fills together with those."""
_INDEX = "CREATE INDEX temp.code_function_name ON code_function (name)"
_TOKENS = "CREATE TEMP VIEW token_use AS SELECT t.name FROM file f JOIN main.token t ON t.blob = f.blob"
_BLOBS = """
    SELECT b.id, b.oid FROM main.blob b WHERE b.id IN (SELECT blob FROM file UNION SELECT blob FROM code_function)
"""
_SAME = """
    SELECT count(*) FROM json_each(?) kept
    JOIN main.blob b ON b.id = kept.value ->> 0 AND b.oid = kept.value ->> 1
"""


class LinkedTrees(Protocol):
    """Trees with their links, as a search for paths asks them."""

    @property
    def store(self) -> FactStore:
        """Store of the facts."""

    @property
    def connection(self) -> sqlite3.Connection:
        """Database connection with the views."""

    @property
    def trees(self) -> list[Tree]:
        """Trees of the run, in the given order."""


@dataclass(frozen=True)
class KeptTrees:
    """Trees whose links are kept."""

    store: FactStore
    trees: list[Tree]

    @property
    def connection(self) -> sqlite3.Connection:
        """Database connection with the kept views."""
        return self.store.connection


def keep(linked: LinkedTrees, key: str) -> None:
    """Retain the views of linked trees under a cache key."""
    views = {}
    for name, query in _VIEWS.items():
        cursor = linked.connection.execute(query)
        views[name] = [column[0] for column in cursor.description], cursor.fetchall()
    blobs = linked.connection.execute(_BLOBS).fetchall()
    linked.store.retain(f"graph views {key}", json.dumps([blobs, views], separators=(",", ":")))


def kept_trees(store: FactStore, trees: list[Tree], key: str) -> KeptTrees | None:
    """Return trees with the views that were retained under a cache key; None without them."""
    text = store.recall(f"graph views {key}")
    if text is None:
        return None
    try:
        blobs, views = json.loads(text)
        if not store.touch(row for row, _ in blobs):
            return None
        if store.connection.execute(_SAME, (json.dumps(blobs),)).fetchone()[0] != len(blobs):
            return None
        for name in _VIEWS:
            _show(store.connection, name, *views[name])
    except (ValueError, TypeError, KeyError, AttributeError, sqlite3.Error):  # damaged, or half deleted by another run
        return None
    store.connection.execute(_INDEX)
    store.connection.execute(_TOKENS)
    store.connection.create_function("nearest_cap", 1, lambda name: _nearest(store.connection, name))
    return KeptTrees(store, trees)


def _show(connection: sqlite3.Connection, name: str, columns: list[str], rows: list[list[Any]]) -> None:
    """Create the table that shows the rows of a view. Raises `ValueError` for a column that is not a name."""
    if not all(column.isidentifier() for column in columns):
        raise ValueError(columns)
    names = ", ".join(f'"{column}"' for column in columns)
    connection.execute(f"CREATE TEMP TABLE {name} ({names})")
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO temp.{name} VALUES ({marks})", rows)  # noqa: S608


def _nearest(connection: sqlite3.Connection, name: str) -> str | None:
    return nearest(name, sorted(cap for (cap,) in connection.execute("SELECT name FROM cap WHERE header = 'uapi'")))
