"""Sessions: linked trees ready for queries, in part where less is asked, and anew where the store is damaged."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECK, UAPI, X86, kernel, lay, qemu

from caplint import session as module
from caplint.config.settings import Config
from caplint.facts.store.schema import file_name
from caplint.facts.store.store import FactStore
from caplint.link.linker import link
from caplint.session import Session, no_progress, open_session
from caplint.trees.detect import directory_tree
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

PLAIN = "virt/kvm/plain.c"
CONFIG = Config(cache="none", jobs=1)
CHECKS = "SELECT tree, path, cap, line FROM cap_check ORDER BY line"
EXPECTED = [
    ("kernel", X86, cap, CHECK[: CHECK.index(f"case {cap}")].count("\n") + 1)
    for cap in ("KVM_CAP_IRQCHIP", "KVM_CAP_HLT", "KVM_CAP_NR_VCPUS")
]


def _linux(root: Path) -> Tree:
    return directory_tree(str(kernel(root, {PLAIN: "int brew(void)\n{\n\treturn 1;\n}\n"})))


def _rows(session: Session, query: str = CHECKS) -> list[Any]:
    with closing(session.store):
        return session.connection.execute(query).fetchall()


def test_trees_stay_in_their_order_with_their_roles(tmp_path: Path) -> None:
    trees: list[Tree] = [directory_tree(str(qemu(tmp_path / "q"))), _linux(tmp_path / "k")]
    session = open_session(trees, CONFIG)
    with closing(session.store):
        assert session.trees == trees
        assert session.roles == {"qemu": "vmm", "kernel": "kernel"}
        assert session.connection.execute(CHECKS).fetchall() == EXPECTED
        assert session.lacks == {}


def test_progress_is_told_of_the_files_that_are_read(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    open_session([_linux(tmp_path)], CONFIG, lambda done, total: told.append((done, total))).store.close()
    assert told
    assert told[-1][0] == told[-1][1] >= 4
    no_progress(1, 2)


@pytest.mark.parametrize(
    ("narrow", "plain"), [(None, True), ("KVM_CAP_HLT", False), ("brew", True), ("KVM_RUN", False)]
)
def test_a_narrow_session_reads_what_mentions_kvm_or_the_name(
    tmp_path: Path, narrow: str | None, *, plain: bool
) -> None:
    lay(tmp_path, {"Documentation/virt/kvm/tea.rst": "nothing\n"})
    session = open_session([_linux(tmp_path)], CONFIG, narrow=narrow)
    with closing(session.store):
        paths = {file.path for file in session.loaded[0].files}
    assert (PLAIN in paths) is plain
    assert {UAPI, X86, "Documentation/virt/kvm/tea.rst"} <= paths


def test_a_narrow_session_has_the_capabilities(tmp_path: Path) -> None:
    assert _rows(open_session([_linux(tmp_path)], CONFIG, narrow="KVM_CAP_HLT")) == EXPECTED


def test_both_sides_of_a_comparison_are_loaded(tmp_path: Path) -> None:
    before = _linux(tmp_path)
    after = OverlayTree(before, {X86: None, "arch/x86/kvm/new.c": CHECK.encode()})
    session = open_session([after], CONFIG)
    with closing(session.store):
        (loaded,) = session.loaded
        now, base = ({file.path for file in files} for files in (loaded.files, loaded.base_files))
        assert (now - base, base - now) == ({"arch/x86/kvm/new.c"}, {X86})
        sides = session.connection.execute("SELECT side, path FROM all_cap_check GROUP BY side, path ORDER BY side")
        assert sides.fetchall() == [("base", X86), ("now", "arch/x86/kvm/new.c")]


def test_only_the_asked_tables_are_filled(tmp_path: Path) -> None:
    counts = "SELECT (SELECT count(*) FROM all_cap_check), (SELECT count(*) FROM all_uapi_name)"
    whole = _rows(open_session([_linux(tmp_path)], CONFIG), counts)
    part = _rows(open_session([_linux(tmp_path)], CONFIG, results=("all_cap_check",)), counts)
    assert whole[0][0] == part[0][0] == 3
    assert (whole[0][1] > 0, part[0][1]) == (True, 0)


@pytest.mark.usefixtures("apart")
def test_a_damaged_store_is_made_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = Config(jobs=1)
    assert _rows(open_session([_linux(tmp_path / "k")], config)) == EXPECTED
    store = config.store_path
    assert store is not None
    assert store == tmp_path / "cache" / file_name()
    store.write_bytes(b"SQLite format 3\0" + bytes(5000))
    assert _rows(open_session([_linux(tmp_path / "k")], config)) == EXPECTED
    assert str(store) in capsys.readouterr().err
    assert _rows(open_session([_linux(tmp_path / "k")], config)) == EXPECTED
    assert capsys.readouterr().err == ""


class _Stores:
    """The stores that sessions have opened, and links that fail a number of times before they do what they should."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *errors: BaseException) -> None:
        self.opened: list[FactStore] = []
        self._errors = list(errors)
        self._link = link
        monkeypatch.setattr(module, "link", self._failing)

    def _failing(self, store: FactStore, *given: Any) -> Any:
        self.opened.append(store)
        if self._errors:
            raise self._errors.pop(0)
        return self._link(store, *given)

    @property
    def open(self) -> list[bool]:
        """Whether each store is still open."""
        return [_is_open(store) for store in self.opened]


def _is_open(store: FactStore) -> bool:
    try:
        store.connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return False
    return True


DAMAGE = [sqlite3.DatabaseError("malformed"), ValueError("Expecting value")]


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize("error", DAMAGE, ids=["database", "value"])
def test_damage_that_shows_late_is_mended_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    stores = _Stores(monkeypatch, error)
    session = open_session([_linux(tmp_path / "k")], Config(jobs=1))
    assert stores.open == [False, True]
    assert _rows(session) == EXPECTED
    stores = _Stores(monkeypatch, error, error)
    with pytest.raises(type(error)):
        open_session([_linux(tmp_path / "k")], Config(jobs=1))


@pytest.mark.parametrize("error", [*DAMAGE, CaplintError("odd"), KeyboardInterrupt()])
def test_an_error_leaves_no_store_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Without a store on the disk nothing can be damaged, and the error is one of caplint."""
    stores = _Stores(monkeypatch, error)
    with pytest.raises(type(error)):
        open_session([_linux(tmp_path)], CONFIG)
    assert stores.open == [False]
