"""The store's file is verified as a whole: what a disk has changed in it is never an answer."""

from __future__ import annotations

import fcntl
import gc
import os
import random
import sqlite3
import zlib
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from conftest import kernel

from caplint.config.settings import Config
from caplint.facts.store import seal as seal_module
from caplint.facts.store.records import FileFacts, Macro
from caplint.facts.store.schema import file_name
from caplint.facts.store.seal import SUFFIX, locked
from caplint.facts.store.store import FactStore
from caplint.rules.query import query_rows
from caplint.session import open_session
from caplint.trees.detect import directory_tree

TRIALS = 300
QUERY = """SELECT tree, path, cap AS name, line FROM cap_check UNION SELECT tree, path, name, number FROM cap
           UNION SELECT tree, path, name || kind, occurrences FROM token_use ORDER BY 1, 2, 3, 4"""
PAGE = 4096
FACTS = FileFacts([Macro(f"A{number}", None, "1", None, 1, 1, "1") for number in range(3000)], functions=2)


def _ask(root: Path, cache: str) -> list[tuple[Any, ...]]:
    session = open_session([directory_tree(str(root))], Config(cache=cache, jobs=1), narrow="KVM_CAP_HLT")
    try:
        return query_rows(session.connection, QUERY)[1]
    finally:
        session.store.close()


def _bit(chance: random.Random, content: bytearray) -> None:
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _page(chance: random.Random, content: bytearray) -> None:
    begin = chance.randrange(len(content) // PAGE) * PAGE
    content[begin : begin + PAGE] = bytes(PAGE)


def test_no_bit_and_no_page_changes_a_result_silently(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAPLINT_CACHE", raising=False)
    tree, store = kernel(tmp_path / "k"), tmp_path / "cache" / file_name()
    truth = _ask(tree, "none")
    assert _ask(tree, str(store.parent)) == truth
    whole, seal = store.read_bytes(), store.with_name(store.name + SUFFIX).read_bytes()
    assert len(whole) > 50 * PAGE
    capsys.readouterr()
    chance = random.Random(17)
    for trial in range(TRIALS):
        content = bytearray(whole)
        (_bit, _page)[trial % 2](chance, content)
        store.write_bytes(content)
        store.with_name(store.name + SUFFIX).write_bytes(seal)
        for left in (f"{store.name}-wal", f"{store.name}-shm"):
            store.with_name(left).unlink(missing_ok=True)
        # Most trials look at what opening says; a whole run is made of every tenth.
        if trial % 10:
            FactStore(store).close()
        else:
            assert _ask(tree, str(store.parent)) == truth
        warnings = capsys.readouterr().err.splitlines()
        expected = f"caplint: warning: store {store}: its content does not match its checksums; starting a new one"
        assert warnings == ([expected] if content != whole else []), trial


def _filled(path: Path) -> FactStore:
    store = FactStore(path)
    store.add("x", [(("1" * 40, "c"), 3, FACTS)])
    return store


def _names(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Return the number of macros in a store, and the warnings."""
    capsys.readouterr()
    store = FactStore(path)
    (count,) = store.connection.execute("SELECT count(*) FROM macro").fetchone()
    store.close()
    return count, capsys.readouterr().err


def test_damage_of_a_store_that_is_open_is_not_sealed_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "facts.db"
    _filled(path).close()
    store = FactStore(path)
    content = bytearray(path.read_bytes())
    # Parts behind that of the table `memo`, to which `retain` writes, however many tables there are.
    place = content.index(b"A2345")
    content[place] ^= 1
    path.write_bytes(content)
    store.retain("name", "value")
    store.close()
    assert _names(path, capsys) == (
        0,
        f"caplint: warning: store {path}: its content does not match its checksums; starting a new one\n",
    )


def test_two_writers_seal_for_one_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "facts.db"
    first, second = _filled(path), FactStore(path)
    first.close()
    second.add("x", [(("2" * 40, "c"), 3, FACTS)])
    third = FactStore(path)
    second.close()
    third.add("x", [(("3" * 40, "c"), 3, FACTS)])
    third.close()
    assert _names(path, capsys) == (9000, "")


def test_a_store_that_is_dropped_is_sealed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "facts.db"
    store: FactStore | None = _filled(path)
    assert store is not None
    store = None
    gc.collect()
    assert _names(path, capsys) == (3000, "")


def _killed(path: Path) -> None:
    store = _filled(path)
    os._exit(9 + store.incomplete)


def test_what_a_killed_process_has_written_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "facts.db"
    process = get_context("fork").Process(target=_killed, args=(path,))
    process.start()
    process.join()
    assert path.with_name("facts.db-wal").stat().st_size > 0
    assert _names(path, capsys) == (3000, "")


def test_a_process_that_was_killed_while_it_sealed_costs_the_store_and_no_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "facts.db"
    _filled(path).close()
    path.with_name(path.name + SUFFIX).write_bytes(seal_module._OPEN)
    assert _names(path, capsys) == (0, "")


@pytest.mark.parametrize("damage", [b"", b"caplint1", b"\0" * 100], ids=["none", "short", "zeroes"])
def test_a_seal_that_is_damaged_is_no_seal(tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: bytes) -> None:
    path = tmp_path / "facts.db"
    _filled(path).close()
    path.with_name(path.name + SUFFIX).write_bytes(damage)
    count, warning = _names(path, capsys)
    assert count == 0
    assert "starting a new one" in warning


def test_a_lock_that_nobody_gives_back_is_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "facts.db"
    _filled(path).close()
    monkeypatch.setattr(seal_module, "_PATIENCE", 0.1)
    with path.with_name(path.name + SUFFIX).open("rb") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert _names(path, capsys) == (
            0, f"caplint: warning: store {path}: another process holds its lock; continuing without it\n"
        )  # fmt: skip
    assert _names(path, capsys) == (3000, "")


def test_what_code_that_changes_meanwhile_has_written_is_dropped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "facts.db"
    store = _filled(path)
    with monkeypatch.context() as patched:
        patched.setattr("caplint.facts.store.connections.is_unchanged", lambda: False)
        store.close()
    assert _names(path, capsys) == (0, "")


def test_neither_the_store_nor_its_seal_is_a_link(tmp_path: Path) -> None:
    """A directory of a cache is looked at before; this is what holds if a link comes meanwhile."""
    other, path = tmp_path / "other", tmp_path / "facts.db"
    other.write_bytes(b"mine")
    path.with_name(path.name + SUFFIX).symlink_to(other)
    with pytest.raises(OSError, match="symbolic links"), seal_module.locked(path, 0):
        pass
    path.symlink_to(other)
    with pytest.raises(OSError, match="symbolic links"):
        seal_module.pinned(path)
    assert other.read_bytes() == b"mine"


def test_the_lock_of_a_seal_that_was_removed_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else two processes would each hold the lock of a file of their own."""
    path = tmp_path / "facts.db"
    seal = path.with_name(path.name + SUFFIX)
    lock = fcntl.flock
    removed: list[int] = []

    def removing(handle: int, how: int) -> None:
        lock(handle, how)
        if not removed:
            removed.append(handle)
            seal.unlink()

    monkeypatch.setattr(fcntl, "flock", removing)
    with seal_module.locked(path) as handle:
        assert os.path.samestat(os.fstat(handle), seal.stat())


def _sealed_file(path: Path, content: bytes) -> Path:
    """Make a file with a seal, and return the seal."""
    path.write_bytes(content)
    seal = path.with_name(path.name + SUFFIX)
    with seal_module.locked(path) as handle, seal_module.sealed(path, handle, whole=True):
        pass
    return seal


def test_the_journal_of_a_pinned_store_stays(tmp_path: Path) -> None:
    """The last connection would copy it where nobody writes a seal."""
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("CREATE TABLE t (a)")
    connection.commit()
    pin = seal_module.pinned(path)
    before = path.read_bytes()
    connection.close()
    os.close(pin)
    assert seal_module.has_journal(path)
    assert path.read_bytes() == before


def test_a_seal_is_open_while_its_file_changes_and_stays_so_where_that_fails(tmp_path: Path) -> None:
    path = tmp_path / "facts.db"
    seal = _sealed_file(path, b"1" * 40_000)
    with seal_module.locked(path) as handle:
        seal_module.verify(path, handle)
        with suppress(ZeroDivisionError), seal_module.sealed(path, handle):
            assert seal.read_bytes() == seal_module._OPEN
            raise ZeroDivisionError
        with pytest.raises(seal_module.Unsealed):
            seal_module.verify(path, handle)


def test_a_seal_that_was_damaged_is_not_made_anew_by_a_change(tmp_path: Path) -> None:
    path = tmp_path / "facts.db"
    seal = _sealed_file(path, b"1" * 40_000)
    whole = seal.read_bytes()
    for damage in (b"", whole[:-1], whole + b"1", whole[:9] + b"?" + whole[10:], whole[:-1] + b"?"):
        seal.write_bytes(damage)
        with seal_module.locked(path) as handle:
            with seal_module.sealed(path, handle):
                pass
            assert seal.read_bytes() == damage
            with pytest.raises(sqlite3.DatabaseError, match="does not match its checksums"):
                seal_module.verify(path, handle)
    odd = seal_module._MAGIC + zlib.crc32(b"abc").to_bytes(4, "big") + b"abc"
    assert seal_module._parse(odd) is None


def test_a_file_may_grow_and_shrink_behind_its_old_end(tmp_path: Path) -> None:
    path = tmp_path / "facts.db"
    _sealed_file(path, b"1" * 40_000)
    for content in (b"1" * 90_000, b"1" * seal_module._PART):
        path.write_bytes(b"1" * 40_000)
        with seal_module.locked(path) as handle:
            with seal_module.sealed(path, handle, whole=True):
                pass
            with seal_module.sealed(path, handle):
                path.write_bytes(content)
            seal_module.verify(path, handle)


def test_a_lock_whose_file_was_removed_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store of another version is removed with its seal; whoever has just opened that takes the new one."""
    path = tmp_path / "facts.db"
    seal, real = path.with_name(path.name + SUFFIX), fcntl.flock
    removed: list[int] = []

    def flock(handle: int, operation: int) -> None:
        if not removed:
            seal.unlink()
            removed.append(handle)
        real(handle, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with locked(path) as handle:
        assert seal_module.is_same(seal, handle)


def test_a_seal_that_is_a_link_makes_no_file_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "facts.db"
    FactStore(path).close()
    path.with_name(path.name + SUFFIX).unlink()
    path.with_name(path.name + SUFFIX).symlink_to(tmp_path / "elsewhere")
    warnings: list[str] = []
    FactStore(path, warnings.append).close()
    assert ([len(warnings)], (tmp_path / "elsewhere").exists()) == ([1], False)
