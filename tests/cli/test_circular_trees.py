"""Trees in which everything leads to itself: every command ends, and with findings, not with an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import QEMU_UAPI, UAPI, X86, Caplint, kernel, qemu

HEADER = """\
#include <linux/types.h>
#include <linux/ioctl.h>
#define KVM_CAP_A 1
#define KVM_CAP_B 2
#define KVM_CAP_C KVM_CAP_C
#define KVM_CAP_D KVM_CAP_E
#define KVM_CAP_E KVM_CAP_D
struct kvm_rec { struct kvm_rec *next; __u64 a; };
#define KVM_REC _IOW(0xAE, 1, struct kvm_rec)
#define KVM_ALIAS KVM_ALIAS2
#define KVM_ALIAS2 KVM_ALIAS
"""
STATE = """\
struct kvm_vcpu_arch { u64 a; struct kvm_vcpu_arch *b; };
struct kvm_arch { struct kvm_arch *self; bool x; };
struct kvm { struct kvm_arch arch; };
struct kvm_vcpu { struct kvm_vcpu_arch arch; struct kvm_vcpu *vcpu; };
"""
# Longer than any depth to which something is followed, and than Python's own.
LONG = range(1200)
CODE = (
    "#define SELF(a) SELF(a)\n#define ME ME\n#define ONE(a) TWO(a)\n#define TWO(a) ONE(a)\n"
    + "".join(f"#define M{at}(a) M{at + 1}(a)\n#define O{at} O{at + 1}\n" for at in LONG)
    + "static int self(struct kvm *kvm, u64 v) { if (self(kvm, v)) return self(kvm, v); return self(kvm, v); }\n"
    + "static int ping(struct kvm *kvm, u64 v) { return pong(kvm, v); }\n"
    + "static int pong(struct kvm *kvm, u64 v) { return ping(kvm, v); }\n"
    + "".join(f"static int c{at}(struct kvm *kvm, u64 v) {{ return c{at + 1}(kvm, v); }}\n" for at in LONG)
    + """\
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	int r = 0;
	switch (ext) {
	case KVM_CAP_A:
		r = self(kvm, ext);
		break;
	case KVM_CAP_B:
		if (SELF(kvm) && pong(kvm, 1) && c0(kvm, 2) && M0(kvm))
			r = kvm->arch.x + ME + O0;
		break;
	case ME ... O0:
		r = ONE(kvm);
		break;
	default:
		r = kvm_vm_ioctl_check_extension(kvm, ext);
	}
	return r;
}
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	int r;
	switch (cap->cap) {
	case KVM_CAP_A:
		r = self(kvm, cap->args[0]);
		break;
	case KVM_CAP_B:
		if (cap->args[0] & ~ME)
			return -EINVAL;
		if (pong(kvm, cap->args[0]))
			return c0(kvm, cap->args[1]);
		kvm->arch.x = M0(cap->args[0]) & O0;
		r = SELF(cap->args[2]);
		break;
	default:
		r = kvm_vm_ioctl_enable_cap(kvm, cap);
	}
	return r;
}
static int kvm_get_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr)
{
	switch (msr->index) {
	case ME:
	case O0:
	case SELF(1):
		msr->data = vcpu->arch.b->b->b->a;
		break;
	default:
		return kvm_get_msr_common(vcpu, msr);
	}
	return 0;
}
long kvm_arch_vm_ioctl(struct file *f, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_CHECK_EXTENSION:
		return kvm_arch_vm_ioctl(f, ioctl, arg);
	case KVM_ENABLE_CAP:
		return kvm_vm_ioctl_enable_cap(0, 0);
	}
	return 0;
}
"""
)
KCONFIG = (
    "config A\n\tbool\n\tselect B\nconfig B\n\tbool\n\tselect A\n\tdepends on A && C\n"
    'config C\n\tdef_bool C\n\tdepends on B\nconfig KVM\n\ttristate "x"\n\tselect KVM\n\tdepends on KVM\n'
)
VMM = """\
#define W(s, c) W(s, c)
int kvm_check_extension(KVMState *s, unsigned int e) { return kvm_check_extension(s, e); }
static int ask(KVMState *s, int cap) { if (ask(s, cap)) return ask(s, cap); return kvm_check_extension(s, cap); }
static int pong(KVMState *s, int cap) { return ping(s, cap); }
static int ping(KVMState *s, int cap) { if (pong(s, cap)) kvm_vm_enable_cap(s, cap, 0); return pong(s, cap); }
int flag;
static void set(KVMState *s)
{
	flag = flag;
	flag = ask(s, KVM_CAP_A);
	if (flag)
		flag = ping(s, KVM_CAP_B);
	set(s);
}
int kvm_init(MachineState *ms)
{
	KVMState *s = 0;
	set(s);
	kvm_init(ms);
	return ask(s, KVM_CAP_B) ? kvm_vm_enable_cap(s, KVM_CAP_A, W(s, 1)) : 0;
}
"""


@pytest.mark.parametrize(
    "words", [["check"], ["check", "--deep"], ["coverage"], ["inventory", "--no-pager"], ["path", "KVM_CAP_A"]]
)
def test_it_ends(caplint: Caplint, tmp_path: Path, words: list[str]) -> None:
    linux = kernel(
        tmp_path / "k",
        {
            UAPI: HEADER,
            X86: CODE,
            "arch/x86/include/asm/kvm_host.h": STATE,
            "virt/kvm/Kconfig": KCONFIG,
            "arch/x86/kvm/Makefile": "kvm-y += x86.o\nobj-$(CONFIG_KVM) += kvm.o\nX := $(X)\nobj-$(X) += y.o\n",
        },
    )
    vmm = qemu(tmp_path / "q", {QEMU_UAPI: HEADER, "accel/kvm/kvm-all.c": VMM})
    run = caplint(*words, "--kernel", linux, "--qemu", vmm)
    assert run.status in {0, 1}
    assert run.out
    assert "internal error" not in run.err
