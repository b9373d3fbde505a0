"""What links have worked out for a state of a tree, so that it is worked out once."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from functools import cache
from importlib import resources

from caplint.facts.store import FactStore

Tables = tuple[str, ...]


def snapshot(connection: sqlite3.Connection, side: str, tree: str, extractor: str) -> str:
    """Names what one side of a tree holds, what read it, and the code of the links."""
    digest = hashlib.sha256(code_digest("caplint.link") + extractor.encode())
    for path, oid in connection.execute(
        """SELECT f.path, b.oid FROM temp.all_file f JOIN main.blob b ON b.id = f.blob
           WHERE f.side = ? AND f.tree = ? AND NOT f.made ORDER BY 1""",
        (side, tree),
    ):
        digest.update(f"{path}\0{oid}\0".encode())
    return digest.hexdigest()


@cache
def code_digest(*packages: str) -> bytes:
    """Names the code of some packages, and kvm.toml."""
    digest = hashlib.sha256(resources.files("caplint").joinpath("kvm.toml").read_bytes())
    for package in packages:
        for file in sorted(resources.files(package).iterdir(), key=lambda file: file.name):
            if file.name.endswith((".py", ".sql")):
                digest.update(file.read_bytes())
    return digest.digest()


def remembered(store: FactStore, name: str, tables: Tables, where: tuple[str, str], fill: Callable[[], None]) -> None:
    """Fill the rows that tables hold of one side of a tree, from memory where they have been worked out before.

    All tables have columns `side` and `tree`.
    """
    connection = store.connection
    known = store.recall(name)
    if known is None:
        fill()
        rows = {
            table: connection.execute(f"SELECT * FROM temp.{table} WHERE side = ? AND tree = ?", where).fetchall()  # noqa: S608
            for table in tables
        }
        store.retain(name, json.dumps(rows))
        return
    for table, found in json.loads(known).items():
        if found:
            marks = ", ".join("?" * len(found[0]))
            connection.executemany(f"INSERT INTO temp.{table} VALUES ({marks})", found)  # noqa: S608
