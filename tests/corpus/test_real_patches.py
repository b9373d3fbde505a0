"""Large real patches: checking one says what checking both trees says, and the seed pair on real trees."""

from __future__ import annotations

import difflib
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import real_trees
from editing import Transform, swap
from real_trees import QEMU, Corpus, root, shipped_rules, source
from test_real_msr_edits import PPIN

from caplint.engine.check import check
from caplint.engine.compare import compare_series
from caplint.engine.outcome import Outcome
from caplint.findings.finding import difference
from caplint.trees.overlay import OverlayTree
from caplint.trees.series import apply_series, read_series

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

PARTS = ("arch/s390/kvm", "virt/kvm", "include/uapi/linux/kvm.h", "arch/s390/include", "include/linux/kvm_host.h")
# What only a patch can break has no counterpart in a tree.
OF_PATCHES = {"CAP105", "CAP506", "CAP601", "CAP602", "CAP603", "CAP604"}


def _release(tmp_path: Path, earlier: str, later: str) -> bytes:
    """What happened between two releases, as one patch made by `diff`."""
    for name, tree in (("a", earlier), ("b", later)):
        for part in PARTS:
            place = tmp_path / name / part
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(root(tree) / part)
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
    (laid,) = apply_series(read_series([("release.patch", patch)], told.append), trees, None, told.append)
    assert told == []
    tree = laid.trees[0]
    assert isinstance(tree, OverlayTree)
    for path, content in tree.changes.items():
        there = root(later) / path
        assert content == (there.read_bytes() if there.is_file() else None)
    (found,) = compare_series([laid], shipped_rules(), corpus.config)
    after = check([tree.without_base(), corpus.tree(vmm)], shipped_rules(), corpus.config)
    added, resolved = difference(after.findings, corpus.pair(earlier, vmm).findings)
    # What a kernel's own header was before is for a patch alone to say.
    new = [f for f in found.findings if f.code not in OF_PATCHES and "before the patch" not in f.message]
    assert {f.fingerprint for f in new} == {f.fingerprint for f in added}
    assert found.resolved is not None
    assert {f.fingerprint for f in found.resolved} == {f.fingerprint for f in resolved}
    assert added or resolved


# The seed case's other half: QEMU drops the result, and its header comes with the code.
OF_VMM: dict[str, Transform | None] = {
    QEMU: swap(
        "#define KVM_CAP_S390_CPU_TOPOLOGY 222\n", "#define KVM_CAP_S390_CPU_TOPOLOGY 222\n#define KVM_CAP_PPIN 250\n"
    ),
    "accel/kvm/kvm-all.c": swap(
        "    ret = kvm_arch_init(ms, s);\n",
        "    if (kvm_vm_check_extension(s, KVM_CAP_PPIN)) {\n        kvm_vm_enable_cap(s, KVM_CAP_PPIN, 0);\n    }\n\n"
        "    ret = kvm_arch_init(ms, s);\n",
    ),
}


def _diff(tree: str, changes: dict[str, Transform | None]) -> bytes:
    """What transforms do to a tree's files, as a diff."""
    parts: list[str] = []
    for path, change in changes.items():
        before = source(tree, path)
        after = change(before) if change else ""
        parts += difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"
        )
    return b"From: a@example.org\nSubject: [PATCH] PPIN\n\n" + "".join(parts).encode()


def _checked(corpus: Corpus, trees: tuple[str, str], patches: Iterable[bytes]) -> Outcome:
    told: list[str] = []
    read = read_series([(f"{number}.patch", patch) for number, patch in enumerate(patches)], told.append)
    (laid,) = apply_series(read, [corpus.tree(name) for name in trees], None, told.append)
    assert told == []
    return compare_series([laid], shipped_rules(), corpus.config)[0]


def test_the_seed_pair_as_patches(corpus: Corpus) -> None:
    kernel, vmm = "linux-6.1", "qemu-7.2"
    outcome = _checked(corpus, (kernel, vmm), [_diff(kernel, PPIN), _diff(vmm, OF_VMM)])
    expected = {
        ("CAP105", "KVM_CAP_PPIN"), ("CAP203", "KVM_CAP_PPIN"), ("CAP204", "KVM_CAP_PPIN"), ("CAP302", "MSR_PPIN"),
        ("CAP303", "MSR_PPIN"), ("CAP304", "MSR_PPIN"), ("CAP305", "MSR_PPIN"), ("CAP401", "KVM_CAP_PPIN"),
        ("CAP501", "KVM_CAP_PPIN"), ("CAP601", QEMU),
    }  # fmt: skip
    shipped = {rule.code for rule in shipped_rules()}
    found = {(entry.code, entry.subject) for entry in outcome.findings if entry.severity != "note"}
    assert found == {(code, subject) for code, subject in expected if code in shipped}
    assert ("CAP506", "KVM_CAP_PPIN") in {(entry.code, entry.subject) for entry in outcome.findings}
    assert not [entry for entry in outcome.resolved or () if entry.severity != "note"]
