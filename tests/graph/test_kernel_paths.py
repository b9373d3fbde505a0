"""Paths that begin in the kernel: where no VMM comes before the ioctl, and those of MSRs."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, Caplint, kernel, lay, qemu

MINI = Path(__file__).parents[2] / "fixtures"
HEAD = """\
#define MSR_ONE 0x11
#define MSR_TWO 0x12
#define MSR_LAST 0x1f
"""
UAPI_TEXT = """\
#define KVM_CAP_HLT 1
#define KVM_GET_MSRS 2
#define KVM_SET_MSRS 3
"""
COMMON = """\
int kvm_get_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)
{
	switch (msr_info->index) {
	case MSR_ONE:
		msr_info->data = vcpu->arch.one;
		break;
	case MSR_TWO ... MSR_LAST:
		msr_info->data = 0;
		break;
	default:
		return 1;
	}
	return 0;
}
int kvm_emulate_rdmsr(struct kvm_vcpu *vcpu)
{
	return vmx_get_msr(vcpu, vcpu->info);
}
static int do_get_msr(struct kvm_vcpu *vcpu, unsigned index, u64 *data)
{
	return vmx_get_msr(vcpu, vcpu->info);
}
long kvm_arch_vcpu_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_GET_MSRS:
		return msr_io(vcpu, arg, do_get_msr, 1);
	}
	return -EINVAL;
}
"""
VMX = """\
int vmx_get_msr(struct kvm_vcpu *vcpu, struct msr_data *msr_info)
{
	switch (msr_info->index) {
	default:
		return kvm_get_msr_common(vcpu, msr_info);
	}
}
static int (*exit_handlers[])(struct kvm_vcpu *vcpu) = {
	[31] = kvm_emulate_rdmsr,
};
int vmx_handle_exit(struct kvm_vcpu *vcpu)
{
	return exit_handlers[vcpu->reason](vcpu);
}
"""
MAIN = """\
static long kvm_vcpu_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	return kvm_arch_vcpu_ioctl(filp, ioctl, arg);
}
static struct file_operations kvm_vcpu_fops = {
	.unlocked_ioctl = kvm_vcpu_ioctl,
};
"""
MSRS = {
    UAPI: UAPI_TEXT,
    "arch/x86/include/asm/msr-index.h": HEAD,
    X86: COMMON,
    "arch/x86/kvm/vmx/vmx.c": VMX,
    "virt/kvm/kvm_main.c": MAIN,
}


def _functions(text: str) -> list[str]:
    """Return the first word of each line of a tree behind its arrow."""
    return [line.lstrip(" ~=->").split("  ")[0] for line in text.splitlines()]


def _msrs(caplint: Caplint, tmp_path: Path, name: str, *words: str) -> list[list[str]]:
    run = caplint("path", name, kernel(tmp_path / "k", MSRS), *words)
    assert (run.status, run.err) == (0, "")
    return [_functions(block) for block in run.out.split("\n\n")]


def test_a_capability_without_a_vmm_begins_at_the_ioctl(caplint: Caplint) -> None:
    out = caplint("path", "KVM_CAP_S390_IRQCHIP", "--kernel", MINI / "linux").out
    blocks = [_functions(block) for block in out.split("\n\n")]
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
    (block, legend) = _msrs(caplint, tmp_path, "KVM_GET_MSRS")
    assert block[:3] == ["KVM_GET_MSRS issued on x86", "!! no VMM is in view", "KVM_GET_MSRS kvm_vcpu_ioctl"]
    assert block[-1] == "case KVM_GET_MSRS"
    assert len(legend) == 3


def test_a_capability_that_no_architecture_answers_has_no_path(caplint: Caplint, tmp_path: Path) -> None:
    tree = kernel(tmp_path / "k", {UAPI: "#define KVM_CAP_Z 3\n"})
    assert caplint("path", "KVM_CAP_Z", tree).out == "KVM_CAP_Z: no VMM in view checks or enables it\n"
    run = caplint("path", "KVM_CAP_HLT", kernel(tmp_path / "l"), "--arch", "s390")
    assert run.out == "KVM_CAP_HLT: no VMM in view checks or enables it\n"


def test_the_guest_and_the_vmm_reach_the_case(caplint: Caplint, tmp_path: Path) -> None:
    guest, host, _ = _msrs(caplint, tmp_path, "MSR_ONE")
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
        blocks = [_functions(block) for block in caplint("path", "MSR_ONE", root, *words).out.split("\n\n")]
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
    _, host, _ = _msrs(caplint, tmp_path, "MSR_ONE", "--qemu", str(tree))
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
    _, host, _ = _msrs(caplint, tmp_path, "MSR_ONE", "--qemu", str(tree))
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
    assert _functions(caplint(*words).out)[1] == "main"
    assert _functions(caplint(*words, "--libvirt", MINI / "libvirt").out)[1] == "cmdStart"
