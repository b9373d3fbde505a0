"""Connections of several processes to one store: no change escapes the seal, and no file is removed below one."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from caplint.facts.store import connections
from caplint.facts.store import seal as seal_module
from caplint.facts.store.records import FileFacts, Macro
from caplint.facts.store.seal import SUFFIX, locked
from caplint.facts.store.store import FactStore

MACROS = 300
OTHER = """
import sys
from pathlib import Path
from caplint.facts.store.store import FactStore
store = FactStore(Path(sys.argv[1]))
store.retain("other", "value")
store.close()
"""


def _add(store: FactStore, digit: str) -> None:
    facts = FileFacts([Macro(f"A{digit}_{n}", None, "1", None, 1, 1, "1") for n in range(MACROS)])
    store.add("x", [((digit * 40, "c"), MACROS, facts)])


def _content(path: Path) -> dict[str, int]:
    """Return the number of facts by the first digit of each blob, after the store was verified without a warning."""
    warnings: list[str] = []
    store = FactStore(path, warnings.append)
    rows = store.connection.execute(
        "SELECT substr(oid, 1, 1), count(macro.blob) FROM blob LEFT JOIN macro ON blob = blob.id GROUP BY oid"
    ).fetchall()
    assert store.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    store.close()
    assert warnings == []
    return dict(rows)


def _other(path: Path) -> None:
    """Let another process write to the store and close it."""
    subprocess.run([sys.executable, "-c", OTHER, path], check=True)


def test_a_write_while_another_process_seals_is_sealed_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write would reach the journal after its parts were listed, and before it is copied."""
    path = tmp_path / "facts.db"
    filled = FactStore(path)
    filled.retain_all({f"memo{number}": "a" * 2000 for number in range(200)})
    filled.close()
    closing = FactStore(path)
    _add(closing, "1")
    opened, go, done, checked = (threading.Event() for _ in range(4))

    def write() -> None:
        writing = FactStore(path)
        opened.set()
        go.wait(20)
        _add(writing, "2")
        writing.retain_all({f"memo{number}": "b" * 2000 for number in range(200)})
        done.set()
        checked.wait(20)
        writing.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert opened.wait(20)
    real: Callable[[Path], set[int]] = seal_module._in_journal

    def listed(journal: Path) -> set[int]:
        parts = real(journal)
        go.set()
        done.wait(0.3)
        return parts

    monkeypatch.setattr(seal_module, "_in_journal", listed)
    closing.close()
    monkeypatch.undo()
    assert done.wait(20)
    assert "1" in _content(path)
    checked.set()
    thread.join()
    assert _content(path) == {"1": MACROS, "2": MACROS}


def test_a_store_that_is_closed_without_the_lock_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "facts.db"
    store = FactStore(path)
    _add(store, "1")
    monkeypatch.setattr(seal_module, "_PATIENCE", 0.05)
    with path.with_name(path.name + SUFFIX).open("rb") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        store.close()
    assert _content(path) == {"1": MACROS}


def test_a_write_without_the_lock_is_an_error_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`FactStore.instead` goes on without the store for it, as for SQLite's own locks."""
    path = tmp_path / "facts.db"
    store = FactStore(path)
    monkeypatch.setattr(seal_module, "_PATIENCE", 0.05)
    with locked(path), pytest.raises(sqlite3.OperationalError, match="another process holds its lock") as failure:
        _add(store, "1")
    assert failure.value.sqlite_errorcode == sqlite3.SQLITE_BUSY
    _add(store, "1")
    store.close()
    assert _content(path) == {"1": MACROS}


@pytest.mark.parametrize("between", [_other, lambda path: FactStore(path).close()], ids=["process", "same process"])
def test_another_that_closes_takes_nothing_from_a_store_that_is_open(
    tmp_path: Path, between: Callable[[Path], None]
) -> None:
    """SQLite's locks belong to a process, and end when it closes any descriptor of the file."""
    path = tmp_path / "facts.db"
    first = FactStore(path)
    FactStore(path).close()  # SQLite no longer holds the lock for the first
    _add(first, "1")
    between(path)
    _add(first, "2")
    second = FactStore(path)
    _add(second, "3")
    _add(first, "4")
    second.close()
    first.close()
    assert _content(path) == dict.fromkeys("1234", MACROS)


def test_a_store_that_is_removed_meanwhile_is_another(tmp_path: Path) -> None:
    path = tmp_path / "facts.db"
    old = FactStore(path)
    _add(old, "1")
    FactStore.discard(path, ValueError("damaged"), lambda _: None)
    new = FactStore(path)
    _add(new, "2")
    _add(old, "3")
    old.close()
    _add(new, "4")
    new.close()
    assert _content(path) == {"2": MACROS, "4": MACROS}


def test_code_that_changes_removes_no_store_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "facts.db"
    old = FactStore(path)
    _add(old, "1")
    FactStore.discard(path, ValueError("damaged"), lambda _: None)
    new = FactStore(path)
    _add(new, "2")
    with monkeypatch.context() as patched:
        patched.setattr(connections, "is_unchanged", lambda: False)
        old.close()
    new.close()
    assert _content(path) == {"2": MACROS}


def test_a_seal_that_another_process_left_open_is_not_closed_by_a_third(tmp_path: Path) -> None:
    """It was killed while it changed the file, so nobody knows what the sums should be."""
    path = tmp_path / "facts.db"
    store = FactStore(path)
    _add(store, "1")
    path.with_name(path.name + SUFFIX).write_bytes(seal_module._OPEN)
    store.close()
    assert _content(path) == {}


def _dies_while_it_seals(path: Path) -> None:
    seal_module._renewed = lambda *_: os._exit(9)
    store = FactStore(path)
    _add(store, "2")
    store.close()


def test_a_process_that_dies_while_it_seals_costs_the_store_and_no_warning(tmp_path: Path) -> None:
    path = tmp_path / "facts.db"
    store = FactStore(path)
    _add(store, "1")
    store.close()
    process = get_context("fork").Process(target=_dies_while_it_seals, args=(path,))
    process.start()
    process.join()
    assert process.exitcode == 9
    assert _content(path) == {}


def test_a_forked_process_closes_no_store_of_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "facts.db"
    store = FactStore(path)
    _add(store, "1")
    process = get_context("fork").Process(target=store.close)
    process.start()
    process.join()
    assert (process.exitcode, seal_module.has_journal(path)) == (0, True)
    _add(store, "2")
    store.close()
    assert _content(path) == {"1": MACROS, "2": MACROS}


def test_a_long_journal_is_not_copied_before_it_is_sealed(tmp_path: Path) -> None:
    """SQLite would copy it at 1,000 pages."""
    path = tmp_path / "facts.db"
    FactStore(path).close()
    store = FactStore(path)
    before = path.read_bytes()
    store.retain_all({f"memo{number}": "a" * 50_000 for number in range(120)})
    assert path.read_bytes() == before
    store.close()
    assert _content(path) == {}


def test_a_directory_that_is_removed_meanwhile_ends_no_run(tmp_path: Path) -> None:
    store = FactStore(tmp_path / "cache" / "facts.db")
    shutil.rmtree(tmp_path / "cache")
    _add(store, "1")
    assert len(store.known("x")) == 1
    store.close()


def test_what_another_still_reads_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "facts.db"
    store, reader = FactStore(path), FactStore(path)
    reader.connection.execute("BEGIN")
    reader.connection.execute("SELECT count(*) FROM memo").fetchone()
    _add(store, "1")
    begun = time.monotonic()
    store.close()
    assert time.monotonic() - begun < 5
    reader.connection.execute("COMMIT")
    reader.close()
    assert _content(path) == {"1": MACROS}


def test_a_new_store_takes_the_place_of_those_that_nobody_uses_any_more(tmp_path: Path) -> None:
    store = tmp_path / "store" / "facts-4.db"
    FactStore(store).close()
    days = {"facts-1.db": 31, "facts-2.db": 3, "facts-3.db": 2, "facts.db": 1, "other.db": 99}
    for name, age in days.items():
        shutil.copy(store, store.with_name(name))
        then = time.time() - age * 86_400
        os.utime(store.with_name(name), (then, then))
    (store.parent / "facts-1.db-wal").write_text("")
    store.unlink()
    FactStore(store).close()
    left = sorted(file.name for file in store.parent.glob("*.db*"))
    assert left == [
        "facts-2.db", "facts-3.db", "facts-4.db", "facts-4.db-seal", "facts.db", "other.db",
    ]  # fmt: skip


def test_a_store_of_another_version_that_is_in_use_is_not_removed(tmp_path: Path) -> None:
    names = [f"facts-0000000{number}.db" for number in range(1, 5)]
    for name in names[:3]:
        FactStore(tmp_path / "cache" / name).close()
    with locked(tmp_path / "cache" / names[0]):
        FactStore(tmp_path / "cache" / names[3]).close()
    assert [(tmp_path / "cache" / name).exists() for name in names] == [True, True, True, True]


@pytest.mark.parametrize(("days", "stays"), [(29, True), (31, False)])
def test_a_store_of_another_version_stays_for_a_month(tmp_path: Path, days: int, stays: bool) -> None:
    other = tmp_path / "cache" / "facts-00000001.db"
    FactStore(other).close()
    then = time.time() - days * 86_400
    os.utime(other, (then, then))
    FactStore(other.with_name("facts-00000002.db")).close()
    assert other.exists() is stays


def test_tables_of_another_version_are_replaced_in_any_order(tmp_path: Path) -> None:
    """Some refer to others, and one has the name of a table that is needed."""
    path = tmp_path / "cache" / "facts.db"
    FactStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """PRAGMA user_version = 7; DROP TABLE memo; CREATE TABLE memo (old TEXT);
               CREATE TABLE further (a INTEGER PRIMARY KEY, b REFERENCES further); INSERT INTO further VALUES (1, 1)"""
        )
    connection.close()
    path.with_name(path.name + SUFFIX).unlink()
    with locked(path) as seal, seal_module.sealed(path, seal, whole=True):
        pass
    warnings: list[str] = []
    store = FactStore(path, warnings.append)
    tables = {name for (name,) in store.connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    store.retain("x", "1")
    store.close()
    assert (warnings, "further" in tables) == ([], False)
    again = FactStore(path)
    assert again.recall("x") == "1"
    again.close()


def test_a_store_that_cannot_be_opened_keeps_no_file_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cache" / "facts.db"
    FactStore(path).close()

    def full(path: Path) -> sqlite3.Connection:
        raise sqlite3.OperationalError(f"{path}: database or disk is full")

    def opened_files() -> list[str]:
        return [name for name in map(_target, list(Path("/proc/self/fd").iterdir())) if name.startswith(str(path))]

    monkeypatch.setattr(connections, "_connected", full)
    warnings: list[str] = []
    FactStore(path, warnings.append).close()
    assert (len(warnings), opened_files()) == (1, [])


def _target(handle: Path) -> str:
    try:
        return str(handle.readlink())
    except OSError:
        return ""
