"""Large real patches: checking one says what checking both trees says, and the seed pair on real trees."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import real_trees
from real_trees import Corpus, root, shipped_rules

from caplint.check import check
from caplint.compare import compare_series
from caplint.findings import difference
from caplint.trees.overlay import OverlayTree
from caplint.trees.series import lay, read_series

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

PARTS = ("arch/s390/kvm", "virt/kvm", "include/uapi/linux/kvm.h", "arch/s390/include", "include/linux/kvm_host.h")
# What only a patch can break has no counterpart in a tree.
OF_PATCHES = {"CAP105", "CAP506", "CAP601", "CAP602", "CAP603", "CAP604"}


def _release(tmp_path: Path, earlier: str, later: str) -> bytes:
    """What happened between two releases, as one patch made by `diff`."""
    for name, source in (("a", earlier), ("b", later)):
        for part in PARTS:
            place = tmp_path / name / part
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(root(source) / part)
    return subprocess.run(["diff", "-urN", "a", "b"], cwd=tmp_path, capture_output=True, check=False).stdout


@pytest.mark.parametrize(
    ("earlier", "later", "vmm"), [("linux-6.1", "linux-6.12", "qemu-7.2"), ("linux-6.12", "linux-6.1", "qemu-10.0")]
)
def test_ten_releases_as_one_patch(corpus: Corpus, tmp_path: Path, earlier: str, later: str, vmm: str) -> None:
    """There and back: the patched tree's findings, without those of the tree below, and the reverse."""
    patch = _release(tmp_path, earlier, later)
    assert patch.count(b"\n@@ ") > 500
    told: list[str] = []
    trees = [corpus.tree(earlier), corpus.tree(vmm)]
    (laid,) = lay(read_series([("release.patch", patch)], told.append), trees, None, told.append)
    assert told == []
    tree = laid.trees[0]
    assert isinstance(tree, OverlayTree)
    for path, content in tree.changes.items():
        there = root(later) / path
        assert content == (there.read_bytes() if there.is_file() else None)
    (found,) = compare_series([laid], shipped_rules(), corpus.config)
    after = check([tree.alone(), corpus.tree(vmm)], shipped_rules(), corpus.config)
    added, resolved = difference(after.findings, corpus.pair(earlier, vmm).findings)
    assert {f.fingerprint for f in found.findings if f.code not in OF_PATCHES} == {f.fingerprint for f in added}
    assert found.resolved is not None
    assert {f.fingerprint for f in found.resolved} == {f.fingerprint for f in resolved}
    assert added or resolved
