"""Every table of the registry: the same in any order of files, with any number of processes and any state of the store.

The registry names the tables. The mini-trees of the demonstration, with some lines more, fill most of them;
the others are filled by examples of the rule pages that ask for them. So a new link is covered as soon as a page shows
what it finds, and fails here before.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest
from views import Views, differences, rows_of

from caplint.cli.demo import patched_trees
from caplint.config.run import with_machines
from caplint.config.settings import Config
from caplint.engine.rule_examples import Case, cases, laid_trees, machines_of
from caplint.facts import harvest, workers
from caplint.link.registry import LINKS
from caplint.machine.record import Answer, Machine
from caplint.rules import page
from caplint.session import open_session
from caplint.trees import walk
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree
from caplint.util import shipped_files

BOX = Machine("box", "6.12.3", "x86", 0, 9, (Answer(0, "KVM_CAP_IRQCHIP", 1, 1),))
THINGS = {"built", "configurations", "evaluated layouts"}
"""Results that links hand on without a table."""
_Item = TypeVar("_Item")
TABLES = sorted({table for link in LINKS for table in link.fills} - THINGS)
# Code for the tables that only other links read.
_MORE: dict[str, dict[str, bytes]] = {
    "kernel": {
        "include/uapi/linux/kvm.h": b"#define KVM_CAP_ARM_TEA 230\n",
        "arch/arm64/include/uapi/asm/kvm.h": b"#define KVM_CAP_ARM_TEA_GREEN 1\n",
        "arch/arm64/kvm/tea.c": b"""\
#define TEA(x) case KVM_CAP_##x: return 1
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	TEA(ARM_TEA);
	}
	return 0;
}
""",
    },
    "qemu": {
        "accel/kvm/kvm-tea.c": b"int kvm_tea(KVMState *s, int n)\n{\n    return kvm_check_extension(s, tea_of(n));\n}\n"
    },
}


def _demonstration() -> list[Tree]:
    """The trees of the demonstration, with the code above added to their files."""
    return [
        OverlayTree(
            tree, {path: (tree.read_or_none(path) or b"") + code for path, code in _MORE.get(tree.name, {}).items()}
        )
        for tree in patched_trees()
    ]


def _state(case: Case | None, place: str, jobs: int = 1) -> Views:
    """All rows of the registry's tables."""
    trees, machines = (_demonstration(), (BOX,)) if case is None else (laid_trees(case)[0].trees, machines_of(case))
    config = Config(cache=place, jobs=jobs, oldest_kernel="5.10", vendor_range=((500, 599),))
    session = open_session(trees, with_machines(config, machines))
    try:
        return {table: rows_of(session, table) for table in TABLES}
    finally:
        session.store.close()


@cache
def _plain(case: Case | None) -> Views:
    """What one process makes of the files in their order, without a store."""
    return _state(case, "none")


@cache
def _examples() -> list[Case]:
    rules = page.load([shipped_files.RULES])
    return [case for rule in rules for case in cases(rule) if case.kind != "bare" and "deep" not in rule.needs]


def _asking(table: str) -> Iterator[Case]:
    """Yield the examples of the pages whose query names a table, or its view."""
    names = re.compile(rf"\b(?:all_|base_)?{table.removeprefix('all_')}\b")
    return (case for case in _examples() if names.search(case.rule.query))


@cache
def _witness(table: str) -> Case | None:
    """The example that fills a table; None for the demonstration."""
    if _plain(None)[table]:
        return None
    found = next((case for case in _asking(table) if _plain(case)[table]), None)
    assert found is not None, f"no example of a page fills {table}: add one, or code above if no page asks for it"
    return found


def _disturb(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """List directories, and hand out batches of few files, in an order of chance."""
    chance = random.Random(seed)
    listed, batched = walk._entries, harvest._batches

    def shuffled(found: Iterable[_Item]) -> list[_Item]:
        return chance.sample(entries := list(found), k=len(entries))

    monkeypatch.setattr(walk, "_entries", lambda *words: shuffled(listed(*words)))
    monkeypatch.setattr(harvest, "_batches", lambda missing: shuffled(batched(missing)))
    monkeypatch.setattr(harvest, "_BATCH_BYTES", 500)
    monkeypatch.setattr(workers, "_HARMLESS", 0)
    monkeypatch.setattr(workers, "_WORTH_MANY", 0)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_the_same_every_time(table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = _witness(table)
    expected = _plain(case)
    assert expected[table]
    if case in _SEEN:
        return  # with another table
    _SEEN.add(case)
    for seed, jobs in enumerate((3, 2, 1)):  # a cold store, then one that knows all
        with monkeypatch.context() as patch:
            _disturb(patch, seed)
            assert differences(_state(case, str(tmp_path), jobs), expected) == {}


@pytest.mark.parametrize("table", TABLES)
def test_a_store_that_knows_another_state(table: str, tmp_path: Path) -> None:
    """A store that has seen the trees of the demonstration gives the tables of the example, and the other way round."""
    case = _witness(table)
    if (case, "after") in _SEEN:
        return
    _SEEN.add((case, "after"))
    _state(None, str(tmp_path))
    assert differences(_state(case, str(tmp_path)), _plain(case)) == {}
    assert differences(_state(None, str(tmp_path)), _plain(None)) == {}


_SEEN: set[object] = set()
