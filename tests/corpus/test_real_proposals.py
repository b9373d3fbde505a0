"""Words of the shipped tables, taken out, are proposed again where real sources need them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import real_trees
from conftest import bare_kernel
from real_trees import KERNELS, VMMS, Corpus, root

from caplint.c import tables
from caplint.c.repair_trials import RepairWords, mending
from caplint.c.tables import Repairs
from caplint.config.settings import Config
from caplint.coverage.ledger import read_ledger
from caplint.coverage.proposals import Proposals, propose
from caplint.session import open_session

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

# A word, the list that holds it, and a file that cannot be understood without it.
NEEDED = [
    ("linux-6.12", "__percpu", "attributes", "arch/arm64/include/asm/kvm_host.h"),
    ("linux-6.12", "__ro_after_init", "attributes", "arch/arm64/include/asm/kvm_host.h"),
    ("linux-6.12", "__iomem", "attributes", "arch/arm64/include/asm/kvm_mmu.h"),
    ("linux-6.12", "__used", "attributes", "arch/x86/kvm/kvm-asm-offsets.c"),
    ("linux-6.12", "FPU_ALIGN", "attributes", "arch/loongarch/include/asm/kvm_host.h"),
    ("linux-6.12", "noinstr", "attributes", "arch/arm64/kvm/arm.c"),
    ("linux-6.12", "__counted_by", "attributes_with_arguments", "include/linux/kvm_host.h"),
    ("linux-6.12", "__releases", "attributes_with_arguments", "arch/arm64/kvm/vgic/vgic.c"),
    ("linux-6.12", "__aligned", "attributes_with_arguments", "arch/arm64/kvm/hyp/nvhe/stacktrace.c"),
    ("qemu-10.0", "g_autofree", "attributes", "target/i386/kvm/vmsr_energy.c"),
]


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Takes a word out of the shipped tables for one test."""

    def take(word: str, place: str) -> None:
        def loads(text: str) -> dict[str, Any]:
            data = tomllib.loads(text)
            assert word in data[place]
            return {**data, place: [entry for entry in data[place] if entry != word]}

        monkeypatch.setattr(tables, "tomllib", SimpleNamespace(loads=loads))
        tables.tables.cache_clear()

    yield take
    tables.tables.cache_clear()


@pytest.mark.parametrize(("tree", "word", "place", "path"), NEEDED)
def test_a_word_that_is_taken_out_is_found_again(without: Any, tree: str, word: str, place: str, path: str) -> None:
    content = (root(tree) / path).read_bytes()
    assert mending(content, RepairWords()) == []
    without(word, place)
    found = mending(content, RepairWords())
    assert [entry.word.removesuffix("()") for entry in found] == [word]


def test_it_is_proposed_for_a_tree_with_what_it_mends(without: Any, tmp_path: Path) -> None:
    paths = ["virt/kvm/kvm_main.c", "include/linux/kvm_host.h", "arch/arm64/include/asm/kvm_host.h"]
    files = {path: (root("linux-6.12") / path).read_bytes() for path in paths}
    without("__percpu", "attributes")
    session = open_session([bare_kernel(tmp_path, files)], Config(cache="none", jobs=2))
    try:
        found = _propose_for(session)
    finally:
        session.store.close()
    (proposal,) = found.entries
    assert proposal.entry.word == "__percpu"
    assert proposal.bytes > 0
    assert proposal.files == sum(b"__percpu" in content for content in files.values())
    # Without the code of the architectures, nobody knows what their handlers answer, or convert for 32-bit programs.
    assert {spot.reason for spot in found.remaining} == {
        "a check handler that may answer capabilities that it does not name",
        "a compat handler whose ioctls are not understood",
    }


@pytest.mark.parametrize("tree", [*KERNELS, *VMMS])
def test_the_shipped_tables_lack_nothing_that_would_help(corpus: Corpus, tree: str) -> None:
    with corpus.session(tree) as session:
        found = _propose_for(session)
    assert (found.entries, found.untried) == ([], 0)


def _propose_for(session: Any) -> Proposals:
    spots = read_ledger(session.connection, session.trees, tables.tables()).spots
    files = [(entry.tree, file) for entry in session.loaded for file in entry.files]
    return propose(files, spots, Repairs(), 2)
