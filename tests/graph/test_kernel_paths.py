"""Paths that begin in the kernel: where no VMM comes before the ioctl."""

from __future__ import annotations

from pathlib import Path

from conftest import UAPI, X86, Caplint, kernel, lay
from registers import functions, paths_of

MINI = Path(__file__).parents[2] / "fixtures"


def test_a_capability_without_a_vmm_begins_at_the_ioctl(caplint: Caplint) -> None:
    out = caplint("path", "KVM_CAP_S390_IRQCHIP", "--kernel", MINI / "linux").out
    blocks = [functions(block) for block in out.split("\n\n")]
    assert [block[0] for block in blocks[:2]] == [
        "KVM_CAP_S390_IRQCHIP checked on s390",
        "KVM_CAP_S390_IRQCHIP enabled on s390",
    ]
    assert [block[1] for block in blocks[:2]] == ["!! no VMM is in view"] * 2
    assert blocks[1][2:] == [
        "KVM_ENABLE_CAP kvm_vm_ioctl", "kvm_vm_ioctl_enable_cap_generic", "kvm_vm_ioctl_enable_cap",
        "case KVM_CAP_S390_IRQCHIP",
    ]  # fmt: skip


def test_an_ioctl_without_a_vmm(caplint: Caplint, tmp_path: Path) -> None:
    (block, legend) = paths_of(caplint, tmp_path, "KVM_GET_MSRS")
    assert block[:3] == ["KVM_GET_MSRS issued on x86", "!! no VMM is in view", "KVM_GET_MSRS kvm_vcpu_ioctl"]
    assert block[-1] == "case KVM_GET_MSRS"
    assert len(legend) == 3


def test_a_capability_that_no_architecture_answers_has_no_path(caplint: Caplint, tmp_path: Path) -> None:
    tree = kernel(tmp_path / "k", {UAPI: "#define KVM_CAP_Z 3\n"})
    assert caplint("path", "KVM_CAP_Z", tree).out == "KVM_CAP_Z: no VMM in view checks or enables it\n"
    run = caplint("path", "KVM_CAP_HLT", kernel(tmp_path / "l"), "--arch", "s390")
    assert run.out == "KVM_CAP_HLT: no VMM in view checks or enables it\n"


def test_a_patch_is_applied_in_memory(caplint: Caplint, tmp_path: Path) -> None:
    root = kernel(tmp_path / "k")
    number = "@@ -3,1 +3,2 @@\n #define KVM_CAP_NR_VCPUS 9\n+#define KVM_CAP_N 10\n"
    case = "@@ -7,2 +7,3 @@\n \tcase KVM_CAP_HLT:\n+\tcase KVM_CAP_N:\n \t\tr = 1;\n"
    for name, path, hunk in (("a.patch", UAPI, number), ("b.patch", X86, case)):
        lay(tmp_path, {name: f"--- a/{path}\n+++ b/{path}\n{hunk}"})
    words = ("path", "KVM_CAP_N", root)
    assert caplint(*words).status == 2
    run = caplint(*words, "--patch", tmp_path / "a.patch", "--patch", tmp_path / "b.patch")
    assert (run.status, run.err) == (0, "")
    assert "KVM_CAP_N checked on x86" in run.out
    assert caplint(*words).status == 2
    run = caplint(*words, "--patch", tmp_path / "none.patch")
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)


def test_a_macro_is_shown_on_request(caplint: Caplint) -> None:
    words = ("path", "KVM_CAP_S390_IRQCHIP", "--kernel", MINI / "linux", "--qemu", MINI / "qemu")
    assert "#define" not in caplint(*words).out
    assert caplint(*words, "--expand").out.count("  #define kvm_vm_enable_cap(") == 1


def test_with_libvirt_a_path_begins_at_virsh(caplint: Caplint) -> None:
    words = ("path", "KVM_CAP_S390_IRQCHIP", "--kernel", MINI / "linux", "--qemu", MINI / "qemu")
    assert functions(caplint(*words).out)[1] == "main"
    assert functions(caplint(*words, "--libvirt", MINI / "libvirt").out)[1] == "cmdStart"
