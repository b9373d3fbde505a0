"""Private copy of a store: it has the facts of the original, is trusted like one, and shares nothing with it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from caplint.facts.store.private_copy import copy_store
from caplint.facts.store.records import FileFacts, Macro
from caplint.facts.store.schema import file_name
from caplint.facts.store.seal import SUFFIX, locked
from caplint.facts.store.store import FactStore
from caplint.facts.store.store_file import APPLICATION
from caplint.util.cache_directory import MARK_NAME

FACTS = FileFacts([Macro("KVM_CAP_HLT", None, "1", None, 1, 1, "1")], functions=2)
BLOB = ("a" * 40, "c")
OTHER = ("b" * 40, "c")


@pytest.fixture
def store(tmp_path: Path) -> FactStore:
    """A store on disk with one file's facts, which are still in its journal."""
    store = FactStore(tmp_path / "cache" / file_name())
    store.add("x", [(BLOB, 3, FACTS)])
    return store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the copy shall be."""
    return tmp_path / "private" / file_name()


def _opened(path: Path) -> FactStore:
    """The copy, opened as every store is: any doubt about its content would be a warning and an empty store."""
    warnings: list[str] = []
    copy = FactStore(path, warnings.append)
    assert warnings == []
    return copy


def test_a_copy_is_trusted_and_has_the_facts(store: FactStore, path: Path) -> None:
    copy_store(store, path)
    copy = _opened(path)
    assert list(copy.known("x")) == [BLOB]
    assert copy.connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
    assert copy.connection.execute("SELECT name FROM macro").fetchall() == [("KVM_CAP_HLT",)]
    copy.close()
    store.close()


def test_a_store_in_memory_is_copied_too_and_goes_on_as_a_file(path: Path) -> None:
    """It is what a run without a cache has; its copy is written to, sealed and opened again like any other."""
    store = FactStore(None)
    store.add("x", [(BLOB, 3, FACTS)])
    copy_store(store, path)
    store.close()
    copy = _opened(path)
    assert copy.connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
    copy.add("x", [(OTHER, 3, FACTS)])
    copy.close()
    again = _opened(path)
    assert list(again.known("x")) == [BLOB, OTHER]
    again.close()


def test_what_is_added_to_the_copy_or_the_store_later_is_not_in_the_other(store: FactStore, path: Path) -> None:
    copy_store(store, path)
    copy = _opened(path)
    copy.add("x", [(OTHER, 3, FACTS)])
    store.retain("later", "1")
    assert (list(store.known("x")), copy.recall("later")) == ([BLOB], None)
    copy.close()
    store.close()


def test_a_copy_is_one_file_with_its_seal_in_a_directory_of_ours(store: FactStore, path: Path) -> None:
    copy_store(store, path)
    store.close()
    assert sorted(file.name for file in path.parent.iterdir()) == sorted([MARK_NAME, path.name, path.name + SUFFIX])
    assert path.parent.stat().st_mode & 0o077 == 0


def test_damage_of_a_copy_is_noticed(store: FactStore, path: Path) -> None:
    copy_store(store, path)
    store.close()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    warnings: list[str] = []
    FactStore(path, warnings.append).close()
    assert [warning.endswith("its content does not match its checksums; starting a new one") for warning in warnings]
    assert len(warnings) == 1


def test_no_copy_goes_through_a_link_or_into_a_directory_of_others(
    store: FactStore, path: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    path.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="link"):
        copy_store(store, path)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    store.close()


def test_a_copy_waits_for_the_lock_of_its_file(store: FactStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caplint.facts.store.seal._PATIENCE", 0.05)
    copy_store(store, path)
    whole = path.read_bytes()
    store.retain("later", "1")
    with locked(path), pytest.raises(OSError, match="another process holds its lock"):
        copy_store(store, path)
    assert path.read_bytes() == whole
    store.close()


def test_a_file_that_is_no_database_is_an_error(store: FactStore, path: Path) -> None:
    copy_store(store, path)
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(sqlite3.Error):
        copy_store(store, path)
    store.close()
