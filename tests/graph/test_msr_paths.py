"""Paths of an MSR: from a guest's instruction, and from a VMM's ioctl, to the code that serves it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, Caplint, kernel, qemu
from registers import COMMON, MSRS, VMX, functions, paths_of


def test_the_guest_and_the_vmm_reach_the_case(caplint: Caplint, tmp_path: Path) -> None:
    guest, host, _ = paths_of(caplint, tmp_path, "MSR_ONE")
    assert guest == [
        "MSR_ONE read by the guest on x86", "vmx_handle_exit", "kvm_emulate_rdmsr", "vmx_get_msr", "kvm_get_msr_common",
        "case MSR_ONE",
    ]  # fmt: skip
    assert host == [
        "MSR_ONE read by the VMM on x86", "!! no VMM is in view", "KVM_GET_MSRS kvm_vcpu_ioctl", "kvm_arch_vcpu_ioctl",
        "do_get_msr", "vmx_get_msr", "kvm_get_msr_common", "case MSR_ONE",
    ]  # fmt: skip


def test_a_path_keeps_to_one_vendor(caplint: Caplint, tmp_path: Path) -> None:
    """The shared code is reached through each vendor's module only with --all."""
    exit_handler = "static int msr_interception(struct kvm_vcpu *vcpu) { return kvm_emulate_rdmsr(vcpu); }\n"
    svm = VMX.replace("vmx", "svm").replace("[31] = kvm_emulate_rdmsr", "[124] = msr_interception")
    svm = svm.replace("static int (*exit", f"{exit_handler}static int (*exit")
    shared = COMMON.replace("return vmx_get_msr(vcpu, vcpu->info)", "return kvm_x86_ops.get_msr(vcpu, vcpu->info)")
    ops = "static struct kvm_x86_ops {0}_x86_ops = {{ .get_msr = {0}_get_msr }};\n"
    root = kernel(tmp_path / "k", {
        **MSRS, X86: shared, "arch/x86/kvm/vmx/vmx.c": VMX + ops.format("vmx"),
        "arch/x86/kvm/svm/svm.c": svm + ops.format("svm"),
    })  # fmt: skip
    for words in ((), ("--all",)):
        blocks = [functions(block) for block in caplint("path", "MSR_ONE", root, *words).out.split("\n\n")]
        for block in blocks:
            assert not any("vmx" in name for name in block) or not any("svm" in name for name in block)
        guests = [block[1] for block in blocks if "guest" in block[0]]
        assert guests == (["vmx_handle_exit", "svm_handle_exit"] if words else ["vmx_handle_exit"])


def test_an_msr_within_a_range(caplint: Caplint, tmp_path: Path) -> None:
    run = caplint("path", "MSR_LAST", kernel(tmp_path / "k", MSRS))
    assert "case MSR_LAST  kernel:arch/x86/kvm/x86.c:7  (within MSR_TWO to MSR_LAST, from 0)" in run.out


def test_a_vmm_that_issues_the_ioctl_comes_first(caplint: Caplint, tmp_path: Path) -> None:
    main = "int main(void) { return get(cpu); }\n"
    get = "int get(CPUState *cpu) { return kvm_vcpu_ioctl(cpu, KVM_GET_MSRS, cpu->data); }\n"
    tree = qemu(tmp_path / "q", {"system/main.c": main, "target/i386/kvm/kvm.c": get})
    _, host, _ = paths_of(caplint, tmp_path, "MSR_ONE", "--qemu", str(tree))
    assert host[1:5] == ["main", "get", "kvm_vcpu_ioctl", "KVM_GET_MSRS kvm_vcpu_ioctl"]


def test_the_way_leads_through_code_that_names_the_register(caplint: Caplint, tmp_path: Path) -> None:
    main = "int main(void) { probe(cpu); all(cpu); }\nint all(CPUState *cpu) { return get(cpu); }\n"
    get = """\
int probe(CPUState *cpu)
{
    return kvm_vcpu_ioctl(cpu, KVM_GET_MSRS, cpu->msrs);
}
int get(CPUState *cpu)
{
    kvm_msr_entry_add(cpu, MSR_ONE, 0);
    return kvm_vcpu_ioctl(cpu, KVM_GET_MSRS, cpu->msrs);
}
"""
    tree = qemu(tmp_path / "q", {"system/main.c": main, "target/i386/kvm/kvm.c": get})
    _, host, _ = paths_of(caplint, tmp_path, "MSR_ONE", "--qemu", str(tree))
    assert host[1:5] == ["main", "all", "get", "kvm_vcpu_ioctl"]
    others = caplint("path", "MSR_LAST", tmp_path / "k", "--qemu", tree).out
    assert "(KVM_GET_MSRS of other registers; no code of qemu that was understood gets MSR_LAST)" in others
    assert "of other registers" not in caplint("path", "MSR_ONE", tmp_path / "k", "--qemu", tree).out


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("MSR_OEN", "no tree defines MSR_OEN; did you mean MSR_ONE?"),
        ("MSR_" + "Q" * 5_000, "Q"),
    ],
)
def test_an_unknown_msr_is_one_line(caplint: Caplint, tmp_path: Path, name: str, error: str) -> None:
    run = caplint("path", name, kernel(tmp_path / "k", MSRS))
    assert (run.status, run.out) == (2, "")
    assert error in run.err
    assert run.err.count("\n") == 1
