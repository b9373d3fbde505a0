"""What links have worked out for a state of a tree, so that it is worked out once."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable

from caplint.code_identity import LINKS, code_identity
from caplint.facts.store import FactStore

Tables = tuple[str, ...]


def snapshot(connection: sqlite3.Connection, side: str, tree: str, extractor: str) -> str:
    """Name what one side of a tree holds of code, what kind of tree it is, what read it, and the code of the links.

    No link that is remembered looks at documentation or Kconfig; files' conditions stand in Makefiles and meson.build.
    """
    kind = connection.execute("SELECT name, role, project FROM temp.tree WHERE name = ?", (tree,)).fetchone()
    digest = hashlib.sha256(f"{code_identity(*LINKS)} {extractor} {kind}".encode())
    for row in connection.execute(
        """SELECT f.path, b.oid, f.arch, f.header FROM temp.all_file f JOIN main.blob b ON b.id = f.blob
           WHERE f.side = ? AND f.tree = ? AND NOT f.made AND b.language IN ('c', 'make', 'meson') ORDER BY 1""",
        (side, tree),
    ):
        digest.update("\0".join(map(str, row)).encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()


def remembered(store: FactStore, name: str, tables: Tables, where: tuple[str, str], fill: Callable[[], None]) -> None:
    """Fill the rows that tables hold of one side of a tree, from memory where they have been worked out before.

    All tables have columns `side` and `tree`; what names a row, in columns `id` and `site`, begins with the side.
    Memory holds neither, so that what a tree was found to be serves as the base of its patches.
    """
    connection, (side, _) = store.connection, where
    known = store.recall(name)
    if known is None:
        fill()
        store.retain(name, json.dumps({table: _sideless(connection, table, where) for table in tables}))
        return
    for table, (columns, found) in json.loads(known).items():
        names = ", ".join(columns)
        marks = ", ".join("?" * (len(columns) + 1))
        named = [place for place, column in enumerate(columns) if column in _NAMED]
        for row in found:
            for place in named:
                row[place] = f"{side} {row[place]}"
        connection.executemany(
            f"INSERT INTO temp.{table} (side, {names}) VALUES ({marks})",  # noqa: S608
            [(side, *row) for row in found],
        )


_NAMED = frozenset({"id", "site"})


def _sideless(
    connection: sqlite3.Connection, table: str, where: tuple[str, str]
) -> tuple[list[str], list[tuple[object, ...]]]:
    """Columns but for `side`, and their values in the order of the rows."""
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA temp.table_info({table})") if name != "side"]
    length = len(where[0]) + 2  # the side, a blank, and SQL counts from 1
    chosen = ", ".join(f"substr({name}, {length})" if name in _NAMED else name for name in columns)
    query = f"SELECT {chosen} FROM temp.{table} WHERE side = ? AND tree = ? ORDER BY rowid"  # noqa: S608
    return columns, connection.execute(query, where).fetchall()
