"""Ioctls that a patch's self-tests issue, and the capabilities for which they ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from bodies import LinkedCode, linked
from conftest import X86, bare_kernel

from caplint.link.docs.selftest_code import SelftestCode
from caplint.link.docs.selftest_ioctls import link_selftest_ioctls
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import PatchFile

DIRECTORY = "tools/testing/selftests/kvm"
TEST, LIBRARY = f"{DIRECTORY}/tea_test.c", f"{DIRECTORY}/lib/kvm_util.c"
BEFORE = """\
int main(void)
{
	TEST_REQUIRE(kvm_has_cap(KVM_CAP_OLD));
	vm_ioctl(vm, KVM_SET_TEA, &tea);
}
"""
AFTER = """\
int main(void)
{
	TEST_REQUIRE(kvm_has_cap(KVM_CAP_NEW));
	vm_ioctl(vm, KVM_SET_TEA, &tea);
	r = __vcpu_ioctl(vcpu, KVM_GET_CUP, &cup);
	kvm_do_ioctl(fd,
		KVM_GET_POT, &pot);
	vm_ioctl(vm, KVM_SET_TEA, &tea);
	/* vm_ioctl(vm, KVM_SET_MILK, &milk); */
	puts("vm_ioctl(vm, KVM_SET_SUGAR, 1)");
#if 0
	vm_ioctl(vm, KVM_SET_LEMON, &lemon);
#endif
	ioctl(fd, request); KVM_SET_SPOON;
}
"""
FILES = {
    f"{DIRECTORY}/Makefile": "TEST_GEN_PROGS += tea_test\nLIBKVM += lib/kvm_util.c\n",
    TEST: BEFORE,
    LIBRARY: "int open(void) { return ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_SHARED); }\n",
    f"{DIRECTORY}/unbuilt_test.c": BEFORE,
}


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), "") as found:
        yield found


def _rows(code: LinkedCode, tree: OverlayTree, *patched: str) -> list[tuple[object, ...]]:
    tree.patch_files = [PatchFile("a.patch", 1, "Test tea", path, "modified") for path in patched]
    code.connection.execute("DELETE FROM temp.all_selftest_ioctl")
    link_selftest_ioctls(code.connection, SelftestCode(tree))
    columns = "path, line, column, ioctl, fresh, asked, lost"
    return [*code.connection.execute(f"SELECT {columns} FROM all_selftest_ioctl ORDER BY line")]


def test_ioctls_with_their_first_places(code: LinkedCode, tmp_path: Path) -> None:
    """Comments, texts, and code that is never built issue none; a shared library may ask for the test."""
    tree = OverlayTree(bare_kernel(tmp_path, FILES), {TEST: AFTER.encode()})
    asked, lost = json.dumps(["KVM_CAP_NEW", "KVM_CAP_SHARED"]), json.dumps(["KVM_CAP_OLD"])
    assert _rows(code, tree, TEST) == [
        (TEST, 4, 15, "KVM_SET_TEA", 0, asked, lost), (TEST, 5, 25, "KVM_GET_CUP", 1, asked, lost),
        (TEST, 7, 3, "KVM_GET_POT", 1, asked, lost),
    ]  # fmt: skip


def test_only_tests_that_the_patch_changes_and_that_are_built(code: LinkedCode, tmp_path: Path) -> None:
    base = bare_kernel(tmp_path, FILES)
    unbuilt = f"{DIRECTORY}/unbuilt_test.c"
    tree = OverlayTree(base, {TEST: AFTER.encode(), unbuilt: AFTER.encode(), LIBRARY: b"int ioctl(int);\n"})
    assert _rows(code, tree, X86) == []
    assert _rows(code, tree, unbuilt, LIBRARY) == []
    assert _rows(code, tree) == []


def test_a_new_test_has_lost_nothing(code: LinkedCode, tmp_path: Path) -> None:
    base = bare_kernel(tmp_path, {path: text for path, text in FILES.items() if path != TEST})
    rows = _rows(code, OverlayTree(base, {TEST: AFTER.encode()}), TEST)
    assert [(row[3], row[4], row[6]) for row in rows] == [
        ("KVM_SET_TEA", 1, "[]"), ("KVM_GET_CUP", 1, "[]"), ("KVM_GET_POT", 1, "[]")
    ]  # fmt: skip


def test_a_file_that_nobody_wrote_is_not_read(code: LinkedCode, tmp_path: Path) -> None:
    tree = OverlayTree(bare_kernel(tmp_path, FILES), {TEST: AFTER.encode() + b"\n" * 400_000})
    assert _rows(code, tree, TEST) == []
