"""The store is a shortcut and nothing more: whatever happens to it, the answers stay the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from conftest import KERNEL_FILES, kernel

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.facts import workers
from caplint.facts.extract import extract
from caplint.facts.store import connections
from caplint.facts.store import store as store_module
from caplint.facts.store.records import BlindSpot, FileFacts, Macro
from caplint.facts.store.schema import file_name
from caplint.facts.store.store import FactStore, is_damage
from caplint.facts.store.store_file import APPLICATION
from caplint.rules.page import load
from caplint.rules.query import query_rows
from caplint.session import open_session
from caplint.trees.detect import directory_tree
from caplint.trees.tree import Stamp, Tree
from caplint.util.shipped_files import RULES

pytestmark = pytest.mark.usefixtures("apart")

QUERY = """SELECT tree, path, cap AS name, line FROM cap_check UNION SELECT tree, path, name, number FROM cap
           UNION SELECT tree, path, name || kind, occurrences FROM token_use ORDER BY 1, 2, 3, 4"""
FACTS = FileFacts([Macro("A", None, "1", None, 1, 1, "1"), BlindSpot(0, 3, 1, "why")], functions=2, damaged=1)


def _ask(root: Path, store: Path | None) -> list[tuple[Any, ...]]:
    config = Config(cache=str(store.parent) if store else "none", jobs=1)
    session = open_session([directory_tree(str(root))], config)
    try:
        return query_rows(session.connection, QUERY)[1]
    finally:
        session.store.close()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CAPLINT_CACHE")
    return kernel(tmp_path / "kernel")


@pytest.fixture
def truth(tree: Path) -> list[tuple[Any, ...]]:
    """What a run without any store says."""
    found = _ask(tree, None)
    assert len(found) == 15
    return found


@pytest.fixture
def extractions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one for each file that is read."""
    seen: list[int] = []

    def counting(*arguments: Any) -> FileFacts:
        seen.append(1)
        return extract(*arguments)

    monkeypatch.setattr(workers, "extract", counting)
    return seen


def test_what_is_known_is_not_read_again(
    tmp_path: Path, tree: Path, truth: list[tuple[Any, ...]], extractions: list[int]
) -> None:
    store = tmp_path / "new/deep" / file_name()
    assert _ask(tree, store) == truth
    assert len(extractions) == len(KERNEL_FILES)
    assert _ask(tree, store) == truth
    assert _ask(kernel(tmp_path / "copy"), store) == truth
    assert len(extractions) == len(KERNEL_FILES)
    names = sorted(file.name for file in store.parent.iterdir())
    assert names == ["CACHEDIR.TAG", file_name(), f"{file_name()}-seal"]


def test_a_store_that_is_deleted_is_made_anew(
    tmp_path: Path, tree: Path, truth: list[tuple[Any, ...]], extractions: list[int]
) -> None:
    store = tmp_path / "store" / file_name()
    _ask(tree, store)
    store.unlink()
    assert _ask(tree, store) == truth
    assert len(extractions) == 2 * len(KERNEL_FILES)


def _fill(low: float, high: float, what: bytes) -> Callable[[bytes], bytes]:
    def damage(content: bytes) -> bytes:
        start, stop = int(low * len(content)), int(high * len(content))
        return content[:start] + (what * (stop - start))[: stop - start] + content[stop:]

    return damage


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "garbage": lambda _: b"garbage\n" * 1000,
    "short": lambda content: content[:50],
    "first page only": lambda content: content[:4096],
    "half": lambda content: content[: len(content) // 2],
    "all but the end": lambda content: content[:-100],
    "no magic": lambda content: b"X" + content[1:],
    "zeroes in the middle": _fill(0.3, 0.6, b"\0"),
    "ones in the middle": _fill(0.3, 0.6, b"\xff"),
    "text in the middle": _fill(0.02, 0.98, b"garbage "),
    "zeroes after the first page": lambda content: content[:4096] + bytes(len(content) - 4096),
    "the schema overwritten": lambda content: content[:200] + b"\xff" * 3896 + content[4096:],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_store_costs_a_warning_at_most(
    tmp_path: Path,
    tree: Path,
    truth: list[tuple[Any, ...]],
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[bytes], bytes],
) -> None:
    store = tmp_path / "store" / file_name()
    _ask(tree, store)
    store.write_bytes(damage(store.read_bytes()))
    assert _ask(tree, store) == truth
    warnings = capsys.readouterr().err.splitlines()
    assert len(warnings) <= 1
    assert all(line.startswith(f"caplint: warning: store {store}: ") for line in warnings)
    assert _ask(tree, store) == truth
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("table", ["blind_spot", "token", "case_label", "blob", "condition"])
def test_damage_is_met_wherever_it_is_read(
    tmp_path: Path, tree: Path, capsys: pytest.CaptureFixture[str], table: str
) -> None:
    kernel(tree, {"arch/x86/kvm/blind.c": b"int x;\0"})
    config = Config(cache=str(tmp_path / "store"), jobs=1)
    rules = load([RULES])
    trees: list[Tree] = [directory_tree(str(tree))]
    sound = check(trees, rules, config)
    store = tmp_path / "store" / file_name()
    with sqlite3.connect(store) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    content = bytearray(store.read_bytes())
    content[(page - 1) * size : page * size] = b"\xff" * size
    store.write_bytes(content)
    again = check(trees, rules, config)
    assert (again.findings, again.coverage) == (sound.findings, sound.coverage)
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.endswith("; starting a new one")


def test_a_store_that_cannot_be_made(
    tmp_path: Path, tree: Path, truth: list[tuple[Any, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    store = tmp_path / "file" / file_name()
    assert _ask(tree, store) == truth
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"caplint: warning: store {store}: Not a directory; continuing without it\n"


def test_a_store_that_is_a_directory(
    tmp_path: Path, tree: Path, truth: list[tuple[Any, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "store" / file_name()).mkdir(parents=True)
    assert _ask(tree, tmp_path / "store" / file_name()) == truth
    assert capsys.readouterr().err.endswith(f"{file_name()} is not a regular file; remove it; continuing without it\n")


def _read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What permissions do, which root is not bound by."""
    real = sqlite3.connect

    def connect(database: Path | str, timeout: float = 5, isolation_level: None = None) -> sqlite3.Connection:
        if isinstance(database, Path):
            return real(f"file:{database}?mode=ro", uri=True, timeout=timeout, isolation_level=isolation_level)
        return real(database, isolation_level=isolation_level)

    monkeypatch.setattr(sqlite3, "connect", connect)


def test_a_read_only_store(
    tmp_path: Path,
    tree: Path,
    truth: list[tuple[Any, ...]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = tmp_path / "store" / file_name()
    _ask(tree, store)
    before = store.read_bytes()
    _read_only(monkeypatch)
    assert _ask(tree, store) == truth
    warning = f"caplint: warning: store {store}: attempt to write a readonly database; continuing without it\n"
    assert capsys.readouterr().err == warning
    assert store.read_bytes() == before


def test_a_disk_that_is_full(
    tmp_path: Path,
    tree: Path,
    truth: list[tuple[Any, ...]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = tmp_path / "store" / file_name()
    FactStore(store).close()
    real = connections._connected

    def limited(path: Path) -> sqlite3.Connection:
        connection = real(path)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(connections, "_connected", limited)
    big = kernel(tmp_path / "big", {"arch/x86/kvm/big.c": "int f(void) { return g(KVM_CAP_HLT); }\n" * 400})
    found = _ask(big, store)
    assert len(found) == len(truth) + 1
    assert capsys.readouterr().err.endswith("database or disk is full; continuing without it\n")
    assert store.exists()


def test_another_schema_empties_the_store(
    tmp_path: Path, tree: Path, truth: list[tuple[Any, ...]], extractions: list[int]
) -> None:
    store = tmp_path / "store" / file_name()
    store.parent.mkdir()
    with sqlite3.connect(store) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("CREATE TABLE blob (old TEXT)")
        connection.execute("CREATE TABLE child (blob INTEGER REFERENCES blob)")
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    assert _ask(tree, store) == truth
    assert _ask(tree, store) == truth
    assert len(extractions) == len(KERNEL_FILES)


def _worker(root: str, store: str, results: Any) -> None:
    results.put(_ask(Path(root), Path(store)))


def test_two_processes_at_once(tmp_path: Path, tree: Path, truth: list[tuple[Any, ...]]) -> None:
    context = get_context("fork")
    results = context.Queue()
    processes = [
        context.Process(target=_worker, args=(str(tree), str(tmp_path / "store" / file_name()), results))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    found = [results.get(timeout=20) for _ in processes]
    for process in processes:
        process.join()
    assert found == [truth] * 4
    store = FactStore(tmp_path / "store" / file_name())
    assert store.connection.execute("SELECT count(*), count(DISTINCT oid) FROM blob").fetchone() == (4, 4)
    store.close()


def test_facts_are_kept_under_their_extractor() -> None:
    store = FactStore(None)
    store.add("one", [(("a" * 40, "c"), 3, FACTS)])
    store.add("one", [(("a" * 40, "c"), 3, FileFacts())])
    store.add("two", [(("a" * 40, "c"), 3, FileFacts()), (("a" * 40, "rst"), 3, FileFacts())])
    assert store.known("one") == {("a" * 40, "c"): 1}
    assert set(store.known("two")) == {("a" * 40, "c"), ("a" * 40, "rst")}
    assert store.known("three") == {}
    assert store.connection.execute("SELECT blob, name, body FROM macro").fetchall() == [(1, "A", "1")]
    assert store.connection.execute("SELECT blob, start, stop, reason FROM blind_spot").fetchall() == [(1, 0, 3, "why")]
    assert store.connection.execute("SELECT size, functions, damaged FROM blob WHERE id = 1").fetchone() == (3, 2, 1)
    store.close()


def test_what_no_run_needs_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days = [100]
    monkeypatch.setattr(store_module, "_today", lambda: days[0])
    store = FactStore(tmp_path / "store" / file_name())
    store.add("x", [((name * 40, "c"), 1, FACTS) for name in "abc"])
    known = store.known("x")

    def keys() -> str:
        return "".join(sorted(oid[0] for oid, _ in store.known("x")))

    days[0] = 120
    store.touch([known["a" * 40, "c"]])
    assert keys() == "abc"
    days[0] = 130
    store.touch([known["b" * 40, "c"]])
    assert keys() == "abc"
    days[0] = 131
    store.touch([known["a" * 40, "c"]])
    assert keys() == "ab"
    assert store.connection.execute("SELECT count(DISTINCT blob) FROM macro").fetchone() == (2,)
    days[0] = 161
    store.touch([])
    assert keys() == "ab"
    store.touch([known["a" * 40, "c"]])
    assert keys() == "a"
    store.close()


def test_a_large_store_keeps_what_two_days_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days = [100]
    monkeypatch.setattr(store_module, "_today", lambda: days[0])
    store = FactStore(tmp_path / "store" / file_name())
    store.add("x", [((name * 40, "c"), 1, FACTS) for name in "abc"])
    store.retain("m", "1")
    known = store.known("x")

    def kept() -> str:
        return "".join(sorted(oid[0] for oid, _ in store.known("x")))

    days[0] = 101
    store.touch([known["b" * 40, "c"]])
    days[0] = 102
    store.touch([known["a" * 40, "c"]])
    assert (kept(), store.recall("m")) == ("abc", "1")
    monkeypatch.setattr(store_module, "_LARGE", 0)
    days[0] = 103
    store.touch([known["a" * 40, "c"]])
    assert kept() == "a"
    store.retain("n", "2")
    assert (store.recall("m"), store.recall("n")) == (None, "2")
    store.close()


def test_blobs_that_another_process_deletes_meanwhile_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store" / "facts.db"
    monkeypatch.setattr(store_module, "_today", lambda: 100)
    first = FactStore(path)
    first.add("x", [((digit * 40, "c"), 3, FACTS) for digit in "12"])
    monkeypatch.setattr(store_module, "_today", lambda: 200)
    known = first.known("x")
    second = FactStore(path)
    assert second.touch([known["2" * 40, "c"]])
    assert not first.touch(known.values())
    assert first.touch(first.known("x").values())
    assert list(first.known("x")) == [("2" * 40, "c")]
    first.close()
    second.close()


def test_a_failed_write_leaves_nothing_behind() -> None:
    store = FactStore(None)
    broken = FileFacts([Macro("A", None, "1", None, 1, 1, "1"), Macro(None, None, "1", None, 1, 1, "1")])  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        store.add("x", [(("a" * 40, "c"), 1, FACTS), (("b" * 40, "c"), 1, broken)])
    assert store.known("x") == {}
    store.add("x", [(("a" * 40, "c"), 1, FACTS)])
    assert len(store.known("x")) == 1
    store.close()


def test_stamps() -> None:
    store = FactStore(None)
    one, two = (Stamp(1, 2, 3), "a" * 40, True), (Stamp(4, 5, 6), "b" * 40, False)
    store.remember("/d", {"x": one, "y": two}, set())
    store.remember("/e", {"x": two}, set())
    assert store.stamps("/d") == {"x": one, "y": two}
    store.remember("/d", {"x": two}, {"y"})
    assert (store.stamps("/d"), store.stamps("/e"), store.stamps("/f")) == ({"x": two}, {"x": two}, {})
    store.close()


@pytest.mark.parametrize(
    ("error", "damaged"),
    [
        (sqlite3.OperationalError("Could not decode to UTF-8 column 'x'"), True),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "why"), True),
        (sqlite3.OperationalError("no such table: x"), False),
        (ValueError("x"), False),
    ],
)
def test_what_counts_as_damage(error: Exception, damaged: bool) -> None:
    assert is_damage(error) == damaged
