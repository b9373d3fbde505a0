"""Memo of link results, kept per state of a tree so that each state is linked only once."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable

from caplint.facts.store.store import FactStore
from caplint.knowledge.load import GENERIC
from caplint.util.code_identity import LINKS, code_identity

Tables = tuple[str, ...]


def snapshot_key(connection: sqlite3.Connection, side: str, tree: str, extractor: str, arch: str | None = None) -> str:
    """Return the cache key over one side of a tree: code and build files, role, the extractor and the links' code.

    With `arch`, files of other architectures do not count; `narrow_key` adds what is told of the rest.
    A file that was read with further repairs (see `learnt_attributes.py`) counts with the extractor that read it.
    No memoized link reads documentation or Kconfig. Presence conditions of files come from Makefiles and meson.build.
    """
    kind = connection.execute("SELECT name, role, project FROM temp.tree WHERE name = ?", (tree,)).fetchone()
    digest = hashlib.sha256(f"{code_identity(*LINKS)} {extractor} {kind}".encode())
    rows = connection.execute(
        """SELECT f.path, b.oid, f.arch, f.header, nullif(b.extractor, ?1) FROM temp.all_file f
           JOIN main.blob b ON b.id = f.blob
           WHERE f.side = ?2 AND f.tree = ?3 AND NOT f.expanded
             AND b.language IN ('c', 'rust', 'description', 'make', 'meson')
             AND (?4 IS NULL OR coalesce(f.arch, ?5) IN (?4, ?5))
           ORDER BY 1""",
        (extractor, side, tree, arch, GENERIC),
    )
    add_rows(digest, rows)
    return digest.hexdigest()


def add_rows(digest: hashlib._Hash, rows: Iterable[tuple[object, ...]]) -> None:
    """Add rows to the digest of a cache key."""
    for row in rows:
        digest.update("\0".join(map(str, row)).encode("utf-8", "surrogateescape") + b"\0")


def remembered(
    store: FactStore, cache_key: str, tables: Tables, where: tuple[str, str], fill: Callable[[], None]
) -> None:
    """Fill the rows of one side of a tree, from the memo if it has them, else by calling `fill`.

    Every table has columns `side` and `tree`. Row names, in columns `id` and `site`, begin with the side.
    The memo stores no side, so that the result for a tree also serves as the base of a patch on it.
    """
    connection, (side, _) = store.connection, where
    recalled = store.recall(cache_key)
    if recalled is None:
        # Several links fill some tables, such as `all_cut`; each keeps its own rows.
        before = {table: _last(connection, table) for table in tables}
        fill()
        own = {table: _sideless(connection, table, where, before[table]) for table in tables}
        store.retain(cache_key, json.dumps(own))
        return
    for table, (columns, rows) in json.loads(recalled).items():
        names = ", ".join(columns)
        marks = ", ".join("?" * (len(columns) + 1))
        prefixed = [index for index, column in enumerate(columns) if column in _NAMED]
        for row in rows:
            for index in prefixed:
                row[index] = f"{side} {row[index]}"
        connection.executemany(
            f"INSERT INTO temp.{table} (side, {names}) VALUES ({marks})",  # noqa: S608
            [(side, *row) for row in rows],
        )


_NAMED = frozenset({"id", "site"})


def _last(connection: sqlite3.Connection, table: str) -> int:
    (number,) = connection.execute(f"SELECT coalesce(max(rowid), 0) FROM temp.{table}").fetchone()  # noqa: S608
    return int(number)


def _sideless(
    connection: sqlite3.Connection, table: str, where: tuple[str, str], before: int
) -> tuple[list[str], list[tuple[object, ...]]]:
    """Return all columns except `side` of the rows behind the row `before`, in insertion order.

    Row names come without the side's prefix.
    """
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA temp.table_info({table})") if name != "side"]
    length = len(where[0]) + 2  # skip the side and a blank; SQL counts from 1
    selected = ", ".join(f"substr({name}, {length})" if name in _NAMED else name for name in columns)
    query = f"SELECT {selected} FROM temp.{table} WHERE side = ? AND tree = ? AND rowid > ? ORDER BY rowid"  # noqa: S608
    return columns, connection.execute(query, (*where, before)).fetchall()
