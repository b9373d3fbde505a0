"""Parts of the kernel that the trees of a run have."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, bare_kernel, bare_qemu

from caplint.engine.kernel_parts import CODE, DOCUMENTATION, PARTS, parts
from caplint.link.core.loaded_trees import Loaded
from caplint.trees.tree import File, Tree

API = "Documentation/virt/kvm/api.rst"


def _loaded(tree: Tree, *paths: str) -> Loaded:
    return Loaded(tree, [File(path, "0", 0) for path in paths], [])


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ([], set()),
        ([UAPI], set()),
        (["virt/kvm/kvm_main.c"], {CODE}),
        (["arch/x86/kvm/vmx/vmx.c"], {CODE}),
        (["arch/arm64/kvm/arm.c"], {CODE}),
        ([API], {DOCUMENTATION}),
        ([API, "arch/x86/kvm/x86.c"], set(PARTS)),
        # Headers, programs of other folders, and code of the copies below tools/ are no code of KVM.
        (["virt/kvm/kvm_mm.h", "arch/x86/kvm/Kconfig", "arch/x86/kernel/kvm.c", "tools/arch/x86/kvm/x86.c"], set()),
        (["Documentation/virt/index.rst"], set()),
    ],
)
def test_parts_of_a_kernel(tmp_path: Path, paths: list[str], found: set[str]) -> None:
    assert parts([_loaded(bare_kernel(tmp_path, {}), *paths)]) == found


def test_a_tree_that_only_hunks_show_may_have_everything(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {})
    tree.complete = False
    assert parts([_loaded(tree)]) == {CODE, DOCUMENTATION}


def test_what_some_kernel_has_counts_and_what_others_have_does_not(tmp_path: Path) -> None:
    one, other = bare_kernel(tmp_path / "one", {}), bare_kernel(tmp_path / "other", {})
    vmm = bare_qemu(tmp_path / "qemu", {})
    assert parts([_loaded(one, "virt/kvm/kvm_main.c"), _loaded(other, API)]) == {CODE, DOCUMENTATION}
    assert parts([_loaded(vmm, "virt/kvm/kvm_main.c", API)]) == set()
    assert parts([]) == set()
