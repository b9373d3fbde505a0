"""The store's file is verified as a whole: what a disk has changed in it is never an answer."""

from __future__ import annotations

import fcntl
import gc
import os
import random
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from conftest import kernel

from caplint.config.settings import Config
from caplint.facts.store import seal as seal_module
from caplint.facts.store.records import FileFacts, Macro
from caplint.facts.store.schema import file_name
from caplint.facts.store.seal import SUFFIX
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
    place = content.index(b"A1234")
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
