"""Reading what is not known yet: in any order, by any number of processes, always the same."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECK, X86, bare_kernel

from caplint.c.tables import Repairs
from caplint.facts import harvest as harvest_module
from caplint.facts import workers
from caplint.facts.extract import extract
from caplint.facts.harvest import ExtractionSettings, harvest
from caplint.facts.store import store as store_module
from caplint.facts.store.records import FileFacts
from caplint.facts.store.store import BlobKey, FactStore
from caplint.trees.tree import File, Tree
from caplint.util.errors import CaplintError

Wanted = list[tuple[Tree, File]]


def _wanted(root: Path) -> Wanted:
    """Some files of different sizes, two of them the same content."""
    contents = {f"arch/x86/kvm/file{number}.c": CHECK * (1 + number % 5) + f"int x{number};\n" for number in range(12)}
    contents |= {"arch/x86/kvm/same.c": CHECK, "arch/arm64/kvm/same.c": CHECK, "Documentation/virt/kvm/api.rst": "x\n"}
    tree = bare_kernel(root, contents)
    store = FactStore(None)
    try:
        return [(tree, file) for file in tree.files(store)]
    finally:
        store.close()


def _harvest(wanted: Wanted, jobs: int = 1, store: FactStore | None = None) -> dict[BlobKey, int]:
    return harvest(store or FactStore(None), wanted, ExtractionSettings(Repairs(), jobs), lambda _done, _total: None)


def _everything(wanted: Wanted, jobs: int) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, each with its blob's and condition's name in place of their numbers."""
    store = FactStore(None)
    _harvest(wanted, jobs, store)
    try:
        found = {
            "blob": store.connection.execute(
                "SELECT oid, language, size, functions, damaged FROM blob ORDER BY 1, 2"
            ).fetchall()
        }
        tables = store.connection.execute(
            "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name = 'blob' ORDER BY 1"
        )
        for (table,) in tables.fetchall():
            names = [row[1] for row in store.connection.execute(f"PRAGMA table_info({table})")][1:]
            columns = [
                "(SELECT text FROM condition WHERE id = t.condition)" if name == "condition" else f't."{name}"'
                for name in names
            ]
            query = f"SELECT b.oid, {', '.join(columns)} FROM {table} t JOIN blob b ON b.id = t.blob"
            found[table] = sorted(store.connection.execute(query).fetchall(), key=repr)
        return found
    finally:
        store.close()


def test_processes_and_order_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = _wanted(tmp_path)
    alone = _everything(wanted, 1)
    assert len(alone["blob"]) == 15
    assert len(alone["case_label"]) == 4 * (2 * (1 + 2 + 3 + 4 + 5) + 1 + 2 + 1)
    monkeypatch.setattr(workers, "_HARMLESS", 0)
    monkeypatch.setattr(workers, "_WORTH_MANY", 0)
    monkeypatch.setattr(harvest_module, "_BATCH_BYTES", 1000)
    assert _everything(wanted, 2) == alone
    for seed in range(3):
        shuffled = wanted[:]
        random.Random(seed).shuffle(shuffled)
        assert _everything(shuffled, 1 + seed % 2) == alone


def test_every_wanted_file_has_a_row(tmp_path: Path) -> None:
    wanted = _wanted(tmp_path)
    rows = _harvest(wanted)
    assert {(file.oid, "rst" if file.path.endswith(".rst") else "c") for _, file in wanted} == set(rows)
    assert len(set(rows.values())) == len(rows)


def test_progress_ends_with_everything(tmp_path: Path) -> None:
    wanted = _wanted(tmp_path)
    seen: list[tuple[int, int]] = []
    store = FactStore(None)
    harvest(store, wanted, ExtractionSettings(Repairs(), 1), lambda done, total: seen.append((done, total)))
    whole = sum({file.oid: file.size for _, file in wanted}.values())
    assert seen[-1] == (whole, whole)
    harvest(
        store, wanted, ExtractionSettings(Repairs(), 1), lambda _done, _total: pytest.fail("nothing is left to read")
    )
    store.close()


def test_other_repairs_are_other_facts(tmp_path: Path) -> None:
    wanted = _wanted(tmp_path)
    store = FactStore(None)
    first = harvest(store, wanted, ExtractionSettings(Repairs(), 1), lambda _done, _total: None)
    second = harvest(store, wanted, ExtractionSettings(Repairs(("__mine",)), 1), lambda _done, _total: None)
    assert set(first) == set(second)
    assert not set(first.values()) & set(second.values())
    store.close()


def test_a_file_that_changes_meanwhile(tmp_path: Path) -> None:
    wanted = _wanted(tmp_path)
    (tmp_path / "arch/x86/kvm/file3.c").write_text("int changed;\n")
    with pytest.raises(CaplintError) as error:
        _harvest(wanted)
    assert str(error.value) == "kernel: arch/x86/kvm/file3.c changed while it was being read; run again"


def test_a_file_that_is_gone_meanwhile(tmp_path: Path) -> None:
    wanted = _wanted(tmp_path)
    (tmp_path / "arch/x86/kvm/file3.c").unlink()
    with pytest.raises(CaplintError, match=r"kernel: cannot read arch/x86/kvm/file3\.c: No such file or directory"):
        _harvest(wanted)


def test_a_worker_that_dies_is_a_blind_spot_of_this_run_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deadly = "int deadly;\n"
    tree = bare_kernel(tmp_path, {X86: CHECK, "arch/x86/kvm/deadly.c": deadly})
    store = FactStore(None)
    wanted: Wanted = [(tree, file) for file in tree.files(store)]
    monkeypatch.setattr(workers, "_HARMLESS", 0)

    def dying(source: bytes, *rest: Any) -> FileFacts:
        if source == deadly.encode():
            os._exit(9)
        return extract(source, *rest)

    blind = "SELECT start, stop, line, reason FROM blind_spot WHERE blob = ?"
    cases = "SELECT count(*) FROM case_label WHERE blob = ?"
    with monkeypatch.context() as patched:
        patched.setattr(workers, "extract", dying)
        rows = {file.path: _harvest(wanted, 2, store)[file.oid, "c"] for _, file in wanted}
    assert store.connection.execute(blind, (rows["arch/x86/kvm/deadly.c"],)).fetchall() == [
        (0, len(deadly), 1, "the worker process died")
    ]
    assert store.connection.execute(cases, (rows[X86],)).fetchone() == (4,)
    again = {file.path: _harvest(wanted, 2, store)[file.oid, "c"] for _, file in wanted}
    assert again[X86] == rows[X86]
    assert store.connection.execute(blind, (again["arch/x86/kvm/deadly.c"],)).fetchall() == []
    store.close()


def test_a_file_that_is_too_large_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = bare_kernel(tmp_path, {X86: CHECK})
    with (tmp_path / "virt/kvm/kvm_main.c").open("wb") as file:
        file.truncate((16 << 20) + 1)
    store = FactStore(None)
    wanted: Wanted = [(tree, file) for file in tree.files(store)]
    large = next(file for _, file in wanted if file.path == "virt/kvm/kvm_main.c")
    read = type(tree).read
    monkeypatch.setattr(
        type(tree), "read", lambda self, path: pytest.fail("read") if path == large.path else read(self, path)
    )
    row = _harvest(wanted, 1, store)[large.oid, "c"]
    found = store.connection.execute("SELECT start, stop, line, reason FROM blind_spot WHERE blob = ?", (row,))
    assert found.fetchall() == [(0, large.size, 1, "larger than 16 MiB")]
    store.close()


def test_what_another_process_deletes_meanwhile_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows unused for long are deleted by the first run of a day, between two statements of any other."""
    wanted, path = _wanted(tmp_path), tmp_path / "cache" / "facts.db"
    monkeypatch.setattr(store_module, "_today", lambda: 100)
    store = FactStore(path)
    expected = _harvest(wanted, store=store).keys()
    store.close()
    monkeypatch.setattr(store_module, "_today", lambda: 200)
    store = FactStore(path)
    looks: list[int] = []

    def known(extractor: str) -> dict[BlobKey, int]:
        rows = FactStore.known(store, extractor)
        if not looks:
            other = FactStore(path)
            other.touch([0])
            other.close()
        looks.append(len(rows))
        return rows

    monkeypatch.setattr(store, "known", known)
    rows = _harvest(wanted, store=store)
    there = {row for (row,) in store.connection.execute("SELECT id FROM blob")}
    store.close()
    assert (rows.keys(), set(rows.values())) == (expected, there)
    assert looks == [len(expected), 0, len(expected)]
