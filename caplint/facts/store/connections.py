"""Connections to the store's file: opened, used for writes, and closed under its lock. See `seal.py`."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from caplint.facts.store import store_file
from caplint.facts.store.schema import schema, schema_version
from caplint.facts.store.seal import has_journal, is_same, locked, pinned, sealed, verify
from caplint.util.code_identity import is_unchanged

KEEP_DAYS = 30
"""Days after which unused blobs, and stores of other versions, are deleted."""
# Stores of other versions to keep: comparing two versions needs one.
_KEEP_OTHERS = 2
_DAY = 86_400


def verified(path: Path, seal: int) -> tuple[sqlite3.Connection, int]:
    """Verify and open a store's file; return the connection and the pin. Raises as `verify` does, or `OSError`."""
    verify(path, seal)
    if path.stat().st_size:
        pin = pinned(path)
        try:
            return _connected(path), pin
        except BaseException:
            os.close(pin)
            raise
    with sealed(path, seal, whole=True):
        connection = _connected(path)
    return connection, pinned(path)


@contextmanager
def alone(path: Path | None) -> Iterator[None]:
    """Hold the lock of a store. A wait that times out is an error of SQLite, as for SQLite's own locks."""
    with ExitStack() as stack:
        if path is not None:
            try:
                stack.enter_context(locked(path))
            except FileNotFoundError:  # the directory was removed, so nobody else uses the file
                pass
            except OSError as error:
                busy = sqlite3.OperationalError(error.strerror)
                busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
                raise busy from error
        yield


def end(connection: sqlite3.Connection, path: Path | None, pin: int | None, process: int) -> None:
    """Seal the file and close a connection; in a forked process do nothing."""
    if process != os.getpid():
        return
    with ExitStack() as last:
        if pin is not None:
            last.callback(os.close, pin)
        last.callback(_closed, connection)
        with suppress(sqlite3.Error, OSError):
            if path is not None and pin is not None:
                with locked(path) as seal:
                    _finish(connection, path, pin, seal, last)


def _finish(connection: sqlite3.Connection, path: Path, pin: int, seal: int, last: ExitStack) -> None:
    """Copy the journal into the file and seal it, unless another process has removed the file.

    `last` ends the pin and the connection. Under the lock, the pin may end first, and SQLite removes its files.
    """
    if not is_same(path, pin) or not has_journal(path):
        return
    if not is_unchanged():  # modules loaded meanwhile may differ from the code in the rows' keys
        store_file.remove(path)
        return
    with sealed(path, seal):
        with suppress(sqlite3.Error):
            connection.execute("PRAGMA busy_timeout = 0")  # what others still read stays in the journal
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        last.pop_all()
        os.close(pin)
        _closed(connection)


def _closed(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        connection.close()


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=20, isolation_level=None)
    try:
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # see `seal.py`
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version != schema_version():
            # Written first: without it no other process recognises the file as a store.
            connection.execute(f"PRAGMA application_id = {store_file.APPLICATION}")
            connection.execute("PRAGMA journal_mode = WAL")
            _create(connection)
            _forget_others(path)
        connection.execute("PRAGMA synchronous = NORMAL")
        # A read-only file is only detected by a write: write now.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA user_version = {schema_version()}")
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _forget_others(path: Path) -> None:
    """Remove stores of other versions that are unused for long, and all but the latest ones."""
    with suppress(OSError):
        store_file.forget_others(path, _KEEP_OTHERS, time.time() - KEEP_DAYS * _DAY)


def _create(connection: sqlite3.Connection) -> None:
    """Create the tables; a store of another version is emptied. Two processes may try this at once."""
    connection.execute("BEGIN EXCLUSIVE")
    if connection.execute("PRAGMA user_version").fetchone()[0] == schema_version():
        connection.execute("COMMIT")
        return
    connection.execute("PRAGMA defer_foreign_keys = ON")
    names = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    for (name,) in names:
        connection.execute(f'DROP TABLE "{name}"')
    for statement in _statements(schema()):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {schema_version()}")
    connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script one by one; `executescript` would commit before the first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
