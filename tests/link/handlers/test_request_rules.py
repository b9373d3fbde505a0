"""CAP205 and CAP208: severity, labels that share their code, and arguments that are documented but never read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import UAPI, X86, Caplint, kernel
from test_request_flags import FAIL, function

VM = "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)"
CASES = (
    "switch (cap->cap) {",
    "case KVM_CAP_IRQCHIP:",
    "case KVM_CAP_HLT:",
    "\tkvm->arch.x = true;",
    "\treturn 0;",
    "}",
    FAIL,
)
CHECK = function("int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)", "switch (ext) {",
                 "case KVM_CAP_IRQCHIP:", "case KVM_CAP_HLT:", "\treturn 1;", "}", "return 0;")  # fmt: skip
UNTESTED = CHECK + function(VM, *CASES)
TESTED = CHECK + function(VM, "if (cap->flags)", FAIL, *CASES)


def _found(caplint: Caplint, command: str, *words: str | Path) -> list[tuple[str, str]]:
    """Severity and message of what a command finds."""
    run = caplint(command, *words, "--select", "CAP205,CAP208", "--output-format", "json")
    return [(finding["severity"], finding["message"]) for finding in json.loads(run.out)["findings"]]


def test_what_a_released_kernel_accepts_is_a_note(caplint: Caplint, tmp_path: Path) -> None:
    found = _found(caplint, "check", "--kernel", kernel(tmp_path / "linux", {X86: UNTESTED}))
    assert found == [("note", "kvm_vm_ioctl_enable_cap() enables it and KVM_CAP_HLT without a test of cap->flags")]


MP_STATE_RESET = """\
7.43 KVM_CAP_RISCV_MP_STATE_RESET
---------------------------------

:Architectures: riscv
:Type: VM
:Parameters: None
:Returns: 0 on success, -EINVAL if arg[0] is not zero

The state of a vCPU is reset.
"""


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        (("kvm->arch.mp_state_reset = true;",), 1),
        (("if (cap->args[0])", FAIL, "kvm->arch.mp_state_reset = true;"), 0),
        (("if (has_arguments(cap))", FAIL, "kvm->arch.mp_state_reset = true;"), 0),
    ],
)
def test_an_argument_that_is_documented_as_rejected(
    caplint: Caplint, tmp_path: Path, lines: tuple[str, ...], count: int
) -> None:
    riscv = function(VM, "if (cap->flags)", FAIL, "switch (cap->cap) {", "case KVM_CAP_RISCV_MP_STATE_RESET:", *lines,
                     "\treturn 0;", "default:", FAIL, "}")  # fmt: skip
    files = {
        UAPI: "#define KVM_CAP_RISCV_MP_STATE_RESET 242\n",
        "arch/riscv/kvm/vm.c": riscv,
        "Documentation/virt/kvm/api.rst": MP_STATE_RESET,
    }
    found = _found(caplint, "check", "--kernel", kernel(tmp_path / "linux", files))
    assert len(found) == count
    assert all(severity == "warning" and "never reads args[0]" in message for severity, message in found)


def test_an_argument_that_is_tested_above_the_switch_is_read(caplint: Caplint, tmp_path: Path) -> None:
    text = function(VM, "if (cap->flags || cap->args[0])", FAIL, *CASES)
    rst = "7.1 KVM_CAP_HLT\n---------------\n\n:Returns: 0 on success, -EINVAL if args[0] is not zero\n"
    files = {X86: CHECK + text, "Documentation/virt/kvm/api.rst": rst}
    assert not _found(caplint, "check", "--kernel", kernel(tmp_path / "linux", files))


def test_a_patch_that_takes_the_test_away_is_a_warning(caplint: Caplint, tmp_path: Path) -> None:
    root = kernel(tmp_path / "linux", {X86: TESTED})
    patch = tmp_path / "a.patch"
    head = "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)"
    start = TESTED.splitlines().index(head) + 1
    patch.write_text(
        f"--- a/{X86}\n+++ b/{X86}\n@@ -{start},5 +{start},3 @@\n {head}\n {{\n-\tif (cap->flags)\n-\t{FAIL}\n"
        " \tswitch (cap->cap) {\n"
    )
    ((severity, _),) = _found(caplint, "patch", patch, "--kernel", root)
    assert severity == "warning"
