"""Tables of a run's trees and files, before and after a patch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import QEMU_UAPI, UAPI, X86, ask, bare_kernel, bare_qemu

from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import PatchFile

API = "Documentation/virt/kvm/api.rst"


BEFORE = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{\n\treturn ext == KVM_CAP_A;\n}\n"


AFTER = BEFORE.replace("KVM_CAP_A", "KVM_CAP_B") + "int tail;\n"


BOTH = [
    ("cap", "name", [("KVM_CAP_A",)], [("KVM_CAP_A",), ("KVM_CAP_B",)]),
    ("cap_check", "cap, line", [("KVM_CAP_A", 3)], [("KVM_CAP_B", 3)]),
    ("handler", "path", [(X86,)], [(X86,)]),
    ("cap_use", "cap", [("KVM_CAP_A",)], [("KVM_CAP_B",)]),
    ("doc_cap", "cap", [("KVM_CAP_A",)], []),
    ("file", "path", [(API,), (X86,), (UAPI,), ("virt/kvm/kvm_main.c",)], [(X86,), (UAPI,), ("virt/kvm/kvm_main.c",)]),
]


def _patched(root: Path) -> OverlayTree:
    base = bare_kernel(root, {UAPI: "#define KVM_CAP_A 1\n", X86: BEFORE, API: "KVM_CAP_A\n"})
    changes = {UAPI: b"#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n", X86: AFTER.encode(), API: None}
    return OverlayTree(base, changes)


@pytest.mark.parametrize(("view", "columns", "before", "after"), BOTH, ids=[entry[0] for entry in BOTH])
def test_a_patched_tree_shows_both_sides(
    tmp_path: Path, view: str, columns: str, before: list[Any], after: list[Any]
) -> None:
    tree = _patched(tmp_path)
    assert ask([tree], f"SELECT {columns} FROM base_{view} ORDER BY 1") == before
    assert ask([tree], f"SELECT {columns} FROM {view} ORDER BY 1") == after


def test_lines_that_a_patch_changes(tmp_path: Path) -> None:
    assert ask([_patched(tmp_path)], "SELECT path, line FROM changed_line ORDER BY 1, 2") == [
        (X86, 3),
        (X86, 5),
        (UAPI, 2),
    ]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("a\nb\n", "a\nb\n", []),
        ("a\nb\n", "b\n", []),
        ("a\nb\n", "a\nx\nb\n", [2]),
        ("a\nb\nc\n", "x\nb\ny\n", [1, 3]),
        ("", "a\nb\n", [1, 2]),
        ("a\na\n", "a\na\na\n", [3]),
        ("a\nb\nc\nd\n", "d\nc\nb\na\n", [1, 2, 3]),
    ],
)
def test_which_lines_are_new(tmp_path: Path, before: str, after: str, lines: list[int]) -> None:
    tree = OverlayTree(bare_kernel(tmp_path, {X86: before}), {X86: after.encode()})
    found = [line for (line,) in ask([tree], "SELECT line FROM changed_line ORDER BY 1")]
    assert found == lines


def test_a_new_file_is_all_new_and_without_a_patch_there_is_no_base(tmp_path: Path) -> None:
    base = bare_kernel(tmp_path, {})
    assert ask([OverlayTree(base, {X86: b"a\nb\n"})], "SELECT path, line FROM changed_line") == [(X86, 1), (X86, 2)]
    assert ask([base], "SELECT count(*) FROM base_file UNION ALL SELECT count(*) FROM changed_line") == [(0,), (0,)]
    assert ask([base], "SELECT name, role, project, patched FROM tree") == [("kernel", "kernel", "linux", 0)]


def test_files_with_what_their_paths_tell(tmp_path: Path) -> None:
    files = {X86: "", "arch/arm64/include/uapi/asm/kvm.h": "", API: "", "Documentation/virt/kvm/locking.rst": ""}
    query = "SELECT path, arch, header, api FROM file ORDER BY path"
    assert ask([bare_kernel(tmp_path, files)], query) == [
        ("Documentation/virt/kvm/api.rst", "generic", None, 1),
        ("Documentation/virt/kvm/locking.rst", "generic", None, 0),
        ("arch/arm64/include/uapi/asm/kvm.h", "arm64", "uapi", 0), (X86, "x86", None, 0),
        (UAPI, "generic", "uapi", 0), ("virt/kvm/kvm_main.c", "generic", None, 0),
    ]  # fmt: skip


def test_trees_that_are_patched_and_trees_that_are_not(tmp_path: Path) -> None:
    trees = [_patched(tmp_path / "k"), bare_qemu(tmp_path / "q", {})]
    assert ask(trees, "SELECT role, project, patched, complete FROM tree ORDER BY role") == [
        ("kernel", "linux", 1, 1), ("vmm", "qemu", 0, 1)
    ]  # fmt: skip


def test_files_of_each_patch_of_a_series(tmp_path: Path) -> None:
    """Of headers that a VMM copies from the kernel it is told that they are copied."""
    tree = OverlayTree(bare_qemu(tmp_path, {}), {QEMU_UAPI: b"int a;\n", "accel/kvm/kvm-all.c": b"int b;\n"})
    tree.patch_files = [
        PatchFile("s.mbox", 1, "Copy headers", QEMU_UAPI, "modified"),
        PatchFile("s.mbox", 2, "Use them", "accel/kvm/kvm-all.c", "modified"),
    ]
    assert ask([tree], "SELECT series, ordinal, patch, path, kind, synced FROM patch_file ORDER BY ordinal") == [
        ("s.mbox", 1, "Copy headers", QEMU_UAPI, "modified", 1),
        ("s.mbox", 2, "Use them", "accel/kvm/kvm-all.c", "modified", 0),
    ]
