"""Capabilities that self-tests name and no header defines."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, ask, bare_kernel

from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import PatchFile

DIRECTORY = "tools/testing/selftests/kvm"
QUERY = 'SELECT path, line, "column", cap FROM selftest_undefined'
HEADER = "#define KVM_CAP_TEA 1\nenum {\n\tKVM_CAP_MILK = 3,\n};\n"
SHAPES: list[tuple[str, list[str]]] = [
    ("x = kvm_has_cap(KVM_CAP_TEA) + KVM_CAP_MILK;", []),
    ("x = kvm_has_cap(KVM_CAP_POT);", ["KVM_CAP_POT"]),
    ("TEST_REQUIRE(kvm_has_cap(KVM_CAP_POT));", ["KVM_CAP_POT"]),
    ("vm_enable_cap(vm, KVM_CAP_POT, 1); x = KVM_CAP_POT;", ["KVM_CAP_POT"]),
    ("int a[] = { KVM_CAP_TEA, KVM_CAP_POT };", ["KVM_CAP_POT"]),
    ("struct kvm_enable_cap c = { .cap = KVM_CAP_POT };", ["KVM_CAP_POT"]),
    ("switch (x) { case KVM_CAP_POT: break; }", ["KVM_CAP_POT"]),
    ("x = KVM_CAP_POT + KVM_CAP_CUP;", ["KVM_CAP_POT", "KVM_CAP_CUP"]),
    ("/* KVM_CAP_POT */ // KVM_CAP_POT", []),
    ('puts("KVM_CAP_POT");', []),
    ("#if 0\nx = KVM_CAP_POT;\n#endif", []),
    ("#ifdef KVM_CAP_POT\nx = KVM_CAP_POT;\n#endif", []),
    ("#if defined(KVM_CAP_TEA) && \\\n\tdefined(KVM_CAP_POT)\nx = KVM_CAP_POT;\n#endif", []),
    ("#ifndef KVM_CAP_POT\n#define KVM_CAP_POT 9\n#endif\nx = KVM_CAP_POT;", []),
    ("enum { KVM_CAP_POT = 9 };\nx = KVM_CAP_POT;", []),
    ("#define HAS(c) has(KVM_CAP_ ## c)\n#define HAS_X86(c) has(KVM_CAP_X86_##c)\nx = HAS(POT);", []),
    ("#define POT KVM_CAP_POT", []),
]


@pytest.mark.parametrize(("code", "names"), SHAPES)
def test_shapes_of_code(tmp_path: Path, code: str, names: list[str]) -> None:
    tree = bare_kernel(tmp_path, {UAPI: HEADER, f"{DIRECTORY}/a_test.c": f"{code}\n"})
    assert [cap for _, _, _, cap in ask([tree], QUERY)] == names


def test_the_first_place_in_a_file_is_told(tmp_path: Path) -> None:
    tree = bare_kernel(
        tmp_path, {UAPI: HEADER, f"{DIRECTORY}/x86/a_test.c": "\n\tx = KVM_CAP_POT;\ny = KVM_CAP_POT;\n"}
    )
    assert ask([tree], QUERY) == [(f"{DIRECTORY}/x86/a_test.c", 2, 6, "KVM_CAP_POT")]


def test_a_header_of_the_self_tests_may_define_it(tmp_path: Path) -> None:
    files = {f"{DIRECTORY}/a_test.c": "x = KVM_CAP_POT;\n", f"{DIRECTORY}/include/pot.h": "#define KVM_CAP_POT 9\n"}
    assert ask([bare_kernel(tmp_path, {UAPI: HEADER, **files})], QUERY) == []


def test_the_copy_in_tools_defines_nothing_and_no_header_means_nothing_is_known(tmp_path: Path) -> None:
    files = {f"{DIRECTORY}/a_test.c": "x = KVM_CAP_POT;\n", "tools/include/uapi/linux/kvm.h": "#define KVM_CAP_POT 9\n"}
    assert len(ask([bare_kernel(tmp_path / "one", {UAPI: HEADER, **files})], QUERY)) == 1
    assert ask([bare_kernel(tmp_path / "two", files)], QUERY) == []


def test_what_is_not_built_does_not_count(tmp_path: Path) -> None:
    files = {
        f"{DIRECTORY}/Makefile": "TEST_GEN_PROGS_x86 += a_test\n",
        f"{DIRECTORY}/a_test.c": "int a;\n",
        f"{DIRECTORY}/b_test.c": "x = KVM_CAP_POT;\n",
    }
    assert ask([bare_kernel(tmp_path, {UAPI: HEADER, **files})], QUERY) == []


def test_under_a_patch_only_what_it_changes_is_searched(tmp_path: Path) -> None:
    old, new = f"{DIRECTORY}/old_test.c", f"{DIRECTORY}/new_test.c"
    below = bare_kernel(tmp_path, {UAPI: HEADER, old: "x = KVM_CAP_POT;\n"})
    tree = OverlayTree(below, {new: b"x = KVM_CAP_CUP;\n"})
    tree.patch_files = [PatchFile("a.patch", 1, "a test", new, "added")]
    assert [cap for _, _, _, cap in ask([tree], QUERY)] == ["KVM_CAP_CUP"]
    tree = OverlayTree(below, {new: b"x = KVM_CAP_CUP;\n", UAPI: b"#define KVM_CAP_MILK 3\n"})
    tree.patch_files = [PatchFile("a.patch", 1, "a test", path, "modified") for path in (new, UAPI)]
    assert [cap for _, _, _, cap in ask([tree], f"{QUERY} ORDER BY cap")] == ["KVM_CAP_CUP", "KVM_CAP_POT"]
