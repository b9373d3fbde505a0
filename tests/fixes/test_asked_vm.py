"""Question to the VM in place of one to the system, where the answer depends on the VM."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Rows, Tables, bench, edited, finding

from caplint.fixes.asked_vm import propose

FILE = "accel/kvm/kvm-all.c"
CHECKS = "vmm_check(tree, path, line, column, cap, callee)"
FALLBACK: Rows = [("b", "kvm_vm_check_extension", "kvm_check_extension")]


def _mended(root: Path, text: str, callee: str = "kvm_check_extension", calls: Rows = FALLBACK) -> str | None:
    column = text.partition("\n")[0].find(callee) + 1
    tables: Tables = {
        CHECKS: [("qemu", FILE, 1, column, "KVM_CAP_A", callee)],
        "file(tree, blob)": [("qemu", "b")], "call(blob, function, callee)": calls,
    }  # fmt: skip
    found = finding(1, path=FILE, tree="qemu", column=column)
    return edited(propose, found, bench(root, {FILE: text}, tables, "qemu"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("    a = kvm_check_extension(s, KVM_CAP_A);\n", "    a = kvm_vm_check_extension(s, KVM_CAP_A);\n"),
        ("    if (!kvm_check_extension(kvm_state, KVM_CAP_A)) {\n",
         "    if (!kvm_vm_check_extension(kvm_state, KVM_CAP_A)) {\n"),
        ("    a = kvm_check_extension(KVM_STATE(ms), KVM_CAP_A);\n",
         "    a = kvm_vm_check_extension(KVM_STATE(ms), KVM_CAP_A);\n"),
        ("    a = kvm_check_extension(s,\n                            KVM_CAP_A);\n",
         "    a = kvm_vm_check_extension(s,\n                               KVM_CAP_A);\n"),
        # Two in a line: which of them is not told
        ("    a = kvm_check_extension(s, KVM_CAP_A) + kvm_check_extension(s, KVM_CAP_B);\n", None),
    ],
)  # fmt: skip
def test_the_vm_is_asked(tmp_path: Path, text: str, expected: str | None) -> None:
    assert _mended(tmp_path, text) == expected


@pytest.mark.parametrize(
    "calls",
    [[], [("b", "kvm_vm_check_extension", "kvm_vm_ioctl")],
     [("other", "kvm_vm_check_extension", "kvm_check_extension")],
     [("b", "other", "kvm_check_extension")]],
)  # fmt: skip
def test_a_wrapper_that_does_not_ask_the_system_without_a_vm(tmp_path: Path, calls: Rows) -> None:
    """Before there is a VM, such a one would fail."""
    assert _mended(tmp_path, "    a = kvm_check_extension(s, KVM_CAP_A);\n", calls=calls) is None


@pytest.mark.parametrize("callee", ["kvm_ioctl", "kvm_check_other", "ioctl"])
def test_the_ioctl_itself_and_functions_that_nobody_knows_stay(tmp_path: Path, callee: str) -> None:
    calls: Rows = [("b", name, callee) for name in ("kvm_vm_check_extension", "kvm_vm_ioctl")]
    text = f"    a = {callee}(s, KVM_CHECK_EXTENSION, KVM_CAP_A);\n"
    assert _mended(tmp_path, text, callee, calls) is None


def test_a_place_of_two_questions_has_no_fix(tmp_path: Path) -> None:
    text = "    a = kvm_check_extension(s, KVM_CAP_A);\n"
    rows: Rows = [("qemu", FILE, 1, 9, "KVM_CAP_A", name) for name in ("kvm_check_extension", "kvm_ioctl")]
    tables = {CHECKS: rows, "file(tree, blob)": [("qemu", "b")], "call(blob, function, callee)": FALLBACK}
    made = bench(tmp_path, {FILE: text}, tables, "qemu")
    assert edited(propose, finding(1, path=FILE, tree="qemu", column=9), made) is None
