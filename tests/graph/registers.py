"""A kernel of a few lines that serves registers to the guest and to the VMM, with its paths as shown."""

from __future__ import annotations

from pathlib import Path

from conftest import UAPI, X86, Caplint, kernel

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


def functions(text: str) -> list[str]:
    """Return the first word of each line of a tree behind its arrow."""
    return [line.lstrip(" ~=->").split("  ")[0] for line in text.splitlines()]


def paths_of(caplint: Caplint, tmp_path: Path, name: str, *words: str) -> list[list[str]]:
    """The functions of each path to a name."""
    run = caplint("path", name, kernel(tmp_path / "k", MSRS), *words)
    assert (run.status, run.err) == (0, "")
    return [functions(block) for block in run.out.split("\n\n")]
