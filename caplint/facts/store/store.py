"""Fact store: facts by content, in one SQLite file in the user's cache directory.

It only saves time. If it cannot be opened, written or trusted, an empty store in memory replaces it
with a warning, and the results are the same.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import finalize

from caplint.facts.store import store_file
from caplint.facts.store.connections import KEEP_DAYS, alone, end, verified
from caplint.facts.store.schema import schema
from caplint.facts.store.seal import Unsealed, locked
from caplint.trees.tree import Stamp
from caplint.util.cache_directory import opened
from caplint.util.code_identity import STAMPS, code_identity
from caplint.util.escape import visible

if TYPE_CHECKING:
    from caplint.facts.store.records import FileFacts, Record

# Bytes above which a store keeps only blobs used in the last two days: each version of a large file takes a
# megabyte, and a day of patches adds a hundred. Blobs used today may be in use by another process.
_LARGE = 400 << 20
_KEEP_DAYS_OF_LARGE = 1
_DAY = 86_400

# Errors that do not indicate damage of the store.
_UNWRITABLE = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT,
}  # fmt: skip

BlobKey = tuple[str, str]
"""Object id and language."""


def _warn(message: str) -> None:
    sys.stderr.write(f"caplint: warning: {visible(' '.join(message.split()))}\n")


def is_damage(error: Exception) -> bool:
    """Return whether an error shows that the store is damaged."""
    if is_no_text(error):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_no_text(error: Exception) -> bool:
    """Whether an error says that a text is not UTF-8."""
    return isinstance(error, UnicodeDecodeError) or "Could not decode to UTF-8" in str(error)


class FactStore:
    """Facts of blobs, and the state of working trees when they were last read."""

    def __init__(self, path: Path | None, warn: Callable[[str], None] = _warn) -> None:
        self._warn = warn
        self._conditions: dict[str, int] = {}
        self.incomplete = False
        """True if something could not be read for a transient reason; nothing more is retained then."""
        self.late = False
        """True if some work ran out of time: earlier results are right, but the run's overall result is not."""
        self._file: Path | None = None
        self._pin: int | None = None
        self.connection = self._open(path) if path is not None else _memory()
        self._end = finalize(self, end, self.connection, self._file, self._pin, os.getpid())

    def _open(self, path: Path) -> sqlite3.Connection:
        try:
            with opened(path.parent, create=True), locked(path) as seal:
                return self._on_disk(path, seal)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            self._warn(f"store {path}: {error}; continuing without it")
        except OSError as error:
            self._warn(f"store {path}: {error.strerror}; continuing without it")
        return _memory()

    def _on_disk(self, path: Path, seal: int) -> sqlite3.Connection:
        """Open or create the store, whose lock is held. Raises `OSError` or `sqlite3.DatabaseError` if that fails."""
        for attempt in (1, 2):
            if store_file.prepare(path):
                self._warn(f"store {path}: its header is not caplint's; moved aside, starting a new one")
            try:
                connection, self._pin = verified(path, seal)
            except Unsealed:  # only time is lost
                if attempt == 2:
                    raise
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                if attempt == 2 or not is_damage(error):
                    raise
                self._warn(f"store {path}: {error}; starting a new one")
            else:
                self._file = path
                return connection
            with suppress(OSError):
                store_file.remove(path)
        raise AssertionError

    @staticmethod
    def discard(path: Path, error: Exception, warn: Callable[[str], None] = _warn) -> None:
        """Remove a damaged store with a warning, so that the next one starts empty."""
        warn(f"store {path}: {error}; starting a new one")
        _remove(path)

    @classmethod
    def instead(cls, path: Path, error: Exception, warn: Callable[[str], None] = _warn) -> FactStore:
        """Return a replacement for a failed store: a new file, or one in memory if the disk is not writable."""
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None and code & 0xFF in _UNWRITABLE:
            warn(f"store {path}: {error}; continuing without it")
            return cls(None, warn)
        cls.discard(path, error, warn)
        return cls(path, warn)

    def close(self) -> None:
        """Close the connection and seal the file."""
        self._end()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with alone(self._file):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._conditions = {}
                if self.connection.in_transaction:  # SQLite itself rolls back on a full disk
                    self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    def known(self, extractor: str) -> dict[BlobKey, int]:
        """Return the row id of every blob that this extractor has read."""
        rows = self.connection.execute("SELECT oid, language, id FROM main.blob WHERE extractor = ?", (extractor,))
        return {(oid, language): row for oid, language, row in rows}

    def add(self, extractor: str, results: Iterable[tuple[BlobKey, int, FileFacts]]) -> None:
        """Add blobs with their sizes and facts. A blob that another process has added is left unchanged."""
        results = list(results)
        if not results:
            return
        with self._writing():
            for (oid, language), size, facts in results:
                cursor = self.connection.execute(
                    "INSERT OR IGNORE INTO main.blob (oid, language, extractor, size, functions, damaged, used)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (oid, language, extractor, size, facts.functions, facts.damaged, _today()),
                )
                if cursor.rowcount and cursor.lastrowid:
                    self._insert(cursor.lastrowid, facts.records)

    def _insert(self, blob: int, records: list[Record]) -> None:
        from caplint.facts.store.records import table_of  # noqa: PLC0415 - most runs add nothing

        for kind, run in groupby(records, type):
            rows: list[Any] = list(run)
            columns = rows[0]._fields
            if "condition" in columns:
                at = columns.index("condition")
                ids = self._condition_ids({row.condition for row in rows})
                values = [(blob, *row[:at], ids[row[at]], *row[at + 1 :]) for row in rows]
            else:
                values = [(blob, *row) for row in rows]
            marks = ", ".join("?" * (len(columns) + 1))
            self.connection.executemany(f"INSERT INTO main.{table_of(kind)} VALUES ({marks})", values)  # noqa: S608

    def _condition_ids(self, texts: set[str]) -> dict[str, int]:
        """Return the row of each text (and of further ones); missing rows are added."""
        for text in sorted(texts - self._conditions.keys()):
            self.connection.execute("INSERT OR IGNORE INTO condition (text) VALUES (?)", (text,))
            (row,) = self.connection.execute("SELECT id FROM condition WHERE text = ?", (text,)).fetchone()
            self._conditions[text] = row
        return self._conditions

    def touch(self, blobs: Iterable[int]) -> bool:
        """Record that a run needs these blobs; once a day, delete blobs that are unused for long.

        Returns False if another process deleted some of them meanwhile. After True, none is deleted during the run.
        """
        today = _today()
        wanted = set(blobs)
        query = "SELECT id FROM main.blob WHERE used >= ? AND id IN (SELECT value FROM json_each(?))"
        stale = sorted(wanted - {row for (row,) in self.connection.execute(query, (today, json.dumps(list(wanted))))})
        if not stale:
            return True
        with suppress(sqlite3.OperationalError), self._writing():
            update = "UPDATE main.blob SET used = ? WHERE id = ?"
            there = self.connection.executemany(update, [(today, row) for row in stale]).rowcount
            self.connection.execute("DELETE FROM main.blob WHERE used < ?", (today - self._days_kept(),))
            return there == len(stale)
        return True

    def _days_kept(self) -> int:
        pages, free, size = (
            self.connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return _KEEP_DAYS_OF_LARGE if (pages - free) * size > _LARGE else KEEP_DAYS

    def recall(self, name: str) -> str | None:
        """Return the value that a link has retained under a name, or None."""
        row = self.connection.execute("SELECT value FROM memo WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def recall_all(self, names: Iterable[str]) -> dict[str, str]:
        """Return the retained values of many names; unknown names are omitted."""
        wanted = json.dumps(list(names))
        return dict(
            self.connection.execute(
                "SELECT name, value FROM memo WHERE name IN (SELECT value FROM json_each(?))", (wanted,)
            )
        )

    def retain(self, name: str, value: str) -> None:
        """Retain a link's result under a name; delete results that were not renewed for long."""
        self.retain_all({name: value})

    def retain_all(self, values: dict[str, str]) -> None:
        """Retain many values by name, unless an incomplete reading may have influenced them."""
        if not values or self.incomplete:
            return
        with suppress(sqlite3.OperationalError), self._writing():
            rows = [(name, value, _today()) for name, value in values.items()]
            self.connection.executemany("INSERT OR REPLACE INTO memo VALUES (?, ?, ?)", rows)
            self.connection.execute("DELETE FROM memo WHERE used < ?", (_today() - self._days_kept(),))

    def stamps(self, directory: str) -> dict[str, tuple[Stamp, str, bool]]:
        """Return the stamps of a directory; see `StampCache`."""
        rows = self.connection.execute(
            "SELECT path, size, mtime, inode, oid, relevant FROM stat_cache WHERE directory = ? AND reader = ?",
            (directory, code_identity(*STAMPS)),
        )
        return {
            path: (Stamp(size, mtime, inode), oid, bool(relevant)) for path, size, mtime, inode, oid, relevant in rows
        }

    def remember(self, directory: str, entries: dict[str, tuple[Stamp, str, bool]], gone: set[str]) -> None:
        """Record and remove stamps of a directory; see `StampCache`."""
        if not entries and not gone:
            return
        with suppress(sqlite3.OperationalError), self._writing():
            self.connection.executemany(
                "INSERT OR REPLACE INTO stat_cache VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (directory, path, stamp.size, stamp.mtime, stamp.inode, oid, int(relevant), code_identity(*STAMPS))
                    for path, (stamp, oid, relevant) in entries.items()
                ],
            )
            self.connection.executemany(
                "DELETE FROM stat_cache WHERE directory = ? AND path = ?",
                [(directory, path) for path in gone],
            )

    def objects(self, oids: Iterable[str]) -> dict[str, tuple[int, bool]]:
        """Return size and relevance of objects; see `StampCache`."""
        rows = self.connection.execute(
            """SELECT oid, size, relevant FROM object_cache
               WHERE oid IN (SELECT value FROM json_each(?)) AND reader = ?""",
            (json.dumps(list(oids)), code_identity(*STAMPS)),
        )
        return {oid: (size, bool(relevant)) for oid, size, relevant in rows}

    def remember_objects(self, entries: dict[str, tuple[int, bool]]) -> None:
        """Record size and relevance of objects; see `StampCache`."""
        if entries:
            with suppress(sqlite3.OperationalError), self._writing():
                self.connection.executemany(
                    "INSERT OR REPLACE INTO object_cache VALUES (?, ?, ?, ?)",
                    [(oid, size, int(relevant), code_identity(*STAMPS)) for oid, (size, relevant) in entries.items()],
                )


def _today() -> int:
    return int(time.time()) // _DAY


def _memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(schema())
    return connection


def _remove(path: Path) -> None:
    with suppress(OSError), locked(path):
        store_file.remove(path)
