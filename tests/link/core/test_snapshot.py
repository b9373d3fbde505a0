"""Tables of a run's trees and files, before and after a patch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel

from caplint.trees.overlay import OverlayTree

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
