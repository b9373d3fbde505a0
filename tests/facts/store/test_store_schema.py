"""Version of the store's tables: other tables have another version, and another file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from caplint.config.settings import Config
from caplint.facts.store import schema as schema_module
from caplint.facts.store.records import BlindSpot, Token, table_of
from caplint.facts.store.schema import file_name, schema, schema_version


def _version() -> int:
    """The version, computed anew."""
    return schema_version.__wrapped__()


def _columns(table: str) -> list[str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema())
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def test_facts_have_tables_with_their_fields() -> None:
    assert _columns(table_of(BlindSpot)) == ["blob", *BlindSpot._fields]
    assert _columns(table_of(Token)) == ["blob", *Token._fields]


def test_other_tables_are_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    text = schema()
    mine = _version()
    monkeypatch.setattr(schema_module, "schema", lambda: text + "CREATE TABLE further (a);\n")
    assert _version() != mine


def test_another_way_of_sharing_is_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = _version()
    monkeypatch.setattr(schema_module, "_SHARING", schema_module._SHARING + 1)
    assert _version() != mine


def test_sqlite_reads_each_version_back_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds 32 bits with a sign, and a version that it reads back as another number equals none."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for sharing in range(30):
            monkeypatch.setattr(schema_module, "_SHARING", sharing)
            connection.execute(f"PRAGMA user_version = {_version()}")
            assert connection.execute("PRAGMA user_version").fetchone() == (_version(),)


@pytest.mark.parametrize(("version", "name"), [(7, "facts-00000007.db"), (0x7FFFFFFF, "facts-7fffffff.db")])
def test_the_name_tells_the_version_in_eight_digits(version: int, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_module, "schema_version", lambda: version)
    assert file_name() == name


def test_two_versions_do_not_empty_each_others_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(cache=str(tmp_path))
    monkeypatch.delenv("CAPLINT_CACHE", raising=False)
    mine = config.store_path
    monkeypatch.setattr("caplint.facts.store.schema.schema_version", lambda: 7)
    theirs = config.store_path
    assert mine is not None
    assert theirs is not None
    assert mine != theirs
    assert {mine.parent, theirs.parent} == {tmp_path}
