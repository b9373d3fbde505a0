"""The registry of links declares all that each of them reads and fills."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from views import differences, views_of

from caplint.cli.demo import patched_trees
from caplint.config.run import with_machines
from caplint.config.settings import Config
from caplint.link import linker
from caplint.link.linking import Linking
from caplint.link.order import Link, in_order
from caplint.link.registry import LINKS
from caplint.machine.record import Answer, Machine
from caplint.session import open_session

BOX = Machine("box", "6.12.3", "x86", 0, 9, (Answer(0, "KVM_CAP_IRQCHIP", 1, 1),))
_WRITES = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}

# Read for what the mini-trees have not: a range of capabilities, a device, a definition that is gone.
_SELDOM = {
    "handlers": {"all_cap"},
    "compat handlers": {"all_file_condition", "superseded"},  # the mini-trees have no compat handler
    "self-tests": {"patch_file"},
}
# Hide the files of other architectures while they run, and put them back.
_NARROWING = {"device attributes", "MSRs"}

Seen = dict[str, tuple[set[str], set[str]]]
"""Link → tables that it reads, and that it writes."""


def _watched(link: Link[Linking], seen: Seen) -> Link[Linking]:
    def run(linking: Linking) -> None:
        reads, writes = seen[link.name] = (set(), set())

        def see(action: int, table: str | None, _column: object, database: str | None, _source: object) -> int:
            if database == "temp" and table is not None:
                if action == sqlite3.SQLITE_READ:
                    reads.add(table)
                elif action in _WRITES:
                    writes.add(table)
            return sqlite3.SQLITE_OK

        linking.connection.set_authorizer(see)
        try:
            link.run(linking)
        finally:
            linking.connection.set_authorizer(None)

    return replace(link, run=run)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    found: Seen = {}
    config = with_machines(Config(cache=str(tmp_path_factory.mktemp("cache")), jobs=1, oldest_kernel="5.10"), (BOX,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linker, "LINKS", [_watched(link, found) for link in LINKS])
        session = open_session(patched_trees(), config)
    try:
        names = session.connection.execute("SELECT name FROM sqlite_temp_schema WHERE type = 'table'")
        tables = {name for (name,) in names}
    finally:
        session.store.close()
    return {name: (reads & tables, writes & tables) for name, (reads, writes) in found.items()}


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)
def test_a_link_declares_what_it_reads_and_fills(link: Link[Linking], seen: Seen) -> None:
    reads, writes = seen[link.name]
    things = {"built", "configurations", "evaluated layouts"}
    assert writes - ({"all_file"} if link.name in _NARROWING else set()) <= set(link.fills)
    assert reads <= {*link.needs, *link.fills}
    assert set(link.needs) - things - _SELDOM.get(link.name, set()) <= reads


def test_every_table_of_a_link_is_filled_by_one() -> None:
    fillers = Counter(name for link in LINKS for name in link.fills)
    # Every link says what it cut; expanded code adds to the second, comments of the UAPI header to the third.
    assert sorted(name for name in fillers if fillers[name] > 1) == ["all_cut", "all_file", "all_ioctl_capability"]


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_the_registry_gives_the_same(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = views_of(patched_trees(), str(tmp_path / "a"))
    assert expected["struct_layout"]
    links = list(LINKS)
    random.Random(seed).shuffle(links)
    monkeypatch.setattr(linker, "LINKS", links)
    assert differences(expected, views_of(patched_trees(), str(tmp_path / "b"))) == {}


def _link(name: str, needs: str = "", fills: str = "") -> Link[None]:
    return Link(name, lambda _: None, fills=tuple(fills.split()), needs=tuple(needs.split()))


def test_needs_decide_the_order_and_else_the_registry() -> None:
    links = [_link("c", needs="b"), _link("x"), _link("b", needs="a", fills="b"), _link("a", fills="a")]
    assert [link.name for link in in_order(links)] == ["x", "a", "b", "c"]


def test_a_link_waits_for_all_that_fill_a_table_and_not_for_itself() -> None:
    links = [_link("reader", needs="t"), _link("second", needs="t", fills="t"), _link("first", fills="t")]
    assert [link.name for link in in_order(links)] == ["first", "second", "reader"]


def test_links_that_need_each_other() -> None:
    with pytest.raises(ValueError, match="links need each other: a, b"):
        in_order([_link("a", needs="b", fills="a"), _link("b", needs="a", fills="b")])


def test_a_need_that_nothing_fills() -> None:
    with pytest.raises(ValueError, match="no link fills z"):
        in_order([_link("a", needs="z")])
