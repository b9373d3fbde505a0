"""Capabilities that self-tests name, recorded where a patch adds one to the kernel."""

from __future__ import annotations

from pathlib import Path

from conftest import UAPI, ask, bare_kernel

from caplint.trees.overlay import OverlayTree

DIRECTORY = "tools/testing/selftests/kvm"
FILES = {
    UAPI: "#define KVM_CAP_TEA 1\n",
    f"{DIRECTORY}/Makefile": "TEST_GEN_PROGS += tea_test\n",
    f"{DIRECTORY}/tea_test.c": "/* KVM_CAP_POT */\nint a = KVM_CAP_TEA;\n\nint b = KVM_CAP_CUP + KVM_CAP_TEA;\n",
    f"{DIRECTORY}/unbuilt_test.c": "int a = KVM_CAP_CUP;\n",
}
QUERY = "SELECT path, line, cap FROM selftest ORDER BY cap"
ADDS = {UAPI: b"#define KVM_CAP_TEA 1\n#define KVM_CAP_CUP 2\n"}


def test_names_in_built_files_with_their_last_lines(tmp_path: Path) -> None:
    """What nothing builds, and what only a comment says, tests nothing."""
    assert ask([OverlayTree(bare_kernel(tmp_path, FILES), ADDS)], QUERY) == [
        (f"{DIRECTORY}/tea_test.c", 4, "KVM_CAP_CUP"), (f"{DIRECTORY}/tea_test.c", 4, "KVM_CAP_TEA")
    ]  # fmt: skip


def test_the_self_tests_of_the_patch_itself_count(tmp_path: Path) -> None:
    tree = OverlayTree(bare_kernel(tmp_path, FILES), {**ADDS, f"{DIRECTORY}/tea_test.c": b"int a = KVM_CAP_CUP;\n"})
    assert ask([tree], QUERY) == [(f"{DIRECTORY}/tea_test.c", 1, "KVM_CAP_CUP")]


def test_nothing_is_recorded_without_a_new_capability(tmp_path: Path) -> None:
    base = bare_kernel(tmp_path, FILES)
    assert ask([base], QUERY) == []
    renumbers = {UAPI: b"#define KVM_CAP_TEA 3\n", f"{DIRECTORY}/tea_test.c": b"int a = KVM_CAP_CUP;\n"}
    assert ask([OverlayTree(base, renumbers)], QUERY) == []
