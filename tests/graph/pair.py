"""A kernel and a QEMU of a few lines, with a way from main() to the case of each sort of request."""

from __future__ import annotations

from pathlib import Path

from conftest import CHECK, HEADER, QEMU_UAPI, UAPI, X86, bare_kernel, bare_qemu
from programs import programs_of

from caplint.graph.call_graph import Programs
from caplint.graph.path_model import ProgramFunction
from caplint.graph.vmm_sites import VmmSite, uses_of
from caplint.trees.tree import Tree

_HEADER = f"{HEADER}#define KVM_CAP_NONE 10\n#define KVM_STOP 5\n#define KVM_UNKNOWN 6\n"
_MAIN = """\
static long kvm_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_CHECK_EXTENSION:
		return kvm_vm_ioctl_check_extension(kvm, arg);
	case KVM_OTHER:
	case KVM_ENABLE_CAP:
		return kvm_vm_ioctl_enable_cap(kvm, arg);
	case KVM_STOP:
		return stop_it(kvm);
	}
	return kvm_arch_vm_ioctl(filp, ioctl, arg);
}
static long kvm_dev_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_CHECK_EXTENSION:
		return kvm_vm_ioctl_check_extension(NULL, arg);
	}
	return -ENOTTY;
}
static struct file_operations kvm_vm_fops = {
	.unlocked_ioctl = kvm_vm_ioctl,
};
int stop_it(struct kvm *kvm)
{
	return halt_all(kvm);
}
int halt_all(struct kvm *kvm)
{
	return 0;
}
int lonely(struct kvm *kvm)
{
	return 0;
}
"""
_ENABLE = """\
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_HLT:
		kvm->arch.hlt = cap->args[0];
		return 0;
	default:
		return -EINVAL;
	}
}
"""
_KVM_ALL = """\
int kvm_ioctl(KVMState *s, unsigned long type, void *arg)
{
    return ioctl(s->fd, type, arg);
}
int kvm_vm_ioctl(KVMState *s, unsigned long type, void *arg)
{
    return ioctl(s->vmfd, type, arg);
}
int kvm_check_extension(KVMState *s, int extension)
{
    return kvm_ioctl(s, KVM_CHECK_EXTENSION, extension);
}
int kvm_vm_enable_cap(KVMState *s, int cap, int flags)
{
    return kvm_vm_ioctl(s, KVM_ENABLE_CAP, &cap);
}
int ask(KVMState *s)
{
    return kvm_check_extension(s, KVM_CAP_HLT);
}
int on(KVMState *s)
{
    return kvm_vm_enable_cap(s, KVM_CAP_HLT, 0);
}
int ask_none(KVMState *s)
{
    return kvm_check_extension(s, KVM_CAP_NONE);
}
int stop(KVMState *s)
{
    return kvm_vm_ioctl(s, KVM_STOP, 0);
}
int alone(KVMState *s)
{
    return 0;
}
"""
_SYSTEM = """\
int start(KVMState *s)
{
    ask(s);
    on(s);
    return stop(s);
}
int main(void)
{
    return start(0);
}
"""


def pair(root: Path) -> Programs:
    """The programs of both."""
    kernel = bare_kernel(root / "k", {UAPI: _HEADER, X86: CHECK + _ENABLE, "virt/kvm/kvm_main.c": _MAIN})
    own = {"target/i386/kvm/kvm.c": "int x86_only(CPUState *cpu)\n{\n    return KVM_CAP_HLT;\n}\n"}
    files = {QEMU_UAPI: _HEADER, "accel/kvm/kvm-all.c": _KVM_ALL, "system/main.c": _SYSTEM, **own}
    return programs_of([kernel, bare_qemu(root / "q", files)], "KVM_")


def trees(programs: Programs) -> tuple[Tree, Tree]:
    """The kernel and the QEMU."""
    return programs.of_role("kernel")[0], programs.of_role("vmm")[0]


def defined(programs: Programs, tree: Tree, name: str) -> ProgramFunction:
    """The only definition of a function in a tree."""
    (found,) = programs.find(tree, [name])
    return found


def site(programs: Programs, name: str, verb: str) -> VmmSite:
    """The only use of a capability, or issue of an ioctl."""
    (found,) = [use for use in uses_of(programs, name) if use.verb == verb]
    return found
