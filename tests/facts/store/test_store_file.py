"""Files of stores: only a file with caplint's mark is a store, and nothing else is ever removed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from caplint.facts.store.schema import file_name
from caplint.facts.store.seal import SUFFIX, locked
from caplint.facts.store.store import FactStore
from caplint.facts.store.store_file import APPLICATION, forget_others, prepare, remove
from caplint.util.cache_directory import MARK_NAME, RefusedError, opened


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def path(cache: Path) -> Path:
    """The store's file in a directory of ours, without the file."""
    with opened(cache, create=True):
        return cache / file_name()


def _names(directory: Path) -> set[str]:
    return {file.name for file in directory.iterdir()}


def _database(file: Path, application: int = 0, version: int = 0) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA application_id = {application}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("CREATE TABLE precious (a)")
    connection.close()


def test_stores_without_a_mark_are_not_removed(cache: Path) -> None:
    FactStore(cache / file_name()).close()
    for name in ("facts-1.db", "facts-2.db", "facts-3.db", "facts-0000000f.db", "facts-12345678.db", "facts-.db"):
        _database(cache / name, version=0xF)
    (cache / "facts-00000004.db").write_text("no database")
    shutil.copy(cache / file_name(), cache / "facts-00000005.db")
    (cache / "facts-00000006.db").symlink_to(file_name())
    os.link(cache / "facts-1.db", cache / "facts-00000007.db")
    before = _names(cache)
    forget_others(cache / file_name(), 0, time.time() + 5)
    assert before - _names(cache) == {"facts-0000000f.db", "facts-00000005.db"}


def test_another_programs_database_is_put_aside(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache.mkdir(0o700)
    _database(cache / file_name(), version=7)
    whole = (cache / file_name()).read_bytes()
    FactStore(cache / file_name()).close()
    assert (cache / f"{file_name()}.put-aside").read_bytes() == whole
    assert "its header is not caplint's; moved aside, starting a new one" in capsys.readouterr().err
    FactStore(cache / file_name()).close()
    assert capsys.readouterr().err == ""


def _store(file: Path, days: float = 0) -> None:
    """A store with a seal, last used some days ago."""
    _database(file, application=APPLICATION)
    file.with_name(file.name + SUFFIX).write_bytes(b"")
    then = time.time() - days * 86_400
    os.utime(file, (then, then))


def test_a_file_is_made_once_and_for_its_user_alone(cache: Path) -> None:
    path = cache / "deep" / file_name()
    assert not prepare(path)
    assert (path.read_bytes(), path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o077) == (b"", 0o600, 0)
    _database(path, application=APPLICATION)
    whole = path.read_bytes()
    assert not prepare(path)
    assert path.read_bytes() == whole
    assert _names(path.parent) == {MARK_NAME, path.name}


# Content of a file with a store's name: whether it is taken for one.
CONTENTS = [
    ("facts-0000000f.db", APPLICATION, 0, True),
    ("facts-0000000f.db", APPLICATION, 7, True),  # of another version
    ("facts-0000000f.db", 0, 0xF, True),  # of a version that had no mark
    ("facts-f.db", 0, 0xF, True),
    ("facts-0000000f.db", 0, 0xE, False),
    ("facts-00000000.db", 0, 0, False),  # any database that says no version
    ("facts.db", 0, 0xF, False),
    ("facts-0000000f.db", APPLICATION + 1, 7, False),
]


@pytest.mark.parametrize(("name", "application", "version", "ours"), CONTENTS)
def test_a_database_is_a_store_by_its_mark_or_by_the_version_in_its_name(
    path: Path, name: str, application: int, version: int, ours: bool
) -> None:
    file = path.with_name(name)
    _database(file, application, version)
    whole = file.read_bytes()
    assert prepare(file) is not ours
    assert file.read_bytes() == (whole if ours else b"")
    assert file.with_name(f"{name}.put-aside").exists() is not ours


@pytest.mark.parametrize(
    "content", [b"x", b"a diary\n" * 100, b"SQLite format 3\0"], ids=["byte", "text", "magic alone"]
)
def test_what_is_no_database_is_put_aside_with_what_lies_beside_it(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.with_name(f"{path.name}-wal").write_bytes(b"more")
    path.with_name(f"{path.name}.put-aside").write_bytes(b"earlier")
    assert prepare(path)
    assert path.read_bytes() == b""
    assert path.with_name(f"{path.name}.put-aside").read_bytes() == content
    assert path.with_name(f"{path.name}-wal.put-aside").read_bytes() == b"more"
    assert not path.with_name(f"{path.name}-wal").exists()


def test_the_mark_counts_only_in_a_database(path: Path) -> None:
    path.write_bytes(bytes(68) + APPLICATION.to_bytes(4) + bytes(28))
    assert prepare(path)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal", SUFFIX])
def test_a_link_in_the_place_of_any_file_is_refused(path: Path, tmp_path: Path, suffix: str) -> None:
    (tmp_path / "precious").write_text("mine")
    path.with_name(path.name + suffix).symlink_to(tmp_path / "precious")
    with pytest.raises(RefusedError, match="is a link"):
        prepare(path)
    assert (tmp_path / "precious").read_text() == "mine"


def test_nothing_is_put_aside_over_a_link(path: Path, tmp_path: Path) -> None:
    path.write_text("strange")
    path.with_name(f"{path.name}.put-aside").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RefusedError, match="is a link"):
        prepare(path)
    assert path.read_text() == "strange"


def test_a_damaged_store_is_removed_and_its_seal_stays_as_the_lock_of_all(path: Path) -> None:
    _store(path)
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).write_bytes(b"")
    remove(path)
    assert _names(path.parent) == {MARK_NAME, path.name + SUFFIX}
    remove(path)  # another process was faster


def test_a_damaged_file_without_the_mark_is_kept_aside(path: Path) -> None:
    path.write_bytes(b"X" * 4096)
    remove(path)
    assert _names(path.parent) == {MARK_NAME, f"{path.name}.put-aside"}


@pytest.mark.parametrize(
    ("most", "oldest", "left"),
    [
        (9, 30, {"facts-1.db", "facts-2.db", "facts-3.db"}),
        (9, 2.5, {"facts-1.db", "facts-2.db"}),
        (1, 30, {"facts-1.db"}),
        (0, 30, set()),
        (2, 1.5, {"facts-1.db"}),
    ],
)
def test_the_latest_of_other_versions_stay_unless_they_are_old(
    path: Path, most: int, oldest: float, left: set[str]
) -> None:
    for days in (3, 1, 2):
        _store(path.with_name(f"facts-{days}.db"), days)
    _store(path, 99)
    forget_others(path, most, time.time() - oldest * 86_400)
    kept = {name for name in _names(path.parent) if name.endswith(".db")}
    assert kept == {path.name, *left}
    assert {name.removesuffix(SUFFIX) for name in _names(path.parent) if name.endswith(SUFFIX)} == kept


def test_one_that_is_being_made_is_not_forgotten(path: Path) -> None:
    path.with_name("facts-1.db").touch()
    forget_others(path, 0, time.time() + 5)
    assert path.with_name("facts-1.db").exists()


def test_one_that_another_process_holds_is_not_forgotten(path: Path) -> None:
    for name in ("facts-1.db", "facts-2.db"):
        _store(path.with_name(name), 99)
    begun = time.monotonic()
    with locked(path.with_name("facts-1.db")):
        forget_others(path, 0, time.time())
    assert time.monotonic() - begun < 5
    assert {name for name in _names(path.parent) if name.endswith(".db")} == {"facts-1.db"}
