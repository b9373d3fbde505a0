"""Rows of NULL: the examples of a page also run with unknown scopes, architectures and functions.

Real trees have rows without them: an ioctl whose function does not tell its scope, a file that belongs to no
architecture. A query that joins such a value to a text makes NULL of its message, which is an error of the page.
"""

from __future__ import annotations

import sqlite3

from caplint.rules import query
from caplint.rules.page import Rule
from caplint.session import Session

_UNKNOWN = ("scope", "arch", "function")


def try_rows_of_null(session: Session, rule: Rule) -> None:
    """Run the rule's query with all rows doubled: once with each column NULL that may be. Changes the session's views.

    Raises `CaplintError` if a row has no tree, path, subject or message then.
    """
    for table in _tables(session.connection):
        _double(session.connection, table)
    for _ in query.run(session.connection, rule):
        pass


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_temp_schema WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows.fetchall()]


def _double(connection: sqlite3.Connection, table: str) -> None:
    """Insert each row again with NULL in its unknown columns, and once more with all of them NULL."""
    columns = connection.execute(f"PRAGMA temp.table_info({table})").fetchall()
    names = [name for _, name, *_ in columns]
    unknown = [name for _, name, _, required, *_ in columns if name in _UNKNOWN and not required]
    if not unknown:
        return
    (last,) = connection.execute(f"SELECT coalesce(max(rowid), 0) FROM temp.{table}").fetchone()  # noqa: S608
    for group in [*([name] for name in unknown), unknown]:
        selected = ", ".join("NULL" if name in group else f'"{name}"' for name in names)
        listed = ", ".join(f'"{name}"' for name in names)
        connection.execute(
            f"INSERT OR IGNORE INTO temp.{table} ({listed}) SELECT {selected} FROM temp.{table} WHERE rowid <= ?",  # noqa: S608
            (last,),
        )
