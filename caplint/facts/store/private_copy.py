"""Private copy of a store: for facts of texts that nobody has saved, which would only fill the store of all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from caplint.facts.store.schema import schema_version
from caplint.facts.store.seal import locked, sealed
from caplint.facts.store.store import FactStore
from caplint.facts.store.store_file import APPLICATION
from caplint.util.cache_directory import opened


def copy_store(store: FactStore, path: Path) -> None:
    """Write a copy of a store as a new file, sealed. Raises `OSError` or `sqlite3.Error` if that fails."""
    with (
        opened(path.parent, create=True),
        locked(path) as seal,
        sealed(path, seal, whole=True),
        closing(sqlite3.connect(path, isolation_level=None)) as copy,
    ):
        store.connection.backup(copy)
        # What every store's file has, and one in memory has not.
        copy.execute(f"PRAGMA application_id = {APPLICATION}")
        copy.execute(f"PRAGMA user_version = {schema_version()}")
        copy.execute("PRAGMA journal_mode = WAL")
