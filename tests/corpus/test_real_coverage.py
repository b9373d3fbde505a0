"""The ledger of the real trees: every name is accounted for, nearly every function is understood."""

from __future__ import annotations

import re

import pytest
import real_trees
from real_trees import KERNELS, VMMS, Corpus, root

from caplint.coverage import measure

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

TREES = (*KERNELS, *VMMS)
# Counted as bytes, comments and strings included, so that nothing can hide a loss.
NAME = re.compile(rb"(?<![A-Za-z0-9_])KVM_CAP_")
SOUND = {"linux-6.12": 99.5, "linux-6.1": 99.5, "qemu-10.0": 99.3, "qemu-7.2": 99.3}


@pytest.mark.parametrize("tree", TREES)
def test_every_name_is_accounted_for(corpus: Corpus, tree: str) -> None:
    with corpus.session(tree) as session:
        account = measure(session.connection)
    assert account.unaccounted == []
    assert account.total("tokens") > 300


@pytest.mark.parametrize("tree", TREES)
def test_the_ledger_counts_what_a_search_counts(corpus: Corpus, tree: str) -> None:
    with corpus.session(tree) as session:
        paths = [path for (path,) in session.connection.execute("SELECT path FROM file")]
        ledger = dict(
            session.connection.execute(
                "SELECT path, sum(occurrences) FROM token_use WHERE name GLOB 'KVM_CAP_*' GROUP BY path"
            )
        )
    counted = {path: _count(tree, path) for path in paths}
    assert ledger == {path: count for path, count in counted.items() if count}


def _count(tree: str, path: str) -> int:
    return len(NAME.findall((root(tree) / path).read_bytes()))


@pytest.mark.parametrize("tree", TREES)
def test_no_source_file_that_names_a_capability_is_left_out(corpus: Corpus, tree: str) -> None:
    """QEMU's tests, firmware and libraries, and what only programs under tools/ see, are left out on purpose."""
    apart = re.compile(r"(?:tools|samples|tests|roms|subprojects|linux-headers|include/standard-headers)/")
    top = root(tree)
    with corpus.session(tree) as session:
        read = {path for (path,) in session.connection.execute("SELECT path FROM file")}
    named = {
        str(path.relative_to(top)) for path in top.rglob("*.[ch]") if path.is_file() and NAME.search(path.read_bytes())
    }
    assert {path for path in named - read if not apart.match(path)} == set()


@pytest.mark.parametrize("tree", TREES)
def test_nearly_every_function_is_understood(corpus: Corpus, tree: str) -> None:
    within = "f.path GLOB 'virt/kvm/*' OR f.path GLOB 'arch/*/kvm/*'" if tree in KERNELS else "1"
    with corpus.session(tree) as session:
        functions, damaged = session.connection.execute(
            f"SELECT sum(b.functions), sum(b.damaged) FROM file f JOIN main.blob b ON b.id = f.blob WHERE {within}"
        ).fetchone()
    assert functions > 1000
    assert 100 * (functions - damaged) / functions >= SOUND[tree]
