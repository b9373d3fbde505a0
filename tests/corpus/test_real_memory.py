"""Real patches: what links remember, and take over from the trees without the patch, is what they would work out."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
import real_trees
from real_trees import API, UAPI, Corpus
from views import differences, views_of

from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

# What becomes, file by file, of Linux 6.1 and QEMU 7.2 on the way to 6.12 and 10.0.
PATCHES = {
    "x86": ["arch/x86/kvm/x86.c", "arch/x86/include/asm/kvm_host.h", UAPI],
    "svm": ["arch/x86/kvm/svm/svm.c", "arch/x86/include/asm/msr-index.h"],
    "s390": ["arch/s390/kvm/kvm-s390.c", API],
    "all": ["virt/kvm/kvm_main.c", "include/linux/kvm_host.h", "arch/x86/kvm/Makefile"],
    "qemu": ["target/i386/kvm/kvm.c", "accel/kvm/kvm-all.c", "linux-headers/linux/kvm.h"],
}


@pytest.fixture(scope="module")
def trees(corpus: Corpus) -> list[Tree]:
    return [corpus.tree("linux-6.1"), corpus.tree("qemu-7.2")]


@pytest.fixture(scope="module")
def warm(trees: list[Tree], tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache = tmp_path_factory.mktemp("warm")
    views_of(trees, str(cache))
    return cache


def forgetful(cache: Path, copy: Path) -> str:
    """A copy of a store that has all facts, and remembers nothing that links made of them."""
    shutil.copytree(cache, copy)
    (file,) = copy.glob("facts*.db")
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM memo WHERE name NOT LIKE 'layout %'")
    return str(copy)


@pytest.mark.parametrize("paths", PATCHES.values(), ids=PATCHES)
def test_real_patches(corpus: Corpus, trees: list[Tree], warm: Path, tmp_path: Path, paths: list[str]) -> None:
    later = [corpus.tree("linux-6.12"), corpus.tree("qemu-10.0")]
    patched = [
        OverlayTree(tree, {path: new.read(path) for path in paths if tree.exists(path)})
        for tree, new in zip(trees, later, strict=True)
    ]
    found = views_of([*patched], str(warm))
    assert differences(found, views_of([*patched], forgetful(warm, tmp_path / "forgetful"))) == {}
