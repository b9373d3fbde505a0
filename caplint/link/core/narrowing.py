"""Part of a tree that one architecture can see: its own files, and those that all share.

A link that asks about one architecture runs with the files of the others out of sight, so that by construction nothing
in them counts, and its memo stays valid when they change.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from caplint.knowledge.load import GENERIC
from caplint.link.core.memo import add_rows, snapshot_key

_OTHERS = "side = ? AND tree = ? AND arch NOT IN (?, ?)"
# What links before those of one architecture tell of its files, from files that it may not see: macros that stand for
# code, build rules of directories above, and the names and numbers of capabilities.
_TOLD = (
    """SELECT f.path, b.oid FROM temp.all_file f JOIN main.blob b ON b.id = f.blob
       WHERE f.side = :side AND f.tree = :tree AND f.expanded AND coalesce(f.arch, :generic) IN (:arch, :generic)
       ORDER BY 1, 2""",
    """SELECT path, function FROM temp.superseded WHERE side = :side AND tree = :tree AND path IN (
           SELECT path FROM temp.all_file
           WHERE side = :side AND tree = :tree AND coalesce(arch, :generic) IN (:arch, :generic))
       ORDER BY 1, 2""",
    """SELECT path, condition FROM temp.all_file_condition WHERE side = :side AND tree = :tree AND path IN (
           SELECT path FROM temp.all_file
           WHERE side = :side AND tree = :tree AND coalesce(arch, :generic) IN (:arch, :generic))
       ORDER BY 1, 2""",
    "SELECT name, number, header FROM temp.all_cap WHERE side = :side AND tree = :tree ORDER BY 1, 2, 3",
)


def narrow_key(connection: sqlite3.Connection, side: str, tree: str, extractor: str, arch: str) -> str:
    """Return the cache key over what one architecture can see of a side of a tree."""
    digest = hashlib.sha256(f"{arch} {snapshot_key(connection, side, tree, extractor, arch)}".encode())
    asked = {"side": side, "tree": tree, "generic": GENERIC, "arch": arch}
    for query in _TOLD:
        add_rows(digest, connection.execute(query, asked))
        digest.update(b"\0")
    return digest.hexdigest()


def architectures(connection: sqlite3.Connection, side: str, tree: str) -> list[str]:
    """Return the architectures that have files of their own in a side of a tree."""
    rows = connection.execute(
        "SELECT DISTINCT arch FROM temp.all_file WHERE side = ? AND tree = ? AND arch <> ? ORDER BY 1",
        (side, tree, GENERIC),
    )
    return [arch for (arch,) in rows]


@contextmanager
def narrowed(connection: sqlite3.Connection, side: str, tree: str, arch: str) -> Iterator[None]:
    """Take the files of other architectures out of `all_file`, and put them back where they were."""
    where = (side, tree, GENERIC, arch)
    hidden = connection.execute(f"SELECT rowid, * FROM temp.all_file WHERE {_OTHERS}", where).fetchall()  # noqa: S608
    columns = [name for _, name, *_ in connection.execute("PRAGMA temp.table_info(all_file)")]
    connection.execute(f"DELETE FROM temp.all_file WHERE {_OTHERS}", where)  # noqa: S608
    try:
        yield
    finally:
        marks = ", ".join("?" * (len(columns) + 1))
        connection.executemany(
            f"INSERT INTO temp.all_file (rowid, {', '.join(columns)}) VALUES ({marks})",  # noqa: S608
            hidden,
        )
